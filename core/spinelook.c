/* spinelook.c - spine.h's index blocks, for those who look at a heap: no
 * program that only uses it needs this. */
#include "core/spine.h"

uint32_t spine_index_block(struct heap *h, uint32_t i, uint32_t k)
{
    uint32_t n = spine_count(h, i);
    uint32_t fan = h->block_bytes / fixed_of(h)->index_bytes;
    uint32_t top_span = 1; /* data blocks that a link of the top leads to  */
    if (n == 1)
        return 0;
    if (k-- == 0)
        return i;
    while (n > (fan - 1) * top_span)
        top_span *= fan;

    /* Level by level: on each as many blocks as links of that span. */
    uint32_t span = top_span;
    while (span > 1 && k >= (n - 1) / span + 1) {
        k -= (n - 1) / span + 1;
        span /= fan;
    }
    if (span == 1)
        return 0;

    /* Down to the one that leads to data block k * span first. */
    uint32_t slot = 1 + k * span / top_span;
    for (uint32_t at = top_span;; at /= fan) {
        i = fixed_get(h, fixed_address(h, i), slot);
        if (at == span)
            return i;
        slot = k * span / (at / fan) % fan;
    }
}
