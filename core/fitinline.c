/* fitinline.c - see fit.h: the classics on boundary tags. */
#include "core/fitlayout.h"

/* ---- Tags and links ----------------------------------------------------- */

static inline uint32_t *header_of(struct heap *h, addr32 p)
{
    return word_at(h, p - 4);
}

/* The tag at the end of the chunk before p, if it has one. */
static inline uint32_t *tag_before(struct heap *h, addr32 p)
{
    return word_at(h, p - 8);
}

static inline uint32_t size_of(struct heap *h, addr32 p)
{
    return *header_of(h, p) & FIT_SIZE;
}

static inline bool is_free(struct heap *h, addr32 p)
{
    return (*header_of(h, p) & FIT_FREE) != 0;
}

static inline uint32_t *next_of(struct heap *h, addr32 p)
{
    return word_at(h, p);
}

static inline uint32_t *prev_of(struct heap *h, addr32 p)
{
    return word_at(h, p + 4);
}

/* Size of the chunk for a request. */
static inline uint32_t chunk_for(const struct fit *f, uint32_t bytes)
{
    uint32_t mask = f->params.align - 1;
    uint32_t size = (bytes + f->params.tag + mask) & ~mask;
    return size < FIT_CHUNK_MIN ? FIT_CHUNK_MIN : size;
}

static inline bool is_free_before(struct heap *h, const struct fit *f, addr32 p)
{
    if (f->params.tag == 4)
        return (*header_of(h, p) & FIT_PREV_FREE) != 0;
    return (*tag_before(h, p) & FIT_FREE) != 0;
}

/* A free chunk has no free neighbour, so P is clear in its own header. */
static void tag_free(struct heap *h, const struct fit *f, addr32 p,
                     uint32_t size)
{
    *header_of(h, p) = size | FIT_FREE;
    *tag_before(h, p + size) = size | FIT_FREE;
    if (f->params.tag == 4)
        *header_of(h, p + size) |= FIT_PREV_FREE;
}

/* `prev` is P: what the header says, or 0 with tags at both ends. */
static void tag_used(struct heap *h, const struct fit *f, addr32 p,
                     uint32_t size, uint32_t prev)
{
    *header_of(h, p) = size | prev;
    if (f->params.tag == 8)
        *tag_before(h, p + size) = size;
    else
        *header_of(h, p + size) &= ~FIT_PREV_FREE;
}

static inline void link_between(struct heap *h, addr32 prev, addr32 p,
                                addr32 next)
{
    *next_of(h, p) = next;
    *prev_of(h, p) = prev;
    *next_of(h, prev) = p;
    *prev_of(h, next) = p;
}

static inline void take_out(struct heap *h, addr32 p)
{
    addr32 next = *next_of(h, p);
    addr32 prev = *prev_of(h, p);
    *next_of(h, prev) = next;
    *prev_of(h, next) = prev;
}

/* Free chunk `p` at the place of `old`, which is none any more. */
static inline void put_for(struct heap *h, addr32 old, addr32 p)
{
    addr32 next = *next_of(h, old);
    addr32 prev = *prev_of(h, old);
    link_between(h, prev, p, next);
}

/* The first free chunk from `p` upwards, or the end of p's area. */
static addr32 hole_from(struct heap *h, addr32 p)
{
    for (;;) {
        uint32_t header = *header_of(h, p);
        uint32_t size = header & FIT_SIZE;
        if ((header & FIT_FREE) != 0 || size == 0)
            return p;
        p += size;
    }
}

/* `gone` is no chunk any more; `p` is where a search goes on instead. */
static inline void move_rover(struct fit *f, addr32 gone, addr32 p)
{
    if (f->rover == gone)
        f->rover = p;
}

/* ---- The four policies ------------------------------------------------- */

static addr32 find_first(struct heap *h, addr32 head, uint32_t size)
{
    addr32 p = *next_of(h, head);
    while (p != head && *header_of(h, p) < size)
        p = *next_of(h, p);
    return p == head ? 0 : p;
}

static addr32 find_next(struct heap *h, addr32 rover, uint32_t size)
{
    addr32 start = hole_from(h, rover);
    addr32 p = start;
    do {
        if (*header_of(h, p) >= size)
            return p;
        p = *next_of(h, p);
    } while (p != start);
    return 0;
}

static addr32 find_best(struct heap *h, addr32 head, uint32_t size)
{
    addr32 best = 0;
    uint32_t shortest = UINT32_MAX;
    for (addr32 p = *next_of(h, head); p != head; p = *next_of(h, p)) {
        uint32_t have = *header_of(h, p);
        if (have < size || have >= shortest)
            continue;
        best = p;
        shortest = have;
        if (have == (size | FIT_FREE))
            break;
    }
    return best;
}

static addr32 find_worst(struct heap *h, addr32 head, uint32_t size)
{
    addr32 worst = 0;
    uint32_t longest = size - 1;
    for (addr32 p = *next_of(h, head); p != head; p = *next_of(h, p)) {
        uint32_t have = *header_of(h, p);
        if (have > longest) {
            worst = p;
            longest = have;
        }
    }
    return worst;
}

/*
 * A header is compared as it is: its flags are worth less than the difference
 * of two sizes, F is set in all that are free, and an end's is below any size.
 */
static addr32 find(struct heap *h, const struct fit *f, uint32_t size)
{
    switch (f->params.policy) {
    case FIT_FIRST:
        return find_first(h, f->head, size);
    case FIT_NEXT:
        return find_next(h, f->rover, size);
    case FIT_BEST:
        return find_best(h, f->head, size);
    default:
        return find_worst(h, f->head, size);
    }
}

/* ---- Placing, freeing, resizing ---------------------------------------- */

addr32 fitinline_take(struct heap *h, uint32_t bytes)
{
    struct fit *f = fit_of(h);
    uint32_t size = chunk_for(f, bytes);
    addr32 p = find(h, f, size);
    if (p == 0)
        return 0;

    uint32_t have = size_of(h, p);
    if (have - size < FIT_CHUNK_MIN) { /* the rest stays with the object */
        size = have;
        take_out(h, p);
        tag_used(h, f, p, size, 0);
    } else {
        put_for(h, p, p + size);
        tag_used(h, f, p, size, 0);
        tag_free(h, f, p + size, have - size);
    }
    if (f->params.policy == FIT_NEXT)
        f->rover = p + size;
    return p;
}

void fitinline_give(struct heap *h, addr32 object)
{
    struct fit *f = fit_of(h);
    addr32 p = object;
    uint32_t size = size_of(h, p);
    CORE_ASSERT(!is_free(h, p) && size >= FIT_CHUNK_MIN);

    bool joins_before = is_free_before(h, f, p);
    addr32 behind = p + size;
    bool joins_behind = is_free(h, behind);
    if (joins_behind) {
        size += size_of(h, behind);
        move_rover(f, behind, p);
    }
    if (joins_before) {
        addr32 before = p - (*tag_before(h, p) & FIT_SIZE);
        if (joins_behind)
            take_out(h, behind);
        size += size_of(h, before);
        move_rover(f, p, before);
        p = before;
    } else if (joins_behind) {
        put_for(h, behind, p);
    } else {
        addr32 next = hole_from(h, behind);
        link_between(h, *prev_of(h, next), p, next);
    }
    tag_free(h, f, p, size);
}

bool fitinline_resize(struct heap *h, addr32 object, uint32_t bytes)
{
    struct fit *f = fit_of(h);
    uint32_t size = chunk_for(f, bytes);
    uint32_t have = size_of(h, object);
    uint32_t prev = *header_of(h, object) & FIT_PREV_FREE;
    addr32 behind = object + have;
    bool joins = is_free(h, behind);
    uint32_t both = joins ? have + size_of(h, behind) : have;
    if (size > both)
        return false;
    if (size <= have && have - size < FIT_CHUNK_MIN)
        return true; /* nothing to gain, nothing to cut off */

    uint32_t rest = both - size;
    if (rest < FIT_CHUNK_MIN) { /* grows over all of the hole */
        size = both;
        take_out(h, behind);
    } else if (joins) {
        put_for(h, behind, object + size);
    } else {
        addr32 next = hole_from(h, behind);
        link_between(h, *prev_of(h, next), object + size, next);
    }
    if (joins)
        move_rover(f, behind, object + size);
    tag_used(h, f, object, size, prev);
    if (size < both)
        tag_free(h, f, object + size, both - size);
    return true;
}

uint32_t fitinline_bytes(struct heap *h, addr32 object)
{
    return size_of(h, object) - fit_of(h)->params.tag;
}

/* ---- Areas ------------------------------------------------------------- */

static struct fit_area *area_at(struct heap *h, addr32 p)
{
    return p == 0 ? NULL : (struct fit_area *)(void *)word_at(h, p);
}

/* The bytes from `start` to `end`, as area `a`: where its chunks lie. */
static uint32_t lay_out(const struct fit *f, struct fit_area *a, addr32 start,
                        addr32 end)
{
    uint32_t mask = f->params.align - 1;
    a->chunk = (start + f->params.tag + mask) & ~mask;
    a->end = (end - 8) & ~mask; /* two links behind its header */
    if (end - start < 8 || a->end < a->chunk ||
        a->end - a->chunk < FIT_CHUNK_MIN)
        return HEAP_TOO_SMALL;
    return end - start > FIT_REQUEST_MAX ? HEAP_TOO_LARGE : HEAP_OK;
}

/* All of area `a`, the last one, becomes one free chunk. */
static void open_area(struct heap *h, const struct fit_area *a)
{
    struct fit *f = fit_of(h);
    addr32 head = f->head == 0 ? a->end : f->head;
    if (f->params.tag == 8)
        *tag_before(h, a->chunk) = 0; /* used: joining stops here */
    *header_of(h, a->end) = 0;
    *next_of(h, a->end) = *prev_of(h, a->end) = a->end;
    if (head != a->end)
        link_between(h, head, a->end, *next_of(h, head));
    link_between(h, *prev_of(h, a->end), a->chunk, a->end);
    tag_free(h, f, a->chunk, a->end - a->chunk);
    f->head = a->end;
    if (a->chunk < h->pool_min)
        h->pool_min = a->chunk;
    if (a->end > h->pool_max)
        h->pool_max = a->end;
}

bool fitinline_start(struct heap *h)
{
    struct fit *f = fit_of(h);
    addr32 start = h->base + h->control_bytes;
    f->first.next = 0;
    f->first.number = 0;
    if (lay_out(f, &f->first, start, start + h->heap_bytes) != HEAP_OK)
        return false;
    h->n_areas = 1;
    h->pool_min = f->first.chunk;
    h->pool_max = f->first.end;
    f->head = 0;
    open_area(h, &f->first);
    f->rover = f->params.policy == FIT_NEXT ? f->first.chunk : 0;
    return true;
}

uint32_t fitinline_add_area(struct heap *h, addr32 address, uint32_t bytes)
{
    struct fit *f = fit_of(h);
    struct fit_area a = {0, h->next_area, 0, 0};
    if (bytes < sizeof a)
        return HEAP_TOO_SMALL;
    uint32_t error = lay_out(f, &a, address + sizeof a, address + bytes);
    if (error != HEAP_OK)
        return error;

    *area_at(h, address) = a;
    struct fit_area *last = &f->first;
    while (last->next != 0)
        last = area_at(h, last->next);
    last->next = address;
    h->n_areas++;
    h->next_area++;
    open_area(h, &a);
    return HEAP_OK;
}

addr32 fitinline_second_area(struct heap *h)
{
    return fit_of(h)->first.next;
}

/* ---- Looking ----------------------------------------------------------- */

static void count_area(struct heap *h, const struct fit_area *a,
                       struct heap_info *info)
{
    uint32_t tag = fit_of(h)->params.tag;
    info->total_bytes += a->end - a->chunk;
    for (addr32 p = a->chunk; p != a->end; p += size_of(h, p)) {
        uint32_t bytes = size_of(h, p) - tag;
        if (is_free(h, p)) {
            info->free_bytes += bytes;
            if (bytes / 4 > info->max_free)
                info->max_free = bytes / 4;
            continue;
        }
        info->n_objects++;
        info->used_bytes += bytes;
        if (bytes / 4 > info->max_block)
            info->max_block = bytes / 4;
    }
}

void fitinline_info(struct heap *h, struct heap_info *info)
{
    *info = (struct heap_info){0};
    const struct fit_area *a = &fit_of(h)->first;
    for (; a != NULL; a = area_at(h, a->next))
        count_area(h, a, info);
}

bool fitinline_area_info(struct heap *h, uint32_t index, struct area_info *info)
{
    struct fit *f = fit_of(h);
    addr32 start = h->base + h->control_bytes;
    const struct fit_area *a = &f->first;
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
    info->pool = a->chunk - f->params.tag;
    info->n_blocks = (a->end - a->chunk) / 4;
    return true;
}

bool fitinline_walk(struct heap *h, struct heap_cursor *cursor,
                    struct heap_object *object)
{
    if (!cursor->is_started) {
        cursor->is_started = 1;
        cursor->area =
            h->base + (uint32_t)(sizeof *h + offsetof(struct fit, first));
    }
    while (cursor->area != 0) {
        const struct fit_area *a = area_at(h, cursor->area);
        addr32 p = a->chunk + 4 * cursor->block;
        while (p != a->end && is_free(h, p))
            p += size_of(h, p);
        if (p != a->end) {
            object->address = p;
            object->bytes = fitinline_bytes(h, p);
            object->n_blocks = object->bytes / 4;
            object->area = a->number;
            object->block = (p - a->chunk) / 4;
            object->flags = 0;
            cursor->block = (p + size_of(h, p) - a->chunk) / 4;
            return true;
        }
        cursor->area = a->next;
        cursor->block = 0;
    }
    return false;
}
