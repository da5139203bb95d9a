/* grow.c - see grow.h for the contract, the rule and the source. */
#include "core/grow.h"
#include "core/area.h"
#include "core/host.h"

/* More than any window holds; keeps all sums below within 32 bits. */
#define REQUEST_LIMIT UINT32_C(0x08000000)

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

bool grow_for(struct heap *h, uint32_t bytes, uint32_t rule, uint32_t skip)
{
    uint32_t avail = heap_more(h, MORE_AVAIL, 0);
    if (bytes > REQUEST_LIMIT || avail < needed_for(rule, bytes))
        return false;

    uint32_t taken = needed_for(rule, bytes);
    uint32_t total = doubling(h, skip);
    if (taken < total)
        taken = total;
    if (taken > avail)
        taken = avail;
    addr32 start = heap_more(h, MORE_TAKE, taken);
    if (start == 0)
        return false;
    if (!area_append(h, start, taken, skip)) {
        heap_more(h, MORE_GIVE, start);
        return false;
    }
    h->n_grown++;
    return true;
}
