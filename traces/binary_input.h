/*
 * binary_input.h - the sections of a binary trace, one after the other: their
 * bytes from a plain file or from any stream, their checksums met
 *
 * State     the reader's; binary_input_close frees what it holds.
 * Cost      memory: one payload as it is stored.
 * Errors    ERR_INPUT `NAME: byte OFFSET: reason`.
 */
#ifndef TRACES_BINARY_INPUT_H
#define TRACES_BINARY_INPUT_H

#include <xxhash.h>

#include "traces/binary.h"
#include "traces/binary_section.h"

/* What a section's head says, but for its checksum. */
struct binary_section {
    uint64_t offset; /* of its head, in the file                          */
    uint32_t tag;
    uint32_t n_records;
    uint64_t first_record;
    uint64_t first_operation;
    uint32_t raw_bytes;
    uint32_t stored_bytes;
};

struct binary_input {
    struct stream *stream; /* null for a plain file                       */
    int fd;                /* the plain file, or -1                       */
    char name[512];
    uint64_t offset;               /* of the next byte; of a plain file   */
                                   /* it may be set                       */
    struct binary_section section; /* the one read last                   */
    struct bytes stored;           /* its payload, as it is stored        */
    XXH3_state_t *check;
};

/*
 * Begin at the first byte. Takes over `s`, and reads the file itself where it
 * is a plain one. To be closed also when this fails.
 */
MUST_CHECK int binary_input_open(struct binary_input *in, struct stream *s,
                                 struct problem *problem);

void binary_input_close(struct binary_input *in);

/* Up to `n` bytes from where the reader stands; fewer only at the end. */
MUST_CHECK int binary_read_bytes(struct binary_input *in, void *to, size_t n,
                                 size_t *got, struct problem *problem);

/* Exactly `n` bytes: fewer are a truncated file. */
MUST_CHECK int binary_read_all(struct binary_input *in, void *to, size_t n,
                               struct problem *problem);

/* The next section into in->section and in->stored. */
MUST_CHECK int binary_read_section(struct binary_input *in,
                                   struct problem *problem);

/* Write the message and return its error. */
__attribute__((format(printf, 4, 5))) int binary_fail(
    const struct binary_input *in, uint64_t offset, struct problem *problem,
    const char *format, ...);
int binary_fail_memory(const struct binary_input *in, struct problem *problem);
int binary_fail_truncated(const struct binary_input *in, uint64_t offset,
                          struct problem *problem);

#endif /* TRACES_BINARY_INPUT_H */
