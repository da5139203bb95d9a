/* frame_model.c - what encoder and decoder of a frame predict (frame.h). */
#include "traces/frame.h"

#include <stdlib.h>
#include <string.h>

void frame_model_reset(struct frame_model *m, uint64_t base)
{
    m->newest = base;
    m->last_death = base;
    m->last_time = 0;
    m->subject = base;
    m->block_end = 0;
    m->block_area = 0;
    m->n_recent = 0;
    m->first_recent = FRAME_RECENT_ROOM;
    memset(m->known, 0, sizeof m->known);
    for (int i = 0; i < TRACE_N_HELD; i++)
        m->held[i].n = 0;
}

void frame_model_free(struct frame_model *m)
{
    for (int i = 0; i < TRACE_N_HELD; i++)
        free(m->held[i].ids);
}

void frame_learn_size(struct frame_model *m, uint64_t id, uint64_t bytes)
{
    struct frame_known *k = frame_slot(m, id);
    if (!k->is_used || k->id != id)
        *k = (struct frame_known){.id = id, .is_used = true};
    k->bytes = bytes;
    m->subject = id;
}

void frame_learn_block(struct frame_model *m, uint32_t area, uint32_t block)
{
    uint64_t block_bytes = m->block_bytes != 0 ? m->block_bytes : 16;
    uint64_t n_blocks = 1;
    struct frame_known *k = frame_recall(m, m->subject);
    if (k != NULL) {
        k->area = area;
        k->block = block;
        k->has_block = true;
        if (k->bytes > block_bytes)
            n_blocks = (k->bytes - 1) / block_bytes + 1;
    }
    m->block_area = area;
    m->block_end = (uint32_t)(block + n_blocks);
}

bool frame_learn_held(struct frame_model *m, uint8_t what, const uint64_t *ids,
                      size_t n)
{
    struct frame_list *list = &m->held[what];
    if (n > list->cap) {
        uint64_t *wider = realloc(list->ids, 2 * n * sizeof *wider);
        if (wider == NULL)
            return false;
        list->ids = wider;
        list->cap = 2 * n;
    }
    if (n > 0)
        memcpy(list->ids, ids, n * sizeof *ids);
    list->n = n;
    return true;
}
