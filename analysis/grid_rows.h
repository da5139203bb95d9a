/*
 * grid_rows.h - what grid.c and grid_read.c share, and nobody else: the rows of
 * a grid's file before they are multiplied out
 */
#ifndef ANALYSIS_GRID_ROWS_H
#define ANALYSIS_GRID_ROWS_H

#include "analysis/grid.h"

#define GRID_VALUES_CAP 256 /* of one axis                                 */
#define GRID_ROWS_CAP   64  /* of `include`, and of `exclude`              */

struct grid_values {
    const char *text[GRID_VALUES_CAP]; /* the grid's                       */
    uint32_t n;                        /* 0: the axis is not given         */
};

struct grid_row {
    struct grid_values axis[GRID_N_AXES];
    bool is_used; /* a row of `exclude`: it matched a point                */
};

struct grid_rows {
    struct grid_row axes;
    struct grid_row include[GRID_ROWS_CAP], exclude[GRID_ROWS_CAP];
    uint32_t n_include, n_exclude;
};

extern const char *const grid_axes[GRID_N_AXES];

/* NAME or NAME:key=value,... into `o`. */
MUST_CHECK int grid_read_manager(struct replay_options *o, const char *text,
                                 struct problem *problem);

/* Add the row's points to the grid, but for those that `rows` excludes. */
MUST_CHECK int grid_multiply(struct grid *g, const struct grid_row *row,
                             struct grid_rows *rows, const char *file,
                             struct problem *problem);

#endif /* ANALYSIS_GRID_ROWS_H */
