/*
 * test_stress.c - recorded programs with a collection before every request, a
 * mark stack of four entries and everything checked after every operation
 *
 * A threshold of one byte collects every time, in heaps of the recorded size.
 * The first operations of each sample, more of them with FRAGLAB_STRESS (`make
 * check STRESS=1`); all of them with FRAGLAB_LONG, which takes hours.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/run.h"
#include "traces/err.h"
#include "traces/op.h"

#define STRETCH      1000u
#define LONG_STRETCH 20000u

/* How many operations of a trace are played. */
static uint64_t stretch(void)
{
    if (getenv("FRAGLAB_LONG") != NULL)
        return UINT64_MAX;
    return getenv("FRAGLAB_STRESS") != NULL ? LONG_STRETCH : STRETCH;
}

struct count {
    uint64_t n_ops, n_allocs, n_collections, most;
};

static int take_op(void *ctx, const struct op_record *r,
                   const struct replay_view *view)
{
    struct count *c = ctx;
    (void)view;
    c->n_allocs += r->kind == TRACE_ALLOC && r->asked > 0;
    return ++c->n_ops < c->most ? 0 : ERR_CHECK;
}

static int take_collection(void *ctx, const struct collection_record *r)
{
    struct count *c = ctx;
    (void)r;
    c->n_collections++;
    return 0;
}

static void set(struct replay_options *o, const char *key, const char *value)
{
    struct replay_param *param = &o->params[o->n_params++];
    strcpy(param->key, key);
    strcpy(param->value, value);
}

static void play(const char *trace, const char *manager, const char *pins)
{
    struct run_spec spec = {.machine = "native"};
    struct count c = {.most = stretch()};
    struct sink sink = {
        .ctx = &c, .op = take_op, .collection = take_collection};
    struct replay_result result;
    struct problem problem = {""};
    struct workload *w;
    strcpy(spec.options.manager, manager);
    set(&spec.options, "threshold", "1");
    if (strcmp(manager, "semispace") != 0) /* it needs no stack */
        set(&spec.options, "mark_stack", "4");
    if (pins != NULL)
        set(&spec.options, "pins", pins);
    spec.options.check = true;
    cr_assert(eq(int, workload_open(&w, trace, NULL, &problem), 0));
    for (uint32_t i = 0; i < w->header.n_areas; i++)
        spec.options.heap_bytes += w->header.areas[i].bytes;
    if (strcmp(manager, "semispace") == 0)
        spec.options.heap_bytes *= 2;
    int err = replay_resolve(&spec.options, &w->header, &problem);
    if (err == 0)
        err = run_spec_play(&spec, w, &sink, &result, &problem);
    workload_close(w);
    cr_assert(err == 0 || (err == ERR_CHECK && c.n_ops == c.most), "%s: %s",
              trace, problem.text); /* cut off */
    cr_assert(eq(str, result.reason, ""), "%s", trace);
    if (strstr(trace, "thresh") == NULL) /* it sets a threshold of its own */
        cr_expect(ge(u64, c.n_collections, c.n_allocs), "%s", trace);
}

static void play_samples(const char *manager, const char *pins)
{
    glob_t samples;
    cr_assert(eq(int, glob("traces/samples/*.ftb", 0, NULL, &samples), 0));
    for (size_t i = 0; i < samples.gl_pathc; i++)
        play(samples.gl_pathv[i], manager, pins);
    globfree(&samples);
}

Test(stress, marksweep)
{
    play_samples("marksweep", NULL);
}

Test(stress, twoended)
{
    play_samples("twoended", NULL);
}

Test(stress, semispace)
{
    play_samples("semispace", NULL);
}

Test(stress, copying)
{
    play_samples("copying", "none");
}

Test(stress, copying_around_pins)
{
    play_samples("copying", "kjv");
}
