/* request.c - see request.h. */
#include "analysis/request.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/outside.h"
#include "analysis/progress.h"
#include "analysis/rerun.h"
#include "sim/replay/manager.h"

int request_read_touch(struct replay_options *o, const char *text,
                       struct problem *problem)
{
    char *end;
    if (strcmp(text, "stores") == 0) {
        o->touch_stores = 1;
        return 0;
    }
    unsigned long n = strtoul(text, &end, 10);
    if (*text == '\0' || *end != '\0' || n > 1000)
        return problem_set(problem, ERR_INPUT,
                           "--touch %s: 'stores' or a number up to 1000", text);
    o->touch_every = (uint32_t)n;
    return 0;
}

int request_read_steps(struct replay_options *o, const char *text,
                       struct problem *problem)
{
    char *end;
    if (strcmp(text, "none") == 0)
        return 0;
    unsigned long cycles = 0, every = strtoul(text, &end, 10);
    bool is_good = *end == ':' && end[1] != '\0';
    if (is_good)
        cycles = strtoul(end + 1, &end, 10);
    if (!is_good || *end != '\0' || every == 0 || every > 1000000 ||
        cycles == 0 || cycles > 100000000)
        return problem_set(problem, ERR_INPUT,
                           "--steps %s: give EVERY:CYCLES, say 1:240; at most "
                           "1000000:100000000",
                           text);
    o->step_every = (uint32_t)every;
    o->step_cycles = (uint32_t)cycles;
    return 0;
}

int request_find_policy(const char *name)
{
    static const char *const policies[] = {"skip", "stop", "reset"};
    for (int i = 0; i < 3; i++)
        if (strcmp(name, policies[i]) == 0)
            return i;
    return -1;
}

static bool is_machine(const char *machine)
{
    return machine != NULL && strcmp(machine, "native") != 0;
}

int request_resolve(struct run_request *q, const struct workload *w,
                    struct store *store, struct problem *problem)
{
    struct replay_options *o = &q->spec.options;
    struct guest_facts facts;
    bool is_outside =
        strncmp(o->manager, OUTSIDE_MANAGER, strlen(OUTSIDE_MANAGER)) == 0 ||
        (q->image != NULL && !q->has_manager);
    if (is_outside && q->image == NULL)
        return problem_set(problem, ERR_INPUT,
                           "--manager %s: say which by --image ELF",
                           o->manager);
    int err = 0;
    if (is_outside)
        err = outside_choose(&q->spec, &facts, q->image, &q->machine, problem);
    if (err == 0 && q->image != NULL && !is_machine(q->machine))
        err = problem_set(problem, ERR_INPUT,
                          "--image %.200s: machine code needs a machine "
                          "(--machine; see 'fraglab machines')",
                          q->image);
    if (err == 0)
        err = request_heap(&q->spec, q->heap, w, store, problem);
    if (err == 0)
        err = replay_resolve(o, &w->header, problem);
    if (err == 0 && is_machine(q->machine))
        err = run_spec_set_machine(&q->spec, q->machine, q->image, q->flags,
                                   problem);
    if (err == 0 && is_outside)
        err = outside_check_needs(&q->spec, &facts, problem);
    return err == 0 ? run_spec_set_steps(&q->spec, problem) : err;
}

/* The run's id without a store: the same text, the same hash. */
static int name_run(const struct run_spec *spec, const struct replay_result *r,
                    char id[RUN_ID_CAP], struct problem *problem)
{
    char *json = run_spec_json(spec, r->trace_hash);
    if (json == NULL)
        return problem_set(problem, ERR_MEMORY, "no memory left");
    run_id(json, id);
    free(json);
    return 0;
}

int request_play(const struct run_spec *spec, struct workload *w,
                 struct store *store, enum keep keep, bool is_quiet,
                 struct metrics *metrics, struct replay_result *result,
                 char id[RUN_ID_CAP], struct problem *problem)
{
    struct store_run *run = NULL;
    struct progress progress;
    struct sink sink = {
        .ctx = metrics, .op = metrics_op, .refusal = metrics_refusal};
    int err = 0;
    if (store != NULL)
        err = store_begin_run(store, keep, &run, problem);
    if (err == 0 && run != NULL)
        store_run_may_hold(run);
    if (err == 0 && run != NULL && strcmp(spec->workload, "-") != 0)
        store_run_may_repeat(run);
    if (err == 0) {
        struct sink stored = run != NULL ? store_run_sink(run) : sink;
        struct sink shown =
            progress_sink(&progress, run != NULL ? &stored : NULL, metrics,
                          w->name, is_quiet);
        err = run_spec_play(spec, w, &shown, result, problem);
        progress_end(&progress);
    }
    if (err == 0 && run != NULL)
        err = rerun_worst(run, spec, metrics, problem);
    if (err == 0 && run != NULL)
        return store_end_run(run, spec, result, metrics, id, problem);
    store_abandon_run(run);
    return err == 0 ? name_run(spec, result, id, problem) : err;
}
