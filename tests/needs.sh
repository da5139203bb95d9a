#!/usr/bin/env bash
# needs.sh demo|test|test-long|study - install what `make demo` (and so on)
# needs and is missing; for the long tests that is picolibc, a gigabyte. Asks
# dpkg and nothing else when all is there. On a system without apt it lists what
# it cannot find, and stops.
set -eu
group=${1:-demo}
packages="gcc libc6-dev make libsqlite3-dev libcjson-dev libzstd-dev
    zlib1g-dev libxxhash-dev gnuplot-nox"
tools="gcc make gnuplot"
headers="sqlite3.h cjson/cJSON.h zstd.h zlib.h xxhash.h"
if [ "$group" != demo ]; then
    packages="$packages libcriterion-dev gcc-arm-none-eabi
        libnewlib-arm-none-eabi gcc-riscv64-unknown-elf clang-format
        clang-tidy cppcheck"
    tools="$tools arm-none-eabi-gcc riscv64-unknown-elf-gcc clang-format
        clang-tidy cppcheck"
    headers="$headers criterion/criterion.h"
fi
if [ "$group" = study ]; then
    packages="$packages sqlite3"
    tools="$tools sqlite3"
fi
[ "$group" != test-long ] || packages="$packages picolibc-riscv64-unknown-elf"

# The packages of the list that dpkg does not know as installed.
missing_packages() {
    local p
    for p in $packages; do
        # Any of gnuplot's packages will do.
        [ "$p" = gnuplot-nox ] && command -v gnuplot >/dev/null && continue
        dpkg-query -W -f '${Status}\n' "$p" 2>/dev/null |
            grep -q '^install ok installed' || printf '%s ' "$p"
    done
}

# What the compiler and the path lack, on a system that dpkg does not run.
missing_things() {
    local t h
    for t in $tools; do
        command -v "$t" >/dev/null || printf '%s ' "$t"
    done
    for h in $headers; do
        echo "#include <$h>" | gcc -E -x c - >/dev/null 2>&1 ||
            printf '<%s> ' "$h"
    done
}

has_lists() {
    [ -n "$(find /var/lib/apt/lists -maxdepth 1 -name '*_Packages*' \
        2>/dev/null | head -n 1)" ]
}

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    missing=$(missing_things)
    [ -z "$missing" ] && exit 0
    echo "make $group: not found on this system: $missing" >&2
    echo "make $group: install them, then try again; their names in Debian:" >&2
    echo $packages | fmt -w 72 | sed 's/^/    /' >&2
    exit 1
fi

missing=$(missing_packages)
[ -z "$missing" ] && exit 0

as_root="env DEBIAN_FRONTEND=noninteractive"
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "make $group: please install, as root: $missing" >&2
        exit 1
    fi
    as_root="sudo $as_root"
fi

# Say what will be done to the system, then do it.
announce() {
    echo "make $group: $*"
    "$@" </dev/null
}

install="$as_root apt-get install -y --no-install-recommends $missing"
if has_lists && announce $install; then
    exit 0
fi
announce $as_root apt-get update -q # there were no lists, or they were old
announce $install
