/*
 * utilisation.h - how much of a stretch of time collections leave to the
 * program: minimum (MMU) and bounded (BMU) mutator utilisation
 *
 * Of a window [a, a + w] of the clock the collections take gc(a, a + w).
 *
 *   MMU(w) = min over a in [0, T - w] of 1 - gc(a, a + w) / w
 *   BMU(w) = min over w' in [w, T] of MMU(w')
 *
 * The clock of a run counts the cycles of its operations and events, one after
 * another, T in all: what the program itself computes between them is unknown
 * and counts as nothing. Cycles that it would add only stretch the clock, and
 * a window of the stretched clock then holds no more of the collections than
 * the same window of ours. So both are lower bounds of what any program with
 * these requests sees.
 *
 * A pause is the part of one operation or event that was spent collecting. It
 * is taken as one piece at the beginning of its operation; where in it the
 * collector ran is not known.
 *
 * State     the caller's list of pauses.
 * Units     cycles.
 * Cost      MMU and BMU of one window: O(pauses).
 * Source    Cheng and Blelloch, "A parallel, real-time garbage collector",
 *           PLDI 2001 (MMU). Sachindran, Moss, Berger, "MC2: high-performance
 *           garbage collection for memory-constrained environments", OOPSLA
 *           2004 (BMU). Chung and Lu, "An optimal algorithm for the
 *           maximum-density segment problem", SIAM J. Computing 34(2), 2004
 *           (the longer windows of BMU).
 */
#ifndef ANALYSIS_UTILISATION_H
#define ANALYSIS_UTILISATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Most pauses kept; beyond, close ones are joined. Even. */
#define UTILISATION_PAUSES (1u << 20)

struct pause {
    uint64_t start, end; /* of the clock; start < end                      */
    uint64_t before;     /* cycles of all earlier pauses                   */
};

struct pauses {
    struct pause *at; /* in the order of the clock, none overlaps another  */
    size_t *chain;    /* scratch of utilisation_bmu, as long as `at`       */
    size_t n, cap;
    uint64_t longest;
    uint64_t joined; /* pauses less than this apart count as one, and what  */
                     /* lies between as collecting; 0: none were joined    */
};

/*
 * Add a pause of `cycles` that starts at `start`, not before the end of the
 * last. Nothing is added for 0 cycles. Returns false when there is no memory.
 */
bool pauses_add(struct pauses *p, uint64_t start, uint64_t cycles);
void pauses_free(struct pauses *p);

/* The most cycles of pauses in any window; 0 < window <= total. */
uint64_t utilisation_most(const struct pauses *p, uint64_t total,
                          uint64_t window);

/* MMU and BMU of a window; 0 < window <= total. */
double utilisation_mmu(const struct pauses *p, uint64_t total, uint64_t window);
double utilisation_bmu(struct pauses *p, uint64_t total, uint64_t window);

#endif /* ANALYSIS_UTILISATION_H */
