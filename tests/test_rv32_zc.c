/*
 * test_rv32_zc.c - Zcb and Zcmp do what the instructions they stand for do
 *
 * Each encoding runs beside its expansion in RV32I, M and Zbb ("Zc" 1.0,
 * sections 2.2 and 2.3), from the same registers and memory.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "sim/machine/rv32.h"
#include "tests/machines.h"

enum { BASE = 0x20000000, DATA = BASE + 0x2000, DATA_BYTES = 512 };

static struct machine *m, *plain;
static uint32_t random_state;

static void setup(void)
{
    struct machine_config c = machines_config("hazard3", false);
    m = machines_open(&c);
    plain = machines_open(&c);
    random_state = 1;
}

static void teardown(void)
{
    machines_close(m);
    machines_close(plain);
}

TestSuite(rv32_zc, .init = setup, .fini = teardown);

static uint32_t draw(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return random_state ^ random_state >> 15;
}

/* ---- encodings of RV32I ----------------------------------------------- */

static uint32_t type_i(uint32_t imm, uint32_t n, uint32_t funct, uint32_t d,
                       uint32_t opcode)
{
    return imm << 20 | n << 15 | funct << 12 | d << 7 | opcode;
}

static uint32_t load(uint32_t funct, uint32_t d, uint32_t imm, uint32_t n)
{
    return type_i(imm, n, funct, d, 0x03);
}

static uint32_t store(uint32_t funct, uint32_t source, uint32_t imm, uint32_t n)
{
    return (imm >> 5 & 127) << 25 | source << 20 | n << 15 | funct << 12 |
           (imm & 31) << 7 | 0x23;
}

static uint32_t addi(uint32_t d, uint32_t n, uint32_t imm)
{
    return type_i(imm, n, 0, d, 0x13);
}

/* ---- two machines, side by side --------------------------------------- */

/* The same random registers and memory; `base` points into the memory. */
static void prepare(uint32_t base)
{
    uint32_t words[DATA_BYTES / 4];
    for (uint32_t i = 0; i < DATA_BYTES / 4; i++)
        words[i] = draw();
    machine_reset(m);
    machine_reset(plain);
    machine_poke(m, DATA, words, sizeof words);
    machine_poke(plain, DATA, words, sizeof words);
    for (uint32_t i = 1; i < 32; i++)
        m->r[i] = draw();
    m->r[RV_RA] = BASE + 0x100;
    m->r[base] = DATA + DATA_BYTES / 2;
    memcpy(plain->r, m->r, sizeof m->r);
}

static void compare(uint32_t half)
{
    uint8_t a[DATA_BYTES], b[DATA_BYTES];
    for (int i = 0; i < 32; i++)
        cr_expect(eq(u32, m->r[i], plain->r[i]), "%04x: x%d", half, i);
    machine_peek(m, DATA, a, sizeof a);
    machine_peek(plain, DATA, b, sizeof b);
    cr_expect(eq(int, memcmp(a, b, sizeof a), 0), "%04x: memory", half);
}

/* Run `half` on one machine, its expansion of `n` words on the other. */
static void check(uint32_t half, const uint32_t *words, uint32_t n)
{
    struct retired r = {0};
    machine_poke(m, BASE, &half, 4);
    machine_poke(plain, BASE, words, 4 * n);
    cr_assert(eq(int, machine_step(m, &r), MACHINE_RUNNING), "%04x: %s", half,
              m->fault.what);
    for (uint32_t i = 0; i < n; i++)
        cr_assert(eq(int, machine_step(plain, &r), MACHINE_RUNNING), "%08x: %s",
                  words[i], plain->fault.what);
    compare(half);
}

/* ---- Zcb -------------------------------------------------------------- */

Test(rv32_zc, loads_and_stores_of_bytes_and_halves_do_as_the_long_ones)
{
    for (uint32_t k = 0; k < 0x400; k++) {
        uint32_t n = 8 + (k >> 7 & 7), d = 8 + (k >> 2 & 7);
        uint32_t byte = (k >> 6 & 1) | (k >> 5 & 1) << 1, odd = k >> 5 & 1;
        uint32_t bits = (n & 7) << 7 | (k & 0x60) | (d & 7) << 2;
        bool is_signed = k >> 6 & 1;
        uint32_t word;
        if (k & 3)
            continue;
        prepare(n);
        word = load(4, d, byte, n); /* c.lbu */
        check(0x8000 | bits, &word, 1);
        prepare(n);
        word = load(is_signed ? 1 : 5, d, 2 * odd, n); /* c.lh, c.lhu */
        check(0x8400 | bits, &word, 1);
        prepare(n);
        word = store(0, d, byte, n); /* c.sb */
        check(0x8800 | bits, &word, 1);
        if (is_signed)
            continue;
        prepare(n);
        word = store(1, d, 2 * odd, n); /* c.sh */
        check(0x8c00 | bits, &word, 1);
    }
}

Test(rv32_zc, unary_operations_and_the_product_do_as_the_long_ones)
{
    for (uint32_t k = 0; k < 8 * 100; k++) {
        uint32_t d = 8 + k % 8, source = 8 + draw() % 8;
        uint32_t same = d << 15 | d << 7;
        const struct {
            uint32_t half, word;
        } cases[] = {
            {0x9c61, 0x0ff07013 | same}, /* andi d, d, 255     */
            {0x9c65, 0x60401013 | same}, /* sext.b             */
            {0x9c69, 0x08004033 | same}, /* zext.h             */
            {0x9c6d, 0x60501013 | same}, /* sext.h             */
            {0x9c75, 0xfff04013 | same}, /* xori d, d, -1      */
            {0x9c41 | (source & 7) << 2, /* c.mul              */
             0x02000033 | source << 20 | same},
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            prepare(RV_SP);
            check(cases[i].half | (d & 7) << 7, &cases[i].word, 1);
        }
    }
}

/* ---- Zcmp ------------------------------------------------------------- */

/* The registers of a list, the last stored first: s11 to s0, ra. */
static uint32_t list_of(uint32_t rlist, uint32_t *registers)
{
    static const uint32_t all[] = {27, 26, 25, 24, 23, 22, 21,
                                   20, 19, 18, 9,  8,  1};
    uint32_t n_saved = rlist == 15 ? 12 : rlist - 4;
    for (uint32_t i = 0; i <= n_saved; i++)
        registers[i] = all[12 - n_saved + i];
    return n_saved + 1;
}

static uint32_t adjustment(uint32_t rlist, uint32_t spimm)
{
    uint32_t n = rlist == 15 ? 13 : rlist - 3;
    return (4 * n + 15) / 16 * 16 + 16 * spimm;
}

/* Registers and sp; `returns` adds the jump, after a0 = 0 if `zeroes`. */
static void check_pop(uint32_t half, uint32_t rlist, uint32_t spimm,
                      bool zeroes, bool returns)
{
    uint32_t registers[13], words[20], k = 0;
    uint32_t n = list_of(rlist, registers);
    uint32_t up = adjustment(rlist, spimm);
    prepare(RV_SP);
    if (returns) { /* where to: the word that becomes ra */
        uint32_t to = BASE + 0x200;
        uint32_t at = m->r[RV_SP] + up - 4 * n;
        machine_poke(m, at, &to, 4);
        machine_poke(plain, at, &to, 4);
    }
    for (uint32_t i = 0; i < n; i++)
        words[k++] = load(2, registers[i], up - 4 * (i + 1), RV_SP);
    if (zeroes)
        words[k++] = addi(10, 0, 0);
    words[k++] = addi(RV_SP, RV_SP, up);
    if (returns)
        words[k++] = 0x00008067;
    check(half, words, k);
    if (returns)
        cr_expect(eq(u32, m->pc, plain->pc), "%04x", half);
}

static void check_push(uint32_t half, uint32_t rlist, uint32_t spimm)
{
    uint32_t registers[13], words[20], k = 0;
    uint32_t n = list_of(rlist, registers);
    prepare(RV_SP);
    for (uint32_t i = 0; i < n; i++)
        words[k++] = store(2, registers[i], 0u - 4 * (i + 1), RV_SP);
    words[k++] = addi(RV_SP, RV_SP, 0u - adjustment(rlist, spimm));
    check(half, words, k);
}

Test(rv32_zc, every_push_and_pop_saves_and_restores_as_the_manual_says)
{
    for (uint32_t rlist = 4; rlist < 16; rlist++)
        for (uint32_t spimm = 0; spimm < 4; spimm++) {
            uint32_t bits = rlist << 4 | spimm << 2;
            check_push(0xb802 | bits, rlist, spimm);
            check_pop(0xba02 | bits, rlist, spimm, false, false);
            check_pop(0xbc02 | bits, rlist, spimm, true, true);
            check_pop(0xbe02 | bits, rlist, spimm, false, true);
        }
}

Test(rv32_zc, moves_of_a0_and_a1_take_both_at_once)
{
    static const uint32_t saved[] = {8, 9, 18, 19, 20, 21, 22, 23};
    for (uint32_t n = 0; n < 8; n++)
        for (uint32_t k = 0; k < 8; k++) {
            uint32_t bits = n << 7 | k << 2;
            const uint32_t to_a[] = {addi(10, saved[n], 0),
                                     addi(11, saved[k], 0)};
            const uint32_t to_s[] = {addi(saved[n], 10, 0),
                                     addi(saved[k], 11, 0)};
            prepare(RV_SP);
            check(0xac62 | bits, to_a, 2); /* cm.mva01s */
            if (n == k)
                continue; /* reserved */
            prepare(RV_SP);
            check(0xac22 | bits, to_s, 2); /* cm.mvsa01 */
        }
}
