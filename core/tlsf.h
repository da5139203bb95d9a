/*
 * tlsf.h - two-level segregated fit: good fit in constant time
 *
 * Objects and holes are chunks, one behind the other, each with a header of
 * one word; a hole's links lie in its own bytes. Free chunks are kept in lists
 * by size class. Classes are counted on two levels: rows double in size, and
 * each row is cut into 32 lists of equal width; a bit a row and a bit a list
 * say which are not empty, so that the first list that surely serves a request
 * is found by two searches for a bit. A freed chunk is joined with free
 * neighbours at once. Use it where every operation must be short and bounded,
 * and memory is freed explicitly.
 *
 * A chunk is named by the address p behind its header. Its size counts the
 * header, so that the next one is at p + size:
 *
 *     p - 4       p           p + 4                  p + size - 8
 *     | size  PF | next       | slot       |   ...   | p         |  free
 *     | size  P. | the object, size - 4 bytes  ...               |  used
 *
 *   F           this chunk is free
 *   P           the chunk before it in memory is free: only then the word
 *               before the header is that chunk's, and holds its address
 *   next        the next chunk of the list; 0 at its end
 *   slot        address of the word that holds p: a list's head in the control
 *               block, or the next of the chunk before it in the list. So a
 *               chunk leaves its list without its class being computed.
 *
 * An area is one piece of memory: its descriptor (the first area's is in the
 * control block), its chunks without a gap, then one used chunk of size 0,
 * only a header, at which joining stops:
 *
 *     | struct tlsf_area | chunk | chunk | ... | 0 |
 *
 * With u = size / 4 and k = max(0, floor(log2 u) - 5), the lists are numbered
 * 32 k + floor(u / 2^k): row 0 has one list for each size below 128 bytes, row
 * r divides 64 * 2^r .. 128 * 2^r by 32. A chunk is put into its own list; a
 * request looks from list 32 k + ceil(u / 2^k) on, in which every chunk is
 * long enough. That is the price of constant time: of the longest hole, the
 * smallest size of its class is what a request surely gets, and what is asked
 * beyond is refused. At most 1/32 of a hole is hidden so.
 *
 * State     struct heap, then struct tlsf (parameters, bitmaps, list heads),
 *           then chunks; all in the window. Of struct heap the fields of
 *           collections, locks, thresholds and tables stay 0.
 * Units     bytes; addresses are multiples of `align`, sizes too. block_bytes
 *           is 4: heap_object and heap_info count blocks of 4 bytes.
 * Cost      alloc, free: O(1), no loop (zeroing apart). realloc: the same
 *           plus one copy. add_area, remove_area: O(areas). check: O(chunks
 *           + sum of the squares of the lists' lengths). Header: 4 bytes an
 *           object; smallest chunk 16 bytes.
 * Source    Masmano, Ripoll, Crespo and Real, "TLSF: a New Dynamic Memory
 *           Allocator for Real-Time Systems", ECRTS 2004; Masmano, Ripoll,
 *           Real, Crespo and Wellings, "Implementation of a Constant-Time
 *           Dynamic Storage Allocator", SPE 38(10), 2008. The numbering of
 *           lists without a case for small sizes, and `slot` in place of a
 *           link to the chunk before, are ours.
 */
#ifndef CORE_TLSF_H
#define CORE_TLSF_H

#include "core/heap.h"

#define TLSF_ROWS_MAX  22u         /* for areas up to TLSF_AREA_MAX         */
#define TLSF_AREA_MIN  1024u       /* smallest `max_area`                   */
#define TLSF_AREA_MAX  (1u << 28)  /* largest `max_area`                    */
#define TLSF_CHUNK_MIN 16u         /* header, two links, own address        */
#define TLSF_HEADER    4u          /* bytes before an object                */
#define TLSF_FREE      UINT32_C(1) /* header: F                             */
#define TLSF_PREV_FREE UINT32_C(2) /* header: P                             */
#define TLSF_SIZE      (~UINT32_C(3)) /* header: the size                    */

/* Words only, so that a guest is handed them as such. */
struct tlsf_params {
    uint32_t zero;     /* 1: zero objects, and what grows; 0: leave bytes as */
                       /* they are                                           */
    uint32_t align;    /* of objects, in bytes: 4, 8 or 16                   */
    uint32_t max_area; /* no area is larger: a power of two, TLSF_AREA_MIN   */
                       /* .. TLSF_AREA_MAX. Sets how many lists there are    */
};

/* What an RTOS has when nothing is said. */
#define TLSF_DEFAULTS                                                          \
    {                                                                          \
        .zero = 0, .align = 4, .max_area = 65536                               \
    }

/* One contiguous piece of memory and the chunks in it. */
struct tlsf_area {
    addr32 next;     /* the next area's descriptor; 0 ends the list          */
    uint32_t number; /* 0, 1, 2 ... in order of adding, never reused         */
    addr32 chunk;    /* its first chunk                                      */
    addr32 end;      /* the chunk of size 0 behind the last one; also the    */
                     /* address at which the area's bytes end                */
};

/* The manager's part of the control block, right behind struct heap. */
struct tlsf {
    struct tlsf_params params; /* as given to init                        */
    uint32_t max_request;      /* largest request that any heap with this */
                               /* max_area can serve                      */
    uint32_t n_rows;           /* in use; list has 32 times as many words */
    struct tlsf_area first;    /* area 0                                  */
    uint32_t rows;             /* bit r: row r has a list that is not empty */
    uint32_t lists[TLSF_ROWS_MAX]; /* bit i of row r: list 32 r + i is not  */
                                   /* empty                                 */
    addr32 list[];                 /* first chunk of each; 0 when empty     */
};

_Static_assert(sizeof(struct tlsf_params) == 12, "three words");
_Static_assert(sizeof(struct tlsf_area) == 16, "four words");
_Static_assert(offsetof(struct tlsf, first) == 20, "no padding");
_Static_assert(offsetof(struct tlsf, list) == 128, "no padding");

static inline struct tlsf *tlsf_of(struct heap *h)
{
    return (struct tlsf *)(void *)(h + 1);
}

/*
 * Bytes of the control block with these parameters, a multiple of 16: H starts
 * there. 0 if a parameter is out of its range.
 */
uint32_t tlsf_control_bytes(const struct tlsf_params *p);

/*
 * Make the bytes at `base` a heap: control block, then one area of
 * `heap_bytes` bytes. Requires base a multiple of 16, and h at base; nothing
 * is read before it is written. Returns HEAP_OK or an enum heap_error
 * (HEAP_TOO_LARGE: more than max_area), then nothing usable is left.
 */
uint32_t tlsf_init(struct heap *h, addr32 base, uint32_t heap_bytes,
                   const struct tlsf_params *p);

/*
 * Give `bytes` bytes; `flags` of enum heap_flag say nothing to this manager.
 * Returns the object's address, a multiple of `align`; or 0, and nothing but
 * h->refusal has changed, iff
 *
 *   - bytes is 0 (REFUSAL_NONE), or
 *   - no list from the request's on holds a chunk (REFUSAL_FULL), or
 *   - bytes is more than an address can count (REFUSAL_LIMIT).
 */
addr32 tlsf_alloc(struct heap *h, uint32_t bytes, uint32_t flags);

/*
 * The same with the address a multiple of `align`, a power of two. What is cut
 * off before the object becomes a free chunk. Refuses if no list surely holds
 * bytes + align + TLSF_CHUNK_MIN bytes, unless the heap's own alignment
 * suffices.
 */
addr32 tlsf_alloc_aligned(struct heap *h, uint32_t bytes, uint32_t align);

/*
 * Free the object at `object` and join it with its free neighbours; 0 is
 * ignored. Requires the address of an object.
 */
void tlsf_free(struct heap *h, addr32 object);

/*
 * Make the object `bytes` bytes. It stays where it is if the chunk is long
 * enough, or becomes so with a free one behind it; what is too much is cut off
 * and joined. Else, only if `may_move`, it is allocated anew, copied and
 * freed. Returns its address; or 0, the object being as before, and h->refusal
 * says why. Object 0 allocates; 0 bytes free it and answer 0 (REFUSAL_NONE).
 */
addr32 tlsf_realloc(struct heap *h, addr32 object, uint32_t bytes,
                    bool may_move);

/* Bytes granted to the object at `object`, which is one: its chunk's but the
 * header. Never fewer than were asked. */
static inline uint32_t tlsf_bytes(struct heap *h, addr32 object)
{
    return (*word_at(h, object - TLSF_HEADER) & TLSF_SIZE) - TLSF_HEADER;
}

/*
 * The most bytes that tlsf_alloc would give now; 0: none. It is the smallest
 * size of the last list that is not empty.
 */
static inline uint32_t tlsf_avail(struct heap *h)
{
    const struct tlsf *t = tlsf_of(h);
    if (t->rows == 0)
        return 0;
    uint32_t row = 31 - (uint32_t)__builtin_clz(t->rows);
    uint32_t i = 31 - (uint32_t)__builtin_clz(t->lists[row]);
    uint32_t size = row == 0 ? 4 * i : 4 * (32 + i) << (row - 1);
    return size - TLSF_HEADER;
}

/* Write a word of an object. This manager has no barrier. */
static inline void tlsf_store(struct heap *h, addr32 object, uint32_t word,
                              uint32_t value)
{
    *word_at(h, object + 4 * word) = value;
}

/* The address of byte `byte` of `object`: it is where it was allocated. */
static inline addr32 tlsf_deref(struct heap *h, addr32 object, uint32_t byte)
{
    (void)h;
    return object + byte;
}

/*
 * Set `what` (enum heap_control). CONTROL_RESET leaves the heap as init did:
 * no objects, the first area only (heap_more is told of each other one), but
 * numbers of areas run on. Returns HEAP_OK, or HEAP_BAD_PARAMETER for what it
 * does not know: it neither collects nor locks.
 */
uint32_t tlsf_control(struct heap *h, uint32_t what, uint32_t value);

/*
 * Add `bytes` bytes at `address` as the last area of the list; its number is
 * what h->next_area was. The bytes must lie in the window, behind the control
 * block. Returns HEAP_OK, or HEAP_BAD_ADDRESS, HEAP_TOO_SMALL, HEAP_TOO_LARGE
 * and nothing has changed.
 */
uint32_t tlsf_add_area(struct heap *h, addr32 address, uint32_t bytes);

/*
 * Take out the area added at `address`; its bytes are the caller's again.
 * Returns HEAP_OK; HEAP_BUSY when an object lies in it, HEAP_BAD_ADDRESS when
 * no area was added there: nothing has changed.
 */
uint32_t tlsf_remove_area(struct heap *h, addr32 address);

/* Fill in `info`. Cost: one pass over the chunks. */
void tlsf_info(struct heap *h, struct heap_info *info);

/*
 * The same for the area at place `index` of the list; `pool` is its first
 * chunk's header, n_blocks its words up to the last chunk's end. Returns
 * false, writing nothing, when the list has no such place.
 */
bool tlsf_area_info(struct heap *h, uint32_t index, struct area_info *info);

/*
 * The next object in list and address order. Returns false at the end. Start
 * with a cursor of zeroes; the heap may not change in between.
 */
bool tlsf_walk(struct heap *h, struct heap_cursor *cursor,
               struct heap_object *object);

/*
 * Check the heap's invariants, writing nothing; any bytes may be there. The
 * window is told, because a broken control block cannot be asked for it.
 * Returns 0 when all hold, else the number of the first broken one:
 *
 *   1  the control block is this manager's, at `base`; sizes fit the window
 *   2  parameters are in their ranges; max_request and n_rows belong to them
 *   3  the list of areas has n_areas links, in the window, numbers ascending
 *      and below next_area; pool_min and pool_max enclose the areas
 *   4  no two areas overlap, none overlaps the control block
 *   5  the chunks of an area follow each other from its first to its end;
 *      sizes are multiples of align, TLSF_CHUNK_MIN or more
 *   6  P says of every chunk whether the one before it is free; no two
 *      neighbours are free; the chunk at the end is used and has size 0
 *   7  the last word of every free chunk holds its address
 *   8  every free chunk is in the list of its class, and `slot` is the
 *      address of the word that leads to it
 *   9  the lists hold as many chunks as are free in the areas
 *  10  a bit is set iff its list, or its row, is not empty
 */
int tlsf_check(struct heap *h, addr32 base, uint32_t window_bytes);

#endif /* CORE_TLSF_H */
