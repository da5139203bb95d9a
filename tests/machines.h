/*
 * machines.h - fixture: an ELF in a built-in machine
 */
#ifndef TESTS_MACHINES_H
#define TESTS_MACHINES_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

#include "analysis/machine_config.h"
#include "sim/machine/machine.h"

#define HAZARD3_GOLDEN "../shared/golden/hazard3/"

/* The configuration `name`; the general model counts when `is_clocked`. */
static inline struct machine_config machines_config(const char *name,
                                                    bool is_clocked)
{
    struct problem problem = {""};
    struct machine_config c;
    int err = machine_config_load(&c, name, &problem);
    cr_assert(err == 0, "%s", problem.text);
    if (is_clocked) {
        struct option_config *o = &c.options[c.n_options++];
        snprintf(o->key, sizeof o->key, "engine");
        snprintf(o->value, sizeof o->value, "clocked");
    }
    return c;
}

/* A machine of that configuration, on the heap: it is large. */
static inline struct machine *machines_open(const struct machine_config *c)
{
    struct machine_problem p = {""};
    struct machine *m = malloc(sizeof *m);
    cr_assert(m != NULL);
    int err = machine_open(m, c, &p);
    cr_assert(err == 0, "%s", p.text);
    return m;
}

static inline void machines_close(struct machine *m)
{
    machine_close(m);
    free(m);
}

#endif /* TESTS_MACHINES_H */
