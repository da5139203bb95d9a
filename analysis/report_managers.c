/* report_managers.c - a section of the page: managers side by side. */
#include <inttypes.h>
#include <string.h>

#include "analysis/html.h"
#include "analysis/report_page.h"

#define GROUP_CAP 256 /* runs of one trace and heap that are compared */

/* A run of the group at hand. */
struct entry {
    const struct query_run *run;
    const char *label; /* of the run                                       */
    bool is_first; /* of its variant: its bytes stand for all of them      */
};

/* Runs of one trace in heaps of one size. */
struct group {
    struct entry entry[GROUP_CAP];
    int n, n_variants;
};

/* What a run's series say on the mean of all moments, in bytes. */
struct means {
    double largest_request, used, free;
};

static bool is_together(const struct query_run *a, const struct query_run *b)
{
    return a->has_summary && b->has_summary &&
           strcmp(a->trace_hash, b->trace_hash) == 0 &&
           a->heap_bytes == b->heap_bytes;
}

/* Is there a run like runs[i] before it, whose group has been told? */
static bool is_told(const struct report *r, int i)
{
    for (int k = 0; k < i; k++)
        if (is_together(&r->runs[k], &r->runs[i]))
            return true;
    return false;
}

static void gather(const struct report *r, int first, struct group *g)
{
    g->n = g->n_variants = 0;
    for (int i = first; i < r->n_runs && g->n < GROUP_CAP; i++) {
        const struct query_run *run = &r->runs[i];
        if (!is_together(run, &r->runs[first]))
            continue;
        struct entry *e = &g->entry[g->n];
        e->run = run;
        e->label = run->label;
        e->is_first = true;
        for (int k = 0; k < g->n; k++)
            if (strcmp(g->entry[k].label, e->label) == 0)
                e->is_first = false;
        g->n_variants += e->is_first;
        g->n++;
    }
}

static int read_means(struct report *r, const struct query_run *run,
                      struct means *m)
{
    sqlite3_stmt *q;
    int64_t ops = run->summary.operations;
    int64_t width = INT64_C(1) << run->series_shift;
    *m = (struct means){0};
    int err = query_prepare(
        r->db, &q, r->problem,
        "SELECT metric, SUM(mean * MIN(%lld, %lld - bin * %lld)) / %lld FROM "
        "series WHERE run = %lld AND bin * %lld < %lld AND metric IN "
        "('largest_request', 'used', 'free') GROUP BY metric ORDER BY metric",
        width, ops, width, ops > 0 ? ops : 1, run->number, width, ops);
    while (err >= 0 && (err = query_step(q, r->problem)) > 0) {
        const char *metric = (const char *)sqlite3_column_text(q, 0);
        double *to = metric[0] == 'l'   ? &m->largest_request
                     : metric[0] == 'u' ? &m->used
                                        : &m->free;
        *to = sqlite3_column_double(q, 1);
    }
    sqlite3_finalize(q);
    return err < 0 ? err : 0;
}

/* The minimum heap of the entry's variant, found last; 0: not known. */
static int read_minheap(struct report *r, const struct entry *e, double *ratio,
                        bool *is_monotone)
{
    sqlite3_stmt *q;
    *ratio = 0;
    int err = query_prepare(
        r->db, &q, r->problem,
        "SELECT spec, 1.0 * heap_bytes / MAX(max_live, 1), monotone FROM "
        "minheap WHERE trace = %Q AND manager = %Q ORDER BY number DESC",
        e->run->trace_hash, e->run->manager);
    while (err >= 0 && *ratio == 0 && (err = query_step(q, r->problem)) > 0) {
        char label[VARIANT_CAP];
        const char *spec = (const char *)sqlite3_column_text(q, 0);
        variant_label(label, e->run->manager, spec == NULL ? "" : spec);
        if (strcmp(label, e->label) != 0)
            continue;
        *ratio = sqlite3_column_double(q, 1);
        *is_monotone = sqlite3_column_int64(q, 2) != 0;
    }
    sqlite3_finalize(q);
    return err < 0 ? err : 0;
}

void report_table_head(FILE *f, const char *const heads[][2], size_t n)
{
    html(f, "<div class=wide><table class=sortable><thead><tr>");
    for (size_t i = 0; i < n; i++)
        html(f, "<th title=\"%s\">%s", heads[i][1], heads[i][0]);
    html(f, "</tr></thead><tbody>\n");
}

static void number_cell(FILE *f, int64_t n)
{
    html(f, "<td data-v=\"%i\">%n", n, n);
}

/* A negative share is not known. */
static void share_cell(FILE *f, double share)
{
    if (share < 0)
        html(f, "<td data-v=\"-1\">-");
    else
        html(f, "<td data-v=\"%i\">%p", (int64_t)(share * 1e6), share);
}

static int bytes_row(struct report *r, const struct entry *e)
{
    FILE *f = r->page;
    const struct query_summary *s = &e->run->summary;
    struct means m;
    double ratio,
        heap = e->run->heap_bytes > 0 ? (double)e->run->heap_bytes : 1;
    bool is_monotone = true;
    int err = read_means(r, e->run, &m);
    if (err == 0)
        err = read_minheap(r, e, &ratio, &is_monotone);
    if (err < 0)
        return err;
    html(f, "<tr><td class=name><a href=\"#run-%i\">%s</a>", e->run->number,
         e->label);
    if (ratio > 0)
        fprintf(f, "<td data-v=\"%.0f\">%.3f%s", 1e6 * ratio, ratio,
                is_monotone ? "" : " *");
    else
        html(f, "<td data-v=\"-1\">-");
    number_cell(f, s->refused_fragmented);
    number_cell(f, s->refused_short);
    number_cell(f, s->refused_other);
    number_cell(f, s->min_largest_request);
    number_cell(f, s->p1_largest_request);
    bool has_series = m.used + m.free > 0; /* not if kept as a summary */
    share_cell(f, has_series ? m.largest_request / heap : -1);
    share_cell(f, s->frag_mean);
    number_cell(f, s->collections);
    number_cell(f, s->moved_bytes);
    share_cell(f, has_series ? 1 - (m.used + m.free) / heap : -1);
    number_cell(f, e->run->control_bytes);
    html(f, "</tr>\n");
    return 0;
}

static int bytes_table(struct report *r, const struct group *g)
{
    static const char *const heads[][2] = {
        {"manager", "with what was set otherwise than by default"},
        {"smallest heap", "the smallest heap in which nothing is refused, over "
                          "the most bytes that were live in it (fraglab "
                          "minheap); *: a larger one refuses something"},
        {"refused: fragmented", "enough bytes were free, no hole was long "
                                "enough"},
        {"short", "fewer bytes were free than the request"},
        {"other", "locked, no collection allowed, no handle left, too large"},
        {"largest request: at every moment", "the largest request that would "
                                             "have succeeded at every moment"},
        {"at 99 %", "... at 99 of a hundred moments"},
        {"mean", "... on the mean of all moments, as a share of the heap"},
        {"fragm. mean", "1 - largest free block / free bytes"},
        {"collections", "and slides"},
        {"bytes moved", "of objects that the manager moved"},
        {"metadata", "the share of the heap that is neither used nor free: "
                     "tables, tags, an idle half"},
        {"control block", "bytes before the heap"},
    };
    int err = 0;
    report_table_head(r->page, heads, sizeof heads / sizeof *heads);
    for (int i = 0; i < g->n && err == 0; i++)
        if (g->entry[i].is_first)
            err = bytes_row(r, &g->entry[i]);
    html(r->page, "</tbody></table></div>\n");
    return err;
}

/* Median, 99 % and most of a kind; "-" where there was none. */
static void cost_cells(FILE *f, const struct cost_summary *s)
{
    const uint64_t figures[] = {s->p50, s->p99, s->max};
    for (int i = 0; i < 3; i++)
        if (s->count > 0)
            number_cell(f, (int64_t)figures[i]);
        else
            html(f, "<td data-v=\"-1\">-");
}

/* The longest operation, with whatever it collected or moved. */
static int64_t longest(const struct query_machine *m)
{
    uint64_t most = 0;
    for (int i = 0; i < COST_N; i++)
        if (m->kind[i].count > 0 && m->kind[i].max > most)
            most = m->kind[i].max;
    return (int64_t)most;
}

static void cycles_row(FILE *f, const struct entry *e,
                       const struct query_machine *m)
{
    html(f, "<tr><td class=name><a href=\"#run-%i\">%s</a><td class=name>%s",
         e->run->number, e->label, e->run->machine);
    cost_cells(f, &m->kind[COST_ALLOC]);
    cost_cells(f, &m->kind[COST_FREE]);
    cost_cells(f, &m->kind[COST_REALLOC]);
    number_cell(f, longest(m));
    share_cell(f, m->totals.cycles == 0
                      ? 0
                      : (double)m->totals.gc_cycles / (double)m->totals.cycles);
    number_cell(f, (int64_t)m->totals.cycles);
    number_cell(f, m->code_bytes);
    number_cell(f, (int64_t)m->totals.stack_bytes);
    html(f, "</tr>\n");
}

static int cycles_table(struct report *r, const struct group *g)
{
    static const char *const heads[][2] = {
        {"manager", "with what was set otherwise than by default"},
        {"machine", "whose cycles these are"},
        {"alloc, median", "cycles of an allocation, collections included"},
        {"99 %", "of a hundred 99 took so many or fewer"},
        {"most", "the longest"},
        {"free, median", "cycles of a free"},
        {"99 %", "of a hundred 99 took so many or fewer"},
        {"most", "the longest"},
        {"realloc, median", "cycles of a reallocation"},
        {"99 %", "of a hundred 99 took so many or fewer"},
        {"most", "the longest"},
        {"longest pause", "cycles of the longest operation of any kind, with "
                          "what it collected or moved"},
        {"collecting", "the share of all cycles that was spent collecting"},
        {"cycles in all", "of all operations and events"},
        {"code", "bytes of code and constants of the image"},
        {"stack", "bytes at the deepest"},
    };
    int n = 0, err = 0;
    for (int i = 0; i < g->n && err >= 0; i++) {
        struct query_machine m;
        err = query_machine(r->db, g->entry[i].run, &m, r->problem);
        if (err <= 0)
            continue;
        if (n++ == 0)
            report_table_head(r->page, heads, sizeof heads / sizeof *heads);
        cycles_row(r->page, &g->entry[i], &m);
    }
    if (n > 0)
        html(r->page, "</tbody></table></div>\n");
    return err < 0 ? err : 0;
}

static void cards(struct report *r, const struct group *g)
{
    const struct query_run *runs[GROUP_CAP];
    int n = 0;
    for (int i = 0; i < g->n; i++)
        if (g->entry[i].is_first)
            runs[n++] = g->entry[i].run;
    report_cards(r->page, runs, n);
}

static int lines(struct report *r, const struct group *g, int number)
{
    struct query_run runs[PLOT_RUNS_CAP];
    char stem[PLOT_STEM_CAP];
    int n = 0;
    for (int i = 0; i < g->n && n < PLOT_RUNS_CAP; i++)
        if (g->entry[i].is_first)
            runs[n++] = *g->entry[i].run; /* borrows its spec */
    snprintf(stem, sizeof stem, "managers-%d", number);
    return report_figure(r, plot_find("managers"), runs, n, stem);
}

static int tell_group(struct report *r, const struct group *g, int number)
{
    const struct query_run *first = g->entry[0].run;
    if (number == 1)
        html(r->page, "<section id=managers><h2>Managers side by side</h2>\n");
    html(r->page, "<h3>%s in a heap of %b</h3>\n", first->trace,
         first->heap_bytes);
    int err = bytes_table(r, g);
    if (err == 0)
        err = cycles_table(r, g);
    if (err == 0)
        err = lines(r, g, number);
    cards(r, g);
    return err;
}

int report_managers(struct report *r)
{
    struct group g;
    int n = 0, err = 0;
    for (int i = 0; i < r->n_runs && err == 0; i++) {
        if (is_told(r, i))
            continue;
        gather(r, i, &g);
        if (g.n_variants > 1)
            err = tell_group(r, &g, ++n);
    }
    if (n > 0)
        html(r->page, "<p class=note>Sizes are bytes. Runs of one trace in "
                      "heaps of one size are compared; bytes are the same on "
                      "every machine. What a column means shows on pointing at "
                      "its head; a click sorts by it.</p>\n</section>\n");
    return err;
}
