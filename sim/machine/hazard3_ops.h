/*
 * hazard3_ops.h - an instruction as operations of the clocked model
 *
 * Source    TIMING-hazard3.md section 2, the paragraph on Zcmp.
 */
#ifndef SIM_MACHINE_HAZARD3_OPS_H
#define SIM_MACHINE_HAZARD3_OPS_H

#include "sim/machine/hazard3_price.h"

/* How an instruction that has just executed went. */
struct h3_event {
    const struct insn *insn;
    uint32_t word;
    uint32_t pc;
    uint32_t next_pc;   /* where execution goes on                           */
    uint32_t stall;     /* divide: cycles beyond the first                   */
    bool is_branch;     /* conditional                                       */
    bool is_taken;      /*                                                   */
    bool is_jump;       /* unconditional, fence.i                            */
    bool is_trap;       /* a trap or mret: the jump comes from M             */
    bool has_no_access; /* sc.w without a reservation; a faulting access     */
};

/*
 * Let the instruction pass through the pipeline; its accesses are those of the
 * bus's log. m->timing.hazard3.clock.now is then the clock in which it left X,
 * returned too; a trap's jump comes after that.
 */
uint64_t hazard3_pass(struct machine *m, const struct h3_event *e);

#endif /* SIM_MACHINE_HAZARD3_OPS_H */
