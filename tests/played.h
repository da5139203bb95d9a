/*
 * played.h - a small trace, written in a test, played and looked at
 *
 * The body of a text trace (traces/text.h) is put into a file, replayed, and
 * every record is kept. At every record the figures are computed anew, block
 * by block, from the objects that the view shows; a difference ends the test.
 */
#ifndef TESTS_PLAYED_H
#define TESTS_PLAYED_H

#include "sim/replay/replay.h"

#define PLAYED_CAP 4096

struct played {
    int err; /* of opening, resolving or running                           */
    struct problem problem;
    struct replay_options options; /* resolved                             */
    struct replay_result result;
    struct op_record ops[PLAYED_CAP]; /* the first so many                 */
    struct collection_record collections[PLAYED_CAP];
    struct refusal_record refusals[PLAYED_CAP];
    uint32_t n_ops, n_collections, n_refusals, n_marks, n_ends;
    char wrong[200]; /* the first figure that was not true; "" if none     */
    /* At the end: ids in the order of addresses, each with a space before. */
    char live[400], dead[400], held[400];
};

/*
 * Play the lines of `body` (header lines may come first; first and end line
 * are added) on marksweep with `options`: words "key=value", where heap,
 * window, refused, touch, manager are the replay's, all others the manager's;
 * or "check", "trace" (--heap trace). `p` is overwritten.
 */
void play_text(struct played *p, const char *options, const char *body);

/* The same for a whole file of any format; `path` is opened as it is. */
void play_file(struct played *p, const char *options, const char *path);

/* Play, and require a complete run with true figures. */
void play_well(struct played *p, const char *options, const char *body);

/* Play, and require ERR_INPUT with a message that holds `needle`. */
void play_badly(struct played *p, const char *options, const char *body,
                const char *needle);

/* The last record of an operation; null if there is none. */
const struct op_record *played_last(const struct played *p);

#endif /* TESTS_PLAYED_H */
