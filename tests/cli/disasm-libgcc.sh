# Our disassembly of each libgcc for RV32 without F against the toolchain's,
# line by line. What its assembler does not know (Zcmp) or names otherwise
# (ordering bits, nop) is left out, and auipc, which we show with its sum.
cross=riscv64-unknown-elf
command -v $cross-gcc >/dev/null || exit 77
tidy() {
    sed -E -e 's/[ \t]*[#<].*//' -e 's/0x//g' -e 's/[ \t]+/ /g' \
        -e 's/, /,/g' -e 's/^(lr|sc|amo[a-z]*)\.w\.[a-z]+ /\1.w /' \
        -e 's/^c.addi zero,0$/c.nop/' -e 's/^fence .*/fence/' -e 's/ +$//'
}
printf '.globl _start\n_start: nop\n' >start.S
compare() { # ARCHITECTURE
    flags="-march=$1 -mabi=ilp32"
    # shellcheck disable=SC2086
    lib=$($cross-gcc $flags -print-libgcc-file-name)
    # shellcheck disable=SC2086
    $cross-gcc $flags -nostdlib -nostartfiles start.S -o lib.elf -Wl,-N \
        -Wl,-Ttext=0x20000000,--whole-archive,--no-warn-rwx-segments \
        -Wl,--unresolved-symbols=ignore-all "$lib" || exit 77
    $cross-objdump -d -M no-aliases lib.elf |
        awk -F'\t' 'NF > 2 { printf "%s\t%s %s\n", $1, $3, $4 }' |
        sed -E 's/^ *([0-9a-f]+):/\1/' >theirs.raw
    "$FRAGLAB" machine disasm --static --csv lib.elf | tail -n +2 |
        sed -E -e 's/^([0-9a-f]+),0,0,/\1\t/' -e 's/"//g' >ours.raw
    for who in theirs ours; do
        cut -f 1 $who.raw >at
        cut -f 2- $who.raw | tidy | paste at - | grep -v auipc | sort >$who
    done
    awk 'NR == FNR { known[$1]; next } $1 in known' theirs ours >same
    cmp theirs same && [ "$(wc -l <theirs)" -gt 5000 ] && echo "$1: equal"
    diff theirs same | head -n 20
}
for march in rv32i rv32im rv32iac rv32imac; do
    compare $march
done
