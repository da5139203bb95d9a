/*
 * outer.c - the outer heap's entry points (abi.h): a tlsf heap of its own in
 * the window, from which the image's manager gets its areas
 */
#include "core/guest/abi.h"
#include "core/tlsf.h"

static inline struct heap *heap_at(uint32_t address)
{
    return (struct heap *)address;
}

uint32_t guest_outer_init(uint32_t heap, uint32_t bytes, uint32_t params)
{
    return tlsf_init(heap_at(heap), heap, bytes,
                     (const struct tlsf_params *)params);
}

uint32_t guest_outer_avail(uint32_t heap)
{
    return tlsf_avail(heap_at(heap));
}

uint32_t guest_outer_alloc(uint32_t heap, uint32_t bytes)
{
    return tlsf_alloc(heap_at(heap), bytes, 0);
}

void guest_outer_free(uint32_t heap, uint32_t object)
{
    tlsf_free(heap_at(heap), object);
}

uint32_t guest_outer_realloc(uint32_t heap, uint32_t object, uint32_t bytes,
                             uint32_t flags)
{
    return tlsf_realloc(heap_at(heap), object, bytes, (flags & 1) != 0);
}
