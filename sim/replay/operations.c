/* operations.c - each operation by its kind; those that are no requests. */
#include "sim/replay/play.h"

#include <inttypes.h>

static int collect(struct play *p, const struct trace_op *op)
{
    struct op_record r;
    play_new_record(p, op, &r);
    r.object = TRACE_NONE;
    bool everything = op->what == TRACE_COLLECT_ALL;
    play_before_call(p);
    p->t->collect(p->t, everything ? COLLECT_EVERYTHING : COLLECT_ORDINARY);
    int err = play_after_call(p, 0, SHADOW_NONE, everything);
    return err != 0 ? err : play_finish(p, &r, false);
}

/* An area of the trace's own, laid behind what the run began with. */
static int add_area(struct play *p, uint64_t bytes)
{
    uint32_t at = p->explicit_next;
    if (bytes == 0 || bytes > p->explicit_end - at)
        return play_reject(p,
                           "an area of %" PRIu64 " bytes does not fit into "
                           "the window",
                           bytes);
    uint32_t error = p->t->add_area(p->t, at, (uint32_t)bytes);
    p->explicit_next = (at + (uint32_t)bytes + 15) / 16 * 16;
    p->t->extent_bytes = p->explicit_next - p->t->base;
    if (error != HEAP_OK)
        return play_reject(p,
                           "an area of %" PRIu64 " bytes cannot be added "
                           "(error %u)",
                           bytes, error);
    int err = play_reserve_units(p, (p->explicit_next - p->s.origin) >>
                                        p->s.unit_shift);
    p->happened.has_added = true;
    p->happened.added = p->areas[p->n_areas - 1];
    p->happened.added_index = p->n_areas - 1;
    return err;
}

static int set_control(struct play *p, const struct trace_op *op)
{
    uint32_t value =
        op->value > UINT32_MAX ? HEAP_NO_THRESHOLD : (uint32_t)op->value;
    bool is_reset = op->what == TRACE_CONTROL_RESET;
    if (op->what == TRACE_CONTROL_LOCK && value == 0 &&
        p->t->heap->lock_depth == 0)
        return play_reject(p, "unlock of a heap that is not locked");
    play_before_call(p);
    p->t->control(p->t, op->what, value);
    return play_after_call(p, 0, SHADOW_NONE, is_reset);
}

static int control(struct play *p, const struct trace_op *op)
{
    struct op_record r;
    play_new_record(p, op, &r);
    r.object = TRACE_NONE;
    int err = op->what == TRACE_CONTROL_ADD_AREA ? add_area(p, op->value)
                                                 : set_control(p, op);
    return err != 0 ? err : play_finish(p, &r, false);
}

/* Advice that a manager may leave alone: promote, an idle step. */
static int advice(struct play *p, const struct trace_op *op)
{
    struct op_record r;
    uint32_t slot;
    play_new_record(p, op, &r);
    if (op->kind == TRACE_STEP)
        r.object = TRACE_NONE;
    else if (play_look_up(p, op->id, &slot) == NAMED_NEVER)
        return play_not_live(p, "promote of", op->id, NAMED_NEVER);
    return play_finish(p, &r, false);
}

static int perform(struct play *p, const struct trace_op *op)
{
    switch (op->kind) {
    case TRACE_ALLOC:
    case TRACE_INTERN: /* one object each: this manager has no pool */
        return play_alloc(p, op);
    case TRACE_FREE:
        return play_free(p, op);
    case TRACE_REALLOC:
        return play_realloc(p, op);
    case TRACE_COLLECT:
        return collect(p, op);
    case TRACE_CONTROL:
        return control(p, op);
    case TRACE_REFUSED:
        return play_refused(p, op);
    default:
        return advice(p, op);
    }
}

int play_operation(struct play *p, const struct trace_op *op)
{
    int err = expect_next_operation(p, op);
    if (err != 0)
        return err;
    p->seq++;
    p->result->operations++;
    play_forget_names(p);
    err = perform(p, op);
    p->has_line = false;
    if (err == 0 && p->finalise.n > 0)
        err = play_free_pending(p);
    return err;
}
