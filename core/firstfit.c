/* firstfit.c - see firstfit.h for the contract and the source. */
#include "core/firstfit.h"

static addr32 refuse(struct heap *h, uint32_t why)
{
    h->refusal = why;
    return 0;
}

/* Blocks for `bytes` > 0 bytes. */
static uint32_t blocks_for(const struct heap *h, uint32_t bytes)
{
    return ((bytes - 1) >> h->block_shift) + 1;
}

/* Blocks of `a` from `b` on have become free. */
static void lower_hint(struct area *a, uint32_t b)
{
    if (b / 4 < a->hint)
        a->hint = b / 4;
}

/* Blocks of `a` up to `b` may be used. */
static void raise_last(struct area *a, uint32_t b)
{
    if (b > a->last_used)
        a->last_used = b;
}

addr32 firstfit_alloc(struct heap *h, uint32_t bytes)
{
    if (bytes == 0)
        return refuse(h, REFUSAL_NONE);
    uint32_t n = blocks_for(h, bytes);
    for (struct area *a = &h->first; a != NULL; a = area_next(h, a)) {
        uint32_t *t = area_table(h, a);
        uint32_t b = atab_find_free(t, area_blocks(a), 4 * a->hint, n);
        if (b == ATAB_NONE)
            continue;
        if (n == 1) /* only then all before it were seen to be used */
            a->hint = (b + 1) / 4;
        raise_last(a, b + n - 1);
        atab_take(t, b, n);
        h->refusal = REFUSAL_NONE;
        return area_block_address(h, a, b);
    }
    return refuse(h, REFUSAL_FULL);
}

void firstfit_free(struct heap *h, addr32 object)
{
    if (object == 0)
        return;
    struct area *a = area_of(h, object);
    uint32_t b = area_block_of(h, a, object);
    CORE_ASSERT(area_block_address(h, a, b) == object &&
                atab_get_kind(area_table(h, a), b) == ATAB_HEAD);
    lower_hint(a, b);
    atab_release(area_table(h, a), b);
}

/* Make the object at block `b` of `a` n blocks long where it is. */
static bool resize_in_place(struct heap *h, struct area *a, uint32_t b,
                            uint32_t n)
{
    uint32_t *t = area_table(h, a);
    uint32_t old = atab_object_blocks(t, b);
    if (n <= old) {
        atab_clear(t, b + n, old - n);
        lower_hint(a, b + n);
        return true;
    }
    if (n > area_blocks(a) ||
        atab_free_run(t, area_blocks(a), b + old, n - old) < n - old)
        return false;
    atab_extend(t, b + old, n - old);
    raise_last(a, b + n - 1);
    return true;
}

addr32 firstfit_realloc(struct heap *h, addr32 object, uint32_t bytes,
                        bool may_move)
{
    if (object == 0)
        return firstfit_alloc(h, bytes);
    if (bytes == 0) {
        firstfit_free(h, object);
        return refuse(h, REFUSAL_NONE);
    }
    struct area *a = area_of(h, object);
    uint32_t b = area_block_of(h, a, object);
    if (resize_in_place(h, a, b, blocks_for(h, bytes))) {
        h->refusal = REFUSAL_NONE;
        return object;
    }
    if (!may_move)
        return refuse(h, REFUSAL_IN_PLACE);
    addr32 to = firstfit_alloc(h, bytes);
    if (to == 0)
        return 0;
    __builtin_memcpy(word_at(h, to), word_at(h, object),
                     firstfit_bytes(h, object));
    firstfit_free(h, object);
    return to;
}

uint32_t firstfit_bytes(struct heap *h, addr32 object)
{
    struct area *a = area_of(h, object);
    uint32_t b = area_block_of(h, a, object);
    return atab_object_blocks(area_table(h, a), b) << h->block_shift;
}
