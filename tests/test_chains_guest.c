/*
 * test_chains_guest.c - core/chains natively and as machine code: the same
 * random operations, equal answers, equal bytes of the window after each
 */
#include "tests/sides.h"

#include "core/chains.h"
#include "traces/synth/rng.h"

#define HEAP_BYTES 12288u
#define N_OBJECTS  60u

static struct target *open_side(const char *image, const char *machine,
                                const struct chains_params *p)
{
    return sides_open("chains", image, machine, p, sizeof *p, HEAP_BYTES,
                      HEAP_BYTES + 4096);
}

/* What the program has: the same for both sides. */
struct program {
    struct rng rng;
    uint32_t object[N_OBJECTS]; /* names, 0 none                          */
    uint32_t bytes[N_OBJECTS];
};

/* One random operation on both; its answer must be the same. */
static void step(struct program *q, struct target *const sides[2])
{
    uint32_t i = rng_below(&q->rng, N_OBJECTS);
    uint32_t kind = rng_below(&q->rng, 100);
    uint32_t bytes = 1 + rng_below(&q->rng, kind % 10 == 0 ? 2500 : 300);
    uint32_t word = rng_below(&q->rng, (q->bytes[i] + 3) / 4 + 1);
    uint32_t answer[2] = {0, 0};
    for (int k = 0; k < 2; k++) {
        struct target *t = sides[k];
        if (q->object[i] == 0)
            answer[k] = t->alloc(t, bytes, 0);
        else if (kind < 30)
            answer[k] = t->realloc(t, q->object[i], bytes, kind < 15);
        else if (kind < 60)
            t->free(t, q->object[i]);
        else if (4 * word < q->bytes[i])
            answer[k] = t->deref(t, q->object[i], 4 * word);
        if (q->object[i] != 0 && kind >= 60 && answer[k] != 0)
            *word_at(t->heap, answer[k]) = bytes;
        cr_assert(eq(str, t->trouble, ""));
    }
    cr_assert(eq(u32, answer[0], answer[1]));
    if (q->object[i] == 0 || (kind < 30 && answer[0] != 0)) {
        q->object[i] = answer[0];
        q->bytes[i] = bytes;
    } else if (kind >= 30 && kind < 60) {
        q->object[i] = 0;
    }
}

static void play_both(const char *image, const char *machine, int n)
{
    struct chains_params p = CHAINS_DEFAULTS;
    if (access(image, R_OK) != 0)
        cr_skip_test("%s: no cross compiler built it", image);
    for (uint32_t i = 0; i < 4; i++) {
        struct program q = {0};
        p.block = i < 2 ? 16 : 32;
        p.link = i % 2;
        p.zero = i == 2;
        p.index_bytes = i == 3 ? 4 : 2;
        rng_seed(&q.rng, 20261);
        struct target *sides[2] = {open_side(NULL, NULL, &p),
                                   open_side(image, machine, &p)};

        for (int op = 0; op < n; op++) {
            step(&q, sides);
            for (int k = 0; k < 2 && op == n / 2; k++) {
                struct target *t = sides[k];
                uint32_t error = t->add_area(t, t->base + 0x3400, 1500);
                cr_assert(eq(u32, error, 0));
            }
            cr_assert(sides_are_equal(sides),
                      "parameters %u, operation %d: the windows differ", i, op);
        }
        cr_expect(eq(int,
                     chains_check(sides[0]->heap, sides[0]->base,
                                  sides[0]->window_bytes),
                     0));
        cr_expect(gt(u64, sides[1]->cost.cycles, sides[1]->cost.instructions));
        sides[0]->close(sides[0]);
        sides[1]->close(sides[1]);
    }
}

Test(chains_guest, leaves_the_bytes_of_the_native_manager_on_hazard3)
{
    play_both("build/guest/chains-hazard3-O2.elf", "hazard3", 3000);
}

Test(chains_guest, leaves_the_same_bytes_when_compiled_for_size)
{
    play_both("build/guest/chains-hazard3-Os.elf", "hazard3", 3000);
}

Test(chains_guest, leaves_the_same_bytes_on_cortex_m0plus)
{
    play_both("build/guest/chains-m0plus-O2.elf", "cortex-m0plus", 3000);
}

Test(chains_guest, leaves_the_same_bytes_on_cortex_m4)
{
    play_both("build/guest/chains-m4-Os.elf", "cortex-m4", 3000);
}
