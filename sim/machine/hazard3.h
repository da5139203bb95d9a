/*
 * hazard3.h - state of the timing model of Hazard3, the RP2350's RISC-V core
 *
 * Two ways to the same cycles. With two buses and no wait states the rules are
 * folded into prices when code is decoded, and only jumps and branches look at
 * anything while the program runs. Any other memory is simulated clock by
 * clock (hazard3_clock.h); the option "engine": "clocked" asks for that always,
 * which is how the tests hold one way against the other.
 *
 * Options   "extensions": "rp2350" (default), "rv32imac" or "rv32imc";
 *           "engine": "auto" (default) or "clocked".
 * Source    TIMING-hazard3.md sections 1 to 5, measured on the core's RTL,
 *           v1.0-rc1; RP2350 datasheet, section 3.8.
 */
#ifndef SIM_MACHINE_HAZARD3_H
#define SIM_MACHINE_HAZARD3_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/machine/hazard3_clock.h"
#include "sim/machine/hazard3_fetch.h"

/* A change of any price or rule adds 1. */
enum { HAZARD3_MODEL_VERSION = 1 };

enum {
    HAZARD3_N_LOOPS = 32,   /* ways to a predicted branch that are remembered */
    HAZARD3_NO_LOOP = 0xff, /*                                                */
};

/*
 * What the fetch unit does between a state and the next time it has gone
 * through the predicted branch: the same every time, so it is remembered, and
 * so is which of these ways follows which.
 */
struct hazard3_loop {
    bool is_known;
    bool is_fresh; /* begins behind a real jump: `from` says all             */
    uint8_t extra; /* cycles that waited for fetch                           */
    uint8_t next;  /* the way that begins where this one ends, or NO_LOOP    */
    uint32_t from; /* the first instruction                                  */
    struct h3_predictor predictor;
    struct h3_fetch before; /* state when that instruction was in X          */
    struct h3_fetch after;  /* and when the branch's target is               */
};

struct hazard3 {
    struct h3_predictor predictor;
    bool is_clocked; /* the general model counts                             */
    bool is_folded;  /* entry was reached by a prediction                    */
    uint8_t loop;    /* then: the way that led there; NO_LOOP: see fetch     */
    uint8_t victim;  /* the next way to be forgotten                         */
    bool has_loops;  /* some way is known                                    */
    uint32_t entry;  /* where the last jump or prediction led                */
    struct h3_fetch fetch;
    struct hazard3_loop loops[HAZARD3_N_LOOPS];
    struct h3_clock clock;
};

/* The core's model: a row of core_models. */
extern const struct core_model hazard3_model;

#endif /* SIM_MACHINE_HAZARD3_H */
