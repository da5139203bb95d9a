/* recorder.c - see recorder.h: the heap, its memory, what is asked of it. */
#include "tests/recorder.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- Memory ----------------------------------------------------------- */

uint32_t recorder_get(const struct recorder *r, uint32_t address)
{
    uint32_t word;
    memcpy(&word, &r->memory[address - RECORDER_BASE], 4);
    return word;
}

void recorder_put(struct recorder *r, uint32_t address, uint32_t word)
{
    memcpy(&r->memory[address - RECORDER_BASE], &word, 4);
}

static void zero(struct recorder *r, uint32_t from, uint32_t to)
{
    memset(&r->memory[from - RECORDER_BASE], 0, to - from);
}

uint32_t recorder_find(const struct recorder *r, uint32_t word)
{
    if (!recorder_has(word) || word % 8 != 0)
        return RECORDER_NONE;
    return r->object_at[(word - RECORDER_BASE) / 8] - 1;
}

uint32_t recorder_granted(const struct recorder *r, uint32_t bytes)
{
    uint32_t block = r->plan.params.block;
    return (bytes + block - 1) / block * block;
}

uint32_t recorder_end_of(const struct recorder *r,
                         const struct recorder_object *o)
{
    return o->address + recorder_granted(r, o->bytes);
}

/* The existing object into which `word` points past the head. */
uint32_t recorder_find_around(const struct recorder *r, uint32_t word)
{
    for (uint32_t i = 0; i < r->n_objects; i++) {
        const struct recorder_object *o = &r->object[i];
        if (o->exists && word > o->address && word < recorder_end_of(r, o))
            return i;
    }
    return RECORDER_NONE;
}

static const struct model_area *area_around(const struct recorder *r,
                                            uint32_t address)
{
    for (uint32_t i = 0; i < r->model.n_areas; i++) {
        const struct model_area *a = &r->model.areas[i];
        if (address - a->pool < a->n_blocks * r->plan.params.block &&
            address >= a->pool)
            return a;
    }
    abort();
}

/* The object is where it is from now on, with its words. */
static void place(struct recorder *r, struct recorder_object *o,
                  uint32_t address, uint32_t bytes)
{
    uint32_t n_words = recorder_granted(r, bytes) / 4;
    if (o->exists)
        r->object_at[(o->address - RECORDER_BASE) / 8] = 0;
    o->exists = true;
    o->address = address;
    o->area = area_around(r, address)->number;
    o->bytes = bytes;
    o->named = realloc(o->named, n_words * sizeof *o->named);
    for (uint32_t i = o->n_words; i < n_words; i++)
        o->named[i] = 0;
    o->n_words = n_words;
    r->object_at[(address - RECORDER_BASE) / 8] = (uint32_t)(o - r->object) + 1;
}

static void forget(struct recorder *r, struct recorder_object *o)
{
    o->exists = false;
    r->object_at[(o->address - RECORDER_BASE) / 8] = 0;
    free(o->named);
    o->named = NULL;
    o->n_words = 0;
}

/* ---- Events ----------------------------------------------------------- */

/* Before an event; `is_asking`: an allocation. */
static void before(struct recorder *r, bool is_asking)
{
    recorder_flush(r);
    if (!is_asking)
        return;
    r->n_asked++;
    if (r->plan.mark_every > 0 && r->n_asked % r->plan.mark_every == 0)
        recorder_write_deaths(r);
    if (r->plan.roots_every > 0 && r->n_asked % r->plan.roots_every == 0 &&
        !r->model.is_collecting)
        recorder_write_stack(r, 'k');
}

/* ---- Collections ------------------------------------------------------ */

static uint32_t on_word(void *ctx, uint32_t address)
{
    return recorder_get(ctx, address);
}

static void on_begin(void *ctx, uint32_t cause)
{
    struct recorder *r = ctx;
    r->counts->collections[cause]++;
    r->given_back[0] = '\0';
    r->has_rescans = false;
    recorder_write_deaths(r);
    recorder_mark(r, true);
    for (uint32_t i = 0; i < r->n_objects; i++)
        r->object[i].is_kept = r->object[i].is_reached && cause != CAUSE_ALL;
    fputs(r->request, r->out);
    r->request[0] = '\0';
    fprintf(r->out, "g %c\n", "ATES"[cause]);
    if (cause == CAUSE_ALL)
        return;
    recorder_write_stack(r, 'k');
    recorder_write_stack(r, 'j');
}

static void on_finalise(void *ctx, uint32_t address)
{
    struct recorder *r = ctx;
    recorder_write_rescans(r);
    recorder_finaliser(r, recorder_find(r, address));
}

/* The area that begins at `start` goes, perhaps with a live object. */
static void on_gone(void *ctx, uint32_t start, uint32_t end)
{
    struct recorder *r = ctx;
    uint32_t place = 0;
    size_t used = strlen(r->given_back);
    while (r->area[place].start != start)
        place++;
    used += (size_t)snprintf(r->given_back + used, sizeof r->given_back - used,
                             "R %u %u", r->area[place].number, place);
    for (uint32_t i = 0; i < r->n_objects; i++) {
        struct recorder_object *o = &r->object[i];
        if (!o->exists || !o->is_kept || o->address < start ||
            o->address >= end)
            continue;
        used +=
            (size_t)snprintf(r->given_back + used, sizeof r->given_back - used,
                             " %" PRIu64, o->id);
        r->counts->lone++;
        r->has_lost_busy |= o->address == r->busy;
        if (o->address != r->busy) /* whose fate is open */
            forget(r, o);
    }
    snprintf(r->given_back + used, sizeof r->given_back - used, "\n");
    r->n_areas--;
    memmove(&r->area[place], &r->area[place + 1],
            (r->n_areas - place) * sizeof r->area[0]);
    r->counts->given_back++;
}

static int by_place(const void *a, const void *b)
{
    const struct recorder_object *x = *(struct recorder_object *const *)a;
    const struct recorder_object *y = *(struct recorder_object *const *)b;
    if (x->area != y->area)
        return x->area < y->area ? -1 : 1;
    return (x->address > y->address) - (x->address < y->address);
}

/* x: by area and address. What was reached must have stayed. */
static void write_freed(struct recorder *r)
{
    static struct recorder_object *list[RECORDER_OBJECTS_CAP];
    uint32_t n = 0;
    for (uint32_t i = 0; i < r->n_objects; i++) {
        struct recorder_object *o = &r->object[i];
        bool survives =
            model_object(&r->model, o->address) != 0 || o->address == r->busy;
        if (!o->exists || o->is_kept) {
            assert(!o->exists || survives);
            continue;
        }
        assert(!survives || o->address == r->busy);
        list[n++] = o;
    }
    if (n == 0 && recorder_below(r, 2) == 0)
        return;
    qsort(list, n, sizeof *list, by_place);
    fputc('x', r->out);
    for (uint32_t i = 0; i < n; i++) {
        fprintf(r->out, " %" PRIu64, list[i]->id);
        forget(r, list[i]);
    }
    fputc('\n', r->out);
}

static void on_end(void *ctx)
{
    struct recorder *r = ctx;
    recorder_write_rescans(r);
    write_freed(r);
    fputs(r->given_back, r->out);
    fputs("v\n", r->out);
    recorder_write_graph(r);
    fputc('e', r->out);
    recorder_write_state(r);
}

/* ---- The outer heap --------------------------------------------------- */

/* First fit, in steps of 16 bytes. */
static uint32_t outer_take(struct recorder *r, uint32_t bytes)
{
    uint32_t steps = (bytes + 15) / 16, run = 0;
    for (uint32_t i = 0; i < r->plan.outer_bytes / 16; i++) {
        run = r->outer_used[i] == 0 ? run + 1 : 0;
        if (run < steps)
            continue;
        memset(&r->outer_used[i + 1 - steps], 2, steps);
        r->outer_used[i + 1 - steps] = 1;
        r->taken_bytes = bytes;
        return r->outer_at + 16 * (i + 1 - steps);
    }
    return 0;
}

static void outer_give(struct recorder *r, uint32_t address)
{
    uint32_t i = (address - r->outer_at) / 16;
    if (address < r->outer_at || i >= r->plan.outer_bytes / 16)
        return; /* the program's own */
    assert(r->outer_used[i] == 1);
    r->outer_used[i++] = 0;
    while (i < r->plan.outer_bytes / 16 && r->outer_used[i] == 2)
        r->outer_used[i++] = 0;
}

static uint32_t on_more(void *ctx, uint32_t what, uint32_t value)
{
    struct recorder *r = ctx;
    if (what == MORE_TAKE)
        return outer_take(r, value);
    if (what == MORE_GIVE) {
        outer_give(r, value);
        return 0;
    }
    fprintf(r->out, "o %u\n", recorder_outer_avail(r));
    return recorder_outer_avail(r);
}

/* ---- Operations ------------------------------------------------------- */

/* What the model's collections start from. */
static void set_roots(struct recorder *r)
{
    memcpy(r->words, r->root, sizeof r->root);
    memcpy(r->words + RECORDER_ROOTS_CAP, r->stack, r->sp * sizeof *r->stack);
    r->model.roots = r->words;
    r->model.n_roots = RECORDER_ROOTS_CAP + r->sp;
}

static void write_block(struct recorder *r, uint32_t address)
{
    const struct model_area *a = area_around(r, address);
    uint32_t block = (address - a->pool) / r->plan.params.block;
    if (r->plan.version == 2)
        fprintf(r->out, " %u:%u\n", a->number, block);
    else
        fprintf(r->out, " %u\n", block);
}

/* A request's areas, before its answer. */
static void after_request(struct recorder *r)
{
    uint32_t n = r->n_areas;
    recorder_write_area(r, "auto", r->taken_bytes);
    r->counts->grown += r->n_areas > n;
    r->request[0] = '\0';
}

/* What the manager leaves in the blocks from `old_end` on. */
static void clear_new(struct recorder *r, uint32_t object, uint32_t bytes,
                      uint32_t old_end)
{
    uint32_t end = object + recorder_granted(r, bytes);
    zero(r, r->plan.params.zero ? old_end : object + bytes, end);
}

uint32_t recorder_alloc(struct recorder *r, uint32_t bytes, uint32_t flags)
{
    assert(bytes > 0 && r->n_objects < RECORDER_OBJECTS_CAP);
    before(r, true);
    bool is_locked = r->model.lock_depth > 0 || r->model.is_collecting;
    if (!is_locked)
        snprintf(r->request, sizeof r->request, "q a 0 %u %u\n", bytes, flags);
    set_roots(r);
    uint32_t address = is_locked ? 0 : model_alloc(&r->model, bytes, flags);
    if (!is_locked)
        after_request(r);
    if (address == 0) {
        fprintf(r->out, "n %u %u %d\n", bytes, flags, is_locked);
        r->counts->refused += !is_locked;
        r->counts->locked += is_locked;
        r->counts->refused_inside += r->model.is_collecting;
        return RECORDER_NONE;
    }
    clear_new(r, address, bytes, address);
    if ((flags & HEAP_FINALISER) != 0 && r->plan.params.finalisers)
        recorder_put(r, address, 0);
    struct recorder_object *o = &r->object[r->n_objects++];
    *o = (struct recorder_object){.id = r->n_objects, .flags = flags};
    place(r, o, address, bytes);
    fprintf(r->out, "a %" PRIu64 " %u %u", o->id, bytes, flags);
    write_block(r, address);
    r->counts->allocs++;
    return r->n_objects - 1;
}

void recorder_free(struct recorder *r, uint32_t object)
{
    struct recorder_object *o = &r->object[object];
    if (r->model.lock_depth > 0)
        return; /* no effect, no line */
    if (!r->model.is_collecting || r->plan.has_late_lines)
        before(r, false);
    model_free(&r->model, o->address);
    fprintf(r->out, "f %" PRIu64 "\n", o->id);
    forget(r, o);
    r->counts->frees++;
    r->counts->frees_inside += r->model.is_collecting;
}

/* Blocks as they were, at their new place. */
static void copy(struct recorder *r, uint32_t to, uint32_t from, uint32_t bytes)
{
    memmove(&r->memory[to - RECORDER_BASE], &r->memory[from - RECORDER_BASE],
            bytes);
}

bool recorder_realloc(struct recorder *r, uint32_t object, uint32_t bytes,
                      bool may_move)
{
    struct recorder_object *o = &r->object[object];
    uint32_t old = o->address, old_bytes = recorder_granted(r, o->bytes);
    bool is_locked = r->model.lock_depth > 0 || r->model.is_collecting;
    if (!r->model.is_collecting || r->plan.has_late_lines)
        before(r, false);
    if (!is_locked)
        snprintf(r->request, sizeof r->request, "q r %" PRIu64 " %u %d\n",
                 o->id, bytes, may_move);
    set_roots(r);
    if (!is_locked)
        r->busy = old;
    uint32_t address =
        is_locked ? 0 : model_realloc(&r->model, old, bytes, may_move);
    if (!is_locked) {
        r->busy = 0;
        after_request(r);
    }
    bool is_lost = r->has_lost_busy;
    r->has_lost_busy = false;
    if (address == 0) {
        fprintf(r->out, "m %" PRIu64 " %u %d\n", o->id, bytes, may_move);
        r->counts->refused_reallocs++;
        r->counts->lost_in_realloc += is_lost;
        if (is_lost)
            forget(r, o);
        return false;
    }
    if (address != old || recorder_granted(r, bytes) > old_bytes)
        clear_new(r, address, bytes,
                  address == old ? old + old_bytes : address);
    if (address != old)
        copy(r, address, old, old_bytes);
    place(r, o, address, bytes);
    fprintf(r->out, "r %" PRIu64 " %u %d", o->id, bytes, may_move);
    write_block(r, address);
    r->counts->reallocs++;
    r->counts->moves += address != old;
    return true;
}

void recorder_collect(struct recorder *r)
{
    before(r, false);
    set_roots(r);
    model_collect(&r->model, COLLECT_ORDINARY);
}

void recorder_switch(struct recorder *r, bool is_auto)
{
    before(r, false);
    model_control(&r->model, CONTROL_AUTO, is_auto);
    fprintf(r->out, "A %d\n", is_auto);
}

void recorder_threshold(struct recorder *r, uint32_t blocks)
{
    before(r, false);
    model_control(&r->model, CONTROL_THRESHOLD,
                  blocks == UINT32_MAX ? HEAP_NO_THRESHOLD
                                       : blocks * r->plan.params.block);
    fprintf(r->out, "T %d\n", (int)blocks);
}

void recorder_add_area(struct recorder *r, uint32_t bytes)
{
    if (r->spare + bytes > RECORDER_BASE + RECORDER_WINDOW ||
        r->model.n_areas == MODEL_AREAS_CAP ||
        !model_add_area(&r->model, r->spare, bytes))
        return;
    before(r, false);
    recorder_write_area(r, "explicit", bytes);
    r->spare = (r->spare + bytes + 63) & ~63u;
    r->counts->added++;
}

void recorder_checkpoint(struct recorder *r, const char *label)
{
    before(r, false);
    recorder_write_graph(r);
    fprintf(r->out, "c %s", label);
    recorder_write_state(r);
}

/* ---- Beginning and ending --------------------------------------------- */

/* The areas that the program starts with, then the outer heap. */
static void lay_out(struct recorder *r)
{
    const struct model_calls calls = {.ctx = r,
                                      .word = on_word,
                                      .finalise = on_finalise,
                                      .more = on_more,
                                      .begins = on_begin,
                                      .ends = on_end,
                                      .gone = on_gone};
    const struct recorder_plan *p = &r->plan;
    uint32_t at = RECORDER_BASE;
    model_init(&r->model, &p->params, at, p->areas[0], &calls);
    for (uint32_t i = 1; i < 4 && p->areas[i] != 0; i++) {
        at = (at + p->areas[i - 1] + 15) & ~15u;
        model_add_area(&r->model, at, p->areas[i]);
    }
    r->outer_at = (RECORDER_BASE + 40000 + 63) & ~63u;
    r->spare = (r->outer_at + p->outer_bytes + 63) & ~63u;
}

struct recorder *recorder_open(const struct recorder_plan *plan,
                               struct recorder_counts *counts, FILE *out)
{
    struct recorder *r = calloc(1, sizeof *r);
    r->plan = *plan;
    r->counts = counts;
    r->out = out;
    rng_seed(&r->rng, plan->seed);
    lay_out(r);
    recorder_write_header(r);
    uint32_t n_areas = r->model.n_areas;
    for (r->model.n_areas = 1; r->model.n_areas <= n_areas; r->model.n_areas++)
        recorder_write_area(r, "initial", plan->areas[r->model.n_areas - 1]);
    r->model.n_areas = n_areas;
    return r;
}

void recorder_end(struct recorder *r)
{
    before(r, false);
    if (r->plan.is_sweeping_at_exit)
        model_collect(&r->model, COLLECT_EVERYTHING);
    fputs("z end\n", r->out);
}

void recorder_close(struct recorder *r)
{
    for (uint32_t i = 0; i < r->n_objects; i++)
        free(r->object[i].named);
    model_close(&r->model);
    free(r);
}
