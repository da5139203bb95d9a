/* plot.c - see plot.h for the contract. */
#include "analysis/plot.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/assets.h"
#include "analysis/gnuplot.h"
#include "analysis/plot_figure.h"
#include "analysis/plot_map.h"
#include "analysis/plot_query.h"
#include "analysis/text.h"

#define LINES_CAP 8 /* colours there are */

/* clang-format off */
static const struct plot_kind kinds[] = {
    {"fragmentation",
     "Bytes over operations: how much of the heap is live, used and free; "
     "below, on a logarithmic axis, the largest request that would have "
     "succeeded and the largest free block.",
     LINES_CAP, 560, {"collections", "refusals", NULL}, false, false},
    {"availability",
     "The share of the moments at which a request of a given size would have "
     "succeeded.", LINES_CAP, 420, {NULL}, false, false},
    {"heapmap",
     "The heap, address by operation: where live objects, garbage, tables and "
     "free bytes lay.", 1, 420, {NULL}, false, false},
    {"histogram",
     "Holes by their length, at the worst moment and at the end.",
     LINES_CAP, 420, {NULL}, false, false},
    {"managers",
     "Managers beside each other, a line each: above, the largest request that "
     "would have succeeded, at its least in each stretch of operations; below, "
     "the largest free block as the heap stood, its mean.",
     PLOT_RUNS_CAP, 640, {NULL}, false, true},
    {"cycles",
     "The share of the operations of each kind that took so many cycles or "
     "more: a curve starts at the quickest operation and ends at the single "
     "longest; both axes are logarithmic. All that the program waited is "
     "counted, collections included.",
     LINES_CAP, 520, {NULL}, true, false},
    {"cycles-time",
     "Cycles over operations: the longest operation and the mean of each "
     "stretch, and how much of the mean was spent collecting.",
     LINES_CAP, 440, {"collections", NULL}, true, false},
    {"pauses",
     "Above, the pause of every collection, by phase. Below, the share of any "
     "window of time that collections leave to the program: at worst in a "
     "window of exactly this length (MMU), and in one of this length or longer "
     "(BMU). The clock counts the manager's cycles only, one operation after "
     "another; what the program computes between them is not known and counts "
     "as nothing, so a program that computes has this share or more.",
     LINES_CAP, 680, {"collecting", "utilisation", NULL}, true, false},
    {NULL, NULL, 0, 0, {NULL}, false, false},
};
/* clang-format on */

const struct plot_kind *plot_kinds(void)
{
    return kinds;
}

const struct plot_kind *plot_find(const char *name)
{
    for (const struct plot_kind *k = kinds; k->name != NULL; k++)
        if (strcmp(k->name, name) == 0)
            return k;
    return NULL;
}

static int open_part(const struct figure *f, FILE **out, const char *ending)
{
    char path[PATH_MAX];
    figure_path(f, path, "", ending);
    *out = fopen(path, "w");
    if (*out == NULL)
        return problem_set(f->problem, ERR_IO, "%s: %s", path, strerror(errno));
    return 0;
}

/* Bytes between marks of an axis to `span`: a power of two, 4 to 8 marks. */
static double axis_step(int64_t span)
{
    int64_t step = 1;
    while (span / step >= 8 && step < INT64_MAX / 2)
        step *= 2;
    return (double)step;
}

/* The scripts' arrays, one element a panel. */
static void begin_script(struct figure *f, int height)
{
    static const char *const arrays[] = {
        "run",         "title",    "note",  "heap",  "step",  "ops",
        "collections", "refusals", "span",  "last",  "first", "count",
        "column",      "us",       "clock", "kinds", "wide",  "steps"};
    fprintf(f->script,
            "# %s, drawn from the CSV beside it: gnuplot %s.gp\n"
            "stem = ",
            f->kind->name, f->stem);
    text_gnuplot(f->script, f->stem);
    fprintf(f->script, "\nwidth = %d\nheight = %d\nn_panels = %d\n", PLOT_WIDTH,
            height, f->n_runs);
    for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++)
        fprintf(f->script, "array panel_%s[%d]\n", arrays[k], f->n_runs);
}

static void end_script(struct figure *f)
{
    char name[64];
    snprintf(name, sizeof name, "%s.gp", f->kind->name);
    fprintf(f->script, "\n%s\n%s", asset_text("common.gp"), asset_text(name));
}

static int fragmentation_panel(struct figure *f, int i)
{
    const struct query_run *r = &f->runs[i];
    int64_t ops = figure_operations(f, i);
    int64_t together = figure_together(ops, r->series_shift);
    static const char *const metrics[] = {
        "live", "used", "free", "largest_free", "largest_request", NULL};
    int64_t n_collections, n_refusals, column;
    int marks = 0, crosses = 0;
    int err = figure_rows(f, "", i == 0,
                          plot_series_query(r, metrics, ops, together));
    if (err >= 0)
        err = figure_count_marks(f, r, "collection", ops, &n_collections,
                                 &column);
    if (err >= 0)
        err = marks = figure_rows(f, "collections", i == 0,
                                  plot_collections_query(r, column));
    if (err >= 0)
        err = figure_count_marks(f, r, "refusal", ops, &n_refusals, &column);
    if (err >= 0)
        err = crosses =
            figure_rows(f, "refusals", i == 0, plot_refusals_query(r, column));

    /* A heap that grew holds more than it was given at first. */
    int64_t span = 0;
    if (err >= 0)
        err = query_number(f->db, &span, 0, f->problem,
                           "SELECT MAX(max) FROM series WHERE run = %lld",
                           (long long)r->number);
    if (err < 0)
        return err;
    span = span > r->heap_bytes ? span : r->heap_bytes;
    span = span > 0 ? span : 1;

    char note[512], width[TEXT_NUMBER_CAP];
    int64_t bin = together << r->series_shift;
    text_count(width, (uint64_t)bin);
    if (bin == 1)
        snprintf(note, sizeof note, "every operation");
    else
        snprintf(note, sizeof note,
                 "%s operations a point: mean, band of extremes", width);
    figure_note_marks(note, sizeof note, "collection", "collections",
                      n_collections, marks);
    figure_note_marks(note, sizeof note, "refusal", "refusals", n_refusals,
                      crosses);
    figure_title(f, i);
    figure_text(f, i, "panel_note", note);
    figure_number(f, i, "panel_heap", (double)r->heap_bytes);
    figure_number(f, i, "panel_span", (double)span);
    figure_number(f, i, "panel_step", axis_step(span));
    figure_number(f, i, "panel_ops", (double)ops);
    figure_number(f, i, "panel_column", (double)figure_step(ops));
    figure_number(f, i, "panel_collections", marks);
    figure_number(f, i, "panel_refusals", crosses);
    return 0;
}

static int availability_panel(struct figure *f, int i)
{
    const struct query_run *r = &f->runs[i];
    int n = figure_rows(f, "", i == 0, plot_availability_query(r));
    if (n < 0)
        return n;
    figure_title(f, i);
    return 0;
}

/* What holds for all lines of the availability figure. */
static int availability_axes(struct figure *f)
{
    int64_t first = INT64_MAX, last = 0;
    for (int i = 0; i < f->n_runs; i++) {
        int64_t lower = 0, upper = 0;
        int err = query_number(f->db, &upper, 0, f->problem,
                               "SELECT MAX(upper) FROM histogram WHERE run = "
                               "%lld AND name = 'largest_request'",
                               (long long)f->runs[i].number);
        if (err < 0)
            return err;
        last = upper > last ? upper : last;
        err = query_number(f->db, &lower, INT64_MAX, f->problem,
                           "SELECT MIN(lower) FROM histogram WHERE run = "
                           "%lld AND name = 'largest_request' AND lower > 0",
                           (long long)f->runs[i].number);
        if (err < 0)
            return err;
        first = lower < first ? lower : first;
    }
    first = first > last ? 1 : first;
    const struct query_summary *s = &f->runs[0].summary;
    char all[TEXT_NUMBER_CAP], most[TEXT_NUMBER_CAP], note[256];
    text_count(all, (uint64_t)s->min_largest_request);
    text_count(most, (uint64_t)s->p1_largest_request);
    snprintf(note, sizeof note,
             "at every moment %s bytes, at 99 %% of the moments %s bytes", all,
             most);
    fprintf(f->script, "first = %.1f\nlast = %.1f\n", (double)first / 2,
            1.05 * ((double)last + 1));
    fprintf(f->script, "title = %s\nnote = ",
            f->n_runs == 1
                ? "panel_title[1]"
                : "'How often a request of a size would have succeeded'");
    text_gnuplot(f->script, f->n_runs == 1 ? note : "share of the moments");
    fputc('\n', f->script);
    return 0;
}

static int histogram_panel(struct figure *f, int i)
{
    const struct query_run *r = &f->runs[i];
    int n = figure_rows(f, "", i == 0, plot_histogram_query(r));
    if (n < 0)
        return n;
    static const char *const bounds[] = {"MIN(lower)", "MAX(lower)",
                                         "MAX(count)"};
    int64_t bound[3] = {0};
    for (int k = 0; k < 3; k++) {
        int err = query_number(f->db, &bound[k], 1, f->problem,
                               "SELECT %s FROM histogram WHERE run = %lld AND "
                               "lower > 0 AND name IN ('holes_at_worst', "
                               "'holes_at_end')",
                               bounds[k], (long long)r->number);
        if (err < 0)
            return err;
    }
    char note[128], worst[TEXT_NUMBER_CAP];
    text_count(worst, (uint64_t)r->summary.worst_seq);
    snprintf(note, sizeof note,
             "the worst moment: operation %s, the first at which the largest "
             "request was smallest",
             worst);
    figure_title(f, i);
    figure_text(f, i, "panel_note", note);
    figure_number(f, i, "panel_first",
                  63 - __builtin_clzll((uint64_t)bound[0]));
    figure_number(f, i, "panel_last", 63 - __builtin_clzll((uint64_t)bound[1]));
    figure_number(f, i, "panel_count", (double)bound[2]);
    figure_number(f, i, "panel_step", (double)figure_step(bound[2]));
    return 0;
}

static int heapmap_panel(struct figure *f, int i)
{
    const struct query_run *r = &f->runs[i];
    char path[PATH_MAX];
    figure_path(f, path, "", "csv");
    char *sql = plot_map_query(r);
    if (sql == NULL)
        return problem_set(f->problem, ERR_MEMORY, "no memory for a query");
    fprintf(f->sql,
            "-- The maps that %s.csv mixes into cells, shares in percent.\n"
            "%s;\n",
            f->stem, sql);
    struct plot_map map;
    int64_t ops = figure_operations(f, i);
    int err = plot_map_write(f->db, r, sql, ops, path, &map, f->problem);
    sqlite3_free(sql);
    if (err < 0)
        return err;
    f->n_rows += map.n_moments;

    char note[256];
    snprintf(note, sizeof note,
             "from %d maps \xc2\xb7 height is the offset from 0x%08" PRIx64
             ", a cell %s%" PRIu64 " bytes",
             map.n_moments, map.base, map.cell_bytes > 1 ? "of " : "",
             map.cell_bytes);
    figure_title(f, i);
    figure_text(f, i, "panel_note", note);
    figure_number(f, i, "panel_ops", (double)ops);
    figure_number(f, i, "panel_column", (double)figure_step(ops));
    figure_number(f, i, "panel_span", (double)map.span_bytes);
    figure_number(f, i, "panel_step", axis_step((int64_t)map.span_bytes));
    return 0;
}

static int write_panels(struct figure *f)
{
    static int (*const panel[])(struct figure *, int) = {
        fragmentation_panel,    availability_panel,  heapmap_panel,
        histogram_panel,        plot_managers_panel, plot_cycles_panel,
        plot_cycles_time_panel, plot_pauses_panel};
    int err = 0;
    for (int i = 0; i < f->n_runs && err == 0; i++)
        err = panel[f->kind - kinds](f, i);
    if (err == 0 && f->kind == plot_find("availability"))
        err = availability_axes(f);
    if (err == 0 && f->kind == plot_find("managers"))
        plot_managers_title(f);
    return err;
}

static void remove_files(const struct figure *f)
{
    static const char *const endings[] = {"sql", "csv", "gp", "svg", "png"};
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        figure_path(f, path, "", endings[i]);
        unlink(path);
    }
    for (int i = 0; f->kind->parts[i] != NULL; i++) {
        figure_path(f, path, f->kind->parts[i], "csv");
        unlink(path);
    }
}

static int close_part(const struct figure *f, FILE *file, int err)
{
    if (file == NULL)
        return err;
    bool is_written = ferror(file) == 0;
    is_written = fclose(file) == 0 && is_written;
    if (err == 0 && !is_written)
        return problem_set(f->problem, ERR_IO, "%s/%s: %s", f->dir, f->stem,
                           strerror(errno));
    return err;
}

int plot_write(sqlite3 *db, const struct plot_kind *kind,
               const struct query_run *runs, int n_runs, const char *dir,
               const char *stem, struct problem *problem)
{
    assert(n_runs >= 1 && n_runs <= kind->max_runs);
    struct figure f = {.db = db,
                       .kind = kind,
                       .runs = runs,
                       .n_runs = n_runs,
                       .dir = dir,
                       .stem = stem,
                       .problem = problem};
    int height = kind->height * n_runs;
    if (kind->compares)
        height = kind->height;
    else if (kind == plot_find("availability"))
        height = kind->height + 18 * (n_runs - 1);
    int err = open_part(&f, &f.sql, "sql");
    if (err == 0)
        err = open_part(&f, &f.script, "gp");
    if (err == 0) {
        begin_script(&f, height);
        err = write_panels(&f);
        end_script(&f);
    }
    err = close_part(&f, f.sql, err);
    err = close_part(&f, f.script, err);
    if (err == 0 && f.n_rows > 0)
        return 1;
    remove_files(&f);
    return err;
}

int plot_draw(const char *dir, const char (*stems)[PLOT_STEM_CAP], int n_stems,
              struct problem *problem)
{
    const char **names = calloc((size_t)n_stems + 1, sizeof *names);
    if (names == NULL)
        return problem_set(problem, ERR_MEMORY, "no memory for the figures");
    for (int i = 0; i < n_stems; i++)
        names[i] = stems[i];
    int err = gnuplot_run(dir, names, n_stems, problem);
    free(names);
    for (int i = 0; i < n_stems && err == 0; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/%s.svg", dir, stems[i]);
        err = gnuplot_darken(path, problem);
    }
    return err;
}
