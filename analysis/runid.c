/* runid.c - see run.h: the canonical text of a run, its hash, and back. */
#include "analysis/run.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "analysis/machine_config.h"
#include "build/core_hash.h"
#include "sim/machine/machine.h"
#include "sim/replay/manager.h"
#include "sim/replay/oracle.h"
#include "traces/hash.h"

/* A double holds every integer up to here; a larger one is kept as text. */
#define EXACT_MAX ((INT64_C(1) << 53) - 1)

static const char *const refused_names[] = {"skip", "stop", "reset"};

/* A quoted JSON string; bytes past ASCII stand as they are. */
static void put_string(FILE *f, const char *text)
{
    fputc('"', f);
    for (const char *p = text; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\')
            fprintf(f, "\\%c", c);
        else if (c < 0x20)
            fprintf(f, "\\u%04x", c);
        else
            fputc(c, f);
    }
    fputc('"', f);
}

/* Would a number written as `text` come back as the same text? */
static bool is_exact_integer(const char *text)
{
    const char *digits = *text == '-' ? text + 1 : text;
    if (*digits < '0' || *digits > '9' || (*digits == '0' && digits[1] != 0) ||
        strcmp(text, "-0") == 0)
        return false;
    if (strspn(digits, "0123456789") != strlen(digits))
        return false;

    errno = 0;
    long long value = strtoll(text, NULL, 10);
    return errno == 0 && value >= -EXACT_MAX && value <= EXACT_MAX;
}

static int by_key(const void *a, const void *b)
{
    const struct replay_param *x = a, *y = b;
    return strcmp(x->key, y->key);
}

static void put_parameters(FILE *f, const struct replay_options *o)
{
    struct replay_param sorted[REPLAY_PARAMS_CAP];
    memcpy(sorted, o->params, sizeof sorted);
    qsort(sorted, o->n_params, sizeof sorted[0], by_key);

    fputc('{', f);
    for (uint32_t i = 0; i < o->n_params; i++) {
        if (i > 0)
            fputc(',', f);
        put_string(f, sorted[i].key);
        fputc(':', f);
        if (is_exact_integer(sorted[i].value))
            fputs(sorted[i].value, f);
        else
            put_string(f, sorted[i].value);
    }
    fputc('}', f);
}

static void put_options(FILE *f, const struct replay_options *o)
{
    fprintf(f,
            "{\"check\":%d,\"heap_trace\":%d,\"refused\":\"%s\","
            "\"step_every\":%" PRIu32 ",\"step_cycles\":%" PRIu32
            ",\"step_units\":%" PRIu32 ",\"touch_every\":%" PRIu32
            ",\"touch_stores\":%" PRIu32 "}",
            o->check, o->heap_trace, refused_names[o->refused], o->step_every,
            o->step_cycles, o->step_units, o->touch_every, o->touch_stores);
}

static bool put_machine(FILE *f, const struct machine_config *c)
{
    char *json = machine_config_json(c);
    if (json == NULL)
        return false;
    fprintf(f, ",\"machine_config\":%s", json);
    cJSON_free(json);
    return true;
}

static uint32_t model_version(const struct machine_config *c)
{
    const struct core_model *core = core_model_find(c->core);
    return core == NULL ? 0 : core->version;
}

char *run_spec_json(const struct run_spec *spec, const char *trace_hash)
{
    const struct replay_options *o = &spec->options;
    char *text = NULL;
    size_t n_bytes = 0;
    FILE *f = open_memstream(&text, &n_bytes);
    if (f == NULL)
        return NULL;

    bool is_native = run_is_native(spec);
    if (is_native)
        fprintf(f, "{\"core\":\"%s\",\"heap_bytes\":%" PRIu64,
                CORE_SOURCES_HASH, o->heap_bytes);
    else
        fprintf(f, "{\"heap_bytes\":%" PRIu64 ",\"image\":\"%s\"",
                o->heap_bytes, spec->image_hash);
    fputs(",\"machine\":", f);
    put_string(f, spec->machine);
    bool ok = is_native || put_machine(f, &spec->config);
    fputs(",\"manager\":", f);
    put_string(f, o->manager);
    if (!is_native)
        fprintf(f, ",\"model\":%" PRIu32, model_version(&spec->config));
    fputs(",\"options\":", f);
    put_options(f, o);
    fputs(",\"parameters\":", f);
    put_parameters(f, o);
    fprintf(f, ",\"replay\":%d,\"trace\":", REPLAY_SEMANTICS_VERSION);
    put_string(f, trace_hash);
    fprintf(f, ",\"window_bytes\":%" PRIu32 "}", o->window_bytes);

    if (fclose(f) != 0 || !ok) {
        free(text);
        return NULL;
    }
    return text;
}

void run_id(const char *json, char id[RUN_ID_CAP])
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(json, strlen(json)));
    for (size_t i = 0; i < sizeof canonical.digest; i++)
        sprintf(id + 2 * i, "%02x", canonical.digest[i]);
}

int run_trace_hash(const char *workload, char hash[RUN_ID_CAP],
                   struct problem *problem)
{
    struct workload *w;
    struct trace_op op;
    int err = workload_open(&w, workload, NULL, problem);
    if (err < 0)
        return err;
    struct trace_hash *h = trace_hash_new(&w->header);
    if (h == NULL)
        err = problem_set(problem, ERR_MEMORY, "no memory left");
    else
        while ((err = workload_next(w, NULL, &op, problem)) > 0)
            trace_hash_op(h, &op);
    if (err == 0)
        trace_hash_digest(h, hash);
    trace_hash_free(h);
    workload_close(w);
    return err;
}

/* Where parse_ functions read and what they complain to. */
struct parser {
    struct problem *problem;
    int err; /* the first failure; later reads do nothing */
};

static const cJSON *member(struct parser *p, const cJSON *object,
                           const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (item == NULL && p->err == 0)
        p->err = problem_set(p->problem, ERR_INPUT,
                             "the run's spec: key '%s' is missing", key);
    return item;
}

static void wrong(struct parser *p, const char *key, const char *expected)
{
    if (p->err == 0)
        p->err = problem_set(p->problem, ERR_INPUT,
                             "the run's spec: '%s' is not %s", key, expected);
}

static uint64_t get_uint(struct parser *p, const cJSON *object, const char *key,
                         uint64_t max)
{
    const cJSON *item = member(p, object, key);
    if (item == NULL)
        return 0;
    double value = item->valuedouble;
    if (!cJSON_IsNumber(item) || !(value >= 0) || value > (double)max ||
        value != (double)(uint64_t)value) {
        wrong(p, key, "an integer in its range");
        return 0;
    }
    return (uint64_t)value;
}

static uint32_t get_u32(struct parser *p, const cJSON *object, const char *key)
{
    return (uint32_t)get_uint(p, object, key, UINT32_MAX);
}

static void get_string(struct parser *p, const cJSON *object, const char *key,
                       char *out, size_t cap)
{
    const cJSON *item = member(p, object, key);
    if (item == NULL)
        return;
    if (!cJSON_IsString(item) || strlen(item->valuestring) >= cap) {
        wrong(p, key, "a string of its length");
        return;
    }
    strcpy(out, item->valuestring);
}

static void get_options(struct parser *p, const cJSON *root,
                        struct replay_options *o)
{
    const cJSON *options = member(p, root, "options");
    char refused[8] = "";
    get_string(p, options, "refused", refused, sizeof refused);
    uint32_t policy = 0;
    while (policy < 3 && strcmp(refused, refused_names[policy]) != 0)
        policy++;
    if (policy == 3)
        wrong(p, "refused", "skip, stop or reset");

    o->refused = policy % 3;
    o->check = get_uint(p, options, "check", 1) != 0;
    o->heap_trace = get_uint(p, options, "heap_trace", 1) != 0;
    o->step_every = get_u32(p, options, "step_every");
    o->step_cycles = get_u32(p, options, "step_cycles");
    o->step_units = get_u32(p, options, "step_units");
    o->touch_every = get_u32(p, options, "touch_every");
    o->touch_stores = get_u32(p, options, "touch_stores");
}

static void get_parameter(struct parser *p, const cJSON *item,
                          struct replay_options *o)
{
    struct replay_param *param = &o->params[o->n_params];
    char number[32];
    const char *value = item->valuestring;
    if (cJSON_IsNumber(item)) {
        snprintf(number, sizeof number, "%.0f", item->valuedouble);
        value = number;
    }
    if (value == NULL || strlen(value) >= sizeof param->value ||
        strlen(item->string) >= sizeof param->key) {
        wrong(p, item->string, "a parameter's value");
        return;
    }
    strcpy(param->key, item->string);
    strcpy(param->value, value);
    o->n_params++;
}

static void get_parameters(struct parser *p, const cJSON *root,
                           struct replay_options *o)
{
    const cJSON *item;
    o->n_params = 0;
    cJSON_ArrayForEach(item, member(p, root, "parameters"))
    {
        if (o->n_params == REPLAY_PARAMS_CAP) {
            wrong(p, "parameters", "a list this short");
            return;
        }
        get_parameter(p, item, o);
    }
}

/* A run of other sources cannot be repeated by these. */
static void expect_versions(struct parser *p, const cJSON *root, bool is_native)
{
    char core[64] = CORE_SOURCES_HASH;
    if (is_native)
        get_string(p, root, "core", core, sizeof core);
    uint64_t semantics = get_uint(p, root, "replay", UINT32_MAX);
    if (p->err < 0)
        return;
    if (strcmp(core, CORE_SOURCES_HASH) != 0)
        p->err = problem_set(p->problem, ERR_INPUT,
                             "the run was made by other sources of core/ "
                             "(%.8s..., this program has %.8s...)",
                             core, CORE_SOURCES_HASH);
    else if (semantics != REPLAY_SEMANTICS_VERSION)
        p->err = problem_set(p->problem, ERR_INPUT,
                             "the run was made by version %" PRIu64
                             " of the replay, this program has version %d",
                             semantics, REPLAY_SEMANTICS_VERSION);
}

/* The machine, its image's hash, its model: of this program, too? */
static void get_machine(struct parser *p, const cJSON *root,
                        struct run_spec *spec)
{
    const cJSON *config = member(p, root, "machine_config");
    get_string(p, root, "image", spec->image_hash, sizeof spec->image_hash);
    uint32_t model = get_u32(p, root, "model");
    char *text = cJSON_PrintUnformatted(config);
    if (p->err == 0)
        p->err = text == NULL
                     ? problem_set(p->problem, ERR_MEMORY, "no memory left")
                     : machine_config_parse(&spec->config, spec->machine, text,
                                            p->problem);
    cJSON_free(text);
    if (p->err == 0 && model != model_version(&spec->config))
        p->err =
            problem_set(p->problem, ERR_INPUT,
                        "the run was made by version %" PRIu32
                        " of the timing model of %s, this program has "
                        "version %" PRIu32,
                        model, spec->config.core, model_version(&spec->config));
}

int run_spec_set_machine(struct run_spec *spec, const char *name,
                         const char *image, const char *flags,
                         struct problem *problem)
{
    int err = machine_config_load(&spec->config, name, problem);
    if (err < 0)
        return err;
    snprintf(spec->machine, sizeof spec->machine, "%s", spec->config.name);
    if (image != NULL && strlen(image) >= sizeof spec->image)
        return problem_set(problem, ERR_INPUT, "--image: the name is too long");
    /* Code of an outer heap is in images of their own. */
    const char *outer = manager_value(&spec->options, "outer");
    char manager[64];
    snprintf(manager, sizeof manager, "%s%s", spec->options.manager,
             outer != NULL && strcmp(outer, "tlsf") == 0 ? "-tlsf" : "");
    if (image != NULL && image != spec->image)
        strcpy(spec->image, image);
    else if (image == NULL)
        err = guest_image_find(spec->image, manager, &spec->config, flags,
                               problem);
    spec->is_small = image == NULL && strcmp(flags, "Os") == 0;
    if (err < 0)
        return err;
    return guest_image_hash(spec->image, spec->image_hash, &spec->code_bytes,
                            problem);
}

int run_spec_set_steps(struct run_spec *spec, struct problem *problem)
{
    struct replay_options *o = &spec->options;
    const char *core = run_is_native(spec) ? NULL : spec->config.core;
    if (o->step_every == 0)
        return 0;
    const struct manager *m = manager_find(o->manager);
    uint32_t least = manager_least_step(m, core, spec->is_small);
    o->step_units = manager_step_units(m, core, spec->is_small, o->step_cycles);
    if (o->step_cycles >= least)
        return 0;
    return problem_set(problem, ERR_INPUT,
                       "--steps: %u cycles are too few: a step of %s that "
                       "moves anything needs %u on %s",
                       o->step_cycles, o->manager, least, spec->machine);
}

/* Name the image, if any, that the spec was made with. */
static int set_image(const struct run_spec *spec, struct replay_options *o,
                     struct problem *problem)
{
    char hash[RUN_ID_CAP];
    uint32_t code_bytes;
    if (run_is_native(spec))
        return 0;
    int err = guest_image_hash(spec->image, hash, &code_bytes, problem);
    if (err < 0)
        return err;
    if (strcmp(hash, spec->image_hash) != 0)
        return problem_set(problem, ERR_INPUT,
                           "%.300s: not the image that the run was made by "
                           "(%.12s..., not %.12s...)",
                           spec->image, hash, spec->image_hash);
    o->machine = &spec->config;
    o->image = spec->image;
    return 0;
}

int run_spec_play(const struct run_spec *spec, struct workload *w,
                  const struct sink *sink, struct replay_result *result,
                  struct problem *problem)
{
    struct replay_options o = spec->options;
    struct oracle *oracle = NULL;
    int err = set_image(spec, &o, problem);
    if (err == 0)
        err = oracle_open(&oracle, &o, spec->workload, problem);
    o.oracle = oracle;
    if (err == 0)
        err = replay_run(w, &o, sink, result, problem);
    oracle_free(oracle);
    return err;
}

int run_spec_parse(struct run_spec *spec, const char *json,
                   char trace_hash[RUN_ID_CAP], struct problem *problem)
{
    cJSON *root = cJSON_Parse(json);
    if (root == NULL)
        return problem_set(problem, ERR_INPUT, "the run's spec is not JSON");

    struct parser p = {.problem = problem};
    struct replay_options o = {0};
    get_string(&p, root, "manager", o.manager, sizeof o.manager);
    get_string(&p, root, "machine", spec->machine, sizeof spec->machine);
    expect_versions(&p, root, run_is_native(spec));
    if (!run_is_native(spec))
        get_machine(&p, root, spec);
    get_string(&p, root, "trace", trace_hash, RUN_ID_CAP);
    o.heap_bytes = get_uint(&p, root, "heap_bytes", (uint64_t)EXACT_MAX);
    o.window_bytes = get_u32(&p, root, "window_bytes");
    get_options(&p, root, &o);
    get_parameters(&p, root, &o);
    cJSON_Delete(root);
    if (p.err == 0)
        spec->options = o;
    return p.err;
}
