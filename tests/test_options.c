/* test_options.c - options and words of a command line. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/redirect.h>

#include "analysis/options.h"

static const char *db, *jobs, *words[2];
static bool json;

static int read_words(int argc, char **argv)
{
    const struct option_row rows[] = {
        {"--db", &db, NULL}, {"-j", &jobs, NULL}, {"--json", NULL, &json}};
    db = "default";
    jobs = "1";
    json = false;
    return options_read(argc, argv, rows, 3, words, 2);
}

#define READ(...)                                                              \
    read_words((int)(sizeof(char *[]){"runs", __VA_ARGS__} / sizeof(char *)),  \
               (char *[]){"runs", __VA_ARGS__, NULL})

TestSuite(options, .init = cr_redirect_stderr);

Test(options, a_value_stands_behind_its_option_or_after_an_equals_sign)
{
    cr_expect(eq(int, READ("--db", "a.db", "7"), 1));
    cr_expect(eq(str, (char *)db, "a.db"));
    cr_expect(eq(str, (char *)words[0], "7"));
    cr_expect(eq(int, READ("7", "--db=b.db", "--json", "8"), 2));
    cr_expect(eq(str, (char *)db, "b.db"));
    cr_expect(json);
}

Test(options, a_value_may_follow_one_letter_at_once)
{
    cr_expect(eq(int, READ("-j2", "7"), 1));
    cr_expect(eq(str, (char *)jobs, "2"));
    cr_expect(eq(int, READ("-j=3"), 0));
    cr_expect(eq(str, (char *)jobs, "3"));
    cr_expect(eq(int, READ("-j", "4"), 0));
    cr_expect(eq(str, (char *)jobs, "4"));
}

Test(options, two_dashes_end_the_options_and_one_is_a_word)
{
    cr_expect(eq(int, READ("--", "--json"), 1));
    cr_expect(not(json));
    cr_expect(eq(int, READ("-"), 1));
}

Test(options, an_unknown_option_names_the_nearest)
{
    cr_expect(eq(int, READ("--jsn"), -1));
    fflush(stderr);
    cr_assert_stderr_eq_str(
        "fraglab: runs: unknown option '--jsn'; did you mean '--json'?\n");
}

Test(options, a_missing_value_is_named)
{
    cr_expect(eq(int, READ("7", "--db"), -1));
    fflush(stderr);
    cr_assert_stderr_eq_str("fraglab: runs: option '--db' needs a value\n");
}

Test(options, a_flag_takes_no_value)
{
    cr_expect(eq(int, READ("--json=1"), -1));
    fflush(stderr);
    cr_assert_stderr_eq_str("fraglab: runs: option '--json' takes no value\n");
}

Test(options, too_many_words_are_refused)
{
    cr_expect(eq(int, READ("1", "2", "3"), -1));
    fflush(stderr);
    cr_assert_stderr_eq_str("fraglab: runs: unexpected argument '3'\n");
}
