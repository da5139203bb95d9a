#!/usr/bin/env bash
# sizes.sh FOLDER PROGRAM "MANAGER..." FLAVOUR... - what each manager takes of a
# microcontroller, by flavour of machine code: bytes of code and constants that
# its image links, and its deepest stack; then the same by object of the core.
#
# Code is the image's text without its entry points (guest_...): the manager,
# what it is built of, memory functions, the compiler's helpers. Stack is
# measured, not computed: the lowest stack pointer that a replay of one recorded
# program in its heap, an import with collections, slides, moved reallocs and
# finalisers, has seen in any call. '-': this manager cannot be replayed.
set -u
folder=$1
program=$2
managers=$3
shift 3
trace=traces/samples/import-py-20k.ftb
if [ $# -eq 0 ]; then
    echo "sizes: no cross compiler is installed (make test installs them)" >&2
    exit 1
fi

# The toolchain's program $1 for flavour $2.
tool() {
    case $2 in
    hazard3* | rv32*) echo "riscv64-unknown-elf-$1" ;;
    *) echo "arm-none-eabi-$1" ;;
    esac
}

# Bytes of code and constants of the image $1 of flavour $2.
code_of() {
    local all pad
    all=$("$(tool size "$2")" "$1" | awk 'NR == 2 {print $1}')
    pad=$("$(tool nm "$2")" -S --defined-only "$1" |
        awk 'NF == 4 && $4 ~ /^guest_/ {print "0x" $2}' |
        { n=0; while read -r b; do n=$((n + b)); done; echo $n; })
    echo $((all - pad))
}

# Bytes of the deepest stack of manager $1, flavour $2.
stack_of() {
    local machine
    case $2 in
    m0plus*) machine=cortex-m0plus ;;
    m3*) machine=cortex-m3 ;;
    m4*) machine=cortex-m4 ;;
    hazard3*) machine=hazard3 ;;
    *) machine=hazard3-rv32imac ;;
    esac
    "$program" replay "$trace" --heap 20K --manager "$1" --machine $machine \
        --flags "${2##*-}" --quiet --json 2>/dev/null |
        awk -F '[:,]' '/"stack_bytes"/ {print $2 + 0; n = 1} END {if (!n) print "-"}'
}

# table TITLE FUNCTION: a row a manager, a column a flavour.
table() {
    local title=$1 cell=$2 manager
    shift 2
    printf '%-24s' "$title"
    printf ' %11s' "$@"
    echo
    for manager in $managers; do
        printf '%-24s' "$manager"
        for flavour in "$@"; do
            printf ' %11s' "$($cell "$manager" "$flavour")"
        done
        echo
    done
    echo
}

image_code() {
    code_of "$folder/$1-$2.elf" "$2"
}

table 'code, bytes' image_code "$@"
table 'deepest stack, bytes' stack_of "$@"

printf '%-24s' 'object, bytes of code'
printf ' %11s' "$@"
echo
for source in core/*.c; do
    name=$(basename "$source" .c)
    printf '%-24s' "$name"
    for flavour in "$@"; do
        printf ' %11s' "$("$(tool size "$flavour")" \
            "$folder/$flavour/core/$name.o" | awk 'NR == 2 {print $1}')"
    done
    echo
done
echo "published: MicroPython's pool of strings added 120 bytes of Thumb-2" \
    "(here: stringpool, all of it)"
