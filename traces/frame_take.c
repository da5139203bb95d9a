/* frame_take.c - see frame_take.h for the contract. */
#include "traces/frame_take.h"

#include <stdlib.h>
#include <string.h>

bool frame_take_long(struct frame_cursor *c, uint64_t *value)
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

/* The length of a list, and room for it: each id has a byte at least. */
bool frame_take_length(struct frame_decoder *d, enum frame_column column,
                       uint32_t *n)
{
    const struct frame_cursor *c = &d->columns[column];
    if (!frame_take32(d, FRAME_LENGTHS, n) || *n > (size_t)(c->end - c->at))
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

bool frame_take_swept(struct frame_decoder *d, struct trace_op *op)
{
    uint64_t before = d->model.newest;
    if (!frame_take_length(d, FRAME_SWEPT, &op->n_ids))
        return false;
    for (uint32_t i = 0; i < op->n_ids; i++) {
        if (!frame_take_delta(d, FRAME_SWEPT, before, &before))
            return false;
        d->ids[i] = before;
    }
    op->ids = d->ids;
    return true;
}

bool frame_take_text(struct frame_decoder *d, struct trace_op *op)
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

bool frame_take_block(struct frame_decoder *d, struct trace_op *op)
{
    struct frame_model *m = &d->model;
    uint64_t area, code;
    op->kind = TRACE_EXPECT;
    op->what = TRACE_EXPECT_BLOCK;
    if (!frame_take_delta(d, FRAME_AREAS, m->block_area, &area) ||
        area > UINT32_MAX || !frame_take(d, FRAME_BLOCKS, &code))
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
    if (!frame_take32(d, FRAME_FACTS, &s->n_areas) ||
        !take_digest(d, &s->digest) || !reserve_areas(d, s->n_areas))
        return false;
    for (uint32_t i = 0; i < s->n_areas; i++) {
        struct trace_area_state *a = &d->areas[i];
        if (!frame_take32(d, FRAME_FACTS, &a->number) ||
            !frame_take32(d, FRAME_FACTS, &a->hint) ||
            !frame_take32(d, FRAME_FACTS, &a->last_used) ||
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
    if (!frame_take(d, FRAME_FACTS, &is_after) || is_after > 1 ||
        !frame_take(d, FRAME_FACTS, &s->used_bytes) ||
        !frame_take(d, FRAME_FACTS, &s->free_bytes) ||
        !frame_take32(d, FRAME_FACTS, &s->max_free_blocks) ||
        !frame_take32(d, FRAME_FACTS, &s->n_one_block) ||
        !frame_take32(d, FRAME_FACTS, &s->n_two_block) ||
        !frame_take32(d, FRAME_FACTS, &s->max_block) ||
        !frame_take32(d, FRAME_FACTS, &s->last_free_area) ||
        !frame_take(d, FRAME_FACTS, &avail))
        return false;
    s->after_collection = is_after != 0;
    s->outer_avail = (int64_t)(avail - 1);
    return take_areas(d, s) && frame_take_text(d, op);
}

static bool decode_area(struct frame_decoder *d, struct trace_area *a)
{
    return frame_take32(d, FRAME_FACTS, &a->number) &&
           frame_take32(d, FRAME_FACTS, &a->index) &&
           frame_take32(d, FRAME_FACTS, &a->bytes) &&
           frame_take32(d, FRAME_FACTS, &a->table_bytes) &&
           frame_take32(d, FRAME_FACTS, &a->n_blocks) &&
           frame_take32(d, FRAME_FACTS, &a->pool_offset) &&
           frame_take32(d, FRAME_FACTS, &a->reason);
}

static bool decode_collection(struct frame_decoder *d, struct trace_op *op)
{
    uint64_t rescans;
    if (!frame_take32(d, FRAME_FACTS, &op->fact.collection.cause) ||
        !frame_take(d, FRAME_FACTS, &rescans) ||
        rescans > UINT64_C(1) + INT32_MAX)
        return false;
    op->fact.collection.rescans = (int32_t)((int64_t)rescans - 1);
    return frame_take_swept(d, op);
}

static bool decode_given_back(struct frame_decoder *d, struct trace_op *op)
{
    uint64_t lost;
    if (!frame_take32(d, FRAME_FACTS, &op->fact.given_back.area) ||
        !frame_take32(d, FRAME_FACTS, &op->fact.given_back.index) ||
        !frame_take(d, FRAME_FACTS, &lost))
        return false;
    op->fact.given_back.lost = lost - 1;
    return true;
}

bool frame_take_fact(struct frame_decoder *d, unsigned v, struct trace_op *op)
{
    op->what = (uint8_t)v;
    switch (v) {
    case TRACE_EXPECT_BLOCK:
        return frame_take_block(d, op);
    case TRACE_EXPECT_COLLECTION:
        return decode_collection(d, op);
    case TRACE_EXPECT_STATE:
        return decode_state(d, op);
    case TRACE_EXPECT_GRAPH:
        return frame_take32(d, FRAME_FACTS, &op->fact.graph.live) &&
               frame_take32(d, FRAME_FACTS, &op->fact.graph.edges) &&
               frame_take32(d, FRAME_FACTS, &op->fact.graph.interior) &&
               frame_take32(d, FRAME_FACTS, &op->fact.graph.dangling);
    case TRACE_EXPECT_AVAIL:
        return frame_take(d, FRAME_FACTS, &op->fact.avail);
    case TRACE_EXPECT_AREA:
        return decode_area(d, &op->fact.area);
    case TRACE_EXPECT_GIVEN_BACK:
        return decode_given_back(d, op);
    default:
        return false;
    }
}
