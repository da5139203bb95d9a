/* ahead.c - see ahead.h for the contract. */
#include "traces/ahead.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define N_BATCHES   4u
#define BATCH_OPS   2048u
#define BATCH_EXTRA ((size_t)128 << 10)

/* Operations, and copies of the ids, texts and areas that they point at. */
struct batch {
    struct trace_op ops[BATCH_OPS];
    uint32_t n;
    uint8_t *extra;
    size_t extra_n, extra_cap;
    int end; /* what next() said after the last: 0, or negative; 1: more  */
};

struct ahead {
    struct workload base; /* first, so that a workload is its reader      */
    struct workload *inner;
    struct problem problem; /* of the call that failed                    */

    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    uint32_t n_filled; /* batches filled so far; guarded by the mutex     */
    uint32_t n_taken;  /* batches emptied so far; likewise                */
    bool is_closing;   /* likewise                                        */

    struct batch *batches; /* batch i is number i modulo N_BATCHES        */
    struct batch *current; /* the one being emptied, or null              */
    uint32_t at;
    bool has_ended;
};

static size_t extra_of(const struct trace_op *op)
{
    size_t n = (size_t)op->n_ids * sizeof *op->ids;
    if (op->text != NULL)
        n += strlen(op->text) + 1;
    if (op->kind == TRACE_EXPECT && op->what == TRACE_EXPECT_STATE)
        n += op->fact.state.n_areas * sizeof *op->fact.state.areas;
    return n + 16; /* to align what follows a text                        */
}

static void *keep(struct batch *b, const void *from, size_t n)
{
    b->extra_n = (b->extra_n + 7) & ~(size_t)7;
    void *to = b->extra + b->extra_n;
    if (n > 0)
        memcpy(to, from, n);
    b->extra_n += n;
    return to;
}

/*
 * Copy what `op` points at. Its place in the batch's extra bytes is final:
 * they grow only while nothing points into them.
 */
static bool keep_extra(struct batch *b, struct trace_op *op)
{
    size_t n = extra_of(op);
    if (b->extra_cap - b->extra_n < n) {
        assert(b->extra_n == 0);
        uint8_t *extra = realloc(b->extra, n);
        if (extra == NULL)
            return false;
        b->extra = extra;
        b->extra_cap = n;
    }
    op->ids = keep(b, op->ids, op->n_ids * sizeof *op->ids);
    if (op->text != NULL)
        op->text = keep(b, op->text, strlen(op->text) + 1);
    if (op->kind == TRACE_EXPECT && op->what == TRACE_EXPECT_STATE) {
        struct trace_state *s = &op->fact.state;
        s->areas = keep(b, s->areas, s->n_areas * sizeof *s->areas);
    }
    return true;
}

/* Has this operation something to keep elsewhere? Most have not. */
static bool has_extra(const struct trace_op *op)
{
    return op->n_ids > 0 || op->text != NULL ||
           (op->kind == TRACE_EXPECT && op->what == TRACE_EXPECT_STATE);
}

/*
 * Fill a batch. `left` is an operation that found no room in the batch before
 * (its pointers still hold, as nothing was read since), or of no kind (END
 * cannot be left over: it has nothing to keep).
 */
static void fill(struct ahead *g, struct batch *b, struct trace_op *left)
{
    b->n = 0;
    b->extra_n = 0;
    b->end = 1;
    while (b->n < BATCH_OPS) {
        struct trace_op *op = &b->ops[b->n];
        if (left->kind != TRACE_END) {
            *op = *left;
            left->kind = TRACE_END;
        } else {
            b->end = workload_next(g->inner, NULL, op, &g->problem);
            if (b->end <= 0)
                return;
        }
        if (has_extra(op)) {
            if (b->extra_n > 0 && b->extra_cap - b->extra_n < extra_of(op)) {
                *left = *op;
                return;
            }
            if (!keep_extra(b, op)) {
                b->end = problem_set(&g->problem, ERR_MEMORY, "out of memory");
                return;
            }
        }
        b->n++;
        if (op->kind == TRACE_END) {
            b->end = 0;
            return;
        }
    }
}

/* The thread: fill batches while there is room, until the input's end. */
static void *read_all(void *context)
{
    struct ahead *g = context;
    struct trace_op left = {.kind = TRACE_END};
    bool is_done = false;
    for (uint32_t i = 0; !is_done; i++) {
        pthread_mutex_lock(&g->mutex);
        while (i - g->n_taken == N_BATCHES && !g->is_closing)
            pthread_cond_wait(&g->changed, &g->mutex);
        is_done = g->is_closing;
        pthread_mutex_unlock(&g->mutex);
        if (is_done)
            break;

        struct batch *b = &g->batches[i % N_BATCHES];
        fill(g, b, &left);
        is_done = b->end <= 0;
        pthread_mutex_lock(&g->mutex);
        g->n_filled = i + 1;
        pthread_cond_signal(&g->changed);
        pthread_mutex_unlock(&g->mutex);
    }
    return NULL;
}

/* Give the batch in hand back, and wait for the next one. */
static void turn_batch(struct ahead *g)
{
    pthread_mutex_lock(&g->mutex);
    if (g->current != NULL) {
        g->n_taken++;
        pthread_cond_signal(&g->changed);
    }
    while (g->n_filled == g->n_taken)
        pthread_cond_wait(&g->changed, &g->mutex);
    g->current = &g->batches[g->n_taken % N_BATCHES];
    pthread_mutex_unlock(&g->mutex);
    g->at = 0;
}

static int ahead_next(struct workload *w, const struct workload_view *view,
                      struct trace_op *op, struct problem *problem)
{
    struct ahead *g = (struct ahead *)w;
    (void)view;
    while (g->current == NULL || g->at == g->current->n) {
        if (g->current != NULL && g->current->end <= 0) {
            if (g->current->end < 0)
                *problem = g->problem;
            return g->current->end;
        }
        turn_batch(g);
    }

    *op = g->current->ops[g->at++];
    if (g->at == g->current->n && g->current->end == 0) {
        /* The thread has ended: what was passed over is known. */
        memcpy(g->base.skipped, g->inner->skipped, sizeof g->base.skipped);
        g->base.n_skipped = g->inner->n_skipped;
    }
    return 1;
}

static void free_all(struct ahead *g)
{
    workload_close(g->inner);
    for (uint32_t i = 0; g->batches != NULL && i < N_BATCHES; i++)
        free(g->batches[i].extra);
    free(g->batches);
    free(g);
}

static void ahead_close(struct workload *w)
{
    struct ahead *g = (struct ahead *)w;
    pthread_mutex_lock(&g->mutex);
    g->is_closing = true;
    pthread_cond_signal(&g->changed);
    pthread_mutex_unlock(&g->mutex);
    pthread_join(g->thread, NULL);
    pthread_cond_destroy(&g->changed);
    pthread_mutex_destroy(&g->mutex);
    free_all(g);
}

/* Start the thread with all signals blocked: they are the caller's. */
static bool start(struct ahead *g)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_mutex_init(&g->mutex, NULL);
    pthread_cond_init(&g->changed, NULL);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool is_started = pthread_create(&g->thread, NULL, read_all, g) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return is_started;
}

static bool allocate(struct ahead *g)
{
    g->batches = calloc(N_BATCHES, sizeof *g->batches);
    for (uint32_t i = 0; g->batches != NULL && i < N_BATCHES; i++) {
        g->batches[i].extra = malloc(BATCH_EXTRA);
        if (g->batches[i].extra == NULL)
            return false;
        g->batches[i].extra_cap = BATCH_EXTRA;
    }
    return g->batches != NULL;
}

int ahead_open(struct workload **out, struct workload *inner,
               struct problem *problem)
{
    assert(inner->where == NULL);

    *out = inner;
    if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
        return 0;
    struct ahead *g = calloc(1, sizeof *g);
    if (g == NULL || !allocate(g)) {
        if (g != NULL)
            g->inner = inner;
        g != NULL ? free_all(g) : workload_close(inner);
        return problem_set(problem, ERR_MEMORY, "out of memory");
    }
    g->base = *inner;
    g->base.next = ahead_next;
    g->base.close = ahead_close;
    g->inner = inner;
    if (!start(g)) {
        g->inner = NULL;
        free_all(g);
        return 0;
    }
    *out = &g->base;
    return 0;
}
