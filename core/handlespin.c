/* handlespin.c - see handles.h: objects that stay. */
#include "core/handles.h"
#include "core/handleschunk.h"

/* The chunk at `c`, not pinned, says that it is. */
static void fasten(struct heap *h, addr32 c)
{
    uint32_t header = *word_at(h, c);
    *word_at(h, c) =
        (header >> 16) | ((header & HANDLES_LOW) == 0 ? 1u << 16 : 0);
}

/* The chunk of `handle`, which says that it is pinned, no longer does. */
static void unfasten(struct heap *h, struct handles *t, uint32_t handle)
{
    addr32 c = handles_chunk_of(h, handle);
    uint32_t header = *word_at(h, c);
    uint32_t index = handle / 4;
    if (header >> 16 != 0) {
        *handles_low(h, c - 4) = (handles_half)index;
        index = 0;
    }
    *word_at(h, c) = handles_header(header & HANDLES_LOW, index);
    if (t->scan == c)
        t->scan_handle = handle;
}

void handles_pin(struct heap *h, uint32_t handle)
{
    struct handles *t = handles_of(h);
    CORE_ASSERT(h->phase == PHASE_IDLE && !t->in_step);
    CORE_ASSERT(handles_is_valid(h, handle));
    if (t->moving == handle)
        handles_end_motion(h, t);
    addr32 c = handles_chunk_of(h, handle);
    if (!handles_header_is_pinned(*word_at(h, c)))
        fasten(h, c);
}

void handles_unpin(struct heap *h, uint32_t handle)
{
    struct handles *t = handles_of(h);
    CORE_ASSERT(h->phase == PHASE_IDLE && !t->in_step);
    if (handles_is_pinned(h, handle))
        unfasten(h, t, handle);
}
