/* few.c - an image with guest_alloc alone: a bump allocator without an end. */
#include <stdint.h>

#include "core/guest/abi.h"

static uint32_t next = GUEST_WINDOW;

uint32_t guest_alloc(uint32_t bytes, uint32_t flags, uint32_t align)
{
    (void)flags;
    (void)align;
    uint32_t answer = next;
    if (bytes > 1024 - (next - GUEST_WINDOW))
        return 0;
    next += (bytes + 3) / 4 * 4;
    return answer;
}
