/*
 * areacheck.h - is a heap of areas with allocation tables in order?
 *
 * What every manager on allocation tables checks of its areas. It shares no
 * code with area.c and atab.c: it reads the tables block by block, as drawn
 * in area.h, and recomputes what those keep up to date.
 *
 * State     none; writes nothing.
 * Cost      O(blocks + areas squared). Each loop is bounded by what has been
 *           checked before it, so it ends on any bytes.
 */
#ifndef CORE_AREACHECK_H
#define CORE_AREACHECK_H

#include "core/heap.h"

/* What the caller knows, the heap not being believed. */
struct areacheck {
    addr32 base;           /* of the window                               */
    uint32_t window_bytes; /* of it; all areas lie inside                 */
    uint32_t skip;         /* bytes at the start of an area but the first */
};

/*
 * Check the list of areas and each area of `h`. Requires that base,
 * control_bytes, heap_bytes, block_bytes, block_shift and has_finalisers were
 * found right. Returns 0, or the number of the first broken invariant, 4 to
 * 11, as marksweep_check lists them.
 */
int areacheck(struct heap *h, const struct areacheck *known);

#endif /* CORE_AREACHECK_H */
