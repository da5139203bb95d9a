# A newcomer's firmware, Arm and RISC-V: a vector table or none, initialised
# data in flash, a system call; run, measured and called. Cycles depend on the
# compiler, so they are not shown.
command -v arm-none-eabi-gcc >/dev/null || exit 77
command -v riscv64-unknown-elf-gcc >/dev/null || exit 77
cat >main.c <<'C'
typedef unsigned int word;
extern word _sidata, _sdata, _edata, _sbss, _ebss;
int counter = 41;
static int zero;
static volatile word *const device = (word *)0xf0000000;

__attribute__((noinline)) int sum(int a, int b, int c, int d, int e, int f,
                                  int g, int h, int i, int j)
{
    return a + b + c + d + e + f + g + h + i + j;
}

int system_call(void);

int main(void)
{
    zero += ++counter;
    device[3] = 'o';
    device[3] = 'k';
    device[0] = 3;
    device[1] = (word)sum(zero, 1, 1, 1, 1, 1, 1, 1, 1, 1);
    device[0] = 0;
    device[1] = (word)system_call();
    return 0;
}

void begin(void)
{
    word *from = &_sidata;
    for (word *to = &_sdata; to < &_edata;)
        *to++ = *from++;
    for (word *to = &_sbss; to < &_ebss;)
        *to++ = 0;
    device[2] = (word)main();
    for (;;)
        ;
}
C
cat >arm.S <<'S'
.syntax unified
.section .first, "a"
.word 0x20008000, begin
.rept 9
.word 0
.endr
.word handler
.text
.thumb_func
.globl system_call, handler
system_call:
    movs r0, #7
    svc 0
    bx lr
.type handler, %function
handler:
    movs r0, #77
    str r0, [sp]
    bx lr
S
cat >riscv.S <<'S'
.section .first, "ax"
.globl system_call, _start
_start:
    la sp, 0x20008000
    la t0, handler
    csrw mtvec, t0
    j begin
system_call:
    ecall
    ret
.balign 4
handler:
    csrr t0, mepc
    addi t0, t0, 4
    csrw mepc, t0
    li a0, 77
    mret
S
cat >link.ld <<'L'
SECTIONS
{
    . = FLASH;
    .text : { KEEP(*(.first)) *(.text*) *(.rodata*) . = ALIGN(4); }
    _sidata = .;
    .data 0x20000000 : AT(_sidata) { _sdata = .; *(.data* .sdata*)
        . = ALIGN(4); _edata = .; }
    .bss : { _sbss = .; *(.bss* .sbss* COMMON) . = ALIGN(4); _ebss = .; }
    /DISCARD/ : { *(.comment) *(.ARM.exidx*) }
}
L
flags='-O1 -g -ffreestanding -fno-tree-loop-distribute-patterns -nostdlib
    -nostartfiles -T link.ld main.c'
try() {
    echo "== $*"
    "$FRAGLAB" machine "$@" >out 2>err || echo "exit $?"
    sed -E -e 's/ +[0-9,.]+ (cycles|instructions|us|events)/ \1/g' \
        -e '/^(stack|accesses|unsettled)/d' out
    cat err
}
json() {
    "$FRAGLAB" machine "$@" --json | tr -d '\n\t' | grep -oE \
        '"(machine|status|result|exit_code|output)":[^,]*|"results":[^]]*'
}
# shellcheck disable=SC2086
{
    arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb -Wl,--defsym=FLASH=0x8000000 \
        -Wl,-e,begin $flags arm.S -o m4.elf &&
        arm-none-eabi-gcc -mcpu=cortex-m0plus -mthumb -Wl,-e,begin \
            -Wl,--defsym=FLASH=0x10000100 $flags arm.S -o m0plus.elf &&
        riscv64-unknown-elf-gcc -march=rv32imac -misa-spec=2.2 -mabi=ilp32 \
            -Wl,--defsym=FLASH=0x10000000 $flags riscv.S -o riscv.elf
} 2>/dev/null || exit 77
for elf in m4.elf m0plus.elf riscv.elf; do
    try run $elf --between main sum
    json run $elf
    try call $elf sum 1 2 3 4 5 6 7 8 9 -50
done
json call m4.elf system_call
try call m4.elf sum 1 --between sum sum
try run m4.elf --machine rp2040-sram
try run m4.elf --machine cortex-m3 --between main nowhere
try trace m4.elf --between main sum
try profile riscv.elf --folded
