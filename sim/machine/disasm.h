/*
 * disasm.h - instructions as text, from the rows that execute them
 *
 * A form's syntax is the text of the operands, in which these letters stand
 * for what a decoded instruction holds:
 *
 *   d n m a   registers       @   the immediate as an address
 *   i         immediate       u   its upper 20 bits (lui)
 *   h         immediate in hexadecimal
 *   x         field x         c   a CSR's name
 *   N         field n as a number
 *   r         Zcmp: register list and stack adjustment
 *   S         Zcmp: the two saved registers
 *
 * Anything else stands for itself.
 */
#ifndef SIM_MACHINE_DISASM_H
#define SIM_MACHINE_DISASM_H

#include "sim/machine/machine.h"

/*
 * Write the instruction at `address` to `out`: mnemonic, a blank, operands; one
 * that is none as ".2byte 0x1234" or ".4byte". The code of which it is part
 * begins at `begin` or before: looking back no farther tells whether a Thumb
 * instruction is in an IT block. Returns its size in bytes, 0 where no code can
 * lie.
 */
uint32_t disasm(struct machine *m, uint32_t begin, uint32_t address, char *out,
                size_t cap);

/* The ABI name of register `n` of the machine's architecture. */
const char *disasm_register(const struct machine *m, uint32_t n);

#endif /* SIM_MACHINE_DISASM_H */
