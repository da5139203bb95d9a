/* minheap.c - see minheap.h. */
#include "analysis/minheap.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim/replay/manager.h"

#define FIRST_TRY UINT64_C(65536)
#define LARGEST   (UINT64_C(1) << 27) /* the next has no window */

enum { SERVED = 1, TOO_LARGE = 2 };

/* The options for a replay in `bytes` bytes, of one area: H is its size. */
static int resolve(struct run_spec *s, uint64_t bytes, const struct workload *w,
                   struct problem *problem)
{
    const char *areas = manager_value(&s->options, "areas");
    if ((areas != NULL && areas[0] != '\0') ||
        manager_number(&s->options, "grow", 0) != 0)
        return problem_set(problem, ERR_INPUT,
                           "the smallest heap is sought of one area that does "
                           "not grow, without --set areas and grow");
    s->options.heap_bytes = bytes;
    s->options.refused = REFUSED_STOP;
    int err = replay_resolve(&s->options, &w->header, problem);
    return err < 0 ? err : run_spec_set_steps(s, problem);
}

/*
 * One replay in `bytes` bytes: SERVED, and the run stands in `m` if `is_kept`;
 * 0, something was refused, as m->refusal says; TOO_LARGE for the manager.
 */
static int is_served(const struct run_spec *spec, uint64_t bytes, bool is_kept,
                     struct minheap *m, struct problem *problem)
{
    struct run_spec s = *spec;
    struct replay_result result;
    struct metrics_summary summary;
    struct workload *w;
    struct metrics *metrics = metrics_new();
    struct sink sink = {.ctx = metrics, .op = metrics_op};
    int err = metrics == NULL
                  ? problem_set(problem, ERR_MEMORY, "no memory left")
                  : workload_open(&w, s.workload, NULL, problem);
    if (err < 0) {
        metrics_free(metrics);
        return err;
    }
    err = resolve(&s, bytes, w, problem);
    if (err == 0)
        err = run_spec_play(&s, w, &sink, &result, problem);
    workload_close(w);
    m->n_replays++;
    metrics_summarise(metrics, &summary);
    metrics_free(metrics);
    if (err == ERR_TOO_LARGE) { /* an answer; no problem of the caller's */
        problem->text[0] = '\0';
        return TOO_LARGE;
    }
    if (err < 0)
        return err;
    if (result.status == REPLAY_FAILED)
        return problem_set(problem, ERR_INPUT, "%.800s", result.reason);
    if (result.status != REPLAY_COMPLETE) {
        snprintf(m->refusal, sizeof m->refusal, "%.150s", result.reason);
        return 0;
    } /* granted is all but what found the heap locked, as in any heap */
    if (is_kept) {
        m->heap_bytes = bytes;
        m->max_live = summary.max_live;
        m->run = result;
    }
    return SERVED;
}

/*
 * The first power-of-two multiple of FIRST_TRY that serves; or, if one is too
 * large for the manager, a smaller one, by bisection.
 */
static int find_large(const struct run_spec *spec, struct minheap *m,
                      struct problem *problem)
{
    uint64_t low = 0;
    uint64_t limit = 2 * LARGEST; /* too large */
    uint64_t bytes = FIRST_TRY;
    while (limit - low > MINHEAP_STEP && bytes <= LARGEST) {
        int served = is_served(spec, bytes, true, m, problem);
        if (served < 0 || served == SERVED)
            return served < 0 ? served : 0;
        *(served == 0 ? &low : &limit) = bytes;
        bytes = limit > LARGEST ? 2 * low : (low + limit) / 2;
        bytes = bytes / MINHEAP_STEP * MINHEAP_STEP;
    }
    return problem_set(problem, ERR_INPUT,
                       "%.300s: %s refuses something in every heap up to "
                       "%" PRIu64 " bytes: %s",
                       spec->workload, spec->options.manager, low, m->refusal);
}

/* Larger heaps: the next steps, then some percent more, up to twice. */
static int try_larger(const struct run_spec *spec, struct minheap *m,
                      struct problem *problem)
{
    static const uint32_t permille[] = {5, 10, 20, 50, 100, 200, 400, 1000};
    m->is_monotone = true;
    for (uint32_t i = 0; i < 4 + sizeof permille / sizeof permille[0]; i++) {
        uint64_t more = i < 4 ? (i + 1) * MINHEAP_STEP
                              : m->heap_bytes * permille[i - 4] / 1000 /
                                    MINHEAP_STEP * MINHEAP_STEP;
        uint64_t bytes = m->heap_bytes + more;
        int served = is_served(spec, bytes, false, m, problem);
        if (served < 0 || served == TOO_LARGE)
            return served < 0 ? served : 0;
        if (served == 0) {
            m->is_monotone = false;
            m->refuses = bytes > m->refuses ? bytes : m->refuses;
        }
    }
    return 0;
}

/* No heap is smaller than what must lie in it at once. */
static int bisect(const struct run_spec *spec, struct minheap *m,
                  struct problem *problem)
{
    uint64_t low = m->max_live / 2 / MINHEAP_STEP * MINHEAP_STEP;
    while (m->heap_bytes - low > MINHEAP_STEP) {
        uint64_t middle =
            (low + m->heap_bytes) / 2 / MINHEAP_STEP * MINHEAP_STEP;
        int served = is_served(spec, middle, true, m, problem);
        if (served < 0)
            return served;
        if (!served)
            low = middle;
    }
    return 0;
}

/* What the spec says of heap and machine does not count. */
static struct run_spec bare(const struct run_spec *spec)
{
    struct run_spec s = *spec;
    strcpy(s.machine, "native");
    s.options.heap_trace = false;
    s.options.heap_bytes = s.options.window_bytes = 0;
    return s;
}

int minheap_find(const struct run_spec *spec, struct minheap *out,
                 struct problem *problem)
{
    struct run_spec s = bare(spec);
    *out = (struct minheap){0};
    int err = find_large(&s, out, problem);
    if (err == 0 && out->max_live == 0)
        err = problem_set(problem, ERR_INPUT,
                          "%.300s: it asks for nothing: any heap suffices",
                          s.workload);
    if (err == 0)
        err = bisect(&s, out, problem);
    return err < 0 ? err : try_larger(&s, out, problem);
}

int minheap_describe(const struct run_spec *spec, char **json,
                     struct problem *problem)
{
    struct run_spec s = bare(spec);
    struct workload *w;
    char hash[RUN_ID_CAP];
    int err = run_trace_hash(s.workload, hash, problem);
    if (err == 0)
        err = workload_open(&w, s.workload, NULL, problem);
    if (err < 0)
        return err;
    err = resolve(&s, FIRST_TRY, w, problem);
    workload_close(w);
    if (err < 0)
        return err;
    s.options.heap_bytes = s.options.window_bytes = 0;
    *json = run_spec_json(&s, hash);
    return *json == NULL ? problem_set(problem, ERR_MEMORY, "no memory left")
                         : 0;
}
