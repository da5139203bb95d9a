/*
 * Thumb against another implementation: random instructions on random
 * registers, run by qemu-arm and by the simulator. The same program for both:
 * every case loads registers and flags, executes one to four instructions or an
 * IT block of them, and pushes registers and flags. Skips without qemu-arm or
 * the cross assembler; FRAGLAB_SEED chooses other cases, FRAGLAB_LONG takes
 * many.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "sim/machine/machine.h"
#include "sim/machine/thumb.h"
#include "tests/scratch.h"

enum {
    N_CASES = 3000,
    N_LONG_ROUNDS = 60,
    STATE_WORDS = 16, /* r0 to r12, lr, flags, one to spare                  */
    RESULT_WORDS = 15,
    CENTRE = 8192, /* of the scratch memory: its half                        */
    CAP_HALVES = 10
};

/* A program being made: halfwords of each case, its state. */
struct author {
    struct machine *m; /* decodes                                            */
    uint64_t random;
    uint16_t half[CAP_HALVES];
    int n_halves;
    uint32_t state[STATE_WORDS];
};

static uint64_t draw(struct author *a)
{
    uint64_t z = a->random += 0x9e3779b97f4a7c15ull; /* splitmix64, Vigna */
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

/* Where the program lies, and in its data the results, from their end on. */
#define TEXT_AT    0x00100000u
#define OUT_AT     0x00200000u
#define SCRATCH_AT (OUT_AT + N_CASES * RESULT_WORDS * 4)
#define STATE_AT   (SCRATCH_AT + 2 * CENTRE)

/* A word of row `row`, its open bits at random. */
static uint32_t word_of(struct author *a, int row, uint32_t *bytes)
{
    uint32_t word = 0, n = 0;
    for (const char *c = thumb_rows[row].picture; *c != '\0'; c++) {
        if (*c == ' ')
            continue;
        bool is_set = *c == '1' || *c == 'y';
        if (strchr("01yz", *c) == NULL)
            is_set = draw(a) & 1;
        word = word << 1 | is_set;
        n++;
    }
    *bytes = n / 8;
    return word;
}

static bool is_memory(const struct insn *i)
{
    return i->cost >= TH_COST_LOAD && i->cost <= TH_COST_STRD;
}

static bool is_list(const struct insn *i)
{
    return i->cost == TH_COST_LDM || i->cost == TH_COST_STM;
}

/* What the harness can take: no jumps, no stack pointer, no exceptions. */
static bool is_fit(const struct insn *i, bool is_first)
{
    if (i->cost > TH_COST_STRD || i->cost == TH_COST_SPECIAL ||
        i->cost == TH_COST_CPS || i->cost == TH_COST_WFI ||
        i->cost == TH_COST_STREX || i->cost == TH_COST_BARRIER)
        return false;
    if (i->d == 13 || i->n == 13 || i->m == 13 || i->a == 13)
        return false;
    if (!is_memory(i))
        return true;
    return is_first && !(is_list(i) && (i->imm >> 13 & 1)) &&
           ((i->spare & TH_INDEX) == 0 || i->m != i->n);
}

/* The base of a memory access points at the scratch memory. */
static void aim(struct author *a, const struct insn *i)
{
    uint32_t at = i->n == 14 ? 13 : i->n;
    bool is_whole =
        is_list(i) || i->cost == TH_COST_LDRD || i->cost == TH_COST_STRD ||
        strncmp(thumb_rows[i->op - INSN_FIRST_ROW].name, "ldrex", 5) == 0;
    if (i->n == 15)
        return;
    a->state[at] = SCRATCH_AT + CENTRE + (draw(a) & (is_whole ? 0x1fc : 0x1ff));
    if (i->spare & TH_INDEX)
        a->state[i->m == 14 ? 13 : i->m] = draw(a) & (is_whole ? 60 : 63);
}

static void put(struct author *a, uint32_t word, uint32_t bytes)
{
    if (bytes == 4)
        a->half[a->n_halves++] = (uint16_t)(word >> 16);
    a->half[a->n_halves++] = (uint16_t)word;
}

/* One instruction that may stand here. */
static void put_any(struct author *a, bool is_first)
{
    for (;;) {
        struct insn i;
        uint32_t bytes, word;
        int lawful;
        int row = (int)(draw(a) % TH_N_ROWS);
        struct region *r = &a->m->bus.regions[0];
        word = word_of(a, row, &bytes);
        uint16_t half[2] = {(uint16_t)(bytes == 4 ? word >> 16 : word),
                            (uint16_t)word};
        machine_poke(a->m, r->is.base, half, bytes);
        if (thumb_find(a->m, word, bytes, r->is.base, &i, &lawful) != row ||
            lawful != FAULT_NONE)
            continue;
        a->m->core->decode(a->m, r, r->is.base, &i);
        if (!is_fit(&i, is_first))
            continue;
        if (is_memory(&i))
            aim(a, &i);
        put(a, word, bytes);
        return;
    }
}

/* A conditional branch over a 16-bit instruction, of each of three kinds. */
static void put_branch(struct author *a)
{
    uint32_t condition = draw(a) % 14;
    switch (draw(a) % 3) {
    case 0: /* B T1 */
        put(a, 0xd000 | condition << 8, 2);
        break;
    case 1: /* B T3 */
        put(a, 0xf0008001 | condition << 22, 4);
        break;
    default: /* CBZ, CBNZ */
        put(a, 0xb100 | (draw(a) & 0x807), 2);
        break;
    }
    put(a, 0x3001 | (draw(a) & 7) << 8, 2); /* adds rN, #1 */
}

static uint32_t random_value(struct author *a)
{
    static const uint32_t corners[] = {0,          1,          0x7fffffff,
                                       0x80000000, 0xffffffff, 0x8000,
                                       0x7fff,     0xff,       0x80008000};
    uint64_t z = draw(a);
    if (z % 4 == 0)
        return corners[(z >> 8) % (sizeof corners / sizeof corners[0])];
    return (uint32_t)(z >> 32) >> (z % 3 == 0 ? z >> 8 & 31 : 0);
}

static void write_case(struct author *a)
{
    for (int k = 0; k < STATE_WORDS; k++)
        a->state[k] = random_value(a);
    a->state[14] = (uint32_t)draw(a) & 0xf80f0000u;
    a->n_halves = 0;
    uint32_t kind = draw(a) % 8;
    uint32_t n = 1 + draw(a) % 3;
    if (kind == 0) {
        put_branch(a);
        return;
    }
    if (kind <= 2) { /* IT: the mask's lowest set bit tells the length */
        uint32_t mask = (uint32_t)draw(a) & 7u << (4 - n);
        put(a, 0xbf00 | (draw(a) % 14) << 4 | ((mask | 1u << (4 - n)) & 15), 2);
    }
    for (uint32_t k = 0; k < n; k++)
        put_any(a, k == 0);
}

static void write_load(FILE *f, int reg, uint32_t value)
{
    fprintf(f, " movw r%d, #%u\n movt r%d, #%u\n", reg, value & 0xffff, reg,
            value >> 16);
}

/*
 * The program, as assembler text: write(1, results and scratch), exit(0). Code
 * has margins for loads from beside the program counter.
 */
static void write_program(struct author *a, FILE *f)
{
    static uint32_t states[N_CASES][STATE_WORDS];
    fprintf(f, ".syntax unified\n.thumb\n.cpu cortex-m4\n.text\n"
               ".global _start, done\n.space 4096\n.thumb_func\n_start:\n");
    write_load(f, 0, SCRATCH_AT);
    fprintf(f, " mov sp, r0\n");
    for (int k = 0; k < N_CASES; k++) {
        write_case(a);
        memcpy(states[k], a->state, sizeof a->state);
        write_load(f, 0, STATE_AT + (uint32_t)k * STATE_WORDS * 4);
        fprintf(f, " ldr.w r1, [r0, #56]\n msr APSR_nzcvqg, r1\n"
                   " ldmia.w r0, {r0-r12, lr}\n");
        for (int h = 0; h < a->n_halves; h++)
            fprintf(f, " .short 0x%04x\n", a->half[h]);
        fprintf(f, " push.w {r0-r12, lr}\n mrs r0, apsr\n push {r0}\n");
    }
    fprintf(f, "done:\n movs r0, #1\n");
    write_load(f, 1, OUT_AT);
    write_load(f, 2, STATE_AT - OUT_AT);
    fprintf(f,
            " movs r7, #4\n svc 0\n movs r0, #0\n movs r7, #1\n svc 0\n"
            ".space 4096\n.data\n .space %u\n",
            STATE_AT - OUT_AT);
    for (int k = 0; k < N_CASES; k++)
        for (int w = 0; w < STATE_WORDS; w++)
            fprintf(f, " .word 0x%08x\n", states[k][w]);
}

static void open_m4(struct machine *m)
{
    struct machine_problem p;
    struct machine_config c = {.core = "cortex-m4", .n_regions = 1};
    c.regions[0] = (struct region_config){
        .name = "ram", .kind = REGION_RAM, .base = TEXT_AT, .bytes = 4 << 20};
    cr_assert(eq(int, machine_open(m, &c, &p), 0), "%s", p.text);
}

/* Build, run by qemu into `out`. False: a tool is missing. */
static bool make_and_run(struct author *a, const char *folder)
{
    char text[SCRATCH_CAP + 64], command[2048];
    FILE *f = fopen(scratch_path(folder, "program.S", text), "w");
    cr_assert(f != NULL);
    write_program(a, f);
    fclose(f);
    snprintf(command, sizeof command,
             "arm-none-eabi-gcc -nostdlib -Wl,-Ttext=0x%x -Wl,-Tdata=0x%x "
             "-o %s/program.elf %s/program.S 2>&1 && "
             "qemu-arm -cpu max %s/program.elf > %s/expected",
             TEXT_AT, OUT_AT, folder, folder, folder, folder);
    return system(command) == 0;
}

static bool has_tools(void)
{
    return system("command -v qemu-arm >/dev/null && "
                  "command -v arm-none-eabi-gcc >/dev/null") == 0;
}

/* Run the same program on `m`, as far as its first SVC. */
static void run_ours(struct machine *m, const char *folder, bool by_steps)
{
    char path[SCRATCH_CAP + 64];
    struct machine_problem p;
    struct retired r = {0};
    struct image image;
    scratch_path(folder, "program.elf", path);
    cr_assert(eq(int, image_open(&image, path, &p), 0), "%s", p.text);
    cr_assert(eq(int, machine_load(m, &image, &p), 0), "%s", p.text);
    machine_reset(m);
    if (by_steps)
        while (machine_step(m, &r) == MACHINE_RUNNING)
            ;
    else
        machine_run(m, 0);
    const struct symbol *done = image_symbol(&image, "done");
    cr_expect(eq(int, m->fault.kind, FAULT_TRAP), "%s at %08x: %08x",
              m->fault.what, m->fault.pc, m->fault.word);
    cr_expect(ge(u32, m->pc, done->address));
    image_close(&image);
}

/* The fast way and the slow way through the engine count the same. */
static void compare_with_steps(const struct machine *ran, const char *folder)
{
    static struct machine stepped;
    open_m4(&stepped);
    run_ours(&stepped, folder, true);
    cr_expect(eq(u64, stepped.cycles, ran->cycles));
    cr_expect(eq(u64, stepped.instructions, ran->instructions));
    cr_expect(eq(u64, stepped.unsettled, ran->unsettled));
    cr_expect(eq(u64, stepped.bus.loads, ran->bus.loads));
    machine_close(&stepped);
}

static const char *name_of(int word)
{
    static const char *const names[RESULT_WORDS] = {
        "flags", "r0", "r1", "r2",  "r3",  "r4",  "r5", "r6",
        "r7",    "r8", "r9", "r10", "r11", "r12", "lr"};
    return names[word];
}

/* How many words of what both left differ; the first are named. */
static int compare(struct machine *m, const char *folder)
{
    static uint32_t expected[N_CASES * RESULT_WORDS + 2 * CENTRE / 4];
    static uint32_t found[N_CASES * RESULT_WORDS + 2 * CENTRE / 4];
    char path[SCRATCH_CAP + 64];
    FILE *f = fopen(scratch_path(folder, "expected", path), "rb");
    cr_assert(eq(sz, fread(expected, 1, sizeof expected, f), sizeof expected));
    fclose(f);
    cr_assert(machine_peek(m, OUT_AT, found, sizeof found));
    int n_wrong = 0;
    for (int k = N_CASES * RESULT_WORDS - 1; k >= 0 && n_wrong < 10; k--) {
        uint32_t mask = k % RESULT_WORDS == 0 ? 0xf80f0000u : ~0u;
        if (((expected[k] ^ found[k]) & mask) == 0)
            continue;
        n_wrong++;
        cr_expect(false, "case %d: %s is %08x, not %08x",
                  N_CASES - 1 - k / RESULT_WORDS, name_of(k % RESULT_WORDS),
                  found[k], expected[k]);
    }
    bool is_same = memcmp(expected + N_CASES * RESULT_WORDS,
                          found + N_CASES * RESULT_WORDS, 2 * CENTRE) == 0;
    cr_expect(is_same, "memory differs");
    return n_wrong + !is_same;
}

static int run_round(uint64_t seed)
{
    static struct machine decoder, ours;
    char folder[SCRATCH_CAP];
    scratch_make(folder);
    open_m4(&decoder);
    open_m4(&ours);
    struct author a = {.m = &decoder, .random = seed};
    cr_assert(make_and_run(&a, folder), "building or running %s", folder);
    run_ours(&ours, folder, false);
    compare_with_steps(&ours, folder);
    int n_wrong = compare(&ours, folder);
    machine_close(&decoder);
    machine_close(&ours);
    if (n_wrong == 0)
        scratch_remove(folder);
    else
        fprintf(stderr, "seed %llu: the program is left in %s\n",
                (unsigned long long)seed, folder);
    return n_wrong;
}

Test(thumb_qemu, random_instructions_leave_what_another_simulator_says,
     .timeout = 900)
{
    const char *seed = getenv("FRAGLAB_SEED");
    uint64_t first = seed == NULL ? 1 : strtoull(seed, NULL, 10);
    int n = getenv("FRAGLAB_LONG") != NULL ? N_LONG_ROUNDS : 1;
    if (!has_tools())
        cr_skip("no qemu-arm, or no arm-none-eabi-gcc");
    for (int k = 0; k < n; k++)
        if (run_round(first + (uint64_t)k) != 0)
            break;
}
