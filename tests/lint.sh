#!/usr/bin/env bash
# lint.sh JOBS VERSION FILE... - clang-format (dry run), clang-tidy, cppcheck.
# Changes nothing; every complaint is an error. Tests and headers are checked
# for their format; what compiles is checked by the others.
set -u
jobs=$1 version=$2
shift 2
status=0
for tool in clang-format clang-tidy cppcheck; do
    if ! command -v $tool >/dev/null; then
        echo "lint: $tool is not installed (make test installs it)" >&2
        exit 1
    fi
done

printf '%s\0' "$@" | xargs -0 -n 16 -P "$jobs" \
    clang-format --dry-run --Werror || status=1

sources=$(printf '%s\n' "$@" | grep '\.c$' | grep -v '^tests/')
# shellcheck disable=SC2086
printf '%s\n' $sources | xargs -n 1 -P "$jobs" sh -c '
    out=$(clang-tidy --quiet "$1" -- -std=c11 -D_GNU_SOURCE -I. \
        -DFRAGLAB_VERSION=\"'"$version"'\" 2>/dev/null) || {
        printf "%s\n" "$out"
        exit 1
    }' tidy || status=1

# cppcheck does not know the addresses of labels that thumb.def expands to.
# shellcheck disable=SC2086
cppcheck --quiet -j "$jobs" --std=c11 --error-exitcode=1 --inline-suppr \
    --enable=warning,performance,portability --suppress=missingInclude \
    --suppress=normalCheckLevelMaxBranches \
    --suppress=internalAstError:sim/machine/thumb.def -I. -D_GNU_SOURCE \
    "-DFRAGLAB_VERSION=\"$version\"" $sources || status=1

[ $status -eq 0 ] && echo "lint: clean"
exit $status
