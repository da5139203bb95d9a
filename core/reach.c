/* reach.c - see reach.h for the contract and the source. */
#include "core/reach.h"

/*
 * Mark the object that begins at `word`. Returns false if none does, if it is
 * marked already, or if it has nothing to look into.
 */
static inline bool reach_head(struct heap *h, uint32_t word)
{
    if (word - h->pool_min >= h->pool_max - h->pool_min ||
        (word & (h->block_bytes - 1)) != 0)
        return false;
    const struct slide_area *a = slide_area_of(h, word);
    if (a == NULL)
        return false;
    uint32_t *t = area_table(h, &a->area);
    uint32_t b = area_block_of(h, &a->area, word);
    if (atab_get_kind(t, b) != ATAB_HEAD)
        return false;
    atab_head_to_mark(t, b);
    return a->leaf == 0 || !slide_get_bit(h, a->leaf, b);
}

/* Look at the words of the object at `object`; returns the stack's depth. */
static uint32_t look_into(struct heap *h, struct mark *m, addr32 object,
                          uint32_t depth)
{
    addr32 *stack = word_at(h, m->stack);
    const struct slide_area *a = slide_area_of(h, object);
    uint32_t b = area_block_of(h, &a->area, object);
    uint32_t n_blocks = atab_object_blocks(area_table(h, &a->area), b);
    const uint32_t *p = word_at(h, object);
    for (uint32_t n = n_blocks << h->block_shift >> 2; n > 0; n--) {
        uint32_t word = *p++;
        if (!reach_head(h, word))
            continue;
        if (depth < m->cap)
            stack[depth++] = word;
        else
            m->has_overflowed = 1;
    }
    return depth;
}

/* Mark what the marked object at `object`, which is no leaf, reaches. */
static void walk(struct heap *h, struct mark *m, addr32 object)
{
    const addr32 *stack = word_at(h, m->stack);
    uint32_t depth = look_into(h, m, object, 0);
    while (depth > 0) {
        depth--;
        depth = look_into(h, m, stack[depth], depth);
    }
}

void reach_words(struct heap *h, struct mark *m, const uint32_t *p, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (reach_head(h, p[i]))
            walk(h, m, p[i]);
    }
}

/* One pass over the table of `a`, which changes as it goes. */
static void rescan(struct heap *h, struct mark *m, const struct slide_area *a)
{
    const uint32_t *t = area_table(h, &a->area);
    uint32_t n_blocks = area_blocks(&a->area);
    uint32_t b = atab_next_mark(t, n_blocks, 0);
    while (b != ATAB_NONE) {
        if (a->leaf == 0 || !slide_get_bit(h, a->leaf, b))
            walk(h, m, area_block_address(h, &a->area, b));
        b = atab_next_mark(t, n_blocks, b + 1);
    }
}

void reach_rest(struct heap *h, struct mark *m)
{
    while (m->has_overflowed) {
        m->has_overflowed = 0;
        m->n_rescans++;
        const struct slide_area *a = slide_first(h);
        for (; a != NULL; a = slide_next(h, a))
            rescan(h, m, a);
    }
}
