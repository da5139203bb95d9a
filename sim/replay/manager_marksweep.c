/* manager_marksweep.c - see manager.h: marksweep for the replay. */
#include "core/marksweep.h"

#include <string.h>

#include "sim/replay/manager.h"

/* clang-format off */
static const struct manager_key marksweep_keys[] = {
    {"block", "8|16|32|64", 0, 0, "16", "bytes of a block"},
    {"zero", NULL, 0, 1, "1", "1: zero whole objects; 0: only their rests"},
    {"quirks", "safe|exact", 0, 0, "safe",
     "exact: give back a lone block's area as MicroPython does"},
    {"finalisers", NULL, 0, 1, "1", "1: a finaliser table in every area"},
    {"mark_stack", NULL, 1, MARKSWEEP_MARK_STACK_MAX, "64",
     "entries of the mark stack"},
    {"threshold", "none", 1, UINT32_MAX - 1, "none",
     "bytes allocated after which a collection comes first"},
    {"auto", NULL, 0, 1, "1", "1: collect when nothing fits"},
    {"areas", "sizes", 0, 0, "", "bytes of each area, as 16K+16K; empty: one"},
    {"grow", NULL, 0, 1, "0", "1: take areas from the outer heap when full"},
    {"growth", "13/512|103%", 0, 0, "13/512",
     "overhead added to a failed request when the heap grows"},
    {"outer", "none|tlsf", 0, 0, "none",
     "outer heap: none, only the recording's first fit of areas; or tlsf, a "
     "real one, which also serves the trace's outer objects"},
    {"outer_bytes", NULL, 0, 1u << 28, "0",
     "bytes of the outer heap, beside its control block"},
    {"area_struct", NULL, 0, 64, "32",
     "bytes at the start of each further area: a multiple of 4 from 28 on; 0, "
     "without grow: a build for one area"},
};
/* clang-format on */

static const struct manager_card marksweep_card = {
    .succeeds = "never beyond the bound of all managers that do not move: "
                "live <= H / (1 + log2(n) / 2), n the largest request in "
                "blocks (Robson 1974)",
    .metadata = "2 bits a block, 1 more with finalisers: 2.4 % of a heap of "
                "16-byte blocks",
    .pause = "a collection: words of live objects and table words, once more "
             "for each overflow of the mark stack",
    .moves = "never, but a realloc may",
    .needs = "roots; every word of an object may be a reference",
};

static const struct manager_shape marksweep_shape = {0};

static void marksweep_read(const struct replay_options *o,
                           struct manager_params *p)
{
    struct marksweep_params m = {
        .block = (uint32_t)manager_number(o, "block", 16),
        .zero = (uint32_t)manager_number(o, "zero", 1),
        .quirks = strcmp(manager_value(o, "quirks"), "exact") == 0,
        .finalisers = (uint32_t)manager_number(o, "finalisers", 1),
        .mark_stack = (uint32_t)manager_number(o, "mark_stack", 64),
        .threshold =
            (uint32_t)manager_number(o, "threshold", HEAP_NO_THRESHOLD),
        .automatic = (uint32_t)manager_number(o, "auto", 1),
        .grow = (uint32_t)manager_number(o, "grow", 0),
        .growth_rule = strcmp(manager_value(o, "growth"), "103%") == 0,
        .area_struct = (uint32_t)manager_number(o, "area_struct", 32),
    };
    _Static_assert(sizeof m <= sizeof *p, "fits");
    memset(p, 0, sizeof *p);
    memcpy(p, &m, sizeof m);
}

static struct marksweep_params marksweep_of_words(
    const struct manager_params *p)
{
    struct marksweep_params m;
    memcpy(&m, p, sizeof m);
    return m;
}

static uint32_t marksweep_before(const struct manager_params *p)
{
    struct marksweep_params m = marksweep_of_words(p);
    return marksweep_control_bytes(&m);
}

static uint32_t marksweep_start(struct heap *h, uint32_t base,
                                uint32_t heap_bytes,
                                const struct manager_params *p)
{
    struct marksweep_params m = marksweep_of_words(p);
    return marksweep_init(h, base, heap_bytes, &m);
}

const struct manager manager_marksweep = {
    .name = "marksweep",
    .capabilities = CAPS_marksweep,
    .keys = marksweep_keys,
    .n_keys = sizeof marksweep_keys / sizeof marksweep_keys[0],
    .card = &marksweep_card,
    .sure = manager_robson,
    .shape = &marksweep_shape,
    .params = marksweep_read,
    .control_bytes = marksweep_before,
    .init = marksweep_start,
    .alloc = marksweep_alloc,
    .free = marksweep_free,
    .realloc = marksweep_realloc,
    .collect = marksweep_collect,
    .control = marksweep_control,
    .add_area = marksweep_add_area,
    .info = marksweep_info,
    .area_info = marksweep_area_info,
    .walk = marksweep_walk,
    .check = marksweep_check,
};
