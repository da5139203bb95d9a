/*
 * RV32 against another implementation: random instructions on random
 * registers, run by qemu-riscv32 and by the simulator. The same program for
 * both: every case loads the registers, executes one to four instructions and
 * stores the registers. Skips without qemu-riscv32 or the cross assembler;
 * FRAGLAB_SEED chooses other cases, FRAGLAB_LONG takes many.
 *
 * What qemu does not know (Zcb, Zcmp, Xh3bextm) is in test_rv32_zc.c.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "sim/machine/machine.h"
#include "sim/machine/rv32_rows.h"
#include "tests/scratch.h"

enum {
    N_CASES = 3000,
    N_LONG_ROUNDS = 60,
    N_REGISTERS = 32,
    SP = 2,
    CENTRE = 8192, /* of the scratch memory: its half                        */
    CAP_HALVES = 12
};

/* Where the program lies, and in its data the results, from their end on. */
#define RAM_AT     0x000ff000u /* the ELF header is loaded, too                */
#define TEXT_AT    0x00100000u
#define OUT_AT     0x00300000u
#define SCRATCH_AT (OUT_AT + N_CASES * N_REGISTERS * 4)
#define STATE_AT   (SCRATCH_AT + 2 * CENTRE)
#define OUT_WORDS  (N_CASES * N_REGISTERS + 2 * CENTRE / 4)

/* A program being made: halfwords of each case, its state. */
struct author {
    struct machine *m; /* knows the rows                                     */
    uint64_t random;
    uint16_t half[CAP_HALVES];
    int n_halves;
    uint32_t state[N_REGISTERS];
};

static uint64_t draw(struct author *a)
{
    uint64_t z = a->random += 0x9e3779b97f4a7c15ull; /* splitmix64, Vigna */
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

/* A word of row `row`, its open bits at random. */
static uint32_t word_of(struct author *a, int row, uint32_t *bytes)
{
    uint32_t word = 0, n = 0;
    for (const char *c = rv_rows[row].picture; *c != '\0'; c++) {
        if (*c == ' ')
            continue;
        bool is_set = *c == '1';
        if (*c != '0' && *c != '1')
            is_set = draw(a) & 1;
        word = word << 1 | is_set;
        n++;
    }
    *bytes = n / 8;
    return word;
}

static bool is_memory(const struct insn *i)
{
    return i->cost == RV_COST_LOAD || i->cost == RV_COST_STORE ||
           i->cost == RV_COST_AMO;
}

/* What the harness can take: no jumps, no traps, sp stays as it is. */
static bool is_fit(const struct insn *i, int row, bool is_first)
{
    if ((rv_rows[row].needs & (RV_ZCB | RV_ZCMP | RV_XH3BEXTM)) != 0 ||
        strcmp(rv_rows[row].name, "wfi") == 0 || i->d == SP)
        return false;
    if (i->cost == RV_COST_ALU || i->cost == RV_COST_DIV ||
        i->cost == RV_COST_DIVU)
        return true;
    if (!is_memory(i) || i->n == 0)
        return false;
    if (i->n == SP) /* C.LWSP: the results of earlier cases */
        return i->cost == RV_COST_LOAD && i->size == 2;
    return is_first;
}

/* The base of a memory access points at an aligned place in the scratch. */
static void aim(struct author *a, const struct insn *i)
{
    uint32_t at = SCRATCH_AT + CENTRE + (uint32_t)(draw(a) & 0x1fc);
    a->state[i->n] = at - (i->cost == RV_COST_AMO ? 0 : i->imm);
}

static void put(struct author *a, uint32_t word, uint32_t bytes)
{
    a->half[a->n_halves++] = (uint16_t)word;
    if (bytes == 4)
        a->half[a->n_halves++] = (uint16_t)(word >> 16);
}

/* One instruction that may stand here. */
static void put_any(struct author *a, bool is_first)
{
    for (;;) {
        struct insn i;
        uint32_t bytes;
        int row = (int)(draw(a) % RV_N_ROWS);
        uint32_t word = word_of(a, row, &bytes);
        if (insn_find(&a->m->table, word, bytes) != row)
            continue;
        insn_extract(&a->m->table, row, word, TEXT_AT, &i);
        i.cost = rv_rows[row].cost;
        if (!is_fit(&i, row, is_first))
            continue;
        if (is_memory(&i) && i.n != SP)
            aim(a, &i);
        put(a, word, bytes);
        return;
    }
}

/* Over `addi x5, x5, 1`: branches, jumps that link, a jump to a register. */
static void put_flow(struct author *a)
{
    uint32_t n = 8 + (uint32_t)(draw(a) & 7), m = (uint32_t)(draw(a) & 31);
    static const uint32_t kinds[] = {0, 1, 4, 5, 6, 7};
    switch (draw(a) % 5) {
    case 0: /* c.beqz, c.bnez n, +6 */
        put(a, 0xc019 | (n & 7) << 7 | (uint32_t)(draw(a) & 1) << 13, 2);
        break;
    case 1: /* jal x6, +8 */
        put(a, 0x0080036f, 4);
        break;
    case 2: /* auipc x7, 0; jalr x6, 12(x7) */
        put(a, 0x00000397, 4);
        put(a, 0x00c38367, 4);
        break;
    default: /* a branch of n and m, +8 */
        put(a, 0x00000463 | m << 20 | n << 15 | kinds[draw(a) % 6] << 12, 4);
        break;
    }
    put(a, 0x00128293, 4);
}

/* lr.w x5, (n); sc.w x6, m, (n): it succeeds. */
static void put_reservation(struct author *a)
{
    uint32_t n = 8 + (uint32_t)(draw(a) & 15), m = (uint32_t)(draw(a) & 31);
    a->state[n] = SCRATCH_AT + CENTRE + (uint32_t)(draw(a) & 0x1fc);
    put(a, 0x1000202f | n << 15 | 5u << 7, 4);
    put(a, 0x1800202f | m << 20 | n << 15 | 6u << 7, 4);
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
    for (int k = 0; k < N_REGISTERS; k++)
        a->state[k] = random_value(a);
    a->n_halves = 0;
    uint32_t kind = draw(a) % 12;
    uint32_t n = 1 + draw(a) % 4;
    if (kind == 0)
        put_flow(a);
    else if (kind == 1)
        put_reservation(a);
    else
        for (uint32_t k = 0; k < n; k++)
            put_any(a, k == 0);
}

/*
 * The program, as assembler text: write(1, results and scratch), exit(0). A
 * case that loads from near sp finds the results of those before it.
 */
static void write_program(struct author *a, FILE *f)
{
    static uint32_t states[N_CASES][N_REGISTERS];
    fprintf(f,
            ".option norelax\n.text\n.global _start, done\n"
            "_start:\n li sp, 0x%x\n",
            SCRATCH_AT);
    for (int k = 0; k < N_CASES; k++) {
        write_case(a);
        memcpy(states[k], a->state, sizeof a->state);
        fprintf(f, " li x1, 0x%x\n", STATE_AT + (uint32_t)k * N_REGISTERS * 4);
        for (int r = N_REGISTERS - 1; r > 0; r--)
            if (r != SP)
                fprintf(f, " lw x%d, %d(x1)\n", r, 4 * r);
        for (int h = 0; h < a->n_halves; h++)
            fprintf(f, " .2byte 0x%04x\n", a->half[h]);
        fprintf(f, " addi sp, sp, -%d\n", N_REGISTERS * 4);
        for (int r = 1; r < N_REGISTERS; r++)
            fprintf(f, " sw x%d, %d(sp)\n", r, 4 * r);
    }
    fprintf(f,
            "done:\n li a0, 1\n li a1, 0x%x\n li a2, %u\n li a7, 64\n ecall\n"
            " li a0, 0\n li a7, 93\n ecall\n.data\n .space %u\n",
            OUT_AT, OUT_WORDS * 4, STATE_AT - OUT_AT);
    for (int k = 0; k < N_CASES; k++)
        for (int w = 0; w < N_REGISTERS; w++)
            fprintf(f, " .word 0x%08x\n", states[k][w]);
}

static void open_hazard3(struct machine *m)
{
    struct machine_problem p;
    struct machine_config c = {.core = "hazard3", .n_regions = 1};
    c.regions[0] = (struct region_config){
        .name = "ram", .kind = REGION_RAM, .base = RAM_AT, .bytes = 6 << 20};
    snprintf(c.options[0].key, sizeof c.options[0].key, "extensions");
    snprintf(c.options[0].value, sizeof c.options[0].value, "rp2350");
    c.n_options = 1;
    cr_assert(eq(int, machine_open(m, &c, &p), 0), "%s", p.text);
}

/* Build, run by qemu into `expected`. */
static bool make_and_run(struct author *a, const char *folder)
{
    char text[SCRATCH_CAP + 64], command[2048];
    FILE *f = fopen(scratch_path(folder, "program.S", text), "w");
    cr_assert(f != NULL);
    write_program(a, f);
    fclose(f);
    snprintf(command, sizeof command,
             "riscv64-unknown-elf-gcc -march=rv32imac -mabi=ilp32 -nostdlib "
             "-Wl,-Ttext=0x%x -Wl,-Tdata=0x%x -Wl,--no-relax "
             "-o %s/program.elf %s/program.S 2>&1 && "
             "qemu-riscv32 -cpu rv32,zba=on,zbb=on,zbs=on,zbkb=on "
             "%s/program.elf > %s/expected",
             TEXT_AT, OUT_AT, folder, folder, folder, folder);
    return system(command) == 0;
}

static bool has_tools(void)
{
    return system("command -v qemu-riscv32 >/dev/null && "
                  "command -v riscv64-unknown-elf-gcc >/dev/null") == 0;
}

/* Run the same program on `m`, as far as its first ECALL. */
static void run_ours(struct machine *m, const char *folder)
{
    char path[SCRATCH_CAP + 64];
    struct machine_problem p;
    struct image image;
    scratch_path(folder, "program.elf", path);
    cr_assert(eq(int, image_open(&image, path, &p), 0), "%s", p.text);
    cr_assert(eq(int, machine_load(m, &image, &p), 0), "%s", p.text);
    machine_reset(m);
    machine_run(m, 0);
    const struct symbol *done = image_symbol(&image, "done");
    cr_expect(eq(int, m->fault.kind, FAULT_TRAP), "%s at %08x: %08x",
              m->fault.what, m->fault.pc, m->fault.word);
    cr_expect(ge(u32, m->pc, done->address));
    image_close(&image);
}

/* How many words of what both left differ; the first are named. */
static int compare(struct machine *m, const char *folder)
{
    static uint32_t expected[OUT_WORDS], found[OUT_WORDS];
    char path[SCRATCH_CAP + 64];
    FILE *f = fopen(scratch_path(folder, "expected", path), "rb");
    cr_assert(eq(sz, fread(expected, 1, sizeof expected, f), sizeof expected));
    fclose(f);
    cr_assert(machine_peek(m, OUT_AT, found, sizeof found));
    int n_wrong = 0;
    for (int k = OUT_WORDS - 1; k >= 0 && n_wrong < 10; k--) {
        bool is_memory = k >= N_CASES * N_REGISTERS;
        if (expected[k] == found[k])
            continue;
        n_wrong++;
        if (is_memory)
            cr_expect(false, "memory, word %d: %08x, not %08x",
                      k - N_CASES * N_REGISTERS, found[k], expected[k]);
        else
            cr_expect(false, "case %d: x%d is %08x, not %08x",
                      N_CASES - 1 - k / N_REGISTERS, k % N_REGISTERS, found[k],
                      expected[k]);
    }
    return n_wrong;
}

static int run_round(uint64_t seed)
{
    static struct machine rows, ours;
    char folder[SCRATCH_CAP];
    scratch_make(folder);
    open_hazard3(&rows);
    open_hazard3(&ours);
    struct author a = {.m = &rows, .random = seed};
    cr_assert(make_and_run(&a, folder), "building or running %s", folder);
    run_ours(&ours, folder);
    int n_wrong = compare(&ours, folder);
    machine_close(&rows);
    machine_close(&ours);
    if (n_wrong == 0)
        scratch_remove(folder);
    else
        fprintf(stderr, "seed %llu: the program is left in %s\n",
                (unsigned long long)seed, folder);
    return n_wrong;
}

Test(rv32_qemu, random_instructions_leave_what_another_simulator_says,
     .timeout = 900)
{
    const char *seed = getenv("FRAGLAB_SEED");
    uint64_t first = seed == NULL ? 1 : strtoull(seed, NULL, 10);
    int n = getenv("FRAGLAB_LONG") != NULL ? N_LONG_ROUNDS : 1;
    if (!has_tools())
        cr_skip("no qemu-riscv32, or no riscv64-unknown-elf-gcc");
    for (int k = 0; k < n; k++)
        if (run_round(first + (uint64_t)k) != 0)
            break;
}
