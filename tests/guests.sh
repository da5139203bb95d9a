#!/usr/bin/env bash
# guests.sh FOLDER TARGET... - no object of the core may need anything but the
# core, three functions of memory, and the compiler's own helpers.
#
# Allowed from outside: memcpy memmove memset; division, counting and switch
# helpers of libgcc; the outward interface of core/host.h, which every image
# supplies; and gc_collect, which who links core/compat supplies.
set -u
folder=$1
shift
helpers='^(memcpy|memmove|memset|__aeabi_[a-z0-9]+|__gnu_thumb1_case_[a-z]+'
helpers+='|__(ashl|ashr|lshr)di3|__(u?div|u?mod|u?divmod|mul|clz|ctz|ffs|popcount|bswap)[sd]i[234]?)$'
outward='^(heap_on_finalise|heap_more|guest_roots|gc_collect)$'
status=0
for target in "$@"; do
    case $target in
    hazard3* | rv32*) prefix=riscv64-unknown-elf- ;;
    *) prefix=arm-none-eabi- ;;
    esac
    if ! command -v "${prefix}nm" >/dev/null; then
        echo "guests: $target: skipped, ${prefix}gcc is not installed"
        continue
    fi
    objects=$(find "$folder/$target" -name '*.o' 2>/dev/null | sort)
    [ -n "$objects" ] || continue
    # shellcheck disable=SC2086
    defined=$("${prefix}nm" --defined-only -g $objects |
        awk 'NF == 3 {print $3}' | sort -u)
    n_foreign=0
    for object in $objects; do
        foreign=$("${prefix}nm" -u "$object" | awk '{print $NF}' |
            grep -vxF "$defined" | grep -vE "$helpers" | grep -vE "$outward")
        for symbol in $foreign; do
            echo "guests: $object: calls $symbol, which is not of the core" >&2
            n_foreign=$((n_foreign + 1))
        done
    done
    if [ $n_foreign -eq 0 ]; then
        echo "guests: $target: all $(echo "$objects" | wc -l) objects rest on" \
            "the core alone"
    else
        status=1
    fi
done
exit $status
