/* binary_read.c - binary.h's reading half: sections become a workload. */
#include "traces/binary.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zstd.h>

#include "traces/binary_input.h"
#include "traces/frame.h"
#include "traces/hash.h"
#include "traces/kinds.h"

struct binary_reader {
    struct workload base;   /* first, so that a workload is its reader   */
    struct binary_input in; /* where the sections come from              */
    struct bytes raw;       /* a DATA section's payload, unpacked        */
    bool has_frame;         /* `frame` is being decoded                    */
    bool has_sought;        /* records were passed over                    */
    bool is_ended;
    struct frame_decoder frame;
    ZSTD_DCtx *zstd;
    struct trace_counts counts;   /* of what was read                     */
    struct trace_counts promised; /* by the end record of a plain file    */
    char hash[TRACE_HASH_HEX];    /* that the end record states           */
    uint64_t tail_offset;
    struct binary_section *index; /* DATA sections, by the index          */
    size_t n_index;
};

static bool take_number(const uint8_t **at, const uint8_t *end, uint64_t max,
                        uint64_t *value)
{
    uint64_t v = 0;
    for (unsigned shift = 0; *at < end && shift < 63; shift += 7) {
        uint8_t byte = *(*at)++;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *value = v;
            return v <= max;
        }
    }
    /* The tenth byte has one bit left to say. */
    if (*at < end && **at == 1) {
        (*at)++;
        *value = v | UINT64_C(1) << 63;
        return *value <= max;
    }
    return false;
}

static bool take_key(struct trace_header *h, const struct trace_header_key *key,
                     const uint8_t **at, const uint8_t *end)
{
    uint64_t value;
    if (key->width != TRACE_NAME_CAP) {
        if (!take_number(at, end, key->width == 8 ? UINT64_MAX : UINT32_MAX,
                         &value))
            return false;
        trace_header_set(h, key, value);
        return true;
    }
    if (!take_number(at, end, TRACE_NAME_CAP - 1, &value) ||
        value > (size_t)(end - *at) || memchr(*at, 0, value) != NULL)
        return false;
    memcpy((char *)h + key->offset, *at, value);
    *at += value;
    return true;
}

static bool take_area(struct trace_area *a, const uint8_t **at,
                      const uint8_t *end)
{
    uint32_t *const fields[] = {&a->number,      &a->index,    &a->bytes,
                                &a->table_bytes, &a->n_blocks, &a->pool_offset,
                                &a->reason};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        uint64_t value;
        if (!take_number(at, end, UINT32_MAX, &value))
            return false;
        *fields[i] = (uint32_t)value;
    }
    return true;
}

static bool take_header(struct trace_header *h, const uint8_t *at,
                        const uint8_t *end)
{
    for (size_t i = 0; i < TRACE_N_HEADER_KEYS; i++) {
        if (!take_key(h, &trace_header_keys[i], &at, end))
            return false;
    }
    uint64_t n_areas;
    if (!take_number(&at, end, TRACE_AREAS_CAP, &n_areas))
        return false;
    h->n_areas = (uint32_t)n_areas;
    for (uint32_t i = 0; i < h->n_areas; i++) {
        if (!take_area(&h->areas[i], &at, end))
            return false;
    }
    return at == end && trace_header_fault(h) == NULL;
}

static int read_header(struct binary_reader *r, struct problem *problem)
{
    uint8_t magic[BINARY_MAGIC_SIZE];
    int err = binary_read_all(&r->in, magic, sizeof magic, problem);
    if (err < 0)
        return err;
    if (memcmp(magic, BINARY_MAGIC, sizeof magic) != 0)
        return binary_fail(&r->in, 0, problem,
                           "this is no trace in binary form");
    err = binary_read_section(&r->in, problem);
    if (err < 0)
        return err;
    if (r->in.section.tag != BINARY_HEAD)
        return binary_fail(&r->in, r->in.section.offset, problem,
                           "the header is missing");

    const uint8_t *at = r->in.stored.data;
    const uint8_t *end = at + r->in.stored.n;
    uint64_t version;
    if (!take_number(&at, end, UINT32_MAX, &version))
        return binary_fail(&r->in, r->in.section.offset, problem,
                           "the header is damaged");
    if (version != TRACE_FORMAT_VERSION)
        return binary_fail(&r->in, r->in.section.offset, problem,
                           "format version %" PRIu64 ", but this program knows "
                           "version %d only",
                           version, TRACE_FORMAT_VERSION);
    r->base.header.version = TRACE_FORMAT_VERSION;
    if (!take_header(&r->base.header, at, end))
        return binary_fail(&r->in, r->in.section.offset, problem,
                           "the header is damaged");
    return 0;
}

/* The counts and the hash of a TAIL section that was just read. */
static int take_tail(struct binary_reader *r, struct trace_counts *c,
                     struct problem *problem)
{
    if (r->in.section.tag != BINARY_TAIL || r->in.stored.n != TAIL_SIZE)
        return binary_fail(&r->in, r->in.section.offset, problem,
                           "the end record is damaged");
    uint64_t *const fields[TAIL_COUNTS] = {
        &c->events,          &c->operations,  &c->allocations,
        &c->frees,           &c->reallocs,    &c->failed,
        &c->failed_reallocs, &c->collections, &c->peak_live};
    for (size_t i = 0; i < TAIL_COUNTS; i++)
        *fields[i] = binary_get64(r->in.stored.data + 8 * i);
    const uint8_t *hash = r->in.stored.data + TAIL_SIZE - 16;
    for (size_t i = 0; i < 16; i++)
        snprintf(r->hash + 2 * i, 3, "%02x", hash[i]);
    return 0;
}

/* The sections named by an INDX that was just read. */
static int take_index(struct binary_reader *r, struct problem *problem)
{
    size_t n = r->in.stored.n / INDX_ENTRY_SIZE;
    if (r->in.section.tag != BINARY_INDX ||
        r->in.stored.n % INDX_ENTRY_SIZE != 0)
        return binary_fail(&r->in, r->in.section.offset, problem,
                           "the index is damaged");
    free(r->index);
    r->n_index = 0;
    r->index = malloc((n + 1) * sizeof *r->index);
    if (r->index == NULL)
        return binary_fail_memory(&r->in, problem);
    for (size_t i = 0; i < n; i++) {
        const uint8_t *at = r->in.stored.data + i * INDX_ENTRY_SIZE;
        r->index[i] =
            (struct binary_section){.offset = binary_get64(at),
                                    .tag = BINARY_DATA,
                                    .first_record = binary_get64(at + 8),
                                    .first_operation = binary_get64(at + 16),
                                    .raw_bytes = binary_get32(at + 24),
                                    .stored_bytes = binary_get32(at + 28)};
        bool is_ascending =
            i == 0 ||
            (r->index[i].offset > r->index[i - 1].offset &&
             r->index[i].first_operation >= r->index[i - 1].first_operation);
        if (!is_ascending || r->index[i].offset >= r->tail_offset)
            return binary_fail(&r->in, r->in.section.offset, problem,
                               "the index is damaged");
    }
    r->n_index = n;
    return 0;
}

/*
 * Enter a plain file by its footer, and come back to where the reader stood.
 * A file that was cut off is found out here, before its first record.
 */
static int read_backwards(struct binary_reader *r, struct problem *problem)
{
    struct stat st;
    uint8_t footer[FOOTER_SIZE];
    uint64_t stood_at = r->in.offset;
    if (fstat(r->in.fd, &st) < 0)
        return problem_set(problem, ERR_IO, "%.200s: %s", r->in.name,
                           strerror(errno));
    uint64_t size = (uint64_t)st.st_size;
    if (size < r->in.offset + FOOTER_SIZE)
        return binary_fail_truncated(&r->in, size, problem);
    r->in.offset = size - FOOTER_SIZE;
    int err = binary_read_all(&r->in, footer, sizeof footer, problem);
    if (err < 0)
        return err;
    if (memcmp(footer + 8, BINARY_MAGIC_END, BINARY_MAGIC_SIZE) != 0)
        return binary_fail_truncated(&r->in, size, problem);
    r->tail_offset = binary_get64(footer);
    if (r->tail_offset < stood_at || r->tail_offset > size)
        return binary_fail(&r->in, size - FOOTER_SIZE, problem,
                           "the footer is damaged");

    r->in.offset = r->tail_offset;
    if ((err = binary_read_section(&r->in, problem)) < 0 ||
        (err = take_tail(r, &r->promised, problem)) < 0 ||
        (err = binary_read_section(&r->in, problem)) < 0 ||
        (err = take_index(r, problem)) < 0)
        return err;
    r->base.header.peak_live = r->promised.peak_live;
    r->in.offset = stood_at;
    return 0;
}

/* Room for `n` bytes in an empty buffer. */
static bool reserve(struct bytes *b, size_t n)
{
    b->n = 0;
    return b->cap >= n || bytes_grow(b, n);
}

/* Unpack the DATA section that was just read, and begin its frame. */
static int begin_frame(struct binary_reader *r, struct problem *problem)
{
    const struct binary_section *s = &r->in.section;
    unsigned long long size =
        ZSTD_getFrameContentSize(r->in.stored.data, r->in.stored.n);
    if (size != s->raw_bytes)
        return binary_fail(&r->in, s->offset, problem,
                           "a frame of another size");
    if (!reserve(&r->raw, s->raw_bytes))
        return binary_fail_memory(&r->in, problem);
    size_t n = ZSTD_decompressDCtx(r->zstd, r->raw.data, r->raw.cap,
                                   r->in.stored.data, r->in.stored.n);
    if (ZSTD_isError(n) || n != s->raw_bytes)
        return binary_fail(&r->in, s->offset, problem, "a damaged frame: %s",
                           ZSTD_isError(n) ? ZSTD_getErrorName(n)
                                           : "wrong size");
    r->raw.n = n;
    if (!frame_decoder_begin(&r->frame, r->raw.data, n) ||
        r->frame.n_records != s->n_records)
        return binary_fail(&r->in, s->offset, problem, "a damaged frame");
    r->has_frame = true;
    return 0;
}

static bool are_equal(const struct trace_counts *a,
                      const struct trace_counts *b)
{
    return a->events == b->events && a->operations == b->operations &&
           a->allocations == b->allocations && a->frees == b->frees &&
           a->reallocs == b->reallocs && a->failed == b->failed &&
           a->failed_reallocs == b->failed_reallocs &&
           a->collections == b->collections;
}

/* Behind TAIL: the index and the footer, and nothing else. */
static int read_end(struct binary_reader *r, struct problem *problem)
{
    struct trace_counts promised = {0};
    uint8_t footer[FOOTER_SIZE + 1];
    size_t got;
    r->tail_offset = r->in.section.offset;
    int err = take_tail(r, &promised, problem);
    if (err < 0)
        return err;
    if (!r->has_sought && !are_equal(&promised, &r->counts))
        return binary_fail(
            &r->in, r->in.section.offset, problem,
            "the end record counts other records than there are");
    r->base.header.peak_live = promised.peak_live;

    if ((err = binary_read_section(&r->in, problem)) < 0 ||
        (err = take_index(r, problem)) < 0 ||
        (err = binary_read_bytes(&r->in, footer, sizeof footer, &got,
                                 problem)) < 0)
        return err;
    if (got < FOOTER_SIZE)
        return binary_fail_truncated(&r->in, r->in.offset, problem);
    if (binary_get64(footer) != r->tail_offset ||
        memcmp(footer + 8, BINARY_MAGIC_END, BINARY_MAGIC_SIZE) != 0)
        return binary_fail(&r->in, r->in.offset - got, problem,
                           "the footer is damaged");
    if (got > FOOTER_SIZE)
        return binary_fail(&r->in, r->in.offset - 1, problem,
                           "more bytes after the end");
    r->is_ended = true;
    return 0;
}

/* Read on to the next frame, or to the end. */
static int advance(struct binary_reader *r, struct problem *problem)
{
    uint64_t n = r->counts.events;
    int err = binary_read_section(&r->in, problem);
    if (err < 0)
        return err;
    if (r->in.section.first_record != n ||
        r->in.section.first_operation != r->counts.operations)
        return binary_fail(&r->in, r->in.section.offset, problem,
                           "a section of another place in the trace");
    if (r->in.section.tag == BINARY_TAIL)
        return read_end(r, problem);
    if (r->in.section.tag != BINARY_DATA)
        return binary_fail(&r->in, r->in.section.offset, problem,
                           "neither a frame nor the end record");
    return begin_frame(r, problem);
}

static int next(struct workload *w, const struct workload_view *view,
                struct trace_op *op, struct problem *problem)
{
    (void)view;
    struct binary_reader *r = (struct binary_reader *)w;
    int got = 0;
    if (r->is_ended)
        return 0;
    while (!r->has_frame || (got = frame_decode(&r->frame, op)) == 0) {
        r->has_frame = false;
        int err = advance(r, problem);
        if (err < 0)
            return err;
        if (r->is_ended) {
            *op = (struct trace_op){.kind = TRACE_END};
            op->place = r->counts.events + 1;
            return 1;
        }
    }
    const char *fault = got < 0 ? "a damaged frame" : trace_op_fault(op);
    op->place = r->counts.events + 1;
    if (fault != NULL) {
        if (r->frame.is_full)
            return binary_fail_memory(&r->in, problem);
        return workload_fail(w, op, problem, ERR_INPUT, "%s", fault);
    }
    counts_add(&r->counts, op);
    return 1;
}

static void where(const struct workload *w, const struct trace_op *op, char *to,
                  size_t cap)
{
    const struct binary_reader *r = (const struct binary_reader *)w;
    snprintf(to, cap, "%.200s: event %" PRIu64 " (byte %" PRIu64 ")",
             r->in.name, op->place, r->in.section.offset);
}

static void close_reader(struct workload *w)
{
    struct binary_reader *r = (struct binary_reader *)w;
    binary_input_close(&r->in);
    bytes_free(&r->raw);
    frame_decoder_free(&r->frame);
    ZSTD_freeDCtx(r->zstd);
    free(r->index);
    free(r);
}

bool binary_sniff(const uint8_t *bytes, size_t n)
{
    return n >= BINARY_MAGIC_SIZE &&
           memcmp(bytes, BINARY_MAGIC, BINARY_MAGIC_SIZE) == 0;
}

int binary_open(struct workload **out, struct stream *s,
                struct problem *problem)
{
    struct binary_reader *r = calloc(1, sizeof *r);
    if (r == NULL) {
        stream_close(s);
        return problem_set(problem, ERR_MEMORY, "out of memory");
    }
    r->base.format = "binary";
    r->base.next = next;
    r->base.close = close_reader;
    r->base.where = where;
    r->zstd = ZSTD_createDCtx();

    int err = binary_input_open(&r->in, s, problem);
    if (err == 0 && r->zstd == NULL)
        err = binary_fail_memory(&r->in, problem);
    if (err == 0)
        err = read_header(r, problem);
    if (err == 0 && r->in.fd >= 0)
        err = read_backwards(r, problem);
    if (err < 0) {
        close_reader(&r->base);
        return err;
    }
    r->frame.model.block_bytes = r->base.header.block_bytes;
    *out = &r->base;
    return 0;
}

/* The last frame that begins at or before this operation's place. */
static const struct binary_section *find_frame(const struct binary_reader *r,
                                               uint64_t operation)
{
    size_t low = 0;
    size_t high = r->n_index;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->index[middle].first_operation < operation)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? &r->index[low - 1] : NULL;
}

int binary_seek(struct workload *w, uint64_t operation, struct problem *problem)
{
    struct binary_reader *r = (struct binary_reader *)w;
    if (r->in.fd < 0)
        return problem_set(problem, ERR_INPUT,
                           "%.200s: only a plain file can be entered at an "
                           "operation",
                           r->in.name);
    const struct binary_section *from = find_frame(r, operation);
    if (from == NULL || operation > r->promised.operations)
        return problem_set(problem, ERR_INPUT,
                           "%.200s: no operation %" PRIu64 " (there are "
                           "%" PRIu64 ")",
                           r->in.name, operation, r->promised.operations);
    r->in.offset = from->offset;
    r->has_frame = false;
    r->is_ended = false;
    r->has_sought = true;
    r->counts = (struct trace_counts){0};
    r->counts.operations = from->first_operation;
    r->counts.events = from->first_record;

    /* Pass over what lies before it; the frame is decoded again for it. */
    struct trace_op op;
    for (;;) {
        if (!r->has_frame) {
            int err = advance(r, problem);
            if (err < 0)
                return err;
        }
        if (r->counts.operations + 1 == operation &&
            frame_peek_operation(&r->frame))
            return 0;
        int got = next(w, NULL, &op, problem);
        if (got < 0)
            return got;
        if (op.kind == TRACE_END)
            return binary_fail(&r->in, from->offset, problem,
                               "the index is damaged");
    }
}

const char *binary_stated_hash(const struct workload *w)
{
    return ((const struct binary_reader *)w)->hash;
}
