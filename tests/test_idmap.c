/*
 * test_idmap.c - what became of ids, against a plain array
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/replay/idmap.h"
#include "traces/synth/rng.h"

#define N_IDS (200 * 256)

static uint32_t truth[N_IDS];
static struct rng rng;

static uint32_t below(uint32_t n)
{
    return (uint32_t)rng_below(&rng, n);
}

static bool is_alive(uint32_t value)
{
    return value < IDMAP_SLOT_MAX || value == IDMAP_ABSENT;
}

/* Equal; or ended both ways, the map having forgotten how. */
static bool agrees(struct idmap *m, uint64_t id)
{
    uint32_t value = idmap_get(m, id);
    return value == truth[id] || (value == IDMAP_ENDED && !is_alive(truth[id]));
}

static void compare(struct idmap *m)
{
    for (uint64_t id = 0; id < N_IDS; id++)
        cr_assert(agrees(m, id), "id %u: %x, not %x", (unsigned)id,
                  idmap_get(m, id), truth[id]);
}

static void set(struct idmap *m, uint64_t id, uint32_t value)
{
    cr_assert(idmap_set(m, id, value));
    truth[id] = value;
}

static struct idmap *begin(uint64_t seed)
{
    rng_seed(&rng, seed);
    for (uint32_t i = 0; i < N_IDS; i++)
        truth[i] = IDMAP_NEVER;
    return idmap_new();
}

Test(idmap, nothing_is_known_at_first)
{
    struct idmap *m = begin(1);
    cr_assert(eq(u32, idmap_get(m, 0), IDMAP_NEVER));
    cr_assert(eq(u32, idmap_get(m, UINT64_C(1) << 61), IDMAP_NEVER));
    idmap_free(m);
    idmap_free(NULL);
}

Test(idmap, each_end_is_told_apart)
{
    struct idmap *m = begin(2);
    static const uint32_t ends[] = {
        IDMAP_FREED, IDMAP_DEAD, IDMAP_ABSENT, 0, 5, IDMAP_SLOT_MAX - 1};
    for (uint32_t i = 0; i < 6; i++)
        set(m, i, ends[i]);
    compare(m);
    idmap_free(m);
}

Test(idmap, ids_in_order_with_few_alive)
{
    struct idmap *m = begin(3);
    for (uint32_t id = 0; id < N_IDS; id++) {
        set(m, id, below(1000));
        if (id >= 50)
            set(m, id - 50, below(2) ? IDMAP_FREED : IDMAP_DEAD);
        if (below(500) == 0)
            compare(m);
    }
    compare(m);
    cr_assert(eq(u32, idmap_get(m, 3), IDMAP_ENDED), "long ago");
    idmap_free(m);
}

Test(idmap, recent_ends_are_remembered)
{
    struct idmap *m = begin(4);
    for (uint32_t id = 0; id < N_IDS; id++) {
        set(m, id, 1);
        set(m, id, IDMAP_FREED);
        for (uint32_t back = 0; back <= id && back < 60 * 256; back += 997)
            cr_assert(eq(u32, idmap_get(m, id - back), IDMAP_FREED));
    }
    idmap_free(m);
}

Test(idmap, what_lives_long_is_never_forgotten)
{
    struct idmap *m = begin(5);
    for (uint32_t id = 0; id < N_IDS; id++) {
        set(m, id, id);
        if (id % 1000 != 7)
            set(m, id, IDMAP_DEAD);
    }
    compare(m);
    for (uint32_t id = 7; id < N_IDS; id += 1000)
        set(m, id, IDMAP_FREED);
    compare(m);
    idmap_free(m);
}

Test(idmap, an_end_in_a_forgotten_page_leaves_its_neighbours_ended)
{
    struct idmap *m = begin(6);
    for (uint32_t id = 0; id < N_IDS; id++) {
        set(m, id, 1);
        set(m, id, IDMAP_DEAD);
    }
    set(m, 5, IDMAP_FREED);
    set(m, 700, IDMAP_FREED);
    for (uint32_t id = 0; id < 1024; id++)
        cr_assert(eq(u32, idmap_get(m, id), IDMAP_ENDED));
    set(m, 6, 77); /* an id that a source hands out late */
    cr_assert(eq(u32, idmap_get(m, 6), 77));
    cr_assert(eq(u32, idmap_get(m, 5), IDMAP_ENDED));
    cr_assert(eq(u32, idmap_get(m, 8), IDMAP_ENDED));
    set(m, 6, IDMAP_FREED);
    cr_assert(eq(u32, idmap_get(m, 6), IDMAP_FREED));
    compare(m);
    idmap_free(m);
}

Test(idmap, ids_in_no_order)
{
    struct idmap *m = begin(7);
    for (uint32_t i = 0; i < 200000; i++) {
        uint32_t id = below(N_IDS);
        if (truth[id] == IDMAP_NEVER || is_alive(truth[id]))
            set(m, id, below(3) ? below(500) : IDMAP_ABSENT);
        id = below(N_IDS);
        if (is_alive(truth[id]) && below(4) != 0)
            set(m, id, IDMAP_FREED - below(2));
        if (i % 20000 == 0)
            compare(m);
    }
    compare(m);
    idmap_free(m);
}

Test(idmap, ids_far_apart)
{
    struct idmap *m = begin(8);
    for (uint64_t i = 0; i < 5000; i++)
        cr_assert(idmap_set(m, i * UINT64_C(0x12345678901), (uint32_t)i));
    for (uint64_t i = 0; i < 5000; i++)
        cr_assert(
            eq(u32, idmap_get(m, i * UINT64_C(0x12345678901)), (uint32_t)i));
    idmap_free(m);
}
