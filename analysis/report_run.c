/* report_run.c - a run's section of the page. */
#include "analysis/report_page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "analysis/html.h"
#include "sim/replay/record.h"

#define REFUSALS_SHOWN 20
#define WORST_SHOWN    5
#define WORST_SPANS    64 /* of these the worst are shown, one moment each   */

static const char *outcome_word(int64_t outcome)
{
    static const char *const words[OUTCOME_N] = {
        "granted", "short", "fragmented", "locked", "off", "index", "limit"};
    return outcome >= 0 && outcome < OUTCOME_N ? words[outcome] : "?";
}

static void card(FILE *f, const char *name)
{
    html(f, "<div><dt>%r</dt><dd>", name);
}

static void card_bytes(FILE *f, const char *name, int64_t bytes)
{
    card(f, name);
    html(f, "%n<small> B</small></dd></div>\n", bytes);
}

static void card_count(FILE *f, const char *name, int64_t n)
{
    card(f, name);
    html(f, "%n</dd></div>\n", n);
}

static void card_share(FILE *f, const char *name, double share)
{
    card(f, name);
    html(f, "%p</dd></div>\n", share);
}

static void summary_cards(FILE *f, const struct query_summary *s)
{
    html(f, "<dl class=cards>\n");
    card_bytes(f, "largest request, every moment", s->min_largest_request);
    card_bytes(f, "largest request, 99 % of moments", s->p1_largest_request);
    card_bytes(f, "smallest largest free block", s->min_largest_free);
    card_bytes(f, "most live", s->max_live);
    card_share(f, "fragmentation, mean", s->frag_mean);
    card_share(f, "fragmentation, most", s->frag_max);
    card_share(f, "fragmentation, end", s->frag_end);
    card_count(f, "refused", s->refused);
    card_count(f, "operations", s->operations);
    card_count(f, "allocations", s->allocations);
    card_count(f, "frees", s->frees);
    card_count(f, "reallocations", s->reallocs);
    card_count(f, "collections", s->collections);
    card_bytes(f, "moved", s->moved_bytes);
    card_count(f, "objects held at once, most", s->max_held);
    if (s->dropped > 0)
        card_count(f, "operations on objects refused, dropped", s->dropped);
    if (s->inplace_missed > 0)
        card_count(f, "growths in place that had to copy", s->inplace_missed);
    if (s->floating > 0)
        card_count(f, "dead objects that a collection kept", s->floating);
    if (s->lone_blocks > 0)
        card_count(f, "live objects given back with an area", s->lone_blocks);
    if (s->touches > 0)
        card_count(f, "reads through deref", s->touches);
    if (s->strings > 0) {
        card_bytes(f, "chunks of packed strings", s->strings_granted);
        card_bytes(f, "these strings as an object each", s->strings_apart);
    }
    card_bytes(f, "live at the end", s->end_live);
    card_bytes(f, "free at the end", s->end_free);
    html(f, "</dl>\n");
}

/* Recorded facts that this run met, where the trace has any. */
static int expectations(struct report *r, const struct query_run *run)
{
    static const char *const facts[] = {"blocks", "checkpoints", "tables",
                                        "collections"};
    bool is_first = true;
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        int64_t of = 0, met = 0;
        int err = query_number(r->db, &of, 0, r->problem,
                               "SELECT expect_%s FROM summary WHERE run = "
                               "%lld",
                               facts[i], (long long)run->number);
        if (err == 0)
            err = query_number(r->db, &met, 0, r->problem,
                               "SELECT expect_%s_met FROM summary WHERE run "
                               "= %lld",
                               facts[i], (long long)run->number);
        if (err < 0)
            return err;
        if (of <= 0)
            continue;
        html(r->page, "%r <b%r>%n</b> of %n %r",
             is_first ? "<p>Recorded facts that the run met:" : ",",
             met == of ? "" : " class=bad", met, of, facts[i]);
        is_first = false;
    }
    if (!is_first)
        html(r->page, ".</p>\n");
    return 0;
}

static void figure_links(FILE *f, const struct plot_kind *kind,
                         const char *stem)
{
    html(f, "<a href=\"figures/%s.csv\">CSV</a> ", stem);
    for (int i = 0; kind->parts[i] != NULL; i++)
        html(f, "<a href=\"figures/%s-%s.csv\">CSV of %s</a> ", stem,
             kind->parts[i], kind->parts[i]);
    html(f,
         "<a href=\"figures/%s.sql\">SQL</a> "
         "<a href=\"figures/%s.gp\">gnuplot</a> "
         "<a href=\"figures/%s.png\">PNG</a> "
         "<a href=\"figures/%s.svg\">SVG</a>",
         stem, stem, stem, stem);
}

static int add_stem(struct report *r, const char *stem)
{
    if (r->n_stems == r->cap_stems) {
        int cap = r->cap_stems * 2 + 16;
        void *more = realloc(r->stems, (size_t)cap * sizeof *r->stems);
        if (more == NULL)
            return problem_set(r->problem, ERR_MEMORY,
                               "no memory for the figures");
        r->stems = more;
        r->cap_stems = cap;
    }
    snprintf(r->stems[r->n_stems++], PLOT_STEM_CAP, "%s", stem);
    return 0;
}

int report_figure(struct report *r, const struct plot_kind *k,
                  const struct query_run *runs, int n_runs, const char *stem)
{
    int status =
        plot_write(r->db, k, runs, n_runs, r->figures, stem, r->problem);
    int err = status > 0 ? add_stem(r, stem) : status;
    if (status <= 0 || err < 0)
        return err;
    html(r->page,
         "<figure><div class=wide><img src=\"figures/%s.svg\" alt=\"%s\" "
         "width=%i height=%i loading=lazy></div>\n<figcaption>%s "
         "<span class=links>",
         stem, k->caption, (int64_t)PLOT_WIDTH, (int64_t)k->height, k->caption);
    figure_links(r->page, k, stem);
    html(r->page, "</span></figcaption></figure>\n");
    return 0;
}

int report_figures(struct report *r, const struct query_run *run,
                   bool of_machine)
{
    int err = 0;
    for (const struct plot_kind *k = plot_kinds(); k->name != NULL && err == 0;
         k++) {
        char stem[PLOT_STEM_CAP];
        if (k->of_machine != of_machine || k->compares)
            continue;
        snprintf(stem, sizeof stem, "run-%" PRId64 "-%s", run->number, k->name);
        err = report_figure(r, k, run, 1, stem);
    }
    return err;
}

static int heap_figures(struct report *r, const struct query_run *run)
{
    return report_figures(r, run, false);
}

static int refusals(struct report *r, const struct query_run *run)
{
    sqlite3_stmt *q;
    FILE *f = r->page;
    int64_t from = query_key_from(run->number);
    int err =
        query_prepare(r->db, &q, r->problem,
                      "SELECT key - %lld, outcome, recorded, asked, "
                      "free, largest_free, holes, frag_index FROM "
                      "refusal WHERE key >= %lld AND key <= %lld ORDER "
                      "BY key LIMIT %d",
                      from, from, query_key_last(run->number), REFUSALS_SHOWN);
    int n = 0;
    while (err >= 0 && (err = query_step(q, r->problem)) > 0) {
        if (n++ == 0)
            html(f,
                 "<h3>%r</h3>\n<div class=wide><table><thead><tr><th>"
                 "operation<th>cause<th>asked<th>free<th>in holes"
                 "<th>longest<th>index<th>recording</tr></thead><tbody>\n",
                 run->summary.refused > REFUSALS_SHOWN ? "The first refusals"
                                                       : "Refusals");
        html(f, "<tr><td>%n<td>%r<td>%n<td>%n<td>%n<td>%n<td>",
             sqlite3_column_int64(q, 0),
             outcome_word(sqlite3_column_int64(q, 1)),
             sqlite3_column_int64(q, 3), sqlite3_column_int64(q, 4),
             sqlite3_column_int64(q, 6), sqlite3_column_int64(q, 5));
        fprintf(f, "%.3f", sqlite3_column_double(q, 7));
        html(f, "<td>%r</tr>\n",
             sqlite3_column_int64(q, 2) != 0 ? "refused, too" : "granted it");
    }
    sqlite3_finalize(q);
    if (n > 0)
        html(f,
             "</tbody></table></div>\n<p class=note>%n of %n. index: "
             "Linux's fragmentation index of the request; towards 0 memory "
             "is short, towards 1 it is fragmented.</p>\n",
             (int64_t)n, run->summary.refused);
    return err < 0 ? err : 0;
}

/* A moment of the run, known to the operation or to a bin of the series. */
struct worst {
    int64_t bin, seq, largest_request, free, live;
    bool is_exact;
};

/*
 * The exact operation within a bin, where the run kept its operations: one
 * short range of keys.
 */
static int refine_moment(struct report *r, const struct query_run *run,
                         struct worst *w)
{
    sqlite3_stmt *q;
    int64_t key = query_key_from(run->number);
    int64_t first = (w->bin << run->series_shift) + 1;
    w->seq = first;
    w->is_exact = run->series_shift == 0;
    int err = query_prepare(r->db, &q, r->problem,
                            "SELECT key - %lld, free, live FROM op WHERE key "
                            "BETWEEN %lld AND %lld ORDER BY largest_request, "
                            "key LIMIT 1",
                            key, key + first,
                            key + ((w->bin + 1) << run->series_shift));
    if (err == 0)
        err = query_step(q, r->problem);
    if (err > 0) {
        w->seq = sqlite3_column_int64(q, 0);
        w->free = sqlite3_column_int64(q, 1);
        w->live = sqlite3_column_int64(q, 2);
        w->is_exact = true;
    }
    sqlite3_finalize(q);
    return err < 0 ? err : 0;
}

static void worst_row(FILE *f, const struct query_run *run,
                      const struct worst *w)
{
    html(f, "<tr><td>%n", w->seq);
    if (!w->is_exact)
        html(f, " to %n", (w->bin + 1) << run->series_shift);
    html(f, "<td class=key>%n<td>%n<td>%n</tr>\n", w->largest_request, w->free,
         w->live);
}

/* The worst bin of each stretch of the run, and of these the worst. */
static int worst_moments(struct report *r, const struct query_run *run)
{
    sqlite3_stmt *q;
    FILE *f = r->page;
    int64_t n_bins = run->summary.operations >> run->series_shift;
    int err = query_prepare(
        r->db, &q, r->problem,
        "SELECT a.bin, MIN(a.min) AS worst, "
        "(SELECT CAST(mean AS INTEGER) FROM series b WHERE b.run = a.run AND "
        "b.metric = 'free' AND b.bin = a.bin), "
        "(SELECT max FROM series b WHERE b.run = a.run AND b.metric = 'live' "
        "AND b.bin = a.bin) FROM series a WHERE a.run = %lld AND a.metric = "
        "'largest_request' AND a.bin BETWEEN 0 AND 1 << 20 "
        "GROUP BY a.bin / %lld ORDER BY worst, a.bin LIMIT %d",
        run->number, n_bins / WORST_SPANS + 1, WORST_SHOWN);
    int n = 0;
    bool all_exact = true;
    while (err >= 0 && (err = query_step(q, r->problem)) > 0) {
        struct worst w = {.bin = sqlite3_column_int64(q, 0),
                          .largest_request = sqlite3_column_int64(q, 1),
                          .free = sqlite3_column_int64(q, 2),
                          .live = sqlite3_column_int64(q, 3)};
        err = refine_moment(r, run, &w);
        if (err < 0)
            break;
        if (n++ == 0)
            html(f, "<h3>The worst moments</h3>\n<div class=wide><table>"
                    "<thead><tr><th>operation<th>largest request<th>free then"
                    "<th>live then</tr></thead><tbody>\n");
        all_exact = all_exact && w.is_exact;
        worst_row(f, run, &w);
    }
    sqlite3_finalize(q);
    if (n > 0)
        html(f,
             "</tbody></table></div>\n<p class=note>One moment a stretch "
             "of the run, the smallest first%r</p>\n",
             all_exact ? "."
                       : "; free is the mean and live the most over the "
                         "operations named.");
    return err < 0 ? err : 0;
}

static int collections(struct report *r, const struct query_run *run)
{
    sqlite3_stmt *q;
    FILE *f = r->page;
    int err = query_prepare(
        r->db, &q, r->problem,
        "SELECT cause, COUNT(*), AVG(reclaimed_bytes), MAX(reclaimed_bytes), "
        "AVG(live_bytes), SUM(moved_bytes), MAX(pinned), "
        "AVG(largest_free_before), AVG(largest_free_after), SUM(rescans), "
        "SUM(given_back), "
        "AVG(1.0 * largest_free_after / NULLIF(free_after, 0)) FROM collection "
        "WHERE key >= %lld AND key <= %lld "
        "GROUP BY cause ORDER BY COUNT(*) DESC LIMIT 16",
        query_key_from(run->number), query_key_last(run->number));
    int n = 0;
    while (err >= 0 && (err = query_step(q, r->problem)) > 0) {
        if (n++ == 0)
            html(f, "<h3>Collections</h3>\n<div class=wide><table><thead><tr>"
                    "<th>cause<th>number<th>reclaimed, mean<th>most"
                    "<th>live after, mean<th>moved in all<th>pinned, most"
                    "<th>largest free before<th>after, mean<th>rescans"
                    "<th>areas given back<th>largest free over free after, "
                    "mean</tr></thead><tbody>\n");
        const char *cause = (const char *)sqlite3_column_text(q, 0);
        html(f, "<tr><td>%s", cause == NULL ? "" : cause);
        for (int i = 1; i < 11; i++)
            html(f, "<td>%n", sqlite3_column_int64(q, i));
        html(f, "<td>%p</tr>\n", sqlite3_column_double(q, 11));
    }
    sqlite3_finalize(q);
    if (n > 0)
        html(f, "</tbody></table></div>\n");
    return err < 0 ? err : 0;
}

static void provenance(FILE *f, const struct query_run *run)
{
    cJSON *spec = cJSON_Parse(run->spec);
    char *pretty = spec == NULL ? NULL : cJSON_Print(spec);
    html(f,
         "<details class=provenance><summary>Provenance</summary>\n<dl>"
         "<dt>run</dt><dd><code>%s</code></dd>"
         "<dt>trace</dt><dd><code>%s</code> (%s%r%s)</dd>"
         "<dt>state digest</dt><dd><code>%s</code></dd>"
         "<dt>program</dt><dd>fraglab %s on %s, kept: %s</dd>"
         "<dt>control block</dt><dd>%n bytes before the heap</dd></dl>\n"
         "<pre>%s</pre></details>\n",
         run->id, run->trace_hash, run->trace_format,
         *run->trace_program == 0 ? "" : ", ", run->trace_program,
         run->state_digest, run->program_version, run->machine, run->keep,
         run->control_bytes, pretty == NULL ? run->spec : pretty);
    cJSON_free(pretty);
    cJSON_Delete(spec);
}

int report_run(struct report *r, const struct query_run *run)
{
    FILE *f = r->page;
    html(
        f,
        "<section class=run id=\"run-%i\">\n<h2>%s <span>%s%r%s, heap of "
        "%b, run %i</span></h2>\n",
        run->number, run->trace, run->label, query_is_native(run) ? "" : " on ",
        query_is_native(run) ? "" : run->machine, run->heap_bytes, run->number);
    int err = 0;
    if (r->n_runs > 1) {
        html(f, "<p>");
        err = report_sentences(r, run);
        html(f, "</p>\n");
    }
    if (err == 0 && run->has_summary) {
        summary_cards(f, &run->summary);
        err = expectations(r, run);
        report_cards(f, &run, 1);
    }
    static int (*const parts[])(struct report *, const struct query_run *) = {
        heap_figures,  refusals,    report_machine,
        worst_moments, report_maps, collections};
    for (size_t i = 0; i < sizeof parts / sizeof *parts && err == 0; i++)
        err = parts[i](r, run);
    if (err < 0)
        return err;
    provenance(f, run);
    html(f, "</section>\n");
    return 0;
}

void report_meanings(struct report *r)
{
    /* REPLAY section 5, in the same words. */
    static const char *const words[][2] = {
        {"asked", "bytes requested by live objects"},
        {"live", "bytes granted to live objects (whole blocks; tags excluded)"},
        {"used", "bytes granted to all objects not yet reclaimed, garbage "
                 "included"},
        {"free", "bytes in holes; a hole is a longest stretch of free bytes"},
        {"largest free", "the largest free block: the longest hole, in bytes, "
                         "within one area, as the heap stands"},
        {"largest request",
         "the largest size for which a request would succeed now, with all "
         "the collections and moves that it would start"},
        {"fragmentation", "1 - largest free / free; 0 if nothing is free"},
        {"moment", "the state after an operation; averages and shares weigh "
                   "all operations equally"},
        {"at 99 % of the moments",
         "the 1st percentile of the largest request over all operations, by "
         "nearest rank"},
        {"short", "a refusal: after all that the manager could do, fewer "
                  "bytes were free than asked for"},
        {"fragmented", "a refusal: enough bytes were free, but no hole was "
                       "long enough"},
        {"locked, off, index, limit",
         "other refusals: the heap was locked; a collection was not allowed; "
         "no handle was left; more than the manager can ever grant"},
        {"index", "Linux's fragmentation index of a request r that failed: "
                  "1 - (1 + free / r) / holes"},
        {"heap", "the bytes given to the manager beyond its control block, "
                 "tables included"},
        {"cycles", "what the machine's clock counts while the manager's code "
                   "runs, as the core's timing model prices it; all that the "
                   "program waited for an operation, collections included"},
        {"pause", "the part of one operation that was spent collecting; a "
                  "phase is told by the manager's phase word"},
        {"MMU, BMU",
         "minimum and bounded mutator utilisation: the smallest share that "
         "pauses leave of any window of this length; ... of this length or "
         "longer. The clock counts the manager's cycles, one operation after "
         "another. What the program computes between them is unknown and "
         "counts as nothing: it would only lengthen windows, so both are "
         "lower bounds for any program with these requests"},
        {"unsettled", "events whose price no document settles, each a "
                      "possible error of a few cycles"},
        {"operation, event", "what asks something of the manager, and what "
                             "only tells what the program did"},
    };
    html(r->page, "<section><details id=meanings><summary>What the numbers "
                  "mean</summary>\n<dl>\n");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        html(r->page, "<dt>%s</dt><dd>%s</dd>\n", words[i][0], words[i][1]);
    html(r->page, "</dl></details></section>\n");
}
