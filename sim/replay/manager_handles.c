/* manager_handles.c - see manager.h: handles for the replay. */
#include "core/handles.h"

#include <string.h>

#include "sim/replay/manager.h"

/* clang-format off */
static const struct manager_key handles_keys[] = {
    {"zero", NULL, 0, 1, "0", "1: zero objects, and what grows"},
    {"indices", "8|16", 0, 0, "16", "bits of an index"},
    {"handles", NULL, 0, 65535, "0",
     "table entries set aside; the others come out of the gap"},
    {"start_bytes", NULL, 0, 100, "85",
     "defragmentation begins when this percent of H is not gap"},
    {"start_indices", NULL, 0, 100, "90",
     "... or when this percent of all indices has been given"},
    {"per_alloc", NULL, 0, 65536, "0",
     "bytes moved with each allocation, at most"},
    {"wait", NULL, 0, 1, "1",
     "1: a request that finds no hole waits until all holes are one"},
};
/* clang-format on */

static const struct manager_card handles_card = {
    .succeeds = "an index is left (indices=8: 255 objects at once), wait=1 and "
                "nothing pinned: r + 8 <= free bytes, and 4 for a new entry "
                "if no old one is free. wait=0: the same once "
                "defragmentation has caught up; until then a request is "
                "granted if the gap holds it, or a hole of a longer class, or "
                "one of the first four of its own; and without steps and "
                "per_alloc entries beyond those set aside (handles) need a gap "
                "that is left. With k pins the largest hole is at least "
                "free / (k + 1), and serves if an entry is free: a pinned "
                "object may leave no gap for one",
    .metadata = "4 bytes an object and a hole; an entry of 4 bytes an object "
                "(indices=8: 2 bytes), as many as there ever were objects at "
                "once; fixed: 512 bytes of control block",
    .pause = "alloc and free: constant; a step: its budget; a realloc that "
             "moves: its copy; wait=1: one pass over the pool, words moved "
             "once",
    .moves = "in steps, with allocations (per_alloc), when a request waits "
             "(wait), and to grow",
    .needs = "frees, handles; handles_touch before writing to an object that "
             "is longer than a step moves at once",
};

static struct handles_params handles_of_words(const struct manager_params *p)
{
    struct handles_params m;
    memcpy(&m, p, sizeof m);
    return m;
}

/*
 * The largest request were all holes one, `free` bytes by the shadow's count,
 * whatever the manager says of itself: a chunk of them, but for the gap's first
 * word and, if no old entry is free, a new one.
 */
static uint64_t handles_settled(struct heap *h, uint32_t free)
{
    const struct handles *t = handles_of(h);
    bool is_wide = t->table != 0;
    uint32_t entry = t->issued - (is_wide ? 4 : 2); /* a new one's place */
    bool has_old = t->free_handle != 0;
    if (!is_wide && !has_old && entry == t->halves)
        return 0; /* 8-bit indices may run out, of others there are enough */
    uint32_t taken = has_old || entry >= h->pool_max ? 4 : 8;
    uint32_t words = free < taken ? 0 : (free - taken) / 4;
    if (words > HANDLES_CHUNK_MAX)
        words = HANDLES_CHUNK_MAX;
    return words < HANDLES_CHUNK_MIN ? 0 : 4 * words - HANDLES_HEADER;
}

/*
 * With `wait` and nothing pinned, all that is free, but for the header, the
 * gap's first word, and an entry if there is none.
 */
static uint64_t handles_serves(const struct manager_view *v)
{
    struct heap *h = (struct heap *)(uintptr_t)v->heap;
    uint32_t now = handles_largest(h);
    if (handles_of(h)->params.wait == 0 || v->n_pinned > 0)
        return now;
    uint64_t later = handles_settled(h, (uint32_t)v->used_free);
    return later > now ? later : now;
}

/*
 * Beside the object's tag 8 bytes: the gap's first word, and a new entry. That
 * may be wanting where something is pinned. So few bytes, in however small
 * objects, that indices of 8 bits suffice; and where nothing lives yet, that
 * the gap suffices for an entry with each chunk.
 */
static uint64_t handles_sure(const struct manager_load *l)
{
    const struct handles_params m = handles_of_words(l->params);
    uint64_t least = UINT64_C(4) * HANDLES_CHUNK_MIN;
    uint64_t sure = l->pool - 8;
    if (m.wait == 0 || l->n_pinned > 0 || l->pool <= 8)
        return 0;
    if (l->live == 0)
        sure = sure / (least + 4) * least;
    return m.indices == 8 && sure > 255 * least ? 255 * least : sure;
}

/*
 * The worst of random steps of HANDLES_LEAST units or more:
 * tests/test_handles_guest.c.
 */
static const struct manager_step_price handles_prices[] = {
    {"hazard3", {24, 106}, {44, 45}},
    {"cortex-m0plus", {50, 192}, {80, 160}},
    {"cortex-m0", {55, 190}, {84, 170}},
    {"cortex-m3", {40, 132}, {52, 95}},
    {"cortex-m4", {38, 132}, {48, 115}},
    {NULL, {0, 0}, {0, 0}},
};

/* In the wide form; there are few handles in the small one. */
static uint32_t handles_entries(struct heap *h, uint32_t *first, uint32_t *end)
{
    const struct handles *t = handles_of(h);
    *first = t->issued;
    *end = t->table + 4 * 65536;
    return t->table;
}

static const struct manager_shape handles_shape = {
    .step_prices = handles_prices,
    .step_least = HANDLES_LEAST,
    .most = "indices=16 allows 262144 bytes beside the entries set aside, "
            "indices=8 65536 with the control block",
    .unit_bytes = 4,
    .tag_bytes = HANDLES_HEADER,
    .bytes = handles_bytes,
    .entries = handles_entries,
    .largest = handles_serves,
    .settled = handles_largest_settled,
};

static void handles_read(const struct replay_options *o,
                         struct manager_params *p)
{
    struct handles_params m = {
        .zero = (uint32_t)manager_number(o, "zero", 0),
        .indices = (uint32_t)manager_number(o, "indices", 16),
        .handles = (uint32_t)manager_number(o, "handles", 0),
        .start_bytes = (uint32_t)manager_number(o, "start_bytes", 85),
        .start_indices = (uint32_t)manager_number(o, "start_indices", 90),
        .per_alloc = (uint32_t)manager_number(o, "per_alloc", 0),
        .wait = (uint32_t)manager_number(o, "wait", 1),
    };
    memset(p, 0, sizeof *p);
    memcpy(p, &m, sizeof m);
}

static uint32_t handles_before(const struct manager_params *p)
{
    struct handles_params m = handles_of_words(p);
    return handles_control_bytes(&m);
}

static uint32_t handles_start(struct heap *h, uint32_t base,
                              uint32_t heap_bytes,
                              const struct manager_params *p)
{
    struct handles_params m = handles_of_words(p);
    return handles_init(h, base, heap_bytes, &m);
}

const struct manager manager_handles = {
    .name = "handles",
    .capabilities = CAPS_handles,
    .keys = handles_keys,
    .n_keys = sizeof handles_keys / sizeof handles_keys[0],
    .card = &handles_card,
    .sure = handles_sure,
    .shape = &handles_shape,
    .params = handles_read,
    .control_bytes = handles_before,
    .init = handles_start,
    .alloc = handles_alloc,
    .free = handles_free,
    .realloc = handles_realloc,
    .control = handles_control,
    .store = handles_store,
    .deref = handles_deref,
    .step = handles_step,
    .pin = handles_pin,
    .unpin = handles_unpin,
    .info = handles_info,
    .area_info = handles_area_info,
    .walk = handles_walk,
    .check = handles_check,
};
