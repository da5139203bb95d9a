/*
 * test_recorder.c - recordings of random programs, imported and replayed:
 * every recorded fact must be met in the recorded heap, and in other heaps
 * what a collection frees must be what had died
 *
 * FRAGLAB_LONG makes the programs many. A recording that fails is kept.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/played.h"
#include "tests/recorder.h"
#include "tests/scratch.h"
#include "traces/writer.h"

static struct played p;
static struct recorder_counts counts;

/* End the test; the recording is kept, because nobody removes it now. */
static void give_up(const char *path, uint64_t seed, const char *how,
                    const char *why)
{
    cr_fatal("seed %" PRIu64 ", replay with %s: %s\n  (kept: %s)", seed, how,
             why, path);
}

static bool is_met(const struct replay_expect *e)
{
    return e->met == e->of;
}

static void replay(const char *path, uint64_t seed, const char *options)
{
    play_file(&p, options, path);
    const struct replay_result *r = &p.result;
    if (p.err != 0)
        give_up(path, seed, options, p.problem.text);
    else if (r->status != REPLAY_COMPLETE)
        give_up(path, seed, options, r->reason);
    else if (p.wrong[0] != '\0')
        give_up(path, seed, options, p.wrong);
    else if (r->floating > 0)
        give_up(path, seed, options, "dead objects were kept");
    else if (!is_met(&r->blocks) || !is_met(&r->checkpoints) ||
             !is_met(&r->tables) || !is_met(&r->collections_expected))
        give_up(path, seed, options, "a recorded fact was not met");
}

static void record(const struct recorder_plan *plan, const char *path)
{
    FILE *f = fopen(path, "w");
    struct recorder *r = recorder_open(plan, &counts, f);
    for (uint32_t i = 0; i < plan->n_steps; i++)
        recorder_step(r);
    recorder_end(r);
    recorder_close(r);
    fclose(f);
}

/* What was imported once means the same when it is read again. */
static void replay_copy(const char *path, uint64_t seed, enum trace_form form)
{
    char to[SCRATCH_CAP + 80], hash[33], digest[33];
    struct workload *w = NULL;
    struct problem problem;
    memcpy(hash, p.result.trace_hash, sizeof hash);
    memcpy(digest, p.result.state_digest, sizeof digest);
    snprintf(to, sizeof to, "%s.copy", path);
    if (workload_open(&w, path, NULL, &problem) < 0 ||
        trace_copy(w, to, form, NULL, &problem) < 0)
        give_up(path, seed, "a copy", problem.text);
    workload_close(w);
    replay(to, seed, "trace check");
    cr_assert(eq(str, p.result.trace_hash, hash));
    cr_assert(eq(str, p.result.state_digest, digest));
    remove(to);
}

/* In the recorded heap, and in heaps that nobody recorded. */
static void replay_all(const struct recorder_plan *plan, const char *path)
{
    static const char *const others[] = {
        "heap=%u check mark_stack=1",
        "heap=%u check block=8 zero=0 finalisers=0",
        "heap=%u check threshold=700 refused=reset",
        "heap=%u check grow=1 outer_bytes=9000 quirks=exact",
        "heap=%u check block=32 grow=1 outer_bytes=20000 growth=103%%",
        "heap=%u check auto=0 grow=1 outer_bytes=50000",
    };
    char options[200];
    struct rng rng;
    rng_seed(&rng, plan->seed);
    replay(path, plan->seed, "trace check");
    cr_assert(p.result.has_expect);
    play_file(&p, "trace", path);
    if (p.err != 0 || p.result.status != REPLAY_COMPLETE)
        give_up(path, plan->seed, "trace",
                p.err != 0 ? p.problem.text : p.result.reason);
    replay(path, plan->seed, "trace check");
    if (plan->seed % 4 < 2)
        replay_copy(path, plan->seed,
                    plan->seed % 4 == 0 ? TRACE_FORM_TEXT : TRACE_FORM_BINARY);
    snprintf(options, sizeof options,
             others[rng_below(&rng, sizeof others / sizeof *others)],
             700 + rng_below(&rng, 9000));
    replay(path, plan->seed, options);
}

/* The recordings made must show something more than `least` times. */
static void covers(uint64_t count, uint64_t least)
{
    if (getenv("FRAGLAB_SEED") == NULL)
        cr_assert(gt(u64, count, least));
}

/* FRAGLAB_SEED plays one alone. */
static void run(void (*vary)(struct recorder_plan *, struct rng *),
                uint32_t base, uint32_t n)
{
    char folder[SCRATCH_CAP], path[SCRATCH_CAP + 64];
    const char *only = getenv("FRAGLAB_SEED");
    if (getenv("FRAGLAB_LONG") != NULL)
        n *= 100;
    scratch_make(folder);
    scratch_path(folder, "r.gct", path);
    memset(&counts, 0, sizeof counts);
    for (uint32_t i = 0; i < n; i++) {
        struct recorder_plan plan = {
            .seed = (uint64_t)base << 32 | i,
            .version = 1,
            .params = MARKSWEEP_DEFAULTS,
            .areas = {1500},
            .mark_every = 1,
            .roots_every = 16,
            .has_graph = true,
            .n_steps = 250,
        };
        struct rng rng;
        rng_seed(&rng, plan.seed + 1);
        plan.params.quirks = QUIRKS_EXACT;
        plan.params.area_struct = 0;
        plan.areas[0] = 1000 + rng_below(&rng, 4000);
        plan.is_sweeping_at_exit = rng_below(&rng, 3) == 0;
        vary(&plan, &rng);
        if (only != NULL && strtoull(only, NULL, 10) != plan.seed)
            continue;
        record(&plan, path);
        replay_all(&plan, path);
    }
    scratch_remove(folder);
}

/* ---- Kinds of recordings ---------------------------------------------- */

static void plain(struct recorder_plan *plan, struct rng *rng)
{
    (void)rng;
    (void)plan;
}

Test(recorder, one_area)
{
    run(plain, 1, 30);
    covers(counts.collections[CAUSE_FULL], 30);
    covers(counts.collections[CAUSE_ASKED], 30);
    covers(counts.collections[CAUSE_ALL], 3);
    covers(counts.undone, 10);
    covers(counts.moves, 30);
    covers(counts.refused, 10);
}

static void overflowing(struct recorder_plan *plan, struct rng *rng)
{
    plan->params.mark_stack = 1 + rng_below(rng, 4);
}

Test(recorder, small_mark_stacks)
{
    run(overflowing, 2, 25);
    covers(counts.overflows, 20);
}

static void sparse(struct recorder_plan *plan, struct rng *rng)
{
    plan->mark_every = 2 + rng_below(rng, 60);
    plan->roots_every = rng_below(rng, 3) * 5;
}

Test(recorder, marks_and_samples_far_apart)
{
    run(sparse, 3, 25);
}

static void unmarked(struct recorder_plan *plan, struct rng *rng)
{
    plan->mark_every = 0;
    plan->roots_every = rng_below(rng, 3) * 8;
}

Test(recorder, no_deaths)
{
    run(unmarked, 4, 25);
    cr_assert(eq(u64, counts.deaths, 0));
}

static void graphless(struct recorder_plan *plan, struct rng *rng)
{
    (void)rng;
    plan->has_graph = false;
}

Test(recorder, no_references)
{
    run(graphless, 5, 15);
}

static void unclear(struct recorder_plan *plan, struct rng *rng)
{
    plan->params.zero = 0;
    plan->mark_every = rng_below(rng, 4) == 0 ? 30 : 1;
}

Test(recorder, memory_left_as_it_was)
{
    run(unclear, 6, 25);
}

static void locking(struct recorder_plan *plan, struct rng *rng)
{
    plan->locks = true;
    plan->switches = rng_below(rng, 2) == 0;
}

Test(recorder, locked_heaps)
{
    run(locking, 7, 25);
    covers(counts.locked, 50);
    covers(counts.refused_reallocs, 50);
}

static void switching(struct recorder_plan *plan, struct rng *rng)
{
    (void)rng;
    plan->switches = true;
}

Test(recorder, collecting_switched_off_and_thresholds)
{
    run(switching, 8, 25);
    covers(counts.collections[CAUSE_THRESHOLD], 30);
}

static void finalising(struct recorder_plan *plan, struct rng *rng)
{
    plan->finalises = true;
    plan->has_late_lines = rng_below(rng, 2) == 0;
    plan->params.mark_stack = rng_below(rng, 3) == 0 ? 2 : 64;
}

Test(recorder, finalisers_that_free_and_store)
{
    run(finalising, 9, 30);
    covers(counts.frees_inside, 30);
    covers(counts.refused_inside, 5);
}

/* ---- Several areas ---------------------------------------------------- */

static void split(struct recorder_plan *plan, struct rng *rng)
{
    plan->version = 2;
    plan->params.area_struct = 28 + 4 * rng_below(rng, 10);
    for (uint32_t i = 0; i < 1 + rng_below(rng, 4); i++)
        plan->areas[i] = 700 + rng_below(rng, 1500);
}

Test(recorder, areas_from_the_start)
{
    run(split, 10, 25);
}

static void adding(struct recorder_plan *plan, struct rng *rng)
{
    split(plan, rng);
    plan->adds_areas = true;
}

Test(recorder, areas_that_the_program_adds)
{
    run(adding, 11, 25);
    covers(counts.added, 10);
}

static void growing(struct recorder_plan *plan, struct rng *rng)
{
    split(plan, rng);
    plan->areas[1] = rng_below(rng, 3) == 0 ? plan->areas[1] : 0;
    plan->params.grow = 1;
    plan->outer_bytes = 3000 + rng_below(rng, 40000);
}

Test(recorder, heaps_that_grow_and_give_back)
{
    run(growing, 12, 40);
    covers(counts.grown, 40);
    covers(counts.given_back, 20);
    covers(counts.lone, 5);
    covers(counts.lost_in_realloc, 0);
}

/* ---- All of it -------------------------------------------------------- */

static void anything(struct recorder_plan *plan, struct rng *rng)
{
    static const uint32_t blocks[] = {16, 16, 16, 16, 16, 8, 32, 64};
    if (rng_below(rng, 2) == 0)
        growing(plan, rng);
    else if (rng_below(rng, 2) == 0)
        split(plan, rng);
    if (plan->version == 1) /* else it matters where areas lie */
        plan->params.block = blocks[rng_below(rng, 8)];
    plan->params.zero = rng_below(rng, 2);
    plan->params.finalisers = rng_below(rng, 4) != 0;
    plan->params.mark_stack = rng_below(rng, 2) ? 1 + rng_below(rng, 6) : 64;
    plan->mark_every = rng_below(rng, 2) ? 1 : rng_below(rng, 20);
    plan->roots_every = rng_below(rng, 2) ? 0 : 1 + rng_below(rng, 40);
    plan->has_graph = rng_below(rng, 8) != 0;
    plan->locks = rng_below(rng, 2) == 0;
    plan->switches = rng_below(rng, 2) == 0;
    plan->adds_areas = plan->version == 2 && rng_below(rng, 2) == 0;
    plan->finalises = plan->params.finalisers && rng_below(rng, 2) == 0;
    plan->has_late_lines = rng_below(rng, 2) == 0;
}

Test(recorder, anything_at_all)
{
    run(anything, 13, 60);
}
