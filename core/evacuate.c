/* evacuate.c - see evacuate.h for the contract and the source. */
#include "core/evacuate.h"

/* ---- A list of holes, in the holes -------------------------------------- */

/* The first words of a hole in the list. The smallest block holds them. */
struct hole {
    uint32_t next; /* first block of the next hole, plus 1; 0: none       */
    uint32_t n_blocks;
};

static struct hole *hole_at(struct heap *h, const struct slide_area *a,
                            uint32_t b)
{
    return (struct hole *)(void *)word_at(h,
                                          area_block_address(h, &a->area, b));
}

/* Put the n free blocks from `b` on into the list that begins at *link. */
static void list_hole(struct heap *h, const struct slide_area *a,
                      uint32_t *link, uint32_t b, uint32_t n)
{
    *hole_at(h, a, b) = (struct hole){*link, n};
    *link = b + 1;
}

/* List the holes of `a` but those from block `from` to before `to`, in address
 * order. Returns the first one's block plus 1, or 0. */
static uint32_t list_holes(struct heap *h, const struct slide_area *a,
                           uint32_t from, uint32_t to)
{
    const uint32_t *t = area_table(h, &a->area);
    uint32_t end = area_blocks(&a->area);
    uint32_t first = 0;
    uint32_t *link = &first;
    uint32_t b = atab_find_free(t, end, 0, 1);
    while (b != ATAB_NONE) {
        uint32_t n = atab_free_run(t, end, b, end);
        if (b < from || b >= to) {
            list_hole(h, a, link, b, n);
            link = &hole_at(h, a, b)->next;
        }
        b = b + n < end ? atab_find_free(t, end, b + n, 1) : ATAB_NONE;
    }
    return first;
}

/* Take the hole at block `b`, which is in the list, out of it. */
static void unlist_hole(struct heap *h, const struct slide_area *a,
                        uint32_t *first, uint32_t b)
{
    uint32_t *link = first;
    while (*link != b + 1)
        link = &hole_at(h, a, *link - 1)->next;
    *link = hole_at(h, a, b)->next;
}

/*
 * Take n blocks from the shortest hole that has them, at its lower end: there
 * the next slide has least to do. Returns the first, or ATAB_NONE.
 */
static uint32_t take_hole(struct heap *h, const struct slide_area *a,
                          uint32_t *first, uint32_t n)
{
    uint32_t *best = NULL;
    uint32_t shortest = UINT32_MAX;
    uint32_t *link = first;
    while (*link != 0) {
        struct hole *hole = hole_at(h, a, *link - 1);
        if (hole->n_blocks >= n && hole->n_blocks < shortest) {
            best = link;
            shortest = hole->n_blocks;
        }
        link = &hole->next;
    }
    if (best == NULL)
        return ATAB_NONE;

    uint32_t b = *best - 1;
    uint32_t next = hole_at(h, a, b)->next;
    if (shortest == n) {
        *best = next;
        return b;
    }
    *hole_at(h, a, b + n) = (struct hole){next, shortest - n};
    *best = b + n + 1;
    return b;
}

/* ---- Moving one object -------------------------------------------------- */

static void move_bit(struct heap *h, addr32 bits, uint32_t from, uint32_t to)
{
    if (bits == 0 || !slide_get_bit(h, bits, from))
        return;
    slide_clear_bit(h, bits, from);
    slide_set_bit(h, bits, to);
}

/* The object at block b moves into a hole; false: none holds it. */
static bool move_out(struct heap *h, struct slide *s,
                     const struct slide_area *a, uint32_t *holes, uint32_t b)
{
    uint32_t *t = area_table(h, &a->area);
    uint32_t n = atab_object_blocks(t, b);
    uint32_t to = take_hole(h, a, holes, n);
    if (to == ATAB_NONE)
        return false;

    CORE_ASSERT(atab_get_kind(t, b) == ATAB_HEAD);
    addr32 old = area_block_address(h, &a->area, b);
    addr32 new = area_block_address(h, &a->area, to);
    __builtin_memcpy(byte_at(h, new), byte_at(h, old), n << h->block_shift);
    *word_at(h, old) = new;
    atab_take(t, to, n);
    atab_clear(t, b, n);
    atab_free_to_head(t, b);
    atab_head_to_mark(t, b);
    if (h->has_finalisers)
        move_bit(h, a->area.table + a->area.table_bytes + 1, b, to);
    move_bit(h, a->leaf, b, to);
    move_bit(h, a->ambiguous, b, to);
    s->moved_objects++;
    s->moved_bytes += n << h->block_shift;
    return true;
}

/* References to what moved from the blocks `from` to before `to` change. */
static void note_range(struct heap *h, struct slide *s,
                       const struct slide_area *a, uint32_t from, uint32_t to)
{
    s->way = SLIDE_OUT;
    s->low = area_block_address(h, &a->area, from);
    s->span = (to - from) << h->block_shift;
}

/* ---- The cheapest window ------------------------------------------------ */

/* Blocks of the hole or object that begins at block b. */
static uint32_t item_blocks(const uint32_t *t, uint32_t n_blocks, uint32_t b)
{
    if (atab_get_kind(t, b) == ATAB_FREE)
        return atab_free_run(t, n_blocks, b, n_blocks);
    return atab_object_blocks(t, b);
}

/*
 * Of all stretches of n or more blocks, from one hole's or object's beginning
 * to another's end and nothing pinned inside, the first with the fewest used
 * blocks. Both ends go over the area once. False: there is none.
 */
static bool find_window(const uint32_t *t, uint32_t n_blocks, uint32_t n,
                        uint32_t *from, uint32_t *to)
{
    uint32_t begin = 0;
    uint32_t end = 0;
    uint32_t used = 0;
    uint32_t fewest = UINT32_MAX;
    for (;;) {
        while (end - begin < n) {
            if (end >= n_blocks)
                return fewest != UINT32_MAX;
            uint32_t kind = atab_get_kind(t, end);
            uint32_t blocks = item_blocks(t, n_blocks, end);
            end += blocks;
            if (kind == ATAB_HEAD) {
                used += blocks;
            } else if (kind == ATAB_MARK) {
                begin = end;
                used = 0;
            }
        }
        if (used < fewest) {
            fewest = used;
            *from = begin;
            *to = end;
        }
        uint32_t blocks = item_blocks(t, n_blocks, begin);
        if (atab_get_kind(t, begin) != ATAB_FREE)
            used -= blocks;
        begin += blocks;
    }
}

bool evacuate_window(struct heap *h, struct slide *s,
                     const struct slide_area *a, uint32_t n)
{
    const uint32_t *t = area_table(h, &a->area);
    uint32_t from, to;
    if (!find_window(t, area_blocks(&a->area), n, &from, &to))
        return false;
    note_range(h, s, a, from, to);
    uint32_t holes = list_holes(h, a, from, to);
    uint32_t b = atab_next_used(t, to, from);
    while (b != ATAB_NONE) {
        uint32_t blocks = atab_object_blocks(t, b);
        if (!move_out(h, s, a, &holes, b))
            return false;
        b = b + blocks < to ? atab_next_used(t, to, b + blocks) : ATAB_NONE;
    }
    return true;
}

/* ---- The best gap ------------------------------------------------------- */

/* A gap between pinned objects: all that is used, then all that is free. */
struct gap {
    uint32_t from, to; /* blocks                                          */
    uint32_t hole;     /* where the free ones begin                       */
};

static uint32_t hole_of(const struct gap *g)
{
    return g->to - g->hole;
}

/* How long a hole the gap could become with n_free blocks free in all. */
static uint32_t promise(const struct gap *g, uint32_t n_free)
{
    uint32_t n = g->to - g->from;
    return n < n_free ? n : n_free;
}

/*
 * The gap that promises most, and of those that with the longest hole, which
 * has least to move; and the one that has the longest hole now.
 */
static void find_gaps(struct heap *h, const struct slide_area *a,
                      struct gap *best, struct gap *longest)
{
    const uint32_t *t = area_table(h, &a->area);
    uint32_t n_blocks = area_blocks(&a->area);
    uint32_t from = 0;
    *best = *longest = (struct gap){0, 0, 0};
    while (from < n_blocks) {
        uint32_t mark = atab_next_mark(t, n_blocks, from);
        struct gap g = {from, mark == ATAB_NONE ? n_blocks : mark, 0};
        uint32_t hole = atab_find_free(t, n_blocks, from, 1);
        g.hole = hole < g.to ? hole : g.to;
        uint32_t has = promise(&g, a->n_free);
        uint32_t had = promise(best, a->n_free);
        if (has > had || (has == had && hole_of(&g) > hole_of(best)))
            *best = g;
        if (hole_of(&g) > hole_of(longest))
            *longest = g;
        from =
            mark == ATAB_NONE ? n_blocks : mark + atab_object_blocks(t, mark);
    }
}

/* The first block of the object that ends before block `end`. */
static uint32_t object_before(const uint32_t *t, uint32_t end)
{
    uint32_t i = (end - 1) / 16;
    uint32_t hidden = 30 - 2 * ((end - 1) % 16); /* bits from `end` on */
    uint32_t heads = t[i] & ATAB_LOW_BITS >> hidden;
    while (heads == 0)
        heads = t[--i] & ATAB_LOW_BITS;
    return 16 * i + (31 - (uint32_t)__builtin_clz(heads)) / 2;
}

/* What can leave the gap does, from its hole downwards: from block `end`. */
static uint32_t empty_gap(struct heap *h, struct slide *s,
                          const struct slide_area *a, const struct gap *g,
                          uint32_t *holes, uint32_t end)
{
    const uint32_t *t = area_table(h, &a->area);
    while (end > g->from) {
        uint32_t b = object_before(t, end);
        if (!move_out(h, s, a, holes, b))
            break;
        end = b;
    }
    return end;
}

/*
 * The longest hole is used last, when the gap has become longer: so what comes
 * out is never shorter than what there was.
 */
bool evacuate_pack(struct heap *h, struct slide *s, const struct slide_area *a)
{
    struct gap best, longest;
    find_gaps(h, a, &best, &longest);
    if (promise(&best, a->n_free) <= hole_of(&longest) + a->n_free / 16)
        return false;

    uint32_t holes = list_holes(h, a, best.from, best.to);
    bool is_other = longest.from != best.from;
    if (is_other)
        unlist_hole(h, a, &holes, longest.hole);
    uint32_t end = empty_gap(h, s, a, &best, &holes, best.hole);
    if (is_other && best.to - end >= hole_of(&longest)) {
        list_hole(h, a, &holes, longest.hole, hole_of(&longest));
        end = empty_gap(h, s, a, &best, &holes, end);
    }
    note_range(h, s, a, end, best.to);
    return end != best.hole;
}

/* ---- Settling ----------------------------------------------------------- */

void evacuate_settle(struct heap *h, const struct slide *s,
                     const struct slide_area *a)
{
    uint32_t *t = area_table(h, &a->area);
    uint32_t from = area_block_of(h, &a->area, s->low);
    uint32_t to = from + (s->span >> h->block_shift);
    uint32_t b = atab_next_mark(t, to, from);
    while (b != ATAB_NONE) {
        atab_any_to_free(t, b);
        b = atab_next_mark(t, to, b);
    }
}
