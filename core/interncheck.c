/* interncheck.c - intern_check, which shares no code with what it checks. */
#include "core/areacheck.h"
#include "core/intern.h"

static int check_control(struct heap *h, addr32 base, uint32_t window_bytes)
{
    uint32_t control_bytes = sizeof(struct heap) + sizeof(struct intern);
    if (window_bytes < control_bytes || h->base != base ||
        h->manager != MANAGER_intern || h->control_bytes != control_bytes ||
        h->heap_bytes > window_bytes - control_bytes)
        return 1;
    const struct intern_params *p = &intern_of(h)->params;
    if ((p->block != 8 && p->block != 16 && p->block != 32 && p->block != 64) ||
        p->zero > 1 || p->chunk == 0 || p->chunk > INTERN_CHUNK_MAX ||
        h->block_bytes != p->block || h->block_shift > 6 ||
        UINT32_C(1) << h->block_shift != p->block || h->has_finalisers != 0)
        return 2;
    return 0;
}

/* The kind of block b, read from its two bits: 0 free, 1 head, 2 tail. */
static uint32_t kind_of(struct heap *h, const struct area *a, uint32_t b)
{
    return *byte_at(h, a->table + b / 4) >> 2 * (b % 4) & 3u;
}

/* Bytes of the object at `object` in area `a`; 0: none begins there. */
static uint32_t bytes_in(struct heap *h, const struct area *a, addr32 object)
{
    uint32_t n_blocks = 4 * a->table_bytes;
    uint32_t b = (object - a->pool) / h->block_bytes;
    if (object < a->pool || b >= n_blocks || object % h->block_bytes != 0 ||
        kind_of(h, a, b) != 1)
        return 0;
    uint32_t end = b + 1;
    while (end < n_blocks && kind_of(h, a, end) == 2)
        end++;
    return (end - b) * h->block_bytes;
}

static bool is_pool_right(struct heap *h)
{
    const struct intern *own = intern_of(h);
    const struct stringpool *s = &own->pool;
    if (s->first_bytes != own->params.chunk || own->unused != 0)
        return false;
    if (s->chunk == 0)
        return s->chunk_bytes == 0 && s->used_bytes == 0;
    uint32_t bytes = 0;
    const struct area *a = &h->first;
    for (uint32_t i = 0; i < h->n_areas; i++) {
        bytes += bytes_in(h, a, s->chunk);
        if (a->next != 0)
            a = (const struct area *)(const void *)word_at(h, a->next);
    }
    return bytes != 0 && bytes == s->chunk_bytes && s->used_bytes > 0 &&
           s->used_bytes <= bytes;
}

int intern_check(struct heap *h, addr32 base, uint32_t window_bytes)
{
    const struct areacheck known = {base, window_bytes, INTERN_AREA_SKIP};
    int broken = check_control(h, base, window_bytes);
    if (broken == 0)
        broken = areacheck(h, &known);
    if (broken != 0)
        return broken;
    return is_pool_right(h) ? 0 : 12;
}
