/*
 * test_copying_model.c - a random program on copying, followed in a naive
 * graph: after every operation each object that the program can reach is
 * found through its references, word for word as it was
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/copying.h"
#include "core/host.h"
#include "traces/synth/rng.h"

#define BASE        UINT32_C(0x20010000)
#define WINDOW      UINT32_C(0x40000)
#define OBJECTS_CAP 600
#define ROOTS_CAP   2048
#define N_ROOTS     40 /* precise ones; as many are held               */
#define WORDS_CAP   600

/* What the heap may grow by. */
#define N_PIECES    3
#define PIECE_BYTES 3000u
#define PIECE_STEP  0x10000u

/* An object as the program knows it. */
struct object {
    bool is_used, is_reached, is_leaf, is_ambiguous, is_pinned;
    bool has_finaliser;
    uint32_t id;
    addr32 address;
    uint32_t bytes;
    uint16_t word[WORDS_CAP]; /* place of the object it names, plus 1; or 0 */
};

/* What is promised of a run. */
struct life {
    struct copying_params params;
    uint32_t heap_bytes;
    uint32_t pins;     /* one object in so many is pinned; 0: none        */
    uint32_t n_areas;  /* added in the course of it                       */
    bool has_controls; /* locks, thresholds, switches                     */
    uint32_t n_ops;
};

static struct heap *h;
static struct life life;
static struct rng rng;
static struct object object[OBJECTS_CAP];
static uint16_t root[2 * N_ROOTS]; /* place plus 1, or 0                  */
static struct {
    struct guest_roots head;
    uint32_t word[ROOTS_CAP];
} roots;
static uint32_t next_id;
static uint32_t waiting[OBJECTS_CAP * 8]; /* ids of garbage with a finaliser */
static uint32_t n_waiting;
static bool is_finalising_all;
static struct object *renamed; /* by the realloc just made               */
static uint32_t locks;
static bool is_taken[N_PIECES + 1];
static uint32_t n_given; /* pieces that came back                         */
static uint64_t seed;
static uint32_t op;

/* ---- What the core calls ---------------------------------------------- */

struct guest_roots *heap_roots(struct heap *of)
{
    (void)of;
    return &roots.head;
}

/* An outer heap of three pieces. What is not the heap's is overwritten. */
uint32_t heap_more(struct heap *of, uint32_t what, uint32_t value)
{
    uint32_t k = 1;
    while (k <= N_PIECES && is_taken[k])
        k++;
    if (what == MORE_AVAIL)
        return k <= N_PIECES ? PIECE_BYTES : 0;
    addr32 at = what == MORE_TAKE ? BASE + PIECE_STEP * k : value;
    k = (at - BASE) / PIECE_STEP;
    cr_assert(eq(u32, at, BASE + PIECE_STEP * k));
    cr_assert(le(u32, k, N_PIECES));
    is_taken[k] = !is_taken[k];
    n_given += what == MORE_GIVE;
    cr_assert(eq(int, is_taken[k], what == MORE_TAKE));
    memset(byte_at(of, at), 0xa5, PIECE_BYTES);
    return at;
}

/* Stamps never look like references. */
static uint32_t stamp(uint32_t id, uint32_t word)
{
    return (id << 10 ^ word << 2) | 1;
}

void heap_on_finalise(struct heap *of, addr32 address)
{
    uint32_t found = *word_at(of, address);
    cr_assert(eq(u32, of->phase, PHASE_FINALISE));
    cr_assert(eq(u32, copying_alloc(of, 16, 0), 0));
    cr_assert(eq(u32, copying_realloc(of, address, 5000, true), 0));
    cr_assert(eq(u32, copying_collect(of, COLLECT_ORDINARY), 0));
    for (uint32_t i = 0; i < n_waiting; i++) {
        if (stamp(waiting[i], 0) != found)
            continue;
        waiting[i] = waiting[--n_waiting];
        if (rng_below(&rng, 3) == 0)
            copying_free(of, address);
        return;
    }
    for (uint32_t i = 0; i < OBJECTS_CAP && is_finalising_all; i++) {
        if (object[i].is_used && stamp(object[i].id, 0) == found)
            return;
    }
    cr_fatal("op %u: finaliser of 0x%08x, which is no garbage", op, address);
}

/* ---- The graph -------------------------------------------------------- */

static uint32_t n_words(const struct object *o)
{
    return o->bytes / 4;
}

static uint32_t granted(uint32_t bytes)
{
    uint32_t mask = life.params.block - 1;
    return (bytes + mask) & ~mask;
}

static uint32_t expected(const struct object *o, uint32_t i)
{
    return o->word[i] != 0 ? object[o->word[i] - 1].address : stamp(o->id, i);
}

/* The word at `p` names `o`, or did until a realloc moved it. */
static void reach(struct object *o, uint32_t *p, uint16_t *stack, uint32_t *n)
{
    if (o == renamed)
        *p = o->address; /* the program's to rewrite */
    else if (!o->is_reached && !o->is_pinned)
        o->address = *p;
    cr_assert(o->address == *p, "op %u: object %u at 0x%08x, not 0x%08x", op,
              o->id, *p, o->address);
    if (o->is_reached)
        return;
    o->is_reached = true;
    cr_assert(copying_bytes(h, *p) == granted(o->bytes),
              "op %u: object %u at 0x%08x", op, o->id, *p);
    stack[(*n)++] = (uint16_t)(o - object);
}

static void follow_words(struct object *o, uint16_t *stack, uint32_t *n)
{
    uint32_t *p = word_at(h, o->address);
    for (uint32_t i = 0; i < n_words(o); i++) {
        if (o->word[i] != 0)
            reach(&object[o->word[i] - 1], &p[i], stack, n);
        else
            cr_assert(p[i] == stamp(o->id, i), "op %u: object %u word %u", op,
                      o->id, i);
    }
}

/* Follow all references, see that all is as it was, forget the rest. */
static void follow(void)
{
    static uint16_t stack[OBJECTS_CAP];
    uint32_t n = 0;
    for (uint32_t i = 0; i < OBJECTS_CAP; i++)
        object[i].is_reached = false;
    for (uint32_t i = 0; i < 2 * N_ROOTS; i++) {
        if (root[i] != 0)
            reach(&object[root[i] - 1], &roots.word[i], stack, &n);
        else
            cr_assert(eq(u32, roots.word[i], 3 + 4 * i));
    }
    while (n > 0) {
        uint16_t i = stack[--n];
        follow_words(&object[i], stack, &n);
    }
    for (uint32_t i = 0; i < OBJECTS_CAP; i++) {
        if (!object[i].is_used || object[i].is_reached)
            continue;
        object[i].is_used = false;
        if (object[i].has_finaliser && life.params.finalisers)
            waiting[n_waiting++] = object[i].id;
        cr_assert(lt(u32, n_waiting, OBJECTS_CAP * 8));
    }
}

static uint32_t count_objects(void)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < OBJECTS_CAP; i++)
        n += object[i].is_used;
    return n;
}

/* The place of some object in use, or -1. */
static int pick(void)
{
    uint32_t i = rng_below(&rng, OBJECTS_CAP);
    for (uint32_t k = 0; k < OBJECTS_CAP; k++) {
        if (object[(i + k) % OBJECTS_CAP].is_used)
            return (int)((i + k) % OBJECTS_CAP);
    }
    return -1;
}

static void write_word(struct object *o, uint32_t i, int target)
{
    o->word[i] = (uint16_t)(target + 1);
    copying_store(h, o->address, i, expected(o, i));
}

static void fill(struct object *o, uint32_t from)
{
    for (uint32_t i = from; i < n_words(o); i++) {
        bool is_free = i > 0 && !o->is_leaf && rng_below(&rng, 4) == 0;
        write_word(o, i, is_free ? pick() : -1);
    }
}

static void set_root(uint32_t i, int target)
{
    root[i] = (uint16_t)(target + 1);
    roots.word[i] = target < 0 ? 3 + 4 * i : object[target].address;
}

/* Choose what may not move in the next operation. */
static void choose_pins(void)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < OBJECTS_CAP; i++) {
        struct object *o = &object[i];
        o->is_pinned = false;
        if (o->is_used && life.pins != 0 && rng_below(&rng, life.pins) == 0) {
            o->is_pinned = true;
            roots.word[2 * N_ROOTS + n++] = o->address;
        }
    }
    if (life.pins != 0) /* words that name nothing */
        roots.word[2 * N_ROOTS + n++] = BASE + 4 * rng_below(&rng, WINDOW / 4);
    roots.head.n_pinned = n;
    for (uint32_t i = 0; i < OBJECTS_CAP && life.params.ambiguous; i++) {
        const struct object *o = &object[i];
        for (uint32_t k = 0; o->is_used && o->is_ambiguous && k < n_words(o);
             k++) {
            if (o->word[k] != 0)
                object[o->word[k] - 1].is_pinned = true;
        }
    }
}

static uint32_t count_pins(void)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < OBJECTS_CAP; i++)
        n += object[i].is_used && object[i].is_pinned;
    return n;
}

/* ---- Judging ---------------------------------------------------------- */

static struct heap_info look(void)
{
    struct heap_info info;
    copying_info(h, &info);
    return info;
}

/* A collection has run, and nothing but an allocation came after it. */
static void judge_holes(uint32_t taken)
{
    struct heap_info info = look();
    if (life.params.slide != COPYING_FULL || life.n_areas != 0)
        return;
    uint32_t longest = info.max_free * life.params.block;
    if (life.pins == 0 && !life.params.ambiguous)
        cr_assert(eq(u32, longest, info.free_bytes), "op %u", op);
    else if (h->last_cause != CAUSE_SLIDE) /* dead ones pin, too */
        cr_assert(ge(u32, longest + taken,
                     (info.free_bytes + taken) / (count_pins() + 2)));
}

/* How many objects does the heap have? */
static void judge_precision(uint32_t n)
{
    cr_assert(eq(u32, look().n_objects, n), "op %u", op);
}

static void judge_refusal(uint32_t bytes)
{
    struct heap_info info = look();
    if (h->refusal == REFUSAL_LOCKED) {
        cr_assert(gt(u32, locks, 0));
        return;
    }
    cr_assert(eq(u32, h->refusal, h->is_auto ? REFUSAL_FULL : REFUSAL_OFF));
    cr_assert(lt(u32, info.max_free * life.params.block, bytes));
    if (life.pins == 0 && !life.params.ambiguous && life.n_areas == 0)
        cr_assert(lt(u32, info.free_bytes, bytes), "op %u", op);
}

/* ---- Operations ------------------------------------------------------- */

static uint32_t some_bytes(void)
{
    static const uint32_t most[] = {8, 16, 40, 100, 300, 2000};
    uint32_t i = rng_below(&rng, 12);
    return 4 + rng_below(&rng, most[i < 6 ? i : 2]);
}

static void try_alloc(void)
{
    uint32_t i = 0;
    while (i < OBJECTS_CAP && object[i].is_used)
        i++;
    if (i == OBJECTS_CAP)
        return;
    struct object *o = &object[i];
    uint32_t bytes = some_bytes();
    uint32_t flags = rng_below(&rng, 16);
    uint32_t before = h->n_collections;
    uint32_t n_objects = count_objects();
    addr32 address = copying_alloc(h, bytes, flags);
    if (h->n_collections != before) {
        judge_holes(address == 0 ? 0 : granted(bytes));
        if (h->last_cause != CAUSE_SLIDE)
            judge_precision(n_objects + (address != 0));
    }
    if (address == 0) {
        judge_refusal(bytes);
        return;
    }
    follow();
    *o = (struct object){.is_used = true,
                         .id = ++next_id,
                         .address = address,
                         .bytes = bytes,
                         .has_finaliser = flags & HEAP_FINALISER,
                         .is_leaf = flags & HEAP_LEAF && life.params.leaf,
                         .is_ambiguous =
                             flags & HEAP_AMBIGUOUS && life.params.ambiguous};
    for (uint32_t k = 0; k < granted(bytes) / 4; k++) {
        bool is_clean = life.params.zero || 4 * k >= bytes;
        cr_assert(word_at(h, address)[k] == 0 || !is_clean);
    }
    fill(o, 0);
    set_root(rng_below(&rng, 2 * N_ROOTS), (int)i);
}

static void forget(int i)
{
    for (uint32_t k = 0; k < 2 * N_ROOTS; k++) {
        if (root[k] == i + 1)
            set_root(k, -1);
    }
    for (uint32_t k = 0; k < OBJECTS_CAP; k++) {
        struct object *o = &object[k];
        for (uint32_t w = 0; o->is_used && w < n_words(o); w++) {
            if (o->word[w] == i + 1)
                write_word(o, w, -1);
        }
    }
    object[i].is_used = false;
}

static void try_free(void)
{
    int i = pick();
    if (i < 0)
        return;
    copying_free(h, object[i].address);
    if (locks > 0)
        return;
    addr32 address = object[i].address;
    forget(i);
    cr_assert(eq(u32, copying_bytes(h, address), 0));
}

static void judge_growth(const struct object *o, uint32_t bytes)
{
    struct heap_info info = look();
    if (locks > 0)
        return;
    uint32_t more = granted(bytes) - granted(o->bytes);
    if (life.pins == 0 && !life.params.ambiguous && life.n_areas == 0)
        cr_assert(lt(u32, info.free_bytes, more), "op %u", op);
}

static void try_realloc(void)
{
    int i = pick();
    if (i < 0)
        return;
    struct object *o = &object[i];
    uint32_t bytes = some_bytes();
    bool may_move = rng_below(&rng, 4) != 0;
    addr32 old = o->address;
    addr32 address = copying_realloc(h, old, bytes, may_move);
    if (address == 0) {
        if (may_move)
            judge_growth(o, bytes);
        else
            cr_assert(locks > 0 || h->refusal == REFUSAL_IN_PLACE);
        return;
    }
    uint32_t kept = bytes < o->bytes ? bytes / 4 : n_words(o);
    o->bytes = bytes;
    o->address = address;
    for (uint32_t k = kept; k < n_words(o); k++)
        write_word(o, k, -1);
    renamed = o;
    follow();
    renamed = NULL;
}

static void try_collect(void)
{
    uint32_t before = h->n_collections;
    copying_collect(h, COLLECT_ORDINARY);
    cr_assert(eq(u32, h->n_collections, before + 1));
    judge_holes(0);
    judge_precision(count_objects());
    cr_assert(eq(u32, n_waiting, 0));
}

static void collect_everything(void)
{
    is_finalising_all = true;
    copying_collect(h, COLLECT_EVERYTHING);
    is_finalising_all = false;
    memset(object, 0, sizeof object);
    for (uint32_t k = 0; k < 2 * N_ROOTS; k++)
        set_root(k, -1);
    judge_precision(0);
    cr_assert(eq(u32, n_waiting, 0));
}

static void try_control(void)
{
    switch (rng_below(&rng, 8)) {
    case 0:
        copying_control(h, CONTROL_LOCK, 1);
        break;
    case 1:
        copying_control(h, CONTROL_AUTO, 0);
        break;
    case 2:
    case 3:
        copying_control(h, CONTROL_AUTO, 1);
        break;
    case 4:
        copying_control(h, CONTROL_THRESHOLD, 200 + rng_below(&rng, 3000));
        break;
    case 5:
        copying_control(h, CONTROL_THRESHOLD, HEAP_NO_THRESHOLD);
        break;
    case 6:
        if (rng_below(&rng, 30) == 0)
            collect_everything();
        break;
    default:
        break;
    }
    locks = h->lock_depth;
}

static void add_area(void)
{
    static const uint32_t sizes[] = {500, 3000, 200};
    uint32_t bytes = sizes[h->n_areas % 3];
    addr32 at = BASE + 0x10000 * h->n_areas;
    cr_assert(eq(u32, copying_add_area(h, at, bytes), HEAP_OK));
}

static void step(void)
{
    uint32_t dice = rng_below(&rng, 100);
    if (locks > 0 && rng_below(&rng, 4) == 0)
        copying_control(h, CONTROL_LOCK, 0);
    locks = h->lock_depth;
    choose_pins();
    if (dice < 55)
        try_alloc();
    else if (dice < 70)
        try_realloc();
    else if (dice < 80)
        try_free();
    else if (dice < 82)
        try_collect();
    else if (dice < 84 && life.has_controls)
        try_control();
    else if (dice < 92)
        set_root(rng_below(&rng, 2 * N_ROOTS), pick());
    else
        set_root(rng_below(&rng, 2 * N_ROOTS), -1);
    if (life.n_areas != 0 && !life.params.grow && op % 500 == 400 &&
        h->n_areas <= life.n_areas)
        add_area();
    follow();
}

static void live(uint64_t from)
{
    seed = from;
    rng_seed(&rng, seed);
    free(h);
    h = aligned_alloc(64, WINDOW);
    memset(h, 0xa5, WINDOW); /* nothing may be read before it is written */
    memset(object, 0, sizeof object);
    memset(&roots, 0, sizeof roots);
    memset(is_taken, 0, sizeof is_taken);
    next_id = n_waiting = locks = 0;
    roots.head = (struct guest_roots){N_ROOTS, N_ROOTS, 0, ROOTS_CAP};
    for (uint32_t k = 0; k < 2 * N_ROOTS; k++)
        set_root(k, -1);
    cr_assert(
        eq(u32, copying_init(h, BASE, life.heap_bytes, &life.params), HEAP_OK));
    for (op = 0; op < life.n_ops; op++) {
        step();
        int broken = copying_check(h, BASE, WINDOW);
        cr_assert(eq(int, broken, 0), "seed %llu, op %u",
                  (unsigned long long)seed, op);
    }
    collect_everything();
}

/* Several lives; FRAGLAB_LONG makes them many. */
static void lives(void)
{
    uint64_t n = getenv("FRAGLAB_LONG") != NULL ? 100 : 2;
    life.n_ops = life.n_ops == 0 ? 4000 : life.n_ops;
    for (uint64_t i = 1; i <= n; i++) {
        cr_log_info("seed %llu", (unsigned long long)i);
        live(i);
        life.heap_bytes += 4;
    }
}

static void close_life(void)
{
    free(h);
    h = NULL;
}

TestSuite(copying_model, .fini = close_life);

Test(copying_model, packs_the_heap_and_keeps_every_word)
{
    life = (struct life){.params = COPYING_DEFAULTS, .heap_bytes = 8000};
    lives();
}

Test(copying_model, slides_at_once_when_holes_are_not_used)
{
    life = (struct life){.params = COPYING_DEFAULTS, .heap_bytes = 12000};
    life.params.holes = 0;
    life.params.zero = 0;
    lives();
}

Test(copying_model, leaves_pinned_objects_where_they_are)
{
    life = (struct life){
        .params = COPYING_DEFAULTS, .heap_bytes = 9000, .pins = 20};
    lives();
}

Test(copying_model, marks_with_a_stack_of_one_entry)
{
    life = (struct life){.params = COPYING_DEFAULTS, .heap_bytes = 7000};
    life.params.mark_stack = 1;
    life.params.leaf = 1;
    lives();
}

Test(copying_model, does_not_move_what_ambiguous_objects_name)
{
    life = (struct life){
        .params = COPYING_DEFAULTS, .heap_bytes = 9000, .has_controls = true};
    life.params.ambiguous = 1;
    life.params.leaf = 1;
    lives();
}

Test(copying_model, locks_thresholds_and_switches)
{
    life = (struct life){
        .params = COPYING_DEFAULTS, .heap_bytes = 9000, .has_controls = true};
    life.params.threshold = 3000;
    lives();
}

Test(copying_model, slides_within_each_of_several_areas)
{
    life = (struct life){.params = COPYING_DEFAULTS,
                         .heap_bytes = 5000,
                         .pins = 60,
                         .has_controls = true,
                         .n_areas = 3};
    life.params.finalisers = 0;
    lives();
}

Test(copying_model, grows_and_gives_back)
{
    life = (struct life){.params = COPYING_DEFAULTS,
                         .heap_bytes = 3000,
                         .has_controls = true,
                         .n_areas = N_PIECES};
    life.params.grow = 1;
    life.n_ops = 8000;
    lives();
    cr_expect(gt(u32, h->n_grown, 3));
    life.params.slide = COPYING_WINDOW;
    life.params.block = 32;
    life.params.leaf = 1;
    life.pins = 40;
    lives();
    cr_expect(gt(u32, n_given, 3));
}

Test(copying_model, collects_at_every_allocation)
{
    life = (struct life){.params = COPYING_DEFAULTS, .heap_bytes = 6000};
    life.params.threshold = 1;
    life.params.mark_stack = 4;
    life.n_ops = 2000;
    lives();
}

Test(copying_model, moves_only_what_a_request_needs)
{
    life = (struct life){.params = COPYING_DEFAULTS, .heap_bytes = 8000};
    life.params.slide = COPYING_WINDOW;
    lives();
    life.pins = 25;
    life.has_controls = true;
    life.params.leaf = 1;
    lives();
}

Test(copying_model, rations_the_longest_hole_or_not)
{
    static const uint32_t rations[] = {0, 5, 300};
    for (uint32_t i = 0; i < 3; i++) {
        life = (struct life){.params = COPYING_DEFAULTS,
                             .heap_bytes = 20000,
                             .pins = 30,
                             .has_controls = i == 1};
        life.params.ration = rations[i];
        life.params.holes = i != 2;
        lives();
    }
}

Test(copying_model, leaves_pinned_objects_without_packing)
{
    life = (struct life){
        .params = COPYING_DEFAULTS, .heap_bytes = 9000, .pins = 12};
    life.params.pack = 0;
    lives();
}

Test(copying_model, blocks_of_other_sizes)
{
    static const uint32_t blocks[] = {8, 32, 64};
    for (uint32_t i = 0; i < 3; i++) {
        life = (struct life){.params = COPYING_DEFAULTS,
                             .heap_bytes = 300 * blocks[i],
                             .pins = i == 1 ? 30 : 0};
        life.params.block = blocks[i];
        life.params.leaf = i % 2;
        lives();
    }
}
