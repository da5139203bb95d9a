/* test_plot_machine.c - figures of cycles: their numbers against plain SQL. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/gnuplot.h"
#include "analysis/plot.h"
#include "analysis/query_machine.h"
#include "tests/fixture.h"

static char dir[64];
static struct problem problem;

static void setup(void)
{
    strcpy(dir, "/tmp/fraglab-cycles-XXXXXX");
    cr_assert(mkdtemp(dir) != NULL);
}

static void teardown(void)
{
    char path[512];
    DIR *d = opendir(dir);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        unlink(path);
    }
    closedir(d);
    rmdir(dir);
}

TestSuite(plot_machine, .init = setup, .fini = teardown);

static char *place(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void rename_file(const char *from, const char *to)
{
    char old[512];
    strcpy(old, place(from));
    cr_assert(eq(int, rename(old, place(to)), 0));
}

/* Are the two files equal? */
static bool is_same(const char *a, const char *b)
{
    char command[600];
    snprintf(command, sizeof command, "cd %s && cmp -s %s %s", dir, a, b);
    return system(command) == 0;
}

static FILE *csv(const char *name)
{
    FILE *f = fopen(place(name), "r");
    char head[256];
    cr_assert(f != NULL, "%s", name);
    cr_assert(fgets(head, sizeof head, f) != NULL);
    return f;
}

static int64_t number(sqlite3 *db, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *sql = sqlite3_vmprintf(format, args);
    va_end(args);
    int64_t n;
    cr_assert(eq(int, query_number(db, &n, -1, &problem, "%s", sql), 0), "%s",
              problem.text);
    sqlite3_free(sql);
    return n;
}

static sqlite3 *played(uint64_t n_ops, bool with_ops, uint32_t max_live)
{
    sqlite3 *db = fixture_open(":memory:");
    struct fixture_run run = {.number = 5,
                              .trace = "a 100 % <b>'trace'",
                              .n_units = 300,
                              .n_ops = n_ops,
                              .seed = 3,
                              .max_live = max_live,
                              .with_ops = with_ops,
                              .machine = "hazard3"};
    fixture_play(db, &run);
    return db;
}

static struct query_run *the_run(sqlite3 *db)
{
    struct query_run *runs;
    int n_runs;
    cr_assert(eq(int, query_runs(db, NULL, 0, &runs, &n_runs, &problem), 0));
    cr_assert(eq(int, n_runs, 1));
    return runs;
}

static int written(sqlite3 *db, const char *kind)
{
    struct query_run *run = the_run(db);
    int n = plot_write(db, plot_find(kind), run, 1, dir, "f", &problem);
    query_free_runs(run, 1);
    return n;
}

Test(plot_machine, cycles_are_the_shares_that_the_operations_have)
{
    sqlite3 *db = played(4000, true, 90);
    cr_assert(eq(int, written(db, "cycles"), 1), "%s", problem.text);
    FILE *f = csv("f.csv");
    char kind[16], last_kind[16] = "";
    long run, cycles, operations, n_rows = 0, last_cycles = 0;
    double percent;
    while (fscanf(f, "%ld,%15[^,],%ld,%ld,%lf", &run, kind, &cycles,
                  &operations, &percent) == 5) {
        const char *value = strcmp(kind, "alloc") == 0 ? "cycles"
                            : strcmp(kind, "alloc_net") == 0
                                ? "cycles - gc_cycles"
                                : "gc_cycles";
        const char *table =
            strcmp(kind, "free") == 0 ? "event_cost" : "op_cost";
        value = strcmp(kind, "free") == 0 ? "cycles" : value;
        int64_t of =
            number(db, "SELECT COUNT(*) FROM %s WHERE %s > 0", table, value);
        int64_t truth = number(db, "SELECT COUNT(*) FROM %s WHERE %s >= %ld",
                               table, value, cycles);
        int64_t most = number(db, "SELECT MAX(%s) FROM %s", value, table);
        if (cycles == most) /* the last point stands for one operation */
            cr_expect(ge(i64, truth, 1));
        else
            cr_expect(eq(i64, operations, truth), "%s %ld", kind, cycles);
        cr_expect(epsilon_eq(dbl, percent,
                             100.0 * (double)operations / (double)of, 1e-9));
        if (strcmp(kind, last_kind) == 0)
            cr_expect(gt(long, cycles, last_cycles));
        else
            cr_expect(eq(long, operations, (long)of), "%s", kind);
        strcpy(last_kind, kind);
        last_cycles = cycles;
        n_rows++;
    }
    cr_expect(feof(f));
    cr_expect(gt(long, n_rows, 40));
    fclose(f);
    sqlite3_close(db);
}

Test(plot_machine, cycles_do_not_depend_on_what_was_kept)
{
    sqlite3 *all = played(3000, true, 90), *few = played(3000, false, 90);
    static const char *const kinds[] = {"cycles", "cycles-time", "pauses"};
    static const char *const files[] = {"f.csv", "f.csv", "f-utilisation.csv"};
    for (int i = 0; i < 3; i++) {
        cr_assert(eq(int, written(all, kinds[i]), 1));
        rename_file(files[i], "first.csv");
        cr_assert(eq(int, written(few, kinds[i]), 1));
        cr_expect(is_same("first.csv", files[i]), "%s", kinds[i]);
    }
    sqlite3_close(all);
    sqlite3_close(few);
}

/* The clock and the pauses of the run, from its operations and events. */
static const char clocked[] =
    "CREATE TEMP TABLE pause AS SELECT clock, gc FROM (SELECT SUM(cycles) OVER "
    "(ORDER BY key, part) - cycles AS clock, gc_cycles AS gc FROM (SELECT key, "
    "-1 AS part, cycles, gc_cycles FROM op_cost UNION ALL SELECT key, part, "
    "cycles, gc_cycles FROM event_cost)) WHERE gc > 0";

Test(plot_machine, utilisation_is_what_every_window_at_an_edge_leaves)
{
    sqlite3 *db = played(2500, true, 90);
    fixture_sql(db, "%s", clocked);
    cr_assert(eq(int, written(db, "pauses"), 1), "%s", problem.text);
    cr_expect(eq(i64, number(db, "SELECT SUM(gc) FROM pause"),
                 number(db, "SELECT gc_cycles FROM machine_total")));
    int64_t total = number(db, "SELECT cycles FROM machine_total");
    FILE *f = csv("f-utilisation.csv");
    long run, window, most, n_rows = 0;
    double mmu, bmu, last_bmu = 0;
    while (fscanf(f, "%ld,%ld,%ld,%lf,%lf", &run, &window, &most, &mmu, &bmu) ==
           5) {
        n_rows++;
        int64_t truth = number(
            db,
            "WITH a(x) AS (SELECT MIN(clock, %lld - %ld) FROM pause UNION "
            "SELECT MAX(clock + gc - %ld, 0) FROM pause) SELECT MAX((SELECT "
            "SUM(MAX(0, MIN(clock + gc, x + %ld) - MAX(clock, x))) FROM pause))"
            " FROM a",
            total, window, window, window);
        cr_expect(eq(i64, most, truth), "window %ld", window);
        cr_expect(
            epsilon_eq(dbl, mmu, 1 - (double)most / (double)window, 1e-6));
        cr_expect(le(dbl, bmu, mmu));
        cr_expect(ge(dbl, bmu, last_bmu));
        last_bmu = bmu;
    }
    cr_expect(feof(f));
    cr_expect(gt(long, n_rows, 100));
    cr_expect(le(long, n_rows, 160));
    cr_expect(eq(long, window, (long)total));
    fclose(f);
    sqlite3_close(db);
}

Test(plot_machine, pauses_in_steps_are_found_among_the_operations)
{
    sqlite3 *db = played(2500, true, 90);
    cr_assert(eq(int, written(db, "pauses"), 1));
    rename_file("f-utilisation.csv", "first.csv");
    /* Half of the collections now are steps that no row of theirs tells of. */
    fixture_sql(db, "DELETE FROM collection WHERE key %% 2 = 0");
    cr_assert(eq(int, written(db, "pauses"), 1));
    cr_expect(is_same("first.csv", "f-utilisation.csv"));
    fixture_sql(db, "DELETE FROM op_cost; DELETE FROM event_cost");
    cr_assert(eq(int, written(db, "pauses"), 1));
    char script[1 << 14] = "";
    FILE *f = fopen(place("f.gp"), "r");
    cr_assert(gt(sz, fread(script, 1, sizeof script - 1, f), 0));
    fclose(f);
    cr_expect(strstr(script, "steps between not kept") != NULL);
    sqlite3_close(db);
}

Test(plot_machine, phases_of_a_pause_make_up_its_cycles)
{
    sqlite3 *db = played(2500, false, 90);
    cr_assert(eq(int, written(db, "pauses"), 1));
    FILE *f = csv("f.csv");
    long v[10], n_rows = 0;
    while (fscanf(f, "%ld,%ld,%ld,%ld,%ld,%ld,%ld,%ld,%ld,%ld", v, v + 1, v + 2,
                  v + 3, v + 4, v + 5, v + 6, v + 7, v + 8, v + 9) == 10) {
        n_rows++;
        cr_expect(eq(long, v[3], v[4] + v[5] + v[6] + v[7] + v[8] + v[9]));
        cr_expect(
            eq(i64, v[3],
               number(db, "SELECT cycles FROM collection WHERE key = %lld",
                      (5LL << 36) + v[1])));
    }
    cr_expect(eq(i64, n_rows, number(db, "SELECT COUNT(*) FROM collection")));
    fclose(f);
    sqlite3_close(db);
}

Test(plot_machine, a_column_shows_the_longest_of_its_pauses)
{
    sqlite3 *db = played(300, false, 90);
    fixture_sql(db, "DELETE FROM collection");
    for (int i = 1; i <= 5000; i++)
        fixture_sql(
            db,
            "INSERT INTO collection VALUES(%lld,0,'full',0,0,0,0,0,0,0,0,"
            "0,0,0,0,0,%d,%d,%d,0,3,0,0,0)",
            (5LL << 36) + i, i * 1000, i % 41 + 3, i % 41);
    fixture_sql(db, "UPDATE summary SET operations=5000");
    cr_assert(eq(int, written(db, "pauses"), 1));
    FILE *f = csv("f.csv");
    long v[10], n_rows = 0;
    while (fscanf(f, "%ld,%ld,%ld,%ld,%ld,%ld,%ld,%ld,%ld,%ld", v, v + 1, v + 2,
                  v + 3, v + 4, v + 5, v + 6, v + 7, v + 8, v + 9) == 10) {
        n_rows++;
        cr_expect(eq(long, v[3], v[4] + 3));
        cr_expect(eq(i64, v[3],
                     number(db,
                            "SELECT MAX(cycles) FROM collection WHERE key "
                            "BETWEEN %lld AND %lld",
                            (5LL << 36) + (v[1] - 1) / 25 * 25 + 1,
                            (5LL << 36) + (v[1] - 1) / 25 * 25 + 25)));
    }
    cr_expect(eq(long, n_rows, 200));
    fclose(f);
    sqlite3_close(db);
}

Test(plot_machine, a_native_run_has_nothing_for_them)
{
    sqlite3 *db = played(300, false, 90);
    fixture_sql(db, "DELETE FROM machine_total; DELETE FROM cycles; "
                    "DELETE FROM series WHERE metric LIKE '%%cycles'; "
                    "UPDATE collection SET cycles=NULL; "
                    "UPDATE run SET machine='native', machine_hash=NULL");
    for (const struct plot_kind *k = plot_kinds(); k->name != NULL; k++)
        if (k->of_machine)
            cr_expect(eq(int, written(db, k->name), 0), "%s", k->name);
    sqlite3_close(db);
}

Test(plot_machine, gnuplot_draws_all_of_them_with_and_without_a_clock)
{
    if (gnuplot_find(&problem) < 0)
        cr_skip("no gnuplot");
    sqlite3 *db = played(2000, false, 90);
    struct query_run *run = the_run(db);
    char stems[16][PLOT_STEM_CAP];
    int n = 0;
    for (int round = 0; round < 3; round++) {
        for (const struct plot_kind *k = plot_kinds(); k->name != NULL; k++) {
            if (!k->of_machine)
                continue;
            snprintf(stems[n], sizeof stems[n], "%s-%d", k->name, round);
            int status = plot_write(db, k, run, 1, dir, stems[n], &problem);
            cr_assert(eq(int, status, 1), "%s", problem.text);
            n++;
        }
        if (round == 0)
            fixture_sql(db, "UPDATE machine SET clock_hz=0");
        else /* 10^12 cycles a collection, as of a very long run */
            fixture_sql(db, "UPDATE collection SET cycles=1000000000000, "
                            "mark=1000000000000");
    }
    int err = plot_draw(dir, (const char(*)[PLOT_STEM_CAP])stems, n, &problem);
    cr_expect(eq(int, err, 0), "%s", problem.text);
    query_free_runs(run, 1);
    sqlite3_close(db);
}

Test(plot_machine, several_runs_share_one_figure)
{
    if (gnuplot_find(&problem) < 0)
        cr_skip("no gnuplot");
    sqlite3 *db = played(800, false, 90);
    struct fixture_run second = {6, "second", 200,   900,
                                 8, 60,       false, "cortex-m0plus"};
    fixture_play(db, &second);
    struct query_run *runs;
    int n_runs;
    char stems[3][PLOT_STEM_CAP] = {"cycles", "cycles-time", "pauses"};
    cr_assert(eq(int, query_runs(db, NULL, 0, &runs, &n_runs, &problem), 0));
    for (int i = 0; i < 3; i++)
        cr_assert(eq(int,
                     plot_write(db, plot_find(stems[i]), runs, 2, dir, stems[i],
                                &problem),
                     1));
    int err = plot_draw(dir, (const char(*)[PLOT_STEM_CAP])stems, 3, &problem);
    cr_expect(eq(int, err, 0), "%s", problem.text);
    query_free_runs(runs, n_runs);
    sqlite3_close(db);
}
