/* fittable.c - see fit.h: the classics on an allocation table. */
#include "core/area.h"
#include "core/atabdown.h"
#include "core/fitlayout.h"

/* Where an object will begin. */
struct spot {
    struct area *a;
    uint32_t block;
};

static inline uint32_t blocks_for(const struct heap *h, uint32_t bytes)
{
    return (bytes + h->block_bytes - 1) >> h->block_shift;
}

bool fittable_start(struct heap *h)
{
    struct fit *f = fit_of(h);
    addr32 table = h->base + h->control_bytes;
    if (!area_setup_first(h, table, table + h->heap_bytes))
        return false;
    bool has_rover = f->params.policy == FIT_NEXT;
    f->rover = has_rover ? h->first.pool : 0;
    f->rover_area = has_rover ? h->search_area : 0;
    return true;
}

/* ---- The four policies ------------------------------------------------- */

static bool find_first(struct heap *h, uint32_t want, struct spot *s)
{
    for (s->a = &h->first; s->a != NULL; s->a = area_next(h, s->a)) {
        s->block = atab_find_free(area_table(h, s->a), area_blocks(s->a),
                                  4 * s->a->hint, want);
        if (s->block != ATAB_NONE)
            return true;
    }
    return false;
}

/* Where the hole begins in which block `b` lies; b if it lies in none. */
static uint32_t hole_at(struct heap *h, const struct area *a, uint32_t b)
{
    const uint32_t *t = area_table(h, a);
    if (b == area_blocks(a) || atab_get_kind(t, b) != ATAB_FREE)
        return b;
    return b - atab_free_before(t, b);
}

/* The rover's area comes twice: from the rover up, and last as a whole. */
static bool find_next(struct heap *h, uint32_t want, struct spot *s)
{
    struct fit *f = fit_of(h);
    s->a = area_at(h, f->rover_area);
    uint32_t from = hole_at(h, s->a, area_block_of(h, s->a, f->rover));
    for (uint32_t i = 0; i <= h->n_areas; i++) {
        s->block =
            atab_find_free(area_table(h, s->a), area_blocks(s->a), from, want);
        if (s->block != ATAB_NONE)
            return true;
        s->a = s->a->next == 0 ? &h->first : area_next(h, s->a);
        from = 0;
    }
    return false;
}

/* Holes that are too short are passed sixteen blocks at a time. */
static bool find_best(struct heap *h, uint32_t want, struct spot *s)
{
    uint32_t best = UINT32_MAX;
    for (struct area *a = &h->first; a != NULL; a = area_next(h, a)) {
        const uint32_t *t = area_table(h, a);
        uint32_t n_blocks = area_blocks(a);
        uint32_t b = atab_find_free(t, n_blocks, 0, want);
        while (b != ATAB_NONE) {
            uint32_t length = atab_free_run(t, n_blocks, b, n_blocks);
            if (length < best) {
                best = length;
                *s = (struct spot){a, b};
            }
            if (best == want)
                return true;
            b = atab_find_free(t, n_blocks, b + length, want);
        }
    }
    return best != UINT32_MAX;
}

/* The next one looked at is always longer than all before it. */
static bool find_worst(struct heap *h, uint32_t want, struct spot *s)
{
    uint32_t longest = want - 1;
    for (struct area *a = &h->first; a != NULL; a = area_next(h, a)) {
        const uint32_t *t = area_table(h, a);
        uint32_t n_blocks = area_blocks(a);
        uint32_t b = atab_find_free(t, n_blocks, 0, longest + 1);
        while (b != ATAB_NONE) {
            longest = atab_free_run(t, n_blocks, b, n_blocks);
            *s = (struct spot){a, b};
            b = atab_find_free(t, n_blocks, b + longest, longest + 1);
        }
    }
    return longest >= want;
}

static bool find(struct heap *h, uint32_t want, struct spot *s)
{
    switch (fit_of(h)->params.policy) {
    case FIT_FIRST:
        return find_first(h, want, s);
    case FIT_NEXT:
        return find_next(h, want, s);
    case FIT_BEST:
        return find_best(h, want, s);
    default:
        return find_worst(h, want, s);
    }
}

/* ---- Placing, freeing, resizing ---------------------------------------- */

/* Blocks of `a` up to before `end` are used now. */
static inline void raise_last_used(struct area *a, uint32_t end)
{
    if (end - 1 > a->last_used)
        a->last_used = end - 1;
}

/* Blocks of `a` from `b` on have become free. */
static inline void lower_hint(struct area *a, uint32_t b)
{
    if (b / 4 < a->hint)
        a->hint = b / 4;
}

addr32 fittable_take(struct heap *h, uint32_t bytes)
{
    struct fit *f = fit_of(h);
    uint32_t n_blocks = blocks_for(h, bytes);
    struct spot s = {NULL, ATAB_NONE};
    if (!find(h, n_blocks, &s))
        return 0;

    uint32_t end = s.block + n_blocks;
    atab_take(area_table(h, s.a), s.block, n_blocks);
    raise_last_used(s.a, end);
    if (f->params.policy == FIT_NEXT) {
        f->rover = area_block_address(h, s.a, end);
        f->rover_area = area_address(h, s.a);
    }
    /* Only a search for one block has seen that all before it are used. */
    if (n_blocks == 1 && f->params.policy == FIT_FIRST)
        s.a->hint = end / 4;
    return area_block_address(h, s.a, s.block);
}

void fittable_give(struct heap *h, addr32 object)
{
    struct area *a = area_of(h, object);
    CORE_ASSERT(a != NULL && (object & (h->block_bytes - 1)) == 0);
    uint32_t b = area_block_of(h, a, object);
    atab_release(area_table(h, a), b);
    lower_hint(a, b);
}

bool fittable_resize(struct heap *h, addr32 object, uint32_t bytes)
{
    struct area *a = area_of(h, object);
    CORE_ASSERT(a != NULL && (object & (h->block_bytes - 1)) == 0);
    uint32_t *t = area_table(h, a);
    uint32_t b = area_block_of(h, a, object);
    uint32_t old = atab_object_blocks(t, b);
    uint32_t n_blocks = blocks_for(h, bytes);
    if (n_blocks < old) {
        atab_clear(t, b + n_blocks, old - n_blocks);
        lower_hint(a, b + n_blocks);
    }
    if (n_blocks <= old)
        return true;

    uint32_t more = n_blocks - old;
    if (atab_free_run(t, area_blocks(a), b + old, more) < more)
        return false;
    atab_extend(t, b + old, more);
    raise_last_used(a, b + n_blocks);
    addr32 end = area_block_address(h, a, b + n_blocks);
    struct fit *f = fit_of(h);
    if (f->rover > object && f->rover < end)
        f->rover = end;
    return true;
}

uint32_t fittable_bytes(struct heap *h, addr32 object)
{
    struct area *a = area_of(h, object);
    CORE_ASSERT(a != NULL);
    uint32_t b = area_block_of(h, a, object);
    return atab_object_blocks(area_table(h, a), b) << h->block_shift;
}
