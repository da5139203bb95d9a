/* test_atab.c - the allocation table against a naive one, block by block. */
#include "core/atab.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#define MOST_BLOCKS   256
#define GARBAGE_BYTES 16 /* behind the gap byte, as finaliser bits would be */

/* A table as words and the same as one byte a block. */
struct pair {
    uint32_t word[(MOST_BLOCKS / 4 + 1 + GARBAGE_BYTES) / 4 + 2];
    uint32_t before[(MOST_BLOCKS / 4 + 1 + GARBAGE_BYTES) / 4 + 2];
    uint8_t kind[MOST_BLOCKS];
    uint32_t n_blocks;
};

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/*
 * A lawful table of n_blocks blocks: objects and holes of up to `longest`
 * blocks, some heads marked if `marks`, garbage behind the gap byte.
 */
static void make(struct pair *p, uint32_t n_blocks, uint32_t longest,
                 bool marks, uint32_t *seed)
{
    uint8_t *byte = (uint8_t *)p->word;
    memset(p, 0, sizeof *p);
    p->n_blocks = n_blocks;
    for (uint32_t b = 0; b < n_blocks;) {
        uint32_t n = 1 + next_random(seed) % longest;
        bool is_object = next_random(seed) % 2 != 0;
        bool is_marked = marks && next_random(seed) % 2 != 0;
        for (uint32_t k = 0; k < n && b < n_blocks; k++, b++) {
            uint8_t head = is_marked ? ATAB_MARK : ATAB_HEAD;
            p->kind[b] = !is_object ? ATAB_FREE : k == 0 ? head : ATAB_TAIL;
        }
    }
    for (uint32_t b = 0; b < n_blocks; b++)
        byte[b / 4] |= (uint8_t)(p->kind[b] << 2 * (b % 4));
    /* Often nothing but zeroes, which look like holes. */
    for (uint32_t i = 0; i < GARBAGE_BYTES; i++) {
        uint32_t garbage = next_random(seed);
        byte[n_blocks / 4 + 1 + i] =
            garbage & 0x700 ? 0 : (uint8_t)(garbage | 1);
    }
    memcpy(p->before, p->word, sizeof p->word);
}

/* Words and bytes agree, and nothing behind the table has changed. */
static bool agree(const struct pair *p)
{
    const uint8_t *byte = (const uint8_t *)p->word;
    for (uint32_t b = 0; b < p->n_blocks; b++) {
        if ((byte[b / 4] >> 2 * (b % 4) & 3) != p->kind[b] ||
            atab_get_kind(p->word, b) != p->kind[b])
            return false;
    }
    uint32_t table_bytes = p->n_blocks / 4;
    return memcmp(byte + table_bytes, (const uint8_t *)p->before + table_bytes,
                  sizeof p->word - table_bytes) == 0;
}

static uint32_t naive_length(const struct pair *p, uint32_t b)
{
    uint32_t n = 1;
    while (b + n < p->n_blocks && p->kind[b + n] == ATAB_TAIL)
        n++;
    return n;
}

static uint32_t naive_find(const struct pair *p, uint32_t from, uint32_t want)
{
    uint32_t run = 0;
    for (uint32_t b = from; b < p->n_blocks; b++) {
        run = p->kind[b] == ATAB_FREE ? run + 1 : 0;
        if (run == want)
            return b + 1 - want;
    }
    return ATAB_NONE;
}

/* As MicroPython sweeps: see the traces' rules. */
static void naive_sweep(struct pair *p, struct atab_swept *swept)
{
    bool is_dead = false;
    memset(swept, 0, sizeof *swept);
    for (uint32_t b = 0; b < p->n_blocks; b++) {
        if (p->kind[b] == ATAB_HEAD) {
            is_dead = true;
            swept->freed_objects++;
        } else if (p->kind[b] == ATAB_MARK) {
            is_dead = false;
            p->kind[b] = ATAB_HEAD;
        }
        if (p->kind[b] != ATAB_FREE && is_dead) {
            p->kind[b] = ATAB_FREE;
            swept->freed_blocks++;
        }
        if (p->kind[b] != ATAB_FREE)
            swept->last_used = b;
    }
}

/* All table lengths up to `MOST_BLOCKS`, short and long runs. */
#define FOR_TABLES(p, seed, marks)                                             \
    for (uint32_t n_ = 4, round_ = 0; n_ <= MOST_BLOCKS;                       \
         round_ = (round_ + 1) % 3, n_ += round_ == 0 ? 4 : 0)                 \
        if (make(p, n_,                                                        \
                 round_ == 0   ? 3                                             \
                 : round_ == 1 ? 12                                            \
                               : 60,                                           \
                 marks, &seed),                                                \
            true)

Test(atab, single_blocks_change_as_their_names_say)
{
    uint32_t word[2] = {0, 0};
    for (uint32_t b = 0; b < 20; b++) {
        atab_free_to_head(word, b);
        cr_expect(eq(u32, atab_get_kind(word, b), ATAB_HEAD));
        atab_head_to_mark(word, b);
        cr_expect(eq(u32, atab_get_kind(word, b), ATAB_MARK));
        atab_mark_to_head(word, b);
        cr_expect(eq(u32, atab_get_kind(word, b), ATAB_HEAD));
        atab_any_to_free(word, b);
        atab_free_to_tail(word, b);
        cr_expect(eq(u32, atab_get_kind(word, b), ATAB_TAIL));
        atab_any_to_free(word, b);
        cr_expect(eq(u32, word[0] | word[1], 0));
    }
}

Test(atab, bytes_are_micropythons)
{
    uint32_t word[1] = {0};
    atab_take(word, 0, 3);
    atab_take(word, 4, 1);
    const uint8_t *byte = (const uint8_t *)word;
    cr_expect(eq(u8, byte[0], 0x29));
    cr_expect(eq(u8, byte[1], 0x01));
}

Test(atab, a_search_finds_what_the_bytewise_one_finds_from_every_hint)
{
    struct pair p;
    uint32_t seed = 0x2545f491;
    FOR_TABLES(&p, seed, false)
    {
        for (uint32_t hint = 0; hint <= p.n_blocks / 4; hint++) {
            uint32_t want = 1 + next_random(&seed) % 70;
            if (hint % 2 == 0)
                want = 1 + want % 9;
            uint32_t found = atab_find_free(p.word, p.n_blocks, 4 * hint, want);
            uint32_t naive = naive_find(&p, 4 * hint, want);
            cr_assert(eq(u32, found, naive), "%u blocks, hint %u, want %u",
                      p.n_blocks, hint, want);
        }
    }
}

Test(atab, an_empty_table_holds_its_length_and_no_block_more)
{
    struct pair p = {.n_blocks = 0};
    for (uint32_t n = 4; n <= MOST_BLOCKS; n += 4) {
        cr_expect(eq(u32, atab_find_free(p.word, n, 0, n), 0));
        cr_expect(eq(u32, atab_find_free(p.word, n, 0, n + 1), ATAB_NONE));
        cr_expect(eq(u32, atab_find_free(p.word, n, n, 1), ATAB_NONE));
        cr_expect(eq(u32, atab_find_free(p.word, n, n - 4, 4), n - 4));
        cr_expect(eq(u32, atab_find_free(p.word, n, 0, UINT32_MAX), ATAB_NONE));
    }
}

Test(atab, what_lies_behind_the_table_is_no_room)
{
    /* One byte of table, the gap, a byte in use, and a free one. */
    const uint32_t word[2] = {0x00010055, 0};
    for (uint32_t want = 1; want < 12; want++)
        cr_expect(eq(u32, atab_find_free(word, 4, 0, want), ATAB_NONE));
    cr_expect(eq(u32, atab_next_used(word, 4, 4), ATAB_NONE));
    cr_expect(eq(u32, atab_free_run(word, 4, 4, 9), 0));
}

Test(atab, lengths_and_runs_end_where_they_should)
{
    struct pair p;
    uint32_t seed = 0x9e3779b9;
    FOR_TABLES(&p, seed, true)
    {
        for (uint32_t b = 0; b < p.n_blocks; b++) {
            uint32_t most = next_random(&seed) % 80;
            uint32_t run = 0;
            while (run < most && b + run < p.n_blocks &&
                   p.kind[b + run] == ATAB_FREE)
                run++;
            cr_assert(eq(u32, atab_free_run(p.word, p.n_blocks, b, most), run));
            if (p.kind[b] == ATAB_HEAD || p.kind[b] == ATAB_MARK)
                cr_assert(eq(u32, atab_object_blocks(p.word, b),
                             naive_length(&p, b)));
        }
        cr_assert(eq(
            u32, atab_free_run(p.word, p.n_blocks, p.n_blocks, UINT32_MAX), 0));
    }
}

Test(atab, used_and_marked_blocks_are_found_from_everywhere)
{
    struct pair p;
    uint32_t seed = 0x85ebca6b;
    FOR_TABLES(&p, seed, true)
    {
        uint32_t used = ATAB_NONE;
        uint32_t mark = ATAB_NONE;
        for (uint32_t b = p.n_blocks; b-- > 0;) {
            if (p.kind[b] != ATAB_FREE)
                used = b;
            if (p.kind[b] == ATAB_MARK)
                mark = b;
            cr_assert(eq(u32, atab_next_used(p.word, p.n_blocks, b), used));
            cr_assert(eq(u32, atab_next_mark(p.word, p.n_blocks, b), mark));
        }
    }
}

Test(atab, objects_are_taken_grown_cut_and_released_whole)
{
    struct pair p;
    uint32_t seed = 0xc2b2ae35;
    FOR_TABLES(&p, seed, false)
    {
        uint32_t n = 1 + next_random(&seed) % 40;
        uint32_t b = naive_find(&p, 0, n);
        if (b == ATAB_NONE)
            continue;
        uint32_t first = 1 + next_random(&seed) % n;
        atab_take(p.word, b, first);
        if (first < n)
            atab_extend(p.word, b + first, n - first);
        memset(p.kind + b, ATAB_TAIL, n);
        p.kind[b] = ATAB_HEAD;
        cr_assert(agree(&p));

        atab_clear(p.word, b + first, n - first);
        memset(p.kind + b + first, ATAB_FREE, n - first);
        cr_assert(agree(&p));

        cr_assert(eq(u32, atab_release(p.word, b), first));
        memset(p.kind + b, ATAB_FREE, first);
        cr_assert(agree(&p));
    }
}

Test(atab, every_object_can_be_released)
{
    struct pair p;
    uint32_t seed = 0x27d4eb2f;
    FOR_TABLES(&p, seed, true)
    {
        for (uint32_t b = 0; b < p.n_blocks; b++) {
            if (p.kind[b] != ATAB_HEAD && p.kind[b] != ATAB_MARK)
                continue;
            uint32_t n = naive_length(&p, b);
            cr_assert(eq(u32, atab_release(p.word, b), n));
            memset(p.kind + b, ATAB_FREE, n);
            cr_assert(agree(&p));
        }
    }
}

Test(atab, a_sweep_frees_what_the_blockwise_one_frees)
{
    struct pair p;
    uint32_t seed = 0x165667b1;
    FOR_TABLES(&p, seed, true)
    {
        struct atab_swept swept, naive;
        uint32_t last = p.n_blocks - 1;
        while (last > 0 && p.kind[last] == ATAB_FREE)
            last--;
        /* Sometimes one past, as after a growth in place. */
        last += next_random(&seed) % 2;
        naive_sweep(&p, &naive);
        atab_sweep(p.word, p.n_blocks, last, &swept);
        cr_assert(agree(&p));
        cr_assert(eq(u32, swept.last_used, naive.last_used));
        cr_assert(eq(u32, swept.freed_objects, naive.freed_objects));
        cr_assert(eq(u32, swept.freed_blocks, naive.freed_blocks));
    }
}

Test(atab, one_block_is_taken_where_a_search_for_it_ends)
{
    struct pair p;
    uint32_t seed = 0x9e3779b9;
    FOR_TABLES(&p, seed, true)
    {
        for (uint32_t n = p.n_blocks + 1; n > 0; n--) {
            uint32_t byte = next_random(&seed) % (p.n_blocks / 4 + 1);
            uint32_t b = naive_find(&p, 4 * byte, 1);
            cr_assert(eq(u32, atab_take_one(p.word, p.n_blocks, byte), b));
            if (b != ATAB_NONE)
                p.kind[b] = ATAB_HEAD;
        }
        cr_assert(agree(&p));
    }
}
