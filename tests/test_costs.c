/* test_costs.c - counts and percentiles of cycles against sorted lists. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

#include "analysis/costs.h"
#include "traces/op.h"
#include "traces/synth/rng.h"

#define N 5000u

static struct costs *c;

static void set_up(void)
{
    c = costs_new();
    cr_assert(c != NULL);
}

static void tear_down(void)
{
    costs_free(c);
}

TestSuite(costs, .init = set_up, .fini = tear_down);

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void take(uint8_t kind, uint64_t cycles, uint64_t gc_cycles)
{
    struct op_record r = {.kind = kind, .has_cost = true};
    r.cost.cycles = cycles;
    r.cost.gc_cycles = gc_cycles;
    cr_assert(eq(int, costs_op(c, &r), 0));
}

/* The value at rank ceil(percent n / 100) of a sorted list. */
static uint64_t ranked(const uint64_t *sorted, uint64_t n, uint64_t percent)
{
    return sorted[(percent * n + 99) / 100 - 1];
}

Test(costs, percentiles_are_those_of_the_sorted_list)
{
    uint64_t list[N], total = 0;
    struct rng rng;
    struct cost_summary s;
    rng_seed(&rng, 7);
    for (uint32_t i = 0; i < N; i++) {
        list[i] = 1 + rng_below(&rng, i % 2 == 0 ? 200 : 60000);
        total += list[i];
        take(TRACE_FREE, list[i], 0);
    }
    qsort(list, N, sizeof list[0], by_size);
    costs_summarise(c, COST_FREE, &s);
    cr_expect(eq(u64, s.count, N));
    cr_expect(eq(u64, s.total, total));
    cr_expect(eq(u64, s.min, list[0]));
    cr_expect(eq(u64, s.p50, ranked(list, N, 50)));
    cr_expect(eq(u64, s.p90, ranked(list, N, 90)));
    cr_expect(eq(u64, s.p99, ranked(list, N, 99)));
    cr_expect(eq(u64, s.max, list[N - 1]));
}

Test(costs, large_values_are_within_their_step_and_the_extremes_exact)
{
    struct cost_summary s;
    for (uint64_t v = 65535; v < UINT64_C(1) << 60; v = v * 3 + 1)
        take(TRACE_FREE, v, 0);
    costs_summarise(c, COST_FREE, &s);
    cr_expect(eq(u64, s.min, 65535));
    uint64_t v = 65535;
    for (uint64_t i = 1; i < (s.count + 1) / 2; i++)
        v = v * 3 + 1;
    cr_expect(le(u64, s.p50, v));
    cr_expect(ge(u64, s.p50, v - v / 4096));
}

Test(costs, collections_are_counted_apart_and_taken_off)
{
    struct cost_summary s;
    take(TRACE_ALLOC, 100, 0);
    take(TRACE_ALLOC, 5100, 5000);
    take(TRACE_COLLECT, 7000, 6000);
    costs_summarise(c, COST_ALLOC, &s);
    cr_expect(eq(u64, s.max, 5100));
    costs_summarise(c, COST_ALLOC_NET, &s);
    cr_expect(eq(u64, s.count, 2));
    cr_expect(eq(u64, s.max, 100));
    costs_summarise(c, COST_COLLECT, &s);
    cr_expect(eq(u64, s.count, 2));
    cr_expect(eq(u64, s.total, 11000));
    cr_expect(eq(u64, costs_totals(c)->cycles, 12200));
    cr_expect(eq(u64, costs_totals(c)->gc_cycles, 11000));
}

Test(costs, a_death_that_was_a_free_counts_as_one)
{
    struct event_record e = {.kind = TRACE_DEATH};
    struct cost_summary s;
    e.cost.cycles = 42;
    e.cost.stack_bytes = 64;
    cr_assert(eq(int, costs_event(c, &e), 0));
    costs_summarise(c, COST_FREE, &s);
    cr_expect(eq(u64, s.count, 1));
    cr_expect(eq(u64, s.p50, 42));
    cr_expect(eq(u64, costs_totals(c)->stack_bytes, 64));
}

Test(costs, of_what_never_happened_are_zero)
{
    struct cost_summary s;
    take(TRACE_ALLOC, 0, 0); /* a size of 0 asks nothing */
    for (int i = 0; i < COST_N; i++) {
        costs_summarise(c, (enum cost_kind)i, &s);
        cr_expect(eq(u64, s.count, 0));
        cr_expect(eq(u64, s.max, 0));
    }
}

static uint64_t counted, inside;

static void sum(void *ctx, const struct cost_bucket *b)
{
    const uint64_t *list = ctx;
    cr_expect(eq(str, (char *)b->name, "cycles_free"));
    cr_expect(le(u64, b->upper - b->lower, b->lower / 32));
    for (int i = 0; i < 400; i++)
        inside += list[i] >= b->lower && list[i] <= b->upper;
    counted += b->count;
    cr_expect(eq(u64, inside, counted));
}

Test(costs, histograms_count_every_value_in_a_bucket_that_holds_it)
{
    uint64_t list[400], v = 1;
    struct costs *c = costs_new();
    for (int i = 0; i < 400; i++) {
        list[i] = v;
        struct op_record r = {.kind = TRACE_FREE, .cost.cycles = v};
        cr_assert(eq(int, costs_op(c, &r), 0));
        v += v / 19 + 1;
    }
    costs_histograms(c, sum, list);
    cr_expect(eq(u64, counted, 400));
    costs_free(c);
}
