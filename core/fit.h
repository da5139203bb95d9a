/*
 * fit.h - the classics: first, next, best and worst fit, explicit free
 *
 * One search through all holes a request; a freed object is joined with its
 * free neighbours at once. Use it as the baseline of the literature, and as
 * the ground on which adversaries reach their bounds. An object is cut off the
 * low end of the hole that the policy names:
 *
 *   first   the hole of the lowest address that is long enough
 *   next    the first one from where the last allocation ended, round the
 *           heap; if that place lies in a hole by now, from its beginning
 *   best    the shortest one that is long enough, the lowest of equals
 *   worst   the longest one, the lowest of equals
 *
 * Areas are searched in the order in which they were added; the lowest address
 * is meant so. What is used and what is free is told in one of two ways:
 *
 * tags = table: an allocation table as in atab.h. The unit is the block, an
 * object has no header, and a hole of n blocks serves n blocks. Areas are laid
 * out as in area.h.
 *
 * tags = inline: boundary tags. Objects and holes are chunks, one behind the
 * other. A chunk is named by the address p behind its header; its size counts
 * all its tags, so that the next one is at p + size:
 *
 *   tag = 8   p - 4     p                          p + size - 8
 *             | size  F | next | prev |   ...    | size  F |       free
 *             | size  . | the object, size - 8   | size  . |       used
 *
 *   tag = 4   | size PF | next | prev |   ...    | size  F |       free
 *             | size P. | the object, size - 4 bytes  ...  |       used
 *
 *   F     this chunk is free
 *   P     the chunk before it is free (tag = 4: only then it has a tag at its
 *         end, because a used chunk's last word is the object's)
 *
 * Free chunks form one ring in the order of their addresses, through all
 * areas. Every area ends in a chunk of size 0, which is a link of the ring,
 * too, and serves nothing; `head` names the last area's, so that the ring
 * begins behind it:
 *
 *     | struct fit_area | chunk | chunk | ... | 0 | next | prev |
 *
 * A freed chunk whose neighbours are used finds its place in the ring by
 * walking upwards to the next chunk that is free, or ends the area; half of
 * the neighbours of used chunks are free in a settled heap (Knuth's fifty per
 * cent rule), so that the way is short.
 *
 * State     struct heap, then struct fit, then tables or chunks; all in the
 *           window. Of struct heap the fields of collections, locks and
 *           thresholds stay 0; with inline tags those of tables, too.
 * Units     bytes. table: block_bytes is the block. inline: addresses and
 *           sizes are multiples of `align`, block_bytes is 4: heap_object and
 *           heap_info count blocks of 4 bytes.
 * Cost      alloc: table O(blocks / 16 + holes), inline O(holes). free: table
 *           O(the object's blocks / 16), inline O(chunks up to the next hole).
 *           realloc: in place as free, else alloc, copy, free. check:
 *           O(blocks), or O(chunks + areas squared).
 * Source    Knuth, The Art of Computer Programming 1, 2.5, algorithms A, C
 *           and exercise 6 (first and next fit, boundary tags); Wilson,
 *           Johnstone, Neely, Boles, "Dynamic Storage Allocation: A Survey and
 *           Critical Review", IWMM 1995, 3.1-3.5 (policies, address order).
 */
#ifndef CORE_FIT_H
#define CORE_FIT_H

#include "core/heap.h"

enum fit_policy { FIT_FIRST = 0, FIT_NEXT, FIT_BEST, FIT_WORST, FIT_POLICY_N };

enum fit_tags { FIT_TABLE = 0, FIT_INLINE = 1 };

#define FIT_REQUEST_MAX (1u << 28)     /* more is REFUSAL_LIMIT            */
#define FIT_AREA_BYTES  32u            /* table: before a further area     */
#define FIT_CHUNK_MIN   16u            /* inline: two tags, two links      */
#define FIT_FREE        UINT32_C(1)    /* in a tag: F                      */
#define FIT_PREV_FREE   UINT32_C(2)    /* in a header: P                   */
#define FIT_SIZE        (~UINT32_C(3)) /* in a tag: the size               */

/* Words only, so that a guest is handed them as such. */
struct fit_params {
    uint32_t policy; /* enum fit_policy                                   */
    uint32_t tags;   /* enum fit_tags                                     */
    uint32_t block;  /* table: bytes of a block: 8, 16, 32 or 64          */
    uint32_t tag;    /* inline: bytes of tags an object: 4 or 8           */
    uint32_t align;  /* inline: of objects, in bytes: 4, 8 or 16          */
    uint32_t zero;   /* 1: zero objects, and what grows; 0: leave bytes   */
                     /* as they are                                       */
};

#define FIT_DEFAULTS                                                           \
    {                                                                          \
        .policy = FIT_FIRST, .tags = FIT_TABLE, .block = 16, .tag = 4,         \
        .align = 4, .zero = 0                                                  \
    }

/* Inline tags: one contiguous piece of memory and the chunks in it. */
struct fit_area {
    addr32 next;     /* the next area's descriptor; 0 ends the list       */
    uint32_t number; /* 0, 1, 2 ... in order of adding, never reused      */
    addr32 chunk;    /* its first chunk                                   */
    addr32 end;      /* the chunk of size 0 behind the last one           */
};

/* The manager's part of the control block, right behind struct heap. */
struct fit {
    struct fit_params params; /* as given to init                         */
    addr32 rover;          /* next fit: the address behind the object that    */
                           /* was allocated last, or behind one that has      */
                           /* grown over it (inline: the chunk in which that  */
                           /* address lies); else 0                           */
    addr32 rover_area;     /* next fit, table: descriptor of the area in      */
                           /* which it was allocated; else 0                  */
    struct fit_area first; /* inline: area 0                              */
    addr32 head;           /* inline: the last area's end                 */
};

_Static_assert(sizeof(struct fit_params) == 24, "six words");
_Static_assert(sizeof(struct fit_area) == 16, "four words");
_Static_assert(sizeof(struct fit) == 52, "thirteen words, no padding");

static inline struct fit *fit_of(struct heap *h)
{
    return (struct fit *)(void *)(h + 1);
}

/*
 * Bytes of the control block with these parameters, a multiple of 16 and of
 * the block: H starts there. 0 if a parameter is out of its range.
 */
uint32_t fit_control_bytes(const struct fit_params *p);

/*
 * Make the bytes at `base` a heap: control block, then one area of
 * `heap_bytes` bytes. Requires base a multiple of 16 and of the block, and h
 * at base; nothing is read before it is written. Returns HEAP_OK or an enum
 * heap_error, then nothing usable is left.
 */
uint32_t fit_init(struct heap *h, addr32 base, uint32_t heap_bytes,
                  const struct fit_params *p);

/*
 * Give `bytes` bytes; `flags` of enum heap_flag say nothing to this manager.
 * Returns the object's address, a multiple of the block or of `align`; or 0,
 * and nothing but h->refusal has changed, iff
 *
 *   - bytes is 0 (REFUSAL_NONE), or
 *   - no hole is long enough (REFUSAL_FULL), or
 *   - bytes is more than FIT_REQUEST_MAX (REFUSAL_LIMIT).
 */
addr32 fit_alloc(struct heap *h, uint32_t bytes, uint32_t flags);

/*
 * Free the object at `object` and join it with its free neighbours; 0 is
 * ignored. Requires the address of an object.
 */
void fit_free(struct heap *h, addr32 object);

/*
 * Make the object `bytes` bytes. It stays where it is if it is long enough, or
 * becomes so with the hole behind it; what is too much becomes free. Else,
 * only if `may_move`, it is allocated anew by the policy, copied and freed.
 * Returns its address; or 0, the object being as before, and h->refusal says
 * why. Object 0 allocates; 0 bytes free it and answer 0 (REFUSAL_NONE).
 */
addr32 fit_realloc(struct heap *h, addr32 object, uint32_t bytes,
                   bool may_move);

/* Bytes granted to the object at `object`, which is one. */
uint32_t fit_bytes(struct heap *h, addr32 object);

/* Write a word of an object. This manager has no barrier. */
static inline void fit_store(struct heap *h, addr32 object, uint32_t word,
                             uint32_t value)
{
    *word_at(h, object + 4 * word) = value;
}

/* The address of byte `byte` of `object`: it is where it was allocated. */
static inline addr32 fit_deref(struct heap *h, addr32 object, uint32_t byte)
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
uint32_t fit_control(struct heap *h, uint32_t what, uint32_t value);

/*
 * Add `bytes` bytes at `address` as the last area of the list; its number is
 * what h->next_area was. The bytes must lie in the window, behind the control
 * block. Returns HEAP_OK, or HEAP_BAD_ADDRESS, HEAP_TOO_SMALL, HEAP_TOO_LARGE
 * and nothing has changed.
 */
uint32_t fit_add_area(struct heap *h, addr32 address, uint32_t bytes);

/* Fill in `info`. Cost: one pass over the tables or chunks. */
void fit_info(struct heap *h, struct heap_info *info);

/*
 * The same for the area at place `index` of the list. Inline: `pool` is where
 * the first chunk's tags begin, n_blocks the words up to the last chunk's end.
 * Returns false, writing nothing, when the list has no such place.
 */
bool fit_area_info(struct heap *h, uint32_t index, struct area_info *info);

/*
 * The next object in list and address order. Returns false at the end. Start
 * with a cursor of zeroes; the heap may not change in between.
 */
bool fit_walk(struct heap *h, struct heap_cursor *cursor,
              struct heap_object *object);

/*
 * Check the heap's invariants, writing nothing; any bytes may be there. The
 * window is told, because a broken control block cannot be asked for it.
 * Returns 0 when all hold, else the number of the first broken one:
 *
 *   1  the control block is this manager's, at `base`; sizes fit the window
 *   2  parameters are in their ranges; what belongs to them does
 *   3  fields that this manager does not use are 0
 *   4  the list of areas has n_areas links, in the window, numbers ascending
 *      and below next_area
 *   5  each area is laid out as its bytes demand, inside pool_min .. pool_max
 *   6  no two areas overlap, none overlaps the control block
 *
 * With a table:
 *
 *   7  no TAIL follows a FREE or comes first, nothing is MARKed; the gap byte
 *      is FREE
 *   9  no block behind last_used, the highest ever used, is used
 *  10  no block below the hint is free; only first fit has one
 *  11  search_area is the first area
 *  12  the rover is in no object but at its beginning: a block of rover_area
 *      that is no TAIL, or its end
 *
 * With inline tags:
 *
 *   7  the chunks of an area follow each other from its first to its end;
 *      sizes are multiples of align, FIT_CHUNK_MIN or more
 *   8  a chunk's tags are equal, P is right; no two neighbours are free; the
 *      chunk at the end is used and has size 0
 *   9  the ring has the free chunks and the ends, in list and address order,
 *      both ways
 *  10  head is the last area's end
 *  12  the rover is a chunk, or an end
 */
int fit_check(struct heap *h, addr32 base, uint32_t window_bytes);

#endif /* CORE_FIT_H */
