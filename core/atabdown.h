/*
 * atabdown.h - an allocation table read downwards: where the hole begins that
 * ends at a block
 *
 * State     none; t is the table as in atab.h.
 * Units     blocks.
 * Cost      O(blocks passed / 16).
 */
#ifndef CORE_ATABDOWN_H
#define CORE_ATABDOWN_H

#include "core/heap.h"

/* Number of free blocks in a row that end right before block `b`. */
uint32_t atab_free_before(const uint32_t *t, uint32_t b);

#endif /* CORE_ATABDOWN_H */
