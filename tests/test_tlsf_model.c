/*
 * test_tlsf_model.c - random operations on core/tlsf against a naive list of
 * objects, with classes found by counting
 */
#include "tests/tlsf_heap.h"
#include "traces/synth/rng.h"

TestSuite(tlsf_model, .fini = close);

#define OBJECTS_CAP 400
#define CLASSES_CAP 704

struct piece {
    addr32 from, to; /* of area or object, headers included               */
    uint32_t asked;
    uint8_t fill;
};

static struct {
    struct rng rng;
    struct piece area[4], object[OBJECTS_CAP]; /* objects by address      */
    uint32_t n_areas, n_objects, align, n_classes;
    uint32_t start[CLASSES_CAP]; /* smallest chunk of each class           */
} m;

static void count_classes(void)
{
    m.n_classes = 0;
    for (uint32_t size = 0; size < 128; size += 4)
        m.start[m.n_classes++] = size;
    for (uint32_t size = 128; size < 65536; size *= 2) {
        for (uint32_t i = 0; i < 32; i++)
            m.start[m.n_classes++] = size + size / 32 * i;
    }
}

static uint32_t class_of(uint32_t size)
{
    uint32_t i = m.n_classes - 1;
    while (m.start[i] > size)
        i--;
    return i;
}

static uint32_t first_class_for(uint32_t size)
{
    uint32_t i = 0;
    while (i < m.n_classes && m.start[i] < size)
        i++;
    return i;
}

static uint32_t chunk_for(uint32_t bytes)
{
    uint32_t size = (bytes + 4 + m.align - 1) / m.align * m.align;
    return size < 16 ? 16 : size;
}

/* Visit the holes; those of class `wanted` are marked by `chosen` = `at`. */
static uint32_t best_class(uint32_t from, addr32 at, bool *is_of_class,
                           struct heap_info *info)
{
    uint32_t best = m.n_classes, k = 0, here = m.n_classes;
    memset(info, 0, sizeof *info);
    for (uint32_t i = 0; i < m.n_areas; i++) {
        addr32 p = m.area[i].from;
        while (p < m.area[i].to) {
            bool is_object = k < m.n_objects && m.object[k].from == p;
            if (is_object) {
                p = m.object[k++].to;
                continue;
            }
            addr32 end = k < m.n_objects && m.object[k].from < m.area[i].to
                             ? m.object[k].from
                             : m.area[i].to;
            uint32_t class = class_of(end - p);
            if (class >= from && class < best)
                best = class;
            if (p + 4 == at)
                here = class;
            info->free_bytes += end - p - 4;
            if ((end - p - 4) / 4 > info->max_free)
                info->max_free = (end - p - 4) / 4;
            p = end;
        }
    }
    *is_of_class = here == best && best < m.n_classes;
    return best;
}

static bool is_filled(const struct piece *o)
{
    for (uint32_t i = 0; i < o->asked; i++) {
        if (*byte_at(h, o->from + 4 + i) != o->fill)
            return false;
    }
    return true;
}

static void put(addr32 p, uint32_t asked)
{
    uint32_t i = m.n_objects++;
    for (; i > 0 && m.object[i - 1].from > p; i--)
        m.object[i] = m.object[i - 1];
    m.object[i] = (struct piece){p - 4, p + tlsf_bytes(h, p), asked,
                                 (uint8_t)rng_below(&m.rng, 256)};
    cr_assert(eq(u32, p % m.align, 0));
    cr_assert(i == 0 || m.object[i - 1].to <= p - 4);
    cr_assert(i + 1 == m.n_objects || m.object[i].to <= m.object[i + 1].from);
    memset(byte_at(h, p), m.object[i].fill, asked);
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

/* Good fit: a hole of the first class that has one and surely suffices. */
static void try_alloc(void)
{
    struct heap_info info;
    bool is_right;
    uint32_t bytes = some_bytes();
    uint32_t from = first_class_for(chunk_for(bytes));
    uint32_t avail = tlsf_avail(h);
    addr32 p = tlsf_alloc(h, bytes, 0);
    cr_assert(eq(int, p != 0, bytes <= avail));
    uint32_t best = best_class(from, p, &is_right, &info);
    cr_assert(eq(int, p != 0, best < m.n_classes));
    cr_assert(p == 0 || is_right);
    if (p != 0)
        put(p, bytes);
}

static void try_aligned(void)
{
    uint32_t bytes = some_bytes();
    uint32_t align = UINT32_C(1) << rng_below(&m.rng, 9);
    addr32 p = tlsf_alloc_aligned(h, bytes, align);
    cr_assert(eq(u32, p % align, 0));
    if (p != 0)
        put(p, bytes);
}

static void try_free(void)
{
    uint32_t i = rng_below(&m.rng, m.n_objects);
    cr_assert(is_filled(&m.object[i]));
    tlsf_free(h, m.object[i].from + 4);
    drop(i);
}

static void try_realloc(void)
{
    uint32_t i = rng_below(&m.rng, m.n_objects);
    struct piece old = m.object[i];
    uint32_t bytes = some_bytes();
    bool may_move = rng_below(&m.rng, 2);
    addr32 end = i + 1 < m.n_objects ? m.object[i + 1].from : UINT32_MAX;
    for (uint32_t a = 0; a < m.n_areas; a++) {
        if (old.from >= m.area[a].from && old.from < m.area[a].to &&
            end > m.area[a].to)
            end = m.area[a].to;
    }
    addr32 p = tlsf_realloc(h, old.from + 4, bytes, may_move);
    bool fits_here = chunk_for(bytes) <= end - old.from;
    cr_assert(not(fits_here && p != old.from + 4));
    cr_assert(fits_here || may_move || p == 0);
    if (p == 0)
        return;
    uint32_t kept = bytes < old.asked ? bytes : old.asked;
    for (uint32_t k = 0; k < kept; k++)
        cr_assert(eq(u8, *byte_at(h, p + k), old.fill));
    drop(i);
    put(p, bytes);
}

static void compare(void)
{
    struct heap_info naive, info = look();
    struct heap_cursor cursor = {0};
    struct heap_object object;
    bool ignored;
    uint32_t n = 0;
    (void)best_class(0, 0, &ignored, &naive);
    cr_assert(eq(u32, info.free_bytes, naive.free_bytes));
    cr_assert(eq(u32, info.max_free, naive.max_free));
    while (tlsf_walk(h, &cursor, &object)) {
        cr_assert(lt(u32, n, m.n_objects));
        cr_assert(eq(u32, object.address, m.object[n].from + 4));
        cr_assert(eq(u32, object.bytes, m.object[n].to - object.address));
        n++;
    }
    cr_assert(eq(u32, n, m.n_objects));
}

static void add_area(addr32 at, uint32_t bytes)
{
    struct area_info info;
    cr_assert(eq(u32, tlsf_add_area(h, at, bytes), HEAP_OK));
    cr_assert(tlsf_area_info(h, m.n_areas, &info));
    m.area[m.n_areas++] =
        (struct piece){info.pool, info.pool + 4 * info.n_blocks, 0, 0};
}

static void play(uint64_t seed, uint32_t align, uint32_t n_ops)
{
    struct area_info info;
    memset(&m, 0, sizeof m);
    rng_seed(&m.rng, seed);
    m.align = align;
    count_classes();
    open_with((struct tlsf_params){(uint32_t)(seed & 1), align, 65536},
              9000 + rng_below(&m.rng, 9000));
    cr_assert(tlsf_area_info(h, 0, &info));
    m.area[m.n_areas++] =
        (struct piece){info.pool, info.pool + 4 * info.n_blocks, 0, 0};
    for (uint32_t i = 0; i < n_ops; i++) {
        uint32_t dice = rng_below(&m.rng, 100);
        bool is_growing = i / 500 % 2 == 0;
        if (i == n_ops / 3 || i == n_ops / 2)
            add_area(BASE + 0x8000 + 0x4000 * m.n_areas,
                     1000 + rng_below(&m.rng, 9000));
        if ((dice < (is_growing ? 60u : 35u) || m.n_objects == 0) &&
            m.n_objects < OBJECTS_CAP)
            try_alloc();
        else if (dice < 65 && m.n_objects < OBJECTS_CAP)
            try_aligned();
        else if (dice < 80 && m.n_objects > 0)
            try_realloc();
        else if (m.n_objects > 0)
            try_free();
        int broken = tlsf_check(h, BASE, WINDOW);
        cr_assert(eq(int, broken, 0), "seed %llu, operation %u",
                  (unsigned long long)seed, i);
        if (i % 16 == 0)
            compare();
    }
    while (m.n_objects > 0)
        try_free();
    compare();
}

Test(tlsf_model, random_operations_agree_with_a_naive_model)
{
    uint32_t n_seeds = getenv("FRAGLAB_LONG") != NULL ? 300 : 3;
    for (uint64_t seed = 1; seed <= n_seeds; seed++) {
        for (uint32_t align = 4; align <= 16; align *= 2)
            play(seed, align, 3000);
    }
}
