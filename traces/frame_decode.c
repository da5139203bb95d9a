/* frame_decode.c - the columns of a frame become records (frame.h). */
#include "traces/frame.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "traces/kinds.h"

/*
 * Every take returns false, and the frame is wrong, when its column is used
 * up or a number does not fit. Nothing here trusts the bytes.
 */

static bool take_long(struct frame_cursor *c, uint64_t *value)
{
    uint64_t v = 0;
    for (unsigned shift = 0; c->at < c->end && shift < 64; shift += 7) {
        uint64_t byte = *c->at++;
        if (shift == 63 && byte > 1)
            return false;
        v |= (byte & 0x7f) << shift;
        if (byte < 0x80) {
            *value = v;
            return true;
        }
    }
    return false;
}

static inline bool take(struct frame_decoder *d, enum frame_column column,
                        uint64_t *value)
{
    struct frame_cursor *c = &d->columns[column];
    if (c->at < c->end && *c->at < 0x80) { /* nearly always one byte      */
        *value = *c->at++;
        return true;
    }
    return take_long(c, value);
}

static bool take32(struct frame_decoder *d, enum frame_column column,
                   uint32_t *value)
{
    uint64_t wide;
    if (!take(d, column, &wide) || wide > UINT32_MAX)
        return false;
    *value = (uint32_t)wide;
    return true;
}

static bool take_delta(struct frame_decoder *d, enum frame_column column,
                       uint64_t predicted, uint64_t *value)
{
    uint64_t code;
    if (!take(d, column, &code))
        return false;
    *value = predicted + (uint64_t)bytes_unzigzag(code);
    return true;
}

static bool take_object(struct frame_decoder *d, enum frame_column column,
                        uint64_t *id)
{
    struct frame_model *m = &d->model;
    uint64_t code;
    if (!take(d, column, &code))
        return false;
    if (code < FRAME_RECENT) {
        if (code >= m->n_recent)
            return false;
        *id = m->recent[code];
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
    if (!take(d, column, &code))
        return false;
    if (code < FRAME_RECENT) {
        if (code >= m->n_recent)
            return false;
        *id = m->recent[code];
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
    if (!take(d, FRAME_FLAGS, &power) || power > 31 + less)
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
    if ((v & 1) != 0 && !take_delta(d, FRAME_IDS, op->id, &op->id))
        return false;
    if ((v & 2) != 0 && (!take(d, FRAME_FLAGS, &attributes) ||
                         attributes == 0 || attributes > 0x7f))
        return false;
    op->flags = attributes & 0x1f;
    if ((attributes & 1u << 5) != 0 && !take_align(d, 0, &op->align))
        return false;
    if ((attributes & 1u << 6) != 0 && !take32(d, FRAME_SITES, &op->site))
        return false;
    if (!take(d, FRAME_SIZES, &op->bytes))
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
    if (!take_delta(d, FRAME_RESIZES, k != NULL ? k->bytes : 0, &op->bytes))
        return false;
    if ((v & 2) != 0 && !take32(d, FRAME_SITES, &op->site))
        return false;
    frame_learn_size(&d->model, op->id, op->bytes);
    d->has_fused = (v & 4) != 0;
    return true;
}

static bool decode_intern(struct frame_decoder *d, struct trace_op *op)
{
    if (!take_delta(d, FRAME_IDS, d->model.newest + 1, &op->id) ||
        !take(d, FRAME_SIZES, &op->bytes))
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
    if (!take(d, FRAME_SIZES, &op->bytes) || !take(d, FRAME_FLAGS, &flags) ||
        flags > TRACE_FLAGS_ALL)
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
           take32(d, FRAME_WORDS, &op->word) &&
           ((v & 1) != 0 || take_object(d, FRAME_TARGETS, &op->target));
}

static bool decode_root(struct frame_decoder *d, unsigned v,
                        struct trace_op *op)
{
    op->target = TRACE_NONE;
    return take32(d, FRAME_SLOTS, &op->word) &&
           ((v & 1) != 0 || take_object(d, FRAME_ROOTS, &op->target));
}

/* The length of a list, and room for it: each id has a byte at least. */
static bool take_length(struct frame_decoder *d, enum frame_column column,
                        uint32_t *n)
{
    const struct frame_cursor *c = &d->columns[column];
    if (!take32(d, FRAME_LENGTHS, n) || *n > (size_t)(c->end - c->at))
        return false;
    if (*n <= d->cap_ids)
        return true;
    uint64_t *ids = realloc(d->ids, 2 * (size_t)*n * sizeof *ids);
    if (ids == NULL) {
        d->is_full = true;
        return false;
    }
    d->ids = ids;
    d->cap_ids = 2 * (size_t)*n;
    return true;
}

static bool take_swept(struct frame_decoder *d, struct trace_op *op)
{
    uint64_t before = d->model.newest;
    if (!take_length(d, FRAME_SWEPT, &op->n_ids))
        return false;
    for (uint32_t i = 0; i < op->n_ids; i++) {
        if (!take_delta(d, FRAME_SWEPT, before, &before))
            return false;
        d->ids[i] = before;
    }
    op->ids = d->ids;
    return true;
}

static bool decode_held(struct frame_decoder *d, unsigned v,
                        struct trace_op *op)
{
    uint64_t before = d->model.newest;
    size_t place = 0;
    if (v >= TRACE_N_HELD || !take_length(d, FRAME_HELD, &op->n_ids))
        return false;
    const struct frame_list *last = &d->model.held[v];
    for (uint32_t i = 0; i < op->n_ids; i++) {
        uint64_t code;
        if (!take(d, FRAME_HELD, &code))
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

static bool take_text(struct frame_decoder *d, struct trace_op *op)
{
    struct frame_cursor *c = &d->columns[FRAME_TEXTS];
    const uint8_t *nul = NULL;
    if (c->at < c->end)
        nul = memchr(c->at, 0, (size_t)(c->end - c->at));
    if (nul == NULL)
        return false;
    op->text = (const char *)c->at;
    c->at = nul + 1;
    return true;
}

static bool take_digest(struct frame_decoder *d, uint64_t *digest)
{
    struct frame_cursor *c = &d->columns[FRAME_DIGESTS];
    if (c->end - c->at < 8)
        return false;
    *digest = 0;
    for (int i = 0; i < 8; i++)
        *digest |= (uint64_t)*c->at++ << (8 * i);
    return true;
}

static bool decode_block(struct frame_decoder *d, struct trace_op *op)
{
    struct frame_model *m = &d->model;
    uint64_t area, code;
    op->kind = TRACE_EXPECT;
    op->what = TRACE_EXPECT_BLOCK;
    if (!take_delta(d, FRAME_AREAS, m->block_area, &area) ||
        area > UINT32_MAX || !take(d, FRAME_BLOCKS, &code))
        return false;

    uint64_t block = m->block_end + (uint64_t)bytes_unzigzag(code - 1);
    if (code == 0) {
        const struct frame_known *k = frame_recall(m, m->subject);
        if (k == NULL || !k->has_block || k->area != area)
            return false;
        block = k->block;
    }
    if (block > UINT32_MAX)
        return false;
    op->fact.block.area = (uint32_t)area;
    op->fact.block.block = (uint32_t)block;
    frame_learn_block(m, op->fact.block.area, op->fact.block.block);
    return true;
}

/* Room for `n` areas, each of which has 8 bytes of digest at least. */
static bool reserve_areas(struct frame_decoder *d, uint32_t n)
{
    const struct frame_cursor *c = &d->columns[FRAME_DIGESTS];
    if (n > (size_t)(c->end - c->at) / 8)
        return false;
    if (n <= d->cap_areas)
        return true;
    struct trace_area_state *areas =
        realloc(d->areas, 2 * (size_t)n * sizeof *areas);
    if (areas == NULL) {
        d->is_full = true;
        return false;
    }
    d->areas = areas;
    d->cap_areas = 2 * (size_t)n;
    return true;
}

static bool take_areas(struct frame_decoder *d, struct trace_state *s)
{
    if (!take32(d, FRAME_FACTS, &s->n_areas) || !take_digest(d, &s->digest) ||
        !reserve_areas(d, s->n_areas))
        return false;
    for (uint32_t i = 0; i < s->n_areas; i++) {
        struct trace_area_state *a = &d->areas[i];
        if (!take32(d, FRAME_FACTS, &a->number) ||
            !take32(d, FRAME_FACTS, &a->hint) ||
            !take32(d, FRAME_FACTS, &a->last_used) ||
            !take_digest(d, &a->digest))
            return false;
    }
    s->areas = d->areas;
    return true;
}

static bool decode_state(struct frame_decoder *d, struct trace_op *op)
{
    struct trace_state *s = &op->fact.state;
    uint64_t is_after, avail;
    if (!take(d, FRAME_FACTS, &is_after) || is_after > 1 ||
        !take(d, FRAME_FACTS, &s->used_bytes) ||
        !take(d, FRAME_FACTS, &s->free_bytes) ||
        !take32(d, FRAME_FACTS, &s->max_free_blocks) ||
        !take32(d, FRAME_FACTS, &s->n_one_block) ||
        !take32(d, FRAME_FACTS, &s->n_two_block) ||
        !take32(d, FRAME_FACTS, &s->max_block) ||
        !take32(d, FRAME_FACTS, &s->last_free_area) ||
        !take(d, FRAME_FACTS, &avail))
        return false;
    s->after_collection = is_after != 0;
    s->outer_avail = (int64_t)(avail - 1);
    return take_areas(d, s) && take_text(d, op);
}

static bool decode_area(struct frame_decoder *d, struct trace_area *a)
{
    return take32(d, FRAME_FACTS, &a->number) &&
           take32(d, FRAME_FACTS, &a->index) &&
           take32(d, FRAME_FACTS, &a->bytes) &&
           take32(d, FRAME_FACTS, &a->table_bytes) &&
           take32(d, FRAME_FACTS, &a->n_blocks) &&
           take32(d, FRAME_FACTS, &a->pool_offset) &&
           take32(d, FRAME_FACTS, &a->reason);
}

static bool decode_collection(struct frame_decoder *d, struct trace_op *op)
{
    uint64_t rescans;
    if (!take32(d, FRAME_FACTS, &op->fact.collection.cause) ||
        !take(d, FRAME_FACTS, &rescans) || rescans > UINT64_C(1) + INT32_MAX)
        return false;
    op->fact.collection.rescans = (int32_t)((int64_t)rescans - 1);
    return take_swept(d, op);
}

static bool decode_given_back(struct frame_decoder *d, struct trace_op *op)
{
    uint64_t lost;
    if (!take32(d, FRAME_FACTS, &op->fact.given_back.area) ||
        !take32(d, FRAME_FACTS, &op->fact.given_back.index) ||
        !take(d, FRAME_FACTS, &lost))
        return false;
    op->fact.given_back.lost = lost - 1;
    return true;
}

static bool decode_fact(struct frame_decoder *d, unsigned v,
                        struct trace_op *op)
{
    op->what = (uint8_t)v;
    switch (v) {
    case TRACE_EXPECT_BLOCK:
        return decode_block(d, op);
    case TRACE_EXPECT_COLLECTION:
        return decode_collection(d, op);
    case TRACE_EXPECT_STATE:
        return decode_state(d, op);
    case TRACE_EXPECT_GRAPH:
        return take32(d, FRAME_FACTS, &op->fact.graph.live) &&
               take32(d, FRAME_FACTS, &op->fact.graph.edges) &&
               take32(d, FRAME_FACTS, &op->fact.graph.interior) &&
               take32(d, FRAME_FACTS, &op->fact.graph.dangling);
    case TRACE_EXPECT_AVAIL:
        return take(d, FRAME_FACTS, &op->fact.avail);
    case TRACE_EXPECT_AREA:
        return decode_area(d, &op->fact.area);
    case TRACE_EXPECT_GIVEN_BACK:
        return decode_given_back(d, op);
    default:
        return false;
    }
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
        if (!take_delta(d, FRAME_TIMES, d->model.last_time, &op->value))
            return false;
        d->model.last_time = op->value;
        return true;
    }
    if ((fields & FIELD_VALUE) != 0 && !take(d, FRAME_VALUES, &op->value))
        return false;
    if ((fields & FIELD_ID) != 0 && !take_object(d, FRAME_OBJECTS, &op->id))
        return false;
    return (fields & FIELD_TEXT) == 0 || take_text(d, op);
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
               take32(d, FRAME_WORDS, &op->word);
    case TRACE_DEATH:
        if (!take_last_use(d, FRAME_DEATHS, m->last_death, &op->id))
            return false;
        m->last_death = op->id;
        return true;
    case TRACE_HELD:
        return decode_held(d, v, op);
    case TRACE_FINALISE:
        return take_swept(d, op);
    case TRACE_EXPECT:
        return decode_fact(d, v, op);
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
    if (!take_long(&c, &n_records) || !take_long(&c, &base) ||
        !take_long(&c, &n_columns) || n_records > FRAME_RECORDS_MAX ||
        base > TRACE_ID_MAX || n_columns != FRAME_N_COLUMNS)
        return false;
    for (int i = 0; i < FRAME_N_COLUMNS; i++) {
        if (!take_long(&c, &lengths[i]))
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
        return decode_block(d, op) ? 1 : -1;
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
