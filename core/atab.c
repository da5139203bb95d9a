/* atab.c - see atab.h for the contract. */
#include "core/atab.h"

/*
 * The helpers work on one word of the table, sixteen blocks, and answer with
 * one bit a block, at the block's low bit: 0x55555555 says "all sixteen".
 */
static inline uint32_t tail_bits(uint32_t w)
{
    return w >> 1 & ~w & ATAB_LOW_BITS;
}

static inline uint32_t mark_bits(uint32_t w)
{
    return w >> 1 & w & ATAB_LOW_BITS;
}

/* Place in its word of the lowest block that `bits` names; bits != 0. */
static inline uint32_t lowest(uint32_t bits)
{
    return (uint32_t)__builtin_ctz(bits) / 2;
}

/* Place of the highest. */
static inline uint32_t highest(uint32_t bits)
{
    return (31 - (uint32_t)__builtin_clz(bits)) / 2;
}

/* Both bits of the n lowest blocks, n <= 16. */
static inline uint32_t blocks_below(uint32_t n)
{
    return n >= 16 ? UINT32_MAX : (UINT32_C(1) << 2 * n) - 1;
}

/* Set the blocks from b on to the pattern of their bits in `pattern`. */
static void fill(uint32_t *t, uint32_t b, uint32_t n_blocks, uint32_t pattern)
{
    uint32_t i = b / 16;
    uint32_t place = b % 16;
    while (place + n_blocks > 16) {
        uint32_t keep = blocks_below(place);
        t[i] = (t[i] & keep) | (pattern & ~keep);
        n_blocks -= 16 - place;
        place = 0;
        i++;
    }
    uint32_t some = blocks_below(n_blocks) << 2 * place;
    t[i] = (t[i] & ~some) | (pattern & some);
}

void atab_extend(uint32_t *t, uint32_t b, uint32_t n_blocks)
{
    CORE_ASSERT(n_blocks > 0 && atab_get_kind(t, b) == ATAB_FREE);
    fill(t, b, n_blocks, ATAB_ALL_TAILS);
}

void atab_take_words(uint32_t *t, uint32_t b, uint32_t n_blocks)
{
    fill(t, b, n_blocks, ATAB_ALL_TAILS);
    t[b / 16] ^= UINT32_C(3) << 2 * (b % 16); /* TAIL 10 to HEAD 01 */
}

void atab_clear(uint32_t *t, uint32_t b, uint32_t n_blocks)
{
    fill(t, b, n_blocks, 0);
}

/*
 * Both this and atab_release_words end at the first block that is not TAIL,
 * from the next word on. The gap byte behind the table is one, so no bound is
 * needed.
 */
uint32_t atab_object_blocks_words(const uint32_t *t, uint32_t b)
{
    uint32_t i = b / 16 + 1;
    uint32_t n_blocks = 16 - b % 16;
    uint32_t ends = ~tail_bits(t[i]) & ATAB_LOW_BITS;
    while (ends == 0) {
        n_blocks += 16;
        ends = ~tail_bits(t[++i]) & ATAB_LOW_BITS;
    }
    return n_blocks + lowest(ends);
}

uint32_t atab_release_words(uint32_t *t, uint32_t b)
{
    uint32_t i = b / 16;
    uint32_t n_blocks = 16 - b % 16;
    t[i] &= blocks_below(b % 16);
    uint32_t ends = ~tail_bits(t[++i]) & ATAB_LOW_BITS;
    while (ends == 0) {
        t[i] = 0;
        n_blocks += 16;
        ends = ~tail_bits(t[++i]) & ATAB_LOW_BITS;
    }
    t[i] &= ~((ends & (0 - ends)) - 1);
    return n_blocks + lowest(ends);
}

/*
 * What lies behind the table in its last word, and in the word after that, is
 * read along with it. That can only add places behind the last block, and
 * these lie above all others: a result that does not fit into the table means
 * that there is none.
 */
static uint32_t find_one(const uint32_t *t, uint32_t n_blocks, uint32_t from)
{
    uint32_t i = from / 16;
    uint32_t bits = atab_free_bits(t[i]) & ATAB_LOW_BITS << 2 * (from % 16);
    while (bits == 0) {
        if (16 * ++i >= n_blocks)
            return ATAB_NONE;
        bits = atab_free_bits(t[i]);
    }
    uint32_t b = 16 * i + lowest(bits);
    return b < n_blocks ? b : ATAB_NONE;
}

/*
 * Of sixteen blocks with the free ones in `bits`, and sixteen more behind them
 * in `next`: the first sixteen's starts of `want` free blocks in a row. A block
 * that starts k of them, and the one k places on as well, starts 2 k. `steps`
 * is the number of doublings, the last going only as far as is wanted.
 */
static inline uint32_t starts_of_runs(uint32_t bits, uint32_t next,
                                      uint32_t want, uint32_t steps)
{
    uint64_t both = (uint64_t)next << 32 | bits;
    uint32_t length = 1;
    for (uint32_t k = 1; k < steps; k++) {
        both &= both >> 2 * length;
        length *= 2;
    }
    uint32_t low = (uint32_t)both;
    uint32_t high = (uint32_t)(both >> 32);
    uint32_t shift = 2 * (want - length); /* 2 .. 16 */
    return low & (low >> shift | high << (32 - shift));
}

/*
 * For 2 to 16 blocks. Inlined once for each number of steps, because first fit
 * spends its time here. Full words are not skipped: a branch that falls either
 * way costs more than the work, and there is only one in the loop.
 */
__attribute__((always_inline)) static inline uint32_t find_in_steps(
    const uint32_t *t, uint32_t n_blocks, uint32_t from, uint32_t want,
    uint32_t steps)
{
    uint32_t n_words = (n_blocks + 15) / 16;
    uint32_t i = from / 16;
    uint32_t bits = atab_free_bits(t[i]) & ATAB_LOW_BITS << 2 * (from % 16);
    while (i < n_words) {
        uint32_t next = atab_free_bits(t[i + 1]);
        uint32_t starts = starts_of_runs(bits, next, want, steps);
        if (starts != 0)
            return 16 * i + lowest(starts);
        bits = next;
        i++;
    }
    return ATAB_NONE;
}

/* The first of eight free blocks from `b` on, `b` a multiple of eight. */
static uint32_t next_free_half(const uint32_t *t, uint32_t n_blocks, uint32_t b)
{
    uint32_t n_words = (n_blocks + 15) / 16;
    uint32_t hidden = blocks_below(b % 16);
    for (uint32_t i = b / 16; i < n_words; i++) {
        uint32_t w = t[i] | hidden;
        hidden = 0;
        if ((w & UINT32_C(0xffff)) == 0)
            return 16 * i;
        if (w >> 16 == 0)
            return 16 * i + 8;
    }
    return ATAB_NONE;
}

/*
 * For more. A run of 15 blocks or more holds all eight blocks of some half
 * word, so only those are looked for. The run begins at most seven blocks
 * before the first one found: the half word before that has a used block, or
 * lies before `from`.
 */
__attribute__((noinline)) static uint32_t find_long(const uint32_t *t,
                                                    uint32_t n_blocks,
                                                    uint32_t from,
                                                    uint32_t want)
{
    uint32_t b = next_free_half(t, n_blocks, (from + 7) / 8 * 8);
    while (b < n_blocks) {
        while (b > from && atab_get_kind(t, b - 1) == ATAB_FREE)
            b--;
        uint32_t length = atab_free_run(t, n_blocks, b, want);
        if (length == want)
            return b;
        b = next_free_half(t, n_blocks, (b + length) / 8 * 8 + 8);
    }
    return ATAB_NONE;
}

static uint32_t find_run(const uint32_t *t, uint32_t n_blocks, uint32_t from,
                         uint32_t want)
{
    if (want == 2)
        return find_in_steps(t, n_blocks, from, want, 1);
    if (want <= 4)
        return find_in_steps(t, n_blocks, from, want, 2);
    if (want <= 8)
        return find_in_steps(t, n_blocks, from, want, 3);
    return find_in_steps(t, n_blocks, from, want, 4);
}

uint32_t atab_find_free(const uint32_t *t, uint32_t n_blocks, uint32_t from,
                        uint32_t want)
{
    CORE_ASSERT(want > 0 && from <= n_blocks);
    if (want == 1)
        return find_one(t, n_blocks, from);
    if (want > 16)
        return find_long(t, n_blocks, from, want);
    uint32_t b = find_run(t, n_blocks, from, want);
    return b < n_blocks && want <= n_blocks - b ? b : ATAB_NONE;
}

uint32_t atab_free_run(const uint32_t *t, uint32_t n_blocks, uint32_t b,
                       uint32_t most)
{
    if (most > n_blocks - b)
        most = n_blocks - b;
    if (most == 0)
        return 0;

    uint32_t i = b / 16;
    uint32_t place = b % 16;
    uint32_t used = ~atab_free_bits(t[i]) & ATAB_LOW_BITS << 2 * place;
    used &= ATAB_LOW_BITS;
    uint32_t n = 0;
    while (used == 0) {
        n += 16;
        if (n - place >= most)
            return most;
        used = ~atab_free_bits(t[++i]) & ATAB_LOW_BITS;
    }
    n += lowest(used) - place;
    return n < most ? n : most;
}

uint32_t atab_next_used(const uint32_t *t, uint32_t n_blocks, uint32_t from)
{
    uint32_t n_words = (n_blocks + 15) / 16;
    uint32_t hidden = blocks_below(from % 16);
    for (uint32_t i = from / 16; i < n_words; i++) {
        uint32_t w = t[i] & ~hidden;
        hidden = 0;
        if (w != 0) {
            uint32_t b = 16 * i + lowest(w);
            return b < n_blocks ? b : ATAB_NONE;
        }
    }
    return ATAB_NONE;
}

uint32_t atab_next_mark(const uint32_t *t, uint32_t n_blocks, uint32_t from)
{
    uint32_t n_words = (n_blocks + 15) / 16;
    uint32_t hidden = blocks_below(from % 16);
    for (uint32_t i = from / 16; i < n_words; i++) {
        uint32_t bits = mark_bits(t[i] & ~hidden);
        hidden = 0;
        if (bits != 0) {
            uint32_t b = 16 * i + lowest(bits);
            return b < n_blocks ? b : ATAB_NONE;
        }
    }
    return ATAB_NONE;
}

/*
 * The blocks of word `w` that go: heads that are not marked, and their tails.
 * `dead` tells whether the object that runs into the word goes, and then
 * whether the one that runs out of it does.
 *
 * Tails behind a dead head are found by a carry. With both bits of each tail
 * set, adding one at a tail that goes ripples through the tails behind it and
 * stops at the next head, which is no tail; what the sum has cleared goes:
 *
 *      head  0  tail tail  1  tail     (left: low; 1: a head that stays)
 *      tails    11   11        11
 *    + dead     01                     gives 00 00 01 11
 */
static uint32_t dead_bits(uint32_t w, uint32_t *dead)
{
    uint32_t heads = w & ~(w >> 1) & ATAB_LOW_BITS;
    uint32_t tails = tail_bits(w);
    uint32_t first_tails = (heads << 2 | *dead) & tails;
    uint32_t both = tails | tails << 1;
    uint32_t sum = both + first_tails;
    *dead = sum < both || (heads >> 30) != 0;
    return heads | (tails & ~sum);
}

void atab_sweep(uint32_t *t, uint32_t n_blocks, uint32_t last_used,
                struct atab_swept *swept)
{
    uint32_t end = last_used < n_blocks ? last_used + 1 : n_blocks;
    uint32_t dead = 0;
    uint32_t last = 0;
    uint32_t n_objects = 0;
    uint32_t n_freed = 0;

    for (uint32_t i = 0; 16 * i < end; i++) {
        uint32_t some = blocks_below(end - 16 * i < 16 ? end - 16 * i : 16);
        uint32_t w = t[i] & some;
        if (w == 0)
            continue;
        uint32_t marks = mark_bits(w);
        uint32_t heads = w & ~(w >> 1) & ATAB_LOW_BITS;
        uint32_t gone = dead_bits(w, &dead);
        uint32_t change = gone * 3 | marks << 1;
        t[i] &= ~change;
        if (gone != 0) {
            n_objects += (uint32_t)__builtin_popcount(heads);
            n_freed += (uint32_t)__builtin_popcount(gone);
        }
        if ((w & ~change) != 0)
            last = 16 * i + highest(w & ~change);
    }
    swept->last_used = last;
    swept->freed_objects = n_objects;
    swept->freed_blocks = n_freed;
}
