/*
 * gnuplot.h - gnuplot as a process, and what its SVG needs afterwards
 *
 * Errors    ERR_INPUT: gnuplot is missing. ERR_IO: it failed; the message has
 *           the script's name and its first line of complaint.
 */
#ifndef ANALYSIS_GNUPLOT_H
#define ANALYSIS_GNUPLOT_H

#include "traces/err.h"

/* Is there a gnuplot on the path? 0, or ERR_INPUT and the line that says so. */
MUST_CHECK int gnuplot_find(struct problem *problem);

/*
 * Run gnuplot on the scripts `names[n]`.gp in folder `dir`, in as many
 * processes at once as there are processors. They read no settings of the
 * user's.
 */
MUST_CHECK int gnuplot_run(const char *dir, const char *const *names, int n,
                           struct problem *problem);

/*
 * Give the SVG figure at `path` the colours for a dark page (a style that acts
 * where the reader prefers dark). The file is replaced whole.
 */
MUST_CHECK int gnuplot_darken(const char *path, struct problem *problem);

#endif /* ANALYSIS_GNUPLOT_H */
