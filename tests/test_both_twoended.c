/*
 * test_both_twoended.c - core/twoended natively and as machine code: the same
 * bytes, the same outward calls
 */
#include "tests/both.h"

Test(both_twoended, on_every_machine)
{
    static const struct both_case cases[] = {
        {"twoended", "mark_stack=4", 16384},
        {"twoended", "block=8 zero=0 grow=1", 9000},
        {"twoended", "block=32 threshold=3000", 16384},
    };
    for (uint32_t i = 0; i < 3; i++)
        both_play_everywhere(&cases[i], 1500);
}

Test(both_twoended, with_a_collection_at_every_allocation)
{
    static const struct both_case c = {"twoended", "threshold=1", 6000};
    both_play_everywhere(&c, 800);
}
