/* setting.h - `--set key=value` of a command line, as a manager's parameter */
#ifndef ANALYSIS_SETTING_H
#define ANALYSIS_SETTING_H

#include "sim/replay/replay.h"

/* Add it to `o`. Returns 0, or says what is wrong and returns EXIT_USAGE. */
int setting_read(struct replay_options *o, const char *text);

#endif /* ANALYSIS_SETTING_H */
