/* config.c - see config.h. */
#include "sim/machine/config.h"

#include <string.h>

const char *config_option(const struct machine_config *c, const char *key,
                          const char *standard)
{
    for (uint32_t i = 0; i < c->n_options; i++)
        if (strcmp(c->options[i].key, key) == 0)
            return c->options[i].value;
    return standard;
}

static int check_region(const struct region_config *r,
                        struct machine_problem *p)
{
    const char *wrong = NULL;
    if (r->base % 4 != 0 || r->bytes % 4 != 0)
        wrong = "base and size must be multiples of 4";
    else if (r->bytes == 0 || (uint64_t)r->base + r->bytes > 1ull << 32)
        wrong = "must have a size and end within 4 GiB";
    else if (r->kind != REGION_DEVICE && r->bytes > 256u << 20)
        wrong = "must not be larger than 256 MiB";
    else if (r->kind == REGION_DEVICE && r->bytes != 16)
        wrong = "the test device has 16 bytes";
    else if (r->wait_fetch > 63 || r->wait_load > 63 || r->wait_store > 63)
        wrong = "at most 63 wait states";
    if (wrong == NULL)
        return 0;
    return machine_problem_set(p, MACHINE_BAD_INPUT, "region '%s': %s", r->name,
                               wrong);
}

static bool overlap(const struct region_config *a,
                    const struct region_config *b)
{
    return a->base < (uint64_t)b->base + b->bytes &&
           b->base < (uint64_t)a->base + a->bytes;
}

int config_check(const struct machine_config *c, struct machine_problem *p)
{
    if (c->n_regions == 0 || c->n_regions > CONFIG_CAP_REGIONS)
        return machine_problem_set(p, MACHINE_BAD_INPUT,
                                   "1 to %d regions, not %u",
                                   CONFIG_CAP_REGIONS, c->n_regions);
    for (uint32_t i = 0; i < c->n_regions; i++) {
        int err = check_region(&c->regions[i], p);
        if (err < 0)
            return err;
        for (uint32_t j = 0; j < i; j++)
            if (overlap(&c->regions[i], &c->regions[j]))
                return machine_problem_set(
                    p, MACHINE_BAD_INPUT, "regions '%s' and '%s' overlap",
                    c->regions[j].name, c->regions[i].name);
    }
    return 0;
}
