/*
 * test_replay_pins.c - pins of the trace: what they hold and when they end
 *
 * Every figure is asked of the manager (check), so that a pin that outlives
 * its object would show as a largest request below the truth.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>

#include "tests/played.h"

#define COPYING "manager=copying heap=1024 check "
#define OUTER   COPYING "outer=tlsf outer_bytes=8192 "

static struct played p;

/* A hole, an object behind it that is pinned, and a request for all that is
 * free, which one hole more would refuse. */
#define HELD "alloc 1 320\nalloc 2 32\npin 2\ndeath 1\n"

Test(replay_pins, the_object_stays_until_it_is_unpinned)
{
    play_well(&p, COPYING, HELD "alloc 3 800\n");
    cr_expect(eq(u64, p.result.refused, 1));
    cr_expect(eq(u64, p.result.moved_bytes, 0));
    play_well(&p, COPYING, HELD "unpin 2\nalloc 3 800\n");
    cr_expect(eq(u64, p.result.refused, 0));
    cr_expect(eq(u64, p.result.moved_bytes, 32));
}

Test(replay_pins, at_a_refusal_the_largest_request_is_found_by_asking)
{
    char body[200];
    play_well(&p, COPYING, HELD "alloc 3 800\n");
    const struct heap_figures after = p.ops[p.n_ops - 1].after;
    uint32_t largest = (uint32_t)after.largest_request;
    cr_expect(gt(u64, after.largest_request, after.free / 2),
              "more than is sure beside one pinned object");
    for (uint32_t more = 0; more < 2; more++) {
        snprintf(body, sizeof body, HELD "alloc 3 %u\n", largest + more);
        play_well(&p, COPYING, body);
        cr_expect(eq(u64, p.result.refused, more), "%u bytes", largest + more);
    }
}

/* The next object takes the place of the pinned one in the replay's books, and
 * comes to lie behind a hole. */
#define AFTER                                                                  \
    "alloc 4 16\nalloc 5 320\nrealloc 4 32 move\ndeath 5\nalloc 6 800\n"

Test(replay_pins, a_pin_ends_with_its_object)
{
    static const char *const ends[] = {"free 2\n", "death 2\n", "collect all\n",
                                       "control reset 0\n"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char body[200];
        snprintf(body, sizeof body, HELD "%s" AFTER, ends[i]);
        play_well(&p, COPYING, body);
        cr_expect(eq(u64, p.result.refused, 0), "after %s", ends[i]);
    }
}

Test(replay_pins, a_reset_after_a_refusal_ends_all)
{
    play_well(&p, COPYING "refused=reset", HELD "alloc 3 5000\n" AFTER);
    cr_expect(eq(u64, p.result.refused, 1));
}

Test(replay_pins, ids_that_have_ended_hold_nothing)
{
    play_well(&p, COPYING "pins=kj auto=0",
              "header has-held 1\nalloc 1 320\nalloc 2 32\nalloc 3 32\n"
              "root 0 2\nheld inside 3\nheld roots\nfree 1\nfree 3\n"
              "alloc 4 800\n");
    cr_expect(eq(u64, p.result.refused, 0));
}

Test(replay_pins, in_the_outer_heap_nothing_moves_anyway)
{
    static const char body[] = "alloc 1 320\nalloc 2 32\nalloc 7 40 outer\n"
                               "pin 7\nheld inside 7\ndeath 1\n"
                               "collect ordinary\nunpin 7\nalloc 3 100\n"
                               "free 7\nalloc 4 40 outer\n";
    play_well(&p, OUTER, body);
    cr_expect(eq(u64, p.result.moved_bytes, 32));
    play_well(&p, OUTER "pins=kjv", body);
    cr_expect(eq(u64, p.result.outer.objects, 1));
}

Test(replay_pins, a_manager_that_moves_everything_says_so)
{
    play_badly(&p, "manager=semispace heap=1024 check", HELD,
               "t.ft:4: pin of object 2, but semispace moves all objects and "
               "can pin none");
}
