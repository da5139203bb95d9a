/* test_rerun.c - stored runs, played again from their rows. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <sqlite3.h>

#include "analysis/progress.h"
#include "analysis/rerun.h"
#include "analysis/store_parts.h"
#include "tests/scratch.h"

static char folder[SCRATCH_CAP], path[SCRATCH_CAP + 64];
static struct problem problem;
static struct store *s;
static struct rerun again;
static struct outcome_of_run now;
static struct metrics *metrics;

static void setup(void)
{
    scratch_make(folder);
    scratch_path(folder, "runs.db", path);
    cr_assert(eq(int, store_open(&s, path, false, &problem), 0));
    metrics = metrics_new();
}

static void teardown(void)
{
    metrics_free(metrics);
    store_close(s);
    scratch_remove(folder);
}

TestSuite(rerun, .init = setup, .fini = teardown);

#define CHURN "churn:ops=3000,heap=16K"
#define IMAGE "build/guest/marksweep-hazard3-O2.elf"

/* Play `workload` in `heap_bytes` and store it, as `fraglab replay` does. */
static void store_run_on(const char *machine, const char *workload,
                         uint64_t heap_bytes, bool passes_over)
{
    struct run_spec spec = {.machine = "native"};
    struct workload *w;
    struct store_run *run;
    struct progress progress;
    struct replay_result result;
    struct metrics *its = metrics_new();
    char id[RUN_ID_CAP];
    strcpy(spec.workload, workload);
    strcpy(spec.options.manager, "marksweep");
    spec.options.heap_bytes = heap_bytes;

    int err = workload_open(&w, workload, NULL, &problem);
    cr_assert(eq(int, err, 0), "%s", problem.text);
    err = replay_resolve(&spec.options, &w->header, &problem);
    cr_assert(eq(int, err, 0), "%s", problem.text);
    if (machine != NULL)
        err = run_spec_set_machine(&spec, machine, IMAGE, NULL, &problem);
    cr_assert(eq(int, err, 0), "%s", problem.text);
    cr_assert(eq(int, store_begin_run(s, KEEP_OPS, &run, &problem), 0));
    if (passes_over) {
        store_run_may_repeat(run);
        run->moments.spent_ns = UINT64_C(1) << 40; /* its time is spent */
    }
    struct sink stored = store_run_sink(run);
    struct sink sink = progress_sink(&progress, &stored, its, "", true);
    err = run_spec_play(&spec, w, &sink, &result, &problem);
    cr_assert(eq(int, err, 0), "%s", problem.text);
    cr_expect(eq(int, store_run_missing(run) != 0, passes_over));
    err = rerun_worst(run, &spec, its, &problem);
    cr_assert(eq(int, err, 0), "%s", problem.text);
    err = store_end_run(run, &spec, &result, its, id, &problem);
    cr_assert(eq(int, err, 0), "%s", problem.text);
    workload_close(w);
    metrics_free(its);
}

static void store_run_of(const char *workload, uint64_t heap_bytes,
                         bool passes_over)
{
    store_run_on(NULL, workload, heap_bytes, passes_over);
}

static char differing[2048];

static void note(void *ctx, const char *figure, const char *before,
                 const char *after)
{
    (void)ctx;
    char line[128];
    snprintf(line, sizeof line, "%s %s %s\n", figure, before, after);
    strncat(differing, line, sizeof differing - strlen(differing) - 1);
}

/* How many figures of run `name` differ when it is played again. */
static int differences(const char *name)
{
    differing[0] = '\0';
    cr_assert(eq(int, rerun_load(&again, s, name, &problem), 0), "%s",
              problem.text);
    int err = rerun_play(&again, NULL, metrics, &now, &problem);
    cr_assert(eq(int, err, 0), "%s", problem.text);
    return rerun_compare(&again, s, &now, note, NULL, &problem);
}

static void change(const char *sql)
{
    int code = sqlite3_exec(store_db(s), sql, NULL, NULL, NULL);
    cr_assert(eq(int, code, SQLITE_OK), "%s", sqlite3_errmsg(store_db(s)));
}

static int64_t number(const char *sql)
{
    sqlite3_stmt *q;
    sqlite3_prepare_v2(store_db(s), sql, -1, &q, NULL);
    cr_assert(eq(int, sqlite3_step(q), SQLITE_ROW), "%s", sql);
    int64_t n = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return n;
}

Test(rerun, a_run_repeats_in_every_figure)
{
    store_run_of(CHURN, 16384, false);
    cr_expect(eq(int, differences("1"), 0), "%s", differing);
    cr_expect(eq(u64, now.result.operations, 3000));
}

Test(rerun, what_differs_is_named_with_both_values)
{
    store_run_of(CHURN, 16384, false);
    change("UPDATE summary SET frees = 7, frag_mean = 2, guarantee_sure = 9;"
           "UPDATE run SET state_digest = 'beef'");
    cr_expect(eq(int, differences("1"), 4), "%s", differing);
    cr_expect(strstr(differing, "state_digest beef ") != NULL, "%s", differing);
    cr_expect(strstr(differing, "frees 7 ") != NULL, "%s", differing);
    cr_expect(strstr(differing, "frag_mean 2.0") != NULL, "%s", differing);
    cr_expect(strstr(differing, "guarantee_sure 9 ") != NULL, "%s", differing);
}

static void need_image(void)
{
    if (access(IMAGE, R_OK) < 0)
        cr_skip("no machine code of marksweep for hazard3");
}

Test(rerun, a_run_on_a_machine_repeats_in_every_cycle)
{
    need_image();
    store_run_on("hazard3", CHURN, 16384, false);
    cr_expect(eq(int, differences("1"), 0), "%s", differing);
    cr_expect(eq(i64, number("SELECT cycles FROM machine_total"),
                 (int64_t)now.totals.cycles));
    change("UPDATE cycles SET p90 = p90 + 1 WHERE kind = 'alloc';"
           "DELETE FROM cycles WHERE kind = 'free';"
           "UPDATE machine_total SET unsettled = 3");
    metrics_free(metrics);
    metrics = metrics_new();
    int n = differences("1");
    cr_expect(strstr(differing, "cycles.alloc.p90 ") != NULL, "%s", differing);
    cr_expect(strstr(differing, "cycles.free.count 0 ") != NULL, "%s",
              differing);
    cr_expect(strstr(differing, "machine_total.unsettled 3 0\n") != NULL, "%s",
              differing);
    cr_expect(eq(int, n, 10), "%s", differing);
}

/* What the store says of cycles agrees with itself, table by table. */
Test(rerun, the_clock_of_a_collection_is_the_cycles_of_all_before_it)
{
    need_image();
    store_run_on("hazard3", "mpy-mix:ops=6000,heap=16K", 16384, false);
    cr_expect(gt(i64, number("SELECT count(*) FROM collection"), 2));
    cr_expect(eq(i64,
                 number("SELECT count(*) FROM collection WHERE clock <> (SELECT"
                        " coalesce(sum(cycles), 0) FROM op_cost WHERE op_cost."
                        "key < collection.key) + (SELECT coalesce(sum(cycles),"
                        " 0) FROM event_cost WHERE event_cost.key <"
                        " collection.key)"),
                 0));
    cr_expect(eq(i64,
                 number("SELECT sum(cycles) - (SELECT gc_cycles FROM"
                        " machine_total) FROM collection"),
                 0));
    cr_expect(eq(i64,
                 number("SELECT count(*) FROM cycles c WHERE count <> (SELECT"
                        " sum(count) FROM histogram WHERE name = 'cycles_' ||"
                        " c.kind)"),
                 0));
}

Test(rerun, another_trace_in_its_place_is_refused)
{
    store_run_of(CHURN, 16384, false);
    cr_assert(eq(int, rerun_load(&again, s, "1", &problem), 0));
    cr_assert(eq(
        int, rerun_set_place(&again, "churn:ops=3001,heap=16K", &problem), 0));
    cr_expect(
        eq(int, rerun_play(&again, NULL, metrics, &now, &problem), ERR_INPUT));
    cr_expect(strstr(problem.text, "not the trace that run") != NULL, "%s",
              problem.text);
}

Test(rerun, a_run_of_other_sources_is_not_repeated)
{
    store_run_of(CHURN, 16384, false);
    change("UPDATE run SET spec = replace(spec, '\"core\":\"', "
           "'\"core\":\"ffff')");
    cr_expect(eq(int, rerun_load(&again, s, "1", &problem), ERR_INPUT));
    cr_expect(strstr(problem.text, "other sources of core/") != NULL, "%s",
              problem.text);
}

/* The map is the same whether it was taken at once or by a second play. */
Test(rerun, a_worst_moment_passed_over_is_found_by_playing_again)
{
    store_run_of(CHURN, 16384, false);
    change("CREATE TEMP TABLE first AS SELECT h.seq, h.units, o.id, o.address"
           " FROM heapmap h JOIN object o ON o.reason = h.reason"
           " WHERE h.reason = 'worst'");
    cr_assert(eq(int, store_delete_run(s, 1, &problem), 0));
    store_run_of(CHURN, 16384, true);
    cr_expect(gt(i64, number("SELECT count(*) FROM temp.first"), 10));
    cr_expect(eq(i64,
                 number("SELECT count(*) FROM (SELECT h.seq, h.units, o.id,"
                        " o.address FROM heapmap h JOIN object o"
                        " ON o.reason = h.reason WHERE h.reason = 'worst'"
                        " EXCEPT SELECT * FROM temp.first)"),
                 0));
    cr_expect(eq(i64,
                 number("SELECT count(*) FROM object"
                        " WHERE reason = 'worst'"),
                 number("SELECT count(*) FROM temp.first")));
}
