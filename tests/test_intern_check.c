/* test_intern_check.c - intern_check names each broken invariant, and ends. */
#include "tests/intern_heap.h"
#include "traces/synth/rng.h"

TestSuite(intern_check, .fini = close);

/* Two areas, objects, holes, an old chunk and a new one. */
static void open_varied(void)
{
    open(2048);
    cr_assert(eq(u32, intern_add_area(h, BASE + 0x8000, 600), HEAP_OK));
    intern(50);
    addr32 a = alloc(100);
    alloc(20);
    intern(90);
    release(a);
}

/* The check says `number` of a heap in which `at` is `value`. */
static void break_word(uint32_t *at, uint32_t value, int number)
{
    uint32_t before = *at;
    *at = value;
    cr_expect(eq(int, intern_check(h, BASE, WINDOW), number));
    *at = before;
    cr_assert(eq(int, intern_check(h, BASE, WINDOW), 0));
}

Test(intern_check, check_names_a_broken_control_block)
{
    open_varied();
    struct intern_params *p = &intern_of(h)->params;
    break_word(&h->base, BASE + 16, 1);
    break_word(&h->manager, MANAGER_marksweep, 1);
    break_word(&h->control_bytes, 144, 1);
    break_word(&h->heap_bytes, WINDOW, 1);
    break_word(&p->block, 32, 2);
    break_word(&p->block, 4, 2);
    break_word(&p->zero, 2, 2);
    break_word(&p->chunk, 0, 2);
    break_word(&p->chunk, INTERN_CHUNK_MAX + 1, 2);
    break_word(&h->block_bytes, 8, 2);
    break_word(&h->block_shift, 3, 2);
    break_word(&h->block_shift, 36, 2);
    break_word(&h->has_finalisers, 1, 2);
    cr_expect(eq(int, intern_check(h, BASE, 159), 1));
    cr_expect(eq(int, intern_check(h, BASE + 16, WINDOW), 1));
}

Test(intern_check, check_names_broken_areas_and_tables)
{
    open_varied();
    uint32_t *table = word_at(h, h->first.table);
    break_word(&h->n_areas, 1, 4);
    break_word(&h->first.next, h->first.next + 4, 4);
    break_word(&h->first.pool, h->first.pool + 16, 5);
    break_word(&h->pool_max, h->first.pool, 5);
    /* the hole of 7 blocks behind the old chunk of 4 */
    break_word(table, *table | 2u << 2 * 5, 7);
    break_word(table, *table | 3u, 7);
    break_word(&h->first.last_used, 3, 9);
    break_word(&h->first.hint, 3, 10);
    break_word(&h->search_area, BASE, 11);
}

Test(intern_check, check_names_a_pool_whose_chunk_is_no_object)
{
    open_varied();
    struct stringpool *s = &intern_of(h)->pool;
    break_word(&s->chunk, s->chunk + 16, 12);
    break_word(&s->chunk, s->chunk + 1, 12);
    break_word(&s->chunk, h->first.pool, 12);
    break_word(&s->chunk, BASE + WINDOW, 12);
    break_word(&s->chunk, 0, 12);
    break_word(&s->chunk_bytes, s->chunk_bytes + 16, 12);
    break_word(&s->used_bytes, s->chunk_bytes + 1, 12);
    break_word(&s->used_bytes, 0, 12);
    break_word(&s->first_bytes, 64, 12);
    break_word(&intern_of(h)->unused, 1, 12);
    open(2048);
    break_word(&intern_of(h)->pool.used_bytes, 1, 12);
    break_word(&intern_of(h)->pool.chunk_bytes, 16, 12);
}

/* Any bytes in the heap: an answer, no reading outside, an end. */
Test(intern_check, check_ends_on_any_bytes)
{
    struct rng rng;
    rng_seed(&rng, 8);
    for (uint32_t round = 0; round < 600; round++) {
        open_varied();
        uint8_t *bytes = (uint8_t *)h;
        uint32_t *words = (uint32_t *)h;
        uint32_t n = 1 + rng_below(&rng, 8);
        for (uint32_t i = 0; i < n; i++)
            bytes[rng_below(&rng, round % 4 < 2 ? 160 : 2200)] =
                (uint8_t)rng_below(&rng, 256);
        (void)intern_check(h, BASE, WINDOW);
        uint32_t at = 20 + rng_below(&rng, 500);
        for (uint32_t i = at; i < at + 10; i++)
            words[i] = rng_below(&rng, 2) == 0 ? rng_below(&rng, 300)
                                               : BASE + rng_below(&rng, 9000);
        (void)intern_check(h, BASE, WINDOW);
    }
    open(2048);
}
