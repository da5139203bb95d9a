/* manager_tlsf.c - see manager.h: tlsf for the replay. */
#include "core/tlsf.h"

#include <string.h>

#include "sim/replay/manager.h"

/* clang-format off */
static const struct manager_key tlsf_keys[] = {
    {"zero", NULL, 0, 1, "0", "1: zero objects, and what grows"},
    {"align", "4|8|16", 0, 0, "4", "objects begin at multiples of so many bytes"},
    {"max_area", NULL, TLSF_AREA_MIN, TLSF_AREA_MAX, "65536",
     "bytes of the largest area that the trace may add"},
    {"areas", "sizes", 0, 0, "", "bytes of each area, as 16K+16K; empty: one"},
};
/* clang-format on */

static const struct manager_card tlsf_card = {
    .succeeds = "V (n - 2) <= H, n the largest request in words, as for all "
                "good fits: useless as a promise. A request is granted iff "
                "it is at most the smallest size of the class of the longest "
                "hole, 1/32 below the hole at worst; measured: live loads of "
                "82 to 87 % of the heap without a refusal",
    .metadata = "4 bytes an object and a hole; fixed: the heads of the "
                "lists, 128 bytes for each doubling of max_area (64K: 1,536 "
                "bytes of control block)",
    .pause = "none: every operation is constant, but for the copy of a "
             "realloc that moves",
    .moves = "never, but a realloc may",
    .needs = "frees",
};

/*
 * From class to class the sizes of chunks grow by 1/32 to 1/64: a request is
 * rounded up to the next class, so that of the longest hole only the smallest
 * size of its class counts. Written from the drawing in tlsf.h.
 */
static uint64_t tlsf_serves(const struct manager_params *p, uint64_t hole)
{
    uint64_t chunk = hole + TLSF_HEADER;
    uint64_t width = 4;
    if (hole == 0)
        return 0;
    while (64 * width <= chunk)
        width *= 2;
    uint64_t surely = chunk / width * width;
    return surely / p->word[1] * p->word[1] - TLSF_HEADER;
}

static uint64_t tlsf_sure(const struct manager_load *l)
{
    uint64_t n = l->largest / l->unit_bytes;
    return n > 3 ? l->pool / (n - 2) : l->pool;
}

static const struct manager_shape tlsf_shape = {
    .most = "max_area=BYTES is the most that an area may have",
    .unit_bytes = 4,
    .tag_bytes = TLSF_HEADER,
    .bytes = tlsf_bytes,
    .serves = tlsf_serves,
};

/* A power of two that no area of the run's beginning exceeds. */
static uint32_t tlsf_max_area(const struct replay_options *o)
{
    uint64_t largest = manager_number(o, "max_area", 65536);
    const char *areas = manager_value(o, "areas");
    if (areas == NULL || areas[0] == '\0')
        largest = o->heap_bytes > largest ? o->heap_bytes : largest;
    for (uint64_t n; areas != NULL && (n = manager_next_size(&areas)) != 0;)
        largest = n > largest ? n : largest;
    uint32_t power = TLSF_AREA_MIN;
    while (power < largest && power < TLSF_AREA_MAX)
        power *= 2;
    return power;
}

static void tlsf_read(const struct replay_options *o, struct manager_params *p)
{
    struct tlsf_params m = {
        .zero = (uint32_t)manager_number(o, "zero", 0),
        .align = (uint32_t)manager_number(o, "align", 4),
        .max_area = tlsf_max_area(o),
    };
    memset(p, 0, sizeof *p);
    memcpy(p, &m, sizeof m);
}

static struct tlsf_params tlsf_of_words(const struct manager_params *p)
{
    struct tlsf_params m;
    memcpy(&m, p, sizeof m);
    return m;
}

static uint32_t tlsf_before(const struct manager_params *p)
{
    struct tlsf_params m = tlsf_of_words(p);
    return tlsf_control_bytes(&m);
}

static uint32_t tlsf_start(struct heap *h, uint32_t base, uint32_t heap_bytes,
                           const struct manager_params *p)
{
    struct tlsf_params m = tlsf_of_words(p);
    return tlsf_init(h, base, heap_bytes, &m);
}

const struct manager manager_tlsf = {
    .name = "tlsf",
    .capabilities = CAPS_tlsf,
    .keys = tlsf_keys,
    .n_keys = sizeof tlsf_keys / sizeof tlsf_keys[0],
    .card = &tlsf_card,
    .sure = tlsf_sure,
    .shape = &tlsf_shape,
    .params = tlsf_read,
    .control_bytes = tlsf_before,
    .init = tlsf_start,
    .alloc = tlsf_alloc,
    .free = tlsf_free,
    .realloc = tlsf_realloc,
    .control = tlsf_control,
    .add_area = tlsf_add_area,
    .info = tlsf_info,
    .area_info = tlsf_area_info,
    .walk = tlsf_walk,
    .check = tlsf_check,
};
