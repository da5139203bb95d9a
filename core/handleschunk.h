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

/*
 * The end of list `j` is a chunk, too, of which only next and slot are there:
 * those in the control block. Where it would begin:
 */
#define HANDLES_ENDS_AT                                                        \
    ((uint32_t)(sizeof(struct heap) + offsetof(struct handles, list) - 4))

static inline addr32 handles_base(const struct heap *h)
{
#if CORE_ON_TARGET
    return (addr32)h; /* the same, and already in a register */
#else
    return h->base;
#endif
}

/* The list of holes of `words` words: all long ones are in the last. */
static inline uint32_t handles_list_of(uint32_t words)
{
    uint32_t j = words / HANDLES_STEP;
    return j < HANDLES_LISTS ? j : HANDLES_LISTS - 1;
}

/* ---- Headers ----------------------------------------------------------- */

/* Half a word, which is otherwise read and written as a whole. */
typedef uint16_t __attribute__((may_alias)) handles_half;

static inline handles_half *handles_low(struct heap *h, addr32 p)
{
    return (handles_half *)(void *)byte_at(h, p);
}

static inline handles_half *handles_high(struct heap *h, addr32 p)
{
    return (handles_half *)(void *)byte_at(h, p + 2);
}

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

/* Where the end of list `j` would be a chunk. */
static inline addr32 handles_end_of(const struct heap *h, uint32_t j)
{
    return handles_base(h) + HANDLES_ENDS_AT + 8 * j;
}

/* The lists behind list `j` that are not empty, a bit each. */
static inline uint32_t handles_longer(const struct handles *t, uint32_t j)
{
    return t->bits & UINT32_MAX << 1 << j;
}

/* Put free chunk `c` at the front of its list. */
static inline void handles_insert(struct heap *h, addr32 c, uint32_t words)
{
    uint32_t j = handles_list_of(words);
    addr32 end = handles_end_of(h, j);
    addr32 first = *word_at(h, end + 4);
    handles_of(h)->bits |= UINT32_C(1) << j;
    *word_at(h, end + 4) = c;
    *word_at(h, c + 4) = first;
    *word_at(h, c + 8) = end;
    *word_at(h, first + 8) = c;
}

/* Take free chunk `c` out of its list. */
static inline void handles_take_out(struct heap *h, addr32 c)
{
    addr32 next = *word_at(h, c + 4);
    addr32 before = *word_at(h, c + 8);
    *word_at(h, before + 4) = next;
    *word_at(h, next + 8) = before;
    if (next == before) { /* both the list's end */
        uint32_t j = (next - handles_end_of(h, 0)) / 8;
        handles_of(h)->bits &= ~(UINT32_C(1) << j);
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
    if (__builtin_expect(t->table != 0, 1))
        *word_at(h, t->table + handle) = value;
    else
        *half_at(h, t->halves + handle / 2) = (uint16_t)value;
}

/* The object of a valid handle is from now on at `object`. */
static inline void handles_set_object(struct heap *h, const struct handles *t,
                                      uint32_t handle, addr32 object)
{
    if (__builtin_expect(t->table == 0, 0))
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

/* Where the gap will end when one more entry is given; 0: none can be. */
static inline addr32 handles_end_with_entry(const struct heap *h,
                                            const struct handles *t)
{
    addr32 entry = t->issued - handles_entry_bytes(t);
    if (handles_has_no_index(t))
        return 0;
    if (entry >= h->pool_max)
        return h->pool_max;
    addr32 end = entry & ~UINT32_C(3);
    return end <= t->frontier ? 0 : end;
}

/* Add an entry to the list of free ones, which is empty; its handle, or 0. */
static inline uint32_t handles_add_entry(struct heap *h, struct handles *t)
{
    if (handles_end_with_entry(h, t) == 0)
        return 0;
    t->free_handle = handles_issue(h, t);
    handles_set_entry(h, t, t->free_handle, 1);
    return t->free_handle;
}

/* ---- Splitting and joining --------------------------------------------- */

/* Free bytes from `c` on, of hole in hand or gap, begin with a 0. */
static inline void handles_clear(struct heap *h, addr32 c)
{
    *word_at(h, c) = 0;
}

/*
 * Write what a hole in a list begins and ends with, but for the index of the
 * object behind it, which is there.
 */
static inline void handles_write_hole(struct heap *h, addr32 c, uint32_t words)
{
    *word_at(h, c) = handles_header(words, 0);
    *handles_high(h, c + 4 * words - 4) = (handles_half)words;
}

/* The index of the object behind the hole that ends at `end`. */
static inline uint32_t handles_last(struct heap *h, addr32 end)
{
    return *handles_low(h, end - 4);
}

/* The hole from `c` to `end` comes into the hand, where none is. */
static inline void handles_hold(struct heap *h, addr32 c, addr32 end)
{
    struct handles *t = handles_of(h);
    handles_clear(h, c);
    *handles_high(h, end - 4) = 0;
    t->hand = c;
    t->hand_end = end;
}

static inline void handles_let_go(struct handles *t)
{
    t->hand = 0;
    t->hand_end = 0;
}

/* The hole in hand, which is there, goes to its list. */
static inline void handles_put_away(struct heap *h, addr32 hand, addr32 end)
{
    uint32_t words = (end - hand) / 4;
    handles_write_hole(h, hand, words);
    handles_insert(h, hand, words);
}

/*
 * The chunk at `p`, in use, the low half of whose header is `low`, is behind a
 * hole from now on.
 */
static inline void handles_go_behind(struct heap *h, addr32 p, uint32_t low)
{
    if (*handles_high(h, p) < 2) /* pinned */
        *handles_high(h, p) = 1;
    else
        *handles_low(h, p) = 0;
    *handles_low(h, p - 4) = (handles_half)low;
}

/*
 * The chunk from `c` to `end`, in use until now, lies before the gap or the
 * hole in hand: it becomes part of it; `is_behind`: and so does the hole
 * before it.
 */
void handles_give_back(struct heap *h, addr32 c, addr32 end, bool is_behind);

/*
 * The chunk `c` of `words` words, in use until now or just cut off, becomes a
 * hole with all that is free around it; `is_behind` says whether the chunk
 * before it is.
 */
static inline __attribute__((always_inline)) void handles_make_hole_here(
    struct heap *h, addr32 c, uint32_t words, bool is_behind)
{
    addr32 end = c + 4 * words;
    uint32_t last = *handles_low(h, end);
    if (last != 0) {
        handles_go_behind(h, end, last);
    } else {
        uint32_t more = *handles_high(h, end);
        if (more == 0) {
            handles_give_back(h, c, end, is_behind);
            return;
        }
        handles_take_out(h, end);
        words += more;
        end += 4 * more;
    }
    if (is_behind) {
        uint32_t more = *handles_high(h, c - 4);
        if (more == 0) {
            *handles_high(h, end - 4) = 0;
            handles_of(h)->hand_end = end;
            return;
        }
        words += more;
        c -= 4 * more;
        handles_take_out(h, c);
    }
    handles_write_hole(h, c, words);
    handles_insert(h, c, words);
}

void handles_make_hole(struct heap *h, addr32 c, uint32_t words,
                       bool is_behind);

/* All of the hole that ends at `end` is used: the object behind it gets its
 * index back. */
static inline void handles_use_up(struct heap *h, addr32 end)
{
    uint32_t next = *word_at(h, end);
    *word_at(h, end) = handles_header_is_pinned(next)
                           ? next & HANDLES_LOW
                           : next | handles_last(h, end);
}

/*
 * Cut a used chunk of `words` words off hole `c`, which is in no list and has
 * `have`; its header is the caller's to write. The rest goes to its list, or
 * is granted with the chunk if it is none: the words granted.
 */
static inline uint32_t handles_cut_off(struct heap *h, addr32 c, uint32_t have,
                                       uint32_t words)
{
    uint32_t rest = have - words;
    addr32 end = c + 4 * have;
    CORE_ASSERT(have >= words);
    if (rest < HANDLES_CHUNK_MIN) {
        handles_use_up(h, end);
        return have;
    }
    handles_write_hole(h, c + 4 * words, rest);
    handles_insert(h, c + 4 * words, rest);
    return words;
}

/*
 * Cut a used chunk of `words` words off the hole in hand, which is as long; its
 * header is the caller's to write. The words granted.
 */
static inline uint32_t handles_cut_hand(struct heap *h, struct handles *t,
                                        uint32_t words)
{
    uint32_t have = (t->hand_end - t->hand) / 4;
    CORE_ASSERT(have >= words);
    if (have - words < HANDLES_CHUNK_MIN) {
        handles_use_up(h, t->hand_end);
        handles_let_go(t);
        return have;
    }
    t->hand += 4 * words;
    handles_clear(h, t->hand);
    return words;
}

/* ---- Motion ------------------------------------------------------------ */

/* The place that a move no longer needs becomes a hole. */
static inline void handles_end_motion(struct heap *h, struct handles *t)
{
    uint32_t header = *word_at(h, t->copy);
    t->moving = 0;
    handles_make_hole_here(h, t->copy, handles_words(header),
                           handles_is_behind_hole(header));
}


/* ---- Between the files ------------------------------------------------- */

/* What lies before it in the text is done, as an interrupt sees it. */
static inline void handles_fence(void)
{
    __asm__ volatile("" : : : "memory");
}

/*
 * handles_step with a bound on the words of an object that is moved at once,
 * longer ones being moved in pieces, and of a piece.
 */
uint32_t handles_work(struct heap *h, uint32_t units, uint32_t most,
                      uint32_t piece);

/* The hole in hand, if there is one, goes to its list. */
bool handles_put_down(struct heap *h);

#endif /* CORE_HANDLESCHUNK_H */
