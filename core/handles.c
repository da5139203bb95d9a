/* handles.c - see handles.h: requests and frees. */
#include "core/handles.h"
#include "core/handleschunk.h"

/* ---- Room for an object ------------------------------------------------ */

/* Words of the chunk for a request; no overflow up to HANDLES_REQUEST_MAX. */
static inline uint32_t words_for(uint32_t bytes)
{
    uint32_t words = (bytes + HANDLES_HEADER + 3) / 4;
    return words < HANDLES_CHUNK_MIN ? HANDLES_CHUNK_MIN : words;
}

void handles_give_back(struct heap *h, addr32 c, addr32 end, bool is_behind)
{
    struct handles *t = handles_of(h);
    if (is_behind) {
        uint32_t words = *word_at(h, c - 4) >> 16;
        if (words == 0) {
            c = t->hand;
            handles_let_go(t);
        } else {
            c -= 4 * words;
            handles_take_out(h, c);
        }
    }
    handles_clear(h, c);
    if (end == t->frontier)
        t->frontier = c;
    else
        t->hand = c;
}

void handles_make_hole(struct heap *h, addr32 c, uint32_t words, bool is_behind)
{
    handles_make_hole_here(h, c, words, is_behind);
}

/* Of the first chunks of list `j`, one of `words` words, or 0. */
static addr32 look_in(struct heap *h, const struct handles *t, uint32_t j,
                      uint32_t words)
{
    addr32 end = handles_end_of(h, j);
    addr32 c = t->list[j].first;
    for (uint32_t i = 0; i < HANDLES_LOOK && c != end; i++) {
        if (*word_at(h, c) >> 16 >= words)
            return c;
        c = *word_at(h, c + 4);
    }
    return 0;
}

/* A chunk, or 0 words: none. */
struct piece {
    addr32 at;
    uint32_t words;
};

/*
 * A used chunk of `words` words, the gap ending at `end`; its header is not
 * written yet. 0 words: there is none.
 */
static struct piece place(struct heap *h, struct handles *t, uint32_t words,
                          addr32 end)
{
    addr32 c = t->hand;
    if (!t->in_step && t->hand_end - c >= 4 * words)
        return (struct piece){c, handles_cut_hand(h, t, words)};
    c = t->frontier;
    if (end - c > 4 * words) {
        t->frontier = c + 4 * words;
        handles_clear(h, t->frontier);
        return (struct piece){c, words};
    }
    uint32_t j = handles_list_of(words);
    uint32_t longer = handles_longer(t, j);
    c = look_in(h, t, j, words);
    if (c == 0 && longer != 0)
        c = t->list[__builtin_ctz(longer)].first;
    if (c == 0)
        return (struct piece){0, 0};
    handles_take_out(h, c);
    words = handles_cut_off(h, c, *word_at(h, c) >> 16, words);
    return (struct piece){c, words};
}

/* Words of all holes and the gap, but for the gap's own one. */
static uint32_t free_words(struct heap *h, const struct handles *t)
{
    uint32_t n = (h->pool_max - t->frontier + t->hand_end - t->hand) / 4 - 1;
    bool is_behind = false;
    for (addr32 c = h->pool_min; c != t->frontier;) {
        if (c == t->hand) {
            c = t->hand_end;
            is_behind = true;
        }
        uint32_t header = *word_at(h, c);
        bool is_free = !is_behind && (header & HANDLES_LOW) == 0;
        n += is_free ? handles_words(header) : 0;
        is_behind = is_free;
        c += 4 * handles_words(header);
    }
    return n;
}

/*
 * Nothing was found for a chunk of `words` words: is it worth looking again?
 * An unfinished move is given up for it; then, if it may take long, all holes
 * are made one, `*may_wait` telling that this was not
 * tried yet.
 */
static bool make_room(struct heap *h, struct handles *t, uint32_t words,
                      bool *may_wait)
{
    if (t->in_step || (t->free_handle == 0 && handles_has_no_index(t)))
        return false;
    if (t->moving != 0) {
        handles_end_motion(h, t);
        return true;
    }
    if (t->params.wait && *may_wait && free_words(h, t) >= words) {
        *may_wait = false;
        handles_settle(h);
        return true;
    }
    t->is_begun = 1;
    t->has_moved = 1;
    return false;
}

/* ---- Entries ----------------------------------------------------------- */

/* A chunk and an entry for it; the handle, or 0 and nothing has changed. */
static uint32_t take(struct heap *h, struct handles *t, uint32_t words)
{
    uint32_t handle = t->free_handle;
    addr32 end = handle != 0 ? h->pool_max : handles_end_with_entry(h, t);
    if (end == 0)
        return 0;
    struct piece chunk = place(h, t, words, end);
    if (chunk.words == 0)
        return 0;
    if (handle == 0)
        handle = handles_issue(h, t);
    else
        t->free_handle = handles_entry(h, t, handle) - 1;
    *word_at(h, chunk.at) = handles_header(chunk.words, handle / 4);
    handles_set_object(h, t, handle, chunk.at + HANDLES_HEADER);
    return handle;
}

/* ---- Requests ---------------------------------------------------------- */

/* What no heap could grant, or not now. */
static uint32_t refuse_at_once(struct heap *h, uint32_t bytes)
{
    h->refusal = bytes == 0                    ? REFUSAL_NONE
                 : bytes > HANDLES_REQUEST_MAX ? REFUSAL_LIMIT
                 : h->phase != PHASE_IDLE      ? REFUSAL_LOCKED
                                               : REFUSAL_FULL;
    return 0;
}

static uint32_t refuse(struct heap *h, const struct handles *t, bool is_alloc)
{
    bool has_index = t->free_handle != 0 || !handles_has_no_index(t);
    h->refusal = t->in_step               ? REFUSAL_LOCKED
                 : is_alloc && !has_index ? REFUSAL_INDEX
                                          : REFUSAL_FULL;
    return 0;
}

/*
 * Move per_alloc bytes, after a request: whether that is granted does not
 * depend on it. The new object, if there is one, stays where it is: the
 * program is about to write to it. To begin and to end a move is allowed on
 * top.
 */
static void move_some(struct heap *h, const struct handles *t, uint32_t handle)
{
    uint32_t words = t->params.per_alloc / 4;
    uint32_t units = words + HANDLES_SLIDE;
    if (t->in_step)
        return;
    if (handle != 0)
        handles_pin(h, handle);
    units = units < HANDLES_LEAST ? HANDLES_LEAST : units;
    (void)handles_work(h, units, words, words);
    if (handle != 0)
        handles_unpin(h, handle);
}

/* Zero what chunk `c` has behind its first `from` words. */
static void zero_from(struct heap *h, addr32 c, uint32_t from)
{
    uint32_t words = handles_words(*word_at(h, c));
    if (words > from)
        __builtin_memset(word_at(h, c + 4 * from), 0, 4 * (words - from));
}

/* The request, whatever it takes. */
static __attribute__((noinline)) uint32_t alloc_anyhow(struct heap *h,
                                                       uint32_t bytes)
{
    struct handles *t = handles_of(h);
    if (bytes - 1 >= HANDLES_REQUEST_MAX || h->phase != PHASE_IDLE)
        return refuse_at_once(h, bytes);
    uint32_t words = words_for(bytes);
    bool may_wait = true;
    uint32_t handle;
    while ((handle = take(h, t, words)) == 0) {
        if (!make_room(h, t, words, &may_wait))
            break;
    }
    if (handle == 0)
        (void)refuse(h, t, true);
    else
        h->refusal = REFUSAL_NONE;
    if (handle != 0 && t->params.zero)
        zero_from(h, handles_chunk_of(h, handle), 1);
    if (t->params.per_alloc != 0)
        move_some(h, t, handle);
    return handle;
}

/* The object is in chunk `c` of `bytes` bytes, its entry the first free one. */
static inline uint32_t give(struct heap *h, struct handles *t, uint32_t handle,
                            addr32 c, uint32_t bytes)
{
    addr32 entry = t->table + handle;
    t->free_handle = *word_at(h, entry) - 1;
    *word_at(h, c) = bytes << 14 | handle / 4;
    *word_at(h, entry) = c + HANDLES_HEADER;
    return handle;
}

/*
 * Make `c`, the first hole of list `j`, a chunk of `bytes` bytes; the rest
 * comes into the hand, or to its list if there is one in hand. Bytes
 * granted.
 */
static inline uint32_t cut_longer(struct heap *h, struct handles *t, addr32 c,
                                  uint32_t j, uint32_t bytes)
{
    addr32 list = handles_end_of(h, j);
    addr32 next = *word_at(h, c + 4);
    uint32_t bits = t->bits;
    uint32_t rest = 4u * *handles_high(h, c) - bytes;
    addr32 cut = c + bytes;
    *word_at(h, list + 4) = next;
    *word_at(h, next + 8) = list;
    if (next == list)
        t->bits = bits & ~(UINT32_C(1) << j);
    if (rest < 4 * HANDLES_CHUNK_MIN) {
        handles_use_up(h, cut + rest);
        return bytes + rest;
    }
    if (t->hand == 0) {
        handles_hold(h, cut, cut + rest);
    } else {
        handles_write_hole(h, cut, rest / 4);
        handles_insert(h, cut, rest / 4);
    }
    return bytes;
}

/*
 * The list whose first hole has `words` words: of longer ones, or else the
 * request's own. HANDLES_LISTS: there is none.
 */
static inline uint32_t find_list(struct heap *h, const struct handles *t,
                                 uint32_t words)
{
    uint32_t j = handles_list_of(words);
    uint32_t longer = handles_longer(t, j);
    if (longer != 0)
        return (uint32_t)__builtin_ctz(longer);
    addr32 c = t->list[j].first;
    if (c == handles_end_of(h, j) || *handles_high(h, c) < words)
        return HANDLES_LISTS;
    return j;
}

/*
 * The short way: of the hole in hand, else of the gap, else of a longer chunk,
 * and no calls.
 */
__attribute__((aligned(4))) uint32_t handles_alloc(struct heap *h,
                                                   uint32_t bytes,
                                                   uint32_t flags)
{
    struct handles *t = handles_of(h);
    (void)flags;
    uint32_t handle = t->free_handle;
    if (bytes - 1 >= t->short_request) /* 0 is the largest */
        return alloc_anyhow(h, bytes);
    if (__builtin_expect(handle == 0, 0)) {
        handle = handles_add_entry(h, t);
        if (handle == 0)
            return alloc_anyhow(h, bytes);
    }

    uint32_t size = 4 * words_for(bytes);
    addr32 c = t->hand;
    h->refusal = REFUSAL_NONE;
    if (t->hand_end - c >= size + 4 * HANDLES_CHUNK_MIN) {
        t->hand = c + size;
    } else {
        c = t->frontier;
        if (h->pool_max - c <= size) {
            uint32_t j = find_list(h, t, size / 4);
            if (j == HANDLES_LISTS)
                return alloc_anyhow(h, bytes);
            c = t->list[j].first;
            return give(h, t, handle, c, cut_longer(h, t, c, j, size));
        }
        t->frontier = c + size;
    }
    handles_clear(h, c + size);
    return give(h, t, handle, c, size);
}

/* In one piece: split by the compiler at its first test, it costs a jump. */
__attribute__((noinline, aligned(4))) void handles_free(struct heap *h,
                                                        uint32_t handle)
{
    struct handles *t = handles_of(h);
    if (handle == 0)
        return;
    CORE_ASSERT(h->phase == PHASE_IDLE && !t->in_step);
    CORE_ASSERT(handles_is_valid(h, handle));
    addr32 c = handles_chunk_of(h, handle);
    uint32_t words = *handles_high(h, c);
    uint32_t low = *handles_low(h, c);
    bool is_behind = low == 0;
    handles_set_entry(h, t, handle, t->free_handle + 1);
    t->free_handle = handle;
    if (__builtin_expect(t->moving == handle, 0))
        t->moving = HANDLES_GONE;
    if (__builtin_expect(words < 2, 0)) { /* pinned */
        is_behind = words != 0;
        words = low;
        if (t->scan == c)
            t->scan_handle = handle; /* which no longer holds */
    }
    handles_make_hole_here(h, c, words, is_behind);
}

/* ---- Longer and shorter ------------------------------------------------ */

/* Chunk `c` becomes `more` words longer, or shorter. */
static void add_words(struct heap *h, addr32 c, uint32_t more)
{
    uint32_t header = *word_at(h, c);
    *word_at(h, c) =
        header + (handles_header_is_pinned(header) ? more : more << 16);
}

/* Cut off what chunk `c` has beyond `words` words, if it can be a chunk. */
static void cut_tail(struct heap *h, addr32 c, uint32_t words)
{
    uint32_t rest = handles_words(*word_at(h, c)) - words;
    if (rest < HANDLES_CHUNK_MIN)
        return;
    add_words(h, c, -rest);
    handles_make_hole(h, c + 4 * words, rest, false);
}

/* Make chunk `c` at least `words` words with what is free behind it. */
static bool grow_here(struct heap *h, struct handles *t, addr32 c,
                      uint32_t words)
{
    uint32_t have = handles_words(*word_at(h, c));
    uint32_t more = words - have;
    addr32 end = c + 4 * have;
    if (end == t->frontier) {
        if (h->pool_max - end <= 4 * more)
            return false;
        t->frontier = end + 4 * more;
        handles_clear(h, t->frontier);
    } else if (end == t->hand) {
        if (t->hand_end - end < 4 * more)
            return false;
        more = handles_cut_hand(h, t, more);
    } else {
        uint32_t next = *word_at(h, end);
        if ((next & HANDLES_LOW) != 0 || next >> 16 < more)
            return false;
        handles_take_out(h, end);
        more = handles_cut_off(h, end, next >> 16, more);
    }
    add_words(h, c, more);
    return true;
}

/* Copy the object to a chunk of `words` words elsewhere and free the old. */
static bool move_to_longer(struct heap *h, struct handles *t, uint32_t handle,
                           uint32_t words)
{
    struct piece chunk = place(h, t, words, h->pool_max);
    if (chunk.words == 0)
        return false;
    addr32 c = handles_chunk_of(h, handle);
    uint32_t header = *word_at(h, c);
    uint32_t have = header >> 16;
    __builtin_memcpy(word_at(h, chunk.at + 4), word_at(h, c + 4),
                     4 * (have - 1));
    *word_at(h, chunk.at) = handles_header(chunk.words, handle / 4);
    handles_set_object(h, t, handle, chunk.at + HANDLES_HEADER);
    handles_make_hole(h, c, have, (header & HANDLES_LOW) == 0);
    return true;
}

/* The object gets at least `words` words, somehow. */
static bool lengthen(struct heap *h, struct handles *t, uint32_t handle,
                     uint32_t words)
{
    bool may_wait = true;
    do {
        addr32 c = handles_chunk_of(h, handle);
        if (grow_here(h, t, c, words))
            return true;
        if (handles_header_is_pinned(*word_at(h, c))) {
            h->refusal = REFUSAL_IN_PLACE;
            return false;
        }
        if (move_to_longer(h, t, handle, words))
            return true;
    } while (make_room(h, t, words, &may_wait));
    return refuse(h, t, false) != 0;
}

uint32_t handles_realloc(struct heap *h, uint32_t handle, uint32_t bytes,
                         bool may_move)
{
    struct handles *t = handles_of(h);
    (void)may_move;
    if (handle == 0)
        return handles_alloc(h, bytes, 0);
    CORE_ASSERT(h->phase == PHASE_IDLE && !t->in_step);
    CORE_ASSERT(handles_is_valid(h, handle));
    if (bytes - 1 >= HANDLES_REQUEST_MAX) {
        if (bytes == 0)
            handles_free(h, handle);
        return refuse_at_once(h, bytes);
    }
    if (t->moving == handle)
        handles_end_motion(h, t);
    uint32_t words = words_for(bytes);
    addr32 c = handles_chunk_of(h, handle);
    uint32_t have = handles_words(*word_at(h, c));
    if (words <= have)
        cut_tail(h, c, words);
    else if (!lengthen(h, t, handle, words))
        return 0;
    h->refusal = REFUSAL_NONE;
    if (t->params.zero)
        zero_from(h, handles_chunk_of(h, handle), have);
    return handle;
}
