/*
 * atab.h - the allocation table: two bits a block
 *
 * Memory is handed out in blocks of one size, 16 bytes say. An object is one
 * or more blocks in a row. The table says of every block whether it is free,
 * begins an object, continues one, or begins one that the collector reached:
 *
 *      00 FREE    01 HEAD    10 TAIL    11 MARK (a marked head)
 *
 *      blocks   0    1    2    3    4    5    6    7      A, B: objects
 *             [A0] [A1] [A2] [  ] [B0] [  ] [  ] [  ]
 *      table   01   10   10   00   01   00   00   00
 *      byte 0: 00 10 10 01 = 0x29   byte 1: 0x01    (block 0 in the low bits)
 *
 * Objects carry no header, so nothing about an object can be overwritten by
 * writing past the object before it, and sixteen blocks are looked at by
 * loading one word. A length is not stored: it is found by counting TAILs.
 *
 * WHAT EACH OPERATION DOES, and MicroPython's name for it (py/gc.c), where
 * four blocks are an allocation table byte, ATB:
 *
 *   ours                MicroPython            what it is good for
 *   ------------------  ---------------------  --------------------------------
 *   16 blocks a word    BLOCKS_PER_ATB (4)     how many blocks one load shows
 *   2 * (b % 16)        BLOCK_SHIFT            where b's two bits are in it
 *   b / 16, b / 4       ATB_FROM_BLOCK         which word, which byte; hints
 *                                              are byte indices, as there
 *   atab_get_kind       ATB_GET_KIND           tells an object from a hole; a
 *                                              reference from a mere number
 *   atab_any_to_free    ATB_ANY_TO_FREE        give a block back
 *   atab_free_to_head   ATB_FREE_TO_HEAD       begin an object
 *   atab_free_to_tail   ATB_FREE_TO_TAIL       continue it
 *   atab_head_to_mark   ATB_HEAD_TO_MARK       the collector was here; one bit
 *                                              set, so no mark table is needed
 *   atab_mark_to_head   ATB_MARK_TO_HEAD       forget it again after the sweep
 *   atab_find_free      ATB_MASK_0 .. 3,       find a run of free blocks; there
 *                       ATB_0_IS_FREE .. 3     one test for each place of the
 *                                              byte, here one for a whole word
 *   area_block_of       BLOCK_FROM_PTR         from an address to its block
 *   area_block_address  PTR_FROM_BLOCK         and back
 *   atab_take_one       (the same and a HEAD)  for one block, the most frequent
 *   atab_take,          (loops over the        the same for whole objects, a
 *   atab_extend,        above)                 word at a time
 *   atab_clear,
 *   atab_release,
 *   atab_object_blocks
 *   atab_sweep          gc_sweep_free_blocks   free what was not reached
 *
 * QUESTIONS OF ITS USERS
 *
 * How is the memory laid out, and where does it come from? The program hands
 * over one buffer, the heap window: a static array, what the linker left
 * over, or what another allocator gave. A control block comes first, then the
 * area: the table, one byte of FREE that stops a scan along TAILs, a bit a
 * block for finalisers, and the pool of blocks, which ends where the area
 * ends (area.h draws it). More areas may be added, or be taken from an outer
 * heap when the first is full. Nothing else is ever asked for.
 *
 * How many objects fit into 128 KiB, and does their size matter? The table
 * costs 2 bits a block, finalisers 1 more: 131,072 bytes are 8,004 blocks of
 * 16 bytes and 2.3 % of tables. Size matters, because an object is rounded up
 * to whole blocks and nothing is shared:
 *
 *      bytes of the object     1 .. 16   17 .. 32      100     1024
 *      blocks each                   1          2        7       64
 *      objects that fit          8,004      4,002    1,143      125
 *
 * A 5-byte struct takes 16 bytes, so 11 of them are lost inside; smaller
 * blocks lose less there and need more table.
 *
 * A program allocates a few 100-byte arrays and a few 5-byte structs in turn,
 * then frees the arrays. What happens? Each pair takes 7 + 1 blocks, and the
 * structs stay where they are, one after every hole of 7 blocks:
 *
 *      before   aaaaaaa s aaaaaaa s aaaaaaa s ......
 *      after    ....... s ....... s ....... s ......
 *
 * Holes join by themselves with free neighbours, for a hole is nothing but
 * FREE entries in a row; but a used block divides them for as long as it is
 * used. In a full heap 1,000 pairs leave 112,064 bytes free and no hole above
 * 112 bytes: a 100-byte array finds its place, a 113-byte one is refused with
 * seven eighths of the heap free. Later structs fill the holes from below,
 * one block each, and the longest hole shrinks no further than it must: first
 * fit keeps the upper holes whole. (Preset `wiki-question` plays it.)
 *
 * Is there a defragmenter? Not in a manager whose objects cannot move, as in
 * MicroPython: a collection frees what is dead and joins what it frees, and
 * that is all. A conservative collector cannot move, since a word that looks
 * like an address may be a number, which must not be changed. The managers
 * that do defragment use the same table: sliding needs to know only which
 * words are references.
 *
 * State     the table is words in the heap window, little-endian; `t` points
 *           at its first one for the length of a call.
 * Units     blocks, counted from 0 within their area; n_blocks is the pool's
 *           number of blocks, a multiple of 4. A table of other than a
 *           multiple of 4 bytes ends in the middle of a word: what is behind
 *           it there, and one word more, is read and neither believed nor
 *           changed.
 * Cost      one word for single blocks; O(blocks / 16) for the rest.
 * Source    MicroPython's py/gc.c for the table; Warren, Hacker's Delight,
 *           6-2, for runs of bits; the carry of atab_sweep is our own.
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

/* The free blocks of a word of the table: a bit each, at the low one of two. */
static inline uint32_t atab_free_bits(uint32_t w)
{
    return ~(w | w >> 1) & ATAB_LOW_BITS;
}

/*
 * Begin an object of one block at the lowest free one from table byte `byte`
 * on, which is where a search for one begins. Returns the block, or ATAB_NONE
 * and nothing has changed. Requires a byte of the table, or the one behind.
 */
static inline uint32_t atab_take_one(uint32_t *t, uint32_t n_blocks,
                                     uint32_t byte)
{
    uint32_t *word = &t[byte / 4];
    uint32_t *end = &t[(n_blocks + 15) / 16];
    uint32_t bits = atab_free_bits(*word) & ATAB_LOW_BITS << 8 * (byte % 4);
    while (bits == 0) {
        if (++word >= end)
            return ATAB_NONE;
        bits = atab_free_bits(*word);
    }
    uint32_t b = 16 * (uint32_t)(word - t) + (uint32_t)__builtin_ctz(bits) / 2;
    if (b >= n_blocks) /* what lies behind the table is read along with it */
        return ATAB_NONE;
    *word |= bits & (0 - bits);
    return b;
}

/* What the functions below do where an object leaves its word of the table. */
void atab_take_words(uint32_t *t, uint32_t b, uint32_t n_blocks);
uint32_t atab_release_words(uint32_t *t, uint32_t b);
uint32_t atab_object_blocks_words(const uint32_t *t, uint32_t b);

/*
 * A bit for each block behind `b` in its word `w` that is no TAIL: before the
 * lowest the object at `b` ends; without any it goes on in the next word.
 */
static inline uint32_t atab_ends(uint32_t w, uint32_t b)
{
    uint32_t behind = (ATAB_LOW_BITS - 1) << 2 * (b % 16);
    return ~(w >> 1 & ~w) & behind & ATAB_LOW_BITS;
}

/* The n_blocks blocks from `b` become one object. Requires them free. */
static inline void atab_take(uint32_t *t, uint32_t b, uint32_t n_blocks)
{
    CORE_ASSERT(n_blocks > 0 && atab_get_kind(t, b) == ATAB_FREE);
    if (b % 16 + n_blocks > 16) {
        atab_take_words(t, b, n_blocks);
        return;
    }
    uint32_t tails = ATAB_ALL_TAILS >> 2 * (16 - n_blocks);
    t[b / 16] |= (tails ^ 3) << 2 * (b % 16); /* the first TAIL to a HEAD */
}

/* The n_blocks blocks from `b` become TAILs. Requires them free. */
void atab_extend(uint32_t *t, uint32_t b, uint32_t n_blocks);

/* The n_blocks blocks from `b` become FREE, whatever they were. */
void atab_clear(uint32_t *t, uint32_t b, uint32_t n_blocks);

/* Free the object that begins at `b`. Returns the number of its blocks. */
static inline uint32_t atab_release(uint32_t *t, uint32_t b)
{
    uint32_t w = t[b / 16];
    uint32_t ends = atab_ends(w, b);
    CORE_ASSERT((atab_get_kind(t, b) & 1) != 0);
    if (ends == 0)
        return atab_release_words(t, b);
    uint32_t before_end = (ends & (0 - ends)) - 1;
    t[b / 16] = w & ~(before_end & UINT32_MAX << 2 * (b % 16));
    return (uint32_t)__builtin_ctz(ends) / 2 - b % 16;
}

/* Number of blocks of the object that begins at `b`. */
static inline uint32_t atab_object_blocks(const uint32_t *t, uint32_t b)
{
    uint32_t ends = atab_ends(t[b / 16], b);
    CORE_ASSERT((atab_get_kind(t, b) & 1) != 0);
    if (ends == 0)
        return atab_object_blocks_words(t, b);
    return (uint32_t)__builtin_ctz(ends) / 2 - b % 16;
}

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
