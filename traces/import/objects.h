/*
 * objects.h - what an importer must remember of each object that exists now:
 * a number of the importer's own (its size, say), by id
 *
 * State     one table on the host's heap: open addressing, linear probing,
 *           deletion by moving back; at most half of it is used.
 * Cost      O(1) expected an operation; memory: the most objects that ever
 *           existed at once.
 * Source    Knuth, The Art of Computer Programming 3, 6.4: multiplicative
 *           hashing, Algorithm R (deletion with linear probing).
 */
#ifndef TRACES_IMPORT_OBJECTS_H
#define TRACES_IMPORT_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OBJECTS_EMPTY UINT64_MAX

/* 2^64 divided by the golden ratio: spreads ids that follow one another. */
#define OBJECTS_MULTIPLIER UINT64_C(0x9e3779b97f4a7c15)

struct object {
    uint64_t id;    /* OBJECTS_EMPTY: no object is here                   */
    uint64_t value; /* the importer's own                                 */
};

struct objects {
    struct object *places;
    size_t mask;    /* number of places, a power of two, less one         */
    uint32_t shift; /* of the product, whose high bits say the place      */
    size_t n;       /* objects in the table; at most half of the places   */
};

/* Make the table empty; no memory is taken yet. */
void objects_init(struct objects *t);
void objects_free(struct objects *t);

/* The place where `id` is, or the empty one where it would have to be.
 * Requires a table with places. */
static inline struct object *objects_place(const struct objects *t, uint64_t id)
{
    size_t i = (size_t)(id * OBJECTS_MULTIPLIER >> t->shift);
    while (t->places[i].id != id && t->places[i].id != OBJECTS_EMPTY)
        i = (i + 1) & t->mask;
    return &t->places[i];
}

/* The object `id`, or null. Valid until the next add or remove. */
static inline struct object *objects_find(const struct objects *t, uint64_t id)
{
    if (t->n == 0 || id == OBJECTS_EMPTY)
        return NULL;
    struct object *o = objects_place(t, id);
    return o->id == id ? o : NULL;
}

/*
 * Add object `id`, which is not in the table, with value 0, or return
 * null: out of memory.
 */
struct object *objects_add(struct objects *t, uint64_t id);

/* Remove an object that objects_find or objects_add has just returned. */
void objects_remove(struct objects *t, struct object *o);

#endif /* TRACES_IMPORT_OBJECTS_H */
