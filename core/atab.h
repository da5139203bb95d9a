/*
 * atab.h - the allocation table: two bits a block
 *
 * The table says of every block of a pool whether it is free, begins an
 * object, continues one, or begins one that the collector has reached:
 *
 *      00 FREE    01 HEAD    10 TAIL    11 MARK (a marked head)
 *
 * DOC
 */
#ifndef CORE_ATAB_H
#define CORE_ATAB_H

#include "core/heap.h"

enum atab_kind {
    ATAB_FREE = 0, /* belongs to no object                                */
    ATAB_HEAD = 1, /* first block of an object                            */
    ATAB_TAIL = 2, /* further block of the object before it               */
    ATAB_MARK = 3  /* first block of an object that was reached           */
};

#define ATAB_NONE UINT32_MAX

#define ATAB_LOW_BITS  UINT32_C(0x55555555) /* low bit of each block      */
#define ATAB_ALL_TAILS UINT32_C(0xaaaaaaaa) /* sixteen times TAIL         */

/* What block `b` is: enum atab_kind. (ATB_GET_KIND) */
static inline uint32_t atab_get_kind(const uint32_t *t, uint32_t b)
{
    return t[b / 16] >> 2 * (b % 16) & 3;
}

/* Whatever `b` was, it is free now. (ATB_ANY_TO_FREE) */
static inline void atab_any_to_free(uint32_t *t, uint32_t b)
{
    t[b / 16] &= ~(UINT32_C(3) << 2 * (b % 16));
}

/* Begin an object at `b`. Requires it free. (ATB_FREE_TO_HEAD) */
static inline void atab_free_to_head(uint32_t *t, uint32_t b)
{
    CORE_ASSERT(atab_get_kind(t, b) == ATAB_FREE);
    t[b / 16] |= UINT32_C(1) << 2 * (b % 16);
}

/* Continue the object before `b`. Requires it free. (ATB_FREE_TO_TAIL) */
static inline void atab_free_to_tail(uint32_t *t, uint32_t b)
{
    CORE_ASSERT(atab_get_kind(t, b) == ATAB_FREE);
    t[b / 16] |= UINT32_C(2) << 2 * (b % 16);
}

/* The object at `b` was reached. Requires HEAD. (ATB_HEAD_TO_MARK) */
static inline void atab_head_to_mark(uint32_t *t, uint32_t b)
{
    CORE_ASSERT(atab_get_kind(t, b) == ATAB_HEAD);
    t[b / 16] |= UINT32_C(2) << 2 * (b % 16);
}

/* Forget that it was. Requires MARK. (ATB_MARK_TO_HEAD) */
static inline void atab_mark_to_head(uint32_t *t, uint32_t b)
{
    CORE_ASSERT(atab_get_kind(t, b) == ATAB_MARK);
    t[b / 16] &= ~(UINT32_C(2) << 2 * (b % 16));
}

/* The n_blocks blocks from `b` become one object. Requires them free. */
void atab_take(uint32_t *t, uint32_t b, uint32_t n_blocks);

/* The n_blocks blocks from `b` become TAILs. Requires them free. */
void atab_extend(uint32_t *t, uint32_t b, uint32_t n_blocks);

/* The n_blocks blocks from `b` become FREE, whatever they were. */
void atab_clear(uint32_t *t, uint32_t b, uint32_t n_blocks);

/* Free the object that begins at `b`. Returns the number of its blocks. */
uint32_t atab_release(uint32_t *t, uint32_t b);

/* Number of blocks of the object that begins at `b`. */
uint32_t atab_object_blocks(const uint32_t *t, uint32_t b);

/*
 * The lowest block from `from` on at which `want` free blocks lie in a row,
 * or ATAB_NONE. Requires want > 0 and from <= n_blocks. Free blocks before
 * `from` do not count.
 */
uint32_t atab_find_free(const uint32_t *t, uint32_t n_blocks, uint32_t from,
                        uint32_t want);

/* Number of free blocks in a row from `b` on, counting to `most` only. */
uint32_t atab_free_run(const uint32_t *t, uint32_t n_blocks, uint32_t b,
                       uint32_t most);

/* The lowest block from `from` on that is not FREE, or ATAB_NONE. */
uint32_t atab_next_used(const uint32_t *t, uint32_t n_blocks, uint32_t from);

/* The lowest block from `from` on that is MARK, or ATAB_NONE. */
uint32_t atab_next_mark(const uint32_t *t, uint32_t n_blocks, uint32_t from);

/* What a sweep did. */
struct atab_swept {
    uint32_t last_used; /* last block still used; 0 also when there is none */
    uint32_t freed_objects;
    uint32_t freed_blocks;
};

/*
 * Free every object whose first block is HEAD and make every MARK a HEAD, up
 * to block `last_used` (or the last block, if that is less). Requires all
 * blocks behind to be free.
 */
void atab_sweep(uint32_t *t, uint32_t n_blocks, uint32_t last_used,
                struct atab_swept *swept);

#endif /* CORE_ATAB_H */
