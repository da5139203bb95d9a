/* costs.c - see costs.h. */
#include "analysis/costs.h"

#include <stdlib.h>

#include "traces/err.h"
#include "traces/op.h"

/* clang-format off */
const char *const cost_names[COST_N] = {
    [COST_ALLOC] = "alloc",
    [COST_ALLOC_NET] = "alloc_net",
    [COST_FREE] = "free",
    [COST_REALLOC] = "realloc",
    [COST_COLLECT] = "collect",
    [COST_STEP] = "step",
    [COST_PROMOTE] = "promote",
    [COST_DEREF] = "deref",
    [COST_STORE] = "store",
};

static const char *const histogram_names[COST_N] = {
    [COST_ALLOC] = "cycles_alloc",
    [COST_ALLOC_NET] = "cycles_alloc_net",
    [COST_FREE] = "cycles_free",
    [COST_REALLOC] = "cycles_realloc",
    [COST_COLLECT] = "cycles_collect",
    [COST_STEP] = "cycles_step",
    [COST_PROMOTE] = "cycles_promote",
    [COST_DEREF] = "cycles_deref",
    [COST_STORE] = "cycles_store",
};
/* clang-format on */

#define WIDE_BITS 5 /* of a value below the leading one, in a histogram     */

/*
 * Buckets: one a value below COSTS_EXACT; from there 2^12 an octave, which
 * are the value's leading 13 bits.
 */
#define LEADING_BITS 13
#define EXACT_BITS   16
#define PER_OCTAVE   (1u << (LEADING_BITS - 1))
#define N_BUCKETS    (COSTS_EXACT + (64 - EXACT_BITS) * PER_OCTAVE)

struct counts {
    uint64_t *bucket; /* null: nothing counted                            */
    uint64_t n, total, min, max;
};

struct costs {
    struct counts kind[COST_N];
    struct cost_totals totals;
};

static uint32_t bucket_of(uint64_t v)
{
    if (v < COSTS_EXACT)
        return (uint32_t)v;
    uint32_t octave = 63 - (uint32_t)__builtin_clzll(v);
    uint32_t leading = (uint32_t)(v >> (octave - LEADING_BITS + 1));
    return COSTS_EXACT + (octave - EXACT_BITS) * PER_OCTAVE +
           (leading - PER_OCTAVE);
}

/* The least value of a bucket. */
static uint64_t value_of(uint32_t bucket)
{
    if (bucket < COSTS_EXACT)
        return bucket;
    uint32_t octave = EXACT_BITS + (bucket - COSTS_EXACT) / PER_OCTAVE;
    uint64_t leading = PER_OCTAVE + (bucket - COSTS_EXACT) % PER_OCTAVE;
    return leading << (octave - LEADING_BITS + 1);
}

static int count(struct counts *c, uint64_t cycles)
{
    if (c->bucket == NULL) {
        c->bucket = calloc(N_BUCKETS, sizeof *c->bucket);
        if (c->bucket == NULL)
            return ERR_MEMORY;
        c->min = UINT64_MAX;
    }
    c->bucket[bucket_of(cycles)]++;
    c->n++;
    c->total += cycles;
    c->min = cycles < c->min ? cycles : c->min;
    c->max = cycles > c->max ? cycles : c->max;
    return 0;
}

static uint64_t at_rank(const struct counts *c, uint64_t rank)
{
    uint64_t seen = 0;
    uint32_t i = 0;
    while ((seen += c->bucket[i]) < rank)
        i++;
    uint64_t value = value_of(i);
    return value < c->min ? c->min : value;
}

static void add_totals(struct cost_totals *to, const struct op_cost *from)
{
    to->cycles += from->cycles;
    to->gc_cycles += from->gc_cycles;
    to->outer_cycles += from->outer_cycles;
    to->instructions += from->instructions;
    to->loads += from->loads;
    to->stores += from->stores;
    to->waits += from->waits;
    to->unsettled += from->unsettled;
    if (from->stack_bytes > to->stack_bytes)
        to->stack_bytes = from->stack_bytes;
}

struct costs *costs_new(void)
{
    return calloc(1, sizeof(struct costs));
}

void costs_free(struct costs *c)
{
    if (c == NULL)
        return;
    for (int i = 0; i < COST_N; i++)
        free(c->kind[i].bucket);
    free(c);
}

/* The kind of an operation or event; COST_N: of none. */
static enum cost_kind kind_of(uint8_t trace_kind)
{
    switch (trace_kind) {
    case TRACE_ALLOC:
    case TRACE_INTERN:
        return COST_ALLOC;
    case TRACE_FREE:
    case TRACE_DEATH:
        return COST_FREE;
    case TRACE_REALLOC:
        return COST_REALLOC;
    case TRACE_STEP:
        return COST_STEP;
    case TRACE_PROMOTE:
        return COST_PROMOTE;
    case TRACE_TOUCH:
        return COST_DEREF;
    case TRACE_STORE:
        return COST_STORE;
    default:
        return COST_N;
    }
}

static int take(struct costs *c, enum cost_kind kind, const struct op_cost *o)
{
    int err = 0;
    add_totals(&c->totals, o);
    if (o->gc_cycles > 0)
        err = count(&c->kind[COST_COLLECT], o->gc_cycles);
    /* Nothing was asked of the manager: a size of 0, an object never had. */
    if (kind == COST_N || o->cycles == 0)
        return err;
    if (err == 0)
        err = count(&c->kind[kind], o->cycles);
    if (err == 0 && kind == COST_ALLOC)
        err = count(&c->kind[COST_ALLOC_NET], o->cycles - o->gc_cycles);
    return err;
}

int costs_op(struct costs *c, const struct op_record *r)
{
    return take(c, kind_of(r->kind), &r->cost);
}

int costs_event(struct costs *c, const struct event_record *r)
{
    return take(c, kind_of(r->kind), &r->cost);
}

void costs_summarise(const struct costs *c, enum cost_kind kind,
                     struct cost_summary *out)
{
    const struct counts *k = &c->kind[kind];
    *out = (struct cost_summary){0};
    if (k->n == 0)
        return;
    out->count = k->n;
    out->total = k->total;
    out->min = k->min;
    out->p50 = at_rank(k, (k->n + 1) / 2);
    out->p90 = at_rank(k, k->n - k->n / 10);
    out->p99 = at_rank(k, k->n - k->n / 100);
    out->p999 = at_rank(k, k->n - k->n / 1000);
    out->max = k->max;
}

const struct cost_totals *costs_totals(const struct costs *c)
{
    return &c->totals;
}

/* The values that share the leading bits of `v`: a bucket of a histogram. */
static void wide_range(uint64_t v, uint64_t *lower, uint64_t *upper)
{
    uint32_t octave = v == 0 ? 0 : 63 - (uint32_t)__builtin_clzll(v);
    uint32_t cut = octave > WIDE_BITS ? octave - WIDE_BITS : 0;
    *lower = v >> cut << cut;
    *upper = *lower + ((UINT64_C(1) << cut) - 1);
}

/* A bucket of `k` lies within one of its histogram, for it is narrower. */
static void give_histogram(const struct counts *k, const char *name,
                           void (*each)(void *, const struct cost_bucket *),
                           void *ctx)
{
    struct cost_bucket b = {.name = name};
    for (uint32_t i = 0; i < N_BUCKETS; i++) {
        if (k->bucket[i] == 0)
            continue;
        uint64_t value = value_of(i);
        if (b.count > 0 && value > b.upper) {
            each(ctx, &b);
            b.count = 0;
        }
        wide_range(value, &b.lower, &b.upper);
        b.count += k->bucket[i];
    }
    if (b.count > 0)
        each(ctx, &b);
}

void costs_histograms(const struct costs *c,
                      void (*each)(void *ctx, const struct cost_bucket *b),
                      void *ctx)
{
    for (int i = 0; i < COST_N; i++)
        if (c->kind[i].n > 0)
            give_histogram(&c->kind[i], histogram_names[i], each, ctx);
}
