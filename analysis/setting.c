/* setting.c - see setting.h. */
#include "analysis/setting.h"

#include <string.h>

int setting_read(struct replay_options *o, const char *text,
                 struct problem *problem)
{
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text)
        return problem_set(problem, ERR_INPUT, "--set %s: give key=value",
                           text);
    if (o->n_params == REPLAY_PARAMS_CAP)
        return problem_set(problem, ERR_INPUT,
                           "--set %s: more than %d parameters", text,
                           REPLAY_PARAMS_CAP);
    struct replay_param *p = &o->params[o->n_params++];
    if ((size_t)(equals - text) >= sizeof p->key ||
        strlen(equals + 1) >= sizeof p->value)
        return problem_set(problem, ERR_INPUT, "--set %s: too long", text);
    memcpy(p->key, text, (size_t)(equals - text));
    p->key[equals - text] = '\0';
    strcpy(p->value, equals + 1);
    return 0;
}
