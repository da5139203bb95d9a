/*
 * touches.c - reads: what a manager that is asked where an object lies, by
 * deref, takes for it, and whether it is right
 *
 * The trace's own touches, and those that the run adds (replay.h). Under a
 * manager whose objects have addresses a read asks nothing.
 */
#include "sim/replay/play.h"

#include <inttypes.h>

int play_read(struct play *p, uint32_t slot, uint32_t word)
{
    const struct shadow_object *o = shadow_at(&p->s, slot);
    if (!p->has_deref || (uint64_t)word * 4 + 4 > o->granted)
        return 0;
    play_drop_cost(p);
    uint32_t found = p->t->deref(p->t, shadow_name(&p->s, o), 4 * word);
    uint32_t expected = shadow_word_address(&p->s, slot, word);
    int err = play_take_cost(p);
    p->result->touches++;
    if (err != 0 || found == expected)
        return err;
    return play_fail(p,
                     "word %u of object %" PRIu64
                     " is at 0x%08x, but deref leads to 0x%08x",
                     word, o->id, expected, found);
}

/* An added touch: a record of its own. */
static int add_touch(struct play *p, uint32_t slot, uint32_t word)
{
    struct trace_op touch = {
        .kind = TRACE_TOUCH, .id = shadow_at(&p->s, slot)->id, .word = word};
    int err = play_read(p, slot, word);
    return err != 0 ? err : play_tell_event(p, &touch);
}

/* The object that the trace dealt with last, if it lives; else the youngest
 * one, or none. */
static uint32_t touched_slot(struct play *p)
{
    uint32_t slot = SHADOW_NONE;
    if (p->last_id != TRACE_NONE &&
        play_look_up(p, p->last_id, &slot) == NAMED_LIVE &&
        !shadow_at(&p->s, slot)->is_outer)
        return slot;
    return p->s.live.youngest;
}

static int touch_after_operation(struct play *p)
{
    uint32_t slot = touched_slot(p);
    int err = 0;
    if (slot == SHADOW_NONE)
        return 0;
    uint32_t n_words = (uint32_t)(shadow_at(&p->s, slot)->asked / 4);
    for (uint32_t i = 0; i < p->o->touch_every && err == 0; i++) {
        uint64_t turn = p->n_turns++;
        err = add_touch(p, slot, n_words > 1 ? (uint32_t)(turn % n_words) : 0);
    }
    return err;
}

int play_add_touches(struct play *p, const struct trace_op *op)
{
    uint32_t slot;
    bool names_object = op->kind == TRACE_ALLOC || op->kind == TRACE_REALLOC ||
                        op->kind == TRACE_STORE || op->kind == TRACE_TOUCH;
    if (names_object)
        p->last_id = op->id;
    if (p->o->touch_every > 0 && trace_is_operation(op->kind))
        return touch_after_operation(p);
    if (p->o->touch_stores != 0 && op->kind == TRACE_STORE &&
        play_look_up(p, op->id, &slot) == NAMED_LIVE)
        return add_touch(p, slot, op->word);
    return 0;
}
