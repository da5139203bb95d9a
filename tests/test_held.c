/*
 * test_held.c - what the replay takes registers and stack to hold, right
 * before every call
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "tests/played.h"

static struct played p;

/* Play `body`; at its end exactly the objects `held` are held. */
static void holds(const char *body, const char *held)
{
    play_well(&p, "heap=2048 check", body);
    cr_assert(eq(str, p.held, (char *)held), "%s", body);
}

Test(held, an_object_is_held_from_its_birth)
{
    holds("alloc 1 16\nalloc 2 32\n", " 1 2");
}

Test(held, a_death_ends_it)
{
    holds("alloc 1 16\nalloc 2 32\ndeath 1\n", " 2");
}

Test(held, a_free_ends_it)
{
    holds("alloc 1 16\nalloc 2 32\nfree 1\n", " 2");
}

Test(held, a_line_trims_to_what_it_names_and_what_nothing_reaches)
{
    holds("alloc 1 16\nalloc 2 16\nalloc 3 16\nalloc 4 16\n"
          "root 0 1\nstore 1 0 2\nheld roots 4\n",
          " 3 4");
}

Test(held, a_line_may_name_dead_and_unknown_objects_and_one_twice)
{
    holds("alloc 1 16\nalloc 2 16\nroot 0 1\ndeath 2\n"
          "held roots 2 1 1 77\n",
          " 1");
}

Test(held, lines_of_inner_pointers_trim_nothing)
{
    holds("alloc 1 16\nroot 0 1\nheld inside 1\nheld interior 1\n", " 1");
}

Test(held, what_an_overwritten_word_named_becomes_held)
{
    holds("alloc 1 16\nalloc 2 16\nalloc 3 16\nroot 0 1\nstore 1 0 2\n"
          "held roots\nstore 1 0 3\n",
          " 2 3");
}

Test(held, what_a_cleared_word_named_becomes_held)
{
    holds("alloc 1 16\nalloc 2 16\nroot 0 1\nstore 1 0 2\nheld roots\n"
          "store 1 0 -\n",
          " 2");
}

Test(held, a_word_written_as_it_was_changes_nothing)
{
    holds("alloc 1 16\nalloc 2 16\nroot 0 1\nstore 1 0 2\nheld roots\n"
          "store 1 0 2\nroot 0 1\nstore 1 1 -\nroot 1 -\n",
          "");
}

Test(held, what_an_overwritten_root_named_becomes_held)
{
    holds("alloc 1 16\nalloc 2 16\nroot 0 1\nheld roots\nroot 0 2\n", " 1 2");
}

Test(held, what_a_shrink_cuts_off_becomes_held)
{
    holds("alloc 1 64\nalloc 2 16\nroot 0 1\nstore 1 8 2\nheld roots\n"
          "realloc 1 32\n",
          " 2");
}

Test(held, a_shrink_within_the_last_block_cuts_nothing_off)
{
    holds("header has-blocks 1\nheader block-bytes 16\n"
          "alloc 1 48\nalloc 2 16\nroot 0 1\nstore 1 11 2\nheld roots\n"
          "realloc 1 33\n",
          "");
    holds("header has-blocks 1\nheader block-bytes 16\n"
          "alloc 1 48\nalloc 2 16\nroot 0 1\nstore 1 11 2\nheld roots\n"
          "realloc 1 33\nstore 1 11 -\n",
          " 2");
}

Test(held, what_a_dead_holder_named_becomes_held)
{
    holds("alloc 1 16\nalloc 2 16\nalloc 3 16\nroot 0 1\nstore 1 0 2\n"
          "store 2 1 3\nheld roots\nroot 0 -\ndeath 1\n",
          " 2");
}

Test(held, what_a_freed_holder_named_becomes_held)
{
    holds("alloc 1 16\nalloc 2 16\nroot 0 1\nstore 1 0 2\nheld roots\n"
          "free 1\n",
          " 2");
}

Test(held, what_a_moved_object_names_stays_reached)
{
    holds("alloc 1 16\nalloc 2 16\nalloc 3 16\nroot 0 1\nstore 1 0 2\n"
          "store 2 3 3\nheld roots\nrealloc 1 64 move\nrealloc 2 64 move\n"
          "collect ordinary\n",
          "");
    cr_assert(eq(u64, p.result.end.live, 64 + 64 + 16));
}

Test(held, an_object_that_dies_with_its_own_address_in_it_is_reclaimed)
{
    holds("alloc 1 16\nstore 1 0 1\ndeath 1\ncollect ordinary\n", "");
    cr_assert(eq(u64, p.result.end.used, 0));
}

Test(held, without_lines_a_collection_trims)
{
    holds("alloc 1 16\nalloc 2 16\nalloc 3 16\nroot 0 1\nstore 1 0 2\n"
          "collect ordinary\n",
          " 3");
}

Test(held, with_lines_a_collection_does_not_trim)
{
    holds("header has-held 1\n"
          "alloc 1 16\nalloc 2 16\nroot 0 1\nstore 1 0 2\n"
          "collect ordinary\n",
          " 1 2");
}

Test(held, of_a_cycle_that_nothing_reaches_the_oldest_stays)
{
    holds("alloc 1 16\nalloc 2 16\nalloc 3 16\nstore 1 0 2\nstore 2 0 3\n"
          "store 3 0 1\nheld roots\n",
          " 1");
}

Test(held, a_cycle_that_a_root_reaches_needs_nothing)
{
    holds("alloc 1 16\nalloc 2 16\nalloc 3 16\nstore 1 0 2\nstore 2 0 3\n"
          "store 3 0 1\nroot 5 2\nheld roots\n",
          "");
}

Test(held, two_cycles_joined_keep_one_object_each_way)
{
    /* 1 <-> 2 -> 3 <-> 4: the older cycle leads to the younger. */
    holds("alloc 1 16\nalloc 2 16\nalloc 3 16\nalloc 4 16\nstore 1 0 2\n"
          "store 2 0 1\nstore 2 1 3\nstore 3 0 4\nstore 4 0 3\nheld roots\n",
          " 1");
}

Test(held, a_chain_below_a_dropped_holder_is_dropped_with_it)
{
    holds("alloc 1 16\nalloc 2 16\nalloc 3 16\nalloc 4 16\nroot 0 1\n"
          "store 1 0 2\nstore 2 0 3\nstore 3 0 4\nheld roots\n",
          "");
}

Test(held, a_chain_below_a_kept_holder_is_dropped)
{
    holds("alloc 1 16\nalloc 2 16\nalloc 3 16\nstore 1 0 2\nstore 2 0 3\n"
          "held roots\n",
          " 1");
}

Test(held, a_chain_below_an_object_of_the_line_is_dropped)
{
    holds("alloc 1 16\nalloc 2 16\nalloc 3 16\nstore 3 0 2\nstore 2 0 1\n"
          "held roots 3\n",
          " 3");
}

Test(held, nobody_is_reclaimed_whatever_is_dropped)
{
    holds("alloc 1 16\nalloc 2 16\nalloc 3 16\nalloc 4 16\nalloc 5 16\n"
          "store 2 0 1\nstore 3 0 2\nstore 5 0 4\nstore 4 0 5\nheld roots\n"
          "collect ordinary\nheld roots\ncollect ordinary\nheld roots 3\n"
          "collect ordinary\nstore 3 0 -\nheld roots 3\ncollect ordinary\n",
          " 2 3 4");
    cr_assert(eq(u64, p.result.end.live, 80));
}

Test(held, many_objects_of_all_ages_are_trimmed_alike)
{
    /* More than an eighth of the live objects, and fewer: two ways. */
    static char body[8000];
    char *at = body;
    for (int i = 1; i <= 64; i++)
        at += sprintf(at, "alloc %d 16\n", i);
    for (int i = 1; i < 64; i++)
        at += sprintf(at, "store %d 0 %d\n", i, i + 1);
    sprintf(at, "root 0 1\nheld roots\n"
                "store 40 0 -\nstore 20 0 -\nstore 60 0 -\nheld roots\n"
                "collect ordinary\n");
    holds(body, " 21 41 61");
}

Test(held, deaths_are_exact_at_collections_that_nobody_recorded)
{
    play_well(&p, "heap=1024 check",
              "alloc 1 16\nroot 0 1\n"
              "alloc 2 300\nstore 1 0 2\nheld roots\nstore 1 0 -\ndeath 2\n"
              "alloc 3 300\nstore 1 0 3\nheld roots\nstore 1 0 -\ndeath 3\n"
              "alloc 4 300\nstore 1 0 4\nheld roots\nstore 1 0 -\ndeath 4\n"
              "alloc 5 300\n");
    cr_assert(gt(u64, p.result.collections, 0));
    cr_assert(eq(u64, p.result.floating, 0));
    cr_assert(eq(str, p.live, " 1 5"));
}
