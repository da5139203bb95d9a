/*
 * test_twoended_model.c - random operations on core/twoended and on a naive
 * model of its rules, one byte a block and no hints; every block, bound and
 * answer must agree after each
 */
#include "tests/twoended_heap.h"
#include "traces/synth/rng.h"

TestSuite(twoended_model, .fini = close);

#define N_SLOTS   120u
#define AREAS_CAP 32
#define NO_AREA   UINT32_MAX

struct model_area {
    uint32_t number, start, pool, n_blocks, long_start;
    uint8_t kind[8192]; /* FREE, HEAD, TAIL, MARK of each block            */
    uint8_t finaliser[8192];
};

static struct {
    struct rng rng;
    struct twoended_params params;
    struct model_area area[AREAS_CAP];
    uint32_t n_areas, next_number;
    struct outer outer;
    uint32_t is_auto, locks, threshold, given, free_after;
    uint32_t n_collections, cause, n_grown;
    addr32 moving;
    bool is_collecting;
    addr32 slot[N_SLOTS];
    addr32 turn[LAB_LOG_CAP], victim[LAB_LOG_CAP]; /* finalisers' turns    */
    uint32_t n_turns, n_turns_done;
    addr32 resized; /* finalisers spare it                                 */
    addr32 spare;   /* next address for an area that is added              */
} m;

/* ---- Blocks -------------------------------------------------------------- */

static struct model_area *area_named(addr32 p, uint32_t *block)
{
    for (uint32_t i = 0; i < m.n_areas; i++) {
        struct model_area *a = &m.area[i];
        *block = (p - a->pool) / m.params.block;
        if (p >= a->pool && *block < a->n_blocks && p % m.params.block == 0)
            return a;
    }
    return NULL;
}

static addr32 address(const struct model_area *a, uint32_t b)
{
    return a->pool + b * m.params.block;
}

static uint32_t length(const struct model_area *a, uint32_t b)
{
    uint32_t n = 1;
    while (b + n < a->n_blocks && a->kind[b + n] == ATAB_TAIL)
        n++;
    return n;
}

static uint32_t run(const struct model_area *a, uint32_t b)
{
    uint32_t n = 0;
    while (b + n < a->n_blocks && a->kind[b + n] == ATAB_FREE)
        n++;
    return n;
}

static uint32_t count(bool used)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < m.n_areas; i++) {
        for (uint32_t b = 0; b < m.area[i].n_blocks; b++)
            n += (m.area[i].kind[b] != ATAB_FREE) == used;
    }
    return n;
}

static void model_free(addr32 object)
{
    uint32_t b;
    struct model_area *a = area_named(object, &b);
    if (a == NULL || m.locks > 0)
        return;
    memset(a->kind + b, ATAB_FREE, length(a, b));
    a->finaliser[b] = 0;
}

/* An area of `bytes` bytes, the first `skip` of which are not laid out; the
 * layout itself is area.c's, and tested elsewhere. */
static void note_area(uint32_t index)
{
    struct area_info info;
    cr_assert(twoended_area_info(h, index, &info));
    struct model_area *a = &m.area[index];
    memset(a, 0, sizeof *a);
    a->number = info.number;
    a->start = info.start;
    a->pool = info.pool;
    a->n_blocks = a->long_start = info.n_blocks;
    m.free_after += a->n_blocks;
    m.n_areas = index + 1;
}

/* ---- The collector --------------------------------------------------------
 */

static void mark(addr32 word)
{
    uint32_t b;
    struct model_area *a = area_named(word, &b);
    if (a == NULL || a->kind[b] != ATAB_HEAD)
        return;
    a->kind[b] = ATAB_MARK;
    uint32_t n_words = length(a, b) * m.params.block / 4;
    for (uint32_t i = 0; i < n_words; i++)
        mark(*word_at(h, word + 4 * i));
}

static void finalise_all(void)
{
    for (uint32_t i = 0; i < m.n_areas; i++) {
        struct model_area *a = &m.area[i];
        for (uint32_t b = 0; b < a->n_blocks; b++) {
            if (!a->finaliser[b] || a->kind[b] != ATAB_HEAD)
                continue;
            addr32 object = address(a, b);
            addr32 victim = *word_at(h, object + 4);
            uint32_t c;
            const struct model_area *other = area_named(victim, &c);
            bool is_lawful = other != NULL && (other->kind[c] & 1) != 0 &&
                             victim != m.resized && object % 3 != 0;
            cr_assert(lt(u32, m.n_turns, LAB_LOG_CAP));
            m.turn[m.n_turns] = object;
            m.victim[m.n_turns++] = is_lawful ? victim : 0;
            if (is_lawful) {
                uint32_t locks = m.locks;
                model_free(victim);
                for (uint32_t k = 0; k < N_SLOTS && locks == 0; k++)
                    m.slot[k] = m.slot[k] == victim ? 0 : m.slot[k];
            }
            a->finaliser[b] = 0;
        }
    }
}

static void sweep(uint32_t kept)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < m.n_areas; i++) {
        struct model_area *a = &m.area[i];
        bool is_empty = true;
        for (uint32_t b = 0; b < a->n_blocks; b++) {
            if (a->kind[b] == ATAB_HEAD)
                memset(a->kind + b, ATAB_FREE, length(a, b));
            if (a->kind[b] == ATAB_MARK)
                a->kind[b] = ATAB_HEAD;
            is_empty &= a->kind[b] == ATAB_FREE;
        }
        while (a->long_start < a->n_blocks &&
               a->kind[a->long_start] == ATAB_FREE)
            a->long_start++;
        if (i > 0 && is_empty && m.params.grow && a->number != kept)
            (void)outer_more(&m.outer, MORE_GIVE, a->start);
        else if (n++ != i)
            m.area[n - 1] = *a;
    }
    m.n_areas = n;
    m.free_after = count(false);
}

/* Area number `kept` is not given back. */
static void model_collect(uint32_t cause, uint32_t kept)
{
    m.n_collections++;
    m.cause = cause;
    if (cause != CAUSE_ALL) {
        m.given = 0;
        for (uint32_t i = 0; i < N_SLOTS; i++)
            mark(m.slot[i]);
        mark(m.moving);
    }
    finalise_all();
    sweep(kept);
}

/* ---- Places ---------------------------------------------------------------
 */

struct place {
    struct model_area *a;
    uint32_t block;
    bool crosses;
};

static struct place find_in(struct model_area *a, uint32_t n, bool is_long)
{
    struct place p = {NULL, 0, false};
    for (uint32_t i = 0; i + n <= a->n_blocks && p.a == NULL; i++) {
        uint32_t b = is_long ? a->n_blocks - n - i : i;
        if (run(a, b) >= n)
            p = (struct place){a, b, false};
    }
    for (uint32_t b = p.block + n; is_long && b < a->long_start; b++)
        p.crosses |= a->kind[b] != ATAB_FREE;
    p.crosses |= !is_long && p.block + n > a->long_start;
    return p;
}

static struct place find(uint32_t n, bool is_long)
{
    struct place best = {NULL, 0, false};
    for (uint32_t k = 0; k < m.n_areas; k++) {
        uint32_t i = is_long ? m.n_areas - 1 - k : k;
        struct place p = find_in(&m.area[i], n, is_long);
        if (p.a != NULL && (best.a == NULL || (best.crosses && !p.crosses)))
            best = p;
    }
    return best;
}

static uint32_t blocks_for(uint32_t bytes)
{
    return (bytes + m.params.block - 1) / m.params.block;
}

/*
 * What the outer heap gives is laid out by the heap itself, so the model is
 * told after the fact: `is_grown` says that a growth is due.
 */
static struct place find_hard(uint32_t n, bool is_long, bool *is_grown)
{
    bool may_collect = m.is_auto;
    if (may_collect && m.given >= m.threshold) {
        model_collect(CAUSE_THRESHOLD, NO_AREA);
        may_collect = false;
    }
    struct place p = find(n, is_long);
    if (may_collect &&
        (p.a == NULL || (p.crosses && 2 * m.given >= m.free_after))) {
        model_collect(CAUSE_FULL, p.a == NULL ? NO_AREA : p.a->number);
        p = find(n, is_long);
    }
    *is_grown = p.a == NULL && m.params.grow;
    return p;
}

static void place(const struct place *p, uint32_t n, bool is_long)
{
    struct model_area *a = p->a;
    memset(a->kind + p->block, ATAB_TAIL, n);
    a->kind[p->block] = ATAB_HEAD;
    if (is_long && !p->crosses && p->block < a->long_start)
        a->long_start = p->block;
    m.given += n;
}

/*
 * Where a request of `bytes` goes. If the heap has grown for it (its answer
 * shows), the model learns the new area and searches again.
 */
static addr32 model_take(uint32_t bytes, uint32_t flags,
                         addr32 (*ask)(uint32_t, uint32_t), addr32 *answer)
{
    bool is_long = (flags & HEAP_LONG_LIVED) != 0, is_grown;
    uint32_t n = blocks_for(bytes);
    if (m.locks > 0) {
        *answer = ask(bytes, flags);
        return 0;
    }
    struct place p = find_hard(n, is_long, &is_grown);
    uint32_t n_grown = h->n_grown;
    *answer = ask(bytes, flags);
    cr_assert(is_grown || h->n_grown == n_grown);
    if (h->n_grown != n_grown) {
        m.outer = outer;
        note_area(m.n_areas);
        p = find(n, is_long);
    }
    if (p.a == NULL)
        return 0;
    place(&p, n, is_long);
    if ((flags & HEAP_FINALISER) != 0 && m.params.finalisers)
        p.a->finaliser[p.block] = 1;
    return address(p.a, p.block);
}

/* ---- The program -----------------------------------------------------------
 */

/* The same turn in the heap; what finalisers may not do is tried, too. */
static void take_turn(addr32 object)
{
    cr_assert(lt(u32, m.n_turns_done, m.n_turns));
    cr_assert(eq(u32, object, m.turn[m.n_turns_done]));
    cr_assert(eq(u32, h->phase, PHASE_FINALISE));
    uint32_t refusal = h->refusal;
    cr_assert(eq(u32, twoended_alloc(h, 16, HEAP_LONG_LIVED), 0));
    cr_assert(eq(u32, h->refusal, REFUSAL_LOCKED));
    cr_assert(eq(u32, twoended_realloc(h, object, 1000, true), 0));
    cr_assert(eq(u32, twoended_collect(h, COLLECT_ORDINARY), 0));
    h->refusal = refusal;
    twoended_free(h, m.victim[m.n_turns_done++]);
}

static void compare(void)
{
    struct area *a = &h->first;
    cr_assert(eq(u32, h->n_areas, m.n_areas));
    cr_assert(eq(u32, h->n_collections, m.n_collections));
    cr_assert(m.n_collections == 0 || h->last_cause == m.cause);
    cr_assert(eq(u32, h->given_blocks, m.given));
    cr_assert(eq(u32, m.n_turns_done, m.n_turns));
    cr_assert(eq(u32, twoended_of(h)->free_after, m.free_after));
    cr_assert(eq(u32, twoended_of(h)->used_blocks, count(true)));
    for (uint32_t i = 0; i < m.n_areas; i++, a = area_next(h, a)) {
        const struct model_area *n = &m.area[i];
        const struct twoended_bound *e = (const void *)(a + 1);
        cr_assert(eq(u32, a->pool, n->pool));
        cr_assert(eq(u32, e->long_start, n->long_start));
        for (uint32_t b = 0; b < n->n_blocks; b++) {
            uint32_t kind = atab_get_kind(area_table(h, a), b);
            bool has = area_has_finaliser(h, a, b);
            cr_assert(kind == n->kind[b] && has == n->finaliser[b],
                      "area %u, block %u: %u, not %u", i, b, kind, n->kind[b]);
        }
    }
    cr_assert(eq(int, twoended_check(h, BASE, WINDOW), 0));
}

static uint32_t some_bytes(void)
{
    static const uint32_t most[] = {16, 16, 40, 100, 400, 1500};
    return 1 + rng_below(&m.rng, most[rng_below(&m.rng, 6)]);
}

static void set_roots(void)
{
    memcpy(roots->word, m.slot, sizeof m.slot);
    roots->n_precise = N_SLOTS / 2;
    roots->n_held = N_SLOTS - N_SLOTS / 2;
}

static addr32 ask_alloc(uint32_t bytes, uint32_t flags)
{
    return twoended_alloc(h, bytes, flags);
}

static void try_alloc(uint32_t i)
{
    uint32_t bytes = some_bytes();
    uint32_t flags = rng_below(&m.rng, 3) == 0 ? HEAP_LONG_LIVED : 0;
    flags |= rng_below(&m.rng, 5) == 0 ? HEAP_FINALISER : 0;
    addr32 answer, expected = model_take(bytes, flags, ask_alloc, &answer);
    cr_assert(eq(u32, answer, expected));
    if (answer == 0)
        return;
    uint32_t granted = blocks_for(bytes) * m.params.block;
    cr_assert(eq(u32, twoended_bytes(h, answer), granted));
    for (uint32_t k = m.params.zero ? 0 : bytes; k < granted; k++)
        cr_assert(eq(u8, *byte_at(h, answer + k), 0));
    if (!m.params.zero)
        memset(byte_at(h, answer), 0, bytes); /* the program's first words */
    m.slot[i] = answer;
}

static addr32 realloc_of; /* what ask_realloc and ask_promote are about */

static addr32 ask_realloc(uint32_t bytes, uint32_t flags)
{
    (void)flags;
    return twoended_realloc(h, realloc_of, bytes, true);
}

static addr32 ask_promote(uint32_t bytes, uint32_t flags)
{
    (void)bytes, (void)flags;
    return twoended_promote(h, realloc_of);
}

/* Grow or shrink where it is, if that can be. */
static bool model_resize(struct model_area *a, uint32_t b, uint32_t n)
{
    uint32_t old = length(a, b);
    if (n > old && run(a, b + old) < n - old)
        return false;
    memset(a->kind + b, n < old ? ATAB_FREE : ATAB_TAIL, n < old ? old : n);
    memset(a->kind + b, ATAB_TAIL, n);
    a->kind[b] = ATAB_HEAD;
    return true;
}

/* The model's half of copying object `from`: where, and its finaliser. */
static addr32 model_copy(addr32 from, uint32_t bytes, uint32_t flags,
                         addr32 (*ask)(uint32_t, uint32_t), addr32 *answer)
{
    uint32_t b, c;
    struct model_area *a = area_named(from, &b);
    flags |= a->finaliser[b] ? HEAP_FINALISER : 0;
    realloc_of = m.moving = m.resized = from;
    addr32 to = model_take(bytes, flags, ask, answer);
    m.moving = m.resized = 0;
    if (to == 0)
        return 0;
    a = area_named(from, &b);
    a->finaliser[b] = 0;
    cr_assert(area_named(to, &c) != NULL);
    return to;
}

static void try_realloc(uint32_t i)
{
    uint32_t b, bytes = some_bytes();
    addr32 object = m.slot[i], answer;
    bool may_move = rng_below(&m.rng, 3) != 0;
    struct model_area *a = area_named(object, &b);
    if (m.locks > 0) {
        cr_assert(eq(u32, twoended_realloc(h, object, bytes, may_move), 0));
        return;
    }
    uint32_t old = length(a, b) * m.params.block;
    uint8_t first = *byte_at(h, object + 2);
    addr32 expected = 0;
    if (model_resize(a, b, blocks_for(bytes))) {
        expected = object;
        answer = twoended_realloc(h, object, bytes, may_move);
    } else if (!may_move) {
        answer = twoended_realloc(h, object, bytes, false);
    } else {
        uint32_t flags = b >= a->long_start ? HEAP_LONG_LIVED : 0;
        expected = model_copy(object, bytes, flags, ask_realloc, &answer);
        if (expected != 0)
            model_free(object);
    }
    cr_assert(eq(u32, answer, expected));
    if (answer == 0)
        return;
    cr_assert(eq(u8, *byte_at(h, answer + 2), first));
    uint32_t granted = blocks_for(bytes) * m.params.block;
    uint32_t from = m.params.zero ? old : bytes > old ? bytes : granted;
    for (uint32_t k = from; k < granted; k++)
        cr_assert(eq(u8, *byte_at(h, answer + k), 0));
    if (granted > old)
        memset(byte_at(h, answer + old), 0, granted - old);
    m.slot[i] = answer;
}

static void try_promote(uint32_t i)
{
    uint32_t b, c;
    addr32 object = m.slot[i], answer;
    struct model_area *a = area_named(object, &b);
    if (b >= a->long_start) {
        cr_assert(eq(u32, twoended_promote(h, object), object));
        return;
    }
    uint32_t bytes = length(a, b) * m.params.block;
    bool has = a->finaliser[b];
    addr32 to =
        model_copy(object, bytes, HEAP_LONG_LIVED, ask_promote, &answer);
    if (to != 0) {
        a = area_named(object, &b);
        struct model_area *new = area_named(to, &c);
        if (new < a || (new == a &&c < b)) {
            model_free(to);
            a->finaliser[b] = has;
            to = object;
        }
    }
    cr_assert(eq(u32, answer, to));
    if (to == 0)
        return;
    cr_assert(
        zero(memcmp(byte_at(h, to) + 4, byte_at(h, object) + 4, bytes - 4)));
    m.slot[i] = to;
}

static void try_free(uint32_t i)
{
    model_free(m.slot[i]);
    twoended_free(h, m.slot[i]);
    if (m.locks == 0)
        m.slot[i] = 0;
}

static void try_store(uint32_t i)
{
    if (m.slot[i] == 0)
        return;
    twoended_store(h, m.slot[i], rng_below(&m.rng, 2),
                   m.slot[rng_below(&m.rng, N_SLOTS)]);
}

static void try_control(void)
{
    switch (rng_below(&m.rng, 12)) {
    case 0:
        m.locks++;
        (void)twoended_control(h, CONTROL_LOCK, 1);
        break;
    case 1:
    case 2:
    case 3:
        m.locks -= m.locks > 0;
        (void)twoended_control(h, CONTROL_LOCK, 0);
        break;
    case 4:
        m.is_auto = rng_below(&m.rng, 3) != 0;
        (void)twoended_control(h, CONTROL_AUTO, m.is_auto);
        break;
    case 5:
        m.threshold = 5 + rng_below(&m.rng, 100);
        (void)twoended_control(h, CONTROL_THRESHOLD,
                               m.threshold * m.params.block);
        break;
    case 6:
    case 7:
        m.threshold = HEAP_NO_THRESHOLD;
        (void)twoended_control(h, CONTROL_THRESHOLD, m.threshold);
        break;
    case 8:
        model_collect(CAUSE_ASKED, NO_AREA);
        (void)twoended_collect(h, COLLECT_ORDINARY);
        break;
    case 9:
        if (rng_below(&m.rng, 10) != 0)
            break;
        model_collect(CAUSE_ALL, NO_AREA);
        (void)twoended_collect(h, COLLECT_EVERYTHING);
        memset(m.slot, 0, sizeof m.slot);
        break;
    default:
        if (m.n_areas > 4 || m.spare + 2048 > BASE + WINDOW)
            break;
        cr_assert(eq(
            u32, twoended_add_area(h, m.spare, 500 + rng_below(&m.rng, 1500)),
            HEAP_OK));
        note_area(m.n_areas);
        m.spare += 2048;
    }
}

static void step(void)
{
    uint32_t i = rng_below(&m.rng, N_SLOTS), what = rng_below(&m.rng, 20);
    m.n_turns = m.n_turns_done = 0;
    set_roots();
    if (m.slot[i] == 0 && what < 14)
        try_alloc(i);
    else if (m.slot[i] == 0 || what == 19)
        try_control();
    else if (what < 4)
        try_realloc(i);
    else if (what < 6 && m.locks == 0)
        try_promote(i);
    else if (what < 8)
        try_free(i);
    else if (what < 13)
        try_store(i);
    else if (what < 17)
        m.slot[i] = 0; /* the program forgets it */
    compare();
}

static void live(const struct twoended_params *p, uint32_t heap_bytes,
                 uint32_t outer_bytes, uint64_t seed)
{
    memset(&m, 0, sizeof m);
    rng_seed(&m.rng, seed);
    m.params = *p;
    open_with(*p, heap_bytes, outer_bytes);
    finaliser = take_turn;
    m.outer = outer;
    m.is_auto = p->automatic;
    m.threshold = p->threshold == HEAP_NO_THRESHOLD ? p->threshold
                                                    : p->threshold / p->block;
    m.spare = (outer.base + outer_bytes + 63) & ~63u;
    note_area(0);
    for (uint32_t i = 0; i < 2500; i++)
        step();
    cr_assert(gt(u32, m.n_collections, 5));
}

/* Several lives; FRAGLAB_LONG makes them many. */
static void lives(const struct twoended_params *p, uint32_t heap_bytes,
                  uint32_t outer_bytes)
{
    uint32_t n = getenv("FRAGLAB_LONG") != NULL ? 100 : 1;
    for (uint32_t i = 1; i <= n; i++) {
        cr_log_info("seed %u", i);
        live(p, heap_bytes + 4 * i, outer_bytes, i);
    }
}

Test(twoended_model, one_area)
{
    struct twoended_params p = TWOENDED_DEFAULTS;
    lives(&p, 9000, 0);
}

Test(twoended_model, a_small_heap_with_a_mark_stack_of_four_entries)
{
    struct twoended_params p = TWOENDED_DEFAULTS;
    p.mark_stack = 4;
    p.block = 8;
    lives(&p, 2500, 0);
}

Test(twoended_model, areas_from_the_outer_heap)
{
    struct twoended_params p = TWOENDED_DEFAULTS;
    p.grow = 1;
    lives(&p, 2048, 30000);
}

Test(twoended_model, blocks_of_64_bytes_without_finalisers_or_zeroes)
{
    struct twoended_params p = TWOENDED_DEFAULTS;
    p.block = 64;
    p.zero = 0;
    p.finalisers = 0;
    lives(&p, 20000, 0);
}

Test(twoended_model, a_collection_at_every_allocation)
{
    struct twoended_params p = TWOENDED_DEFAULTS;
    p.threshold = 1;
    lives(&p, 7000, 0);
}
