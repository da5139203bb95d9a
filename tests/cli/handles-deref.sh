# What a deref adds, inlined, the table's base in a register: measured between
# two labels. On Hazard3 the addition and the load take 2 cycles; a third
# follows iff the very next instruction needs the address (lw to use).
cross=riscv64-unknown-elf
command -v $cross-gcc >/dev/null || exit 77
command -v arm-none-eabi-gcc >/dev/null || exit 77
cat >deref.c <<'END'
#include "core/handles.h"
uint32_t table[8] = {0, 0, 0x20000000};
__attribute__((noinline)) uint32_t one(addr32 base, uint32_t handle)
{
    __asm__ volatile(".globl from\nfrom:");
    addr32 p = handles_at(0, base, handle);
    __asm__ volatile(".globl to\nto:\nnop" : "+r"(p));
    return p;
}
int _start(void)
{
    return (int)one((addr32)table, 8);
}
END
flags="-O2 -std=c11 -ffreestanding -DCORE_ON_TARGET=1 -I$ROOT -nostdlib"
flags="$flags -nostartfiles -Wl,-Ttext=0x20000000,--no-warn-rwx-segments -Wl,-N"
measure() {
    "$FRAGLAB" machine call deref.elf one 0x20000000 8 --machine "$1" --json \
        --between from to | tr -d '\t\n' | sed 's/.*"between"[^{]*//; s/}.*/}/'
    echo " $1"
}
# shellcheck disable=SC2086
$cross-gcc -mabi=ilp32 -march=rv32imac_zba_zbb_zbs $flags -o deref.elf deref.c
measure hazard3
# shellcheck disable=SC2086
arm-none-eabi-gcc -mcpu=cortex-m0plus -mthumb $flags -o deref.elf deref.c
measure cortex-m0plus
# shellcheck disable=SC2086
arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb $flags -o deref.elf deref.c
measure cortex-m4
