/* manager_twoended.c - see manager.h: twoended for the replay. */
#include "core/twoended.h"

#include <string.h>

#include "sim/replay/manager.h"

/* clang-format off */
static const struct manager_key twoended_keys[] = {
    {"block", "8|16|32|64", 0, 0, "16", "bytes of a block"},
    {"zero", NULL, 0, 1, "1", "1: zero whole objects; 0: only their rests"},
    {"finalisers", NULL, 0, 1, "1", "1: a finaliser table in every area"},
    {"mark_stack", NULL, 1, TWOENDED_MARK_STACK_MAX, "64",
     "entries of the mark stack"},
    {"threshold", "none", 1, UINT32_MAX - 1, "none",
     "bytes allocated after which a collection comes first"},
    {"auto", NULL, 0, 1, "1",
     "1: collect when nothing fits, or the two would cross"},
    {"areas", "sizes", 0, 0, "", "bytes of each area, as 16K+16K; empty: one"},
    {"grow", NULL, 0, 1, "0", "1: take areas from the outer heap when full"},
    {"growth", "13/512|103%", 0, 0, "13/512",
     "overhead added to a failed request when the heap grows"},
    {"outer_bytes", NULL, 0, 1u << 28, "0", "bytes of the outer heap"},
    {"promote", "flags|imports|checkpoints|oracle", 0, 0, "flags",
     "who is long-lived: what the trace flags; also who survives a phase "
     "(import), or the way to a checkpoint; or who will outlive half a heap"},
};
/* clang-format on */

static const struct manager_card twoended_card = {
    .succeeds = "never beyond the bound of all managers that do not move: "
                "live <= H / (1 + log2(n) / 2), n the largest request in "
                "blocks (Robson 1974)",
    .metadata = "2 bits a block, 1 more with finalisers: 2.4 % of a heap of "
                "16-byte blocks",
    .pause = "a collection: words of live objects and table words, once more "
             "for each overflow of the mark stack; a promotion that copies: "
             "its copy",
    .moves = "never, but a realloc may, and a promotion copies",
    .needs = "roots; every word of an object may be a reference; lifetimes, "
             "at allocation or by promotion",
};

static const struct manager_shape twoended_shape = {0};

static void twoended_read(const struct replay_options *o,
                          struct manager_params *p)
{
    struct twoended_params m = {
        .block = (uint32_t)manager_number(o, "block", 16),
        .zero = (uint32_t)manager_number(o, "zero", 1),
        .finalisers = (uint32_t)manager_number(o, "finalisers", 1),
        .mark_stack = (uint32_t)manager_number(o, "mark_stack", 64),
        .threshold =
            (uint32_t)manager_number(o, "threshold", HEAP_NO_THRESHOLD),
        .automatic = (uint32_t)manager_number(o, "auto", 1),
        .grow = (uint32_t)manager_number(o, "grow", 0),
        .growth_rule = strcmp(manager_value(o, "growth"), "103%") == 0,
    };
    _Static_assert(sizeof m <= sizeof *p, "fits");
    memset(p, 0, sizeof *p);
    memcpy(p, &m, sizeof m);
}

static struct twoended_params twoended_of_words(const struct manager_params *p)
{
    struct twoended_params m;
    memcpy(&m, p, sizeof m);
    return m;
}

static uint32_t twoended_before(const struct manager_params *p)
{
    struct twoended_params m = twoended_of_words(p);
    return twoended_control_bytes(&m);
}

static uint32_t twoended_start(struct heap *h, uint32_t base,
                               uint32_t heap_bytes,
                               const struct manager_params *p)
{
    struct twoended_params m = twoended_of_words(p);
    return twoended_init(h, base, heap_bytes, &m);
}

const struct manager manager_twoended = {
    .name = "twoended",
    .capabilities = CAPS_twoended,
    .keys = twoended_keys,
    .n_keys = sizeof twoended_keys / sizeof twoended_keys[0],
    .card = &twoended_card,
    .sure = manager_robson,
    .shape = &twoended_shape,
    .params = twoended_read,
    .control_bytes = twoended_before,
    .init = twoended_start,
    .alloc = twoended_alloc,
    .free = twoended_free,
    .realloc = twoended_realloc,
    .collect = twoended_collect,
    .control = twoended_control,
    .add_area = twoended_add_area,
    .promote = twoended_promote,
    .info = twoended_info,
    .area_info = twoended_area_info,
    .walk = twoended_walk,
    .check = twoended_check,
};
