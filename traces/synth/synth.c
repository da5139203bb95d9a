/* synth.c - see synth.h for the contract. */
#include "traces/synth/synth.h"

#include <inttypes.h>
#include <stdlib.h>

/* All but op->fact, which none of our kinds has: this is the hot path. */
static void fill_op(struct trace_op *op, const struct synth_event *e,
                    uint64_t place)
{
    bool has_target = e->kind == TRACE_STORE || e->kind == TRACE_ROOT;
    bool has_text = e->kind == TRACE_PHASE;
    op->kind = e->kind;
    op->flags = 0;
    op->what = e->what;
    op->cause = 0;
    op->align = 0;
    op->id = has_text ? 0 : e->name.id;
    op->bytes = has_target ? 0 : e->value;
    op->value = 0;
    op->target = has_target ? e->value : 0;
    op->word = e->word;
    op->site = e->site;
    op->n_ids = 0;
    op->ids = 0;
    op->text = has_text ? e->name.text : 0;
    op->place = place;
}

static int next(struct workload *w, const struct workload_view *view,
                struct trace_op *op, struct problem *problem)
{
    (void)view;
    struct synth *s = (struct synth *)w;
    if (s->at == s->n_queued) {
        if (s->is_ended)
            return 0;
        s->at = s->n_queued = 0;
        int err = s->ops_left > 0 ? s->step(s) : 0;
        if (err < 0)
            return problem_set(problem, err, "%s: out of memory", w->name);
    }
    if (s->at == s->n_queued) {
        s->is_ended = true;
        *op = (struct trace_op){.kind = TRACE_END, .place = s->n_events};
        return 1;
    }
    s->n_events++;
    fill_op(op, &s->queue[s->at++], s->n_events);
    return 1;
}

static void where(const struct workload *w, const struct trace_op *op, char *to,
                  size_t cap)
{
    snprintf(to, cap, "%s: event %" PRIu64, w->name, op->place);
}

static void close_synth(struct workload *w)
{
    struct synth *s = (struct synth *)w;
    s->dispose(s);
    free(s->queue);
    free(s);
}

struct synth *synth_new(size_t n, int (*step)(struct synth *),
                        void (*dispose)(struct synth *))
{
    struct synth *s = calloc(1, n);
    if (s == 0)
        return 0;
    s->step = step;
    s->dispose = dispose;
    s->workload.next = next;
    s->workload.close = close_synth;
    s->workload.where = where;
    s->workload.format = "preset";
    return s;
}

int synth_reserve(void **array, size_t *cap, size_t n, size_t size)
{
    if (n < *cap)
        return 0;
    size_t wanted = *cap > 0 ? 2 * *cap : 64;
    void *grown = reallocarray(*array, wanted, size);
    if (grown == 0)
        return ERR_MEMORY;
    *array = grown;
    *cap = wanted;
    return 0;
}

static bool grow_queue(struct synth *s)
{
    void *queue = s->queue;
    if (synth_reserve(&queue, &s->cap, s->n_queued, sizeof *s->queue) < 0)
        return false;
    s->queue = queue;
    return true;
}

/* The next place of the queue, to be filled; null: no memory. */
static inline struct synth_event *new_event(struct synth *s, uint8_t kind)
{
    if (s->n_queued == s->cap && !grow_queue(s))
        return 0;
    struct synth_event *e = &s->queue[s->n_queued];
    *e = (struct synth_event){.kind = kind};
    /* Beyond the last operation the place is filled, but not kept. */
    s->n_queued += s->ops_left > 0;
    s->ops_left -= s->ops_left > 0 && trace_is_operation(kind);
    return e;
}

static int new_object(struct synth *s, uint8_t kind, uint64_t bytes,
                      uint32_t site, uint64_t *id)
{
    struct synth_event *e = new_event(s, kind);
    if (e == 0)
        return ERR_MEMORY;
    *id = e->name.id = ++s->last_id;
    e->value = bytes;
    e->site = site;
    return 0;
}

int synth_alloc(struct synth *s, uint64_t bytes, uint32_t site, uint64_t *id)
{
    return new_object(s, TRACE_ALLOC, bytes, site, id);
}

int synth_intern(struct synth *s, uint64_t bytes)
{
    uint64_t id;
    return new_object(s, TRACE_INTERN, bytes, 0, &id);
}

static int name_object(struct synth *s, uint8_t kind, uint64_t id)
{
    struct synth_event *e = new_event(s, kind);
    if (e == 0)
        return ERR_MEMORY;
    e->name.id = id;
    return 0;
}

int synth_free(struct synth *s, uint64_t id)
{
    return name_object(s, TRACE_FREE, id);
}

int synth_death(struct synth *s, uint64_t id)
{
    return name_object(s, TRACE_DEATH, id);
}

int synth_store(struct synth *s, uint64_t id, uint32_t word, uint64_t target)
{
    struct synth_event *e = new_event(s, TRACE_STORE);
    if (e == 0)
        return ERR_MEMORY;
    e->name.id = id;
    e->word = word;
    e->value = target;
    return 0;
}

int synth_root(struct synth *s, uint32_t slot, uint64_t target)
{
    struct synth_event *e = new_event(s, TRACE_ROOT);
    if (e == 0)
        return ERR_MEMORY;
    e->word = slot;
    e->value = target;
    return 0;
}

int synth_collect(struct synth *s)
{
    struct synth_event *e = new_event(s, TRACE_COLLECT);
    if (e == 0)
        return ERR_MEMORY;
    e->what = TRACE_COLLECT_ORDINARY;
    return 0;
}

int synth_phase(struct synth *s, uint8_t begins, const char *text)
{
    struct synth_event *e = new_event(s, TRACE_PHASE);
    if (e == 0)
        return ERR_MEMORY;
    e->what = begins;
    e->name.text = text;
    return 0;
}
