/*
 * copying.h - bump allocation, precise marking, and objects that slide
 * together: the collector that leaves its free memory in one piece
 *
 * An allocation takes the next blocks of a hole, the region. When nothing
 * fits, the used memory moves together, and the free memory is one hole again.
 * So fragmentation never refuses a request: with nothing pinned, alloc refuses
 * n bytes only while fewer are free, in whole blocks, in every area. Use it
 * where the program can say where all its references are.
 *
 * A REQUEST, in this order, until it is met:
 *
 *   - the threshold is reached, or where something is pinned the ration (see
 *     PINS): collect
 *   - the region has room: take it from there (this is the common case, and
 *     one comparison decides it)
 *   - another hole has room (parameter `holes`): next fit from the region on,
 *     rather one of 16 blocks or more, which will serve several requests; it
 *     becomes the region
 *   - enough is free and nothing is pinned: slide all that is used, garbage
 *     too, without marking; objects keep their order, nothing is reclaimed
 *   - collecting is allowed: collect
 *   - the heap may grow (parameter `grow`): one more area, copygrow.h
 *   - refuse
 *
 * A COLLECTION goes through the phases that h->phase tells:
 *
 *   MARK      from the root table and from an object that is being resized;
 *             reach.h
 *   FINALISE  objects that go and asked for it, by area and block
 *   SWEEP     what was not reached becomes free
 *   PLAN      what may not move is pinned; the offset vectors; slide.h
 *   UPDATE    every reference gets its new value: the root table's precise
 *             and held words, all words of objects
 *   MOVE      objects are copied down
 *   SWEEP     the tables tell of the new places
 *
 * All state is in the control block and the tables, none of it on the stack
 * from phase to phase: a collector that does one piece at a time needs no other
 * data. A request that found nothing collects at most once.
 *
 * PINS. The root table lists objects that may not move; what ambiguous objects
 * name may not, either. Objects slide around these, each in its gap, and k
 * pins leave at most k + 1 holes, so the longest has free / (k + 1) bytes or
 * more. What does better than that:
 *
 *   - the gap that can be emptied furthest is emptied into the holes of the
 *     others (`pack`; evacuate.h), which never shortens the longest hole
 *   - allocation goes on in the shortest hole that suffices, the longest last;
 *     and there long objects go to the upper end. So those that will be pinned
 *     next time, mostly young and short, stand together and low
 *   - and before it is the longest's turn, there is a collection, if as many
 *     blocks as are live, times `ration` percent, have been given since the
 *     last: an object that stays pinned for long stays where its first
 *     collection found it, so that must not be just anywhere. Collections are
 *     the more frequent, but each can mark no more than 100 / ration times
 *     what was given before it
 *
 * PARTIAL SLIDES (`slide` = window). A request's collection marks and sweeps;
 * if then no hole suffices, only the stretch that gives n blocks for the
 * fewest moved ones is emptied into holes around it; if these do not hold what
 * is in it, everything slides. Collections asked for slide everything.
 *
 * REALLOC keeps, shrinks, or grows into free blocks behind, before anything
 * else. Then it allocates, copies and frees; the object's address is a root
 * meanwhile. If there is no room for a copy, everything is packed and what
 * lies behind the object goes up by what it lacks: with nothing pinned a
 * realloc refuses only while its area has less free than it lacks.
 *
 * SEVERAL AREAS. Objects slide within their area. Then a request is refused
 * only if no single area has as much free; the sum is no promise. Where the
 * heap may grow, it takes areas from the outer heap, and a collection gives
 * back those that it leaves empty, but for the first, and for one that alone
 * has room for the request.
 *
 * WHAT IT NEEDS OF THE PROGRAM
 *
 *   - A reference is a word, aligned, of a root or an object that is no leaf;
 *     it holds the address of an object's first block. Every word that does
 *     is taken for one, kept alive by it, and *changed* when the object moves:
 *     no other word may look so. Numbers kept with a low bit set cannot;
 *     buffers of raw bytes must be leaves. What must not be changed, but may
 *     be a reference, is an ambiguous object, or pinned from outside.
 *   - References in registers, on the stack, in memory outside the heap, are
 *     in the root table at any call that may collect: precise, held (both are
 *     rewritten there, and only there), or pinned.
 *   - Addresses into the middle of objects are not followed. They are right
 *     after a slide only if the program keeps them as head and distance.
 *   - Every object's words are written before the next call, or `zero` is 1:
 *     old contents may look like references.
 *   - Nothing compares or hashes addresses across a call that may collect.
 *   - No barrier, no read check, no header: loads and stores are the
 *     program's own.
 *
 * WHAT IT COSTS: a pause that grows with the live bytes, at each collection.
 * Almost full heaps collect often; the last few percent are dear. A collection
 * that moves something and whose mark stack suffices takes so many cycles, in
 * zero-wait memory, compiled with -O2, blocks of 16 bytes:
 *
 *      for each                          hazard3    cortex-m0plus
 *      collection                          1,910            1,060
 *      word of the allocation table          169              350
 *      live block                             40.1             76.9
 *      live object                            41.8            101
 *      reference, roots included              21.6             47.0
 *      ... whose object moves                106              252
 *      byte that moves                         0.58             0.74
 *
 * Least squares of relative errors over 347 collections of ten recorded
 * programs; the root of the mean square is 3.6 % and 4.5 %, the largest 18 %
 * and 26 %. (tests/test_copying_formula.c fits again.) Objects of 256 bytes
 * to 1 KiB, of blocks of 8 or 16 bytes, move at no more than 0.6 cycles a byte
 * on hazard3, where a load and a store take 0.5, and 0.81 on the Cortex-M,
 * where loads and stores of four words take 0.625.
 *
 * State     struct heap, then struct copying (parameters, region, mark stack),
 *           all in the window; areas as slide.h draws them.
 * Units     sizes in bytes, as asked; blocks where the name says so.
 * Cost      alloc: O(blocks / 16), plus zeroing; where the region has no room,
 *           O(table words), and at most one slide or collection. free:
 *           O(blocks / 16). collect: roots, and words of reached objects once
 *           for marking (once more for each rescan) and once for updating, the
 *           bytes that move, and the table's words some five times. realloc:
 *           as alloc, plus copying, plus at most one more update and move.
 * Source    slide.h for sliding; Jones, Hosking, Moss, The Garbage Collection
 *           Handbook, 3.4 and 7.1; growing by moving the others up is our own.
 */
#ifndef CORE_COPYING_H
#define CORE_COPYING_H

#include "core/mark.h"
#include "core/slide.h"

enum copying_slide {
    COPYING_FULL = 0,  /* a slide packs everything                        */
    COPYING_WINDOW = 1 /* a slide moves no more than a request needs      */
};

#define COPYING_MARK_STACK_MAX 4096
#define COPYING_RATION_MAX     1000

/* How a heap is set up: words only, so that a guest is handed them as such. */
struct copying_params {
    uint32_t block;      /* bytes: 8, 16, 32 or 64                        */
    uint32_t zero;       /* 1: zero whole objects; 0: only the last block */
                         /* of each, and the first word of one with a     */
                         /* finaliser                                     */
    uint32_t finalisers; /* 1: areas have a finaliser table               */
    uint32_t mark_stack; /* entries, 1 .. COPYING_MARK_STACK_MAX          */
    uint32_t threshold;  /* bytes; HEAP_NO_THRESHOLD: none                */
    uint32_t automatic;  /* 1: collect when nothing fits                  */
    uint32_t slide;      /* enum copying_slide                            */
    uint32_t holes;      /* 1: holes are used before a slide              */
    uint32_t leaf;       /* 1: HEAP_LEAF counts; areas have a leaf table  */
    uint32_t ambiguous;  /* 1: HEAP_AMBIGUOUS counts, likewise            */
    uint32_t pack;       /* 1: after a slide around pinned objects, empty */
                         /* the best gap into the others                  */
    uint32_t ration;     /* percent, to COPYING_RATION_MAX; 0: none. See  */
                         /* PINS                                          */
    uint32_t grow;       /* 1: take areas from the outer heap, and give   */
                         /* empty ones back                               */
};

#define COPYING_DEFAULTS                                                       \
    {                                                                          \
        .block = 16, .zero = 1, .finalisers = 1, .mark_stack = 64,             \
        .threshold = HEAP_NO_THRESHOLD, .automatic = 1, .slide = COPYING_FULL, \
        .holes = 1, .leaf = 0, .ambiguous = 0, .pack = 1, .ration = 50,        \
        .grow = 0,                                                             \
    }

/* The manager's part of the control block. The mark stack follows it. */
struct copying {
    uint32_t n_free; /* struct slide_area of the first area goes on here: */
    addr32 leaf;     /* these four are its last words                    */
    addr32 ambiguous;
    addr32 offset;
    struct copying_params params; /* as given to init                     */
    addr32 table;       /* of the area h->search_area, in which ...     */
    addr32 pool;        /* (its block 0)                                */
    uint32_t cursor;    /* ... the blocks from here                     */
    uint32_t limit;     /* to before here are free: the region          */
    uint32_t stop;      /* <= limit: where more than that must be asked */
    uint32_t cleaning;  /* 0: only the last 16 bytes of an object are   */
                        /* cleared                                      */
    uint32_t is_kept;   /* 1: the region is the longest hole, and       */
                        /* something is pinned, or may be               */
    uint32_t ration;    /* blocks that may be given since a collection  */
                        /* before that hole is used                     */
    uint32_t n_pinned;  /* objects that the last slide could not move   */
    addr32 moving;      /* object that a realloc is at: a root; or 0    */
    struct mark mark;   /* the bounded mark stack                       */
    struct slide slide; /* the slide's plan and counters                */
};

_Static_assert(sizeof(struct copying_params) == 52, "13 words");
_Static_assert(sizeof(struct copying) == 152, "no padding");

static inline struct copying *copying_of(struct heap *h)
{
    return (struct copying *)(void *)(h + 1);
}

/*
 * Bytes of the control block with these parameters, a multiple of 16 and of
 * the block: H starts there. 0 if a parameter is out of its range.
 */
uint32_t copying_control_bytes(const struct copying_params *p);

/*
 * Make the bytes at `base` a heap: control block, then one area of
 * `heap_bytes` bytes. Requires base a multiple of 16 and of the block, and
 * h at base; nothing is read before it is written. Returns HEAP_OK or an
 * enum heap_error, then nothing usable is left.
 */
uint32_t copying_init(struct heap *h, addr32 base, uint32_t heap_bytes,
                      const struct copying_params *p);

/*
 * Give `bytes` bytes; `flags` of enum heap_flag: a finaliser counts if the
 * heap has them, HEAP_LEAF and HEAP_AMBIGUOUS if the parameters ask for their
 * tables. Returns the object's address, a multiple of the block, or 0:
 * h->refusal says why (REFUSAL_NONE for 0 bytes). Objects may have moved.
 */
addr32 copying_alloc(struct heap *h, uint32_t bytes, uint32_t flags);

/*
 * Free the object at `object`; 0 is ignored, and so is everything while the
 * heap is locked. Requires the address of an object. Its finaliser does not
 * run. Nothing moves.
 */
void copying_free(struct heap *h, addr32 object);

/*
 * Make the object `bytes` bytes. Returns its address, the same or, only if
 * `may_move`, another; or 0, the object being as before, at the address that
 * its references now hold: h->refusal says why. Without `may_move` nothing
 * moves at all. Object 0 allocates; 0 bytes free it and answer 0. Words that
 * name a moved object hold its last address, for the program to rewrite.
 */
addr32 copying_realloc(struct heap *h, addr32 object, uint32_t bytes,
                       bool may_move);

/* Bytes granted to the object at `object`; 0 if none begins there. */
uint32_t copying_bytes(struct heap *h, addr32 object);

/* Write a word of an object. This manager has no barrier. */
static inline void copying_store(struct heap *h, addr32 object, uint32_t word,
                                 uint32_t value)
{
    *word_at(h, object + 4 * word) = value;
}

/* The address of byte `byte` of `object`, until the next call that allocates,
 * reallocates or collects. */
static inline addr32 copying_deref(struct heap *h, addr32 object, uint32_t byte)
{
    (void)h;
    return object + byte;
}

/*
 * Collect (`kind` of enum heap_collect) and slide, locked or not. Returns the
 * bytes that were reclaimed. Ignored, answering 0, inside a collection.
 */
uint32_t copying_collect(struct heap *h, uint32_t kind);

/*
 * Set `what` (enum heap_control). CONTROL_RESET collects everything, gives
 * back all areas but the first (heap_more is told of each), and leaves the
 * heap as init did, except that n_collections and the numbers of areas run on.
 * Returns HEAP_OK, or HEAP_BAD_PARAMETER for what it does not know.
 */
uint32_t copying_control(struct heap *h, uint32_t what, uint32_t value);

/*
 * Add `bytes` bytes at `address` as the last area of the list; its number is
 * what h->next_area was. The bytes must lie in the window. Returns HEAP_OK,
 * or HEAP_BAD_ADDRESS, HEAP_TOO_SMALL, HEAP_BUSY and nothing has changed.
 */
uint32_t copying_add_area(struct heap *h, addr32 address, uint32_t bytes);

/* Fill in `info`. Cost: one pass over the tables. */
static inline void copying_info(struct heap *h, struct heap_info *info)
{
    area_heap_info(h, info);
}

/*
 * The same for the area at place `index` of the list, with what belongs to
 * it; hint and last_used say nothing here. Returns false, writing nothing,
 * when the list has no such place.
 */
static inline bool copying_area_info(struct heap *h, uint32_t index,
                                     struct area_info *info)
{
    return area_get_info(h, index, sizeof(struct slide_area), info);
}

/*
 * The next object in list and address order. Returns false at the end. Start
 * with a cursor of zeroes; the heap may not change in between.
 */
static inline bool copying_walk(struct heap *h, struct heap_cursor *cursor,
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
 *   2  parameters are in their ranges; what follows from them belongs to them
 *   3  no collection is under way: phase idle, no overflow pending, nothing
 *      pinned, nothing being resized
 *   4  the list of areas has n_areas links, in the window, numbers ascending
 *      and below next_area
 *   5  each area is laid out as its bytes demand, with as many blocks as fit,
 *      inside pool_min .. pool_max
 *   6  no two areas overlap, none overlaps the control block
 *   7  in a table no TAIL follows a FREE or comes first, nothing is MARKed;
 *      the gap byte is FREE
 *   8  a bit of a side table belongs to a HEAD
 *   9  the region is in an area of the list, whose table and pool are noted;
 *      cursor <= stop <= limit, and the blocks between are free
 *  10  n_free of each area is its number of free blocks outside the region
 */
int copying_check(struct heap *h, addr32 base, uint32_t window_bytes);

#endif /* CORE_COPYING_H */
