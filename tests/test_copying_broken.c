/*
 * test_copying_broken.c - collectors that err on purpose: whatever a collection
 * of core/copying.h must keep true is broken in turn, and the replay fails at
 * the first operation that shows it
 *
 * This suite has a core/copycollect.c of its own, in which every phase goes
 * through a function that does its work and then, if it is the phase's turn to
 * err, undoes or spoils a piece of it.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#define manager_find manager_find_sound
#include "sim/replay/manager.c"
#undef manager_find

#include "core/copycollect.h"
#include "core/copygrow.h"
#include "core/copyregion.h"
#include "core/evacuate.h"
#include "core/host.h"
#include "core/reach.h"
#include "tests/played.h"

enum fault {
    SOUND = 0,
    ROOT_STAYS,        /* a precise root keeps the old address            */
    HELD_STAYS,        /* a held word does                                */
    REFERENCE_STAYS,   /* a word of an object does                        */
    REFERENCE_FAR,     /* ... or is off by one block                      */
    LAST_WORD_STAYS,   /* an object's last word is not moved              */
    NOTHING_MOVES,     /* words change, objects stay                      */
    TAIL_LOST,         /* the table forgets an object's last block        */
    TAIL_GAINED,       /* ... or gives it one more                        */
    HEAD_LOST,         /* an object becomes part of the one before it     */
    MARK_LEFT,         /* MARK does not become HEAD                       */
    BIT_STAYS,         /* a finaliser's bit stays at the old block        */
    PIN_FORGOTTEN,     /* what may not move is not told                   */
    ROOT_UNSEEN,       /* marking passes over a root                      */
    OVERFLOW_IGNORED,  /* no pass follows a full mark stack               */
    GARBAGE_KEPT,      /* the sweep frees nothing                         */
    FREE_MISCOUNTED,   /* ... or counts a block too many                  */
    CURSOR_STALE,      /* allocation goes on in a used block              */
    PHASE_LEFT,        /* the collection never ends                       */
    HOLES_LEFT,        /* nothing slides                                  */
    MOVING_STAYS,      /* the object being resized is looked for in vain  */
    RAISED_SHORT,      /* what goes up loses its last word                */
    OLD_PLACE_LEFT,    /* what was moved out leaves its old place used    */
    MOVED_OUT_UNKNOWN, /* ... or nobody is told where it went             */
};

static struct {
    enum fault fault;
    uint32_t (*alloc)(struct heap *h, uint32_t bytes, uint32_t flags);
    uint32_t (*realloc)(struct heap *h, uint32_t object, uint32_t bytes,
                        bool may_move);
} broken;

/* ---- The phases --------------------------------------------------------- */

static void broken_update_words(struct heap *h, const struct slide *s,
                                uint32_t *p, uint32_t n)
{
    const struct guest_roots *r = heap_roots(h);
    bool is_roots = p == r->word;
    if (!is_roots && broken.fault == MOVING_STAYS)
        return;
    uint32_t root = is_roots ? p[3] : 0;
    uint32_t held = is_roots && r->n_held > 0 ? p[r->n_precise] : 0;
    slide_update_words(h, s, p, n);
    if (is_roots && broken.fault == ROOT_STAYS)
        p[3] = root;
    if (is_roots && broken.fault == HELD_STAYS)
        p[r->n_precise] = held;
}

static void broken_update(struct heap *h, const struct slide *s)
{
    if (broken.fault == MOVED_OUT_UNKNOWN && s->way == SLIDE_OUT)
        return;
    if (h->last_cause != CAUSE_ASKED || s->way == SLIDE_OUT) {
        slide_update(h, s);
        return;
    }
    /* The story's fourth object is at block 7, its fifth at 11. */
    const struct area *a = &h->first;
    uint32_t *word = word_at(h, area_block_address(h, a, 7) + 4);
    uint32_t old = *word;
    slide_update(h, s);
    if (broken.fault == REFERENCE_STAYS)
        *word = old;
    if (broken.fault == REFERENCE_FAR)
        *word += h->block_bytes;
    if (broken.fault == BIT_STAYS)
        area_set_finaliser(h, a, 11);
}

static void spoil_last_word(struct heap *h, addr32 object, uint32_t bytes)
{
    *word_at(h, object + bytes - 4) ^= 0x1000;
}

/* Where the object of 64 bytes that was fourth is now, by its root. */
static addr32 fourth(struct heap *h)
{
    return heap_roots(h)->word[3];
}

static void broken_move(struct heap *h, const struct slide *s)
{
    if (broken.fault == NOTHING_MOVES)
        return;
    slide_move(h, s);
    if (broken.fault == LAST_WORD_STAYS)
        spoil_last_word(h, fourth(h), 64);
}

static void broken_settle(struct heap *h, struct slide *s)
{
    slide_settle(h, s);
    uint32_t *t = area_table(h, &h->first);
    uint32_t b = area_block_of(h, &h->first, fourth(h));
    if (broken.fault == TAIL_LOST)
        atab_any_to_free(t, b + 3);
    if (broken.fault == TAIL_GAINED)
        atab_free_to_tail(t, atab_find_free(t, b + 99, b, 1));
    if (broken.fault == HEAD_LOST) {
        atab_any_to_free(t, b);
        atab_free_to_tail(t, b);
    }
    if (broken.fault == MARK_LEFT)
        atab_head_to_mark(t, b);
}

static void broken_pin(struct heap *h, struct slide *s, uint32_t word)
{
    if (broken.fault != PIN_FORGOTTEN)
        slide_pin(h, s, word);
}

static bool broken_plan(struct heap *h, struct slide *s)
{
    return broken.fault != HOLES_LEFT && slide_plan(h, s);
}

static void broken_raise(struct heap *h, struct slide *s,
                         const struct slide_area *a)
{
    slide_raise(h, s, a);
    if (broken.fault == RAISED_SHORT)
        spoil_last_word(h, fourth(h), 64);
}

static void broken_reach_words(struct heap *h, struct mark *m,
                               const uint32_t *p, uint32_t n)
{
    bool is_roots = p == heap_roots(h)->word;
    if (broken.fault == ROOT_UNSEEN && is_roots) {
        reach_words(h, m, p, 2);
        reach_words(h, m, p + 3, n - 3);
        return;
    }
    reach_words(h, m, p, n);
}

static void broken_reach_rest(struct heap *h, struct mark *m)
{
    if (broken.fault == OVERFLOW_IGNORED)
        m->has_overflowed = 0;
    reach_rest(h, m);
}

static void broken_sweep(uint32_t *t, uint32_t n_blocks, uint32_t last_used,
                         struct atab_swept *swept)
{
    if (broken.fault == GARBAGE_KEPT) {
        for (uint32_t b = 0; b < n_blocks; b++) {
            if (atab_get_kind(t, b) == ATAB_HEAD)
                atab_head_to_mark(t, b);
        }
    }
    atab_sweep(t, n_blocks, last_used, swept);
    if (broken.fault == FREE_MISCOUNTED)
        swept->freed_blocks++;
}

static void broken_choose(struct heap *h, uint32_t n_blocks)
{
    region_choose(h, n_blocks);
    if (broken.fault == CURSOR_STALE && h->last_cause == CAUSE_ASKED)
        copying_of(h)->cursor--;
    if (broken.fault == PHASE_LEFT)
        h->phase = PHASE_MOVE;
}

static void broken_evacuate_settle(struct heap *h, const struct slide *s,
                                   const struct slide_area *a)
{
    if (broken.fault != OLD_PLACE_LEFT)
        evacuate_settle(h, s, a);
}

#define slide_update_words broken_update_words
#define slide_update       broken_update
#define slide_move         broken_move
#define slide_settle       broken_settle
#define slide_pin          broken_pin
#define slide_plan         broken_plan
#define slide_raise        broken_raise
#define reach_words        broken_reach_words
#define reach_rest         broken_reach_rest
#define atab_sweep         broken_sweep
#define region_choose      broken_choose
#define evacuate_settle    broken_evacuate_settle
#include "core/copycollect.c"

/* ---- The manager -------------------------------------------------------- */

static struct manager collector;
static struct played p;

static void set_up(void)
{
    broken.alloc = copying_alloc;
    broken.realloc = copying_realloc;
}

TestSuite(copying_broken, .init = set_up);

const struct manager *manager_find(const char *name)
{
    collector = manager_copying;
    collector.alloc = broken.alloc;
    collector.realloc = broken.realloc;
    return manager_find_sound(name) != NULL ? &collector : NULL;
}

static void play_broken(enum fault fault, const char *options, const char *body)
{
    broken.fault = fault;
    play_text(&p, options, body);
    cr_assert(eq(int, p.err, 0), "%s", p.problem.text);
}

/* Sound, the story is played to its end; with the fault, the run fails at
 * operation `seq`, and the reason says `text`. */
static void fails(enum fault fault, const char *options, const char *body,
                  uint64_t seq, const char *text)
{
    play_broken(SOUND, options, body);
    cr_assert(eq(int, p.result.status, REPLAY_COMPLETE), "%s", p.result.reason);
    play_broken(fault, options, body);
    cr_assert(eq(int, p.result.status, REPLAY_FAILED), "fault %d", fault);
    cr_expect(eq(u64, p.result.operations, seq), "%s", p.result.reason);
    cr_expect(ne(ptr, strstr(p.result.reason, text), NULL),
              "fault %d: '%s' does not say '%s'", fault, p.result.reason, text);
}

/* The third to the fifth slide down by three blocks, at operation 6. */
static const char story[] = "alloc 1 32\n"
                            "alloc 2 48 finaliser\n"
                            "alloc 3 32\n"
                            "alloc 4 64\n"
                            "alloc 5 32 finaliser\n"
                            "store 4 1 5\nstore 4 2 3\nstore 5 0 4\n"
                            "root 2 3\nroot 3 4\n"
                            "held roots 5 1\n"
                            "death 2\n"
                            "collect ordinary\n"
                            "alloc 6 16\n";

static void fails_to_collect(enum fault fault, const char *text)
{
    fails(fault, "manager=copying heap=2048 check", story, 6, text);
}

Test(copying_broken, roots_that_keep_old_addresses)
{
    fails_to_collect(ROOT_STAYS, "object 4");
    fails_to_collect(HELD_STAYS, "object 5");
}

Test(copying_broken, references_that_keep_old_addresses_or_get_wrong_ones)
{
    fails_to_collect(REFERENCE_STAYS, "word 1 of object 4 holds 0x");
    fails_to_collect(REFERENCE_FAR, "word 1 of object 4 holds 0x");
}

Test(copying_broken, bytes_that_do_not_move)
{
    fails_to_collect(LAST_WORD_STAYS, "word 15 of object 4 should hold");
    fails_to_collect(NOTHING_MOVES, "object");
}

Test(copying_broken, tables_that_forget_or_invent_blocks)
{
    fails_to_collect(TAIL_LOST, "object 4 has 48 bytes, not 64");
    fails_to_collect(TAIL_GAINED, "object 5 has 48 bytes, not 32");
    fails_to_collect(HEAD_LOST, "object 3 has 96 bytes, not 32");
    fails_to_collect(MARK_LEFT, "but by asking it is");
}

Test(copying_broken, bits_of_side_tables_that_do_not_move)
{
    fails_to_collect(BIT_STAYS, "copying_check: invariant 8 is broken");
}

Test(copying_broken, pinned_objects_that_move)
{
    fails(PIN_FORGOTTEN, "manager=copying heap=2048 pins=k check", story, 6,
          "object 5 was pinned at 0x");
}

Test(copying_broken, live_objects_that_are_not_marked)
{
    static const char hidden[] =
        "alloc 1 32\nalloc 2 32\nalloc 3 32\nroot 2 2\nroot 3 3\n"
        "held roots 1\ncollect ordinary\n";
    fails(ROOT_UNSEEN, "manager=copying heap=2048 check", hidden, 4,
          "2 of 3 live objects");
    static const char wide[] =
        "alloc 1 32\nalloc 2 32\nalloc 3 32\nalloc 4 64\nalloc 5 32\n"
        "store 4 1 1\nstore 4 2 2\nstore 4 3 3\nstore 2 0 5\nroot 3 4\n"
        "held roots\ncollect ordinary\n";
    fails(OVERFLOW_IGNORED, "manager=copying heap=2048 mark_stack=1 check",
          wide, 6, "live objects");
}

Test(copying_broken, garbage_that_is_kept_or_counted_wrongly)
{
    fails_to_collect(GARBAGE_KEPT, "the collection kept object 2");
    fails_to_collect(FREE_MISCOUNTED, "copying_check: invariant 10 is broken");
}

Test(copying_broken, ends_of_collections_that_leave_things_undone)
{
    if (!CORE_CHECKS) /* an assertion of the core itself stops it */
        fails_to_collect(CURSOR_STALE, "but by asking it is");
    fails_to_collect(PHASE_LEFT, "but by asking it is");
    fails_to_collect(HOLES_LEFT, "by its card there are 1 holes or fewer");
}

Test(copying_broken, objects_that_are_resized_meanwhile)
{
    static const char copied[] =
        "alloc 1 160\nalloc 2 160\nalloc 3 320\nalloc 4 16\n"
        "held roots\ndeath 1\n"
        "realloc 3 480 move\n";
    fails(MOVING_STAYS, "manager=copying heap=1024 check", copied, 5,
          "object 3");
    static const char raised[] = "alloc 1 480\nalloc 2 64\nroot 3 2\n"
                                 "realloc 1 576 move\n";
    fails(RAISED_SHORT, "manager=copying heap=1024 check", raised, 3,
          "word 15 of object 2 should hold");
}

Test(copying_broken, objects_that_are_moved_out_of_a_gap)
{
    static const char gap[] = "alloc 1 640\nalloc 2 16\nalloc 3 480\n"
                              "root 3 3\nstore 2 0 3\nheld roots 2\n"
                              "death 1\ncollect ordinary\n";
    static const char options[] = "manager=copying heap=4096 pins=k check";
    fails(OLD_PLACE_LEFT, options, gap, 4, "that is not in the trace");
    fails(MOVED_OUT_UNKNOWN, options, gap, 4, "word 0 of object 2 holds 0x");
}

/* ---- The manager's own words -------------------------------------------- */

static addr32 lazy_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    if (bytes <= 400)
        return copying_alloc(h, bytes, flags);
    h->refusal = REFUSAL_FULL;
    return 0;
}

static addr32 stiff_realloc(struct heap *h, addr32 object, uint32_t bytes,
                            bool may_move)
{
    if (bytes <= 512)
        return copying_realloc(h, object, bytes, may_move);
    h->refusal = REFUSAL_FULL;
    return 0;
}

Test(copying_broken, refusals_that_the_card_excludes)
{
    broken.alloc = lazy_alloc;
    play_broken(SOUND, "manager=copying heap=2048",
                "alloc 1 16\nalloc 2 401\n");
    cr_assert(eq(int, p.result.status, REPLAY_FAILED));
    cr_expect(ne(ptr,
                 strstr(p.result.reason, "refused 401 bytes; by its card "
                                         "it grants up to 1968"),
                 NULL),
              "%s", p.result.reason);
    broken.alloc = copying_alloc;
    broken.realloc = stiff_realloc;
    play_broken(SOUND, "manager=copying heap=1024",
                "alloc 1 480\nalloc 2 64\nrealloc 1 576 move\n");
    cr_assert(eq(int, p.result.status, REPLAY_FAILED));
    cr_expect(
        ne(ptr, strstr(p.result.reason, "refused to make 480 bytes 576"), NULL),
        "%s", p.result.reason);
}
