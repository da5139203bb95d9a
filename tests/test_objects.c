/* test_objects.c - the table of what exists now, against a plain array */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "traces/import/objects.h"

#define N_IDS 3000u

/* Knuth's MMIX constants; the high bits are good enough to choose by. */
static uint32_t draw(uint64_t *state, uint32_t below)
{
    *state =
        *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((*state >> 33) % below);
}

Test(objects, does_what_an_array_does)
{
    static uint64_t model[N_IDS]; /* value + 1; 0: not in the table */
    uint64_t seed = 42;
    struct objects t;
    size_t n = 0;
    objects_init(&t);
    for (int i = 0; i < 200000; i++) {
        uint32_t index = draw(&seed, N_IDS);
        uint64_t id = (uint64_t)index << (index % 3 * 20);
        struct object *o = objects_find(&t, id);
        cr_assert(eq(int, o != NULL, model[index] != 0), "seed 42, step %d", i);
        if (o == NULL) {
            o = objects_add(&t, id);
            o->value = (uint64_t)i;
            model[index] = (uint64_t)i + 1;
            n++;
        } else {
            cr_assert(eq(u64, o->value + 1, model[index]));
            objects_remove(&t, o);
            model[index] = 0;
            n--;
        }
        cr_assert(eq(sz, t.n, n));
    }
    objects_free(&t);
}

Test(objects, an_empty_table_has_nothing)
{
    struct objects t;
    objects_init(&t);
    cr_expect(eq(ptr, objects_find(&t, 0), NULL));
    cr_expect(eq(ptr, objects_find(&t, UINT64_MAX), NULL));
    objects_free(&t);
}
