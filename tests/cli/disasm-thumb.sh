# Our disassembly of libgcc and, where there is one, of the C library for each
# Cortex-M against the toolchain's, line by line. Left out: data, MOV R8, R8
# (objdump: nop), coprocessor instructions (the unwinder's).
cross=arm-none-eabi
command -v $cross-gcc >/dev/null || exit 77
printf '.syntax unified\n.thumb\n.globl _start\n.thumb_func\n_start: nop\n' \
    >start.S
compare() { # CORE LIBRARY
    $cross-gcc -mcpu="$1" -mthumb -nostdlib -nostartfiles start.S -o lib.elf \
        -Wl,-N,-z,muldefs -Wl,-Ttext=0x20000000,--whole-archive \
        -Wl,--unresolved-symbols=ignore-all "$2" 2>/dev/null || exit 77
    $cross-objdump -d -M reg-names-std lib.elf |
        awk -F'\t' 'NF > 2 && $3 !~ /^[.<]/ && $2 !~ /^(46c0|e[cd]|f[cd])/ {
            printf "%s\t%s %s\n", $1, $3, $4 }' |
        sed -E -e 's/^ *([0-9a-f]+):/\1/' -e 's/ *[@;<].*//' -e 's/ +$//' \
            -e 's/(\t(b[a-z]*(\.[nw])?|cb(n)?z r[0-7],)) 0*([0-9a-f]+)$/\1 \5/' |
        sort >theirs
    "$FRAGLAB" machine disasm --static --csv --machine "$1" lib.elf |
        tail -n +2 |
        sed -E -e 's/^([0-9a-f]+),0,0,/\1\t/' -e 's/"//g' \
            -e 's/(\t(b[a-z]*(\.[nw])?|cb(n)?z r[0-7],)) 0x0*([0-9a-f]+)$/\1 \5/' |
        sort >ours
    awk 'NR == FNR { known[$1]; next } $1 in known' theirs ours >same
    cmp -s theirs same && [ "$(wc -l <theirs)" -gt 4000 ] || echo "$1: $2 differs"
    diff theirs same | head -n 20
}
for core in cortex-m0plus cortex-m3 cortex-m4; do
    flags="-mcpu=$core -mthumb -mfloat-abi=soft"
    # shellcheck disable=SC2086
    for lib in libgcc.a libc.a libm.a; do
        path=$($cross-gcc $flags -print-file-name=$lib)
        [ ! -f "$path" ] || compare $core "$path"
    done
    echo "$core: equal"
done
