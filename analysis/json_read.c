/* json_read.c - see json_read.h. */
#include "analysis/json_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "traces/nearest.h"

#define FILE_CAP (1u << 20) /* a larger file is no configuration */

/* The line of the text in which the parser gave up. */
static unsigned line_of(const char *text, const char *where)
{
    unsigned line = 1;
    for (const char *c = text; c < where && *c != '\0'; c++)
        line += *c == '\n';
    return line;
}

int json_read_file(char **text, const char *path, struct problem *problem)
{
    *text = NULL;
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return problem_set(problem, ERR_IO, "%s: %s", path, strerror(errno));
    char *to = malloc(FILE_CAP + 1);
    size_t n = to == NULL ? 0 : fread(to, 1, FILE_CAP + 1, f);
    int err = 0;
    if (to == NULL)
        err = problem_set(problem, ERR_MEMORY, "%s: out of memory", path);
    else if (ferror(f))
        err = problem_set(problem, ERR_IO, "%s: cannot be read", path);
    else if (n > FILE_CAP)
        err = problem_set(problem, ERR_INPUT, "%s: larger than 1 MiB", path);
    fclose(f);
    if (err < 0) {
        free(to);
        return err;
    }
    to[n] = '\0';
    *text = to;
    return 0;
}

int json_parse(cJSON **root, const char *file, const char *text,
               struct problem *problem)
{
    const char *end = text;
    *root = cJSON_ParseWithOpts(text, &end, 1);
    if (*root == NULL)
        return problem_set(problem, ERR_INPUT, "%s:%u: not JSON", file,
                           line_of(text, end));
    return 0;
}

/* What `value` is, in words of JSON. */
static const char *kind_of(const cJSON *value)
{
    if (cJSON_IsString(value))
        return *value->valuestring == '\0' ? "an empty string"
                                           : value->valuestring;
    if (cJSON_IsNumber(value))
        return "a number";
    if (cJSON_IsBool(value))
        return cJSON_IsTrue(value) ? "true" : "false";
    if (cJSON_IsArray(value))
        return "a list";
    return cJSON_IsObject(value) ? "an object" : "null";
}

int json_wrong(struct json_reader *r, const cJSON *value, const char *allowed)
{
    return problem_set(r->problem, ERR_INPUT, "%s: %s: found %.60s; %s",
                       r->file, r->path, kind_of(value), allowed);
}

/* The nearest of the known names, or all of them. */
static int unknown_key(struct json_reader *r, const char *key,
                       const char *const *names, size_t n)
{
    char allowed[256] = "";
    const char *near = nearest_name(key, names, n);
    if (near != NULL)
        return problem_set(r->problem, ERR_INPUT,
                           "%s: %s: unknown key; did you mean '%s'?", r->file,
                           r->path, near);
    for (size_t i = 0, used = 0; i < n && used < sizeof allowed; i++)
        used += (size_t)snprintf(allowed + used, sizeof allowed - used, "%s%s",
                                 i == 0 ? "" : ", ", names[i]);
    return problem_set(r->problem, ERR_INPUT,
                       "%s: %s: unknown key; allowed: %s", r->file, r->path,
                       allowed);
}

int json_object(struct json_reader *r, const cJSON *object,
                const struct json_key *keys)
{
    char path[JSON_PATH_CAP];
    const cJSON *member;
    if (!cJSON_IsObject(object))
        return json_wrong(r, object, "an object is needed");
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
        if (keys[n].name == NULL)
            return unknown_key(r, member->string, names, n);
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

int json_words(struct json_reader *r, const cJSON *value, char *out, size_t cap)
{
    if (!cJSON_IsString(value))
        return json_wrong(r, value, "a string is needed");
    if (strlen(value->valuestring) >= cap)
        return problem_set(r->problem, ERR_INPUT,
                           "%s: %s: longer than %zu characters", r->file,
                           r->path, cap - 1);
    snprintf(out, cap, "%s", value->valuestring);
    return 0;
}

int json_number(struct json_reader *r, const cJSON *value, uint32_t *out)
{
    static const char allowed[] =
        "a number from 0 to 4294967295 is needed, or a string like "
        "\"0x20000000\" or \"512K\"";
    if (cJSON_IsNumber(value)) {
        double d = value->valuedouble;
        if (!(d >= 0 && d <= 4294967295.0) || d != (double)(uint32_t)d)
            return json_wrong(r, value, allowed);
        *out = (uint32_t)d;
        return 0;
    }
    if (!cJSON_IsString(value) || value->valuestring[0] < '0' ||
        value->valuestring[0] > '9')
        return json_wrong(r, value, allowed);
    char *end;
    int base = strncasecmp(value->valuestring, "0x", 2) == 0 ? 16 : 10;
    errno = 0;
    unsigned long long n = strtoull(value->valuestring, &end, base);
    unsigned shift = *end == 'K' ? 10 : *end == 'M' ? 20 : 0;
    end += shift != 0;
    if (*end != '\0' || errno != 0 || n > 0xffffffffull >> shift)
        return json_wrong(r, value, allowed);
    *out = (uint32_t)(n << shift);
    return 0;
}

int json_choice(struct json_reader *r, const cJSON *value,
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
    return json_wrong(r, value, allowed);
}

int json_skip(struct json_reader *r, const cJSON *value)
{
    (void)r;
    (void)value;
    return 0;
}
