/* objects.c - see objects.h for the contract and the source. */
#include "traces/import/objects.h"

#include <assert.h>
#include <stdlib.h>

#define EMPTY      UINT64_MAX
#define FIRST_BITS 10u

/* 2^64 divided by the golden ratio: spreads ids that follow one another. */
#define MULTIPLIER UINT64_C(0x9e3779b97f4a7c15)

static size_t home_of(const struct objects *t, uint64_t id)
{
    return (size_t)(id * MULTIPLIER >> (64 - t->bits));
}

static size_t mask_of(const struct objects *t)
{
    return ((size_t)1 << t->bits) - 1;
}

/* The place where `id` is, or the empty one where it would have to be. */
static struct object *place_of(const struct objects *t, uint64_t id)
{
    size_t i = home_of(t, id);
    while (t->places[i].id != id && t->places[i].id != EMPTY)
        i = (i + 1) & mask_of(t);
    return &t->places[i];
}

static bool grow(struct objects *t)
{
    struct objects grown = {.bits = t->places ? t->bits + 1 : FIRST_BITS};
    size_t n_places = (size_t)1 << grown.bits;
    grown.places = malloc(n_places * sizeof *grown.places);
    if (grown.places == NULL)
        return false;
    for (size_t i = 0; i < n_places; i++)
        grown.places[i].id = EMPTY;

    size_t n_old = t->places ? (size_t)1 << t->bits : 0;
    for (size_t i = 0; i < n_old; i++)
        if (t->places[i].id != EMPTY)
            *place_of(&grown, t->places[i].id) = t->places[i];
    grown.n = t->n;
    free(t->places);
    *t = grown;
    return true;
}

void objects_init(struct objects *t)
{
    *t = (struct objects){0};
}

void objects_free(struct objects *t)
{
    free(t->places);
    objects_init(t);
}

struct object *objects_find(const struct objects *t, uint64_t id)
{
    if (t->n == 0 || id == EMPTY)
        return NULL;
    struct object *o = place_of(t, id);
    return o->id == id ? o : NULL;
}

struct object *objects_add(struct objects *t, uint64_t id)
{
    assert(id != EMPTY);

    bool is_full = t->places == NULL || 2 * (t->n + 1) > (size_t)1 << t->bits;
    if (is_full && !grow(t))
        return NULL;
    struct object *o = place_of(t, id);
    assert(o->id == EMPTY);
    *o = (struct object){.id = id};
    t->n++;
    return o;
}

void objects_remove(struct objects *t, struct object *o)
{
    size_t mask = mask_of(t);
    size_t hole = (size_t)(o - t->places);
    assert(o->id != EMPTY && hole <= mask);

    /* Move back whatever would no longer be found behind the hole. */
    for (size_t i = (hole + 1) & mask; t->places[i].id != EMPTY;
         i = (i + 1) & mask) {
        size_t home = home_of(t, t->places[i].id);
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            t->places[hole] = t->places[i];
            hole = i;
        }
    }
    t->places[hole].id = EMPTY;
    t->n--;
}
