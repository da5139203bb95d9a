/* gc.c - see gc.h for the contract and the source. */
#include "core/compat/gc.h"
#include "core/host.h"
#include "core/marksweep.h"

/*
 * Where the heap is. marksweep's own switch for collecting by itself stays
 * off, since its collections would not come from gc_collect.
 */
static struct heap *the_heap;

/* The program's wish is kept in the parameters, which say it at init. */
static inline uint32_t *is_auto(void)
{
    return &marksweep_of(the_heap)->params.automatic;
}

/* ---- Pointers and addresses --------------------------------------------- */

static inline addr32 address_of(const void *p)
{
#if CORE_ON_TARGET
    return (addr32)p;
#else
    size_t offset = (size_t)((uintptr_t)p - (uintptr_t)the_heap);
    return p == NULL || offset > UINT32_MAX - the_heap->base
               ? 0
               : the_heap->base + (addr32)offset;
#endif
}

static inline void *pointer_to(addr32 p)
{
    return p == 0 ? NULL : (void *)byte_at(the_heap, p);
}

/* `p` rounded up to a multiple of 16. */
static uint8_t *round_up(void *p)
{
    return (uint8_t *)p + (16 - (uintptr_t)p % 16) % 16;
}

/* Bytes from `start` to `end`; 0 if there are none. */
static uint32_t bytes_to(const uint8_t *start, const void *end)
{
    return start < (const uint8_t *)end
               ? (uint32_t)((const uint8_t *)end - start)
               : 0;
}

/* More bytes than an address counts are too many, as they are below. */
static inline uint32_t bytes32(size_t n_bytes)
{
    return n_bytes > UINT32_MAX - 15 ? UINT32_MAX - 15 : (uint32_t)n_bytes;
}

/* ---- Setting up --------------------------------------------------------- */

void gc_init(void *start, void *end)
{
    struct marksweep_params p = MARKSWEEP_DEFAULTS;
    p.quirks = QUIRKS_EXACT;
    uint8_t *first = round_up(start);
    the_heap = (struct heap *)(void *)first;
#if CORE_ON_TARGET
    addr32 base = (addr32)first;
#else
    addr32 base = UINT32_C(0x20010000);
#endif
    CORE_ASSERT(marksweep_control_bytes(&p) == GC_CONTROL_BYTES);
    uint32_t bytes = bytes_to(first + GC_CONTROL_BYTES, end);
    uint32_t error = marksweep_init(the_heap, base, bytes, &p);
    CORE_ASSERT(error == HEAP_OK);
    (void)error;
    the_heap->is_auto = 0;
}

void gc_add(void *start, void *end)
{
    uint8_t *first = round_up(start);
    (void)marksweep_add_area(the_heap, address_of(first), bytes_to(first, end));
}

/* ---- Requests ----------------------------------------------------------- */

static void *alloc(uint32_t bytes, uint32_t flags)
{
    struct heap *h = the_heap;
    bool may_collect = *is_auto() != 0 && !gc_is_locked();
    if (bytes != 0 && may_collect && h->given_blocks >= h->threshold_blocks) {
        gc_collect();
        h->last_cause = CAUSE_THRESHOLD;
        may_collect = false;
    }
    addr32 p = marksweep_alloc(h, bytes, flags);
    if (p == 0 && bytes != 0 && may_collect) {
        gc_collect();
        h->last_cause = CAUSE_FULL;
        p = marksweep_alloc(h, bytes, flags);
    }
    return pointer_to(p);
}

void *gc_alloc(size_t n_bytes, unsigned int alloc_flags)
{
    bool has_finaliser = (alloc_flags & GC_ALLOC_FLAG_HAS_FINALISER) != 0;
    return alloc(bytes32(n_bytes), has_finaliser ? HEAP_FINALISER : 0);
}

void gc_free(void *ptr)
{
    marksweep_free(the_heap, address_of(ptr));
}

size_t gc_nbytes(const void *ptr)
{
    return marksweep_bytes(the_heap, address_of(ptr));
}

/* What gc_alloc collects in between does not put the object in its place. */
static void *move(void *ptr, size_t n_bytes)
{
    struct heap *h = the_heap;
    addr32 object = address_of(ptr);
    const struct area *a = area_of(h, object);
    uint32_t b = area_block_of(h, a, object);
    uint32_t flags = area_has_finaliser(h, a, b) ? HEAP_FINALISER : 0;
    size_t old = gc_nbytes(ptr);
    void *to = alloc(bytes32(n_bytes), flags);
    if (to == NULL)
        return NULL;
    __builtin_memcpy(to, ptr, old);
    gc_free(ptr);
    return to;
}

void *gc_realloc(void *ptr, size_t n_bytes, bool allow_move)
{
    if (ptr == NULL)
        return gc_alloc(n_bytes, 0);
    addr32 p =
        marksweep_realloc(the_heap, address_of(ptr), bytes32(n_bytes), false);
    if (p != 0 || !allow_move || the_heap->refusal != REFUSAL_IN_PLACE)
        return pointer_to(p);
    return move(ptr, n_bytes);
}

/* ---- Collecting --------------------------------------------------------- */

void gc_collect_start(void)
{
    marksweep_collect_begin(the_heap, CAUSE_ASKED);
}

void gc_collect_root(void **ptrs, size_t len)
{
    for (size_t i = 0; i < len; i++)
        marksweep_collect_root(the_heap, address_of(ptrs[i]));
}

void gc_collect_end(void)
{
    marksweep_collect_end(the_heap);
}

void gc_sweep_all(void)
{
    (void)marksweep_collect(the_heap, COLLECT_EVERYTHING);
}

void gc_lock(void)
{
    (void)marksweep_control(the_heap, CONTROL_LOCK, 1);
}

void gc_unlock(void)
{
    uint32_t error = marksweep_control(the_heap, CONTROL_LOCK, 0);
    CORE_ASSERT(error == HEAP_OK);
    (void)error;
}

bool gc_is_locked(void)
{
    return the_heap->lock_depth > 0 || the_heap->phase != PHASE_IDLE;
}

void gc_set_auto(bool is_enabled)
{
    *is_auto() = is_enabled;
}

void gc_set_threshold(size_t n_bytes)
{
    uint32_t bytes =
        n_bytes >= UINT32_MAX ? HEAP_NO_THRESHOLD : (uint32_t)n_bytes;
    (void)marksweep_control(the_heap, CONTROL_THRESHOLD, bytes);
}

/* ---- Looking ------------------------------------------------------------ */

void gc_info(gc_info_t *info)
{
    struct heap_info all;
    marksweep_info(the_heap, &all);
    info->total = all.total_bytes;
    info->used = all.used_bytes;
    info->free = all.free_bytes;
    info->max_free = all.max_free;
    info->num_1block = all.n_one_block;
    info->num_2block = all.n_two_block;
    info->max_block = all.max_block;
}

static void put(const mp_print_t *print, const char *text)
{
    size_t n = 0;
    while (text[n] != '\0')
        n++;
    print->print_strn(print->data, text, n);
}

/* `value` in base 10 or 16, with zeroes before it up to `least` digits. */
static void put_number(const mp_print_t *print, size_t value, uint32_t base,
                       uint32_t least)
{
    char text[20];
    uint32_t at = sizeof text;
    uint32_t rest = (uint32_t)value;
    do {
        text[--at] = "0123456789abcdef"[rest % base];
        rest /= base;
    } while (at > 0 && (rest != 0 || sizeof text - at < least));
    print->print_strn(print->data, text + at, sizeof text - at);
}

void gc_dump_info(const mp_print_t *print)
{
    static const char *const names[] = {
        "GC: total: ",          ", used: ",     ", free: ",
        "\n No. of 1-blocks: ", ", 2-blocks: ", ", max blk sz: ",
        ", max free sz: "};
    gc_info_t info;
    gc_info(&info);
    const size_t values[] = {info.total,      info.used,       info.free,
                             info.num_1block, info.num_2block, info.max_block,
                             info.max_free};
    for (uint32_t i = 0; i < 7; i++) {
        put(print, names[i]);
        put_number(print, values[i], 10, 1);
    }
    put(print, "\n");
}

#define LINE_BLOCKS 64u

/* Lines from block `b` on that are free as a whole; 0 for fewer than two. */
static uint32_t free_lines(const uint32_t *t, uint32_t n_blocks, uint32_t b)
{
    uint32_t n = atab_free_run(t, n_blocks, b, n_blocks) / LINE_BLOCKS;
    return n < 2 ? 0 : n;
}

static void dump_area(const mp_print_t *print, struct area *a)
{
    const uint32_t *t = area_table(the_heap, a);
    uint32_t n_blocks = area_blocks(a);
    put(print, "GC memory layout; from 0x");
    put_number(print, a->pool, 16, 1);
    put(print, ":");
    for (uint32_t b = 0; b < n_blocks;) {
        uint32_t n_lines = free_lines(t, n_blocks, b);
        if (n_lines > 0) {
            put(print, "\n       (");
            put_number(print, n_lines, 10, 1);
            put(print, " lines all free)");
            b += n_lines * LINE_BLOCKS;
        }
        if (b >= n_blocks)
            break;
        put(print, "\n");
        put_number(print, b << the_heap->block_shift, 16, 8);
        put(print, ": ");
        for (uint32_t end = b + LINE_BLOCKS; b < end && b < n_blocks; b++)
            print->print_strn(print->data, &".h=m"[atab_get_kind(t, b)], 1);
    }
    put(print, "\n");
}

void gc_dump_alloc_table(const mp_print_t *print)
{
    struct area *a = &the_heap->first;
    for (; a != NULL; a = area_next(the_heap, a))
        dump_area(print, a);
}
