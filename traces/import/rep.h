/*
 * rep.h - traces of the malloc laboratory (.rep) as workloads
 *
 * Four lines with a number each: suggested heap bytes, number of ids, number
 * of operations, weight; then `a ID BYTES`, `r ID BYTES`, `f ID`, ids from 0.
 * Objects never freed are live at the end. The numbers of ids and operations
 * are checked; the suggested heap and the weight are not used. What idlog.h
 * says of ids and sizes holds.
 *
 * Errors    ERR_INPUT `NAME:LINE: reason`; fewer operations than declared:
 *           truncated.
 * Source    R. Bryant and D. O'Hallaron, Computer Systems: A Programmer's
 *           Perspective, malloc laboratory, traces/README.
 */
#ifndef TRACES_IMPORT_REP_H
#define TRACES_IMPORT_REP_H

#include "traces/stream.h"
#include "traces/workload.h"

/* Are the first bytes of an input four numbers and an operation? */
bool rep_sniff(const uint8_t *bytes, size_t n);

/*
 * Read the four lines and make a workload of the rest. Takes over `s`, also
 * when it fails. Returns 0 or negative.
 */
MUST_CHECK int rep_open(struct workload **out, struct stream *s,
                        struct problem *problem);

#endif /* TRACES_IMPORT_REP_H */
