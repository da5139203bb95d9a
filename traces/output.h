/*
 * output.h - a file that appears whole or not at all
 *
 * State     the output's, on the host's heap.
 * Errors    ERR_IO: "PATH: what the system says". Where the reader of a pipe
 *           has gone away the message is empty: nobody wants to hear it.
 */
#ifndef TRACES_OUTPUT_H
#define TRACES_OUTPUT_H

#include <stddef.h>

#include "traces/err.h"

struct output;

/* Begin to write `path`; "-" is standard output. */
MUST_CHECK int output_open(struct output **out, const char *path,
                           struct problem *problem);

MUST_CHECK int output_write(struct output *o, const void *from, size_t n,
                            struct problem *problem);

/*
 * Keep back what is written to standard output until it is closed, in a file
 * without a name in TMPDIR (or /tmp): then that, too, appears whole or not at
 * all. Does nothing for other outputs. Requires that nothing was written yet.
 */
MUST_CHECK int output_hold(struct output *o, struct problem *problem);

/* Give the file its name and free `o`; if that fails nothing is left. */
MUST_CHECK int output_close(struct output *o, struct problem *problem);

/* Leave nothing of the file, and free `o`; null is allowed. */
void output_abandon(struct output *o);

#endif /* TRACES_OUTPUT_H */
