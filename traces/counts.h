/*
 * counts.h - how many of what a trace holds
 *
 * Units     records, but for peak_live: bytes asked by live objects.
 * Cost      O(1) a record.
 */
#ifndef TRACES_COUNTS_H
#define TRACES_COUNTS_H

#include "traces/op.h"

struct trace_counts {
    uint64_t events;          /* all records but the end, operations as well  */
    uint64_t operations;      /* records that ask something of the manager    */
    uint64_t allocations;     /* alloc                                        */
    uint64_t frees;           /* free, and the ids of finalise                */
    uint64_t reallocs;        /* realloc                                      */
    uint64_t failed;          /* refused alloc                                */
    uint64_t failed_reallocs; /* refused realloc, in-place ones included  */
    uint64_t collections;     /* asked for, and recorded within other         */
                              /* operations                                   */
    uint64_t peak_live;       /* kept by check.c; counts_add leaves it        */
    bool is_collect;          /* the last operation was a collect             */
};

static inline void counts_add(struct trace_counts *c, const struct trace_op *op)
{
    if (op->kind == TRACE_END)
        return;
    c->events++;
    if (!trace_is_operation(op->kind)) {
        if (op->kind == TRACE_FINALISE)
            c->frees += op->n_ids;
        if (op->kind == TRACE_EXPECT && op->what == TRACE_EXPECT_COLLECTION) {
            c->collections += !c->is_collect;
            c->is_collect = false; /* a second one would be one more      */
        }
        return;
    }
    c->operations++;
    c->allocations += op->kind == TRACE_ALLOC;
    c->frees += op->kind == TRACE_FREE;
    c->reallocs += op->kind == TRACE_REALLOC;
    if (op->kind == TRACE_REFUSED) {
        c->failed += op->what == TRACE_ALLOC;
        c->failed_reallocs += op->what == TRACE_REALLOC;
    }
    c->collections += op->kind == TRACE_COLLECT;
    c->is_collect = op->kind == TRACE_COLLECT;
}

#endif /* TRACES_COUNTS_H */
