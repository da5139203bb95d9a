/*
 * preset.h - workloads made on the spot: NAME[:key=value,...]
 *
 * Every preset knows `seed`, `heap` and `ops`; the rest are its own keys.
 * Bytes take K and M (1,024 and 1,048,576), counts too (1,000 and 1,000,000),
 * shares are decimal fractions. The same text gives the same trace on every
 * host.
 *
 * Cost      about 20 million events a second; memory: live objects only.
 * Errors    one line: "churn: unknown key 'sise'; did you mean ..."
 */
#ifndef TRACES_SYNTH_PRESET_H
#define TRACES_SYNTH_PRESET_H

#include <stddef.h>

#include "traces/synth/synth.h"
#include "traces/workload.h"

/*
 * Open the preset that `spec` asks for. Returns 0 and a workload to be closed;
 * 1, touching nothing, when no preset has that name; negative with `problem`
 * written when its keys or values are wrong.
 */
MUST_CHECK int preset_open(struct workload **out, const char *spec,
                           struct problem *problem);

/* All presets, `n` of them, in the order in which they are listed. */
const struct preset *const *preset_list(size_t *n);

/* The name of the preset that `spec` probably meant; null: none is near. */
const char *preset_nearest(const char *spec);

#endif /* TRACES_SYNTH_PRESET_H */
