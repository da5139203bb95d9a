/* test_frag.c - the measures on the running example of the literature. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "analysis/frag.h"

enum { N_HOLES = 13 };

static const uint64_t holes[N_HOLES] = {64, 16, 16, 16, 16, 4, 4,
                                        4,  4,  4,  4,  4,  4};
static struct frag f;

static void setup(void)
{
    f = (struct frag){0};
    for (int i = 0; i < N_HOLES; i++)
        frag_add(&f, holes[i]);
}

TestSuite(frag, .init = setup);

Test(frag, sums_up_a_list_of_holes)
{
    cr_expect(eq(u64, f.free, 160));
    cr_expect(eq(u64, f.n_holes, 13));
    cr_expect(eq(u64, f.largest, 64));
}

Test(frag, measures_the_running_example)
{
    cr_expect(epsilon_eq(dbl, frag_external(&f), 0.600, 5e-4));
    cr_expect(epsilon_eq(dbl, frag_l2(&f), 0.547, 5e-4));
    cr_expect(epsilon_eq(dbl, frag_unusable(holes, N_HOLES, 32), 0.6, 5e-4));
    cr_expect(epsilon_eq(dbl, frag_unusable(holes, N_HOLES, 16), 0.2, 5e-4));
    cr_expect(
        epsilon_eq(dbl, frag_unusable_linux(holes, N_HOLES, 32), 0.6, 5e-4));
    cr_expect(epsilon_eq(dbl, frag_index(&f, 128), 0.827, 5e-4));
}

Test(frag, agrees_with_linux_on_aligned_powers_of_two)
{
    for (uint64_t r = 1; r <= 128; r *= 2)
        cr_expect(epsilon_eq(dbl, frag_unusable(holes, N_HOLES, r),
                             frag_unusable_linux(holes, N_HOLES, r), 1e-12));
}

Test(frag, index_says_minus_one_where_the_request_would_fit)
{
    cr_expect(eq(dbl, frag_index(&f, 64), -1));
    cr_expect(gt(dbl, frag_index(&f, 65), 0));
}

Test(frag, index_tells_short_memory_from_fragmentation)
{
    struct frag one = {0}, many = {0};
    frag_add(&one, 16);
    for (int i = 0; i < 1000; i++)
        frag_add(&many, 16);
    cr_expect(lt(dbl, frag_index(&one, 100000), 0.01));
    cr_expect(gt(dbl, frag_index(&many, 32), 0.49));
    cr_expect(gt(dbl, frag_index(&many, 16000), 0.99));
}

Test(frag, of_a_full_heap_is_zero)
{
    struct frag none = {0};
    frag_add(&none, 0);
    cr_expect(eq(u64, none.n_holes, 0));
    cr_expect(eq(dbl, frag_external(&none), 0));
    cr_expect(eq(dbl, frag_l2(&none), 0));
    cr_expect(eq(dbl, frag_unusable(holes, 0, 16), 0));
    cr_expect(eq(dbl, frag_index(&none, 16), 0));
    cr_expect(eq(dbl, frag_internal(0, 0), 0));
}

Test(frag, internal_is_what_was_granted_and_not_asked_for)
{
    cr_expect(epsilon_eq(dbl, frag_internal(100, 7 * 16), 0.107, 5e-4));
}
