/*
 * store_study.h - what studies keep beside runs: minimum heaps, and what became
 * of the points of their grids
 *
 * Each call is a transaction of its own; as with runs (store.h), a commit has
 * reached the disk when it returns, and several processes may write.
 */
#ifndef ANALYSIS_STORE_STUDY_H
#define ANALYSIS_STORE_STUDY_H

#include "analysis/minheap.h"
#include "analysis/store.h"

/*
 * minheap_find, but from the database where it stands under a hash of all that
 * makes it; if it is not there yet, it is found and put there. `store` may be
 * null. out->run is filled only when it was found anew.
 */
MUST_CHECK int store_minheap(struct store *store, const struct run_spec *spec,
                             struct minheap *out, struct problem *problem);

/* 1: a run of that id is there and kept as much as `keep`; 0: none. */
MUST_CHECK int store_has_run(struct store *store, const char *id,
                             enum keep keep, struct problem *problem);

/*
 * What became of a study's point: the run of that id, or, when `id` is "", the
 * reason why it could not be played. Replaces what stood there.
 */
MUST_CHECK int store_put_point(struct store *store, const char *study,
                               const char *point, const char *id,
                               const char *reason, struct problem *problem);

#endif /* ANALYSIS_STORE_STUDY_H */
