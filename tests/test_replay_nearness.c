/*
 * test_replay_nearness.c - how near a run comes to what its manager's card
 * grants for certain
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "sim/replay/manager.h"
#include "tests/played.h"

static struct played p;

static void comes_to(const char *options, const char *body, uint64_t live,
                     uint64_t sure, uint64_t operation)
{
    play_well(&p, options, body);
    cr_expect(eq(u64, p.result.nearest.live, live), "%s", options);
    cr_expect(eq(u64, p.result.nearest.sure, sure), "%s", options);
    cr_expect(eq(u64, p.result.nearest.operation, operation), "%s", options);
}

static const char three[] = "alloc 1 64\nalloc 2 30\nfree 1\nalloc 3 4\n";

/* 2,048 bytes are 124 blocks; a half of them 62. */
Test(replay_nearness, one_that_moves_is_sure_of_all_that_is_free)
{
    comes_to("manager=copying heap=2048", three, 96, 124 * 16, 2);
    comes_to("manager=copying heap=2048", "alloc 1 64\nalloc 2 4000\n", 4064,
             124 * 16, 2);
    cr_expect(eq(u64, p.result.refused, 1), "beyond the guarantee");
    comes_to("manager=semispace heap=2048", three, 96, 62 * 16, 2);
}

Test(replay_nearness, pinned_objects_leave_a_share)
{
    comes_to("manager=copying heap=2048",
             "alloc 1 64\nalloc 2 32\npin 1\nalloc 3 16\n", 112,
             96 + (124 * 16 - 96) / 2, 3);
}

Test(replay_nearness, a_pinned_object_may_leave_no_room_for_an_entry)
{
    comes_to("manager=handles heap=1024",
             "alloc 1 16\npin 1\nalloc 2 500\nalloc 3 480\nfree 2\npin 3\n"
             "alloc 4 8\nalloc 5 8\n",
             20, 800, 1);
    cr_expect(eq(u64, p.result.refused_fragmented, 1));
}

Test(replay_nearness, index_blocks_of_spines_are_not_for_data)
{
    comes_to("manager=chains link=spine block=16 heap=1024",
             "alloc 1 640\nalloc 2 32\nalloc 3 32\n", 704, 60 * 2 / 3 * 16, 3);
}

Test(replay_nearness, policies_of_fit_have_their_own_formulas)
{
    static const char body[] = "alloc 1 16\nalloc 2 256\n";
    comes_to("manager=fit heap=2048", body, 272, 124 * 16 / 5, 2);
    comes_to("manager=fit policy=best heap=2048", body, 272, 124 * 16 / 14, 2);
    comes_to("manager=fit policy=next heap=2048", body, 272,
             (124 - 16) * 16 / 16, 2);
}

Test(replay_nearness, the_bound_is_that_of_the_largest_request_so_far)
{
    comes_to("manager=marksweep heap=2048",
             "alloc 1 256\nfree 1\nalloc 2 16\nalloc 3 256\n", 272,
             124 * 16 / 3, 4);
}

Test(replay_nearness, several_areas_are_sure_of_nothing)
{
    comes_to("manager=marksweep areas=1024+1024", three, 0, 0, 0);
    comes_to("manager=handles heap=2048 wait=0", three, 0, 0, 0);
}
