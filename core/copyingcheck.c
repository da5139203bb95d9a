/*
 * copyingcheck.c - copying_check: is a heap of copying.h in order?
 *
 * Shares no code with what it checks: it reads the tables block by block, as
 * drawn in slide.h, and recomputes what those keep up to date. What a loop is
 * bounded by has been checked before it, so it ends on any bytes.
 */
#include "core/copying.h"

/* The kinds of a block, written down once more: see atab.h. */
enum { FREE = 0, HEAD = 1, TAIL = 2, MARK = 3 };

/* What is known without believing the heap. */
struct known {
    addr32 base;
    uint32_t window_bytes;
};

#define SKIP ((uint32_t)sizeof(struct slide_area))

static uint32_t kind_of(struct heap *h, const struct area *a, uint32_t b)
{
    uint32_t four = *byte_at(h, a->table + b / 4);
    return four >> 2 * (b % 4) & 3;
}

/* Do n bytes at `p` lie in the window? */
static bool is_inside(const struct known *known, addr32 p, uint32_t n)
{
    uint32_t offset = p - known->base;
    return offset <= known->window_bytes && n <= known->window_bytes - offset;
}

/* 1: the control block is this manager's, and sizes fit. */
static bool is_control_right(const struct heap *h, const struct known *known)
{
    uint32_t fixed = sizeof *h + sizeof(struct copying);
    return known->window_bytes >= fixed && h->base == known->base &&
           h->manager == MANAGER_copying && h->control_bytes >= fixed &&
           h->control_bytes <= known->window_bytes &&
           h->heap_bytes <= known->window_bytes - h->control_bytes;
}

/* 2: parameters, and what follows from them. */
static bool are_params_right(struct heap *h)
{
    const struct copying *own = copying_of(h);
    const struct copying_params *p = &own->params;
    return copying_control_bytes(p) == h->control_bytes &&
           own->mark.stack ==
               h->base + (addr32)(sizeof *h + sizeof(struct copying)) &&
           own->cleaning == (p->zero != 0 || p->block != 16) &&
           own->mark.cap == p->mark_stack && h->block_bytes == p->block &&
           h->block_shift <= 6 && UINT32_C(1) << h->block_shift == p->block &&
           h->has_finalisers == p->finalisers && h->is_auto <= 1;
}

/* 3: nothing is under way. */
static bool is_idle(struct heap *h)
{
    const struct copying *own = copying_of(h);
    return h->phase == PHASE_IDLE && own->mark.has_overflowed == 0 &&
           own->moving == 0 && own->slide.n_pinned == 0;
}

static const struct slide_area *next_of(struct heap *h,
                                        const struct slide_area *a)
{
    if (a->area.next == 0)
        return NULL;
    return (const struct slide_area *)(void *)word_at(h, a->area.next);
}

/* 4: the list; it can be followed safely when this has passed. */
static bool is_list_right(struct heap *h, const struct known *known)
{
    const struct slide_area *a = slide_first(h);
    uint32_t n = 1;
    if (a->area.number != 0)
        return false;
    while (a->area.next != 0) {
        if (n >= h->n_areas || a->area.next % 16 != 0 ||
            a->area.next - known->base < h->control_bytes ||
            !is_inside(known, a->area.next, SKIP))
            return false;
        const struct slide_area *next = next_of(h, a);
        /* Ascending numbers: no link leads back. */
        if (next->area.number <= a->area.number ||
            next->area.number >= h->next_area)
            return false;
        a = next;
        n++;
    }
    return n == h->n_areas;
}

static addr32 end_of(const struct heap *h, const struct slide_area *a)
{
    return a->area.pool + 4 * a->area.table_bytes * h->block_bytes;
}

/* Bytes of all tables of an area with n table bytes; whether its vector has
 * entries of four bytes depends on the area's size. */
static uint32_t tables_for(struct heap *h, uint32_t n, bool is_wide)
{
    const struct copying_params *p = &copying_of(h)->params;
    uint32_t side = (n + 1) / 2;
    uint32_t entry = is_wide ? 4 : 2;
    return n + 1 + (p->finalisers + p->leaf + p->ambiguous) * side +
           (n + 15) / 16 * entry;
}

/*
 * 5: the layout of the area whose table must be at `table`. As many blocks as
 * fit: one table byte more would not.
 */
static bool is_layout_right(struct heap *h, const struct known *known,
                            const struct slide_area *a, addr32 table)
{
    const struct copying_params *p = &copying_of(h)->params;
    uint32_t n = a->area.table_bytes;
    if (a->area.table != table || n == 0 || n > known->window_bytes / 32)
        return false;
    uint32_t four = 4 * h->block_bytes;
    if (a->area.pool % h->block_bytes != 0 || a->area.pool < table ||
        !is_inside(known, a->area.pool, n * four) ||
        !is_inside(known, table, 0))
        return false;

    addr32 end = end_of(h, a);
    bool is_wide = (end - table) / h->block_bytes > SLIDE_SHORT_MAX;
    uint32_t usable = end - table;
    if (tables_for(h, n, is_wide) + n * four > usable ||
        tables_for(h, n + 1, is_wide) + (n + 1) * four <= usable)
        return false;
    addr32 side = table + n + 1 + p->finalisers * ((n + 1) / 2);
    if (a->leaf != (p->leaf ? side : 0))
        return false;
    side += p->leaf * ((n + 1) / 2);
    if (a->ambiguous != (p->ambiguous ? side : 0) ||
        a->offset != a->area.pool - (n + 15) / 16 * (is_wide ? 4 : 2))
        return false;
    if (a == slide_first(h) &&
        (known->base + h->control_bytes + h->heap_bytes) / h->block_bytes !=
            end / h->block_bytes)
        return false;
    return a->area.pool >= h->pool_min && end <= h->pool_max;
}

static addr32 start_of(struct heap *h, const struct slide_area *a)
{
    return a == slide_first(h) ? a->area.table : a->area.table - SKIP;
}

/* 6: `a` touches none of the areas before it. */
static bool is_apart(struct heap *h, const struct slide_area *a)
{
    addr32 start = start_of(h, a);
    addr32 end = end_of(h, a);
    if (start - h->base < h->control_bytes)
        return false;
    for (const struct slide_area *b = slide_first(h); b != a;
         b = next_of(h, b)) {
        if (start < end_of(h, b) && start_of(h, b) < end)
            return false;
    }
    return true;
}

/* 7: the sequence of kinds, and the gap byte. */
static bool is_table_right(struct heap *h, const struct area *a)
{
    uint32_t before = FREE;
    for (uint32_t b = 0; b < 4 * a->table_bytes; b++) {
        uint32_t kind = kind_of(h, a, b);
        if (kind == MARK || (kind == TAIL && before == FREE))
            return false;
        before = kind;
    }
    return *byte_at(h, a->table + a->table_bytes) == 0;
}

/* 8: whose bits are set in the side table at `bits`; a last half byte belongs
 * to no block. */
static bool are_bits_right(struct heap *h, const struct area *a, addr32 bits)
{
    uint32_t n_blocks = 4 * a->table_bytes;
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

static bool are_sides_right(struct heap *h, const struct slide_area *a)
{
    const struct area *area = &a->area;
    return (!h->has_finalisers ||
            are_bits_right(h, area, area->table + area->table_bytes + 1)) &&
           (a->leaf == 0 || are_bits_right(h, area, a->leaf)) &&
           (a->ambiguous == 0 || are_bits_right(h, area, a->ambiguous));
}

/* 9: the region is a stretch of free blocks of the area searched first. */
static bool is_region_right(struct heap *h)
{
    const struct copying *own = copying_of(h);
    addr32 here = h->base + (addr32)offsetof(struct heap, first);
    const struct slide_area *a = slide_first(h);
    while (here != h->search_area) {
        if (a->area.next == 0)
            return false;
        here = a->area.next;
        a = next_of(h, a);
    }
    if (own->table != a->area.table || own->pool != a->area.pool ||
        own->cursor > own->stop || own->stop > own->limit ||
        own->limit > 4 * a->area.table_bytes)
        return false;
    for (uint32_t b = own->cursor; b < own->limit; b++) {
        if (kind_of(h, &a->area, b) != FREE)
            return false;
    }
    return true;
}

/* 10: the number of free blocks. */
static bool is_free_right(struct heap *h, const struct slide_area *a)
{
    const struct copying *own = copying_of(h);
    uint32_t n = 0;
    for (uint32_t b = 0; b < 4 * a->area.table_bytes; b++)
        n += kind_of(h, &a->area, b) == FREE;
    if (own->table == a->area.table)
        n -= own->limit - own->cursor;
    return n == a->n_free;
}

static int check_areas(struct heap *h, const struct known *known)
{
    addr32 table = known->base + h->control_bytes;
    const struct slide_area *a = slide_first(h);
    for (; a != NULL; a = next_of(h, a)) {
        if (!is_layout_right(h, known, a, table))
            return 5;
        if (!is_apart(h, a))
            return 6;
        table = a->area.next + SKIP;
    }
    for (a = slide_first(h); a != NULL; a = next_of(h, a)) {
        if (!is_table_right(h, &a->area))
            return 7;
        if (!are_sides_right(h, a))
            return 8;
    }
    if (!is_region_right(h))
        return 9;
    for (a = slide_first(h); a != NULL; a = next_of(h, a)) {
        if (!is_free_right(h, a))
            return 10;
    }
    return 0;
}

int copying_check(struct heap *h, addr32 base, uint32_t window_bytes)
{
    const struct known known = {base, window_bytes};
    if (!is_control_right(h, &known))
        return 1;
    if (!are_params_right(h))
        return 2;
    if (!is_idle(h))
        return 3;
    if (!is_list_right(h, &known))
        return 4;
    return check_areas(h, &known);
}
