/*
 * machine_profile.h - where a program's cycles go
 *
 * Runs the program to its end one instruction at a time and counts, for every
 * halfword of code, executions and cycles; for every chain of callers, cycles.
 * The cycles of an instruction are those since the previous one left the
 * execute stage; the pipeline's first fill belongs to the first.
 *
 * Callers are told by behaviour: a jump whose link register points behind it,
 * to another function, is a call; a jump to a waiting caller's return address
 * is a return; any other jump between functions is a tail call.
 *
 * State     profile_open to profile_close.
 * Cost      16 bytes a halfword of memory; a path a distinct chain of callers.
 */
#ifndef ANALYSIS_MACHINE_PROFILE_H
#define ANALYSIS_MACHINE_PROFILE_H

#include "analysis/machine_session.h"

enum { PROFILE_CAP_DEPTH = 128, PROFILE_CAP_PATHS = 1 << 16 };

/* What was spent on one halfword of code. */
struct spent {
    uint64_t n;
    uint64_t cycles;
};

/* One chain of callers: a function, under another path. */
struct profile_path {
    uint32_t parent;   /* index; 0 is the root, its own parent               */
    uint32_t function; /* address of its symbol; of itself where none is     */
    uint32_t child;    /* its first callee, 0: none                          */
    uint32_t sibling;  /* the next callee of its parent, 0: none             */
    uint64_t cycles;
};

struct profile {
    struct spent *spent[CONFIG_CAP_REGIONS]; /* null for devices             */
    struct profile_path *paths;
    uint32_t n_paths;
    uint32_t depth; /* frames on the guest's stack as far as they are known  */
    uint32_t path[PROFILE_CAP_DEPTH];
    uint32_t back[PROFILE_CAP_DEPTH]; /* return addresses                    */
};

/* Returns 0, or ERR_MEMORY with a line in `problem`. */
MUST_CHECK int profile_open(struct profile *p, const struct session *s,
                            struct problem *problem);
void profile_close(struct profile *p);

/* Run to the end, or to the session's limit. */
enum machine_stop profile_run(struct profile *p, struct session *s);

/* What was spent at `address`; zeros where no code lies. */
struct spent profile_at(const struct profile *p, const struct session *s,
                        uint32_t address);

#endif /* ANALYSIS_MACHINE_PROFILE_H */
