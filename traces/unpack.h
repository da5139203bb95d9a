/*
 * unpack.h - the bytes of a file or of standard input, unpacked
 *
 * The lower half of stream.h, which is what readers use: it opens the input,
 * finds what it is packed with, unpacks it, and can begin again.
 *
 * State     the struct, on its owner's side; buffers on the host's heap.
 * Cost      constant memory, but for a pipe that is read before it is known
 *           whether it is to be kept: its first bytes.
 * Errors    as stream.h says.
 */
#ifndef TRACES_UNPACK_H
#define TRACES_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <zlib.h>
#include <zstd.h>

#include "traces/err.h"

enum packing { PACKING_NONE = 0, PACKING_GZIP, PACKING_ZSTD };

struct unpack {
    char *name;   /* for messages                                         */
    int fd;       /* -1: not open                                         */
    off_t start;  /* where the input begins in fd                         */
    bool is_file; /* fd can go back to its start                          */

    enum packing packing;
    z_stream gzip;      /* open if packing is PACKING_GZIP                */
    ZSTD_DStream *zstd; /* not null if packing is PACKING_ZSTD            */
    bool in_member;     /* a packed member has begun and not ended        */

    uint8_t *packed;       /* read from fd and not yet unpacked:          */
    size_t packed_at;      /* ... from here                               */
    size_t packed_n;       /* ... to here                                 */
    uint64_t packed_total; /* bytes read from fd                          */
    bool fd_ended;

    /* All that was read from a pipe, until unpack_stop_keeping.          */
    bool keeps_head;
    uint8_t *head;
    size_t head_n;
};

/* Open `path` ("-": standard input) and find its packing. Returns 0; after
 * an error unpack_close is still to be called. */
MUST_CHECK int unpack_open(struct unpack *u, const char *path,
                           struct problem *problem);

void unpack_close(struct unpack *u);

/* Unpack 1 to `cap` bytes; 0 bytes only at the end. Returns 0. */
MUST_CHECK int unpack_some(struct unpack *u, uint8_t *to, size_t cap,
                           size_t *got, struct problem *problem);

/* unpack_spool will not be called: forget a pipe's first bytes. */
void unpack_stop_keeping(struct unpack *u);

/* Copy a pipe whole into a temporary file without a name, from which it is
 * read from now on. Requires that unpack_stop_keeping was not called. */
MUST_CHECK int unpack_spool(struct unpack *u, struct problem *problem);

/* Begin again at the first byte. Requires a file, or an unpack_spool. */
MUST_CHECK int unpack_rewind(struct unpack *u, struct problem *problem);

#endif /* TRACES_UNPACK_H */
