/* semispace.c - see semispace.h for the contract and the source. */
#include "core/semispace.h"
#include "core/collected.h"
#include "core/host.h"

/* ---- Setting up -------------------------------------------------------- */

static bool are_lawful(const struct semispace_params *p)
{
    return collected_is_block(p->block) && p->zero <= 1 && p->automatic <= 1;
}

uint32_t semispace_control_bytes(const struct semispace_params *p)
{
    if (!are_lawful(p))
        return 0;
    uint32_t bytes = sizeof(struct heap) + sizeof(struct semispace);
    return collected_control_bytes(bytes, p->block);
}

/* The half that begins at `start` is the current one, and empty. */
static void open_half(struct semispace *own, addr32 start)
{
    own->start = start;
    own->frontier = start;
    own->end = start + own->half_bytes;
    own->top = own->end;
    own->n_objects = 0;
}

/* What init and a soft reset have in common. */
static bool start_empty(struct heap *h)
{
    struct semispace *own = semispace_of(h);
    collected_begin(h, own->params.automatic, own->params.threshold);
    addr32 table = h->base + h->control_bytes;
    if (!area_setup_first(h, table, table + h->heap_bytes))
        return false;
    h->first.last_used = area_blocks(&h->first); /* nothing is behind it */
    own->half_bytes = area_blocks(&h->first) / 2 << h->block_shift;
    open_half(own, h->first.pool);
    return true;
}

uint32_t semispace_init(struct heap *h, addr32 base, uint32_t heap_bytes,
                        const struct semispace_params *p)
{
    uint32_t control_bytes = semispace_control_bytes(p);
    if (control_bytes == 0)
        return HEAP_BAD_PARAMETER;
    uint32_t error =
        collected_lay(h, base, control_bytes, heap_bytes, p->block);
    if (error != HEAP_OK)
        return error;
    h->manager = MANAGER_semispace;
    semispace_of(h)->params = *p;
    return start_empty(h) ? HEAP_OK : HEAP_TOO_SMALL;
}

/* ---- Collecting -------------------------------------------------------- */

/* What stays the same, and at hand, while one half is copied. */
struct copying {
    struct heap *h;
    struct semispace *own; /* of the half that is being filled            */
    uint32_t *table;
    addr32 from;  /* start of the half that is left                       */
    addr32 leaf;  /* its first leaf                                       */
    addr32 pool;  /* block 0                                              */
    uint32_t low; /* bits of an address that no object has                */
};

/* Copy the object of block `b` at `old`; returns its new address. */
static addr32 copy(const struct copying *c, addr32 old, uint32_t b)
{
    struct heap *h = c->h;
    struct semispace *own = c->own;
    uint32_t n_blocks = atab_object_blocks(c->table, b);
    uint32_t bytes = n_blocks << h->block_shift;
    addr32 new = own->frontier;
    if (old >= c->leaf)
        new = own->top -= bytes;
    else
        own->frontier += bytes;
    CORE_ASSERT(own->frontier <= own->top);
    own->n_objects++;

    atab_take(c->table, (new - c->pool) >> h->block_shift, n_blocks);
    __builtin_memcpy(word_at(h, new), word_at(h, old), bytes);
    atab_head_to_mark(c->table, b);
    *word_at(h, old) = new; /* for whoever else refers to it */
    return new;
}

/* What `word` is from now on: the object's new address, if it is a reference.
 */
static inline uint32_t forward(const struct copying *c, uint32_t word)
{
    if (word - c->from >= c->own->half_bytes || (word & c->low) != 0)
        return word;
    uint32_t b = (word - c->pool) >> c->h->block_shift;
    uint32_t kind = atab_get_kind(c->table, b);
    if (kind == ATAB_HEAD)
        return copy(c, word, b);
    return kind == ATAB_MARK ? *word_at(c->h, word) : word;
}

static void forward_roots(const struct copying *c)
{
    struct guest_roots *roots = heap_roots(c->h);
    uint32_t n_words = roots->n_precise + roots->n_held;
    for (uint32_t i = 0; i < n_words; i++)
        roots->word[i] = forward(c, roots->word[i]);
    c->own->moving = forward(c, c->own->moving);
}

/*
 * Cheney's queue is the new half itself: what lies behind `scan` waits. Most
 * words are no address of the old half, which is seen here.
 */
static void forward_words(const struct copying *c)
{
    addr32 from = c->from;
    uint32_t half_bytes = c->own->half_bytes;
    addr32 scan = c->own->start;
    while (scan != c->own->frontier) {
        for (addr32 end = c->own->frontier; scan != end; scan += 4) {
            uint32_t *word = word_at(c->h, scan);
            if (*word - from < half_bytes)
                *word = forward(c, *word);
        }
    }
}

static void collect(struct heap *h, uint32_t cause)
{
    struct semispace *own = semispace_of(h);
    CORE_ASSERT(h->phase == PHASE_IDLE);
    h->phase = PHASE_MOVE;
    h->n_collections++;
    h->last_cause = cause;
    uint32_t n_objects = own->n_objects;
    uint32_t used = own->half_bytes - (own->top - own->frontier);
    struct copying c = {.h = h,
                        .own = own,
                        .table = area_table(h, &h->first),
                        .from = own->start,
                        .leaf = own->top,
                        .pool = h->first.pool,
                        .low = h->block_bytes - 1};
    if (cause == CAUSE_ALL) {
        open_half(own, c.from);
    } else {
        h->given_blocks = 0;
        open_half(own, c.from == c.pool ? own->end : c.pool);
        forward_roots(&c);
        forward_words(&c);
    }
    atab_clear(c.table, (c.from - c.pool) >> h->block_shift,
               own->half_bytes >> h->block_shift);
    used -= own->half_bytes - (own->top - own->frontier);
    h->last_freed_objects = n_objects - own->n_objects;
    h->last_freed_blocks = used >> h->block_shift;
    h->phase = PHASE_IDLE;
}

uint32_t semispace_collect(struct heap *h, uint32_t kind)
{
    collect(h, kind == COLLECT_EVERYTHING ? CAUSE_ALL : CAUSE_ASKED);
    return h->last_freed_blocks << h->block_shift;
}

/* ---- Allocating -------------------------------------------------------- */

static addr32 refuse(struct heap *h, uint32_t why)
{
    h->refusal = why;
    return 0;
}

/* Make room for `bytes` bytes, by collecting if that may help. */
static bool make_room(struct heap *h, uint32_t bytes)
{
    const struct semispace *own = semispace_of(h);
    if (bytes > own->half_bytes)
        return false;
    bool may_collect = h->is_auto;
    if (may_collect && h->given_blocks >= h->threshold_blocks) {
        collect(h, CAUSE_THRESHOLD);
        may_collect = false;
    }
    if (bytes > own->top - own->frontier && may_collect)
        collect(h, CAUSE_FULL);
    return bytes <= own->top - own->frontier;
}

static inline void zero(struct heap *h, addr32 from, addr32 to)
{
    __builtin_memset(byte_at(h, from), 0, to - from);
}

/* `bytes` in whole blocks, as bytes; 0 for more than can be counted. */
static inline uint32_t round_up(const struct heap *h, uint32_t bytes)
{
    return (bytes + h->block_bytes - 1) & ~(h->block_bytes - 1);
}

addr32 semispace_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    struct semispace *own = semispace_of(h);
    uint32_t size = round_up(h, bytes);
    if (size == 0)
        return refuse(h, bytes == 0 ? REFUSAL_NONE : REFUSAL_LIMIT);
    if (h->lock_depth > 0)
        return refuse(h, REFUSAL_LOCKED);
    if (!make_room(h, size))
        return refuse(h, h->is_auto ? REFUSAL_FULL : REFUSAL_OFF);

    addr32 object = own->frontier;
    if ((flags & HEAP_LEAF) != 0)
        object = own->top -= size;
    else
        own->frontier += size;
    uint32_t n_blocks = size >> h->block_shift;
    atab_take(area_table(h, &h->first), area_block_of(h, &h->first, object),
              n_blocks);
    own->n_objects++;
    h->given_blocks += n_blocks;
    h->refusal = REFUSAL_NONE;
    zero(h, own->params.zero ? object : object + bytes, object + size);
    return object;
}

/* ---- Freeing and resizing ---------------------------------------------- */

/* Bytes of the object at `object`, which is one. */
static uint32_t size_of(struct heap *h, addr32 object)
{
    const struct area *a = &h->first;
    uint32_t b = area_block_of(h, a, object);
    return atab_object_blocks(area_table(h, a), b) << h->block_shift;
}

void semispace_free(struct heap *h, addr32 object)
{
    struct semispace *own = semispace_of(h);
    if (object == 0 || h->lock_depth > 0)
        return;
    uint32_t size = size_of(h, object);
    bool is_last = object + size == own->frontier;
    if (!is_last && object != own->top)
        return;

    atab_clear(area_table(h, &h->first), area_block_of(h, &h->first, object),
               size >> h->block_shift);
    own->n_objects--;
    if (is_last)
        own->frontier = object;
    else
        own->top += size;
}

/* The last object, of `old` bytes, becomes `size` bytes, which have room. */
static void resize_last(struct heap *h, addr32 object, uint32_t old,
                        uint32_t size)
{
    uint32_t *t = area_table(h, &h->first);
    uint32_t b = area_block_of(h, &h->first, object);
    uint32_t n_old = old >> h->block_shift;
    uint32_t n_new = size >> h->block_shift;
    if (n_new < n_old)
        atab_clear(t, b + n_new, n_old - n_new);
    else if (n_new > n_old)
        atab_extend(t, b + n_old, n_new - n_old);
    semispace_of(h)->frontier = object + size;
}

/* Allocate and copy; the old object has become garbage. */
static addr32 move(struct heap *h, addr32 object, uint32_t bytes, uint32_t old)
{
    struct semispace *own = semispace_of(h);
    uint32_t flags = object >= own->top ? HEAP_LEAF : 0;
    own->moving = object; /* keeps it alive meanwhile, and says where it is */
    addr32 to = semispace_alloc(h, bytes, flags);
    object = own->moving;
    own->moving = 0;
    if (to != 0)
        __builtin_memcpy(word_at(h, to), word_at(h, object), old);
    return to;
}

addr32 semispace_realloc(struct heap *h, addr32 object, uint32_t bytes,
                         bool may_move)
{
    const struct semispace *own = semispace_of(h);
    if (object == 0)
        return semispace_alloc(h, bytes, 0);
    if (bytes == 0)
        semispace_free(h, object);
    uint32_t size = round_up(h, bytes);
    if (size == 0)
        return refuse(h, bytes == 0 ? REFUSAL_NONE : REFUSAL_LIMIT);
    if (h->lock_depth > 0)
        return refuse(h, REFUSAL_LOCKED);

    uint32_t old = size_of(h, object);
    bool is_last = object + old == own->frontier;
    h->refusal = REFUSAL_NONE;
    if (is_last && size <= own->top - object) {
        resize_last(h, object, old, size);
        if (size > old)
            zero(h, object + (own->params.zero ? old : bytes), object + size);
        return object;
    }
    if (size <= old)
        return object;
    if (!may_move)
        return refuse(h, REFUSAL_IN_PLACE);
    return move(h, object, bytes, old);
}

uint32_t semispace_bytes(struct heap *h, addr32 object)
{
    const struct area *a = &h->first;
    if (object - a->pool >= area_blocks(a) << h->block_shift ||
        (object & (h->block_bytes - 1)) != 0)
        return 0;
    uint32_t b = area_block_of(h, a, object);
    if (atab_get_kind(area_table(h, a), b) != ATAB_HEAD)
        return 0;
    return size_of(h, object);
}

/* ---- Control and looking ----------------------------------------------- */

uint32_t semispace_control(struct heap *h, uint32_t what, uint32_t value)
{
    if (what != CONTROL_RESET)
        return collected_switch(h, what, value);
    collect(h, CAUSE_ALL);
    (void)start_empty(h);
    return HEAP_OK;
}

void semispace_info(struct heap *h, struct heap_info *info)
{
    const struct semispace *own = semispace_of(h);
    struct heap_cursor cursor = {0};
    struct heap_object object;
    *info = (struct heap_info){0};
    info->total_bytes = own->half_bytes;
    info->free_bytes = own->top - own->frontier;
    info->used_bytes = own->half_bytes - info->free_bytes;
    info->max_free = info->free_bytes >> h->block_shift;
    while (semispace_walk(h, &cursor, &object)) {
        info->n_objects++;
        info->n_one_block += object.n_blocks == 1;
        info->n_two_block += object.n_blocks == 2;
        if (object.n_blocks > info->max_block)
            info->max_block = object.n_blocks;
    }
}

bool semispace_area_info(struct heap *h, uint32_t index, struct area_info *info)
{
    const struct semispace *own = semispace_of(h);
    if (index != 0)
        return false;
    *info = (struct area_info){0};
    semispace_info(h, &info->blocks);
    info->start = h->first.table;
    info->table = h->first.table;
    info->table_bytes = h->first.table_bytes;
    info->pool = own->start;
    info->n_blocks = own->half_bytes >> h->block_shift;
    return true;
}

bool semispace_walk(struct heap *h, struct heap_cursor *cursor,
                    struct heap_object *object)
{
    const struct semispace *own = semispace_of(h);
    addr32 p = own->start + (cursor->block << h->block_shift);
    if (p == own->frontier)
        p = own->top;
    cursor->is_started = 1;
    if (p == own->end)
        return false;
    object->address = p;
    object->bytes = size_of(h, p);
    object->n_blocks = object->bytes >> h->block_shift;
    object->area = 0;
    object->block = (p - own->start) >> h->block_shift;
    object->flags = p >= own->top ? HEAP_LEAF : 0;
    cursor->block = object->block + object->n_blocks;
    return true;
}
