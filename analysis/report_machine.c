/* report_machine.c - a run's section of the page: what it cost on a machine. */
#include "analysis/report_page.h"

#include <inttypes.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "analysis/html.h"
#include "analysis/query_machine.h"
#include "sim/machine/machine.h"

static const struct {
    const char *name, *meaning;
} kinds[COST_N] = {
    [COST_ALLOC] = {"allocation", "every allocation, refused ones too, with "
                                  "the collections that it started"},
    [COST_ALLOC_NET] = {"allocation, net",
                        "the same without the cycles spent collecting"},
    [COST_FREE] = {"free", "every free, also one at an object's death"},
    [COST_REALLOC] = {"reallocation",
                      "every reallocation, with the collections inside"},
    [COST_COLLECT] = {"collecting", "the cycles spent collecting, of each "
                                    "operation that collected"},
    [COST_STEP] = {"idle step", "work done in an idle moment of the program"},
    [COST_PROMOTE] = {"promotion",
                      "an object copied to the long-lived end, with the "
                      "collections inside"},
    [COST_DEREF] = {"read", "a read through a handle or a chain"},
    [COST_STORE] = {"write barrier", "a reference written through the manager"},
};

/* What a core's cycles are worth, as its source of today says. */
static void tell_claim(FILE *f, const struct query_machine *m)
{
    const struct core_model *core = core_model_find(m->core);
    if (core == NULL) {
        html(f, "<dd>unknown to this fraglab</dd>");
        return;
    }
    html(f, "<dd>%s", core->claim);
    if ((int64_t)core->version != m->model)
        html(f, " (said of version %i)", (int64_t)core->version);
    html(f, "</dd><dt>prices from</dt><dd>%s</dd>", core->source);
}

static int64_t waits_of(const cJSON *region, const char *access)
{
    const cJSON *wait = cJSON_GetObjectItemCaseSensitive(region, "wait");
    const cJSON *n = cJSON_GetObjectItemCaseSensitive(wait, access);
    return cJSON_IsNumber(n) ? (int64_t)n->valueint : 0;
}

/* The memory that the claim is about. */
static void tell_memory(FILE *f, const struct query_machine *m)
{
    cJSON *config = cJSON_Parse(m->config);
    const cJSON *region;
    const char *before = "";
    html(f, "<dt>memory</dt><dd>");
    cJSON_ArrayForEach(region,
                       cJSON_GetObjectItemCaseSensitive(config, "memory"))
    {
        const cJSON *name = cJSON_GetObjectItemCaseSensitive(region, "name");
        const cJSON *kind = cJSON_GetObjectItemCaseSensitive(region, "kind");
        if (!cJSON_IsString(name) || !cJSON_IsString(kind) ||
            strcmp(kind->valuestring, "device") == 0)
            continue;
        html(f, "%r%s (%s): ", before, name->valuestring, kind->valuestring);
        before = "; ";
        int64_t fetch = waits_of(region, "fetch"),
                load = waits_of(region, "load"),
                store = waits_of(region, "store");
        if (fetch == 0 && load == 0 && store == 0)
            html(f, "zero wait states");
        else
            html(f, "wait states: fetch %n, load %n, store %n", fetch, load,
                 store);
    }
    html(f, "</dd>");
    cJSON_Delete(config);
}

static void tell_machine(FILE *f, const struct query_run *run,
                         const struct query_machine *m)
{
    html(f,
         "<dl class=machine><dt>machine</dt><dd>%s: core %s, timing model "
         "version %n</dd><dt>claim</dt>",
         run->machine, *m->core == 0 ? "?" : m->core, m->model);
    tell_claim(f, m);
    tell_memory(f, m);
    html(f, "<dt>clock</dt><dd>");
    if (m->clock_hz > 0)
        html(f, "%n Hz</dd>", m->clock_hz);
    else
        html(f, "not stated: no microseconds</dd>");
    html(f,
         "<dt>image</dt><dd><code>%s</code>, %n bytes of code and constants"
         "</dd><dt>stack</dt><dd>%n bytes at the deepest</dd>"
         "<dt>a call that does nothing</dt><dd>%n cycles, which stand in every "
         "number below</dd></dl>\n",
         m->image, m->code_bytes, (int64_t)m->totals.stack_bytes, m->nop);
}

static void microseconds(FILE *f, const struct query_machine *m,
                         uint64_t cycles)
{
    double us = query_microseconds(m);
    if (us > 0)
        fprintf(f, "<td>%.1f", us * (double)cycles);
}

static void kinds_head(FILE *f, const struct query_machine *m)
{
    static const char *const heads[][2] = {
        {"count", "how many there were"},
        {"least", "cycles of the quickest one"},
        {"median", "half of them took so many cycles or fewer"},
        {"90 %", "of ten nine took so many cycles or fewer (nearest rank)"},
        {"99 %", "of a hundred 99 took so many cycles or fewer"},
        {"99.9 %", "of a thousand 999 took so many cycles or fewer"},
        {"most", "cycles of the longest one"},
        {"total", "cycles of all of them"},
    };
    html(f, "<div class=wide><table class=cycles><thead><tr><th>cycles");
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        html(f, "<th title=\"%s\">%s", heads[i][1], heads[i][0]);
    if (m->clock_hz > 0)
        html(f, "<th title=\"the median in microseconds at the machine's "
                "clock\">median, &micro;s<th title=\"the longest in "
                "microseconds at the machine's clock\">most, &micro;s");
    html(f, "</tr></thead><tbody>\n");
}

static void kinds_table(FILE *f, const struct query_machine *m)
{
    kinds_head(f, m);
    for (int i = 0; i < COST_N; i++) {
        const struct cost_summary *s = &m->kind[i];
        const uint64_t numbers[] = {s->count, s->min,  s->p50, s->p90,
                                    s->p99,   s->p999, s->max, s->total};
        if (s->count == 0)
            continue;
        html(f, "<tr><td class=name title=\"%s\">%s", kinds[i].meaning,
             kinds[i].name);
        for (int k = 0; k < 8; k++)
            html(f, "<td%r>%n", k == 2 || k == 6 ? " class=key" : "",
                 (int64_t)numbers[k]);
        microseconds(f, m, s->p50);
        microseconds(f, m, s->max);
        html(f, "</tr>\n");
    }
    html(f, "</tbody></table></div>\n<p class=note>All that the program "
            "waited: the call from its first instruction to the return. "
            "Percentiles by nearest rank");
    html(f, "; allocation, net: without the cycles spent collecting; "
            "collecting: those, of each operation that collected. What the "
            "others mean shows on pointing at them.</p>\n");
}

static int phases_table(struct report *r, const struct query_run *run,
                        const struct query_machine *m)
{
    static const char *const names[] = {"mark", "finalise", "sweep",
                                        "plan", "update",   "move"};
    sqlite3_stmt *q;
    FILE *f = r->page;
    int err = query_prepare(
        r->db, &q, r->problem,
        "SELECT COUNT(*), SUM(cycles), MAX(cycles), SUM(mark), SUM(finalise), "
        "SUM(sweep), SUM(plan), SUM(\"update\"), SUM(move), MAX(mark), "
        "MAX(finalise), MAX(sweep), MAX(plan), MAX(\"update\"), MAX(move) "
        "FROM collection WHERE key >= %lld AND key <= %lld AND cycles > 0",
        query_key_from(run->number), query_key_last(run->number));
    if (err == 0)
        err = query_step(q, r->problem);
    int64_t n = err > 0 ? sqlite3_column_int64(q, 0) : 0;
    double total = n > 0 ? sqlite3_column_double(q, 1) : 0;
    if (n > 0)
        html(f, "<h3>Collections by phase</h3>\n<div class=wide><table>"
                "<thead><tr><th>phase<th>cycles in all<th>of collecting"
                "<th>mean<th>longest</tr></thead><tbody>\n");
    for (int i = 0; i < 6 && n > 0; i++) {
        int64_t sum = sqlite3_column_int64(q, 3 + i);
        if (sum <= 0)
            continue;
        html(f, "<tr><td class=name>%r<td>%n<td>%p<td>%n<td>%n</tr>\n",
             names[i], sum, total > 0 ? (double)sum / total : 0.0, sum / n,
             sqlite3_column_int64(q, 9 + i));
    }
    if (n > 0)
        html(f,
             "<tr><td class=name>all<td>%n<td>%p<td>%n<td>%n</tr>\n</tbody>"
             "</table></div>\n<p class=note>%n %r; mark: from the roots; "
             "finalise: finalisers' turns; sweep: unmarked objects become "
             "free; plan, update, move: new places, references to them, "
             "objects. Collections took %p of all %n cycles.</p>\n",
             sqlite3_column_int64(q, 1), 1.0, sqlite3_column_int64(q, 1) / n,
             sqlite3_column_int64(q, 2), n,
             n == 1 ? "collection" : "collections",
             m->totals.cycles == 0 ? 0.0 : total / (double)m->totals.cycles,
             (int64_t)m->totals.cycles);
    sqlite3_finalize(q);
    return err < 0 ? err : 0;
}

static void tell_totals(FILE *f, const struct query_machine *m)
{
    const struct cost_totals *t = &m->totals;
    html(f,
         "<p>All operations and events together: <b>%n</b> cycles, <b>%p</b> "
         "of them spent collecting; %n instructions, %n loads, %n stores, %n "
         "wait states.%r",
         (int64_t)t->cycles,
         t->cycles == 0 ? 0.0 : (double)t->gc_cycles / (double)t->cycles,
         (int64_t)t->instructions, (int64_t)t->loads, (int64_t)t->stores,
         (int64_t)t->waits, t->unsettled == 0 ? "</p>\n" : "");
    if (t->unsettled > 0)
        html(f,
             " <b>%n</b> events had a price that no document settles: the "
             "total may be off by a few cycles for each.</p>\n",
             (int64_t)t->unsettled);
}

int report_machine(struct report *r, const struct query_run *run)
{
    struct query_machine m;
    FILE *f = r->page;
    int has_it = query_machine(r->db, run, &m, r->problem);
    if (has_it <= 0)
        return has_it;
    html(f, "<h3>Cycles on %s</h3>\n", run->machine);
    tell_machine(f, run, &m);
    tell_totals(f, &m);
    kinds_table(f, &m);
    int err = report_figures(r, run, true);
    return err < 0 ? err : phases_table(r, run, &m);
}

/* A cell with a number to sort by; "-" where there is none. */
static void number_cell(FILE *f, bool has_it, uint64_t n)
{
    if (has_it)
        html(f, "<td data-v=\"%i\">%n</td>", (int64_t)n, (int64_t)n);
    else
        html(f, "<td data-v=\"-1\">-</td>");
}

static void overview_row(FILE *f, const struct query_run *run,
                         const struct query_machine *m)
{
    const struct cost_summary *alloc = &m->kind[COST_ALLOC],
                              *release = &m->kind[COST_FREE];
    double us = query_microseconds(m);
    double share = m->totals.cycles == 0
                       ? 0.0
                       : (double)m->totals.gc_cycles / (double)m->totals.cycles;
    html(f,
         "<tr><td data-v=\"%i\"><a href=\"#run-%i\">%i</a></td>"
         "<td class=name>%s</td><td class=name>%s</td><td class=name>%s</td>"
         "<td data-v=\"%i\">%b</td>",
         run->number, run->number, run->number, run->trace, run->label,
         run->machine, run->heap_bytes, run->heap_bytes);
    number_cell(f, alloc->count > 0, alloc->p50);
    number_cell(f, alloc->count > 0, alloc->p99);
    number_cell(f, alloc->count > 0, alloc->max);
    if (us > 0 && alloc->count > 0)
        fprintf(f, "<td data-v=\"%.3f\">%.1f</td>", us * (double)alloc->max,
                us * (double)alloc->max);
    else
        number_cell(f, false, 0);
    number_cell(f, release->count > 0, release->p50);
    number_cell(f, release->count > 0, release->max);
    number_cell(f, true, m->totals.cycles);
    html(f, "<td data-v=\"%i\">%p</td>", (int64_t)(share * 1e9), share);
    number_cell(f, true, (uint64_t)m->code_bytes);
    number_cell(f, true, m->totals.stack_bytes);
    html(f, "</tr>\n");
}

int report_overview_cycles(struct report *r)
{
    static const char *const heads[][2] = {
        {"run", "number in the database"},
        {"trace", "what was played"},
        {"manager", "the memory manager"},
        {"machine", "whose cycles these are"},
        {"heap", "bytes given to the manager"},
        {"alloc, median", "half of all allocations took so many cycles or "
                          "fewer"},
        {"99 %", "of a hundred allocations 99 took so many or fewer"},
        {"most", "the longest allocation, collections included"},
        {"most, \xc2\xb5s", "the same at the machine's clock"},
        {"free, median", "half of all frees took so many cycles or fewer"},
        {"most", "the longest free"},
        {"cycles in all", "of all operations and events"},
        {"collecting", "the share of these that was spent collecting"},
        {"code", "bytes of code and constants of the image"},
        {"stack", "bytes at the deepest"},
    };
    struct query_machine m;
    int n = 0, err = 0;
    for (int i = 0; i < r->n_runs && err >= 0; i++) {
        err = query_machine(r->db, &r->runs[i], &m, r->problem);
        if (err <= 0)
            continue;
        if (n++ == 0)
            html(r->page, "<h3>Cycles, run beside run</h3>\n<div class=wide>"
                          "<table class=sortable><thead><tr>");
        for (size_t k = 0; n == 1 && k < sizeof heads / sizeof *heads; k++)
            html(r->page, "<th title=\"%s\">%s</th>", heads[k][1], heads[k][0]);
        html(r->page, "%r", n == 1 ? "</tr></thead><tbody>\n" : "");
        overview_row(r->page, &r->runs[i], &m);
    }
    if (n > 0)
        html(r->page, "</tbody></table></div>\n<p class=note>Cycles are all "
                      "that the program waited for one operation, collections "
                      "included. Runs of one trace and one machine compare "
                      "managers.</p>\n");
    return err < 0 ? err : 0;
}

void report_cycles_sentence(FILE *f, const struct query_machine *m)
{
    const struct cost_summary *s = &m->kind[COST_ALLOC];
    double us = query_microseconds(m);
    if (s->count == 0)
        return;
    html(f, " An allocation took <b>%n</b> cycles in the median",
         (int64_t)s->p50);
    if (us > 0)
        fprintf(f, " (%.1f &micro;s)", us * (double)s->p50);
    html(f, " and <b>%n</b> at most", (int64_t)s->max);
    if (us > 0)
        fprintf(f, " (%.1f &micro;s)", us * (double)s->max);
    if (m->totals.gc_cycles > 0)
        html(f, "; collections took %p of the manager's cycles.",
             (double)m->totals.gc_cycles / (double)m->totals.cycles);
    else
        html(f, "; nothing was spent collecting.");
}
