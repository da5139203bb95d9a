/*
 * tlsf_outside.c - fraglab's own tlsf as an outside manager, of which the
 * replay knows nothing: control block and heap are both in H
 */
#include "core/guest/abi.h"
#include "core/host.h"
#include "core/tlsf.h"

static struct heap *heap(void)
{
    return (struct heap *)(uintptr_t)GUEST_WINDOW;
}

/* Nobody gives it more than H. */
uint32_t heap_more(struct heap *h, uint32_t what, uint32_t value)
{
    (void)h;
    (void)what;
    (void)value;
    return 0;
}

const char guest_name[] = "tlsf";

uint32_t guest_init(uint32_t window, uint32_t heap_bytes, uint32_t params)
{
    const struct tlsf_params p = {.zero = 0, .align = 4, .max_area = 65536};
    (void)params;
    return tlsf_init(heap(), window, heap_bytes - tlsf_control_bytes(&p), &p);
}

uint32_t guest_alloc(uint32_t bytes, uint32_t flags, uint32_t align)
{
    (void)align;
    return tlsf_alloc(heap(), bytes, flags);
}

void guest_free(uint32_t object)
{
    tlsf_free(heap(), object);
}

uint32_t guest_realloc(uint32_t object, uint32_t bytes, uint32_t flags)
{
    return tlsf_realloc(heap(), object, bytes, (flags & 1) != 0);
}
