/* setting.h - `key=value` of a command line or a grid, a manager's parameter */
#ifndef ANALYSIS_SETTING_H
#define ANALYSIS_SETTING_H

#include "sim/replay/replay.h"

/* Add it to `o`. ERR_INPUT: it is no key=value, too long, one too many. */
MUST_CHECK int setting_read(struct replay_options *o, const char *text,
                            struct problem *problem);

#endif /* ANALYSIS_SETTING_H */
