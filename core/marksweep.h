/*
 * marksweep.h - first fit over an allocation table, conservative marking,
 * sweep in place: what MicroPython's heap does, to the bit
 *
 * Objects are runs of blocks and never move. A search goes upwards from a
 * hint; a request that finds nothing collects once and searches again; then,
 * where the heap may grow, it takes one more area from the outer heap. All
 * words of objects and all root words count as references if they are the
 * address of an object's first block. Use it to reproduce what a MicroPython
 * program met, and as the measure that the moving managers must beat.
 *
 * The rules that show in the table's bytes, each of them recorded in traces:
 *
 *   - The hint is an index of table *bytes* (four blocks). It moves forward,
 *     to (block + 1) / 4, only for a request of exactly one block, and back
 *     on a free or a shrink below it. It is 0 after a collection. A search
 *     starts there with an empty run: free blocks before it do not count.
 *   - A threshold collects before the search. It counts the blocks given by
 *     alloc since the last collection, a moved realloc's too, growth in
 *     place not.
 *   - realloc: the same number of blocks changes nothing; fewer frees the
 *     tail; more takes the blocks behind if they are free. That is decided
 *     before any collection. Else, if it may move: alloc, copy, free.
 *   - last_used, the block that bounds the sweep: one past the object after a
 *     growth in place; the sweep sets it anew.
 *   - Finalisers have a pass of their own before the sweep, by area and
 *     block. The flag goes with a moved realloc and ends with a free.
 *   - Several areas: a search begins in search_area, at each area's own hint,
 *     and goes on to the end of the list, never round. A one-block request
 *     that is met makes its area the search_area. free and shrink in another
 *     area set it back to the first; so does a collection.
 *   - Growth, once a request, after its collection (or without one where
 *     collecting is switched off): needed = n + max(2048, 13 n / 512), or
 *     103 % of n. If the outer heap can give that, the new area gets
 *     min(avail, max(needed, what doubles the blocks)).
 *   - Where the heap may grow, the sweep gives back every empty area but the
 *     first.
 *
 * Two quirks of the original are parameters. With quirks = exact an area
 * whose only object is one block long and lies at block 0 counts as empty and
 * is given back, object and all; and a one-block request that passes a full
 * area in vain leaves that area's hint a quarter up. With quirks = safe no
 * live object is ever given back, and the passed area's hint goes to its end,
 * where it is true. The second quirk costs only time: every block below the
 * hint is used in both. A heap of one area, built for one (exact) or having
 * one (safe), leaves the hint of a search in vain alone, as the original.
 *
 * State     struct heap, then struct marksweep (parameters, mark stack), all
 *           in the window; areas as area.h draws them.
 * Units     sizes in bytes, as asked; blocks where the name says so.
 * Cost      alloc: O(table words from the hint on), plus zeroing, plus at
 *           most one collection and one growth. free: O(blocks / 16).
 *           realloc: the same, or alloc plus copying. collect: roots + words
 *           of reached objects + table words, times one more for each rescan.
 * Source    MicroPython v1.29 py/gc.c, rules as recorded by gcrec 1 and 2.
 */
#ifndef CORE_MARKSWEEP_H
#define CORE_MARKSWEEP_H

#include "core/area.h"
#include "core/grow.h"
#include "core/heap.h"
#include "core/mark.h"

enum marksweep_quirks {
    QUIRKS_SAFE = 0, /* never gives back a live object                    */
    QUIRKS_EXACT = 1 /* as MicroPython, lone block and all                */
};

#define MARKSWEEP_MARK_STACK_MAX 4096

/* How a heap is set up: words only, so that a guest is handed them as such. */
struct marksweep_params {
    uint32_t block;       /* bytes: 8, 16, 32 or 64                       */
    uint32_t zero;        /* 1: zero whole objects; 0: only what lies     */
                          /* behind the request, and the first word of an */
                          /* object with a finaliser                      */
    uint32_t quirks;      /* enum marksweep_quirks                        */
    uint32_t finalisers;  /* 1: areas have a finaliser table              */
    uint32_t mark_stack;  /* entries, 1 .. MARKSWEEP_MARK_STACK_MAX       */
    uint32_t threshold;   /* bytes; HEAP_NO_THRESHOLD: none               */
    uint32_t automatic;   /* 1: collect when nothing fits                 */
    uint32_t grow;        /* 1: take areas from the outer heap, and give  */
                          /* empty ones back                              */
    uint32_t growth_rule; /* enum growth_rule                              */
    uint32_t area_struct; /* bytes at the start of every area but the     */
                          /* first: 28 .. 64, a multiple of 4; or 0: a    */
                          /* build for one area, which adds none          */
};

/* What a MicroPython port has when nothing is said. */
#define MARKSWEEP_DEFAULTS                                                     \
    {                                                                          \
        .block = 16, .zero = 1, .quirks = QUIRKS_SAFE, .finalisers = 1,        \
        .mark_stack = 64, .threshold = HEAP_NO_THRESHOLD, .automatic = 1,      \
        .grow = 0, .growth_rule = GROWTH_13_512, .area_struct = 32,            \
    }

/*
 * The manager's part of the control block, right behind struct heap. The mark
 * stack's entries follow it.
 */
struct marksweep {
    struct marksweep_params params; /* as given to init                   */
    addr32 moving;    /* object that a realloc is moving: a root; or 0    */
    struct mark mark; /* the bounded mark stack                           */
};

_Static_assert(sizeof(struct marksweep_params) == 40, "ten words");
_Static_assert(sizeof(struct marksweep) == 60, "no padding");

static inline struct marksweep *marksweep_of(struct heap *h)
{
    return (struct marksweep *)(void *)(h + 1);
}

/*
 * Bytes of the control block with these parameters, a multiple of 16 and of
 * the block: H starts there. 0 if a parameter is out of its range.
 */
uint32_t marksweep_control_bytes(const struct marksweep_params *p);

/*
 * Make the bytes at `base` a heap: control block, then one area of
 * `heap_bytes` bytes. Requires base a multiple of 16 and of the block, and
 * h at base; nothing is read before it is written. Returns HEAP_OK or an
 * enum heap_error, then nothing usable is left.
 */
uint32_t marksweep_init(struct heap *h, addr32 base, uint32_t heap_bytes,
                        const struct marksweep_params *p);

/*
 * Give `bytes` bytes, `flags` of enum heap_flag (the finaliser counts, the
 * rest is ignored: every object is scanned). Returns the object's address, a
 * multiple of the block, or 0: h->refusal says why (REFUSAL_NONE for 0 bytes)
 * and, but for a collection that may have run, nothing has changed.
 */
addr32 marksweep_alloc(struct heap *h, uint32_t bytes, uint32_t flags);

/*
 * Free the object at `object`; 0 is ignored, and so is everything while the
 * heap is locked. Requires the address of an object; one that lies in no area
 * (its area was given back) is ignored. Its finaliser does not run.
 */
void marksweep_free(struct heap *h, addr32 object);

/*
 * Make the object `bytes` bytes. Returns its address, the same or, only if
 * `may_move`, another; or 0, the object being as before: h->refusal says why.
 * Object 0 allocates; 0 bytes free it and answer 0 (REFUSAL_NONE).
 */
addr32 marksweep_realloc(struct heap *h, addr32 object, uint32_t bytes,
                         bool may_move);

/* Bytes granted to the object at `object`; 0 if none begins there. */
uint32_t marksweep_bytes(struct heap *h, addr32 object);

/* Write a word of an object. This manager has no barrier. */
static inline void marksweep_store(struct heap *h, addr32 object, uint32_t word,
                                   uint32_t value)
{
    *word_at(h, object + 4 * word) = value;
}

/* The address of byte `byte` of `object`: it is where it was allocated. */
static inline addr32 marksweep_deref(struct heap *h, addr32 object,
                                     uint32_t byte)
{
    (void)h;
    return object + byte;
}

/*
 * Collect (`kind` of enum heap_collect), locked or not. Returns the bytes
 * that the sweep freed. Ignored, answering 0, inside a collection.
 */
uint32_t marksweep_collect(struct heap *h, uint32_t kind);

/*
 * A collection in three parts, for a program that finds its own roots: begin,
 * any number of roots, end. An automatic collection takes its roots from
 * heap_roots. Requires PHASE_IDLE at begin.
 */
void marksweep_collect_begin(struct heap *h, uint32_t cause);
void marksweep_collect_root(struct heap *h, uint32_t word);
void marksweep_collect_end(struct heap *h);

/*
 * Set `what` (enum heap_control). CONTROL_RESET collects everything, gives
 * back all areas but the first (heap_more is told of each), and leaves the
 * heap as init did, except that n_collections, n_grown and the numbers of
 * areas run on. Returns HEAP_OK, or HEAP_BAD_PARAMETER for what it does not
 * know.
 */
uint32_t marksweep_control(struct heap *h, uint32_t what, uint32_t value);

/*
 * Add `bytes` bytes at `address` as the last area of the list; its number is
 * what h->next_area was. The bytes must lie in the window. Returns HEAP_OK,
 * or HEAP_NO_AREAS, HEAP_BAD_ADDRESS, HEAP_TOO_SMALL and nothing has changed.
 */
uint32_t marksweep_add_area(struct heap *h, addr32 address, uint32_t bytes);

/* Fill in `info`. Cost: one pass over the tables. */
static inline void marksweep_info(struct heap *h, struct heap_info *info)
{
    area_heap_info(h, info);
}

/*
 * The same for the area at place `index` of the list, with what belongs to
 * it. Returns false, writing nothing, when the list has no such place.
 */
static inline bool marksweep_area_info(struct heap *h, uint32_t index,
                                       struct area_info *info)
{
    return area_get_info(h, index, marksweep_of(h)->params.area_struct, info);
}

/*
 * The next object in list and address order. Returns false at the end. Start
 * with a cursor of zeroes; the heap may not change in between.
 */
static inline bool marksweep_walk(struct heap *h, struct heap_cursor *cursor,
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
 *   3  no collection is under way: phase idle, no overflow pending
 *   4  the list of areas has n_areas links, in the window, numbers ascending
 *      and below next_area
 *   5  each area is laid out as its bytes demand: table, gap byte,
 *      finaliser table, pool, inside pool_min .. pool_max
 *   6  no two areas overlap, none overlaps the control block
 *   7  in a table no TAIL follows a FREE or comes first, nothing is MARKed;
 *      the gap byte is FREE
 *   8  a finaliser bit belongs to a HEAD
 *   9  last_used is at most one past the last block; no block behind it is
 *      used
 *  10  hint is at most table_bytes; no block below it is free
 *  11  search_area is in the list; no block of an area before it is free
 */
int marksweep_check(struct heap *h, addr32 base, uint32_t window_bytes);

#endif /* CORE_MARKSWEEP_H */
