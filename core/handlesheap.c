/* handlesheap.c - see handles.h: heaps are made, and reset. */
#include "core/handles.h"
#include "core/handleschunk.h"

/* All empty; what the parameters say is known. */
static void start_empty(struct heap *h)
{
    struct handles *t = handles_of(h);
    struct handles_params p = t->params;
    bool is_small = p.indices == 8;
    uint32_t size = is_small ? 2 : 4;
    uint32_t n_indices = is_small ? 256 : 65536;
    addr32 end = h->base + h->control_bytes + (h->heap_bytes & ~UINT32_C(3));
    h->refusal = REFUSAL_NONE;
    h->pool_min = h->base + h->control_bytes;
    h->pool_max = end - ((p.handles * size + 3) & ~UINT32_C(3));
    if (h->pool_max - h->base > HANDLES_WIDE_MAX)
        h->pool_max = h->base + HANDLES_WIDE_MAX;
    __builtin_memset(t, 0, sizeof *t);
    t->params = p;
    t->frontier = h->pool_min;
    handles_clear(h, t->frontier);
    for (uint32_t j = 0; j < HANDLES_LISTS; j++) {
        addr32 end_of_list = handles_end_of(h, j);
        t->list[j] = (struct handles_list){end_of_list, end_of_list};
    }
    t->table = is_small ? 0 : end - n_indices * size;
    t->halves = is_small ? end - n_indices * size : 0;
    bool is_plain = !is_small && !p.zero && !p.per_alloc;
    t->usual_request = is_plain ? HANDLES_REQUEST_MAX : 0;
    t->short_request = t->usual_request;
    t->issued = end;
    for (uint32_t i = 0; i < p.handles; i++) {
        uint32_t handle = handles_issue(h, t);
        handles_set_entry(h, t, handle, t->free_handle + 1);
        t->free_handle = handle;
    }
    t->start_gap = h->heap_bytes * (100 - p.start_bytes) / 100;
    t->start_issued = end - (n_indices - 1) * p.start_indices / 100 * size;
}

static bool are_lawful(const struct handles_params *p)
{
    return p->zero <= 1 && (p->indices == 8 || p->indices == 16) &&
           p->handles < UINT32_C(1) << p->indices && p->start_bytes <= 100 &&
           p->start_indices <= 100 && p->per_alloc <= HANDLES_REQUEST_MAX &&
           p->wait <= 1;
}

uint32_t handles_control_bytes(const struct handles_params *p)
{
    uint32_t bytes = sizeof(struct heap) + sizeof(struct handles);
    return are_lawful(p) ? (bytes + 15) / 16 * 16 : 0;
}

uint32_t handles_init(struct heap *h, addr32 base, uint32_t heap_bytes,
                      const struct handles_params *p)
{
    uint32_t control_bytes = handles_control_bytes(p);
    if (control_bytes == 0)
        return HEAP_BAD_PARAMETER;
    addr32 start = base + control_bytes;
    if (base % 16 != 0 || start < base || start + heap_bytes < start)
        return HEAP_BAD_ADDRESS;
    bool is_small = p->indices == 8;
    uint32_t aside = (p->handles * (is_small ? 2 : 4) + 3) & ~UINT32_C(3);
    if (heap_bytes < aside + 4 * (HANDLES_CHUNK_MIN + 1))
        return HEAP_TOO_SMALL;
    if (is_small ? control_bytes + heap_bytes > HANDLES_SMALL_MAX
                 : heap_bytes - aside > HANDLES_WIDE_MAX)
        return HEAP_TOO_LARGE;

    __builtin_memset(h, 0, control_bytes);
    h->base = base;
    h->manager = MANAGER_handles;
    h->control_bytes = control_bytes;
    h->heap_bytes = heap_bytes;
    h->block_bytes = 4;
    h->block_shift = 2;
    h->n_areas = 1;
    h->next_area = 1;
    struct handles *t = handles_of(h);
    t->params = *p;
    start_empty(h);
    return HEAP_OK;
}

uint32_t handles_control(struct heap *h, uint32_t what, uint32_t value)
{
    (void)value;
    if (what != CONTROL_RESET)
        return HEAP_BAD_PARAMETER;
    start_empty(h);
    return HEAP_OK;
}
