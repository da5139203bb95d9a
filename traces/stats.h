/*
 * stats.h - what a trace holds: counts, sizes, lifetimes, live bytes
 *
 * State     the caller's struct, and the checker's table of live objects
 *           (check.h), which trace_stats_free frees.
 * Units     bytes; an age is counted in bytes asked between birth and end,
 *           the clock that depends on no machine. A class i of sizes holds
 *           objects of 2^(i-1) < n <= 2^i blocks, of ages those of
 *           2^(i-1) < bytes <= 2^i; class 0 holds 0 and 1.
 * Cost      O(1) a record; memory goes with live objects.
 */
#ifndef TRACES_STATS_H
#define TRACES_STATS_H

#include "traces/check.h"
#include "traces/hash.h"
#include "traces/workload.h"

#define STATS_CLASSES 64

struct stats_class {
    uint64_t objects;
    uint64_t bytes; /* asked by them                                      */
};

struct trace_stats {
    struct trace_check check;
    uint64_t kinds[TRACE_N_KINDS];
    uint64_t facts[TRACE_N_EXPECTS];
    uint64_t block_bytes; /* of the recording, or 16             */
    uint64_t largest;     /* bytes of the largest request met    */
    uint64_t live_sum[2]; /* low, high: live bytes summed over   */
                          /* operations                          */
    struct stats_class sizes[STATS_CLASSES]; /* at birth                  */
    struct stats_class ages[STATS_CLASSES];  /* of those that ended       */
    char hash[TRACE_HASH_HEX];
};

/*
 * Read `w` to its end, checking it on the way. Returns 0 and fills `s`, to be
 * freed by trace_stats_free; or negative with the problem written, nothing to
 * be freed.
 */
MUST_CHECK int trace_stats_read(struct trace_stats *s, struct workload *w,
                                struct problem *problem);

void trace_stats_free(struct trace_stats *s);

/* Live bytes, averaged over the moments after each operation. */
double trace_stats_mean_live(const struct trace_stats *s);

/* The class of this number: 0 for 0 and 1, else the ceiling of its log2. */
unsigned trace_stats_class(uint64_t n);

#endif /* TRACES_STATS_H */
