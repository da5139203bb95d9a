/*
 * store.h - runs in SQLite (schema.sql): whole or not at all
 *
 * A run's records go to a shard while it plays: memory first, beyond 2 MiB a
 * file beside the database that has no name, so that whatever kills the
 * program, the kernel takes it away. When the run has ended, one transaction
 * copies it into the database.
 *
 * Durability  the database is in WAL mode with synchronous=FULL: a commit has
 *           reached the disk when it returns (NORMAL would lose the last
 *           commits when the machine dies). Readers never wait for a writer.
 *           Several processes may write; they take turns, waiting at most
 *           STORE_WAIT_MS for each other, and say so on stderr if it is long.
 * Cost      an operation kept costs a copy of 56 bytes while the run plays
 *           and one row of `INSERT ... SELECT` from a virtual table over the
 *           shard at its end, or meanwhile (store_run_may_hold). Memory is
 *           constant, plus what lives at the key moments (moments.h).
 * Errors    the database's path, a colon, the reason. A full disk, a locked
 *           or read-only database: ERR_IO; a file that is not ours, of
 *           another schema version, or corrupted: ERR_INPUT; another result
 *           under the same id: ERR_CHECK.
 */
#ifndef ANALYSIS_STORE_H
#define ANALYSIS_STORE_H

#include "analysis/metrics.h"
#include "analysis/run.h"

#define STORE_DEFAULT_PATH   "results/fraglab.db"
#define STORE_SCHEMA_VERSION 5
#define STORE_APPLICATION_ID 0x66726167 /* "frag" */
#define STORE_SEQ_BITS       36         /* key = number << bits | seq */
#define STORE_WAIT_MS        120000

enum keep { KEEP_SUMMARY = 0, KEEP_SERIES, KEEP_OPS };

extern const char *const keep_names[3]; /* "summary", "series", "ops" */

struct sqlite3;
struct store;     /* an open database                                     */
struct store_run; /* a run being written                                  */

/*
 * Open or create the database at `path`; refuse another schema version.
 * `readonly` opens an existing one, also on a medium that cannot be written.
 * The folder of a new database is made if only its last part is missing.
 */
MUST_CHECK int store_open(struct store **out, const char *path, bool readonly,
                          struct problem *problem);

/* Close it; runs that a failed commit left behind are lost. Null is fine. */
void store_close(struct store *s);

/* The connection, for queries; the store keeps owning it. */
struct sqlite3 *store_db(struct store *s);

/*
 * From now on ended runs may share a commit: one is made when the oldest of
 * them is `ms` old (checked while further runs play, too), or by store_flush.
 * 0, the default, commits each run before store_end_run returns.
 */
void store_group_commits(struct store *s, uint32_t ms);

/*
 * Commit every ended run. After a failure they can be tried again, but for
 * those that contradict the database (see store_end_run) or were held, which
 * are dropped.
 */
MUST_CHECK int store_flush(struct store *s, struct problem *problem);

/*
 * Begin a run; its records go to store_run_sink's functions, which write
 * their message to `problem`: it must live until the run has ended.
 */
MUST_CHECK int store_begin_run(struct store *s, enum keep keep,
                               struct store_run **out, struct problem *problem);
struct sink store_run_sink(struct store_run *r);

/*
 * Say that the run can be played again: then the map of its worst moment may
 * be left for a second play, if taking it while it plays would cost too much.
 * store_run_missing tells the operation after which it is still wanted (0: it
 * is there); store_run_add_worst takes it from that play. rerun_worst does all
 * of this.
 */
void store_run_may_repeat(struct store_run *r);

/*
 * Say that the run is short enough to keep other writers waiting while it
 * plays, and the only one of this store until it has ended. If nobody else is
 * writing when its first operations are many enough, a thread then inserts
 * them while the run plays, inside the transaction that its end commits: on
 * two cores twice as fast as copying it all at its end.
 */
void store_run_may_hold(struct store_run *r);
uint64_t store_run_missing(const struct store_run *r);
MUST_CHECK int store_run_add_worst(struct store_run *r,
                                   const struct replay_view *view,
                                   struct problem *problem);

/*
 * The run has come to an end: write its row, summary and series, and commit
 * it. A run of the same id that is already there wins, unless it kept less or
 * had failed: then it is replaced, and its number may change. If it has another
 * status or state digest, one of the two is wrong and nothing is written
 * (ERR_CHECK). `id` receives the run's id. `r` is gone afterwards, whatever the
 * outcome; after ERR_IO store_flush can try again, unless the run was held.
 */
MUST_CHECK int store_end_run(struct store_run *r, const struct run_spec *spec,
                             const struct replay_result *result,
                             const struct metrics *metrics, char id[RUN_ID_CAP],
                             struct problem *problem);

/* Give up the run: nothing of it stays. Null is fine. */
void store_abandon_run(struct store_run *r);

/*
 * The number of the run that `text` names: its number, or its id or a prefix
 * of it with at least four digits. ERR_INPUT: none, or several, such runs.
 */
MUST_CHECK int store_find_run(struct store *s, const char *text,
                              int64_t *number, struct problem *problem);

/* Delete a run with all its rows. */
MUST_CHECK int store_delete_run(struct store *s, int64_t number,
                                struct problem *problem);

/* Give the space of deleted runs back to the file system. */
MUST_CHECK int store_vacuum(struct store *s, struct problem *problem);

#endif /* ANALYSIS_STORE_H */
