/*
 * gcrec.h - recordings of MicroPython heaps (gcrec 1 and 2) as workloads
 *
 * A line of a recording becomes, in the order of the lines:
 *
 *   a, f, r         ALLOC, FREE, REALLOC; a and r with EXPECT BLOCK
 *   n, m            REFUSED; where the heap was locked, between CONTROL LOCK
 *                   1 and 0. An m line does not say so: see refusals below
 *   w, p, i         STORE (one a pair), ROOT, PHASE
 *   d, u            DEATH: of several d lines of one object only the last,
 *                   and none if a u line follows it
 *   k               HELD ROOTS
 *   c, s            EXPECT STATE, EXPECT GRAPH
 *   T, A, N         CONTROL THRESHOLD (bytes), AUTO, ADD_AREA; N with EXPECT
 *                   AREA; the N lines that belong to the header go there
 *
 * Groups. The lines q, g ... e, o, N auto and the line that answers become
 * one operation, all of it in this order:
 *
 *   HELD ROOTS (k), INSIDE (j), INTERIOR (v)
 *   DEATH                          of what x lists, if the recording has no
 *                                  d lines (mark_every 0)
 *   FINALISE                       f lines between g and e
 *   ALLOC | REALLOC | REFUSED | COLLECT
 *   EXPECT COLLECTION (x, y), GIVEN_BACK (R), GRAPH (s), STATE (e),
 *   AVAIL (o), AREA (N auto), BLOCK
 *
 * Lines w, p, d between g and the answer tell what finalisers did. They ran
 * after marking, so their events follow the whole group, but for what concerns
 * objects that the collection itself freed: deaths stand before the operation,
 * stores and roots are dropped. Requests that finalisers made find the heap
 * locked and change nothing; they stand before the group.
 *
 * Refusals of m. With q or o before it: memory. Inside g ... e, or where
 * MicroPython would have collected (or asked for an area) first, or where no
 * more blocks were asked for than the object had: locked. Else unknown.
 *
 * Checked while reading: ids follow one another, objects exist and are not
 * dead, words lie in their object, blocks in their area, areas are what the
 * lines before made them, a request is the one that is answered.
 *
 * State     the workload's own: the objects that exist now, and the objects
 *           that a u line names (read in a first pass).
 * Cost      two passes over the input (one if there are no d lines), O(1) a
 *           line; memory: objects alive, plus objects that u lines name.
 * Errors    ERR_INPUT `NAME:LINE: reason`.
 * Source    traces/README.md of the recordings, "Lines" and what follows.
 */
#ifndef TRACES_IMPORT_GCREC_H
#define TRACES_IMPORT_GCREC_H

#include "traces/stream.h"
#include "traces/workload.h"

/* Do the first bytes of an input begin a recording (of any version)? */
bool gcrec_sniff(const uint8_t *bytes, size_t n);

/*
 * Read the header and make a workload of the rest. Takes over `s`, also when
 * it fails; nothing may have been taken from it. Returns 0 or negative.
 */
MUST_CHECK int gcrec_open(struct workload **out, struct stream *s,
                          struct problem *problem);

#endif /* TRACES_IMPORT_GCREC_H */
