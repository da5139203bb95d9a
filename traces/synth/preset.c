/* preset.c - see preset.h for the contract. */
#include "traces/synth/preset.h"

#include <inttypes.h>
#include <string.h>

#include "traces/nearest.h"

/* The longest word of a spec: a name, a key or a value. */
enum { WORD_CAP = 64 };

static const struct preset *const presets[] = {
    &preset_churn,         &preset_mpy_mix,     &preset_comb,
    &preset_wiki_question, &preset_identifiers,
};

enum { N_PRESETS = sizeof presets / sizeof presets[0] };

/* Copy the `n` characters at `from` as a string; false: they do not fit. */
static bool copy_word(char word[WORD_CAP], const char *from, size_t n)
{
    if (n >= WORD_CAP)
        return false;
    memcpy(word, from, n);
    word[n] = '\0';
    return true;
}

/* Read a decimal number; returns where it ends, null on none or overflow. */
static const char *read_number(const char *text, uint64_t *number)
{
    const char *p = text;
    *number = 0;
    for (; *p >= '0' && *p <= '9'; p++) {
        uint64_t digit = (uint64_t)(*p - '0');
        if (*number > (UINT64_MAX - digit) / 10)
            return 0;
        *number = *number * 10 + digit;
    }
    return p > text ? p : 0;
}

static bool read_count(const char *text, uint64_t thousand, uint64_t *value)
{
    const char *end = read_number(text, value);
    if (end == 0)
        return false;
    uint64_t factor = 1;
    if (*end == 'K' || *end == 'k')
        factor = thousand;
    else if (*end == 'M' || *end == 'm')
        factor = thousand * thousand;
    if (factor > 1)
        end++;
    if (*end != '\0' || *value > UINT64_MAX / factor)
        return false;
    *value *= factor;
    return true;
}

/* A decimal fraction of at most six places, in millionths. */
static bool read_share(const char *text, uint64_t *value)
{
    const char *p = *text == '.' ? text : read_number(text, value);
    if (p == 0 || *value > UINT32_MAX)
        return false;
    *value *= RNG_ONE;
    if (*p == '.') {
        p++;
        if (*p < '0' || *p > '9')
            return false;
        for (uint64_t unit = RNG_ONE / 10; *p >= '0' && *p <= '9'; p++) {
            *value += (uint64_t)(*p - '0') * unit;
            unit /= 10;
        }
    }
    return *p == '\0';
}

static bool read_value(const struct preset_key *key, const char *text,
                       uint64_t *value)
{
    switch (key->unit) {
    case PRESET_SHARE:
        return read_share(text, value);
    case PRESET_BYTES:
        return read_count(text, 1024, value);
    default:
        return read_count(text, 1000, value);
    }
}

static const char *unit_name(const struct preset_key *key)
{
    static const char *const names[] = {"number", "number of bytes",
                                        "decimal fraction"};
    return names[key->unit];
}

static int wrong_value(const struct preset *p, const struct preset_key *key,
                       const char *text, struct problem *problem)
{
    if (key->unit == PRESET_SHARE)
        return problem_set(
            problem, ERR_INPUT, "%s: %s=%s: not a decimal fraction of %g to %g",
            p->name, key->name, text, (double)key->least / RNG_ONE,
            (double)key->most / RNG_ONE);
    return problem_set(
        problem, ERR_INPUT, "%s: %s=%s: not a %s of %" PRIu64 " to %" PRIu64,
        p->name, key->name, text, unit_name(key), key->least, key->most);
}

static int set_value(const struct preset *p, size_t i, const char *text,
                     uint64_t *values, struct problem *problem)
{
    const struct preset_key *key = &p->keys[i];
    if (!read_value(key, text, &values[i]) || values[i] < key->least ||
        values[i] > key->most)
        return wrong_value(p, key, text, problem);
    return 0;
}

static int unknown_key(const struct preset *p, const char *word,
                       struct problem *problem)
{
    const char *names[PRESET_KEYS_CAP];
    size_t n = 0;
    while (n < PRESET_KEYS_CAP && p->keys[n].name != 0) {
        names[n] = p->keys[n].name;
        n++;
    }
    const char *near = nearest_name(word, names, n);
    if (near != 0)
        return problem_set(problem, ERR_INPUT,
                           "%s: unknown key '%s'; did you mean '%s'?", p->name,
                           word, near);
    return problem_set(problem, ERR_INPUT,
                       "%s: unknown key '%s'; see fraglab generate --list",
                       p->name, word);
}

/* Set the value that the `n` characters at `text`, key=value, ask for. */
static int read_setting(const struct preset *p, const char *text, size_t n,
                        uint64_t *values, uint32_t *seen,
                        struct problem *problem)
{
    char key[WORD_CAP];
    char value[WORD_CAP];
    const char *equals = memchr(text, '=', n);
    size_t n_key = equals != 0 ? (size_t)(equals - text) : 0;
    if (equals == 0 || !copy_word(key, text, n_key) ||
        !copy_word(value, equals + 1, n - n_key - 1))
        return problem_set(problem, ERR_INPUT, "%s: '%.*s' is not a key=value",
                           p->name, (int)(n < WORD_CAP ? n : WORD_CAP), text);

    for (size_t i = 0; i < PRESET_KEYS_CAP && p->keys[i].name != 0; i++) {
        if (strcmp(p->keys[i].name, key) != 0)
            continue;
        if (*seen >> i & 1)
            return problem_set(problem, ERR_INPUT, "%s: %s is set twice",
                               p->name, key);
        *seen |= UINT32_C(1) << i;
        return set_value(p, i, value, values, problem);
    }
    return unknown_key(p, key, problem);
}

/* Fill in the defaults, then what the settings behind the name say. */
static int read_settings(const struct preset *p, const char *settings,
                         uint64_t *values, struct problem *problem)
{
    for (size_t i = 0; i < PRESET_KEYS_CAP && p->keys[i].name != 0; i++) {
        int err = set_value(p, i, p->keys[i].fallback, values, problem);
        if (err < 0)
            return err;
    }
    uint32_t seen = 0;
    while (*settings != '\0') {
        size_t n = strcspn(settings, ",");
        int err = read_setting(p, settings, n, values, &seen, problem);
        if (err < 0)
            return err;
        settings += n;
        settings += *settings == ',';
    }
    return 0;
}

/* What the headers of all presets say. */
static void fill_header(struct synth *s, const struct preset *p,
                        const char *spec, const uint64_t *values)
{
    struct workload *w = &s->workload;
    struct trace_header *h = &w->header;
    snprintf(w->name, sizeof w->name, "%s", spec);
    h->version = TRACE_FORMAT_VERSION;
    snprintf(h->program, sizeof h->program, "%s", p->name);
    snprintf(h->source, sizeof h->source, "preset");
    snprintf(h->source_version, sizeof h->source_version, "1");
    h->word_bytes = 4;
    h->n_areas = 1;
    h->areas[0].bytes = (uint32_t)values[KEY_HEAP];
    rng_seed(&s->rng, values[KEY_SEED]);
    s->ops_left = values[KEY_OPS] > 0 ? values[KEY_OPS] : UINT64_MAX;
}

int preset_open(struct workload **out, const char *spec,
                struct problem *problem)
{
    size_t n_name = strcspn(spec, ":");
    const struct preset *p = 0;
    for (size_t i = 0; i < N_PRESETS; i++)
        if (strlen(presets[i]->name) == n_name &&
            memcmp(presets[i]->name, spec, n_name) == 0)
            p = presets[i];
    if (p == 0)
        return 1;

    uint64_t values[PRESET_KEYS_CAP] = {0};
    const char *settings = spec + n_name + (spec[n_name] == ':');
    int err = read_settings(p, settings, values, problem);
    if (err < 0)
        return err;

    struct synth *s = p->make(values, &err, problem);
    if (s == 0)
        return err;
    fill_header(s, p, spec, values);
    *out = &s->workload;
    return 0;
}

const struct preset *const *preset_list(size_t *n)
{
    *n = N_PRESETS;
    return presets;
}

const char *preset_nearest(const char *spec)
{
    char word[WORD_CAP];
    const char *names[N_PRESETS];
    for (size_t i = 0; i < N_PRESETS; i++)
        names[i] = presets[i]->name;
    if (!copy_word(word, spec, strcspn(spec, ":")))
        return 0;
    return nearest_name(word, names, N_PRESETS);
}
