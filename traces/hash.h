/*
 * hash.h - the content hash of a workload: equal for the text form, the
 * binary form and the direct import of one trace, different for all else
 *
 * What is hashed is a canonical encoding: first the header's fields that can
 * change what a replay does (no names, no provenance, no peak), then every
 * record with exactly the fields of its kind (kinds.h), not its place, and
 * without the end record. Numbers are 64-bit little-endian words; see
 * hash.c for their order. It does not depend on the host.
 *
 * State     one on the host's heap, freed by trace_hash_free.
 * Cost      a few nanoseconds a record: 8 to 40 bytes copied into a buffer
 *           that is hashed when it is full.
 * Source    XXH3, 128 bits, of Y. Collet's xxHash 0.8; not cryptographic.
 */
#ifndef TRACES_HASH_H
#define TRACES_HASH_H

#include "traces/op.h"

#define TRACE_HASH_HEX 33 /* 32 hex digits and a NUL                       */

struct trace_hash;

/* Begin with this header; null when the host has no memory. */
struct trace_hash *trace_hash_new(const struct trace_header *header);

void trace_hash_op(struct trace_hash *h, const struct trace_op *op);

/* The hash of all given so far; more may follow. */
void trace_hash_digest(struct trace_hash *h, char hex[TRACE_HASH_HEX]);

void trace_hash_free(struct trace_hash *h); /* null is allowed             */

#endif /* TRACES_HASH_H */
