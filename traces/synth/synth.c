/* synth.c - see synth.h for the contract. */
#include "traces/synth/synth.h"

#include <stdlib.h>

static void fill_op(struct trace_op *op, const struct synth_event *e,
                    uint64_t place)
{
    *op = (struct trace_op){
        .kind = e->kind,
        .what = e->what,
        .site = e->site,
        .word = e->word,
        .id = e->id,
        .text = e->text,
        .place = place,
    };
    if (e->kind == TRACE_STORE || e->kind == TRACE_ROOT)
        op->target = e->value;
    else
        op->bytes = e->value;
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

int synth_push(struct synth *s, const struct synth_event *e)
{
    if (s->ops_left == 0)
        return 0;
    void *queue = s->queue;
    int err = synth_reserve(&queue, &s->cap, s->n_queued, sizeof *s->queue);
    if (err < 0)
        return err;
    s->queue = queue;
    s->queue[s->n_queued++] = *e;
    s->ops_left -= trace_is_operation(e->kind);
    return 0;
}

int synth_alloc(struct synth *s, uint64_t bytes, uint32_t site, uint64_t *id)
{
    *id = ++s->last_id;
    return synth_push(
        s, &(struct synth_event){
               .kind = TRACE_ALLOC, .id = *id, .value = bytes, .site = site});
}

int synth_free(struct synth *s, uint64_t id)
{
    return synth_push(s, &(struct synth_event){.kind = TRACE_FREE, .id = id});
}

int synth_death(struct synth *s, uint64_t id)
{
    return synth_push(s, &(struct synth_event){.kind = TRACE_DEATH, .id = id});
}

int synth_store(struct synth *s, uint64_t id, uint32_t word, uint64_t target)
{
    return synth_push(
        s, &(struct synth_event){
               .kind = TRACE_STORE, .id = id, .word = word, .value = target});
}

int synth_root(struct synth *s, uint32_t slot, uint64_t target)
{
    return synth_push(s, &(struct synth_event){.kind = TRACE_ROOT,
                                               .word = slot,
                                               .value = target});
}

int synth_phase(struct synth *s, uint8_t begins, const char *text)
{
    return synth_push(s, &(struct synth_event){.kind = TRACE_PHASE,
                                               .what = begins,
                                               .text = text});
}
