/* test_insn.c - pictures are compiled, words find their rows */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "sim/machine/disasm.h"
#include "sim/machine/rv32.h"
#include "sim/machine/rv32_rows.h"
#include "tests/machines.h"

static const struct insn_form plain_form = {.syntax = ""};

static int compile(const struct insn_row *rows, uint32_t n,
                   struct machine_problem *p)
{
    struct insn_table t;
    int err = insn_compile(&t, rows, n, &plain_form, 0, p);
    if (err == 0)
        insn_table_close(&t);
    return err;
}

Test(insn, pictures_that_collide_are_named)
{
    const struct insn_row rows[] = {
        {.picture = "0000 dddd ...0 ....", .name = "one", .manual = ""},
        {.picture = "000. dddd 0... ....", .name = "two", .manual = ""},
    };
    struct machine_problem p = {""};
    cr_expect(eq(int, compile(rows, 2, &p), MACHINE_BAD_INPUT));
    cr_expect(eq(str, p.text,
                 "rows '000. dddd 0... ....' (two) and "
                 "'0000 dddd ...0 ....' (one) collide"));
}

Test(insn, a_picture_of_another_length_is_refused)
{
    const struct insn_row row = {.picture = "0101 dddd 0", .name = "short"};
    struct machine_problem p = {""};
    cr_expect(eq(int, compile(&row, 1, &p), MACHINE_BAD_INPUT));
    cr_expect(eq(str, p.text, "row 0, short: not 16 or 32 bits"));
}

/* Every row whose picture fits `word`, by comparing digit by digit. */
static int most_special(uint32_t word, uint32_t bytes)
{
    int best = -1, best_digits = -1;
    for (int row = 0; row < RV_N_ROWS; row++) {
        int bit = (int)bytes * 8, digits = 0;
        bool fits = true;
        for (const char *c = rv_rows[row].picture; *c != '\0'; c++) {
            if (*c == ' ')
                continue;
            bit--;
            if (bit < 0)
                break;
            if (*c != '0' && *c != '1')
                continue;
            digits++;
            fits = fits && (word >> bit & 1) == (uint32_t)(*c - '0');
        }
        size_t length = 0;
        for (const char *c = rv_rows[row].picture; *c != '\0'; c++)
            length += *c != ' ';
        if (fits && length == bytes * 8 && digits > best_digits) {
            best = row;
            best_digits = digits;
        }
    }
    return best;
}

Test(insn, every_halfword_finds_the_most_special_row_or_is_refused)
{
    struct machine_config c = machines_config("hazard3", false);
    struct machine *m = machines_open(&c);
    uint32_t n_refused = 0;
    for (uint32_t word = 0; word < 65536; word++) {
        if ((word & 3) == 3)
            continue; /* the first half of a 32-bit instruction */
        int row = insn_find(&m->table, word, 2);
        cr_assert(eq(int, row, most_special(word, 2)), "%04x", word);
        n_refused += row < 0;
    }
    cr_expect(gt(u32, n_refused, 0));
    machines_close(m);
}

Test(insn, every_32_bit_row_finds_itself_in_samples_of_its_words)
{
    struct machine_config c = machines_config("hazard3", false);
    struct machine *m = machines_open(&c);
    uint32_t state = 12345;
    for (int row = 0; row < RV_N_ROWS; row++) {
        if (m->table.length[row] != 4)
            continue;
        for (int i = 0; i < 300; i++) {
            state = state * 1664525u + 1013904223u;
            uint32_t word = (state & ~m->table.mask[row]) | m->table.match[row];
            cr_assert(
                eq(int, insn_find(&m->table, word, 4), most_special(word, 4)),
                "%08x", word);
        }
    }
    machines_close(m);
}

Test(insn, random_words_find_what_a_plain_search_finds)
{
    struct machine_config c = machines_config("hazard3", false);
    struct machine *m = machines_open(&c);
    uint32_t state = 777;
    for (int i = 0; i < 20000; i++) {
        state = state * 1664525u + 1013904223u;
        uint32_t word = (state ^ state >> 13) | 3;
        cr_assert(eq(int, insn_find(&m->table, word, 4), most_special(word, 4)),
                  "%08x", word);
    }
    machines_close(m);
}

Test(insn, a_plain_core_refuses_the_extensions)
{
    struct machine_config c = machines_config("hazard3-rv32imac", false);
    struct machine *m = machines_open(&c);
    cr_expect(eq(int, insn_find(&m->table, 0x20a52533, 4), -1)); /* sh1add */
    cr_expect(eq(int, insn_find(&m->table, 0xb842, 2), -1));     /* cm.push */
    cr_expect(ge(int, insn_find(&m->table, 0x02a50533, 4), 0));  /* mul */
    machines_close(m);
}

/* One instruction by hand, as objdump prints it: address 0x20000000. */
struct sample {
    uint32_t word;
    const char *text;
};

static const struct sample samples[] = {
    {0xfe018193, "addi gp, gp, -32"},
    {0x00001197, "auipc gp, 0x20001000"},
    {0x0062f863, "bgeu t0, t1, 0x20000010"},
    {0xff5ff06f, "jal zero, 0x1ffffff4"},
    {0x30529073, "csrrw zero, mtvec, t0"},
    {0x32005073, "csrrwi zero, mcountinhibit, 0"},
    {0x00112023, "sw ra, 0(sp)"},
    {0xfa75, "c.bnez a2, 0x1ffffff4"},
    {0x470d, "c.li a4, 3"},
    {0x8ebd, "c.xor a3, a5"},
    {0xc398, "c.sw a4, 0(a5)"},
    {0xb852, "cm.push {ra, s0}, -16"},
    {0xbef2, "cm.popret {ra, s0-s11}, 64"},
    {0x7179, "c.addi16sp sp, -48"},
    {0x6741, "c.lui a4, 0x10"},
    {0x0000, "c.unimp"},
};

Test(insn, disassembly_reads_like_the_manual)
{
    struct machine_config c = machines_config("hazard3", false);
    struct machine *m = machines_open(&c);
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        char text[128];
        machine_poke(m, 0x20000000, &samples[i].word, 4);
        disasm(m, 0x20000000, 0x20000000, text, sizeof text);
        cr_expect(eq(str, text, (char *)samples[i].text), "%08x",
                  samples[i].word);
    }
    machines_close(m);
}
