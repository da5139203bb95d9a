/* variant.c - see variant.h. */
#include "analysis/variant.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "analysis/text.h"
#include "sim/replay/manager.h"

/* " key=value" behind what stands there; what does not fit is left out. */
static void add(char out[VARIANT_CAP], const char *key, const char *value)
{
    char clean[VARIANT_CAP];
    size_t used = strlen(out);
    text_clean(clean, sizeof clean, value);
    if (used + strlen(key) + strlen(clean) + 3 <= VARIANT_CAP)
        snprintf(out + used, VARIANT_CAP - used, " %s=%s", key, clean);
}

static void add_parameter(char out[VARIANT_CAP], const struct manager_key *k,
                          const cJSON *parameters)
{
    char number[32];
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(parameters, k->key);
    const char *value = cJSON_IsString(item) ? item->valuestring : NULL;
    if (cJSON_IsNumber(item)) {
        snprintf(number, sizeof number, "%.0f", item->valuedouble);
        value = number;
    }
    if (value != NULL && strcmp(value, k->standard) != 0)
        add(out, k->key, value);
}

static double number(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

void variant_label(char out[VARIANT_CAP], const char *manager, const char *spec)
{
    const struct manager *m = manager_find(manager);
    cJSON *root = cJSON_Parse(spec);
    const cJSON *parameters =
        cJSON_GetObjectItemCaseSensitive(root, "parameters");
    const cJSON *options = cJSON_GetObjectItemCaseSensitive(root, "options");
    text_clean(out, VARIANT_CAP, manager);
    bool is_recorded = number(options, "heap_trace") > 0;
    for (uint32_t i = 0; m != NULL && i < m->n_keys; i++)
        if (!is_recorded || strcmp(m->keys[i].key, "area_struct") != 0)
            add_parameter(out, &m->keys[i], parameters);
    if (number(options, "step_every") > 0) {
        char steps[64];
        snprintf(steps, sizeof steps, "%.0f:%.0f",
                 number(options, "step_every"), number(options, "step_cycles"));
        add(out, "steps", steps);
    }
    cJSON_Delete(root);
}
