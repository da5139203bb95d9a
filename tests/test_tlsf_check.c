/* test_tlsf_check.c - tlsf_check names each broken invariant, and ends. */
#include "tests/tlsf_heap.h"
#include "traces/synth/rng.h"

TestSuite(tlsf_check, .fini = close);

/* A heap with two areas, objects, and holes of which two share a list. */
static addr32 hole[3], object[3];

static void open_varied(void)
{
    open(4096);
    cr_assert(eq(u32, tlsf_add_area(h, BASE + 0x8000, 2000), HEAP_OK));
    for (uint32_t i = 0; i < 3; i++) {
        hole[i] = alloc(i < 2 ? 200 : 300);
        object[i] = alloc(64);
    }
    for (uint32_t i = 0; i < 3; i++)
        release(hole[i]);
}

static uint32_t first_list(void)
{
    return 128 + (uint32_t)offsetof(struct tlsf, list);
}

/* The check says `number` of a heap in which `at` is `value`. */
static void break_word(uint32_t *at, uint32_t value, int number)
{
    uint32_t before = *at;
    *at = value;
    cr_expect(eq(int, tlsf_check(h, BASE, WINDOW), number));
    *at = before;
    cr_assert(eq(int, tlsf_check(h, BASE, WINDOW), 0));
}

Test(tlsf_check, check_names_a_broken_control_block)
{
    open_varied();
    struct tlsf *t = tlsf_of(h);
    break_word(&h->base, BASE + 16, 1);
    break_word(&h->manager, MANAGER_marksweep, 1);
    break_word(&h->control_bytes, 100, 1);
    break_word(&h->control_bytes, WINDOW + 16, 1);
    break_word(&h->heap_bytes, WINDOW, 1);
    break_word(&t->params.zero, 2, 2);
    break_word(&t->params.align, 6, 2);
    break_word(&t->params.max_area, 65535, 2);
    break_word(&t->params.max_area, 32768, 2);
    break_word(&t->max_request, 5, 2);
    break_word(&t->n_rows, 11, 2);
    break_word(&h->block_bytes, 16, 2);
    cr_expect(eq(int, tlsf_check(h, BASE, 200), 1));
    cr_expect(eq(int, tlsf_check(h, BASE + 16, WINDOW), 1));
}

Test(tlsf_check, check_names_a_broken_list_of_areas)
{
    open_varied();
    struct tlsf *t = tlsf_of(h);
    struct tlsf_area *second = (void *)word(t->first.next);
    break_word(&h->n_areas, 0, 3);
    break_word(&h->n_areas, 1, 3);
    break_word(&h->n_areas, 3, 3);
    break_word(&h->next_area, 1, 3);
    break_word(&t->first.next, t->first.next + 4, 3);
    break_word(&t->first.next, BASE, 3);
    break_word(&t->first.next, BASE + WINDOW, 3);
    break_word(&t->first.number, 1, 3);
    break_word(&second->number, 0, 3);
    break_word(&second->next, BASE + 0x9000, 3);
    break_word(&second->chunk, second->chunk + 4, 3);
    break_word(&second->end, second->chunk - 4, 3);
    break_word(&second->end, second->end + WINDOW, 3);
    break_word(&h->pool_min, second->chunk, 3);
    break_word(&h->pool_max, second->chunk, 3);
}

Test(tlsf_check, check_names_areas_that_overlap)
{
    open_varied();
    struct tlsf *t = tlsf_of(h);
    break_word(&t->first.end, BASE + 0x8100, 4);
}

Test(tlsf_check, check_names_broken_chunks)
{
    open_varied();
    struct tlsf *t = tlsf_of(h);
    break_word(word(object[0] - 4), 12, 5);
    break_word(word(object[0] - 4), 0, 5);
    break_word(word(object[0] - 4), 0x10000, 5);
    break_word(word(hole[1] - 4), 0xfffffff1, 5);
    break_word(word(object[0] - 4), *word(object[0] - 4) & ~2u, 6);
    break_word(word(hole[1] - 4), *word(hole[1] - 4) | 2, 6);
    break_word(word(object[0] - 4), *word(object[0] - 4) | 1, 6);
    break_word(word(hole[0] - 4), *word(hole[0] - 4) & ~1u, 6);
    break_word(word(t->first.end - 4), 0, 6);
    break_word(word(t->first.end - 4), 3, 6);
    break_word(word(t->first.end - 4), 18, 6);
    break_word(word(object[1] - 8), hole[0], 7);
    break_word(word(object[1] - 8), 0, 7);
}

Test(tlsf_check, check_names_broken_lists)
{
    open_varied();
    struct tlsf *t = tlsf_of(h);
    uint32_t both = 0; /* list of the two holes of 204 bytes */
    while (t->list[both] != hole[1])
        both++;
    cr_assert(eq(u32, *word(hole[1]), hole[0]));
    break_word(word(hole[1] + 4), hole[0], 8);
    break_word(word(hole[0] + 4), BASE + first_list() + 4 * both, 8);
    break_word(word(hole[1]), 0, 8);
    break_word(word(hole[1]), hole[1], 8);
    break_word(word(hole[1]), object[1], 8);
    break_word(word(hole[1]), BASE + WINDOW, 8);
    break_word(word(hole[1]), hole[0] + 2, 8);
    break_word(&t->list[both], hole[0], 8);
    break_word(word(hole[0]), hole[1], 9);
    break_word(word(hole[0]), object[0], 9);
    break_word(word(hole[0]), 7, 9);
    break_word(&t->list[both + 1], object[0], 9);
    break_word(&t->list[both + 1], hole[1], 9);
}

Test(tlsf_check, check_names_a_wrong_bit)
{
    open_varied();
    struct tlsf *t = tlsf_of(h);
    break_word(&t->rows, t->rows ^ 1, 10);
    break_word(&t->rows, t->rows & (t->rows - 1), 10);
    break_word(&t->rows, t->rows | 1u << 30, 10);
    for (uint32_t row = 0; row < TLSF_ROWS_MAX; row++) {
        break_word(&t->lists[row], t->lists[row] ^ 1, 10);
        break_word(&t->lists[row], t->lists[row] ^ 1u << 31, 10);
    }
}

Test(tlsf_check, check_ends_on_any_bytes)
{
    struct rng rng;
    rng_seed(&rng, 7);
    open_varied();
    uint8_t *whole = malloc(WINDOW);
    memcpy(whole, h, WINDOW);
    for (uint32_t i = 0; i < 3000; i++) {
        uint32_t n = 1 + rng_below(&rng, 4);
        while (n-- > 0) {
            uint32_t at = rng_below(&rng, i % 2 ? 0x1800 : 0x8800) / 4;
            uint32_t *w = (uint32_t *)(void *)h + at;
            uint32_t what = rng_below(&rng, 4);
            *w = what == 0   ? rng_below(&rng, UINT32_MAX)
                 : what == 1 ? *w ^ 1u << rng_below(&rng, 32)
                 : what == 2 ? BASE + rng_below(&rng, WINDOW)
                             : *w + 4;
        }
        int broken = tlsf_check(h, BASE, WINDOW);
        cr_assert(broken >= 0 && broken <= 10);
        memcpy(h, whole, WINDOW);
    }
    free(whole);
}
