/* test_fit_check.c - fit_check names each broken invariant, and ends. */
#include "tests/fit_heap.h"
#include "traces/synth/rng.h"

TestSuite(fit_check, .fini = close);

/* A heap with two areas, objects, and holes between them. */
static addr32 hole[3], object[3];

static void open_varied(uint32_t policy, uint32_t tags, uint32_t tag)
{
    struct fit_params p = FIT_DEFAULTS;
    p.policy = policy;
    p.tags = tags;
    p.tag = tag;
    open_with(p, 4096);
    cr_assert(eq(u32, fit_add_area(h, BASE + 0x8000, 2000), HEAP_OK));
    for (uint32_t i = 0; i < 3; i++) {
        hole[i] = alloc(i < 2 ? 200 : 300);
        object[i] = alloc(64);
    }
    for (uint32_t i = 0; i < 3; i++)
        release(hole[i]);
}

/* The check says `number` of a heap in which `at` is `value`. */
static void break_word(uint32_t *at, uint32_t value, int number)
{
    uint32_t before = *at;
    *at = value;
    cr_expect(eq(int, fit_check(h, BASE, WINDOW), number));
    *at = before;
    cr_assert(eq(int, fit_check(h, BASE, WINDOW), 0));
}

static void break_byte(addr32 at, uint8_t value, int number)
{
    uint8_t before = *byte_at(h, at);
    *byte_at(h, at) = value;
    cr_expect(eq(int, fit_check(h, BASE, WINDOW), number));
    *byte_at(h, at) = before;
    cr_assert(eq(int, fit_check(h, BASE, WINDOW), 0));
}

Test(fit_check, check_names_a_broken_control_block)
{
    for (uint32_t tags = 0; tags < 2; tags++) {
        open_varied(FIT_BEST, tags, 4);
        struct fit *f = fit_of(h);
        break_word(&h->base, BASE + 16, 1);
        break_word(&h->manager, MANAGER_marksweep, 1);
        break_word(&h->control_bytes, 100, 1);
        break_word(&h->control_bytes, WINDOW + 16, 1);
        break_word(&h->heap_bytes, WINDOW, 1);
        break_word(&f->params.policy, 4, 2);
        break_word(&f->params.tags, 2, 2);
        break_word(&f->params.block, 24, 2);
        break_word(&f->params.tag, 6, 2);
        break_word(&f->params.align, 6, 2);
        break_word(&f->params.zero, 2, 2);
        break_word(&h->block_bytes, 128, 2);
        break_word(&h->block_shift, 7, 2);
        break_word(&h->control_bytes, h->control_bytes + 16, 2);
        break_word(&h->phase, 1, 3);
        break_word(&h->lock_depth, 1, 3);
        break_word(&h->is_auto, 1, 3);
        break_word(&h->n_collections, 1, 3);
        break_word(&f->rover, hole[0], 3);
        break_word(tags ? &h->first.pool : &f->first.chunk, 16, 3);
        cr_expect(eq(int, fit_check(h, BASE, 150), 1));
        cr_expect(eq(int, fit_check(h, BASE + 16, WINDOW), 1));
    }
}

Test(fit_check, check_names_a_broken_list_of_areas)
{
    for (uint32_t tags = 0; tags < 2; tags++) {
        open_varied(FIT_FIRST, tags, 4);
        struct fit *f = fit_of(h);
        addr32 at = BASE + 0x8000;
        uint32_t *next = tags ? &f->first.next : &h->first.next;
        uint32_t *number = tags ? &f->first.number : &h->first.number;
        break_word(&h->n_areas, 0, 4);
        break_word(&h->n_areas, 1, 4);
        break_word(&h->n_areas, 3, 4);
        break_word(&h->next_area, 1, 4);
        break_word(next, at + 4, 4);
        break_word(next, BASE, 4);
        break_word(next, BASE + WINDOW, 4);
        break_word(number, 1, 4);
        break_word(word(at), BASE + 0x9000, 4);
        break_word(word(at + 4), 0, 4);
        break_word(&h->pool_max, at, 5);
        break_word(&h->pool_min, hole[1], 5);
    }
}

Test(fit_check, check_names_a_broken_layout)
{
    open_varied(FIT_FIRST, FIT_TABLE, 4);
    break_word(&h->first.table, h->first.table + 4, 5);
    break_word(&h->first.table_bytes, h->first.table_bytes - 1, 5);
    break_word(&h->first.pool, h->first.pool + 16, 5);
    open_varied(FIT_FIRST, FIT_INLINE, 8);
    struct fit_area *second = (void *)word(BASE + 0x8000);
    struct fit_area *first = &fit_of(h)->first;
    break_word(&first->chunk, first->chunk + 4, 5);
    break_word(&first->end, first->end - 4, 5);
    break_word(&first->end, first->end + 4, 5);
    break_word(&second->chunk, second->chunk + 4, 5);
    break_word(&second->end, second->chunk - 4, 5);
    break_word(&second->end, second->end + WINDOW, 5);
}

Test(fit_check, check_names_areas_that_overlap)
{
    for (uint32_t tags = 0; tags < 2; tags++) {
        open_varied(FIT_FIRST, tags, 4);
        addr32 at = BASE + 0x8000 + 1600;
        cr_assert(eq(u32, fit_add_area(h, at + 512, 500), HEAP_OK));
        memcpy(word(at), word(at + 512), 512);
        uint32_t *next = word(BASE + 0x8000);
        uint32_t before = *next;
        *next = at;
        if (tags == FIT_INLINE) {
            struct fit_area *moved = (void *)word(at);
            moved->chunk -= 512;
            moved->end -= 512;
        } else {
            struct area *moved = (void *)word(at);
            moved->table -= 512;
            moved->pool -= 512;
        }
        cr_expect(eq(int, fit_check(h, BASE, WINDOW), 6));
        *next = before;
        if (tags == FIT_INLINE) /* its end lay where the area now begins */
            open_varied(FIT_FIRST, tags, 4);
    }
}

Test(fit_check, check_names_a_broken_table)
{
    open_varied(FIT_FIRST, FIT_TABLE, 4);
    struct area *a = &h->first;
    break_byte(a->table + 60, 0x02, 7);
    break_byte(a->table, 0x02, 7);
    break_byte(a->table + 60, 0x03, 7);
    break_byte(a->table + a->table_bytes, 1, 7);
    break_word(&a->last_used, 3, 9);
    break_word(&a->last_used, 1u << 20, 9);
    break_word(&a->hint, 1, 10);
    break_word(&h->search_area, a->next, 11);
    break_word(&h->search_area, 0, 11);
}

Test(fit_check, check_names_a_hint_that_is_not_first_fits)
{
    open(FIT_BEST, FIT_TABLE, 4096);
    for (uint32_t i = 0; i < 8; i++)
        (void)alloc(16);
    break_word(&h->first.hint, 1, 10);
}

Test(fit_check, check_names_a_lost_rover)
{
    open_varied(FIT_NEXT, FIT_TABLE, 4);
    struct fit *f = fit_of(h);
    break_word(&f->rover, f->rover + 8, 12);
    break_word(&f->rover, object[0] + 16, 12);
    break_word(&f->rover, 0, 12);
    break_word(&f->rover, BASE + 0x9000, 12);
    break_word(&f->rover_area, 0, 12);
    break_word(&f->rover_area, BASE, 12);
    open_varied(FIT_NEXT, FIT_INLINE, 4);
    f = fit_of(h);
    break_word(&f->rover, object[0] + 16, 12);
    break_word(&f->rover, 0, 12);
}

Test(fit_check, check_names_broken_chunks)
{
    for (uint32_t tag = 4; tag <= 8; tag += 4) {
        open_varied(FIT_FIRST, FIT_INLINE, tag);
        struct fit *f = fit_of(h);
        break_word(word(object[0] - 4), 12, 7);
        break_word(word(object[0] - 4), 0, 7);
        break_word(word(object[0] - 4), 0x10000, 7);
        break_word(word(hole[1] - 4), 0xfffffff1, 7);
        break_word(word(object[0] - 4), *word(object[0] - 4) ^ 2, 8);
        break_word(word(hole[1] - 4), *word(hole[1] - 4) | 2, 8);
        break_word(word(object[0] - 4), *word(object[0] - 4) | 1, 8);
        break_word(word(hole[0] - 4), *word(hole[0] - 4) & ~1u, 8);
        break_word(word(object[1] - 8), hole[0], 8);
        break_word(word(object[1] - 8), *word(object[1] - 8) & ~1u, 8);
        break_word(word(f->first.end - 4), 1, 8);
        break_word(word(f->first.end - 4), 18, 8);
        if (tag == 8) {
            break_word(word(hole[1] - 8), 5, 8);
            break_word(word(f->first.chunk - 8), 1, 8);
        }
    }
}

Test(fit_check, check_names_a_broken_ring)
{
    for (uint32_t tag = 4; tag <= 8; tag += 4) {
        open_varied(FIT_FIRST, FIT_INLINE, tag);
        struct fit *f = fit_of(h);
        addr32 end = f->first.end;
        break_word(word(hole[0]), hole[2], 9);
        break_word(word(hole[0] + 4), hole[1], 9);
        break_word(word(hole[0]), 0, 9);
        break_word(word(hole[1]), hole[0], 9);
        break_word(word(end), hole[0], 9);
        break_word(word(end + 4), hole[0], 9);
        break_word(word(f->head), end, 9);
        break_word(&f->head, end, 10);
        break_word(&f->head, hole[0], 10);
    }
}

Test(fit_check, check_ends_on_any_bytes)
{
    struct rng rng;
    rng_seed(&rng, 7);
    for (uint32_t k = 0; k < 4; k++) {
        open_varied(FIT_NEXT, k / 2, k % 2 ? 8 : 4);
        uint8_t *whole = malloc(WINDOW);
        memcpy(whole, h, WINDOW);
        for (uint32_t i = 0; i < 1500; i++) {
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
            int broken = fit_check(h, BASE, WINDOW);
            cr_assert(broken >= 0 && broken <= 12);
            memcpy(h, whole, WINDOW);
        }
        free(whole);
    }
}
