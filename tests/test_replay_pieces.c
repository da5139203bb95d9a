/*
 * test_replay_pieces.c - objects in pieces: chains in the replay, figures,
 * refusals, areas; and chains that err on purpose, which fail the run
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#define manager_find manager_find_sound
#include "sim/replay/manager.c"
#undef manager_find

#include "core/chains.h"
#include "tests/played.h"

static struct manager broken;
static struct manager_shape shape;
static struct played p;
static uint32_t n_calls;

const struct manager *manager_find(const char *name)
{
    return manager_find_sound(name) != NULL ? &broken : NULL;
}

static void set_up(void)
{
    broken = manager_chains;
    shape = *manager_chains.shape;
    broken.shape = &shape;
    n_calls = 0;
}

TestSuite(replay_pieces, .init = set_up);

#define PLAIN "manager=chains heap=1200 block=16 "
#define LIST  PLAIN "check "
#define SPINE LIST "link=spine "

/* ---- Figures ---------------------------------------------------------- */

Test(replay_pieces, every_free_block_is_part_of_the_largest_hole)
{
    /* 66 blocks; 1 and 3 stay, the holes lie on both sides of 3. */
    play_well(&p, LIST, "alloc 1 40\nalloc 2 300\nalloc 3 16\nfree 2\n");
    const struct heap_figures *f = &played_last(&p)->after;
    cr_expect(eq(u64, f->asked, 56));
    cr_expect(eq(u64, f->live, 64));
    cr_expect(eq(u64, f->free, 16 * 62));
    cr_expect(eq(u64, f->largest_free, f->free));
    cr_expect(eq(u64, f->largest_request, f->free));
}

Test(replay_pieces, index_blocks_are_neither_used_nor_free)
{
    /* 72 blocks. 9 data blocks need two leaves and a top. */
    play_well(&p, SPINE, "alloc 1 16\nalloc 2 144\n");
    const struct heap_figures *f = &played_last(&p)->after;
    cr_expect(eq(u64, f->live, 16 + 144));
    cr_expect(eq(u64, f->free, 16 * (72 - 1 - 12)));
    /* Of 59 blocks 51 hold bytes: 7 leaves and a top lead to them. */
    cr_expect(eq(u64, f->largest_request, 16 * 51));
}

Test(replay_pieces, a_refusal_is_short_of_blocks_and_of_nothing_else)
{
    /* 66 blocks; 59 beside object 2, where object 3 needs 61. */
    play_well(&p, LIST,
              "alloc 1 600\nalloc 2 100\nfree 1\nalloc 3 940\n"
              "realloc 3 961 move\nfree 2\nrealloc 3 961\n");
    cr_expect(eq(u64, p.result.refused, 1));
    cr_expect(eq(u64, p.result.refused_short, 1));
    cr_expect(eq(u8, p.ops[4].outcome, OUTCOME_SHORT));
    cr_expect(eq(u64, p.result.end.live, 976));
    cr_expect(eq(u64, p.result.inplace_missed, 0));
    cr_expect(eq(u64, p.result.end.largest_free, p.result.end.free));
}

/* ---- Contents --------------------------------------------------------- */

static const char growing[] =
    "alloc 1 64\nalloc 2 16\nalloc 3 16\nroot 0 1\nstore 1 0 2\n"
    "store 1 9 3\nstore 2 3 1\nrealloc 1 400\nstore 1 99 2\nrealloc 1 12\n"
    "realloc 1 200\nstore 1 49 1\nrealloc 1 16\nrealloc 1 17\nfree 3\n"
    "alloc 4 100\ndeath 2\nrealloc 1 300\nfree 1\n";

Test(replay_pieces, references_stay_at_their_words_whatever_the_blocks)
{
    static const char *const kinds[] = {LIST, SPINE, LIST "zero=1",
                                        SPINE "zero=1 index_bytes=4"};
    for (int i = 0; i < 4; i++) {
        play_well(&p, kinds[i], growing);
        cr_expect(eq(u64, p.result.end.live, 112));
        cr_expect(eq(u64, p.result.refused, 0));
    }
}

Test(replay_pieces, a_heap_of_several_areas_is_one_hole_too)
{
    play_well(&p, "manager=chains areas=400+300 check block=16",
              "alloc 1 500\ncontrol add-area 200\nalloc 2 200\n"
              "control reset 0\nalloc 3 300\n");
    cr_expect(eq(u64, p.result.refused, 0));
    cr_expect(eq(u64, p.result.end.live, 304));
    cr_expect(eq(u64, p.result.end.free, 16 * 22 - 304));
}

Test(replay_pieces, what_links_cannot_count_is_said)
{
    play_badly(&p, "manager=chains areas=520000+90000 block=16 index_bytes=2",
               "alloc 1 16\n",
               "an area of 90000 bytes is more than chains manages: "
               "index_bytes=2 allows 32767 blocks");
    play_badly(&p, "manager=chains heap=520000 block=16",
               "control add-area 100000\n",
               "an area of 100000 bytes is more than chains manages: "
               "index_bytes=2");
    play_text(&p, "manager=chains heap=600000 block=16 index_bytes=2",
              "alloc 1 16\n");
    cr_expect(eq(int, p.err, ERR_TOO_LARGE));
    cr_expect(eq(str, p.problem.text,
                 "--heap: 600000 bytes are more than chains manages: "
                 "index_bytes=2 allows 32767 blocks in all, index_bytes=4 "
                 "2147483647"));
}

Test(replay_pieces, a_recorded_block_that_chains_lack_is_left_alone)
{
    play_well(&p, "manager=chains trace",
              "header has-blocks 1\nheader block-bytes 8\n"
              "header area 0 0 4096 63 252 64 initial\nalloc 1 40\n");
    cr_expect(eq(u64, p.result.end.live, 64));
}

/* ---- Touches ---------------------------------------------------------- */

Test(replay_pieces, a_touch_asks_where_its_word_lies)
{
    play_well(&p, LIST, "alloc 1 100\ntouch 1 0\ntouch 1 24\ntouch 1 7\n");
    cr_expect(eq(u64, p.result.touches, 3));
    play_badly(&p, LIST, "alloc 1 100\ntouch 1 25\n",
               "touch of word 25 of object 1, which has 100 bytes");
    play_badly(&p, LIST, "alloc 1 100\nfree 1\ntouch 1 0\n",
               "touch of object 1, which was freed");
}

Test(replay_pieces, touches_are_added_by_a_fixed_rule)
{
    static const char body[] =
        "alloc 1 20\nalloc 2 16\nstore 1 4 2\nstore 2 0 1\nfree 2\n"
        "touch 1 3\nfree 1\n";
    play_well(&p, LIST, body);
    cr_expect(eq(u64, p.result.touches, 1));
    play_well(&p, LIST "touch=stores", body);
    cr_expect(eq(u64, p.result.touches, 3));
    /* Four operations, and nothing is left to be read after the last. */
    play_well(&p, LIST "touch=5", body);
    cr_expect(eq(u64, p.result.touches, 1 + 3 * 5));
}

/* ---- Chains that err -------------------------------------------------- */

/* The run fails at operation `seq`, and the reason says `text`. */
static void fails(const char *options, const char *body, uint64_t seq,
                  const char *text)
{
    play_text(&p, options, body);
    cr_assert(eq(int, p.err, 0), "%s", p.problem.text);
    cr_assert(eq(int, p.result.status, REPLAY_FAILED), "%s", text);
    cr_assert(eq(u64, p.result.operations, seq), "%s", p.result.reason);
    cr_assert(ne(ptr, strstr(p.result.reason, text), NULL),
              "'%s' does not say '%s'", p.result.reason, text);
}

static addr32 second;

static addr32 noting_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    addr32 a = chains_alloc(h, bytes, flags);
    if (++n_calls == 2)
        second = a;
    return a;
}

static const char three[] = "alloc 1 48\nalloc 2 48\nalloc 3 48\nfree 3\n"
                            "free 2\nfree 1\n";

/* Block 2 of the third object is one of the second's. */
static uint32_t overlapping_deref(struct heap *h, uint32_t object,
                                  uint32_t byte)
{
    addr32 a = chains_deref(h, object, byte);
    return n_calls == 3 && object != second && byte == 32 ? second + 16 : a;
}

static uint32_t crooked_deref(struct heap *h, uint32_t object, uint32_t byte)
{
    return chains_deref(h, object, byte) + (n_calls == 3 && byte == 16 ? 4 : 0);
}

Test(replay_pieces, a_block_of_two_objects_is_caught)
{
    broken.alloc = noting_alloc;
    broken.deref = overlapping_deref;
    fails(PLAIN, three, 3, "object 3 has a block at 0x");
    set_up();
    broken.alloc = noting_alloc;
    broken.deref = crooked_deref;
    fails(PLAIN, three, 3, "object 3 has a block at 0x");
}

/* Once there are three objects, blocks of the second change places. */
static uint32_t turning_deref(struct heap *h, uint32_t object, uint32_t byte)
{
    uint32_t turned =
        object == second && n_calls >= 3 && byte < 32 ? byte ^ 16 : byte;
    return chains_deref(h, object, turned);
}

Test(replay_pieces, a_block_that_is_no_longer_where_it_was_is_caught)
{
    broken.alloc = noting_alloc;
    broken.deref = turning_deref;
    fails(PLAIN, three, 5, "block 0 of object 2 should be at 0x");
    set_up();
    broken.alloc = noting_alloc;
    broken.deref = turning_deref;
    fails(PLAIN, "alloc 1 48\nalloc 2 48\nalloc 3 16\ntouch 2 1\n", 3,
          "word 1 of object 2 is at 0x");
}

static addr32 scribbling_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    addr32 a = noting_alloc(h, bytes, flags);
    if (n_calls == 3)
        *word_at(h, chains_deref(h, second, 36)) = 77;
    return a;
}

Test(replay_pieces, a_word_that_changes_by_itself_is_caught)
{
    broken.alloc = scribbling_alloc;
    fails(PLAIN, three, 5, "word 9 of object 2 should hold 0x");
    set_up();
    broken.alloc = scribbling_alloc;
    fails(PLAIN "link=spine", three, 5, "word 9 of object 2 should hold 0x");
}

static addr32 shy_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    if (bytes > 400)
        h->refusal = REFUSAL_FULL;
    return bytes > 400 ? 0 : chains_alloc(h, bytes, flags);
}

static addr32 shy_realloc(struct heap *h, addr32 object, uint32_t bytes,
                          bool may_move)
{
    if (bytes > 400)
        h->refusal = REFUSAL_FULL;
    return bytes > 400 ? 0 : chains_realloc(h, object, bytes, may_move);
}

Test(replay_pieces, a_refusal_that_the_free_blocks_contradict_is_caught)
{
    broken.alloc = shy_alloc;
    fails(PLAIN, "alloc 1 16\nalloc 2 500\n", 2,
          "500 bytes were refused, though the blocks that are free suffice");
    set_up();
    broken.realloc = shy_realloc;
    fails(PLAIN "link=spine",
          "alloc 1 300\nalloc 2 300\nalloc 3 200\nrealloc 2 401\n", 4,
          "401 bytes were refused");
}

static addr32 renaming_realloc(struct heap *h, addr32 object, uint32_t bytes,
                               bool may_move)
{
    return chains_realloc(h, object, bytes, may_move) + 16;
}

Test(replay_pieces, an_object_keeps_its_name)
{
    broken.realloc = renaming_realloc;
    fails(PLAIN, "alloc 1 48\nrealloc 1 64\n", 2, "object 1");
}

/* A spine that leads through a block of bytes. */
static uint32_t wrong_index(struct heap *h, uint32_t object, uint32_t k)
{
    addr32 a = chains_index_block(h, object, k);
    return a != 0 && k == 1 ? chains_deref(h, object, 0) : a;
}

static uint32_t no_index(struct heap *h, uint32_t object, uint32_t k)
{
    (void)h, (void)object, (void)k;
    return 0;
}

Test(replay_pieces, index_blocks_overlap_nothing)
{
    shape.index_block = wrong_index;
    fails(SPINE, "alloc 1 48\nalloc 2 200\n", 2, "object 2 has a block at");
    set_up();
    shape.index_block = no_index;
    fails(SPINE, "alloc 1 16\nalloc 2 48\n", 2, "object 2 is named by 0x");
}

static void leaking_free(struct heap *h, addr32 object)
{
    chains_free(h, object);
    (void)chains_alloc(h, 16, 0);
}

Test(replay_pieces, a_block_that_is_lost_is_caught)
{
    broken.free = leaking_free;
    fails(LIST, "alloc 1 48\nalloc 2 48\nfree 1\n", 3, "the manager");
}
