/*
 * fit_heap.h - one heap of core/fit.h for a suite of tests
 *
 * There is one at a time; it is checked when it is closed, and after each of
 * the operations below. A suite includes this once: it defines the core's
 * outward call.
 */
#ifndef TESTS_FIT_HEAP_H
#define TESTS_FIT_HEAP_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/fit.h"
#include "core/host.h"

#define BASE   UINT32_C(0x20010000)
#define WINDOW UINT32_C(0x80000)

static struct heap *h;
static addr32 given_back[8]; /* areas, as heap_more was told */
static uint32_t n_given_back;

uint32_t heap_more(struct heap *of, uint32_t what, uint32_t value)
{
    (void)of;
    if (what == MORE_GIVE && n_given_back < 8)
        given_back[n_given_back++] = value;
    return 0;
}

/* Linked in with area.c; nothing has a finaliser. */
void heap_on_finalise(struct heap *of, addr32 object)
{
    (void)of;
    cr_assert(eq(u32, object, 0), "a finaliser was called");
}

static inline void open_with(struct fit_params p, uint32_t heap_bytes)
{
    free(h);
    h = aligned_alloc(64, WINDOW);
    memset(h, 0xa5, WINDOW); /* nothing may be read before it is written */
    n_given_back = 0;
    cr_assert(eq(u32, fit_init(h, BASE, heap_bytes, &p), HEAP_OK));
    cr_assert(eq(int, fit_check(h, BASE, WINDOW), 0));
}

/* Defaults but for the policy and the tags. */
static inline void open(uint32_t policy, uint32_t tags, uint32_t heap_bytes)
{
    struct fit_params p = FIT_DEFAULTS;
    p.policy = policy;
    p.tags = tags;
    open_with(p, heap_bytes);
}

static inline void close(void)
{
    if (h != NULL)
        cr_assert(eq(int, fit_check(h, BASE, WINDOW), 0));
    free(h);
    h = NULL;
}

static inline struct heap_info look(void)
{
    struct heap_info info;
    fit_info(h, &info);
    return info;
}

static inline addr32 alloc(uint32_t bytes)
{
    addr32 p = fit_alloc(h, bytes, 0);
    cr_assert(eq(int, fit_check(h, BASE, WINDOW), 0));
    return p;
}

static inline void release(addr32 p)
{
    fit_free(h, p);
    cr_assert(eq(int, fit_check(h, BASE, WINDOW), 0));
}

static inline uint32_t *word(addr32 p)
{
    return word_at(h, p);
}

#endif /* TESTS_FIT_HEAP_H */
