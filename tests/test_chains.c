/* test_chains.c - what core/chains promises, one promise a test. */
#include "tests/chains_heap.h"

TestSuite(chains, .fini = close);

/* All blocks of a heap of 4,096 bytes in 16-byte blocks. */
#define BLOCKS_LIST  227u /* floor(4096 / 18)                             */
#define BLOCKS_SPINE 252u /* floor(4096 / 16.25), in fours                */

Test(chains, a_table_of_links_takes_two_bytes_a_block)
{
    open_as(CHAINS_LIST, 4096);
    cr_expect(eq(u32, n_free(), BLOCKS_LIST));
    struct area_info info;
    cr_assert(chains_area_info(h, 0, &info));
    cr_expect(eq(u32, info.table_bytes, 2 * BLOCKS_LIST));
    cr_expect(
        eq(u32, info.pool + 16 * BLOCKS_LIST, BASE + h->control_bytes + 4096));
    cr_expect(eq(u32, info.start, BASE + h->control_bytes));
}

Test(chains, index_blocks_leave_two_bits_a_block_to_the_table)
{
    open_as(CHAINS_SPINE, 4096);
    cr_expect(eq(u32, n_free(), BLOCKS_SPINE));
    struct area_info info;
    cr_assert(chains_area_info(h, 0, &info));
    cr_expect(eq(u32, info.table_bytes, BLOCKS_SPINE / 4));
}

Test(chains, a_list_serves_every_free_byte_however_it_is_scattered)
{
    addr32 object[BLOCKS_LIST];
    open_as(CHAINS_LIST, 4096);
    for (uint32_t i = 0; i < BLOCKS_LIST; i++)
        object[i] = alloc(16);
    for (uint32_t i = 0; i < BLOCKS_LIST; i += 2)
        release(object[i]);
    uint32_t bytes = chains_free_bytes(h);
    cr_expect(eq(u32, bytes, 16 * ((BLOCKS_LIST + 1) / 2)));
    cr_expect(eq(u32, alloc(bytes + 1), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_FULL));
    addr32 all = alloc(bytes);
    cr_assert(ne(u32, all, 0));
    cr_expect(eq(u32, n_free(), 0));
    fill(all, bytes, 3);
    cr_expect(is_filled(all, bytes, 3));
}

Test(chains, index_blocks_are_counted_into_what_an_object_needs)
{
    /* n data blocks, F = 8: one top up to 7; then leaves of 8, and so on. */
    static const uint32_t rows[][2] = {{1, 1},   {2, 3},     {7, 8},
                                       {8, 10},  {9, 12},    {56, 64},
                                       {57, 67}, {448, 512}, {449, 516}};
    open_as(CHAINS_SPINE, 4096);
    for (uint32_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect(eq(u32, chains_need(h, 16 * rows[i][0]), rows[i][1]), "%u",
                  rows[i][0]);
    /* 252 blocks: 219 of data, 28 leaves, 4 above them, the top. */
    cr_expect(eq(u32, alloc(16 * 220), 0));
    addr32 p = alloc(16 * 219);
    cr_assert(ne(u32, p, 0));
    cr_expect(eq(u32, n_free(), 0));
    fill(p, 16 * 219, 9);
    cr_expect(is_filled(p, 16 * 219, 9));
    release(p);
    cr_expect(eq(u32, n_free(), BLOCKS_SPINE));
}

Test(chains, a_request_of_no_bytes_is_answered_by_nothing)
{
    open_as(CHAINS_LIST, 4096);
    cr_expect(eq(u32, alloc(0), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_NONE));
    release(0);
    cr_expect(eq(u32, alloc(UINT32_MAX), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_FULL));
    cr_expect(eq(u32, n_free(), BLOCKS_LIST));
}

/* Grow by bytes to `most` and shrink again: name and contents stay. */
static void grow_and_shrink(uint32_t most)
{
    uint32_t before = n_free();
    addr32 p = alloc(1);
    fill(p, 1, 5);
    for (uint32_t bytes = 2; bytes <= most; bytes++) {
        cr_assert(eq(u32, resize(p, bytes), p));
        cr_assert(is_filled(p, bytes - 1, 5), "%u bytes", bytes);
        fill(p, bytes, 5);
        uint32_t taken = before - n_free();
        cr_assert(eq(u32, taken, chains_need(h, bytes)));
        cr_assert(eq(u32, chains_bytes(h, p), (bytes + 15) / 16 * 16));
    }
    for (uint32_t bytes = most; bytes > 1; bytes -= bytes > 40 ? 33 : 1) {
        cr_assert(eq(u32, resize(p, bytes), p));
        cr_assert(is_filled(p, bytes, 5), "%u bytes", bytes);
        uint32_t taken = before - n_free();
        cr_assert(eq(u32, taken, chains_need(h, bytes)));
    }
    cr_expect(eq(u32, resize(p, 0), 0));
    cr_expect(eq(u32, n_free(), before));
}

Test(chains, an_object_keeps_its_name_and_bytes_through_all_sizes)
{
    open_as(CHAINS_LIST, 4096);
    grow_and_shrink(1200);
    open_as(CHAINS_SPINE, 4096);
    grow_and_shrink(1200);
}

Test(chains, a_growth_that_finds_too_few_blocks_changes_nothing)
{
    for (uint32_t link = CHAINS_LIST; link <= CHAINS_SPINE; link++) {
        open_as(link, 1024);
        addr32 p = alloc(100);
        uint8_t before[1500];
        memcpy(before, h, sizeof before);
        cr_expect(eq(u32, resize(p, 16 * n_free() + 113), 0));
        cr_expect(eq(u32, h->refusal, REFUSAL_FULL));
        h->refusal = REFUSAL_NONE;
        cr_expect(memcmp(before, h, sizeof before) == 0);
        cr_expect(eq(u32, resize(0, 20), p + 16 * 7 + 16 * link));
    }
}

Test(chains, zeroing_covers_new_blocks_only)
{
    for (uint32_t link = CHAINS_LIST; link <= CHAINS_SPINE; link++) {
        struct chains_params params = {
            .block = 32, .zero = 1, .link = link, .index_bytes = 4};
        open_with(params, 4096);
        addr32 p = alloc(40);
        for (uint32_t i = 0; i < 64; i++)
            cr_expect(eq(u8, *byte_at(h, chains_deref(h, p, i)), 0));
        fill(p, 40, 1);
        cr_assert(eq(u32, resize(p, 700), p));
        cr_expect(is_filled(p, 40, 1));
        for (uint32_t i = 40; i < 704; i++)
            cr_expect(eq(u8, *byte_at(h, chains_deref(h, p, i)), 0));
    }
}

Test(chains, bytes_are_contiguous_to_the_end_of_their_block)
{
    open_as(CHAINS_LIST, 4096);
    addr32 a = alloc(16);
    addr32 b = alloc(16);
    release(a);
    addr32 p = alloc(40); /* a's block, then those behind b's */
    cr_expect(eq(u32, p, a));
    cr_expect(eq(u32, chains_deref(h, p, 15), a + 15));
    cr_expect(eq(u32, chains_deref(h, p, 16), b + 16));
    cr_expect(eq(u32, chains_deref(h, p, 36), b + 36));
    chains_store(h, p, 5, 77);
    cr_expect(eq(u32, *word_at(h, b + 20), 77));
}

Test(chains, an_object_may_lie_in_several_areas)
{
    for (uint32_t link = CHAINS_LIST; link <= CHAINS_SPINE; link++) {
        open_as(link, 512);
        cr_assert(eq(u32, chains_add_area(h, BASE + 0x8000, 300), HEAP_OK));
        cr_assert(eq(u32, chains_add_area(h, BASE + 0x4000, 200), HEAP_OK));
        cr_assert(eq(int, chains_check(h, BASE, WINDOW), 0));
        uint32_t bytes = link == CHAINS_LIST ? 16 * n_free() : 16 * 45;
        addr32 p = alloc(bytes);
        cr_assert(ne(u32, p, 0));
        fill(p, bytes, 11);
        cr_expect(is_filled(p, bytes, 11));
        struct heap_info all = look();
        uint32_t used = 0, free_bytes = 0, total = 0;
        struct area_info info;
        for (uint32_t i = 0; chains_area_info(h, i, &info); i++) {
            used += info.blocks.used_bytes;
            free_bytes += info.blocks.free_bytes;
            total += info.blocks.total_bytes;
            cr_expect(eq(u32, info.number, i));
        }
        cr_expect(eq(u32, used, all.used_bytes));
        cr_expect(eq(u32, free_bytes, all.free_bytes));
        cr_expect(eq(u32, total, all.total_bytes));
        cr_expect(eq(u32, used, bytes));
        release(p);
    }
}

Test(chains, a_soft_reset_leaves_the_first_area_empty)
{
    for (uint32_t link = CHAINS_LIST; link <= CHAINS_SPINE; link++) {
        open_as(link, 4096);
        uint32_t before = n_free();
        alloc(2000);
        cr_assert(eq(u32, chains_add_area(h, BASE + 0x8000, 999), HEAP_OK));
        alloc(2500);
        cr_expect(eq(u32, chains_control(h, CONTROL_RESET, 0), HEAP_OK));
        cr_expect(eq(int, chains_check(h, BASE, WINDOW), 0));
        cr_expect(eq(u32, n_given_back, 1));
        cr_expect(eq(u32, given_back[0], BASE + 0x8000));
        cr_expect(eq(u32, n_free(), before));
        cr_expect(eq(u32, look().n_objects, 0));
        cr_expect(eq(u32, h->next_area, 2));
        cr_expect(
            eq(u32, chains_control(h, CONTROL_AUTO, 1), HEAP_BAD_PARAMETER));
    }
}

Test(chains, a_heap_that_cannot_be_is_refused)
{
    struct chains_params p = CHAINS_DEFAULTS;
    open_with(p, 4096);
    cr_expect(eq(u32, chains_init(h, BASE, 30, &p), HEAP_TOO_SMALL));
    cr_expect(eq(u32, chains_init(h, BASE + 8, 4096, &p), HEAP_BAD_ADDRESS));
    cr_expect(
        eq(u32, chains_init(h, 0xfffff000, 0x2000, &p), HEAP_BAD_ADDRESS));
    p.block = 16;
    cr_expect(eq(u32, chains_init(h, BASE, 18 * 32768, &p), HEAP_TOO_LARGE));
    p.block = 8;
    cr_expect(eq(u32, chains_control_bytes(&p), 0));
    cr_expect(eq(u32, chains_init(h, BASE, 4096, &p), HEAP_BAD_PARAMETER));
    p = (struct chains_params){.block = 16, .index_bytes = 3};
    cr_expect(eq(u32, chains_control_bytes(&p), 0));
    p = (struct chains_params){.block = 16, .index_bytes = 4, .link = 2};
    cr_expect(eq(u32, chains_control_bytes(&p), 0));
    p = (struct chains_params){.block = 16, .index_bytes = 4, .zero = 2};
    cr_expect(eq(u32, chains_control_bytes(&p), 0));
    open_as(CHAINS_LIST, 4096);
    cr_expect(eq(u32, chains_add_area(h, BASE, 300), HEAP_BAD_ADDRESS));
    cr_expect(
        eq(u32, chains_add_area(h, BASE + 0x8008, 300), HEAP_BAD_ADDRESS));
    cr_expect(eq(u32, chains_add_area(h, BASE + 0x8000, 20), HEAP_TOO_SMALL));
    cr_expect(eq(u32, chains_add_area(h, BASE + 0x8000, 40), HEAP_TOO_SMALL));
    cr_expect(
        eq(u32, chains_add_area(h, BASE + 0x8000, 0x100000), HEAP_TOO_LARGE));
}

Test(chains, more_blocks_than_two_bytes_count_take_links_of_four)
{
    struct chains_params p = {.block = 16, .index_bytes = 4};
    uint32_t bytes = 40000 * 20;
    h = aligned_alloc(64, 0x100000);
    for (p.link = CHAINS_LIST; p.link <= CHAINS_SPINE; p.link++) {
        cr_assert(eq(u32, chains_init(h, BASE, bytes, &p), HEAP_OK));
        cr_assert(eq(int, chains_check(h, BASE, 0x100000), 0));
        uint32_t most = p.link == CHAINS_LIST ? 40000 * 16 : 32768 * 16;
        addr32 object = chains_alloc(h, most, 0);
        cr_assert(ne(u32, object, 0));
        fill(object, 200, 1);
        chains_store(h, object, most / 4 - 1, 1234567);
        cr_expect(is_filled(object, 200, 1));
        cr_expect(eq(u32, chains_bytes(h, object), most));
        cr_assert(eq(int, chains_check(h, BASE, 0x100000), 0));
        chains_free(h, object);
        cr_expect(eq(u32, n_free(), fixed_of(h)->n_blocks));
    }
    free(h);
    h = NULL;
}
