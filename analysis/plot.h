/*
 * plot.h - pictures of runs: a query of the database, its rows as CSV, a
 * script of gnuplot, and from these SVG and PNG
 *
 * A figure is a set of files with one stem: STEM.sql (the queries), STEM.csv
 * and, where a kind has marks of its own, STEM-NAME.csv (their rows), STEM.gp
 * (the script, which draws the figure again from the CSV: `gnuplot STEM.gp`),
 * STEM.svg and STEM.png. No figure grows with the length of a run: it is
 * drawn from at most PLOT_BINS bins of the series, and marks are thinned to
 * one a bin, which the picture then says.
 *
 * Kinds
 *   fragmentation  bytes over operations: live, used and free bytes,
 *                  and below them, on a logarithmic axis, the largest free
 *                  block and the largest request that would have succeeded; a
 *                  line is the mean over a bin, its band reaches from minimum
 *                  to maximum; collections, refusals
 *   availability   share of the moments at which a request of a given size
 *                  would have succeeded
 *   heapmap        address by operation: live, garbage, tables, free
 *   histogram      number of holes by length, at the worst moment and at the
 *                  end
 *
 *   managers       several runs of a workload, a line each: above, the largest
 *                  request that would have succeeded, the least of a bin;
 *                  below, the largest free block, its mean
 *
 * and of runs on a machine, in cycles, with microseconds on a second axis
 * where the machine's clock is known:
 *
 *   cycles         for each kind of operation the share that took so many
 *                  cycles or more, both axes logarithmic: the tail down to the
 *                  single longest operation. From the histograms that every
 *                  run keeps: between two of their bounds, 1/32 apart, the
 *                  lower share is drawn
 *   cycles-time    cycles over operations: mean and longest of a bin, mean of
 *                  what was spent collecting; collections
 *   pauses         above, every collection's pause by phase, of those in one
 *                  column the longest; below, minimum and bounded mutator
 *                  utilisation (utilisation.h) by length of the window, of 160
 *                  lengths. Its clock counts the cycles of the run's operations
 *                  and events one after another: what the program computed
 *                  between them is unknown and counts as nothing, so the
 *                  figure is a lower bound of what such a program sees
 *
 * Colours   Okabe and Ito, "Color Universal Design", 2008, distinct for the
 *           colour-blind. SVG figures follow the reader's wish for light or
 *           dark; PNG figures are light.
 * Errors    a missing gnuplot, one that fails (with its first line), a file
 *           that cannot be written.
 */
#ifndef ANALYSIS_PLOT_H
#define ANALYSIS_PLOT_H

#include "analysis/query.h"

#define PLOT_BINS     512
#define PLOT_WIDTH    960 /* of an SVG figure, in pixels                    */
#define PLOT_STEM_CAP 128
#define PLOT_RUNS_CAP 16 /* runs in one figure, of any kind                */

struct plot_kind {
    const char *name, *caption;
    int max_runs; /* in one figure                                         */
    int height;   /* of the SVG figure of one run, in pixels               */
    const char *parts[3]; /* further CSV files: STEM-part.csv; null ends   */
    bool of_machine; /* native runs have nothing for it                    */
    bool compares;   /* says something of several runs only                */
};

/* All kinds in the order in which a report shows them; null name ends. */
const struct plot_kind *plot_kinds(void);

/* The kind of that name, or null. */
const struct plot_kind *plot_find(const char *name);

/*
 * Write STEM.sql, the CSV files and STEM.gp of a figure of `runs` (at most
 * kind->max_runs) into the folder `dir`. Returns 1; 0 when the database keeps
 * nothing to draw, and then no file stays; negative on failure.
 */
MUST_CHECK int plot_write(sqlite3 *db, const struct plot_kind *kind,
                          const struct query_run *runs, int n_runs,
                          const char *dir, const char *stem,
                          struct problem *problem);

/*
 * Let gnuplot draw the figures stems[n_stems] of folder `dir`, several at a
 * time: STEM.svg and STEM.png.
 */
MUST_CHECK int plot_draw(const char *dir, const char (*stems)[PLOT_STEM_CAP],
                         int n_stems, struct problem *problem);

#endif /* ANALYSIS_PLOT_H */
