/*
 * Random bytes as Thumb code, on every core and in memory of several kinds:
 * nothing crashes, and the engine's two ways, many instructions and one at a
 * time, leave the same registers, memory, cycles and fault.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "sim/machine/disasm.h"
#include "sim/machine/thumb.h"

enum {
    N_PROGRAMS = 400,
    N_INSTRUCTIONS = 300,
    RAM_AT = 0x20000000,
    RAM_BYTES = 0x2000,
    ROM_AT = 0x08000000,
    ROM_BYTES = 0x1000,
    DEVICE_AT = (int)0xf0000000
};

static uint64_t draw(uint64_t *random)
{
    *random ^= *random << 13; /* xorshift64, Marsaglia 2003 */
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random;
}

static struct machine_config config_of(int program)
{
    static const char *const cores[] = {"cortex-m0plus", "cortex-m0",
                                        "cortex-m3", "cortex-m4"};
    struct machine_config c = {
        .n_regions = 3,
        .regions = {
            {"ram", REGION_RAM, RAM_AT, RAM_BYTES, 0, 0, 0, false},
            {"rom", REGION_ROM, ROM_AT, ROM_BYTES, program % 8 == 7 ? 2 : 0,
             (uint8_t)(program % 3), 0, false},
            {"test", REGION_DEVICE, (uint32_t)DEVICE_AT, 16, 0, 0, 0, false}}};
    snprintf(c.core, sizeof c.core, "%s", cores[program % 4]);
    return c;
}

/* Mostly code that goes on: many IT blocks, few traps. */
static uint16_t draw_code(uint64_t *random)
{
    uint64_t z = draw(random);
    uint16_t half = (uint16_t)z;
    if (z >> 20 & 1)
        half &= 0x7fff;
    if (half >> 12 == 0xd && (z >> 24 & 1))
        half = 0xbf08 | (half & 0xf0);
    if (half >> 8 == 0xde || half >> 8 == 0xdf || half >> 8 == 0xbe)
        half = 0xbf00;
    return half;
}

/* Mostly addresses. */
static uint32_t draw_register(uint64_t *random)
{
    uint64_t z = draw(random);
    if (z & 1)
        return RAM_AT + ((uint32_t)(z >> 8) % RAM_BYTES & ~3u);
    if (z % 8 == 2)
        return ROM_AT + (uint32_t)(z >> 8) % ROM_BYTES;
    if (z % 8 == 4)
        return (uint32_t)DEVICE_AT + (uint32_t)(z >> 8) % 16;
    return (uint32_t)(z >> 32) >> (z >> 8 & 31);
}

/* The program of this seed, in a machine of its own. */
static void open_program(struct machine *m, int program)
{
    struct machine_config c = config_of(program);
    struct machine_problem p;
    uint64_t random = 0x9e3779b97f4a7c15ull * ((uint64_t)program + 1);
    uint16_t code[RAM_BYTES / 2];
    cr_assert(eq(int, machine_open(m, &c, &p), 0), "%s", p.text);
    for (int i = 0; i < RAM_BYTES / 2; i++)
        code[i] = draw_code(&random);
    cr_assert(machine_poke(m, RAM_AT, code, RAM_BYTES));
    cr_assert(machine_poke(m, ROM_AT, code, ROM_BYTES));
    machine_reset(m);
    for (int i = 0; i < 15; i++)
        m->r[i] = draw_register(&random);
    m->r[TH_SP] &= ~3u;
    m->pc = RAM_AT + (uint32_t)(draw(&random) % RAM_BYTES & ~1ull);
    m->core->restart(m);
}

/* As many steps as `ran` took, and one to meet its fault. */
static void step_as_far(struct machine *m, const struct machine *ran)
{
    struct retired r = {0};
    while (m->instructions < ran->instructions)
        if (machine_step(m, &r) != MACHINE_RUNNING)
            return;
    if (ran->stop == MACHINE_FAULTED)
        machine_step(m, &r);
}

static void compare(const struct machine *a, const struct machine *b, int seed)
{
    cr_expect(eq(u64, a->cycles, b->cycles), "program %d", seed);
    cr_expect(eq(u64, a->instructions, b->instructions), "program %d", seed);
    cr_expect(eq(u64, a->unsettled, b->unsettled), "program %d", seed);
    cr_expect(eq(u32, a->pc, b->pc), "program %d", seed);
    cr_expect(eq(u32, a->arm.it, b->arm.it), "program %d", seed);
    cr_expect(eq(int, memcmp(a->r, b->r, 15 * sizeof a->r[0]), 0),
              "program %d: registers", seed);
    cr_expect(eq(int, a->fault.kind, b->fault.kind), "program %d", seed);
    cr_expect(
        eq(int,
           memcmp(a->bus.regions[0].host, b->bus.regions[0].host, RAM_BYTES),
           0),
        "program %d: memory", seed);
}

static void write_all(struct machine *m)
{
    char text[128], fault[512];
    for (uint32_t at = RAM_AT; at < RAM_AT + RAM_BYTES;) {
        uint32_t size = disasm(m, RAM_AT, at, text, sizeof text);
        cr_assert(gt(u32, size, 0));
        at += size;
    }
    machine_describe_fault(m, fault, sizeof fault);
}

Test(thumb_random, any_bytes_run_the_same_at_once_and_by_steps)
{
    static struct machine ran, stepped;
    for (int program = 0; program < N_PROGRAMS; program++) {
        open_program(&ran, program);
        open_program(&stepped, program);
        machine_run(&ran, N_INSTRUCTIONS);
        step_as_far(&stepped, &ran);
        compare(&ran, &stepped, program);
        write_all(&ran);
        machine_close(&ran);
        machine_close(&stepped);
    }
}
