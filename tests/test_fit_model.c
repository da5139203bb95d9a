/*
 * test_fit_model.c - random operations on core/fit against a naive list of
 * objects, with every hole measured anew for every request: the address of
 * every answer must be the one that the policy says
 */
#include "tests/fit_heap.h"
#include "traces/synth/rng.h"

TestSuite(fit_model, .fini = close);

#define OBJECTS_CAP 400

struct piece {
    addr32 from, to; /* of area, hole or object, tags included            */
    uint32_t asked;
    uint8_t fill;
};

static struct {
    struct rng rng;
    struct fit_params params;
    struct piece area[4], object[OBJECTS_CAP]; /* objects by address      */
    struct piece hole[OBJECTS_CAP + 4];        /* likewise                */
    uint32_t n_areas, n_objects, n_holes;
    uint32_t lead;     /* bytes of tags before an object                  */
    uint32_t shortest; /* hole that there can be                          */
    addr32 rover;
} m;

static uint32_t round_up(uint32_t bytes, uint32_t unit)
{
    return (bytes + unit - 1) / unit * unit;
}

/* Bytes that a request takes, tags included. */
static uint32_t needed_for(uint32_t bytes)
{
    if (m.params.tags == FIT_TABLE)
        return round_up(bytes, m.params.block);
    uint32_t needed = round_up(bytes + m.lead, m.params.align);
    return needed < FIT_CHUNK_MIN ? FIT_CHUNK_MIN : needed;
}

static void find_holes(void)
{
    uint32_t k = 0;
    m.n_holes = 0;
    for (uint32_t i = 0; i < m.n_areas; i++) {
        addr32 p = m.area[i].from;
        while (p < m.area[i].to) {
            bool is_inside = k < m.n_objects && m.object[k].from < m.area[i].to;
            addr32 end = is_inside ? m.object[k].from : m.area[i].to;
            if (end > p)
                m.hole[m.n_holes++] = (struct piece){p, end, 0, 0};
            p = is_inside ? m.object[k++].to : m.area[i].to;
        }
    }
}

static uint32_t length(uint32_t i)
{
    return m.hole[i].to - m.hole[i].from;
}

/* The hole that the policy takes, or n_holes. Areas lie in address order. */
static uint32_t choose(uint32_t needed)
{
    uint32_t chosen = m.n_holes, start = 0;
    while (m.params.policy == FIT_NEXT && start < m.n_holes &&
           m.hole[start].to <= m.rover)
        start++;
    for (uint32_t k = 0; k < m.n_holes; k++) {
        uint32_t i = (start + k) % m.n_holes;
        if (length(i) < needed)
            continue;
        bool is_better =
            chosen == m.n_holes ||
            (m.params.policy == FIT_BEST && length(i) < length(chosen)) ||
            (m.params.policy == FIT_WORST && length(i) > length(chosen));
        if (is_better)
            chosen = i;
    }
    return chosen;
}

static bool is_filled(const struct piece *o)
{
    for (uint32_t i = 0; i < o->asked; i++) {
        if (*byte_at(h, o->from + m.lead + i) != o->fill)
            return false;
    }
    return true;
}

static void put(addr32 from, addr32 to, uint32_t asked)
{
    uint32_t i = m.n_objects++;
    for (; i > 0 && m.object[i - 1].from > from; i--)
        m.object[i] = m.object[i - 1];
    m.object[i] =
        (struct piece){from, to, asked, (uint8_t)rng_below(&m.rng, 256)};
    cr_assert(eq(u32, fit_bytes(h, from + m.lead), to - from - m.lead));
    memset(byte_at(h, from + m.lead), m.object[i].fill, asked);
}

static void drop(uint32_t i)
{
    m.n_objects--;
    memmove(&m.object[i], &m.object[i + 1],
            (m.n_objects - i) * sizeof m.object[0]);
}

static uint32_t some_bytes(void)
{
    static const uint32_t most[] = {12, 40, 100, 300, 1000, 6000};
    return 1 + rng_below(&m.rng, most[rng_below(&m.rng, 6)]);
}

/* Where a request goes; its end in `to`. 0: nowhere. */
static addr32 place(uint32_t bytes, addr32 *to)
{
    uint32_t needed = needed_for(bytes);
    find_holes();
    uint32_t i = choose(needed);
    if (i == m.n_holes)
        return 0;
    bool is_whole = length(i) - needed < m.shortest;
    *to = is_whole ? m.hole[i].to : m.hole[i].from + needed;
    m.rover = *to;
    return m.hole[i].from;
}

static void try_alloc(void)
{
    uint32_t bytes = some_bytes();
    addr32 to = 0;
    addr32 from = place(bytes, &to);
    addr32 p = fit_alloc(h, bytes, 0);
    cr_assert(eq(u32, p, from == 0 ? 0 : from + m.lead));
    cr_assert(eq(u32, h->refusal, p == 0 ? REFUSAL_FULL : REFUSAL_NONE));
    if (p != 0 && m.params.zero)
        for (uint32_t i = 0; i < bytes; i++)
            cr_assert(eq(u8, *byte_at(h, p + i), 0));
    if (p != 0)
        put(from, to, bytes);
}

static void try_free(void)
{
    uint32_t i = rng_below(&m.rng, m.n_objects);
    cr_assert(is_filled(&m.object[i]));
    fit_free(h, m.object[i].from + m.lead);
    drop(i);
}

/* The end of the hole behind object `i`, or of the object. */
static addr32 room_of(uint32_t i)
{
    addr32 end = i + 1 < m.n_objects ? m.object[i + 1].from : UINT32_MAX;
    for (uint32_t a = 0; a < m.n_areas; a++) {
        if (m.object[i].from >= m.area[a].from &&
            m.object[i].from < m.area[a].to && end > m.area[a].to)
            end = m.area[a].to;
    }
    return end;
}

/* Where object `i` ends when it is resized where it is; 0: it cannot be. */
static addr32 resized_end(uint32_t i, uint32_t bytes)
{
    const struct piece *o = &m.object[i];
    addr32 end = o->from + needed_for(bytes), room = room_of(i);
    if (end > room)
        return 0;
    if (end <= o->to && o->to - end < m.shortest)
        return o->to; /* even if a hole lies behind it */
    return room - end < m.shortest ? room : end;
}

static void try_realloc(void)
{
    uint32_t i = rng_below(&m.rng, m.n_objects);
    struct piece old = m.object[i];
    uint32_t bytes = some_bytes();
    bool may_move = rng_below(&m.rng, 2);
    addr32 to = resized_end(i, bytes), from = to != 0 ? old.from : 0;
    if (to > m.rover && old.from < m.rover)
        m.rover = to;
    if (to == 0 && may_move)
        from = place(bytes, &to);
    addr32 p = fit_realloc(h, old.from + m.lead, bytes, may_move);
    cr_assert(eq(u32, p, from == 0 ? 0 : from + m.lead));
    if (p == 0)
        return;
    uint32_t kept = bytes < old.asked ? bytes : old.asked;
    for (uint32_t k = 0; k < kept; k++)
        cr_assert(eq(u8, *byte_at(h, p + k), old.fill));
    drop(i);
    put(from, to, bytes);
}

static void compare(void)
{
    struct heap_info info = look();
    struct heap_cursor cursor = {0};
    struct heap_object object;
    uint32_t n = 0, free_bytes = 0, longest = 0;
    find_holes();
    for (uint32_t i = 0; i < m.n_holes; i++) {
        uint32_t bytes = length(i) - m.lead;
        free_bytes += bytes;
        longest = bytes > longest ? bytes : longest;
    }
    cr_assert(eq(u32, info.free_bytes, free_bytes));
    cr_assert(eq(u32, info.max_free << h->block_shift, longest));
    cr_assert(eq(u32, info.n_objects, m.n_objects));
    while (fit_walk(h, &cursor, &object)) {
        cr_assert(lt(u32, n, m.n_objects));
        cr_assert(eq(u32, object.address, m.object[n].from + m.lead));
        cr_assert(eq(u32, object.bytes, m.object[n].to - object.address));
        n++;
    }
    cr_assert(eq(u32, n, m.n_objects));
}

static void note_area(uint32_t index)
{
    struct area_info info;
    cr_assert(fit_area_info(h, index, &info));
    addr32 end = info.pool + (info.n_blocks << h->block_shift);
    m.area[m.n_areas++] = (struct piece){info.pool, end, 0, 0};
}

static void add_area(addr32 at, uint32_t bytes)
{
    cr_assert(eq(u32, fit_add_area(h, at, bytes), HEAP_OK));
    note_area(m.n_areas);
}

static void play(const struct fit_params *p, uint64_t seed, uint32_t n_ops)
{
    memset(&m, 0, sizeof m);
    rng_seed(&m.rng, seed);
    m.params = *p;
    m.lead = p->tags == FIT_TABLE ? 0 : p->tag;
    m.shortest = p->tags == FIT_TABLE ? 1 : FIT_CHUNK_MIN;
    open_with(*p, 9000 + rng_below(&m.rng, 9000));
    note_area(0);
    m.rover = m.area[0].from;
    for (uint32_t i = 0; i < n_ops; i++) {
        uint32_t what = rng_below(&m.rng, 16);
        if (i == n_ops / 3)
            add_area(BASE + 0x8000, 5000);
        else if (i == n_ops / 2)
            add_area(BASE + 0xa000, 333);
        if ((what < 8 || m.n_objects == 0) && m.n_objects < OBJECTS_CAP)
            try_alloc();
        else if (what < 13)
            try_free();
        else
            try_realloc();
        compare();
        int broken = fit_check(h, BASE, WINDOW);
        cr_assert(broken == 0, "seed %u, operation %u: invariant %d",
                  (unsigned)seed, i, broken);
    }
}

/* Several lives of each policy; FRAGLAB_LONG makes them many. */
static void play_all(struct fit_params p)
{
    uint64_t n = getenv("FRAGLAB_LONG") != NULL ? 100 : 1;
    for (p.policy = 0; p.policy < FIT_POLICY_N; p.policy++) {
        for (uint64_t seed = 1; seed <= n; seed++) {
            p.zero = seed & 1;
            cr_log_info("policy %u, seed %u", p.policy, (unsigned)seed);
            play(&p, seed * 7 + p.policy, 1500);
        }
    }
}

Test(fit_model, a_table_of_16_byte_blocks)
{
    play_all((struct fit_params)FIT_DEFAULTS);
}

Test(fit_model, tables_of_other_blocks)
{
    struct fit_params p = FIT_DEFAULTS;
    p.block = 8;
    play_all(p);
    p.block = 64;
    play_all(p);
}

Test(fit_model, tags_of_four_bytes)
{
    struct fit_params p = FIT_DEFAULTS;
    p.tags = FIT_INLINE;
    play_all(p);
    p.align = 16;
    play_all(p);
}

Test(fit_model, tags_of_eight_bytes)
{
    struct fit_params p = FIT_DEFAULTS;
    p.tags = FIT_INLINE;
    p.tag = 8;
    play_all(p);
    p.align = 8;
    play_all(p);
}
