/* grid.c - see grid.h: the points of a grid, and what each asks for. */
#include "analysis/grid.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/grid_rows.h"
#include "analysis/setting.h"
#include "sim/replay/manager.h"

const char *const grid_axes[GRID_N_AXES] = {
    [GRID_WORKLOAD] = "workload", [GRID_MANAGER] = "manager",
    [GRID_HEAP] = "heap",         [GRID_MACHINE] = "machine",
    [GRID_FLAGS] = "flags",       [GRID_PINS] = "pins",
    [GRID_SEED] = "seed",         [GRID_STEPS] = "steps",
    [GRID_TOUCH] = "touch",       [GRID_REFUSED] = "refused",
};

/* NAME, or NAME:key=value,... */
int grid_read_manager(struct replay_options *o, const char *text,
                      struct problem *problem)
{
    size_t n = strcspn(text, ":");
    if (n >= sizeof o->manager)
        return problem_set(problem, ERR_INPUT, "%.40s...: no such manager",
                           text);
    memcpy(o->manager, text, n);
    o->manager[n] = '\0';
    for (const char *p = text + n; *p != '\0';) {
        char setting[REPLAY_VALUE_CAP];
        size_t length = strcspn(++p, ",");
        if (length >= sizeof setting)
            return problem_set(problem, ERR_INPUT, "%.40s...: too long", p);
        memcpy(setting, p, length);
        setting[length] = '\0';
        int err = setting_read(o, setting, problem);
        if (err < 0)
            return err;
        p += length;
    }
    return 0;
}

/* The preset `text` with a seed: after a ':' or another parameter. */
static int seeded(char *out, size_t cap, const char *text, const char *seed)
{
    int n = snprintf(out, cap, "%s%cseed=%s", text,
                     strchr(text, ':') == NULL ? ':' : ',', seed);
    return n < (int)cap ? 0 : ERR_INPUT;
}

/* Is `workload` a preset that has a seed? */
static bool has_seed(const char *workload)
{
    char text[4096];
    struct problem ignored;
    struct workload *w;
    if (seeded(text, sizeof text, workload, "1") < 0 ||
        workload_open(&w, text, NULL, &ignored) < 0)
        return false;
    workload_close(w);
    return true;
}

static const struct manager *manager_of(const struct grid_point *p)
{
    char name[sizeof((struct replay_options *)0)->manager];
    const char *text = p->value[GRID_MANAGER];
    if (text == NULL)
        return manager_find("marksweep");
    snprintf(name, sizeof name, "%.*s", (int)strcspn(text, ":"), text);
    return manager_find(name);
}

static bool has_key(const struct manager *m, const char *key)
{
    for (uint32_t i = 0; i < m->n_keys; i++)
        if (strcmp(m->keys[i].key, key) == 0)
            return true;
    return false;
}

/* Is the axis something to this point? */
static bool applies(const struct grid_point *p, enum grid_axis axis)
{
    const char *machine = p->value[GRID_MACHINE];
    switch (axis) {
    case GRID_FLAGS:
        return machine != NULL && strcmp(machine, "native") != 0;
    case GRID_PINS:
        return has_key(manager_of(p), "pins");
    case GRID_SEED:
        return has_seed(p->value[GRID_WORKLOAD]);
    case GRID_STEPS:
        return (manager_of(p)->capabilities & CAP_STEP) != 0;
    case GRID_TOUCH:
        return (manager_of(p)->capabilities & (CAP_HANDLES | CAP_PIECES)) != 0;
    default:
        return true;
    }
}

/*
 * The combination at[] of a row's values; false when an axis is nothing to it,
 * but for the first value of such an axis, which stands for all.
 */
static bool combine(const struct grid_row *row, const uint32_t *at,
                    struct grid_point *out)
{
    for (int a = 0; a < GRID_N_AXES; a++)
        out->value[a] = row->axis[a].n == 0 ? NULL : row->axis[a].text[at[a]];
    for (int a = 0; a < GRID_N_AXES; a++) {
        if (out->value[a] == NULL || applies(out, (enum grid_axis)a))
            continue;
        if (at[a] > 0)
            return false;
        out->value[a] = NULL;
    }
    return true;
}

/* Is `wanted` the value, or the name before its ':'? */
static bool is_value(const char *value, const char *wanted)
{
    size_t n = strlen(wanted);
    return value != NULL && strncmp(value, wanted, n) == 0 &&
           (value[n] == '\0' || value[n] == ':');
}

static bool matches(const struct grid_point *p, const struct grid_row *row)
{
    for (int a = 0; a < GRID_N_AXES; a++) {
        const struct grid_values *v = &row->axis[a];
        uint32_t i = 0;
        while (i < v->n && !is_value(p->value[a], v->text[i]))
            i++;
        if (v->n > 0 && i == v->n)
            return false;
    }
    return true;
}

static bool is_excluded(const struct grid_point *p, struct grid_rows *rows)
{
    bool is_out = false;
    for (uint32_t i = 0; i < rows->n_exclude; i++)
        if (matches(p, &rows->exclude[i]))
            is_out = rows->exclude[i].is_used = true;
    return is_out;
}

static int add_point(struct grid *g, const struct grid_point *p,
                     struct problem *problem)
{
    if ((g->n_points & (g->n_points - 1)) == 0) { /* full: twice as many */
        uint32_t cap = g->n_points == 0 ? 1 : 2 * g->n_points;
        struct grid_point *more = realloc(g->points, cap * sizeof *more);
        if (more == NULL)
            return problem_set(problem, ERR_MEMORY, "no memory left");
        g->points = more;
    }
    g->points[g->n_points++] = *p;
    return 0;
}

/* All combinations, the last axis turning fastest. */
int grid_multiply(struct grid *g, const struct grid_row *row,
                  struct grid_rows *rows, const char *file,
                  struct problem *problem)
{
    uint32_t at[GRID_N_AXES] = {0};
    uint64_t n_all = 1;
    for (int a = 0; a < GRID_N_AXES && n_all <= GRID_POINTS_CAP; a++)
        n_all *= row->axis[a].n == 0 ? 1 : row->axis[a].n;
    if (g->n_points + n_all > GRID_POINTS_CAP)
        return problem_set(problem, ERR_INPUT, "%s: more than %u points", file,
                           GRID_POINTS_CAP);
    for (uint64_t i = 0; i < n_all; i++) {
        struct grid_point p;
        if (combine(row, at, &p) && (rows == NULL || !is_excluded(&p, rows))) {
            int err = add_point(g, &p, problem);
            if (err < 0)
                return err;
        }
        for (int a = GRID_N_AXES - 1; a >= 0; a--) {
            if (++at[a] < row->axis[a].n)
                break;
            at[a] = 0;
        }
    }
    return 0;
}

void grid_release(struct grid *g)
{
    for (uint32_t i = 0; i < g->n_texts; i++)
        free(g->texts[i]);
    free(g->texts);
    free(g->points);
    *g = (struct grid){.n_points = 0};
}

void grid_describe(const struct grid_point *p, char out[GRID_TEXT_CAP])
{
    size_t used = 0;
    out[0] = '\0';
    for (int a = 0; a < GRID_N_AXES; a++)
        if (p->value[a] != NULL && used < GRID_TEXT_CAP)
            used += (size_t)snprintf(out + used, GRID_TEXT_CAP - used,
                                     "%s%s=%s", used == 0 ? "" : " ",
                                     grid_axes[a], p->value[a]);
}

/* What the axes say that are options of the replay. */
static int read_options(const struct grid_point *p, struct replay_options *o,
                        struct problem *problem)
{
    const char *const *v = p->value;
    char pins[64];
    int err = grid_read_manager(
        o, v[GRID_MANAGER] == NULL ? "marksweep" : v[GRID_MANAGER], problem);
    if (err == 0 && v[GRID_PINS] != NULL) {
        snprintf(pins, sizeof pins, "pins=%s", v[GRID_PINS]);
        err = setting_read(o, pins, problem);
    }
    if (err == 0 && v[GRID_STEPS] != NULL)
        err = request_read_steps(o, v[GRID_STEPS], problem);
    if (err == 0 && v[GRID_TOUCH] != NULL)
        err = request_read_touch(o, v[GRID_TOUCH], problem);
    if (v[GRID_REFUSED] != NULL)
        o->refused = (uint32_t)request_find_policy(v[GRID_REFUSED]);
    return err;
}

int grid_request(const struct grid_point *p, struct run_request *q,
                 struct problem *problem)
{
    const char *const *v = p->value;
    struct run_spec *s = &q->spec;
    *q = (struct run_request){.heap = v[GRID_HEAP],
                              .machine = v[GRID_MACHINE],
                              .flags =
                                  v[GRID_FLAGS] == NULL ? "O2" : v[GRID_FLAGS],
                              .has_manager = true};
    strcpy(s->machine, "native");
    int n = snprintf(s->workload, sizeof s->workload, "%s", v[GRID_WORKLOAD]);
    if (v[GRID_SEED] != NULL)
        n = seeded(s->workload, sizeof s->workload, v[GRID_WORKLOAD],
                   v[GRID_SEED]);
    if (n < 0 || n >= (int)sizeof s->workload)
        return problem_set(problem, ERR_INPUT, "%.40s...: the name is too long",
                           v[GRID_WORKLOAD]);
    return read_options(p, &s->options, problem);
}
