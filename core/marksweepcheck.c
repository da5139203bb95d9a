/* marksweepcheck.c - see marksweep.h: is the heap in order? */
#include "core/areacheck.h"
#include "core/marksweep.h"

/* 1 to 3: the control block; what it says can be relied on afterwards. */
static int check_control(const struct heap *h, addr32 base,
                         uint32_t window_bytes)
{
    const struct marksweep *own = (const struct marksweep *)(h + 1);
    const struct marksweep_params *p = &own->params;
    uint32_t fixed = sizeof *h + sizeof *own;
    if (window_bytes < fixed || h->base != base ||
        h->manager != MANAGER_marksweep || h->control_bytes < fixed ||
        h->control_bytes > window_bytes ||
        h->heap_bytes > window_bytes - h->control_bytes)
        return 1;
    if (marksweep_control_bytes(p) != h->control_bytes ||
        own->mark.stack != base + fixed || own->mark.cap != p->mark_stack ||
        h->block_bytes != p->block || h->block_shift > 6 ||
        UINT32_C(1) << h->block_shift != p->block ||
        h->has_finalisers != p->finalisers || h->is_auto > 1)
        return 2;
    if (h->phase != PHASE_IDLE || own->mark.has_overflowed || own->moving != 0)
        return 3;
    return 0;
}

int marksweep_check(struct heap *h, addr32 base, uint32_t window_bytes)
{
    int broken = check_control(h, base, window_bytes);
    if (broken != 0)
        return broken;
    const struct areacheck known = {
        .base = base,
        .window_bytes = window_bytes,
        .skip = marksweep_of(h)->params.area_struct,
    };
    return areacheck(h, &known);
}
