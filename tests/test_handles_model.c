/*
 * test_handles_model.c - random operations on core/handles against a naive
 * list of objects, with the largest request foretold
 */
#include "tests/handles_heap.h"
#include "traces/synth/rng.h"

TestSuite(handles_model, .fini = close);

#define OBJECTS_CAP 250

struct object {
    uint32_t handle, asked;
    addr32 pinned_at; /* 0: it may move */
    uint8_t seed;
};

static struct {
    struct rng rng;
    struct object object[OBJECTS_CAP];
    uint32_t n_objects, n_pinned;
    uint32_t n_granted, n_refused, n_moved, n_pieces;
} m;

static uint32_t words_of(uint32_t bytes)
{
    return bytes <= 12 ? 4 : (bytes + 7) / 4;
}

static uint32_t some_bytes(void)
{
    static const uint32_t most[] = {4, 12, 40, 100, 300, 1500};
    return 1 + rng_below(&m.rng, most[rng_below(&m.rng, 6)]);
}

/* Words that no object has, of pool and gap, a new entry's put aside. */
static uint32_t spare_words(void)
{
    const struct handles *t = handles_of(h);
    uint32_t words = (h->pool_max - h->pool_min) / 4 - 1;
    for (uint32_t i = 0; i < m.n_objects; i++)
        words -= handles_bytes(h, m.object[i].handle) / 4 + 1;
    uint32_t width = t->table == 0 ? 2 : 4;
    if (t->free_handle == 0 && t->issued - width < h->pool_max)
        words -= words > 0;
    return words;
}

static void expect_intact(const struct object *o)
{
    cr_assert(handles_is_valid(h, o->handle));
    cr_assert(ge(u32, handles_bytes(h, o->handle), o->asked));
    cr_assert(is_filled(o->handle, o->asked, o->seed));
    cr_assert(o->pinned_at == 0 || o->pinned_at == address(o->handle));
    cr_assert(eq(int, handles_is_pinned(h, o->handle), o->pinned_at != 0));
}

static void put(uint32_t handle, uint32_t asked)
{
    for (uint32_t i = 0; i < m.n_objects; i++)
        cr_assert(ne(u32, handle, m.object[i].handle));
    struct object *o = &m.object[m.n_objects++];
    *o = (struct object){handle, asked, 0, (uint8_t)rng_below(&m.rng, 256)};
    fill(handle, o->seed);
}

static void try_alloc(void)
{
    const struct handles_params *p = &handles_of(h)->params;
    uint32_t bytes = some_bytes();
    bool is_foretold = bytes <= handles_largest(h);
    bool is_entry_left =
        handles_of(h)->free_handle != 0 ||
        (p->indices == 8 ? handles_of(h)->issued - handles_of(h)->halves > 2
                         : handles_of(h)->issued - handles_of(h)->table > 4);
    if (p->wait && m.n_pinned == 0)
        is_foretold = words_of(bytes) <= spare_words() && is_entry_left;
    uint32_t handle = handles_alloc(h, bytes, 0);
    if (p->per_alloc == 0 && (!p->wait || m.n_pinned == 0))
        cr_assert(eq(int, handle != 0, is_foretold));
    m.n_granted += handle != 0;
    m.n_refused += handle == 0;
    if (handle != 0)
        put(handle, bytes);
    else
        cr_assert(h->refusal == REFUSAL_FULL || h->refusal == REFUSAL_INDEX);
}

static void try_free(uint32_t i)
{
    m.n_pinned -= m.object[i].pinned_at != 0;
    handles_free(h, m.object[i].handle);
    cr_assert(not(handles_is_valid(h, m.object[i].handle)));
    m.object[i] = m.object[--m.n_objects];
}

static void try_realloc(uint32_t i)
{
    struct object *o = &m.object[i];
    uint32_t bytes = some_bytes();
    uint32_t had = handles_bytes(h, o->handle);
    uint32_t spare = spare_words();
    uint32_t handle = handles_realloc(h, o->handle, bytes, false);
    if (handle == 0) {
        cr_assert(gt(u32, bytes, had));
        cr_assert(eq(u32, had, handles_bytes(h, o->handle)));
        cr_assert(o->pinned_at != 0 || handles_of(h)->params.wait == 0 ||
                  m.n_pinned != 0 || words_of(bytes) > spare);
        return;
    }
    cr_assert(eq(u32, handle, o->handle));
    cr_assert(ge(u32, handles_bytes(h, handle), bytes));
    uint32_t kept = bytes < o->asked ? bytes : o->asked;
    cr_assert(is_filled(handle, kept, o->seed));
    for (uint32_t k = had; handles_of(h)->params.zero && k < bytes; k++)
        cr_assert(eq(u8, *byte_at(h, handles_deref(h, handle, k)), 0));
    o->asked = bytes;
    fill(handle, o->seed);
}

static void try_pin(uint32_t i)
{
    struct object *o = &m.object[i];
    if (o->pinned_at == 0) {
        handles_pin(h, o->handle);
        handles_pin(h, o->handle);
        o->pinned_at = address(o->handle);
        m.n_pinned++;
    } else {
        handles_unpin(h, o->handle);
        o->pinned_at = 0;
        m.n_pinned--;
    }
}

/* The program writes between two steps, as it must say. */
static void try_write(uint32_t i)
{
    struct object *o = &m.object[i];
    o->seed = (uint8_t)rng_below(&m.rng, 256);
    fill(o->handle, o->seed);
    if (o->asked >= 4) {
        addr32 p = handles_deref(h, o->handle, 0);
        handles_store(h, o->handle, 0, *word_at(h, p));
    }
}

/* Something that changes whenever an object moves. */
static uint32_t where_all_are(void)
{
    uint32_t all = 0;
    for (uint32_t i = 0; i < m.n_objects; i++)
        all = all * 31 + address(m.object[i].handle);
    return all;
}

static void try_step(void)
{
    static const uint32_t most[] = {30, 90, 200, 1000};
    uint32_t units = rng_below(&m.rng, most[rng_below(&m.rng, 4)]);
    uint32_t before = where_all_are();
    (void)handles_step(h, units);
    m.n_moved += where_all_are() != before;
    m.n_pieces += handles_of(h)->moving != 0;
}

static void try_settle(void)
{
    uint32_t is_touched = handles_of(h)->is_touched;
    handles_settle(h);
    struct heap_info info = look();
    if (m.n_pinned == 0 && !is_touched) {
        cr_assert(eq(u32, handles_of(h)->bits | handles_of(h)->hand, 0));
        cr_assert(eq(u32, info.free_bytes, info.max_free * 4));
        cr_assert(eq(u32, handles_step(h, 1000), 0));
    }
}

static int by_address(const void *a, const void *b)
{
    addr32 x = address(((const struct object *)a)->handle);
    addr32 y = address(((const struct object *)b)->handle);
    return x < y ? -1 : x > y;
}

static void compare(void)
{
    struct heap_cursor cursor = {0};
    struct heap_object object;
    struct heap_info info = look();
    uint32_t n = 0, used = 0, longest = 0;
    addr32 end = h->pool_min;
    qsort(m.object, m.n_objects, sizeof m.object[0], by_address);
    for (; handles_walk(h, &cursor, &object); n++) {
        cr_assert(lt(u32, n, m.n_objects));
        uint32_t handle = m.object[n].handle;
        cr_assert(eq(u32, object.address, address(handle)));
        cr_assert(eq(u32, object.bytes, handles_bytes(h, handle)));
        cr_assert(eq(u32, handles_owner(h, object.address), handle));
        if (object.address - 4 - end > longest)
            longest = object.address - 4 - end;
        end = object.address + object.bytes;
        used += object.bytes;
    }
    if (h->pool_max - end > longest)
        longest = h->pool_max - end;
    cr_assert(eq(u32, n, m.n_objects));
    cr_assert(eq(u32, info.n_objects, n));
    cr_assert(eq(u32, info.used_bytes, used));
    cr_assert(eq(u32, info.max_free, longest == 0 ? 0 : longest / 4 - 1));
}

static void play_one(bool is_growing)
{
    uint32_t dice = rng_below(&m.rng, 100);
    uint32_t i = m.n_objects > 0 ? rng_below(&m.rng, m.n_objects) : 0;
    if ((dice < (is_growing ? 45u : 25u) || m.n_objects == 0) &&
        m.n_objects < OBJECTS_CAP)
        try_alloc();
    else if (m.n_objects == 0 || dice > 85)
        try_step();
    else if (dice < 55)
        try_free(i);
    else if (dice < 65)
        try_realloc(i);
    else if (dice < 69 && (m.n_pinned < 5 || m.object[i].pinned_at != 0))
        try_pin(i);
    else if (dice < 72)
        try_write(i);
    else if (dice == 72 && rng_below(&m.rng, 5) == 0)
        try_settle();
    else
        try_step();
}

static void play(uint64_t seed, struct handles_params p, uint32_t bytes,
                 uint32_t n_ops)
{
    memset(&m, 0, sizeof m);
    rng_seed(&m.rng, seed);
    open_with(p, bytes);
    for (uint32_t i = 0; i < n_ops; i++) {
        play_one(i / 300 % 2 == 0);
        int broken = handles_check(h, BASE, WINDOW);
        cr_assert(eq(int, broken, 0), "seed %llu, operation %u",
                  (unsigned long long)seed, i);
        for (uint32_t k = 0; k < m.n_objects; k++)
            expect_intact(&m.object[k]);
        if (i % 8 == 0)
            compare();
    }
    while (m.n_objects > 0)
        try_free(0);
    compare();
}

static uint32_t n_seeds(void)
{
    return getenv("FRAGLAB_LONG") != NULL ? 300 : 4;
}

Test(handles_model, random_operations_agree_with_a_naive_model)
{
    struct handles_params p = HANDLES_DEFAULTS;
    p.wait = 0;
    for (uint64_t seed = 1; seed <= n_seeds(); seed++) {
        p.zero = seed & 1;
        p.start_bytes = seed % 3 == 0 ? 85 : 0;
        p.handles = seed % 4 == 0 ? 20 : 0;
        play(seed, p, 9000 + (uint32_t)(seed * 919 % 9000), 3000);
        cr_expect(gt(u32, m.n_granted, 500));
        cr_expect(gt(u32, m.n_moved, 50));
        cr_expect(gt(u32, m.n_pieces, 5));
    }
}

Test(handles_model, they_agree_in_the_small_form)
{
    struct handles_params p = HANDLES_DEFAULTS;
    p.wait = 0;
    p.indices = 8;
    for (uint64_t seed = 1; seed <= n_seeds(); seed++) {
        p.start_bytes = (uint32_t)(seed % 2) * 85;
        play(seed + 1000, p, 900 + (uint32_t)(seed * 919 % 9000), 3000);
    }
}

Test(handles_model, a_request_that_waits_is_refused_only_for_want_of_bytes)
{
    struct handles_params p = HANDLES_DEFAULTS;
    p.wait = 1;
    for (uint64_t seed = 1; seed <= n_seeds(); seed++)
        play(seed + 2000, p, 4000 + (uint32_t)(seed * 919 % 9000), 3000);
    cr_expect(gt(u32, m.n_refused, 0));
}

Test(handles_model, they_agree_when_each_allocation_moves_some)
{
    struct handles_params p = HANDLES_DEFAULTS;
    p.wait = 0;
    for (uint64_t seed = 1; seed <= n_seeds(); seed++) {
        p.start_bytes = 0;
        p.per_alloc = 40 * (uint32_t)seed;
        play(seed + 3000, p, 4000 + (uint32_t)(seed * 919 % 9000), 3000);
    }
}

Test(handles_model, they_agree_in_the_smallest_heaps)
{
    struct handles_params p = HANDLES_DEFAULTS;
    p.start_bytes = 0;
    for (uint32_t bytes = 20; bytes < 600; bytes += 28) {
        p.indices = 16 - bytes / 28 % 2 * 8;
        p.wait = bytes / 56 % 2;
        play(bytes, p, bytes, 400);
    }
}
