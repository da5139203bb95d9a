/* chains.c - see chains.h for the contract; links.c and spine.c do the work. */
#include "core/chains.h"
#include "core/links.h"
#include "core/spine.h"

static inline bool has_links(struct heap *h)
{
    return chains_of(h)->params.link == CHAINS_LIST;
}

/* ---- Requests ---------------------------------------------------------- */

static addr32 refuse(struct heap *h, uint32_t bytes)
{
    h->refusal = bytes == 0 ? REFUSAL_NONE : REFUSAL_FULL;
    return 0;
}

static uint32_t need_of(struct heap *h, uint32_t n_blocks)
{
    return has_links(h) ? n_blocks : spine_blocks(h, n_blocks);
}

/* Data block k of the object `i`, as an address. */
static addr32 piece_address(struct heap *h, uint32_t i, uint32_t k)
{
    uint32_t piece = has_links(h) ? links_piece(h, i, k) : spine_piece(h, i, k);
    return fixed_address(h, piece);
}

/* Zero data blocks `from` to `end` of object `i`, if objects are zeroed. A
 * chain is walked on from the block before. */
static void zero_blocks(struct heap *h, uint32_t i, uint32_t from, uint32_t end)
{
    if (!chains_of(h)->params.zero)
        return;
    uint32_t piece = has_links(h) && from < end ? links_piece(h, i, from) : 0;
    for (uint32_t k = from; k < end; k++) {
        if (!has_links(h))
            piece = spine_piece(h, i, k);
        else if (k > from)
            piece = links_piece(h, piece, 1);
        __builtin_memset(word_at(h, fixed_address(h, piece)), 0,
                         h->block_bytes);
    }
}

addr32 chains_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    (void)flags;
    if (bytes == 0)
        return refuse(h, bytes);
    uint32_t n = fixed_blocks(h, bytes);
    uint32_t i = has_links(h) ? links_take(h, n) : spine_take(h, n);
    if (i == 0)
        return refuse(h, bytes);
    zero_blocks(h, i, 0, n);
    h->refusal = REFUSAL_NONE;
    return fixed_address(h, i);
}

void chains_free(struct heap *h, addr32 object)
{
    if (object == 0)
        return;
    if (has_links(h))
        links_give(h, fixed_index(h, object));
    else
        spine_give(h, fixed_index(h, object));
}

addr32 chains_realloc(struct heap *h, addr32 object, uint32_t bytes,
                      bool may_move)
{
    (void)may_move;
    if (object == 0)
        return chains_alloc(h, bytes, 0);
    if (bytes == 0) {
        chains_free(h, object);
        return refuse(h, bytes);
    }
    uint32_t i = fixed_index(h, object);
    uint32_t n = fixed_blocks(h, bytes);
    uint32_t had;
    bool is_done = has_links(h) ? links_resize(h, i, n, &had)
                                : spine_resize(h, i, n, &had);
    if (!is_done)
        return refuse(h, bytes);
    zero_blocks(h, i, had, n);
    h->refusal = REFUSAL_NONE;
    return object;
}

addr32 chains_deref(struct heap *h, addr32 object, uint32_t byte)
{
    uint32_t k = byte >> h->block_shift;
    if (k == 0 && has_links(h))
        return object + byte;
    uint32_t rest = byte & (h->block_bytes - 1);
    return piece_address(h, fixed_index(h, object), k) + rest;
}

uint32_t chains_need(struct heap *h, uint32_t bytes)
{
    return need_of(h, fixed_blocks(h, bytes));
}

uint32_t chains_bytes(struct heap *h, addr32 object)
{
    uint32_t i = fixed_index(h, object);
    uint32_t n = has_links(h) ? links_count(h, i) : spine_count(h, i);
    return n << h->block_shift;
}

/* ---- Areas ------------------------------------------------------------- */

/* All blocks of area `a` become free. */
static void open_area(struct heap *h, const struct fixed_area *a)
{
    if (has_links(h))
        links_open(h, a);
    else
        spine_open(h, a);
}

static bool are_lawful(const struct chains_params *p)
{
    return (p->block == 16 || p->block == 32 || p->block == 64) &&
           p->zero <= 1 && p->link <= CHAINS_SPINE &&
           (p->index_bytes == 2 || p->index_bytes == 4);
}

uint32_t chains_control_bytes(const struct chains_params *p)
{
    return are_lawful(p) ? sizeof(struct heap) + sizeof(struct chains) : 0;
}

uint32_t chains_init(struct heap *h, addr32 base, uint32_t heap_bytes,
                     const struct chains_params *p)
{
    uint32_t control_bytes = chains_control_bytes(p);
    if (control_bytes == 0)
        return HEAP_BAD_PARAMETER;
    addr32 start = base + control_bytes;
    if (base % 16 != 0 || start < base || start + heap_bytes < start)
        return HEAP_BAD_ADDRESS;

    __builtin_memset(h, 0, control_bytes);
    h->base = base;
    h->manager = MANAGER_chains;
    h->control_bytes = control_bytes;
    h->heap_bytes = heap_bytes;
    h->block_bytes = p->block;
    h->block_shift = (uint32_t)__builtin_ctz(p->block);
    chains_of(h)->params = *p;
    struct fixed *f = fixed_of(h);
    f->table_bits = p->link == CHAINS_SPINE ? 2 : 8 * p->index_bytes;
    f->index_bytes = p->index_bytes;
    uint32_t error = fixed_open(h, start, start + heap_bytes);
    if (error == HEAP_OK)
        open_area(h, &f->first);
    return error;
}

uint32_t chains_add_area(struct heap *h, addr32 address, uint32_t bytes)
{
    const struct fixed_area *added;
    if (address < h->base + h->control_bytes || address % 16 != 0 ||
        address + bytes < address)
        return HEAP_BAD_ADDRESS;
    uint32_t error = fixed_append(h, address, bytes, &added);
    if (error == HEAP_OK)
        open_area(h, added);
    return error;
}

uint32_t chains_control(struct heap *h, uint32_t what, uint32_t value)
{
    (void)value;
    if (what != CONTROL_RESET)
        return HEAP_BAD_PARAMETER;
    fixed_close_all(h);
    open_area(h, &fixed_of(h)->first);
    h->refusal = REFUSAL_NONE;
    return HEAP_OK;
}
