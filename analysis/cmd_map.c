/* cmd_map.c - fraglab map: the heap of a stored run at any moment. */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/cmd.h"
#include "analysis/drawing.h"
#include "analysis/options.h"
#include "analysis/rerun.h"

/* Waits for one moment of a run. */
struct watch {
    uint64_t at; /* the operation; UINT64_MAX: the end of the run          */
    uint64_t last_seq;
    struct snapshot snapshot;
    struct problem *problem;
};

static int take(struct watch *w, uint64_t seq, const struct replay_view *view)
{
    int err = snapshot_take(&w->snapshot, seq, view);
    return err < 0 ? problem_set(w->problem, err, "no memory for a map") : 0;
}

static int watch_op(void *ctx, const struct op_record *r,
                    const struct replay_view *view)
{
    struct watch *w = ctx;
    w->last_seq = r->seq;
    return r->seq == w->at ? take(w, r->seq, view) : 0;
}

static int watch_end(void *ctx, const struct replay_view *view)
{
    struct watch *w = ctx;
    return w->at == UINT64_MAX ? take(w, w->last_seq, view) : 0;
}

/* A moment by its name in the database: 1 and *at, 0 if `text` is no name. */
static int find_named(struct store *s, const struct rerun *r, const char *text,
                      uint64_t *at, struct problem *problem)
{
    const char *column = strcmp(text, "worst") == 0 ? "worst_seq"
                         : strcmp(text, "refusal") == 0
                             ? "coalesce(first_refusal_seq, 0)"
                             : NULL;
    *at = UINT64_MAX;
    if (strcmp(text, "end") == 0)
        return 1;
    if (column == NULL)
        return 0;

    char sql[128];
    sqlite3_stmt *q;
    snprintf(sql, sizeof sql, "SELECT %s FROM summary WHERE run = %" PRId64,
             column, r->number);
    if (sqlite3_prepare_v2(store_db(s), sql, -1, &q, NULL) != SQLITE_OK)
        return problem_set(problem, ERR_INPUT, "%s",
                           sqlite3_errmsg(store_db(s)));
    int code = sqlite3_step(q);
    *at = code == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(q, 0) : 0;
    sqlite3_finalize(q);
    if (*at == 0)
        return problem_set(problem, ERR_INPUT,
                           "run %.12s: it has no moment '%s'", r->id, text);
    return 1;
}

static int find_moment(struct store *s, const struct rerun *r, const char *text,
                       uint64_t *at, struct problem *problem)
{
    int named = find_named(s, r, text, at, problem);
    if (named != 0)
        return named < 0 ? named : 0;
    size_t n = strlen(text);
    if (n == 0 || n > 18 || strspn(text, "0123456789") != n)
        return problem_set(problem, ERR_INPUT,
                           "--at is the number of an operation, refusal, worst "
                           "or end, not '%.40s'",
                           text);
    *at = strtoull(text, NULL, 10);
    if (*at == 0)
        return problem_set(problem, ERR_INPUT, "operations count from 1");
    return 0;
}

/* Play the run and keep the snapshot that `w` waits for. */
static int play(const struct rerun *r, struct watch *w, struct problem *problem)
{
    struct outcome_of_run now;
    struct sink sink = {.ctx = w, .op = watch_op, .end = watch_end};
    struct metrics *metrics = metrics_new();
    if (metrics == NULL)
        return problem_set(problem, ERR_MEMORY, "no memory for a run");
    int err = rerun_play(r, &sink, metrics, &now, problem);
    metrics_free(metrics);
    if (err == 0 && !w->snapshot.is_taken)
        err = problem_set(problem, ERR_INPUT,
                          "run %.12s has %" PRIu64
                          " operations, none of number %" PRIu64,
                          r->id, now.result.operations, w->at);
    return err;
}

static bool wants_colour(void)
{
    const char *no = getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) && (no == NULL || *no == '\0');
}

static int draw(struct store *s, const char *run, const char *at,
                const char *trace, struct problem *problem)
{
    struct rerun r;
    struct watch w = {.problem = problem};
    int err = rerun_load(&r, s, run, problem);
    if (err == 0 && trace != NULL)
        err = rerun_set_place(&r, trace, problem);
    if (err == 0)
        err = find_moment(s, &r, at, &w.at, problem);
    if (err == 0)
        err = play(&r, &w, problem);
    if (err == 0) {
        printf("run %.12s, %s under %s, after operation %" PRIu64 "\n", r.id,
               r.trace_name, r.spec.options.manager, w.snapshot.seq);
        drawing_print(stdout, &w.snapshot, wants_colour());
    }
    snapshot_free(&w.snapshot);
    return err;
}

static int map(int argc, char **argv)
{
    const char *db = STORE_DEFAULT_PATH, *at = "worst", *trace = NULL;
    const char *run = NULL;
    const struct option_row rows[] = {
        {"--db", &db, NULL},
        {"--at", &at, NULL},
        {"--trace", &trace, NULL},
    };
    int n =
        options_read(argc, argv, rows, sizeof rows / sizeof rows[0], &run, 1);
    if (n < 0)
        return EXIT_USAGE;
    if (n == 0)
        return cmd_usage_error("map: which run?");

    struct problem problem = {""};
    struct store *s;
    int err = store_open(&s, db, true, &problem);
    if (err == 0) {
        err = draw(s, run, at, trace, &problem);
        store_close(s);
    }
    if (err < 0)
        cmd_usage_error("%s", problem.text);
    return cmd_status_of(err);
}

const struct command cmd_map = {
    "map", "draw the heap of a stored run at one moment",
    "usage: fraglab map RUN [--at OP] [--db FILE] [--trace FILE]\n"
    "\n"
    "Plays RUN again and draws its heap as it stood after operation OP, in\n"
    "MicroPython's letters: h head of an object, = its tail, . free, and x "
    "for\n"
    "objects that are dead and not yet reclaimed (dim on a terminal, unless\n"
    "NO_COLOR is set). A line is 64 blocks.\n"
    "\n"
    "  --at OP       an operation's number, or refusal (the first one), worst\n"
    "                (the smallest largest request; the default), end\n"
    "  --db FILE     the database (" STORE_DEFAULT_PATH ")\n"
    "  --trace FILE  the run's trace, if it does not lie where it was\n"
    "\n"
    "example: fraglab map 3f2a --at 51200\n",
    map};
