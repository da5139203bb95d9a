/* plot_pauses.c - the panel of collections on a machine and what they leave. */
#include "analysis/plot_figure.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "analysis/plot_query.h"
#include "analysis/query_machine.h"
#include "analysis/text.h"
#include "analysis/utilisation.h"

#define WINDOWS 160 /* lengths at which MMU and BMU are computed            */

/* A run's pauses on its clock. */
struct run_pauses {
    struct pauses list;
    uint64_t total;  /* the clock at the end                                */
    bool has_steps;  /* collections alone do not make up what was spent     */
    bool has_all;    /* of what was spent collecting                        */
    const char *sql; /* "" or what a query that read them is called         */
};

static uint64_t column(sqlite3_stmt *q, int i)
{
    int64_t n = sqlite3_column_int64(q, i);
    return n < 0 ? 0 : (uint64_t)n;
}

/* A pause as the database has it; a damaged one cannot reach back. */
static bool add(struct run_pauses *p, uint64_t start, uint64_t cycles)
{
    const struct pauses *l = &p->list;
    uint64_t end = l->n == 0 ? 0 : l->at[l->n - 1].end;
    start = start < end ? end : start;
    if (start > INT64_MAX || cycles > INT64_MAX)
        return true;
    p->total = start + cycles > p->total ? start + cycles : p->total;
    return pauses_add(&p->list, start, cycles);
}

/* Read them by `sql`: of each row a start and cycles, or of each operation
 * its cycles and those spent collecting. */
static int read_pauses(struct figure *f, struct run_pauses *p, char *sql,
                       bool by_operation)
{
    sqlite3_stmt *q;
    uint64_t clock = 0;
    bool has_room = true;
    if (sql == NULL)
        return problem_set(f->problem, ERR_MEMORY, "no memory for a query");
    fprintf(f->sql,
            "-- The pauses from which %s-utilisation.csv is computed\n"
            "%s;\n",
            f->stem, sql);
    int err = query_prepare(f->db, &q, f->problem, "%s", sql);
    sqlite3_free(sql);
    while (err >= 0 && has_room && (err = query_step(q, f->problem)) > 0) {
        uint64_t first = column(q, 0), second = column(q, 1);
        has_room = add(p, by_operation ? clock : first, second);
        clock += by_operation ? first : 0;
    }
    sqlite3_finalize(q);
    if (!has_room)
        return problem_set(f->problem, ERR_MEMORY, "no memory for the pauses");
    return err < 0 ? err : 0;
}

/*
 * Collections tell all pauses of a manager that stops for them. One that
 * collects in steps does so in other operations, too; these are known where
 * operations were kept.
 */
static int find_pauses(struct figure *f, const struct query_run *r,
                       const struct query_machine *m, struct run_pauses *p)
{
    int64_t collected = 0, has_ops = 0;
    int err =
        query_number(f->db, &collected, 0, f->problem,
                     "SELECT SUM(cycles) FROM collection WHERE key >= "
                     "%lld AND key <= %lld",
                     query_key_from(r->number), query_key_last(r->number));
    if (err == 0)
        err =
            query_number(f->db, &has_ops, 0, f->problem,
                         "SELECT 1 FROM op_cost WHERE key >= %lld AND "
                         "key <= %lld LIMIT 1",
                         query_key_from(r->number), query_key_last(r->number));
    if (err < 0)
        return err;
    p->total = m->totals.cycles;
    p->has_steps = (uint64_t)collected != m->totals.gc_cycles;
    p->has_all = !p->has_steps || has_ops != 0;
    if (p->has_steps && has_ops != 0)
        return read_pauses(f, p, plot_paused_query(r), true);
    return read_pauses(f, p, plot_collected_query(r), false);
}

static void write_windows(FILE *out, const struct query_run *r,
                          struct run_pauses *p)
{
    uint64_t last = 0;
    double low = p->list.longest < 4 ? 1 : (double)p->list.longest / 4;
    double growth = log((double)p->total / low) / (WINDOWS - 1);
    for (int i = 0; i < WINDOWS && p->list.n > 0; i++) {
        double length =
            i == WINDOWS - 1 ? (double)p->total : floor(low * exp(growth * i));
        uint64_t window = length < 1 ? 1 : (uint64_t)length;
        window = window > p->total ? p->total : window;
        if (window == last)
            continue;
        last = window;
        fprintf(out, "%" PRId64 ",%" PRIu64 ",%" PRIu64 ",%.6f,%.6f\n",
                r->number, window, utilisation_most(&p->list, p->total, window),
                utilisation_mmu(&p->list, p->total, window),
                utilisation_bmu(&p->list, p->total, window));
    }
}

static int write_utilisation(struct figure *f, int i, struct run_pauses *p)
{
    char path[PATH_MAX];
    figure_path(f, path, "utilisation", "csv");
    FILE *out = fopen(path, i == 0 ? "w" : "a");
    if (out == NULL)
        return problem_set(f->problem, ERR_IO, "%s: %s", path, strerror(errno));
    if (i == 0)
        fprintf(out, "run,window_cycles,most_paused,mmu,bmu\n");
    write_windows(out, &f->runs[i], p);
    bool is_written = ferror(out) == 0;
    if (fclose(out) != 0 || !is_written)
        return problem_set(f->problem, ERR_IO, "%s: %s", path, strerror(errno));
    return 0;
}

static void pauses_note(const struct query_machine *m,
                        const struct run_pauses *p, int64_t n_collections,
                        int marks, char *note, size_t cap)
{
    char total[TEXT_NUMBER_CAP], longest[TEXT_NUMBER_CAP];
    text_count(total, m->totals.cycles);
    text_count(longest, p->list.longest);
    snprintf(note, cap,
             "%.1f %% of %s cycles spent collecting \xc2\xb7 longest pause %s "
             "cycles",
             m->totals.cycles == 0 ? 0.0
                                   : 100.0 * (double)m->totals.gc_cycles /
                                         (double)m->totals.cycles,
             total, longest);
    figure_note_marks(note, cap, "collection", "collections", n_collections,
                      marks);
    size_t n = strlen(note);
    if (!p->has_all)
        snprintf(note + n, cap - n, " \xc2\xb7 steps between not kept");
    else if (p->list.joined > 0)
        snprintf(note + n, cap - n,
                 " \xc2\xb7 pauses less than %" PRIu64 " cycles apart joined",
                 p->list.joined);
}

static void pauses_numbers(struct figure *f, int i,
                           const struct query_machine *m,
                           const struct run_pauses *p)
{
    char clock[64];
    double longest = p->list.longest < 1 ? 1 : (double)p->list.longest;
    snprintf(clock, sizeof clock, "time at %g MHz", (double)m->clock_hz / 1e6);
    figure_text(f, i, "panel_clock", clock);
    figure_number(f, i, "panel_us", query_microseconds(m));
    figure_number(f, i, "panel_count", longest);
    figure_number(f, i, "panel_step", (double)figure_step((int64_t)longest));
    figure_number(f, i, "panel_first", longest < 4 ? 1 : longest / 4);
    figure_number(f, i, "panel_last", p->total < 2 ? 2 : (double)p->total);
    figure_number(f, i, "panel_steps", p->has_steps);
}

int plot_pauses_panel(struct figure *f, int i)
{
    static const char *const metrics[] = {"gc_cycles", NULL};
    const struct query_run *r = &f->runs[i];
    int64_t ops = figure_operations(f, i);
    int64_t together = figure_together(ops, r->series_shift);
    int64_t n_collections = 0, width = 1;
    struct query_machine m;
    struct run_pauses p = {0};
    int marks = 0;
    int err = query_machine(f->db, r, &m, f->problem);
    if (err >= 0)
        err =
            figure_count_marks(f, r, "collection", ops, &n_collections, &width);
    if (err >= 0)
        err = marks = figure_rows(f, "", i == 0, plot_pauses_query(r, width));
    if (err >= 0)
        err = figure_rows(f, "collecting", i == 0,
                          plot_series_query(r, metrics, ops, together));
    if (err >= 0)
        err = find_pauses(f, r, &m, &p);
    if (err >= 0)
        err = write_utilisation(f, i, &p);
    if (err >= 0) {
        char note[512];
        f->n_rows += p.list.n > 0;
        pauses_note(&m, &p, n_collections, marks, note, sizeof note);
        figure_title(f, i);
        figure_text(f, i, "panel_note", note);
        figure_number(f, i, "panel_ops", (double)ops);
        figure_number(f, i, "panel_column", (double)figure_step(ops));
        figure_number(f, i, "panel_wide", (double)(width > 1 ? width : 0));
        pauses_numbers(f, i, &m, &p);
    }
    pauses_free(&p.list);
    return err < 0 ? err : 0;
}
