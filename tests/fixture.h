/*
 * fixture.h - a database with runs that look like real ones, for the suites
 * that draw and report
 *
 * A first-fit heap of UNITS units with random objects is played for a while;
 * its garbage is collected when nothing fits. What it was is written straight
 * into the tables of schema.sql, so that neither the replay nor the store is
 * needed.
 */
#ifndef TESTS_FIXTURE_H
#define TESTS_FIXTURE_H

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/metrics.h"
#include "build/schema.h"
#include "traces/op.h"

#define FIXTURE_BASE   0x20010400U
#define FIXTURE_UNIT   16U
#define FIXTURE_TABLES 20U /* units at the end that hold the tables        */

struct fixture_run {
    int number;
    const char *trace; /* its name                                         */
    uint32_t n_units;  /* of the pool                                      */
    uint64_t n_ops;
    uint64_t seed;
    uint32_t max_live;   /* objects that stay alive                          */
    bool with_ops;       /* rows of `op`                                     */
    const char *machine; /* its name; null: a native run                   */
};

struct fixture_object {
    uint64_t id, born, asked;
    uint32_t unit, n_units;
    bool is_dead;
};

struct fixture {
    sqlite3 *db;
    const struct fixture_run *run;
    struct metrics *metrics;
    uint8_t *map; /* an enum unit_state a unit                             */
    struct fixture_object *object;
    uint32_t n_objects, n_live, n_maps;
    uint64_t seq, random, n_collections, n_refused, n_freed, worst;
    uint64_t clock, collecting; /* of machine runs: cycles so far, and those */
                                /* that this operation spent collecting      */
};

static inline uint64_t fixture_random(struct fixture *f, uint64_t below)
{
    f->random ^= f->random << 13;
    f->random ^= f->random >> 7;
    f->random ^= f->random << 17;
    return f->random % below;
}

static inline void fixture_sql(sqlite3 *db, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *sql = sqlite3_vmprintf(format, args);
    va_end(args);
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) {
        fprintf(stderr, "fixture: %s in: %s\n", message, sql);
        abort();
    }
    sqlite3_free(sql);
}

static inline uint32_t fixture_longest(const struct fixture *f, bool live_only,
                                       uint32_t *n_holes, uint32_t *n_free)
{
    uint32_t longest = 0, length = 0;
    *n_holes = *n_free = 0;
    for (uint32_t i = 0; i < f->run->n_units; i++) {
        bool is_free =
            f->map[i] == UNIT_FREE || (live_only && f->map[i] == UNIT_GARBAGE);
        length = is_free ? length + 1 : 0;
        *n_free += is_free;
        *n_holes += length == 1;
        longest = length > longest ? length : longest;
    }
    return longest;
}

static inline void fixture_holes(const void *run,
                                 void (*each)(void *ctx, uint64_t bytes),
                                 void *ctx)
{
    const struct fixture *f = run;
    uint32_t length = 0;
    for (uint32_t i = 0; i <= f->run->n_units; i++) {
        if (i < f->run->n_units && f->map[i] == UNIT_FREE) {
            length++;
            continue;
        }
        if (length > 0)
            each(ctx, (uint64_t)length * FIXTURE_UNIT);
        length = 0;
    }
}

static inline void fixture_map(struct fixture *f, const char *reason)
{
    static const char letter[] = "."
                                 "h"
                                 "="
                                 "x"
                                 "#";
    uint32_t n = f->run->n_units + FIXTURE_TABLES;
    char *text = malloc(n * 12 + 1), *at = text;
    for (uint32_t i = 0; i < n;) {
        uint32_t from = i;
        char c = i < f->run->n_units ? letter[f->map[i]] : '#';
        while (i < n && (i < f->run->n_units ? letter[f->map[i]] : '#') == c)
            i++;
        at += sprintf(at, "%u%c", i - from, c);
    }
    *at = 0;
    fixture_sql(
        f->db, "INSERT OR REPLACE INTO heapmap VALUES(%d,%lld,%Q,%u,%u,%Q)",
        f->run->number, f->seq, reason, FIXTURE_BASE, FIXTURE_UNIT, text);
    free(text);
}

/* Objects and edges of this moment, under the map `reason`. */
static inline void fixture_moment(struct fixture *f, const char *reason)
{
    if (strcmp(reason, "worst") == 0) {
        fixture_sql(f->db,
                    "DELETE FROM heapmap WHERE run=%d AND reason='worst';"
                    "DELETE FROM object WHERE run=%d AND reason='worst';"
                    "DELETE FROM edge WHERE run=%d AND reason='worst'",
                    f->run->number, f->run->number, f->run->number);
    }
    fixture_map(f, reason);
    for (uint32_t i = 0; i < f->n_objects; i++) {
        const struct fixture_object *o = &f->object[i];
        fixture_sql(f->db,
                    "INSERT OR IGNORE INTO object "
                    "VALUES(%d,%lld,%Q,%lld,%u,%lld,%u,%lld,%u,%d,%d)",
                    f->run->number, f->seq, reason, o->id,
                    FIXTURE_BASE + o->unit * 16, o->asked, o->n_units * 16,
                    o->born, (unsigned)(o->id % 7), o->is_dead, i % 97 == 0);
        for (uint32_t k = 0; k < o->id % 3 && !o->is_dead; k++)
            fixture_sql(f->db,
                        "INSERT OR IGNORE INTO edge "
                        "VALUES(%d,%lld,%Q,%lld,%u,%lld)",
                        f->run->number, f->seq, reason, o->id, k,
                        f->object[(i * 7 + k * 31) % f->n_objects].id);
    }
}

static inline void fixture_paint(struct fixture *f,
                                 const struct fixture_object *o, uint8_t head,
                                 uint8_t tail)
{
    memset(f->map + o->unit, tail, o->n_units);
    f->map[o->unit] = head;
}

static inline void fixture_collect(struct fixture *f)
{
    uint32_t holes, free_before, free_after, n = 0;
    uint32_t before = fixture_longest(f, false, &holes, &free_before);
    uint32_t reclaimed = 0;
    for (uint32_t i = 0; i < f->n_objects; i++) {
        struct fixture_object *o = &f->object[i];
        if (o->is_dead) {
            fixture_paint(f, o, UNIT_FREE, UNIT_FREE);
            reclaimed++;
        } else {
            f->object[n++] = *o;
        }
    }
    f->n_objects = n;
    uint32_t after = fixture_longest(f, false, &holes, &free_after);
    uint64_t key = (uint64_t)f->run->number << 36 | f->seq;
    fixture_sql(f->db,
                "INSERT INTO collection VALUES(%lld,0,'full',0,0,%u,%u,%u,%u,"
                "0,0,0,%u,%u,%u,%u,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL)",
                key, n, (f->run->n_units - free_after) * 16, reclaimed,
                (free_after - free_before) * 16, free_before * 16, before * 16,
                free_after * 16, after * 16);
    if (f->run->machine != NULL) {
        uint64_t mark = 40 * (uint64_t)n, sweep = f->run->n_units;
        f->collecting = mark + sweep + 9;
        fixture_sql(f->db,
                    "UPDATE collection SET clock=%lld, cycles=%lld, mark=%lld,"
                    "finalise=9, sweep=%lld, plan=0, \"update\"=0, move=0 "
                    "WHERE key=%lld",
                    f->clock, f->collecting, mark, sweep, key);
    }
    f->n_collections++;
}

static inline bool fixture_place(struct fixture *f, uint64_t asked)
{
    uint32_t want = (uint32_t)((asked + 15) / 16), length = 0;
    for (uint32_t i = 0; i < f->run->n_units; i++) {
        length = f->map[i] == UNIT_FREE ? length + 1 : 0;
        if (length < want)
            continue;
        struct fixture_object o = {.id = f->seq,
                                   .born = f->seq,
                                   .asked = asked,
                                   .unit = i + 1 - want,
                                   .n_units = want};
        fixture_paint(f, &o, UNIT_HEAD, UNIT_TAIL);
        f->object[f->n_objects++] = o;
        f->n_live++;
        return true;
    }
    return false;
}

static inline void fixture_kill(struct fixture *f)
{
    uint32_t i = (uint32_t)fixture_random(f, f->n_objects);
    struct fixture_object *o = &f->object[i];
    if (o->is_dead)
        return;
    o->is_dead = true;
    f->n_live--;
    fixture_paint(f, o, UNIT_GARBAGE, UNIT_GARBAGE);
}

static inline void fixture_refuse(struct fixture *f, uint64_t asked)
{
    uint32_t holes, n_free,
        longest = fixture_longest(f, false, &holes, &n_free);
    struct refusal_record r = {.seq = f->seq};
    int outcome = n_free * 16 >= asked ? OUTCOME_FRAGMENTED : OUTCOME_SHORT;
    fixture_sql(
        f->db, "INSERT INTO refusal VALUES(%lld,%d,0,%lld,%lld,%u,%u,%u,%f)",
        (uint64_t)f->run->number << 36 | f->seq, outcome, f->seq, asked,
        n_free * 16, longest * 16, holes,
        holes == 0 ? 0 : 1 - (1 + n_free * 16.0 / (double)asked) / holes);
    metrics_refusal(f->metrics, &r, NULL);
    if (f->n_refused++ == 0)
        fixture_moment(f, "first_refusal");
}

static inline struct op_record fixture_figures(struct fixture *f)
{
    struct op_record r = {.seq = f->seq, .kind = TRACE_ALLOC};
    uint32_t holes, n_free, n_dead;
    uint32_t longest = fixture_longest(f, false, &holes, &n_free);
    uint32_t request = fixture_longest(f, true, &holes, &n_dead);
    r.after.live = (f->run->n_units - n_dead) * 16ULL;
    r.after.used = (f->run->n_units - n_free) * 16ULL;
    r.after.asked = r.after.live - f->n_live * 5;
    r.after.free = n_free * 16ULL;
    r.after.largest_free = longest * 16ULL;
    r.after.largest_request = request * 16ULL;
    return r;
}

/* An operation's cost, and every fifth time that of an event behind it. */
static inline void fixture_cost(struct fixture *f, struct op_record *r)
{
    struct op_cost *c = &r->cost;
    struct event_record e = {.seq = f->seq, .kind = TRACE_DEATH};
    uint64_t key = (uint64_t)f->run->number << 36 | f->seq;
    r->has_cost = true;
    c->gc_cycles = f->collecting;
    c->cycles = 60 + f->seq * 2654435761U % 97 + r->asked / 8 + f->collecting;
    c->instructions = c->cycles * 3 / 4;
    c->stack_bytes = 64;
    f->collecting = 0;
    f->clock += c->cycles;
    if (f->run->with_ops)
        fixture_sql(f->db,
                    "INSERT INTO op_cost VALUES(%lld,%lld,%lld,%lld,"
                    "0,0,0,64)",
                    key, c->cycles, c->gc_cycles, c->instructions);
    if (f->seq % 5 != 0)
        return;
    e.cost.cycles = 31 + f->seq % 7;
    f->clock += e.cost.cycles;
    metrics_event(f->metrics, &e);
    if (f->run->with_ops)
        fixture_sql(f->db,
                    "INSERT INTO event_cost VALUES(%lld,0,15,%lld,%lld,"
                    "0,0,0,0,0,0)",
                    key, f->seq, e.cost.cycles);
}

static inline void fixture_step(struct fixture *f)
{
    uint64_t asked = 4 + fixture_random(f, 40);
    if (fixture_random(f, 30) == 0)
        asked = 64 + fixture_random(f, 900);
    if (fixture_random(f, 900) == 0)
        asked = f->run->n_units * 16 / 4;
    f->seq++;
    while (f->n_live >= f->run->max_live)
        fixture_kill(f);
    if (f->n_live > 0 && fixture_random(f, 3) == 0)
        fixture_kill(f);
    bool granted = fixture_place(f, asked);
    if (!granted) {
        fixture_collect(f);
        granted = fixture_place(f, asked);
    }
    struct op_record r = fixture_figures(f);
    r.asked = asked;
    r.granted = granted ? (asked + 15) / 16 * 16 : 0;
    if (f->run->machine != NULL)
        fixture_cost(f, &r);
    struct replay_view view = {.run = f, .holes = fixture_holes};
    metrics_op(f->metrics, &r, &view);
    if (f->run->with_ops)
        fixture_sql(f->db,
                    "INSERT INTO op VALUES(%lld,1,%lld,%lld,%lld,%u,%lld,%lld,"
                    "%lld,%lld,%lld)",
                    (uint64_t)f->run->number << 36 | f->seq, f->seq, r.asked,
                    r.granted, FIXTURE_BASE, r.after.live, r.after.used,
                    r.after.free, r.after.largest_free,
                    r.after.largest_request);
    if (r.after.largest_request < f->worst && f->seq > 200) {
        f->worst = r.after.largest_request;
        fixture_moment(f, "worst");
    }
    if (!granted)
        fixture_refuse(f, asked);
    if (f->seq % (f->run->n_ops / 200 + 1) == 0)
        fixture_map(f, "even");
}

static inline void fixture_bucket(void *ctx, const struct cost_bucket *b)
{
    struct fixture *f = ctx;
    fixture_sql(f->db, "INSERT INTO histogram VALUES(%d,%Q,%lld,%lld,%lld)",
                f->run->number, b->name, b->lower, b->upper, b->count);
}

/* A run's row, and its summary with nothing in it. */
static inline void fixture_rows(sqlite3 *db, int number, uint32_t n_units,
                                uint32_t shift, const char *keep)
{
    fixture_sql(db,
                "INSERT INTO run(number,id,spec,trace,manager,machine,"
                "heap_bytes,control_bytes,keep,program_version,state_digest,"
                "status,reason,series_shift,stored_bytes) VALUES(%d,"
                "'%08x%024x','{\"heap\":%u}','hash%d','marksweep','native',"
                "%u,352,%Q,'0.1.0','%032x','complete','',%u,0)",
                number, number * 2654435761U, number, n_units * 16, number,
                n_units * 16, keep, number, shift);
    fixture_sql(db,
                "INSERT INTO summary(run,operations,events,allocations,frees,"
                "reallocs,collections,refused,refused_short,"
                "refused_fragmented,refused_other,inplace_missed,dropped,"
                "end_asked,end_live,end_used,end_free,end_largest_free,"
                "end_largest_request,min_largest_request,p1_largest_request,"
                "min_largest_free,max_live,frag_mean,frag_max,frag_end,"
                "moved_bytes,max_held,floating,lone_blocks,touches,strings,"
                "strings_asked,strings_granted,strings_apart,worst_seq) VALUES("
                "%d,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,"
                "0,0,0,0,0,0,1)",
                number);
}

/* The rows of a machine run beside those of any other. */
static inline void fixture_machine(struct fixture *f)
{
    const struct costs *costs = metrics_costs(f->metrics);
    const struct cost_totals *t = costs_totals(costs);
    int number = f->run->number;
    for (int i = 0; i < COST_N; i++) {
        struct cost_summary s;
        costs_summarise(costs, (enum cost_kind)i, &s);
        if (s.count > 0)
            fixture_sql(f->db,
                        "INSERT INTO cycles VALUES(%d,%Q,%lld,%lld,%lld,%lld,"
                        "%lld,%lld,%lld,%lld)",
                        number, cost_names[i], s.count, s.total, s.min, s.p50,
                        s.p90, s.p99, s.p999, s.max);
    }
    fixture_sql(
        f->db,
        "INSERT INTO machine_total VALUES(%d,%lld,%lld,%lld,0,0,0,7,64,2);"
        "INSERT OR IGNORE INTO machine VALUES('machine',%Q,'hazard3',1,"
        "150000000,'{\"memory\":[{\"name\":\"sram\",\"kind\":\"ram\","
        "\"wait\":{\"fetch\":0,\"load\":1,\"store\":0}}]}');"
        "INSERT OR IGNORE INTO image VALUES('1ma9e','/tmp/x.elf',4321);"
        "UPDATE run SET machine=%Q, machine_hash='machine', image='1ma9e' "
        "WHERE number=%d",
        number, t->cycles, t->gc_cycles, t->instructions, f->run->machine,
        f->run->machine, number);
}

static inline void fixture_finish(struct fixture *f)
{
    const struct fixture_run *run = f->run;
    struct replay_view view = {.run = f, .holes = fixture_holes};
    metrics_end(f->metrics, &view);
    fixture_moment(f, "end");
    uint32_t shift = 0;
    for (int metric = 0; metric < METRIC_N; metric++) {
        uint32_t n;
        const struct metrics_bin *b =
            metrics_series(f->metrics, (enum metric)metric, &n, &shift);
        if (!metrics_has(f->metrics, (enum metric)metric))
            continue;
        for (uint32_t i = 0; i < n; i++)
            fixture_sql(f->db,
                        "INSERT INTO series VALUES(%d,%Q,%u,%lld,%.17g,%lld,"
                        "%lld)",
                        run->number, metric_names[metric], i, b[i].min,
                        b[i].sum / (double)b[i].n, b[i].max, b[i].last);
    }
    metrics_histograms(f->metrics, fixture_bucket, f);
    struct metrics_summary s;
    metrics_summarise(f->metrics, &s);
    struct op_record r = fixture_figures(f);
    fixture_sql(f->db,
                "INSERT OR IGNORE INTO trace VALUES('hash%d',%Q,%Q,"
                "'binary','micropython',%lld,%lld)",
                run->number, run->trace, run->trace, run->n_ops * 3,
                run->n_ops);
    fixture_rows(f->db, run->number, run->n_units + FIXTURE_TABLES, shift,
                 run->with_ops ? "ops" : "series");
    fixture_sql(
        f->db,
        "UPDATE summary SET operations=%lld, events=%lld, allocations=%lld,"
        "collections=%lld, refused=%lld, refused_fragmented=%lld,"
        "end_asked=%lld, end_live=%lld, end_used=%lld, end_free=%lld,"
        "end_largest_free=%lld, end_largest_request=%lld,"
        "min_largest_request=%lld, p1_largest_request=%lld,"
        "min_largest_free=%lld, max_live=%lld, frag_mean=%f, frag_max=%f,"
        "frag_end=%f, first_refusal_seq=NULLIF(%lld,0), worst_seq=%lld "
        "WHERE run=%d",
        run->n_ops, run->n_ops * 3, run->n_ops, f->n_collections, f->n_refused,
        f->n_refused, r.after.asked, r.after.live, r.after.used, r.after.free,
        r.after.largest_free, r.after.largest_request, s.min_largest_request,
        s.p1_largest_request, s.min_largest_free, s.max_live, s.frag_mean,
        s.frag_max, s.frag_end, s.first_refusal_seq, s.worst_seq, run->number);
    if (run->machine != NULL)
        fixture_machine(f);
}

/* An empty database of the schema at `path`, or in memory for ":memory:". */
static inline sqlite3 *fixture_open(const char *path)
{
    sqlite3 *db;
    remove(path);
    if (sqlite3_open(path, &db) != SQLITE_OK)
        abort();
    fixture_sql(db, "%s", schema_sql);
    fixture_sql(db, "PRAGMA user_version = 4; PRAGMA synchronous = OFF");
    return db;
}

static inline void fixture_play(sqlite3 *db, const struct fixture_run *run)
{
    struct fixture f = {.db = db,
                        .run = run,
                        .metrics = metrics_new(),
                        .map = calloc(run->n_units, 1),
                        .object = calloc(run->n_units, sizeof *f.object),
                        .random = run->seed * 0x9e3779b97f4a7c15 + 1,
                        .worst = UINT64_MAX};
    fixture_sql(db, "BEGIN");
    while (f.seq < run->n_ops)
        fixture_step(&f);
    fixture_finish(&f);
    fixture_sql(db, "COMMIT");
    metrics_free(f.metrics);
    free(f.map);
    free(f.object);
}

#endif /* TESTS_FIXTURE_H */
