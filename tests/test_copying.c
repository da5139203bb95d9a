/*
 * test_copying.c - the rules of copying, one by one; random programs are in
 * test_copying_model.c
 */
#include "tests/copying_heap.h"

TestSuite(copying, .fini = close);

/* ---- Layout ------------------------------------------------------------- */

Test(copying, spends_2_5_percent_of_a_heap_on_tables)
{
    open(65536);
    struct heap_info info = look();
    cr_expect(ge(u32, info.total_bytes * 10254ull / 10000, 65536 - 64));
    struct copying_params p = COPYING_DEFAULTS;
    p.finalisers = 0;
    open_with(p, 65536);
    info = look();
    cr_expect(ge(u32, info.total_bytes * 10176ull / 10000, 65536 - 64));
}

Test(copying, refuses_parameters_out_of_their_range)
{
    struct copying_params p = COPYING_DEFAULTS;
    uint32_t *value[] = {&p.block,     &p.zero,  &p.finalisers, &p.mark_stack,
                         &p.automatic, &p.slide, &p.holes,      &p.leaf,
                         &p.ambiguous, &p.pack,  &p.ration};
    static const uint32_t bad[] = {12, 2, 2, 0, 2, 2, 2, 2, 2, 2, 1001};
    open(4096);
    for (uint32_t i = 0; i < 11; i++) {
        uint32_t was = *value[i];
        *value[i] = bad[i];
        cr_expect(eq(u32, copying_control_bytes(&p), 0));
        cr_expect(eq(u32, copying_init(h, BASE, 4096, &p), HEAP_BAD_PARAMETER));
        *value[i] = was;
    }
    cr_expect(eq(u32, copying_init(h, BASE + 8, 4096, &p), HEAP_BAD_ADDRESS));
    cr_expect(eq(u32, copying_init(h, BASE, 60, &p), HEAP_TOO_SMALL));
    cr_expect(eq(u32, copying_init(h, BASE, 80, &p), HEAP_OK));
    cr_expect(eq(u32, look().total_bytes, 64));
}

Test(copying, lays_out_areas_of_any_size_without_waste)
{
    for (uint32_t bytes = 80; bytes < 3000; bytes += 4) {
        struct copying_params p = COPYING_DEFAULTS;
        p.leaf = bytes / 4 % 2;
        p.ambiguous = bytes / 8 % 2;
        open_with(p, bytes);
        uint32_t n = look().total_bytes / 16;
        uint32_t tables = n / 4 + 1 +
                          (1 + p.leaf + p.ambiguous) * ((n / 4 + 1) / 2) +
                          (n / 4 + 15) / 16 * 2;
        cr_assert(le(u32, tables + n * 16, bytes));
        cr_assert(ge(u32, tables + n * 16 + 16 + 64 + 8, bytes), "%u", bytes);
    }
}

Test(copying, gives_vectors_of_words_to_areas_of_many_blocks)
{
    uint32_t bytes = 8 * 70000;
    struct copying_params p = COPYING_DEFAULTS;
    p.block = 8;
    free(h);
    h = aligned_alloc(64, 1 << 20);
    cr_assert(eq(u32, copying_init(h, BASE, bytes, &p), HEAP_OK));
    addr32 first = copying_alloc(h, 66000 * 8, 0);
    addr32 last = copying_alloc(h, 40, 0);
    *word(last) = 77;
    copying_free(h, first);
    hold(&last, 1, NULL, 0);
    copying_collect(h, COLLECT_ORDINARY);
    cr_expect(eq(u32, roots.word[0], h->first.pool));
    cr_expect(eq(u32, *word(roots.word[0]), 77));
    cr_expect(eq(int, copying_check(h, BASE, 1 << 20), 0));
    free(h);
    h = NULL;
}

/* ---- Sliding ------------------------------------------------------------ */

Test(copying, slides_what_is_reached_together_and_updates_references)
{
    open(4096);
    addr32 gone = make(100, 1);
    addr32 kept = make(40, 3);
    addr32 also_gone = make(64, 1);
    addr32 other = make(200, 7);
    word(kept)[2] = other;
    word(other)[49] = kept;
    (void)also_gone;
    hold(&other, 1, NULL, 0);
    cr_expect(eq(u32, collect(), 112 + 64));
    cr_expect(eq(u32, block(roots.word[0]), 3));
    addr32 moved = word(roots.word[0])[49];
    cr_expect(eq(u32, moved, gone));
    cr_expect(eq(u32, word(moved)[2], roots.word[0]));
    cr_expect(eq(u32, word(moved)[1], 3));
    cr_expect(eq(u32, copying_of(h)->slide.moved_objects, 2));
    cr_expect(eq(u32, copying_of(h)->slide.moved_bytes, 48 + 208));
    struct heap_info info = look();
    cr_expect(eq(u32, info.max_free * 16, info.free_bytes));
}

Test(copying, leaves_words_alone_that_are_no_objects_addresses)
{
    open(4096);
    addr32 gone = make(16, 1);
    addr32 a = make(32, 1);
    addr32 b = make(16, 1);
    release(gone);
    uint32_t odd[] = {b + 1, b + 4, a + 16, gone, h->first.pool - 16, 0, BASE};
    memcpy(word(a), odd, sizeof odd);
    hold(&a, 1, NULL, 0);
    roots.head.n_held = 2;
    roots.word[1] = b;
    collect();
    cr_expect(eq(u32, roots.word[0], gone));
    cr_expect(zero(int, memcmp(word(gone), odd, sizeof odd)));
}

Test(copying, keeps_precise_roots_and_held_words_right)
{
    open(4096);
    (void)make(16, 1);
    addr32 word_of[2] = {make(16, 5), make(16, 9)};
    hold(word_of, 2, NULL, 0);
    roots.head.n_precise = 1;
    roots.head.n_held = 1;
    collect();
    cr_expect(eq(u32, block(roots.word[0]), 0));
    cr_expect(eq(u32, block(roots.word[1]), 1));
    cr_expect(eq(u32, *word(roots.word[1]), 9));
}

Test(copying, never_refuses_while_enough_is_free)
{
    addr32 kept[600];
    uint32_t n = 0;
    open(8192);
    copying_control(h, CONTROL_AUTO, 0);
    for (addr32 p; (p = make(16, 1)) != 0; n++)
        kept[n] = p;
    for (uint32_t i = 0; i < n; i += 2)
        release(kept[i]);
    for (uint32_t i = 0; i < n / 2; i++)
        kept[i] = kept[2 * i + 1];
    hold(kept, n / 2, NULL, 0);
    uint32_t free_bytes = look().free_bytes;
    cr_expect(eq(u32, make(free_bytes + 1, 1), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_OFF));
    cr_expect(ne(u32, make(free_bytes, 1), 0));
    cr_expect(eq(u32, h->last_cause, CAUSE_SLIDE));
    cr_expect(eq(u32, look().free_bytes, 0));
}

Test(copying, slides_without_marking_only_when_that_suffices)
{
    open(2048);
    struct heap_info info = look();
    addr32 a = make(info.total_bytes / 2, 1);
    (void)make(16, 1);
    release(a);
    hold(NULL, 0, NULL, 0);
    cr_expect(ne(u32, make(info.total_bytes - 32, 1), 0)); /* garbage slides */
    cr_expect(eq(u32, h->last_cause, CAUSE_SLIDE));
    cr_expect(ne(u32, make(info.total_bytes - 16, 1), 0)); /* and goes */
    cr_expect(eq(u32, h->last_cause, CAUSE_FULL));
}

Test(copying, uses_holes_before_it_slides)
{
    open(1024);
    uint32_t n = look().total_bytes / 16;
    addr32 a[64];
    for (uint32_t i = 0; i < n; i++)
        a[i] = make(16, 1);
    hold(a, n, NULL, 0);
    release(a[3]);
    release(a[9]);
    cr_expect(eq(u32, make(16, 1), a[3]));
    cr_expect(eq(u32, h->n_collections, 0));
    struct copying_params p = COPYING_DEFAULTS;
    p.holes = 0;
    open_with(p, 1024);
    for (uint32_t i = 0; i < n; i++)
        a[i] = make(16, 1);
    hold(a, n, NULL, 0);
    release(a[3]);
    cr_expect(eq(u32, make(16, 1), a[n - 1]));
    cr_expect(eq(u32, h->n_collections, 1));
}

Test(copying, gives_the_block_freed_last_again)
{
    open(1024);
    (void)make(16, 1);
    addr32 a = make(40, 1);
    release(a);
    cr_expect(eq(u32, make(100, 1), a));
}

/* ---- Pins --------------------------------------------------------------- */

Test(copying, slides_around_what_is_pinned)
{
    open(4096);
    addr32 a[6];
    for (uint32_t i = 0; i < 6; i++)
        a[i] = make(32, i + 1);
    addr32 live[] = {a[1], a[3], a[5]};
    hold(live, 3, &a[3], 1);
    struct copying *own = copying_of(h);
    own->params.pack = 0;
    collect();
    cr_expect(eq(u32, block(roots.word[0]), 0));
    cr_expect(eq(u32, roots.word[1], a[3]));
    cr_expect(eq(u32, block(roots.word[2]), block(a[3]) + 2));
    cr_expect(eq(u32, *word(roots.word[2]), 6));
    own->params.pack = 1;
}

Test(copying, empties_the_best_gap_into_the_others)
{
    open(4096);
    uint32_t n = look().total_bytes / 16;
    addr32 low = make(40 * 16, 1); /* dies: a hole of forty blocks */
    addr32 pin = make(16, 2);
    addr32 high = make(30 * 16, 3); /* fits there */
    addr32 live[] = {pin, high};
    (void)low;
    hold(live, 2, &pin, 1);
    collect();
    cr_expect(eq(u32, roots.word[0], pin));
    cr_expect(eq(u32, block(roots.word[1]), 0));
    cr_expect(eq(u32, word(roots.word[1])[119], 3));
    cr_expect(eq(u32, look().max_free, n - 41));
}

/* Objects of one block, the last two of them live and pinned. */
static void churn_pinned(uint32_t n, addr32 live[2])
{
    for (uint32_t i = 0; i < n; i++) {
        live[i % 2] = make(16, 3);
        hold(live, i == 0 ? 1 : 2, live, i == 0 ? 1 : 2);
    }
}

Test(copying, keeps_the_longest_hole_from_what_may_be_pinned)
{
    open(65536);
    uint32_t n = look().total_bytes / 16;
    addr32 live[2];
    churn_pinned(3 * n, live);
    cr_expect(lt(u32, block(live[1]), n / 32));
    cr_expect(ge(u32, look().max_free, n - n / 32));
    struct copying_params p = COPYING_DEFAULTS;
    p.ration = 0;
    open_with(p, 65536);
    churn_pinned(n, live);
    cr_expect(eq(u32, block(live[1]), n - 1));
}

Test(copying, puts_long_objects_at_the_upper_end_where_something_is_pinned)
{
    open(65536);
    uint32_t n = look().total_bytes / 16;
    addr32 live[2];
    churn_pinned(n, live);
    addr32 tall = make(100 * 16, 5);
    cr_expect(eq(u32, block(tall), n - 100));
    cr_expect(lt(u32, block(make(16, 3)), n / 32));
}

Test(copying, pins_what_ambiguous_objects_name)
{
    struct copying_params p = COPYING_DEFAULTS;
    p.ambiguous = 1;
    open_with(p, 4096);
    (void)make(16, 1);
    addr32 named = make(16, 1);
    addr32 doubt = copying_alloc(h, 16, HEAP_AMBIGUOUS);
    *word(doubt) = named;
    hold(&doubt, 1, NULL, 0);
    collect();
    doubt = roots.word[0];
    cr_expect(eq(u32, *word(doubt), named));
    cr_expect(eq(u32, copying_bytes(h, named), 16));
    cr_expect(eq(u32, copying_of(h)->n_pinned, 1));
}

Test(copying, looks_into_no_leaf)
{
    struct copying_params p = COPYING_DEFAULTS;
    p.leaf = 1;
    open_with(p, 4096);
    (void)make(16, 1);
    addr32 other = make(16, 1);
    addr32 leaf = copying_alloc(h, 16, HEAP_LEAF);
    *word(leaf) = other; /* a number that looks like an address */
    hold(&leaf, 1, NULL, 0);
    roots.head.n_held = 2;
    roots.word[1] = other;
    collect();
    cr_expect(ne(u32, roots.word[1], other));
    cr_expect(eq(u32, *word(roots.word[0]), other));
    roots.head.n_held = 1;
    cr_expect(eq(u32, collect(), 16));
}

Test(copying, moves_no_more_than_a_window_when_asked_to)
{
    struct copying_params p = COPYING_DEFAULTS;
    p.slide = COPYING_WINDOW;
    open_with(p, 2048);
    uint32_t n = look().total_bytes / 16;
    addr32 a[128];
    for (uint32_t i = 0; i < n; i++)
        a[i] = make(16, 4 * i + 1);
    /* All live but 20, 22 and 40: blocks 20 to 22 need one move. */
    uint32_t k = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (i != 20 && i != 22 && i != 40)
            a[k++] = a[i];
    }
    hold(a, k, NULL, 0);
    addr32 more = make(48, 1);
    cr_expect(eq(u32, block(more), 20));
    cr_expect(eq(u32, copying_of(h)->slide.moved_bytes, 16));
    cr_expect(eq(u32, block(roots.word[20]), 40));
    cr_expect(eq(u32, *word(roots.word[20]), 4 * 21 + 1));
}

/* ---- Realloc ------------------------------------------------------------ */

Test(copying, grows_into_the_blocks_behind_also_of_the_region)
{
    open(1024);
    addr32 a = make(16, 5);
    cr_expect(eq(u32, copying_realloc(h, a, 100, false), a));
    cr_expect(eq(u32, word(a)[3], 5));
    cr_expect(eq(u32, word(a)[4], 0));
    check();
    cr_expect(eq(u32, make(16, 1), a + 112));
    cr_expect(eq(u32, copying_realloc(h, a, 120, false), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_IN_PLACE));
    cr_expect(eq(u32, copying_realloc(h, a, 20, false), a));
    cr_expect(eq(u32, word(a)[5], 0)); /* what is cut off names nothing */
    check();
}

Test(copying, needs_only_what_a_growing_object_lacks)
{
    open(2048);
    uint32_t total = look().total_bytes;
    addr32 big = make(total / 2, 5);
    addr32 rest = make(total / 2 - 32, 9);
    word(rest)[1] = big;
    word(big)[1] = rest;
    addr32 live[] = {big, rest};
    hold(live, 2, NULL, 0);
    addr32 grown = copying_realloc(h, big, total / 2 + 32, true);
    cr_expect(eq(u32, grown, big));
    cr_expect(eq(u32, roots.word[1], rest + 32));
    cr_expect(eq(u32, word(grown)[1], rest + 32));
    cr_expect(eq(u32, word(rest + 32)[1], big));
    cr_expect(eq(u32, word(rest + 32)[2], 9));
    cr_expect(eq(u32, word(grown)[total / 8], 0));
    cr_expect(eq(u32, look().free_bytes, 0));
    check();
    cr_expect(eq(u32, copying_realloc(h, big, total, true), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_FULL));
    word(grown)[1] = 1;
    hold(&grown, 1, NULL, 0);
    cr_expect(eq(u32, copying_realloc(h, grown, total, true), grown));
    check();
}

Test(copying, finds_an_object_again_that_slides_while_it_is_resized)
{
    open(2048);
    (void)make(200, 1); /* garbage */
    addr32 a = make(64, 5);
    addr32 b = make(look().free_bytes, 9);
    addr32 live[] = {a, b};
    hold(live, 2, NULL, 0);
    addr32 grown = copying_realloc(h, a, 100, true);
    cr_expect(ne(u32, grown, 0));
    cr_expect(eq(u32, word(grown)[15], 5));
    check();
}

/* ---- The rest ----------------------------------------------------------- */

Test(copying, runs_finalisers_before_anything_moves)
{
    open(2048);
    addr32 a = copying_alloc(h, 16, HEAP_FINALISER);
    addr32 b = copying_alloc(h, 16, HEAP_FINALISER);
    addr32 c = copying_alloc(h, 16, HEAP_FINALISER);
    hold(&b, 1, NULL, 0);
    victim = c; /* whose own turn does not come then */
    collect();
    cr_expect(eq(u32, n_finalised, 1));
    cr_expect(eq(u32, finalised[0], a));
    cr_expect(eq(u32, roots.word[0], a));
    copying_collect(h, COLLECT_EVERYTHING);
    cr_expect(eq(u32, n_finalised, 2));
    cr_expect(eq(u32, finalised[1], a)); /* the flag went with the object */
    cr_expect(eq(u32, look().used_bytes, 0));
}

Test(copying, gives_and_frees_nothing_while_locked)
{
    open(1024);
    addr32 a = make(16, 1);
    copying_control(h, CONTROL_LOCK, 1);
    cr_expect(eq(u32, make(16, 1), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_LOCKED));
    cr_expect(eq(u32, copying_realloc(h, a, 8, true), 0));
    release(a);
    cr_expect(eq(u32, copying_bytes(h, a), 16));
    cr_expect(eq(u32, copying_control(h, CONTROL_LOCK, 0), HEAP_OK));
    cr_expect(eq(u32, copying_control(h, CONTROL_LOCK, 0), HEAP_BAD_PARAMETER));
    cr_expect(eq(u32, make(16, 1), a + 16));
}

Test(copying, collects_when_the_threshold_is_reached)
{
    open(4096);
    copying_control(h, CONTROL_THRESHOLD, 64);
    for (uint32_t i = 0; i < 4; i++)
        (void)make(i == 3 ? 40 : 16, 1);
    cr_expect(eq(u32, h->n_collections, 0));
    (void)make(16, 1);
    cr_expect(eq(u32, h->n_collections, 1));
    cr_expect(eq(u32, h->last_cause, CAUSE_THRESHOLD));
    cr_expect(eq(u32, look().used_bytes, 16));
    copying_control(h, CONTROL_AUTO, 0);
    for (uint32_t i = 0; i < 9; i++)
        (void)make(16, 1);
    cr_expect(eq(u32, h->n_collections, 1));
}

Test(copying, slides_every_area_within_itself)
{
    open(1024);
    uint32_t n = look().total_bytes / 16;
    cr_assert(eq(u32, copying_add_area(h, BASE + 0x8000, 1024), HEAP_OK));
    check();
    addr32 low = make((n - 2) * 16, 1);
    addr32 kept = make(16, 3);
    addr32 gone = make(160, 1);
    addr32 high = make(16, 5);
    cr_expect(gt(u32, gone, BASE + 0x8000));
    (void)low;
    word(kept)[1] = high;
    hold(&kept, 1, NULL, 0);
    collect();
    cr_expect(eq(u32, block(roots.word[0]), 0));
    cr_expect(eq(u32, word(roots.word[0])[1], gone));
    cr_expect(eq(u32, word(gone)[0], 5));
    cr_expect(
        eq(u32, copying_add_area(h, BASE + 0x9008, 1024), HEAP_BAD_ADDRESS));
    cr_expect(eq(u32, copying_add_area(h, BASE + 0x9000, 100), HEAP_TOO_SMALL));
    copying_control(h, CONTROL_RESET, 0);
    cr_expect(eq(u32, h->n_areas, 1));
    cr_expect(eq(u32, look().free_bytes, n * 16));
}

Test(copying, answers_nothing_for_nothing)
{
    open(1024);
    cr_expect(eq(u32, copying_alloc(h, 0, 0), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_NONE));
    cr_expect(eq(u32, copying_alloc(h, UINT32_MAX, 0), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_LIMIT));
    cr_expect(eq(u32, copying_alloc(h, 1 << 30, 0), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_FULL));
    copying_free(h, 0);
    addr32 a = copying_realloc(h, 0, 20, true);
    cr_expect(eq(u32, copying_bytes(h, a), 32));
    cr_expect(eq(u32, copying_realloc(h, a, 0, true), 0));
    cr_expect(eq(u32, look().used_bytes, 0));
}
