/* shadow.c - see shadow.h for what it knows and how it is kept. */
#include "sim/replay/shadow.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/replay/held.h"
#include "sim/replay/shadow_words.h"
#include "traces/op.h"

static uint32_t *heap_word(const struct shadow *s, uint32_t address)
{
    return (uint32_t *)(s->target->window + (address - s->target->base));
}

/* The place where the edge of a holder's word is remembered. */
static uint32_t *edge_place(struct shadow *s, uint32_t from, uint32_t word)
{
    if (from == SHADOW_ROOT)
        return &s->root_edge[word];
    return &s->edge_at[shadow_word_place(s, &s->objects[from], word)];
}

static void write_word(struct shadow *s, uint32_t from, uint32_t word,
                       uint32_t value)
{
    if (from == SHADOW_ROOT) {
        s->target->roots->word[word] = value;
        return;
    }
    if (from == s->moved) {
        s->is_moved_stale = true;
        return;
    }
    const struct shadow_object *o = &s->objects[from];
    if (o->is_outer) /* no barrier looks there */
        heap_word(s, o->address)[word] = value;
    else
        s->target->store(s->target, shadow_name(s, o), word, value);
}

static void list_append(struct shadow *s, struct shadow_list *l, uint32_t slot)
{
    struct shadow_object *o = &s->objects[slot];
    o->older = l->youngest;
    o->younger = SHADOW_NONE;
    if (l->youngest != SHADOW_NONE)
        s->objects[l->youngest].younger = slot;
    else
        l->oldest = slot;
    l->youngest = slot;
    l->n++;
}

static void list_remove(struct shadow *s, struct shadow_list *l, uint32_t slot)
{
    struct shadow_object *o = &s->objects[slot];
    if (o->older != SHADOW_NONE)
        s->objects[o->older].younger = o->younger;
    else
        l->oldest = o->younger;
    if (o->younger != SHADOW_NONE)
        s->objects[o->younger].older = o->older;
    else
        l->youngest = o->older;
    l->n--;
}

/* Grow an array to at least `n` elements, zeroing what is new. */
static bool reserve(void **array, uint32_t *cap, uint32_t n, size_t size)
{
    if (n <= *cap)
        return true;
    uint32_t larger = *cap * 2 > n ? *cap * 2 : n;
    char *p = realloc(*array, larger * size);
    if (p == NULL)
        return false;
    memset(p + *cap * size, 0, (larger - *cap) * size);
    *array = p;
    *cap = larger;
    return true;
}

static uint32_t new_slot(struct shadow *s)
{
    if (s->free_object != SHADOW_NONE) {
        uint32_t slot = s->free_object;
        s->free_object = s->objects[slot].younger;
        return slot;
    }
    if (!reserve((void **)&s->objects, &s->cap_objects, s->n_objects + 1,
                 sizeof *s->objects) ||
        !reserve((void **)&s->held, &s->cap_held, s->cap_objects,
                 sizeof *s->held))
        return SHADOW_NONE;
    return s->n_objects++;
}

static uint32_t new_edge(struct shadow *s)
{
    if (s->free_edge != 0) {
        uint32_t e = s->free_edge;
        s->free_edge = s->edges[e].next_in;
        return e;
    }
    if (!reserve((void **)&s->edges, &s->cap_edges, s->n_edges + 1,
                 sizeof *s->edges))
        return 0;
    return s->n_edges++;
}

static void link_edge(struct shadow *s, uint32_t e)
{
    struct shadow_edge *edge = &s->edges[e];
    struct shadow_object *to = &s->objects[edge->to];
    struct shadow_object *from = &s->objects[edge->from];
    edge->prev_in = 0;
    edge->next_in = to->first_in;
    if (to->first_in != 0)
        s->edges[to->first_in].prev_in = e;
    to->first_in = e;
    edge->prev_out = 0;
    edge->next_out = from->first_out;
    if (from->first_out != 0)
        s->edges[from->first_out].prev_out = e;
    from->first_out = e;
    *edge_place(s, edge->from, edge->word) = e;
    if (edge->from != SHADOW_ROOT)
        s->n_live_edges++;
}

/* Forget an edge; the word that it stands for is the caller's to write. */
static void drop_edge(struct shadow *s, uint32_t e)
{
    struct shadow_edge *edge = &s->edges[e];
    if (edge->prev_in != 0)
        s->edges[edge->prev_in].next_in = edge->next_in;
    else
        s->objects[edge->to].first_in = edge->next_in;
    if (edge->next_in != 0)
        s->edges[edge->next_in].prev_in = edge->prev_in;
    if (edge->prev_out != 0)
        s->edges[edge->prev_out].next_out = edge->next_out;
    else
        s->objects[edge->from].first_out = edge->next_out;
    if (edge->next_out != 0)
        s->edges[edge->next_out].prev_out = edge->prev_out;
    *edge_place(s, edge->from, edge->word) = 0;
    if (edge->from != SHADOW_ROOT)
        s->n_live_edges--;
    edge->next_in = s->free_edge;
    s->free_edge = e;
}

/* What a word holds when it names nothing. */
static uint32_t blank_of(const struct shadow *s, uint32_t from, uint32_t word)
{
    if (from == SHADOW_ROOT)
        return 0;
    return shadow_stamp_of(&s->objects[from], word);
}

bool shadow_init(struct shadow *s, struct target *target, uint32_t origin,
                 uint32_t n_units, uint32_t unit_shift, uint32_t n_roots)
{
    memset(s, 0, sizeof *s);
    s->target = target;
    s->origin = origin;
    s->unit_shift = unit_shift;
    s->n_units = n_units;
    s->ids = idmap_new();
    s->object_at = calloc(n_units + 1u, sizeof *s->object_at);
    s->edge_at =
        calloc(((size_t)n_units << unit_shift) / 4 + 1, sizeof *s->edge_at);
    s->root_edge = calloc(n_roots + 1u, sizeof *s->root_edge);
    s->n_objects = SHADOW_ROOT + 1; /* 0 is none, 1 the root table */
    s->n_edges = 1;
    return s->ids != NULL && s->object_at != NULL && s->edge_at != NULL &&
           s->root_edge != NULL &&
           reserve((void **)&s->objects, &s->cap_objects, 1024,
                   sizeof *s->objects) &&
           reserve((void **)&s->held, &s->cap_held, 1024, sizeof *s->held) &&
           reserve((void **)&s->edges, &s->cap_edges, 1024, sizeof *s->edges);
}

/* Grow a zeroed array from `n` to `m` elements of 4 bytes. */
static bool widen(uint32_t **array, size_t n, size_t m)
{
    uint32_t *larger = realloc(*array, m * sizeof *larger);
    if (larger == NULL)
        return false;
    if (m > n)
        memset(larger + n, 0, (m - n) * sizeof *larger);
    *array = larger;
    return true;
}

bool shadow_begin_pieces(struct shadow *s)
{
    return widen(&s->first_piece, 0, s->n_units + 1u) &&
           widen(&s->next_piece, 0, s->n_units + 1u);
}

bool shadow_reserve_units(struct shadow *s, uint32_t n_units)
{
    size_t words = ((size_t)s->n_units << s->unit_shift) / 4 + 1;
    size_t new_words = ((size_t)n_units << s->unit_shift) / 4 + 1;
    if (!widen(&s->object_at, s->n_units + 1u, n_units + 1u) ||
        !widen(&s->edge_at, words, new_words))
        return false;
    if (s->next_piece != NULL &&
        (!widen(&s->first_piece, s->n_units + 1u, n_units + 1u) ||
         !widen(&s->next_piece, s->n_units + 1u, n_units + 1u)))
        return false;
    s->n_units = n_units;
    return true;
}

void shadow_release(struct shadow *s)
{
    idmap_free(s->ids);
    free(s->objects);
    free(s->edges);
    free(s->object_at);
    free(s->edge_at);
    free(s->first_piece);
    free(s->next_piece);
    free(s->root_edge);
    free(s->held);
    memset(s, 0, sizeof *s);
}

/* In no list yet; its stamps are written. SHADOW_NONE: no memory. */
static uint32_t new_object(struct shadow *s, uint64_t id, uint32_t handle,
                           uint32_t address, uint64_t asked, uint32_t granted,
                           uint64_t seq)
{
    uint32_t slot = new_slot(s);
    if (slot == SHADOW_NONE)
        return SHADOW_NONE;
    if (id != TRACE_NONE && !idmap_set(s->ids, id, slot))
        return SHADOW_NONE;
    struct shadow_object *o = &s->objects[slot];
    memset(o, 0, sizeof *o);
    o->id = id;
    o->born = s->n_born++;
    o->born_seq = seq;
    o->asked = asked;
    o->bounds = asked;
    o->granted = granted;
    o->handle = handle;
    o->address = address;
    o->state = SHADOW_LIVE;
    shadow_stamp(s, slot, 0);
    return slot;
}

uint32_t shadow_add(struct shadow *s, uint64_t id, uint32_t handle,
                    uint32_t address, uint64_t asked, uint32_t granted,
                    uint64_t seq)
{
    uint32_t slot = new_object(s, id, handle, address, asked, granted, seq);
    if (slot == SHADOW_NONE)
        return SHADOW_NONE;
    s->object_at[shadow_unit(s, address)] = slot;
    s->asked += asked;
    s->live_bytes += granted;
    s->used_bytes += granted;
    list_append(s, &s->live, slot);
    held_add(s, slot);
    return slot;
}

uint32_t shadow_add_outer(struct shadow *s, uint64_t id, uint32_t address,
                          uint64_t asked, uint32_t granted, uint64_t seq)
{
    uint32_t slot = new_object(s, id, address, address, asked, granted, seq);
    if (slot == SHADOW_NONE)
        return SHADOW_NONE;
    s->objects[slot].is_outer = true;
    s->outer_asked += asked;
    s->outer_bytes += granted;
    list_append(s, &s->outer, slot);
    return slot;
}

uint32_t shadow_find(const struct shadow *s, uint32_t address)
{
    uint32_t unit = shadow_unit(s, address);
    if (address < s->origin || unit >= s->n_units)
        return SHADOW_NONE;
    uint32_t slot = s->object_at[unit];
    if (slot == SHADOW_NONE || s->objects[slot].address != address)
        return SHADOW_NONE;
    return slot;
}

static void forget_references(struct shadow *s, uint32_t slot)
{
    struct shadow_object *o = &s->objects[slot];
    while (o->first_out != 0) {
        uint32_t to = s->edges[o->first_out].to;
        drop_edge(s, o->first_out);
        held_add(s, to);
    }
}

void shadow_die(struct shadow *s, uint32_t slot)
{
    struct shadow_object *o = &s->objects[slot];
    assert(o->state == SHADOW_LIVE && !o->is_outer);
    held_remove(s, slot);
    list_remove(s, &s->live, slot);
    o->state = SHADOW_DEAD;
    list_append(s, &s->dead, slot);
    s->asked -= o->asked;
    s->live_bytes -= o->granted;
    forget_references(s, slot);
}

/* Nothing names the object any more. */
static void blank_names(struct shadow *s, uint32_t slot)
{
    const struct shadow_object *o = &s->objects[slot];
    while (o->first_in != 0) {
        uint32_t e = o->first_in;
        uint32_t from = s->edges[e].from;
        uint32_t word = s->edges[e].word;
        drop_edge(s, e);
        write_word(s, from, word, blank_of(s, from, word));
    }
}

/* It leaves the list, the sums and the index that it is in. */
static void leave(struct shadow *s, uint32_t slot)
{
    const struct shadow_object *o = &s->objects[slot];
    if (o->is_outer) {
        s->outer_asked -= o->asked;
        s->outer_bytes -= o->granted;
        list_remove(s, &s->outer, slot);
        return;
    }
    s->used_bytes -= o->granted;
    list_remove(s, &s->dead, slot);
    if (s->object_at[shadow_unit(s, o->address)] == slot)
        s->object_at[shadow_unit(s, o->address)] = SHADOW_NONE;
}

void shadow_remove(struct shadow *s, uint32_t slot, uint32_t end)
{
    struct shadow_object *o = &s->objects[slot];
    if (o->is_outer)
        forget_references(s, slot);
    else if (o->state == SHADOW_LIVE)
        shadow_die(s, slot);
    blank_names(s, slot);
    leave(s, slot);
    if (o->id != TRACE_NONE)
        (void)idmap_set(s->ids, o->id, end); /* its page exists */
    o->state = SHADOW_UNUSED;
    o->younger = s->free_object;
    s->free_object = slot;
}

bool shadow_store(struct shadow *s, uint32_t from, uint32_t word, uint32_t to)
{
    uint32_t e = *edge_place(s, from, word);
    if (e != 0) {
        uint32_t old = s->edges[e].to;
        if (old == to)
            return true;
        drop_edge(s, e);
        held_add(s, old);
    }
    if (to == SHADOW_NONE) {
        write_word(s, from, word, blank_of(s, from, word));
        return true;
    }
    e = new_edge(s);
    if (e == 0)
        return false;
    s->edges[e].from = from;
    s->edges[e].word = word;
    s->edges[e].to = to;
    link_edge(s, e);
    write_word(s, from, word, shadow_name(s, &s->objects[to]));
    return true;
}

/* The places of an object and of its words, before all have moved ... */
static void leave_place(struct shadow *s, uint32_t slot)
{
    const struct shadow_object *o = &s->objects[slot];
    if (s->object_at[shadow_unit(s, o->address)] == slot)
        s->object_at[shadow_unit(s, o->address)] = SHADOW_NONE;
    for (uint32_t e = o->first_out; e != 0; e = s->edges[e].next_out)
        s->edge_at[shadow_word_place(s, o, s->edges[e].word)] = 0;
}

/* ... and after. */
static void enter_place(struct shadow *s, uint32_t slot)
{
    struct shadow_object *o = &s->objects[slot];
    o->address = o->place;
    if (!o->is_outer)
        s->object_at[shadow_unit(s, o->address)] = slot;
    for (uint32_t e = o->first_out; e != 0; e = s->edges[e].next_out)
        s->edge_at[shadow_word_place(s, o, s->edges[e].word)] = e;
}

static void relocate_list(struct shadow *s, const struct shadow_list *l,
                          void (*move)(struct shadow *, uint32_t))
{
    for (uint32_t slot = l->oldest; slot != SHADOW_NONE;
         slot = s->objects[slot].younger) {
        if (s->objects[slot].place != s->objects[slot].address)
            move(s, slot);
    }
}

static void write_references(struct shadow *s, uint32_t slot)
{
    const struct shadow_object *o = &s->objects[slot];
    for (uint32_t e = o->first_out; e != 0; e = s->edges[e].next_out)
        write_word(s, slot, s->edges[e].word,
                   shadow_name(s, &s->objects[s->edges[e].to]));
}

void shadow_relocate(struct shadow *s)
{
    relocate_list(s, &s->dead, leave_place);
    relocate_list(s, &s->live, leave_place);
    relocate_list(s, &s->dead, enter_place);
    relocate_list(s, &s->live, enter_place);
    for (uint32_t slot = s->outer.oldest; slot != SHADOW_NONE;
         slot = s->objects[slot].younger)
        write_references(s, slot);
}

void shadow_relocate_these(struct shadow *s, const uint64_t *slots, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        leave_place(s, (uint32_t)slots[i]);
    for (uint32_t i = 0; i < n; i++)
        enter_place(s, (uint32_t)slots[i]);
}

static void cut_edges(struct shadow *s, uint32_t slot, uint32_t n_words)
{
    uint32_t next;
    for (uint32_t e = s->objects[slot].first_out; e != 0; e = next) {
        next = s->edges[e].next_out;
        if (s->edges[e].word < n_words)
            continue;
        uint32_t to = s->edges[e].to;
        drop_edge(s, e);
        held_add(s, to);
    }
}

void shadow_lift(struct shadow *s, uint32_t slot, uint32_t granted)
{
    cut_edges(s, slot, granted / 4);
    s->objects[slot].place = s->objects[slot].address;
    leave_place(s, slot);
}

void shadow_lay(struct shadow *s, uint32_t slot)
{
    enter_place(s, slot);
}

/* Its sums, as if it were gone and came back with other sizes. */
static void recount(struct shadow *s, const struct shadow_object *o,
                    uint64_t asked, uint32_t granted)
{
    if (o->is_outer) {
        s->outer_asked += asked - o->asked;
        s->outer_bytes += (uint64_t)granted - o->granted;
        return;
    }
    s->used_bytes += (uint64_t)granted - o->granted;
    if (o->state == SHADOW_LIVE) {
        s->live_bytes += (uint64_t)granted - o->granted;
        s->asked += asked - o->asked;
    }
}

/* Write the object's address into every word that names it. */
static void rewrite_names(struct shadow *s, uint32_t slot)
{
    const struct shadow_object *o = &s->objects[slot];
    for (uint32_t e = o->first_in; e != 0; e = s->edges[e].next_in)
        write_word(s, s->edges[e].from, s->edges[e].word, shadow_name(s, o));
    held_refresh(s, slot);
}

void shadow_resize(struct shadow *s, uint32_t slot, uint32_t address,
                   uint64_t asked, uint32_t granted)
{
    struct shadow_object *o = &s->objects[slot];
    uint32_t old_words = shadow_stamped_words(o);
    bool is_cut = s->clears_rest && !o->is_outer && asked < granted;
    cut_edges(s, slot, is_cut ? (uint32_t)asked / 4 : granted / 4);
    if (address != o->address) {
        o->place = address;
        leave_place(s, slot);
        enter_place(s, slot);
        if (!s->has_handles || o->is_outer)
            rewrite_names(s, slot);
    }
    recount(s, o, asked, granted);
    o->asked = asked;
    o->granted = granted;
    if (shadow_stamped_words(o) > old_words || o->is_pool)
        shadow_stamp(s, slot, old_words);
}
