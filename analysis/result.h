/*
 * result.h - a run's summary for people and programs, and claims about it
 *
 * The JSON object is what `fraglab replay --json` prints; --assert speaks of
 * its members by their path ("end.largest_free").
 */
#ifndef ANALYSIS_RESULT_H
#define ANALYSIS_RESULT_H

#include <cjson/cJSON.h>
#include <stdio.h>

#include "analysis/metrics.h"
#include "analysis/run.h"

/* The summary; the caller deletes it. Null: no memory. */
cJSON *result_json(const struct run_spec *spec, const struct replay_result *r,
                   const struct metrics *metrics, const char *id);

void result_print_json(const cJSON *json, FILE *out);
void result_print_text(const cJSON *json, FILE *out);

/* Is `claim` "FIELD OP VALUE", with OP one of == != < <= > >=? */
bool result_can_assert(const char *claim);

/*
 * Does such a claim hold? Returns 0; ERR_CHECK if it does not, ERR_INPUT if
 * the run has no such field or the value is not of its kind, with the
 * problem's text saying what was found.
 */
MUST_CHECK int result_assert(const cJSON *json, const char *claim,
                             struct problem *problem);

#endif /* ANALYSIS_RESULT_H */
