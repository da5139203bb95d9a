/* hash.c - see hash.h for the contract and the source. */
#include "traces/hash.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "traces/kinds.h"

/* Words between two calls of the hash: long enough that the call is free. */
#define BUFFER_WORDS 4096

/* No record has more words than this, apart from ids, areas and text. */
#define RECORD_WORDS 24

struct trace_hash {
    XXH3_state_t *state;
    size_t n;
    uint64_t words[BUFFER_WORDS];
};

static void flush(struct trace_hash *h)
{
    XXH3_128bits_update(h->state, h->words, h->n * sizeof h->words[0]);
    h->n = 0;
}

/* Requires room, of which trace_hash_op leaves enough for any record. */
static inline void put(struct trace_hash *h, uint64_t value)
{
    h->words[h->n++] = htole64(value);
}

/* As `put`, for runs of unbounded length. */
static void put_any(struct trace_hash *h, uint64_t value)
{
    if (h->n == BUFFER_WORDS)
        flush(h);
    put(h, value);
}

/* Its length, then its bytes, eight a word; null is the empty text. */
static void put_text(struct trace_hash *h, const char *text)
{
    size_t length = text == NULL ? 0 : strlen(text);
    put_any(h, length);
    for (size_t i = 0; i < length; i += 8) {
        uint64_t word = 0;
        for (size_t j = i; j < length && j < i + 8; j++)
            word |= (uint64_t)(uint8_t)text[j] << (8 * (j - i));
        put_any(h, word);
    }
}

static void put_area(struct trace_hash *h, const struct trace_area *a)
{
    const uint32_t fields[] = {a->number,      a->index,    a->bytes,
                               a->table_bytes, a->n_blocks, a->pool_offset,
                               a->reason};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        put_any(h, fields[i]);
}

static void put_header(struct trace_hash *h, const struct trace_header *t)
{
    put(h, t->version);
    for (size_t i = 0; i < TRACE_N_HEADER_KEYS; i++) {
        const struct trace_header_key *key = &trace_header_keys[i];
        if (!key->is_semantic)
            continue;
        if (key->width == TRACE_NAME_CAP)
            put_text(h, (const char *)t + key->offset);
        else
            put_any(h, trace_header_number(t, key));
    }
    put(h, t->n_areas);
    for (uint32_t i = 0; i < t->n_areas; i++)
        put_area(h, &t->areas[i]);
}

static void put_state(struct trace_hash *h, const struct trace_state *s)
{
    put(h, s->after_collection);
    put(h, s->used_bytes);
    put(h, s->free_bytes);
    put(h, s->max_free_blocks);
    put(h, s->n_one_block);
    put(h, s->n_two_block);
    put(h, s->max_block);
    put(h, s->last_free_area);
    put(h, (uint64_t)s->outer_avail);
    put(h, s->digest);
    put(h, s->n_areas);
    for (uint32_t i = 0; i < s->n_areas; i++) {
        put_any(h, s->areas[i].number);
        put_any(h, s->areas[i].hint);
        put_any(h, s->areas[i].last_used);
        put_any(h, s->areas[i].digest);
    }
}

static void put_fact(struct trace_hash *h, const struct trace_op *op)
{
    switch (op->what) {
    case TRACE_EXPECT_BLOCK:
        put(h, op->fact.block.area | (uint64_t)op->fact.block.block << 32);
        break;
    case TRACE_EXPECT_COLLECTION:
        put(h, op->fact.collection.cause);
        put(h, (uint64_t)(int64_t)op->fact.collection.rescans);
        break;
    case TRACE_EXPECT_STATE:
        put_state(h, &op->fact.state);
        break;
    case TRACE_EXPECT_GRAPH:
        put(h, op->fact.graph.live);
        put(h, op->fact.graph.edges);
        put(h, op->fact.graph.interior);
        put(h, op->fact.graph.dangling);
        break;
    case TRACE_EXPECT_AVAIL:
        put(h, op->fact.avail);
        break;
    case TRACE_EXPECT_AREA:
        put_area(h, &op->fact.area);
        break;
    default:
        put(h, op->fact.given_back.area);
        put(h, op->fact.given_back.index);
        put(h, op->fact.given_back.lost);
        break;
    }
}

/* Facts, and what has no fixed length. */
static void put_rest(struct trace_hash *h, const struct trace_op *op,
                     uint32_t fields)
{
    if ((fields & FIELD_FACT) != 0)
        put_fact(h, op);
    if ((fields & FIELD_IDS) != 0) {
        put_any(h, op->n_ids);
        for (uint32_t i = 0; i < op->n_ids; i++)
            put_any(h, op->ids[i]);
    }
    if ((fields & FIELD_TEXT) != 0)
        put_text(h, op->text);
}

struct trace_hash *trace_hash_new(const struct trace_header *header)
{
    struct trace_hash *h = malloc(sizeof *h);
    if (h == NULL)
        return NULL;
    h->state = XXH3_createState();
    if (h->state == NULL) {
        free(h);
        return NULL;
    }
    h->n = 0;
    XXH3_128bits_reset(h->state);
    put_header(h, header);
    return h;
}

/*
 * The first word: kind, flags, what, cause, a byte each, and in the upper
 * half the word index or the alignment, of which no kind has both. Then the
 * further fields in the order of enum trace_field, a word each.
 */
void trace_hash_op(struct trace_hash *h, const struct trace_op *op)
{
    uint32_t fields = trace_fields(op);
    if (op->kind == TRACE_END)
        return;
    if (BUFFER_WORDS - h->n < RECORD_WORDS)
        flush(h);

    uint64_t first = op->kind;
    if ((fields & FIELD_FLAGS) != 0)
        first |= (uint64_t)op->flags << 8;
    if ((fields & FIELD_WHAT) != 0)
        first |= (uint64_t)op->what << 16;
    if ((fields & FIELD_CAUSE) != 0)
        first |= (uint64_t)op->cause << 24;
    if ((fields & FIELD_WORD) != 0)
        first |= (uint64_t)op->word << 32;
    if ((fields & FIELD_ALIGN) != 0)
        first |= (uint64_t)op->align << 32;
    uint64_t *to = h->words + h->n;
    *to++ = htole64(first);
    if ((fields & FIELD_ID) != 0)
        *to++ = htole64(op->id);
    if ((fields & FIELD_BYTES) != 0)
        *to++ = htole64(op->bytes);
    if ((fields & FIELD_SITE) != 0)
        *to++ = htole64(op->site);
    if ((fields & FIELD_VALUE) != 0)
        *to++ = htole64(op->value);
    if ((fields & FIELD_TARGET) != 0)
        *to++ = htole64(op->target);
    h->n = (size_t)(to - h->words);
    if ((fields & (FIELD_FACT | FIELD_IDS | FIELD_TEXT)) != 0)
        put_rest(h, op, fields);
}

void trace_hash_digest(struct trace_hash *h, char hex[TRACE_HASH_HEX])
{
    flush(h);
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(h->state));
    for (size_t i = 0; i < sizeof canonical.digest; i++) {
        hex[2 * i] = "0123456789abcdef"[canonical.digest[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[canonical.digest[i] & 15];
    }
    hex[TRACE_HASH_HEX - 1] = '\0';
}

void trace_hash_free(struct trace_hash *h)
{
    if (h == NULL)
        return;
    XXH3_freeState(h->state);
    free(h);
}
