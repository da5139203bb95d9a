/* result.c - see result.h. */
#include "analysis/result.h"

#include <ctype.h>
#include <inttypes.h>

#include <stdlib.h>
#include <string.h>

static const char *const status_names[] = {"complete", "stopped", "failed"};

static void number(cJSON *to, const char *name, uint64_t value)
{
    cJSON_AddNumberToObject(to, name, (double)value);
}

static void add_parameters(cJSON *to, const struct replay_options *o)
{
    cJSON *p = cJSON_AddObjectToObject(to, "parameters");
    for (uint32_t i = 0; p != NULL && i < o->n_params; i++) {
        const char *value = o->params[i].value;
        char *end;
        double n = strtod(value, &end);
        if (*value != '\0' && *end == '\0')
            cJSON_AddNumberToObject(p, o->params[i].key, n);
        else
            cJSON_AddStringToObject(p, o->params[i].key, value);
    }
}

static void add_counts(cJSON *to, const struct replay_result *r)
{
    number(to, "operations", r->operations);
    number(to, "events", r->events);
    number(to, "allocations", r->allocations);
    number(to, "frees", r->frees);
    number(to, "reallocs", r->reallocs);
    number(to, "collections", r->collections);
    number(to, "refused", r->refused);
    number(to, "refused_short", r->refused_short);
    number(to, "refused_fragmented", r->refused_fragmented);
    number(to, "refused_other", r->refused_other);
    number(to, "inplace_missed", r->inplace_missed);
    number(to, "empty", r->empty);
    number(to, "dropped", r->dropped);
    number(to, "freed_at_death", r->freed_at_death);
    number(to, "ignored", r->ignored);
    number(to, "lost", r->lost);
    number(to, "floating", r->floating);
    number(to, "lone_blocks", r->lone_blocks);
    number(to, "max_held", r->max_held);
}

static void add_figures(cJSON *to, const struct replay_result *r,
                        const struct metrics_summary *m)
{
    cJSON *end = cJSON_AddObjectToObject(to, "end");
    if (end != NULL) {
        number(end, "asked", r->end.asked);
        number(end, "live", r->end.live);
        number(end, "used", r->end.used);
        number(end, "free", r->end.free);
        number(end, "largest_free", r->end.largest_free);
        number(end, "largest_request", r->end.largest_request);
    }
    number(to, "min_largest_request", m->min_largest_request);
    number(to, "p1_largest_request", m->p1_largest_request);
    number(to, "min_largest_free", m->min_largest_free);
    number(to, "max_live", m->max_live);
    cJSON *f = cJSON_AddObjectToObject(to, "fragmentation");
    if (f != NULL) {
        cJSON_AddNumberToObject(f, "mean", m->frag_mean);
        cJSON_AddNumberToObject(f, "max", m->frag_max);
        cJSON_AddNumberToObject(f, "end", m->frag_end);
    }
    cJSON *packing = cJSON_AddObjectToObject(to, "packing");
    if (packing != NULL) {
        number(packing, "collections", m->n_packings);
        cJSON_AddNumberToObject(packing, "mean", m->packing_mean);
        cJSON_AddNumberToObject(packing, "min", m->packing_min);
    }
    if (m->first_refusal_seq == 0)
        cJSON_AddNullToObject(to, "first_refusal");
    else
        number(to, "first_refusal", m->first_refusal_seq);
    number(to, "worst", m->worst_seq);
}

/* The outer heap at the end; null where there is no real one. */
static void add_outer(cJSON *to, const struct outer_figures *o)
{
    if (!o->is_there) {
        cJSON_AddNullToObject(to, "outer");
        return;
    }
    cJSON *outer = cJSON_AddObjectToObject(to, "outer");
    number(outer, "objects", o->objects);
    number(outer, "asked", o->asked);
    number(outer, "live", o->live);
    number(outer, "areas", o->areas);
    number(outer, "free", o->free);
    number(outer, "largest_free", o->largest_free);
}

static void add_pair(cJSON *to, const char *name, const struct replay_expect *e)
{
    cJSON *pair = cJSON_AddArrayToObject(to, name);
    cJSON_AddItemToArray(pair, cJSON_CreateNumber((double)e->met));
    cJSON_AddItemToArray(pair, cJSON_CreateNumber((double)e->of));
}

static void add_expect(cJSON *to, const struct replay_result *r)
{
    if (!r->has_expect) {
        cJSON_AddNullToObject(to, "expect");
        return;
    }
    cJSON *e = cJSON_AddObjectToObject(to, "expect");
    add_pair(e, "blocks", &r->blocks);
    add_pair(e, "checkpoints", &r->checkpoints);
    add_pair(e, "tables", &r->tables);
    add_pair(e, "collections", &r->collections_expected);
}

/* "cycles": for each kind that occurred; and of a call that does nothing. */
static void add_cycles(cJSON *to, const struct replay_result *r,
                       const struct costs *costs)
{
    cJSON *cycles = cJSON_AddObjectToObject(to, "cycles");
    for (int i = 0; i < COST_N; i++) {
        struct cost_summary s;
        cJSON *kind = cJSON_AddObjectToObject(cycles, cost_names[i]);
        costs_summarise(costs, (enum cost_kind)i, &s);
        number(kind, "count", s.count);
        number(kind, "total", s.total);
        number(kind, "min", s.min);
        number(kind, "p50", s.p50);
        number(kind, "p90", s.p90);
        number(kind, "p99", s.p99);
        number(kind, "p999", s.p999);
        number(kind, "max", s.max);
    }
    number(cycles, "nop", r->nop_cycles);
}

/* What only a machine tells; null natively. */
static void add_machine(cJSON *to, const struct run_spec *spec,
                        const struct replay_result *r,
                        const struct costs *costs)
{
    if (run_is_native(spec) || costs == NULL) {
        cJSON_AddNullToObject(to, "cycles");
        return;
    }
    const struct cost_totals *t = costs_totals(costs);
    add_cycles(to, r, costs);
    cJSON *total = cJSON_AddObjectToObject(to, "machine_total");
    number(total, "cycles", t->cycles);
    number(total, "gc_cycles", t->gc_cycles);
    number(total, "outer_cycles", t->outer_cycles);
    number(total, "instructions", t->instructions);
    number(total, "loads", t->loads);
    number(total, "stores", t->stores);
    number(total, "waits", t->waits);
    number(total, "unsettled", t->unsettled);
    number(total, "stack_bytes", t->stack_bytes);
    number(to, "clock_hz", spec->config.clock_hz);
    cJSON *image = cJSON_AddObjectToObject(to, "image");
    cJSON_AddStringToObject(image, "hash", spec->image_hash);
    number(image, "code_bytes", spec->code_bytes);
}

cJSON *result_json(const struct run_spec *spec, const struct replay_result *r,
                   const struct metrics *metrics, const char *id)
{
    struct metrics_summary m;
    metrics_summarise(metrics, &m);
    cJSON *json = cJSON_CreateObject();
    if (json == NULL)
        return NULL;
    cJSON_AddStringToObject(json, "run", id);
    cJSON_AddStringToObject(json, "status", status_names[r->status]);
    cJSON_AddStringToObject(json, "reason", r->reason);
    cJSON *trace = cJSON_AddObjectToObject(json, "trace");
    if (trace != NULL) {
        cJSON_AddStringToObject(trace, "name", r->trace_name);
        cJSON_AddStringToObject(trace, "hash", r->trace_hash);
    }
    cJSON_AddStringToObject(json, "manager", spec->options.manager);
    add_parameters(json, &spec->options);
    cJSON_AddStringToObject(json, "machine", spec->machine);
    number(json, "heap_bytes", r->heap_bytes);
    number(json, "control_bytes", r->control_bytes);
    add_counts(json, r);
    add_figures(json, r, &m);
    add_outer(json, &r->outer);
    add_machine(json, spec, r, metrics_costs(metrics));
    number(json, "moved_bytes", r->moved_bytes);
    add_expect(json, r);
    cJSON_AddStringToObject(json, "state_digest", r->state_digest);
    return json;
}

void result_print_json(const cJSON *json, FILE *out)
{
    char *text = cJSON_Print(json);
    if (text == NULL)
        return;
    fprintf(out, "%s\n", text);
    cJSON_free(text);
}

static const cJSON *member(const cJSON *json, const char *path)
{
    char name[64];
    while (json != NULL && *path != '\0') {
        size_t n = strcspn(path, ".");
        if (n >= sizeof name)
            return NULL;
        memcpy(name, path, n);
        name[n] = '\0';
        json = cJSON_GetObjectItemCaseSensitive(json, name);
        path += n + (path[n] == '.');
    }
    return json;
}

static uint64_t count_of(const cJSON *json, const char *path)
{
    const cJSON *item = member(json, path);
    return cJSON_IsNumber(item) ? (uint64_t)item->valuedouble : 0;
}

static const char *text_of(const cJSON *json, const char *path)
{
    const cJSON *item = member(json, path);
    return cJSON_IsString(item) ? item->valuestring : "";
}

static void print_expect(const cJSON *json, FILE *out)
{
    static const char *const names[] = {"blocks", "checkpoints", "tables",
                                        "collections"};
    const cJSON *e = member(json, "expect");
    if (!cJSON_IsObject(e))
        return;
    fprintf(out, "recorded facts met  ");
    for (int i = 0; i < 4; i++) {
        const cJSON *pair = member(e, names[i]);
        fprintf(out, "%s%.0f of %.0f %s", i == 0 ? "" : ", ",
                cJSON_GetArrayItem(pair, 0)->valuedouble,
                cJSON_GetArrayItem(pair, 1)->valuedouble, names[i]);
    }
    fputc('\n', out);
}

static void print_packing(const cJSON *json, FILE *out)
{
    if (count_of(json, "packing.collections") == 0)
        return;
    fprintf(out,
            "after collections   longest hole %.3f of what is free in the "
            "mean, %.3f at least\n",
            member(json, "packing.mean")->valuedouble,
            member(json, "packing.min")->valuedouble);
}

static void print_outer(const cJSON *json, FILE *out)
{
    if (!cJSON_IsObject(member(json, "outer")))
        return;
    fprintf(out,
            "outer heap          %" PRIu64 " in %" PRIu64 " objects, %" PRIu64
            " in areas, %" PRIu64 " free, longest hole %" PRIu64 "\n",
            count_of(json, "outer.live"), count_of(json, "outer.objects"),
            count_of(json, "outer.areas"), count_of(json, "outer.free"),
            count_of(json, "outer.largest_free"));
}

/* Microseconds beside cycles where the machine's clock is known. */
static void print_time(FILE *out, uint64_t cycles, uint64_t clock_hz)
{
    if (clock_hz != 0)
        fprintf(out, " (%.1f us)", (double)cycles * 1e6 / (double)clock_hz);
}

static void print_cycles(const cJSON *json, FILE *out)
{
    uint64_t clock_hz = count_of(json, "clock_hz");
    const cJSON *kind;
    if (!cJSON_IsObject(member(json, "cycles")))
        return;
    fprintf(out,
            "machine             %s: %" PRIu64 " cycles, %" PRIu64
            " instructions, %" PRIu64 " bytes of stack, %" PRIu64 " of code\n",
            text_of(json, "machine"), count_of(json, "machine_total.cycles"),
            count_of(json, "machine_total.instructions"),
            count_of(json, "machine_total.stack_bytes"),
            count_of(json, "image.code_bytes"));
    cJSON_ArrayForEach(kind, member(json, "cycles"))
    {
        if (count_of(kind, "count") == 0)
            continue;
        fprintf(out,
                "  %-17s %" PRIu64 " times, cycles: median %" PRIu64
                ", 99 %% %" PRIu64 ", most %" PRIu64,
                kind->string, count_of(kind, "count"), count_of(kind, "p50"),
                count_of(kind, "p99"), count_of(kind, "max"));
        print_time(out, count_of(kind, "max"), clock_hz);
        fputc('\n', out);
    }
    if (cJSON_IsObject(member(json, "outer")))
        fprintf(out, "  outer heap        %" PRIu64 " of all these cycles\n",
                count_of(json, "machine_total.outer_cycles"));
    if (count_of(json, "machine_total.unsettled") > 0)
        fprintf(out,
                "  unsettled         %" PRIu64 " events whose price no "
                "document settles\n",
                count_of(json, "machine_total.unsettled"));
}

void result_print_text(const cJSON *json, FILE *out)
{
    fprintf(out, "run %.12s  %s  %s, heap %" PRIu64 " bytes: %s\n",
            text_of(json, "run"), text_of(json, "trace.name"),
            text_of(json, "manager"), count_of(json, "heap_bytes"),
            text_of(json, "status"));
    fprintf(out,
            "operations          %" PRIu64 " (%" PRIu64 " allocations, %" PRIu64
            " frees, %" PRIu64 " reallocs, %" PRIu64 " collections)\n",
            count_of(json, "operations"), count_of(json, "allocations"),
            count_of(json, "frees"), count_of(json, "reallocs"),
            count_of(json, "collections"));
    if (count_of(json, "freed_at_death") + count_of(json, "ignored") > 0)
        fprintf(out,
                "no collector        %" PRIu64 " freed as they died, %" PRIu64
                " collections, thresholds and locks ignored\n",
                count_of(json, "freed_at_death"), count_of(json, "ignored"));
    fprintf(out,
            "refused             %" PRIu64 " (%" PRIu64
            " with enough bytes free, %" PRIu64 " short of memory, %" PRIu64
            " other)\n",
            count_of(json, "refused"), count_of(json, "refused_fragmented"),
            count_of(json, "refused_short"), count_of(json, "refused_other"));
    fprintf(out,
            "largest request     %" PRIu64 " bytes at every moment, %" PRIu64
            " at 99 %% of them, %" PRIu64 " at the end\n",
            count_of(json, "min_largest_request"),
            count_of(json, "p1_largest_request"),
            count_of(json, "end.largest_request"));
    fprintf(out,
            "end                 %" PRIu64 " live, %" PRIu64 " used, %" PRIu64
            " free, longest hole %" PRIu64 "\n",
            count_of(json, "end.live"), count_of(json, "end.used"),
            count_of(json, "end.free"), count_of(json, "end.largest_free"));
    print_outer(json, out);
    fprintf(out, "fragmentation       mean %.3f, max %.3f, end %.3f\n",
            member(json, "fragmentation.mean")->valuedouble,
            member(json, "fragmentation.max")->valuedouble,
            member(json, "fragmentation.end")->valuedouble);
    print_packing(json, out);
    print_expect(json, out);
    print_cycles(json, out);
}

/* A claim's three parts; the operator by its place in `operators`. */
struct claim {
    char field[64];
    int op;
    const char *value;
};

static const char *const operators[] = {"==", "!=", "<=", ">=", "<", ">"};
enum { N_OPERATORS = 6 };

static bool read_claim(const char *text, struct claim *c)
{
    while (isspace((unsigned char)*text))
        text++;
    size_t n = strcspn(text, " \t=!<>");
    if (n == 0 || n >= sizeof c->field)
        return false;
    memcpy(c->field, text, n);
    c->field[n] = '\0';
    text += n;
    while (isspace((unsigned char)*text))
        text++;
    for (c->op = 0; c->op < N_OPERATORS; c->op++) {
        size_t length = strlen(operators[c->op]);
        if (strncmp(text, operators[c->op], length) != 0)
            continue;
        text += length;
        while (isspace((unsigned char)*text))
            text++;
        c->value = text;
        return *text != '\0';
    }
    return false;
}

static bool read_value(const char *text, double *value)
{
    char *end;
    *value = strtod(text, &end);
    if (end == text)
        return false;
    if (*end == 'K' || *end == 'M')
        *value *= *end++ == 'K' ? 1024 : 1024 * 1024;
    while (isspace((unsigned char)*end))
        end++;
    return *end == '\0';
}

static bool holds(int op, double order)
{
    switch (op) {
    case 0:
        return order == 0;
    case 1:
        return order != 0;
    case 2:
        return order <= 0;
    case 3:
        return order >= 0;
    case 4:
        return order < 0;
    default:
        return order > 0;
    }
}

int result_assert(const cJSON *json, const char *claim, struct problem *problem)
{
    struct claim c;
    double value;
    if (!read_claim(claim, &c))
        return problem_set(problem, ERR_INPUT,
                           "--assert '%s': write 'FIELD OP VALUE', say "
                           "'refused == 0'",
                           claim);
    const cJSON *item = member(json, c.field);
    if (cJSON_IsString(item)) {
        if (c.op > 1)
            return problem_set(problem, ERR_INPUT,
                               "--assert '%s': a text is == or != another",
                               claim);
        if (holds(c.op, strcmp(item->valuestring, c.value)))
            return 0;
        return problem_set(problem, ERR_CHECK,
                           "--assert '%s' does not hold: %s is %s", claim,
                           c.field, item->valuestring);
    }
    if (!cJSON_IsNumber(item))
        return problem_set(problem, ERR_INPUT,
                           "--assert '%s': the summary has no number '%s'",
                           claim, c.field);
    if (!read_value(c.value, &value))
        return problem_set(problem, ERR_INPUT,
                           "--assert '%s': '%s' is no number", claim, c.value);
    if (holds(c.op, item->valuedouble - value))
        return 0;
    return problem_set(problem, ERR_CHECK,
                       "--assert '%s' does not hold: %s is %.15g", claim,
                       c.field, item->valuedouble);
}
