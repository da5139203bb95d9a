/*
 * test_hazard3_random.c - prices against the clocked model on random programs
 *
 * The two ways of counting share no code beyond the fetch unit, so programs
 * full of loops at every alignment, jumps, loads, divisions, atomics, register
 * lists and traps must cost the same, instruction by instruction.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "sim/machine/disasm.h"
#include "tests/machines.h"

enum {
    BASE = 0x20000000,
    DATA = 0x20008000,
    CAP_CODE = 8192,
    N_PROGRAMS = 300,
    CAP_STEPS = 30000
};

/* A program being written. */
struct program {
    uint32_t seed;
    uint32_t at; /* bytes so far */
    uint8_t code[CAP_CODE];
};

static uint32_t draw(struct program *p, uint32_t n)
{
    p->seed ^= p->seed << 13;
    p->seed ^= p->seed >> 17;
    p->seed ^= p->seed << 5;
    return p->seed % n;
}

static void put(struct program *p, uint32_t word)
{
    uint32_t bytes = (word & 3) == 3 ? 4 : 2;
    memcpy(p->code + p->at, &word, bytes);
    p->at += bytes;
}

/* a0 to a5: random registers of the program; s0 holds DATA, s1 counts. */
static uint32_t reg(struct program *p)
{
    return 10 + draw(p, 6);
}

static uint32_t encode_i(uint32_t imm, uint32_t rs1, uint32_t f, uint32_t rd,
                         uint32_t op)
{
    return imm << 20 | rs1 << 15 | f << 12 | rd << 7 | op;
}

static uint32_t encode_r(uint32_t f7, uint32_t rs2, uint32_t rs1, uint32_t f,
                         uint32_t rd, uint32_t op)
{
    return f7 << 25 | rs2 << 20 | rs1 << 15 | f << 12 | rd << 7 | op;
}

static uint32_t encode_store(uint32_t imm, uint32_t rs2, uint32_t rs1,
                             uint32_t f)
{
    return (imm >> 5) << 25 | rs2 << 20 | rs1 << 15 | f << 12 |
           (imm & 31) << 7 | 0x23;
}

/* bne s1, zero, offset, or its 16-bit form. */
static void put_loop_branch(struct program *p, int32_t offset, bool is_short)
{
    uint32_t o = (uint32_t)offset;
    if (is_short && offset >= -256)
        put(p, 0xe081 | (o >> 8 & 1) << 12 | (o >> 3 & 3) << 10 |
                   (o >> 6 & 3) << 5 | (o >> 1 & 3) << 3 | (o >> 5 & 1) << 2);
    else
        put(p, (o >> 12 & 1) << 31 | (o >> 5 & 63) << 25 | 9 << 15 | 1 << 12 |
                   (o >> 1 & 15) << 8 | (o >> 11 & 1) << 7 | 0x63);
}

static void put_jump(struct program *p, uint32_t rd, uint32_t offset)
{
    put(p, (offset >> 20 & 1) << 31 | (offset >> 1 & 0x3ff) << 21 |
               (offset >> 11 & 1) << 20 | (offset >> 12 & 0xff) << 12 |
               rd << 7 | 0x6f);
}

static void put_memory(struct program *p)
{
    uint32_t kind = draw(p, 6);
    if (kind == 0)
        put(p, encode_i(4 * draw(p, 16), 8, 2, reg(p), 0x03)); /* lw */
    else if (kind == 1)
        put(p, encode_i(draw(p, 64), 8, 4, reg(p), 0x03)); /* lbu */
    else if (kind == 2)
        put(p, encode_store(4 * draw(p, 16), reg(p), 8, 2)); /* sw */
    else if (kind == 3)
        put(p, 0x4000 | (2 + draw(p, 6)) << 2); /* c.lw rd', 0(s0) */
    else if (kind == 4)
        put(p, 0xc000 | (2 + draw(p, 6)) << 2); /* c.sw, 0(s0) */
    else
        put(p, encode_i(0x340, reg(p), 1 + draw(p, 2), reg(p), 0x73));
}

static void put_atomic(struct program *p)
{
    static const uint32_t kinds[] = {2, 3, 0, 1, 4, 12, 8, 16};
    uint32_t kind = kinds[draw(p, 8)];
    uint32_t rs2 = kind == 2 ? 0 : reg(p);
    put(p, encode_r(kind << 2, rs2, 8, 2, reg(p), 0x2f));
}

/* What is executed once where it stands. */
static void put_plain(struct program *p)
{
    uint32_t kind = draw(p, 20);
    if (kind < 5)
        put(p, encode_r(0, reg(p), reg(p), draw(p, 8), reg(p), 0x33));
    else if (kind < 8)
        put(p, 0x8c01 | draw(p, 4) << 5 | (2 + draw(p, 6)) << 7 |
                   (2 + draw(p, 6)) << 2); /* c.sub ... c.and */
    else if (kind < 9)
        put(p, 0x0001); /* c.nop */
    else if (kind < 10)
        put(p, encode_r(1, reg(p), reg(p), draw(p, 8), reg(p), 0x33));
    else if (kind < 16)
        put_memory(p);
    else if (kind < 17)
        put_atomic(p);
    else if (kind < 18)
        put(p, 0x00000073); /* ecall */
    else if (kind < 19)
        put(p, draw(p, 3) == 0 ? 0x0000100f : 0x0ff0000f); /* fences */
    else {
        put(p, 0xb842 | draw(p, 3) << 4); /* cm.push, cm.pop of the same */
        put(p,
            (uint32_t)(p->code[p->at - 2] | p->code[p->at - 1] << 8) | 0x0200);
    }
}

/* A jump or branch over a few instructions. */
static void put_skip(struct program *p)
{
    uint32_t from = p->at, f = draw(p, 2) ? 0 : 5;
    struct program over = *p;
    bool is_jump = draw(p, 3) == 0;
    p->at += 4;
    for (uint32_t n = draw(p, 4) + 1; n > 0; n--)
        put_plain(p);
    uint32_t offset = p->at - from;
    over.at = from;
    if (is_jump)
        put_jump(&over, 0, offset);
    else
        put(&over, encode_store(0, reg(p), reg(p), f) | 0x40 |
                       (offset >> 5 & 63) << 25 | (offset >> 1 & 15) << 8);
    memcpy(p->code + from, over.code + from, 4);
}

static void put_loop(struct program *p, uint32_t depth)
{
    put(p, encode_i(1 + draw(p, 6), 0, 0, 9, 0x13)); /* li s1, n */
    if (draw(p, 2))
        put(p, 0x0001);
    uint32_t start = p->at;
    for (uint32_t n = draw(p, 6); n > 0; n--) {
        if (draw(p, 5) == 0 && depth > 0)
            put_skip(p);
        else
            put_plain(p);
    }
    put(p, draw(p, 2) ? 0x14fd : encode_i(0xfff, 9, 0, 9, 0x13));
    put_loop_branch(p, (int32_t)(start - p->at), draw(p, 2));
}

/* Handler, prologue, loops and skips, then exit code 0. */
static void write_program(struct program *p)
{
    static const uint32_t handler[] = {0x34102f73, 0x004f0f13, 0x341f1073,
                                       0x30200073};
    p->at = 0;
    put_jump(p, 0, 4 + sizeof handler);
    for (int i = 0; i < 4; i++)
        put(p, handler[i]);
    put(p, 0x20000f37);                     /* lui t5, 0x20000 */
    put(p, 0x004f0f13);                     /* addi t5, t5, 4 */
    put(p, 0x305f1073);                     /* csrw mtvec, t5 */
    put(p, 0x20008437);                     /* lui s0, 0x20008 */
    put(p, encode_i(0x400, 8, 0, 2, 0x13)); /* sp = s0 + 1024 */
    for (uint32_t r = 10; r < 16; r++)
        put(p, encode_i(draw(p, 4096), 0, 0, r, 0x13));
    while (p->at < 2500) {
        uint32_t kind = draw(p, 8);
        if (kind < 3)
            put_loop(p, 1);
        else if (kind < 4)
            put_skip(p);
        else
            put_plain(p);
    }
    put(p, 0xf0000f37);                /* lui t5, 0xf0000 */
    put(p, encode_store(8, 0, 30, 2)); /* sw zero, 8(t5) */
}

static struct machine *prepare(const struct machine_config *c,
                               const struct program *p)
{
    struct machine *m = machines_open(c);
    machine_poke(m, BASE, p->code, p->at);
    machine_reset(m);
    return m;
}

/* Both machines, in step; then the loop that does not stop between. */
static void compare(const struct program *p, uint32_t seed)
{
    struct machine_config priced = machines_config("hazard3", false);
    struct machine_config clocked = machines_config("hazard3", true);
    struct machine *a = prepare(&priced, p), *b = prepare(&clocked, p);
    struct machine *c = prepare(&priced, p);
    struct retired x = {0}, y = {0};
    enum machine_stop why = MACHINE_RUNNING;
    for (int i = 0; i < CAP_STEPS && why == MACHINE_RUNNING; i++) {
        char text[128];
        why = machine_step(a, &x);
        cr_assert(eq(int, machine_step(b, &y), why));
        disasm(a, x.pc, x.pc, text, sizeof text);
        cr_assert(x.pc == y.pc && x.cycle == y.cycle,
                  "seed %u: %08x %s: cycle %llu by price, %llu by clock", seed,
                  x.pc, text, (unsigned long long)x.cycle,
                  (unsigned long long)y.cycle);
    }
    cr_assert(eq(int, why, MACHINE_EXITED), "seed %u", seed);
    cr_assert(eq(int, machine_run(c, 0), MACHINE_EXITED));
    cr_expect(eq(u64, c->instructions, a->instructions), "seed %u", seed);
    cr_expect(eq(u64, c->cycles, a->cycles), "seed %u", seed);
    cr_expect(eq(int, memcmp(c->r, b->r, sizeof c->r), 0), "seed %u", seed);
    machines_close(a);
    machines_close(b);
    machines_close(c);
}

Test(hazard3_random, both_ways_of_counting_agree_on_every_instruction)
{
    static struct program p;
    const char *more = getenv("FRAGLAB_LONG");
    uint32_t n = more != NULL ? 20000 : N_PROGRAMS;
    for (uint32_t seed = 1; seed <= n; seed++) {
        p.seed = seed * 2654435761u;
        write_program(&p);
        compare(&p, seed);
    }
}
