/*
 * semispace_heap.h - one heap of core/semispace.h and its roots for a suite of
 * tests
 *
 * There is one at a time; it is checked when it is closed. A suite includes
 * this once: it defines the core's outward calls.
 */
#ifndef TESTS_SEMISPACE_HEAP_H
#define TESTS_SEMISPACE_HEAP_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/host.h"
#include "core/semispace.h"

#define BASE      UINT32_C(0x20010000)
#define WINDOW    UINT32_C(0x10000)
#define ROOTS_CAP 64

static struct heap *h;
static struct guest_roots *roots;

struct guest_roots *heap_roots(struct heap *of)
{
    cr_assert(eq(ptr, of, h));
    return roots;
}

uint32_t heap_more(struct heap *of, uint32_t what, uint32_t value)
{
    (void)of, (void)what, (void)value;
    return 0;
}

/* Linked in with area.c; nothing has a finaliser. */
void heap_on_finalise(struct heap *of, addr32 object)
{
    (void)of;
    cr_assert(eq(u32, object, 0), "a finaliser was called");
}

static inline void close(void)
{
    if (h != NULL)
        cr_assert(eq(int, semispace_check(h, BASE, WINDOW), 0));
    free(h);
    free(roots);
    h = NULL;
    roots = NULL;
}

static inline void open_with(struct semispace_params p, uint32_t heap_bytes)
{
    free(h);
    free(roots);
    h = aligned_alloc(64, WINDOW);
    memset(h, 0xa5, WINDOW); /* nothing may be read before it is written */
    roots = calloc(1, sizeof *roots + ROOTS_CAP * sizeof(uint32_t));
    roots->cap = ROOTS_CAP;
    cr_assert(eq(u32, semispace_init(h, BASE, heap_bytes, &p), HEAP_OK));
    cr_assert(eq(int, semispace_check(h, BASE, WINDOW), 0));
}

static inline void open(uint32_t heap_bytes)
{
    open_with((struct semispace_params)SEMISPACE_DEFAULTS, heap_bytes);
}

/* One more held word; answers its place in roots->word. */
static inline uint32_t hold(addr32 object)
{
    cr_assert(lt(u32, roots->n_held, ROOTS_CAP));
    roots->word[roots->n_precise + roots->n_held] = object;
    return roots->n_precise + roots->n_held++;
}

static inline addr32 alloc(uint32_t bytes)
{
    addr32 p = semispace_alloc(h, bytes, 0);
    cr_assert(eq(int, semispace_check(h, BASE, WINDOW), 0));
    return p;
}

static inline addr32 leaf(uint32_t bytes)
{
    addr32 p = semispace_alloc(h, bytes, HEAP_LEAF);
    cr_assert(eq(int, semispace_check(h, BASE, WINDOW), 0));
    return p;
}

static inline struct heap_info look(void)
{
    struct heap_info info;
    semispace_info(h, &info);
    return info;
}

static inline uint32_t *word(addr32 p)
{
    return word_at(h, p);
}

#endif /* TESTS_SEMISPACE_HEAP_H */
