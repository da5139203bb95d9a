/* test_intern.c - what core/intern and its pool promise, a promise a test. */
#include "tests/intern_heap.h"

#include "traces/synth/preset.h"

TestSuite(intern, .fini = close);

Test(intern, strings_lie_one_behind_the_other_to_the_byte)
{
    open(4096);
    addr32 a = intern(5);
    cr_expect(eq(u32, intern(9), a + 5));
    cr_expect(eq(u32, intern(1), a + 14));
    cr_expect(eq(u32, intern(100), a + 15));
    cr_expect(eq(u32, look().n_objects, 1));
    cr_expect(eq(u32, look().used_bytes, 128));
    cr_expect(eq(u32, pool()->used_bytes, 115));
}

Test(intern, a_full_chunk_grows_in_place_by_what_the_string_needs)
{
    open(4096);
    addr32 a = intern(120);
    cr_expect(eq(u32, intern(20), a + 120));
    cr_expect(eq(u32, look().n_objects, 1));
    cr_expect(eq(u32, look().used_bytes, 144));
    cr_expect(eq(u32, intern(300), a + 140));
    cr_expect(eq(u32, look().used_bytes, 448));
}

Test(intern, a_chunk_that_cannot_grow_is_cut_to_its_strings)
{
    open(4096);
    addr32 a = intern(70);
    addr32 wall = alloc(16);
    addr32 b = intern(60);
    cr_expect(eq(u32, b, wall + 16));
    cr_expect(eq(u32, intern_bytes(h, a), 80));
    cr_expect(eq(u32, intern_bytes(h, b), 128));
    cr_expect(eq(u32, alloc(48), a + 80)); /* into what was cut off */
}

Test(intern, a_string_longer_than_a_chunk_gets_one_of_its_own_size)
{
    open(4096);
    addr32 a = intern(10);
    addr32 wall = alloc(16);
    addr32 b = intern(500);
    cr_expect(eq(u32, b, wall + 16));
    cr_expect(eq(u32, intern_bytes(h, a), 16));
    cr_expect(eq(u32, intern_bytes(h, b), 512));
    cr_expect(eq(u32, intern(12), b + 500));
}

Test(intern, where_no_chunk_fits_a_string_gets_what_it_needs)
{
    open(4096);
    addr32 a = intern(120);
    addr32 wall = alloc(16);
    addr32 hole = alloc(32);
    while (alloc(16) != 0)
        ;
    release(hole);
    addr32 b = intern(30); /* 128 bytes are nowhere */
    cr_expect(eq(u32, b, hole));
    cr_expect(eq(u32, intern_bytes(h, b), 32));
    cr_expect(eq(u32, intern_bytes(h, a), 128));
    cr_expect(eq(u32, wall, a + 128));
}

Test(intern, a_refused_string_changes_nothing)
{
    open(2048);
    intern(70);
    while (alloc(16) != 0)
        ;
    uint8_t before[2208];
    memcpy(before, h, sizeof before);
    cr_expect(eq(u32, intern(60), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_FULL));
    cr_expect(memcmp(before, h, sizeof before) == 0);
    cr_expect(ne(u32, intern(58), 0)); /* the chunk has that much left */
    cr_expect(eq(u32, intern(UINT32_MAX), 0));
    cr_expect(eq(u32, intern(0), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_NONE));
}

Test(intern, objects_are_resized_in_place_or_moved_as_allowed)
{
    struct intern_params p = {.block = 16, .zero = 1, .chunk = 64};
    open_with(p, 4096);
    addr32 a = alloc(40);
    memset(byte_at(h, a), 7, 48);
    cr_expect(eq(u32, intern_realloc(h, a, 100, false), a));
    addr32 wall = alloc(1);
    cr_expect(eq(u32, wall, a + 112));
    cr_expect(eq(u32, intern_realloc(h, a, 200, false), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_IN_PLACE));
    addr32 b = intern_realloc(h, a, 200, true);
    cr_expect(eq(u32, b, wall + 16));
    for (uint32_t i = 0; i < 208; i++)
        cr_expect(eq(u8, *byte_at(h, b + i), i < 48 ? 7 : 0));
    cr_expect(eq(u32, intern_realloc(h, b, 3, false), b));
    cr_expect(eq(u32, intern_bytes(h, b), 16));
    cr_expect(eq(u32, intern_realloc(h, b, 5000, true), 0));
    cr_expect(eq(u32, h->refusal, REFUSAL_FULL));
    cr_expect(eq(u32, intern_realloc(h, b, 0, true), 0));
    cr_expect(eq(u32, intern_realloc(h, 0, 112, true), a));
    cr_expect(eq(int, intern_check(h, BASE, WINDOW), 0));
}

Test(intern, a_soft_reset_forgets_the_strings_too)
{
    open(2048);
    addr32 a = intern(30);
    cr_assert(eq(u32, intern_add_area(h, BASE + 0x8000, 999), HEAP_OK));
    while (alloc(500) != 0)
        ;
    cr_expect(eq(u32, intern_control(h, CONTROL_RESET, 0), HEAP_OK));
    cr_expect(eq(u32, n_given_back, 1));
    cr_expect(eq(u32, given_back[0], BASE + 0x8000));
    cr_expect(eq(u32, look().n_objects, 0));
    cr_expect(eq(u32, intern(10), a));
    cr_expect(eq(u32, intern_control(h, CONTROL_AUTO, 1), HEAP_BAD_PARAMETER));
}

Test(intern, a_heap_that_cannot_be_is_refused)
{
    struct intern_params p = INTERN_DEFAULTS;
    open_with(p, 4096);
    cr_expect(eq(u32, intern_init(h, BASE, 30, &p), HEAP_TOO_SMALL));
    cr_expect(eq(u32, intern_init(h, BASE + 8, 4096, &p), HEAP_BAD_ADDRESS));
    p.block = 24;
    cr_expect(eq(u32, intern_init(h, BASE, 4096, &p), HEAP_BAD_PARAMETER));
    p = (struct intern_params){.block = 16, .zero = 2, .chunk = 1};
    cr_expect(eq(u32, intern_control_bytes(&p), 0));
    p = (struct intern_params){.block = 16, .chunk = 0};
    cr_expect(eq(u32, intern_control_bytes(&p), 0));
    p.chunk = INTERN_CHUNK_MAX + 1;
    cr_expect(eq(u32, intern_control_bytes(&p), 0));
    open(4096);
    cr_expect(eq(u32, intern_add_area(h, BASE, 300), HEAP_BAD_ADDRESS));
    cr_expect(eq(u32, intern_add_area(h, BASE + 0x8000, 40), HEAP_TOO_SMALL));
}

/*
 * Play a preset of strings and objects: with `flags` HEAP_INTERN, strings go
 * to the pool, else each is an object. Returns the bytes that strings take.
 */
static uint32_t play_strings(const char *spec, uint32_t flags)
{
    struct workload *w;
    struct problem problem = {""};
    struct trace_op op;
    static addr32 object[4096];
    uint32_t others = 0; /* bytes granted to living objects */
    cr_assert(eq(int, preset_open(&w, spec, &problem), 0), "%s", problem.text);
    open(0x18000);
    while (workload_next(w, NULL, &op, &problem) == 1 && op.kind != TRACE_END) {
        uint32_t bytes = (uint32_t)op.bytes;
        cr_assert(lt(u64, op.id, 4096));
        if (op.kind == TRACE_INTERN) {
            cr_assert(ne(u32, intern_alloc(h, bytes, flags), 0));
        } else if (op.kind == TRACE_ALLOC) {
            object[op.id] = intern_alloc(h, bytes, 0);
            cr_assert(ne(u32, object[op.id], 0));
            others += intern_bytes(h, object[op.id]);
        } else if (op.kind == TRACE_DEATH) {
            others -= intern_bytes(h, object[op.id]);
            intern_free(h, object[op.id]);
        }
    }
    workload_close(w);
    cr_assert(eq(int, intern_check(h, BASE, WINDOW), 0));
    return look().used_bytes - others;
}

/* MicroPython's own figure for its pool is about 70 % of an object each. */
Test(intern, names_of_programs_take_at_most_seventy_percent)
{
    static const char *const specs[] = {
        "identifiers", "identifiers:strings=500,seed=3",
        "identifiers:strings=500,between=0",
        "identifiers:between=9,strings=200",
        "identifiers:strings=1000,between=1,overhead=3"};
    for (uint32_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        uint32_t each = play_strings(specs[i], 0);
        uint32_t packed = play_strings(specs[i], HEAP_INTERN);
        cr_log_info("%s: %u bytes, packed %u", specs[i], each, packed);
        cr_expect(le(u32, 100 * packed, 70 * each), "%s: %u of %u", specs[i],
                  packed, each);
    }
}
