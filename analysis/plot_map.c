/* plot_map.c - see plot_map.h for the contract. */
#include "analysis/plot_map.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/heapmap.h"

#define MAPS_CAP 1024 /* a run keeps at most some hundred                  */

/* Units of each state in each row of one map. */
struct strip {
    int64_t seq;
    uint32_t units[PLOT_MAP_ROWS][HEAPMAP_N];
};

struct strips {
    struct strip *at;
    int n;
};

char *plot_map_query(const struct query_run *r)
{
    return sqlite3_mprintf("SELECT seq, base, unit_bytes, units FROM heapmap\n"
                           "WHERE run = %lld AND reason = 'even'\n"
                           "ORDER BY seq LIMIT %d",
                           (long long)r->number, MAPS_CAP);
}

/* The window that holds all maps, in units of `unit_bytes`. */
static int measure(sqlite3 *db, const char *sql, struct plot_map *map,
                   uint64_t *unit_bytes, struct problem *problem)
{
    sqlite3_stmt *q;
    uint64_t low = UINT64_MAX, high = 0, unit = 1;
    int err = query_prepare(db, &q, problem, "%s", sql);
    while (err >= 0 && (err = query_step(q, problem)) > 0) {
        uint64_t base = (uint32_t)sqlite3_column_int64(q, 1);
        uint64_t bytes = (uint32_t)sqlite3_column_int64(q, 2);
        unit = bytes == 0 ? 1 : bytes;
        const char *text = (const char *)sqlite3_column_text(q, 3);
        uint64_t end = base + heapmap_length(text) * unit;
        low = base < low ? base : low;
        high = end > high ? end : high;
        map->n_moments++;
    }
    sqlite3_finalize(q);
    *unit_bytes = unit;
    map->base = low;
    map->span_bytes = high > low ? high - low : unit;
    uint64_t n_units = (map->span_bytes + unit - 1) / unit;
    uint64_t a_row = (n_units + PLOT_MAP_ROWS - 1) / PLOT_MAP_ROWS;
    map->cell_bytes = a_row * unit;
    return err < 0 ? err : 0;
}

static void fill_strip(struct strip *s, const char *text, uint64_t first_unit,
                       uint64_t units_a_row)
{
    struct heapmap_reader reader = heapmap_read(text);
    struct heapmap_run run;
    while (heapmap_next(&reader, &run)) {
        uint64_t unit = first_unit + run.first;
        uint64_t end = unit + run.n_units;
        while (unit < end && unit / units_a_row < PLOT_MAP_ROWS) {
            uint64_t row = unit / units_a_row;
            uint64_t row_end = (row + 1) * units_a_row;
            uint64_t stop = end < row_end ? end : row_end;
            s->units[row][run.state] += (uint32_t)(stop - unit);
            unit = stop;
        }
    }
}

static int read_strips(sqlite3 *db, const char *sql, const struct plot_map *map,
                       uint64_t unit_bytes, struct strips *strips,
                       struct problem *problem)
{
    strips->at = calloc((size_t)map->n_moments + 1, sizeof *strips->at);
    if (strips->at == NULL)
        return problem_set(problem, ERR_MEMORY, "no memory for a heap map");
    sqlite3_stmt *q;
    int err = query_prepare(db, &q, problem, "%s", sql);
    while (err >= 0 && strips->n < map->n_moments &&
           (err = query_step(q, problem)) > 0) {
        struct strip *s = &strips->at[strips->n++];
        s->seq = sqlite3_column_int64(q, 0);
        uint64_t base = (uint32_t)sqlite3_column_int64(q, 1);
        fill_strip(s, (const char *)sqlite3_column_text(q, 3),
                   (base - map->base) / unit_bytes,
                   map->cell_bytes / unit_bytes);
    }
    sqlite3_finalize(q);
    return err < 0 ? err : 0;
}

static void write_cells(FILE *f, const struct query_run *r,
                        const struct strips *strips, int64_t operations,
                        const struct plot_map *map, uint64_t unit_bytes)
{
    uint64_t units_a_cell = map->cell_bytes / unit_bytes;
    double units = (double)units_a_cell;
    uint64_t n_rows = (map->span_bytes + map->cell_bytes - 1) / map->cell_bytes;
    int n_columns = strips->n < PLOT_MAP_COLUMNS ? strips->n : PLOT_MAP_COLUMNS;
    /* gnuplot's images need two columns at least. */
    n_columns = n_columns < 2 ? 2 : n_columns;
    int at = 0;
    fprintf(f, "run,op,offset,live,garbage,tables\n");
    for (int column = 0; column < n_columns; column++) {
        double op = (column + 0.5) * (double)operations / n_columns;
        while (at + 1 < strips->n && (double)strips->at[at + 1].seq <= op)
            at++;
        for (uint64_t row = 0; row < n_rows; row++) {
            const uint32_t *n = strips->at[at].units[row];
            fprintf(f, "%" PRId64 ",%.1f,%.1f,%.3g,%.3g,%.3g\n", r->number, op,
                    ((double)row + 0.5) * (double)map->cell_bytes,
                    100.0 * n[HEAPMAP_LIVE] / units,
                    100.0 * n[HEAPMAP_GARBAGE] / units,
                    100.0 * n[HEAPMAP_TABLES] / units);
        }
    }
}

int plot_map_write(sqlite3 *db, const struct query_run *r, const char *sql,
                   int64_t operations, const char *path, struct plot_map *map,
                   struct problem *problem)
{
    memset(map, 0, sizeof *map);
    uint64_t unit_bytes = 1;
    struct strips strips = {0};
    int err = measure(db, sql, map, &unit_bytes, problem);
    if (err == 0 && map->n_moments > 0)
        err = read_strips(db, sql, map, unit_bytes, &strips, problem);
    if (err == 0 && strips.n > 0) {
        FILE *f = fopen(path, "w");
        bool is_written = f != NULL;
        if (is_written) {
            write_cells(f, r, &strips, operations, map, unit_bytes);
            is_written = ferror(f) == 0;
            is_written = fclose(f) == 0 && is_written;
        }
        if (!is_written)
            err = problem_set(problem, ERR_IO, "%s: %s", path, strerror(errno));
    }
    free(strips.at);
    return err;
}
