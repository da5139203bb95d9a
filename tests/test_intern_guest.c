/*
 * test_intern_guest.c - core/intern natively and as machine code: the same
 * random operations, equal answers, equal bytes of the window after each
 */
#include "tests/sides.h"

#include "core/intern.h"
#include "traces/synth/rng.h"

#define HEAP_BYTES 12288u
#define N_OBJECTS  60u

/* What the program has: the same for both sides. */
struct program {
    struct rng rng;
    uint32_t object[N_OBJECTS]; /* addresses, 0 none                      */
    uint32_t n_strings, n_refused;
};

/* One random operation on both; its answer must be the same. */
static void step(struct program *q, struct target *const sides[2])
{
    uint32_t i = rng_below(&q->rng, N_OBJECTS);
    uint32_t kind = rng_below(&q->rng, 100);
    uint32_t bytes = 1 + rng_below(&q->rng, kind % 10 == 0 ? 2500 : 60);
    uint32_t answer[2] = {0, 0};
    for (int k = 0; k < 2; k++) {
        struct target *t = sides[k];
        if (kind < 10)
            answer[k] = t->alloc(t, bytes, HEAP_INTERN);
        else if (q->object[i] == 0)
            answer[k] = t->alloc(t, bytes, 0);
        else if (kind < 40)
            answer[k] = t->realloc(t, q->object[i], bytes, kind < 30);
        else
            t->free(t, q->object[i]);
        cr_assert(eq(str, t->trouble, ""));
        for (uint32_t b = 0; kind < 10 && answer[k] != 0 && b < bytes; b++)
            *byte_at(t->heap, answer[k] + b) = (uint8_t)(bytes + b);
    }
    cr_assert(eq(u32, answer[0], answer[1]));
    q->n_strings += kind < 10 && answer[0] != 0;
    q->n_refused += kind < 10 && answer[0] == 0;
    if (kind >= 10 && (q->object[i] == 0 || answer[0] != 0 || kind >= 40))
        q->object[i] = answer[0];
}

static void play_both(const char *image, const char *machine)
{
    if (access(image, R_OK) != 0)
        cr_skip_test("%s: no cross compiler built it", image);
    for (uint32_t i = 0; i < 2; i++) {
        struct intern_params p = INTERN_DEFAULTS;
        struct program q = {0};
        struct target *sides[2];
        p.zero = i;
        p.block = i == 0 ? 16 : 8;
        for (int k = 0; k < 2; k++)
            sides[k] = sides_open("intern", image, k == 0 ? NULL : machine, &p,
                                  sizeof p, HEAP_BYTES, HEAP_BYTES + 4096);
        rng_seed(&q.rng, 20262 + i);
        for (int op = 0; op < 5000; op++) {
            step(&q, sides);
            for (int k = 0; k < 2 && op == 2500; k++) {
                struct target *t = sides[k];
                uint32_t error = t->add_area(t, t->base + 0x3400, 1500);
                cr_assert(eq(u32, error, 0));
            }
            cr_assert(sides_are_equal(sides),
                      "block %u, operation %d: the windows differ", p.block,
                      op);
        }
        struct target *t = sides[0];
        cr_expect(eq(int, intern_check(t->heap, t->base, t->window_bytes), 0));
        cr_expect(gt(u32, q.n_strings, 100));
        cr_expect(gt(u32, q.n_refused, 0));
        cr_expect(gt(u64, sides[1]->cost.cycles, sides[1]->cost.instructions));
        sides[0]->close(sides[0]);
        sides[1]->close(sides[1]);
    }
}

Test(intern_guest, leaves_the_bytes_of_the_native_manager_on_hazard3)
{
    play_both("build/guest/intern-hazard3-O2.elf", "hazard3");
}

Test(intern_guest, leaves_the_same_bytes_when_compiled_for_size)
{
    play_both("build/guest/intern-hazard3-Os.elf", "hazard3");
}

Test(intern_guest, leaves_the_same_bytes_on_cortex_m0plus)
{
    play_both("build/guest/intern-m0plus-O2.elf", "cortex-m0plus");
}

Test(intern_guest, leaves_the_same_bytes_on_cortex_m4)
{
    play_both("build/guest/intern-m4-Os.elf", "cortex-m4");
}
