/*
 * copying_heap.h - one heap of core/copying.h for a suite of tests
 *
 * There is one at a time; it is checked when it is closed, and after each of
 * the operations below. A suite includes this once: it defines the core's
 * outward calls.
 */
#ifndef TESTS_COPYING_HEAP_H
#define TESTS_COPYING_HEAP_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/copying.h"
#include "core/host.h"

#define BASE   UINT32_C(0x20010000)
#define WINDOW UINT32_C(0x20000)

static struct heap *h;
static struct {
    struct guest_roots head;
    uint32_t word[512];
} roots;
static addr32 finalised[64];
static uint32_t n_finalised;
static addr32 victim; /* freed by the next finaliser; 0: none              */

struct guest_roots *heap_roots(struct heap *of)
{
    (void)of;
    return &roots.head;
}

void heap_on_finalise(struct heap *of, addr32 object)
{
    finalised[n_finalised++ % 64] = object;
    if (victim != 0)
        copying_free(of, victim);
    victim = 0;
}

uint32_t heap_more(struct heap *of, uint32_t what, uint32_t value)
{
    (void)of;
    (void)what;
    (void)value;
    return 0;
}

static inline void check(void)
{
    cr_assert(eq(int, copying_check(h, BASE, WINDOW), 0));
}

static inline void open_with(struct copying_params p, uint32_t heap_bytes)
{
    free(h);
    h = aligned_alloc(64, WINDOW);
    memset(h, 0xa5, WINDOW); /* nothing may be read before it is written */
    memset(&roots, 0, sizeof roots);
    n_finalised = 0;
    victim = 0;
    roots.head.cap = 512;
    cr_assert(eq(u32, copying_init(h, BASE, heap_bytes, &p), HEAP_OK));
    check();
}

static inline void open(uint32_t heap_bytes)
{
    open_with((struct copying_params)COPYING_DEFAULTS, heap_bytes);
}

static inline void close(void)
{
    if (h != NULL)
        check();
    free(h);
    h = NULL;
}

static inline struct heap_info look(void)
{
    struct heap_info info;
    copying_info(h, &info);
    return info;
}

/* Set the roots: `n` words, all held, and what of them may not move. */
static inline void hold(const addr32 *word, uint32_t n, const addr32 *pinned,
                        uint32_t n_pinned)
{
    roots.head.n_precise = 0;
    roots.head.n_held = n;
    roots.head.n_pinned = n_pinned;
    if (n > 0)
        memcpy(roots.word, word, n * sizeof *word);
    if (n_pinned > 0)
        memcpy(roots.word + n, pinned, n_pinned * sizeof *word);
}

/* An object of `bytes` bytes, every word of which is `fill`. */
static inline addr32 make(uint32_t bytes, uint32_t fill)
{
    addr32 p = copying_alloc(h, bytes, 0);
    check();
    for (uint32_t i = 0; p != 0 && i < bytes / 4; i++)
        word_at(h, p)[i] = fill;
    return p;
}

static inline void release(addr32 p)
{
    copying_free(h, p);
    check();
}

static inline uint32_t collect(void)
{
    uint32_t bytes = copying_collect(h, COLLECT_ORDINARY);
    check();
    return bytes;
}

static inline uint32_t *word(addr32 p)
{
    return word_at(h, p);
}

/* The block of the first area at which `p` lies. */
static inline uint32_t block(addr32 p)
{
    return (p - h->first.pool) / h->block_bytes;
}

#endif /* TESTS_COPYING_HEAP_H */
