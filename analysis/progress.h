/*
 * progress.h - one line on a terminal while a run plays
 *
 * It stands between the replay and the sinks: it hands every record on to the
 * metrics and to the store, and looks at the clock now and then.
 *
 * State     the caller's struct, alive until progress_end.
 */
#ifndef ANALYSIS_PROGRESS_H
#define ANALYSIS_PROGRESS_H

#include "analysis/metrics.h"

struct progress {
    struct sink store;       /* may be all null                           */
    struct metrics *metrics; /* fed with operations and refusals          */
    const char *name;
    bool is_shown; /* stderr is a terminal and nobody wants quiet         */
    double begun, last;
};

/* A sink that feeds `store` (null: none) and `metrics`, and shows itself. */
struct sink progress_sink(struct progress *p, const struct sink *store,
                          struct metrics *metrics, const char *name,
                          bool quiet);

/* Take the line away again. */
void progress_end(struct progress *p);

#endif /* ANALYSIS_PROGRESS_H */
