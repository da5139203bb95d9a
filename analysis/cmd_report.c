/* cmd_report.c - `fraglab report`: a folder that tells what happened. */
#include <stdio.h>

#include "analysis/cmd.h"
#include "analysis/options.h"
#include "analysis/report.h"
#include "analysis/store.h"

#define RUNS_CAP 4096

static int run_report(int argc, char **argv)
{
    const char *db_path = STORE_DEFAULT_PATH, *dir = NULL;
    const struct option_row rows[] = {{"--db", &db_path, NULL},
                                      {"-o", &dir, NULL}};
    const char *names[RUNS_CAP];
    int n_names = options_read(argc, argv, rows, sizeof rows / sizeof *rows,
                               names, RUNS_CAP);
    if (n_names < 0)
        return EXIT_USAGE;
    if (dir == NULL)
        return cmd_usage_error("report: -o FOLDER is missing");

    struct store *store = NULL;
    struct problem problem = {""};
    int n_runs = store_open(&store, db_path, true, &problem);
    if (n_runs == 0)
        n_runs = report_write(store_db(store), names, n_names, dir, &problem);
    store_close(store);
    if (n_runs < 0) {
        cmd_usage_error("%s", problem.text);
        return cmd_status_of(n_runs);
    }
    printf("%s/index.html: %d %s\n", dir, n_runs, n_runs == 1 ? "run" : "runs");
    return EXIT_DONE;
}

const struct command cmd_report = {
    .name = "report",
    .summary = "write a page about some runs, or all, with pictures",
    .help = "usage: fraglab report [RUN...] [--db FILE] -o FOLDER\n\n"
            "Write FOLDER/index.html and FOLDER/figures about the runs named "
            "by number or\nby the beginning of their id; about all runs of the "
            "database without a name.\nThe page opens from disk. Other files "
            "of FOLDER stay as they are.\n\n"
            "  -o FOLDER     where; it is made if need be\n"
            "  --db FILE     the database (" STORE_DEFAULT_PATH ")\n\n"
            "Example: fraglab report 1 2 -o results/two\n",
    .run = run_report,
};
