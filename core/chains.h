/*
 * chains.h - a heap of fixed blocks, in which no hole is ever too short
 *
 * All memory is blocks of one size, and an object is any blocks, wherever they
 * lie. So nothing ever moves and nothing needs to: a request is granted iff
 * enough blocks are free. The price is that an object's bytes are contiguous
 * only within a block. The mutator asks chains_deref for each block that it
 * reaches, and pays by one of two ways in which an object is held together:
 *
 *   CHAINS_LIST    (links.h) each block links to the next in a table: 2 bytes
 *                  a block, and to reach byte n takes n / block links
 *   CHAINS_SPINE   (spine.h) index blocks lead to the data blocks: 2 bits a
 *                  block and 2 bytes a data block, and byte n is one load a
 *                  level away; index blocks are whole blocks, so that small
 *                  objects pay more
 *
 * An object is named by the address of a block, a multiple of the block size.
 * It keeps this name until it is freed, whatever its size becomes.
 *
 *   | struct heap | struct chains |  table   | block | block | block | ...
 *   base                           H: the first area, fixed.h
 *
 * State     struct heap, then struct chains, then areas; all in the window. Of
 *           struct heap the fields of collections, locks, thresholds and
 *           tables stay 0.
 * Units     blocks of `block` bytes; sizes in bytes are named so.
 * Cost      n blocks: alloc, free, realloc O(n), a table access or two each;
 *           deref O(byte / block) or O(levels of the spine). init: O(blocks).
 *           check: O(blocks squared / 4096). With 16-byte blocks the table is
 *           11.1 % of H (list) or 1.5 % (spine).
 * Source    see links.h and spine.h.
 */
#ifndef CORE_CHAINS_H
#define CORE_CHAINS_H

#include "core/fixed.h"

/* params.link: what holds an object together. */
enum chains_link {
    CHAINS_LIST = 0, /* a table of links                                  */
    CHAINS_SPINE     /* index blocks                                      */
};

/* Words only, so that a guest is handed them as such. */
struct chains_params {
    uint32_t block;       /* bytes of a block: 16, 32 or 64                  */
    uint32_t zero;        /* 1: zero objects, and what grows; 0: leave bytes */
                          /* as they are                                     */
    uint32_t link;        /* enum chains_link                                */
    uint32_t index_bytes; /* of a link: 2 (32,767 blocks at most) or 4       */
};

/* What a firmware has when nothing is said. */
#define CHAINS_DEFAULTS                                                        \
    {                                                                          \
        .block = 32, .zero = 0, .link = CHAINS_LIST, .index_bytes = 2          \
    }

/* The manager's part of the control block, right behind struct heap. */
struct chains {
    struct fixed blocks;         /* fixed.h expects it first               */
    struct chains_params params; /* as given to init                       */
};

_Static_assert(sizeof(struct chains_params) == 16, "four words");
_Static_assert(offsetof(struct chains, params) == 48, "no padding");
_Static_assert(sizeof(struct chains) == 64, "sixteen words, no padding");

static inline struct chains *chains_of(struct heap *h)
{
    return (struct chains *)(void *)(h + 1);
}

/*
 * Bytes of the control block, a multiple of 16: H starts there. 0 if a
 * parameter is out of its range.
 */
uint32_t chains_control_bytes(const struct chains_params *p);

/*
 * Make the bytes at `base` a heap: control block, then one area of
 * `heap_bytes` bytes. Requires base a multiple of 16, and h at base; nothing
 * is read before it is written. Returns HEAP_OK or an enum heap_error
 * (HEAP_TOO_LARGE: more blocks than links can count), then nothing usable is
 * left.
 */
uint32_t chains_init(struct heap *h, addr32 base, uint32_t heap_bytes,
                     const struct chains_params *p);

/*
 * Give `bytes` bytes; `flags` of enum heap_flag say nothing to this manager.
 * Returns the object's name; or 0, and nothing but h->refusal has changed, iff
 *
 *   - bytes is 0 (REFUSAL_NONE), or
 *   - chains_need(bytes) blocks are more than are free (REFUSAL_FULL).
 */
addr32 chains_alloc(struct heap *h, uint32_t bytes, uint32_t flags);

/* Free the object `object`; 0 is ignored. Requires an object's name. */
void chains_free(struct heap *h, addr32 object);

/*
 * Make the object `bytes` bytes. Its name stays, blocks are appended or given
 * back at its end; `may_move` says nothing. Addresses from chains_deref are
 * not valid any longer: with a spine, an object that grows beyond one block or
 * shrinks to one has its first block's bytes elsewhere. Returns the object; or
 * 0, the object being as before, iff the blocks that it needs beyond those it
 * has are more than are free (REFUSAL_FULL). Object 0 allocates; 0 bytes free
 * it and answer 0 (REFUSAL_NONE).
 */
addr32 chains_realloc(struct heap *h, addr32 object, uint32_t bytes,
                      bool may_move);

/*
 * The address of byte `byte` of `object`, valid until it is reallocated or
 * freed. The bytes behind are contiguous to the end of the block. Requires
 * byte within what was granted.
 */
addr32 chains_deref(struct heap *h, addr32 object, uint32_t byte);

/* Write a word of an object. This manager has no barrier. */
static inline void chains_store(struct heap *h, addr32 object, uint32_t word,
                                uint32_t value)
{
    *word_at(h, chains_deref(h, object, 4 * word)) = value;
}

/* Blocks that an object of `bytes` > 0 bytes takes, spine included. */
uint32_t chains_need(struct heap *h, uint32_t bytes);

/* Bytes granted to `object`: its data blocks. Never fewer than were asked. */
uint32_t chains_bytes(struct heap *h, addr32 object);

/*
 * The address of the k-th block of `object` that holds none of its bytes but
 * leads to others: the one that names it first; 0: it has no such block.
 */
addr32 chains_index_block(struct heap *h, addr32 object, uint32_t k);

/* Bytes of all free blocks. O(1). */
static inline uint32_t chains_free_bytes(struct heap *h)
{
    return fixed_of(h)->n_free << h->block_shift;
}

/*
 * Set `what` (enum heap_control). CONTROL_RESET leaves the heap as init did:
 * no objects, the first area only (heap_more is told of each other one), but
 * numbers of areas run on. Returns HEAP_OK, or HEAP_BAD_PARAMETER for what it
 * does not know: it neither collects nor locks.
 */
uint32_t chains_control(struct heap *h, uint32_t what, uint32_t value);

/*
 * Add `bytes` bytes at `address` as the last area of the list; its number is
 * what h->next_area was. The bytes must lie in the window, behind the control
 * block. Returns HEAP_OK, or HEAP_BAD_ADDRESS, HEAP_TOO_SMALL, HEAP_TOO_LARGE
 * (more blocks than links can count) and nothing has changed.
 */
uint32_t chains_add_area(struct heap *h, addr32 address, uint32_t bytes);

/*
 * Fill in `info`. Index blocks are neither used nor free. max_free is the
 * number of free blocks: together they are one hole. O(blocks).
 */
void chains_info(struct heap *h, struct heap_info *info);

/*
 * The same for the area at place `index` of the list; there max_free counts
 * the free blocks of the area, n_objects the objects named by a block in it.
 * Returns false, writing nothing, when the list has no such place.
 */
bool chains_area_info(struct heap *h, uint32_t index, struct area_info *info);

/*
 * The next object in list and address order of the blocks that name them.
 * Returns false at the end. Start with a cursor of zeroes; the heap may not
 * change in between.
 */
bool chains_walk(struct heap *h, struct heap_cursor *cursor,
                 struct heap_object *object);

/*
 * Check the heap's invariants, writing nothing; any bytes may be there. The
 * window is told, because a broken control block cannot be asked for it.
 * Returns 0 when all hold, else the number of the first broken one:
 *
 *   1  the control block is this manager's, at `base`; sizes fit the window
 *   2  parameters are in their ranges; what fixed.h derives belongs to them
 *   3  the list of areas has n_areas links, in the window, numbers ascending
 *      and below next_area, blocks numbered through; pool_min and pool_max
 *      enclose the areas
 *   4  no two areas overlap, none overlaps the control block
 *   5  the tables say of each block what they can: a link to a block or to
 *      none (list); HEAD, MARK or FREE (spine)
 *   6  every spine counts 2 data blocks or more, and no more than there are
 *   7  every link, in chains, in spines, or `free`, leads to a block that does
 *      not name an object, and no two lead to the same one
 *   8  the free chain has n_free blocks
 *   9  the objects and the free chain together have all blocks
 */
int chains_check(struct heap *h, addr32 base, uint32_t window_bytes);

#endif /* CORE_CHAINS_H */
