/* mutator.c - see mutator.h for the contract. */
#include "traces/synth/mutator.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define DAYS (MUTATOR_LIFE_MAX + 1)

/* Words of immortal objects are tried so often before a root slot is. */
enum { KEEPER_TRIES = 16 };

int mutator_init(struct mutator *m, struct synth *s, uint32_t n_roots)
{
    *m = (struct mutator){.synth = s, .n_roots = n_roots};
    m->free_object = MUTATOR_NONE;
    m->calendar = malloc(DAYS * sizeof *m->calendar);
    m->root_is_taken = calloc((size_t)n_roots + 1, sizeof *m->root_is_taken);
    if (m->calendar == 0 || m->root_is_taken == 0) {
        mutator_free(m);
        return ERR_MEMORY;
    }
    memset(m->calendar, 0xff, DAYS * sizeof *m->calendar); /* all NONE */
    return 0;
}

void mutator_free(struct mutator *m)
{
    free(m->calendar);
    free(m->objects);
    free(m->edges);
    free(m->sorts[MUTATOR_MORTAL].slots);
    free(m->sorts[MUTATOR_IMMORTAL].slots);
    free(m->root_is_taken);
}

/* A slot that was never used, with room for its edges. */
static int new_slot(struct mutator *m, uint32_t *slot)
{
    void *objects = m->objects;
    void *edges = m->edges;
    int err = synth_reserve(&objects, &m->cap_objects, m->n_objects,
                            sizeof *m->objects);
    m->objects = objects;
    if (err < 0)
        return err;
    err = synth_reserve(&edges, &m->cap_edges, m->n_objects,
                        MUTATOR_WORDS * sizeof *m->edges);
    m->edges = edges;
    *slot = (uint32_t)m->n_objects;
    m->n_objects += err == 0;
    return err;
}

static void unlink_edge(struct mutator *m, uint32_t e)
{
    struct mutator_edge *edge = &m->edges[e];
    if (edge->next != MUTATOR_NONE)
        m->edges[edge->next].previous = edge->previous;
    if (edge->previous != MUTATOR_NONE)
        m->edges[edge->previous].next = edge->next;
    else
        m->objects[edge->target].first_edge = edge->next;
    edge->target = MUTATOR_NONE;
}

/* Clear whatever names the object. */
static int forget(struct mutator *m, const struct mutator_object *o)
{
    while (o->first_edge != MUTATOR_NONE) {
        uint32_t e = o->first_edge;
        unlink_edge(m, e);
        int err = synth_store(m->synth, m->objects[e / MUTATOR_WORDS].id,
                              e % MUTATOR_WORDS, TRACE_NONE);
        if (err < 0)
            return err;
    }
    if (o->root == MUTATOR_NONE)
        return 0;
    m->root_is_taken[o->root] = false;
    return synth_root(m->synth, o->root, TRACE_NONE);
}

static int kill_object(struct mutator *m, uint32_t slot)
{
    struct mutator_object *o = &m->objects[slot];
    int err = forget(m, o);
    if (err < 0)
        return err;
    for (uint32_t w = 0; w < MUTATOR_WORDS; w++)
        if (m->edges[slot * MUTATOR_WORDS + w].target != MUTATOR_NONE)
            unlink_edge(m, slot * MUTATOR_WORDS + w);

    struct mutator_list *mortals = &m->sorts[MUTATOR_MORTAL];
    uint32_t last = mortals->slots[--mortals->n];
    mortals->slots[o->place] = last;
    m->objects[last].place = o->place;
    o->first_edge = m->free_object;
    m->free_object = slot;
    return synth_death(m->synth, o->id);
}

int mutator_pass(struct mutator *m)
{
    m->now++;
    uint32_t *day = &m->calendar[m->now % DAYS];
    while (*day != MUTATOR_NONE) {
        uint32_t slot = *day;
        *day = m->objects[slot].next;
        int err = kill_object(m, slot);
        if (err < 0)
            return err;
    }
    return 0;
}

int mutator_birth(struct mutator *m, uint64_t bytes, uint32_t site,
                  uint32_t *slot)
{
    if (m->free_object != MUTATOR_NONE) {
        *slot = m->free_object;
        m->free_object = m->objects[*slot].first_edge;
    } else {
        int err = new_slot(m, slot);
        if (err < 0)
            return err;
    }
    struct mutator_object *o = &m->objects[*slot];
    o->first_edge = MUTATOR_NONE;
    o->root = MUTATOR_NONE;
    for (uint32_t w = 0; w < MUTATOR_WORDS; w++)
        m->edges[*slot * MUTATOR_WORDS + w].target = MUTATOR_NONE;
    return synth_alloc(m->synth, bytes, site, &o->id);
}

static int append(struct mutator_list *list, uint32_t slot)
{
    void *slots = list->slots;
    int err = synth_reserve(&slots, &list->cap, list->n, sizeof slot);
    list->slots = slots;
    if (err < 0)
        return err;
    list->slots[list->n++] = slot;
    return 0;
}

int mutator_settle(struct mutator *m, uint32_t slot, uint32_t life)
{
    if (life == MUTATOR_FOREVER)
        return append(&m->sorts[MUTATOR_IMMORTAL], slot);

    if (life >= MUTATOR_LIFE_MAX)
        life = MUTATOR_LIFE_MAX - 1;
    struct mutator_list *mortals = &m->sorts[MUTATOR_MORTAL];
    struct mutator_object *o = &m->objects[slot];
    uint32_t *day = &m->calendar[(m->now + 1 + life) % DAYS];
    o->next = *day;
    *day = slot;
    o->place = (uint32_t)mortals->n;
    return append(mortals, slot);
}

int mutator_refer(struct mutator *m, uint32_t from, uint32_t word, uint32_t to)
{
    uint32_t e = from * MUTATOR_WORDS + word;
    struct mutator_object *target = &m->objects[to];
    assert(word < MUTATOR_WORDS && m->edges[e].target == MUTATOR_NONE);

    m->edges[e] = (struct mutator_edge){to, target->first_edge, MUTATOR_NONE};
    if (target->first_edge != MUTATOR_NONE)
        m->edges[target->first_edge].previous = e;
    target->first_edge = e;
    return synth_store(m->synth, m->objects[from].id, word, target->id);
}

/* Name the object in a root slot, if the one drawn for it is free. */
static int keep_in_root(struct mutator *m, uint32_t slot)
{
    if (m->n_roots == 0)
        return 0;
    uint32_t root = rng_below(&m->synth->rng, m->n_roots);
    if (m->root_is_taken[root])
        return 0;
    m->root_is_taken[root] = true;
    m->objects[slot].root = root;
    return synth_root(m->synth, root, m->objects[slot].id);
}

int mutator_keep(struct mutator *m, uint32_t slot)
{
    struct rng *r = &m->synth->rng;
    const struct mutator_list *immortals = &m->sorts[MUTATOR_IMMORTAL];
    uint32_t n = (uint32_t)immortals->n;
    for (int tries = 0; tries < KEEPER_TRIES && n > 0; tries++) {
        uint32_t keeper = immortals->slots[rng_below(r, n)];
        uint32_t word = rng_below(r, MUTATOR_WORDS);
        if (m->edges[keeper * MUTATOR_WORDS + word].target == MUTATOR_NONE)
            return mutator_refer(m, keeper, word, slot);
    }
    return keep_in_root(m, slot);
}

uint32_t mutator_any(struct mutator *m)
{
    struct rng *r = &m->synth->rng;
    const struct mutator_list *list = &m->sorts[rng_next(r) >> 31];
    if (list->n == 0)
        list = list == m->sorts ? &m->sorts[1] : &m->sorts[0];
    if (list->n == 0)
        return MUTATOR_NONE;
    return list->slots[rng_below(r, (uint32_t)list->n)];
}
