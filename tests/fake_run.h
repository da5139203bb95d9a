/*
 * fake_run.h - a run without a manager: a toy heap that allocates and frees at
 * random and tells a sink of it, as a replay would
 *
 * Units of 16 bytes from FAKE_BASE; first fit; every object of an even id
 * references the one before. The same seed gives the same records.
 */
#ifndef TESTS_FAKE_RUN_H
#define TESTS_FAKE_RUN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/store.h"
#include "traces/op.h"

#define FAKE_UNITS 256
#define FAKE_BASE  0x20000000u

struct fake_object {
    uint64_t id, born_seq;
    uint32_t unit, n_units; /* n_units 0: no object */
};

struct fake_heap {
    uint64_t random, seq, next_id, n_refused;
    struct fake_object at[FAKE_UNITS]; /* by first unit */
};

static inline uint64_t fake_random(struct fake_heap *h)
{
    h->random ^= h->random << 13; /* Marsaglia's xorshift */
    h->random ^= h->random >> 7;
    h->random ^= h->random << 17;
    return h->random;
}

static inline void fake_map(const void *run, uint8_t *out)
{
    const struct fake_heap *h = run;
    memset(out, UNIT_FREE, FAKE_UNITS);
    for (uint32_t i = 0; i < FAKE_UNITS; i++)
        for (uint32_t k = 0; k < h->at[i].n_units; k++)
            out[i + k] = k == 0 ? UNIT_HEAD : UNIT_TAIL;
}

static inline void fake_objects(const void *run,
                                bool (*each)(void *ctx,
                                             const struct object_view *o),
                                void *ctx)
{
    const struct fake_heap *h = run;
    for (uint32_t i = 0; i < FAKE_UNITS; i++) {
        const struct fake_object *o = &h->at[i];
        struct object_view view = {
            .id = o->id,
            .born_seq = o->born_seq,
            .asked = o->n_units * 16 - 3,
            .granted = o->n_units * 16,
            .address = FAKE_BASE + i * 16,
            .site = 7,
        };
        if (o->n_units > 0 && !each(ctx, &view))
            return;
    }
}

static inline void fake_edges(const void *run,
                              bool (*each)(void *ctx, uint64_t from,
                                           uint32_t word, uint64_t to),
                              void *ctx)
{
    const struct fake_heap *h = run;
    for (uint32_t i = 0; i < FAKE_UNITS; i++)
        if (h->at[i].n_units > 0 && h->at[i].id % 2 == 0 &&
            !each(ctx, h->at[i].id, 1, h->at[i].id - 1))
            return;
}

static inline void fake_holes(const void *run,
                              void (*each)(void *ctx, uint64_t bytes),
                              void *ctx)
{
    uint8_t map[FAKE_UNITS];
    fake_map(run, map);
    for (uint32_t i = 0, length = 0; i <= FAKE_UNITS; i++) {
        if (i < FAKE_UNITS && map[i] == UNIT_FREE) {
            length++;
        } else if (length > 0) {
            each(ctx, length * 16);
            length = 0;
        }
    }
}

static inline struct replay_view fake_view(const struct fake_heap *h)
{
    return (struct replay_view){h,        FAKE_BASE,    16,         FAKE_UNITS,
                                fake_map, fake_objects, fake_edges, fake_holes};
}

static inline struct heap_figures fake_figures(const struct fake_heap *h)
{
    struct heap_figures f = {0};
    uint32_t hole = 0;
    for (uint32_t i = 0; i < FAKE_UNITS;) {
        uint32_t n = h->at[i].n_units;
        f.live += n * 16;
        f.asked += n > 0 ? n * 16 - 3 : 0;
        hole = n > 0 ? 0 : hole + 1;
        if (hole * 16 > f.largest_free)
            f.largest_free = hole * 16;
        i += n > 0 ? n : 1;
    }
    f.used = f.live;
    f.free = FAKE_UNITS * 16 - f.used;
    f.largest_request = f.largest_free;
    return f;
}

/* First unit of `n` free ones, or FAKE_UNITS. */
static inline uint32_t fake_fit(const struct fake_heap *h, uint32_t n)
{
    for (uint32_t i = 0, hole = 0; i < FAKE_UNITS;) {
        hole = h->at[i].n_units > 0 ? 0 : hole + 1;
        if (hole == n)
            return i + 1 - n;
        i += h->at[i].n_units > 0 ? h->at[i].n_units : 1;
    }
    return FAKE_UNITS;
}

/* One random operation. */
static inline struct op_record fake_op(struct fake_heap *h)
{
    struct op_record r = {.seq = ++h->seq};
    uint32_t pick = (uint32_t)(fake_random(h) % FAKE_UNITS);
    if (h->at[pick].n_units > 0) {
        r.kind = TRACE_FREE;
        r.object = h->at[pick].id;
        r.address = FAKE_BASE + pick * 16;
        h->at[pick].n_units = 0;
    } else {
        uint32_t n = 1 + (uint32_t)(fake_random(h) % 8);
        uint32_t unit = fake_fit(h, n);
        r.kind = TRACE_ALLOC;
        r.object = h->next_id++;
        r.asked = n * 16 - 3;
        r.outcome = unit == FAKE_UNITS ? OUTCOME_FRAGMENTED : OUTCOME_GRANTED;
        if (unit < FAKE_UNITS) {
            h->at[unit] = (struct fake_object){r.object, h->seq, unit, n};
            r.granted = n * 16;
            r.address = FAKE_BASE + unit * 16;
        }
    }
    r.after = fake_figures(h);
    return r;
}

/* What a replay tells of one operation: 0, or what a sink answered. */
static inline int fake_tell(struct fake_heap *h, const struct op_record *r,
                            const struct sink *sink, struct metrics *metrics)
{
    struct replay_view view = fake_view(h);
    int err = metrics_op(metrics, r, &view);
    if (err == 0 && r->seq % 100 == 0 && sink->collection != NULL)
        err = sink->collection(
            sink->ctx, &(struct collection_record){.seq = r->seq,
                                                   .cause = COLLECTION_ASKED,
                                                   .live_bytes = r->seq});
    if (err == 0)
        err = sink->op(sink->ctx, r, &view);
    if (err == 0 && r->seq % 500 == 0)
        err = sink->mark(sink->ctx, r->seq, r->seq % 1000 == 0, "import os");
    if (err < 0 || r->outcome == OUTCOME_GRANTED)
        return err;

    struct refusal_record refusal = {
        .seq = r->seq,
        .outcome = r->outcome,
        .object = r->object,
        .asked = r->asked,
        .free = r->after.free,
        .largest_free = r->after.largest_free,
        .n_holes = 3,
        .index = 0.25,
    };
    h->n_refused++;
    return sink->refusal(sink->ctx, &refusal, &view);
}

/*
 * Play `n_ops` operations of `seed` to `sink` and `metrics`; fills `result`.
 */
static inline int fake_play(uint64_t seed, uint64_t n_ops,
                            const struct sink *sink, struct metrics *metrics,
                            struct replay_result *result)
{
    struct fake_heap *h = calloc(1, sizeof *h);
    int err = 0;
    h->random = seed * 2654435761u + 88172645463325252u;
    h->next_id = 1;
    *result = (struct replay_result){.status = REPLAY_COMPLETE,
                                     .heap_bytes = FAKE_UNITS * 16};
    while (h->seq < n_ops && err == 0) {
        struct op_record r = fake_op(h);
        err = fake_tell(h, &r, sink, metrics);
        result->end = r.after;
    }
    struct replay_view view = fake_view(h);
    if (err == 0)
        err = sink->end(sink->ctx, &view);
    result->operations = result->events = h->seq;
    result->refused = result->refused_fragmented = h->n_refused;
    result->nearest = (struct replay_nearness){4000, 5000, 7};
    snprintf(result->state_digest, sizeof result->state_digest, "%032llx",
             (unsigned long long)h->random);
    snprintf(result->trace_hash, sizeof result->trace_hash, "%032llx",
             (unsigned long long)seed);
    strcpy(result->trace_name, "fake");
    strcpy(result->trace_format, "preset");
    free(h);
    return err;
}

/* Play and keep a run in `s`, which other writers may have to wait for. */
static inline int fake_store_with(struct store *s, bool holds, enum keep keep,
                                  uint64_t seed, uint64_t n_ops,
                                  char id[RUN_ID_CAP], struct problem *problem)
{
    struct run_spec spec = {.workload = "fake:", .machine = "native"};
    struct replay_result result;
    struct store_run *run;
    strcpy(spec.options.manager, "toy");
    spec.options.heap_bytes = FAKE_UNITS * 16;

    int err = store_begin_run(s, keep, &run, problem);
    if (err < 0)
        return err;
    if (holds)
        store_run_may_hold(run);
    struct metrics *metrics = metrics_new();
    struct sink sink = store_run_sink(run);
    err = fake_play(seed, n_ops, &sink, metrics, &result);
    if (err == 0)
        err = store_end_run(run, &spec, &result, metrics, id, problem);
    else
        store_abandon_run(run);
    metrics_free(metrics);
    return err;
}

static inline int fake_store(struct store *s, enum keep keep, uint64_t seed,
                             uint64_t n_ops, char id[RUN_ID_CAP],
                             struct problem *problem)
{
    return fake_store_with(s, false, keep, seed, n_ops, id, problem);
}

#endif /* TESTS_FAKE_RUN_H */
