/* heap_choice.c - request_heap: what --heap says, in bytes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/request.h"
#include "analysis/store_study.h"
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

/* What --heap may say. */
struct choice {
    enum { CHOICE_TRACE, CHOICE_BYTES, CHOICE_PEAKS, CHOICE_MINIMA } kind;
    double value; /* bytes, or multiples of the peak or the minimum heap   */
};

static bool read_choice(const char *text, struct choice *c)
{
    char *end;
    c->kind = CHOICE_TRACE;
    if (text == NULL || strcmp(text, "trace") == 0)
        return true;
    c->kind = CHOICE_BYTES;
    c->value = strtod(text, &end);
    if (end == text || !(c->value > 0) || !isfinite(c->value))
        return false;
    if (strcmp(end, "x") == 0)
        c->kind = CHOICE_PEAKS;
    else if (strcmp(end, "min") == 0)
        c->kind = CHOICE_MINIMA;
    else if (strcmp(end, "K") == 0 || strcmp(end, "M") == 0)
        c->value *= *end == 'K' ? 1024 : 1024 * 1024;
    else if (*end != '\0')
        return false;
    return c->kind != CHOICE_BYTES ||
           (c->value <= UINT32_MAX && c->value == floor(c->value));
}

int request_check_heap(const char *text, struct problem *problem)
{
    struct choice choice;
    if (read_choice(text, &choice))
        return 0;
    return problem_set(problem, ERR_INPUT,
                       "--heap %s: give bytes (K and M allowed), 'trace', a "
                       "multiple of the peak like 1.5x, or of the minimum "
                       "heap like 1.5min",
                       text);
}

/* The peak of live bytes asked for, or the manager's minimum heap. */
static int find_base(const struct run_spec *spec, const char *text,
                     bool is_minimum, const struct workload *w,
                     struct store *store, uint64_t *base,
                     struct problem *problem)
{
    struct minheap least;
    *base = is_minimum ? 0 : w->header.peak_live;
    if (*base != 0)
        return 0;
    if (strcmp(spec->workload, "-") == 0)
        return problem_set(problem, ERR_INPUT,
                           "--heap %s: standard input cannot be read twice to "
                           "find that; give bytes",
                           text);
    if (!is_minimum)
        return find_peak(spec->workload, base, problem);
    int err = store_minheap(store, spec, &least, problem);
    *base = least.heap_bytes;
    return err;
}

int request_heap(struct run_spec *spec, const char *text,
                 const struct workload *w, struct store *store,
                 struct problem *problem)
{
    struct choice c;
    uint64_t base = 1;
    int err = request_check_heap(text, problem);
    if (err < 0 || !read_choice(text, &c))
        return err;
    spec->options.heap_trace = c.kind == CHOICE_TRACE;
    if (c.kind == CHOICE_TRACE)
        return 0;
    if (c.kind != CHOICE_BYTES)
        err = find_base(spec, text, c.kind == CHOICE_MINIMA, w, store, &base,
                        problem);
    if (err < 0)
        return err;
    if (c.kind != CHOICE_BYTES)
        c.value = ceil(c.value * (double)base / 16) * 16;
    if (c.value > UINT32_MAX)
        return problem_set(problem, ERR_INPUT, "--heap %s: 4 GiB and more",
                           text);
    spec->options.heap_bytes = (uint64_t)c.value;
    return 0;
}
