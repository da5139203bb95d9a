/*
 * check.h - is a trace lawful? every record against all that came before it
 *
 * Rules, each named in the message of what breaks it:
 *
 *   1  a record's numbers are in range (kinds.h)
 *   2  an id is given out once: alloc and intern name a new one
 *   3  free names an object that was allocated and not freed yet; one that
 *      has died may still be freed (the replay drops that free)
 *   4  realloc, promote, touch, pin, unpin, death, and a store's holder name
 *      a live object: allocated, not freed, not dead, not swept
 *   5  the target of a store or root is a live object or none
 *   6  a touched or stored word lies within the bytes asked for, rounded up
 *      to a whole word, or to a whole block where the header tells of
 *      recorded blocks (what a shrink leaves behind is still scanned); a
 *      root's slot within header.root_words, if given
 *   7  unpin names a pinned object; unlock a locked heap
 *   8  finalise names objects that were allocated
 *
 * An object is gone, too, when a recorded collection freed it, when its area
 * was given back with it in it, after `collect all` and after a reset (but
 * for objects of the outer heap). Held lines may name anything: they are
 * what registers and stack were seen to hold.
 *
 * The checker keeps dead objects apart from freed ones until they are freed
 * or swept, but the last 2^16 at most: beyond that rule 3 lets pass a second
 * free of an object that died long ago.
 *
 * State     on the host's heap; memory goes with live objects (live.h).
 * Cost      O(1) a record, O(live) for collect all and reset.
 */
#ifndef TRACES_CHECK_H
#define TRACES_CHECK_H

#include "traces/counts.h"
#include "traces/err.h"
#include "traces/live.h"

struct trace_check {
    struct trace_counts counts;
    struct live_table live; /* alive, and dead but not freed or swept    */
    uint64_t live_bytes;    /* asked by the objects alive                */
    uint64_t n_live;        /* objects alive                             */
    uint64_t clock;         /* bytes asked so far: the age of an object  */
                            /* is its distance to `born`                 */
    uint32_t word_bytes;
    uint32_t grain_bytes; /* of what a store may reach                    */
    uint32_t root_words;
    uint64_t n_locks;
    uint64_t *dead; /* the last that died: a ring                */
    uint32_t n_dead, first_dead;
    bool has_forgotten; /* rule 3 has become lenient                 */
    /* Called for each object that ceases to be alive; null: nobody asks. */
    void (*ended)(void *ctx, const struct trace_check *c,
                  const struct live_object *object);
    void *ctx;
};

/* Begin a trace with this header. */
void trace_check_init(struct trace_check *c, const struct trace_header *h);

/*
 * Check and count the next record. Returns 0 if it is lawful, else negative
 * with the reason, but no place, as the problem's text.
 */
MUST_CHECK int trace_check_op(struct trace_check *c, const struct trace_op *op,
                              struct problem *reason);

void trace_check_free(struct trace_check *c);

#endif /* TRACES_CHECK_H */
