/* binary_write.c - binary.h's writing half: sections, index and footer. */
#include "traces/binary.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zstd.h>

#include "traces/binary_section.h"
#include "traces/frame.h"
#include "traces/hash.h"
#include "traces/kinds.h"

/*
 * The columns do most of the work: over the sample traces level 19 would make
 * files a sixth smaller than level 3, and importing many times slower.
 */
#define ZSTD_LEVEL 3

/* A frame is closed when it has this many bytes before packing, too. */
#define FRAME_BYTES ((size_t)1 << 20)

struct binary_encoder {
    struct frame_encoder frame;
    ZSTD_CCtx *zstd;
    struct bytes raw;    /* a frame before packing                        */
    struct bytes packed; /* and after                                     */
    struct bytes index;
    uint64_t offset; /* in the file, of what is appended next         */
    uint64_t n_records;
    uint64_t n_operations;
    uint64_t first_record; /* of the frame being filled                */
    uint64_t first_operation;
};

/* What a section's head says besides its payload. */
struct section {
    uint32_t tag;
    uint32_t n_records;
    uint64_t first_record;
    uint64_t first_operation;
    uint32_t raw_bytes;
};

static void put_section(struct binary_encoder *e, const struct section *s,
                        const struct bytes *payload, struct bytes *to)
{
    if (payload->failed)
        to->failed = true;
    size_t start = to->n;
    bytes_put32(to, s->tag);
    bytes_put32(to, s->n_records);
    bytes_put64(to, s->first_record);
    bytes_put64(to, s->first_operation);
    bytes_put32(to, s->raw_bytes);
    bytes_put32(to, (uint32_t)payload->n);
    size_t check_at = to->n;
    bytes_put64(to, 0);
    bytes_put(to, payload->data, payload->n);
    if (to->failed)
        return;

    XXH3_state_t *state = XXH3_createState();
    if (state == NULL) {
        to->failed = true;
        return;
    }
    XXH3_64bits_reset(state);
    XXH3_64bits_update(state, to->data + start, SECTION_CHECK);
    XXH3_64bits_update(state, to->data + start + SECTION_SIZE, payload->n);
    uint64_t check = XXH3_64bits_digest(state);
    XXH3_freeState(state);
    for (size_t i = 0; i < 8; i++)
        to->data[check_at + i] = (uint8_t)(check >> (8 * i));
    e->offset += SECTION_SIZE + payload->n;
}

/* A section that is not packed. */
static void put_plain_section(struct binary_encoder *e, uint32_t tag,
                              const struct bytes *payload, struct bytes *to)
{
    struct section s = {.tag = tag,
                        .first_record = e->n_records,
                        .first_operation = e->n_operations,
                        .raw_bytes = (uint32_t)payload->n};
    put_section(e, &s, payload, to);
}

static void put_header(struct bytes *b, const struct trace_header *h)
{
    bytes_put_varint(b, h->version);
    for (size_t i = 0; i < TRACE_N_HEADER_KEYS; i++) {
        const struct trace_header_key *key = &trace_header_keys[i];
        if (key->width == TRACE_NAME_CAP) {
            const char *text = (const char *)h + key->offset;
            bytes_put_varint(b, strlen(text));
            bytes_put_text(b, text);
        } else {
            bytes_put_varint(b, trace_header_number(h, key));
        }
    }
    bytes_put_varint(b, h->n_areas);
    for (uint32_t i = 0; i < h->n_areas; i++) {
        const struct trace_area *a = &h->areas[i];
        bytes_put_varint(b, a->number);
        bytes_put_varint(b, a->index);
        bytes_put_varint(b, a->bytes);
        bytes_put_varint(b, a->table_bytes);
        bytes_put_varint(b, a->n_blocks);
        bytes_put_varint(b, a->pool_offset);
        bytes_put_varint(b, a->reason);
    }
}

struct binary_encoder *binary_encoder_new(const struct trace_header *header,
                                          struct bytes *to)
{
    struct binary_encoder *e = calloc(1, sizeof *e);
    if (e == NULL)
        return NULL;
    e->zstd = ZSTD_createCCtx();
    if (e->zstd == NULL) {
        binary_encoder_free(e);
        return NULL;
    }
    ZSTD_CCtx_setParameter(e->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL);
    ZSTD_CCtx_setParameter(e->zstd, ZSTD_c_checksumFlag, 1);
    frame_encoder_begin(&e->frame);
    e->frame.model.block_bytes = header->block_bytes;

    bytes_put(to, BINARY_MAGIC, BINARY_MAGIC_SIZE);
    e->offset = BINARY_MAGIC_SIZE;
    put_header(&e->raw, header);
    put_plain_section(e, BINARY_HEAD, &e->raw, to);
    e->raw.n = 0;
    if (to->failed) {
        binary_encoder_free(e);
        return NULL;
    }
    return e;
}

/* Pack e->raw into e->packed. */
static int pack(struct binary_encoder *e)
{
    size_t bound = ZSTD_compressBound(e->raw.n);
    e->packed.n = 0;
    if (e->raw.failed ||
        (e->packed.cap < bound && !bytes_grow(&e->packed, bound)))
        return ERR_MEMORY;
    size_t n = ZSTD_compress2(e->zstd, e->packed.data, e->packed.cap,
                              e->raw.data, e->raw.n);
    if (ZSTD_isError(n))
        return ERR_MEMORY; /* the only error that is left                 */
    e->packed.n = n;
    return 0;
}

static int end_frame(struct binary_encoder *e, struct bytes *to)
{
    struct section s = {.tag = BINARY_DATA,
                        .n_records = e->frame.n_records,
                        .first_record = e->first_record,
                        .first_operation = e->first_operation};
    if (frame_encoder_failed(&e->frame))
        return ERR_MEMORY;
    e->raw.n = 0;
    frame_encoder_finish(&e->frame, &e->raw);
    int err = pack(e);
    if (err < 0)
        return err;
    s.raw_bytes = (uint32_t)e->raw.n;

    bytes_put64(&e->index, e->offset);
    bytes_put64(&e->index, s.first_record);
    bytes_put64(&e->index, s.first_operation);
    bytes_put32(&e->index, s.raw_bytes);
    bytes_put32(&e->index, (uint32_t)e->packed.n);
    put_section(e, &s, &e->packed, to);
    e->first_record = e->n_records;
    e->first_operation = e->n_operations;
    return to->failed || e->index.failed ? ERR_MEMORY : 0;
}

/* Can a record of this sort be long? Then the frame may be full behind it. */
static bool can_be_long(const struct trace_op *op)
{
    return op->kind >= TRACE_HELD &&
           !(op->kind == TRACE_EXPECT && op->what == TRACE_EXPECT_BLOCK);
}

int binary_encode(struct binary_encoder *e, const struct trace_op *op,
                  struct bytes *to)
{
    frame_encode(&e->frame, op);
    e->n_records++;
    e->n_operations += trace_is_operation(op->kind);
    bool is_full = e->frame.n_records == FRAME_RECORDS_MAX;
    if (e->frame.n_records % 256 == 0 || can_be_long(op))
        is_full |= frame_encoder_bytes(&e->frame) >= FRAME_BYTES;
    return is_full ? end_frame(e, to) : 0;
}

static void put_tail(struct bytes *b, const struct trace_counts *c,
                     const char *hash)
{
    bytes_put64(b, c->events);
    bytes_put64(b, c->operations);
    bytes_put64(b, c->allocations);
    bytes_put64(b, c->frees);
    bytes_put64(b, c->reallocs);
    bytes_put64(b, c->failed);
    bytes_put64(b, c->failed_reallocs);
    bytes_put64(b, c->collections);
    bytes_put64(b, c->peak_live);
    for (size_t i = 0; i < TRACE_HASH_HEX - 1; i += 2) {
        char digits[3] = {hash[i], hash[i + 1], '\0'};
        bytes_put8(b, (uint8_t)strtoul(digits, NULL, 16));
    }
}

int binary_encode_end(struct binary_encoder *e,
                      const struct trace_counts *counts, const char *hash,
                      struct bytes *to)
{
    if (e->frame.n_records > 0) {
        int err = end_frame(e, to);
        if (err < 0)
            return err;
    }
    uint64_t tail_offset = e->offset;
    e->raw.n = 0;
    put_tail(&e->raw, counts, hash);
    put_plain_section(e, BINARY_TAIL, &e->raw, to);
    put_plain_section(e, BINARY_INDX, &e->index, to);
    bytes_put64(to, tail_offset);
    bytes_put(to, BINARY_MAGIC_END, BINARY_MAGIC_SIZE);
    return to->failed ? ERR_MEMORY : 0;
}

void binary_encoder_free(struct binary_encoder *e)
{
    if (e == NULL)
        return;
    frame_encoder_free(&e->frame);
    ZSTD_freeCCtx(e->zstd);
    bytes_free(&e->raw);
    bytes_free(&e->packed);
    bytes_free(&e->index);
    free(e);
}
