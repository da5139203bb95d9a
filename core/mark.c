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

/*
 * What marking needs of the first area, where most objects are, in registers:
 * the table is written meanwhile, and nothing else.
 */
struct known {
    addr32 pool;
    uint32_t pool_bytes;
    uint32_t *table;
    uint32_t shift;
    uint32_t is_only; /* there is no other area */
};

static inline struct known know(struct heap *h)
{
    const struct area *a = &h->first;
    return (struct known){.pool = a->pool,
                          .pool_bytes = area_blocks(a) << h->block_shift,
                          .table = area_table(h, a),
                          .shift = h->block_shift,
                          .is_only = a->next == 0};
}

/* As mark_head. Pools begin at multiples of the block. */
static inline bool mark_known(struct heap *h, const struct known *k,
                              uint32_t word)
{
    uint32_t offset = word - k->pool;
    if (offset >= k->pool_bytes)
        return k->is_only ? false : mark_head(h, word);
    uint32_t b = offset >> k->shift;
    if (b << k->shift != offset || atab_get_kind(k->table, b) != ATAB_HEAD)
        return false;
    atab_head_to_mark(k->table, b);
    return true;
}

/* Blocks of the marked object at `object`. */
static inline uint32_t length_of(struct heap *h, const struct known *k,
                                 addr32 object)
{
    uint32_t offset = object - k->pool;
    if (offset < k->pool_bytes)
        return atab_object_blocks(k->table, offset >> k->shift);
    const struct area *a = area_of(h, object);
    return atab_object_blocks(area_table(h, a), area_block_of(h, a, object));
}

/* Mark what the marked object at `object` reaches. */
static void walk(struct heap *h, struct mark *m, addr32 object)
{
    struct known k = know(h);
    addr32 *stack = word_at(h, m->stack);
    uint32_t cap = m->cap;
    uint32_t depth = 0;
    for (;;) {
        const uint32_t *word = word_at(h, object);
        uint32_t n_bytes = length_of(h, &k, object) << k.shift;
        const uint32_t *end = word + n_bytes / 4;
        do {
            uint32_t value = *word++;
            if (!mark_known(h, &k, value))
                continue;
            if (depth < cap)
                stack[depth++] = value;
            else
                m->has_overflowed = 1;
        } while (word != end);
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
