/*
 * test_both_semispace.c - core/semispace natively and as machine code: the
 * same bytes, the same roots
 */
#include "tests/both.h"

Test(both_semispace, on_every_machine)
{
    static const struct both_case cases[] = {
        {"semispace", "block=16", 16384},
        {"semispace", "block=8 zero=0", 9000},
        {"semispace", "block=64 threshold=2000", 30000},
    };
    for (uint32_t i = 0; i < 3; i++)
        both_play_everywhere(&cases[i], 1500);
}

Test(both_semispace, with_a_collection_at_every_allocation)
{
    static const struct both_case c = {"semispace", "threshold=1", 6000};
    both_play_everywhere(&c, 800);
}
