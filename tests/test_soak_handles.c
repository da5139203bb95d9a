/*
 * test_soak_handles.c - handles for a long time in a heap that is often full: a
 * request is refused only where the bytes that are free do not suffice, and
 * every byte is what it was when its object goes
 *
 * Both are the replay's to find, at the operation that shows them. Ten million
 * operations, most of them in a heap of few objects; with FRAGLAB_LONG a
 * hundred times as many.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "sim/replay/replay.h"

/* Churn made for `kib` KiB in a third less. */
static void soak(uint32_t kib, uint64_t ops, uint32_t step_units)
{
    char name[80];
    struct workload *w;
    struct problem problem = {""};
    struct replay_options o = {.manager = "handles",
                               .heap_bytes = kib * 1024 * 2 / 3};
    struct replay_result r;
    struct sink sink = {NULL};
    if (getenv("FRAGLAB_LONG") != NULL)
        ops *= 100;
    snprintf(name, sizeof name, "churn:heap=%uK,ops=%" PRIu64, kib, ops);
    o.step_every = step_units != 0;
    o.step_units = step_units;
    o.step_cycles = UINT32_MAX;
    cr_assert(eq(int, workload_open(&w, name, NULL, &problem), 0));
    int err = replay_resolve(&o, &w->header, &problem);
    if (err == 0)
        err = replay_run(w, &o, &sink, &r, &problem);
    workload_close(w);
    cr_assert(eq(int, err, 0), "%s", problem.text);
    cr_assert(eq(int, r.status, REPLAY_COMPLETE), "%s", r.reason);
    cr_expect(eq(u64, r.operations, ops));
    cr_expect(gt(u64, r.refused, 0)); /* the heap was full                 */
    cr_expect(eq(u64, r.refused_short, r.refused));
}

Test(soak_handles, requests_that_wait_are_refused_for_want_of_bytes_alone,
     .timeout = 36000)
{
    soak(64, 350000, 0);
    soak(4, 8500000, 0);
}

Test(soak_handles, steps_change_nothing_about_that, .timeout = 36000)
{
    soak(64, 150000, 55);
    soak(4, 1000000, 55);
}
