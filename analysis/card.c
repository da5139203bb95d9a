/* card.c - see card.h. */
#include "analysis/card.h"

#include <inttypes.h>
#include <string.h>

#include "analysis/metrics.h"
#include "analysis/run.h"
#include "analysis/text.h"
#include "sim/replay/target.h"

/* What is played to measure: allocations without end, a few collections. */
#define MEASURE_OPS 20000u

/* --- words. */

static void print_words(FILE *out, const struct manager *m)
{
    const struct manager_card *c = m->card;
    fprintf(out, "%s: %s\n\n", m->name, manager_summary(m));
    fprintf(out, "  succeeds surely when  %s\n", c->succeeds);
    fprintf(out, "  metadata              %s\n", c->metadata);
    fprintf(out, "  longest pause         %s\n", c->pause);
    fprintf(out, "  moves                 %s\n", c->moves);
    fprintf(out, "  needs of the mutator  %s\n", c->needs);
}

/* --- bytes. */

/* What an empty heap has for objects. */
static int empty_bytes(const struct manager *m, const struct replay_options *o,
                       uint64_t *bytes, struct problem *problem)
{
    struct manager_params params;
    struct heap_info info;
    struct target *t;
    m->params(o, &params);
    int err = target_native_open(&t, m, o->window_bytes, 1, 2, problem);
    if (err < 0)
        return err;
    uint32_t error = t->init(t, (uint32_t)o->heap_bytes, &params);
    if (error == HEAP_OK) {
        m->info(t->heap, &info);
        *bytes = info.total_bytes;
    } else if (error == HEAP_TOO_LARGE) {
        err = problem_set(problem, ERR_TOO_LARGE,
                          "--heap: %" PRIu64 " bytes are more than %s "
                          "manages: %s",
                          o->heap_bytes, m->name, m->shape->most);
    } else {
        err = problem_set(problem, ERR_INPUT,
                          "--heap: %" PRIu64 " bytes are too few for a heap",
                          o->heap_bytes);
    }
    t->close(t);
    return err;
}

static void print_bytes(FILE *out, const struct manager *m,
                        const struct replay_options *o, uint64_t bytes)
{
    struct manager_params params;
    char heap[TEXT_NUMBER_CAP], tables[TEXT_NUMBER_CAP];
    char control[TEXT_NUMBER_CAP];
    uint64_t taken = o->heap_bytes - bytes;
    m->params(o, &params);
    text_count(heap, o->heap_bytes);
    text_count(tables, taken);
    text_count(control, manager_control_bytes(m, &params));
    fprintf(out,
            "\nin a heap of %s bytes, empty: %s bytes (%.2f %%) not for "
            "objects; %s of control block before it\n",
            heap, tables, 100.0 * (double)taken / (double)o->heap_bytes,
            control);
}

/* Bytes that may be live for a request to be sure, where `largest` is the
 * largest one ever. */
static uint64_t sure_up_to(const struct manager *m,
                           const struct replay_options *o, uint64_t bytes,
                           uint64_t largest)
{
    struct manager_params params;
    m->params(o, &params);
    const struct manager_shape *shape = manager_shape_with(m, &params);
    uint32_t unit = shape->unit_bytes;
    if (unit == 0)
        unit = (uint32_t)manager_number(o, "block", 16);
    struct manager_load load = {
        .params = &params,
        .pool = bytes,
        .largest = (largest + unit - 1) / unit * unit + shape->tag_bytes,
        .unit_bytes = unit,
    };
    return m->sure == NULL ? 0 : m->sure(&load);
}

static void print_sure(FILE *out, const struct manager *m,
                       const struct replay_options *o, uint64_t bytes)
{
    static const uint64_t sizes[] = {64, 256, 1024, 4096};
    char text[TEXT_NUMBER_CAP];
    uint64_t least = sure_up_to(m, o, bytes, sizes[3]);
    if (least == 0) {
        fprintf(out, "no request is sure in it\n");
        return;
    }
    fprintf(out, m->sure == manager_robson
                     ? "as none that does not move, it is sure of no request "
                       "beyond live bytes, with its own, of "
                     : "requests are sure while live bytes, with their own, "
                       "are at most ");
    if (least == sure_up_to(m, o, bytes, sizes[0])) {
        fprintf(out, "%s\n", text_count(text, least));
        return;
    }
    for (int i = 0; i < 4; i++)
        fprintf(out, "%s%s", i == 0 ? "" : ", ",
                text_count(text, sure_up_to(m, o, bytes, sizes[i])));
    fprintf(out, " (none asked for more than 64, 256, 1,024, 4,096)\n");
}

/* --- cycles. */

/* What a machine has shown, or why it could not. */
struct seen {
    uint64_t stack_bytes, call_cycles, collection_cycles;
    struct problem problem;
};

static uint64_t most_of(const struct costs *costs, enum cost_kind kind)
{
    struct cost_summary s;
    costs_summarise(costs, kind, &s);
    return s.count > 0 ? s.max : 0;
}

static void look_at(const struct costs *costs, struct seen *seen)
{
    static const enum cost_kind calls[] = {COST_ALLOC, COST_FREE, COST_REALLOC};
    for (int i = 0; i < 3; i++) {
        uint64_t most = most_of(costs, calls[i]);
        seen->call_cycles = most > seen->call_cycles ? most : seen->call_cycles;
    }
    seen->collection_cycles = most_of(costs, COST_COLLECT);
    seen->stack_bytes = costs_totals(costs)->stack_bytes;
}

/* Where it cannot be played, in a heap that is too large, nothing is seen. */
static void measure(const struct run_spec *spec, struct seen *seen)
{
    struct replay_result result;
    struct workload *w = NULL;
    struct metrics *metrics = metrics_new();
    struct sink sink = {
        .ctx = metrics, .op = metrics_op, .event = metrics_event};
    bool is_done =
        metrics != NULL &&
        workload_open(&w, spec->workload, NULL, &seen->problem) == 0 &&
        run_spec_play(spec, w, &sink, &result, &seen->problem) == 0 &&
        result.status == REPLAY_COMPLETE;
    if (is_done && metrics_costs(metrics) != NULL)
        look_at(metrics_costs(metrics), seen);
    workload_close(w);
    metrics_free(metrics);
}

static void print_count(FILE *out, uint64_t n, int width)
{
    char text[TEXT_NUMBER_CAP];
    fprintf(out, " %*s", width, n == 0 ? "-" : text_count(text, n));
}

/* The preset's heaps begin at 1,024 bytes. */
static bool print_machine(FILE *out, const struct replay_options *o,
                          const char *machine)
{
    struct problem problem;
    uint64_t mix_bytes = o->heap_bytes < 1024 ? 1024 : o->heap_bytes;
    struct run_spec spec = {.machine = "native", .options = *o};
    struct run_spec small = spec;
    struct seen seen = {0};
    if (run_spec_set_machine(&spec, machine, NULL, "O2", &problem) < 0 ||
        run_spec_set_machine(&small, machine, NULL, "Os", &problem) < 0)
        return false;
    snprintf(spec.workload, sizeof spec.workload,
             "mpy-mix:ops=%u,heap=%" PRIu64, MEASURE_OPS, mix_bytes);
    measure(&spec, &seen);
    fprintf(out, "  %-14s", machine);
    print_count(out, spec.code_bytes, 8);
    print_count(out, small.code_bytes, 8);
    print_count(out, seen.stack_bytes, 6);
    print_count(out, seen.call_cycles, 12);
    print_count(out, seen.collection_cycles, 12);
    fputc('\n', out);
    if (seen.problem.text[0] != '\0')
        fprintf(out, "  (not played: %s)\n", seen.problem.text);
    return true;
}

static void print_measured(FILE *out, const struct replay_options *o)
{
    static const char *const machines[] = {"hazard3", "cortex-m0plus",
                                           "cortex-m4"};
    fprintf(out,
            "\nmeasured: bytes of an image's code with -O2 and -Os; with -O2, "
            "playing mpy-mix, bytes of\nstack, cycles of the longest request "
            "and collection (`fraglab replay` measures any trace)\n\n"
            "  %-14s %8s %8s %6s %12s %12s\n",
            "machine", "code -O2", "-Os", "stack", "request", "collection");
    for (int i = 0; i < 3; i++) {
        if (!print_machine(out, o, machines[i]))
            fprintf(out, "  %-14s no image beside this program\n", machines[i]);
    }
}

int card_print(FILE *out, const struct manager *m,
               const struct replay_options *o, struct problem *problem)
{
    uint64_t bytes = 0;
    bool is_ours = !manager_is_outside(m);
    int err = is_ours ? empty_bytes(m, o, &bytes, problem) : 0;
    if (err < 0)
        return err;
    print_words(out, m);
    if (!is_ours)
        return 0;
    print_bytes(out, m, o, bytes);
    print_sure(out, m, o, bytes);
    print_measured(out, o);
    return 0;
}
