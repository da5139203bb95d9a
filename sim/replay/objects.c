/* objects.c - what an id names, and how an object ends. */
#include "sim/replay/play.h"

#include <inttypes.h>

enum named play_look_up(struct play *p, uint64_t id, uint32_t *slot)
{
    uint32_t value = idmap_get(p->s.ids, id);
    *slot = value < IDMAP_SLOT_MAX ? value : SHADOW_NONE;
    switch (value) {
    case IDMAP_NEVER:
        return NAMED_NEVER;
    case IDMAP_FREED:
        return NAMED_FREED;
    case IDMAP_DEAD:
    case IDMAP_ENDED:
        return NAMED_GONE;
    case IDMAP_ABSENT:
    case IDMAP_STRING:
        return NAMED_ABSENT;
    default:
        return shadow_at(&p->s, value)->state == SHADOW_LIVE ? NAMED_LIVE
                                                             : NAMED_DEAD;
    }
}

/* The one line for an operation on an object that cannot take it. */
int play_not_live(struct play *p, const char *verb, uint64_t id,
                  enum named named)
{
    const char *why = named == NAMED_FREED   ? "was freed"
                      : named == NAMED_NEVER ? "was never allocated"
                                             : "is dead";
    return play_reject(p, "%s object %" PRIu64 ", which %s", verb, id, why);
}

int play_set_id(struct play *p, uint64_t id, uint32_t value)
{
    if (id == TRACE_NONE || idmap_set(p->s.ids, id, value))
        return 0;
    return problem_set(p->problem, ERR_MEMORY, "no memory left");
}

void play_remove(struct play *p, uint32_t slot, uint32_t end)
{
    play_forget_pin(p, slot);
    shadow_remove(&p->s, slot, end);
}

/* The object's memory is free again, by the program's own free. */
void play_forget_object(struct play *p, uint32_t slot, uint32_t end)
{
    const struct shadow_object *o = shadow_at(&p->s, slot);
    play_give(p, o->address, o->granted, o->state == SHADOW_LIVE);
    play_remove(p, slot, end);
}

void play_forget_all(struct play *p, uint32_t end)
{
    struct shadow *s = &p->s;
    while (s->dead.n > 0)
        shadow_remove(s, s->dead.oldest, IDMAP_DEAD);
    while (s->live.n > 0)
        play_remove(p, s->live.oldest, end);
    p->chunk = SHADOW_NONE;
    p->strings = (struct string_figures){0};
}

void play_forget_outer(struct play *p)
{
    while (p->s.outer.n > 0)
        play_remove(p, p->s.outer.oldest, IDMAP_ABSENT);
}

int play_verify_object(struct play *p, uint32_t slot)
{
    uint32_t expected, found;
    if (p->in_pieces && pieces_verify(p, slot) != 0)
        return 1;
    int64_t word = shadow_verify(&p->s, slot, &expected, &found);
    if (word < 0)
        return 0;
    return play_fail(p,
                     "word %" PRId64 " of object %" PRIu64
                     " should hold 0x%08x and holds 0x%08x",
                     word, shadow_at(&p->s, slot)->id, expected, found);
}

/*
 * An object may die before the words that name it do. Its holders mostly die
 * next; those that are alive at the next operation name nothing any more, so
 * that dead objects are unreachable whenever the manager is called.
 */
void play_forget_names(struct play *p)
{
    for (uint32_t i = 0; i < p->named.n; i++) {
        const struct shadow_object *o =
            shadow_at(&p->s, (uint32_t)p->named.item[i]);
        while (o->first_in != 0) {
            const struct shadow_edge *e = &p->s.edges[o->first_in];
            (void)shadow_store(&p->s, e->from, e->word, SHADOW_NONE);
        }
    }
    p->named.n = 0;
}

/* The program frees what has died: the manager would never know. */
static int free_dead(struct play *p, uint32_t slot)
{
    int err = play_verify_object(p, slot);
    if (err != 0)
        return err;
    play_before_call(p);
    p->t->free(p->t, shadow_name(&p->s, shadow_at(&p->s, slot)));
    err = play_after_call(p, 0, play_freed(p, slot), false);
    if (err != 0)
        return err;
    p->result->freed_at_death++;
    play_forget_object(p, slot, IDMAP_DEAD);
    return 0;
}

/* Nobody collects in the outer heap. */
static int let_outer_die(struct play *p, uint32_t slot)
{
    play_drop_cost(p);
    p->result->freed_at_death++;
    return play_outer_drop(p, slot, IDMAP_DEAD);
}

int play_let_die(struct play *p, uint32_t slot)
{
    const struct shadow_object *o = shadow_at(&p->s, slot);
    if (o->is_outer)
        return let_outer_die(p, slot);
    if (!p->collects)
        return free_dead(p, slot);
    play_forget_pin(p, slot);
    play_give_live(p, o->address, o->granted);
    shadow_die(&p->s, slot);
    return o->first_in == 0 ? 0 : play_list_add(p, &p->named, slot);
}

int play_death(struct play *p, uint64_t id)
{
    uint32_t slot;
    enum named named = play_look_up(p, id, &slot);
    if (named == NAMED_ABSENT) {
        p->result->dropped += idmap_get(p->s.ids, id) == IDMAP_STRING;
        return play_set_id(p, id, IDMAP_DEAD);
    }
    if (named != NAMED_LIVE)
        return play_not_live(p, "death of", id, named);
    return play_let_die(p, slot);
}
