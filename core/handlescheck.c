/*
 * handlescheck.c - handles_check, which shares no code with handles.c
 *
 * Chunks and entries are read as handles.h draws them, lists are found by
 * counting, and every address is looked at before it is followed. Each loop is
 * bounded by what was found right before it: chunks by the length of the pool,
 * entries by their number, lists by the number of free chunks.
 */
#include "core/handles.h"

/* What is known without believing the heap, and what the passes count. */
struct known {
    struct heap *h;
    struct handles *t;
    addr32 base;
    addr32 end;      /* of H                                            */
    uint32_t n_used; /* chunks whose entry names them                   */
    uint32_t n_free; /* chunks that must be in lists                    */
    bool has_scan;   /* the scan was met                                */
    bool has_copy;   /* the place of an object in motion was met        */
};

static uint32_t word(const struct known *k, addr32 p)
{
    return *word_at(k->h, p);
}

/* ---- 1, 2: the control block ------------------------------------------- */

static bool is_in_range(const struct handles_params *p)
{
    return p->zero <= 1 && p->wait <= 1 &&
           (p->indices == 8 || p->indices == 16) && p->start_bytes <= 100 &&
           p->start_indices <= 100 && p->per_alloc < 1u << 18 &&
           p->handles < (p->indices == 8 ? 256u : 65536u);
}

static uint32_t entry_size(const struct known *k)
{
    return k->t->params.indices / 4;
}

static uint32_t last_index(const struct known *k)
{
    return k->t->params.indices == 8 ? 255 : 65535;
}

static bool is_small(const struct known *k)
{
    return k->t->params.indices == 8;
}

/* Where the entry of index 0 would be. */
static addr32 entries(const struct known *k)
{
    return k->end - (last_index(k) + 1) * entry_size(k);
}

static int check_control(struct known *k, uint32_t window_bytes)
{
    uint32_t fixed = sizeof(struct heap) + sizeof(struct handles);
    const struct heap *h = k->h;
    fixed = (fixed + 15) / 16 * 16;
    if (window_bytes < fixed || h->base != k->base ||
        h->manager != MANAGER_handles || h->control_bytes != fixed ||
        h->heap_bytes > window_bytes - fixed)
        return 1;
    const struct handles *t = k->t;
    k->end = k->base + fixed + h->heap_bytes / 4 * 4;
    if (!is_in_range(&t->params) || h->block_bytes != 4 ||
        h->block_shift != 2 || t->table != (is_small(k) ? 0 : entries(k)) ||
        t->halves != (is_small(k) ? entries(k) : 0) ||
        t->start_gap != h->heap_bytes * (100 - t->params.start_bytes) / 100 ||
        t->start_issued != k->end - last_index(k) * t->params.start_indices /
                                        100 * entry_size(k))
        return 2;
    return 0;
}

/* ---- 3: pool, gap, entries --------------------------------------------- */

/* Does the hole in hand, if there is one, lie in the pool, and begin so? */
static bool is_hand_right(const struct known *k)
{
    const struct handles *t = k->t;
    if (t->hand == 0)
        return t->hand_end == 0;
    return t->hand % 4 == 0 && t->hand >= k->h->pool_min &&
           t->hand < t->frontier && t->hand_end % 4 == 0 &&
           t->hand_end > t->hand && t->hand_end < t->frontier &&
           word(k, t->hand) == 0;
}

static int check_places(const struct known *k)
{
    const struct heap *h = k->h;
    const struct handles *t = k->t;
    uint32_t size = entry_size(k);
    addr32 aside = k->end - (t->params.handles * size + 3) / 4 * 4;
    addr32 first = t->issued / 4 * 4;
    if (aside - k->base > 0x40000)
        aside = k->base + 0x40000;
    if (h->pool_min != k->base + h->control_bytes || t->frontier % 4 != 0 ||
        t->frontier < h->pool_min || t->frontier > h->pool_max ||
        h->pool_max > k->end || t->issued % size != 0 ||
        t->issued < t->table + size || t->issued > k->end ||
        h->pool_max != (first < aside ? first : aside))
        return 3;
    return word(k, t->frontier) == 0 && is_hand_right(k) ? 0 : 3;
}

/* ---- 4, 5: chunks ------------------------------------------------------ */

/* One chunk, as the drawing in handles.h says. */
struct seen {
    addr32 at;
    uint32_t words;
    bool is_free, is_hand, is_pinned, says_behind;
    uint32_t index; /* of a used chunk that is not pinned                  */
};

/* Read the chunk at `at`; `hole_words`: of the hole before it, or 0. */
static struct seen see(const struct known *k, addr32 at, uint32_t hole_words)
{
    uint32_t high = word(k, at) >> 16;
    uint32_t low = word(k, at) % 65536;
    struct seen s = {.at = at, .words = high};
    if (at == k->t->hand) {
        s.words = (k->t->hand_end - at) / 4;
        s.is_free = s.is_hand = true;
    } else if (high <= 1) {
        s.words = low;
        s.is_pinned = true;
        s.says_behind = high == 1;
    } else if (low != 0) {
        s.index = low;
    } else if (hole_words == 0) {
        s.is_free = true;
    } else {
        s.says_behind = true;
        s.index = word(k, at - 4) % 65536;
    }
    return s;
}

static int check_chunks(struct known *k)
{
    uint32_t hole = 0;
    bool has_hand = k->t->hand == 0;
    for (addr32 at = k->h->pool_min; at != k->t->frontier;) {
        struct seen s = see(k, at, hole);
        if (s.words < 4 || s.words > (k->t->frontier - at) / 4)
            return 4;
        has_hand |= s.is_hand;
        at += 4 * s.words;
    }
    if (!has_hand)
        return 4;
    for (addr32 at = k->h->pool_min; at != k->t->frontier;) {
        struct seen s = see(k, at, hole);
        at += 4 * s.words;
        if (!s.is_free && s.says_behind != (hole != 0))
            return 5;
        if (s.is_free && (at == k->t->frontier || hole != 0 ||
                          word(k, at - 4) / 65536 != (s.is_hand ? 0 : s.words)))
            return 5;
        hole = s.is_free ? s.words : 0;
        k->n_free += s.is_free && !s.is_hand;
    }
    return 0;
}

/* ---- 6 to 8: entries --------------------------------------------------- */

static uint32_t first_index(const struct known *k)
{
    return (k->t->issued - entries(k)) / entry_size(k);
}

static uint32_t entry_of(const struct known *k, uint32_t index)
{
    addr32 p = entries(k) + index * entry_size(k);
    if (!is_small(k))
        return word(k, p);
    return *byte_at(k->h, p) + 256u * *byte_at(k->h, p + 1);
}

/* Does the entry of `index` name the object at `p`? */
static bool names(const struct known *k, uint32_t index, addr32 p)
{
    if (index < first_index(k) || index > last_index(k))
        return false;
    return entry_of(k, index) == (is_small(k) ? p - k->base : p);
}

static bool is_named_once(const struct known *k, addr32 p)
{
    uint32_t n = 0;
    for (uint32_t i = first_index(k); i <= last_index(k); i++)
        n += names(k, i, p);
    return n == 1;
}

static int check_names(struct known *k)
{
    uint32_t hole = 0;
    for (addr32 at = k->h->pool_min; at != k->t->frontier;) {
        struct seen s = see(k, at, hole);
        bool is_copy = k->t->moving != 0 && k->t->copy == at;
        if (is_copy && !s.is_free)
            k->has_copy = k->t->moving == HANDLES_GONE ||
                          (!s.is_pinned && s.index == k->t->moving / 4);
        if (is_copy       ? is_named_once(k, at + 4)
            : s.is_free   ? false
            : s.is_pinned ? !is_named_once(k, at + 4)
                          : !names(k, s.index, at + 4))
            return 6;
        k->n_used += !is_copy && !s.is_free;
        hole = s.is_free ? s.words : 0;
        at += 4 * s.words;
    }
    return 0;
}

static int check_entries(const struct known *k)
{
    uint32_t n_named = 0;
    uint32_t n_entries = last_index(k) + 1 - first_index(k);
    for (uint32_t i = first_index(k); i <= last_index(k); i++)
        n_named += entry_of(k, i) % 2 == 0;
    if (n_named != k->n_used)
        return 7;
    uint32_t n_listed = 0;
    uint32_t handle = k->t->free_handle;
    while (handle != 0) {
        if (handle % 4 != 0 || handle / 4 < first_index(k) ||
            handle / 4 > last_index(k) || entry_of(k, handle / 4) % 2 == 0 ||
            ++n_listed > n_entries - n_named)
            return 8;
        handle = entry_of(k, handle / 4) - 1;
    }
    return n_listed == n_entries - n_named ? 0 : 8;
}

/* ---- 9, 10: lists ------------------------------------------------------ */

/* The list of free chunks of so many words. */
static uint32_t class_of(uint32_t words)
{
    return words < 248 ? words / 8 : 31;
}

/* Can `p` be the address of a chunk, as far as reading its links goes? */
static bool is_readable(const struct known *k, addr32 p)
{
    return p % 4 == 0 && p >= k->h->pool_min && p < k->t->frontier &&
           k->t->frontier - p >= 12;
}

/* The address of the end of list `list`, were it a chunk. */
static addr32 end_of(const struct known *k, uint32_t list)
{
    return k->base + (uint32_t)sizeof(struct heap) +
           (uint32_t)offsetof(struct handles, list) + 8 * list - 4;
}

/* Is free chunk `at` in list `list`, and does its slot lead to it? */
static bool is_in_list(const struct known *k, addr32 at, uint32_t list)
{
    addr32 before = end_of(k, list);
    for (uint32_t n = 0; n < k->n_free; n++) {
        addr32 found = word(k, before + 4);
        if (found == at)
            return word(k, at + 8) == before;
        if (!is_readable(k, found))
            return false;
        before = found;
    }
    return false;
}

/* How many chunks are in list `list`; if it is no ring, UINT32_MAX. */
static uint32_t count_list(const struct known *k, uint32_t list)
{
    addr32 end = end_of(k, list);
    addr32 at = end;
    for (uint32_t n = 0; n <= k->n_free; n++) {
        addr32 next = word(k, at + 4);
        if (next == end)
            return word(k, end + 8) == at ? n : UINT32_MAX;
        if (!is_readable(k, next))
            return UINT32_MAX;
        at = next;
    }
    return UINT32_MAX;
}

/*
 * Every free chunk is found in its list. So if the lists have no more chunks
 * than are free, they have exactly those.
 */
static int check_lists(const struct known *k)
{
    uint32_t hole = 0;
    for (addr32 at = k->h->pool_min; at != k->t->frontier;) {
        struct seen s = see(k, at, hole);
        if (s.is_free && !s.is_hand && !is_in_list(k, s.at, class_of(s.words)))
            return 9;
        hole = s.is_free ? s.words : 0;
        at += 4 * s.words;
    }
    uint32_t bits = 0;
    uint32_t n_listed = 0;
    for (uint32_t list = 0; list < HANDLES_LISTS; list++) {
        uint32_t n = count_list(k, list);
        if (n > k->n_free)
            return 9;
        n_listed += n;
        bits |= (n > 0 ? 1u : 0u) << list;
    }
    if (n_listed != k->n_free)
        return 9;
    return bits == k->t->bits ? 0 : 10;
}

/* ---- 11: steps --------------------------------------------------------- */

/* Is the scan, if it has no handle, right behind a pinned chunk? */
static bool is_scan_right(const struct known *k)
{
    if (k->t->scan == 0 || k->t->scan_handle != 0)
        return true;
    uint32_t hole = 0;
    for (addr32 at = k->h->pool_min; at != k->t->frontier;) {
        struct seen s = see(k, at, hole);
        if (at == k->t->scan)
            return s.is_pinned;
        hole = s.is_free ? s.words : 0;
        at += 4 * s.words;
    }
    return false;
}

static int check_steps(const struct known *k)
{
    const struct handles *t = k->t;
    bool is_plain =
        !is_small(k) && t->params.zero == 0 && t->params.per_alloc == 0;
    if (k->h->phase != PHASE_IDLE || t->in_step != 0 || t->torn != 0 ||
        t->is_begun > 1 || t->has_moved > 1 || t->is_touched > 1 ||
        !is_scan_right(k) || t->short_request != t->usual_request ||
        t->usual_request != (is_plain ? 4 * 65535 - 4 : 0))
        return 11;
    if (t->moving == 0)
        return 0;
    uint32_t index = t->moving / 4;
    if (t->moving == HANDLES_GONE)
        return k->has_copy ? 0 : 11;
    if (t->moving % 4 != 0 || !k->has_copy || index < first_index(k) ||
        index > last_index(k) || entry_of(k, index) % 4 != 0)
        return 11;
    addr32 object = entry_of(k, index) + (is_small(k) ? k->base : 0);
    struct seen from = see(k, object - 4, 0);
    struct seen to = see(k, t->copy, 1);
    return from.is_pinned || to.words < from.words || t->copied == 0 ||
                   t->copied > from.words
               ? 11
               : 0;
}

int handles_check(struct heap *h, addr32 base, uint32_t window_bytes)
{
    struct known k = {.h = h, .t = handles_of(h), .base = base};
    int broken = check_control(&k, window_bytes);
    if (broken == 0)
        broken = check_places(&k);
    if (broken == 0)
        broken = check_chunks(&k);
    if (broken == 0)
        broken = check_names(&k);
    if (broken == 0)
        broken = check_entries(&k);
    if (broken == 0)
        broken = check_lists(&k);
    return broken != 0 ? broken : check_steps(&k);
}
