/* ahead.c - see ahead.h for the contract. */
#include "traces/ahead.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "traces/bytes.h"
#include "traces/kinds.h"

#define N_BATCHES     3
#define BATCH_RECORDS 512

/*
 * A batch belongs to the reader while it is filled and to the user while it
 * is emptied; `n_filled` and `n_emptied` below say whose it is.
 */
struct batch {
    struct trace_op ops[BATCH_RECORDS];
    uint32_t n;
    int end;                /* 1: more batches follow; else what next gave */
    struct problem problem; /* if that is negative                        */
    struct bytes lists;     /* copies of ids, areas and texts             */
};

struct ahead {
    struct workload base; /* first, so that a workload is its ahead       */
    struct workload *inner;
    struct batch batches[N_BATCHES];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t n_filled;     /* batches; under the lock                        */
    uint64_t n_emptied;    /* the same                                       */
    bool must_stop;        /* the same                                       */
    struct batch *current; /* the user's; null: take the next             */
    uint32_t next_op;
};

/* Copy `n` bytes behind the others; their place, for now from the start. */
static const void *keep(struct batch *b, const void *from, size_t n)
{
    static const uint8_t padding[8] = {0};
    if (b->lists.n == 0)
        bytes_put(&b->lists, padding, 8); /* no place is null             */
    size_t place = b->lists.n;
    bytes_put(&b->lists, from, n);
    bytes_put(&b->lists, padding, -b->lists.n & 7);
    return (const void *)(uintptr_t)place;
}

static void keep_lists(struct batch *b, struct trace_op *op)
{
    uint32_t fields = trace_fields(op);
    if ((fields & FIELD_IDS) != 0)
        op->ids = keep(b, op->ids, op->n_ids * sizeof *op->ids);
    if ((fields & FIELD_TEXT) != 0 && op->text != NULL)
        op->text = keep(b, op->text, strlen(op->text) + 1);
    if (op->kind == TRACE_EXPECT && op->what == TRACE_EXPECT_STATE) {
        struct trace_state *s = &op->fact.state;
        s->areas = keep(b, s->areas, s->n_areas * sizeof *s->areas);
    }
}

/* The copies stay where they are now: places become addresses. */
static void settle_lists(struct batch *b)
{
    const uint8_t *base = b->lists.data;
    for (uint32_t i = 0; i < b->n && b->lists.n > 0; i++) {
        struct trace_op *op = &b->ops[i];
        uint32_t fields = trace_fields(op);
        if ((fields & FIELD_IDS) != 0)
            op->ids = (const void *)(base + (uintptr_t)op->ids);
        if ((fields & FIELD_TEXT) != 0 && op->text != NULL)
            op->text = (const char *)(base + (uintptr_t)op->text);
        if (op->kind == TRACE_EXPECT && op->what == TRACE_EXPECT_STATE)
            op->fact.state.areas =
                (const void *)(base + (uintptr_t)op->fact.state.areas);
    }
}

static void fill(struct ahead *a, struct batch *b)
{
    b->n = 0;
    b->lists.n = 0;
    b->end = 1;
    while (b->n < BATCH_RECORDS && b->end > 0) {
        struct trace_op *op = &b->ops[b->n];
        b->end = workload_next(a->inner, NULL, op, &b->problem);
        if (b->end <= 0)
            break;
        keep_lists(b, op);
        b->n++;
    }
    if (b->lists.failed)
        b->end = problem_set(&b->problem, ERR_MEMORY, "out of memory");
    else
        settle_lists(b);
}

static void *read_ahead(void *argument)
{
    struct ahead *a = argument;
    for (uint64_t i = 0;; i++) {
        struct batch *b = &a->batches[i % N_BATCHES];
        pthread_mutex_lock(&a->lock);
        while (i - a->n_emptied == N_BATCHES && !a->must_stop)
            pthread_cond_wait(&a->changed, &a->lock);
        bool must_stop = a->must_stop;
        pthread_mutex_unlock(&a->lock);
        if (must_stop)
            return NULL;

        fill(a, b);
        int end = b->end;
        pthread_mutex_lock(&a->lock);
        a->n_filled++;
        pthread_cond_signal(&a->changed);
        pthread_mutex_unlock(&a->lock);
        if (end <= 0)
            return NULL;
    }
}

/* Give back the batch in hand, if any, and wait for the next. */
static void take_batch(struct ahead *a)
{
    pthread_mutex_lock(&a->lock);
    if (a->current != NULL) {
        a->n_emptied++;
        pthread_cond_signal(&a->changed);
    }
    while (a->n_filled == a->n_emptied)
        pthread_cond_wait(&a->changed, &a->lock);
    a->current = &a->batches[a->n_emptied % N_BATCHES];
    pthread_mutex_unlock(&a->lock);
    a->next_op = 0;
}

/* The reader has ended: what it has to say is final. */
static void take_conclusion(struct ahead *a)
{
    const struct workload *inner = a->inner;
    a->base.header = inner->header;
    a->base.remark = inner->remark;
    memcpy(a->base.skipped, inner->skipped, sizeof a->base.skipped);
    a->base.n_skipped = inner->n_skipped;
}

static int next(struct workload *w, const struct workload_view *view,
                struct trace_op *op, struct problem *problem)
{
    (void)view;
    struct ahead *a = (struct ahead *)w;
    while (a->current == NULL ||
           (a->next_op == a->current->n && a->current->end > 0))
        take_batch(a);
    const struct batch *b = a->current;
    if (a->next_op == b->n) {
        *problem = b->problem;
        take_conclusion(a);
        return b->end;
    }

    /* Most records have no fact, and a fact is half of a record. */
    const struct trace_op *from = &b->ops[a->next_op++];
    memcpy(op, from, offsetof(struct trace_op, fact));
    if (from->kind == TRACE_EXPECT)
        op->fact = from->fact;
    op->place = from->place;
    if (from->kind == TRACE_END && b->end <= 0)
        take_conclusion(a);
    return 1;
}

static void close_ahead(struct workload *w)
{
    struct ahead *a = (struct ahead *)w;
    pthread_mutex_lock(&a->lock);
    a->must_stop = true;
    pthread_cond_signal(&a->changed);
    pthread_mutex_unlock(&a->lock);
    pthread_join(a->thread, NULL);

    pthread_mutex_destroy(&a->lock);
    pthread_cond_destroy(&a->changed);
    for (int i = 0; i < N_BATCHES; i++)
        bytes_free(&a->batches[i].lists);
    workload_close(a->inner);
    free(a);
}

static bool would_help(const struct workload *inner)
{
    return inner->where == NULL && strcmp(inner->format, "preset") != 0 &&
           sysconf(_SC_NPROCESSORS_ONLN) > 1;
}

int ahead_open(struct workload **out, struct workload *inner,
               struct problem *problem)
{
    *out = inner;
    if (!would_help(inner))
        return 0;
    struct ahead *a = calloc(1, sizeof *a);
    if (a == NULL) {
        workload_close(inner);
        return problem_set(problem, ERR_MEMORY, "out of memory");
    }
    a->base = *inner;
    a->base.next = next;
    a->base.close = close_ahead;
    a->inner = inner;
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->changed, NULL);
    if (pthread_create(&a->thread, NULL, read_ahead, a) != 0) {
        pthread_mutex_destroy(&a->lock);
        pthread_cond_destroy(&a->changed);
        free(a);
        return 0; /* without a thread, then                               */
    }
    *out = &a->base;
    return 0;
}
