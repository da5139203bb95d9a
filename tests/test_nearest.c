/* test_nearest.c - the word that a user probably meant */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "traces/nearest.h"

static const char *const names[] = {"replay", "report", "runs", "generate"};

static const char *near(const char *word)
{
    const char *name = nearest_name(word, names, 4);
    return name != 0 ? name : "(none)";
}

Test(nearest, counts_insertions_deletions_and_substitutions)
{
    cr_expect(eq(sz, nearest_distance("kitten", "sitting"), 3));
    cr_expect(eq(sz, nearest_distance("", "abc"), 3));
    cr_expect(eq(sz, nearest_distance("same", "SAME"), 0));
}

Test(nearest, counts_a_swap_of_neighbours_once)
{
    cr_expect(eq(sz, nearest_distance("erplay", "replay"), 1));
}

Test(nearest, proposes_a_name_for_a_slip)
{
    cr_expect(eq(str, (char *)near("relpay"), "replay"));
    cr_expect(eq(str, (char *)near("run"), "runs"));
    cr_expect(eq(str, (char *)near("gen"), "generate"));
}

Test(nearest, proposes_nothing_for_another_word)
{
    cr_expect(eq(str, (char *)near("banana"), "(none)"));
    cr_expect(eq(str, (char *)near(""), "(none)"));
}

Test(nearest, survives_a_word_without_end)
{
    char word[5000];
    for (size_t i = 0; i < sizeof word; i++)
        word[i] = 'r';
    word[sizeof word - 1] = '\0';
    cr_expect(eq(str, (char *)near(word), "(none)"));
}
