/* manager.c - see manager.h: rows of managers.def with their functions. */
#include "sim/replay/manager.h"

#include <stdlib.h>
#include <string.h>

#include "core/marksweep.h"
#include "core/tlsf.h"
#include "traces/nearest.h"

/* clang-format off */
static const struct manager_key marksweep_keys[] = {
    {"block", NULL, 8, 64, "16", "bytes of a block: 8, 16, 32 or 64"},
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
    {"outer_bytes", NULL, 0, 1u << 28, "0", "bytes of the outer heap"},
    {"area_struct", NULL, 0, 64, "32",
     "bytes at the start of each further area; 0: a build for one area"},
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

static const struct manager_shape tlsf_shape = {
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

/* The table has a place for it; it is not asked. */
static uint32_t tlsf_collect(struct heap *h, uint32_t kind)
{
    (void)h;
    (void)kind;
    return 0;
}

const struct manager manager_list[] = {
#define MANAGER(id, caps, line)                                                \
    {.name = #id,                                                              \
     .capabilities = (caps),                                                   \
     .summary = (line),                                                        \
     .keys = id##_keys,                                                        \
     .n_keys = sizeof id##_keys / sizeof id##_keys[0],                         \
     .card = &id##_card,                                                       \
     .shape = &id##_shape,                                                     \
     .params = id##_read,                                                      \
     .control_bytes = id##_before,                                             \
     .init = id##_start,                                                       \
     .alloc = id##_alloc,                                                      \
     .free = id##_free,                                                        \
     .realloc = id##_realloc,                                                  \
     .collect = id##_collect,                                                  \
     .control = id##_control,                                                  \
     .add_area = id##_add_area,                                                \
     .info = id##_info,                                                        \
     .area_info = id##_area_info,                                              \
     .walk = id##_walk,                                                        \
     .check = id##_check},
#include "core/managers.def"
#undef MANAGER
};

const uint32_t manager_list_n = sizeof manager_list / sizeof manager_list[0];

const struct manager *manager_find(const char *name)
{
    for (uint32_t i = 0; i < manager_list_n; i++) {
        if (strcmp(manager_list[i].name, name) == 0)
            return &manager_list[i];
    }
    return NULL;
}

const char *manager_nearest(const char *name)
{
    const char *names[32];
    for (uint32_t i = 0; i < manager_list_n; i++)
        names[i] = manager_list[i].name;
    const char *found = nearest_name(name, names, manager_list_n);
    return found != NULL ? found : names[0];
}

const char *manager_value(const struct replay_options *o, const char *key)
{
    for (uint32_t i = 0; i < o->n_params; i++) {
        if (strcmp(o->params[i].key, key) == 0)
            return o->params[i].value;
    }
    return NULL;
}

uint64_t manager_number(const struct replay_options *o, const char *key,
                        uint64_t otherwise)
{
    const char *text = manager_value(o, key);
    if (text == NULL || text[0] < '0' || text[0] > '9')
        return otherwise;
    return strtoull(text, NULL, 10);
}

uint64_t manager_next_size(const char **text)
{
    char *end;
    if (**text == '\0')
        return 0;
    uint64_t bytes = strtoull(*text, &end, 10);
    *text = *end == '+' ? end + 1 : end;
    return bytes;
}
