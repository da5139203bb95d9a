/* replay.c - see replay.h: opens a run, plays the workload, closes. */
#include "sim/replay/replay.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "sim/replay/play.h"
#include "traces/hash.h"

#define PROBE_EVERY    (1u << 16)
#define ROOTS_STANDARD 1024u /* precise slots where a trace gives no number */
#define ROOTS_MAX      (1u << 20)

static const char *const kind_names[TRACE_N_KINDS] = {
    [TRACE_END] = "end",         [TRACE_ALLOC] = "alloc",
    [TRACE_FREE] = "free",       [TRACE_REALLOC] = "realloc",
    [TRACE_COLLECT] = "collect", [TRACE_STEP] = "step",
    [TRACE_CONTROL] = "control", [TRACE_PROMOTE] = "promote",
    [TRACE_INTERN] = "intern",   [TRACE_REFUSED] = "refused request",
    [TRACE_STORE] = "store",     [TRACE_ROOT] = "root",
    [TRACE_TOUCH] = "touch",     [TRACE_PIN] = "pin",
    [TRACE_UNPIN] = "unpin",     [TRACE_DEATH] = "death",
    [TRACE_HELD] = "held",       [TRACE_FINALISE] = "finalise",
    [TRACE_EXPECT] = "expect",   [TRACE_PHASE] = "phase",
    [TRACE_NOTE] = "note",       [TRACE_TIME] = "time",
    [TRACE_THREAD] = "thread",
};

static void place_text(const struct play *p, char *text, size_t cap)
{
    if (p->op == NULL)
        snprintf(text, cap, "%s", p->w->name);
    else if (p->w->where != NULL)
        p->w->where(p->w, p->op, text, cap);
    else
        snprintf(text, cap, "%s:%" PRIu64,
                 p->w->path[0] != '\0' ? p->w->path : p->w->name, p->op->place);
}

/* Is this an operation on an object that has an id? */
static bool has_object(const struct trace_op *op)
{
    switch (op->kind) {
    case TRACE_ALLOC:
    case TRACE_FREE:
    case TRACE_REALLOC:
    case TRACE_PROMOTE:
    case TRACE_INTERN:
        return true;
    case TRACE_REFUSED:
        return op->what == TRACE_REALLOC;
    default:
        return false;
    }
}

int play_fail(struct play *p, const char *format, ...)
{
    char place[600], text[400];
    va_list args;
    if (p->is_stopped)
        return 1;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    place_text(p, place, sizeof place);
    char what[64] = "";
    if (p->op != NULL && has_object(p->op))
        snprintf(what, sizeof what, " of object %" PRIu64, p->op->id);
    snprintf(p->result->reason, sizeof p->result->reason,
             "%s: operation %" PRIu64 " (%s%s): %s", place, p->seq,
             p->op != NULL ? kind_names[p->op->kind]
             : p->seq == 0 ? "begin"
                           : "end",
             what, text);
    p->result->status = REPLAY_FAILED;
    p->is_stopped = true;
    return 1;
}

int play_reject(struct play *p, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return workload_fail(p->w, p->op, p->problem, ERR_INPUT, "%s", text);
}

bool play_list_set(struct play_list *l, const uint64_t *ids, uint32_t n)
{
    if (n > l->cap) {
        uint64_t *larger = realloc(l->item, n * sizeof *larger);
        if (larger == NULL)
            return false;
        l->item = larger;
        l->cap = n;
    }
    if (n > 0)
        memcpy(l->item, ids, n * sizeof *ids);
    l->n = n;
    return true;
}

int play_list_add(struct play *p, struct play_list *l, uint64_t item)
{
    if (l->n == l->cap) {
        uint32_t cap = l->cap == 0 ? 64 : l->cap * 2;
        uint64_t *larger = realloc(l->item, cap * sizeof *larger);
        if (larger == NULL)
            return problem_set(p->problem, ERR_MEMORY, "no memory left");
        l->item = larger;
        l->cap = cap;
    }
    l->item[l->n++] = item;
    return 0;
}

/* Are the recorded facts those of this very heap? */
static bool is_recorded_heap(const struct play *p)
{
    const struct trace_header *h = &p->w->header;
    const struct replay_options *o = p->o;
    return strcmp(o->manager, "marksweep") == 0 && o->heap_trace &&
           h->has_blocks && manager_number(o, "block", 0) == h->block_bytes &&
           manager_number(o, "finalisers", 2) == h->finalisers &&
           manager_number(o, "mark_stack", 0) == h->mark_stack &&
           manager_number(o, "grow", 2) == h->growth &&
           manager_number(o, "outer_bytes", 1) == h->outer_bytes &&
           manager_number(o, "auto", 0) == 1 &&
           strcmp(manager_value(o, "outer"), "none") == 0 &&
           strcmp(manager_value(o, "threshold"), "none") == 0;
}

/* Is the machine code that of the manager? What its init left tells. */
static bool is_its_image(const struct play *p)
{
    const struct heap *h = p->t->heap;
    if (p->o->machine == NULL || p->is_outside)
        return true;
    return h->base == p->t->base && h->manager < manager_list_n &&
           strcmp(manager_list[h->manager]->name, p->manager->name) == 0;
}

/* The outer heap at `*at`, which becomes its end. */
static int lay_out_outer(struct play *p, uint32_t *at)
{
    uint32_t bytes = (uint32_t)manager_number(p->o, "outer_bytes", 0);
    const char *kind = manager_value(p->o, "outer");
    if (kind != NULL && strcmp(kind, "tlsf") == 0)
        return outer_heap_open(p, *at, bytes, at);
    outer_init(&p->outer, *at, bytes);
    *at += bytes;
    return 0;
}

/*
 * The window: control block, the areas the run begins with, the outer heap;
 * what the trace adds later lies behind. All starts are multiples of 16.
 */
static int lay_out_areas(struct play *p)
{
    const char *areas = manager_value(p->o, "areas");
    struct target *t = p->t;
    uint32_t at = t->base + manager_control_bytes(p->manager, &p->params);
    uint64_t first = areas != NULL ? manager_next_size(&areas) : 0;
    const char *said = first != 0 ? "--set areas" : "--heap";
    if (first == 0)
        first = p->o->heap_bytes;
    uint32_t error = t->init(t, (uint32_t)first, &p->params);
    if (t->trouble[0] != '\0')
        return problem_set(p->problem, ERR_INPUT, "%s: %s", p->o->image,
                           t->trouble);
    if (error == HEAP_TOO_LARGE)
        return problem_set(p->problem, ERR_TOO_LARGE,
                           "%s: %" PRIu64 " bytes are more than %s manages: %s",
                           said, first, p->manager->name, p->shape->most);
    if (error != HEAP_OK)
        return problem_set(p->problem, ERR_INPUT,
                           "%s: %" PRIu64 " bytes are too few for a heap", said,
                           first);
    if (!is_its_image(p))
        return problem_set(p->problem, ERR_INPUT,
                           "%s: not an image of %s that this program knows",
                           p->o->image, p->manager->name);
    at = (at + (uint32_t)first + 15) / 16 * 16;
    for (uint64_t n; areas != NULL && (n = manager_next_size(&areas)) != 0;) {
        error = t->add_area(t, at, (uint32_t)n);
        if (error == HEAP_TOO_LARGE)
            return problem_set(p->problem, ERR_INPUT,
                               "an area of %" PRIu64 " bytes is more than %s "
                               "manages: %s",
                               n, p->manager->name, p->shape->most);
        if (error != HEAP_OK)
            return problem_set(p->problem, ERR_INPUT,
                               "an area of %" PRIu64 " bytes cannot be added",
                               n);
        at = (at + (uint32_t)n + 15) / 16 * 16;
    }
    int err = lay_out_outer(p, &at);
    if (err < 0)
        return err;
    p->explicit_next = (at + 15) / 16 * 16;
    p->explicit_end = t->base + t->window_bytes;
    t->extent_bytes = p->explicit_next - t->base;
    return 0;
}

static int open_target(struct play *p)
{
    const struct trace_header *h = &p->w->header;
    uint32_t roots = h->root_words != 0 ? h->root_words : ROOTS_STANDARD;
    if (roots > ROOTS_MAX)
        return problem_set(p->problem, ERR_INPUT,
                           "%s: %u root words are more than %u", p->w->name,
                           roots, ROOTS_MAX);
    uint32_t unit = p->shape->unit_bytes;
    if (unit == 0)
        unit = (uint32_t)manager_number(p->o, "block", 16);
    /* No object is smaller than two words, of a manager that is known. */
    uint32_t least = unit > 8 || p->is_outside ? unit : 8;
    uint32_t cap = roots + p->o->window_bytes / least + 1;
    struct target_guest_options guest = {p->o->image, p->o->machine};
    int err =
        p->o->machine == NULL
            ? target_native_open(&p->t, p->manager, p->o->window_bytes, roots,
                                 cap, p->problem)
            : target_guest_open(&p->t, p->manager, &guest, p->o->window_bytes,
                                roots, cap, p->problem);
    if (err < 0)
        return err;
    p->t->host = (struct target_host){p, play_on_finalise, play_on_more};
    if (p->t->nop != NULL) {
        p->t->nop(p->t);
        p->nop_cycles = p->t->cost.cycles;
    }
    err = lay_out_areas(p);
    if (err < 0)
        return err;
    uint32_t shift = (uint32_t)__builtin_ctz(unit);
    p->tag_units = p->shape->tag_bytes >> shift;
    p->align = (uint32_t)manager_number(p->o, "align", unit);
    if (p->align < unit)
        p->align = unit; /* fit's is for tags=inline */
    uint32_t origin = p->t->base + p->t->heap->control_bytes;
    uint32_t n_units = (p->explicit_next - origin + unit - 1) >> shift;
    if (!shadow_init(&p->s, p->t, origin, n_units, shift, roots))
        return problem_set(p->problem, ERR_MEMORY, "no memory left");
    p->s.has_handles = p->has_handles;
    p->s.clears_rest = p->shape->clears_rest;
    if (p->has_handles)
        p->entries = calloc(((size_t)n_units << shift) / 4 + 1, 4);
    if ((p->has_handles && p->entries == NULL) ||
        (p->in_pieces && !shadow_begin_pieces(&p->s)))
        return problem_set(p->problem, ERR_MEMORY, "no memory left");
    return play_reserve_units(p, n_units);
}

int play_reserve_units(struct play *p, uint32_t n_units)
{
    free(p->lengths);
    holes_release(&p->used);
    holes_release(&p->live);
    p->lengths = calloc(n_units + 1u, sizeof *p->lengths);
    if (p->lengths == NULL || !shadow_reserve_units(&p->s, n_units) ||
        !holes_init(&p->used, n_units) || !holes_init(&p->live, n_units))
        return problem_set(p->problem, ERR_MEMORY, "no memory left");
    play_fill_view(p);
    return play_sync_areas(p);
}

int play_reset(struct play *p)
{
    const struct heap *h = p->t->heap;
    struct heap before = *h;
    p->result->lost += p->s.live.n + p->s.outer.n;
    play_forget_all(p, IDMAP_ABSENT);
    play_forget_outer(p);
    int err = lay_out_areas(p);
    if (err < 0)
        return err;
    p->t->control(p->t, CONTROL_AUTO, before.is_auto);
    for (uint32_t i = 0; i < before.lock_depth; i++)
        p->t->control(p->t, CONTROL_LOCK, 1);
    if (before.threshold_blocks != h->threshold_blocks)
        p->t->control(p->t, CONTROL_THRESHOLD,
                      before.threshold_blocks == HEAP_NO_THRESHOLD
                          ? HEAP_NO_THRESHOLD
                          : before.threshold_blocks << before.block_shift);
    p->named.n = 0;
    err = play_sync_areas(p);
    return err == 0 && p->is_outside ? outside_probe(p) : err;
}

static int play_open(struct play *p)
{
    p->manager = manager_find(p->o->manager);
    p->is_outside = manager_is_outside(p->manager);
    p->probe_every = PROBE_EVERY;
    if (p->is_outside)
        p->probe_every = manager_number(p->o, "probe", PROBE_EVERY);
    p->probe_at = p->probe_every;
    if (p->is_outside && p->o->machine == NULL)
        return problem_set(p->problem, ERR_INPUT,
                           "%s: an outside manager is an image on a machine",
                           p->o->manager);
    p->manager->params(p->o, &p->params);
    p->shape = manager_shape_with(p->manager, &p->params);
    p->collects = manager_collects(p->manager);
    p->expecting = is_recorded_heap(p);
    p->has_growth = manager_number(p->o, "grow", 0) != 0;
    const char *quirks = manager_value(p->o, "quirks");
    p->has_quirks = quirks != NULL && strcmp(quirks, "exact") == 0;
    p->has_handles = (p->manager->capabilities & CAP_HANDLES) != 0;
    p->in_pieces = (p->manager->capabilities & CAP_PIECES) != 0;
    p->has_deref = p->has_handles || p->in_pieces;
    p->moves = (p->manager->capabilities & CAP_MOVES) != 0 && !p->has_handles;
    play_open_pins(p);
    int err = play_open_promotion(p);
    if (err < 0)
        return err;
    p->hash = trace_hash_new(&p->w->header);
    if (p->hash == NULL)
        return problem_set(p->problem, ERR_MEMORY, "no memory left");
    return open_target(p);
}

static void play_close(struct play *p)
{
    if (p->t != NULL) {
        p->t->close(p->t);
        shadow_release(&p->s);
    }
    holes_release(&p->used);
    holes_release(&p->live);
    outer_heap_close(&p->outer_heap);
    trace_hash_free(p->hash);
    free(p->lengths);
    free(p->finalise.item);
    free(p->line.item);
    free(p->named.item);
    free(p->moved.item);
    free(p->entries);
    free(p->pins.item);
    free(p->pinned.item);
    free(p->inside.item);
    free(p->interior.item);
    free(p->happened.reclaimed);
}

/* An idle moment of the run's own; it may not take longer than it has. */
static int take_step(struct play *p)
{
    struct trace_op step = {.kind = TRACE_STEP, .id = TRACE_NONE};
    int err = play_step(p, p->o->step_units);
    if (err == 0 && p->cost.cycles > p->o->step_cycles)
        err = play_fail(p, "a step took %" PRIu64 " cycles, not %u at most",
                        p->cost.cycles, p->o->step_cycles);
    return err != 0 ? err : play_tell_event(p, &step);
}

/* One line of the trace, and what the run adds: reads, an idle moment. */
static int play_one(struct play *p, const struct trace_op *op)
{
    p->op = op;
    trace_hash_op(p->hash, op);
    if (op->kind == TRACE_END)
        return expect_next_operation(p, NULL);
    p->result->events++;
    int err = trace_is_operation(op->kind) ? play_operation(p, op)
                                           : play_event(p, op);
    if (err == 0)
        err = play_tell_event(p, op);
    if (err == 0 && p->has_deref)
        err = play_add_touches(p, op);
    if (err == 0 && p->o->step_every != 0 && trace_is_operation(op->kind) &&
        p->seq % p->o->step_every == 0)
        err = take_step(p);
    return err;
}

static bool locate(const void *run, uint64_t id, uint32_t *address,
                   uint64_t *bytes)
{
    const struct play *p = run;
    uint32_t slot = idmap_get(p->s.ids, id);
    if (slot >= IDMAP_SLOT_MAX || shadow_at(&p->s, slot)->state != SHADOW_LIVE)
        return false;
    *address = shadow_at(&p->s, slot)->address;
    *bytes = shadow_at(&p->s, slot)->granted;
    return true;
}

/* A run that ended early is still a run of the whole trace: of its hash. */
static int hash_the_rest(struct play *p)
{
    struct trace_op op;
    int got;
    while ((got = workload_next(p->w, NULL, &op, p->problem)) > 0)
        trace_hash_op(p->hash, &op);
    return got;
}

/* 0: the run has its status; negative: input or sink failed. */
static int play_loop(struct play *p)
{
    struct workload_view view = {
        .run = p, .heap_bytes = p->o->heap_bytes, .locate = locate};
    struct trace_op op;
    if (p->is_outside && outside_probe(p) != 0)
        return hash_the_rest(p);
    for (;;) {
        view.live_bytes = p->s.live_bytes;
        int got = workload_next(p->w, &view, &op, p->problem);
        if (got < 0)
            return got;
        if (got == 0)
            break;
        int err = play_one(p, &op);
        if (err < 0)
            return err;
        if (err > 0)
            return hash_the_rest(p);
    }
    p->op = NULL;
    play_forget_names(p);
    if (play_verify_all(p) == 0 && play_probe(p) == 0)
        p->result->status = REPLAY_COMPLETE;
    return 0;
}

static void digest_window(const struct play *p, char hex[33])
{
    XXH128_hash_t h = XXH3_128bits(p->t->window, p->t->extent_bytes);
    snprintf(hex, 33, "%016" PRIx64 "%016" PRIx64, h.high64, h.low64);
}

static void fill_result(struct play *p)
{
    struct replay_result *r = p->result;
    play_figures(p, &r->end);
    if (p->outer_heap.is_open)
        outer_heap_figures(p, &r->outer);
    r->strings = p->strings;
    r->heap_bytes = p->o->heap_bytes;
    r->control_bytes = p->t->heap->control_bytes;
    r->max_held = p->s.max_held;
    r->nop_cycles = p->nop_cycles;
    r->has_expect = p->expecting;
    digest_window(p, r->state_digest);
    trace_hash_digest(p->hash, r->trace_hash);
    snprintf(r->trace_name, sizeof r->trace_name, "%s", p->w->name);
    snprintf(r->trace_program, sizeof r->trace_program, "%s",
             p->w->header.program);
    snprintf(r->trace_format, sizeof r->trace_format, "%s", p->w->format);
}

int replay_run(struct workload *w, const struct replay_options *o,
               const struct sink *sink, struct replay_result *result,
               struct problem *problem)
{
    struct play *p = calloc(1, sizeof *p);
    if (p == NULL)
        return problem_set(problem, ERR_MEMORY, "no memory left");
    memset(result, 0, sizeof *result);
    p->w = w;
    p->o = o;
    p->sink = sink;
    p->result = result;
    p->problem = problem;
    p->last_id = TRACE_NONE;
    int err = play_open(p);
    if (err == 0)
        err = play_loop(p);
    if (err == 0 && sink->end != NULL)
        err = sink->end(sink->ctx, &p->view);
    if (err == 0)
        fill_result(p);
    play_close(p);
    free(p);
    return err;
}
