/*
 * test_replay_intern.c - interned strings that lie together, in the replay:
 * what they take, that nothing frees them, and managers that err on purpose
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#define manager_find manager_find_sound
#include "sim/replay/manager.c"
#undef manager_find

#include "core/intern.h"
#include "tests/played.h"

static struct manager broken;
static struct played p;
static uint32_t n_calls;
static addr32 first;

const struct manager *manager_find(const char *name)
{
    const struct manager *m = manager_find_sound(name);
    return m == &manager_intern ? &broken : m;
}

static void set_up(void)
{
    broken = manager_intern;
    n_calls = 0;
}

TestSuite(replay_intern, .init = set_up);

#define PLAIN "manager=intern heap=2000 "
#define CHECK PLAIN "check "

Test(replay_intern, strings_take_their_bytes_and_a_chunk_its_blocks)
{
    play_well(&p, CHECK "chunk=64",
              "intern 1 5\nintern 2 30\nintern 3 1\nintern 4 40\n");
    cr_expect(eq(u64, p.ops[0].granted, 5));
    cr_expect(eq(u32, p.ops[1].address, p.ops[0].address + 5));
    cr_expect(eq(u32, p.ops[2].address, p.ops[1].address + 30));
    cr_expect(eq(u32, p.ops[3].address, p.ops[2].address + 1));
    cr_expect(eq(u64, p.ops[2].after.live, 64));
    cr_expect(eq(u64, p.ops[2].after.asked, 36));
    cr_expect(eq(u64, p.result.end.live, 80)); /* grown in place */
    cr_expect(eq(u64, p.result.strings.n, 4));
    cr_expect(eq(u64, p.result.strings.asked, 76));
    cr_expect(eq(u64, p.result.strings.granted, 80));
    cr_expect(eq(u64, p.result.strings.apart, 16 + 32 + 16 + 48));
}

Test(replay_intern, a_full_chunk_is_cut_when_it_cannot_grow)
{
    play_well(&p, CHECK "chunk=64",
              "intern 1 20\nalloc 2 16\nintern 3 60\nalloc 4 16\n");
    cr_expect(eq(u64, p.result.end.live, 32 + 64 + 32));
    cr_expect(eq(u64, p.result.strings.granted, 32 + 64));
}

Test(replay_intern, nothing_frees_a_string)
{
    play_well(&p, CHECK,
              "intern 1 20\nalloc 2 16\nintern 3 9\nroot 0 1\n"
              "store 2 0 3\nfree 1\ndeath 3\ncollect all\nintern 4 7\n");
    cr_expect(eq(u64, p.result.strings.n, 3));
    cr_expect(eq(u64, p.result.strings.asked, 36));
    cr_expect(eq(u64, p.result.dropped, 4));
    cr_expect(eq(u64, p.result.end.live, 128));
}

Test(replay_intern, a_reset_takes_strings_with_all_else)
{
    play_well(&p, CHECK,
              "intern 1 20\nalloc 2 16\ncontrol reset 0\nintern 3 9\n");
    cr_expect(eq(u64, p.result.strings.n, 1));
    cr_expect(eq(u64, p.result.strings.granted, 128));
    play_well(&p, CHECK "refused=reset",
              "intern 1 20\nalloc 2 1900\nintern 3 9\n");
    cr_expect(eq(u64, p.result.strings.n, 1));
}

Test(replay_intern, a_string_may_be_refused)
{
    play_well(&p, CHECK,
              "intern 1 2000\nalloc 2 1800\nintern 3 200\n"
              "intern 4 20\n");
    cr_expect(eq(u64, p.result.refused, 2));
    cr_expect(eq(u64, p.result.refused_short, 2));
    cr_expect(eq(u64, p.result.strings.n, 1));
}

Test(replay_intern, elsewhere_a_string_is_an_object)
{
    play_well(&p, "manager=fit heap=2000 check",
              "intern 1 20\nintern 2 9\nfree 1\n");
    cr_expect(eq(u64, p.result.strings.n, 0));
    cr_expect(eq(u64, p.result.end.live, 16));
}

Test(replay_intern, the_names_of_programs_take_about_70_percent)
{
    play_file(&p, "manager=intern heap=65536 check",
              "identifiers:strings=1000,between=3");
    cr_assert(eq(str, p.result.reason, ""));
    cr_expect(eq(u64, p.result.strings.n, 1000));
    uint64_t permille =
        1000 * p.result.strings.granted / p.result.strings.apart;
    cr_expect(ge(u64, permille, 650));
    cr_expect(le(u64, permille, 750));
}

/* ---- Managers that err ------------------------------------------------ */

/* The run fails at operation `seq`, and the reason says `text`. */
static void fails(const char *body, uint64_t seq, const char *text)
{
    play_text(&p, PLAIN, body);
    cr_assert(eq(int, p.err, 0), "%s", p.problem.text);
    cr_assert(eq(int, p.result.status, REPLAY_FAILED), "%s", text);
    cr_assert(eq(u64, p.result.operations, seq), "%s", p.result.reason);
    cr_assert(ne(ptr, strstr(p.result.reason, text), NULL),
              "'%s' does not say '%s'", p.result.reason, text);
}

static addr32 noting_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    addr32 a = intern_alloc(h, bytes, flags);
    if (++n_calls == 1)
        first = a;
    return a;
}

static addr32 overlapping_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    addr32 a = noting_alloc(h, bytes, flags);
    return n_calls == 3 ? a - 1 : a;
}

static addr32 same_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    addr32 a = noting_alloc(h, bytes, flags);
    return n_calls == 3 ? first : a;
}

static const char three[] = "intern 1 16\nintern 2 7\nintern 3 120\n";

Test(replay_intern, strings_that_overlap_are_caught)
{
    broken.alloc = overlapping_alloc;
    fails(three, 3, "object 3 is at 0x");
    set_up();
    broken.alloc = same_alloc;
    fails(three, 3, "overlapping another object");
}

/* The third string ends behind the chunk. */
static addr32 narrow_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    return noting_alloc(h, n_calls == 2 ? 5 : bytes, flags);
}

Test(replay_intern, a_string_that_sticks_out_of_its_chunk_is_caught)
{
    broken.alloc = narrow_alloc;
    fails(three, 3, "object 1 at 0x");
}

/* Byte 21 is of the second string, and behind the last whole word. */
static addr32 scribbling_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    addr32 a = noting_alloc(h, bytes, flags);
    if (n_calls == 3)
        *byte_at(h, first + 21) ^= 0x40;
    return a;
}

Test(replay_intern, a_byte_that_changes_by_itself_is_caught)
{
    broken.alloc = scribbling_alloc;
    fails(three, 3, "word 5 of object 1 should hold 0x");
    n_calls = 0;
    fails("intern 1 16\nintern 2 7\nalloc 3 4\n", 3,
          "word 5 of object 1 should hold 0x");
}
