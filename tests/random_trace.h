/*
 * random_trace.h - a lawful trace of every kind and every field, at random,
 * for the suites of the trace formats
 *
 * The same seed gives the same records, so that a suite can write them once
 * and make them again beside what it reads back. Numbers come from the whole
 * of their range now and then; ids skip; texts hold any byte but NUL.
 */
#ifndef TESTS_RANDOM_TRACE_H
#define TESTS_RANDOM_TRACE_H

#include <string.h>

#include "traces/kinds.h"
#include "traces/synth/rng.h"
#include "traces/workload.h"

#define RANDOM_LIVE 300
#define RANDOM_IDS  200

struct random_trace {
    struct rng rng;
    uint64_t next_id, time;
    uint32_t n_live, n_locks;
    struct random_object {
        uint64_t id, bytes;
        uint32_t n_pins;
        uint8_t flags;
    } live[RANDOM_LIVE];
    uint64_t ids[RANDOM_IDS];
    struct trace_area_state areas[5];
    char text[64];
};

static inline uint32_t random_below(struct random_trace *t, uint32_t n)
{
    return rng_below(&t->rng, n);
}

/* Mostly small, sometimes anything up to `max`. */
static inline uint64_t random_number(struct random_trace *t, uint64_t max)
{
    uint64_t wide = (uint64_t)rng_next(&t->rng) << 32 | rng_next(&t->rng);
    uint64_t n = wide >> random_below(t, 64);
    if (random_below(t, 4) > 0)
        n = random_below(t, 100);
    if (random_below(t, 50) == 0)
        n = max;
    return n <= max ? n : wide % max;
}

static inline uint32_t random_u32(struct random_trace *t)
{
    return (uint32_t)random_number(t, UINT32_MAX);
}

static inline const char *random_text(struct random_trace *t)
{
    uint32_t n = random_below(t, sizeof t->text);
    for (uint32_t i = 0; i < n; i++)
        t->text[i] = (char)(1 + random_below(t, 255));
    t->text[n] = '\0';
    return t->text;
}

static inline void random_ids(struct random_trace *t, struct trace_op *op)
{
    op->n_ids = random_below(t, random_below(t, 8) == 0 ? RANDOM_IDS : 6);
    op->ids = t->ids;
    for (uint32_t i = 0; i < op->n_ids; i++)
        t->ids[i] = random_number(t, TRACE_ID_MAX);
}

static inline void random_init(struct random_trace *t, uint64_t seed)
{
    memset(t, 0, sizeof *t);
    rng_seed(&t->rng, seed);
    t->next_id = random_number(t, 1000);
}

/* A header of which every field has a value, or hardly any. */
static inline void random_header(struct random_trace *t, struct trace_header *h)
{
    memset(h, 0, sizeof *h);
    h->version = TRACE_FORMAT_VERSION;
    h->word_bytes = random_below(t, 2) == 0 ? 4 : 8;
    if (random_below(t, 4) == 0)
        return;
    snprintf(h->program, sizeof h->program, "%.60s", random_text(t));
    snprintf(h->source, sizeof h->source, "%.60s", random_text(t));
    snprintf(h->source_version, sizeof h->source_version, "1.2\\x%%");
    snprintf(h->time_unit, sizeof h->time_unit, "ns");
    h->block_bytes = random_below(t, 40);
    h->area_struct_bytes = random_u32(t);
    h->growth = random_u32(t);
    h->outer_bytes = random_number(t, UINT64_MAX);
    h->finalisers = random_below(t, 2);
    h->zeroing = random_below(t, 2);
    h->mark_stack = random_u32(t);
    h->has_graph = random_below(t, 2);
    h->has_held = random_below(t, 2);
    h->has_deaths = random_below(t, 3);
    h->has_blocks = random_below(t, 2);
    h->n_areas = random_below(t, TRACE_AREAS_CAP + 1);
    for (uint32_t i = 0; i < h->n_areas; i++)
        h->areas[i] =
            (struct trace_area){i,
                                random_u32(t),
                                random_u32(t),
                                random_u32(t),
                                random_u32(t),
                                random_u32(t),
                                random_below(t, TRACE_N_AREA_REASONS)};
}

static inline void random_birth(struct random_trace *t, struct trace_op *op)
{
    struct random_object *o = &t->live[t->n_live++];
    if (random_below(t, 20) == 0)
        t->next_id += random_number(t, UINT64_C(1) << 40);
    op->id = t->next_id++;
    op->bytes =
        random_number(t, random_below(t, 30) == 0 ? TRACE_ID_MAX : 4096);
    *o = (struct random_object){.id = op->id, .bytes = op->bytes};
    if (op->kind != TRACE_ALLOC)
        return;
    if (random_below(t, 3) == 0)
        op->flags = (uint8_t)random_below(t, 32);
    if (random_below(t, 4) == 0)
        op->align = UINT32_C(1) << random_below(t, 32);
    if (random_below(t, 4) == 0)
        op->site = random_u32(t);
    o->flags = op->flags;
}

static inline void random_state(struct random_trace *t, struct trace_op *op)
{
    struct trace_state *s = &op->fact.state;
    s->after_collection = random_below(t, 2) != 0;
    s->used_bytes = random_number(t, UINT64_MAX);
    s->free_bytes = random_number(t, UINT64_MAX);
    s->max_free_blocks = random_u32(t);
    s->n_one_block = random_u32(t);
    s->n_two_block = random_u32(t);
    s->max_block = random_u32(t);
    s->last_free_area = random_u32(t);
    s->outer_avail = (int64_t)random_number(t, INT64_MAX) - 1;
    s->digest = (uint64_t)rng_next(&t->rng) << 32 | rng_next(&t->rng);
    s->n_areas = 1 + random_below(t, 5);
    s->areas = t->areas;
    for (uint32_t i = 0; i < s->n_areas; i++)
        t->areas[i] = (struct trace_area_state){
            random_u32(t), random_u32(t), random_u32(t),
            (uint64_t)rng_next(&t->rng) << 32 | rng_next(&t->rng)};
    op->text = random_text(t);
}

static inline void random_fact(struct random_trace *t, struct trace_op *op)
{
    op->what = (uint8_t)random_below(t, TRACE_N_EXPECTS);
    switch (op->what) {
    case TRACE_EXPECT_BLOCK:
        op->fact.block.area = random_below(t, 3);
        op->fact.block.block = random_u32(t);
        break;
    case TRACE_EXPECT_COLLECTION:
        op->fact.collection.cause = random_below(t, TRACE_N_GC_CAUSES);
        op->fact.collection.rescans = (int32_t)random_number(t, INT32_MAX) - 1;
        op->n_ids = random_below(t, 5); /* ids that nobody has            */
        op->ids = t->ids;
        for (uint32_t i = 0; i < op->n_ids; i++)
            t->ids[i] = TRACE_ID_MAX - random_below(t, 5);
        break;
    case TRACE_EXPECT_STATE:
        random_state(t, op);
        break;
    case TRACE_EXPECT_GRAPH:
        op->fact.graph.live = random_u32(t);
        op->fact.graph.edges = random_u32(t);
        op->fact.graph.interior = random_u32(t);
        op->fact.graph.dangling = random_u32(t);
        break;
    case TRACE_EXPECT_AVAIL:
        op->fact.avail = random_number(t, UINT64_MAX);
        break;
    case TRACE_EXPECT_AREA:
        op->fact.area =
            (struct trace_area){random_u32(t),
                                random_u32(t),
                                random_u32(t),
                                random_u32(t),
                                random_u32(t),
                                random_u32(t),
                                random_below(t, TRACE_N_AREA_REASONS)};
        break;
    default:
        op->fact.given_back.area = random_u32(t);
        op->fact.given_back.index = random_u32(t);
        op->fact.given_back.lost = TRACE_NONE;
        break;
    }
}

static inline void random_control(struct random_trace *t, struct trace_op *op)
{
    static const uint8_t sorts[] = {TRACE_CONTROL_AUTO, TRACE_CONTROL_LOCK,
                                    TRACE_CONTROL_THRESHOLD,
                                    TRACE_CONTROL_ADD_AREA};
    op->what = sorts[random_below(t, 4)];
    op->value = random_number(t, UINT64_MAX);
    if (op->what != TRACE_CONTROL_LOCK)
        return;
    op->value = t->n_locks == 0 || random_below(t, 2) != 0;
    if (op->value != 0)
        t->n_locks++;
    else
        t->n_locks--;
}

/* What needs a live object; false: this one cannot have it. */
static inline bool random_use(struct random_trace *t, struct trace_op *op)
{
    if (t->n_live == 0)
        return false;
    uint32_t i = random_below(t, t->n_live);
    struct random_object *o = &t->live[i];
    op->id = o->id;
    switch (op->kind) {
    case TRACE_FREE:
    case TRACE_DEATH:
        *o = t->live[--t->n_live];
        return true;
    case TRACE_REALLOC:
        op->bytes = o->bytes = random_number(t, 4096);
        op->flags = random_below(t, 2) != 0 ? TRACE_MAY_MOVE : 0;
        op->site = random_below(t, 3) == 0 ? random_u32(t) : 0;
        return true;
    case TRACE_STORE:
    case TRACE_TOUCH:
        if (o->bytes == 0)
            return false;
        op->word = random_below(
            t, o->bytes > 4096 ? 512 : (uint32_t)(o->bytes + 7) / 8);
        if (op->kind == TRACE_TOUCH)
            return true;
        op->target = random_below(t, 4) == 0
                         ? TRACE_NONE
                         : t->live[random_below(t, t->n_live)].id;
        return true;
    case TRACE_PIN:
        o->n_pins++;
        return true;
    case TRACE_UNPIN:
        return o->n_pins > 0 && o->n_pins-- > 0;
    default:
        return true;
    }
}

static inline bool random_fill(struct random_trace *t, struct trace_op *op)
{
    switch (op->kind) {
    case TRACE_ALLOC:
    case TRACE_INTERN:
        if (t->n_live == RANDOM_LIVE)
            return false;
        random_birth(t, op);
        return true;
    case TRACE_COLLECT:
        op->what = random_below(t, 20) == 0;
        if (op->what == TRACE_COLLECT_ALL) {
            uint32_t n = 0; /* what the outer heap gave stays             */
            for (uint32_t i = 0; i < t->n_live; i++)
                if ((t->live[i].flags & TRACE_OUTER) != 0)
                    t->live[n++] = t->live[i];
            t->n_live = n;
        }
        return true;
    case TRACE_CONTROL:
        random_control(t, op);
        return true;
    case TRACE_REFUSED:
        op->what = TRACE_ALLOC;
        op->cause = (uint8_t)random_below(t, TRACE_N_CAUSES);
        op->bytes = random_number(t, TRACE_ID_MAX);
        op->flags = (uint8_t)random_below(t, 32);
        op->align =
            random_below(t, 2) != 0 ? UINT32_C(1) << random_below(t, 32) : 0;
        if (random_below(t, 2) != 0 && t->n_live > 0) {
            op->what = TRACE_REALLOC;
            op->flags = random_below(t, 2) != 0 ? TRACE_MAY_MOVE : 0;
            op->align = 0;
            op->id = t->live[random_below(t, t->n_live)].id;
        }
        return true;
    case TRACE_ROOT:
        op->word = random_u32(t);
        op->target = TRACE_NONE;
        if (t->n_live > 0 && random_below(t, 3) > 0)
            op->target = t->live[random_below(t, t->n_live)].id;
        return true;
    case TRACE_HELD:
        op->what = (uint8_t)random_below(t, TRACE_N_HELD);
        if (random_below(t, 2) != 0) {
            random_ids(t, op);
            return true;
        }
        op->ids = t->ids; /* a list like the last one                     */
        for (uint32_t i = 0; i < t->n_live && op->n_ids < RANDOM_IDS; i += 3)
            t->ids[op->n_ids++] = t->live[i].id;
        return true;
    case TRACE_FINALISE:
        op->ids = t->ids;
        while (t->n_live > 0 && op->n_ids < 3)
            t->ids[op->n_ids++] = t->live[--t->n_live].id;
        return true;
    case TRACE_EXPECT:
        random_fact(t, op);
        return true;
    case TRACE_PHASE:
        op->what = (uint8_t)random_below(t, 2);
        op->text = random_text(t);
        return true;
    case TRACE_NOTE:
        op->text = random_text(t);
        return true;
    case TRACE_STEP:
    case TRACE_THREAD:
        op->value = random_number(t, UINT64_MAX);
        return true;
    case TRACE_TIME:
        t->time += random_number(t, UINT64_MAX); /* it may wrap           */
        op->value = t->time;
        return true;
    default:
        return random_use(t, op);
    }
}

/* The next record; never an end record. */
static inline void random_next(struct random_trace *t, struct trace_op *op)
{
    do {
        memset(op, 0, sizeof *op);
        op->kind = (uint8_t)(1 + random_below(t, TRACE_N_KINDS - 1));
        if (random_below(t, 3) == 0)
            op->kind = t->n_live < RANDOM_LIVE / 2 ? TRACE_ALLOC : TRACE_FREE;
    } while (!random_fill(t, op));
}

/* Are two records the same, in the fields that their kind has? */
static inline bool random_same(const struct trace_op *a,
                               const struct trace_op *b)
{
    uint32_t fields = trace_fields(a);
    const char *text_a = a->text != NULL ? a->text : "";
    const char *text_b = b->text != NULL ? b->text : "";
    if (a->kind != b->kind || a->flags != b->flags || a->what != b->what ||
        a->cause != b->cause || a->align != b->align || a->id != b->id ||
        a->bytes != b->bytes || a->value != b->value ||
        a->target != b->target || a->word != b->word || a->site != b->site ||
        a->n_ids != b->n_ids || strcmp(text_a, text_b) != 0)
        return false;
    for (uint32_t i = 0; i < a->n_ids; i++)
        if (a->ids[i] != b->ids[i])
            return false;
    if ((fields & FIELD_FACT) == 0)
        return true;

    const struct trace_state *s = &a->fact.state;
    const struct trace_state *z = &b->fact.state;
    switch (a->what) {
    case TRACE_EXPECT_BLOCK:
        return memcmp(&a->fact.block, &b->fact.block, sizeof a->fact.block) ==
               0;
    case TRACE_EXPECT_COLLECTION:
        return memcmp(&a->fact.collection, &b->fact.collection,
                      sizeof a->fact.collection) == 0;
    case TRACE_EXPECT_GRAPH:
        return memcmp(&a->fact.graph, &b->fact.graph, sizeof a->fact.graph) ==
               0;
    case TRACE_EXPECT_AVAIL:
        return a->fact.avail == b->fact.avail;
    case TRACE_EXPECT_AREA:
        return memcmp(&a->fact.area, &b->fact.area, sizeof a->fact.area) == 0;
    case TRACE_EXPECT_GIVEN_BACK:
        return a->fact.given_back.area == b->fact.given_back.area &&
               a->fact.given_back.index == b->fact.given_back.index &&
               a->fact.given_back.lost == b->fact.given_back.lost;
    default:
        break;
    }
    if (s->after_collection != z->after_collection ||
        s->used_bytes != z->used_bytes || s->free_bytes != z->free_bytes ||
        s->max_free_blocks != z->max_free_blocks ||
        s->n_one_block != z->n_one_block || s->n_two_block != z->n_two_block ||
        s->max_block != z->max_block ||
        s->last_free_area != z->last_free_area ||
        s->outer_avail != z->outer_avail || s->digest != z->digest ||
        s->n_areas != z->n_areas)
        return false;
    for (uint32_t i = 0; i < s->n_areas; i++)
        if (s->areas[i].number != z->areas[i].number ||
            s->areas[i].hint != z->areas[i].hint ||
            s->areas[i].last_used != z->areas[i].last_used ||
            s->areas[i].digest != z->areas[i].digest)
            return false;
    return true;
}

#endif /* TESTS_RANDOM_TRACE_H */
