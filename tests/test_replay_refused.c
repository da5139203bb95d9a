/*
 * test_replay_refused.c - what the recording saw refused is asked again; what
 * this run refuses ends as its policy says
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "tests/played.h"

static struct played p;

static void well(const char *options, const char *body)
{
    play_well(&p, options, body);
}

/* ---- Recorded refusals ------------------------------------------------ */

Test(replay_refused, what_is_granted_now_dies_at_once)
{
    well("heap=1024 check", "refused alloc memory 100 finaliser\n"
                            "refused alloc unknown 16\ncollect ordinary\n");
    cr_assert(eq(u64, p.ops[0].granted, 112));
    cr_assert(eq(u8, p.ops[0].recorded, 1));
    cr_assert(eq(u8, p.ops[0].kind, TRACE_ALLOC));
    cr_assert(eq(u64, p.ops[0].object, TRACE_NONE));
    cr_assert(eq(u64, p.ops[0].after.live, 0));
    cr_assert(eq(u64, p.ops[0].after.used, 112));
    cr_assert(eq(u64, p.ops[0].after.largest_request, 960));
    cr_assert(eq(u64, p.result.end.used, 0));
    cr_assert(eq(u64, p.result.refused, 0));
    cr_assert(eq(u64, p.collections[0].reclaimed_objects, 2));
}

Test(replay_refused, what_is_refused_again_is_a_refusal)
{
    well("heap=1024 check", "alloc 1 960\nrefused alloc memory 16\n"
                            "refused realloc memory 1 5000 move\n"
                            "refused alloc memory 6000000000\n");
    cr_assert(eq(u64, p.result.refused, 3));
    cr_assert(eq(u8, p.refusals[0].recorded, 1));
    cr_assert(eq(u8, p.refusals[0].outcome, OUTCOME_SHORT));
    cr_assert(eq(u8, p.refusals[2].outcome, OUTCOME_LIMIT));
}

Test(replay_refused, a_recorded_refusal_of_no_bytes_is_none)
{
    well("heap=1024 check", "refused alloc memory 0\n");
    cr_assert(eq(u64, p.result.refused, 0));
}

Test(replay_refused, in_a_locked_heap_they_are_refused_as_such)
{
    well("heap=1024 check",
         "alloc 1 16\ncontrol lock 1\nrefused alloc locked 16\n"
         "refused realloc locked 1 64 move\ncontrol lock 0\n");
    cr_assert(eq(u8, p.ops[2].outcome, OUTCOME_LOCKED));
    cr_assert(eq(u8, p.ops[3].outcome, OUTCOME_LOCKED));
}

Test(replay_refused, a_growth_granted_now_is_undone)
{
    well("heap=1024 check",
         "header has-blocks 1\nheader block-bytes 16\nalloc 1 20\nalloc 2 "
         "16\nroot 0 1\nstore 1 7 2\nstore 1 1 2\n"
         "held roots\nrefused realloc memory 1 100 move\n"
         "store 1 7 2\nheld roots\nfree 2\ncollect ordinary\n");
    cr_assert(eq(u64, p.ops[2].granted, 112));
    cr_assert(eq(u64, p.ops[2].after.live, 48));
    cr_assert(eq(u64, p.ops[2].after.asked, 36));
    cr_assert(eq(u64, p.ops[2].object, 1));
    cr_assert(eq(str, p.live, " 1"));
}

Test(replay_refused, after_the_undoing_the_old_bounds_hold)
{
    play_badly(&p, "heap=1024",
               "alloc 1 16\nrefused realloc memory 1 100 move\nstore 1 4 1\n",
               "t.ft:4: store to word 4 of object 1, which has 16 bytes");
}

Test(replay_refused, an_undone_growth_leaves_an_earlier_refused_one_as_it_was)
{
    well("heap=1024 check",
         "alloc 1 16\nalloc 2 900\nroot 0 1\nrealloc 1 400 move\n"
         "free 2\nrefused realloc memory 1 500 move\nstore 1 99 1\n");
    cr_assert(eq(u64, p.result.dropped, 1));
}

Test(replay_refused, a_growth_in_place_that_is_refused_again_is_counted)
{
    well("heap=1024 check",
         "alloc 1 16\nalloc 2 16\nrefused realloc memory 1 64\n");
    cr_assert(eq(u64, p.result.inplace_missed, 1));
    cr_assert(eq(u64, p.result.refused, 0));
}

Test(replay_refused, of_an_object_that_this_run_lacks_they_are_dropped)
{
    well("heap=1024 check",
         "alloc 1 2000\nrefused realloc memory 1 3000 move\n");
    cr_assert(eq(u64, p.result.dropped, 1));
}

Test(replay_refused, a_recorded_refusal_may_collect)
{
    well("heap=1024 check",
         "alloc 1 480\nalloc 2 480\ndeath 1\nrefused alloc memory 496\n"
         "alloc 3 480\n");
    cr_assert(eq(u32, p.n_collections, 1));
    cr_assert(eq(u8, p.ops[2].outcome, OUTCOME_SHORT));
    cr_assert(eq(u8, p.ops[3].outcome, OUTCOME_GRANTED));
}

/* ---- Policies --------------------------------------------------------- */

Test(replay_refused, in_a_locked_heap_the_run_goes_on_under_every_policy)
{
    static const char *const policies[] = {"heap=1024 refused=stop check",
                                           "heap=1024 refused=reset check"};
    for (int i = 0; i < 2; i++) {
        well(policies[i], "alloc 1 16\ncontrol lock 1\nalloc 2 16\n"
                          "refused alloc locked 16\ncontrol lock 0\n"
                          "alloc 3 16\n");
        cr_assert(eq(u64, p.result.refused, 2));
        cr_assert(eq(u64, p.result.lost, 0));
        cr_assert(eq(str, p.live, " 1 3"));
    }
}

Test(replay_refused, skip_goes_on_without_the_object)
{
    well("heap=1024 check",
         "alloc 1 2000\nroot 0 1\nalloc 2 16\nstore 2 0 1\nstore 1 99 2\n"
         "realloc 1 3000 move\nfree 1\nalloc 3 2000\ndeath 3\nfree 3\n");
    cr_assert(eq(u64, p.result.refused, 2));
    cr_assert(eq(u64, p.result.dropped, 6));
    cr_assert(eq(u32, p.n_refusals, 2));
    cr_assert(eq(u64, p.refusals[0].object, 1));
    cr_assert(eq(str, p.live, " 2"));
}

Test(replay_refused, what_moves_behind_a_refusal_had_not_made_room_before)
{
    well("manager=handles heap=1060 wait=0 per_alloc=1000 check",
         "alloc 1 400\nalloc 2 100\nalloc 3 400\nalloc 4 100\nfree 1\n"
         "free 3\nalloc 5 600\nalloc 6 600\n");
    cr_assert(eq(u64, p.result.refused, 1));
    cr_assert(eq(u64, p.refusals[0].seq, 7));
}

Test(replay_refused, stop_ends_the_run_there)
{
    play_text(&p, "heap=1024 refused=stop check",
              "alloc 1 16\nalloc 2 2000\nalloc 3 16\n");
    cr_assert(eq(int, p.err, 0));
    cr_assert(eq(int, p.result.status, REPLAY_STOPPED));
    cr_assert(eq(u64, p.result.operations, 2));
    cr_assert(eq(str, p.live, " 1"));
    cr_assert(eq(str, p.result.reason, "operation 2 (2000 bytes) was refused"));
    cr_assert(eq(str, p.wrong, ""));
}

Test(replay_refused, reset_begins_with_an_empty_heap)
{
    well("heap=1024 refused=reset check",
         "alloc 1 480\nalloc 2 464\nroot 0 1\nstore 1 0 2\ndeath 2\n"
         "control auto 0\nalloc 3 100\nalloc 4 960\nstore 1 0 4\n"
         "root 1 1\nfree 1\nfree 3\n");
    cr_assert(eq(u64, p.result.lost, 1));
    cr_assert(eq(u64, p.result.refused, 1));
    cr_assert(eq(u64, p.result.dropped, 4));
    cr_assert(eq(u32, p.ops[4].address, p.ops[0].address));
    cr_assert(eq(str, p.live, " 4"));
}

Test(replay_refused, reset_keeps_what_the_trace_has_switched)
{
    well("heap=1024 refused=reset check",
         "control lock 1\ncontrol lock 1\nalloc 1 16\ncontrol lock 0\n"
         "alloc 2 16\ncontrol lock 0\ncontrol auto 0\ncontrol threshold 32\n"
         "alloc 3 960\ndeath 3\nalloc 4 16\nalloc 5 16\nalloc 6 16\n"
         "control auto 1\nalloc 7 16\n");
    cr_assert(eq(u64, p.result.refused, 3));
    cr_assert(eq(u8, p.refusals[0].outcome, OUTCOME_LOCKED));
    cr_assert(eq(u8, p.refusals[2].outcome, OUTCOME_OFF));
    cr_assert(eq(u32, p.n_collections, 1), "two blocks, the threshold");
    cr_assert(eq(str, p.live, " 5 6 7"));
}

Test(replay_refused, reset_takes_back_what_the_heap_had_grown_by)
{
    well("areas=1024+2048 grow=1 outer_bytes=8192 refused=reset check",
         "alloc 1 900\nalloc 2 1900\nalloc 3 3000\nalloc 4 9000\n"
         "alloc 5 900\nalloc 6 1900\nalloc 7 3000\nalloc 8 9000\n");
    cr_assert(eq(u64, p.result.refused, 2));
    cr_assert(eq(u64, p.result.lost, 6));
    for (uint32_t i = 0; i < 3; i++)
        cr_assert(eq(u32, p.ops[i].address, p.ops[i + 4].address));
}

Test(replay_refused, reset_takes_back_what_the_trace_had_added)
{
    well("heap=1024 refused=reset check",
         "control add-area 2048\nalloc 1 1800\nalloc 2 4000\nalloc 3 1800\n"
         "control add-area 2048\nalloc 4 1800\n");
    cr_assert(eq(u64, p.result.refused, 2));
    cr_assert(eq(u32, p.ops[1].address, p.ops[5].address));
}

Test(replay_refused, reset_at_a_refused_growth_loses_that_object_too)
{
    well("heap=1024 refused=reset check",
         "alloc 1 480\nalloc 2 464\nrealloc 1 900 move\nrealloc 1 16\n"
         "alloc 3 960\n");
    cr_assert(eq(u64, p.result.lost, 2));
    cr_assert(eq(u64, p.result.dropped, 1));
    cr_assert(eq(str, p.live, " 3"));
}

Test(replay_refused, reset_at_a_recorded_refusal)
{
    well("heap=1024 refused=reset check",
         "alloc 1 960\nrefused alloc memory 16\nalloc 2 960\n");
    cr_assert(eq(u64, p.result.lost, 1));
}

Test(replay_refused, finalisers_frees_are_dropped_after_a_reset)
{
    well("heap=1024 refused=reset check",
         "alloc 1 480\nalloc 2 464\nfinalise 1\nalloc 3 961\nalloc 4 960\n");
    cr_assert(eq(str, p.live, " 4"));
}

Test(replay_refused, a_request_without_a_handle_left_is_refused_for_that)
{
    char body[8000];
    size_t n = 0;
    for (uint32_t id = 1; id <= 300; id++)
        n += (size_t)sprintf(body + n, "alloc %u 4\n", id);
    play_well(&p, "manager=handles indices=8 heap=8192 check", body);
    cr_assert(gt(u64, p.result.refused_other, 0));
    cr_assert(eq(u64, p.result.refused, p.result.refused_other));
    cr_assert(eq(u8, p.refusals[0].outcome, OUTCOME_INDEX));
    cr_assert(gt(u64, p.refusals[0].free, 1000));
}
