/* live.c - see live.h for the contract and the source. */
#include "traces/live.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define RUNS_CAP ((size_t)1 << 17)

static size_t home_of(const struct live_table *t, uint64_t id)
{
    return (size_t)((id * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - t->bits));
}

static size_t mask_of(const struct live_table *t)
{
    return ((size_t)1 << t->bits) - 1;
}

/* The slot of `id`, or the empty one where it would stand. */
static struct live_object *probe(const struct live_table *t, uint64_t id)
{
    size_t mask = mask_of(t);
    size_t i = home_of(t, id);
    while (t->slots[i].is_used && t->slots[i].id != id)
        i = (i + 1) & mask;
    return &t->slots[i];
}

static bool grow_table(struct live_table *t)
{
    struct live_table wider = *t;
    wider.bits = t->bits == 0 ? 8 : t->bits + 1;
    wider.slots = calloc((size_t)1 << wider.bits, sizeof *wider.slots);
    if (wider.slots == NULL)
        return false;
    size_t n_slots = t->bits == 0 ? 0 : (size_t)1 << t->bits;
    for (size_t i = 0; i < n_slots; i++) {
        if (t->slots[i].is_used)
            *probe(&wider, t->slots[i].id) = t->slots[i];
    }
    free(t->slots);
    *t = wider;
    return true;
}

/* Index of the first run that ends at or behind `id`; n if there is none. */
static size_t find_run(const struct live_ids *s, uint64_t id)
{
    size_t low = 0;
    size_t high = s->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->runs[middle].last < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Make room for one more run: more memory, or the older half as one run. */
static bool make_room(struct live_ids *s)
{
    if (s->n < s->cap)
        return true;
    if (s->cap == RUNS_CAP) {
        size_t kept = s->n / 2;
        s->runs[0].last = s->runs[s->n - kept - 1].last;
        memmove(s->runs + 1, s->runs + (s->n - kept), kept * sizeof *s->runs);
        s->n = kept + 1;
        return true;
    }
    size_t cap = s->cap == 0 ? 16 : 2 * s->cap;
    struct live_run *runs = realloc(s->runs, cap * sizeof *runs);
    if (runs == NULL)
        return false;
    s->runs = runs;
    s->cap = cap;
    return true;
}

/* Add an id that lies in no run. */
static bool add_id(struct live_ids *s, uint64_t id)
{
    if (s->n > 0 && s->runs[s->n - 1].last + 1 == id) {
        s->runs[s->n - 1].last = id;
        return true;
    }
    if (!make_room(s))
        return false;

    size_t i = find_run(s, id);
    bool joins_before = i > 0 && s->runs[i - 1].last + 1 == id;
    bool joins_after = i < s->n && id + 1 == s->runs[i].first;
    if (joins_before && joins_after) {
        s->runs[i - 1].last = s->runs[i].last;
        memmove(s->runs + i, s->runs + i + 1, (s->n - i - 1) * sizeof *s->runs);
        s->n--;
    } else if (joins_before) {
        s->runs[i - 1].last = id;
    } else if (joins_after) {
        s->runs[i].first = id;
    } else {
        memmove(s->runs + i + 1, s->runs + i, (s->n - i) * sizeof *s->runs);
        s->runs[i] = (struct live_run){id, id};
        s->n++;
    }
    return true;
}

void live_free(struct live_table *t)
{
    free(t->slots);
    free(t->ids.runs);
    *t = (struct live_table){0};
}

struct live_object *live_find(const struct live_table *t, uint64_t id)
{
    if (t->n == 0)
        return NULL;
    struct live_object *o = probe(t, id);
    return o->is_used ? o : NULL;
}

bool live_was_used(const struct live_table *t, uint64_t id)
{
    const struct live_ids *s = &t->ids;
    if (s->n == 0 || id > s->runs[s->n - 1].last)
        return false;
    return id >= s->runs[find_run(s, id)].first;
}

struct live_object *live_add(struct live_table *t, uint64_t id)
{
    assert(!live_was_used(t, id));

    if ((t->bits == 0 || t->n >= (size_t)1 << (t->bits - 1)) && !grow_table(t))
        return NULL;
    if (!add_id(&t->ids, id))
        return NULL;
    struct live_object *o = probe(t, id);
    *o = (struct live_object){.id = id, .is_used = true};
    t->n++;
    return o;
}

/*
 * No tombstones: whatever stands behind the hole and could not be found past
 * it moves into it, which makes the next hole.
 */
void live_remove(struct live_table *t, struct live_object *object)
{
    assert(object->is_used && t->n > 0);

    size_t mask = mask_of(t);
    size_t hole = (size_t)(object - t->slots);
    size_t i = hole;
    for (;;) {
        i = (i + 1) & mask;
        if (!t->slots[i].is_used)
            break;
        size_t distance = (i - home_of(t, t->slots[i].id)) & mask;
        if (distance >= ((i - hole) & mask)) {
            t->slots[hole] = t->slots[i];
            hole = i;
        }
    }
    t->slots[hole].is_used = false;
    t->n--;
}
