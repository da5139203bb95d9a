/*
 * test_promises.c - what copying promises, on recorded programs: with nothing
 * pinned a refusal means too few bytes, and a slide leaves one hole; with pins
 * the largest hole has its share, and in the mean much more
 *
 * Some of the samples; with FRAGLAB_LONG all of them, in more heaps.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/run.h"

/* What a run showed. */
struct seen {
    const char *trace;
    bool has_pins;
    struct metrics *metrics;
    struct collection_record last;
    struct replay_result result;
};

static int take_op(void *ctx, const struct op_record *r,
                   const struct replay_view *view)
{
    const struct seen *s = ctx;
    return metrics_op(s->metrics, r, view);
}

static int take_collection(void *ctx, const struct collection_record *r)
{
    struct seen *s = ctx;
    uint64_t n_holes = r->n_pinned + UINT64_C(1);
    cr_assert(s->has_pins || r->n_pinned == 0);
    cr_assert(ge(u64, r->largest_free_after * n_holes, r->free_after),
              "%s, operation %lu", s->trace, (unsigned long)r->seq);
    s->last = *r;
    return metrics_collection(s->metrics, r);
}

static int take_refusal(void *ctx, const struct refusal_record *r,
                        const struct replay_view *view)
{
    const struct seen *s = ctx;
    (void)view;
    cr_assert(s->has_pins || r->free < r->asked, "%s, operation %lu", s->trace,
              (unsigned long)r->seq);
    return 0;
}

/* In the recorded heap, or `permille` of the most that is live. */
static struct metrics_summary play(struct seen *s, const char *trace,
                                   const char *pins, uint32_t permille)
{
    struct run_spec spec = {.machine = "native"};
    struct problem problem = {""};
    struct metrics_summary summary;
    struct workload *w;
    *s = (struct seen){.trace = trace,
                       .has_pins = strcmp(pins, "none") != 0,
                       .metrics = metrics_new()};
    struct sink sink = {.ctx = s,
                        .op = take_op,
                        .collection = take_collection,
                        .refusal = take_refusal};
    strcpy(spec.options.manager, "copying");
    spec.options.n_params = 1;
    strcpy(spec.options.params[0].key, "pins");
    strcpy(spec.options.params[0].value, pins);
    int err = workload_open(&w, trace, NULL, &problem);
    cr_assert(eq(int, err, 0), "%s", problem.text);
    spec.options.heap_bytes = permille == 0
                                  ? w->header.areas[0].bytes
                                  : w->header.peak_live * permille / 1000;
    err = replay_resolve(&spec.options, &w->header, &problem);
    if (err == 0)
        err = run_spec_play(&spec, w, &sink, &s->result, &problem);
    cr_assert(eq(int, err, 0), "%s", problem.text);
    workload_close(w);
    cr_assert(eq(int, s->result.status, REPLAY_COMPLETE), "%s",
              s->result.reason);
    metrics_summarise(s->metrics, &summary);
    metrics_free(s->metrics);
    return summary;
}

Test(promises, refused_means_too_few_bytes_and_a_slide_leaves_one_hole)
{
    static const uint32_t heaps[] = {1030, 900, 1060, 1100, 1300, 2000};
    bool is_long = getenv("FRAGLAB_LONG") != NULL;
    uint64_t refused = 0;
    struct seen s;
    glob_t samples;
    cr_assert(eq(int,
                 glob(is_long ? "traces/samples/*.ftb"
                              : "traces/samples/{fft,json,strings,import-py,"
                                "auto-lone}-*.ftb",
                      GLOB_BRACE, NULL, &samples),
                 0));
    for (size_t i = 0; i < samples.gl_pathc; i++) {
        for (size_t k = 0; k < (is_long ? 6 : 1); k++) {
            struct metrics_summary m =
                play(&s, samples.gl_pathv[i], "none", heaps[k]);
            cr_expect(eq(u64, s.result.refused_fragmented, 0), "%s", s.trace);
            cr_expect(m.packing_min == 1.0, "%s", s.trace);
            refused += s.result.refused;
        }
    }
    globfree(&samples);
    cr_expect(gt(u64, refused, 100));
}

Test(promises, of_125_requests_for_6144_bytes_none_is_refused)
{
    struct seen s;
    play(&s, "traces/samples/logger-32k.ftb", "none", 0);
    cr_expect(eq(u64, s.result.refused, 0));
    play(&s, "traces/samples/fft-64k.ftb", "none", 0);
    cr_expect(eq(u64, s.result.refused, 0));
}

Test(promises, imports_end_with_all_that_is_free_in_one_piece)
{
    struct seen s;
    play(&s, "traces/samples/import-py-20k.ftb", "none", 0);
    cr_expect(eq(u64, s.last.largest_free_after, s.last.free_after));
    cr_expect(eq(u64, s.result.end.largest_request, s.result.end.free));
    cr_expect(gt(u64, s.result.end.free, 9000));
}

/* Beside a plain slide in order, and the bound if everything that is not
 * pinned could go anywhere, in the heaps as that leaves them. */
Test(promises, pins_leave_a_large_hole)
{
    static const struct {
        const char *trace;
        double in_order, anywhere, at_least;
    } rows[] = {
        {"traces/samples/logger-32k.ftb", 0.50, 0.88, 0.75},
        {"traces/samples/json-32k.ftb", 0.44, 0.76, 0.78},
        {"traces/samples/web-64k.ftb", 0.46, 0.88, 0.80},
        {"traces/samples/fft-64k.ftb", 0.58, 0.85, 0.80},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct seen s;
        struct metrics_summary m = play(&s, rows[i].trace, "k", 0);
        cr_log_info("%s: %.3f in the mean of %lu collections, %.3f at least "
                    "(in order %.2f, anywhere %.2f)",
                    rows[i].trace, m.packing_mean, (unsigned long)m.n_packings,
                    m.packing_min, rows[i].in_order, rows[i].anywhere);
        cr_expect(ge(dbl, m.packing_mean, rows[i].at_least), "%s",
                  rows[i].trace);
        cr_expect(eq(u64, s.result.refused, 0), "%s", rows[i].trace);
    }
}
