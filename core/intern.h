/*
 * intern.h - a heap with a pool for interned strings
 *
 * First fit on an allocation table (firstfit.h), and beside it a pool
 * (stringpool.h) that packs strings which are never freed into shared chunks.
 * A request says by HEAP_INTERN that it is such a string: it then gets exactly
 * its bytes, at any address, and no block of its own. Use it to see what the
 * pool is worth; the pool itself can stand on any other manager.
 *
 *   | struct heap | struct intern |   area 0 (area.h)   | more areas ...
 *   base                           H
 *
 * State     struct heap, then struct intern, then areas; all in the window. Of
 *           struct heap the fields of collections, locks, thresholds and
 *           finalisers stay 0.
 * Units     blocks of `block` bytes; strings in bytes.
 * Cost      as firstfit.h and stringpool.h say. Metadata: 2 bits a block.
 * Source    MicroPython: its table (atab.h) and its pool of qstrs.
 */
#ifndef CORE_INTERN_H
#define CORE_INTERN_H

#include "core/area.h"
#include "core/firstfit.h"
#include "core/stringpool.h"

#define INTERN_CHUNK_MIN 1u
#define INTERN_CHUNK_MAX 65536u
#define INTERN_AREA_SKIP 32u /* bytes at the start of an area but the first */

/* Words only, so that a guest is handed them as such. */
struct intern_params {
    uint32_t block; /* bytes of a block: 8, 16, 32 or 64                    */
    uint32_t zero;  /* 1: zero objects, and what grows; 0: leave bytes as   */
                    /* they are; strings are never zeroed                   */
    uint32_t chunk; /* bytes asked for a new chunk of strings:              */
                    /* INTERN_CHUNK_MIN .. INTERN_CHUNK_MAX                 */
};

/* What MicroPython has for its qstrs. */
#define INTERN_DEFAULTS                                                        \
    {                                                                          \
        .block = 16, .zero = 0, .chunk = 128                                   \
    }

/* The manager's part of the control block, right behind struct heap. */
struct intern {
    struct intern_params params; /* as given to init                      */
    uint32_t unused;             /* 0: what follows begins at 16 bytes    */
    struct stringpool pool;
};

_Static_assert(sizeof(struct intern_params) == 12, "three words");
_Static_assert(offsetof(struct intern, pool) == 16, "no padding");
_Static_assert(sizeof(struct intern) == 32, "eight words, no padding");

static inline struct intern *intern_of(struct heap *h)
{
    return (struct intern *)(void *)(h + 1);
}

/*
 * Bytes of the control block, a multiple of 16: H starts there. 0 if a
 * parameter is out of its range.
 */
uint32_t intern_control_bytes(const struct intern_params *p);

/*
 * Make the bytes at `base` a heap: control block, then one area of
 * `heap_bytes` bytes. Requires base a multiple of 16, and h at base; nothing
 * is read before it is written. Returns HEAP_OK or an enum heap_error, then
 * nothing usable is left.
 */
uint32_t intern_init(struct heap *h, addr32 base, uint32_t heap_bytes,
                     const struct intern_params *p);

/*
 * Give `bytes` bytes: with HEAP_INTERN in `flags` a place in the pool, which
 * is not an object and can be neither freed nor resized; else an object.
 * Returns its address; or 0, and nothing but h->refusal has changed, iff
 *
 *   - bytes is 0 (REFUSAL_NONE), or
 *   - no hole is long enough (REFUSAL_FULL); for a string, moreover, it does
 *     not fit into the chunk, and the blocks behind that are not free.
 */
addr32 intern_alloc(struct heap *h, uint32_t bytes, uint32_t flags);

/* Free the object at `object`; 0 is ignored. Requires an object's address, and
 * not a chunk's. */
void intern_free(struct heap *h, addr32 object);

/* As firstfit_realloc. Requires an object that is not a chunk. */
addr32 intern_realloc(struct heap *h, addr32 object, uint32_t bytes,
                      bool may_move);

/* Bytes granted to the object at `object`, which is one. */
static inline uint32_t intern_bytes(struct heap *h, addr32 object)
{
    return firstfit_bytes(h, object);
}

/* Write a word of an object. This manager has no barrier. */
static inline void intern_store(struct heap *h, addr32 object, uint32_t word,
                                uint32_t value)
{
    *word_at(h, object + 4 * word) = value;
}

/* The address of byte `byte` of `object`: it is where it was allocated. */
static inline addr32 intern_deref(struct heap *h, addr32 object, uint32_t byte)
{
    (void)h;
    return object + byte;
}

/*
 * Set `what` (enum heap_control). CONTROL_RESET leaves the heap as init did:
 * no objects, no strings, the first area only (heap_more is told of each other
 * one), but numbers of areas run on. Returns HEAP_OK, or HEAP_BAD_PARAMETER
 * for what it does not know: it neither collects nor locks.
 */
uint32_t intern_control(struct heap *h, uint32_t what, uint32_t value);

/*
 * Add `bytes` bytes at `address` as the last area of the list; its number is
 * what h->next_area was. The bytes must lie in the window. Returns HEAP_OK, or
 * HEAP_BAD_ADDRESS, HEAP_TOO_SMALL and nothing has changed.
 */
uint32_t intern_add_area(struct heap *h, addr32 address, uint32_t bytes);

/* Fill in `info`; chunks are objects. Cost: one pass over the tables. */
static inline void intern_info(struct heap *h, struct heap_info *info)
{
    area_heap_info(h, info);
}

/*
 * The same for the area at place `index` of the list, with what belongs to
 * it. Returns false, writing nothing, when the list has no such place.
 */
static inline bool intern_area_info(struct heap *h, uint32_t index,
                                    struct area_info *info)
{
    return area_get_info(h, index, INTERN_AREA_SKIP, info);
}

/*
 * The next object, chunks included, in list and address order. Returns false
 * at the end. Start with a cursor of zeroes; the heap may not change in
 * between.
 */
static inline bool intern_walk(struct heap *h, struct heap_cursor *cursor,
                               struct heap_object *object)
{
    return area_walk(h, cursor, object);
}

/*
 * Check the heap's invariants, writing nothing; any bytes may be there. The
 * window is told, because a broken control block cannot be asked for it.
 * Returns 0 when all hold, else the number of the first broken one:
 *
 *   1  the control block is this manager's, at `base`; sizes fit the window
 *   2  parameters are in their ranges; block_shift belongs to the block
 *   4 to 11  the areas and their tables are in order, as marksweep.h lists
 *      them (areacheck.h)
 *  12  the pool has no chunk and counts nothing; or its chunk is an object of
 *      chunk_bytes, of which strings use some and no more than all
 */
int intern_check(struct heap *h, addr32 base, uint32_t window_bytes);

#endif /* CORE_INTERN_H */
