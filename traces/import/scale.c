/* scale.c - see scale.h for the contract. */
#include "traces/import/scale.h"

#include <stdlib.h>

struct scaled {
    struct workload base; /* first, so that a workload is its scaler      */
    struct workload *inner;
    struct scale scale;
};

bool scale_parse(struct scale *scale, const char *text)
{
    uint64_t numerator = 0, denominator = 1;
    bool is_fraction = false;
    int n_digits = 0;
    for (; *text != '\0'; text++) {
        if (*text == '.' && !is_fraction) {
            is_fraction = true;
            continue;
        }
        if (*text < '0' || *text > '9' || ++n_digits > 9)
            return false;
        numerator = numerator * 10 + (uint64_t)(*text - '0');
        denominator *= is_fraction ? 10 : 1;
    }
    scale->numerator = numerator;
    scale->denominator = denominator;
    return numerator > 0;
}

/* bytes * factor, rounded up; a size of 0 stays 0. */
static int scale_bytes(const struct scaled *g, struct trace_op *op,
                       struct problem *problem)
{
    const struct scale *s = &g->scale;
    uint64_t *bytes = &op->bytes;
    uint64_t unit = s->round_to;
    if (*bytes > (TRACE_ID_MAX - unit * s->denominator) / s->numerator)
        return workload_fail(g->inner, op, problem, ERR_INPUT,
                             "%llu bytes are too many to be scaled",
                             (unsigned long long)*bytes);
    uint64_t divisor = s->denominator * unit;
    *bytes = (*bytes * s->numerator + divisor - 1) / divisor * unit;
    return 0;
}

static int scaled_next(struct workload *w, const struct workload_view *view,
                       struct trace_op *op, struct problem *problem)
{
    struct scaled *g = (struct scaled *)w;
    int got = g->inner->next(g->inner, view, op, problem);
    for (uint32_t i = 0; i < g->inner->n_skipped; i++)
        g->base.skipped[i] = g->inner->skipped[i];
    g->base.n_skipped = g->inner->n_skipped;
    if (got <= 0 || op->bytes == 0)
        return got;
    int err = scale_bytes(g, op, problem);
    return err < 0 ? err : got;
}

static void scaled_where(const struct workload *w, const struct trace_op *op,
                         char *to, size_t cap)
{
    const struct scaled *g = (const struct scaled *)w;
    g->inner->where(g->inner, op, to, cap);
}

static void scaled_close(struct workload *w)
{
    struct scaled *g = (struct scaled *)w;
    workload_close(g->inner);
    free(g);
}

/* Scale a number of bytes of the header: false if it does not stay whole. */
static bool scale_whole(const struct scale *scale, uint32_t *bytes)
{
    uint64_t product = *bytes * scale->numerator;
    *bytes = (uint32_t)(product / scale->denominator);
    return product % scale->denominator == 0 &&
           product / scale->denominator <= UINT32_MAX;
}

static int check(struct workload *w, const struct scale *scale,
                 struct problem *problem)
{
    struct trace_header *h = &w->header;
    if (h->has_graph != 0 || h->has_blocks != 0)
        return problem_set(problem, ERR_INPUT,
                           "%s: has recorded %s, which scaled sizes would "
                           "falsify",
                           w->name,
                           h->has_graph != 0 ? "references" : "blocks");
    if (scale->is_pointer && (!scale_whole(scale, &h->word_bytes) ||
                              !scale_whole(scale, &h->block_bytes)))
        return problem_set(problem, ERR_INPUT,
                           "%s: its words or blocks would not be whole bytes",
                           w->name);
    return 0;
}

int scale_open(struct workload **out, struct workload *inner,
               const struct scale *scale, struct problem *problem)
{
    struct scaled *g = calloc(1, sizeof *g);
    int err = g == NULL ? problem_set(problem, ERR_MEMORY, "out of memory")
                        : check(inner, scale, problem);
    if (err < 0) {
        workload_close(inner);
        free(g);
        return err;
    }
    g->base = *inner;
    g->base.next = scaled_next;
    g->base.close = scaled_close;
    g->base.where = inner->where != NULL ? scaled_where : NULL;
    g->inner = inner;
    g->scale = *scale;
    *out = &g->base;
    return 0;
}
