/* gcrec_lines.c - the lines of a gcrec recording that stand for themselves. */
#include <stdlib.h>
#include <string.h>

#include "traces/import/fields.h"
#include "traces/import/gcrec_state.h"

#define LOST_SKIPPED "lines about objects lost with their area"

/* Where events go: behind the group that is open, or straight out. */
static struct gcrec_ops *events_of(struct gcrec *g)
{
    bool is_behind = (g->phase & (GCREC_INSIDE | GCREC_ANSWERING)) != 0;
    return is_behind ? &g->group.after : &g->queue;
}

static bool take_id(const char **at, uint64_t *id)
{
    return fields_u64(at, TRACE_ID_MAX, id) && *id > 0;
}

/* BLOCK, or AREA:BLOCK in version 2. */
static bool take_block(const struct gcrec *g, const char **at, uint32_t *area,
                       uint32_t *block)
{
    *area = 0;
    if (!fields_u32(at, UINT32_MAX, block))
        return false;
    if (g->version == 1)
        return true;
    *area = *block;
    uint64_t number = 0;
    if (*(*at)++ != ':' || !fields_digits(at, UINT32_MAX, &number))
        return false;
    *block = (uint32_t)number;
    return true;
}

static int no_object(struct gcrec *g, uint64_t id)
{
    return gcrec_fail(g, "object %llu does not exist", (unsigned long long)id);
}

/* Does an answer of `bytes` at `block` lie in its area? 0 or ERR_INPUT. */
static int check_block(struct gcrec *g, uint64_t bytes, uint32_t area,
                       uint32_t block)
{
    const struct trace_area *a = gcrec_find_area(g, area);
    if (a == NULL)
        return gcrec_fail(g, "there is no area %u", area);
    if (block + gcrec_blocks(g, bytes) > a->n_blocks)
        return gcrec_fail(g,
                          "%llu bytes at block %u reach beyond the %u "
                          "blocks of area %u",
                          (unsigned long long)bytes, block, a->n_blocks, area);
    return 0;
}

/* End the operation just pushed with the fact of its block. */
static int answer_at_block(struct gcrec *g, uint32_t area, uint32_t block)
{
    struct trace_op *fact = gcrec_push(g, &g->queue, TRACE_EXPECT);
    fact->what = TRACE_EXPECT_BLOCK;
    fact->fact.block.area = area;
    fact->fact.block.block = block;
    return g->phase == GCREC_OUTSIDE ? 0 : gcrec_answer(g, 2);
}

int gcrec_line_alloc(struct gcrec *g, const char *at)
{
    uint64_t id, bytes;
    uint32_t flags, area, block;
    if (!take_id(&at, &id) || !fields_u64(&at, TRACE_ID_MAX, &bytes) ||
        !fields_u32(&at, UINT8_MAX, &flags) ||
        !take_block(g, &at, &area, &block) || !fields_end(at))
        return GCREC_MALFORMED;
    if (id != g->last_id + 1)
        return gcrec_fail(g, "object %llu is allocated after object %llu",
                          (unsigned long long)id,
                          (unsigned long long)g->last_id);
    int err = check_block(g, bytes, area, block);
    if (err < 0)
        return err;

    struct object *o = objects_add(&g->objects, id);
    if (o == NULL)
        return gcrec_no_memory(g);
    gcrec_set(o, bytes, GCREC_LIVE);
    g->last_id = id;
    struct trace_op *op = gcrec_push(g, &g->queue, TRACE_ALLOC);
    op->flags = (flags & 1) != 0 ? TRACE_FINALISER : 0;
    op->id = id;
    op->bytes = bytes;
    return answer_at_block(g, area, block);
}

int gcrec_line_free(struct gcrec *g, const char *at)
{
    uint64_t id;
    if (!take_id(&at, &id) || !fields_end(at))
        return GCREC_MALFORMED;
    struct object *o = objects_find(&g->objects, id);
    if (o == NULL)
        return no_object(g, id);
    if (gcrec_state_of(o) == GCREC_LOST) {
        workload_skip(&g->base, LOST_SKIPPED);
        return 0;
    }

    objects_remove(&g->objects, o);
    if (g->phase == GCREC_INSIDE) {
        if (g->group.finalised.n == 0)
            g->group.finalised_line = g->line.number;
        return gcrec_add_id(g, &g->group.finalised, id);
    }
    gcrec_push(g, &g->queue, TRACE_FREE)->id = id;
    return 0;
}

int gcrec_line_realloc(struct gcrec *g, const char *at)
{
    uint64_t id, bytes;
    uint32_t allow_move, area, block;
    if (!take_id(&at, &id) || !fields_u64(&at, TRACE_ID_MAX, &bytes) ||
        !fields_u32(&at, 1, &allow_move) ||
        !take_block(g, &at, &area, &block) || !fields_end(at))
        return GCREC_MALFORMED;
    struct object *o = objects_find(&g->objects, id);
    if (o == NULL)
        return no_object(g, id);
    if (gcrec_state_of(o) != GCREC_LIVE)
        return gcrec_fail(g, "realloc of object %llu, which is dead",
                          (unsigned long long)id);
    int err = check_block(g, bytes, area, block);
    if (err < 0)
        return err;

    gcrec_set(o, bytes, GCREC_LIVE);
    struct trace_op *op = gcrec_push(g, &g->queue, TRACE_REALLOC);
    op->flags = allow_move != 0 ? TRACE_MAY_MOVE : 0;
    op->id = id;
    op->bytes = bytes;
    return answer_at_block(g, area, block);
}

/* A refused request: with its lock around it, or as the answer it is. */
static int refuse(struct gcrec *g, const struct trace_op *op)
{
    if (op->cause != TRACE_CAUSE_LOCKED) {
        *gcrec_push(g, &g->queue, TRACE_REFUSED) = *op;
        return g->phase == GCREC_OUTSIDE ? 0 : gcrec_answer(g, 1);
    }
    if ((g->phase & (GCREC_ASKED | GCREC_ANSWERING)) != 0)
        return gcrec_fail(g, "a request refused because the heap was locked "
                             "cannot have asked for memory before");

    struct trace_op *lock = gcrec_push(g, &g->queue, TRACE_CONTROL);
    lock->what = TRACE_CONTROL_LOCK;
    lock->value = 1;
    *gcrec_push(g, &g->queue, TRACE_REFUSED) = *op;
    gcrec_push(g, &g->queue, TRACE_CONTROL)->what = TRACE_CONTROL_LOCK;
    return 0;
}

int gcrec_line_refused_alloc(struct gcrec *g, const char *at)
{
    uint64_t bytes;
    uint32_t flags, locked;
    if (!fields_u64(&at, TRACE_ID_MAX, &bytes) ||
        !fields_u32(&at, UINT8_MAX, &flags) || !fields_u32(&at, 1, &locked) ||
        !fields_end(at))
        return GCREC_MALFORMED;
    if (g->phase == GCREC_INSIDE && locked == 0)
        return gcrec_fail(g, "inside a collection the heap is locked, but "
                             "this request was tried");

    struct trace_op op = {
        .kind = TRACE_REFUSED,
        .flags = (flags & 1) != 0 ? TRACE_FINALISER : 0,
        .what = TRACE_ALLOC,
        .cause = locked != 0 ? TRACE_CAUSE_LOCKED : TRACE_CAUSE_MEMORY,
        .bytes = bytes,
        .place = g->line.number,
    };
    return refuse(g, &op);
}

/* What an m line does not say: see "Refusals of m" in gcrec.h. */
static uint8_t cause_of_refusal(const struct gcrec *g, uint64_t old_bytes,
                                uint64_t bytes, bool allow_move)
{
    if (g->phase == GCREC_INSIDE)
        return TRACE_CAUSE_LOCKED;
    if (g->phase != GCREC_OUTSIDE)
        return TRACE_CAUSE_MEMORY;
    if (gcrec_blocks(g, bytes) <= gcrec_blocks(g, old_bytes))
        return TRACE_CAUSE_LOCKED;
    if (allow_move && (g->is_auto || g->base.header.growth != 0))
        return TRACE_CAUSE_LOCKED;
    return TRACE_CAUSE_UNKNOWN;
}

int gcrec_line_refused_realloc(struct gcrec *g, const char *at)
{
    uint64_t id, bytes;
    uint32_t allow_move;
    if (!take_id(&at, &id) || !fields_u64(&at, TRACE_ID_MAX, &bytes) ||
        !fields_u32(&at, 1, &allow_move) || !fields_end(at))
        return GCREC_MALFORMED;
    struct object *o = objects_find(&g->objects, id);
    if (o == NULL || gcrec_state_of(o) == GCREC_LOST)
        return no_object(g, id);

    struct trace_op op = {
        .kind = TRACE_REFUSED,
        .flags = allow_move != 0 ? TRACE_MAY_MOVE : 0,
        .what = TRACE_REALLOC,
        .cause = cause_of_refusal(g, gcrec_bytes_of(o), bytes, allow_move != 0),
        .id = id,
        .bytes = bytes,
        .place = g->line.number,
    };
    return refuse(g, &op);
}

/*
 * What a reference names: TRACE_NONE for 0, for an object that is lost, and,
 * where new memory keeps what it held, for a dead one: a word that was
 * overwritten before any mark saw it.
 */
static int resolve(struct gcrec *g, uint64_t id, uint64_t *target)
{
    *target = TRACE_NONE;
    if (id == 0)
        return 0;
    const struct object *o = objects_find(&g->objects, id);
    if (o == NULL)
        return no_object(g, id);
    bool is_dead = gcrec_state_of(o) == GCREC_DEAD;
    bool is_stale = is_dead && g->base.header.zeroing == 0;
    if (is_dead && !is_stale && g->phase == GCREC_OUTSIDE)
        return gcrec_fail(g, "a reference to object %llu, which is dead",
                          (unsigned long long)id);
    if (gcrec_state_of(o) == GCREC_LOST)
        workload_skip(&g->base, LOST_SKIPPED);
    else if (is_stale)
        workload_skip(&g->base, "stale words that named dead objects");
    else
        *target = id;
    return 0;
}

int gcrec_line_store(struct gcrec *g, const char *at)
{
    uint64_t id;
    if (!take_id(&at, &id) || fields_end(at))
        return GCREC_MALFORMED;
    const struct object *o = objects_find(&g->objects, id);
    if (o == NULL)
        return no_object(g, id);
    if (gcrec_state_of(o) == GCREC_DEAD && g->phase == GCREC_OUTSIDE)
        return gcrec_fail(g, "a store in object %llu, which is dead",
                          (unsigned long long)id);
    uint64_t n_words = (gcrec_blocks(g, gcrec_bytes_of(o)) << g->block_shift) /
                       g->base.header.word_bytes;

    while (!fields_end(at)) {
        uint32_t word;
        uint64_t named, target;
        if (!fields_u32(&at, UINT32_MAX, &word) ||
            !fields_u64(&at, TRACE_ID_MAX, &named))
            return GCREC_MALFORMED;
        if (word >= n_words)
            return gcrec_fail(g, "word %u is beyond the %llu of object %llu",
                              word, (unsigned long long)n_words,
                              (unsigned long long)id);
        int err = resolve(g, named, &target);
        if (err < 0)
            return err;
        if (gcrec_state_of(o) == GCREC_LOST)
            continue;
        struct trace_op *op = gcrec_push(g, events_of(g), TRACE_STORE);
        op->id = id;
        op->word = word;
        op->target = target;
    }
    if (gcrec_state_of(o) == GCREC_LOST)
        workload_skip(&g->base, LOST_SKIPPED);
    return 0;
}

int gcrec_line_root(struct gcrec *g, const char *at)
{
    uint32_t slot;
    uint64_t named, target;
    if (!fields_u32(&at, UINT32_MAX, &slot) ||
        !fields_u64(&at, TRACE_ID_MAX, &named) || !fields_end(at))
        return GCREC_MALFORMED;
    if (slot >= g->base.header.root_words)
        return gcrec_fail(g, "root %u is beyond the %u of the header", slot,
                          g->base.header.root_words);
    int err = resolve(g, named, &target);
    if (err < 0)
        return err;

    struct trace_op *op = gcrec_push(g, events_of(g), TRACE_ROOT);
    op->word = slot;
    op->target = target;
    return 0;
}

int gcrec_line_death(struct gcrec *g, const char *at)
{
    uint64_t id;
    if (!take_id(&at, &id) || !fields_end(at))
        return GCREC_MALFORMED;
    struct object *o = objects_find(&g->objects, id);
    if (o == NULL)
        return no_object(g, id);
    if (gcrec_state_of(o) == GCREC_LOST) {
        workload_skip(&g->base, LOST_SKIPPED);
        return 0;
    }
    const struct object *undone = gcrec_find_undone(g, id);
    if (undone != NULL && undone->value != g->line_offset) {
        workload_skip(&g->base, "deaths that did not last");
        return 0;
    }
    if (gcrec_state_of(o) == GCREC_DEAD) {
        workload_skip(&g->base, "deaths of dead objects");
        return 0;
    }

    gcrec_set(o, gcrec_bytes_of(o), GCREC_DEAD);
    gcrec_push(g, events_of(g), TRACE_DEATH)->id = id;
    return 0;
}

int gcrec_line_undone(struct gcrec *g, const char *at)
{
    uint64_t id;
    if (!take_id(&at, &id) || !fields_end(at))
        return GCREC_MALFORMED;
    if (objects_find(&g->objects, id) == NULL)
        return no_object(g, id);
    if (gcrec_find_undone(g, id) == NULL)
        return gcrec_fail(g, "a death is undone, but mark_every 0 says that "
                             "no deaths are recorded");
    return 0;
}

int gcrec_line_threshold(struct gcrec *g, const char *at)
{
    uint64_t blocks = 0;
    bool is_none = strcmp(at, " -1") == 0;
    if (!is_none && (!fields_u64(&at, UINT32_MAX, &blocks) || !fields_end(at)))
        return GCREC_MALFORMED;

    struct trace_op *op = gcrec_push(g, &g->queue, TRACE_CONTROL);
    op->what = TRACE_CONTROL_THRESHOLD;
    op->value = is_none ? TRACE_NONE : blocks << g->block_shift;
    return 0;
}

int gcrec_line_auto(struct gcrec *g, const char *at)
{
    uint32_t is_on;
    if (!fields_u32(&at, 1, &is_on) || !fields_end(at))
        return GCREC_MALFORMED;

    g->is_auto = is_on != 0;
    struct trace_op *op = gcrec_push(g, &g->queue, TRACE_CONTROL);
    op->what = TRACE_CONTROL_AUTO;
    op->value = is_on;
    return 0;
}

int gcrec_line_phase(struct gcrec *g, const char *at)
{
    bool is_begin = strncmp(at, " + ", 3) == 0;
    if (!is_begin && strncmp(at, " - ", 3) != 0)
        return GCREC_MALFORMED;

    struct trace_op *op = gcrec_push(g, &g->queue, TRACE_PHASE);
    op->what = is_begin;
    op->text = at + 3;
    return 0;
}

/* AREA:HINT:LAST-USED:HASH, for each area in list order. */
static bool take_area_states(const struct gcrec *g, const char **at,
                             struct trace_area_state *states)
{
    for (uint32_t i = 0; i < g->n_areas; i++) {
        struct trace_area_state *s = &states[i];
        uint64_t hint, last_used;
        if (!fields_u32(at, UINT32_MAX, &s->number) || *(*at)++ != ':' ||
            !fields_digits(at, UINT32_MAX, &hint) || *(*at)++ != ':' ||
            !fields_digits(at, UINT32_MAX, &last_used) || **at != ':' ||
            !fields_hex(at, ':', &s->digest) || s->number != g->areas[i].number)
            return false;
        s->hint = (uint32_t)hint;
        s->last_used = (uint32_t)last_used;
    }
    return true;
}

/* The fields behind " ... MAX-BLOCK" that tell of the areas. */
static bool take_places(const struct gcrec *g, const char **at,
                        struct trace_state *s, struct trace_area_state *states)
{
    if (g->version == 1) {
        states[0].number = 0;
        s->outer_avail = -1;
        bool is_read = fields_u32(at, UINT32_MAX, &states[0].hint) &&
                       fields_u32(at, UINT32_MAX, &states[0].last_used) &&
                       fields_hex(at, ' ', &states[0].digest);
        s->digest = states[0].digest;
        return is_read;
    }
    if (!fields_u32(at, UINT32_MAX, &s->last_free_area))
        return false;
    bool is_fixed = strncmp(*at, " -1 ", 4) == 0;
    uint64_t avail = 0;
    if (is_fixed)
        *at += 3;
    else if (!fields_u64(at, INT64_MAX, &avail))
        return false;
    s->outer_avail = is_fixed ? -1 : (int64_t)avail;
    return fields_hex(at, ' ', &s->digest) && take_area_states(g, at, states);
}

int gcrec_take_state(struct gcrec *g, const char *at, struct trace_op *op)
{
    if (g->cap_states < g->n_areas) {
        free(g->states);
        g->cap_states = 2 * g->n_areas;
        g->states = calloc(g->cap_states, sizeof *g->states);
        if (g->states == NULL) {
            g->cap_states = 0;
            return gcrec_no_memory(g);
        }
    }
    struct trace_state *s = &op->fact.state;
    op->what = TRACE_EXPECT_STATE;
    s->n_areas = g->n_areas;
    s->areas = g->states;
    if (!fields_u64(&at, TRACE_ID_MAX, &s->used_bytes) ||
        !fields_u64(&at, TRACE_ID_MAX, &s->free_bytes) ||
        !fields_u32(&at, UINT32_MAX, &s->max_free_blocks) ||
        !fields_u32(&at, UINT32_MAX, &s->n_one_block) ||
        !fields_u32(&at, UINT32_MAX, &s->n_two_block) ||
        !fields_u32(&at, UINT32_MAX, &s->max_block) ||
        !take_places(g, &at, s, g->states) || !fields_end(at))
        return GCREC_MALFORMED;
    return 0;
}

/*
 * c LABEL, then the state. A label may hold spaces: the state is what the
 * line's last fields are, nine and one for each area.
 */
int gcrec_line_checkpoint(struct gcrec *g, const char *at)
{
    uint32_t n_fields = 9 + (g->version == 1 ? 0 : g->n_areas);
    char *state = g->line.text + g->line.length;
    while (n_fields > 0 && state > at)
        n_fields -= *--state == ' ';
    if (n_fields > 0 || state <= at + 1 || at[0] != ' ')
        return GCREC_MALFORMED;

    struct trace_op *op = gcrec_push(g, &g->queue, TRACE_EXPECT);
    int err = gcrec_take_state(g, state, op);
    *state = '\0';
    op->text = at + 1;
    return err;
}

int gcrec_line_end(struct gcrec *g, const char *at)
{
    if (strcmp(at, " end") != 0)
        return GCREC_MALFORMED;

    struct stream_line line;
    int got = stream_next_line(g->stream, &line, g->problem);
    if (got < 0)
        return got;
    if (got > 0) {
        g->line.number = line.number;
        return gcrec_fail(g, "something follows 'z end'");
    }
    g->has_ended = true;
    (void)gcrec_push(g, &g->queue, TRACE_END);
    return 0;
}
