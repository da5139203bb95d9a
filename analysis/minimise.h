/*
 * minimise.h - from a run that failed, the least of its trace that makes it
 * fail again
 *
 * The run is repeated and its records are kept up to the failure; then parts
 * are left out as long as the same reason, but for its numbers, comes back:
 * facts and labels, objects with all that is about them, and single records,
 * by halves, quarters and so on. When no single one can go, or after
 * MINIMISE_SECONDS, what is left is written as a text trace, whose first
 * record is a note that says what it repeats.
 *
 * Source    Zeller, Hildebrandt: Simplifying and Isolating Failure-Inducing
 *           Input, IEEE TSE 28(2), 2002: ddmin, without its complements.
 */
#ifndef ANALYSIS_MINIMISE_H
#define ANALYSIS_MINIMISE_H

#include "analysis/run.h"

#define MINIMISE_SECONDS 20

struct minimised {
    char path[128]; /* of the trace, in the current folder: NAME.failed.ft */
    uint64_t operations;
};

/*
 * `result` is what `spec` came to when its workload was played: a failure.
 * Returns 1 and fills in `m`; 0 if nothing can be made smaller: it came from
 * standard input, failed before its first record, or its policy goes by the
 * whole trace (promote=oracle); negative if it did not fail again, or could
 * not be written.
 */
MUST_CHECK int minimise(struct minimised *m, const struct run_spec *spec,
                        const struct replay_result *result,
                        struct problem *problem);

#endif /* ANALYSIS_MINIMISE_H */
