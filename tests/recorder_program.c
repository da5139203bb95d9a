/*
 * recorder_program.c - the random program whose heap is recorded: roots, a
 * stack that leaves stale words behind, graphs of objects, finalisers
 */
#include <stdlib.h>
#include <string.h>

#include "tests/recorder.h"

/* An object that the program can get at; RECORDER_NONE if there is none. */
static uint32_t pick(struct recorder *r)
{
    static uint32_t list[RECORDER_OBJECTS_CAP];
    uint32_t n = 0;
    recorder_mark(r, false);
    for (uint32_t i = 0; i < r->n_objects; i++)
        if (r->object[i].exists && r->object[i].is_reached &&
            !r->object[i].is_dead) /* stale words may reach the dead */
            list[n++] = i;
    return n == 0 ? RECORDER_NONE : list[recorder_below(r, n)];
}

static bool chance(struct recorder *r, uint32_t percent)
{
    return recorder_below(r, 100) < percent;
}

static void push(struct recorder *r, uint32_t word)
{
    if (r->sp == RECORDER_STACK_CAP)
        r->sp -= 1 + recorder_below(r, RECORDER_STACK_CAP - 1);
    r->is_stale[r->sp] = false;
    r->stack[r->sp++] = word;
}

/* Calls return; or one begins that does not write all of its frame. */
static void move_stack(struct recorder *r)
{
    uint32_t n = 1 + recorder_below(r, 4);
    if (chance(r, 60)) {
        r->sp -= n < r->sp ? n : r->sp;
        return;
    }
    while (n-- > 0 && r->sp < RECORDER_STACK_CAP)
        r->is_stale[r->sp++] = true;
}

/* Words that the program owns of an object: whole ones of those asked for. */
static uint32_t some_word(struct recorder *r, uint32_t object)
{
    uint32_t n = r->object[object].bytes / 4;
    return n == 0 ? RECORDER_NONE
                  : r->object[object].address + 4 * recorder_below(r, n);
}

/* A reference, one past a head, a number, or nothing. */
static uint32_t some_value(struct recorder *r)
{
    uint32_t target = pick(r);
    if (target == RECORDER_NONE || chance(r, 20))
        return chance(r, 50) ? 0 : recorder_below(r, 60000);
    uint32_t n_words = r->object[target].n_words;
    uint32_t inner = chance(r, 8) ? 4 * recorder_below(r, n_words) : 0;
    return r->object[target].address + inner;
}

static void store(struct recorder *r)
{
    uint32_t holder = pick(r);
    if (holder == RECORDER_NONE)
        return;
    uint32_t address = some_word(r, holder);
    if (address != RECORDER_NONE)
        recorder_put(r, address, some_value(r));
}

static uint32_t some_bytes(struct recorder *r)
{
    switch (recorder_below(r, 12)) {
    case 0:
        return 1 + recorder_below(r, 600);
    case 1:
    case 2:
        return 1 + recorder_below(r, 150);
    case 3:
        return chance(r, 20) ? 1 + recorder_below(r, 6000) : 16;
    default:
        return 1 + recorder_below(r, 48);
    }
}

/* Someone keeps the new object: the stack, a root, another object. */
static void keep(struct recorder *r, uint32_t object)
{
    uint32_t word = r->object[object].address;
    uint32_t holder = chance(r, 50) ? pick(r) : RECORDER_NONE;
    uint32_t at =
        holder != RECORDER_NONE ? some_word(r, holder) : RECORDER_NONE;
    if (at != RECORDER_NONE)
        recorder_put(r, at, word);
    else if (chance(r, 15))
        r->root[recorder_below(r, RECORDER_ROOTS_CAP)] = word;
    else
        push(r, word);
}

static void make(struct recorder *r)
{
    uint32_t bytes = some_bytes(r);
    uint32_t flags = bytes >= 8 && chance(r, 15) ? HEAP_FINALISER : 0;
    uint32_t object = recorder_alloc(r, bytes, flags);
    if (object == RECORDER_NONE)
        return;
    for (uint32_t w = 0; w < bytes / 4; w++) {
        uint32_t at = r->object[object].address + 4 * w;
        if (chance(r, r->plan.params.zero ? 50 : 85))
            recorder_put(r, at, chance(r, 40) ? some_value(r) : w);
    }
    keep(r, object);
}

/* Most words that named the old place now name the new one. */
static void follow(struct recorder *r, uint32_t old, uint32_t address)
{
    for (uint32_t i = 0; i < RECORDER_ROOTS_CAP; i++)
        if (r->root[i] == old && chance(r, 90))
            r->root[i] = address;
    for (uint32_t i = 0; i < r->sp; i++)
        if (r->stack[i] == old && !r->is_stale[i] && chance(r, 90))
            r->stack[i] = address;
    for (uint32_t i = 0; i < r->n_objects; i++) {
        const struct recorder_object *o = &r->object[i];
        for (uint32_t w = 0; o->exists && w < o->bytes / 4; w++)
            if (recorder_get(r, o->address + 4 * w) == old && chance(r, 90))
                recorder_put(r, o->address + 4 * w, address);
    }
}

static void resize_object(struct recorder *r, uint32_t object, uint32_t bytes)
{
    uint32_t old = r->object[object].address;
    push(r, old); /* the caller has it */
    if (recorder_realloc(r, object, bytes, chance(r, 70)) &&
        r->object[object].address != old)
        follow(r, old, r->object[object].address);
}

static void resize(struct recorder *r)
{
    uint32_t object = pick(r);
    if (object == RECORDER_NONE)
        return;
    uint32_t had = r->object[object].bytes;
    uint32_t bytes = chance(r, 40)   ? some_bytes(r)
                     : chance(r, 50) ? had + 1 + recorder_below(r, 40)
                                     : had - recorder_below(r, had);
    resize_object(r, object, bytes);
}

static void release(struct recorder *r)
{
    uint32_t object = pick(r);
    if (object != RECORDER_NONE)
        recorder_free(r, object);
}

/*
 * Leave an area with one block, its first, in use: what the next collection
 * does with it is a story of its own. Sometimes that block is resized.
 */
static void clear_an_area(struct recorder *r)
{
    const struct model *m = &r->model;
    uint32_t number = 0, first = RECORDER_NONE;
    for (uint32_t place = 1; place < m->n_areas; place++) {
        uint32_t i = recorder_find(r, m->areas[place].pool);
        if (i == RECORDER_NONE || r->object[i].is_dead)
            continue;
        number = m->areas[place].number;
        first = i;
    }
    if (first == RECORDER_NONE)
        return;
    push(r, r->object[first].address);
    if (r->object[first].bytes > m->params.block &&
        !recorder_realloc(r, first, 1 + recorder_below(r, m->params.block),
                          true))
        return;
    for (uint32_t i = 0; i < r->n_objects; i++)
        if (r->object[i].exists && r->object[i].area == number && i != first &&
            !r->object[i].is_dead)
            recorder_free(r, i);
    if (chance(r, 60))
        resize_object(r, first, 500 + recorder_below(r, 9000));
}

static void set_switches(struct recorder *r)
{
    switch (recorder_below(r, 4)) {
    case 0:
        recorder_switch(r, chance(r, 50));
        break;
    case 1:
        recorder_switch(r, true);
        break;
    case 2:
        recorder_threshold(r, recorder_below(r, 120));
        break;
    default:
        recorder_threshold(r, UINT32_MAX);
        break;
    }
}

/* Locks show only in what they do to requests. */
static void set_lock(struct recorder *r)
{
    bool is_locked = r->model.lock_depth > 0;
    bool more = chance(r, is_locked ? 15 : 40);
    model_control(&r->model, CONTROL_LOCK, more);
    if (!more && chance(r, 80))
        while (r->model.lock_depth > 0)
            model_control(&r->model, CONTROL_LOCK, 0);
}

static void look(struct recorder *r)
{
    static const char *const labels[] = {"mem_info", "gc_info",
                                         "after the loop 3", "new 979.5"};
    recorder_checkpoint(r, labels[recorder_below(r, 4)]);
    if (chance(r, 20)) {
        recorder_flush(r);
        fprintf(r->out, "i %c some.module\n", chance(r, 50) ? '+' : '-');
    }
}

void recorder_step(struct recorder *r)
{
    uint32_t dice = recorder_below(r, 100);
    if (dice < 42)
        make(r);
    else if (dice < 58)
        store(r);
    else if (dice < 72)
        move_stack(r);
    else if (dice < 76)
        r->root[recorder_below(r, RECORDER_ROOTS_CAP)] = some_value(r);
    else if (dice < 86)
        resize(r);
    else if (dice < 91)
        release(r);
    else if (dice < 92)
        recorder_collect(r);
    else if (dice < 94 && r->plan.params.grow && r->model.n_areas > 1)
        clear_an_area(r);
    else if (dice < 95)
        look(r);
    else if (dice < 97 && r->plan.switches)
        set_switches(r);
    else if (dice < 99 && (r->plan.locks || r->model.lock_depth > 0))
        set_lock(r);
    else if (r->plan.adds_areas && r->model.n_areas < 8)
        recorder_add_area(r, 200 + recorder_below(r, 1500));
}

/* ---- Finalisers ------------------------------------------------------- */

/* An object that lives on, whatever the finalisers do. */
static uint32_t pick_kept(struct recorder *r)
{
    for (uint32_t tries = 0; tries < 20; tries++) {
        uint32_t i = recorder_below(r, r->n_objects);
        if (r->object[i].exists && r->object[i].is_kept)
            return i;
    }
    return RECORDER_NONE;
}

static void store_in_kept(struct recorder *r)
{
    uint32_t holder = pick_kept(r);
    uint32_t target = pick_kept(r);
    if (holder == RECORDER_NONE || target == RECORDER_NONE)
        return;
    uint32_t at = some_word(r, holder);
    if (chance(r, 20))
        r->root[recorder_below(r, RECORDER_ROOTS_CAP)] = 0;
    else if (at != RECORDER_NONE && r->object[holder].address != r->busy)
        recorder_put(r, at, chance(r, 50) ? r->object[target].address : 0);
}

void recorder_finaliser(struct recorder *r, uint32_t object)
{
    if (!r->plan.finalises || object == RECORDER_NONE)
        return;
    uint32_t buffer =
        recorder_find(r, recorder_get(r, r->object[object].address + 4));
    if (buffer != RECORDER_NONE && r->object[buffer].address != r->busy &&
        chance(r, 70))
        recorder_free(r, buffer);
    if (chance(r, 10) && r->plan.has_late_lines)
        recorder_alloc(r, some_bytes(r), 0);
    uint32_t kept = pick_kept(r);
    if (chance(r, 10) && kept != RECORDER_NONE)
        recorder_realloc(r, kept, some_bytes(r), chance(r, 50));
    if (chance(r, 20))
        store_in_kept(r);
}
