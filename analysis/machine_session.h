/*
 * machine_session.h - an ELF in a machine, as the machine verbs want it
 *
 * State     owns machine, image and configuration between open and close; it
 *           must stay where it is, the machine points into it.
 */
#ifndef ANALYSIS_MACHINE_SESSION_H
#define ANALYSIS_MACHINE_SESSION_H

#include <cjson/cJSON.h>

#include "sim/machine/machine.h"
#include "traces/err.h"

/* Instructions after which a run is stopped unless --limit says otherwise. */
#define SESSION_LIMIT 10000000000ull

/* The options that all machine verbs share, as words. */
struct session_options {
    const char *machine; /* null: what the ELF is for                        */
    const char *between[2];
    const char *limit;
    bool json;
    bool csv;
    bool folded;    /* profile: call stacks                                  */
    bool is_static; /* disasm: the program is not run                        */
};

/* What was measured between two addresses. */
struct session_between {
    bool is_asked;
    bool is_known; /* both were reached, in this order                       */
    uint32_t from, to;
    uint64_t cycles;
    uint64_t instructions;
};

struct session {
    struct image image;
    struct machine_config config;
    struct machine machine;
    struct session_between between;
    uint64_t limit;
};

/*
 * Load the ELF `path` into the machine that `o` asks for, after reset. Returns
 * 0 or a negative enum err with one line in `problem`.
 */
MUST_CHECK int session_open(struct session *s, const char *path,
                            const struct session_options *o,
                            struct problem *problem);

void session_close(struct session *s);

/* An address: a symbol of the image, or a number. */
MUST_CHECK int session_address(const struct session *s, const char *word,
                               uint32_t *address, struct problem *problem);

/* A number: decimal or 0x, negative ones as 32 bits. */
MUST_CHECK int session_number(const char *word, uint64_t *out,
                              struct problem *problem);

/*
 * Go on until the guest ends (or a call returns into `out`, unless null),
 * measuring what lies between the two addresses if that was asked.
 */
enum machine_stop session_run(struct session *s, struct outcome *out);

/* "complete", "stopped" (the limit) or "failed"; the reason, or "". */
const char *session_status(const struct session *s, char *reason, size_t cap);

/* Add "between" to `json` when it was asked. */
void session_add_between(const struct session *s, cJSON *json);

#endif /* ANALYSIS_MACHINE_SESSION_H */
