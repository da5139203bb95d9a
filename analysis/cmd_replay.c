/* cmd_replay.c - `fraglab replay`: play one trace, store it, sum it up. */
#include "analysis/cmd.h"

#include <cjson/cJSON.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/minimise.h"
#include "analysis/request.h"
#include "analysis/result.h"
#include "analysis/setting.h"

#define ASSERTS_CAP 32

struct request {
    struct run_request run;
    const char *db; /* null: nothing is stored                             */
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

static int complain(int err, const struct problem *problem)
{
    return err == 0 ? 0 : cmd_usage_error("%s", problem->text);
}

static int read_option(struct request *q, int letter, char *const *argv)
{
    static const char *const keeps[] = {"summary", "series", "ops", NULL};
    static const char *const flags[] = {"O2", "Os", NULL};
    struct problem problem = {""};
    const char *value = optarg;
    int i;
    switch (letter) {
    case 'm':
        snprintf(q->run.spec.options.manager,
                 sizeof q->run.spec.options.manager, "%s", value);
        q->run.has_manager = true;
        return 0;
    case 's':
        return complain(setting_read(&q->run.spec.options, value, &problem),
                        &problem);
    case 'h':
        q->run.heap = value;
        return 0;
    case 'M':
        q->run.machine = value;
        return 0;
    case 'i':
        q->run.image = value;
        return 0;
    case 'f':
        q->run.flags = value;
        if (word_index(value, flags) < 0)
            return cmd_usage_error("--flags %s: O2 or Os", value);
        return 0;
    case 'r':
        i = request_find_policy(value);
        if (i < 0)
            return cmd_usage_error("--refused %s: skip, stop or reset", value);
        q->run.spec.options.refused = (uint32_t)i;
        return 0;
    case 't':
        return complain(
            request_read_touch(&q->run.spec.options, value, &problem),
            &problem);
    case 'S':
        return complain(
            request_read_steps(&q->run.spec.options, value, &problem),
            &problem);
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
        if (!result_can_assert(value))
            return cmd_usage_error("--assert '%s': write 'FIELD OP VALUE', say "
                                   "'refused == 0'",
                                   value);
        q->asserts[q->n_asserts++] = value;
        return 0;
    case 'c':
        q->run.spec.options.check = true;
        return 0;
    case 'j':
        q->json = true;
        return 0;
    case 'q':
        q->quiet = true;
        return 0;
    default:
        return cmd_option_error(argv);
    }
}

static int read_arguments(struct request *q, int argc, char **argv)
{
    int letter;
    optind = 1;
    while ((letter = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        int status = read_option(q, letter, argv);
        if (status != 0)
            return status;
    }
    if (optind != argc - 1)
        return cmd_usage_error("replay: give one trace, '-' or a preset");
    if (strlen(argv[optind]) >= sizeof q->run.spec.workload)
        return cmd_usage_error("replay: the trace's name is too long");
    strcpy(q->run.spec.workload, argv[optind]);
    return 0;
}

/* What is left of a trace that made a run fail, for whoever mends it. */
static void offer_smaller(const struct request *q,
                          const struct replay_result *result)
{
    struct minimised m;
    struct problem problem;
    int got = minimise(&m, &q->run.spec, result, &problem);
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
    cJSON *json = result_json(&q->run.spec, result, metrics, id);
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

static int replay(struct request *q, struct workload *w,
                  struct problem *problem)
{
    struct replay_result result;
    struct store *store = NULL;
    char id[RUN_ID_CAP] = "";
    int err = request_resolve(&q->run, w, NULL, problem);
    if (err < 0)
        return err;
    struct metrics *metrics = metrics_new();
    if (metrics == NULL)
        return problem_set(problem, ERR_MEMORY, "no memory left");
    if (q->db != NULL)
        err = store_open(&store, q->db, false, problem);
    if (err == 0)
        err = request_play(&q->run.spec, w, store, q->keep, q->quiet, metrics,
                           &result, id, problem);
    store_close(store);
    int status = err < 0 ? err : report(q, metrics, &result, id);
    metrics_free(metrics);
    return status;
}

static int run_replay(int argc, char **argv)
{
    struct request q = {.run = {.flags = "O2"}, .keep = KEEP_OPS};
    struct workload *w;
    struct problem problem = {""};
    strcpy(q.run.spec.options.manager, "marksweep");
    strcpy(q.run.spec.machine, "native");
    int status = read_arguments(&q, argc, argv);
    if (status != 0)
        return status;
    int err = workload_open(&w, q.run.spec.workload, NULL, &problem);
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
        "                       'trace' (as recorded, the default), 1.5x the\n"
        "                       trace's peak of bytes asked for, or 1.5min "
        "the\n"
        "                       smallest heap that suffices (minheap)\n"
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
        "                       reset the heap; always skip where the\n"
        "                       program has locked the heap\n"
        "  --steps EVERY:CYCLES an idle step after every n-th operation, for\n"
        "                       managers that have steps; none: none\n"
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
