/*
 * plot_figure.h - a figure while it is written: what plot.c and the files of
 * its panels share, and nobody else
 *
 * A script is the assignments written here, one element of an array for each
 * panel, then plots/common.gp and the kind's own plots/KIND.gp.
 */
#ifndef ANALYSIS_PLOT_FIGURE_H
#define ANALYSIS_PLOT_FIGURE_H

#include <limits.h>

#include "analysis/plot.h"

#define PLOT_MARKS 200 /* collections or refusals drawn, one a column       */

struct figure {
    sqlite3 *db;
    const struct plot_kind *kind;
    const struct query_run *runs;
    int n_runs;
    const char *dir, *stem;
    FILE *sql, *script;
    int n_rows; /* of all its CSV files                                    */
    struct problem *problem;
};

/* DIR/STEM.ending, or DIR/STEM-part.ending. */
void figure_path(const struct figure *f, char out[PATH_MAX], const char *part,
                 const char *ending);

/* Tell in the .sql file that `sql` gives the rows of a part. */
void figure_tell_sql(struct figure *f, const char *part, bool is_first,
                     const char *sql);

/*
 * Ask a query once a run; its rows go to the CSV file of `part`, its text to
 * the .sql file. `sql` belongs to sqlite3_free. Returns the number of rows.
 */
MUST_CHECK int figure_rows(struct figure *f, const char *part, bool is_first,
                           char *sql);

/* name[i + 1] = value, in the script. */
void figure_text(struct figure *f, int i, const char *name, const char *value);
void figure_number(struct figure *f, int i, const char *name, double v);

/* panel_title and panel_run of run `i`. */
void figure_title(struct figure *f, int i);

/* Operations of run `i`, at least 1. */
int64_t figure_operations(const struct figure *f, int i);

/* Bins that are drawn as one, so that at most PLOT_BINS are drawn. */
int64_t figure_together(int64_t operations, int shift);

/* A round number, 1, 2 or 5 times a power of ten, at most 8 to `count`. */
int64_t figure_step(int64_t count);

/* "n things (m marks drawn)" after what the note says already. */
void figure_note_marks(char *note, size_t cap, const char *one,
                       const char *many, int64_t total, int marks);

/* Rows of collection or refusal, and the width of a column in operations. */
MUST_CHECK int figure_count_marks(struct figure *f, const struct query_run *r,
                                  const char *table, int64_t ops, int64_t *n,
                                  int64_t *column);

/* A line of the figure `managers`, and its title (plot_managers.c). */
MUST_CHECK int plot_managers_panel(struct figure *f, int i);
void plot_managers_title(struct figure *f);

/* The panels of machine runs (plot_cycles.c, plot_pauses.c). */
MUST_CHECK int plot_cycles_panel(struct figure *f, int i);
MUST_CHECK int plot_cycles_time_panel(struct figure *f, int i);
MUST_CHECK int plot_pauses_panel(struct figure *f, int i);

#endif /* ANALYSIS_PLOT_FIGURE_H */
