/*
 * links.h - an object as a chain of fixed blocks, linked in a table
 *
 * Each block has one link in its area's table (fixed.h): the index of the
 * object's next block, or 0 in its last one. The highest bit of a link says
 * that its block is an object's first. Free blocks are chained in the same
 * way, so that n blocks are taken from the free chain, and a whole object is
 * put back, by changing links only at the two ends:
 *
 *     blocks    1    2    3    4    5    6    7      F: first of an object
 *             [A0] [B0] [A1] [  ] [A2] [  ] [B1]
 *     links    F3   F7    5    6    0    0    0      free: 4 -> 6
 *
 * The table costs 2 bytes a block (4 beyond 32,767 blocks) and the blocks are
 * payload to their last byte. To reach byte n of an object one follows
 * n / block_bytes links.
 *
 * State     the areas' tables.
 * Units     objects by the index of their first block; counts in blocks.
 * Cost      take: O(n). free, resize: O(length of the object and of what is
 *           added). piece: O(k). Every loop ends at a chain's end.
 * Source    Siebert, "Eliminating External Fragmentation in a Non-Moving
 *           Garbage Collector for Java", CASES 2000; links in a table as in
 *           the FAT file system.
 */
#ifndef CORE_LINKS_H
#define CORE_LINKS_H

#include "core/fixed.h"

/* Put the blocks of area `a` in order in front of the free chain. */
void links_open(struct heap *h, const struct fixed_area *a);

/* Make the first n > 0 blocks of the free chain an object, and return its
 * index; 0, changing nothing, when there are fewer. */
uint32_t links_take(struct heap *h, uint32_t n);

/* Put all blocks of object `i` in front of the free chain, in their order. */
void links_give(struct heap *h, uint32_t i);

/* Blocks of object `i`. */
uint32_t links_count(struct heap *h, uint32_t i);

/*
 * Give object `i` n > 0 blocks: its tail is put back, or so many of the free
 * chain are appended. Returns false, changing nothing, when those are too few.
 * Whatever it returns, `had` receives the number of its blocks before.
 */
bool links_resize(struct heap *h, uint32_t i, uint32_t n, uint32_t *had);

/* The block k links behind block `i`. Requires that there is one. */
uint32_t links_piece(struct heap *h, uint32_t i, uint32_t k);

/* Does block b of area `a` begin an object? */
bool links_is_first(struct heap *h, const struct fixed_area *a, uint32_t b);

#endif /* CORE_LINKS_H */
