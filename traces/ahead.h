/*
 * ahead.h - a workload that a thread of its own reads ahead
 *
 * Reading a recording costs about as much as doing something with it. With
 * this between the two, both run at once; what comes out is the same.
 *
 * State     the workload's own: a ring of batches, which hold copies of the
 *           operations and of what they point at; it owns the workload that
 *           it reads, which the thread alone touches until it has ended.
 * Cost      constant memory (four batches of 2048 operations, and their
 *           ids); a copy of each operation.
 * Errors    those of the workload read, after the operations before them.
 */
#ifndef TRACES_AHEAD_H
#define TRACES_AHEAD_H

#include "traces/workload.h"

/*
 * Make a workload of `inner`, which is taken over, also when this fails.
 * Requires that `inner` ignores the view and has no `where` of its own.
 * Without a second processor, or a thread to be had, it is `inner` itself.
 */
MUST_CHECK int ahead_open(struct workload **out, struct workload *inner,
                          struct problem *problem);

#endif /* TRACES_AHEAD_H */
