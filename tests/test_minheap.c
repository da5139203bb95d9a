/* test_minheap.c - the smallest heap that suffices, and that it is that. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/minheap.h"
#include "analysis/setting.h"
#include "tests/scratch.h"

static struct problem problem;

static struct run_spec spec_of(const char *workload, const char *manager)
{
    struct run_spec spec = {.machine = "native"};
    strcpy(spec.workload, workload);
    strcpy(spec.options.manager, manager);
    return spec;
}

/* Requests refused in a heap of so many bytes. */
static uint64_t refused_in(const struct run_spec *spec, uint64_t bytes)
{
    struct run_spec s = *spec;
    struct replay_result result;
    struct sink none = {0};
    struct workload *w;
    cr_assert(eq(int, workload_open(&w, s.workload, NULL, &problem), 0));
    s.options.heap_bytes = bytes;
    cr_assert(eq(int, replay_resolve(&s.options, &w->header, &problem), 0));
    cr_assert(eq(int, run_spec_play(&s, w, &none, &result, &problem), 0));
    workload_close(w);
    cr_assert(eq(int, result.status, REPLAY_COMPLETE));
    return result.refused;
}

static void judge(const char *workload, const char *manager)
{
    struct run_spec spec = spec_of(workload, manager);
    struct minheap m;
    int err = minheap_find(&spec, &m, &problem);
    cr_assert(eq(int, err, 0), "%s", problem.text);
    cr_expect(eq(u64, refused_in(&spec, m.heap_bytes), 0));
    cr_expect(gt(u64, refused_in(&spec, m.heap_bytes - MINHEAP_STEP), 0));
    cr_expect(ge(u64, m.heap_bytes, m.max_live));
    if (!m.is_monotone)
        cr_expect(gt(u64, refused_in(&spec, m.refuses), 0));
}

Test(minheap, serves_and_a_step_less_does_not)
{
    judge("churn:ops=3000,heap=32K,seed=3", "marksweep");
    judge("churn:ops=3000,heap=32K,seed=3", "tlsf");
    judge("churn:ops=3000,heap=32K,seed=3", "copying");
    judge("traces/samples/nqueens-20k.ftb", "marksweep");
}

/* The bar is 1.06; 1.0254 is what tables with finalisers leave possible. */
static struct minheap judge_sliding(struct run_spec *spec)
{
    struct minheap m;
    int err = minheap_find(spec, &m, &problem);
    cr_assert(eq(int, err, 0), "%s", problem.text);
    cr_log_info("%s: %lu bytes, %.4f", spec->workload,
                (unsigned long)m.heap_bytes,
                (double)m.heap_bytes / (double)m.max_live);
    cr_expect(le(u64, 100 * m.heap_bytes, 106 * m.max_live), "%s",
              spec->workload);
    cr_expect(m.is_monotone, "%s", spec->workload);
    return m;
}

/* Some of the samples; all of them with FRAGLAB_LONG. */
Test(minheap, of_the_sliding_collector_is_little_more_than_what_lives)
{
    bool is_long = getenv("FRAGLAB_LONG") != NULL;
    const char *pattern = is_long ? "traces/samples/*.ftb"
                                  : "traces/samples/{fft,import-py,nqueens,"
                                    "strings}-*.ftb";
    glob_t samples;
    cr_assert(eq(int, glob(pattern, GLOB_BRACE, NULL, &samples), 0));
    cr_expect(ge(sz, samples.gl_pathc, is_long ? 19 : 4));
    for (size_t i = 0; i < samples.gl_pathc; i++) {
        struct run_spec spec = spec_of(samples.gl_pathv[i], "copying");
        judge_sliding(&spec);
    }
    globfree(&samples);
}

/* The program itself needed 39 KiB. */
Test(minheap, of_the_sliding_collector_is_12_KiB_for_the_comb)
{
    struct run_spec spec = spec_of("../shared/samples/micropython/"
                                   "comb.trace.gz",
                                   "copying");
    if (access(spec.workload, R_OK) != 0)
        cr_skip_test("the recording is not here");
    spec.options.params[0] = (struct replay_param){"block", "32"};
    spec.options.n_params = 1;
    struct minheap m = judge_sliding(&spec);
    cr_expect(le(u64, m.heap_bytes, 12 << 10));
}

Test(minheap, counts_what_is_granted_and_undone_as_live)
{
    char folder[SCRATCH_CAP], path[SCRATCH_CAP + 64];
    scratch_make(folder);
    FILE *f = fopen(scratch_path(folder, "again.ft", path), "w");
    fprintf(f, "fraglab-trace 1\nalloc 1 100\n"
               "refused alloc memory 1000\nrefused realloc memory 1 600 move\n"
               "end\n");
    fclose(f);
    struct run_spec spec = spec_of(path, "copying");
    struct minheap m;
    cr_assert(eq(int, minheap_find(&spec, &m, &problem), 0), "%s",
              problem.text);
    cr_expect(eq(u64, m.max_live, 112 + 1008));
    scratch_remove(folder);
}

/* What finds the heap locked says nothing about its size. */
Test(minheap, does_not_count_refusals_by_a_lock)
{
    static const char *const managers[] = {"marksweep", "copying", "tlsf"};
    char folder[SCRATCH_CAP], path[SCRATCH_CAP + 64];
    scratch_make(folder);
    FILE *f = fopen(scratch_path(folder, "locked.ft", path), "w");
    fprintf(f, "fraglab-trace 1\nalloc 1 100\ncontrol lock 1\n"
               "refused alloc locked 1000\nrefused realloc locked 1 900 move\n"
               "control lock 0\nalloc 2 200\nend\n");
    fclose(f);
    for (int i = 0; i < 3; i++) {
        struct run_spec spec = spec_of(path, managers[i]);
        struct minheap m;
        cr_assert(eq(int, minheap_find(&spec, &m, &problem), 0), "%s",
                  problem.text);
        if (i < 2)
            cr_expect(eq(u64, m.max_live, 112 + 208));
    }
    scratch_remove(folder);
}

/* Larger heaps are tried until the manager has no use for them. */
Test(minheap, found_leaves_no_problem_behind)
{
    struct minheap m;
    struct run_spec spec = spec_of("churn:ops=2000,heap=300K", "handles");
    problem.text[0] = '\0';
    cr_assert(eq(int, minheap_find(&spec, &m, &problem), 0));
    cr_expect(gt(u64, 2 * m.heap_bytes, 262144));
    cr_expect(eq(str, problem.text, ""));
}

Test(minheap, says_what_is_wrong_with_its_input)
{
    struct minheap m;
    struct run_spec spec = spec_of("traces/samples/none.ftb", "copying");
    cr_expect(lt(int, minheap_find(&spec, &m, &problem), 0));
    spec = spec_of("traces/samples/nqueens-20k.ftb", "copyin");
    cr_expect(eq(int, minheap_find(&spec, &m, &problem), ERR_INPUT));
    cr_expect(strstr(problem.text, "copying") != NULL);
    static const char *const larger[] = {"areas=8K+8K", "grow=1"};
    for (int i = 0; i < 2; i++) {
        spec = spec_of("traces/samples/nqueens-20k.ftb", "copying");
        cr_assert(eq(int, setting_read(&spec.options, larger[i], &problem), 0));
        cr_expect(eq(int, minheap_find(&spec, &m, &problem), ERR_INPUT));
        cr_expect(strstr(problem.text, "one area") != NULL, "%s", larger[i]);
    }
}
