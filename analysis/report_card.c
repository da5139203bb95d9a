/* report_card.c - guarantee cards, and how near runs came to them. */
#include "analysis/html.h"
#include "analysis/report_page.h"
#include "sim/replay/manager.h"

static void text_cell(FILE *f, const char *text)
{
    html(f, "<td class=text>%s", text);
}

/* How many live bytes leave requests sure, and how many there were. */
static void nearness_cells(FILE *f, const struct query_summary *s,
                           const struct manager *m)
{
    if (s->guarantee_sure == 0) {
        html(f, "<td data-v=\"-1\">nothing is certain<td data-v=\"-1\">-"
                "<td data-v=\"-1\">-<td data-v=\"-1\">-");
        return;
    }
    double share = (double)s->guarantee_live / (double)s->guarantee_sure;
    html(f, "<td data-v=\"%i\">%r%n<td data-v=\"%i\">%n", s->guarantee_sure,
         m->sure == manager_robson ? "none beyond " : "up to ",
         s->guarantee_sure, s->guarantee_live, s->guarantee_live);
    fprintf(f, "<td data-v=\"%.0f\">", 1e6 * share);
    html(f, "%p<td data-v=\"%i\">%n", share, s->guarantee_seq,
         s->guarantee_seq);
}

/* The share of this heap is unknown where it has grown beyond its first. */
static void metadata_cell(FILE *f, const struct query_run *run,
                          const char *words)
{
    double objects =
        (double)run->summary.end_used + (double)run->summary.end_free;
    double heap = (double)run->heap_bytes;
    if (objects <= heap && heap > 0)
        html(f, "<td class=text>%p at the end; %s", 1 - objects / heap, words);
    else
        text_cell(f, words);
}

static void card_row(FILE *f, const struct query_run *run,
                     const struct manager *m)
{
    html(f, "<tr><td class=name><a href=\"#run-%i\">%s</a>", run->number,
         run->label);
    text_cell(f, m->card->succeeds);
    nearness_cells(f, &run->summary, m);
    metadata_cell(f, run, m->card->metadata);
    text_cell(f, m->card->pause);
    text_cell(f, m->card->moves);
    text_cell(f, m->card->needs);
    html(f, "</tr>\n");
}

void report_cards(FILE *f, const struct query_run *const *runs, int n)
{
    static const char *const heads[][2] = {
        {"manager", "with what was set otherwise than by default"},
        {"succeeds surely when", "when a request is granted for certain"},
        {"sure here", "bytes live, the request's own included, up to which "
                      "requests are sure; none beyond: no manager that does "
                      "not move is sure beyond so many"},
        {"nearest", "bytes live at the request that came nearest to that, or "
                    "furthest beyond it"},
        {"of it", "... as a share of it"},
        {"operation", "... which request that was"},
        {"metadata", "the share of the heap that was neither used nor free, "
                     "and what it consists of"},
        {"longest pause", "what bounds it"},
        {"moves", "when objects move"},
        {"needs of the mutator", "what the program must tell it"},
    };
    int n_rows = 0;
    for (int i = 0; i < n; i++) {
        const struct manager *m = manager_find(runs[i]->manager);
        if (m == NULL || manager_is_outside(m))
            continue;
        if (n_rows++ == 0) {
            html(f, "<h3>Guarantee %r</h3>\n<div class=promises>",
                 n == 1 ? "card" : "cards");
            report_table_head(f, heads, sizeof heads / sizeof *heads);
        }
        card_row(f, runs[i], m);
    }
    if (n_rows > 0)
        html(f, "</tbody></table></div></div>\n");
}
