/* test_thumb_rows.c - Thumb encodings find their rows, or are refused */
#include "tests/thumb_core.h"

TestSuite(thumb_rows, .init = setup, .fini = teardown);

/* A picture's digits, read a second time. */
struct digits {
    uint32_t mask, match;
    int n; /* digits; -1: another length, or another core                    */
};

static struct digits digits_of(const struct insn_row *row, uint32_t bits,
                               uint32_t has)
{
    struct digits d = {0, 0, 0};
    uint32_t n = 0;
    for (const char *c = row->picture; *c != '\0'; c++) {
        if (*c == ' ')
            continue;
        bool is_digit = *c == '0' || *c == '1';
        d.mask = d.mask << 1 | is_digit;
        d.match = d.match << 1 | (*c == '1');
        d.n += is_digit;
        n++;
    }
    if (n != bits || (row->needs & ~has) != 0)
        d.n = -1;
    return d;
}

/* The row whose picture fits best: most digits; -1: none does. */
static int most_special(const struct digits *rows, uint32_t word)
{
    int best = -1;
    for (int row = 0; row < TH_N_PLAIN; row++)
        if (rows[row].n >= 0 && (word & rows[row].mask) == rows[row].match &&
            (best < 0 || rows[row].n > rows[best].n))
            best = row;
    return best;
}

static void compare_all_halfwords(uint32_t has, uint32_t n_expected)
{
    static struct digits rows[TH_N_PLAIN];
    uint32_t n_found = 0;
    for (int row = 0; row < TH_N_PLAIN; row++)
        rows[row] = digits_of(&thumb_rows[row], 16, has);
    for (uint32_t half = 0; half < 0x10000; half++) {
        struct insn i;
        int lawful;
        int row = thumb_find(m, half, 2, BASE, &i, &lawful);
        if (row != most_special(rows, half))
            cr_fail("%04x", half);
        n_found += row >= 0;
    }
    cr_expect(eq(u32, n_found, n_expected));
}

Test(thumb_rows, every_halfword_matches_one_row_or_is_refused)
{
    /* 0xe800 less 800 that A5.2.5 leaves free; less CBZ, CBNZ and IT */
    compare_all_halfwords(TH_V7 | TH_DSP, 0xe800 - 800);
    change_core("cortex-m0plus");
    compare_all_halfwords(0, 0xe800 - 800 - 1024 - 240);
}

/* Is `half` an instruction, and if not, why not? ARMv7-M and ARMv6-M, A5.2. */
static enum fault_kind manual_says(uint32_t half, bool is_v7)
{
    uint32_t low = half & 7, n = half >> 3 & 15, d = (half >> 4 & 8) | low;
    uint32_t first = half >> 4 & 15, mask = half & 15;
    bool is_empty = (half & 0xff) == 0;
    switch (half >> 8) {
    case 0x44: /* ADD T2 */
        return n == 15 && d == 15 ? FAULT_UNPREDICTABLE : FAULT_NONE;
    case 0x45: /* CMP T2 */
        return (n < 8 && d < 8) || n == 15 || d == 15 ? FAULT_UNPREDICTABLE
                                                      : FAULT_NONE;
    case 0x47: /* BX, BLX; (0)(0)(0) */
        return low != 0 || (half >> 7 & 1 && n == 15) ? FAULT_UNPREDICTABLE
                                                      : FAULT_NONE;
    case 0xb1: /* CBZ, CBNZ */
    case 0xb3:
    case 0xb9:
    case 0xbb:
        return is_v7 ? FAULT_NONE : FAULT_UNDEFINED;
    case 0xb4: /* PUSH, POP, STM, LDM: no register */
    case 0xbc:
    case 0xc0 ... 0xcf:
        return is_empty ? FAULT_UNPREDICTABLE : FAULT_NONE;
    case 0xb6: /* CPS: I and F, of which ARMv6-M has I alone */
        if ((half & 0xe0) != 0x60)
            return FAULT_UNDEFINED;
        if (is_v7)
            return mask >= 1 && mask <= 3 ? FAULT_NONE : FAULT_UNPREDICTABLE;
        return mask == 2 ? FAULT_NONE : FAULT_UNPREDICTABLE;
    case 0xba: /* REV, REV16, -, REVSH */
        return (half & 0xc0) == 0x80 ? FAULT_UNDEFINED : FAULT_NONE;
    case 0xbf: /* hints; IT: 1111; AL with an else */
        if (mask == 0)
            return FAULT_NONE;
        if (!is_v7)
            return FAULT_UNDEFINED;
        return first == 15 || (first == 14 && (mask & (mask - 1)) != 0)
                   ? FAULT_UNPREDICTABLE
                   : FAULT_NONE;
    case 0xb7:
    case 0xb8:
    case 0xde: /* UDF */
        return FAULT_UNDEFINED;
    default:
        return FAULT_NONE;
    }
}

static void run_all_halfwords(bool is_v7)
{
    int n_wrong = 0;
    for (uint32_t half = 0; half < 0xe800 && n_wrong < 10; half++) {
        struct retired r = {0};
        CODE((uint16_t)half, 0xbf00);
        for (int k = 0; k < TH_SP; k++)
            m->r[k] = DATA;
        m->r[TH_SP] = DATA;
        enum machine_stop why = machine_step(m, &r);
        enum fault_kind kind =
            why == MACHINE_FAULTED ? m->fault.kind : FAULT_NONE;
        if (kind >= FAULT_UNALIGNED) /* an instruction, but not a good one */
            kind = FAULT_NONE;
        if (kind == manual_says(half, is_v7))
            continue;
        cr_expect(false, "%04x: %d", half, (int)kind);
        n_wrong++;
    }
}

Test(thumb_rows, every_halfword_runs_or_is_refused_as_the_manual_says)
{
    run_all_halfwords(true);
    change_core("cortex-m0plus");
    run_all_halfwords(false);
}

Test(thumb_rows, wide_openings_are_no_halfword_instructions)
{
    for (uint32_t half = 0xe800; half < 0x10000; half++) {
        struct insn i;
        int lawful;
        cr_expect(lt(int, thumb_find(m, half, 2, BASE, &i, &lawful), 0));
    }
}

/* The open bits of `picture` from `random`, the rest as drawn. */
static uint32_t word_of(const char *picture, uint64_t random, uint32_t *bytes)
{
    uint32_t word = 0, n = 0;
    for (const char *c = picture; *c != '\0'; c++) {
        bool is_set = *c == '1' || *c == 'y';
        if (*c == ' ')
            continue;
        if (strchr("01yz", *c) == NULL)
            is_set = random >> n & 1;
        word = word << 1 | is_set;
        n++;
    }
    *bytes = n / 8;
    return word;
}

Test(thumb_rows, every_row_is_found_by_words_drawn_after_it)
{
    uint64_t random = 88172645463325252ull; /* xorshift64, Marsaglia 2003 */
    for (int row = 0; row < TH_N_ROWS; row++) {
        int n_found = 0;
        for (int k = 0; k < 400; k++) {
            struct insn i;
            uint32_t bytes;
            int lawful;
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            uint32_t word = word_of(thumb_rows[row].picture, random, &bytes);
            int found = thumb_find(m, word, bytes, BASE, &i, &lawful);
            n_found += found == row;
            cr_expect(ge(int, found, 0), "%s %08x", thumb_rows[row].picture,
                      word);
        }
        cr_expect(gt(int, n_found, 0), "%s", thumb_rows[row].picture);
    }
}

Test(thumb_rows, the_open_bits_drawn_in_brackets_must_be_as_drawn)
{
    static const struct {
        uint32_t word, bytes;
        enum fault_kind kind;
    } cases[] = {
        {0x4708, 2, FAULT_NONE},              /* bx r1                       */
        {0x4709, 2, FAULT_UNPREDICTABLE},     /* its (0) set                 */
        {0xf3bf8f5f, 4, FAULT_NONE},          /* dmb sy                      */
        {0xf3bf8e5f, 4, FAULT_UNPREDICTABLE}, /* its (1) clear               */
        {0xfb91f0f2, 4, FAULT_NONE},          /* sdiv r0, r1, r2             */
        {0xfb9100f2, 4, FAULT_UNPREDICTABLE}, /* its (1)s clear              */
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        struct insn i;
        int lawful;
        cr_assert(
            ge(int,
               thumb_find(m, cases[k].word, cases[k].bytes, BASE, &i, &lawful),
               0));
        cr_expect(eq(int, lawful, (int)cases[k].kind), "%08x", cases[k].word);
    }
}

Test(thumb_rows, operands_that_the_manual_forbids_are_unpredictable)
{
    static const uint32_t words[] = {
        0xeb000d01, /* add.w sp, r0, r1                                      */
        0xea4f0d0d, /* mov.w sp, sp                                          */
        0xf8500b04 | 0xf, /* ldr r0, [r0], #15: base is the target           */
        0xe8b10002, /* ldmia.w r1!, {r1}: one register, the base             */
        0xe8b1c001, /* ldmia.w r1!, {r0, lr, pc}                             */
        0xe9d10002, /* ldrd r0, r0, [r1, #8]                                 */
        0xfb810002, /* smull r0, r0, r1, r2                                  */
        0xf36001c3 & ~0x1fu, /* bfi r1, r0: highest bit below the lowest     */
        0xfa91f082, /* rev.w of two registers                                */
        0x4578,     /* cmp r0, pc                                            */
        0x4548 & 0xffb8, /* cmp of two low registers, T2                     */
        0x44ff,     /* add pc, pc                                            */
        0xbff0 | 8, /* it of the condition 1111                              */
        0xb400,     /* push of nothing                                       */
    };
    for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
        struct insn i;
        uint32_t half[2] = {words[k], 0};
        bool is_wide = words[k] > 0xffff;
        if (is_wide)
            half[0] = words[k] >> 16 | words[k] << 16;
        machine_poke(m, BASE, half, 4);
        m->core->decode(m, &m->bus.regions[1], BASE, &i);
        bool is_refused = i.op == INSN_BAD ? i.x == FAULT_UNPREDICTABLE
                                           : i.cost == TH_COST_BAD;
        cr_expect(is_refused, "%08x", words[k]);
    }
}
