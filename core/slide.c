/* slide.c - see slide.h for the contract, the drawing and the source. */
#include "core/slide.h"
#include "core/slidebits.h"
#include "core/sliderun.h"

/* ---- Areas -------------------------------------------------------------- */

static uint32_t vector_bytes(uint32_t table_bytes, bool is_wide)
{
    return (table_bytes + 15) / 16 * (is_wide ? 4 : 2);
}

static bool is_wide(const struct slide_area *a)
{
    return a->area.pool - a->offset > vector_bytes(a->area.table_bytes, false);
}

uint32_t slide_bytes(const struct heap *h, uint32_t n_blocks, uint32_t sides)
{
    uint32_t n = (n_blocks + 3) / 4;
    uint32_t n_sides = h->has_finalisers + count(sides);
    uint32_t bytes = n + 1 + n_sides * ((n + 1) / 2) + vector_bytes(n, false) +
                     (4 * n << h->block_shift);
    if (bytes + h->block_bytes > SLIDE_SHORT_MAX << h->block_shift)
        bytes += vector_bytes(n, true) - vector_bytes(n, false);
    return bytes;
}

bool slide_setup(struct heap *h, struct slide_area *a, addr32 table, addr32 end,
                 uint32_t sides)
{
    CORE_ASSERT(table % 4 == 0);
    end &= ~(h->block_bytes - 1);
    if (end <= table)
        return false;
    uint32_t usable = end - table - 1; /* without the gap byte */
    bool wide = (end - table) >> h->block_shift > SLIDE_SHORT_MAX;
    uint32_t has_leaves = sides & SLIDE_LEAVES;
    uint32_t has_ambiguous = (sides & SLIDE_AMBIGUOUS) != 0;
    uint32_t n_sides = h->has_finalisers + has_leaves + has_ambiguous;

    /* Eighths of a byte for four blocks; then what rounding up takes. */
    uint32_t bits = 8 + 4 * n_sides + (wide ? 2 : 1) + 32 * h->block_bytes;
    uint32_t n = 8 * (usable / bits) + 8 * (usable % bits) / bits;
    while (n + n_sides * ((n + 1) / 2) + vector_bytes(n, wide) +
               (4 * n << h->block_shift) >
           usable)
        n--;
    if (n == 0)
        return false;

    addr32 side = table + n + 1 + h->has_finalisers * ((n + 1) / 2);
    a->area.table = table;
    a->area.table_bytes = n;
    a->area.pool = end - (4 * n << h->block_shift);
    a->area.hint = 0;
    a->area.last_used = 4 * n; /* no bound is kept */
    a->n_free = 4 * n;
    a->leaf = has_leaves ? side : 0;
    a->ambiguous = has_ambiguous ? side + has_leaves * ((n + 1) / 2) : 0;
    a->offset = a->area.pool - vector_bytes(n, wide);
    CORE_ASSERT(side <= a->offset && a->offset < a->area.pool);
    __builtin_memset(byte_at(h, table), 0, a->area.pool - table);
    return true;
}

/* ---- Pins --------------------------------------------------------------- */

void slide_pin(struct heap *h, struct slide *s, uint32_t word)
{
    if ((word & (h->block_bytes - 1)) != 0)
        return;
    const struct slide_area *a = slide_area_of(h, word);
    if (a == NULL)
        return;
    uint32_t *t = area_table(h, &a->area);
    uint32_t b = area_block_of(h, &a->area, word);
    if (atab_get_kind(t, b) != ATAB_HEAD)
        return;
    atab_head_to_mark(t, b);
    s->n_pinned++;
}

/* The lowest block from `from` on whose bit is set, or ATAB_NONE. */
static uint32_t next_bit(struct heap *h, const struct slide_area *a,
                         addr32 bits, uint32_t from)
{
    uint32_t n_bytes = (a->area.table_bytes + 1) / 2;
    uint32_t hidden = (UINT32_C(1) << from % 8) - 1;
    for (uint32_t i = from / 8; i < n_bytes; i++) {
        uint32_t eight = *byte_at(h, bits + i) & ~hidden;
        hidden = 0;
        if (eight != 0)
            return 8 * i + (uint32_t)__builtin_ctz(eight);
    }
    return ATAB_NONE;
}

static void pin_from(struct heap *h, struct slide *s,
                     const struct slide_area *a)
{
    const uint32_t *t = area_table(h, &a->area);
    uint32_t b = next_bit(h, a, a->ambiguous, 0);
    while (b != ATAB_NONE) {
        uint32_t n = atab_object_blocks(t, b) << h->block_shift >> 2;
        const uint32_t *p = word_at(h, area_block_address(h, &a->area, b));
        for (uint32_t i = 0; i < n; i++)
            slide_pin(h, s, p[i]);
        b = next_bit(h, a, a->ambiguous, b + 1);
    }
}

void slide_pin_ambiguous(struct heap *h, struct slide *s)
{
    struct slide_area *a = slide_first(h);
    for (; a != NULL; a = slide_next(h, a)) {
        if (a->ambiguous != 0)
            pin_from(h, s, a);
    }
}

static void prune(struct heap *h, const struct slide_area *a, addr32 bits)
{
    const uint32_t *t = area_table(h, &a->area);
    uint32_t b = bits == 0 ? ATAB_NONE : next_bit(h, a, bits, 0);
    while (b != ATAB_NONE) {
        if ((atab_get_kind(t, b) & 1) == 0)
            slide_clear_bit(h, bits, b);
        b = next_bit(h, a, bits, b + 1);
    }
}

void slide_prune(struct heap *h)
{
    struct slide_area *a = slide_first(h);
    for (; a != NULL; a = slide_next(h, a)) {
        prune(h, a, a->leaf);
        prune(h, a, a->ambiguous);
    }
}

/* ---- Distances ---------------------------------------------------------- */

/* What a lookup needs of an area, at hand. */
struct map {
    const uint32_t *table;
    const uint8_t *offset; /* vector                                      */
    addr32 pool;
    uint32_t pool_bytes;
    uint32_t shift; /* of a block's bytes                                 */
    bool is_wide;   /* entries of four bytes                              */
};

static void open_map(struct map *m, struct heap *h, const struct slide_area *a)
{
    m->table = area_table(h, &a->area);
    m->offset = byte_at(h, a->offset);
    m->pool = a->area.pool;
    m->pool_bytes = area_blocks(&a->area) << h->block_shift;
    m->shift = h->block_shift;
    m->is_wide = is_wide(a);
}

static inline uint32_t get_offset(const struct map *m, uint32_t group)
{
    if (m->is_wide)
        return ((const uint32_t *)(const void *)m->offset)[group];
    return ((const uint16_t *)(const void *)m->offset)[group];
}

/* The distance of what follows the blocks of word `w`, whose first block's
 * would be `distance`. */
static inline uint32_t past_word(uint32_t distance, uint32_t w)
{
    uint32_t pinned = pinned_bits(w);
    if (pinned == 0)
        return distance + count(free_bits(w));
    return count(free_bits(w) & above_highest(pinned));
}

/*
 * How far what begins at block `b` slides where nothing is pinned. The free
 * bits of two words are counted as one.
 */
static inline uint32_t plain_distance_of(const struct map *m, uint32_t b)
{
    const uint32_t *w = m->table + b / 16;
    uint32_t n_words = b / 16 % (SLIDE_GROUP / 16); /* before it */
    uint32_t distance = get_offset(m, b / SLIDE_GROUP);
    uint32_t bits = free_bits(w[0]) & blocks_below(b % 16);
    if (n_words % 2 != 0)
        bits |= free_bits(*--w) << 1;
    if (n_words >= 2)
        distance += count(free_bits(w[-1]) | free_bits(w[-2]) << 1);
    return distance + count(bits);
}

/* How far what begins at block `b` slides, if it may. */
static inline uint32_t distance_of(const struct map *m, uint32_t b)
{
    const uint32_t *w = m->table + b / 16;
    const uint32_t *first = m->table + b / SLIDE_GROUP * (SLIDE_GROUP / 16);
    /* Behind b nothing counts: as if there were tails. */
    uint32_t below = blocks_below(b % 16);
    uint32_t part = (*w & below) | (ATAB_ALL_TAILS & ~below);
    /* Backwards, until something pinned is met. */
    uint32_t distance = 0;
    for (;;) {
        uint32_t pinned = pinned_bits(part);
        if (pinned != 0)
            return distance + count(free_bits(part) & above_highest(pinned));
        distance += count(free_bits(part));
        if (w == first)
            return distance + get_offset(m, b / SLIDE_GROUP);
        part = *--w;
    }
}

/* ---- Plan --------------------------------------------------------------- */

static void plan(struct heap *h, const struct slide_area *a)
{
    const uint32_t *t = area_table(h, &a->area);
    uint32_t n_words = (area_blocks(&a->area) + 15) / 16;
    uint8_t *offset = byte_at(h, a->offset);
    uint32_t entry_bytes = is_wide(a) ? 4 : 2;
    uint32_t distance = 0;
    for (uint32_t i = 0; i < n_words; i++) {
        if (i % (SLIDE_GROUP / 16) == 0) {
            if (entry_bytes == 2)
                *(uint16_t *)(void *)offset = (uint16_t)distance;
            else
                *(uint32_t *)(void *)offset = distance;
            offset += entry_bytes;
        }
        distance = past_word(distance, t[i]);
    }
}

bool slide_plan(struct heap *h, struct slide *s)
{
    addr32 high = 0;
    s->low = UINT32_MAX;
    s->way = SLIDE_DOWN;
    const struct slide_area *a = slide_first(h);
    for (; a != NULL; a = slide_next(h, a)) {
        const uint32_t *t = area_table(h, &a->area);
        uint32_t n_blocks = area_blocks(&a->area);
        uint32_t b = atab_find_free(t, n_blocks, 0, 1);
        if (b != ATAB_NONE)
            b = atab_next_used(t, n_blocks, b);
        plan(h, a);
        if (b == ATAB_NONE)
            continue;
        addr32 low = area_block_address(h, &a->area, b);
        addr32 end = area_block_address(h, &a->area, n_blocks);
        s->low = low < s->low ? low : s->low;
        high = end > high ? end : high;
    }
    s->span = high == 0 ? 0 : high - s->low;
    return s->span != 0;
}

/* ---- Update ------------------------------------------------------------- */

/* The new value of `word`, an address in the map's pool. */
static inline uint32_t forward(struct heap *h, const struct slide *s,
                               const struct map *m, uint32_t word)
{
    uint32_t b = (word - m->pool) >> m->shift;
    uint32_t kind = atab_get_kind(m->table, b);
    CORE_ASSERT((word & 3) == 0);
    if (s->way == SLIDE_OUT)
        return kind == ATAB_MARK ? *word_at(h, word) : word;
    if (kind != ATAB_HEAD)
        return word;
    if (s->way == SLIDE_UP)
        return word + (s->raise << m->shift);
    uint32_t distance =
        s->n_pinned == 0 ? plain_distance_of(m, b) : distance_of(m, b);
    return word - (distance << m->shift);
}

/* The same, whatever area it is in. */
static __attribute__((noinline)) uint32_t forward_far(struct heap *h,
                                                      const struct slide *s,
                                                      uint32_t word)
{
    struct map m;
    const struct slide_area *a = slide_area_of(h, word);
    if (a == NULL)
        return word;
    open_map(&m, h, a);
    return forward(h, s, &m, word);
}

/* The new value of `word`, which is in the range of what may move; `m` is the
 * first area's. */
static inline uint32_t forward_any(struct heap *h, const struct slide *s,
                                   const struct map *m, uint32_t word)
{
    if ((word & ((UINT32_C(1) << m->shift) - 1)) != 0)
        return word;
    if (word - m->pool < m->pool_bytes)
        return forward(h, s, m, word);
    return forward_far(h, s, word);
}

/*
 * Two words at a time, for the program waits here: most words are no
 * references, so that the cost is that of two loads and two comparisons.
 */
static void update_words(struct heap *h, const struct slide *s,
                         const struct map *m, uint32_t *p, uint32_t n)
{
    addr32 low = s->low;
    uint32_t span = s->span;
    const uint32_t *end = p + n / 2 * 2;
    for (; p != end; p += 2) {
        uint32_t first = p[0];
        uint32_t second = p[1];
        if (__builtin_expect(first - low < span, 0))
            p[0] = forward_any(h, s, m, first);
        if (__builtin_expect(second - low < span, 0))
            p[1] = forward_any(h, s, m, second);
    }
    if (n % 2 != 0 && *p - low < span)
        *p = forward_any(h, s, m, *p);
}

void slide_update_words(struct heap *h, const struct slide *s, uint32_t *p,
                        uint32_t n)
{
    struct map m;
    open_map(&m, h, slide_first(h));
    update_words(h, s, &m, p, n);
}

/* The words of a run's objects; leaves are passed over. */
static void update_run(struct heap *h, const struct slide *s,
                       const struct map *m, const struct slide_area *a,
                       uint32_t from, uint32_t end)
{
    const uint32_t *t = area_table(h, &a->area);
    uint32_t to_words = h->block_shift - 2;
    while (from != end) {
        /* Without a leaf table, where an object ends does not matter. */
        uint32_t n = a->leaf == 0 ? end - from : atab_object_blocks(t, from);
        if (a->leaf == 0 || !slide_get_bit(h, a->leaf, from))
            update_words(h, s, m,
                         word_at(h, area_block_address(h, &a->area, from)),
                         n << to_words);
        from += n;
    }
}

/* On the way it leaves the signs. */
static void update_area(struct heap *h, const struct slide *s,
                        const struct map *m, const struct slide_area *a)
{
    uint32_t n_blocks = area_blocks(&a->area);
    uint32_t hole = 0;
    struct runs r;
    runs_open(&r, area_table(h, &a->area), n_blocks);
    do {
        if (!runs_next(&r))
            r.from = r.end = n_blocks;
        else
            (void)runs_pass_pinned(&r);
        if (slide_has_signs(s) && hole != r.from)
            *slide_sign_at(h, area_block_address(h, &a->area, hole)) =
                (struct slide_sign){area_block_address(h, &a->area, r.from),
                                    area_block_address(h, &a->area, r.end)};
        update_run(h, s, m, a, r.from, r.end);
        hole = r.end;
    } while (hole != n_blocks);
}

/*
 * In ascending order no bit meets one that has still to move, since objects
 * keep their order.
 */
static void move_bits(struct heap *h, const struct slide_area *a, addr32 bits)
{
    struct map m;
    open_map(&m, h, a);
    uint32_t b = bits == 0 ? ATAB_NONE : next_bit(h, a, bits, 0);
    while (b != ATAB_NONE) {
        bool is_pinned = atab_get_kind(m.table, b) != ATAB_HEAD;
        uint32_t distance = is_pinned ? 0 : distance_of(&m, b);
        if (distance > 0) {
            slide_clear_bit(h, bits, b);
            slide_set_bit(h, bits, b - distance);
        }
        b = next_bit(h, a, bits, b + 1);
    }
}

void slide_update(struct heap *h, const struct slide *s)
{
    struct map m;
    const struct slide_area *a = slide_first(h);
    open_map(&m, h, a);
    for (; a != NULL; a = slide_next(h, a))
        update_area(h, s, &m, a);
    if (s->way != SLIDE_DOWN)
        return; /* the bits have moved, or will, with their objects */
    for (a = slide_first(h); a != NULL; a = slide_next(h, a)) {
        move_bits(h, a, slide_finalisers(h, a));
        move_bits(h, a, a->leaf);
        move_bits(h, a, a->ambiguous);
    }
}
