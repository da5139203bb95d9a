/*
 * atabdown.h - an allocation table read downwards: where the hole begins that
 * ends at a block, and last fit
 *
 * State     none; t is the table as in atab.h.
 * Units     blocks.
 * Cost      O(blocks passed / 16 + holes passed).
 */
#ifndef CORE_ATABDOWN_H
#define CORE_ATABDOWN_H

#include "core/atab.h"

/* Number of free blocks in a row that end right before block `b`. */
uint32_t atab_free_before(const uint32_t *t, uint32_t b);

/*
 * The highest block at which `want` free blocks in a row begin that end at
 * block `end` or before, or ATAB_NONE. Requires want > 0. Free blocks from
 * `end` on do not count.
 */
uint32_t atab_find_free_down(const uint32_t *t, uint32_t end, uint32_t want);

#endif /* CORE_ATABDOWN_H */
