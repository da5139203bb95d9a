/* tape.c - see tape.h. */
#include "traces/tape.h"

#include <stdlib.h>

#include "traces/check.h"
#include "traces/kinds.h"

static int no_memory(struct problem *problem)
{
    return problem_set(problem, ERR_MEMORY, "no memory left");
}

/* ---- Keeping ----------------------------------------------------------- */

/* A copy of `n` bytes, or null: none to copy, or no memory. */
static void *copy_of(const void *from, size_t n)
{
    void *to = n == 0 ? NULL : malloc(n);
    return to == NULL ? NULL : memcpy(to, from, n);
}

static bool is_state(const struct trace_op *op)
{
    return op->kind == TRACE_EXPECT && op->what == TRACE_EXPECT_STATE;
}

static void free_op(struct trace_op *op)
{
    uint32_t fields = trace_fields(op);
    if ((fields & FIELD_IDS) != 0)
        free((void *)(uintptr_t)op->ids);
    if ((fields & FIELD_TEXT) != 0)
        free((void *)(uintptr_t)op->text);
    if (is_state(op))
        free((void *)(uintptr_t)op->fact.state.areas);
}

/* Make `op` the owner of what it points at. */
static bool own_op(struct trace_op *op)
{
    uint32_t fields = trace_fields(op);
    const uint64_t *ids = op->ids;
    const char *text = op->text;
    bool is_whole = true;
    if ((fields & FIELD_IDS) != 0) {
        op->ids = copy_of(ids, op->n_ids * sizeof *ids);
        is_whole = op->ids != NULL || op->n_ids == 0;
    }
    if ((fields & FIELD_TEXT) != 0 && text != NULL) {
        op->text = copy_of(text, strlen(text) + 1);
        is_whole = is_whole && op->text != NULL;
    }
    if (is_state(op)) {
        struct trace_state *s = &op->fact.state;
        s->areas = copy_of(s->areas, s->n_areas * sizeof *s->areas);
        is_whole = is_whole && s->areas != NULL;
    }
    if (!is_whole)
        free_op(op);
    return is_whole;
}

static int keep(struct tape *t, const struct trace_op *op,
                struct problem *problem)
{
    if (t->n == t->cap) {
        size_t cap = t->cap == 0 ? 1024 : 2 * t->cap;
        struct trace_op *more = realloc(t->op, cap * sizeof *more);
        if (more == NULL)
            return no_memory(problem);
        t->op = more;
        t->cap = cap;
    }
    t->op[t->n] = *op;
    if (!own_op(&t->op[t->n]))
        return no_memory(problem);
    t->n++;
    return 0;
}

struct keeping {
    struct workload w;
    struct workload *from;
    struct tape *tape;
    uint64_t most;
};

static int keep_next(struct workload *w, const struct workload_view *view,
                     struct trace_op *op, struct problem *problem)
{
    struct keeping *k = (struct keeping *)w;
    int got = workload_next(k->from, view, op, problem);
    if (got <= 0 || op->kind == TRACE_END || k->tape->n == k->most)
        return got;
    int err = keep(k->tape, op, problem);
    return err < 0 ? err : got;
}

static void keep_close(struct workload *w)
{
    free(w);
}

int tape_begin(struct tape *t, struct workload *w, uint64_t most,
               struct workload **out, struct problem *problem)
{
    struct keeping *k = calloc(1, sizeof *k);
    if (k == NULL)
        return no_memory(problem);
    t->header = w->header;
    memcpy(t->name, w->name, sizeof t->name);
    k->w = *w;
    k->w.next = keep_next;
    k->w.close = keep_close;
    k->w.where = NULL;
    k->from = w;
    k->tape = t;
    k->most = most;
    *out = &k->w;
    return 0;
}

static bool gives_out(const struct trace_op *op)
{
    return op->kind == TRACE_ALLOC || op->kind == TRACE_INTERN;
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

int tape_end(struct tape *t, struct problem *problem)
{
    t->object = malloc((t->n + 1) * sizeof *t->object);
    t->is_out = calloc(t->n + 1, sizeof *t->is_out);
    t->object_is_out = calloc(t->n + 1, sizeof *t->object_is_out);
    if (t->object == NULL || t->is_out == NULL || t->object_is_out == NULL)
        return no_memory(problem);
    for (size_t i = 0; i < t->n; i++)
        if (gives_out(&t->op[i]))
            t->object[t->n_objects++] = t->op[i].id;
    qsort(t->object, t->n_objects, sizeof *t->object, by_number);
    return 0;
}

void tape_free(struct tape *t)
{
    while (t->n > 0)
        free_op(&t->op[--t->n]);
    free(t->op);
    free(t->is_out);
    free(t->object);
    free(t->object_is_out);
}

/* ---- Playing ----------------------------------------------------------- */

struct playing {
    struct workload w;
    const struct tape *tape;
    size_t at;
    struct trace_check check;
    uint64_t *ids; /* of the record given last                            */
};

static bool object_is_out(const struct tape *t, uint64_t id)
{
    const uint64_t *o =
        bsearch(&id, t->object, t->n_objects, sizeof id, by_number);
    return o != NULL && t->object_is_out[o - t->object];
}

/* The record without what is left out; false: nothing of it is left. */
static bool cut(struct playing *p, struct trace_op *op)
{
    uint32_t fields = trace_fields(op), n = 0;
    if ((fields & FIELD_ID) != 0 && object_is_out(p->tape, op->id))
        return false;
    if ((fields & FIELD_TARGET) != 0 && object_is_out(p->tape, op->target))
        op->target = TRACE_NONE;
    if ((fields & FIELD_IDS) == 0 || op->n_ids == 0)
        return true;
    for (uint32_t i = 0; i < op->n_ids; i++)
        if (!object_is_out(p->tape, op->ids[i]))
            p->ids[n++] = op->ids[i];
    op->ids = p->ids;
    op->n_ids = n;
    return true;
}

static int play_next(struct workload *w, const struct workload_view *view,
                     struct trace_op *op, struct problem *problem)
{
    struct playing *p = (struct playing *)w;
    const struct tape *t = p->tape;
    (void)view;
    for (; p->at <= t->n; p->at++) {
        if (p->at == t->n) {
            *op = (struct trace_op){.kind = TRACE_END};
            break;
        }
        *op = t->op[p->at];
        if (!t->is_out[p->at] && cut(p, op))
            break;
    }
    if (p->at > t->n)
        return 0;
    op->place = ++p->at;
    int err = trace_check_op(&p->check, op, problem);
    return err < 0 ? err : 1;
}

static void play_close(struct workload *w)
{
    struct playing *p = (struct playing *)w;
    trace_check_free(&p->check);
    free(p->ids);
    free(p);
}

int tape_workload(struct workload **out, const struct tape *t,
                  struct problem *problem)
{
    struct playing *p = calloc(1, sizeof *p);
    uint32_t most = 1;
    for (size_t i = 0; i < t->n; i++)
        if ((trace_fields(&t->op[i]) & FIELD_IDS) != 0 && t->op[i].n_ids > most)
            most = t->op[i].n_ids;
    if (p == NULL || (p->ids = malloc(most * sizeof *p->ids)) == NULL) {
        free(p);
        return no_memory(problem);
    }
    p->w.header = t->header;
    memcpy(p->w.name, t->name, sizeof p->w.name);
    p->w.format = "tape";
    p->w.next = play_next;
    p->w.close = play_close;
    p->tape = t;
    trace_check_init(&p->check, &t->header);
    *out = &p->w;
    return 0;
}
