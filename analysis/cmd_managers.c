/* cmd_managers.c - `fraglab managers`: what there is, its card, its keys. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/card.h"
#include "analysis/cmd.h"
#include "analysis/setting.h"
#include "sim/replay/manager.h"

static int list_managers(void)
{
    for (uint32_t i = 0; i < manager_list_n; i++)
        printf("%-12s %s\n", manager_list[i]->name,
               manager_summary(manager_list[i]));
    printf("\n`fraglab managers NAME` shows a manager's guarantee and its "
           "parameters.\n");
    return EXIT_DONE;
}

static void print_keys(const struct manager *m)
{
    printf("\nparameters (--set KEY=VALUE):\n\n");
    for (uint32_t i = 0; i < m->n_keys; i++) {
        const struct manager_key *k = &m->keys[i];
        char range[64];
        if (k->max == 0)
            snprintf(range, sizeof range, "%s", k->words);
        else
            snprintf(range, sizeof range, "%u..%u%s%s", k->min, k->max,
                     k->words != NULL ? " or " : "",
                     k->words != NULL ? k->words : "");
        printf("  %-12s %-22s %s (default: %s)\n", k->key, range, k->meaning,
               k->standard[0] != '\0' ? k->standard : "none");
    }
}

/* --heap: bytes; K and M allowed. */
static bool read_heap(const char *text, uint64_t *bytes)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    *bytes = strtoull(text, &end, 10);
    if (*end == 'K' || *end == 'M')
        *bytes *= *end++ == 'K' ? 1024 : 1024 * 1024;
    return *end == '\0' && *bytes > 0 && *bytes <= UINT32_MAX;
}

static int show_manager(struct replay_options *o, const char *name)
{
    static const struct trace_header no_trace;
    struct problem problem;
    const struct manager *m = manager_find(name);
    if (m == NULL || strlen(name) >= sizeof o->manager)
        return cmd_usage_error("managers: no manager '%s'; there is '%s'", name,
                               manager_nearest(name));
    strcpy(o->manager, name);
    if (manager_value(o, "areas") != NULL && manager_value(o, "areas")[0] != 0)
        return cmd_usage_error("--set areas: a card is of one area");
    bool is_any = o->heap_bytes == 0;
    if (is_any)
        o->heap_bytes = 65536;
    int err = replay_resolve(o, &no_trace, &problem);
    if (err == 0)
        err = card_print(stdout, m, o, &problem);
    if (err == ERR_TOO_LARGE && is_any) {
        o->heap_bytes /= 2;
        err = card_print(stdout, m, o, &problem);
    }
    if (err < 0) {
        cmd_usage_error("%s", problem.text);
        return cmd_status_of(err);
    }
    print_keys(m);
    return EXIT_DONE;
}

static const struct option options[] = {
    {"heap", required_argument, NULL, 'h'},
    {"set", required_argument, NULL, 's'},
    {NULL, 0, NULL, 0},
};

static int run_managers(int argc, char **argv)
{
    struct replay_options o = {0};
    struct problem problem;
    int letter;
    optind = 1;
    while ((letter = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        if (letter == 'h' && !read_heap(optarg, &o.heap_bytes))
            return cmd_usage_error("--heap %s: bytes, K and M allowed", optarg);
        if (letter == 's' && setting_read(&o, optarg, &problem) < 0)
            return cmd_usage_error("%s", problem.text);
        if (letter == '?' || letter == ':')
            return cmd_option_error(argv);
    }
    if (optind == argc && argc == 1)
        return list_managers();
    if (optind != argc - 1)
        return cmd_usage_error("managers: give one name, or none");
    return show_manager(&o, argv[optind]);
}

const struct command cmd_managers = {
    .name = "managers",
    .summary = "list the memory managers, their guarantees and parameters",
    .help =
        "usage: fraglab managers [NAME [--heap BYTES] [--set KEY=VALUE]...]\n"
        "\n"
        "Without a name: all managers, a line each. With one: its guarantee\n"
        "card, with figures for one heap, and its --set keys with range and\n"
        "default.\n"
        "\n"
        "  --heap BYTES         the heap (default: 64K, or 32K where that is "
        "too large)\n"
        "  --set KEY=VALUE      a parameter of the manager\n"
        "\n"
        "example: fraglab managers copying --heap 128K\n",
    .run = run_managers,
};
