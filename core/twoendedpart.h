/*
 * twoendedpart.h - what the two files of twoended have in common
 *
 * twoended.c finds places for objects, twoendedheap.c keeps the heap as a
 * whole. See twoended.h for state, cost and source.
 */
#ifndef CORE_TWOENDEDPART_H
#define CORE_TWOENDEDPART_H

#include "core/twoended.h"

/* What is known of area `a` lies right behind its descriptor. */
static inline struct twoended_ends *twoended_ends_of(struct area *a)
{
    return (struct twoended_ends *)(void *)(a + 1);
}

/* Area `a` is new and empty: nobody has a part in it. */
void twoended_open_area(struct heap *h, struct area *a);

/* A whole collection; its roots are heap_roots and what is being copied.
 * Requires PHASE_IDLE. */
void twoended_gather(struct heap *h, uint32_t cause);

#endif /* CORE_TWOENDEDPART_H */
