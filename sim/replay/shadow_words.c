/* shadow_words.c - see shadow_words.h, and shadow.h for what is verified. */
#include "sim/replay/shadow_words.h"

#include <string.h>

/*
 * Words that lie in a row: `n` of an object from `word` on, the first at
 * edge_at[place]; in pieces the block of that unit.
 */
struct row {
    uint32_t word, n, place, unit;
};

static void enter_piece(const struct shadow *s, struct row *r)
{
    r->n = (1u << s->unit_shift) / 4;
    r->place = (shadow_piece_address(s, r->unit) - s->origin) / 4;
}

static void first_row(const struct shadow *s, const struct shadow_object *o,
                      struct row *r)
{
    r->word = 0;
    r->n = o->granted / 4;
    r->place = (o->address - s->origin) / 4;
    r->unit = SHADOW_NO_PIECE;
    if (s->next_piece == NULL)
        return;
    r->unit = s->first_piece[shadow_unit(s, o->address)];
    enter_piece(s, r);
}

/* The words behind it, if there are any. */
static void next_row(const struct shadow *s, struct row *r)
{
    r->word += r->n;
    if (r->unit == SHADOW_NO_PIECE)
        return;
    r->unit = s->next_piece[r->unit];
    if (r->unit != SHADOW_NO_PIECE)
        enter_piece(s, r);
}

static uint32_t *words_of(const struct shadow *s, const struct row *r)
{
    uint32_t address = s->origin + 4 * r->place;
    return (uint32_t *)(void *)(s->target->window +
                                (address - s->target->base));
}

/* The first word of an object that lies in a row. */
static uint32_t *word_of(const struct shadow *s, const struct shadow_object *o)
{
    return (uint32_t *)(void *)(s->target->window +
                                (o->address - s->target->base));
}

uint32_t shadow_word_place(const struct shadow *s,
                           const struct shadow_object *o, uint32_t word)
{
    struct row r;
    if (s->next_piece == NULL)
        return (o->address - s->origin) / 4 + word;
    for (first_row(s, o, &r); word - r.word >= r.n;)
        next_row(s, &r);
    return r.place + (word - r.word);
}

uint32_t shadow_word_address(const struct shadow *s, uint32_t slot,
                             uint32_t word)
{
    return s->origin + 4 * shadow_word_place(s, &s->objects[slot], word);
}

/* The stamp of word `i` is seed + i * STRIDE: odd, because both terms fit. */
#define STAMP_STRIDE 0x3c6ef372u /* even */

static uint32_t seed_of(const struct shadow_object *o)
{
    uint64_t key = (o->id ^ (o->born << 32)) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(key >> 32) | 1u;
}

uint32_t shadow_stamp_of(const struct shadow_object *o, uint32_t word)
{
    return seed_of(o) + word * STAMP_STRIDE;
}

uint32_t shadow_stamped_words(const struct shadow_object *o)
{
    uint64_t bytes = o->asked < o->granted ? o->asked : o->granted;
    return (uint32_t)(bytes / 4);
}

/* The bytes behind the whole words of a chunk of strings: how many, where they
 * lie, and the word whose first bytes they are. */
static uint32_t tail_of(const struct shadow *s, const struct shadow_object *o,
                        uint8_t **bytes, uint32_t *word)
{
    uint32_t whole = (uint32_t)(o->asked / 4);
    *bytes = s->target->window + (o->address - s->target->base) + 4 * whole;
    *word = shadow_stamp_of(o, whole);
    return o->is_pool ? (uint32_t)(o->asked % 4) : 0;
}

/* The words of a row below `end`. */
static uint32_t end_of(const struct row *r, uint32_t end)
{
    return end - r->word < r->n ? end - r->word : r->n;
}

/* Is it like most: in a row, without references, no string behind it? */
static inline bool is_plain(const struct shadow *s,
                            const struct shadow_object *o)
{
    return s->next_piece == NULL && o->first_out == 0 && !o->is_pool;
}

/* Then it holds nothing but stamps, from that of `stamp` on. */
static void stamp_all(uint32_t *words, uint32_t n, uint32_t stamp)
{
    for (uint32_t i = 0; i < n; i++, stamp += STAMP_STRIDE)
        words[i] = stamp;
}

/* Does it? */
static bool all_stamps(const uint32_t *words, uint32_t n, uint32_t stamp)
{
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < n; i++, stamp += STAMP_STRIDE)
        wrong |= words[i] ^ stamp;
    return wrong == 0;
}

void shadow_stamp(struct shadow *s, uint32_t slot, uint32_t from)
{
    const struct shadow_object *o = &s->objects[slot];
    uint32_t end = shadow_stamped_words(o);
    uint32_t seed = seed_of(o);
    if (is_plain(s, o) && from <= end) {
        stamp_all(word_of(s, o) + from, end - from, seed + from * STAMP_STRIDE);
        return;
    }
    struct row r;
    for (first_row(s, o, &r); r.word < end; next_row(s, &r)) {
        uint32_t *words = words_of(s, &r);
        uint32_t n = end_of(&r, end);
        for (uint32_t i = from > r.word ? from - r.word : 0; i < n; i++) {
            if (o->first_out == 0 || s->edge_at[r.place + i] == 0)
                words[i] = seed + (r.word + i) * STAMP_STRIDE;
        }
    }
    uint8_t *bytes;
    uint32_t word;
    uint32_t n = tail_of(s, o, &bytes, &word);
    memcpy(bytes, &word, n);
}

/* As shadow_verify, of one row; behind `stamped` only references are known. */
static int64_t verify_row(const struct shadow *s, const struct shadow_object *o,
                          const struct row *r, uint32_t *expected,
                          uint32_t *found)
{
    const uint32_t *words = words_of(s, r);
    uint32_t stamped = shadow_stamped_words(o);
    uint32_t n = end_of(r, o->granted / 4);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t e = s->edge_at[r->place + i];
        if (e == 0 && r->word + i >= stamped)
            continue;
        *expected = e != 0 ? shadow_name(s, &s->objects[s->edges[e].to])
                           : shadow_stamp_of(o, r->word + i);
        *found = words[i];
        if (*found != *expected)
            return (int64_t)r->word + i;
    }
    return -1;
}

static int64_t verify_tail(const struct shadow *s,
                           const struct shadow_object *o, uint32_t *expected,
                           uint32_t *found)
{
    uint8_t *bytes;
    uint32_t word;
    uint32_t n = tail_of(s, o, &bytes, &word);
    *expected = *found = 0;
    memcpy(expected, &word, n);
    memcpy(found, bytes, n);
    return *expected == *found ? -1 : (int64_t)(o->asked / 4);
}

int64_t shadow_verify(const struct shadow *s, uint32_t slot, uint32_t *expected,
                      uint32_t *found)
{
    const struct shadow_object *o = &s->objects[slot];
    uint32_t end = o->first_out == 0 ? shadow_stamped_words(o) : o->granted / 4;
    if (is_plain(s, o) && all_stamps(word_of(s, o), end, seed_of(o)))
        return -1;
    int64_t wrong = -1;
    struct row r;
    for (first_row(s, o, &r); r.word < end && wrong < 0; next_row(s, &r))
        wrong = verify_row(s, o, &r, expected, found);
    return wrong < 0 ? verify_tail(s, o, expected, found) : wrong;
}

void shadow_rewrite(struct shadow *s, uint32_t slot)
{
    const struct shadow_object *o = &s->objects[slot];
    shadow_stamp(s, slot, 0);
    for (uint32_t e = o->first_out; e != 0; e = s->edges[e].next_out)
        s->target->store(s->target, shadow_name(s, o), s->edges[e].word,
                         shadow_name(s, &s->objects[s->edges[e].to]));
}

int64_t shadow_verify_roots(const struct shadow *s)
{
    const struct guest_roots *r = s->target->roots;
    for (uint32_t i = 0; i < r->n_precise; i++) {
        uint32_t e = s->root_edge[i];
        uint32_t right =
            e == 0 ? 0 : shadow_name(s, &s->objects[s->edges[e].to]);
        if (r->word[i] != right)
            return i;
    }
    for (uint32_t i = 0; i < s->n_held; i++) {
        if (r->word[r->n_precise + i] !=
            shadow_name(s, &s->objects[s->held[i]]))
            return (int64_t)r->n_precise + i;
    }
    return -1;
}
