/*
 * live.h - the objects of a trace that are alive at a moment, by id, and the
 * set of all ids that were ever given out
 *
 * State     on the host's heap: a hash table with linear probing, at most
 *           half full, and the ids as runs of consecutive numbers.
 * Cost      find, add, remove: O(1) expected. Memory: 64 bytes an object
 *           that is alive at once, 16 bytes a run of ids, at most 2^17 runs:
 *           beyond that the gaps between the oldest are taken for used ids.
 *           Ids that come in ascending order never cost more than a run.
 * Source    removal: Knuth, TAOCP 3, 6.4, algorithm R.
 */
#ifndef TRACES_LIVE_H
#define TRACES_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct live_object {
    uint64_t id;
    uint64_t bytes; /* asked                                              */
    uint64_t born;  /* the caller's clock at its birth                    */
    uint32_t n_pins;
    uint8_t flags; /* enum trace_flag of its alloc                       */
    bool is_dead;  /* has died, but is not freed or swept yet            */
    bool is_used;  /* of the table's slot                                */
};

struct live_ids {
    struct live_run {
        uint64_t first, last;
    } * runs; /* ascending, apart by at least one id                       */
    size_t n, cap;
};

struct live_table {
    struct live_object *slots;
    size_t n;      /* objects in it                                       */
    unsigned bits; /* 2^bits slots; 0 while there are none                */
    struct live_ids ids;
};

void live_free(struct live_table *t);

/* The object `id`, until the next add or remove; null if it is not there. */
struct live_object *live_find(const struct live_table *t, uint64_t id);

/* Was this id ever added? */
bool live_was_used(const struct live_table *t, uint64_t id);

/*
 * Add `id`, which must never have been added, and give back its zeroed
 * object, or null when the host has no memory.
 */
struct live_object *live_add(struct live_table *t, uint64_t id);

void live_remove(struct live_table *t, struct live_object *object);

#endif /* TRACES_LIVE_H */
