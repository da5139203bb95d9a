/* frame_encode.c - records become the columns of a frame (frame.h). */
#include "traces/frame.h"

#include "traces/kinds.h"

static void put(struct frame_encoder *e, enum frame_column column,
                uint64_t value)
{
    bytes_put_varint(&e->columns[column], value);
}

/* How far `value` is from `predicted`. */
static void put_delta(struct frame_encoder *e, enum frame_column column,
                      uint64_t value, uint64_t predicted)
{
    put(e, column, bytes_zigzag((int64_t)(value - predicted)));
}

static void put_kind(struct frame_encoder *e, uint8_t kind, unsigned v)
{
    bytes_put8(&e->columns[FRAME_KINDS], (uint8_t)(kind | v << 5));
}

/* Its place among the objects named last; FRAME_RECENT if it is not there. */
static uint32_t find_recent(struct frame_model *m, uint64_t id)
{
    const uint64_t *recent = frame_recent(m);
    uint32_t i = 0;
    while (i < m->n_recent && recent[i] != id)
        i++;
    return i < m->n_recent ? i : FRAME_RECENT;
}

static void put_object(struct frame_encoder *e, enum frame_column column,
                       uint64_t id)
{
    struct frame_model *m = &e->model;
    uint32_t i = find_recent(m, id);
    if (i < FRAME_RECENT) {
        put(e, column, i);
        frame_recent_use(m, i);
        return;
    }
    put(e, column, FRAME_RECENT + bytes_zigzag((int64_t)(m->newest - id)));
    frame_recent_add(m, id);
}

/* An object that will not be named again; a miss is told from `near`. */
static void put_last_use(struct frame_encoder *e, enum frame_column column,
                         uint64_t id, uint64_t near)
{
    struct frame_model *m = &e->model;
    uint32_t i = find_recent(m, id);
    if (i < FRAME_RECENT) {
        put(e, column, i);
        frame_recent_drop(m, i);
        return;
    }
    put(e, column, FRAME_RECENT + bytes_zigzag((int64_t)(near - id)));
}

static void put_new_id(struct frame_encoder *e, uint64_t id, uint64_t bytes)
{
    e->model.newest = id;
    frame_recent_add(&e->model, id);
    frame_learn_size(&e->model, id, bytes);
}

static unsigned log2_of(uint32_t power)
{
    unsigned n = 0;
    while (power >> n > 1)
        n++;
    return n;
}

static void encode_alloc(struct frame_encoder *e, const struct trace_op *op)
{
    bool is_next = op->id == e->model.newest + 1;
    unsigned attributes = op->flags;
    if (op->align != 0)
        attributes |= 1u << 5;
    if (op->site != 0)
        attributes |= 1u << 6;

    put_kind(e, TRACE_ALLOC, (is_next ? 0 : 1) | (attributes != 0 ? 2 : 0));
    if (!is_next)
        put_delta(e, FRAME_IDS, op->id, e->model.newest + 1);
    if (attributes != 0)
        put(e, FRAME_FLAGS, attributes);
    if (op->align != 0)
        put(e, FRAME_FLAGS, log2_of(op->align));
    if (op->site != 0)
        put(e, FRAME_SITES, op->site);
    put(e, FRAME_SIZES, op->bytes);
    put_new_id(e, op->id, op->bytes);
}

static void encode_realloc(struct frame_encoder *e, const struct trace_op *op)
{
    bool may_move = (op->flags & TRACE_MAY_MOVE) != 0;
    const struct frame_known *k = frame_recall(&e->model, op->id);

    put_kind(e, TRACE_REALLOC, (may_move ? 1 : 0) | (op->site != 0 ? 2 : 0));
    put_object(e, FRAME_OBJECTS, op->id);
    put_delta(e, FRAME_RESIZES, op->bytes, k != NULL ? k->bytes : 0);
    if (op->site != 0)
        put(e, FRAME_SITES, op->site);
    frame_learn_size(&e->model, op->id, op->bytes);
}

static void encode_refused(struct frame_encoder *e, const struct trace_op *op)
{
    bool is_realloc = op->what == TRACE_REALLOC;
    put_kind(e, TRACE_REFUSED,
             (is_realloc ? 1u : 0) | (unsigned)op->cause << 1);
    put(e, FRAME_SIZES, op->bytes);
    put(e, FRAME_FLAGS, op->flags);
    if (is_realloc)
        put_object(e, FRAME_OBJECTS, op->id);
    else
        put(e, FRAME_FLAGS, op->align == 0 ? 0 : log2_of(op->align) + 1);
}

static void encode_reference(struct frame_encoder *e, const struct trace_op *op)
{
    bool is_store = op->kind == TRACE_STORE;
    put_kind(e, op->kind, op->target == TRACE_NONE);
    if (is_store)
        put_object(e, FRAME_HOLDERS, op->id);
    put(e, is_store ? FRAME_WORDS : FRAME_SLOTS, op->word);
    if (op->target != TRACE_NONE)
        put_object(e, is_store ? FRAME_TARGETS : FRAME_ROOTS, op->target);
}

static void put_swept(struct frame_encoder *e, const struct trace_op *op)
{
    uint64_t before = e->model.newest;
    put(e, FRAME_LENGTHS, op->n_ids);
    for (uint32_t i = 0; i < op->n_ids; i++) {
        put_delta(e, FRAME_SWEPT, op->ids[i], before);
        before = op->ids[i];
    }
}

static void put_held(struct frame_encoder *e, const struct trace_op *op)
{
    const struct frame_list *last = &e->model.held[op->what];
    uint64_t before = e->model.newest;
    size_t place = 0;
    put(e, FRAME_LENGTHS, op->n_ids);
    for (uint32_t i = 0; i < op->n_ids; i++) {
        uint64_t id = op->ids[i];
        size_t skip = 0;
        while (skip < FRAME_HELD_SKIP && place + skip < last->n &&
               last->ids[place + skip] != id)
            skip++;
        if (skip < FRAME_HELD_SKIP && place + skip < last->n) {
            put(e, FRAME_HELD, skip);
            place += skip + 1;
        } else {
            put(e, FRAME_HELD,
                FRAME_HELD_SKIP + bytes_zigzag((int64_t)(before - id)));
        }
        before = id;
    }
    if (!frame_learn_held(&e->model, op->what, op->ids, op->n_ids))
        e->columns[FRAME_HELD].failed = true;
}

static void put_text(struct frame_encoder *e, const char *text)
{
    struct bytes *to = &e->columns[FRAME_TEXTS];
    if (text != NULL)
        bytes_put_text(to, text);
    bytes_put8(to, 0);
}

static void encode_block(struct frame_encoder *e, const struct trace_op *op)
{
    struct frame_model *m = &e->model;
    uint32_t area = op->fact.block.area;
    uint32_t block = op->fact.block.block;
    if (e->can_fuse)
        e->columns[FRAME_KINDS].data[e->columns[FRAME_KINDS].n - 1] |= 1 << 7;
    else
        put_kind(e, TRACE_EXPECT, TRACE_EXPECT_BLOCK);

    const struct frame_known *k = frame_recall(m, m->subject);
    put_delta(e, FRAME_AREAS, area, m->block_area);
    if (k != NULL && k->has_block && k->area == area && k->block == block)
        put(e, FRAME_BLOCKS, 0);
    else
        put(e, FRAME_BLOCKS,
            1 + bytes_zigzag((int64_t)block - (int64_t)m->block_end));
    frame_learn_block(m, area, block);
}

static void encode_state(struct frame_encoder *e, const struct trace_op *op)
{
    const struct trace_state *s = &op->fact.state;
    put(e, FRAME_FACTS, s->after_collection);
    put(e, FRAME_FACTS, s->used_bytes);
    put(e, FRAME_FACTS, s->free_bytes);
    put(e, FRAME_FACTS, s->max_free_blocks);
    put(e, FRAME_FACTS, s->n_one_block);
    put(e, FRAME_FACTS, s->n_two_block);
    put(e, FRAME_FACTS, s->max_block);
    put(e, FRAME_FACTS, s->last_free_area);
    put(e, FRAME_FACTS, (uint64_t)s->outer_avail + 1);
    put(e, FRAME_FACTS, s->n_areas);
    bytes_put64(&e->columns[FRAME_DIGESTS], s->digest);
    for (uint32_t i = 0; i < s->n_areas; i++) {
        put(e, FRAME_FACTS, s->areas[i].number);
        put(e, FRAME_FACTS, s->areas[i].hint);
        put(e, FRAME_FACTS, s->areas[i].last_used);
        bytes_put64(&e->columns[FRAME_DIGESTS], s->areas[i].digest);
    }
    put_text(e, op->text);
}

static void encode_area(struct frame_encoder *e, const struct trace_area *a)
{
    put(e, FRAME_FACTS, a->number);
    put(e, FRAME_FACTS, a->index);
    put(e, FRAME_FACTS, a->bytes);
    put(e, FRAME_FACTS, a->table_bytes);
    put(e, FRAME_FACTS, a->n_blocks);
    put(e, FRAME_FACTS, a->pool_offset);
    put(e, FRAME_FACTS, a->reason);
}

static void encode_fact(struct frame_encoder *e, const struct trace_op *op)
{
    if (op->what == TRACE_EXPECT_BLOCK) {
        encode_block(e, op);
        return;
    }
    put_kind(e, TRACE_EXPECT, op->what);
    switch (op->what) {
    case TRACE_EXPECT_COLLECTION:
        put(e, FRAME_FACTS, op->fact.collection.cause);
        put(e, FRAME_FACTS,
            (uint64_t)(op->fact.collection.rescans + INT64_C(1)));
        put_swept(e, op);
        break;
    case TRACE_EXPECT_STATE:
        encode_state(e, op);
        break;
    case TRACE_EXPECT_GRAPH:
        put(e, FRAME_FACTS, op->fact.graph.live);
        put(e, FRAME_FACTS, op->fact.graph.edges);
        put(e, FRAME_FACTS, op->fact.graph.interior);
        put(e, FRAME_FACTS, op->fact.graph.dangling);
        break;
    case TRACE_EXPECT_AVAIL:
        put(e, FRAME_FACTS, op->fact.avail);
        break;
    case TRACE_EXPECT_AREA:
        encode_area(e, &op->fact.area);
        break;
    default:
        put(e, FRAME_FACTS, op->fact.given_back.area);
        put(e, FRAME_FACTS, op->fact.given_back.index);
        put(e, FRAME_FACTS, op->fact.given_back.lost + 1);
        break;
    }
}

/* The kinds that are told by `what`, a value and a text at most. */
static void encode_plain(struct frame_encoder *e, const struct trace_op *op)
{
    uint32_t fields = trace_fields(op);
    put_kind(e, op->kind, (fields & FIELD_WHAT) != 0 ? op->what : 0);
    if (op->kind == TRACE_TIME) {
        put_delta(e, FRAME_TIMES, op->value, e->model.last_time);
        e->model.last_time = op->value;
    } else if ((fields & FIELD_VALUE) != 0) {
        put(e, FRAME_VALUES, op->value);
    }
    if ((fields & FIELD_ID) != 0)
        put_object(e, FRAME_OBJECTS, op->id);
    if ((fields & FIELD_TEXT) != 0)
        put_text(e, op->text);
}

static void encode_kind(struct frame_encoder *e, const struct trace_op *op)
{
    switch (op->kind) {
    case TRACE_ALLOC:
        encode_alloc(e, op);
        break;
    case TRACE_FREE:
        put_kind(e, op->kind, 0);
        put_last_use(e, FRAME_OBJECTS, op->id, e->model.newest);
        break;
    case TRACE_REALLOC:
        encode_realloc(e, op);
        break;
    case TRACE_INTERN:
        put_kind(e, op->kind, 0);
        put_delta(e, FRAME_IDS, op->id, e->model.newest + 1);
        put(e, FRAME_SIZES, op->bytes);
        put_new_id(e, op->id, op->bytes);
        break;
    case TRACE_REFUSED:
        encode_refused(e, op);
        break;
    case TRACE_STORE:
    case TRACE_ROOT:
        encode_reference(e, op);
        break;
    case TRACE_TOUCH:
        put_kind(e, op->kind, 0);
        put_object(e, FRAME_HOLDERS, op->id);
        put(e, FRAME_WORDS, op->word);
        break;
    case TRACE_DEATH:
        put_kind(e, op->kind, 0);
        put_last_use(e, FRAME_DEATHS, op->id, e->model.last_death);
        e->model.last_death = op->id;
        break;
    case TRACE_HELD:
        put_kind(e, op->kind, op->what);
        put_held(e, op);
        break;
    case TRACE_FINALISE:
        put_kind(e, op->kind, 0);
        put_swept(e, op);
        break;
    case TRACE_EXPECT:
        encode_fact(e, op);
        break;
    default:
        encode_plain(e, op);
        break;
    }
}

void frame_encode(struct frame_encoder *e, const struct trace_op *op)
{
    encode_kind(e, op);
    e->can_fuse = (op->kind == TRACE_ALLOC || op->kind == TRACE_REALLOC) &&
                  !e->columns[FRAME_KINDS].failed;
    e->n_records++;
}

size_t frame_encoder_bytes(const struct frame_encoder *e)
{
    size_t n = 0;
    for (int i = 0; i < FRAME_N_COLUMNS; i++)
        n += e->columns[i].n;
    return n;
}

bool frame_encoder_failed(const struct frame_encoder *e)
{
    for (int i = 0; i < FRAME_N_COLUMNS; i++) {
        if (e->columns[i].failed)
            return true;
    }
    return false;
}

void frame_encoder_begin(struct frame_encoder *e)
{
    frame_model_reset(&e->model, 0);
}

void frame_encoder_finish(struct frame_encoder *e, struct bytes *to)
{
    bytes_put_varint(to, e->n_records);
    bytes_put_varint(to, e->base);
    bytes_put_varint(to, FRAME_N_COLUMNS);
    for (int i = 0; i < FRAME_N_COLUMNS; i++)
        bytes_put_varint(to, e->columns[i].n);
    for (int i = 0; i < FRAME_N_COLUMNS; i++) {
        bytes_put(to, e->columns[i].data, e->columns[i].n);
        e->columns[i].n = 0;
    }
    e->n_records = 0;
    e->can_fuse = false;
    e->base = e->model.newest;
    frame_model_reset(&e->model, e->base);
}

void frame_encoder_free(struct frame_encoder *e)
{
    frame_model_free(&e->model);
    for (int i = 0; i < FRAME_N_COLUMNS; i++)
        bytes_free(&e->columns[i]);
}
