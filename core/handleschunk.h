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

/* Word number of list j's head, were it a chunk: its links are its list[]. */
#define HANDLES_HEAD                                                           \
    ((uint32_t)(sizeof(struct heap) + offsetof(struct handles, list) - 4) / 4)

/* The list of each size: below 64 words, then by 16, then by 1,024 words. */
extern const uint8_t handles_lists[192];

static inline addr32 handles_base(const struct heap *h)
{
#if CORE_ON_TARGET
    return (addr32)h; /* the same, and already in a register */
#else
    return h->base;
#endif
}

static inline handles_half *handles_half_at(struct heap *h, addr32 p)
{
    return (handles_half *)(void *)byte_at(h, p);
}

/* The chunk of word number `n`, and the reverse. */
static inline addr32 handles_chunk(const struct heap *h, uint32_t n)
{
    return handles_base(h) + 4 * n;
}

static inline uint32_t handles_number(const struct heap *h, addr32 c)
{
    return (c - handles_base(h)) / 4;
}

static inline uint32_t handles_list_of(uint32_t words)
{
    if (words < 64)
        return handles_lists[words];
    if (words < 1024)
        return handles_lists[64 + words / 16];
    return handles_lists[128 + words / 1024];
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

/* Put free chunk `c` at the front of its list. */
static inline void handles_insert(struct heap *h, struct handles *t, addr32 c,
                                  uint32_t words)
{
    uint32_t j = handles_list_of(words);
    uint32_t head = HANDLES_HEAD + j;
    uint32_t n = handles_number(h, c);
    uint32_t second = t->list[j] >> 16;
    *word_at(h, c + 4) = second << 16 | head;
    *handles_half_at(h, handles_chunk(h, second) + 4) = (handles_half)n;
    *handles_half_at(h, handles_chunk(h, head) + 6) = (handles_half)n;
    t->bits |= UINT32_C(1) << j;
}

/* Take free chunk `c` out of its list. A list of one begins and ends there. */
static inline void handles_take_out(struct heap *h, struct handles *t, addr32 c)
{
    uint32_t links = *word_at(h, c + 4);
    uint32_t prev = links & HANDLES_LOW;
    uint32_t next = links >> 16;
    *handles_half_at(h, handles_chunk(h, prev) + 6) = (handles_half)next;
    *handles_half_at(h, handles_chunk(h, next) + 4) = (handles_half)prev;
    if (next == prev)
        t->bits &= ~(UINT32_C(1) << (next - HANDLES_HEAD));
}

/* ---- Entries ----------------------------------------------------------- */

/* What the entry of `handle` holds, whatever that is. */
static inline uint32_t handles_entry(struct heap *h, const struct handles *t,
                                     uint32_t handle)
{
    return t->is_small ? *handles_half_at(h, t->table + handle / 2)
                       : *word_at(h, t->table + handle);
}

static inline void handles_set_entry(struct heap *h, const struct handles *t,
                                     uint32_t handle, uint32_t value)
{
    if (t->is_small)
        *handles_half_at(h, t->table + handle / 2) = (handles_half)value;
    else
        *word_at(h, t->table + handle) = value;
}

/* The object of a valid handle is at ... */
static inline addr32 handles_object(struct heap *h, const struct handles *t,
                                    uint32_t handle)
{
    return t->is_small ? handles_at_small(h, t->table, handle)
                       : handles_at(h, t->table, handle);
}

/* ... and from now on there. */
static inline void handles_set_object(struct heap *h, const struct handles *t,
                                      uint32_t handle, addr32 object)
{
    if (t->is_small)
        object -= handles_base(h);
    handles_set_entry(h, t, handle, object);
}

static inline addr32 handles_chunk_of(struct heap *h, const struct handles *t,
                                      uint32_t handle)
{
    return handles_object(h, t, handle) - HANDLES_HEADER;
}

/* ---- Splitting and joining --------------------------------------------- */

/* A hole: where it begins, and how long it is. */
struct handles_hole {
    addr32 at;
    uint32_t words; /* 0: none, it went into the gap                       */
};

/*
 * The chunk at `c`, in use until now or just cut off, becomes a hole with all
 * that is free around it; `is_behind` says whether the chunk before it is. The
 * hole is in no list yet. If it touches the gap it becomes gap.
 */
static inline struct handles_hole handles_join(struct heap *h,
                                               struct handles *t, addr32 c,
                                               uint32_t words, bool is_behind)
{
    addr32 end = c + 4 * words;
    uint32_t last = 0; /* index of the object behind */
    bool is_last = end == t->frontier;
    if (!is_last) {
        uint32_t next = *word_at(h, end);
        last = next & HANDLES_LOW;
        if (last == 0) { /* free: c was used */
            handles_take_out(h, t, end);
            end += 4 * (next >> 16);
            last = *word_at(h, end - 4) & HANDLES_LOW;
        } else if (handles_header_is_pinned(next)) {
            *word_at(h, end) = next | 1u << 16;
        } else {
            *word_at(h, end) = next - last;
        }
    }
    if (is_behind) {
        c -= 4 * (*word_at(h, c - 4) >> 16);
        handles_take_out(h, t, c);
    }
    if (t->scan - c <= end - c)
        t->scan = c;
    t->is_settled = 0;
    if (is_last) {
        t->frontier = c;
        return (struct handles_hole){c, 0};
    }
    words = (end - c) / 4;
    *word_at(h, c) = handles_header(words, 0);
    *word_at(h, end - 4) = handles_header(words, last);
    return (struct handles_hole){c, words};
}

/* The same, and into its list. */
static inline void handles_make_hole(struct heap *h, struct handles *t,
                                     addr32 c, uint32_t words, bool is_behind)
{
    struct handles_hole hole = handles_join(h, t, c, words, is_behind);
    if (hole.words != 0)
        handles_insert(h, t, hole.at, hole.words);
}

/*
 * Cut a used chunk of `words` words off hole `c`, which is in no list and has
 * `have`; the rest, if it can be a chunk, becomes a hole and goes to its list,
 * else it is granted with the chunk. Returns the words granted; the header is
 * the caller's to write.
 */
static inline uint32_t handles_cut(struct heap *h, struct handles *t, addr32 c,
                                   uint32_t have, uint32_t words)
{
    CORE_ASSERT(have >= words);
    uint32_t rest = have - words;
    addr32 end = c + 4 * have;
    uint32_t last = *word_at(h, end - 4) & HANDLES_LOW;
    if (rest < HANDLES_CHUNK_MIN) {
        uint32_t next = *word_at(h, end);
        *word_at(h, end) =
            handles_header_is_pinned(next) ? next & HANDLES_LOW : next | last;
        return have;
    }
    c += 4 * words;
    *word_at(h, c) = handles_header(rest, 0);
    *word_at(h, end - 4) = handles_header(rest, last);
    handles_insert(h, t, c, rest);
    return words;
}

/* ---- Between the files ------------------------------------------------- */

/* What lies before it in the text is done, as an interrupt sees it. */
static inline void handles_fence(void)
{
    __asm__ volatile("" : : : "memory");
}

/* Units and words that a step may still spend. */
struct handles_budget {
    uint32_t units;
    uint32_t words; /* copied                                             */
    uint32_t most;  /* words of the longest object that a fresh step could */
                    /* move at once: longer ones are moved in pieces       */
};

/* handles_step with a bound on the words copied. */
uint32_t handles_work(struct heap *h, struct handles_budget budget);

/*
 * The chunk of `handle`, pinned or in motion, is a plain one again; its
 * header.
 */
uint32_t handles_loosen(struct heap *h, struct handles *t, uint32_t handle);

/* Forget the copy of the object that is moved in pieces; there is one. */
void handles_abort(struct heap *h, struct handles *t);

#endif /* CORE_HANDLESCHUNK_H */
