/* cmd_plot.c - `fraglab plot`: one figure, with what it was made from. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "analysis/cmd.h"
#include "analysis/folder.h"
#include "analysis/gnuplot.h"
#include "analysis/options.h"
#include "analysis/plot.h"
#include "analysis/query_machine.h"
#include "analysis/store.h"
#include "traces/nearest.h"

/* Where a figure goes: FOLDER/STEM.svg or FOLDER/STEM.png. */
struct place {
    char folder[PATH_MAX];
    char stem[PLOT_STEM_CAP];
    const char *ending;
};

static int find_place(struct place *p, const char *file)
{
    const char *slash = strrchr(file, '/');
    const char *base = slash == NULL ? file : slash + 1;
    const char *dot = strrchr(base, '.');
    if (dot == NULL || dot == base ||
        (strcmp(dot, ".svg") != 0 && strcmp(dot, ".png") != 0))
        return cmd_usage_error("plot: -o %s: a name that ends in .svg or .png "
                               "is needed",
                               file);
    if ((size_t)(dot - base) >= sizeof p->stem ||
        strlen(file) >= sizeof p->folder)
        return cmd_usage_error("plot: -o %.64s...: the name is too long", file);
    p->ending = dot + 1;
    snprintf(p->stem, sizeof p->stem, "%.*s", (int)(dot - base), base);
    if (slash == NULL)
        snprintf(p->folder, sizeof p->folder, ".");
    else
        snprintf(p->folder, sizeof p->folder, "%.*s",
                 slash == file ? 1 : (int)(slash - file), file);
    return EXIT_DONE;
}

static int unknown_kind(const char *name)
{
    const char *names[16], *near;
    size_t n = 0;
    char list[256] = "";
    for (const struct plot_kind *k = plot_kinds(); k->name != NULL; k++) {
        names[n++] = k->name;
        size_t length = strlen(list);
        snprintf(list + length, sizeof list - length, "%s%s",
                 length == 0 ? "" : ", ", k->name);
    }
    near = nearest_name(name, names, n);
    if (near != NULL)
        return cmd_usage_error("plot: unknown kind '%.64s'; did you mean "
                               "'%s'?",
                               name, near);
    return cmd_usage_error("plot: unknown kind '%.64s'; known are %s", name,
                           list);
}

static int move_file(const struct folder *made, const struct place *p,
                     const char *part, const char *ending,
                     struct problem *problem)
{
    char name[PLOT_STEM_CAP + 32], from[PATH_MAX], to[PATH_MAX];
    snprintf(name, sizeof name, "%s%s%s.%s", p->stem, *part == 0 ? "" : "-",
             part, ending);
    int n = snprintf(from, sizeof from, "%s/%s", made->part, name);
    int k = snprintf(to, sizeof to, "%s/%s", p->folder, name);
    if (n >= PATH_MAX || k >= PATH_MAX)
        return problem_set(problem, ERR_INPUT, "%s: name too long", p->folder);
    if (rename(from, to) != 0)
        return problem_set(problem, ERR_IO, "%s: %s", to, strerror(errno));
    return 0;
}

/* Move what was made to its place, the picture last. */
static int move_files(const struct folder *made, const struct place *p,
                      const struct plot_kind *kind, struct problem *problem)
{
    int err = move_file(made, p, "", "sql", problem);
    if (err == 0)
        err = move_file(made, p, "", "gp", problem);
    for (int i = 0; kind->parts[i] != NULL && err == 0; i++)
        err = move_file(made, p, kind->parts[i], "csv", problem);
    if (err == 0)
        err = move_file(made, p, "", "csv", problem);
    if (err == 0)
        err = move_file(made, p, "", p->ending, problem);
    return err;
}

/* A figure of cycles needs runs on a machine. */
static int expect_machine(const struct plot_kind *kind,
                          const struct query_run *runs, int n_runs,
                          struct problem *problem)
{
    for (int i = 0; i < n_runs && kind->of_machine; i++)
        if (query_is_native(&runs[i]))
            return problem_set(problem, ERR_INPUT,
                               "plot: run %" PRId64
                               " is native and has no cycles; a figure '%s' "
                               "needs fraglab replay --machine NAME",
                               runs[i].number, kind->name);
    return 0;
}

static int make_figure(sqlite3 *db, const struct plot_kind *kind,
                       const char **names, int n_names, const struct place *p,
                       struct problem *problem)
{
    struct query_run *runs;
    int n_runs;
    struct folder made = {.lock = -1};
    int err = query_runs(db, names, n_names, &runs, &n_runs, problem);
    if (err == 0)
        err = expect_machine(kind, runs, n_runs, problem);
    if (err == 0)
        err = gnuplot_find(problem);
    if (err == 0)
        err = folder_begin(&made, p->folder, "fraglab-plot", problem);
    if (err == 0)
        err = plot_write(db, kind, runs, n_runs, made.part, p->stem, problem);
    if (err == 0)
        err = problem_set(
            problem, ERR_INPUT,
            "plot: the database keeps nothing of %s %s for a "
            "figure '%s'%s",
            n_names == 1 ? "run" : "runs", names[0], kind->name,
            strcmp(kind->name, "pauses") == 0 ? ": nothing was collected" : "");
    if (err > 0)
        err = plot_draw(made.part, (const char(*)[PLOT_STEM_CAP])p->stem, 1,
                        problem);
    if (err == 0)
        err = move_files(&made, p, kind, problem);
    folder_abandon(&made);
    query_free_runs(runs, n_runs);
    return err;
}

static int run_plot(int argc, char **argv)
{
    const char *db_path = STORE_DEFAULT_PATH, *file = NULL;
    const struct option_row rows[] = {{"--db", &db_path, NULL},
                                      {"-o", &file, NULL}};
    const char *names[PLOT_RUNS_CAP + 1];
    int n = options_read(argc, argv, rows, sizeof rows / sizeof *rows, names,
                         PLOT_RUNS_CAP + 1);
    if (n < 0)
        return EXIT_USAGE;
    if (n < 2)
        return cmd_usage_error("plot: a kind and a run are needed; see "
                               "fraglab plot --help");
    if (file == NULL)
        return cmd_usage_error("plot: -o FILE is missing");
    const struct plot_kind *kind = plot_find(names[0]);
    if (kind == NULL)
        return unknown_kind(names[0]);
    if (n - 1 > kind->max_runs)
        return cmd_usage_error("plot: %s draws one run a figure, not %d",
                               kind->name, n - 1);
    struct place p;
    if (find_place(&p, file) != EXIT_DONE)
        return EXIT_USAGE;

    struct store *store = NULL;
    struct problem problem = {""};
    int err = store_open(&store, db_path, true, &problem);
    if (err == 0)
        err =
            make_figure(store_db(store), kind, names + 1, n - 1, &p, &problem);
    store_close(store);
    if (err < 0) {
        cmd_usage_error("%s", problem.text);
        return cmd_status_of(err);
    }
    puts(file);
    return EXIT_DONE;
}

const struct command cmd_plot = {
    .name = "plot",
    .summary = "draw one figure of a run, or of several, as SVG or PNG",
    .help =
        "usage: fraglab plot KIND RUN... [--db FILE] -o FILE.svg|FILE.png\n\n"
        "Draw a figure of the runs named by number or by the beginning of "
        "their id.\nBeside FILE stand its numbers (.csv), the query that asked "
        "for them (.sql) and\nthe script of gnuplot (.gp).\n\n"
        "  fragmentation  bytes over operations, with collections and "
        "refusals\n"
        "  availability   how often a request of a size would have succeeded\n"
        "  heapmap        address by operation (one run)\n"
        "  histogram      holes by length, at the worst moment and the end\n"
        "  managers       several runs of one trace, a line each: the largest\n"
        "                 request that would have succeeded, the largest free "
        "block\n\n"
        "and of runs on a machine (replay --machine)\n\n"
        "  cycles         how often an operation took so many cycles or more\n"
        "  cycles-time    cycles over operations, with collections\n"
        "  pauses         collections by phase; what they leave of any window "
        "of\n"
        "                 time (MMU, BMU; a lower bound: the clock counts the\n"
        "                 manager's cycles only)\n\n"
        "  -o FILE        the picture\n"
        "  --db FILE      the database (" STORE_DEFAULT_PATH ")\n\n"
        "Example: fraglab plot fragmentation 1 -o fragmentation.svg\n",
    .run = run_plot,
};
