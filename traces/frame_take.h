/*
 * frame_take.h - taking numbers, objects, lists and texts out of the columns
 * of a frame: what the two halves of its decoder share (frame.h)
 *
 * Errors    every take returns false, and the frame is wrong, when its column
 *           is used up or a number does not fit; with d->is_full set, when
 *           the host has no memory. Nothing here trusts the bytes.
 */
#ifndef TRACES_FRAME_TAKE_H
#define TRACES_FRAME_TAKE_H

#include "traces/frame.h"

/* The rest of frame_take, for numbers of more than a byte. */
bool frame_take_long(struct frame_cursor *c, uint64_t *value);

static inline bool frame_take(struct frame_decoder *d, enum frame_column column,
                              uint64_t *value)
{
    struct frame_cursor *c = &d->columns[column];
    if (c->at < c->end && *c->at < 0x80) { /* nearly always one byte      */
        *value = *c->at++;
        return true;
    }
    return frame_take_long(c, value);
}

static inline bool frame_take32(struct frame_decoder *d,
                                enum frame_column column, uint32_t *value)
{
    uint64_t wide;
    if (!frame_take(d, column, &wide) || wide > UINT32_MAX)
        return false;
    *value = (uint32_t)wide;
    return true;
}

/* A number told as its distance to `predicted`. */
static inline bool frame_take_delta(struct frame_decoder *d,
                                    enum frame_column column,
                                    uint64_t predicted, uint64_t *value)
{
    uint64_t code;
    if (!frame_take(d, column, &code))
        return false;
    *value = predicted + (uint64_t)bytes_unzigzag(code);
    return true;
}

/* The length of a list of ids, and room for it in d->ids: each id has a byte
 * of this column at least. */
bool frame_take_length(struct frame_decoder *d, enum frame_column column,
                       uint32_t *n);

/* A list of ids from SWEPT. */
bool frame_take_swept(struct frame_decoder *d, struct trace_op *op);

bool frame_take_text(struct frame_decoder *d, struct trace_op *op);

/* A block fact about d->model.subject, kind and all. */
bool frame_take_block(struct frame_decoder *d, struct trace_op *op);

/* The fact of sort `v` (enum trace_expect, or no such number). */
bool frame_take_fact(struct frame_decoder *d, unsigned v, struct trace_op *op);

#endif /* TRACES_FRAME_TAKE_H */
