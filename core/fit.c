/* fit.c - see fit.h for the contract and the source. */
#include "core/fit.h"
#include "core/area.h"
#include "core/fitlayout.h"
#include "core/host.h"

static inline bool is_table(struct heap *h)
{
    return fit_of(h)->params.tags == FIT_TABLE;
}

/* ---- Setting up ------------------------------------------------------- */

static bool are_lawful(const struct fit_params *p)
{
    return p->policy < FIT_POLICY_N && p->tags <= FIT_INLINE && p->zero <= 1 &&
           (p->block == 8 || p->block == 16 || p->block == 32 ||
            p->block == 64) &&
           (p->tag == 4 || p->tag == 8) &&
           (p->align == 4 || p->align == 8 || p->align == 16);
}

/* What H and the window must begin at a multiple of. */
static uint32_t unit_of(const struct fit_params *p)
{
    return p->tags == FIT_TABLE && p->block > 16 ? p->block : 16;
}

uint32_t fit_control_bytes(const struct fit_params *p)
{
    if (!are_lawful(p))
        return 0;
    uint32_t mask = unit_of(p) - 1;
    return ((uint32_t)(sizeof(struct heap) + sizeof(struct fit)) + mask) &
           ~mask;
}

static bool start_empty(struct heap *h)
{
    h->refusal = REFUSAL_NONE;
    return is_table(h) ? fittable_start(h) : fitinline_start(h);
}

uint32_t fit_init(struct heap *h, addr32 base, uint32_t heap_bytes,
                  const struct fit_params *p)
{
    uint32_t control_bytes = fit_control_bytes(p);
    if (control_bytes == 0)
        return HEAP_BAD_PARAMETER;
    addr32 start = base + control_bytes;
    if (base % unit_of(p) != 0 || start < base || start + heap_bytes < start)
        return HEAP_BAD_ADDRESS;
    if (heap_bytes > FIT_REQUEST_MAX)
        return HEAP_TOO_LARGE;

    uint32_t unit = p->tags == FIT_TABLE ? p->block : 4;
    __builtin_memset(h, 0, control_bytes);
    h->base = base;
    h->manager = MANAGER_fit;
    h->control_bytes = control_bytes;
    h->heap_bytes = heap_bytes;
    h->block_bytes = unit;
    h->block_shift = (uint32_t)__builtin_ctz(unit);
    h->next_area = 1;
    fit_of(h)->params = *p;
    return start_empty(h) ? HEAP_OK : HEAP_TOO_SMALL;
}

/* ---- Requests ---------------------------------------------------------- */

uint32_t fit_bytes(struct heap *h, addr32 object)
{
    return is_table(h) ? fittable_bytes(h, object) : fitinline_bytes(h, object);
}

static addr32 refuse(struct heap *h, uint32_t why)
{
    h->refusal = why;
    return 0;
}

/* Zero what object `p` has from byte `from` on. */
static void zero_from(struct heap *h, addr32 p, uint32_t from)
{
    __builtin_memset(byte_at(h, p + from), 0, fit_bytes(h, p) - from);
}

addr32 fit_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    (void)flags;
    if (bytes - 1 >= FIT_REQUEST_MAX) /* 0 is the largest */
        return refuse(h, bytes == 0 ? REFUSAL_NONE : REFUSAL_LIMIT);
    addr32 p = is_table(h) ? fittable_take(h, bytes) : fitinline_take(h, bytes);
    if (p == 0)
        return refuse(h, REFUSAL_FULL);
    h->refusal = REFUSAL_NONE;
    if (fit_of(h)->params.zero)
        zero_from(h, p, 0);
    return p;
}

void fit_free(struct heap *h, addr32 object)
{
    if (object == 0)
        return;
    if (is_table(h))
        fittable_give(h, object);
    else
        fitinline_give(h, object);
}

/* Allocate, copy all of the old object, free. */
static addr32 move(struct heap *h, addr32 object, uint32_t bytes)
{
    addr32 p = fit_alloc(h, bytes, 0);
    if (p == 0)
        return 0;
    __builtin_memcpy(word_at(h, p), word_at(h, object), fit_bytes(h, object));
    fit_free(h, object);
    return p;
}

addr32 fit_realloc(struct heap *h, addr32 object, uint32_t bytes, bool may_move)
{
    if (object == 0)
        return fit_alloc(h, bytes, 0);
    if (bytes == 0)
        fit_free(h, object);
    if (bytes - 1 >= FIT_REQUEST_MAX)
        return refuse(h, bytes == 0 ? REFUSAL_NONE : REFUSAL_LIMIT);

    uint32_t old = fit_bytes(h, object);
    bool stays = is_table(h) ? fittable_resize(h, object, bytes)
                             : fitinline_resize(h, object, bytes);
    if (!stays)
        return may_move ? move(h, object, bytes) : refuse(h, REFUSAL_IN_PLACE);
    h->refusal = REFUSAL_NONE;
    if (fit_of(h)->params.zero && fit_bytes(h, object) > old)
        zero_from(h, object, old);
    return object;
}

/* ---- Areas, control, looking -------------------------------------------- */

uint32_t fit_add_area(struct heap *h, addr32 address, uint32_t bytes)
{
    if (address < h->base + h->control_bytes || address % 16 != 0 ||
        address + bytes < address)
        return HEAP_BAD_ADDRESS;
    if (bytes > FIT_REQUEST_MAX)
        return HEAP_TOO_LARGE;
    if (!is_table(h))
        return fitinline_add_area(h, address, bytes);
    bool is_added = area_append(h, address, bytes, FIT_AREA_BYTES);
    return is_added ? HEAP_OK : HEAP_TOO_SMALL;
}

uint32_t fit_control(struct heap *h, uint32_t what, uint32_t value)
{
    (void)value;
    if (what != CONTROL_RESET)
        return HEAP_BAD_PARAMETER;
    /* Both kinds of descriptors begin with the address of the next one. */
    addr32 a = is_table(h) ? h->first.next : fitinline_second_area(h);
    while (a != 0) {
        addr32 next = *word_at(h, a);
        (void)heap_more(h, MORE_GIVE, a);
        a = next;
    }
    (void)start_empty(h);
    return HEAP_OK;
}

void fit_info(struct heap *h, struct heap_info *info)
{
    if (is_table(h))
        area_heap_info(h, info);
    else
        fitinline_info(h, info);
}

bool fit_area_info(struct heap *h, uint32_t index, struct area_info *info)
{
    return is_table(h) ? area_get_info(h, index, FIT_AREA_BYTES, info)
                       : fitinline_area_info(h, index, info);
}

bool fit_walk(struct heap *h, struct heap_cursor *cursor,
              struct heap_object *object)
{
    return is_table(h) ? area_walk(h, cursor, object)
                       : fitinline_walk(h, cursor, object);
}
