/* spine.c - see spine.h for the contract, the picture and the source. */
#include "core/spine.h"
#include "core/atab.h"

/* ---- What a spine looks like ------------------------------------------- */

/* Logarithm of F, the links of a block. */
static inline uint32_t fan_shift(struct heap *h)
{
    return h->block_shift - fixed_of(h)->index_bytes / 2;
}

/* A spine being followed: data block k is found by the digits of k to the base
 * F; all but the top's lie below bit `shift`. */
struct spine {
    addr32 top;
    uint32_t fan;   /* logarithm of F                                     */
    uint32_t shift; /* fan * (levels - 1)                                 */
};

/* Most data blocks that a top block can lead to. */
static inline uint32_t capacity(const struct spine *s)
{
    return ((UINT32_C(1) << s->fan) - 1) << s->shift;
}

/* The spine at `top` for n data blocks. */
static struct spine spine_for(struct heap *h, addr32 top, uint32_t n)
{
    struct spine s = {top, fan_shift(h), 0};
    while (n > capacity(&s))
        s.shift += s.fan;
    return s;
}

/* The link in the top block on the way to data block k. */
static inline uint32_t slot_in_top(const struct spine *s, uint32_t k)
{
    return 1 + (k >> s->shift);
}

/* The link in a block below, whose own links each lead to 2^shift blocks. */
static inline uint32_t slot_below(const struct spine *s, uint32_t k,
                                  uint32_t shift)
{
    return k >> shift & ((UINT32_C(1) << s->fan) - 1);
}

/* Is k the first data block below a block that leads to 2^shift of them? */
static inline bool is_first_of(uint32_t k, uint32_t shift)
{
    return (k & ((UINT32_C(1) << shift) - 1)) == 0;
}

/* ---- Single blocks ----------------------------------------------------- */

static uint32_t take_block(struct heap *h)
{
    struct fixed *f = fixed_of(h);
    uint32_t i = f->free;
    CORE_ASSERT(i != 0);
    f->free = fixed_get(h, fixed_address(h, i), 0);
    f->n_free--;
    return i;
}

static void give_block(struct heap *h, uint32_t i)
{
    struct fixed *f = fixed_of(h);
    fixed_put(h, fixed_address(h, i), 0, f->free);
    f->free = i;
    f->n_free++;
}

static uint32_t *table_of(struct heap *h, const struct fixed_area *a)
{
    return word_at(h, a->table);
}

static bool has_spine(struct heap *h, uint32_t i)
{
    const struct fixed_area *a = fixed_area_of(h, i);
    return atab_get_kind(table_of(h, a), i - a->from) == ATAB_MARK;
}

static void copy_block(struct heap *h, addr32 to, addr32 from)
{
    __builtin_memcpy(word_at(h, to), word_at(h, from), h->block_bytes);
}

/* ---- Data blocks more and fewer ---------------------------------------- */

/* A full spine gets one level more: what the top led to, its one child does. */
static void deepen(struct heap *h, struct spine *s)
{
    uint32_t child = take_block(h);
    addr32 p = fixed_address(h, child);
    for (uint32_t slot = 1; slot >> s->fan == 0; slot++)
        fixed_put(h, p, slot - 1, fixed_get(h, s->top, slot));
    fixed_put(h, s->top, 1, child);
    s->shift += s->fan;
}

/* The reverse, when the one child leads to no more than the top can. */
static void flatten(struct heap *h, struct spine *s)
{
    uint32_t child = fixed_get(h, s->top, 1);
    addr32 p = fixed_address(h, child);
    for (uint32_t slot = 1; slot >> s->fan == 0; slot++)
        fixed_put(h, s->top, slot, fixed_get(h, p, slot - 1));
    give_block(h, child);
    s->shift -= s->fan;
}

/*
 * The links of data block k and its neighbours: a leaf of the spine, or the
 * top. `*first` receives the data block of its link 0. With `is_new`, blocks
 * on the way that k is the first to need are added.
 */
static addr32 leaf_of(struct heap *h, const struct spine *s, uint32_t k,
                      bool is_new, uint32_t *first)
{
    addr32 p = s->top;
    uint32_t slot = slot_in_top(s, k);
    for (uint32_t shift = s->shift; shift > 0;) {
        if (is_new && is_first_of(k, shift))
            fixed_put(h, p, slot, take_block(h));
        p = fixed_address(h, fixed_get(h, p, slot));
        shift -= s->fan;
        slot = slot_below(s, k, shift);
    }
    *first = k - slot; /* in the top, link 1 is data block 0 */
    return p;
}

/* Append data blocks `n` to `to` - 1, a leaf at a time. */
static void append(struct heap *h, struct spine *s, uint32_t n, uint32_t to)
{
    while (n < to) {
        uint32_t first;
        if (n == capacity(s))
            deepen(h, s);
        addr32 leaf = leaf_of(h, s, n, true, &first);
        uint32_t end = first + (UINT32_C(1) << s->fan);
        for (end = end < to ? end : to; n < end; n++)
            fixed_put(h, leaf, n - first, take_block(h));
    }
}

/* Free data block k, the last, and the blocks on the way that lead to no other
 * one. A freed block's first link is lost, so it is read before. */
static void drop_way(struct heap *h, const struct spine *s, uint32_t k)
{
    uint32_t i = fixed_get(h, s->top, slot_in_top(s, k));
    for (uint32_t shift = s->shift; shift > 0;) {
        uint32_t below = shift - s->fan;
        addr32 p = fixed_address(h, i);
        uint32_t next = fixed_get(h, p, slot_below(s, k, below));
        if (is_first_of(k, shift))
            give_block(h, i);
        i = next;
        shift = below;
    }
    give_block(h, i);
}

/*
 * Free data blocks n - 1 to `to`, the last first: a leaf at a time, up to its
 * first one, with which the leaf goes, too. With `flat` ones left, a level of
 * the spine is one too many.
 */
static void drop(struct heap *h, struct spine *s, uint32_t n, uint32_t to)
{
    while (n > to) {
        uint32_t first;
        uint32_t flat = s->shift > 0 ? capacity(s) >> s->fan : 0;
        addr32 leaf = leaf_of(h, s, n - 1, false, &first);
        uint32_t end = flat > to ? flat : to;
        if (s->shift > 0 && end <= first)
            end = first + 1;
        if (n == end)
            drop_way(h, s, --n);
        for (; n > end; n--)
            give_block(h, fixed_get(h, leaf, n - 1 - first));
        if (s->shift > 0 && n == flat)
            flatten(h, s);
    }
}

/* ---- Whole objects ----------------------------------------------------- */

/* Object `i` of one data block, and no other, gets a spine. */
static void begin_spine(struct heap *h, uint32_t i)
{
    const struct fixed_area *a = fixed_area_of(h, i);
    addr32 top = fixed_address(h, i);
    uint32_t data = take_block(h);
    copy_block(h, fixed_address(h, data), top);
    fixed_put(h, top, 1, data);
    atab_head_to_mark(table_of(h, a), i - a->from);
}

/* Object `i`, whose spine leads to one data block, becomes that block. */
static void end_spine(struct heap *h, uint32_t i)
{
    const struct fixed_area *a = fixed_area_of(h, i);
    addr32 top = fixed_address(h, i);
    uint32_t data = fixed_get(h, top, 1);
    copy_block(h, top, fixed_address(h, data));
    give_block(h, data);
    atab_mark_to_head(table_of(h, a), i - a->from);
}

/* Object `i` of `had` data blocks gets n; all that it needs is there. */
static void grow(struct heap *h, uint32_t i, uint32_t had, uint32_t n)
{
    if (n == 1)
        return;
    if (had == 1)
        begin_spine(h, i);
    struct spine s = spine_for(h, fixed_address(h, i), had);
    append(h, &s, had, n);
    fixed_put(h, s.top, 0, n);
}

void spine_open(struct heap *h, const struct fixed_area *a)
{
    __builtin_memset(table_of(h, a), 0, a->n_blocks / 4);
    for (uint32_t b = a->n_blocks; b > 0; b--)
        give_block(h, a->from + b - 1);
}

uint32_t spine_blocks(struct heap *h, uint32_t n)
{
    uint32_t fan = fan_shift(h);
    uint32_t round_up = (UINT32_C(1) << fan) - 1;
    uint32_t n_blocks = n;
    if (n == 1)
        return 1;
    while (n > round_up) { /* F - 1 of them the top can lead to */
        n = (n + round_up) >> fan;
        n_blocks += n;
    }
    return n_blocks + 1;
}

uint32_t spine_take(struct heap *h, uint32_t n)
{
    if (spine_blocks(h, n) > fixed_of(h)->n_free)
        return 0;
    uint32_t i = take_block(h);
    const struct fixed_area *a = fixed_area_of(h, i);
    atab_free_to_head(table_of(h, a), i - a->from);
    grow(h, i, 1, n);
    return i;
}

void spine_give(struct heap *h, uint32_t i)
{
    const struct fixed_area *a = fixed_area_of(h, i);
    uint32_t n = spine_count(h, i);
    if (has_spine(h, i)) {
        struct spine s = spine_for(h, fixed_address(h, i), n);
        drop(h, &s, n, 0);
    }
    atab_any_to_free(table_of(h, a), i - a->from);
    give_block(h, i);
}

uint32_t spine_count(struct heap *h, uint32_t i)
{
    return has_spine(h, i) ? fixed_get(h, fixed_address(h, i), 0) : 1;
}

bool spine_resize(struct heap *h, uint32_t i, uint32_t n, uint32_t *had)
{
    *had = spine_count(h, i);
    uint32_t now = spine_blocks(h, *had);
    uint32_t then = spine_blocks(h, n);
    if (n > *had) {
        if (then - now > fixed_of(h)->n_free)
            return false;
        grow(h, i, *had, n);
    } else if (n < *had) {
        struct spine s = spine_for(h, fixed_address(h, i), *had);
        drop(h, &s, *had, n);
        fixed_put(h, s.top, 0, n);
        if (n == 1)
            end_spine(h, i);
    }
    return true;
}

uint32_t spine_piece(struct heap *h, uint32_t i, uint32_t k)
{
    if (!has_spine(h, i))
        return i;
    addr32 top = fixed_address(h, i);
    struct spine s = spine_for(h, top, fixed_get(h, top, 0));
    i = fixed_get(h, top, slot_in_top(&s, k));
    for (uint32_t shift = s.shift; shift > 0;) {
        shift -= s.fan;
        i = fixed_get(h, fixed_address(h, i), slot_below(&s, k, shift));
    }
    return i;
}

uint32_t spine_next_first(struct heap *h, const struct fixed_area *a,
                          uint32_t b)
{
    return atab_next_used(table_of(h, a), a->n_blocks, b);
}
