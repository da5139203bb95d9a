/*
 * test_soak_chains.c - chains for a long time in a heap that is often full: a
 * request is refused only where the blocks that are free do not suffice, and
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

static void soak(uint64_t ops, const char *link, const char *block,
                 uint64_t heap_bytes)
{
    char name[80];
    struct workload *w;
    struct problem problem = {""};
    struct replay_options o = {.manager = "chains", .heap_bytes = heap_bytes};
    struct replay_result r;
    struct sink sink = {NULL};
    if (getenv("FRAGLAB_LONG") != NULL)
        ops *= 100;
    snprintf(name, sizeof name, "churn:ops=%" PRIu64, ops);
    set(&o, "link", link);
    set(&o, "block", block);
    cr_assert(eq(int, workload_open(&w, name, NULL, &problem), 0));
    int err = replay_resolve(&o, &w->header, &problem);
    if (err == 0)
        err = replay_run(w, &o, &sink, &r, &problem);
    workload_close(w);
    cr_assert(eq(int, err, 0), "%s", problem.text);
    cr_assert(eq(int, r.status, REPLAY_COMPLETE), "%s", r.reason);
    cr_expect(eq(u64, r.operations, ops));
    cr_expect(gt(u64, r.refused, 0)); /* the heap was full                 */
    cr_expect(eq(u64, r.refused, r.refused_short));
    cr_expect(eq(u64, r.end.largest_free, r.end.free));
}

Test(soak_chains, a_list_refuses_only_what_the_card_allows, .timeout = 36000)
{
    soak(9000000, "list", "32", 47 * 1024);
}

Test(soak_chains, a_spine_refuses_only_what_the_card_allows, .timeout = 36000)
{
    soak(1000000, "spine", "16", 51 * 1024);
}
