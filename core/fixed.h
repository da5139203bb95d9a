/*
 * fixed.h - blocks of one size, named by indices, in one or more areas
 *
 * Blocks are numbered 1, 2, 3 ... through all areas; index 0 is "none". So a
 * link to a block is 2 bytes where there are at most 32,767 of them, else 4,
 * and one bit of it stays free for its user's own use. An area is one piece of
 * memory, with a table of so many bits a block in front:
 *
 *     | descriptor | table, n_blocks * table_bits |   | n_blocks blocks |
 *
 * Blocks lie at multiples of their size; the first area has its descriptor in
 * the control block, every other one at its start. What the table says, and
 * where the links of the free chain lie, is the user's (links.h, spine.h).
 *
 * State     struct fixed, right behind struct heap, and the descriptors; all
 *           in the window.
 * Units     blocks of h->block_bytes bytes; indices as above.
 * Cost      address to index and back: O(areas), one comparison for one area.
 */
#ifndef CORE_FIXED_H
#define CORE_FIXED_H

#include "core/heap.h"

#define FIXED_NARROW_MAX UINT32_C(0x7fff)     /* most blocks, 2 bytes each  */
#define FIXED_WIDE_MAX   UINT32_C(0x7fffffff) /* and 4                      */

/* One contiguous piece of memory and its blocks. */
struct fixed_area {
    addr32 next;       /* the next area's descriptor; 0 ends the list       */
    uint32_t number;   /* 0, 1, 2 ... in order of adding, never reused      */
    addr32 table;      /* a multiple of 4                                   */
    addr32 origin;     /* where block 0 of the heap would lie, were all of  */
                       /* them in this row; a multiple of the block size    */
    uint32_t from;     /* index of its first block                          */
    uint32_t n_blocks; /* in it                                             */
};

/* All blocks of a heap. */
struct fixed {
    uint32_t table_bits;  /* of a block: 2, 16 or 32                        */
    uint32_t index_bytes; /* of a link: 2 or 4                              */
    uint32_t index_max;   /* FIXED_NARROW_MAX or FIXED_WIDE_MAX             */
    uint32_t n_blocks;    /* of all areas; <= index_max                     */
    uint32_t free;        /* first block of the free chain; 0: none         */
    uint32_t n_free;      /* blocks in it                                   */
    struct fixed_area first; /* area 0                                      */
};

_Static_assert(sizeof(struct fixed_area) == 24, "six words, no padding");
_Static_assert(offsetof(struct fixed, first) == 24, "no padding");
_Static_assert(sizeof(struct fixed) == 48, "twelve words, no padding");

static inline struct fixed *fixed_of(struct heap *h)
{
    return (struct fixed *)(void *)(h + 1);
}

/* The descriptor at address `p`, or null for 0: the end of the list. */
static inline struct fixed_area *fixed_area_at(struct heap *h, addr32 p)
{
    return p == 0 ? NULL : (struct fixed_area *)(void *)word_at(h, p);
}

/* Address of the first of the area's blocks. */
static inline addr32 fixed_pool(const struct heap *h,
                                const struct fixed_area *a)
{
    return a->origin + (a->from << h->block_shift);
}

/* The area of block `i`. Requires the index of a block. */
static inline const struct fixed_area *fixed_area_of(struct heap *h, uint32_t i)
{
    const struct fixed_area *a = &fixed_of(h)->first;
    CORE_ASSERT(i - 1 < fixed_of(h)->n_blocks);
    while (i - a->from >= a->n_blocks)
        a = (const struct fixed_area *)(void *)word_at(h, a->next);
    return a;
}

/* Address of block `i`. */
static inline addr32 fixed_address(struct heap *h, uint32_t i)
{
    return fixed_area_of(h, i)->origin + (i << h->block_shift);
}

/* Index of the block in which `p` lies. Requires p in a block. */
static inline uint32_t fixed_index(struct heap *h, addr32 p)
{
    const struct fixed_area *a = &fixed_of(h)->first;
    for (;;) {
        uint32_t i = (p - a->origin) >> h->block_shift;
        if (i - a->from < a->n_blocks)
            return i;
        a = (const struct fixed_area *)(void *)word_at(h, a->next);
    }
}

/* Entry `i` of the array of links at `p`. */
static inline uint32_t fixed_get(struct heap *h, addr32 p, uint32_t i)
{
    if (fixed_of(h)->index_bytes == 2)
        return *half_at(h, p + 2 * i);
    return *word_at(h, p + 4 * i);
}

static inline void fixed_put(struct heap *h, addr32 p, uint32_t i,
                             uint32_t value)
{
    if (fixed_of(h)->index_bytes == 2)
        *half_at(h, p + 2 * i) = (uint16_t)value;
    else
        *word_at(h, p + 4 * i) = value;
}

/* Blocks for `bytes` bytes. Requires bytes > 0. */
static inline uint32_t fixed_blocks(const struct heap *h, uint32_t bytes)
{
    return ((bytes - 1) >> h->block_shift) + 1;
}

/*
 * Make the bytes from `start` to `end` the first area. Requires table_bits
 * and index_bytes set, and start a multiple of 4. Nothing is linked yet.
 * Returns HEAP_OK, HEAP_TOO_SMALL (not a block fits) or HEAP_TOO_LARGE (more
 * blocks than links can count).
 */
uint32_t fixed_open(struct heap *h, addr32 start, addr32 end);

/*
 * Append the `bytes` bytes at `start` to the list, their first being kept for
 * the descriptor. Requires start a multiple of 16. The same answers; if it is
 * not HEAP_OK nothing has changed. `*added` is the new area then.
 */
uint32_t fixed_append(struct heap *h, addr32 start, uint32_t bytes,
                      const struct fixed_area **added);

/* Nothing but the first area, with no block in the free chain. heap_more is
 * told of each other area. */
void fixed_close_all(struct heap *h);

/* Fill in what is known of area `a`, which begins at `start`. */
void fixed_describe(struct heap *h, const struct fixed_area *a, addr32 start,
                    struct area_info *info);

#endif /* CORE_FIXED_H */
