/* cmd_sweep.c - `fraglab sweep`: play every point of a grid. */
#include <stdlib.h>
#include <string.h>

#include "analysis/cmd.h"
#include "analysis/options.h"
#include "analysis/sweep.h"

static int print_points(const struct grid *g)
{
    char point[GRID_TEXT_CAP];
    for (uint32_t i = 0; i < g->n_points; i++) {
        grid_describe(&g->points[i], point);
        puts(point);
    }
    printf("%s: %u points\n", g->name, g->n_points);
    return EXIT_DONE;
}

static int play_points(const struct grid *g, const char *db, uint32_t n_workers)
{
    struct sweep_counts counts;
    struct problem problem = {""};
    int err = sweep_play(g, db, n_workers, stdout, &counts, &problem);
    if (err < 0) {
        cmd_usage_error("%s", problem.text);
        return cmd_status_of(err);
    }
    printf("%s: %u points: %u played, %u there already, %u failed\n", g->name,
           g->n_points, counts.played, counts.there, counts.failed);
    if (counts.lost > 0)
        cmd_usage_error("%u of the workers died; start the sweep again to play "
                        "what they lost",
                        counts.lost);
    return counts.failed + counts.lost > 0 ? EXIT_FAILED : EXIT_DONE;
}

/* -j N: 1 to SWEEP_WORKERS_CAP; 0 if it is anything else. */
static uint32_t read_workers(const char *text)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    bool is_good = *text >= '0' && *text <= '9' && *end == '\0';
    return is_good && n <= SWEEP_WORKERS_CAP ? (uint32_t)n : 0;
}

static int run_sweep(int argc, char **argv)
{
    const char *db = STORE_DEFAULT_PATH, *workers = "1", *file = NULL;
    bool is_dry = false;
    const struct option_row rows[] = {{"--db", &db, NULL},
                                      {"-j", &workers, NULL},
                                      {"--dry-run", NULL, &is_dry}};
    int n =
        options_read(argc, argv, rows, sizeof rows / sizeof *rows, &file, 1);
    if (n < 0)
        return EXIT_USAGE;
    if (n != 1)
        return cmd_usage_error("sweep: give one grid, a JSON file");
    if (read_workers(workers) == 0)
        return cmd_usage_error("sweep: -j %s: give a number from 1 to %u",
                               workers, SWEEP_WORKERS_CAP);
    struct grid g;
    struct problem problem = {""};
    int err = grid_read(&g, file, &problem);
    int status = EXIT_DONE;
    if (err < 0) {
        cmd_usage_error("%s", problem.text);
        status = cmd_status_of(err);
    } else {
        status = is_dry ? print_points(&g)
                        : play_points(&g, db, read_workers(workers));
    }
    grid_release(&g);
    return status;
}

const struct command cmd_sweep = {
    .name = "sweep",
    .summary = "play every point of a grid of workloads, managers, heaps ...",
    .help =
        "usage: fraglab sweep GRID.json [--db FILE] [-j N] [--dry-run]\n"
        "\n"
        "Plays the combinations of the values that GRID.json lists by axis:\n"
        "workload, manager (with parameters: copying:pins=k), heap, machine,\n"
        "flags, pins, seed, steps, touch, refused; without those that a row "
        "of\n"
        "'exclude' matches, with those of 'include'. Its keys are those of\n"
        "configs/schema/study.json. A run that the database holds is not\n"
        "played again, so a sweep that was stopped goes on when it is started\n"
        "again; points that fail are kept with their reason (view points).\n"
        "\n"
        "  --db FILE     the SQLite database (" STORE_DEFAULT_PATH ")\n"
        "  -j N          so many processes at once (1)\n"
        "  --dry-run     print the points, play nothing\n"
        "\n"
        "Exit status: 0 done, 1 a point failed, 2 wrong usage or grid.\n"
        "\n"
        "example: fraglab sweep configs/studies/managers.json --dry-run\n",
    .run = run_sweep,
};
