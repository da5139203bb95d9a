/* handlespin.c - see handles.h: objects that stay, and moves given up. */
#include "core/handles.h"
#include "core/handleschunk.h"

/* The chunk of `handle`, which says that it is pinned, no longer does. */
void handles_unfasten(struct heap *h, struct handles *t, uint32_t handle)
{
    addr32 c = handles_chunk_of(h, handle);
    uint32_t header = *word_at(h, c);
    uint32_t index = handle / 4;
    if (header >> 16 != 0) {
        *word_at(h, c - 4) = (*word_at(h, c - 4) & ~HANDLES_LOW) | index;
        index = 0;
    }
    *word_at(h, c) = handles_header(header & HANDLES_LOW, index);
    if (t->scan == c)
        t->scan_handle = handle;
}

void handles_give_up_place(struct heap *h, struct handles *t)
{
    if (t->moving != HANDLES_GONE)
        handles_unfasten(h, t, t->moving);
    uint32_t header = *word_at(h, t->copy);
    t->moving = 0;
    handles_make_hole(h, t->copy, handles_words(header),
                      handles_is_behind_hole(header));
}

void handles_pin(struct heap *h, uint32_t handle)
{
    struct handles *t = handles_of(h);
    CORE_ASSERT(h->phase == PHASE_IDLE && !t->in_step);
    CORE_ASSERT(handles_is_valid(h, handle));
    if (t->moving == handle)
        handles_give_up_place(h, t);
    addr32 c = handles_chunk_of(h, handle);
    if (!handles_header_is_pinned(*word_at(h, c)))
        handles_fasten(h, c);
}

void handles_unpin(struct heap *h, uint32_t handle)
{
    struct handles *t = handles_of(h);
    CORE_ASSERT(h->phase == PHASE_IDLE && !t->in_step);
    if (handles_is_pinned(h, handle))
        handles_unfasten(h, t, handle);
}
