/*
 * semispace.h - a copying collector between two halves: perfect placement,
 * half the heap
 *
 * Memory is given out by moving a boundary. When it is used up, what the roots
 * reach is copied to the other half, breadth first, one object behind the
 * other, and the halves change their parts. Use it as the measure of a heap
 * without fragmentation, and of what that costs.
 *
 * Objects have no headers: an allocation table (atab.h) over both halves says
 * where they begin and how long they are, so that a word is known to be a
 * reference, and not a number that looks like one. In the half that is left
 * behind MARK means: copied, and the first word of the old copy is the address
 * of the new one.
 *
 *   H    | table |0| . |  one half                  |  the other half       |
 *
 *   the current half:  | objects -> |   free   | <- leaves |
 *                      start        frontier   top         end
 *
 *   while copying:     | scanned | copied ->  |   free   | <- leaves |
 *                      start     scan         frontier   top         end
 *
 * Leaves (HEAP_LEAF) hold no references. They are given out from the end
 * downwards and copied there, so that the collector, which looks at all words
 * between start and frontier, never reads one, and needs no bit for it.
 *
 * A word is a reference iff it is the address of an object's first block.
 * Precise roots, held words and the words of all objects but leaves are
 * treated alike: what they name is copied, and they are rewritten. Nothing can
 * be pinned, so ambiguous words may not be numbers.
 *
 * Free and shrink give back only what lies at the frontier (a leaf's free: at
 * top). Anything else is left as it is, for the next collection: a freed object
 * is garbage, a shrunk one keeps its blocks. So there is never a hole but the
 * one between frontier and top.
 *
 * State     struct heap, then struct semispace; table and halves as drawn, all
 *           in the window. h->first is the one area, of both halves.
 * Units     sizes in bytes as asked; blocks where the name says so; an
 *           object's address is a multiple of the block.
 * Cost      alloc: O(1), zeroing and the table's blocks / 16 apart, plus at
 *           most one collection. collect: roots + words of reached objects +
 *           table words of a half; nothing for what is dead.
 * Source    Cheney, "A Nonrecursive List Compacting Algorithm", CACM 13(11),
 *           1970; Jones, Hosking, Moss, The Garbage Collection Handbook, 4.1.
 *           The table in place of headers, and leaves from the other end, are
 *           ours.
 */
#ifndef CORE_SEMISPACE_H
#define CORE_SEMISPACE_H

#include "core/area.h"
#include "core/heap.h"

/* Words only, so that a guest is handed them as such. */
struct semispace_params {
    uint32_t block;     /* bytes: 8, 16, 32 or 64                         */
    uint32_t zero;      /* 1: zero whole objects; 0: only what lies       */
                        /* behind the request                             */
    uint32_t threshold; /* bytes; HEAP_NO_THRESHOLD: none                 */
    uint32_t automatic; /* 1: collect when nothing fits                   */
};

#define SEMISPACE_DEFAULTS                                                     \
    {                                                                          \
        .block = 16, .zero = 1, .threshold = HEAP_NO_THRESHOLD, .automatic = 1 \
    }

/* The manager's part of the control block, right behind struct heap. */
struct semispace {
    struct semispace_params params; /* as given to init                   */
    uint32_t half_bytes;            /* of each half                       */
    addr32 start;                   /* of the current half                */
    addr32 frontier;                /* behind its last object             */
    addr32 top;                     /* its first leaf, or its end         */
    addr32 end;                     /* start + half_bytes                 */
    uint32_t n_objects;             /* in it, garbage included            */
    addr32 moving; /* object that a realloc is moving: a root; or 0       */
};

_Static_assert(sizeof(struct semispace_params) == 16, "four words");
_Static_assert(sizeof(struct semispace) == 44, "eleven words, no padding");

static inline struct semispace *semispace_of(struct heap *h)
{
    return (struct semispace *)(void *)(h + 1);
}

/*
 * Bytes of the control block with these parameters, a multiple of 16 and of
 * the block: H starts there. 0 if a parameter is out of its range.
 */
uint32_t semispace_control_bytes(const struct semispace_params *p);

/*
 * Make the bytes at `base` a heap: control block, then H of `heap_bytes`
 * bytes. Requires base a multiple of 16 and of the block, and h at base;
 * nothing is read before it is written. Returns HEAP_OK or an enum heap_error,
 * then nothing usable is left.
 */
uint32_t semispace_init(struct heap *h, addr32 base, uint32_t heap_bytes,
                        const struct semispace_params *p);

/*
 * Give `bytes` bytes; of `flags` (enum heap_flag) HEAP_LEAF counts. Returns
 * the object's address, or 0: h->refusal says why (REFUSAL_NONE for 0 bytes)
 * and, but for a collection that may have run, nothing has changed. None runs
 * for a request of more than a half. Any other may move every object.
 */
addr32 semispace_alloc(struct heap *h, uint32_t bytes, uint32_t flags);

/*
 * Free the object at `object`, if it is the last one before the frontier, or
 * the leaf at top; else nothing is done. 0 is ignored, and so is everything
 * while the heap is locked. Requires the address of an object.
 */
void semispace_free(struct heap *h, addr32 object);

/*
 * Make the object `bytes` bytes. Returns its address: the same if it is long
 * enough, or is the last one and the rest suffices; else, only if `may_move`,
 * that of a new object with its contents, the old one being left to the next
 * collection. Who refers to the object by the old address must be told. Or 0,
 * the object being as before (but it may have been moved by a collection, as
 * all others): h->refusal says why. Object 0 allocates; 0 bytes free it and
 * answer 0 (REFUSAL_NONE).
 */
addr32 semispace_realloc(struct heap *h, addr32 object, uint32_t bytes,
                         bool may_move);

/* Bytes granted to the object at `object`; 0 if none begins there. */
uint32_t semispace_bytes(struct heap *h, addr32 object);

/* Write a word of an object. This manager has no barrier. */
static inline void semispace_store(struct heap *h, addr32 object, uint32_t word,
                                   uint32_t value)
{
    *word_at(h, object + 4 * word) = value;
}

/* The address of byte `byte` of `object`, until the next request. */
static inline addr32 semispace_deref(struct heap *h, addr32 object,
                                     uint32_t byte)
{
    (void)h;
    return object + byte;
}

/*
 * Collect (`kind` of enum heap_collect), locked or not. Returns the bytes that
 * were reclaimed.
 */
uint32_t semispace_collect(struct heap *h, uint32_t kind);

/*
 * Set `what` (enum heap_control). CONTROL_RESET collects everything and leaves
 * the heap as init did, except that n_collections runs on. Returns HEAP_OK, or
 * HEAP_BAD_PARAMETER for what it does not know.
 */
uint32_t semispace_control(struct heap *h, uint32_t what, uint32_t value);

/* Fill in `info`: of the current half. */
void semispace_info(struct heap *h, struct heap_info *info);

/*
 * The same for area 0, the current half: `pool` is its start, n_blocks its
 * blocks; table and table_bytes are those of both halves. Returns false,
 * writing nothing, for any other index.
 */
bool semispace_area_info(struct heap *h, uint32_t index,
                         struct area_info *info);

/*
 * The next object in address order, `block` counted from the current half's
 * start. Returns false at the end. Start with a cursor of zeroes; the heap may
 * not change in between.
 */
bool semispace_walk(struct heap *h, struct heap_cursor *cursor,
                    struct heap_object *object);

/*
 * Check the heap's invariants, writing nothing; any bytes may be there. The
 * window is told, because a broken control block cannot be asked for it.
 * Returns 0 when all hold, else the number of the first broken one:
 *
 *   1  the control block is this manager's, at `base`; sizes fit the window
 *   2  parameters are in their ranges; what belongs to them does
 *   3  no collection is under way, and no realloc; fields that this manager
 *      does not use are 0
 *   4  there is one area
 *   5  it is laid out as its bytes demand
 *   6  it does not overlap the control block
 *   7  no TAIL follows a FREE or comes first, nothing is MARKed; the gap byte
 *      is FREE
 *   8  half_bytes is half of the pool; start is that of a half, end its end
 *   9  start <= frontier <= top <= end, at blocks
 *  10  objects lie without a gap from start to frontier and from top to end;
 *      one begins at start and one at top, if there is any; all else is FREE
 *  11  n_objects is their number
 */
int semispace_check(struct heap *h, addr32 base, uint32_t window_bytes);

#endif /* CORE_SEMISPACE_H */
