/*
 * store_vtab.c - the virtual table `shard_ops`: a batch of operations as rows
 *
 * Operations are nearly all of a run. SQLite reads them itself from this table
 * with one INSERT a batch instead of one a row, which saves most of what a row
 * costs in setting up and leaving a statement.
 *
 * Source    sqlite.org/vtab.html, "The Virtual Table Mechanism Of SQLite"
 */
#include "analysis/store_parts.h"
#include "traces/op.h"

struct shard_table {
    sqlite3_vtab base;
    const struct shard_view *view;
};

struct shard_cursor {
    sqlite3_vtab_cursor base;
    const struct shard_view *view;
    uint32_t row;
};

static int shard_connect(sqlite3 *db, void *aux, int argc,
                         const char *const *argv, sqlite3_vtab **out,
                         char **error)
{
    (void)argc, (void)argv, (void)error;
    struct shard_table *t = sqlite3_malloc(sizeof *t);
    if (t == NULL)
        return SQLITE_NOMEM;
    *t = (struct shard_table){.view = aux};
    *out = &t->base;
    return sqlite3_declare_vtab(
        db, "CREATE TABLE shard_ops(key, kind, object, asked, granted, "
            "address, live, used, free, largest_free, largest_request)");
}

static int shard_disconnect(sqlite3_vtab *t)
{
    sqlite3_free(t);
    return SQLITE_OK;
}

static int shard_best_index(sqlite3_vtab *t, sqlite3_index_info *info)
{
    (void)t;
    info->estimatedRows = SHARD_OPS_CAP;
    info->estimatedCost = SHARD_OPS_CAP;
    return SQLITE_OK;
}

static int shard_open(sqlite3_vtab *t, sqlite3_vtab_cursor **out)
{
    struct shard_cursor *c = sqlite3_malloc(sizeof *c);
    if (c == NULL)
        return SQLITE_NOMEM;
    *c = (struct shard_cursor){.view = ((struct shard_table *)t)->view};
    *out = &c->base;
    return SQLITE_OK;
}

static int shard_close(sqlite3_vtab_cursor *c)
{
    sqlite3_free(c);
    return SQLITE_OK;
}

static int shard_filter(sqlite3_vtab_cursor *c, int number, const char *text,
                        int argc, sqlite3_value **argv)
{
    (void)number, (void)text, (void)argc, (void)argv;
    ((struct shard_cursor *)c)->row = 0;
    return SQLITE_OK;
}

static int shard_next(sqlite3_vtab_cursor *c)
{
    ((struct shard_cursor *)c)->row++;
    return SQLITE_OK;
}

static int shard_eof(sqlite3_vtab_cursor *base)
{
    const struct shard_cursor *c = (const struct shard_cursor *)base;
    return c->row >= c->view->n_ops;
}

static int shard_column(sqlite3_vtab_cursor *base, sqlite3_context *to, int i)
{
    const struct shard_cursor *c = (const struct shard_cursor *)base;
    const struct shard_op *o = &c->view->ops[c->row];
    int64_t value = 0;
    switch (i) {
    case 0:
        value = c->view->key + (int64_t)o->seq;
        break;
    case 1:
        value = o->kind;
        break;
    case 2:
        if (o->object == TRACE_NONE)
            return SQLITE_OK; /* a column that is given no value is null */
        value = store_held(o->object);
        break;
    case 3:
        value = store_held(o->asked);
        break;
    default:
        value = (&o->granted)[i - 4];
    }
    sqlite3_result_int64(to, value);
    return SQLITE_OK;
}

static int shard_rowid(sqlite3_vtab_cursor *c, sqlite3_int64 *rowid)
{
    *rowid = ((struct shard_cursor *)c)->row;
    return SQLITE_OK;
}

static const sqlite3_module shard_module = {
    .xConnect = shard_connect,
    .xBestIndex = shard_best_index,
    .xDisconnect = shard_disconnect,
    .xOpen = shard_open,
    .xClose = shard_close,
    .xFilter = shard_filter,
    .xNext = shard_next,
    .xEof = shard_eof,
    .xColumn = shard_column,
    .xRowid = shard_rowid,
};

int store_register_shard(struct store *s)
{
    return sqlite3_create_module(s->db, "shard_ops", &shard_module, &s->view);
}
