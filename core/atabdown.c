/* atabdown.c - see atabdown.h for the contract. */
#include "core/atabdown.h"

/* Free blocks at the high end of word `w`, which is not 0. */
static inline uint32_t free_above(uint32_t w)
{
    return (uint32_t)__builtin_clz(w) / 2;
}

uint32_t atab_free_before(const uint32_t *t, uint32_t b)
{
    uint32_t i = b / 16;
    uint32_t place = b % 16;
    if (place != 0) {
        uint32_t below = t[i] << (32 - 2 * place); /* b's own are shifted out */
        if (below != 0)
            return free_above(below);
    }
    uint32_t n = place;
    while (i > 0) {
        uint32_t w = t[--i];
        if (w != 0)
            return n + free_above(w);
        n += 16;
    }
    return n;
}

/* One behind the highest free block below `end`; 0 if there is none. */
static uint32_t free_end(const uint32_t *t, uint32_t end)
{
    while (end > 0) {
        uint32_t i = (end - 1) / 16;
        uint32_t n = end - 16 * i; /* of word i, from its low end: 1 to 16 */
        uint32_t bits = ~(t[i] | t[i] >> 1) & ATAB_LOW_BITS;
        bits &= UINT32_MAX >> (32 - 2 * n);
        if (bits != 0)
            return 16 * i + (33 - (uint32_t)__builtin_clz(bits)) / 2;
        end = 16 * i;
    }
    return 0;
}

uint32_t atab_find_free_down(const uint32_t *t, uint32_t end, uint32_t want)
{
    CORE_ASSERT(want > 0);
    end = free_end(t, end);
    while (end >= want) {
        uint32_t length = atab_free_before(t, end);
        if (length >= want)
            return end - want;
        end = free_end(t, end - length);
    }
    return ATAB_NONE;
}
