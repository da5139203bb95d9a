/* chainslook.c - what chains.h only tells of a heap: index blocks, walk, info.
 */
#include "core/atab.h"
#include "core/chains.h"
#include "core/links.h"
#include "core/spine.h"

static bool has_links(struct heap *h)
{
    return chains_of(h)->params.link == CHAINS_LIST;
}

/* The lowest block from b on that names an object of `a`, or ATAB_NONE. */
static uint32_t next_first(struct heap *h, const struct fixed_area *a,
                           uint32_t b)
{
    if (!has_links(h))
        return spine_next_first(h, a, b);
    while (b < a->n_blocks && !links_is_first(h, a, b))
        b++;
    return b < a->n_blocks ? b : ATAB_NONE;
}

bool chains_walk(struct heap *h, struct heap_cursor *cursor,
                 struct heap_object *object)
{
    if (!cursor->is_started) {
        cursor->is_started = 1;
        cursor->area =
            h->base + (uint32_t)(sizeof *h + offsetof(struct fixed, first));
    }
    while (cursor->area != 0) {
        const struct fixed_area *a = fixed_area_at(h, cursor->area);
        uint32_t b = next_first(h, a, cursor->block);
        if (b != ATAB_NONE) {
            object->address = fixed_address(h, a->from + b);
            object->bytes = chains_bytes(h, object->address);
            object->n_blocks = object->bytes >> h->block_shift;
            object->area = a->number;
            object->block = b;
            object->flags = 0;
            cursor->block = b + 1;
            return true;
        }
        cursor->area = a->next;
        cursor->block = 0;
    }
    return false;
}

addr32 chains_index_block(struct heap *h, addr32 object, uint32_t k)
{
    uint32_t i = 0;
    if (!has_links(h))
        i = spine_index_block(h, fixed_index(h, object), k);
    return i == 0 ? 0 : fixed_address(h, i);
}

/* Count one object of n blocks, whose blocks are counted elsewhere. */
static void count_object(struct heap_info *info, uint32_t n)
{
    info->n_objects++;
    info->n_one_block += n == 1;
    info->n_two_block += n == 2;
    if (n > info->max_block)
        info->max_block = n;
}

void chains_info(struct heap *h, struct heap_info *info)
{
    struct heap_cursor cursor = {0};
    struct heap_object o;
    *info = (struct heap_info){0};
    info->total_bytes = fixed_of(h)->n_blocks << h->block_shift;
    info->free_bytes = chains_free_bytes(h);
    info->max_free = fixed_of(h)->n_free;
    while (chains_walk(h, &cursor, &o)) {
        count_object(info, o.n_blocks);
        info->used_bytes += o.bytes;
    }
}

/* Add what lies of object `o` in area `a`. */
static void count_in_area(struct heap *h, const struct fixed_area *a,
                          const struct heap_object *o, struct heap_info *info)
{
    uint32_t i = fixed_index(h, o->address);
    uint32_t piece = i;
    if (o->area == a->number)
        count_object(info, o->n_blocks);
    for (uint32_t k = 0; k < o->n_blocks; k++) {
        if (!has_links(h))
            piece = spine_piece(h, i, k);
        else if (k > 0)
            piece = links_piece(h, piece, 1);
        if (fixed_area_of(h, piece) == a)
            info->used_bytes += h->block_bytes;
    }
}

/* The free block behind free block `i`; 0: none. */
static uint32_t next_free(struct heap *h, uint32_t i)
{
    const struct fixed_area *a = fixed_area_of(h, i);
    if (has_links(h))
        return fixed_get(h, a->table, i - a->from);
    return fixed_get(h, fixed_address(h, i), 0);
}

bool chains_area_info(struct heap *h, uint32_t index, struct area_info *info)
{
    struct heap_cursor cursor = {0};
    struct heap_object o;
    const struct fixed_area *a = &fixed_of(h)->first;
    addr32 start = h->base + h->control_bytes;
    for (uint32_t i = 0; i < index && a != NULL; i++) {
        start = a->next;
        a = fixed_area_at(h, start);
    }
    if (a == NULL)
        return false;

    *info = (struct area_info){0};
    fixed_describe(h, a, start, info);
    info->blocks.total_bytes = a->n_blocks << h->block_shift;
    for (uint32_t i = fixed_of(h)->free; i != 0; i = next_free(h, i))
        info->blocks.max_free += fixed_area_of(h, i) == a;
    info->blocks.free_bytes = info->blocks.max_free << h->block_shift;
    while (chains_walk(h, &cursor, &o))
        count_in_area(h, a, &o, &info->blocks);
    return true;
}
