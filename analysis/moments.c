/* moments.c - see moments.h. */
#include "analysis/moments.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "traces/op.h"

#define SHORT_DISTANCE 16 /* below it fewer even maps are kept */
#define SHORT_CAP      64

/* Snapshots of minima may take so long, and a 16th of the run's time. */
#define FREE_NS 4000000

const char *const moment_names[MOMENT_N] = {"first_refusal", "worst", "end"};

/*
 * `array`, of *cap elements, with room for `n` of `size` bytes: the same or
 * a longer one. Null: no memory, and `array` is as it was.
 */
static void *grown(void *array, size_t *cap, size_t n, size_t size)
{
    if (n <= *cap)
        return array;
    size_t wanted = *cap == 0 ? 256 : *cap;
    while (wanted < n)
        wanted *= 2;
    void *longer = realloc(array, wanted * size);
    if (longer != NULL)
        *cap = wanted;
    return longer;
}

/* The decimal digits of `n`, without snprintf: maps have many runs. */
static char *put_number(char *to, uint32_t n)
{
    char digits[10];
    int n_digits = 0;
    do
        digits[n_digits++] = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    while (n_digits > 0)
        *to++ = digits[--n_digits];
    return to;
}

char *moments_text(const uint8_t *units, uint32_t n_units)
{
    static const char letters[] = ".h=x#:";

    /* A run never takes more than two bytes a unit. */
    char *text = malloc(2 * (size_t)n_units + 1);
    if (text == NULL)
        return NULL;
    char *to = text;
    for (uint32_t i = 0; i < n_units;) {
        assert(units[i] <= UNIT_TAG);
        uint32_t end = i + 1;
        while (end < n_units && units[end] == units[i])
            end++;
        to = put_number(to, end - i);
        *to++ = letters[units[i]];
        i = end;
    }
    *to++ = '\0';
    char *fitted = realloc(text, (size_t)(to - text));
    return fitted != NULL ? fitted : text;
}

/* Copies that a realloc left behind have no id: the map shows them. */
static bool keep_object(void *ctx, const struct object_view *o)
{
    struct snapshot *s = ctx;
    if (o->id == TRACE_NONE)
        return true;
    struct object_view *objects =
        grown(s->objects, &s->cap_objects, s->n_objects + 1, sizeof *o);
    s->is_whole = objects != NULL;
    if (objects == NULL)
        return false;
    s->objects = objects;
    s->objects[s->n_objects++] = *o;
    return true;
}

static bool keep_edge(void *ctx, uint64_t from, uint32_t word, uint64_t to)
{
    struct snapshot *s = ctx;
    struct moments_edge e = {from, to, word};
    struct moments_edge *edges =
        grown(s->edges, &s->cap_edges, s->n_edges + 1, sizeof e);
    s->is_whole = edges != NULL;
    if (edges == NULL)
        return false;
    s->edges = edges;
    s->edges[s->n_edges++] = e;
    return true;
}

int snapshot_take(struct snapshot *s, uint64_t seq,
                  const struct replay_view *view)
{
    uint8_t *units = grown(s->units, &s->cap_units, view->n_units, 1);
    if (units == NULL)
        return ERR_MEMORY;
    s->units = units;
    s->is_taken = true;
    s->is_whole = true;
    s->seq = seq;
    s->base = view->base;
    s->unit_bytes = view->unit_bytes;
    s->n_units = view->n_units;
    s->n_objects = 0;
    s->n_edges = 0;
    view->map(view->run, s->units);
    if (view->objects != NULL)
        view->objects(view->run, keep_object, s);
    if (view->edges != NULL && s->is_whole)
        view->edges(view->run, keep_edge, s);
    return s->is_whole ? 0 : ERR_MEMORY;
}

void snapshot_free(struct snapshot *s)
{
    free(s->units);
    free(s->objects);
    free(s->edges);
    *s = (struct snapshot){0};
}

void moments_init(struct moments *m)
{
    *m =
        (struct moments){.next_even = 1, .distance = 1, .smallest = UINT64_MAX};
}

void moments_free(struct moments *m)
{
    for (uint32_t i = 0; i < m->n_even; i++)
        free(m->even[i].text);
    for (int i = 0; i < MOMENT_N; i++)
        snapshot_free(&m->at[i]);
    free(m->units);
    moments_init(m);
}

/* Keep those whose operation the doubled distance divides. */
static void drop_every_second(struct moments *m)
{
    uint32_t n = 0;
    m->distance *= 2;
    for (uint32_t i = 0; i < m->n_even; i++) {
        if (m->even[i].seq % m->distance == 0)
            m->even[n++] = m->even[i];
        else
            free(m->even[i].text);
    }
    m->n_even = n;
}

static int take_even(struct moments *m, uint64_t seq,
                     const struct replay_view *view)
{
    uint32_t cap = m->distance < SHORT_DISTANCE ? SHORT_CAP : MOMENTS_EVEN_CAP;
    if (m->n_even >= cap)
        drop_every_second(m);
    m->next_even = (seq / m->distance + 1) * m->distance;
    if (seq % m->distance != 0)
        return 0;

    uint8_t *units = grown(m->units, &m->cap_units, view->n_units, 1);
    if (units == NULL)
        return ERR_MEMORY;
    m->units = units;
    view->map(view->run, m->units);
    char *text = moments_text(m->units, view->n_units);
    if (text == NULL)
        return ERR_MEMORY;
    m->even[m->n_even++] =
        (struct moments_map){seq, view->base, view->unit_bytes, text};
    return 0;
}

static bool can_map(const struct replay_view *view)
{
    return view != NULL && view->map != NULL;
}

static uint64_t clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* A new minimum: the worst moment, until there is a worse one. */
static int take_minimum(struct moments *m, uint64_t seq,
                        const struct replay_view *view)
{
    struct snapshot *worst = &m->at[MOMENT_WORST];
    uint64_t start = clock_ns();
    if (m->begun_ns == 0)
        m->begun_ns = start;
    worst->is_taken = false;
    if (m->may_skip && m->spent_ns > FREE_NS + (start - m->begun_ns) / 16)
        return 0;
    int err = snapshot_take(worst, seq, view);
    m->spent_ns += clock_ns() - start;
    return err;
}

int moments_op(struct moments *m, const struct op_record *r,
               const struct replay_view *view)
{
    bool is_worst = r->after.largest_request < m->smallest;
    if ((!is_worst && r->seq < m->next_even) || !can_map(view))
        return 0;

    int err = 0;
    if (is_worst) {
        m->smallest = r->after.largest_request;
        m->worst_seq = r->seq;
        err = take_minimum(m, r->seq, view);
    }
    if (err == 0 && r->seq >= m->next_even)
        err = take_even(m, r->seq, view);
    return err;
}

uint64_t moments_missing(const struct moments *m)
{
    return m->at[MOMENT_WORST].is_taken ? 0 : m->worst_seq;
}

int moments_refusal(struct moments *m, uint64_t seq,
                    const struct replay_view *view)
{
    struct snapshot *first = &m->at[MOMENT_FIRST_REFUSAL];
    if (first->is_taken || !can_map(view))
        return 0;
    return snapshot_take(first, seq, view);
}

int moments_end(struct moments *m, uint64_t seq, const struct replay_view *view)
{
    return can_map(view) ? snapshot_take(&m->at[MOMENT_END], seq, view) : 0;
}
