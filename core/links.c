/* links.c - see links.h for the contract and the source. */
#include "core/links.h"

/* Where the link of block `i` lies. */
static inline addr32 link_at(struct heap *h, uint32_t i)
{
    const struct fixed_area *a = fixed_area_of(h, i);
    return a->table + (i - a->from) * fixed_of(h)->index_bytes;
}

static inline uint32_t get(struct heap *h, addr32 at)
{
    return fixed_get(h, at, 0);
}

static inline void put(struct heap *h, addr32 at, uint32_t link)
{
    fixed_put(h, at, 0, link);
}

/* The link of a block, without the flag. */
static inline uint32_t next_of(struct heap *h, uint32_t i)
{
    return get(h, link_at(h, i)) & fixed_of(h)->index_max;
}

/* The flag is the bit above index_max. */
static inline uint32_t first_flag(struct heap *h)
{
    return fixed_of(h)->index_max + 1;
}

/*
 * With one area and links of 2 bytes, as nearly always, the table is an array
 * by index: entry i - 1 is the link of block i. Null where it is not so.
 */
static inline const uint16_t *short_table(struct heap *h)
{
    const struct fixed *f = fixed_of(h);
    if (h->n_areas != 1 || f->index_bytes != 2)
        return NULL;
    return half_at(h, f->first.table);
}

/* The last block of the chain from `i` on; `*n` receives its length. */
static uint32_t last_of(struct heap *h, uint32_t i, uint32_t *n)
{
    const uint16_t *table = short_table(h);
    uint32_t length = 1;
    uint32_t next;
    if (table != NULL) {
        for (; (next = table[i - 1] & FIXED_NARROW_MAX) != 0; length++)
            i = next;
    } else {
        for (; (next = next_of(h, i)) != 0; length++)
            i = next;
    }
    *n = length;
    return i;
}

/* Put the chain of n blocks from `first` to `last` in front of the free one. */
static void give_chain(struct heap *h, uint32_t first, uint32_t last,
                       uint32_t n)
{
    struct fixed *f = fixed_of(h);
    put(h, link_at(h, last), f->free);
    f->free = first;
    f->n_free += n;
}

/* Take n blocks off the free chain: a chain of their own. */
static uint32_t take_chain(struct heap *h, uint32_t n)
{
    struct fixed *f = fixed_of(h);
    CORE_ASSERT(n > 0 && n <= f->n_free);
    uint32_t first = f->free;
    addr32 at = link_at(h, links_piece(h, first, n - 1));
    f->free = get(h, at);
    f->n_free -= n;
    put(h, at, 0);
    return first;
}

void links_open(struct heap *h, const struct fixed_area *a)
{
    uint32_t n = a->n_blocks;
    for (uint32_t b = 0; b + 1 < n; b++)
        fixed_put(h, a->table, b, a->from + b + 1);
    give_chain(h, a->from, a->from + n - 1, n);
}

/* Most objects are one block: then its link is all that changes. */
uint32_t links_take(struct heap *h, uint32_t n)
{
    struct fixed *f = fixed_of(h);
    if (n > f->n_free)
        return 0;
    uint32_t i = f->free;
    addr32 at = link_at(h, i);
    if (n == 1) {
        f->free = get(h, at);
        f->n_free--;
        put(h, at, first_flag(h));
        return i;
    }
    (void)take_chain(h, n);
    put(h, at, get(h, at) | first_flag(h));
    return i;
}

void links_give(struct heap *h, uint32_t i)
{
    struct fixed *f = fixed_of(h);
    addr32 at = link_at(h, i);
    CORE_ASSERT((get(h, at) & first_flag(h)) != 0);
    uint32_t next = get(h, at) & f->index_max;
    if (next == 0) { /* the only block: as in links_take */
        put(h, at, f->free);
        f->free = i;
        f->n_free++;
        return;
    }
    uint32_t n;
    put(h, at, next);
    uint32_t last = last_of(h, next, &n);
    give_chain(h, i, last, n + 1);
}

uint32_t links_count(struct heap *h, uint32_t i)
{
    uint32_t n;
    (void)last_of(h, i, &n);
    return n;
}

bool links_resize(struct heap *h, uint32_t i, uint32_t n, uint32_t *had)
{
    uint32_t next;
    *had = 1;
    while ((next = next_of(h, i)) != 0 && *had < n) {
        i = next;
        ++*had;
    }
    /* Block i is the last to be kept, or the last of all. */
    addr32 at = link_at(h, i);
    uint32_t flag = get(h, at) & first_flag(h);
    if (*had < n) {
        if (n - *had > fixed_of(h)->n_free)
            return false;
        put(h, at, take_chain(h, n - *had) | flag);
    } else if (next != 0) {
        uint32_t n_cut;
        uint32_t last = last_of(h, next, &n_cut);
        put(h, at, flag);
        give_chain(h, next, last, n_cut);
        *had += n_cut;
    }
    return true;
}

uint32_t links_piece(struct heap *h, uint32_t i, uint32_t k)
{
    const uint16_t *table = short_table(h);
    for (; table != NULL && k > 0; k--)
        i = table[i - 1] & FIXED_NARROW_MAX;
    for (; k > 0; k--)
        i = next_of(h, i);
    return i;
}

bool links_is_first(struct heap *h, const struct fixed_area *a, uint32_t b)
{
    return fixed_get(h, a->table, b) > fixed_of(h)->index_max;
}
