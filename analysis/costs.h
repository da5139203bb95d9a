/*
 * costs.h - what a run's operations cost on its machine: counts, sums and
 * percentiles of cycles, by what was asked
 *
 *   alloc      every allocation, refused ones too, with the collections inside
 *   alloc_net  the same without the cycles spent collecting
 *   free       every free, also one at an object's death
 *   realloc    every realloc, with the collections inside
 *   collect    the cycles spent collecting, of each operation that collected
 *   step deref store   idle steps; reads through a handle; the write barrier
 *
 * Percentiles are by nearest rank: of n values sorted upwards the one at rank
 * ceil(p n), counted from 1. They are exact below COSTS_EXACT cycles; above,
 * values are counted in steps of 1/4096 of themselves at most, rounded down.
 * Count, total, minimum and maximum are exact.
 *
 * State     8 bytes a value below COSTS_EXACT for each kind that occurs.
 * Cost      O(1) an operation; a percentile looks at all values.
 */
#ifndef ANALYSIS_COSTS_H
#define ANALYSIS_COSTS_H

#include "sim/replay/record.h"

#define COSTS_EXACT 65536u

enum cost_kind {
    COST_ALLOC = 0,
    COST_ALLOC_NET,
    COST_FREE,
    COST_REALLOC,
    COST_COLLECT,
    COST_STEP,
    COST_PROMOTE,
    COST_DEREF,
    COST_STORE,
    COST_N
};

extern const char *const cost_names[COST_N]; /* "alloc", "alloc_net", ...  */

struct cost_summary {
    uint64_t count, total, min, p50, p90, p99, p999, max; /* cycles        */
};

/* All operations and events together. */
struct cost_totals {
    uint64_t cycles, gc_cycles, outer_cycles;
    uint64_t instructions, loads, stores, waits, unsettled;
    uint64_t stack_bytes; /* deepest                                      */
};

struct costs;

struct costs *costs_new(void); /* null: no memory                          */
void costs_free(struct costs *c);

/* Count a record. Returns 0, or ERR_MEMORY. */
int costs_op(struct costs *c, const struct op_record *r);
int costs_event(struct costs *c, const struct event_record *r);

void costs_summarise(const struct costs *c, enum cost_kind kind,
                     struct cost_summary *out);
const struct cost_totals *costs_totals(const struct costs *c);

/* Values lower..upper of cycles that an operation of some kind took. */
struct cost_bucket {
    const char *name; /* "cycles_alloc", ...                               */
    uint64_t lower, upper, count;
};

/*
 * Every bucket that is not empty, by kind and value: one value a bucket below
 * 64, from there 32 an octave, so a bucket is at most 1/32 of its values wide.
 * Counts are exact.
 */
void costs_histograms(const struct costs *c,
                      void (*each)(void *ctx, const struct cost_bucket *b),
                      void *ctx);

#endif /* ANALYSIS_COSTS_H */
