/* result_text.c - result.h: the summary in words, and claims about it. */
#include "analysis/result.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim/replay/manager.h"

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

static void print_nearest(const cJSON *json, FILE *out)
{
    uint64_t live = count_of(json, "guarantee.live");
    uint64_t sure = count_of(json, "guarantee.sure");
    const struct manager *m = manager_find(text_of(json, "manager"));
    if (sure == 0)
        return;
    bool is_limit = m != NULL && m->sure == manager_robson;
    fprintf(out,
            "guarantee           %s %" PRIu64 " bytes live, the request's own "
            "included; %s %" PRIu64 " (%.1f %%), operation %" PRIu64 "\n",
            is_limit ? "none beyond" : "up to", sure,
            live > sure ? "furthest" : "nearest", live,
            100.0 * (double)live / (double)sure,
            count_of(json, "guarantee.operation"));
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

static void print_strings(const cJSON *json, FILE *out)
{
    if (!cJSON_IsObject(member(json, "strings")))
        return;
    uint64_t granted = count_of(json, "strings.granted");
    uint64_t apart = count_of(json, "strings.apart");
    fprintf(out,
            "strings             %" PRIu64 " of %" PRIu64 " bytes take %" PRIu64
            ", as an object each %" PRIu64 " (%.1f %%)\n",
            count_of(json, "strings.count"), count_of(json, "strings.asked"),
            granted, apart, 100.0 * (double)granted / (double)apart);
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

/* What quirks=exact does to live objects is not passed over. */
static void print_lost(const cJSON *json, FILE *out)
{
    uint64_t n = count_of(json, "lone_blocks");
    if (n > 0)
        fprintf(out,
                "lone blocks         %" PRIu64 " live objects given back with "
                "their areas, as MicroPython does\n",
                n);
}

/* A trace that records no reads charges none, and that is said. */
static void print_touches(const cJSON *json, FILE *out)
{
    if (!cJSON_IsNumber(member(json, "touches")))
        return;
    uint64_t n = count_of(json, "touches");
    if (n > 0)
        fprintf(out, "reads               %" PRIu64 " through deref\n", n);
    else
        fprintf(out, "reads               none: the trace records none "
                     "(--touch adds some)\n");
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
    if (count_of(json, "freed_at_death") > 0)
        fprintf(out, "no collector        %" PRIu64 " freed as they died\n",
                count_of(json, "freed_at_death"));
    if (count_of(json, "ignored") > 0)
        fprintf(out,
                "ignored             %" PRIu64 " collections, thresholds, "
                "locks and promotions\n",
                count_of(json, "ignored"));
    if (count_of(json, "unaligned") > 0)
        fprintf(out,
                "alignment           %" PRIu64 " allocations asked for more "
                "than this manager keeps\n",
                count_of(json, "unaligned"));
    print_touches(json, out);
    print_lost(json, out);
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
    print_nearest(json, out);
    print_outer(json, out);
    print_strings(json, out);
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

bool result_can_assert(const char *claim)
{
    struct claim c;
    return read_claim(claim, &c);
}

int result_assert(const cJSON *json, const char *claim, struct problem *problem)
{
    struct claim c;
    double value;
    bool is_claim = read_claim(claim, &c);
    assert(is_claim);
    (void)is_claim;
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
