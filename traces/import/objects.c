/* objects.c - see objects.h for the contract and the source. */
#include "traces/import/objects.h"

#include <assert.h>
#include <stdlib.h>

#define FIRST_PLACES 1024u

static size_t home_of(const struct objects *t, uint64_t id)
{
    return (size_t)(id * OBJECTS_MULTIPLIER >> t->shift);
}

static bool grow(struct objects *t)
{
    size_t n_old = t->places != NULL ? t->mask + 1 : 0;
    size_t n_places = n_old > 0 ? 2 * n_old : FIRST_PLACES;
    struct objects grown = {
        .places = malloc(n_places * sizeof *grown.places),
        .mask = n_places - 1,
        .shift = 64 - (uint32_t)__builtin_ctzll(n_places),
        .n = t->n,
    };
    if (grown.places == NULL)
        return false;
    for (size_t i = 0; i < n_places; i++)
        grown.places[i].id = OBJECTS_EMPTY;
    for (size_t i = 0; i < n_old; i++)
        if (t->places[i].id != OBJECTS_EMPTY)
            *objects_place(&grown, t->places[i].id) = t->places[i];
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

struct object *objects_add(struct objects *t, uint64_t id)
{
    assert(id != OBJECTS_EMPTY);

    bool is_full = t->places == NULL || 2 * t->n > t->mask;
    if (is_full && !grow(t))
        return NULL;
    struct object *o = objects_place(t, id);
    assert(o->id == OBJECTS_EMPTY);
    *o = (struct object){.id = id};
    t->n++;
    return o;
}

void objects_remove(struct objects *t, struct object *o)
{
    size_t mask = t->mask;
    size_t hole = (size_t)(o - t->places);
    assert(o->id != OBJECTS_EMPTY && hole <= mask);

    /* Move back whatever would no longer be found behind the hole. */
    for (size_t i = (hole + 1) & mask; t->places[i].id != OBJECTS_EMPTY;
         i = (i + 1) & mask) {
        size_t home = home_of(t, t->places[i].id);
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            t->places[hole] = t->places[i];
            hole = i;
        }
    }
    t->places[hole].id = OBJECTS_EMPTY;
    t->n--;
}
