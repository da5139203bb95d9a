/*
 * test_intern_model.c - random operations on core/intern against a byte map:
 * first fit by counting, strings laid as stringpool.h says
 */
#include "tests/intern_heap.h"
#include "traces/synth/rng.h"

TestSuite(intern_model, .fini = close);

#define OBJECTS_CAP 300
#define STRINGS_CAP 2000
#define BLOCKS_CAP  2000

struct piece {
    addr32 at;
    uint32_t bytes, fill;
};

static struct {
    struct rng rng;
    struct piece object[OBJECTS_CAP], string[STRINGS_CAP];
    uint32_t n_objects, n_strings;
    uint32_t block, chunk;               /* parameters                      */
    addr32 pool;                         /* of the one area                 */
    uint32_t n_blocks;                   /* in it                           */
    bool is_used[BLOCKS_CAP];            /* by block                        */
    uint32_t open_at, open_blocks, used; /* the chunk: first block, blocks */
    bool is_open;                        /* there is one                    */
} m;

static uint32_t blocks_for(uint32_t bytes)
{
    return (bytes + m.block - 1) / m.block;
}

/* The lowest n free blocks in a row; n_blocks: there are none. */
static uint32_t first_fit(uint32_t n)
{
    for (uint32_t b = 0, run = 0; b < m.n_blocks; b++) {
        run = m.is_used[b] ? 0 : run + 1;
        if (run == n)
            return b + 1 - n;
    }
    return m.n_blocks;
}

static void mark(uint32_t b, uint32_t n, bool is_used)
{
    for (uint32_t i = b; i < b + n; i++) {
        cr_assert(m.is_used[i] != is_used);
        m.is_used[i] = is_used;
    }
}

static bool are_free(uint32_t b, uint32_t n)
{
    for (uint32_t i = b; i < b + n; i++) {
        if (i >= m.n_blocks || m.is_used[i])
            return false;
    }
    return true;
}

static uint32_t block_of(addr32 p)
{
    return (p - m.pool) / m.block;
}

static void fill(const struct piece *o)
{
    for (uint32_t i = 0; i < o->bytes; i++)
        *byte_at(h, o->at + i) = (uint8_t)(o->fill + i);
}

static bool is_filled(const struct piece *o, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++) {
        if (*byte_at(h, o->at + i) != (uint8_t)(o->fill + i))
            return false;
    }
    return true;
}

/* Where a string must come to lie; 0: nowhere. */
static addr32 place_string(uint32_t bytes)
{
    uint32_t room = m.open_blocks * m.block;
    if (!m.is_open || m.used + bytes > room) {
        uint32_t more = blocks_for(m.used + bytes) - m.open_blocks;
        if (m.is_open && are_free(m.open_at + m.open_blocks, more)) {
            mark(m.open_at + m.open_blocks, more, true);
            m.open_blocks += more;
        } else {
            uint32_t n = blocks_for(bytes > m.chunk ? bytes : m.chunk);
            if (first_fit(n) == m.n_blocks)
                n = blocks_for(bytes);
            uint32_t b = first_fit(n);
            if (b == m.n_blocks)
                return 0;
            mark(b, n, true);
            uint32_t kept = blocks_for(m.used);
            if (m.is_open && kept < m.open_blocks)
                mark(m.open_at + kept, m.open_blocks - kept, false);
            m.is_open = true;
            m.open_at = b;
            m.open_blocks = n;
            m.used = 0;
        }
    }
    m.used += bytes;
    return m.pool + m.open_at * m.block + m.used - bytes;
}

static void try_intern(void)
{
    uint32_t bytes = 1 + rng_below(&m.rng, rng_below(&m.rng, 20) ? 24 : 300);
    addr32 right = place_string(bytes);
    cr_assert(eq(u32, intern_alloc(h, bytes, HEAP_INTERN), right));
    if (right == 0)
        return;
    struct piece s = {right, bytes, rng_below(&m.rng, 256)};
    m.string[m.n_strings++] = s;
    fill(&s);
}

static uint32_t some_bytes(void)
{
    static const uint32_t most[] = {12, 40, 100, 300, 1000};
    return 1 + rng_below(&m.rng, most[rng_below(&m.rng, 5)]);
}

static void try_alloc(void)
{
    uint32_t bytes = some_bytes();
    uint32_t b = first_fit(blocks_for(bytes));
    addr32 p = intern_alloc(h, bytes, 0);
    cr_assert(eq(u32, p, b == m.n_blocks ? 0 : m.pool + b * m.block));
    if (p == 0)
        return;
    mark(b, blocks_for(bytes), true);
    struct piece o = {p, bytes, rng_below(&m.rng, 256)};
    m.object[m.n_objects++] = o;
    fill(&o);
}

static void try_free(void)
{
    uint32_t i = rng_below(&m.rng, m.n_objects);
    const struct piece o = m.object[i];
    cr_assert(is_filled(&o, o.bytes));
    intern_free(h, o.at);
    mark(block_of(o.at), blocks_for(o.bytes), false);
    m.object[i] = m.object[--m.n_objects];
}

static void try_realloc(void)
{
    struct piece *o = &m.object[rng_below(&m.rng, m.n_objects)];
    uint32_t bytes = some_bytes();
    uint32_t old = blocks_for(o->bytes), n = blocks_for(bytes);
    uint32_t b = block_of(o->at);
    bool may_move = rng_below(&m.rng, 2) == 0;
    addr32 right = o->at;
    uint32_t kept = bytes < o->bytes ? bytes : o->bytes;
    if (n > old && !are_free(b + old, n - old)) {
        uint32_t to = may_move ? first_fit(n) : m.n_blocks;
        right = to == m.n_blocks ? 0 : m.pool + to * m.block;
    }
    cr_assert(eq(u32, intern_realloc(h, o->at, bytes, may_move), right));
    if (right == 0)
        return;
    mark(b, old, false);
    mark(block_of(right), n, true);
    o->at = right;
    cr_assert(is_filled(o, kept));
    o->bytes = bytes;
    fill(o);
}

static void compare(void)
{
    uint32_t n_used = 0;
    for (uint32_t b = 0; b < m.n_blocks; b++)
        n_used += m.is_used[b];
    cr_assert(eq(u32, look().used_bytes, n_used * m.block));
    for (uint32_t i = 0; i < m.n_objects; i++)
        cr_assert(is_filled(&m.object[i], m.object[i].bytes));
    for (uint32_t i = 0; i < m.n_strings; i++)
        cr_assert(is_filled(&m.string[i], m.string[i].bytes));
}

static void play(uint64_t seed, const struct intern_params *p, uint32_t n_ops)
{
    struct area_info info;
    memset(&m, 0, sizeof m);
    rng_seed(&m.rng, seed);
    m.block = p->block;
    m.chunk = p->chunk;
    open_with(*p, 3000 + rng_below(&m.rng, 9000));
    cr_assert(intern_area_info(h, 0, &info));
    m.pool = info.pool;
    m.n_blocks = info.n_blocks;
    for (uint32_t i = 0; i < n_ops; i++) {
        uint32_t dice = rng_below(&m.rng, 100);
        bool is_growing = i / 200 % 2 == 0;
        if (dice < 8 && m.n_strings < STRINGS_CAP)
            try_intern();
        else if ((dice < (is_growing ? 60u : 40u) || m.n_objects == 0) &&
                 m.n_objects < OBJECTS_CAP)
            try_alloc();
        else if (dice < 75 && m.n_objects > 0)
            try_realloc();
        else if (m.n_objects > 0)
            try_free();
        int broken = intern_check(h, BASE, WINDOW);
        cr_assert(eq(int, broken, 0), "seed %llu, operation %u",
                  (unsigned long long)seed, i);
        if (i % 16 == 0)
            compare();
    }
    while (m.n_objects > 0)
        try_free();
    compare();
}

Test(intern_model, random_operations_agree_with_a_naive_model)
{
    static const uint32_t chunks[] = {128, 1, 40, 500};
    uint32_t n_seeds = getenv("FRAGLAB_LONG") != NULL ? 300 : 3;
    for (uint64_t seed = 1; seed <= n_seeds; seed++) {
        for (uint32_t i = 0; i < 4; i++) {
            struct intern_params p = {.block = 8u << i, .chunk = chunks[i]};
            play(seed, &p, 2000);
        }
    }
}
