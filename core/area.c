/* area.c - see area.h for the contract and the layout. */
#include "core/area.h"
#include "core/host.h"

/* A of the formula for `bytes` bytes of tables and pool; 0: too few. */
static uint32_t table_bytes_for(const struct heap *h, uint32_t bytes)
{
    if (bytes == 0)
        return 0;
    /* The bits of four blocks; half a byte of them for finalisers. */
    uint32_t bits = 8 + 4 * h->has_finalisers + 32 * h->block_bytes;
    uint32_t usable = bytes - 1; /* without the gap byte */
    /* 8 * usable / bits, without going beyond 32 bits */
    return 8 * (usable / bits) + 8 * (usable % bits) / bits;
}

bool area_setup(struct heap *h, struct area *a, addr32 table, addr32 end)
{
    CORE_ASSERT(table % 4 == 0);
    end &= ~(h->block_bytes - 1);
    if (end <= table)
        return false;
    uint32_t table_bytes = table_bytes_for(h, end - table);
    if (table_bytes == 0)
        return false;

    a->table = table;
    a->table_bytes = table_bytes;
    a->pool = end - (area_blocks(a) << h->block_shift);
    a->hint = 0;
    a->last_used = 0;
    uint32_t cleared = table_bytes + 1 + area_finaliser_bytes(h, a);
    CORE_ASSERT(table + cleared <= a->pool);
    __builtin_memset(byte_at(h, table), 0, cleared);
    return true;
}

bool area_setup_first(struct heap *h, addr32 table, addr32 end)
{
    struct area *a = &h->first;
    if (!area_setup(h, a, table, end))
        return false;

    a->next = 0;
    a->number = 0;
    h->search_area = area_address(h, a);
    h->n_areas = 1;
    h->pool_min = a->pool;
    h->pool_max = area_block_address(h, a, area_blocks(a));
    return true;
}

bool area_append(struct heap *h, addr32 start, uint32_t bytes, uint32_t skip)
{
    CORE_ASSERT(start % 16 == 0 && skip >= sizeof(struct area));
    addr32 end = start + bytes;
    if (end < start || bytes < skip)
        return false;
    struct area *a = area_at(h, start);
    if (!area_setup(h, a, start + skip, end))
        return false;

    a->next = 0;
    a->number = h->next_area++;
    struct area *last = &h->first;
    while (last->next != 0)
        last = area_next(h, last);
    last->next = start;
    h->n_areas++;

    addr32 pool_end = area_block_address(h, a, area_blocks(a));
    if (a->pool < h->pool_min)
        h->pool_min = a->pool;
    if (pool_end > h->pool_max)
        h->pool_max = pool_end;
    return true;
}

void area_unlink(struct heap *h, struct area *before)
{
    CORE_ASSERT(before->next != 0);
    before->next = area_next(h, before)->next;
    h->n_areas--;
}

uint32_t area_total_blocks(struct heap *h)
{
    uint32_t n_blocks = 0;
    for (struct area *a = &h->first; a != NULL; a = area_next(h, a))
        n_blocks += area_blocks(a);
    return n_blocks;
}

/*
 * A finaliser may free objects that are still to come: their bits are then
 * cleared, and the byte read before still shows them, so the kind is asked,
 * too. No bit is set behind last_used, which may be one past the last block.
 */
static void finalise_one(struct heap *h, const struct area *a)
{
    const uint32_t *t = area_table(h, a);
    uint32_t end = a->last_used / 8 + 1;
    if (end > area_finaliser_bytes(h, a))
        end = area_finaliser_bytes(h, a);

    for (uint32_t i = 0; i < end; i++) {
        uint32_t bits = *area_finaliser_byte(h, a, 8 * i);
        while (bits != 0) {
            uint32_t b = 8 * i + (uint32_t)__builtin_ctz(bits);
            bits &= bits - 1;
            if (atab_get_kind(t, b) != ATAB_HEAD)
                continue;
            heap_on_finalise(h, area_block_address(h, a, b));
            area_clear_finaliser(h, a, b);
        }
    }
}

void area_finalise(struct heap *h)
{
    for (struct area *a = &h->first; a != NULL; a = area_next(h, a))
        finalise_one(h, a);
}

void area_count(struct heap *h, const struct area *a, struct heap_info *info)
{
    const uint32_t *t = area_table(h, a);
    uint32_t n_blocks = area_blocks(a);
    uint32_t n_free = 0;

    for (uint32_t b = 0; b < n_blocks;) {
        uint32_t hole = atab_free_run(t, n_blocks, b, n_blocks);
        n_free += hole;
        if (hole > info->max_free)
            info->max_free = hole;
        b += hole;
        if (b == n_blocks)
            break;
        uint32_t length = atab_object_blocks(t, b);
        info->n_objects++;
        info->n_one_block += length == 1;
        info->n_two_block += length == 2;
        if (length > info->max_block)
            info->max_block = length;
        b += length;
    }
    info->total_bytes += n_blocks << h->block_shift;
    info->free_bytes += n_free << h->block_shift;
    info->used_bytes += (n_blocks - n_free) << h->block_shift;
}

void area_heap_info(struct heap *h, struct heap_info *info)
{
    *info = (struct heap_info){0};
    info->search_area = area_at(h, h->search_area)->number;
    for (struct area *a = &h->first; a != NULL; a = area_next(h, a))
        area_count(h, a, info);
}

bool area_get_info(struct heap *h, uint32_t index, uint32_t skip,
                   struct area_info *info)
{
    struct area *a = &h->first;
    for (uint32_t i = 0; i < index && a != NULL; i++)
        a = area_next(h, a);
    if (a == NULL)
        return false;

    *info = (struct area_info){0};
    info->blocks.search_area = area_at(h, h->search_area)->number;
    area_count(h, a, &info->blocks);
    info->number = a->number;
    info->start = a == &h->first ? a->table : a->table - skip;
    info->table = a->table;
    info->table_bytes = a->table_bytes;
    info->pool = a->pool;
    info->n_blocks = area_blocks(a);
    info->hint = a->hint;
    info->last_used = a->last_used;
    return true;
}

bool area_walk(struct heap *h, struct heap_cursor *cursor,
               struct heap_object *object)
{
    if (!cursor->is_started) {
        cursor->is_started = 1;
        cursor->area = area_address(h, &h->first);
        cursor->block = 0;
    }
    while (cursor->area != 0) {
        struct area *a = area_at(h, cursor->area);
        const uint32_t *t = area_table(h, a);
        uint32_t b = atab_next_used(t, area_blocks(a), cursor->block);
        if (b != ATAB_NONE) {
            object->address = area_block_address(h, a, b);
            object->n_blocks = atab_object_blocks(t, b);
            object->bytes = object->n_blocks << h->block_shift;
            object->area = a->number;
            object->block = b;
            bool finalised = area_has_finaliser(h, a, b);
            object->flags = finalised ? HEAP_FINALISER : 0;
            cursor->block = b + object->n_blocks;
            return true;
        }
        cursor->area = a->next;
        cursor->block = 0;
    }
    return false;
}
