/*
 * run.h - one run: what is played against what, its identity, and doing it
 *
 * A run's spec is canonical JSON (keys sorted, no spaces); its id is the hash
 * of that text. In it: the workload's content hash, manager and resolved
 * parameters, H and window, versions, replay options; natively the hash of the
 * core's sources, on a machine all of its description, the version of its
 * core's timing model and the hash of the image. Not in it: host, date, paths,
 * what is kept.
 */
#ifndef ANALYSIS_RUN_H
#define ANALYSIS_RUN_H

#include <string.h>

#include "analysis/guest_image.h"
#include "analysis/metrics.h"
#include "sim/machine/config.h"
#include "sim/replay/replay.h"

#define RUN_ID_CAP 33 /* 32 hexadecimal digits and the end */

struct run_spec {
    char workload[4096]; /* path, "-", or PRESET:...: not in the id */
    char machine[64];    /* "native", or the machine's name       */
    struct replay_options options;

    /* Unless native. The path is not in the id: what it holds is. */
    struct machine_config config;
    char image[GUEST_PATH_CAP];
    char image_hash[RUN_ID_CAP];
    uint32_t code_bytes; /* of the image                             */
    bool is_small;       /* one of ours, compiled for size: not in the id */
};

static inline bool run_is_native(const struct run_spec *spec)
{
    return strcmp(spec->machine, "native") == 0;
}

/*
 * The canonical JSON of a run whose workload's content hash is `trace_hash`.
 * The caller frees it. Null: no memory.
 */
char *run_spec_json(const struct run_spec *spec, const char *trace_hash);

/*
 * The content hash of the workload that workload_open knows as `workload`: of
 * its header and all its events, as a replay of it would find. One pass.
 */
MUST_CHECK int run_trace_hash(const char *workload, char hash[RUN_ID_CAP],
                              struct problem *problem);

/* The id of that text. */
void run_id(const char *json, char id[RUN_ID_CAP]);

/* Read canonical JSON back (run_spec.workload stays as it is). */
MUST_CHECK int run_spec_parse(struct run_spec *spec, const char *json,
                              char trace_hash[RUN_ID_CAP],
                              struct problem *problem);

/*
 * Run on the machine `name` (see machine_config_load): on `image`, or, when
 * that is null, on the image of the spec's manager compiled with `flags`.
 */
MUST_CHECK int run_spec_set_machine(struct run_spec *spec, const char *name,
                                    const char *image, const char *flags,
                                    struct problem *problem);

/*
 * The work that fits into the cycles of a step on the spec's machine, once that
 * is known. ERR_INPUT: none does.
 */
MUST_CHECK int run_spec_set_steps(struct run_spec *spec,
                                  struct problem *problem);

/*
 * Play `w` as the spec says: replay_run, natively or on the machine.
 * ERR_INPUT also when the image at its path is another than the spec's.
 */
MUST_CHECK int run_spec_play(const struct run_spec *spec, struct workload *w,
                             const struct sink *sink,
                             struct replay_result *result,
                             struct problem *problem);

#endif /* ANALYSIS_RUN_H */
