/* target_outside.c - see target.h: an allocator of which only the entry points
 * are known. */
#include <stdlib.h>
#include <string.h>

#include "sim/replay/target_guest.h"

/* It has no collections: a hundred instructions for every byte. */
#define CALL_LIMIT (UINT64_C(100) * GUEST_WINDOW_BYTES)

/* The image as it was loaded, in a window of zeros. */
static void begin_again(struct guest *g)
{
    struct machine_problem mp;
    if (g->has_snapshot)
        machine_drop(&g->machine);
    g->has_snapshot = false;
    memset(g->target.window, 0, g->target.window_bytes);
    if (machine_load(&g->machine, &g->image, &mp) < 0)
        snprintf(g->target.trouble, sizeof g->target.trouble, "%s", mp.text);
    guest_start_up(g);
}

/* Its parameters are words of zeros, where the root table would be. */
static uint32_t outside_init(struct target *t, uint32_t heap_bytes,
                             const struct manager_params *p)
{
    struct guest *g = t->own;
    uint32_t args[3] = {t->base, heap_bytes, GUEST_ROOTS};
    if (g->has_begun)
        begin_again(g);
    g->has_begun = true;
    uint32_t error = t->manager->init(t->heap, t->base, heap_bytes, p);
    if (error != HEAP_OK || g->entry[ENTRY_INIT] == 0)
        return error;
    error = guest_call(t, ENTRY_INIT, args, 3);
    if (error != 0 && t->trouble[0] == '\0')
        snprintf(t->trouble, sizeof t->trouble,
                 "guest_init answers %u: it takes no heap of %u bytes", error,
                 heap_bytes);
    return error;
}

static uint32_t outside_alloc(struct target *t, uint32_t bytes, uint32_t flags)
{
    uint32_t args[3] = {bytes, flags, 0};
    uint32_t answer = guest_call(t, ENTRY_ALLOC, args, 3);
    t->heap->refusal = answer == 0 ? REFUSAL_FULL : REFUSAL_NONE;
    return answer;
}

static uint32_t outside_realloc(struct target *t, uint32_t object,
                                uint32_t bytes, bool may_move)
{
    uint32_t args[3] = {object, bytes, may_move};
    uint32_t answer = guest_call(t, ENTRY_REALLOC, args, 3);
    t->heap->refusal = answer != 0 ? REFUSAL_NONE
                       : may_move  ? REFUSAL_FULL
                                   : REFUSAL_IN_PLACE;
    return answer;
}

/* What the trace switches an outside manager does not know. */
static uint32_t outside_control(struct target *t, uint32_t what, uint32_t value)
{
    (void)t;
    (void)what;
    (void)value;
    return HEAP_OK;
}

static uint32_t outside_add_area(struct target *t, uint32_t address,
                                 uint32_t bytes)
{
    (void)t;
    (void)address;
    (void)bytes;
    return HEAP_NO_AREAS;
}

/* The image must leave the window and the root table alone. */
static int judge_places(const struct guest *g, struct problem *problem)
{
    for (uint32_t i = 0; i < g->image.n_segments; i++) {
        const struct segment *s = &g->image.segments[i];
        if (s->bytes > 0 && s->address < GUEST_STACK &&
            s->address + (s->bytes - 1) >= GUEST_WINDOW)
            return problem_set(problem, ERR_INPUT,
                               "%s: segment %u, %u bytes at 0x%08x, lies in "
                               "the heap window or behind it (0x%08x to "
                               "0x%08x)",
                               g->image.name, i, s->bytes, s->address,
                               GUEST_WINDOW, GUEST_STACK);
    }
    return 0;
}

int guest_become_outside(struct guest *g, uint32_t roots_bytes,
                         struct problem *problem)
{
    struct target *t = &g->target;
    t->heap = &g->stand_in;
    t->roots = g->own_roots = calloc(1, roots_bytes);
    if (t->roots == NULL)
        return problem_set(problem, ERR_MEMORY, "no memory for roots");
    t->init = outside_init;
    t->alloc = outside_alloc;
    t->realloc = outside_realloc;
    t->control = outside_control;
    t->add_area = outside_add_area;
    g->limit = CALL_LIMIT;
    return judge_places(g, problem);
}
