/* test_semispace.c - what core/semispace.h promises, one behaviour at a time */
#include "tests/semispace_heap.h"

TestSuite(semispace, .fini = close);

/* ---- Setting up --------------------------------------------------------- */

Test(semispace, parameters_out_of_range_are_refused)
{
    static const struct semispace_params wrong[] = {
        {12, 1, 0, 1}, {128, 1, 0, 1}, {16, 2, 0, 1}, {16, 1, 0, 2}};
    open(1000);
    for (uint32_t i = 0; i < 4; i++) {
        cr_expect(eq(u32, semispace_control_bytes(&wrong[i]), 0));
        cr_expect(eq(u32, semispace_init(h, BASE, 1000, &wrong[i]),
                     HEAP_BAD_PARAMETER));
    }
    struct semispace_params p = SEMISPACE_DEFAULTS;
    cr_expect(eq(u32, semispace_init(h, BASE + 8, 1000, &p), HEAP_BAD_ADDRESS));
    cr_expect(
        eq(u32, semispace_init(h, 0xffff0000, 65536, &p), HEAP_BAD_ADDRESS));
    cr_expect(eq(u32, semispace_init(h, BASE, 40, &p), HEAP_TOO_SMALL));
    open(1000);
}

Test(semispace, the_smallest_heap_holds_two_blocks_a_half)
{
    open(80);
    cr_expect(eq(u32, look().free_bytes, 32));
    addr32 a = alloc(32);
    cr_assert(ne(u32, a, 0));
    *word(a) = 7;
    uint32_t i = hold(a);
    cr_expect(eq(u32, alloc(1), 0));
    cr_expect(ne(u32, roots->word[i], a));
    cr_expect(eq(u32, *word(roots->word[i]), 7));
    roots->n_held = 0;
    cr_expect(ne(u32, alloc(16), 0));
}

Test(semispace, half_of_the_heap_serves)
{
    open(10000);
    uint32_t half = look().free_bytes;
    cr_expect(eq(u32, half, 4896)); /* 612 blocks, 153 bytes of table */
    cr_expect(eq(u32, alloc(half + 1), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_FULL));
    cr_expect(eq(u32, h->n_collections, 0), "it would be in vain");
    cr_expect(ne(u32, alloc(half), 0));
    cr_expect(ne(u32, alloc(half), 0));
    cr_expect(eq(u32, h->n_collections, 1));
}

/* ---- Copying ------------------------------------------------------------- */

Test(semispace, copies_breadth_first_in_the_order_of_the_roots)
{
    open(4096);
    addr32 p[7];
    for (uint32_t i = 0; i < 7; i++) {
        p[i] = alloc(32);
        *word(p[i] + 28) = 100 + i;
    }
    /* 0 -> 3, 4; 1 -> 5; 3 -> 6; 2 is garbage */
    *word(p[0]) = p[3];
    *word(p[0] + 4) = p[4];
    *word(p[1]) = p[5];
    *word(p[3]) = p[6];
    roots->n_precise = 1;
    roots->word[0] = p[1];
    (void)hold(p[0]);
    cr_expect(eq(u32, semispace_collect(h, COLLECT_ORDINARY), 32));
    static const uint32_t order[] = {1, 0, 5, 3, 4, 6};
    addr32 start = semispace_of(h)->start;
    for (uint32_t i = 0; i < 6; i++)
        cr_expect(eq(u32, *word(start + 32 * i + 28), 100 + order[i]));
    cr_expect(eq(u32, roots->word[0], start));
    cr_expect(eq(u32, roots->word[1], start + 32));
    cr_expect(eq(u32, *word(start + 32 + 4), start + 4 * 32));
    cr_expect(eq(u32, h->last_freed_objects, 1));
    cr_expect(eq(u32, h->last_freed_blocks, 2));
    cr_expect(eq(u32, h->last_cause, CAUSE_ASKED));
}

Test(semispace, rings_and_shared_objects_are_copied_once)
{
    open(4096);
    addr32 a = alloc(16), b = alloc(16);
    *word(a) = b;
    *word(a + 4) = a;
    *word(b) = a;
    (void)hold(a);
    (void)hold(b);
    (void)hold(a);
    for (uint32_t i = 0; i < 5; i++) {
        (void)semispace_collect(h, COLLECT_ORDINARY);
        a = roots->word[0];
        b = roots->word[1];
        cr_expect(eq(u32, look().n_objects, 2));
        cr_expect(eq(u32, roots->word[2], a));
        cr_expect(eq(u32, *word(a), b));
        cr_expect(eq(u32, *word(a + 4), a));
        cr_expect(eq(u32, *word(b), a));
    }
}

Test(semispace, what_names_no_object_stays_as_it_is)
{
    open(4096);
    addr32 a = alloc(64);
    addr32 free = semispace_of(h)->frontier;
    uint32_t odd[] = {a + 16, a + 4, a + 1, free, 0, BASE, UINT32_MAX};
    for (uint32_t i = 0; i < 7; i++) {
        *word(a + 4 * i) = odd[i];
        (void)hold(odd[i]);
    }
    uint32_t at = hold(a);
    (void)semispace_collect(h, COLLECT_ORDINARY);
    cr_expect(ne(u32, roots->word[at], a));
    for (uint32_t i = 0; i < 7; i++) {
        cr_expect(eq(u32, roots->word[i], odd[i]));
        cr_expect(eq(u32, *word(roots->word[at] + 4 * i), odd[i]));
    }
    cr_expect(eq(u32, look().n_objects, 1));
}

Test(semispace, leaves_lie_at_the_other_end_and_are_never_read)
{
    open(4096);
    addr32 a = alloc(16), l = leaf(40), m = leaf(16);
    struct semispace *own = semispace_of(h);
    cr_expect(eq(u32, l, own->end - 48));
    cr_expect(eq(u32, m, own->end - 64));
    *word(l) = a; /* a number, whatever it looks like */
    *word(a) = l;
    (void)hold(a);
    (void)semispace_collect(h, COLLECT_ORDINARY);
    a = roots->word[0];
    cr_expect(eq(u32, *word(a), own->end - 48));
    cr_expect(ne(u32, *word(own->end - 48), a));
    cr_expect(eq(u32, look().n_objects, 2));
    cr_expect(eq(u32, own->top, own->end - 48));
}

Test(semispace, a_long_list_needs_no_stack)
{
    open(60000);
    addr32 before = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        addr32 p = alloc(16);
        *word(p) = before;
        before = p;
    }
    (void)hold(before);
    (void)semispace_collect(h, COLLECT_ORDINARY);
    cr_expect(eq(u32, look().n_objects, 1000));
    uint32_t n = 0;
    for (addr32 p = roots->word[0]; p != 0; p = *word(p))
        n++;
    cr_expect(eq(u32, n, 1000));
}

Test(semispace, free_memory_is_one_piece_after_every_collection)
{
    open(20000);
    for (uint32_t i = 0; i < 200; i++) {
        addr32 p = alloc(16 + i % 48);
        if (i % 7 == 0)
            (void)hold(p);
    }
    (void)semispace_collect(h, COLLECT_ORDINARY);
    struct heap_info info = look();
    cr_expect(eq(u32, info.max_free * 16, info.free_bytes));
    cr_expect(ne(u32, alloc(info.free_bytes), 0));
}

/* ---- When collections run --------------------------------------------------
 */

Test(semispace, a_full_half_collects_unless_that_is_off)
{
    open(2048);
    uint32_t half = look().free_bytes;
    (void)alloc(half);
    (void)semispace_control(h, CONTROL_AUTO, 0);
    cr_expect(eq(u32, alloc(16), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_OFF));
    (void)semispace_control(h, CONTROL_AUTO, 1);
    cr_expect(ne(u32, alloc(16), 0));
    cr_expect(eq(u32, h->last_cause, CAUSE_FULL));
}

Test(semispace, a_threshold_collects_first)
{
    open(4096);
    (void)semispace_control(h, CONTROL_THRESHOLD, 64);
    for (uint32_t i = 0; i < 4; i++)
        (void)alloc(16);
    cr_expect(eq(u32, h->n_collections, 0));
    (void)alloc(16);
    cr_expect(eq(u32, h->n_collections, 1));
    cr_expect(eq(u32, h->last_cause, CAUSE_THRESHOLD));
    cr_expect(eq(u32, look().n_objects, 1));
}

Test(semispace, a_locked_heap_gives_nothing_and_takes_nothing)
{
    open(4096);
    addr32 a = alloc(16);
    (void)semispace_control(h, CONTROL_LOCK, 1);
    cr_expect(eq(u32, alloc(16), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_LOCKED));
    cr_expect(eq(u32, semispace_realloc(h, a, 100, true), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_LOCKED));
    semispace_free(h, a);
    cr_expect(eq(u32, look().n_objects, 1));
    cr_expect(eq(u32, semispace_control(h, CONTROL_LOCK, 0), HEAP_OK));
    cr_expect(
        eq(u32, semispace_control(h, CONTROL_LOCK, 0), HEAP_BAD_PARAMETER));
    cr_expect(eq(u32, semispace_control(h, 3, 0), HEAP_BAD_PARAMETER));
    cr_expect(ne(u32, alloc(16), 0));
}

Test(semispace, a_collection_of_everything_and_a_reset_leave_nothing)
{
    open(4096);
    uint32_t half = look().free_bytes;
    (void)hold(alloc(100));
    (void)leaf(100);
    cr_expect(eq(u32, semispace_collect(h, COLLECT_EVERYTHING), 224));
    cr_expect(eq(u32, look().free_bytes, half));
    roots->n_held = 0;
    (void)hold(alloc(100));
    (void)semispace_collect(h, COLLECT_ORDINARY);
    (void)semispace_control(h, CONTROL_LOCK, 1);
    cr_expect(eq(u32, semispace_control(h, CONTROL_RESET, 0), HEAP_OK));
    cr_expect(eq(u32, look().free_bytes, half));
    cr_expect(eq(u32, semispace_of(h)->start, h->first.pool));
    cr_expect(eq(u32, h->lock_depth, 0));
    cr_expect(eq(u32, h->n_collections, 3));
}

/* ---- Freeing and resizing --------------------------------------------------
 */

Test(semispace, free_gives_back_the_last_object_only)
{
    open(4096);
    addr32 a = alloc(32), b = alloc(32), l = leaf(32), m = leaf(32);
    uint32_t free_bytes = look().free_bytes;
    semispace_free(h, 0);
    semispace_free(h, a);
    semispace_free(h, l);
    cr_expect(eq(u32, look().free_bytes, free_bytes));
    semispace_free(h, b);
    semispace_free(h, m);
    cr_expect(eq(u32, look().free_bytes, free_bytes + 64));
    cr_expect(eq(u32, alloc(32), b));
    cr_expect(eq(u32, leaf(32), m));
}

Test(semispace, realloc_grows_and_shrinks_the_last_object_in_place)
{
    open(4096);
    addr32 a = alloc(32);
    memset(word(a), 0xff, 32);
    cr_expect(eq(u32, semispace_realloc(h, a, 100, false), a));
    for (uint32_t i = 0; i < 112; i++)
        cr_assert(eq(u8, *byte_at(h, a + i), i < 32 ? 0xff : 0));
    cr_expect(eq(u32, semispace_bytes(h, a), 112));
    cr_expect(eq(u32, semispace_realloc(h, a, 30, false), a));
    cr_expect(eq(u32, semispace_bytes(h, a), 32));
    addr32 b = alloc(16);
    cr_expect(eq(u32, b, a + 32));
    cr_expect(eq(u32, semispace_realloc(h, a, 10, false), a));
    cr_expect(eq(u32, semispace_bytes(h, a), 32), "not the last: it stays");
    cr_expect(eq(u32, semispace_realloc(h, a, 33, false), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_IN_PLACE));
}

Test(semispace, realloc_moves_the_rest_even_over_a_collection)
{
    open(2048);
    uint32_t half = look().free_bytes;
    addr32 a = alloc(32), l = leaf(16);
    *word(a + 4) = 77;
    *word(l) = 88;
    (void)alloc(half - 96);
    addr32 b = semispace_realloc(h, a, 100, true); /* nothing holds a */
    cr_assert(ne(u32, b, 0));
    cr_expect(eq(u32, h->n_collections, 1));
    cr_expect(eq(u32, *word(b + 4), 77));
    cr_expect(eq(u32, look().n_objects, 2), "itself, and what it was");
    l = leaf(16);
    *word(l) = 88;
    addr32 m = semispace_realloc(h, l, 20, true);
    cr_expect(eq(u32, m, semispace_of(h)->top), "a leaf stays one");
    cr_expect(eq(u32, *word(m), 88));
}

Test(semispace, realloc_that_is_refused_leaves_the_object)
{
    open(2048);
    uint32_t half = look().free_bytes;
    uint32_t at = hold(alloc(32));
    (void)hold(alloc(half - 64));
    *word(roots->word[at]) = 5;
    cr_expect(eq(u32, semispace_realloc(h, roots->word[at], 100, true), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_FULL));
    cr_expect(eq(u32, *word(roots->word[at]), 5));
    cr_expect(eq(u32, semispace_bytes(h, roots->word[at]), 32));
    cr_expect(eq(u32, semispace_of(h)->moving, 0));
    cr_expect(
        eq(u32, semispace_realloc(h, roots->word[at], UINT32_MAX, true), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_LIMIT));
}

Test(semispace, realloc_of_null_allocates_and_to_nothing_frees)
{
    open(4096);
    addr32 a = semispace_realloc(h, 0, 50, true);
    cr_assert(ne(u32, a, 0));
    cr_expect(eq(u32, semispace_realloc(h, a, 0, true), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_NONE));
    cr_expect(eq(u32, look().n_objects, 0));
    cr_expect(eq(u32, alloc(0), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_NONE));
}

/* ---- Looking ------------------------------------------------------------- */

Test(semispace, the_area_is_the_current_half)
{
    open(4096);
    struct area_info info;
    (void)hold(alloc(40));
    addr32 l = leaf(16);
    for (uint32_t i = 0; i < 2; i++) {
        cr_assert(semispace_area_info(h, 0, &info));
        cr_expect(eq(u32, info.pool, semispace_of(h)->start));
        cr_expect(eq(u32, info.n_blocks * 16, semispace_of(h)->half_bytes));
        cr_expect(eq(u32, info.blocks.n_objects, i == 0 ? 2 : 1));
        struct heap_cursor cursor = {0};
        struct heap_object object;
        cr_assert(semispace_walk(h, &cursor, &object));
        cr_expect(eq(u32, object.address, roots->word[0]));
        cr_expect(eq(u32, object.block, 0));
        cr_expect(eq(u32, object.bytes, 48));
        cr_expect(eq(u32, semispace_walk(h, &cursor, &object), i == 0));
        cr_expect(i == 1 || object.address == l);
        cr_expect(i == 1 || !semispace_walk(h, &cursor, &object));
        (void)semispace_collect(h, COLLECT_ORDINARY);
    }
    cr_expect(not(semispace_area_info(h, 1, &info)));
    cr_expect(eq(u32, semispace_bytes(h, roots->word[0] + 16), 0));
    cr_expect(eq(u32, semispace_bytes(h, BASE), 0));
}

/* ---- The check -------------------------------------------------------------
 */

static void break_word(uint32_t *at, uint32_t value, int number)
{
    uint32_t before = *at;
    *at = value;
    cr_expect(eq(int, semispace_check(h, BASE, WINDOW), number));
    *at = before;
    cr_assert(eq(int, semispace_check(h, BASE, WINDOW), 0));
}

static void break_byte(addr32 at, uint8_t value, int number)
{
    uint8_t before = *byte_at(h, at);
    *byte_at(h, at) = value;
    cr_expect(eq(int, semispace_check(h, BASE, WINDOW), number));
    *byte_at(h, at) = before;
    cr_assert(eq(int, semispace_check(h, BASE, WINDOW), 0));
}

/* Four blocks and two, then eight leaves' blocks. */
static void open_varied(void)
{
    open(4096);
    (void)alloc(64);
    (void)alloc(32);
    (void)leaf(128);
}

Test(semispace, check_names_a_broken_control_block)
{
    open_varied();
    struct semispace *own = semispace_of(h);
    break_word(&h->base, BASE + 16, 1);
    break_word(&h->manager, MANAGER_marksweep, 1);
    break_word(&h->control_bytes, 100, 1);
    break_word(&h->control_bytes, WINDOW + 16, 1);
    break_word(&h->heap_bytes, WINDOW, 1);
    break_word(&own->params.block, 24, 2);
    break_word(&own->params.zero, 2, 2);
    break_word(&own->params.automatic, 2, 2);
    break_word(&h->is_auto, 2, 2);
    break_word(&h->block_shift, 3, 2);
    break_word(&h->block_shift, 77, 2);
    break_word(&h->control_bytes, h->control_bytes + 16, 2);
    break_word(&h->phase, PHASE_MOVE, 3);
    break_word(&own->moving, own->start, 3);
    break_word(&h->n_grown, 1, 3);
    cr_expect(eq(int, semispace_check(h, BASE, 150), 1));
    cr_expect(eq(int, semispace_check(h, BASE + 16, WINDOW), 1));
}

Test(semispace, check_names_a_broken_layout_or_table)
{
    open_varied();
    struct area *a = &h->first;
    break_word(&h->n_areas, 2, 4);
    break_word(&a->next, BASE + 0x8000, 4);
    break_word(&a->table_bytes, a->table_bytes - 1, 5);
    break_word(&a->pool, a->pool + 16, 5);
    break_byte(a->table, 0xaa, 7);
    break_byte(a->table + 20, 0x03, 7);
    break_byte(a->table + a->table_bytes, 1, 7);
}

Test(semispace, check_names_halves_and_objects_that_lie_wrong)
{
    open_varied();
    struct semispace *own = semispace_of(h);
    struct area *a = &h->first;
    break_word(&own->half_bytes, own->half_bytes - 16, 8);
    break_word(&own->start, own->start + 16, 8);
    break_word(&own->end, own->end - 16, 8);
    break_word(&own->frontier, own->start - 16, 9);
    break_word(&own->frontier, own->top + 16, 9);
    break_word(&own->frontier, own->frontier + 4, 9);
    break_word(&own->top, own->end + 16, 9);
    break_word(&own->top, own->top - 1, 9);
    break_word(&own->frontier, own->frontier + 16, 10);
    break_word(&own->top, own->top + 16, 10);
    break_word(&own->top, own->top - 16, 10);
    break_byte(a->table + 20, 0x01, 10);
    break_byte(a->table + a->table_bytes - 1, 0x01, 10);
    break_byte(a->table + 1, 0x05, 11);
    break_word(&own->n_objects, 2, 11);
}

Test(semispace, check_ends_on_any_bytes)
{
    open_varied();
    uint8_t *whole = malloc(WINDOW);
    memcpy(whole, h, WINDOW);
    uint32_t random = 1;
    for (uint32_t i = 0; i < 3000; i++) {
        for (uint32_t n = 0; n < 1 + i % 4; n++) {
            random = random * 1664525 + 1013904223;
            uint32_t *w = (uint32_t *)(void *)h + (random >> 8) % 0x100;
            *w = i % 3 == 0   ? random
                 : i % 3 == 1 ? *w ^ 1u << random % 32
                              : BASE + random % WINDOW;
        }
        int broken = semispace_check(h, BASE, WINDOW);
        cr_assert(broken >= 0 && broken <= 11);
        memcpy(h, whole, WINDOW);
    }
    free(whole);
}
