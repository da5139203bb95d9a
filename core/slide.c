/* slide.c - see slide.h for the contract, the drawing and the source. */
#include "core/slide.h"

/* ---- Bits of a table word: one a block, at the block's low bit --------- */

static inline uint32_t free_bits(uint32_t w)
{
    return ~(w | w >> 1) & ATAB_LOW_BITS;
}

static inline uint32_t pinned_bits(uint32_t w)
{
    return w & w >> 1 & ATAB_LOW_BITS;
}

/* Heads, pinned ones as well. */
static inline uint32_t head_bits(uint32_t w)
{
    return w & ATAB_LOW_BITS;
}

/* Both bits of the n lowest blocks, n < 16. */
static inline uint32_t blocks_below(uint32_t n)
{
    return (UINT32_C(1) << 2 * n) - 1;
}

/* All bits above the highest one set in `bits`, which is not 0. */
static inline uint32_t above_highest(uint32_t bits)
{
    return UINT32_MAX << (31 - (uint32_t)__builtin_clz(bits));
}

/* Of bits that stand two apart. */
static inline uint32_t count(uint32_t bits)
{
    return (uint32_t)__builtin_popcount(bits);
}

/* ---- Areas -------------------------------------------------------------- */

static uint32_t vector_bytes(uint32_t table_bytes, bool is_wide)
{
    return (table_bytes + 15) / 16 * (is_wide ? 4 : 2);
}

static bool is_wide(const struct slide_area *a)
{
    return a->area.pool - a->offset > vector_bytes(a->area.table_bytes, false);
}

static addr32 finaliser_bits(const struct heap *h, const struct slide_area *a)
{
    return h->has_finalisers ? a->area.table + a->area.table_bytes + 1 : 0;
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

/* ---- Plan --------------------------------------------------------------- */

static inline uint32_t get_offset(struct heap *h, const struct slide_area *a,
                                  uint32_t group)
{
    if (is_wide(a))
        return *word_at(h, a->offset + 4 * group);
    return *(uint16_t *)(void *)byte_at(h, a->offset + 2 * group);
}

static inline void set_offset(struct heap *h, const struct slide_area *a,
                              uint32_t group, uint32_t distance)
{
    if (is_wide(a))
        *word_at(h, a->offset + 4 * group) = distance;
    else
        *(uint16_t *)(void *)byte_at(h, a->offset + 2 * group) =
            (uint16_t)distance;
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

static void plan(struct heap *h, const struct slide_area *a)
{
    const uint32_t *t = area_table(h, &a->area);
    uint32_t n_words = (area_blocks(&a->area) + 15) / 16;
    uint32_t distance = 0;
    for (uint32_t i = 0; i < n_words; i++) {
        if (i % (SLIDE_GROUP / 16) == 0)
            set_offset(h, a, i / (SLIDE_GROUP / 16), distance);
        distance = past_word(distance, t[i]);
    }
}

bool slide_plan(struct heap *h, struct slide *s)
{
    addr32 high = 0;
    s->low = UINT32_MAX;
    s->raise = 0;
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

/* How far the object of `a` that begins at block `b` and is HEAD slides. */
static uint32_t distance_of(struct heap *h, const struct slide_area *a,
                            uint32_t b)
{
    const uint32_t *t = area_table(h, &a->area);
    uint32_t i = b / SLIDE_GROUP * (SLIDE_GROUP / 16);
    uint32_t distance = get_offset(h, a, b / SLIDE_GROUP);
    for (; i < b / 16; i++)
        distance = past_word(distance, t[i]);
    /* Behind b nothing counts: as if there were tails. */
    uint32_t below = blocks_below(b % 16);
    return past_word(distance, (t[i] & below) | (ATAB_ALL_TAILS & ~below));
}

static inline bool may_move(const struct heap *h, const struct slide *s,
                            uint32_t word)
{
    return word - s->low < s->span && (word & (h->block_bytes - 1)) == 0;
}

static uint32_t forward(struct heap *h, const struct slide *s, uint32_t word)
{
    const struct slide_area *a = slide_area_of(h, word);
    if (a == NULL)
        return word;
    uint32_t b = area_block_of(h, &a->area, word);
    if (atab_get_kind(area_table(h, &a->area), b) != ATAB_HEAD)
        return word;
    if (s->raise != 0)
        return word + (s->raise << h->block_shift);
    return word - (distance_of(h, a, b) << h->block_shift);
}

uint32_t slide_forward(struct heap *h, const struct slide *s, uint32_t word)
{
    return may_move(h, s, word) ? forward(h, s, word) : word;
}

void slide_update_words(struct heap *h, const struct slide *s, uint32_t *p,
                        uint32_t n)
{
    addr32 low = s->low;
    uint32_t span = s->span;
    uint32_t mask = h->block_bytes - 1;
    for (const uint32_t *end = p + n; p != end; p++) {
        uint32_t word = *p;
        if (word - low < span && (word & mask) == 0)
            *p = forward(h, s, word);
    }
}

/* Objects without references are passed over one by one. */
static void update_objects(struct heap *h, const struct slide *s,
                           const struct slide_area *a)
{
    const uint32_t *t = area_table(h, &a->area);
    uint32_t n_blocks = area_blocks(&a->area);
    uint32_t b = atab_next_used(t, n_blocks, 0);
    while (b != ATAB_NONE) {
        uint32_t n = atab_object_blocks(t, b);
        if (!slide_get_bit(h, a->leaf, b))
            slide_update_words(h, s,
                               word_at(h, area_block_address(h, &a->area, b)),
                               n << h->block_shift >> 2);
        b = atab_next_used(t, n_blocks, b + n);
    }
}

/* Without a leaf table, where an object ends does not matter. */
static void update_runs(struct heap *h, const struct slide *s,
                        const struct slide_area *a)
{
    const uint32_t *t = area_table(h, &a->area);
    uint32_t n_blocks = area_blocks(&a->area);
    uint32_t b = atab_next_used(t, n_blocks, 0);
    while (b != ATAB_NONE) {
        uint32_t end = atab_find_free(t, n_blocks, b, 1);
        if (end == ATAB_NONE)
            end = n_blocks;
        slide_update_words(h, s, word_at(h, area_block_address(h, &a->area, b)),
                           (end - b) << h->block_shift >> 2);
        b = atab_next_used(t, n_blocks, end);
    }
}

/*
 * In ascending order no bit meets one that has still to move, since objects
 * keep their order.
 */
static void move_bits(struct heap *h, const struct slide_area *a, addr32 bits)
{
    const uint32_t *t = area_table(h, &a->area);
    uint32_t b = bits == 0 ? ATAB_NONE : next_bit(h, a, bits, 0);
    while (b != ATAB_NONE) {
        uint32_t distance =
            atab_get_kind(t, b) == ATAB_HEAD ? distance_of(h, a, b) : 0;
        if (distance > 0) {
            slide_clear_bit(h, bits, b);
            slide_set_bit(h, bits, b - distance);
        }
        b = next_bit(h, a, bits, b + 1);
    }
}

void slide_update(struct heap *h, const struct slide *s)
{
    const struct slide_area *a = slide_first(h);
    for (; a != NULL; a = slide_next(h, a)) {
        if (a->leaf != 0)
            update_objects(h, s, a);
        else
            update_runs(h, s, a);
    }
    if (s->raise != 0)
        return; /* slide_raise moves the bits */
    for (a = slide_first(h); a != NULL; a = slide_next(h, a)) {
        move_bits(h, a, finaliser_bits(h, a));
        move_bits(h, a, a->leaf);
        move_bits(h, a, a->ambiguous);
    }
}

/* ---- Move --------------------------------------------------------------- */

struct four_words {
    uint32_t word[4];
};

struct twelve_words {
    uint32_t word[12];
};

/*
 * Copy n words down, `to` lying below `from`. A structure is loaded and stored
 * as one, so it must not overlap itself: the distance decides.
 */
static void copy_down(uint32_t *to, const uint32_t *from, uint32_t n)
{
    uint32_t distance = (uint32_t)(from - to);
    if (distance >= 12) {
        for (; n >= 24; n -= 24, to += 24, from += 24) {
            *(struct twelve_words *)(void *)to =
                *(const struct twelve_words *)(const void *)from;
            *(struct twelve_words *)(void *)(to + 12) =
                *(const struct twelve_words *)(const void *)(from + 12);
        }
    }
    if (distance >= 4) {
        for (; n >= 4; n -= 4, to += 4, from += 4)
            *(struct four_words *)(void *)to =
                *(const struct four_words *)(const void *)from;
    }
    for (; n > 0; n--)
        *to++ = *from++;
}

/* The first block behind `b`, which is used, that is free or pinned. */
static uint32_t run_end(const uint32_t *t, uint32_t n_blocks, uint32_t b)
{
    uint32_t i = b / 16;
    uint32_t w = t[i];
    uint32_t ends = free_bits(w) | pinned_bits(w);
    ends &= ~(blocks_below(b % 16) * 4 + 3);
    while (ends == 0) {
        i++;
        if (16 * i >= n_blocks)
            return n_blocks;
        w = t[i];
        ends = free_bits(w) | pinned_bits(w);
    }
    b = 16 * i + (uint32_t)__builtin_ctz(ends) / 2;
    return b < n_blocks ? b : n_blocks;
}

static void move(struct heap *h, struct slide *s, const struct slide_area *a)
{
    const uint32_t *t = area_table(h, &a->area);
    uint32_t n_blocks = area_blocks(&a->area);
    uint32_t to = 0;
    uint32_t moved = 0;
    uint32_t b = atab_next_used(t, n_blocks, 0);
    while (b != ATAB_NONE) {
        uint32_t end;
        if (atab_get_kind(t, b) == ATAB_MARK) {
            end = to = b + atab_object_blocks(t, b);
        } else {
            end = run_end(t, n_blocks, b);
            if (b != to) {
                copy_down(word_at(h, area_block_address(h, &a->area, to)),
                          word_at(h, area_block_address(h, &a->area, b)),
                          (end - b) << h->block_shift >> 2);
                moved += end - b;
            }
            to += end - b;
        }
        b = atab_next_used(t, n_blocks, end);
    }
    s->moved_bytes += moved << h->block_shift;
}

void slide_move(struct heap *h, struct slide *s)
{
    const struct slide_area *a = slide_first(h);
    for (; a != NULL; a = slide_next(h, a))
        move(h, s, a);
}

/* ---- Settle ------------------------------------------------------------- */

/* The entries of the 16 blocks from `b` on. Reads one word more. */
static inline uint32_t entries_at(const uint32_t *t, uint32_t b)
{
    uint32_t shift = 2 * (b % 16);
    uint32_t low = t[b / 16] >> shift;
    return shift == 0 ? low : low | t[b / 16 + 1] << (32 - shift);
}

/*
 * Move the entries of n blocks from `from` down to `to`. Returns the number
 * of objects among them.
 */
static uint32_t move_entries(uint32_t *t, uint32_t from, uint32_t to,
                             uint32_t n)
{
    uint32_t n_objects = 0;
    while (n > 0) {
        uint32_t place = to % 16;
        uint32_t some = 16 - place < n ? 16 - place : n;
        uint32_t mask = some == 16 ? UINT32_MAX : blocks_below(some);
        uint32_t entries = entries_at(t, from) & mask;
        uint32_t *w = &t[to / 16];
        *w = (*w & ~(mask << 2 * place)) | entries << 2 * place;
        n_objects += count(head_bits(entries));
        from += some;
        to += some;
        n -= some;
    }
    return n_objects;
}

static void settle(struct heap *h, struct slide *s, const struct slide_area *a)
{
    uint32_t *t = area_table(h, &a->area);
    uint32_t n_blocks = area_blocks(&a->area);
    uint32_t to = 0;
    uint32_t b = atab_next_used(t, n_blocks, 0);
    while (b != ATAB_NONE) {
        uint32_t end;
        if (atab_get_kind(t, b) == ATAB_MARK) {
            atab_mark_to_head(t, b);
            if (to != b)
                atab_clear(t, to, b - to);
            end = to = b + atab_object_blocks(t, b);
        } else {
            end = run_end(t, n_blocks, b);
            if (b != to)
                s->moved_objects += move_entries(t, b, to, end - b);
            to += end - b;
        }
        b = atab_next_used(t, n_blocks, end);
    }
    if (to != n_blocks)
        atab_clear(t, to, n_blocks - to);
}

void slide_settle(struct heap *h, struct slide *s)
{
    const struct slide_area *a = slide_first(h);
    for (; a != NULL; a = slide_next(h, a))
        settle(h, s, a);
    s->n_pinned = 0;
}

/* ---- Raise -------------------------------------------------------------- */

bool slide_plan_raise(struct heap *h, struct slide *s,
                      const struct slide_area *a, uint32_t b, uint32_t n)
{
    const uint32_t *t = area_table(h, &a->area);
    uint32_t n_blocks = area_blocks(&a->area);
    if (b >= n_blocks || atab_get_kind(t, b) != ATAB_HEAD)
        return false;
    uint32_t end = run_end(t, n_blocks, b);
    if (atab_free_run(t, n_blocks, end, n) < n)
        return false;
    s->low = area_block_address(h, &a->area, b);
    s->span = (end - b) << h->block_shift;
    s->raise = n;
    return true;
}

/* From the top, so that no bit meets one that has still to move. */
static void raise_bits(struct heap *h, addr32 bits, uint32_t from, uint32_t end,
                       uint32_t n)
{
    for (uint32_t b = end; bits != 0 && b > from; b--) {
        if (!slide_get_bit(h, bits, b - 1))
            continue;
        slide_clear_bit(h, bits, b - 1);
        slide_set_bit(h, bits, b - 1 + n);
    }
}

void slide_raise(struct heap *h, struct slide *s, const struct slide_area *a)
{
    uint32_t *t = area_table(h, &a->area);
    uint32_t from = area_block_of(h, &a->area, s->low);
    uint32_t end = from + (s->span >> h->block_shift);
    uint32_t n = s->raise;
    __builtin_memmove(byte_at(h, s->low + (n << h->block_shift)),
                      byte_at(h, s->low), s->span);
    raise_bits(h, finaliser_bits(h, a), from, end, n);
    raise_bits(h, a->leaf, from, end, n);
    raise_bits(h, a->ambiguous, from, end, n);

    for (uint32_t b = end; b > from; b--) {
        uint32_t kind = atab_get_kind(t, b - 1);
        uint32_t shift = 2 * ((b - 1 + n) % 16);
        uint32_t *w = &t[(b - 1 + n) / 16];
        *w = (*w & ~(UINT32_C(3) << shift)) | kind << shift;
        s->moved_objects += kind == ATAB_HEAD;
    }
    atab_clear(t, from, n < end - from ? n : end - from);
    s->moved_bytes += s->span;
}

void slide_unpin(struct heap *h, struct slide *s)
{
    const struct slide_area *a = slide_first(h);
    for (; a != NULL && s->n_pinned > 0; a = slide_next(h, a)) {
        uint32_t *t = area_table(h, &a->area);
        uint32_t n_blocks = area_blocks(&a->area);
        uint32_t b = atab_next_mark(t, n_blocks, 0);
        while (b != ATAB_NONE) {
            atab_mark_to_head(t, b);
            b = atab_next_mark(t, n_blocks, b + 1);
        }
    }
    s->n_pinned = 0;
}
