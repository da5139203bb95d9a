/*
 * tlsfcheck.c - tlsf_check, which shares no code with tlsf.c
 *
 * Chunks are read as tlsf.h draws them, classes are found by counting, and
 * every address is looked at before it is followed. Each loop is bounded by
 * what was found right before it: chunks by the length of their area, lists by
 * the number of free chunks.
 */
#include "core/tlsf.h"

/* What is known without believing the heap, and what the passes count. */
struct known {
    addr32 base;
    uint32_t window_bytes;
    uint32_t n_free;   /* chunks free in the areas                        */
    uint32_t n_listed; /* chunks in the lists                             */
};

static bool is_inside(const struct known *k, addr32 p, uint32_t n)
{
    uint32_t offset = p - k->base;
    return offset <= k->window_bytes && n <= k->window_bytes - offset;
}

/* ---- 1, 2: the control block ------------------------------------------- */

static uint32_t rows_needed(uint32_t max_area)
{
    uint32_t n_rows = 1; /* sizes below 128 bytes */
    for (uint32_t end = 128; end < max_area; end *= 2)
        n_rows++;
    return n_rows;
}

static bool is_power_of_two(uint32_t n)
{
    uint32_t power = 1;
    while (power < n && power < TLSF_AREA_MAX)
        power *= 2;
    return power == n;
}

static int check_control(struct heap *h, const struct known *k)
{
    uint32_t fixed = sizeof(struct heap) + sizeof(struct tlsf);
    if (k->window_bytes < fixed || h->base != k->base ||
        h->manager != MANAGER_tlsf || h->control_bytes < fixed ||
        h->control_bytes > k->window_bytes ||
        h->heap_bytes > k->window_bytes - h->control_bytes)
        return 1;
    const struct tlsf *t = tlsf_of(h);
    uint32_t align = t->params.align;
    uint32_t max_area = t->params.max_area;
    if (t->params.zero > 1 || (align != 4 && align != 8 && align != 16) ||
        max_area < TLSF_AREA_MIN || max_area > TLSF_AREA_MAX ||
        !is_power_of_two(max_area) || t->n_rows != rows_needed(max_area) ||
        h->control_bytes != fixed + 128 * t->n_rows ||
        t->max_request != max_area / 64 * 63 - 4 || h->block_bytes != 4 ||
        h->block_shift != 2)
        return 2;
    return 0;
}

/* ---- 3, 4: the list of areas ------------------------------------------- */

static struct tlsf_area *area_at(struct heap *h, addr32 p)
{
    return p == 0 ? NULL : (struct tlsf_area *)(void *)word_at(h, p);
}

/* Do chunk and end lie as `start`, `align` and the window demand? */
static bool is_area_right(struct heap *h, const struct known *k, addr32 start,
                          const struct tlsf_area *a)
{
    uint32_t align = tlsf_of(h)->params.align;
    return a->chunk - start >= 4 && a->chunk - start < 4 + align &&
           a->chunk % align == 0 && a->end % align == 0 && a->end > a->chunk &&
           is_inside(k, a->chunk, a->end - a->chunk) &&
           a->end - a->chunk < tlsf_of(h)->params.max_area &&
           h->pool_min <= a->chunk && a->end <= h->pool_max;
}

static int check_areas(struct heap *h, const struct known *k)
{
    addr32 behind_control = k->base + h->control_bytes;
    struct tlsf_area *a = &tlsf_of(h)->first;
    if (a->number != 0 || h->n_areas == 0 || h->pool_min < behind_control ||
        !is_area_right(h, k, behind_control, a))
        return 3;
    for (uint32_t i = 1; i < h->n_areas; i++) {
        uint32_t number = a->number;
        addr32 at = a->next;
        if (at % 16 != 0 || at < behind_control || !is_inside(k, at, sizeof *a))
            return 3;
        a = area_at(h, at);
        if (a->number <= number ||
            !is_area_right(h, k, at + (uint32_t)sizeof *a, a))
            return 3;
    }
    return a->next != 0 || a->number >= h->next_area ? 3 : 0;
}

/* Where the bytes of area `a`, described at `at`, begin. */
static addr32 start_of(struct heap *h, const struct tlsf_area *a, addr32 at)
{
    return a == &tlsf_of(h)->first ? h->base + h->control_bytes : at;
}

static int check_overlaps(struct heap *h)
{
    addr32 at = 0;
    for (struct tlsf_area *a = &tlsf_of(h)->first; a != NULL;) {
        addr32 from = start_of(h, a, at);
        addr32 other_at = a->next;
        for (struct tlsf_area *b = area_at(h, a->next); b != NULL;) {
            addr32 other = start_of(h, b, other_at);
            if (from < b->end && other < a->end)
                return 4;
            other_at = b->next;
            b = area_at(h, b->next);
        }
        at = a->next;
        a = area_at(h, a->next);
    }
    return 0;
}

/* ---- 5 to 7: the chunks of an area ------------------------------------- */

static uint32_t header_at(struct heap *h, addr32 p)
{
    return *word_at(h, p - 4);
}

static int check_sizes(struct heap *h, const struct tlsf_area *a)
{
    uint32_t align = tlsf_of(h)->params.align;
    addr32 p = a->chunk;
    while (p != a->end) {
        uint32_t size = header_at(h, p) / 4 * 4;
        if (size < 16 || size % align != 0 || size > a->end - p)
            return 5;
        p += size;
    }
    return 0;
}

static int check_flags(struct heap *h, struct known *k,
                       const struct tlsf_area *a)
{
    bool was_free = false;
    addr32 before = 0;
    for (addr32 p = a->chunk;; p += header_at(h, p) / 4 * 4) {
        bool is_free = header_at(h, p) % 2 == 1;
        bool says_free = header_at(h, p) / 2 % 2 == 1;
        if (says_free != was_free || (is_free && was_free))
            return 6;
        if (was_free && *word_at(h, p - 8) != before)
            return 7;
        if (p == a->end)
            return header_at(h, p) / 4 != 0 || is_free ? 6 : 0;
        k->n_free += is_free;
        was_free = is_free;
        before = p;
    }
}

/* ---- 8 to 10: the lists ------------------------------------------------ */

/* Number of the list for chunks of `size` bytes, by counting rows. */
static uint32_t class_of(uint32_t size)
{
    uint32_t row = 0;
    uint32_t start = 0; /* of the row                                   */
    uint32_t width = 4; /* of its lists                                 */
    while (size >= start + 32 * width) {
        start += 32 * width;
        width *= row == 0 ? 1 : 2;
        row++;
    }
    return 32 * row + (size - start) / width;
}

/* Can `p` be the address of a chunk, as far as reading its links goes? */
static bool is_readable(struct heap *h, const struct known *k, addr32 p)
{
    return p % 4 == 0 && p >= h->pool_min && is_inside(k, p, 8);
}

/* Is free chunk `p` in its list, and does its slot lead to it? */
static bool is_listed(struct heap *h, const struct known *k, addr32 p)
{
    uint32_t i = class_of(header_at(h, p) / 4 * 4);
    addr32 slot = k->base + h->control_bytes - 128 * tlsf_of(h)->n_rows + 4 * i;
    for (uint32_t n = 0; n < k->n_free; n++) {
        addr32 at = *word_at(h, slot);
        if (at == p)
            return *word_at(h, p + 4) == slot;
        if (!is_readable(h, k, at))
            return false;
        slot = at;
    }
    return false;
}

static int check_listed(struct heap *h, const struct known *k,
                        const struct tlsf_area *a)
{
    for (addr32 p = a->chunk; p != a->end; p += header_at(h, p) / 4 * 4) {
        if (header_at(h, p) % 2 == 1 && !is_listed(h, k, p))
            return 8;
    }
    return 0;
}

/*
 * Every free chunk was found in its list. So if the lists have no more chunks
 * than are free, they have exactly those.
 */
static int count_listed(struct heap *h, struct known *k)
{
    const struct tlsf *t = tlsf_of(h);
    for (uint32_t i = 0; i < 32 * t->n_rows; i++) {
        for (addr32 p = t->list[i]; p != 0; p = *word_at(h, p)) {
            if (++k->n_listed > k->n_free || !is_readable(h, k, p))
                return 9;
        }
    }
    return k->n_listed == k->n_free ? 0 : 9;
}

static int check_bits(const struct tlsf *t)
{
    for (uint32_t row = 0; row < TLSF_ROWS_MAX; row++) {
        uint32_t right = 0;
        for (uint32_t i = 0; i < 32 && row < t->n_rows; i++)
            right |= (uint32_t)(t->list[32 * row + i] != 0) << i;
        if (t->lists[row] != right || (t->rows >> row & 1) != (right != 0))
            return 10;
    }
    return t->rows >> TLSF_ROWS_MAX == 0 ? 0 : 10;
}

int tlsf_check(struct heap *h, addr32 base, uint32_t window_bytes)
{
    struct known k = {base, window_bytes, 0, 0};
    int broken = check_control(h, &k);
    if (broken == 0)
        broken = check_areas(h, &k);
    if (broken == 0)
        broken = check_overlaps(h);
    if (broken != 0)
        return broken;
    const struct tlsf_area *first = &tlsf_of(h)->first;
    const struct tlsf_area *a;
    for (a = first; a != NULL && broken == 0; a = area_at(h, a->next))
        broken = check_sizes(h, a);
    for (a = first; a != NULL && broken == 0; a = area_at(h, a->next))
        broken = check_flags(h, &k, a);
    for (a = first; a != NULL && broken == 0; a = area_at(h, a->next))
        broken = check_listed(h, &k, a);
    if (broken == 0)
        broken = count_listed(h, &k);
    return broken != 0 ? broken : check_bits(tlsf_of(h));
}
