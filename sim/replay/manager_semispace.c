/* manager_semispace.c - see manager.h: semispace for the replay. */
#include "core/semispace.h"

#include <string.h>

#include "sim/replay/manager.h"

/* clang-format off */
static const struct manager_key semispace_keys[] = {
    {"block", "8|16|32|64", 0, 0, "16", "bytes of a block"},
    {"zero", NULL, 0, 1, "1", "1: zero whole objects; 0: only their rests"},
    {"threshold", "none", 1, UINT32_MAX - 1, "none",
     "bytes allocated after which a collection comes first"},
    {"auto", NULL, 0, 1, "1", "1: collect when nothing fits"},
};
/* clang-format on */

static const struct manager_card semispace_card = {
    .succeeds = "live + r <= H / 2, less the table, r the request",
    .metadata = "2 bits a block, 1.6 % of a heap of 16-byte blocks, and the "
                "half that waits",
    .pause = "a collection: words of live objects, and table words of a half; "
             "nothing for what is dead",
    .moves = "every live object at every collection; the old place is the "
             "other half",
    .needs = "roots, all of them precise, held words too: every one is "
             "rewritten; references are tagged words; no pins",
};

/* What a collection would leave of the half; without one, what is left. */
static uint64_t semispace_largest(const struct manager_view *v)
{
    return v->heap->is_auto ? v->live_free : v->used_longest;
}

/* The pool is a half. */
static uint64_t semispace_sure(const struct manager_load *l)
{
    return l->pool;
}

/* The rest of the half. */
static uint32_t semispace_holes(const struct manager_view *v)
{
    (void)v;
    return 1;
}

static const struct manager_shape semispace_shape = {
    .bytes = semispace_bytes,
    .largest = semispace_largest,
    .holes = semispace_holes,
};

static void semispace_read(const struct replay_options *o,
                           struct manager_params *p)
{
    struct semispace_params m = {
        .block = (uint32_t)manager_number(o, "block", 16),
        .zero = (uint32_t)manager_number(o, "zero", 1),
        .threshold =
            (uint32_t)manager_number(o, "threshold", HEAP_NO_THRESHOLD),
        .automatic = (uint32_t)manager_number(o, "auto", 1),
    };
    _Static_assert(sizeof m <= sizeof *p, "fits");
    memset(p, 0, sizeof *p);
    memcpy(p, &m, sizeof m);
}

static struct semispace_params semispace_of_words(
    const struct manager_params *p)
{
    struct semispace_params m;
    memcpy(&m, p, sizeof m);
    return m;
}

static uint32_t semispace_before(const struct manager_params *p)
{
    struct semispace_params m = semispace_of_words(p);
    return semispace_control_bytes(&m);
}

static uint32_t semispace_begin(struct heap *h, uint32_t base,
                                uint32_t heap_bytes,
                                const struct manager_params *p)
{
    struct semispace_params m = semispace_of_words(p);
    return semispace_init(h, base, heap_bytes, &m);
}

const struct manager manager_semispace = {
    .name = "semispace",
    .capabilities = CAPS_semispace,
    .keys = semispace_keys,
    .n_keys = sizeof semispace_keys / sizeof semispace_keys[0],
    .card = &semispace_card,
    .sure = semispace_sure,
    .shape = &semispace_shape,
    .params = semispace_read,
    .control_bytes = semispace_before,
    .init = semispace_begin,
    .alloc = semispace_alloc,
    .free = semispace_free,
    .realloc = semispace_realloc,
    .collect = semispace_collect,
    .control = semispace_control,
    .info = semispace_info,
    .area_info = semispace_area_info,
    .walk = semispace_walk,
    .check = semispace_check,
};
