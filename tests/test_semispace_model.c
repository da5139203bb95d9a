/*
 * test_semispace_model.c - random operations on core/semispace and on a naive
 * model of Cheney's order: the address of every object, and every word of it,
 * must be the model's after each operation
 */
#include "tests/semispace_heap.h"
#include "traces/synth/rng.h"

TestSuite(semispace_model, .fini = close);

#define OBJECTS_CAP 1200
#define WORDS_CAP   160
#define ROOTS       24u
#define NONE        UINT32_MAX

struct object {
    uint32_t offset; /* from the current half's start                     */
    uint32_t size;   /* granted bytes                                     */
    bool is_leaf, is_new;    /* is_new: copied by the collection under way   */
    uint32_t ref[WORDS_CAP]; /* of each word: an object, or NONE: a number */
};

static struct {
    struct rng rng;
    struct semispace_params params;
    struct object object[OBJECTS_CAP]; /* of the current half, any order  */
    uint32_t n_objects, half_bytes, frontier, top, is_upper;
    uint32_t root[ROOTS]; /* objects, or NONE                             */
    uint32_t is_auto, locks, threshold, given; /* in blocks               */
    uint32_t n_collections;
} m;

static addr32 start(void)
{
    return h->first.pool + m.is_upper * m.half_bytes;
}

static addr32 address(uint32_t k)
{
    return start() + m.object[k].offset;
}

/* What a word is that is no reference: its low bits are not 00. */
static uint32_t number(uint32_t w)
{
    return w * 31 << 2 | (1 + w % 3);
}

/* ---- The collector, naively --------------------------------------------- */

static uint32_t queue[OBJECTS_CAP], n_queue;

/* Object k survives, once. */
static void reach(uint32_t k)
{
    if (k == NONE || m.object[k].is_new)
        return;
    struct object *o = &m.object[k];
    o->is_new = true;
    if (o->is_leaf) {
        m.top -= o->size;
        o->offset = m.top;
        return;
    }
    o->offset = m.frontier;
    m.frontier += o->size;
    queue[n_queue++] = k;
}

/* The survivors get new numbers: those of an array without gaps. */
static void renumber(uint32_t *moving)
{
    uint32_t now[OBJECTS_CAP], n = 0;
    for (uint32_t k = 0; k < m.n_objects; k++)
        now[k] = m.object[k].is_new ? n++ : NONE;
    for (uint32_t k = 0; k < m.n_objects; k++) {
        struct object *o = &m.object[k];
        for (uint32_t w = 0; w < WORDS_CAP && o->is_new; w++)
            o->ref[w] = o->ref[w] == NONE ? NONE : now[o->ref[w]];
        if (now[k] != NONE)
            m.object[now[k]] = *o;
    }
    for (uint32_t i = 0; i < ROOTS; i++)
        m.root[i] = m.root[i] == NONE ? NONE : now[m.root[i]];
    *moving = *moving == NONE ? NONE : now[*moving];
    m.n_objects = n;
}

static void model_collect(uint32_t *moving)
{
    m.n_collections++;
    m.given = 0;
    m.is_upper ^= 1;
    m.frontier = n_queue = 0;
    m.top = m.half_bytes;
    for (uint32_t k = 0; k < m.n_objects; k++)
        m.object[k].is_new = false;
    for (uint32_t i = 0; i < ROOTS; i++)
        reach(m.root[i]);
    reach(*moving);
    for (uint32_t i = 0; i < n_queue; i++) {
        const struct object *o = &m.object[queue[i]];
        for (uint32_t w = 0; w < o->size / 4; w++)
            reach(o->ref[w]);
    }
    renumber(moving);
}

/* ---- Requests, naively --------------------------------------------------- */

static uint32_t round_up(uint32_t bytes)
{
    uint32_t block = m.params.block;
    return (bytes + block - 1) / block * block;
}

/* The new object's place in the array, or NONE. */
static uint32_t model_alloc(uint32_t bytes, bool is_leaf, uint32_t *moving)
{
    uint32_t size = round_up(bytes);
    if (m.locks > 0 || size > m.half_bytes)
        return NONE;
    bool may_collect = m.is_auto;
    if (may_collect && m.given >= m.threshold) {
        model_collect(moving);
        may_collect = false;
    }
    if (size > m.top - m.frontier && may_collect)
        model_collect(moving);
    if (size > m.top - m.frontier)
        return NONE;
    cr_assert(lt(u32, m.n_objects, OBJECTS_CAP));
    struct object *o = &m.object[m.n_objects];
    *o = (struct object){.size = size, .is_leaf = is_leaf};
    m.top -= is_leaf ? size : 0;
    o->offset = is_leaf ? m.top : m.frontier;
    m.frontier += is_leaf ? 0 : size;
    m.given += size / m.params.block;
    for (uint32_t w = 0; w < WORDS_CAP; w++)
        o->ref[w] = NONE;
    return m.n_objects++;
}

static bool is_last(uint32_t k)
{
    return m.object[k].offset + m.object[k].size == m.frontier;
}

/* ---- One side follows the other ------------------------------------------ */

/* Object k is new or longer: its words are written from word `w` on. */
static void fill(uint32_t k, uint32_t w)
{
    for (; w < m.object[k].size / 4; w++)
        *word(address(k) + 4 * w) = number(w);
}

static void set_roots(void)
{
    roots->n_precise = ROOTS / 2;
    roots->n_held = ROOTS - ROOTS / 2;
    for (uint32_t i = 0; i < ROOTS; i++)
        roots->word[i] = m.root[i] == NONE ? i : address(m.root[i]);
}

/* Both sides have done the same: the roots are the model's, before the program
 * goes on. */
static void compare_roots(void)
{
    cr_assert(eq(u32, h->n_collections, m.n_collections));
    for (uint32_t i = 0; i < ROOTS; i++)
        cr_assert(eq(u32, roots->word[i],
                     m.root[i] == NONE ? i : address(m.root[i])));
}

static void compare(void)
{
    const struct semispace *own = semispace_of(h);
    cr_assert(eq(u32, own->start, start()));
    cr_assert(eq(u32, own->frontier, start() + m.frontier));
    cr_assert(eq(u32, own->top, start() + m.top));
    cr_assert(eq(u32, own->n_objects, m.n_objects));
    for (uint32_t k = 0; k < m.n_objects; k++) {
        const struct object *o = &m.object[k];
        cr_assert(eq(u32, semispace_bytes(h, address(k)), o->size));
        for (uint32_t w = 0; w < o->size / 4; w++) {
            uint32_t is = *word(address(k) + 4 * w);
            uint32_t expected =
                o->ref[w] == NONE ? number(w) : address(o->ref[w]);
            cr_assert(eq(u32, is, expected));
        }
    }
    cr_assert(eq(int, semispace_check(h, BASE, WINDOW), 0));
}

static uint32_t some_bytes(void)
{
    static const uint32_t most[] = {12, 40, 100, 300, 620};
    return 1 + rng_below(&m.rng, most[rng_below(&m.rng, 5)]);
}

static void try_alloc(void)
{
    uint32_t bytes = some_bytes(), none = NONE;
    bool is_leaf = rng_below(&m.rng, 4) == 0;
    addr32 p = semispace_alloc(h, bytes, is_leaf ? HEAP_LEAF : 0);
    uint32_t k = model_alloc(bytes, is_leaf, &none);
    compare_roots();
    cr_assert(eq(u32, p, k == NONE ? 0 : address(k)));
    if (k == NONE)
        return;
    for (uint32_t i = m.params.zero ? 0 : bytes; i < m.object[k].size; i++)
        cr_assert(eq(u8, *byte_at(h, p + i), 0));
    fill(k, 0);
    m.root[rng_below(&m.rng, ROOTS)] = k;
}

/* An object that the program can reach. */
static uint32_t some_object(void)
{
    uint32_t k = m.root[rng_below(&m.rng, ROOTS)];
    for (uint32_t n = rng_below(&m.rng, 4); n > 0 && k != NONE; n--) {
        uint32_t to = m.object[k].ref[rng_below(&m.rng, 4)];
        k = to == NONE ? k : to;
    }
    return k;
}

static void try_store(void)
{
    uint32_t k = some_object(), to = some_object();
    if (k == NONE || m.object[k].is_leaf)
        return;
    uint32_t n_words = m.object[k].size / 4;
    uint32_t w = rng_below(&m.rng, n_words < 4 ? n_words : 4);
    m.object[k].ref[w] = to;
    semispace_store(h, address(k), w, to == NONE ? number(w) : address(to));
}

/* Whoever names object k names object `to` from now on, or nothing. */
static void rename(uint32_t k, uint32_t to)
{
    for (uint32_t i = 0; i < ROOTS; i++)
        m.root[i] = m.root[i] == k ? to : m.root[i];
    for (uint32_t i = 0; i < m.n_objects; i++) {
        struct object *o = &m.object[i];
        for (uint32_t w = 0; w < o->size / 4; w++) {
            if (o->ref[w] != k)
                continue;
            o->ref[w] = to;
            *word(address(i) + 4 * w) = to == NONE ? number(w) : address(to);
        }
    }
}

/* The object is gone from memory, too; the last of the array takes its place.
 */
static void drop(uint32_t k)
{
    rename(k, NONE);
    uint32_t last = --m.n_objects;
    m.object[k] = m.object[last];
    for (uint32_t i = 0; i < ROOTS; i++)
        m.root[i] = m.root[i] == last ? k : m.root[i];
    for (uint32_t i = 0; i < m.n_objects; i++) {
        for (uint32_t w = 0; w < WORDS_CAP; w++) {
            uint32_t *ref = &m.object[i].ref[w];
            *ref = *ref == last ? k : *ref;
        }
    }
}

static void try_free(void)
{
    uint32_t k = some_object();
    if (k == NONE)
        return;
    semispace_free(h, address(k));
    struct object o = m.object[k];
    bool is_at_top = o.offset == m.top;
    if (m.locks > 0 || (!is_last(k) && !is_at_top)) {
        if (m.locks == 0)
            rename(k, NONE); /* the program has done with it */
        return;
    }
    if (is_last(k))
        m.frontier = o.offset;
    else
        m.top += o.size;
    drop(k);
}

static void try_realloc(void)
{
    uint32_t k = some_object();
    if (k == NONE)
        return;
    uint32_t bytes = some_bytes(), size = round_up(bytes);
    bool may_move = rng_below(&m.rng, 2);
    struct object old = m.object[k];
    addr32 was = address(k);
    uint32_t expected = NONE;
    bool stays = m.locks == 0 && is_last(k) && size <= m.top - old.offset;
    if (stays) {
        m.object[k].size = size;
        m.frontier = old.offset + size;
    }
    stays = stays || (m.locks == 0 && size <= old.size);
    if (stays)
        expected = k;
    else if (may_move && m.locks == 0)
        expected = model_alloc(bytes, old.is_leaf, &k);
    addr32 p = semispace_realloc(h, was, bytes, may_move);
    compare_roots();
    cr_assert(eq(u32, p, expected == NONE ? 0 : address(expected)));
    if (expected == NONE)
        return;
    if (expected != k) {
        memcpy(m.object[expected].ref, m.object[k].ref,
               old.size / 4 * sizeof(uint32_t));
        rename(k, expected);
    }
    for (uint32_t w = m.object[expected].size / 4; w < WORDS_CAP; w++)
        m.object[expected].ref[w] = NONE;
    if (m.object[expected].size > old.size)
        fill(expected, old.size / 4);
}

static void try_control(void)
{
    uint32_t none = NONE;
    switch (rng_below(&m.rng, 8)) {
    case 0:
        cr_assert(eq(u32, semispace_control(h, CONTROL_LOCK, 1), HEAP_OK));
        m.locks++;
        break;
    case 1:
    case 2:
        (void)semispace_control(h, CONTROL_LOCK, 0);
        m.locks -= m.locks > 0;
        break;
    case 3:
        m.is_auto = rng_below(&m.rng, 4) != 0;
        (void)semispace_control(h, CONTROL_AUTO, m.is_auto);
        break;
    case 4:
        m.threshold = 8 + rng_below(&m.rng, 100);
        (void)semispace_control(h, CONTROL_THRESHOLD,
                                m.threshold * m.params.block);
        break;
    case 5:
        m.threshold = HEAP_NO_THRESHOLD;
        (void)semispace_control(h, CONTROL_THRESHOLD, m.threshold);
        break;
    case 6:
        model_collect(&none);
        (void)semispace_collect(h, COLLECT_ORDINARY);
        compare_roots();
        break;
    default:
        if (rng_below(&m.rng, 20) != 0)
            break;
        m.n_collections++;
        (void)semispace_collect(h, COLLECT_EVERYTHING);
        m.n_objects = m.frontier = 0;
        m.top = m.half_bytes;
        memset(m.root, 0xff, sizeof m.root);
    }
}

static void play(struct semispace_params p, uint64_t seed, uint32_t n_ops)
{
    memset(&m, 0, sizeof m);
    memset(m.root, 0xff, sizeof m.root);
    rng_seed(&m.rng, seed);
    m.params = p;
    open_with(p, 3000 + rng_below(&m.rng, 9000));
    m.half_bytes = semispace_of(h)->half_bytes;
    m.top = m.half_bytes;
    m.is_auto = p.automatic;
    m.threshold =
        p.threshold == HEAP_NO_THRESHOLD ? p.threshold : p.threshold / p.block;
    for (uint32_t i = 0; i < n_ops; i++) {
        uint32_t what = rng_below(&m.rng, 20);
        set_roots();
        if (what < 8)
            try_alloc();
        else if (what < 13)
            try_store();
        else if (what < 15)
            try_free();
        else if (what < 18)
            try_realloc();
        else if (what < 19)
            m.root[rng_below(&m.rng, ROOTS)] = NONE;
        else
            try_control();
        compare();
    }
    cr_assert(gt(u32, m.n_collections, 10));
}

/* Several lives; FRAGLAB_LONG makes them many. */
static void lives(struct semispace_params p)
{
    uint64_t n = getenv("FRAGLAB_LONG") != NULL ? 100 : 2;
    for (uint64_t seed = 1; seed <= n; seed++) {
        cr_log_info("seed %u", (unsigned)seed);
        play(p, seed * 31 + p.block, 2500);
    }
}

Test(semispace_model, blocks_of_16_bytes)
{
    lives((struct semispace_params)SEMISPACE_DEFAULTS);
}

Test(semispace_model, blocks_of_other_sizes)
{
    struct semispace_params p = SEMISPACE_DEFAULTS;
    p.block = 8;
    lives(p);
    p.block = 64;
    lives(p);
}

Test(semispace_model, memory_that_is_not_zeroed)
{
    struct semispace_params p = SEMISPACE_DEFAULTS;
    p.zero = 0;
    lives(p);
}

Test(semispace_model, a_collection_at_every_allocation)
{
    struct semispace_params p = SEMISPACE_DEFAULTS;
    p.threshold = 1;
    lives(p);
}
