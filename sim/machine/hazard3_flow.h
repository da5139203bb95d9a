/*
 * hazard3_flow.h - what a change of flow costs: the branch predictor's rules
 *
 * For two buses without wait states. Each function is told that the
 * instruction at `pc` leaves X, and returns the cycles that pass until its
 * successor may, beyond those of its price, with `late` the successor's extra
 * cycle when a jump leads to it.
 *
 * Source    TIMING-hazard3.md sections 2.2 and 2.3; the one case that the rules
 *           leave open is simulated (hazard3_loop_extra, section 3).
 */
#ifndef SIM_MACHINE_HAZARD3_FLOW_H
#define SIM_MACHINE_HAZARD3_FLOW_H

#include "sim/machine/hazard3_price.h"

/* Fetch starts anew at `target`. */
static inline void hazard3_enter(struct hazard3 *h, uint32_t target)
{
    h->entry = target;
    h->is_folded = false;
}

/* fence.i, traps and mret; also what clears it on the way to `target`. */
static inline void hazard3_flush(struct hazard3 *h, uint32_t target)
{
    h->predictor.is_valid = false;
    h->predictor.branch = 1; /* no instruction has this address */
    hazard3_enter(h, target);
}

/*
 * Is the branch at `pc` predicted taken? Fetch must have come through its word
 * in sequence, not have entered it by a real jump.
 */
static inline bool hazard3_predicts(const struct hazard3 *h, uint32_t pc)
{
    return h->predictor.branch == pc &&
           (h->is_folded || h->entry >> 2 != pc >> 2);
}

/*
 * The predicted branch at h->predictor was taken, to a misaligned 32-bit
 * instruction: how many cycles does it wait for fetch?
 */
uint32_t hazard3_loop_extra(struct machine *m);

/* A conditional branch that was not predicted is taken. */
static inline uint32_t hazard3_taken(struct hazard3 *h, uint32_t pc,
                                     uint32_t target, uint32_t late,
                                     bool is_wide)
{
    hazard3_enter(h, target);
    if (target < pc)
        h->predictor = (struct h3_predictor){
            .branch = pc, .target = target, .is_valid = 1, .is_wide = is_wide};
    return HAZARD3_REFILL + late;
}

/* A predicted branch is taken. */
static inline uint32_t hazard3_taken_as_predicted(struct machine *m,
                                                  uint32_t late)
{
    struct hazard3 *h = &m->timing.hazard3;
    uint32_t extra = late ? hazard3_loop_extra(m) : 0;
    h->entry = h->predictor.target;
    h->is_folded = true;
    return extra;
}

/* A predicted branch is not taken: fetch returns to the way behind it. */
static inline uint32_t hazard3_mispredicted(struct hazard3 *h, uint32_t next,
                                            uint32_t late)
{
    hazard3_flush(h, next);
    return HAZARD3_REFILL + late;
}

#endif /* SIM_MACHINE_HAZARD3_FLOW_H */
