/* operations.c - what each operation and each event of a trace does. */
#include "sim/replay/play.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What became of a named object, as far as operations on it go. */
enum named {
    NAMED_LIVE,   /* `slot` is live                                       */
    NAMED_DEAD,   /* dead, its memory not yet reclaimed                   */
    NAMED_GONE,   /* reclaimed after its death, freed by nobody           */
    NAMED_ABSENT, /* this run never had it, or lost it                    */
    NAMED_FREED,
    NAMED_NEVER
};

static enum named look_up(struct play *p, uint64_t id, uint32_t *slot)
{
    uint32_t value = idmap_get(p->s.ids, id);
    *slot = value < IDMAP_SLOT_MAX ? value : SHADOW_NONE;
    switch (value) {
    case IDMAP_NEVER:
        return NAMED_NEVER;
    case IDMAP_FREED:
        return NAMED_FREED;
    case IDMAP_DEAD:
    case IDMAP_ENDED:
        return NAMED_GONE;
    case IDMAP_ABSENT:
        return NAMED_ABSENT;
    default:
        return shadow_at(&p->s, value)->state == SHADOW_LIVE ? NAMED_LIVE
                                                             : NAMED_DEAD;
    }
}

/* The one line for an operation on an object that cannot take it. */
static int not_live(struct play *p, const char *verb, uint64_t id,
                    enum named named)
{
    const char *why = named == NAMED_FREED   ? "was freed"
                      : named == NAMED_NEVER ? "was never allocated"
                                             : "is dead";
    return play_reject(p, "%s object %" PRIu64 ", which %s", verb, id, why);
}

static int set_id(struct play *p, uint64_t id, uint32_t value)
{
    if (id == TRACE_NONE || idmap_set(p->s.ids, id, value))
        return 0;
    return problem_set(p->problem, ERR_MEMORY, "no memory left");
}

static uint32_t units_of(const struct play *p, uint32_t granted)
{
    return granted >> p->s.unit_shift;
}

/* --- what the manager's outward calls do. */

/* The object's memory is free again, by the program's own free. */
static void forget_object(struct play *p, uint32_t slot, uint32_t end)
{
    const struct shadow_object *o = shadow_at(&p->s, slot);
    play_give(p, o->address, o->granted, o->state == SHADOW_LIVE);
    shadow_remove(&p->s, slot, end);
}

static int verify_object(struct play *p, uint32_t slot)
{
    uint32_t expected, found;
    int64_t word = shadow_verify(&p->s, slot, &expected, &found);
    if (word < 0)
        return 0;
    return play_fail(p,
                     "word %" PRId64 " of object %" PRIu64
                     " should hold 0x%08x and holds 0x%08x",
                     word, shadow_at(&p->s, slot)->id, expected, found);
}

/*
 * An object may die before the words that name it do. Its holders mostly die
 * next; those that are alive at the next operation name nothing any more, so
 * that dead objects are unreachable whenever the manager is called.
 */
static int note_named(struct play *p, uint32_t slot)
{
    struct play_list *l = &p->named;
    if (l->n == l->cap) {
        uint32_t cap = l->cap == 0 ? 64 : l->cap * 2;
        uint64_t *larger = realloc(l->item, cap * sizeof *larger);
        if (larger == NULL)
            return problem_set(p->problem, ERR_MEMORY, "no memory left");
        l->item = larger;
        l->cap = cap;
    }
    l->item[l->n++] = slot;
    return 0;
}

void play_forget_names(struct play *p)
{
    for (uint32_t i = 0; i < p->named.n; i++) {
        const struct shadow_object *o =
            shadow_at(&p->s, (uint32_t)p->named.item[i]);
        while (o->first_in != 0) {
            const struct shadow_edge *e = &p->s.edges[o->first_in];
            (void)shadow_store(&p->s, e->from, e->word, SHADOW_NONE);
        }
    }
    p->named.n = 0;
}

static int death(struct play *p, uint64_t id)
{
    uint32_t slot;
    enum named named = look_up(p, id, &slot);
    if (named == NAMED_ABSENT)
        return set_id(p, id, IDMAP_DEAD);
    if (named != NAMED_LIVE)
        return not_live(p, "death of", id, named);
    const struct shadow_object *o = shadow_at(&p->s, slot);
    play_give_live(p, o->address, o->granted);
    shadow_die(&p->s, slot);
    return o->first_in == 0 ? 0 : note_named(p, slot);
}

/* What a finaliser of the recording freed; a locked heap keeps it. */
static int free_for_finaliser(struct play *p, uint64_t id)
{
    uint32_t slot;
    enum named named = look_up(p, id, &slot);
    if (named == NAMED_NEVER || named == NAMED_FREED)
        return not_live(p, "a finaliser frees", id, named);
    p->result->frees++;
    if (slot == SHADOW_NONE) { /* absent, or reclaimed after its death */
        p->result->dropped++;
        return set_id(p, id, IDMAP_FREED);
    }
    if (p->t->heap->lock_depth > 0)
        return named == NAMED_LIVE ? death(p, id) : 0;
    p->t->free(p->t, shadow_at(&p->s, slot)->address);
    forget_object(p, slot, IDMAP_FREED);
    return 0;
}

/* Free the ids that the recording's finalisers freed. */
static int free_pending(struct play *p)
{
    int err = 0;
    for (uint32_t i = 0; i < p->finalise.n && err == 0; i++)
        err = free_for_finaliser(p, p->finalise.item[i]);
    p->finalise.n = 0;
    return err;
}

void play_on_finalise(void *ctx, uint32_t address)
{
    struct play *p = ctx;
    if (p->is_probing)
        return;
    uint32_t slot = shadow_find(&p->s, address);
    if (slot == SHADOW_NONE)
        (void)play_fail(p,
                        "a finaliser was called for 0x%08x, where no "
                        "object is",
                        address);
    else if (shadow_at(&p->s, slot)->state == SHADOW_LIVE &&
             p->t->heap->last_cause != CAUSE_ALL)
        (void)play_fail(
            p, "the finaliser of object %" PRIu64 " was called, which is live",
            shadow_at(&p->s, slot)->id);
    /* In a locked heap nothing is freed: what that makes garbage is so only
     * for the next collection. */
    if (p->t->heap->lock_depth == 0 && p->late_error == 0)
        p->late_error = free_pending(p);
}

static void note_given_back(struct play *p, uint32_t address)
{
    struct play_happened *h = &p->happened;
    uint32_t index = 0;
    for (uint32_t i = 0; i < p->n_areas; i++) {
        bool is_gone = false;
        for (uint32_t g = 0; g < h->n_given_back; g++)
            is_gone |= h->given_back[g].number == p->areas[i].number;
        if (!is_gone && p->areas[i].start == address &&
            h->n_given_back < PLAY_AREAS_CAP) {
            h->given_back[h->n_given_back].number = p->areas[i].number;
            h->given_back[h->n_given_back].index = index;
            h->given_back[h->n_given_back++].lost = TRACE_NONE;
            return;
        }
        index += !is_gone;
    }
}

uint32_t play_on_more(void *ctx, uint32_t what, uint32_t value)
{
    struct play *p = ctx;
    uint32_t answer = 0;
    switch (what) {
    case MORE_AVAIL:
        answer = outer_avail(&p->outer);
        if (!p->is_probing) {
            p->happened.has_avail = true;
            p->happened.avail = answer;
        }
        break;
    case MORE_TAKE:
        answer = outer_take(&p->outer, value);
        break;
    default:
        if (!p->is_probing)
            note_given_back(p, value);
        outer_give(&p->outer, value);
        break;
    }
    if (!p->is_probing && what != MORE_AVAIL)
        p->areas_changed = true;
    return answer;
}

/* --- around every call of the manager. */

/* The held line stands alone where the recording's own collection is due. */
static void before_call(struct play *p)
{
    if (p->expecting && p->has_line)
        held_limit(&p->s, p->n_line);
    p->calls_before = p->t->heap->n_collections;
    p->grown_before = p->t->heap->n_grown;
}

static void note_added(struct play *p)
{
    struct play_happened *h = &p->happened;
    if (p->t->heap->n_grown == p->grown_before || p->n_areas == 0)
        return;
    h->has_added = true;
    h->added = p->areas[p->n_areas - 1];
    h->added_index = p->n_areas - 1;
}

/*
 * After it: collections, areas, what finalisers left to be freed. `answer` is
 * an address that the shadow does not know yet, `busy` the object that moved
 * there.
 */
static int after_call(struct play *p, uint32_t answer, uint32_t busy,
                      bool everything)
{
    const struct heap *h = p->t->heap;
    int err = 0;
    held_all(&p->s);
    if (p->is_stopped)
        return 1; /* a finaliser's turn went wrong */
    p->happened.n_collections = h->n_collections - p->calls_before;
    p->happened.cause = h->last_cause;
    p->happened.rescans = h->last_rescans;
    if (p->happened.n_collections > 0)
        err = play_after_collection(p, answer, busy, everything);
    if (err == 0 && p->areas_changed)
        err = play_sync_areas(p);
    if (err == 0)
        note_added(p);
    if (err == 0)
        err = p->late_error;
    p->late_error = 0;
    return err;
}

/* Is the answer aligned, inside an area, overlapping nothing? */
static int judge_answer(struct play *p, uint64_t id, uint32_t address,
                        uint32_t granted)
{
    uint32_t unit = 1u << p->s.unit_shift;
    if (address % unit != 0)
        return play_fail(p, "object %" PRIu64 " is at 0x%08x: not aligned", id,
                         address);
    if (address < p->s.origin ||
        !holes_all_free(&p->used, play_unit(p, address), units_of(p, granted)))
        return play_fail(p,
                         "object %" PRIu64 " got 0x%08x, %u bytes: outside "
                         "the areas, or overlapping another object",
                         id, address, granted);
    return 0;
}

/* With zeroing, every byte of a new object is 0; without, those behind. */
static int judge_zero(struct play *p, uint64_t id, uint32_t address,
                      uint64_t from, uint64_t to)
{
    const uint8_t *bytes = p->t->window + (address - p->t->base);
    for (uint64_t i = from; i < to; i++) {
        if (bytes[i] != 0)
            return play_fail(p,
                             "byte %" PRIu64 " of object %" PRIu64
                             " at 0x%08x is not zeroed",
                             i, id, address);
    }
    return 0;
}

static uint32_t granted_for(const struct play *p, uint64_t bytes)
{
    uint64_t unit = UINT64_C(1) << p->s.unit_shift;
    return (uint32_t)((bytes + unit - 1) / unit * unit);
}

/* Why a request was refused, as data. */
static uint8_t outcome_of(const struct play *p, uint64_t bytes)
{
    switch (p->t->heap->refusal) {
    case REFUSAL_LOCKED:
        return OUTCOME_LOCKED;
    case REFUSAL_OFF:
        return OUTCOME_OFF;
    case REFUSAL_LIMIT:
        return OUTCOME_LIMIT;
    default:
        return p->used.n_free << p->s.unit_shift < bytes ? OUTCOME_SHORT
                                                         : OUTCOME_FRAGMENTED;
    }
}

/* --- records. */

static void new_record(const struct play *p, const struct trace_op *op,
                       struct op_record *r)
{
    memset(r, 0, sizeof *r);
    r->seq = p->seq;
    r->kind = op->kind == TRACE_REFUSED ? op->what : op->kind;
    r->recorded = op->kind == TRACE_REFUSED;
    r->may_move = (op->flags & TRACE_MAY_MOVE) != 0;
    r->object = r->recorded && r->kind == TRACE_ALLOC ? TRACE_NONE : op->id;
    r->asked = op->bytes;
    r->site = op->site;
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
        .free = r->after.free,
        .largest_free = r->after.largest_free,
    };
    f.index = play_frag_index(p, r->asked, &f.n_holes);
    if (p->sink->refusal == NULL)
        return 0;
    return p->sink->refusal(p->sink->ctx, &f, &p->view);
}

/* What the user wants of a run that meets a refusal. */
static int obey_policy(struct play *p, const struct op_record *r)
{
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
static int finish(struct play *p, struct op_record *r, bool is_refusal)
{
    int err = 0;
    play_figures(p, &r->after);
    if (p->sink->op != NULL)
        err = p->sink->op(p->sink->ctx, r, &p->view);
    if (err == 0 && is_refusal)
        err = record_refusal(p, r);
    bool is_due = p->o->check || is_refusal || p->seq % p->probe_every == 0;
    if (err == 0 && is_due)
        err = play_probe(p);
    if (err == 0 && p->o->check) {
        int broken =
            p->manager->check(p->t->heap, p->t->base, p->t->window_bytes);
        if (broken != 0)
            return play_fail(p, "%s_check: invariant %d is broken",
                             p->manager->name, broken);
    }
    if (err == 0 && p->seq % p->probe_every == 0)
        err = play_verify_all(p);
    if (err == 0 && is_refusal)
        err = obey_policy(p, r);
    return err;
}

/* --- alloc. */

static int place_object(struct play *p, const struct trace_op *op,
                        uint32_t address, struct op_record *r)
{
    uint32_t granted = granted_for(p, op->bytes);
    int err = judge_answer(p, op->id, address, granted);
    if (err != 0)
        return err;
    if (p->o->check)
        err = judge_zero(p, op->id, address,
                         manager_number(p->o, "zero", 0) ? 0 : op->bytes,
                         granted);
    if (err != 0)
        return err;
    uint32_t slot =
        shadow_add(&p->s, op->id, address, op->bytes, granted, p->seq);
    if (slot == SHADOW_NONE)
        return problem_set(p->problem, ERR_MEMORY, "no memory left");
    shadow_at(&p->s, slot)->site = op->site;
    play_take(p, address, granted, true);
    r->granted = granted;
    r->address = address;
    return 0;
}

static uint32_t ask_alloc(struct play *p, uint64_t bytes, uint8_t flags)
{
    before_call(p);
    if (bytes > UINT32_MAX) {
        p->t->heap->refusal = REFUSAL_LIMIT;
        return 0;
    }
    return p->t->alloc(p->t, (uint32_t)bytes,
                       flags & (HEAP_FINALISER | HEAP_LONG_LIVED | HEAP_LEAF |
                                HEAP_AMBIGUOUS));
}

static int alloc(struct play *p, const struct trace_op *op)
{
    struct op_record r;
    uint32_t slot;
    new_record(p, op, &r);
    enum named named = look_up(p, op->id, &slot);
    if (named != NAMED_NEVER && idmap_get(p->s.ids, op->id) != IDMAP_ENDED)
        return play_reject(
            p, "alloc of object %" PRIu64 ", whose id has been used", op->id);
    if ((op->flags & TRACE_OUTER) != 0)
        return play_reject(p,
                           "object %" PRIu64 " comes from the outer heap, "
                           "which %s does not have",
                           op->id, p->manager->name);
    p->result->allocations++;
    uint32_t address = ask_alloc(p, op->bytes, op->flags);
    p->happened.was_granted = address != 0;
    p->happened.address = address;
    int err = after_call(p, address, SHADOW_NONE, false);
    if (err != 0)
        return err;
    if (address != 0) {
        err = place_object(p, op, address, &r);
        return err != 0 ? err : finish(p, &r, false);
    }
    err = set_id(p, op->id, IDMAP_ABSENT);
    if (err < 0)
        return err;
    if (op->bytes == 0) { /* lawful, answered by null */
        p->result->empty++;
        return finish(p, &r, false);
    }
    r.outcome = outcome_of(p, op->bytes);
    return finish(p, &r, true);
}

/* --- free. */

static int free_object(struct play *p, const struct trace_op *op)
{
    struct op_record r;
    uint32_t slot;
    new_record(p, op, &r);
    enum named named = look_up(p, op->id, &slot);
    if (named == NAMED_FREED || named == NAMED_NEVER)
        return not_live(p, "free of", op->id, named);
    p->result->frees++;
    if (slot == SHADOW_NONE) { /* absent, or reclaimed after its death */
        p->result->dropped++;
        int err = set_id(p, op->id, IDMAP_FREED);
        return err < 0 ? err : finish(p, &r, false);
    }
    int err = named == NAMED_LIVE ? verify_object(p, slot) : 0;
    if (err != 0)
        return err;
    r.asked = shadow_at(&p->s, slot)->asked;
    r.address = shadow_at(&p->s, slot)->address;
    bool is_locked = p->t->heap->lock_depth > 0;
    before_call(p);
    p->t->free(p->t, r.address);
    err = after_call(p, 0, SHADOW_NONE, false);
    if (err != 0)
        return err;
    if (is_locked) { /* ignored by the manager: it stays, and is garbage */
        if (named == NAMED_LIVE)
            err = death(p, op->id);
        play_forget_names(p);
        return err != 0 ? err : finish(p, &r, false);
    }
    forget_object(p, slot, IDMAP_FREED);
    return finish(p, &r, false);
}

/* --- realloc. */

/* The manager's answer, in place of the flag where that was too strict. */
static uint32_t ask_realloc(struct play *p, uint32_t address, uint64_t bytes,
                            bool may_move)
{
    before_call(p);
    if (bytes > UINT32_MAX) {
        p->t->heap->refusal = REFUSAL_LIMIT;
        return 0;
    }
    return p->t->realloc(p->t, address, (uint32_t)bytes, may_move);
}

/* The object is now `bytes` long at `answer`: shadow, indices, contents. */
static int resize_object(struct play *p, uint32_t slot, uint32_t answer,
                         uint64_t bytes)
{
    struct shadow_object *o = shadow_at(&p->s, slot);
    uint32_t granted = granted_for(p, bytes);
    bool is_live = o->state == SHADOW_LIVE;
    if (slot != p->placeless)
        play_give(p, o->address, o->granted, is_live);
    int err = judge_answer(p, o->id, answer, granted);
    if (err != 0)
        return err;
    if (p->o->check && manager_number(p->o, "zero", 0) != 0 &&
        granted > o->granted)
        err = judge_zero(p, o->id, answer, o->granted, granted);
    if (err != 0)
        return err;
    shadow_resize(&p->s, slot, answer, bytes, granted);
    o->bounds = bytes;
    play_take(p, answer, granted, is_live);
    if (slot == p->placeless)
        shadow_rewrite(&p->s, slot); /* it was copied from no man's land */
    return verify_object(p, slot);
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
    *answer = ask_realloc(p, old, bytes, may_move);
    bool is_gone = *answer != 0 && was_given_back(p, old);
    bool has_moved = *answer != 0 && (*answer != old || is_gone);
    p->placeless = is_gone ? slot : SHADOW_NONE;
    p->happened.was_granted = *answer != 0;
    p->happened.address = *answer;
    p->happened.old_address = has_moved ? old : 0;
    p->happened.old_units = units_of(p, o->granted);
    int err = after_call(p, has_moved ? *answer : 0,
                         has_moved ? slot : SHADOW_NONE, false);
    if (err == 0 && *answer != 0)
        err = resize_object(p, slot, *answer, bytes);
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

static int realloc_object(struct play *p, const struct trace_op *op)
{
    struct op_record r;
    uint32_t slot, answer;
    new_record(p, op, &r);
    enum named named = look_up(p, op->id, &slot);
    if (named != NAMED_LIVE && named != NAMED_ABSENT)
        return not_live(p, "realloc of", op->id, named);
    p->result->reallocs++;
    if (named == NAMED_ABSENT) {
        p->result->dropped++;
        return finish(p, &r, false);
    }
    if (op->bytes == 0)
        return play_reject(p, "realloc of object %" PRIu64 " to 0 bytes",
                           op->id);
    bool may_move = (op->flags & TRACE_MAY_MOVE) != 0;
    int err = spare_from_finalisers(p, op->id);
    if (err == 0)
        err = try_realloc(p, slot, op->bytes, may_move, &answer);
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
        return finish(p, &r, false);
    }
    r.outcome = outcome_of(p, op->bytes);
    if (shadow_at(&p->s, slot)->state == SHADOW_LIVE) /* not lost */
        shadow_at(&p->s, slot)->bounds = op->bytes;   /* the program goes on */
    return finish(p, &r, true);
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
    new_record(p, op, &r);
    uint32_t address = ask_alloc(p, op->bytes, op->flags);
    p->happened.was_granted = address != 0;
    p->happened.address = address;
    int err = after_call(p, address, SHADOW_NONE, false);
    if (err == 0 && address != 0)
        err = expected_refusal(p, address);
    if (err != 0)
        return err;
    if (address == 0) {
        r.outcome = outcome_of(p, op->bytes);
        return finish(p, &r, op->bytes != 0);
    }
    struct trace_op anonymous = *op;
    anonymous.id = TRACE_NONE;
    err = place_object(p, &anonymous, address, &r);
    if (err != 0)
        return err;
    uint32_t slot = shadow_find(&p->s, address);
    play_give_live(p, address, (uint32_t)r.granted);
    shadow_die(&p->s, slot);
    return finish(p, &r, false);
}

/*
 * Where the recording does not say whether the heap was locked, a grant shows
 * that it was: what was done is rolled back, byte for byte.
 */
static int ask_as_if_locked(struct play *p, const struct trace_op *op,
                            uint32_t slot, bool *was_locked)
{
    const struct shadow_object *o = shadow_at(&p->s, slot);
    *was_locked = false;
    if (!p->expecting || op->cause != TRACE_CAUSE_UNKNOWN)
        return 0;
    p->t->snapshot(p->t);
    uint32_t answer =
        p->t->realloc(p->t, o->address, (uint32_t)op->bytes, false);
    p->t->restore(p->t);
    *was_locked = answer != 0;
    return 0;
}

static int refused_realloc(struct play *p, const struct trace_op *op)
{
    struct op_record r;
    uint32_t slot, answer;
    bool was_locked;
    new_record(p, op, &r);
    enum named named = look_up(p, op->id, &slot);
    if (named != NAMED_LIVE && named != NAMED_ABSENT)
        return not_live(p, "realloc of", op->id, named);
    if (named == NAMED_ABSENT) {
        p->result->dropped++;
        return finish(p, &r, false);
    }
    int err = spare_from_finalisers(p, op->id);
    if (err == 0)
        err = ask_as_if_locked(p, op, slot, &was_locked);
    if (err != 0)
        return err;
    if (was_locked) {
        r.outcome = OUTCOME_LOCKED;
        return finish(p, &r, true);
    }
    uint64_t old_bytes = shadow_at(&p->s, slot)->asked;
    bool may_move = (op->flags & TRACE_MAY_MOVE) != 0;
    err = try_realloc(p, slot, op->bytes, may_move, &answer);
    if (err == 0 && answer != 0)
        err = expected_refusal(p, answer);
    if (err != 0)
        return err;
    if (answer != 0) {
        r.granted = shadow_at(&p->s, slot)->granted;
        r.address = answer;
        err = undo_realloc(p, slot, old_bytes);
        return err != 0 ? err : finish(p, &r, false);
    }
    if (!may_move && p->t->heap->refusal == REFUSAL_IN_PLACE) {
        p->result->inplace_missed++;
        r.outcome = OUTCOME_FRAGMENTED;
        return finish(p, &r, false);
    }
    r.outcome = outcome_of(p, op->bytes);
    return finish(p, &r, true);
}

/* --- the rest of the operations. */

static int collect(struct play *p, const struct trace_op *op)
{
    struct op_record r;
    new_record(p, op, &r);
    r.object = TRACE_NONE;
    bool everything = op->what == TRACE_COLLECT_ALL;
    before_call(p);
    p->t->collect(p->t, everything ? COLLECT_EVERYTHING : COLLECT_ORDINARY);
    int err = after_call(p, 0, SHADOW_NONE, everything);
    return err != 0 ? err : finish(p, &r, false);
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
    before_call(p);
    p->t->control(p->t, op->what, value);
    return after_call(p, 0, SHADOW_NONE, is_reset);
}

static int control(struct play *p, const struct trace_op *op)
{
    struct op_record r;
    new_record(p, op, &r);
    r.object = TRACE_NONE;
    int err = op->what == TRACE_CONTROL_ADD_AREA ? add_area(p, op->value)
                                                 : set_control(p, op);
    return err != 0 ? err : finish(p, &r, false);
}

/* Advice that a manager may leave alone: promote, an idle step. */
static int advice(struct play *p, const struct trace_op *op)
{
    struct op_record r;
    uint32_t slot;
    new_record(p, op, &r);
    if (op->kind == TRACE_STEP)
        r.object = TRACE_NONE;
    else if (look_up(p, op->id, &slot) == NAMED_NEVER)
        return not_live(p, "promote of", op->id, NAMED_NEVER);
    return finish(p, &r, false);
}

static int perform(struct play *p, const struct trace_op *op)
{
    switch (op->kind) {
    case TRACE_ALLOC:
    case TRACE_INTERN: /* one object each: this manager has no pool */
        return alloc(p, op);
    case TRACE_FREE:
        return free_object(p, op);
    case TRACE_REALLOC:
        return realloc_object(p, op);
    case TRACE_COLLECT:
        return collect(p, op);
    case TRACE_CONTROL:
        return control(p, op);
    case TRACE_REFUSED:
        return op->what == TRACE_REALLOC ? refused_realloc(p, op)
                                         : refused_alloc(p, op);
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
        err = free_pending(p);
    return err;
}

/* --- events. */

/* Bytes that the program may use: the recorded manager's blocks, if known. */
static uint64_t bounds_of(const struct play *p, const struct shadow_object *o)
{
    const struct trace_header *h = &p->w->header;
    uint64_t unit = h->has_blocks && h->block_bytes > 0 ? h->block_bytes : 4;
    return (o->bounds + unit - 1) / unit * unit;
}

/* The object that a reference is to name; NONE where this run lacks it. */
static int referent(struct play *p, uint64_t id, uint32_t *slot)
{
    *slot = SHADOW_NONE;
    if (id == TRACE_NONE)
        return 0;
    enum named named = look_up(p, id, slot);
    if (named == NAMED_LIVE)
        return 0;
    *slot = SHADOW_NONE;
    return named == NAMED_ABSENT ? 0 : not_live(p, "a reference to", id, named);
}

static int store(struct play *p, const struct trace_op *op)
{
    uint32_t from, to;
    enum named named = look_up(p, op->id, &from);
    if (named != NAMED_LIVE && named != NAMED_ABSENT)
        return not_live(p, "store in", op->id, named);
    int err = referent(p, op->target, &to);
    if (err != 0)
        return err;
    bool is_lost = op->target != TRACE_NONE && to == SHADOW_NONE;
    p->result->dropped += named == NAMED_ABSENT || is_lost;
    if (named == NAMED_ABSENT)
        return 0;
    const struct shadow_object *o = shadow_at(&p->s, from);
    if ((uint64_t)op->word * 4 >= bounds_of(p, o))
        return play_reject(p,
                           "store to word %u of object %" PRIu64
                           ", which has %" PRIu64 " bytes",
                           op->word, op->id, o->bounds);
    if ((uint64_t)op->word * 4 + 4 > o->granted) {
        p->result->dropped += !is_lost; /* its growth was refused */
        return 0;
    }
    if (!shadow_store(&p->s, from, op->word, to))
        return problem_set(p->problem, ERR_MEMORY, "no memory left");
    return 0;
}

static int set_root(struct play *p, const struct trace_op *op)
{
    uint32_t to;
    if (op->word >= p->t->roots->n_precise)
        return play_reject(p, "root slot %u, but there are %u", op->word,
                           p->t->roots->n_precise);
    int err = referent(p, op->target, &to);
    if (err != 0)
        return err;
    p->result->dropped += op->target != TRACE_NONE && to == SHADOW_NONE;
    if (!shadow_store(&p->s, SHADOW_ROOT, op->word, to))
        return problem_set(p->problem, ERR_MEMORY, "no memory left");
    return 0;
}

static int held_line(struct play *p, const struct trace_op *op)
{
    struct shadow *s = &p->s;
    if (op->what != TRACE_HELD_ROOTS)
        return 0; /* inside, interior: for managers that move */
    if (!play_list_set(&p->line, op->ids, op->n_ids))
        return problem_set(p->problem, ERR_MEMORY, "no memory left");
    uint32_t *slots = (uint32_t *)(void *)p->line.item;
    uint32_t n = 0;
    uint32_t epoch = ++s->epoch;
    for (uint32_t i = 0; i < op->n_ids; i++) {
        uint32_t slot;
        if (look_up(p, op->ids[i], &slot) != NAMED_LIVE ||
            shadow_at(s, slot)->seen == epoch)
            continue;
        shadow_at(s, slot)->seen = epoch;
        slots[n++] = slot; /* never ahead of the id that it replaces */
    }
    p->n_line = held_trim(s, slots, n);
    p->has_line = true;
    return 0;
}

/*
 * The trace says that a live object went with its area. Where this run still
 * has it, it dies, and the words that named it name nothing.
 */
static int lost_with_area(struct play *p, const struct trace_op *op)
{
    uint32_t slot;
    uint64_t id = op->fact.given_back.lost;
    if (id == TRACE_NONE || look_up(p, id, &slot) != NAMED_LIVE)
        return 0;
    return death(p, id);
}

static int mark_moment(struct play *p, int what, const char *text)
{
    if (p->sink->mark == NULL)
        return 0;
    return p->sink->mark(p->sink->ctx, p->seq, what, text != NULL ? text : "");
}

int play_event(struct play *p, const struct trace_op *op)
{
    int err;
    switch (op->kind) {
    case TRACE_STORE:
        return store(p, op);
    case TRACE_ROOT:
        return set_root(p, op);
    case TRACE_DEATH:
        return death(p, op->id);
    case TRACE_HELD:
        return held_line(p, op);
    case TRACE_FINALISE:
        if (play_list_set(&p->finalise, op->ids, op->n_ids))
            return 0;
        return problem_set(p->problem, ERR_MEMORY, "no memory left");
    case TRACE_EXPECT:
        err = expect_fact(p, op);
        if (err == 0 && op->what == TRACE_EXPECT_GIVEN_BACK)
            err = lost_with_area(p, op);
        return err;
    case TRACE_PHASE:
        return mark_moment(p, op->what == 1 ? 1 : 0, op->text);
    case TRACE_NOTE:
        return mark_moment(p, -1, op->text);
    default:
        return 0; /* touch, pin, unpin, time, thread: nothing to do here */
    }
}
