/* twoended.c - see twoended.h: places for objects. */
#include "core/atabdown.h"
#include "core/twoendedpart.h"

/* ---- Searching --------------------------------------------------------- */

/* A place for an object. */
struct spot {
    struct area *a; /* null: none                                         */
    uint32_t block;
    bool crosses; /* it lies in the other kind's part                     */
    bool is_last; /* no area behind it has a place                        */
};

/* The lowest place in the first area where it does not cross, or does. */
static void find_short(struct heap *h, uint32_t n_blocks, struct spot *s)
{
    s->a = NULL;
    for (struct area *a = &h->first; a != NULL; a = area_next(h, a)) {
        uint32_t b = atab_find_free(area_table(h, a), area_blocks(a),
                                    4 * a->hint, n_blocks);
        if (b == ATAB_NONE) {
            if (n_blocks == 1)
                a->hint = a->table_bytes; /* all of it is used */
            continue;
        }
        bool crosses = b + n_blocks > *twoended_long_start(a);
        if (s->a == NULL || !crosses)
            *s = (struct spot){a, b, crosses, false};
        if (!crosses)
            return;
    }
}

/* Does a used block lie between [b, b + n_blocks) of `a` and long_start? */
static bool crosses_down(struct heap *h, struct area *a, uint32_t b,
                         uint32_t n_blocks)
{
    uint32_t start = *twoended_long_start(a);
    uint32_t end = b + n_blocks;
    if (end >= start)
        return false;
    return atab_free_run(area_table(h, a), start, end, start - end) <
           start - end;
}

/* The highest place in the last area where it does not cross, or does. */
static void find_long(struct heap *h, uint32_t n_blocks, struct spot *s)
{
    s->a = NULL;
    for (struct area *a = &h->first; a != NULL; a = area_next(h, a)) {
        uint32_t b = atab_find_free_down(area_table(h, a),
                                         twoended_high_of(h, a), n_blocks);
        if (b == ATAB_NONE)
            continue;
        bool crosses = crosses_down(h, a, b, n_blocks);
        if (s->a == NULL || s->crosses || !crosses)
            *s = (struct spot){a, b, crosses, true};
        else
            s->is_last = false;
    }
}

static void find(struct heap *h, uint32_t n_blocks, bool is_long,
                 struct spot *s)
{
    if (is_long)
        find_long(h, n_blocks, s);
    else
        find_short(h, n_blocks, s);
}

/* May a collection be worth its while, only because the two would cross? */
static bool is_worth_collecting(struct heap *h)
{
    return 2 * h->given_blocks >= twoended_of(h)->free_after;
}

/* One more area from the outer heap. */
static bool grow(struct heap *h, uint32_t bytes)
{
    const struct twoended_params *p = &twoended_of(h)->params;
    if (!p->grow || !grow_for(h, bytes, p->growth_rule, TWOENDED_AREA_BYTES))
        return false;
    struct area *last = &h->first;
    while (last->next != 0)
        last = area_next(h, last);
    twoended_open_area(h, last);
    return true;
}

/* The same, after whatever collection and growth may be needed. */
static void find_hard(struct heap *h, uint32_t bytes, bool is_long,
                      struct spot *s)
{
    uint32_t n_blocks = (bytes + h->block_bytes - 1) >> h->block_shift;
    bool may_collect = h->is_auto;
    if (may_collect && h->given_blocks >= h->threshold_blocks) {
        twoended_gather(h, CAUSE_THRESHOLD, NULL);
        may_collect = false;
    }
    find(h, n_blocks, is_long, s);
    bool is_wanted = s->a == NULL || (s->crosses && is_worth_collecting(h));
    if (may_collect && is_wanted) {
        twoended_gather(h, CAUSE_FULL, s->a); /* the place it has stays */
        find(h, n_blocks, is_long, s);
    }
    if (s->a == NULL && grow(h, bytes))
        find(h, n_blocks, is_long, s);
}

/* ---- Allocating -------------------------------------------------------- */

static addr32 refuse(struct heap *h, uint32_t why)
{
    h->refusal = why;
    return 0;
}

/* Of a long-lived object at `s`: the bound, and what is known to be used. */
static void note_long(struct heap *h, const struct spot *s, uint32_t n_blocks)
{
    struct twoended *own = twoended_of(h);
    uint32_t *start = twoended_long_start(s->a);
    if (!s->crosses && s->block < *start)
        *start = s->block;
    /* Only a search for one block has seen that all behind it are used. */
    if (n_blocks == 1 && s->is_last) {
        own->high_area = s->a->number;
        own->high = (s->block + 3) / 4;
    }
}

static inline bool is_locked(const struct heap *h)
{
    return h->lock_depth > 0 || h->phase != PHASE_IDLE;
}

/* An object of `bytes` bytes, more than 0, with what was there before. */
static addr32 take(struct heap *h, uint32_t bytes, uint32_t flags)
{
    bool is_long = (flags & HEAP_LONG_LIVED) != 0;
    uint32_t n_blocks = (bytes + h->block_bytes - 1) >> h->block_shift;
    if (n_blocks == 0)
        return refuse(h, REFUSAL_LIMIT);
    if (is_locked(h))
        return refuse(h, REFUSAL_LOCKED);
    struct spot s;
    find_hard(h, bytes, is_long, &s);
    if (s.a == NULL)
        return refuse(h, h->is_auto ? REFUSAL_FULL : REFUSAL_OFF);

    atab_take(area_table(h, s.a), s.block, n_blocks);
    /* Only a search for one block has seen that all before it are used. */
    if (is_long)
        note_long(h, &s, n_blocks);
    else if (n_blocks == 1)
        s.a->hint = (s.block + 1) / 4;
    twoended_of(h)->used_blocks += n_blocks;
    h->given_blocks += n_blocks;
    h->refusal = REFUSAL_NONE;
    addr32 object = area_block_address(h, s.a, s.block);
    if ((flags & HEAP_FINALISER) != 0 && h->has_finalisers) {
        *word_at(h, object) = 0;
        area_set_finaliser(h, s.a, s.block);
    }
    return object;
}

static inline void zero(struct heap *h, addr32 from, addr32 to)
{
    __builtin_memset(byte_at(h, from), 0, to - from);
}

addr32 twoended_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    if (bytes == 0)
        return refuse(h, REFUSAL_NONE);
    addr32 object = take(h, bytes, flags);
    if (object == 0)
        return 0;
    bool is_whole = twoended_of(h)->params.zero;
    addr32 end = (object + bytes + h->block_bytes - 1) & ~(h->block_bytes - 1);
    zero(h, is_whole ? object : object + bytes, end);
    return object;
}

/* ---- Freeing and resizing ---------------------------------------------- */

/* Blocks [b, end) of `a` have become free. */
static void note_free(struct heap *h, struct area *a, uint32_t b, uint32_t end)
{
    if (b / 4 < a->hint)
        a->hint = b / 4;
    twoended_raise_high(h, a, (end + 3) / 4);
    twoended_of(h)->used_blocks -= end - b;
}

void twoended_free(struct heap *h, addr32 object)
{
    if (h->lock_depth > 0)
        return;
    struct area *a = object == 0 ? NULL : area_of(h, object);
    if (a == NULL)
        return;
    CORE_ASSERT((object & (h->block_bytes - 1)) == 0);

    uint32_t b = area_block_of(h, a, object);
    if (h->has_finalisers)
        area_clear_finaliser(h, a, b);
    note_free(h, a, b, b + atab_release(area_table(h, a), b));
}

/* Take the free blocks behind the object at `b`; false: they are too few. */
static bool grow_in_place(struct heap *h, struct area *a, uint32_t b,
                          uint32_t old, uint32_t n_blocks)
{
    uint32_t *t = area_table(h, a);
    uint32_t more = n_blocks - old;
    if (atab_free_run(t, area_blocks(a), b + old, more) < more)
        return false;

    atab_extend(t, b + old, more);
    twoended_of(h)->used_blocks += more;
    return true;
}

/*
 * Copy the object of `old` blocks at `b` of `a` to a new one of `bytes` bytes
 * with its finaliser. The old one stays, and has none any more. Returns 0,
 * when there is no place.
 */
static addr32 copy(struct heap *h, const struct area *a, uint32_t b,
                   uint32_t bytes, uint32_t flags)
{
    struct twoended *own = twoended_of(h);
    addr32 object = area_block_address(h, a, b);
    uint32_t old = atab_object_blocks(area_table(h, a), b) << h->block_shift;
    if (area_has_finaliser(h, a, b))
        flags |= HEAP_FINALISER;
    own->moving = object; /* keeps it alive meanwhile, and so its area */
    addr32 to = take(h, bytes, flags);
    own->moving = 0;
    if (to == 0)
        return 0;
    __builtin_memcpy(word_at(h, to), word_at(h, object), old);
    if (h->has_finalisers)
        area_clear_finaliser(h, a, b);
    return to;
}

addr32 twoended_realloc(struct heap *h, addr32 object, uint32_t bytes,
                        bool may_move)
{
    if (object == 0)
        return twoended_alloc(h, bytes, 0);
    if (bytes == 0) {
        twoended_free(h, object);
        return refuse(h, REFUSAL_NONE);
    }
    struct area *a = area_of(h, object);
    uint32_t n_blocks = (bytes + h->block_bytes - 1) >> h->block_shift;
    if (is_locked(h) || n_blocks == 0 || a == NULL)
        return refuse(h, is_locked(h) ? REFUSAL_LOCKED : REFUSAL_LIMIT);

    h->refusal = REFUSAL_NONE;
    uint32_t b = area_block_of(h, a, object);
    uint32_t old = atab_object_blocks(area_table(h, a), b);
    if (n_blocks < old) {
        atab_clear(area_table(h, a), b + n_blocks, old - n_blocks);
        note_free(h, a, b + n_blocks, b + old);
    }
    if (n_blocks <= old)
        return object;

    addr32 to = object;
    if (!grow_in_place(h, a, b, old, n_blocks)) {
        if (!may_move)
            return refuse(h, REFUSAL_IN_PLACE);
        bool is_long = b >= *twoended_long_start(a);
        to = copy(h, a, b, bytes, is_long ? HEAP_LONG_LIVED : 0);
        if (to == 0)
            return 0;
        twoended_free(h, object);
    }
    uint32_t kept = old << h->block_shift;
    bool is_whole = twoended_of(h)->params.zero;
    zero(h, to + (is_whole ? kept : bytes), to + (n_blocks << h->block_shift));
    return to;
}

/* Is block b of `a` nearer to the long-lived end than block c of `other`? */
static bool is_nearer(const struct area *a, uint32_t b,
                      const struct area *other, uint32_t c)
{
    return a == other ? b > c : a->number > other->number;
}

addr32 twoended_promote(struct heap *h, addr32 object)
{
    struct area *a = area_of(h, object);
    CORE_ASSERT(a != NULL);
    uint32_t b = area_block_of(h, a, object);
    uint32_t bytes = atab_object_blocks(area_table(h, a), b) << h->block_shift;
    h->refusal = REFUSAL_NONE;
    if (b >= *twoended_long_start(a))
        return object;
    addr32 to = copy(h, a, b, bytes, HEAP_LONG_LIVED);
    if (to == 0)
        return 0;
    struct area *new = area_of(h, to);
    if (is_nearer(new, area_block_of(h, new, to), a, b))
        return to;

    /* It stays; what copy has done to it is undone. */
    bool has = area_has_finaliser(h, new, area_block_of(h, new, to));
    twoended_free(h, to);
    if (has)
        area_set_finaliser(h, a, b);
    return object;
}

uint32_t twoended_bytes(struct heap *h, addr32 object)
{
    struct area *a = area_of(h, object);
    if (a == NULL || (object & (h->block_bytes - 1)) != 0)
        return 0;
    uint32_t b = area_block_of(h, a, object);
    const uint32_t *t = area_table(h, a);
    if (atab_get_kind(t, b) != ATAB_HEAD)
        return 0;
    return atab_object_blocks(t, b) << h->block_shift;
}
