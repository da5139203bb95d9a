/*
 * slidemove.c - the passes of slide.h that move: objects, then their entries;
 * down, or up
 */
#include "core/slide.h"
#include "core/slidebits.h"

/* ---- Move --------------------------------------------------------------- */

struct four_words {
    uint32_t word[4];
};

struct twelve_words {
    uint32_t word[12];
};

static inline void copy_four(uint32_t *to, const uint32_t *from)
{
    *(struct four_words *)(void *)to =
        *(const struct four_words *)(const void *)from;
}

static inline void copy_twelve(uint32_t *to, const uint32_t *from)
{
    *(struct twelve_words *)(void *)to =
        *(const struct twelve_words *)(const void *)from;
}

/*
 * Copy the words from `from` to before `end` down to `to`. Returns where the
 * copy ends. A structure is loaded and stored as one, so it must not overlap
 * itself: the distance decides. Twelve words are what compilers copy best on
 * small cores.
 */
static __attribute__((noinline)) uint32_t *copy_down(uint32_t *to,
                                                     const uint32_t *from,
                                                     const uint32_t *end)
{
    CORE_ASSERT(to < from && from <= end);
    uint32_t distance = (uint32_t)(from - to);
    if (distance >= 12) {
        for (; end - from >= 64; to += 64, from += 64) {
            copy_twelve(to, from);
            copy_twelve(to + 12, from + 12);
            copy_twelve(to + 24, from + 24);
            copy_twelve(to + 36, from + 36);
            copy_twelve(to + 48, from + 48);
            copy_four(to + 60, from + 60);
        }
        if (from == end)
            return to;
        for (; end - from >= 12; to += 12, from += 12)
            copy_twelve(to, from);
    }
    if (distance >= 4) {
        for (; end - from >= 4; to += 4, from += 4)
            copy_four(to, from);
    }
    while (from != end)
        *to++ = *from++;
    return to;
}

/*
 * A pass over runs of neighbours. The entries of one word of the table are at
 * hand; those that have been passed are 0. The last word may hold more than
 * entries: that is hidden.
 */
struct runs {
    const uint32_t *table;
    const uint32_t *word; /* the one at hand                              */
    const uint32_t *last;
    uint32_t last_mask; /* entries of the last word                       */
    uint32_t rest;      /* of the word at hand                            */
    uint32_t base;      /* first block of the word at hand                */
    uint32_t from, end; /* the run: blocks from `from` to before `end`    */
};

/* Begin at block `b`, or go on there. */
static inline void seek_run(struct runs *r, uint32_t b)
{
    r->word = r->table + b / 16;
    r->base = b & ~UINT32_C(15);
    r->rest = r->word > r->last ? 0 : *r->word & UINT32_MAX << 2 * (b % 16);
    if (r->word == r->last)
        r->rest &= r->last_mask;
}

static inline void open_runs(struct runs *r, const uint32_t *t,
                             uint32_t n_blocks)
{
    r->table = t;
    r->last = t + (n_blocks - 1) / 16;
    r->last_mask = UINT32_MAX >> (30 - 2 * ((n_blocks - 1) % 16));
    r->from = r->end = 0;
    seek_run(r, 0);
}

/* The next word; false: there is none. */
static inline bool next_word(struct runs *r)
{
    r->word++;
    r->base += 16;
    if (__builtin_expect(r->word < r->last, 1)) {
        r->rest = *r->word;
        return true;
    }
    if (r->word > r->last)
        return false;
    r->rest = *r->word & r->last_mask;
    return true;
}

/*
 * The next run: it ends before what is free or pinned. A pinned object is an
 * empty run: see pass_pinned. False: there is no more.
 */
static inline bool next_run(struct runs *r)
{
    while (r->rest == 0) {
        if (r->word >= r->last || !next_word(r))
            return false;
    }
    uint32_t place = (uint32_t)__builtin_ctz(r->rest) & ~UINT32_C(1);
    r->from = r->base + place / 2;

    /* Free 00 and pinned 11: both bits are the same. */
    uint32_t ends = ~(r->rest ^ r->rest >> 1) & ATAB_LOW_BITS << place;
    while (ends == 0) {
        if (!next_word(r)) {
            r->rest = 0;
            r->end = r->base;
            return true;
        }
        ends = ~(r->rest ^ r->rest >> 1) & ATAB_LOW_BITS;
    }
    place = (uint32_t)__builtin_ctz(ends);
    r->end = r->base + place / 2;
    r->rest &= UINT32_MAX << place;
    return true;
}

/* Is the run an object that is pinned? Then it is passed. */
static inline bool pass_pinned(struct runs *r)
{
    if (r->end != r->from)
        return false;
    r->end = r->from + atab_object_blocks(r->table, r->from);
    seek_run(r, r->end);
    return true;
}

static void move(struct heap *h, const struct slide_area *a)
{
    uint32_t shift = h->block_shift - 2; /* from blocks to words */
    uint32_t *pool = word_at(h, a->area.pool);
    uint32_t *to = pool;
    struct runs r;
    open_runs(&r, area_table(h, &a->area), area_blocks(&a->area));
    while (next_run(&r)) {
        if (pass_pinned(&r)) {
            to = pool + (r.end << shift);
            continue;
        }
        const uint32_t *from = pool + (r.from << shift);
        uint32_t *end = pool + (r.end << shift);
        to = from != to ? copy_down(to, from, end) : end;
    }
}

void slide_move(struct heap *h)
{
    const struct slide_area *a = slide_first(h);
    for (; a != NULL; a = slide_next(h, a))
        move(h, a);
}

/* ---- Settle ------------------------------------------------------------- */

/* The entries of the 16 blocks from `b` on. Reads one word more. */
static inline uint32_t entries_at(const uint32_t *t, uint32_t b)
{
    uint32_t shift = 2 * (b % 16);
    uint32_t low = t[b / 16] >> shift;
    return shift == 0 ? low : low | t[b / 16 + 1] << (32 - shift);
}

/*
 * Move the entries of n blocks from `from` down to `to`. Returns the number
 * of objects among them.
 */
static uint32_t move_entries(uint32_t *t, uint32_t from, uint32_t to,
                             uint32_t n)
{
    uint32_t n_objects = 0;
    CORE_ASSERT(to < from);
    while (n > 0) {
        uint32_t place = to % 16;
        uint32_t some = 16 - place < n ? 16 - place : n;
        uint32_t mask = some == 16 ? UINT32_MAX : blocks_below(some);
        uint32_t entries = entries_at(t, from) & mask;
        uint32_t *w = &t[to / 16];
        *w = (*w & ~(mask << 2 * place)) | entries << 2 * place;
        n_objects += count(head_bits(entries));
        from += some;
        to += some;
        n -= some;
    }
    return n_objects;
}

static void settle(struct heap *h, struct slide *s, const struct slide_area *a)
{
    uint32_t *t = area_table(h, &a->area);
    uint32_t n_blocks = area_blocks(&a->area);
    uint32_t to = 0;
    struct runs r;
    open_runs(&r, t, n_blocks);
    while (next_run(&r)) {
        if (pass_pinned(&r)) {
            atab_mark_to_head(t, r.from);
            if (to != r.from)
                atab_clear(t, to, r.from - to);
            to = r.end;
            continue;
        }
        uint32_t n = r.end - r.from;
        if (r.from != to) {
            s->moved_objects += move_entries(t, r.from, to, n);
            s->moved_bytes += n << h->block_shift;
        }
        to += n;
    }
    if (to != n_blocks)
        atab_clear(t, to, n_blocks - to);
}

void slide_settle(struct heap *h, struct slide *s)
{
    const struct slide_area *a = slide_first(h);
    for (; a != NULL; a = slide_next(h, a))
        settle(h, s, a);
    s->n_pinned = 0;
}

/* ---- Raise -------------------------------------------------------------- */

bool slide_plan_raise(struct heap *h, struct slide *s,
                      const struct slide_area *a, uint32_t b, uint32_t n)
{
    const uint32_t *t = area_table(h, &a->area);
    uint32_t n_blocks = area_blocks(&a->area);
    if (b >= n_blocks || atab_get_kind(t, b) != ATAB_HEAD)
        return false;
    struct runs r;
    open_runs(&r, t, n_blocks);
    seek_run(&r, b);
    (void)next_run(&r);
    uint32_t end = r.end;
    if (atab_free_run(t, n_blocks, end, n) < n)
        return false;
    s->low = area_block_address(h, &a->area, b);
    s->span = (end - b) << h->block_shift;
    s->way = SLIDE_UP;
    s->raise = n;
    return true;
}

/* From the top, so that no bit meets one that has still to move. */
static void raise_bits(struct heap *h, addr32 bits, uint32_t from, uint32_t end,
                       uint32_t n)
{
    for (uint32_t b = end; bits != 0 && b > from; b--) {
        if (!slide_get_bit(h, bits, b - 1))
            continue;
        slide_clear_bit(h, bits, b - 1);
        slide_set_bit(h, bits, b - 1 + n);
    }
}

void slide_raise(struct heap *h, struct slide *s, const struct slide_area *a)
{
    uint32_t *t = area_table(h, &a->area);
    uint32_t from = area_block_of(h, &a->area, s->low);
    uint32_t end = from + (s->span >> h->block_shift);
    uint32_t n = s->raise;
    __builtin_memmove(byte_at(h, s->low + (n << h->block_shift)),
                      byte_at(h, s->low), s->span);
    raise_bits(h, slide_finalisers(h, a), from, end, n);
    raise_bits(h, a->leaf, from, end, n);
    raise_bits(h, a->ambiguous, from, end, n);

    for (uint32_t b = end; b > from; b--) {
        uint32_t kind = atab_get_kind(t, b - 1);
        uint32_t shift = 2 * ((b - 1 + n) % 16);
        uint32_t *w = &t[(b - 1 + n) / 16];
        *w = (*w & ~(UINT32_C(3) << shift)) | kind << shift;
        s->moved_objects += kind == ATAB_HEAD;
    }
    atab_clear(t, from, n < end - from ? n : end - from);
    s->moved_bytes += s->span;
}

void slide_unpin(struct heap *h, struct slide *s)
{
    const struct slide_area *a = slide_first(h);
    for (; a != NULL && s->n_pinned > 0; a = slide_next(h, a)) {
        uint32_t *t = area_table(h, &a->area);
        uint32_t n_blocks = area_blocks(&a->area);
        uint32_t b = atab_next_mark(t, n_blocks, 0);
        while (b != ATAB_NONE) {
            atab_mark_to_head(t, b);
            b = atab_next_mark(t, n_blocks, b + 1);
        }
    }
    s->n_pinned = 0;
}
