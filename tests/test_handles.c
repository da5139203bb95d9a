/* test_handles.c - what core/handles promises, one thing at a time */
#include "tests/handles_heap.h"

TestSuite(handles, .fini = close);

Test(handles, gives_handles_whose_two_low_bits_are_clear)
{
    open(4096);
    for (int i = 0; i < 20; i++) {
        uint32_t handle = alloc(10);
        cr_expect(ne(u32, handle, 0));
        cr_expect(eq(u32, handle % 4, 0));
        cr_expect(eq(u32, handle / 4, 65535u - (uint32_t)i));
        cr_expect(eq(u32, address(handle) % 4, 0));
    }
}

Test(handles, derefs_by_one_load_from_the_table)
{
    open(4096);
    uint32_t handle = alloc(40);
    addr32 table = handles_of(h)->table;
    cr_expect(eq(u32, handles_at(h, table, handle), address(handle)));
    cr_expect(eq(u32, handles_deref(h, handle, 7), address(handle) + 7));
}

Test(handles, takes_a_word_inside_and_an_entry_outside)
{
    for (uint32_t bits = 8; bits <= 16; bits += 8) {
        struct handles_params p = HANDLES_DEFAULTS;
        p.indices = bits;
        open_with(p, 1024);
        uint32_t before = look().free_bytes;
        for (int i = 0; i < 20; i++)
            cr_assert(ne(u32, alloc(12), 0));
        /* In the pool 12 bytes and a word each, in the table 2 or 4. */
        uint32_t each = 16 + bits / 4;
        cr_expect(eq(u32, before - look().free_bytes, 20 * each));
    }
}

Test(handles, the_small_form_has_255_handles_in_64_kib)
{
    struct handles_params p = HANDLES_DEFAULTS;
    p.indices = 8;
    open_with(p, 60000);
    for (int i = 0; i < 255; i++)
        cr_assert(ne(u32, handles_alloc(h, 12, 0), 0));
    cr_expect(eq(u32, handles_alloc(h, 12, 0), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_INDEX));
    check();
    cr_expect(eq(u32, handles_init(h, BASE, 65536, &p), HEAP_TOO_LARGE));
    handles_init(h, BASE, 1024, &p);
}

Test(handles, the_small_form_works_in_a_kibibyte)
{
    struct handles_params p = HANDLES_DEFAULTS;
    p.indices = 8;
    open_with(p, 1024);
    uint32_t n = 0;
    while (handles_alloc(h, 4, 0) != 0)
        n++;
    cr_expect(eq(u32, n, (1024 - 4) / 18)); /* 16 bytes in, 2 outside */
    check();
}

Test(handles, all_65535_handles_can_be_set_aside_for_256_kib_of_chunks)
{
    struct handles_params p = HANDLES_DEFAULTS;
    p.handles = 65535;
    open_with(p, 256 * 1024 + 4 * 65535);
    uint32_t n = 0;
    while (handles_alloc(h, 4, 0) != 0)
        n++;
    cr_expect(eq(u32, n, (256 * 1024 - h->control_bytes - 4) / 16));
    for (uint32_t i = 0; i < n; i++)
        handles_free(h, 4 * (i + 1));
    cr_expect(eq(u32, handles_of(h)->frontier, h->pool_min));
    check();
}

Test(handles, 256_kib_with_no_handle_set_aside_fill_up)
{
    struct handles_params p = HANDLES_DEFAULTS;
    open_with(p, 256 * 1024);
    uint32_t n = 0;
    while (handles_alloc(h, 4, 0) != 0)
        n++;
    cr_expect(ge(u32, n, 256 * 1024 / 20 - 25)); /* 16 inside, 4 outside */
    check();
}

Test(handles, refuses_what_it_must_and_says_why)
{
    open(1024);
    cr_expect(eq(u32, alloc(0), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_NONE));
    cr_expect(eq(u32, alloc(2000), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_FULL));
    cr_expect(eq(u32, alloc(4 * 65535), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_LIMIT));
    cr_expect(eq(u32, alloc(UINT32_MAX), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_LIMIT));
    cr_expect(ne(u32, alloc(12), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_NONE));
}

Test(handles, refuses_bad_parameters_and_places)
{
    struct handles_params p = HANDLES_DEFAULTS;
    open(1024);
    p.indices = 12;
    cr_expect(eq(u32, handles_control_bytes(&p), 0));
    cr_expect(eq(u32, handles_init(h, BASE, 1024, &p), HEAP_BAD_PARAMETER));
    p.indices = 8;
    p.handles = 256;
    cr_expect(eq(u32, handles_init(h, BASE, 1024, &p), HEAP_BAD_PARAMETER));
    p.handles = 255;
    cr_expect(eq(u32, handles_init(h, BASE, 511, &p), HEAP_TOO_SMALL));
    p.handles = 0;
    cr_expect(eq(u32, handles_init(h, BASE + 4, 1024, &p), HEAP_BAD_ADDRESS));
    cr_expect(eq(u32, handles_init(h, 0xffffff00, 1024, &p), HEAP_BAD_ADDRESS));
    p.indices = 16;
    cr_expect(eq(u32, handles_init(h, BASE, 0x40001, &p), HEAP_TOO_LARGE));
    cr_expect(eq(u32, handles_init(h, BASE, 1024, &p), HEAP_OK));
}

/* Lists that are not empty. */
static int n_lists(void)
{
    int n = 0;
    for (uint32_t j = 0; j < HANDLES_LISTS; j++)
        n += (handles_of(h)->bits >> j & 1) != 0;
    return n;
}

Test(handles, joins_in_both_directions_and_with_the_gap)
{
    uint32_t o[4];
    open(4096);
    for (int i = 0; i < 4; i++)
        o[i] = alloc(100);
    release(o[0]);
    release(o[2]);
    release(o[1]);
    cr_expect(eq(u32, handles_bytes(h, o[3]), 100));
    cr_expect(eq(int, n_lists(), 1));
    release(o[3]);
    cr_expect(eq(int, n_lists(), 0));
    cr_expect(eq(u32, handles_of(h)->frontier, h->pool_min));
}

Test(handles, a_step_moves_objects_together_and_handles_follow)
{
    uint32_t o[10];
    open(4096);
    for (int i = 0; i < 10; i++)
        fill(o[i] = alloc(50), (uint8_t)i);
    for (int i = 0; i < 10; i += 2)
        release(o[i]);
    while (step(HANDLES_LEAST + 20) != 0)
        continue;
    cr_expect(eq(u32, look().free_bytes, 4 * look().max_free));
    for (int i = 1; i < 10; i += 2)
        cr_expect(is_filled(o[i], 50, (uint8_t)i));
}

Test(handles, a_step_does_nothing_before_its_share_is_reached)
{
    struct handles_params p = HANDLES_DEFAULTS;
    p.start_bytes = 50;
    open_with(p, 4096);
    uint32_t first = alloc(400), second = alloc(400);
    release(first);
    addr32 at = address(second);
    cr_expect(eq(u32, step(1000), 0));
    cr_expect(eq(u32, address(second), at));
    cr_expect(ne(u32, alloc(1500), 0)); /* more than half is no gap now */
    while (step(1000) != 0)
        continue;
    cr_expect(eq(u32, address(second), h->pool_min + HANDLES_HEADER));
}

Test(handles, a_refused_request_begins_defragmentation)
{
    struct handles_params p = HANDLES_DEFAULTS;
    uint32_t o[8];
    p.start_bytes = 100;
    p.wait = 0;
    open_with(p, 4096);
    for (int i = 0; i < 8; i++)
        o[i] = alloc(480);
    for (int i = 0; i < 8; i += 2)
        release(o[i]);
    cr_expect(eq(u32, step(1000), 0));
    cr_expect(eq(u32, alloc(1500), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_FULL));
    while (step(1000) != 0)
        continue;
    cr_expect(ne(u32, alloc(1500), 0));
}

Test(handles, a_request_that_waits_gets_all_that_is_free)
{
    struct handles_params p = HANDLES_DEFAULTS;
    uint32_t o[8];
    open_with(p, 4096);
    for (int i = 0; i < 8; i++)
        fill(o[i] = alloc(480), (uint8_t)i);
    for (int i = 0; i < 8; i += 2)
        release(o[i]);
    uint32_t most = handles_largest_settled(h);
    cr_expect(gt(u32, most, 1920));
    cr_expect(eq(u32, alloc(most + 1), 0));
    cr_expect(ne(u32, alloc(most), 0));
    for (int i = 1; i < 8; i += 2)
        cr_expect(is_filled(o[i], 480, (uint8_t)i));
}

Test(handles, a_long_object_moves_in_pieces_and_stays_valid)
{
    open(16384);
    uint32_t first = alloc(6000), big = alloc(4096);
    fill(big, 9);
    release(first);
    addr32 before = address(big);
    uint32_t n = 0;
    for (; step(HANDLES_LEAST) != 0; n++)
        cr_assert(is_filled(big, 4096, 9));
    cr_expect(gt(u32, n, 25));
    cr_expect(eq(u32, address(big), before - 6004));
}

Test(handles, a_long_object_gets_over_a_short_hole_by_way_of_the_gap)
{
    open(16384);
    uint32_t first = alloc(60), big = alloc(4096);
    fill(big, 9);
    release(first);
    while (step(200) != 0)
        cr_assert(is_filled(big, 4096, 9));
    cr_expect(eq(u32, address(big), h->pool_min + HANDLES_HEADER));
}

Test(handles, what_is_written_between_pieces_is_kept)
{
    open(16384);
    uint32_t first = alloc(6000), big = alloc(4096);
    release(first);
    fill(big, 1);
    for (uint8_t seed = 2; step(200) != 0 && seed < 40; seed++) {
        cr_assert(is_filled(big, 4096, (uint8_t)(seed - 1)));
        fill(big, seed);
        handles_store(h, big, 1023, *word_at(h, address(big) + 4092));
    }
    cr_expect(is_filled(big, 4096, 39));
}

Test(handles, an_object_in_motion_can_be_freed_resized_and_pinned)
{
    for (int what = 0; what < 3; what++) {
        open(16384);
        uint32_t first = alloc(6000), big = alloc(4000);
        fill(big, 9);
        release(first);
        step(200);
        step(200);
        cr_assert(eq(u32, handles_of(h)->moving, big));
        if (what == 0)
            release(big);
        else if (what == 1)
            cr_assert(eq(u32, handles_realloc(h, big, 6100, true), big));
        else
            handles_pin(h, big);
        check();
        addr32 at = what == 2 ? address(big) : 0;
        while (step(1000) != 0)
            continue;
        cr_expect(what == 0 || is_filled(big, 4000, 9));
        cr_expect(what != 2 || at == address(big));
        cr_expect(eq(int, handles_is_valid(h, big), what != 0));
    }
}

Test(handles, pinned_objects_stay_and_the_others_go_around_them)
{
    uint32_t o[9];
    open(8192);
    for (int i = 0; i < 9; i++)
        fill(o[i] = alloc(200), (uint8_t)i);
    handles_pin(h, o[4]);
    handles_pin(h, o[4]); /* pins do not count */
    addr32 at = address(o[4]);
    for (int i = 0; i < 9; i += 2) {
        if (i != 4)
            release(o[i]);
    }
    while (step(500) != 0)
        continue;
    cr_expect(eq(u32, address(o[4]), at));
    cr_expect(handles_is_pinned(h, o[4]));
    for (int i = 1; i < 9; i += 2)
        cr_expect(is_filled(o[i], 200, (uint8_t)i));
    handles_unpin(h, o[4]);
    handles_settle(h);
    cr_expect(eq(u32, look().free_bytes, 4 * look().max_free));
    cr_expect(is_filled(o[4], 200, 4));
}

Test(handles, a_pinned_object_can_be_freed)
{
    open(4096);
    uint32_t a = alloc(100), b = alloc(100), c = alloc(100);
    release(a);
    handles_pin(h, b);
    release(b);
    release(c);
    cr_expect(eq(u32, handles_of(h)->frontier, h->pool_min));
}

Test(handles, realloc_keeps_the_handle)
{
    open(4096);
    uint32_t a = alloc(40), b = alloc(40);
    fill(a, 3);
    cr_expect(eq(u32, handles_realloc(h, a, 400, false), a));
    check();
    cr_expect(is_filled(a, 40, 3));
    cr_expect(eq(u32, handles_realloc(h, a, 20, false), a));
    check();
    cr_expect(is_filled(a, 20, 3));
    cr_expect(eq(u32, handles_realloc(h, a, 5000, true), 0));
    cr_expect(is_filled(a, 20, 3));
    handles_pin(h, b);
    cr_expect(eq(u32, handles_realloc(h, b, 3000, true), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_IN_PLACE));
    cr_expect(eq(u32, handles_realloc(h, b, 0, true), 0));
    cr_expect(not(handles_is_valid(h, b)));
    cr_expect(ne(u32, handles_realloc(h, 0, 30, true), 0));
}

Test(handles, any_word_can_be_asked_whether_it_is_a_handle)
{
    open(4096);
    uint32_t a = alloc(40), b = alloc(40);
    release(a);
    cr_expect(not(handles_is_valid(h, a)));
    cr_expect(handles_is_valid(h, b));
    cr_expect(not(handles_is_valid(h, 0)));
    cr_expect(not(handles_is_valid(h, 4)));
    cr_expect(not(handles_is_valid(h, b + 1)));
    cr_expect(not(handles_is_valid(h, UINT32_MAX - 3)));
    cr_expect(not(handles_is_valid(h, 65536 * 4)));
}

Test(handles, per_alloc_moves_at_most_so_many_bytes_a_call)
{
    struct handles_params p = HANDLES_DEFAULTS;
    p.start_bytes = 0;
    p.per_alloc = 64;
    uint32_t o[40];
    open_with(p, 16384);
    for (int i = 0; i < 40; i++)
        fill(o[i] = alloc(60), (uint8_t)i);
    for (int i = 0; i < 40; i += 2)
        release(o[i]);
    for (int k = 0; k < 30; k++) {
        addr32 was[40];
        for (int i = 1; i < 40; i += 2)
            was[i] = address(o[i]);
        cr_assert(ne(u32, alloc(12), 0));
        uint32_t moved = 0;
        for (int i = 1; i < 40; i += 2)
            moved += was[i] != address(o[i]) ? 64 : 0;
        cr_expect(le(u32, moved, 64));
    }
    for (int i = 1; i < 40; i += 2)
        cr_expect(is_filled(o[i], 60, (uint8_t)i));
}

Test(handles, zero_clears_objects_and_what_grows)
{
    struct handles_params p = HANDLES_DEFAULTS;
    p.zero = 1;
    open_with(p, 4096);
    uint32_t a = alloc(40);
    for (uint32_t i = 0; i < 40; i++)
        cr_expect(eq(u8, *byte_at(h, handles_deref(h, a, i)), 0));
    fill(a, 1);
    cr_assert(eq(u32, handles_realloc(h, a, 80, true), a));
    for (uint32_t i = 40; i < 80; i++)
        cr_expect(eq(u8, *byte_at(h, handles_deref(h, a, i)), 0));
}

Test(handles, a_reset_leaves_it_as_init_did)
{
    open(4096);
    uint8_t *fresh = malloc(h->control_bytes);
    memcpy(fresh, h, h->control_bytes);
    for (int i = 0; i < 20; i++)
        alloc(50);
    cr_expect(eq(u32, handles_control(h, CONTROL_RESET, 0), HEAP_OK));
    cr_expect(memcmp(fresh, h, h->control_bytes) == 0);
    cr_expect(eq(u32, handles_control(h, CONTROL_LOCK, 1), HEAP_BAD_PARAMETER));
    free(fresh);
}
