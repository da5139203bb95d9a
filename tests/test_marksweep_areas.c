/*
 * test_marksweep_areas.c - several areas, growth, the quirks, soft reset,
 * walking, and the check
 */
#include "tests/lab.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

LAB_OUTWARD_CALLS

#define SECOND (LAB_BASE + UINT32_C(0x20000)) /* where areas are added */

static void open(uint32_t quirks, uint32_t grow, uint32_t heap_bytes,
                 uint32_t outer_bytes)
{
    struct marksweep_params p = MARKSWEEP_DEFAULTS;
    p.quirks = quirks;
    p.grow = grow;
    lab_open(&p, heap_bytes, outer_bytes);
}

TestSuite(marksweep_areas, .fini = lab_close);

static uint32_t area_of_object(addr32 object)
{
    uint32_t number = UINT32_MAX;
    lab_block(object, &number);
    return number;
}

/* Take every free block of the heap, one by one. */
static void fill(void)
{
    marksweep_control(lab.h, CONTROL_AUTO, 0);
    uint32_t grow = marksweep_of(lab.h)->params.grow;
    marksweep_of(lab.h)->params.grow = 0;
    while (marksweep_alloc(lab.h, 16, 0) != 0)
        continue;
    marksweep_of(lab.h)->params.grow = grow;
    marksweep_control(lab.h, CONTROL_AUTO, 1);
}

/* ---- Several areas ---------------------------------------------------- */

Test(marksweep_areas, are_laid_out_behind_their_descriptor)
{
    open(QUIRKS_SAFE, 0, 16666, 0);
    cr_assert(eq(u32, marksweep_add_area(lab.h, SECOND, 16416), HEAP_OK));
    struct area_info a = lab_area(1);
    cr_expect(eq(u32, a.number, 1));
    cr_expect(eq(u32, a.start, SECOND));
    cr_expect(eq(u32, a.table, SECOND + 32));
    cr_expect(eq(u32, a.table_bytes, 250));
    cr_expect(eq(u32, a.pool - a.start, 416));
    struct area_info none;
    cr_expect(not(marksweep_area_info(lab.h, 2, &none)));
}

Test(marksweep_areas, that_are_no_good_are_refused)
{
    open(QUIRKS_SAFE, 0, 4096, 0);
    cr_expect(
        eq(u32, marksweep_add_area(lab.h, SECOND + 8, 4096), HEAP_BAD_ADDRESS));
    cr_expect(eq(u32, marksweep_add_area(lab.h, 0, 4096), HEAP_BAD_ADDRESS));
    cr_expect(eq(u32, marksweep_add_area(lab.h, SECOND, UINT32_MAX),
                 HEAP_BAD_ADDRESS));
    cr_expect(eq(u32, marksweep_add_area(lab.h, SECOND, 16), HEAP_TOO_SMALL));
    cr_expect(eq(u32, marksweep_add_area(lab.h, SECOND, 90), HEAP_TOO_SMALL));
    cr_expect(eq(u32, lab.h->n_areas, 1));
    lab_close();

    struct marksweep_params p = MARKSWEEP_DEFAULTS;
    p.area_struct = 0;
    lab_open(&p, 4096, 0);
    cr_expect(eq(u32, marksweep_add_area(lab.h, SECOND, 4096), HEAP_NO_AREAS));
}

Test(marksweep_areas, are_searched_from_the_one_that_served_last)
{
    open(QUIRKS_SAFE, 0, 2048, 0);
    addr32 first = marksweep_alloc(lab.h, 16, 0);
    fill();
    marksweep_add_area(lab.h, SECOND, 2048);
    addr32 a = marksweep_alloc(lab.h, 16, 0);
    cr_expect(eq(u32, area_of_object(a), 1));
    cr_expect(eq(u32, lab_area(0).blocks.search_area, 1));

    /* A free elsewhere sends the search back to the first. */
    marksweep_free(lab.h, first);
    cr_expect(eq(u32, lab_area(0).blocks.search_area, 0));
    cr_expect(eq(u32, marksweep_alloc(lab.h, 16, 0), first));
    /* More than one block does not move it on. */
    addr32 b = marksweep_alloc(lab.h, 32, 0);
    cr_expect(eq(u32, area_of_object(b), 1));
    cr_expect(eq(u32, lab_area(0).blocks.search_area, 0));
}

Test(marksweep_areas, grow_objects_only_inside_one)
{
    open(QUIRKS_SAFE, 0, 2048, 0);
    fill();
    marksweep_add_area(lab.h, SECOND, 2048);
    uint32_t n_blocks = lab_area(1).n_blocks;
    addr32 a = marksweep_alloc(lab.h, 16 * n_blocks, 0);
    cr_expect(eq(u32, area_of_object(a), 1));
    cr_expect(
        eq(u32, marksweep_realloc(lab.h, a, 16 * n_blocks + 1, false), 0));
}

Test(marksweep_areas, a_passed_area_keeps_its_hint_as_the_quirks_say)
{
    for (uint32_t quirks = QUIRKS_SAFE; quirks <= QUIRKS_EXACT; quirks++) {
        open(quirks, 0, 2048, 0);
        fill();
        marksweep_add_area(lab.h, SECOND, 2048);
        marksweep_free(lab.h, marksweep_alloc(lab.h, 16, 0));
        uint32_t table_bytes = lab_area(0).table_bytes;
        marksweep_alloc(lab.h, 16, 0);
        cr_expect(
            eq(u32, lab_area(0).hint,
               quirks == QUIRKS_SAFE ? table_bytes : (table_bytes + 1) / 4));
        lab_close();
    }
}

Test(marksweep_areas, one_alone_keeps_its_hint_when_a_search_is_in_vain)
{
    open(QUIRKS_SAFE, 0, 2048, 0);
    fill();
    struct area_info a = lab_area(0);
    cr_expect(eq(u32, a.hint, a.n_blocks / 4));
    addr32 last = a.pool + 16 * (a.n_blocks - 1);
    marksweep_free(lab.h, last);
    cr_expect(eq(u32, lab_area(0).hint, a.n_blocks / 4 - 1));
}

/* ---- Growth ----------------------------------------------------------- */

Test(marksweep_areas, double_the_blocks_when_nothing_fits)
{
    open(QUIRKS_EXACT, 1, 16384, 65536);
    fill();
    /* Too much for a collected heap, too, so that it has to grow. */
    addr32 a = marksweep_alloc(lab.h, 16001, 0);
    cr_expect(eq(u32, lab.h->n_collections, 1));
    cr_expect(eq(u32, lab.h->n_areas, 2));
    cr_expect(eq(u32, lab.h->n_grown, 1));
    cr_expect(eq(u32, area_of_object(a), 1));
    /* needed = 16001 + 2048 is more than what doubles it, 16416 bytes. */
    cr_expect(eq(u32, lab_area(1).n_blocks, 4 * ((18048 - 32 - 1) * 8 / 524)));
}

Test(marksweep_areas, take_needed_bytes_by_either_rule)
{
    static const uint32_t needed[][2] = {
        {GROWTH_13_512, 100000 + 13 * 100000 / 512}, {GROWTH_103, 103000}};
    for (uint32_t i = 0; i < 2; i++) {
        struct marksweep_params p = MARKSWEEP_DEFAULTS;
        p.grow = 1;
        p.growth_rule = needed[i][0];
        uint32_t avail = (needed[i][1] + 15) & ~15u;
        lab_open(&p, 2048, avail - 16);
        cr_expect(eq(u32, marksweep_alloc(lab.h, 100000, 0), 0));
        cr_expect(eq(u32, lab.h->refusal, REFUSAL_FULL));
        cr_expect(eq(u32, lab.outer.n_avail, 1));
        cr_expect(eq(u32, lab.outer.n_taken, 0));
        lab_close();

        lab_open(&p, 2048, avail);
        cr_expect(ne(u32, marksweep_alloc(lab.h, 100000, 0), 0));
        cr_expect(eq(u32, lab.outer.n_taken, 1));
        lab_close();
    }
}

Test(marksweep_areas, are_not_taken_for_what_no_outer_heap_has)
{
    open(QUIRKS_SAFE, 1, 2048, 65536);
    cr_expect(eq(u32, marksweep_alloc(lab.h, 0xfffffff0, 0), 0));
    cr_expect(eq(u32, marksweep_alloc(lab.h, 400u << 20, 0), 0));
    cr_expect(eq(u32, lab.outer.n_avail, 2));
    cr_expect(eq(u32, lab.outer.n_taken, 0));
}

Test(marksweep_areas, too_small_for_a_block_are_handed_back)
{
    struct marksweep_params p = MARKSWEEP_DEFAULTS;
    p.grow = 1;
    p.growth_rule = GROWTH_103;
    lab_open(&p, 2048, 64);
    fill();
    marksweep_control(lab.h, CONTROL_AUTO, 0);
    cr_expect(eq(u32, marksweep_alloc(lab.h, 16, 0), 0));
    cr_expect(eq(u32, lab.outer.n_taken, 1));
    cr_expect(eq(u32, lab.outer.n_given, 1));
    cr_expect(eq(u32, lab.h->n_areas, 1));
}

Test(marksweep_areas, are_taken_without_a_collection_where_that_is_off)
{
    open(QUIRKS_SAFE, 1, 2048, 65536);
    fill();
    marksweep_control(lab.h, CONTROL_AUTO, 0);
    cr_expect(ne(u32, marksweep_alloc(lab.h, 16, 0), 0));
    cr_expect(eq(u32, lab.h->n_collections, 0));
    cr_expect(eq(u32, lab.h->n_areas, 2));
}

Test(marksweep_areas, are_given_back_when_empty_and_their_numbers_not_reused)
{
    open(QUIRKS_SAFE, 1, 2048, 65536);
    marksweep_alloc(lab.h, 4000, 0);
    cr_expect(eq(u32, lab.h->n_areas, 2));
    marksweep_collect(lab.h, COLLECT_ORDINARY);
    cr_expect(eq(u32, lab.h->n_areas, 1));
    cr_expect(eq(u32, lab.h->last_given_back, 1));
    cr_expect(eq(u32, lab.outer.n_given, 1));
    marksweep_alloc(lab.h, 4000, 0);
    cr_expect(eq(u32, lab_area(1).number, 2));
}

Test(marksweep_areas, that_were_added_stay_where_the_heap_does_not_grow)
{
    open(QUIRKS_EXACT, 0, 2048, 0);
    marksweep_add_area(lab.h, SECOND, 2048);
    marksweep_collect(lab.h, COLLECT_EVERYTHING);
    cr_expect(eq(u32, lab.h->n_areas, 2));
    cr_expect(eq(u32, lab.outer.n_given, 0));
}

/* An area whose one object is one block long and lies at block 0. */
static addr32 lone_block(uint32_t quirks)
{
    open(quirks, 1, 2048, 65536);
    fill();
    marksweep_control(lab.h, CONTROL_AUTO, 0);
    addr32 lone = marksweep_alloc(lab.h, 16, 0);
    cr_expect(eq(u32, area_of_object(lone), 1));
    cr_expect(eq(u32, lab_block(lone, NULL), 0));
    lab_root(&lone, 1);
    marksweep_collect(lab.h, COLLECT_ORDINARY);
    return lone;
}

Test(marksweep_areas, with_a_lone_block_stay_when_safe)
{
    addr32 lone = lone_block(QUIRKS_SAFE);
    cr_expect(eq(u32, lab.h->n_areas, 2));
    cr_expect(eq(u32, marksweep_bytes(lab.h, lone), 16));
}

Test(marksweep_areas, with_a_lone_block_go_with_it_when_exact)
{
    addr32 lone = lone_block(QUIRKS_EXACT);
    cr_expect(eq(u32, lab.h->n_areas, 1));
    cr_expect(eq(u32, marksweep_bytes(lab.h, lone), 0));
    marksweep_free(lab.h, lone); /* the program does not know: harmless */
    cr_expect(eq(u32, marksweep_realloc(lab.h, lone, 100, true), 0));
}

Test(marksweep_areas, lost_under_an_object_being_moved_do_no_harm)
{
    open(QUIRKS_EXACT, 1, 2048, 65536);
    fill();
    marksweep_control(lab.h, CONTROL_AUTO, 0);
    addr32 lone = marksweep_alloc(lab.h, 16, 0);
    marksweep_control(lab.h, CONTROL_AUTO, 1);
    lab_root(&lone, 1);
    /* It collects, loses the area, grows, and gets the same place again. */
    addr32 moved = marksweep_realloc(lab.h, lone, 8000, true);
    cr_expect(eq(u32, lab.h->last_given_back, 1));
    cr_expect(eq(u32, lab.h->n_areas, 2));
    cr_expect(eq(u32, marksweep_bytes(lab.h, moved), 8000));
}

/* ---- Soft reset ------------------------------------------------------- */

Test(marksweep_areas, go_in_a_soft_reset_and_all_is_as_at_first)
{
    open(QUIRKS_SAFE, 1, 2048, 65536);
    addr32 a = marksweep_alloc(lab.h, 16, HEAP_FINALISER);
    lab_root(&a, 1);
    marksweep_alloc(lab.h, 4000, 0);
    marksweep_add_area(lab.h, SECOND, 2048);
    marksweep_control(lab.h, CONTROL_AUTO, 0);
    marksweep_control(lab.h, CONTROL_LOCK, 1);
    marksweep_control(lab.h, CONTROL_THRESHOLD, 1000);
    cr_expect(eq(u32, marksweep_control(lab.h, CONTROL_RESET, 0), HEAP_OK));

    cr_expect(eq(u32, lab.n_finalised, 1));
    cr_expect(eq(u32, lab.h->n_areas, 1));
    cr_expect(eq(u32, lab.h->last_given_back, 2));
    cr_expect(eq(u32, lab.outer.n_given, 2));
    cr_expect(eq(u32, lab.h->lock_depth, 0));
    cr_expect(eq(u32, lab.h->is_auto, 1));
    cr_expect(eq(u32, lab.h->threshold_blocks, HEAP_NO_THRESHOLD));
    cr_expect(eq(u32, lab.h->n_collections, 2)); /* one before it grew */
    cr_expect(eq(u32, lab_area(0).last_used, 0));
    struct heap_info info;
    marksweep_info(lab.h, &info);
    cr_expect(eq(u32, info.used_bytes, 0));
    cr_expect(eq(u32, marksweep_alloc(lab.h, 16, 0), a));
}

Test(marksweep_areas, control_knows_what_it_does_not_know)
{
    open(QUIRKS_SAFE, 0, 2048, 0);
    cr_expect(eq(u32, marksweep_control(lab.h, 3, 1), HEAP_BAD_PARAMETER));
    cr_expect(eq(u32, marksweep_control(lab.h, 99, 1), HEAP_BAD_PARAMETER));
}

/* ---- Walking ---------------------------------------------------------- */

Test(marksweep_areas, are_walked_object_by_object)
{
    open(QUIRKS_SAFE, 0, 2048, 0);
    addr32 a = marksweep_alloc(lab.h, 100, 0);
    addr32 b = marksweep_alloc(lab.h, 5, HEAP_FINALISER);
    marksweep_add_area(lab.h, SECOND, 2048);
    addr32 c = marksweep_alloc(lab.h, 1900, 0);
    marksweep_free(lab.h, a);

    struct heap_cursor cursor = {0};
    struct heap_object o;
    cr_assert(marksweep_walk(lab.h, &cursor, &o));
    cr_expect(eq(u32, o.address, b));
    cr_expect(eq(u32, o.bytes, 16));
    cr_expect(eq(u32, o.block, 7));
    cr_expect(eq(u32, o.flags, HEAP_FINALISER));
    cr_assert(marksweep_walk(lab.h, &cursor, &o));
    cr_expect(eq(u32, o.address, c));
    cr_expect(eq(u32, o.n_blocks, 119));
    cr_expect(eq(u32, o.area, 1));
    cr_expect(not(marksweep_walk(lab.h, &cursor, &o)));
    cr_expect(not(marksweep_walk(lab.h, &cursor, &o)));

    struct heap_info info;
    marksweep_info(lab.h, &info);
    cr_expect(eq(u32, info.n_objects, 2));
    cr_expect(eq(u32, info.n_one_block, 1));
    cr_expect(eq(u32, info.max_block, 119));
    cr_expect(eq(u32, info.used_bytes, 120 * 16));
    cr_expect(eq(u32, info.used_bytes + info.free_bytes, info.total_bytes));
}

/* ---- The check -------------------------------------------------------- */

/* A heap of two areas with something in both. */
static void open_for_check(void)
{
    open(QUIRKS_SAFE, 0, 2048, 0);
    marksweep_alloc(lab.h, 100, HEAP_FINALISER);
    marksweep_alloc(lab.h, 16, 0);
    marksweep_add_area(lab.h, SECOND, 2048);
    marksweep_alloc(lab.h, 1900, 0);
}

/* What the check says after `*word` became `value`; puts it back. */
static int broken_by(uint32_t *word, uint32_t value)
{
    uint32_t before = *word;
    *word = value;
    int broken = marksweep_check(lab.h, LAB_BASE, LAB_WINDOW);
    *word = before;
    return broken;
}

Test(marksweep_areas, a_broken_control_block_is_named)
{
    open_for_check();
    struct heap *h = lab.h;
    struct marksweep *own = marksweep_of(h);
    cr_expect(eq(int, marksweep_check(h, LAB_BASE, LAB_WINDOW), 0));
    cr_expect(eq(int, marksweep_check(h, LAB_BASE + 16, LAB_WINDOW), 1));
    cr_expect(eq(int, marksweep_check(h, LAB_BASE, 64), 1));
    cr_expect(eq(int, broken_by(&h->manager, 77), 1));
    cr_expect(eq(int, broken_by(&h->heap_bytes, LAB_WINDOW), 1));
    cr_expect(eq(int, broken_by(&h->control_bytes, 16), 1));
    cr_expect(eq(int, broken_by(&h->block_shift, 5), 2));
    cr_expect(eq(int, broken_by(&own->params.mark_stack, 63), 2));
    cr_expect(eq(int, broken_by(&own->params.block, 12), 2));
    cr_expect(eq(int, broken_by(&h->phase, PHASE_SWEEP), 3));
    cr_expect(eq(int, broken_by(&own->mark.has_overflowed, 1), 3));
    cr_expect(eq(int, broken_by(&own->moving, LAB_BASE), 3));
}

Test(marksweep_areas, a_broken_list_or_layout_is_named)
{
    open_for_check();
    struct heap *h = lab.h;
    struct area *a = &h->first;
    struct area *b = area_at(h, a->next);
    cr_expect(eq(int, broken_by(&h->n_areas, 1), 4));
    cr_expect(eq(int, broken_by(&h->n_areas, 3), 4));
    cr_expect(eq(int, broken_by(&a->next, SECOND + 4), 4));
    cr_expect(eq(int, broken_by(&a->next, LAB_BASE - 64), 4));
    cr_expect(eq(int, broken_by(&b->next, SECOND), 4)); /* a ring */
    cr_expect(eq(int, broken_by(&b->number, 2), 4));
    cr_expect(eq(int, broken_by(&a->number, 1), 4));
    cr_expect(eq(int, broken_by(&a->table, a->table + 4), 5));
    cr_expect(eq(int, broken_by(&a->table_bytes, a->table_bytes - 1), 5));
    cr_expect(eq(int, broken_by(&b->table_bytes, UINT32_MAX / 64), 5));
    cr_expect(eq(int, broken_by(&b->pool, b->pool + 8), 5));
    cr_expect(eq(int, broken_by(&b->pool, LAB_BASE + LAB_WINDOW - 16), 5));
    cr_expect(eq(int, broken_by(&h->pool_max, b->pool), 5));
    cr_expect(eq(int, broken_by(&h->pool_min, a->pool + 16), 5));
}

Test(marksweep_areas, overlapping_areas_are_named)
{
    open_for_check();
    /* A third area inside the second one's pool. */
    struct area *b = area_at(lab.h, lab.h->first.next);
    cr_assert(eq(u32, marksweep_add_area(lab.h, b->pool, 1024), HEAP_OK));
    cr_expect(eq(int, marksweep_check(lab.h, LAB_BASE, LAB_WINDOW), 6));
    b->next = 0; /* for the check at the end */
    lab.h->n_areas = 2;
}

Test(marksweep_areas, a_broken_table_is_named)
{
    open_for_check();
    struct heap *h = lab.h;
    struct area *a = &h->first;
    uint32_t *t = area_table(h, a);
    uint32_t far = 4 * a->table_bytes - 1;
    uint32_t tail = t[far / 16] | UINT32_C(2) << 2 * (far % 16);
    uint32_t head = t[far / 16] | UINT32_C(1) << 2 * (far % 16);
    cr_expect(eq(int, broken_by(&t[far / 16], tail), 7));
    cr_expect(eq(int, broken_by(&t[0], t[0] | 2), 7)); /* MARK */
    cr_expect(eq(int, broken_by(&t[0], t[0] ^ 3), 7)); /* first is TAIL */
    cr_expect(eq(int, broken_by(&t[far / 16], head), 9));
    cr_expect(eq(int, broken_by(&a->last_used, 3), 9));
    cr_expect(eq(int, broken_by(&a->last_used, far + 2), 9));

    uint32_t gap = a->table + a->table_bytes;
    uint32_t *word = word_at(h, gap & ~3u);
    cr_expect(eq(int, broken_by(word, *word | 1u << 8 * (gap % 4)), 7));
    word = word_at(h, (gap + 1) & ~3u);
    uint32_t bit = UINT32_C(2) << 8 * ((gap + 1) % 4);
    cr_expect(eq(int, broken_by(word, *word | bit), 8));
}

Test(marksweep_areas, a_hint_past_a_free_block_is_named)
{
    open_for_check();
    struct heap *h = lab.h;
    struct area *a = &h->first;
    struct area *b = area_at(h, a->next);
    cr_expect(eq(int, broken_by(&a->hint, 3), 10));
    cr_expect(eq(int, broken_by(&b->hint, b->table_bytes + 1), 10));
    cr_expect(eq(int, broken_by(&h->search_area, SECOND), 11));
    cr_expect(eq(int, broken_by(&h->search_area, SECOND + 16), 11));
    cr_expect(eq(int, broken_by(&h->search_area, 0), 11));
}

Test(marksweep_areas, the_check_ends_on_any_bytes)
{
    open_for_check();
    uint32_t seed = 0x6b8b4567;
    static uint32_t before[LAB_WINDOW / 4];
    uint32_t *word = (uint32_t *)lab.h;
    memcpy(before, word, LAB_WINDOW);
    uint32_t end = lab.h->control_bytes / 4 + 50;
    for (uint32_t i = 0; i < 30000; i++) {
        uint32_t at[2];
        for (uint32_t k = 0; k < 2; k++) {
            seed = seed * UINT32_C(1664525) + UINT32_C(1013904223);
            at[k] = (seed >> 8) % end;
            uint32_t bit = UINT32_C(1) << (seed >> 3) % 32;
            word[at[k]] = seed & 1 ? word[at[k]] ^ bit : seed;
        }
        int broken = marksweep_check(lab.h, LAB_BASE, LAB_WINDOW);
        cr_expect(ge(int, broken, 0));
        cr_expect(le(int, broken, 11));
        word[at[0]] = before[at[0]];
        word[at[1]] = before[at[1]];
    }
}
