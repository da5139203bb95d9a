/* outside.c - what an outside manager would grant, found by asking it. */
#include "sim/replay/play.h"

#include <inttypes.h>

/* The answers of a search: `granted` was, `refused` was not. */
struct bounds {
    uint64_t granted, refused;
};

/* Ask for `bytes`, if the answer is not known yet. */
static void narrow(struct play *p, struct bounds *b, uint64_t bytes)
{
    if (bytes <= b->granted || bytes >= b->refused)
        return;
    if (play_would_grant(p, bytes))
        b->granted = bytes;
    else
        b->refused = bytes;
}

/*
 * Bisection, which begins at what the last probe found: often nothing has
 * changed. Answers are taken to be monotone; at the figure they are, since it
 * was granted and one byte more was refused.
 */
static uint64_t largest_granted(struct play *p, uint64_t limit)
{
    struct bounds b = {0, limit};
    narrow(p, &b, p->outside_largest);
    narrow(p, &b, p->outside_largest + 1);
    while (b.granted + 1 < b.refused)
        narrow(p, &b, b.granted + (b.refused - b.granted) / 2);
    return b.granted;
}

uint64_t outside_largest(const struct play *p)
{
    uint64_t longest = play_longest_hole(p);
    return p->outside_largest < longest ? p->outside_largest : longest;
}

int outside_probe(struct play *p)
{
    uint64_t limit = play_longest_hole(p) + 1;
    p->t->snapshot(p->t);
    p->is_probing = true;
    bool errs = play_would_grant(p, limit);
    if (!errs)
        p->outside_largest = largest_granted(p, limit);
    p->is_probing = false;
    if (p->t->trouble[0] != '\0')
        return play_fail(p, "asked how much it would grant: %s", p->t->trouble);
    if (!errs)
        return 0;
    return play_fail(p,
                     "%" PRIu64 " bytes would be granted, but no more than "
                     "%" PRIu64 " lie side by side",
                     limit, limit - 1);
}
