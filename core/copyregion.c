/* copyregion.c - see copyregion.h for the contract. */
#include "core/copyregion.h"

/* Blocks of a hole that is worth looking for before smaller ones. */
#define REGION_WIDE 16

/* Blocks that the longest hole serves before it is asked whether it shall. */
static uint32_t kept_for(struct heap *h)
{
    const struct copying *own = copying_of(h);
    uint32_t n =
        own->ration > h->given_blocks ? own->ration - h->given_blocks : 0;
    return own->n_pinned > 0 && n > REGION_TALL ? REGION_TALL : n;
}

void region_set_stop(struct heap *h)
{
    struct copying *own = copying_of(h);
    uint32_t n = own->limit - own->cursor;
    if (h->lock_depth > 0)
        n = 0;
    if (h->is_auto && h->given_blocks >= h->threshold_blocks)
        n = 0;
    else if (h->is_auto && n > h->threshold_blocks - h->given_blocks)
        n = h->threshold_blocks - h->given_blocks;
    if (h->is_auto && own->is_kept && n > kept_for(h))
        n = kept_for(h);
    own->stop = own->cursor + n;
    CORE_ASSERT(own->cursor <= own->stop && own->stop <= own->limit);
}

void region_leave(struct heap *h)
{
    struct copying *own = copying_of(h);
    region_area(h)->n_free += own->limit - own->cursor;
    own->cursor = own->limit = own->stop = 0;
    own->is_kept = 0;
}

void region_enter(struct heap *h, struct slide_area *a, uint32_t from,
                  uint32_t to)
{
    struct copying *own = copying_of(h);
    CORE_ASSERT(own->cursor == own->limit && a->n_free >= to - from);
    h->search_area = area_address(h, &a->area);
    own->table = a->area.table;
    own->pool = a->area.pool;
    own->cursor = from;
    own->limit = to;
    a->n_free -= to - from;
    region_set_stop(h);
}

uint32_t region_free_blocks(struct heap *h, const struct slide_area *a)
{
    const struct copying *own = copying_of(h);
    uint32_t n = a->n_free;
    if (a->area.table == own->table)
        n += own->limit - own->cursor;
    return n;
}

/* The longest hole, the first of several; null, leaving `from` alone: none. */
static struct slide_area *find_longest(struct heap *h, uint32_t *from,
                                       uint32_t *length)
{
    struct slide_area *best = NULL;
    struct slide_area *a = slide_first(h);
    *length = 0;
    for (; a != NULL; a = slide_next(h, a)) {
        const uint32_t *t = area_table(h, &a->area);
        uint32_t n_blocks = area_blocks(&a->area);
        uint32_t b = atab_find_free(t, n_blocks, 0, *length + 1);
        while (b != ATAB_NONE) {
            best = a;
            *from = b;
            *length = atab_free_run(t, n_blocks, b, n_blocks);
            b = atab_find_free(t, n_blocks, b + *length, *length + 1);
        }
    }
    return best;
}

uint32_t region_longest_hole(struct heap *h)
{
    uint32_t from, length;
    (void)find_longest(h, &from, &length);
    return length;
}

/* A hole that suffices for a request. */
struct choice {
    struct slide_area *area; /* null: there is none                       */
    uint32_t from, length;
    bool is_longest; /* no other is longer                               */
};

/* The shortest hole of n blocks or more, the first of several. */
static struct choice find_shortest(struct heap *h, uint32_t n_blocks)
{
    struct choice best = {NULL, 0, UINT32_MAX, false};
    uint32_t longest = 0;
    struct slide_area *a = slide_first(h);
    for (; a != NULL; a = slide_next(h, a)) {
        const uint32_t *t = area_table(h, &a->area);
        uint32_t end = area_blocks(&a->area);
        uint32_t b = atab_find_free(t, end, 0, n_blocks);
        while (b != ATAB_NONE) {
            uint32_t length = atab_free_run(t, end, b, end);
            if (length < best.length)
                best = (struct choice){a, b, length, false};
            if (length > longest)
                longest = length;
            b = atab_find_free(t, end, b + length, n_blocks);
        }
    }
    best.is_longest = best.length == longest;
    return best;
}

bool region_needs_longest(struct heap *h, uint32_t n_blocks)
{
    return find_shortest(h, n_blocks).is_longest;
}

/* That hole becomes the region; false: there is none. */
static bool enter_shortest(struct heap *h, uint32_t n_blocks)
{
    struct copying *own = copying_of(h);
    struct choice c = find_shortest(h, n_blocks);
    if (c.area == NULL)
        return false;
    region_leave(h);
    uint32_t to = c.from + c.length;
    if (c.is_longest && own->params.ration != 0) {
        if (n_blocks > REGION_TALL)
            c.from = to - n_blocks;
        else
            own->is_kept = 1;
    }
    region_enter(h, c.area, c.from, to);
    return true;
}

void region_choose(struct heap *h, uint32_t n_blocks)
{
    if (copying_of(h)->n_pinned > 0 &&
        enter_shortest(h, n_blocks > 0 ? n_blocks : 1))
        return;
    uint32_t from, length;
    struct slide_area *a = find_longest(h, &from, &length);
    if (a == NULL)
        return;
    copying_of(h)->is_kept = copying_of(h)->params.ration != 0;
    region_enter(h, a, from, from + length);
}

/* The first hole of `a` from block `from` on that holds n blocks becomes the
 * region; false: there is none. */
static bool enter_hole(struct heap *h, struct slide_area *a, uint32_t from,
                       uint32_t n_blocks)
{
    const uint32_t *t = area_table(h, &a->area);
    uint32_t end = area_blocks(&a->area);
    uint32_t b = atab_find_free(t, end, from, n_blocks);
    if (b == ATAB_NONE)
        return false;
    region_leave(h);
    region_enter(h, a, b, b + atab_free_run(t, end, b, end));
    return true;
}

/*
 * Next fit: from the region's place up to the last area's end, then from the
 * first area's beginning to all of the region's area.
 */
static bool enter_next(struct heap *h, uint32_t n_blocks)
{
    const struct copying *own = copying_of(h);
    struct slide_area *here = region_area(h);
    uint32_t from = own->cursor;
    struct slide_area *a = here;
    for (; a != NULL; a = slide_next(h, a)) {
        if (region_free_blocks(h, a) >= n_blocks &&
            enter_hole(h, a, from, n_blocks))
            return true;
        from = 0;
    }
    for (a = slide_first(h);; a = slide_next(h, a)) {
        if (region_free_blocks(h, a) >= n_blocks &&
            enter_hole(h, a, 0, n_blocks))
            return true;
        if (a == here)
            return false;
    }
}

bool region_enter_other(struct heap *h, uint32_t n_blocks)
{
    const struct copying *own = copying_of(h);
    if (own->n_pinned > 0 || own->is_kept)
        return enter_shortest(h, n_blocks);
    return (n_blocks < REGION_WIDE && enter_next(h, REGION_WIDE)) ||
           enter_next(h, n_blocks);
}

void region_give(struct heap *h, struct slide_area *a, uint32_t b,
                 uint32_t n_blocks)
{
    struct copying *own = copying_of(h);
    if (b + n_blocks != own->cursor || a->area.table != own->table) {
        a->n_free += n_blocks;
        return;
    }
    own->cursor = b; /* the region begins earlier */
    region_set_stop(h);
}

void region_take(struct heap *h, struct slide_area *a, uint32_t b,
                 uint32_t n_blocks)
{
    struct copying *own = copying_of(h);
    atab_extend(area_table(h, &a->area), b, n_blocks);
    uint32_t end = b + n_blocks;
    if (a->area.table == own->table && end > own->cursor && b < own->limit) {
        /* The run of free blocks from b on reaches into the region. */
        CORE_ASSERT(b <= own->cursor);
        uint32_t cursor = end < own->limit ? end : own->limit;
        n_blocks -= cursor - own->cursor;
        own->cursor = cursor;
        region_set_stop(h);
    }
    a->n_free -= n_blocks;
}
