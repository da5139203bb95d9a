/* plot_cycles.c - panels of what operations cost on a machine. */
#include "analysis/plot_figure.h"

#include <inttypes.h>
#include <string.h>

#include "analysis/plot_query.h"
#include "analysis/query_machine.h"
#include "analysis/text.h"

/* Elements of the scripts' kind_... arrays for each panel. */
#define KINDS_CAP 9
_Static_assert(COST_N <= KINDS_CAP, "every kind has its place");

/* clang-format off */
static const char *const kind_words[COST_N] = {
    [COST_ALLOC] = "allocation",
    [COST_ALLOC_NET] = "allocation without collections",
    [COST_FREE] = "free",
    [COST_REALLOC] = "reallocation",
    [COST_COLLECT] = "collecting",
    [COST_STEP] = "idle step",
    [COST_PROMOTE] = "promotion",
    [COST_DEREF] = "read through a handle",
    [COST_STORE] = "write barrier",
};
/* clang-format on */

/* The second axis: microseconds a cycle, 0 where the clock is not known. */
static void add_clock(struct figure *f, int i, const struct query_machine *m)
{
    char clock[64];
    snprintf(clock, sizeof clock, "time at %g MHz", (double)m->clock_hz / 1e6);
    figure_number(f, i, "panel_us", query_microseconds(m));
    figure_text(f, i, "panel_clock", clock);
}

static void kind_legend(const struct query_machine *m, enum cost_kind kind,
                        char *out, size_t cap)
{
    const struct cost_summary *s = &m->kind[kind];
    const uint64_t shown[] = {s->p50, s->p99, s->max};
    char count[TEXT_NUMBER_CAP], cycles[3][TEXT_NUMBER_CAP];
    text_count(count, s->count);
    for (int k = 0; k < 3; k++)
        text_count(cycles[k], shown[k]);
    int n = snprintf(out, cap,
                     "%s: %s, median %s cycles, 99 %% at most %s, most %s",
                     kind_words[kind], count, cycles[0], cycles[1], cycles[2]);
    double us = query_microseconds(m);
    if (us > 0 && n > 0 && (size_t)n < cap)
        snprintf(out + n, cap - (size_t)n, " (%.1f, %.1f, %.1f \xc2\xb5s)",
                 us * (double)s->p50, us * (double)s->p99, us * (double)s->max);
}

/* What holds for all panels, so that runs can be compared by eye. */
static int cycles_bounds(struct figure *f, int i)
{
    int64_t low = INT64_MAX, high = 1, most = 1;
    for (int k = 0; k < f->n_runs; k++) {
        static const char *const bounds[] = {"MIN(min)", "MAX(max)",
                                             "MAX(count)"};
        int64_t bound[3] = {0};
        for (int b = 0; b < 3; b++) {
            int err = query_number(f->db, &bound[b], 1, f->problem,
                                   "SELECT %s FROM cycles WHERE run = %lld",
                                   bounds[b], (long long)f->runs[k].number);
            if (err < 0)
                return err;
        }
        low = bound[0] < low ? bound[0] : low;
        high = bound[1] > high ? bound[1] : high;
        most = bound[2] > most ? bound[2] : most;
    }
    low = low < 1 ? 1 : low;
    figure_number(f, i, "panel_first", 0.8 * (double)low);
    figure_number(f, i, "panel_last", 1.25 * (double)(high > low ? high : low));
    figure_number(f, i, "panel_count", (double)most);
    return 0;
}

int plot_cycles_panel(struct figure *f, int i)
{
    const struct query_run *r = &f->runs[i];
    struct query_machine m;
    int n_kinds = 0;
    int err = query_machine(f->db, r, &m, f->problem);
    if (err >= 0)
        err = figure_rows(f, "", i == 0, plot_cycles_query(r));
    if (err >= 0)
        err = cycles_bounds(f, i);
    if (err < 0)
        return err;
    if (i == 0)
        fprintf(f->script, "array kind_name[%d]\narray kind_text[%d]\n",
                KINDS_CAP * f->n_runs, KINDS_CAP * f->n_runs);
    for (int k = 0; k < COST_N; k++) {
        char legend[256];
        if (m.kind[k].count == 0)
            continue;
        kind_legend(&m, (enum cost_kind)k, legend, sizeof legend);
        figure_text(f, KINDS_CAP * i + n_kinds, "kind_name", cost_names[k]);
        figure_text(f, KINDS_CAP * i + n_kinds, "kind_text", legend);
        n_kinds++;
    }
    figure_title(f, i);
    figure_text(f, i, "panel_note",
                "share of the operations of a kind that took so many cycles "
                "or more");
    figure_number(f, i, "panel_kinds", n_kinds);
    add_clock(f, i, &m);
    return 0;
}

/* Bounds of a logarithmic axis for the series of cycles. */
static int time_bounds(struct figure *f, int i, const struct query_run *r)
{
    static const char *const bounds[] = {"MIN(NULLIF(mean, 0))", "MAX(max)"};
    int64_t bound[2] = {0};
    for (int b = 0; b < 2; b++) {
        int err = query_number(f->db, &bound[b], 1, f->problem,
                               "SELECT %s FROM series WHERE run = %lld AND "
                               "metric = 'cycles'",
                               bounds[b], (long long)r->number);
        if (err < 0)
            return err;
    }
    double low = bound[0] < 4 ? 1 : (double)bound[0] / 4;
    figure_number(f, i, "panel_first", low);
    figure_number(
        f, i, "panel_last",
        1.5 * ((double)bound[1] > 2 * low ? (double)bound[1] : 2 * low));
    return 0;
}

static void time_note(const struct query_machine *m, int64_t bin, char *note,
                      size_t cap)
{
    char width[TEXT_NUMBER_CAP], total[TEXT_NUMBER_CAP];
    text_count(width, (uint64_t)bin);
    text_count(total, m->totals.cycles);
    int n = bin == 1 ? snprintf(note, cap, "every operation")
                     : snprintf(note, cap, "%s operations a point", width);
    if (n > 0 && (size_t)n < cap)
        snprintf(note + n, cap - (size_t)n, " \xc2\xb7 %s cycles in all",
                 total);
}

int plot_cycles_time_panel(struct figure *f, int i)
{
    static const char *const metrics[] = {"cycles", "gc_cycles", NULL};
    const struct query_run *r = &f->runs[i];
    int64_t ops = figure_operations(f, i);
    int64_t together = figure_together(ops, r->series_shift);
    int64_t n_collections, column;
    struct query_machine m;
    int marks = 0;
    int err = query_machine(f->db, r, &m, f->problem);
    if (err >= 0)
        err = figure_rows(f, "", i == 0,
                          plot_series_query(r, metrics, ops, together));
    if (err >= 0)
        err = figure_count_marks(f, r, "collection", ops, &n_collections,
                                 &column);
    if (err >= 0)
        err = marks = figure_rows(f, "collections", i == 0,
                                  plot_collections_query(r, column));
    if (err >= 0)
        err = time_bounds(f, i, r);
    if (err < 0)
        return err;
    char note[512];
    time_note(&m, together << r->series_shift, note, sizeof note);
    figure_note_marks(note, sizeof note, "collection", "collections",
                      n_collections, marks);
    figure_title(f, i);
    figure_text(f, i, "panel_note", note);
    figure_number(f, i, "panel_ops", (double)ops);
    figure_number(f, i, "panel_column", (double)figure_step(ops));
    figure_number(f, i, "panel_collections", marks);
    add_clock(f, i, &m);
    return 0;
}
