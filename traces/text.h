/*
 * text.h - the text form of a trace (.ft), for people and tests: one line an
 * operation or event; the grammar and the reader
 *
 * A line is a word and its fields, each after one space, and ends in a
 * newline (a carriage return before it is ignored). Empty lines and lines
 * that begin with '#' are skipped. Numbers are decimal without sign; HEX16 is
 * 16 lower-case hexadecimal digits; "-" stands for "none". TEXT is the rest
 * of the line, in which "\\" is a backslash and "\xHH" any byte but NUL.
 *
 *   file   = "fraglab-trace 1" { header } { line } end
 *
 *   header = "header " key " " value       each at most once, but for area;
 *                                          what is absent is 0 or empty
 *     program, source, source-version, time-unit        TEXT, under 64 bytes
 *     word-bytes, block-bytes, area-struct-bytes, growth, outer-bytes,
 *     finalisers, zeroing, mark-stack, root-words, has-graph, has-held,
 *     has-deaths, has-blocks, peak-live                 a number
 *     area       NUMBER INDEX BYTES TABLE-BYTES BLOCKS POOL-OFFSET REASON
 *
 *   line   = alloc ID BYTES [FLAGS] [align=N] [site=N]
 *          | free ID
 *          | realloc ID BYTES [move] [site=N]
 *          | collect ordinary|all
 *          | step WORK
 *          | control auto|lock|threshold|add-area|reset VALUE|-
 *          | promote ID
 *          | intern ID BYTES
 *          | refused alloc memory|locked|unknown BYTES [FLAGS] [align=N]
 *          | refused realloc memory|locked|unknown ID BYTES [move]
 *          | store ID WORD TARGET|-
 *          | root SLOT TARGET|-
 *          | touch ID WORD
 *          | pin ID | unpin ID | death ID
 *          | held roots|inside|interior { ID }
 *          | finalise { ID }
 *          | expect block AREA BLOCK
 *          | expect collection full|threshold|asked|all RESCANS|- { ID }
 *          | expect state at|after USED FREE MAX-FREE ONE TWO MAX-BLOCK
 *                LAST-FREE-AREA AVAIL|- HEX16 { NUMBER:HINT:LAST-USED:HEX16 }
 *                [label TEXT]
 *          | expect graph LIVE EDGES INTERIOR DANGLING
 *          | expect avail BYTES
 *          | expect area NUMBER INDEX BYTES TABLE-BYTES BLOCKS POOL-OFFSET
 *                REASON
 *          | expect given-back AREA INDEX LOST-ID|-
 *          | phase begin|end TEXT
 *          | note TEXT
 *          | time CLOCK
 *          | thread THREAD
 *
 *   FLAGS  = words joined by commas: finaliser long-lived leaf ambiguous outer
 *   REASON = initial | explicit | automatic
 *   end    = end [events=N] [operations=N] [allocations=N] [frees=N]
 *                [reallocs=N] [failed=N] [failed_reallocs=N] [collections=N]
 *                [peak_live=N] [hash=32 hexadecimal digits]
 *
 * The fields mean what op.h says; "state at" is a checkpoint, "state after"
 * stands after a collection. A file without its end line is truncated. The
 * end line's fields are compared with what was read (peak_live by check.c);
 * who writes by hand leaves them out.
 *
 * State     the reader's, on the host's heap.
 * Cost      one pass over a line; memory: the longest line.
 * Errors    `NAME:LINE: reason`.
 */
#ifndef TRACES_TEXT_H
#define TRACES_TEXT_H

#include "traces/bytes.h"
#include "traces/counts.h"
#include "traces/stream.h"
#include "traces/workload.h"

#define TEXT_MAGIC "fraglab-trace 1"

/* Do the first bytes of an input begin a trace in text (of any version)?   */
bool text_sniff(const uint8_t *bytes, size_t n);

/*
 * Read the header and make a workload of the rest. Takes over `s`, also when
 * it fails. Returns 0, or negative with the problem written.
 */
MUST_CHECK int text_open(struct workload **out, struct stream *s,
                         struct problem *problem);

/* Append the first line and the header lines. */
void text_put_header(struct bytes *to, const struct trace_header *header);

/* Append one operation or event that trace_op_fault finds sound; not end.  */
void text_put_op(struct bytes *to, const struct trace_op *op);

/* Append the end line. */
void text_put_end(struct bytes *to, const struct trace_counts *counts,
                  const char *hash);

#endif /* TRACES_TEXT_H */
