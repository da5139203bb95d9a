/*
 * machine_verbs.h - the machine verbs that have files of their own
 *
 * Each prints its results and returns the exit status.
 */
#ifndef ANALYSIS_MACHINE_VERBS_H
#define ANALYSIS_MACHINE_VERBS_H

#include "analysis/machine_session.h"

/* `machine profile`: cycles by function and line, or folded stacks. */
int machine_profile(struct session *s, const struct session_options *o,
                    const char *const *words, int n);

/* `machine disasm`: the code, annotated with what a run spent on it. */
int machine_disasm(struct session *s, const struct session_options *o,
                   const char *const *words, int n);

#endif /* ANALYSIS_MACHINE_VERBS_H */
