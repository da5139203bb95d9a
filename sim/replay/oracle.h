/*
 * oracle.h - which objects of a workload will live long, known before it is
 * played
 *
 * For managers that place objects by their lifetimes, where the trace does not
 * tell them: one pass over the workload finds for every allocation when its
 * object ends (its death, or its free if that comes first). The clock counts
 * bytes: those asked by every allocation, and by what a realloc adds. Long is a
 * life of more than so many bytes, or one that lasts to the end.
 *
 * State     on the host's heap: a bit an allocation, and while the pass runs
 *           what is live.
 * Cost      one pass over the workload; oracle_is_long: O(1).
 */
#ifndef SIM_REPLAY_ORACLE_H
#define SIM_REPLAY_ORACLE_H

#include "traces/workload.h"

struct oracle;

/*
 * Read `w`, just opened, to its end: who lives through more than `long_bytes`?
 * Its deaths must not depend on what a run does. Returns 0 and an oracle that
 * the caller frees, or negative with the reason.
 */
MUST_CHECK int oracle_read(struct oracle **out, struct workload *w,
                           uint64_t long_bytes, struct problem *problem);

void oracle_free(struct oracle *o); /* null is allowed */

/* Does the object of the n-th allocation, counted from 0, live long? */
bool oracle_is_long(const struct oracle *o, uint64_t n);

#endif /* SIM_REPLAY_ORACLE_H */
