/* cmd_trace.c - `fraglab trace`: look at a trace, convert it, check it. */
#include "analysis/cmd.h"

#include <cjson/cJSON.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/text.h"
#include "traces/ahead.h"
#include "traces/binary.h"
#include "traces/kinds.h"
#include "traces/nearest.h"
#include "traces/stats.h"
#include "traces/writer.h"

struct request {
    const char *verb;
    const char *input;
    const char *output; /* null: standard output                          */
    const char *format; /* null: found by the first bytes                 */
    bool json;
};

static const struct option options[] = {
    {"format", required_argument, NULL, 'f'},
    {"output", required_argument, NULL, 'o'},
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

/* `argv[0]` is the verb behind `trace`. */
static int read_arguments(struct request *q, int argc, char **argv)
{
    int letter;
    q->verb = argv[0];
    optind = 0; /* begin anew: getopt keeps its place between calls       */
    opterr = 0;
    while ((letter = getopt_long(argc, argv, ":o:", options, NULL)) != -1) {
        switch (letter) {
        case 'f':
            q->format = optarg;
            break;
        case 'o':
            q->output = optarg;
            break;
        case 'j':
            q->json = true;
            break;
        default:
            return cmd_usage_error("trace %s: %s is not an option, or has no "
                                   "value; see fraglab trace --help",
                                   q->verb, argv[optind - 1]);
        }
    }
    if (argc - optind != 1)
        return cmd_usage_error("trace %s: give one FILE (or - for standard "
                               "input); see fraglab trace --help",
                               q->verb);
    q->input = argv[optind];
    return EXIT_DONE;
}

/* Say what failed; nothing where the reader of our output has gone away. */
static int report(int err, const struct problem *problem)
{
    if (err == ERR_IO && problem->text[0] == '\0')
        return EXIT_DONE;
    char clean[sizeof problem->text]; /* it may quote the file            */
    (void)cmd_usage_error("%s", text_clean(clean, sizeof clean, problem->text));
    return cmd_status_of(err);
}

static void add_number(cJSON *to, const char *key, uint64_t value)
{
    cJSON_AddNumberToObject(to, key, (double)value);
}

/* A text from a trace, which may hold anything. */
static void add_text(cJSON *to, const char *key, const char *value)
{
    char clean[256];
    cJSON_AddStringToObject(to, key, text_clean(clean, sizeof clean, value));
}

static int print_json(cJSON *json)
{
    char *text = cJSON_Print(json);
    if (text != NULL)
        puts(text);
    cJSON_free(text);
    cJSON_Delete(json);
    return EXIT_DONE;
}

static void add_classes(cJSON *to, const char *key, const char *unit,
                        const struct stats_class *classes)
{
    cJSON *list = cJSON_AddArrayToObject(to, key);
    for (unsigned i = 0; i < STATS_CLASSES; i++) {
        if (classes[i].objects == 0)
            continue;
        cJSON *item = cJSON_CreateObject();
        add_number(item, unit, UINT64_C(1) << i);
        add_number(item, "objects", classes[i].objects);
        add_number(item, "bytes", classes[i].bytes);
        cJSON_AddItemToArray(list, item);
    }
}

static void add_counts(cJSON *json, const struct trace_counts *n)
{
    add_number(json, "events", n->events);
    add_number(json, "operations", n->operations);
    add_number(json, "allocations", n->allocations);
    add_number(json, "frees", n->frees);
    add_number(json, "reallocs", n->reallocs);
    add_number(json, "failed", n->failed);
    add_number(json, "failed_reallocs", n->failed_reallocs);
    add_number(json, "collections", n->collections);
    add_number(json, "peak_live", n->peak_live);
}

static void add_header(cJSON *json, const struct trace_header *h)
{
    cJSON *header = cJSON_AddObjectToObject(json, "header");
    for (size_t i = 0; i < TRACE_N_HEADER_KEYS; i++) {
        const struct trace_header_key *key = &trace_header_keys[i];
        if (strcmp(key->name, "peak-live") == 0)
            continue;
        if (key->width == TRACE_NAME_CAP)
            add_text(header, key->name, (const char *)h + key->offset);
        else
            add_number(header, key->name, trace_header_number(h, key));
    }
    cJSON *areas = cJSON_AddArrayToObject(header, "areas");
    for (uint32_t i = 0; i < h->n_areas; i++) {
        cJSON *area = cJSON_CreateObject();
        add_number(area, "bytes", h->areas[i].bytes);
        add_number(area, "blocks", h->areas[i].n_blocks);
        cJSON_AddItemToArray(areas, area);
    }
}

static int print_info_json(const struct workload *w,
                           const struct trace_stats *s)
{
    cJSON *json = cJSON_CreateObject();
    add_text(json, "name", w->name);
    cJSON_AddStringToObject(json, "format", w->format);
    cJSON_AddStringToObject(json, "hash", s->hash);
    add_counts(json, &s->check.counts);
    add_number(json, "live_at_end", s->check.live_bytes);
    add_number(json, "objects_at_end", s->check.n_live);
    cJSON_AddNumberToObject(json, "mean_live", trace_stats_mean_live(s));
    add_number(json, "largest", s->largest);
    cJSON *skipped = cJSON_AddObjectToObject(json, "skipped");
    for (uint32_t i = 0; i < w->n_skipped; i++)
        add_number(skipped, w->skipped[i].reason, w->skipped[i].n);
    if (w->remark != NULL)
        cJSON_AddStringToObject(json, "note", w->remark);
    add_header(json, &w->header);
    cJSON *kinds = cJSON_AddObjectToObject(json, "kinds");
    for (int i = TRACE_END + 1; i < TRACE_N_KINDS; i++)
        if (s->kinds[i] != 0)
            add_number(kinds, trace_kind_name((uint8_t)i), s->kinds[i]);
    add_number(json, "block_bytes", s->block_bytes);
    add_classes(json, "sizes", "blocks", s->sizes);
    add_classes(json, "ages", "bytes_asked", s->ages);
    return print_json(json);
}

static void print_line(const char *name, uint64_t n)
{
    char number[TEXT_NUMBER_CAP];
    printf("  %-26s %15s\n", name, text_count(number, n));
}

/* "9-16" or "1": the numbers of class i. */
static void print_classes(const char *title, const struct stats_class *classes)
{
    printf("\n%-30s %12s %15s\n", title, "objects", "bytes");
    for (unsigned i = 0; i < STATS_CLASSES; i++) {
        char from[TEXT_NUMBER_CAP], to[TEXT_NUMBER_CAP];
        char objects[TEXT_NUMBER_CAP], bytes[TEXT_NUMBER_CAP];
        char range[2 * TEXT_NUMBER_CAP + 4];
        if (classes[i].objects == 0)
            continue;
        uint64_t last = UINT64_C(1) << i;
        text_count(to, last);
        if (i < 2)
            snprintf(range, sizeof range, "%s", to);
        else
            snprintf(range, sizeof range, "%s - %s",
                     text_count(from, last / 2 + 1), to);
        printf("  %26s %14s %15s\n", range,
               text_count(objects, classes[i].objects),
               text_count(bytes, classes[i].bytes));
    }
}

static int print_info_text(const struct workload *w,
                           const struct trace_stats *s)
{
    const struct trace_counts *n = &s->check.counts;
    char clean[256];
    printf("%s: %s", text_clean(clean, sizeof clean, w->name), w->format);
    if (w->header.program[0] != '\0')
        printf(", program %s",
               text_clean(clean, sizeof clean, w->header.program));
    if (w->header.source[0] != '\0')
        printf(", recorded by %s",
               text_clean(clean, sizeof clean, w->header.source));
    printf("\n  %-26s %s\n", "content hash", s->hash);
    print_line("events", n->events);
    print_line("operations", n->operations);
    print_line("allocations", n->allocations);
    print_line("frees", n->frees);
    print_line("reallocs", n->reallocs);
    print_line("refused allocations", n->failed);
    print_line("refused reallocs", n->failed_reallocs);
    print_line("collections", n->collections);
    print_line("deaths", s->kinds[TRACE_DEATH]);
    print_line("stores", s->kinds[TRACE_STORE]);
    print_line("largest request, bytes", s->largest);
    print_line("most live bytes", n->peak_live);
    print_line("mean live bytes", (uint64_t)trace_stats_mean_live(s));
    print_line("live bytes at the end", s->check.live_bytes);
    print_line("live objects at the end", s->check.n_live);
    for (uint32_t i = 0; i < w->n_skipped; i++) {
        char name[64];
        snprintf(name, sizeof name, "passed over: %s", w->skipped[i].reason);
        print_line(name, w->skipped[i].n);
    }
    if (w->remark != NULL)
        printf("  note: %s\n", w->remark);

    char title[64];
    snprintf(title, sizeof title, "size, blocks of %" PRIu64 " bytes",
             s->block_bytes);
    print_classes(title, s->sizes);
    print_classes("age at the end, bytes asked", s->ages);
    return EXIT_DONE;
}

static int run_info(const struct request *q, struct workload *w,
                    struct problem *problem)
{
    struct trace_stats *s = malloc(sizeof *s);
    if (s == NULL)
        return problem_set(problem, ERR_MEMORY, "out of memory");
    int err = trace_stats_read(s, w, problem);
    if (err == 0) {
        if (q->json)
            print_info_json(w, s);
        else
            print_info_text(w, s);
        trace_stats_free(s);
    }
    free(s);
    return err;
}

static int run_cat(const struct request *q, struct workload *w,
                   struct problem *problem)
{
    const char *path = q->output != NULL ? q->output : "-";
    return trace_copy(w, path, TRACE_FORM_TEXT, NULL, problem);
}

static int run_convert(const struct request *q, struct workload *w,
                       struct problem *problem)
{
    struct trace_written n;
    if (q->output == NULL)
        return problem_set(problem, ERR_INPUT,
                           "trace convert: give the trace to write: -o FILE");
    int err = trace_copy(w, q->output, trace_form_of(q->output), &n, problem);
    if (err < 0 || strcmp(q->output, "-") == 0)
        return err;

    if (q->json) {
        cJSON *json = cJSON_CreateObject();
        add_text(json, "output", q->output);
        add_number(json, "bytes", n.n_bytes);
        cJSON_AddStringToObject(json, "hash", n.hash);
        add_counts(json, &n.counts);
        print_json(json);
        return 0;
    }
    char bytes[TEXT_NUMBER_CAP], events[TEXT_NUMBER_CAP];
    printf("%s: %s events, %s bytes (%.2f an event), hash %s\n", q->output,
           text_count(events, n.counts.events), text_count(bytes, n.n_bytes),
           n.counts.events == 0 ? 0.0
                                : (double)n.n_bytes / (double)n.counts.events,
           n.hash);
    return 0;
}

/* What only a whole reading can tell of the end record of our own forms. */
static int check_end_record(const struct workload *w,
                            const struct trace_stats *s,
                            struct problem *problem)
{
    bool is_binary = strcmp(w->format, "binary") == 0;
    if (!is_binary && strcmp(w->format, "text") != 0)
        return 0;
    uint64_t stated = w->header.peak_live;
    uint64_t found = s->check.counts.peak_live;
    if (stated != 0 && stated != found)
        return problem_set(problem, ERR_INPUT,
                           "%.300s: the trace states a peak of %" PRIu64
                           " live bytes, but it is %" PRIu64,
                           w->path, stated, found);
    if (is_binary && strcmp(binary_stated_hash(w), s->hash) != 0)
        return problem_set(problem, ERR_INPUT,
                           "%.300s: wrong checksum: the end record states the "
                           "content hash %s, but it is %s",
                           w->path, binary_stated_hash(w), s->hash);
    return 0;
}

static int run_validate(const struct request *q, struct workload *w,
                        struct problem *problem)
{
    struct trace_stats *s = malloc(sizeof *s);
    if (s == NULL)
        return problem_set(problem, ERR_MEMORY, "out of memory");
    int err = trace_stats_read(s, w, problem);
    if (err < 0) {
        free(s);
        return err;
    }
    err = check_end_record(w, s, problem);
    if (err == 0 && q->json) {
        cJSON *json = cJSON_CreateObject();
        add_text(json, "name", w->name);
        cJSON_AddStringToObject(json, "format", w->format);
        cJSON_AddTrueToObject(json, "lawful");
        cJSON_AddStringToObject(json, "hash", s->hash);
        add_counts(json, &s->check.counts);
        print_json(json);
    } else if (err == 0) {
        char name[256], events[TEXT_NUMBER_CAP];
        printf("%s: lawful, %s events, hash %s\n",
               text_clean(name, sizeof name, w->name),
               text_count(events, s->check.counts.events), s->hash);
    }
    trace_stats_free(s);
    free(s);
    return err;
}

static const struct {
    const char *name;
    int (*run)(const struct request *q, struct workload *w,
               struct problem *problem);
} verbs[] = {
    {"info", run_info},
    {"cat", run_cat},
    {"convert", run_convert},
    {"validate", run_validate},
};

enum { N_VERBS = sizeof verbs / sizeof verbs[0] };

static int refuse_verb(const char *verb)
{
    const char *names[N_VERBS];
    for (size_t i = 0; i < N_VERBS; i++)
        names[i] = verbs[i].name;
    const char *near = nearest_name(verb, names, N_VERBS);
    if (near != NULL)
        return cmd_usage_error("trace: unknown verb '%s'; did you mean '%s'?",
                               verb, near);
    return cmd_usage_error("trace: unknown verb '%s'; see fraglab trace --help",
                           verb);
}

static int run_trace(int argc, char **argv)
{
    if (argc < 2)
        return cmd_usage_error("trace: give info, cat, convert or validate; "
                               "see fraglab trace --help");
    size_t i = 0;
    while (i < N_VERBS && strcmp(verbs[i].name, argv[1]) != 0)
        i++;
    if (i == N_VERBS)
        return refuse_verb(argv[1]);

    struct request q = {0};
    int status = read_arguments(&q, argc - 1, argv + 1);
    if (status != EXIT_DONE)
        return status;
    struct problem problem = {""};
    struct workload *w = NULL;
    int err = workload_open(&w, q.input, q.format, &problem);
    if (err == 0)
        err = ahead_open(&w, w, &problem);
    if (err < 0)
        return report(err, &problem);
    err = verbs[i].run(&q, w, &problem);
    workload_close(w);
    return err < 0 ? report(err, &problem) : EXIT_DONE;
}

const struct command cmd_trace = {
    .name = "trace",
    .summary = "look at a trace, convert it, check it",
    .help =
        "usage: fraglab trace info FILE [--json]\n"
        "       fraglab trace cat FILE [-o FILE]\n"
        "       fraglab trace convert FILE -o FILE [--json]\n"
        "       fraglab trace validate FILE [--json]\n"
        "\n"
        "FILE is a trace of any known format, plain, gzip or zstd; - is "
        "standard input;\n"
        "or a workload by name: PRESET:key=value,...\n"
        "\n"
        "  info      counts, sizes, ages and live bytes\n"
        "  cat       the trace as text, one line an event\n"
        "  convert   the trace in our own form: binary if the name ends in "
        ".ftb, else\n"
        "            text; the file appears whole or not at all\n"
        "  validate  is every line lawful, and what the end record states "
        "true?\n"
        "\n"
        "  --format F  text, binary, gcrec, rep, mplog, ...; by default the "
        "first bytes\n"
        "              tell\n"
        "  --json      print one JSON object\n"
        "\n"
        "All verbs check the trace while they read it: an unlawful or damaged "
        "one is\n"
        "refused with its place and reason, exit status 2.\n"
        "\n"
        "example: fraglab trace convert web-64k.gct.zst -o web-64k.ftb &&\n"
        "         fraglab trace info web-64k.ftb\n",
    .run = run_trace,
};
