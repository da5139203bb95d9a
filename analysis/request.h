/*
 * request.h - a run as somebody asks for it, made a spec, and played
 *
 * What a command line or a grid says of a run is short: heaps relative to the
 * trace, machines by name. request_resolve turns it into the spec that makes
 * the run; request_play plays that into a store.
 */
#ifndef ANALYSIS_REQUEST_H
#define ANALYSIS_REQUEST_H

#include "analysis/store.h"

/* Texts are borrowed. */
struct run_request {
    struct run_spec spec; /* workload, manager, parameters, replay options   */
    const char *heap;     /* bytes, trace, 1.5x, 1.5min; null: trace         */
    const char *machine;  /* native, a name, a file; or null                 */
    const char *image;    /* a guest image; or null                          */
    const char *flags;    /* of the guest image: O2 or Os                    */
    bool has_manager;     /* the manager was named                           */
};

/* Words of --steps (EVERY:CYCLES, none) and --touch, into a new `o`. ERR_INPUT:
 * what is allowed. */
MUST_CHECK int request_read_steps(struct replay_options *o, const char *text,
                                  struct problem *problem);
MUST_CHECK int request_read_touch(struct replay_options *o, const char *text,
                                  struct problem *problem);

/* The policy of that name (enum refused_policy), or -1. */
int request_find_policy(const char *name);

/*
 * Make q->spec whole: heap, manager and its parameters, machine, image, work
 * of a step. `w` is the workload at its beginning. `store`, or null, knows
 * minimum heaps and keeps the one that a heap like 1.5min asks for.
 */
MUST_CHECK int request_resolve(struct run_request *q, const struct workload *w,
                               struct store *store, struct problem *problem);

/*
 * What `text` says of the heap, into spec->options: bytes, "trace", "1.5x" the
 * peak of live bytes asked for, for which the trace is read once more if its
 * header does not say, or "1.5min" the minimum heap of the spec's manager
 * (minheap.h). Null means "trace". The check needs no trace.
 */
MUST_CHECK int request_check_heap(const char *text, struct problem *problem);
MUST_CHECK int request_heap(struct run_spec *spec, const char *text,
                            const struct workload *w, struct store *store,
                            struct problem *problem);

/*
 * Play `w` as the spec says, into `metrics` (to be new) and, unless null, into
 * `store`; the run is there when this returns 0. `id` receives its id.
 */
MUST_CHECK int request_play(const struct run_spec *spec, struct workload *w,
                            struct store *store, enum keep keep, bool is_quiet,
                            struct metrics *metrics,
                            struct replay_result *result, char id[RUN_ID_CAP],
                            struct problem *problem);

#endif /* ANALYSIS_REQUEST_H */
