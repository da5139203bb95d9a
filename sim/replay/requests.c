/* requests.c - alloc, free and realloc, and those that the recording saw
 * refused. */
#include "sim/replay/play.h"

#include <inttypes.h>

/* --- alloc. */

static int place_object(struct play *p, const struct trace_op *op,
                        uint32_t name, struct op_record *r)
{
    uint32_t granted;
    uint32_t address = play_address(p, name);
    int err = answer_granted(p, op->id, name, address, op->bytes, &granted);
    if (err == 0)
        err = answer_judge(p, op->id, address, granted);
    if (err != 0)
        return err;
    if (p->o->check)
        err = answer_judge_zero(p, op->id, address,
                                answer_zeroed_from(p, op->bytes, granted),
                                granted);
    if (err != 0)
        return err;
    uint32_t slot =
        shadow_add(&p->s, op->id, name, address, op->bytes, granted, p->seq);
    if (slot == SHADOW_NONE)
        return problem_set(p->problem, ERR_MEMORY, "no memory left");
    shadow_at(&p->s, slot)->site = op->site;
    play_take(p, address, granted, true);
    r->granted = granted;
    r->address = address;
    return 0;
}

static uint32_t ask_alloc(struct play *p, uint64_t bytes, uint32_t flags)
{
    play_before_call(p);
    if (bytes > UINT32_MAX) {
        p->t->heap->refusal = REFUSAL_LIMIT;
        return 0;
    }
    play_note_request(p, bytes);
    flags = play_birth_flags(p, flags);
    return p->t->alloc(p->t, (uint32_t)bytes,
                       flags & (HEAP_FINALISER | HEAP_LONG_LIVED | HEAP_LEAF |
                                HEAP_AMBIGUOUS | HEAP_INTERN));
}

static int reject_outer(struct play *p, const struct trace_op *op)
{
    bool has_key = manager_value(p->o, "outer") != NULL;
    return play_reject(p,
                       "object %" PRIu64 " comes from the outer heap, which "
                       "%s does not have%s",
                       op->id, p->manager->name,
                       has_key ? " without --set outer=tlsf" : "");
}

int play_alloc(struct play *p, const struct trace_op *op)
{
    struct op_record r;
    uint32_t slot;
    play_new_record(p, op, &r);
    enum named named = play_look_up(p, op->id, &slot);
    if (named != NAMED_NEVER && idmap_get(p->s.ids, op->id) != IDMAP_ENDED)
        return play_reject(
            p, "alloc of object %" PRIu64 ", whose id has been used", op->id);
    bool is_outer = (op->flags & TRACE_OUTER) != 0;
    if (is_outer && !p->outer_heap.is_open)
        return reject_outer(p, op);
    p->result->allocations++;
    if (is_outer)
        return play_outer_alloc(p, op, &r);
    p->result->unaligned += op->align > p->align;
    bool is_packed = op->kind == TRACE_INTERN &&
                     (p->manager->capabilities & CAP_INTERN) != 0;
    uint32_t address =
        ask_alloc(p, op->bytes, op->flags | (is_packed ? HEAP_INTERN : 0));
    p->happened.was_granted = address != 0;
    p->happened.address = address;
    int err = play_after_call(p, address, SHADOW_NONE, false);
    if (err != 0)
        return err;
    if (address != 0) {
        err = is_packed ? strings_place(p, op, address, &r)
                        : place_object(p, op, address, &r);
        return err != 0 ? err : play_finish(p, &r, false);
    }
    err = play_set_id(p, op->id, IDMAP_ABSENT);
    if (err < 0)
        return err;
    if (op->bytes == 0) { /* lawful, answered by null */
        p->result->empty++;
        return play_finish(p, &r, false);
    }
    return answer_refused(p, &r, SHADOW_NONE);
}

/* --- free. */

int play_free(struct play *p, const struct trace_op *op)
{
    struct op_record r;
    uint32_t slot;
    play_new_record(p, op, &r);
    enum named named = play_look_up(p, op->id, &slot);
    if (named == NAMED_FREED || named == NAMED_NEVER)
        return play_not_live(p, "free of", op->id, named);
    p->result->frees++;
    if (slot == SHADOW_NONE) { /* absent, or reclaimed after its death */
        p->result->dropped++;
        int err = play_set_id(p, op->id, IDMAP_FREED);
        return err < 0 ? err : play_finish(p, &r, false);
    }
    r.asked = shadow_at(&p->s, slot)->asked;
    r.address = shadow_at(&p->s, slot)->address;
    if (shadow_at(&p->s, slot)->is_outer)
        return play_outer_free(p, slot, &r);
    int err = named == NAMED_LIVE ? play_verify_object(p, slot) : 0;
    if (err != 0)
        return err;
    bool is_ignored = !play_can_free(p);
    if ((p->manager->capabilities & CAP_FREE) != 0) {
        play_before_call(p);
        p->t->free(p->t, shadow_name(&p->s, shadow_at(&p->s, slot)));
        err = play_after_call(p, 0, play_freed(p, slot), false);
    }
    if (err != 0)
        return err;
    if (is_ignored) { /* by the manager: it stays, and is garbage */
        if (named == NAMED_LIVE)
            err = play_death(p, op->id);
        play_forget_names(p);
        return err != 0 ? err : play_finish(p, &r, false);
    }
    play_forget_object(p, slot, IDMAP_FREED);
    return play_finish(p, &r, false);
}

/* --- realloc. */

/* The manager's answer, in place of the flag where that was too strict. */
static uint32_t ask_realloc(struct play *p, uint32_t address, uint64_t bytes,
                            bool may_move)
{
    play_before_call(p);
    if (bytes > UINT32_MAX) {
        p->t->heap->refusal = REFUSAL_LIMIT;
        return 0;
    }
    return p->t->realloc(p->t, address, (uint32_t)bytes, may_move);
}

/* The old copy is left where it was: garbage that no id names. */
static int leave_behind(struct play *p, uint32_t address, uint64_t asked,
                        uint32_t granted)
{
    struct shadow *s = &p->s;
    uint32_t slot =
        shadow_add(s, TRACE_NONE, address, address, asked, granted, p->seq);
    if (slot == SHADOW_NONE)
        return problem_set(p->problem, ERR_MEMORY, "no memory left");
    play_give_live(p, address, granted);
    shadow_die(s, slot);
    return 0;
}

/* An object in pieces keeps its name, and is about to get other blocks. */
static int lift(struct play *p, uint32_t slot, uint32_t answer,
                uint32_t granted)
{
    const struct shadow_object *o = shadow_at(&p->s, slot);
    if (answer != o->address)
        return play_fail(p,
                         "object %" PRIu64 " is named 0x%08x now, and was "
                         "named 0x%08x",
                         o->id, answer, o->address);
    shadow_lift(&p->s, slot, granted);
    return 0;
}

int play_resize(struct play *p, uint32_t slot, uint32_t answer, uint64_t bytes,
                bool leaves)
{
    struct shadow_object *o = shadow_at(&p->s, slot);
    struct shadow_object old = *o;
    uint32_t granted;
    bool is_live = o->state == SHADOW_LIVE;
    int err = answer_granted(p, o->id, p->has_handles ? o->handle : answer,
                             answer, bytes, &granted);
    if (err == 0 && p->in_pieces)
        err = lift(p, slot, answer, granted);
    if (err == 0 && slot != p->placeless && !leaves)
        play_give(p, o->address, o->granted, is_live);
    if (err == 0)
        err = answer_judge(p, o->id, answer, granted);
    if (err == 0 && p->in_pieces)
        shadow_lay(&p->s, slot);
    if (err == 0 && p->o->check && manager_number(p->o, "zero", 0) != 0 &&
        granted > o->granted)
        err = answer_judge_zero(p, o->id, answer, o->granted, granted);
    if (err != 0)
        return err;
    shadow_resize(&p->s, slot, answer, bytes, granted);
    o->bounds = bytes;
    play_take(p, answer, granted, is_live);
    if (leaves)
        err = leave_behind(p, old.address, old.asked, old.granted);
    if (err != 0)
        return err;
    if (p->s.is_moved_stale)
        shadow_rewrite(&p->s, slot);
    return play_verify_object(p, slot);
}

/* Did the area in which this address lay go back to the outer heap now? */
static bool was_given_back(const struct play *p, uint32_t address)
{
    for (uint32_t i = 0; i < p->n_areas; i++) {
        const struct play_area *a = &p->areas[i];
        if (address < a->pool || address - a->pool >= a->n_blocks
                                                          << p->s.unit_shift)
            continue;
        for (uint32_t g = 0; g < p->happened.n_given_back; g++) {
            if (p->happened.given_back[g].number == a->number)
                return true;
        }
    }
    return false;
}

/* Ask once; what it did is in `answer`, and the shadow follows. */
static int try_realloc(struct play *p, uint32_t slot, uint64_t bytes,
                       bool may_move, uint32_t *answer)
{
    struct shadow_object *o = shadow_at(&p->s, slot);
    uint32_t old = o->address;
    *answer = ask_realloc(p, shadow_name(&p->s, o), bytes, may_move);
    if (*answer != 0)
        *answer = play_address(p, *answer);
    bool is_gone = *answer != 0 && was_given_back(p, old);
    bool has_moved = *answer != 0 && (*answer != old || is_gone);
    p->placeless = is_gone ? slot : SHADOW_NONE;
    p->happened.has_moved_out = is_gone;
    p->happened.was_granted = *answer != 0;
    p->happened.address = *answer;
    p->happened.old_address = has_moved ? old : 0;
    p->happened.old_units = o->granted >> p->s.unit_shift;
    p->s.moved = has_moved ? slot : SHADOW_NONE;
    p->s.is_moved_stale = is_gone; /* copied from no man's land */
    bool is_busy = has_moved || (p->moves && *answer != 0);
    int err = play_after_call(p, is_busy ? *answer : 0,
                              is_busy ? slot : SHADOW_NONE, false);
    p->s.moved = SHADOW_NONE;
    if (err == 0 && *answer != 0) /* who cannot free leaves the old copy */
        err = play_resize(p, slot, *answer, bytes,
                          *answer != old &&
                              (p->manager->capabilities & CAP_FREE) == 0);
    p->placeless = SHADOW_NONE;
    return err;
}

/* What is being resized may not be freed meanwhile. */
static int spare_from_finalisers(struct play *p, uint64_t id)
{
    for (uint32_t i = 0; i < p->finalise.n; i++) {
        if (p->finalise.item[i] == id)
            return play_reject(p,
                               "a finaliser frees object %" PRIu64
                               ", which is being resized",
                               id);
    }
    return 0;
}

int play_realloc(struct play *p, const struct trace_op *op)
{
    struct op_record r;
    uint32_t slot, answer;
    play_new_record(p, op, &r);
    enum named named = play_look_up(p, op->id, &slot);
    if (named != NAMED_LIVE && named != NAMED_ABSENT)
        return play_not_live(p, "realloc of", op->id, named);
    p->result->reallocs++;
    if (named == NAMED_ABSENT) {
        p->result->dropped++;
        return play_finish(p, &r, false);
    }
    if (op->bytes == 0)
        return play_reject(p, "realloc of object %" PRIu64 " to 0 bytes",
                           op->id);
    bool may_move = (op->flags & TRACE_MAY_MOVE) != 0;
    uint32_t old = shadow_at(&p->s, slot)->address;
    int err = spare_from_finalisers(p, op->id);
    if (err == 0 && shadow_at(&p->s, slot)->is_outer)
        return play_outer_realloc(p, op, slot, &r);
    if (err == 0)
        err = try_realloc(p, slot, op->bytes, may_move, &answer);
    if (err == 0 && answer != 0 && answer != old && !may_move && p->is_outside)
        p->result->inplace_missed++; /* it cannot be told to stay */
    if (err == 0 && answer == 0 && !may_move && !p->expecting) {
        /* In place it cannot be: as the program would have done. */
        p->result->inplace_missed++;
        err = try_realloc(p, slot, op->bytes, true, &answer);
    }
    if (err != 0)
        return err;
    if (answer != 0) {
        r.granted = shadow_at(&p->s, slot)->granted;
        r.address = answer;
        return play_finish(p, &r, false);
    }
    if (shadow_at(&p->s, slot)->state == SHADOW_LIVE) /* not lost */
        shadow_at(&p->s, slot)->bounds = op->bytes;   /* the program goes on */
    return answer_refused(p, &r, slot);
}

/* --- requests that the recording saw refused. */

/* Granted, and undone at once: the program went on with the old size. */
static int undo_realloc(struct play *p, uint32_t slot, uint64_t old_bytes)
{
    uint32_t answer;
    int err = try_realloc(p, slot, old_bytes, true, &answer);
    if (err == 0 && answer == 0)
        return play_fail(p, "a shrink back to %" PRIu64 " bytes was refused",
                         old_bytes);
    return err;
}

static int expected_refusal(struct play *p, uint32_t answer)
{
    if (!p->expecting || !p->o->check)
        return 0;
    return play_fail(p, "expected a refusal, found 0x%08x", answer);
}

static int refused_alloc(struct play *p, const struct trace_op *op)
{
    struct op_record r;
    play_new_record(p, op, &r);
    if ((op->flags & TRACE_OUTER) != 0)
        return p->outer_heap.is_open ? play_outer_alloc_again(p, op, &r)
                                     : reject_outer(p, op);
    uint32_t address = ask_alloc(p, op->bytes, op->flags);
    p->happened.was_granted = address != 0;
    p->happened.address = address;
    int err = play_after_call(p, address, SHADOW_NONE, false);
    if (err == 0 && address != 0)
        err = expected_refusal(p, address);
    if (err != 0)
        return err;
    if (address == 0)
        return op->bytes == 0 ? play_finish(p, &r, false)
                              : answer_refused(p, &r, SHADOW_NONE);
    struct trace_op anonymous = *op;
    anonymous.id = TRACE_NONE;
    err = place_object(p, &anonymous, address, &r);
    if (err != 0)
        return err;
    r.undone = p->s.live_bytes;
    struct op_cost asked = p->cost; /* the program would not have freed it */
    err = play_let_die(p, shadow_find(&p->s, play_address(p, address)));
    p->cost = asked;
    return err != 0 ? err : play_finish(p, &r, false);
}

/*
 * Where the recording does not say whether the heap was locked, a grant shows
 * that it was: what was done is rolled back, byte for byte.
 */
static int ask_as_if_locked(struct play *p, const struct trace_op *op,
                            uint32_t slot, bool *was_locked)
{
    const struct shadow_object *o = shadow_at(&p->s, slot);
    struct outer outer = p->outer;
    *was_locked = false;
    if (!p->expecting || op->cause != TRACE_CAUSE_UNKNOWN ||
        op->bytes > UINT32_MAX)
        return 0;
    p->t->snapshot(p->t);
    p->is_probing = true;
    uint32_t answer =
        p->t->realloc(p->t, shadow_name(&p->s, o), (uint32_t)op->bytes,
                      (op->flags & TRACE_MAY_MOVE) != 0);
    p->is_probing = false;
    p->t->restore(p->t);
    p->outer = outer;
    *was_locked = answer != 0;
    return 0;
}

static int refused_realloc(struct play *p, const struct trace_op *op)
{
    struct op_record r;
    uint32_t slot, answer;
    bool was_locked;
    play_new_record(p, op, &r);
    enum named named = play_look_up(p, op->id, &slot);
    if (named != NAMED_LIVE && named != NAMED_ABSENT)
        return play_not_live(p, "realloc of", op->id, named);
    if (named == NAMED_ABSENT) {
        p->result->dropped++;
        return play_finish(p, &r, false);
    }
    int err = spare_from_finalisers(p, op->id);
    if (err == 0 && shadow_at(&p->s, slot)->is_outer)
        return play_outer_realloc_again(p, op, slot, &r);
    if (err == 0)
        err = ask_as_if_locked(p, op, slot, &was_locked);
    if (err != 0)
        return err;
    if (was_locked) {
        r.outcome = OUTCOME_LOCKED;
        return play_finish(p, &r, true);
    }
    uint64_t old_bytes = shadow_at(&p->s, slot)->asked;
    uint64_t bounds = shadow_at(&p->s, slot)->bounds;
    bool may_move = (op->flags & TRACE_MAY_MOVE) != 0;
    err = try_realloc(p, slot, op->bytes, may_move, &answer);
    if (err == 0 && answer != 0)
        err = expected_refusal(p, answer);
    if (err != 0)
        return err;
    if (answer != 0) {
        r.granted = shadow_at(&p->s, slot)->granted;
        r.address = answer;
        r.undone = p->s.live_bytes;
        struct op_cost asked = p->cost;
        err = undo_realloc(p, slot, old_bytes);
        p->cost = asked;
        shadow_at(&p->s, slot)->bounds = bounds;
        return err != 0 ? err : play_finish(p, &r, false);
    }
    if (!may_move && p->t->heap->refusal == REFUSAL_IN_PLACE) {
        p->result->inplace_missed++;
        r.outcome = OUTCOME_FRAGMENTED;
        return play_finish(p, &r, false);
    }
    return answer_refused(p, &r, slot);
}

int play_refused(struct play *p, const struct trace_op *op)
{
    return op->what == TRACE_REALLOC ? refused_realloc(p, op)
                                     : refused_alloc(p, op);
}
