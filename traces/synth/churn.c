/*
 * churn.c - preset `churn`: a live load held steady by random frees
 *
 * Sizes are log-uniform, victims uniformly random. While the live bytes are
 * below the band of load - 2.5 % .. load + 2.5 % of the heap everything is an
 * allocation, above it everything is a free, and within it a coin decides: a
 * long memory that wanders inside the band. An explicit-free workload, the
 * kind on which malloc-like managers are compared.
 */
#include <stdlib.h>

#include "traces/synth/dist.h"
#include "traces/synth/synth.h"

enum { KEY_LOAD = KEY_OWN, KEY_MIN, KEY_MAX };

#define BAND_PPM 25000 /* half the width of the band, of the heap */

struct live {
    uint64_t id;
    uint32_t bytes;
};

struct churn {
    struct synth synth;
    struct dist dist;
    struct dist_range sizes;
    uint64_t low_bytes, high_bytes; /* the band                           */
    uint64_t live_bytes;
    struct live *live; /* in no order                                     */
    size_t n_live, cap_live;
};

static int allocate(struct churn *c)
{
    void *live = c->live;
    int err = synth_reserve(&live, &c->cap_live, c->n_live, sizeof *c->live);
    if (err < 0)
        return err;
    c->live = live;

    struct live *l = &c->live[c->n_live++];
    l->bytes = dist_log_uniform(&c->dist, &c->synth.rng, &c->sizes);
    c->live_bytes += l->bytes;
    return synth_alloc(&c->synth, l->bytes, 1, &l->id);
}

static int release(struct churn *c)
{
    uint32_t victim = rng_below(&c->synth.rng, (uint32_t)c->n_live);
    struct live gone = c->live[victim];
    c->live[victim] = c->live[--c->n_live];
    c->live_bytes -= gone.bytes;
    return synth_free(&c->synth, gone.id);
}

static int step(struct synth *s)
{
    struct churn *c = (struct churn *)s;
    if (c->n_live == 0 || c->live_bytes < c->low_bytes)
        return allocate(c);
    if (c->live_bytes > c->high_bytes)
        return release(c);
    return rng_next(&s->rng) >> 31 ? allocate(c) : release(c);
}

static void dispose(struct synth *s)
{
    free(((struct churn *)s)->live);
}

static struct synth *make(const uint64_t *values, int *err,
                          struct problem *problem)
{
    if (values[KEY_MIN] > values[KEY_MAX]) {
        *err = problem_set(problem, ERR_INPUT, "churn: min is above max");
        return 0;
    }
    struct churn *c = (struct churn *)synth_new(sizeof *c, step, dispose);
    if (c == 0) {
        *err = problem_set(problem, ERR_MEMORY, "churn: out of memory");
        return 0;
    }
    uint64_t heap = values[KEY_HEAP];
    uint64_t load = values[KEY_LOAD];
    uint64_t low = load > BAND_PPM ? load - BAND_PPM : 0;
    dist_init(&c->dist);
    c->sizes = dist_range(&c->dist, (uint32_t)values[KEY_MIN],
                          (uint32_t)values[KEY_MAX]);
    c->low_bytes = heap * low / RNG_ONE;
    c->high_bytes = heap * (load + BAND_PPM) / RNG_ONE;
    return &c->synth;
}

/* clang-format off */
const struct preset preset_churn = {
    .name = "churn",
    .summary = "log-uniform sizes, random victims, a live load held steady",
    .keys = {
        {"seed", "1", PRESET_NUMBER, 0, UINT64_MAX,
         "of the random numbers"},
        {"heap", "64K", PRESET_BYTES, 1024, 1 << 30,
         "the heap that the load is a share of"},
        {"ops", "100K", PRESET_NUMBER, 1, UINT64_C(1) << 40,
         "allocations and frees"},
        {"load", "0.575", PRESET_SHARE, 0, RNG_ONE,
         "live bytes, as a share of the heap, +- 0.025"},
        {"min", "8", PRESET_BYTES, 1, 1 << 28,
         "least size"},
        {"max", "512", PRESET_BYTES, 1, 1 << 28,
         "greatest size"},
    },
    .make = make,
};
/* clang-format on */
