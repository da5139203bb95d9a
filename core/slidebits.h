/*
 * slidebits.h - words of an allocation table, sixteen blocks at a time
 *
 * One bit a block, at the block's low bit.
 */
#ifndef CORE_SLIDEBITS_H
#define CORE_SLIDEBITS_H

#include "core/atab.h"

static inline uint32_t free_bits(uint32_t w)
{
    return ~(w | w >> 1) & ATAB_LOW_BITS;
}

static inline uint32_t pinned_bits(uint32_t w)
{
    return w & w >> 1 & ATAB_LOW_BITS;
}

/* Heads, pinned ones as well. */
static inline uint32_t head_bits(uint32_t w)
{
    return w & ATAB_LOW_BITS;
}

/* Both bits of the n lowest blocks, n < 16. */
static inline uint32_t blocks_below(uint32_t n)
{
    return (UINT32_C(1) << 2 * n) - 1;
}

/* All bits above the highest one set in `bits`, which is not 0. */
static inline uint32_t above_highest(uint32_t bits)
{
    return UINT32_MAX << (31 - (uint32_t)__builtin_clz(bits));
}

/*
 * How many bits are set. Spelled out, because compilers know these lines: they
 * become one instruction where there is one, and no call where there is none.
 */
static inline uint32_t count(uint32_t x)
{
    x -= x >> 1 & UINT32_C(0x55555555);
    x = (x & UINT32_C(0x33333333)) + (x >> 2 & UINT32_C(0x33333333));
    x = (x + (x >> 4)) & UINT32_C(0x0f0f0f0f);
    return x * UINT32_C(0x01010101) >> 24;
}

#endif /* CORE_SLIDEBITS_H */
