/*
 * query_machine.h - what a database says of a run on a machine: which machine
 * and image, cycles by kind, totals
 */
#ifndef ANALYSIS_QUERY_MACHINE_H
#define ANALYSIS_QUERY_MACHINE_H

#include "analysis/costs.h"
#include "analysis/query.h"

/* Texts are clean (text.h); numbers are those of schema.sql, none negative. */
struct query_machine {
    char core[32];
    int64_t model, clock_hz;      /* version of the timing model; 0: no clock */
    char image[72], config[4096]; /* hash; canonical JSON, cut              */
    int64_t code_bytes;
    struct cost_summary kind[COST_N]; /* count 0: did not occur             */
    struct cost_totals totals;
    int64_t nop;
};

/* Did the run play on a machine? */
bool query_is_native(const struct query_run *r);

/*
 * Read it. Returns 1; 0 when the run is native, or ended before it had totals:
 * then *out is empty.
 */
MUST_CHECK int query_machine(sqlite3 *db, const struct query_run *r,
                             struct query_machine *out,
                             struct problem *problem);

/* Microseconds of one cycle; 0 when the machine states no clock. */
double query_microseconds(const struct query_machine *m);

#endif /* ANALYSIS_QUERY_MACHINE_H */
