/*
 * test_marksweep_model.c - random operations on marksweep and on the naive
 * model of its rules; every block, hint and answer must agree after each
 *
 * A life that fails leaves its operations as a trace below build/ and says so.
 */
#include "tests/lab.h"
#include "tests/logbook.h"
#include "tests/model.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_SLOTS 200
#define N_STEPS 2500

LAB_OUTWARD_CALLS

/* What a finaliser did in the model, to be done again in the heap. */
struct turn {
    addr32 object;
    addr32 victim; /* object that it frees; 0: none                       */
};

static struct model model;
static struct outer model_outer;
static addr32 slot[N_SLOTS]; /* objects that the program holds            */
static struct turn turns[LAB_LOG_CAP];
static uint32_t n_turns, n_turns_done;
static addr32 resized; /* by the realloc under way: finalisers spare it   */
static uint32_t spare; /* next address for an area that is added          */
static uint32_t seed;
static uint32_t life; /* seed of the life under way; 0: none              */
static uint32_t life_bytes; /* its heap                                   */

static uint32_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed;
}

static uint32_t below(uint32_t n)
{
    return next_random() % n;
}

static void forget(addr32 start, addr32 end)
{
    for (uint32_t i = 0; i < N_SLOTS; i++) {
        if (slot[i] >= start && slot[i] < end)
            slot[i] = 0;
    }
}

/* ---- What the model asks ---------------------------------------------- */

static uint32_t read_word(void *ctx, uint32_t address)
{
    (void)ctx;
    return *word_at(lab.h, address);
}

/* Is there an object at `address`, marked or not? */
static bool is_object(addr32 address)
{
    for (uint32_t i = 0; i < model.n_areas; i++) {
        const struct model_area *a = &model.areas[i];
        uint32_t block = (address - a->pool) / model.params.block;
        if (address >= a->pool && block < a->n_blocks &&
            address % model.params.block == 0)
            return a->kind[block] == ATAB_HEAD || a->kind[block] == ATAB_MARK;
    }
    return false;
}

/* The finaliser frees what the object's second word names, if anything. */
static void model_finaliser(void *ctx, uint32_t object)
{
    (void)ctx;
    addr32 victim = *word_at(lab.h, object + 4);
    if (!is_object(victim) || victim == resized || object % 3 == 0)
        victim = 0;
    cr_assert(lt(u32, n_turns, LAB_LOG_CAP));
    turns[n_turns++] = (struct turn){object, victim};
    if (victim != 0) {
        logbook_finalise(victim);
        model_free(&model, victim);
        forget(victim, victim + 1);
    }
}

static uint32_t model_more(void *ctx, uint32_t what, uint32_t value)
{
    (void)ctx;
    return outer_more(&model_outer, what, value);
}

static void model_gone(void *ctx, uint32_t start, uint32_t end)
{
    (void)ctx;
    forget(start, end);
}

/* The same turn in the heap; what finalisers may not do is tried, too. */
static void heap_finaliser(addr32 object)
{
    cr_assert(lt(u32, n_turns_done, n_turns));
    const struct turn *turn = &turns[n_turns_done++];
    cr_assert(eq(u32, object, turn->object));
    cr_assert(eq(u32, lab.h->phase, PHASE_FINALISE));
    uint32_t refusal = lab.h->refusal;
    cr_assert(eq(u32, marksweep_alloc(lab.h, 16, 0), 0));
    cr_assert(eq(u32, lab.h->refusal, REFUSAL_LOCKED));
    cr_assert(eq(u32, marksweep_realloc(lab.h, object, 1000, true), 0));
    cr_assert(eq(u32, marksweep_collect(lab.h, COLLECT_ORDINARY), 0));
    lab.h->refusal = refusal;
    marksweep_free(lab.h, turn->victim);
}

/* ---- Comparing -------------------------------------------------------- */

static void compare_area(const struct model_area *a, const struct area_info *i)
{
    cr_assert(eq(u32, i->number, a->number));
    cr_assert(eq(u32, i->start, a->start));
    cr_assert(eq(u32, i->pool, a->pool));
    cr_assert(eq(u32, i->table_bytes, a->table_bytes));
    cr_assert(eq(u32, i->hint, a->hint), "hint of area %u", a->number);
    cr_assert(eq(u32, i->last_used, a->last_used), "area %u", a->number);
    const uint8_t *table = byte_at(lab.h, i->table);
    const uint8_t *bits = table + i->table_bytes + 1;
    for (uint32_t b = 0; b < a->n_blocks; b++) {
        uint32_t kind = table[b / 4] >> 2 * (b % 4) & 3;
        uint32_t bit = bits[b / 8] >> b % 8 & model.params.finalisers;
        if (kind != a->kind[b] || bit != a->finaliser[b])
            cr_fatal("area %u block %u: %u and finaliser %u, not %u and %u",
                     a->number, b, kind, bit, a->kind[b], a->finaliser[b]);
    }
}

static void compare(void)
{
    const struct heap *h = lab.h;
    cr_assert(eq(u32, h->n_areas, model.n_areas));
    for (uint32_t i = 0; i < model.n_areas; i++) {
        struct area_info info = lab_area(i);
        compare_area(&model.areas[i], &info);
        cr_assert(
            eq(u32, info.blocks.search_area, model.areas[model.search].number));
    }
    cr_assert(eq(u32, h->given_blocks, model.given_blocks));
    cr_assert(eq(u32, h->n_collections, model.n_collections));
    cr_assert(eq(u32, h->last_cause, model.last_cause));
    cr_assert(eq(u32, h->last_rescans, model.last_rescans));
    cr_assert(eq(u32, h->last_given_back, model.last_given_back));
    cr_assert(eq(u32, h->refusal, model.refusal));
    cr_assert(eq(u32, h->lock_depth, model.lock_depth));
    cr_assert(eq(u32, n_turns_done, n_turns));
    cr_assert(zero(
        int, memcmp(model_outer.used, lab.outer.used, sizeof lab.outer.used)));
    cr_assert(eq(int, marksweep_check(lab.h, LAB_BASE, LAB_WINDOW), 0));
}

/* ---- The program ------------------------------------------------------ */

static addr32 pick(void)
{
    return slot[below(N_SLOTS)];
}

/* Write words into the object: references, near misses and numbers. */
static void write_words(addr32 object, uint32_t bytes)
{
    for (uint32_t word = 0; word < bytes / 4; word++) {
        uint32_t value = 0;
        switch (below(4)) {
        case 0:
            value = pick();
            break;
        case 1:
            value = pick() + 4 * below(8);
            break;
        case 2:
            continue; /* as the manager left it */
        }
        marksweep_store(lab.h, object, word, value);
        logbook_store(object, word, value);
    }
}

static uint32_t some_bytes(void)
{
    uint32_t block = model.params.block;
    switch (below(8)) {
    case 0:
        return below(40 * block);
    case 1:
        return below(12 * block);
    case 2:
    case 3:
        return 1 + below(4 * block);
    default:
        return 1 + below(block);
    }
}

/* The answer, told to the logbook as area and block. */
static void expect(addr32 answer)
{
    for (uint32_t i = 0; i < model.n_areas && answer != 0; i++) {
        const struct model_area *a = &model.areas[i];
        uint32_t block = (answer - a->pool) / model.params.block;
        if (answer >= a->pool && block < a->n_blocks)
            logbook_expect(a->number, block);
    }
}

/* What the program holds, told to all that want to know. */
static void root_slots(void)
{
    lab_root(slot, N_SLOTS);
    logbook_roots(slot, N_SLOTS);
}

static void step_alloc(void)
{
    uint32_t i = below(N_SLOTS);
    uint32_t bytes = some_bytes();
    uint32_t flags = below(5) == 0 && bytes >= 8 ? HEAP_FINALISER : 0;
    slot[i] = 0; /* what was there lives on only if something names it */
    root_slots();
    addr32 want = model_alloc(&model, bytes, flags);
    logbook_deaths(is_object, want, 0);
    logbook_alloc(bytes, flags, want);
    expect(want);
    addr32 have = marksweep_alloc(lab.h, bytes, flags);
    cr_assert(eq(u32, have, want));
    slot[i] = have;
    if (have != 0)
        write_words(have, bytes);
}

/* What the collection took comes before it; the object itself moved only. */
static void note_realloc(addr32 object, uint32_t bytes, bool may_move,
                         addr32 answer)
{
    logbook_deaths(is_object, answer != object ? answer : 0, object);
    if (bytes != 0 || model.lock_depth == 0)
        logbook_realloc(object, bytes, may_move, answer);
    expect(answer);
}

static void step_realloc(void)
{
    uint32_t i = below(N_SLOTS);
    uint32_t bytes = some_bytes();
    bool may_move = below(3) != 0;
    addr32 object = slot[i];
    if (object != 0 && bytes == 0 && model.lock_depth == 0)
        slot[i] = 0;
    root_slots();
    resized = object;
    addr32 want = model_realloc(&model, object, bytes, may_move);
    note_realloc(object, bytes, may_move, want);
    addr32 have = marksweep_realloc(lab.h, object, bytes, may_move);
    resized = 0;
    cr_assert(eq(u32, have, want));
    if (have != 0)
        slot[i] = have;
}

static void step_free(void)
{
    uint32_t i = below(N_SLOTS);
    if (model.lock_depth == 0)
        logbook_free(slot[i]);
    model_free(&model, slot[i]);
    marksweep_free(lab.h, slot[i]);
    if (model.lock_depth == 0)
        slot[i] = 0;
}

static void step_collect(void)
{
    uint32_t kind = below(8) == 0 ? COLLECT_EVERYTHING : COLLECT_ORDINARY;
    root_slots();
    model_collect(&model, kind);
    if (kind == COLLECT_ORDINARY)
        logbook_deaths(is_object, 0, 0);
    logbook_collect(kind);
    marksweep_collect(lab.h, kind);
    if (kind == COLLECT_EVERYTHING)
        memset(slot, 0, sizeof slot);
}

static void control(uint32_t what, uint32_t value)
{
    if (what != CONTROL_LOCK || value != 0 || model.lock_depth > 0)
        logbook_control(what, value);
    model_control(&model, what, value);
    marksweep_control(lab.h, what, value);
}

static void step_control(void)
{
    switch (below(12)) {
    case 0:
        control(CONTROL_LOCK, 1);
        break;
    case 1:
    case 2:
    case 3:
        control(CONTROL_LOCK, 0);
        break;
    case 4:
        control(CONTROL_AUTO, 0);
        break;
    case 5:
    case 6:
        control(CONTROL_AUTO, 1);
        break;
    case 7:
        control(CONTROL_THRESHOLD, below(100 * model.params.block));
        break;
    case 8:
    case 9:
        control(CONTROL_THRESHOLD, HEAP_NO_THRESHOLD);
        break;
    case 10:
        if (below(8) == 0) {
            control(CONTROL_RESET, 0);
            memset(slot, 0, sizeof slot);
        }
        break;
    default: {
        uint32_t bytes = 64 + below(2000);
        if (below(6) != 0 || spare + bytes > LAB_BASE + LAB_WINDOW)
            break;
        bool is_added = model_add_area(&model, spare, bytes);
        uint32_t answer = marksweep_add_area(lab.h, spare, bytes);
        cr_assert(eq(int, answer == HEAP_OK, is_added));
        spare += is_added ? (bytes + 15) & ~15u : 0;
    }
    }
}

static void step(void)
{
    uint32_t dice = below(100);
    n_turns = n_turns_done = 0;
    lab.n_finalised = 0;
    if (model.lock_depth > 0 && below(6) == 0)
        control(CONTROL_LOCK, 0); /* locks are short */
    else if (dice < 55)
        step_alloc();
    else if (dice < 75)
        step_realloc();
    else if (dice < 92)
        step_free();
    else if (dice < 94)
        step_collect();
    else
        step_control();
}

/* One random life of a heap with parameters `p`. */
static void live(const struct marksweep_params *p, uint32_t heap_bytes,
                 uint32_t outer_bytes, uint32_t from_seed)
{
    const struct model_calls calls = {.word = read_word,
                                      .finalise = model_finaliser,
                                      .more = model_more,
                                      .gone = model_gone};
    seed = life = from_seed;
    life_bytes = heap_bytes;
    memset(slot, 0, sizeof slot);
    logbook_open();
    lab_open(p, heap_bytes, outer_bytes);
    lab.on_finalise = heap_finaliser;
    model_outer = lab.outer;
    model_init(&model, p, LAB_BASE + lab.h->control_bytes, heap_bytes, &calls);
    model.roots = slot;
    model.n_roots = N_SLOTS;
    spare = (lab.outer.base + outer_bytes + 63) & ~63u;
    for (uint32_t i = 0; i < N_STEPS; i++) {
        step();
        compare();
    }
    life = 0;
    logbook_close();
    model_close(&model);
    lab_close();
}

/* A life that has not ended has failed. */
static void close_life(void)
{
    char path[64];
    snprintf(path, sizeof path, "build/model-%u.ft", life);
    if (life != 0 && logbook_write(path, "test_marksweep_model", &lab.params,
                                   life_bytes) >= 0)
        cr_log_error("seed %u: its operations are in %s", life, path);
    lab_close();
}

/* Several lives; FRAGLAB_LONG makes them many. */
static void lives(const struct marksweep_params *p, uint32_t heap_bytes,
                  uint32_t outer_bytes)
{
    uint32_t n = getenv("FRAGLAB_LONG") != NULL ? 200 : 2;
    for (uint32_t i = 1; i <= n; i++) {
        uint32_t from_seed = i * UINT32_C(2654435761);
        cr_log_info("seed %u, %u bytes", from_seed, heap_bytes + 4 * i);
        live(p, heap_bytes + 4 * i, outer_bytes, from_seed);
    }
}

TestSuite(marksweep_model, .fini = close_life);

Test(marksweep_model, one_area_as_built_for_one)
{
    struct marksweep_params p = MARKSWEEP_DEFAULTS;
    p.quirks = QUIRKS_EXACT;
    p.area_struct = 0;
    lives(&p, 5000, 0);
}

Test(marksweep_model, growing_with_the_quirks)
{
    struct marksweep_params p = MARKSWEEP_DEFAULTS;
    p.quirks = QUIRKS_EXACT;
    p.grow = 1;
    lives(&p, 2048, 30000);
}

Test(marksweep_model, growing_without_the_quirks)
{
    struct marksweep_params p = MARKSWEEP_DEFAULTS;
    p.grow = 1;
    p.growth_rule = GROWTH_103;
    lives(&p, 2048, 30000);
}

Test(marksweep_model, areas_that_were_added)
{
    struct marksweep_params p = MARKSWEEP_DEFAULTS;
    p.mark_stack = 3;
    p.area_struct = 28;
    lives(&p, 1500, 0);
}

Test(marksweep_model, a_mark_stack_of_one_entry)
{
    struct marksweep_params p = MARKSWEEP_DEFAULTS;
    p.mark_stack = 1;
    lives(&p, 6000, 0);
}

Test(marksweep_model, memory_that_is_not_zeroed)
{
    struct marksweep_params p = MARKSWEEP_DEFAULTS;
    p.zero = 0;
    p.mark_stack = 4;
    lives(&p, 4000, 0);
}

Test(marksweep_model, a_heap_without_finalisers)
{
    struct marksweep_params p = MARKSWEEP_DEFAULTS;
    p.finalisers = 0;
    p.grow = 1;
    p.area_struct = 28;
    lives(&p, 3000, 9000);
}

Test(marksweep_model, a_threshold_from_the_start)
{
    struct marksweep_params p = MARKSWEEP_DEFAULTS;
    p.threshold = 800;
    lives(&p, 6000, 0);
}

Test(marksweep_model, blocks_of_other_sizes)
{
    static const uint32_t blocks[] = {8, 32, 64};
    for (uint32_t i = 0; i < 3; i++) {
        struct marksweep_params p = MARKSWEEP_DEFAULTS;
        p.block = blocks[i];
        p.grow = 1;
        p.quirks = i % 2;
        lives(&p, 300 * blocks[i], 20000);
    }
}
