/*
 * query.h - reading a database of runs: which runs, what they are, and the
 * answer of a query as a table in a file
 *
 * State     a connection of SQLite that somebody opened (store.h).
 * Errors    ERR_INPUT and ERR_IO with the database's name and the reason.
 */
#ifndef ANALYSIS_QUERY_H
#define ANALYSIS_QUERY_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "analysis/variant.h"
#include "traces/err.h"

struct query_summary {
    int64_t operations, events, allocations, frees, reallocs, collections;
    int64_t refused, refused_short, refused_fragmented, refused_other;
    int64_t end_live, end_used, end_free;
    int64_t end_largest_free, end_largest_request;
    int64_t min_largest_request, p1_largest_request, min_largest_free;
    int64_t max_live, moved_bytes, inplace_missed;
    int64_t dropped, max_held, floating, lone_blocks;
    int64_t touches, strings, strings_granted, strings_apart;
    int64_t first_refusal_seq; /* 0: nothing was refused                   */
    int64_t worst_seq;
    int64_t guarantee_live, guarantee_sure, guarantee_seq; /* 0: nothing sure */
    double frag_mean, frag_max, frag_end;
};

/* A run's row with its trace and summary; every text is clean (text.h). */
struct query_run {
    int64_t number;
    char id[72], trace[256], manager[64], machine[64], keep[16];
    char trace_hash[72], trace_format[32], trace_program[72];
    char program_version[64], state_digest[72], status[16], reason[512];
    char label[VARIANT_CAP]; /* manager, and what was set: variant.h       */
    char *spec; /* canonical JSON                                          */
    int64_t heap_bytes, control_bytes;
    int series_shift; /* 0 .. 40                                           */
    bool has_summary; /* false: the run failed before it had one           */
    struct query_summary summary;
};

/*
 * Are the tables of schema.sql there, as plain tables? In a file of other hands
 * a view of such a name could go on for ever.
 */
MUST_CHECK int query_check(sqlite3 *db, struct problem *problem);

/*
 * The runs named by wanted[n_wanted], each a run's number or the beginning
 * of its id, in that order; all runs by number when n_wanted is 0. Free them
 * with query_free_runs. ERR_INPUT: no such run, or several.
 */
MUST_CHECK int query_runs(sqlite3 *db, const char *const *wanted, int n_wanted,
                          struct query_run **runs, int *n_runs,
                          struct problem *problem);
void query_free_runs(struct query_run *runs, int n_runs);

/* A run's keys lie between these two, both included. */
int64_t query_key_from(int64_t run);
int64_t query_key_last(int64_t run);

/* Prepare the query that `format` makes (as sqlite3_mprintf does). */
MUST_CHECK int query_prepare(sqlite3 *db, sqlite3_stmt **out,
                             struct problem *problem, const char *format, ...);

/* One row more: 1; none: 0; negative on failure. */
MUST_CHECK int query_step(sqlite3_stmt *q, struct problem *problem);

/* The first column of a query's first row; `otherwise` without a row. */
MUST_CHECK int query_number(sqlite3 *db, int64_t *out, int64_t otherwise,
                            struct problem *problem, const char *format, ...);

/*
 * Write the rows of `sql` to the file `path` as CSV (RFC 4180, but lines end
 * in \n): column names first if `header`. `append` adds to the file. Returns
 * the number of rows, at most INT32_MAX, or a negative error.
 */
MUST_CHECK int query_csv(sqlite3 *db, const char *sql, const char *path,
                         bool append, struct problem *problem);

#endif /* ANALYSIS_QUERY_H */
