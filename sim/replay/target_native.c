/* target_native.c - see target.h: the manager linked into this process. */
#include "sim/replay/target.h"

#include <stdlib.h>
#include <string.h>

/*
 * The window stands behind a head in one piece of memory, so that the core's
 * outward calls, which know only the window, find their target.
 */
struct native {
    struct target target;
    uint8_t *saved; /* snapshot: extent_bytes of window_bytes             */
    struct guest_roots *saved_roots;
};

#define HEAD_BYTES 64u

static struct target **head_of(struct heap *h)
{
    return (struct target **)(void *)((uint8_t *)h - HEAD_BYTES);
}

void heap_on_finalise(struct heap *h, addr32 object)
{
    struct target *t = *head_of(h);
    t->host.finalise(t->host.ctx, object);
}

uint32_t heap_more(struct heap *h, uint32_t what, uint32_t value)
{
    struct target *t = *head_of(h);
    return t->host.more(t->host.ctx, what, value);
}

struct guest_roots *heap_roots(struct heap *h)
{
    return (*head_of(h))->roots;
}

static uint32_t native_init(struct target *t, uint32_t heap_bytes,
                            const struct manager_params *p)
{
    return t->manager->init(t->heap, t->base, heap_bytes, p);
}

static uint32_t native_alloc(struct target *t, uint32_t bytes, uint32_t flags)
{
    return t->manager->alloc(t->heap, bytes, flags);
}

static void native_free(struct target *t, uint32_t object)
{
    t->manager->free(t->heap, object);
}

static uint32_t native_realloc(struct target *t, uint32_t object,
                               uint32_t bytes, bool may_move)
{
    return t->manager->realloc(t->heap, object, bytes, may_move);
}

static void native_store(struct target *t, uint32_t object, uint32_t word,
                         uint32_t value)
{
    if (t->manager->store != NULL)
        t->manager->store(t->heap, object, word, value);
    else
        *word_at(t->heap, object + 4 * word) = value;
}

static uint32_t native_collect(struct target *t, uint32_t kind)
{
    return t->manager->collect(t->heap, kind);
}

static uint32_t native_control(struct target *t, uint32_t what, uint32_t value)
{
    return t->manager->control(t->heap, what, value);
}

static uint32_t native_add_area(struct target *t, uint32_t address,
                                uint32_t bytes)
{
    return t->manager->add_area(t->heap, address, bytes);
}

static uint32_t native_deref(struct target *t, uint32_t object, uint32_t byte)
{
    return t->manager->deref(t->heap, object, byte);
}

static uint32_t native_step(struct target *t, uint32_t units)
{
    return t->manager->step(t->heap, units);
}

static uint32_t native_promote(struct target *t, uint32_t object)
{
    return t->manager->promote(t->heap, object);
}

static void native_pin(struct target *t, uint32_t object)
{
    t->manager->pin(t->heap, object);
}

static void native_unpin(struct target *t, uint32_t object)
{
    t->manager->unpin(t->heap, object);
}

static struct heap *outer_of(const struct target *t)
{
    return (struct heap *)(void *)(t->window + (t->outer - t->base));
}

static uint32_t native_outer_init(struct target *t, uint32_t base,
                                  uint32_t bytes, const struct tlsf_params *p)
{
    t->outer = base;
    return tlsf_init(outer_of(t), base, bytes, p);
}

static uint32_t native_outer_avail(struct target *t)
{
    return tlsf_avail(outer_of(t));
}

static uint32_t native_outer_alloc(struct target *t, uint32_t bytes)
{
    return tlsf_alloc(outer_of(t), bytes, 0);
}

static void native_outer_free(struct target *t, uint32_t object)
{
    tlsf_free(outer_of(t), object);
}

static uint32_t native_outer_realloc(struct target *t, uint32_t object,
                                     uint32_t bytes, bool may_move)
{
    return tlsf_realloc(outer_of(t), object, bytes, may_move);
}

/* The part of the root table that is in use. */
static size_t roots_bytes(const struct target *t)
{
    const struct guest_roots *r = t->roots;
    size_t n_words = (size_t)r->n_precise + r->n_held + r->n_pinned;
    return sizeof *r + n_words * sizeof r->word[0];
}

static void native_snapshot(struct target *t)
{
    struct native *n = t->own;
    memcpy(n->saved, t->window, t->extent_bytes);
    memcpy(n->saved_roots, t->roots, roots_bytes(t));
}

static void native_restore(struct target *t)
{
    const struct native *n = t->own;
    memcpy(t->window, n->saved, t->extent_bytes);
    memcpy(t->roots, n->saved_roots, roots_bytes(t));
}

static void native_close(struct target *t)
{
    struct native *n = t->own;
    if (t->window != NULL)
        free(t->window - HEAD_BYTES);
    free(t->roots);
    free(n->saved_roots);
    free(n->saved);
    free(n);
}

int target_native_open(struct target **out, const struct manager *m,
                       uint32_t window_bytes, uint32_t n_precise, uint32_t cap,
                       struct problem *problem)
{
    struct native *n = calloc(1, sizeof *n);
    if (n == NULL)
        return problem_set(problem, ERR_MEMORY, "no memory for a heap");
    size_t bytes = HEAD_BYTES + (size_t)window_bytes;
    uint8_t *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
    n->target = (struct target){
        .manager = m,
        .base = TARGET_WINDOW_BASE,
        .window_bytes = window_bytes,
        .extent_bytes = window_bytes,
        .own = n,
        .init = native_init,
        .alloc = native_alloc,
        .free = native_free,
        .realloc = native_realloc,
        .store = native_store,
        .collect = native_collect,
        .control = native_control,
        .add_area = native_add_area,
        .deref = native_deref,
        .step = native_step,
        .promote = native_promote,
        .pin = native_pin,
        .unpin = native_unpin,
        .outer_init = native_outer_init,
        .outer_avail = native_outer_avail,
        .outer_alloc = native_outer_alloc,
        .outer_free = native_outer_free,
        .outer_realloc = native_outer_realloc,
        .snapshot = native_snapshot,
        .restore = native_restore,
        .close = native_close,
    };
    n->saved = malloc(window_bytes);
    n->target.roots =
        calloc(1, sizeof *n->target.roots + cap * sizeof(uint32_t));
    n->saved_roots = malloc(sizeof *n->saved_roots + cap * sizeof(uint32_t));
    if (memory == NULL || n->saved == NULL || n->saved_roots == NULL ||
        n->target.roots == NULL) {
        free(memory);
        native_close(&n->target);
        return problem_set(problem, ERR_MEMORY,
                           "no memory for a window of %u bytes", window_bytes);
    }
    memset(memory, 0, bytes);
    n->target.window = memory + HEAD_BYTES;
    n->target.heap = (struct heap *)(void *)n->target.window;
    n->target.roots->n_precise = n_precise;
    n->target.roots->cap = cap;
    *head_of(n->target.heap) = &n->target;
    *out = &n->target;
    return 0; // cppcheck-suppress memleak ; the window owns it
}
