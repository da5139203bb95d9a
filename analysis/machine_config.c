/* machine_config.c - see machine_config.h. */
#include "analysis/machine_config.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/json_read.h"
#include "build/machines.h"
#include "sim/machine/machine.h"
#include "traces/nearest.h"

enum { N_MACHINES = sizeof machine_files / sizeof machine_files[0] };

size_t machine_config_count(void)
{
    return N_MACHINES;
}

const struct machine_file *machine_config_file(size_t i)
{
    return &machine_files[i];
}

static struct machine_config *config(const struct json_reader *r)
{
    return r->into;
}

/* ---- a region --------------------------------------------------------------
 */

static struct region_config *region(struct json_reader *r)
{
    return &config(r)->regions[config(r)->n_regions];
}

static int read_name(struct json_reader *r, const cJSON *value)
{
    return json_words(r, value, region(r)->name, sizeof region(r)->name);
}

static int read_kind(struct json_reader *r, const cJSON *value)
{
    static const char *const words[] = {"ram", "rom", "device", NULL};
    size_t kind = 0;
    int err = json_choice(r, value, words, &kind);
    if (err == 0)
        region(r)->kind = (enum region_kind)kind;
    return err;
}

static int read_base(struct json_reader *r, const cJSON *value)
{
    return json_number(r, value, &region(r)->base);
}

static int read_bytes(struct json_reader *r, const cJSON *value)
{
    return json_number(r, value, &region(r)->bytes);
}

static int read_wait_number(struct json_reader *r, const cJSON *value,
                            uint8_t *out)
{
    uint32_t n = 0;
    int err = json_number(r, value, &n);
    if (err == 0 && n > 63)
        return json_wrong(r, value, "0 to 63 wait states are allowed");
    *out = (uint8_t)n;
    return err;
}

static int read_wait_fetch(struct json_reader *r, const cJSON *value)
{
    return read_wait_number(r, value, &region(r)->wait_fetch);
}

static int read_wait_load(struct json_reader *r, const cJSON *value)
{
    return read_wait_number(r, value, &region(r)->wait_load);
}

static int read_wait_store(struct json_reader *r, const cJSON *value)
{
    return read_wait_number(r, value, &region(r)->wait_store);
}

static int read_wait(struct json_reader *r, const cJSON *value)
{
    static const struct json_key keys[] = {{"fetch", read_wait_fetch},
                                           {"load", read_wait_load},
                                           {"store", read_wait_store},
                                           {NULL, NULL}};
    uint8_t all = 0;
    if (cJSON_IsObject(value))
        return json_object(r, value, keys);
    int err = read_wait_number(r, value, &all);
    if (err == 0)
        region(r)->wait_fetch = region(r)->wait_load = region(r)->wait_store =
            all;
    return err;
}

static int read_io_port(struct json_reader *r, const cJSON *value)
{
    if (!cJSON_IsBool(value))
        return json_wrong(r, value, "allowed: true, false");
    region(r)->is_io_port = cJSON_IsTrue(value);
    return 0;
}

static int read_region(struct json_reader *r, const cJSON *value)
{
    static const struct json_key keys[] = {
        {"name", read_name},   {"kind", read_kind}, {"base", read_base},
        {"bytes", read_bytes}, {"wait", read_wait}, {"io_port", read_io_port},
        {NULL, NULL},
    };
    static const char *const needed[] = {"name", "kind", "base", "bytes"};
    int err = json_object(r, value, keys);
    for (size_t i = 0; err == 0 && i < sizeof needed / sizeof needed[0]; i++)
        if (!cJSON_HasObjectItem(value, needed[i]))
            err = problem_set(r->problem, ERR_INPUT, "%s: %s: no key '%s'",
                              r->file, r->path, needed[i]);
    config(r)->n_regions++;
    return err;
}

static int read_memory(struct json_reader *r, const cJSON *value)
{
    const cJSON *item;
    if (!cJSON_IsArray(value))
        return json_wrong(r, value, "a list of regions is needed");
    cJSON_ArrayForEach(item, value)
    {
        if (config(r)->n_regions == CONFIG_CAP_REGIONS)
            return problem_set(r->problem, ERR_INPUT,
                               "%s: memory: more than %d regions", r->file,
                               CONFIG_CAP_REGIONS);
        snprintf(r->path, sizeof r->path, "memory[%u]", config(r)->n_regions);
        int err = read_region(r, item);
        if (err < 0)
            return err;
    }
    return 0;
}

/* ---- the machine ------------------------------------------------------------
 */

static int read_summary(struct json_reader *r, const cJSON *value)
{
    return json_words(r, value, config(r)->summary, sizeof config(r)->summary);
}

static int read_core(struct json_reader *r, const cJSON *value)
{
    const char *words[16] = {NULL};
    size_t which = 0;
    for (size_t i = 0; i < 15 && core_models[i] != NULL; i++)
        words[i] = core_models[i]->name;
    int err = json_choice(r, value, words, &which);
    if (err == 0)
        snprintf(config(r)->core, sizeof config(r)->core, "%s", words[which]);
    return err;
}

static int read_clock(struct json_reader *r, const cJSON *value)
{
    return json_number(r, value, &config(r)->clock_hz);
}

static int read_bus(struct json_reader *r, const cJSON *value)
{
    static const char *const words[] = {"two-port", "one-port", NULL};
    size_t which = 0;
    int err = json_choice(r, value, words, &which);
    if (err == 0)
        config(r)->one_port = which == 1;
    return err;
}

static int read_reset_pc(struct json_reader *r, const cJSON *value)
{
    return json_number(r, value, &config(r)->reset_pc);
}

static int read_stack_top(struct json_reader *r, const cJSON *value)
{
    return json_number(r, value, &config(r)->reset_sp);
}

static int read_options(struct json_reader *r, const cJSON *value)
{
    const cJSON *member;
    if (!cJSON_IsObject(value))
        return json_wrong(r, value, "an object is needed");
    cJSON_ArrayForEach(member, value)
    {
        struct option_config *o = &config(r)->options[config(r)->n_options];
        snprintf(r->path, sizeof r->path, "options.%.40s", member->string);
        if (config(r)->n_options == CONFIG_CAP_OPTIONS)
            return problem_set(r->problem, ERR_INPUT,
                               "%s: options: more than %d", r->file,
                               CONFIG_CAP_OPTIONS);
        if (strlen(member->string) >= sizeof o->key)
            return problem_set(r->problem, ERR_INPUT,
                               "%s: %s: no core has such an option", r->file,
                               r->path);
        snprintf(o->key, sizeof o->key, "%s", member->string);
        if (cJSON_IsNumber(member))
            snprintf(o->value, sizeof o->value, "%.0f", member->valuedouble);
        else if (cJSON_IsBool(member))
            snprintf(o->value, sizeof o->value, "%d", cJSON_IsTrue(member));
        else {
            int err = json_words(r, member, o->value, sizeof o->value);
            if (err < 0)
                return err;
        }
        config(r)->n_options++;
    }
    return 0;
}

static int read_machine(struct json_reader *r, const cJSON *root)
{
    static const struct json_key keys[] = {
        {"$schema", json_skip},
        {"summary", read_summary},
        {"core", read_core},
        {"clock_hz", read_clock},
        {"bus", read_bus},
        {"reset_pc", read_reset_pc},
        {"options", read_options},
        {"memory", read_memory},
        {"stack_top", read_stack_top},
        {NULL, NULL},
    };
    if (!cJSON_IsObject(root))
        return problem_set(r->problem, ERR_INPUT,
                           "%s: an object is needed at the top", r->file);
    int err = json_object(r, root, keys);
    if (err == 0 && config(r)->core[0] == '\0')
        err = problem_set(r->problem, ERR_INPUT, "%s: no key 'core'", r->file);
    if (err == 0 && config(r)->n_regions == 0)
        err = problem_set(r->problem, ERR_INPUT, "%s: no memory", r->file);
    return err;
}

int machine_config_parse(struct machine_config *c, const char *name,
                         const char *text, struct problem *problem)
{
    struct json_reader r = {.file = name, .into = c, .problem = problem};
    struct machine_problem p = {""};
    cJSON *root;
    const char *slash = strrchr(name, '/');
    const char *base = slash == NULL ? name : slash + 1;
    *c = (struct machine_config){.n_regions = 0};
    snprintf(c->name, sizeof c->name, "%.*s", (int)strcspn(base, "."), base);
    int err = json_parse(&root, name, text, problem);
    if (err < 0)
        return err;
    err = read_machine(&r, root);
    cJSON_Delete(root);
    if (err == 0 && config_check(c, &p) < 0)
        err = problem_set(problem, ERR_INPUT, "%s: memory: %s", name, p.text);
    return err;
}

static bool is_path(const char *name)
{
    size_t n = strlen(name);
    return strchr(name, '/') != NULL ||
           (n > 5 && strcmp(name + n - 5, ".json") == 0);
}

int machine_config_load(struct machine_config *c, const char *name,
                        struct problem *problem)
{
    const char *names[N_MACHINES];
    if (is_path(name)) {
        char *text;
        int err = json_read_file(&text, name, problem);
        if (err == 0)
            err = machine_config_parse(c, name, text, problem);
        free(text);
        return err;
    }
    for (size_t i = 0; i < N_MACHINES; i++) {
        names[i] = machine_files[i].name;
        if (strcmp(names[i], name) == 0)
            return machine_config_parse(c, name, machine_files[i].text,
                                        problem);
    }
    const char *near = nearest_name(name, names, N_MACHINES);
    if (near != NULL)
        return problem_set(problem, ERR_INPUT,
                           "no machine '%s'; did you mean '%s'?", name, near);
    return problem_set(problem, ERR_INPUT,
                       "no machine '%s'; see fraglab machines", name);
}
