/* tlsf.c - see tlsf.h for the contract, the layout and the source. */
#include "core/tlsf.h"
#include "core/host.h"

/* Where the heads of the lists lie in the control block. */
#define LISTS_AT ((uint32_t)(sizeof(struct heap) + offsetof(struct tlsf, list)))

/* ---- Chunks ------------------------------------------------------------ */

static inline uint32_t *header_of(struct heap *h, addr32 p)
{
    return word_at(h, p - TLSF_HEADER);
}

/* The word of a free chunk that names it, seen from the chunk behind it. */
static inline uint32_t *name_before(struct heap *h, addr32 p)
{
    return word_at(h, p - TLSF_HEADER - 4);
}

/* Size of the chunk for a request; no overflow up to max_request. */
static inline uint32_t chunk_for(const struct tlsf *t, uint32_t bytes)
{
    uint32_t mask = t->params.align - 1;
    uint32_t size = (bytes + TLSF_HEADER + mask) & ~mask;
    return size < TLSF_CHUNK_MIN ? TLSF_CHUNK_MIN : size;
}

/* ---- Lists: their numbers, their bits, in and out ---------------------- */

/* k of tlsf.h: the logarithm of the width of size's class, in words. */
static inline uint32_t width_of(uint32_t size)
{
    return 24 - (uint32_t)__builtin_clz(size | 128);
}

/* The list in which a chunk of this size is kept. */
static inline uint32_t list_of(uint32_t size)
{
    uint32_t k = width_of(size);
    return (k << 5) + (size >> (k + 2));
}

/* The first list in which every chunk is at least this large. */
static inline uint32_t list_from(uint32_t size)
{
    uint32_t k = width_of(size);
    uint32_t below_next = (UINT32_C(4) << k) - 1;
    return (k << 5) + ((size + below_next) >> (k + 2));
}

/* Address of the control block's word that holds the head of list `i`. */
static inline addr32 slot_of(const struct heap *h, uint32_t i)
{
#if CORE_ON_TARGET
    addr32 base = (addr32)h; /* the same, and already in a register */
#else
    addr32 base = h->base;
#endif
    return base + LISTS_AT + 4 * i;
}

static inline void clear_bit(struct tlsf *t, uint32_t i)
{
    uint32_t row = i >> 5;
    uint32_t left = t->lists[row] & ~(UINT32_C(1) << (i & 31));
    t->lists[row] = left;
    if (left == 0)
        t->rows &= ~(UINT32_C(1) << row);
}

/* Put free chunk `p` at the head of its list. */
static inline void insert(struct heap *h, struct tlsf *t, addr32 p,
                          uint32_t size)
{
    uint32_t i = list_of(size);
    addr32 head = t->list[i];
    *word_at(h, p) = head;
    *word_at(h, p + 4) = slot_of(h, i);
    t->list[i] = p;
    if (head != 0) {
        *word_at(h, head + 4) = p; /* p's first word leads to it */
        return;
    }
    t->lists[i >> 5] |= UINT32_C(1) << (i & 31);
    t->rows |= UINT32_C(1) << (i >> 5);
}

/*
 * Take free chunk `p` out of its list. If it was alone, its slot is the list's
 * head, in the control block, and tells which list has become empty.
 */
static inline void take_out(struct heap *h, struct tlsf *t, addr32 p)
{
    addr32 next = *word_at(h, p);
    addr32 slot = *word_at(h, p + 4);
    *word_at(h, slot) = next;
    if (next != 0)
        *word_at(h, next + 4) = slot;
    else if (slot < h->pool_min)
        clear_bit(t, (slot - slot_of(h, 0)) >> 2);
}

/*
 * Take the first chunk out of the first list, from `i` on, that is not empty;
 * 0 if there is none.
 */
static inline addr32 take_from(struct heap *h, struct tlsf *t, uint32_t i)
{
    uint32_t row = i >> 5;
    uint32_t lists = t->lists[row] & (UINT32_MAX << (i & 31));
    if (lists == 0) {
        uint32_t rows = t->rows & (UINT32_MAX << 1 << row);
        if (rows == 0)
            return 0;
        row = (uint32_t)__builtin_ctz(rows);
        lists = t->lists[row];
    }
    i = (row << 5) + (uint32_t)__builtin_ctz(lists);
    addr32 p = t->list[i];
    addr32 next = *word_at(h, p);
    t->list[i] = next;
    if (next != 0)
        *word_at(h, next + 4) = slot_of(h, i);
    else
        clear_bit(t, i);
    return p;
}

/* ---- Splitting and joining --------------------------------------------- */

/* Bytes [p, p + size) become a free chunk between two used ones, of which the
 * second knows it already. */
static inline void make_free(struct heap *h, struct tlsf *t, addr32 p,
                             uint32_t size)
{
    *header_of(h, p) = size | TLSF_FREE;
    *name_before(h, p + size) = p;
    insert(h, t, p, size);
}

/*
 * Chunk `p`, in no list, of `have` bytes with a used one behind it that counts
 * it as free, becomes a used chunk of `size` bytes; the rest, if it can be a
 * chunk, becomes free. `flag` is p's own P.
 */
static inline void use(struct heap *h, struct tlsf *t, addr32 p, uint32_t have,
                       uint32_t size, uint32_t flag)
{
    CORE_ASSERT(have >= size);
    uint32_t rest = have - size;
    if (rest < TLSF_CHUNK_MIN) {
        *header_of(h, p) = have | flag;
        *header_of(h, p + have) &= ~TLSF_PREV_FREE;
        return;
    }
    *header_of(h, p) = size | flag;
    make_free(h, t, p + size, rest);
}

/* ---- Requests ---------------------------------------------------------- */

static addr32 refuse(struct heap *h, uint32_t bytes)
{
    h->refusal = bytes == 0              ? REFUSAL_NONE
                 : bytes > TLSF_AREA_MAX ? REFUSAL_LIMIT
                                         : REFUSAL_FULL;
    return 0;
}

/* Zero what object `p` has from byte `from` on. */
static void zero_from(struct heap *h, addr32 p, uint32_t from)
{
    __builtin_memset(byte_at(h, p + from), 0, tlsf_bytes(h, p) - from);
}

addr32 tlsf_alloc(struct heap *h, uint32_t bytes, uint32_t flags)
{
    struct tlsf *t = tlsf_of(h);
    (void)flags;
    if (bytes - 1 >= t->max_request) /* 0 is the largest */
        return refuse(h, bytes);
    uint32_t size = chunk_for(t, bytes);
    addr32 p = take_from(h, t, list_from(size));
    if (p == 0)
        return refuse(h, bytes);

    /* Before a free chunk is a used one: its header is size and F. */
    use(h, t, p, *header_of(h, p) - TLSF_FREE, size, 0);
    h->refusal = REFUSAL_NONE;
    if (t->params.zero)
        zero_from(h, p, 0);
    return p;
}

addr32 tlsf_alloc_aligned(struct heap *h, uint32_t bytes, uint32_t align)
{
    struct tlsf *t = tlsf_of(h);
    CORE_ASSERT(align != 0 && (align & (align - 1)) == 0);
    if (align <= t->params.align)
        return tlsf_alloc(h, bytes, 0);
    uint32_t slack = align + TLSF_CHUNK_MIN;
    if (bytes - 1 >= t->max_request || align >= TLSF_AREA_MAX ||
        bytes + slack > t->max_request)
        return refuse(h, bytes);
    uint32_t size = chunk_for(t, bytes);
    addr32 p = take_from(h, t, list_from(size + slack));
    if (p == 0)
        return refuse(h, bytes);

    uint32_t have = *header_of(h, p) - TLSF_FREE;
    addr32 object = (p + align - 1) & ~(align - 1);
    if (object - p != 0 && object - p < TLSF_CHUNK_MIN)
        object = (p + TLSF_CHUNK_MIN + align - 1) & ~(align - 1);
    uint32_t before = object - p;
    use(h, t, object, have - before, size, before == 0 ? 0 : TLSF_PREV_FREE);
    if (before != 0)
        make_free(h, t, p, before);
    h->refusal = REFUSAL_NONE;
    if (t->params.zero)
        zero_from(h, object, 0);
    return object;
}

/* In one piece: split by the compiler at its first test, it costs a jump. */
__attribute__((noinline)) void tlsf_free(struct heap *h, addr32 object)
{
    if (object == 0)
        return;
    struct tlsf *t = tlsf_of(h);
    addr32 p = object;
    uint32_t header = *header_of(h, p);
    uint32_t size = header & TLSF_SIZE;
    CORE_ASSERT((header & TLSF_FREE) == 0 && size >= TLSF_CHUNK_MIN);

    addr32 behind = p + size;
    uint32_t next = *header_of(h, behind);
    if ((next & TLSF_FREE) != 0) {
        take_out(h, t, behind);
        size += next - TLSF_FREE; /* its P is clear: p was used */
    } else {
        *header_of(h, behind) = next | TLSF_PREV_FREE;
    }
    if ((header & TLSF_PREV_FREE) != 0) {
        p = *name_before(h, p);
        take_out(h, t, p);
        size += *header_of(h, p) - TLSF_FREE;
    }
    make_free(h, t, p, size);
}

/* Can the chunk at `p`, alone or with a free one behind it, hold `size`? */
static bool resize_in_place(struct heap *h, struct tlsf *t, addr32 p,
                            uint32_t size)
{
    uint32_t header = *header_of(h, p);
    uint32_t have = header & TLSF_SIZE;
    addr32 behind = p + have;
    uint32_t next = *header_of(h, behind);
    bool is_free = (next & TLSF_FREE) != 0;
    uint32_t both = is_free ? have + next - TLSF_FREE : have;
    if (size > both)
        return false;
    if (size <= have && have - size < TLSF_CHUNK_MIN)
        return true; /* nothing to gain, nothing to cut off */

    if (is_free)
        take_out(h, t, behind);
    else
        *header_of(h, behind) = next | TLSF_PREV_FREE;
    use(h, t, p, both, size, header & TLSF_PREV_FREE);
    return true;
}

/* Allocate, copy all of the old object, free. */
static addr32 move(struct heap *h, addr32 object, uint32_t bytes)
{
    addr32 p = tlsf_alloc(h, bytes, 0);
    if (p == 0)
        return 0;
    __builtin_memcpy(word_at(h, p), word_at(h, object), tlsf_bytes(h, object));
    tlsf_free(h, object);
    return p;
}

addr32 tlsf_realloc(struct heap *h, addr32 object, uint32_t bytes,
                    bool may_move)
{
    struct tlsf *t = tlsf_of(h);
    if (object == 0)
        return tlsf_alloc(h, bytes, 0);
    if (bytes - 1 >= t->max_request) {
        if (bytes == 0)
            tlsf_free(h, object);
        return refuse(h, bytes);
    }
    uint32_t old = tlsf_bytes(h, object);
    if (resize_in_place(h, t, object, chunk_for(t, bytes))) {
        h->refusal = REFUSAL_NONE;
        if (t->params.zero && tlsf_bytes(h, object) > old)
            zero_from(h, object, old);
        return object;
    }
    if (!may_move) {
        h->refusal = REFUSAL_IN_PLACE;
        return 0;
    }
    return move(h, object, bytes);
}

/* ---- Areas ------------------------------------------------------------- */

static struct tlsf_area *area_at(struct heap *h, addr32 p)
{
    return p == 0 ? NULL : (struct tlsf_area *)(void *)word_at(h, p);
}

/* The bytes from `start` to `end`, as area `a`: where its chunks lie. */
static uint32_t lay_out(const struct tlsf *t, struct tlsf_area *a, addr32 start,
                        addr32 end)
{
    uint32_t mask = t->params.align - 1;
    a->chunk = (start + TLSF_HEADER + mask) & ~mask;
    a->end = end & ~mask;
    if (a->end < a->chunk || a->end - a->chunk < TLSF_CHUNK_MIN)
        return HEAP_TOO_SMALL;
    return end - start > t->params.max_area ? HEAP_TOO_LARGE : HEAP_OK;
}

/* All of area `a` becomes one free chunk. */
static void open_area(struct heap *h, const struct tlsf_area *a)
{
    *header_of(h, a->end) = TLSF_PREV_FREE;
    make_free(h, tlsf_of(h), a->chunk, a->end - a->chunk);
    if (a->chunk < h->pool_min)
        h->pool_min = a->chunk;
    if (a->end > h->pool_max)
        h->pool_max = a->end;
}

/* Nothing but the first area, empty; its place is known. */
static void start_empty(struct heap *h)
{
    struct tlsf *t = tlsf_of(h);
    t->rows = 0;
    __builtin_memset(t->lists, 0, sizeof t->lists);
    __builtin_memset(t->list, 0, 4 * 32 * t->n_rows);
    t->first.next = 0;
    h->n_areas = 1;
    h->refusal = REFUSAL_NONE;
    h->pool_min = t->first.chunk;
    h->pool_max = t->first.end;
    open_area(h, &t->first);
}

/* Rows for chunks smaller than `max_area`. */
static uint32_t rows_for(uint32_t max_area)
{
    return width_of(max_area - 4) + 2;
}

static bool are_lawful(const struct tlsf_params *p)
{
    return p->zero <= 1 && (p->align == 4 || p->align == 8 || p->align == 16) &&
           p->max_area >= TLSF_AREA_MIN && p->max_area <= TLSF_AREA_MAX &&
           (p->max_area & (p->max_area - 1)) == 0;
}

uint32_t tlsf_control_bytes(const struct tlsf_params *p)
{
    if (!are_lawful(p))
        return 0;
    uint32_t bytes = sizeof(struct heap) + sizeof(struct tlsf);
    return bytes + 4 * 32 * rows_for(p->max_area);
}

uint32_t tlsf_init(struct heap *h, addr32 base, uint32_t heap_bytes,
                   const struct tlsf_params *p)
{
    uint32_t control_bytes = tlsf_control_bytes(p);
    if (control_bytes == 0)
        return HEAP_BAD_PARAMETER;
    addr32 start = base + control_bytes;
    if (base % 16 != 0 || start < base || start + heap_bytes < start)
        return HEAP_BAD_ADDRESS;

    __builtin_memset(h, 0, control_bytes);
    h->base = base;
    h->manager = MANAGER_tlsf;
    h->control_bytes = control_bytes;
    h->heap_bytes = heap_bytes;
    h->block_bytes = 4;
    h->block_shift = 2;
    h->next_area = 1;
    struct tlsf *t = tlsf_of(h);
    t->params = *p;
    t->n_rows = rows_for(p->max_area);
    /* The smallest size of the last list, which is max_area / 64 wide. */
    t->max_request = p->max_area - p->max_area / 64 - TLSF_HEADER;
    uint32_t error = lay_out(t, &t->first, start, start + heap_bytes);
    if (error == HEAP_OK)
        start_empty(h);
    return error;
}

uint32_t tlsf_add_area(struct heap *h, addr32 address, uint32_t bytes)
{
    struct tlsf *t = tlsf_of(h);
    struct tlsf_area a = {0, h->next_area, 0, 0};
    if (address < h->base + h->control_bytes || address % 16 != 0 ||
        address + bytes < address)
        return HEAP_BAD_ADDRESS;
    if (bytes < sizeof a)
        return HEAP_TOO_SMALL;
    uint32_t error = lay_out(t, &a, address + sizeof a, address + bytes);
    if (error != HEAP_OK)
        return error;

    *area_at(h, address) = a;
    struct tlsf_area *last = &t->first;
    while (last->next != 0)
        last = area_at(h, last->next);
    last->next = address;
    h->n_areas++;
    h->next_area++;
    open_area(h, &a);
    return HEAP_OK;
}

uint32_t tlsf_remove_area(struct heap *h, addr32 address)
{
    struct tlsf *t = tlsf_of(h);
    struct tlsf_area *before = &t->first;
    while (before->next != 0 && before->next != address)
        before = area_at(h, before->next);
    if (address == 0 || before->next == 0)
        return HEAP_BAD_ADDRESS;

    struct tlsf_area *a = area_at(h, address);
    if (*header_of(h, a->chunk) != ((a->end - a->chunk) | TLSF_FREE))
        return HEAP_BUSY;
    take_out(h, t, a->chunk);
    before->next = a->next;
    h->n_areas--;
    return HEAP_OK;
}

uint32_t tlsf_control(struct heap *h, uint32_t what, uint32_t value)
{
    struct tlsf *t = tlsf_of(h);
    (void)value;
    if (what != CONTROL_RESET)
        return HEAP_BAD_PARAMETER;
    for (addr32 a = t->first.next; a != 0; a = area_at(h, a)->next)
        (void)heap_more(h, MORE_GIVE, a);
    start_empty(h);
    return HEAP_OK;
}
