/* outer_heap.c - see outer_heap.h. */
#include "sim/replay/outer_heap.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/tlsf.h"
#include "sim/replay/play.h"

/* Areas begin at multiples of 16 bytes; no chunk is larger than all. */
static struct tlsf_params params_for(uint32_t bytes)
{
    struct tlsf_params p = {.align = OUTER_ALIGN, .max_area = TLSF_AREA_MIN};
    while (p.max_area < bytes && p.max_area < TLSF_AREA_MAX)
        p.max_area *= 2;
    return p;
}

struct heap *outer_heap_of(const struct play *p)
{
    const struct target *t = p->t;
    return (struct heap *)(void *)(t->window + (t->outer - t->base));
}

int outer_heap_open(struct play *p, uint32_t base, uint32_t bytes,
                    uint32_t *end)
{
    struct outer_heap *o = &p->outer_heap;
    struct target *t = p->t;
    struct tlsf_params params = params_for(bytes);
    struct area_info info;
    o->window_bytes = tlsf_control_bytes(&params) + bytes;
    *end = base + o->window_bytes;
    uint32_t error = t->outer_init(t, base, bytes, &params);
    if (t->trouble[0] != '\0')
        return problem_set(p->problem, ERR_INPUT, "%s", t->trouble);
    if (error != HEAP_OK || !tlsf_area_info(outer_heap_of(p), 0, &info))
        return problem_set(p->problem, ERR_INPUT,
                           "--set outer_bytes=%u: too few for an outer heap",
                           bytes);
    outer_heap_close(o);
    o->is_open = true;
    o->first = info.pool;
    o->n_words = info.n_blocks;
    o->owner = calloc(o->n_words, sizeof *o->owner);
    if (o->owner == NULL || !holes_init(&o->free, o->n_words))
        return problem_set(p->problem, ERR_MEMORY, "no memory left");
    holes_give(&o->free, 0, o->n_words);
    o->n_objects = 0;
    o->n_areas = 0;
    o->area_bytes = 0;
    return 0;
}

void outer_heap_close(struct outer_heap *o)
{
    holes_release(&o->free);
    free(o->owner);
    o->owner = NULL;
}

/* ---- The index --------------------------------------------------------- */

/* Where the index has the chunk, header included, of what is at `address`. */
static uint32_t word_of(const struct outer_heap *o, uint32_t address)
{
    return (address - TLSF_HEADER - o->first) / 4;
}

static uint32_t words_for(uint32_t granted)
{
    return (granted + TLSF_HEADER) / 4;
}

/* Can an object begin there? */
static bool is_inside(const struct outer_heap *o, uint32_t address)
{
    uint32_t offset = address - TLSF_HEADER - o->first;
    return address % OUTER_ALIGN == 0 && offset / 4 < o->n_words;
}

int outer_heap_enter(struct play *p, uint32_t address, uint64_t bytes,
                     uint32_t *granted)
{
    struct outer_heap *o = &p->outer_heap;
    *granted = 0;
    if (is_inside(o, address))
        *granted = tlsf_bytes(outer_heap_of(p), address);
    if (*granted < bytes || *granted % 4 != 0 ||
        !holes_all_free(&o->free, word_of(o, address), words_for(*granted)))
        return play_fail(p,
                         "the outer heap gave 0x%08x for %" PRIu64
                         " bytes: not aligned, too short, outside, or "
                         "overlapping something else",
                         address, bytes);
    holes_take(&o->free, word_of(o, address), words_for(*granted));
    return 0;
}

void outer_heap_own(struct play *p, uint32_t address, uint32_t owner)
{
    struct outer_heap *o = &p->outer_heap;
    o->owner[word_of(o, address)] = owner;
    o->n_objects++;
    if (owner != OUTER_AREA)
        return;
    o->n_areas++;
    o->area_bytes += tlsf_bytes(outer_heap_of(p), address);
}

void outer_heap_leave(struct play *p, uint32_t address, uint32_t granted)
{
    struct outer_heap *o = &p->outer_heap;
    uint32_t *owner = &o->owner[word_of(o, address)];
    holes_give(&o->free, word_of(o, address), words_for(granted));
    if (*owner == OUTER_AREA) {
        o->n_areas--;
        o->area_bytes -= granted;
    }
    *owner = 0;
    o->n_objects--;
}

/* ---- What the core asks ------------------------------------------------ */

uint32_t outer_heap_avail(struct play *p)
{
    return p->t->outer_avail(p->t);
}

uint32_t outer_heap_take(struct play *p, uint32_t bytes)
{
    uint32_t granted;
    uint32_t address = p->t->outer_alloc(p->t, bytes);
    if (address == 0 || p->is_probing)
        return address;
    if (outer_heap_enter(p, address, bytes, &granted) != 0)
        return 0;
    outer_heap_own(p, address, OUTER_AREA);
    return address;
}

/* By the heap's own chunks: the index does not follow a probe. */
static bool has_object(const struct play *p, uint32_t address)
{
    struct heap_cursor cursor = {0};
    struct heap_object object;
    while (tlsf_walk(outer_heap_of(p), &cursor, &object)) {
        if (object.address == address)
            return true;
    }
    return false;
}

void outer_heap_give(struct play *p, uint32_t address)
{
    struct outer_heap *o = &p->outer_heap;
    if (!is_inside(o, address))
        return; /* of an area that was added otherwise */
    if (p->is_probing) {
        if (has_object(p, address))
            p->t->outer_free(p->t, address);
        return;
    }
    if (o->owner[word_of(o, address)] != OUTER_AREA) {
        (void)play_fail(p, "0x%08x is given back, where no area was taken",
                        address);
        return;
    }
    outer_heap_leave(p, address, tlsf_bytes(outer_heap_of(p), address));
    p->t->outer_free(p->t, address);
}

/* ---- What it could give ------------------------------------------------- */

/* The largest request that the longest hole of the index serves. */
static uint32_t served(const struct outer_heap *o)
{
    struct manager_params params = {{0, OUTER_ALIGN, 0}};
    uint32_t words = holes_longest(&o->free);
    if (words <= 1)
        return 0;
    return (uint32_t)manager_tlsf.shape->serves(&params,
                                                4 * (uint64_t)(words - 1));
}

uint32_t outer_heap_avail_without(struct play *p, const uint32_t *gone,
                                  uint32_t n)
{
    struct outer_heap *o = &p->outer_heap;
    struct heap *h = outer_heap_of(p);
    for (uint32_t i = 0; i < n; i++) {
        if (is_inside(o, gone[i]))
            holes_give(&o->free, word_of(o, gone[i]),
                       words_for(tlsf_bytes(h, gone[i])));
    }
    uint32_t avail = served(o);
    for (uint32_t i = 0; i < n; i++) {
        if (is_inside(o, gone[i]))
            holes_take(&o->free, word_of(o, gone[i]),
                       words_for(tlsf_bytes(h, gone[i])));
    }
    return avail;
}

/* Which of several holes it takes, only the heap itself knows: on a copy. */
uint32_t outer_heap_place(const struct play *p, const uint32_t *gone,
                          uint32_t n, uint32_t bytes)
{
    const struct outer_heap *o = &p->outer_heap;
    struct heap *copy = malloc(o->window_bytes);
    if (copy == NULL)
        return 0;
    memcpy(copy, outer_heap_of(p), o->window_bytes);
    for (uint32_t i = 0; i < n; i++) {
        if (is_inside(o, gone[i]))
            tlsf_free(copy, gone[i]);
    }
    uint32_t address = tlsf_alloc(copy, bytes, 0);
    free(copy);
    return address;
}

/* ---- Is it as it should be? --------------------------------------------- */

static bool has_its_size(const struct play *p, uint32_t owner,
                         const struct heap_object *object)
{
    return owner == OUTER_AREA ||
           (owner != 0 && shadow_at(&p->s, owner)->granted == object->bytes);
}

/* The manager's areas that came from here. */
static uint32_t count_areas(const struct play *p)
{
    const struct outer_heap *o = &p->outer_heap;
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->n_areas; i++) {
        uint32_t start = p->areas[i].start;
        n += is_inside(o, start) && o->owner[word_of(o, start)] == OUTER_AREA;
    }
    return n;
}

int outer_heap_probe(struct play *p)
{
    const struct outer_heap *o = &p->outer_heap;
    struct heap_cursor cursor = {0};
    struct heap_object object;
    uint32_t n = 0;
    for (; tlsf_walk(outer_heap_of(p), &cursor, &object); n++) {
        if (!is_inside(o, object.address) ||
            !has_its_size(p, o->owner[word_of(o, object.address)], &object))
            return play_fail(p,
                             "the outer heap has %u bytes in use at 0x%08x, "
                             "where they should not be",
                             object.bytes, object.address);
    }
    if (n != o->n_objects)
        return play_fail(p,
                         "the outer heap has %u objects and areas, of %u that "
                         "it should have",
                         n, o->n_objects);
    n = count_areas(p);
    if (n != o->n_areas)
        return play_fail(p, "the heap has %u areas of %u that it has taken", n,
                         o->n_areas);
    return 0;
}

int outer_heap_check(struct play *p)
{
    int broken =
        tlsf_check(outer_heap_of(p), p->t->outer, p->outer_heap.window_bytes);
    if (broken == 0)
        return 0;
    return play_fail(p, "tlsf_check of the outer heap: invariant %d is broken",
                     broken);
}

void outer_heap_figures(const struct play *p, struct outer_figures *f)
{
    const struct outer_heap *o = &p->outer_heap;
    uint64_t n_holes = holes_count(&o->free);
    uint64_t longest = holes_longest(&o->free);
    *f = (struct outer_figures){
        .is_there = true,
        .objects = p->s.outer.n,
        .asked = p->s.outer_asked,
        .live = p->s.outer_bytes,
        .areas = o->area_bytes,
        .free = 4 * (o->free.n_free - n_holes),
        .largest_free = longest == 0 ? 0 : 4 * (longest - 1),
        .holes = n_holes,
    };
}
