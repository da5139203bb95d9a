# Every halfword and random words, disassembled by us and by the toolchain:
# what is an instruction to us reads as the toolchain's does. Left out is what
# it does not know (Zcb, Zcmp, Xh3bextm, some hints and CSRs), shows otherwise
# (auipc's sum, ordering bits, fences) or gets wrong (the pre-indexed LDRD of
# an offset of 0, LDRSB of a literal, PLD and its like with the target PC).
command -v arm-none-eabi-gcc >/dev/null || exit 77
command -v riscv64-unknown-elf-gcc >/dev/null || exit 77
n=10000
[ -n "${FRAGLAB_LONG:-}" ] && n=180000

# Lehmer's generator: 16807 x mod 2^31 - 1.
words() { # HALFWORDS_BELOW EXPRESSION_OF_TWO_HALVES FORMAT_HALF FORMAT_WORD
    awk -v n=$n -v limit="$1" -v half="$2" -v word="$3" -v kind="$4" '
        function draw() { x = x * 16807 % 2147483647; return int(x / 32768) }
        BEGIN {
            for (h = 0; h < limit; h++) {
                if (kind == "arm" && int(h / 256) == 191 && h % 16 != 0)
                    continue # IT: what follows would be in its block
                if (kind == "arm" || h % 4 != 3)
                    printf half "\n", h
            }
            x = 1
            for (k = 0; k < n; k++) {
                a = draw()
                b = draw()
                if (kind == "arm")
                    printf word "\n", (59392 + a % 6144) * 65536 + b
                else if (b % 32 < 28)
                    printf word "\n", a * 65536 + b - b % 4 + 3
            }
        }'
}

compare() { # NAME TIDY
    cut -f 1 ours.raw >at
    cut -f 2- ours.raw | $2 | paste at - |
        grep -vP '\t(\.|c\.unimp|(c\.)?nop|vfp|$)' | sort >ours
    cut -f 1 theirs.raw >at
    cut -f 2- theirs.raw | $2 | paste at - | sort >theirs
    comm -23 ours theirs >only
    [ -s only ] || [ "$(wc -l <ours)" -lt 25000 ] || echo "$1: equal"
    awk -F'\t' 'NR == FNR { text[$1] = $2; next }
        { print $0 "\t" text[$1] }' theirs only | head -n 20
}

disassemble() { # OBJDUMP OPTION MACHINE
    $1 -d -M "$2" words.elf |
        awk -F'\t' 'NF > 2 { printf "%s\t%s %s\n", $1, $3, $4 }' |
        sed -E 's/^ *([0-9a-f]+):/\1/' >theirs.raw
    "$FRAGLAB" machine disasm --static --csv --machine "$3" words.elf |
        tail -n +2 | sed -E -e 's/^([0-9a-f]+),0,0,/\1\t/' -e 's/"//g' >ours.raw
}

tidy_arm() {
    sed -E -e 's/ *[@;<].*//' -e 's/ +$//' -e 's/^mov r8, r8$/nop/' \
        -e 's/^((b[a-z]*(\.[nw])?|cb(n)?z r[0-7],)) (0x)?0*([0-9a-f]+)$/\1 \6/' \
        -e 's/^(ldrd|strd) (.*), #0\]!$/\1 \2]/' \
        -e 's/^(mrs|msr) .*/\1/' -e 's/^ldrsb(\.w|t) (.*\[pc, .*)/ldrsb \2/'
}

tidy_riscv() {
    sed -E -e 's/[ \t]*[#<].*//' -e 's/0x//g' -e 's/[ \t]+/ /g' \
        -e 's/, /,/g' -e 's/ +$//' -e 's/^(lr|sc|amo[a-z]*)\.w\.[a-z]+ /\1.w /' \
        -e 's/^(c\.s[lr][lra]i)64 ([a-z0-9]+)$/\1 \2,0/' \
        -e 's/^csrr.*/.&/' -e 's/^auipc.*/auipc/' \
        -e 's/^c.addi zero,.*/nop/' -e 's/^(cm\.|h3\.|fence).*/.&/' \
        -e 's/^c\.(lbu|lhu?|sb|sh|mul|not|[sz]ext\..) .*/.&/'
}

{
    printf '.syntax unified\n.thumb\n.globl _start\n.thumb_func\n_start:\n'
    words 59392 '.inst.n 0x%04x' '.inst.w 0x%08x\nnop' arm
} >words.S
arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb -nostdlib -nostartfiles words.S \
    -o words.elf -Wl,-N -Wl,-Ttext=0x20000000 2>/dev/null || exit 77
disassemble arm-none-eabi-objdump reg-names-std cortex-m4
compare thumb tidy_arm

{
    printf '.globl _start\n_start:\n'
    words 65536 '.2byte 0x%04x' '.4byte 0x%08x' riscv
} >words.S
riscv64-unknown-elf-gcc -march=rv32imac_zba_zbb_zbs_zbkb -mabi=ilp32 -c \
    words.S -o words.o || exit 77
riscv64-unknown-elf-ld -m elf32lriscv -N -s -Ttext=0x20000000 words.o \
    -o words.elf 2>/dev/null || exit 77
disassemble riscv64-unknown-elf-objdump no-aliases hazard3
compare riscv tidy_riscv
