/* gcrec.c - see gcrec.h for the contract, gcrec_state.h for the parts. */
#include "traces/import/gcrec.h"

#include <stdlib.h>
#include <string.h>

#include "traces/import/fields.h"
#include "traces/import/gcrec_state.h"

/* Events that one group may hold back: far more than a finaliser causes. */
#define GROUP_OPS_CAP (1u << 20)

/* A kind of line: where it may stand, what it looks like, what it does. */
struct line_kind {
    uint8_t phases;
    gcrec_line *read;
    const char *form;
};

#define OUT GCREC_OUTSIDE
#define ASK GCREC_ASKED
#define IN  GCREC_INSIDE
#define ANS GCREC_ANSWERING
#define ANY (OUT | ASK | IN | ANS)

// clang-format off
static const struct line_kind kinds[128] = {
    ['a'] = {OUT | ASK | ANS, gcrec_line_alloc, "a ID SIZE FLAGS BLOCK"},
    ['n'] = {ANY, gcrec_line_refused_alloc, "n SIZE FLAGS LOCKED"},
    ['f'] = {OUT | IN, gcrec_line_free, "f ID"},
    ['r'] = {OUT | ASK | ANS, gcrec_line_realloc,
             "r ID SIZE ALLOW-MOVE BLOCK"},
    ['m'] = {ANY, gcrec_line_refused_realloc, "m ID SIZE ALLOW-MOVE"},
    ['w'] = {ANY, gcrec_line_store, "w ID WORD TARGET [WORD TARGET] ..."},
    ['p'] = {ANY, gcrec_line_root, "p SLOT TARGET"},
    ['d'] = {ANY, gcrec_line_death, "d ID"},
    ['u'] = {ANY, gcrec_line_undone, "u ID"},
    ['T'] = {OUT, gcrec_line_threshold, "T BLOCKS, or T -1"},
    ['A'] = {OUT, gcrec_line_auto, "A 0, or A 1"},
    ['i'] = {OUT, gcrec_line_phase, "i + NAME, or i - NAME"},
    ['c'] = {OUT, gcrec_line_checkpoint,
             "c LABEL USED FREE MAX-FREE ONE TWO MAX-BLOCK LAST-FREE "
             "LAST-USED HASH (version 2: LAST-FREE-AREA MAX-NEW-SPLIT HASH "
             "AREA:HINT:LAST-USED:HASH ...)"},
    ['z'] = {OUT, gcrec_line_end, "z end"},

    ['q'] = {OUT, gcrec_line_request,
             "q a 0 SIZE FLAGS, or q r ID SIZE ALLOW-MOVE"},
    ['g'] = {OUT | ASK, gcrec_line_collect, "g A, g T, g E or g S"},
    ['k'] = {OUT | IN, gcrec_line_roots, "k [ID] ..."},
    ['j'] = {IN, gcrec_line_inside, "j [ID] ..."},
    ['y'] = {IN, gcrec_line_rescans, "y PASSES"},
    ['x'] = {IN, gcrec_line_freed, "x [ID] ..."},
    ['R'] = {IN, gcrec_line_given_back, "R AREA INDEX [ID]"},
    ['v'] = {IN, gcrec_line_interior, "v [ID] ..."},
    ['s'] = {OUT | IN, gcrec_line_graph, "s LIVE EDGES INTERIOR DANGLING"},
    ['e'] = {IN, gcrec_line_collected, "e, then what c has after its LABEL"},
    ['o'] = {OUT | ASK | ANS, gcrec_line_avail, "o AVAIL"},
    ['N'] = {OUT | ANS, gcrec_line_area,
             "N AREA INDEX REASON BYTES ATB-BYTES BLOCKS POOL-OFFSET"},
};
// clang-format on

int gcrec_fail(struct gcrec *g, const char *format, ...)
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

int gcrec_no_memory(struct gcrec *g)
{
    return problem_set(g->problem, ERR_MEMORY, "%s: out of memory",
                       stream_name(g->stream));
}

int gcrec_reserve(struct gcrec *g, struct gcrec_ops *ops, size_t n)
{
    if (n <= ops->cap - ops->n)
        return 0;

    size_t cap = 2 * ((size_t)ops->n + n);
    struct trace_op *at = NULL;
    if (cap <= UINT32_MAX)
        at = realloc(ops->at, cap * sizeof *at);
    if (at == NULL)
        return gcrec_no_memory(g);
    ops->at = at;
    ops->cap = (uint32_t)cap;
    return 0;
}

int gcrec_add_id(struct gcrec *g, struct gcrec_ids *ids, uint64_t id)
{
    if (ids->n == ids->cap) {
        uint64_t cap = ids->cap == 0 ? 256 : 2ull * ids->cap;
        uint64_t *at = realloc(ids->at, cap * sizeof *at);
        if (at == NULL || cap > UINT32_MAX)
            return gcrec_no_memory(g);
        ids->at = at;
        ids->cap = (uint32_t)cap;
    }
    ids->at[ids->n++] = id;
    return 0;
}

int gcrec_take_ids(struct gcrec *g, const char *at, struct gcrec_ids *ids)
{
    ids->n = 0;
    while (!fields_end(at)) {
        uint64_t id;
        if (!fields_u64(&at, TRACE_ID_MAX, &id) || id == 0)
            return GCREC_MALFORMED;
        int err = gcrec_add_id(g, ids, id);
        if (err < 0)
            return err;
    }
    return 0;
}

static const char *phase_name(uint8_t phase)
{
    switch (phase) {
    case GCREC_ASKED:
        return "between a request and its collection";
    case GCREC_INSIDE:
        return "inside a collection";
    case GCREC_ANSWERING:
        return "where a request waits for its answer";
    default:
        return "outside a collection";
    }
}

/* Read the line in hand: queue what it stands for, or add it to its group. */
static int read_line(struct gcrec *g)
{
    const char *text = g->line.text;
    if (!g->line.is_whole && strcmp(text, "z end") != 0)
        return gcrec_fail(g, "ends in the middle of a line (truncated)");
    if (text[0] == '\0' || text[0] == '#') {
        workload_skip(&g->base, text[0] == '#' ? "comments" : "empty lines");
        return 0;
    }

    unsigned char letter = (unsigned char)text[0];
    const struct line_kind *kind = &kinds[letter & 127];
    if (letter > 127 || kind->read == NULL)
        return gcrec_fail(g, "no line of a recording begins with '%.1s'",
                          letter > ' ' && letter < 127 ? text : "?");
    if ((kind->phases & g->phase) == 0)
        return gcrec_fail(g, "a line %c cannot stand %s", letter,
                          phase_name(g->phase));

    /* A line of stores is the one that gives most: a pair has four bytes. */
    size_t most = g->line.length / 4 + 4;
    int err = gcrec_reserve(g, &g->queue, most);
    if (err == 0 && g->phase != GCREC_OUTSIDE) {
        if (g->queue.n > GROUP_OPS_CAP || g->group.after.n > GROUP_OPS_CAP)
            return gcrec_fail(g,
                              "more than %u events before the answer to "
                              "a request",
                              GROUP_OPS_CAP);
        err = gcrec_reserve(g, &g->group.after, most);
    }
    if (err < 0)
        return err;
    err = kind->read(g, text + 1);
    return err == GCREC_MALFORMED ? gcrec_fail(g, "the form is: %s", kind->form)
                                  : err;
}

/* Copy what the kind has: see gcrec_push. */
static void give(struct trace_op *to, const struct trace_op *from)
{
    memcpy(to, from, offsetof(struct trace_op, fact));
    to->place = from->place;
    if (from->kind == TRACE_EXPECT)
        to->fact = from->fact;
}

/* Have the next line of the input in hand. */
static int take_line(struct gcrec *g)
{
    if (g->is_pending) {
        g->is_pending = false;
        return 0;
    }
    g->line_offset = stream_offset(g->stream);
    int got = stream_next_line(g->stream, &g->line, g->problem);
    if (got < 0)
        return got;
    return got > 0 ? 0 : gcrec_fail(g, "ends without 'z end' (truncated)");
}

static int gcrec_next(struct workload *w, const struct workload_view *view,
                      struct trace_op *op, struct problem *problem)
{
    struct gcrec *g = (struct gcrec *)w;
    (void)view;
    if (g->queue_at < g->queue.n) {
        give(op, &g->queue.at[g->queue_at++]);
        return 1;
    }
    if (g->has_ended)
        return 0;

    g->problem = problem;
    g->queue.n = 0;
    g->queue_at = 0;
    do {
        g->direct = g->phase == GCREC_OUTSIDE ? op : NULL;
        bool is_direct = g->direct != NULL;
        int err = take_line(g);
        if (err == 0)
            err = read_line(g);
        if (err < 0)
            return err;
        if (is_direct && g->direct == NULL)
            return 1;
    } while (g->queue.n == 0 || g->phase != GCREC_OUTSIDE);
    give(op, &g->queue.at[g->queue_at++]);
    return 1;
}

static void free_group(struct gcrec_group *group)
{
    free(group->roots.at);
    free(group->inside.at);
    free(group->interior.at);
    free(group->freed.at);
    free(group->finalised.at);
    free(group->died.at);
    free(group->held.at);
    free(group->facts.at);
    free(group->after.at);
}

static void gcrec_close(struct workload *w)
{
    struct gcrec *g = (struct gcrec *)w;
    stream_close(g->stream);
    objects_free(&g->objects);
    objects_free(&g->undone);
    free(g->areas);
    free(g->states);
    free_group(&g->group);
    free(g->queue.at);
    free(g);
}

/*
 * The first pass: of each object that a u line names, the offset of the last
 * d line that no u line follows. What is malformed is left to the second
 * pass, which knows line numbers.
 */
static int find_deaths(struct gcrec *g)
{
    struct stream_line line;
    uint64_t offset;
    int got;
    while ((got = stream_find_line(g->stream, 'd', 'u', &line, &offset,
                                   g->problem)) > 0) {
        if (line.text[0] == 'd' && g->undone.n == 0)
            continue;
        const char *at = line.text + 1;
        uint64_t id;
        if (!fields_u64(&at, TRACE_ID_MAX, &id))
            continue;
        struct object *o = gcrec_find_undone(g, id);
        if (line.text[0] == 'd') {
            if (o != NULL)
                o->value = offset;
            continue;
        }
        if (o == NULL)
            o = objects_add(&g->undone, id);
        if (o == NULL)
            return gcrec_no_memory(g);
        o->value = 0;
        g->undone_filter[id / 64 % GCREC_FILTER_WORDS] |= UINT64_C(1)
                                                          << id % 64;
    }
    return got;
}

/* Does the header, as far as it can be seen at once, say mark_every 0? */
static int peek_has_deaths(struct gcrec *g, bool *has_deaths)
{
    static const char line[] = "\nh mark_every 0";
    const uint8_t *bytes;
    size_t n;
    int err = stream_peek(g->stream, 4096, &bytes, &n, g->problem);
    if (err < 0)
        return err;
    const char *end = memmem(bytes, n, "\na ", 3);
    if (end != NULL)
        n = (size_t)(end - (const char *)bytes);
    const char *at = memmem(bytes, n, line, sizeof line - 1);
    *has_deaths = at == NULL;
    return 0;
}

static int open_all(struct gcrec *g)
{
    bool has_deaths;
    int err = peek_has_deaths(g, &has_deaths);
    if (err == 0 && has_deaths) {
        err = stream_keep(g->stream, g->problem);
        if (err == 0)
            err = find_deaths(g);
        if (err == 0)
            err = stream_rewind(g->stream, g->problem);
    }
    return err < 0 ? err : gcrec_read_header(g);
}

bool gcrec_sniff(const uint8_t *bytes, size_t n)
{
    return n >= 8 && memcmp(bytes, "# gcrec ", 8) == 0;
}

int gcrec_open(struct workload **out, struct stream *s, struct problem *problem)
{
    struct gcrec *g = calloc(1, sizeof *g);
    if (g == NULL) {
        stream_close(s);
        return problem_set(problem, ERR_MEMORY, "out of memory");
    }
    g->base.next = gcrec_next;
    g->base.close = gcrec_close;
    g->base.format = "gcrec";
    g->stream = s;
    g->problem = problem;
    g->is_auto = true;
    g->phase = GCREC_OUTSIDE;

    int err = open_all(g);
    if (err < 0) {
        gcrec_close(&g->base);
        return err;
    }
    if (g->mark_every == 0)
        g->base.remark = "deaths as of the collection that freed them";
    *out = &g->base;
    return 0;
}
