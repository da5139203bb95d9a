/*
 * area.h - an area of the heap: where its tables and its pool lie, and the
 * list of areas
 *
 * An area is one contiguous piece of memory. Its allocation table comes
 * first, then one byte of FREE that stops a scan along an object's tails,
 * then the finaliser table (one bit a block, if the heap has finalisers); the
 * pool ends where the area's bytes end, rounded down to whole blocks:
 *
 *   start        table                                 pool           end
 *   | descriptor | allocation table |0| finalisers |   | 4 * A blocks |
 *                      A bytes       1   ceil(A / 2)
 *
 * With T bytes from the table to the rounded end and blocks of B bytes,
 * A = floor(8 (T - 1) / (8 + 4 + 32 B)), without the 4 where there are no
 * finalisers. The first area has its descriptor in the control block, every
 * other one at its start. The list is in the order of adding.
 *
 * State     struct area (heap.h), in the window.
 * Units     blocks, but for what is named bytes.
 * Cost      finding the area of an address: O(areas), O(1) for one area.
 * Source    MicroPython's gc_setup_area, gc_add and gc_info.
 */
#ifndef CORE_AREA_H
#define CORE_AREA_H

#include "core/atab.h"
#include "core/heap.h"

/* The descriptor at address `p`, or null for 0: the end of the list. */
static inline struct area *area_at(struct heap *h, addr32 p)
{
    return p == 0 ? NULL : (struct area *)(void *)word_at(h, p);
}

/* The address of descriptor `a`. */
static inline addr32 area_address(struct heap *h, const struct area *a)
{
#if CORE_ON_TARGET
    (void)h;
    return (addr32)a;
#else
    const uint8_t *here = (const uint8_t *)a;
    return h->base + (addr32)(here - (const uint8_t *)h);
#endif
}

static inline struct area *area_next(struct heap *h, const struct area *a)
{
    return area_at(h, a->next);
}

static inline uint32_t area_blocks(const struct area *a)
{
    return 4 * a->table_bytes;
}

static inline uint32_t *area_table(struct heap *h, const struct area *a)
{
    return word_at(h, a->table);
}

/* Address of block `b`. */
static inline addr32 area_block_address(const struct heap *h,
                                        const struct area *a, uint32_t b)
{
    return a->pool + (b << h->block_shift);
}

/* The area in whose pool `p` lies, or null. */
static inline struct area *area_of(struct heap *h, addr32 p)
{
    struct area *a = &h->first;
    while (p - a->pool >= area_blocks(a) << h->block_shift) {
        if (a->next == 0)
            return NULL;
        a = area_at(h, a->next);
    }
    return a;
}

/* Index of the block of `a` in which `p` lies. Requires p in a's pool. */
static inline uint32_t area_block_of(const struct heap *h, const struct area *a,
                                     addr32 p)
{
    return (p - a->pool) >> h->block_shift;
}

/* The byte of the finaliser table that holds block b's bit, b % 8. */
static inline uint8_t *area_finaliser_byte(struct heap *h, const struct area *a,
                                           uint32_t b)
{
    return byte_at(h, a->table + a->table_bytes + 1 + b / 8);
}

static inline bool area_has_finaliser(struct heap *h, const struct area *a,
                                      uint32_t b)
{
    return h->has_finalisers && *area_finaliser_byte(h, a, b) >> b % 8 & 1;
}

static inline void area_set_finaliser(struct heap *h, const struct area *a,
                                      uint32_t b)
{
    uint8_t *byte = area_finaliser_byte(h, a, b);
    *byte = (uint8_t)(*byte | 1u << b % 8);
}

static inline void area_clear_finaliser(struct heap *h, const struct area *a,
                                        uint32_t b)
{
    uint8_t *byte = area_finaliser_byte(h, a, b);
    *byte = (uint8_t)(*byte & ~(1u << b % 8));
}

/* Bytes of the finaliser table of `a`. */
static inline uint32_t area_finaliser_bytes(const struct heap *h,
                                            const struct area *a)
{
    return h->has_finalisers ? (a->table_bytes + 1) / 2 : 0;
}

/*
 * Make `a` the empty area whose allocation table is at `table` and whose
 * bytes end at `end`, and clear its tables. Leaves next and number alone.
 * Requires table a multiple of 4. Returns false, writing nothing, when not
 * even four blocks fit.
 */
bool area_setup(struct heap *h, struct area *a, addr32 table, addr32 end);

/* Make the heap's first area of the bytes from `table` to `end`. */
bool area_setup_first(struct heap *h, addr32 table, addr32 end);

/*
 * Append the `bytes` bytes at `start` to the list, their first `skip` bytes
 * being kept for the descriptor. Requires start a multiple of 16 and the
 * bytes in the window. Returns false, changing nothing, when they are too few.
 */
bool area_append(struct heap *h, addr32 start, uint32_t bytes, uint32_t skip);

/* Take the area behind `before` out of the list. Requires that there is one. */
void area_unlink(struct heap *h, struct area *before);

/* Blocks of all areas together. */
uint32_t area_total_blocks(struct heap *h);

/*
 * The finaliser's turn for every object that has one and is not marked, by
 * area and block; its flag is cleared then. Finalisers may free.
 */
void area_finalise(struct heap *h);

/* Count the blocks and objects of `a` and add them to `info`. */
void area_count(struct heap *h, const struct area *a, struct heap_info *info);

/* As marksweep_info, marksweep_area_info and marksweep_walk. */
void area_heap_info(struct heap *h, struct heap_info *info);
bool area_get_info(struct heap *h, uint32_t index, uint32_t skip,
                   struct area_info *info);
bool area_walk(struct heap *h, struct heap_cursor *cursor,
               struct heap_object *object);

#endif /* CORE_AREA_H */
