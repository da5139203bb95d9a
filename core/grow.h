/*
 * grow.h - one more area from the outer heap for a request that found nothing
 *
 * The new area must surely hold the request (`needed`), should double the
 * heap's blocks (`total`), and is as large as the outer heap can give if it
 * cannot give that:
 *
 *      needed = n + max(2048, floor(13 n / 512))     or floor(103 n / 100)
 *      total  = B/4 + B/8 + B * block + 1 + skip, rounded up to blocks
 *               (B: blocks of all areas; B/8 with finalisers)
 *      taken  = min(avail, max(total, needed)), if avail >= needed
 *
 * State     the list of areas; h->n_grown counts.
 * Cost      O(areas), one division, three outward calls at most.
 * Source    MicroPython's gc_try_add_heap.
 */
#ifndef CORE_GROW_H
#define CORE_GROW_H

#include "core/heap.h"

/* More than any window holds; keeps all sums below within 32 bits. */
#define GROW_REQUEST_MAX UINT32_C(0x08000000)

enum growth_rule {
    GROWTH_13_512 = 0, /* needed = n + max(2048, floor(13 n / 512))       */
    GROWTH_103 = 1     /* needed = floor(103 n / 100): the older estimate */
};

/*
 * Take `total` bytes from the outer heap, or `needed` if these are more, or
 * all that it can give at once if it cannot give so many. Returns where they
 * are, and how many in `bytes`; 0: it cannot give what is needed.
 */
addr32 grow_take(struct heap *h, uint32_t needed, uint32_t total,
                 uint32_t *bytes);

/*
 * Append an area for a request of `bytes` bytes, `skip` of whose bytes are
 * kept for its descriptor. Returns false, having changed nothing, when the
 * outer heap cannot give what is needed.
 */
bool grow_for(struct heap *h, uint32_t bytes, uint32_t rule, uint32_t skip);

#endif /* CORE_GROW_H */
