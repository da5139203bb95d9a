/*
 * mutator.h - a program of objects that refer to each other, die, and are
 * collected: what the presets with a graph are made of
 *
 * Objects are numbered by small slots that are used again; their ids in the
 * trace are not. The first MUTATOR_WORDS words of an object may refer. Before
 * an object dies, every word and root slot that names it is cleared, so that
 * a collection at any moment finds exactly the living.
 *
 *     calendar[t mod 2^15] -> slot -> slot      those who die at t
 *     edge 4 * slot + word -> target            what a word names
 *     slot.first_edge -> edge -> edge           the words that name it
 *
 * State     on the host's heap. Either dies at a known time (a mortal) or
 *           never (an immortal); both sorts stand in dense arrays, so that a
 *           random one is found at once.
 * Units     time in allocations.
 * Cost      O(1) a birth, a death, a reference; memory: live objects.
 */
#ifndef TRACES_SYNTH_MUTATOR_H
#define TRACES_SYNTH_MUTATOR_H

#include "traces/synth/synth.h"

enum {
    MUTATOR_WORDS = 4,
    MUTATOR_LIFE_MAX = (1 << 15) - 1 /* longest life of a mortal          */
};

#define MUTATOR_NONE    UINT32_MAX /* no object, no edge, no root slot       */
#define MUTATOR_FOREVER UINT32_MAX

struct mutator_edge {
    uint32_t target; /* slot, or MUTATOR_NONE: the word is free           */
    uint32_t next, previous;
};

struct mutator_object {
    uint64_t id;
    uint32_t first_edge; /* of those that name it; also links free slots  */
    uint32_t root;       /* slot of the root table that names it          */
    uint32_t next;       /* in its day of the calendar                    */
    uint32_t place;      /* in mutator.sorts[MUTATOR_MORTAL]              */
};

enum mutator_sort { MUTATOR_MORTAL = 0, MUTATOR_IMMORTAL };

/* Slots of one sort, in no order. */
struct mutator_list {
    uint32_t *slots;
    size_t n, cap;
};

struct mutator {
    struct synth *synth; /* where events go, whence random numbers come   */
    uint64_t now;
    uint32_t *calendar; /* first slot of each day                         */

    struct mutator_object *objects;
    struct mutator_edge *edges; /* MUTATOR_WORDS an object                */
    size_t n_objects, cap_objects, cap_edges; /* caps in objects          */
    uint32_t free_object;

    struct mutator_list sorts[2]; /* enum mutator_sort                    */
    bool *root_is_taken;
    uint32_t n_roots;
};

/* Begin with `n_roots` free root slots. Returns 0 or ERR_MEMORY. */
MUST_CHECK int mutator_init(struct mutator *m, struct synth *s,
                            uint32_t n_roots);
void mutator_free(struct mutator *m);

/* Time passes: one more allocation; those whose time has come die. */
MUST_CHECK int mutator_pass(struct mutator *m);

/*
 * An object of `bytes` >= 16 is born; `slot` receives it. It belongs to
 * neither sort, and nothing refers to it, until mutator_settle.
 */
MUST_CHECK int mutator_birth(struct mutator *m, uint64_t bytes, uint32_t site,
                             uint32_t *slot);

/*
 * The object lives through `life` more allocations (at most
 * MUTATOR_LIFE_MAX; a longer life is cut to that), or MUTATOR_FOREVER.
 */
MUST_CHECK int mutator_settle(struct mutator *m, uint32_t slot, uint32_t life);

/* Word `word` of `from` comes to name `to`. Requires that it is free. */
MUST_CHECK int mutator_refer(struct mutator *m, uint32_t from, uint32_t word,
                             uint32_t to);

/*
 * Store the object where it stays reachable: in a free word of a random
 * immortal object, else in a random root slot if that is free; else nowhere,
 * which is no error (the stack holds it).
 */
MUST_CHECK int mutator_keep(struct mutator *m, uint32_t slot);

/* A live object, of either sort with even chances; MUTATOR_NONE: none. */
uint32_t mutator_any(struct mutator *m);

#endif /* TRACES_SYNTH_MUTATOR_H */
