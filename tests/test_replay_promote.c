/*
 * test_replay_promote.c - objects made long-lived: by the trace, and by the
 * policies; and promotions that err on purpose
 *
 * The table of managers is this suite's own copy, in which twoended may be
 * broken.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#define manager_find manager_find_sound
#include "sim/replay/manager.c"
#undef manager_find

#include "core/twoended.h"
#include "tests/played.h"

static struct manager broken;
static struct played p;

const struct manager *manager_find(const char *name)
{
    return strcmp(name, "twoended") == 0 ? &broken : manager_find_sound(name);
}

static void set_up(void)
{
    broken = manager_twoended;
}

TestSuite(replay_promote, .init = set_up);

static const char graph[] = "header has-held 1\n"
                            "alloc 1 32\nalloc 2 40\nalloc 3 16\n"
                            "store 1 0 2\nstore 2 3 3\nstore 3 0 2\n"
                            "root 5 1\nroot 6 2\nheld roots 2\npromote 2\n";

/* ---- What a trace promotes -------------------------------------------- */

Test(replay_promote, the_object_moves_up_and_all_that_named_it_follows)
{
    play_well(&p, "manager=twoended heap=2048 check", graph);
    const struct op_record *r = played_last(&p);
    cr_expect(eq(u8, r->kind, TRACE_PROMOTE));
    cr_expect(eq(u8, r->outcome, OUTCOME_GRANTED));
    cr_expect(gt(u32, r->address, p.ops[2].address));
    cr_expect(eq(u64, r->asked, 40));
    cr_expect(eq(u64, r->granted, 48));
    cr_expect(eq(u64, p.result.promoted, 1));
    cr_expect(eq(u64, p.result.moved_bytes, 48));
    cr_expect(eq(str, p.live, " 1 3 2"));
}

Test(replay_promote, the_old_copy_is_garbage_until_a_collection)
{
    char body[400];
    play_well(&p, "manager=twoended heap=2048 check", graph);
    cr_expect(eq(u64, p.result.end.live, 32 + 48 + 16));
    cr_expect(eq(u64, p.result.end.used, 32 + 48 + 16 + 48));
    snprintf(body, sizeof body, "%scollect ordinary\n", graph);
    play_well(&p, "manager=twoended heap=2048 check", body);
    cr_expect(eq(u64, p.collections[0].reclaimed_bytes, 48));
    cr_expect(eq(u64, p.result.end.used, p.result.end.live));
}

Test(replay_promote, once_is_enough)
{
    char body[400];
    snprintf(body, sizeof body, "%spromote 2\n", graph);
    play_well(&p, "manager=twoended heap=2048 check", body);
    cr_expect(eq(u64, p.result.promoted, 1));
    cr_expect(eq(u32, p.ops[4].address, p.ops[3].address));
}

Test(replay_promote, a_finaliser_runs_once_for_both_copies)
{
    play_well(&p, "manager=twoended heap=2048 check",
              "alloc 1 16 finaliser\nalloc 2 16\nroot 0 1\npromote 1\n"
              "collect ordinary\nroot 0 -\ndeath 1\ncollect ordinary\n");
    cr_expect(eq(u64, p.collections[0].reclaimed_objects, 1));
    cr_expect(eq(u64, p.collections[1].reclaimed_objects, 1));
}

Test(replay_promote, a_full_heap_leaves_the_object_where_it_is)
{
    play_well(&p, "manager=twoended heap=256 check",
              "alloc 1 96\nalloc 2 96\nroot 0 1\nroot 1 2\npromote 1\n");
    cr_expect(eq(u64, p.result.promoted, 0));
    cr_expect(eq(u64, p.result.refused, 0), "nothing was asked for");
    cr_expect(eq(u32, played_last(&p)->address, p.ops[0].address));
}

Test(replay_promote, what_the_program_has_pinned_stays)
{
    play_well(&p, "manager=twoended heap=2048 check",
              "alloc 1 16\nroot 0 1\npin 1\npromote 1\nunpin 1\npromote 1\n");
    cr_expect(eq(u32, p.ops[1].address, p.ops[0].address));
    cr_expect(eq(u64, p.result.promoted, 1));
}

Test(replay_promote, managers_without_the_verb_count_what_they_ignore)
{
    play_well(&p, "manager=marksweep heap=2048 check", graph);
    cr_expect(eq(u64, p.result.ignored, 1));
    cr_expect(eq(u64, p.result.promoted, 0));
    play_well(&p, "manager=tlsf heap=2048 check", graph);
    cr_expect(eq(u64, p.result.ignored, 1));
}

Test(replay_promote, only_live_objects_are_promoted)
{
    play_badly(&p, "manager=twoended heap=2048",
               "alloc 1 16\nfree 1\npromote 1\n",
               "promote of object 1, which was freed");
    play_badly(&p, "manager=twoended heap=2048",
               "alloc 1 16\ndeath 1\npromote 1\n",
               "promote of object 1, which is dead");
    play_well(&p, "manager=twoended heap=256", "alloc 1 900\npromote 1\n");
    cr_expect(eq(u64, p.result.dropped, 1), "it never came to be");
}

/* ---- Policies --------------------------------------------------------- */

static const char imports[] = "alloc 1 16\nroot 1 1\n"
                              "phase begin a\nalloc 2 32\nroot 2 2\n"
                              "phase begin b\nalloc 3 48\nroot 3 3\n"
                              "phase end b\nalloc 4 64\nalloc 5 16\ndeath 5\n"
                              "root 4 4\nphase begin failed\nalloc 6 16\n"
                              "death 6\nphase end a\nalloc 7 16\nroot 7 7\n";

Test(replay_promote, who_survives_an_import_is_promoted_at_its_end)
{
    play_well(&p, "manager=twoended promote=imports heap=2048 check", imports);
    cr_expect(eq(u64, p.result.promoted, 3));
    cr_expect(eq(str, p.live, " 1 7 4 2 3"), "each import's oldest first");
    cr_expect(eq(u32, p.n_collections, 2), "the old copies are in the way");
    cr_expect(eq(u64, p.result.end.used, p.result.end.live));
}

Test(replay_promote, an_import_in_which_nothing_is_born_costs_nothing)
{
    play_well(&p, "manager=twoended promote=imports heap=2048 check",
              "alloc 1 16\nphase begin a\nphase end a\nphase end never\n");
    cr_expect(eq(u32, p.n_collections, 0));
    cr_expect(eq(u64, p.result.promoted, 0));
}

Test(replay_promote, what_died_in_an_import_goes_though_words_still_name_it)
{
    play_well(&p, "manager=twoended promote=imports heap=1031 check",
              "header has-held 1\nphase begin a\nalloc 1 64\nalloc 2 400\n"
              "root 0 1\ndeath 1\nphase end a\n");
    cr_expect(eq(u64, p.result.promoted, 1));
    cr_expect(eq(u64, p.result.end.used, 400));
}

Test(replay_promote, imports_may_nest_deeper_than_is_remembered)
{
    char body[8000], *to = body;
    for (int i = 0; i < 100; i++)
        to += sprintf(to, "phase begin %d\nalloc %d 4\n", i, i);
    for (int i = 99; i >= 0; i--)
        to += sprintf(to, "phase end %d\n", i);
    play_well(&p, "manager=twoended promote=imports heap=8192 check", body);
    cr_expect(eq(u64, p.result.promoted, 64));
}

Test(replay_promote, a_checkpoint_ends_what_the_last_one_began)
{
    play_well(&p, "manager=twoended promote=checkpoints heap=2048 check",
              "alloc 1 16\nroot 0 1\n"
              "expect state at 16 16 1 1 0 1 0 - 0000000000000000 "
              "0:0:0:0000000000000000 label one\n"
              "alloc 2 16\nroot 1 2\nalloc 3 16\ndeath 3\n"
              "expect state after 16 16 1 1 0 1 0 - 0000000000000000 "
              "0:0:0:0000000000000000\n"
              "expect state at 16 16 1 1 0 1 0 - 0000000000000000 "
              "0:0:0:0000000000000000 label two\n"
              "alloc 4 16\n");
    cr_expect(eq(u64, p.result.promoted, 2));
    cr_expect(eq(str, p.live, " 4 2 1"));
}

/* Half of the heap are 512 bytes. */
Test(replay_promote, the_oracle_knows_who_outlives_half_a_heap_of_bytes)
{
    play_well(&p, "manager=twoended promote=oracle heap=1024 check",
              "alloc 1 16\nalloc 2 16\nalloc 3 480\ndeath 1\nrealloc 3 497\n"
              "death 2\nfree 3\nalloc 4 16\nfinalise 4\ncollect ordinary\n"
              "alloc 5 16\n");
    cr_expect(lt(u32, p.ops[0].address, p.ops[1].address));
    cr_expect(lt(u32, p.ops[2].address, p.ops[1].address));
    cr_expect(lt(u32, p.ops[5].address, p.ops[1].address));
    cr_expect(eq(u32, played_last(&p)->address, p.ops[1].address),
              "and who lives to the end");
    cr_expect(eq(u64, p.result.promoted, 0));
}

Test(replay_promote, an_oracle_must_have_been_asked)
{
    struct workload *w;
    struct sink sink = {0};
    struct replay_options o = {.manager = "twoended", .heap_bytes = 4096};
    strcpy(o.params[0].key, "promote");
    strcpy(o.params[0].value, "oracle");
    o.n_params = 1;
    cr_assert(eq(int, workload_open(&w, "comb", NULL, &p.problem), 0));
    cr_assert(eq(int, replay_resolve(&o, &w->header, &p.problem), 0));
    cr_expect(
        eq(int, replay_run(w, &o, &sink, &p.result, &p.problem), ERR_INPUT));
    workload_close(w);
}

/* ---- Promotions that err ---------------------------------------------- */

static addr32 forgetful_promote(struct heap *h, addr32 object)
{
    addr32 to = twoended_promote(h, object);
    *word_at(h, to + 8) ^= 4;
    return to;
}

static addr32 crowded_promote(struct heap *h, addr32 object)
{
    return twoended_promote(h, object) - 16 * 120;
}

static addr32 hasty_promote(struct heap *h, addr32 object)
{
    addr32 to = twoended_promote(h, object);
    twoended_free(h, object);
    return to;
}

static void fails(uint32_t (*promote)(struct heap *, uint32_t),
                  const char *body, const char *text)
{
    set_up();
    broken.promote = promote;
    play_text(&p, "manager=twoended heap=2048 check", body);
    cr_assert(eq(int, p.err, 0), "%s", p.problem.text);
    cr_assert(eq(int, p.result.status, REPLAY_FAILED));
    cr_assert(eq(u64, p.result.operations, 4), "%s", p.result.reason);
    cr_assert(ne(ptr, strstr(p.result.reason, text), NULL),
              "'%s' does not say '%s'", p.result.reason, text);
}

Test(replay_promote, a_promotion_that_errs_is_caught_at_once)
{
    fails(forgetful_promote, graph, "word 2 of object 2 should hold");
    fails(crowded_promote, graph, "overlapping another object");
    fails(hasty_promote, graph, "does not have object");
}
