/*
 * stream.h - the bytes or the lines of an input: a file or standard input,
 * plain, gzip or zstd
 *
 * Every reader of traces sits on one of these. What the input is packed with
 * is found by its first bytes, not by its name; members and frames that
 * follow one another are one input, as for zcat and zstd -dc.
 *
 * State     one on the host's heap, freed by stream_close. What peek and line
 *           hand out points into it and is valid until the next call.
 * Units     bytes after unpacking, unless a message says "packed".
 * Cost      constant memory: buffers of 256 KiB; a longer line grows its
 *           buffer, up to STREAM_LINE_MAX. A line costs one memchr.
 * Errors    ERR_IO: cannot open or read. ERR_INPUT: a directory, empty,
 *           truncated or damaged packing, a NUL byte in a line, a line that
 *           is too long. The message names the input and the place.
 */
#ifndef TRACES_STREAM_H
#define TRACES_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "traces/err.h"

#define STREAM_LINE_MAX ((size_t)64 << 20)

struct stream;

struct stream_line {
    char *text;      /* ends in NUL, holds no other; may be written to    */
    size_t length;   /* without the newline (and its carriage return)     */
    uint64_t number; /* 1, 2, 3, ...                                      */
    bool is_whole;   /* false: the input ends without a newline here      */
};

/*
 * Open the file `path`, or standard input if it is "-". An input without a
 * single byte (after unpacking) is an error here.
 */
MUST_CHECK int stream_open(struct stream **out, const char *path,
                           struct problem *problem);

void stream_close(struct stream *s); /* null is allowed                   */

/* What messages call the input: the path, or "standard input". */
const char *stream_name(const struct stream *s);

/* Bytes handed out so far by read and line. */
uint64_t stream_offset(const struct stream *s);

/*
 * Look at the next bytes without taking them: at least `want` of them unless
 * the input is shorter. Requires want <= 64 KiB. Returns 0.
 */
MUST_CHECK int stream_peek(struct stream *s, size_t want, const uint8_t **bytes,
                           size_t *n, struct problem *problem);

/*
 * Make stream_rewind possible from now on: a pipe is copied whole into a
 * temporary file without a name. Requires that nothing was taken yet (peeks
 * are allowed). Returns 0.
 */
MUST_CHECK int stream_keep(struct stream *s, struct problem *problem);

/* Go back to the first byte. Requires an earlier stream_keep. Returns 0. */
MUST_CHECK int stream_rewind(struct stream *s, struct problem *problem);

/* Take the next line. Returns 1, or 0 at the end of the input. */
MUST_CHECK int stream_next_line(struct stream *s, struct stream_line *line,
                                struct problem *problem);

/*
 * Take the next line that begins with the letter `a` or `b`, passing over
 * all others; for a quick first pass. Lines are not counted and NULs are not
 * looked for: line->number is 0; line->text[0] is a or b. Returns 1, or 0 at
 * the end; `offset` is then what stream_offset would have said before it.
 */
MUST_CHECK int stream_find_line(struct stream *s, char a, char b,
                                struct stream_line *line, uint64_t *offset,
                                struct problem *problem);

/*
 * Take up to `cap` bytes. Returns 0 and their number in `n`, which is less
 * than `cap` only at the end of the input.
 */
MUST_CHECK int stream_read(struct stream *s, void *to, size_t cap, size_t *n,
                           struct problem *problem);

#endif /* TRACES_STREAM_H */
