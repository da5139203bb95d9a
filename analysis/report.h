/*
 * report.h - a folder that tells what happened in some runs
 *
 *   DIR/index.html   the page; opens from disk and needs no network
 *   DIR/figures/     its figures as SVG and PNG, each with its CSV, its SQL
 *                    and its gnuplot script (plot.h), and what the block maps
 *                    say of each object (map-*.js)
 *
 * The page answers first what the largest request is that would have succeeded
 * at every moment, and what was refused and why. It is made from the series,
 * the summaries and the maps of the database; rows of `op` are asked only
 * within a few bins. Nothing on it grows with the length of a run.
 *
 * The folder is made anew beside the old one and put in its place at the end:
 * whoever is killed leaves the old report. Other files of DIR stay. A folder
 * DIR/figures that no report made is not touched.
 */
#ifndef ANALYSIS_REPORT_H
#define ANALYSIS_REPORT_H

#include "analysis/query.h"

/*
 * Write the report of the runs that `wanted` names (query_runs; all when
 * n_wanted is 0) into folder `dir`, which is made if need be. Returns the
 * number of runs; 0 is an empty database, which gives a page that says so.
 */
MUST_CHECK int report_write(sqlite3 *db, const char *const *wanted,
                            int n_wanted, const char *dir,
                            struct problem *problem);

#endif /* ANALYSIS_REPORT_H */
