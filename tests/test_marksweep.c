/*
 * test_marksweep.c - the rules of marksweep, one by one; random sequences
 * against a model are in test_marksweep_model.c
 */
#include "tests/lab.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

LAB_OUTWARD_CALLS

static void open(uint32_t heap_bytes)
{
    const struct marksweep_params p = MARKSWEEP_DEFAULTS;
    lab_open(&p, heap_bytes, 0);
}

TestSuite(marksweep, .fini = lab_close);

static uint32_t hint(void)
{
    return lab_area(0).hint;
}

static uint32_t block_of(addr32 object)
{
    return lab_block(object, NULL);
}

/* Fill the heap with objects of one block; their number. */
static uint32_t fill(addr32 *object, uint32_t cap)
{
    uint32_t n = 0;
    marksweep_control(lab.h, CONTROL_AUTO, 0);
    while (n < cap && (object[n] = marksweep_alloc(lab.h, 16, 0)) != 0)
        n++;
    marksweep_control(lab.h, CONTROL_AUTO, 1);
    return n;
}

/* ---- Layout ----------------------------------------------------------- */

Test(marksweep, lays_out_the_heap_as_recorded)
{
    static const uint32_t recorded[][4] = {
        /* bytes, table bytes, blocks, pool offset */
        {20480, 312, 1248, 512}, {16384, 250, 1000, 384},
        {12288, 187, 748, 320},  {65536, 1000, 4000, 1536},
        {40960, 625, 2500, 960}, {24576, 375, 1500, 576},
    };
    for (uint32_t i = 0; i < sizeof recorded / sizeof *recorded; i++) {
        open(recorded[i][0]);
        struct area_info a = lab_area(0);
        cr_expect(eq(u32, a.start, LAB_BASE + lab.h->control_bytes));
        cr_expect(eq(u32, a.table_bytes, recorded[i][1]));
        cr_expect(eq(u32, a.n_blocks, recorded[i][2]));
        cr_expect(eq(u32, a.pool - a.start, recorded[i][3]));
        lab_close();
    }
}

Test(marksweep, fits_as_many_objects_into_128_KiB_as_the_table_says)
{
    static addr32 object[9000];
    open(128 * 1024);
    cr_expect(eq(u32, fill(object, 9000), 8004));
    struct heap_info info;
    marksweep_info(lab.h, &info);
    cr_expect(eq(u32, info.used_bytes, 8004 * 16));
    cr_expect(eq(u32, info.free_bytes, 0));
    cr_expect(eq(u32, info.n_one_block, 8004));
}

Test(marksweep, leaves_holes_between_structs_when_arrays_are_freed)
{
    static addr32 array[1000];
    open(128 * 1024);
    for (uint32_t i = 0; i < 1000; i++) {
        array[i] = marksweep_alloc(lab.h, 100, 0);
        cr_assert(ne(u32, marksweep_alloc(lab.h, 5, 0), 0));
    }
    for (uint32_t i = 0; i < 1000; i++)
        marksweep_free(lab.h, array[i]);

    struct heap_info info;
    marksweep_info(lab.h, &info);
    cr_expect(eq(u32, info.free_bytes, 112064));
    cr_expect(eq(u32, info.max_free, 7));
    marksweep_control(lab.h, CONTROL_AUTO, 0);
    cr_expect(eq(u32, marksweep_alloc(lab.h, 113, 0), 0));
    cr_expect(eq(u32, marksweep_alloc(lab.h, 100, 0), array[0]));
}

Test(marksweep, refuses_parameters_out_of_their_ranges)
{
    static _Alignas(64) uint8_t window[8192];
    struct heap *h = (struct heap *)window;
    const struct marksweep_params fine = MARKSWEEP_DEFAULTS;
    struct marksweep_params p[8];
    for (uint32_t i = 0; i < 8; i++)
        p[i] = fine;
    p[0].block = 24;
    p[1].mark_stack = 0;
    p[2].mark_stack = MARKSWEEP_MARK_STACK_MAX + 1;
    p[3].area_struct = 24;
    p[4].area_struct = 30;
    p[5].quirks = 2;
    p[6].area_struct = 0;
    p[6].grow = 1;
    p[7].growth_rule = 2;
    for (uint32_t i = 0; i < 8; i++) {
        cr_expect(eq(u32, marksweep_control_bytes(&p[i]), 0));
        cr_expect(eq(u32, marksweep_init(h, LAB_BASE, 4096, &p[i]),
                     HEAP_BAD_PARAMETER));
    }
    cr_expect(eq(u32, marksweep_init(h, LAB_BASE + 8, 4096, &fine),
                 HEAP_BAD_ADDRESS));
    cr_expect(eq(u32, marksweep_init(h, UINT32_MAX - 4095, 8192, &fine),
                 HEAP_BAD_ADDRESS));
    cr_expect(eq(u32, marksweep_init(h, LAB_BASE, 0, &fine), HEAP_TOO_SMALL));
    cr_expect(eq(u32, marksweep_init(h, LAB_BASE, 66, &fine), HEAP_TOO_SMALL));
    cr_expect(eq(u32, marksweep_init(h, LAB_BASE, 80, &fine), HEAP_OK));
}

/* ---- Placement -------------------------------------------------------- */

Test(marksweep, moves_its_hint_forward_for_one_block_only)
{
    open(4096);
    marksweep_alloc(lab.h, 100, 0);
    cr_expect(eq(u32, hint(), 0));
    cr_expect(eq(u32, block_of(marksweep_alloc(lab.h, 1, 0)), 7));
    cr_expect(eq(u32, hint(), 2));
}

Test(marksweep, overlooks_free_blocks_just_before_the_hint)
{
    open(4096);
    addr32 a[8];
    for (uint32_t i = 0; i < 8; i++)
        a[i] = marksweep_alloc(lab.h, 16, 0);
    marksweep_free(lab.h, a[6]);
    marksweep_free(lab.h, a[7]);
    /* The hint is at block 4 now; it goes to 8 with block 7. */
    cr_expect(eq(u32, marksweep_alloc(lab.h, 16, 0), a[6]));
    cr_expect(eq(u32, marksweep_alloc(lab.h, 16, 0), a[7]));
    marksweep_free(lab.h, a[5]);
    cr_expect(eq(u32, hint(), 1));
    cr_expect(eq(u32, marksweep_alloc(lab.h, 16, 0), a[5]));
    cr_expect(eq(u32, hint(), 1)); /* (5 + 1) / 4: blocks 6, 7 are full   */
}

Test(marksweep, sets_its_hint_back_on_free_and_shrink)
{
    open(4096);
    addr32 a = marksweep_alloc(lab.h, 160, 0);
    for (uint32_t i = 0; i < 30; i++)
        marksweep_alloc(lab.h, 16, 0);
    cr_expect(eq(u32, hint(), 10));
    cr_expect(eq(u32, marksweep_realloc(lab.h, a, 80, false), a));
    cr_expect(eq(u32, hint(), 1));
    marksweep_free(lab.h, a);
    cr_expect(eq(u32, hint(), 0));
}

Test(marksweep, answers_null_to_nothing_and_to_too_much)
{
    open(4096);
    cr_expect(eq(u32, marksweep_alloc(lab.h, 0, 0), 0));
    cr_expect(eq(u32, lab.h->refusal, REFUSAL_NONE));
    cr_expect(eq(u32, marksweep_alloc(lab.h, UINT32_MAX, 0), 0));
    cr_expect(eq(u32, lab.h->refusal, REFUSAL_LIMIT));
    cr_expect(eq(u32, lab.h->n_collections, 0));
    cr_expect(eq(u32, marksweep_alloc(lab.h, 1 << 30, 0), 0));
    cr_expect(eq(u32, lab.h->refusal, REFUSAL_FULL));
    cr_expect(eq(u32, lab.h->n_collections, 1));
}

/* ---- Contents --------------------------------------------------------- */

/* Are the n bytes at `p` all `value`? */
static bool are_all(addr32 p, uint32_t n, uint8_t value)
{
    const uint8_t *byte = byte_at(lab.h, p);
    for (uint32_t i = 0; i < n; i++) {
        if (byte[i] != value)
            return false;
    }
    return true;
}

Test(marksweep, zeroes_whole_objects_and_the_blocks_they_grow_by)
{
    open(4096);
    addr32 a = marksweep_alloc(lab.h, 20, 0);
    cr_expect(are_all(a, 32, 0));
    memset(byte_at(lab.h, a), 7, 32);
    cr_expect(eq(u32, marksweep_realloc(lab.h, a, 50, false), a));
    cr_expect(are_all(a, 32, 7));
    cr_expect(are_all(a + 32, 32, 0));
}

Test(marksweep, zeroes_only_what_lies_behind_the_request_when_told_so)
{
    struct marksweep_params p = MARKSWEEP_DEFAULTS;
    p.zero = 0;
    lab_open(&p, 4096, 0); /* its window is full of 0xa5 */
    addr32 a = marksweep_alloc(lab.h, 20, 0);
    cr_expect(are_all(a, 20, 0xa5));
    cr_expect(are_all(a + 20, 12, 0));
    addr32 b = marksweep_alloc(lab.h, 30, HEAP_FINALISER);
    cr_expect(are_all(b, 4, 0));
    cr_expect(are_all(b + 4, 26, 0xa5));
    marksweep_free(lab.h, b);
    cr_expect(eq(u32, marksweep_realloc(lab.h, a, 40, false), a));
    cr_expect(are_all(a + 20, 12, 0));
    cr_expect(are_all(a + 40, 8, 0));
    cr_expect(are_all(a + 36, 4, 0xa5));
}

Test(marksweep, takes_contents_along_when_it_moves_an_object)
{
    open(4096);
    addr32 a = marksweep_alloc(lab.h, 32, HEAP_FINALISER);
    marksweep_alloc(lab.h, 16, 0);
    memset(byte_at(lab.h, a), 9, 32);
    addr32 b = marksweep_realloc(lab.h, a, 100, true);
    cr_expect(ne(u32, b, a));
    cr_expect(are_all(b, 32, 9));
    cr_expect(are_all(b + 32, 80, 0));
    cr_expect(eq(u32, marksweep_bytes(lab.h, a), 0));
    cr_expect(eq(u32, marksweep_bytes(lab.h, b), 112));
}

/* ---- Reallocation ----------------------------------------------------- */

Test(marksweep, decides_growth_in_place_before_any_collection)
{
    open(4096);
    addr32 a = marksweep_alloc(lab.h, 16, 0);
    marksweep_alloc(lab.h, 16, 0); /* garbage behind it */
    lab_root(&a, 1);
    cr_expect(eq(u32, marksweep_realloc(lab.h, a, 32, false), 0));
    cr_expect(eq(u32, lab.h->refusal, REFUSAL_IN_PLACE));
    cr_expect(eq(u32, lab.h->n_collections, 0));
    addr32 b = marksweep_realloc(lab.h, a, 3500, true);
    cr_expect(ne(u32, b, 0));
    cr_expect(ne(u32, b, a));
}

Test(marksweep, keeps_the_object_when_a_move_is_refused)
{
    open(4096);
    addr32 a = marksweep_alloc(lab.h, 16, 0);
    marksweep_alloc(lab.h, 16, 0);
    memset(byte_at(lab.h, a), 3, 16);
    /* It is no root: the manager itself keeps it through the collection. */
    cr_expect(eq(u32, marksweep_realloc(lab.h, a, 100000, true), 0));
    cr_expect(eq(u32, lab.h->refusal, REFUSAL_FULL));
    cr_expect(eq(u32, lab.h->n_collections, 1));
    cr_expect(eq(u32, marksweep_bytes(lab.h, a), 16));
    cr_expect(are_all(a, 16, 3));
}

Test(marksweep, counts_one_block_too_many_as_used_after_growth_in_place)
{
    open(4096);
    addr32 a = marksweep_alloc(lab.h, 16, 0);
    cr_expect(eq(u32, lab_area(0).last_used, 0));
    marksweep_realloc(lab.h, a, 48, false);
    cr_expect(eq(u32, lab_area(0).last_used, 3));
    uint32_t n_blocks = lab_area(0).n_blocks;
    marksweep_realloc(lab.h, a, 16 * n_blocks, false);
    cr_expect(eq(u32, lab_area(0).last_used, n_blocks));
    lab_root(&a, 1);
    marksweep_collect(lab.h, COLLECT_ORDINARY);
    cr_expect(eq(u32, lab_area(0).last_used, n_blocks - 1));
}

Test(marksweep, allocates_for_no_object_and_frees_for_no_bytes)
{
    open(4096);
    addr32 a = marksweep_realloc(lab.h, 0, 40, true);
    cr_expect(eq(u32, marksweep_bytes(lab.h, a), 48));
    cr_expect(eq(u32, marksweep_realloc(lab.h, a, 0, true), 0));
    cr_expect(eq(u32, lab.h->refusal, REFUSAL_NONE));
    cr_expect(eq(u32, marksweep_bytes(lab.h, a), 0));
}

/* ---- When it collects ------------------------------------------------- */

Test(marksweep, collects_once_when_nothing_fits)
{
    static addr32 a[300];
    open(4096);
    uint32_t n = fill(a, 300);
    lab_root(a, n / 2);
    cr_expect(eq(u32, marksweep_alloc(lab.h, 16, 0), a[n / 2]));
    cr_expect(eq(u32, lab.h->n_collections, 1));
    cr_expect(eq(u32, lab.h->last_cause, CAUSE_FULL));
    cr_expect(eq(u32, lab.h->last_freed_objects, n - n / 2));
    cr_expect(eq(u32, marksweep_alloc(lab.h, 4000, 0), 0));
    cr_expect(eq(u32, lab.h->n_collections, 2));
}

Test(marksweep, does_not_collect_when_that_is_off)
{
    static addr32 a[300];
    open(4096);
    fill(a, 300);
    marksweep_control(lab.h, CONTROL_AUTO, 0);
    cr_expect(eq(u32, marksweep_alloc(lab.h, 16, 0), 0));
    cr_expect(eq(u32, lab.h->refusal, REFUSAL_OFF));
    cr_expect(eq(u32, lab.h->n_collections, 0));
}

Test(marksweep, collects_before_the_search_when_the_threshold_is_reached)
{
    open(4096);
    marksweep_control(lab.h, CONTROL_THRESHOLD, 10 * 16);
    addr32 a = marksweep_alloc(lab.h, 9 * 16, 0);
    lab_root(&a, 1);
    marksweep_realloc(lab.h, a, 12 * 16, false); /* in place: not counted */
    cr_expect(eq(u32, lab.h->given_blocks, 9));
    addr32 b = marksweep_alloc(lab.h, 16, 0);
    cr_expect(eq(u32, lab.h->n_collections, 0));
    cr_expect(eq(u32, marksweep_alloc(lab.h, 16, 0), b)); /* b was garbage */
    cr_expect(eq(u32, lab.h->n_collections, 1));
    cr_expect(eq(u32, lab.h->last_cause, CAUSE_THRESHOLD));
    cr_expect(eq(u32, lab.h->given_blocks, 1));

    marksweep_control(lab.h, CONTROL_THRESHOLD, HEAP_NO_THRESHOLD);
    marksweep_alloc(lab.h, 1600, 0);
    marksweep_alloc(lab.h, 16, 0);
    cr_expect(eq(u32, lab.h->n_collections, 1));
}

Test(marksweep, gives_and_frees_nothing_while_locked)
{
    open(4096);
    addr32 a = marksweep_alloc(lab.h, 16, 0);
    marksweep_control(lab.h, CONTROL_LOCK, 1);
    marksweep_control(lab.h, CONTROL_LOCK, 1);
    marksweep_control(lab.h, CONTROL_LOCK, 0);
    cr_expect(eq(u32, marksweep_alloc(lab.h, 16, 0), 0));
    cr_expect(eq(u32, lab.h->refusal, REFUSAL_LOCKED));
    cr_expect(eq(u32, marksweep_realloc(lab.h, a, 32, true), 0));
    cr_expect(eq(u32, lab.h->refusal, REFUSAL_LOCKED));
    marksweep_free(lab.h, a);
    cr_expect(eq(u32, marksweep_bytes(lab.h, a), 16));
    marksweep_control(lab.h, CONTROL_LOCK, 0);
    marksweep_free(lab.h, a);
    cr_expect(eq(u32, marksweep_bytes(lab.h, a), 0));
    cr_expect(
        eq(u32, marksweep_control(lab.h, CONTROL_LOCK, 0), HEAP_BAD_PARAMETER));
}

Test(marksweep, takes_roots_from_the_table_but_not_from_the_pinned)
{
    open(4096);
    addr32 a[3];
    for (uint32_t i = 0; i < 3; i++)
        lab.roots->word[i] = a[i] = marksweep_alloc(lab.h, 16, 0);
    lab.roots->n_precise = lab.roots->n_held = lab.roots->n_pinned = 1;
    cr_expect(eq(u32, marksweep_collect(lab.h, COLLECT_ORDINARY), 16));
    cr_expect(eq(u32, marksweep_bytes(lab.h, a[0]), 16));
    cr_expect(eq(u32, marksweep_bytes(lab.h, a[1]), 16));
    cr_expect(eq(u32, marksweep_bytes(lab.h, a[2]), 0));
}

Test(marksweep, collects_in_three_parts_for_a_program_with_its_own_roots)
{
    open(4096);
    addr32 a = marksweep_alloc(lab.h, 16, 0);
    marksweep_alloc(lab.h, 16, 0);
    marksweep_collect_begin(lab.h, CAUSE_ASKED);
    marksweep_collect_root(lab.h, a);
    marksweep_collect_root(lab.h, 12345);
    marksweep_collect_end(lab.h);
    cr_expect(eq(u32, lab.h->last_freed_objects, 1));
    cr_expect(eq(u32, lab.n_collections_seen, 0));
}

/* ---- Finalisers ------------------------------------------------------- */

Test(marksweep, runs_finalisers_in_address_order_before_it_sweeps)
{
    open(4096);
    addr32 a = marksweep_alloc(lab.h, 16, HEAP_FINALISER);
    addr32 b = marksweep_alloc(lab.h, 48, HEAP_FINALISER);
    addr32 c = marksweep_alloc(lab.h, 16, HEAP_FINALISER);
    addr32 d = marksweep_alloc(lab.h, 16, HEAP_FINALISER);
    lab_root(&b, 1);
    marksweep_free(lab.h, c); /* an explicit free runs none */
    marksweep_collect(lab.h, COLLECT_ORDINARY);
    cr_expect(eq(u32, lab.n_finalised, 2));
    cr_expect(eq(u32, lab.finalised[0], a));
    cr_expect(eq(u32, lab.finalised[1], d));

    marksweep_collect(lab.h, COLLECT_EVERYTHING);
    cr_expect(eq(u32, lab.n_finalised, 3));
    cr_expect(eq(u32, lab.finalised[2], b));
}

Test(marksweep, keeps_a_finaliser_over_a_move)
{
    open(4096);
    addr32 a = marksweep_alloc(lab.h, 16, HEAP_FINALISER);
    marksweep_alloc(lab.h, 16, 0);
    addr32 b = marksweep_realloc(lab.h, a, 64, true);
    marksweep_alloc(lab.h, 16, 0); /* where a was: has none */
    marksweep_collect(lab.h, COLLECT_EVERYTHING);
    cr_expect(eq(u32, lab.n_finalised, 1));
    cr_expect(eq(u32, lab.finalised[0], b));
}

static addr32 victim;

static void free_the_victim(addr32 object)
{
    (void)object;
    marksweep_free(lab.h, victim);
    cr_expect(eq(u32, marksweep_alloc(lab.h, 16, 0), 0));
    cr_expect(eq(u32, lab.h->refusal, REFUSAL_LOCKED));
    cr_expect(eq(u32, marksweep_collect(lab.h, COLLECT_ORDINARY), 0));
    cr_expect(eq(u32, marksweep_control(lab.h, CONTROL_RESET, 0), HEAP_BUSY));
}

Test(marksweep, lets_finalisers_free_but_not_allocate)
{
    open(4096);
    marksweep_alloc(lab.h, 16, HEAP_FINALISER);
    victim = marksweep_alloc(lab.h, 32, HEAP_FINALISER);
    lab.on_finalise = free_the_victim;
    marksweep_collect(lab.h, COLLECT_ORDINARY);
    cr_expect(eq(u32, lab.n_finalised, 1));
    cr_expect(eq(u32, lab.h->last_freed_objects, 1));
    cr_expect(eq(u32, lab.h->n_collections, 1));
}

Test(marksweep, finds_a_finaliser_in_the_last_block_after_growth_to_the_end)
{
    open(4096);
    uint32_t n_blocks = lab_area(0).n_blocks;
    addr32 a = marksweep_alloc(lab.h, 16 * (n_blocks - 2), 0);
    addr32 b = marksweep_alloc(lab.h, 16, HEAP_FINALISER);
    marksweep_realloc(lab.h, b, 32, false);
    cr_expect(eq(u32, lab_area(0).last_used, n_blocks));
    lab_root(&a, 1);
    marksweep_collect(lab.h, COLLECT_ORDINARY);
    cr_expect(eq(u32, lab.n_finalised, 1));
    cr_expect(eq(u32, lab.finalised[0], b));
}
