/* copying.c - see copying.h for the contract and the source. */
#include "core/copying.h"
#include "core/collected.h"
#include "core/copycollect.h"
#include "core/copygrow.h"
#include "core/copyinner.h"
#include "core/copyregion.h"
#include "core/host.h"

/* ---- Setting up ------------------------------------------------------- */

static bool are_lawful(const struct copying_params *p)
{
    return collected_is_block(p->block) && p->zero <= 1 && p->finalisers <= 1 &&
           p->automatic <= 1 && p->slide <= COPYING_WINDOW && p->holes <= 1 &&
           p->leaf <= 1 && p->ambiguous <= 1 && p->pack <= 1 &&
           p->ration <= COPYING_RATION_MAX && p->grow <= 1 &&
           p->mark_stack >= 1 && p->mark_stack <= COPYING_MARK_STACK_MAX;
}

uint32_t copying_control_bytes(const struct copying_params *p)
{
    if (!are_lawful(p))
        return 0;
    uint32_t bytes = sizeof(struct heap) + sizeof(struct copying);
    bytes += p->mark_stack * (uint32_t)sizeof(addr32);
    return collected_control_bytes(bytes, p->block);
}

/* What init and a soft reset have in common. */
static bool start_empty(struct heap *h)
{
    struct copying *own = copying_of(h);
    collected_begin(h, own->params.automatic, own->params.threshold);

    struct slide_area *a = slide_first(h);
    addr32 table = h->base + h->control_bytes;
    if (!slide_setup(h, a, table, table + h->heap_bytes, copying_sides(h)))
        return false;
    a->area.next = 0;
    a->area.number = 0;
    h->n_areas = 1;
    h->pool_min = a->area.pool;
    h->pool_max = area_block_address(h, &a->area, area_blocks(&a->area));
    own->n_pinned = 0;
    own->cursor = own->limit = own->stop = 0;
    own->is_kept = own->params.ration != 0;
    copycollect_ration(h);
    region_enter(h, a, 0, a->n_free);
    return true;
}

uint32_t copying_init(struct heap *h, addr32 base, uint32_t heap_bytes,
                      const struct copying_params *p)
{
    uint32_t control_bytes = copying_control_bytes(p);
    if (control_bytes == 0)
        return HEAP_BAD_PARAMETER;
    uint32_t error =
        collected_lay(h, base, control_bytes, heap_bytes, p->block);
    if (error != HEAP_OK)
        return error;
    h->manager = MANAGER_copying;
    h->has_finalisers = p->finalisers;
    struct copying *own = copying_of(h);
    own->params = *p;
    own->cleaning = p->zero != 0 || p->block != 16;
    own->mark.stack = base + sizeof *h + sizeof *own;
    own->mark.cap = p->mark_stack;
    return start_empty(h) ? HEAP_OK : HEAP_TOO_SMALL;
}

/* ---- Allocating ------------------------------------------------------- */

/*
 * Would a slide without marking do? Where something is pinned, or where a slide
 * shall move only what it must, that cannot be promised; then it does only for
 * want of a collection.
 */
static bool slide_suffices(struct heap *h, uint32_t n_blocks)
{
    const struct copying_params *p = &copying_of(h)->params;
    bool is_exact = p->slide == COPYING_FULL && !p->ambiguous &&
                    heap_roots(h)->n_pinned == 0;
    const struct slide_area *a = slide_first(h);
    while (a != NULL && region_free_blocks(h, a) < n_blocks)
        a = slide_next(h, a);
    return a != NULL && (is_exact || !h->is_auto);
}

/*
 * Is it time for a collection, before the longest hole is used? Only where
 * something is pinned is it kept.
 */
static bool is_ration_used(struct heap *h, uint32_t n_blocks)
{
    struct copying *own = copying_of(h);
    if (own->params.ration == 0 || h->given_blocks + n_blocks <= own->ration)
        return false;
    if (heap_roots(h)->n_pinned == 0 && own->n_pinned == 0) {
        own->is_kept = 0;
        return false;
    }
    if (n_blocks <= region_left(h))
        return own->is_kept;
    return region_needs_longest(h, n_blocks);
}

/* Make the region one of n blocks or more; false: refused, and why is told. */
static bool make_room(struct heap *h, uint32_t n_blocks)
{
    const struct copying *own = copying_of(h);
    bool has_collected =
        h->is_auto &&
        (h->given_blocks >= h->threshold_blocks || is_ration_used(h, n_blocks));
    if (has_collected)
        copycollect(h, CAUSE_THRESHOLD, n_blocks);
    bool is_tall = own->is_kept && n_blocks > REGION_TALL;
    if (n_blocks <= region_left(h) && (has_collected || !is_tall))
        return true;
    if (!has_collected) {
        bool has_holes = own->params.holes || own->n_pinned > 0 || own->is_kept;
        if (has_holes && region_enter_other(h, n_blocks))
            return true;
        if (slide_suffices(h, n_blocks))
            copycollect(h, CAUSE_SLIDE, n_blocks);
        else if (h->is_auto)
            copycollect(h, CAUSE_FULL, n_blocks);
        if (n_blocks <= region_left(h))
            return true;
    }
    if (copying_of(h)->params.grow && copygrow_for(h, n_blocks))
        return true;
    h->refusal = h->is_auto ? REFUSAL_FULL : REFUSAL_OFF;
    return false;
}

/* Not inlined, so that copying_alloc needs no stack. */
__attribute__((noinline)) addr32 copying_clean(struct heap *h, addr32 object,
                                               uint32_t n_blocks, uint32_t zero)
{
    uint32_t bytes = n_blocks << h->block_shift;
    uint32_t kept = zero ? 0 : bytes - h->block_bytes;
    if (bytes - kept > 64) {
        __builtin_memset(byte_at(h, object + kept), 0, bytes - kept);
        return object;
    }
    uint32_t *word = word_at(h, object + kept);
    const uint32_t *end = word_at(h, object + bytes);
    do {
        *word++ = 0;
        *word++ = 0;
    } while (word != end);
    return object;
}

/* What `flags` ask to be noted of the object at block `b` of the region's
 * area. */
static void note_flags(struct heap *h, uint32_t b, uint32_t flags)
{
    const struct slide_area *a = region_area(h);
    if ((flags & HEAP_FINALISER) != 0 && h->has_finalisers) {
        *word_at(h, area_block_address(h, &a->area, b)) = 0;
        area_set_finaliser(h, &a->area, b);
    }
    if ((flags & HEAP_LEAF) != 0 && a->leaf != 0)
        slide_set_bit(h, a->leaf, b);
    if ((flags & HEAP_AMBIGUOUS) != 0 && a->ambiguous != 0)
        slide_set_bit(h, a->ambiguous, b);
}

/* What a request that is not simply met comes to; false: it is refused. */
static __attribute__((noinline)) bool is_served(struct heap *h, uint32_t bytes)
{
    uint32_t n_blocks = copying_blocks_for(h, bytes);
    if (n_blocks == 0)
        h->refusal = bytes == 0 ? REFUSAL_NONE : REFUSAL_LIMIT;
    else if (copying_is_locked(h))
        h->refusal = REFUSAL_LOCKED;
    else
        return make_room(h, n_blocks);
    return false;
}

/* Whatever is not simply a matter of taking a few blocks. */
static __attribute__((noinline)) addr32 alloc_hard(struct heap *h,
                                                   uint32_t bytes,
                                                   uint32_t flags)
{
    struct copying *own = copying_of(h);
    uint32_t n_blocks = copying_blocks_for(h, bytes);
    bool is_simple = n_blocks != 0 && n_blocks <= own->stop - own->cursor;
    if (!is_simple && !is_served(h, bytes))
        return 0;
    uint32_t b = own->cursor;
    CORE_ASSERT(n_blocks > 0 && n_blocks <= own->limit - b);
    addr32 object = own->pool + (b << h->block_shift);
    own->cursor = b + n_blocks;
    h->given_blocks += n_blocks;
    atab_take(word_at(h, own->table), b, n_blocks);
    if (!is_simple)
        region_set_stop(h);
    copying_clean(h, object, n_blocks, own->params.zero);
    if (flags != 0)
        note_flags(h, b, flags);
    return object;
}

/*
 * Allocation spends its time here: the next blocks of the region, whose
 * entries are in one word of the table, become an object. Nothing is called
 * but at the end, so that hardly a register has to be saved.
 */
addr32 copying_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    struct copying *own = copying_of(h);
    h->refusal = REFUSAL_NONE;
    if (flags != 0)
        return alloc_hard(h, bytes, flags);
    /* Of 0 bytes it is more than any region has. */
    uint32_t shift = h->block_shift;
    uint32_t last = (bytes - 1) >> shift;
    uint32_t b = own->cursor;
    if (last >= own->stop - b || last + b % 16 >= 16)
        return alloc_hard(h, bytes, 0);

    /* TAILs, and the first of them, 10, to HEAD, 01. */
    uint32_t tails = ATAB_ALL_TAILS >> (30 - 2 * last);
    uint32_t *w = word_at(h, own->table) + b / 16;
    CORE_ASSERT(atab_get_kind(word_at(h, own->table), b) == ATAB_FREE);
    *w |= (tails ^ 3) << 2 * (b % 16);
    own->cursor = b + last + 1;
    h->given_blocks += last + 1;
    addr32 object = own->pool + (b << shift);
    if (own->cleaning != 0)
        return copying_clean(h, object, last + 1, own->params.zero);
    uint32_t *words = word_at(h, object + (last << 4));
    words[0] = words[1] = words[2] = words[3] = 0;
    return object;
}

/* ---- Freeing ------------------------------------------------------------ */

/* The object at block b of `a` has nothing in the side tables any more. */
static inline void clear_sides(struct heap *h, const struct slide_area *a,
                               uint32_t b)
{
    if (area_has_finaliser(h, &a->area, b))
        area_clear_finaliser(h, &a->area, b);
    if (a->leaf != 0)
        slide_clear_bit(h, a->leaf, b);
    if (a->ambiguous != 0)
        slide_clear_bit(h, a->ambiguous, b);
}

/* atab_release, with the common case inlined: the object's entries, and that
 * behind it, are in one word. */
static inline uint32_t release(uint32_t *t, uint32_t b)
{
    uint32_t *w = &t[b / 16];
    uint32_t shift = 2 * (b % 16);
    /* From the block behind b on: not TAIL, at each block's high bit. */
    uint32_t ends = (~*w | *w << 1) >> shift & (ATAB_ALL_TAILS - 2);
    if (ends == 0)
        return atab_release(t, b);
    uint32_t bits = (uint32_t)__builtin_ctz(ends) - 1;
    *w &= ~(((UINT32_C(1) << bits) - 1) << shift);
    return bits / 2;
}

void copying_free(struct heap *h, addr32 object)
{
    if (h->lock_depth > 0)
        return;
    struct slide_area *a = object == 0 ? NULL : slide_area_of(h, object);
    if (a == NULL)
        return;
    CORE_ASSERT((object & (h->block_bytes - 1)) == 0);

    uint32_t b = area_block_of(h, &a->area, object);
    clear_sides(h, a, b);
    region_give(h, a, b, release(area_table(h, &a->area), b));
}

/* ---- Collecting, control, looking --------------------------------------- */

uint32_t copying_collect(struct heap *h, uint32_t kind)
{
    if (h->phase != PHASE_IDLE)
        return 0;
    copycollect(h, kind == COLLECT_EVERYTHING ? CAUSE_ALL : CAUSE_ASKED, 0);
    return h->last_freed_blocks << h->block_shift;
}

uint32_t copying_bytes(struct heap *h, addr32 object)
{
    const struct slide_area *a = slide_area_of(h, object);
    if (a == NULL || (object & (h->block_bytes - 1)) != 0)
        return 0;
    uint32_t b = area_block_of(h, &a->area, object);
    const uint32_t *t = area_table(h, &a->area);
    if (atab_get_kind(t, b) != ATAB_HEAD)
        return 0;
    return atab_object_blocks(t, b) << h->block_shift;
}

static uint32_t reset(struct heap *h)
{
    if (h->phase != PHASE_IDLE)
        return HEAP_BUSY;
    copycollect(h, CAUSE_ALL, 0);
    while (h->first.next != 0) {
        addr32 start = h->first.next;
        area_unlink(h, &h->first);
        heap_more(h, MORE_GIVE, start);
    }
    start_empty(h);
    return HEAP_OK;
}

uint32_t copying_control(struct heap *h, uint32_t what, uint32_t value)
{
    if (what == CONTROL_RESET)
        return reset(h);
    uint32_t error = collected_switch(h, what, value);
    if (error == HEAP_OK)
        region_set_stop(h);
    return error;
}

uint32_t copying_add_area(struct heap *h, addr32 address, uint32_t bytes)
{
    if (h->phase != PHASE_IDLE)
        return HEAP_BUSY;
    return copygrow_append(h, address, bytes);
}
