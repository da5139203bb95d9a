/*
 * promises.c - a manager's guarantee card against what it did: a run in which
 * it is broken fails
 *
 * At every refusal: no request that the card grants is refused. After every
 * collection: the free memory is in no more holes than the card says, so the
 * longest has its share.
 */
#include "sim/replay/play.h"

#include <inttypes.h>

/* What the largest request of an area depends on. */
static struct manager_view view_of(struct play *p, uint32_t area,
                                   uint32_t n_pinned)
{
    const struct holes *live = play_live(p);
    bool is_only = p->n_areas == 1;
    uint32_t from = play_unit(p, p->areas[area].pool);
    uint32_t to = from + p->areas[area].n_blocks;
    uint64_t units[4] = {
        is_only ? live->n_free : holes_free_in(live, from, to),
        is_only ? p->used.n_free : holes_free_in(&p->used, from, to),
        is_only ? holes_longest(live) : holes_longest_in(live, from, to),
        is_only ? holes_longest(&p->used)
                : holes_longest_in(&p->used, from, to),
    };
    return (struct manager_view){
        .heap = p->t->heap,
        .params = &p->params,
        .live_free = units[0] << p->s.unit_shift,
        .used_free = units[1] << p->s.unit_shift,
        .live_longest = units[2] << p->s.unit_shift,
        .used_longest = units[3] << p->s.unit_shift,
        .n_pinned = n_pinned,
    };
}

uint64_t play_largest_of_areas(struct play *p, uint32_t n_pinned)
{
    uint64_t largest = 0;
    for (uint32_t i = 0; i < p->n_areas; i++) {
        struct manager_view v = view_of(p, i, n_pinned);
        uint64_t served = p->shape->largest(&v);
        largest = served > largest ? served : largest;
    }
    return largest;
}

/* --- refusals. */

/* A resized object may grow in its own area, even where it finds no other
 * place. */
static int judge_growth(struct play *p, const struct op_record *r)
{
    uint32_t slot;
    if (r->kind != TRACE_REALLOC || p->shape->growth == NULL ||
        play_look_up(p, r->object, &slot) != NAMED_LIVE)
        return 0;
    const struct shadow_object *o = shadow_at(&p->s, slot);
    for (uint32_t i = 0; i < p->n_areas; i++) {
        uint32_t bytes = p->areas[i].n_blocks << p->s.unit_shift;
        if (o->address - p->areas[i].pool >= bytes)
            continue;
        struct manager_view v = view_of(p, i, p->pinned.n);
        uint64_t promised = o->granted + p->shape->growth(&v);
        if (r->asked <= promised)
            return play_fail(p,
                             "refused to make %u bytes %" PRIu64 "; by its "
                             "card it makes them up to %" PRIu64,
                             o->granted, r->asked, promised);
    }
    return 0;
}

/*
 * Objects that move with each request (per_alloc) do so behind a refusal, too,
 * and make room that it did not have. What is promised whatever lies where
 * stays promised: all that is free, to a request that waits.
 */
static bool has_moved_since(const struct play *p)
{
    return manager_number(p->o, "per_alloc", 0) != 0 &&
           (manager_number(p->o, "wait", 0) == 0 || play_count_pins(p) > 0);
}

int play_judge_refusal(struct play *p, const struct op_record *r)
{
    bool is_told_why =
        r->outcome != OUTCOME_SHORT && r->outcome != OUTCOME_FRAGMENTED;
    if (is_told_why || p->t->heap->refusal == REFUSAL_IN_PLACE || r->is_outer ||
        p->is_outside || p->has_growth || has_moved_since(p))
        return 0;
    /* What may not move is what might not move in the call. */
    bool is_told = p->moves && p->shape->largest != NULL;
    uint64_t promised = is_told ? play_largest_of_areas(p, p->pinned.n)
                                : play_largest_request(p);
    if (r->asked <= promised)
        return play_fail(p,
                         "refused %" PRIu64 " bytes; by its card it grants up "
                         "to %" PRIu64,
                         r->asked, promised);
    return judge_growth(p, r);
}

/* --- collections. */

int play_judge_holes(struct play *p)
{
    struct manager_view v = view_of(p, 0, p->pinned.n);
    uint64_t n = p->shape->holes == NULL ? 0 : p->shape->holes(&v);
    if (n == 0)
        return 0;
    n += p->n_areas - 1;
    uint64_t free = play_free_bytes(p);
    uint64_t longest = play_longest_hole(p);
    if (longest * n >= free)
        return 0;
    return play_fail(p,
                     "the collection left %" PRIu64 " bytes free and the "
                     "longest hole %" PRIu64 "; by its card there are %" PRIu64
                     " holes or fewer",
                     free, longest, n);
}
