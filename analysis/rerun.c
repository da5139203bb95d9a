/* rerun.c - see rerun.h. */
#include "analysis/rerun.h"

#include <inttypes.h>
#include <math.h>
#include <sqlite3.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/progress.h"
#include "analysis/text.h"

static const char *const status_names[] = {"complete", "stopped", "failed"};

static int sql_failed(struct store *s, struct problem *problem)
{
    sqlite3 *db = store_db(s);
    const char *file = sqlite3_db_filename(db, "main");
    return problem_set(problem, ERR_INPUT, "%s: %s", file, sqlite3_errmsg(db));
}

static int copy_column(sqlite3_stmt *q, int column, char *out, size_t cap)
{
    const char *text = (const char *)sqlite3_column_text(q, column);
    if (text == NULL || strlen(text) >= cap)
        return ERR_INPUT;
    strcpy(out, text);
    return 0;
}

/* Number, id, spec, and place and name of the trace, as the query has them. */
static int read_row(struct rerun *r, sqlite3_stmt *q, struct problem *problem)
{
    const char *spec = (const char *)sqlite3_column_text(q, 2);
    r->number = sqlite3_column_int64(q, 0);
    if (copy_column(q, 1, r->id, sizeof r->id) < 0 || spec == NULL ||
        copy_column(q, 3, r->spec.workload, sizeof r->spec.workload) < 0 ||
        sqlite3_column_text(q, 4) == NULL)
        return problem_set(problem, ERR_INPUT,
                           "run %" PRId64 ": its row is damaged", r->number);

    text_clean(r->trace_name, sizeof r->trace_name,
               (const char *)sqlite3_column_text(q, 4));
    if (sqlite3_column_text(q, 5) != NULL &&
        copy_column(q, 5, r->spec.image, sizeof r->spec.image) < 0)
        return problem_set(problem, ERR_INPUT,
                           "run %" PRId64 ": its row is damaged", r->number);
    struct problem why = {""};
    int err = run_spec_parse(&r->spec, spec, r->trace_hash, &why);
    if (err < 0)
        return problem_set(problem, err, "run %.12s: %.400s", r->id, why.text);
    return 0;
}

int rerun_load(struct rerun *r, struct store *s, const char *name,
               struct problem *problem)
{
    int64_t number;
    sqlite3_stmt *q;
    *r = (struct rerun){0};
    int err = store_find_run(s, name, &number, problem);
    if (err < 0)
        return err;
    if (sqlite3_prepare_v2(store_db(s),
                           "SELECT run.number, run.id, run.spec, trace.place,"
                           " trace.name, image.place FROM run"
                           " JOIN trace ON trace.hash = run.trace"
                           " LEFT JOIN image ON image.hash = run.image"
                           " WHERE run.number = ?",
                           -1, &q, NULL) != SQLITE_OK)
        return sql_failed(s, problem);
    sqlite3_bind_int64(q, 1, number);
    if (sqlite3_step(q) == SQLITE_ROW)
        err = read_row(r, q, problem);
    else
        err = sql_failed(s, problem);
    sqlite3_finalize(q);
    return err;
}

int rerun_set_place(struct rerun *r, const char *place, struct problem *problem)
{
    if (strlen(place) >= sizeof r->spec.workload)
        return problem_set(problem, ERR_INPUT, "%.80s...: the name is too long",
                           place);
    strcpy(r->spec.workload, place);
    return 0;
}

/* --- playing ----------------------------------------------------------- */

static int play_workload(const struct rerun *r, struct workload *w,
                         const struct sink *sink, struct metrics *metrics,
                         struct outcome_of_run *out, struct problem *problem)
{
    struct progress progress;
    struct sink shown =
        progress_sink(&progress, sink, metrics, r->trace_name, r->is_quiet);
    int err = run_spec_play(&r->spec, w, &shown, &out->result, problem);
    progress_end(&progress);
    if (err < 0)
        return err;
    if (strcmp(out->result.trace_hash, r->trace_hash) != 0)
        return problem_set(problem, ERR_INPUT,
                           "%.300s: not the trace that run %.12s played "
                           "(content %.12s..., not %.12s...)",
                           r->spec.workload, r->id, out->result.trace_hash,
                           r->trace_hash);
    metrics_summarise(metrics, &out->summary);
    const struct costs *costs = metrics_costs(metrics);
    out->has_costs = costs != NULL;
    for (int i = 0; i < COST_N && out->has_costs; i++)
        costs_summarise(costs, (enum cost_kind)i, &out->cycles[i]);
    if (out->has_costs)
        out->totals = *costs_totals(costs);
    return 0;
}

int rerun_play(const struct rerun *r, const struct sink *sink,
               struct metrics *metrics, struct outcome_of_run *out,
               struct problem *problem)
{
    struct workload *w;
    if (strcmp(r->spec.workload, "-") == 0)
        return problem_set(problem, ERR_INPUT,
                           "run %.12s read its trace from standard input; "
                           "say where it lies with --trace FILE",
                           r->id);
    int err = workload_open(&w, r->spec.workload, NULL, problem);
    if (err < 0)
        return err;
    err = play_workload(r, w, sink, metrics, out, problem);
    workload_close(w);
    return err;
}

/* Waits for the worst moment of a run that is played again. */
struct worst_watch {
    struct store_run *run;
    uint64_t seq, largest_request; /* of that moment                       */
    bool is_done;
    struct problem *problem;
};

/* Taking the moment ends the play, by a failure that is none. */
static int watch_op(void *ctx, const struct op_record *r,
                    const struct replay_view *view)
{
    struct worst_watch *w = ctx;
    if (r->seq < w->seq)
        return 0;
    if (r->after.largest_request != w->largest_request)
        return problem_set(w->problem, ERR_INPUT,
                           "the trace has changed since it was played");
    int err = store_run_add_worst(w->run, view, w->problem);
    w->is_done = err == 0;
    return err < 0 ? err : ERR_CHECK;
}

int rerun_worst(struct store_run *run, const struct run_spec *spec,
                const struct metrics *metrics, struct problem *problem)
{
    struct metrics_summary summary;
    struct replay_result result;
    struct workload *w;
    struct worst_watch watch = {run, store_run_missing(run), 0, false, problem};
    struct sink sink = {.ctx = &watch, .op = watch_op};
    if (watch.seq == 0)
        return 0;
    metrics_summarise(metrics, &summary);
    watch.largest_request = summary.min_largest_request;

    int err = workload_open(&w, spec->workload, NULL, problem);
    if (err < 0)
        return err;
    err = run_spec_play(spec, w, &sink, &result, problem);
    workload_close(w);
    if (watch.is_done)
        return 0;
    return err < 0 ? err
                   : problem_set(problem, ERR_INPUT,
                                 "%.300s: it has changed since it was played",
                                 spec->workload);
}

/* --- comparing --------------------------------------------------------- */

enum figure_type { FIGURE_COUNT, FIGURE_SHARE };

struct figure {
    const char *column; /* of the view `runs`                              */
    size_t offset;      /* in struct outcome_of_run                        */
    enum figure_type type;
};

#define RESULT(column, field)                                                  \
    {                                                                          \
        column, offsetof(struct outcome_of_run, result.field), FIGURE_COUNT    \
    }
#define SUMMARY(field)                                                         \
    {                                                                          \
#field, offsetof(struct outcome_of_run, summary.field), FIGURE_COUNT   \
    }
#define SHARE(field)                                                           \
    {                                                                          \
#field, offsetof(struct outcome_of_run, summary.field), FIGURE_SHARE   \
    }

static const struct figure figures[] = {
    RESULT("operations", operations),
    RESULT("events", events),
    RESULT("allocations", allocations),
    RESULT("frees", frees),
    RESULT("reallocs", reallocs),
    RESULT("collections", collections),
    RESULT("refused", refused),
    RESULT("refused_short", refused_short),
    RESULT("refused_fragmented", refused_fragmented),
    RESULT("refused_other", refused_other),
    RESULT("inplace_missed", inplace_missed),
    RESULT("dropped", dropped),
    RESULT("end_asked", end.asked),
    RESULT("end_live", end.live),
    RESULT("end_used", end.used),
    RESULT("end_free", end.free),
    RESULT("end_largest_free", end.largest_free),
    RESULT("end_largest_request", end.largest_request),
    SUMMARY(min_largest_request),
    SUMMARY(p1_largest_request),
    SUMMARY(min_largest_free),
    SUMMARY(max_live),
    SHARE(frag_mean),
    SHARE(frag_max),
    SHARE(frag_end),
    RESULT("moved_bytes", moved_bytes),
    RESULT("max_held", max_held),
    RESULT("floating", floating),
    RESULT("lone_blocks", lone_blocks),
    RESULT("touches", touches),
    RESULT("strings", strings.n),
    RESULT("strings_asked", strings.asked),
    RESULT("strings_granted", strings.granted),
    RESULT("strings_apart", strings.apart),
    SUMMARY(first_refusal_seq),
    SUMMARY(worst_seq),
    RESULT("guarantee_live", nearest.live),
    RESULT("guarantee_sure", nearest.sure),
    RESULT("guarantee_seq", nearest.operation),
    RESULT("control_bytes", control_bytes),
};

enum { N_FIGURES = sizeof figures / sizeof figures[0] };

/* Two hosts may round a mean differently; counts are equal or they are not. */
#define SHARE_TOLERANCE 1e-9

typedef void difference(void *ctx, const char *figure, const char *before,
                        const char *after);

static int compare_text(const char *figure, const char *before,
                        const char *after, difference *each, void *ctx)
{
    if (before != NULL && strcmp(before, after) == 0)
        return 0;
    each(ctx, figure, before == NULL ? "none" : before, after);
    return 1;
}

/* Compare a figure with its column: 1 if they differ. */
static int compare_figure(const struct figure *f, sqlite3_stmt *q, int column,
                          const struct outcome_of_run *now, difference *each,
                          void *ctx)
{
    const char *at = (const char *)now + f->offset;
    char before[32], after[32];
    if (f->type == FIGURE_SHARE) {
        double was = sqlite3_column_double(q, column), is;
        memcpy(&is, at, sizeof is);
        if (fabs(was - is) <= SHARE_TOLERANCE)
            return 0;
        snprintf(before, sizeof before, "%.9f", was);
        snprintf(after, sizeof after, "%.9f", is);
    } else {
        uint64_t was = (uint64_t)sqlite3_column_int64(q, column), is;
        memcpy(&is, at, sizeof is);
        is = is > INT64_MAX ? INT64_MAX : is; /* as it was stored */
        if (was == is)
            return 0;
        snprintf(before, sizeof before, "%" PRIu64, was);
        snprintf(after, sizeof after, "%" PRIu64, is);
    }
    each(ctx, f->column, before, after);
    return 1;
}

static int compare_row(sqlite3_stmt *q, const struct outcome_of_run *now,
                       difference *each, void *ctx)
{
    const char *text[3];
    for (int i = 0; i < 3; i++)
        text[i] = (const char *)sqlite3_column_text(q, i);
    int n = compare_text("status", text[0], status_names[now->result.status],
                         each, ctx);
    n += compare_text("reason", text[1], now->result.reason, each, ctx);
    n += compare_text("state_digest", text[2], now->result.state_digest, each,
                      ctx);
    for (int i = 0; i < N_FIGURES; i++)
        n += compare_figure(&figures[i], q, 3 + i, now, each, ctx);
    return n;
}

/* Compare numbers of a row with those of now. */
static int compare_numbers(sqlite3_stmt *q, const char *prefix,
                           const char *const *names, const uint64_t *now, int n,
                           difference *each, void *ctx)
{
    int n_different = 0;
    for (int i = 0; i < n; i++) {
        char figure[64], before[32], after[32];
        /* as it was stored */
        int64_t is = now[i] > INT64_MAX ? INT64_MAX : (int64_t)now[i];
        int64_t was = q == NULL ? 0 : sqlite3_column_int64(q, i);
        if (was == is)
            continue;
        snprintf(figure, sizeof figure, "%s.%s", prefix, names[i]);
        snprintf(before, sizeof before, "%" PRId64, was);
        snprintf(after, sizeof after, "%" PRId64, is);
        each(ctx, figure, before, after);
        n_different++;
    }
    return n_different;
}

/*
 * Compare the numbers that `names` call in the table's row for the run (and
 * the kind, unless null) with those of now. A row that is not there holds
 * nothing but 0.
 */
static int compare_table(struct store *s, const char *table, int64_t run,
                         const char *kind, const char *const *names,
                         const uint64_t *now, int n, difference *each,
                         void *ctx, struct problem *problem)
{
    char sql[512] = "SELECT ", prefix[48];
    char *to = sql + strlen(sql);
    for (int i = 0; i < n; i++)
        to += sprintf(to, "%s%s", i == 0 ? "" : ", ", names[i]);
    sprintf(to, " FROM %s WHERE run = ?1 AND (?2 IS NULL OR %s = ?2)", table,
            kind == NULL ? "NULL" : "kind");
    snprintf(prefix, sizeof prefix, "%s%s%s", table, kind == NULL ? "" : ".",
             kind == NULL ? "" : kind);

    sqlite3_stmt *q;
    if (sqlite3_prepare_v2(store_db(s), sql, -1, &q, NULL) != SQLITE_OK)
        return sql_failed(s, problem);
    sqlite3_bind_int64(q, 1, run);
    if (kind != NULL)
        sqlite3_bind_text(q, 2, kind, -1, SQLITE_STATIC);
    int code = sqlite3_step(q);
    int n_different = code == SQLITE_ROW || code == SQLITE_DONE
                          ? compare_numbers(code == SQLITE_ROW ? q : NULL,
                                            prefix, names, now, n, each, ctx)
                          : sql_failed(s, problem);
    sqlite3_finalize(q);
    return n_different;
}

static int compare_kind(struct store *s, int64_t run, enum cost_kind kind,
                        const struct cost_summary *now, difference *each,
                        void *ctx, struct problem *problem)
{
    static const char *const names[] = {"count", "total", "min",  "p50",
                                        "p90",   "p99",   "p999", "max"};
    const uint64_t numbers[] = {now->count, now->total, now->min,  now->p50,
                                now->p90,   now->p99,   now->p999, now->max};
    return compare_table(s, "cycles", run, cost_names[kind], names, numbers, 8,
                         each, ctx, problem);
}

/* A machine run's cycles are exact, so each of its numbers must come again. */
static int compare_costs(const struct rerun *r, struct store *s,
                         const struct outcome_of_run *now, difference *each,
                         void *ctx, struct problem *problem)
{
    static const char *const names[] = {
        "cycles", "gc_cycles", "instructions", "loads", "stores",
        "waits",  "unsettled", "stack",        "nop"};
    const struct cost_totals *t = &now->totals;
    const uint64_t numbers[] = {
        t->cycles,    t->gc_cycles,   t->instructions,
        t->loads,     t->stores,      t->waits,
        t->unsettled, t->stack_bytes, now->result.nop_cycles};
    int n = 0, sum = 0;
    for (int i = 0; i < COST_N && n >= 0; i++) {
        n = compare_kind(s, r->number, (enum cost_kind)i, &now->cycles[i], each,
                         ctx, problem);
        sum += n;
    }
    if (n >= 0)
        n = compare_table(s, "machine_total", r->number, NULL, names, numbers,
                          9, each, ctx, problem);
    return n < 0 ? n : sum + n;
}

int rerun_compare(const struct rerun *r, struct store *s,
                  const struct outcome_of_run *now, difference *each, void *ctx,
                  struct problem *problem)
{
    char sql[1024] = "SELECT status, reason, state_digest";
    char *to = sql + strlen(sql);
    for (int i = 0; i < N_FIGURES; i++)
        to += sprintf(to, ", %s", figures[i].column);
    sprintf(to, " FROM runs WHERE run = %" PRId64, r->number);

    sqlite3_stmt *q;
    if (sqlite3_prepare_v2(store_db(s), sql, -1, &q, NULL) != SQLITE_OK)
        return sql_failed(s, problem);
    int n = sqlite3_step(q) == SQLITE_ROW ? compare_row(q, now, each, ctx)
                                          : sql_failed(s, problem);
    sqlite3_finalize(q);
    if (n < 0 || !now->has_costs)
        return n;
    int more = compare_costs(r, s, now, each, ctx, problem);
    return more < 0 ? more : n + more;
}
