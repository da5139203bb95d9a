/*
 * scale.h - a workload whose sizes are those of another, multiplied
 *
 * For a trace of a machine with other pointers: half of each size, rounded
 * up to 16 bytes, is what a 32-bit board would plausibly have asked for.
 *
 * State     the workload's own; it owns the one that it scales.
 * Cost      one multiplication an operation.
 */
#ifndef TRACES_IMPORT_SCALE_H
#define TRACES_IMPORT_SCALE_H

#include "traces/workload.h"

struct scale {
    uint64_t numerator, denominator; /* of the factor, each 1 .. 10^9     */
    uint32_t round_to;               /* sizes are rounded up to multiples */
    bool is_pointer;                 /* words and blocks are scaled, too  */
};

/*
 * Read a positive decimal number of at most nine digits ("0.5") as a factor.
 * Returns false iff it is none.
 */
bool scale_parse(struct scale *scale, const char *text);

/*
 * Make a workload of `inner`, which is taken over, also when this fails.
 * ERR_INPUT: it has references or recorded blocks, which scaling would
 * falsify, or a word or block that does not stay a whole number of bytes.
 */
MUST_CHECK int scale_open(struct workload **out, struct workload *inner,
                          const struct scale *scale, struct problem *problem);

#endif /* TRACES_IMPORT_SCALE_H */
