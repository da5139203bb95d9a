/* expect.c - recorded facts against what this run did. */
#include "sim/replay/play.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const cause_names[] = {"full", "threshold", "asked", "all"};

/*
 * A fact was compared and counted (null: it is part of another). Not met under
 * --check: the run fails at once, with what the format says.
 */
__attribute__((format(printf, 4, 5))) static int judge(
    struct play *p, struct replay_expect *counter, bool is_met,
    const char *format, ...)
{
    char text[400];
    va_list args;
    if (counter != NULL) {
        counter->of++;
        counter->met += is_met;
    }
    if (is_met || !p->o->check)
        return 0;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return play_fail(p, "%s", text);
}

/* An address as the recordings have it: false if it is no block's. */
static bool find_block(const struct play *p, uint32_t address, uint32_t *area,
                       uint32_t *block)
{
    for (uint32_t i = 0; i < p->n_areas; i++) {
        const struct play_area *a = &p->areas[i];
        *area = a->number;
        *block = (address - a->pool) >> p->s.unit_shift;
        if (address >= a->pool && *block < a->n_blocks)
            return true;
    }
    return false;
}

static int block(struct play *p, const struct trace_op *op)
{
    uint32_t area, block;
    if (!p->happened.was_granted ||
        !find_block(p, p->happened.address, &area, &block))
        return judge(p, &p->result->blocks, false,
                     "expected block %u:%u, found a refusal",
                     op->fact.block.area, op->fact.block.block);
    bool same = area == op->fact.block.area && block == op->fact.block.block;
    return judge(p, &p->result->blocks, same,
                 "expected block %u:%u, found %u:%u", op->fact.block.area,
                 op->fact.block.block, area, block);
}

static int collection(struct play *p, const struct trace_op *op)
{
    const struct play_happened *h = &p->happened;
    struct replay_expect *counter = &p->result->collections_expected;
    p->happened.n_facts_collection++;
    if (h->n_collections == 0)
        return judge(p, counter, false,
                     "expected a collection (cause: %s), found none",
                     cause_names[op->fact.collection.cause & 3]);
    if (h->cause != op->fact.collection.cause)
        return judge(p, counter, false,
                     "expected a collection with cause %s, found cause %s",
                     cause_names[op->fact.collection.cause & 3],
                     cause_names[h->cause & 3]);
    if (op->fact.collection.rescans >= 0 && p->w->header.has_graph &&
        (uint32_t)op->fact.collection.rescans != h->rescans)
        return judge(p, counter, false,
                     "expected %d rescans of the mark stack, found %u",
                     op->fact.collection.rescans, h->rescans);
    uint32_t n = h->n_reclaimed < op->n_ids ? h->n_reclaimed : op->n_ids;
    for (uint32_t i = 0; i < n; i++) {
        if (h->reclaimed[i].id != op->ids[i])
            return judge(p, counter, false,
                         "expected the collection to free object %" PRIu64
                         " as its number %u, found %" PRIu64,
                         op->ids[i], i + 1, h->reclaimed[i].id);
    }
    return judge(p, counter, h->n_reclaimed == op->n_ids,
                 "expected the collection to free %u objects, found %u",
                 op->n_ids, h->n_reclaimed);
}

/* --- the state of the heap, from a walk over the manager's objects. */

#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

struct digest {
    uint64_t all, area;
};

static void digest_blocks(struct digest *d, uint8_t kind, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        d->all = (d->all ^ kind) * FNV_PRIME;
        d->area = (d->area ^ kind) * FNV_PRIME;
    }
}

struct found_state {
    struct trace_state sum;
    struct trace_area_state areas[PLAY_AREAS_CAP];
};

/* One run of blocks of an area: an object, or a hole. */
static void add_object(struct found_state *f, struct digest *d, uint32_t n)
{
    f->sum.used_bytes += n;
    f->sum.n_one_block += n == 1;
    f->sum.n_two_block += n == 2;
    if (n > f->sum.max_block)
        f->sum.max_block = n;
    digest_blocks(d, 1, 1);
    digest_blocks(d, 2, n - 1);
}

static void add_hole(struct found_state *f, struct digest *d, uint32_t n)
{
    f->sum.free_bytes += n;
    if (n > f->sum.max_free_blocks)
        f->sum.max_free_blocks = n;
    digest_blocks(d, 0, n);
}

/*
 * The manager's objects as lengths in units at their first unit. At the end
 * of the operation's collection: those that are there now, less the answer,
 * and with the object that a realloc has moved since at its old place.
 */
static void list_objects(struct play *p, bool after_collection)
{
    const struct play_happened *h = &p->happened;
    struct heap_cursor cursor = {0};
    struct heap_object object;
    bool is_new =
        h->was_granted && (h->kind == TRACE_ALLOC || h->old_address != 0);
    memset(p->lengths, 0, p->s.n_units * sizeof *p->lengths);
    while (p->manager->walk(p->t->heap, &cursor, &object)) {
        if (after_collection && is_new && object.address == h->address)
            continue;
        p->lengths[play_unit(p, object.address)] = object.n_blocks;
    }
    if (after_collection && h->old_address != 0)
        p->lengths[play_unit(p, h->old_address)] = h->old_units;
}

static void walk_area(struct found_state *f, struct digest *d,
                      const struct play *p, const struct play_area *a,
                      struct trace_area_state *out)
{
    const uint32_t *lengths = &p->lengths[play_unit(p, a->pool)];
    uint32_t hole = 0;
    d->area = FNV_BASIS;
    out->number = a->number;
    out->last_used = 0;
    for (uint32_t b = 0; b < a->n_blocks;) {
        uint32_t n = lengths[b];
        if (n == 0) {
            hole++;
            b++;
            continue;
        }
        if (hole > 0)
            add_hole(f, d, hole);
        hole = 0;
        add_object(f, d, n);
        b += n;
        out->last_used = b - 1;
    }
    if (hole > 0)
        add_hole(f, d, hole);
    out->digest = d->area;
}

/* The whole heap; bytes are still in blocks until the end. */
static void find_state(struct play *p, bool after_collection,
                       struct found_state *f)
{
    const struct play_happened *h = &p->happened;
    struct digest d = {.all = FNV_BASIS};
    memset(f, 0, sizeof *f);
    list_objects(p, after_collection);
    for (uint32_t i = 0; i < p->n_areas; i++) {
        struct area_info info;
        if (after_collection && h->has_added &&
            h->added.number == p->areas[i].number)
            continue; /* added after the collection */
        struct trace_area_state *out = &f->areas[f->sum.n_areas++];
        walk_area(f, &d, p, &p->areas[i], out);
        if (after_collection || !p->manager->area_info(p->t->heap, i, &info))
            continue; /* a collection leaves hint 0; last_used is the walk's */
        out->hint = info.hint;
        out->last_used = info.last_used;
    }
    f->sum.areas = f->areas;
    f->sum.digest = d.all;
    f->sum.used_bytes <<= p->s.unit_shift;
    f->sum.free_bytes <<= p->s.unit_shift;
    struct heap_info info;
    p->manager->info(p->t->heap, &info);
    f->sum.last_free_area =
        after_collection ? p->areas[0].number : info.search_area;
    f->sum.outer_avail = -1;
    if (p->has_growth)
        f->sum.outer_avail = after_collection && h->has_avail
                                 ? (int64_t)h->avail
                                 : (int64_t)outer_avail(&p->outer);
}

/* The manager's own table must say what the shadow's objects say. */
static int compare_info(struct play *p, const struct found_state *f)
{
    struct heap_info info;
    p->manager->info(p->t->heap, &info);
    if (info.used_bytes == f->sum.used_bytes &&
        info.free_bytes == f->sum.free_bytes &&
        info.max_free == f->sum.max_free_blocks &&
        info.n_one_block == f->sum.n_one_block &&
        info.n_two_block == f->sum.n_two_block &&
        info.max_block == f->sum.max_block)
        return 0;
    return play_fail(p, "the manager's info differs from its objects");
}

/* Say the first difference between two states in `text`; false: none. */
static bool figures_differ(const struct trace_state *e,
                           const struct trace_state *f, char *text, size_t cap)
{
    const struct {
        const char *name;
        int64_t expected, found;
    } figures[] = {
        {"used bytes", (int64_t)e->used_bytes, (int64_t)f->used_bytes},
        {"free bytes", (int64_t)e->free_bytes, (int64_t)f->free_bytes},
        {"longest hole", e->max_free_blocks, f->max_free_blocks},
        {"objects of one block", e->n_one_block, f->n_one_block},
        {"objects of two blocks", e->n_two_block, f->n_two_block},
        {"longest object", e->max_block, f->max_block},
        {"area searched first", e->last_free_area, f->last_free_area},
        {"bytes of the outer heap", e->outer_avail, f->outer_avail},
        {"number of areas", e->n_areas, f->n_areas},
    };
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        if (figures[i].expected == figures[i].found)
            continue;
        snprintf(text, cap, "expected %s %" PRId64 ", found %" PRId64,
                 figures[i].name, figures[i].expected, figures[i].found);
        return true;
    }
    return false;
}

static bool area_differs(const struct trace_area_state *e,
                         const struct trace_area_state *f, char *text,
                         size_t cap)
{
    if (e->number != f->number)
        snprintf(text, cap, "expected area %u, found area %u", e->number,
                 f->number);
    else if (e->hint != f->hint || e->last_used != f->last_used)
        snprintf(text, cap,
                 "expected hint %u and last used block %u in area %u, found "
                 "%u and %u",
                 e->hint, e->last_used, e->number, f->hint, f->last_used);
    else if (e->digest != f->digest)
        snprintf(text, cap,
                 "expected table digest %016" PRIx64 " of area %u, found "
                 "%016" PRIx64,
                 e->digest, e->number, f->digest);
    else
        return false;
    return true;
}

static int state(struct play *p, const struct trace_op *op)
{
    const struct trace_state *e = &op->fact.state;
    const char *label = op->text != NULL ? op->text : "after collection";
    struct found_state f;
    char text[200] = "";
    p->happened.is_past_collection = true;
    if (e->after_collection && p->happened.n_collections == 0)
        return 0; /* said already: no collection found */
    find_state(p, e->after_collection, &f);
    int err = e->after_collection ? 0 : compare_info(p, &f);
    if (err == 0)
        err = judge(p, &p->result->tables, e->digest == f.sum.digest,
                    "checkpoint %s: expected table digest %016" PRIx64
                    ", found %016" PRIx64,
                    label, e->digest, f.sum.digest);
    if (err != 0)
        return err;
    bool differs = figures_differ(e, &f.sum, text, sizeof text);
    for (uint32_t i = 0; i < e->n_areas && !differs; i++)
        differs = area_differs(&e->areas[i], &f.areas[i], text, sizeof text);
    return judge(p, e->after_collection ? NULL : &p->result->checkpoints,
                 !differs, "checkpoint %s: %s", label, text);
}

/*
 * Objects in the table; and, right after a collection, where all that is left
 * is live on both sides, the references between them.
 */
static int graph(struct play *p, const struct trace_op *op)
{
    const struct play_happened *h = &p->happened;
    bool after_collection = h->n_collections > 0 && !h->is_past_collection;
    uint32_t n = p->s.live.n + p->s.dead.n;
    if (after_collection && h->has_moved_out)
        return 0; /* for a while that object was nowhere */
    if (after_collection && h->was_granted && h->kind == TRACE_ALLOC)
        n--; /* the answer was not there yet */
    if (op->fact.graph.live != n)
        return judge(p, NULL, false, "expected %u objects, found %u",
                     op->fact.graph.live, n);
    if (!after_collection || !p->w->header.has_graph || h->has_finalised)
        return 0;
    return judge(p, NULL, op->fact.graph.edges == p->s.n_live_edges,
                 "expected %u references after the collection, found %" PRIu64,
                 op->fact.graph.edges, p->s.n_live_edges);
}

static int avail(struct play *p, const struct trace_op *op)
{
    const struct play_happened *h = &p->happened;
    if (!h->has_avail)
        return judge(p, NULL, false,
                     "expected the outer heap to be asked, found it was not");
    return judge(p, NULL, h->avail == op->fact.avail,
                 "expected the outer heap to have %" PRIu64 " bytes, found %u",
                 op->fact.avail, h->avail);
}

static int area(struct play *p, const struct trace_op *op)
{
    const struct trace_area *e = &op->fact.area;
    const struct play_happened *h = &p->happened;
    p->happened.n_facts_area++;
    if (!h->has_added)
        return judge(p, NULL, false,
                     "expected area %u to be added, found none added",
                     e->number);
    uint32_t offset = h->added.pool - h->added.start;
    bool same = e->number == h->added.number && e->index == h->added_index &&
                e->table_bytes == h->added.table_bytes &&
                e->n_blocks == h->added.n_blocks && e->pool_offset == offset;
    return judge(p, NULL, same,
                 "expected area %u at place %u with %u blocks at offset %u, "
                 "found area %u at place %u with %u blocks at offset %u",
                 e->number, e->index, e->n_blocks, e->pool_offset,
                 h->added.number, h->added_index, h->added.n_blocks, offset);
}

static int given_back(struct play *p, const struct trace_op *op)
{
    const struct play_happened *h = &p->happened;
    uint32_t i = p->happened.n_facts_given_back++;
    if (i >= h->n_given_back)
        return judge(p, NULL, false,
                     "expected area %u to be given back, found it was not",
                     op->fact.given_back.area);
    bool same = h->given_back[i].number == op->fact.given_back.area &&
                h->given_back[i].index == op->fact.given_back.index &&
                h->given_back[i].lost == op->fact.given_back.lost;
    return judge(p, NULL, same,
                 "expected area %u at place %u to be given back with object "
                 "%" PRId64 ", found area %u at place %u with object %" PRId64
                 " (-1: none)",
                 op->fact.given_back.area, op->fact.given_back.index,
                 (int64_t)op->fact.given_back.lost, h->given_back[i].number,
                 h->given_back[i].index, (int64_t)h->given_back[i].lost);
}

int expect_fact(struct play *p, const struct trace_op *op)
{
    if (!p->expecting || !p->happened.is_open)
        return 0;
    switch (op->what) {
    case TRACE_EXPECT_BLOCK:
        return block(p, op);
    case TRACE_EXPECT_COLLECTION:
        return collection(p, op);
    case TRACE_EXPECT_STATE:
        return state(p, op);
    case TRACE_EXPECT_GRAPH:
        return graph(p, op);
    case TRACE_EXPECT_AVAIL:
        return avail(p, op);
    case TRACE_EXPECT_AREA:
        return area(p, op);
    case TRACE_EXPECT_GIVEN_BACK:
        return given_back(p, op);
    default:
        return 0;
    }
}

/* What the recording did not see must not have happened either. */
static int judge_unrecorded(struct play *p)
{
    const struct play_happened *h = &p->happened;
    if (h->n_collections > h->n_facts_collection)
        return judge(p, &p->result->collections_expected, false,
                     "expected no collection, found one (cause: %s)",
                     cause_names[h->cause & 3]);
    if (h->n_given_back > h->n_facts_given_back)
        return judge(p, NULL, false,
                     "expected no area to be given back, found area %u was",
                     h->given_back[h->n_facts_given_back].number);
    return judge(p, NULL, !h->has_added || h->n_facts_area > 0,
                 "expected no area to be added, found area %u",
                 h->added.number);
}

int expect_next_operation(struct play *p, const struct trace_op *op)
{
    struct play_happened *h = &p->happened;
    int err = p->expecting && h->is_open ? judge_unrecorded(p) : 0;
    h->is_open = op != NULL;
    h->place = op != NULL ? op->place : 0;
    h->kind = op != NULL ? op->kind : (uint8_t)TRACE_END;
    h->was_granted = false;
    h->address = 0;
    h->old_address = 0;
    h->old_units = 0;
    h->n_collections = 0;
    h->n_reclaimed = 0;
    h->n_given_back = 0;
    h->has_added = false;
    h->has_finalised = false;
    h->has_moved_out = false;
    h->has_avail = false;
    h->is_past_collection = false;
    h->n_facts_collection = 0;
    h->n_facts_given_back = 0;
    h->n_facts_area = 0;
    return err;
}
