/*
 * twoended.h - mark and sweep with long-lived objects at the other end
 *
 * As marksweep: an allocation table, conservative marking, sweep in place, no
 * object moves. But what is said to live long (HEAP_LONG_LIVED) is placed from
 * the top downwards, what is not from the bottom upwards, so that what dies
 * soon leaves whole stretches free, not holes between what stays. Use it where
 * lifetimes are known: modules, constants, what an import leaves behind.
 *
 *      0                             long_start              n_blocks
 *      | short-lived ->  |   free   |  <- long-lived            |
 *
 * In every area long_start bounds the long-lived part; whatever is used below
 * it is short-lived. All free blocks are eligible to both kinds. A short-lived
 * object crosses over when its lowest place reaches beyond long_start, a
 * long-lived one when a used block lies between its highest place and
 * long_start. Then a collection comes first, if at least half of what was free
 * after the last one has been given since: in a heap that is nearly full,
 * crossing does not mean a collection for every object. (The area of the place
 * found is not given back by it.) What crosses after that is a guest and moves
 * no bound; any other long-lived object below long_start takes it along. The
 * sweep draws it back to the next used block.
 *
 *   - A search for short-lived objects starts at each area's hint, a table
 *     byte below which no block is free; one for long-lived ones at `high`, of
 *     all areas, above which none is. They move on only for requests of one
 *     block, which alone see that; frees and shrinks move them back, a
 *     collection all the way.
 *   - Short-lived objects go to the first area of the list in which they do
 *     not cross, long-lived ones to the last; else to the first, or the last,
 *     in which they fit at all.
 *   - realloc: as marksweep, in place where it can be; a moved object goes to
 *     the end at which it lay.
 *   - promote: copies an object to the long-lived end. The old copy is left to
 *     the collector; who refers to the object must be told its new address.
 *     After many, a collection should follow: the old copies lie where the
 *     short-lived go next.
 *   - Finalisers, areas, growth, lock and threshold: as marksweep, with
 *     quirks = safe.
 *
 * State     struct heap, then struct twoended (bounds, parameters, mark
 *           stack), all in the window; areas as area.h draws them, long_start
 *           right behind struct area. last_used of an area is its n_blocks.
 * Units     sizes in bytes, as asked; blocks where the name says so.
 * Cost      alloc, short-lived: O(table words from the hint on); long-lived:
 *           O(table words and holes from `high` down), both plus zeroing, plus
 *           at most one collection and one growth. free: O(blocks / 16).
 *           realloc, promote: alloc plus copying. collect: roots + words of
 *           reached objects + table words, times one more for each rescan.
 * Source    CircuitPython's py/gc.c (long-lived blocks, 2018 to 2023, where
 *           the idea and `promote`, there make_long_lived, come from); the
 *           bounds and the rule for crossing are ours.
 */
#ifndef CORE_TWOENDED_H
#define CORE_TWOENDED_H

#include "core/area.h"
#include "core/grow.h"
#include "core/heap.h"
#include "core/mark.h"

#define TWOENDED_MARK_STACK_MAX 4096
#define TWOENDED_AREA_BYTES     32 /* at the start of each further area */

/* Words only, so that a guest is handed them as such. */
struct twoended_params {
    uint32_t block;       /* bytes: 8, 16, 32 or 64                       */
    uint32_t zero;        /* 1: zero whole objects; 0: only what lies     */
                          /* behind the request, and the first word of an */
                          /* object with a finaliser                      */
    uint32_t finalisers;  /* 1: areas have a finaliser table              */
    uint32_t mark_stack;  /* entries, 1 .. TWOENDED_MARK_STACK_MAX        */
    uint32_t threshold;   /* bytes; HEAP_NO_THRESHOLD: none               */
    uint32_t automatic;   /* 1: collect when nothing fits, or the two     */
                          /* would cross                                  */
    uint32_t grow;        /* 1: take areas from the outer heap, and give  */
                          /* empty ones back                              */
    uint32_t growth_rule; /* enum growth_rule                             */
};

#define TWOENDED_DEFAULTS                                                      \
    {                                                                          \
        .block = 16, .zero = 1, .finalisers = 1, .mark_stack = 64,             \
        .threshold = HEAP_NO_THRESHOLD, .automatic = 1, .grow = 0,             \
        .growth_rule = GROWTH_13_512,                                          \
    }

/* What this manager knows of an area; right behind its struct area. */
struct twoended_bound {
    uint32_t long_start; /* first block of the long-lived part            */
};

/*
 * The manager's part of the control block, right behind struct heap, which
 * ends in the first area's descriptor. The mark stack's entries follow it.
 */
struct twoended {
    struct twoended_bound first;   /* of area 0                           */
    struct twoended_params params; /* as given to init                    */
    uint32_t used_blocks;          /* of all areas                        */
    uint32_t free_after;           /* free blocks of all areas after the  */
                                   /* last collection                     */
    uint32_t high_area; /* number of an area: those behind it are full    */
    uint32_t high;      /* table byte of it: no block from 4 * high on is */
                        /* free                                           */
    addr32 moving;      /* object that a realloc or a promote is copying: a */
                        /* root; or 0                                       */
    struct mark mark;   /* the bounded mark stack                           */
};

_Static_assert(sizeof(struct twoended_params) == 32, "eight words");
_Static_assert(sizeof(struct twoended) == 72, "eighteen words, no padding");
_Static_assert(sizeof(struct area) + sizeof(struct twoended_bound) ==
                   TWOENDED_AREA_BYTES,
               "no padding");
_Static_assert(offsetof(struct heap, first) + sizeof(struct area) ==
                   sizeof(struct heap),
               "the first area's bound lies behind it, too");

static inline struct twoended *twoended_of(struct heap *h)
{
    return (struct twoended *)(void *)(h + 1);
}

/*
 * Bytes of the control block with these parameters, a multiple of 16 and of
 * the block: H starts there. 0 if a parameter is out of its range.
 */
uint32_t twoended_control_bytes(const struct twoended_params *p);

/*
 * Make the bytes at `base` a heap: control block, then one area of
 * `heap_bytes` bytes. Requires base a multiple of 16 and of the block, and h
 * at base; nothing is read before it is written. Returns HEAP_OK or an enum
 * heap_error, then nothing usable is left.
 */
uint32_t twoended_init(struct heap *h, addr32 base, uint32_t heap_bytes,
                       const struct twoended_params *p);

/*
 * Give `bytes` bytes; of `flags` (enum heap_flag) HEAP_LONG_LIVED and
 * HEAP_FINALISER count. Returns the object's address, a multiple of the block,
 * or 0: h->refusal says why (REFUSAL_NONE for 0 bytes) and, but for a
 * collection that may have run, nothing has changed.
 */
addr32 twoended_alloc(struct heap *h, uint32_t bytes, uint32_t flags);

/*
 * Free the object at `object`; 0 is ignored, and so is everything while the
 * heap is locked. Requires the address of an object; one that lies in no area
 * (its area was given back) is ignored. Its finaliser does not run.
 */
void twoended_free(struct heap *h, addr32 object);

/*
 * Make the object `bytes` bytes. Returns its address, the same or, only if
 * `may_move`, another; or 0, the object being as before: h->refusal says why.
 * Object 0 allocates; 0 bytes free it and answer 0 (REFUSAL_NONE).
 */
addr32 twoended_realloc(struct heap *h, addr32 object, uint32_t bytes,
                        bool may_move);

/*
 * Make the object long-lived. Returns its address from now on: the same, if it
 * lies in the long-lived part already, or no place nearer to its end is free;
 * else that of a copy, which has the finaliser, too. Nobody's references are
 * changed. Or 0 and, but for a collection that may have run, nothing has
 * changed: h->refusal says why. Requires the address of an object.
 */
addr32 twoended_promote(struct heap *h, addr32 object);

/* Bytes granted to the object at `object`; 0 if none begins there. */
uint32_t twoended_bytes(struct heap *h, addr32 object);

/* Write a word of an object. This manager has no barrier. */
static inline void twoended_store(struct heap *h, addr32 object, uint32_t word,
                                  uint32_t value)
{
    *word_at(h, object + 4 * word) = value;
}

/* The address of byte `byte` of `object`: it is where it was allocated. */
static inline addr32 twoended_deref(struct heap *h, addr32 object,
                                    uint32_t byte)
{
    (void)h;
    return object + byte;
}

/*
 * Collect (`kind` of enum heap_collect), locked or not. Returns the bytes
 * that the sweep freed. Ignored, answering 0, inside a collection.
 */
uint32_t twoended_collect(struct heap *h, uint32_t kind);

/*
 * Set `what` (enum heap_control). CONTROL_RESET collects everything, gives
 * back all areas but the first (heap_more is told of each), and leaves the
 * heap as init did, except that n_collections, n_grown and the numbers of
 * areas run on. Returns HEAP_OK, or HEAP_BAD_PARAMETER for what it does not
 * know.
 */
uint32_t twoended_control(struct heap *h, uint32_t what, uint32_t value);

/*
 * Add `bytes` bytes at `address` as the last area of the list; its number is
 * what h->next_area was. The bytes must lie in the window. Returns HEAP_OK,
 * or HEAP_BAD_ADDRESS, HEAP_TOO_SMALL, HEAP_BUSY and nothing has changed.
 */
uint32_t twoended_add_area(struct heap *h, addr32 address, uint32_t bytes);

/* Fill in `info`. Cost: one pass over the tables. */
static inline void twoended_info(struct heap *h, struct heap_info *info)
{
    area_heap_info(h, info);
}

/*
 * The same for the area at place `index` of the list, with what belongs to
 * it. Returns false, writing nothing, when the list has no such place.
 */
static inline bool twoended_area_info(struct heap *h, uint32_t index,
                                      struct area_info *info)
{
    return area_get_info(h, index, TWOENDED_AREA_BYTES, info);
}

/*
 * The next object in list and address order. Returns false at the end. Start
 * with a cursor of zeroes; the heap may not change in between.
 */
static inline bool twoended_walk(struct heap *h, struct heap_cursor *cursor,
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
 *   2  parameters are in their ranges; what belongs to them does
 *   3  no collection is under way: phase idle, no overflow pending; nothing is
 *      being copied
 *   4  the list of areas has n_areas links, in the window, numbers ascending
 *      and below next_area
 *   5  each area is laid out as its bytes demand: table, gap byte,
 *      finaliser table, pool, inside pool_min .. pool_max
 *   6  no two areas overlap, none overlaps the control block
 *   7  in a table no TAIL follows a FREE or comes first, nothing is MARKed;
 *      the gap byte is FREE
 *   8  a finaliser bit belongs to a HEAD
 *   9  last_used is the number of blocks
 *  10  hint is at most table_bytes; no block below it is free
 *  11  search_area is the first area
 *  12  high_area is the number of an area, high at most its table_bytes; no
 *      block from there on, and of the areas behind, is free
 *  13  long_start is at most the number of blocks
 *  14  used_blocks is the number of blocks that are not FREE; free_after is at
 *      most that of all blocks
 */
int twoended_check(struct heap *h, addr32 base, uint32_t window_bytes);

#endif /* CORE_TWOENDED_H */
