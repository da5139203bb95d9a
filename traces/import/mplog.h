/*
 * mplog.h - logs of what a MicroPython build allocates, as workloads
 *
 * Lines `a ID BYTES` (allocated), `r ID BYTES` (resized in place), `f ID`
 * (freed by the runtime), `d ID` (found dead by a sweep) and comments, of
 * which the first begins with "# allocation trace of PROGRAM". Recorded on a
 * 64-bit machine with blocks of 32 bytes; sizes are kept as they are (scale.h
 * makes those of a 32-bit board of them). There are no references, and no
 * end line: an incomplete last line is dropped and counted.
 *
 * Errors    ERR_INPUT `NAME:LINE: reason`, as idlog.h says.
 * Source    samples/README.md of the logs, "micropython/ *.trace.gz".
 */
#ifndef TRACES_IMPORT_MPLOG_H
#define TRACES_IMPORT_MPLOG_H

#include "traces/stream.h"
#include "traces/workload.h"

/* Do the first bytes of an input begin such a log? */
bool mplog_sniff(const uint8_t *bytes, size_t n);

/* Make a workload of `s`, which is taken over, also when this fails. */
MUST_CHECK int mplog_open(struct workload **out, struct stream *s,
                          struct problem *problem);

#endif /* TRACES_IMPORT_MPLOG_H */
