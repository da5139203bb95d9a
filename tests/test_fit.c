/* test_fit.c - what core/fit.h promises, one behaviour at a time */
#include "tests/fit_heap.h"

TestSuite(fit, .fini = close);

static const char *const layouts[] = {"table", "inline"};

/* ---- Setting up -------------------------------------------------------- */

Test(fit, parameters_out_of_range_are_refused)
{
    static const struct fit_params wrong[] = {
        {4, 0, 16, 4, 4, 0},  {0, 2, 16, 4, 4, 0}, {0, 0, 12, 4, 4, 0},
        {0, 0, 128, 4, 4, 0}, {0, 0, 16, 5, 4, 0}, {0, 0, 16, 4, 2, 0},
        {0, 0, 16, 4, 32, 0}, {0, 0, 16, 4, 4, 2},
    };
    open(FIT_FIRST, FIT_TABLE, 1000);
    for (uint32_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_expect(eq(u32, fit_control_bytes(&wrong[i]), 0), "%u", i);
        cr_expect(
            eq(u32, fit_init(h, BASE, 1000, &wrong[i]), HEAP_BAD_PARAMETER));
    }
    open(FIT_FIRST, FIT_TABLE, 1000);
}

Test(fit, a_window_that_cannot_be_is_refused)
{
    struct fit_params p = FIT_DEFAULTS;
    open(FIT_FIRST, FIT_TABLE, 1000);
    for (p.tags = 0; p.tags <= 1; p.tags++) {
        cr_expect(eq(u32, fit_init(h, BASE + 8, 1000, &p), HEAP_BAD_ADDRESS));
        cr_expect(eq(u32, fit_init(h, 0xfffff000, 8000, &p), HEAP_BAD_ADDRESS));
        cr_expect(eq(u32, fit_init(h, BASE, 20, &p), HEAP_TOO_SMALL));
        cr_expect(
            eq(u32, fit_init(h, BASE, (1u << 28) + 1, &p), HEAP_TOO_LARGE));
    }
    p.tags = FIT_TABLE;
    p.block = 64;
    cr_expect(eq(u32, fit_control_bytes(&p) % 64, 0));
    cr_expect(eq(u32, fit_init(h, BASE + 16, 8000, &p), HEAP_BAD_ADDRESS));
    open(FIT_FIRST, FIT_TABLE, 1000);
}

Test(fit, the_smallest_heaps_hold_something)
{
    open(FIT_FIRST, FIT_TABLE, 80);
    cr_expect(eq(u32, look().free_bytes, 64));
    cr_expect(ne(u32, alloc(64), 0));
    open(FIT_FIRST, FIT_INLINE, 28);
    cr_expect(eq(u32, look().free_bytes, 12));
    cr_expect(ne(u32, alloc(12), 0));
    struct fit_params p = FIT_DEFAULTS;
    p.tags = FIT_INLINE;
    p.tag = 8;
    open_with(p, 32);
    cr_expect(eq(u32, look().free_bytes, 8));
    cr_expect(ne(u32, alloc(8), 0));
}

/* ---- Policies ----------------------------------------------------------- */

/*
 * Four holes of 600, 300, 500 and 300 bytes between objects, and all behind
 * them taken. Their addresses in the order of the heap.
 */
static addr32 hole[4];

static void open_holes(uint32_t policy, uint32_t tags)
{
    static const uint32_t bytes[] = {600, 300, 500, 300};
    open(policy, tags, 4096);
    for (uint32_t i = 0; i < 4; i++) {
        hole[i] = alloc(bytes[i]);
        cr_assert(ne(u32, alloc(40), 0));
    }
    uint32_t rest = look().max_free << h->block_shift;
    cr_assert(ne(u32, alloc(rest), 0));
    for (uint32_t i = 0; i < 4; i++)
        release(hole[i]);
}

Test(fit, first_fit_takes_the_lowest_that_is_long_enough)
{
    for (uint32_t tags = 0; tags < 2; tags++) {
        open_holes(FIT_FIRST, tags);
        cr_expect(eq(u32, alloc(500), hole[0]), "%s", layouts[tags]);
        cr_expect(eq(u32, alloc(290), hole[1]), "%s", layouts[tags]);
        cr_expect(eq(u32, alloc(290), hole[2]), "%s", layouts[tags]);
        cr_expect(lt(u32, alloc(30), hole[1]), "%s", layouts[tags]);
    }
}

Test(fit, best_fit_takes_the_shortest_the_lowest_of_equals)
{
    for (uint32_t tags = 0; tags < 2; tags++) {
        open_holes(FIT_BEST, tags);
        cr_expect(eq(u32, alloc(260), hole[1]), "%s", layouts[tags]);
        cr_expect(eq(u32, alloc(260), hole[3]), "%s", layouts[tags]);
        cr_expect(eq(u32, alloc(260), hole[2]), "%s", layouts[tags]);
        cr_expect(eq(u32, alloc(260), hole[0]), "%s", layouts[tags]);
    }
}

Test(fit, worst_fit_takes_the_longest_the_lowest_of_equals)
{
    for (uint32_t tags = 0; tags < 2; tags++) {
        open_holes(FIT_WORST, tags);
        cr_expect(eq(u32, alloc(290), hole[0]), "%s", layouts[tags]);
        cr_expect(eq(u32, alloc(40), hole[2]), "%s", layouts[tags]);
        cr_expect(eq(u32, alloc(400), hole[2] + (tags ? 44 : 48)), "%s",
                  layouts[tags]);
        cr_expect(eq(u32, alloc(10), hole[0] + (tags ? 296 : 304)), "%s",
                  layouts[tags]);
        cr_expect(eq(u32, alloc(10), hole[1]), "%s", layouts[tags]);
    }
}

Test(fit, next_fit_goes_on_where_it_ended_and_round)
{
    for (uint32_t tags = 0; tags < 2; tags++) {
        open_holes(FIT_NEXT, tags);
        cr_expect(eq(u32, alloc(320), hole[0]), "%s", layouts[tags]);
        cr_expect(eq(u32, alloc(290), hole[1]), "%s", layouts[tags]);
        cr_expect(eq(u32, alloc(30), hole[2]), "%s", layouts[tags]);
        cr_expect(eq(u32, alloc(420), hole[2] + (tags ? 36 : 32)), "%s",
                  layouts[tags]);
        cr_expect(eq(u32, alloc(290), hole[3]), "%s", layouts[tags]);
        cr_expect(eq(u32, alloc(100), hole[0] + (tags ? 324 : 320)), "%s",
                  layouts[tags]);
    }
}

Test(fit, next_fit_begins_at_the_hole_into_which_its_place_was_joined)
{
    for (uint32_t tags = 0; tags < 2; tags++) {
        open(FIT_NEXT, tags, 4096);
        (void)alloc(100);
        addr32 b = alloc(100), c = alloc(100);
        release(c);
        release(b);
        cr_expect(eq(u32, alloc(150), b), "%s", layouts[tags]);
    }
}

Test(fit, next_fit_goes_on_behind_what_has_grown_over_its_place)
{
    for (uint32_t tags = 0; tags < 2; tags++) {
        open(FIT_NEXT, tags, 4096);
        (void)alloc(100);
        addr32 b = alloc(100);
        cr_assert(eq(u32, fit_realloc(h, b, 500, false), b));
        cr_assert(eq(u32, fit_realloc(h, b, 200, false), b));
        cr_assert(eq(int, fit_check(h, BASE, WINDOW), 0));
        addr32 c = alloc(30);
        cr_expect(eq(u32, c, tags ? b + 204 : b + 208), "%s", layouts[tags]);
    }
}

/* ---- Robson's program ---------------------------------------------------- */

/*
 * SCIENCE: P_R of M live units and objects of up to n units, against a heap
 * as long as it likes. It sees addresses; the highest unit ever used plus one
 * is what it forces.
 */
#define UNITS_CAP 32768

static struct {
    addr32 object[8192]; /* live, by address unit                         */
    uint32_t unit[8192], size[8192], n, live, high;
} r;

static void robson_take(addr32 origin, uint32_t size)
{
    addr32 p = fit_alloc(h, size * 16, 0);
    cr_assert(ne(u32, p, 0), "the heap is too small");
    uint32_t unit = (p - origin) / 16;
    r.object[r.n] = p;
    r.unit[r.n] = unit;
    r.size[r.n++] = size;
    r.live += size;
    if (unit + size > r.high)
        r.high = unit + size;
}

/* Does object k cover a unit congruent to f mod 2^i? */
static bool covers(uint32_t k, uint32_t f, uint32_t step)
{
    uint32_t first = (f + step - r.unit[k] % step) % step;
    return first < r.size[k];
}

static uint64_t score(uint32_t f, uint32_t step)
{
    uint64_t sum = 0;
    for (uint32_t k = 0; k < r.n; k++) {
        if (covers(k, f, step))
            sum += step - r.size[k];
    }
    return sum;
}

static uint32_t robson(uint32_t policy, uint32_t live, uint32_t largest)
{
    struct area_info info;
    open(policy, FIT_TABLE, UNITS_CAP / 2 * 17);
    cr_assert(fit_area_info(h, 0, &info));
    memset(&r, 0, sizeof r);
    for (uint32_t i = 0; i < live; i++)
        robson_take(info.pool, 1);
    uint32_t f = 0;
    for (uint32_t step = 2; step <= largest; step *= 2) {
        if (score(f + step / 2, step) > score(f, step))
            f += step / 2;
        uint32_t n = 0;
        for (uint32_t k = 0; k < r.n; k++) {
            if (covers(k, f, step)) {
                r.object[n] = r.object[k];
                r.unit[n] = r.unit[k];
                r.size[n++] = r.size[k];
                continue;
            }
            r.live -= r.size[k];
            fit_free(h, r.object[k]);
        }
        r.n = n;
        for (uint32_t k = (live - r.live) / step; k > 0; k--)
            robson_take(info.pool, step);
    }
    return r.high;
}

Test(fit, robsons_program_forces_exactly_its_bound)
{
    static const uint32_t rows[][3] = {
        {1024, 16, 3057}, {1024, 64, 4033}, {4096, 64, 16321}};
    for (uint32_t i = 0; i < 3; i++) {
        const uint32_t *row = rows[i];
        cr_expect(eq(u32, robson(FIT_FIRST, row[0], row[1]), row[2]));
        cr_expect(eq(u32, robson(FIT_BEST, row[0], row[1]), row[2]));
        cr_expect(ge(u32, robson(FIT_NEXT, row[0], row[1]), row[2]));
        cr_expect(ge(u32, robson(FIT_WORST, row[0], row[1]), row[2]));
    }
}

/* ---- Requests, freeing --------------------------------------------------- */

Test(fit, of_a_hole_all_is_served)
{
    for (uint32_t tags = 0; tags < 2; tags++) {
        open(FIT_FIRST, tags, 4099);
        uint32_t bytes = look().max_free << h->block_shift;
        cr_expect(eq(u32, alloc(bytes + 1), 0));
        cr_expect(eq(u32, h->refusal, REFUSAL_FULL));
        addr32 p = alloc(bytes);
        cr_expect(ne(u32, p, 0));
        cr_expect(eq(u32, fit_bytes(h, p), bytes));
        cr_expect(eq(u32, look().free_bytes, 0));
        cr_expect(eq(u32, alloc(1), 0));
        release(p);
        cr_expect(eq(u32, alloc(bytes), p));
    }
}

Test(fit, nothing_and_too_much_are_refused)
{
    for (uint32_t tags = 0; tags < 2; tags++) {
        open(FIT_FIRST, tags, 4096);
        cr_expect(eq(u32, alloc(0), 0));
        cr_expect(eq(u32, h->refusal, REFUSAL_NONE));
        cr_expect(eq(u32, alloc(UINT32_MAX), 0));
        cr_expect(eq(u32, h->refusal, REFUSAL_LIMIT));
        cr_expect(eq(u32, alloc((1u << 28) + 1), 0));
        cr_expect(eq(u32, h->refusal, REFUSAL_LIMIT));
        release(0);
        cr_expect(eq(u32, look().n_objects, 0));
    }
}

Test(fit, three_neighbours_become_one_hole_in_any_order)
{
    static const uint8_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                         {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (uint32_t i = 0; i < 24; i++) {
        addr32 p[3];
        open_with(
            (struct fit_params){i % 4, i / 4 % 2, 16, i < 12 ? 4 : 8, 4, 0},
            4096);
        uint32_t whole = look().free_bytes;
        addr32 before = alloc(30);
        for (uint32_t k = 0; k < 3; k++)
            p[k] = alloc(40 + 50 * k);
        addr32 behind = alloc(30);
        for (uint32_t k = 0; k < 3; k++)
            release(p[orders[i % 6][k]]);
        addr32 all = alloc(180);
        cr_expect(i % 4 != FIT_FIRST || all == p[0]);
        release(all);
        release(behind);
        release(before);
        cr_expect(eq(u32, look().free_bytes, whole));
        cr_expect(eq(u32, look().max_free << h->block_shift, whole));
    }
}

Test(fit, a_rest_too_small_for_a_chunk_stays_with_the_object)
{
    open(FIT_FIRST, FIT_INLINE, 4096);
    addr32 a = alloc(60);
    cr_assert(ne(u32, alloc(8), 0));
    release(a);
    cr_expect(eq(u32, alloc(48), a)); /* 64 of chunk, 52 needed: 12 left */
    cr_expect(eq(u32, fit_bytes(h, a), 60));
    release(a);
    cr_expect(eq(u32, alloc(44), a)); /* 16 are left */
    cr_expect(eq(u32, fit_bytes(h, a), 44));
}

Test(fit, objects_lie_at_multiples_of_align)
{
    for (uint32_t align = 4; align <= 16; align *= 2) {
        for (uint32_t tag = 4; tag <= 8; tag += 4) {
            open_with(
                (struct fit_params){FIT_FIRST, FIT_INLINE, 16, tag, align, 0},
                12001);
            for (uint32_t bytes = 1; bytes < 100; bytes++) {
                addr32 p = alloc(bytes);
                cr_expect(eq(u32, p % align, 0));
                cr_expect(ge(u32, fit_bytes(h, p), bytes));
                cr_expect(lt(u32, fit_bytes(h, p) - bytes, 16));
            }
        }
    }
}

Test(fit, zeroing_covers_objects_and_what_they_grow_by)
{
    for (uint32_t tags = 0; tags < 2; tags++) {
        open_with((struct fit_params){FIT_FIRST, tags, 16, 4, 4, 1}, 4096);
        addr32 a = alloc(112);
        for (uint32_t i = 0; i < 112; i++)
            cr_assert(eq(u8, *byte_at(h, a + i), 0));
        memset(byte_at(h, a), 0xff, 112);
        cr_assert(eq(u32, fit_realloc(h, a, 200, false), a));
        for (uint32_t i = 0; i < 200; i++)
            cr_assert(eq(u8, *byte_at(h, a + i), i < 112 ? 0xff : 0));
        (void)alloc(4);
        addr32 b = fit_realloc(h, a, 300, true);
        cr_assert(ne(u32, b, a));
        for (uint32_t i = 0; i < 300; i++)
            cr_assert(eq(u8, *byte_at(h, b + i), i < 112 ? 0xff : 0));
    }
}

/* ---- realloc ------------------------------------------------------------- */

Test(fit, realloc_keeps_shrinks_and_grows_in_place)
{
    for (uint32_t tags = 0; tags < 2; tags++) {
        open(FIT_FIRST, tags, 4096);
        uint32_t whole = look().free_bytes;
        addr32 a = alloc(96), b = alloc(96);
        cr_expect(eq(u32, fit_realloc(h, a, 86, false), a));
        cr_expect(eq(u32, fit_bytes(h, a), 96), "too little to cut off");
        cr_expect(eq(u32, fit_realloc(h, a, 32, false), a));
        cr_expect(eq(u32, fit_bytes(h, a), 32));
        cr_expect(eq(u32, fit_realloc(h, a, 64, false), a));
        cr_expect(eq(u32, fit_realloc(h, a, 96, false), a));
        cr_expect(eq(u32, fit_realloc(h, a, 112, false), 0));
        cr_expect(eq(u32, h->refusal, REFUSAL_IN_PLACE));
        cr_expect(eq(u32, fit_bytes(h, a), 96));
        cr_expect(eq(u32, fit_realloc(h, b, 2000, false), b));
        cr_assert(eq(int, fit_check(h, BASE, WINDOW), 0));
        cr_expect(eq(u32, fit_realloc(h, b, 96, false), b));
        cr_expect(eq(u32, h->refusal, REFUSAL_NONE));
        release(b);
        release(a);
        cr_expect(eq(u32, look().free_bytes, whole));
    }
}

Test(fit, realloc_moves_what_cannot_grow)
{
    for (uint32_t tags = 0; tags < 2; tags++) {
        open(FIT_FIRST, tags, 4096);
        addr32 a = alloc(100);
        (void)alloc(100);
        memset(byte_at(h, a), 0x5c, 100);
        addr32 b = fit_realloc(h, a, 500, true);
        cr_expect(ne(u32, b, a));
        for (uint32_t i = 0; i < 100; i++)
            cr_assert(eq(u8, *byte_at(h, b + i), 0x5c));
        cr_expect(eq(u32, alloc(100), a), "the old place is free");
        cr_expect(eq(u32, fit_realloc(h, a, 4000, true), 0));
        cr_expect(eq(u32, h->refusal, REFUSAL_FULL));
        cr_expect(eq(u32, fit_realloc(h, a, UINT32_MAX, true), 0));
        cr_expect(eq(u32, h->refusal, REFUSAL_LIMIT));
        cr_expect(ge(u32, fit_bytes(h, a), 100));
    }
}

Test(fit, realloc_of_null_allocates_and_to_nothing_frees)
{
    for (uint32_t tags = 0; tags < 2; tags++) {
        open(FIT_FIRST, tags, 4096);
        addr32 a = fit_realloc(h, 0, 50, true);
        cr_assert(ne(u32, a, 0));
        cr_expect(eq(u32, fit_realloc(h, a, 0, true), 0));
        cr_expect(eq(u32, h->refusal, REFUSAL_NONE));
        cr_expect(eq(u32, look().n_objects, 0));
    }
}

/* ---- Areas --------------------------------------------------------------- */

Test(fit, further_areas_are_searched_in_their_order)
{
    for (uint32_t tags = 0; tags < 2; tags++) {
        open(FIT_FIRST, tags, 1000);
        addr32 at = BASE + 0x8000;
        struct area_info info;
        cr_assert(eq(u32, fit_add_area(h, at + 4096, 3000), HEAP_OK));
        cr_assert(eq(u32, fit_add_area(h, at, 3000), HEAP_OK));
        cr_assert(eq(int, fit_check(h, BASE, WINDOW), 0));
        cr_expect(ge(u32, alloc(1500), at + 4096));
        cr_expect(lt(u32, alloc(500), at));
        addr32 c = alloc(2000);
        cr_expect(c >= at && c < at + 4096);
        cr_assert(fit_area_info(h, 2, &info));
        cr_expect(eq(u32, info.number, 2));
        cr_expect(eq(u32, info.start, at));
        cr_expect(eq(u32, info.blocks.n_objects, 1));
        cr_expect(not(fit_area_info(h, 3, &info)));
    }
}

Test(fit, an_area_that_cannot_be_is_refused)
{
    for (uint32_t tags = 0; tags < 2; tags++) {
        open(FIT_FIRST, tags, 1000);
        addr32 at = BASE + 0x8000;
        cr_expect(eq(u32, fit_add_area(h, at + 8, 3000), HEAP_BAD_ADDRESS));
        cr_expect(eq(u32, fit_add_area(h, 0, 3000), HEAP_BAD_ADDRESS));
        cr_expect(eq(u32, fit_add_area(h, BASE, 3000), HEAP_BAD_ADDRESS));
        cr_expect(eq(u32, fit_add_area(h, at, 0xffffff00), HEAP_BAD_ADDRESS));
        cr_expect(eq(u32, fit_add_area(h, at, 15), HEAP_TOO_SMALL));
        cr_expect(eq(u32, fit_add_area(h, at, 40), HEAP_TOO_SMALL));
        cr_expect(eq(u32, fit_add_area(h, at, (1u << 28) + 4), HEAP_TOO_LARGE));
        cr_expect(eq(u32, h->n_areas, 1));
    }
}

Test(fit, a_reset_leaves_the_first_area_alone_and_empty)
{
    for (uint32_t i = 0; i < 8; i++) {
        open(i % 4, i / 4, 1000);
        uint32_t whole = look().free_bytes;
        addr32 at = BASE + 0x8000;
        cr_assert(eq(u32, fit_add_area(h, at, 3000), HEAP_OK));
        cr_assert(eq(u32, fit_add_area(h, at + 4096, 3000), HEAP_OK));
        (void)alloc(2000);
        (void)alloc(200);
        cr_expect(eq(u32, fit_control(h, CONTROL_AUTO, 1), HEAP_BAD_PARAMETER));
        cr_expect(eq(u32, fit_control(h, CONTROL_RESET, 0), HEAP_OK));
        cr_assert(eq(int, fit_check(h, BASE, WINDOW), 0));
        cr_expect(eq(u32, n_given_back, 2));
        cr_expect(eq(u32, given_back[0], at));
        cr_expect(eq(u32, given_back[1], at + 4096));
        cr_expect(eq(u32, look().free_bytes, whole));
    }
}

/* ---- The state is the bytes -----------------------------------------------
 */

Test(fit, equal_operations_leave_equal_bytes)
{
    for (uint32_t k = 0; k < 8; k++) {
        uint8_t *kept[2];
        for (uint32_t i = 0; i < 2; i++) {
            struct fit_params p = FIT_DEFAULTS;
            p.policy = k % 4;
            p.tags = k / 4;
            free(h);
            h = aligned_alloc(64, WINDOW);
            memset(h, i == 0 ? 0 : 0xff, WINDOW);
            cr_assert(eq(u32, fit_init(h, BASE, 4096, &p), HEAP_OK));
            addr32 a = alloc(100), b = alloc(30), c = alloc(77);
            release(b);
            (void)fit_realloc(h, a, 200, true);
            release(c);
            kept[i] = malloc(h->control_bytes);
            memcpy(kept[i], h, h->control_bytes);
        }
        cr_expect(zero(memcmp(kept[0], kept[1], h->control_bytes)));
        free(kept[0]);
        free(kept[1]);
    }
}
