/* test_mplog.c - logs of a MicroPython build become traces; sizes scaled */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "tests/importing.h"
#include "traces/import/mplog.h"
#include "traces/import/scale.h"

#define HEAD "# allocation trace of bufs.py under MicroPython\n"

Test(mplog, a_resize_stays_in_place_and_a_sweep_tells_deaths)
{
    struct imported r =
        importing(HEAD "a 0 48\na 1 16\nr 0 60\nd 1\nf 0\na 7 3\n", mplog_open);
    cr_assert(eq(int, r.err, 0), "%s", r.problem.text);
    cr_expect(r.has_end);
    cr_expect(eq(str, (char *)r.text.data,
                 "alloc 0 48\nalloc 1 16\nrealloc 0 60\ndeath 1\nfree 0\n"
                 "alloc 7 3\n"));
    cr_expect(eq(str, r.header.program, "bufs.py"));
    cr_expect(eq(u32, r.header.word_bytes, 8));
    cr_expect(eq(u32, r.header.block_bytes, 32));
    cr_expect(eq(u32, r.header.has_deaths, 2));
    cr_expect(eq(u64, importing_skipped(&r, "comments"), 1));
    bytes_free(&r.text);
}

Test(mplog, an_incomplete_last_line_is_dropped_and_counted)
{
    struct imported r = importing(HEAD "a 0 48\na 1 1", mplog_open);
    cr_assert(eq(int, r.err, 0), "%s", r.problem.text);
    cr_expect(eq(str, (char *)r.text.data, "alloc 0 48\n"));
    cr_expect(eq(u64, importing_skipped(&r, "incomplete last lines"), 1));
    bytes_free(&r.text);
}

Test(mplog, what_is_wrong_is_named_with_its_line)
{
    static const struct {
        const char *input, *message;
    } cases[] = {
        {HEAD "d 0\n", "2: death of object 0, which is not live"},
        {HEAD "a 0 1\nd 0\nf 0\n", "4: free of object 0, which is not live"},
        {HEAD "a 0 1\nd 0\na 0 1\n", "4: object 0 is allocated a second time"},
        {HEAD "x 0\n", "2: a line begins with a, r, d or f, not 'x'"},
        {HEAD "a 0 1 2\n", "2: the form is: a ID BYTES"},
        {HEAD "d 0 1\n", "2: the form is: d ID"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct imported r = importing(cases[i].input, mplog_open);
        cr_expect(eq(int, r.err, ERR_INPUT), "%s", cases[i].input);
        cr_expect(
            eq(str, (char *)importing_message(&r), (char *)cases[i].message));
        bytes_free(&r.text);
    }
}

Test(mplog, the_sample_logs_have_their_counts)
{
    static const struct {
        const char *name;
        uint64_t allocs, reallocs, frees, deaths;
    } logs[] = {
        {"bufs", 21997, 2740, 1569, 20374},    {"comb", 2007, 49, 35, 1870},
        {"json_cfg", 16263, 642, 2640, 13369}, {"objs", 16332, 73, 474, 14677},
        {"sensor", 83676, 3223, 2841, 80783},
    };

    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
        char path[128];
        snprintf(path, sizeof path, "../shared/samples/micropython/%s.trace.gz",
                 logs[i].name);
        if (access(path, R_OK) != 0)
            cr_skip("no %s", path);
        struct imported r = importing_path(path, mplog_open, false);
        cr_assert(eq(int, r.err, 0), "%s", r.problem.text);
        cr_expect(eq(u64, r.counts.allocations, logs[i].allocs));
        cr_expect(eq(u64, r.counts.reallocs, logs[i].reallocs));
        cr_expect(eq(u64, r.counts.frees, logs[i].frees));
        cr_expect(eq(u64, r.deaths, logs[i].deaths));
        bytes_free(&r.text);
    }
}

static int open_halved(struct workload **out, struct stream *s,
                       struct problem *problem)
{
    struct scale half = {.round_to = 16, .is_pointer = true};
    struct workload *w;
    int err = mplog_open(&w, s, problem);
    if (err < 0)
        return err;
    cr_assert(scale_parse(&half, "0.5"));
    return scale_open(out, w, &half, problem);
}

Test(scale, half_of_a_size_is_rounded_up_to_a_block_of_the_small_machine)
{
    struct imported r =
        importing(HEAD "a 0 48\na 1 1\na 2 0\nr 0 65\na 3 32\n", open_halved);
    cr_expect(eq(str, (char *)r.text.data,
                 "alloc 0 32\nalloc 1 16\nalloc 2 0\nrealloc 0 48\n"
                 "alloc 3 16\n"));
    cr_expect(eq(u32, r.header.word_bytes, 4));
    cr_expect(eq(u32, r.header.block_bytes, 16));
    cr_expect(eq(u64, importing_skipped(&r, "comments"), 1));
    bytes_free(&r.text);
}

Test(scale, a_factor_is_a_positive_decimal_number)
{
    struct scale s = {0};
    cr_expect(scale_parse(&s, "0.5"));
    cr_expect(eq(u64, s.numerator, 5));
    cr_expect(eq(u64, s.denominator, 10));
    cr_expect(scale_parse(&s, "3"));
    cr_expect(scale_parse(&s, ".25"));
    cr_expect(not(scale_parse(&s, "0")));
    cr_expect(not(scale_parse(&s, "")));
    cr_expect(not(scale_parse(&s, ".")));
    cr_expect(not(scale_parse(&s, "-1")));
    cr_expect(not(scale_parse(&s, "1.2.3")));
    cr_expect(not(scale_parse(&s, "1e3")));
    cr_expect(not(scale_parse(&s, "0.1234567890")));
}
