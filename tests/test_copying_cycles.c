/*
 * test_copying_cycles.c - what core/copying costs on the machines: moving
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>
#include <unistd.h>

#include "analysis/machine_config.h"
#include "core/copying.h"
#include "sim/replay/target.h"

#define HEAP_BYTES 65536u
#define ROOTS_CAP  512u

/* The machines, their images, and the least that a byte costs to move: one
 * word loaded and stored, on the Cortex-M by four registers at once. */
static const struct core {
    const char *machine, *image;
    double limit; /* cycles a byte                                        */
    double bound; /* times the limit: the most that is allowed            */
} cores[] = {
    {"hazard3", "build/guest/copying-hazard3-O2.elf", 0.5, 1.2},
    {"cortex-m0plus", "build/guest/copying-m0plus-O2.elf", 0.625, 1.29},
    {"cortex-m3", "build/guest/copying-m3-O2.elf", 0.625, 1.27},
    {"cortex-m4", "build/guest/copying-m4-O2.elf", 0.625, 1.3},
};

static struct target *open_heap(const struct core *core, uint32_t block)
{
    struct problem problem = {""};
    struct machine_config config;
    struct manager_params words = {{0}};
    struct copying_params p = COPYING_DEFAULTS;
    struct target *t = NULL;
    if (access(core->image, R_OK) != 0)
        cr_skip_test("%s: no cross compiler built it", core->image);
    cr_assert(machine_config_load(&config, core->machine, &problem) == 0);
    config.regions[0].bytes = 4u << 20; /* more than the chip has */
    struct target_guest_options g = {core->image, &config};
    int err = target_guest_open(&t, manager_find("copying"), &g, 1 << 20, 0,
                                ROOTS_CAP, &problem);
    cr_assert(eq(int, err, 0), "%s", problem.text);
    p.zero = 0;
    p.block = block;
    memcpy(&words, &p, sizeof p);
    cr_assert(eq(u32, t->init(t, HEAP_BYTES, &words), HEAP_OK));
    return t;
}

/*
 * The heap is filled with objects of `bytes` bytes, each after one of
 * `garbage` bytes, and collected. Cycles for each byte that has moved.
 */
static double move_all(const struct core *core, uint32_t block, uint32_t bytes,
                       uint32_t garbage)
{
    struct target *t = open_heap(core, block);
    struct guest_roots *r = t->roots;
    while (r->n_held < ROOTS_CAP &&
           copying_of(t->heap)->limit - copying_of(t->heap)->cursor >=
               (bytes + garbage) / block) {
        cr_assert(ne(u32, t->alloc(t, garbage, 0), 0));
        uint32_t p = t->alloc(t, bytes, 0);
        memset(t->window + (p - t->base), 0xff, bytes);
        r->word[r->n_held++] = p;
    }
    memset(&t->cost, 0, sizeof t->cost);
    cr_assert(gt(u32, t->collect(t, COLLECT_ORDINARY), 0));
    cr_assert(eq(str, t->trouble, ""));
    uint32_t moved = copying_of(t->heap)->slide.moved_bytes;
    cr_assert(eq(u32, moved, r->n_held * bytes));
    double cycles = (double)t->cost.phase_cycles[PHASE_MOVE];
    t->close(t);
    return cycles / moved;
}

/* Objects of `bytes` bytes stay within their core's bound. */
static void check_size(const struct core *core, uint32_t block, uint32_t bytes)
{
    static const uint32_t garbage[] = {16, 256};
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
        double cycles = move_all(core, block, bytes, garbage[i]);
        cr_expect(cycles <= core->bound * core->limit,
                  "%s: %u bytes behind %u of garbage: %.3f cycles a byte",
                  core->machine, bytes, garbage[i], cycles);
    }
}

Test(copying_cycles, large_objects_move_near_the_speed_of_loads_and_stores)
{
    for (size_t c = 0; c < sizeof cores / sizeof *cores; c++) {
        for (uint32_t bytes = 256; bytes <= 1024; bytes += 16)
            check_size(&cores[c], 16, bytes);
        check_size(&cores[c], 16, 4096);
    }
}

Test(copying_cycles, objects_of_an_odd_number_of_8_byte_blocks_move_as_fast)
{
    for (size_t c = 0; c < sizeof cores / sizeof *cores; c++) {
        for (uint32_t bytes = 264; bytes <= 1032; bytes += 16)
            check_size(&cores[c], 8, bytes);
    }
}
