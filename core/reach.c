/* reach.c - see reach.h for the contract and the source. */
#include "core/reach.h"

/*
 * What marking needs of the first area, where most objects are, in registers:
 * the table is written meanwhile, and nothing else.
 */
struct known {
    uint32_t *table;
    addr32 pool;
    uint32_t pool_bytes;
    uint32_t shift;
    addr32 leaf;
    bool is_only; /* there is no other area                               */
};

static inline struct known know(struct heap *h, const struct slide_area *a)
{
    return (struct known){.table = area_table(h, &a->area),
                          .pool = a->area.pool,
                          .pool_bytes = area_blocks(&a->area) << h->block_shift,
                          .shift = h->block_shift,
                          .leaf = a->leaf,
                          .is_only = slide_first(h)->area.next == 0};
}

/*
 * Mark the object at `offset` in the pool of `k`. Returns false if none begins
 * there, if it is marked already, or if it has nothing to look into. Pools
 * begin at multiples of the block.
 */
static inline bool reach_offset(struct heap *h, const struct known *k,
                                uint32_t offset)
{
    uint32_t b = offset >> k->shift;
    if (b << k->shift != offset || atab_get_kind(k->table, b) != ATAB_HEAD)
        return false;
    atab_head_to_mark(k->table, b);
    return k->leaf == 0 || !slide_get_bit(h, k->leaf, b);
}

/* The same for the object at `word`, in any area. */
static __attribute__((noinline)) bool reach_far(struct heap *h, uint32_t word)
{
    const struct slide_area *a = slide_area_of(h, word);
    if (a == NULL)
        return false;
    struct known k = know(h, a);
    return reach_offset(h, &k, word - k.pool);
}

/* The same, `k` being what is known of the first area. */
static inline bool reach_head(struct heap *h, const struct known *k,
                              uint32_t word)
{
    uint32_t offset = word - k->pool;
    if (offset < k->pool_bytes)
        return reach_offset(h, k, offset);
    return !k->is_only && reach_far(h, word);
}

/* Words of the marked object at `object`. */
static inline uint32_t words_of(struct heap *h, const struct known *k,
                                addr32 object)
{
    uint32_t *t = k->table;
    uint32_t b = (object - k->pool) >> k->shift;
    if (object - k->pool >= k->pool_bytes) {
        const struct slide_area *a = slide_area_of(h, object);
        t = area_table(h, &a->area);
        b = area_block_of(h, &a->area, object);
    }
    return atab_object_blocks(t, b) << k->shift >> 2;
}

/* Mark what the marked object at `object`, which is no leaf, reaches. */
static void walk(struct heap *h, struct mark *m, addr32 object)
{
    struct known k = know(h, slide_first(h));
    addr32 *stack = word_at(h, m->stack);
    uint32_t cap = m->cap;
    uint32_t depth = 0;
    for (;;) {
        const uint32_t *p = word_at(h, object);
        const uint32_t *end = p + words_of(h, &k, object);
        do {
            uint32_t word = *p++;
            if (!reach_head(h, &k, word))
                continue;
            if (depth < cap)
                stack[depth++] = word;
            else
                m->has_overflowed = 1;
        } while (p != end);
        if (depth == 0)
            return;
        object = stack[--depth];
    }
}

void reach_words(struct heap *h, struct mark *m, const uint32_t *p, uint32_t n)
{
    struct known k = know(h, slide_first(h));
    for (uint32_t i = 0; i < n; i++) {
        if (reach_head(h, &k, p[i]))
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
