/* outer.c - see outer.h. */
#include "sim/replay/outer.h"

#include <string.h>

void outer_init(struct outer *o, uint32_t base, uint32_t bytes)
{
    o->base = base;
    o->bytes = bytes / 16 * 16;
    o->n = 0;
}

/* The free bytes before piece `i`, which may be the end. */
static uint32_t gap_before(const struct outer *o, uint32_t i, uint32_t *at)
{
    *at = i == 0 ? 0 : o->piece[i - 1].at + o->piece[i - 1].bytes;
    uint32_t end = i == o->n ? o->bytes : o->piece[i].at;
    return end - *at;
}

uint32_t outer_avail(const struct outer *o)
{
    uint32_t longest = 0;
    for (uint32_t i = 0; i <= o->n; i++) {
        uint32_t at;
        uint32_t gap = gap_before(o, i, &at);
        if (gap > longest)
            longest = gap;
    }
    return o->n < OUTER_PIECES_CAP ? longest : 0;
}

uint32_t outer_take(struct outer *o, uint32_t bytes)
{
    if (bytes == 0 || bytes > o->bytes || o->n == OUTER_PIECES_CAP)
        return 0;
    uint32_t rounded = (bytes + 15) / 16 * 16;
    for (uint32_t i = 0; i <= o->n; i++) {
        uint32_t at;
        if (gap_before(o, i, &at) < rounded)
            continue;
        memmove(&o->piece[i + 1], &o->piece[i],
                (o->n - i) * sizeof o->piece[0]);
        o->piece[i].at = at;
        o->piece[i].bytes = rounded;
        o->n++;
        return o->base + at;
    }
    return 0;
}

void outer_give(struct outer *o, uint32_t address)
{
    for (uint32_t i = 0; i < o->n; i++) {
        if (o->base + o->piece[i].at != address)
            continue;
        o->n--;
        memmove(&o->piece[i], &o->piece[i + 1],
                (o->n - i) * sizeof o->piece[0]);
        return;
    }
}
