/* plot_managers.c - see plot.h: runs beside each other, a line each. */
#include <string.h>

#include "analysis/plot_figure.h"
#include "analysis/plot_query.h"
#include "analysis/text.h"

int plot_managers_panel(struct figure *f, int i)
{
    static const char *const metrics[] = {"largest_request", "largest_free",
                                          NULL};
    const struct query_run *r = &f->runs[i];
    int64_t ops = figure_operations(f, i);
    char line[512];
    int n =
        figure_rows(f, "", i == 0,
                    plot_series_query(r, metrics, ops,
                                      figure_together(ops, r->series_shift)));
    if (n < 0)
        return n;
    text_cut(line, sizeof line, r->label, 34);
    figure_text(f, i, "panel_title", line);
    figure_number(f, i, "panel_run", (double)r->number);
    figure_number(f, i, "panel_heap", (double)r->heap_bytes);
    figure_number(f, i, "panel_ops", (double)ops);
    figure_number(f, i, "panel_column", (double)figure_step(ops));
    return 0;
}

/* One title for all lines: the trace and the heap, where they are the same. */
void plot_managers_title(struct figure *f)
{
    const struct query_run *first = &f->runs[0];
    bool is_one_trace = true, is_one_heap = true;
    for (int i = 1; i < f->n_runs; i++) {
        is_one_trace &= strcmp(f->runs[i].trace_hash, first->trace_hash) == 0;
        is_one_heap &= f->runs[i].heap_bytes == first->heap_bytes;
    }
    char trace[512] = "several traces", heap[TEXT_NUMBER_CAP], title[768];
    if (is_one_trace)
        text_cut(trace, sizeof trace, first->trace, 60);
    text_bytes(heap, (uint64_t)first->heap_bytes);
    snprintf(title, sizeof title, "%s \xc2\xb7 %s%s", trace,
             is_one_heap ? "heap of " : "several heaps",
             is_one_heap ? heap : "");
    fprintf(f->script, "title = ");
    text_gnuplot(f->script, title);
    fputc('\n', f->script);
}
