/*
 * test_soak_handles.c - handles for a long time in a heap that is often full: a
 * request is refused only where the bytes that are free do not suffice, and
 * every byte is what it was when its object goes
 *
 * Both are the replay's to find, at the operation that shows them. Ten million
 * operations; with FRAGLAB_LONG a thousand million.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim/replay/replay.h"

static void set(struct replay_options *o, const char *key, const char *value)
{
    struct replay_param *p = &o->params[o->n_params++];
    strcpy(p->key, key);
    strcpy(p->value, value);
}

static void soak(uint64_t ops, const char *indices, uint32_t step_units,
                 uint64_t heap_bytes)
{
    char name[80];
    struct workload *w;
    struct problem problem = {""};
    struct replay_options o = {.manager = "handles", .heap_bytes = heap_bytes};
    struct replay_result r;
    struct sink sink = {NULL};
    if (getenv("FRAGLAB_LONG") != NULL)
        ops *= 100;
    snprintf(name, sizeof name, "churn:ops=%" PRIu64, ops);
    set(&o, "indices", indices);
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
    fprintf(stderr, "refused %" PRIu64 " short %" PRIu64 "\n", r.refused, r.refused_short);
    cr_expect(eq(u64, r.operations, ops));
    cr_expect(gt(u64, r.refused, 0)); /* the heap was full                 */
    cr_expect(eq(u64, r.refused, r.refused_short));
}

Test(soak_handles, with_steps_only_what_the_card_excludes_is_refused,
     .timeout = 36000)
{
    soak(5000000, "16", 55, 45 * 1024);
}

Test(soak_handles, so_it_is_without_steps_in_the_small_form, .timeout = 36000)
{
    soak(100000, "16", 0, 45 * 1024);
}
