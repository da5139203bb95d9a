/*
 * test_replay_outer.c - a real outer heap beside the collected one: it gives
 * areas and takes them back, and serves objects that no collection sees
 *
 * Under check its walk, its invariants and every largest_request are confirmed
 * after each operation.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/played.h"
#include "traces/synth/rng.h"

#define OUTER "heap=1024 outer=tlsf outer_bytes=16384 check "

static struct played p;

static void well(const char *options, const char *body)
{
    play_well(&p, options, body);
}

Test(replay_outer, serves_objects_beside_the_collected_heap)
{
    well(OUTER, "alloc 1 100\nalloc 2 5000 outer\nalloc 3 200\n");
    cr_assert(eq(str, p.live, " 1 3"));
    cr_assert(eq(u64, p.ops[1].granted, 5004));
    cr_assert(eq(u64, p.result.end.live, 112 + 208));
    cr_assert(eq(u64, p.result.outer.live, 5004));
    cr_assert(eq(u64, p.result.outer.asked, 5000));
    cr_assert(eq(u64, p.result.outer.objects, 1));
    cr_assert(eq(u64, p.result.outer.areas, 0));
}

Test(replay_outer, an_object_there_survives_collections_that_find_no_reference)
{
    well(OUTER, "alloc 1 900 outer\nalloc 2 900\ndeath 2\n"
                "held roots\ncollect ordinary\ncollect all\nfree 1\n");
    cr_assert(eq(u64, p.result.collections, 2));
    cr_assert(eq(u64, p.result.frees, 1));
    cr_assert(eq(u64, p.result.outer.objects, 0));
}

Test(replay_outer, a_pin_there_holds_nothing_up)
{
    well("manager=copying " OUTER,
         "alloc 1 900 outer\npin 1\nalloc 2 64\nalloc 3 64\ndeath 2\n"
         "collect ordinary\nunpin 1\n");
    cr_assert(eq(u64, p.result.end.largest_free, p.result.end.free));
}

Test(replay_outer, a_death_there_frees_at_once_and_the_later_free_is_dropped)
{
    well(OUTER, "alloc 1 900 outer\ndeath 1\nalloc 2 16\nfree 1\n");
    cr_assert(eq(u64, p.result.freed_at_death, 1));
    cr_assert(eq(u64, p.result.dropped, 1));
    cr_assert(eq(u64, p.result.outer.live, 0));
}

Test(replay_outer, references_go_both_ways_and_are_kept_intact)
{
    well(OUTER, "alloc 1 64 outer\nalloc 2 64\nalloc 3 64\nstore 1 0 2\n"
                "store 2 1 1\nstore 1 3 1\nroot 0 1\nheld roots\n"
                "collect ordinary\nrealloc 1 4000 move\nalloc 4 40 outer\n"
                "realloc 1 9000 move\nheld roots\ncollect ordinary\n"
                "store 1 0 3\nheld roots\ncollect ordinary\nfree 1\n"
                "collect ordinary\n");
    cr_assert(eq(str, p.live, " 2 3"));
    cr_assert(eq(u64, p.result.outer.objects, 1));
}

Test(replay_outer, what_only_an_outer_object_names_is_held)
{
    well(OUTER "mark_stack=1", "alloc 1 64 outer\nalloc 2 64\nalloc 3 64\n"
                               "store 1 0 2\nstore 2 0 3\nroot 0 1\n"
                               "collect ordinary\n");
    cr_assert(eq(str, p.live, " 2 3"));
    cr_assert(eq(str, p.held, " 2"));
}

Test(replay_outer, areas_come_from_it_and_go_back)
{
    well(OUTER "grow=1", "alloc 1 900\nalloc 2 3000\nalloc 5 4000 outer\n"
                         "alloc 3 100\ndeath 2\ncollect ordinary\ndeath 3\n"
                         "collect ordinary\nalloc 4 6000 outer\n");
    cr_assert(eq(u64, p.result.refused, 0));
    cr_assert(eq(u32, p.collections[p.n_collections - 1].given_back, 1));
    cr_assert(eq(u64, p.result.outer.areas, 0));
    cr_assert(eq(u64, p.result.outer.objects, 2));
}

Test(replay_outer, a_moving_heap_grows_and_gives_back_what_it_empties)
{
    well(OUTER "manager=copying grow=1 zero=0",
         "alloc 1 900\nalloc 2 3000\nalloc 5 4000 outer\nalloc 3 100\n"
         "store 5 0 3\ndeath 2\ndeath 1\ncollect ordinary\ndeath 3\n"
         "collect ordinary\nalloc 4 6000 outer\n");
    cr_assert(eq(u64, p.result.refused, 0));
    cr_assert(eq(u32, p.collections[p.n_collections - 1].given_back, 1));
    cr_assert(eq(u64, p.result.outer.areas, 0));
}

Test(replay_outer, a_moving_heap_keeps_an_empty_area_that_a_request_needs)
{
    well(OUTER "manager=copying grow=1",
         "alloc 1 900\nalloc 2 3000\nalloc 3 9000 outer\ndeath 2\n"
         "alloc 4 2900\n");
    cr_assert(eq(u64, p.result.refused, 0));
    cr_assert(eq(u32, p.collections[p.n_collections - 1].given_back, 0));
}

Test(replay_outer, what_a_moving_heap_grows_by_surely_holds_the_request)
{
    char options[200], body[60];
    for (int bytes = 800; bytes < 130000; bytes = bytes * 5 / 4 + 13) {
        snprintf(options, sizeof options,
                 "heap=1024 manager=copying grow=1 outer=tlsf check leaf=1 "
                 "ambiguous=1 block=%d outer_bytes=%d",
                 8 << bytes % 4, bytes);
        snprintf(body, sizeof body, "alloc 1 700\nalloc 2 %d\n", bytes / 2);
        well(options, body);
    }
}

Test(replay_outer, its_objects_are_in_the_way_of_growth)
{
    static const char body[] = "alloc 1 900\n%salloc 2 9000\n";
    char text[200];
    sprintf(text, body, "");
    well(OUTER "grow=1", text);
    cr_assert(eq(u64, p.result.refused, 0));
    sprintf(text, body, "alloc 3 9000 outer\n");
    well(OUTER "grow=1", text);
    cr_assert(eq(u64, p.result.refused, 1));
    cr_assert(eq(u64, p.ops[1].after.largest_request, 5244));
}

Test(replay_outer, a_refusal_there_tells_of_that_heap)
{
    well(OUTER, "alloc 1 7000 outer\nalloc 2 100 outer\nalloc 3 7000 outer\n"
                "free 1\nalloc 4 8000 outer\nstore 4 0 2\nfree 4\n"
                "realloc 2 9000 move\nrealloc 2 90000 move\n");
    cr_assert(eq(u64, p.result.refused, 3));
    cr_assert(eq(u8, p.refusals[0].outcome, OUTCOME_FRAGMENTED));
    cr_assert(eq(u64, p.refusals[0].free, 16368 - 112 - 7008 - 2 * 4));
    cr_assert(eq(u64, p.refusals[0].n_holes, 2));
    cr_assert(eq(u8, p.refusals[2].outcome, OUTCOME_SHORT));
    cr_assert(eq(u64, p.result.dropped, 2));
    cr_assert(eq(str, p.live, ""));
}

Test(replay_outer, requests_that_the_recording_saw_refused)
{
    well(OUTER, "alloc 1 100 outer\nrefused alloc memory 5000 outer\n"
                "refused alloc memory 50000 outer\n"
                "refused realloc memory 1 5000 move\n"
                "refused realloc memory 1 5000\n"
                "refused realloc memory 1 50000 move\n");
    cr_assert(eq(u64, p.result.refused, 2));
    cr_assert(eq(u64, p.result.outer.asked, 100));
}

Test(replay_outer, sizes_at_the_edge)
{
    well(OUTER, "alloc 1 0 outer\nalloc 2 4294967296 outer\n"
                "alloc 3 4294967295 outer\nalloc 4 1 outer\n"
                "realloc 4 4294967296 move\n");
    cr_assert(eq(u64, p.result.empty, 1));
    cr_assert(eq(u8, p.ops[1].outcome, OUTCOME_LIMIT));
    cr_assert(eq(u8, p.ops[2].outcome, OUTCOME_LIMIT));
    cr_assert(eq(u64, p.ops[3].granted, 12));
    cr_assert(eq(u64, p.result.refused, 3));
}

Test(replay_outer, finalisers_free_there_too_even_when_the_heap_is_locked)
{
    well(OUTER, "alloc 1 64 finaliser\nalloc 2 500 outer\nalloc 3 500 outer\n"
                "death 1\ncontrol lock 1\nfinalise 2\ncollect ordinary\n"
                "control lock 0\nfinalise 3\ncollect ordinary\n");
    cr_assert(eq(u64, p.result.frees, 2));
    cr_assert(eq(u64, p.result.outer.objects, 0));
}

Test(replay_outer, a_soft_reset_leaves_it_and_a_refusals_reset_does_not)
{
    well(OUTER "grow=1", "alloc 1 900\nalloc 2 3000\nalloc 3 100 outer\n"
                         "control reset 0\nalloc 4 900\nfree 3\n");
    cr_assert(eq(u64, p.result.outer.areas, 0));
    cr_assert(eq(u64, p.result.frees, 1));
    well(OUTER "grow=1 refused=reset",
         "alloc 1 900\nalloc 2 3000\nalloc 3 100 outer\nroot 0 3\n"
         "alloc 4 50000\nalloc 5 900\nfree 3\n");
    cr_assert(eq(u64, p.result.lost, 3));
    cr_assert(eq(u64, p.result.dropped, 1));
    cr_assert(eq(u64, p.result.outer.free, 16364));
}

Test(replay_outer, both_rules_of_growth_have_true_figures)
{
    static const char body[] =
        "alloc 1 900\nalloc 2 300\nalloc 3 5000\nalloc 10 700 outer\n"
        "alloc 4 200\nfree 3\nalloc 5 4000\ndeath 2\nalloc 11 2000 outer\n"
        "alloc 6 2500\nfree 10\ndeath 5\ndeath 4\nalloc 7 9000\n"
        "alloc 8 700\ncollect ordinary\nfree 11\nalloc 9 3000\n";
    static const char *const kinds[] = {
        "",
        "growth=103%",
        "area_struct=64 block=32",
        "area_struct=64 block=64 growth=103%",
        "area_struct=28 block=8 finalisers=0",
        "quirks=exact",
    };
    char options[200];
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (int bytes = 9000; bytes < 30000; bytes += 3333) {
            snprintf(options, sizeof options,
                     "heap=1024 grow=1 outer=tlsf outer_bytes=%d check %s",
                     bytes, kinds[i]);
            well(options, body);
        }
}

Test(replay_outer, wrong_wishes_end_in_a_message)
{
    play_badly(&p, "heap=1024", "alloc 1 100 outer\n", "outer=tlsf");
    play_badly(&p, "heap=1024 manager=tlsf", "alloc 1 100 outer\n",
               "which tlsf does not have");
    play_badly(&p, "heap=1024", "refused alloc memory 100 outer\n",
               "outer=tlsf");
    play_badly(&p, "heap=1024 outer=tlsf", "alloc 1 100 outer\n",
               "outer_bytes=0");
    play_badly(&p, "heap=1024 outer=fit", "alloc 1 100\n", "none|tlsf");
    play_badly(&p, OUTER, "alloc 1 100 outer\nfree 1\nfree 1\n",
               "which was freed");
    play_badly(&p, OUTER, "alloc 1 100 outer\nstore 1 25 1\n", "100 bytes");
}

static struct rng rng;

static uint32_t below(uint32_t n)
{
    return rng_below(&rng, n);
}

/* Lawful operations on a few dozen objects of both heaps. */
static char *make_random(uint64_t seed)
{
    uint32_t bytes[60] = {0};
    char *text;
    size_t n;
    rng_seed(&rng, seed);
    FILE *f = open_memstream(&text, &n);
    uint32_t id[60], next = 0;
    for (int i = 0; i < 300; i++) {
        uint32_t k = below(60), other = below(60);
        uint32_t dice = below(10);
        if (bytes[k] == 0) {
            static const uint32_t most[] = {20, 60, 200, 2500};
            bytes[k] = 1 + below(most[below(4)]);
            id[k] = next++;
            fprintf(f, "alloc %u %u%s\n", id[k], bytes[k],
                    below(2) ? " outer" : "");
        } else if (dice < 3) {
            fprintf(f, "%s %u\n", below(2) ? "free" : "death", id[k]);
            bytes[k] = 0;
        } else if (dice < 5) {
            bytes[k] = 1 + below(3000);
            fprintf(f, "realloc %u %u%s\n", id[k], bytes[k],
                    below(3) ? " move" : "");
        } else if (dice < 9 && bytes[k] >= 4 && bytes[other] > 0) {
            fprintf(f, "store %u %u %u\n", id[k], below(bytes[k] / 4),
                    id[other]);
        } else if (bytes[other] > 0) {
            fprintf(f, "root %u %u\ncollect ordinary\n", below(5), id[other]);
        }
    }
    fclose(f);
    return text;
}

Test(replay_outer, random_traces_end_with_true_figures)
{
    static const char *const kinds[] = {
        "grow=1",
        "grow=0",
        "grow=1 quirks=exact refused=reset",
        "grow=1 block=64 area_struct=64",
        "grow=1 block=8 growth=103%",
        "manager=copying grow=1",
        "manager=copying grow=0",
        "manager=copying grow=1 slide=window holes=0 block=8 refused=reset",
        "manager=copying grow=1 block=64 leaf=1 ambiguous=1 mark_stack=4",
        "manager=copying grow=1 block=32 finalisers=0 pins=k",
        "manager=copying grow=1 auto=0 zero=0",
        "manager=copying grow=1 threshold=3000",
    };
    size_t n_kinds = sizeof kinds / sizeof *kinds;
    char options[200];
    uint32_t n = getenv("FRAGLAB_LONG") != NULL ? 10000 : 240;
    for (uint32_t i = 0; i < n; i++) {
        char *body = make_random(i);
        snprintf(options, sizeof options,
                 "heap=%u outer=tlsf outer_bytes=%u check %s",
                 700 + below(4000), 2000 + below(40000), kinds[i % n_kinds]);
        play_text(&p, options, body);
        cr_assert(eq(int, p.err, 0), "seed %u, %s: %s", i, options,
                  p.problem.text);
        cr_assert(p.result.status == REPLAY_COMPLETE && p.wrong[0] == '\0',
                  "seed %u, %s: %s%s", i, options, p.result.reason, p.wrong);
        free(body);
    }
}
