/* copygrow.c - see copygrow.h for the contract. */
#include "core/copygrow.h"
#include "core/copyinner.h"
#include "core/copyregion.h"
#include "core/grow.h"
#include "core/host.h"

#define SKIP ((uint32_t)sizeof(struct slide_area))

uint32_t copygrow_append(struct heap *h, addr32 address, uint32_t bytes)
{
    addr32 end = address + bytes;
    if (address == 0 || address % 16 != 0 || end < address)
        return HEAP_BAD_ADDRESS;
    if (bytes < SKIP || !slide_setup(h, slide_at(h, address), address + SKIP,
                                     end, copying_sides(h)))
        return HEAP_TOO_SMALL;

    struct slide_area *a = slide_at(h, address);
    a->area.next = 0;
    a->area.number = h->next_area++;
    struct area *last = &h->first;
    while (last->next != 0)
        last = area_next(h, last);
    last->next = address;
    h->n_areas++;
    addr32 pool_end = area_block_address(h, &a->area, area_blocks(&a->area));
    if (a->area.pool < h->pool_min)
        h->pool_min = a->area.pool;
    if (pool_end > h->pool_max)
        h->pool_max = pool_end;
    return HEAP_OK;
}

uint32_t copygrow_bytes(struct heap *h, uint32_t n_blocks)
{
    uint32_t block = h->block_bytes;
    uint32_t bytes = SKIP + slide_bytes(h, n_blocks, copying_sides(h));
    uint32_t lost = block > 16 ? block - 16 : 0; /* the end is rounded down */
    return ((bytes + block - 1) & ~(block - 1)) + lost;
}

bool copygrow_for(struct heap *h, uint32_t n_blocks)
{
    uint32_t bytes;
    if (n_blocks > GROW_REQUEST_MAX >> h->block_shift)
        return false;
    addr32 start = grow_take(h, copygrow_bytes(h, n_blocks),
                             copygrow_bytes(h, area_total_blocks(h)), &bytes);
    if (start == 0 || copygrow_append(h, start, bytes) != HEAP_OK)
        return false;
    struct slide_area *a = slide_at(h, start);
    CORE_ASSERT(a->n_free >= n_blocks);
    h->n_grown++;
    region_leave(h);
    region_enter(h, a, 0, a->n_free);
    return true;
}

/* Is `a` the only area with n free blocks in a row? */
static bool is_needed(struct heap *h, const struct slide_area *a,
                      uint32_t n_blocks)
{
    if (n_blocks == 0 || n_blocks > a->n_free)
        return false;
    const struct slide_area *b = slide_first(h);
    for (; b != NULL; b = slide_next(h, b)) {
        if (b != a &&
            atab_find_free(area_table(h, &b->area), area_blocks(&b->area), 0,
                           n_blocks) != ATAB_NONE)
            return false;
    }
    return true;
}

void copygrow_give_back(struct heap *h, uint32_t n_blocks)
{
    struct slide_area *before = slide_first(h);
    CORE_ASSERT(region_left(h) == 0);
    region_enter(h, before, 0, 0); /* its area may be one of those that go */
    while (before->area.next != 0) {
        addr32 start = before->area.next;
        struct slide_area *a = slide_at(h, start);
        if (a->n_free != area_blocks(&a->area) || is_needed(h, a, n_blocks)) {
            before = a;
            continue;
        }
        area_unlink(h, &before->area);
        h->last_given_back++;
        (void)heap_more(h, MORE_GIVE, start);
    }
}
