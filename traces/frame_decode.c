/* frame_decode.c - the columns of a frame become records (frame.h). */
#include "traces/frame.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "traces/frame_take.h"
#include "traces/kinds.h"

static bool take_object(struct frame_decoder *d, enum frame_column column,
                        uint64_t *id)
{
    struct frame_model *m = &d->model;
    uint64_t code;
    if (!frame_take(d, column, &code))
        return false;
    if (code < FRAME_RECENT) {
        if (code >= m->n_recent)
            return false;
        *id = frame_recent(m)[code];
        frame_recent_use(m, (uint32_t)code);
        return true;
    }
    *id = m->newest - (uint64_t)bytes_unzigzag(code - FRAME_RECENT);
    frame_recent_add(m, *id);
    return true;
}

static bool take_last_use(struct frame_decoder *d, enum frame_column column,
                          uint64_t near, uint64_t *id)
{
    struct frame_model *m = &d->model;
    uint64_t code;
    if (!frame_take(d, column, &code))
        return false;
    if (code < FRAME_RECENT) {
        if (code >= m->n_recent)
            return false;
        *id = frame_recent(m)[code];
        frame_recent_drop(m, (uint32_t)code);
        return true;
    }
    *id = near - (uint64_t)bytes_unzigzag(code - FRAME_RECENT);
    return true;
}

static void learn_new_id(struct frame_decoder *d, const struct trace_op *op)
{
    d->model.newest = op->id;
    frame_recent_add(&d->model, op->id);
    frame_learn_size(&d->model, op->id, op->bytes);
}

static bool take_align(struct frame_decoder *d, unsigned less, uint32_t *align)
{
    uint64_t power;
    if (!frame_take(d, FRAME_FLAGS, &power) || power > 31 + less)
        return false;
    *align = power < less ? 0 : UINT32_C(1) << (power - less);
    return true;
}

static bool decode_alloc(struct frame_decoder *d, unsigned v,
                         struct trace_op *op)
{
    struct frame_model *m = &d->model;
    uint64_t attributes = 0;
    op->id = m->newest + 1;
    if ((v & 1) != 0 && !frame_take_delta(d, FRAME_IDS, op->id, &op->id))
        return false;
    if ((v & 2) != 0 && (!frame_take(d, FRAME_FLAGS, &attributes) ||
                         attributes == 0 || attributes > 0x7f))
        return false;
    op->flags = attributes & 0x1f;
    if ((attributes & 1u << 5) != 0 && !take_align(d, 0, &op->align))
        return false;
    if ((attributes & 1u << 6) != 0 && !frame_take32(d, FRAME_SITES, &op->site))
        return false;
    if (!frame_take(d, FRAME_SIZES, &op->bytes))
        return false;
    learn_new_id(d, op);
    d->has_fused = (v & 4) != 0;
    return true;
}

static bool decode_realloc(struct frame_decoder *d, unsigned v,
                           struct trace_op *op)
{
    if ((v & 1) != 0)
        op->flags = TRACE_MAY_MOVE;
    if (!take_object(d, FRAME_OBJECTS, &op->id))
        return false;
    const struct frame_known *k = frame_recall(&d->model, op->id);
    if (!frame_take_delta(d, FRAME_RESIZES, k != NULL ? k->bytes : 0,
                          &op->bytes))
        return false;
    if ((v & 2) != 0 && !frame_take32(d, FRAME_SITES, &op->site))
        return false;
    frame_learn_size(&d->model, op->id, op->bytes);
    d->has_fused = (v & 4) != 0;
    return true;
}

static bool decode_intern(struct frame_decoder *d, struct trace_op *op)
{
    if (!frame_take_delta(d, FRAME_IDS, d->model.newest + 1, &op->id) ||
        !frame_take(d, FRAME_SIZES, &op->bytes))
        return false;
    learn_new_id(d, op);
    return true;
}

static bool decode_refused(struct frame_decoder *d, unsigned v,
                           struct trace_op *op)
{
    uint64_t flags;
    op->what = (v & 1) != 0 ? TRACE_REALLOC : TRACE_ALLOC;
    op->cause = (uint8_t)(v >> 1);
    if (!frame_take(d, FRAME_SIZES, &op->bytes) ||
        !frame_take(d, FRAME_FLAGS, &flags) || flags > TRACE_FLAGS_ALL)
        return false;
    op->flags = (uint8_t)flags;
    return op->what == TRACE_REALLOC ? take_object(d, FRAME_OBJECTS, &op->id)
                                     : take_align(d, 1, &op->align);
}

static bool decode_store(struct frame_decoder *d, unsigned v,
                         struct trace_op *op)
{
    op->target = TRACE_NONE;
    return take_object(d, FRAME_HOLDERS, &op->id) &&
           frame_take32(d, FRAME_WORDS, &op->word) &&
           ((v & 1) != 0 || take_object(d, FRAME_TARGETS, &op->target));
}

static bool decode_root(struct frame_decoder *d, unsigned v,
                        struct trace_op *op)
{
    op->target = TRACE_NONE;
    return frame_take32(d, FRAME_SLOTS, &op->word) &&
           ((v & 1) != 0 || take_object(d, FRAME_ROOTS, &op->target));
}

static bool decode_held(struct frame_decoder *d, unsigned v,
                        struct trace_op *op)
{
    uint64_t before = d->model.newest;
    size_t place = 0;
    if (v >= TRACE_N_HELD || !frame_take_length(d, FRAME_HELD, &op->n_ids))
        return false;
    const struct frame_list *last = &d->model.held[v];
    for (uint32_t i = 0; i < op->n_ids; i++) {
        uint64_t code;
        if (!frame_take(d, FRAME_HELD, &code))
            return false;
        if (code < FRAME_HELD_SKIP) {
            if (place + code >= last->n)
                return false;
            before = last->ids[place + code];
            place += code + 1;
        } else {
            before -= (uint64_t)bytes_unzigzag(code - FRAME_HELD_SKIP);
        }
        d->ids[i] = before;
    }
    op->what = (uint8_t)v;
    op->ids = d->ids;
    d->is_full = !frame_learn_held(&d->model, op->what, d->ids, op->n_ids);
    return !d->is_full;
}

/* The kinds that are told by `what`, a value and a text at most. */
static bool decode_plain(struct frame_decoder *d, unsigned v,
                         struct trace_op *op)
{
    op->what = (uint8_t)v;
    uint32_t fields = trace_fields(op);
    if ((fields & FIELD_WHAT) == 0)
        op->what = 0;
    if (op->kind == TRACE_TIME) {
        if (!frame_take_delta(d, FRAME_TIMES, d->model.last_time, &op->value))
            return false;
        d->model.last_time = op->value;
        return true;
    }
    if ((fields & FIELD_VALUE) != 0 && !frame_take(d, FRAME_VALUES, &op->value))
        return false;
    if ((fields & FIELD_ID) != 0 && !take_object(d, FRAME_OBJECTS, &op->id))
        return false;
    return (fields & FIELD_TEXT) == 0 || frame_take_text(d, op);
}

static bool decode_kind(struct frame_decoder *d, unsigned v,
                        struct trace_op *op)
{
    struct frame_model *m = &d->model;
    switch (op->kind) {
    case TRACE_ALLOC:
        return decode_alloc(d, v, op);
    case TRACE_FREE:
        return take_last_use(d, FRAME_OBJECTS, m->newest, &op->id);
    case TRACE_REALLOC:
        return decode_realloc(d, v, op);
    case TRACE_INTERN:
        return decode_intern(d, op);
    case TRACE_REFUSED:
        return decode_refused(d, v, op);
    case TRACE_STORE:
        return decode_store(d, v, op);
    case TRACE_ROOT:
        return decode_root(d, v, op);
    case TRACE_TOUCH:
        return take_object(d, FRAME_HOLDERS, &op->id) &&
               frame_take32(d, FRAME_WORDS, &op->word);
    case TRACE_DEATH:
        if (!take_last_use(d, FRAME_DEATHS, m->last_death, &op->id))
            return false;
        m->last_death = op->id;
        return true;
    case TRACE_HELD:
        return decode_held(d, v, op);
    case TRACE_FINALISE:
        return frame_take_swept(d, op);
    case TRACE_EXPECT:
        return frame_take_fact(d, v, op);
    case TRACE_END:
        return false;
    default:
        return op->kind < TRACE_N_KINDS && decode_plain(d, v, op);
    }
}

bool frame_decoder_begin(struct frame_decoder *d, const uint8_t *bytes,
                         size_t n)
{
    struct frame_cursor c = {bytes, bytes + n};
    uint64_t n_records, base, n_columns;
    uint64_t lengths[FRAME_N_COLUMNS];
    if (!frame_take_long(&c, &n_records) || !frame_take_long(&c, &base) ||
        !frame_take_long(&c, &n_columns) || n_records > FRAME_RECORDS_MAX ||
        base > TRACE_ID_MAX || n_columns != FRAME_N_COLUMNS)
        return false;
    for (int i = 0; i < FRAME_N_COLUMNS; i++) {
        if (!frame_take_long(&c, &lengths[i]))
            return false;
    }
    for (int i = 0; i < FRAME_N_COLUMNS; i++) {
        if (lengths[i] > (size_t)(c.end - c.at))
            return false;
        d->columns[i] = (struct frame_cursor){c.at, c.at + lengths[i]};
        c.at += lengths[i];
    }
    if (c.at != c.end)
        return false;
    d->n_records = (uint32_t)n_records;
    d->has_fused = false;
    d->is_full = false;
    frame_model_reset(&d->model, base);
    return true;
}

int frame_decode(struct frame_decoder *d, struct trace_op *op)
{
    if (d->n_records == 0) {
        for (int i = 0; i < FRAME_N_COLUMNS; i++) {
            if (d->columns[i].at != d->columns[i].end)
                return -1;
        }
        return d->has_fused ? -1 : 0;
    }
    d->n_records--;
    memset(op, 0, offsetof(struct trace_op, fact));
    if (d->has_fused) {
        d->has_fused = false;
        return frame_take_block(d, op) ? 1 : -1;
    }
    struct frame_cursor *kinds = &d->columns[FRAME_KINDS];
    if (kinds->at == kinds->end)
        return -1;
    uint8_t byte = *kinds->at++;
    op->kind = byte & 0x1f;
    return decode_kind(d, byte >> 5, op) ? 1 : -1;
}

void frame_decoder_free(struct frame_decoder *d)
{
    frame_model_free(&d->model);
    free(d->ids);
    free(d->areas);
}
