/* fixed.c - see fixed.h for the contract and the layout. */
#include "core/fixed.h"
#include "core/host.h"

/* Where table and blocks lie in the bytes from `start` to `end`. */
static uint32_t lay_out(struct heap *h, struct fixed_area *a, addr32 start,
                        addr32 end)
{
    const struct fixed *f = fixed_of(h);
    end &= ~(h->block_bytes - 1);
    if (end <= start)
        return HEAP_TOO_SMALL;
    uint32_t bits = 8 * h->block_bytes + f->table_bits;
    uint32_t bytes = end - start;
    /* 8 * bytes / bits, without going beyond 32 bits */
    uint32_t n_blocks = 8 * (bytes / bits) + 8 * (bytes % bits) / bits;
    if (f->table_bits == 2)
        n_blocks &= ~UINT32_C(3); /* whole bytes of an allocation table */
    if (n_blocks == 0)
        return HEAP_TOO_SMALL;
    if (n_blocks > f->index_max - f->n_blocks)
        return HEAP_TOO_LARGE;

    a->table = start;
    a->from = f->n_blocks + 1;
    a->origin = end - ((a->from + n_blocks) << h->block_shift);
    a->n_blocks = n_blocks;
    return HEAP_OK;
}

/* Area `a` belongs to the heap now. */
static void count_in(struct heap *h, const struct fixed_area *a)
{
    addr32 pool = fixed_pool(h, a);
    addr32 end = pool + (a->n_blocks << h->block_shift);
    fixed_of(h)->n_blocks += a->n_blocks;
    if (pool < h->pool_min)
        h->pool_min = pool;
    if (end > h->pool_max)
        h->pool_max = end;
}

uint32_t fixed_open(struct heap *h, addr32 start, addr32 end)
{
    struct fixed *f = fixed_of(h);
    f->index_max = f->index_bytes == 2 ? FIXED_NARROW_MAX : FIXED_WIDE_MAX;
    f->n_blocks = 0;
    uint32_t error = lay_out(h, &f->first, start, end);
    if (error != HEAP_OK)
        return error;
    f->first.number = 0;
    h->next_area = 1;
    fixed_close_all(h);
    return HEAP_OK;
}

uint32_t fixed_append(struct heap *h, addr32 start, uint32_t bytes,
                      const struct fixed_area **added)
{
    struct fixed_area a = {.number = h->next_area};
    if (bytes < sizeof a)
        return HEAP_TOO_SMALL;
    uint32_t error = lay_out(h, &a, start + (uint32_t)sizeof a, start + bytes);
    if (error != HEAP_OK)
        return error;

    *fixed_area_at(h, start) = a;
    struct fixed_area *last = &fixed_of(h)->first;
    while (last->next != 0)
        last = fixed_area_at(h, last->next);
    last->next = start;
    h->n_areas++;
    h->next_area++;
    count_in(h, fixed_area_at(h, start));
    *added = fixed_area_at(h, start);
    return HEAP_OK;
}

void fixed_close_all(struct heap *h)
{
    struct fixed *f = fixed_of(h);
    addr32 next = f->first.next;
    f->first.next = 0;
    while (next != 0) {
        addr32 p = next;
        next = fixed_area_at(h, p)->next;
        (void)heap_more(h, MORE_GIVE, p);
    }
    f->n_blocks = 0;
    f->free = 0;
    f->n_free = 0;
    h->n_areas = 1;
    h->pool_min = UINT32_MAX;
    h->pool_max = 0;
    count_in(h, &f->first);
}

void fixed_describe(struct heap *h, const struct fixed_area *a, addr32 start,
                    struct area_info *info)
{
    info->number = a->number;
    info->start = start;
    info->table = a->table;
    info->table_bytes = (a->n_blocks * fixed_of(h)->table_bits + 7) / 8;
    info->pool = fixed_pool(h, a);
    info->n_blocks = a->n_blocks;
}
