/*
 * copygrow.h - the areas of copying.h come and go
 *
 * Once a request, after all that collecting and sliding could do, the heap
 * takes one more area from the outer heap: as many blocks as it has already,
 * but not fewer than the request needs, nor more than the outer heap can give.
 * A collection gives back the areas that it leaves empty.
 *
 * State     the list of areas; h->n_grown, h->last_given_back count.
 * Units     blocks.
 * Cost      growing: O(areas), plus clearing the new tables. Giving back:
 *           O(table words) for each empty area.
 * Source    grow.h for the rule; what an area needs is exact here.
 */
#ifndef CORE_COPYGROW_H
#define CORE_COPYGROW_H

#include "core/copying.h"

/*
 * Make the `bytes` bytes at `address` the last area. Returns HEAP_OK, or
 * HEAP_BAD_ADDRESS, HEAP_TOO_SMALL and nothing has changed.
 */
uint32_t copygrow_append(struct heap *h, addr32 address, uint32_t bytes);

/* Bytes of an area of n blocks, wherever it begins: what is needed. */
uint32_t copygrow_bytes(struct heap *h, uint32_t n_blocks);

/* An area of n blocks or more from the outer heap becomes the region; false:
 * there is none to be had. */
bool copygrow_for(struct heap *h, uint32_t n_blocks);

/*
 * Give back every empty area but the first, and but the only one that has room
 * for a request of n blocks (0: none waits). Requires that there is no region.
 */
void copygrow_give_back(struct heap *h, uint32_t n_blocks);

#endif /* CORE_COPYGROW_H */
