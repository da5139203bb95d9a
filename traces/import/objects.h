/*
 * objects.h - what an importer must remember of each object that exists now:
 * its size and a state of the importer's own, by id
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

struct object {
    uint64_t id;    /* UINT64_MAX: the place is empty                     */
    uint64_t value; /* bytes, say                                         */
    uint32_t state; /* the importer's own                                 */
};

struct objects {
    struct object *places;
    uint32_t bits; /* there are 2^bits places                             */
    size_t n;      /* objects in them                                     */
};

/* Make the table empty; no memory is taken yet. */
void objects_init(struct objects *t);
void objects_free(struct objects *t);

/* The object `id`, or null. Valid until the next add or remove. */
struct object *objects_find(const struct objects *t, uint64_t id);

/*
 * Add object `id`, which is not in the table, with value and state 0, or
 * return null: out of memory.
 */
struct object *objects_add(struct objects *t, uint64_t id);

/* Remove an object that objects_find or objects_add has just returned. */
void objects_remove(struct objects *t, struct object *o);

#endif /* TRACES_IMPORT_OBJECTS_H */
