/* report_answer.c - the page's first paragraphs and its overview. */
#include "analysis/report_page.h"

#include <string.h>

#include "analysis/html.h"
#include "sim/replay/record.h"

/* Runs beyond which the sentences run by run are folded. */
#define UNFOLDED_RUNS 24

/* The first refusal of a run. */
struct first_refusal {
    int64_t seq, outcome, asked, free, largest, holes, recorded;
};

static int read_first_refusal(struct report *r, const struct query_run *run,
                              struct first_refusal *first)
{
    sqlite3_stmt *q;
    memset(first, 0, sizeof *first);
    int err =
        query_prepare(r->db, &q, r->problem,
                      "SELECT key - %lld, outcome, asked, free, "
                      "largest_free, holes, recorded FROM refusal "
                      "WHERE key >= %lld AND key <= %lld "
                      "ORDER BY key LIMIT 1",
                      query_key_from(run->number), query_key_from(run->number),
                      query_key_last(run->number));
    if (err == 0)
        err = query_step(q, r->problem);
    if (err > 0) {
        int64_t *const field[] = {
            &first->seq,     &first->outcome, &first->asked,   &first->free,
            &first->largest, &first->holes,   &first->recorded};
        for (int i = 0; i < 7; i++)
            *field[i] = sqlite3_column_int64(q, i);
    }
    sqlite3_finalize(q);
    return err < 0 ? err : 0;
}

static void tell_holes(FILE *f, const struct first_refusal *first)
{
    if (first->holes == 0) {
        html(f, "nothing was free");
        return;
    }
    html(f,
         "<b>%n</b> bytes were free in <b>%n</b> %r, the longest of "
         "<b>%n</b> bytes",
         first->free, first->holes, first->holes == 1 ? "hole" : "holes",
         first->largest);
}

static void tell_first_refusal(FILE *f, const struct first_refusal *first)
{
    html(f,
         " The first refusal came at operation <b>%n</b>, which asked for "
         "<b>%n</b> bytes%r: ",
         first->seq, first->asked,
         first->recorded != 0 ? " (the recording saw it refused, too)" : "");
    switch (first->outcome) {
    case OUTCOME_SHORT:
        html(f, "memory was <b>short</b>: ");
        tell_holes(f, first);
        html(f, ", too little in all.");
        break;
    case OUTCOME_FRAGMENTED:
        html(f, "memory was <b>fragmented</b>: ");
        tell_holes(f, first);
        html(f, ".");
        break;
    case OUTCOME_LOCKED:
        html(f, "the heap was <b>locked</b>.");
        break;
    case OUTCOME_OFF:
        html(f, "a collection was needed and <b>not allowed</b>; ");
        tell_holes(f, first);
        html(f, ".");
        break;
    case OUTCOME_INDEX:
        html(f, "no <b>handle</b> was left.");
        break;
    default:
        html(f, "it was larger than the manager can ever grant.");
    }
}

static void tell_refusals(FILE *f, const struct query_summary *s)
{
    html(f, " In all <b>%n</b> of %n %r refused", s->refused,
         s->allocations + s->reallocs,
         s->allocations + s->reallocs == 1 ? "request was" : "requests were");
    const char *const word[] = {"fragmented", "short of memory",
                                "for other reasons"};
    const int64_t n[] = {s->refused_fragmented, s->refused_short,
                         s->refused_other};
    const char *before = ": ";
    for (int i = 0; i < 3; i++) {
        if (n[i] == 0)
            continue;
        html(f, "%r%n %r", before, n[i], word[i]);
        before = ", ";
    }
    html(f, ".");
}

static int heap_sentences(struct report *r, const struct query_run *run)
{
    FILE *f = r->page;
    const struct query_summary *s = &run->summary;
    if (strcmp(run->status, "complete") != 0)
        html(f, "<b class=bad>The run %s</b>%r%s. ",
             strcmp(run->status, "failed") == 0 ? "failed" : "was stopped",
             *run->reason == 0 ? "" : ": ", run->reason);
    if (!run->has_summary) {
        html(f, "Nothing of it was measured.");
        return 0;
    }
    if (s->operations == 0) {
        html(f, "It has no operations.");
        return 0;
    }
    html(f, "The largest request that would have succeeded: ");
    if (s->min_largest_request > 0)
        html(f, "<b>%n bytes</b> at every moment, ", s->min_largest_request);
    else
        html(f, "at every moment <b>none</b>, for there was one at which even "
                "the smallest would have failed; ");
    html(f, "<b>%n bytes</b> at 99 %% of the moments.", s->p1_largest_request);
    if (s->refused == 0) {
        html(f, " Nothing was refused.");
        return 0;
    }
    struct first_refusal first;
    int err = read_first_refusal(r, run, &first);
    if (err < 0)
        return err;
    if (first.seq > 0)
        tell_first_refusal(f, &first);
    tell_refusals(f, s);
    return 0;
}

int report_sentences(struct report *r, const struct query_run *run)
{
    struct query_machine m;
    int err = heap_sentences(r, run);
    if (err < 0)
        return err;
    err = query_machine(r->db, run, &m, r->problem);
    if (err > 0)
        report_cycles_sentence(r->page, &m);
    return err < 0 ? err : 0;
}

static const struct query_run *extreme(
    const struct report *r, bool greatest,
    int64_t (*figure)(const struct query_summary *))
{
    const struct query_run *best = NULL;
    for (int i = 0; i < r->n_runs; i++) {
        const struct query_run *run = &r->runs[i];
        if (!run->has_summary || run->summary.operations == 0)
            continue;
        if (best == NULL ||
            (greatest ? figure(&run->summary) > figure(&best->summary)
                      : figure(&run->summary) < figure(&best->summary)))
            best = run;
    }
    return best;
}

static int64_t always(const struct query_summary *s)
{
    return s->min_largest_request;
}

static int64_t mostly(const struct query_summary *s)
{
    return s->p1_largest_request;
}

static void link_run(FILE *f, const struct query_run *run)
{
    html(f, "<a href=\"#run-%i\">%s, %s%r%s, %b</a>", run->number, run->trace,
         run->label, query_is_native(run) ? "" : " on ",
         query_is_native(run) ? "" : run->machine, run->heap_bytes);
}

static void tell_overall(struct report *r)
{
    FILE *f = r->page;
    const struct query_run *low = extreme(r, false, always);
    if (low == NULL) {
        html(f, "<p class=lead>No run of these came to an operation.</p>\n");
        return;
    }
    const struct query_run *high = extreme(r, true, always);
    const struct query_run *low99 = extreme(r, false, mostly);
    const struct query_run *high99 = extreme(r, true, mostly);
    int64_t n_clean = 0, refused = 0, short_of = 0, fragmented = 0, other = 0;
    for (int i = 0; i < r->n_runs; i++) {
        const struct query_summary *s = &r->runs[i].summary;
        n_clean += r->runs[i].has_summary && s->refused == 0;
        refused += s->refused;
        short_of += s->refused_short;
        fragmented += s->refused_fragmented;
        other += s->refused_other;
    }
    html(f,
         "<p class=lead>Over all %n runs, the largest request that would "
         "have succeeded <b>at every moment</b> lies between <b>%n</b> "
         "bytes (",
         (int64_t)r->n_runs, low->summary.min_largest_request);
    link_run(f, low);
    html(f, ") and <b>%n</b> bytes (", high->summary.min_largest_request);
    link_run(f, high);
    html(f, "); <b>at 99 %% of the moments</b> between <b>%n</b> bytes (",
         low99->summary.p1_largest_request);
    link_run(f, low99);
    html(f, ") and <b>%n</b> bytes (", high99->summary.p1_largest_request);
    link_run(f, high99);
    html(f, "). ");
    if (refused == 0)
        html(f, "<b>Nothing was refused</b> in any run.</p>\n");
    else
        html(f,
             "Nothing was refused in %n of the runs; the others refused <b>%n "
             "%r</b>: %n because memory was fragmented, %n because it was "
             "short, %n for other reasons.</p>\n",
             n_clean, refused, refused == 1 ? "request" : "requests",
             fragmented, short_of, other);
}

int report_answer(struct report *r)
{
    FILE *f = r->page;
    if (r->n_runs == 0) {
        html(f, "<p class=lead>The database holds no runs. <code>fraglab "
                "replay TRACE --db FILE</code> makes one.</p>\n");
        return 0;
    }
    if (r->n_runs == 1) {
        html(f, "<p class=lead><b>%s</b> under %s%r%s in a heap of %b: ",
             r->runs[0].trace, r->runs[0].label,
             query_is_native(&r->runs[0]) ? "" : " on ",
             query_is_native(&r->runs[0]) ? "" : r->runs[0].machine,
             r->runs[0].heap_bytes);
        int err = report_sentences(r, &r->runs[0]);
        html(f, "</p>\n");
        return err;
    }
    tell_overall(r);
    html(f, "<details%r><summary>Run by run</summary>\n<ul class=answers>\n",
         r->n_runs <= UNFOLDED_RUNS ? " open" : "");
    for (int i = 0; i < r->n_runs; i++) {
        html(f, "<li>");
        link_run(f, &r->runs[i]);
        html(f, ": ");
        int err = report_sentences(r, &r->runs[i]);
        if (err < 0)
            return err;
        html(f, "</li>\n");
    }
    html(f, "</ul></details>\n");
    return 0;
}

static void overview_row(FILE *f, const struct query_run *run)
{
    const struct query_summary *s = &run->summary;
    html(f,
         "<tr><td data-v=\"%i\"><a href=\"#run-%i\">%i</a></td>"
         "<td class=name>%s</td><td class=name>%s</td>"
         "<td data-v=\"%i\">%b</td>",
         run->number, run->number, run->number, run->trace, run->label,
         run->heap_bytes, run->heap_bytes);
    if (!run->has_summary) {
        html(f, "<td colspan=9>nothing was measured</td>");
    } else {
        const int64_t figures[] = {
            s->operations,          s->collections,        s->refused,
            s->min_largest_request, s->p1_largest_request, s->max_live,
        };
        for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
            html(f, "<td data-v=\"%i\"%r>%n</td>", figures[i],
                 i == 3 || i == 4 ? " class=key" : "", figures[i]);
        const double shares[] = {s->frag_mean, s->frag_max, s->frag_end};
        for (size_t i = 0; i < 3; i++)
            html(f, "<td data-v=\"%i\">%p</td>", (int64_t)(shares[i] * 1e9),
                 shares[i]);
    }
    bool is_good = strcmp(run->status, "complete") == 0;
    html(f, "<td%r>%s</td></tr>\n", is_good ? "" : " class=bad", run->status);
}

int report_overview(struct report *r)
{
    if (r->n_runs < 2)
        return 0;
    static const char *const heads[] = {
        "run",        "trace",       "manager",     "heap",
        "operations", "collections", "refused",     "at every moment",
        "at 99 %",    "max live",    "fragm. mean", "max",
        "end",        "status"};
    html(r->page, "<section id=overview><h2>Overview</h2>\n<div class=wide>"
                  "<table class=sortable><thead><tr>");
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        html(r->page, "<th>%s</th>", heads[i]);
    html(r->page, "</tr></thead><tbody>\n");
    for (int i = 0; i < r->n_runs; i++)
        overview_row(r->page, &r->runs[i]);
    html(r->page, "</tbody></table></div>\n<p class=note>Sizes are bytes. "
                  "At every moment, at 99 %%: the largest request that would "
                  "have succeeded. A click on a column's head sorts by it."
                  "</p>\n");
    int err = report_overview_cycles(r);
    html(r->page, "</section>\n");
    return err;
}
