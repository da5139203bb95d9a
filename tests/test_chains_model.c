/*
 * test_chains_model.c - random operations on core/chains against a naive list
 * of objects and a count of free blocks
 */
#include "tests/chains_heap.h"
#include "traces/synth/rng.h"

TestSuite(chains_model, .fini = close);

#define OBJECTS_CAP 200

struct thing {
    addr32 name;
    uint32_t asked;
    uint32_t fill;
};

static struct {
    struct rng rng;
    struct thing object[OBJECTS_CAP];
    uint32_t n_objects;
    uint32_t block, link, fan; /* fan: links that a block holds           */
    uint32_t n_free;
} m;

/* Blocks of an object, level by level from the data. */
static uint32_t need(uint32_t bytes)
{
    uint32_t n = (bytes + m.block - 1) / m.block;
    if (m.link == CHAINS_LIST || n == 1)
        return n;
    uint32_t n_levels = 1;
    uint32_t most = m.fan - 1;
    for (; most < n; most *= m.fan)
        n_levels++;
    uint32_t total = n + 1;
    uint32_t width = m.fan;
    for (uint32_t level = 1; level < n_levels; level++, width *= m.fan)
        total += (n + width - 1) / width;
    return total;
}

static uint32_t some_bytes(void)
{
    static const uint32_t most[] = {12, 40, 100, 300, 1000, 4000};
    return 1 + rng_below(&m.rng, most[rng_below(&m.rng, 6)]);
}

static void try_alloc(void)
{
    uint32_t bytes = some_bytes();
    addr32 p = chains_alloc(h, bytes, 0);
    cr_assert(eq(int, p != 0, need(bytes) <= m.n_free));
    if (p == 0)
        return;
    cr_assert(eq(u32, p % m.block, 0));
    m.n_free -= need(bytes);
    struct thing o = {p, bytes, rng_below(&m.rng, 256)};
    m.object[m.n_objects++] = o;
    fill(p, bytes, o.fill);
}

static void try_free(void)
{
    uint32_t i = rng_below(&m.rng, m.n_objects);
    const struct thing o = m.object[i];
    cr_assert(is_filled(o.name, o.asked, o.fill));
    chains_free(h, o.name);
    m.n_free += need(o.asked);
    m.object[i] = m.object[--m.n_objects];
}

static void try_realloc(void)
{
    struct thing *o = &m.object[rng_below(&m.rng, m.n_objects)];
    uint32_t bytes = some_bytes();
    uint32_t before = need(o->asked);
    addr32 p = chains_realloc(h, o->name, bytes, rng_below(&m.rng, 2) == 0);
    cr_assert(eq(int, p != 0, need(bytes) <= before + m.n_free));
    uint32_t kept = bytes < o->asked && p != 0 ? bytes : o->asked;
    cr_assert(is_filled(o->name, kept, o->fill));
    if (p == 0)
        return;
    cr_assert(eq(u32, p, o->name));
    m.n_free = m.n_free + before - need(bytes);
    o->asked = bytes;
    fill(p, bytes, o->fill);
}

/* Every byte of every object, and the sums, through walk and info. */
static void compare(void)
{
    struct heap_cursor cursor = {0};
    struct heap_object found;
    struct heap_info info = look();
    uint32_t used = 0, n = 0;
    for (uint32_t i = 0; i < m.n_objects; i++) {
        const struct thing *o = &m.object[i];
        used += (o->asked + m.block - 1) / m.block * m.block;
        cr_assert(is_filled(o->name, o->asked, o->fill));
    }
    for (addr32 last = 0; chains_walk(h, &cursor, &found); n++) {
        cr_assert(gt(u32, found.address, last));
        last = found.address;
        uint32_t i = 0;
        while (i < m.n_objects && m.object[i].name != last)
            i++;
        cr_assert(lt(u32, i, m.n_objects));
    }
    cr_assert(eq(u32, n, m.n_objects));
    cr_assert(eq(u32, info.n_objects, n));
    cr_assert(eq(u32, info.used_bytes, used));
    cr_assert(eq(u32, info.free_bytes, m.n_free * m.block));
    cr_assert(eq(u32, info.max_free, m.n_free));
}

/* With areas upwards in memory, so that addresses ascend along the list. */
static void add_area(uint32_t number)
{
    uint32_t before = fixed_of(h)->n_blocks;
    uint32_t bytes = 500 + rng_below(&m.rng, 3000);
    cr_assert(
        eq(u32, chains_add_area(h, BASE + 0x8000 * number, bytes), HEAP_OK));
    m.n_free += fixed_of(h)->n_blocks - before;
}

static void play(uint64_t seed, const struct chains_params *p, uint32_t n_ops)
{
    memset(&m, 0, sizeof m);
    rng_seed(&m.rng, seed);
    m.block = p->block;
    m.link = p->link;
    m.fan = p->block / p->index_bytes;
    open_with(*p, 3000 + rng_below(&m.rng, 10000));
    m.n_free = fixed_of(h)->n_blocks;
    for (uint32_t i = 0; i < n_ops; i++) {
        uint32_t dice = rng_below(&m.rng, 100);
        bool is_growing = i / 200 % 2 == 0;
        if (i == n_ops / 3 || i == n_ops / 2)
            add_area(i == n_ops / 3 ? 1 : 2);
        if ((dice < (is_growing ? 60u : 30u) || m.n_objects == 0) &&
            m.n_objects < OBJECTS_CAP)
            try_alloc();
        else if (dice < 75 && m.n_objects > 0)
            try_realloc();
        else if (m.n_objects > 0)
            try_free();
        int broken = chains_check(h, BASE, WINDOW);
        cr_assert(eq(int, broken, 0), "seed %llu, operation %u",
                  (unsigned long long)seed, i);
        cr_assert(eq(u32, n_free(), m.n_free), "seed %llu, operation %u",
                  (unsigned long long)seed, i);
        if (i % 16 == 0)
            compare();
    }
    while (m.n_objects > 0)
        try_free();
    compare();
}

Test(chains_model, random_operations_agree_with_a_naive_model)
{
    uint32_t n_seeds = getenv("FRAGLAB_LONG") != NULL ? 300 : 2;
    for (uint64_t seed = 1; seed <= n_seeds; seed++) {
        for (uint32_t i = 0; i < 12; i++) {
            struct chains_params p = {.block = 16u << i / 4,
                                      .link = i % 2,
                                      .index_bytes = i % 4 < 2 ? 2 : 4};
            play(seed, &p, 1200);
        }
    }
}

/* A heap of few blocks is full at every turn. */
Test(chains_model, the_smallest_heaps_serve_all_they_can)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct chains_params p = {
            .block = 16, .link = (uint32_t)seed % 2, .index_bytes = 2};
        memset(&m, 0, sizeof m);
        rng_seed(&m.rng, seed);
        m.block = 16;
        m.link = p.link;
        m.fan = 8;
        open_with(p, 80 + 20 * (uint32_t)seed);
        m.n_free = fixed_of(h)->n_blocks;
        for (uint32_t i = 0; i < 300; i++) {
            if (rng_below(&m.rng, 2) == 0 && m.n_objects < OBJECTS_CAP)
                try_alloc();
            else if (m.n_objects > 0 && rng_below(&m.rng, 2) == 0)
                try_realloc();
            else if (m.n_objects > 0)
                try_free();
            cr_assert(eq(int, chains_check(h, BASE, WINDOW), 0));
        }
        compare();
    }
}
