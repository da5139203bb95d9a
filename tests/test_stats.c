/* test_stats.c - what `trace info` counts */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "traces/stats.h"

static struct trace_stats stats;
static struct problem problem;

/* Read this text as a trace. */
static int read_text(const char *text)
{
    char path[] = "/tmp/fraglab-stats-XXXXXX";
    struct workload *w;
    int fd = mkstemp(path);
    cr_assert(fd >= 0 && write(fd, text, strlen(text)) == (int)strlen(text));
    close(fd);
    int err = workload_open(&w, path, NULL, &problem);
    cr_assert(eq(int, err, 0), "%s", problem.text);
    err = trace_stats_read(&stats, w, &problem);
    workload_close(w);
    unlink(path);
    return err;
}

Test(stats, classes_double)
{
    cr_expect(eq(u32, trace_stats_class(0), 0));
    cr_expect(eq(u32, trace_stats_class(1), 0));
    cr_expect(eq(u32, trace_stats_class(2), 1));
    cr_expect(eq(u32, trace_stats_class(3), 2));
    cr_expect(eq(u32, trace_stats_class(4), 2));
    cr_expect(eq(u32, trace_stats_class(5), 3));
    cr_expect(eq(u32, trace_stats_class(UINT64_C(1) << 62), 62));
    cr_expect(eq(u32, trace_stats_class((UINT64_C(1) << 62) + 1), 63));
}

Test(stats, sizes_ages_and_live_bytes_are_counted)
{
    int err = read_text("fraglab-trace 1\n"
                        "header block-bytes 16\n"
                        "alloc 1 16\n"  /* one block                      */
                        "alloc 2 17\n"  /* two                            */
                        "alloc 3 100\n" /* seven                          */
                        "free 2\n"      /* 117 bytes after its birth      */
                        "death 1\n"     /* 133 bytes after                */
                        "intern 4 1\n"
                        "end\n");
    cr_assert(eq(int, err, 0), "%s", problem.text);
    cr_expect(eq(u64, stats.sizes[0].objects, 2));
    cr_expect(eq(u64, stats.sizes[0].bytes, 17));
    cr_expect(eq(u64, stats.sizes[1].objects, 1));
    cr_expect(eq(u64, stats.sizes[3].objects, 1));
    cr_expect(eq(u64, stats.ages[7].objects, 1)); /* 65 .. 128            */
    cr_expect(eq(u64, stats.ages[8].objects, 1)); /* 129 .. 256           */
    cr_expect(eq(u64, stats.largest, 100));
    cr_expect(eq(u64, stats.check.counts.peak_live, 133));
    cr_expect(eq(u64, stats.check.live_bytes, 101));
    cr_expect(eq(u64, stats.check.n_live, 2));
    /* 16, 33, 133, 116 and 101 after the five operations */
    cr_expect(eq(dbl, trace_stats_mean_live(&stats), 399.0 / 5));
    trace_stats_free(&stats);
}

Test(stats, an_unlawful_trace_has_no_statistics)
{
    cr_expect(eq(int, read_text("fraglab-trace 1\nalloc 1 8\nfree 2\nend\n"),
                 ERR_INPUT));
    cr_expect(strstr(problem.text, ":3: free of object 2, which is not live") !=
              NULL);
}
