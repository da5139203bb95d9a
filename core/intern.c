/* intern.c - see intern.h for the contract. */
#include "core/intern.h"
#include "core/host.h"

/* ---- Requests ---------------------------------------------------------- */

/* Zero the object's bytes from `from` on, if objects are zeroed. */
static void zero_from(struct heap *h, addr32 object, uint32_t from)
{
    uint32_t end = firstfit_bytes(h, object);
    if (intern_of(h)->params.zero && end > from)
        __builtin_memset(byte_at(h, object + from), 0, end - from);
}

static addr32 alloc_chunk(struct heap *h, uint32_t bytes, uint32_t flags)
{
    (void)flags; /* strings are for ever, but this heap has no end for them */
    return firstfit_alloc(h, bytes);
}

addr32 intern_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    static const struct stringpool_heap own = {alloc_chunk, firstfit_realloc};
    if ((flags & HEAP_INTERN) != 0 && bytes != 0)
        return stringpool_add(h, &intern_of(h)->pool, bytes, &own);
    addr32 object = firstfit_alloc(h, bytes);
    if (object != 0)
        zero_from(h, object, 0);
    return object;
}

void intern_free(struct heap *h, addr32 object)
{
    CORE_ASSERT(object == 0 || object != intern_of(h)->pool.chunk);
    firstfit_free(h, object);
}

addr32 intern_realloc(struct heap *h, addr32 object, uint32_t bytes,
                      bool may_move)
{
    CORE_ASSERT(object == 0 || object != intern_of(h)->pool.chunk);
    uint32_t old = object == 0 ? 0 : firstfit_bytes(h, object);
    addr32 to = firstfit_realloc(h, object, bytes, may_move);
    if (to != 0)
        zero_from(h, to, old);
    return to;
}

/* ---- Areas ------------------------------------------------------------- */

static bool are_lawful(const struct intern_params *p)
{
    return p->block >= 8 && p->block <= 64 &&
           (p->block & (p->block - 1)) == 0 && p->zero <= 1 &&
           p->chunk >= INTERN_CHUNK_MIN && p->chunk <= INTERN_CHUNK_MAX;
}

uint32_t intern_control_bytes(const struct intern_params *p)
{
    return are_lawful(p) ? sizeof(struct heap) + sizeof(struct intern) : 0;
}

/* The first area alone, empty. */
static bool start_empty(struct heap *h)
{
    addr32 start = h->base + h->control_bytes;
    intern_of(h)->pool = (struct stringpool){
        .first_bytes = intern_of(h)->params.chunk,
    };
    h->refusal = REFUSAL_NONE;
    return area_setup_first(h, start, start + h->heap_bytes);
}

uint32_t intern_init(struct heap *h, addr32 base, uint32_t heap_bytes,
                     const struct intern_params *p)
{
    uint32_t control_bytes = intern_control_bytes(p);
    if (control_bytes == 0)
        return HEAP_BAD_PARAMETER;
    addr32 start = base + control_bytes;
    if (base % 16 != 0 || start < base || start + heap_bytes < start)
        return HEAP_BAD_ADDRESS;

    __builtin_memset(h, 0, control_bytes);
    h->base = base;
    h->manager = MANAGER_intern;
    h->control_bytes = control_bytes;
    h->heap_bytes = heap_bytes;
    h->block_bytes = p->block;
    h->block_shift = (uint32_t)__builtin_ctz(p->block);
    h->next_area = 1;
    intern_of(h)->params = *p;
    return start_empty(h) ? HEAP_OK : HEAP_TOO_SMALL;
}

uint32_t intern_add_area(struct heap *h, addr32 address, uint32_t bytes)
{
    if (address < h->base + h->control_bytes || address % 16 != 0 ||
        address + bytes < address)
        return HEAP_BAD_ADDRESS;
    bool is_added = area_append(h, address, bytes, INTERN_AREA_SKIP);
    return is_added ? HEAP_OK : HEAP_TOO_SMALL;
}

uint32_t intern_control(struct heap *h, uint32_t what, uint32_t value)
{
    (void)value;
    if (what != CONTROL_RESET)
        return HEAP_BAD_PARAMETER;
    addr32 next = h->first.next;
    while (next != 0) {
        addr32 p = next;
        next = area_at(h, p)->next;
        (void)heap_more(h, MORE_GIVE, p);
    }
    (void)start_empty(h);
    return HEAP_OK;
}
