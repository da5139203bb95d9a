/*
 * interpret.h - the reference engine for RV32 on Hazard3
 *
 * Looks a decoded instruction up, executes it, charges it.
 */
#ifndef SIM_MACHINE_INTERPRET_H
#define SIM_MACHINE_INTERPRET_H

#include "sim/machine/machine.h"

/* core_model.run and core_model.step of Hazard3. */
void interpret_rv32(struct machine *m);
void interpret_rv32_step(struct machine *m, struct retired *out);

#endif /* SIM_MACHINE_INTERPRET_H */
