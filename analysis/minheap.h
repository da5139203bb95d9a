/*
 * minheap.h - the smallest heap in which a workload runs without a refusal
 *
 * H is found by bisection in steps of MINHEAP_STEP bytes: H serves every
 * request, those that the recording saw refused included, and H - MINHEAP_STEP
 * does not. (A locked heap serves none, of any size: such requests do not
 * count.) Bisection believes that a larger heap serves what a smaller one
 * does, which no manager must promise (an anomaly of first fit is enough); so
 * larger heaps are tried as well, close to H and farther off.
 *
 * Cost      two or three dozen replays, natively.
 * Source    Cormen et al., Introduction to Algorithms, for bisection; that
 *           larger may be worse: Robson 1977, on the anomalies of first fit.
 */
#ifndef ANALYSIS_MINHEAP_H
#define ANALYSIS_MINHEAP_H

#include "analysis/run.h"

#define MINHEAP_STEP 16u

struct minheap {
    uint64_t heap_bytes; /* H                                             */
    uint64_t max_live;   /* of the run in H                               */
    bool is_monotone;    /* every larger heap that was tried served it    */
    uint64_t refuses;    /* the largest that did not; 0: none             */
    uint32_t n_replays;
    char refusal[160]; /* the last that a replay met                      */
    struct replay_result run; /* in H                                     */
};

/*
 * Of spec->workload, a file or a preset, under the manager, the parameters and
 * the replay options of the spec, natively and in one area. ERR_INPUT: bad
 * input, one that asks for nothing, or no heap up to the window's limit serves
 * it.
 */
MUST_CHECK int minheap_find(const struct run_spec *spec, struct minheap *out,
                            struct problem *problem);

/*
 * What H depends on, as canonical JSON: a native run's, every parameter in it,
 * of heap_bytes 0. The caller frees it.
 */
MUST_CHECK int minheap_describe(const struct run_spec *spec, char **json,
                                struct problem *problem);

#endif /* ANALYSIS_MINHEAP_H */
