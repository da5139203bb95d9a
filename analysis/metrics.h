/*
 * metrics.h - what a run's records add up to: the summary, the series behind
 * every picture, the histograms
 *
 * Feed it every record of a run in order (metrics_op and its sisters have the
 * shape of a sink's functions); read it at the end. Nothing is kept for an
 * operation: memory grows with the number of different values that
 * largest_request takes (at most the units of the window), never with the
 * length of the run.
 *
 * Cost      a few additions an operation; the series doubles its bin width
 *           whenever METRICS_BINS bins are full. A new minimum of
 *           largest_request counts all holes once.
 *
 * p1_largest_request is the 1st percentile of largest_request over the
 * operations by nearest rank: with the n values sorted upwards, the one at
 * rank ceil(n / 100), counted from 1. It is exact. A request of that size
 * would have succeeded at 99 % of the moments or more.
 *
 * Histograms
 *   asked            bytes of each request (alloc, realloc, intern, a
 *                    recorded refusal): log-linear, one value a bucket below
 *                    16 and eight buckets an octave from there, so a bucket
 *                    is at most 1/8 wide
 *   largest_request  its value after each operation, in the same buckets
 *   holes_at_worst   holes of the heap at `worst_seq`, a power of two a bucket
 *   holes_at_end     ... after the last operation
 *   cycles_alloc ... of machine runs, as costs.h says
 */
#ifndef ANALYSIS_METRICS_H
#define ANALYSIS_METRICS_H

#include "analysis/costs.h"
#include "sim/replay/record.h"

#define METRICS_BINS 2048

enum metric {
    METRIC_ASKED = 0,
    METRIC_LIVE,
    METRIC_USED,
    METRIC_FREE,
    METRIC_LARGEST_FREE,
    METRIC_LARGEST_REQUEST,
    METRIC_CYCLES,    /* of each operation; machine runs only             */
    METRIC_GC_CYCLES, /* ... of them, spent collecting                    */
    METRIC_N
};

extern const char *const metric_names[METRIC_N]; /* "asked", "live", ...  */

struct metrics_bin {
    uint64_t min, max, last;
    double sum;
    uint64_t n; /* operations in the bin; only the last may be short      */
};

struct metrics_summary {
    uint64_t n_ops;
    uint64_t min_largest_request; /* over all moments                     */
    uint64_t p1_largest_request;  /* would have succeeded at 99 % of them */
    uint64_t min_largest_free;
    uint64_t max_live; /* what was undone at once included                */
    double frag_mean, frag_max, frag_end; /* 1 - largest_free / free      */
    /*
     * largest_free / free right after a collection, over all collections that
     * leave anything free: what a slide makes of what is free.
     */
    uint64_t n_packings;
    double packing_mean, packing_min; /* 0 if there was none              */
    uint64_t first_refusal_seq;       /* 0: nothing was refused       */
    uint64_t worst_seq; /* first operation with min_largest_request       */
};

struct metrics;

struct metrics *metrics_new(void); /* null: no memory */
void metrics_free(struct metrics *m);

/*
 * ctx is a struct metrics. They return 0, or ERR_MEMORY. `view` may be null:
 * then no holes are counted.
 */
int metrics_op(void *ctx, const struct op_record *r,
               const struct replay_view *view);
int metrics_refusal(void *ctx, const struct refusal_record *r,
                    const struct replay_view *view);
int metrics_collection(void *ctx, const struct collection_record *r);
int metrics_event(void *ctx, const struct event_record *r);
int metrics_end(void *ctx, const struct replay_view *view);

/* The summary so far. */
void metrics_summarise(const struct metrics *m, struct metrics_summary *out);

/* What the run's operations cost; null natively. */
const struct costs *metrics_costs(const struct metrics *m);

/* Was there anything to count of it? */
bool metrics_has(const struct metrics *m, enum metric metric);

/* The bins of one metric; 2^*shift operations each. Owned by `m`. */
const struct metrics_bin *metrics_series(const struct metrics *m,
                                         enum metric metric, uint32_t *n_bins,
                                         uint32_t *shift);

/* Every bucket that is not empty: lower <= value <= upper. In the order of   */
/* value, one histogram after the other.                                     */
void metrics_histograms(const struct metrics *m,
                        void (*each)(void *ctx, const struct cost_bucket *b),
                        void *ctx);

#endif /* ANALYSIS_METRICS_H */
