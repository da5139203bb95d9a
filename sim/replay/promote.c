/*
 * promote.c - objects that are made long-lived, and who says which
 *
 * The manager copies the object to its long-lived end. The program then
 * redirects what refers to it, as after a realloc that has moved; the old copy
 * is garbage that no id names, until a collection finds it.
 *
 * A policy speaks where the trace does not: who has survived an import, a
 * phase of the trace that begins and ends, is promoted, oldest first, and a
 * collection takes the old copies; or each checkpoint ends an import that the
 * one before began; or an oracle knows from birth. What the policy asks for is
 * no operation of the trace: its cost is that of events.
 */
#include <string.h>
#include <xxhash.h>

#include "sim/replay/play.h"

int play_open_promotion(struct play *p)
{
    static const char *const words[] = {"flags", "imports", "checkpoints",
                                        "oracle"};
    const char *policy = manager_value(p->o, "promote");
    for (uint32_t i = 0; policy != NULL && i < 4; i++) {
        if (strcmp(policy, words[i]) == 0)
            p->promote_policy = i;
    }
    if (p->promote_policy != PROMOTE_ORACLE || p->o->oracle != NULL)
        return 0;
    return problem_set(p->problem, ERR_INPUT,
                       "promote=oracle: nobody has read the trace ahead");
}

uint32_t play_birth_flags(const struct play *p, uint32_t flags)
{
    if (p->promote_policy == PROMOTE_ORACLE &&
        oracle_is_long(p->o->oracle, p->result->allocations - 1))
        flags |= TRACE_LONG_LIVED;
    return flags;
}

/*
 * Ask for a live object; what the manager did, the shadow follows. One that
 * the program has pinned stays.
 */
static int promote(struct play *p, uint32_t slot)
{
    const struct shadow_object *o = shadow_at(&p->s, slot);
    uint32_t old = o->address;
    uint64_t bounds = o->bounds;
    if (play_is_pinned(p, slot))
        return 0;
    play_before_call(p);
    uint32_t answer = p->t->promote(p->t, shadow_name(&p->s, o));
    bool has_moved = answer != 0 && answer != old;
    p->s.moved = has_moved ? slot : SHADOW_NONE;
    p->s.is_moved_stale = false;
    int err = play_after_call(p, has_moved ? answer : 0,
                              has_moved ? slot : SHADOW_NONE, false);
    p->s.moved = SHADOW_NONE;
    if (err != 0 || !has_moved)
        return err;
    p->result->promoted++;
    p->result->moved_bytes += shadow_at(&p->s, slot)->granted;
    err = play_resize(p, slot, answer, shadow_at(&p->s, slot)->asked, true);
    shadow_at(&p->s, slot)->bounds = bounds;
    return err;
}

int play_promote(struct play *p, const struct trace_op *op)
{
    struct op_record r;
    uint32_t slot;
    play_new_record(p, op, &r);
    enum named named = play_look_up(p, op->id, &slot);
    if (named != NAMED_LIVE && named != NAMED_ABSENT)
        return play_not_live(p, "promote of", op->id, named);
    int err = 0;
    if (named == NAMED_ABSENT || shadow_at(&p->s, slot)->is_outer)
        p->result->dropped++;
    else if ((p->manager->capabilities & CAP_PROMOTE) == 0)
        p->result->ignored++;
    else
        err = promote(p, slot);
    if (err != 0)
        return err;
    if (named == NAMED_LIVE) {
        r.asked = shadow_at(&p->s, slot)->asked;
        r.granted = shadow_at(&p->s, slot)->granted;
        r.address = shadow_at(&p->s, slot)->address;
    }
    return play_finish(p, &r, false);
}

/* --- policies. */

/* The old copies lie in the way of what the program does next. */
static int collect_copies(struct play *p)
{
    struct trace_op collect = {.kind = TRACE_COLLECT, .id = TRACE_NONE};
    play_before_call(p);
    p->t->collect(p->t, COLLECT_ORDINARY);
    int err = play_after_call(p, 0, SHADOW_NONE, false);
    return err != 0 ? err : play_tell_event(p, &collect);
}

/* Promote what was born from `birth` on and is live. */
static int promote_survivors(struct play *p, uint64_t birth)
{
    const struct shadow *s = &p->s;
    uint64_t n_before = p->result->promoted;
    play_forget_names(p);
    uint32_t slot = s->live.youngest;
    while (slot != SHADOW_NONE && shadow_at(s, slot)->born >= birth)
        slot = shadow_at(s, slot)->older;
    slot = slot == SHADOW_NONE ? s->live.oldest : shadow_at(s, slot)->younger;
    while (slot != SHADOW_NONE) {
        struct trace_op op = {.kind = TRACE_PROMOTE,
                              .id = shadow_at(s, slot)->id};
        int err = promote(p, slot);
        if (err == 0)
            err = play_tell_event(p, &op);
        if (err != 0)
            return err;
        slot = shadow_at(s, slot)->younger;
    }
    return p->result->promoted == n_before ? 0 : collect_copies(p);
}

/* The oldest is forgotten where imports nest too deeply. */
static void begin_import(struct play *p, uint64_t name)
{
    if (p->n_imports == PLAY_IMPORTS_CAP) {
        p->n_imports--;
        memmove(p->imports, p->imports + 1, p->n_imports * sizeof *p->imports);
    }
    p->imports[p->n_imports].name = name;
    p->imports[p->n_imports++].birth = p->s.n_born;
}

/* Imports inside it that have not ended never will: they have failed. */
static int end_import(struct play *p, uint64_t name)
{
    uint32_t n = p->n_imports;
    while (n > 0 && p->imports[n - 1].name != name)
        n--;
    if (n == 0)
        return 0;
    p->n_imports = n - 1;
    return promote_survivors(p, p->imports[n - 1].birth);
}

int play_phase(struct play *p, const struct trace_op *op)
{
    if (p->promote_policy != PROMOTE_IMPORTS)
        return 0;
    uint64_t name =
        op->text == NULL ? 0 : XXH3_64bits(op->text, strlen(op->text));
    if (op->what != 1)
        return end_import(p, name);
    begin_import(p, name);
    return 0;
}

int play_checkpoint(struct play *p)
{
    if (p->promote_policy != PROMOTE_CHECKPOINTS)
        return 0;
    uint64_t birth = p->imports[0].birth;
    p->imports[0].birth = p->s.n_born;
    return promote_survivors(p, birth);
}
