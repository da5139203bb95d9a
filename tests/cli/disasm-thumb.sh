# Our disassembly of libgcc for each Cortex-M against the toolchain's, line by
# line. Left out: data, MOV R8, R8 (objdump: nop), coprocessor instructions
# (the unwinder's).
cross=arm-none-eabi
command -v $cross-gcc >/dev/null || exit 77
printf '.syntax unified\n.thumb\n.globl _start\n.thumb_func\n_start: nop\n' \
    >start.S
compare() { # CORE MACHINE
    lib=$($cross-gcc -mcpu="$1" -mthumb -mfloat-abi=soft -print-libgcc-file-name)
    $cross-gcc -mcpu="$1" -mthumb -nostdlib -nostartfiles start.S -o lib.elf \
        -Wl,-N -Wl,-Ttext=0x20000000,--whole-archive \
        -Wl,--unresolved-symbols=ignore-all "$lib" 2>/dev/null || exit 77
    $cross-objdump -d -M reg-names-std lib.elf |
        awk -F'\t' 'NF > 2 && $3 !~ /^[.<]/ && $2 !~ /^(46c0|e[cd]|f[cd])/ {
            printf "%s\t%s %s\n", $1, $3, $4 }' |
        sed -E -e 's/^ *([0-9a-f]+):/\1/' -e 's/ *[@;<].*//' -e 's/ +$//' \
            -e 's/(\t(b[a-z]*(\.[nw])?|cb(n)?z r[0-7],)) 0*([0-9a-f]+)$/\1 \5/' |
        sort >theirs
    "$FRAGLAB" machine disasm --static --csv --machine "$2" lib.elf |
        tail -n +2 |
        sed -E -e 's/^([0-9a-f]+),0,0,/\1\t/' -e 's/"//g' \
            -e 's/(\t(b[a-z]*(\.[nw])?|cb(n)?z r[0-7],)) 0x0*([0-9a-f]+)$/\1 \5/' |
        sort >ours
    cut -f 1 theirs >known
    grep -F -f known ours >same
    cmp -s theirs same && [ "$(wc -l <theirs)" -gt 4000 ] && echo "$1: equal"
    diff theirs same | head -n 20
}
compare cortex-m0plus cortex-m0plus
compare cortex-m3 cortex-m3
compare cortex-m4 cortex-m4
