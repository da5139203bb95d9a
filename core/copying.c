/* copying.c - see copying.h for the contract and the source. */
#include "core/copying.h"
#include "core/evacuate.h"
#include "core/host.h"
#include "core/reach.h"

/* Blocks of a hole that is worth looking for before smaller ones. */
#define REGION_WIDE 16

/* ---- The region -------------------------------------------------------- */

/*
 * Allocation takes blocks from one hole, the region, in ascending order. While
 * a hole is the region its blocks are not counted in its area's n_free, so
 * that an allocation there changes no counter of the area.
 */
static inline struct slide_area *region_area(struct heap *h)
{
    return slide_at(h, h->search_area);
}

/*
 * Set where allocation has to think again: where the region ends, or the
 * threshold is reached, or at once while the heap is locked. So the common
 * allocation compares with this alone.
 */
static void set_stop(struct heap *h)
{
    struct copying *own = copying_of(h);
    uint32_t n = own->limit - own->cursor;
    if (h->lock_depth > 0)
        n = 0;
    if (h->is_auto && h->given_blocks >= h->threshold_blocks)
        n = 0;
    else if (h->is_auto && n > h->threshold_blocks - h->given_blocks)
        n = h->threshold_blocks - h->given_blocks;
    own->stop = own->cursor + n;
}

/* There is no region any more. */
static void leave_region(struct heap *h)
{
    struct copying *own = copying_of(h);
    region_area(h)->n_free += own->limit - own->cursor;
    own->cursor = own->limit = own->stop = 0;
}

/* The free blocks `from` to before `to` of `a` are the region. Requires that
 * there is none. */
static void enter_region(struct heap *h, struct slide_area *a, uint32_t from,
                         uint32_t to)
{
    struct copying *own = copying_of(h);
    CORE_ASSERT(own->cursor == own->limit && a->n_free >= to - from);
    h->search_area = area_address(h, &a->area);
    own->table = a->area.table;
    own->pool = a->area.pool;
    own->cursor = from;
    own->limit = to;
    a->n_free -= to - from;
    set_stop(h);
}

/* Free blocks of `a`, those of the region too. */
static uint32_t free_blocks(struct heap *h, const struct slide_area *a)
{
    const struct copying *own = copying_of(h);
    uint32_t n = a->n_free;
    if (a->area.table == own->table)
        n += own->limit - own->cursor;
    return n;
}

/* ---- Setting up ------------------------------------------------------- */

static bool is_block_size(uint32_t bytes)
{
    return bytes == 8 || bytes == 16 || bytes == 32 || bytes == 64;
}

static bool are_lawful(const struct copying_params *p)
{
    return is_block_size(p->block) && p->zero <= 1 && p->finalisers <= 1 &&
           p->automatic <= 1 && p->slide <= COPYING_WINDOW && p->holes <= 1 &&
           p->leaf <= 1 && p->ambiguous <= 1 && p->pack <= 1 &&
           p->mark_stack >= 1 && p->mark_stack <= COPYING_MARK_STACK_MAX;
}

uint32_t copying_control_bytes(const struct copying_params *p)
{
    if (!are_lawful(p))
        return 0;
    uint32_t bytes = sizeof(struct heap) + sizeof(struct copying);
    bytes += p->mark_stack * (uint32_t)sizeof(addr32);
    uint32_t unit = p->block > 16 ? p->block : 16;
    return (bytes + unit - 1) & ~(unit - 1);
}

static uint32_t sides(struct heap *h)
{
    const struct copying_params *p = &copying_of(h)->params;
    return (p->leaf ? SLIDE_LEAVES : 0u) |
           (p->ambiguous ? SLIDE_AMBIGUOUS : 0u);
}

/* What init and a soft reset have in common. */
static bool start_empty(struct heap *h)
{
    struct copying *own = copying_of(h);
    h->phase = PHASE_IDLE;
    h->refusal = REFUSAL_NONE;
    h->lock_depth = 0;
    h->is_auto = own->params.automatic;
    h->given_blocks = 0;
    copying_control(h, CONTROL_THRESHOLD, own->params.threshold);

    struct slide_area *a = slide_first(h);
    addr32 table = h->base + h->control_bytes;
    if (!slide_setup(h, a, table, table + h->heap_bytes, sides(h)))
        return false;
    a->area.next = 0;
    a->area.number = 0;
    h->n_areas = 1;
    h->pool_min = a->area.pool;
    h->pool_max = area_block_address(h, &a->area, area_blocks(&a->area));
    own->cursor = own->limit = own->stop = 0;
    enter_region(h, a, 0, a->n_free);
    return true;
}

uint32_t copying_init(struct heap *h, addr32 base, uint32_t heap_bytes,
                      const struct copying_params *p)
{
    uint32_t control_bytes = copying_control_bytes(p);
    if (control_bytes == 0)
        return HEAP_BAD_PARAMETER;
    uint32_t wanted = control_bytes + heap_bytes;
    if (base % 16 != 0 || base % p->block != 0 || wanted < heap_bytes ||
        base + wanted < base)
        return HEAP_BAD_ADDRESS;

    __builtin_memset(h, 0, control_bytes);
    h->base = base;
    h->manager = MANAGER_copying;
    h->control_bytes = control_bytes;
    h->heap_bytes = heap_bytes;
    h->block_bytes = p->block;
    h->block_shift = (uint32_t)__builtin_ctz(p->block);
    h->has_finalisers = p->finalisers;
    h->next_area = 1;
    struct copying *own = copying_of(h);
    own->params = *p;
    own->cleaning = p->zero != 0 || p->block != 16;
    own->mark.stack = base + sizeof *h + sizeof *own;
    own->mark.cap = p->mark_stack;
    return start_empty(h) ? HEAP_OK : HEAP_TOO_SMALL;
}

/* ---- Collecting ------------------------------------------------------- */

/* The longest hole, the first of several; null, leaving `from` alone: none. */
static struct slide_area *find_longest(struct heap *h, uint32_t *from,
                                       uint32_t *length)
{
    struct slide_area *best = NULL;
    struct slide_area *a = slide_first(h);
    *length = 0;
    for (; a != NULL; a = slide_next(h, a)) {
        const uint32_t *t = area_table(h, &a->area);
        uint32_t n_blocks = area_blocks(&a->area);
        uint32_t b = atab_find_free(t, n_blocks, 0, *length + 1);
        while (b != ATAB_NONE) {
            best = a;
            *from = b;
            *length = atab_free_run(t, n_blocks, b, n_blocks);
            b = atab_find_free(t, n_blocks, b + *length, *length + 1);
        }
    }
    return best;
}

static uint32_t longest_hole(struct heap *h)
{
    uint32_t from, length;
    (void)find_longest(h, &from, &length);
    return length;
}

/* The shortest hole of n blocks or more, the first of several, becomes the
 * region; false: there is none. */
static bool enter_shortest(struct heap *h, uint32_t n_blocks)
{
    struct slide_area *best = NULL;
    uint32_t from = 0;
    uint32_t shortest = UINT32_MAX;
    struct slide_area *a = slide_first(h);
    for (; a != NULL; a = slide_next(h, a)) {
        const uint32_t *t = area_table(h, &a->area);
        uint32_t end = area_blocks(&a->area);
        uint32_t b = atab_find_free(t, end, 0, n_blocks);
        while (b != ATAB_NONE) {
            uint32_t length = atab_free_run(t, end, b, end);
            if (length < shortest) {
                best = a;
                from = b;
                shortest = length;
            }
            b = atab_find_free(t, end, b + length, n_blocks);
        }
    }
    if (best == NULL)
        return false;
    leave_region(h);
    enter_region(h, best, from, from + shortest);
    return true;
}

/*
 * Allocation goes on in the longest hole. Where pins have left several, it
 * begins with the shortest, so that the longest stays whole longest.
 */
static void choose_region(struct heap *h, uint32_t n_blocks)
{
    if (copying_of(h)->n_pinned > 0 &&
        enter_shortest(h, n_blocks > 0 ? n_blocks : 1))
        return;
    uint32_t from, length;
    struct slide_area *a = find_longest(h, &from, &length);
    if (a != NULL)
        enter_region(h, a, from, from + length);
}

static void mark(struct heap *h)
{
    struct copying *own = copying_of(h);
    const struct guest_roots *roots = heap_roots(h);
    h->phase = PHASE_MARK;
    mark_begin(&own->mark);
    reach_words(h, &own->mark, roots->word, roots->n_precise + roots->n_held);
    reach_words(h, &own->mark, &own->moving, 1);
    reach_rest(h, &own->mark);
    h->last_rescans = own->mark.n_rescans;
}

static void sweep(struct heap *h)
{
    h->phase = PHASE_SWEEP;
    struct slide_area *a = slide_first(h);
    for (; a != NULL; a = slide_next(h, a)) {
        struct atab_swept swept;
        uint32_t n_blocks = area_blocks(&a->area);
        atab_sweep(area_table(h, &a->area), n_blocks, n_blocks, &swept);
        a->n_free += swept.freed_blocks;
        h->last_freed_objects += swept.freed_objects;
        h->last_freed_blocks += swept.freed_blocks;
    }
    slide_prune(h);
}

/* What may not move is pinned. */
static void pin(struct heap *h)
{
    struct copying *own = copying_of(h);
    const struct guest_roots *roots = heap_roots(h);
    const uint32_t *word = roots->word + roots->n_precise + roots->n_held;
    for (uint32_t i = 0; i < roots->n_pinned; i++)
        slide_pin(h, &own->slide, word[i]);
    slide_pin_ambiguous(h, &own->slide);
    own->n_pinned = own->slide.n_pinned;
}

/* Every reference gets its new value. */
static void update(struct heap *h)
{
    struct copying *own = copying_of(h);
    struct guest_roots *roots = heap_roots(h);
    h->phase = PHASE_UPDATE;
    slide_update_words(h, &own->slide, roots->word,
                       roots->n_precise + roots->n_held);
    slide_update_words(h, &own->slide, &own->moving, 1);
    slide_update(h, &own->slide);
}

/* What has moved out has left its new address; its old place becomes free. */
static void update_moved_out(struct heap *h, const struct slide_area *a)
{
    update(h);
    h->phase = PHASE_SWEEP;
    evacuate_settle(h, &copying_of(h)->slide, a);
}

/* Everything slides, as far as pins let it. Those are told already. */
static void slide(struct heap *h)
{
    struct slide *s = &copying_of(h)->slide;
    h->phase = PHASE_PLAN;
    bool has_moves = slide_plan(h, s);
    if (has_moves) {
        update(h);
        h->phase = PHASE_MOVE;
        slide_move(h);
    }
    if (has_moves || s->n_pinned > 0) {
        h->phase = PHASE_SWEEP;
        slide_settle(h, s);
    }
}

/* After a slide: one large hole, or nearly, in spite of what is pinned. */
static void pack(struct heap *h)
{
    struct slide *s = &copying_of(h)->slide;
    h->phase = PHASE_PLAN;
    pin(h);
    const struct slide_area *a = slide_first(h);
    for (; a != NULL; a = slide_next(h, a)) {
        h->phase = PHASE_MOVE;
        if (evacuate_pack(h, s, a))
            update_moved_out(h, a);
    }
    slide_unpin(h, s);
}

/* Make n free blocks in a row with as few moves as possible. False: that
 * cannot be done; it may have moved something. Pins are told already. */
static bool open_window(struct heap *h, uint32_t n_blocks)
{
    struct slide *s = &copying_of(h)->slide;
    const struct slide_area *a = slide_first(h);
    while (a != NULL && a->n_free < n_blocks)
        a = slide_next(h, a);
    if (a == NULL)
        return false;
    h->phase = PHASE_MOVE;
    s->low = UINT32_MAX;
    bool is_open = evacuate_window(h, s, a, n_blocks);
    if (s->low != UINT32_MAX)
        update_moved_out(h, a);
    return is_open;
}

/*
 * Move what has to be moved so that n blocks in a row are free; 0: pack
 * everything.
 */
static void compact(struct heap *h, uint32_t n_blocks)
{
    struct copying *own = copying_of(h);
    bool is_marked = h->last_cause != CAUSE_SLIDE;
    bool is_partial =
        own->params.slide == COPYING_WINDOW && n_blocks != 0 && is_marked;
    if (is_partial && longest_hole(h) >= n_blocks)
        return;
    h->phase = PHASE_PLAN;
    pin(h);
    if (is_partial && open_window(h, n_blocks)) {
        slide_unpin(h, &own->slide);
        return;
    }
    slide(h);
    if (own->n_pinned > 0 && is_marked && own->params.pack)
        pack(h);
}

static void begin(struct heap *h, uint32_t cause)
{
    struct copying *own = copying_of(h);
    h->n_collections++;
    h->last_cause = cause;
    h->last_rescans = 0;
    h->last_freed_objects = 0;
    h->last_freed_blocks = 0;
    own->slide.moved_objects = 0;
    own->slide.moved_bytes = 0;
}

/* `cause` of enum heap_cause, CAUSE_SLIDE not marking; for a request of n
 * blocks, or 0. */
static void collect(struct heap *h, uint32_t cause, uint32_t n_blocks)
{
    begin(h, cause);
    leave_region(h);
    if (cause != CAUSE_SLIDE) {
        h->given_blocks = 0;
        if (cause != CAUSE_ALL)
            mark(h);
        if (h->has_finalisers) {
            h->phase = PHASE_FINALISE;
            area_finalise(h);
        }
        sweep(h);
    }
    compact(h, n_blocks);
    h->phase = PHASE_IDLE;
    choose_region(h, n_blocks);
}

uint32_t copying_collect(struct heap *h, uint32_t kind)
{
    if (h->phase != PHASE_IDLE)
        return 0;
    collect(h, kind == COLLECT_EVERYTHING ? CAUSE_ALL : CAUSE_ASKED, 0);
    return h->last_freed_blocks << h->block_shift;
}

/* ---- Allocating ------------------------------------------------------- */

/* Blocks for `bytes` bytes; 0 for 0 and for more than can be counted. */
static inline uint32_t blocks_for(const struct heap *h, uint32_t bytes)
{
    return (bytes + h->block_bytes - 1) >> h->block_shift;
}

static inline bool is_locked(const struct heap *h)
{
    return (h->lock_depth | h->phase) != 0;
}

/* Blocks that the region has left. */
static inline uint32_t left(struct heap *h)
{
    const struct copying *own = copying_of(h);
    return own->limit - own->cursor;
}

/* The first hole of `a` from block `from` on that holds n blocks becomes the
 * region; false: there is none. */
static bool enter_hole(struct heap *h, struct slide_area *a, uint32_t from,
                       uint32_t n_blocks)
{
    const uint32_t *t = area_table(h, &a->area);
    uint32_t end = area_blocks(&a->area);
    uint32_t b = atab_find_free(t, end, from, n_blocks);
    if (b == ATAB_NONE)
        return false;
    leave_region(h);
    enter_region(h, a, b, b + atab_free_run(t, end, b, end));
    return true;
}

/*
 * Next fit: from the region's place up to the last area's end, then from the
 * first area's beginning to all of the region's area.
 */
static bool enter_next(struct heap *h, uint32_t n_blocks)
{
    const struct copying *own = copying_of(h);
    struct slide_area *here = region_area(h);
    uint32_t from = own->cursor;
    struct slide_area *a = here;
    for (; a != NULL; a = slide_next(h, a)) {
        if (free_blocks(h, a) >= n_blocks && enter_hole(h, a, from, n_blocks))
            return true;
        from = 0;
    }
    for (a = slide_first(h);; a = slide_next(h, a)) {
        if (free_blocks(h, a) >= n_blocks && enter_hole(h, a, 0, n_blocks))
            return true;
        if (a == here)
            return false;
    }
}

/* Another hole of n blocks, rather one that will serve several requests. */
static bool enter_other(struct heap *h, uint32_t n_blocks)
{
    if (copying_of(h)->n_pinned > 0)
        return enter_shortest(h, n_blocks);
    return (n_blocks < REGION_WIDE && enter_next(h, REGION_WIDE)) ||
           enter_next(h, n_blocks);
}

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
    while (a != NULL && free_blocks(h, a) < n_blocks)
        a = slide_next(h, a);
    return a != NULL && (is_exact || !h->is_auto);
}

/* Make the region one of n blocks or more; false: refused, and why is told. */
static bool make_room(struct heap *h, uint32_t n_blocks)
{
    bool has_collected = h->is_auto && h->given_blocks >= h->threshold_blocks;
    if (has_collected)
        collect(h, CAUSE_THRESHOLD, n_blocks);
    if (n_blocks <= left(h))
        return true;
    if (!has_collected) {
        const struct copying_params *p = &copying_of(h)->params;
        bool has_holes = p->holes || copying_of(h)->n_pinned > 0;
        if (has_holes && enter_other(h, n_blocks))
            return true;
        if (slide_suffices(h, n_blocks))
            collect(h, CAUSE_SLIDE, n_blocks);
        else if (h->is_auto)
            collect(h, CAUSE_FULL, n_blocks);
        if (n_blocks <= left(h))
            return true;
    }
    h->refusal = h->is_auto ? REFUSAL_FULL : REFUSAL_OFF;
    return false;
}

/* Clear the words from that at `from` on to before `end`. */
static inline void clean(struct heap *h, addr32 from, addr32 end)
{
    for (addr32 p = from & ~UINT32_C(3); p != end; p += 4)
        *word_at(h, p) = 0;
}

/*
 * Clear the object of n blocks at `object`, all of it or only its last block,
 * as `zero` says. Returns its address.
 */
static __attribute__((noinline)) addr32 clean_object(struct heap *h,
                                                     addr32 object,
                                                     uint32_t n_blocks,
                                                     uint32_t zero)
{
    uint32_t bytes = n_blocks << h->block_shift;
    uint32_t kept = zero ? 0 : bytes - h->block_bytes;
    __builtin_memset(byte_at(h, object + kept), 0, bytes - kept);
    return object;
}

/*
 * The n blocks from `b` on, which are free, become an object: atab_take for
 * where that is known, so that all these entries are 0. Calls nothing.
 */
static inline void take(uint32_t *t, uint32_t b, uint32_t n_blocks)
{
    uint32_t begin = 2 * (b % 16);
    uint32_t end = begin + 2 * n_blocks;
    /* The first: TAIL 10 to HEAD 01. */
    uint32_t entries = (ATAB_ALL_TAILS ^ 3) << begin;
    t += b / 16;
    if (__builtin_expect(end < 32, 1)) {
        t[0] |= entries & ((UINT32_C(1) << end) - 1);
        return;
    }
    t[0] |= entries;
    t++;
    for (end -= 32; end >= 32; end -= 32)
        *t++ = ATAB_ALL_TAILS;
    if (end > 0)
        t[0] |= ATAB_ALL_TAILS & ((UINT32_C(1) << end) - 1);
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
    uint32_t n_blocks = blocks_for(h, bytes);
    if (n_blocks == 0)
        h->refusal = bytes == 0 ? REFUSAL_NONE : REFUSAL_LIMIT;
    else if (is_locked(h))
        h->refusal = REFUSAL_LOCKED;
    else
        return make_room(h, n_blocks);
    return false;
}

/*
 * The next n blocks of the region, which has them, become an object. Inlined
 * twice: allocation spends its time here. It calls nothing but at its end.
 */
__attribute__((always_inline)) static inline addr32 serve(struct heap *h,
                                                          uint32_t n_blocks)
{
    struct copying *own = copying_of(h);
    uint32_t shift = h->block_shift;
    uint32_t b = own->cursor;
    addr32 object = own->pool + (b << shift);
    own->cursor = b + n_blocks;
    h->given_blocks += n_blocks;
    take(word_at(h, own->table), b, n_blocks);
    if (own->cleaning != 0)
        return clean_object(h, object, n_blocks, own->params.zero);
    uint32_t *last = word_at(h, object + ((n_blocks - 1) << 4));
    last[0] = last[1] = last[2] = last[3] = 0;
    return object;
}

/* Whatever is not simply a matter of taking the next blocks. */
static __attribute__((noinline)) addr32 alloc_hard(struct heap *h,
                                                   uint32_t bytes,
                                                   uint32_t flags)
{
    if (!is_served(h, bytes))
        return 0;
    uint32_t b = copying_of(h)->cursor;
    addr32 object = serve(h, blocks_for(h, bytes));
    set_stop(h);
    note_flags(h, b, flags);
    return object;
}

addr32 copying_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    const struct copying *own = copying_of(h);
    h->refusal = REFUSAL_NONE;
    /* For 0 bytes this is more than any region has. */
    uint32_t last = (bytes - 1) >> h->block_shift;
    if (last < own->stop - own->cursor && __builtin_expect(flags == 0, 1))
        return serve(h, last + 1);
    return alloc_hard(h, bytes, flags);
}

/* ---- Freeing and resizing --------------------------------------------- */

/* The n blocks of `a` from `b` on have become free. */
static void give_blocks(struct heap *h, struct slide_area *a, uint32_t b,
                        uint32_t n_blocks)
{
    struct copying *own = copying_of(h);
    if (b + n_blocks != own->cursor || a->area.table != own->table) {
        a->n_free += n_blocks;
        return;
    }
    own->cursor = b; /* the region begins earlier */
    set_stop(h);
}

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
    give_blocks(h, a, b, release(area_table(h, &a->area), b));
}

/* What lies behind `bytes` bytes must not be taken for references. */
static void clean_rest(struct heap *h, addr32 object, uint32_t bytes,
                       uint32_t n_blocks)
{
    addr32 p = object + bytes;
    if (p % 4 != 0) {
        uint32_t *word = word_at(h, p & ~UINT32_C(3));
        *word &= (UINT32_C(1) << 8 * (p % 4)) - 1;
    }
    clean(h, p + 3, object + (n_blocks << h->block_shift));
}

/* The blocks of `a` from `e` on, which are free, are no longer. */
static void take_blocks(struct heap *h, struct slide_area *a, uint32_t e,
                        uint32_t n_blocks)
{
    struct copying *own = copying_of(h);
    atab_extend(area_table(h, &a->area), e, n_blocks);
    uint32_t end = e + n_blocks;
    if (a->area.table == own->table && end > own->cursor && e < own->limit) {
        /* The run of free blocks from e on reaches into the region. */
        uint32_t cursor = end < own->limit ? end : own->limit;
        n_blocks -= cursor - own->cursor;
        own->cursor = cursor;
        set_stop(h);
    }
    a->n_free -= n_blocks;
}

/* The object at block b takes the free blocks behind it, and is cleaned. */
static void extend(struct heap *h, struct slide_area *a, uint32_t b,
                   uint32_t old, uint32_t bytes)
{
    uint32_t n_blocks = blocks_for(h, bytes);
    take_blocks(h, a, b + old, n_blocks - old);
    clean_object(h, area_block_address(h, &a->area, b + old), n_blocks - old,
                 copying_of(h)->params.zero);
}

/*
 * There is no room for a copy, but perhaps for what the object lacks: what
 * lies behind it goes up. Everything is packed, so that can be all the free
 * memory of its area. Returns false, and nothing has changed, if it is not
 * enough.
 */
static bool open_behind(struct heap *h, struct slide_area *a, uint32_t e,
                        uint32_t more)
{
    struct copying *own = copying_of(h);
    leave_region(h);
    h->phase = PHASE_PLAN;
    pin(h);
    bool is_possible = slide_plan_raise(h, &own->slide, a, e, more);
    if (is_possible) {
        update(h);
        h->phase = PHASE_MOVE;
        slide_raise(h, &own->slide, a);
    }
    slide_unpin(h, &own->slide);
    h->phase = PHASE_IDLE;
    choose_region(h, 0);
    return is_possible;
}

/* Everything slides, without marking. */
static void repack(struct heap *h)
{
    leave_region(h);
    h->phase = PHASE_PLAN;
    pin(h);
    slide(h);
    h->phase = PHASE_IDLE;
    choose_region(h, 0);
}

/*
 * The object that own->moving names becomes `bytes` bytes long in its place,
 * after whatever slide this needs. If there was a collection in this call
 * (`has_collected`), the slide is part of it.
 */
static bool grow_hard(struct heap *h, uint32_t bytes, bool has_collected)
{
    const struct copying *own = copying_of(h);
    struct slide_area *a = slide_area_of(h, own->moving);
    uint32_t old = copying_bytes(h, own->moving) >> h->block_shift;
    uint32_t more = blocks_for(h, bytes) - old;
    if (free_blocks(h, a) < more)
        return false;
    if (!has_collected)
        begin(h, CAUSE_SLIDE);
    if (!has_collected || own->params.slide != COPYING_FULL)
        repack(h);

    uint32_t b = area_block_of(h, &a->area, own->moving);
    const uint32_t *t = area_table(h, &a->area);
    if (atab_free_run(t, area_blocks(&a->area), b + old, more) < more &&
        !open_behind(h, a, b + old, more))
        return false;
    extend(h, a, b, old, bytes);
    h->refusal = REFUSAL_NONE;
    return true;
}

/* Somewhere else: allocate, copy, free. The object may slide meanwhile. */
static addr32 move(struct heap *h, struct slide_area *a, addr32 object,
                   uint32_t bytes)
{
    struct copying *own = copying_of(h);
    uint32_t b = area_block_of(h, &a->area, object);
    uint32_t old = atab_object_blocks(area_table(h, &a->area), b);
    uint32_t flags = area_has_finaliser(h, &a->area, b) ? HEAP_FINALISER : 0;
    if (a->leaf != 0 && slide_get_bit(h, a->leaf, b))
        flags |= HEAP_LEAF;
    if (a->ambiguous != 0 && slide_get_bit(h, a->ambiguous, b))
        flags |= HEAP_AMBIGUOUS;
    uint32_t n_before = h->n_collections;

    own->moving = object;
    addr32 to = copying_alloc(h, bytes, flags);
    if (to != 0) {
        __builtin_memmove(byte_at(h, to), byte_at(h, own->moving),
                          old << h->block_shift);
        copying_free(h, own->moving);
    } else if (grow_hard(h, bytes, h->n_collections != n_before)) {
        to = own->moving;
    }
    own->moving = 0;
    return to;
}

addr32 copying_realloc(struct heap *h, addr32 object, uint32_t bytes,
                       bool may_move)
{
    if (object == 0)
        return copying_alloc(h, bytes, 0);
    h->refusal = REFUSAL_NONE;
    if (bytes == 0) {
        copying_free(h, object);
        return 0;
    }
    struct slide_area *a = slide_area_of(h, object);
    uint32_t n_blocks = blocks_for(h, bytes);
    if (is_locked(h) || n_blocks == 0 || a == NULL) {
        h->refusal = is_locked(h) ? REFUSAL_LOCKED : REFUSAL_LIMIT;
        return 0;
    }

    uint32_t b = area_block_of(h, &a->area, object);
    uint32_t *t = area_table(h, &a->area);
    uint32_t old = atab_object_blocks(t, b);
    if (n_blocks < old) {
        atab_clear(t, b + n_blocks, old - n_blocks);
        give_blocks(h, a, b + n_blocks, old - n_blocks);
    }
    if (n_blocks <= old) {
        clean_rest(h, object, bytes, n_blocks);
        return object;
    }
    uint32_t more = n_blocks - old;
    if (atab_free_run(t, area_blocks(&a->area), b + old, more) == more) {
        extend(h, a, b, old, bytes);
        return object;
    }
    if (!may_move) {
        h->refusal = REFUSAL_IN_PLACE;
        return 0;
    }
    return move(h, a, object, bytes);
}

/* ---- Control and looking ---------------------------------------------- */

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
    collect(h, CAUSE_ALL, 0);
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
    switch (what) {
    case CONTROL_AUTO:
        h->is_auto = value != 0;
        break;
    case CONTROL_LOCK:
        if (value == 0 && h->lock_depth == 0)
            return HEAP_BAD_PARAMETER;
        h->lock_depth += value != 0 ? 1 : UINT32_MAX;
        break;
    case CONTROL_THRESHOLD:
        h->threshold_blocks = value == HEAP_NO_THRESHOLD
                                  ? HEAP_NO_THRESHOLD
                                  : value >> h->block_shift;
        break;
    case CONTROL_RESET:
        return reset(h);
    default:
        return HEAP_BAD_PARAMETER;
    }
    set_stop(h);
    return HEAP_OK;
}

uint32_t copying_add_area(struct heap *h, addr32 address, uint32_t bytes)
{
    const uint32_t skip = sizeof(struct slide_area);
    addr32 end = address + bytes;
    if (h->phase != PHASE_IDLE)
        return HEAP_BUSY;
    if (address == 0 || address % 16 != 0 || end < address)
        return HEAP_BAD_ADDRESS;
    if (bytes < skip ||
        !slide_setup(h, slide_at(h, address), address + skip, end, sides(h)))
        return HEAP_TOO_SMALL;

    struct slide_area *a = slide_at(h, address);
    a->area.next = 0;
    a->area.number = h->next_area++;
    struct area *last = &h->first;
    while (last->next != 0)
        last = area_next(h, last);
    last->next = address;
    h->n_areas++;
    addr32 pool_end = area_block_address(h, &a->area, area_blocks(&a->area));
    if (a->area.pool < h->pool_min)
        h->pool_min = a->area.pool;
    if (pool_end > h->pool_max)
        h->pool_max = pool_end;
    return HEAP_OK;
}
