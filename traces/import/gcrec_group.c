/*
 * gcrec_group.c - the lines of a gcrec recording that together are one
 * operation: a request, its collection, the areas it caused, its answer.
 */
#include <assert.h>
#include <string.h>

#include "traces/import/fields.h"
#include "traces/import/gcrec_state.h"

/* Begin a group, if none is open: its lists are empty from here. */
static void begin_group(struct gcrec *g, uint8_t phase)
{
    struct gcrec_group *group = &g->group;
    if (g->phase == GCREC_OUTSIDE) {
        group->request = 0;
        group->cause = 0;
        group->seen = 0;
        group->lost_fact = 0;
        group->roots.n = group->inside.n = group->interior.n = 0;
        group->freed.n = group->finalised.n = group->died.n = 0;
        group->held.n = group->facts.n = group->after.n = 0;
    }
    g->phase = phase;
}

/* Note that the line in hand was read: false if its kind was before. */
static bool see(struct gcrec *g)
{
    uint64_t bit = UINT64_C(1) << (g->line.text[0] - 'A');
    bool is_first = (g->group.seen & bit) == 0;
    g->group.seen |= bit;
    return is_first;
}

static int seen_twice(struct gcrec *g)
{
    return gcrec_fail(g, "a second line %c in one group", g->line.text[0]);
}

/* A fact of this group, and room for it. Null: out of memory. */
static struct trace_op *add_fact(struct gcrec *g, uint8_t what)
{
    if (gcrec_reserve(g, &g->group.facts, 1) < 0)
        return NULL;
    struct trace_op *op = gcrec_push(g, &g->group.facts, TRACE_EXPECT);
    op->what = what;
    return op;
}

int gcrec_line_request(struct gcrec *g, const char *at)
{
    struct gcrec_group *group = &g->group;
    char request = at[0] == ' ' ? at[1] : '\0';
    if (request != 'a' && request != 'r')
        return GCREC_MALFORMED;
    begin_group(g, GCREC_ASKED);
    at += 2;
    if (!fields_u64(&at, TRACE_ID_MAX, &group->id) ||
        !fields_u64(&at, TRACE_ID_MAX, &group->bytes) ||
        !fields_u64(&at, UINT8_MAX, &group->flag) || !fields_end(at) ||
        (group->id == 0) != (request == 'a'))
        return GCREC_MALFORMED;
    group->request = request;
    group->request_line = g->line.number;
    return 0;
}

int gcrec_line_collect(struct gcrec *g, const char *at)
{
    static const char letters[] = "ATES";
    if (at[0] != ' ' || at[1] == '\0' || at[2] != '\0')
        return GCREC_MALFORMED;
    const char *letter = strchr(letters, at[1]);
    if (letter == NULL)
        return GCREC_MALFORMED;
    bool is_asked = *letter == 'E' || *letter == 'S';
    if (is_asked && g->phase == GCREC_ASKED)
        return gcrec_fail(g,
                          "the program asks for a collection while the "
                          "request of line %llu waits",
                          (unsigned long long)g->group.request_line);

    begin_group(g, GCREC_INSIDE);
    g->group.cause = *letter;
    struct trace_op *op = add_fact(g, TRACE_EXPECT_COLLECTION);
    if (op == NULL)
        return gcrec_no_memory(g);
    op->fact.collection.cause = (uint32_t)(letter - letters);
    op->fact.collection.rescans = -1;
    return 0;
}

/* A line k, j or v of a collection. */
static int take_held(struct gcrec *g, const char *at, struct gcrec_ids *ids,
                     uint8_t what)
{
    if (!see(g))
        return seen_twice(g);
    int err = gcrec_take_ids(g, at, ids);
    if (err == 0)
        err = gcrec_reserve(g, &g->group.held, 1);
    if (err != 0)
        return err;
    struct trace_op *op = gcrec_push(g, &g->group.held, TRACE_HELD);
    op->what = what;
    op->ids = ids->at;
    op->n_ids = ids->n;
    return 0;
}

int gcrec_line_roots(struct gcrec *g, const char *at)
{
    struct gcrec_ids *ids = &g->group.roots;
    if (g->phase == GCREC_INSIDE)
        return take_held(g, at, ids, TRACE_HELD_ROOTS);

    int err = gcrec_take_ids(g, at, ids); /* a sample */
    if (err != 0)
        return err;
    struct trace_op *op = gcrec_push(g, &g->queue, TRACE_HELD);
    op->what = TRACE_HELD_ROOTS;
    op->ids = ids->at;
    op->n_ids = ids->n;
    return 0;
}

int gcrec_line_inside(struct gcrec *g, const char *at)
{
    return take_held(g, at, &g->group.inside, TRACE_HELD_INSIDE);
}

int gcrec_line_interior(struct gcrec *g, const char *at)
{
    return take_held(g, at, &g->group.interior, TRACE_HELD_INTERIOR);
}

int gcrec_line_rescans(struct gcrec *g, const char *at)
{
    uint32_t n;
    if (!fields_u32(&at, INT32_MAX, &n) || !fields_end(at))
        return GCREC_MALFORMED;
    if (!see(g))
        return seen_twice(g);
    g->group.facts.at[0].fact.collection.rescans = (int32_t)n;
    return 0;
}

/*
 * x: the objects are gone. Those whose death no line told died here, unless
 * it was the final sweep of a recording that tells deaths: they were alive.
 */
int gcrec_line_freed(struct gcrec *g, const char *at)
{
    struct gcrec_group *group = &g->group;
    if (!see(g))
        return seen_twice(g);
    int err = gcrec_take_ids(g, at, &group->freed);
    if (err != 0)
        return err;

    bool has_died = g->mark_every == 0 || group->cause != 'S';
    uint32_t n_kept = 0;
    for (uint32_t i = 0; i < group->freed.n; i++) {
        uint64_t id = group->freed.at[i];
        struct object *o = objects_find(&g->objects, id);
        if (o == NULL)
            return gcrec_fail(g, "object %llu is freed but does not exist",
                              (unsigned long long)id);
        uint32_t state = gcrec_state_of(o);
        objects_remove(&g->objects, o);
        if (state == GCREC_LOST)
            continue;
        group->freed.at[n_kept++] = id;
        if (state == GCREC_DEAD || !has_died)
            continue;
        err = gcrec_add_id(g, &group->died, id);
        if (err < 0)
            return err;
        if (g->mark_every > 0)
            workload_skip(&g->base, "deaths taken from a collection");
    }
    group->freed.n = n_kept;
    group->freed_line = g->line.number;
    return 0;
}

int gcrec_line_given_back(struct gcrec *g, const char *at)
{
    uint32_t number, index;
    uint64_t lost = TRACE_NONE;
    if (!fields_u32(&at, UINT32_MAX, &number) ||
        !fields_u32(&at, UINT32_MAX, &index))
        return GCREC_MALFORMED;
    if (!fields_end(at) && (!fields_u64(&at, TRACE_ID_MAX, &lost) || lost == 0))
        return GCREC_MALFORMED;
    if (!fields_end(at))
        return GCREC_MALFORMED;
    if (index == 0 || index >= g->n_areas || g->areas[index].number != number)
        return gcrec_fail(g,
                          "area %u is not at place %u of the list, or is "
                          "the first",
                          number, index);
    if (lost != TRACE_NONE) {
        struct object *o = objects_find(&g->objects, lost);
        if (o == NULL)
            return gcrec_fail(g, "object %llu is lost but does not exist",
                              (unsigned long long)lost);
        /* An object that is being resized is lost if that fails. */
        if (g->group.request == 'r' && lost == g->group.id)
            g->group.lost_fact = g->group.facts.n + 1;
        else
            gcrec_set(o, gcrec_bytes_of(o), GCREC_LOST);
    }

    struct trace_op *op = add_fact(g, TRACE_EXPECT_GIVEN_BACK);
    if (op == NULL)
        return gcrec_no_memory(g);
    op->fact.given_back.area = number;
    op->fact.given_back.index = index;
    op->fact.given_back.lost = lost;
    g->n_areas--;
    memmove(&g->areas[index], &g->areas[index + 1],
            (g->n_areas - index) * sizeof *g->areas);
    return 0;
}

int gcrec_line_graph(struct gcrec *g, const char *at)
{
    uint32_t n[4];
    for (int i = 0; i < 4; i++)
        if (!fields_u32(&at, UINT32_MAX, &n[i]))
            return GCREC_MALFORMED;
    if (!fields_end(at))
        return GCREC_MALFORMED;
    bool is_inside = g->phase == GCREC_INSIDE;
    if (is_inside && !see(g))
        return seen_twice(g);

    struct trace_op *op = is_inside ? add_fact(g, TRACE_EXPECT_GRAPH)
                                    : gcrec_push(g, &g->queue, TRACE_EXPECT);
    if (op == NULL)
        return gcrec_no_memory(g);
    op->what = TRACE_EXPECT_GRAPH;
    op->fact.graph.live = n[0];
    op->fact.graph.edges = n[1];
    op->fact.graph.interior = n[2];
    op->fact.graph.dangling = n[3];
    return 0;
}

int gcrec_line_collected(struct gcrec *g, const char *at)
{
    struct gcrec_group *group = &g->group;
    struct trace_op *state = add_fact(g, TRACE_EXPECT_STATE);
    if (state == NULL)
        return gcrec_no_memory(g);
    int err = gcrec_take_state(g, at, state);
    if (err != 0)
        return err;
    state->fact.state.after_collection = true;
    group->facts.at[0].ids = group->freed.at;
    group->facts.at[0].n_ids = group->freed.n;

    g->phase = GCREC_ANSWERING;
    if (group->cause == 'A' || group->cause == 'T')
        return 0;
    gcrec_push(g, &g->queue, TRACE_COLLECT)->what =
        group->cause == 'S' ? TRACE_COLLECT_ALL : TRACE_COLLECT_ORDINARY;
    return gcrec_answer(g, 1);
}

int gcrec_line_avail(struct gcrec *g, const char *at)
{
    uint64_t avail;
    if (!fields_u64(&at, TRACE_ID_MAX, &avail) || !fields_end(at))
        return GCREC_MALFORMED;
    begin_group(g, GCREC_ANSWERING);
    if (!see(g))
        return seen_twice(g);
    struct trace_op *op = add_fact(g, TRACE_EXPECT_AVAIL);
    if (op == NULL)
        return gcrec_no_memory(g);
    op->fact.avail = avail;
    return 0;
}

/* N: the heap grows for the request that waits, or the program adds to it. */
int gcrec_line_area(struct gcrec *g, const char *at)
{
    struct trace_area area;
    if (g->version == 1 || !gcrec_take_area(at, &area))
        return GCREC_MALFORMED;
    if (area.reason == 0)
        return gcrec_fail(g, "an initial area behind the header");
    int err = gcrec_add_area(g, &area);
    if (err < 0)
        return err;

    struct trace_op *op;
    if (area.reason == 1) {
        if (g->phase != GCREC_OUTSIDE)
            return gcrec_fail(g, "an explicit area while a request waits");
        op = gcrec_push(g, &g->queue, TRACE_CONTROL);
        op->what = TRACE_CONTROL_ADD_AREA;
        op->value = area.bytes;
        op = gcrec_push(g, &g->queue, TRACE_EXPECT);
        op->what = TRACE_EXPECT_AREA;
    } else {
        begin_group(g, GCREC_ANSWERING);
        op = add_fact(g, TRACE_EXPECT_AREA);
        if (op == NULL)
            return gcrec_no_memory(g);
    }
    op->fact.area = area;
    return 0;
}

/* Is `op` what the q line asked? An answer without a q line is taken as is. */
static int check_request(struct gcrec *g, const struct trace_op *op)
{
    const struct gcrec_group *group = &g->group;
    if (group->request == 0 || op->kind == TRACE_COLLECT)
        return 0;

    uint8_t kind = op->kind == TRACE_REFUSED ? op->what : op->kind;
    bool is_alloc = kind == TRACE_ALLOC;
    bool is_same = is_alloc == (group->request == 'a') &&
                   op->bytes == group->bytes &&
                   (is_alloc || op->id == group->id);
    if (!is_same)
        return gcrec_fail(g,
                          "this is not the answer to the request of line "
                          "%llu",
                          (unsigned long long)group->request_line);
    return 0;
}

/* May this event of a finaliser be told after the collection? */
static bool is_sound_after(const struct gcrec *g, const struct trace_op *op)
{
    const struct object *holder = objects_find(&g->objects, op->id);
    if (op->kind == TRACE_DEATH)
        return holder != NULL;
    if (op->kind == TRACE_STORE &&
        (holder == NULL || gcrec_state_of(holder) != GCREC_LIVE))
        return false;
    if (op->target == TRACE_NONE)
        return true;
    const struct object *target = objects_find(&g->objects, op->target);
    return target != NULL && gcrec_state_of(target) == GCREC_LIVE;
}

static void queue_all(struct gcrec *g, const struct gcrec_ops *ops)
{
    for (uint32_t i = 0; i < ops->n; i++)
        g->queue.at[g->queue.n++] = ops->at[i];
}

/* Deaths of objects that this collection freed. */
static void queue_deaths(struct gcrec *g)
{
    const struct gcrec_group *group = &g->group;
    for (uint32_t i = 0; i < group->after.n; i++) {
        const struct trace_op *op = &group->after.at[i];
        if (op->kind == TRACE_DEATH && !is_sound_after(g, op))
            g->queue.at[g->queue.n++] = *op;
    }
    for (uint32_t i = 0; i < group->died.n; i++) {
        struct trace_op *op = gcrec_push(g, &g->queue, TRACE_DEATH);
        op->id = group->died.at[i];
        op->place = group->freed_line;
    }
}

static void queue_after(struct gcrec *g)
{
    const struct gcrec_group *group = &g->group;
    for (uint32_t i = 0; i < group->after.n; i++) {
        const struct trace_op *op = &group->after.at[i];
        if (is_sound_after(g, op))
            g->queue.at[g->queue.n++] = *op;
        else if (op->kind != TRACE_DEATH)
            workload_skip(&g->base, "stores of finalisers in freed objects");
    }
}

/* What became of an object whose area went while it was being resized. */
static void settle_lost(struct gcrec *g, const struct trace_op *answer)
{
    if (g->group.lost_fact == 0)
        return;
    struct object *o = objects_find(&g->objects, g->group.id);
    if (answer->kind == TRACE_REFUSED && o != NULL)
        gcrec_set(o, gcrec_bytes_of(o), GCREC_LOST);
    else /* it has moved out */
        g->group.facts.at[g->group.lost_fact - 1].fact.given_back.lost =
            TRACE_NONE;
}

int gcrec_answer(struct gcrec *g, uint32_t n)
{
    const struct gcrec_group *group = &g->group;
    struct trace_op answer[2];
    assert(n == 1 || n == 2);
    g->queue.n -= n;
    memcpy(answer, &g->queue.at[g->queue.n], n * sizeof *answer);

    int err = check_request(g, &answer[0]);
    if (err < 0)
        return err;
    settle_lost(g, &answer[0]);
    size_t n_group = (size_t)group->held.n + 1 + group->died.n +
                     group->facts.n + group->after.n;
    err = gcrec_reserve(g, &g->queue, n_group + n);
    if (err < 0)
        return err;
    queue_all(g, &group->held);
    queue_deaths(g); /* also of what a finaliser freed thereafter */
    if (group->finalised.n > 0) {
        struct trace_op *finalise = gcrec_push(g, &g->queue, TRACE_FINALISE);
        finalise->ids = group->finalised.at;
        finalise->n_ids = group->finalised.n;
        finalise->place = group->finalised_line;
    }
    g->queue.at[g->queue.n++] = answer[0];
    queue_all(g, &group->facts);
    if (n == 2)
        g->queue.at[g->queue.n++] = answer[1];
    queue_after(g);
    g->phase = GCREC_OUTSIDE;
    return 0;
}
