/*
 * run.h - one run: what is played against what, its identity, and doing it
 *
 * A run's spec is canonical JSON (keys sorted, no spaces); its id is the hash
 * of that text. In it: the workload's content hash, manager and resolved
 * parameters, H and window, the hash of the core's sources, machine,
 * versions, replay options. Not in it: host, date, paths, what is kept.
 */
#ifndef ANALYSIS_RUN_H
#define ANALYSIS_RUN_H

#include "analysis/metrics.h"
#include "sim/replay/replay.h"

struct run_spec {
    char workload[4096]; /* path, "-", or PRESET:...: not in the id */
    char machine[32];    /* "native"                               */
    struct replay_options options;
};

#define RUN_ID_CAP 33 /* 32 hexadecimal digits and the end */

/*
 * The canonical JSON of a run whose workload's content hash is `trace_hash`.
 * The caller frees it. Null: no memory.
 */
char *run_spec_json(const struct run_spec *spec, const char *trace_hash);

/* The id of that text. */
void run_id(const char *json, char id[RUN_ID_CAP]);

/* Read canonical JSON back (run_spec.workload stays as it is). */
MUST_CHECK int run_spec_parse(struct run_spec *spec, const char *json,
                              char trace_hash[RUN_ID_CAP],
                              struct problem *problem);

#endif /* ANALYSIS_RUN_H */
