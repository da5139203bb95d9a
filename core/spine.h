/*
 * spine.h - an object as fixed blocks that an index block leads to
 *
 * An object of one block is that block. A longer one is named by its spine's
 * top block, an array of links: first the number n of data blocks, then F - 1
 * links, F being the links that a block holds. If those do not suffice, they
 * lead to further blocks of F links each, and so on, all data blocks being
 * equally far from the top:
 *
 *     F = 8, n = 3                F = 8, n = 9
 *
 *     top | 3 a b c - - - - |     top | 9 p q - - - - - |
 *             | | |                       | |
 *             data blocks               p | a b c d e f g h |   q | i - ... |
 *
 * So byte k of an object is found in as many loads as the spine has levels:
 * with 16-byte blocks one up to 7 blocks, two up to 56, three up to 448. An
 * object keeps its name when it grows beyond one block or shrinks to one: then
 * one block is copied, and the top changes from data to links or back.
 *
 * The areas' tables (fixed.h) are allocation tables, atab.h's, in which only
 * the block that names an object is marked: HEAD where it is all of the
 * object, MARK where it is a spine. The rest, free and used, is FREE. A free
 * block's first link leads to the next one.
 *
 * State     the tables; spines and free chain in the blocks themselves.
 * Units     objects by the index of the block that names them.
 * Cost      take, give: O(n * levels). resize: O(difference * levels). piece:
 *           O(levels). With F >= 4 there are at most 14 levels, and with a
 *           64 KiB heap of 16-byte blocks 4.
 * Source    arraylets: Bacon, Cheng and Rajan, "A Real-time Garbage Collector
 *           with Low Overhead and Consistent Utilization", POPL 2003; Pizlo et
 *           al., "Schism: Fragmentation-Tolerant Real-Time Garbage
 *           Collection", PLDI 2010. The block that is data or spine is ours.
 */
#ifndef CORE_SPINE_H
#define CORE_SPINE_H

#include "core/fixed.h"

/* Mark all blocks of area `a` free and put them in order in front of the free
 * chain. */
void spine_open(struct heap *h, const struct fixed_area *a);

/* Blocks of an object of n > 0 data blocks, spine included. */
uint32_t spine_blocks(struct heap *h, uint32_t n);

/* An object of n > 0 data blocks; 0, changing nothing, when fewer blocks are
 * free than it needs. */
uint32_t spine_take(struct heap *h, uint32_t n);

/* Put all blocks of object `i` in front of the free chain. */
void spine_give(struct heap *h, uint32_t i);

/* Data blocks of object `i`. */
uint32_t spine_count(struct heap *h, uint32_t i);

/* As links_resize. The contents of kept data blocks stay; the first one may
 * lie elsewhere. */
bool spine_resize(struct heap *h, uint32_t i, uint32_t n, uint32_t *had);

/* Data block k of object `i`. Requires that there is one. */
uint32_t spine_piece(struct heap *h, uint32_t i, uint32_t k);

/* Block k of the spine of object `i`: its top, then level by level; 0: it has
 * no such block. */
uint32_t spine_index_block(struct heap *h, uint32_t i, uint32_t k);

/* The lowest block from b on that names an object of area `a`, or ATAB_NONE. */
uint32_t spine_next_first(struct heap *h, const struct fixed_area *a,
                          uint32_t b);

#endif /* CORE_SPINE_H */
