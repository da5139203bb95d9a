/*
 * test_outer.c - the outer heap against a map of 16-byte steps
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "sim/replay/outer.h"
#include "traces/synth/rng.h"

#define BASE  UINT32_C(0x20020000)
#define STEPS 3000

static struct outer outer;
static uint8_t used[STEPS]; /* 0 free, 1 begins a piece, 2 goes on         */
static struct rng rng;

static uint32_t below(uint32_t n)
{
    return (uint32_t)rng_below(&rng, n);
}

static uint32_t naive_avail(void)
{
    uint32_t best = 0, run = 0;
    for (uint32_t i = 0; i < STEPS; i++) {
        run = used[i] == 0 ? run + 16 : 0;
        best = run > best ? run : best;
    }
    return best;
}

static uint32_t naive_take(uint32_t bytes)
{
    uint32_t steps = (bytes + 15) / 16, run = 0;
    for (uint32_t i = 0; steps > 0 && i < STEPS; i++) {
        run = used[i] == 0 ? run + 1 : 0;
        if (run < steps)
            continue;
        memset(used + i + 1 - steps, 2, steps);
        used[i + 1 - steps] = 1;
        return BASE + 16 * (i + 1 - steps);
    }
    return 0;
}

static void naive_give(uint32_t address)
{
    uint32_t i = (address - BASE) / 16;
    if (used[i] != 1)
        return;
    used[i++] = 0;
    while (i < STEPS && used[i] == 2)
        used[i++] = 0;
}

Test(outer, takes_and_gives_as_a_first_fit_does)
{
    rng_seed(&rng, 5);
    memset(used, 0, sizeof used);
    outer_init(&outer, BASE, STEPS * 16 + 15);
    for (int i = 0; i < 20000; i++) {
        uint32_t bytes = below(below(8) == 0 ? 60000 : 900);
        if (below(2) == 0 && outer.n < OUTER_PIECES_CAP - 1)
            cr_assert(eq(u32, outer_take(&outer, bytes), naive_take(bytes)));
        uint32_t address = BASE + 16 * below(STEPS);
        outer_give(&outer, address);
        naive_give(address);
        cr_assert(eq(u32, outer_avail(&outer), naive_avail()));
    }
}

Test(outer, what_is_said_to_be_there_can_be_had)
{
    outer_init(&outer, BASE, 1000);
    cr_assert(eq(u32, outer_avail(&outer), 992));
    cr_assert(eq(u32, outer_take(&outer, 993), 0));
    cr_assert(eq(u32, outer_take(&outer, 992), BASE));
    cr_assert(eq(u32, outer_avail(&outer), 0));
    cr_assert(eq(u32, outer_take(&outer, 1), 0));
}

Test(outer, sizes_at_the_edge_of_counting_are_refused)
{
    outer_init(&outer, BASE, UINT32_C(0x80000000));
    cr_assert(eq(u32, outer_take(&outer, UINT32_MAX), 0));
    cr_assert(eq(u32, outer_take(&outer, 0), 0));
}

Test(outer, none_is_none)
{
    outer_init(&outer, BASE, 0);
    cr_assert(eq(u32, outer_avail(&outer), 0));
    cr_assert(eq(u32, outer_take(&outer, 16), 0));
    outer_give(&outer, BASE);
}

Test(outer, it_says_so_when_it_can_keep_no_more_pieces)
{
    outer_init(&outer, BASE, (OUTER_PIECES_CAP + 10) * 16);
    for (uint32_t i = 0; i < OUTER_PIECES_CAP; i++)
        cr_assert(ne(u32, outer_take(&outer, 16), 0));
    cr_assert(eq(u32, outer_avail(&outer), 0));
    cr_assert(eq(u32, outer_take(&outer, 16), 0));
    outer_give(&outer, BASE);
    cr_assert(eq(u32, outer_avail(&outer), 160));
    cr_assert(eq(u32, outer_take(&outer, 16), BASE));
}
