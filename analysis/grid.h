/*
 * grid.h - a grid of runs: values by axis, read from JSON and multiplied out
 *
 * A grid's file (configs/schema/study.json) lists values of axes. Its points
 * are all combinations of them, without those that a row of `exclude` matches,
 * and then those of each row of `include`, which is a small grid of its own.
 * Rows are objects of axes; a value stands alone or in a list.
 *
 *   workload  a trace's path, or PRESET:key=value,...
 *   manager   NAME, or NAME:key=value,... with parameters of it
 *   heap      bytes, trace, 1.5x, 1.5min: what --heap takes
 *   machine   native, or a machine's name or file
 *   flags     O2, Os: of the machine code; nothing to native runs
 *   pins      a parameter of managers that have it
 *   seed      of presets that have it; nothing to a trace
 *   steps     EVERY:CYCLES or none; nothing to managers without steps
 *   touch     stores, or N; nothing to managers that read by address
 *   refused   skip, stop, reset
 *
 * An axis that is nothing to a point does not multiply it. One that is not
 * given has its default, as on the command line. In a row of `exclude` a
 * workload or manager without ':' matches all of that name.
 *
 * Paths are relative to the folder in which the program runs.
 * Errors    ERR_INPUT: file, path of the key, what was found, what is allowed;
 *           also a manager, parameter or machine that nobody knows, and a row
 *           of `exclude` that matches nothing. ERR_IO: no such file.
 */
#ifndef ANALYSIS_GRID_H
#define ANALYSIS_GRID_H

#include "analysis/request.h"

#define GRID_NAME_CAP   64
#define GRID_POINTS_CAP 1000000u
#define GRID_TEXT_CAP   5120 /* of a point                                 */

enum grid_axis {
    GRID_WORKLOAD = 0,
    GRID_MANAGER,
    GRID_HEAP,
    GRID_MACHINE,
    GRID_FLAGS,
    GRID_PINS,
    GRID_SEED,
    GRID_STEPS,
    GRID_TOUCH,
    GRID_REFUSED,
    GRID_N_AXES
};

/* Texts belong to the grid; null: not said, or nothing to this point. */
struct grid_point {
    const char *value[GRID_N_AXES];
};

struct grid {
    char name[GRID_NAME_CAP];
    enum keep keep; /* of its runs: series unless the file says otherwise  */
    struct grid_point *points;
    uint32_t n_points;
    char **texts; /* what the points borrow                                */
    uint32_t n_texts;
};

/* Read the file at `path` into `g`, to be released in any case. */
MUST_CHECK int grid_read(struct grid *g, const char *path,
                         struct problem *problem);
void grid_release(struct grid *g);

/* "workload=... manager=...": what is said of the point, in one line. */
void grid_describe(const struct grid_point *p, char out[GRID_TEXT_CAP]);

/* The run that the point asks for; texts of `q` are the grid's. */
MUST_CHECK int grid_request(const struct grid_point *p, struct run_request *q,
                            struct problem *problem);

#endif /* ANALYSIS_GRID_H */
