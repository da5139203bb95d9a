/* calls.c - what stands around a call of the manager, and what it asks. */
#include "sim/replay/play.h"

#include <inttypes.h>

/* What a finaliser of the recording freed; a locked heap keeps it. */
static int free_for_finaliser(struct play *p, uint64_t id)
{
    uint32_t slot;
    enum named named = play_look_up(p, id, &slot);
    if (named == NAMED_NEVER || named == NAMED_FREED)
        return play_not_live(p, "a finaliser frees", id, named);
    p->result->frees++;
    if (slot == SHADOW_NONE) { /* absent, or reclaimed after its death */
        p->result->dropped++;
        return play_set_id(p, id, IDMAP_FREED);
    }
    if (shadow_at(&p->s, slot)->is_outer)
        return play_outer_drop(p, slot, IDMAP_FREED);
    if (!play_can_free(p))
        return named == NAMED_LIVE ? play_death(p, id) : 0;
    p->t->free(p->t, shadow_name(&p->s, shadow_at(&p->s, slot)));
    play_forget_object(p, slot, IDMAP_FREED);
    return play_take_cost(p);
}

/* Free the ids that the recording's finalisers freed. */
int play_free_pending(struct play *p)
{
    int err = 0;
    for (uint32_t i = 0; i < p->finalise.n && err == 0; i++)
        err = free_for_finaliser(p, p->finalise.item[i]);
    p->finalise.n = 0;
    return err;
}

void play_on_finalise(void *ctx, uint32_t address)
{
    struct play *p = ctx;
    if (p->is_probing)
        return;
    p->happened.has_finalised = true;
    if (p->moves && play_follow_early(p) != 0)
        return;
    uint32_t slot = shadow_find(&p->s, address);
    if (slot == SHADOW_NONE)
        (void)play_fail(p,
                        "a finaliser was called for 0x%08x, where no "
                        "object is",
                        address);
    else if (shadow_at(&p->s, slot)->state == SHADOW_LIVE &&
             p->t->heap->last_cause != CAUSE_ALL)
        (void)play_fail(
            p, "the finaliser of object %" PRIu64 " was called, which is live",
            shadow_at(&p->s, slot)->id);
    /* In a locked heap nothing is freed: what that makes garbage is so only
     * for the next collection. */
    if (p->t->heap->lock_depth == 0 && p->late_error == 0)
        p->late_error = play_free_pending(p);
    /* Pins stand behind the held words, and these are others now. */
    if (p->moves && p->late_error == 0)
        p->late_error = play_set_pins(p);
}

static void note_given_back(struct play *p, uint32_t address)
{
    struct play_happened *h = &p->happened;
    uint32_t index = 0;
    for (uint32_t i = 0; i < p->n_areas; i++) {
        bool is_gone = false;
        for (uint32_t g = 0; g < h->n_given_back; g++)
            is_gone |= h->given_back[g].number == p->areas[i].number;
        if (!is_gone && p->areas[i].start == address &&
            h->n_given_back < PLAY_AREAS_CAP) {
            h->given_back[h->n_given_back].number = p->areas[i].number;
            h->given_back[h->n_given_back].index = index;
            h->given_back[h->n_given_back++].lost = TRACE_NONE;
            return;
        }
        index += !is_gone;
    }
}

uint32_t play_on_more(void *ctx, uint32_t what, uint32_t value)
{
    struct play *p = ctx;
    uint32_t answer = 0;
    switch (what) {
    case MORE_AVAIL:
        answer = p->outer_heap.is_open ? outer_heap_avail(p)
                                       : outer_avail(&p->outer);
        if (!p->is_probing) {
            p->happened.has_avail = true;
            p->happened.avail = answer;
        }
        break;
    case MORE_TAKE:
        answer = p->outer_heap.is_open ? outer_heap_take(p, value)
                                       : outer_take(&p->outer, value);
        break;
    default:
        if (!p->is_probing)
            note_given_back(p, value);
        if (p->outer_heap.is_open)
            outer_heap_give(p, value);
        else
            outer_give(&p->outer, value);
        break;
    }
    if (!p->is_probing && what != MORE_AVAIL)
        p->areas_changed = true;
    return answer;
}

/*
 * Where every recorded fact must be met, the held line stands alone at the
 * recording's own collection, unless references are missing that would lead
 * on from it. A run that may differ from the recording holds all it must.
 */
void play_before_call(struct play *p)
{
    if (p->expecting && p->o->check && p->has_line && p->w->header.has_graph)
        held_limit(&p->s, p->n_line);
    play_drop_cost(p);
    if (p->moves)
        p->late_error = play_set_pins(p);
    if (p->n_followed != 0)
        p->early = (struct collection_record){0};
    p->n_followed = 0;
    p->calls_before = p->t->heap->n_collections;
    p->grown_before = p->t->heap->n_grown;
}

static void note_added(struct play *p)
{
    struct play_happened *h = &p->happened;
    if (p->t->heap->n_grown == p->grown_before || p->n_areas == 0)
        return;
    h->has_added = true;
    h->added = p->areas[p->n_areas - 1];
    h->added_index = p->n_areas - 1;
}

/* A table of handles takes its entries out of the heap. */
static bool has_table_grown(const struct play *p)
{
    const struct play_area *a = &p->areas[0];
    return a->pool + (a->n_blocks << p->s.unit_shift) != p->t->heap->pool_max;
}

/*
 * After it: collections, areas, what finalisers left to be freed. `answer` is
 * an address that the shadow does not know yet, `busy` the object that moved
 * there.
 */
int play_after_call(struct play *p, uint32_t answer, uint32_t busy,
                    bool everything)
{
    const struct heap *h = p->t->heap;
    held_all(&p->s);
    int err = play_take_cost(p);
    if (p->is_stopped)
        return 1; /* a finaliser's turn went wrong */
    p->happened.n_collections = h->n_collections - p->calls_before;
    p->happened.cause = h->last_cause;
    p->happened.rescans = h->last_rescans;
    if (err == 0 && p->happened.n_collections > 0)
        err = play_after_collection(p, answer, busy, everything);
    if (err == 0 && p->has_handles)
        err = play_follow_handles(p, answer == 0 ? busy : SHADOW_NONE);
    if (err == 0 && p->has_handles)
        p->areas_changed |= has_table_grown(p);
    if (err == 0 && p->areas_changed)
        err = play_sync_areas(p);
    if (err == 0)
        note_added(p);
    if (err == 0)
        err = p->late_error;
    p->late_error = 0;
    return err;
}
