/*
 * sweep.h - play every point of a grid into a database
 *
 * A point's run is known by its id before it is played; one that the database
 * holds already is not played again, so a sweep that was killed at any moment
 * goes on where it was by being started again. Points that cannot be played
 * stay in the table `point` with the reason, and are tried again.
 *
 * Workers are processes, each with a connection of its own; one that dies
 * loses the point that it played, and no other. When the sweep itself is
 * killed, they stop after the point at hand.
 */
#ifndef ANALYSIS_SWEEP_H
#define ANALYSIS_SWEEP_H

#include <stdio.h>

#include "analysis/grid.h"

#define SWEEP_WORKERS_CAP 256u

struct sweep_counts {
    uint32_t played, there; /* now; found in the database                  */
    uint32_t failed;        /* runs that failed, points not playable       */
    uint32_t lost;          /* workers that died, each with its point      */
};

/*
 * Play the points into the database at `db` by `n_workers` processes (1 to
 * SWEEP_WORKERS_CAP), a line to `out` for each. Negative: the database cannot
 * be written; what was finished is in it. Requires nothing unwritten in `out`.
 */
MUST_CHECK int sweep_play(const struct grid *g, const char *db,
                          uint32_t n_workers, FILE *out,
                          struct sweep_counts *counts, struct problem *problem);

#endif /* ANALYSIS_SWEEP_H */
