/* test_handles_check.c - handles_check names each broken invariant, and ends.
 */
#include "tests/handles_heap.h"
#include "traces/synth/rng.h"

TestSuite(handles_check, .fini = close);

/*
 * Objects 0 to 7, of which 1, 3 and 5 were freed: two holes of one list and
 * one of another; 6 is pinned, a free entry is left.
 */
static uint32_t object[8];
static addr32 hole[3];

static uint32_t *word(addr32 p)
{
    return word_at(h, p);
}

static addr32 chunk(int i)
{
    return address(object[i]) - HANDLES_HEADER;
}

static void open_varied(void)
{
    open(4096);
    for (int i = 0; i < 8; i++)
        object[i] = alloc(i == 5 ? 200 : 40);
    handles_pin(h, object[6]);
    for (int i = 0; i < 3; i++) {
        hole[i] = chunk(2 * i + 1);
        release(object[2 * i + 1]);
    }
    check();
}

/* The check says `number` of a heap in which `at` is `value`. */
static void break_word(uint32_t *at, uint32_t value, int number)
{
    uint32_t before = *at;
    *at = value;
    cr_expect(eq(int, handles_check(h, BASE, WINDOW), number));
    *at = before;
    check();
}

Test(handles_check, names_a_broken_control_block)
{
    open_varied();
    struct handles *t = handles_of(h);
    break_word(&h->base, BASE + 16, 1);
    break_word(&h->manager, MANAGER_marksweep, 1);
    break_word(&h->control_bytes, 100, 1);
    break_word(&h->heap_bytes, WINDOW, 1);
    cr_expect(eq(int, handles_check(h, BASE, 200), 1));
    cr_expect(eq(int, handles_check(h, BASE + 16, WINDOW), 1));
    break_word(&t->params.zero, 2, 2);
    break_word(&t->params.indices, 12, 2);
    break_word(&t->params.handles, 65536, 2);
    break_word(&t->params.start_bytes, 101, 2);
    break_word(&t->params.per_alloc, 1 << 18, 2);
    break_word(&t->params.wait, 2, 2);
    break_word(&h->block_bytes, 16, 2);
    break_word(&t->table, t->table + 4, 2);
    break_word(&t->halves, 4, 2);
    break_word(&t->start_gap, 5, 2);
    break_word(&t->start_issued, 5, 2);
}

Test(handles_check, names_places_that_are_out_of_order)
{
    open_varied();
    struct handles *t = handles_of(h);
    break_word(&h->pool_min, h->pool_min + 4, 3);
    break_word(&h->pool_max, h->pool_max + 4, 3);
    break_word(&h->pool_max, h->pool_max - 4, 3);
    break_word(&t->frontier, t->frontier + 2, 3);
    break_word(&t->frontier, h->pool_max, 3);
    break_word(&t->frontier, h->pool_min - 4, 3);
    break_word(&t->issued, t->issued + 2, 3);
    break_word(&t->issued, t->table, 3);
    break_word(word(t->frontier), 1, 3);
}

Test(handles_check, names_broken_chunks)
{
    open_varied();
    break_word(word(chunk(0)), 3u << 16 | object[0] / 4, 4);
    break_word(word(chunk(0)), 0xffffu << 16 | object[0] / 4, 4);
    break_word(word(hole[0]), 3u << 16, 4);
    break_word(word(chunk(2)), *word(chunk(2)) | 1, 5);
    break_word(word(chunk(4)), *word(chunk(4)) | object[4] / 4, 5);
    break_word(word(chunk(6)), *word(chunk(6)) & 0xffff, 5);
    break_word(word(chunk(2) - 4), *word(chunk(2) - 4) + (1u << 16), 5);
    break_word(word(chunk(0)), *word(chunk(0)) & ~0xffffu, 5);
}

Test(handles_check, names_an_entry_that_leads_elsewhere)
{
    open_varied();
    struct handles *t = handles_of(h);
    break_word(word(t->table + object[0]), address(object[0]) + 4, 6);
    break_word(word(chunk(7)), *word(chunk(7)) + 1, 6);
    break_word(word(chunk(2) - 4), *word(chunk(2) - 4) + 1, 6);
    break_word(word(t->table + object[6]), address(object[6]) + 4, 6);
    break_word(word(t->table + object[1]), address(object[6]), 6);
}

Test(handles_check, names_entries_that_nobody_has)
{
    open_varied();
    struct handles *t = handles_of(h);
    uint32_t first = t->free_handle;
    break_word(word(t->table + first), 0, 7);
    break_word(word(t->table + first), BASE + 4, 7);
    break_word(&t->free_handle, 0, 8);
    break_word(&t->free_handle, object[0], 8);
    break_word(&t->free_handle, first + 2, 8);
    break_word(&t->free_handle, 4, 8);
    break_word(word(t->table + first), 1, 8);
    break_word(word(t->table + first), first + 1, 8);
}

Test(handles_check, names_broken_lists)
{
    open_varied();
    struct handles *t = handles_of(h);
    int both = 44 / 4 / 8; /* list of the two holes of 44 bytes */
    cr_assert(eq(u32, t->list[both].first, hole[1]));
    cr_assert(eq(u32, *word(hole[1] + 4), hole[0]));
    break_word(&t->list[both].first, hole[0], 9);
    break_word(&t->list[both].first, 0, 9);
    break_word(&t->list[both].last, hole[1], 9);
    break_word(word(hole[1] + 4), 0, 9);
    break_word(word(hole[1] + 4), hole[1], 9);
    break_word(word(hole[1] + 4), chunk(0), 9);
    break_word(word(hole[1] + 4), BASE + WINDOW, 9);
    break_word(word(hole[1] + 4), hole[0] + 2, 9);
    break_word(word(hole[1] + 8), hole[0], 9);
    break_word(word(hole[0] + 8), hole[0], 9);
    break_word(word(hole[0] + 4), hole[1], 9);
    break_word(&t->list[both + 1].first, hole[0], 9);
    break_word(&t->list[0].first, hole[0], 9);
    for (uint32_t bit = 0; bit < 32; bit++)
        break_word(&t->bits, t->bits ^ 1u << bit, 10);
}

Test(handles_check, names_a_hole_in_hand_that_is_none)
{
    open_varied();
    struct handles *t = handles_of(h);
    while (t->hand == 0)
        step(HANDLES_LEAST);
    break_word(&t->hand, 0, 3);
    break_word(&t->hand, t->hand + 2, 3);
    break_word(&t->hand, h->pool_min - 4, 3);
    break_word(&t->hand_end, t->hand, 3);
    break_word(&t->hand_end, t->frontier, 3);
    break_word(word(t->hand), 1, 3);
    break_word(&t->hand, chunk(7) + 8, 3);
    break_word(&t->hand_end, t->hand + 12, 4);
    break_word(word(t->hand_end - 4), 1u << 16 | *word(t->hand_end - 4), 5);
}

Test(handles_check, names_a_step_that_is_not_over)
{
    open_varied();
    struct handles *t = handles_of(h);
    break_word(&h->phase, PHASE_MOVE, 11);
    break_word(&t->in_step, 1, 11);
    break_word(&t->torn, object[0], 11);
    break_word(&t->is_begun, 2, 11);
    break_word(&t->has_moved, 2, 11);
    break_word(&t->short_request, 0, 11);
    break_word(&t->usual_request, 0, 11);
    break_word(&t->scan, chunk(0), 11);
    break_word(&t->scan, BASE, 11);
    break_word(&t->moving, object[0], 11);
    break_word(&t->moving, HANDLES_GONE, 11);
}

Test(handles_check, names_a_broken_move_in_pieces)
{
    open(8192);
    for (int i = 0; i < 3; i++)
        object[i] = alloc(i == 0 ? 2000 : 1000);
    release(object[0]);
    while (handles_of(h)->moving == 0)
        step(HANDLES_LEAST);
    struct handles *t = handles_of(h);
    break_word(&t->copied, 0, 11);
    break_word(&t->copied, 252, 11);
    break_word(&t->moving, object[2], 11);
    break_word(&t->moving, t->moving + 1, 11);
    break_word(&t->moving, 4, 11);
    break_word(&t->copy, BASE, 6);
    break_word(word(t->table + t->moving), t->copy + 4, 6);
}

Test(handles_check, ends_on_any_bytes)
{
    struct rng rng;
    rng_seed(&rng, 7);
    open_varied();
    uint8_t *whole = malloc(WINDOW);
    memcpy(whole, h, WINDOW);
    for (uint32_t i = 0; i < 3000; i++) {
        for (uint32_t n = 1 + rng_below(&rng, 4); n > 0; n--) {
            uint32_t at = rng_below(&rng, i % 2 ? 0x200 : 0x1200) / 4;
            uint32_t *w = (uint32_t *)(void *)h + at;
            uint32_t what = rng_below(&rng, 4);
            *w = what == 0   ? rng_below(&rng, UINT32_MAX)
                 : what == 1 ? *w ^ 1u << rng_below(&rng, 32)
                 : what == 2 ? BASE + rng_below(&rng, WINDOW)
                             : *w + 4;
        }
        int broken = handles_check(h, BASE, WINDOW);
        cr_assert(broken >= 0 && broken <= 11);
        memcpy(h, whole, 0x2000);
    }
    free(whole);
}
