/*
 * manager.h - the managers of core/ as one table of verbs, and their
 * parameters as text
 *
 * managers.def has a row a manager; manager_NAME.c gives it its functions
 * under one interface, the list of its --set keys, its guarantee card and what
 * the replay must know of its heap's shape.
 */
#ifndef SIM_REPLAY_MANAGER_H
#define SIM_REPLAY_MANAGER_H

#include "core/heap.h"
#include "sim/replay/replay.h"

/* One --set key. Values are numbers (K and M allowed) or words of a list. */
struct manager_key {
    const char *key;
    const char *words;    /* "safe|exact": allowed words, or null         */
    uint32_t min, max;    /* of a number                                  */
    const char *standard; /* default                                      */
    const char *meaning;  /* one line                                     */
};

/* What a manager promises, for people: its guarantee card. */
struct manager_card {
    const char *succeeds; /* when a request is granted for certain        */
    const char *metadata;
    const char *pause;
    const char *moves;
    const char *needs;
};

/* A manager's parameters as it is handed them: words in a fixed order. */
struct manager_params {
    uint32_t word[REPLAY_PARAMS_CAP];
};

/*
 * What the largest request depends on, of one area: bytes free between live
 * objects and between all objects not reclaimed, in all and in the longest
 * hole, and the objects that may not move now.
 */
struct manager_view {
    const struct heap *heap;
    const struct manager_params *params;
    uint64_t live_free, live_longest;
    uint64_t used_free, used_longest;
    uint32_t n_pinned;
};

/* What a promise about a request rests on: bytes in one area, with tags. */
struct manager_load {
    const struct manager_params *params;
    uint64_t pool;       /* what there is for objects                      */
    uint64_t live;       /* of it, in live objects                         */
    uint64_t largest;    /* request so far, in whole units                 */
    uint32_t unit_bytes; /* of those                                       */
    uint32_t n_pinned;
};

/* Cycles of an idle step: of code compiled for speed, and for size. */
struct manager_step_cycles {
    uint32_t per_ten_units, constant;
};

struct manager_step_price {
    const char *core; /* a core_model's name                                */
    struct manager_step_cycles fast, small;
};

/*
 * How a manager's heap is made, as far as the replay must know. A tag manager
 * has `tag_bytes` before every object and at the start of every hole; they
 * belong to neither.
 */
struct manager_shape {
    uint32_t unit_bytes; /* of the replay's indices; 0: the parameter block */
    uint32_t tag_bytes;  /* a multiple of the unit                          */
    bool clears_rest;    /* a shrunk object's bytes behind those asked are 0 */
    /* Bytes granted to an object; null: what was asked in whole units.     */
    uint32_t (*bytes)(struct heap *h, uint32_t object);
    /* The largest request that a longest hole of `hole` bytes serves; null:
     * all of it.                                                           */
    uint64_t (*serves)(const struct manager_params *p, uint64_t hole);
    /* Of handles, where they are offsets of words that change when the object
     * moves: where they count from; the words now are from *first to before
     * *end. 0: every handle must be followed. Null: there are no handles.  */
    uint32_t (*entries)(struct heap *h, uint32_t *first, uint32_t *end);
    /* The k-th block of an object that holds none of its bytes, where objects
     * lie in pieces (CAP_PIECES); 0: there is no such block.               */
    uint32_t (*index_block)(struct heap *h, uint32_t object, uint32_t k);
    /* What a step costs at most: `units` times per_ten_units / 10 and constant,
     * as measured by core; ends in a null. Null: it has no steps.           */
    const struct manager_step_price *step_prices;
    uint32_t step_least; /* units: with fewer a step moves nothing          */
    /* How many bytes which parameter allows, where there is such a limit
     * (HEAP_TOO_LARGE).                                                    */
    const char *most;
    /* The largest request if all that is free were one hole, where objects
     * need more than their tag; null: all that is free.                    */
    uint32_t (*settled)(struct heap *h);
    /* The largest request that one area grants, for managers that move. With
     * pinned objects it may be less than the truth, never more; null: as for
     * those that do not move.                                              */
    uint64_t (*largest)(const struct manager_view *v);
    /* By how much a realloc can grow any object of an area for certain, though
     * there may be no room for a copy; null: by nothing.                   */
    uint64_t (*growth)(const struct manager_view *v);
    /* The most holes that a collection leaves in an area; 0: as many as there
     * are. Null: likewise.                                                 */
    uint32_t (*holes)(const struct manager_view *v);
    /* With it: what an area taken of an outer heap that has `avail` bytes would
     * grant; null: it takes none, or by the rules of core/grow.h.          */
    uint64_t (*grown)(struct heap *h, uint64_t avail);
    /* The shape with these parameters, where they decide; null: this one. */
    const struct manager_shape *(*with)(const struct manager_params *p);
};

/* One manager; of an outside one only what it is asked and answers is known. */
struct manager {
    const char *name;
    uint32_t capabilities; /* enum heap_capability                        */
    const struct manager_key *keys;
    uint32_t n_keys;
    const struct manager_card *card;
    /* The most bytes that may be live, the request's own among them, for it to
     * be granted for certain: the card's formula, or, where it names only what
     * no manager of the kind exceeds, that. 0, null: nothing is certain.   */
    uint64_t (*sure)(const struct manager_load *l);
    const struct manager_shape *shape;

    void (*params)(const struct replay_options *o, struct manager_params *p);
    uint32_t (*control_bytes)(const struct manager_params *p); /* or null */
    uint32_t (*init)(struct heap *h, uint32_t base, uint32_t heap_bytes,
                     const struct manager_params *p);
    uint32_t (*alloc)(struct heap *h, uint32_t bytes, uint32_t flags);
    void (*free)(struct heap *h, uint32_t object);
    uint32_t (*realloc)(struct heap *h, uint32_t object, uint32_t bytes,
                        bool may_move);
    /* Null where the capabilities lack the verb; so the next nine.        */
    uint32_t (*collect)(struct heap *h, uint32_t kind);
    uint32_t (*control)(struct heap *h, uint32_t what, uint32_t value);
    uint32_t (*add_area)(struct heap *h, uint32_t address, uint32_t bytes);
    void (*store)(struct heap *h, uint32_t object, uint32_t word,
                  uint32_t value);
    uint32_t (*deref)(struct heap *h, uint32_t object, uint32_t byte);
    uint32_t (*step)(struct heap *h, uint32_t units);
    uint32_t (*promote)(struct heap *h, uint32_t object);
    void (*pin)(struct heap *h, uint32_t object);
    void (*unpin)(struct heap *h, uint32_t object);
    void (*info)(struct heap *h, struct heap_info *info);
    bool (*area_info)(struct heap *h, uint32_t index, struct area_info *info);
    /* Null: nobody can read its heap; it is an outside manager.           */
    bool (*walk)(struct heap *h, struct heap_cursor *c, struct heap_object *o);
    int (*check)(struct heap *h, uint32_t base, uint32_t window_bytes);
};

/* What managers.def says of each, by its name. */
enum {
#define MANAGER(name, capabilities, summary) CAPS_##name = (capabilities),
#include "core/managers.def"
#undef MANAGER
};

#define MANAGER(name, capabilities, summary)                                   \
    extern const struct manager manager_##name;
#include "core/managers.def"
#undef MANAGER

extern const struct manager *const manager_list[];
extern const uint32_t manager_list_n;

/*
 * Any allocator in an image of the user's: OUTSIDE_MANAGER, or with the name
 * that the image gives itself, OUTSIDE_MANAGER:NAME. Not in manager_list.
 */
#define OUTSIDE_MANAGER "outside"
extern const struct manager manager_outside;

/*
 * The units of work that a step of `cycles` cycles may be given on `core`
 * (null: natively, where that of the first core with a price counts), of code
 * compiled for size or for speed. 0: too few.
 */
uint32_t manager_step_units(const struct manager *m, const char *core,
                            bool is_small, uint32_t cycles);

/* The cycles that a step needs there to move anything; 0: it has no steps. */
uint32_t manager_least_step(const struct manager *m, const char *core,
                            bool is_small);

/* The shape that a manager's heap has with these parameters. */
static inline const struct manager_shape *manager_shape_with(
    const struct manager *m, const struct manager_params *p)
{
    return m->shape->with == NULL ? m->shape : m->shape->with(p);
}

/* Beyond this no manager that does not move is sure (Robson 1974). */
uint64_t manager_robson(const struct manager_load *l);

/* One line for people, of managers.def. */
const char *manager_summary(const struct manager *m);

/* Does it find dead objects itself? Else each is freed when it dies. */
static inline bool manager_collects(const struct manager *m)
{
    return (m->capabilities & CAP_COLLECT) != 0;
}

/* Is it known by its entry points alone? */
static inline bool manager_is_outside(const struct manager *m)
{
    return m->walk == NULL;
}

/* Bytes of the control block, before H; 0: it has none there. */
static inline uint32_t manager_control_bytes(const struct manager *m,
                                             const struct manager_params *p)
{
    return m->control_bytes == NULL ? 0 : m->control_bytes(p);
}

/* The manager of that name, or null. */
const struct manager *manager_find(const char *name);

/* The name nearest to one that no manager has; the first if none is near. */
const char *manager_nearest(const char *name);

/* The resolved value of `key` in `o`, as text; null if there is none. */
const char *manager_value(const struct replay_options *o, const char *key);

/* The same as a number; `otherwise` for a word or none. */
uint64_t manager_number(const struct replay_options *o, const char *key,
                        uint64_t otherwise);

/*
 * Sizes separated by '+' ("16666+16666"): the next one, moving *text behind
 * it; 0 at the end. Requires text that replay_resolve accepted.
 */
uint64_t manager_next_size(const char **text);

#endif /* SIM_REPLAY_MANAGER_H */
