/* grow.c - see grow.h for the contract, the rule and the source. */
#include "core/grow.h"
#include "core/area.h"
#include "core/host.h"

/* needed = n + max(least, times * n / over), by enum growth_rule. */
static const struct growth {
    uint32_t least, times, over;
} growths[] = {
    [GROWTH_13_512] = {2048, 13, 512},
    [GROWTH_103] = {0, 3, 100},
};

/* Bytes of an area that surely holds an object of `bytes` bytes. */
static uint32_t needed_for(uint32_t rule, uint32_t bytes)
{
    const struct growth *g = &growths[rule];
    uint32_t more = g->times * bytes / g->over;
    return bytes + (more > g->least ? more : g->least);
}

/* Bytes of an area with as many blocks as the heap has now. */
static uint32_t doubling(struct heap *h, uint32_t skip)
{
    uint32_t n_blocks = area_total_blocks(h);
    uint32_t bytes = n_blocks / 4 + (h->has_finalisers ? n_blocks / 8 : 0) +
                     (n_blocks << h->block_shift) + 1 + skip;
    return (bytes + h->block_bytes - 1) & ~(h->block_bytes - 1);
}

addr32 grow_take(struct heap *h, uint32_t needed, uint32_t total,
                 uint32_t *bytes)
{
    uint32_t avail = heap_more(h, MORE_AVAIL, 0);
    if (avail < needed)
        return 0;
    uint32_t wanted = needed > total ? needed : total;
    *bytes = wanted < avail ? wanted : avail;
    return heap_more(h, MORE_TAKE, *bytes);
}

bool grow_for(struct heap *h, uint32_t bytes, uint32_t rule, uint32_t skip)
{
    uint32_t taken;
    uint32_t needed =
        bytes > GROW_REQUEST_MAX ? UINT32_MAX : needed_for(rule, bytes);
    addr32 start = grow_take(h, needed, doubling(h, skip), &taken);
    if (start == 0)
        return false;
    if (!area_append(h, start, taken, skip)) {
        heap_more(h, MORE_GIVE, start);
        return false;
    }
    h->n_grown++;
    return true;
}
