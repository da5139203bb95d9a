/* cmd_generate.c - `fraglab generate`: write a preset's trace to a file. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "analysis/cmd.h"
#include "traces/synth/preset.h"
#include "traces/writer.h"

struct arguments {
    const char *spec;
    const char *file;
    bool wants_list;
    bool is_quiet;
};

static void print_preset(const struct preset *p)
{
    printf("%s - %s\n", p->name, p->summary);
    for (size_t i = 0; i < PRESET_KEYS_CAP && p->keys[i].name != 0; i++)
        printf("    %-9s %-6s %s\n", p->keys[i].name, p->keys[i].fallback,
               p->keys[i].meaning);
}

static int print_list(void)
{
    size_t n = 0;
    const struct preset *const *list = preset_list(&n);
    puts("Presets, their keys and defaults:\n");
    for (size_t i = 0; i < n; i++)
        print_preset(list[i]);
    return EXIT_DONE;
}

/* Returns EXIT_DONE and fills `a`, or complains. */
static int read_arguments(int argc, char **argv, struct arguments *a)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-o") == 0) {
            if (++i == argc)
                return cmd_usage_error("generate: -o needs a file name");
            a->file = argv[i];
        } else if (strcmp(argv[i], "--list") == 0) {
            a->wants_list = true;
        } else if (strcmp(argv[i], "--quiet") == 0) {
            a->is_quiet = true;
        } else if (argv[i][0] == '-') {
            return cmd_usage_error("generate: unknown option '%s'", argv[i]);
        } else if (a->spec != 0) {
            return cmd_usage_error("generate: one preset at a time, not '%s'",
                                   argv[i]);
        } else {
            a->spec = argv[i];
        }
    }
    if (a->wants_list)
        return EXIT_DONE;
    if (a->spec == 0)
        return cmd_usage_error("generate: which preset? see fraglab generate "
                               "--list");
    if (a->file == 0)
        return cmd_usage_error("generate: where to? -o FILE, or -o - for "
                               "standard output");
    return EXIT_DONE;
}

static int open_preset(struct workload **w, const char *spec)
{
    struct problem problem;
    int err = preset_open(w, spec, &problem);
    if (err < 0)
        return cmd_usage_error("%s", problem.text);
    if (err == 0)
        return EXIT_DONE;

    const char *near = preset_nearest(spec);
    if (near != 0)
        return cmd_usage_error("generate: no preset '%s'; did you mean '%s'?",
                               spec, near);
    return cmd_usage_error("generate: no preset '%s'; see fraglab generate "
                           "--list",
                           spec);
}

static int run_generate(int argc, char **argv)
{
    struct arguments a = {0};
    int status = read_arguments(argc, argv, &a);
    if (status != EXIT_DONE)
        return status;
    if (a.wants_list)
        return print_list();

    struct workload *w = 0;
    status = open_preset(&w, a.spec);
    if (status != EXIT_DONE)
        return status;

    struct problem problem = {.text = ""};
    struct trace_written written;
    int err = trace_copy(w, a.file, trace_form_of(a.file), &written, &problem);
    workload_close(w);
    if (err < 0) {
        if (problem.text[0] != '\0')
            cmd_usage_error("%s", problem.text);
        return cmd_status_of(err);
    }
    if (!a.is_quiet && strcmp(a.file, "-") != 0)
        printf("%s: %" PRIu64 " operations and %" PRIu64 " events in %" PRIu64
               " bytes\n",
               a.file, written.counts.operations,
               written.counts.events - written.counts.operations,
               written.n_bytes);
    return EXIT_DONE;
}

const struct command cmd_generate = {
    .name = "generate",
    .summary = "write a trace made by a preset",
    .help = "usage: fraglab generate PRESET[:key=value,...] -o FILE [--quiet]\n"
            "       fraglab generate --list\n"
            "\n"
            "Writes the trace that the preset makes, in binary form if FILE "
            "ends in .ftb, else\n"
            "as text; `-o -` writes text to standard output. The same words "
            "give the same\n"
            "trace on every machine. Bytes take K and M (1,024 and 1,048,576), "
            "counts too\n"
            "(1,000 and 1,000,000). Commands that read a trace take "
            "PRESET:key=value,... itself,\n"
            "so a file is only needed to look at it or to pass it on.\n"
            "\n"
            "  -o FILE    where to\n"
            "  --list     all presets, their keys and defaults\n"
            "  --quiet    no summary\n"
            "\n"
            "example: fraglab generate churn:ops=1M,load=0.7,seed=5 -o "
            "churn.ftb\n",
    .run = run_generate,
};
