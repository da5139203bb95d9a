/* test_minheap.c - the smallest heap that suffices, and that it is that. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "analysis/minheap.h"

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

Test(minheap, of_the_sliding_collector_is_little_more_than_what_lives)
{
    static const char *const traces[] = {"fft-64k", "import-py-20k",
                                         "nqueens-20k", "strings-32k"};
    for (size_t i = 0; i < sizeof traces / sizeof traces[0]; i++) {
        char path[64];
        struct minheap m;
        snprintf(path, sizeof path, "traces/samples/%s.ftb", traces[i]);
        struct run_spec spec = spec_of(path, "copying");
        cr_assert(eq(int, minheap_find(&spec, &m, &problem), 0));
        cr_expect(le(u64, 100 * m.heap_bytes, 106 * m.max_live), "%s",
                  traces[i]);
        cr_expect(m.is_monotone, "%s", traces[i]);
    }
}

Test(minheap, says_what_is_wrong_with_its_input)
{
    struct minheap m;
    struct run_spec spec = spec_of("traces/samples/none.ftb", "copying");
    cr_expect(lt(int, minheap_find(&spec, &m, &problem), 0));
    spec = spec_of("traces/samples/nqueens-20k.ftb", "copyin");
    cr_expect(eq(int, minheap_find(&spec, &m, &problem), ERR_INPUT));
    cr_expect(strstr(problem.text, "copying") != NULL);
}
