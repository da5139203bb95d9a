/*
 * shadow.h - what must be true of the heap: objects, their bytes, the
 * references between them, the roots
 *
 * The shadow follows the trace, not the manager, and every answer of the
 * manager is held against it. It knows each object that is live, and each
 * that is dead while the manager has not reclaimed it; for every reference
 * word the object it names, and for every object the words that name it.
 *
 * In the heap, a reference word holds its referent's name: its address, or,
 * under a manager with handles, its handle. Every other
 * whole word within the bytes asked for holds a stamp: a number made of the
 * object and the word's index, odd, so that no collector takes it for the
 * address of a block.
 *
 *   object  --first_out-->  edge  --next_out-->  edge ...    its references
 *   object  --first_in--->  edge  --next_in--->  edge ...    what names it
 *
 * The root table is the object SHADOW_ROOT: its words are the root slots.
 *
 * Where the manager gives an object any blocks, wherever they lie, these are
 * its pieces: blocks with bytes of it, in their order, and blocks that only
 * lead to others. Its address is then that of the block that names it.
 *
 *   first_piece[unit of its address]  -->  next_piece ... its bytes' blocks
 *   unit of its address, if it is no such block, --> next_piece ... the others
 *
 * Objects of the outer heap are outside of the manager's: no collection sees
 * them or what they name, so that they are never held, and what only they name
 * always is. They are in a list, in sums and in an index of their own.
 *
 * State     on the host's heap; the window and the root table belong to the
 *           target and are written in place.
 * Units     slots number objects, 1 and up; words are 4 bytes; units are the
 *           manager's blocks, counted from `origin`.
 * Cost      O(1) an event, O(words) for stamps and checks of contents.
 */
#ifndef SIM_REPLAY_SHADOW_H
#define SIM_REPLAY_SHADOW_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/replay/idmap.h"
#include "sim/replay/target.h"

#define SHADOW_NONE 0u /* no object                                       */
#define SHADOW_ROOT 1u /* the root table, as a holder of references       */

#define SHADOW_NO_PIECE UINT32_MAX /* the end of a list of pieces           */

enum shadow_state { SHADOW_UNUSED = 0, SHADOW_LIVE, SHADOW_DEAD };

struct shadow_object {
    uint64_t id;       /* TRACE_NONE for a request that was asked again   */
    uint64_t born;     /* birth number: the order of age                  */
    uint64_t born_seq; /* operation that made it                          */
    uint64_t asked;    /* bytes, as the manager granted them              */
    uint64_t bounds;   /* bytes the program may use: larger than granted  */
                       /* after a growth that this run refused            */
    uint32_t granted;  /* bytes                                           */
    uint32_t address;  /* of its first byte, now                */
    uint32_t handle;   /* of a manager with handles             */
    uint32_t place;    /* scratch: where a collector put it     */
    uint32_t site;
    uint32_t first_in, first_out; /* edges; 0 none                        */
    uint32_t held;                /* place in the held table + 1; 0 not   */
    uint32_t older, younger;      /* in the list of its state             */
    uint32_t seen;                /* epoch of the last walk that met it   */
    uint8_t state;                /* enum shadow_state                    */
    bool is_outer;                /* of the outer heap; then never DEAD   */
    bool is_pool;                 /* a chunk of strings: stamped by bytes */
};

struct shadow_edge {
    uint32_t from, word, to; /* slots; `word` of `from` names `to`        */
    uint32_t next_in, prev_in;
    uint32_t next_out, prev_out;
};

struct shadow_list {
    uint32_t oldest, youngest;
    uint32_t n;
};

struct shadow {
    struct target *target;
    uint32_t origin; /* address of unit 0                            */
    uint32_t unit_shift;
    uint32_t n_units;
    bool has_handles; /* names are handles, not addresses              */
    bool clears_rest; /* a shrink cuts references at the bytes asked   */
    struct idmap *ids;
    struct shadow_object *objects;
    uint32_t n_objects, cap_objects, free_object;
    struct shadow_edge *edges;
    uint32_t n_edges, cap_edges, free_edge;
    uint64_t n_live_edges; /* between live objects, roots not counted     */
    uint32_t *object_at;   /* by unit: slot whose head lies there         */
    uint32_t *edge_at;     /* by heap word from `origin`                  */
    uint32_t *first_piece; /* by unit, as drawn above; null where objects */
    uint32_t *next_piece;  /* ... lie in a row                            */
    uint32_t *root_edge;   /* by root slot                                */
    struct shadow_list live, dead;
    struct shadow_list outer;
    uint32_t moved;      /* slot of an object that the manager has moved */
                         /* and the shadow not yet: its words cannot be  */
                         /* written; or SHADOW_NONE                      */
    bool is_moved_stale; /* one should have been: see shadow_rewrite     */
    uint64_t n_born;
    uint32_t epoch;
    uint64_t asked, live_bytes, used_bytes;
    uint64_t outer_asked, outer_bytes; /* granted */
    uint32_t *held; /* slots, parallel to the table's held words   */
    uint32_t n_held, cap_held;
    uint64_t max_held;
};

/*
 * A shadow of the heap that `target` holds, for addresses from `origin` on.
 * False: no memory.
 */
bool shadow_init(struct shadow *s, struct target *target, uint32_t origin,
                 uint32_t n_units, uint32_t unit_shift, uint32_t n_roots);
void shadow_release(struct shadow *s);

/* Objects lie in pieces. Requires that there are none. False: no memory. */
bool shadow_begin_pieces(struct shadow *s);

/* The heap has become larger: `n_units` units in all. False: no memory. */
bool shadow_reserve_units(struct shadow *s, uint32_t n_units);

/*
 * A new live, held object; its stamps are written. `handle` matters where there
 * are handles. SHADOW_NONE: no memory.
 */
uint32_t shadow_add(struct shadow *s, uint64_t id, uint32_t handle,
                    uint32_t address, uint64_t asked, uint32_t granted,
                    uint64_t seq);

/* The same in the outer heap: neither held nor found by its address. */
uint32_t shadow_add_outer(struct shadow *s, uint64_t id, uint32_t address,
                          uint64_t asked, uint32_t granted, uint64_t seq);

/* The object at a head's address, or SHADOW_NONE. */
uint32_t shadow_find(const struct shadow *s, uint32_t address);

/*
 * The object dies: it is no longer held, what it named is, and its
 * references are forgotten (they stay in its bytes).
 */
void shadow_die(struct shadow *s, uint32_t slot);

/*
 * The object's memory is no longer its own. Words of live objects and roots
 * that name it become stamps or empty. `end` is what the id becomes. One of
 * the outer heap leaves in one step, without having been dead.
 */
void shadow_remove(struct shadow *s, uint32_t slot, uint32_t end);

/*
 * Word `word` of `from` (an object or SHADOW_ROOT) now names `to`, or nothing
 * with SHADOW_NONE. What it named before becomes held. False: no memory.
 */
bool shadow_store(struct shadow *s, uint32_t from, uint32_t word, uint32_t to);

/*
 * The object has another address and size. What names it is rewritten; its
 * own words have travelled with it. References beyond the new end are cut
 * off, and what they named becomes held. New words are stamped.
 */
void shadow_resize(struct shadow *s, uint32_t slot, uint32_t address,
                   uint64_t asked, uint32_t granted);

/*
 * Before an object is laid into other pieces: references beyond `granted`
 * bytes are cut off, what they named becomes held; the others leave their
 * places. And after: they have places again. In between its words are not
 * looked at.
 */
void shadow_lift(struct shadow *s, uint32_t slot, uint32_t granted);
void shadow_lay(struct shadow *s, uint32_t slot);

/*
 * Every object of both lists has moved to its `place` (which is its address
 * where it has not). The manager has written their references, but not those
 * of objects in the outer heap: as the program would, this does.
 */
void shadow_relocate(struct shadow *s);

/* The same of these objects alone, whose names have stayed. */
void shadow_relocate_these(struct shadow *s, const uint64_t *slots, uint32_t n);

/*
 * Compare the object's words with what they must be. Returns the index of the
 * first wrong one, or -1; `expected` and `found` receive both values.
 */
int64_t shadow_verify(const struct shadow *s, uint32_t slot, uint32_t *expected,
                      uint32_t *found);

/* The address of word `word` of an object that has it. */
uint32_t shadow_word_address(const struct shadow *s, uint32_t slot,
                             uint32_t word);

/* Write the object's words as they must be. */
void shadow_rewrite(struct shadow *s, uint32_t slot);

/* The first root slot, counted over precise and held, that is wrong; -1. */
int64_t shadow_verify_roots(const struct shadow *s);

/* Held objects: held.c. See held.h. */
static inline struct shadow_object *shadow_at(const struct shadow *s,
                                              uint32_t slot)
{
    return &s->objects[slot];
}

/* What words that refer to the object hold, and the manager knows it by. */
static inline uint32_t shadow_name(const struct shadow *s,
                                   const struct shadow_object *o)
{
    return s->has_handles && !o->is_outer ? o->handle : o->address;
}

static inline uint32_t shadow_unit(const struct shadow *s, uint32_t address)
{
    return (address - s->origin) >> s->unit_shift;
}

/* The address of the block of that unit; blocks lie at multiples of a unit. */
static inline uint32_t shadow_piece_address(const struct shadow *s,
                                            uint32_t unit)
{
    uint32_t mask = (1u << s->unit_shift) - 1;
    return (s->origin + (unit << s->unit_shift) + mask) & ~mask;
}

#endif /* SIM_REPLAY_SHADOW_H */
