/* manager_chains.c - see manager.h: chains for the replay. */
#include "core/chains.h"

#include <string.h>

#include "sim/replay/manager.h"

/* clang-format off */
static const struct manager_key chains_keys[] = {
    {"block", "16|32|64", 0, 0, "32", "bytes of a block"},
    {"zero", NULL, 0, 1, "0", "1: zero objects, and what grows"},
    {"link", "list|spine", 0, 0, "list",
     "a table of links; or index blocks, which make every byte as near"},
    {"index_bytes", "auto|2|4", 0, 0, "auto",
     "bytes of a link: 2 for up to 32,767 blocks, else 4"},
    {"areas", "sizes", 0, 0, "", "bytes of each area, as 16K+16K; empty: one"},
};
/* clang-format on */

static const struct manager_card chains_card = {
    .succeeds = "n <= free blocks, n = ceil(r / block): always, there is no "
                "external fragmentation. link=spine: n + s(n) <= free blocks; "
                "s(1) = 0, else s sums the index blocks of each level, "
                "ceil(n / F), ceil(n / F^2) ... while more than F - 1 are "
                "left, and 1 on top; F = block / 2 links",
    .metadata = "link=list: 2 bytes a block, 11.1 % of a heap of 16-byte "
                "blocks, 5.9 % of 32, 3.0 % of 64 (twice that beyond 32,767 "
                "blocks). link=spine: 2 bits a block, and s(n) blocks an "
                "object; half a block an object is lost inside in both",
    .pause = "none: an operation visits each block that it gives or takes; a "
             "realloc copies nothing, or one block (link=spine)",
    .moves = "never",
    .needs = "frees; bytes reached through deref, block by block: n / block "
             "links (link=list), one load a level (link=spine)",
};

/* Data blocks of the largest object that `n_free` blocks of `fan` links hold:
 * by bisection, s(n) counted as the card says. */
static uint64_t data_blocks(uint64_t n_free, uint64_t fan)
{
    uint64_t low = n_free > 0; /* surely fits */
    uint64_t high = n_free;
    while (low < high) {
        uint64_t n = low + (high - low + 1) / 2;
        uint64_t total = n + (n > 1);
        for (uint64_t level = n; level > fan - 1;) {
            level = (level + fan - 1) / fan;
            total += level;
        }
        if (total <= n_free)
            low = n;
        else
            high = n - 1;
    }
    return low;
}

static uint64_t chains_serves(const struct manager_params *p, uint64_t hole)
{
    struct chains_params m;
    memcpy(&m, p, sizeof m);
    uint64_t n = hole / m.block;
    if (m.link == CHAINS_SPINE)
        n = data_blocks(n, m.block / m.index_bytes);
    return n * m.block;
}

/*
 * Of spines, as if all objects were those with the most index blocks for what
 * they hold: one for two blocks, or three for five where four links fill one.
 */
static uint64_t chains_sure(const struct manager_load *l)
{
    struct chains_params m;
    memcpy(&m, l->params, sizeof m);
    uint64_t n = l->pool / m.block;
    if (m.link == CHAINS_SPINE)
        n = m.block / m.index_bytes == 4 ? n * 5 / 8 : n * 2 / 3;
    return n * m.block;
}

static const struct manager_shape chains_shape = {
    .bytes = chains_bytes,
    .serves = chains_serves,
    .index_block = chains_index_block,
    .most =
        "index_bytes=2 allows 32767 blocks in all, index_bytes=4 2147483647",
};

/* 2, unless the areas of the run's beginning have too many blocks for that. */
static uint32_t chains_index_bytes(const struct replay_options *o,
                                   uint32_t block)
{
    uint64_t bytes = o->heap_bytes;
    const char *areas = manager_value(o, "areas");
    if (areas != NULL && areas[0] != '\0')
        bytes = 0;
    for (uint64_t n; areas != NULL && (n = manager_next_size(&areas)) != 0;)
        bytes += n;
    return bytes / block > FIXED_NARROW_MAX ? 4 : 2;
}

static void chains_read(const struct replay_options *o,
                        struct manager_params *p)
{
    struct chains_params m = {
        .block = (uint32_t)manager_number(o, "block", 32),
        .zero = (uint32_t)manager_number(o, "zero", 0),
        .link = strcmp(manager_value(o, "link"), "spine") == 0 ? CHAINS_SPINE
                                                               : CHAINS_LIST,
    };
    m.index_bytes = (uint32_t)manager_number(o, "index_bytes",
                                             chains_index_bytes(o, m.block));
    _Static_assert(sizeof m <= sizeof *p, "fits");
    memset(p, 0, sizeof *p);
    memcpy(p, &m, sizeof m);
}

static uint32_t chains_before(const struct manager_params *p)
{
    struct chains_params m;
    memcpy(&m, p, sizeof m);
    return chains_control_bytes(&m);
}

static uint32_t chains_start(struct heap *h, uint32_t base, uint32_t heap_bytes,
                             const struct manager_params *p)
{
    struct chains_params m;
    memcpy(&m, p, sizeof m);
    return chains_init(h, base, heap_bytes, &m);
}

const struct manager manager_chains = {
    .name = "chains",
    .capabilities = CAPS_chains,
    .keys = chains_keys,
    .n_keys = sizeof chains_keys / sizeof chains_keys[0],
    .card = &chains_card,
    .sure = chains_sure,
    .shape = &chains_shape,
    .params = chains_read,
    .control_bytes = chains_before,
    .init = chains_start,
    .alloc = chains_alloc,
    .free = chains_free,
    .realloc = chains_realloc,
    .control = chains_control,
    .add_area = chains_add_area,
    .store = chains_store,
    .deref = chains_deref,
    .info = chains_info,
    .area_info = chains_area_info,
    .walk = chains_walk,
    .check = chains_check,
};
