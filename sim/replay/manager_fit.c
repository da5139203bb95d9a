/* manager_fit.c - see manager.h: fit for the replay. */
#include "core/fit.h"

#include <string.h>

#include "sim/replay/manager.h"

/* clang-format off */
static const struct manager_key fit_keys[] = {
    {"policy", "first|next|best|worst", 0, 0, "first",
     "which hole of those that are long enough"},
    {"tags", "table|inline", 0, 0, "table",
     "table: allocation table, no headers; inline: boundary tags"},
    {"block", "8|16|32|64", 0, 0, "16", "tags=table: bytes of a block"},
    {"tag", "4|8", 0, 0, "4", "tags=inline: bytes of tags an object"},
    {"align", "4|8|16", 0, 0, "4",
     "tags=inline: objects begin at multiples of so many bytes"},
    {"zero", NULL, 0, 1, "0", "1: zero objects, and what grows"},
    {"areas", "sizes", 0, 0, "", "bytes of each area, as 16K+16K; empty: one"},
};
/* clang-format on */

static const struct manager_card fit_card = {
    .succeeds = "first fit: live (1 + ceil(log2 n)) <= H, n the largest "
                "request in units; best fit: live (n - 2) <= H; every policy: "
                "live n + n <= H. None is sure of more than "
                "H / (1 + log2(n) / 2) (Robson 1974, 1977)",
    .metadata = "tags=table: 2 bits a block, 1.6 % of a heap of 16-byte "
                "blocks; tags=inline: 4 or 8 bytes an object and a hole",
    .pause = "none but the search: holes of the heap, for tags=table also "
             "its table words; and the copy of a realloc that moves",
    .moves = "never, but a realloc may",
    .needs = "frees",
};

/* Inline tags: four bytes are the unit, and what a rest adds is granted. */
static const struct manager_shape fit_tagged[2] = {
    {.unit_bytes = 4, .tag_bytes = 4, .bytes = fit_bytes},
    {.unit_bytes = 4, .tag_bytes = 8, .bytes = fit_bytes},
};
static const struct manager_shape fit_untagged = {0};

static uint64_t fit_sure(const struct manager_load *l)
{
    struct fit_params m;
    memcpy(&m, l->params, sizeof m);
    uint64_t n = l->largest / l->unit_bytes, log = 0;
    while (UINT64_C(1) << log < n)
        log++;
    if (m.policy == FIT_FIRST)
        return l->pool / (1 + log);
    if (m.policy == FIT_BEST)
        return n > 3 ? l->pool / (n - 2) : l->pool;
    return l->pool > l->largest ? (l->pool - l->largest) / n : 0;
}

static const struct manager_shape *fit_shape_with(
    const struct manager_params *p)
{
    struct fit_params m;
    memcpy(&m, p, sizeof m);
    return m.tags == FIT_TABLE ? &fit_untagged : &fit_tagged[m.tag == 8];
}

static const struct manager_shape fit_shape = {.with = fit_shape_with};

static uint32_t word_of(const struct replay_options *o, const char *key,
                        const char *const *words)
{
    const char *value = manager_value(o, key);
    uint32_t i = 0;
    while (words[i + 1] != NULL && strcmp(words[i], value) != 0)
        i++;
    return i;
}

static void fit_read(const struct replay_options *o, struct manager_params *p)
{
    static const char *const policies[] = {"first", "next", "best", "worst",
                                           NULL};
    static const char *const tags[] = {"table", "inline", NULL};
    struct fit_params m = {
        .policy = word_of(o, "policy", policies),
        .tags = word_of(o, "tags", tags),
        .block = (uint32_t)manager_number(o, "block", 16),
        .tag = (uint32_t)manager_number(o, "tag", 4),
        .align = (uint32_t)manager_number(o, "align", 4),
        .zero = (uint32_t)manager_number(o, "zero", 0),
    };
    _Static_assert(sizeof m <= sizeof *p, "fits");
    memset(p, 0, sizeof *p);
    memcpy(p, &m, sizeof m);
}

static struct fit_params fit_of_words(const struct manager_params *p)
{
    struct fit_params m;
    memcpy(&m, p, sizeof m);
    return m;
}

static uint32_t fit_before(const struct manager_params *p)
{
    struct fit_params m = fit_of_words(p);
    return fit_control_bytes(&m);
}

static uint32_t fit_start(struct heap *h, uint32_t base, uint32_t heap_bytes,
                          const struct manager_params *p)
{
    struct fit_params m = fit_of_words(p);
    return fit_init(h, base, heap_bytes, &m);
}

const struct manager manager_fit = {
    .name = "fit",
    .capabilities = CAPS_fit,
    .keys = fit_keys,
    .n_keys = sizeof fit_keys / sizeof fit_keys[0],
    .card = &fit_card,
    .sure = fit_sure,
    .shape = &fit_shape,
    .params = fit_read,
    .control_bytes = fit_before,
    .init = fit_start,
    .alloc = fit_alloc,
    .free = fit_free,
    .realloc = fit_realloc,
    .control = fit_control,
    .add_area = fit_add_area,
    .info = fit_info,
    .area_info = fit_area_info,
    .walk = fit_walk,
    .check = fit_check,
};
