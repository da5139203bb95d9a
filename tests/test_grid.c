/* test_grid.c - grids from JSON: which points they have, what is refused. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "analysis/grid.h"
#include "tests/scratch.h"

static char folder[SCRATCH_CAP];
static struct problem problem;
static struct grid grid;

static void setup(void)
{
    scratch_make(folder);
    problem.text[0] = '\0';
}

static void teardown(void)
{
    grid_release(&grid);
    scratch_remove(folder);
}

TestSuite(grid, .init = setup, .fini = teardown);

/* Read a grid whose members after its name are `rest`. */
static int read_grid(const char *rest)
{
    char path[SCRATCH_CAP + 64];
    FILE *f = fopen(scratch_path(folder, "grid.json", path), "w");
    fprintf(f, "{\"name\": \"test\", %s}", rest);
    fclose(f);
    grid_release(&grid);
    return grid_read(&grid, path, &problem);
}

static void expect_points(const char *const *points, uint32_t n)
{
    cr_assert(eq(u32, grid.n_points, n), "%s", problem.text);
    for (uint32_t i = 0; i < n; i++) {
        char text[GRID_TEXT_CAP];
        grid_describe(&grid.points[i], text);
        cr_expect(eq(str, text, (char *)points[i]));
    }
}

/* The grid is refused, and the message holds all of `words`. */
static void expect_refused(const char *rest, const char *const *words)
{
    cr_expect(eq(int, read_grid(rest), ERR_INPUT), "%s", rest);
    for (; *words != NULL; words++)
        cr_expect(strstr(problem.text, *words) != NULL, "%s: %s", *words,
                  problem.text);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

Test(grid, has_all_combinations_of_its_axes)
{
    static const char *const points[] = {
        "workload=wiki-question manager=tlsf heap=16384",
        "workload=wiki-question manager=tlsf heap=1.5min",
        "workload=wiki-question manager=copying:pins=k heap=16384",
        "workload=wiki-question manager=copying:pins=k heap=1.5min",
    };
    cr_assert(eq(int,
                 read_grid("\"axes\": {\"workload\": \"wiki-question\", "
                           "\"manager\": [\"tlsf\", \"copying:pins=k\"], "
                           "\"heap\": [16384, \"1.5min\"]}"),
                 0),
              "%s", problem.text);
    expect_points(points, 4);
    cr_expect(eq(int, grid.keep, KEEP_SERIES));
}

Test(grid, does_not_multiply_points_by_an_axis_that_is_nothing_to_them)
{
    static const char *const points[] = {
        "workload=churn manager=tlsf machine=native seed=1",
        "workload=churn manager=tlsf machine=native seed=2",
        "workload=churn manager=copying machine=native pins=none seed=1",
        "workload=churn manager=copying machine=native pins=none seed=2",
        "workload=churn manager=copying machine=native pins=k seed=1",
        "workload=churn manager=copying machine=native pins=k seed=2",
    };
    cr_assert(eq(int,
                 read_grid("\"axes\": {\"workload\": \"churn\", "
                           "\"manager\": [\"tlsf\", \"copying\"], \"machine\": "
                           "\"native\", \"flags\": [\"O2\", \"Os\"], \"pins\": "
                           "[\"none\", \"k\"], \"steps\": [\"none\", "
                           "\"1:240\"], \"touch\": [1, 2], \"seed\": [1, "
                           "2]}"),
                 0),
              "%s", problem.text);
    expect_points(points, 6);
}

Test(grid, gives_flags_to_machines_and_no_seed_to_recorded_traces)
{
    static const char *const points[] = {
        "workload=traces/samples/chaos-40k.ftb machine=hazard3 flags=O2",
        "workload=traces/samples/chaos-40k.ftb machine=hazard3 flags=Os",
    };
    cr_assert(eq(int,
                 read_grid("\"axes\": {\"workload\": "
                           "\"traces/samples/chaos-40k.ftb\", \"machine\": "
                           "\"hazard3\", \"flags\": [\"O2\", \"Os\"], "
                           "\"seed\": [1, 2, 3]}"),
                 0),
              "%s", problem.text);
    expect_points(points, 2);
}

Test(grid, leaves_out_what_a_row_excludes_and_adds_what_one_includes)
{
    static const char *const points[] = {
        "workload=comb manager=tlsf",
        "workload=churn:ops=50 manager=fit heap=8K",
        "workload=churn:ops=50 manager=fit heap=9K",
    };
    cr_assert(eq(int,
                 read_grid("\"axes\": {\"workload\": [\"comb\", "
                           "\"churn:ops=50\"], \"manager\": [\"tlsf\", "
                           "\"copying:pins=k\"]}, \"exclude\": [{\"manager\": "
                           "\"copying\"}, {\"workload\": [\"churn\", "
                           "\"comb:x=1\"], \"manager\": \"tlsf\"}], "
                           "\"include\": [{\"workload\": \"churn:ops=50\", "
                           "\"manager\": \"fit\", \"heap\": [\"8K\", "
                           "\"9K\"]}]"),
                 0),
              "%s", problem.text);
    expect_points(points, 3);
}

Test(grid, makes_requests_of_its_points)
{
    struct run_request *q = calloc(1, sizeof *q);
    cr_assert(eq(int,
                 read_grid("\"keep\": \"ops\", \"axes\": {\"workload\": "
                           "\"churn:ops=9\", \"manager\": "
                           "\"handles:indices=8,wait=0\", \"heap\": \"8K\", "
                           "\"machine\": \"hazard3\", \"flags\": \"Os\", "
                           "\"seed\": 7, \"steps\": \"2:500\", \"touch\": 3, "
                           "\"refused\": \"stop\"}"),
                 0),
              "%s", problem.text);
    cr_assert(eq(int, grid_request(&grid.points[0], q, &problem), 0));
    const struct replay_options *o = &q->spec.options;
    cr_expect(eq(int, grid.keep, KEEP_OPS));
    cr_expect(eq(str, q->spec.workload, (char *)"churn:ops=9,seed=7"));
    cr_expect(eq(str, (char *)o->manager, (char *)"handles"));
    cr_expect(eq(u32, o->n_params, 2));
    cr_expect(eq(str, (char *)o->params[1].key, (char *)"wait"));
    cr_expect(eq(str, (char *)q->heap, (char *)"8K"));
    cr_expect(eq(str, (char *)q->machine, (char *)"hazard3"));
    cr_expect(eq(str, (char *)q->flags, (char *)"Os"));
    cr_expect(eq(u32, o->step_every, 2));
    cr_expect(eq(u32, o->step_cycles, 500));
    cr_expect(eq(u32, o->touch_every, 3));
    cr_expect(eq(u32, o->refused, REFUSED_STOP));
    free(q);
}

Test(grid, names_the_key_what_was_found_and_what_is_allowed)
{
    expect_refused("\"axis\": {}", WORDS("axis", "did you mean 'axes'?"));
    expect_refused("\"axes\": {\"workload\": \"churn\", \"heaps\": 1}",
                   WORDS("axes.heaps", "did you mean 'heap'?"));
    expect_refused("\"colour\": 1", WORDS("colour", "allowed: $schema, "));
    expect_refused("\"axes\": {\"manager\": \"tlsf\"}",
                   WORDS("axes", "no key 'workload'"));
    expect_refused("\"axes\": {\"workload\": []}",
                   WORDS("axes.workload", "found a list", "not empty"));
    expect_refused("\"axes\": {\"workload\": [\"comb\", true]}",
                   WORDS("axes.workload[1]", "found true", "a string"));
    expect_refused("\"axes\": {\"workload\": \"churm\"}",
                   WORDS("axes.workload", "churm"));
    expect_refused("\"axes\": {\"workload\": \"-\"}",
                   WORDS("axes.workload", "standard input"));
    expect_refused("\"keep\": \"all\"",
                   WORDS("keep", "found all", "summary, series, ops"));
    expect_refused("\"keep\": \"ops\"", WORDS("no points"));
    expect_refused("\"name\": \"again\"", WORDS("name", "twice"));
}

Test(grid, checks_every_value_before_anything_is_played)
{
    static const char *const rows[][3] = {
        {"\"manager\": \"copyin\"", "axes.manager", "copying"},
        {"\"manager\": [\"tlsf\", \"copying:pin=k\"]", "axes.manager[1]",
         "'pins'"},
        {"\"manager\": \"copying:pins=q\"", "axes.manager", "none|k|kj|kjv"},
        {"\"manager\": \"copying:pins\"", "axes.manager", "key=value"},
        {"\"heap\": \"1.5mim\"", "axes.heap", "1.5min"},
        {"\"heap\": -4", "axes.heap", "a number"},
        {"\"heap\": 20480.5", "axes.heap", "a whole number"},
        {"\"heap\": [\"8K\", \"8K\"]", "axes.heap[1]", "8K stands there twice"},
        {"\"heap\": \"\"", "axes.heap", "found an empty string"},
        {"\"machine\": \"hazard4\"", "axes.machine", "hazard3"},
        {"\"flags\": \"O3\"", "axes.flags", "O2, Os"},
        {"\"pins\": \"x\"", "axes.pins", "none|k|kj|kjv"},
        {"\"seed\": \"one\"", "axes.seed", "a whole number"},
        {"\"seed\": \"18446744073709551616\"", "axes.seed", "not a number"},
        {"\"steps\": \"1\"", "axes.steps", "1:240"},
        {"\"touch\": \"reads\"", "axes.touch", "stores"},
        {"\"refused\": \"ask\"", "axes.refused", "skip, stop, reset"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char rest[256];
        snprintf(rest, sizeof rest, "\"axes\": {\"workload\": \"comb\", %s}",
                 rows[i][0]);
        expect_refused(rest, WORDS(rows[i][1], rows[i][2]));
    }
}

Test(grid, refuses_a_row_of_exclude_that_matches_nothing)
{
    expect_refused("\"axes\": {\"workload\": \"comb\"}, \"exclude\": "
                   "[{\"manager\": \"tlsf\"}]",
                   WORDS("exclude[0]", "no point is like this"));
}

Test(grid, refuses_more_points_than_anyone_can_play)
{
    char rest[8192] = "\"axes\": {\"workload\": \"churn\"";
    static const char *const axes[] = {"seed", "heap", "touch"};
    for (int a = 0; a < 3; a++) {
        sprintf(rest + strlen(rest), ", \"%s\": [1", axes[a]);
        for (int i = 2; i <= 101; i++)
            sprintf(rest + strlen(rest), ",%d", i);
        strcat(rest, "]");
    }
    strcat(rest, "}");
    expect_refused(rest, WORDS("more than 1000000 points"));
}

Test(grid, says_where_a_file_is_no_json)
{
    char path[SCRATCH_CAP + 64];
    FILE *f = fopen(scratch_path(folder, "bad.json", path), "w");
    fputs("{\n  \"name\": \"x\",\n}", f);
    fclose(f);
    cr_expect(eq(int, grid_read(&grid, path, &problem), ERR_INPUT));
    cr_expect(strstr(problem.text, "bad.json:3: not JSON") != NULL, "%s",
              problem.text);
    cr_expect(eq(int, grid_read(&grid, "none.json", &problem), ERR_IO));
}

Test(grid, of_the_study_of_managers_can_be_read)
{
    int err = grid_read(&grid, "configs/studies/managers.json", &problem);
    cr_assert(eq(int, err, 0), "%s", problem.text);
    cr_expect(gt(u32, grid.n_points, 100));
}
