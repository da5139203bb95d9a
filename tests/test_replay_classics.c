/*
 * test_replay_classics.c - traces played on fit, semispace and twoended:
 * placement, figures, recorded programs
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <unistd.h>

#include "tests/played.h"

static struct played p;

/* Holes of 10, 4, 7 and 4 blocks between objects, in a full heap. */
#define HOLES                                                                  \
    "alloc 1 160\nalloc 2 16\nalloc 3 64\nalloc 4 16\nalloc 5 112\n"           \
    "alloc 6 16\nalloc 7 64\nalloc 8 16\nalloc 9 %u\n"                         \
    "free 1\nfree 3\nfree 5\nfree 7\nalloc 10 56\n"

/* The block of the last object of HOLES under `policy`. */
static uint32_t block_under(const char *policy)
{
    char options[100], body[400];
    snprintf(options, sizeof options, "manager=fit heap=1089 policy=%s check",
             policy);
    snprintf(body, sizeof body, HOLES, 16 * (64 - 29));
    play_well(&p, options, body);
    cr_assert(eq(u64, p.ops[8].after.free, 0), "the heap is full");
    return (p.ops[13].address - p.ops[0].address) / 16;
}

Test(replay_classics, each_policy_takes_its_hole)
{
    cr_expect(eq(u32, block_under("first"), 0));
    cr_expect(eq(u32, block_under("next"), 0), "round the end");
    cr_expect(eq(u32, block_under("best"), 11));
    cr_expect(eq(u32, block_under("worst"), 0));
}

Test(replay_classics, a_table_is_neither_used_nor_free)
{
    play_well(&p, "manager=fit heap=1089 check", "alloc 1 100\n");
    cr_expect(eq(u64, p.ops[0].granted, 112));
    cr_expect(eq(u64, p.ops[0].after.free, 1024 - 112));
    cr_expect(eq(u64, p.ops[0].after.largest_request, 1024 - 112));
}

Test(replay_classics, long_lived_objects_lie_at_the_other_end)
{
    play_well(&p, "manager=twoended heap=2000 check",
              "alloc 1 100 long-lived\nalloc 2 100\nalloc 3 16 long-lived\n"
              "alloc 4 16\ndeath 2\ndeath 4\ncollect ordinary\n");
    cr_expect(eq(str, p.live, " 3 1"));
    cr_expect(eq(u32, p.ops[2].address + 16, p.ops[0].address));
    cr_expect(eq(u64, p.result.end.largest_free, p.result.end.free));
}

/* Without flags it is first fit from one end, collected when full. */
Test(replay_classics, twoended_without_lifetimes_is_marksweep)
{
    static const char *const managers[] = {"marksweep", "twoended"};
    struct replay_result end[2];
    for (uint32_t i = 0; i < 2; i++) {
        char options[100];
        snprintf(options, sizeof options, "manager=%s trace check",
                 managers[i]);
        if (access("traces/samples/strings-32k.ftb", R_OK) != 0)
            cr_skip("the samples are not there");
        play_file(&p, options, "traces/samples/strings-32k.ftb");
        cr_assert(eq(int, p.err, 0), "%s", p.problem.text);
        cr_assert(eq(int, p.result.status, REPLAY_COMPLETE), "%s",
                  p.result.reason);
        cr_assert(eq(str, p.wrong, ""));
        end[i] = p.result;
    }
    cr_expect(eq(u64, end[0].collections, end[1].collections));
    cr_expect(eq(u64, end[0].end.largest_free, end[1].end.largest_free));
    cr_expect(eq(u64, end[0].end.free, end[1].end.free));
}

Test(replay_classics, a_copied_half_leaves_one_hole)
{
    play_well(&p, "manager=semispace heap=4200 check",
              "alloc 1 100\nalloc 2 100\nroot 0 2\nstore 2 1 1\n"
              "alloc 3 200\nalloc 4 20\ndeath 3\ncollect ordinary\n"
              "alloc 5 1500\nalloc 6 300\n");
    cr_expect(eq(str, p.live, " 2 4 5 1"), "roots, what is held, the rest");
    cr_expect(eq(u64, p.ops[4].after.free, 2048 - 112 - 112 - 32));
    cr_expect(eq(u64, p.ops[4].after.largest_free, p.ops[4].after.free));
    cr_expect(eq(u64, p.ops[4].after.largest_request, p.ops[4].after.free));
    cr_expect(eq(u32, p.ops[6].outcome, OUTCOME_SHORT));
}

Test(replay_classics, what_a_collection_of_everything_takes_is_pinned_no_more)
{
    play_well(&p, "manager=copying heap=1024 check",
              "alloc 1 16\npin 1\ncollect all\nalloc 2 64\nalloc 3 64\n"
              "death 2\n");
    cr_expect(eq(u64, p.result.end.largest_request, p.result.end.free + 64),
              "nothing pinned: all that a collection can free");
}

Test(replay_classics, alignments_that_are_not_kept_are_counted)
{
    static const char *const body =
        "alloc 1 16 align=4\nalloc 2 16 align=16\nalloc 3 16 align=64\n";
    play_well(&p, "manager=fit heap=1024 check", body);
    cr_expect(eq(u64, p.result.unaligned, 1));
    play_well(&p, "manager=fit tags=inline align=8 heap=1024 check", body);
    cr_expect(eq(u64, p.result.unaligned, 2));
}

Test(replay_classics, recorded_programs_run_between_two_halves)
{
    static const char *const paths[] = {"traces/samples/strings-32k.ftb",
                                        "traces/samples/json-32k.ftb"};
    for (uint32_t i = 0; i < 2; i++) {
        if (access(paths[i], R_OK) != 0)
            cr_skip("the samples are not there");
        play_file(&p, "manager=semispace heap=65536 check", paths[i]);
        cr_assert(eq(int, p.err, 0), "%s", p.problem.text);
        cr_assert(eq(int, p.result.status, REPLAY_COMPLETE), "%s",
                  p.result.reason);
        cr_expect(eq(str, p.wrong, ""));
        cr_expect(gt(u64, p.result.moved_bytes, 0));
        cr_expect(eq(u64, p.result.refused_fragmented, 0));
    }
}

Test(replay_classics, presets_run_under_every_policy)
{
    static const char *const options[] = {
        "manager=fit heap=65536 check policy=first",
        "manager=fit heap=65536 check policy=next",
        "manager=fit heap=65536 check policy=best",
        "manager=fit heap=65536 check policy=worst",
        "manager=twoended heap=65536 check",
        "manager=semispace heap=131072 check",
    };
    static const char *const presets[] = {"churn:ops=800", "comb:ops=800",
                                          "mpy-mix:ops=800"};
    for (uint32_t i = 0; i < 18; i++) {
        play_file(&p, options[i % 6], presets[i / 6]);
        cr_assert(eq(int, p.err, 0), "%s: %s", presets[i / 6], p.problem.text);
        cr_assert(eq(int, p.result.status, REPLAY_COMPLETE), "%s: %s",
                  presets[i / 6], p.result.reason);
        cr_expect(eq(str, p.wrong, ""), "%s %s", options[i % 6],
                  presets[i / 6]);
    }
}
