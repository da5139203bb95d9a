/*
 * test_replay_areas.c - heaps of several areas: added by the trace, taken
 * from the outer heap, given back, and the lone block
 *
 * Under check every largest_request is confirmed by asking the manager.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "tests/played.h"

static struct played p;

static void well(const char *options, const char *body)
{
    play_well(&p, options, body);
}

Test(replay_areas, the_trace_adds_an_area)
{
    well("heap=1024 check",
         "alloc 1 960\nalloc 2 16\ncontrol add-area 2000\nalloc 3 1000\n"
         "alloc 4 2000\ncontrol add-area 2000\nalloc 5 1900\n");
    cr_assert(eq(u64, p.result.refused, 2));
    cr_assert(eq(u64, p.ops[2].after.largest_request, 1920));
    cr_assert(eq(str, p.live, " 1 3 5"));
}

Test(replay_areas, no_hole_spans_two_areas)
{
    well("areas=1024+1024 check", "alloc 1 900\nalloc 2 900\nfree 1\n"
                                  "free 2\nalloc 3 1000\n");
    cr_assert(eq(u8, p.ops[4].outcome, OUTCOME_FRAGMENTED));
    cr_assert(eq(u64, p.result.heap_bytes, 2048));
    cr_assert(eq(u64, p.result.end.largest_free, 960));
}

Test(replay_areas, a_reset_of_the_trace_leaves_the_first_area)
{
    well("heap=1024 check",
         "control add-area 2000\nalloc 1 1500\ncontrol reset 0\n"
         "alloc 2 960\nalloc 3 16\ncontrol add-area 2000\nalloc 4 1500\n");
    cr_assert(eq(u64, p.result.refused, 1));
    cr_assert(eq(str, p.live, " 2 4"));
}

Test(replay_areas, a_full_heap_grows_and_gives_back)
{
    well("heap=1024 grow=1 outer_bytes=16384 check",
         "alloc 1 900\nalloc 2 3000\nalloc 3 100\ndeath 2\n"
         "collect ordinary\ncollect ordinary\ndeath 3\ncollect ordinary\n");
    cr_assert(eq(u64, p.ops[1].granted, 3008));
    cr_assert(eq(u32, p.collections[1].given_back, 0));
    cr_assert(eq(u32, p.collections[p.n_collections - 1].given_back, 1));
    cr_assert(eq(u64, p.result.end.free, 960 - 912));
}

Test(replay_areas, growth_ends_with_the_outer_heap)
{
    well("heap=1024 grow=1 outer_bytes=8192 check",
         "alloc 1 900\nalloc 2 3000\nalloc 3 3000\nalloc 4 3000\n"
         "alloc 5 1\n");
    cr_assert(eq(u64, p.result.refused, 2));
}

Test(replay_areas, growth_where_collecting_is_off)
{
    well("heap=1024 grow=1 outer_bytes=8192 auto=0 check",
         "alloc 1 900\ndeath 1\nalloc 2 900\nalloc 3 6000\ncontrol auto 1\n"
         "alloc 4 900\n");
    cr_assert(eq(u8, p.ops[1].outcome, OUTCOME_GRANTED));
    cr_assert(eq(u8, p.ops[2].outcome, OUTCOME_OFF));
}

Test(replay_areas, growth_before_and_after_a_threshold)
{
    well("heap=1024 grow=1 outer_bytes=16384 check",
         "control threshold 960\nalloc 1 900\nalloc 2 50\ndeath 1\n"
         "alloc 3 3000\nalloc 4 900\nalloc 5 3000\n");
    cr_assert(ge(u64, p.result.collections, 2));
}

Test(replay_areas, both_rules_of_growth_have_true_figures)
{
    static const char body[] =
        "alloc 1 900\nalloc 2 300\nalloc 3 5000\nalloc 4 200\nfree 3\n"
        "alloc 5 4000\ndeath 2\nalloc 6 2500\ndeath 5\ndeath 4\n"
        "alloc 7 9000\nalloc 8 700\ncollect ordinary\n";
    well("heap=1024 grow=1 outer_bytes=20000 check", body);
    well("heap=1024 grow=1 outer_bytes=20000 growth=103% check", body);
    well("heap=1024 grow=1 outer_bytes=20000 area_struct=64 block=32 check",
         body);
    well("heap=1024 grow=1 outer_bytes=20000 area_struct=28 block=8 "
         "finalisers=0 check",
         body);
    well("areas=1024+500 grow=1 outer_bytes=20000 quirks=exact check", body);
}

/* Requests above the figure, each asked in a run of its own. */
Test(replay_areas, nothing_above_the_largest_request_is_granted)
{
    static const char *const heaps[] = {
        "heap=1024 grow=1 outer_bytes=9000 block=32 growth=103%",
        "heap=1024 grow=1 outer_bytes=9010 block=64 growth=103%",
        "heap=1024 grow=1 outer_bytes=5000 block=8 growth=103%",
        "heap=1024 grow=1 outer_bytes=5000 area_struct=64 growth=103%",
        "heap=1024 grow=1 outer_bytes=120000 block=8",
        "heap=1030 grow=1 outer_bytes=9000 block=64",
    };
    char body[200];
    for (int i = 0; i < 6; i++) {
        well(heaps[i], "alloc 1 500\nalloc 2 1500\n");
        uint64_t figure = p.result.end.largest_request;
        uint64_t most = figure + 4000;
        for (uint64_t bytes = figure; bytes < most; bytes += 37) {
            sprintf(body, "alloc 1 500\nalloc 2 1500\nalloc 3 %d\n",
                    (int)bytes);
            well(heaps[i], body);
            cr_assert(
                eq(int, p.ops[2].outcome != OUTCOME_GRANTED, bytes > figure),
                "%s: %d", heaps[i], (int)bytes);
        }
    }
}

/* An area whose one object is a block long and lies at its block 0. */
static const char lone_block[] = "alloc 1 944\nalloc 2 3000\nfree 2\n"
                                 "alloc 3 16\nalloc 4 16\nroot 0 4\n"
                                 "root 1 1\nheld roots 1 3\nstore 4 0 4\n"
                                 "collect ordinary\n";

/* A collection that only keeps the two ends of twoended apart would give back
 * the empty area in which the request has a place; nothing replaces it. */
Test(replay_areas, a_collection_gives_no_place_away_that_a_request_has)
{
    play_well(&p,
              "manager=twoended heap=782 check block=32 grow=1 "
              "outer_bytes=12345",
              "alloc 2 36\nalloc 4 1356\npromote 2\nalloc 10 6\n"
              "realloc 10 1331\nalloc 13 985\nfree 4\nalloc 15 1822\n"
              "free 10\nrealloc 2 77\nalloc 16 3072\n");
    cr_assert(eq(u64, p.result.refused, 0));
}

Test(replay_areas, a_lone_block_keeps_its_area_when_all_is_safe)
{
    well("heap=1024 grow=1 outer_bytes=16384 check", lone_block);
    cr_assert(eq(u64, p.result.lone_blocks, 0));
    cr_assert(eq(str, p.live, " 1 3 4"));
}

Test(replay_areas, a_lone_block_goes_with_its_area_when_all_is_exact)
{
    well("heap=1024 grow=1 outer_bytes=16384 quirks=exact check", lone_block);
    cr_assert(eq(u64, p.result.lone_blocks, 1));
    cr_assert(eq(u32, p.collections[1].given_back, 1));
    cr_assert(eq(str, p.live, " 1 3"));
}

static void play_lone(const char *quirks, const char *rest)
{
    char options[100], body[1000];
    snprintf(options, sizeof options,
             "heap=1024 grow=1 outer_bytes=16384 check quirks=%s", quirks);
    const char *end = strstr(lone_block, "collect");
    snprintf(body, sizeof body, "%.*s%s", (int)(end - lone_block), lone_block,
             rest);
    well(options, body);
}

Test(replay_areas, a_lone_block_that_is_freed_after_it_is_lost)
{
    play_lone("exact", "collect ordinary\nstore 4 1 1\nroot 2 4\n"
                       "realloc 4 32 move\nfree 4\nalloc 5 2000\n");
    cr_assert(eq(u64, p.result.dropped, 4));
    cr_assert(eq(str, p.live, " 1 3 5"));
    play_lone("safe", "collect ordinary\nstore 4 1 1\nroot 2 4\n"
                      "realloc 4 32 move\nfree 4\nalloc 5 2000\n");
    cr_assert(eq(u64, p.result.dropped, 0));
}

Test(replay_areas, a_lone_block_goes_in_the_middle_of_a_request)
{
    play_lone("exact", "alloc 5 6000\nalloc 6 5000\n");
    cr_assert(eq(u64, p.result.lone_blocks, 1));
}

Test(replay_areas, a_lone_block_that_is_resized_while_its_area_goes)
{
    play_lone("exact", "realloc 4 4000 move\nstore 4 500 1\nalloc 5 100\n"
                       "collect ordinary\n");
    cr_assert(eq(u64, p.result.lone_blocks, 0));
    cr_assert(eq(u64, p.ops[5].granted, 4000));
    play_lone("exact", "realloc 4 40000 move\nalloc 5 100\n"
                       "collect ordinary\n");
    cr_assert(eq(u64, p.result.refused, 1));
    play_lone("exact", "refused realloc memory 4 4000 move\nalloc 5 100\n"
                       "collect ordinary\n");
    play_lone("safe", "realloc 4 4000 move\nalloc 5 100\n"
                      "collect ordinary\n");
}

Test(replay_areas, a_lone_block_moves_out_while_its_area_goes)
{
    well("heap=1024 grow=1 outer_bytes=16384 quirks=exact check",
         "alloc 1 944\nalloc 2 3000\nfree 2\nalloc 3 16\nalloc 4 16\n"
         "root 0 4\nheld roots 3\nstore 4 0 3\nstore 3 0 4\ndeath 1\n"
         "alloc 5 4600\ndeath 5\nrealloc 4 900 move\nstore 4 200 3\n"
         "held roots 3\ncollect ordinary\nfree 4\n");
    cr_assert(eq(u64, p.result.lone_blocks, 0));
    cr_assert(eq(u32, p.ops[6].address, p.ops[0].address));
    cr_assert(eq(u32, p.collections[1].given_back, 1));
    cr_assert(eq(str, p.live, " 3"));
}

Test(replay_areas, a_lone_block_moves_to_where_it_was)
{
    /* Its area is taken anew, of the same size, at the same place. */
    well("heap=1024 grow=1 outer_bytes=5100 quirks=exact check",
         "alloc 1 944\nalloc 2 3000\nfree 2\nalloc 3 16\nalloc 4 16\n"
         "root 0 4\nheld roots 1 3\nstore 4 0 3\nalloc 5 4000\ndeath 5\n"
         "realloc 4 3000 move\nstore 4 200 3\nheld roots 1 3\n"
         "collect ordinary\n");
    cr_assert(eq(u64, p.result.lone_blocks, 0));
    cr_assert(eq(u32, p.ops[6].address, p.ops[4].address));
    cr_assert(eq(u64, p.result.end.live, 944 + 16 + 3008));
}

Test(replay_areas, two_lone_blocks_are_lost_in_one_collection)
{
    well("heap=1024 grow=1 outer_bytes=32768 quirks=exact check",
         "alloc 1 960\nalloc 2 3000\nalloc 3 8000\nfree 2\nalloc 4 16\n"
         "alloc 5 4800\nfree 3\nalloc 6 48\nalloc 7 16\n"
         "root 0 1\nroot 1 4\nroot 2 7\nstore 4 0 7\nstore 7 0 4\n"
         "free 5\nfree 6\nheld roots\ncollect ordinary\n");
    cr_assert(eq(str, p.live, " 1"));
    cr_assert(eq(u64, p.result.lone_blocks, 2));
}

Test(replay_areas, many_areas_as_options)
{
    char options[700] = "check areas=", body[200];
    for (int i = 0; i < 30; i++)
        sprintf(options + strlen(options), "%s%d", i ? "+" : "", 1000 + i);
    sprintf(body, "alloc 1 900\nalloc 2 900\nalloc 3 900\n");
    well(options, body);
    cr_assert(eq(u64, p.result.heap_bytes, 30435));
    cr_assert(eq(u64, p.result.end.free + p.result.end.used, 27328));
}

Test(replay_areas, as_many_areas_as_a_trace_can_begin_with)
{
    static char body[6000];
    char *at = body;
    at += sprintf(at, "header has-blocks 1\nheader block-bytes 16\n"
                      "header area-struct-bytes 32\nheader mark-stack 64\n"
                      "header finalisers 1\nheader zeroing 1\n");
    for (int i = 0; i < 64; i++)
        at +=
            sprintf(at, "header area %d %d 16666 252 1008 512 initial\n", i, i);
    sprintf(at, "alloc 1 900\n");
    well("trace check", body);
    cr_assert(eq(u64, p.result.heap_bytes, 64 * 16666));
    cr_assert(eq(u64, p.result.end.free + 912, 16256 + 63 * 16192));
}
