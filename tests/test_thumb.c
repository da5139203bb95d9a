/* test_thumb.c - Thumb: encodings find their rows, rows do what they should */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "sim/machine/disasm.h"
#include "sim/machine/thumb.h"
#include "tests/machines.h"

enum { BASE = 0x20000000, DATA = BASE + 0x1000 };

static struct machine *m;

static void open_core(const char *name)
{
    struct machine_config c = machines_config(name, false);
    m = machines_open(&c);
}

static void setup(void)
{
    open_core("cortex-m4");
}

static void teardown(void)
{
    machines_close(m);
}

TestSuite(thumb, .init = setup, .fini = teardown);

/* Another core than the suite's. */
static void change_core(const char *name)
{
    machines_close(m);
    open_core(name);
}

/* Put halfwords at BASE and make ready to run them. */
static void code(const uint16_t *halves, uint32_t n)
{
    cr_assert(machine_poke(m, BASE, halves, 2 * n));
    machine_reset(m);
    m->pc = BASE;
    m->r[TH_SP] = BASE + 0x8000;
}

#define CODE(...)                                                              \
    code((const uint16_t[]){__VA_ARGS__}, sizeof((uint16_t[]){__VA_ARGS__}) / 2)

static void steps(int n)
{
    struct retired r = {0};
    while (n-- > 0)
        cr_assert(eq(int, machine_step(m, &r), MACHINE_RUNNING), "%s",
                  m->fault.what);
}

/* ---- encodings -------------------------------------------------------- */

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

Test(thumb, every_halfword_matches_one_row_or_is_refused)
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

Test(thumb, every_halfword_runs_or_is_refused_as_the_manual_says)
{
    run_all_halfwords(true);
    change_core("cortex-m0plus");
    run_all_halfwords(false);
}

Test(thumb, wide_openings_are_no_halfword_instructions)
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

Test(thumb, every_row_is_found_by_words_drawn_after_it)
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

Test(thumb, the_open_bits_drawn_in_brackets_must_be_as_drawn)
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

Test(thumb, operands_that_the_manual_forbids_are_unpredictable)
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

/* ---- meanings --------------------------------------------------------- */

/* One line of thumb.tsv. */
struct line {
    char word[16], name[32];
    uint32_t r[4], flags, r0, r3, flags_after;
};

static void put_flags(uint32_t flags)
{
    m->r[5] = flags;
    thumb_msr(m, 5, 3, 0);
}

static uint32_t get_flags(void)
{
    thumb_mrs(m, 6, 0);
    return m->r[6];
}

static void check_line(const struct line *l)
{
    uint32_t word = (uint32_t)strtoul(l->word, NULL, 16);
    if (strlen(l->word) > 4)
        CODE((uint16_t)(word >> 16), (uint16_t)word);
    else
        CODE((uint16_t)word);
    memcpy(m->r, l->r, sizeof l->r);
    put_flags(l->flags);
    steps(1);
    cr_expect(eq(u32, m->r[0], l->r0), "%s %s: r0", l->word, l->name);
    cr_expect(eq(u32, m->r[3], l->r3), "%s %s: r3", l->word, l->name);
    cr_expect(eq(u32, get_flags(), l->flags_after), "%s %s", l->word, l->name);
}

Test(thumb, every_row_of_the_table_gives_its_values)
{
    char text[256];
    int n = 0;
    FILE *f = fopen("tests/insn/thumb.tsv", "r");
    if (f == NULL)
        cr_skip("not started in the project's top folder");
    while (fgets(text, sizeof text, f) != NULL) {
        struct line l;
        if (text[0] == '#')
            continue;
        cr_assert(eq(int,
                     sscanf(text, "%15s %31s %x %x %x %x %x %x %x %x", l.word,
                            l.name, &l.r[0], &l.r[1], &l.r[2], &l.r[3],
                            &l.flags, &l.r0, &l.r3, &l.flags_after),
                     10));
        check_line(&l);
        n++;
    }
    cr_expect(gt(int, n, 900));
    fclose(f);
}

Test(thumb, an_it_block_executes_the_thens_or_the_elses)
{
    /* cmp r0, #0; itete eq; moveq r1, #1; movne r1, #2; addeq r2, #3;
     * addne r2, #4 */
    for (uint32_t r0 = 0; r0 < 2; r0++) {
        CODE(0x2800, 0xbf0b, 0x2101, 0x2102, 0x3203, 0x3204);
        m->r[0] = r0;
        steps(6);
        cr_expect(eq(u32, m->r[1], r0 == 0 ? 1 : 2));
        cr_expect(eq(u32, m->r[2], r0 == 0 ? 3 : 4));
        cr_expect(eq(u32, m->arm.it, 0));
    }
}

Test(thumb, in_an_it_block_only_comparisons_set_flags)
{
    /* cmp r0, r0; itt eq; moveq r1, #1 (would clear Z); cmpeq r0, #9 */
    CODE(0x4280, 0xbf04, 0x2101, 0x2809);
    steps(3);
    cr_expect(eq(u32, get_flags() >> 28, 6)); /* Z and C, as cmp left them */
    steps(1);
    cr_expect(eq(u32, get_flags() >> 28, 8));
}

Test(thumb, what_may_not_stand_in_an_it_block_is_unpredictable)
{
    /* itt eq, then: b (not last); cbz; cpsid i; it; b<cond> */
    static const uint16_t seconds[] = {0xe000, 0xb108, 0xb672, 0xbf08, 0xd000};
    for (size_t k = 0; k < sizeof seconds / 2; k++) {
        CODE(0x4280, 0xbf04, seconds[k], 0xbf00);
        cr_expect(eq(int, machine_run(m, 10), MACHINE_FAULTED));
        cr_expect(eq(int, m->fault.kind, FAULT_UNPREDICTABLE));
        cr_expect(eq(u32, m->fault.pc, BASE + 4));
    }
}

Test(thumb, a_fault_in_an_it_block_shows_the_block)
{
    /* cmp r0, r0; itt eq; nop; ldreq r1, [r2] */
    CODE(0x4280, 0xbf04, 0xbf00, 0x6811);
    m->r[2] = 0x40000000;
    cr_expect(eq(int, machine_run(m, 10), MACHINE_FAULTED));
    cr_expect(eq(u32, m->fault.pc, BASE + 6));
    cr_expect(eq(u32, m->arm.it, 8));
}

Test(thumb, five_faults_are_told_apart)
{
    static const struct {
        uint16_t half[2];
        uint32_t r1;
        enum fault_kind kind;
        const char *what;
    } cases[] = {
        {{0xde01, 0}, 0, FAULT_UNDEFINED, "undefined instruction"},
        {{0xffff, 0xffff}, 0, FAULT_UNDEFINED, "undefined instruction"},
        {{0xeb00, 0x0d01}, 0, FAULT_UNPREDICTABLE, "unpredictable instruction"},
        {{0xee30, 0x0a00},
         0,
         FAULT_UNIMPLEMENTED,
         "instruction that is not simulated"}, /* vadd.f32 s0, s0, s0 */
        {{0xc903, 0}, DATA + 2, FAULT_UNALIGNED, "misaligned load"},
        {{0x6808, 0}, 0x40000000, FAULT_UNMAPPED, "load from where nothing is"},
        {{0x6008, 0}, 0x40000000, FAULT_UNMAPPED, "store to where nothing is"},
        {{0x4708, 0}, 0x40000001, FAULT_UNMAPPED, "jump to where nothing is"},
        {{0x4708, 0},
         BASE,
         FAULT_UNALIGNED,
         "jump to an even address: there is no Arm state"},
        {{0xdf00, 0}, 0, FAULT_TRAP, "SVC: exceptions are not simulated"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[256];
        CODE(cases[i].half[0], cases[i].half[1]);
        m->r[1] = cases[i].r1;
        cr_assert(eq(int, machine_run(m, 10), MACHINE_FAULTED), "%zu", i);
        cr_expect(eq(int, m->fault.kind, cases[i].kind), "%zu", i);
        cr_expect(eq(str, (char *)m->fault.what, (char *)cases[i].what));
        machine_describe_fault(m, text, sizeof text);
        cr_expect(ne(ptr, strstr(text, cases[i].what), NULL));
    }
}

Test(thumb, what_a_core_lacks_is_undefined_there)
{
    /* movw; uadd8; it; cbz */
    static const uint16_t halves[][2] = {
        {0xf240, 0x0000}, {0xfa80, 0xf041}, {0xbf08, 0}, {0xb108, 0}};
    static const char *const cores[] = {"cortex-m0plus", "cortex-m0",
                                        "cortex-m3"};
    for (int c = 0; c < 3; c++) {
        change_core(cores[c]);
        for (int k = 0; k < 4; k++) {
            bool has_it = c == 2 && k != 1;
            CODE(halves[k][0], halves[k][1]);
            machine_run(m, 1);
            cr_expect(eq(int, m->fault.kind == FAULT_UNDEFINED, !has_it),
                      "%s %04x", cores[c], halves[k][0]);
        }
    }
}

Test(thumb, a_failed_access_changes_no_register)
{
    /* ldr r0, [r1], #4; ldmia.w r1!, {r0, r2}; push {r0} below memory */
    static const uint16_t halves[][2] = {
        {0xf851, 0x0b04}, {0xe8b1, 0x0005}, {0xf841, 0x0d04}};
    for (int k = 0; k < 3; k++) {
        CODE(halves[k][0], halves[k][1]);
        m->r[0] = 11;
        m->r[1] = 0x40000000;
        m->r[2] = 22;
        cr_expect(eq(int, machine_run(m, 1), MACHINE_FAULTED));
        cr_expect(eq(u32, m->r[0], 11));
        cr_expect(eq(u32, m->r[1], 0x40000000));
        cr_expect(eq(u32, m->r[2], 22));
    }
}

Test(thumb, unaligned_accesses_are_served_where_the_core_can)
{
    /* str r0, [r1]; ldr r2, [r1]; ldrh r3, [r1] */
    CODE(0x6008, 0x680a, 0x880b);
    m->r[0] = 0x11223344;
    m->r[1] = DATA + 1;
    steps(3);
    cr_expect(eq(u32, m->r[2], 0x11223344));
    cr_expect(eq(u32, m->r[3], 0x3344));
    cr_expect(eq(u64, m->unsettled, 4)); /* three in parts, a load behind a
                                            store */
    change_core("cortex-m0plus");
    CODE(0x6008);
    m->r[1] = DATA + 1;
    cr_expect(eq(int, machine_run(m, 1), MACHINE_FAULTED));
    cr_expect(eq(int, m->fault.kind, FAULT_UNALIGNED));
    cr_expect(eq(u32, m->fault.address, DATA + 1));
}

Test(thumb, writing_the_stack_pointer_keeps_it_aligned_and_watched)
{
    /* mov sp, r0; sub sp, #16; push {r4, lr} */
    CODE(0x4685, 0xb084, 0xb510);
    m->r[0] = DATA + 0x103;
    m->lowest_sp = ~0u;
    steps(3);
    cr_expect(eq(u32, m->r[TH_SP], DATA + 0x100 - 24));
    cr_expect(eq(u32, m->lowest_sp, DATA + 0x100 - 24));
}

Test(thumb, the_process_stack_is_chosen_by_control)
{
    /* msr PSP, r0; msr CONTROL, r1; mov r2, sp; mrs r3, MSP */
    CODE(0xf380, 0x8809, 0xf381, 0x8814, 0x466a, 0xf3ef, 0x8308);
    m->r[0] = DATA + 0x400;
    m->r[1] = 2;
    steps(4);
    cr_expect(eq(u32, m->r[2], DATA + 0x400));
    cr_expect(eq(u32, m->r[3], BASE + 0x8000));
}

Test(thumb, primask_is_set_and_read)
{
    /* cpsid i; mrs r0, PRIMASK; cpsie i; mrs r1, PRIMASK */
    CODE(0xb672, 0xf3ef, 0x8010, 0xb662, 0xf3ef, 0x8110);
    steps(4);
    cr_expect(eq(u32, m->r[0], 1));
    cr_expect(eq(u32, m->r[1], 0));
}

Test(thumb, an_exclusive_store_needs_an_exclusive_load)
{
    /* strex r0, r2, [r1]; ldrex r3, [r1]; strex r4, r2, [r1] */
    CODE(0xe841, 0x2000, 0xe851, 0x3f00, 0xe841, 0x2400);
    m->r[1] = DATA;
    m->r[2] = 77;
    steps(3);
    uint32_t word;
    cr_assert(machine_peek(m, DATA, &word, 4));
    cr_expect(eq(u32, m->r[0], 1));
    cr_expect(eq(u32, m->r[4], 0));
    cr_expect(eq(u32, word, 77));
}

Test(thumb, table_branches_count_halfwords)
{
    /* tbb [pc, r0]; 3, 1; udf; nop; udf; nop (3 halfwords on) */
    CODE(0xe8df, 0xf000, 0x0103, 0xde00, 0xde00, 0xbf00);
    steps(1);
    cr_expect(eq(u32, m->pc, BASE + 4 + 6));
    m->r[0] = 1;
    m->pc = BASE;
    steps(1);
    cr_expect(eq(u32, m->pc, BASE + 4 + 2));
}

Test(thumb, bkpt_ends_the_run_with_r0)
{
    CODE(0x2029, 0xbe00); /* movs r0, #41; bkpt */
    cr_expect(eq(int, machine_run(m, 0), MACHINE_EXITED));
    cr_expect(eq(u32, m->exit_code, 41));
}

Test(thumb, a_called_function_returns_to_the_pad)
{
    /* push {lr}; bl +4 (to adds); pop {pc}; adds r0, r0, r1; bx lr */
    CODE(0xb500, 0xf000, 0xf801, 0xbd00, 0x1840, 0x4770);
    const uint32_t args[] = {30, 12};
    struct outcome out;
    cr_expect(
        eq(int, machine_call(m, BASE | 1, args, 2, 0, &out), MACHINE_RETURNED));
    cr_expect(eq(u32, out.result, 42));
    cr_expect(eq(u64, out.spent.instructions, 5));
    cr_expect(eq(u64, out.spent.loads, 1));
    cr_expect(eq(u64, out.spent.stores, 1));
    cr_expect(eq(u32, out.stack_bytes, 4));
}

Test(thumb, code_that_is_overwritten_runs_as_it_is_now)
{
    /* strh r1, [r0, #4]; nop; movs r2, #1 becomes movs r2, #2; and again */
    CODE(0x8081, 0xbf00, 0x2201, 0xe7fb);
    steps(0);
    m->r[0] = BASE;
    m->r[1] = 0x2201;
    machine_run(m, 4);
    cr_expect(eq(u32, m->r[2], 1));
    m->r[1] = 0x2202;
    machine_run(m, 4);
    cr_expect(eq(u32, m->r[2], 2));
}

Test(thumb, a_run_begins_as_the_vector_table_says)
{
    const uint32_t table[] = {BASE + 0x700, BASE + 0x11};
    cr_assert(machine_poke(m, BASE, table, sizeof table));
    machine_reset(m);
    cr_expect(eq(u32, m->pc, BASE + 0x10));
    cr_expect(eq(u32, m->r[TH_SP], BASE + 0x700));
}

/* ---- text ------------------------------------------------------------- */

Test(thumb, instructions_are_written_as_the_toolchain_writes_them)
{
    static const struct {
        uint16_t half[2];
        const char *text;
    } cases[] = {
        {{0x1c48, 0}, "adds r0, r1, #1"},
        {{0x0008, 0}, "movs r0, r1"},
        {{0xb5f0, 0}, "push {r4, r5, r6, r7, lr}"},
        {{0xc907, 0}, "ldmia r1, {r0, r1, r2}"},
        {{0xbf15, 0}, "itete ne"},
        {{0xf851, 0x0d04}, "ldr.w r0, [r1, #-4]!"},
        {{0xf8d1, 0x0000}, "ldr.w r0, [r1]"},
        {{0xea81, 0x2012}, "eor.w r0, r1, r2, lsr #8"},
        {{0xf3ef, 0x8010}, "mrs r0, PRIMASK"},
        {{0xe8d0, 0xf011}, "tbh [r0, r1, lsl #1]"},
        {{0xf04f, 0x30ff}, "mov.w r0, #4294967295"},
        {{0xf360, 0x210f}, "bfi r1, r0, #8, #8"},
        {{0xffff, 0xffff}, ".2byte 0xffff, 0xffff"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        char text[64];
        CODE(cases[k].half[0], cases[k].half[1]);
        disasm(m, BASE, BASE, text, sizeof text);
        cr_expect(eq(str, text, (char *)cases[k].text));
    }
}
