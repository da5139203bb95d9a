/* minheap.c - see minheap.h. */
#include "analysis/minheap.h"

#include <inttypes.h>
#include <string.h>

#define FIRST_TRY UINT64_C(65536)
#define LARGEST   (UINT64_C(1) << 28)

enum { SERVED = 1, TOO_LARGE = 2 };

/* One replay in `bytes` bytes: SERVED, or 0, or TOO_LARGE for the manager. */
static int is_served(const struct run_spec *spec, uint64_t bytes,
                     struct minheap *m, uint64_t *max_live,
                     struct problem *problem)
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
    s.options.heap_bytes = bytes;
    s.options.refused = REFUSED_STOP;
    err = replay_resolve(&s.options, &w->header, problem);
    if (err == 0)
        err = run_spec_play(&s, w, &sink, &result, problem);
    workload_close(w);
    m->n_replays++;
    metrics_summarise(metrics, &summary);
    metrics_free(metrics);
    *max_live = summary.max_live;
    if (err < 0)
        return err == ERR_TOO_LARGE ? TOO_LARGE : err;
    if (result.status == REPLAY_FAILED)
        return problem_set(problem, ERR_INPUT, "%.800s", result.reason);
    return result.status == REPLAY_COMPLETE && result.refused == 0;
}

/*
 * The first power-of-two multiple of FIRST_TRY that serves; or, if one is too
 * large for the manager, a smaller one, by bisection.
 */
static int find_large(const struct run_spec *spec, struct minheap *m,
                      uint64_t *high, struct problem *problem)
{
    uint64_t low = 0;
    uint64_t limit = 2 * LARGEST; /* too large */
    *high = FIRST_TRY;
    while (limit - low > MINHEAP_STEP && *high <= LARGEST) {
        int served = is_served(spec, *high, m, &m->max_live, problem);
        if (served < 0 || served == SERVED)
            return served < 0 ? served : 0;
        *(served == 0 ? &low : &limit) = *high;
        *high = limit > LARGEST ? 2 * low : (low + limit) / 2;
        *high = *high / MINHEAP_STEP * MINHEAP_STEP;
    }
    return problem_set(problem, ERR_INPUT,
                       "%.300s: %s refuses something in every heap up to "
                       "%" PRIu64 " bytes",
                       spec->workload, spec->options.manager, low);
}

/* Larger heaps: the next steps, then some percent more, up to twice. */
static int try_larger(const struct run_spec *spec, struct minheap *m,
                      struct problem *problem)
{
    static const uint32_t permille[] = {5, 10, 20, 50, 100, 200, 400, 1000};
    uint64_t max_live;
    m->is_monotone = true;
    for (uint32_t i = 0; i < 4 + sizeof permille / sizeof permille[0]; i++) {
        uint64_t more = i < 4 ? (i + 1) * MINHEAP_STEP
                              : m->heap_bytes * permille[i - 4] / 1000 /
                                    MINHEAP_STEP * MINHEAP_STEP;
        uint64_t bytes = m->heap_bytes + more;
        int served = is_served(spec, bytes, m, &max_live, problem);
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
int minheap_find(const struct run_spec *spec, struct minheap *out,
                 struct problem *problem)
{
    uint64_t high, max_live;
    *out = (struct minheap){0};
    int err = find_large(spec, out, &high, problem);
    if (err < 0)
        return err;
    uint64_t low = out->max_live / 2 / MINHEAP_STEP * MINHEAP_STEP;
    while (high - low > MINHEAP_STEP) {
        uint64_t middle = (low + high) / 2 / MINHEAP_STEP * MINHEAP_STEP;
        int served = is_served(spec, middle, out, &max_live, problem);
        if (served < 0)
            return served;
        if (served) {
            high = middle;
            out->max_live = max_live;
        } else {
            low = middle;
        }
    }
    out->heap_bytes = high;
    return try_larger(spec, out, problem);
}
