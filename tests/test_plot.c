/* test_plot.c - figures: the numbers in their CSV files, and their drawing. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/gnuplot.h"
#include "analysis/heapmap.h"
#include "analysis/plot.h"
#include "tests/fixture.h"

static char dir[64];
static struct problem problem;

static void setup(void)
{
    strcpy(dir, "/tmp/fraglab-plot-XXXXXX");
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

TestSuite(plot, .init = setup, .fini = teardown);

static bool exists(const char *name)
{
    char path[512];
    struct stat s;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return stat(path, &s) == 0 && s.st_size > 0;
}

static char *read_file(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "r");
    cr_assert(f != NULL);
    char *text = calloc(1, 1 << 20);
    cr_assert(gt(sz, fread(text, 1, (1 << 20) - 1, f), 0));
    fclose(f);
    return text;
}

static int n_lines(const char *name)
{
    char *text = read_file(name);
    int n = 0;
    for (const char *at = text; *at != 0; at++)
        n += *at == '\n';
    free(text);
    return n;
}

static struct query_run *the_run(sqlite3 *db)
{
    struct query_run *runs;
    int n_runs;
    cr_assert(eq(int, query_runs(db, NULL, 0, &runs, &n_runs, &problem), 0));
    cr_assert(eq(int, n_runs, 1));
    return runs;
}

static sqlite3 *played(uint64_t n_ops, bool with_ops)
{
    sqlite3 *db = fixture_open(":memory:");
    struct fixture_run run = {.number = 5,
                              .trace = "a <b>'trace'`id`",
                              .n_units = 300,
                              .n_ops = n_ops,
                              .seed = 3,
                              .max_live = 90,
                              .with_ops = with_ops};
    fixture_play(db, &run);
    return db;
}

/* A series with a different value a bin, four operations to a bin. */
static sqlite3 *made_series(int n_bins, int last_ops)
{
    sqlite3 *db = fixture_open(":memory:");
    fixture_sql(db, "INSERT INTO trace VALUES('hash5','t','t','text','',1,1)");
    fixture_rows(db, 5, 256, 2, "series");
    fixture_sql(db, "UPDATE summary SET operations=%d",
                (n_bins - 1) * 4 + last_ops);
    for (int metric = 0; metric < METRIC_N; metric++)
        for (int bin = 0; bin < n_bins; bin++)
            fixture_sql(db, "INSERT INTO series VALUES(5,%Q,%d,%d,%d,%d,0)",
                        metric_names[metric], bin, bin, bin + 10, bin + 20);
    return db;
}

Test(plot, joins_bins_by_the_operations_that_they_hold)
{
    /* 513 bins of 4, the last of one operation: two bins a row. */
    sqlite3 *db = made_series(513, 1);
    struct query_run *run = the_run(db);
    cr_assert(eq(
        int,
        plot_write(db, plot_find("fragmentation"), run, 1, dir, "f", &problem),
        1));
    char *csv = read_file("f.csv");
    cr_expect(eq(int, n_lines("f.csv"), 1 + 257));
    cr_expect(strstr(csv, "\n5,1,8,0,10.5,21,") != NULL);
    cr_expect(strstr(csv, "\n5,2049,2049,512,522.0,532,") != NULL);
    free(csv);
    query_free_runs(run, 1);
    sqlite3_close(db);
}

Test(plot, weighs_a_short_last_bin_by_its_length)
{
    /* The last row: bins 512 (4 operations) and 513 (1 operation). */
    sqlite3 *db = made_series(514, 1);
    struct query_run *run = the_run(db);
    cr_assert(eq(
        int,
        plot_write(db, plot_find("fragmentation"), run, 1, dir, "f", &problem),
        1));
    char *csv = read_file("f.csv");
    cr_expect(strstr(csv, "\n5,2049,2053,512,522.2,533,") != NULL);
    free(csv);
    query_free_runs(run, 1);
    sqlite3_close(db);
}

Test(plot, figures_are_bounded_whatever_the_length)
{
    sqlite3 *db = made_series(2048, 4);
    for (int i = 1; i <= 5000; i++) {
        fixture_sql(db, "INSERT INTO refusal VALUES(%lld,1,0,1,64,0,0,0,0)",
                    (5LL << 36) + i);
        fixture_sql(
            db,
            "INSERT INTO collection VALUES(%lld,0,'full',0,0,0,0,"
            "0,0,0,0,0,0,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL)",
            (5LL << 36) + i);
    }
    struct query_run *run = the_run(db);
    cr_assert(eq(
        int,
        plot_write(db, plot_find("fragmentation"), run, 1, dir, "f", &problem),
        1));
    cr_expect(le(int, n_lines("f.csv"), 1 + PLOT_BINS));
    cr_expect(le(int, n_lines("f-refusals.csv"), 1 + 200));
    cr_expect(le(int, n_lines("f-collections.csv"), 1 + 200));
    char *script = read_file("f.gp");
    cr_expect(strstr(script, "thinned to") != NULL);
    free(script);
    query_free_runs(run, 1);
    sqlite3_close(db);
}

Test(plot, the_query_beside_a_figure_asks_for_its_numbers_again)
{
    sqlite3 *db = played(3000, false);
    struct query_run *run = the_run(db);
    cr_assert(eq(
        int, plot_write(db, plot_find("histogram"), run, 1, dir, "h", &problem),
        1));
    char *csv = read_file("h.csv"), *sql = read_file("h.sql");
    char again[512];
    snprintf(again, sizeof again, "%s/again.csv", dir);
    cr_assert(gt(int, query_csv(db, sql, again, false, &problem), 0));
    char *second = read_file("again.csv");
    cr_expect(eq(str, csv, second));
    free(csv);
    free(sql);
    free(second);
    query_free_runs(run, 1);
    sqlite3_close(db);
}

Test(plot, availability_falls_from_all_moments_to_none)
{
    sqlite3 *db = played(3000, false);
    struct query_run *run = the_run(db);
    cr_assert(eq(
        int,
        plot_write(db, plot_find("availability"), run, 1, dir, "a", &problem),
        1));
    char *csv = read_file("a.csv"), *at = strchr(csv, '\n') + 1;
    long before = -1, moments = 3000;
    double last = 100;
    while (*at != 0) {
        char *end;
        (void)strtol(at, &end, 10); /* the run */
        long bytes = strtol(end + 1, &end, 10);
        long n = strtol(end + 1, &end, 10);
        double percent = strtod(end + 1, &end);
        cr_assert(eq(chr, *end, '\n'));
        cr_expect(gt(long, bytes, before));
        cr_expect(le(long, n, moments));
        cr_expect(epsilon_eq(dbl, percent, (double)n / 30, 1e-9));
        before = bytes;
        moments = n;
        last = percent;
        at = strchr(at, '\n') + 1;
    }
    cr_expect(eq(dbl, last, 0));
    free(csv);
    query_free_runs(run, 1);
    sqlite3_close(db);
}

Test(plot, of_a_run_without_rows_is_none_and_leaves_no_file)
{
    sqlite3 *db = made_series(1, 1);
    fixture_sql(db, "DELETE FROM series");
    struct query_run *run = the_run(db);
    for (const struct plot_kind *k = plot_kinds(); k->name != NULL; k++)
        cr_expect(eq(int, plot_write(db, k, run, 1, dir, "none", &problem), 0));
    cr_expect(not(exists("none.sql")));
    cr_expect(not(exists("none.gp")));
    cr_expect(not(exists("none.csv")));
    query_free_runs(run, 1);
    sqlite3_close(db);
}

Test(plot, gnuplot_draws_every_kind_in_both_forms)
{
    if (gnuplot_find(&problem) < 0)
        cr_skip("no gnuplot");
    sqlite3 *db = played(2000, false);
    struct query_run *run = the_run(db);
    char stems[8][PLOT_STEM_CAP];
    int n = 0;
    for (const struct plot_kind *k = plot_kinds(); !k->of_machine; k++, n++) {
        snprintf(stems[n], sizeof stems[n], "%s", k->name);
        cr_assert(
            eq(int, plot_write(db, k, run, 1, dir, stems[n], &problem), 1));
    }
    int err = plot_draw(dir, (const char(*)[PLOT_STEM_CAP])stems, n, &problem);
    cr_assert(eq(int, err, 0), "%s", problem.text);
    for (int i = 0; i < n; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s.png", plot_kinds()[i].name);
        cr_expect(exists(name));
        snprintf(name, sizeof name, "%s.svg", plot_kinds()[i].name);
        char *svg = read_file(name);
        cr_expect(strstr(svg, "prefers-color-scheme: dark") != NULL);
        cr_expect(strstr(svg, "a &lt;b&gt;") != NULL ||
                  strstr(svg, "a &lt;b>") != NULL);
        cr_expect(strstr(svg, "<b>") == NULL);
        free(svg);
    }
    query_free_runs(run, 1);
    sqlite3_close(db);
}

Test(plot, a_missing_gnuplot_is_one_clear_line)
{
    setenv("PATH", "/nonexistent", 1);
    const char stem[1][PLOT_STEM_CAP] = {"x"};
    cr_expect(eq(int, gnuplot_find(&problem), ERR_INPUT));
    cr_expect(strstr(problem.text, "gnuplot") != NULL);
    cr_expect(eq(int, plot_draw(dir, stem, 1, &problem), ERR_INPUT));
    cr_expect(strchr(problem.text, '\n') == NULL);
}

Test(plot, a_script_that_fails_is_named_with_the_reason)
{
    if (gnuplot_find(&problem) < 0)
        cr_skip("no gnuplot");
    char path[512];
    snprintf(path, sizeof path, "%s/bad.gp", dir);
    FILE *f = fopen(path, "w");
    fputs("plot 'no such file.csv'\n", f);
    fclose(f);
    const char *name = "bad";
    cr_expect(eq(int, gnuplot_run(dir, &name, 1, &problem), ERR_IO));
    cr_expect(strstr(problem.text, "bad.gp") != NULL);
    cr_expect(strstr(problem.text, "no such file") != NULL ||
              strstr(problem.text, "line 1") != NULL);
}

Test(plot, a_map_is_read_run_by_run_and_stops_where_it_is_broken)
{
    struct heapmap_run run;
    struct heapmap_reader r = heapmap_read("3h12=5.x2#");
    const struct heapmap_run expected[] = {{0, 3, 'h', HEAPMAP_LIVE},
                                           {3, 12, '=', HEAPMAP_LIVE},
                                           {15, 5, '.', HEAPMAP_FREE},
                                           {20, 1, 'x', HEAPMAP_GARBAGE},
                                           {21, 2, '#', HEAPMAP_TABLES}};
    for (int i = 0; i < 5; i++) {
        cr_assert(heapmap_next(&r, &run));
        cr_expect(eq(u32, run.first, expected[i].first));
        cr_expect(eq(u32, run.n_units, expected[i].n_units));
        cr_expect(eq(chr, run.letter, expected[i].letter));
        cr_expect(eq(int, run.state, expected[i].state));
    }
    cr_expect(not(heapmap_next(&r, &run)));
    cr_expect(not(r.is_broken));

    static const char *const broken[] = {"3h?", "12", "99999999999999999h",
                                         "16777216.1.", "\xff"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        r = heapmap_read(broken[i]);
        while (heapmap_next(&r, &run))
            ;
        cr_expect(r.is_broken, "%s", broken[i]);
    }
    cr_expect(eq(u32, heapmap_length(NULL), 0));
}
