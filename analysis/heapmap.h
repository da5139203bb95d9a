/*
 * heapmap.h - the window at a moment, as the database keeps it
 *
 * A row's `units` is a list of runs, each a length in decimal and a letter:
 * "3h12=5." is three heads, twelve tails, five free units. Heads and tails
 * belong to live objects, x to garbage, # to tables, : is a header before an
 * object or a hole (a table, as far as states go), . is free.
 *
 * State     the reader points into the text, which stays the caller's.
 * Cost      one pass.
 */
#ifndef ANALYSIS_HEAPMAP_H
#define ANALYSIS_HEAPMAP_H

#include <stdbool.h>
#include <stdint.h>

enum heapmap_state {
    HEAPMAP_FREE = 0,
    HEAPMAP_LIVE,
    HEAPMAP_GARBAGE,
    HEAPMAP_TABLES,
    HEAPMAP_N
};

#define HEAPMAP_MAX_UNITS (UINT32_C(1) << 24)

struct heapmap_run {
    uint32_t first, n_units;
    char letter;
    enum heapmap_state state;
};

struct heapmap_reader {
    const char *at;
    uint32_t n_units; /* read so far                                       */
    bool is_broken;   /* the text is no such list; what was read stands    */
};

/* Begin at the start of `units`. */
struct heapmap_reader heapmap_read(const char *units);

/* The next run: true, or false at the end and where the list is broken. */
bool heapmap_next(struct heapmap_reader *r, struct heapmap_run *run);

/* Length of the whole list, in units. */
uint32_t heapmap_length(const char *units);

#endif /* ANALYSIS_HEAPMAP_H */
