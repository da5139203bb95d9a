/* manager_copying.c - see manager.h: copying for the replay. */
#include "core/copygrow.h"
#include "core/grow.h"

#include <string.h>

#include "sim/replay/manager.h"

/* clang-format off */
static const struct manager_key copying_keys[] = {
    {"block", "8|16|32|64", 0, 0, "16", "bytes of a block"},
    {"zero", NULL, 0, 1, "1", "1: zero whole objects; 0: only their last blocks"},
    {"finalisers", NULL, 0, 1, "1", "1: a finaliser table in every area"},
    {"mark_stack", NULL, 1, COPYING_MARK_STACK_MAX, "64",
     "entries of the mark stack"},
    {"threshold", "none", 1, UINT32_MAX - 1, "none",
     "bytes allocated after which a collection comes first"},
    {"auto", NULL, 0, 1, "1", "1: collect when nothing fits"},
    {"grow", NULL, 0, 1, "0", "1: take areas from the outer heap when full"},
    {"outer", "none|tlsf", 0, 0, "none",
     "outer heap: tlsf, or none: first fit of areas"},
    {"outer_bytes", NULL, 0, 1u << 28, "0", "bytes of the outer heap"},
    {"areas", "sizes", 0, 0, "", "bytes of each area, as 16K+16K; empty: one"},
    {"pins", "none|k|kj|kjv", 0, 0, "none",
     "what may not move: nothing; k: what registers and stack name; j: also "
     "what they point into; v: also what heap words point into"},
    {"slide", "full|window", 0, 0, "full",
     "window: a request moves only what it must, if that suffices"},
    {"holes", NULL, 0, 1, "1", "1: use holes before a slide"},
    {"leaf", NULL, 0, 1, "0", "1: objects flagged as leaves are not scanned"},
    {"ambiguous", NULL, 0, 1, "0",
     "1: what objects flagged as ambiguous name does not move"},
    {"pack", NULL, 0, 1, "1",
     "1: around pins, empty the best gap into the others"},
    {"ration", NULL, 0, COPYING_RATION_MAX, "50",
     "with pins: percent of the live bytes that may be allocated between "
     "collections before the longest hole is used; 0: no limit"},
};
/* clang-format on */

static const struct manager_card copying_card = {
    .succeeds = "free bytes, rounded down to blocks, are at least the request "
                "(one area, nothing pinned); with k objects pinned, if "
                "free / (k + 1) is. A realloc: if free bytes are at least what "
                "it lacks. With grow, too if the outer heap can give an area "
                "for it",
    .metadata = "2 bits a block, 2 bytes more for 64 blocks, 1 bit a block "
                "with finalisers: 2.5 % of a heap of 16-byte blocks",
    .pause = "a collection: words of live objects twice (marked, updated), "
             "bytes that move once, table words; the marking once more for "
             "each overflow of the mark stack",
    .moves = "at any request that finds no room, and at a collection; at most "
             "all live bytes. Where something is pinned, collections come "
             "before the longest hole is used (ration)",
    .needs = "precise roots, or pins for what is not; references are the "
             "addresses of objects, and no other word may look like one, but "
             "in leaves",
};

/*
 * Nothing pinned: all free bytes, live ones apart only if it may collect. With
 * k pinned objects there are k + 1 gaps, and the fullest has its share; none
 * loses the hole that it has. What ambiguous objects pin is not known here.
 */
static uint64_t copying_largest(const struct manager_view *v)
{
    const struct heap *h = v->heap;
    uint64_t free = h->is_auto ? v->live_free : v->used_free;
    uint64_t longest = h->is_auto ? v->live_longest : v->used_longest;
    struct copying_params m;
    memcpy(&m, v->params, sizeof m);
    if (m.ambiguous)
        return longest;
    if (v->n_pinned == 0)
        return free;
    uint64_t gaps = v->n_pinned + UINT64_C(1);
    uint64_t n_blocks = free >> h->block_shift;
    uint64_t share = (n_blocks + gaps - 1) / gaps << h->block_shift;
    return longest > share ? longest : share;
}

/* All that is free in one piece, or a share beside pinned objects. */
static uint64_t copying_sure(const struct manager_load *l)
{
    struct copying_params m;
    memcpy(&m, l->params, sizeof m);
    uint64_t share = (l->pool - l->live) / (l->n_pinned + 1);
    return m.ambiguous || !m.automatic ? 0 : l->live + share;
}

/* What is behind the object goes up, unless something there is pinned. */
static uint64_t copying_growth(const struct manager_view *v)
{
    struct copying_params m;
    memcpy(&m, v->params, sizeof m);
    return m.ambiguous || v->n_pinned > 0 ? 0 : copying_largest(v);
}

/* One, and one more for each pinned object. */
static uint32_t copying_holes(const struct manager_view *v)
{
    struct copying_params m;
    memcpy(&m, v->params, sizeof m);
    return m.ambiguous || m.slide != COPYING_FULL ? 0 : v->n_pinned + 1;
}

/* The most blocks whose area is not larger than that. */
static uint64_t copying_grown(struct heap *h, uint64_t avail)
{
    uint32_t low = 0;
    uint32_t high = GROW_REQUEST_MAX >> h->block_shift;
    while (low < high) {
        uint32_t n_blocks = (low + high + 1) / 2;
        if (copygrow_bytes(h, n_blocks) <= avail)
            low = n_blocks;
        else
            high = n_blocks - 1;
    }
    return (uint64_t)low << h->block_shift;
}

static const struct manager_shape copying_shape = {
    .clears_rest = true,
    .largest = copying_largest,
    .growth = copying_growth,
    .holes = copying_holes,
    .grown = copying_grown,
};

static void copying_read(const struct replay_options *o,
                         struct manager_params *p)
{
    const char *slide = manager_value(o, "slide");
    struct copying_params m = {
        .block = (uint32_t)manager_number(o, "block", 16),
        .zero = (uint32_t)manager_number(o, "zero", 1),
        .finalisers = (uint32_t)manager_number(o, "finalisers", 1),
        .mark_stack = (uint32_t)manager_number(o, "mark_stack", 64),
        .threshold =
            (uint32_t)manager_number(o, "threshold", HEAP_NO_THRESHOLD),
        .automatic = (uint32_t)manager_number(o, "auto", 1),
        .slide = slide != NULL && strcmp(slide, "window") == 0,
        .holes = (uint32_t)manager_number(o, "holes", 1),
        .leaf = (uint32_t)manager_number(o, "leaf", 0),
        .ambiguous = (uint32_t)manager_number(o, "ambiguous", 0),
        .pack = (uint32_t)manager_number(o, "pack", 1),
        .ration = (uint32_t)manager_number(o, "ration", 50),
        .grow = (uint32_t)manager_number(o, "grow", 0),
    };
    _Static_assert(sizeof m <= sizeof *p, "fits");
    memset(p, 0, sizeof *p);
    memcpy(p, &m, sizeof m);
}

static struct copying_params copying_of_words(const struct manager_params *p)
{
    struct copying_params m;
    memcpy(&m, p, sizeof m);
    return m;
}

static uint32_t copying_before(const struct manager_params *p)
{
    struct copying_params m = copying_of_words(p);
    return copying_control_bytes(&m);
}

static uint32_t copying_start(struct heap *h, uint32_t base,
                              uint32_t heap_bytes,
                              const struct manager_params *p)
{
    struct copying_params m = copying_of_words(p);
    return copying_init(h, base, heap_bytes, &m);
}

const struct manager manager_copying = {
    .name = "copying",
    .capabilities = CAPS_copying,
    .keys = copying_keys,
    .n_keys = sizeof copying_keys / sizeof copying_keys[0],
    .card = &copying_card,
    .sure = copying_sure,
    .shape = &copying_shape,
    .params = copying_read,
    .control_bytes = copying_before,
    .init = copying_start,
    .alloc = copying_alloc,
    .free = copying_free,
    .realloc = copying_realloc,
    .collect = copying_collect,
    .control = copying_control,
    .add_area = copying_add_area,
    .info = copying_info,
    .area_info = copying_area_info,
    .walk = copying_walk,
    .check = copying_check,
};
