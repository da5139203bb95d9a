/*
 * test_tlsf.c - the rules of two-level segregated fit, one by one; random
 * sequences against a model are in test_tlsf_model.c, the check in
 * test_tlsf_check.c
 */
#include "tests/tlsf_heap.h"

TestSuite(tlsf, .fini = close);

/* ---- Setting up ------------------------------------------------------- */

Test(tlsf, control_block_has_a_row_of_lists_for_each_doubling)
{
    struct tlsf_params p = TLSF_DEFAULTS;
    cr_expect(eq(u32, tlsf_control_bytes(&p), 128 + 128 + 10 * 128));
    p.max_area = 1024;
    cr_expect(eq(u32, tlsf_control_bytes(&p), 128 + 128 + 4 * 128));
    p.max_area = TLSF_AREA_MAX;
    cr_expect(eq(u32, tlsf_control_bytes(&p), 128 + 128 + 22 * 128));
}

Test(tlsf, parameters_out_of_range_are_refused)
{
    static const struct tlsf_params wrong[] = {
        {2, 4, 65536}, {0, 2, 65536}, {0, 32, 65536},   {0, 12, 65536},
        {0, 4, 512},   {0, 4, 65537}, {0, 4, 1u << 29}, {0, 4, 0},
    };
    h = aligned_alloc(64, WINDOW);
    for (uint32_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_expect(eq(u32, tlsf_control_bytes(&wrong[i]), 0));
        cr_expect(
            eq(u32, tlsf_init(h, BASE, 8192, &wrong[i]), HEAP_BAD_PARAMETER));
    }
    struct tlsf_params p = TLSF_DEFAULTS;
    cr_expect(eq(u32, tlsf_init(h, BASE + 8, 8192, &p), HEAP_BAD_ADDRESS));
    cr_expect(eq(u32, tlsf_init(h, 0xfffff000, 8192, &p), HEAP_BAD_ADDRESS));
    cr_expect(eq(u32, tlsf_init(h, BASE, 19, &p), HEAP_TOO_SMALL));
    cr_expect(eq(u32, tlsf_init(h, BASE, 65540, &p), HEAP_TOO_LARGE));
    open(20);
    cr_expect(ne(u32, alloc(12), 0));
    cr_expect(eq(u32, alloc(1), 0));
}

Test(tlsf, an_empty_heap_is_one_hole_less_a_header_and_the_end)
{
    for (uint32_t align = 4; align <= 16; align *= 2) {
        open_with((struct tlsf_params){0, align, 65536}, 10000);
        struct heap_info info = look();
        cr_expect(eq(u32, info.total_bytes, 10000 - align));
        cr_expect(eq(u32, info.free_bytes, info.total_bytes - 4));
        cr_expect(eq(u32, info.max_free * 4, info.free_bytes));
        cr_expect(eq(u32, info.n_objects, 0));
    }
}

/* ---- Requests --------------------------------------------------------- */

Test(tlsf, zero_bytes_are_answered_by_null_without_a_refusal)
{
    open(4096);
    cr_expect(eq(u32, alloc(0), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_NONE));
}

Test(tlsf, a_refusal_changes_nothing_and_says_why)
{
    open(4096);
    cr_assert(ne(u32, alloc(2000), 0));
    void *before = malloc(WINDOW);
    memcpy(before, h, WINDOW);
    static const uint32_t bytes[] = {3000, 65000, 1u << 28, UINT32_MAX};
    for (uint32_t i = 0; i < 4; i++) {
        cr_expect(eq(u32, alloc(bytes[i]), 0));
        cr_expect(eq(u32, h->refusal, i < 3 ? REFUSAL_FULL : REFUSAL_LIMIT));
        h->refusal = REFUSAL_NONE;
        cr_expect(zero(memcmp(before, h, WINDOW)));
    }
    free(before);
}

Test(tlsf, objects_follow_each_other_with_a_header_between)
{
    open(4096);
    addr32 a = alloc(20), b = alloc(21), c = alloc(1), d = alloc(13);
    cr_expect(eq(u32, a, BASE + h->control_bytes + 4));
    cr_expect(eq(u32, b - a, 24));
    cr_expect(eq(u32, c - b, 28));
    cr_expect(eq(u32, d - c, 16), "no chunk is smaller");
    cr_expect(eq(u32, tlsf_bytes(h, a), 20));
    cr_expect(eq(u32, tlsf_bytes(h, b), 24));
    cr_expect(eq(u32, tlsf_bytes(h, c), 12));
}

Test(tlsf, a_rest_too_small_for_a_chunk_stays_with_the_object)
{
    open(4096);
    addr32 a = alloc(60);
    cr_assert(ne(u32, alloc(8), 0));
    release(a);
    addr32 b = alloc(48); /* 64 bytes of chunk, 52 needed: 12 are left */
    cr_expect(eq(u32, b, a));
    cr_expect(eq(u32, tlsf_bytes(h, b), 60));
    release(b);
    b = alloc(44); /* 16 are left */
    cr_expect(eq(u32, tlsf_bytes(h, b), 44));
}

Test(tlsf, of_a_hole_the_smallest_size_of_its_class_is_served)
{
    /* A chunk of 1000: classes from 512 to 1024 are 16 wide; 992 is one. */
    for (uint32_t bytes = 985; bytes <= 996; bytes++) {
        open(4096);
        addr32 a = alloc(996);
        cr_assert(ne(u32, alloc(3000), 0));
        release(a);
        cr_expect(eq(u32, look().max_free, 249));
        cr_expect(eq(u32, alloc(bytes), bytes <= 988 ? a : 0), "%u", bytes);
    }
}

Test(tlsf, the_hole_in_the_nearest_class_is_taken)
{
    open(8192);
    addr32 big = alloc(900);
    (void)alloc(4);
    addr32 small = alloc(300);
    (void)alloc(4);
    addr32 middle = alloc(500);
    (void)alloc(4);
    release(small);
    release(middle);
    release(big);
    cr_expect(eq(u32, alloc(310), middle));
    cr_expect(eq(u32, alloc(150), middle + 316), "its rest");
    cr_expect(eq(u32, alloc(290), small));
    cr_expect(eq(u32, alloc(700), big));
}

Test(tlsf, three_neighbours_become_one_hole_in_any_order)
{
    static const uint8_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                         {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (uint32_t i = 0; i < 6; i++) {
        addr32 p[3];
        open(4096);
        addr32 before = alloc(30);
        for (uint32_t k = 0; k < 3; k++)
            p[k] = alloc(40 + 50 * k);
        addr32 behind = alloc(30);
        uint32_t free_bytes = look().free_bytes;
        for (uint32_t k = 0; k < 3; k++)
            release(p[orders[i][k]]);
        cr_expect(eq(u32, look().free_bytes, free_bytes + (behind - 4) - p[0]));
        release(behind);
        release(before);
        cr_expect(eq(u32, look().free_bytes, 4096 - 8));
        cr_expect(eq(u32, look().max_free, (4096 - 8) / 4));
    }
}

Test(tlsf, objects_lie_at_multiples_of_align)
{
    for (uint32_t align = 4; align <= 16; align *= 2) {
        open_with((struct tlsf_params){0, align, 65536}, 10001);
        for (uint32_t bytes = 1; bytes < 100; bytes++) {
            addr32 p = alloc(bytes);
            cr_expect(eq(u32, p % align, 0));
            cr_expect(
                lt(u32, tlsf_bytes(h, p) - bytes, bytes <= 12 ? 16 : align));
        }
    }
}

Test(tlsf, an_aligned_object_leaves_a_hole_before_it)
{
    open(8192);
    for (uint32_t align = 1; align <= 1024; align *= 2) {
        addr32 first = alloc(20);
        addr32 p = tlsf_alloc_aligned(h, 100, align);
        cr_assert(eq(int, tlsf_check(h, BASE, WINDOW), 0));
        cr_expect(eq(u32, p % align, 0));
        cr_expect(ge(u32, tlsf_bytes(h, p), 100));
        release(first);
        release(p);
        cr_expect(eq(u32, look().max_free, (8192 - 8) / 4));
    }
    cr_expect(eq(u32, tlsf_alloc_aligned(h, 8000, 1024), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_FULL));
    cr_expect(eq(u32, tlsf_alloc_aligned(h, 8, UINT32_C(1) << 31), 0));
    cr_expect(eq(u32, tlsf_alloc_aligned(h, 0, 64), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_NONE));
}

Test(tlsf, zeroing_covers_objects_and_what_they_grow_by)
{
    open_with((struct tlsf_params){1, 4, 65536}, 4096);
    addr32 a = alloc(100);
    for (uint32_t i = 0; i < 100; i++)
        cr_assert(eq(u8, *byte_at(h, a + i), 0));
    memset(byte_at(h, a), 0xff, 100);
    cr_assert(eq(u32, tlsf_realloc(h, a, 200, false), a));
    for (uint32_t i = 0; i < 200; i++)
        cr_assert(eq(u8, *byte_at(h, a + i), i < 100 ? 0xff : 0));
    (void)alloc(4);
    addr32 b = tlsf_realloc(h, a, 300, true);
    cr_assert(ne(u32, b, a));
    for (uint32_t i = 0; i < 300; i++)
        cr_assert(eq(u8, *byte_at(h, b + i), i < 100 ? 0xff : 0));
}

Test(tlsf, free_of_null_is_ignored)
{
    open(4096);
    release(0);
    cr_expect(eq(u32, look().free_bytes, 4096 - 8));
}

/* ---- realloc ---------------------------------------------------------- */

Test(tlsf, realloc_keeps_shrinks_and_grows_in_place)
{
    open(4096);
    addr32 a = alloc(100), b = alloc(100);
    cr_expect(eq(u32, tlsf_realloc(h, a, 90, false), a));
    cr_expect(eq(u32, tlsf_bytes(h, a), 100), "too little to cut off");
    cr_expect(eq(u32, tlsf_realloc(h, a, 40, false), a));
    cr_expect(eq(u32, tlsf_bytes(h, a), 40));
    cr_expect(eq(u32, tlsf_realloc(h, a, 60, false), a));
    cr_expect(eq(u32, tlsf_bytes(h, a), 60));
    cr_expect(eq(u32, tlsf_realloc(h, a, 100, false), a));
    cr_expect(eq(u32, tlsf_realloc(h, a, 104, false), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_IN_PLACE));
    cr_expect(eq(u32, tlsf_bytes(h, a), 100));
    cr_expect(eq(u32, tlsf_realloc(h, b, 2000, false), b));
    cr_expect(eq(u32, tlsf_realloc(h, b, 100, false), b));
    cr_expect(eq(u32, look().max_free * 4, 4096 - 8 - 2 * 104));
    cr_expect(eq(u32, h->refusal, REFUSAL_NONE));
}

Test(tlsf, realloc_moves_what_cannot_grow)
{
    open(4096);
    addr32 a = alloc(100);
    (void)alloc(100);
    memset(byte_at(h, a), 0x5c, 100);
    addr32 b = tlsf_realloc(h, a, 500, true);
    cr_expect(ne(u32, b, a));
    for (uint32_t i = 0; i < 100; i++)
        cr_assert(eq(u8, *byte_at(h, b + i), 0x5c));
    cr_expect(eq(u32, alloc(100), a), "the old place is free");
    cr_expect(eq(u32, tlsf_realloc(h, a, 4000, true), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_FULL));
    cr_expect(eq(u32, tlsf_realloc(h, a, UINT32_MAX, true), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_LIMIT));
    cr_expect(eq(u32, tlsf_bytes(h, a), 100));
}

Test(tlsf, realloc_of_null_allocates_and_to_nothing_frees)
{
    open(4096);
    addr32 a = tlsf_realloc(h, 0, 50, true);
    cr_assert(ne(u32, a, 0));
    cr_expect(eq(u32, tlsf_realloc(h, a, 0, true), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_NONE));
    cr_expect(eq(u32, look().n_objects, 0));
}

/* ---- Areas ------------------------------------------------------------ */

Test(tlsf, areas_are_added_and_taken_out_when_empty)
{
    open(1000);
    addr32 at = BASE + 0x8000;
    cr_assert(eq(u32, tlsf_add_area(h, at, 3000), HEAP_OK));
    cr_assert(eq(u32, tlsf_add_area(h, at + 4096, 2000), HEAP_OK));
    cr_assert(eq(int, tlsf_check(h, BASE, WINDOW), 0));
    addr32 a = alloc(2500);
    cr_expect(eq(u32, a, at + 16 + 4));
    cr_expect(eq(u32, tlsf_remove_area(h, at), HEAP_BUSY));
    cr_expect(eq(u32, tlsf_remove_area(h, at + 16), HEAP_BAD_ADDRESS));
    cr_expect(eq(u32, tlsf_remove_area(h, 0), HEAP_BAD_ADDRESS));
    release(a);
    cr_expect(eq(u32, tlsf_remove_area(h, at), HEAP_OK));
    cr_assert(eq(int, tlsf_check(h, BASE, WINDOW), 0));
    cr_expect(eq(u32, alloc(2500), 0));
    cr_assert(eq(u32, tlsf_add_area(h, at, 2000), HEAP_OK));
    struct area_info info;
    cr_assert(tlsf_area_info(h, 2, &info));
    cr_expect(eq(u32, info.number, 3), "numbers are not reused");
    cr_expect(eq(u32, info.start, at));
    cr_expect(not(tlsf_area_info(h, 3, &info)));
}

Test(tlsf, an_area_that_cannot_be_is_refused)
{
    open(1000);
    addr32 at = BASE + 0x8000;
    cr_expect(eq(u32, tlsf_add_area(h, at + 8, 3000), HEAP_BAD_ADDRESS));
    cr_expect(eq(u32, tlsf_add_area(h, 0, 3000), HEAP_BAD_ADDRESS));
    cr_expect(eq(u32, tlsf_add_area(h, BASE, 3000), HEAP_BAD_ADDRESS));
    cr_expect(eq(u32, tlsf_add_area(h, at, 0xffffff00), HEAP_BAD_ADDRESS));
    cr_expect(eq(u32, tlsf_add_area(h, at, 15), HEAP_TOO_SMALL));
    cr_expect(eq(u32, tlsf_add_area(h, at, 35), HEAP_TOO_SMALL));
    cr_expect(eq(u32, tlsf_add_area(h, at, 65600), HEAP_TOO_LARGE));
    cr_expect(eq(u32, h->n_areas, 1));
    cr_expect(eq(u32, tlsf_add_area(h, at, 36), HEAP_OK));
}

Test(tlsf, a_reset_leaves_the_first_area_alone_and_empty)
{
    open(1000);
    addr32 at = BASE + 0x8000;
    cr_assert(eq(u32, tlsf_add_area(h, at, 3000), HEAP_OK));
    cr_assert(eq(u32, tlsf_add_area(h, at + 4096, 3000), HEAP_OK));
    (void)alloc(2000);
    (void)alloc(200);
    cr_expect(eq(u32, tlsf_control(h, CONTROL_AUTO, 1), HEAP_BAD_PARAMETER));
    cr_expect(eq(u32, tlsf_control(h, CONTROL_RESET, 0), HEAP_OK));
    cr_assert(eq(int, tlsf_check(h, BASE, WINDOW), 0));
    cr_expect(eq(u32, n_given_back, 2));
    cr_expect(eq(u32, given_back[0], at));
    cr_expect(eq(u32, look().free_bytes, 1000 - 8));
}

/* ---- The state is the bytes -------------------------------------------- */

Test(tlsf, equal_operations_leave_equal_bytes)
{
    uint8_t *kept[2];
    for (uint32_t i = 0; i < 2; i++) {
        free(h);
        h = aligned_alloc(64, WINDOW);
        memset(h, i == 0 ? 0 : 0xff, WINDOW);
        struct tlsf_params p = TLSF_DEFAULTS;
        cr_assert(eq(u32, tlsf_init(h, BASE, 4096, &p), HEAP_OK));
        addr32 a = alloc(100), b = alloc(30), c = alloc(77);
        release(b);
        (void)tlsf_realloc(h, a, 200, true);
        release(c);
        kept[i] = malloc(h->control_bytes);
        memcpy(kept[i], h, h->control_bytes);
        struct heap_info info = look();
        cr_expect(eq(u32, info.n_objects, 1));
    }
    cr_expect(zero(memcmp(kept[0], kept[1], h->control_bytes)));
    free(kept[0]);
    free(kept[1]);
}
