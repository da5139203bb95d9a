/*
 * twoendedcheck.c - twoended_check, which shares no code with twoended.c
 *
 * areacheck looks at areas and tables; what is left are the bounds and the
 * counts. Each loop is bounded by what areacheck has found right.
 */
#include "core/areacheck.h"
#include "core/twoended.h"

static bool are_params_right(const struct heap *h,
                             const struct twoended_params *p)
{
    bool is_block =
        p->block == 8 || p->block == 16 || p->block == 32 || p->block == 64;
    return is_block && p->zero <= 1 && p->finalisers <= 1 &&
           p->automatic <= 1 && p->grow <= 1 && p->growth_rule <= 1 &&
           p->mark_stack >= 1 && p->mark_stack <= TWOENDED_MARK_STACK_MAX &&
           h->has_finalisers == p->finalisers && h->is_auto <= 1 &&
           h->block_bytes == p->block && h->block_shift <= 6 &&
           UINT32_C(1) << h->block_shift == p->block;
}

static int check_control(const struct heap *h, addr32 base,
                         uint32_t window_bytes)
{
    const struct twoended *own = (const struct twoended *)(h + 1);
    const struct twoended_params *p = &own->params;
    uint32_t fixed = sizeof *h + sizeof *own;
    if (window_bytes < fixed || h->base != base ||
        h->manager != MANAGER_twoended || h->control_bytes < fixed ||
        h->control_bytes > window_bytes ||
        h->heap_bytes > window_bytes - h->control_bytes)
        return 1;
    if (!are_params_right(h, p))
        return 2;
    uint32_t unit = p->block > 16 ? p->block : 16;
    uint32_t needed = fixed + 4 * p->mark_stack;
    if (h->control_bytes % unit != 0 || h->control_bytes < needed ||
        h->control_bytes - needed >= unit || own->mark.stack != base + fixed ||
        own->mark.cap != p->mark_stack)
        return 2;
    if (h->phase != PHASE_IDLE || own->mark.has_overflowed || own->moving != 0)
        return 3;
    return 0;
}

/* What the areas are found to have. */
struct found {
    uint32_t used, total; /* blocks                                       */
    bool has_high;        /* high_area was among them                     */
};

/* 9, 12, 13 of one area. */
static int check_area(struct heap *h, const struct area *a, struct found *f)
{
    const struct twoended *own = twoended_of(h);
    const struct twoended_bound *bound = (const void *)(a + 1);
    uint32_t n_blocks = 4 * a->table_bytes;
    uint32_t high = a->number < own->high_area ? n_blocks : 0;
    if (a->number == own->high_area) {
        if (own->high > a->table_bytes)
            return 12;
        high = 4 * own->high;
        f->has_high = true;
    }
    if (a->last_used != n_blocks)
        return 9;
    for (uint32_t b = 0; b < n_blocks; b++) {
        uint32_t four = *byte_at(h, a->table + b / 4);
        bool is_free = (four >> 2 * (b % 4) & 3) == 0;
        if (is_free && b >= high)
            return 12;
        f->used += !is_free;
    }
    f->total += n_blocks;
    return bound->long_start <= n_blocks ? 0 : 13;
}

int twoended_check(struct heap *h, addr32 base, uint32_t window_bytes)
{
    int broken = check_control(h, base, window_bytes);
    if (broken != 0)
        return broken;
    const struct twoended *own = twoended_of(h);
    const struct areacheck known = {
        .base = base,
        .window_bytes = window_bytes,
        .skip = TWOENDED_AREA_BYTES,
    };
    broken = areacheck(h, &known);
    if (broken != 0)
        return broken;
    if (h->search_area != base + (addr32)offsetof(struct heap, first))
        return 11;
    struct found f = {0, 0, false};
    const struct area *a = &h->first;
    for (uint32_t i = 0; i < h->n_areas && broken == 0; i++) {
        broken = check_area(h, a, &f);
        if (a->next != 0)
            a = (const struct area *)(void *)word_at(h, a->next);
    }
    if (broken != 0)
        return broken;
    if (!f.has_high)
        return 12;
    return own->used_blocks == f.used && own->free_after <= f.total ? 0 : 14;
}
