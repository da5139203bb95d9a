/* copycollect.c - see copycollect.h for the contract. */
#include "core/copycollect.h"
#include "core/copygrow.h"
#include "core/copyregion.h"
#include "core/evacuate.h"
#include "core/host.h"
#include "core/reach.h"

static void mark(struct heap *h)
{
    struct copying *own = copying_of(h);
    const struct guest_roots *roots = heap_roots(h);
    h->phase = PHASE_MARK;
    mark_begin(&own->mark);
    reach_words(h, &own->mark, roots->word, roots->n_precise + roots->n_held);
    reach_words(h, &own->mark, &own->moving, 1);
    reach_rest(h, &own->mark);
    h->last_rescans = own->mark.n_rescans;
}

static void sweep(struct heap *h)
{
    h->phase = PHASE_SWEEP;
    struct slide_area *a = slide_first(h);
    for (; a != NULL; a = slide_next(h, a)) {
        struct atab_swept swept;
        uint32_t n_blocks = area_blocks(&a->area);
        atab_sweep(area_table(h, &a->area), n_blocks, n_blocks, &swept);
        a->n_free += swept.freed_blocks;
        h->last_freed_objects += swept.freed_objects;
        h->last_freed_blocks += swept.freed_blocks;
    }
    slide_prune(h);
}

/* What may not move is pinned. */
static void pin(struct heap *h)
{
    struct copying *own = copying_of(h);
    const struct guest_roots *roots = heap_roots(h);
    const uint32_t *word = roots->word + roots->n_precise + roots->n_held;
    for (uint32_t i = 0; i < roots->n_pinned; i++)
        slide_pin(h, &own->slide, word[i]);
    slide_pin_ambiguous(h, &own->slide);
    own->n_pinned = own->slide.n_pinned;
}

/* Every reference gets its new value. */
static void update(struct heap *h)
{
    struct copying *own = copying_of(h);
    struct guest_roots *roots = heap_roots(h);
    h->phase = PHASE_UPDATE;
    slide_update_words(h, &own->slide, roots->word,
                       roots->n_precise + roots->n_held);
    slide_update_words(h, &own->slide, &own->moving, 1);
    slide_update(h, &own->slide);
}

/* What has moved out has left its new address; its old place becomes free. */
static void update_moved_out(struct heap *h, const struct slide_area *a)
{
    update(h);
    h->phase = PHASE_SWEEP;
    evacuate_settle(h, &copying_of(h)->slide, a);
}

/* Everything slides, as far as pins let it. Those are told already. */
static void slide(struct heap *h)
{
    struct slide *s = &copying_of(h)->slide;
    h->phase = PHASE_PLAN;
    bool has_moves = slide_plan(h, s);
    if (has_moves) {
        update(h);
        h->phase = PHASE_MOVE;
        slide_move(h, s);
    }
    if (has_moves || s->n_pinned > 0) {
        h->phase = PHASE_SWEEP;
        slide_settle(h, s);
    }
}

/* After a slide: one large hole, or nearly, in spite of what is pinned. */
static void pack(struct heap *h)
{
    struct slide *s = &copying_of(h)->slide;
    h->phase = PHASE_PLAN;
    pin(h);
    const struct slide_area *a = slide_first(h);
    for (; a != NULL; a = slide_next(h, a)) {
        h->phase = PHASE_MOVE;
        if (evacuate_pack(h, s, a))
            update_moved_out(h, a);
    }
    slide_unpin(h, s);
}

/* Make n free blocks in a row with as few moves as possible. False: that
 * cannot be done; it may have moved something. Pins are told already. */
static bool open_window(struct heap *h, uint32_t n_blocks)
{
    struct slide *s = &copying_of(h)->slide;
    const struct slide_area *a = slide_first(h);
    while (a != NULL && a->n_free < n_blocks)
        a = slide_next(h, a);
    if (a == NULL)
        return false;
    h->phase = PHASE_MOVE;
    s->low = UINT32_MAX;
    bool is_open = evacuate_window(h, s, a, n_blocks);
    if (s->low != UINT32_MAX)
        update_moved_out(h, a);
    return is_open;
}

/*
 * Move what has to be moved so that n blocks in a row are free; 0: pack
 * everything.
 */
static void compact(struct heap *h, uint32_t n_blocks)
{
    struct copying *own = copying_of(h);
    bool is_marked = h->last_cause != CAUSE_SLIDE;
    bool is_partial =
        own->params.slide == COPYING_WINDOW && n_blocks != 0 && is_marked;
    if (is_partial && region_longest_hole(h) >= n_blocks)
        return;
    h->phase = PHASE_PLAN;
    pin(h);
    if (is_partial && open_window(h, n_blocks)) {
        slide_unpin(h, &own->slide);
        return;
    }
    slide(h);
    if (own->n_pinned > 0 && is_marked && own->params.pack)
        pack(h);
}

/* A heap with next to nothing in it is not collected all the time, either. */
void copycollect_ration(struct heap *h)
{
    uint32_t n_used = 0;
    uint32_t least = 0;
    const struct slide_area *a = slide_first(h);
    for (; a != NULL; a = slide_next(h, a)) {
        n_used += area_blocks(&a->area) - a->n_free;
        least += area_blocks(&a->area) / 32;
    }
    uint32_t n = n_used > least ? n_used : least;
    uint32_t percent = copying_of(h)->params.ration;
    copying_of(h)->ration = n / 100 * percent + n % 100 * percent / 100;
}

void copycollect_begin(struct heap *h, uint32_t cause)
{
    struct copying *own = copying_of(h);
    CORE_ASSERT(h->phase == PHASE_IDLE && own->slide.n_pinned == 0);
    h->n_collections++;
    h->last_cause = cause;
    h->last_rescans = 0;
    h->last_freed_objects = 0;
    h->last_freed_blocks = 0;
    h->last_given_back = 0;
    own->slide.moved_objects = 0;
    own->slide.moved_bytes = 0;
}

void copycollect(struct heap *h, uint32_t cause, uint32_t n_blocks)
{
    copycollect_begin(h, cause);
    region_leave(h);
    if (cause != CAUSE_SLIDE) {
        h->given_blocks = 0;
        if (cause != CAUSE_ALL)
            mark(h);
        if (h->has_finalisers) {
            h->phase = PHASE_FINALISE;
            area_finalise(h);
        }
        sweep(h);
    }
    compact(h, n_blocks);
    CORE_ASSERT(copying_of(h)->slide.n_pinned == 0);
    if (copying_of(h)->params.grow && cause != CAUSE_SLIDE)
        copygrow_give_back(h, n_blocks);
    h->phase = PHASE_IDLE;
    copycollect_ration(h);
    region_choose(h, n_blocks);
}

void copycollect_slide(struct heap *h)
{
    region_leave(h);
    h->phase = PHASE_PLAN;
    pin(h);
    slide(h);
    h->phase = PHASE_IDLE;
    region_choose(h, 0);
}

bool copycollect_raise(struct heap *h, struct slide_area *a, uint32_t b,
                       uint32_t n_blocks)
{
    struct copying *own = copying_of(h);
    region_leave(h);
    h->phase = PHASE_PLAN;
    pin(h);
    bool is_possible = slide_plan_raise(h, &own->slide, a, b, n_blocks);
    if (is_possible) {
        update(h);
        h->phase = PHASE_MOVE;
        slide_raise(h, &own->slide, a);
    }
    slide_unpin(h, &own->slide);
    h->phase = PHASE_IDLE;
    region_choose(h, 0);
    return is_possible;
}
