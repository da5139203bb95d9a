/* test_atabdown.c - a table read downwards against a naive one. */
#include "core/atabdown.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "traces/synth/rng.h"

#define MOST_BLOCKS 256

/* A table as words, and the same as one byte a block. */
static uint32_t table[MOST_BLOCKS / 16 + 1];
static uint8_t kind[MOST_BLOCKS];

static void make(struct rng *rng, uint32_t n_blocks, uint32_t longest)
{
    memset(table, 0xff, sizeof table); /* what lies behind is not free */
    for (uint32_t b = 0; b < n_blocks;) {
        uint32_t n = 1 + rng_below(rng, longest);
        bool is_object = rng_below(rng, 2);
        for (uint32_t k = 0; k < n && b < n_blocks; k++, b++) {
            kind[b] = !is_object ? ATAB_FREE : k == 0 ? ATAB_HEAD : ATAB_TAIL;
            atab_any_to_free(table, b);
            table[b / 16] |= (uint32_t)kind[b] << 2 * (b % 16);
        }
    }
}

static uint32_t naive_before(uint32_t b)
{
    uint32_t n = 0;
    while (n < b && kind[b - n - 1] == ATAB_FREE)
        n++;
    return n;
}

static uint32_t naive_down(uint32_t end, uint32_t want)
{
    for (uint32_t b = end; b >= want; b--) {
        if (naive_before(b) >= want)
            return b - want;
    }
    return ATAB_NONE;
}

Test(atabdown, agrees_with_the_naive_search_everywhere)
{
    struct rng rng;
    rng_seed(&rng, 1);
    for (uint32_t i = 0; i < 400; i++) {
        uint32_t n_blocks = 4 * (1 + rng_below(&rng, MOST_BLOCKS / 4));
        make(&rng, n_blocks, 1 + rng_below(&rng, i % 2 ? 4 : 60));
        for (uint32_t b = 0; b <= n_blocks; b++)
            cr_assert(eq(u32, atab_free_before(table, b), naive_before(b)));
        for (uint32_t k = 0; k < 60; k++) {
            uint32_t end = rng_below(&rng, n_blocks + 1);
            uint32_t want = 1 + rng_below(&rng, k % 2 ? 5 : 70);
            cr_assert(eq(u32, atab_find_free_down(table, end, want),
                         naive_down(end, want)));
        }
    }
}

Test(atabdown, finds_nothing_in_nothing)
{
    memset(table, 0, sizeof table);
    cr_expect(eq(u32, atab_find_free_down(table, 0, 1), ATAB_NONE));
    cr_expect(eq(u32, atab_free_before(table, 0), 0));
    cr_expect(eq(u32, atab_find_free_down(table, 3, 4), ATAB_NONE));
    cr_expect(eq(u32, atab_find_free_down(table, 256, 256), 0));
    cr_expect(eq(u32, atab_find_free_down(table, 256, 257), ATAB_NONE));
    cr_expect(eq(u32, atab_find_free_down(table, 256, UINT32_MAX), ATAB_NONE));
}
