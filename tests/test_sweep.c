/* test_sweep.c - playing a grid: what is there afterwards, and going on. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sqlite3.h>
#include <string.h>

#include "analysis/gnuplot.h"
#include "analysis/report.h"
#include "analysis/store_study.h"
#include "analysis/sweep.h"
#include "tests/scratch.h"

static char folder[SCRATCH_CAP];
static char db[SCRATCH_CAP + 64];
static struct problem problem;
static struct grid grid;
static struct sweep_counts counts;

static void setup(void)
{
    scratch_make(folder);
    scratch_path(folder, "runs.db", db);
}

static void teardown(void)
{
    grid_release(&grid);
    scratch_remove(folder);
}

TestSuite(sweep, .init = setup, .fini = teardown);

static int sweep(const char *axes, uint32_t n_workers)
{
    char path[SCRATCH_CAP + 64];
    FILE *f = fopen(scratch_path(folder, "grid.json", path), "w");
    fprintf(f, "{\"name\": \"test\", \"axes\": {%s}}", axes);
    fclose(f);
    grid_release(&grid);
    int err = grid_read(&grid, path, &problem);
    cr_assert(eq(int, err, 0), "%s", problem.text);
    FILE *out = fopen("/dev/null", "w");
    err = sweep_play(&grid, db, n_workers, out, &counts, &problem);
    fclose(out);
    return err;
}

static int64_t number(const char *sql)
{
    struct store *s;
    sqlite3_stmt *q;
    cr_assert(eq(int, store_open(&s, db, true, &problem), 0));
    cr_assert(
        eq(int, sqlite3_prepare_v2(store_db(s), sql, -1, &q, NULL), SQLITE_OK),
        "%s", sqlite3_errmsg(store_db(s)));
    cr_assert(eq(int, sqlite3_step(q), SQLITE_ROW));
    int64_t n = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    store_close(s);
    return n;
}

#define SMALL                                                                  \
    "\"workload\": \"churn:ops=400,heap=8K\", \"manager\": [\"tlsf\", "        \
    "\"copying\", \"fit\"], \"heap\": [\"8K\", \"1min\"]"

Test(sweep, plays_every_point_once_and_goes_on_where_it_was)
{
    cr_assert(eq(int, sweep(SMALL, 1), 0), "%s", problem.text);
    cr_expect(eq(u32, counts.played, 6));
    cr_expect(eq(i64, number("SELECT COUNT(*) FROM run"), 6));
    cr_expect(eq(i64,
                 number("SELECT COUNT(*) FROM points WHERE run > 0 AND "
                        "reason = ''"),
                 6));
    cr_expect(eq(i64, number("SELECT COUNT(*) FROM minheap"), 3));

    cr_assert(
        eq(int, sweep(SMALL ", \"refused\": [\"skip\", \"stop\"]", 1), 0));
    cr_expect(eq(u32, counts.there, 6));
    cr_expect(eq(u32, counts.played, 6));
    cr_expect(eq(i64, number("SELECT COUNT(*) FROM minheap"), 3));
}

Test(sweep, a_point_whose_areas_are_not_its_heap_fails)
{
    cr_assert(eq(int,
                 sweep("\"workload\": \"churn:ops=400,heap=8K\", "
                       "\"manager\": \"copying:areas=8K+8K\", "
                       "\"heap\": [\"8K\", \"16K\", \"1min\"]",
                       1),
                 0),
              "%s", problem.text);
    cr_expect(eq(u32, counts.played, 1));
    cr_expect(eq(u32, counts.failed, 2));
    cr_expect(eq(i64, number("SELECT heap_bytes FROM run"), 16384));
}

Test(sweep, goes_on_among_the_seeds_of_a_preset)
{
    static const char seeds[] =
        "\"workload\": \"churn:ops=50\", \"manager\": \"fit\", "
        "\"heap\": \"32K\", \"seed\": [1, 2, 3]";
    cr_assert(eq(int, sweep(seeds, 1), 0), "%s", problem.text);
    cr_expect(eq(u32, counts.played, 3));
    cr_assert(eq(int, sweep(seeds, 2), 0), "%s", problem.text);
    cr_expect(eq(u32, counts.there, 3));
}

Test(sweep, by_several_workers_gives_the_same_runs)
{
    cr_assert(eq(int, sweep(SMALL, 3), 0), "%s", problem.text);
    cr_expect(eq(u32, counts.played, 6));
    cr_expect(eq(u32, counts.lost, 0));
    cr_assert(eq(int, sweep(SMALL, 1), 0));
    cr_expect(eq(u32, counts.there, 6));
}

Test(sweep, keeps_the_reason_of_a_point_that_cannot_be_played)
{
    /* Its header does not say how large the heap was. */
    cr_assert(eq(int,
                 sweep("\"workload\": \"churn:ops=50\", \"manager\": "
                       "[\"tlsf\", \"fit\"], \"heap\": [\"300M\", "
                       "\"8K\"]",
                       1),
                 0));
    cr_expect(eq(u32, counts.failed, 2));
    cr_expect(eq(u32, counts.played, 2));
    cr_expect(eq(i64,
                 number("SELECT COUNT(*) FROM points WHERE run IS NULL "
                        "AND reason LIKE '%window%'"),
                 2));
}

Test(sweep, says_so_when_its_database_cannot_be_written)
{
    strcpy(db, "/proc/none.db");
    cr_expect(lt(int, sweep(SMALL, 2), 0));
    cr_expect(strstr(problem.text, "/proc/none.db") != NULL);
}

Test(sweep, runs_in_their_minimum_heap_are_refused_nothing)
{
    cr_assert(eq(int, sweep(SMALL, 1), 0));
    cr_expect(eq(i64,
                 number("SELECT SUM(s.refused) FROM summary s JOIN run r "
                        "ON r.number = s.run JOIN minheap m ON "
                        "m.heap_bytes = r.heap_bytes AND m.manager = "
                        "r.manager"),
                 0));
    cr_expect(
        eq(i64, number("SELECT COUNT(*) FROM minheaps WHERE ratio >= 1"), 3));
}

/* Requests that were refused, asked again and granted left garbage behind. */
Test(sweep, stores_runs_that_granted_what_the_recording_refused)
{
    cr_assert(eq(int,
                 sweep("\"workload\": \"traces/samples/fft-64k.ftb\", "
                       "\"manager\": \"semispace\", \"heap\": \"96K\"",
                       1),
                 0));
    cr_expect(eq(u32, counts.played, 1));
}

static char *read_page(void)
{
    char path[SCRATCH_CAP + 64], *text = calloc(1, 8 << 20);
    FILE *f = fopen(scratch_path(folder, "page/index.html", path), "r");
    cr_assert(f != NULL);
    cr_assert(gt(sz, fread(text, 1, (8 << 20) - 1, f), 0));
    fclose(f);
    return text;
}

Test(sweep, is_reported_with_its_managers_side_by_side)
{
    if (gnuplot_find(&problem) < 0)
        cr_skip("no gnuplot");
    struct store *s;
    char page[SCRATCH_CAP + 64], command[SCRATCH_CAP + 128];
    cr_assert(eq(int,
                 sweep("\"workload\": \"churn:ops=400,heap=8K\", "
                       "\"manager\": [\"tlsf\", \"copying:pins=k\"], "
                       "\"heap\": [\"8K\", \"1min\"]",
                       1),
                 0));
    cr_assert(eq(int, store_open(&s, db, true, &problem), 0));
    int n = report_write(store_db(s), NULL, 0,
                         scratch_path(folder, "page", page), &problem);
    store_close(s);
    cr_assert(eq(int, n, 4), "%s", problem.text);
    char *text = read_page();
    cr_expect(strstr(text, "<h2>Managers side by side</h2>") != NULL);
    cr_expect(strstr(text, ">copying pins=k</a>") != NULL);
    cr_expect(strstr(text, "figures/managers-1.svg") != NULL);
    cr_expect(strstr(text, "figures/managers-2.svg") == NULL);
    char ratio[64];
    snprintf(ratio, sizeof ratio, ">%.3f",
             (double)number("SELECT ROUND(1e6 * ratio) FROM minheaps WHERE "
                            "manager = 'tlsf'") /
                 1e6);
    cr_expect(strstr(text, ratio) != NULL, "%s", ratio);
    free(text);
    snprintf(command, sizeof command, "rm -rf %s", page);
    cr_assert(eq(int, system(command), 0));
}
