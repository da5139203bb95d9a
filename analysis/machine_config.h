/*
 * machine_config.h - machines by name, and from their JSON files
 *
 * The files of configs/machines/ are part of the program, so it knows them
 * from any directory; a path names a file of the user's own. The keys are those
 * of configs/schema/machine.json. Unknown keys are errors.
 *
 * Errors    one line: file, path of the key, what was found, what is allowed;
 *           an unknown name or key comes with the nearest known one.
 */
#ifndef ANALYSIS_MACHINE_CONFIG_H
#define ANALYSIS_MACHINE_CONFIG_H

#include <stddef.h>

#include "sim/machine/config.h"
#include "traces/err.h"

/* One file of configs/machines/. */
struct machine_file {
    const char *name; /* without ".json"                                     */
    const char *text;
};

/* How many there are, and the list, sorted by name. */
size_t machine_config_count(void);
const struct machine_file *machine_config_file(size_t i);

/*
 * Fill `c` by `name`: a built-in machine, or the path of a file when it holds
 * a '/' or ends in ".json". Returns 0 or a negative enum err.
 */
MUST_CHECK int machine_config_load(struct machine_config *c, const char *name,
                                   struct problem *problem);

/* The same from `text`; `name` becomes the machine's and is for messages. */
MUST_CHECK int machine_config_parse(struct machine_config *c, const char *name,
                                    const char *text, struct problem *problem);

/*
 * All that makes the machine, but for its name and summary, as JSON that
 * machine_config_parse reads: keys sorted, no spaces, equal for equal
 * machines. The caller frees it. Null: no memory.
 */
char *machine_config_json(const struct machine_config *c);

#endif /* ANALYSIS_MACHINE_CONFIG_H */
