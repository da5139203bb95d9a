/*
 * plot_query.h - the queries behind the figures, one run each
 *
 * Every function returns the text of a query, to be freed by sqlite3_free, or
 * null when there is no memory. The texts hold numbers only, so that they can
 * be shown and asked again as they are.
 */
#ifndef ANALYSIS_PLOT_QUERY_H
#define ANALYSIS_PLOT_QUERY_H

#include "analysis/query.h"

/*
 * The series of `metrics` (null ends), `together` bins a row: minimum, mean
 * and maximum of each. A bin's mean weighs as many operations as it holds; of
 * `ops` in all the last may hold fewer.
 */
char *plot_series_query(const struct query_run *r, const char *const *metrics,
                        int64_t ops, int64_t together);

/* Collections, one a column of `column` operations, with how many it is. */
char *plot_collections_query(const struct query_run *r, int64_t column);

/* Refusals likewise; of those in one column the smallest request is shown. */
char *plot_refusals_query(const struct query_run *r, int64_t column);

/* For each size that was counted: moments at which it would have succeeded. */
char *plot_availability_query(const struct query_run *r);

/* Holes by length, at the worst moment and at the end. */
char *plot_histogram_query(const struct query_run *r);

/* For each kind of operation: how many took a number of cycles or more. */
char *plot_cycles_query(const struct query_run *r);

/* Collections on a machine, the longest of each `column` operations. */
char *plot_pauses_query(const struct query_run *r, int64_t column);

/* Every collection: the clock at its operation's beginning, and its cycles. */
char *plot_collected_query(const struct query_run *r);

/* Every operation and event in order: cycles, and those spent collecting. */
char *plot_paused_query(const struct query_run *r);

#endif /* ANALYSIS_PLOT_QUERY_H */
