/* recorder.c - see recorder.h: the heap, its memory, and the lines. */
#include "tests/recorder.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- Memory ----------------------------------------------------------- */

static bool is_inside(uint32_t address)
{
    return address - RECORDER_BASE < RECORDER_WINDOW;
}

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
    if (!is_inside(word) || word % 8 != 0)
        return RECORDER_NONE;
    return r->object_at[(word - RECORDER_BASE) / 8] - 1;
}

static uint32_t granted(const struct recorder *r, uint32_t bytes)
{
    uint32_t block = r->plan.params.block;
    return (bytes + block - 1) / block * block;
}

static uint32_t end_of(const struct recorder *r,
                       const struct recorder_object *o)
{
    return o->address + granted(r, o->bytes);
}

/* The existing object into which `word` points past the head. */
static uint32_t find_around(const struct recorder *r, uint32_t word)
{
    for (uint32_t i = 0; i < r->n_objects; i++) {
        const struct recorder_object *o = &r->object[i];
        if (o->exists && word > o->address && word < end_of(r, o))
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
    uint32_t n_words = granted(r, bytes) / 4;
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

/* ---- Who is reached --------------------------------------------------- */

static void reach(struct recorder *r, uint32_t word, uint32_t *list,
                  uint32_t *n)
{
    uint32_t i = recorder_find(r, word);
    if (i == RECORDER_NONE || r->object[i].is_reached)
        return;
    r->object[i].is_reached = true;
    list[(*n)++] = i;
}

void recorder_mark(struct recorder *r, bool with_stale)
{
    static uint32_t list[RECORDER_OBJECTS_CAP];
    uint32_t n = 0;
    for (uint32_t i = 0; i < r->n_objects; i++)
        r->object[i].is_reached = false;
    for (uint32_t i = 0; i < RECORDER_ROOTS_CAP; i++)
        reach(r, r->root[i], list, &n);
    for (uint32_t i = 0; i < r->sp; i++)
        if (with_stale || !r->is_stale[i])
            reach(r, r->stack[i], list, &n);
    for (uint32_t at = 0; at < n; at++) {
        const struct recorder_object *o = &r->object[list[at]];
        for (uint32_t a = o->address; a < end_of(r, o); a += 4)
            reach(r, recorder_get(r, a), list, &n);
    }
}

/* d and u lines; what came back may have words that are news. */
static void write_deaths(struct recorder *r)
{
    uint64_t undone = r->counts->undone;
    if (r->plan.mark_every == 0)
        return;
    recorder_mark(r, true);
    for (uint32_t i = 0; i < r->n_objects; i++) {
        struct recorder_object *o = &r->object[i];
        if (!o->exists || o->is_dead != o->is_reached)
            continue;
        o->is_dead = !o->is_reached;
        fprintf(r->out, "%c %" PRIu64 "\n", o->is_dead ? 'd' : 'u', o->id);
        r->counts->deaths += o->is_dead;
        r->counts->undone += !o->is_dead;
    }
    if (r->counts->undone > undone)
        recorder_flush(r);
}

/* ---- What words name -------------------------------------------------- */

static uint64_t id_at(const struct recorder *r, uint32_t word)
{
    uint32_t i = recorder_find(r, word);
    return i == RECORDER_NONE ? 0 : r->object[i].id;
}

/* References to what has gone have vanished without a line. */
static uint64_t still(const struct recorder *r, uint64_t id)
{
    return id != 0 && r->object[id - 1].exists ? id : 0;
}

static void flush_object(struct recorder *r, struct recorder_object *o)
{
    bool has_line = false;
    for (uint32_t w = 0; w < o->n_words; w++) {
        uint64_t now = id_at(r, recorder_get(r, o->address + 4 * w));
        if (now == still(r, o->named[w]))
            continue;
        if (!has_line)
            fprintf(r->out, "w %" PRIu64, o->id);
        has_line = true;
        fprintf(r->out, " %u %" PRIu64, w, now);
        o->named[w] = now;
        r->counts->edges_after += r->model.is_collecting;
        r->counts->stale += now != 0 && r->object[now - 1].is_dead;
    }
    if (has_line)
        fputc('\n', r->out);
}

void recorder_flush(struct recorder *r)
{
    if (!r->plan.has_graph)
        return;
    for (uint32_t i = 0; i < r->n_objects; i++)
        if (r->object[i].exists && !r->object[i].is_dead)
            flush_object(r, &r->object[i]);
    for (uint32_t i = 0; i < RECORDER_ROOTS_CAP; i++) {
        uint64_t now = id_at(r, r->root[i]);
        if (now != still(r, r->root_named[i]))
            fprintf(r->out, "p %u %" PRIu64 "\n", i, now);
        r->root_named[i] = now;
    }
}

/* k: whom stack words name, each once, in order; or j: point into. */
static void write_stack(struct recorder *r, char letter)
{
    uint64_t seen[RECORDER_STACK_CAP];
    uint32_t n = 0;
    fputc(letter, r->out);
    for (uint32_t i = 0; i < r->sp; i++) {
        uint32_t at = letter == 'k' ? recorder_find(r, r->stack[i])
                                    : find_around(r, r->stack[i]);
        uint64_t id = at == RECORDER_NONE ? 0 : r->object[at].id;
        for (uint32_t k = 0; k < n; k++)
            id = seen[k] == id ? 0 : id;
        if (id == 0)
            continue;
        seen[n++] = id;
        fprintf(r->out, " %" PRIu64, id);
    }
    fputc('\n', r->out);
}

/* Before an event; `is_asking`: an allocation. */
static void before(struct recorder *r, bool is_asking)
{
    recorder_flush(r);
    if (!is_asking)
        return;
    r->n_asked++;
    if (r->plan.mark_every > 0 && r->n_asked % r->plan.mark_every == 0)
        write_deaths(r);
    if (r->plan.roots_every > 0 && r->n_asked % r->plan.roots_every == 0 &&
        !r->model.is_collecting)
        write_stack(r, 'k');
}

/* ---- The state of the heap -------------------------------------------- */

#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

static uint64_t fnv(uint64_t hash, const struct model_area *a)
{
    for (uint32_t b = 0; b < a->n_blocks; b++)
        hash = (hash ^ a->kind[b]) * FNV_PRIME;
    return hash;
}

struct totals {
    uint32_t used, free, max_free, one, two, max_block;
};

static void add_area(const struct model_area *a, struct totals *t)
{
    uint32_t hole = 0;
    for (uint32_t b = 0; b < a->n_blocks; b++) {
        hole = a->kind[b] == 0 ? hole + 1 : 0;
        t->max_free = hole > t->max_free ? hole : t->max_free;
        t->free += a->kind[b] == 0;
        t->used += a->kind[b] != 0;
        if (a->kind[b] != 1)
            continue;
        uint32_t n = 1;
        while (b + n < a->n_blocks && a->kind[b + n] == 2)
            n++;
        t->one += n == 1;
        t->two += n == 2;
        t->max_block = n > t->max_block ? n : t->max_block;
    }
}

static uint32_t outer_avail(const struct recorder *r)
{
    uint32_t best = 0, run = 0;
    for (uint32_t i = 0; i < r->plan.outer_bytes / 16; i++) {
        run = r->outer_used[i] == 0 ? run + 16 : 0;
        best = run > best ? run : best;
    }
    return best;
}

/* What e and c lines have in common. */
static void write_state(struct recorder *r)
{
    const struct model *m = &r->model;
    struct totals t = {0};
    uint64_t hash = FNV_BASIS;
    for (uint32_t i = 0; i < m->n_areas; i++) {
        add_area(&m->areas[i], &t);
        hash = fnv(hash, &m->areas[i]);
    }
    uint32_t block = m->params.block;
    fprintf(r->out, " %u %u %u %u %u %u", t.used * block, t.free * block,
            t.max_free, t.one, t.two, t.max_block);
    if (r->plan.version == 1) {
        fprintf(r->out, " %u %u %016" PRIx64 "\n", m->areas[0].hint,
                m->areas[0].last_used, hash);
        return;
    }
    fprintf(r->out, " %u %" PRId64 " %016" PRIx64, m->areas[m->search].number,
            m->params.grow ? (int64_t)outer_avail(r) : -1, hash);
    for (uint32_t i = 0; i < m->n_areas; i++)
        fprintf(r->out, " %u:%u:%u:%016" PRIx64, m->areas[i].number,
                m->areas[i].hint, m->areas[i].last_used,
                fnv(FNV_BASIS, &m->areas[i]));
    fputc('\n', r->out);
}

/* s: objects, and how their words point: at heads, into, at nothing. */
static void write_graph(struct recorder *r)
{
    uint32_t n = 0, edges = 0, interior = 0, dangling = 0;
    for (uint32_t i = 0; i < r->n_objects; i++) {
        const struct recorder_object *o = &r->object[i];
        n += o->exists;
        for (uint32_t w = 0; o->exists && w < o->n_words; w++) {
            uint32_t word = recorder_get(r, o->address + 4 * w);
            if (recorder_find(r, word) != RECORDER_NONE)
                edges++;
            else if (is_inside(word) && find_around(r, word) != RECORDER_NONE)
                interior++;
            else
                dangling += is_inside(word);
        }
    }
    fprintf(r->out, "s %u %u %u %u\n", n, edges, interior, dangling);
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
    write_deaths(r);
    recorder_mark(r, true);
    for (uint32_t i = 0; i < r->n_objects; i++)
        r->object[i].is_kept = r->object[i].is_reached && cause != CAUSE_ALL;
    fputs(r->request, r->out);
    r->request[0] = '\0';
    fprintf(r->out, "g %c\n", "ATES"[cause]);
    if (cause == CAUSE_ALL)
        return;
    write_stack(r, 'k');
    write_stack(r, 'j');
}

/* y stands where marking has ended. */
static void write_rescans(struct recorder *r)
{
    if (r->has_rescans)
        return;
    r->has_rescans = true;
    r->counts->overflows += r->model.last_rescans > 0;
    if (r->plan.params.mark_stack <= 4 && r->model.last_cause != CAUSE_ALL)
        fprintf(r->out, "y %u\n", r->model.last_rescans);
}

static void on_finalise(void *ctx, uint32_t address)
{
    struct recorder *r = ctx;
    write_rescans(r);
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
            o->address >= end || o->address == r->busy)
            continue;
        used +=
            (size_t)snprintf(r->given_back + used, sizeof r->given_back - used,
                             " %" PRIu64, o->id);
        forget(r, o);
        r->counts->lone++;
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
    if (n == 0)
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
    write_rescans(r);
    write_freed(r);
    fputs(r->given_back, r->out);
    fputs("v\n", r->out);
    write_graph(r);
    fputc('e', r->out);
    write_state(r);
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
    fprintf(r->out, "o %u\n", outer_avail(r));
    return outer_avail(r);
}

/* N, for the last area of the list if the recording does not have it yet. */
static void write_area(struct recorder *r, const char *reason, uint32_t bytes)
{
    uint32_t place = r->model.n_areas - 1;
    const struct model_area *a = &r->model.areas[place];
    if (r->n_areas > 0 && r->area[r->n_areas - 1].number == a->number)
        return;
    r->area[r->n_areas].number = a->number;
    r->area[r->n_areas++].start = a->start;
    if (r->plan.version == 2)
        fprintf(r->out, "N %u %u %s %u %u %u %u\n", a->number, place, reason,
                bytes, a->table_bytes, a->n_blocks, a->pool - a->start);
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
    write_area(r, "auto", r->taken_bytes);
    r->counts->grown += r->n_areas > n;
    r->request[0] = '\0';
}

/* What the manager leaves in the blocks from `old_end` on. */
static void clear_new(struct recorder *r, uint32_t object, uint32_t bytes,
                      uint32_t old_end)
{
    uint32_t end = object + granted(r, bytes);
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
    uint32_t old = o->address, old_bytes = granted(r, o->bytes);
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
    if (address == 0) {
        fprintf(r->out, "m %" PRIu64 " %u %d\n", o->id, bytes, may_move);
        r->counts->refused_reallocs++;
        return false;
    }
    if (address != old || granted(r, bytes) > old_bytes)
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
    write_area(r, "explicit", bytes);
    r->spare = (r->spare + bytes + 63) & ~63u;
    r->counts->added++;
}

void recorder_checkpoint(struct recorder *r, const char *label)
{
    before(r, false);
    write_graph(r);
    fprintf(r->out, "c %s", label);
    write_state(r);
}

/* ---- Beginning and ending --------------------------------------------- */

static void write_header(struct recorder *r)
{
    const struct recorder_plan *p = &r->plan;
    const struct model_area *a = &r->model.areas[0];
    fprintf(r->out, "# gcrec %u\nh word_bytes 4\nh block_bytes %u\n",
            p->version, p->params.block);
    if (p->version == 1)
        fprintf(r->out,
                "h heap_bytes %u\nh atb_bytes %u\nh blocks %u\n"
                "h pool_offset %u\n",
                p->areas[0], a->table_bytes, a->n_blocks, a->pool - a->start);
    else
        fprintf(r->out,
                "h areas %u\nh area_struct_bytes %u\nh growth %u\n"
                "h outer_bytes %u\n",
                r->model.n_areas, p->params.area_struct, p->params.grow,
                p->outer_bytes);
    fprintf(r->out,
            "h finaliser %u\nh conservative_clear %u\nh mark_stack %u\n"
            "h root_words %u\nh graph %d\nh mark_every %u\n"
            "h roots_every %u\nh program seed-%" PRIu64 "\n",
            p->params.finalisers, p->params.zero, p->params.mark_stack,
            RECORDER_ROOTS_CAP, p->has_graph, p->mark_every, p->roots_every,
            p->seed);
}

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
    write_header(r);
    uint32_t n_areas = r->model.n_areas;
    for (r->model.n_areas = 1; r->model.n_areas <= n_areas; r->model.n_areas++)
        write_area(r, "initial", plan->areas[r->model.n_areas - 1]);
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
