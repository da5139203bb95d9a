/*
 * ahead.h - a workload that is read by a thread of its own, a few batches
 * ahead of whoever uses it, so that reading and using take two processors
 *
 * For long inputs whose reading costs as much as their use: imports. What the
 * reader says in the end (what it passed over, the peak) is known here when
 * the end record, or the error, has been given.
 *
 * State     the thread, three batches of records, and copies of what these
 *           point at; freed by workload_close, which ends the thread.
 * Cost      a record: one copy; a batch: one turn of a lock.
 */
#ifndef TRACES_AHEAD_H
#define TRACES_AHEAD_H

#include "traces/workload.h"

/*
 * Make a workload of `inner`, which is taken over, also when this fails.
 * Gives back `inner` itself where a thread would not help or not do: on one
 * processor, for a preset, and for a workload that tells places by its own
 * state. Requires that nothing was read from it.
 */
MUST_CHECK int ahead_open(struct workload **out, struct workload *inner,
                          struct problem *problem);

#endif /* TRACES_AHEAD_H */
