/*
 * semispacecheck.c - semispace_check, which shares no code with semispace.c
 *
 * areacheck looks at the layout and the table; what is left is where objects
 * may lie. Each loop is bounded by the blocks of the pool, which lies in the
 * window.
 */
#include "core/areacheck.h"
#include "core/semispace.h"

static bool are_params_right(const struct heap *h,
                             const struct semispace_params *p)
{
    uint32_t fixed = sizeof *h + sizeof(struct semispace);
    uint32_t unit = p->block > 16 ? p->block : 16;
    bool is_block =
        p->block == 8 || p->block == 16 || p->block == 32 || p->block == 64;
    return is_block && p->zero <= 1 && p->automatic <= 1 &&
           h->control_bytes % unit == 0 && h->control_bytes - fixed < unit &&
           h->block_bytes == p->block && h->block_shift <= 6 &&
           UINT32_C(1) << h->block_shift == p->block && h->is_auto <= 1;
}

static int check_control(struct heap *h, addr32 base, uint32_t window_bytes)
{
    uint32_t fixed = sizeof(struct heap) + sizeof(struct semispace);
    if (window_bytes < fixed || h->base != base ||
        h->manager != MANAGER_semispace || h->control_bytes < fixed ||
        h->control_bytes > window_bytes ||
        h->heap_bytes > window_bytes - h->control_bytes)
        return 1;
    if (!are_params_right(h, &semispace_of(h)->params))
        return 2;
    uint32_t unused =
        h->has_finalisers | h->n_grown | h->last_rescans | h->last_given_back;
    return h->phase | semispace_of(h)->moving | unused ? 3 : 0;
}

/* Blocks of the current half, by number: where which kind may be. */
struct bounds {
    uint32_t start, frontier, top, end;
};

static int check_bounds(struct heap *h, struct bounds *at)
{
    const struct semispace *own = semispace_of(h);
    addr32 pool = h->first.pool;
    uint32_t half = 2 * h->first.table_bytes; /* blocks: 4 a byte, halved */
    uint32_t half_bytes = half * h->block_bytes;
    if (own->half_bytes != half_bytes || own->end != own->start + half_bytes ||
        (own->start != pool && own->start != pool + half_bytes))
        return 8;
    if (own->frontier < own->start || own->top < own->frontier ||
        own->end < own->top || own->frontier % h->block_bytes != 0 ||
        own->top % h->block_bytes != 0)
        return 9;
    at->start = (own->start - pool) / h->block_bytes;
    at->frontier = (own->frontier - pool) / h->block_bytes;
    at->top = (own->top - pool) / h->block_bytes;
    at->end = (own->end - pool) / h->block_bytes;
    return 0;
}

static int check_blocks(struct heap *h, const struct bounds *at)
{
    uint32_t n_objects = 0;
    for (uint32_t b = 0; b < 4 * h->first.table_bytes; b++) {
        uint32_t four = *byte_at(h, h->first.table + b / 4);
        uint32_t kind = four >> 2 * (b % 4) & 3;
        bool may_be_used = (b >= at->start && b < at->frontier) ||
                           (b >= at->top && b < at->end);
        bool must_begin = b == at->start || b == at->top;
        if ((kind != 0) != may_be_used ||
            (may_be_used && must_begin && kind != 1))
            return 10;
        n_objects += kind == 1;
    }
    return n_objects == semispace_of(h)->n_objects ? 0 : 11;
}

int semispace_check(struct heap *h, addr32 base, uint32_t window_bytes)
{
    int broken = check_control(h, base, window_bytes);
    if (broken != 0)
        return broken;
    const struct areacheck known = {
        .base = base,
        .window_bytes = window_bytes,
        .skip = 0,
    };
    broken = areacheck(h, &known);
    struct bounds at;
    if (broken == 0)
        broken = check_bounds(h, &at);
    return broken != 0 ? broken : check_blocks(h, &at);
}
