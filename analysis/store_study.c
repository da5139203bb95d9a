/* store_study.c - see store_study.h. */
#include "analysis/store_study.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/store_parts.h"

/* 1: the minimum heap of that id is known; 0: it is not. */
static int get_minheap(struct store *s, const char *id, struct minheap *out,
                       struct problem *problem)
{
    sqlite3_stmt *q;
    int err = store_prepare(s, STORE_GET_MINHEAP, &q, problem);
    if (err < 0)
        return err;
    sqlite3_bind_text(q, 1, id, -1, SQLITE_STATIC);
    int code = sqlite3_step(q);
    if (code == SQLITE_ROW)
        *out =
            (struct minheap){.heap_bytes = (uint64_t)sqlite3_column_int64(q, 0),
                             .max_live = (uint64_t)sqlite3_column_int64(q, 1),
                             .is_monotone = sqlite3_column_int64(q, 2) != 0,
                             .refuses = (uint64_t)sqlite3_column_int64(q, 3),
                             .n_replays = (uint32_t)sqlite3_column_int64(q, 4)};
    else if (code != SQLITE_DONE)
        err = store_failed(s, code, problem);
    sqlite3_reset(q);
    return err < 0 ? err : code == SQLITE_ROW;
}

static int put_minheap(struct store *s, const struct run_spec *spec,
                       const char *json, const char *id,
                       const struct minheap *m, struct problem *problem)
{
    int err = store_execute(s, "BEGIN IMMEDIATE", problem);
    if (err == 0)
        err = store_put_trace(s, spec->workload, &m->run, problem);
    if (err == 0)
        err = store_put(s, problem, STORE_PUT_MINHEAP, "ttttuuiui", id, json,
                        m->run.trace_hash, spec->options.manager, m->heap_bytes,
                        m->max_live, (int64_t)m->is_monotone, m->refuses,
                        (int64_t)m->n_replays);
    if (err == 0)
        err = store_execute(s, "COMMIT", problem);
    if (err < 0)
        store_roll_back(s);
    return err;
}

int store_minheap(struct store *store, const struct run_spec *spec,
                  struct minheap *out, struct problem *problem)
{
    char *json, id[RUN_ID_CAP];
    if (store == NULL)
        return minheap_find(spec, out, problem);
    int err = minheap_describe(spec, &json, problem);
    if (err < 0)
        return err;
    run_id(json, id);
    int is_known = get_minheap(store, id, out, problem);
    err = is_known < 0 ? is_known : 0;
    if (is_known == 0)
        err = minheap_find(spec, out, problem);
    if (is_known == 0 && err == 0)
        err = put_minheap(store, spec, json, id, out, problem);
    free(json);
    return err;
}

int store_has_run(struct store *store, const char *id, enum keep keep,
                  struct problem *problem)
{
    sqlite3_stmt *q;
    bool has_it = false;
    int err = store_prepare(store, STORE_FIND_RUN, &q, problem);
    if (err < 0)
        return err;
    sqlite3_bind_text(q, 1, id, -1, SQLITE_STATIC);
    int code = sqlite3_step(q);
    for (int k = (int)keep; code == SQLITE_ROW && k <= KEEP_OPS; k++) {
        const char *kept = (const char *)sqlite3_column_text(q, 1);
        has_it = has_it || (kept != NULL && strcmp(kept, keep_names[k]) == 0);
    }
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        err = store_failed(store, code, problem);
    sqlite3_reset(q);
    return err < 0 ? err : has_it;
}

int store_put_point(struct store *store, const char *study, const char *point,
                    const char *id, const char *reason, struct problem *problem)
{
    return store_put(store, problem, STORE_PUT_POINT, "tttt", study, point, id,
                     reason);
}
