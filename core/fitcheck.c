/*
 * fitcheck.c - fit_check, which shares no code with what it checks
 *
 * Tables are read by areacheck, chunks as fit.h draws them. Every address is
 * looked at before it is followed, and each loop is bounded by what was found
 * right before it: chunks by the length of their area, the ring by the chunks
 * that it must name.
 */
#include "core/areacheck.h"
#include "core/fit.h"

/* What is known without believing the heap. */
struct known {
    addr32 base;
    uint32_t window_bytes;
};

static bool is_inside(const struct known *k, addr32 p, uint32_t n)
{
    uint32_t offset = p - k->base;
    return offset <= k->window_bytes && n <= k->window_bytes - offset;
}

/* ---- 1 to 3: the control block ------------------------------------------ */

static bool are_params_right(const struct heap *h, const struct fit_params *p)
{
    bool is_block =
        p->block == 8 || p->block == 16 || p->block == 32 || p->block == 64;
    bool is_align = p->align == 4 || p->align == 8 || p->align == 16;
    uint32_t unit = p->tags == FIT_TABLE ? p->block : 4;
    uint32_t start = unit > 16 ? unit : 16;
    uint32_t fixed = sizeof *h + sizeof(struct fit);
    return is_block && is_align && (p->tag == 4 || p->tag == 8) &&
           p->tags <= FIT_INLINE && p->policy < FIT_POLICY_N && p->zero <= 1 &&
           h->control_bytes % start == 0 && h->control_bytes - fixed < start &&
           h->block_bytes == unit && h->block_shift <= 6 &&
           UINT32_C(1) << h->block_shift == unit;
}

static bool are_unused_zero(const struct heap *h, const struct fit *f)
{
    uint32_t any = h->phase | h->lock_depth | h->is_auto | h->threshold_blocks |
                   h->given_blocks | h->n_collections | h->n_grown |
                   h->last_cause | h->last_rescans | h->last_freed_objects |
                   h->last_freed_blocks | h->last_given_back |
                   h->has_finalisers;
    if (f->params.tags == FIT_INLINE)
        any |= h->search_area | f->rover_area | h->first.next |
               h->first.number | h->first.table | h->first.table_bytes |
               h->first.pool | h->first.hint | h->first.last_used;
    else
        any |= f->first.next | f->first.number | f->first.chunk | f->first.end |
               f->head;
    if (f->params.policy != FIT_NEXT)
        any |= f->rover | f->rover_area;
    return any == 0;
}

static int check_control(struct heap *h, const struct known *k)
{
    uint32_t fixed = sizeof(struct heap) + sizeof(struct fit);
    if (k->window_bytes < fixed || h->base != k->base ||
        h->manager != MANAGER_fit || h->control_bytes < fixed ||
        h->control_bytes > k->window_bytes ||
        h->heap_bytes > k->window_bytes - h->control_bytes)
        return 1;
    if (!are_params_right(h, &fit_of(h)->params))
        return 2;
    return are_unused_zero(h, fit_of(h)) ? 0 : 3;
}

/* ---- A table: the rover -------------------------------------------------- */

static bool is_rover_of(struct heap *h, const struct area *a, addr32 rover)
{
    uint32_t n_blocks = 4 * a->table_bytes;
    uint32_t b = (rover - a->pool) / h->block_bytes;
    if (rover < a->pool || rover % h->block_bytes != 0 || b > n_blocks)
        return false;
    return b == n_blocks || (*byte_at(h, a->table + b / 4) >> 2 * (b % 4) &
                             3) != 2; /* no TAIL */
}

static bool is_table_rover_right(struct heap *h)
{
    const struct fit *f = fit_of(h);
    addr32 here = h->base + (addr32)offsetof(struct heap, first);
    const struct area *a = &h->first;
    while (f->rover_area != here) {
        here = a->next;
        if (here == 0)
            return false;
        a = (const struct area *)(void *)word_at(h, here);
    }
    return is_rover_of(h, a, f->rover);
}

static int check_table(struct heap *h, const struct known *k)
{
    const struct areacheck known = {
        .base = k->base,
        .window_bytes = k->window_bytes,
        .skip = FIT_AREA_BYTES,
    };
    int broken = areacheck(h, &known);
    if (broken != 0)
        return broken;
    const struct area *a = &h->first;
    while (fit_of(h)->params.policy != FIT_FIRST && a->hint == 0 &&
           a->next != 0)
        a = (const struct area *)(void *)word_at(h, a->next);
    if (fit_of(h)->params.policy != FIT_FIRST && a->hint != 0)
        return 10;
    if (h->search_area != h->base + (addr32)offsetof(struct heap, first))
        return 11;
    if (fit_of(h)->params.policy != FIT_NEXT)
        return 0;
    return is_table_rover_right(h) ? 0 : 12;
}

/* ---- Inline tags, 4 to 6: the list of areas ------------------------------ */

static struct fit_area *area_at(struct heap *h, addr32 p)
{
    return p == 0 ? NULL : (struct fit_area *)(void *)word_at(h, p);
}

static int check_list(struct heap *h, const struct known *k)
{
    addr32 behind_control = k->base + h->control_bytes;
    const struct fit_area *a = &fit_of(h)->first;
    if (a->number != 0 || h->n_areas == 0)
        return 4;
    for (uint32_t i = 1; i < h->n_areas; i++) {
        uint32_t number = a->number;
        addr32 at = a->next;
        if (at % 16 != 0 || at < behind_control || !is_inside(k, at, sizeof *a))
            return 4;
        a = area_at(h, at);
        if (a->number <= number)
            return 4;
    }
    return a->next != 0 || a->number >= h->next_area ? 4 : 0;
}

/* Where the bytes behind the descriptor of area `a`, which is at `at`, begin.
 */
static addr32 start_of(struct heap *h, const struct fit_area *a, addr32 at)
{
    return a == &fit_of(h)->first ? h->base + h->control_bytes
                                  : at + (addr32)sizeof *a;
}

/* Do chunk and end lie as the start, align and the window demand? */
static bool is_layout_right(struct heap *h, const struct known *k,
                            const struct fit_area *a, addr32 start)
{
    const struct fit_params *p = &fit_of(h)->params;
    return a->chunk - start >= p->tag && a->chunk - start < p->tag + p->align &&
           a->chunk % p->align == 0 && a->end % p->align == 0 &&
           a->end > a->chunk && a->end - a->chunk >= FIT_CHUNK_MIN &&
           is_inside(k, a->chunk, a->end - a->chunk + 8) &&
           h->pool_min >= k->base + h->control_bytes &&
           h->pool_min <= a->chunk && a->end <= h->pool_max;
}

static int check_layouts(struct heap *h, const struct known *k)
{
    addr32 at = 0;
    const struct fit_area *a = &fit_of(h)->first;
    addr32 end = k->base + h->control_bytes + h->heap_bytes;
    if (a->end + 8 > end || end - a->end - 8 >= fit_of(h)->params.align)
        return 5;
    while (a != NULL) {
        if (!is_layout_right(h, k, a, start_of(h, a, at)))
            return 5;
        at = a->next;
        a = area_at(h, at);
    }
    return 0;
}

static int check_overlaps(struct heap *h)
{
    addr32 at = 0;
    for (const struct fit_area *a = &fit_of(h)->first; a != NULL;) {
        addr32 from = at == 0 ? h->base : at;
        addr32 other = a->next;
        while (other != 0) {
            const struct fit_area *b = area_at(h, other);
            if (from < b->end + 8 && other < a->end + 8)
                return 6;
            other = b->next;
        }
        at = a->next;
        a = area_at(h, at);
    }
    return 0;
}

/* ---- 7, 8: the chunks of an area ----------------------------------------- */

static uint32_t header_at(struct heap *h, addr32 p)
{
    return *word_at(h, p - 4);
}

static int check_sizes(struct heap *h, const struct fit_area *a)
{
    uint32_t align = fit_of(h)->params.align;
    for (addr32 p = a->chunk; p != a->end;) {
        uint32_t size = header_at(h, p) / 4 * 4;
        if (size < FIT_CHUNK_MIN || size % align != 0 || size > a->end - p)
            return 7;
        p += size;
    }
    return 0;
}

static int check_tags(struct heap *h, const struct fit_area *a)
{
    bool has_both = fit_of(h)->params.tag == 8;
    uint32_t before = 0; /* header of the chunk before, without P */
    if (has_both && *word_at(h, a->chunk - 8) != 0)
        return 8;
    for (addr32 p = a->chunk;;) {
        uint32_t header = header_at(h, p);
        uint32_t expected = !has_both && before % 2 == 1 ? FIT_PREV_FREE : 0;
        if ((header & FIT_PREV_FREE) != expected ||
            (header % 2 == 1 && before % 2 == 1))
            return 8;
        if (p == a->end)
            return header / 4 != 0 || header % 2 == 1 ? 8 : 0;
        before = header & ~FIT_PREV_FREE;
        p += header / 4 * 4;
        if ((has_both || before % 2 == 1) && *word_at(h, p - 8) != before)
            return 8;
    }
}

/* ---- 9 to 12: the ring, its head, the rover -------------------------------
 */

/* The next chunk that must be in the ring: `p`, if it is free or the end. */
static addr32 link_from(struct heap *h, const struct fit_area *a, addr32 p)
{
    while (p != a->end && header_at(h, p) % 2 == 0)
        p += header_at(h, p) / 4 * 4;
    return p;
}

/* Follow the chunks, and see that the links say the same. */
static int check_ring(struct heap *h)
{
    const struct fit *f = fit_of(h);
    const struct fit_area *a = &f->first;
    while (a->next != 0)
        a = area_at(h, a->next);
    addr32 last = a->end;
    addr32 before = last;
    for (a = &f->first; a != NULL; a = area_at(h, a->next)) {
        for (addr32 p = a->chunk;; p += header_at(h, p) / 4 * 4) {
            p = link_from(h, a, p);
            if (*word_at(h, before) != p || *word_at(h, p + 4) != before)
                return 9;
            before = p;
            if (p == a->end)
                break;
        }
    }
    return f->head == last ? 0 : 10;
}

static bool is_chunk(struct heap *h, addr32 wanted)
{
    const struct fit_area *a = &fit_of(h)->first;
    for (; a != NULL; a = area_at(h, a->next)) {
        addr32 p = a->chunk;
        while (p != wanted && p != a->end)
            p += header_at(h, p) / 4 * 4;
        if (p == wanted)
            return true;
    }
    return false;
}

static int check_inline(struct heap *h, const struct known *k)
{
    int broken = check_list(h, k);
    if (broken == 0)
        broken = check_layouts(h, k);
    if (broken == 0)
        broken = check_overlaps(h);
    if (broken != 0)
        return broken;
    const struct fit *f = fit_of(h);
    const struct fit_area *a;
    for (a = &f->first; a != NULL && broken == 0; a = area_at(h, a->next))
        broken = check_sizes(h, a);
    for (a = &f->first; a != NULL && broken == 0; a = area_at(h, a->next))
        broken = check_tags(h, a);
    if (broken == 0)
        broken = check_ring(h);
    if (broken == 0 && f->params.policy == FIT_NEXT && !is_chunk(h, f->rover))
        broken = 12;
    return broken;
}

int fit_check(struct heap *h, addr32 base, uint32_t window_bytes)
{
    struct known k = {base, window_bytes};
    int broken = check_control(h, &k);
    if (broken != 0)
        return broken;
    return fit_of(h)->params.tags == FIT_TABLE ? check_table(h, &k)
                                               : check_inline(h, &k);
}
