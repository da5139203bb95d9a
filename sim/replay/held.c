/* held.c - see held.h for the rule. */
#include "sim/replay/held.h"

#include <stdlib.h>

static uint32_t *held_word(struct shadow *s, uint32_t i)
{
    struct guest_roots *r = s->target->roots;
    return &r->word[r->n_precise + i];
}

static void put(struct shadow *s, uint32_t i, uint32_t slot)
{
    s->held[i] = slot;
    s->objects[slot].held = i + 1;
    *held_word(s, i) = shadow_name(s, &s->objects[slot]);
}

void held_add(struct shadow *s, uint32_t slot)
{
    struct shadow_object *o = &s->objects[slot];
    if (o->held != 0 || o->state != SHADOW_LIVE || o->is_outer)
        return;
    put(s, s->n_held++, slot);
    s->target->roots->n_held = s->n_held;
    if (s->n_held > s->max_held)
        s->max_held = s->n_held;
}

void held_remove(struct shadow *s, uint32_t slot)
{
    struct shadow_object *o = &s->objects[slot];
    if (o->held == 0)
        return;
    uint32_t i = o->held - 1;
    o->held = 0;
    s->n_held--;
    if (i != s->n_held)
        put(s, i, s->held[s->n_held]);
    s->target->roots->n_held = s->n_held;
}

void held_refresh(struct shadow *s, uint32_t slot)
{
    uint32_t held = s->objects[slot].held;
    if (held != 0)
        *held_word(s, held - 1) = shadow_name(s, &s->objects[slot]);
}

/*
 * Epochs of one trim: `reached` marks objects that a root, the line or a kept
 * object leads to; the higher ones mark what one search has visited.
 */
struct search {
    struct shadow *s;
    uint32_t reached;
    uint32_t *stack; /* objects to look above, each with who led to it    */
    uint32_t n, cap;
};

static bool push(struct search *q, uint32_t slot)
{
    if (q->n == q->cap) {
        uint32_t cap = q->cap == 0 ? 256 : q->cap * 2;
        uint32_t *larger = realloc(q->stack, cap * sizeof *larger);
        if (larger == NULL)
            return false;
        q->stack = larger;
        q->cap = cap;
    }
    q->stack[q->n++] = slot;
    return true;
}

/*
 * Does something that stays lead to `slot`? Upwards along the words that name
 * it, depth first; all visited objects get this search's own epoch. Without
 * memory for the stack the answer is no, which only holds more than needed.
 */
static bool is_reached(struct search *q, uint32_t slot)
{
    struct shadow *s = q->s;
    if (s->objects[slot].seen == q->reached)
        return true; /* an earlier search came through it */
    uint32_t visited = ++s->epoch;
    q->n = 0;
    s->objects[slot].seen = visited;
    if (!push(q, slot))
        return false;
    while (q->n > 0) {
        uint32_t at = q->stack[--q->n];
        for (uint32_t e = s->objects[at].first_in; e != 0;
             e = s->edges[e].next_in) {
            uint32_t from = s->edges[e].from;
            struct shadow_object *o = &s->objects[from];
            if (from == SHADOW_ROOT || o->seen == q->reached) {
                s->objects[at].seen = q->reached;
                s->objects[slot].seen = q->reached;
                return true;
            }
            if (o->seen == visited || o->is_outer)
                continue; /* no collector goes through the outer heap */
            o->seen = visited;
            if (!push(q, from))
                return false;
        }
    }
    return false;
}

static int by_age(const void *a, const void *b, void *ctx)
{
    const struct shadow *s = ctx;
    uint64_t x = s->objects[*(const uint32_t *)a].born;
    uint64_t y = s->objects[*(const uint32_t *)b].born;
    return (x > y) - (x < y);
}

/*
 * Take all out of the set; list those that are not of the line, oldest first,
 * in s->held. The list of live objects has that order already, so where many
 * are held it is gone through, and a few are sorted.
 */
static uint32_t list_candidates(struct shadow *s, uint32_t in_line)
{
    uint32_t n = 0;
    if (s->n_held > s->live.n / 8) {
        for (uint32_t slot = s->live.oldest; slot != SHADOW_NONE;
             slot = s->objects[slot].younger) {
            struct shadow_object *o = &s->objects[slot];
            if (o->held != 0 && o->seen != in_line)
                s->held[n++] = slot;
            o->held = 0;
        }
        return n;
    }
    for (uint32_t i = 0; i < s->n_held; i++) {
        uint32_t slot = s->held[i];
        s->objects[slot].held = 0;
        if (s->objects[slot].seen != in_line)
            s->held[n++] = slot;
    }
    qsort_r(s->held, n, sizeof *s->held, by_age, s);
    return n;
}

uint32_t held_trim(struct shadow *s, const uint32_t *line, uint32_t n_line)
{
    struct search q = {.s = s};
    q.reached = ++s->epoch;

    for (uint32_t i = 0; i < n_line; i++)
        s->objects[line[i]].seen = q.reached;
    uint32_t n = list_candidates(s, q.reached);

    /*
     * Keep those that nothing reaches. A kept object counts as reached for
     * the younger ones below it.
     */
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t slot = s->held[i];
        if (is_reached(&q, slot))
            continue;
        s->objects[slot].seen = q.reached;
        s->held[kept++] = slot;
    }
    free(q.stack);

    for (uint32_t i = kept; i-- > 0;)
        s->held[i + n_line] = s->held[i];
    for (uint32_t i = 0; i < kept; i++)
        put(s, i + n_line, s->held[i + n_line]);
    for (uint32_t i = 0; i < n_line; i++)
        put(s, i, line[i]);
    s->n_held = n_line + kept;
    s->target->roots->n_held = s->n_held;
    return n_line;
}

void held_limit(struct shadow *s, uint32_t n)
{
    s->target->roots->n_held = n < s->n_held ? n : s->n_held;
}

void held_all(struct shadow *s)
{
    s->target->roots->n_held = s->n_held;
}
