/* progress.c - see progress.h. */
#include "analysis/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define LOOK_EVERY 0xffffu /* operations between two looks at the clock */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void show(struct progress *p, uint64_t seq)
{
    double t = now();
    if (t - p->last < 0.2)
        return;
    p->last = t;
    fprintf(stderr, "\r%s: %" PRIu64 " operations, %.1f million a second\033[K",
            p->name, seq, (double)seq / (t - p->begun) / 1e6);
    fflush(stderr);
}

static int on_op(void *ctx, const struct op_record *r,
                 const struct replay_view *view)
{
    struct progress *p = ctx;
    int err = metrics_op(p->metrics, r, view);
    if (err == 0 && p->store.op != NULL)
        err = p->store.op(p->store.ctx, r, view);
    if (p->is_shown && (r->seq & LOOK_EVERY) == 0)
        show(p, r->seq);
    return err;
}

static int on_collection(void *ctx, const struct collection_record *r)
{
    struct progress *p = ctx;
    int err = metrics_collection(p->metrics, r);
    if (err == 0 && p->store.collection != NULL)
        err = p->store.collection(p->store.ctx, r);
    return err;
}

static int on_refusal(void *ctx, const struct refusal_record *r,
                      const struct replay_view *view)
{
    struct progress *p = ctx;
    int err = metrics_refusal(p->metrics, r, view);
    if (err == 0 && p->store.refusal != NULL)
        err = p->store.refusal(p->store.ctx, r, view);
    return err;
}

static int on_event(void *ctx, const struct event_record *r)
{
    struct progress *p = ctx;
    int err = metrics_event(p->metrics, r);
    if (err == 0 && p->store.event != NULL)
        err = p->store.event(p->store.ctx, r);
    return err;
}

static int on_mark(void *ctx, uint64_t seq, int what, const char *text)
{
    struct progress *p = ctx;
    return p->store.mark == NULL ? 0
                                 : p->store.mark(p->store.ctx, seq, what, text);
}

static int on_end(void *ctx, const struct replay_view *view)
{
    struct progress *p = ctx;
    int err = metrics_end(p->metrics, view);
    if (err == 0 && p->store.end != NULL)
        err = p->store.end(p->store.ctx, view);
    return err;
}

struct sink progress_sink(struct progress *p, const struct sink *store,
                          struct metrics *metrics, const char *name, bool quiet)
{
    *p = (struct progress){.metrics = metrics, .name = name};
    if (store != NULL)
        p->store = *store;
    p->is_shown = !quiet && isatty(STDERR_FILENO);
    p->begun = now();
    return (struct sink){.ctx = p,
                         .event = on_event,
                         .op = on_op,
                         .collection = on_collection,
                         .refusal = on_refusal,
                         .mark = on_mark,
                         .end = on_end};
}

void progress_end(struct progress *p)
{
    if (p->is_shown)
        fprintf(stderr, "\r\033[K");
}
