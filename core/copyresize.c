/* copyresize.c - copying_realloc: see copying.h for the contract. */
#include "core/copycollect.h"
#include "core/copyinner.h"
#include "core/copyregion.h"

/* Clear the words from that at `from` on to before `end`. */
static inline void clean(struct heap *h, addr32 from, addr32 end)
{
    for (addr32 p = from & ~UINT32_C(3); p != end; p += 4)
        *word_at(h, p) = 0;
}

/* What lies behind `bytes` bytes must not be taken for references. */
static void clean_rest(struct heap *h, addr32 object, uint32_t bytes,
                       uint32_t n_blocks)
{
    addr32 p = object + bytes;
    if (p % 4 != 0) {
        uint32_t *word = word_at(h, p & ~UINT32_C(3));
        *word &= (UINT32_C(1) << 8 * (p % 4)) - 1;
    }
    clean(h, p + 3, object + (n_blocks << h->block_shift));
}

/* The object at block b takes the free blocks behind it, and is cleaned. */
static void extend(struct heap *h, struct slide_area *a, uint32_t b,
                   uint32_t old, uint32_t bytes)
{
    uint32_t n_blocks = copying_blocks_for(h, bytes);
    region_take(h, a, b + old, n_blocks - old);
    copying_clean(h, area_block_address(h, &a->area, b + old), n_blocks - old,
                  copying_of(h)->params.zero);
}

/*
 * The object that own->moving names becomes `bytes` bytes long in its place,
 * after whatever slide this needs. If there was a collection in this call
 * (`has_collected`), the slide is part of it.
 */
static bool grow_hard(struct heap *h, uint32_t bytes, bool has_collected)
{
    const struct copying *own = copying_of(h);
    struct slide_area *a = slide_area_of(h, own->moving);
    uint32_t old = copying_bytes(h, own->moving) >> h->block_shift;
    uint32_t more = copying_blocks_for(h, bytes) - old;
    if (region_free_blocks(h, a) < more)
        return false;
    if (!has_collected)
        copycollect_begin(h, CAUSE_SLIDE);
    if (!has_collected || own->params.slide != COPYING_FULL)
        copycollect_slide(h);

    CORE_ASSERT(slide_area_of(h, own->moving) == a);
    uint32_t b = area_block_of(h, &a->area, own->moving);
    const uint32_t *t = area_table(h, &a->area);
    if (atab_free_run(t, area_blocks(&a->area), b + old, more) < more &&
        !copycollect_raise(h, a, b + old, more))
        return false;
    extend(h, a, b, old, bytes);
    h->refusal = REFUSAL_NONE;
    return true;
}

/* Somewhere else: allocate, copy, free. The object may slide meanwhile. */
static addr32 move(struct heap *h, struct slide_area *a, addr32 object,
                   uint32_t bytes)
{
    struct copying *own = copying_of(h);
    uint32_t b = area_block_of(h, &a->area, object);
    uint32_t old = atab_object_blocks(area_table(h, &a->area), b);
    uint32_t flags = area_has_finaliser(h, &a->area, b) ? HEAP_FINALISER : 0;
    if (a->leaf != 0 && slide_get_bit(h, a->leaf, b))
        flags |= HEAP_LEAF;
    if (a->ambiguous != 0 && slide_get_bit(h, a->ambiguous, b))
        flags |= HEAP_AMBIGUOUS;
    uint32_t n_before = h->n_collections;

    own->moving = object;
    addr32 to = copying_alloc(h, bytes, flags);
    if (to != 0) {
        __builtin_memmove(byte_at(h, to), byte_at(h, own->moving),
                          old << h->block_shift);
        copying_free(h, own->moving);
    } else if (grow_hard(h, bytes, h->n_collections != n_before)) {
        to = own->moving;
    }
    own->moving = 0;
    return to;
}

addr32 copying_realloc(struct heap *h, addr32 object, uint32_t bytes,
                       bool may_move)
{
    if (object == 0)
        return copying_alloc(h, bytes, 0);
    h->refusal = REFUSAL_NONE;
    if (bytes == 0) {
        copying_free(h, object);
        return 0;
    }
    struct slide_area *a = slide_area_of(h, object);
    uint32_t n_blocks = copying_blocks_for(h, bytes);
    if (copying_is_locked(h) || n_blocks == 0 || a == NULL) {
        h->refusal = copying_is_locked(h) ? REFUSAL_LOCKED : REFUSAL_LIMIT;
        return 0;
    }

    uint32_t b = area_block_of(h, &a->area, object);
    uint32_t *t = area_table(h, &a->area);
    uint32_t old = atab_object_blocks(t, b);
    if (n_blocks < old) {
        atab_clear(t, b + n_blocks, old - n_blocks);
        region_give(h, a, b + n_blocks, old - n_blocks);
    }
    if (n_blocks <= old) {
        clean_rest(h, object, bytes, n_blocks);
        return object;
    }
    uint32_t more = n_blocks - old;
    if (atab_free_run(t, area_blocks(&a->area), b + old, more) == more) {
        extend(h, a, b, old, bytes);
        return object;
    }
    if (!may_move) {
        h->refusal = REFUSAL_IN_PLACE;
        return 0;
    }
    return move(h, a, object, bytes);
}
