/*
 * test_cortex_m.c - cycles of Cortex-M0, M0+, M3 and M4
 *
 * Golden kernels are assembled by the toolchain, where that and the kernels
 * are; the rest is machine code in this file.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "sim/machine/thumb.h"
#include "tests/machines.h"
#include "tests/scratch.h"

#define KERNELS "../shared/golden/cortex-m/"

enum { BASE = 0x20000000, SCRATCH_AT = BASE + 0x40000 };

/* ---- golden kernels --------------------------------------------------- */

static void set_option(struct machine_config *c, const char *key,
                       const char *value)
{
    for (uint32_t i = 0; i < c->n_options; i++)
        if (strcmp(c->options[i].key, key) == 0) {
            snprintf(c->options[i].value, sizeof c->options[i].value, "%s",
                     value);
            return;
        }
    struct option_config *o = &c->options[c->n_options++];
    snprintf(o->key, sizeof o->key, "%s", key);
    snprintf(o->value, sizeof o->value, "%s", value);
}

/* golden.csv's name of a core: "m0plus_mul32", "m0plus_rp2040", "m4". */
static struct machine_config config_of(const char *core)
{
    char name[48];
    if (strcmp(core, "m0plus_rp2040") == 0)
        return machines_config("rp2040-sram", false);
    snprintf(name, sizeof name, "cortex-%s", core);
    for (char *c = name; *c != '\0'; c++)
        if (*c == '_')
            *c = '-';
    return machines_config(name, false);
}

/* Assemble one file of kernels. False: something is missing. */
static bool assemble(const char *folder, const char *source, struct image *out)
{
    char command[1024], path[SCRATCH_CAP + 64];
    struct machine_problem p;
    snprintf(command, sizeof command,
             "arm-none-eabi-gcc -nostdlib -Wl,-Ttext=0x%x -Wl,-e0x%x "
             "-o %s/%s.elf " KERNELS "%s 2>/dev/null",
             BASE, BASE, folder, source, source);
    if (system(command) != 0)
        return false;
    snprintf(path, sizeof path, "%s/%s.elf", folder, source);
    return image_open(out, path, &p) == 0;
}

static uint32_t label(const struct image *image, const char *kernel,
                      const char *suffix)
{
    char name[96];
    snprintf(name, sizeof name, "k_%s%s", kernel, suffix);
    const struct symbol *s = image_symbol(image, name);
    cr_assert(ne(ptr, (void *)s, NULL), "%s", name);
    return s->address;
}

/* Cycles from one stop to the next, or one instruction at a time. */
static uint64_t measure(struct machine *m, const struct image *image,
                        const char *kernel, bool by_steps)
{
    static const uint8_t zeros[256];
    const uint32_t scratch = SCRATCH_AT;
    uint32_t begin = label(image, kernel, "_begin");
    uint32_t end = label(image, kernel, "_end");
    struct machine_problem p;
    struct outcome o;
    struct retired r = {0};
    m->r[TH_SP] = SCRATCH_AT - 64;
    cr_assert(machine_poke(m, scratch, zeros, sizeof zeros));
    cr_assert(eq(int, machine_set_stop(m, begin, &p), 0));
    cr_assert(eq(int, machine_set_stop(m, end, &p), 0));
    cr_assert(eq(
        int, machine_call(m, label(image, kernel, ""), &scratch, 1, 9999, &o),
        MACHINE_STOPPED));
    uint64_t start = m->cycles;
    if (by_steps)
        while (m->pc != end)
            cr_assert(eq(int, machine_step(m, &r), MACHINE_RUNNING));
    else
        machine_resume(m, false, 0, 9999, &o);
    cr_assert(eq(u32, m->pc, end));
    uint64_t cycles = m->cycles - start;
    machine_clear_stop(m, begin);
    machine_clear_stop(m, end);
    machine_resume(m, false, 0, 9999, &o);
    cr_expect(eq(int, o.why, MACHINE_RETURNED));
    return cycles;
}

static void check_row(const char *kernel, const char *core, uint32_t expected,
                      const struct image *image)
{
    struct machine_problem p;
    struct machine_config c = config_of(core);
    for (uint32_t i = 0; i < c.n_regions; i++)
        if (c.regions[i].base == BASE)
            c.regions[i].bytes = 0x80000;
    struct machine *m = machines_open(&c);
    cr_assert(eq(int, machine_load(m, image, &p), 0), "%s", p.text);
    cr_expect(eq(u64, measure(m, image, kernel, false), expected), "%s on %s",
              kernel, core);
    cr_expect(eq(u64, measure(m, image, kernel, true), expected),
              "%s on %s, stepped", kernel, core);
    machines_close(m);
}

Test(cortex_m, golden_kernels_take_the_cycles_of_the_manuals_and_of_chips)
{
    char line[1024], kernel[64], core[32], folder[SCRATCH_CAP];
    struct image v6, v7;
    uint32_t expected;
    int n_rows = 0;
    FILE *f = fopen(KERNELS "golden.csv", "r");
    if (f == NULL)
        cr_skip("no golden kernels beside the project");
    scratch_make(folder);
    if (!assemble(folder, "kernels_v6m.S", &v6) ||
        !assemble(folder, "kernels_v7m.S", &v7)) {
        scratch_remove(folder);
        cr_skip("no arm-none-eabi-gcc");
    }
    while (fgets(line, sizeof line, f) != NULL) {
        if (sscanf(line, "%63[^,],%31[^,],%u", kernel, core, &expected) != 3)
            continue; /* the head */
        check_row(kernel, core, expected,
                  strstr(line, "kernels_v7m.S") != NULL ? &v7 : &v6);
        n_rows++;
    }
    cr_expect(ge(int, n_rows, 139));
    fclose(f);
    image_close(&v6);
    image_close(&v7);
    scratch_remove(folder);
}

/* ---- rules, in machine code ------------------------------------------- */

/*
 * The cycles of the halfwords, executed once from BASE in memory with `waits`
 * wait states of fetch and load, r0 pointing at zeros elsewhere.
 */
struct trial {
    const char *core;
    const char *key, *value; /* an option, or null                           */
    uint8_t waits;
    uint64_t unsettled; /* out                                               */
};

static uint64_t cycles_of(struct trial *t, const uint16_t *halves, uint32_t n)
{
    static const uint16_t end = 0xbe00; /* bkpt */
    struct machine_config c = machines_config(t->core, false);
    struct machine_problem p;
    if (t->key != NULL)
        set_option(&c, t->key, t->value);
    for (uint32_t i = 0; i < c.n_regions; i++)
        if (c.regions[i].base == BASE)
            c.regions[i].wait_fetch = c.regions[i].wait_load = t->waits;
    struct machine *m = machines_open(&c);
    cr_assert(machine_poke(m, BASE, halves, 2 * n));
    cr_assert(machine_poke(m, BASE + 2 * n, &end, 2));
    cr_assert(eq(int, machine_set_stop(m, BASE + 2 * n, &p), 0));
    m->pc = BASE;
    m->r[0] = 0x100;
    m->r[1] = 0x200;
    m->r[TH_SP] = 0x1000;
    cr_expect(eq(int, machine_run(m, 1000), MACHINE_STOPPED), "%s",
              m->fault.what);
    uint64_t cycles = m->cycles;
    t->unsettled = m->unsettled;
    machines_close(m);
    return cycles;
}

#define CYCLES(trial, ...)                                                     \
    cycles_of(&(trial), (const uint16_t[]){__VA_ARGS__},                       \
              sizeof((uint16_t[]){__VA_ARGS__}) / 2)

Test(cortex_m, a_word_is_fetched_once_and_waits_for_its_memory)
{
    struct trial t = {.core = "cortex-m0plus", .waits = 1};
    cr_expect(eq(u64, CYCLES(t, 0xbf00, 0xbf00, 0xbf00, 0xbf00), 4 + 2));
    /* b to the next word: fetched anew, its neighbour not at all */
    cr_expect(eq(u64, CYCLES(t, 0xe000, 0xde00, 0xbf00, 0xbf00), 4 + 2));
    /* a target at 2 mod 4, of 32 bits: two words */
    cr_expect(
        eq(u64, CYCLES(t, 0xe001, 0xde00, 0xde00, 0xf3ef, 0x8000), 5 + 3));
}

Test(cortex_m, prefetch_hides_the_waits_of_words_in_sequence)
{
    struct trial t = {
        .core = "cortex-m0", .key = "prefetch", .value = "word", .waits = 1};
    cr_expect(eq(u64, CYCLES(t, 0xbf00, 0xbf00, 0xbf00, 0xbf00), 4 + 1));
    t.waits = 3; /* two are hidden by the pair of instructions before */
    cr_expect(eq(u64, CYCLES(t, 0xbf00, 0xbf00, 0xbf00, 0xbf00), 4 + 3 + 2));
}

Test(cortex_m, loads_from_slow_memory_wait)
{
    struct trial t = {.core = "cortex-m0plus", .waits = 2};
    /* ldr r2, [pc, #0] */
    cr_expect(eq(u64, CYCLES(t, 0x4a00, 0xbf00), 2 + 2 + 2 + 1));
    /* ldr r2, [r0]: other memory */
    cr_expect(eq(u64, CYCLES(t, 0x6802, 0xbf00), 2 + 2 + 1));
}

Test(cortex_m, a_store_hides_a_load_as_the_switch_says)
{
    struct trial t = {.core = "cortex-m4"};
    /* ldr r2, [r0]; str r3, [r1, #4]; adds */
    cr_expect(eq(u64, CYCLES(t, 0x6802, 0x604b, 0x3401), 2 + 0 + 1));
    cr_expect(eq(u64, t.unsettled, 1));
    t.key = "load_then_store";
    t.value = "1";
    cr_expect(eq(u64, CYCLES(t, 0x6802, 0x604b, 0x3401), 2 + 1 + 1));
}

Test(cortex_m, a_load_behind_a_store_waits_as_the_switch_says)
{
    struct trial t = {.core = "cortex-m3"};
    cr_expect(eq(u64, CYCLES(t, 0x604b, 0x6802, 0x3401), 1 + 3 + 1));
    t.key = "store_then_load";
    t.value = "0";
    cr_expect(eq(u64, CYCLES(t, 0x604b, 0x6802, 0x3401), 1 + 2 + 1));
    cr_expect(eq(u64, t.unsettled, 1));
}

Test(cortex_m, loads_do_not_chain_over_the_address_they_need)
{
    struct trial t = {.core = "cortex-m4"};
    /* ldr r2, [r0]; ldr r3, [r1, r2]: index; ldr r3, [r1, r4] */
    cr_expect(eq(u64, CYCLES(t, 0x6802, 0x588b), 2 + 2));
    cr_expect(eq(u64, CYCLES(t, 0x6802, 0x590b), 2 + 1));
}

Test(cortex_m, write_back_ends_a_chain_on_m3_and_on_m4_for_the_same_base)
{
    struct trial m3 = {.core = "cortex-m3"}, m4 = {.core = "cortex-m4"};
    /* ldr r2, [r0], #4; ldr r3, [r1]; the other: ldr r3, [r0] */
    cr_expect(eq(u64, CYCLES(m3, 0xf850, 0x2b04, 0x680b), 2 + 2));
    cr_expect(eq(u64, CYCLES(m4, 0xf850, 0x2b04, 0x680b), 2 + 1));
    cr_expect(eq(u64, CYCLES(m4, 0xf850, 0x2b04, 0x6803), 2 + 2));
}

Test(cortex_m, loads_chain_only_within_one_memory)
{
    struct trial t = {.core = "cortex-m4"};
    /* ldr r2, [r0] of low memory; ldr r3, [pc] of the code's */
    cr_expect(eq(u64, CYCLES(t, 0x6802, 0x4b00, 0x3401), 2 + 2 + 1));
}

Test(cortex_m, a_load_absorbs_a_nop_but_no_comparison)
{
    struct trial t = {.core = "cortex-m4"};
    cr_expect(eq(u64, CYCLES(t, 0x6802, 0xbf00), 2));
    cr_expect(eq(u64, CYCLES(t, 0x6802, 0x4288), 3));
}

Test(cortex_m, it_costs_a_cycle_unless_it_folds_behind_16_bits)
{
    struct trial t = {.core = "cortex-m4"};
    /* movs r2, #0; it eq; addeq.  movs.w r2, #0; it; addeq */
    cr_expect(eq(u64, CYCLES(t, 0x2200, 0xbf08, 0x3401), 2));
    cr_expect(eq(u64, CYCLES(t, 0xf05f, 0x0200, 0xbf08, 0x3401), 3));
}

Test(cortex_m, a_jump_to_32_bits_at_2_mod_4_costs_one_more)
{
    struct trial t = {.core = "cortex-m4"};
    /* b over two halfwords to movw at 2 mod 4; to one at 0 mod 4 */
    cr_expect(eq(u64, CYCLES(t, 0xe001, 0xde00, 0xde00, 0xf240, 0x0200), 4));
    cr_expect(eq(u64, CYCLES(t, 0xe000, 0xde00, 0xf240, 0x0200), 3));
}

Test(cortex_m, a_run_of_wide_instructions_is_counted_once)
{
    struct trial t = {.core = "cortex-m4"};
    /* nop; four movw at 2 mod 4 */
    cr_expect(eq(u64,
                 CYCLES(t, 0xbf00, 0xf240, 0x0200, 0xf240, 0x0200, 0xf240,
                        0x0200, 0xf240, 0x0200),
                 5));
    cr_expect(eq(u64, t.unsettled, 1));
}

Test(cortex_m, division_takes_2_to_12_cycles_and_is_never_settled)
{
    struct trial t = {.core = "cortex-m3"};
    /* movs r2, #1; mvn r3, #0; udiv r4, r3, r2: 32 bits of quotient */
    cr_expect(eq(u64, CYCLES(t, 0x2201, 0xf06f, 0x0300, 0xfbb3, 0xf4f2), 14));
    /* udiv r4, r2, r3: none */
    cr_expect(eq(u64, CYCLES(t, 0x2201, 0xf06f, 0x0300, 0xfbb2, 0xf4f3), 4));
    cr_expect(eq(u64, t.unsettled, 1));
}

Test(cortex_m, options_that_are_none_are_named)
{
    static const struct {
        const char *core, *key, *value, *text;
    } cases[] = {
        {"cortex-m0", "multiplier", "2",
         "option 'multiplier': 1 or 32, not '2'"},
        {"cortex-m0plus", "prefetch", "all",
         "option 'prefetch': none or word, not 'all'"},
        {"cortex-m4", "unaligned", "no",
         "option 'unaligned': serve or fault, not 'no'"},
        {"cortex-m3", "refill_bx", "4", "option 'refill_bx': 1 to 3, not '4'"},
        {"cortex-m3", "special", "x", "option 'special': 1 to 2, not 'x'"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        static struct machine m;
        struct machine_problem p = {""};
        struct machine_config c = machines_config(cases[k].core, false);
        set_option(&c, cases[k].key, cases[k].value);
        cr_expect(eq(int, machine_open(&m, &c, &p), MACHINE_BAD_INPUT));
        cr_expect(eq(str, p.text, (char *)cases[k].text));
    }
}
