/*
 * copyregion.h - the region of copying.h: the hole that allocation is in
 *
 * Allocation takes blocks from one hole, the region, in ascending order. While
 * a hole is the region its blocks are not counted in its area's n_free, so
 * that an allocation there changes no counter of the area. While a collection
 * runs there is no region.
 *
 *      ... object | object |  free  .  .  .  .  .  .  | object ...
 *                          cursor       stop          limit
 *
 * Past `stop` allocation has to think again: the hole ends there, or the
 * threshold is reached, or, at once, the heap is locked. So the common
 * allocation has one comparison to make.
 *
 * State     in struct copying.
 * Units     blocks.
 * Cost      O(1) for what has no search in its name; else O(table words).
 */
#ifndef CORE_COPYREGION_H
#define CORE_COPYREGION_H

#include "core/copying.h"

/* The area that the region is in, or was. */
static inline struct slide_area *region_area(struct heap *h)
{
    return slide_at(h, h->search_area);
}

/* Blocks that the region has left. */
static inline uint32_t region_left(struct heap *h)
{
    const struct copying *own = copying_of(h);
    return own->limit - own->cursor;
}

/* Free blocks of `a`, those of the region too. */
uint32_t region_free_blocks(struct heap *h, const struct slide_area *a);

/* In the longest hole, where something is pinned, so many blocks are given at
 * a time; what is longer goes to its upper end. */
#define REGION_TALL 64u

/* Set `stop`: for whenever the region, the lock or the threshold changed. */
void region_set_stop(struct heap *h);

/* There is no region any more. */
void region_leave(struct heap *h);

/* The free blocks `from` to before `to` of `a` are the region. Requires that
 * there is none. */
void region_enter(struct heap *h, struct slide_area *a, uint32_t from,
                  uint32_t to);

/* The longest hole's length. (A search.) */
uint32_t region_longest_hole(struct heap *h);

/* Would a request of n blocks have to be met from the longest hole? (A
 * search.) */
bool region_needs_longest(struct heap *h, uint32_t n_blocks);

/*
 * After a slide: allocation goes on in the longest hole. Where pins have left
 * several, it begins with the shortest of n blocks or more, so that the
 * longest stays whole longest. (A search.)
 */
void region_choose(struct heap *h, uint32_t n_blocks);

/*
 * Another hole of n blocks or more becomes the region; false: there is none.
 * Next fit, rather a hole that will serve several requests; where pins have
 * left several, the shortest. (A search.)
 */
bool region_enter_other(struct heap *h, uint32_t n_blocks);

/* The n blocks of `a` from `b` on have become free. */
void region_give(struct heap *h, struct slide_area *a, uint32_t b,
                 uint32_t n_blocks);

/* The n free blocks of `a` from `b` on continue the object before them. */
void region_take(struct heap *h, struct slide_area *a, uint32_t b,
                 uint32_t n_blocks);

#endif /* CORE_COPYREGION_H */
