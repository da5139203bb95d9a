/* manager.c - see manager.h: the list of managers, and values of keys. */
#include "sim/replay/manager.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "traces/nearest.h"

const struct manager *const manager_list[] = {
#define MANAGER(name, capabilities, summary) &manager_##name,
#include "core/managers.def"
#undef MANAGER
};

const uint32_t manager_list_n = sizeof manager_list / sizeof manager_list[0];

uint64_t manager_robson(const struct manager_load *l)
{
    double n = (double)l->largest / l->unit_bytes;
    return (uint64_t)((double)l->pool / (1 + log2(n) / 2));
}

const char *manager_summary(const struct manager *m)
{
    if (manager_is_outside(m))
        return "any allocator, of which only the entry points are known "
               "(replay --image)";
    static const char *const lines[] = {
#define MANAGER(name, capabilities, summary) summary,
#include "core/managers.def"
#undef MANAGER
    };
    uint32_t i = 0;
    while (i + 1 < manager_list_n &&
           strcmp(manager_list[i]->name, m->name) != 0)
        i++;
    return lines[i];
}

/* Its own name, or that with the name of an image behind it. */
static bool is_outside_name(const char *name)
{
    size_t n = strlen(OUTSIDE_MANAGER);
    return strncmp(name, OUTSIDE_MANAGER, n) == 0 &&
           (name[n] == '\0' || name[n] == ':');
}

/* What a step costs on `core`; null: the manager has none. */
static const struct manager_step_cycles *price_on(const struct manager *m,
                                                  const char *core,
                                                  bool is_small)
{
    const struct manager_step_price *p = m->shape->step_prices;
    while (p != NULL && core != NULL && p[1].core != NULL &&
           strcmp(p->core, core) != 0)
        p++;
    return p == NULL ? NULL : is_small ? &p->small : &p->fast;
}

uint32_t manager_step_units(const struct manager *m, const char *core,
                            bool is_small, uint32_t cycles)
{
    const struct manager_step_cycles *p = price_on(m, core, is_small);
    if (p == NULL || cycles <= p->constant)
        return 0;
    return (uint32_t)(UINT64_C(10) * (cycles - p->constant) / p->per_ten_units);
}

uint32_t manager_least_step(const struct manager *m, const char *core,
                            bool is_small)
{
    const struct manager_step_cycles *p = price_on(m, core, is_small);
    if (p == NULL)
        return 0;
    return p->constant + (p->per_ten_units * m->shape->step_least + 9) / 10;
}

const struct manager *manager_find(const char *name)
{
    if (is_outside_name(name))
        return &manager_outside;
    for (uint32_t i = 0; i < manager_list_n; i++) {
        if (strcmp(manager_list[i]->name, name) == 0)
            return manager_list[i];
    }
    return NULL;
}

const char *manager_nearest(const char *name)
{
    const char *names[32];
    for (uint32_t i = 0; i < manager_list_n; i++)
        names[i] = manager_list[i]->name;
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
