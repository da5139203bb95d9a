/*
 * store_parts.h - what store.c, store_sink.c and store_copy.c share, and
 * nobody else: the open database, a run on its way into it
 *
 * A run's rows wait in its spool as records of these types; store_copy.c turns
 * each into rows of the table of its name.
 */
#ifndef ANALYSIS_STORE_PARTS_H
#define ANALYSIS_STORE_PARTS_H

#include <sqlite3.h>

#include "analysis/moments.h"
#include "analysis/spool.h"
#include "analysis/store.h"

enum shard_type {
    SHARD_OPS = 0,    /* struct shard_op[]                                 */
    SHARD_COSTS,      /* struct shard_cost[]                               */
    SHARD_EVENT,      /* struct event_record                               */
    SHARD_COLLECTION, /* struct shard_collection                           */
    SHARD_REFUSAL,    /* struct refusal_record                             */
    SHARD_PHASE,      /* struct shard_mark and the name, with its end      */
    SHARD_NOTE,       /* struct shard_mark and the text, with its end      */
    SHARD_SERIES,     /* struct shard_bin[] of one metric, in order        */
    SHARD_HISTOGRAM,  /* struct shard_bucket                               */
    SHARD_HEAPMAP,    /* struct shard_map and the text, with its end       */
    SHARD_OBJECT,     /* struct shard_moment, struct object_view[]         */
    SHARD_EDGE,       /* struct shard_moment, struct moments_edge[]        */
    SHARD_N_TYPES
};

/* One row of `op`, in the order of its columns but for the padding. */
struct shard_op {
    uint64_t seq;
    uint64_t object; /* TRACE_NONE: null                                   */
    uint64_t asked;
    uint32_t kind;
    uint32_t granted;
    uint32_t address;
    uint32_t live;
    uint32_t used;
    uint32_t free;
    uint32_t largest_free;
    uint32_t largest_request;
};

/* One row of `op_cost`. */
struct shard_cost {
    uint64_t seq;
    uint64_t cycles, gc_cycles, instructions, loads, stores, waits;
    uint64_t stack;
};

/* One row of `collection`: the record's cost is this collection's alone. */
struct shard_collection {
    struct collection_record record;
    uint64_t clock;
};

struct shard_mark {
    uint64_t seq;
    uint32_t part;
    int32_t what; /* 1 begins, 0 ends, -1 a note                           */
};

struct shard_bin {
    uint32_t metric;
    uint32_t bin;
    struct metrics_bin value;
};

struct shard_bucket {
    char name[32];
    uint64_t lower, upper, count;
};

struct shard_map {
    uint64_t seq;
    uint32_t base, unit_bytes;
    uint32_t moment; /* enum moment; MOMENT_N: even                        */
};

struct shard_moment {
    uint64_t seq;
    uint64_t moment;
};

/* Operations gathered before they go to the spool, and rows an INSERT. */
#define SHARD_OPS_CAP   16384
#define SHARD_COSTS_CAP 512

struct store_run {
    struct store *store;
    struct store_run *next; /* in the store's list of ended runs           */
    struct problem *problem;
    enum keep keep;
    struct spool spool;
    struct moments moments;
    struct shard_op *ops;
    uint32_t n_ops;
    struct shard_cost *costs; /* machine runs                              */
    uint32_t n_costs;
    bool may_hold; /* store_run_may_hold, until that was decided     */
    struct store_ahead *ahead; /* null: the operations wait in the spool   */
    int64_t held_number; /* the operations are inserted under it, in the   */
                         /* open transaction; 0: they are in the spool     */
    int64_t held_bytes;  /* ... and took so much                           */
    uint64_t last_seq;   /* of the last operation                           */
    uint64_t clock;      /* cycles of all operations and events so far      */
    uint64_t collected_seq; /* operation of the last collection           */
    uint32_t collected_part;
    struct op_cost collected_cost; /* of that operation, so far             */
    uint64_t mark_seq;  /* of the last mark                                */
    uint32_t mark_part; /* its number after that operation                 */

    /* Known at its end. */
    struct run_spec spec;
    struct replay_result result;
    struct metrics_summary summary;
    struct cost_summary cycles[COST_N];
    struct cost_totals totals;
    bool has_costs; /* those two are filled                                */
    uint32_t series_shift;
    char *json;
    char id[RUN_ID_CAP];
};

/* Statements that are prepared once: store_rows.c has their text. */
enum store_statement {
    STORE_FIND_RUN,
    STORE_PUT_TRACE,
    STORE_PUT_RUN,
    STORE_PUT_SUMMARY,
    STORE_PUT_OPS,
    STORE_APPEND_OPS,
    STORE_LAST_KEY,
    STORE_NEXT_NUMBER,
    STORE_PUT_IMAGE,
    STORE_PUT_MACHINE,
    STORE_PUT_CYCLES,
    STORE_PUT_TOTAL,
    STORE_PUT_COST,
    STORE_PUT_EVENT,
    STORE_PUT_COLLECTION,
    STORE_PUT_REFUSAL,
    STORE_PUT_PHASE,
    STORE_PUT_NOTE,
    STORE_PUT_SERIES,
    STORE_PUT_HISTOGRAM,
    STORE_PUT_HEAPMAP,
    STORE_PUT_OBJECT,
    STORE_PUT_EDGE,
    STORE_GET_MINHEAP,
    STORE_PUT_MINHEAP,
    STORE_PUT_POINT,
    STORE_COUNT_PAGES,
    STORE_PUT_STORED,
    STORE_N_STATEMENTS
};

/* What the virtual table over gathered operations shows now. */
struct shard_view {
    const struct shard_op *ops;
    uint32_t n_ops;
    int64_t key; /* of operation 0 of the run                              */
};

struct store {
    sqlite3 *db;
    char *path;
    bool is_readonly;
    uint32_t patience_ms;   /* see store_set_patience                      */
    uint64_t waiting_since; /* clock when the present waiting began       */
    bool has_said_so;       /* that it waits                               */
    uint32_t group_ms;
    uint64_t oldest_ms; /* when the first ended run began to wait          */
    struct store_run *ended, **last_ended;
    struct shard_view view;
    sqlite3_stmt *statements[STORE_N_STATEMENTS]; /* null: not yet needed  */
};

/* Milliseconds of a clock that never goes back. */
uint64_t store_clock_ms(void);

/* Write what SQLite says of the last call, and return what it means. */
int store_failed(struct store *s, int code, struct problem *problem);

/* Run statements that yield no rows. */
MUST_CHECK int store_execute(struct store *s, const char *sql,
                             struct problem *problem);

/* Register the virtual table `shard_ops` over s->view. */
int store_register_shard(struct store *s);

/* The statement, ready to be bound; the caller resets it. */
MUST_CHECK int store_prepare(struct store *s, enum store_statement which,
                             sqlite3_stmt **out, struct problem *problem);

/*
 * Run a statement that changes a row and yields none, with the values that
 * `types` tells of:
 *   i int64_t   u uint64_t   o uint64_t, TRACE_NONE is null   d double
 *   t const char *           k int64_t, 0 is null             N any: null
 */
MUST_CHECK int store_put(struct store *s, struct problem *problem,
                         enum store_statement which, const char *types, ...);

/* A run being copied. */
struct store_copy {
    struct store *store;
    const struct store_run *run;
    int64_t number; /* 0: not known yet                                    */
    int64_t key;    /* of operation 0                                      */
    int64_t append_key; /* of a row appended to `op`; 0: none may be       */
    struct problem *problem;
};

/* The one number that a statement without parameters yields. */
MUST_CHECK int store_number(const struct store_copy *c,
                            enum store_statement which, int64_t *out);

/* The row of the trace that was read at `workload`, and played. */
MUST_CHECK int store_put_trace(struct store *s, const char *workload,
                               const struct replay_result *played,
                               struct problem *problem);

/* Insert operations of the run, which follow those inserted before. */
MUST_CHECK int store_copy_ops(struct store_copy *c, const struct shard_op *ops,
                              size_t n);

/* Turn every record of the spool into rows. */
MUST_CHECK int store_copy_records(struct store_copy *c, struct spool *spool);

/* What SQLite can hold of a number; the rest is cut off (schema.sql). */
static inline int64_t store_held(uint64_t value)
{
    return value > INT64_MAX ? INT64_MAX : (int64_t)value;
}

/* Delete all rows of a run but its row in `run`; inside a transaction. */
MUST_CHECK int store_delete_rows(struct store *s, int64_t number,
                                 struct problem *problem);

/*
 * Insert the run's operations while it plays (store_ahead.c). Begin: r->ahead,
 * which stays null if that cannot be; then nothing has changed. Put: hand over
 * r->ops, all r->n_ops of them, and get an empty array in its place. End: wait
 * until all are inserted; the transaction stays open and the run is held.
 * Stop: roll back, if it had begun.
 */
void store_ahead_begin(struct store_run *r);
MUST_CHECK int store_ahead_put(struct store_run *r);
MUST_CHECK int store_ahead_end(struct store_run *r);
void store_ahead_stop(struct store_run *r);

/* How long to wait for another process that writes. */
void store_set_patience(struct store *s, uint32_t ms);

/* Leave a transaction that did not come to its end. */
void store_roll_back(struct store *s);

void store_run_free(struct store_run *r);

/* Free the runs that have ended, copied or not. */
void store_forget_ended(struct store *s);

#endif /* ANALYSIS_STORE_PARTS_H */
