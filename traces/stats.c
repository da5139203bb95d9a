/* stats.c - see stats.h for the contract. */
#include "traces/stats.h"

#include <string.h>

unsigned trace_stats_class(uint64_t n)
{
    return n <= 1 ? 0 : 64 - (unsigned)__builtin_clzll(n - 1);
}

static void add(struct stats_class *classes, uint64_t n, uint64_t bytes)
{
    unsigned i = trace_stats_class(n);
    if (i >= STATS_CLASSES)
        i = STATS_CLASSES - 1;
    classes[i].objects++;
    classes[i].bytes += bytes;
}

static void note_end(void *ctx, const struct trace_check *c,
                     const struct live_object *object)
{
    struct trace_stats *s = ctx;
    add(s->ages, c->clock - object->born, object->bytes);
}

static void note_birth(struct trace_stats *s, uint64_t bytes)
{
    add(s->sizes, (bytes + s->block_bytes - 1) / s->block_bytes, bytes);
}

/* Count a record that the checker has found lawful. */
static void count(struct trace_stats *s, const struct trace_op *op)
{
    s->kinds[op->kind]++;
    if (op->kind == TRACE_EXPECT)
        s->facts[op->what]++;
    if (op->kind == TRACE_ALLOC || op->kind == TRACE_INTERN)
        note_birth(s, op->bytes);
    if (!trace_is_operation(op->kind))
        return;
    if (op->bytes > s->largest)
        s->largest = op->bytes;
    uint64_t low = s->live_sum[0];
    s->live_sum[0] += s->check.live_bytes;
    s->live_sum[1] += s->live_sum[0] < low;
}

static int read_all(struct trace_stats *s, struct workload *w,
                    struct trace_hash *hash, struct problem *problem)
{
    struct trace_op op;
    int got;
    while ((got = workload_next(w, NULL, &op, problem)) > 0) {
        struct problem reason;
        int err = trace_check_op(&s->check, &op, &reason);
        if (err < 0)
            return workload_fail(w, &op, problem, err, "%s", reason.text);
        count(s, &op);
        trace_hash_op(hash, &op);
    }
    return got;
}

int trace_stats_read(struct trace_stats *s, struct workload *w,
                     struct problem *problem)
{
    memset(s, 0, sizeof *s);
    trace_check_init(&s->check, &w->header);
    s->check.ended = note_end;
    s->check.ctx = s;
    s->block_bytes = w->header.block_bytes != 0 ? w->header.block_bytes : 16;

    struct trace_hash *hash = trace_hash_new(&w->header);
    int err = hash == NULL ? problem_set(problem, ERR_MEMORY, "out of memory")
                           : read_all(s, w, hash, problem);
    if (err == 0)
        trace_hash_digest(hash, s->hash);
    else
        trace_stats_free(s);
    trace_hash_free(hash);
    return err;
}

void trace_stats_free(struct trace_stats *s)
{
    trace_check_free(&s->check);
}

double trace_stats_mean_live(const struct trace_stats *s)
{
    if (s->check.counts.operations == 0)
        return 0;
    double sum = (double)s->live_sum[0] + (double)s->live_sum[1] * 0x1p64;
    return sum / (double)s->check.counts.operations;
}
