/* result.c - see result.h. */
#include "analysis/result.h"

#include <stdlib.h>
#include <string.h>

#include "sim/replay/manager.h"

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
    number(to, "unaligned", r->unaligned);
    number(to, "promoted", r->promoted);
    number(to, "lost", r->lost);
    number(to, "floating", r->floating);
    number(to, "lone_blocks", r->lone_blocks);
    number(to, "max_held", r->max_held);
}

/* Reads that asked the manager; null where it is never asked. */
static void add_touches(cJSON *to, const struct run_spec *spec,
                        const struct replay_result *r)
{
    const struct manager *m = manager_find(spec->options.manager);
    if (m != NULL && (m->capabilities & (CAP_HANDLES | CAP_PIECES)) != 0)
        number(to, "touches", r->touches);
    else
        cJSON_AddNullToObject(to, "touches");
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

/* How near the run came to the manager's guarantee; null: there is none. */
static void add_nearest(cJSON *to, const struct replay_nearness *n)
{
    if (n->sure == 0) {
        cJSON_AddNullToObject(to, "guarantee");
        return;
    }
    cJSON *g = cJSON_AddObjectToObject(to, "guarantee");
    number(g, "live", n->live);
    number(g, "sure", n->sure);
    number(g, "operation", n->operation);
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

/* Packed strings, and what they would take as objects; null without any. */
static void add_strings(cJSON *to, const struct string_figures *s)
{
    if (s->n == 0) {
        cJSON_AddNullToObject(to, "strings");
        return;
    }
    cJSON *strings = cJSON_AddObjectToObject(to, "strings");
    number(strings, "count", s->n);
    number(strings, "asked", s->asked);
    number(strings, "granted", s->granted);
    number(strings, "apart", s->apart);
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
    add_touches(json, spec, r);
    add_figures(json, r, &m);
    add_nearest(json, &r->nearest);
    add_outer(json, &r->outer);
    add_strings(json, &r->strings);
    add_machine(json, spec, r, metrics_costs(metrics));
    number(json, "moved_bytes", r->moved_bytes);
    add_expect(json, r);
    cJSON_AddStringToObject(json, "state_digest", r->state_digest);
    return json;
}
