/*
 * moves.c - where a manager that moves objects has put them
 *
 * A collector tells nobody. But every live object is reached from the roots,
 * the held words and the references, which the collector's own code has
 * rewritten: followed from word to word, each says where its object is now.
 * All words that name one object must say the same. Objects that are dead and
 * yet there are known by their sizes and their order.
 *
 * A manager with handles is asked where a handle leads: each, or, where all of
 * them lead through the words of a table, each whose word has changed.
 */
#include "sim/replay/play.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* One walk along all references. */
struct follow {
    struct play *p;
    uint32_t epoch;
    uint32_t busy;   /* object that a realloc has copied elsewhere; NONE  */
    uint32_t answer; /* ... and where                                     */
    uint64_t *stack; /* slots whose words are still to be looked at       */
    uint32_t n;
};

/* Could an object of the size of `o` begin at `address`? */
static bool is_place(const struct play *p, const struct shadow_object *o,
                     uint32_t address)
{
    uint32_t offset = address - p->s.origin;
    uint64_t end = (uint64_t)p->s.n_units << p->s.unit_shift;
    return (address & (p->align - 1)) == 0 && address >= p->s.origin &&
           (uint64_t)offset + o->granted <= end;
}

/* Word `word` of `holder` (or a root) names the object of `slot`: `value`. */
static int meet(struct follow *f, uint32_t holder, uint32_t word, uint32_t slot,
                uint32_t value)
{
    struct shadow_object *o = shadow_at(&f->p->s, slot);
    if (o->is_outer && value == o->address)
        return 0; /* stays, and its words are not the collector's */
    bool is_first = o->is_outer || o->seen != f->epoch;
    if (is_first ? !o->is_outer && is_place(f->p, o, value)
                 : o->place == value) {
        o->place = value;
        o->seen = f->epoch;
        if (is_first)
            f->stack[f->n++] = slot;
        return 0;
    }
    char at[48] = "a root";
    if (holder != SHADOW_ROOT)
        snprintf(at, sizeof at, "object %" PRIu64,
                 shadow_at(&f->p->s, holder)->id);
    if (is_first)
        return play_fail(f->p,
                         "after the collection word %u of %s, which names "
                         "object %" PRIu64 ", holds 0x%08x, where no object "
                         "can be",
                         word, at, o->id, value);
    return play_fail(f->p,
                     "after the collection word %u of %s holds 0x%08x, but "
                     "object %" PRIu64 ", which it names, is at 0x%08x by "
                     "another word",
                     word, at, value, o->id, o->place);
}

static int meet_roots(struct follow *f)
{
    const struct shadow *s = &f->p->s;
    const struct guest_roots *r = s->target->roots;
    int err = 0;
    for (uint32_t i = 0; i < r->n_precise && err == 0; i++) {
        uint32_t e = s->root_edge[i];
        if (e != 0)
            err = meet(f, SHADOW_ROOT, i, s->edges[e].to, r->word[i]);
        else if (r->word[i] != 0)
            err = play_fail(f->p,
                            "after the collection root %u, which is empty, "
                            "holds 0x%08x",
                            i, r->word[i]);
    }
    for (uint32_t i = 0; i < s->n_held && err == 0; i++)
        err = meet(f, SHADOW_ROOT, r->n_precise + i, s->held[i],
                   r->word[r->n_precise + i]);
    return err;
}

/* All references of the object, where its words are now. */
static int meet_words(struct follow *f, uint32_t slot)
{
    const struct shadow *s = &f->p->s;
    const struct shadow_object *o = shadow_at(s, slot);
    uint32_t address = slot == f->busy ? f->answer : o->place;
    int err = 0;
    for (uint32_t e = o->first_out; e != 0 && err == 0;
         e = s->edges[e].next_out) {
        uint32_t word = s->edges[e].word;
        uint32_t value = *word_at(s->target->heap, address + 4 * word);
        err = meet(f, slot, word, s->edges[e].to, value);
    }
    return err;
}

/* Every live object has been met, and those that were pinned have stayed. */
static int judge_met(struct follow *f)
{
    const struct shadow *s = &f->p->s;
    for (uint32_t slot = s->live.oldest; slot != SHADOW_NONE;
         slot = shadow_at(s, slot)->younger) {
        const struct shadow_object *o = shadow_at(s, slot);
        if (o->seen != f->epoch)
            return play_fail(f->p,
                             "object %" PRIu64 " is live, and neither roots "
                             "nor references nor held words lead to it",
                             o->id);
    }
    for (uint32_t i = 0; i < f->p->pinned.n; i++) {
        const struct shadow_object *o =
            shadow_at(s, (uint32_t)f->p->pinned.item[i]);
        if (o->state == SHADOW_LIVE && o->place != o->address)
            return play_fail(f->p,
                             "object %" PRIu64 " was pinned at 0x%08x and is "
                             "at 0x%08x now",
                             o->id, o->address, o->place);
    }
    return 0;
}

/* The new places of all live objects. */
static int find_live(struct follow *f)
{
    int err = meet_roots(f);
    while (err == 0 && f->n > 0)
        err = meet_words(f, (uint32_t)f->stack[--f->n]);
    return err == 0 ? judge_met(f) : err;
}

static int by_address(const void *a, const void *b, void *ctx)
{
    const struct shadow *s = ctx;
    uint32_t x = shadow_at(s, (uint32_t) * (const uint64_t *)a)->address;
    uint32_t y = shadow_at(s, (uint32_t) * (const uint64_t *)b)->address;
    return x < y ? -1 : x > y;
}

/* The dead by their old addresses, into f->stack, which is empty. */
static uint32_t list_dead(struct follow *f)
{
    struct shadow *s = &f->p->s;
    uint32_t n = 0;
    for (uint32_t slot = s->dead.oldest; slot != SHADOW_NONE;
         slot = shadow_at(s, slot)->younger) {
        shadow_at(s, slot)->place = shadow_at(s, slot)->address;
        f->stack[n++] = slot;
    }
    qsort_r(f->stack, n, sizeof *f->stack, by_address, s);
    return n;
}

/*
 * An object at `address` that no reference led to: the next of the dead ones
 * that has its size.
 */
static int match_dead(struct follow *f, uint32_t n, uint32_t *next,
                      const struct heap_object *object)
{
    struct shadow *s = &f->p->s;
    for (uint32_t k = 0; k < n; k++) {
        uint32_t i = (*next + k) % n;
        struct shadow_object *o = shadow_at(s, (uint32_t)f->stack[i]);
        if (o->seen == f->epoch || o->granted != object->bytes)
            continue;
        o->seen = f->epoch;
        o->place = object->address;
        *next = i + 1;
        return 0;
    }
    return play_fail(f->p,
                     "after the collection the manager has an object of %u "
                     "bytes at 0x%08x that is not in the trace, or not any "
                     "more",
                     object->bytes, object->address);
}

/* By place, of the objects met so far; 0 elsewhere. */
static void mark_places(struct follow *f, uint32_t *slots)
{
    const struct shadow *s = &f->p->s;
    for (uint32_t slot = s->live.oldest; slot != SHADOW_NONE;
         slot = shadow_at(s, slot)->younger)
        slots[shadow_unit(s, shadow_at(s, slot)->place)] = slot;
}

/*
 * What the manager has, against where live objects must be: each is there, in
 * its size; the rest is dead, or the answer of the call.
 */
static int compare_walk(struct follow *f, uint32_t *slots)
{
    struct play *p = f->p;
    struct heap_cursor cursor = {0};
    struct heap_object object;
    uint32_t next = 0, n_live = 0;
    uint32_t n_dead = list_dead(f);
    int err = 0;
    mark_places(f, slots);
    while (err == 0 && p->manager->walk(p->t->heap, &cursor, &object)) {
        if (object.address == f->answer) {
            p->answer_bytes = object.bytes;
            continue;
        }
        uint32_t slot = slots[shadow_unit(&p->s, object.address)];
        const struct shadow_object *o = shadow_at(&p->s, slot);
        if (slot == SHADOW_NONE || o->place != object.address) {
            err = match_dead(f, n_dead, &next, &object);
            continue;
        }
        n_live += slot != f->busy;
        if (o->granted != object.bytes)
            err = play_fail(p,
                            "after the collection object %" PRIu64
                            " has %u bytes, not %u",
                            o->id, object.bytes, o->granted);
    }
    uint32_t expected = p->s.live.n - (f->busy != SHADOW_NONE);
    if (err == 0 && n_live != expected)
        err = play_fail(p,
                        "after the collection the manager has %u of %u live "
                        "objects",
                        n_live, expected);
    return err;
}

static void count_moves(struct play *p, struct collection_record *c)
{
    const struct shadow *s = &p->s;
    for (uint32_t slot = s->live.oldest; slot != SHADOW_NONE;
         slot = shadow_at(s, slot)->younger) {
        const struct shadow_object *o = shadow_at(s, slot);
        if (o->place == o->address)
            continue;
        c->moved_objects++;
        c->moved_bytes += o->granted;
    }
    p->result->moved_bytes += c->moved_bytes;
}

int play_follow_moves(struct play *p, uint32_t answer, uint32_t busy,
                      uint32_t *epoch, struct collection_record *c)
{
    struct shadow *s = &p->s;
    struct follow f = {
        .p = p, .epoch = ++s->epoch, .busy = busy, .answer = answer};
    *epoch = f.epoch;
    uint32_t *slots = calloc(s->n_units + 1u, sizeof *slots);
    f.stack = malloc((s->live.n + s->dead.n + 1u) * sizeof *f.stack);
    int err;
    if (slots == NULL || f.stack == NULL)
        err = problem_set(p->problem, ERR_MEMORY, "no memory left");
    else
        err = find_live(&f);
    if (err == 0)
        err = compare_walk(&f, slots);
    if (err == 0) {
        count_moves(p, c);
        shadow_relocate(s);
    }
    free(slots);
    free(f.stack);
    return err;
}

/* --- handles. */

/* The object's handle leads elsewhere: it is one of those that have moved. */
static int note_if_moved(struct play *p, uint32_t slot)
{
    struct shadow_object *o = shadow_at(&p->s, slot);
    o->place = p->manager->deref(p->t->heap, o->handle, 0);
    if (o->place == o->address)
        return 0;
    if (!is_place(p, o, o->place))
        return play_fail(p,
                         "the handle of object %" PRIu64 " leads to "
                         "0x%08x, where no object can be",
                         o->id, o->place);
    p->result->moved_bytes += o->granted;
    return play_list_add(p, &p->moved, slot);
}

/* Every handle is followed. */
static int ask_all(struct play *p, uint32_t freed)
{
    const struct shadow *s = &p->s;
    int err = 0;
    for (uint32_t slot = s->live.oldest; slot != SHADOW_NONE && err == 0;
         slot = shadow_at(s, slot)->younger)
        err = slot == freed ? 0 : note_if_moved(p, slot);
    return err;
}

/* Entries that are compared at once: nearly all are as they were. */
#define ENTRIES_AT_ONCE 64u

/* The entry of `handle` has changed; what it held says whose it was. */
static int look_at_entry(struct play *p, uint32_t handle, uint32_t held,
                         uint32_t freed)
{
    uint32_t slot = shadow_find(&p->s, held);
    if (slot == SHADOW_NONE || slot == freed ||
        shadow_at(&p->s, slot)->handle != handle)
        return 0;
    return note_if_moved(p, slot);
}

/* `n` entries from `at` on, compared with what they were when last seen. */
static int look_at_entries(struct play *p, uint32_t table, uint32_t at,
                           uint32_t n, uint32_t freed)
{
    const uint32_t *now = word_at(p->t->heap, at);
    uint32_t *seen = p->entries + (at - p->s.origin) / 4;
    if (memcmp(seen, now, n * sizeof *now) == 0)
        return 0;
    for (uint32_t i = 0; i < n; i++) {
        if (seen[i] == now[i])
            continue;
        uint32_t held = seen[i];
        seen[i] = now[i];
        int err = look_at_entry(p, at + 4 * i - table, held, freed);
        if (err != 0)
            return err;
    }
    return 0;
}

/* All that have moved, but an object that was freed: its handle leads nowhere.
 */
static int list_moved(struct play *p, uint32_t freed)
{
    uint32_t first, end;
    int err = 0;
    uint32_t table = p->shape->entries(p->t->heap, &first, &end);
    p->moved.n = 0;
    if (table == 0)
        return ask_all(p, freed);
    for (uint32_t at = first; at < end && err == 0; at += 4 * ENTRIES_AT_ONCE) {
        uint32_t left = (end - at) / 4;
        uint32_t n = left < ENTRIES_AT_ONCE ? left : ENTRIES_AT_ONCE;
        err = look_at_entries(p, table, at, n, freed);
    }
    return err;
}

int play_follow_handles(struct play *p, uint32_t freed)
{
    const struct play_list *moved = &p->moved;
    int err = list_moved(p, freed);
    if (err != 0)
        return err;
    /* All that moved leaves its units before any enters others. */
    for (uint32_t i = 0; i < moved->n; i++) {
        const struct shadow_object *o =
            shadow_at(&p->s, (uint32_t)moved->item[i]);
        play_give(p, o->address, o->granted, true);
    }
    for (uint32_t i = 0; i < moved->n; i++) {
        const struct shadow_object *o =
            shadow_at(&p->s, (uint32_t)moved->item[i]);
        if (!holes_all_free(&p->used, play_from(p, o->place),
                            play_units(p, o->granted)))
            return play_fail(p,
                             "the handle of object %" PRIu64 " leads to "
                             "0x%08x, where another object is",
                             o->id, o->place);
        play_take(p, o->place, o->granted, true);
    }
    shadow_relocate_these(&p->s, moved->item, moved->n);
    return 0;
}
