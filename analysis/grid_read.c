/* grid_read.c - see grid.h: the file of a grid. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/grid_rows.h"
#include "analysis/json_read.h"
#include "analysis/machine_config.h"
#include "sim/replay/manager.h"

/* Where the reader puts what it finds. */
struct target {
    struct grid *g;
    struct grid_rows *rows;
    struct grid_row *row; /* of the axes at hand                           */
};

static struct target *target(const struct json_reader *r)
{
    return r->into;
}

/* ---- one value ------------------------------------------------------------
 */

/* Does the manager exist, and take these parameters? In any heap. */
static int check_manager(const char *text, struct problem *problem)
{
    static const struct trace_header none;
    struct replay_options o = {0};
    int err = grid_read_manager(&o, text, problem);
    const char *areas = manager_value(&o, "areas");
    if (areas == NULL || areas[0] == '\0') /* which say their bytes */
        o.heap_bytes = 1u << 16;
    return err < 0 ? err : replay_resolve(&o, &none, problem);
}

/* Is it a value of the parameter `pins`, of the first manager that has it? */
static int check_pins(const char *text, struct problem *problem)
{
    char with[128];
    for (uint32_t i = 0; i < manager_list_n; i++)
        for (uint32_t k = 0; k < manager_list[i]->n_keys; k++)
            if (strcmp(manager_list[i]->keys[k].key, "pins") == 0) {
                snprintf(with, sizeof with, "%s:pins=%.64s",
                         manager_list[i]->name, text);
                return check_manager(with, problem);
            }
    return problem_set(problem, ERR_INPUT, "no manager pins anything");
}

static int check_workload(const char *text, struct problem *problem)
{
    struct workload *w;
    if (strcmp(text, "-") == 0)
        return problem_set(problem, ERR_INPUT,
                           "standard input cannot be read for each point");
    int err = workload_open(&w, text, NULL, problem);
    if (err == 0)
        workload_close(w);
    return err;
}

static int check_machine(const char *text, struct problem *problem)
{
    struct machine_config config;
    return strcmp(text, "native") == 0
               ? 0
               : machine_config_load(&config, text, problem);
}

static int check_word(const char *text, struct problem *problem, bool is_good,
                      const char *allowed)
{
    return is_good ? 0
                   : problem_set(problem, ERR_INPUT, "found %.60s; %s", text,
                                 allowed);
}

/* Is it a seed to presets that have one? */
static int check_seed(const char *text, struct problem *problem)
{
    char with[64];
    int err =
        check_word(text, problem, strspn(text, "0123456789") == strlen(text),
                   "a whole number is needed");
    snprintf(with, sizeof with, "churn:seed=%.40s", text);
    return err < 0 ? err : check_workload(with, problem);
}

static int check_value(enum grid_axis axis, const char *text,
                       struct problem *problem)
{
    struct replay_options o;
    switch (axis) {
    case GRID_WORKLOAD:
        return check_workload(text, problem);
    case GRID_MANAGER:
        return check_manager(text, problem);
    case GRID_HEAP:
        return request_check_heap(text, problem);
    case GRID_MACHINE:
        return check_machine(text, problem);
    case GRID_FLAGS:
        return check_word(text, problem,
                          strcmp(text, "O2") == 0 || strcmp(text, "Os") == 0,
                          "allowed: O2, Os");
    case GRID_PINS:
        return check_pins(text, problem);
    case GRID_SEED:
        return check_seed(text, problem);
    case GRID_STEPS:
        return request_read_steps(&o, text, problem);
    case GRID_TOUCH:
        return request_read_touch(&o, text, problem);
    default:
        return check_word(text, problem, request_find_policy(text) >= 0,
                          "allowed: skip, stop, reset");
    }
}

static int keep_text(struct grid *g, const char *text, const char **out,
                     struct problem *problem)
{
    char **more = realloc(g->texts, (g->n_texts + 1) * sizeof *more);
    char *copy = strdup(text);
    if (more != NULL)
        g->texts = more;
    if (more == NULL || copy == NULL) {
        free(copy);
        return problem_set(problem, ERR_MEMORY, "no memory left");
    }
    *out = g->texts[g->n_texts++] = copy;
    return 0;
}

/* In a row of `exclude`, a name stands for all its values. */
static bool is_excluding(const struct json_reader *r)
{
    return strncmp(r->path, "exclude", 7) == 0;
}

static int read_value(struct json_reader *r, const cJSON *value,
                      enum grid_axis axis)
{
    struct grid_values *v = &target(r)->row->axis[axis];
    struct problem why = {""};
    char number[32];
    const char *text = value->valuestring;
    if (cJSON_IsNumber(value) && value->valuedouble >= 0 &&
        value->valuedouble < 1e15 &&
        value->valuedouble == (double)(uint64_t)value->valuedouble) {
        snprintf(number, sizeof number, "%.0f", value->valuedouble);
        text = number;
    } else if (!cJSON_IsString(value) || *text == '\0') {
        return json_wrong(r, value, "a string or a whole number is needed");
    }
    if (v->n == GRID_VALUES_CAP)
        return problem_set(r->problem, ERR_INPUT, "%s: %s: more than %d values",
                           r->file, r->path, GRID_VALUES_CAP);
    for (uint32_t i = 0; i < v->n; i++)
        if (strcmp(v->text[i], text) == 0)
            return problem_set(r->problem, ERR_INPUT,
                               "%s: %s: %.60s stands "
                               "there twice",
                               r->file, r->path, text);
    int err = is_excluding(r) ? 0 : check_value(axis, text, &why);
    if (err < 0)
        return problem_set(r->problem, err, "%s: %s: %.400s", r->file, r->path,
                           why.text);
    return keep_text(target(r)->g, text, &v->text[v->n++], r->problem);
}

/* ---- rows -----------------------------------------------------------------
 */

static int read_axis(struct json_reader *r, const cJSON *value)
{
    const cJSON *item;
    char path[JSON_PATH_CAP];
    int axis = 0, i = 0, err = 0;
    while (strcmp(grid_axes[axis], value->string) != 0)
        axis++;
    if (!cJSON_IsArray(value))
        return read_value(r, value, (enum grid_axis)axis);
    if (cJSON_GetArraySize(value) == 0)
        return json_wrong(r, value, "a list that is not empty is needed");
    snprintf(path, sizeof path, "%s", r->path);
    cJSON_ArrayForEach(item, value)
    {
        snprintf(r->path, sizeof r->path, "%.48s[%d]", path, i++);
        err = read_value(r, item, (enum grid_axis)axis);
        if (err < 0)
            return err;
    }
    return 0;
}

static int read_row(struct json_reader *r, const cJSON *value,
                    struct grid_row *row)
{
    struct json_key keys[GRID_N_AXES + 1] = {{NULL, NULL}};
    for (int a = 0; a < GRID_N_AXES; a++)
        keys[a] = (struct json_key){grid_axes[a], read_axis};
    target(r)->row = row;
    int err = json_object(r, value, keys);
    if (err < 0 || is_excluding(r) || row->axis[GRID_WORKLOAD].n > 0)
        return err;
    return problem_set(r->problem, ERR_INPUT, "%s: %s: no key 'workload'",
                       r->file, r->path);
}

static int read_axes(struct json_reader *r, const cJSON *value)
{
    return read_row(r, value, &target(r)->rows->axes);
}

static int read_rows(struct json_reader *r, const cJSON *value,
                     struct grid_row *rows, uint32_t *n)
{
    const cJSON *item;
    char path[JSON_PATH_CAP];
    snprintf(path, sizeof path, "%s", r->path);
    if (!cJSON_IsArray(value))
        return json_wrong(r, value, "a list of objects is needed");
    cJSON_ArrayForEach(item, value)
    {
        if (*n == GRID_ROWS_CAP)
            return problem_set(r->problem, ERR_INPUT,
                               "%s: %s: more than %d rows", r->file, path,
                               GRID_ROWS_CAP);
        snprintf(r->path, sizeof r->path, "%.48s[%u]", path, *n);
        int err = read_row(r, item, &rows[(*n)++]);
        if (err < 0)
            return err;
    }
    return 0;
}

static int read_include(struct json_reader *r, const cJSON *value)
{
    struct grid_rows *rows = target(r)->rows;
    return read_rows(r, value, rows->include, &rows->n_include);
}

static int read_exclude(struct json_reader *r, const cJSON *value)
{
    struct grid_rows *rows = target(r)->rows;
    return read_rows(r, value, rows->exclude, &rows->n_exclude);
}

/* ---- the file -------------------------------------------------------------
 */

static int read_name(struct json_reader *r, const cJSON *value)
{
    char *name = target(r)->g->name;
    int err = json_words(r, value, name, GRID_NAME_CAP);
    for (const char *c = name; err == 0 && *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && strchr("-_.", *c) == NULL)
            return json_wrong(r, value, "letters, digits and -_. are allowed");
    return err;
}

static int read_keep(struct json_reader *r, const cJSON *value)
{
    const char *const words[] = {keep_names[0], keep_names[1], keep_names[2],
                                 NULL};
    size_t which = 0;
    int err = json_choice(r, value, words, &which);
    if (err == 0)
        target(r)->g->keep = (enum keep)which;
    return err;
}

static int read_grid(struct json_reader *r, const cJSON *root)
{
    static const struct json_key keys[] = {
        {"$schema", json_skip},    {"summary", json_skip},
        {"name", read_name},       {"keep", read_keep},
        {"axes", read_axes},       {"include", read_include},
        {"exclude", read_exclude}, {NULL, NULL},
    };
    struct grid *g = target(r)->g;
    if (!cJSON_IsObject(root))
        return problem_set(r->problem, ERR_INPUT,
                           "%s: an object is needed at the top", r->file);
    int err = json_object(r, root, keys);
    if (err == 0 && g->name[0] == '\0')
        err = problem_set(r->problem, ERR_INPUT, "%s: no key 'name'", r->file);
    return err;
}

/* Axes without the excluded, then what is included. */
static int make_points(struct json_reader *r)
{
    struct grid *g = target(r)->g;
    struct grid_rows *rows = target(r)->rows;
    int err = 0;
    if (rows->axes.axis[GRID_WORKLOAD].n > 0)
        err = grid_multiply(g, &rows->axes, rows, r->file, r->problem);
    for (uint32_t i = 0; i < rows->n_exclude && err == 0; i++)
        if (!rows->exclude[i].is_used)
            err = problem_set(r->problem, ERR_INPUT,
                              "%s: exclude[%u]: no point is like this", r->file,
                              i);
    for (uint32_t i = 0; i < rows->n_include && err == 0; i++)
        err = grid_multiply(g, &rows->include[i], NULL, r->file, r->problem);
    if (err == 0 && g->n_points == 0)
        err =
            problem_set(r->problem, ERR_INPUT, "%s: it has no points", r->file);
    return err;
}

int grid_read(struct grid *g, const char *path, struct problem *problem)
{
    char *text = NULL;
    cJSON *root = NULL;
    *g = (struct grid){.keep = KEEP_SERIES};
    struct target into = {.g = g, .rows = calloc(1, sizeof *into.rows)};
    struct json_reader r = {.file = path, .into = &into, .problem = problem};
    int err = into.rows == NULL
                  ? problem_set(problem, ERR_MEMORY, "no memory left")
                  : json_read_file(&text, path, problem);
    if (err == 0)
        err = json_parse(&root, path, text, problem);
    if (err == 0)
        err = read_grid(&r, root);
    if (err == 0)
        err = make_points(&r);
    cJSON_Delete(root);
    free(text);
    free(into.rows);
    return err;
}
