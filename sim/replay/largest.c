/* largest.c - the largest request that would be granted now, exactly. */
#include <string.h>

#include "sim/replay/play.h"

static uint32_t unit_bytes(const struct play *p)
{
    return 1u << p->s.unit_shift;
}

/* The overhead that the heap adds to a request when it grows. */
static uint64_t growth_needed(const struct play *p, uint64_t bytes)
{
    if (strcmp(manager_value(p->o, "growth"), "103%") == 0)
        return bytes * 103 / 100;
    uint64_t extra = bytes * 13 / 512;
    return bytes + (extra > 2048 ? extra : 2048);
}

/* Blocks of an area of `bytes` bytes at `start`: the layout rule. */
static uint64_t area_blocks(const struct play *p, uint32_t start,
                            uint64_t bytes)
{
    uint64_t block = unit_bytes(p);
    uint64_t usable = (start + bytes) / block * block - start;
    uint64_t head = manager_number(p->o, "area_struct", 32);
    if (usable <= head + 1)
        return 0;
    uint64_t finaliser = manager_number(p->o, "finalisers", 1) ? 4 : 0;
    uint64_t table = (usable - head - 1) * 8 / (8 + finaliser + 8 * 4 * block);
    return table * 4;
}

/* The bytes that a heap of `blocks` would add when it doubles. */
static uint64_t doubling_bytes(const struct play *p, uint64_t blocks)
{
    uint64_t block = unit_bytes(p);
    uint64_t total = blocks / 4 + blocks * block + 1 +
                     manager_number(p->o, "area_struct", 32);
    if (manager_number(p->o, "finalisers", 1))
        total += blocks / 8;
    return (total + block - 1) / block * block;
}

/* A growth to come: what it starts from. */
struct growth {
    const uint32_t *gone; /* starts of the areas given back before it      */
    uint32_t n_gone;
    uint64_t avail;   /* bytes that the outer heap could give then at once */
    uint64_t doubled; /* bytes of an area that doubles the heap            */
};

/* The recordings' outer heap when those areas have come back. */
static struct outer outer_without(const struct play *p, const struct growth *g)
{
    struct outer outer = p->outer;
    for (uint32_t i = 0; i < g->n_gone; i++)
        outer_give(&outer, g->gone[i]);
    return outer;
}

static uint32_t avail_for(struct play *p, const struct growth *g)
{
    if (p->outer_heap.is_open)
        return outer_heap_avail_without(p, g->gone, g->n_gone);
    struct outer outer = outer_without(p, g);
    return outer_avail(&outer);
}

/* Where it would put an area of `bytes` bytes. */
static uint32_t place_for(const struct play *p, const struct growth *g,
                          uint64_t bytes)
{
    if (p->outer_heap.is_open)
        return outer_heap_place(p, g->gone, g->n_gone, (uint32_t)bytes);
    struct outer outer = outer_without(p, g);
    return outer_take(&outer, (uint32_t)bytes);
}

/* Blocks of the area that a request of `bytes` would add. */
static uint64_t blocks_added(const struct play *p, const struct growth *g,
                             uint64_t bytes)
{
    uint64_t given = growth_needed(p, bytes);
    if (given < g->doubled)
        given = g->doubled;
    if (given > g->avail)
        given = g->avail;
    if (unit_bytes(p) <= 16) /* wherever it begins */
        return area_blocks(p, 0, given);
    return area_blocks(p, place_for(p, g, given), given);
}

/* The largest request for which the outer heap has enough. */
static uint64_t largest_affordable(const struct play *p, uint64_t avail)
{
    uint64_t low = 0;
    uint64_t high = avail;
    while (low < high) {
        uint64_t bytes = (low + high + 1) / 2;
        if (growth_needed(p, bytes) <= avail)
            low = bytes;
        else
            high = bytes - 1;
    }
    return low;
}

/*
 * The largest request that one growth could serve: the outer heap must have
 * what is needed, and the new area's pool must hold the request. That it
 * holds a smaller one does not follow (3 % may be less than the tables), so
 * the search goes down from the largest. A request that gets an area of n
 * blocks and does not fit shows that none between n blocks and itself does:
 * they get no larger area, but for one block by where it begins.
 */
static uint64_t search_growth(const struct play *p, const struct growth *g)
{
    uint64_t block = unit_bytes(p);
    uint64_t slack = block > 16 ? 1 : 0;
    uint64_t bytes = largest_affordable(p, g->avail);
    while (bytes > 0) {
        uint64_t n_blocks = (bytes + block - 1) / block;
        uint64_t added = blocks_added(p, g, bytes);
        if (added >= n_blocks)
            return bytes;
        bytes =
            block * (added + slack < n_blocks ? added + slack : n_blocks - 1);
    }
    return 0;
}

/* The same; it changes only when an area comes or goes. */
static uint64_t largest_by_growth(struct play *p, const uint32_t *gone,
                                  uint32_t n_gone, uint64_t blocks)
{
    struct growth g = {gone, n_gone, 0, doubling_bytes(p, blocks)};
    g.avail = avail_for(p, &g);
    bool is_known = p->growth.blocks == blocks && p->growth.avail == g.avail &&
                    unit_bytes(p) <= 16;
    if (!is_known) {
        p->growth.bytes = search_growth(p, &g);
        p->growth.blocks = blocks;
        p->growth.avail = (uint32_t)g.avail;
    }
    return p->growth.bytes;
}

/* Would the sweep give this area back, judged by its live objects? */
static bool goes_back(const struct play *p, uint32_t index)
{
    const struct play_area *a = &p->areas[index];
    uint32_t from = play_unit(p, a->pool);
    if (index == 0)
        return false;
    /* All of it free; or, as the original has it, all but a lone block. */
    if (holes_all_free(play_live(p), from, a->n_blocks))
        return true;
    uint32_t first = shadow_find(&p->s, a->pool);
    return p->has_quirks && first != SHADOW_NONE &&
           shadow_at(&p->s, first)->granted == unit_bytes(p) &&
           holes_all_free(play_live(p), from + 1, a->n_blocks - 1);
}

/* With growth: what a request's collection gives back counts as well. */
static uint64_t largest_with_growth(struct play *p)
{
    const struct heap *h = p->t->heap;
    uint64_t largest = 0;
    uint64_t blocks = 0;
    bool collects_first = h->is_auto && h->given_blocks >= h->threshold_blocks;
    uint32_t gone[PLAY_AREAS_CAP], n_gone = 0;
    for (uint32_t i = 0; i < p->n_areas; i++) {
        const struct play_area *a = &p->areas[i];
        uint32_t from = play_unit(p, a->pool);
        uint32_t hole;
        if (!collects_first) {
            hole = holes_longest_in(&p->used, from, from + a->n_blocks);
            if (hole > largest)
                largest = hole;
        }
        if (h->is_auto && goes_back(p, i)) {
            gone[n_gone++] = a->start;
            continue;
        }
        blocks += a->n_blocks;
        if (!h->is_auto)
            continue;
        hole = holes_longest_in(play_live(p), from, from + a->n_blocks);
        if (hole > largest)
            largest = hole;
    }
    uint64_t bytes = largest * unit_bytes(p);
    uint64_t grown = largest_by_growth(p, gone, n_gone, blocks);
    return grown > bytes ? grown : bytes;
}

/* The starts of the areas that a request's collection would give back. */
static uint32_t list_gone(const struct play *p, uint32_t *gone)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->n_areas && p->t->heap->is_auto; i++) {
        if (goes_back(p, i))
            gone[n++] = p->areas[i].start;
    }
    return n;
}

/*
 * The same with growth. An area that alone has room for a request is not given
 * back for it.
 */
static uint64_t largest_grown(struct play *p)
{
    uint64_t largest = play_largest_of_areas(p, play_count_pins(p));
    uint32_t gone[PLAY_AREAS_CAP];
    struct growth g = {gone, list_gone(p, gone), 0, 0};
    uint64_t grown = p->shape->grown(p->t->heap, avail_for(p, &g));
    return grown > largest ? grown : largest;
}

/*
 * A collector that does not move serves what the longest hole between live
 * objects holds. Locked, it serves nothing; where it may not collect, or none
 * does, what the longest hole between all objects holds.
 */
uint64_t play_largest_request(struct play *p)
{
    const struct heap *h = p->t->heap;
    if (h->lock_depth > 0)
        return 0;
    if (p->has_growth && p->shape->grown != NULL)
        return largest_grown(p);
    if (p->has_growth)
        return largest_with_growth(p);
    if (p->shape->largest != NULL)
        return play_largest_of_areas(p, play_count_pins(p));
    uint64_t hole = play_longest_hole(p);
    if (h->is_auto)
        hole = play_hole_bytes(p, holes_longest(play_live(p)));
    if (p->shape->serves == NULL)
        return hole;
    return p->shape->serves(&p->params, hole);
}
