/* test_chains_check.c - chains_check names each broken invariant, and ends. */
#include "tests/chains_heap.h"
#include "traces/synth/rng.h"

TestSuite(chains_check, .fini = close);

/* Two areas; objects of 1, 3, 9 and 70 blocks; free blocks between them. */
static addr32 object[4];

static void open_varied(uint32_t link)
{
    static const uint32_t blocks[4] = {1, 3, 9, 70};
    addr32 gap[4];
    open_as(link, 2400);
    cr_assert(eq(u32, chains_add_area(h, BASE + 0x8000, 600), HEAP_OK));
    for (uint32_t i = 0; i < 4; i++) {
        gap[i] = alloc(20);
        object[i] = alloc(16 * blocks[i]);
        cr_assert(ne(u32, object[i], 0));
    }
    for (uint32_t i = 0; i < 4; i++)
        release(gap[i]);
}

static void expect_broken(int number)
{
    cr_expect(eq(int, chains_check(h, BASE, WINDOW), number));
}

/* The check says `number` of a heap in which `at` is `value`. */
static void break_word(uint32_t *at, uint32_t value, int number)
{
    uint32_t before = *at;
    *at = value;
    expect_broken(number);
    *at = before;
    cr_assert(eq(int, chains_check(h, BASE, WINDOW), 0));
}

/* The same for a link of two bytes. */
static void break_link(uint16_t *at, uint32_t value, int number)
{
    uint16_t before = *at;
    *at = (uint16_t)value;
    expect_broken(number);
    *at = before;
    cr_assert(eq(int, chains_check(h, BASE, WINDOW), 0));
}

static uint16_t *link_of(uint32_t i)
{
    const struct fixed_area *a = fixed_area_of(h, i);
    return half_at(h, a->table + 2 * (i - a->from));
}

Test(chains_check, check_names_a_broken_control_block)
{
    open_varied(CHAINS_LIST);
    struct chains *c = chains_of(h);
    break_word(&h->base, BASE + 16, 1);
    break_word(&h->manager, MANAGER_marksweep, 1);
    break_word(&h->control_bytes, 176, 1);
    break_word(&h->heap_bytes, WINDOW, 1);
    break_word(&c->params.block, 8, 2);
    break_word(&c->params.block, 32, 2);
    break_word(&c->params.zero, 2, 2);
    break_word(&c->params.link, 2, 2);
    break_word(&c->params.link, 1, 2);
    break_word(&c->params.index_bytes, 4, 2);
    break_word(&c->blocks.index_bytes, 4, 2);
    break_word(&c->blocks.index_max, 0x3fff, 2);
    break_word(&c->blocks.table_bits, 2, 2);
    break_word(&h->block_bytes, 32, 2);
    break_word(&h->block_shift, 5, 2);
    break_word(&h->block_shift, 36, 2);
    cr_expect(eq(int, chains_check(h, BASE, 191), 1));
    cr_expect(eq(int, chains_check(h, BASE + 16, WINDOW), 1));
}

Test(chains_check, check_names_a_broken_list_of_areas)
{
    open_varied(CHAINS_SPINE);
    struct fixed_area *first = &chains_of(h)->blocks.first;
    struct fixed_area *second = fixed_area_at(h, first->next);
    break_word(&h->n_areas, 0, 3);
    break_word(&h->n_areas, 1, 3);
    break_word(&h->n_areas, 3, 3);
    break_word(&h->next_area, 1, 3);
    break_word(&first->next, first->next + 4, 3);
    break_word(&first->next, BASE, 3);
    break_word(&first->next, BASE + WINDOW, 3);
    break_word(&first->number, 1, 3);
    break_word(&first->from, 2, 3);
    break_word(&first->origin, first->origin - 4, 3);
    break_word(&first->origin, first->origin - 160, 3);
    break_word(&first->origin, first->origin + WINDOW, 3);
    break_word(&first->n_blocks, first->n_blocks - 4, 3);
    break_word(&first->n_blocks, first->n_blocks + 1, 3);
    break_word(&second->number, 0, 3);
    break_word(&second->next, BASE + 0x9000, 3);
    break_word(&second->from, second->from - 1, 3);
    break_word(&second->table, second->table + 4, 3);
    break_word(&second->n_blocks, UINT32_MAX - 3, 3);
    break_word(&h->pool_min, fixed_pool(h, second), 3);
    break_word(&h->pool_max, fixed_pool(h, second), 3);
    break_word(&fixed_of(h)->n_blocks, 7, 3);
}

Test(chains_check, check_names_areas_that_overlap)
{
    for (uint32_t link = CHAINS_LIST; link <= CHAINS_SPINE; link++) {
        open_as(link, 2400);
        struct fixed_area *first = &chains_of(h)->blocks.first;
        addr32 inside = fixed_pool(h, first) + 160;
        struct fixed_area second = {.number = 1,
                                    .table = inside + 24,
                                    .origin = inside + 64 -
                                              16 * (first->n_blocks + 1),
                                    .from = first->n_blocks + 1,
                                    .n_blocks = 8};
        *fixed_area_at(h, inside) = second;
        first->next = inside;
        h->n_areas = 2;
        h->next_area = 2;
        fixed_of(h)->n_blocks += 8;
        expect_broken(4);
        open_as(link, 2400);
    }
}

Test(chains_check, check_names_a_table_that_says_what_it_cannot)
{
    open_varied(CHAINS_LIST);
    uint32_t n_blocks = fixed_of(h)->n_blocks;
    break_link(link_of(5), n_blocks + 1, 5);
    break_link(link_of(5), 0xffff, 5);
    break_link(link_of(n_blocks), 0x7fff, 5);
    open_varied(CHAINS_SPINE);
    const struct fixed_area *area = fixed_area_of(h, fixed_of(h)->free);
    uint32_t b = fixed_of(h)->free - area->from;
    uint32_t *word = word_at(h, area->table) + b / 16;
    break_word(word, *word | 2u << 2 * (b % 16), 5);
}

Test(chains_check, check_names_a_spine_that_counts_what_it_cannot)
{
    open_varied(CHAINS_SPINE);
    for (uint32_t i = 1; i < 4; i++) {
        break_link(half_at(h, object[i]), 0, 6);
        break_link(half_at(h, object[i]), 1, 6);
        break_link(half_at(h, object[i]), fixed_of(h)->n_blocks + 1, 6);
    }
}

Test(chains_check, check_names_blocks_that_two_links_lead_to)
{
    open_varied(CHAINS_LIST);
    uint32_t a = fixed_index(h, object[1]);
    uint32_t b = fixed_index(h, object[2]);
    uint32_t next_of_b = *link_of(b) & 0x7fffu;
    break_link(link_of(a), 0x8000 | next_of_b, 7); /* into another object  */
    break_link(link_of(a), 0x8000 | b, 7);         /* to its first block   */
    break_link(link_of(a), 0x8000 | a, 7);         /* to itself            */
    break_link(link_of(a), 0x8000 | fixed_of(h)->free, 7);
    break_link(link_of(fixed_of(h)->free), next_of_b, 7);
    break_link(link_of(fixed_of(h)->free), b, 7);
    break_word(&fixed_of(h)->free, next_of_b, 7);
    break_word(&fixed_of(h)->free, UINT32_MAX, 7);

    open_varied(CHAINS_SPINE);
    uint16_t *top = half_at(h, object[2]); /* 9 p q: two levels */
    b = fixed_index(h, object[0]);
    break_link(top + 1, b, 7);
    break_link(top + 1, top[2], 7);
    break_link(top + 1, 0, 7);
    break_link(top + 1, 0xffff, 7);
    break_link(top + 1, fixed_of(h)->free, 7);
    uint16_t *leaf = half_at(h, fixed_address(h, top[1]));
    break_link(leaf + 3, leaf[4], 7);
    break_link(leaf + 3, top[1], 7);
    break_link(leaf + 3, fixed_index(h, object[2]), 7);
    uint16_t *free_link = half_at(h, fixed_address(h, fixed_of(h)->free));
    break_link(free_link, fixed_of(h)->free, 7); /* a ring */
    break_link(free_link, leaf[4], 7);
    break_word(&fixed_of(h)->free, b, 7);
}

Test(chains_check, check_names_a_wrong_count_of_free_blocks)
{
    for (uint32_t link = CHAINS_LIST; link <= CHAINS_SPINE; link++) {
        open_varied(link);
        uint32_t n = n_free();
        break_word(&fixed_of(h)->n_free, n + 1, 8);
        break_word(&fixed_of(h)->n_free, n - 1, 8);
        break_word(&fixed_of(h)->n_free, 0, 8);
        break_word(&fixed_of(h)->free, 0, 8);
    }
}

Test(chains_check, check_names_blocks_that_nobody_has)
{
    open_varied(CHAINS_LIST);
    uint32_t a = fixed_index(h, object[2]);
    uint32_t second = *link_of(a) & 0x7fffu;
    uint32_t third = *link_of(second);
    break_link(link_of(second), 0, 9); /* the rest is lost */
    break_link(link_of(a), second, 9); /* no longer an object */
    uint32_t fourth = *link_of(third);
    uint16_t before = *link_of(fourth);
    *link_of(second) = before; /* a ring of two beside the object */
    *link_of(fourth) = (uint16_t)third;
    expect_broken(9);
    *link_of(second) = (uint16_t)third;
    *link_of(fourth) = before;

    open_varied(CHAINS_SPINE);
    break_link(half_at(h, object[3]), 69, 9);
    a = fixed_index(h, object[0]);
    const struct fixed_area *area = fixed_area_of(h, a);
    uint32_t *word = word_at(h, area->table) + (a - area->from) / 16;
    uint32_t entry = 3u << 2 * ((a - area->from) % 16);
    break_word(word, *word & ~entry, 9);
}

/* Any bytes in the heap: an answer, no reading outside, an end. */
Test(chains_check, check_ends_on_any_bytes)
{
    struct rng rng;
    rng_seed(&rng, 7);
    for (uint32_t round = 0; round < 600; round++) {
        open_varied(round % 2);
        uint8_t *bytes = (uint8_t *)h;
        uint32_t *words = (uint32_t *)h;
        uint32_t n = 1 + rng_below(&rng, 8);
        for (uint32_t i = 0; i < n; i++)
            bytes[rng_below(&rng, round % 4 < 2 ? 192 : 2800)] =
                (uint8_t)rng_below(&rng, 256);
        (void)chains_check(h, BASE, WINDOW);
        uint32_t at = 48 + rng_below(&rng, 650);
        for (uint32_t i = at; i < at + 40; i++)
            words[i] = rng_below(&rng, 0x10000) << 16 | rng_below(&rng, 300);
        (void)chains_check(h, BASE, WINDOW);
    }
    open_as(CHAINS_LIST, 4096);
}
