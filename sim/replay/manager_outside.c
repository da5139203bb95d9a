/* manager_outside.c - see manager.h: any allocator behind the entry points. */
#include <string.h>

#include "sim/replay/manager.h"

/* clang-format off */
static const struct manager_key outside_keys[] = {
    {"align", "4|8|16", 0, 0, "4", "answers must be multiples of so many bytes"},
    {"probe", NULL, 1, 1u << 20, "256",
     "after so many operations the largest request is asked for"},
};

static const struct manager_card outside_card = {
    .succeeds = "nobody knows: largest_request is found by asking, at every "
                "probe, and stands until the next (never above the longest "
                "run of bytes that no object has)",
    .metadata = "unknown, and inside H, but for the variables of the image: "
                "granted is what was asked, in whole words, so free is an "
                "upper bound and overhead a lower one",
    .pause = "unknown; measured",
    .moves = "never, but a realloc may",
    .needs = "frees",
};
/* clang-format on */

static const struct manager_shape outside_shape = {.unit_bytes = 4};

static void outside_read(const struct replay_options *o,
                         struct manager_params *p)
{
    (void)o;
    memset(p, 0, sizeof *p); /* the image is handed nothing but zeros */
}

/*
 * The control block that stands in for one: the target keeps it, out of the
 * image's reach. It has one area, all of H.
 */
static uint32_t outside_init(struct heap *h, uint32_t base, uint32_t heap_bytes,
                             const struct manager_params *p)
{
    (void)p;
    if (heap_bytes < 16)
        return HEAP_TOO_SMALL;
    memset(h, 0, sizeof *h);
    h->base = base;
    h->heap_bytes = heap_bytes;
    h->threshold_blocks = HEAP_NO_THRESHOLD;
    h->first.pool = base;
    return HEAP_OK;
}

static bool outside_area_info(struct heap *h, uint32_t index,
                              struct area_info *info)
{
    if (index != 0)
        return false;
    memset(info, 0, sizeof *info);
    info->start = info->pool = h->first.pool;
    info->n_blocks = h->heap_bytes / 4;
    return true;
}

const struct manager manager_outside = {
    .name = OUTSIDE_MANAGER,
    .capabilities = CAP_FREE | CAP_REALLOC,
    .keys = outside_keys,
    .n_keys = sizeof outside_keys / sizeof outside_keys[0],
    .card = &outside_card,
    .shape = &outside_shape,
    .params = outside_read,
    .init = outside_init,
    .area_info = outside_area_info,
};
