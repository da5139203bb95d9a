/*
 * thumb_core.h - fixture: a Cortex-M with code put at BASE
 */
#ifndef TESTS_THUMB_CORE_H
#define TESTS_THUMB_CORE_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "sim/machine/thumb.h"
#include "tests/machines.h"

enum { BASE = 0x20000000, DATA = BASE + 0x1000 };

static struct machine *m;

static inline void open_core(const char *name)
{
    struct machine_config c = machines_config(name, false);
    m = machines_open(&c);
}

static inline void setup(void)
{
    open_core("cortex-m4");
}

static inline void teardown(void)
{
    machines_close(m);
}

/* Another core than the suite's. */
static inline void change_core(const char *name)
{
    machines_close(m);
    open_core(name);
}

/* Put halfwords at BASE and make ready to run them. */
static inline void code(const uint16_t *halves, uint32_t n)
{
    cr_assert(machine_poke(m, BASE, halves, 2 * n));
    machine_reset(m);
    m->pc = BASE;
    m->r[TH_SP] = BASE + 0x8000;
}

#define CODE(...)                                                              \
    code((const uint16_t[]){__VA_ARGS__}, sizeof((uint16_t[]){__VA_ARGS__}) / 2)

static inline void steps(int n)
{
    struct retired r = {0};
    while (n-- > 0)
        cr_assert(eq(int, machine_step(m, &r), MACHINE_RUNNING), "%s",
                  m->fault.what);
}

#endif /* TESTS_THUMB_CORE_H */
