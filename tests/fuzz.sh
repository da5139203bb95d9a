#!/usr/bin/env bash
# fuzz.sh BUILD - feed damaged files to every reader for FUZZ_SECONDS (60) each.
#
# A reader is a program tests/fuzz/fuzz_NAME.c that reads each file it is given
# and exits 0 whatever is in it; its seeds are tests/fuzz/NAME/*. It is given
# batches of damaged seeds; when one kills it, or it takes 20 s for a batch,
# the file is kept as BUILD/fuzz/NAME-SEED-INDEX, and the exit status is 1.
set -u
build=$1
seconds=${FUZZ_SECONDS:-60}
seed=${FUZZ_SEED:-$(date +%s)}
batch=200
found=0
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
mkdir -p "$build/fuzz"

# Give the program each file of the batch alone, and keep what it dies of.
find_culprit() { # PROGRAM NAME SEED
    local i
    for ((i = 0; i < batch; i++)); do
        timeout 20 "$1" "$work/$i" >"$work/out" 2>&1 && continue
        cp "$work/$i" "$build/fuzz/$2-$3-$i"
        echo "fuzz: $2: see $build/fuzz/$2-$3-$i:"
        tail -n 20 "$work/out"
    done
}

for program in "$build"/tests/fuzz/fuzz_*; do
    [ -x "$program" ] && [ -f "$program" ] || continue
    [[ $program == *.d ]] && continue
    name=$(basename "$program")
    name=${name#fuzz_}
    n=0
    s=$seed
    end=$((SECONDS + seconds))
    while [ $SECONDS -lt $end ]; do
        "$build/tests/fuzz/mutate" "$s" $batch "$work" "tests/fuzz/$name"/* ||
            exit 2
        # shellcheck disable=SC2046
        if ! (cd "$work" &&
            timeout 20 "$OLDPWD/$program" $(seq 0 $((batch - 1)))) \
            >"$work/out" 2>&1; then
            find_culprit "$program" "$name" "$s"
            found=1
            break
        fi
        n=$((n + batch))
        s=$((s + 1))
    done
    echo "fuzz: $name: $n files from seed $seed on"
done
exit $found
