/* machine_json.c - see machine_config.h: a machine as canonical JSON. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/machine_config.h"

static cJSON *wait_json(const struct region_config *r)
{
    cJSON *wait = cJSON_CreateObject();
    cJSON_AddNumberToObject(wait, "fetch", r->wait_fetch);
    cJSON_AddNumberToObject(wait, "load", r->wait_load);
    cJSON_AddNumberToObject(wait, "store", r->wait_store);
    return wait;
}

static cJSON *region_json(const struct region_config *r)
{
    static const char *const kinds[] = {"ram", "rom", "device"};
    cJSON *json = cJSON_CreateObject();
    cJSON_AddNumberToObject(json, "base", r->base);
    cJSON_AddNumberToObject(json, "bytes", r->bytes);
    cJSON_AddBoolToObject(json, "io_port", r->is_io_port);
    cJSON_AddStringToObject(json, "kind", kinds[r->kind]);
    cJSON_AddStringToObject(json, "name", r->name);
    cJSON_AddItemToObject(json, "wait", wait_json(r));
    return json;
}

static int by_key(const void *a, const void *b)
{
    const struct option_config *x = a, *y = b;
    return strcmp(x->key, y->key);
}

static cJSON *options_json(const struct machine_config *c)
{
    struct option_config sorted[CONFIG_CAP_OPTIONS];
    cJSON *json = cJSON_CreateObject();
    memcpy(sorted, c->options, sizeof sorted);
    qsort(sorted, c->n_options, sizeof sorted[0], by_key);
    for (uint32_t i = 0; i < c->n_options; i++)
        cJSON_AddStringToObject(json, sorted[i].key, sorted[i].value);
    return json;
}

char *machine_config_json(const struct machine_config *c)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "bus", c->one_port ? "one-port" : "two-port");
    cJSON_AddNumberToObject(json, "clock_hz", c->clock_hz);
    cJSON_AddStringToObject(json, "core", c->core);
    cJSON *memory = cJSON_AddArrayToObject(json, "memory");
    for (uint32_t i = 0; i < c->n_regions; i++)
        cJSON_AddItemToArray(memory, region_json(&c->regions[i]));
    cJSON_AddItemToObject(json, "options", options_json(c));
    cJSON_AddNumberToObject(json, "reset_pc", c->reset_pc);
    cJSON_AddNumberToObject(json, "stack_top", c->reset_sp);
    char *text = cJSON_PrintUnformatted(json);
    cJSON_Delete(json);
    return text;
}
