/*
 * firstfit.h - objects of whole blocks on allocation tables, freed explicitly
 *
 * The lowest hole that is long enough, area by area. Nothing is collected and
 * nothing moves but by a realloc that may. What a manager adds (a pool of
 * strings, another policy) stands on this.
 *
 * State     the areas of struct heap (area.h). Each area's hint is the byte of
 *           its table before which all blocks are used.
 * Units     blocks of h->block_bytes bytes.
 * Cost      alloc: O(blocks / 16). free, realloc: O(object / 16), plus a copy
 *           if it moves.
 * Source    Knuth, The Art of Computer Programming 1, 2.5, algorithm A, on a
 *           table; the table is MicroPython's (atab.h).
 */
#ifndef CORE_FIRSTFIT_H
#define CORE_FIRSTFIT_H

#include "core/area.h"

/*
 * Give `bytes` bytes at a multiple of the block size. 0, and nothing but
 * h->refusal has changed, iff bytes is 0 (REFUSAL_NONE) or no hole is long
 * enough (REFUSAL_FULL).
 */
addr32 firstfit_alloc(struct heap *h, uint32_t bytes);

/* Free the object at `object`; 0 is ignored. Requires an object's address. */
void firstfit_free(struct heap *h, addr32 object);

/*
 * Make the object `bytes` bytes: in place if it shrinks or the blocks behind
 * are free; else, only if `may_move`, allocated anew, copied and freed.
 * Returns its address; or 0, the object being as before, and h->refusal says
 * why. Object 0 allocates; 0 bytes free it and answer 0 (REFUSAL_NONE).
 */
addr32 firstfit_realloc(struct heap *h, addr32 object, uint32_t bytes,
                        bool may_move);

/* Bytes granted to the object at `object`, which is one. */
uint32_t firstfit_bytes(struct heap *h, addr32 object);

#endif /* CORE_FIRSTFIT_H */
