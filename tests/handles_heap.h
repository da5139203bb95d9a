/*
 * handles_heap.h - one heap of core/handles.h for a suite of tests
 *
 * There is one at a time; it is checked when it is closed, and after each of
 * the operations below.
 */
#ifndef TESTS_HANDLES_HEAP_H
#define TESTS_HANDLES_HEAP_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/handles.h"

#define BASE   UINT32_C(0x20010000)
#define WINDOW UINT32_C(0x100000)

static struct heap *h;

static inline void check(void)
{
    cr_assert(eq(int, handles_check(h, BASE, WINDOW), 0));
}

static inline void open_with(struct handles_params p, uint32_t heap_bytes)
{
    free(h);
    h = aligned_alloc(64, WINDOW);
    memset(h, 0xa5, WINDOW); /* nothing may be read before it is written */
    cr_assert(eq(u32, handles_init(h, BASE, heap_bytes, &p), HEAP_OK));
    check();
}

/* Steps work whenever there is anything to do. */
static inline void open(uint32_t heap_bytes)
{
    struct handles_params p = HANDLES_DEFAULTS;
    p.start_bytes = 0;
    p.wait = 0;
    open_with(p, heap_bytes);
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
    handles_info(h, &info);
    return info;
}

static inline uint32_t alloc(uint32_t bytes)
{
    uint32_t handle = handles_alloc(h, bytes, 0);
    check();
    return handle;
}

static inline void release(uint32_t handle)
{
    handles_free(h, handle);
    check();
}

static inline uint32_t step(uint32_t units)
{
    uint32_t more = handles_step(h, units);
    check();
    return more;
}

static inline addr32 address(uint32_t handle)
{
    return handles_deref(h, handle, 0);
}

/* Fill an object with bytes that only it has, or see that it has them. */
static inline void fill(uint32_t handle, uint8_t seed)
{
    handles_touch(h, handle);
    for (uint32_t i = 0; i < handles_bytes(h, handle); i++)
        *byte_at(h, handles_deref(h, handle, i)) = (uint8_t)(seed + 37 * i);
}

static inline bool is_filled(uint32_t handle, uint32_t bytes, uint8_t seed)
{
    for (uint32_t i = 0; i < bytes; i++) {
        if (*byte_at(h, handles_deref(h, handle, i)) !=
            (uint8_t)(seed + 37 * i))
            return false;
    }
    return true;
}

#endif /* TESTS_HANDLES_HEAP_H */
