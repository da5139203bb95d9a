/*
 * rerun.h - play a stored run again from nothing but its id
 *
 * The database holds a run's spec and the place where its trace was last
 * read. The trace may have changed since: it counts as the same only when the
 * hash of all its events is the same, which is known when it has been read to
 * its end. Then, and only then, is the second run's outcome handed out.
 *
 * Errors    ERR_INPUT: no such run; its trace came from standard input, is
 *           gone or is another one; other sources or another replay made it.
 */
#ifndef ANALYSIS_RERUN_H
#define ANALYSIS_RERUN_H

#include "analysis/store.h"

/* A stored run, ready to be played. */
struct rerun {
    int64_t number;
    char id[RUN_ID_CAP];
    char trace_hash[RUN_ID_CAP];
    char trace_name[256];
    struct run_spec spec; /* spec.workload: where the trace lies           */
    bool is_quiet;        /* no progress on stderr; false when loaded      */
};

/* What a run came to. */
struct outcome_of_run {
    struct replay_result result;
    struct metrics_summary summary;
    bool has_costs; /* of a machine: the rest is filled                     */
    struct cost_summary cycles[COST_N];
    struct cost_totals totals;
};

/* Read the run that `name` (see store_find_run) means. */
MUST_CHECK int rerun_load(struct rerun *r, struct store *s, const char *name,
                          struct problem *problem);

/* Take the trace from `place`, wherever it was read before. */
MUST_CHECK int rerun_set_place(struct rerun *r, const char *place,
                               struct problem *problem);

/*
 * Play it, telling `sink` (may be null), `metrics` (to be new) and `out`.
 * The sink's own failure is passed up.
 */
MUST_CHECK int rerun_play(const struct rerun *r, const struct sink *sink,
                          struct metrics *metrics, struct outcome_of_run *out,
                          struct problem *problem);

/*
 * If `run`, just played, left its worst moment out (store_run_may_repeat),
 * play it again up to there and add it. Without such a moment this does
 * nothing. A trace that has changed since: ERR_INPUT.
 */
MUST_CHECK int rerun_worst(struct store_run *run, const struct run_spec *spec,
                           const struct metrics *metrics,
                           struct problem *problem);

/*
 * Compare `now` with what the database says of the run: calls `each` for every
 * figure that differs, both as text. Cycles are exact: any difference counts.
 * Returns how many do, or negative.
 */
MUST_CHECK int rerun_compare(const struct rerun *r, struct store *s,
                             const struct outcome_of_run *now,
                             void (*each)(void *ctx, const char *figure,
                                          const char *before,
                                          const char *after),
                             void *ctx, struct problem *problem);

#endif /* ANALYSIS_RERUN_H */
