/*
 * test_minimise.c - runs that fail, and the little that is left of their
 * traces
 *
 * The manager is marksweep with one function replaced; the table of managers
 * is this suite's own copy, so that the replay finds the broken one.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#define manager_find manager_find_sound
#include "sim/replay/manager.c"
#undef manager_find

#include "analysis/minimise.h"
#include "tests/played.h"
#include "tests/scratch.h"
#include "traces/synth/preset.h"

static struct manager broken;
static bool is_moody; /* errs once only, whoever asks                      */
static uint32_t n_errors;
static char folder[SCRATCH_CAP];

const struct manager *manager_find(const char *name)
{
    return manager_find_sound(name) != NULL ? &broken : NULL;
}

/* A request of 77 bytes is given the last block of the object before it, too.
 */
static uint32_t wrong_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    uint32_t a = manager_marksweep.alloc(h, bytes, flags);
    struct heap_info info;
    manager_marksweep.info(h, &info);
    bool errs = bytes == 77 && a != 0 && info.used_bytes > 80;
    return errs && (!is_moody || n_errors++ == 0) ? a - 16 : a;
}

static void set_up(void)
{
    broken = manager_marksweep;
    broken.alloc = wrong_alloc;
    scratch_make(folder);
    cr_assert(eq(int, chdir(folder), 0));
}

static void tear_down(void)
{
    scratch_remove(folder);
}

TestSuite(minimise, .init = set_up, .fini = tear_down);

/* Play it and make it smaller: what minimise() answered. */
static int run(const char *workload, struct minimised *m,
               struct replay_result *result, struct problem *problem)
{
    static const struct sink nobody;
    struct run_spec spec = {.options = {.heap_bytes = 65536,
                                        .touch_every = 3,
                                        .refused = REFUSED_RESET,
                                        .check = true}};
    struct workload *w;
    strcpy(spec.machine, "native");
    strcpy(spec.options.manager, "marksweep");
    strcpy(spec.workload, workload);
    cr_assert(eq(int, workload_open(&w, workload, NULL, problem), 0), "%s",
              problem->text);
    cr_assert(eq(int, replay_resolve(&spec.options, &w->header, problem), 0));
    cr_assert(eq(int, run_spec_play(&spec, w, &nobody, result, problem), 0));
    workload_close(w);
    cr_assert(eq(int, result->status, REPLAY_FAILED));
    return minimise(m, &spec, result, problem);
}

Test(minimise, leaves_the_two_requests_that_show_an_overlap)
{
    struct minimised m;
    struct replay_result result;
    struct problem problem = {""};
    static struct played p;
    int got = run("churn:ops=20000", &m, &result, &problem);
    cr_assert(eq(int, got, 1), "%s", problem.text);
    cr_assert(gt(u64, result.operations, 20), "%s", result.reason);
    cr_assert(eq(str, m.path, "churn-ops-20000.failed.ft"));
    cr_assert(eq(u64, m.operations, 2));

    play_file(&p, "heap=65536 check", m.path);
    cr_assert(eq(int, p.err, 0), "%s", p.problem.text);
    cr_assert(eq(int, p.result.status, REPLAY_FAILED));
    cr_assert(eq(u64, p.result.operations, 2));
    cr_assert(eq(u64, p.result.events, 3)); // with a note
    cr_assert(eq(int, scratch_count(folder), 1));
}

Test(minimise, keeps_what_the_failure_needs)
{
    FILE *f = fopen("long.v2.ft", "w");
    fprintf(f, "fraglab-trace 1\n");
    for (int i = 1; i <= 300; i++)
        fprintf(f, "alloc %d %d\nroot %d %d\n", i, 16 * (i % 9) + 8, i % 50, i);
    fprintf(f, "phase begin late\nalloc 400 77\nfree 400\nend\n");
    fclose(f);

    struct minimised m;
    struct replay_result result;
    struct problem problem = {""};
    int got = run("long.v2.ft", &m, &result, &problem);
    cr_assert(eq(int, got, 1), "%s", problem.text);
    cr_assert(eq(str, m.path, "long.failed.ft"));
    cr_assert(eq(u64, m.operations, 2));

    char text[4096];
    f = fopen(m.path, "r");
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    cr_expect(ne(ptr, strstr(text, "\nalloc 400 77\n"), NULL), "%s", text);
    cr_expect(ne(ptr, strstr(text, "--manager marksweep"), NULL), "%s", text);
    cr_expect(
        ne(ptr, strstr(text, " --refused reset --touch 3 --check: op"), NULL),
        "%s", text);
    cr_expect(eq(ptr, strstr(text, "root"), NULL), "%s", text);
    cr_expect(eq(ptr, strstr(text, "phase"), NULL), "%s", text);
}

Test(minimise, says_when_a_failure_does_not_repeat)
{
    struct minimised m;
    struct replay_result result;
    struct problem problem = {""};
    is_moody = true;
    int got = run("churn:ops=20000", &m, &result, &problem);
    cr_assert(eq(int, got, ERR_CHECK));
    cr_assert(eq(str, problem.text, "the failure does not repeat"));
    cr_assert(eq(int, scratch_count(folder), 0));
}
