/*
 * collected.h - how the heap of a collector on an allocation table begins, and
 * what can be switched about it
 *
 * State     struct heap (heap.h), in the window.
 * Units     bytes, but for what is named blocks.
 * Cost      O(control block) to lay, else O(1).
 */
#ifndef CORE_COLLECTED_H
#define CORE_COLLECTED_H

#include "core/heap.h"

static inline bool collected_is_block(uint32_t bytes)
{
    return bytes == 8 || bytes == 16 || bytes == 32 || bytes == 64;
}

/* What the bases of heap and pool table are multiples of. */
static inline uint32_t collected_unit(uint32_t block)
{
    return block > 16 ? block : 16;
}

/* Bytes of a control block of `bytes` bytes with blocks of `block` bytes: H
 * starts behind it. */
static inline uint32_t collected_control_bytes(uint32_t bytes, uint32_t block)
{
    uint32_t unit = collected_unit(block);
    return (bytes + unit - 1) & ~(unit - 1);
}

/*
 * The common part of h's control block, of `control_bytes` bytes, which are
 * cleared; `heap_bytes` bytes follow. Returns HEAP_OK, or HEAP_BAD_ADDRESS and
 * nothing is written.
 */
static inline uint32_t collected_lay(struct heap *h, addr32 base,
                                     uint32_t control_bytes,
                                     uint32_t heap_bytes, uint32_t block)
{
    uint32_t wanted = control_bytes + heap_bytes;
    if (base % collected_unit(block) != 0 || wanted < heap_bytes ||
        base + wanted < base)
        return HEAP_BAD_ADDRESS;
    __builtin_memset(h, 0, control_bytes);
    h->base = base;
    h->control_bytes = control_bytes;
    h->heap_bytes = heap_bytes;
    h->block_bytes = block;
    h->block_shift = (uint32_t)__builtin_ctz(block);
    h->next_area = 1;
    return HEAP_OK;
}

/* As x_control, but for CONTROL_RESET: HEAP_BAD_PARAMETER. */
static inline uint32_t collected_switch(struct heap *h, uint32_t what,
                                        uint32_t value)
{
    switch (what) {
    case CONTROL_AUTO:
        h->is_auto = value != 0;
        return HEAP_OK;
    case CONTROL_LOCK:
        if (value == 0 && h->lock_depth == 0)
            return HEAP_BAD_PARAMETER;
        h->lock_depth += value != 0 ? 1 : UINT32_MAX;
        return HEAP_OK;
    case CONTROL_THRESHOLD:
        h->threshold_blocks = value == HEAP_NO_THRESHOLD
                                  ? HEAP_NO_THRESHOLD
                                  : value >> h->block_shift;
        return HEAP_OK;
    default:
        return HEAP_BAD_PARAMETER;
    }
}

/* What init and a soft reset have in common: nothing runs, nothing is locked;
 * `threshold` in bytes. */
static inline void collected_begin(struct heap *h, uint32_t is_auto,
                                   uint32_t threshold)
{
    h->phase = PHASE_IDLE;
    h->refusal = REFUSAL_NONE;
    h->lock_depth = 0;
    h->is_auto = is_auto;
    h->given_blocks = 0;
    (void)collected_switch(h, CONTROL_THRESHOLD, threshold);
}

#endif /* CORE_COLLECTED_H */
