/* records.c - the record that ends every operation. */
#include "sim/replay/play.h"

#include <inttypes.h>
#include <string.h>

void play_new_record(const struct play *p, const struct trace_op *op,
                     struct op_record *r)
{
    memset(r, 0, offsetof(struct op_record, after)); /* the rest: play_finish */
    r->seq = p->seq;
    r->kind = op->kind == TRACE_REFUSED ? op->what : op->kind;
    r->recorded = op->kind == TRACE_REFUSED;
    r->may_move = (op->flags & TRACE_MAY_MOVE) != 0;
    r->object = r->recorded && r->kind == TRACE_ALLOC ? TRACE_NONE : op->id;
    r->asked = op->bytes;
    r->site = op->site;
}

static void add_cost(struct op_cost *to, const struct op_cost *from)
{
    to->cycles += from->cycles;
    to->gc_cycles += from->gc_cycles;
    to->outer_cycles += from->outer_cycles;
    to->instructions += from->instructions;
    to->loads += from->loads;
    to->stores += from->stores;
    to->waits += from->waits;
    to->unsettled += from->unsettled;
    if (from->stack_bytes > to->stack_bytes)
        to->stack_bytes = from->stack_bytes;
    for (int i = 0; i < COST_PHASES; i++)
        to->phase_cycles[i] += from->phase_cycles[i];
}

int play_take_cost(struct play *p)
{
    if (!p->t->has_cost)
        return 0;
    add_cost(&p->cost, &p->t->cost);
    memset(&p->t->cost, 0, sizeof p->t->cost);
    if (p->t->is_lacking)
        return play_reject(p, "%s", p->t->trouble);
    if (p->t->trouble[0] != '\0')
        return play_fail(p, "%s", p->t->trouble);
    return 0;
}

int play_tell_event(struct play *p, const struct trace_op *op)
{
    if (p->cost.cycles == 0)
        return 0;
    p->event_part = p->event_seq == p->seq ? p->event_part + 1 : 0;
    p->event_seq = p->seq;
    struct event_record r = {
        .seq = p->seq,
        .part = p->event_part,
        .kind = op->kind,
        .object = op->id,
        .cost = p->cost,
    };
    memset(&p->cost, 0, sizeof p->cost);
    if (p->sink->event == NULL)
        return 0;
    return p->sink->event(p->sink->ctx, &r);
}

/* The heap that refused: the outer one's figures where it was asked. */
static void tell_heap(const struct play *p, const struct op_record *r,
                      struct refusal_record *f)
{
    struct outer_figures o;
    f->free = r->after.free;
    f->largest_free = r->after.largest_free;
    f->n_holes = p->in_pieces ? p->used.n_free > 0 : holes_count(&p->used);
    if (r->is_outer) {
        outer_heap_figures(p, &o);
        f->free = o.free;
        f->largest_free = o.largest_free;
        f->n_holes = o.holes;
    }
    f->index = play_frag_index(f);
}

static int record_refusal(struct play *p, const struct op_record *r)
{
    struct replay_result *result = p->result;
    result->refused++;
    result->refused_short += r->outcome == OUTCOME_SHORT;
    result->refused_fragmented += r->outcome == OUTCOME_FRAGMENTED;
    result->refused_other +=
        r->outcome != OUTCOME_SHORT && r->outcome != OUTCOME_FRAGMENTED;
    struct refusal_record f = {
        .seq = r->seq,
        .outcome = r->outcome,
        .recorded = r->recorded,
        .object = r->object,
        .asked = r->asked,
    };
    tell_heap(p, r, &f);
    if (p->sink->refusal == NULL)
        return 0;
    return p->sink->refusal(p->sink->ctx, &f, &p->view);
}

/*
 * What the user wants of a run that meets a refusal. A locked heap refuses
 * because the program said so, whatever is free: the program goes on.
 */
static int obey_policy(struct play *p, const struct op_record *r)
{
    if (r->outcome == OUTCOME_LOCKED)
        return 0;
    if (p->o->refused == REFUSED_RESET)
        return play_reset(p);
    if (p->o->refused != REFUSED_STOP)
        return 0;
    p->result->status = REPLAY_STOPPED;
    snprintf(p->result->reason, sizeof p->result->reason,
             "operation %" PRIu64 " (%" PRIu64 " bytes) was refused", p->seq,
             r->asked);
    p->is_stopped = true;
    return 1;
}

/* A request granted or refused, or anything else done: figures, sink. */
int play_finish(struct play *p, struct op_record *r, bool is_refusal)
{
    bool is_due = p->o->check || is_refusal || p->is_probe_due;
    int err = p->is_outside && is_due ? play_probe(p) : 0;
    if (err != 0)
        return err; /* its figures are what the probe finds */
    play_figures(p, &r->after);
    r->has_cost = p->t->has_cost;
    if (r->has_cost) {
        r->cost = p->cost;
        memset(&p->cost, 0, sizeof p->cost);
    }
    if (is_refusal)
        err = play_judge_refusal(p, r);
    if (err == 0 && (is_refusal || p->is_probe_due))
        err = play_ask_largest(p, &r->after.largest_request);
    if (err == 0 && p->sink->op != NULL)
        err = p->sink->op(p->sink->ctx, r, &p->view);
    if (err == 0 && is_refusal)
        err = record_refusal(p, r);
    if (err == 0 && is_due && !p->is_outside)
        err = play_probe(p);
    if (err == 0 && p->o->check && p->outer_heap.is_open)
        err = outer_heap_check(p);
    if (err == 0 && p->o->check && p->manager->check != NULL) {
        int broken =
            p->manager->check(p->t->heap, p->t->base, p->t->window_bytes);
        if (broken != 0)
            return play_fail(p, "%s_check: invariant %d is broken",
                             p->manager->name, broken);
    }
    if (err == 0 && p->is_probe_due)
        err = play_verify_all(p);
    if (err == 0 && is_refusal)
        err = obey_policy(p, r);
    return err;
}
