/* sweep.c - see sweep.h. */
#include "analysis/sweep.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analysis/store_study.h"

/* What the workers share. */
struct board {
    _Atomic uint32_t next; /* the point that nobody has begun              */
    _Atomic uint32_t played, there, failed;
};

/* One worker. */
struct worker {
    const struct grid *g;
    struct board *board;
    struct store *store;
    const char *db; /* its path                                            */
    pid_t parent;   /* whose death ends the sweep                          */
    FILE *out;
    const char *hashed;    /* the workload whose hash is known; or null    */
    char hash[RUN_ID_CAP]; /* ... it                                       */
};

/* What became of a point. */
struct outcome {
    char id[RUN_ID_CAP]; /* of its run; "": it could not be played         */
    bool is_there;       /* it was in the database before                  */
    struct replay_result result; /* of one that was played                 */
    uint64_t always;             /* least largest request, at all moments  */
};

/*
 * Points of one workload follow each other: its hash is found once. `given` is
 * null when a seed makes each point's workload another.
 */
static int find_hash(struct worker *k, const struct run_spec *spec,
                     const char *given, struct problem *problem)
{
    if (given != NULL && k->hashed == given)
        return 0;
    k->hashed = NULL;
    int err = run_trace_hash(spec->workload, k->hash, problem);
    if (err == 0)
        k->hashed = given;
    return err;
}

/* The id that the run will have. */
static int find_id(struct worker *k, const struct run_spec *spec,
                   char id[RUN_ID_CAP], struct problem *problem)
{
    char *json = run_spec_json(spec, k->hash);
    if (json == NULL)
        return problem_set(problem, ERR_MEMORY, "no memory left");
    run_id(json, id);
    free(json);
    return 0;
}

static int play_run(struct worker *k, const struct run_spec *spec,
                    struct workload *w, struct outcome *o,
                    struct problem *problem)
{
    struct metrics_summary summary;
    struct metrics *metrics = metrics_new();
    if (metrics == NULL)
        return problem_set(problem, ERR_MEMORY, "no memory left");
    int err = request_play(spec, w, k->store, k->g->keep, true, metrics,
                           &o->result, o->id, problem);
    metrics_summarise(metrics, &summary);
    o->always = summary.min_largest_request;
    metrics_free(metrics);
    return err;
}

/* Resolve the point's request, and play it unless its run is there. */
static int take_point(struct worker *k, const struct grid_point *p,
                      struct outcome *o, struct problem *problem)
{
    struct run_request q;
    struct workload *w;
    int err = grid_request(p, &q, problem);
    if (err == 0)
        err = workload_open(&w, q.spec.workload, NULL, problem);
    if (err < 0)
        return err;
    err = request_resolve(&q, w, k->store, problem);
    if (err == 0)
        err = find_hash(k, &q.spec,
                        p->value[GRID_SEED] == NULL ? p->value[GRID_WORKLOAD]
                                                    : NULL,
                        problem);
    char id[RUN_ID_CAP];
    if (err == 0)
        err = find_id(k, &q.spec, id, problem);
    int has_it =
        err < 0 ? err : store_has_run(k->store, id, k->g->keep, problem);
    if (has_it > 0) {
        o->is_there = true;
        strcpy(o->id, id);
    }
    err = has_it == 0 ? play_run(k, &q.spec, w, o, problem) : 0;
    workload_close(w);
    return has_it < 0 ? has_it : err;
}

/* One line, written at once: workers share the stream. */
static void tell(struct worker *k, uint32_t number, const char *point,
                 const struct outcome *o, const char *reason)
{
    char line[GRID_TEXT_CAP + 1400];
    const struct replay_result *r = &o->result;
    int n = snprintf(line, sizeof line, "%u/%u %s: ", number + 1,
                     k->g->n_points, point);
    char *to = line + n;
    size_t cap = sizeof line - (size_t)n;
    if (*reason != '\0')
        snprintf(to, cap, "failed: %s\n", reason);
    else if (o->is_there)
        snprintf(to, cap, "there already\n");
    else
        snprintf(to, cap,
                 "heap %" PRIu64 ", refused %" PRIu64 ", at every moment "
                 "%" PRIu64 " bytes\n",
                 r->heap_bytes, r->refused, o->always);
    fputs(line, k->out);
    fflush(k->out);
}

/* A run that could not be written waits in the store: it is given up. */
static int open_again(struct worker *k, struct problem *problem)
{
    store_close(k->store);
    return store_open(&k->store, k->db, false, problem);
}

/* Negative only when the database cannot be written. */
static int work_point(struct worker *k, uint32_t number,
                      struct problem *problem)
{
    const struct grid_point *p = &k->g->points[number];
    struct outcome *o = calloc(1, sizeof *o);
    struct problem why = {""};
    char point[GRID_TEXT_CAP];
    if (o == NULL)
        return problem_set(problem, ERR_MEMORY, "no memory left");
    int played = take_point(k, p, o, &why);
    bool is_failed = played < 0 || o->result.status == REPLAY_FAILED;
    grid_describe(p, point);
    int err = played < 0 ? open_again(k, problem) : 0;
    if (err == 0)
        err = store_put_point(k->store, k->g->name, point,
                              played < 0 ? "" : o->id, why.text, problem);
    if (err == 0) {
        atomic_fetch_add(is_failed     ? &k->board->failed
                         : o->is_there ? &k->board->there
                                       : &k->board->played,
                         1);
        tell(k, number, point, o, played < 0 ? why.text : o->result.reason);
    }
    free(o);
    return err;
}

/* A worker's life. Returns its exit status; 1 after its own message. */
static int work(struct worker *k)
{
    struct problem problem = {""};
    uint32_t number;
    int err = store_open(&k->store, k->db, false, &problem);
    while (err == 0 && getppid() == k->parent &&
           (number = atomic_fetch_add(&k->board->next, 1)) < k->g->n_points)
        err = work_point(k, number, &problem);
    store_close(k->store);
    if (err < 0)
        fprintf(stderr, "fraglab: %s\n", problem.text);
    return err < 0;
}

/* Wait for the workers; 1: one of them could not go on. */
static int join(uint32_t n_workers, struct sweep_counts *counts)
{
    int has_stopped = 0;
    for (uint32_t i = 0; i < n_workers; i++) {
        int status;
        if (wait(&status) < 0)
            break;
        counts->lost += WIFSIGNALED(status);
        has_stopped |= WIFEXITED(status) && WEXITSTATUS(status) != 0;
    }
    return has_stopped;
}

int sweep_play(const struct grid *g, const char *db, uint32_t n_workers,
               FILE *out, struct sweep_counts *counts, struct problem *problem)
{
    struct board *board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct store *store; /* made once, before the workers open it */
    *counts = (struct sweep_counts){0};
    int err = board == MAP_FAILED
                  ? problem_set(problem, ERR_MEMORY, "no memory left")
                  : store_open(&store, db, false, problem);
    if (err < 0)
        return err;
    store_close(store);
    pid_t parent = getpid();
    uint32_t n_begun = 0;
    while (n_begun < n_workers) {
        pid_t child = fork();
        if (child < 0)
            break;
        if (child == 0) {
            struct worker k = {
                .g = g, .board = board, .db = db, .parent = parent, .out = out};
            _exit(work(&k));
        }
        n_begun++;
    }
    int has_stopped = join(n_begun, counts);
    counts->played = board->played;
    counts->there = board->there;
    counts->failed = board->failed;
    munmap(board, sizeof *board);
    if (n_begun == 0)
        return problem_set(problem, ERR_MEMORY, "no process can be started");
    if (has_stopped)
        return problem_set(problem, ERR_IO,
                           "%s: the sweep stopped early; start "
                           "it again to go on",
                           db);
    return 0;
}
