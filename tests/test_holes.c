/*
 * test_holes.c - the index of holes against a naive one: a byte a unit
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/replay/holes.h"
#include "traces/synth/rng.h"

#define UNITS_CAP 5000

static struct holes h, other;
static bool is_free[UNITS_CAP];
static struct rng rng;

static uint32_t below(uint32_t n)
{
    return (uint32_t)rng_below(&rng, n);
}

static uint32_t naive_longest(uint32_t from, uint32_t to)
{
    uint32_t best = 0, run = 0;
    for (uint32_t i = from; i < to; i++) {
        run = is_free[i] ? run + 1 : 0;
        best = run > best ? run : best;
    }
    return best;
}

static void compare(const struct holes *x, uint32_t n)
{
    uint64_t n_free = 0;
    uint32_t at = 0;
    for (uint32_t i = 0; i < n; i++)
        n_free += is_free[i];
    cr_assert(eq(u64, x->n_free, n_free));
    cr_assert(eq(u32, holes_longest(x), naive_longest(0, n)));
    for (uint32_t i = 0; i < n;) {
        uint32_t length = 0;
        while (i + length < n && is_free[i + length])
            length++;
        if (length == 0) {
            i++;
            continue;
        }
        at = i > 3 ? i - below(3) : i; /* a walk may start before a hole */
        while (at < i && is_free[at])
            at++;
        cr_assert(eq(u32, holes_next(x, &at), length), "hole at %u", i);
        cr_assert(eq(u32, at, i));
        i += length;
    }
    at = n;
    cr_assert(eq(u32, holes_next(x, &at), 0));
}

static void compare_ranges(const struct holes *x, uint32_t n)
{
    for (int k = 0; k < 40; k++) {
        uint32_t from = below(n + 1);
        uint32_t to = from + below(n + 1 - from);
        cr_assert(
            eq(u32, holes_longest_in(x, from, to), naive_longest(from, to)),
            "[%u, %u)", from, to);
        cr_assert(eq(int, holes_all_free(x, from, to - from),
                     naive_longest(from, to) == to - from),
                  "[%u, %u)", from, to);
    }
    cr_assert(eq(int, holes_all_free(x, n, 1), false));
    cr_assert(eq(int, holes_all_free(x, n, 0), true));
    cr_assert(eq(int, holes_all_free(x, n + 1, 0), false));
    cr_assert(eq(int, holes_all_free(x, 0, UINT32_MAX), false));
    cr_assert(eq(int, holes_all_free(x, UINT32_MAX, 2), false));
}

/* Turn a random run over, if it is all free or all taken. */
static void change(uint32_t n)
{
    uint32_t from = below(n);
    uint32_t most = below(4) == 0 ? n - from : 1 + below(70);
    uint32_t length = 1;
    while (length < most && from + length < n &&
           is_free[from + length] == is_free[from])
        length++;
    if (is_free[from])
        holes_take(&h, from, length);
    else
        holes_give(&h, from, length);
    memset(is_free + from, !is_free[from], length * sizeof *is_free);
}

static void begin(uint32_t n, uint64_t seed)
{
    rng_seed(&rng, seed);
    memset(is_free, 0, sizeof is_free);
    cr_assert(holes_init(&h, n));
    cr_assert(holes_init(&other, n));
}

static void end(void)
{
    holes_release(&h);
    holes_release(&other);
}

static const uint32_t sizes[] = {1,   2,   63,  64,   65,   127,  128,
                                 129, 200, 640, 1000, 1024, 1025, 4999};
#define N_SIZES (sizeof sizes / sizeof *sizes)

Test(holes, every_change_is_seen_at_once)
{
    for (uint32_t k = 0; k < N_SIZES; k++) {
        begin(sizes[k], 10 + k);
        for (int i = 0; i < 300; i++) {
            change(sizes[k]);
            compare(&h, sizes[k]);
        }
        end();
    }
}

Test(holes, ranges_are_searched_as_the_whole)
{
    for (uint32_t k = 0; k < N_SIZES; k++) {
        begin(sizes[k], 20 + k);
        for (int i = 0; i < 100; i++) {
            change(sizes[k]);
            compare_ranges(&h, sizes[k]);
        }
        end();
    }
}

Test(holes, an_empty_range_has_no_hole)
{
    begin(100, 1);
    holes_give(&h, 0, 100);
    for (uint32_t i = 0; i <= 100; i++)
        cr_assert(eq(u32, holes_longest_in(&h, i, i), 0));
    end();
}

Test(holes, all_free_and_none_free)
{
    for (uint32_t k = 0; k < N_SIZES; k++) {
        begin(sizes[k], 30 + k);
        compare(&h, sizes[k]);
        holes_give(&h, 0, sizes[k]);
        memset(is_free, true, sizes[k]);
        compare(&h, sizes[k]);
        compare_ranges(&h, sizes[k]);
        holes_take(&h, 0, sizes[k]);
        memset(is_free, false, sizes[k]);
        compare(&h, sizes[k]);
        end();
    }
}

Test(holes, changes_in_bulk_are_seen_at_its_end)
{
    for (uint32_t k = 0; k < N_SIZES; k++) {
        begin(sizes[k], 40 + k);
        for (int round = 0; round < 20; round++) {
            holes_begin_bulk(&h);
            for (uint32_t i = below(30); i > 0; i--)
                change(sizes[k]);
            holes_end_bulk(&h);
            compare(&h, sizes[k]);
            compare_ranges(&h, sizes[k]);
            change(sizes[k]);
            compare(&h, sizes[k]);
        }
        end();
    }
}

Test(holes, a_cleared_index_is_built_anew_in_bulk)
{
    for (uint32_t k = 0; k < N_SIZES; k++) {
        begin(sizes[k], 50 + k);
        for (int i = 0; i < 20; i++)
            change(sizes[k]);
        holes_clear(&h);
        cr_assert(eq(u64, h.n_free, 0));
        memset(is_free, 0, sizeof is_free);
        for (int i = 0; i < 20; i++)
            change(sizes[k]);
        holes_end_bulk(&h);
        compare(&h, sizes[k]);
        end();
    }
}

Test(holes, a_copy_is_equal_and_goes_its_own_way)
{
    for (uint32_t k = 0; k < N_SIZES; k++) {
        begin(sizes[k], 60 + k);
        holes_give(&other, 0, sizes[k]); /* is forgotten */
        for (int i = 0; i < 30; i++) {
            change(sizes[k]);
            holes_copy(&other, &h);
            compare(&other, sizes[k]);
            compare_ranges(&other, sizes[k]);
        }
        uint32_t longest = holes_longest(&other);
        change(sizes[k]);
        cr_assert(eq(u32, holes_longest(&other), longest));
        end();
    }
}
