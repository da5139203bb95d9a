/*
 * hazard3.h - state of the timing model of Hazard3, the RP2350's RISC-V core
 *
 * Two ways to the same cycles. With two buses and no wait states the rules of
 * hazard3.c are folded into prices when code is decoded; only the branch
 * predictor is looked at while the program runs. Any other memory is stepped
 * clock by clock (hazard3_cycle.h).
 *
 * Source    TIMING-hazard3.md sections 1 to 5, which cite the core's RTL,
 *           v1.0-rc1, and the RP2350 datasheet, section 3.8.
 */
#ifndef SIM_MACHINE_HAZARD3_H
#define SIM_MACHINE_HAZARD3_H

#include <stdbool.h>
#include <stdint.h>

/* A change of any price or rule adds 1. */
enum { HAZARD3_MODEL_VERSION = 1 };

struct hazard3 {
    int placeholder;
};

extern const struct core_model hazard3_model;

#endif /* SIM_MACHINE_HAZARD3_H */
