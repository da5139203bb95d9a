/*
 * wrong.c - outside managers that err at the third object, each in the way
 * that -DWRONG names: a bump allocator that never gives anything back
 */
#include <stdint.h>

#include "core/guest/abi.h"

enum wrong {
    OVERLAPS = 1,
    REPEATS,
    MISALIGNED,
    BELOW,
    BEHIND,
    FAR,
    SCRIBBLES, /* into the object before                                 */
    SCRAMBLES, /* loses contents when an object moves                    */
    LOOPS,
    FAULTS,
    RUNS_WILD, /* jumps into the heap                                    */
    EXITS,
    GENEROUS,   /* grants more than there is                              */
    SLOW_START, /* loops in guest_init                                    */
    POOR        /* a loop for large requests only: in a probe             */
};

static uint32_t next, end, last, n_calls;

static uint32_t *word(uint32_t address)
{
    return (uint32_t *)(uintptr_t)address;
}

static void loop(void)
{
    for (;;)
        __asm__ volatile("");
}

uint32_t guest_init(uint32_t window, uint32_t heap_bytes, uint32_t params)
{
    (void)params;
    if (WRONG == SLOW_START)
        loop();
    next = window;
    end = window + heap_bytes;
    return 0;
}

static uint32_t bump(uint32_t bytes)
{
    uint32_t size = (bytes + 3) / 4 * 4;
    if (size > end - next && WRONG != GENEROUS)
        return 0;
    last = next;
    next += size;
    return last;
}

/* What the third call answers. */
static uint32_t err(uint32_t before, uint32_t answer)
{
    switch (WRONG) {
    case OVERLAPS:
        return before + 4;
    case REPEATS:
        return before;
    case MISALIGNED:
        return answer + 2;
    case BELOW:
        return GUEST_WINDOW - 16;
    case BEHIND:
        return end;
    case FAR:
        return 0xfffffff0u;
    case SCRIBBLES:
        *word(before + 4) ^= 1;
        return answer;
    case LOOPS:
        loop();
        return 0;
    case FAULTS:
        return *word(0x90000000u);
    case RUNS_WILD:
        ((void (*)(void))(uintptr_t)(answer + 1))();
        return answer;
    case EXITS:
        *word(0xf0000008u) = 7;
        return answer;
    default:
        return answer;
    }
}

uint32_t guest_alloc(uint32_t bytes, uint32_t flags, uint32_t align)
{
    (void)flags;
    (void)align;
    uint32_t before = last;
    if (WRONG == POOR && bytes > 900)
        loop();
    uint32_t answer = bump(bytes);
    return ++n_calls == 3 ? err(before, answer) : answer;
}

void guest_free(uint32_t object)
{
    (void)object;
}

uint32_t guest_realloc(uint32_t object, uint32_t bytes, uint32_t flags)
{
    (void)flags;
    uint32_t copy = bump(bytes);
    for (uint32_t i = 0; copy != 0 && WRONG != SCRAMBLES && i < bytes; i += 4)
        *word(copy + i) = *word(object + i);
    return copy;
}
