/* tlsflook.c - tlsf.h's info, area_info and walk: one pass over the chunks. */
#include "core/tlsf.h"

static const struct tlsf_area *area_at(struct heap *h, addr32 p)
{
    return p == 0 ? NULL : (struct tlsf_area *)(void *)word_at(h, p);
}

static uint32_t header_of(struct heap *h, addr32 p)
{
    return *word_at(h, p - TLSF_HEADER);
}

static void count_area(struct heap *h, const struct tlsf_area *a,
                       struct heap_info *info)
{
    info->total_bytes += a->end - a->chunk;
    for (addr32 p = a->chunk; p != a->end;) {
        uint32_t size = header_of(h, p) & TLSF_SIZE;
        uint32_t bytes = size - TLSF_HEADER;
        if ((header_of(h, p) & TLSF_FREE) != 0) {
            info->free_bytes += bytes;
            if (bytes / 4 > info->max_free)
                info->max_free = bytes / 4;
        } else {
            info->n_objects++;
            info->used_bytes += bytes;
            if (bytes / 4 > info->max_block)
                info->max_block = bytes / 4;
        }
        p += size;
    }
}

void tlsf_info(struct heap *h, struct heap_info *info)
{
    *info = (struct heap_info){0};
    const struct tlsf_area *a = &tlsf_of(h)->first;
    for (; a != NULL; a = area_at(h, a->next))
        count_area(h, a, info);
}

bool tlsf_area_info(struct heap *h, uint32_t index, struct area_info *info)
{
    struct tlsf_area *first = &tlsf_of(h)->first;
    addr32 start = h->base + h->control_bytes;
    const struct tlsf_area *a = first;
    for (uint32_t i = 0; i < index && a != NULL; i++) {
        start = a->next;
        a = area_at(h, start);
    }
    if (a == NULL)
        return false;

    *info = (struct area_info){0};
    count_area(h, a, &info->blocks);
    info->number = a->number;
    info->start = start;
    info->pool = a->chunk - TLSF_HEADER;
    info->n_blocks = (a->end - a->chunk) / 4;
    return true;
}

bool tlsf_walk(struct heap *h, struct heap_cursor *cursor,
               struct heap_object *object)
{
    const struct tlsf_area *a = &tlsf_of(h)->first;
    if (!cursor->is_started) {
        cursor->is_started = 1;
        cursor->area =
            h->base + (uint32_t)(sizeof *h + offsetof(struct tlsf, first));
    }
    for (; cursor->area != 0; cursor->area = a->next, cursor->block = 0) {
        a = area_at(h, cursor->area);
        for (addr32 p = a->chunk + 4 * cursor->block; p != a->end;) {
            uint32_t header = header_of(h, p);
            uint32_t size = header & TLSF_SIZE;
            object->address = p;
            object->block = (p - a->chunk) / 4;
            p += size;
            if ((header & TLSF_FREE) != 0)
                continue;
            object->bytes = size - TLSF_HEADER;
            object->n_blocks = object->bytes / 4;
            object->area = a->number;
            object->flags = 0;
            cursor->block = (p - a->chunk) / 4;
            return true;
        }
    }
    return false;
}
