/*
 * variant.h - which manager a run played, in words: its name, and what was set
 * otherwise than by default
 *
 * Runs of one trace whose variants are equal differ in heap or machine only.
 */
#ifndef ANALYSIS_VARIANT_H
#define ANALYSIS_VARIANT_H

#define VARIANT_CAP 256

/*
 * "copying", "copying pins=k", "handles steps=1:240": the manager of a run,
 * with what its spec (canonical JSON, see run.h) says of parameters and steps,
 * but for the size that a recorded heap's own areas have of their struct.
 * A spec that cannot be read, and a manager that is unknown, give the name.
 */
void variant_label(char out[VARIANT_CAP], const char *manager,
                   const char *spec);

#endif /* ANALYSIS_VARIANT_H */
