/* plot_figure.c - see plot_figure.h. */
#include "analysis/plot_figure.h"

#include <inttypes.h>
#include <string.h>

#include "analysis/query_machine.h"
#include "analysis/text.h"

void figure_path(const struct figure *f, char out[PATH_MAX], const char *part,
                 const char *ending)
{
    snprintf(out, PATH_MAX, "%s/%s%s%s.%s", f->dir, f->stem,
             *part == 0 ? "" : "-", part, ending);
}

void figure_tell_sql(struct figure *f, const char *part, bool is_first,
                     const char *sql)
{
    fprintf(f->sql, "-- %s%s%s.csv%s\n%s;\n", f->stem, *part == 0 ? "" : "-",
            part, is_first ? "" : " (rows of a further run)", sql);
}

int figure_rows(struct figure *f, const char *part, bool is_first, char *sql)
{
    char path[PATH_MAX];
    figure_path(f, path, part, "csv");
    if (sql == NULL)
        return problem_set(f->problem, ERR_MEMORY, "no memory for a query");
    figure_tell_sql(f, part, is_first, sql);
    int n = query_csv(f->db, sql, path, !is_first, f->problem);
    sqlite3_free(sql);
    if (n > 0)
        f->n_rows += *part == 0 ? n : 0;
    return n;
}

int64_t figure_operations(const struct figure *f, int i)
{
    const struct query_run *r = &f->runs[i];
    int64_t n = r->summary.operations, last_bin = 0;
    if (r->has_summary && n > 0)
        return n;
    /* A run without a summary still has its series. */
    if (query_number(f->db, &last_bin, -1, f->problem,
                     "SELECT MAX(bin) FROM series WHERE run = %lld AND "
                     "bin BETWEEN 0 AND 1 << 20",
                     (long long)r->number) < 0)
        return 1;
    n = (last_bin + 1) << r->series_shift;
    return n < 1 ? 1 : n;
}

int64_t figure_together(int64_t operations, int shift)
{
    int64_t together = 1;
    while (((operations - 1) >> shift) / together + 1 > PLOT_BINS)
        together *= 2;
    return together;
}

void figure_text(struct figure *f, int i, const char *name, const char *value)
{
    fprintf(f->script, "%s[%d] = ", name, i + 1);
    text_gnuplot(f->script, value);
    fputc('\n', f->script);
}

void figure_number(struct figure *f, int i, const char *name, double v)
{
    fprintf(f->script, "%s[%d] = %.17g%s\n", name, i + 1, v,
            v > 2147483647.0 ? ".0" : "");
}

void figure_title(struct figure *f, int i)
{
    const struct query_run *r = &f->runs[i];
    char trace[512], heap[TEXT_NUMBER_CAP], title[1024];
    text_cut(trace, sizeof trace, r->trace, 44);
    text_bytes(heap, (uint64_t)r->heap_bytes);
    snprintf(title, sizeof title,
             "%s \xc2\xb7 %s%s%s \xc2\xb7 heap of %s \xc2\xb7 run "
             "%" PRId64 " (%.8s)",
             trace, r->manager, query_is_native(r) ? "" : " on ",
             query_is_native(r) ? "" : r->machine, heap, r->number, r->id);
    figure_text(f, i, "panel_title", title);
    figure_number(f, i, "panel_run", (double)r->number);
}

int64_t figure_step(int64_t count)
{
    int64_t step = 1;
    for (int i = 0; count / step > 8; i++) /* 1 2 5 10 20 50 ... */
        step = i % 3 == 1 ? step / 2 * 5 : step * 2;
    return step;
}

void figure_note_marks(char *note, size_t cap, const char *one,
                       const char *many, int64_t total, int marks)
{
    char count[TEXT_NUMBER_CAP];
    size_t length = strlen(note);
    text_count(count, (uint64_t)total);
    snprintf(note + length, cap - length, " \xc2\xb7 %s %s", count,
             total == 1 ? one : many);
    length = strlen(note);
    if (total > marks)
        snprintf(note + length, cap - length, " (thinned to %d marks)", marks);
}

int figure_count_marks(struct figure *f, const struct query_run *r,
                       const char *table, int64_t ops, int64_t *n,
                       int64_t *column)
{
    int err = query_number(f->db, n, 0, f->problem,
                           "SELECT COUNT(*) FROM %s WHERE key >= %lld AND "
                           "key <= %lld",
                           table, query_key_from(r->number),
                           query_key_last(r->number));
    *column = *n <= PLOT_MARKS ? 1 : (ops + PLOT_MARKS - 1) / PLOT_MARKS;
    return err;
}
