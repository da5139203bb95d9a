/* metrics.c - see metrics.h for the contract. */
#include "analysis/metrics.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "traces/err.h"
#include "traces/op.h"

#define SUB_BITS       3 /* eight buckets an octave                       */
#define SUB_BUCKETS    (1U << SUB_BITS)
#define LINEAR_BELOW   (2 * SUB_BUCKETS)
#define N_LOG_LINEAR   ((64 - SUB_BITS) * SUB_BUCKETS + SUB_BUCKETS)
#define N_POWERS       65 /* 0, 1, 2..3, 4..7, ...                          */
#define FIRST_COUNTERS 64U

/* Multiples of 8 below 1 MiB, the usual window, are counted in an array. */
#define NEAR_SHIFT 3
#define N_NEAR     (UINT64_C(1) << (20 - NEAR_SHIFT))

/* clang-format off */
const char *const metric_names[METRIC_N] = {
    [METRIC_ASKED] = "asked",
    [METRIC_LIVE] = "live",
    [METRIC_USED] = "used",
    [METRIC_FREE] = "free",
    [METRIC_LARGEST_FREE] = "largest_free",
    [METRIC_LARGEST_REQUEST] = "largest_request",
    [METRIC_CYCLES] = "cycles",
    [METRIC_GC_CYCLES] = "gc_cycles",
};
/* clang-format on */

/* How often a value was seen; an entry of count 0 is empty. */
struct counter {
    uint64_t value;
    uint64_t count;
};

/*
 * Exact counts by value: a hash table of linear probes, at most half full.
 * Source: Knuth, TAOCP 3, section 6.4, algorithm L, with the multiplicative
 * hash of the same section.
 */
struct counters {
    struct counter *slot;
    uint32_t log2_slots;
    uint32_t n_used;
};

struct metrics {
    /* The bin being filled, kept apart so that the hot path is short. */
    uint64_t bin_min[METRIC_N], bin_max[METRIC_N], bin_sum[METRIC_N];
    uint64_t last[METRIC_N];
    uint64_t n_in_bin;
    uint32_t shift;
    uint32_t n_bins; /* full ones                                          */
    struct metrics_bin *bins[METRIC_N];

    uint64_t n_ops;
    uint64_t min_largest_request, min_largest_free, max_live;
    double frag_sum, frag_max, frag_last;
    uint64_t n_packings;
    double packing_sum, packing_min;
    uint64_t first_refusal_seq, worst_seq;
    struct costs *costs; /* null until a record has a cost                  */

    /* How often largest_request had each value: 8 * index, and the rest. */
    uint64_t *near_requests;
    struct counters other_requests;
    uint64_t asked[N_LOG_LINEAR];
    uint64_t holes_at_worst[N_POWERS];
    uint64_t holes_at_end[N_POWERS];
};

static uint32_t log2_floor(uint64_t v)
{
    assert(v != 0);
    return 63U - (uint32_t)__builtin_clzll(v);
}

/* Buckets 0..15 hold one value each; then eight an octave. */
static uint32_t log_linear_index(uint64_t v)
{
    if (v < LINEAR_BELOW)
        return (uint32_t)v;
    uint32_t octave = log2_floor(v) - SUB_BITS;
    return octave * SUB_BUCKETS + (uint32_t)(v >> octave);
}

static void log_linear_range(uint32_t i, uint64_t *lower, uint64_t *upper)
{
    if (i < LINEAR_BELOW) {
        *lower = *upper = i;
        return;
    }
    uint32_t octave = i / SUB_BUCKETS - 1;
    uint64_t step = i % SUB_BUCKETS + SUB_BUCKETS;
    *lower = step << octave;
    *upper = *lower + ((UINT64_C(1) << octave) - 1);
}

static uint32_t power_index(uint64_t v)
{
    return v == 0 ? 0 : log2_floor(v) + 1;
}

static void power_range(uint32_t i, uint64_t *lower, uint64_t *upper)
{
    *lower = i == 0 ? 0 : UINT64_C(1) << (i - 1);
    *upper = i == 0 ? 0 : *lower + (*lower - 1);
}

static struct counter *counters_find(const struct counters *c, uint64_t value)
{
    uint32_t mask = (1U << c->log2_slots) - 1;
    uint64_t hash = value * UINT64_C(0x9e3779b97f4a7c15);
    uint32_t i = (uint32_t)(hash >> (64 - c->log2_slots));
    /* Half the slots are empty, so the probe ends. */
    while (c->slot[i].count != 0 && c->slot[i].value != value)
        i = (i + 1) & mask;
    return &c->slot[i];
}

static int counters_grow(struct counters *c)
{
    struct counters old = *c;
    c->log2_slots++;
    c->slot = calloc(UINT64_C(1) << c->log2_slots, sizeof *c->slot);
    if (c->slot == NULL) {
        *c = old;
        return ERR_MEMORY;
    }
    for (uint32_t i = 0; i < 1U << old.log2_slots; i++)
        if (old.slot[i].count != 0)
            *counters_find(c, old.slot[i].value) = old.slot[i];
    free(old.slot);
    return 0;
}

static int counters_add(struct counters *c, uint64_t value, uint64_t count)
{
    if (c->n_used >= 1U << (c->log2_slots - 1)) {
        int err = counters_grow(c);
        if (err < 0)
            return err;
    }
    struct counter *slot = counters_find(c, value);
    if (slot->count == 0) {
        slot->value = value;
        c->n_used++;
    }
    slot->count += count;
    return 0;
}

static int by_value(const void *a, const void *b)
{
    const struct counter *x = a, *y = b;
    return x->value < y->value ? -1 : x->value > y->value;
}

/* Every value of largest_request with its count, upwards; the caller frees. */
static struct counter *sorted_requests(const struct metrics *m, size_t *n)
{
    const struct counters *other = &m->other_requests;
    size_t n_near = 0;
    for (uint64_t i = 0; i < N_NEAR; i++)
        n_near += m->near_requests[i] != 0;
    struct counter *all = calloc(n_near + other->n_used + 1, sizeof *all);
    if (all == NULL)
        return NULL;

    *n = 0;
    for (uint64_t i = 0; i < N_NEAR; i++)
        if (m->near_requests[i] != 0)
            all[(*n)++] =
                (struct counter){i << NEAR_SHIFT, m->near_requests[i]};
    for (uint32_t i = 0; i < 1U << other->log2_slots; i++)
        if (other->slot[i].count != 0)
            all[(*n)++] = other->slot[i];
    qsort(all, *n, sizeof *all, by_value);
    return all;
}

/* The largest_request at `rank` (from 1) of all, sorted upwards. */
static uint64_t request_at_rank(const struct metrics *m, uint64_t rank)
{
    size_t n;
    struct counter *all = sorted_requests(m, &n);
    if (all == NULL)
        return m->min_largest_request; /* no memory: what holds always */
    size_t i = 0;
    for (uint64_t seen = all[0].count; seen < rank; seen += all[i].count)
        i++;
    uint64_t value = all[i].value;
    free(all);
    return value;
}

static void bin_clear(struct metrics *m)
{
    m->n_in_bin = 0;
    for (uint32_t i = 0; i < METRIC_N; i++) {
        m->bin_min[i] = UINT64_MAX;
        m->bin_max[i] = 0;
        m->bin_sum[i] = 0;
    }
}

static struct metrics_bin bin_of(const struct metrics *m, uint32_t metric)
{
    return (struct metrics_bin){
        .min = m->bin_min[metric],
        .max = m->bin_max[metric],
        .last = m->last[metric],
        .sum = (double)m->bin_sum[metric],
        .n = m->n_in_bin,
    };
}

/* Two bins become one, so half of them are free again. */
static void bins_halve(struct metrics *m)
{
    for (uint32_t metric = 0; metric < METRIC_N; metric++) {
        struct metrics_bin *b = m->bins[metric];
        for (uint32_t i = 0; i < METRICS_BINS / 2; i++) {
            struct metrics_bin x = b[2 * i], y = b[2 * i + 1];
            b[i] = (struct metrics_bin){
                .min = x.min < y.min ? x.min : y.min,
                .max = x.max > y.max ? x.max : y.max,
                .last = y.last,
                .sum = x.sum + y.sum,
                .n = x.n + y.n,
            };
        }
    }
    m->n_bins = METRICS_BINS / 2;
    m->shift++;
}

/* The bin is full: put it away, and make room for the next. */
static void bin_close(struct metrics *m)
{
    for (uint32_t metric = 0; metric < METRIC_N; metric++)
        m->bins[metric][m->n_bins] = bin_of(m, metric);
    m->n_bins++;
    bin_clear(m);
    if (m->n_bins == METRICS_BINS)
        bins_halve(m);
}

static void count_hole(void *ctx, uint64_t bytes)
{
    uint64_t *holes = ctx;
    holes[power_index(bytes)]++;
}

static void count_holes(uint64_t holes[N_POWERS],
                        const struct replay_view *view)
{
    if (view == NULL || view->holes == NULL)
        return;
    memset(holes, 0, N_POWERS * sizeof *holes);
    view->holes(view->run, count_hole, holes);
}

/* Count a request's size; no branch, as kinds alternate without a pattern. */
static void asked_take(struct metrics *m, const struct op_record *r)
{
    const uint32_t requests = 1U << TRACE_ALLOC | 1U << TRACE_REALLOC |
                              1U << TRACE_INTERN | 1U << TRACE_REFUSED;
    m->asked[log_linear_index(r->asked)] += requests >> (r->kind & 31) & 1;
}

static int request_take(struct metrics *m, uint64_t value)
{
    /* What is no multiple of 8 has bits at the top after the rotation. */
    uint64_t i = value >> NEAR_SHIFT | value << (64 - NEAR_SHIFT);
    if (i >= N_NEAR)
        return counters_add(&m->other_requests, value, 1);
    m->near_requests[i]++;
    return 0;
}

static inline void bin_take_one(struct metrics *m, enum metric i, uint64_t v)
{
    m->bin_min[i] = v < m->bin_min[i] ? v : m->bin_min[i];
    m->bin_max[i] = v > m->bin_max[i] ? v : m->bin_max[i];
    m->bin_sum[i] += v;
    m->last[i] = v;
}

static void bin_take(struct metrics *m, const struct heap_figures *f)
{
    bin_take_one(m, METRIC_ASKED, f->asked);
    bin_take_one(m, METRIC_LIVE, f->live);
    bin_take_one(m, METRIC_USED, f->used);
    bin_take_one(m, METRIC_FREE, f->free);
    bin_take_one(m, METRIC_LARGEST_FREE, f->largest_free);
    bin_take_one(m, METRIC_LARGEST_REQUEST, f->largest_request);
    m->n_in_bin++;
}

/* The cost of a machine's operation; natively there is none. */
static int cost_take(struct metrics *m, const struct op_record *r)
{
    if (m->costs == NULL)
        m->costs = costs_new();
    if (m->costs == NULL)
        return ERR_MEMORY;
    bin_take_one(m, METRIC_CYCLES, r->cost.cycles);
    bin_take_one(m, METRIC_GC_CYCLES, r->cost.gc_cycles);
    return costs_op(m->costs, r);
}

struct metrics *metrics_new(void)
{
    struct metrics *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    struct counters *other = &m->other_requests;
    other->log2_slots = log2_floor(FIRST_COUNTERS);
    other->slot = calloc(FIRST_COUNTERS, sizeof *other->slot);
    m->near_requests = calloc(N_NEAR, sizeof *m->near_requests);
    bool ok = other->slot != NULL && m->near_requests != NULL;
    for (uint32_t i = 0; i < METRIC_N; i++) {
        m->bins[i] = calloc(METRICS_BINS, sizeof *m->bins[i]);
        ok = ok && m->bins[i] != NULL;
    }
    if (!ok) {
        metrics_free(m);
        return NULL;
    }
    m->min_largest_request = UINT64_MAX;
    m->min_largest_free = UINT64_MAX;
    bin_clear(m);
    return m;
}

void metrics_free(struct metrics *m)
{
    if (m == NULL)
        return;
    costs_free(m->costs);
    free(m->other_requests.slot);
    free(m->near_requests);
    for (uint32_t i = 0; i < METRIC_N; i++)
        free(m->bins[i]);
    free(m);
}

int metrics_op(void *ctx, const struct op_record *r,
               const struct replay_view *view)
{
    struct metrics *m = ctx;
    const struct heap_figures *f = &r->after;
    int err = r->has_cost ? cost_take(m, r) : 0;
    if (err < 0)
        return err;

    bin_take(m, f);
    if (m->n_in_bin == UINT64_C(1) << m->shift)
        bin_close(m);
    m->n_ops++;

    m->frag_last = f->free == 0 ? 0.0
                                : 1.0 - (double)(int64_t)f->largest_free /
                                            (double)(int64_t)f->free;
    m->frag_sum += m->frag_last;
    if (m->frag_last > m->frag_max)
        m->frag_max = m->frag_last;

    uint64_t live = r->undone > f->live ? r->undone : f->live;
    if (live > m->max_live)
        m->max_live = live;
    if (f->largest_free < m->min_largest_free)
        m->min_largest_free = f->largest_free;
    if (f->largest_request < m->min_largest_request) {
        m->min_largest_request = f->largest_request;
        m->worst_seq = r->seq;
        count_holes(m->holes_at_worst, view);
    }
    asked_take(m, r);
    return request_take(m, f->largest_request);
}

int metrics_refusal(void *ctx, const struct refusal_record *r,
                    const struct replay_view *view)
{
    struct metrics *m = ctx;
    (void)view;
    if (m->first_refusal_seq == 0)
        m->first_refusal_seq = r->seq;
    return 0;
}

int metrics_collection(void *ctx, const struct collection_record *r)
{
    struct metrics *m = ctx;
    if (r->free_after == 0)
        return 0;
    double packing = (double)r->largest_free_after / (double)r->free_after;
    m->packing_sum += packing;
    if (m->n_packings++ == 0 || packing < m->packing_min)
        m->packing_min = packing;
    return 0;
}

int metrics_event(void *ctx, const struct event_record *r)
{
    struct metrics *m = ctx;
    if (m->costs == NULL)
        m->costs = costs_new();
    return m->costs == NULL ? ERR_MEMORY : costs_event(m->costs, r);
}

const struct costs *metrics_costs(const struct metrics *m)
{
    return m->costs;
}

bool metrics_has(const struct metrics *m, enum metric metric)
{
    return m->costs != NULL || metric < METRIC_CYCLES;
}

int metrics_end(void *ctx, const struct replay_view *view)
{
    struct metrics *m = ctx;
    count_holes(m->holes_at_end, view);
    return 0;
}

void metrics_summarise(const struct metrics *m, struct metrics_summary *out)
{
    memset(out, 0, sizeof *out);
    out->first_refusal_seq = m->first_refusal_seq;
    if (m->n_ops == 0)
        return;
    out->n_ops = m->n_ops;
    out->min_largest_request = m->min_largest_request;
    out->p1_largest_request = request_at_rank(m, (m->n_ops + 99) / 100);
    out->min_largest_free = m->min_largest_free;
    out->max_live = m->max_live;
    out->n_packings = m->n_packings;
    out->packing_mean =
        m->n_packings == 0 ? 0 : m->packing_sum / (double)m->n_packings;
    out->packing_min = m->packing_min;
    out->frag_mean = m->frag_sum / (double)m->n_ops;
    out->frag_max = m->frag_max;
    out->frag_end = m->frag_last;
    out->worst_seq = m->worst_seq;
}

const struct metrics_bin *metrics_series(const struct metrics *m,
                                         enum metric metric, uint32_t *n_bins,
                                         uint32_t *shift)
{
    *n_bins = m->n_bins;
    *shift = m->shift;
    /* The bins are the metrics' own, not part of what `m` points to. */
    if (m->n_in_bin > 0)
        m->bins[metric][(*n_bins)++] = bin_of(m, metric);
    return m->bins[metric];
}

static void give_buckets(const char *name, const uint64_t *count, uint32_t n,
                         void (*range)(uint32_t, uint64_t *, uint64_t *),
                         void (*each)(void *, const struct cost_bucket *),
                         void *ctx)
{
    for (uint32_t i = 0; i < n; i++) {
        if (count[i] == 0)
            continue;
        struct cost_bucket b = {.name = name, .count = count[i]};
        range(i, &b.lower, &b.upper);
        each(ctx, &b);
    }
}

void metrics_histograms(const struct metrics *m,
                        void (*each)(void *ctx, const struct cost_bucket *b),
                        void *ctx)
{
    uint64_t moments[N_LOG_LINEAR] = {0};
    for (uint64_t i = 0; i < N_NEAR; i++)
        moments[log_linear_index(i << NEAR_SHIFT)] += m->near_requests[i];
    for (uint32_t i = 0; i < 1U << m->other_requests.log2_slots; i++) {
        const struct counter *c = &m->other_requests.slot[i];
        moments[log_linear_index(c->value)] += c->count;
    }

    give_buckets("asked", m->asked, N_LOG_LINEAR, log_linear_range, each, ctx);
    give_buckets("holes_at_end", m->holes_at_end, N_POWERS, power_range, each,
                 ctx);
    give_buckets("holes_at_worst", m->holes_at_worst, N_POWERS, power_range,
                 each, ctx);
    give_buckets("largest_request", moments, N_LOG_LINEAR, log_linear_range,
                 each, ctx);
    if (m->costs != NULL)
        costs_histograms(m->costs, each, ctx);
}
