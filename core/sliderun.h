/*
 * sliderun.h - passes over runs of neighbours in the table of an area of
 * slide.h
 *
 * The entries of one word of the table are at hand; those that have been
 * passed are 0. A run needs no bound: the gap byte behind the table is FREE.
 *
 * State     none that is kept.
 * Units     blocks.
 * Cost      O(table words) for all runs of an area.
 */
#ifndef CORE_SLIDERUN_H
#define CORE_SLIDERUN_H

#include "core/atab.h"

struct runs {
    const uint32_t *table;
    const uint32_t *word; /* the one at hand                              */
    uint32_t rest;        /* of it                                        */
    uint32_t base;        /* first block of it                            */
    uint32_t n_blocks;    /* of the area                                  */
    uint32_t from, end;   /* the run: blocks from `from` to before `end`  */
};

/* Begin at block `b`, or go on there. */
static inline void runs_seek(struct runs *r, uint32_t b)
{
    r->word = r->table + b / 16;
    r->base = b & ~UINT32_C(15);
    r->rest = *r->word & UINT32_MAX << 2 * (b % 16);
}

static inline void runs_open(struct runs *r, const uint32_t *t,
                             uint32_t n_blocks)
{
    r->table = t;
    r->n_blocks = n_blocks;
    r->from = r->end = 0;
    runs_seek(r, 0);
}

/* Entries of `w` that are free, 00, or pinned, 11: both bits are the same. */
static inline uint32_t runs_ends(uint32_t w)
{
    return ~(w ^ w >> 1) & ATAB_LOW_BITS;
}

/*
 * The next run: it ends before what is free or pinned. A pinned object is an
 * empty run: see runs_pass_pinned. False: there is no more.
 */
static inline bool runs_next(struct runs *r)
{
    while (r->rest == 0) {
        r->base += 16;
        if (r->base >= r->n_blocks)
            return false;
        r->rest = *++r->word;
    }
    uint32_t place = (uint32_t)__builtin_ctz(r->rest) & ~UINT32_C(1);
    r->from = r->base + place / 2;
    if (r->from >= r->n_blocks)
        return false; /* what lies behind the table */

    uint32_t ends = runs_ends(r->rest) & UINT32_MAX << place;
    while (ends == 0) {
        r->base += 16;
        r->rest = *++r->word;
        ends = runs_ends(r->rest);
    }
    place = (uint32_t)__builtin_ctz(ends);
    r->end = r->base + place / 2;
    r->rest &= UINT32_MAX << place;
    CORE_ASSERT(r->end <= r->n_blocks);
    return true;
}

/* Is the run an object that is pinned? Then it is passed, and is the run. */
static inline bool runs_pass_pinned(struct runs *r)
{
    if (r->end != r->from)
        return false;
    r->end = r->from + atab_object_blocks(r->table, r->from);
    runs_seek(r, r->end);
    return true;
}

#endif /* CORE_SLIDERUN_H */
