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
 *         object. What stays is first stored in a keeper: a free word of a
 *         random immortal object, else a free root slot; then it refers on
 *         like the others. Before an object dies, every word and root slot
 *         that names it is cleared, so a collection at any moment finds
 *         exactly the living.
 *
 * Nothing is freed: objects die and a collector reclaims them. What no keeper
 * had room for is live all the same; the replay holds it (REPLAY, section 2).
 *
 * Cost      O(log live) an allocation; memory: live objects.
 */
#include <stdlib.h>

#include "traces/synth/dist.h"
#include "traces/synth/synth.h"

enum { KEY_IMMORTAL = KEY_OWN, KEY_POINTERS, KEY_ROOTS };

enum { BLOCK_BYTES = 16, WORDS = 4 }; /* words of an object that refer    */

enum site { SITE_CALL = 1, SITE_LOOP, SITE_CACHE, SITE_IMMORTAL };

#define NOTHING UINT32_MAX /* no object, no edge, no root slot             */

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

/* Edge 4 * object + word: what the word names, and its place in the list of
 * all edges that name the same object. */
struct edge {
    uint32_t target; /* object, or NOTHING: the word is free              */
    uint32_t next, previous;
};

struct object {
    uint64_t id;
    uint32_t first_edge; /* of those that name it; NOTHING: none          */
    uint32_t root;       /* the slot that names it; NOTHING: none         */
};

struct mortal {
    uint64_t death; /* before the allocation of this number               */
    uint32_t object;
};

struct mix {
    struct synth synth;
    struct dist dist;
    uint64_t now; /* allocations so far                                   */
    uint32_t pointers_ppm;
    uint64_t immortal_bytes, immortal_limit;

    struct object *objects; /* n_objects used or on the list of free ones */
    struct edge *edges;     /* WORDS an object                            */
    size_t n_objects, cap_objects;
    uint32_t free_object; /* linked by first_edge                         */

    struct mortal *mortals; /* binary heap, the next to die first         */
    size_t n_mortals, cap_mortals;
    uint32_t *immortals;
    size_t n_immortals, cap_immortals;
    bool *root_is_taken;
    uint32_t n_roots;
};

static bool dies_before(const struct mortal *a, const struct mortal *b)
{
    /* Among equals the older object goes first: a fixed order everywhere. */
    return a->death != b->death ? a->death < b->death : a->object < b->object;
}

static int add_mortal(struct mix *m, struct mortal new)
{
    void *grown = m->mortals;
    int err = synth_reserve(&grown, &m->cap_mortals, m->n_mortals,
                            sizeof *m->mortals);
    if (err < 0)
        return err;
    m->mortals = grown;

    size_t i = m->n_mortals++;
    for (; i > 0 && dies_before(&new, &m->mortals[(i - 1) / 2]);
         i = (i - 1) / 2)
        m->mortals[i] = m->mortals[(i - 1) / 2];
    m->mortals[i] = new;
    return 0;
}

static uint32_t take_next_mortal(struct mix *m)
{
    uint32_t object = m->mortals[0].object;
    struct mortal last = m->mortals[--m->n_mortals];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= m->n_mortals)
            break;
        if (child + 1 < m->n_mortals &&
            dies_before(&m->mortals[child + 1], &m->mortals[child]))
            child++;
        if (!dies_before(&m->mortals[child], &last))
            break;
        m->mortals[i] = m->mortals[child];
        i = child;
    }
    m->mortals[i] = last;
    return object;
}

/* A place for a new object, its words free. */
static int new_object(struct mix *m, uint32_t *object)
{
    *object = m->free_object;
    if (*object != NOTHING) {
        m->free_object = m->objects[*object].first_edge;
    } else {
        void *objects = m->objects;
        size_t cap = m->cap_objects;
        int err = synth_reserve(&objects, &m->cap_objects, m->n_objects,
                                sizeof *m->objects);
        if (err < 0)
            return err;
        m->objects = objects;
        if (cap != m->cap_objects) {
            void *edges = reallocarray(m->edges, m->cap_objects,
                                       WORDS * sizeof *m->edges);
            if (edges == 0)
                return ERR_MEMORY;
            m->edges = edges;
        }
        *object = (uint32_t)m->n_objects++;
    }
    m->objects[*object].first_edge = NOTHING;
    m->objects[*object].root = NOTHING;
    for (uint32_t w = 0; w < WORDS; w++)
        m->edges[*object * WORDS + w].target = NOTHING;
    return 0;
}

static int link_edge(struct mix *m, uint32_t from, uint32_t word, uint32_t to)
{
    uint32_t e = from * WORDS + word;
    struct object *target = &m->objects[to];
    m->edges[e] = (struct edge){to, target->first_edge, NOTHING};
    if (target->first_edge != NOTHING)
        m->edges[target->first_edge].previous = e;
    target->first_edge = e;
    return synth_store(&m->synth, m->objects[from].id, word, target->id);
}

static void unlink_edge(struct mix *m, uint32_t e)
{
    struct edge *edge = &m->edges[e];
    if (edge->next != NOTHING)
        m->edges[edge->next].previous = edge->previous;
    if (edge->previous != NOTHING)
        m->edges[edge->previous].next = edge->next;
    else
        m->objects[edge->target].first_edge = edge->next;
    edge->target = NOTHING;
}

/* The object dies: nothing names it any more, and it names nothing. */
static int kill_object(struct mix *m, uint32_t object)
{
    struct object *o = &m->objects[object];
    while (o->first_edge != NOTHING) {
        uint32_t e = o->first_edge;
        unlink_edge(m, e);
        int err = synth_store(&m->synth, m->objects[e / WORDS].id, e % WORDS,
                              TRACE_NONE);
        if (err < 0)
            return err;
    }
    if (o->root != NOTHING) {
        m->root_is_taken[o->root] = false;
        int err = synth_root(&m->synth, o->root, TRACE_NONE);
        if (err < 0)
            return err;
    }
    for (uint32_t e = object * WORDS; e < (object + 1) * WORDS; e++)
        if (m->edges[e].target != NOTHING)
            unlink_edge(m, e);
    o->first_edge = m->free_object;
    m->free_object = object;
    return synth_death(&m->synth, o->id);
}

/* Name `object` in a root slot, if the slot drawn for it is free. */
static int keep_in_root(struct mix *m, uint32_t object)
{
    if (m->n_roots == 0)
        return 0;
    uint32_t slot = rng_below(&m->synth.rng, m->n_roots);
    if (m->root_is_taken[slot])
        return 0;
    m->root_is_taken[slot] = true;
    m->objects[object].root = slot;
    return synth_root(&m->synth, slot, m->objects[object].id);
}

/* Store `object` in a keeper: an immortal object, else a root. */
static int keep(struct mix *m, uint32_t object)
{
    struct rng *r = &m->synth.rng;
    for (int tries = 0; tries < 4 && m->n_immortals > 0; tries++) {
        uint32_t keeper = m->immortals[rng_below(r, (uint32_t)m->n_immortals)];
        uint32_t word = rng_below(r, WORDS);
        if (m->edges[keeper * WORDS + word].target == NOTHING)
            return link_edge(m, keeper, word, object);
    }
    return keep_in_root(m, object);
}

/* A live object: an immortal one, or one that will die. NOTHING: none. */
static uint32_t any_object(struct mix *m)
{
    struct rng *r = &m->synth.rng;
    bool is_mortal = rng_next(r) >> 31;
    if (m->n_immortals == 0 || (is_mortal && m->n_mortals > 0)) {
        if (m->n_mortals == 0)
            return NOTHING;
        return m->mortals[rng_below(r, (uint32_t)m->n_mortals)].object;
    }
    return m->immortals[rng_below(r, (uint32_t)m->n_immortals)];
}

/* The references that come with a birth. */
static int connect(struct mix *m, uint32_t object, enum site site)
{
    uint32_t n = m->pointers_ppm / RNG_ONE;
    n += rng_chance(&m->synth.rng, m->pointers_ppm % RNG_ONE);
    if (n > 0 && site != SITE_CALL) {
        int err = keep(m, object);
        if (err < 0)
            return err;
        n--;
    }
    for (uint32_t word = 0; word < n; word++) {
        uint32_t target = any_object(m);
        if (target == NOTHING)
            continue;
        int err = link_edge(m, object, word, target);
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

static int add_immortal(struct mix *m, uint32_t object, uint64_t bytes)
{
    void *immortals = m->immortals;
    int err = synth_reserve(&immortals, &m->cap_immortals, m->n_immortals,
                            sizeof *m->immortals);
    if (err < 0)
        return err;
    m->immortals = immortals;
    m->immortals[m->n_immortals++] = object;
    m->immortal_bytes += bytes;
    return 0;
}

/* Those whose time has come die, and one object is born. */
static int step(struct synth *s)
{
    struct mix *m = (struct mix *)s;
    m->now++;
    while (m->n_mortals > 0 && m->mortals[0].death <= m->now) {
        int err = kill_object(m, take_next_mortal(m));
        if (err < 0)
            return err;
    }
    enum site site = draw_site(m, &s->rng);
    uint64_t bytes = BLOCK_BYTES * (uint64_t)draw_blocks(&s->rng);
    uint32_t object = NOTHING;
    int err = new_object(m, &object);
    if (err == 0)
        err = synth_alloc(s, bytes, site, &m->objects[object].id);
    if (err == 0)
        err = connect(m, object, site);
    if (err < 0)
        return err;
    if (site == SITE_IMMORTAL)
        return add_immortal(m, object, bytes);
    uint32_t life = dist_exponential(&m->dist, &s->rng, lives[site].mean);
    return add_mortal(m, (struct mortal){m->now + 1 + life, object});
}

static void dispose(struct synth *s)
{
    struct mix *m = (struct mix *)s;
    free(m->objects);
    free(m->edges);
    free(m->mortals);
    free(m->immortals);
    free(m->root_is_taken);
}

static struct synth *make(const uint64_t *values, int *err,
                          struct problem *problem)
{
    struct mix *m = (struct mix *)synth_new(sizeof *m, step, dispose);
    bool *roots = calloc(values[KEY_ROOTS] + 1, sizeof *roots);
    if (m == 0 || roots == 0) {
        *err = problem_set(problem, ERR_MEMORY, "mpy-mix: out of memory");
        free(roots);
        free(m);
        return 0;
    }
    dist_init(&m->dist);
    m->immortal_limit = values[KEY_HEAP] * values[KEY_IMMORTAL] / RNG_ONE;
    m->pointers_ppm = (uint32_t)values[KEY_POINTERS];
    m->free_object = NOTHING;
    m->root_is_taken = roots;
    m->n_roots = (uint32_t)values[KEY_ROOTS];

    struct trace_header *h = &m->synth.workload.header;
    h->has_graph = 1;
    h->has_deaths = 1;
    h->root_words = m->n_roots;
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
        {"pointers", "1.2", PRESET_SHARE, 0, WORDS * RNG_ONE,
         "references an object, on average"},
        {"roots", "32", PRESET_NUMBER, 0, 1 << 16,
         "precise root slots"},
    },
    .make = make,
};
/* clang-format on */
