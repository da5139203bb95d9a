/*
 * test_replay.c - what each operation does to the heap, its figures and its
 * records; finalisers, locks, switches
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "tests/played.h"

static struct played p;

static uint64_t end_used(void)
{
    return p.result.end.used;
}

static void well(const char *options, const char *body)
{
    play_well(&p, options, body);
}

/* ---- Requests --------------------------------------------------------- */

Test(replay, a_heap_of_1024_bytes_has_960_to_give)
{
    well("heap=1024 check", "alloc 1 960\n");
    cr_assert(eq(u64, p.ops[0].granted, 960));
    cr_assert(eq(u64, p.ops[0].after.free, 0));
    cr_assert(eq(u64, p.ops[0].after.largest_request, 0));
    cr_assert(eq(u64, p.result.heap_bytes, 1024));
}

Test(replay, figures_tell_asked_from_granted)
{
    well("heap=1024 check", "alloc 1 17\nalloc 2 1\nfree 1\n");
    cr_assert(eq(u64, p.ops[1].after.asked, 18));
    cr_assert(eq(u64, p.ops[1].after.live, 48));
    cr_assert(eq(u64, p.ops[2].after.asked, 1));
    cr_assert(eq(u64, p.ops[2].after.used, 16));
    cr_assert(eq(u64, p.ops[2].after.largest_free, 960 - 48));
    cr_assert(eq(u64, p.ops[2].asked, 17));
}

Test(replay, garbage_is_used_but_not_live)
{
    well("heap=1024 check", "alloc 1 480\nalloc 2 480\ndeath 1\n"
                            "control auto 1\ncollect ordinary\n");
    cr_assert(eq(u64, p.ops[2].after.used, 960));
    cr_assert(eq(u64, p.ops[2].after.live, 480));
    cr_assert(eq(u64, p.ops[2].after.largest_free, 0));
    cr_assert(eq(u64, p.ops[2].after.largest_request, 480));
    cr_assert(eq(u64, p.ops[3].after.used, 480));
    cr_assert(eq(u32, p.n_collections, 1));
    cr_assert(eq(u8, p.collections[0].cause, COLLECTION_ASKED));
    cr_assert(eq(u64, p.collections[0].reclaimed_bytes, 480));
    cr_assert(eq(u64, p.collections[0].reclaimed_objects, 1));
    cr_assert(eq(u64, p.collections[0].free_before, 0));
    cr_assert(eq(u64, p.collections[0].free_after, 480));
    cr_assert(eq(u64, p.collections[0].live_objects, 1));
}

Test(replay, a_request_of_no_bytes_is_answered_by_null_and_counted)
{
    well("heap=1024 check", "alloc 1 0\nfree 1\nalloc 2 0\ndeath 2\n");
    cr_assert(eq(u64, p.result.empty, 2));
    cr_assert(eq(u64, p.result.refused, 0));
    cr_assert(eq(u64, p.result.allocations, 2));
    cr_assert(eq(u32, p.n_refusals, 0));
    cr_assert(eq(u8, p.ops[0].outcome, OUTCOME_GRANTED));
    cr_assert(eq(u32, p.ops[0].address, 0));
}

Test(replay, an_object_of_no_bytes_takes_no_part)
{
    well("heap=1024 check",
         "alloc 1 0\nalloc 2 16\nroot 0 1\nstore 2 0 1\nstore 1 0 2\n"
         "realloc 1 16\nfree 1\n");
    cr_assert(eq(u64, p.result.dropped, 5));
}

Test(replay, a_request_larger_than_the_heap_is_a_refusal)
{
    well("heap=1024 check", "alloc 1 961\nalloc 2 5000000000\n"
                            "alloc 3 4294967295\n");
    cr_assert(eq(u64, p.result.refused, 3));
    cr_assert(eq(u64, p.result.refused_short, 1));
    cr_assert(eq(u64, p.result.refused_other, 2));
    cr_assert(eq(u8, p.ops[0].outcome, OUTCOME_SHORT));
    cr_assert(eq(u8, p.ops[1].outcome, OUTCOME_LIMIT));
    cr_assert(eq(u8, p.ops[2].outcome, OUTCOME_LIMIT));
    cr_assert(eq(u64, p.refusals[1].asked, 5000000000));
}

Test(replay, short_and_fragmented_are_told_apart)
{
    well("heap=1024 check",
         "alloc 1 320\nalloc 2 320\nalloc 3 320\nfree 1\nfree 3\n"
         "alloc 4 321\nalloc 5 640\nalloc 6 641\n");
    cr_assert(eq(u8, p.ops[5].outcome, OUTCOME_FRAGMENTED));
    cr_assert(eq(u8, p.ops[6].outcome, OUTCOME_FRAGMENTED));
    cr_assert(eq(u8, p.ops[7].outcome, OUTCOME_SHORT));
    cr_assert(eq(u64, p.refusals[0].n_holes, 2));
    cr_assert(eq(u64, p.refusals[0].largest_free, 320));
    /* Linux: 1 - (1 + free / asked) / holes. */
    cr_assert(
        epsilon_eq(dbl, p.refusals[0].index, 1 - (1 + 640.0 / 321) / 2, 1e-9));
}

Test(replay, interned_strings_and_advice_are_operations)
{
    well("heap=1024 check",
         "intern 1 20\npromote 1\nstep 100\ntouch 1 0\npin 1\nunpin 1\n"
         "time 5\nthread 2\nphase begin x\nphase end x\nnote y\nfree 1\n");
    cr_assert(eq(u64, p.result.operations, 4));
    cr_assert(eq(u64, p.result.events, 12));
    cr_assert(eq(u32, p.n_marks, 3));
    cr_assert(eq(u64, p.ops[0].granted, 32));
    cr_assert(eq(u64, end_used(), 0));
}

/* ---- Resizing --------------------------------------------------------- */

Test(replay, an_object_keeps_what_it_named_wherever_it_goes)
{
    well("heap=1024 check",
         "alloc 1 32\nalloc 2 16\nalloc 3 16\nroot 0 1\nstore 1 7 2\n"
         "store 2 0 1\nheld roots\nrealloc 1 48 move\nstore 1 11 3\n"
         "realloc 1 200 move\nrealloc 1 33 move\nheld roots\n"
         "collect ordinary\n");
    cr_assert(eq(u64, p.result.end.live, 48 + 16 + 16));
    cr_assert(eq(u64, p.result.reallocs, 3));
    cr_assert(eq(str, p.held, ""), "word 11 is still in the third block");
}

Test(replay, growth_in_place_that_cannot_be_moves_and_is_counted)
{
    well("heap=1024 check",
         "alloc 1 16\nalloc 2 16\nrealloc 1 64\nrealloc 1 1000\n");
    cr_assert(eq(u64, p.result.inplace_missed, 2));
    cr_assert(eq(u64, p.result.refused, 1));
    cr_assert(eq(u64, p.ops[2].granted, 64));
    cr_assert(ne(u32, p.ops[2].address, p.ops[0].address));
    cr_assert(eq(u8, p.ops[3].outcome, OUTCOME_SHORT));
}

Test(replay, growth_in_place_that_can_be_is_not_counted)
{
    well("heap=1024 check", "alloc 1 16\nrealloc 1 64\n");
    cr_assert(eq(u64, p.result.inplace_missed, 0));
    cr_assert(eq(u32, p.ops[1].address, p.ops[0].address));
}

Test(replay, stores_beyond_a_refused_growth_are_dropped)
{
    well("heap=1024 check",
         "alloc 1 16\nalloc 2 16\nroot 0 1\nroot 1 2\nrealloc 1 2000 move\n"
         "store 1 499 2\nstore 1 4 2\nstore 1 3 2\nheld roots\n"
         "realloc 1 16\nstore 1 3 -\n");
    cr_assert(eq(u64, p.result.dropped, 2));
    cr_assert(eq(u64, p.result.refused, 1));
    cr_assert(eq(u64, p.result.end.live, 32));
}

Test(replay, a_growth_after_a_refused_one_works_again)
{
    well("heap=1024 check",
         "alloc 1 16\nalloc 2 800\nrealloc 1 400 move\nstore 1 99 2\n"
         "free 2\nrealloc 1 480 move\nroot 0 1\nalloc 3 16\n"
         "store 1 119 3\nheld roots\ncollect ordinary\n");
    cr_assert(eq(u64, p.result.refused, 1));
    cr_assert(eq(u64, p.result.dropped, 1));
    cr_assert(eq(u64, p.result.end.live, 496));
}

Test(replay, a_moved_realloc_collects_and_spares_what_it_moves)
{
    well("heap=1024 check",
         "alloc 1 320\nalloc 2 320\nalloc 3 16\nalloc 4 304\nroot 0 3\n"
         "store 3 0 2\nheld roots\ndeath 1\ndeath 4\nrealloc 2 336 move\n");
    cr_assert(eq(u8, p.ops[4].outcome, OUTCOME_FRAGMENTED));
    well("heap=1024 check",
         "alloc 1 400\nalloc 2 320\nalloc 3 16\nalloc 4 224\nroot 0 3\n"
         "store 3 0 2\nstore 2 5 3\nheld roots\ndeath 1\ndeath 4\n"
         "realloc 2 336 move\n");
    cr_assert(eq(u8, p.ops[4].outcome, OUTCOME_GRANTED));
    cr_assert(eq(u32, p.ops[4].address, p.ops[0].address));
    cr_assert(eq(u32, p.n_collections, 1));
}

Test(replay, a_realloc_may_take_the_place_of_what_its_collection_freed)
{
    well("heap=1024 check",
         "alloc 1 400\nalloc 2 320\nalloc 3 240\nroot 0 3\nstore 3 0 2\n"
         "store 2 5 3\nheld roots\ndeath 1\nrealloc 2 336 move\n");
    cr_assert(eq(u8, p.ops[3].outcome, OUTCOME_GRANTED));
    cr_assert(eq(u32, p.ops[3].address, p.ops[0].address));
    cr_assert(eq(u32, p.n_collections, 1));
    cr_assert(eq(u8, p.collections[0].cause, COLLECTION_FULL));
}

Test(replay, memory_that_is_not_zeroed_is_no_danger)
{
    well("heap=1024 zero=0 check",
         "alloc 1 100\nalloc 2 16\nroot 0 2\nstore 1 24 2\nstore 1 0 2\n"
         "free 1\nalloc 3 18 finaliser\nrealloc 3 90\nrealloc 3 20\n"
         "realloc 3 103\nroot 1 3\nheld roots\nroot 0 -\ndeath 2\n"
         "collect ordinary\n");
    cr_assert(eq(str, p.live, " 3"));
    cr_assert(eq(str, p.dead, ""));
}

/* ---- Freeing ---------------------------------------------------------- */

Test(replay, a_free_after_the_death_gives_the_memory_back)
{
    well("heap=1024 check", "alloc 1 16\ndeath 1\nfree 1\n");
    cr_assert(eq(u64, end_used(), 0));
    cr_assert(eq(u64, p.result.dropped, 0));
}

Test(replay, a_free_of_what_was_reclaimed_is_dropped)
{
    well("heap=1024 check", "alloc 1 16\ndeath 1\ncollect ordinary\nfree 1\n");
    cr_assert(eq(u64, p.result.dropped, 1));
}

Test(replay, what_names_a_freed_object_names_nothing)
{
    well("heap=1024 check",
         "alloc 1 16\nalloc 2 16\nroot 0 1\nroot 1 2\nstore 1 0 2\n"
         "store 2 1 2\nfree 2\nalloc 3 16\nheld roots\ndeath 3\n"
         "collect ordinary\n");
    cr_assert(eq(str, p.live, " 1"));
}

/* ---- Dying ------------------------------------------------------------ */

Test(replay, words_that_name_a_dead_object_keep_nothing_alive)
{
    well("heap=1024 check",
         "alloc 1 16\nalloc 2 464\nalloc 3 480\nroot 0 2\nroot 1 1\n"
         "store 1 0 2\nheld roots 3\ndeath 2\nalloc 4 464\n");
    cr_assert(eq(u32, p.ops[3].address, p.ops[1].address));
    cr_assert(eq(u64, p.result.floating, 0));
}

Test(replay, a_trace_may_end_while_words_name_the_dead)
{
    well("heap=1024 check", "alloc 1 960\nroot 0 1\ndeath 1\n");
}

Test(replay, parents_may_die_after_their_children)
{
    well("heap=1024 check",
         "alloc 1 464\nalloc 2 496\nroot 0 1\nstore 1 0 2\nheld roots\n"
         "root 0 -\ndeath 2\ndeath 1\nalloc 3 960\n");
}

/* ---- Collecting ------------------------------------------------------- */

Test(replay, collecting_everything_loses_what_was_live)
{
    well("heap=1024 check",
         "alloc 1 16\nalloc 2 16\nroot 0 1\nstore 1 0 2\ncollect all\n"
         "store 1 0 2\nroot 1 2\nfree 1\ndeath 2\nalloc 3 960\n");
    cr_assert(eq(u64, p.result.dropped, 3));
    cr_assert(eq(u8, p.collections[0].cause, COLLECTION_ALL));
    cr_assert(eq(u64, p.collections[0].reclaimed_objects, 2));
    cr_assert(eq(str, p.live, " 3"));
}

Test(replay, a_threshold_collects_before_the_search)
{
    well("heap=1024 check",
         "control threshold 64\nalloc 1 32\nalloc 2 32\nalloc 3 16\n"
         "control threshold -\nalloc 4 64\nalloc 5 16\n");
    cr_assert(eq(u32, p.n_collections, 1));
    cr_assert(eq(u64, p.collections[0].seq, 4));
    cr_assert(eq(u8, p.collections[0].cause, COLLECTION_THRESHOLD));
}

Test(replay, where_collecting_is_off_the_refusal_says_so)
{
    well("heap=1024 check",
         "alloc 1 480\nalloc 2 480\ndeath 1\ncontrol auto 0\nalloc 3 16\n"
         "realloc 2 496 move\ncontrol auto 1\nalloc 4 16\n");
    cr_assert(eq(u8, p.ops[3].outcome, OUTCOME_OFF));
    cr_assert(eq(u8, p.ops[4].outcome, OUTCOME_OFF));
    cr_assert(eq(u64, p.ops[2].after.largest_request, 0));
    cr_assert(eq(u64, p.ops[5].after.largest_request, 480));
    cr_assert(eq(u8, p.ops[6].outcome, OUTCOME_GRANTED));
    cr_assert(eq(u64, p.result.refused_other, 2));
}

Test(replay, a_heap_that_starts_without_collecting)
{
    well("heap=1024 auto=0 check", "alloc 1 960\ndeath 1\nalloc 2 16\n");
    cr_assert(eq(u8, p.ops[1].outcome, OUTCOME_OFF));
}

Test(replay, a_soft_reset_begins_anew)
{
    well("heap=1024 check",
         "alloc 1 480 finaliser\nalloc 2 16\ndeath 2\ncontrol lock 1\n"
         "control auto 0\ncontrol threshold 16\ncontrol reset 0\n"
         "alloc 3 960\nfree 1\n");
    cr_assert(eq(str, p.live, " 3"));
    cr_assert(eq(u64, p.result.dropped, 1));
    cr_assert(eq(u64, p.result.refused, 0));
    cr_assert(eq(u8, p.collections[0].cause, COLLECTION_ALL));
}

/* ---- Locks ------------------------------------------------------------ */

Test(replay, in_a_locked_heap_requests_are_refused_and_frees_ignored)
{
    well("heap=1024 check",
         "alloc 1 16\nalloc 2 16\ncontrol lock 1\ncontrol lock 1\nalloc 3 16\n"
         "free 1\ncontrol lock 0\nrealloc 2 32 move\ncontrol lock 0\n"
         "alloc 4 16\ncollect ordinary\n");
    cr_assert(eq(u8, p.ops[4].outcome, OUTCOME_LOCKED));
    cr_assert(eq(u64, p.ops[4].after.largest_request, 0));
    cr_assert(eq(u64, p.ops[5].after.used, 32), "still there");
    cr_assert(eq(u64, p.ops[5].after.live, 16), "but garbage");
    cr_assert(eq(u8, p.ops[7].outcome, OUTCOME_LOCKED));
    cr_assert(eq(u8, p.ops[9].outcome, OUTCOME_GRANTED));
    cr_assert(eq(str, p.live, " 2 4"));
    cr_assert(eq(u64, p.result.refused_other, 2));
}

Test(replay, what_an_ignored_free_left_can_be_freed_later)
{
    well("heap=1024 check",
         "alloc 1 16\ncontrol lock 1\nfree 1\ncontrol lock 0\nfree 1\n");
    cr_assert(eq(u64, end_used(), 0));
}

Test(replay, a_locked_heap_collects_when_asked)
{
    well("heap=1024 check",
         "alloc 1 16\ndeath 1\ncontrol lock 1\ncollect ordinary\n"
         "control lock 0\n");
    cr_assert(eq(u64, end_used(), 0));
}

/* ---- Finalisers ------------------------------------------------------- */

Test(replay, a_finaliser_frees_a_live_object)
{
    well("heap=1024 check",
         "alloc 1 16 finaliser\nalloc 2 64\nroot 0 2\ndeath 1\nfinalise 2\n"
         "collect ordinary\n");
    cr_assert(eq(u64, end_used(), 0));
    cr_assert(eq(u64, p.result.frees, 1));
}

Test(replay, a_finaliser_frees_what_the_collection_would_sweep)
{
    well("heap=1024 check",
         "alloc 1 16 finaliser\nalloc 2 64\nstore 1 0 2\nheld roots\n"
         "death 1\ndeath 2\nfinalise 2\ncollect ordinary\n");
    cr_assert(eq(u64, end_used(), 0));
    cr_assert(eq(u64, p.collections[0].reclaimed_objects, 1));
}

Test(replay, a_finaliser_frees_one_whose_own_turn_was_to_come)
{
    well("heap=1024 check",
         "alloc 1 16 finaliser\nalloc 2 64 finaliser\nalloc 3 16 finaliser\n"
         "death 1\ndeath 2\ndeath 3\nfinalise 2 3\ncollect ordinary\n");
    cr_assert(eq(u64, end_used(), 0));
}

Test(replay, a_finaliser_frees_its_own_object)
{
    well("heap=1024 check",
         "alloc 1 16 finaliser\nalloc 2 16 finaliser\ndeath 1\ndeath 2\n"
         "finalise 1 2\ncollect ordinary\n");
    cr_assert(eq(u64, end_used(), 0));
}

Test(replay, a_finaliser_frees_in_the_middle_of_a_request)
{
    well("heap=1024 check",
         "alloc 1 16 finaliser\nalloc 2 464\nalloc 3 480\nroot 0 2\n"
         "death 1\nfinalise 2\nalloc 4 480\n");
    cr_assert(eq(u32, p.ops[3].address, p.ops[0].address));
    cr_assert(eq(str, p.live, " 4 3"));
}

Test(replay, a_live_object_freed_by_a_finaliser_during_a_realloc)
{
    well("heap=1024 check",
         "alloc 1 16 finaliser\nalloc 2 464\nalloc 3 240\nalloc 4 240\n"
         "root 0 2\nroot 1 3\nstore 2 0 3\nstore 3 0 2\nheld roots 4\n"
         "death 1\nfinalise 2\nrealloc 3 480 move\n");
    cr_assert(eq(u32, p.ops[4].address, p.ops[0].address));
    cr_assert(eq(str, p.live, " 3 4"));
}

Test(replay, where_nothing_is_collected_the_finalisers_frees_come_after)
{
    well("heap=1024 check",
         "alloc 1 16 finaliser\nalloc 2 64\nroot 0 2\ndeath 1\nfinalise 2\n"
         "alloc 3 16\nalloc 4 16\n");
    cr_assert(eq(u64, p.result.collections, 0));
    cr_assert(eq(str, p.live, " 4 3"));
    cr_assert(eq(u64, p.ops[2].after.used, 16 + 64 + 16));
}

Test(replay, in_a_locked_heap_finalisers_free_nothing)
{
    well("heap=1024 check",
         "alloc 1 16 finaliser\nalloc 2 64\nalloc 3 64\nroot 0 2\ndeath 1\n"
         "control lock 1\nfinalise 2 3\ncollect ordinary\ncontrol lock 0\n"
         "collect ordinary\n");
    cr_assert(eq(u64, end_used(), 0));
    cr_assert(eq(u64, p.ops[4].after.used, 128));
}

Test(replay, in_a_locked_heap_frees_due_after_an_operation_do_nothing)
{
    well("heap=1024 check",
         "alloc 1 64\nalloc 2 64\ncontrol lock 1\nfinalise 1\nalloc 3 16\n"
         "control lock 0\ncollect ordinary\n");
    cr_assert(eq(str, p.live, " 2"));
}

Test(replay, finalisers_free_what_this_run_never_had)
{
    well("heap=1024 check",
         "alloc 1 16 finaliser\nalloc 2 2000\ndeath 1\nfinalise 2\n"
         "collect ordinary\n");
    cr_assert(eq(u64, end_used(), 0));
}

Test(replay, collecting_everything_runs_finalisers_of_live_objects)
{
    well("heap=1024 check",
         "alloc 1 16 finaliser\nalloc 2 64\nroot 0 1\nstore 1 0 2\n"
         "finalise 2\ncollect all\n");
    cr_assert(eq(u64, end_used(), 0));
    cr_assert(eq(u64, p.collections[0].reclaimed_objects, 1));
}

Test(replay, a_heap_without_finalisers_frees_all_the_same)
{
    well("heap=1024 finalisers=0 check",
         "alloc 1 16 finaliser\nalloc 2 64\nroot 0 2\ndeath 1\nfinalise 2\n"
         "collect ordinary\n");
    cr_assert(eq(u64, end_used(), 0));
}
