/*
 * twoendedpart.h - what the two files of twoended have in common
 *
 * twoended.c finds places for objects, twoendedheap.c keeps the heap as a
 * whole. See twoended.h for state, cost and source.
 */
#ifndef CORE_TWOENDEDPART_H
#define CORE_TWOENDEDPART_H

#include "core/twoended.h"

/* The bound of area `a` lies right behind its descriptor. */
static inline uint32_t *twoended_long_start(struct area *a)
{
    return &((struct twoended_bound *)(void *)(a + 1))->long_start;
}

/* The first block of `a` behind which a search downwards finds no free one. */
static inline uint32_t twoended_high_of(struct heap *h, const struct area *a)
{
    const struct twoended *own = twoended_of(h);
    if (a->number == own->high_area)
        return 4 * own->high;
    return a->number < own->high_area ? area_blocks(a) : 0;
}

/* There may be free blocks of `a` up to table byte `high`. */
static inline void twoended_raise_high(struct heap *h, const struct area *a,
                                       uint32_t high)
{
    struct twoended *own = twoended_of(h);
    if (a->number < own->high_area ||
        (a->number == own->high_area && high <= own->high))
        return;
    own->high_area = a->number;
    own->high = high;
}

/* Area `a` is new and empty: nobody has a part in it. */
void twoended_open_area(struct heap *h, struct area *a);

/* A whole collection; its roots are heap_roots and what is being copied. Area
 * `kept`, if not null, is not given back. Requires PHASE_IDLE. */
void twoended_gather(struct heap *h, uint32_t cause, const struct area *kept);

#endif /* CORE_TWOENDEDPART_H */
