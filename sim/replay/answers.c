/* answers.c - what a request was answered: is it right, and if it was refused,
 * why. */
#include "sim/replay/play.h"

#include <inttypes.h>

/* Is the answer aligned, inside an area, overlapping nothing? */
static int judge_row(struct play *p, uint64_t id, uint32_t address,
                     uint32_t granted)
{
    if ((address & (p->align - 1)) != 0)
        return play_fail(p, "object %" PRIu64 " is at 0x%08x: not aligned", id,
                         address);
    if (address < p->s.origin + (p->tag_units << p->s.unit_shift) ||
        !holes_all_free(&p->used, play_from(p, address),
                        play_units(p, granted)))
        return play_fail(p,
                         "object %" PRIu64 " got 0x%08x, %u bytes: outside "
                         "the areas, or overlapping another object",
                         id, address, granted);
    return 0;
}

/*
 * What the object at `address` got for `bytes` asked: whole units (at least
 * one, if an outside manager answers 0 bytes), or what its tag says, for which
 * the address must lie in the window.
 */
int answer_granted(struct play *p, uint64_t id, uint32_t name, uint32_t address,
                   uint64_t bytes, uint32_t *granted)
{
    uint64_t unit = UINT64_C(1) << p->s.unit_shift;
    uint64_t whole = bytes == 0 ? unit : (bytes + unit - 1) / unit * unit;
    uint32_t offset = address - p->s.origin;
    uint32_t tag = p->tag_units << p->s.unit_shift;
    bool is_inside = address % unit == 0 && offset >= tag &&
                     offset < p->s.n_units << p->s.unit_shift;
    *granted = whole <= UINT32_MAX ? (uint32_t)whole : 0;
    if (p->shape->bytes != NULL && is_inside)
        *granted = p->shape->bytes(p->t->heap, name);
    if (*granted >= bytes && *granted % unit == 0 &&
        (is_inside || !p->in_pieces))
        return 0;
    return play_fail(
        p, "object %" PRIu64 " at 0x%08x has %u bytes, %" PRIu64 " were asked",
        id, address, *granted, bytes);
}

int answer_judge(struct play *p, uint64_t id, uint32_t address,
                 uint32_t granted)
{
    return p->in_pieces ? pieces_place(p, id, address, granted)
                        : judge_row(p, id, address, granted);
}

int answer_judge_zero(struct play *p, uint64_t id, uint32_t address,
                      uint64_t from, uint64_t to)
{
    uint64_t in_block = (UINT64_C(1) << p->s.unit_shift) - 1;
    uint32_t at = address + (uint32_t)from;
    for (uint64_t i = from; i < to; i++, at++) {
        if (p->in_pieces && (i == from || (i & in_block) == 0))
            at = p->manager->deref(p->t->heap, address, (uint32_t)i);
        if (p->t->window[at - p->t->base] != 0)
            return play_fail(p,
                             "byte %" PRIu64 " of object %" PRIu64
                             " at 0x%08x is not zeroed",
                             i, id, address);
    }
    return 0;
}

uint64_t answer_zeroed_from(const struct play *p, uint64_t bytes,
                            uint32_t granted)
{
    if (manager_number(p->o, "zero", 0) != 0)
        return 0;
    return p->collects ? bytes : granted;
}

/*
 * Where every free block serves, a refusal is right iff the object would have
 * needed more than there are beside its own.
 */
static int judge_short(struct play *p, uint64_t bytes, uint32_t slot)
{
    uint64_t free = play_free_bytes(p);
    if (slot != SHADOW_NONE)
        free += (uint64_t)pieces_count(p, shadow_at(&p->s, slot)->address)
                << p->s.unit_shift;
    if (bytes > p->shape->serves(&p->params, free))
        return 0;
    return play_fail(p,
                     "%" PRIu64 " bytes were refused, though the blocks that "
                     "are free suffice",
                     bytes);
}

int answer_refused(struct play *p, struct op_record *r, uint32_t slot)
{
    static const uint8_t outcomes[] = {
        [REFUSAL_LOCKED] = OUTCOME_LOCKED,
        [REFUSAL_OFF] = OUTCOME_OFF,
        [REFUSAL_LIMIT] = OUTCOME_LIMIT,
        [REFUSAL_INDEX] = OUTCOME_INDEX,
    };
    uint32_t why = p->t->heap->refusal;
    r->outcome = why < sizeof outcomes ? outcomes[why] : OUTCOME_GRANTED;
    if (r->outcome != OUTCOME_GRANTED)
        return play_finish(p, r, true);
    uint64_t most = p->shape->settled != NULL ? p->shape->settled(p->t->heap)
                                              : play_free_bytes(p);
    bool is_short = p->in_pieces || most < r->asked;
    r->outcome = is_short ? OUTCOME_SHORT : OUTCOME_FRAGMENTED;
    int err = p->in_pieces ? judge_short(p, r->asked, slot) : 0;
    return err != 0 ? err : play_finish(p, r, true);
}
