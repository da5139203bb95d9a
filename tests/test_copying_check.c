/* test_copying_check.c - copying_check names each broken invariant, and ends.
 */
#include "tests/copying_heap.h"
#include "traces/synth/rng.h"

TestSuite(copying_check, .fini = close);

static addr32 object[4];
static struct slide_area *second;

/* Two areas, objects, a hole, and every kind of table. */
static void open_varied(void)
{
    struct copying_params p = COPYING_DEFAULTS;
    p.leaf = p.ambiguous = 1;
    open_with(p, 2048);
    cr_assert(eq(u32, copying_add_area(h, BASE + 0x8000, 2000), HEAP_OK));
    for (uint32_t i = 0; i < 4; i++)
        object[i] = copying_alloc(h, 100, 2 * (7 & ~i));
    release(object[1]);
    second = slide_at(h, h->first.next);
}

/* The check says `number` of a heap in which `at` is `value`. */
static void break_word(uint32_t *at, uint32_t value, int number)
{
    uint32_t before = *at;
    *at = value;
    cr_expect(eq(int, copying_check(h, BASE, WINDOW), number));
    *at = before;
    check();
}

static void break_byte(addr32 at, uint8_t value, int number)
{
    uint8_t before = *byte_at(h, at);
    *byte_at(h, at) = value;
    cr_expect(eq(int, copying_check(h, BASE, WINDOW), number));
    *byte_at(h, at) = before;
    check();
}

Test(copying_check, names_a_broken_control_block)
{
    open_varied();
    struct copying *own = copying_of(h);
    break_word(&h->base, BASE + 16, 1);
    break_word(&h->manager, MANAGER_marksweep, 1);
    break_word(&h->control_bytes, 100, 1);
    break_word(&h->control_bytes, WINDOW + 16, 1);
    break_word(&h->heap_bytes, WINDOW, 1);
    break_word(&own->params.block, 12, 2);
    break_word(&own->params.pack, 2, 2);
    break_word(&own->params.ration, 1001, 2);
    break_word(&own->params.mark_stack, 63, 2);
    break_word(&own->mark.stack, BASE, 2);
    break_word(&own->mark.cap, 63, 2);
    break_word(&own->cleaning, 0, 2);
    break_word(&h->block_bytes, 32, 2);
    break_word(&h->block_shift, 5, 2);
    break_word(&h->block_shift, 40, 2);
    break_word(&h->has_finalisers, 0, 2);
    break_word(&h->is_auto, 2, 2);
    cr_expect(eq(int, copying_check(h, BASE, 200), 1));
    cr_expect(eq(int, copying_check(h, BASE + 16, WINDOW), 1));
}

Test(copying_check, names_a_collection_under_way)
{
    open_varied();
    struct copying *own = copying_of(h);
    break_word(&h->phase, PHASE_MARK, 3);
    break_word(&own->mark.has_overflowed, 1, 3);
    break_word(&own->moving, object[0], 3);
    break_word(&own->slide.n_pinned, 1, 3);
}

Test(copying_check, names_a_broken_list_of_areas)
{
    open_varied();
    break_word(&h->n_areas, 1, 4);
    break_word(&h->n_areas, 3, 4);
    break_word(&h->next_area, 1, 4);
    break_word(&h->first.number, 1, 4);
    break_word(&h->first.next, h->first.next + 4, 4);
    break_word(&h->first.next, BASE, 4);
    break_word(&h->first.next, BASE + WINDOW - 16, 4);
    break_word(&second->area.number, 0, 4);
    break_word(&second->area.next, h->first.next, 4);
}

Test(copying_check, names_a_broken_layout)
{
    open_varied();
    struct slide_area *a = slide_first(h);
    break_word(&a->area.table, a->area.table + 4, 5);
    break_word(&a->area.table_bytes, a->area.table_bytes + 1, 5);
    break_word(&a->area.table_bytes, a->area.table_bytes - 1, 5);
    break_word(&a->area.table_bytes, 0, 5);
    break_word(&a->area.table_bytes, UINT32_MAX / 2, 5);
    break_word(&a->area.pool, a->area.pool + 16, 5);
    break_word(&a->area.pool, a->area.pool + 4, 5);
    break_word(&a->leaf, a->leaf + 1, 5);
    break_word(&a->ambiguous, 0, 5);
    break_word(&a->offset, a->offset - 2, 5);
    break_word(&second->offset, second->offset + 2, 5);
    break_word(&h->pool_min, a->area.pool + 16, 5);
    break_word(&h->pool_max, a->area.pool, 5);
}

Test(copying_check, names_areas_that_overlap)
{
    open_varied();
    cr_assert(eq(u32, copying_add_area(h, BASE + 0x9000, 500), HEAP_OK));
    check();
    struct slide_area *third = slide_next(h, second);
    struct slide_area was = *third;
    /* The same area once more, inside the second. */
    addr32 at = BASE + 0x8000 + 1024;
    memcpy(word(at), third, sizeof was);
    uint32_t down = BASE + 0x9000 - at;
    struct slide_area *moved = slide_at(h, at);
    moved->area.table -= down;
    moved->area.pool -= down;
    moved->leaf -= down;
    moved->ambiguous -= down;
    moved->offset -= down;
    break_word(&second->area.next, at, 6);
}

Test(copying_check, names_a_broken_table)
{
    open_varied();
    const struct area *a = &h->first;
    uint32_t b = block(object[0]);
    cr_assert(eq(u32, b, 0));
    break_byte(a->table, 0xab, 7);                      /* MARK */
    break_byte(a->table, 0xaa, 7);                      /* a TAIL comes first */
    break_byte(a->table + a->table_bytes - 1, 0x80, 7); /* after FREE */
    break_byte(a->table + a->table_bytes, 1, 7);        /* the gap byte */
}

Test(copying_check, names_bits_that_belong_to_no_object)
{
    open_varied();
    const struct slide_area *a = slide_first(h);
    addr32 finalisers = a->area.table + a->area.table_bytes + 1;
    cr_assert(ne(u32, *byte_at(h, a->leaf), 0));
    break_byte(finalisers, 2, 8);
    break_byte(a->leaf, *byte_at(h, a->leaf) | 2, 8);
    break_byte(a->ambiguous + 1, 255, 8);
}

Test(copying_check, names_a_broken_region)
{
    open_varied();
    struct copying *own = copying_of(h);
    break_word(&h->search_area, BASE, 9);
    break_word(&h->search_area, h->first.next, 9);
    break_word(&own->table, own->table + 4, 9);
    break_word(&own->pool, own->pool + 16, 9);
    break_word(&own->cursor, own->cursor - 1, 9);
    break_word(&own->cursor, own->stop + 1, 9);
    break_word(&own->stop, own->limit + 1, 9);
    break_word(&own->limit, own->limit + 1, 9);
}

Test(copying_check, names_a_wrong_number_of_free_blocks)
{
    open_varied();
    struct slide_area *a = slide_first(h);
    break_word(&a->n_free, a->n_free + 1, 10);
    break_word(&second->n_free, 0, 10);
    break_byte(a->area.table + 1, 0, 10); /* an object's end is lost */
}

Test(copying_check, ends_on_any_bytes)
{
    struct rng rng;
    rng_seed(&rng, 7);
    open_varied();
    uint8_t *window = (uint8_t *)h;
    uint8_t *good = malloc(WINDOW);
    memcpy(good, window, WINDOW);
    for (uint32_t i = 0; i < 20000; i++) {
        /* Words of the control block and of a descriptor, and any byte. */
        uint32_t at = rng_below(&rng, 3) == 0 ? 0x8000 : 0;
        uint32_t *w = (uint32_t *)(void *)(window + at) + rng_below(&rng, 66);
        uint32_t value = rng_next(&rng) >> rng_below(&rng, 32);
        *w = rng_below(&rng, 2) == 0 ? *w + (value & 31) - 16 : value;
        window[rng_below(&rng, 2300)] = (uint8_t)value;
        (void)copying_check(h, BASE, WINDOW);
        if (i % 4 == 3)
            memcpy(window, good, WINDOW);
    }
    memcpy(window, good, WINDOW);
    free(good);
}
