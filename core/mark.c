/* mark.c - see mark.h for the contract, the order and the source. */
#include "core/mark.h"
#include "core/area.h"

/*
 * The area in which `word` is the address of a block, or null. Most words are
 * no address at all, so the cheap tests come first. Pools begin at multiples
 * of the block.
 */
static inline struct area *area_named(struct heap *h, uint32_t word)
{
    if (word - h->pool_min >= h->pool_max - h->pool_min)
        return NULL;
    if ((word & (h->block_bytes - 1)) != 0)
        return NULL;
    return area_of(h, word);
}

/* Mark the object that begins at `word`; false if none does, or it is marked.
 */
static inline bool mark_head(struct heap *h, uint32_t word)
{
    struct area *a = area_named(h, word);
    if (a == NULL)
        return false;
    uint32_t *t = area_table(h, a);
    uint32_t b = area_block_of(h, a, word);
    if (atab_get_kind(t, b) != ATAB_HEAD)
        return false;
    atab_head_to_mark(t, b);
    return true;
}

/* Mark what the marked object at `object` reaches. */
static void walk(struct heap *h, struct mark *m, addr32 object)
{
    addr32 *stack = word_at(h, m->stack);
    uint32_t depth = 0;
    for (;;) {
        struct area *a = area_of(h, object);
        uint32_t b = area_block_of(h, a, object);
        uint32_t n_blocks = atab_object_blocks(area_table(h, a), b);
        const uint32_t *word = word_at(h, object);
        for (uint32_t n = n_blocks << h->block_shift >> 2; n > 0; n--) {
            uint32_t value = *word++;
            if (!mark_head(h, value))
                continue;
            if (depth < m->cap)
                stack[depth++] = value;
            else
                m->has_overflowed = 1;
        }
        if (depth == 0)
            return;
        object = stack[--depth];
    }
}

void mark_word(struct heap *h, struct mark *m, uint32_t word)
{
    if (mark_head(h, word))
        walk(h, m, word);
}

/* One pass over the table of `a`, which changes as it goes. */
static void rescan_area(struct heap *h, struct mark *m, const struct area *a)
{
    const uint32_t *t = area_table(h, a);
    uint32_t n_blocks = area_blocks(a);
    uint32_t b = atab_next_mark(t, n_blocks, 0);
    while (b != ATAB_NONE) {
        walk(h, m, area_block_address(h, a, b));
        b = atab_next_mark(t, n_blocks, b + 1);
    }
}

void mark_rescan(struct heap *h, struct mark *m)
{
    while (m->has_overflowed) {
        m->has_overflowed = 0;
        m->n_rescans++;
        for (struct area *a = &h->first; a != NULL; a = area_next(h, a))
            rescan_area(h, m, a);
    }
}
