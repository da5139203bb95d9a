/* test_synth.c - the generator: numbers, presets and their settings */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdlib.h>

#include "traces/synth/dist.h"
#include "traces/synth/preset.h"

/* What a naive model of the mutator knows of one object. */
struct object {
    bool is_live;
    uint64_t bytes;
    uint64_t *words; /* what each names                                   */
};

/* The model, and what it saw. */
struct model {
    struct object *objects;
    uint64_t n_objects, cap;
    uint64_t roots[64];
    uint64_t n_ops, n_allocs, n_frees, n_deaths, n_stores, n_events;
    uint64_t live_bytes, peak_bytes, n_live;
    uint64_t digest; /* of the whole stream                               */
};

static struct problem problem;

static struct workload *open_preset(const char *spec)
{
    struct workload *w = 0;
    cr_assert(eq(int, preset_open(&w, spec, &problem), 0), "%s", problem.text);
    return w;
}

static void model_alloc(struct model *m, const struct trace_op *op)
{
    cr_assert(eq(u64, op->id, m->n_objects)); /* ids count up */
    if (m->n_objects == m->cap) {
        m->cap = m->cap > 0 ? 2 * m->cap : 1024;
        m->objects = realloc(m->objects, m->cap * sizeof *m->objects);
    }
    struct object *o = &m->objects[m->n_objects++];
    o->is_live = true;
    o->bytes = op->bytes;
    o->words = malloc(op->bytes / 4 * sizeof *o->words + 1);
    for (uint64_t i = 0; i < op->bytes / 4; i++)
        o->words[i] = TRACE_NONE;
    m->live_bytes += op->bytes;
    m->n_live++;
    if (m->live_bytes > m->peak_bytes)
        m->peak_bytes = m->live_bytes;
}

static struct object *live_object(struct model *m, uint64_t id)
{
    cr_assert(id > 0 && id < m->n_objects && m->objects[id].is_live,
              "object %llu is not live", (unsigned long long)id);
    return &m->objects[id];
}

static void model_end(struct model *m, uint64_t id)
{
    struct object *o = live_object(m, id);
    o->is_live = false;
    free(o->words);
    m->live_bytes -= o->bytes;
    m->n_live--;
}

static void model_store(struct model *m, const struct trace_op *op)
{
    struct object *o = live_object(m, op->id);
    cr_assert(op->word < o->bytes / 4);
    if (op->target != TRACE_NONE)
        live_object(m, op->target);
    o->words[op->word] = op->target;
}

static void model_play(struct model *m, const struct trace_op *op)
{
    uint64_t words[] = {op->kind,   op->id,   op->bytes,
                        op->target, op->word, op->site};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        m->digest = (m->digest ^ words[i]) * UINT64_C(0x100000001b3);
    m->n_ops += trace_is_operation(op->kind);
    m->n_events++;
    switch (op->kind) {
    case TRACE_ALLOC:
    case TRACE_INTERN:
        m->n_allocs++;
        model_alloc(m, op);
        break;
    case TRACE_FREE:
        m->n_frees++;
        model_end(m, op->id);
        break;
    case TRACE_DEATH:
        m->n_deaths++;
        model_end(m, op->id);
        break;
    case TRACE_STORE:
        m->n_stores += op->target != TRACE_NONE;
        model_store(m, op);
        break;
    case TRACE_ROOT:
        cr_assert(op->word < 64);
        if (op->target != TRACE_NONE)
            live_object(m, op->target);
        m->roots[op->word] = op->target;
        break;
    default:
        cr_assert(op->kind == TRACE_PHASE || op->kind == TRACE_COLLECT);
    }
}

/* No root and no live object names a dead one. */
static void model_check_references(struct model *m)
{
    for (int i = 0; i < 64; i++)
        if (m->roots[i] != TRACE_NONE)
            live_object(m, m->roots[i]);
    for (uint64_t id = 1; id < m->n_objects; id++)
        for (uint64_t i = 0;
             m->objects[id].is_live && i < m->objects[id].bytes / 4; i++)
            if (m->objects[id].words[i] != TRACE_NONE)
                live_object(m, m->objects[id].words[i]);
}

static struct model model_new(void)
{
    struct model m = {.n_objects = 1, .digest = UINT64_C(0xcbf29ce484222325)};
    m.cap = 1024;
    m.objects = calloc(m.cap, sizeof *m.objects);
    for (int i = 0; i < 64; i++)
        m.roots[i] = TRACE_NONE;
    return m;
}

static void model_free(struct model *m)
{
    for (uint64_t id = 1; id < m->n_objects; id++)
        if (m->objects[id].is_live)
            free(m->objects[id].words);
    free(m->objects);
}

/* Play `spec` to its end, checking references every so many events. */
static struct model play(const char *spec, uint64_t check_every)
{
    struct workload *w = open_preset(spec);
    struct model m = model_new();
    struct trace_op op;
    int got = workload_next(w, 0, &op, &problem);
    for (; got == 1 && op.kind != TRACE_END;
         got = workload_next(w, 0, &op, &problem)) {
        model_play(&m, &op);
        if (check_every > 0 && m.n_events % check_every == 0)
            model_check_references(&m);
    }
    cr_assert(eq(int, got, 1));
    cr_assert(eq(int, workload_next(w, 0, &op, &problem), 0));
    workload_close(w);
    model_free(&m);
    return m;
}

Test(rng, repeats_the_published_sequence)
{
    /* xoshiro128** 1.1 from the state 1, 2, 3, 4. */
    struct rng r = {{1, 2, 3, 4}};
    cr_expect(eq(u32, rng_next(&r), 11520));
    cr_expect(eq(u32, rng_next(&r), 0));
    cr_expect(eq(u32, rng_next(&r), 5927040));
    cr_expect(eq(u32, rng_next(&r), 70819200));
}

Test(rng, draws_below_n_evenly)
{
    struct rng r;
    rng_seed(&r, 7);
    unsigned counts[10] = {0};
    for (int i = 0; i < 100000; i++)
        counts[rng_below(&r, 10)]++;
    for (int i = 0; i < 10; i++)
        cr_expect(counts[i] > 9500 && counts[i] < 10500);
}

Test(dist, logarithm_and_power_agree_with_libm)
{
    struct dist d;
    dist_init(&d);
    for (uint64_t x = 1; x < UINT64_C(1) << 33; x += x / 97 + 1) {
        double log = (double)dist_log2(&d, x) / 4294967296.0;
        cr_assert(fabs(log - log2((double)x)) < 3e-6);
    }
    for (uint64_t x = 0; x < UINT64_C(30) << 32; x += 12345678901 / 7) {
        double power = exp2((double)x / 4294967296.0);
        cr_assert(fabs(dist_exp2(&d, x) - power) < 1 + power * 3e-6);
    }
}

Test(dist, exponential_has_its_mean_and_log_uniform_its_range)
{
    struct dist d;
    struct rng r;
    dist_init(&d);
    rng_seed(&r, 3);
    double sum = 0;
    for (int i = 0; i < 200000; i++)
        sum += dist_exponential(&d, &r, 1500);
    cr_expect(fabs(sum / 200000 - 1499.5) < 15);

    struct dist_range range = dist_range(&d, 8, 511);
    unsigned octaves[6] = {0};
    for (int i = 0; i < 60000; i++) {
        uint32_t x = dist_log_uniform(&d, &r, &range);
        cr_assert(x >= 8 && x <= 511);
        octaves[28 - __builtin_clz(x)]++;
    }
    for (int i = 0; i < 6; i++)
        cr_expect(octaves[i] > 9500 && octaves[i] < 10500);
}

Test(presets, are_lawful_and_their_seeds_repeat)
{
    static const char *const specs[] = {
        "churn:ops=20K,seed=%u", "mpy-mix:ops=20K,seed=%u",
        "comb:ops=5K,seed=%u", "comb:ops=5K,heap=20K,pairs=150,seed=%u"};
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        uint64_t digests[3];
        for (unsigned seed = 0; seed < 3; seed++) {
            char spec[64];
            snprintf(spec, sizeof spec, specs[i], seed);
            digests[seed] = play(spec, 0).digest;
            cr_expect(eq(u64, play(spec, 997).digest, digests[seed]));
        }
        cr_expect(digests[0] != digests[1] && digests[1] != digests[2]);
    }
}

Test(presets, give_exactly_the_operations_that_were_asked_for)
{
    cr_expect(eq(u64, play("churn:ops=12345", 0).n_ops, 12345));
    cr_expect(eq(u64, play("mpy-mix:ops=12345", 0).n_ops, 12345));
    cr_expect(eq(u64, play("comb:ops=1234", 0).n_ops, 1234));
    cr_expect(eq(u64, play("wiki-question:ops=4321", 0).n_ops, 4321));
    cr_expect(eq(u64, play("identifiers:ops=777", 0).n_ops, 777));
    cr_expect(eq(u64, play("churn:ops=1", 0).n_ops, 1));
}

Test(presets, live_on_the_same_bytes_however_long_they_run)
{
    uint64_t brief = play("mpy-mix:ops=100K,immortal=0.1", 0).peak_bytes;
    cr_expect(play("mpy-mix:ops=400K,immortal=0.1", 0).peak_bytes < brief * 2);
    cr_expect(play("mpy-mix:ops=400K,immortal=0.1", 0).peak_bytes < 16384);
}

Test(churn, holds_the_load_within_its_band)
{
    struct workload *w = open_preset("churn:ops=50K,heap=64K,load=0.575");
    struct model m = model_new();
    struct trace_op op;
    while (workload_next(w, 0, &op, &problem) == 1 && op.kind != TRACE_END) {
        model_play(&m, &op);
        if (op.kind == TRACE_ALLOC)
            cr_assert(op.bytes >= 8 && op.bytes <= 512);
        if (m.n_ops > 2000)
            cr_assert(m.live_bytes >= 65536 * 0.55 - 512 &&
                      m.live_bytes <= 65536 * 0.60 + 512);
    }
    cr_expect(m.n_frees > 24000 && m.n_frees < m.n_allocs);
    workload_close(w);
    model_free(&m);
}

Test(mpy_mix, has_the_measured_sizes_lives_and_references)
{
    struct workload *w = open_preset("mpy-mix:ops=200K,immortal=1,heap=1M");
    struct model m = model_new();
    struct trace_op op;
    uint64_t blocks[42] = {0};
    uint64_t sites[5] = {0};
    while (workload_next(w, 0, &op, &problem) == 1 && op.kind != TRACE_END) {
        model_play(&m, &op);
        if (op.kind == TRACE_ALLOC) {
            cr_assert(op.bytes % 16 == 0 && op.bytes / 16 <= 40);
            blocks[op.bytes / 16]++;
            sites[op.site]++;
        }
    }
    cr_expect(fabs((double)blocks[1] / 200000 - 0.8933) < 0.003);
    cr_expect(fabs((double)blocks[2] / 200000 - 0.0814) < 0.003);
    cr_expect(fabs((double)sites[1] / 200000 - 0.88) < 0.003);
    cr_expect(fabs((double)sites[3] / 200000 - 0.015) < 0.002);
    cr_expect(fabs((double)sites[4] / 200000 - 0.005) < 0.001);
    /* Births before anything else lives have nothing to refer to. */
    cr_expect(fabs((double)m.n_stores / 200000 - 1.2) < 0.05);
    /* All are dead but the immortal and about 30 more. */
    cr_expect(m.n_live > sites[4] && m.n_live < sites[4] + 100);
    workload_close(w);
    model_free(&m);
}

Test(comb, asks_for_its_buffer_once_a_round)
{
    struct model m = play("comb:ops=3731,heap=64K", 101);
    /* A table; 186 pairs and a buffer a round; a collection after six. */
    cr_expect(eq(u64, m.n_allocs, 1 + 10 * 373 - 1));
    cr_expect(eq(u64, m.n_ops, m.n_allocs + 1));
    cr_expect(m.peak_bytes > 11000 && m.peak_bytes < 13000);
}

Test(wiki_question, frees_every_array_and_then_asks_for_more)
{
    struct model m = play("wiki-question", 0);
    /* 496 pairs; 200, 400 ... 12,800 bytes asked and given back. */
    cr_expect(eq(u64, m.n_allocs, 2 * 496 + 7));
    cr_expect(eq(u64, m.n_frees, 496 + 7));
    cr_expect(eq(u64, m.live_bytes, 496 * 5));

    m = play("wiki-question:pairs=3,array=64,heap=1K", 0);
    cr_expect(eq(u64, m.n_allocs, 2 * 3 + 2));
}

Test(identifiers, are_the_names_of_the_sample_programs_and_then_pairs)
{
    struct workload *w = open_preset("identifiers:strings=300,between=2");
    struct trace_op op;
    uint64_t n_strings = 0, bytes = 0, first[4] = {0};
    while (workload_next(w, 0, &op, &problem) == 1 && op.kind != TRACE_END) {
        if (op.kind != TRACE_INTERN)
            continue;
        if (n_strings < 4)
            first[n_strings] = op.bytes; /* gc keep i range */
        bytes += n_strings < 84 ? op.bytes : 0;
        cr_assert(op.bytes >= (n_strings < 84 ? 5u : 7u) && op.bytes <= 33);
        n_strings++;
    }
    cr_expect(eq(u64, n_strings, 300));
    cr_expect(first[0] == 6 && first[1] == 8 && first[2] == 5 && first[3] == 9);
    cr_expect(eq(u64, bytes, 84 * 4 + 392));
    workload_close(w);

    struct model m = play("identifiers", 0);
    cr_expect(eq(u64, m.n_ops, 84 * 4));
}

Test(settings, of_wrong_form_are_refused_with_the_reason)
{
    static const char *const cases[][2] = {
        {"churn:sede=3", "churn: unknown key 'sede'; did you mean 'seed'?"},
        {"churn:zzzzzz=3",
         "churn: unknown key 'zzzzzz'; see fraglab generate --list"},
        {"churn:seed", "churn: 'seed' is not a key=value"},
        {"churn:ops=3,ops=4", "churn: ops is set twice"},
        {"churn:ops=", "churn: ops=: not a number of 1 to 1099511627776"},
        {"churn:ops=3x", "churn: ops=3x: not a number of 1 to 1099511627776"},
        {"churn:ops=-3", "churn: ops=-3: not a number of 1 to 1099511627776"},
        {"churn:ops=99999999999999999999",
         "churn: ops=99999999999999999999: not a number of 1 to "
         "1099511627776"},
        {"churn:min=0",
         "churn: min=0: not a number of bytes of 1 to 268435456"},
        {"churn:min=9,max=8", "churn: min is above max"},
        {"churn:load=1.1", "churn: load=1.1: not a decimal fraction of 0 to 1"},
        {"churn:,", "churn: '' is not a key=value"},
        {"wiki-question:array=1M,heap=1K",
         "wiki-question: not one pair fits into the heap"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct workload *w = 0;
        problem.text[0] = '\0';
        cr_expect(eq(int, preset_open(&w, cases[i][0], &problem), ERR_INPUT));
        cr_expect(eq(str, problem.text, (char *)cases[i][1]));
        cr_expect(w == 0);
    }
}

Test(settings, take_k_and_m)
{
    struct workload *w = open_preset("mpy-mix:heap=96K,roots=2K");
    cr_expect(eq(u32, w->header.areas[0].bytes, 96 * 1024));
    cr_expect(eq(u32, w->header.root_words, 2000));
    workload_close(w);
}

Test(presets, leave_other_names_to_the_caller)
{
    struct workload *w = 0;
    cr_expect(eq(int, preset_open(&w, "chrun:ops=3", &problem), 1));
    cr_expect(eq(int, preset_open(&w, "chur", &problem), 1));
    cr_expect(eq(int, preset_open(&w, "", &problem), 1));
    cr_expect(eq(str, (char *)preset_nearest("chrun:ops=3"), "churn"));
}
