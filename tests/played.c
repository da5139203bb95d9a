/* played.c - see played.h. */
#include "tests/played.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim/replay/manager.h"
#include "sim/replay/oracle.h"
#include "tests/scratch.h"

/* ---- The figures, naively --------------------------------------------- */

struct naive {
    const struct replay_view *view;
    bool in_pieces; /* an object's place says nothing of its units         */
    uint8_t *map;
    uint8_t *cover; /* a unit: 0 free, 1 live, 2 dead                      */
    uint64_t asked, live, used, n_objects, n_holes, hole_bytes;
    const char *wrong;
};

static bool add_object(void *ctx, const struct object_view *o)
{
    struct naive *n = ctx;
    uint32_t unit = (o->address - n->view->base) / n->view->unit_bytes;
    uint32_t units = (uint32_t)(o->granted / n->view->unit_bytes);
    if (o->address % n->view->unit_bytes != 0 ||
        o->granted % n->view->unit_bytes != 0 || units == 0 ||
        (unit + units > n->view->n_units && !n->in_pieces) ||
        o->asked > o->granted)
        n->wrong = "an object's place or size";
    if (o->is_dead && o->is_held)
        n->wrong = "a dead object is held";
    for (uint32_t i = 0; i < units && n->wrong == NULL && !n->in_pieces; i++) {
        uint8_t shown = o->is_dead ? UNIT_GARBAGE
                        : i == 0   ? UNIT_HEAD
                                   : UNIT_TAIL;
        if (n->cover[unit + i] != 0)
            n->wrong = "two objects overlap";
        else if (n->map[unit + i] != shown)
            n->wrong = "the map differs from the objects";
        n->cover[unit + i] = o->is_dead ? 2 : 1;
    }
    n->n_objects++;
    n->used += o->granted;
    n->asked += o->is_dead ? 0 : o->asked;
    n->live += o->is_dead ? 0 : o->granted;
    return n->wrong == NULL;
}

static void add_hole(void *ctx, uint64_t bytes)
{
    struct naive *n = ctx;
    n->n_holes++;
    n->hole_bytes += bytes;
}

/* The longest run of units of areas in which no cover is above `limit`. */
static uint64_t longest(const struct naive *n, uint8_t covered, uint64_t *free)
{
    uint64_t best = 0, run = 0;
    *free = 0;
    for (uint32_t i = 0; i < n->view->n_units; i++) {
        bool is_free = n->map[i] != UNIT_META && n->map[i] != UNIT_TAG &&
                       (n->cover[i] == 0 || n->cover[i] > covered);
        run = is_free ? run + n->view->unit_bytes : 0;
        best = run > best ? run : best;
        *free += is_free ? n->view->unit_bytes : 0;
    }
    return best;
}

/* In pieces the map has as many units of each sort as the objects. */
static void compare_pieces(struct naive *n, const struct heap_figures *f)
{
    uint64_t units[UNIT_TAG + 1] = {0};
    for (uint32_t i = 0; i < n->view->n_units; i++)
        units[n->map[i]]++;
    n->view->holes(n->view->run, add_hole, n);
    if (n->wrong != NULL)
        return;
    if (f->asked != n->asked || f->live != n->live || f->used != n->used)
        n->wrong = "asked, live or used";
    else if (units[UNIT_HEAD] != n->n_objects ||
             (units[UNIT_HEAD] + units[UNIT_TAIL]) * n->view->unit_bytes !=
                 n->used)
        n->wrong = "the map differs from the objects";
    else if (f->free != units[UNIT_FREE] * n->view->unit_bytes ||
             f->free != n->hole_bytes || n->n_holes > 1)
        n->wrong = "free";
    else if (f->largest_free != f->free)
        n->wrong = "largest_free";
}

/* Where the largest request is no hole's length, probes alone judge it. */
static void compare(struct naive *n, const struct heap_figures *f,
                    bool has_own_rule)
{
    uint64_t free, other;
    uint64_t largest = longest(n, 2, &free);
    uint64_t request = longest(n, 1, &other);
    n->view->holes(n->view->run, add_hole, n);
    if (n->wrong != NULL)
        return;
    if (f->asked != n->asked || f->live != n->live || f->used != n->used)
        n->wrong = "asked, live or used";
    else if (f->free != free || f->free != n->hole_bytes)
        n->wrong = "free";
    else if (f->largest_free != largest)
        n->wrong = "largest_free";
    else if (!has_own_rule && f->largest_request != request &&
             f->largest_request != largest && f->largest_request != 0)
        n->wrong = "largest_request";
}

static void judge(struct played *p, uint64_t seq, const struct heap_figures *f,
                  const struct replay_view *view)
{
    const struct manager *m = manager_find(p->options.manager);
    const struct manager_shape *shape = m->shape;
    struct naive n = {.view = view,
                      .in_pieces = (m->capabilities & CAP_PIECES) != 0,
                      .map = malloc(view->n_units + 1u),
                      .cover = calloc(view->n_units + 1u, 1)};
    bool has_own_rule = shape->serves != NULL || shape->largest != NULL;
    for (uint32_t i = 0; i < p->options.n_params; i++)
        has_own_rule |= strcmp(p->options.params[i].key, "grow") == 0 &&
                        p->options.params[i].value[0] == '1';
    view->map(view->run, n.map);
    view->objects(view->run, add_object, &n);
    if (n.in_pieces)
        compare_pieces(&n, f);
    else
        compare(&n, f, has_own_rule);
    if (n.wrong != NULL && p->wrong[0] == '\0')
        snprintf(p->wrong, sizeof p->wrong,
                 "after operation %" PRIu64 ": %s "
                 "(asked %" PRIu64 " live %" PRIu64 " used %" PRIu64
                 " free %" PRIu64 " largest %" PRIu64 " %" PRIu64 ")",
                 seq, n.wrong, f->asked, f->live, f->used, f->free,
                 f->largest_free, f->largest_request);
    free(n.map);
    free(n.cover);
}

/* ---- The sink --------------------------------------------------------- */

static int take_op(void *ctx, const struct op_record *r,
                   const struct replay_view *view)
{
    struct played *p = ctx;
    judge(p, r->seq, &r->after, view);
    if (r->seq != p->n_ops + 1u && p->wrong[0] == '\0')
        snprintf(p->wrong, sizeof p->wrong, "record %u has number %" PRIu64,
                 p->n_ops + 1, r->seq);
    if (p->n_ops < PLAYED_CAP)
        p->ops[p->n_ops] = *r;
    p->n_ops++;
    return 0;
}

static int take_collection(void *ctx, const struct collection_record *r)
{
    struct played *p = ctx;
    if (p->n_collections < PLAYED_CAP)
        p->collections[p->n_collections] = *r;
    p->n_collections++;
    return 0;
}

static int take_refusal(void *ctx, const struct refusal_record *r,
                        const struct replay_view *view)
{
    struct played *p = ctx;
    (void)view;
    if (p->n_refusals < PLAYED_CAP)
        p->refusals[p->n_refusals] = *r;
    p->n_refusals++;
    return 0;
}

static int take_mark(void *ctx, uint64_t seq, int what, const char *text)
{
    struct played *p = ctx;
    (void)seq, (void)what, (void)text;
    p->n_marks++;
    return 0;
}

static void append_id(char text[400], uint64_t id)
{
    size_t n = strlen(text);
    snprintf(text + n, 400 - n, " %" PRIu64, id);
}

static bool list_object(void *ctx, const struct object_view *o)
{
    struct played *p = ctx;
    append_id(o->is_dead ? p->dead : p->live, o->id);
    if (o->is_held)
        append_id(p->held, o->id);
    return true;
}

static int take_end(void *ctx, const struct replay_view *view)
{
    struct played *p = ctx;
    p->n_ends++;
    view->objects(view->run, list_object, p);
    return 0;
}

/* ---- Playing ---------------------------------------------------------- */

static void set_option(struct replay_options *o, const char *word)
{
    static const char *const policies[] = {"skip", "stop", "reset"};
    char key[32] = "";
    const char *value = strchr(word, '=');
    if (value == NULL) {
        o->check |= strcmp(word, "check") == 0;
        o->heap_trace |= strcmp(word, "trace") == 0;
        return;
    }
    snprintf(key, sizeof key, "%.*s", (int)(value++ - word), word);
    if (strcmp(key, "heap") == 0)
        o->heap_bytes = strtoull(value, NULL, 10);
    else if (strcmp(key, "window") == 0)
        o->window_bytes = (uint32_t)strtoul(value, NULL, 10);
    else if (strcmp(key, "manager") == 0)
        snprintf(o->manager, sizeof o->manager, "%s", value);
    else if (strcmp(key, "refused") == 0)
        for (uint32_t i = 0; i < 3; i++)
            o->refused = strcmp(value, policies[i]) == 0 ? i : o->refused;
    else if (strcmp(key, "touch") == 0) {
        o->touch_stores = strcmp(value, "stores") == 0;
        o->touch_every = (uint32_t)strtoul(value, NULL, 10);
    } else {
        struct replay_param *p = &o->params[o->n_params++];
        snprintf(p->key, sizeof p->key, "%s", key);
        snprintf(p->value, sizeof p->value, "%s", value);
    }
}

static void read_options(struct replay_options *o, const char *options)
{
    char words[400], *rest;
    snprintf(o->manager, sizeof o->manager, "marksweep");
    snprintf(words, sizeof words, "%s", options);
    for (char *w = strtok_r(words, " ", &rest); w != NULL;
         w = strtok_r(NULL, " ", &rest))
        set_option(o, w);
}

void play_file(struct played *p, const char *options, const char *path)
{
    struct workload *w = NULL;
    struct oracle *oracle = NULL;
    struct sink sink = {
        p, take_op, take_collection, take_refusal, take_mark, take_end, NULL};
    memset(p, 0, sizeof *p);
    read_options(&p->options, options);
    p->err = workload_open(&w, path, NULL, &p->problem);
    if (p->err == 0)
        p->err = replay_resolve(&p->options, &w->header, &p->problem);
    if (p->err == 0)
        p->err = oracle_open(&oracle, &p->options, path, &p->problem);
    p->options.oracle = oracle;
    if (p->err == 0)
        p->err = replay_run(w, &p->options, &sink, &p->result, &p->problem);
    p->options.oracle = NULL;
    oracle_free(oracle);
    workload_close(w);
}

void play_text(struct played *p, const char *options, const char *body)
{
    char folder[SCRATCH_CAP], path[SCRATCH_CAP + 64];
    scratch_make(folder);
    FILE *f = fopen(scratch_path(folder, "t.ft", path), "w");
    cr_assert(ne(ptr, f, NULL));
    fprintf(f, "fraglab-trace 1\n%send\n", body);
    fclose(f);
    play_file(p, options, path);
    scratch_remove(folder);
}

void play_well(struct played *p, const char *options, const char *body)
{
    play_text(p, options, body);
    cr_assert(eq(int, p->err, 0), "%s", p->problem.text);
    cr_assert(eq(int, p->result.status, REPLAY_COMPLETE), "%s",
              p->result.reason);
    cr_assert(eq(str, p->wrong, ""));
    cr_assert(eq(u32, p->n_ends, 1));
}

void play_badly(struct played *p, const char *options, const char *body,
                const char *needle)
{
    play_text(p, options, body);
    cr_assert(eq(int, p->err, ERR_INPUT), "%s: %s: not refused (%s)", options,
              body, p->result.reason);
    cr_assert(ne(ptr, strstr(p->problem.text, needle), NULL),
              "'%s' does not say '%s'", p->problem.text, needle);
    cr_assert(eq(ptr, strchr(p->problem.text, '\n'), NULL));
}

const struct op_record *played_last(const struct played *p)
{
    uint32_t n = p->n_ops < PLAYED_CAP ? p->n_ops : PLAYED_CAP;
    return n == 0 ? NULL : &p->ops[n - 1];
}
