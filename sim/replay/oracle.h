/*
 * oracle.h - which objects of a workload will live long, known before it is
 * played
 *
 * For promote=oracle, where the trace does not say who is long-lived: one pass
 * over the workload finds when the object of every allocation ends (its death,
 * or its free if that comes first). The clock counts bytes: those asked by
 * every allocation, and by what a realloc adds. Long is a life of more than
 * half of what the heap may come to (H and the outer heap), or one that lasts
 * to the end.
 *
 * State     on the host's heap: a bit an allocation, and while the pass runs
 *           what is live.
 * Cost      one pass over the workload; oracle_is_long: O(1).
 */
#ifndef SIM_REPLAY_ORACLE_H
#define SIM_REPLAY_ORACLE_H

#include "sim/replay/replay.h"

struct oracle;

/*
 * Read the workload `spec` (as workload_open has it) to its end, where the
 * parameters of `o`, resolved, ask for an oracle; otherwise *out is null.
 * Requires a workload that is the same in every run. Returns 0, the caller
 * frees the oracle; or negative with the reason: standard input can be read
 * once only.
 */
MUST_CHECK int oracle_open(struct oracle **out, const struct replay_options *o,
                           const char *spec, struct problem *problem);

void oracle_free(struct oracle *o); /* null is allowed */

/* Does the object of the n-th allocation, counted from 0, live long? */
bool oracle_is_long(const struct oracle *o, uint64_t n);

#endif /* SIM_REPLAY_ORACLE_H */
