/* handleslook.c - handles.h's questions: what is there, and what would fit. */
#include "core/handles.h"
#include "core/handleschunk.h"

bool handles_is_valid(struct heap *h, uint32_t handle)
{
    const struct handles *t = handles_of(h);
    bool is_wide = t->table != 0;
    addr32 entry = is_wide ? t->table + handle : t->halves + handle / 2;
    if (handle % 4 != 0 || handle / 4 >= (is_wide ? 65536u : 256u) ||
        entry < t->issued)
        return false;
    return handles_entry(h, t, handle) % 2 == 0;
}

bool handles_is_pinned(struct heap *h, uint32_t handle)
{
    return handles_header_is_pinned(*word_at(h, handles_chunk_of(h, handle)));
}

uint32_t handles_bytes(struct heap *h, uint32_t handle)
{
    addr32 c = handles_chunk_of(h, handle);
    return 4 * handles_words(*word_at(h, c)) - HANDLES_HEADER;
}

/* ---- The largest request ----------------------------------------------- */

/* A heap as it is, or as giving up an unfinished move leaves it. */
struct view {
    addr32 frontier;
    uint32_t hand;  /* words of the hole in hand; 0                    */
    addr32 left[2]; /* holes that are in no list any more; 0           */
    uint32_t first; /* words of one that comes first in its list; 0    */
};

/* The longest chunk that a request could find in list `j`. */
static uint32_t longest_in(struct heap *h, const struct view *v, uint32_t j)
{
    bool has_first = v->first != 0 && handles_list_of(v->first) == j;
    uint32_t longest = has_first ? v->first : 0;
    uint32_t n_seen = has_first ? 1 : 0;
    addr32 c = handles_of(h)->list[j].first;
    for (; c != handles_end_of(h, j) && n_seen < HANDLES_LOOK;
         c = *word_at(h, c + 4)) {
        if (c == v->left[0] || c == v->left[1])
            continue;
        uint32_t words = *word_at(h, c) >> 16;
        longest = words > longest ? words : longest;
        n_seen++;
    }
    return longest;
}

/* Where the gap ends for a request, which needs an entry, too; 0: none. */
static addr32 end_of_gap(const struct heap *h, const struct handles *t,
                         const struct view *v)
{
    if (t->free_handle != 0)
        return h->pool_max;
    addr32 entry = t->issued - (t->table != 0 ? 4 : 2);
    addr32 end = entry < h->pool_max ? entry & ~UINT32_C(3) : h->pool_max;
    return entry == (t->table | t->halves) || end <= v->frontier ? 0 : end;
}

/* Words of the largest chunk that could be had; 0: none. */
static uint32_t largest_in(struct heap *h, const struct view *v)
{
    const struct handles *t = handles_of(h);
    addr32 end = end_of_gap(h, t, v);
    if (end == 0)
        return 0;
    uint32_t listed = 0;
    for (uint32_t j = HANDLES_LISTS; j > 0 && listed == 0; j--)
        listed = longest_in(h, v, j - 1);
    uint32_t gap = (end - v->frontier) / 4 - 1;
    listed = v->hand > listed ? v->hand : listed;
    return listed > gap ? listed : gap;
}

/* Words of the hole in hand. */
static uint32_t words_in_hand(const struct handles *t)
{
    return (t->hand_end - t->hand) / 4;
}

/* Give up, in the view, the copy of an object in motion. */
static void give_up_copy(struct heap *h, struct view *v)
{
    const struct handles *t = handles_of(h);
    addr32 from = t->copy;
    uint32_t header = *word_at(h, from);
    addr32 to = from + 4 * handles_words(header);
    bool is_hand = to == t->hand;
    if (handles_is_behind_hole(header)) {
        uint32_t words = *word_at(h, from - 4) >> 16;
        is_hand |= words == 0;
        from -= 4 * (words == 0 ? words_in_hand(t) : words);
        v->left[0] = from;
    }
    if (to == t->hand) {
        to = t->hand_end;
    } else if (to != t->frontier && (*word_at(h, to) & HANDLES_LOW) == 0) {
        v->left[1] = to;
        to += 4 * (*word_at(h, to) >> 16);
    }
    if (to == t->frontier)
        v->frontier = from;
    else if (is_hand)
        v->hand = (to - from) / 4;
    else
        v->first = (to - from) / 4;
}

uint32_t handles_largest(struct heap *h)
{
    const struct handles *t = handles_of(h);
    struct view v = {t->frontier, words_in_hand(t), {0, 0}, 0};
    uint32_t words = largest_in(h, &v);
    if (t->moving != 0) {
        give_up_copy(h, &v);
        uint32_t without = largest_in(h, &v);
        words = without > words ? without : words;
    }
    if (words > HANDLES_CHUNK_MAX)
        words = HANDLES_CHUNK_MAX;
    return words < HANDLES_CHUNK_MIN ? 0 : 4 * words - HANDLES_HEADER;
}

/* One chunk, as a walk meets it. */
struct met {
    uint32_t words;
    bool is_free; /* or the unfinished copy of an object in motion        */
    bool is_hole;
};

/* The chunk at `c`; `is_behind`: the one before it is a hole. */
static struct met meet(struct heap *h, const struct handles *t, addr32 c,
                       bool is_behind)
{
    if (c == t->hand)
        return (struct met){words_in_hand(t), true, true};
    uint32_t header = *word_at(h, c);
    bool is_hole = !is_behind && (header & HANDLES_LOW) == 0;
    bool is_copy = t->moving != 0 && t->copy == c;
    return (struct met){handles_words(header), is_hole || is_copy, is_hole};
}

uint32_t handles_largest_settled(struct heap *h)
{
    const struct handles *t = handles_of(h);
    struct view v = {t->frontier, words_in_hand(t), {0, 0}, 0};
    bool is_behind = false;
    for (addr32 c = h->pool_min; c != t->frontier;) {
        struct met m = meet(h, t, c, is_behind);
        v.frontier -= m.is_free ? 4 * m.words : 0;
        is_behind = m.is_hole;
        c += 4 * m.words;
    }
    addr32 end = end_of_gap(h, t, &v);
    uint32_t words = end == 0 ? 0 : (end - v.frontier) / 4 - 1;
    words = words > HANDLES_CHUNK_MAX ? HANDLES_CHUNK_MAX : words;
    return words < HANDLES_CHUNK_MIN ? 0 : 4 * words - HANDLES_HEADER;
}

/* ---- Objects one by one ------------------------------------------------ */

static void count_free(struct heap_info *info, uint32_t words)
{
    if (words == 0)
        return;
    words--; /* the header */
    info->free_bytes += 4 * words;
    if (words > info->max_free)
        info->max_free = words;
}

void handles_info(struct heap *h, struct heap_info *info)
{
    const struct handles *t = handles_of(h);
    uint32_t run = 0; /* free words up to here */
    bool is_behind = false;
    *info = (struct heap_info){0};
    info->total_bytes = h->pool_max - h->pool_min;
    for (addr32 c = h->pool_min; c != t->frontier;) {
        struct met m = meet(h, t, c, is_behind);
        if (m.is_free) {
            run += m.words;
        } else {
            count_free(info, run);
            run = 0;
            info->n_objects++;
            info->used_bytes += 4 * (m.words - 1);
            if (m.words - 1 > info->max_block)
                info->max_block = m.words - 1;
        }
        is_behind = m.is_hole;
        c += 4 * m.words;
    }
    count_free(info, run + (h->pool_max - t->frontier) / 4);
}

bool handles_area_info(struct heap *h, uint32_t index, struct area_info *info)
{
    if (index != 0)
        return false;
    *info = (struct area_info){0};
    handles_info(h, &info->blocks);
    info->start = h->pool_min;
    info->pool = h->pool_min;
    info->n_blocks = (h->pool_max - h->pool_min) / 4;
    return true;
}

bool handles_walk(struct heap *h, struct heap_cursor *cursor,
                  struct heap_object *object)
{
    const struct handles *t = handles_of(h);
    bool is_behind = false; /* right behind an object */
    cursor->is_started = 1;
    for (addr32 c = h->pool_min + 4 * cursor->block; c != t->frontier;) {
        struct met m = meet(h, t, c, is_behind);
        is_behind = m.is_hole;
        c += 4 * m.words;
        if (m.is_free)
            continue;
        *object = (struct heap_object){
            .address = c - 4 * m.words + HANDLES_HEADER,
            .bytes = 4 * m.words - HANDLES_HEADER,
            .n_blocks = m.words - 1,
            .block = (c - h->pool_min) / 4 - m.words,
        };
        cursor->block = (c - h->pool_min) / 4;
        return true;
    }
    return false;
}

uint32_t handles_owner(struct heap *h, addr32 address)
{
    const struct handles *t = handles_of(h);
    uint32_t n_indices = t->table != 0 ? 65536 : 256;
    for (uint32_t i = n_indices - 1; i > 0; i--) {
        if (!handles_is_valid(h, 4 * i))
            continue;
        if (handles_deref(h, 4 * i, 0) == address)
            return 4 * i;
    }
    return 0;
}
