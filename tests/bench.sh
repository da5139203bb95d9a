#!/usr/bin/env bash
# bench.sh BUILD - measure what the design promises, each beside its yardstick,
# in one run on one machine; a promise that is not kept is called BROKEN. A row
# is the best of BENCH_ROUNDS (3) rounds; the rounds of a row and of its
# yardstick alternate, so that both see the same weather. Exits 1 only when
# something cannot be measured.
#
#   row NAME UNIT AMOUNT PROMISE COMMAND...
#       AMOUNT units of work are done by COMMAND; PROMISE a second is the bar.
#   against NAME UNIT AMOUNT RATIO YARDSTICK -- COMMAND...
#       the bar is RATIO times the speed of the command line YARDSTICK.
#   beside NAME UNIT AMOUNT COMMAND...
#       the speed of something else, for comparison.
#   within NAME SECONDS MIB COMMAND...
#       COMMAND ends in so many seconds and never holds more memory.
set -u
build=$1
fraglab=$PWD/$build/fraglab
tools=$PWD/$build/tests/bench
rounds=${BENCH_ROUNDS:-3}
scale=${BENCH_SCALE:-1} # a tenth of the work: BENCH_SCALE=0.1
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
broken=0

say() { printf '%-44s %14s %14s %7s  %s\n' "$@"; }

scaled() { awk -v n="$1" -v s="$scale" 'BEGIN { printf "%d", n * s }'; }

# Seconds that COMMAND took, in $seconds, and its peak memory, in $mib. With
# clock=processor they are seconds of processor: for one thread that only
# computes these do not depend on who else uses the machine.
clock=wall
run_once() {
    (cd "$work" && rm -f ./*.db ./*.db-* &&
        "$tools/measure" "$work/measured" "$@" >"$work/out" 2>&1) || {
        echo "bench: $*: failed:" >&2
        tail -n 3 "$work/out" >&2
        seconds=0
        return 1
    }
    read -r seconds processor kib <"$work/measured"
    [ $clock = wall ] || seconds=$processor
    mib=$((kib / 1024))
}

# The lesser of two numbers of seconds; 0 is "none yet".
best_of() { awk -v a="$1" -v b="$2" 'BEGIN { print !a || b < a ? b : a }'; }

verdict() { # NAME MEASURED BAR SHOWN_MEASURED SHOWN_BAR
    local ratio word
    ratio=$(awk -v a="$2" -v b="$3" 'BEGIN { printf "%.2f", b ? a / b : 0 }')
    word=kept
    if awk -v r="$ratio" 'BEGIN { exit r >= 1 }'; then
        word=BROKEN
    fi
    say "$1" "$4" "$5" "$ratio" "$word"
}

per_second() { awk -v n="$1" -v s="$2" 'BEGIN { print s ? n / s : 0 }'; }
shown() { awk -v x="$1" -v u="$2" 'BEGIN { printf "%.2f M%s/s", x / 1e6, u }'; }

row() {
    local name=$1 unit=$2 amount=$3 promise=$4 best=0 i speed
    shift 4
    for ((i = 0; i < rounds; i++)); do
        run_once "$@" || { say "$name" failed - - BROKEN; broken=1; return; }
        best=$(best_of "$best" "$seconds")
    done
    speed=$(per_second "$amount" "$best")
    verdict "$name" "$speed" "$promise" "$(shown "$speed" "$unit")" \
        "$(shown "$promise" "$unit")"
}

beside() {
    local name=$1 unit=$2 amount=$3 best=0 i
    shift 3
    for ((i = 0; i < rounds; i++)); do
        run_once "$@" || return
        best=$(best_of "$best" "$seconds")
    done
    say "$name" "$(shown "$(per_second "$amount" "$best")" "$unit")" - - ""
}

against() {
    local name=$1 unit=$2 amount=$3 ratio=$4 best=0 other=0 i yardstick=()
    shift 4
    while [ "$1" != -- ]; do yardstick+=("$1"); shift; done
    shift
    for ((i = 0; i < rounds; i++)); do
        run_once "${yardstick[@]}" || { broken=1; return; }
        other=$(best_of "$other" "$seconds")
        run_once "$@" || { say "$name" failed - - BROKEN; broken=1; return; }
        best=$(best_of "$best" "$seconds")
    done
    local speed bar
    speed=$(per_second "$amount" "$best")
    bar=$(awk -v s="$(per_second "$amount" "$other")" -v r="$ratio" \
        'BEGIN { print s * r }')
    verdict "$name" "$speed" "$bar" "$(shown "$speed" "$unit")" \
        "$(shown "$bar" "$unit")"
}

within() {
    local name=$1 limit=$2 limit_mib=$3
    shift 3
    run_once "$@" || { say "$name" failed - - BROKEN; broken=1; return; }
    verdict "$name: seconds" "$limit" "$seconds" "$seconds s" "$limit s"
    verdict "$name: memory" "$limit_mib" "$mib" "$mib MiB" "$limit_mib MiB"
}

# Peak memory may not grow with the length: LONG may have SLACK times SHORT's.
same_memory() {
    local name=$1 slack=$2 short=$3
    shift 3
    # shellcheck disable=SC2086
    run_once "$fraglab" replay $short || { broken=1; return; }
    local before=$kib
    run_once "$@" || { say "$name" failed - - BROKEN; broken=1; return; }
    verdict "$name" "$(awk -v k="$before" -v s="$slack" \
        'BEGIN { print k * s }')" "$kib" "$kib KiB" "$before KiB x $slack"
}

# Bytes an event of the binary form, over all sample traces.
bytes_an_event() {
    local bytes events
    bytes=$(cat traces/samples/*.ftb | wc -c)
    events=$(for t in traces/samples/*.ftb; do
        "$fraglab" trace info "$t" --json
    done | grep -oE '"events":[[:space:]]*[0-9]+' | awk '{ n += $NF } END { print n }')
    verdict "binary form of the samples, bytes an event" \
        "$(awk -v e="$events" 'BEGIN { print 2 * e }')" "$bytes" \
        "$(awk -v b="$bytes" -v e="$events" 'BEGIN { printf "%.2f", b / e }')" 2
}

# A malloc-lab list of so many lines, from a preset.
write_list() {
    "$fraglab" trace cat "churn:ops=$1" | awk -v n="$1" '
        BEGIN { print 65536; print n; print n; print 1 }
        $1 == "alloc" { print "a", $2, $3 } $1 == "free" { print "f", $2 }'
}

has() { "$fraglab" help "$1" >/dev/null 2>&1; }

# The sample traces, one after the other, as they were recorded.
replay_samples() {
    local t
    for t in "$PWD_TOP"/traces/samples/*.ftb; do
        "$FRAGLAB" replay "$t" --manager marksweep --heap trace --quiet || exit
    done
}
export PWD_TOP=$PWD FRAGLAB=$fraglab
export -f replay_samples

count_operations() {
    local t
    for t in traces/samples/*.ftb; do
        "$fraglab" replay "$t" --manager marksweep --heap trace --json --quiet
    done | grep -oE '"operations":[[:space:]]*[0-9]+' | awk '{ n += $NF } END { print n }'
}

n=$(scaled 5000000)
native="--manager marksweep --heap 64K --quiet"
say what measured promised ratio ""

# shellcheck disable=SC2086
row "native replay, churn" op "$n" 5e6 \
    "$fraglab" replay "churn:ops=$n" $native
# shellcheck disable=SC2086
row "native replay, mpy-mix" op "$n" 5e6 \
    "$fraglab" replay "mpy-mix:ops=$n" $native
if ls traces/samples/*.ftb >/dev/null 2>&1; then
    row "native replay, the sample traces" op "$(count_operations)" 3e6 \
        bash -c replay_samples
fi
# shellcheck disable=SC2086
row "replay, every operation stored" op "$n" 1e6 \
    "$fraglab" replay "churn:ops=$n" $native --db bench.db --keep ops
# shellcheck disable=SC2086
against "the same, against prepared INSERTs" op "$n" 1 \
    "$tools/insert" bench.db "$n" -- \
    "$fraglab" replay "churn:ops=$n" $native --db bench.db --keep ops

lines=$(scaled 4000000)
write_list "$lines" >"$work/list.rep"
row "import of a malloc-lab list, to binary" line "$lines" 10e6 \
    "$fraglab" import "$work/list.rep" -o list.ftb
"$fraglab" trace cat "$work/list.rep" >"$work/list.ft"
row "reading the text form" line "$lines" 10e6 \
    "$fraglab" trace info "$work/list.ft"
bytes_an_event
# shellcheck disable=SC2086
same_memory "peak memory of 10^7 operations, against 10^6" 1.1 \
    "mpy-mix:ops=1000000 $native" \
    "$fraglab" replay mpy-mix:ops=10000000 $native

# One program on a simulated core and, where it is installed, under qemu's user
# mode (the bar of the translated engine). Cycles are counted.
core() { # MACHINE "COMPILER AND FLAGS" "QEMU AND FLAGS"
    local compile=$2 host n
    command -v "${compile%% *}" >/dev/null || return
    compile="$compile -O2 -ffreestanding -nostdlib -nostartfiles -I."
    compile="$compile -Wl,-Ttext=0x20001000,-e,_start,--no-warn-rwx-segments"
    for host in device linux; do
        # shellcheck disable=SC2086
        $compile -o "$work/$1-$host.elf" tests/bench/guest/loops.c \
            tests/bench/guest/$host.c -lgcc || exit 1
    done
    n=$("$fraglab" machine run "$work/$1-device.elf" --machine "$1" --json |
        grep -oE '"instructions":[[:space:]]*[0-9]+' | head -n 1 |
        grep -oE '[0-9]+')
    row "interpreter, $1" instr "$n" 150e6 \
        "$fraglab" machine run "$work/$1-device.elf" --machine "$1"
    # shellcheck disable=SC2086
    command -v "${3%% *}" >/dev/null &&
        beside "  the same under ${3%% *}, no cycles" instr "$n" \
            $3 "$work/$1-linux.elf"
}

if has machine; then
    clock=processor
    core cortex-m0plus "arm-none-eabi-gcc -mcpu=cortex-m0plus -mthumb" \
        "qemu-arm -cpu max"
    core cortex-m4 "arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb" \
        "qemu-arm -cpu max"
    core hazard3 "riscv64-unknown-elf-gcc -mno-relax -mabi=ilp32
        -march=rv32imac_zba_zbb_zbs" \
        "qemu-riscv32 -cpu rv32,zba=on,zbb=on,zbs=on"
    clock=wall
fi

# Median and total of a KIND's cycles in a summary: "89 7622999".
cycles_of() { # KIND FILE
    awk -v kind="\"$1\":" '
        $1 == "\"cycles\":" { inside = 1 }
        inside && $1 == kind { here = 1 }
        here && $1 == "\"total\":" { total = $2 + 0 }
        here && $1 == "\"p50\":" { print $2 + 0, total; exit }' "$2"
}

# marksweep's cycles beside those of its yardstick, whose allocation table is
# looked at block by block (tests/yardstick); both leave the same bytes.
by_words() { # TRACE MACHINE TARGET
    local image kind ours theirs
    for image in marksweep bytewise; do
        "$fraglab" replay "traces/samples/$1.ftb" --manager marksweep \
            --machine "$2" --image "build/guest/$image-$3-O2.elf" --json \
            --quiet >"$work/$image.json" || { broken=1; return; }
    done
    for kind in alloc free realloc collect; do
        read -r -a ours <<<"$(cycles_of $kind "$work/marksweep.json")"
        read -r -a theirs <<<"$(cycles_of $kind "$work/bytewise.json")"
        verdict "cycles of $kind, $1, $2" "${theirs[1]}" "${ours[1]}" \
            "${ours[1]} (${ours[0]})" "${theirs[1]} (${theirs[0]})"
    done
}

if "$fraglab" help replay | grep -q -e --image &&
    [ -f build/guest/bytewise-m0plus-O2.elf ] &&
    [ -f build/guest/bytewise-hazard3-O2.elf ]; then
    say "allocation table by words (in all, median)" "by words" "by bytes" \
        ratio ""
    for trace in chaos-40k logger-32k; do
        by_words $trace hazard3 hazard3
        by_words $trace cortex-m0plus m0plus
    done
fi

if has report; then
    mkdir "$work/big"
    # shellcheck disable=SC2086
    "$fraglab" replay "churn:ops=$(scaled 10000000)" $native \
        --db "$work/big/10M.db" --keep ops >/dev/null
    within "report from 10 million operations" 10 500 \
        "$fraglab" report --db "$work/big/10M.db" -o "$work/big/report"
fi

exit $broken
