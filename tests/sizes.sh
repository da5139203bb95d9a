#!/usr/bin/env bash
# sizes.sh FOLDER TARGET... - bytes of code and constants of each core object.
set -u
folder=$1
shift
if [ $# -eq 0 ]; then
    echo "sizes: no cross compiler is installed (make test installs them)" >&2
    exit 1
fi
printf '%-24s' object
printf ' %10s' "$@"
echo
for source in core/*.c; do
    name=$(basename "$source" .c)
    printf '%-24s' "$name"
    for target in "$@"; do
        case $target in
        hazard3* | rv32*) size=riscv64-unknown-elf-size ;;
        *) size=arm-none-eabi-size ;;
        esac
        printf ' %10s' "$($size "$folder/$target/core/$name.o" |
            awk 'NR == 2 {print $1}')"
    done
    echo
done
echo "published: MicroPython's pool of strings added 120 bytes of Thumb-2" \
    "(here: stringpool, all of it)"
