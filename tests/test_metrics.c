/* test_metrics.c - the metrics against a naive reference that keeps all. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analysis/metrics.h"
#include "traces/op.h"

static struct metrics *m;

static void setup(void)
{
    m = metrics_new();
    cr_assert(m != NULL);
}

static void teardown(void)
{
    metrics_free(m);
}

TestSuite(metrics, .init = setup, .fini = teardown);

/* A xorshift generator: Marsaglia, "Xorshift RNGs", 2003. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static struct op_record make_record(uint64_t seq, uint64_t *random,
                                    uint64_t unit)
{
    struct op_record r = {.seq = seq, .kind = TRACE_ALLOC};
    if (next_random(random) % 3 == 0)
        r.kind = TRACE_FREE;
    r.asked = next_random(random) % 700;
    r.after.asked = next_random(random) % 60000;
    r.after.live = r.after.asked + next_random(random) % 500;
    r.after.used = r.after.live + next_random(random) % 2000;
    r.after.free =
        next_random(random) % 4 == 0 ? 0 : next_random(random) % 65536;
    r.after.largest_free =
        r.after.free == 0 ? 0 : next_random(random) % (r.after.free + 1);
    r.after.largest_request = next_random(random) % 4000 * unit + 7 * unit;
    r.has_cost = true;
    r.cost.cycles = 1 + next_random(random) % 300;
    r.cost.gc_cycles = next_random(random) % 2 * r.cost.cycles / 2;
    return r;
}

static uint64_t figure(const struct op_record *r, int metric)
{
    const uint64_t of[METRIC_N] = {
        r->after.asked, r->after.live,         r->after.used,
        r->after.free,  r->after.largest_free, r->after.largest_request,
        r->cost.cycles, r->cost.gc_cycles,
    };
    return of[metric];
}

static int upwards(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void check_series(const struct op_record *r, uint64_t n)
{
    for (int metric = 0; metric < METRIC_N; metric++) {
        uint32_t n_bins, shift;
        const struct metrics_bin *bin =
            metrics_series(m, metric, &n_bins, &shift);
        uint64_t width = UINT64_C(1) << shift;
        cr_assert(le(u32, n_bins, METRICS_BINS));
        cr_assert(eq(u64, n_bins, (n + width - 1) / width));
        for (uint64_t b = 0; b < n_bins; b++) {
            uint64_t min = UINT64_MAX, max = 0, sum = 0, k = 0, last = 0;
            for (uint64_t i = b * width; i < n && i < (b + 1) * width; i++) {
                last = figure(&r[i], metric);
                min = last < min ? last : min;
                max = last > max ? last : max;
                sum += last;
                k++;
            }
            cr_assert(eq(u64, bin[b].min, min));
            cr_assert(eq(u64, bin[b].max, max));
            cr_assert(eq(u64, bin[b].last, last));
            cr_assert(eq(dbl, bin[b].sum, (double)sum));
            cr_assert(eq(u64, bin[b].n, k));
        }
    }
}

static void check_summary(const struct op_record *r, uint64_t n)
{
    struct metrics_summary s;
    metrics_summarise(m, &s);

    uint64_t *sorted = malloc(n * sizeof *sorted);
    double frag_sum = 0, frag_max = 0, frag = 0;
    uint64_t max_live = 0, min_free = UINT64_MAX, worst = 0;
    for (uint64_t i = 0; i < n; i++) {
        const struct heap_figures *f = &r[i].after;
        sorted[i] = f->largest_request;
        if (i == 0 || f->largest_request < r[worst].after.largest_request)
            worst = i;
        max_live = f->live > max_live ? f->live : max_live;
        min_free = f->largest_free < min_free ? f->largest_free : min_free;
        frag = f->free == 0 ? 0 : 1 - (double)f->largest_free / (double)f->free;
        frag_sum += frag;
        frag_max = frag > frag_max ? frag : frag_max;
    }
    qsort(sorted, n, sizeof *sorted, upwards);
    cr_expect(eq(u64, s.n_ops, n));
    cr_expect(eq(u64, s.min_largest_request, sorted[0]));
    cr_expect(eq(u64, s.p1_largest_request, sorted[(n + 99) / 100 - 1]));
    cr_expect(eq(u64, s.min_largest_free, min_free));
    cr_expect(eq(u64, s.max_live, max_live));
    cr_expect(eq(u64, s.worst_seq, r[worst].seq));
    cr_expect(epsilon_eq(dbl, s.frag_mean, frag_sum / (double)n, 1e-12));
    cr_expect(eq(dbl, s.frag_max, frag_max));
    cr_expect(eq(dbl, s.frag_end, frag));
    free(sorted);
}

Test(metrics, agree_with_a_reference_that_keeps_every_record)
{
    const uint64_t n = 20000;
    struct op_record *r = calloc(n, sizeof *r);
    for (uint64_t seed = 1; seed <= 6; seed++) {
        cr_log_info("seed %lu", (unsigned long)seed);
        uint64_t random = seed * UINT64_C(0x9e3779b97f4a7c15);
        uint64_t unit = seed % 2 == 0 ? 16 : seed;
        metrics_free(m);
        m = metrics_new();
        for (uint64_t i = 0; i < n; i++) {
            r[i] = make_record(i + 1, &random, unit);
            cr_assert(eq(int, metrics_op(m, &r[i], NULL), 0));
            if (i < 300 || i % 4999 == 0 || i + 1 == n)
                check_summary(r, i + 1);
            if (i == 2046 || i == 2047 || i == 4095 || i == 4096)
                check_series(r, i + 1);
        }
        check_series(r, n);
    }
    free(r);
}

Test(metrics, of_no_operation_at_all_are_zero)
{
    struct metrics_summary s;
    metrics_summarise(m, &s);
    cr_expect(eq(u64, s.n_ops, 0));
    cr_expect(eq(u64, s.min_largest_request, 0));
    cr_expect(eq(u64, s.p1_largest_request, 0));
    cr_expect(eq(dbl, s.frag_mean, 0));

    uint32_t n_bins, shift;
    cr_expect(metrics_series(m, METRIC_FREE, &n_bins, &shift) != NULL);
    cr_expect(eq(u32, n_bins, 0));
    cr_expect(eq(u32, shift, 0));
}

Test(metrics, remember_the_first_refusal_only)
{
    struct refusal_record r = {.seq = 17};
    cr_assert(eq(int, metrics_refusal(m, &r, NULL), 0));
    r.seq = 18;
    cr_assert(eq(int, metrics_refusal(m, &r, NULL), 0));
    struct metrics_summary s;
    metrics_summarise(m, &s);
    cr_expect(eq(u64, s.first_refusal_seq, 17));
}

/* A heap whose holes are SCIENCE's running example, in bytes. */
static void running_example(const void *run,
                            void (*each)(void *ctx, uint64_t bytes), void *ctx)
{
    (void)run;
    each(ctx, 64 * 16);
    for (int i = 0; i < 4; i++)
        each(ctx, 16 * 16);
    for (int i = 0; i < 8; i++)
        each(ctx, 4 * 16);
}

struct buckets {
    struct cost_bucket at[64];
    int n;
};

static void collect(void *ctx, const struct cost_bucket *b)
{
    struct buckets *all = ctx;
    all->at[all->n++] = *b;
}

static void expect_bucket(const struct cost_bucket *b, const char *name,
                          uint64_t lower, uint64_t upper, uint64_t count)
{
    cr_expect(eq(str, (char *)b->name, (char *)name));
    cr_expect(eq(u64, b->lower, lower));
    cr_expect(eq(u64, b->upper, upper));
    cr_expect(eq(u64, b->count, count));
}

Test(metrics, count_holes_at_the_worst_moment_and_at_the_end)
{
    struct replay_view view = {.holes = running_example};
    struct op_record r = {.seq = 1, .kind = TRACE_FREE};
    r.after.largest_request = 1024;
    cr_assert(eq(int, metrics_op(m, &r, &view), 0));
    r.seq = 2;
    cr_assert(eq(int, metrics_op(m, &r, &view), 0));
    cr_assert(eq(int, metrics_end(m, &view), 0));

    struct buckets all = {.n = 0};
    metrics_histograms(m, collect, &all);
    cr_assert(eq(int, all.n, 7));
    for (int i = 0; i < 6; i += 3) {
        const char *name = i == 0 ? "holes_at_end" : "holes_at_worst";
        expect_bucket(&all.at[i], name, 64, 127, 8);
        expect_bucket(&all.at[i + 1], name, 256, 511, 4);
        expect_bucket(&all.at[i + 2], name, 1024, 2047, 1);
    }
    expect_bucket(&all.at[6], "largest_request", 1024, 1151, 2);
}

Test(metrics, put_every_request_into_the_bucket_that_holds_it)
{
    const uint64_t sizes[] = {0,  1,    15,   16,         17,
                              18, 1000, 1023, UINT64_MAX, (uint64_t)1 << 63};
    uint64_t n_counted = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        metrics_free(m);
        m = metrics_new();
        struct op_record r = {.kind = TRACE_REALLOC, .asked = sizes[i]};
        cr_assert(eq(int, metrics_op(m, &r, NULL), 0));
        struct buckets all = {.n = 0};
        metrics_histograms(m, collect, &all);
        cr_assert(eq(int, all.n, 2));
        cr_expect(le(u64, all.at[0].lower, sizes[i]));
        cr_expect(ge(u64, all.at[0].upper, sizes[i]));
        if (sizes[i] < 16)
            cr_expect(eq(u64, all.at[0].lower, all.at[0].upper));
        else
            cr_expect(lt(u64, all.at[0].upper - all.at[0].lower,
                         all.at[0].lower / 8));
        n_counted += all.at[0].count;
    }
    cr_expect(eq(u64, n_counted, sizeof sizes / sizeof *sizes));
}

Test(metrics, cost_a_few_nanoseconds_an_operation)
{
    enum { N = 1 << 12, ROUNDS = 500 };
    static struct op_record r[N];
    uint64_t random = 42;
    for (uint64_t i = 0; i < N; i++)
        r[i] = make_record(i + 1, &random, 16);
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < N; i++)
            (void)metrics_op(m, &r[i], NULL);
    clock_gettime(CLOCK_MONOTONIC, &to);
    double ns = (double)(to.tv_sec - from.tv_sec) * 1e9 +
                (double)(to.tv_nsec - from.tv_nsec);
    cr_log_warn("metrics_op: %.1f ns an operation", ns / (N * ROUNDS));
}
