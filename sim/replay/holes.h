/*
 * holes.h - which units of the heap are free, and the longest free run, exact
 * after every change
 *
 * A bit a unit (1: free) and above the 64-bit words a tree whose nodes hold
 * the free run at their start, at their end, and the longest one. Units that
 * no object can have (tables, memory between areas) are never free, so that
 * no run crosses from one area into the next.
 *
 * Units     of the manager's block, counted from the index's first address.
 * Cost      a change of n units: O(n/64 + log); longest: O(1); the bulk form
 *           (holes_begin_bulk ... holes_end_bulk): O(n/64) a change, and one
 *           O(all/64) pass at the end.
 * Source    the tree is the classic one for maximal runs: prefix, suffix and
 *           best of two neighbours give those of both.
 */
#ifndef SIM_REPLAY_HOLES_H
#define SIM_REPLAY_HOLES_H

#include <stdbool.h>
#include <stdint.h>

struct holes_node {
    uint32_t prefix, suffix, best; /* in units */
};

struct holes {
    uint32_t n_units;
    uint32_t n_leaves;        /* words, rounded up to a power of two      */
    uint64_t *bits;           /* n_leaves words                           */
    struct holes_node *nodes; /* 2 * n_leaves: root at 1, leaves behind   */
    uint64_t n_free;          /* units                                    */
    bool is_bulk;             /* the tree is out of date                  */
};

/* An index of `n_units` units, none free. False: no memory. */
bool holes_init(struct holes *h, uint32_t n_units);
void holes_release(struct holes *h);

/* Units [from, from + n), at least one, become free, or taken; all change. */
void holes_give(struct holes *h, uint32_t from, uint32_t n);
void holes_take(struct holes *h, uint32_t from, uint32_t n);

/* All units become taken; leaves the index in bulk form. */
void holes_clear(struct holes *h);

/* Between these two, changes leave the tree alone. */
void holes_begin_bulk(struct holes *h);
void holes_end_bulk(struct holes *h);

/* `h` becomes equal to `other`, which has the same number of units. */
void holes_copy(struct holes *h, const struct holes *other);

/* Are all of [from, from + n) free? */
bool holes_all_free(const struct holes *h, uint32_t from, uint32_t n);

/* The longest free run, in units. */
uint32_t holes_longest(const struct holes *h);

/* The longest free run within [from, to). O(log). */
uint32_t holes_longest_in(const struct holes *h, uint32_t from, uint32_t to);

/* Free units within [from, to). O(units/64). */
uint32_t holes_free_in(const struct holes *h, uint32_t from, uint32_t to);

/*
 * The next hole at or behind unit `*from`: its length, with `*from` set to
 * its first unit; 0 when there is none. O(units/64) for a whole walk.
 */
uint32_t holes_next(const struct holes *h, uint32_t *from);

/* How many holes there are. O(units/64 + holes). */
uint32_t holes_count(const struct holes *h);

#endif /* SIM_REPLAY_HOLES_H */
