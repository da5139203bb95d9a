/* operations.c - each operation by its kind; those that are no requests. */
#include "sim/replay/play.h"

#include <inttypes.h>

/*
 * A collection of everything leaves the program nothing. A manager that frees
 * explicitly is told so of every object but packed strings, which stay.
 */
static int free_everything(struct play *p)
{
    int err = 0;
    uint32_t younger;
    for (uint32_t slot = p->s.live.oldest; err == 0 && slot != SHADOW_NONE;
         slot = younger) {
        uint64_t id = shadow_at(&p->s, slot)->id;
        younger = shadow_at(&p->s, slot)->younger;
        if (shadow_at(&p->s, slot)->is_pool)
            continue;
        err = play_let_die(p, slot);
        if (err == 0)
            err = play_set_id(p, id, IDMAP_ABSENT);
    }
    return err;
}

static int ask_collect(struct play *p, bool everything)
{
    if (!p->collects) {
        p->result->ignored++;
        return everything ? free_everything(p) : 0;
    }
    play_before_call(p);
    p->t->collect(p->t, everything ? COLLECT_EVERYTHING : COLLECT_ORDINARY);
    return play_after_call(p, 0, SHADOW_NONE, everything);
}

static int collect(struct play *p, const struct trace_op *op)
{
    struct op_record r;
    play_new_record(p, op, &r);
    r.object = TRACE_NONE;
    int err = ask_collect(p, op->what == TRACE_COLLECT_ALL);
    return err != 0 ? err : play_finish(p, &r, false);
}

/* An area of the trace's own, laid behind what the run began with. */
static int add_area(struct play *p, uint64_t bytes)
{
    uint32_t at = p->explicit_next;
    if ((p->manager->capabilities & CAP_AREAS) == 0)
        return play_reject(p, "%s has one area and takes no more",
                           p->manager->name);
    if (bytes == 0 || bytes > p->explicit_end - at)
        return play_reject(p,
                           "an area of %" PRIu64 " bytes does not fit into "
                           "the window",
                           bytes);
    play_drop_cost(p);
    uint32_t error = p->t->add_area(p->t, at, (uint32_t)bytes);
    if (play_take_cost(p) != 0)
        return 1;
    if (error == HEAP_TOO_LARGE)
        return play_reject(p,
                           "an area of %" PRIu64 " bytes is more than %s "
                           "manages: %s",
                           bytes, p->manager->name, p->shape->most);
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

/* Does the manager know what the trace sets here? */
static bool knows_control(const struct play *p, uint32_t what)
{
    static const uint32_t needed[] = {
        [CONTROL_AUTO] = CAP_COLLECT,
        [CONTROL_LOCK] = CAP_LOCK,
        [CONTROL_THRESHOLD] = CAP_THRESHOLD,
        [CONTROL_RESET] = CAP_RESET,
    };
    return what >= sizeof needed / sizeof needed[0] ||
           (p->manager->capabilities & needed[what]) == needed[what];
}

/* What the manager does not know is counted, and judged all the same. */
static int ignore_control(struct play *p, uint32_t what, uint32_t value)
{
    p->result->ignored++;
    if (what == CONTROL_RESET)
        return free_everything(p);
    if (what != CONTROL_LOCK)
        return 0;
    if (value == 0 && p->ignored_locks == 0)
        return play_reject(p, "unlock of a heap that is not locked");
    p->ignored_locks += value != 0 ? 1 : UINT32_MAX;
    return 0;
}

static int set_control(struct play *p, const struct trace_op *op)
{
    uint32_t value =
        op->value > UINT32_MAX ? HEAP_NO_THRESHOLD : (uint32_t)op->value;
    bool is_reset = op->what == TRACE_CONTROL_RESET;
    if (!knows_control(p, op->what))
        return ignore_control(p, op->what, value);
    if (op->what == TRACE_CONTROL_LOCK && value == 0 &&
        p->t->heap->lock_depth == 0)
        return play_reject(p, "unlock of a heap that is not locked");
    if (is_reset && !p->collects) { /* it tells of no object that it drops */
        play_forget_all(p, IDMAP_ABSENT);
        p->areas_changed = true;
    }
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

int play_step(struct play *p, uint32_t units)
{
    if ((p->manager->capabilities & CAP_STEP) == 0)
        return 0;
    play_before_call(p);
    p->t->step(p->t, units);
    return play_after_call(p, 0, SHADOW_NONE, false);
}

/* An idle step of the trace's own. */
static int step(struct play *p, const struct trace_op *op)
{
    struct op_record r;
    uint64_t units = op->value < UINT32_MAX ? op->value : UINT32_MAX;
    play_new_record(p, op, &r);
    r.object = TRACE_NONE;
    int err = play_step(p, (uint32_t)units);
    return err != 0 ? err : play_finish(p, &r, false);
}

static int perform(struct play *p, const struct trace_op *op)
{
    switch (op->kind) {
    case TRACE_ALLOC:
    case TRACE_INTERN:
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
    case TRACE_PROMOTE:
        return play_promote(p, op);
    default:
        return step(p, op);
    }
}

int play_operation(struct play *p, const struct trace_op *op)
{
    int err = expect_next_operation(p, op);
    if (err != 0)
        return err;
    p->seq++;
    p->is_probe_due = p->seq == p->probe_at;
    if (p->is_probe_due)
        p->probe_at += p->probe_every;
    p->result->operations++;
    play_forget_names(p);
    err = perform(p, op);
    p->has_line = false;
    if (err == 0 && p->finalise.n > 0)
        err = play_free_pending(p);
    return err;
}
