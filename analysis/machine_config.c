/* machine_config.c - see machine_config.h. */
#include "analysis/machine_config.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "build/machines.h"
#include "sim/machine/machine.h"
#include "traces/nearest.h"

enum {
    N_MACHINES = sizeof machine_files / sizeof machine_files[0],
    FILE_CAP = 1 << 20, /* a larger file is no configuration                 */
    PATH_CAP = 64
};

/* Where the reader is, for its one line. */
struct reader {
    const char *file;
    char path[PATH_CAP]; /* of the key: "memory[1].wait"                     */
    struct machine_config *c;
    struct problem *problem;
};

/* What a key may hold, and where it goes. */
struct key {
    const char *name;
    int (*read)(struct reader *r, const cJSON *value);
};

size_t machine_config_count(void)
{
    return N_MACHINES;
}

const struct machine_file *machine_config_file(size_t i)
{
    return &machine_files[i];
}

/* What `value` is, in words of JSON. */
static const char *kind_of(const cJSON *value)
{
    if (cJSON_IsString(value))
        return value->valuestring;
    if (cJSON_IsNumber(value))
        return "a number";
    if (cJSON_IsBool(value))
        return cJSON_IsTrue(value) ? "true" : "false";
    if (cJSON_IsArray(value))
        return "a list";
    return cJSON_IsObject(value) ? "an object" : "null";
}

static int wrong(struct reader *r, const cJSON *value, const char *allowed)
{
    return problem_set(r->problem, ERR_INPUT, "%s: %s: found %.60s; %s",
                       r->file, r->path, kind_of(value), allowed);
}

/* Read every member of `object` by the list of keys, null-terminated. */
static int read_object(struct reader *r, const cJSON *object,
                       const struct key *keys)
{
    char path[PATH_CAP];
    const cJSON *member;
    if (!cJSON_IsObject(object))
        return wrong(r, object, "an object is needed");
    snprintf(path, sizeof path, "%s", r->path);
    cJSON_ArrayForEach(member, object)
    {
        const char *names[16];
        size_t n = 0;
        while (keys[n].name != NULL &&
               strcmp(keys[n].name, member->string) != 0) {
            names[n] = keys[n].name;
            n++;
        }
        snprintf(r->path, sizeof r->path, "%.36s%s%.24s", path,
                 path[0] == '\0' ? "" : ".", member->string);
        if (keys[n].name == NULL) {
            const char *near = nearest_name(member->string, names, n);
            return problem_set(
                r->problem, ERR_INPUT, "%s: %s: unknown key%s%s%s", r->file,
                r->path, near == NULL ? "" : "; did you mean '",
                near == NULL ? "" : near, near == NULL ? "" : "'?");
        }
        int err = keys[n].read(r, member);
        if (err < 0)
            return err;
        for (const cJSON *s = member->next; s != NULL; s = s->next)
            if (strcmp(s->string, member->string) == 0)
                return problem_set(r->problem, ERR_INPUT,
                                   "%s: %s: stands there twice", r->file,
                                   r->path);
    }
    snprintf(r->path, sizeof r->path, "%s", path);
    return 0;
}

static int read_words(struct reader *r, const cJSON *value, char *out,
                      size_t cap)
{
    if (!cJSON_IsString(value))
        return wrong(r, value, "a string is needed");
    if (strlen(value->valuestring) >= cap)
        return problem_set(r->problem, ERR_INPUT,
                           "%s: %s: longer than %zu characters", r->file,
                           r->path, cap - 1);
    snprintf(out, cap, "%s", value->valuestring);
    return 0;
}

/* A number below 2^32: of JSON, or a string "0x2000", "512K". */
static int read_number(struct reader *r, const cJSON *value, uint32_t *out)
{
    static const char allowed[] =
        "a number from 0 to 4294967295 is needed, or a string like "
        "\"0x20000000\" or \"512K\"";
    if (cJSON_IsNumber(value)) {
        double d = value->valuedouble;
        if (!(d >= 0 && d <= 4294967295.0) || d != (double)(uint32_t)d)
            return wrong(r, value, allowed);
        *out = (uint32_t)d;
        return 0;
    }
    if (!cJSON_IsString(value) || value->valuestring[0] < '0' ||
        value->valuestring[0] > '9')
        return wrong(r, value, allowed);
    char *end;
    int base = strncasecmp(value->valuestring, "0x", 2) == 0 ? 16 : 10;
    errno = 0;
    unsigned long long n = strtoull(value->valuestring, &end, base);
    unsigned shift = *end == 'K' ? 10 : *end == 'M' ? 20 : 0;
    end += shift != 0;
    if (*end != '\0' || errno != 0 || n > 0xffffffffull >> shift)
        return wrong(r, value, allowed);
    *out = (uint32_t)(n << shift);
    return 0;
}

/* One of the words of `words`, null-terminated; *out is which. */
static int read_choice(struct reader *r, const cJSON *value,
                       const char *const *words, size_t *out)
{
    char allowed[160] = "";
    for (size_t i = 0; words[i] != NULL; i++) {
        if (cJSON_IsString(value) &&
            strcmp(value->valuestring, words[i]) == 0) {
            *out = i;
            return 0;
        }
        size_t used = strlen(allowed);
        snprintf(allowed + used, sizeof allowed - used, "%s%s",
                 i == 0 ? "allowed: " : ", ", words[i]);
    }
    return wrong(r, value, allowed);
}

static int skip(struct reader *r, const cJSON *value)
{
    (void)r;
    (void)value;
    return 0;
}

/* ---- a region --------------------------------------------------------------
 */

static struct region_config *region(struct reader *r)
{
    return &r->c->regions[r->c->n_regions];
}

static int read_name(struct reader *r, const cJSON *value)
{
    return read_words(r, value, region(r)->name, sizeof region(r)->name);
}

static int read_kind(struct reader *r, const cJSON *value)
{
    static const char *const words[] = {"ram", "rom", "device", NULL};
    size_t kind = 0;
    int err = read_choice(r, value, words, &kind);
    if (err == 0)
        region(r)->kind = (enum region_kind)kind;
    return err;
}

static int read_base(struct reader *r, const cJSON *value)
{
    return read_number(r, value, &region(r)->base);
}

static int read_bytes(struct reader *r, const cJSON *value)
{
    return read_number(r, value, &region(r)->bytes);
}

static int read_wait_number(struct reader *r, const cJSON *value, uint8_t *out)
{
    uint32_t n = 0;
    int err = read_number(r, value, &n);
    if (err == 0 && n > 63)
        return wrong(r, value, "0 to 63 wait states are allowed");
    *out = (uint8_t)n;
    return err;
}

static int read_wait_fetch(struct reader *r, const cJSON *value)
{
    return read_wait_number(r, value, &region(r)->wait_fetch);
}

static int read_wait_load(struct reader *r, const cJSON *value)
{
    return read_wait_number(r, value, &region(r)->wait_load);
}

static int read_wait_store(struct reader *r, const cJSON *value)
{
    return read_wait_number(r, value, &region(r)->wait_store);
}

static int read_wait(struct reader *r, const cJSON *value)
{
    static const struct key keys[] = {{"fetch", read_wait_fetch},
                                      {"load", read_wait_load},
                                      {"store", read_wait_store},
                                      {NULL, NULL}};
    uint8_t all = 0;
    if (cJSON_IsObject(value))
        return read_object(r, value, keys);
    int err = read_wait_number(r, value, &all);
    if (err == 0)
        region(r)->wait_fetch = region(r)->wait_load = region(r)->wait_store =
            all;
    return err;
}

static int read_io_port(struct reader *r, const cJSON *value)
{
    if (!cJSON_IsBool(value))
        return wrong(r, value, "allowed: true, false");
    region(r)->is_io_port = cJSON_IsTrue(value);
    return 0;
}

static int read_region(struct reader *r, const cJSON *value)
{
    static const struct key keys[] = {
        {"name", read_name},   {"kind", read_kind}, {"base", read_base},
        {"bytes", read_bytes}, {"wait", read_wait}, {"io_port", read_io_port},
        {NULL, NULL},
    };
    static const char *const needed[] = {"name", "kind", "base", "bytes"};
    int err = read_object(r, value, keys);
    for (size_t i = 0; err == 0 && i < sizeof needed / sizeof needed[0]; i++)
        if (!cJSON_HasObjectItem(value, needed[i]))
            err = problem_set(r->problem, ERR_INPUT, "%s: %s: no key '%s'",
                              r->file, r->path, needed[i]);
    r->c->n_regions++;
    return err;
}

static int read_memory(struct reader *r, const cJSON *value)
{
    const cJSON *item;
    if (!cJSON_IsArray(value))
        return wrong(r, value, "a list of regions is needed");
    cJSON_ArrayForEach(item, value)
    {
        if (r->c->n_regions == CONFIG_CAP_REGIONS)
            return problem_set(r->problem, ERR_INPUT,
                               "%s: memory: more than %d regions", r->file,
                               CONFIG_CAP_REGIONS);
        snprintf(r->path, sizeof r->path, "memory[%u]", r->c->n_regions);
        int err = read_region(r, item);
        if (err < 0)
            return err;
    }
    return 0;
}

/* ---- the machine ------------------------------------------------------------
 */

static int read_summary(struct reader *r, const cJSON *value)
{
    return read_words(r, value, r->c->summary, sizeof r->c->summary);
}

static int read_core(struct reader *r, const cJSON *value)
{
    const char *words[16] = {NULL};
    size_t which = 0;
    for (size_t i = 0; i < 15 && core_models[i] != NULL; i++)
        words[i] = core_models[i]->name;
    int err = read_choice(r, value, words, &which);
    if (err == 0)
        snprintf(r->c->core, sizeof r->c->core, "%s", words[which]);
    return err;
}

static int read_clock(struct reader *r, const cJSON *value)
{
    return read_number(r, value, &r->c->clock_hz);
}

static int read_bus(struct reader *r, const cJSON *value)
{
    static const char *const words[] = {"two-port", "one-port", NULL};
    size_t which = 0;
    int err = read_choice(r, value, words, &which);
    if (err == 0)
        r->c->one_port = which == 1;
    return err;
}

static int read_reset_pc(struct reader *r, const cJSON *value)
{
    return read_number(r, value, &r->c->reset_pc);
}

static int read_stack_top(struct reader *r, const cJSON *value)
{
    return read_number(r, value, &r->c->reset_sp);
}

static int read_options(struct reader *r, const cJSON *value)
{
    const cJSON *member;
    if (!cJSON_IsObject(value))
        return wrong(r, value, "an object is needed");
    cJSON_ArrayForEach(member, value)
    {
        struct option_config *o = &r->c->options[r->c->n_options];
        snprintf(r->path, sizeof r->path, "options.%.40s", member->string);
        if (r->c->n_options == CONFIG_CAP_OPTIONS)
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
            int err = read_words(r, member, o->value, sizeof o->value);
            if (err < 0)
                return err;
        }
        r->c->n_options++;
    }
    return 0;
}

static int read_machine(struct reader *r, const cJSON *root)
{
    static const struct key keys[] = {
        {"$schema", skip},
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
    int err = read_object(r, root, keys);
    if (err == 0 && r->c->core[0] == '\0')
        err = problem_set(r->problem, ERR_INPUT, "%s: no key 'core'", r->file);
    if (err == 0 && r->c->n_regions == 0)
        err = problem_set(r->problem, ERR_INPUT, "%s: no memory", r->file);
    return err;
}

/* The line of the text in which the parser gave up. */
static unsigned line_of(const char *text, const char *where)
{
    unsigned line = 1;
    for (const char *c = text; c < where && *c != '\0'; c++)
        line += *c == '\n';
    return line;
}

int machine_config_parse(struct machine_config *c, const char *name,
                         const char *text, struct problem *problem)
{
    struct reader r = {.file = name, .c = c, .problem = problem};
    struct machine_problem p = {""};
    const char *end = text;
    const char *slash = strrchr(name, '/');
    const char *base = slash == NULL ? name : slash + 1;
    cJSON *root = cJSON_ParseWithOpts(text, &end, 1);
    *c = (struct machine_config){.n_regions = 0};
    snprintf(c->name, sizeof c->name, "%.*s", (int)strcspn(base, "."), base);
    if (root == NULL)
        return problem_set(problem, ERR_INPUT, "%s:%u: not JSON", name,
                           line_of(text, end));
    int err = read_machine(&r, root);
    cJSON_Delete(root);
    if (err == 0 && config_check(c, &p) < 0)
        err = problem_set(problem, ERR_INPUT, "%s: memory: %s", name, p.text);
    return err;
}

static int read_file(struct machine_config *c, const char *path,
                     struct problem *problem)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return problem_set(problem, ERR_IO, "%s: %s", path, strerror(errno));
    char *text = malloc(FILE_CAP + 1);
    size_t n = text == NULL ? 0 : fread(text, 1, FILE_CAP + 1, f);
    int err = 0;
    if (text == NULL)
        err = problem_set(problem, ERR_MEMORY, "%s: out of memory", path);
    else if (ferror(f))
        err = problem_set(problem, ERR_IO, "%s: cannot be read", path);
    else if (n > FILE_CAP)
        err = problem_set(problem, ERR_INPUT, "%s: larger than 1 MiB", path);
    fclose(f);
    if (err == 0) {
        text[n] = '\0';
        err = machine_config_parse(c, path, text, problem);
    }
    free(text);
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
    if (is_path(name))
        return read_file(c, name, problem);
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
