/*
 * plot_map.h - the heap map's table: many maps of the window, mixed into a
 * grid of cells that does not grow
 *
 * Columns are equal stretches of operations, each showing the last map at or
 * before its middle (the first map before that); rows are equal stretches of
 * addresses. A cell tells how much of it was live, garbage, tables, in
 * percent; the rest was free.
 */
#ifndef ANALYSIS_PLOT_MAP_H
#define ANALYSIS_PLOT_MAP_H

#include "analysis/query.h"

#define PLOT_MAP_COLUMNS 192
#define PLOT_MAP_ROWS    96

struct plot_map {
    int n_moments; /* maps that were there                                 */
    uint64_t base; /* address of the first cell                            */
    uint64_t cell_bytes, span_bytes;
};

/* The query for a run's maps, in order; for sqlite3_free; null: no memory. */
char *plot_map_query(const struct query_run *r);

/* Write the grid to `path` as CSV: run, op, offset, live, garbage, tables. */
MUST_CHECK int plot_map_write(sqlite3 *db, const struct query_run *r,
                              const char *sql, int64_t operations,
                              const char *path, struct plot_map *map,
                              struct problem *problem);

#endif /* ANALYSIS_PLOT_MAP_H */
