/* device.c - a benchmark's program on one of our machines: the test device */
#include "tests/bench/guest/host.h"

__attribute__((noreturn)) void finish(uint32_t result)
{
    volatile uint32_t *device = (uint32_t *)0xf0000000u;
    device[1] = result;
    device[2] = 0;
    for (;;)
        ;
}

__attribute__((naked, section(".text.start"))) void _start(void)
{
#ifdef __riscv
    __asm__("li sp, 0x20080000\n j main");
#else
    __asm__("ldr r0, =0x20080000\n mov sp, r0\n bl main");
#endif
}
