/*
 * sides.h - one manager natively or as machine code, for suites that play the
 * same operations against both
 *
 * A manager that calls outwards is not for these suites: a finaliser's turn
 * fails, a wish for memory is not granted.
 */
#ifndef TESTS_SIDES_H
#define TESTS_SIDES_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>
#include <unistd.h>

#include "analysis/machine_config.h"
#include "sim/replay/target.h"

static inline void sides_no_finaliser(void *ctx, uint32_t address)
{
    (void)ctx;
    cr_assert(eq(u32, address, 0), "this manager calls no finaliser");
}

static inline uint32_t sides_no_more(void *ctx, uint32_t what, uint32_t value)
{
    (void)ctx, (void)what, (void)value;
    return 0;
}

/*
 * A heap of `heap_bytes` bytes of manager `name` with the parameters at `p`,
 * `n` bytes; on `machine` from `image`, or natively if that is null. Of the
 * window, `extent_bytes` are within the test's reach.
 */
static inline struct target *sides_open(const char *name, const char *image,
                                        const char *machine, const void *p,
                                        size_t n, uint32_t heap_bytes,
                                        uint32_t extent_bytes)
{
    struct problem problem = {""};
    struct target *t;
    struct machine_config config;
    struct manager_params words = {{0}};
    const struct manager *m = manager_find(name);
    int err;
    if (machine == NULL) {
        err = target_native_open(&t, m, 1u << 20, 0, 16, &problem);
    } else {
        err = machine_config_load(&config, machine, &problem);
        cr_assert(eq(int, err, 0), "%s", problem.text);
        config.regions[0].bytes = 4u << 20; /* more than the chip has */
        struct target_guest_options g = {image, &config};
        err = target_guest_open(&t, m, &g, 1u << 20, 0, 16, &problem);
    }
    cr_assert(eq(int, err, 0), "%s", problem.text);
    t->host = (struct target_host){NULL, sides_no_finaliser, sides_no_more};
    t->extent_bytes = extent_bytes;
    memcpy(&words, p, n);
    cr_assert(eq(u32, t->init(t, heap_bytes, &words), 0));
    return t;
}

/* Are all bytes within reach the same on both sides? */
static inline bool sides_are_equal(struct target *const sides[2])
{
    return memcmp(sides[0]->window, sides[1]->window, sides[0]->extent_bytes) ==
           0;
}

#endif /* TESTS_SIDES_H */
