/*
 * store.h - runs in SQLite (schema.sql): whole or not at all
 *
 * A run is written to a shard file of its own beside the database while it
 * plays, and copied into the database in one transaction when it has ended.
 * A killed program leaves a shard that the next start removes.
 */
#ifndef ANALYSIS_STORE_H
#define ANALYSIS_STORE_H

#include "analysis/metrics.h"
#include "analysis/run.h"

enum keep { KEEP_SUMMARY = 0, KEEP_SERIES, KEEP_OPS };

struct store;     /* an open database                                     */
struct store_run; /* a run being written                                  */

/*
 * Open or create the database at `path`; upgrade an older schema or refuse it.
 * `readonly` opens an existing one. Errors name the file and the reason.
 */
MUST_CHECK int store_open(struct store **out, const char *path, bool readonly,
                          struct problem *problem);
void store_close(struct store *s);

/* Begin a run; its records go to store_run_sink's functions. */
MUST_CHECK int store_begin_run(struct store *s, enum keep keep,
                               struct store_run **out,
                               struct problem *problem);
struct sink store_run_sink(struct store_run *r);

/*
 * The run has come to an end: write its row, summary and series, and commit
 * it. A run of the same id that is already there wins, unless it kept less:
 * then it is replaced. `id` receives the run's id.
 */
MUST_CHECK int store_end_run(struct store_run *r, const struct run_spec *spec,
                             const struct replay_result *result,
                             const struct metrics *metrics,
                             char id[RUN_ID_CAP], struct problem *problem);

/* Give up the run: nothing of it stays. */
void store_abandon_run(struct store_run *r);

#endif /* ANALYSIS_STORE_H */
