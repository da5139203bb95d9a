/*
 * test_soak.c - long lives: tens of millions of operations through the replay,
 * every byte and reference verified, and not one refusal that the manager's
 * guarantee card excludes (the replay fails the run at the first)
 *
 * 10^7 operations, 10^9 with FRAGLAB_LONG.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/run.h"

struct life {
    const char *preset;     /* without its number of operations               */
    uint32_t ops, long_ops; /* thousands                                     */
    uint32_t heap_bytes;
    const char *manager;
    struct replay_param param; /* empty: all defaults                    */
    bool is_tight;             /* it refuses something                   */
};

static void live(const struct life *life)
{
    struct run_spec spec = {.machine = "native"};
    struct replay_result result;
    struct problem problem = {""};
    struct sink none = {0};
    struct workload *w;
    bool is_long = getenv("FRAGLAB_LONG") != NULL;
    uint32_t ops = is_long ? life->long_ops : life->ops;
    snprintf(spec.workload, sizeof spec.workload, "%s,ops=%uK", life->preset,
             ops);
    strcpy(spec.options.manager, life->manager);
    if (life->param.key[0] != '\0')
        spec.options.params[spec.options.n_params++] = life->param;
    spec.options.heap_bytes = life->heap_bytes;
    int err = workload_open(&w, spec.workload, NULL, &problem);
    if (err == 0)
        err = replay_resolve(&spec.options, &w->header, &problem);
    if (err == 0)
        err = run_spec_play(&spec, w, &none, &result, &problem);
    cr_assert(eq(int, err, 0), "%s", problem.text);
    workload_close(w);
    cr_assert(eq(int, result.status, REPLAY_COMPLETE), "%s", result.reason);
    cr_expect(eq(u64, result.operations, 1000ull * ops));
    cr_expect(eq(u64, result.refused_fragmented, 0), "%s", spec.workload);
    cr_expect(eq(int, result.refused > 0, life->is_tight), "%s: %lu",
              spec.workload, (unsigned long)result.refused);
    cr_expect(gt(u64, result.moved_bytes, 0));
}

Test(soak, sliding_serves_churn_while_there_is_room)
{
    const struct life loose = {.preset = "churn:seed=7",
                               .ops = 10000,
                               .long_ops = 1000000,
                               .heap_bytes = 64 << 10,
                               .manager = "copying"};
    live(&loose);
}

Test(soak, sliding_refuses_only_what_is_more_than_is_free)
{
    const struct life tight = {.preset = "churn:seed=8",
                               .ops = 1000,
                               .long_ops = 100000,
                               .heap_bytes = 40 << 10,
                               .manager = "copying",
                               .is_tight = true};
    live(&tight);
}

Test(soak, sliding_keeps_references_right)
{
    const struct life graph = {.preset = "mpy-mix:seed=9",
                               .ops = 1500,
                               .long_ops = 1000000,
                               .heap_bytes = 36 << 10,
                               .manager = "copying"};
    live(&graph);
}

Test(soak, sliding_serves_the_comb)
{
    const struct life comb = {.preset = "comb:seed=10",
                              .ops = 1000,
                              .long_ops = 100000,
                              .heap_bytes = 16 << 10,
                              .manager = "copying"};
    live(&comb);
}

Test(soak, sliding_leaves_long_holes_around_pins)
{
    const struct life pinned = {.preset = "mpy-mix:seed=11",
                                .ops = 1000,
                                .long_ops = 100000,
                                .heap_bytes = 64 << 10,
                                .manager = "copying",
                                .param = {"pins", "k"}};
    live(&pinned);
}
