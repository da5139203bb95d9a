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
