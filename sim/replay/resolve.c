/* resolve.c - replay_resolve: from what the user said to every parameter. */
#include "sim/replay/manager.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "traces/nearest.h"

#define WINDOW_STANDARD (1u << 20)
#define WINDOW_MAX      (1u << 28)

/* The known name nearest to an unknown one; the first if none is near. */
static const char *nearest_key(const struct manager *m, const char *key)
{
    const char *names[REPLAY_PARAMS_CAP];
    for (uint32_t i = 0; i < m->n_keys; i++)
        names[i] = m->keys[i].key;
    const char *found = nearest_name(key, names, m->n_keys);
    return found != NULL ? found : names[0];
}

/* A size: digits, then K or M or nothing, up to a '+' or the end. */
static bool read_size(const char **text, uint64_t *bytes)
{
    char *end;
    if (!isdigit((unsigned char)**text))
        return false;
    *bytes = strtoull(*text, &end, 10);
    uint64_t factor = 1;
    if (*end == 'K' || *end == 'k')
        factor = 1024;
    if (*end == 'M' || *end == 'm')
        factor = 1024 * 1024;
    if (factor != 1)
        end++;
    if (*bytes > UINT32_MAX / factor)
        return false;
    *bytes *= factor;
    *text = end;
    return true;
}

static bool is_word_of(const char *words, const char *value)
{
    size_t n = strlen(value);
    for (const char *w = words; w != NULL; w = strchr(w, '|')) {
        w += *w == '|';
        if (strncmp(w, value, n) == 0 && (w[n] == '|' || w[n] == '\0'))
            return true;
    }
    return false;
}

/* "16K+16K" in full digits; empty stays empty. */
static bool canonical_sizes(char *value, size_t cap)
{
    char out[REPLAY_VALUE_CAP];
    size_t used = 0;
    for (const char *p = value; *p != '\0';) {
        uint64_t bytes;
        if (!read_size(&p, &bytes) || bytes == 0)
            return false;
        int n = snprintf(out + used, sizeof out - used, "%s%" PRIu64,
                         used == 0 ? "" : "+", bytes);
        used += (size_t)n;
        if (used >= sizeof out)
            return false;
        if (*p == '+' && p[1] != '\0')
            p++;
        else if (*p != '\0')
            return false;
    }
    out[used] = '\0';
    if (used >= cap)
        return false;
    memcpy(value, out, used + 1);
    return true;
}

/* Make a value canonical: plain digits or the word. */
static int canonical(const struct manager_key *k, char *value, size_t cap,
                     struct problem *problem)
{
    if (k->words != NULL && strcmp(k->words, "sizes") == 0) {
        if (canonical_sizes(value, cap))
            return 0;
        return problem_set(problem, ERR_INPUT,
                           "--set %s=%s: sizes like 16K+16K are allowed",
                           k->key, value);
    }
    if (k->words != NULL && is_word_of(k->words, value))
        return 0;
    const char *p = value;
    uint64_t number;
    bool is_number = k->max > 0 && read_size(&p, &number) && *p == '\0';
    if (is_number && number >= k->min && number <= k->max) {
        snprintf(value, cap, "%" PRIu64, number);
        return 0;
    }
    if (k->max == 0)
        return problem_set(problem, ERR_INPUT, "--set %s=%s: allowed are %s",
                           k->key, value, k->words);
    return problem_set(problem, ERR_INPUT,
                       "--set %s=%s: allowed are numbers from %u to %u%s%s",
                       k->key, value, k->min, k->max,
                       k->words != NULL ? " or " : "",
                       k->words != NULL ? k->words : "");
}

static const struct manager_key *key_of(const struct manager *m,
                                        const char *key)
{
    for (uint32_t i = 0; i < m->n_keys; i++) {
        if (strcmp(m->keys[i].key, key) == 0)
            return &m->keys[i];
    }
    return NULL;
}

static void set_param(struct replay_param *p, const char *key,
                      const char *value)
{
    snprintf(p->key, sizeof p->key, "%s", key);
    snprintf(p->value, sizeof p->value, "%s", value);
}

/* What --heap trace says about `key`; false where the trace is silent. */
static bool recorded_value(const struct trace_header *h, const char *key,
                           char *value, size_t cap)
{
    uint32_t number;
    if (strcmp(key, "areas") == 0) {
        size_t used = 0;
        value[0] = '\0';
        for (uint32_t i = 0; i < h->n_areas && h->n_areas > 1; i++)
            used +=
                (size_t)snprintf(value + used, used < cap ? cap - used : 0,
                                 "%s%u", i == 0 ? "" : "+", h->areas[i].bytes);
        return true;
    }
    if (strcmp(key, "block") == 0)
        number = h->block_bytes;
    else if (strcmp(key, "zero") == 0)
        number = h->zeroing;
    else if (strcmp(key, "finalisers") == 0)
        number = h->finalisers;
    else if (strcmp(key, "mark_stack") == 0)
        number = h->mark_stack;
    else if (strcmp(key, "grow") == 0)
        number = h->growth;
    else if (strcmp(key, "outer_bytes") == 0)
        number = (uint32_t)h->outer_bytes;
    else if (strcmp(key, "area_struct") == 0)
        number = h->area_struct_bytes;
    else
        return false;
    snprintf(value, cap, "%u", number);
    return true;
}

/* Has this manager that value at all? Not every one has blocks of any size. */
static bool may_be(const struct manager_key *k, const char *value)
{
    return k->max > 0 || k->words == NULL || strcmp(k->words, "sizes") == 0 ||
           is_word_of(k->words, value);
}

/* Fill `o->params` with every key of the manager, in its order. */
static int resolve_params(struct replay_options *o, const struct manager *m,
                          const struct trace_header *header,
                          struct problem *problem)
{
    struct replay_param given[REPLAY_PARAMS_CAP];
    uint32_t n_given = o->n_params;
    memcpy(given, o->params, sizeof given);
    for (uint32_t i = 0; i < n_given; i++) {
        if (key_of(m, given[i].key) == NULL)
            return problem_set(problem, ERR_INPUT,
                               "--set %s: %s has no such parameter; the "
                               "nearest is '%s'",
                               given[i].key, m->name,
                               nearest_key(m, given[i].key));
    }
    o->n_params = m->n_keys;
    for (uint32_t k = 0; k < m->n_keys; k++) {
        struct replay_param *p = &o->params[k];
        const char *k_key = m->keys[k].key;
        set_param(p, k_key, m->keys[k].standard);
        if (o->heap_trace && header->has_blocks &&
            recorded_value(header, k_key, p->value, sizeof p->value) &&
            !may_be(&m->keys[k], p->value))
            set_param(p, k_key, m->keys[k].standard);
        if (o->check && o->heap_trace && header->has_blocks &&
            strcmp(k_key, "quirks") == 0)
            set_param(p, k_key, "exact");
        for (uint32_t i = 0; i < n_given; i++) {
            if (strcmp(given[i].key, k_key) == 0)
                set_param(p, k_key, given[i].value);
        }
        int err = canonical(&m->keys[k], p->value, sizeof p->value, problem);
        if (err < 0)
            return err;
    }
    return 0;
}

/*
 * H from the areas, where they are said; else it must have been given. A
 * manager of one area gets the recorded ones as one.
 */
static int resolve_heap(struct replay_options *o,
                        const struct trace_header *header,
                        struct problem *problem)
{
    const char *areas = manager_value(o, "areas");
    if (areas != NULL && areas[0] != '\0') {
        uint64_t sum = 0;
        for (uint64_t bytes; (bytes = manager_next_size(&areas)) != 0;)
            sum += bytes;
        if (!o->heap_trace && o->heap_bytes != 0 && o->heap_bytes != sum)
            return problem_set(problem, ERR_INPUT,
                               "--set areas: they have %" PRIu64 " bytes, but "
                               "the heap is to have %" PRIu64,
                               sum, o->heap_bytes);
        o->heap_bytes = sum;
        return 0;
    }
    if (o->heap_trace) {
        if (header->n_areas == 0)
            return problem_set(problem, ERR_INPUT,
                               "--heap trace: the trace does not say how "
                               "large its heap was; give --heap BYTES");
        o->heap_bytes = header->areas[0].bytes;
        for (uint32_t i = 1; i < header->n_areas && areas == NULL; i++)
            o->heap_bytes += header->areas[i].bytes;
    }
    if (o->heap_bytes == 0)
        return problem_set(problem, ERR_INPUT,
                           "no heap size: give --heap BYTES");
    return 0;
}

static int resolve_window(struct replay_options *o, struct problem *problem)
{
    uint64_t needed = o->heap_bytes + manager_number(o, "outer_bytes", 0) +
                      (1u << 16); /* control block and rounding */
    if (o->window_bytes == 0)
        o->window_bytes = WINDOW_STANDARD;
    while (o->window_bytes < needed && o->window_bytes < WINDOW_MAX)
        o->window_bytes *= 2;
    if (needed > o->window_bytes)
        return problem_set(problem, ERR_INPUT,
                           "--heap: %" PRIu64 " bytes are more than a window "
                           "of %u bytes holds",
                           o->heap_bytes, WINDOW_MAX);
    return 0;
}

int replay_resolve(struct replay_options *o, const struct trace_header *header,
                   struct problem *problem)
{
    const struct manager *m = manager_find(o->manager);
    if (m == NULL)
        return problem_set(problem, ERR_INPUT,
                           "--manager %s: no such manager; the nearest is "
                           "'%s'",
                           o->manager, manager_nearest(o->manager));
    if (o->step_every != 0 && (m->capabilities & CAP_STEP) == 0)
        return problem_set(problem, ERR_INPUT,
                           "--steps: %s has no idle steps to take", m->name);
    int err = resolve_params(o, m, header, problem);
    if (err < 0)
        return err;
    struct manager_params params;
    m->params(o, &params);
    if (m->control_bytes != NULL && m->control_bytes(&params) == 0)
        return problem_set(problem, ERR_INPUT,
                           "--set: %s does not take all these values; "
                           "'fraglab managers %s' lists what it does",
                           m->name, m->name);
    err = resolve_heap(o, header, problem);
    return err < 0 ? err : resolve_window(o, problem);
}
