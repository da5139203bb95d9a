/*
 * test_compat.c - MicroPython's names on marksweep: they do what py/gc.c does,
 * which is what marksweep does by itself when it collects
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/compat/gc.h"
#include "core/host.h"
#include "core/marksweep.h"
#include "traces/synth/rng.h"

#define WINDOW  UINT32_C(0x10000)
#define N_SLOTS 100u

/* The heap behind the names, and one that is driven by marksweep's own. */
static struct heap *h, *other;
static struct guest_roots *table; /* other's roots                        */
static void *slot[N_SLOTS];       /* what the program holds of h          */
static uint32_t n_collected;
static char text[20000];

void heap_on_finalise(struct heap *of, addr32 object)
{
    (void)of, (void)object;
}

uint32_t heap_more(struct heap *of, uint32_t what, uint32_t value)
{
    (void)of, (void)what, (void)value;
    return 0;
}

struct guest_roots *heap_roots(struct heap *of)
{
    cr_assert(eq(ptr, of, other), "nothing but gc_collect may collect");
    return table;
}

void gc_collect(void)
{
    n_collected++;
    gc_collect_start();
    gc_collect_root(slot, N_SLOTS / 2);
    gc_collect_root(slot + N_SLOTS / 2, N_SLOTS - N_SLOTS / 2);
    gc_collect_end();
}

static void setup(void)
{
    memset(slot, 0, sizeof slot);
    n_collected = 0;
    h = aligned_alloc(64, WINDOW);
    other = aligned_alloc(64, WINDOW);
    table = calloc(1, sizeof *table + N_SLOTS * sizeof(uint32_t));
    memset(h, 0xa5, WINDOW);
    memset(other, 0xa5, WINDOW);
}

static void open(uint32_t bytes)
{
    struct marksweep_params p = MARKSWEEP_DEFAULTS;
    p.quirks = QUIRKS_EXACT;
    gc_init(h, (uint8_t *)h + GC_CONTROL_BYTES + bytes);
    cr_assert(eq(u32, marksweep_control_bytes(&p), GC_CONTROL_BYTES));
    cr_assert(eq(u32, marksweep_init(other, h->base, bytes, &p), HEAP_OK));
}

static void close(void)
{
    cr_assert(eq(int, marksweep_check(h, h->base, WINDOW), 0));
    free(h);
    free(other);
    free(table);
}

TestSuite(compat, .init = setup, .fini = close);

static addr32 at(const void *p)
{
    return p == NULL
               ? 0
               : h->base + (addr32)((const uint8_t *)p - (const uint8_t *)h);
}

static void set_roots(void)
{
    for (uint32_t i = 0; i < N_SLOTS; i++)
        table->word[i] = at(slot[i]);
    table->n_held = N_SLOTS;
}

/* All bytes but those that say who collects, and where the roots lie. */
static void compare(uint32_t n)
{
    uint32_t is_auto = h->is_auto, last_cause = h->last_cause;
    cr_assert(eq(u32, is_auto, 0));
    h->is_auto = other->is_auto;
    uint32_t *automatic = &marksweep_of(other)->params.automatic;
    uint32_t kept = *automatic;
    *automatic = marksweep_of(h)->params.automatic;
    if (h->refusal == REFUSAL_OFF || h->refusal == REFUSAL_FULL ||
        h->refusal == REFUSAL_IN_PLACE)
        h->refusal = other->refusal; /* the names do not tell why          */
    h->last_cause = other->last_cause;
    cr_assert(zero(memcmp(h, other, WINDOW)), "operation %u", n);
    h->is_auto = is_auto;
    h->last_cause = last_cause;
    *automatic = kept;
}

/* ---- Beside marksweep ------------------------------------------------------
 */

static void step(struct rng *rng)
{
    uint32_t i = rng_below(rng, N_SLOTS), what = rng_below(rng, 40);
    uint32_t bytes = rng_below(rng, what % 8 == 0 ? 900 : 60);
    void *p = slot[i];
    addr32 was = at(p);
    set_roots();
    if (what < 20 && p == NULL) {
        uint32_t flags = rng_below(rng, 5) == 0;
        slot[i] = gc_alloc(bytes, flags);
        addr32 q = marksweep_alloc(other, bytes, flags ? HEAP_FINALISER : 0);
        cr_assert(eq(u32, at(slot[i]), q));
    } else if (what < 28) {
        void *to = gc_realloc(p, bytes, what < 25);
        addr32 q = marksweep_realloc(other, was, bytes, what < 25);
        cr_assert(eq(u32, at(to), q));
        bool is_freed = bytes == 0 && p != NULL && !gc_is_locked();
        slot[i] = is_freed || to != NULL ? to : p;
    } else if (what < 33) {
        gc_free(p);
        marksweep_free(other, was);
        slot[i] = gc_is_locked() ? p : NULL;
    } else if (what < 34) {
        gc_collect();
        (void)marksweep_collect(other, COLLECT_ORDINARY);
    } else if (what < 35 && rng_below(rng, 20) == 0) {
        gc_sweep_all();
        (void)marksweep_collect(other, COLLECT_EVERYTHING);
        memset(slot, 0, sizeof slot);
    } else if (what < 36) {
        bool is_auto = rng_below(rng, 4) != 0;
        gc_set_auto(is_auto);
        (void)marksweep_control(other, CONTROL_AUTO, is_auto);
    } else if (what < 37) {
        uint32_t most = rng_below(rng, 2) ? HEAP_NO_THRESHOLD : 400;
        gc_set_threshold(most);
        (void)marksweep_control(other, CONTROL_THRESHOLD, most);
    } else if (what < 38 && !gc_is_locked()) {
        gc_lock();
        (void)marksweep_control(other, CONTROL_LOCK, 1);
    } else if (gc_is_locked()) {
        gc_unlock();
        (void)marksweep_control(other, CONTROL_LOCK, 0);
    } else {
        slot[i] = NULL; /* the program forgets it */
    }
}

Test(compat, leaves_the_bytes_that_marksweep_leaves)
{
    struct rng rng;
    rng_seed(&rng, 1);
    open(5000);
    uint8_t *more = (uint8_t *)h + 0x4000;
    for (uint32_t n = 0; n < 20000; n++) {
        if (n == 9000) {
            gc_add(more, more + 3000);
            cr_assert(eq(u32, marksweep_add_area(other, at(more), 3000), 0));
        }
        step(&rng);
        compare(n);
    }
    cr_expect(gt(u32, n_collected, 100));
    cr_expect(gt(u32, h->n_areas, 1));
}

/* ---- By itself -------------------------------------------------------------
 */

Test(compat, memory_is_rounded_to_sixteen_bytes)
{
    gc_init((uint8_t *)h + 1, (uint8_t *)h + 8000);
    struct heap *aligned = (struct heap *)(void *)((uint8_t *)h + 16);
    cr_expect(eq(u32, aligned->heap_bytes, 8000 - 16 - GC_CONTROL_BYTES));
    cr_expect(eq(u32, (uint32_t)((uintptr_t)gc_alloc(1, 0) % 16), 0));
    open(1000);
}

Test(compat, says_what_it_has)
{
    gc_info_t info;
    open(2064); /* 32 table bytes, 1 between, 16 for finalisers, 126 blocks */
    slot[0] = gc_alloc(10, 0);
    slot[1] = gc_alloc(30, GC_ALLOC_FLAG_HAS_FINALISER);
    slot[2] = gc_alloc(100, 0);
    gc_info(&info);
    cr_expect(eq(sz, info.total, info.used + info.free));
    cr_expect(eq(sz, info.used, 16 + 32 + 112));
    cr_expect(eq(sz, info.num_1block, 1));
    cr_expect(eq(sz, info.num_2block, 1));
    cr_expect(eq(sz, info.max_block, 7));
    cr_expect(eq(sz, info.max_free * 16, info.free));
    cr_expect(eq(sz, gc_nbytes(slot[2]), 112));
    cr_expect(eq(sz, gc_nbytes((uint8_t *)slot[2] + 16), 0));
    cr_expect(eq(sz, gc_nbytes(NULL), 0));
    cr_expect(eq(sz, gc_nbytes(text), 0), "not of this heap");
}

Test(compat, is_locked_while_it_collects)
{
    open(2000);
    cr_expect(not(gc_is_locked()));
    gc_collect_start();
    cr_expect(gc_is_locked());
    cr_expect(eq(ptr, gc_alloc(10, 0), NULL));
    gc_collect_end();
    cr_expect(not(gc_is_locked()));
    gc_lock();
    gc_lock();
    gc_unlock();
    cr_expect(gc_is_locked());
    cr_expect(eq(ptr, gc_alloc(10, 0), NULL));
    gc_unlock();
    cr_expect(ne(ptr, gc_alloc(10, 0), NULL));
}

Test(compat, too_much_is_refused_without_harm)
{
    open(2000);
    slot[0] = gc_alloc(100, 0);
    cr_expect(eq(ptr, gc_alloc(SIZE_MAX, 0), NULL));
    cr_expect(eq(ptr, gc_alloc(SIZE_MAX / 2, 0), NULL));
    cr_expect(eq(ptr, gc_realloc(slot[0], SIZE_MAX, true), NULL));
    cr_expect(eq(ptr, gc_realloc(slot[0], 5000, true), NULL));
    cr_expect(eq(sz, gc_nbytes(slot[0]), 112));
    cr_expect(eq(ptr, gc_realloc(slot[0], 0, true), NULL));
    cr_expect(eq(sz, gc_nbytes(slot[0]), 0));
}

static void take_text(void *data, const char *str, size_t len)
{
    cr_assert(eq(ptr, data, text));
    cr_assert(lt(sz, strlen(text) + len, sizeof text));
    strncat(text, str, len);
}

static const mp_print_t print = {text, take_text};

Test(compat, dumps_the_table_in_micropythons_letters)
{
    open(20000);
    slot[0] = gc_alloc(10, 0);
    slot[1] = gc_alloc(40, 0);
    slot[2] = gc_alloc(16 * 64, 0);
    gc_dump_info(&print);
    cr_expect(eq(str, text,
                 "GC: total: 19520, used: 1088, free: 18432\n"
                 " No. of 1-blocks: 1, 2-blocks: 0, max blk sz: 64, "
                 "max free sz: 1152\n"));
    text[0] = '\0';
    gc_dump_alloc_table(&print);
    char expected[400], from[20];
    snprintf(from, sizeof from, "0x%x:", h->first.pool);
    snprintf(
        expected, sizeof expected,
        "GC memory layout; from %s\n"
        "00000000: hh==h%.59s\n"
        "00000400: ====%.60s\n"
        "       (17 lines all free)\n"
        "00004c00: %.4s\n",
        from, "=============================================================",
        "............................................................", "....");
    cr_expect(eq(str, text, expected));
}
