/* test_ahead.c - a thread reads ahead, and nobody can tell */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "tests/importing.h"
#include "traces/ahead.h"
#include "traces/import/gcrec.h"

#define HEAD                                                                   \
    "# gcrec 1\nh word_bytes 4\nh block_bytes 16\nh heap_bytes 20480\n"        \
    "h atb_bytes 312\nh blocks 1248\nh pool_offset 512\nh root_words 100\n"    \
    "h graph 1\nh mark_every 1\nh program p\n"

static int open_ahead(struct workload **out, struct stream *s,
                      struct problem *problem)
{
    struct workload *w;
    int err = gcrec_open(&w, s, problem);
    return err < 0 ? err : ahead_open(out, w, problem);
}

/* A recording of `n` objects that live briefly, with every kind of extra. */
static char *recording(unsigned n, const char *end)
{
    char *text = malloc(strlen(HEAD) + (size_t)n * 160 + 200);
    char *at = text + sprintf(text, HEAD "# a comment\n");
    for (unsigned i = 1; i <= n; i++) {
        at += sprintf(at, "a %u 20 0 %u\nk %u 1 2 3\ni + module%u\n", i,
                      i % 1000, i, i);
        at += sprintf(at, "c x%u 1 2 3 4 5 6 7 8 %x\nf %u\n", i, i, i);
    }
    sprintf(at, "%s", end);
    return text;
}

static void expect_same(const char *text)
{
    struct imported direct = importing(text, gcrec_open);
    struct imported ahead = importing(text, open_ahead);
    cr_expect(eq(int, ahead.err, direct.err));
    cr_expect(eq(
        int, strcmp(importing_message(&ahead), importing_message(&direct)), 0));
    cr_expect(eq(sz, ahead.text.n, direct.text.n));
    cr_expect(
        eq(int, memcmp(ahead.text.data, direct.text.data, direct.text.n), 0));
    if (direct.err == 0)
        cr_expect(eq(u64, importing_skipped(&ahead, "comments"), 1));
    bytes_free(&direct.text);
    bytes_free(&ahead.text);
}

Test(ahead, the_same_records_come_in_the_same_order)
{
    /* Around the size of a batch, and far beyond what the ring holds. */
    static const unsigned sizes[] = {0,   1,   340, 341, 342,  409,
                                     410, 682, 683, 819, 1000, 30000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char *text = recording(sizes[i], "z end\n");
        expect_same(text);
        free(text);
    }
}

Test(ahead, an_error_comes_behind_the_records_before_it)
{
    for (unsigned n = 0; n < 2100; n += 300) {
        char *text = recording(n, "f 99999\n");
        expect_same(text);
        free(text);
    }
}

Test(ahead, a_list_of_ids_may_be_longer_than_a_batch_is_meant_for)
{
    size_t n = 100000;
    char *text = malloc(n * 8 + 1000);
    char *at = text + sprintf(text, HEAD "# c\na 1 8 0 0\nk 1\nk");
    for (size_t i = 1; i <= n; i++)
        at += sprintf(at, " %zu", i);
    sprintf(at, "\nk 2\nf 1\nz end\n");
    expect_same(text);
    free(text);
}

Test(ahead, it_may_be_closed_at_any_time)
{
    char *text = recording(5000, "z end\n");
    const char *path = importing_file(text, strlen(text));
    for (int n = 0; n < 20000; n = n * 3 + 1) {
        struct problem problem;
        struct stream *s;
        struct workload *w;
        struct trace_op op;
        cr_assert(eq(int, stream_open(&s, path, &problem), 0));
        cr_assert(eq(int, open_ahead(&w, s, &problem), 0));
        for (int i = 0; i < n; i++)
            cr_assert(eq(int, workload_next(w, NULL, &op, &problem), 1));
        workload_close(w);
    }
    unlink(path);
    free(text);
}
