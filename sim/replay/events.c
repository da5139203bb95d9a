/* events.c - what the program did, and what the recording saw. */
#include "sim/replay/play.h"

#include <inttypes.h>
#include <string.h>

/* Bytes that the program may use: the recorded manager's blocks, if known. */
static uint64_t bounds_of(const struct play *p, const struct shadow_object *o)
{
    const struct trace_header *h = &p->w->header;
    uint64_t unit = h->has_blocks && h->block_bytes > 0 ? h->block_bytes : 4;
    return (o->bounds + unit - 1) / unit * unit;
}

static int judge_word(struct play *p, const char *verb,
                      const struct trace_op *op, const struct shadow_object *o)
{
    uint64_t at = (uint64_t)op->word * 4;
    if (at < o->bounds || at < bounds_of(p, o))
        return 0;
    return play_reject(
        p, "%s word %u of object %" PRIu64 ", which has %" PRIu64 " bytes",
        verb, op->word, op->id, o->bounds);
}

/* The object that a reference is to name; NONE where this run lacks it. */
static int referent(struct play *p, uint64_t id, uint32_t *slot)
{
    *slot = SHADOW_NONE;
    if (id == TRACE_NONE)
        return 0;
    enum named named = play_look_up(p, id, slot);
    if (named == NAMED_LIVE)
        return 0;
    *slot = SHADOW_NONE;
    return named == NAMED_ABSENT
               ? 0
               : play_not_live(p, "a reference to", id, named);
}

static int store(struct play *p, const struct trace_op *op)
{
    uint32_t from, to;
    enum named named = play_look_up(p, op->id, &from);
    if (named != NAMED_LIVE && named != NAMED_ABSENT)
        return play_not_live(p, "store in", op->id, named);
    int err = referent(p, op->target, &to);
    if (err != 0)
        return err;
    bool is_lost = op->target != TRACE_NONE && to == SHADOW_NONE;
    p->result->dropped += named == NAMED_ABSENT || is_lost;
    if (named == NAMED_ABSENT)
        return 0;
    const struct shadow_object *o = shadow_at(&p->s, from);
    err = judge_word(p, "store to", op, o);
    if (err != 0)
        return err;
    /* Of what an outside manager rounds up to, its realloc may copy nothing. */
    uint64_t kept = p->is_outside ? o->asked : o->granted;
    if ((uint64_t)op->word * 4 + 4 > kept) {
        p->result->dropped += !is_lost; /* or its growth was refused */
        return 0;
    }
    if (!shadow_store(&p->s, from, op->word, to))
        return problem_set(p->problem, ERR_MEMORY, "no memory left");
    return 0;
}

static int touch(struct play *p, const struct trace_op *op)
{
    uint32_t slot;
    enum named named = play_look_up(p, op->id, &slot);
    if (named != NAMED_LIVE && named != NAMED_ABSENT)
        return play_not_live(p, "touch of", op->id, named);
    p->result->dropped += named == NAMED_ABSENT;
    if (named == NAMED_ABSENT)
        return 0;
    int err = judge_word(p, "touch of", op, shadow_at(&p->s, slot));
    return err != 0 ? err : play_read(p, slot, op->word);
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
        return play_note_inside(p, op);
    if (!play_list_set(&p->line, op->ids, op->n_ids))
        return problem_set(p->problem, ERR_MEMORY, "no memory left");
    uint32_t *slots = (uint32_t *)(void *)p->line.item;
    uint32_t n = 0;
    uint32_t epoch = ++s->epoch;
    for (uint32_t i = 0; i < op->n_ids; i++) {
        uint32_t slot;
        if (play_look_up(p, op->ids[i], &slot) != NAMED_LIVE ||
            shadow_at(s, slot)->seen == epoch || shadow_at(s, slot)->is_outer)
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
    if (id == TRACE_NONE || play_look_up(p, id, &slot) != NAMED_LIVE)
        return 0;
    return play_death(p, id);
}

static int mark_moment(struct play *p, int what, const char *text)
{
    if (p->sink->mark == NULL)
        return 0;
    return p->sink->mark(p->sink->ctx, p->seq, what, text != NULL ? text : "");
}

/* A recorded fact. The program's own checkpoints have labels. */
static int fact(struct play *p, const struct trace_op *op)
{
    int err = expect_fact(p, op);
    if (err == 0 && op->what == TRACE_EXPECT_GIVEN_BACK)
        err = lost_with_area(p, op);
    bool is_checkpoint = op->what == TRACE_EXPECT_STATE && op->text != NULL &&
                         op->text[0] != '\0';
    return err == 0 && is_checkpoint ? play_checkpoint(p) : err;
}

int play_event(struct play *p, const struct trace_op *op)
{
    int err;
    switch (op->kind) {
    case TRACE_STORE:
        return store(p, op);
    case TRACE_ROOT:
        return set_root(p, op);
    case TRACE_TOUCH:
        return touch(p, op);
    case TRACE_DEATH:
        return play_death(p, op->id);
    case TRACE_HELD:
        return held_line(p, op);
    case TRACE_PIN:
    case TRACE_UNPIN:
        return play_pin(p, op);
    case TRACE_FINALISE:
        if (play_list_set(&p->finalise, op->ids, op->n_ids))
            return 0;
        return problem_set(p->problem, ERR_MEMORY, "no memory left");
    case TRACE_EXPECT:
        return fact(p, op);
    case TRACE_PHASE:
        err = mark_moment(p, op->what == 1 ? 1 : 0, op->text);
        return err != 0 ? err : play_phase(p, op);
    case TRACE_NOTE:
        return mark_moment(p, -1, op->text);
    default:
        return 0; /* time, thread: nothing to do here */
    }
}
