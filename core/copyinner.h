/*
 * copyinner.h - what the files of copying.h share
 */
#ifndef CORE_COPYINNER_H
#define CORE_COPYINNER_H

#include "core/copying.h"

/* Blocks for `bytes` bytes; 0 for 0 and for more than can be counted. */
static inline uint32_t copying_blocks_for(const struct heap *h, uint32_t bytes)
{
    return (bytes + h->block_bytes - 1) >> h->block_shift;
}

/* The side tables that areas have: enum slide_sides. */
static inline uint32_t copying_sides(struct heap *h)
{
    const struct copying_params *p = &copying_of(h)->params;
    return (p->leaf ? SLIDE_LEAVES : 0u) |
           (p->ambiguous ? SLIDE_AMBIGUOUS : 0u);
}

static inline bool copying_is_locked(const struct heap *h)
{
    return (h->lock_depth | h->phase) != 0;
}

/*
 * Clear the n blocks at `object`, all of them or only the last, as `zero`
 * says. Returns its address.
 */
addr32 copying_clean(struct heap *h, addr32 object, uint32_t n_blocks,
                     uint32_t zero);

#endif /* CORE_COPYINNER_H */
