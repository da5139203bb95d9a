/* heap_choice.c - result_heap: what --heap says, in bytes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/result.h"
#include "traces/check.h"

/* The most bytes asked for by objects alive at once: one pass over it. */
static int find_peak(const char *path, uint64_t *peak, struct problem *problem)
{
    struct workload *w;
    struct trace_op op;
    struct trace_check check;
    int err = workload_open(&w, path, NULL, problem);
    if (err < 0)
        return err;
    trace_check_init(&check, &w->header);
    while ((err = workload_next(w, NULL, &op, problem)) > 0) {
        struct problem reason;
        err = trace_check_op(&check, &op, &reason);
        if (err < 0) {
            err = workload_fail(w, &op, problem, err, "%s", reason.text);
            break;
        }
    }
    *peak = check.counts.peak_live;
    trace_check_free(&check);
    workload_close(w);
    return err;
}

static int bad_size(const char *text, struct problem *problem)
{
    return problem_set(problem, ERR_INPUT,
                       "--heap %s: give bytes (K and M allowed), 'trace', or "
                       "a multiple of the peak like 1.5x",
                       text);
}

int result_heap(struct replay_options *o, const char *text, const char *path,
                const struct workload *w, struct problem *problem)
{
    char *end;
    o->heap_trace = text == NULL || strcmp(text, "trace") == 0;
    if (o->heap_trace)
        return 0;
    double value = strtod(text, &end);
    if (end == text || !(value > 0) || !isfinite(value))
        return bad_size(text, problem);
    if (strcmp(end, "x") == 0) {
        uint64_t peak = w->header.peak_live;
        if (peak == 0 && strcmp(path, "-") == 0)
            return problem_set(problem, ERR_INPUT,
                               "--heap %s: standard input cannot be read "
                               "twice to find its peak; give bytes",
                               text);
        int err = peak == 0 ? find_peak(path, &peak, problem) : 0;
        if (err < 0)
            return err;
        value = ceil(value * (double)peak / 16) * 16;
    } else if (strcmp(end, "K") == 0 || strcmp(end, "M") == 0) {
        value *= *end == 'K' ? 1024 : 1024 * 1024;
    } else if (*end != '\0') {
        return bad_size(text, problem);
    }
    if (value < 1 || value > UINT32_MAX || value != floor(value))
        return bad_size(text, problem);
    o->heap_bytes = (uint64_t)value;
    return 0;
}
