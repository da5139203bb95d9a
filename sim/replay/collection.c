/* collection.c - what a collection did: who is gone, and who must not be. */
#include "sim/replay/play.h"

#include <inttypes.h>
#include <stdlib.h>

/* For recorded facts only: in their order, by area and block. */
static int remember(struct play *p, const struct play_area *a,
                    const struct shadow_object *o)
{
    struct play_happened *h = &p->happened;
    if (!p->expecting)
        return 0;
    if (h->n_reclaimed == h->cap_reclaimed) {
        uint32_t cap = h->cap_reclaimed == 0 ? 1024 : h->cap_reclaimed * 2;
        void *larger = realloc(h->reclaimed, cap * sizeof *h->reclaimed);
        if (larger == NULL)
            return problem_set(p->problem, ERR_MEMORY, "no memory left");
        h->reclaimed = larger;
        h->cap_reclaimed = cap;
    }
    struct play_reclaimed *r = &h->reclaimed[h->n_reclaimed++];
    r->id = o->id;
    r->area = a->number;
    r->block = (o->address - a->pool) >> p->s.unit_shift;
    return 0;
}

/*
 * Mark in the shadow every object that the manager still has. `answer` is new
 * and not yet in the shadow, which may still know a dead object there.
 */
static int see_survivors(struct play *p, uint32_t answer, uint32_t *epoch)
{
    struct shadow *s = &p->s;
    struct heap_cursor cursor = {0};
    struct heap_object object;
    *epoch = ++s->epoch;
    while (p->manager->walk(p->t->heap, &cursor, &object)) {
        if (object.address == answer)
            continue;
        uint32_t slot = shadow_find(s, object.address);
        if (slot != SHADOW_NONE) {
            if (shadow_at(s, slot)->granted != object.bytes)
                return play_fail(p,
                                 "in the manager's tables object %" PRIu64
                                 " has %u bytes, not %u",
                                 shadow_at(s, slot)->id, object.bytes,
                                 shadow_at(s, slot)->granted);
            shadow_at(s, slot)->seen = *epoch;
            continue;
        }
        return play_fail(p,
                         "the manager has an object at 0x%08x that is not in "
                         "the trace, or not any more",
                         object.address);
    }
    return 0;
}

/* The first object, live or dead, that the last walk did not meet. */
static uint32_t first_unseen(const struct shadow *s, uint32_t epoch)
{
    for (int list = 0; list < 2; list++) {
        uint32_t slot = list == 0 ? s->live.oldest : s->dead.oldest;
        while (slot != SHADOW_NONE && shadow_at(s, slot)->seen == epoch)
            slot = shadow_at(s, slot)->younger;
        if (slot != SHADOW_NONE)
            return slot;
    }
    return SHADOW_NONE;
}

int play_walk(struct play *p)
{
    uint32_t epoch;
    int err = see_survivors(p, 0, &epoch);
    uint32_t slot = err == 0 ? first_unseen(&p->s, epoch) : SHADOW_NONE;
    if (slot == SHADOW_NONE)
        return err;
    return play_fail(
        p, "the manager does not have object %" PRIu64 " at 0x%08x any more",
        shadow_at(&p->s, slot)->id, shadow_at(&p->s, slot)->address);
}

/* A live object that the manager no longer has: lawful only with its area. */
static int lose(struct play *p, const struct play_area *a, uint32_t slot,
                bool everything)
{
    const struct shadow_object *o = shadow_at(&p->s, slot);
    for (uint32_t g = 0; g < p->happened.n_given_back && !everything; g++) {
        if (p->happened.given_back[g].number != a->number ||
            p->happened.given_back[g].lost != TRACE_NONE)
            continue;
        p->happened.given_back[g].lost = o->id;
        p->result->lone_blocks++;
        play_remove(p, slot, IDMAP_ABSENT);
        return 0;
    }
    if (!everything)
        return play_fail(p,
                         "the collection reclaimed object %" PRIu64
                         " at 0x%08x, which is live",
                         o->id, o->address);
    int err = remember(p, a, o);
    play_remove(p, slot, IDMAP_ABSENT);
    return err;
}

/* One object that the manager no longer has leaves the shadow. */
static int take_leave(struct play *p, const struct play_area *a, uint32_t slot,
                      bool everything, struct collection_record *c)
{
    const struct shadow_object *o = shadow_at(&p->s, slot);
    c->reclaimed_objects++;
    c->reclaimed_bytes += o->granted;
    if (o->state == SHADOW_LIVE)
        return lose(p, a, slot, everything);
    int err = remember(p, a, o);
    holes_give(&p->used, play_from(p, o->address), play_units(p, o->granted));
    shadow_remove(&p->s, slot, IDMAP_DEAD);
    return err;
}

/* All that were not seen go, but `busy`, which has moved; by address. */
static int lose_the_unseen(struct play *p, uint32_t epoch, uint32_t busy,
                           bool everything, struct collection_record *c)
{
    struct shadow *s = &p->s;
    for (uint32_t i = 0; i < p->n_areas; i++) {
        const struct play_area *a = &p->areas[i];
        uint32_t first = play_unit(p, a->pool);
        for (uint32_t unit = first; unit < first + a->n_blocks; unit++) {
            uint32_t slot = s->object_at[unit];
            if (slot == SHADOW_NONE || shadow_at(s, slot)->seen == epoch ||
                slot == busy)
                continue;
            int err = take_leave(p, a, slot, everything, c);
            if (err != 0)
                return err;
        }
    }
    return 0;
}

/*
 * A dead object that the collection kept, though nothing live names it: the
 * held set, or the marking, was wrong.
 */
static int judge_floating(struct play *p)
{
    const struct shadow *s = &p->s;
    p->result->floating += s->dead.n;
    if (!p->o->check || s->dead.n == 0)
        return 0;
    const struct shadow_object *o = shadow_at(s, s->dead.oldest);
    return play_fail(
        p, "the collection kept object %" PRIu64 " at 0x%08x, which is dead",
        o->id, o->address);
}

static void read_area(struct play_area *a, const struct area_info *info)
{
    a->number = info->number;
    a->start = info->start;
    a->pool = info->pool;
    a->n_blocks = info->n_blocks;
    a->table_bytes = info->table_bytes;
}

static void build_index(struct play *p, struct holes *index, bool with_dead)
{
    const struct shadow *s = &p->s;
    holes_clear(index);
    for (uint32_t i = 0; i < p->n_areas; i++)
        holes_give(index, play_unit(p, p->areas[i].pool), p->areas[i].n_blocks);
    for (int list = 0; list <= (int)with_dead; list++) {
        uint32_t slot = list == 0 ? s->live.oldest : s->dead.oldest;
        while (slot != SHADOW_NONE) {
            const struct shadow_object *o = shadow_at(s, slot);
            if (p->in_pieces)
                pieces_take(p, index, o->address);
            else if (slot != p->placeless)
                holes_take(index, play_from(p, o->address),
                           play_units(p, o->granted));
            slot = o->younger;
        }
    }
    if (!p->in_pieces) /* no run of units says anything */
        holes_end_bulk(index);
}

int play_sync_areas(struct play *p)
{
    struct area_info info;
    p->n_areas = 0;
    while (p->manager->area_info(p->t->heap, p->n_areas, &info)) {
        if (p->n_areas == PLAY_AREAS_CAP)
            return play_fail(p, "more than %d areas", PLAY_AREAS_CAP);
        read_area(&p->areas[p->n_areas++], &info);
    }
    build_index(p, &p->used, true);
    if (p->tag_units != 0)
        p->n_holes = holes_count(&p->used);
    p->live_is_used = p->s.dead.n == 0;
    if (!p->live_is_used)
        build_index(p, &p->live, false);
    p->areas_changed = false;
    return 0;
}

static int tell(struct play *p, struct collection_record *c)
{
    const struct heap *h = p->t->heap;
    p->result->collections += p->happened.n_collections;
    c->seq = p->seq;
    c->has_cost = p->t->has_cost;
    c->cost = p->cost;
    c->cause = (uint8_t)h->last_cause;
    c->rescans = h->last_rescans;
    c->given_back = h->last_given_back;
    c->live_objects = p->s.live.n + p->s.dead.n;
    c->live_bytes = p->s.used_bytes;
    c->n_pinned = p->pinned.n;
    c->free_after = play_free_bytes(p);
    c->largest_free_after = play_longest_hole(p);
    if (p->sink->collection == NULL)
        return 0;
    return p->sink->collection(p->sink->ctx, c);
}

/*
 * A realloc after whose collection the object stayed, and grew, has taken more
 * than the shadow knows yet: for judging and telling that is not free.
 */
static int tell_moved(struct play *p, uint32_t answer, uint32_t busy,
                      struct collection_record *c)
{
    uint32_t more = 0, end = 0;
    if (busy != SHADOW_NONE && shadow_at(&p->s, busy)->address == answer) {
        uint32_t granted = shadow_at(&p->s, busy)->granted;
        more = p->answer_bytes > granted ? p->answer_bytes - granted : 0;
        end = answer + granted;
    }
    if (more > 0)
        play_take(p, end, more, false);
    int err = play_judge_holes(p);
    if (err == 0)
        err = tell(p, c);
    if (more > 0)
        play_give(p, end, more, false);
    return err;
}

/* Contents of all objects of a list but `busy`. */
static int verify_list(struct play *p, const struct shadow_list *l,
                       uint32_t busy)
{
    int err = 0;
    for (uint32_t slot = l->oldest; slot != SHADOW_NONE && err == 0;
         slot = shadow_at(&p->s, slot)->younger)
        err = slot == busy ? 0 : play_verify_object(p, slot);
    return err;
}

/* Contents of all live objects but `busy`, and all roots. */
static int verify_but(struct play *p, uint32_t busy)
{
    const struct shadow *s = &p->s;
    int err = verify_list(p, &s->live, busy);
    if (err == 0)
        err = verify_list(p, &s->outer, busy);
    if (err != 0)
        return err;
    int64_t root = shadow_verify_roots(s);
    if (root >= 0)
        return play_fail(p, "root word %" PRId64 " does not name its object",
                         root);
    return 0;
}

/* The collection of a manager that leaves everything where it is. */
static int after_sweep(struct play *p, uint32_t answer, uint32_t slot,
                       bool everything, struct collection_record *c)
{
    uint32_t epoch;
    int err = see_survivors(p, answer, &epoch);
    if (err != 0)
        return err;
    holes_begin_bulk(&p->used);
    err = lose_the_unseen(p, epoch, slot, everything, c);
    holes_end_bulk(&p->used);
    if (err == 0 &&
        (everything || p->happened.n_given_back > 0 || p->areas_changed))
        err = play_sync_areas(p);
    return err;
}

/* The dead that the manager no longer has leave the shadow. */
static void lose_the_dead(struct play *p, uint32_t epoch,
                          struct collection_record *c)
{
    struct shadow *s = &p->s;
    uint32_t next;
    for (uint32_t slot = s->dead.oldest; slot != SHADOW_NONE; slot = next) {
        const struct shadow_object *o = shadow_at(s, slot);
        next = o->younger;
        if (o->seen == epoch)
            continue;
        c->reclaimed_objects++;
        c->reclaimed_bytes += o->granted;
        shadow_remove(s, slot, IDMAP_DEAD);
    }
}

/*
 * The collection of one that moves: all references, roots and bytes are
 * verified, but those of an object that a realloc has copied since.
 */
static int after_moves(struct play *p, uint32_t answer, uint32_t busy,
                       struct collection_record *c)
{
    uint32_t epoch;
    int err = play_follow_moves(p, answer, busy, &epoch, c);
    if (err != 0)
        return err;
    lose_the_dead(p, epoch, c);
    err = play_sync_areas(p);
    return err != 0 ? err : verify_but(p, busy);
}

int play_follow_early(struct play *p)
{
    uint32_t n = p->t->heap->n_collections - p->calls_before - 1;
    if (n == p->n_followed)
        return 0;
    p->n_followed = n;
    int err = after_moves(p, 0, SHADOW_NONE, &p->early);
    if (err < 0 && p->late_error == 0)
        p->late_error = err;
    return err;
}

int play_after_collection(struct play *p, uint32_t answer, uint32_t slot,
                          bool everything)
{
    struct collection_record c = p->early;
    c.free_before = play_free_bytes(p);
    c.largest_free_before = play_longest_hole(p);
    bool has_moved = p->moves && !everything;
    int err = has_moved ? after_moves(p, answer, slot, &c)
                        : after_sweep(p, answer, slot, everything, &c);
    if (err == 0 && p->t->heap->last_cause != CAUSE_SLIDE)
        err = judge_floating(p);
    if (err != 0)
        return err;
    p->live_is_used = p->s.dead.n == 0;
    if (!p->w->header.has_held)
        held_trim(&p->s, NULL, 0);
    return has_moved ? tell_moved(p, answer, slot, &c) : tell(p, &c);
}

int play_verify_all(struct play *p)
{
    return verify_but(p, SHADOW_NONE);
}
