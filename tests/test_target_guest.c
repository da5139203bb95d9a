/*
 * test_target_guest.c - the same operations natively and as machine code: equal
 * answers, equal outward calls, and every byte of the window equal after each
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "analysis/machine_config.h"
#include "sim/replay/target.h"
#include "traces/synth/rng.h"

#define HEAP_BYTES 16384u
#define N_OBJECTS  200u
#define ROOTS_CAP  512u

/* One side: a target, and what its core asked of the outside. */
struct side {
    struct target *t;
    uint32_t finalised;   /* calls of finalisers                          */
    uint64_t fingerprint; /* of all outward calls, in order               */
    uint32_t victim;      /* freed inside the next finaliser; 0 none      */
};

static void on_finalise(void *ctx, uint32_t address)
{
    struct side *s = ctx;
    uint32_t victim = s->victim;
    s->finalised++;
    s->fingerprint = s->fingerprint * 31 + address;
    s->victim = 0;
    if (victim != 0)
        s->t->free(s->t, victim); /* a call inside a call */
}

static uint32_t on_more(void *ctx, uint32_t what, uint32_t value)
{
    struct side *s = ctx;
    s->fingerprint = s->fingerprint * 31 + what * 7 + value;
    return 0;
}

static void open_side(struct side *s, const char *image, const char *machine)
{
    struct problem problem = {""};
    struct replay_options o = {.heap_bytes = HEAP_BYTES};
    struct trace_header header = {0};
    struct machine_config config;
    struct manager_params params;
    const struct manager *m = manager_find("marksweep");
    strcpy(o.manager, m->name);
    cr_assert(eq(int, replay_resolve(&o, &header, &problem), 0), "%s",
              problem.text);
    m->params(&o, &params);
    int err;
    if (machine == NULL) {
        err = target_native_open(&s->t, m, o.window_bytes, 0, ROOTS_CAP,
                                 &problem);
    } else {
        err = machine_config_load(&config, machine, &problem);
        cr_assert(eq(int, err, 0), "%s", problem.text);
        struct target_guest_options g = {image, &config};
        err = target_guest_open(&s->t, m, &g, o.window_bytes, 0, ROOTS_CAP,
                                &problem);
    }
    cr_assert(eq(int, err, 0), "%s", problem.text);
    s->t->host = (struct target_host){s, on_finalise, on_more};
    uint32_t error = s->t->init(s->t, HEAP_BYTES, &params);
    cr_assert(eq(str, s->t->trouble, ""));
    cr_assert(eq(u32, error, 0));
}

/* What the program has: the same for both sides. */
struct program {
    struct rng rng;
    uint32_t object[N_OBJECTS]; /* addresses, 0 none                      */
    uint32_t bytes[N_OBJECTS];
};

static void set_roots(const struct program *q, struct target *t)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < N_OBJECTS; i++) {
        if (q->object[i] != 0)
            t->roots->word[n++] = q->object[i];
    }
    t->roots->n_held = n;
}

/* One random operation on both; its answer must be the same. */
static void step(struct program *q, struct side *a, struct side *b)
{
    uint32_t i = rng_below(&q->rng, N_OBJECTS);
    uint32_t kind = rng_below(&q->rng, 100);
    uint32_t bytes = 1 + rng_below(&q->rng, kind < 5 ? 2000 : 60);
    uint32_t flags = rng_below(&q->rng, 8) == 0 ? HEAP_FINALISER : 0;
    struct side *sides[2] = {a, b};
    uint32_t answer[2] = {0, 0};
    for (int k = 0; k < 2; k++) {
        struct target *t = sides[k]->t;
        set_roots(q, t);
        if (kind < 2)
            answer[k] = t->collect(t, COLLECT_ORDINARY);
        else if (q->object[i] == 0)
            answer[k] = t->alloc(t, bytes, flags);
        else if (kind < 30)
            answer[k] = t->realloc(t, q->object[i], bytes, kind < 20);
        else if (kind < 60)
            t->free(t, q->object[i]);
        else if (kind < 80)
            t->store(t, q->object[i], 0, q->object[(i + 7) % N_OBJECTS]);
        cr_assert(eq(str, t->trouble, ""));
    }
    cr_assert(eq(u32, answer[0], answer[1]));
    if (kind < 2 || kind >= 80) {
        if (kind >= 80)
            q->object[i] = 0; /* the program forgets it */
    } else if (q->object[i] == 0 || (kind < 30 && answer[0] != 0)) {
        q->object[i] = answer[0];
        q->bytes[i] = bytes;
    } else if (kind >= 30 && kind < 60) {
        q->object[i] = 0;
    }
}

static void compare(const struct side *a, const struct side *b, int n)
{
    cr_assert(a->finalised == b->finalised && a->fingerprint == b->fingerprint,
              "operation %d: the outward calls differ", n);
    for (uint32_t i = 0; i < a->t->extent_bytes; i++) {
        if (memcmp(a->t->window + i, b->t->window + i,
                   a->t->extent_bytes - i) == 0)
            return;
        cr_assert(a->t->window[i] == b->t->window[i],
                  "operation %d: byte %u of the window is %02x and %02x", n, i,
                  a->t->window[i], b->t->window[i]);
    }
}

/* Watching phases costs the guest nothing; all collecting was in a phase. */
static void judge_cost(const struct op_cost *c)
{
    uint64_t phases = 0;
    for (int i = 0; i < COST_PHASES; i++)
        phases += c->phase_cycles[i];
    cr_expect(gt(u64, c->cycles, c->instructions));
    cr_expect(eq(u64, phases, c->gc_cycles));
    cr_expect(gt(u64, c->cycles, c->gc_cycles));
    cr_expect(eq(u64, c->phase_cycles[PHASE_IDLE], 0));
    cr_expect(gt(u64, c->phase_cycles[PHASE_MARK], 0));
    cr_expect(gt(u64, c->phase_cycles[PHASE_FINALISE], 0));
    cr_expect(gt(u64, c->phase_cycles[PHASE_SWEEP], 0));
}

static void play_both(const char *image, const char *machine, int n)
{
    struct side native = {0}, guest = {0};
    struct program q = {0};
    if (access(image, R_OK) != 0)
        cr_skip_test("%s: no cross compiler built it", image);
    rng_seed(&q.rng, 20260);
    open_side(&native, NULL, NULL);
    open_side(&guest, image, machine);
    native.t->extent_bytes = guest.t->extent_bytes = HEAP_BYTES + 4096;
    for (int i = 0; i < n; i++) {
        step(&q, &native, &guest);
        compare(&native, &guest, i);
    }
    cr_expect(gt(u32, native.finalised, 0));
    cr_expect(gt(u32, native.t->heap->n_collections, 10));
    judge_cost(&guest.t->cost);
    native.t->close(native.t);
    guest.t->close(guest.t);
}

Test(target_guest, leaves_the_bytes_of_the_native_manager_on_hazard3)
{
    play_both("build/guest/marksweep-hazard3-O2.elf", "hazard3", 20000);
}

Test(target_guest, leaves_the_same_bytes_when_compiled_for_size)
{
    play_both("build/guest/marksweep-hazard3-Os.elf", "hazard3", 20000);
}

Test(target_guest, leaves_the_same_bytes_on_cortex_m0plus)
{
    play_both("build/guest/marksweep-m0plus-O2.elf", "cortex-m0plus", 20000);
}

Test(target_guest, leaves_the_same_bytes_on_cortex_m4)
{
    play_both("build/guest/marksweep-m4-Os.elf", "cortex-m4", 20000);
}
