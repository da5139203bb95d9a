/* idlog.c - see idlog.h for the contract. */
#include "traces/import/idlog.h"

#include <stdlib.h>
#include <string.h>

#include "traces/import/fields.h"

int idlog_fail(struct idlog *g, const char *format, ...)
{
    char reason[400];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    return problem_set(g->problem, ERR_INPUT, "%s:%llu: %s",
                       stream_name(g->stream),
                       (unsigned long long)g->line.number, reason);
}

static int no_memory(struct idlog *g)
{
    return problem_set(g->problem, ERR_MEMORY, "%s: out of memory",
                       stream_name(g->stream));
}

/* Note that `id` was used. Returns 1 if it was before, 0, or ERR_MEMORY. */
static int use_id(struct idlog *g, uint64_t id)
{
    if (id < g->n_used || objects_find(&g->used, id) != NULL)
        return 1;
    if (id > g->n_used)
        return objects_add(&g->used, id) != NULL ? 0 : no_memory(g);

    /* Ids mostly come in order: then nothing is ever kept in the table. */
    struct object *next;
    g->n_used++;
    while ((next = objects_find(&g->used, g->n_used)) != NULL) {
        objects_remove(&g->used, next);
        g->n_used++;
    }
    return 0;
}

static int do_alloc(struct idlog *g, struct trace_op *op)
{
    if (op->id >= g->n_ids)
        return idlog_fail(g, "object %llu, but %llu ids were declared",
                          (unsigned long long)op->id,
                          (unsigned long long)g->n_ids);
    if (objects_find(&g->live, op->id) != NULL)
        return idlog_fail(g, "object %llu is allocated, but it is live",
                          (unsigned long long)op->id);
    int was_used = use_id(g, op->id);
    if (was_used < 0)
        return was_used;
    struct object *o = objects_add(&g->live, op->id);
    if (o == NULL)
        return no_memory(g);
    o->value = op->id;
    if (was_used) {
        if (g->n_ids == TRACE_NONE)
            return idlog_fail(g, "object %llu is allocated a second time",
                              (unsigned long long)op->id);
        workload_skip(&g->base, "ids used again");
        o->value = g->next_new++;
    }
    op->kind = TRACE_ALLOC;
    op->id = o->value;
    return 0;
}

static int do_other(struct idlog *g, char letter, struct trace_op *op)
{
    struct object *o = objects_find(&g->live, op->id);
    if (o == NULL)
        return idlog_fail(g, "%s of object %llu, which is not live",
                          letter == 'r'   ? "realloc"
                          : letter == 'f' ? "free"
                                          : "death",
                          (unsigned long long)op->id);
    op->id = o->value;
    if (letter == 'r' && op->bytes > 0) {
        op->kind = TRACE_REALLOC;
        op->flags = g->realloc_flags;
        return 0;
    }
    if (letter == 'r')
        workload_skip(&g->base, "reallocs to 0 bytes taken as frees");
    op->kind = letter == 'd' ? TRACE_DEATH : TRACE_FREE;
    objects_remove(&g->live, o);
    return 0;
}

/* The line in hand as an operation. */
static int read_line(struct idlog *g, struct trace_op *op)
{
    const char *at = g->line.text;
    char letter = *at;
    bool has_bytes = letter == 'a' || letter == 'r';
    bool is_known =
        has_bytes || letter == 'f' || (letter == 'd' && g->has_deaths);
    if (!is_known)
        return idlog_fail(g, "a line begins with a, r%s or f, not '%.1s'",
                          g->has_deaths ? ", d" : "",
                          letter > ' ' && letter < 127 ? at : "?");

    static const struct trace_op empty; /* quicker to copy than to clear  */
    *op = empty;
    op->place = g->line.number;
    at++;
    bool is_read = fields_u64(&at, TRACE_ID_MAX, &op->id) &&
                   (!has_bytes || fields_u64(&at, TRACE_ID_MAX, &op->bytes));
    while (*at == ' ' || *at == '\t')
        at++;
    if (!is_read || !fields_end(at))
        return idlog_fail(g, "the form is: %c ID%s", letter,
                          has_bytes ? " BYTES" : "");
    if (g->n_read == g->n_declared)
        return idlog_fail(g, "more than the declared %llu operations",
                          (unsigned long long)g->n_declared);
    g->n_read++;
    return letter == 'a' ? do_alloc(g, op) : do_other(g, letter, op);
}

static int end(struct idlog *g, struct trace_op *op)
{
    if (g->n_declared != TRACE_NONE && g->n_read < g->n_declared)
        return idlog_fail(g,
                          "ends after %llu of the declared %llu "
                          "operations (truncated)",
                          (unsigned long long)g->n_read,
                          (unsigned long long)g->n_declared);
    g->has_ended = true;
    *op = (struct trace_op){.kind = TRACE_END, .place = g->line.number};
    return 1;
}

static int idlog_next(struct workload *w, const struct workload_view *view,
                      struct trace_op *op, struct problem *problem)
{
    struct idlog *g = (struct idlog *)w;
    (void)view;
    g->problem = problem;
    if (g->has_ended)
        return 0;
    for (;;) {
        int got = stream_next_line(g->stream, &g->line, problem);
        if (got < 0)
            return got;
        if (got == 0)
            return end(g, op);
        /* Without a declared number nothing else tells that it was cut. */
        if (!g->line.is_whole && g->n_declared == TRACE_NONE) {
            workload_skip(&g->base, "incomplete last lines");
            continue;
        }
        if (g->line.length == 0 || g->line.text[0] == '#') {
            workload_skip(&g->base,
                          g->line.length == 0 ? "empty lines" : "comments");
            continue;
        }
        int err = read_line(g, op);
        return err < 0 ? err : 1;
    }
}

static void close_workload(struct workload *w)
{
    idlog_close((struct idlog *)w);
}

struct idlog *idlog_new(struct stream *s, const char *format,
                        struct problem *problem)
{
    struct idlog *g = calloc(1, sizeof *g);
    if (g == NULL) {
        (void)problem_set(problem, ERR_MEMORY, "%s: out of memory",
                          stream_name(s));
        stream_close(s);
        return NULL;
    }
    g->base.next = idlog_next;
    g->base.close = close_workload;
    g->base.format = format;
    g->base.header.version = TRACE_FORMAT_VERSION;
    snprintf(g->base.header.source, sizeof g->base.header.source, "%s", format);
    g->stream = s;
    g->problem = problem;
    g->n_declared = TRACE_NONE;
    g->n_ids = TRACE_NONE;
    return g;
}

void idlog_close(struct idlog *g)
{
    stream_close(g->stream);
    objects_free(&g->live);
    objects_free(&g->used);
    free(g);
}
