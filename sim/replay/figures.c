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

static uint64_t hole_bytes(const struct play *p, uint32_t units)
{
    return units == 0 ? 0 : (uint64_t)(units - p->tag_units) << p->s.unit_shift;
}

uint64_t play_longest_hole(const struct play *p)
{
    return hole_bytes(p, holes_longest(&p->used));
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
        return play_largest_of_areas(p, play_count_pins(p));
    const struct holes *index = h->is_auto ? play_live(p) : &p->used;
    uint64_t hole = hole_bytes(p, holes_longest(index));
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

static void view_map(const void *run, uint8_t *out)
{
    const struct play *p = run;
    memset(out, UNIT_META, p->s.n_units);
    uint32_t at = 0;
    for (uint32_t length; (length = holes_next(&p->used, &at)) != 0;) {
        memset(out + at, UNIT_TAG, p->tag_units);
        memset(out + at + p->tag_units, UNIT_FREE, length - p->tag_units);
        at += length;
    }
    for (int list = 0; list < 2; list++) {
        uint32_t slot = list == 0 ? p->s.live.oldest : p->s.dead.oldest;
        while (slot != SHADOW_NONE) {
            const struct shadow_object *o = shadow_at(&p->s, slot);
            uint32_t unit = play_unit(p, o->address);
            uint32_t n = o->granted >> p->s.unit_shift;
            memset(out + unit - p->tag_units, UNIT_TAG, p->tag_units);
            memset(out + unit, list == 0 ? UNIT_TAIL : UNIT_GARBAGE, n);
            if (list == 0)
                out[unit] = UNIT_HEAD;
            slot = o->younger;
        }
    }
}

static void view_objects(const void *run,
                         bool (*each)(void *, const struct object_view *),
                         void *ctx)
{
    const struct play *p = run;
    for (uint32_t unit = 0; unit < p->s.n_units; unit++) {
        uint32_t slot = p->s.object_at[unit];
        if (slot == SHADOW_NONE)
            continue;
        const struct shadow_object *o = shadow_at(&p->s, slot);
        struct object_view v = {
            .id = o->id,
            .born_seq = o->born_seq,
            .asked = o->asked,
            .granted = o->granted,
            .address = o->address,
            .site = o->site,
            .is_dead = o->state == SHADOW_DEAD,
            .is_held = o->held != 0,
        };
        if (!each(ctx, &v))
            return;
    }
}

static void view_edges(const void *run,
                       bool (*each)(void *, uint64_t, uint32_t, uint64_t),
                       void *ctx)
{
    const struct play *p = run;
    for (uint32_t unit = 0; unit < p->s.n_units; unit++) {
        uint32_t slot = p->s.object_at[unit];
        if (slot == SHADOW_NONE)
            continue;
        const struct shadow_object *o = shadow_at(&p->s, slot);
        for (uint32_t e = o->first_out; e != 0; e = p->s.edges[e].next_out) {
            const struct shadow_edge *edge = &p->s.edges[e];
            const struct shadow_object *to = shadow_at(&p->s, edge->to);
            if (!to->is_outer && !each(ctx, o->id, edge->word, to->id))
                return;
        }
    }
}

static void view_holes(const void *run, void (*each)(void *, uint64_t),
                       void *ctx)
{
    const struct play *p = run;
    uint32_t at = 0;
    for (uint32_t length; (length = holes_next(&p->used, &at)) != 0;) {
        each(ctx, hole_bytes(p, length));
        at += length;
    }
}

void play_fill_view(struct play *p)
{
    p->view = (struct replay_view){
        .run = p,
        .base = p->s.origin,
        .unit_bytes = unit_bytes(p),
        .n_units = p->s.n_units,
        .map = view_map,
        .objects = view_objects,
        .edges = view_edges,
        .holes = view_holes,
    };
}
