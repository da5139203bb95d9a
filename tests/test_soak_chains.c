/*
 * test_soak_chains.c - chains for a long time, in heaps that are often full: a
 * request is refused only where the blocks that are free do not suffice, and
 * every byte is what it was when its object goes
 *
 * Both are the replay's to find, at the operation that shows them. Ten million
 * operations, and the recorded programs; with FRAGLAB_LONG a thousand million,
 * and the programs in every kind of heap, checked after every operation.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <glob.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim/replay/replay.h"

struct kind {
    const char *link, *block;
};

static const struct kind kinds[] = {{"list", "16"}, {"spine", "32"},
                                    {"list", "64"}, {"spine", "16"},
                                    {"list", "32"}, {"spine", "64"}};

enum { N_KINDS = sizeof kinds / sizeof kinds[0] };

static bool is_long(void)
{
    return getenv("FRAGLAB_LONG") != NULL;
}

static void set(struct replay_options *o, const char *key, const char *value)
{
    struct replay_param *p = &o->params[o->n_params++];
    strcpy(p->key, key);
    strcpy(p->value, value);
}

/* Ends the run after so many operations. */
static int count_down(void *ctx, const struct op_record *r,
                      const struct replay_view *view)
{
    uint64_t *left = ctx;
    (void)r, (void)view;
    return --*left > 0 ? 0 : ERR_CHECK;
}

/* Play `most` operations of it: no refusal but for want of blocks. */
static struct replay_result play(const char *name, const struct kind *kind,
                                 uint64_t heap_bytes, uint64_t most, bool check)
{
    struct workload *w;
    struct problem problem = {""};
    struct replay_options o = {
        .manager = "chains", .heap_bytes = heap_bytes, .check = check};
    struct replay_result r;
    struct sink sink = {.ctx = &most, .op = count_down};
    set(&o, "link", kind->link);
    set(&o, "block", kind->block);
    cr_assert(eq(int, workload_open(&w, name, NULL, &problem), 0));
    int err = replay_resolve(&o, &w->header, &problem);
    if (err == 0)
        err = replay_run(w, &o, &sink, &r, &problem);
    workload_close(w);
    cr_assert(err == 0 || most == 0, "%s: %s", name, problem.text);
    cr_assert(eq(str, r.reason, ""));
    cr_assert(eq(u64, r.refused, r.refused_short), "%s", name);
    return r;
}

static void soak(uint64_t ops, const struct kind *kind, uint64_t heap_bytes)
{
    char name[80];
    ops *= is_long() ? 100 : 1;
    snprintf(name, sizeof name, "churn:ops=%" PRIu64, ops);
    struct replay_result r = play(name, kind, heap_bytes, UINT64_MAX, false);
    cr_expect(eq(u64, r.operations, ops));
    cr_expect(gt(u64, r.refused, 0)); /* the heap was full                 */
    cr_expect(eq(u64, r.end.largest_free, r.end.free));
}

Test(soak_chains, a_list_refuses_only_what_the_card_allows, .timeout = 36000)
{
    soak(9000000, &kinds[4], 47 * 1024);
}

Test(soak_chains, a_spine_refuses_only_what_the_card_allows, .timeout = 36000)
{
    soak(1000000, &kinds[3], 51 * 1024);
}

Test(soak_chains, recorded_programs_are_served_by_any_blocks, .timeout = 36000)
{
    glob_t samples;
    cr_assert(eq(int, glob("traces/samples/*.ftb", 0, NULL, &samples), 0));
    for (size_t i = 0; i < samples.gl_pathc; i++) {
        const char *path = samples.gl_pathv[i];
        for (size_t k = 0; k < N_KINDS && is_long(); k++)
            (void)play(path, &kinds[k], 65536, UINT64_MAX, true);
        (void)play(path, &kinds[i % N_KINDS], 65536, UINT64_MAX, false);
        /* Too small for most of them. */
        (void)play(path, &kinds[(i + 3) % N_KINDS], 8192, 1500, true);
    }
    globfree(&samples);
}

Test(soak_chains, presets_are_checked_after_every_operation)
{
    static const char *const presets[] = {
        "churn:ops=3000,heap=16K", "mpy-mix:ops=3000,heap=16K", "comb:heap=16K",
        "wiki-question:heap=16K", "identifiers"};
    for (size_t i = 0; i < sizeof presets / sizeof presets[0]; i++) {
        for (size_t k = 0; k < N_KINDS; k++)
            (void)play(presets[i], &kinds[k], 12 * 1024, 2000, true);
    }
}
