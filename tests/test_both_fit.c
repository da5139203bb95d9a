/* test_both_fit.c - core/fit natively and as machine code: the same bytes */
#include "tests/both.h"

Test(both_fit, a_table_under_every_policy)
{
    static const struct both_case cases[] = {
        {"fit", "policy=first", 8192},
        {"fit", "policy=next block=8", 8200},
        {"fit", "policy=best zero=1", 8192},
        {"fit", "policy=worst block=64", 16384},
    };
    for (uint32_t i = 0; i < 4; i++)
        both_play_everywhere(&cases[i], 3000);
}

Test(both_fit, inline_tags_under_every_policy)
{
    static const struct both_case cases[] = {
        {"fit", "tags=inline policy=first", 8192},
        {"fit", "tags=inline policy=next tag=8", 8192},
        {"fit", "tags=inline policy=best zero=1 align=16", 8192},
        {"fit", "tags=inline policy=worst tag=8 align=8", 8192},
    };
    for (uint32_t i = 0; i < 4; i++)
        both_play_everywhere(&cases[i], 3000);
}
