/* test_rep.c - lists of the malloc laboratory become traces */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "tests/importing.h"
#include "traces/import/rep.h"

Test(rep, requests_keep_their_ids)
{
    struct imported r = importing("65536\n3\n6\n1\na 0 512\na 2 0\nr 0 640\n"
                                  "f 2\na 1 8\nf 0\n",
                                  rep_open);
    cr_assert(eq(int, r.err, 0), "%s", r.problem.text);
    cr_expect(r.has_end);
    cr_expect(eq(str, (char *)r.text.data,
                 "alloc 0 512\nalloc 2 0\nrealloc 0 640 move\nfree 2\n"
                 "alloc 1 8\nfree 0\n"));
    cr_expect(eq(u32, r.header.has_graph, 0));
    cr_expect(eq(str, r.header.source, "rep"));
    bytes_free(&r.text);
}

Test(rep, blanks_and_a_missing_last_newline_do_no_harm)
{
    struct imported r =
        importing("1 \r\n1\r\n2\r\n1\r\n\r\na 0 5 \r\nf 0", rep_open);
    cr_assert(eq(int, r.err, 0), "%s", r.problem.text);
    cr_expect(eq(str, (char *)r.text.data, "alloc 0 5\nfree 0\n"));
    bytes_free(&r.text);
}

Test(rep, an_id_that_is_used_again_gets_a_new_name)
{
    struct imported r = importing("1\n2\n8\n1\na 1 5\nf 1\na 1 6\na 0 7\n"
                                  "r 1 8\nf 1\na 1 9\nf 0\n",
                                  rep_open);
    cr_assert(eq(int, r.err, 0), "%s", r.problem.text);
    cr_expect(eq(str, (char *)r.text.data,
                 "alloc 1 5\nfree 1\nalloc 2 6\nalloc 0 7\n"
                 "realloc 2 8 move\nfree 2\nalloc 3 9\nfree 0\n"));
    cr_expect(eq(u64, importing_skipped(&r, "ids used again"), 2));
    bytes_free(&r.text);
}

Test(rep, a_realloc_to_nothing_is_a_free)
{
    struct imported r = importing("1\n1\n2\n1\na 0 5\nr 0 0\n", rep_open);
    cr_assert(eq(int, r.err, 0), "%s", r.problem.text);
    cr_expect(eq(str, (char *)r.text.data, "alloc 0 5\nfree 0\n"));
    bytes_free(&r.text);
}

Test(rep, what_is_wrong_is_named_with_its_line)
{
    static const struct {
        const char *input, *message;
    } cases[] = {
        {"x\n", "1: header line 1 of 4 is not a number: suggested heap bytes"},
        {"1\n2\n", "2: header line 3 of 4 is not a number: number of "
                   "operations"},
        {"1\n1\n1\n1\nf 0\n", "5: free of object 0, which is not live"},
        {"1\n1\n1\n1\nr 0 5\n", "5: realloc of object 0, which is not live"},
        {"1\n1\n2\n1\na 0 5\na 0 5\n",
         "6: object 0 is allocated, but it is live"},
        {"1\n1\n1\n1\na 1 5\n", "5: object 1, but 1 ids were declared"},
        {"1\n1\n1\n1\na 0\n", "5: the form is: a ID BYTES"},
        {"1\n1\n1\n1\na 0 5 5\n", "5: the form is: a ID BYTES"},
        {"1\n1\n1\n1\na 0 -5\n", "5: the form is: a ID BYTES"},
        {"1\n1\n1\n1\nd 0\n", "5: a line begins with a, r or f, not 'd'"},
        {"1\n1\n1\n1\na 0 5\nf 0\n", "6: more than the declared 1 operations"},
        {"1\n1\n3\n1\na 0 5\nf 0\n",
         "6: ends after 2 of the declared 3 operations (truncated)"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct imported r = importing(cases[i].input, rep_open);
        cr_expect(eq(int, r.err, ERR_INPUT), "%s", cases[i].input);
        cr_expect(
            eq(str, (char *)importing_message(&r), (char *)cases[i].message));
        bytes_free(&r.text);
    }
}

static bool sniff(const char *text)
{
    return rep_sniff((const uint8_t *)text, strlen(text));
}

Test(rep, is_told_by_four_numbers_and_an_operation)
{
    cr_expect(sniff("65536\n10153\n20000\n1\na 0 9\n"));
    cr_expect(sniff("65536\r\n10153\r\n20000\r\n1\r\na 0 9\r\n"));
    cr_expect(sniff("1\n0\n0\n1\n"));
    cr_expect(not(sniff("1\n0\n0\n")));
    cr_expect(not(sniff("1\n2\n3\nx\na 0 9\n")));
    cr_expect(not(sniff("1\n2\n3\n4\nwhatever\n")));
    cr_expect(not(sniff("")));
}

Test(rep, the_sample_list_has_its_counts)
{
    const char *path = "../shared/bench/churn-64k.rep";
    if (access(path, R_OK) != 0)
        cr_skip("no %s", path);
    struct imported r = importing_path(path, rep_open, false);
    cr_assert(eq(int, r.err, 0), "%s", r.problem.text);
    cr_expect(eq(u64, r.counts.allocations, 10153));
    cr_expect(eq(u64, r.counts.frees, 9847));
    bytes_free(&r.text);
}
