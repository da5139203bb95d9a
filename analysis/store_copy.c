/* store_copy.c - see store.h: ended runs into the database, and out again. */
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis/machine_config.h"
#include "analysis/store_parts.h"
#include "sim/machine/machine.h"

static const char *const status_names[] = {"complete", "stopped", "failed"};

/* What the database holds under a run's id already. */
struct earlier {
    int64_t number; /* 0: nothing                                          */
    enum keep keep;
    bool has_failed;
    bool is_same; /* status and digest                                     */
};

/* A damaged row may lack what the schema demands. */
static const char *text_of(sqlite3_stmt *q, int column)
{
    const char *text = (const char *)sqlite3_column_text(q, column);
    return text == NULL ? "" : text;
}

static int find_earlier(const struct store_copy *c, struct earlier *out)
{
    const struct replay_result *now = &c->run->result;
    sqlite3_stmt *q;
    *out = (struct earlier){0};
    int err = store_prepare(c->store, STORE_FIND_RUN, &q, c->problem);
    if (err < 0)
        return err;
    sqlite3_bind_text(q, 1, c->run->id, -1, SQLITE_STATIC);
    int code = sqlite3_step(q);
    if (code == SQLITE_ROW) {
        const char *keep = text_of(q, 1);
        const char *status = text_of(q, 2);
        const char *digest = text_of(q, 3);
        out->number = sqlite3_column_int64(q, 0);
        while (out->keep < KEEP_OPS && strcmp(keep, keep_names[out->keep]) != 0)
            out->keep++;
        out->has_failed = strcmp(status, "failed") == 0;
        out->is_same = strcmp(status, status_names[now->status]) == 0 &&
                       strcmp(digest, now->state_digest) == 0;
    } else if (code != SQLITE_DONE) {
        err = store_failed(c->store, code, c->problem);
    }
    sqlite3_reset(q);
    return err;
}

/* Where a trace may be found again: a file by its whole path. */
static const char *place_of(const char *workload, char whole[PATH_MAX])
{
    struct stat file;
    if (strcmp(workload, "-") == 0 || stat(workload, &file) < 0 ||
        realpath(workload, whole) == NULL)
        return workload;
    return whole;
}

/* A null pointer is bound as NULL. */
static const char *text_or_null(const char *text)
{
    return text[0] == '\0' ? NULL : text;
}

/* Rows of the machine and of the image; `hash` receives the machine's. */
static int put_machine(struct store_copy *c, char hash[RUN_ID_CAP])
{
    const struct run_spec *spec = &c->run->spec;
    const struct core_model *core = core_model_find(spec->config.core);
    char image[RUN_ID_CAP], whole[PATH_MAX];
    uint32_t code_bytes;
    int err = guest_image_hash(spec->image, image, &code_bytes, c->problem);
    if (err < 0)
        return err;
    char *json = machine_config_json(&spec->config);
    if (json == NULL)
        return problem_set(c->problem, ERR_MEMORY, "no memory left");
    run_id(json, hash);
    err = store_put(c->store, c->problem, STORE_PUT_MACHINE, "tttiit", hash,
                    spec->machine, spec->config.core, (int64_t)core->version,
                    (int64_t)spec->config.clock_hz, json);
    free(json);
    if (err == 0)
        err = store_put(c->store, c->problem, STORE_PUT_IMAGE, "tti",
                        spec->image_hash, place_of(spec->image, whole),
                        (int64_t)code_bytes);
    return err;
}

int store_put_trace(struct store *s, const char *workload,
                    const struct replay_result *played, struct problem *problem)
{
    char whole[PATH_MAX];
    return store_put(s, problem, STORE_PUT_TRACE, "tttttuu", played->trace_hash,
                     played->trace_name, place_of(workload, whole),
                     played->trace_format, played->trace_program,
                     played->events, played->operations);
}

static int put_run(struct store_copy *c)
{
    const struct store_run *r = c->run;
    const struct replay_result *e = &r->result;
    char machine[RUN_ID_CAP] = "";
    int err = run_is_native(&r->spec) ? 0 : put_machine(c, machine);
    if (err == 0)
        err = store_put_trace(c->store, r->spec.workload, e, c->problem);
    if (err == 0)
        err = store_put(
            c->store, c->problem, STORE_PUT_RUN, "ktttttttuuttttti", c->number,
            r->id, r->json, e->trace_hash, r->spec.options.manager,
            r->spec.machine, text_or_null(machine),
            text_or_null(r->spec.image_hash), e->heap_bytes, e->control_bytes,
            keep_names[r->keep], FRAGLAB_VERSION, e->state_digest,
            status_names[e->status], e->reason, (int64_t)r->series_shift);
    c->number = sqlite3_last_insert_rowid(c->store->db);
    c->key = c->number << STORE_SEQ_BITS;
    return err;
}

/*
 * The columns of `summary` in types of store_put: run and counts, bytes at the
 * end and extremes, fragmentation, work; between these and the last, moments
 * and the guarantee, the recorded facts, which many runs have not.
 */
#define SUMMARY_FIRST                                                          \
    "kuuuuuuuuuuuu"                                                            \
    "uuuuuuuuuu"                                                               \
    "ddd"                                                                      \
    "uuuu"                                                                     \
    "uuuuu"
#define SUMMARY_LAST "kukkk"

static int put_summary(const struct store_copy *c)
{
    const struct replay_result *e = &c->run->result;
    const struct metrics_summary *m = &c->run->summary;
    const char *types = e->has_expect ? SUMMARY_FIRST "uuuuuuuu" SUMMARY_LAST
                                      : SUMMARY_FIRST "NNNNNNNN" SUMMARY_LAST;
    return store_put(
        c->store, c->problem, STORE_PUT_SUMMARY, types, c->number,
        e->operations, e->events, e->allocations, e->frees, e->reallocs,
        e->collections, e->refused, e->refused_short, e->refused_fragmented,
        e->refused_other, e->inplace_missed, e->dropped, e->end.asked,
        e->end.live, e->end.used, e->end.free, e->end.largest_free,
        e->end.largest_request, m->min_largest_request, m->p1_largest_request,
        m->min_largest_free, m->max_live, m->frag_mean, m->frag_max,
        m->frag_end, e->moved_bytes, e->max_held, e->floating, e->lone_blocks,
        e->touches, e->strings.n, e->strings.asked, e->strings.granted,
        e->strings.apart, e->blocks.met, e->blocks.of, e->checkpoints.met,
        e->checkpoints.of, e->tables.met, e->tables.of,
        e->collections_expected.met, e->collections_expected.of,
        (int64_t)m->first_refusal_seq, m->worst_seq, (int64_t)e->nearest.live,
        (int64_t)e->nearest.sure, (int64_t)e->nearest.operation);
}

/* Percentiles and totals of a machine run. */
static int put_cycles(const struct store_copy *c)
{
    const struct store_run *r = c->run;
    const struct cost_totals *t = &r->totals;
    int err = 0;
    if (!r->has_costs)
        return 0;
    for (int i = 0; i < COST_N && err == 0; i++) {
        const struct cost_summary *s = &r->cycles[i];
        if (s->count > 0)
            err =
                store_put(c->store, c->problem, STORE_PUT_CYCLES, "ituuuuuuuu",
                          c->number, cost_names[i], s->count, s->total, s->min,
                          s->p50, s->p90, s->p99, s->p999, s->max);
    }
    if (err < 0)
        return err;
    return store_put(c->store, c->problem, STORE_PUT_TOTAL, "iuuuuuuuuu",
                     c->number, t->cycles, t->gc_cycles, t->instructions,
                     t->loads, t->stores, t->waits, t->unsettled,
                     t->stack_bytes, r->result.nop_cycles);
}

/* All rows of the run, with what they took. */
static int put_rows(struct store_copy *c, struct spool *spool)
{
    int64_t before = 0, after = 0;
    int err = store_number(c, STORE_COUNT_PAGES, &before);
    if (err == 0)
        err = put_run(c);
    if (err == 0)
        err = put_summary(c);
    if (err == 0)
        err = put_cycles(c);
    if (err == 0)
        err = store_copy_records(c, spool);
    if (err == 0)
        err = store_number(c, STORE_COUNT_PAGES, &after);
    if (err == 0)
        err = store_put(c->store, c->problem, STORE_PUT_STORED, "ii",
                        after - before + c->run->held_bytes, c->number);
    return err;
}

static int delete_run_row(struct store *s, int64_t number,
                          struct problem *problem)
{
    char sql[64];
    snprintf(sql, sizeof sql, "DELETE FROM run WHERE number = %" PRId64,
             number);
    int err = store_delete_rows(s, number, problem);
    return err < 0 ? err : store_execute(s, sql, problem);
}

/* Copy one run in: 0, or 1 if it is there already; nothing is written then. */
static int copy_run(struct store *s, struct store_run *r,
                    struct problem *problem)
{
    struct store_copy c = {.store = s, .run = r, .problem = problem};
    struct earlier earlier;
    int err = find_earlier(&c, &earlier);
    if (err < 0)
        return err;
    if (earlier.number != 0 && !earlier.has_failed) {
        if (!earlier.is_same)
            return problem_set(problem, ERR_CHECK,
                               "%s: run %.12s is there with another result "
                               "(state digest or status); fraglab verify "
                               "tells which is right",
                               s->path, r->id);
        if (earlier.keep >= r->keep)
            return 1;
    }
    if (earlier.number != 0)
        err = delete_run_row(s, earlier.number, problem);
    c.number = r->held_number != 0 ? r->held_number : earlier.number;
    return err < 0 ? err : put_rows(&c, &r->spool);
}

void store_roll_back(struct store *s)
{
    if (!sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

void store_forget_ended(struct store *s)
{
    while (s->ended != NULL) {
        struct store_run *r = s->ended;
        s->ended = r->next;
        store_run_free(r);
    }
    s->last_ended = &s->ended;
}

/* Copy all ended runs; *conflict tells of the first that contradicts. */
static int copy_ended(struct store *s, struct problem *conflict,
                      struct problem *problem)
{
    int err = 0;
    for (struct store_run *r = s->ended; r != NULL && err >= 0; r = r->next) {
        err = copy_run(s, r, problem);
        if (err != ERR_CHECK)
            continue;
        if (conflict->text[0] == '\0')
            *conflict = *problem;
        err = 0;
    }
    return err < 0 ? err : 0;
}

/* The same for a run whose operations are in the open transaction already. */
static int flush_held(struct store *s, struct problem *problem)
{
    int err = copy_run(s, s->ended, problem);
    if (err == 0)
        err = store_execute(s, "COMMIT", problem);
    if (err != 0)
        store_roll_back(s);
    store_forget_ended(s);
    return err < 0 ? err : 0;
}

int store_flush(struct store *s, struct problem *problem)
{
    if (s->ended == NULL)
        return 0;
    if (s->ended->held_number != 0)
        return flush_held(s, problem);
    struct problem conflict = {""};
    int err = store_execute(s, "BEGIN IMMEDIATE", problem);
    if (err == 0)
        err = copy_ended(s, &conflict, problem);
    if (err == 0)
        err = store_execute(s, "COMMIT", problem);
    if (err < 0) {
        store_roll_back(s);
        return err;
    }
    store_forget_ended(s);
    if (conflict.text[0] == '\0')
        return 0;
    *problem = conflict;
    return ERR_CHECK;
}

int store_delete_rows(struct store *s, int64_t number, struct problem *problem)
{
    static const char *const keyed[] = {"op",         "op_cost", "event_cost",
                                        "collection", "refusal", "phase",
                                        "note"};
    static const char *const numbered[] = {"series", "histogram",    "heapmap",
                                           "object", "edge",         "summary",
                                           "cycles", "machine_total"};
    char sql[160];
    int err = 0;
    for (size_t i = 0; i < sizeof keyed / sizeof keyed[0] && err == 0; i++) {
        snprintf(sql, sizeof sql,
                 "DELETE FROM %s WHERE key >= %" PRId64 " AND key < %" PRId64,
                 keyed[i], number << STORE_SEQ_BITS,
                 (number + 1) << STORE_SEQ_BITS);
        err = store_execute(s, sql, problem);
    }
    for (size_t i = 0; i < sizeof numbered / sizeof numbered[0] && err == 0;
         i++) {
        snprintf(sql, sizeof sql, "DELETE FROM %s WHERE run = %" PRId64,
                 numbered[i], number);
        err = store_execute(s, sql, problem);
    }
    return err;
}

int store_delete_run(struct store *s, int64_t number, struct problem *problem)
{
    int err = store_execute(s, "BEGIN IMMEDIATE", problem);
    if (err == 0)
        err = delete_run_row(s, number, problem);
    if (err == 0)
        err = store_execute(s,
                            "DELETE FROM trace WHERE hash NOT IN"
                            " (SELECT trace FROM run UNION ALL"
                            " SELECT trace FROM minheap);"
                            "DELETE FROM image WHERE hash NOT IN (SELECT image"
                            " FROM run WHERE image IS NOT NULL);"
                            "DELETE FROM machine WHERE hash NOT IN (SELECT"
                            " machine_hash FROM run"
                            " WHERE machine_hash IS NOT NULL);"
                            "COMMIT",
                            problem);
    if (err < 0)
        store_roll_back(s);
    return err;
}

int store_vacuum(struct store *s, struct problem *problem)
{
    return store_execute(s, "VACUUM; PRAGMA wal_checkpoint(TRUNCATE)", problem);
}
