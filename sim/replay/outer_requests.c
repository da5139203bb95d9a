/* outer_requests.c - what the trace asks of the outer heap. */
#include "sim/replay/outer_heap.h"
#include "sim/replay/play.h"

/* Why the outer heap refused, as data. */
static uint8_t outcome_of(const struct play *p, uint64_t bytes)
{
    struct outer_figures f;
    outer_heap_figures(p, &f);
    if (bytes > UINT32_MAX || outer_heap_of(p)->refusal == REFUSAL_LIMIT)
        return OUTCOME_LIMIT;
    return f.free < bytes ? OUTCOME_SHORT : OUTCOME_FRAGMENTED;
}

/* Ask for an object: its slot, or SHADOW_NONE and r->outcome. */
static int ask_alloc(struct play *p, const struct trace_op *op, uint64_t id,
                     struct op_record *r, uint32_t *slot)
{
    uint32_t address = 0, granted;
    r->is_outer = true;
    *slot = SHADOW_NONE;
    play_drop_cost(p);
    if (op->bytes <= UINT32_MAX)
        address = p->t->outer_alloc(p->t, (uint32_t)op->bytes);
    if (play_take_cost(p) != 0)
        return 1;
    if (address == 0) {
        r->outcome = op->bytes != 0 ? outcome_of(p, op->bytes) : r->outcome;
        return 0;
    }
    int err = outer_heap_enter(p, address, op->bytes, &granted);
    if (err != 0)
        return err;
    *slot = shadow_add_outer(&p->s, id, address, op->bytes, granted, p->seq);
    if (*slot == SHADOW_NONE)
        return problem_set(p->problem, ERR_MEMORY, "no memory left");
    outer_heap_own(p, address, *slot);
    shadow_at(&p->s, *slot)->site = op->site;
    r->granted = granted;
    r->address = address;
    return 0;
}

int play_outer_alloc(struct play *p, const struct trace_op *op,
                     struct op_record *r)
{
    uint32_t slot;
    int err = ask_alloc(p, op, op->id, r, &slot);
    if (err == 0 && slot == SHADOW_NONE)
        err = play_set_id(p, op->id, IDMAP_ABSENT);
    if (err != 0)
        return err;
    p->result->empty += op->bytes == 0;
    return play_finish(p, r, r->outcome != OUTCOME_GRANTED);
}

/* Granted where the recording saw a refusal, it dies at once. */
int play_outer_alloc_again(struct play *p, const struct trace_op *op,
                           struct op_record *r)
{
    uint32_t slot;
    int err = ask_alloc(p, op, TRACE_NONE, r, &slot);
    if (err != 0)
        return err;
    if (slot == SHADOW_NONE)
        return play_finish(p, r, op->bytes != 0);
    struct op_cost asked = p->cost; /* the program would not have freed it */
    err = play_outer_drop(p, slot, IDMAP_DEAD);
    p->cost = asked;
    return err != 0 ? err : play_finish(p, r, false);
}

int play_outer_drop(struct play *p, uint32_t slot, uint32_t end)
{
    uint32_t address = shadow_at(&p->s, slot)->address;
    int err = play_verify_object(p, slot);
    if (err != 0)
        return err;
    outer_heap_leave(p, address, shadow_at(&p->s, slot)->granted);
    play_remove(p, slot, end);
    p->t->outer_free(p->t, address);
    return play_take_cost(p);
}

int play_outer_free(struct play *p, uint32_t slot, struct op_record *r)
{
    r->is_outer = true;
    play_drop_cost(p);
    int err = play_outer_drop(p, slot, IDMAP_FREED);
    return err != 0 ? err : play_finish(p, r, false);
}

/* Ask once; `answer` is where the object is now, or 0. */
static int try_realloc(struct play *p, uint32_t slot, uint64_t bytes,
                       bool may_move, uint32_t *answer)
{
    const struct shadow_object *o = shadow_at(&p->s, slot);
    uint32_t old = o->address, granted;
    *answer = 0;
    if (bytes <= UINT32_MAX)
        *answer = p->t->outer_realloc(p->t, old, (uint32_t)bytes, may_move);
    if (play_take_cost(p) != 0)
        return 1;
    if (*answer == 0)
        return 0;
    outer_heap_leave(p, old, o->granted);
    int err = outer_heap_enter(p, *answer, bytes, &granted);
    if (err != 0)
        return err;
    shadow_resize(&p->s, slot, *answer, bytes, granted);
    outer_heap_own(p, *answer, slot);
    return play_verify_object(p, slot);
}

/* The same, and by moving where in place it cannot be. */
static int ask_realloc(struct play *p, uint32_t slot, const struct trace_op *op,
                       struct op_record *r, uint32_t *answer)
{
    bool may_move = (op->flags & TRACE_MAY_MOVE) != 0;
    r->is_outer = true;
    play_drop_cost(p);
    int err = try_realloc(p, slot, op->bytes, may_move, answer);
    if (err == 0 && *answer == 0 && !may_move) {
        p->result->inplace_missed++;
        err = try_realloc(p, slot, op->bytes, true, answer);
    }
    r->granted = *answer != 0 ? shadow_at(&p->s, slot)->granted : 0;
    r->address = *answer;
    return err;
}

int play_outer_realloc(struct play *p, const struct trace_op *op, uint32_t slot,
                       struct op_record *r)
{
    uint32_t answer;
    int err = ask_realloc(p, slot, op, r, &answer);
    if (err != 0)
        return err;
    shadow_at(&p->s, slot)->bounds = op->bytes; /* the program goes on */
    if (answer != 0)
        return play_finish(p, r, false);
    r->outcome = outcome_of(p, op->bytes);
    return play_finish(p, r, true);
}

int play_outer_realloc_again(struct play *p, const struct trace_op *op,
                             uint32_t slot, struct op_record *r)
{
    const struct shadow_object *o = shadow_at(&p->s, slot);
    uint64_t old_bytes = o->asked;
    uint32_t answer;
    int err = ask_realloc(p, slot, op, r, &answer);
    if (err == 0 && answer == 0) {
        r->outcome = outcome_of(p, op->bytes);
        return play_finish(p, r, true);
    }
    struct op_cost asked = p->cost; /* undone at once, free of charge */
    if (err == 0)
        err = try_realloc(p, slot, old_bytes, true, &answer);
    p->cost = asked;
    if (err == 0 && answer == 0)
        return play_fail(p, "a shrink of an outer object was refused");
    return err != 0 ? err : play_finish(p, r, false);
}
