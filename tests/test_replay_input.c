/*
 * test_replay_input.c - what a trace or a user may not say: one line, with its
 * place, and nothing is played on
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "tests/played.h"

static struct played p;

struct bad_case {
    const char *body, *message;
};

/* ---- Unlawful operations ---------------------------------------------- */

#define HEAP "heap=1024 check"

static const struct bad_case unlawful[] = {
    {"alloc 1 16\nalloc 1 16\n",
     "t.ft:3: alloc of object 1, whose id has been used"},
    {"alloc 1 16\nfree 1\nalloc 1 16\n", "t.ft:4: alloc of object 1, whose id"},
    {"alloc 1 16\ndeath 1\nalloc 1 16\n", "t.ft:4: alloc of object 1"},
    {"alloc 1 0\nalloc 1 16\n", "t.ft:3: alloc of object 1"},
    {"alloc 1 2000\nintern 1 16\n", "t.ft:3: alloc of object 1"},
    {"alloc 1 16 outer\n", "t.ft:2: object 1 comes from the outer heap"},
    {"free 7\n", "t.ft:2: free of object 7, which was never allocated"},
    {"alloc 1 16\nfree 1\nfree 1\n",
     "t.ft:4: free of object 1, which was freed"},
    {"alloc 1 2000\nfree 1\nfree 1\n", "t.ft:4: free of object 1"},
    {"alloc 1 16\ndeath 1\ncollect ordinary\nfree 1\nfree 1\n",
     "t.ft:6: free of object 1, which was freed"},
    {"death 3\n", "t.ft:2: death of object 3, which was never allocated"},
    {"alloc 1 16\ndeath 1\ndeath 1\n",
     "t.ft:4: death of object 1, which is dead"},
    {"alloc 1 16\nfree 1\ndeath 1\n",
     "t.ft:4: death of object 1, which was freed"},
    {"alloc 1 16\ndeath 1\ncollect ordinary\ndeath 1\n",
     "t.ft:5: death of object 1, which is dead"},
    {"alloc 1 2000\ndeath 1\ndeath 1\n", "t.ft:4: death of object 1"},
    {"realloc 1 16 move\n",
     "t.ft:2: realloc of object 1, which was never allocated"},
    {"alloc 1 16\nfree 1\nrealloc 1 16\n",
     "t.ft:4: realloc of object 1, which was freed"},
    {"alloc 1 16\ndeath 1\nrealloc 1 16\n",
     "t.ft:4: realloc of object 1, which is dead"},
    {"alloc 1 16\nrealloc 1 0\n", "t.ft:3: realloc of object 1 to 0 bytes"},
    {"refused realloc memory 1 16\n", "t.ft:2: realloc of object 1"},
    {"alloc 1 16\nfree 1\nrefused realloc memory 1 16\n",
     "t.ft:4: realloc of object 1, which was freed"},
    {"store 1 0 -\n", "t.ft:2: store in object 1, which was never"},
    {"alloc 1 16\nfree 1\nstore 1 0 -\n", "t.ft:4: store in object 1"},
    {"alloc 1 16\ndeath 1\nstore 1 0 -\n",
     "t.ft:4: store in object 1, which is dead"},
    {"alloc 1 16\nstore 1 4 -\n",
     "t.ft:3: store to word 4 of object 1, which has 16 bytes"},
    {"alloc 1 16\nstore 1 4294967295 -\n", "t.ft:3: store to word 4294967295"},
    {"alloc 1 13\nalloc 2 16\nrealloc 1 5\nstore 1 2 2\n",
     "t.ft:5: store to word 2 of object 1, which has 5 bytes"},
    {"header has-blocks 1\nheader block-bytes 16\nalloc 1 17\nstore 1 8 -\n",
     "t.ft:5: store to word 8 of object 1, which has 17 bytes"},
    {"alloc 1 16\nstore 1 0 2\n",
     "t.ft:3: a reference to object 2, which was never allocated"},
    {"alloc 1 16\nalloc 2 16\nfree 2\nstore 1 0 2\n",
     "t.ft:5: a reference to object 2, which was freed"},
    {"alloc 1 16\nalloc 2 16\ndeath 2\nstore 1 0 2\n",
     "t.ft:5: a reference to object 2, which is dead"},
    {"root 0 1\n", "t.ft:2: a reference to object 1"},
    {"root 1024 -\n", "t.ft:2: root slot 1024, but there are 1024"},
    {"header root-words 3\nroot 3 -\n", "t.ft:3: root slot 3"},
    {"alloc 1 16 finaliser\ndeath 1\nfinalise 9\ncollect ordinary\n",
     "t.ft:5: a finaliser frees object 9, which was never allocated"},
    {"alloc 1 16\nalloc 2 16\nfree 2\nfinalise 2\nalloc 3 16\n",
     "t.ft:6: a finaliser frees object 2, which was freed"},
    {"alloc 1 16 finaliser\nalloc 2 16 finaliser\nalloc 3 16\ndeath 1\n"
     "death 2\nfinalise 3 3\ncollect ordinary\n",
     "t.ft:8: a finaliser frees object 3, which was freed"},
    {"alloc 1 16\nalloc 2 16\nfinalise 1\nrealloc 1 32 move\n",
     "t.ft:5: a finaliser frees object 1, which is being resized"},
    {"alloc 1 16\nfinalise 1\nrefused realloc memory 1 3200 move\n",
     "t.ft:4: a finaliser frees object 1, which is being resized"},
    {"control lock 0\n", "t.ft:2: unlock of a heap that is not locked"},
    {"control lock 1\ncontrol lock 0\ncontrol lock 0\n", "t.ft:4: unlock"},
    {"control add-area 0\n", "t.ft:2: an area of 0 bytes"},
    {"control add-area 16\n", "t.ft:2: an area of 16 bytes cannot be added"},
    {"control add-area 2000000\n", "t.ft:2: an area of 2000000 bytes does"},
    {"control add-area 5000000000\n", "t.ft:2: an area of 5000000000 bytes"},
    {"promote 1\n", "t.ft:2: promote of object 1, which was never allocated"},
};

Test(replay_input, every_unlawful_operation_is_named_with_its_place)
{
    for (size_t i = 0; i < sizeof unlawful / sizeof *unlawful; i++)
        play_badly(&p, HEAP, unlawful[i].body, unlawful[i].message);
}

Test(replay_input, unlawful_operations_are_so_under_every_policy)
{
    for (size_t i = 0; i < sizeof unlawful / sizeof *unlawful; i++)
        play_badly(&p, "heap=1024 refused=reset grow=1 outer_bytes=4096",
                   unlawful[i].body, unlawful[i].message);
}

Test(replay_input, what_is_lawful_goes_through)
{
    play_well(&p, HEAP,
              "alloc 1 16\ndeath 1\nfree 1\nalloc 4611686018427387903 16\n"
              "root 1023 4611686018427387903\nalloc 3 13\nstore 3 3 3\n");
}

Test(replay_input, nothing_is_played_behind_the_fault)
{
    play_text(&p, HEAP, "alloc 1 16\nfree 2\nalloc 3 16\n");
    cr_assert(eq(int, p.err, ERR_INPUT));
    cr_assert(eq(u32, p.n_ops, 1));
    cr_assert(eq(u32, p.n_ends, 0));
}

/* Ids so old that nobody remembers how they ended. */
static void long_ago(char *at, uint32_t n)
{
    for (uint32_t i = 1; i <= n; i++)
        at += sprintf(at, "alloc %u 16\ndeath %u\n", i, i);
}

Test(replay_input, an_old_end_is_still_an_end)
{
    static char body[1000000];
    uint32_t n = 70 * 256;
    long_ago(body, n);
    char *at = body + strlen(body);
    sprintf(at,
            "collect ordinary\nfree 5\nfree 6\nfree 300\nfree 301\n"
            "alloc %u 16\n",
            n + 1);
    play_well(&p, HEAP, body);
    cr_assert(eq(u64, p.result.dropped, 4));
    sprintf(at, "collect ordinary\nfree 5\nstore 6 0 -\n");
    play_badly(&p, HEAP, body, "store in object 6, which is dead");
    sprintf(at, "collect ordinary\nfree 5\ndeath 6\n");
    play_badly(&p, HEAP, body, "death of object 6, which is dead");
    sprintf(at, "collect ordinary\nfree %u\n", 200 * 256);
    play_badly(&p, HEAP, body, "was never allocated");
}

/* ---- What the user asks ----------------------------------------------- */

static const struct bad_case options[] = {
    {"manager=markswep heap=1024",
     "--manager markswep: no such manager; the nearest is 'marksweep'"},
    {"heap=1024 blok=16", "--set blok: marksweep has no such parameter; the "
                          "nearest is 'block'"},
    {"heap=1024 block=7", "--set block=7: allowed are 8|16|32|64"},
    {"heap=1024 block=24 manager=copying", "--set block=24: allowed are 8|"},
    {"heap=1024 mark_stack=x", "allowed are numbers from 1 to 4096"},
    {"heap=1024 block=", "--set block="},
    {"heap=1024 block=-16", "--set block=-16"},
    {"heap=1024 block=16x", "--set block=16x"},
    {"heap=1024 block=99999999999999999999999", "--set block=9999999999"},
    {"heap=1024 quirks=some", "--set quirks=some: allowed are safe|exact"},
    {"heap=1024 quirks=saf", "--set quirks=saf"},
    {"heap=1024 threshold=0", "--set threshold=0"},
    {"heap=1024 zero=2", "--set zero=2: allowed are numbers from 0 to 1"},
    {"heap=1024 mark_stack=0", "--set mark_stack=0"},
    {"heap=1024 mark_stack=4097", "--set mark_stack=4097"},
    {"heap=1024 area_struct=3", "--set: marksweep does not take"},
    {"heap=1024 area_struct=0 grow=1", "--set: marksweep does not take"},
    {"areas=1024++1024", "--set areas=1024++1024: sizes like"},
    {"areas=1024+", "--set areas=1024+"},
    {"areas=+1024", "--set areas=+1024"},
    {"areas=1024+0", "--set areas=1024+0"},
    {"areas=1024,1024", "--set areas=1024,1024"},
    {"areas=1024+40", "an area of 40 bytes cannot be added"},
    {"areas=1024+1024 area_struct=0", "cannot be added"},
    {"areas=20+1024", "--set areas: 20 bytes are too few for a heap"},
    {"areas=1K+1K heap=1024", "--set areas: they have 2048 bytes, but the heap "
                              "is to have 1024"},
    {"", "no heap size: give --heap BYTES"},
    {"trace", "--heap trace: the trace does not say how large"},
    {"heap=10", "--heap: 10 bytes are too few"},
    {"heap=4000000000", "--heap: 4000000000 bytes are more than"},
    {"heap=1024 outer_bytes=268435456 grow=1", "more than a window"},
};

Test(replay_input, every_wrong_wish_is_named)
{
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        play_badly(&p, options[i].body, "alloc 1 16\n", options[i].message);
}

Test(replay_input, sizes_may_end_in_k_and_m)
{
    play_well(&p, "areas=1K+2k grow=1 outer_bytes=1M", "alloc 1 16\n");
    cr_assert(eq(u64, p.result.heap_bytes, 3072));
}

/* ---- Headers that make no sense --------------------------------------- */

static const char *const headers[] = {
    "header has-blocks 1\n",
    "header has-blocks 1\nheader block-bytes 24\n",
    "header has-blocks 1\nheader block-bytes 65536\n",
    "header has-blocks 1\nheader block-bytes 16\nheader mark-stack 0\n",
    "header has-blocks 7\nheader has-held 9\nheader has-deaths 9\n",
    "header root-words 1048576\n",
    "header zeroing 5\nheader finalisers 5\nheader growth 5\n",
    "header area 0 0 4294967295 1 4 16 initial\n",
    "header area 9 9 1024 15 60 64 automatic\n",
};

Test(replay_input, no_header_brings_a_replay_down)
{
    static const char *const ways[] = {"heap=1024 check", "trace check"};
    char body[400];
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        for (size_t k = 0; k < 2; k++) {
            snprintf(body, sizeof body,
                     "%salloc 1 40\nstore 1 9 1\ncollect ordinary\n",
                     headers[i]);
            play_text(&p, ways[k], body);
            cr_assert(le(int, p.err, 0));
            cr_assert(eq(int, p.err == 0, p.problem.text[0] == '\0'), "%s",
                      p.problem.text);
        }
    }
}

Test(replay_input, too_many_roots_are_refused)
{
    play_badly(&p, HEAP, "header root-words 1048577\n",
               "1048577 root words are more than 1048576");
}
