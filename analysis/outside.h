/*
 * outside.h - runs of outside managers: an image of the user's
 *
 * What makes such a run: the image's hash and the machine; its manager is
 * called "outside:" and the name that the image gives itself.
 */
#ifndef ANALYSIS_OUTSIDE_H
#define ANALYSIS_OUTSIDE_H

#include "analysis/run.h"

/*
 * Read the image at `path` and name the spec's manager after it; *machine, when
 * it is null, becomes the machine that its architecture suggests.
 */
MUST_CHECK int outside_choose(struct run_spec *spec, struct guest_facts *facts,
                              const char *path, const char **machine,
                              struct problem *problem);

/*
 * Has the image what the spec's workload asks for? Reads it from its beginning
 * to the first operation that needs an entry point which the image lacks, and
 * fails there: PLACE: what is needed, and who lacks it. Standard input cannot
 * be read twice, and is not; the run ends where the entry point is needed.
 */
MUST_CHECK int outside_check_needs(const struct run_spec *spec,
                                   const struct guest_facts *facts,
                                   struct problem *problem);

#endif /* ANALYSIS_OUTSIDE_H */
