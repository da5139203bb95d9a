#!/usr/bin/env bash
# golden.sh BUILD [--write] - what every manager leaves and costs on sample
# traces, against tests/golden/managers.tsv; --write makes that file anew.
#
# The state of the heap and the refusals must be the same on every machine,
# whatever compiled the image. Cycles belong to one image: where the image is
# another one because its compiler is, they are skipped, and that is said.
set -u
cd "$(dirname "$0")/.." || exit 1
build=$1 mode=${2:-}
golden=tests/golden/managers.tsv
flavours="m0plus hazard3"
traces="fft-64k import-py-20k pystone-24k strings-32k"
out=$(mktemp) && trap 'rm -f "$out"' EXIT

# value TEXT KEY: the first value of a key in a summary without white space.
value() {
    grep -oE "[{,]\"$2\":[^,}]*" <<<"$1" | head -n 1 | cut -d: -f2 | tr -d '"'
}

# One row: what a trace is under a manager, on the machine of a flavour.
row() {
    local manager=$1 flavour=$2 trace=$3 json heap machine
    heap=${trace##*-} machine=${flavour/#m/cortex-m}
    [ "$manager" = semispace ] && heap=$((2 * ${heap%k}))k
    json=$("$build/fraglab" replay "traces/samples/$trace.ftb" --quiet --json \
        --manager "$manager" --machine "$machine" --heap "${heap^^}") || return 1
    json=$(tr -d '\t\n ' <<<"$json")
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$manager" "$trace" "$flavour" \
        "$(compiler "$flavour")" "$(value "${json#*\"image\":}" hash)" \
        "$(value "$json" state_digest)" "$(value "$json" refused)" \
        "$(value "${json#*\"machine_total\"}" cycles)"
}

compiler() {
    local gcc=arm-none-eabi-gcc
    [ "$1" = hazard3 ] && gcc=riscv64-unknown-elf-gcc
    $gcc -dumpfullversion
}

header() {
    printf 'manager\ttrace\ttarget\tgcc\timage\tstate\trefused\tcycles\n'
}

rows() {
    local flavour trace manager
    for manager in $(sed -n 's/^MANAGER.\([a-z]*\),.*/\1/p' core/managers.def); do
        for flavour in $flavours; do
            for trace in $traces; do
                [ -f "build/guest/$manager-$flavour-O2.elf" ] || continue
                row "$manager" "$flavour" "$trace" || return 1
            done
        done
    done
}

if [ "$mode" = --write ]; then
    { header && rows; } >"$out" && mkdir -p "${golden%/*}" && cp "$out" "$golden"
    exit
fi
rows >"$out" || exit 1
awk -F '\t' -v OFS='\t' '
    NR == 1 { next }
    FNR == NR { want[$1, $2, $3] = $0; left++; next }
    !(($1, $2, $3) in want) { print "no golden row: " $0; bad++; next }
    {
        split(want[$1, $2, $3], w)
        left--
        if ($4 != w[4])
            skipped[$4]++
        else if ($5 != w[5] || $8 != w[8]) {
            print "image or cycles: " $0 "\n           golden: " want[$1, $2, $3]
            bad++
        }
        if ($6 != w[6] || $7 != w[7]) {
            print "state or refusals: " $0 "\n             golden: " \
                want[$1, $2, $3]
            bad++
        }
    }
    END {
        for (v in skipped)
            print skipped[v] " rows: cycles skipped: image built by gcc " v
        if (left > 0 && left < NR - FNR) # no compiler at all leaves no rows
            print left " golden rows were not played"
        exit bad > 0
    }' "$golden" "$out"
