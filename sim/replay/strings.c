/*
 * strings.c - interned strings under a manager that packs them (CAP_INTERN)
 *
 * Strings lie one behind the other in a chunk, which is an object of the heap
 * and stands in the shadow for all of them: it asks for their bytes, has the
 * first one's id, and is never freed. A string's own id leads nowhere: what
 * the trace does with it is dropped, and nothing can name it.
 */
#include "sim/replay/play.h"

#include <inttypes.h>

/* The chunk is `asked` bytes of strings long, and has what the manager says. */
static int resize_chunk(struct play *p, uint64_t asked)
{
    const struct shadow_object *o = shadow_at(&p->s, p->chunk);
    uint32_t address = o->address;
    uint32_t granted, had = o->granted;
    int err = answer_granted(p, o->id, address, address, asked, &granted);
    if (err == 0 && granted != had)
        err = play_verify_object(p, p->chunk);
    if (err != 0)
        return err;
    play_give(p, address, had, true);
    err = answer_judge(p, o->id, address, granted);
    if (err != 0)
        return err;
    shadow_resize(&p->s, p->chunk, address, asked, granted);
    play_take(p, address, granted, true);
    p->strings.granted += (uint64_t)granted - had;
    return 0;
}

/* A string that begins a new chunk; what the last one does not need is free. */
static int begin_chunk(struct play *p, const struct trace_op *op,
                       uint32_t address)
{
    uint32_t granted;
    int err = 0;
    if (p->chunk != SHADOW_NONE)
        err = resize_chunk(p, shadow_at(&p->s, p->chunk)->asked);
    if (err == 0)
        err = answer_granted(p, op->id, address, address, op->bytes, &granted);
    if (err == 0)
        err = answer_judge(p, op->id, address, granted);
    if (err != 0)
        return err;
    p->chunk = shadow_add(&p->s, op->id, address, address, 0, granted, p->seq);
    if (p->chunk == SHADOW_NONE)
        return problem_set(p->problem, ERR_MEMORY, "no memory left");
    shadow_at(&p->s, p->chunk)->is_pool = true;
    play_take(p, address, granted, true);
    p->strings.granted += granted;
    return 0;
}

int strings_place(struct play *p, const struct trace_op *op, uint32_t address,
                  struct op_record *r)
{
    bool goes_on = p->chunk != SHADOW_NONE &&
                   address == shadow_at(&p->s, p->chunk)->address +
                                  shadow_at(&p->s, p->chunk)->asked;
    int err = goes_on ? 0 : begin_chunk(p, op, address);
    if (err == 0)
        err = resize_chunk(p, shadow_at(&p->s, p->chunk)->asked + op->bytes);
    if (err != 0)
        return err;
    uint64_t unit = UINT64_C(1) << p->s.unit_shift;
    p->strings.n++;
    p->strings.asked += op->bytes;
    p->strings.apart += (op->bytes + unit - 1) / unit * unit;
    r->granted = op->bytes;
    r->address = address;
    return play_set_id(p, op->id, IDMAP_STRING);
}
