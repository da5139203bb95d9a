/*
 * twoended_heap.h - one heap of core/twoended.h with its roots and its outer
 * heap for a suite of tests
 *
 * There is one at a time; it is checked when it is closed. A suite includes
 * this once: it defines the core's outward calls.
 */
#ifndef TESTS_TWOENDED_HEAP_H
#define TESTS_TWOENDED_HEAP_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/host.h"
#include "core/twoended.h"
#include "tests/lab.h"

#define BASE      UINT32_C(0x20010000)
#define WINDOW    LAB_WINDOW
#define ROOTS_CAP 256

static struct heap *h;
static struct guest_roots *roots;
static struct outer outer;
static addr32 finalised[LAB_LOG_CAP]; /* in the order of their turns */
static uint32_t n_finalised;
static void (*finaliser)(addr32 object); /* what it does; may be null */

struct guest_roots *heap_roots(struct heap *of)
{
    cr_assert(eq(ptr, of, h));
    return roots;
}

uint32_t heap_more(struct heap *of, uint32_t what, uint32_t value)
{
    cr_assert(eq(ptr, of, h));
    return outer_more(&outer, what, value);
}

void heap_on_finalise(struct heap *of, addr32 object)
{
    cr_assert(eq(ptr, of, h));
    cr_assert(lt(u32, n_finalised, LAB_LOG_CAP));
    finalised[n_finalised++] = object;
    if (finaliser != NULL)
        finaliser(object);
}

static inline void close(void)
{
    if (h != NULL)
        cr_assert(eq(int, twoended_check(h, BASE, WINDOW), 0));
    free(h);
    free(roots);
    h = NULL;
    roots = NULL;
}

static inline void open_with(struct twoended_params p, uint32_t heap_bytes,
                             uint32_t outer_bytes)
{
    free(h);
    free(roots);
    h = aligned_alloc(64, WINDOW);
    memset(h, 0xa5, WINDOW); /* nothing may be read before it is written */
    roots = calloc(1, sizeof *roots + ROOTS_CAP * sizeof(uint32_t));
    roots->cap = ROOTS_CAP;
    n_finalised = 0;
    finaliser = NULL;
    cr_assert(eq(u32, twoended_init(h, BASE, heap_bytes, &p), HEAP_OK));
    uint32_t behind = BASE + h->control_bytes + heap_bytes;
    outer_open(&outer, (behind + 63) & ~63u, outer_bytes);
    cr_assert(eq(int, twoended_check(h, BASE, WINDOW), 0));
}

static inline void open(uint32_t heap_bytes)
{
    open_with((struct twoended_params)TWOENDED_DEFAULTS, heap_bytes, 0);
}

/* One more held word; answers the object. */
static inline addr32 hold(addr32 object)
{
    cr_assert(lt(u32, roots->n_held, ROOTS_CAP));
    roots->word[roots->n_held++] = object;
    return object;
}

static inline addr32 alloc_with(uint32_t bytes, uint32_t flags)
{
    addr32 p = twoended_alloc(h, bytes, flags);
    cr_assert(eq(int, twoended_check(h, BASE, WINDOW), 0));
    return p;
}

static inline addr32 alloc(uint32_t bytes)
{
    return alloc_with(bytes, 0);
}

static inline addr32 alloc_long(uint32_t bytes)
{
    return alloc_with(bytes, HEAP_LONG_LIVED);
}

static inline void release(addr32 p)
{
    twoended_free(h, p);
    cr_assert(eq(int, twoended_check(h, BASE, WINDOW), 0));
}

static inline struct heap_info look(void)
{
    struct heap_info info;
    twoended_info(h, &info);
    return info;
}

static inline uint32_t *word(addr32 p)
{
    return word_at(h, p);
}

#endif /* TESTS_TWOENDED_HEAP_H */
