/*
 * nearness.c - how near requests come to what is granted for certain
 *
 * A card's formula speaks of bytes that are live, the request's own included,
 * in one area: in a heap of several, or one that grows, nothing is certain.
 * Resizes are not looked at.
 */
#include "sim/replay/play.h"

static bool is_nearer(const struct replay_nearness *a,
                      const struct replay_nearness *b)
{
    return b->sure == 0 || (double)a->live * (double)b->sure >
                               (double)b->live * (double)a->sure;
}

void play_note_request(struct play *p, uint64_t bytes)
{
    uint64_t unit = UINT64_C(1) << p->s.unit_shift;
    uint64_t tag = (uint64_t)p->tag_units << p->s.unit_shift;
    uint64_t asked = (bytes + unit - 1) / unit * unit + tag;
    if (p->manager->sure == NULL || p->n_areas != 1 || p->has_growth ||
        bytes == 0)
        return;
    if (asked > p->largest_asked)
        p->largest_asked = asked;
    struct manager_load load = {
        .params = &p->params,
        .pool = (uint64_t)p->areas[0].n_blocks << p->s.unit_shift,
        .live = p->s.live_bytes + p->s.live.n * tag,
        .largest = p->largest_asked,
        .unit_bytes = (uint32_t)unit,
        .n_pinned = play_count_pins(p),
    };
    struct replay_nearness now = {load.live + asked, p->manager->sure(&load),
                                  p->seq};
    if (now.sure > 0 && is_nearer(&now, &p->result->nearest))
        p->result->nearest = now;
}
