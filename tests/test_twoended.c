/* test_twoended.c - what core/twoended.h promises, one behaviour at a time */
#include "tests/twoended_heap.h"

TestSuite(twoended, .fini = close);

#define SECOND (BASE + UINT32_C(0x8000)) /* where areas are added */

static uint32_t long_start(void)
{
    return twoended_of(h)->first.long_start;
}

static addr32 block(uint32_t b)
{
    return h->first.pool + 16 * b;
}

static uint32_t n_blocks(void)
{
    return area_blocks(&h->first);
}

/* ---- Setting up --------------------------------------------------------- */

Test(twoended, parameters_out_of_range_are_refused)
{
    struct twoended_params good = TWOENDED_DEFAULTS;
    open(1000);
    for (uint32_t i = 0; i < 9; i++) {
        static const uint8_t at[] = {0, 0, 1, 2, 3, 3, 5, 6, 7};
        static const uint16_t value[] = {12, 128, 2, 2, 0, 4097, 2, 2, 2};
        struct twoended_params p = good;
        ((uint32_t *)&p)[at[i]] = value[i];
        cr_expect(eq(u32, twoended_control_bytes(&p), 0), "%u", i);
        cr_expect(
            eq(u32, twoended_init(h, BASE, 1000, &p), HEAP_BAD_PARAMETER));
    }
    cr_expect(
        eq(u32, twoended_init(h, BASE + 8, 1000, &good), HEAP_BAD_ADDRESS));
    cr_expect(
        eq(u32, twoended_init(h, 0xffff0000, 65536, &good), HEAP_BAD_ADDRESS));
    cr_expect(eq(u32, twoended_init(h, BASE, 40, &good), HEAP_TOO_SMALL));
    open(1000);
}

/* ---- Two ends ------------------------------------------------------------ */

Test(twoended, short_lived_from_below_long_lived_from_above)
{
    open(4096);
    uint32_t n = n_blocks();
    cr_expect(eq(u32, alloc(32), block(0)));
    cr_expect(eq(u32, alloc_long(32), block(n - 2)));
    cr_expect(eq(u32, alloc(16), block(2)));
    cr_expect(eq(u32, alloc_long(48), block(n - 5)));
    cr_expect(eq(u32, long_start(), n - 5));
}

Test(twoended, each_takes_the_hole_nearest_to_its_end)
{
    open(4096);
    uint32_t n = n_blocks();
    addr32 a = alloc(48), c = alloc_long(48);
    (void)alloc(16);
    (void)alloc_long(16);
    release(a);
    release(c);
    cr_expect(eq(u32, alloc_long(16), block(n - 1)));
    cr_expect(eq(u32, alloc_long(32), block(n - 3)));
    cr_expect(eq(u32, alloc(16), block(0)));
    cr_expect(eq(u32, alloc(32), block(1)));
    cr_expect(eq(u32, alloc_long(32), block(n - 6)));
}

Test(twoended, what_stays_long_does_not_divide_what_goes_soon)
{
    open(8192);
    for (uint32_t i = 0; i < 40; i++) {
        (void)alloc(112);
        (void)hold(alloc_long(16));
    }
    (void)twoended_collect(h, COLLECT_ORDINARY);
    struct heap_info info = look();
    cr_expect(eq(u32, info.n_objects, 40));
    cr_expect(eq(u32, info.max_free * 16, info.free_bytes));
}

Test(twoended, a_crossing_collects_first)
{
    open(4096);
    uint32_t n = n_blocks();
    (void)hold(alloc_long(16 * (n / 2)));
    for (uint32_t i = 0; i < n - n / 2; i++)
        (void)alloc(16);
    release(hold(alloc_long(16)) == 0 ? block(0) : block(n / 2 - 1));
    cr_expect(eq(u32, h->n_collections, 1), "nothing was free");
    open(4096);
    addr32 l = alloc_long(16 * (n / 2));
    (void)hold(alloc_long(16));
    for (uint32_t i = 0; i < n - n / 2 - 1; i++)
        (void)alloc(16);
    release(l);
    cr_expect(eq(u32, h->n_collections, 0));
    cr_expect(eq(u32, alloc(16), block(0)), "there is room above, but");
    cr_expect(eq(u32, h->n_collections, 1));
    cr_expect(eq(u32, h->last_cause, CAUSE_FULL));
}

Test(twoended, after_that_all_free_space_serves_both)
{
    open(4096);
    uint32_t n = n_blocks();
    addr32 l = alloc_long(16 * (n / 2));
    (void)hold(alloc_long(16));
    for (uint32_t i = 0; i < n - n / 2 - 1; i++)
        (void)hold(alloc(16));
    release(l);
    uint32_t start = long_start();
    addr32 first = 0;
    for (uint32_t i = 0; i < n / 2; i++) {
        addr32 p = hold(alloc(16));
        cr_assert(ne(u32, p, 0));
        first = first == 0 ? p : first;
    }
    cr_expect(eq(u32, first, block(n - n / 2)), "behind the lone long one");
    cr_expect(le(u32, h->n_collections, 7), "not one for each: halves");
    cr_expect(ge(u32, long_start(), start));
    cr_expect(eq(u32, alloc(16), 0));
}

Test(twoended, crossings_collect_when_half_of_what_was_free_is_used)
{
    open(4096);
    uint32_t n = n_blocks();
    for (uint32_t i = 0; i < n / 2; i++)
        (void)hold(alloc(16));
    (void)hold(alloc_long(16));
    for (uint32_t i = 0; i < 10 * n; i++)
        cr_assert(ne(u32, alloc_with(16, i % 3 == 0 ? HEAP_LONG_LIVED : 0), 0));
    /* Half is free: fullness alone would collect every n / 2 blocks. */
    cr_expect(le(u32, h->n_collections, 42));
    cr_expect(ge(u32, h->n_collections, 19));
}

Test(twoended, the_sweep_draws_the_bounds_back)
{
    open(4096);
    uint32_t n = n_blocks();
    (void)alloc(16);
    (void)hold(alloc(16));
    (void)alloc(160);
    (void)alloc_long(16);
    (void)hold(alloc_long(16));
    (void)alloc_long(160);
    (void)twoended_collect(h, COLLECT_ORDINARY);
    cr_expect(eq(u32, long_start(), n - 2));
    cr_expect(eq(u32, alloc(32), block(2)));
    cr_expect(eq(u32, alloc_long(32), block(n - 4)));
}

Test(twoended, automatic_collection_can_be_off)
{
    open(2048);
    (void)twoended_control(h, CONTROL_AUTO, 0);
    uint32_t n = n_blocks();
    (void)alloc_long(16);
    for (uint32_t i = 0; i < n - 1; i++)
        cr_assert(ne(u32, alloc(16), 0));
    cr_expect(eq(u32, alloc(16), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_OFF));
    cr_expect(eq(u32, alloc_long(16), 0));
    cr_expect(eq(u32, h->n_collections, 0));
    (void)twoended_control(h, CONTROL_AUTO, 1);
    cr_expect(eq(u32, alloc_long(16), block(n - 1)));
}

/* ---- Promotion ------------------------------------------------------------
 */

Test(twoended, promote_copies_to_the_long_lived_end)
{
    open(4096);
    uint32_t n = n_blocks();
    addr32 a = hold(alloc(40));
    memset(word(a), 0x5c, 48);
    addr32 b = twoended_promote(h, a);
    cr_assert(eq(int, twoended_check(h, BASE, WINDOW), 0));
    cr_expect(eq(u32, b, block(n - 3)));
    cr_expect(zero(memcmp(word(a), word(b), 48)));
    cr_expect(eq(u32, look().n_objects, 2), "the old one is the collector's");
    roots->word[0] = b;
    (void)twoended_collect(h, COLLECT_ORDINARY);
    cr_expect(eq(u32, look().n_objects, 1));
    cr_expect(eq(u32, twoended_bytes(h, b), 48));
    cr_expect(eq(u32, twoended_promote(h, b), b), "once is enough");
    cr_expect(eq(u32, look().n_objects, 1));
}

Test(twoended, promote_takes_the_finaliser_along)
{
    open(4096);
    addr32 a = alloc_with(16, HEAP_FINALISER);
    addr32 b = twoended_promote(h, a);
    cr_expect(ne(u32, b, a));
    (void)hold(b);
    (void)twoended_collect(h, COLLECT_ORDINARY);
    cr_expect(eq(u32, n_finalised, 0));
    cr_expect(eq(u32, twoended_bytes(h, a), 0));
    roots->n_held = 0;
    (void)twoended_collect(h, COLLECT_ORDINARY);
    cr_expect(eq(u32, n_finalised, 1));
    cr_expect(eq(u32, finalised[0], b));
}

Test(twoended, promote_may_collect_and_keeps_what_it_copies)
{
    open(4096);
    uint32_t n = n_blocks();
    addr32 a = alloc_with(64, HEAP_FINALISER); /* nobody holds it */
    *word(a) = 77;
    for (uint32_t i = 0; i < n - 4; i++)
        (void)alloc(16);
    addr32 b = twoended_promote(h, a);
    cr_assert(eq(int, twoended_check(h, BASE, WINDOW), 0));
    cr_expect(eq(u32, b, block(n - 4)));
    cr_expect(eq(u32, *word(b), 77));
    cr_expect(eq(u32, h->n_collections, 1));
    cr_expect(eq(u32, n_finalised, 0));
}

Test(twoended, promote_that_gains_nothing_leaves_the_object)
{
    open(2048);
    uint32_t n = n_blocks();
    addr32 a = 0;
    addr32 low = hold(alloc(64));
    for (uint32_t i = 0; i < n - 4; i++)
        a = hold(alloc_with(16, HEAP_FINALISER));
    release(low);
    roots->word[0] = 0;
    addr32 b = roots->word[1];
    cr_expect(ne(u32, b, a));
    cr_expect(eq(u32, twoended_promote(h, b), b));
    cr_assert(eq(int, twoended_check(h, BASE, WINDOW), 0));
    cr_expect(eq(u32, look().n_objects, n - 4));
    roots->word[1] = 0;
    (void)twoended_collect(h, COLLECT_ORDINARY);
    cr_expect(eq(u32, n_finalised, 1), "it still has its finaliser");
    cr_expect(eq(u32, finalised[0], b));
}

Test(twoended, promote_is_refused_like_a_request)
{
    open(2048);
    uint32_t n = n_blocks();
    addr32 a = hold(alloc(64));
    for (uint32_t i = 0; i < n - 4; i++)
        (void)hold(alloc(16));
    cr_expect(eq(u32, twoended_promote(h, a), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_FULL));
    (void)twoended_control(h, CONTROL_LOCK, 1);
    cr_expect(eq(u32, twoended_promote(h, a), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_LOCKED));
    cr_expect(eq(u32, look().n_objects, n - 3));
}

/* ---- Resizing --------------------------------------------------------------
 */

Test(twoended, realloc_keeps_an_object_at_its_end)
{
    open(4096);
    uint32_t n = n_blocks();
    addr32 l = alloc_long(32), s = alloc(32);
    (void)alloc(16);
    memset(word(l), 0x11, 32);
    cr_expect(eq(u32, twoended_realloc(h, l, 48, false), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_IN_PLACE));
    addr32 m = twoended_realloc(h, l, 48, true);
    cr_expect(eq(u32, m, block(n - 5)));
    for (uint32_t i = 0; i < 48; i++)
        cr_assert(eq(u8, *byte_at(h, m + i), i < 32 ? 0x11 : 0));
    cr_expect(eq(u32, alloc_long(32), l), "the old place is free");
    cr_expect(eq(u32, twoended_realloc(h, s, 64, true), block(3)));
    cr_expect(eq(u32, twoended_realloc(h, m, 16, false), m));
    cr_expect(eq(u32, alloc_long(32), block(n - 4)), "its tail is free");
    cr_assert(eq(int, twoended_check(h, BASE, WINDOW), 0));
}

Test(twoended, an_object_may_grow_over_the_bound)
{
    open(4096);
    uint32_t n = n_blocks();
    addr32 l = alloc_long(32), s = alloc(16), m = alloc_long(16);
    release(l);
    release(m);
    cr_expect(eq(u32, long_start(), n - 3));
    cr_expect(eq(u32, twoended_realloc(h, s, 16 * n, false), s));
    cr_assert(eq(int, twoended_check(h, BASE, WINDOW), 0));
    cr_expect(eq(u32, long_start(), n - 3));
    cr_expect(eq(u32, look().free_bytes, 0));
}

Test(twoended, realloc_of_null_allocates_and_to_nothing_frees)
{
    open(4096);
    addr32 a = twoended_realloc(h, 0, 50, true);
    cr_assert(ne(u32, a, 0));
    cr_expect(eq(u32, twoended_realloc(h, a, 0, true), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_NONE));
    cr_expect(eq(u32, look().n_objects, 0));
    cr_expect(eq(u32, alloc(0), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_NONE));
    cr_expect(eq(u32, alloc(UINT32_MAX), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_LIMIT));
    a = alloc(16);
    cr_expect(eq(u32, twoended_realloc(h, a, UINT32_MAX, true), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_LIMIT));
    release(0);
    release(BASE);
    cr_expect(eq(u32, look().n_objects, 1));
}

/* ---- Areas ------------------------------------------------------------------
 */

Test(twoended, the_ends_of_several_areas_are_the_first_and_the_last)
{
    open(1024);
    uint32_t n = n_blocks();
    cr_assert(eq(u32, twoended_add_area(h, SECOND, 1024), HEAP_OK));
    cr_assert(eq(int, twoended_check(h, BASE, WINDOW), 0));
    struct area_info second;
    cr_assert(twoended_area_info(h, 1, &second));
    cr_expect(eq(u32, second.table, SECOND + 32));
    cr_expect(eq(u32, alloc(16), block(0)));
    addr32 top = second.pool + 16 * second.n_blocks;
    cr_expect(eq(u32, alloc_long(16), top - 16));
    cr_expect(eq(u32, alloc_long(16 * (second.n_blocks - 1)), second.pool));
    cr_expect(eq(u32, alloc_long(32), block(n - 2)), "not crossing, here");
    cr_expect(eq(u32, h->n_collections, 0));
}

Test(twoended, an_area_that_cannot_be_is_refused)
{
    open(1024);
    cr_expect(eq(u32, twoended_add_area(h, 0, 1000), HEAP_BAD_ADDRESS));
    cr_expect(
        eq(u32, twoended_add_area(h, SECOND + 8, 1000), HEAP_BAD_ADDRESS));
    cr_expect(
        eq(u32, twoended_add_area(h, SECOND, 0xffffff00), HEAP_BAD_ADDRESS));
    cr_expect(eq(u32, twoended_add_area(h, SECOND, 30), HEAP_TOO_SMALL));
    cr_expect(eq(u32, h->n_areas, 1));
}

Test(twoended, empty_areas_go_back_and_a_reset_leaves_one)
{
    struct twoended_params p = TWOENDED_DEFAULTS;
    p.grow = 1;
    open_with(p, 1024, 20000);
    addr32 a = hold(alloc(2000));
    cr_assert(ne(u32, a, 0));
    cr_expect(eq(u32, h->n_grown, 1));
    cr_expect(eq(u32, h->n_areas, 2));
    (void)twoended_collect(h, COLLECT_ORDINARY);
    cr_expect(eq(u32, h->n_areas, 2));
    roots->n_held = 0;
    (void)twoended_collect(h, COLLECT_ORDINARY);
    cr_expect(eq(u32, h->n_areas, 1));
    cr_expect(eq(u32, outer.n_given, 1));
    (void)alloc(2000);
    (void)alloc_with(16, HEAP_FINALISER);
    (void)twoended_control(h, CONTROL_LOCK, 1);
    cr_expect(eq(u32, twoended_control(h, CONTROL_RESET, 0), HEAP_OK));
    cr_assert(eq(int, twoended_check(h, BASE, WINDOW), 0));
    cr_expect(eq(u32, h->n_areas, 1));
    cr_expect(eq(u32, n_finalised, 1));
    cr_expect(eq(u32, look().n_objects, 0));
    cr_expect(
        eq(u32, twoended_control(h, CONTROL_LOCK, 0), HEAP_BAD_PARAMETER));
    cr_expect(eq(u32, twoended_control(h, 3, 0), HEAP_BAD_PARAMETER));
}

/* ---- The check --------------------------------------------------------------
 */

static void break_word(uint32_t *at, uint32_t value, int number)
{
    uint32_t before = *at;
    *at = value;
    cr_expect(eq(int, twoended_check(h, BASE, WINDOW), number));
    *at = before;
    cr_assert(eq(int, twoended_check(h, BASE, WINDOW), 0));
}

static void break_byte(addr32 at, uint8_t value, int number)
{
    uint8_t before = *byte_at(h, at);
    *byte_at(h, at) = value;
    cr_expect(eq(int, twoended_check(h, BASE, WINDOW), number));
    *byte_at(h, at) = before;
    cr_assert(eq(int, twoended_check(h, BASE, WINDOW), 0));
}

static void open_varied(void)
{
    open(4096);
    cr_assert(eq(u32, twoended_add_area(h, SECOND, 2000), HEAP_OK));
    for (uint32_t i = 0; i < 9; i++)
        (void)alloc(16);
    (void)alloc(64);
    (void)alloc_long(16);
    (void)alloc_with(96, HEAP_LONG_LIVED | HEAP_FINALISER);
}

Test(twoended, check_names_a_broken_control_block)
{
    open_varied();
    struct twoended *own = twoended_of(h);
    break_word(&h->base, BASE + 16, 1);
    break_word(&h->manager, MANAGER_marksweep, 1);
    break_word(&h->control_bytes, 100, 1);
    break_word(&h->control_bytes, WINDOW + 16, 1);
    break_word(&h->heap_bytes, WINDOW, 1);
    break_word(&own->params.block, 24, 2);
    break_word(&own->params.mark_stack, 0, 2);
    break_word(&own->params.mark_stack, 63, 2);
    break_word(&own->mark.stack, BASE, 2);
    break_word(&own->mark.cap, 1, 2);
    break_word(&h->block_shift, 77, 2);
    break_word(&h->has_finalisers, 0, 2);
    break_word(&h->is_auto, 2, 2);
    break_word(&h->phase, PHASE_MARK, 3);
    break_word(&own->mark.has_overflowed, 1, 3);
    break_word(&own->moving, block(0), 3);
    cr_expect(eq(int, twoended_check(h, BASE, 150), 1));
    cr_expect(eq(int, twoended_check(h, BASE + 16, WINDOW), 1));
}

Test(twoended, check_names_broken_areas_tables_and_bounds)
{
    open_varied();
    struct twoended *own = twoended_of(h);
    struct area *a = &h->first;
    uint32_t n = n_blocks();
    break_word(&h->n_areas, 1, 4);
    break_word(&a->next, BASE + WINDOW, 4);
    break_word(&a->table_bytes, a->table_bytes - 1, 5);
    break_word(&a->pool, a->pool + 16, 5);
    break_byte(a->table + 20, 0x02, 7);
    break_byte(a->table + a->table_bytes + 1, 0x80, 0);
    break_byte(a->table + a->table_bytes + 2, 0x80, 8);
    break_word(&a->last_used, n - 1, 9);
    break_word(&a->last_used, n + 1, 9);
    break_word(&a->hint, 5, 10);
    break_word(&h->search_area, a->next, 11);
    break_word(&h->search_area, 0, 11);
    break_word(&own->high_area, 2, 12);
    break_word(&own->high_area, 0, 12);
    break_word(&own->high, 500, 12);
    break_word(&own->high, 4, 12);
    break_word(&own->first.long_start, n + 1, 13);
    break_word(&own->used_blocks, own->used_blocks + 1, 14);
    break_word(&own->free_after, 2 * n, 14);
}

Test(twoended, check_ends_on_any_bytes)
{
    open_varied();
    uint8_t *whole = malloc(WINDOW);
    memcpy(whole, h, WINDOW);
    uint32_t random = 1;
    for (uint32_t i = 0; i < 3000; i++) {
        for (uint32_t n = 0; n < 1 + i % 4; n++) {
            random = random * 1664525 + 1013904223;
            uint32_t at = (random >> 8) % 0x100;
            at += random & 4 ? (SECOND - BASE) / 4 : 0;
            uint32_t *w = (uint32_t *)(void *)h + at;
            *w = i % 3 == 0   ? random
                 : i % 3 == 1 ? *w ^ 1u << random % 32
                              : BASE + random % WINDOW;
        }
        int broken = twoended_check(h, BASE, WINDOW);
        cr_assert(broken >= 0 && broken <= 14);
        memcpy(h, whole, WINDOW);
    }
    free(whole);
}
