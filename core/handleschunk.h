/*
 * handleschunk.h - chunks, their lists and the table's entries: what the files
 * of core/handles.h share among each other, and nobody else
 *
 * Everything here is O(1). Chunks are named by the addresses of their headers,
 * sizes are in words.
 */
#ifndef CORE_HANDLESCHUNK_H
#define CORE_HANDLESCHUNK_H

#include "core/handles.h"

#define HANDLES_LOW 0xffffu /* lower half of a word */

/* The largest request that a chunk can serve. */
#define HANDLES_REQUEST_MAX (4 * HANDLES_CHUNK_MAX - HANDLES_HEADER)

/* Where the heads of the lists lie in the control block. */
#define HANDLES_LISTS_AT                                                       \
    ((uint32_t)(sizeof(struct heap) + offsetof(struct handles, list)))

/* The list of each size: below 1,024 words by 16, then by 1,024 words. */
extern const uint8_t handles_lists[128];

static inline addr32 handles_base(const struct heap *h)
{
#if CORE_ON_TARGET
    return (addr32)h; /* the same, and already in a register */
#else
    return h->base;
#endif
}

static inline uint32_t handles_list_of(uint32_t words)
{
    if (__builtin_expect(words < HANDLES_EXACT, 1))
        return words;
    if (words < 1024)
        return handles_lists[words / 16];
    return handles_lists[64 + words / 1024];
}

/* ---- Headers ----------------------------------------------------------- */

/* The header of a chunk that is not pinned. */
static inline uint32_t handles_header(uint32_t words, uint32_t index)
{
    return words << 16 | index;
}

static inline bool handles_header_is_pinned(uint32_t header)
{
    return header < 2u << 16;
}

/* Words of a chunk, whatever it is. */
static inline uint32_t handles_words(uint32_t header)
{
    uint32_t words = header >> 16;
    return words < 2 ? header & HANDLES_LOW : words;
}

/* Is the chunk before this used one free? */
static inline bool handles_is_behind_hole(uint32_t header)
{
    return handles_header_is_pinned(header) ? header >> 16 != 0
                                            : (header & HANDLES_LOW) == 0;
}

/* ---- Lists ------------------------------------------------------------- */

/* Address of the control block's word that holds the head of list `j`. */
static inline addr32 handles_slot(const struct heap *h, uint32_t j)
{
    return handles_base(h) + HANDLES_LISTS_AT + 4 * j;
}

/* List `j` is not empty any more; or it is now. */
static inline void handles_set_bit(struct heap *h, uint32_t j)
{
    handles_of(h)->bits[j / 32] |= UINT32_C(1) << j % 32;
}

static inline void handles_clear_bit(struct heap *h, uint32_t j)
{
    handles_of(h)->bits[j / 32] &= ~(UINT32_C(1) << j % 32);
}

/* The first list behind list `j` that is not empty; 0: none. */
static inline uint32_t handles_longer(const struct handles *t, uint32_t j)
{
    uint32_t i = j / 32;
    uint32_t bits = t->bits[i] & (UINT32_MAX << 1 << j % 32);
    while (bits == 0) {
        if (++i == 3)
            return 0;
        bits = t->bits[i];
    }
    return 32 * i + (uint32_t)__builtin_ctz(bits);
}

/* Put free chunk `c` at the front of its list. */
static inline void handles_insert(struct heap *h, addr32 c, uint32_t words)
{
    uint32_t j = handles_list_of(words);
    addr32 slot = handles_slot(h, j);
    addr32 first = *word_at(h, slot);
    *word_at(h, slot) = c;
    *word_at(h, c + 4) = first;
    *word_at(h, c + 8) = slot;
    if (first != 0)
        *word_at(h, first + 8) = c + 4;
    else
        handles_set_bit(h, j);
}

/* Free chunk `c` becomes the hole in hand; there is none. */
static inline void handles_hold(struct heap *h, addr32 c)
{
    struct handles *t = handles_of(h);
    t->list[0] = c;
    *word_at(h, c + 4) = 0;
    *word_at(h, c + 8) = handles_slot(h, 0);
}

/* Take the first chunk, `c`, out of list `j`. */
static inline void handles_take_first(struct heap *h, uint32_t j, addr32 c)
{
    addr32 slot = handles_slot(h, j);
    addr32 next = *word_at(h, c + 4);
    *word_at(h, slot) = next;
    if (next != 0)
        *word_at(h, next + 8) = slot;
    else
        handles_clear_bit(h, j);
}

/*
 * Take free chunk `c` out of its list. If it was alone, its slot is the list's
 * head, in the control block, and tells which list has become empty.
 */
static inline void handles_take_out(struct heap *h, addr32 c)
{
    addr32 next = *word_at(h, c + 4);
    addr32 slot = *word_at(h, c + 8);
    *word_at(h, slot) = next;
    if (next != 0) {
        *word_at(h, next + 8) = slot;
    } else if (slot < handles_slot(h, HANDLES_LISTS)) {
        handles_clear_bit(h, (slot - handles_slot(h, 0)) / 4);
    }
}

/* ---- Entries ----------------------------------------------------------- */

/* What the entry of `handle` holds, whatever that is. */
static inline uint32_t handles_entry(struct heap *h, const struct handles *t,
                                     uint32_t handle)
{
    return t->table != 0 ? *word_at(h, t->table + handle)
                         : *half_at(h, t->halves + handle / 2);
}

static inline void handles_set_entry(struct heap *h, const struct handles *t,
                                     uint32_t handle, uint32_t value)
{
    if (t->table != 0)
        *word_at(h, t->table + handle) = value;
    else
        *half_at(h, t->halves + handle / 2) = (uint16_t)value;
}

/* The object of a valid handle is from now on at `object`. */
static inline void handles_set_object(struct heap *h, const struct handles *t,
                                      uint32_t handle, addr32 object)
{
    if (t->table == 0)
        object -= handles_base(h);
    handles_set_entry(h, t, handle, object);
}

static inline addr32 handles_chunk_of(struct heap *h, uint32_t handle)
{
    return handles_deref(h, handle, 0) - HANDLES_HEADER;
}

/* Bytes of an entry. */
static inline uint32_t handles_entry_bytes(const struct handles *t)
{
    return t->table != 0 ? 4 : 2;
}

/* Are all indices given? */
static inline bool handles_has_no_index(const struct handles *t)
{
    return t->issued - handles_entry_bytes(t) == (t->table | t->halves);
}

/* Give one more entry, for which there is room; its handle. */
static inline uint32_t handles_issue(struct heap *h, struct handles *t)
{
    t->issued -= handles_entry_bytes(t);
    if (t->issued < h->pool_max)
        h->pool_max = t->issued & ~UINT32_C(3);
    return t->table != 0 ? t->issued - t->table : (t->issued - t->halves) * 2;
}

/* ---- Splitting and joining --------------------------------------------- */

/* A chunk, or 0 words: none. */
struct handles_piece {
    addr32 at;
    uint32_t words;
};

/* From `c` on is the gap. */
static inline void handles_begin_gap(struct heap *h, addr32 c)
{
    handles_of(h)->frontier = c;
    *word_at(h, c) = 0;
}

/*
 * The chunk `*p`, in use until now or just cut off, becomes a hole with all
 * that is free around it; `is_behind` says whether the chunk before it is. The
 * hole is in no list yet. False: it touches the gap, and is gap now.
 */
static inline bool handles_join(struct heap *h, struct handles_piece *p,
                                bool is_behind)
{
    addr32 end = p->at + 4 * p->words;
    uint32_t next = *word_at(h, end);
    uint32_t last = next & HANDLES_LOW; /* index of the object behind */
    if (last == 0) {                    /* free: the chunk was used */
        p->words += next >> 16;
        if (next != 0) {
            handles_take_out(h, end);
            end += 4 * (next >> 16);
            last = *word_at(h, end - 4) & HANDLES_LOW;
        }
    } else if (handles_header_is_pinned(next)) {
        *word_at(h, end) = next | 1u << 16;
    } else {
        *word_at(h, end) = next - last;
    }
    if (is_behind) {
        uint32_t words = *word_at(h, p->at - 4) >> 16;
        p->words += words;
        p->at -= 4 * words;
        handles_take_out(h, p->at);
    }
    if (next == 0) {
        handles_begin_gap(h, p->at);
        return false;
    }
    *word_at(h, p->at) = handles_header(p->words, 0);
    *word_at(h, end - 4) = handles_header(p->words, last);
    return true;
}

/* The same, and into its list; in line and as a function. */
static inline __attribute__((always_inline)) void handles_make_hole_here(
    struct heap *h, addr32 c, uint32_t words, bool is_behind)
{
    struct handles_piece p = {c, words};
    if (handles_join(h, &p, is_behind))
        handles_insert(h, p.at, p.words);
}

void handles_make_hole(struct heap *h, addr32 c, uint32_t words,
                       bool is_behind);

/* All of hole `c` is used: the object behind it gets its index back. */
static inline void handles_use_up(struct heap *h, addr32 c, uint32_t words)
{
    addr32 end = c + 4 * words;
    uint32_t next = *word_at(h, end);
    *word_at(h, end) = handles_header_is_pinned(next)
                           ? next & HANDLES_LOW
                           : next | (*word_at(h, end - 4) & HANDLES_LOW);
}

/*
 * Cut a used chunk of `words` words off hole `c`, which is in no list and has
 * `have`, enough for both to be chunks; its header is the caller's to write.
 * The rest is a hole, in no list yet.
 */
static inline void handles_split(struct heap *h, addr32 c, uint32_t have,
                                 uint32_t words)
{
    uint32_t rest = have - words;
    addr32 end = c + 4 * have;
    uint32_t last = *word_at(h, end - 4) & HANDLES_LOW;
    CORE_ASSERT(have >= words + HANDLES_CHUNK_MIN);
    *word_at(h, c + 4 * words) = handles_header(rest, 0);
    *word_at(h, end - 4) = handles_header(rest, last);
}

/*
 * The same, if the rest can be a chunk: its words. Else it is granted with
 * the chunk: 0.
 */
static inline uint32_t handles_cut(struct heap *h, addr32 c, uint32_t have,
                                   uint32_t words)
{
    CORE_ASSERT(have >= words);
    if (have - words < HANDLES_CHUNK_MIN) {
        handles_use_up(h, c, have);
        return 0;
    }
    handles_split(h, c, have, words);
    return have - words;
}

/* The same; the rest goes to its list. The words granted. */
static inline uint32_t handles_cut_off(struct heap *h, addr32 c, uint32_t have,
                                       uint32_t words)
{
    uint32_t rest = handles_cut(h, c, have, words);
    if (rest == 0)
        return have;
    handles_insert(h, c + 4 * words, rest);
    return words;
}

/* ---- Pins ---------------------------------------------------------------- */

/* The chunk at `c`, not pinned, says that it is. */
static inline void handles_fasten(struct heap *h, addr32 c)
{
    uint32_t header = *word_at(h, c);
    *word_at(h, c) =
        (header >> 16) | ((header & HANDLES_LOW) == 0 ? 1u << 16 : 0);
}

/* The chunk of `handle`, which says that it is pinned, no longer does. */
void handles_unfasten(struct heap *h, struct handles *t, uint32_t handle);

/* The place that an unfinished move no longer needs, out of the way. */
static inline struct handles_piece handles_give_up_place(struct heap *h,
                                                         struct handles *t,
                                                         bool *is_behind)
{
    if (t->moving != HANDLES_GONE)
        handles_unfasten(h, t, t->moving);
    uint32_t header = *word_at(h, t->copy);
    t->moving = 0;
    *is_behind = handles_is_behind_hole(header);
    return (struct handles_piece){t->copy, handles_words(header)};
}

/* ---- Between the files ------------------------------------------------- */

/* What lies before it in the text is done, as an interrupt sees it. */
static inline void handles_fence(void)
{
    __asm__ volatile("" : : : "memory");
}

/*
 * handles_step with a bound on the words copied, and on the words of an object
 * that is moved at once: longer ones are moved in pieces.
 */
uint32_t handles_work(struct heap *h, uint32_t units, uint32_t words,
                      uint32_t most);

/* The hole in hand, if there is one, goes to its list. */
bool handles_put_down(struct heap *h);

/* Forget the copy of the object that is moved in pieces; there is one. */
void handles_abort(struct heap *h, struct handles *t);

#endif /* CORE_HANDLESCHUNK_H */
