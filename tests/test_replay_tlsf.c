/*
 * test_replay_tlsf.c - traces played on a manager that frees explicitly and
 * keeps headers: what becomes of deaths, collections, locks and refusals, and
 * whether the figures hold
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>
#include <unistd.h>

#include "tests/played.h"

static struct played p;

/* ---- Deaths and frees ------------------------------------------------- */

Test(replay_tlsf, an_object_is_freed_when_it_dies)
{
    play_well(&p, "manager=tlsf heap=2000 check",
              "alloc 1 100\nalloc 2 100\ndeath 1\nalloc 3 100\n");
    cr_expect(eq(u32, p.ops[2].address, p.ops[0].address), "in its place");
    cr_expect(eq(u64, p.result.freed_at_death, 1));
    cr_expect(eq(str, p.live, " 3 2"));
    cr_expect(eq(str, p.dead, ""));
}

Test(replay_tlsf, a_free_after_the_death_is_dropped)
{
    play_well(&p, "manager=tlsf heap=2000 check",
              "alloc 1 100\nalloc 2 50\ndeath 1\nfree 1\nfree 2\n");
    cr_expect(eq(u64, p.result.dropped, 1));
    cr_expect(eq(u64, p.result.freed_at_death, 1));
    cr_expect(eq(u64, p.result.end.live, 0));
}

Test(replay_tlsf, words_that_name_what_died_name_nothing)
{
    play_well(&p, "manager=tlsf heap=2000 check",
              "alloc 1 16\nalloc 2 16\nstore 1 0 2\nroot 3 2\ndeath 2\n"
              "alloc 3 16\nstore 1 1 3\nfree 3\nfree 1\n");
    cr_expect(eq(u64, p.result.end.live, 0));
}

/* ---- What it does not know -------------------------------------------- */

Test(replay_tlsf, collections_are_counted_and_not_asked)
{
    play_well(&p, "manager=tlsf heap=2000 check",
              "alloc 1 100\ncollect ordinary\ncontrol threshold 64\n"
              "control auto 0\ncontrol auto 1\n");
    cr_expect(eq(u64, p.result.ignored, 4));
    cr_expect(eq(u64, p.result.collections, 0));
    cr_expect(eq(str, p.live, " 1"));
}

Test(replay_tlsf, a_collection_of_everything_frees_everything)
{
    play_well(&p, "manager=tlsf heap=2000 check",
              "alloc 1 100\nalloc 2 60\ncollect all\nalloc 3 20\n");
    cr_expect(eq(str, p.live, " 3"));
    cr_expect(eq(u32, p.ops[3].address, p.ops[0].address));
}

Test(replay_tlsf, a_reset_leaves_an_empty_heap_of_one_area)
{
    play_well(&p, "manager=tlsf heap=2000 check",
              "alloc 1 100\ncontrol add-area 1000\nalloc 2 1900\n"
              "alloc 3 700\ncontrol reset 0\nalloc 4 1800\n");
    cr_expect(eq(str, p.live, " 4"));
    cr_expect(eq(u32, p.ops[5].address, p.ops[0].address));
    cr_expect(eq(u64, p.result.end.free + p.result.end.live, 2000 - 4 - 4 - 4),
              "less two headers and the end");
}

Test(replay_tlsf, a_lock_is_ignored_but_an_unlock_without_one_is_not)
{
    play_well(&p, "manager=tlsf heap=2000 check",
              "control lock 1\nalloc 1 40\nfree 1\ncontrol lock 0\n");
    cr_expect(eq(u32, p.ops[1].outcome, OUTCOME_GRANTED));
    play_badly(&p, "manager=tlsf heap=2000", "control lock 0\n", "not locked");
    play_badly(&p, "manager=tlsf heap=2000",
               "control lock 1\ncontrol lock 0\ncontrol lock 0\n",
               "not locked");
}

/* ---- Refusals --------------------------------------------------------- */

Test(replay_tlsf, what_the_recording_saw_refused_dies_at_once)
{
    play_well(&p, "manager=tlsf heap=2000 check",
              "refused alloc memory 500\nalloc 1 500\n"
              "refused realloc memory 1 700\nfree 1\n");
    cr_expect(eq(u32, p.ops[1].address, p.ops[0].address));
    cr_expect(eq(u64, p.result.end.largest_free, 2000 - 4 - 4));
}

Test(replay_tlsf, a_refusal_has_its_cause)
{
    play_well(&p, "manager=tlsf heap=1000 check",
              "alloc 1 300\nalloc 2 300\nalloc 3 200\nfree 2\nalloc 4 400\n"
              "alloc 5 500\nalloc 6 5000000000\nalloc 7 100000\n");
    cr_expect(eq(u32, p.ops[4].outcome, OUTCOME_FRAGMENTED));
    cr_expect(eq(u32, p.ops[5].outcome, OUTCOME_SHORT));
    cr_expect(eq(u32, p.ops[6].outcome, OUTCOME_LIMIT));
    cr_expect(eq(u32, p.ops[7].outcome, OUTCOME_SHORT));
}

Test(replay_tlsf, growth_that_must_stay_is_copied_and_counted)
{
    play_well(&p, "manager=tlsf heap=2000 check",
              "alloc 1 100\nalloc 2 20\nrealloc 1 200\nrealloc 1 300\n");
    cr_expect(eq(u64, p.result.inplace_missed, 1));
    cr_expect(ne(u32, p.ops[2].address, p.ops[0].address));
    cr_expect(eq(u32, p.ops[3].address, p.ops[2].address));
}

/* ---- Figures ---------------------------------------------------------- */

Test(replay_tlsf, headers_are_neither_used_nor_free)
{
    play_well(&p, "manager=tlsf heap=2000 check",
              "alloc 1 100\nalloc 2 1\nalloc 3 101\nfree 2\n");
    cr_expect(eq(u64, p.ops[0].after.free, 2000 - 4 - 104 - 4));
    cr_expect(eq(u64, p.ops[1].granted, 12), "the smallest chunk's");
    cr_expect(eq(u64, p.ops[2].granted, 104));
    cr_expect(eq(u64, p.ops[2].after.used, 100 + 12 + 104));
    cr_expect(eq(u64, p.ops[3].after.free, p.ops[2].after.free + 12));
}

Test(replay_tlsf, of_the_longest_hole_its_class_is_served)
{
    play_well(&p, "manager=tlsf heap=2000 check", "alloc 1 100\n");
    /* A chunk of 2000 - 4 - 104 = 1892 bytes; classes of 32 from 1024 on. */
    cr_expect(eq(u64, p.ops[0].after.largest_free, 1888));
    cr_expect(eq(u64, p.ops[0].after.largest_request, 1888 / 32 * 32 - 4));
    play_well(&p, "manager=tlsf heap=2000 check",
              "alloc 1 100\nalloc 2 1885\nalloc 3 1884\n");
    cr_expect(eq(u32, p.ops[1].outcome, OUTCOME_FRAGMENTED));
    cr_expect(eq(u32, p.ops[2].outcome, OUTCOME_GRANTED));
}

Test(replay_tlsf, further_areas_are_served_from)
{
    play_well(&p, "manager=tlsf areas=600+900+1200 check",
              "alloc 1 500\nalloc 2 1000\nalloc 3 800\nalloc 4 800\n"
              "control add-area 2000\nalloc 5 1500\nfree 2\nfree 3\nfree 1\n");
    cr_expect(eq(u64, p.result.refused, 1));
    cr_expect(eq(str, p.live, " 5"));
    cr_expect(eq(u64, p.result.end.largest_free, 1200 - 16 - 4 - 4));
}

Test(replay_tlsf, an_area_beyond_max_area_is_named)
{
    play_badly(&p, "manager=tlsf heap=2000", "control add-area 70000\n",
               "max_area");
    play_well(&p, "manager=tlsf heap=2000 max_area=70000",
              "control add-area 70000\nalloc 1 60000\n");
}

/* ---- Real programs ---------------------------------------------------- */

static void play_sample(const char *options, const char *path)
{
    if (access(path, R_OK) != 0)
        cr_skip("%s is not there", path);
    play_file(&p, options, path);
    cr_assert(eq(int, p.err, 0), "%s: %s", path, p.problem.text);
    cr_assert(eq(int, p.result.status, REPLAY_COMPLETE), "%s: %s", path,
              p.result.reason);
    cr_assert(eq(str, p.wrong, ""), "%s", path);
}

Test(replay_tlsf, recorded_programs_run_to_their_end)
{
    play_sample("manager=tlsf trace check", "traces/samples/import-py-20k.ftb");
    cr_expect(eq(u64, p.result.refused, 0));
    play_sample("manager=tlsf trace check zero=1",
                "traces/samples/strings-32k.ftb");
    play_sample("manager=tlsf heap=11000 check align=8",
                "traces/samples/import-py-20k.ftb");
    cr_expect(gt(u64, p.result.refused, 0));
    cr_expect(eq(u64, p.result.end.free % 4, 0));
    play_sample("manager=tlsf heap=17000 check refused=reset",
                "traces/samples/pystone-24k.ftb");
    cr_expect(gt(u64, p.result.lost, 0));
}

Test(replay_tlsf, presets_run_in_sixty_four_kilobytes)
{
    static const char *const presets[] = {"churn:ops=2000", "comb:ops=2000",
                                          "mpy-mix:ops=2000", "wiki-question"};
    for (uint32_t i = 0; i < 4; i++) {
        play_file(&p, "manager=tlsf heap=65536 check", presets[i]);
        cr_assert(eq(int, p.err, 0), "%s: %s", presets[i], p.problem.text);
        cr_assert(eq(int, p.result.status, REPLAY_COMPLETE), "%s: %s",
                  presets[i], p.result.reason);
        cr_expect(eq(str, p.wrong, ""), "%s", presets[i]);
    }
}

Test(replay_tlsf, the_bench_refuses_nothing)
{
    play_sample("manager=tlsf heap=65536", "../shared/bench/churn-64k.rep");
    cr_expect(eq(u64, p.result.operations, 20000));
    cr_expect(eq(u64, p.result.refused, 0));
}
