/* cmd_import.c - `fraglab import`: a recording becomes a trace of our own. */
#include "analysis/cmd.h"

#include <cjson/cJSON.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/text.h"
#include "traces/ahead.h"
#include "traces/import/scale.h"
#include "traces/writer.h"

/* Sizes of a 32-bit board come in such units: see samples/README.md. */
#define POINTER_SCALE_ROUND 16

struct request {
    const char *input, *output;
    const char *format; /* null: found by the first bytes                 */
    struct scale scale; /* numerator 0: sizes are kept                    */
    bool json;
};

/* What only the importing loop sees: the rest is struct trace_written. */
struct tally {
    uint64_t deaths;
    uint64_t refused_memory, refused_locked, refused_unknown;
};

static const struct option options[] = {
    {"format", required_argument, NULL, 'f'},
    {"output", required_argument, NULL, 'o'},
    {"pointer-scale", required_argument, NULL, 'p'},
    {"scale-sizes", required_argument, NULL, 's'},
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

static int read_scale(struct request *q, int letter, const char *value)
{
    const char *name = letter == 'p' ? "pointer-scale" : "scale-sizes";
    if (q->scale.numerator != 0)
        return cmd_usage_error("import: sizes can be scaled only once");
    if (!scale_parse(&q->scale, value))
        return cmd_usage_error("--%s %s: give a number such as 0.5", name,
                               value);
    q->scale.is_pointer = letter == 'p';
    q->scale.round_to = letter == 'p' ? POINTER_SCALE_ROUND : 1;
    return EXIT_DONE;
}

static int read_arguments(struct request *q, int argc, char **argv)
{
    int letter;
    int status = EXIT_DONE;
    optind = 0; /* begin anew: getopt keeps its place between calls */
    opterr = 0;
    while ((letter = getopt_long(argc, argv, ":o:", options, NULL)) != -1) {
        switch (letter) {
        case 'f':
            q->format = optarg;
            break;
        case 'o':
            q->output = optarg;
            break;
        case 'p':
        case 's':
            status = read_scale(q, letter, optarg);
            break;
        case 'j':
            q->json = true;
            break;
        default:
            return cmd_option_error(argv);
        }
        if (status != EXIT_DONE)
            return status;
    }
    if (argc - optind != 1)
        return cmd_usage_error("import: give one FILE (or - for standard "
                               "input); see fraglab import --help");
    if (q->output == NULL)
        return cmd_usage_error("import: give the trace to write: -o FILE");
    q->input = argv[optind];
    return EXIT_DONE;
}

static int open_input(struct workload **out, const struct request *q,
                      struct problem *problem)
{
    struct workload *w;
    int err = workload_open(&w, q->input, q->format, problem);
    if (err == 0 && q->scale.numerator != 0)
        err = scale_open(&w, w, &q->scale, problem);
    if (err == 0)
        err = ahead_open(&w, w, problem);
    if (err == 0 && w->where == NULL)
        err = ahead_open(&w, w, problem);
    if (err == 0)
        *out = w;
    return err;
}

static void tally_op(struct tally *t, const struct trace_op *op)
{
    t->deaths += op->kind == TRACE_DEATH;
    if (op->kind != TRACE_REFUSED)
        return;
    t->refused_memory += op->cause == TRACE_CAUSE_MEMORY;
    t->refused_locked += op->cause == TRACE_CAUSE_LOCKED;
    t->refused_unknown += op->cause == TRACE_CAUSE_UNKNOWN;
}

/* Write all of `w` to the writer; a message names the place in the input. */
static int copy(struct workload *w, struct trace_writer *to, struct tally *t,
                struct problem *problem)
{
    struct trace_op op;
    int got;
    while ((got = workload_next(w, NULL, &op, problem)) > 0) {
        tally_op(t, &op);
        int err = trace_write(to, &op, problem);
        if (err == ERR_INPUT) {
            struct problem reason = *problem;
            return workload_fail(w, &op, problem, err, "%s", reason.text);
        }
        if (err < 0)
            return err;
    }
    return got;
}

static int write_trace(struct workload *w, const char *path, struct tally *t,
                       struct trace_written *written, struct problem *problem)
{
    struct trace_writer *to;
    int err =
        trace_writer_open(&to, path, trace_form_of(path), &w->header, problem);
    if (err < 0)
        return err;
    err = trace_writer_hold(to, problem);
    if (err == 0)
        err = copy(w, to, t, problem);
    if (err < 0) {
        trace_writer_abandon(to);
        return err;
    }
    return trace_writer_close(to, written, problem);
}

/* Frees that named nothing: importers count them under this reason. */
static uint64_t unknown_frees(const struct workload *w)
{
    for (uint32_t i = 0; i < w->n_skipped; i++)
        if (strcmp(w->skipped[i].reason, "unknown frees") == 0)
            return w->skipped[i].n;
    return 0;
}

static void print_line(FILE *to, const char *name, uint64_t n)
{
    char number[TEXT_NUMBER_CAP];
    fprintf(to, "  %-38s %13s\n", name, text_count(number, n));
}

static void print_summary(FILE *to, const struct request *q,
                          const struct workload *w, const struct tally *t,
                          const struct trace_written *written)
{
    const struct trace_counts *n = &written->counts;
    char name[256];
    fprintf(to, "%s: %s\n", text_clean(name, sizeof name, w->name), w->format);
    print_line(to, "events read", n->events);
    print_line(to, "operations", n->operations);
    print_line(to, "allocations", n->allocations);
    print_line(to, "frees", n->frees);
    print_line(to, "reallocs", n->reallocs);
    print_line(to, "collections", n->collections);
    print_line(to, "deaths", t->deaths);
    print_line(to, "refused requests: no memory", t->refused_memory);
    print_line(to, "refused requests: heap locked", t->refused_locked);
    print_line(to, "refused requests: cause not recorded", t->refused_unknown);
    print_line(to, "unknown frees", unknown_frees(w));
    print_line(to, "leaked (live at the end)", written->n_live);
    print_line(to, "largest sum of live bytes", n->peak_live);
    for (uint32_t i = 0; i < w->n_skipped; i++) {
        char text[80];
        snprintf(text, sizeof text, "passed over: %s", w->skipped[i].reason);
        print_line(to, text, w->skipped[i].n);
    }
    if (w->remark != NULL)
        fprintf(to, "  note: %s\n", w->remark);
    char bytes[TEXT_NUMBER_CAP];
    fprintf(to, "written: %s, %s bytes, hash %s\n", q->output,
            text_count(bytes, written->n_bytes), written->hash);
}

static void add_number(cJSON *to, const char *key, uint64_t value)
{
    cJSON_AddNumberToObject(to, key, (double)value);
}

static void print_json(FILE *to, const struct request *q,
                       const struct workload *w, const struct tally *t,
                       const struct trace_written *written)
{
    const struct trace_counts *n = &written->counts;
    char name[256];
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "trace",
                            text_clean(name, sizeof name, w->name));
    cJSON_AddStringToObject(json, "format", w->format);
    cJSON_AddStringToObject(json, "output", q->output);
    add_number(json, "bytes", written->n_bytes);
    cJSON_AddStringToObject(json, "hash", written->hash);
    add_number(json, "events", n->events);
    add_number(json, "operations", n->operations);
    add_number(json, "allocations", n->allocations);
    add_number(json, "frees", n->frees);
    add_number(json, "reallocs", n->reallocs);
    add_number(json, "failed", n->failed);
    add_number(json, "collections", n->collections);
    add_number(json, "deaths", t->deaths);
    add_number(json, "unknown_frees", unknown_frees(w));
    add_number(json, "live_at_end", written->n_live);
    add_number(json, "peak_live", n->peak_live);
    cJSON *skipped = cJSON_AddObjectToObject(json, "skipped");
    for (uint32_t i = 0; i < w->n_skipped; i++)
        add_number(skipped, w->skipped[i].reason, w->skipped[i].n);
    if (w->remark != NULL)
        cJSON_AddStringToObject(json, "note", w->remark);

    char *text = cJSON_Print(json);
    if (text != NULL)
        fprintf(to, "%s\n", text);
    cJSON_free(text);
    cJSON_Delete(json);
}

static int run_import(int argc, char **argv)
{
    struct request q = {0};
    int status = read_arguments(&q, argc, argv);
    if (status != EXIT_DONE)
        return status;

    struct problem problem = {""};
    struct workload *w = NULL;
    struct tally tally = {0};
    struct trace_written written = {0};
    int err = open_input(&w, &q, &problem);
    if (err == 0)
        err = write_trace(w, q.output, &tally, &written, &problem);
    if (err == 0) {
        /* The trace itself may be what stands on standard output. */
        FILE *to = strcmp(q.output, "-") == 0 ? stderr : stdout;
        (q.json ? print_json : print_summary)(to, &q, w, &tally, &written);
    }
    workload_close(w);
    if (err == 0)
        return EXIT_DONE;
    if (problem.text[0] != '\0')
        (void)cmd_usage_error("%s", problem.text);
    return cmd_status_of(err);
}

const struct command cmd_import = {
    .name = "import",
    .summary = "turn a recording of another tool into a trace",
    .help =
        "usage: fraglab import [--format F] [--pointer-scale X] "
        "[--scale-sizes X]\n"
        "                      [--json] FILE -o FILE\n"
        "\n"
        "Reads a recording (plain, gzip or zstd; - is standard input) and "
        "writes it as\n"
        "a trace: binary if the name ends in .ftb, else text. Says what was "
        "read and\n"
        "what was passed over. A file that is wrong anywhere leaves nothing "
        "behind.\n"
        "\n"
        "  --format F         gcrec, rep, mplog, ...; by default the first "
        "bytes tell\n"
        "  --pointer-scale X  multiply every size, round up to 16 bytes: 0.5 "
        "makes a\n"
        "                     plausible 32-bit trace of a 64-bit one\n"
        "  --scale-sizes X    multiply every size, round up to a byte\n"
        "  --json             print one JSON object instead of a table\n"
        "\n"
        "example: fraglab import web-64k.gct.zst -o web-64k.ftb\n",
    .run = run_import,
};
