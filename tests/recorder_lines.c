/* recorder_lines.c - see recorder.h: what the lines of a recording say. */
#include <inttypes.h>

#include "tests/recorder.h"

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
        for (uint32_t a = o->address; a < recorder_end_of(r, o); a += 4)
            reach(r, recorder_get(r, a), list, &n);
    }
}

/* d and u lines; what came back may have words that are news. */
void recorder_write_deaths(struct recorder *r)
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
void recorder_write_stack(struct recorder *r, char letter)
{
    uint64_t seen[RECORDER_STACK_CAP];
    uint32_t n = 0;
    fputc(letter, r->out);
    for (uint32_t i = 0; i < r->sp; i++) {
        uint32_t at = letter == 'k' ? recorder_find(r, r->stack[i])
                                    : recorder_find_around(r, r->stack[i]);
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

uint32_t recorder_outer_avail(const struct recorder *r)
{
    uint32_t best = 0, run = 0;
    for (uint32_t i = 0; i < r->plan.outer_bytes / 16; i++) {
        run = r->outer_used[i] == 0 ? run + 16 : 0;
        best = run > best ? run : best;
    }
    return best;
}

/* What e and c lines have in common. */
void recorder_write_state(struct recorder *r)
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
            m->params.grow ? (int64_t)recorder_outer_avail(r) : -1, hash);
    for (uint32_t i = 0; i < m->n_areas; i++)
        fprintf(r->out, " %u:%u:%u:%016" PRIx64, m->areas[i].number,
                m->areas[i].hint, m->areas[i].last_used,
                fnv(FNV_BASIS, &m->areas[i]));
    fputc('\n', r->out);
}

/* s: objects, and how their words point: at heads, into, at nothing. */
void recorder_write_graph(struct recorder *r)
{
    uint32_t n = 0, edges = 0, interior = 0, dangling = 0;
    for (uint32_t i = 0; i < r->n_objects; i++) {
        const struct recorder_object *o = &r->object[i];
        if (!o->exists || (r->has_lost_busy && o->address == r->busy))
            continue;
        n++;
        for (uint32_t w = 0; w < o->n_words; w++) {
            uint32_t word = recorder_get(r, o->address + 4 * w);
            if (r->has_lost_busy && word == r->busy)
                dangling++;
            else if (recorder_find(r, word) != RECORDER_NONE)
                edges++;
            else if (recorder_has(word) &&
                     recorder_find_around(r, word) != RECORDER_NONE)
                interior++;
            else
                dangling += recorder_has(word);
        }
    }
    fprintf(r->out, "s %u %u %u %u\n", n, edges, interior, dangling);
}

/* y stands where marking has ended. */
void recorder_write_rescans(struct recorder *r)
{
    if (r->has_rescans)
        return;
    r->has_rescans = true;
    r->counts->overflows += r->model.last_rescans > 0;
    if (r->plan.params.mark_stack <= 4 && r->model.last_cause != CAUSE_ALL)
        fprintf(r->out, "y %u\n", r->model.last_rescans);
}

/* N, for the last area of the list if the recording does not have it yet. */
void recorder_write_area(struct recorder *r, const char *reason, uint32_t bytes)
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

/* ---- The header ------------------------------------------------------- */

void recorder_write_header(struct recorder *r)
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
