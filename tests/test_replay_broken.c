/*
 * test_replay_broken.c - managers that err on purpose: the replay fails at
 * the first operation that shows it, and says which object
 *
 * The manager is marksweep with one function replaced; the table of managers
 * is this suite's own copy, so that the replay finds the broken one.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#define manager_find manager_find_sound
#include "sim/replay/manager.c"
#undef manager_find

#include "core/handles.h"
#include "core/host.h"
#include "core/marksweep.h"
#include "tests/played.h"

static struct manager broken;
static struct played p;
static addr32 nth[64]; /* what was answered, in order                      */
static uint32_t n_calls;

const struct manager *manager_find(const char *name)
{
    return manager_find_sound(name) != NULL ? &broken : NULL;
}

static void set_up(void)
{
    broken = manager_marksweep;
    n_calls = 0;
}

TestSuite(replay_broken, .init = set_up);

/* The run fails at operation `seq`, and the reason says all of `texts`. */
static void fails(const char *options, const char *body, uint64_t seq,
                  const char *text, const char *more)
{
    char place[64];
    snprintf(place, sizeof place, ": operation %llu (",
             (unsigned long long)seq);
    play_text(&p, options, body);
    cr_assert(eq(int, p.err, 0), "%s", p.problem.text);
    cr_assert(eq(int, p.result.status, REPLAY_FAILED));
    cr_assert(eq(u64, p.result.operations, seq), "%s", p.result.reason);
    const char *needles[] = {place, "t.ft:", text, more};
    for (int i = 0; i < 4; i++)
        cr_assert(ne(ptr, strstr(p.result.reason, needles[i]), NULL),
                  "'%s' does not say '%s'", p.result.reason, needles[i]);
    cr_assert(eq(u32, p.n_ends, 1));
}

/* ---- Wrong answers ---------------------------------------------------- */

static addr32 sound_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    addr32 a = marksweep_alloc(h, bytes, flags);
    nth[n_calls++ % 64] = a;
    return a;
}

static addr32 overlapping_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    addr32 a = sound_alloc(h, bytes, flags);
    return n_calls == 3 ? nth[0] + 16 : a;
}

static addr32 same_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    addr32 a = sound_alloc(h, bytes, flags);
    return n_calls == 3 ? nth[0] : a;
}

static addr32 misaligned_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    addr32 a = sound_alloc(h, bytes, flags);
    return n_calls == 3 ? a + 4 : a;
}

static addr32 outside_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    addr32 a = sound_alloc(h, bytes, flags);
    return n_calls == 3 ? h->first.pool - 16 : a;
}

static addr32 below_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    addr32 a = sound_alloc(h, bytes, flags);
    return n_calls == 3 ? 16 : a;
}

static addr32 far_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    addr32 a = sound_alloc(h, bytes, flags);
    return n_calls == 3 ? UINT32_C(0xfffffff0) : a;
}

static addr32 behind_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    addr32 a = sound_alloc(h, bytes, flags);
    return n_calls == 3 ? h->first.pool + area_blocks(&h->first) * 16 - 16 : a;
}

static const char three[] = "alloc 1 32\nalloc 2 32\nalloc 3 32\nalloc 4 16\n";

Test(replay_broken, answers_that_overlap_are_caught)
{
    broken.alloc = overlapping_alloc;
    fails("heap=1024", three, 3, "object 3 got", "overlapping another");
    set_up();
    broken.alloc = same_alloc;
    fails("heap=1024", three, 3, "object 3 got", "overlapping another");
}

Test(replay_broken, an_answer_that_is_not_aligned_is_caught)
{
    broken.alloc = misaligned_alloc;
    fails("heap=1024", three, 3, "alloc of object 3", "not aligned");
}

Test(replay_broken, answers_outside_the_areas_are_caught)
{
    uint32_t (*const wrong[])(struct heap *, uint32_t, uint32_t) = {
        outside_alloc, below_alloc, far_alloc, behind_alloc};
    for (int i = 0; i < 4; i++) {
        set_up();
        broken.alloc = wrong[i];
        fails("heap=1024", three, 3, "object 3 got", "outside");
    }
}

static addr32 overlapping_realloc(struct heap *h, addr32 object, uint32_t bytes,
                                  bool may_move)
{
    return marksweep_realloc(h, object, bytes, may_move) + 16;
}

static addr32 forgetful_realloc(struct heap *h, addr32 object, uint32_t bytes,
                                bool may_move)
{
    addr32 a = marksweep_realloc(h, object, bytes, may_move);
    *word_at(h, a + 4) = 0;
    return a;
}

Test(replay_broken, a_realloc_that_lands_wrong_is_caught)
{
    broken.realloc = overlapping_realloc;
    fails("heap=1024",
          "alloc 1 32\nalloc 2 32\nalloc 3 16\nfree 2\nrealloc 1 64\n", 5,
          "realloc of object 1", "overlapping");
}

Test(replay_broken, a_realloc_that_loses_contents_is_caught)
{
    broken.realloc = forgetful_realloc;
    fails("heap=1024", "alloc 1 32\nrealloc 1 64\n", 2, "realloc of object 1",
          "word 1 of object 1 should hold 0x");
}

Test(replay_broken, an_answer_of_null_is_no_more_than_a_refusal)
{
    /* But the figure says that there is room. */
    broken.alloc = sound_alloc;
    play_text(&p, "heap=1024 check", "alloc 1 16\n");
    cr_assert(eq(int, p.result.status, REPLAY_COMPLETE));
}

static addr32 lazy_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    if (bytes > 400)
        h->refusal = REFUSAL_FULL;
    return bytes > 400 ? 0 : marksweep_alloc(h, bytes, flags);
}

Test(replay_broken, a_refusal_of_what_would_fit_is_caught)
{
    broken.alloc = lazy_alloc;
    fails("heap=1024", "alloc 1 16\nalloc 2 500\n", 2, "alloc of object 2",
          "refused 500 bytes; by its card it grants up to 944");
    fails("heap=1024 check", "alloc 1 16\nalloc 2 500\n", 1,
          "alloc of object 1",
          "largest_request is 944, but by asking it is 400");
}

/* ---- Contents --------------------------------------------------------- */

static addr32 scribbling_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    addr32 a = sound_alloc(h, bytes, flags);
    if (n_calls == 3)
        *word_at(h, nth[0] + 20) = 12345;
    return a;
}

static addr32 rooting_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    addr32 a = sound_alloc(h, bytes, flags);
    if (n_calls == 3)
        heap_roots(h)->word[5] = nth[0];
    return a;
}

static addr32 holding_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    addr32 a = sound_alloc(h, bytes, flags);
    if (n_calls == 3) {
        struct guest_roots *r = heap_roots(h);
        r->word[r->n_precise + 1] = nth[0];
    }
    return a;
}

Test(replay_broken, a_word_that_changes_by_itself_is_caught_at_the_free)
{
    broken.alloc = scribbling_alloc;
    fails("heap=1024",
          "alloc 1 32\nalloc 2 32\nalloc 3 32\nfree 2\nfree 1\nfree 3\n", 5,
          "free of object 1", "word 5 of object 1 should hold 0x");
}

Test(replay_broken, a_word_that_changes_by_itself_is_caught_at_the_end)
{
    broken.alloc = scribbling_alloc;
    play_text(&p, "heap=1024", three);
    cr_assert(eq(int, p.result.status, REPLAY_FAILED));
    cr_assert(ne(ptr, strstr(p.result.reason, "word 5 of object 1"), NULL));
}

Test(replay_broken, a_reference_that_changes_is_caught)
{
    broken.alloc = scribbling_alloc;
    fails("heap=1024",
          "alloc 1 32\nalloc 2 32\nstore 1 5 2\nalloc 3 32\nfree 1\n", 4,
          "free of object 1", "word 5 of object 1 should hold 0x2001");
}

Test(replay_broken, roots_that_change_are_caught)
{
    broken.alloc = rooting_alloc;
    play_text(&p, "heap=1024", three);
    cr_assert(ne(ptr, strstr(p.result.reason, "root word 5 does not"), NULL));
    set_up();
    broken.alloc = holding_alloc;
    play_text(&p, "heap=1024", three);
    cr_assert(ne(ptr, strstr(p.result.reason, "root word 1025 does"), NULL));
}

static addr32 dirty_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    addr32 a = sound_alloc(h, bytes, flags);
    if (bytes == 20)
        *byte_at(h, a + bytes - 3) = 1;
    return a;
}

static addr32 dirty_rest_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    addr32 a = sound_alloc(h, bytes, flags);
    if (bytes == 20)
        *byte_at(h, a + bytes) = 1;
    return a;
}

static addr32 dirty_realloc(struct heap *h, addr32 object, uint32_t bytes,
                            bool may_move)
{
    addr32 a = marksweep_realloc(h, object, bytes, may_move);
    *byte_at(h, a + bytes - 1) = 1;
    return a;
}

Test(replay_broken, memory_that_is_not_zeroed_is_caught)
{
    broken.alloc = dirty_alloc;
    fails("heap=1024 check", "alloc 1 8\nalloc 2 20\n", 2, "alloc of object 2",
          "byte 17 of object 2 at 0x");
    set_up();
    broken.alloc = dirty_rest_alloc;
    fails("heap=1024 zero=0 check", "alloc 1 20\n", 1, "alloc of object 1",
          "byte 20 of object 1");
    set_up();
    broken.realloc = dirty_realloc;
    fails("heap=1024 check", "alloc 1 20\nrealloc 1 60\n", 2,
          "realloc of object 1", "byte 59 of object 1");
}

/* ---- Collections ------------------------------------------------------ */

static uint32_t greedy_collect(struct heap *h, uint32_t kind)
{
    uint32_t freed = marksweep_collect(h, kind);
    marksweep_free(h, nth[1]);
    return freed;
}

static uint32_t idle_collect(struct heap *h, uint32_t kind)
{
    (void)kind;
    h->n_collections++;
    h->last_cause = CAUSE_ASKED;
    return 0;
}

static uint32_t shrinking_collect(struct heap *h, uint32_t kind)
{
    uint32_t freed = marksweep_collect(h, kind);
    marksweep_realloc(h, nth[0], 16, false);
    return freed;
}

static uint32_t inventing_collect(struct heap *h, uint32_t kind)
{
    uint32_t freed = marksweep_collect(h, kind);
    marksweep_alloc(h, 32, 0); /* where object 3 was */
    marksweep_alloc(h, 32, 0);
    return freed;
}

static uint32_t finalising_collect(struct heap *h, uint32_t kind)
{
    heap_on_finalise(h, nth[0]);
    return marksweep_collect(h, kind);
}

static uint32_t lost_finaliser_collect(struct heap *h, uint32_t kind)
{
    heap_on_finalise(h, nth[0] + 16);
    return marksweep_collect(h, kind);
}

static const char collected[] = "alloc 1 32\nalloc 2 32\nalloc 3 32\n"
                                "root 7 2\nheld roots 1\ndeath 3\n"
                                "collect ordinary\nalloc 4 16\n";

static void fails_to_collect(uint32_t (*collect)(struct heap *, uint32_t),
                             const char *text, const char *more)
{
    set_up();
    broken.alloc = sound_alloc;
    broken.collect = collect;
    fails("heap=1024 check", collected, 4, text, more);
}

Test(replay_broken, a_live_object_that_is_reclaimed_is_caught)
{
    fails_to_collect(greedy_collect,
                     "(collect): ", "the collection reclaimed object 2 at 0x");
}

Test(replay_broken, a_dead_object_that_is_kept_is_caught_under_check)
{
    fails_to_collect(idle_collect,
                     "(collect): ", "the collection kept object 3 at 0x");
    play_text(&p, "heap=1024", collected);
    cr_assert(eq(u64, p.result.floating, 1), "without check it is counted");
}

Test(replay_broken, a_collection_that_cuts_objects_is_caught)
{
    fails_to_collect(shrinking_collect,
                     "(collect): ", "object 1 has 16 bytes, not 32");
}

Test(replay_broken, a_collection_that_leaves_unknown_objects_is_caught)
{
    fails_to_collect(inventing_collect,
                     "(collect): ", "that is not in the trace");
}

Test(replay_broken, finalisers_that_are_called_wrongly_are_caught)
{
    fails_to_collect(finalising_collect, "(collect): ",
                     "the finaliser of object 1 was called, which is live");
    fails_to_collect(lost_finaliser_collect,
                     "(collect): ", "where no object is");
}

/* ---- Tables ----------------------------------------------------------- */

static addr32 misfiling_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    addr32 a = sound_alloc(h, bytes, flags);
    if (bytes == 20)
        h->heap_bytes = INT32_MAX;
    return a;
}

static void keeping_free(struct heap *h, addr32 object)
{
    (void)h;
    (void)object;
}

static bool short_walk(struct heap *h, struct heap_cursor *c,
                       struct heap_object *o)
{
    return marksweep_walk(h, c, o) && o->block == 0;
}

Test(replay_broken, tables_that_do_not_agree_are_caught_under_check)
{
    broken.alloc = misfiling_alloc;
    fails("heap=1024 check", "alloc 1 32\nalloc 2 20\n", 2, "alloc of object 2",
          "marksweep_check: invariant 1 is broken");
}

Test(replay_broken, a_free_that_frees_nothing_is_caught)
{
    broken.free = keeping_free;
    fails("heap=1024 check", "alloc 1 32\nalloc 2 32\nfree 1\nfree 2\n", 3,
          "free of object 1", "has an object at 0x20010");
}

Test(replay_broken, a_walk_that_ends_early_is_caught)
{
    broken.walk = short_walk;
    fails("heap=1024 check", "alloc 1 32\nalloc 2 32\n", 2, "alloc of object 2",
          "object 2 at 0x");
    set_up();
    broken.walk = short_walk;
    fails("heap=1024", "alloc 1 32\nalloc 2 32\ncollect ordinary\n", 3,
          "(collect): ", "the collection reclaimed object 2");
}

/* ---- The outer heap ---------------------------------------------------- */

static uint32_t give_back_first(struct heap *h, uint32_t kind)
{
    (void)heap_more(h, MORE_GIVE, nth[0]);
    return marksweep_collect(h, kind);
}

static addr32 take_and_forget(struct heap *h, uint32_t bytes, uint32_t flags)
{
    if (bytes == 104)
        (void)heap_more(h, MORE_TAKE, 1000);
    return marksweep_alloc(h, bytes, flags);
}

Test(replay_broken, what_was_not_taken_from_the_outer_heap_is_given_back)
{
    broken.collect = give_back_first;
    play_text(&p, "heap=1024 outer=tlsf outer_bytes=9000",
              "alloc 1 100 outer\n");
    nth[0] = p.ops[0].address;
    fails("heap=1024 outer=tlsf outer_bytes=9000 check",
          "alloc 1 100 outer\nalloc 2 100\ncollect ordinary\n", 3,
          "where no area was taken", "is given back");
}

Test(replay_broken, an_area_that_was_taken_is_nowhere)
{
    broken.alloc = take_and_forget;
    fails("heap=1024 outer=tlsf outer_bytes=9000 check",
          "alloc 1 100\nalloc 2 104\nalloc 3 100 outer\n", 2,
          "the heap has 0 areas of 1", "taken");
}

static void write_over_outer(struct heap *h, addr32 object)
{
    memset(byte_at(h, nth[0]), 0, 4);
    marksweep_free(h, object);
}

Test(replay_broken, the_collected_heap_writes_into_the_outer_one)
{
    broken.free = write_over_outer;
    play_text(&p, "heap=1024 outer=tlsf outer_bytes=9000",
              "alloc 1 100 outer\n");
    nth[0] = p.ops[0].address;
    fails("heap=1024 outer=tlsf outer_bytes=9000",
          "alloc 1 100 outer\nalloc 2 100\nfree 2\nfree 1\n", 4, "word 0 of",
          "object 1");
}

/* ---- Handles ----------------------------------------------------------- */

/* At the third request the first object's entry leads astray. */
static uint32_t misleading_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    uint32_t handle = handles_alloc(h, bytes, flags);
    nth[n_calls++ % 64] = handles_of(h)->table + handle;
    if (n_calls == 3)
        *word_at(h, nth[0]) = bytes == 32 ? *word_at(h, nth[1]) : 0x20000000;
    return handle;
}

Test(replay_broken, handles_that_lead_astray_are_caught)
{
    broken = manager_handles;
    broken.alloc = misleading_alloc;
    fails("manager=handles heap=999", "alloc 1 8\nalloc 2 8\nalloc 3 32\n", 3,
          "the handle of object 1", "where another object is");
    n_calls = 0;
    fails("manager=handles heap=999", "alloc 1 8\nalloc 2 8\nalloc 3 8\n", 3,
          "the handle of object 1", "where no object can be");
}
