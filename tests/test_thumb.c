/* test_thumb.c - Thumb rows do what they should; exceptions; faults; text */
#include "sim/machine/disasm.h"
#include "tests/thumb_core.h"

TestSuite(thumb, .init = setup, .fini = teardown);

/* ---- exceptions ------------------------------------------------------- */

/* A vector table, a program that calls SVC, its handler; from reset. */
static void put_svc_program(uint32_t handler)
{
    static const uint16_t program[] = {0x2007,  /* movs r0, #7               */
                                       0xdf00,  /* svc 0                     */
                                       0x3001,  /* adds r0, #1               */
                                       0xbe00}; /* bkpt                      */
    static const uint16_t answer[] = {0xf3ef, 0x8405, /* mrs r4, ipsr        */
                                      0x202a,         /* movs r0, #42        */
                                      0x9000,         /* str r0, [sp]        */
                                      0x4770};        /* bx lr               */
    const uint32_t vectors[12] = {BASE + 0x4004, BASE + 0x41, [11] = handler};
    machine_poke(m, BASE, vectors, sizeof vectors);
    machine_poke(m, BASE + 0x40, program, sizeof program);
    machine_poke(m, BASE + 0x60, answer, sizeof answer);
    machine_reset(m);
}

Test(thumb, svc_enters_its_handler_and_a_jump_to_lr_comes_back)
{
    static const struct {
        const char *core;
        uint64_t cycles; /* entry 15, 16, 12; a word back a cycle            */
    } cases[] = {{"cortex-m0plus", 1 + 1 + 15 + 3 + 1 + 2 + 2 + 8 + 1 + 1},
                 {"cortex-m0", 1 + 1 + 16 + 4 + 1 + 2 + 3 + 8 + 1 + 1},
                 {"cortex-m4", 1 + 1 + 12 + 1 + 1 + 1 + 3 + 8 + 1 + 1}};
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        struct retired r = {0};
        change_core(cases[k].core);
        put_svc_program(BASE + 0x61);
        cr_expect(eq(int, machine_run(m, 100), MACHINE_EXITED), "%s",
                  m->fault.what);
        cr_expect(eq(u32, m->exit_code, 43)); /* 42 in the frame, and 1 */
        cr_expect(eq(u32, m->r[4], TH_EXCEPTION_SVC));
        cr_expect(eq(u32, m->r[TH_SP], BASE + 0x4004));
        cr_expect(eq(u64, m->cycles, cases[k].cycles), "%s", cases[k].core);
        machine_reset(m);
        while (machine_step(m, &r) == MACHINE_RUNNING)
            ;
        cr_expect(eq(u64, m->cycles, cases[k].cycles), "%s", cases[k].core);
    }
}

Test(thumb, svc_without_a_handler_or_inside_one_is_a_trap)
{
    static const uint16_t again = 0xdf01; /* svc 1, in the handler */
    put_svc_program(0);
    cr_expect(eq(int, machine_run(m, 100), MACHINE_FAULTED));
    cr_expect(eq(int, m->fault.kind, FAULT_TRAP));
    put_svc_program(BASE + 0x61);
    machine_poke(m, BASE + 0x64, &again, 2);
    cr_expect(eq(int, machine_run(m, 100), MACHINE_FAULTED));
    cr_expect(eq(int, m->fault.kind, FAULT_TRAP));
    cr_expect(eq(u32, m->fault.pc, BASE + 0x64));
}

Test(thumb, a_return_from_no_exception_is_refused)
{
    static const uint16_t bad[] = {0x2000, 0x43c0, 0x4700}; /* bx of ~0 */
    put_svc_program(BASE + 0x61);
    machine_poke(m, BASE + 0x60, bad, sizeof bad);
    cr_expect(eq(int, machine_run(m, 100), MACHINE_FAULTED));
    cr_expect(eq(int, m->fault.kind, FAULT_UNPREDICTABLE));
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
        {{0xdf00, 0}, 0, FAULT_TRAP, "SVC without a handler"},
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
