/*
 * intern_heap.h - one heap of core/intern for a suite of tests
 *
 * There is one at a time; it is checked when it is closed, and after each of
 * the operations below. A suite includes this once: it defines the core's
 * outward call.
 */
#ifndef TESTS_INTERN_HEAP_H
#define TESTS_INTERN_HEAP_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/host.h"
#include "core/intern.h"

#define BASE   UINT32_C(0x20010000)
#define WINDOW UINT32_C(0x20000)

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

/* Not called: area.c could, for heaps that have finalisers. */
void heap_on_finalise(struct heap *of, addr32 object)
{
    (void)of, (void)object;
}

static inline void open_with(struct intern_params p, uint32_t heap_bytes)
{
    free(h);
    h = aligned_alloc(64, WINDOW);
    memset(h, 0xa5, WINDOW); /* nothing may be read before it is written */
    n_given_back = 0;
    cr_assert(eq(u32, intern_init(h, BASE, heap_bytes, &p), HEAP_OK));
    cr_assert(eq(int, intern_check(h, BASE, WINDOW), 0));
}

static inline void open(uint32_t heap_bytes)
{
    open_with((struct intern_params)INTERN_DEFAULTS, heap_bytes);
}

static inline void close(void)
{
    if (h != NULL)
        cr_assert(eq(int, intern_check(h, BASE, WINDOW), 0));
    free(h);
    h = NULL;
}

static inline struct heap_info look(void)
{
    struct heap_info info;
    intern_info(h, &info);
    return info;
}

static inline const struct stringpool *pool(void)
{
    return &intern_of(h)->pool;
}

static inline addr32 alloc(uint32_t bytes)
{
    addr32 p = intern_alloc(h, bytes, 0);
    cr_assert(eq(int, intern_check(h, BASE, WINDOW), 0));
    return p;
}

static inline addr32 intern(uint32_t bytes)
{
    addr32 p = intern_alloc(h, bytes, HEAP_INTERN);
    cr_assert(eq(int, intern_check(h, BASE, WINDOW), 0));
    return p;
}

static inline void release(addr32 p)
{
    intern_free(h, p);
    cr_assert(eq(int, intern_check(h, BASE, WINDOW), 0));
}

#endif /* TESTS_INTERN_HEAP_H */
