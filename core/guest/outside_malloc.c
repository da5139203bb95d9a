/*
 * outside_malloc.c - the toolchain's own malloc behind the entry points
 *
 * An adapter: whatever malloc, free and realloc the image is linked with
 * (newlib's, newlib-nano's, picolibc's), over a break that moves through the
 * window. No line of ours runs inside the allocator, and none beside it but
 * the jump to it. The build says which it is: -DOUTSIDE_NAME='"newlib"'.
 *
 * State     the library's variables lie in the image, not in the window: H
 *           is what the break may cover, and they are not part of it.
 */
#include <stddef.h>

#include "core/guest/abi.h"

void *malloc(size_t bytes);
void free(void *object);
void *realloc(void *object, size_t bytes);
size_t malloc_usable_size(void *object);
void *_sbrk(ptrdiff_t bytes);
void *sbrk(ptrdiff_t bytes);

const char guest_name[] = OUTSIDE_NAME;

/* The break, and where it stops: an image begins anew with its variables. */
static uint32_t break_now, break_end;

uint32_t guest_init(uint32_t window, uint32_t heap_bytes, uint32_t params)
{
    (void)params;
    break_now = window;
    break_end = window + heap_bytes;
    return 0;
}

/* Newlib calls it _sbrk. */
void *_sbrk(ptrdiff_t bytes)
{
    uint32_t before = break_now;
    uint32_t moved = before + (uint32_t)bytes;
    if (bytes >= 0 ? (uint32_t)bytes > break_end - before : moved > before)
        return (void *)UINTPTR_MAX;
    break_now = moved;
    return (void *)before;
}

/* Picolibc calls it sbrk. */
void *sbrk(ptrdiff_t bytes)
{
    return _sbrk(bytes);
}

uint32_t guest_alloc(uint32_t bytes, uint32_t flags, uint32_t align)
{
    (void)flags;
    (void)align;
    return (uint32_t)malloc(bytes);
}

void guest_free(uint32_t object)
{
    free((void *)object);
}

/* C's realloc may move. What must stay can grow into what it has anyway. */
uint32_t guest_realloc(uint32_t object, uint32_t bytes, uint32_t flags)
{
    if ((flags & 1) == 0)
        return bytes <= malloc_usable_size((void *)object) ? object : 0;
    return (uint32_t)realloc((void *)object, bytes);
}

void guest_nop(void)
{
}
