/* cmd_replay.c - `fraglab replay`: play one trace, store it, sum it up. */
#include "analysis/cmd.h"

#include <cjson/cJSON.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/minimise.h"
#include "analysis/outside.h"
#include "analysis/progress.h"
#include "analysis/rerun.h"
#include "analysis/result.h"
#include "analysis/setting.h"
#include "analysis/store.h"
#include "sim/replay/manager.h"

#define ASSERTS_CAP 32

struct request {
    struct run_spec spec;
    const char *heap;    /* as given: bytes, trace, 1.5x; null: trace        */
    const char *machine; /* as given: native, a name, a file; or null     */
    const char *image;   /* as given: a guest image; or null              */
    bool has_manager;    /* --manager was given                           */
    const char *flags;   /* of the guest image: O2 or Os                  */
    const char *db;      /* null: nothing is stored                          */
    enum keep keep;
    bool json, quiet;
    const char *asserts[ASSERTS_CAP];
    uint32_t n_asserts;
};

static const struct option options[] = {
    {"manager", required_argument, NULL, 'm'},
    {"set", required_argument, NULL, 's'},
    {"heap", required_argument, NULL, 'h'},
    {"machine", required_argument, NULL, 'M'},
    {"flags", required_argument, NULL, 'f'},
    {"image", required_argument, NULL, 'i'},
    {"refused", required_argument, NULL, 'r'},
    {"touch", required_argument, NULL, 't'},
    {"steps", required_argument, NULL, 'S'},
    {"db", required_argument, NULL, 'd'},
    {"keep", required_argument, NULL, 'k'},
    {"assert", required_argument, NULL, 'a'},
    {"check", no_argument, NULL, 'c'},
    {"json", no_argument, NULL, 'j'},
    {"quiet", no_argument, NULL, 'q'},
    {NULL, 0, NULL, 0},
};

/* The place of `word` in a list that ends in null; -1 if it is not there. */
static int word_index(const char *word, const char *const *words)
{
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(word, words[i]) == 0)
            return i;
    }
    return -1;
}

static int read_touch(struct request *q, const char *text)
{
    char *end;
    if (strcmp(text, "stores") == 0) {
        q->spec.options.touch_stores = 1;
        return 0;
    }
    unsigned long n = strtoul(text, &end, 10);
    if (*text == '\0' || *end != '\0' || n > 1000)
        return cmd_usage_error("--touch %s: 'stores' or a number up to 1000",
                               text);
    q->spec.options.touch_every = (uint32_t)n;
    return 0;
}

/* EVERY:CYCLES. Only a manager that has idle steps can be given any. */
static int read_steps(struct request *q, const char *text)
{
    char *end;
    unsigned long every = strtoul(text, &end, 10);
    if (every == 0 || every > 1000000 || *end != ':' || end[1] == '\0')
        return cmd_usage_error("--steps %s: give EVERY:CYCLES, say 1:240",
                               text);
    unsigned long cycles = strtoul(end + 1, &end, 10);
    if (*end != '\0' || cycles == 0 || cycles > 100000000)
        return cmd_usage_error("--steps %s: give EVERY:CYCLES, say 1:240",
                               text);
    q->spec.options.step_every = (uint32_t)every;
    q->spec.options.step_cycles = (uint32_t)cycles;
    return 0;
}

static int read_option(struct request *q, int letter, const char *value)
{
    static const char *const keeps[] = {"summary", "series", "ops", NULL};
    static const char *const flags[] = {"O2", "Os", NULL};
    static const char *const policies[] = {"skip", "stop", "reset", NULL};
    int i;
    switch (letter) {
    case 'm':
        snprintf(q->spec.options.manager, sizeof q->spec.options.manager, "%s",
                 value);
        q->has_manager = true;
        return 0;
    case 's':
        return setting_read(&q->spec.options, value);
    case 'h':
        q->heap = value;
        return 0;
    case 'M':
        q->machine = value;
        return 0;
    case 'i':
        q->image = value;
        return 0;
    case 'f':
        q->flags = value;
        if (word_index(value, flags) < 0)
            return cmd_usage_error("--flags %s: O2 or Os", value);
        return 0;
    case 'r':
        i = word_index(value, policies);
        if (i < 0)
            return cmd_usage_error("--refused %s: skip, stop or reset", value);
        q->spec.options.refused = (uint32_t)i;
        return 0;
    case 't':
        return read_touch(q, value);
    case 'S':
        return read_steps(q, value);
    case 'd':
        q->db = value;
        return 0;
    case 'k':
        i = word_index(value, keeps);
        if (i < 0)
            return cmd_usage_error("--keep %s: ops, series or summary", value);
        q->keep = (enum keep)i;
        return 0;
    case 'a':
        if (q->n_asserts == ASSERTS_CAP)
            return cmd_usage_error("more than %d --assert", ASSERTS_CAP);
        q->asserts[q->n_asserts++] = value;
        return 0;
    case 'c':
        q->spec.options.check = true;
        return 0;
    case 'j':
        q->json = true;
        return 0;
    case 'q':
        q->quiet = true;
        return 0;
    default:
        return cmd_usage_error("replay: see 'fraglab replay --help'");
    }
}

static int read_arguments(struct request *q, int argc, char **argv)
{
    int letter;
    optind = 1;
    while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1) {
        int status = read_option(q, letter, optarg);
        if (status != 0)
            return status;
    }
    if (optind != argc - 1)
        return cmd_usage_error("replay: give one trace, '-' or a preset");
    if (strlen(argv[optind]) >= sizeof q->spec.workload)
        return cmd_usage_error("replay: the trace's name is too long");
    strcpy(q->spec.workload, argv[optind]);
    return 0;
}

/* Play it into the store, or, without one, into the metrics alone. */
static int play(struct request *q, struct workload *w, struct metrics *metrics,
                struct replay_result *result, char id[RUN_ID_CAP],
                struct problem *problem)
{
    struct store *store = NULL;
    struct store_run *run = NULL;
    struct progress progress;
    struct sink sink = {
        .ctx = metrics, .op = metrics_op, .refusal = metrics_refusal};
    int err = 0;
    if (q->db != NULL)
        err = store_open(&store, q->db, false, problem);
    if (err == 0 && store != NULL)
        err = store_begin_run(store, q->keep, &run, problem);
    if (err == 0 && run != NULL)
        store_run_may_hold(run);
    if (err == 0 && run != NULL && strcmp(q->spec.workload, "-") != 0)
        store_run_may_repeat(run);
    if (err == 0) {
        struct sink stored = run != NULL ? store_run_sink(run) : sink;
        struct sink shown =
            progress_sink(&progress, run != NULL ? &stored : NULL, metrics,
                          w->name, q->quiet);
        err = run_spec_play(&q->spec, w, &shown, result, problem);
        progress_end(&progress);
    }
    if (err == 0 && run != NULL)
        err = rerun_worst(run, &q->spec, metrics, problem);
    if (err == 0 && run != NULL)
        err = store_end_run(run, &q->spec, result, metrics, id, problem);
    else if (run != NULL)
        store_abandon_run(run);
    if (store != NULL)
        store_close(store);
    return err;
}

/* The run's id without a store: the same text, the same hash. */
static int name_run(const struct request *q, const struct replay_result *r,
                    char id[RUN_ID_CAP])
{
    char *json = run_spec_json(&q->spec, r->trace_hash);
    if (json == NULL)
        return ERR_MEMORY;
    run_id(json, id);
    free(json);
    return 0;
}

/* What is left of a trace that made a run fail, for whoever mends it. */
static void offer_smaller(const struct request *q,
                          const struct replay_result *result)
{
    struct minimised m;
    struct problem problem;
    int got = minimise(&m, &q->spec, result, &problem);
    if (got < 0)
        fprintf(stderr, "fraglab: no smaller trace: %s\n", problem.text);
    else if (got > 0)
        fprintf(stderr, "fraglab: %s: %" PRIu64 " operations that repeat it\n",
                m.path, m.operations);
}

static int report(const struct request *q, const struct metrics *metrics,
                  const struct replay_result *result, const char *id)
{
    int status = EXIT_DONE;
    cJSON *json = result_json(&q->spec, result, metrics, id);
    if (json == NULL)
        return cmd_usage_error("no memory left");
    if (q->json)
        result_print_json(json, stdout);
    else
        result_print_text(json, stdout);
    if (result->status == REPLAY_FAILED) {
        fprintf(stderr, "fraglab: %s\n", result->reason);
        offer_smaller(q, result);
        status = EXIT_FAILED;
    }
    for (uint32_t i = 0; i < q->n_asserts; i++) {
        struct problem problem;
        int err = result_assert(json, q->asserts[i], &problem);
        if (err < 0) {
            fprintf(stderr, "fraglab: %s\n", problem.text);
            if (status != EXIT_USAGE)
                status = cmd_status_of(err);
        }
    }
    cJSON_Delete(json);
    return status;
}

static int set_machine(struct request *q, struct problem *problem)
{
    if (q->machine == NULL || strcmp(q->machine, "native") == 0)
        return 0;
    return run_spec_set_machine(&q->spec, q->machine, q->image, q->flags,
                                problem);
}

/* The work that fits into a step's cycles, on this machine. */
static int set_steps(struct request *q, struct problem *problem)
{
    struct replay_options *o = &q->spec.options;
    const char *core = run_is_native(&q->spec) ? NULL : q->spec.config.core;
    if (o->step_every == 0)
        return 0;
    const struct manager *m = manager_find(o->manager);
    uint32_t least = manager_least_step(m, core);
    o->step_units = manager_step_units(m, core, o->step_cycles);
    if (o->step_cycles >= least)
        return 0;
    return problem_set(problem, ERR_INPUT,
                       "--steps: %u cycles are too few: a step of %s that "
                       "moves anything needs %u on %s",
                       o->step_cycles, o->manager, least, q->spec.machine);
}

/* The spec, whole: heap, manager and its parameters, machine, image. */
static int prepare(struct request *q, const struct workload *w,
                   struct problem *problem)
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
    if (err == 0 && q->image != NULL &&
        (q->machine == NULL || strcmp(q->machine, "native") == 0))
        err = problem_set(problem, ERR_INPUT,
                          "--image %.200s: machine code needs a machine "
                          "(--machine; see 'fraglab machines')",
                          q->image);
    if (err == 0)
        err = result_heap(o, q->heap, q->spec.workload, w, problem);
    if (err == 0)
        err = replay_resolve(o, &w->header, problem);
    if (err == 0)
        err = set_machine(q, problem);
    if (err == 0 && is_outside)
        err = outside_check_needs(&q->spec, &facts, problem);
    return err == 0 ? set_steps(q, problem) : err;
}

static int replay(struct request *q, struct workload *w,
                  struct problem *problem)
{
    struct replay_result result;
    char id[RUN_ID_CAP] = "";
    int err = prepare(q, w, problem);
    if (err < 0)
        return err;
    struct metrics *metrics = metrics_new();
    if (metrics == NULL)
        return problem_set(problem, ERR_MEMORY, "no memory left");
    err = play(q, w, metrics, &result, id, problem);
    if (err == 0 && q->db == NULL)
        err = name_run(q, &result, id);
    int status = err < 0 ? err : report(q, metrics, &result, id);
    metrics_free(metrics);
    return status;
}

static int run_replay(int argc, char **argv)
{
    struct request q = {.keep = KEEP_OPS, .flags = "O2"};
    struct workload *w;
    struct problem problem = {""};
    strcpy(q.spec.options.manager, "marksweep");
    strcpy(q.spec.machine, "native");
    int status = read_arguments(&q, argc, argv);
    if (status != 0)
        return status;
    int err = workload_open(&w, q.spec.workload, NULL, &problem);
    if (err == 0) {
        err = replay(&q, w, &problem);
        workload_close(w);
    }
    if (err >= 0)
        return err;
    fprintf(stderr, "fraglab: %s\n", problem.text);
    return cmd_status_of(err);
}

const struct command cmd_replay = {
    .name = "replay",
    .summary = "play a trace against a memory manager",
    .help =
        "usage: fraglab replay TRACE [options]\n"
        "\n"
        "TRACE is a file of any known format, '-', or PRESET:key=value,...\n"
        "\n"
        "  --manager M          the memory manager (default: marksweep)\n"
        "  --set KEY=VALUE      a parameter of it; see 'fraglab managers M'\n"
        "  --heap BYTES         size of the heap: bytes (K and M allowed),\n"
        "                       'trace' (as recorded, the default), or 1.5x\n"
        "                       the trace's peak of bytes asked for\n"
        "  --machine native     where it runs: in this program, without\n"
        "                       cycles; or a microcontroller that counts "
        "them:\n"
        "                       a name ('fraglab machines') or a JSON file\n"
        "  --flags O2           its machine code: compiled with -O2 or -Os\n"
        "  --image ELF          the machine code of another allocator, of "
        "which\n"
        "                       only the entry points are known (how to wrap "
        "any\n"
        "                       malloc: core/guest/README.md); the machine is\n"
        "                       then cortex-m0plus or hazard3 unless said; "
        "with\n"
        "                       --manager, that manager compiled otherwise\n"
        "  --refused skip       after a refusal: skip the object, stop, or\n"
        "                       reset the heap\n"
        "  --steps EVERY:CYCLES an idle step after every n-th operation, for\n"
        "                       managers that have steps\n"
        "  --touch stores|N     reads added to those of the trace, for "
        "managers\n"
        "                       that are asked where an object lies (deref): "
        "one\n"
        "                       of each word stored to, or N behind each\n"
        "                       operation, of the object last dealt with, its\n"
        "                       words in turn\n"
        "  --db FILE            store the run in this SQLite database\n"
        "  --keep ops           what to store: ops, series or summary\n"
        "  --check              check the heap after every operation; "
        "recorded\n"
        "                       facts that are not met fail the run\n"
        "  --assert 'F OP V'    fail unless, say, 'refused == 0' or\n"
        "                       'end.largest_free >= 4K' holds\n"
        "  --json               print the summary as JSON\n"
        "  --quiet              no progress line\n"
        "\n"
        "Exit status: 0 done (refusals are data), 1 the run failed or a check\n"
        "did not hold, 2 wrong usage or input. A run in which the manager "
        "erred\n"
        "leaves NAME.failed.ft here: the least of the trace that repeats it.\n"
        "\n"
        "example: fraglab replay traces/samples/chaos-40k.ftb --heap trace \\\n"
        "             --check --assert 'refused == 0'\n",
    .run = run_replay,
};
