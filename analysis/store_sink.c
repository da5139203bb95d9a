/* store_sink.c - see store.h: a run while it plays, and its end. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis/store_parts.h"

#define SEQ_MAX ((UINT64_C(1) << STORE_SEQ_BITS) - 1)

static int no_memory(struct store_run *r)
{
    return problem_set(r->problem, ERR_MEMORY,
                       "%s: no memory for a run's records", r->store->path);
}

int store_begin_run(struct store *s, enum keep keep, struct store_run **out,
                    struct problem *problem)
{
    struct store_run *r = calloc(1, sizeof *r);
    *out = r;
    if (r == NULL)
        return problem_set(problem, ERR_MEMORY, "%s: no memory for a run",
                           s->path);
    r->store = s;
    r->keep = keep;
    r->problem = problem;
    spool_init(&r->spool, s->path);
    moments_init(&r->moments);
    return 0;
}

void store_run_free(struct store_run *r)
{
    if (r == NULL)
        return;
    store_ahead_stop(r);
    if (r->held_number != 0)
        store_roll_back(r->store);
    spool_free(&r->spool);
    moments_free(&r->moments);
    free(r->ops);
    free(r->costs);
    free(r->json);
    free(r);
}

void store_abandon_run(struct store_run *r)
{
    store_run_free(r);
}

/* Runs that wait for a shared commit wait no longer than was promised. */
static int flush_if_due(struct store_run *r)
{
    struct store *s = r->store;
    if (s->ended == NULL || store_clock_ms() - s->oldest_ms < s->group_ms)
        return 0;
    return store_flush(s, r->problem);
}

/*
 * Full arrays of operations go to the thread that inserts them, if there is
 * one, otherwise to the spool. The first decides.
 */
static int put_ops(struct store_run *r)
{
    if (r->n_ops == 0)
        return 0;
    if (r->may_hold && r->n_ops == SHARD_OPS_CAP)
        store_ahead_begin(r);
    r->may_hold = false;
    if (r->ahead != NULL)
        return store_ahead_put(r);
    int err = spool_put(&r->spool, SHARD_OPS, r->ops,
                        r->n_ops * sizeof r->ops[0], r->problem);
    r->n_ops = 0;
    return err;
}

static uint32_t narrow(uint64_t bytes)
{
    assert(bytes <= UINT32_MAX); /* within the window */
    return (uint32_t)bytes;
}

static int keep_op(struct store_run *r, const struct op_record *o)
{
    if (r->ops == NULL)
        r->ops = malloc(SHARD_OPS_CAP * sizeof r->ops[0]);
    if (r->ops == NULL)
        return no_memory(r);

    r->ops[r->n_ops++] = (struct shard_op){
        .seq = o->seq,
        .object = o->object,
        .asked = o->asked,
        .kind = o->kind,
        .granted = narrow(o->granted),
        .address = o->address,
        .live = narrow(o->after.live),
        .used = narrow(o->after.used),
        .free = narrow(o->after.free),
        .largest_free = narrow(o->after.largest_free),
        .largest_request = narrow(o->after.largest_request),
    };
    return r->n_ops < SHARD_OPS_CAP ? 0 : put_ops(r);
}

static int put_costs(struct store_run *r)
{
    size_t n_bytes = r->n_costs * sizeof r->costs[0];
    r->n_costs = 0;
    if (n_bytes == 0)
        return 0;
    return spool_put(&r->spool, SHARD_COSTS, r->costs, n_bytes, r->problem);
}

static int keep_cost(struct store_run *r, const struct op_record *o)
{
    if (r->costs == NULL)
        r->costs = malloc(SHARD_COSTS_CAP * sizeof r->costs[0]);
    if (r->costs == NULL)
        return no_memory(r);
    const struct op_cost *c = &o->cost;
    r->costs[r->n_costs++] = (struct shard_cost){
        .seq = o->seq,
        .cycles = c->cycles,
        .gc_cycles = c->gc_cycles,
        .instructions = c->instructions,
        .loads = c->loads,
        .stores = c->stores,
        .waits = c->waits,
        .stack = c->stack_bytes,
    };
    return r->n_costs < SHARD_COSTS_CAP ? 0 : put_costs(r);
}

static int sink_event(void *ctx, const struct event_record *e)
{
    struct store_run *r = ctx;
    r->clock += e->cost.cycles;
    if (r->keep < KEEP_OPS)
        return 0;
    return spool_put(&r->spool, SHARD_EVENT, e, sizeof *e, r->problem);
}

static int sink_op(void *ctx, const struct op_record *o,
                   const struct replay_view *view)
{
    struct store_run *r = ctx;
    assert(o->seq > r->last_seq);
    if (o->seq > SEQ_MAX)
        return problem_set(r->problem, ERR_INPUT,
                           "%s: a run may have 2^%d operations, not more",
                           r->store->path, STORE_SEQ_BITS);
    r->last_seq = o->seq;
    r->clock += o->has_cost ? o->cost.cycles : 0;
    if (r->keep >= KEEP_SERIES && moments_op(&r->moments, o, view) < 0)
        return no_memory(r);
    if (r->keep == KEEP_OPS) {
        int err = keep_op(r, o);
        if (err == 0 && o->has_cost)
            err = keep_cost(r, o);
        if (err < 0)
            return err;
    }
    return o->seq % 1024 == 0 ? flush_if_due(r) : 0;
}

/* What a further collection of an operation cost beyond those before it. */
static void take_away(struct op_cost *from, const struct op_cost *before)
{
    from->gc_cycles -= before->gc_cycles;
    for (int i = 0; i < COST_PHASES; i++)
        from->phase_cycles[i] -= before->phase_cycles[i];
}

static int sink_collection(void *ctx, const struct collection_record *c)
{
    struct store_run *r = ctx;
    if (r->keep < KEEP_SERIES)
        return 0;
    struct shard_collection row;
    memset(&row, 0, sizeof row); /* padding, too: it goes to a file        */
    row.record = *c;
    row.clock = r->clock;
    bool is_further = c->seq == r->collected_seq;
    row.record.part = is_further ? r->collected_part + 1 : 0;
    if (is_further)
        take_away(&row.record.cost, &r->collected_cost);
    r->collected_seq = c->seq;
    r->collected_part = row.record.part;
    r->collected_cost = c->cost;
    return spool_put(&r->spool, SHARD_COLLECTION, &row, sizeof row, r->problem);
}

static int sink_refusal(void *ctx, const struct refusal_record *f,
                        const struct replay_view *view)
{
    struct store_run *r = ctx;
    if (r->keep < KEEP_SERIES)
        return 0;
    if (moments_refusal(&r->moments, f->seq, view) < 0)
        return no_memory(r);
    return spool_put(&r->spool, SHARD_REFUSAL, f, sizeof *f, r->problem);
}

/* A record that is a fixed part and a text behind it. */
static int put_with_text(struct store_run *r, uint32_t type, const void *head,
                         size_t head_bytes, const char *text)
{
    size_t n_text = strlen(text) + 1;
    char *record = malloc(head_bytes + n_text);
    if (record == NULL)
        return no_memory(r);
    memcpy(record, head, head_bytes);
    memcpy(record + head_bytes, text, n_text);
    int err =
        spool_put(&r->spool, type, record, head_bytes + n_text, r->problem);
    free(record);
    return err;
}

static int sink_mark(void *ctx, uint64_t seq, int what, const char *text)
{
    struct store_run *r = ctx;
    if (r->keep < KEEP_SERIES)
        return 0;
    r->mark_part = seq == r->mark_seq ? r->mark_part : 0;
    r->mark_seq = seq;
    struct shard_mark mark = {seq, r->mark_part++, what};
    return put_with_text(r, what < 0 ? SHARD_NOTE : SHARD_PHASE, &mark,
                         sizeof mark, text);
}

static int sink_end(void *ctx, const struct replay_view *view)
{
    struct store_run *r = ctx;
    if (r->keep >= KEEP_SERIES &&
        moments_end(&r->moments, r->last_seq, view) < 0)
        return no_memory(r);
    return 0;
}

struct sink store_run_sink(struct store_run *r)
{
    return (struct sink){
        .ctx = r,
        .op = sink_op,
        .collection = sink_collection,
        .refusal = sink_refusal,
        .mark = sink_mark,
        .end = sink_end,
        .event = sink_event,
    };
}

void store_run_may_repeat(struct store_run *r)
{
    r->moments.may_skip = true;
}

void store_run_may_hold(struct store_run *r)
{
    r->may_hold = true;
}

uint64_t store_run_missing(const struct store_run *r)
{
    return moments_missing(&r->moments);
}

int store_run_add_worst(struct store_run *r, const struct replay_view *view,
                        struct problem *problem)
{
    r->problem = problem;
    uint64_t seq = moments_missing(&r->moments);
    int err = snapshot_take(&r->moments.at[MOMENT_WORST], seq, view);
    return err < 0 ? no_memory(r) : 0;
}

static int put_map(struct store_run *r, const struct moments_map *map,
                   uint32_t moment)
{
    struct shard_map head = {map->seq, map->base, map->unit_bytes, moment};
    return put_with_text(r, SHARD_HEAPMAP, &head, sizeof head, map->text);
}

/* `n` elements of a snapshot behind the moment that they belong to. */
static int put_elements(struct store_run *r, uint32_t type,
                        const struct shard_moment *moment, const void *elements,
                        size_t n, size_t size)
{
    /* A record at a time holds no more than the spool's buffer would. */
    size_t most = SPOOL_BUFFER / 16 / size;
    char *record = malloc(sizeof *moment + most * size);
    if (record == NULL)
        return no_memory(r);
    int err = 0;
    memcpy(record, moment, sizeof *moment);
    for (size_t at = 0; at < n && err == 0; at += most) {
        size_t part = n - at < most ? n - at : most;
        memcpy(record + sizeof *moment, (const char *)elements + at * size,
               part * size);
        err = spool_put(&r->spool, type, record, sizeof *moment + part * size,
                        r->problem);
    }
    free(record);
    return err;
}

static int put_snapshot(struct store_run *r, uint32_t which)
{
    const struct snapshot *s = &r->moments.at[which];
    if (!s->is_taken)
        return 0;
    struct moments_map map = {s->seq, s->base, s->unit_bytes,
                              moments_text(s->units, s->n_units)};
    if (map.text == NULL)
        return no_memory(r);
    int err = put_map(r, &map, which);
    free(map.text);

    struct shard_moment moment = {s->seq, which};
    if (err == 0)
        err = put_elements(r, SHARD_OBJECT, &moment, s->objects, s->n_objects,
                           sizeof s->objects[0]);
    if (err == 0)
        err = put_elements(r, SHARD_EDGE, &moment, s->edges, s->n_edges,
                           sizeof s->edges[0]);
    return err;
}

static int put_moments(struct store_run *r)
{
    int err = 0;
    for (uint32_t i = 0; i < r->moments.n_even && err == 0; i++)
        err = put_map(r, &r->moments.even[i], MOMENT_N);
    for (uint32_t i = 0; i < MOMENT_N && err == 0; i++)
        err = put_snapshot(r, i);
    return err;
}

static int put_series(struct store_run *r, const struct metrics *metrics,
                      uint32_t metric)
{
    uint32_t n = 0;
    const struct metrics_bin *bins =
        metrics_series(metrics, (enum metric)metric, &n, &r->series_shift);
    int err = 0;
    for (uint32_t i = 0; i < n && err == 0; i++) {
        struct shard_bin bin = {metric, i, bins[i]};
        err = spool_put(&r->spool, SHARD_SERIES, &bin, sizeof bin, r->problem);
    }
    return err;
}

struct bucket_sink {
    struct store_run *run;
    int err;
};

static void put_bucket(void *ctx, const struct cost_bucket *b)
{
    struct bucket_sink *to = ctx;
    if (to->err < 0)
        return;
    struct shard_bucket bucket = {"", b->lower, b->upper, b->count};
    snprintf(bucket.name, sizeof bucket.name, "%s", b->name);
    to->err = spool_put(&to->run->spool, SHARD_HISTOGRAM, &bucket,
                        sizeof bucket, to->run->problem);
}

/* All that waited in memory for the end. */
static int put_rest(struct store_run *r, const struct metrics *metrics)
{
    struct bucket_sink to = {r, put_ops(r)};
    if (to.err == 0)
        to.err = put_costs(r);
    if (to.err == 0 && r->ahead != NULL)
        to.err = store_ahead_end(r);
    if (r->keep < KEEP_SERIES)
        return to.err;
    if (to.err == 0)
        to.err = put_moments(r);
    for (uint32_t i = 0; i < METRIC_N && to.err == 0; i++) {
        if (metrics_has(metrics, (enum metric)i))
            to.err = put_series(r, metrics, i);
    }
    if (to.err == 0)
        metrics_histograms(metrics, put_bucket, &to);
    return to.err;
}

static void keep_cycles(struct store_run *r, const struct costs *costs)
{
    if (costs == NULL)
        return;
    r->has_costs = true;
    r->totals = *costs_totals(costs);
    for (int i = 0; i < COST_N; i++)
        costs_summarise(costs, (enum cost_kind)i, &r->cycles[i]);
}

static int finish(struct store_run *r, const struct run_spec *spec,
                  const struct replay_result *result,
                  const struct metrics *metrics)
{
    int err = put_rest(r, metrics);
    if (err < 0)
        return err;
    r->spec = *spec;
    r->result = *result;
    metrics_summarise(metrics, &r->summary);
    keep_cycles(r, metrics_costs(metrics));
    r->json = run_spec_json(spec, result->trace_hash);
    if (r->json == NULL)
        return no_memory(r);
    run_id(r->json, r->id);
    return 0;
}

int store_end_run(struct store_run *r, const struct run_spec *spec,
                  const struct replay_result *result,
                  const struct metrics *metrics, char id[RUN_ID_CAP],
                  struct problem *problem)
{
    struct store *s = r->store;
    r->problem = problem;
    int err = finish(r, spec, result, metrics);
    if (err < 0) {
        store_run_free(r);
        return err;
    }
    memcpy(id, r->id, RUN_ID_CAP);
    moments_free(&r->moments);
    free(r->ops);
    free(r->costs);
    r->ops = NULL;
    r->costs = NULL;

    if (s->ended == NULL)
        s->oldest_ms = store_clock_ms();
    *s->last_ended = r;
    s->last_ended = &r->next;
    if (r->held_number == 0 && store_clock_ms() - s->oldest_ms < s->group_ms)
        return 0;
    return store_flush(s, problem);
}
