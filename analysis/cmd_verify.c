/* cmd_verify.c - fraglab verify: play a stored run again and compare. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analysis/cmd.h"
#include "analysis/options.h"
#include "analysis/rerun.h"

/* What a verification is asked for. */
struct request {
    const char *db, *run, *trace;
    int keep; /* enum keep, or -1: keep nothing                            */
    bool quiet;
};

static void print_difference(void *ctx, const char *figure, const char *before,
                             const char *after)
{
    (void)ctx;
    printf("  %-22s was %s, is %s\n", figure, before, after);
}

/* The new outcome against the old one; 0, ERR_CHECK, or a failure. */
static int judge(const struct rerun *r, struct store *s,
                 const struct outcome_of_run *now, bool quiet,
                 struct problem *problem)
{
    int n = rerun_compare(r, s, now, print_difference, NULL, problem);
    if (n < 0)
        return n;
    if (n > 0) {
        printf("run %.12s differs in %d of its figures\n", r->id, n);
        return problem_set(problem, ERR_CHECK,
                           "run %.12s: playing it again gave another result",
                           r->id);
    }
    if (!quiet)
        printf("run %.12s repeats: state digest %s, %llu operations", r->id,
               now->result.state_digest,
               (unsigned long long)now->result.operations);
    if (!quiet && now->has_costs)
        printf(", %llu cycles", (unsigned long long)now->totals.cycles);
    if (!quiet)
        putchar('\n');
    return 0;
}

/* Play; on equality keep what was asked to be kept. */
static int play(const struct request *q, const struct rerun *r, struct store *s,
                struct metrics *metrics, struct problem *problem)
{
    struct outcome_of_run now;
    struct store_run *run = NULL;
    struct sink sink;
    int err = 0;
    if (q->keep >= 0)
        err = store_begin_run(s, (enum keep)q->keep, &run, problem);
    if (err < 0)
        return err;
    if (run != NULL)
        sink = store_run_sink(run);
    err = rerun_play(r, run == NULL ? NULL : &sink, metrics, &now, problem);
    if (err == 0)
        err = judge(r, s, &now, q->quiet, problem);

    char id[RUN_ID_CAP];
    if (err == 0 && run != NULL)
        return store_end_run(run, &r->spec, &now.result, metrics, id, problem);
    store_abandon_run(run);
    return err;
}

static int verify_run(const struct request *q, struct store *s,
                      struct problem *problem)
{
    struct rerun r;
    int err = rerun_load(&r, s, q->run, problem);
    if (err == 0 && q->trace != NULL)
        err = rerun_set_place(&r, q->trace, problem);
    if (err < 0)
        return err;

    r.is_quiet = q->quiet;
    struct metrics *metrics = metrics_new();
    if (metrics == NULL)
        return problem_set(problem, ERR_MEMORY, "no memory for a run");
    err = play(q, &r, s, metrics, problem);
    metrics_free(metrics);
    return err;
}

static int find_keep(const char *name)
{
    for (int i = KEEP_SUMMARY; i <= KEEP_OPS; i++)
        if (strcmp(name, keep_names[i]) == 0)
            return i;
    return -1;
}

static int verify(int argc, char **argv)
{
    const char *keep = NULL;
    struct request q = {.db = STORE_DEFAULT_PATH, .keep = -1};
    const struct option_row rows[] = {
        {"--db", &q.db, NULL},
        {"--keep", &keep, NULL},
        {"--trace", &q.trace, NULL},
        {"--quiet", NULL, &q.quiet},
    };
    int n =
        options_read(argc, argv, rows, sizeof rows / sizeof rows[0], &q.run, 1);
    if (n < 0)
        return EXIT_USAGE;
    if (n == 0)
        return cmd_usage_error("verify: which run?");
    if (keep != NULL && (q.keep = find_keep(keep)) < 0)
        return cmd_usage_error(
            "verify: --keep is ops, series or summary, not '%s'", keep);

    struct problem problem = {""};
    struct store *s;
    if (access(q.db, F_OK) < 0)
        return cmd_usage_error("%s: no such database", q.db);
    int err = store_open(&s, q.db, q.keep < 0, &problem);
    if (err == 0) {
        err = verify_run(&q, s, &problem);
        store_close(s);
    }
    if (err < 0)
        cmd_usage_error("%s", problem.text);
    return cmd_status_of(err);
}

const struct command cmd_verify = {
    "verify", "play a stored run again and compare the results",
    "usage: fraglab verify RUN [--db FILE] [--trace FILE] [--keep WHAT]\n"
    "\n"
    "Plays RUN (its number, its id or the beginning of its id) again from "
    "what\n"
    "the database knows of it, and compares the state of the heap after the\n"
    "last operation, every figure of the summary and, on a machine, every "
    "number\n"
    "of cycles. Exit status 1, and a line a figure, if anything differs.\n"
    "\n"
    "  --db FILE     the database (" STORE_DEFAULT_PATH ")\n"
    "  --trace FILE  the run's trace, if it does not lie where it was; "
    "another\n"
    "                trace is refused\n"
    "  --keep WHAT   keep more of the run than it has: series, or ops\n"
    "  --quiet       say nothing when it repeats\n"
    "\n"
    "example: fraglab verify 3f2a --keep ops\n",
    verify};
