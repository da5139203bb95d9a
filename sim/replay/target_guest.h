/*
 * target_guest.h - an image inside a machine, shared by the files that make it
 * a target: fraglab's own managers (target_guest.c), whose control block lies
 * in the window, and outside ones (target_outside.c), which have none
 *
 * State     one malloc'ed struct guest a target; target_guest_open makes it.
 */
#ifndef SIM_REPLAY_TARGET_GUEST_H
#define SIM_REPLAY_TARGET_GUEST_H

#include "core/guest/abi.h"
#include "sim/machine/machine.h"
#include "sim/replay/target.h"

enum entry {
    ENTRY_INIT = 0,
    ENTRY_ALLOC,
    ENTRY_FREE,
    ENTRY_REALLOC,
    ENTRY_STORE,
    ENTRY_COLLECT,
    ENTRY_CONTROL,
    ENTRY_ADD_AREA,
    ENTRY_DEREF,
    ENTRY_STEP,
    ENTRY_PROMOTE,
    ENTRY_PIN,
    ENTRY_UNPIN,
    ENTRY_NOP,
    ENTRY_ON_FINALISE,
    ENTRY_MORE,
    ENTRY_REQUIRED, /* so many; of those that follow, all or none           */
    ENTRY_OUTER_INIT = ENTRY_REQUIRED,
    ENTRY_OUTER_AVAIL,
    ENTRY_OUTER_ALLOC,
    ENTRY_OUTER_FREE,
    ENTRY_OUTER_REALLOC,
    ENTRY_N
};

struct guest {
    struct target target;
    struct machine machine;
    struct image image;
    struct machine_config config; /* the user's, with room for a guest */
    uint64_t limit;          /* of a call                                 */
    uint32_t entry[ENTRY_N]; /* addresses; 0: it has none                 */
    uint32_t depth;          /* calls open: a finaliser's are inside      */
    bool is_machine_open, is_image_open, has_snapshot;
    /* Of an outside manager, out of the image's reach.                    */
    bool is_outside;
    bool has_begun;       /* init was called                              */
    struct heap stand_in; /* control block                                */
    struct guest_roots *own_roots;
};

/*
 * Call an entry point with `n` words; what it costs is added to the target's.
 * What goes wrong, and an entry point that is not there, becomes the target's
 * trouble; from then on nothing is called, and every answer is 0.
 */
uint32_t guest_call(struct target *t, enum entry entry, const uint32_t *args,
                    uint32_t n);

/* Registers as after reset and a start-up code. */
void guest_start_up(struct guest *g);

/*
 * Make the target one of an outside manager: its functions, control block and
 * root table (of `roots_bytes`). ERR_INPUT: the image lies where the heap will.
 */
MUST_CHECK int guest_become_outside(struct guest *g, uint32_t roots_bytes,
                                    struct problem *problem);

#endif /* SIM_REPLAY_TARGET_GUEST_H */
