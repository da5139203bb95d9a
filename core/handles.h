/*
 * handles.h - the defragmenting heap: objects behind indices, moved in steps
 *
 * The mutator holds handles, never addresses: a handle names an entry of a
 * table, and the entry holds the object's address. So an object can move, at
 * the price of one word written, whenever the mutator lets it: in idle steps
 * of a bounded number of cycles, with each allocation, or all at once. Use it
 * where memory is freed explicitly, every operation must be short, and the
 * free bytes must not stay scattered.
 *
 *     H:  | chunk | chunk | ... | chunk |   the gap   | entry ... entry |
 *         pool                          frontier      pool_max     H's end
 *
 * Chunks grow upwards from the pool's start, the table downwards from H's
 * end, one entry whenever there is no free one; the gap between them is the
 * hole that defragmentation feeds; its first word is 0. A chunk is named by
 * the address c of its header; n is its size in words, the header included,
 * at least 4.
 *
 *     c          c + 4                          c + 4n - 4
 *     |  n |  i  | the object, 4n - 4 bytes  ...          |  used
 *     |  n |  0  | the object, before it a free chunk ... |  used
 *     |  k |  n  | the object, which stays here       ... |  pinned
 *     |  n |  0  | next   | slot   |   ...      |  n |  i  |  free, in a list
 *     |    0     |                     ...      |  0 |  i  |  free, in hand
 *      high   low  c + 4    c + 8                high   low half
 *
 *   i     the index of the object whose chunk it is. Behind a free chunk the
 *         header has no room to say so: there i is 0, and the free chunk's
 *         last word holds the index of the object behind it. No two free
 *         chunks are neighbours and none touches the gap (they are joined at
 *         once), so that a chunk with i = 0 is used iff the one before it is
 *         free, and a walk always knows which it is.
 *   k     0; or 1: the chunk before it is free. No chunk is so short.
 *   next  the next chunk of the list of its class, or the list's end
 *   slot  the chunk before it in the list, or the list's end
 *
 * A list is a ring, closed by its end: next and slot in the control block, as
 * if there were a chunk around them. So to take a chunk out needs no look at
 * where it is. The hole in hand is in no list: the control block knows where
 * it begins and ends, and to cut a chunk off its front is to add to a word and
 * to write a 0, as it is with the gap.
 *
 * Index i has its entry at table + 4 i ("wide", 16-bit indices) and its handle
 * is 4 i: the object is at the word that table + handle holds. In the small
 * form (8-bit indices) an entry is a half word at halves + 2 i, the object's
 * distance from the window's base. Indices are given from 65,535 or 255 down;
 * 0 is none. A free entry holds 1 + the handle of the next free one: it is odd
 * and therefore no object's.
 *
 * Classes   a list for the sizes below 8 words, one for those below 16, and so
 *           on; one for all of 248 or more. A bit for each says whether it is
 *           empty. There are no more and no finer ones because 32 bits are
 *           searched by one instruction, and because requests come here only
 *           when the hole in hand and the gap are too short.
 * Steps     a scan goes through the pool. The first hole it meets is taken in
 *           hand and changes place with the object behind it, again and
 *           again: so it moves up, growing by every hole that it meets, until
 *           it falls into the gap. Requests are cut off its front, where their
 *           objects lie as if they had been moved. Then the scan begins
 *           anew, until nothing is left to move. An object that is too long
 *           for a step is copied in pieces, over several steps, to a place
 *           that does not overlap its own: into the hole if it is long
 *           enough, else into the gap and from there back. Until its last
 *           piece is copied its handle names the old place, whole and valid.
 * Writers   So whoever writes to an object by an address got from deref must
 *           say so, by handles_touch(), if the object may be longer than a
 *           step copies: a write to the old place after its copy was taken
 *           would be lost. handles_store() says it by itself. Reading needs
 *           nothing. A touched object is copied anew, later.
 * Interrupts  A step may be interrupted before any instruction by one that
 *           allocates. What may not be seen half done is done in short
 *           passages in which h->phase is not PHASE_IDLE; there alloc answers
 *           0 (REFUSAL_LOCKED) and changes nothing. Interrupts may also use
 *           an object that handles_is_whole() calls so. They may not free,
 *           resize, pin or step while a step runs.
 *
 * State     struct heap, then struct handles, then H; all in the window. Of
 *           struct heap the fields of collections, locks, thresholds and
 *           tables stay 0. While a step runs, `in_step` and perhaps `torn`
 *           are not 0; a move in pieces is `moving` and what follows it.
 * Units     bytes, and words of 4 bytes; blocks are words.
 * Cost      alloc, free: O(1); the first chunk of a list is looked at, and if
 *           all else fails HANDLES_LOOK. realloc: the same, and a copy if it
 *           moves. step: at most its budget. deref: a load (and an addition
 *           where the machine cannot add in it). pin, unpin: O(1). walk,
 *           info: O(chunks). check: O(chunks + entries + pinned objects x
 *           entries + squares of the lists' lengths). Outside the blocks an
 *           entry an object, 32 bits or 16, as many as there ever were objects
 *           at once; inside a word.
 * Measured  in cycles, gcc 12 -O2, memory without wait states, call and return
 *           included; 20,000 operations at 55 to 60 % of 64 KiB and the table,
 *           a step after each, nothing refused (median/p99/most;
 *           tests/test_handles_cycles.c):
 *                                      alloc        free         step
 *             hazard3, defaults
 *               steps of 240         40/51/97     56/81/90    180/228/231
 *               steps of 1,000       40/51/80     56/79/81    769/891/945
 *               steps of 5,000       51/51/80     56/79/90  3945/4382/4502
 *             hazard3, wait=0 start_bytes=0 handles=1024
 *               steps of 240         40/51/98     56/81/90    180/228/231
 *               steps of 1,000       40/51/51     56/79/81    769/894/937
 *               no steps             97/98/98     58/81/90
 *             cortex-m0plus, the same
 *               steps of 480       106/118/267  147/183/196   324/467/471
 *               steps of 1,000     106/118/123  147/176/196   712/901/946
 *               no steps           266/275/276  156/183/196
 *             hazard3, the same, an eighth of the objects of 4 KiB
 *               steps of 240         40/98/353    58/90/90    228/228/231
 *               steps of 1,000       40/51/97     56/90/90    932/983/983
 *               steps of 5,000       51/51/51     56/79/79  3473/4708/4759
 *           Of the 40 cycles 8 are call and return, 8 turn the request into a
 *           length, 9 take the entry, 4 write the header, 8 cut the hole in
 *           hand; so 20 cannot be had with a header and an entry to write.
 *           More than 100 takes a request that must look behind the first hole
 *           of its list, or give up an unfinished move.
 *           A step of n units, n >= HANDLES_LEAST, on any operations tried:
 *           at most 2.4 n + 106 cycles on hazard3, 5 n + 192 on
 *           cortex-m0plus, 5.5 n + 190 on cortex-m0, 4 n + 132 on cortex-m3,
 *           3.8 n + 132 on -m4: the smallest step is one of 229 cycles on
 *           hazard3, of 447 on cortex-m0plus. Longest passage: 49 cycles on
 *           hazard3, 91 on cortex-m0plus. deref: 2, and on hazard3 a third if
 *           the very next instruction uses it.
 * Source    a table of entries that the mutator names, and free blocks closed
 *           up beneath it: the relocatable blocks of the Macintosh Memory
 *           Manager (Inside Macintosh, volume II, 1985). Segregated lists with
 *           a bit a list: Masmano et al., "TLSF", ECRTS 2004. That a hole
 *           keeps its neighbour's index, the pieces and the passages are ours.
 */
#ifndef CORE_HANDLES_H
#define CORE_HANDLES_H

#include "core/heap.h"

#define HANDLES_LISTS     32u      /* lists of holes: of fewer than 8 words,*/
#define HANDLES_STEP      8u       /* than 16, and so on; of 248 or more    */
#define HANDLES_LOOK      4u       /* chunks of its own list that a request */
                                   /* is compared with                      */
#define HANDLES_CHUNK_MIN 4u       /* words of the smallest chunk           */
#define HANDLES_CHUNK_MAX 65535u   /* ... of the largest                    */
#define HANDLES_HEADER    4u       /* bytes before an object                */
#define HANDLES_WIDE_MAX  0x40000u /* pool and control block, 16 bits      */
#define HANDLES_SMALL_MAX 0x10000u /* control block and H, 8 bits          */

/*
 * What a step's work costs, in units. A word copied costs 1. The rest is
 * chosen so that no part takes more cycles than its units are worth.
 */
#define HANDLES_SEEK   15u /* the scan goes on                             */
#define HANDLES_PASS   7u  /* ... and passes a chunk                       */
#define HANDLES_TAKE   36u /* a hole is taken in hand                      */
#define HANDLES_SLIDE  48u /* hole and object change places                */
#define HANDLES_SPARE  9u  /* ... the last ones in a step, so much cheaper */
#define HANDLES_BEGIN  48u /* a move in pieces begins                      */
#define HANDLES_CARRY  12u /* ... goes on                                  */
#define HANDLES_ARRIVE 39u /* ... and ends                                 */
#define HANDLES_END    42u /* the place that it has left becomes a hole    */
#define HANDLES_ADD    16u /* an entry is added                            */
#define HANDLES_ROUND  36u /* with less no further part is begun           */
#define HANDLES_LEAST  51u /* smallest budget that gets all of it done     */

/* Words only, so that a guest is handed them as such. */
struct handles_params {
    uint32_t zero;    /* 1: zero objects, and what grows; 0: leave bytes   */
    uint32_t indices; /* bits of an index: 8 or 16                         */
    uint32_t handles; /* entries set aside from the beginning; the others  */
                      /* come out of the gap                               */
    uint32_t start_bytes;   /* defragmentation begins when no more than    */
                            /* 100 - this percent of H is gap              */
    uint32_t start_indices; /* ... when this percent of all indices has    */
                            /* been given                                  */
    uint32_t per_alloc;     /* bytes moved with each allocation, at most   */
    uint32_t wait; /* 1: a request that finds no hole waits until all holes*/
                   /* are one; 0: it is refused, and defragmentation begins*/
};

#define HANDLES_DEFAULTS                                                       \
    {                                                                          \
        .zero = 0, .indices = 16, .handles = 0, .start_bytes = 85,             \
        .start_indices = 90, .per_alloc = 0, .wait = 1                         \
    }

/* handles.moving: the move is over, `copy` is the place that nobody needs. */
#define HANDLES_GONE 2u

/* A ring of holes: its end's next and slot, see handleschunk.h. */
struct handles_list {
    addr32 first, last;
};

/* The manager's part of the control block, right behind struct heap. */
struct handles {
    /* What every operation looks at. */
    addr32 table;           /* entry of index 0, which there is not; 0 in  */
                            /* the small form                              */
    uint32_t short_request; /* largest that may go the short way; 0: none, */
                            /* for zero, per_alloc, the small form, and    */
                            /* while a step runs                           */
    uint32_t free_handle;   /* first free entry's handle; 0: none          */
    addr32 hand;            /* the hole in hand; 0: none                   */
    addr32 hand_end;        /* where it ends; 0                            */
    addr32 frontier;        /* where the gap begins; h->pool_max ends it   */
    addr32 issued;          /* entry given last: all from here on are in   */
                            /* use or in the list of free ones             */
    addr32 halves;          /* as table, in the small form; else 0         */
    uint32_t usual_request; /* short_request while no step runs            */

    /* Defragmentation. */
    uint32_t is_begun;    /* 1: until nothing is left to move            */
    uint32_t has_moved;   /* 1: since the scan began at the pool's start */
    addr32 scan;          /* a step looks behind this chunk next; 0: at  */
                          /* the pool's start                            */
    uint32_t scan_handle; /* the object there, without which it does not */
                          /* hold; 0: a pinned one                       */
    uint32_t in_step;     /* 1: a step runs                              */
    uint32_t torn;        /* handle of the object that changes places    */
                          /* with it now; 0                              */
    uint32_t moving;      /* handle of the object copied in pieces, or   */
                          /* HANDLES_GONE; 0                             */
    addr32 copy;          /* chunk that becomes its place                */
    uint32_t copied;      /* words of it that are copied                 */
    uint32_t is_touched;  /* 1: it was written to since                  */
    uint32_t home;        /* handle of an object put into the gap, to be */
                          /* fetched from there; 0                       */
    uint32_t start_gap;   /* bytes of the gap ... or fewer: begin        */
    addr32 start_issued;  /* `issued` here or lower: begin               */
    struct handles_params params; /* as given to init                      */
    uint32_t bits;                /* bit j: list j is not empty            */
    struct handles_list list[HANDLES_LISTS];
};

_Static_assert(sizeof(struct handles_params) == 28, "seven words");
_Static_assert(offsetof(struct handles, params) == 88, "no padding");
_Static_assert(offsetof(struct handles, list) == 120, "no padding");
_Static_assert(sizeof(struct handles) == 376, "94 words");

static inline struct handles *handles_of(struct heap *h)
{
    return (struct handles *)(void *)(h + 1);
}

/*
 * Bytes of the control block with these parameters, a multiple of 16: H starts
 * there. 0 if a parameter is out of its range.
 */
uint32_t handles_control_bytes(const struct handles_params *p);

/*
 * Make the bytes at `base` a heap: control block, then `heap_bytes` bytes of
 * pool and table. Requires base a multiple of 16, and h at base; nothing is
 * read before it is written. Returns HEAP_OK or an enum heap_error
 * (HEAP_TOO_LARGE: more than indices of this many bits can tell apart: 256 KiB
 * beyond the entries set aside, or 64 KiB in the small form), then nothing
 * usable is left.
 */
uint32_t handles_init(struct heap *h, addr32 base, uint32_t heap_bytes,
                      const struct handles_params *p);

/*
 * Give `bytes` bytes: of the hole in hand, else of the gap, else of a longer
 * chunk, else of the first of the request's own list; `flags` of enum
 * heap_flag say nothing to this manager. Returns the object's handle; or 0, and
 * nothing but h->refusal and the wish to defragment has changed, or a free
 * entry come, iff
 *
 *   - bytes is 0 (REFUSAL_NONE), or
 *   - bytes is more than a chunk can count (REFUSAL_LIMIT), or
 *   - no entry is free, and all indices are given (REFUSAL_INDEX), or
 *   - no entry is free, and there is no room for one (REFUSAL_FULL), or
 *   - hole in hand and gap are too short, no list of longer chunks has one,
 *     and among the first HANDLES_LOOK of the request's own list none is long
 *     enough (REFUSAL_FULL): handles_largest() foretells it. With `wait`, and
 *     nothing pinned: only if all free chunks and the gap together are too
 *     short. Or
 *   - it interrupts a step (REFUSAL_LOCKED), and there is no room that the
 *     step has not in hand.
 */
uint32_t handles_alloc(struct heap *h, uint32_t bytes, uint32_t flags);

/*
 * Free the object, pinned or not, and join its chunk with its free neighbours
 * and the gap; 0 is ignored. Requires a valid handle.
 */
void handles_free(struct heap *h, uint32_t handle);

/*
 * Make the object `bytes` bytes; its handle stays. It stays where it is if its
 * chunk is long enough or becomes so with a free one or the gap behind it;
 * what is too much is cut off. Else it is copied to a chunk that is long
 * enough, whatever `may_move` says, for the mutator holds no address, unless
 * it is pinned (REFUSAL_IN_PLACE). Returns the handle; or 0, the object being
 * as before. Object 0 allocates; 0 bytes free it and answer 0 (REFUSAL_NONE).
 */
uint32_t handles_realloc(struct heap *h, uint32_t handle, uint32_t bytes,
                         bool may_move);

/*
 * Idle work of at most `units` units (see above). If no entry is free it adds
 * one, so that the next alloc need not. Does nothing else until
 * defragmentation has begun: see `start_bytes`, `start_indices`, or a request
 * was refused. Returns 1 while there is more to do. Budgets below
 * HANDLES_LEAST are too small to move anything.
 */
uint32_t handles_step(struct heap *h, uint32_t units);

/* Move until all is settled, whatever has begun: O(pool). */
void handles_settle(struct heap *h);

/*
 * The object stays where it is, until it is unpinned or freed; pins do not
 * count. Requires valid handles.
 */
void handles_pin(struct heap *h, uint32_t handle);
void handles_unpin(struct heap *h, uint32_t handle);

/* Does `handle` name an object? Any word may be asked about. */
bool handles_is_valid(struct heap *h, uint32_t handle);

bool handles_is_pinned(struct heap *h, uint32_t handle);

/* Bytes granted to the object: its chunk's but the header. */
uint32_t handles_bytes(struct heap *h, uint32_t handle);

/*
 * CONTROL_RESET leaves the heap as init did. Returns HEAP_OK, or
 * HEAP_BAD_PARAMETER for what it does not know.
 */
uint32_t handles_control(struct heap *h, uint32_t what, uint32_t value);

/*
 * The object's address in the wide form, `table` being handles_of(h)->table:
 * whoever keeps that in a register derefs by one load. It holds until the next
 * call that may move: alloc with per_alloc or wait, realloc of this object,
 * step, settle.
 */
static inline addr32 handles_at(struct heap *h, addr32 table, uint32_t handle)
{
    return *word_at(h, table + handle);
}

/* The same in the small form, with `halves`. */
static inline addr32 handles_at_small(struct heap *h, addr32 halves,
                                      uint32_t handle)
{
    return h->base + *half_at(h, halves + handle / 2);
}

/* The address of byte `byte` of the object, in either form. */
static inline addr32 handles_deref(struct heap *h, uint32_t handle,
                                   uint32_t byte)
{
    const struct handles *t = handles_of(h);
    addr32 object = t->table != 0 ? handles_at(h, t->table, handle)
                                  : handles_at_small(h, t->halves, handle);
    return object + byte;
}

/* The object is about to be written to by its address: see Writers. */
static inline void handles_touch(struct heap *h, uint32_t handle)
{
    struct handles *t = handles_of(h);
    if (t->moving == handle)
        t->is_touched = 1;
}

/* Is the object in one piece? An interrupt may not use one that is not. */
static inline bool handles_is_whole(struct heap *h, uint32_t handle)
{
    return handles_of(h)->torn != handle;
}

/* Write a word of an object, and touch it. */
static inline void handles_store(struct heap *h, uint32_t handle, uint32_t word,
                                 uint32_t value)
{
    handles_touch(h, handle);
    *word_at(h, handles_deref(h, handle, 4 * word)) = value;
}

/*
 * The largest request that would be granted now, were there no `wait`; 0 if
 * none. O(HANDLES_LOOK).
 */
uint32_t handles_largest(struct heap *h);

/* The same, were all holes one: with `wait` and nothing pinned. O(chunks). */
uint32_t handles_largest_settled(struct heap *h);

/*
 * Fill in `info`; holes and gap count without the header that an object there
 * would have. The unfinished copy of an object in motion counts as free. Cost:
 * one pass over the chunks.
 */
void handles_info(struct heap *h, struct heap_info *info);

/*
 * The same for the only area, index 0: `pool` is the first chunk's header,
 * n_blocks the words up to the table as it stands. False for other indices.
 */
bool handles_area_info(struct heap *h, uint32_t index, struct area_info *info);

/*
 * The next object in address order: `address` is where its bytes lie now,
 * handles_owner() of it its handle. Returns false at the end. Start with a
 * cursor of zeroes; the heap may not change in between.
 */
bool handles_walk(struct heap *h, struct heap_cursor *cursor,
                  struct heap_object *object);

/* The handle of the object that walk says is at `address`. O(entries). */
uint32_t handles_owner(struct heap *h, addr32 address);

/*
 * Check the heap's invariants, writing nothing; any bytes may be there. The
 * window is told, because a broken control block cannot be asked for it.
 * Returns 0 when all hold, else the number of the first broken one:
 *
 *   1  the control block is this manager's, at `base`; sizes fit the window
 *   2  parameters are in their ranges; what is computed from them is right
 *   3  pool, frontier, gap, entries follow each other; the gap is a word or
 *      more; it and the hole in hand, if there is one, begin with 0; entries
 *      belong to indices that there are
 *   4  the chunks follow each other from the pool's start to the frontier,
 *      each of 4 words or more, the hole in hand among them
 *   5  no two free chunks are neighbours, none lies before the gap; whether
 *      the chunk before is free is said right, and a free one ends as it
 *      begins
 *   6  the entry of every used chunk's index names it; a pinned one is named
 *      by one entry. But the copy of an object in motion is named by none
 *   7  as many entries name objects as there are used chunks
 *   8  all other entries are in the list of free ones
 *   9  every free chunk but that in hand is in the list of its class, its slot
 *      is the one before it, the lists are rings and hold no other chunks
 *  10  a bit is set iff its list is not empty
 *  11  no step is under way; a scan behind a pinned chunk is right behind
 *      one; a move in pieces is as it must be
 */
int handles_check(struct heap *h, addr32 base, uint32_t window_bytes);

#endif /* CORE_HANDLES_H */
