/*
 * chains_heap.h - one heap of core/chains for a suite of tests
 *
 * There is one at a time; it is checked when it is closed, and after each of
 * the operations below. A suite includes this once: it defines the core's
 * outward call.
 */
#ifndef TESTS_CHAINS_HEAP_H
#define TESTS_CHAINS_HEAP_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/chains.h"
#include "core/host.h"

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

static inline void open_with(struct chains_params p, uint32_t heap_bytes)
{
    free(h);
    h = aligned_alloc(64, WINDOW);
    memset(h, 0xa5, WINDOW); /* nothing may be read before it is written */
    n_given_back = 0;
    cr_assert(eq(u32, chains_init(h, BASE, heap_bytes, &p), HEAP_OK));
    cr_assert(eq(int, chains_check(h, BASE, WINDOW), 0));
}

/* Blocks of 16 bytes, links of 2. */
static inline void open_as(uint32_t link, uint32_t heap_bytes)
{
    struct chains_params p = {.block = 16, .link = link, .index_bytes = 2};
    open_with(p, heap_bytes);
}

static inline void close(void)
{
    if (h != NULL)
        cr_assert(eq(int, chains_check(h, BASE, WINDOW), 0));
    free(h);
    h = NULL;
}

static inline struct heap_info look(void)
{
    struct heap_info info;
    chains_info(h, &info);
    return info;
}

static inline uint32_t n_free(void)
{
    return fixed_of(h)->n_free;
}

static inline addr32 alloc(uint32_t bytes)
{
    addr32 p = chains_alloc(h, bytes, 0);
    cr_assert(eq(int, chains_check(h, BASE, WINDOW), 0));
    return p;
}

static inline addr32 resize(addr32 p, uint32_t bytes)
{
    p = chains_realloc(h, p, bytes, false);
    cr_assert(eq(int, chains_check(h, BASE, WINDOW), 0));
    return p;
}

static inline void release(addr32 p)
{
    chains_free(h, p);
    cr_assert(eq(int, chains_check(h, BASE, WINDOW), 0));
}

/* Write `bytes` bytes made of `fill` into an object, and look for them. */
static inline void fill(addr32 p, uint32_t bytes, uint32_t fill)
{
    for (uint32_t i = 0; i < bytes; i++)
        *byte_at(h, chains_deref(h, p, i)) = (uint8_t)(fill + i * 7);
}

static inline bool is_filled(addr32 p, uint32_t bytes, uint32_t fill)
{
    for (uint32_t i = 0; i < bytes; i++) {
        if (*byte_at(h, chains_deref(h, p, i)) != (uint8_t)(fill + i * 7))
            return false;
    }
    return true;
}

#endif /* TESTS_CHAINS_HEAP_H */
