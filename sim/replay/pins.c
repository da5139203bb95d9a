/*
 * pins.c - which objects may not move: what the program has pinned, and what
 * the words that only might be references name, by the run's pin policy
 */
#include "sim/replay/play.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void play_open_pins(struct play *p)
{
    static const char *const words[] = {"none", "k", "kj", "kjv"};
    const char *policy = manager_value(p->o, "pins");
    for (uint32_t i = 0; policy != NULL && i < 4; i++) {
        if (strcmp(policy, words[i]) == 0)
            p->pin_policy = i;
    }
}

/* Pin a live object, once; in the outer heap nothing moves anyway. */
static int add(struct play *p, uint32_t slot, uint32_t epoch)
{
    struct guest_roots *r = p->t->roots;
    struct shadow_object *o = shadow_at(&p->s, slot);
    if (o->state != SHADOW_LIVE || o->is_outer || o->seen == epoch)
        return 0;
    o->seen = epoch;
    if (r->n_precise + p->s.n_held + p->pinned.n >= r->cap)
        return play_fail(p, "more pinned objects than the root table holds");
    r->word[r->n_precise + p->s.n_held + p->pinned.n] = shadow_name(&p->s, o);
    p->pinned.item[p->pinned.n++] = slot;
    return 0;
}

static int add_ids(struct play *p, const struct play_list *ids, uint32_t epoch)
{
    int err = 0;
    for (uint32_t i = 0; i < ids->n && err == 0; i++) {
        uint32_t slot;
        if (play_look_up(p, ids->item[i], &slot) == NAMED_LIVE)
            err = add(p, slot, epoch);
    }
    return err;
}

static int add_slots(struct play *p, uint32_t epoch)
{
    int err = 0;
    for (uint32_t i = 0; i < p->pins.n && err == 0; i++)
        err = add(p, (uint32_t)p->pins.item[i], epoch);
    for (uint32_t i = 0;
         p->pin_policy >= PINS_HELD && i < p->s.n_held && err == 0; i++)
        err = add(p, p->s.held[i], epoch);
    return err;
}

int play_set_pins(struct play *p)
{
    uint32_t most = p->pins.n + p->s.n_held + p->inside.n + p->interior.n;
    p->pinned.n = 0;
    p->t->roots->n_pinned = 0;
    if (p->pins.n == 0 && p->pin_policy == PINS_NONE)
        return 0;
    if (most > p->pinned.cap) {
        uint64_t *larger = realloc(p->pinned.item, most * sizeof *larger);
        if (larger == NULL)
            return problem_set(p->problem, ERR_MEMORY, "no memory left");
        p->pinned.item = larger;
        p->pinned.cap = most;
    }
    uint32_t epoch = ++p->s.epoch;
    int err = add_slots(p, epoch);
    if (err == 0 && p->pin_policy >= PINS_INSIDE)
        err = add_ids(p, &p->inside, epoch);
    if (err == 0 && p->pin_policy >= PINS_INTERIOR)
        err = add_ids(p, &p->interior, epoch);
    p->t->roots->n_pinned = p->pinned.n;
    return err;
}

uint32_t play_count_pins(const struct play *p)
{
    uint32_t n = p->pins.n;
    if (p->pin_policy >= PINS_HELD)
        n += p->s.n_held;
    if (p->pin_policy >= PINS_INSIDE)
        n += p->inside.n;
    if (p->pin_policy >= PINS_INTERIOR)
        n += p->interior.n;
    return n;
}

int play_note_inside(struct play *p, const struct trace_op *op)
{
    struct play_list *list =
        op->what == TRACE_HELD_INSIDE ? &p->inside : &p->interior;
    if (!play_list_set(list, op->ids, op->n_ids))
        return problem_set(p->problem, ERR_MEMORY, "no memory left");
    return 0;
}

/* Where the slot stands among the program's pins, or their number. */
static uint32_t find_pin(const struct play *p, uint32_t slot)
{
    uint32_t i = 0;
    while (i < p->pins.n && p->pins.item[i] != slot)
        i++;
    return i;
}

bool play_is_pinned(const struct play *p, uint32_t slot)
{
    return find_pin(p, slot) < p->pins.n;
}

void play_forget_pin(struct play *p, uint32_t slot)
{
    uint32_t i = find_pin(p, slot);
    if (i < p->pins.n)
        p->pins.item[i] = p->pins.item[--p->pins.n];
}

/* Can an object be kept where it is? One that moves them must know a way. */
static bool can_pin(const struct play *p)
{
    uint32_t can = p->manager->capabilities;
    return (can & CAP_MOVES) == 0 || (can & CAP_PIN) != 0 ||
           manager_value(p->o, "pins") != NULL;
}

int play_pin(struct play *p, const struct trace_op *op)
{
    uint32_t slot;
    bool is_pin = op->kind == TRACE_PIN;
    enum named named = play_look_up(p, op->id, &slot);
    if (named == NAMED_ABSENT)
        return 0;
    if (named != NAMED_LIVE)
        return play_not_live(p, is_pin ? "pin of" : "unpin of", op->id, named);
    if (shadow_at(&p->s, slot)->is_outer)
        return 0; /* it never moves */
    if (is_pin && !can_pin(p))
        return play_reject(p,
                           "pin of object %" PRIu64 ", but %s moves all "
                           "objects and can pin none",
                           op->id, p->manager->name);
    if (is_pin == play_is_pinned(p, slot))
        return 0; /* pins do not count */
    if ((p->manager->capabilities & CAP_PIN) != 0 && p->has_handles) {
        play_drop_cost(p);
        (is_pin ? p->t->pin : p->t->unpin)(p->t,
                                           shadow_at(&p->s, slot)->handle);
        if (play_take_cost(p) != 0)
            return 1;
    }
    if (is_pin)
        return play_list_add(p, &p->pins, slot);
    play_forget_pin(p, slot);
    return 0;
}
