/* query.c - see query.h for the contract. */
#include "analysis/query.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/text.h"

#define KEY_BITS       36
#define MAX_RUN_NUMBER (INT64_C(1) << (63 - KEY_BITS))

static int fail(sqlite3 *db, struct problem *problem)
{
    const char *file = sqlite3_db_filename(db, "main");
    int code = sqlite3_errcode(db);
    int err = code == SQLITE_NOMEM ? ERR_MEMORY : ERR_IO;
    return problem_set(problem, err, "%s: %s", file == NULL ? "" : file,
                       sqlite3_errmsg(db));
}

int query_check(sqlite3 *db, struct problem *problem)
{
    static const char names[] =
        "'trace','run','op','collection','refusal','series','histogram',"
        "'heapmap','object','edge','summary','op_cost','event_cost','cycles',"
        "'machine_total','machine','image','minheap'";
    int64_t n_tables = 0;
    int err = query_number(db, &n_tables, 0, problem,
                           "SELECT COUNT(*) FROM sqlite_master WHERE type = "
                           "'table' AND sql NOT LIKE '%%VIRTUAL%%' AND name "
                           "IN (%s)",
                           names);
    if (err == 0 && n_tables != 18)
        err = problem_set(problem, ERR_INPUT, "%s: not all tables are there",
                          sqlite3_db_filename(db, "main"));
    return err;
}

int64_t query_key_from(int64_t run)
{
    assert(run >= 0 && run < MAX_RUN_NUMBER);
    return run << KEY_BITS;
}

int64_t query_key_last(int64_t run)
{
    return query_key_from(run) + ((INT64_C(1) << KEY_BITS) - 1);
}

static int prepare(sqlite3 *db, sqlite3_stmt **out, struct problem *problem,
                   const char *format, va_list args)
{
    *out = NULL;
    char *sql = sqlite3_vmprintf(format, args);
    if (sql == NULL)
        return problem_set(problem, ERR_MEMORY, "no memory for a query");
    int status = sqlite3_prepare_v2(db, sql, -1, out, NULL);
    sqlite3_free(sql);
    return status == SQLITE_OK ? 0 : fail(db, problem);
}

int query_prepare(sqlite3 *db, sqlite3_stmt **out, struct problem *problem,
                  const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int err = prepare(db, out, problem, format, args);
    va_end(args);
    return err;
}

int query_step(sqlite3_stmt *q, struct problem *problem)
{
    int status = sqlite3_step(q);
    if (status == SQLITE_ROW)
        return 1;
    return status == SQLITE_DONE ? 0 : fail(sqlite3_db_handle(q), problem);
}

int query_number(sqlite3 *db, int64_t *out, int64_t otherwise,
                 struct problem *problem, const char *format, ...)
{
    sqlite3_stmt *q;
    va_list args;
    va_start(args, format);
    int err = prepare(db, &q, problem, format, args);
    va_end(args);
    if (err < 0)
        return err;
    *out = otherwise;
    err = query_step(q, problem);
    if (err > 0 && sqlite3_column_type(q, 0) != SQLITE_NULL)
        *out = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return err < 0 ? err : 0;
}

/* The columns that read_run reads, in its order. */
static const char run_columns[] =
    "r.number, r.id, r.spec, r.trace, r.manager, r.machine, r.heap_bytes, "
    "r.control_bytes, r.keep, r.program_version, r.state_digest, r.status, "
    "r.reason, r.series_shift, t.name, t.format, t.program, s.run, "
    "s.operations, s.events, s.allocations, s.frees, s.reallocs, "
    "s.collections, s.refused, s.refused_short, s.refused_fragmented, "
    "s.refused_other, s.end_live, s.end_used, s.end_free, s.end_largest_free, "
    "s.end_largest_request, s.min_largest_request, s.p1_largest_request, "
    "s.min_largest_free, s.max_live, s.moved_bytes, s.inplace_missed, "
    "s.dropped, s.max_held, s.floating, s.lone_blocks, "
    "s.touches, s.strings, s.strings_granted, s.strings_apart, "
    "s.first_refusal_seq, s.worst_seq, s.guarantee_live, s.guarantee_sure, "
    "s.guarantee_seq, s.frag_mean, s.frag_max, s.frag_end";

static void clean_column(char *out, size_t cap, sqlite3_stmt *q, int column)
{
    text_clean(out, cap, (const char *)sqlite3_column_text(q, column));
}

static void read_summary(sqlite3_stmt *q, int column, struct query_summary *s)
{
    int64_t *const whole[] = {
        &s->operations,
        &s->events,
        &s->allocations,
        &s->frees,
        &s->reallocs,
        &s->collections,
        &s->refused,
        &s->refused_short,
        &s->refused_fragmented,
        &s->refused_other,
        &s->end_live,
        &s->end_used,
        &s->end_free,
        &s->end_largest_free,
        &s->end_largest_request,
        &s->min_largest_request,
        &s->p1_largest_request,
        &s->min_largest_free,
        &s->max_live,
        &s->moved_bytes,
        &s->inplace_missed,
        &s->dropped,
        &s->max_held,
        &s->floating,
        &s->lone_blocks,
        &s->touches,
        &s->strings,
        &s->strings_granted,
        &s->strings_apart,
        &s->first_refusal_seq,
        &s->worst_seq,
        &s->guarantee_live,
        &s->guarantee_sure,
        &s->guarantee_seq,
    };
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        int64_t value = sqlite3_column_int64(q, column++);
        *whole[i] = value < 0 ? 0 : value;
    }
    s->frag_mean = sqlite3_column_double(q, column++);
    s->frag_max = sqlite3_column_double(q, column++);
    s->frag_end = sqlite3_column_double(q, column++);
}

static int read_run(sqlite3_stmt *q, struct query_run *r,
                    struct problem *problem)
{
    memset(r, 0, sizeof *r);
    r->number = sqlite3_column_int64(q, 0);
    if (r->number < 0 || r->number >= MAX_RUN_NUMBER)
        return problem_set(
            problem, ERR_INPUT, "%s: run number %" PRId64 " is out of range",
            sqlite3_db_filename(sqlite3_db_handle(q), "main"), r->number);
    clean_column(r->id, sizeof r->id, q, 1);
    const char *spec = (const char *)sqlite3_column_text(q, 2);
    size_t spec_cap = spec == NULL ? 1 : strlen(spec) + 1;
    r->spec = malloc(spec_cap);
    if (r->spec == NULL)
        return problem_set(problem, ERR_MEMORY, "no memory for a run's spec");
    text_clean(r->spec, spec_cap, spec);
    clean_column(r->trace_hash, sizeof r->trace_hash, q, 3);
    clean_column(r->manager, sizeof r->manager, q, 4);
    variant_label(r->label, r->manager, r->spec);
    clean_column(r->machine, sizeof r->machine, q, 5);
    r->heap_bytes = sqlite3_column_int64(q, 6);
    r->control_bytes = sqlite3_column_int64(q, 7);
    clean_column(r->keep, sizeof r->keep, q, 8);
    clean_column(r->program_version, sizeof r->program_version, q, 9);
    clean_column(r->state_digest, sizeof r->state_digest, q, 10);
    clean_column(r->status, sizeof r->status, q, 11);
    clean_column(r->reason, sizeof r->reason, q, 12);
    int64_t shift = sqlite3_column_int64(q, 13);
    r->series_shift = shift < 0 ? 0 : shift > 40 ? 40 : (int)shift;
    clean_column(r->trace, sizeof r->trace, q, 14);
    clean_column(r->trace_format, sizeof r->trace_format, q, 15);
    clean_column(r->trace_program, sizeof r->trace_program, q, 16);
    r->has_summary = sqlite3_column_type(q, 17) != SQLITE_NULL;
    if (r->heap_bytes < 0 || r->control_bytes < 0)
        r->heap_bytes = r->control_bytes = 0;
    read_summary(q, 18, &r->summary);
    return 0;
}

static int add_runs(sqlite3_stmt *q, struct query_run **runs, int *n_runs,
                    struct problem *problem)
{
    int err = 0;
    while ((err = query_step(q, problem)) > 0) {
        struct query_run *more =
            realloc(*runs, ((size_t)*n_runs + 1) * sizeof **runs);
        if (more == NULL)
            return problem_set(problem, ERR_MEMORY, "no memory for the runs");
        *runs = more;
        err = read_run(q, &more[(*n_runs)++], problem);
        if (err < 0)
            return err;
    }
    return err;
}

static int add_named(sqlite3 *db, const char *name, struct query_run **runs,
                     int *n_runs, struct problem *problem)
{
    size_t length = strlen(name);
    bool is_number =
        length > 0 && length < 9 && strspn(name, "0123456789") == length;
    int before = *n_runs;
    /* A number comes before the beginning of an id that looks like one. */
    for (int by_number = is_number; by_number >= 0; by_number--) {
        sqlite3_stmt *q = NULL;
        const char *where = by_number ? "r.number = CAST(%Q AS INTEGER)"
                                      : "substr(r.id, 1, length(%Q)) = %Q";
        char *condition = sqlite3_mprintf(where, name, name);
        int err = condition == NULL
                      ? problem_set(problem, ERR_MEMORY, "no memory")
                      : query_prepare(db, &q, problem,
                                      "SELECT %s FROM run r LEFT JOIN trace t "
                                      "ON t.hash = r.trace LEFT JOIN summary "
                                      "s ON s.run = r.number WHERE %s",
                                      run_columns, condition);
        sqlite3_free(condition);
        if (err < 0)
            return err;
        err = add_runs(q, runs, n_runs, problem);
        sqlite3_finalize(q);
        if (err < 0)
            return err;
        if (*n_runs > before)
            break;
    }
    if (*n_runs == before || length == 0)
        return problem_set(problem, ERR_INPUT,
                           "%s: no run of that number or id",
                           length == 0 ? "''" : name);
    if (*n_runs > before + 1)
        return problem_set(problem, ERR_INPUT,
                           "%s: %d runs begin so; give more of the id", name,
                           *n_runs - before);
    return 0;
}

int query_runs(sqlite3 *db, const char *const *wanted, int n_wanted,
               struct query_run **runs, int *n_runs, struct problem *problem)
{
    *runs = NULL;
    *n_runs = 0;
    int err = query_check(db, problem);
    if (err == 0 && n_wanted == 0) {
        sqlite3_stmt *q;
        err = query_prepare(db, &q, problem,
                            "SELECT %s FROM run r LEFT JOIN trace t ON t.hash "
                            "= r.trace LEFT JOIN summary s ON s.run = "
                            "r.number ORDER BY r.number",
                            run_columns);
        if (err == 0)
            err = add_runs(q, runs, n_runs, problem);
        sqlite3_finalize(q);
    }
    for (int i = 0; i < n_wanted && err == 0; i++)
        err = add_named(db, wanted[i], runs, n_runs, problem);
    if (err < 0) {
        query_free_runs(*runs, *n_runs);
        *runs = NULL;
        *n_runs = 0;
    }
    return err;
}

void query_free_runs(struct query_run *runs, int n_runs)
{
    for (int i = 0; i < n_runs; i++)
        free(runs[i].spec);
    free(runs);
}

static void csv_field(FILE *f, const char *s)
{
    if (strpbrk(s, ",\"\r\n") == NULL) {
        fputs(s, f);
        return;
    }
    fputc('"', f);
    for (; *s != 0; s++) {
        if (*s == '"')
            fputc('"', f);
        fputc(*s, f);
    }
    fputc('"', f);
}

static int csv_rows(FILE *f, sqlite3_stmt *q, bool header,
                    struct problem *problem)
{
    int n_columns = sqlite3_column_count(q), n_rows = 0, err;
    for (int i = 0; header && i < n_columns; i++) {
        csv_field(f, sqlite3_column_name(q, i));
        fputc(i + 1 < n_columns ? ',' : '\n', f);
    }
    while ((err = query_step(q, problem)) > 0) {
        for (int i = 0; i < n_columns; i++) {
            const char *s = (const char *)sqlite3_column_text(q, i);
            csv_field(f, s == NULL ? "" : s);
            fputc(i + 1 < n_columns ? ',' : '\n', f);
        }
        n_rows += n_rows < INT32_MAX;
    }
    return err < 0 ? err : n_rows;
}

int query_csv(sqlite3 *db, const char *sql, const char *path, bool append,
              struct problem *problem)
{
    sqlite3_stmt *q;
    int err = query_prepare(db, &q, problem, "%s", sql);
    if (err < 0)
        return err;
    FILE *f = fopen(path, append ? "a" : "w");
    if (f == NULL) {
        sqlite3_finalize(q);
        return problem_set(problem, ERR_IO, "%s: %s", path, strerror(errno));
    }
    int n_rows = csv_rows(f, q, !append, problem);
    sqlite3_finalize(q);
    bool is_written = ferror(f) == 0;
    if (fclose(f) != 0 || !is_written)
        return problem_set(problem, ERR_IO, "%s: %s", path, strerror(errno));
    return n_rows;
}
