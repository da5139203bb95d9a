/*
 * slidemove.c - the passes of slide.h that move: objects, then their entries;
 * down, or up
 */
#include "core/slide.h"
#include "core/slidebits.h"
#include "core/sliderun.h"

/* ---- Move --------------------------------------------------------------- */

/*
 * So many words as one value: it is loaded and stored as one, so a copy must
 * not overlap itself. Twelve words are what compilers copy best on small cores.
 */
struct two_words {
    uint32_t word[2];
};

struct four_words {
    uint32_t word[4];
};

struct six_words {
    uint32_t word[6];
};

struct eight_words {
    uint32_t word[8];
};

struct ten_words {
    uint32_t word[10];
};

struct twelve_words {
    uint32_t word[12];
};

/* No instruction: it keeps the addresses of the next copy from being worked
 * out, and kept, before this one. */
static inline void end_copy(void)
{
    __asm__ volatile("" : : : "memory");
}

static inline void copy_two(uint32_t *to, const uint32_t *from)
{
    *(struct two_words *)(void *)to =
        *(const struct two_words *)(const void *)from;
    end_copy();
}

static inline void copy_four(uint32_t *to, const uint32_t *from)
{
    *(struct four_words *)(void *)to =
        *(const struct four_words *)(const void *)from;
    end_copy();
}

static inline void copy_six(uint32_t *to, const uint32_t *from)
{
    *(struct six_words *)(void *)to =
        *(const struct six_words *)(const void *)from;
    end_copy();
}

static inline void copy_eight(uint32_t *to, const uint32_t *from)
{
    *(struct eight_words *)(void *)to =
        *(const struct eight_words *)(const void *)from;
    end_copy();
}

static inline void copy_ten(uint32_t *to, const uint32_t *from)
{
    *(struct ten_words *)(void *)to =
        *(const struct ten_words *)(const void *)from;
    end_copy();
}

static inline void copy_twelve(uint32_t *to, const uint32_t *from)
{
    *(struct twelve_words *)(void *)to =
        *(const struct twelve_words *)(const void *)from;
    end_copy();
}

/*
 * Copy the words from `from` to before `end` down to `to`. Returns where the
 * copy ends. The distance decides how many words are copied as one.
 */
static __attribute__((noinline)) uint32_t *copy_down(uint32_t *to,
                                                     const uint32_t *from,
                                                     const uint32_t *end)
{
    CORE_ASSERT(to < from && from <= end);
    uint32_t distance = (uint32_t)(from - to);
    if (distance >= 12) {
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

/* Around pinned objects. */
static void move_by_table(struct heap *h, const struct slide_area *a)
{
    uint32_t shift = h->block_shift - 2; /* from blocks to words */
    uint32_t *pool = word_at(h, a->area.pool);
    uint32_t *to = pool;
    struct runs r;
    runs_open(&r, area_table(h, &a->area), area_blocks(&a->area));
    while (runs_next(&r)) {
        if (runs_pass_pinned(&r)) {
            to = pool + (r.end << shift);
            continue;
        }
        const uint32_t *from = pool + (r.from << shift);
        uint32_t *end = pool + (r.end << shift);
        to = from != to ? copy_down(to, from, end) : end;
    }
}

/* A copy under way. */
struct copy {
    uint32_t *to;
    const uint32_t *from;
};

/* `words` more are copied. Compilers that see past here keep so many addresses
 * at hand that registers run out. */
static inline void copy_step(struct copy *c, uint32_t words)
{
    c->to += words;
    c->from += words;
    __asm__("" : "+r"(c->to), "+r"(c->from) : : "memory");
}

/* Bytes that are left of it. */
static inline uint32_t copy_rest(const struct copy *c, const uint32_t *end)
{
    return (uint32_t)((const uint8_t *)end - (const uint8_t *)c->from);
}

/* Whose address has no offset where loads of several words take none. */
typedef uint32_t four_at_once __attribute__((vector_size(16), aligned(4)));

/*
 * As copy_twelve, 12 or 24 words behind the addresses at hand. The empty line
 * of assembly is no instruction: it names what is at both addresses, so that
 * both are worked out, if they must be, before either is used. A Cortex-M4
 * waits for one that the instruction before has worked out. Further behind, a
 * Cortex-M0+ would lose by it: it has the addresses from the copy before.
 */
static inline void copy_twelve_behind(uint32_t *to, const uint32_t *from)
{
    __asm__ volatile(""
                     :
                     : "m"(*(const four_at_once *)(const void *)from),
                       "m"(*(const four_at_once *)(const void *)to));
    copy_twelve(to, from);
}

/* Copy the last `rest` bytes: a multiple of 8, less than 48. Returns where the
 * copy ends. */
static inline uint32_t *copy_last(uint32_t *to, const uint32_t *from,
                                  uint32_t rest)
{
    CORE_ASSERT(rest % 8 == 0 && rest < 48);
    if (rest == 0)
        return to;
    if (rest < 24) {
        if (rest == 16) {
            copy_four(to, from);
            return to + 4;
        }
        copy_two(to, from);
        return to + 2;
    }
    if (rest == 24) {
        copy_six(to, from);
        return to + 6;
    }
    if (rest == 32) {
        copy_eight(to, from);
        return to + 8;
    }
    copy_ten(to, from);
    return to + 10;
}

/*
 * As copy_down, for distances of 12 words and more, and an even number of
 * words: sixty at a time, then what is left, which is less than the next piece
 * at every step. The path of 240 bytes and 48 and a few goes straight on: the
 * fewer pieces, the more a jump weighs.
 */
static inline uint32_t *copy_far(uint32_t *to, const uint32_t *from,
                                 const uint32_t *end)
{
    struct copy c = {to, from};
    while (copy_rest(&c, end) >= 240) {
        copy_twelve(c.to, c.from);
        copy_twelve_behind(c.to + 12, c.from + 12);
        copy_twelve_behind(c.to + 24, c.from + 24);
        copy_twelve(c.to + 36, c.from + 36);
        copy_twelve(c.to + 48, c.from + 48);
        copy_step(&c, 60);
    }
    if (copy_rest(&c, end) >= 48) {
        while (__builtin_expect(copy_rest(&c, end) >= 96, 0)) {
            copy_twelve(c.to, c.from);
            copy_twelve_behind(c.to + 12, c.from + 12);
            copy_step(&c, 24);
        }
        if (copy_rest(&c, end) >= 48) {
            copy_twelve(c.to, c.from);
            copy_step(&c, 12);
        }
    }
    return copy_last(c.to, c.from, copy_rest(&c, end));
}

/*
 * Move the run behind `hole`, and all that follow, down to `to`: by 12 words
 * or more, and never by less than the one before. On its own, so that the
 * copies have all registers.
 */
static __attribute__((noinline)) void move_far(struct heap *h, addr32 hole,
                                               addr32 pool_end, uint32_t *to)
{
    do {
        const struct slide_sign *sign = slide_sign_at(h, hole);
        const uint32_t *from = word_at(h, sign->from);
        hole = sign->end;
        to = copy_far(to, from, word_at(h, hole));
    } while (hole != pool_end);
}

/* From hole to hole. A run's copy ends no later than the run did, so that the
 * sign behind it is still there. */
static void move_by_signs(struct heap *h, const struct slide_area *a)
{
    uint32_t n_blocks = area_blocks(&a->area);
    uint32_t first = atab_find_free(area_table(h, &a->area), n_blocks, 0, 1);
    if (first == ATAB_NONE)
        return;
    addr32 hole = area_block_address(h, &a->area, first);
    addr32 pool_end = area_block_address(h, &a->area, n_blocks);
    uint32_t *to = word_at(h, hole);
    while (hole != pool_end) {
        const struct slide_sign *sign = slide_sign_at(h, hole);
        const uint32_t *from = word_at(h, sign->from);
        if (from - to >= 12) {
            move_far(h, hole, pool_end, to);
            return;
        }
        hole = sign->end;
        to = copy_down(to, from, word_at(h, hole));
    }
}

void slide_move(struct heap *h, const struct slide *s)
{
    const struct slide_area *a = slide_first(h);
    for (; a != NULL; a = slide_next(h, a)) {
        if (slide_has_signs(s))
            move_by_signs(h, a);
        else
            move_by_table(h, a);
    }
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
    runs_open(&r, t, n_blocks);
    while (runs_next(&r)) {
        if (runs_pass_pinned(&r)) {
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
    runs_open(&r, t, n_blocks);
    runs_seek(&r, b);
    (void)runs_next(&r);
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
