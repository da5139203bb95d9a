/* cmd_minheap.c - `fraglab minheap`: the smallest heap that suffices. */
#include <cjson/cJSON.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analysis/cmd.h"
#include "analysis/setting.h"
#include "analysis/store_study.h"

static const struct option options[] = {
    {"manager", required_argument, NULL, 'm'},
    {"set", required_argument, NULL, 's'},
    {"db", required_argument, NULL, 'd'},
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

static int print_json(const struct run_spec *spec, const struct minheap *m)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "trace", spec->workload);
    cJSON_AddStringToObject(json, "manager", spec->options.manager);
    cJSON_AddNumberToObject(json, "heap_bytes", (double)m->heap_bytes);
    cJSON_AddNumberToObject(json, "max_live", (double)m->max_live);
    cJSON_AddNumberToObject(json, "ratio",
                            (double)m->heap_bytes / (double)m->max_live);
    cJSON_AddBoolToObject(json, "monotone", m->is_monotone);
    cJSON_AddNumberToObject(json, "largest_refusing", (double)m->refuses);
    cJSON_AddNumberToObject(json, "replays", m->n_replays);
    char *text = cJSON_Print(json);
    cJSON_Delete(json);
    if (text == NULL)
        return cmd_usage_error("no memory left");
    puts(text);
    cJSON_free(text);
    return EXIT_DONE;
}

static int print_text(const struct run_spec *spec, const struct minheap *m)
{
    printf("%s under %s: %" PRIu64 " bytes, %.4f times the most that was live "
           "(%" PRIu64 ")\n",
           spec->workload, spec->options.manager, m->heap_bytes,
           (double)m->heap_bytes / (double)m->max_live, m->max_live);
    if (m->is_monotone)
        printf("every larger heap that was tried serves it, too (%u replays)\n",
               m->n_replays);
    else
        printf("not monotone: a heap of %" PRIu64 " bytes refuses something\n",
               m->refuses);
    return EXIT_DONE;
}

static int run_minheap(int argc, char **argv)
{
    struct run_spec spec = {.machine = "native"};
    struct problem problem = {""};
    struct minheap found;
    struct store *store = NULL;
    const char *db = NULL;
    bool wants_json = false;
    int letter, status = 0;
    strcpy(spec.options.manager, "marksweep");
    optind = 1;
    while ((letter = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        if (letter == 'm')
            snprintf(spec.options.manager, sizeof spec.options.manager, "%s",
                     optarg);
        else if (letter == 's')
            status = setting_read(&spec.options, optarg, &problem);
        else if (letter == 'd')
            db = optarg;
        else if (letter == 'j')
            wants_json = true;
        else
            return cmd_option_error(argv);
        if (status < 0)
            return cmd_usage_error("%s", problem.text);
    }
    if (optind != argc - 1 || strcmp(argv[optind], "-") == 0)
        return cmd_usage_error("minheap: give one trace or preset; it is read "
                               "many times, so '-' cannot be one");
    if (strlen(argv[optind]) >= sizeof spec.workload)
        return cmd_usage_error("minheap: the trace's name is too long");
    strcpy(spec.workload, argv[optind]);
    int err = db == NULL ? 0 : store_open(&store, db, false, &problem);
    if (err == 0)
        err = store_minheap(store, &spec, &found, &problem);
    store_close(store);
    if (err < 0) {
        cmd_usage_error("%s", problem.text);
        return cmd_status_of(err);
    }
    return wants_json ? print_json(&spec, &found) : print_text(&spec, &found);
}

const struct command cmd_minheap = {
    .name = "minheap",
    .summary = "find the smallest heap in which a trace is never refused",
    .help =
        "usage: fraglab minheap TRACE [--manager M] [--set KEY=VALUE]... "
        "[--db FILE]\n"
        "                       [--json]\n"
        "\n"
        "Plays TRACE natively in heaps of different sizes, until it knows the\n"
        "smallest one, to 16 bytes, in which every request is granted, those\n"
        "that the recording saw refused included. The size is H: tables and\n"
        "all, without the control block. Larger heaps are tried as well,\n"
        "because a larger one need not be better.\n"
        "\n"
        "  --manager M          the memory manager (default: marksweep)\n"
        "  --set KEY=VALUE      a parameter of it; see 'fraglab managers M'\n"
        "  --db FILE            keep the answer in this SQLite database; if "
        "it is\n"
        "                       there already, take it from there\n"
        "  --json               print heap_bytes, max_live, monotone\n"
        "\n"
        "example: fraglab minheap traces/samples/fft-64k.ftb --manager "
        "copying\n",
    .run = run_minheap,
};
