/* test_store.c - runs in a database: all of their rows, or none of them. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/fake_run.h"
#include "tests/scratch.h"

static char folder[SCRATCH_CAP], path[SCRATCH_CAP + 64];
static struct problem problem;
static struct store *s;
static char id[RUN_ID_CAP];

static void setup(void)
{
    scratch_make(folder);
    scratch_path(folder, "runs.db", path);
    cr_assert(eq(int, store_open(&s, path, false, &problem), 0), "%s",
              problem.text);
}

static void teardown(void)
{
    store_close(s);
    scratch_remove(folder);
}

TestSuite(store, .init = setup, .fini = teardown);

/* The first value that a query gives, as a number. */
static int64_t number(const char *sql)
{
    sqlite3_stmt *q;
    int code = sqlite3_prepare_v2(store_db(s), sql, -1, &q, NULL);
    cr_assert(eq(int, code, SQLITE_OK), "%s: %s", sql,
              sqlite3_errmsg(store_db(s)));
    cr_assert(eq(int, sqlite3_step(q), SQLITE_ROW), "%s", sql);
    int64_t n = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return n;
}

/* ... and as a text, which is valid until the next call. */
static const char *text(const char *sql)
{
    static char out[4096];
    sqlite3_stmt *q;
    cr_assert(eq(int, sqlite3_prepare_v2(store_db(s), sql, -1, &q, NULL), 0));
    cr_assert(eq(int, sqlite3_step(q), SQLITE_ROW), "%s", sql);
    snprintf(out, sizeof out, "%s", (const char *)sqlite3_column_text(q, 0));
    sqlite3_finalize(q);
    return out;
}

static void keep_run(enum keep keep, uint64_t seed, uint64_t n_ops)
{
    cr_assert(eq(int, fake_store(s, keep, seed, n_ops, id, &problem), 0), "%s",
              problem.text);
}

/* The same by a thread that inserts while the run plays. */
static void hold_run(enum keep keep, uint64_t seed, uint64_t n_ops)
{
    int err = fake_store_with(s, true, keep, seed, n_ops, id, &problem);
    cr_assert(eq(int, err, 0), "%s", problem.text);
}

static void expect_sound(void)
{
    cr_expect(eq(str, (char *)text("PRAGMA integrity_check"), "ok"));
}

Test(store, keeps_every_operation_as_it_was_told)
{
    keep_run(KEEP_OPS, 1, 40000);

    /* The same run once more, row by row. */
    struct fake_heap *h = calloc(1, sizeof *h);
    h->random = 1 * 2654435761u + 88172645463325252u;
    h->next_id = 1;
    sqlite3_stmt *q;
    sqlite3_prepare_v2(store_db(s), "SELECT * FROM op ORDER BY key", -1, &q,
                       NULL);
    for (uint64_t i = 1; i <= 40000; i++) {
        struct op_record r = fake_op(h);
        const uint64_t wanted[] = {(UINT64_C(1) << 36) + i,
                                   r.kind,
                                   r.object,
                                   r.asked,
                                   r.granted,
                                   r.address,
                                   r.after.live,
                                   r.after.used,
                                   r.after.free,
                                   r.after.largest_free,
                                   r.after.largest_request};
        cr_assert(eq(int, sqlite3_step(q), SQLITE_ROW));
        for (int k = 0; k < 11; k++)
            cr_assert(eq(u64, (uint64_t)sqlite3_column_int64(q, k), wanted[k]),
                      "operation %d, column %d", (int)i, k);
    }
    cr_expect(eq(int, sqlite3_step(q), SQLITE_DONE));
    sqlite3_finalize(q);
    free(h);
    expect_sound();
}

Test(store, fills_every_table_of_a_run)
{
    keep_run(KEEP_OPS, 1, 10000);

    cr_expect(eq(i64, number("SELECT count(*) FROM collection"), 100));
    cr_expect(eq(i64, number("SELECT count(*) FROM phase"), 20));
    cr_expect(eq(i64,
                 number("SELECT count(*) = (SELECT refused FROM summary)"
                        " FROM refusal"),
                 1));
    cr_expect(eq(i64,
                 number("SELECT sum(count) FROM histogram"
                        " WHERE name = 'largest_request'"),
                 10000));
    cr_expect(eq(i64, number("SELECT count(DISTINCT metric) FROM series"), 6));
    cr_expect(eq(i64,
                 number("SELECT count(*) FROM heapmap"
                        " WHERE reason <> 'even'"),
                 3));
    cr_expect(eq(i64,
                 number("SELECT count(*) > 0 FROM object o JOIN edge e"
                        " ON e.from_id = o.id AND e.seq = o.seq AND"
                        " e.reason = o.reason"),
                 1));
    cr_expect(eq(i64, number("SELECT stored_bytes > 10000 * 20 FROM run"), 1));
    cr_expect(eq(i64,
                 number("SELECT seq FROM ops WHERE kind = 'free'"
                        " ORDER BY seq LIMIT 1"),
                 number("SELECT min(key) & 0xfffffffff FROM op"
                        " WHERE kind = 2")));
    cr_expect(eq(str, (char *)text("SELECT id FROM runs"), id));
}

Test(store, keeps_the_request_that_came_nearest_to_the_guarantee)
{
    keep_run(KEEP_SUMMARY, 1, 1000);

    cr_expect(eq(i64, number("SELECT guarantee_live FROM runs"), 4000));
    cr_expect(eq(i64, number("SELECT guarantee_sure FROM runs"), 5000));
    cr_expect(eq(i64, number("SELECT guarantee_seq FROM runs"), 7));
}

Test(store, maps_the_worst_moment_and_the_first_refusal)
{
    keep_run(KEEP_OPS, 3, 20000);

    cr_expect(eq(i64, number("SELECT seq FROM heapmap WHERE reason = 'worst'"),
                 number("SELECT worst_seq FROM summary")));
    cr_expect(eq(i64,
                 number("SELECT min(key) & 0xfffffffff FROM op WHERE"
                        " largest_request = (SELECT min(largest_request)"
                        " FROM op)"),
                 number("SELECT worst_seq FROM summary")));
    cr_expect(eq(i64,
                 number("SELECT seq FROM heapmap"
                        " WHERE reason = 'first_refusal'"),
                 number("SELECT min(seq) FROM refusals")));
    cr_expect(
        eq(i64, number("SELECT seq FROM heapmap WHERE reason = 'end'"), 20000));
}

Test(store, keeps_no_operations_when_asked_for_the_series)
{
    keep_run(KEEP_SERIES, 1, 5000);
    cr_expect(eq(i64, number("SELECT count(*) FROM op"), 0));
    cr_expect(eq(i64, number("SELECT count(*) > 0 FROM series"), 1));
}

Test(store, keeps_only_the_summary_when_asked_for_it)
{
    keep_run(KEEP_SUMMARY, 1, 5000);
    cr_expect(eq(i64, number("SELECT operations FROM runs"), 5000));
    cr_expect(eq(i64,
                 number("SELECT (SELECT count(*) FROM series) +"
                        " (SELECT count(*) FROM heapmap) +"
                        " (SELECT count(*) FROM refusal) +"
                        " (SELECT count(*) FROM collection)"),
                 0));
}

Test(store, a_run_that_is_there_already_stays_as_it_is)
{
    keep_run(KEEP_OPS, 1, 3000);
    keep_run(KEEP_SERIES, 1, 3000);
    cr_expect(eq(i64, number("SELECT count(*) FROM run"), 1));
    cr_expect(eq(i64, number("SELECT count(*) FROM op"), 3000));
}

Test(store, a_run_that_kept_less_is_replaced_under_its_number)
{
    keep_run(KEEP_SUMMARY, 1, 3000);
    keep_run(KEEP_OPS, 2, 3000);
    keep_run(KEEP_OPS, 1, 3000);

    cr_expect(eq(i64, number("SELECT count(*) FROM run"), 2));
    cr_expect(eq(i64,
                 number("SELECT number FROM run WHERE keep = 'ops'"
                        " AND trace LIKE '%1'"),
                 1));
    cr_expect(
        eq(i64, number("SELECT count(*) FROM op WHERE key >> 36 = 1"), 3000));
    cr_expect(eq(i64,
                 number("SELECT max(key) & 0xfffffffff FROM op"
                        " WHERE key >> 36 = 1"),
                 3000));
    expect_sound();
}

Test(store, another_result_under_the_same_id_is_an_error)
{
    keep_run(KEEP_OPS, 1, 3000);
    int err = fake_store(s, KEEP_OPS, 1, 2000, id, &problem);
    cr_expect(eq(int, err, ERR_CHECK));
    cr_expect(strstr(problem.text, "another result") != NULL);
    cr_expect(eq(i64, number("SELECT operations FROM runs"), 3000));
}

Test(store, finds_runs_by_number_and_by_the_beginning_of_their_id)
{
    int64_t found;
    keep_run(KEEP_SUMMARY, 1, 10);
    keep_run(KEEP_SUMMARY, 2, 10);

    cr_assert(eq(int, store_find_run(s, "2", &found, &problem), 0));
    cr_expect(eq(i64, found, 2));
    id[8] = '\0';
    cr_assert(eq(int, store_find_run(s, id, &found, &problem), 0));
    cr_expect(eq(i64, found, 2));
    const char *const wrong[] = {"3", "0123456", "xyz", "", "2; DROP"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_expect(
            eq(int, store_find_run(s, wrong[i], &found, &problem), ERR_INPUT),
            "'%s'", wrong[i]);
}

Test(store, deletes_a_run_with_all_its_rows_and_never_reuses_its_number)
{
    keep_run(KEEP_OPS, 1, 3000);
    keep_run(KEEP_OPS, 2, 3000);
    cr_assert(eq(int, store_delete_run(s, 2, &problem), 0));
    cr_assert(eq(int, store_delete_run(s, 1, &problem), 0));
    cr_expect(eq(i64,
                 number("SELECT (SELECT count(*) FROM op) +"
                        " (SELECT count(*) FROM series) +"
                        " (SELECT count(*) FROM object) +"
                        " (SELECT count(*) FROM edge) +"
                        " (SELECT count(*) FROM summary) +"
                        " (SELECT count(*) FROM trace)"),
                 0));
    keep_run(KEEP_OPS, 1, 100);
    cr_expect(eq(i64, number("SELECT number FROM run"), 3));
    cr_assert(eq(int, store_vacuum(s, &problem), 0), "%s", problem.text);
    expect_sound();
}

Test(store, an_abandoned_run_leaves_nothing)
{
    struct store_run *run;
    struct metrics *metrics = metrics_new();
    struct replay_result result;
    cr_assert(eq(int, store_begin_run(s, KEEP_OPS, &run, &problem), 0));
    struct sink sink = store_run_sink(run);
    cr_assert(eq(int, fake_play(1, 100000, &sink, metrics, &result), 0));
    store_abandon_run(run);
    metrics_free(metrics);
    cr_expect(eq(i64, number("SELECT count(*) FROM run"), 0));
    cr_expect(le(int, scratch_count(folder), 3)); /* .db, -wal, -shm */
}

Test(store, runs_that_share_a_commit_are_there_after_a_flush)
{
    store_group_commits(s, 60000);
    for (uint64_t seed = 1; seed <= 20; seed++)
        keep_run(KEEP_SERIES, seed, 200);
    cr_expect(eq(i64, number("SELECT count(*) FROM run"), 0));
    cr_assert(eq(int, store_flush(s, &problem), 0));
    cr_expect(eq(i64, number("SELECT count(*) FROM run"), 20));
}

Test(store, runs_that_wait_are_committed_while_the_next_one_plays)
{
    struct store_run *run;
    struct metrics *metrics = metrics_new();
    struct replay_result result;
    store_group_commits(s, 1);
    keep_run(KEEP_SERIES, 1, 200);
    struct timespec two_ms = {0, 2000000};
    nanosleep(&two_ms, NULL);
    cr_assert(eq(int, store_begin_run(s, KEEP_OPS, &run, &problem), 0));
    struct sink sink = store_run_sink(run);
    cr_assert(eq(int, fake_play(2, 5000, &sink, metrics, &result), 0));
    cr_expect(eq(i64, number("SELECT count(*) FROM run"), 1));
    store_abandon_run(run);
    metrics_free(metrics);
}

Test(store, integers_beyond_those_of_sqlite_are_cut_to_the_largest)
{
    struct run_spec spec = {.machine = "native"};
    struct replay_result result = {.trace_hash = "1", .state_digest = "2"};
    struct op_record r = {.seq = 1,
                          .kind = TRACE_ALLOC,
                          .object = TRACE_NONE,
                          .asked = UINT64_MAX};
    struct store_run *run;
    struct metrics *metrics = metrics_new();
    cr_assert(eq(int, store_begin_run(s, KEEP_OPS, &run, &problem), 0));
    struct sink sink = store_run_sink(run);
    cr_assert(eq(int, sink.op(sink.ctx, &r, NULL), 0));
    cr_assert(
        eq(int, store_end_run(run, &spec, &result, metrics, id, &problem), 0),
        "%s", problem.text);
    metrics_free(metrics);
    cr_expect(eq(i64, number("SELECT asked FROM op"), INT64_MAX));
    cr_expect(eq(i64, number("SELECT object IS NULL FROM op"), 1));
}

/* The names in schema.sql are those of the enumerations. */
Test(store, names_of_kinds_and_outcomes_have_their_codes)
{
    cr_expect(eq(i64, number("SELECT code FROM op_kind WHERE name = 'alloc'"),
                 TRACE_ALLOC));
    cr_expect(eq(i64, number("SELECT code FROM op_kind WHERE name = 'refused'"),
                 TRACE_REFUSED));
    cr_expect(eq(i64, number("SELECT count(*) FROM op_kind WHERE code <= 9"),
                 TRACE_REFUSED));
    cr_expect(eq(i64, number("SELECT code FROM op_kind WHERE name = 'death'"),
                 TRACE_DEATH));
    cr_expect(eq(i64, number("SELECT code FROM op_kind WHERE name = 'store'"),
                 TRACE_STORE));
    cr_expect(eq(i64, number("SELECT code FROM op_kind WHERE name = 'touch'"),
                 TRACE_TOUCH));
    cr_expect(eq(i64, number("SELECT code FROM outcome WHERE name = 'limit'"),
                 OUTCOME_LIMIT));
    cr_expect(eq(i64, number("SELECT count(*) FROM outcome"), OUTCOME_N));
}

/* --- runs that hold the database --------------------------------------- */

Test(store, a_held_run_leaves_the_same_rows)
{
    keep_run(KEEP_OPS, 1, 60000);
    hold_run(KEEP_OPS, 2, 60000);
    cr_assert(eq(int, store_delete_run(s, 2, &problem), 0));
    keep_run(KEEP_OPS, 2, 60000);
    hold_run(KEEP_OPS, 4, 60000);
    cr_assert(eq(int, store_delete_run(s, 1, &problem), 0));
    hold_run(KEEP_OPS, 1, 60000); /* number 5; it was number 1 */

    cr_expect(eq(i64, number("SELECT count(*) FROM op"), 3 * 60000));
    cr_expect(eq(i64, number("SELECT count(*) FROM run"), 3));
    cr_expect(eq(i64,
                 number("SELECT count(*) FROM run r WHERE 60000 <> (SELECT"
                        " count(*) FROM op WHERE key >> 36 = r.number)"),
                 0));
    cr_expect(eq(i64,
                 number("SELECT max(stored_bytes) - min(stored_bytes)"
                        " < 300000 AND min(stored_bytes) > 60000 * 20"
                        " FROM run"),
                 1));
    expect_sound();
}

Test(store, a_held_run_that_is_there_already_leaves_nothing_new)
{
    keep_run(KEEP_OPS, 1, 40000);
    hold_run(KEEP_OPS, 1, 40000);
    cr_expect(eq(i64, number("SELECT count(*) FROM run"), 1));
    cr_expect(eq(i64, number("SELECT count(*) FROM op"), 40000));
    int err = fake_store_with(s, true, KEEP_OPS, 1, 40001, id, &problem);
    cr_expect(eq(int, err, ERR_CHECK));
    cr_expect(eq(i64, number("SELECT count(*) FROM op"), 40000));
    keep_run(KEEP_OPS, 2, 100); /* the connection is free again */
    expect_sound();
}

Test(store, a_held_run_replaces_one_that_kept_less)
{
    keep_run(KEEP_SERIES, 1, 40000);
    hold_run(KEEP_OPS, 1, 40000);
    cr_expect(eq(i64, number("SELECT count(*) FROM run"), 1));
    cr_expect(eq(str, (char *)text("SELECT keep FROM run"), "ops"));
    cr_expect(eq(i64,
                 number("SELECT count(*) FROM op o JOIN run r"
                        " ON o.key >> 36 = r.number"),
                 40000));
    expect_sound();
}

Test(store, a_held_run_that_is_abandoned_leaves_nothing)
{
    struct store_run *run;
    struct metrics *metrics = metrics_new();
    struct replay_result result;
    cr_assert(eq(int, store_begin_run(s, KEEP_OPS, &run, &problem), 0));
    store_run_may_hold(run);
    struct sink sink = store_run_sink(run);
    cr_assert(eq(int, fake_play(1, 100000, &sink, metrics, &result), 0));
    store_abandon_run(run);
    metrics_free(metrics);
    cr_expect(eq(i64, number("SELECT count(*) FROM op"), 0));
    keep_run(KEEP_OPS, 2, 100);
}

/* Somebody else writes: the run does not wait while it plays. */
Test(store, a_run_that_finds_the_database_held_waits_at_its_end_only)
{
    sqlite3 *other;
    struct store_run *run;
    struct metrics *metrics = metrics_new();
    struct replay_result result;
    sqlite3_open(path, &other);
    sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    cr_assert(eq(int, store_begin_run(s, KEEP_OPS, &run, &problem), 0));
    store_run_may_hold(run);
    struct sink sink = store_run_sink(run);
    cr_assert(eq(int, fake_play(1, 40000, &sink, metrics, &result), 0));
    sqlite3_exec(other, "COMMIT", NULL, NULL, NULL);
    sqlite3_close(other);

    struct run_spec spec = {.machine = "native"};
    int err = store_end_run(run, &spec, &result, metrics, id, &problem);
    cr_assert(eq(int, err, 0), "%s", problem.text);
    metrics_free(metrics);
    cr_expect(eq(i64, number("SELECT count(*) FROM op"), 40000));
}

/* --- several processes ------------------------------------------------- */

Test(store, two_processes_fill_one_database)
{
    enum { N_RUNS = 12 };
    store_close(s);
    s = NULL;
    unlink(path); /* so that they also make it at the same time */
    for (int p = 0; p < 2; p++) {
        if (fork() != 0)
            continue;
        int err = store_open(&s, path, false, &problem);
        for (uint64_t i = 0; i < N_RUNS && err == 0; i++)
            err = fake_store_with(s, i % 2 == 0, KEEP_OPS, 10 * i + (uint64_t)p,
                                  20000, id, &problem);
        if (err < 0)
            fprintf(stderr, "%s\n", problem.text);
        store_close(s);
        _exit(err < 0);
    }
    for (int p = 0; p < 2; p++) {
        int status = -1;
        wait(&status);
        cr_assert(eq(int, status, 0));
    }
    cr_assert(eq(int, store_open(&s, path, false, &problem), 0));
    cr_expect(eq(i64, number("SELECT count(*) FROM run"), 2 * N_RUNS));
    cr_expect(eq(i64, number("SELECT count(*) FROM op"), 2 * N_RUNS * 20000));
    expect_sound();
}

/* Kill a filling child after `us` microseconds; return how far it said it is.
 */
static int64_t kill_child_after(uint64_t first_seed, unsigned us)
{
    int pipes[2];
    cr_assert(eq(int, pipe(pipes), 0));
    pid_t child = fork();
    if (child == 0) {
        struct store *mine;
        if (store_open(&mine, path, false, &problem) < 0)
            _exit(1);
        for (uint64_t i = 0;; i++) {
            if (fake_store_with(mine, i % 2 == 0, KEEP_OPS, first_seed + i,
                                30000, id, &problem) < 0 ||
                write(pipes[1], "r", 1) != 1)
                _exit(1);
        }
    }
    close(pipes[1]);
    usleep(us);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    int64_t n = 0;
    for (char c; read(pipes[0], &c, 1) == 1;)
        n++;
    close(pipes[0]);
    return n;
}

Test(store, a_kill_loses_no_run_that_had_ended_and_leaves_no_half_ones)
{
    int64_t n_ended = 0;
    store_close(s);
    s = NULL;
    for (unsigned i = 0; i < 12; i++) {
        n_ended += kill_child_after(1000 * (i + 1), 3000 + 7919 * i);
        cr_assert(eq(int, store_open(&s, path, false, &problem), 0), "%s",
                  problem.text);
        int64_t n_runs = number("SELECT count(*) FROM run");
        /* A run may have been committed just before its child could say so. */
        cr_expect(n_runs >= n_ended && n_runs <= n_ended + i + 1);
        cr_expect(eq(i64, number("SELECT count(*) FROM op"), n_runs * 30000));
        cr_expect(eq(i64,
                     number("SELECT count(*) FROM run r WHERE 3 <> (SELECT"
                            " count(*) FROM heapmap WHERE run = r.number"
                            " AND reason <> 'even')"),
                     0));
        expect_sound();
        store_close(s);
        s = NULL;
        cr_expect(eq(int, scratch_count(folder), 1)); /* no shard stays */
    }
}
