/*
 * binary.h - the binary form of a trace (.ftb), for scale: independent zstd
 * frames of columns, an index, and the counts at the end
 *
 * All numbers are little-endian. A file is:
 *
 *   magic    89 66 74 62 0d 0a 1a 0a                     ("\x89ftb\r\n\x1a\n")
 *   section  HEAD, once
 *   section  DATA, as many as there are frames
 *   section  TAIL, once: the end record
 *   section  INDX, once
 *   footer   u64 offset of TAIL, then 66 74 62 20 65 6e 64 0a ("ftb end\n"),
 *            and nothing behind
 *
 *   section  u32 tag            'H' 'E' 'A' 'D' and so on, in this order
 *            u32 n_records      in this section; 0 but in DATA
 *            u64 first_record   records before this section
 *            u64 first_operation  operations before this section
 *            u32 raw_bytes      of the payload before packing
 *            u32 stored_bytes   of the payload as it stands here
 *            u64 check          XXH3-64 (seed 0) over the 32 bytes above and
 *                               the payload as it stands here
 *            payload
 *
 *   HEAD     varint format version (1); then for each key of the text form
 *            (text.h), in the order of kinds.c, a varint, or for texts a
 *            varint length and the bytes; a varint number of areas, and for
 *            each its seven fields as varints
 *   DATA     one zstd frame with its content size and checksum; inside it a
 *            frame (frame.h) of at most 65,536 records
 *   TAIL     u64 events, operations, allocations, frees, reallocs, failed,
 *            failed_reallocs, collections, peak_live (counts.h), and the 16
 *            bytes of the content hash (hash.h)
 *   INDX     for each DATA section: u64 offset in the file, u64 first_record,
 *            u64 first_operation, u32 raw_bytes, u32 stored_bytes
 *
 * HEAD, TAIL and INDX are not packed (raw_bytes = stored_bytes). No payload
 * has more than 64 MiB, packed or not. A file is read front to back, from a
 * pipe as well; a plain file is also entered by its footer, which gives the
 * peak before the first record, and the index for seeking.
 *
 * State     the reader's and the encoder's, on the host's heap.
 * Cost      memory: one frame, and 32 bytes a frame for the index.
 * Errors    `NAME: byte OFFSET: reason` for the file's structure;
 *           `NAME: event N (byte OFFSET): reason` for a record, counted from
 *           1 over operations and events, OFFSET that of its section.
 * Source    Zstandard, RFC 8878; XXH3 of xxHash 0.8.
 */
#ifndef TRACES_BINARY_H
#define TRACES_BINARY_H

#include "traces/bytes.h"
#include "traces/counts.h"
#include "traces/stream.h"
#include "traces/workload.h"

#define BINARY_PAYLOAD_MAX (UINT32_C(64) << 20)

/* Do the first bytes of an input begin a trace in binary?                  */
bool binary_sniff(const uint8_t *bytes, size_t n);

/*
 * Read the header and make a workload of the rest. Takes over `s`, also when
 * it fails. Returns 0, or negative with the problem written.
 */
MUST_CHECK int binary_open(struct workload **out, struct stream *s,
                           struct problem *problem);

/*
 * Go to an operation (1 is the first): the next record that `w`, which
 * binary_open made, gives is that one. ERR_INPUT: the trace has fewer, or it
 * was not opened from a plain file. Cost: the frame before it.
 */
MUST_CHECK int binary_seek(struct workload *w, uint64_t operation,
                           struct problem *problem);

/*
 * The content hash that the end record states, as 32 hexadecimal digits; ""
 * until the end of an input that is no plain file. Requires that binary_open
 * made `w`.
 */
const char *binary_stated_hash(const struct workload *w);

struct binary_encoder;

/* Begin a file: append magic and HEAD to `to`. Null: no memory.            */
struct binary_encoder *binary_encoder_new(const struct trace_header *header,
                                          struct bytes *to);

/*
 * Encode one record that trace_op_fault finds sound, not end; appends a DATA
 * section to `to` now and then. Returns 0, or ERR_MEMORY.
 */
MUST_CHECK int binary_encode(struct binary_encoder *e,
                             const struct trace_op *op, struct bytes *to);

/* Append what is left, TAIL, INDX and footer. Returns 0, or ERR_MEMORY.    */
MUST_CHECK int binary_encode_end(struct binary_encoder *e,
                                 const struct trace_counts *counts,
                                 const char *hash, struct bytes *to);

void binary_encoder_free(struct binary_encoder *e); /* null is allowed      */

#endif /* TRACES_BINARY_H */
