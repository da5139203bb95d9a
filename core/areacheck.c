/* areacheck.c - see areacheck.h for the contract. */
#include "core/areacheck.h"

/* The kinds of a block, written down once more: see atab.h. */
enum { FREE = 0, HEAD = 1, TAIL = 2, MARK = 3 };

static uint32_t kind_of(struct heap *h, const struct area *a, uint32_t b)
{
    uint32_t four = *byte_at(h, a->table + b / 4);
    return four >> 2 * (b % 4) & 3;
}

/* Do n bytes at `p` lie in the window? */
static bool is_inside(const struct areacheck *known, addr32 p, uint32_t n)
{
    uint32_t offset = p - known->base;
    return offset <= known->window_bytes && n <= known->window_bytes - offset;
}

/* First byte of the area, and the first one behind it. */
static addr32 start_of(struct heap *h, const struct areacheck *known,
                       const struct area *a)
{
    return a == &h->first ? a->table : a->table - known->skip;
}

static addr32 end_of(const struct heap *h, const struct area *a)
{
    return a->pool + 4 * a->table_bytes * h->block_bytes;
}

/* 4: the list; it can be followed safely when this has passed. */
static bool is_list_right(struct heap *h, const struct areacheck *known)
{
    const struct area *a = &h->first;
    uint32_t n = 1;
    if (a->number != 0)
        return false;
    while (a->next != 0) {
        const struct area *next;
        if (n >= h->n_areas || a->next % 16 != 0 || known->skip == 0 ||
            a->next - known->base < h->control_bytes ||
            !is_inside(known, a->next, known->skip))
            return false;
        next = (const struct area *)(void *)word_at(h, a->next);
        /* Ascending numbers: no link leads back. */
        if (next->number <= a->number || next->number >= h->next_area)
            return false;
        a = next;
        n++;
    }
    return n == h->n_areas;
}

static const struct area *next_of(struct heap *h, const struct area *a)
{
    return a->next == 0 ? NULL
                        : (const struct area *)(void *)word_at(h, a->next);
}

/*
 * 5: the layout of the area whose table must be at `table`. Multiplications
 * stand for the division of the formula, so that they are not the same code.
 */
static bool is_layout_right(struct heap *h, const struct areacheck *known,
                            const struct area *a, addr32 table)
{
    uint32_t n = a->table_bytes;
    if (a->table != table || n == 0 || n > known->window_bytes / 32)
        return false;
    uint32_t pool_bytes = 4 * n * h->block_bytes;
    if (a->pool % h->block_bytes != 0 || !is_inside(known, a->pool, pool_bytes))
        return false;
    uint32_t tables = n + 1 + (h->has_finalisers ? (n + 1) / 2 : 0);
    if (!is_inside(known, table, tables) || a->pool - table < tables ||
        a->pool < table)
        return false;

    addr32 end = end_of(h, a);
    uint32_t eighths = 8 + (h->has_finalisers ? 4u : 0u) + 32 * h->block_bytes;
    uint64_t usable = 8 * (uint64_t)(end - table - 1);
    if ((uint64_t)n * eighths > usable || (n + UINT64_C(1)) * eighths <= usable)
        return false;
    if (a == &h->first &&
        (known->base + h->control_bytes + h->heap_bytes) / h->block_bytes !=
            end / h->block_bytes)
        return false;
    return a->pool >= h->pool_min && end <= h->pool_max;
}

/* 6: `a` touches none of the areas before it. */
static bool is_apart(struct heap *h, const struct areacheck *known,
                     const struct area *a)
{
    addr32 start = start_of(h, known, a);
    addr32 end = end_of(h, a);
    if (start - known->base < h->control_bytes)
        return false;
    for (const struct area *b = &h->first; b != a; b = next_of(h, b)) {
        if (start < end_of(h, b) && start_of(h, known, b) < end)
            return false;
    }
    return true;
}

/* 7: the sequence of kinds, and the gap byte. */
static bool is_table_right(struct heap *h, const struct area *a)
{
    uint32_t before = FREE;
    for (uint32_t i = 0; i < a->table_bytes; i++) {
        uint32_t four = *byte_at(h, a->table + i);
        if (four == 0) { /* four free blocks: common, and right */
            before = FREE;
            continue;
        }
        for (uint32_t place = 0; place < 4; place++) {
            uint32_t kind = four >> 2 * place & 3;
            if (kind == MARK || (kind == TAIL && before == FREE))
                return false;
            before = kind;
        }
    }
    return *byte_at(h, a->table + a->table_bytes) == 0;
}

/* 8: whose finaliser bits are set; a last half byte belongs to no block. */
static bool are_finalisers_right(struct heap *h, const struct area *a)
{
    uint32_t n_blocks = 4 * a->table_bytes;
    if (!h->has_finalisers)
        return true;
    addr32 bits = a->table + a->table_bytes + 1;
    for (uint32_t i = 0; i < (n_blocks + 7) / 8; i++) {
        uint32_t eight = *byte_at(h, bits + i);
        for (uint32_t b = 8 * i; eight != 0; b++, eight >>= 1) {
            bool is_head = b < n_blocks && kind_of(h, a, b) == HEAD;
            if ((eight & 1) != 0 && !is_head)
                return false;
        }
    }
    return true;
}

/* Are all blocks from `from` to before `to` free (or: used)? */
static bool are_all(struct heap *h, const struct area *a, uint32_t from,
                    uint32_t to, bool is_free)
{
    for (uint32_t b = from; b < to; b++) {
        if ((kind_of(h, a, b) == FREE) != is_free)
            return false;
    }
    return true;
}

static int check_area(struct heap *h, const struct area *a)
{
    uint32_t n_blocks = 4 * a->table_bytes;
    if (!is_table_right(h, a))
        return 7;
    if (!are_finalisers_right(h, a))
        return 8;
    if (a->last_used > n_blocks ||
        !are_all(h, a, a->last_used + 1, n_blocks, true))
        return 9;
    if (a->hint > a->table_bytes || !are_all(h, a, 0, 4 * a->hint, false))
        return 10;
    return 0;
}

/* 11: the area in which a search starts, and full ones before it. */
static bool is_search_right(struct heap *h)
{
    addr32 here = h->base + (addr32)offsetof(struct heap, first);
    for (const struct area *a = &h->first; a != NULL; a = next_of(h, a)) {
        if (here == h->search_area)
            return true;
        if (!are_all(h, a, 0, 4 * a->table_bytes, false))
            return false;
        here = a->next;
    }
    return false;
}

int areacheck(struct heap *h, const struct areacheck *known)
{
    if (!is_list_right(h, known))
        return 4;
    addr32 table = known->base + h->control_bytes;
    for (const struct area *a = &h->first; a != NULL; a = next_of(h, a)) {
        if (!is_layout_right(h, known, a, table))
            return 5;
        if (!is_apart(h, known, a))
            return 6;
        table = a->next + known->skip;
    }
    for (const struct area *a = &h->first; a != NULL; a = next_of(h, a)) {
        int broken = check_area(h, a);
        if (broken != 0)
            return broken;
    }
    return is_search_right(h) ? 0 : 11;
}
