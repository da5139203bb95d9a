/* figures.c - the numbers of a moment, and whether they are true. */
#include "sim/replay/play.h"

#include <inttypes.h>
#include <string.h>

static uint32_t unit_bytes(const struct play *p)
{
    return 1u << p->s.unit_shift;
}

uint32_t play_unit(const struct play *p, uint32_t address)
{
    return shadow_unit(&p->s, address);
}

/* Holes that touch [from, from + n): 0, 1 or 2. */
static uint32_t holes_beside(const struct holes *h, uint32_t from, uint32_t n)
{
    uint32_t before = from > 0 && holes_all_free(h, from - 1, 1);
    return before + holes_all_free(h, from + n, 1);
}

void play_take(struct play *p, uint32_t address, uint32_t granted, bool is_live)
{
    if (p->in_pieces)
        return; /* pieces_place has */
    uint32_t from = play_from(p, address);
    uint32_t n = play_units(p, granted);
    holes_take(&p->used, from, n);
    if (p->tag_units != 0)
        p->n_holes += holes_beside(&p->used, from, n) - 1;
    if (is_live && !p->live_is_used)
        holes_take(&p->live, from, n);
}

void play_give(struct play *p, uint32_t address, uint32_t granted, bool is_live)
{
    if (p->in_pieces) {
        pieces_give(p, address);
        return;
    }
    uint32_t from = play_from(p, address);
    uint32_t n = play_units(p, granted);
    holes_give(&p->used, from, n);
    if (p->tag_units != 0)
        p->n_holes += 1 - holes_beside(&p->used, from, n);
    if (is_live && !p->live_is_used)
        holes_give(&p->live, from, n);
}

void play_give_live(struct play *p, uint32_t address, uint32_t granted)
{
    if (p->live_is_used)
        holes_copy(&p->live, &p->used);
    p->live_is_used = false;
    holes_give(&p->live, play_from(p, address), play_units(p, granted));
}

uint64_t play_free_bytes(const struct play *p)
{
    uint64_t tags = (uint64_t)p->n_holes * p->tag_units;
    return (p->used.n_free - tags) << p->s.unit_shift;
}

uint64_t play_hole_bytes(const struct play *p, uint32_t units)
{
    return units == 0 ? 0 : (uint64_t)(units - p->tag_units) << p->s.unit_shift;
}

uint64_t play_longest_hole(const struct play *p)
{
    if (p->in_pieces) /* all together are one */
        return play_free_bytes(p);
    return play_hole_bytes(p, holes_longest(&p->used));
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

/* What the manager's own rule says of each area; the best counts. */
static uint64_t largest_of_areas(struct play *p)
{
    uint64_t largest = 0;
    for (uint32_t i = 0; i < p->n_areas; i++) {
        const struct holes *live = play_live(p);
        bool is_only = p->n_areas == 1;
        uint32_t from = play_unit(p, p->areas[i].pool);
        uint32_t to = from + p->areas[i].n_blocks;
        uint64_t units[4] = {
            is_only ? live->n_free : holes_free_in(live, from, to),
            is_only ? p->used.n_free : holes_free_in(&p->used, from, to),
            is_only ? holes_longest(live) : holes_longest_in(live, from, to),
            is_only ? holes_longest(&p->used)
                    : holes_longest_in(&p->used, from, to),
        };
        struct manager_view v = {
            .heap = p->t->heap,
            .params = &p->params,
            .live_free = units[0] << p->s.unit_shift,
            .used_free = units[1] << p->s.unit_shift,
            .live_longest = units[2] << p->s.unit_shift,
            .used_longest = units[3] << p->s.unit_shift,
            .n_pinned = play_count_pins(p),
        };
        uint64_t served = p->shape->largest(&v);
        largest = served > largest ? served : largest;
    }
    return largest;
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
    if (p->has_growth)
        return largest_with_growth(p);
    if (p->shape->largest != NULL)
        return largest_of_areas(p);
    uint64_t hole = play_longest_hole(p);
    if (h->is_auto)
        hole = play_hole_bytes(p, holes_longest(play_live(p)));
    if (p->shape->serves == NULL)
        return hole;
    return p->shape->serves(&p->params, hole);
}

void play_figures(struct play *p, struct heap_figures *f)
{
    f->asked = p->s.asked;
    f->live = p->s.live_bytes;
    f->used = p->s.used_bytes;
    f->free = play_free_bytes(p);
    if (p->is_outside) {
        f->largest_free = f->largest_request = outside_largest(p);
        return;
    }
    f->largest_free = play_longest_hole(p);
    f->largest_request = play_largest_request(p);
}

bool play_would_grant(struct play *p, uint64_t bytes)
{
    if (bytes == 0)
        return true;
    if (bytes > UINT32_MAX)
        return false;
    struct outer outer = p->outer;
    bool granted = p->t->alloc(p->t, (uint32_t)bytes, 0) != 0;
    p->t->restore(p->t);
    p->outer = outer;
    return granted;
}

/*
 * The truth about the largest request, by bisection on a snapshot; called
 * when the figure is refuted, to say what it should have been.
 */
static uint64_t bisect(struct play *p)
{
    uint64_t low = 0;
    uint64_t high = p->o->window_bytes;
    while (low < high) {
        uint64_t middle = (low + high + 1) / 2;
        if (play_would_grant(p, middle))
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

/*
 * Every search here is monotone: if r is granted, so is all below (a first fit
 * takes what is long enough; a good fit looks from r's class upwards, and the
 * class grows with r). So the figure r is true iff r is granted and r + 1 is
 * not (with growth by 3 % more may yet be granted above, which is not asked).
 */
int play_probe(struct play *p)
{
    if (p->is_outside)
        return outside_probe(p);
    int err = play_walk(p);
    if (err == 0 && p->in_pieces)
        err = pieces_probe(p);
    if (err == 0 && p->outer_heap.is_open)
        err = outer_heap_probe(p);
    if (err != 0)
        return err;
    uint64_t figure = play_largest_request(p);
    err = p->moves ? play_set_pins(p) : 0;
    if (err != 0)
        return err;
    p->t->snapshot(p->t);
    p->is_probing = true;
    bool is_bound =
        p->shape->largest != NULL &&
        (p->pinned.n > 0 || manager_number(p->o, "ambiguous", 0) != 0 ||
         manager_number(p->o, "wait", 0) != 0);
    bool is_true = play_would_grant(p, figure) &&
                   (is_bound || !play_would_grant(p, figure + 1));
    uint64_t truth = is_true ? figure : bisect(p);
    p->is_probing = false;
    if (p->t->trouble[0] != '\0')
        return play_fail(p, "%s", p->t->trouble);
    if (is_true)
        return 0;
    return play_fail(p,
                     "largest_request is %" PRIu64 ", but by asking it is "
                     "%" PRIu64,
                     figure, truth);
}

double play_frag_index(const struct refusal_record *f)
{
    double asked = (double)f->asked;
    if (f->largest_free >= f->asked && f->asked > 0)
        return -1;
    if (f->n_holes == 0 || f->asked == 0)
        return 0;
    return 1 - (1 + (double)f->free / asked) / (double)f->n_holes;
}
