/*
 * report_map.c - the heap block by block at a run's key moments
 *
 * The page holds the map itself, as four paths of an SVG (live, garbage,
 * tables, free), so that it shows without any script. What each object is
 * lies beside the page, in figures/map-*.js, and is loaded when somebody
 * points at the map.
 */
#include "analysis/report_page.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "analysis/heapmap.h"
#include "analysis/html.h"
#include "sim/replay/manager.h"

#define CELL        8 /* a unit's width in the picture                       */
#define ROW         11
#define ROW_FILLED  9
#define LABEL       64     /* room for a row's address                       */
#define FEW_UNITS   2048   /* up to here 64 units a row, 128 beyond          */
#define EDGES_SHOWN 200000 /* references listed for a moment */
#define DRAWN_UNITS 262144 /* beyond, a map would make the page unwieldy */

struct moment {
    int64_t seq, base, unit_bytes;
    const char *reason, *units;
    char name[64]; /* of the data beside the page: map-RUN-REASON            */
};

static uint32_t columns_of(uint32_t n_units)
{
    return n_units <= FEW_UNITS ? 64 : 128;
}

/* A stretch of units as boxes, one a row that it touches. */
static void draw_stretch(FILE *f, uint32_t first, uint32_t n, uint32_t columns,
                         int gap)
{
    while (n > 0) {
        uint32_t column = first % columns, row = first / columns;
        uint32_t here = columns - column < n ? columns - column : n;
        uint32_t width = here * CELL - (uint32_t)(here == n ? gap : 0);
        fprintf(f, "M%u %uh%uv%dh-%uz", LABEL + column * CELL, row * ROW, width,
                ROW_FILLED, width);
        first += here;
        n -= here;
    }
}

/*
 * All stretches of one state. A head begins an object, the tails behind it
 * belong to it; objects end in a gap, so that neighbours are told apart.
 */
static void draw_state(FILE *f, const char *units, enum heapmap_state state,
                       uint32_t columns)
{
    static const char *const classes[HEAPMAP_N] = {"free", "live", "garbage",
                                                   "tables"};
    struct heapmap_reader reader = heapmap_read(units);
    struct heapmap_run run;
    uint32_t head = 0, length = 0; /* the object that may go on              */
    html(f, "<path class=%r d=\"", classes[state]);
    while (heapmap_next(&reader, &run)) {
        if (run.state == HEAPMAP_LIVE && run.letter == '=') {
            length += run.n_units;
            continue;
        }
        if (length > 0 && state == HEAPMAP_LIVE)
            draw_stretch(f, head, length, columns, 1);
        length = 0;
        if (run.state == HEAPMAP_LIVE) {
            for (uint32_t i = 0; state == HEAPMAP_LIVE && i + 1 < run.n_units;
                 i++)
                draw_stretch(f, run.first + i, 1, columns, 1);
            head = run.first + run.n_units - 1;
            length = 1;
        } else if (run.state == state) {
            draw_stretch(f, run.first, run.n_units, columns, 0);
        }
    }
    if (length > 0 && state == HEAPMAP_LIVE)
        draw_stretch(f, head, length, columns, 1);
    html(f, "\"/>\n");
}

static void draw_map(FILE *f, const struct moment *m)
{
    uint32_t n_units = heapmap_length(m->units);
    uint32_t columns = columns_of(n_units);
    uint32_t n_rows = (n_units + columns - 1) / columns;
    html(f,
         "<div class=map data-map=\"%s\" data-cell=%i data-row=%i "
         "data-label=%i data-columns=%i>\n<svg viewBox=\"0 0 %i %i\" "
         "role=img aria-label=\"the heap, %n units of %n bytes\">\n",
         m->name, (int64_t)CELL, (int64_t)ROW, (int64_t)LABEL, (int64_t)columns,
         (int64_t)(LABEL + columns * CELL), (int64_t)n_rows * ROW,
         (int64_t)n_units, m->unit_bytes);
    for (uint32_t row = 0; row<n_rows; row += n_rows> 64 ? 4 : 2)
        fprintf(f, "<text x=0 y=%u>%08" PRIx64 "</text>",
                row * ROW + ROW_FILLED,
                (uint64_t)m->base +
                    (uint64_t)(row * columns) * (uint64_t)m->unit_bytes);
    for (int state = 0; state < HEAPMAP_N; state++)
        draw_state(f, m->units, (enum heapmap_state)state, columns);
    html(f, "<path class=from d=\"\"/><path class=to d=\"\"/>"
            "<path class=chosen d=\"\"/></svg>\n"
            "<p class=tip aria-live=polite>Point at an object.</p></div>\n");
}

static void write_rows(FILE *f, sqlite3_stmt *q)
{
    int n_columns = sqlite3_column_count(q);
    fputc('[', f);
    for (int i = 0; i < n_columns; i++) {
        int64_t v = sqlite3_column_int64(q, i);
        /* What a double cannot hold exactly is written as text. */
        const char *quote = v > INT64_C(1) << 53 ? "\"" : "";
        fprintf(f, "%s%s%" PRId64 "%s", i == 0 ? "" : ",", quote, v, quote);
    }
    fputs("],\n", f);
}

/* Are objects any blocks? Then each is known by the one that names it. */
static bool in_pieces(const struct query_run *run)
{
    const struct manager *m = manager_find(run->manager);
    return m != NULL && (m->capabilities & CAP_PIECES) != 0;
}

static int write_objects(struct report *r, const struct query_run *run,
                         const struct moment *m, FILE *f)
{
    sqlite3_stmt *q;
    fprintf(f,
            "fraglabMap(\"%s\",{base:%" PRId64 ",unit:%" PRId64 ",seq:%" PRId64
            ",pieces:%d,\n// id, address, asked, granted, born, site, "
            "dead, held\nobjects:[\n",
            m->name, m->base, m->unit_bytes, m->seq, in_pieces(run));
    int err = query_prepare(r->db, &q, r->problem,
                            "SELECT id, address, asked, granted, born_seq, "
                            "site, dead, held FROM object WHERE run = %lld "
                            "AND seq = %lld AND reason = %Q ORDER BY address",
                            run->number, m->seq, m->reason);
    int n = 0;
    for (; err >= 0 && (err = query_step(q, r->problem)) > 0; n++)
        write_rows(f, q);
    sqlite3_finalize(q);
    if (err < 0)
        return err;
    fputs("],\n// from, word, to\nedges:[\n", f);
    err = query_prepare(r->db, &q, r->problem,
                        "SELECT from_id, word, to_id FROM edge WHERE run = "
                        "%lld AND seq = %lld AND reason = %Q LIMIT %d",
                        run->number, m->seq, m->reason, EDGES_SHOWN);
    while (err >= 0 && (err = query_step(q, r->problem)) > 0)
        write_rows(f, q);
    sqlite3_finalize(q);
    fputs("]});\n", f);
    return err < 0 ? err : n;
}

/* Returns the number of objects that are known at that moment. */
static int write_data(struct report *r, const struct query_run *run,
                      const struct moment *m)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s.js", r->figures, m->name);
    FILE *f = fopen(path, "w");
    if (f == NULL)
        return problem_set(r->problem, ERR_IO, "%s: %s", path, strerror(errno));
    int n = write_objects(r, run, m, f);
    bool is_written = ferror(f) == 0;
    is_written = fclose(f) == 0 && is_written;
    if (n >= 0 && !is_written)
        return problem_set(r->problem, ERR_IO, "%s: %s", path, strerror(errno));
    return n;
}

static void tell_map(FILE *f, const struct moment *m)
{
    uint64_t units[HEAPMAP_N] = {0};
    struct heapmap_reader reader = heapmap_read(m->units);
    struct heapmap_run run;
    while (heapmap_next(&reader, &run))
        units[run.state] += run.n_units;
    static const char *const words[HEAPMAP_N] = {"free", "live", "garbage",
                                                 "tables"};
    html(f, "<p class=legend>");
    for (int i = 0; i < HEAPMAP_N; i++)
        html(f, "<span><i class=%r></i>%r %n B</span> ", words[i], words[i],
             (int64_t)units[i] * m->unit_bytes);
    html(f, "</p>\n");
}

static int tell_moment(struct report *r, const struct query_run *run,
                       struct moment *m, const char *title, bool is_open)
{
    snprintf(m->name, sizeof m->name, "map-%" PRId64 "-%s", run->number,
             m->reason);
    html(r->page,
         "<details class=moment%r><summary>%r, after operation %n"
         "</summary>\n",
         is_open ? " open" : "", title, m->seq);
    tell_map(r->page, m);
    int n = write_data(r, run, m);
    if (n < 0)
        return n;
    if (heapmap_length(m->units) <= DRAWN_UNITS)
        draw_map(r->page, m);
    else
        html(r->page, "<p>The heap is too large to be drawn here.</p>\n");
    html(r->page,
         "<p class=note>%n objects. <a href=\"figures/%s.js\">Data"
         "</a></p></details>\n",
         (int64_t)n, m->name);
    return 0;
}

static int one_moment(struct report *r, const struct query_run *run,
                      const char *reason, const char *title, bool is_first)
{
    sqlite3_stmt *q;
    int err = query_prepare(r->db, &q, r->problem,
                            "SELECT seq, base, unit_bytes, units FROM heapmap "
                            "WHERE run = %lld AND reason = %Q ORDER BY seq "
                            "DESC LIMIT 1",
                            run->number, reason);
    if (err == 0)
        err = query_step(q, r->problem);
    int n = 0;
    if (err > 0) {
        struct moment m = {.seq = sqlite3_column_int64(q, 0),
                           .base = (uint32_t)sqlite3_column_int64(q, 1),
                           .unit_bytes = (uint32_t)sqlite3_column_int64(q, 2),
                           .reason = reason,
                           .units = (const char *)sqlite3_column_text(q, 3)};
        if (is_first)
            html(r->page, "<h3>The heap, block by block</h3>\n");
        err = tell_moment(r, run, &m, title, is_first);
        n = 1;
    }
    sqlite3_finalize(q);
    return err < 0 ? err : n;
}

int report_maps(struct report *r, const struct query_run *run)
{
    static const char *const moments[][2] = {
        {"worst", "At the worst moment"},
        {"first_refusal", "At the first refusal"},
        {"end", "At the end"}};
    int n = 0;
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
        int status = one_moment(r, run, moments[i][0], moments[i][1], n == 0);
        if (status < 0)
            return status;
        n += status;
    }
    return 0;
}
