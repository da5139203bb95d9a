/*
 * tape.h - the beginning of a trace kept in memory, to be played with records
 * and objects left out
 *
 * What is left is a lawful trace, or playing it fails: a store or root that
 * names an object left out names none, lists of ids lose it, and every record
 * that is about it is passed over.
 *
 * State     on the host's heap: every record, with what it points at.
 * Cost      playing: O(log objects) for each id of a record.
 */
#ifndef TRACES_TAPE_H
#define TRACES_TAPE_H

#include "traces/workload.h"

struct tape {
    struct trace_header header;
    char name[256];      /* the workload's                                */
    struct trace_op *op; /* with ids, texts and areas of their own        */
    bool *is_out;        /* records left out: the user's to set           */
    size_t n, cap;
    uint64_t *object;    /* ids that it gives out, ascending                 */
    bool *object_is_out; /* objects left out: the user's to set           */
    size_t n_objects;
};

/*
 * A workload that gives what `w` gives, while its first `most` records are
 * kept. It borrows `w` and `t`; `t` must be zero.
 */
MUST_CHECK int tape_begin(struct tape *t, struct workload *w, uint64_t most,
                          struct workload **out, struct problem *problem);

/* No more will be kept; requires a tape_begin that went well. */
MUST_CHECK int tape_end(struct tape *t, struct problem *problem);

/* A workload of what is not left out; it borrows `t`. */
MUST_CHECK int tape_workload(struct workload **out, const struct tape *t,
                             struct problem *problem);

void tape_free(struct tape *t);

#endif /* TRACES_TAPE_H */
