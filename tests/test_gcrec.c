/* test_gcrec.c - recordings of MicroPython heaps become lawful traces */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "tests/importing.h"
#include "traces/import/gcrec.h"

#define HEAD_KEYS(mark_every)                                                  \
    "h finaliser 1\nh conservative_clear 1\nh mark_stack 64\n"                 \
    "h root_words 100\nh graph 1\nh mark_every " mark_every                    \
    "\nh roots_every 64\nh program small\n"
#define HEAD1_(mark_every)                                                     \
    "# gcrec 1\nh word_bytes 4\nh block_bytes 16\nh heap_bytes 20480\n"        \
    "h atb_bytes 312\nh blocks 1248\nh pool_offset 512\n" HEAD_KEYS(           \
        mark_every)
#define HEAD1 HEAD1_("1")
#define HEAD2                                                                  \
    "# gcrec 2\nh word_bytes 4\nh block_bytes 16\nh areas 1\n"                 \
    "h area_struct_bytes 32\nh growth 1\nh outer_bytes 131072\n" HEAD_KEYS(    \
        "1") "N 0 0 initial 16384 250 1000 384\n"
#define N_HEAD1 15 /* lines */
#define E1      "e 64 19904 1200 1 0 3 0 9 00000000000000ff\n"
#define E2      "e 64 19904 900 1 0 3 0 4096 0b 0:1:2:0000000000000abc\n"

static void expect_text(const char *input, const char *wanted)
{
    struct imported r = importing(input, gcrec_open);
    cr_assert(eq(int, r.err, 0), "%s", r.problem.text);
    cr_assert(r.has_end);
    cr_expect(eq(str, (char *)r.text.data, (char *)wanted));
    bytes_free(&r.text);
}

static void expect_error(const char *input, const char *wanted)
{
    struct imported r = importing(input, gcrec_open);
    cr_expect(eq(int, r.err, ERR_INPUT), "%s", input);
    cr_expect(eq(str, (char *)importing_message(&r), (char *)wanted));
    bytes_free(&r.text);
}

Test(gcrec, header_of_version_1_is_one_area)
{
    struct imported r = importing(HEAD1 "z end\n", gcrec_open);
    cr_assert(eq(int, r.err, 0), "%s", r.problem.text);
    cr_expect(eq(u32, r.header.n_areas, 1));
    cr_expect(eq(u32, r.header.areas[0].bytes, 20480));
    cr_expect(eq(u32, r.header.areas[0].table_bytes, 312));
    cr_expect(eq(u32, r.header.areas[0].n_blocks, 1248));
    cr_expect(eq(u32, r.header.areas[0].pool_offset, 512));
    cr_expect(eq(u32, r.header.word_bytes, 4));
    cr_expect(eq(u32, r.header.block_bytes, 16));
    cr_expect(eq(u32, r.header.mark_stack, 64));
    cr_expect(eq(u32, r.header.root_words, 100));
    cr_expect(eq(u32, r.header.zeroing, 1));
    cr_expect(eq(u32, r.header.has_deaths, 1));
    cr_expect(eq(str, r.header.program, "small"));
    cr_expect(eq(str, r.header.source, "gcrec"));
    cr_expect(eq(str, r.header.source_version, "1"));
    bytes_free(&r.text);
}

Test(gcrec, header_of_version_2_takes_the_first_areas)
{
    struct imported r = importing(
        "# gcrec 2\nh word_bytes 4\nh block_bytes 16\nh areas 3\n"
        "h area_struct_bytes 32\nh growth 0\nh outer_bytes 0\n" HEAD_KEYS(
            "1") "N 0 0 initial 16666 254 1016 400\n"
                 "N 1 1 explicit 16666 253 1012 464\n"
                 "N 2 2 explicit 16666 253 1012 464\nz end\n",
        gcrec_open);
    cr_assert(eq(int, r.err, 0), "%s", r.problem.text);
    cr_expect(eq(u32, r.header.n_areas, 3));
    cr_expect(eq(u32, r.header.areas[2].number, 2));
    cr_expect(eq(u32, r.header.areas[2].reason, 1));
    cr_expect(eq(u32, r.header.area_struct_bytes, 32));
    bytes_free(&r.text);
}

Test(gcrec, requests_carry_the_block_that_answered)
{
    expect_text(HEAD1 "a 1 24 0 0\na 2 8 1 2\nr 1 100 1 3\nr 2 16 0 2\n"
                      "f 2\nz end\n",
                "alloc 1 24\nexpect block 0 0\n"
                "alloc 2 8 finaliser\nexpect block 0 2\n"
                "realloc 1 100 move\nexpect block 0 3\n"
                "realloc 2 16\nexpect block 0 2\n"
                "free 2\n");
}

Test(gcrec, stores_roots_and_samples_follow_the_lines)
{
    expect_text(HEAD1 "k\na 1 24 0 0\np 99 1\na 2 24 0 2\nw 1 0 2 5 1\n"
                      "k 2 1\nw 1 0 0\np 99 0\nz end\n",
                "held roots\nalloc 1 24\nexpect block 0 0\nroot 99 1\n"
                "alloc 2 24\nexpect block 0 2\nstore 1 0 2\nstore 1 5 1\n"
                "held roots 2 1\nstore 1 0 -\nroot 99 -\n");
}

Test(gcrec, controls_phases_and_checkpoints_follow_the_lines)
{
    expect_text(HEAD1 "T 500\nT -1\nA 0\nA 1\ni + gc\ni - gc\ni + \n"
                      "s 1 2 3 4\nc gc_info 16 19952 1247 1 0 1 7 8 ff\n"
                      "c old 980.5 16 19952 1247 1 0 1 7 8 ff\nz end\n",
                "control threshold 8000\ncontrol threshold -\n"
                "control auto 0\ncontrol auto 1\n"
                "phase begin gc\nphase end gc\nphase begin \n"
                "expect graph 1 2 3 4\n"
                "expect state at 16 19952 1247 1 0 1 0 - 00000000000000ff "
                "0:7:8:00000000000000ff label gc_info\n"
                "expect state at 16 19952 1247 1 0 1 0 - 00000000000000ff "
                "0:7:8:00000000000000ff label old 980.5\n");
}

Test(gcrec, a_group_becomes_one_operation_with_its_facts)
{
    expect_text(HEAD1 "a 1 24 0 0\na 2 24 0 2\nd 2\nq a 0 64 1\ng A\nk 1\n"
                      "j 2 1\ny 3\nx 2\nv 1\ns 1 0 0 0\n" E1
                      "a 3 64 1 4\nz end\n",
                "alloc 1 24\nexpect block 0 0\nalloc 2 24\nexpect block 0 2\n"
                "death 2\n"
                "held roots 1\nheld inside 2 1\nheld interior 1\n"
                "alloc 3 64 finaliser\n"
                "expect collection full 3 2\nexpect graph 1 0 0 0\n"
                "expect state after 64 19904 1200 1 0 3 0 - "
                "00000000000000ff 0:0:9:00000000000000ff\n"
                "expect block 0 4\n");
}

Test(gcrec, a_realloc_is_answered_by_a_collection_too)
{
    expect_text(HEAD1 "a 1 24 0 0\nq r 1 640 1\ng T\nk\n" E1
                      "r 1 640 1 5\nz end\n",
                "alloc 1 24\nexpect block 0 0\nheld roots\n"
                "realloc 1 640 move\nexpect collection threshold -\n"
                "expect state after 64 19904 1200 1 0 3 0 - "
                "00000000000000ff 0:0:9:00000000000000ff\n"
                "expect block 0 5\n");
}

Test(gcrec, collections_that_the_program_asked_for_are_operations)
{
    expect_text(HEAD1 "a 1 24 0 0\ng E\nk 1\n" E1 "g S\nx 1\n" E1 "z end\n",
                "alloc 1 24\nexpect block 0 0\nheld roots 1\n"
                "collect ordinary\nexpect collection asked -\n"
                "expect state after 64 19904 1200 1 0 3 0 - "
                "00000000000000ff 0:0:9:00000000000000ff\n"
                "collect all\nexpect collection all - 1\n"
                "expect state after 64 19904 1200 1 0 3 0 - "
                "00000000000000ff 0:0:9:00000000000000ff\n");
}

Test(gcrec, refused_requests_say_what_refused_them)
{
    /* Asked and found nothing; locked; too large for its place. */
    expect_text(HEAD1 "a 1 24 0 0\nq a 0 30000 0\ng A\n" E1 "n 30000 0 0\n"
                      "n 8 1 1\nm 1 16 1\nm 1 640 1\nm 1 640 0\nz end\n",
                "alloc 1 24\nexpect block 0 0\n"
                "refused alloc memory 30000\nexpect collection full -\n"
                "expect state after 64 19904 1200 1 0 3 0 - "
                "00000000000000ff 0:0:9:00000000000000ff\n"
                "control lock 1\nrefused alloc locked 8 finaliser\n"
                "control lock 0\n"
                "control lock 1\nrefused realloc locked 1 16 move\n"
                "control lock 0\n"
                "control lock 1\nrefused realloc locked 1 640 move\n"
                "control lock 0\n"
                "refused realloc unknown 1 640\n");
}

Test(gcrec, without_automatic_collection_a_refusal_needs_no_group)
{
    expect_text(HEAD1 "a 1 24 0 0\nA 0\nn 30000 0 0\nm 1 640 1\nz end\n",
                "alloc 1 24\nexpect block 0 0\ncontrol auto 0\n"
                "refused alloc memory 30000\n"
                "refused realloc unknown 1 640 move\n");
}

Test(gcrec, finalisers_free_before_the_operation)
{
    expect_text(HEAD1 "a 1 24 1 0\na 2 24 0 2\nd 1\nd 2\ng E\nf 2\nn 8 0 1\n"
                      "x 1\n" E1 "z end\n",
                "alloc 1 24 finaliser\nexpect block 0 0\n"
                "alloc 2 24\nexpect block 0 2\ndeath 1\ndeath 2\n"
                "control lock 1\nrefused alloc locked 8\ncontrol lock 0\n"
                "finalise 2\ncollect ordinary\n"
                "expect collection asked - 1\n"
                "expect state after 64 19904 1200 1 0 3 0 - "
                "00000000000000ff 0:0:9:00000000000000ff\n");
}

Test(gcrec, what_finalisers_stored_follows_the_collection)
{
    struct imported r =
        importing(HEAD1 "a 1 24 0 0\na 2 24 1 2\nd 2\ng E\nw 1 0 1\n"
                        "w 2 0 1\nw 1 1 2\np 5 1\nx 2\n" E1 "z end\n",
                  gcrec_open);
    cr_assert(eq(int, r.err, 0), "%s", r.problem.text);
    cr_expect(eq(str, (char *)r.text.data,
                 "alloc 1 24\nexpect block 0 0\n"
                 "alloc 2 24 finaliser\nexpect block 0 2\ndeath 2\n"
                 "collect ordinary\nexpect collection asked - 2\n"
                 "expect state after 64 19904 1200 1 0 3 0 - "
                 "00000000000000ff 0:0:9:00000000000000ff\n"
                 "store 1 0 1\nroot 5 1\n"));
    cr_expect(eq(u64,
                 importing_skipped(&r, "stores of finalisers in freed objects"),
                 2));
    bytes_free(&r.text);
}

Test(gcrec, only_the_last_death_counts_and_none_if_it_is_undone)
{
    struct imported r = importing(
        HEAD1 "a 1 8 0 0\na 2 8 0 1\na 3 8 0 2\na 4 8 0 3\nd 1\nd 2\nd 3\n"
              "u 1\na 5 8 0 4\nd 1\nu 2\nu 1\na 6 8 0 5\nd 1\nd 4\nz end\n",
        gcrec_open);
    cr_assert(eq(int, r.err, 0), "%s", r.problem.text);
    cr_expect(eq(str, (char *)r.text.data,
                 "alloc 1 8\nexpect block 0 0\nalloc 2 8\nexpect block 0 1\n"
                 "alloc 3 8\nexpect block 0 2\nalloc 4 8\nexpect block 0 3\n"
                 "death 3\nalloc 5 8\nexpect block 0 4\n"
                 "alloc 6 8\nexpect block 0 5\ndeath 1\ndeath 4\n"));
    cr_expect(eq(u64, importing_skipped(&r, "deaths that did not last"), 3));
    bytes_free(&r.text);
}

Test(gcrec, of_deaths_in_a_row_the_last_counts_where_one_was_undone)
{
    expect_text(HEAD1 "a 1 8 0 0\nd 1\nu 1\nd 1\nw 1 0 1\nd 1\nz end\n",
                "alloc 1 8\nexpect block 0 0\nstore 1 0 1\ndeath 1\n");
}

Test(gcrec, without_recorded_deaths_collections_kill)
{
    struct imported r =
        importing(HEAD1_("0") "a 1 8 0 0\na 2 8 0 1\ng E\nx 1\n" E1 "g S\n"
                              "x 2\n" E1 "z end\n",
                  gcrec_open);
    cr_assert(eq(int, r.err, 0), "%s", r.problem.text);
    cr_expect(eq(u32, r.header.has_deaths, 2));
    cr_expect(eq(str, (char *)r.text.data,
                 "alloc 1 8\nexpect block 0 0\nalloc 2 8\nexpect block 0 1\n"
                 "death 1\ncollect ordinary\nexpect collection asked - 1\n"
                 "expect state after 64 19904 1200 1 0 3 0 - "
                 "00000000000000ff 0:0:9:00000000000000ff\n"
                 "death 2\ncollect all\nexpect collection all - 2\n"
                 "expect state after 64 19904 1200 1 0 3 0 - "
                 "00000000000000ff 0:0:9:00000000000000ff\n"));
    bytes_free(&r.text);
}

Test(gcrec, the_heap_grows_for_a_request_and_gives_areas_back)
{
    expect_text(
        HEAD2 "a 1 8 0 0:0\nq a 0 20000 0\ng A\nk 1\n" E2 "o 4096\n"
              "N 1 1 auto 32784 500 2000 784\na 2 20000 0 1:0\n"
              "a 3 8 0 1:1250\nd 2\ng E\nx 2\nR 1 1 3\n" E2 "z end\n",
        "alloc 1 8\nexpect block 0 0\nheld roots 1\nalloc 2 20000\n"
        "expect collection full -\n"
        "expect state after 64 19904 900 1 0 3 0 4096 000000000000000b "
        "0:1:2:0000000000000abc\n"
        "expect avail 4096\nexpect area 1 1 32784 500 2000 784 automatic\n"
        "expect block 1 0\nalloc 3 8\nexpect block 1 1250\ndeath 2\n"
        "collect ordinary\nexpect collection asked - 2\n"
        "expect given-back 1 1 3\n"
        "expect state after 64 19904 900 1 0 3 0 4096 000000000000000b "
        "0:1:2:0000000000000abc\n");
}

Test(gcrec, the_heap_grows_without_a_collection_where_that_is_off)
{
    expect_text(HEAD2 "A 0\no 4096\nN 1 1 auto 4096 60 240 160\n"
                      "a 1 20 0 1:0\no 0\nn 30000 0 0\n"
                      "q a 0 50000 0\no 0\nn 50000 0 0\nz end\n",
                "control auto 0\nalloc 1 20\nexpect avail 4096\n"
                "expect area 1 1 4096 60 240 160 automatic\n"
                "expect block 1 0\n"
                "refused alloc memory 30000\nexpect avail 0\n"
                "refused alloc memory 50000\nexpect avail 0\n");
}

Test(gcrec, the_program_adds_an_area)
{
    expect_text(HEAD2 "N 1 1 explicit 4096 60 240 160\na 1 20 0 1:0\n"
                      "c x 64 19904 900 1 0 3 0 -1 b 0:1:2:a 1:0:0:b\n"
                      "z end\n",
                "control add-area 4096\n"
                "expect area 1 1 4096 60 240 160 explicit\n"
                "alloc 1 20\nexpect block 1 0\n"
                "expect state at 64 19904 900 1 0 3 0 - 000000000000000b "
                "0:1:2:000000000000000a 1:0:0:000000000000000b label x\n");
}

Test(gcrec, lines_about_an_object_lost_with_its_area_are_dropped)
{
    struct imported r = importing(
        HEAD2 "a 1 8 0 0:0\nN 1 1 explicit 4096 60 240 160\na 2 8 0 1:0\n"
              "w 1 0 2\ng E\nR 1 1 2\n" E2 "w 1 1 2\nw 2 0 1\nd 2\nf 2\n"
              "z end\n",
        gcrec_open);
    cr_assert(eq(int, r.err, 0), "%s", r.problem.text);
    cr_expect(eq(
        u64, importing_skipped(&r, "lines about objects lost with their area"),
        4));
    cr_expect(ne(ptr, strstr((char *)r.text.data, "store 1 1 -\n"), NULL));
    bytes_free(&r.text);
}

Test(gcrec, comments_empty_lines_and_carriage_returns_do_no_harm)
{
    expect_text(HEAD1 "\n# more\na 1 8 0 0\r\n\r\nf 1\r\nz end",
                "alloc 1 8\nexpect block 0 0\nfree 1\n");
}

Test(gcrec, every_malformed_line_is_named_with_its_reason)
{
    static const struct {
        const char *lines, *message;
    } cases[] = {
        {"a 2 8 0 0\n", "16: object 2 is allocated after object 0"},
        {"a 1 8 0\n", "16: the form is: a ID SIZE FLAGS BLOCK"},
        {"a 1 8 0 0 0\n", "16: the form is: a ID SIZE FLAGS BLOCK"},
        {"a  1 8 0 0\n", "16: the form is: a ID SIZE FLAGS BLOCK"},
        {"a 1 -8 0 0\n", "16: the form is: a ID SIZE FLAGS BLOCK"},
        {"a 1 99999999999999999999 0 0\n",
         "16: the form is: a ID SIZE FLAGS BLOCK"},
        {"a 1 8 0 0:0\n", "16: the form is: a ID SIZE FLAGS BLOCK"},
        {"a 1 8 0 1248\n",
         "16: 8 bytes at block 1248 reach beyond the 1248 blocks of area 0"},
        {"a 1 33 0 1246\n",
         "16: 33 bytes at block 1246 reach beyond the 1248 blocks of area 0"},
        {"f 1\n", "16: object 1 does not exist"},
        {"f 0\n", "16: the form is: f ID"},
        {"r 7 8 1 0\n", "16: object 7 does not exist"},
        {"a 1 8 0 0\nf 1\nf 1\n", "18: object 1 does not exist"},
        {"a 1 8 0 0\nd 1\nr 1 9 1 0\n",
         "18: realloc of object 1, which is dead"},
        {"a 1 8 0 0\nd 1\nw 1 0 0\n", "18: a store in object 1, which is dead"},
        {"a 1 8 0 0\na 2 8 0 1\nd 1\nw 2 0 1\n",
         "19: a reference to object 1, which is dead"},
        {"a 1 8 0 0\nw 1 4 1\n", "17: word 4 is beyond the 4 of object 1"},
        {"a 1 8 0 0\nw 1 0\n",
         "17: the form is: w ID WORD TARGET [WORD TARGET] ..."},
        {"a 1 8 0 0\nw 1\n",
         "17: the form is: w ID WORD TARGET [WORD TARGET] ..."},
        {"w 1 0 0\n", "16: object 1 does not exist"},
        {"p 100 0\n", "16: root 100 is beyond the 100 of the header"},
        {"p 1 3\n", "16: object 3 does not exist"},
        {"d 3\n", "16: object 3 does not exist"},
        {"T x\n", "16: the form is: T BLOCKS, or T -1"},
        {"A 2\n", "16: the form is: A 0, or A 1"},
        {"i * x\n", "16: the form is: i + NAME, or i - NAME"},
        {"j 1\n", "16: a line j cannot stand outside a collection"},
        {"A 1\nh key 1\n", "17: no line of a recording begins with 'h'"},
        {"\x01 1\n", "16: no line of a recording begins with '?'"},
        {"\xff 1\n", "16: no line of a recording begins with '?'"},
        {"q a 0 8 0\nf 1\n",
         "17: a line f cannot stand between a request and its collection"},
        {"q a 0 8 0\ng E\n",
         "17: the program asks for a collection while the request of line "
         "16 waits"},
        {"q a 0 8 0\ng A\n" E1 "a 1 9 0 0\n",
         "19: this is not the answer to the request of line 16"},
        {"q a 0 8 0\ng A\n" E1 "T 1\n",
         "19: a line T cannot stand where a request waits for its answer"},
        {"q a 0 8 0\ng A\n" E1 "n 8 0 1\n",
         "19: a request refused because the heap was locked cannot have "
         "asked for memory before"},
        {"g E\na 1 8 0 0\n", "17: a line a cannot stand inside a collection"},
        {"g E\nn 8 0 0\n",
         "17: inside a collection the heap is locked, but this request was "
         "tried"},
        {"g E\nk 1\nk 1\n", "18: a second line k in one group"},
        {"g E\nx 4\n", "17: object 4 is freed but does not exist"},
        {"g E\nR 0 0\n",
         "17: area 0 is not at place 0 of the list, or is the first"},
        {"g X\n", "16: the form is: g A, g T, g E or g S"},
        {"u 1\n", "16: object 1 does not exist"},
        {"N 1 1 auto 1 1 4 0\n",
         "16: the form is: N AREA INDEX REASON BYTES ATB-BYTES BLOCKS "
         "POOL-OFFSET"},
        {"a 1 8 0 0\n", "16: ends without 'z end' (truncated)"},
        {"a 1 8 0 0", "16: ends in the middle of a line (truncated)"},
        {"z end\na 1 8 0 0\n", "17: something follows 'z end'"},
        {"z fin\n", "16: the form is: z end"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char input[2048];
        snprintf(input, sizeof input, "%s%s", HEAD1, cases[i].lines);
        expect_error(input, cases[i].message);
    }
}

Test(gcrec, a_wrong_header_is_named_with_its_reason)
{
    static const struct {
        const char *input, *message;
    } cases[] = {
        {"# gcrec 3\n", "1: version 3 is not known: only 1 and 2 are"},
        {"# something\n",
         "1: the first line is not '# gcrec 1' or '# gcrec 2'"},
        {"# gcrec 1\n", "1: ends within the header (truncated)"},
        {"# gcrec 1\nh word_bytes 4",
         "2: ends in the middle of a line (truncated)"},
        {"# gcrec 1\nh word_bytes\n", "2: the form is: h KEY VALUE"},
        {"# gcrec 1\nh word_bytes x\n",
         "2: word_bytes is not a number up to 2147483647"},
        {"# gcrec 1\nh areas 1\n", "2: areas does not belong to version 1"},
        {"# gcrec 1\nz end\n",
         "2: the header's word_bytes is not 1, 2, 4 or 8"},
        {"# gcrec 1\nh word_bytes 4\nh block_bytes 24\nz end\n",
         "4: the header's block_bytes is not a power of two from word_bytes "
         "to 4096"},
        {"# gcrec 1\nh word_bytes 4\nh block_bytes 16\nz end\n",
         "4: an area of 0 blocks and a table of 0 bytes: a table byte is 4 "
         "blocks"},
        {"# gcrec 1\nh word_bytes 4\nh block_bytes 16\nh heap_bytes 64\n"
         "h atb_bytes 1\nh blocks 4\nh pool_offset 16\nz end\n",
         "8: an area of 64 bytes cannot hold 4 blocks from offset 16"},
        {"# gcrec 2\nh word_bytes 4\nh block_bytes 16\nz end\n",
         "4: the header's areas is not from 1 to 64"},
        {"# gcrec 2\nh word_bytes 4\nh block_bytes 16\nh areas 1\nz end\n",
         "5: area 0 of the header's 1 is missing: N AREA INDEX REASON BYTES "
         "ATB-BYTES BLOCKS POOL-OFFSET"},
        {"# gcrec 2\nh word_bytes 4\nh block_bytes 16\nh areas 1\n"
         "N 1 0 initial 4096 60 240 160\nz end\n",
         "5: area 1 at place 0, but number 0 at place 0 is next"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_error(cases[i].input, cases[i].message);
}

/* A recording with a line of every kind. */
static const char every_kind[] =
    HEAD2 "a 1 8 0 0:0\nk 1\na 2 24 1 0:1\nw 1 0 2\np 3 1\ni + m\n"
          "r 1 40 1 0:3\nT 40\nA 1\nd 2\nu 2\nd 2\ns 1 0 0 0\n"
          "c x 64 19904 900 1 0 3 0 4096 0b 0:1:2:0abc\ni - m\n"
          "q a 0 20000 0\ng A\nf 2\nk 1\nj\ny 1\nx\nv 1\ns 1 0 0 0\n" E2
          "o 4096\nN 1 1 auto 32784 500 2000 784\na 3 20000 0 1:0\n"
          "n 9 0 1\nm 1 640 0\nd 3\ng E\nx 3\nR 1 1\n" E2 "z end\n";

Test(gcrec, a_recording_cut_anywhere_is_refused)
{
    struct imported whole = importing(every_kind, gcrec_open);
    cr_assert(eq(int, whole.err, 0), "%s", whole.problem.text);
    bytes_free(&whole.text);

    size_t n = strlen(every_kind);
    for (size_t cut = 0; cut < n - 1; cut++) { /* the last newline may go */
        struct imported r = importing_bytes(every_kind, cut, gcrec_open);
        cr_assert(eq(int, r.err, ERR_INPUT), "cut at %zu", cut);
        cr_assert(ne(int, r.problem.text[0], 0));
        cr_assert(eq(ptr, strchr(r.problem.text, '\n'), NULL));
        bytes_free(&r.text);
    }
}

Test(gcrec, a_damaged_byte_is_refused_or_read_but_never_breaks_anything)
{
    static const char letters[] = {'9', ' ', '\n', 'w', '\0'};
    char damaged[sizeof every_kind];
    for (size_t at = 0; at < sizeof every_kind - 1; at++) {
        for (size_t k = 0; k < sizeof letters; k++) {
            memcpy(damaged, every_kind, sizeof damaged);
            damaged[at] = letters[k];
            struct imported r =
                importing_bytes(damaged, sizeof damaged - 1, gcrec_open);
            cr_assert(r.err == 0 || r.problem.text[0] != '\0');
            bytes_free(&r.text);
        }
    }
}

/* traces/README.md of the recordings: what must be counted in each. */
struct row {
    const char *name;
    uint64_t allocs, frees, reallocs, refused, automatic, asked, threshold;
    uint64_t areas, given_back;
};

/* clang-format off */
static const struct row rows[] = {
    {"chaos-40k",           52300,  6036,  1010,   0,   27,  2,   0,  0,  0},
    {"fft-64k",             11807,    81,   337,   0,   14,  1,   0,  0,  0},
    {"import-py-20k",         822,   340,  1639,   3,    7,  2,   0,  0,  0},
    {"json-32k",            74654,  2968,  9362,   0,   59,  1,   0,  0,  0},
    {"logger-32k",         105709,  1288,  1902,  71,  125,  1,   0,  0,  0},
    {"logger-long-64k",   1999116, 22838, 30235, 197, 2373,  1,   0,  0,  0},
    {"logger-thresh-32k",   84368,  1040,  1502,  11,   13,  1, 189,  0,  0},
    {"nqueens-20k",         25253,  1994,   995,   0,   29,  2,   0,  0,  0},
    {"pystone-24k",          1907,  1003,   564,   0,    3,  2,   0,  0,  0},
    {"raytrace-48k",        13801,  2141,   989,   0,    5,  2,   0,  0,  0},
    {"strings-32k",          3282,    54,   224,   0,    3,  2,   0,  0,  0},
    {"trees-stack4-64k",   129575,  3414,  5791,   1,   59,  1,   0,  0,  0},
    {"web-64k",             70754,  7640,  9809,   0,   29,  1,   0,  0,  0},
    {"web-stack4-48k",      47438,  5177,  6769,   0,   31,  1,   0,  0,  0},
    {"auto-big-20k",        35141,    52,  3929,   6,   26,  5,   0, 15, 14},
    {"auto-burst-16k",     141092,  6993,  6379,   0,   34, 15,   0,  5,  4},
    {"auto-import-py-12k",   1934,   929,  3854,   0,    6,  2,   0,  3,  0},
    {"auto-logger-16k",     63283,   810,  1174,   0,   52,  1,   0,  2,  0},
    {"auto-lone-16k",        8809,    30,   112,   0,   56,  7,   0,  5,  4},
    {"split3-web-50k",      47438,  5177,  6769,   0,   30,  1,   0,  0,  0},
};
/* clang-format on */

Test(gcrec, the_sample_recordings_have_the_counts_of_their_tables)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        char path[128];
        snprintf(path, sizeof path, "../shared/traces/%s.gct.zst", row->name);
        if (access(path, R_OK) != 0)
            cr_skip("no %s", path);
        struct imported r = importing_path(path, gcrec_open, false);
        cr_assert(eq(int, r.err, 0), "%s", r.problem.text);
        cr_expect(r.has_end);
        cr_expect(eq(u64, r.counts.allocations, row->allocs));
        cr_expect(eq(u64, r.counts.frees, row->frees));
        cr_expect(eq(u64, r.counts.reallocs, row->reallocs));
        cr_expect(eq(u64, r.refused_allocs, row->refused));
        cr_expect(eq(u64, r.causes[TRACE_GC_FULL], row->automatic));
        cr_expect(eq(u64, r.causes[TRACE_GC_ASKED], row->asked));
        cr_expect(eq(u64, r.causes[TRACE_GC_THRESHOLD], row->threshold));
        cr_expect(eq(u64, r.areas, row->areas));
        cr_expect(eq(u64, r.given_back, row->given_back));
        bytes_free(&r.text);
    }
}

Test(gcrec, is_told_by_its_first_bytes)
{
    cr_expect(gcrec_sniff((const uint8_t *)"# gcrec 7", 9));
    cr_expect(not(gcrec_sniff((const uint8_t *)"# gcre", 6)));
    cr_expect(not(gcrec_sniff((const uint8_t *)"# allocation", 12)));
}
