/*
 * mpy_mix.c - preset `mpy-mix`: MicroPython in general
 *
 * Sizes   blocks of 16 bytes as four instrumented scripts asked for them
 *         (135,696 allocations): 1 block 89.33 %, 2 8.14 %, 3 0.88 %, 4
 *         0.27 %, 5 0.71 %, 6 0.21 %, 7 0.18 %, 8 0.11 %, the remaining
 *         0.17 % uniform in 9 .. 40.
 * Lives   counted in allocations; exponential: 88 % with mean 6 (site 1), 10 %
 *         with mean 35 (site 2), 1.5 % with mean 1,500 (site 3); 0.5 % never
 *         die (site 4). When the immortal objects have reached the share
 *         `immortal` of the heap, what would have been one more of them is
 *         born with site 3: a program that has loaded its modules loads no
 *         more, and 10^8 operations stay bounded.
 * Graph   `pointers` references an object on average, made at its birth.
 *         What dies soon (site 1) is held by the stack and refers to any live
 *         object. What stays is first stored in a keeper (mutator_keep); then
 *         it refers on like the others.
 *
 * Nothing is freed: objects die and a collector reclaims them. What no keeper
 * had room for is live all the same; the replay holds it (REPLAY, section 2).
 *
 * Cost      O(1) an allocation; memory: live objects.
 */
#include <stdlib.h>

#include "traces/synth/dist.h"
#include "traces/synth/mutator.h"

enum { KEY_IMMORTAL = KEY_OWN, KEY_POINTERS, KEY_ROOTS };

enum { BLOCK_BYTES = 16 };

enum site { SITE_CALL = 1, SITE_LOOP, SITE_CACHE, SITE_IMMORTAL };

static const struct {
    uint32_t ppm; /* of all births                                        */
    uint32_t mean;
} lives[] = {
    [SITE_CALL] = {880000, 6},
    [SITE_LOOP] = {100000, 35},
    [SITE_CACHE] = {15000, 1500},
    [SITE_IMMORTAL] = {5000, 0},
};

/* Of 1 .. 8 blocks, in hundredths of a percent; the rest is the tail. */
static const uint32_t size_shares[] = {8933, 814, 88, 27, 71, 21, 18, 11};

struct mix {
    struct synth synth;
    struct mutator mutator;
    struct dist dist;
    uint32_t pointers_ppm;
    uint64_t immortal_bytes, immortal_limit;
};

/* The references that come with a birth. */
static int connect(struct mix *m, uint32_t slot, enum site site)
{
    uint32_t n = m->pointers_ppm / RNG_ONE;
    n += rng_chance(&m->synth.rng, m->pointers_ppm % RNG_ONE);
    if (n > 0 && site != SITE_CALL) {
        int err = mutator_keep(&m->mutator, slot);
        if (err < 0)
            return err;
        n--;
    }
    for (uint32_t word = 0; word < n; word++) {
        uint32_t target = mutator_any(&m->mutator);
        if (target == MUTATOR_NONE)
            continue;
        int err = mutator_refer(&m->mutator, slot, word, target);
        if (err < 0)
            return err;
    }
    return 0;
}

static uint32_t draw_blocks(struct rng *r)
{
    uint32_t share = rng_below(r, 10000);
    for (uint32_t i = 0; i < sizeof size_shares / sizeof size_shares[0]; i++) {
        if (share < size_shares[i])
            return i + 1;
        share -= size_shares[i];
    }
    return rng_between(r, 9, 40);
}

static enum site draw_site(const struct mix *m, struct rng *r)
{
    uint32_t share = rng_below(r, RNG_ONE);
    enum site site = SITE_CALL;
    while (site < SITE_IMMORTAL && share >= lives[site].ppm)
        share -= lives[site++].ppm;
    if (site == SITE_IMMORTAL && m->immortal_bytes >= m->immortal_limit)
        return SITE_CACHE;
    return site;
}

/* Those whose time has come die, and one object is born. */
static int step(struct synth *s)
{
    struct mix *m = (struct mix *)s;
    int err = mutator_pass(&m->mutator);
    if (err < 0)
        return err;
    enum site site = draw_site(m, &s->rng);
    uint64_t bytes = BLOCK_BYTES * (uint64_t)draw_blocks(&s->rng);
    uint32_t slot = MUTATOR_NONE;
    err = mutator_birth(&m->mutator, bytes, site, &slot);
    if (err == 0)
        err = connect(m, slot, site);
    if (err < 0)
        return err;

    uint32_t life = MUTATOR_FOREVER;
    if (site == SITE_IMMORTAL)
        m->immortal_bytes += bytes;
    else
        life = dist_exponential(&m->dist, &s->rng, lives[site].mean);
    return mutator_settle(&m->mutator, slot, life);
}

static void dispose(struct synth *s)
{
    mutator_free(&((struct mix *)s)->mutator);
}

static struct synth *make(const uint64_t *values, int *err,
                          struct problem *problem)
{
    struct mix *m = (struct mix *)synth_new(sizeof *m, step, dispose);
    uint32_t n_roots = (uint32_t)values[KEY_ROOTS];
    if (m == 0 || mutator_init(&m->mutator, &m->synth, n_roots) < 0) {
        *err = problem_set(problem, ERR_MEMORY, "mpy-mix: out of memory");
        free(m);
        return 0;
    }
    dist_init(&m->dist);
    m->immortal_limit = values[KEY_HEAP] * values[KEY_IMMORTAL] / RNG_ONE;
    m->pointers_ppm = (uint32_t)values[KEY_POINTERS];

    struct trace_header *h = &m->synth.workload.header;
    h->has_graph = 1;
    h->has_deaths = 1;
    h->root_words = n_roots;
    return &m->synth;
}

/* clang-format off */
const struct preset preset_mpy_mix = {
    .name = "mpy-mix",
    .summary = "MicroPython in general: measured sizes, lives and references",
    .keys = {
        {"seed", "1", PRESET_NUMBER, 0, UINT64_MAX,
         "of the random numbers"},
        {"heap", "64K", PRESET_BYTES, 1024, 1 << 30,
         "the heap that `immortal` is a share of"},
        {"ops", "100K", PRESET_NUMBER, 1, UINT64_C(1) << 40,
         "allocations"},
        {"immortal", "0.5", PRESET_SHARE, 0, RNG_ONE,
         "most bytes of objects that never die, as a share of the heap"},
        {"pointers", "1.2", PRESET_SHARE, 0, MUTATOR_WORDS * RNG_ONE,
         "references an object, on average"},
        {"roots", "32", PRESET_NUMBER, 0, 1 << 16,
         "precise root slots"},
    },
    .make = make,
};
/* clang-format on */
