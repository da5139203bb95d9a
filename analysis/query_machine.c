/* query_machine.c - see query_machine.h. */
#include "analysis/query_machine.h"

#include <string.h>

#include "analysis/text.h"

bool query_is_native(const struct query_run *r)
{
    return strcmp(r->machine, "native") == 0;
}

double query_microseconds(const struct query_machine *m)
{
    return m->clock_hz <= 0 ? 0 : 1e6 / (double)m->clock_hz;
}

static uint64_t count(sqlite3_stmt *q, int column)
{
    int64_t n = sqlite3_column_int64(q, column);
    return n < 0 ? 0 : (uint64_t)n;
}

static void text(sqlite3_stmt *q, int column, char *out, size_t cap)
{
    text_clean(out, cap, (const char *)sqlite3_column_text(q, column));
}

static void read_totals(sqlite3_stmt *q, struct query_machine *m)
{
    struct cost_totals *t = &m->totals;
    uint64_t *const fields[] = {&t->cycles,    &t->gc_cycles,  &t->instructions,
                                &t->loads,     &t->stores,     &t->waits,
                                &t->unsettled, &t->stack_bytes};
    int column = 0;
    for (; column < (int)(sizeof fields / sizeof *fields); column++)
        *fields[column] = count(q, column);
    m->nop = (int64_t)count(q, column++);
    text(q, column++, m->core, sizeof m->core);
    m->model = (int64_t)count(q, column++);
    m->clock_hz = (int64_t)count(q, column++);
    text(q, column++, m->config, sizeof m->config);
    text(q, column++, m->image, sizeof m->image);
    m->code_bytes = (int64_t)count(q, column++);
}

static int read_kinds(sqlite3 *db, const struct query_run *r,
                      struct query_machine *m, struct problem *problem)
{
    sqlite3_stmt *q;
    int err = query_prepare(db, &q, problem,
                            "SELECT kind, count, total, min, p50, p90, p99, "
                            "p999, max FROM cycles WHERE run = %lld",
                            (long long)r->number);
    while (err >= 0 && (err = query_step(q, problem)) > 0) {
        const char *name = (const char *)sqlite3_column_text(q, 0);
        for (int i = 0; i < COST_N && name != NULL; i++) {
            struct cost_summary *s = &m->kind[i];
            uint64_t *const fields[] = {&s->count, &s->total, &s->min,
                                        &s->p50,   &s->p90,   &s->p99,
                                        &s->p999,  &s->max};
            if (strcmp(name, cost_names[i]) != 0)
                continue;
            for (int k = 0; k < (int)(sizeof fields / sizeof *fields); k++)
                *fields[k] = count(q, k + 1);
        }
    }
    sqlite3_finalize(q);
    return err < 0 ? err : 0;
}

int query_machine(sqlite3 *db, const struct query_run *r,
                  struct query_machine *out, struct problem *problem)
{
    sqlite3_stmt *q;
    memset(out, 0, sizeof *out);
    if (query_is_native(r))
        return 0;
    int err = query_prepare(
        db, &q, problem,
        "SELECT t.cycles, t.gc_cycles, t.instructions, t.loads, t.stores, "
        "t.waits, t.unsettled, t.stack, t.nop, m.core, m.model, m.clock_hz, "
        "m.config, i.hash, i.code_bytes FROM machine_total t "
        "JOIN run r ON r.number = t.run "
        "LEFT JOIN machine m ON m.hash = r.machine_hash "
        "LEFT JOIN image i ON i.hash = r.image WHERE t.run = %lld",
        (long long)r->number);
    if (err == 0)
        err = query_step(q, problem);
    if (err > 0)
        read_totals(q, out);
    sqlite3_finalize(q);
    if (err <= 0)
        return err;
    err = read_kinds(db, r, out, problem);
    return err < 0 ? err : 1;
}
