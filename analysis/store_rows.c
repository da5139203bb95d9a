/* store_rows.c - the store's statements; how a run's records become rows. */
#include <assert.h>
#include <stdarg.h>

#include "analysis/store_parts.h"
#include "core/heap.h"
#include "traces/op.h"

#define VALUES_10 "?,?,?,?,?,?,?,?,?,?"

static const char *const statement_sql[STORE_N_STATEMENTS] = {
    [STORE_FIND_RUN] =
        "SELECT number, keep, status, state_digest FROM run WHERE id = ?",
    /* Standard input is no place to find a trace again. */
    [STORE_PUT_TRACE] = "INSERT INTO trace VALUES (?,?,?,?,?,?,?)"
                        " ON CONFLICT(hash) DO UPDATE SET"
                        " name = excluded.name, place = excluded.place,"
                        " format = excluded.format WHERE excluded.place <> '-'",
    [STORE_PUT_IMAGE] = "INSERT INTO image VALUES (?,?,?) ON CONFLICT(hash)"
                        " DO UPDATE SET place = excluded.place",
    [STORE_PUT_MACHINE] = "INSERT INTO machine VALUES (?,?,?,?,?,?)"
                          " ON CONFLICT(hash) DO NOTHING",
    [STORE_PUT_RUN] = "INSERT INTO run VALUES (" VALUES_10 ",?,?,?,?,?,?,0)",
    [STORE_PUT_CYCLES] = "INSERT INTO cycles VALUES (" VALUES_10 ")",
    [STORE_PUT_TOTAL] = "INSERT INTO machine_total VALUES (" VALUES_10 ")",
    [STORE_PUT_COST] = "INSERT INTO op_cost VALUES (?,?,?,?,?,?,?,?)",
    [STORE_PUT_EVENT] = "INSERT INTO event_cost VALUES (" VALUES_10 ",?)",
    [STORE_PUT_SUMMARY] = "INSERT INTO summary VALUES (" VALUES_10 "," VALUES_10
                          "," VALUES_10 "," VALUES_10 ",?,?,?,?,?,?,?,?)",
    [STORE_PUT_OPS] = "INSERT INTO op SELECT * FROM shard_ops",
    /* Without a key a row gets the key after the largest, with no search. */
    [STORE_APPEND_OPS] =
        "INSERT INTO op(kind, object, asked, granted, address, live, used,"
        " free, largest_free, largest_request)"
        " SELECT kind, object, asked, granted, address, live, used, free,"
        " largest_free, largest_request FROM shard_ops",
    [STORE_LAST_KEY] = "SELECT max(key) FROM op",
    [STORE_NEXT_NUMBER] =
        "SELECT 1 + max(coalesce((SELECT max(number) FROM run), 0), coalesce("
        "(SELECT seq FROM sqlite_sequence WHERE name = 'run'), 0))",
    [STORE_PUT_COLLECTION] =
        "INSERT INTO collection VALUES (" VALUES_10 "," VALUES_10 ",?,?,?,?)",
    [STORE_PUT_REFUSAL] = "INSERT INTO refusal VALUES (?,?,?,?,?,?,?,?,?)",
    [STORE_PUT_PHASE] = "INSERT INTO phase VALUES (?,?,?,?)",
    [STORE_PUT_NOTE] = "INSERT INTO note VALUES (?,?,?)",
    [STORE_PUT_SERIES] = "INSERT INTO series VALUES (?,?,?,?,?,?,?)",
    [STORE_PUT_HISTOGRAM] = "INSERT INTO histogram VALUES (?,?,?,?,?)",
    [STORE_PUT_HEAPMAP] = "INSERT INTO heapmap VALUES (?,?,?,?,?,?)",
    [STORE_PUT_OBJECT] = "INSERT INTO object VALUES (" VALUES_10 ",?)",
    [STORE_PUT_EDGE] = "INSERT INTO edge VALUES (?,?,?,?,?,?)",
    [STORE_GET_MINHEAP] = "SELECT heap_bytes, max_live, monotone, refuses,"
                          " replays FROM minheap WHERE id = ?",
    [STORE_PUT_MINHEAP] = "INSERT INTO minheap VALUES (NULL,?,?,?,?,?,?,?,?,?)"
                          " ON CONFLICT(id) DO NOTHING",
    [STORE_PUT_POINT] = "INSERT OR REPLACE INTO point VALUES (?,?,?,?)",
    [STORE_COUNT_PAGES] =
        "SELECT (page_count - freelist_count) * page_size FROM"
        " pragma_page_count, pragma_freelist_count, pragma_page_size",
    [STORE_PUT_STORED] = "UPDATE run SET stored_bytes = ? WHERE number = ?",
};

int store_prepare(struct store *s, enum store_statement which,
                  sqlite3_stmt **out, struct problem *problem)
{
    *out = s->statements[which];
    if (*out != NULL)
        return 0;
    int code = sqlite3_prepare_v3(s->db, statement_sql[which], -1,
                                  SQLITE_PREPARE_PERSISTENT,
                                  &s->statements[which], NULL);
    *out = s->statements[which];
    return code == SQLITE_OK ? 0 : store_failed(s, code, problem);
}

/* Bind values from the first parameter on; store_put says how. */
static void bind(sqlite3_stmt *q, const char *types, va_list values)
{
    for (int i = 1; *types != '\0'; i++, types++) {
        uint64_t id;
        int64_t number;
        switch (*types) {
        case 'i':
            sqlite3_bind_int64(q, i, va_arg(values, int64_t));
            break;
        case 'u':
            sqlite3_bind_int64(q, i, store_held(va_arg(values, uint64_t)));
            break;
        case 'o':
            id = va_arg(values, uint64_t);
            if (id == TRACE_NONE)
                sqlite3_bind_null(q, i);
            else
                sqlite3_bind_int64(q, i, store_held(id));
            break;
        case 'd':
            sqlite3_bind_double(q, i, va_arg(values, double));
            break;
        case 't':
            sqlite3_bind_text(q, i, va_arg(values, const char *), -1,
                              SQLITE_STATIC);
            break;
        case 'k':
            number = va_arg(values, int64_t);
            if (number != 0)
                sqlite3_bind_int64(q, i, number);
            else
                sqlite3_bind_null(q, i);
            break;
        default:
            assert(*types == 'N');
            (void)va_arg(values, uint64_t);
            sqlite3_bind_null(q, i);
        }
    }
}

int store_put(struct store *s, struct problem *problem,
              enum store_statement which, const char *types, ...)
{
    sqlite3_stmt *q;
    int err = store_prepare(s, which, &q, problem);
    if (err < 0)
        return err;
    va_list values;
    va_start(values, types);
    bind(q, types, values);
    va_end(values);
    int code = sqlite3_step(q);
    if (code != SQLITE_DONE)
        err = store_failed(s, code, problem);
    sqlite3_reset(q);
    return err;
}

int store_number(const struct store_copy *c, enum store_statement which,
                 int64_t *out)
{
    sqlite3_stmt *q;
    int err = store_prepare(c->store, which, &q, c->problem);
    if (err < 0)
        return err;
    int code = sqlite3_step(q);
    *out = sqlite3_column_int64(q, 0);
    if (code != SQLITE_ROW)
        err = store_failed(c->store, code, c->problem);
    sqlite3_reset(q);
    return err;
}

static int64_t key_of(const struct store_copy *c, uint64_t seq)
{
    return c->key + (int64_t)seq;
}

/*
 * Rows whose keys follow the largest of the table, one after the other, are
 * appended; a run that takes the place of an older one is not at the end.
 */
int store_copy_ops(struct store_copy *c, const struct shard_op *ops, size_t n)
{
    struct shard_view *view = &c->store->view;
    int64_t first = key_of(c, ops[0].seq), last = key_of(c, ops[n - 1].seq);
    bool appends = first == c->append_key && last - first + 1 == (int64_t)n;

    *view = (struct shard_view){ops, (uint32_t)n, c->key};
    int err = store_put(c->store, c->problem,
                        appends ? STORE_APPEND_OPS : STORE_PUT_OPS, "");
    *view = (struct shard_view){0};
    int64_t largest = last;
    if (err == 0 && !appends)
        err = store_number(c, STORE_LAST_KEY, &largest);
    c->append_key = largest == last ? last + 1 : 0;
    return err;
}

static int copy_ops(struct store_copy *c, const void *bytes, size_t n_bytes)
{
    return store_copy_ops(c, bytes, n_bytes / sizeof(struct shard_op));
}

static int copy_costs(struct store_copy *c, const void *bytes, size_t n_bytes)
{
    const struct shard_cost *o = bytes;
    int err = 0;
    for (size_t i = 0; i < n_bytes / sizeof *o && err == 0; i++)
        err = store_put(c->store, c->problem, STORE_PUT_COST, "iuuuuuuu",
                        key_of(c, o[i].seq), o[i].cycles, o[i].gc_cycles,
                        o[i].instructions, o[i].loads, o[i].stores, o[i].waits,
                        o[i].stack);
    return err;
}

static int copy_event(struct store_copy *c, const void *bytes, size_t n_bytes)
{
    const struct event_record *e = bytes;
    const struct op_cost *o = &e->cost;
    assert(n_bytes == sizeof *e);
    return store_put(c->store, c->problem, STORE_PUT_EVENT, "iiiouuuuuui",
                     key_of(c, e->seq), (int64_t)e->part, (int64_t)e->kind,
                     e->object, o->cycles, o->gc_cycles, o->instructions,
                     o->loads, o->stores, o->waits, (int64_t)o->stack_bytes);
}

static int copy_collection(struct store_copy *c, const void *bytes,
                           size_t n_bytes)
{
    static const char *const causes[] = {"full", "threshold", "asked", "all",
                                         "slide"};
    const struct shard_collection *s = bytes;
    const struct collection_record *r = &s->record;
    const uint64_t *phase = r->cost.phase_cycles;
    assert(n_bytes == sizeof *s);
    return store_put(
        c->store, c->problem, STORE_PUT_COLLECTION,
        r->has_cost ? "iitiiuuuuuuiuuuuuuuuuuuu" : "iitiiuuuuuuiuuuuNNNNNNNN",
        key_of(c, r->seq), (int64_t)r->part, causes[r->cause],
        (int64_t)r->rescans, (int64_t)r->given_back, r->live_objects,
        r->live_bytes, r->reclaimed_objects, r->reclaimed_bytes,
        r->moved_objects, r->moved_bytes, (int64_t)r->n_pinned, r->free_before,
        r->largest_free_before, r->free_after, r->largest_free_after, s->clock,
        r->cost.gc_cycles, phase[PHASE_MARK], phase[PHASE_FINALISE],
        phase[PHASE_SWEEP], phase[PHASE_PLAN], phase[PHASE_UPDATE],
        phase[PHASE_MOVE]);
}

static int copy_refusal(struct store_copy *c, const void *bytes, size_t n_bytes)
{
    const struct refusal_record *r = bytes;
    assert(n_bytes == sizeof *r);
    return store_put(c->store, c->problem, STORE_PUT_REFUSAL, "iiiouuuud",
                     key_of(c, r->seq), (int64_t)r->outcome,
                     (int64_t)r->recorded, r->object, r->asked, r->free,
                     r->largest_free, r->n_holes, r->index);
}

static int copy_phase(struct store_copy *c, const void *bytes, size_t n_bytes)
{
    const struct shard_mark *m = bytes;
    assert(n_bytes > sizeof *m);
    return store_put(c->store, c->problem, STORE_PUT_PHASE, "iiit",
                     key_of(c, m->seq), (int64_t)m->part, (int64_t)m->what,
                     (const char *)(m + 1));
}

static int copy_note(struct store_copy *c, const void *bytes, size_t n_bytes)
{
    const struct shard_mark *m = bytes;
    assert(n_bytes > sizeof *m);
    return store_put(c->store, c->problem, STORE_PUT_NOTE, "iit",
                     key_of(c, m->seq), (int64_t)m->part,
                     (const char *)(m + 1));
}

static int copy_series(struct store_copy *c, const void *bytes, size_t n_bytes)
{
    const struct shard_bin *b = bytes;
    assert(n_bytes == sizeof *b);
    const struct metrics_bin *v = &b->value;
    return store_put(c->store, c->problem, STORE_PUT_SERIES, "itiuduu",
                     c->number, metric_names[b->metric], (int64_t)b->bin,
                     v->min, v->n > 0 ? v->sum / (double)v->n : 0.0, v->max,
                     v->last);
}

static int copy_histogram(struct store_copy *c, const void *bytes,
                          size_t n_bytes)
{
    const struct shard_bucket *b = bytes;
    assert(n_bytes == sizeof *b);
    return store_put(c->store, c->problem, STORE_PUT_HISTOGRAM, "ituuu",
                     c->number, b->name, b->lower, b->upper, b->count);
}

static const char *reason_name(uint64_t moment)
{
    return moment < MOMENT_N ? moment_names[moment] : "even";
}

static int copy_heapmap(struct store_copy *c, const void *bytes, size_t n_bytes)
{
    const struct shard_map *m = bytes;
    assert(n_bytes > sizeof *m);
    const char *text = (const char *)bytes + sizeof *m;
    return store_put(c->store, c->problem, STORE_PUT_HEAPMAP, "iutiit",
                     c->number, m->seq, reason_name(m->moment),
                     (int64_t)m->base, (int64_t)m->unit_bytes, text);
}

static int copy_objects(struct store_copy *c, const void *bytes, size_t n_bytes)
{
    const struct shard_moment *m = bytes;
    const struct object_view *o = (const void *)(m + 1);
    size_t n = (n_bytes - sizeof *m) / sizeof *o;
    int err = 0;
    for (size_t i = 0; i < n && err == 0; i++)
        err = store_put(c->store, c->problem, STORE_PUT_OBJECT, "iutuiuuuiii",
                        c->number, m->seq, reason_name(m->moment), o[i].id,
                        (int64_t)o[i].address, o[i].asked, o[i].granted,
                        o[i].born_seq, (int64_t)o[i].site,
                        (int64_t)o[i].is_dead, (int64_t)o[i].is_held);
    return err;
}

static int copy_edges(struct store_copy *c, const void *bytes, size_t n_bytes)
{
    const struct shard_moment *m = bytes;
    const struct moments_edge *e = (const void *)(m + 1);
    size_t n = (n_bytes - sizeof *m) / sizeof *e;
    int err = 0;
    for (size_t i = 0; i < n && err == 0; i++)
        err = store_put(c->store, c->problem, STORE_PUT_EDGE, "iutuiu",
                        c->number, m->seq, reason_name(m->moment), e[i].from,
                        (int64_t)e[i].word, e[i].to);
    return err;
}

typedef int copier(struct store_copy *c, const void *bytes, size_t n_bytes);

static copier *const copiers[SHARD_N_TYPES] = {
    [SHARD_OPS] = copy_ops,
    [SHARD_COSTS] = copy_costs,
    [SHARD_EVENT] = copy_event,
    [SHARD_COLLECTION] = copy_collection,
    [SHARD_REFUSAL] = copy_refusal,
    [SHARD_PHASE] = copy_phase,
    [SHARD_NOTE] = copy_note,
    [SHARD_SERIES] = copy_series,
    [SHARD_HISTOGRAM] = copy_histogram,
    [SHARD_HEAPMAP] = copy_heapmap,
    [SHARD_OBJECT] = copy_objects,
    [SHARD_EDGE] = copy_edges,
};

int store_copy_records(struct store_copy *c, struct spool *spool)
{
    struct spool_reader reader;
    struct spool_record record;
    int err = spool_read(&reader, spool, c->problem);
    if (err < 0)
        return err;
    while ((err = spool_next(&reader, &record, c->problem)) > 0) {
        assert(record.type < SHARD_N_TYPES);
        err = copiers[record.type](c, record.bytes, record.n_bytes);
        if (err < 0)
            break;
    }
    spool_read_end(&reader);
    return err;
}
