/* manager_intern.c - see manager.h: intern for the replay. */
#include "core/intern.h"

#include <string.h>

#include "sim/replay/manager.h"

/* clang-format off */
static const struct manager_key intern_keys[] = {
    {"block", "8|16|32|64", 0, 0, "16", "bytes of a block"},
    {"zero", NULL, 0, 1, "0", "1: zero objects, and what grows"},
    {"chunk", NULL, INTERN_CHUNK_MIN, INTERN_CHUNK_MAX, "128",
     "bytes asked for a new chunk of strings"},
    {"areas", "sizes", 0, 0, "", "bytes of each area, as 16K+16K; empty: one"},
};
/* clang-format on */

static const struct manager_card intern_card = {
    .succeeds = "objects: as all managers that do not move, live <= H / (1 + "
                "log2(n) / 2), n the largest request in blocks (Robson 1974); "
                "a string: if the chunk has room, or the blocks behind it, or "
                "an object of its size would be granted",
    .metadata = "2 bits a block: 1.6 % of a heap of 16-byte blocks; strings: "
                "none, less than a block a chunk lost, and the rest of the "
                "last chunk",
    .pause = "none: table words of the search, and the copy of a realloc that "
             "moves",
    .moves = "never, but a realloc may",
    .needs = "frees; interned strings are told as such and never freed",
};

static const struct manager_shape intern_shape = {
    .bytes = intern_bytes,
};

static void intern_read(const struct replay_options *o,
                        struct manager_params *p)
{
    struct intern_params m = {
        .block = (uint32_t)manager_number(o, "block", 16),
        .zero = (uint32_t)manager_number(o, "zero", 0),
        .chunk = (uint32_t)manager_number(o, "chunk", 128),
    };
    _Static_assert(sizeof m <= sizeof *p, "fits");
    memset(p, 0, sizeof *p);
    memcpy(p, &m, sizeof m);
}

static uint32_t intern_before(const struct manager_params *p)
{
    struct intern_params m;
    memcpy(&m, p, sizeof m);
    return intern_control_bytes(&m);
}

static uint32_t intern_start(struct heap *h, uint32_t base, uint32_t heap_bytes,
                             const struct manager_params *p)
{
    struct intern_params m;
    memcpy(&m, p, sizeof m);
    return intern_init(h, base, heap_bytes, &m);
}

const struct manager manager_intern = {
    .name = "intern",
    .capabilities = CAPS_intern,
    .keys = intern_keys,
    .n_keys = sizeof intern_keys / sizeof intern_keys[0],
    .card = &intern_card,
    .sure = manager_robson,
    .shape = &intern_shape,
    .params = intern_read,
    .control_bytes = intern_before,
    .init = intern_start,
    .alloc = intern_alloc,
    .free = intern_free,
    .realloc = intern_realloc,
    .control = intern_control,
    .add_area = intern_add_area,
    .info = intern_info,
    .area_info = intern_area_info,
    .walk = intern_walk,
    .check = intern_check,
};
