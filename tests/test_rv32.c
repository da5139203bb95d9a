/* test_rv32.c - what instructions do: tables, traps, calls, snapshots */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "sim/machine/rv32.h"
#include "tests/machines.h"

enum { BASE = 0x20000000 };

static struct machine *m;

static void setup(void)
{
    struct machine_config c = machines_config("hazard3", false);
    m = machines_open(&c);
}

static void teardown(void)
{
    machines_close(m);
}

TestSuite(rv32, .init = setup, .fini = teardown);

/* Put 32-bit words at `address`. */
static void code(uint32_t address, const uint32_t *words, uint32_t n)
{
    cr_assert(machine_poke(m, address, words, 4 * n));
}

Test(rv32, every_row_of_the_table_gives_its_value)
{
    char line[256], name[32];
    uint32_t word, a, b, expected, n = 0;
    FILE *f = fopen("tests/insn/rv32.tsv", "r");
    if (f == NULL)
        cr_skip("not started in the project's top folder");
    while (fgets(line, sizeof line, f) != NULL) {
        struct retired r = {0};
        if (line[0] == '#')
            continue;
        cr_assert(
            eq(int,
               sscanf(line, "%x %31s %x %x %x", &word, name, &a, &b, &expected),
               5));
        bool is_wide = (word & 3) == 3;
        code(BASE, &word, 1);
        machine_reset(m);
        m->r[is_wide ? 11 : 10] = a;
        m->r[12] = b;
        cr_assert(eq(int, machine_step(m, &r), MACHINE_RUNNING), "%s", line);
        cr_expect(eq(u32, m->r[10], expected), "%s", line);
        cr_expect(eq(u32, m->r[0], 0));
        n++;
    }
    cr_expect(gt(u32, n, 400));
    fclose(f);
}

Test(rv32, x0_stays_zero_whoever_writes_it)
{
    const uint32_t words[] = {0x00500013, 0x20000037, 0x00002003};
    struct retired r = {0};
    code(BASE, words, 3);
    machine_reset(m);
    machine_step(m, &r);
    machine_step(m, &r);
    cr_expect(eq(u32, m->r[0], 0));
}

Test(rv32, five_faults_are_told_apart)
{
    static const struct {
        uint32_t word, a1;
        enum fault_kind kind;
        const char *what;
    } cases[] = {
        {0xffffffff, 0, FAULT_UNDEFINED, "undefined instruction"},
        {0x00000000, 0, FAULT_UNDEFINED, "undefined instruction"},
        {0x00004002, 0, FAULT_UNPREDICTABLE, "reserved instruction"},
        {0x0005a503, BASE + 2, FAULT_UNALIGNED, "misaligned load"},
        {0x0005a503, 0x70000000, FAULT_UNMAPPED, "load from where nothing is"},
        {0x00a5a023, 0x70000000, FAULT_UNMAPPED, "store to where nothing is"},
        {0x00058067, 0x70000000, FAULT_UNMAPPED, "jump to where nothing is"},
        {0x00000073, 0, FAULT_TRAP, "ecall"},
        {0x3a0022f3, 0, FAULT_UNIMPLEMENTED, "a CSR we lack"}, /* pmpcfg0 */
        {0x123022f3, 0, FAULT_UNDEFINED, "undefined instruction"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[256];
        code(BASE, &cases[i].word, 1);
        machine_reset(m);
        m->r[11] = cases[i].a1;
        cr_assert(eq(int, machine_run(m, 10), MACHINE_FAULTED), "%zu", i);
        cr_expect(eq(int, m->fault.kind, cases[i].kind), "%zu", i);
        cr_expect(eq(str, (char *)m->fault.what, (char *)cases[i].what));
        machine_describe_fault(m, text, sizeof text);
        cr_expect(ne(ptr, strstr(text, cases[i].what), NULL));
    }
}

/* Zcb, Zcmp and what is left of the floating-point encodings of C. */
static bool is_zc(uint32_t half)
{
    if ((half & 3) == 0) /* C.LBU, C.LHU, C.LH, C.SB; C.SH */
        return half >> 10 < 0x23 || (half >> 10 == 0x23 && !(half & 0x40));
    if (half >> 10 == 0x2b) /* CM.MVSA01, CM.MVA01S */
        return half >> 5 & 1;
    return half >> 11 == 0x17 && !(half & 0x100) && (half & 0xf0) >= 0x40;
}

/* Quadrant 1 of funct3 100: shifts, C.ANDI, and what has two registers. */
static bool is_misc_alu(uint32_t half)
{
    uint32_t unary = half >> 2 & 7;
    bool is_high = half >> 12 & 1;
    switch (half >> 10 & 3) {
    case 2:
        return true;
    case 3:
        if (!is_high || (half >> 5 & 3) == 2)
            return true;
        return (half >> 5 & 3) == 3 && (unary < 4 || unary == 5);
    default:
        return !is_high;
    }
}

/*
 * Is `half` an instruction of RV32IMAC_Zcb_Zcmp with Zbb, and if not, why not?
 * The manual's volume I, chapter 16; "Zc" 1.0, section 2.
 */
static enum fault_kind manual_says(uint32_t half)
{
    bool is_known = true;
    uint32_t rd = half >> 7 & 31, rs2 = half >> 2 & 31;
    switch (half >> 13 << 2 | (half & 3)) {
    case 0: /* C.ADDI4SPN */
        is_known = (half & 0x1fe0) != 0;
        break;
    case 4 * 3 + 1: /* C.LUI, C.ADDI16SP */
        is_known = (half & 0x107c) != 0;
        break;
    case 4 * 4 + 1:
        is_known = is_misc_alu(half);
        break;
    case 2: /* C.SLLI */
        is_known = !(half >> 12 & 1);
        break;
    case 4 * 2 + 2: /* C.LWSP */
        return rd == 0 ? FAULT_UNPREDICTABLE : FAULT_NONE;
    case 4 * 4 + 2: /* C.JR of x0 */
        is_known = half >> 12 & 1 || rd != 0 || rs2 != 0;
        break;
    case 4 * 4:     /* Zcb */
    case 4 * 5 + 2: /* Zcmp */
        is_known = is_zc(half);
        break;
    case 4 * 1: /* C.FLD, C.FLW, C.FSD, C.FSW; of the stack pointer */
    case 4 * 3:
    case 4 * 5:
    case 4 * 7:
    case 4 * 1 + 2:
    case 4 * 3 + 2:
    case 4 * 7 + 2:
        is_known = false;
        break;
    default:
        break;
    }
    return is_known ? FAULT_NONE : FAULT_UNDEFINED;
}

Test(rv32, every_halfword_runs_or_is_refused_as_the_manual_says)
{
    int n_wrong = 0;
    for (uint32_t half = 0; half < 0x10000 && n_wrong < 10; half++) {
        struct retired r = {0};
        if ((half & 3) == 3)
            continue; /* the first half of a 32-bit instruction */
        code(BASE, &half, 1);
        machine_reset(m);
        for (int k = 1; k < 32; k++)
            m->r[k] = BASE + 0x1000;
        enum machine_stop why = machine_step(m, &r);
        enum fault_kind kind =
            why == MACHINE_FAULTED ? m->fault.kind : FAULT_NONE;
        if (kind >= FAULT_UNALIGNED) /* an instruction, but not a good one */
            kind = FAULT_NONE;
        if (kind == manual_says(half))
            continue;
        cr_expect(false, "%04x: %d", half, (int)kind);
        n_wrong++;
    }
}

Test(rv32, a_trap_goes_to_the_handler_and_mret_comes_back)
{
    /* la t0, handler; csrw mtvec, t0; ecall; li a0, 7; ebreak ... */
    const uint32_t words[] = {0x00000297, 0x02028293, 0x30529073, 0x00000073,
                              0x00700513, 0xf0000337, 0x00a32423, 0x0000006f,
                              /* handler: a1 = mcause; mepc += 4; mret */
                              0x342025f3, 0x341022f3, 0x00428293, 0x34129073,
                              0x30200073};
    code(BASE, words, sizeof words / 4);
    machine_reset(m);
    cr_assert(eq(int, machine_run(m, 100), MACHINE_EXITED));
    cr_expect(eq(u32, m->exit_code, 7));
    cr_expect(eq(u32, m->r[11], RV_ECALL_M));
}

Test(rv32, code_that_is_overwritten_runs_as_it_is_now)
{
    /* Twice through `target`: first li a0, 1, then what was stored: li a0, 2 */
    const uint32_t words[] = {
        0x00200493,             /*      li s1, 2              */
        0x00000297, 0x02c28293, /*      la t0, other          */
        0x0002a303,             /*      lw t1, 0(t0)          */
        0x00000397,             /*      auipc t2, 0           */
        0x00100513,             /* 1:   li a0, 1              */
        0x0063a223,             /*      sw t1, 4(t2)          */
        0x0000100f,             /*      fence.i               */
        0xfff48493,             /*      addi s1, s1, -1       */
        0xfe0498e3,             /*      bnez s1, 1b           */
        0xf0000337, 0x00a32423, /*      exit with a0          */
        0x00200513,             /* other: li a0, 2            */
    };
    code(BASE, words, sizeof words / 4);
    machine_reset(m);
    cr_assert(eq(int, machine_run(m, 100), MACHINE_EXITED));
    cr_expect(eq(u32, m->exit_code, 2));
}

/* fib: recursive, 16-bit-free, with a stack frame of 16 bytes. */
static const uint32_t fib[] = {
    0x00200293, /* li t0, 2          */
    0x02554c63, /* blt a0, t0, ret   */
    0xff010113, /* addi sp, sp, -16  */
    0x00112023, /* sw ra, 0(sp)      */
    0x00a12223, /* sw a0, 4(sp)      */
    0xfff50513, /* addi a0, a0, -1   */
    0xfe9ff0ef, /* jal fib           */
    0x00a12423, /* sw a0, 8(sp)      */
    0x00412503, /* lw a0, 4(sp)      */
    0xffe50513, /* addi a0, a0, -2   */
    0xfd9ff0ef, /* jal fib           */
    0x00812283, /* lw t0, 8(sp)      */
    0x00550533, /* add a0, a0, t0    */
    0x00012083, /* lw ra, 0(sp)      */
    0x01010113, /* addi sp, sp, 16   */
    0x00008067, /* ret               */
};

Test(rv32, a_call_returns_its_result_and_its_stack)
{
    const uint32_t args[] = {10};
    struct outcome out;
    code(BASE, fib, sizeof fib / 4);
    /* blt goes to the last word: patch its offset, 14 words ahead */
    const uint32_t branch = 0x02554c63;
    code(BASE + 4, &branch, 1);
    machine_reset(m);
    cr_assert(eq(int, machine_call(m, BASE, args, 1, 100000, &out),
                 MACHINE_RETURNED));
    cr_expect(eq(u32, out.result, 55));
    cr_expect(eq(u32, out.stack_bytes, 9 * 16));
    cr_expect(gt(u64, out.spent.cycles, out.spent.instructions));
    cr_expect(eq(u32, m->n_calls, 0));
}

Test(rv32, a_call_stops_at_a_stub_and_the_host_answers)
{
    /* f: addi sp,-16; sw ra; jal stub; addi a0, a0, 1; lw ra; addi sp; ret */
    const uint32_t f[] = {0xff010113, 0x00112023, 0x018000ef,
                          0x00150513, 0x00012083, 0x01010113,
                          0x00008067, 0,          0x00008067};
    struct machine_problem p = {""};
    struct outcome out, inner;
    code(BASE, f, sizeof f / 4);
    machine_reset(m);
    cr_assert(eq(int, machine_set_stop(m, BASE + 32, &p), 0));
    cr_assert(
        eq(int, machine_call(m, BASE, NULL, 0, 1000, &out), MACHINE_STOPPED));
    cr_expect(eq(u32, m->pc, BASE + 32));
    machine_call(m, BASE + 12, NULL, 0, 1000, &inner); /* calls nest */
    cr_assert(
        eq(int, machine_resume(m, true, 41, 1000, &out), MACHINE_RETURNED));
    cr_expect(eq(u32, out.result, 42));
}

Test(rv32, a_snapshot_takes_memory_and_registers_back)
{
    uint32_t word = 0x11111111, now;
    machine_poke(m, BASE + 0x1000, &word, 4);
    m->r[10] = 5;
    cr_assert(eq(int, machine_snapshot(m), 0));
    word = 0x22222222;
    machine_poke(m, BASE + 0x1000, &word, 4);
    cr_assert(eq(int, machine_snapshot(m), 0));
    word = 0x33333333;
    machine_poke(m, BASE + 0x1000, &word, 4);
    machine_poke(m, BASE + 0x2000, &word, 4);
    m->r[10] = 6;
    machine_restore(m);
    machine_peek(m, BASE + 0x1000, &now, 4);
    cr_expect(eq(u32, now, 0x22222222));
    machine_peek(m, BASE + 0x2000, &now, 4);
    cr_expect(eq(u32, now, 0));
    machine_restore(m);
    machine_peek(m, BASE + 0x1000, &now, 4);
    cr_expect(eq(u32, now, 0x11111111));
    cr_expect(eq(u32, m->r[10], 5));
}

Test(rv32, a_dropped_snapshot_leaves_its_pages_to_the_outer_one)
{
    uint32_t word = 1, now;
    cr_assert(eq(int, machine_snapshot(m), 0));
    cr_assert(eq(int, machine_snapshot(m), 0));
    machine_poke(m, BASE + 0x1000, &word, 4);
    machine_drop(m);
    machine_restore(m);
    machine_peek(m, BASE + 0x1000, &now, 4);
    cr_expect(eq(u32, now, 0));
}
