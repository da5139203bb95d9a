#!/usr/bin/env bash
# run.sh BUILD SUITE... - run Criterion suites and the program tests of
# tests/cli, several at a time; the last line counts the tests.
#
# A program test is tests/cli/NAME.sh, run by bash in a fresh folder with
#   FRAGLAB  the program            ROOT  the project's top folder
# beside the exact text it must print: NAME.out (standard output; required),
# NAME.err (standard error; anything goes when absent) and NAME.status (exit
# status; 0 when absent). Exit status 77 skips it.
set -u
build=$1
shift
root=$(cd "$(dirname "$0")/.." && pwd)
export FRAGLAB=$root/$build/fraglab ROOT=$root LC_ALL=C NO_COLOR=1
export LOGS=$root/$build/test-logs SUITE_SECONDS=${SUITE_SECONDS:-540}
rm -rf "$LOGS" && mkdir -p "$LOGS" || exit 1

# Each test leaves NAME.log for people and NAME.count: passed failed skipped.
run_suite() {
    local name xml rc p f s
    name=$(basename "$1")
    xml=$LOGS/$name.xml
    timeout -k 5 "$SUITE_SECONDS" "$1" -j1 --ignore-warnings --xml="$xml" \
        >"$LOGS/$name.log" 2>&1 </dev/null
    rc=$?
    touch "$xml"
    p=$(grep -c 'status="PASSED"' "$xml")
    f=$(grep -cE 'status="(FAILED|ERRORED)"' "$xml")
    s=$(grep -c 'status="SKIPPED"' "$xml")
    if [ $rc -ne 0 ] && [ "$f" -eq 0 ]; then
        f=1 # the suite itself broke: a crash outside a test, or too slow
        echo "$name: exit status $rc" >>"$LOGS/$name.log"
    fi
    if [ $((p + f + s)) -eq 0 ]; then
        f=1 # Criterion finds its tests through /proc
        echo "$name: ran no test" >>"$LOGS/$name.log"
    fi
    echo "$p $f $s" >"$LOGS/$name.count"
    report "$name" "$p" "$f" "$s"
}

run_program_test() {
    local test=$1 name dir rc want ok=1
    name=cli/$(basename "$test" .sh)
    dir=$(mktemp -d) || return 1
    mkdir -p "$LOGS/cli"
    (cd "$dir" && timeout -k 5 120 bash "$test" >"$dir.out" 2>"$dir.err" \
        </dev/null)
    rc=$?
    want=0
    [ -f "${test%.sh}.status" ] && want=$(cat "${test%.sh}.status")
    {
        if [ $rc -ne "$want" ]; then
            echo "exit status $rc, not $want"
            ok=0
        fi
        diff -u --label expected --label stdout "${test%.sh}.out" "$dir.out" ||
            ok=0
        if [ -f "${test%.sh}.err" ]; then
            diff -u --label expected --label stderr "${test%.sh}.err" \
                "$dir.err" || ok=0
        elif [ $ok -eq 0 ]; then
            sed 's/^/stderr: /' "$dir.err"
        fi
    } >"$LOGS/$name.log" 2>&1
    rm -rf "$dir" "$dir.out" "$dir.err"
    if [ $rc -eq 77 ] && [ "$want" -ne 77 ]; then
        echo "0 0 1" >"$LOGS/$name.count"
    else
        echo "$ok $((1 - ok)) 0" >"$LOGS/$name.count"
    fi
    # shellcheck disable=SC2046
    report "$name" $(cat "$LOGS/$name.count")
}

# One write a test, so that the lines of two tests do not mix.
report() {
    local text
    text=$(printf '%-4s %s (%d passed, %d failed, %d skipped)' \
        "$([ "$3" -eq 0 ] && echo ok || echo FAIL)" "$@")
    [ "$3" -ne 0 ] && text=$text$'\n'$(head -n 60 "$LOGS/$1.log")
    printf '%s\n' "$text"
}

run_one() {
    case $1 in
    *.sh) run_program_test "$1" ;;
    *) run_suite "$1" ;;
    esac
}
export -f run_suite run_program_test report run_one

for suite in "$@"; do echo "$root/$suite"; done >"$LOGS/list"
find "$root/tests/cli" -name '*.sh' | sort >>"$LOGS/list"
xargs -a "$LOGS/list" -d '\n' -n 1 -P "${JOBS:-$(nproc)}" \
    bash -c 'run_one "$0"'

find "$LOGS" -name '*.count' -exec cat {} + | awk -v expected="$(wc -l \
    <"$LOGS/list")" '
    { passed += $1; failed += $2; skipped += $3 }
    END {
        if (NR < expected) # a test that left no count has failed, too
            failed += expected - NR
        printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
        exit failed > 0 || passed == 0
    }'
