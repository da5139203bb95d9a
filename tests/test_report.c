/* test_report.c - the page: what it says, what it links, whom it trusts. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/gnuplot.h"
#include "analysis/report.h"
#include "analysis/text.h"
#include "tests/fixture.h"

static char dir[64];
static struct problem problem;

static int remove_one(const char *path, const struct stat *s, int type,
                      struct FTW *walk)
{
    (void)s, (void)type, (void)walk;
    return remove(path);
}

static void setup(void)
{
    strcpy(dir, "/tmp/fraglab-report-XXXXXX");
    cr_assert(mkdtemp(dir) != NULL);
}

static void teardown(void)
{
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

TestSuite(report, .init = setup, .fini = teardown);

static void need_gnuplot(void)
{
    if (gnuplot_find(&problem) < 0)
        cr_skip("no gnuplot");
}

static char *place(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static bool exists(const char *name)
{
    struct stat s;
    return stat(place(name), &s) == 0;
}

static char *read_file(const char *name)
{
    FILE *f = fopen(place(name), "r");
    cr_assert(f != NULL, "%s", name);
    char *text = calloc(1, 8 << 20);
    size_t n = fread(text, 1, (8 << 20) - 1, f);
    fclose(f);
    cr_assert(gt(sz, n, 0));
    return text;
}

static void write_file(const char *name, const char *text)
{
    FILE *f = fopen(place(name), "w");
    fputs(text, f);
    fclose(f);
}

static sqlite3 *played(const char *trace, uint64_t n_ops, bool with_ops)
{
    sqlite3 *db = fixture_open(":memory:");
    struct fixture_run run = {.number = 5,
                              .trace = trace,
                              .n_units = 300,
                              .n_ops = n_ops,
                              .seed = 3,
                              .max_live = 90,
                              .with_ops = with_ops};
    fixture_play(db, &run);
    return db;
}

static sqlite3 *on_machine(uint64_t n_ops, bool with_ops)
{
    sqlite3 *db = fixture_open(":memory:");
    struct fixture_run run = {.number = 5,
                              .trace = "boot",
                              .n_units = 300,
                              .n_ops = n_ops,
                              .seed = 3,
                              .max_live = 90,
                              .with_ops = with_ops,
                              .machine = "hazard3"};
    fixture_play(db, &run);
    return db;
}

static int report_all(sqlite3 *db)
{
    return report_write(db, NULL, 0, dir, &problem);
}

/* Every href and src of the page names a file of the folder, or a place on */
/* the page that is there. */
static void check_links(const char *page)
{
    int n = 0;
    for (const char *at = page; (at = strpbrk(at, "hs")) != NULL; at++) {
        char target[256];
        if (sscanf(at, "href=\"%255[^\"]\"", target) != 1 &&
            sscanf(at, "src=\"%255[^\"]\"", target) != 1)
            continue;
        n++;
        if (target[0] == '#') {
            char id[300];
            snprintf(id, sizeof id, "id=\"%s\"", target + 1);
            cr_expect(strstr(page, id) != NULL, "%s", target);
        } else {
            cr_expect(exists(target), "%s", target);
        }
    }
    cr_expect(gt(int, n, 10));
    cr_expect(strstr(page, "http:") == NULL);
    cr_expect(strstr(page, "https:") == NULL);
}

Test(report, links_only_what_lies_in_its_folder)
{
    need_gnuplot();
    sqlite3 *db = played("boot", 2500, true);
    struct fixture_run second = {6, "second", 200, 900, 8, 60, false, NULL};
    fixture_play(db, &second);
    int n = report_all(db);
    cr_assert(eq(int, n, 2), "%s", problem.text);
    char *page = read_file("index.html");
    check_links(page);
    cr_expect(strstr(page, "data-map=\"map-5-worst\"") != NULL);
    cr_expect(exists("figures/map-5-worst.js"));
    cr_expect(exists("figures/run-5-fragmentation.png"));
    cr_expect(not(exists("figures.part")));
    free(page);
    sqlite3_close(db);
}

/* The number that a query gives, as the page writes it. */
static char *shown(sqlite3 *db, const char *sql)
{
    static char out[TEXT_NUMBER_CAP];
    int64_t n;
    cr_assert(eq(int, query_number(db, &n, -1, &problem, "%s", sql), 0));
    return text_count(out, (uint64_t)n);
}

static void expect_shown(const char *page, sqlite3 *db, const char *before,
                         const char *sql, const char *after)
{
    char needle[256];
    snprintf(needle, sizeof needle, "%s%s%s", before, shown(db, sql), after);
    cr_expect(strstr(page, needle) != NULL, "%s", needle);
}

Test(report, tells_of_a_machine_run_what_it_cost_and_what_that_is_worth)
{
    need_gnuplot();
    sqlite3 *db = on_machine(2500, true);
    cr_assert(eq(int, report_all(db), 1), "%s", problem.text);
    char *page = read_file("index.html");
    check_links(page);
    static const char *const wanted[] = {
        "<b>boot</b> under marksweep on hazard3",
        "core hazard3, timing model version 1",
        "cycle-exact",
        "sram (ram): wait states: fetch 0, load 1, store 0",
        "150,000,000 Hz",
        "<code>1ma9e</code>, 4,321 bytes of code",
        "64 bytes at the deepest",
        "<b>7</b> events had a price that no document settles",
        "figures/run-5-cycles.svg",
        "figures/run-5-cycles-time.svg",
        "figures/run-5-pauses-utilisation.csv",
        "Collections by phase",
        "counts as nothing"};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        cr_expect(strstr(page, wanted[i]) != NULL, "%s", wanted[i]);
    expect_shown(page, db, "An allocation took <b>",
                 "SELECT p50 FROM cycles WHERE kind='alloc'", "</b> cycles");
    expect_shown(page, db, "&micro;s) and <b>",
                 "SELECT max(cycles) FROM op_cost", "</b> at most");
    expect_shown(page, db, "together: <b>",
                 "SELECT (SELECT SUM(cycles) FROM op_cost) + (SELECT "
                 "SUM(cycles) FROM event_cost)",
                 "</b> cycles");
    expect_shown(page, db, "<td class=name>mark<td>",
                 "SELECT SUM(mark) FROM collection", "<td>");
    free(page);
    sqlite3_close(db);
}

Test(report, stands_managers_on_machines_side_by_side)
{
    need_gnuplot();
    sqlite3 *db = on_machine(900, false);
    struct fixture_run second = {6, "other", 200, 900, 8, 60, false, NULL};
    fixture_play(db, &second);
    cr_assert(eq(int, report_all(db), 2), "%s", problem.text);
    char *page = read_file("index.html");
    cr_expect(strstr(page, "Cycles, run beside run") != NULL);
    cr_expect(strstr(page, "<td class=name>hazard3</td>") != NULL);
    cr_expect(strstr(page, "<td class=name>native</td>") == NULL);
    expect_shown(page, db, ">", "SELECT p50 FROM cycles WHERE kind='free'",
                 "</td>");
    cr_expect(strstr(page, "figures/run-6-cycles.svg") == NULL);
    free(page);
    sqlite3_close(db);
}

/* Three runs of one trace in one heap, which `change` makes what they are. */
static char *compared(const char *change)
{
    sqlite3 *db = played("boot", 400, false);
    struct fixture_run run = {6, "boot", 300, 400, 3, 90, false, NULL};
    for (; run.number < 8; run.number++)
        fixture_play(db, &run);
    fixture_sql(db, "UPDATE run SET trace='hash5'; %s", change);
    cr_assert(eq(int, report_all(db), 3), "%s", problem.text);
    sqlite3_close(db);
    return read_file("index.html");
}

Test(report, draws_guarantee_cards_and_how_near_each_run_came)
{
    need_gnuplot();
    char *page = compared(
        "UPDATE run SET manager='copying' WHERE number=6;"
        "UPDATE run SET manager='tlsf' WHERE number=7;"
        "UPDATE summary SET end_used=3000, end_free=1480, guarantee_live=3600,"
        "guarantee_sure=1200, guarantee_seq=77 WHERE run=5;"
        "UPDATE summary SET guarantee_live=3000, guarantee_sure=4000,"
        "guarantee_seq=1234 WHERE run=6");
    static const char *const wanted[] = {
        "<h3>Guarantee cards</h3>",
        "<h3>Guarantee card</h3>",
        "<td class=text>never beyond the bound",
        ">none beyond 1,200<td data-v=\"3600\">3,600<td "
        "data-v=\"3000000\">300.0 %<td data-v=\"77\">77<td class=text>12.5 % "
        "at the end; 2 bits a block",
        ">up to 4,000<td data-v=\"3000\">3,000<td data-v=\"750000\">75.0 %<td "
        "data-v=\"1234\">1,234<",
        ">nothing is certain<",
        "<td class=text>precise roots, or pins",
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        cr_expect(strstr(page, wanted[i]) != NULL, "%s", wanted[i]);
    check_links(page);
    free(page);
}

Test(report, has_no_card_of_a_manager_that_is_not_one_of_ours)
{
    need_gnuplot();
    char *page = compared("UPDATE run SET manager='outside' WHERE number=5;"
                          "UPDATE run SET manager='outside:x' WHERE number=6;"
                          "UPDATE run SET manager='of 2031' WHERE number=7");
    cr_expect(strstr(page, "Managers side by side") != NULL);
    cr_expect(strstr(page, "<h3>Guarantee") == NULL);
    free(page);
}

Test(report, without_a_clock_tells_cycles_only)
{
    need_gnuplot();
    sqlite3 *db = on_machine(300, false);
    fixture_sql(db, "UPDATE machine SET clock_hz=0, core='<b>'");
    cr_assert(eq(int, report_all(db), 1), "%s", problem.text);
    char *page = read_file("index.html");
    cr_expect(strstr(page, "not stated: no microseconds") != NULL);
    cr_expect(strstr(page, "&micro;s") == NULL);
    cr_expect(strstr(page, "core <b>") == NULL);
    free(page);
    sqlite3_close(db);
}

Test(report, of_native_runs_has_no_cycles)
{
    need_gnuplot();
    sqlite3 *db = played("t", 300, true);
    cr_assert(eq(int, report_all(db), 1), "%s", problem.text);
    char *page = read_file("index.html");
    cr_expect(strstr(page, "Cycles on") == NULL);
    cr_expect(strstr(page, "An allocation took") == NULL);
    free(page);
    sqlite3_close(db);
}

Test(report, shows_hostile_names_and_lets_none_act)
{
    need_gnuplot();
    sqlite3 *db =
        played("<script>alert(1)</script>\" onload='x'\n`id`\xff&", 500, false);
    fixture_sql(db, "UPDATE run SET manager='<b>m</b>', status='failed', "
                    "reason='</p><script>x</script>', spec='<i>', "
                    "id='\"><img src=x>'; "
                    "UPDATE collection SET cause='<img src=x>'; "
                    "UPDATE trace SET program='<u>'");
    int n = report_all(db);
    cr_assert(eq(int, n, 1), "%s", problem.text);
    char *page = read_file("index.html");
    cr_expect(strstr(page, "<script>alert") == NULL);
    cr_expect(strstr(page, "<script>x") == NULL);
    cr_expect(strstr(page, "<img src=x") == NULL);
    cr_expect(strstr(page, "<b>m</b>") == NULL);
    cr_expect(strstr(page, "<u>") == NULL);
    cr_expect(strstr(page, "<i>") == NULL);
    cr_expect(strstr(page, "onload='") == NULL);
    cr_expect(strstr(page, "&lt;script&gt;alert(1)&lt;/script&gt;&quot;") !=
              NULL);
    free(page);
    sqlite3_close(db);
}

/* The sentences about a first refusal of that outcome. */
static char *told(int outcome, const char *more)
{
    sqlite3 *db = played("t", 400, false);
    fixture_sql(db,
                "DELETE FROM refusal; DELETE FROM series; DELETE FROM "
                "heapmap; DELETE FROM histogram; "
                "INSERT INTO refusal VALUES(%lld,%d,1,9,512,9216,448,140,"
                "0.9); "
                "UPDATE summary SET min_largest_request=1024, "
                "p1_largest_request=1536, allocations=2990, reallocs=10, "
                "refused=17, refused_short=2, refused_fragmented=15; %s",
                (5LL << 36) + 12345, outcome, more);
    cr_assert(eq(int, report_all(db), 1), "%s", problem.text);
    sqlite3_close(db);
    return read_file("index.html");
}

Test(report, answers_first_what_would_have_succeeded_and_what_was_refused)
{
    need_gnuplot();
    char *page = told(OUTCOME_FRAGMENTED, "");
    cr_expect(strstr(page, "<b>1,024 bytes</b> at every moment") != NULL);
    cr_expect(strstr(page, "<b>1,536 bytes</b> at 99 % of the moments") !=
              NULL);
    cr_expect(strstr(page, "at operation <b>12,345</b>, which asked for "
                           "<b>512</b> bytes (the recording saw it refused, "
                           "too): memory was <b>fragmented</b>: <b>9,216</b> "
                           "bytes were free in <b>140</b> holes, the longest "
                           "of <b>448</b> bytes.") != NULL);
    cr_expect(strstr(page, "In all <b>17</b> of 3,000 requests were refused: "
                           "15 fragmented, 2 short of memory.") != NULL);
    free(page);
}

Test(report, tells_every_cause_of_a_refusal)
{
    need_gnuplot();
    static const char *const words[OUTCOME_N] = {
        [OUTCOME_SHORT] = "memory was <b>short</b>",
        [OUTCOME_FRAGMENTED] = "memory was <b>fragmented</b>",
        [OUTCOME_LOCKED] = "the heap was <b>locked</b>",
        [OUTCOME_OFF] = "<b>not allowed</b>",
        [OUTCOME_INDEX] = "no <b>handle</b> was left",
        [OUTCOME_LIMIT] = "larger than the manager can ever grant"};
    for (int i = OUTCOME_SHORT; i < OUTCOME_N; i++) {
        char *page = told(i, "");
        cr_expect(strstr(page, words[i]) != NULL, "%s", words[i]);
        free(page);
    }
}

Test(report, says_so_where_not_even_the_smallest_request_had_room)
{
    need_gnuplot();
    char *page = told(1, "UPDATE summary SET min_largest_request=0");
    cr_expect(strstr(page, "at every moment <b>none</b>") != NULL);
    free(page);
}

Test(report, of_an_empty_database_says_that_it_is_empty)
{
    sqlite3 *db = fixture_open(":memory:");
    cr_assert(eq(int, report_all(db), 0), "%s", problem.text);
    char *page = read_file("index.html");
    cr_expect(strstr(page, "holds no runs") != NULL);
    free(page);
    sqlite3_close(db);
}

Test(report, stands_on_a_run_that_kept_its_summary_only)
{
    need_gnuplot();
    sqlite3 *db = played("t", 300, false);
    static const char *const tables[] = {"series",  "histogram", "heapmap",
                                         "object",  "edge",      "collection",
                                         "refusal", "op"};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        fixture_sql(db, "DELETE FROM %s", tables[i]);
    cr_expect(eq(int, report_all(db), 1), "%s", problem.text);
    char *page = read_file("index.html");
    cr_expect(strstr(page, "<img") == NULL);
    free(page);
    fixture_sql(db, "DELETE FROM summary; UPDATE run SET status='failed', "
                    "reason='object 7 overlaps object 9'");
    cr_expect(eq(int, report_all(db), 1), "%s", problem.text);
    page = read_file("index.html");
    cr_expect(strstr(page, "The run failed</b>: object 7 overlaps object 9") !=
              NULL);
    free(page);
    sqlite3_close(db);
}

Test(report, tells_the_exact_operation_only_where_operations_were_kept)
{
    need_gnuplot();
    sqlite3 *db = played("t", 5000, true);
    cr_assert(eq(int, report_all(db), 1), "%s", problem.text);
    char *with = read_file("index.html");
    cr_expect(strstr(with, "One moment a stretch of the run, the smallest "
                           "first.</p>") != NULL);
    fixture_sql(db, "DELETE FROM op");
    cr_assert(eq(int, report_all(db), 1), "%s", problem.text);
    char *without = read_file("index.html");
    cr_expect(strstr(without, "free is the mean") != NULL);
    free(with);
    free(without);
    sqlite3_close(db);
}

Test(report, keeps_the_other_files_of_its_folder)
{
    need_gnuplot();
    sqlite3 *db = played("t", 300, false);
    write_file("demo.db", "not a report's");
    cr_assert(eq(int, report_all(db), 1), "%s", problem.text);
    write_file("figures/run-99-stale.svg", "of an older report");
    write_file("index.html", "old");
    cr_assert(eq(int, report_all(db), 1), "%s", problem.text);
    char *kept = read_file("demo.db"), *page = read_file("index.html");
    cr_expect(eq(str, kept, "not a report's"));
    cr_expect(gt(sz, strlen(page), 1000));
    cr_expect(not(exists("figures/run-99-stale.svg")));
    cr_expect(not(exists(".figures.part")));
    cr_expect(not(exists(".index.html.part")));
    free(kept);
    free(page);
    sqlite3_close(db);
}

Test(report, goes_on_where_a_killed_one_left_its_parts)
{
    need_gnuplot();
    sqlite3 *db = played("t", 300, false);
    mkdir(place(".figures.part"), 0777);
    write_file(".figures.part/.made-by-fraglab", "");
    write_file(".figures.part/run-1-half.csv", "1,2");
    cr_expect(eq(int, report_all(db), 1), "%s", problem.text);
    cr_expect(not(exists("figures/run-1-half.csv")));
    sqlite3_close(db);
}

Test(report, leaves_a_foreign_folder_of_that_name_alone)
{
    need_gnuplot();
    sqlite3 *db = played("t", 300, false);
    mkdir(place("figures"), 0777);
    write_file("figures/mine.txt", "mine");
    cr_expect(eq(int, report_all(db), ERR_INPUT));
    cr_expect(strstr(problem.text, "figures: exists") != NULL);
    cr_expect(exists("figures/mine.txt"));
    cr_expect(not(exists("index.html")));
    sqlite3_close(db);
}

Test(report, without_gnuplot_is_refused_before_anything_is_written)
{
    sqlite3 *db = played("t", 300, false);
    setenv("PATH", "/nonexistent", 1);
    cr_expect(eq(int, report_all(db), ERR_INPUT));
    cr_expect(strstr(problem.text, "gnuplot") != NULL);
    cr_expect(not(exists("index.html")));
    cr_expect(not(exists("figures")));
    sqlite3_close(db);
}

Test(report, finds_runs_by_number_and_by_the_beginning_of_the_id)
{
    sqlite3 *db = played("t", 50, false);
    fixture_rows(db, 12, 10, 0, "series");
    fixture_sql(db, "UPDATE run SET id='12abcd' WHERE number=5; "
                    "UPDATE run SET id='12abff' WHERE number=12");
    struct query_run *runs;
    int n;
    const char *const both[] = {"12", "12abc"};
    cr_assert(eq(int, query_runs(db, both, 2, &runs, &n, &problem), 0));
    cr_expect(eq(i64, runs[0].number, 12));
    cr_expect(eq(i64, runs[1].number, 5));
    query_free_runs(runs, n);
    static const char *const wrong[] = {"12ab", "7", "", "zz", "'"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_expect(eq(int, query_runs(db, &wrong[i], 1, &runs, &n, &problem),
                     ERR_INPUT),
                  "%s", wrong[i]);
        cr_expect(eq(ptr, runs, NULL));
    }
    sqlite3_close(db);
}

/* Numbers that no run has: the page may be senseless, but nothing else. */
Test(report, survives_rows_that_make_no_sense)
{
    need_gnuplot();
    static const char *const changes[] = {
        "UPDATE series SET bin=bin*1000003-7, min=-1, mean=1e300, max=-9",
        "UPDATE run SET series_shift=-5, heap_bytes=-1",
        "UPDATE run SET series_shift=1000000, heap_bytes=9223372036854775807",
        "UPDATE summary SET operations=9223372036854775807",
        "UPDATE summary SET operations=-1, worst_seq=-1, frag_mean=1e308",
        "UPDATE summary SET guarantee_live=9223372036854775807, "
        "guarantee_sure=1, guarantee_seq=-1, end_used=9223372036854775807, "
        "end_free=9223372036854775807",
        "UPDATE histogram SET lower=9223372036854775807-rowid, count=-1",
        "UPDATE histogram SET lower=lower-9, upper=-1",
        "UPDATE heapmap SET units='99999999999h', base=-1, unit_bytes=0",
        "UPDATE heapmap SET units='16777216.', unit_bytes=4294967295",
        "UPDATE heapmap SET units='5h!'",
        "UPDATE object SET address=-1, granted=-5, asked=1<<62, site=-1",
        "UPDATE refusal SET asked=-1, free=1<<62, frag_index=-1e300",
        "UPDATE collection SET reclaimed_bytes=9223372036854775807",
        "UPDATE collection SET clock=-clock, cycles=9223372036854775807",
        "UPDATE collection SET clock=1000000-clock, mark=-7",
        "UPDATE cycles SET count=0-count, p50=-1, max=9223372036854775807",
        "UPDATE machine_total SET cycles=0, gc_cycles=9223372036854775807",
        "UPDATE machine SET core='none', clock_hz=-1, config='{\"memory\":[7,"
        "{\"name\":3}]}'",
        "UPDATE machine SET config='<', clock_hz=1; DELETE FROM image",
        "UPDATE histogram SET count=0 WHERE name LIKE 'cycles%'",
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        sqlite3 *db = on_machine(300, true);
        sqlite3_exec(db, changes[i], NULL, NULL, NULL);
        int n = report_all(db);
        cr_expect(n == 1 || n == ERR_IO || n == ERR_INPUT, "%s: %d %s",
                  changes[i], n, problem.text);
        cr_expect(strchr(problem.text, '\n') == NULL);
        sqlite3_close(db);
    }
}

Test(report, of_a_database_whose_tables_are_something_else_is_refused)
{
    sqlite3 *db = fixture_open(":memory:");
    fixture_sql(db, "DROP TABLE edge; CREATE VIEW edge AS WITH RECURSIVE c(x) "
                    "AS (SELECT 1 UNION ALL SELECT x FROM c) SELECT x FROM c");
    cr_expect(eq(int, report_all(db), ERR_INPUT));
    cr_expect(strstr(problem.text, "tables") != NULL);
    cr_expect(not(exists("index.html")));
    sqlite3_close(db);
}
