/*
 * thumb_disasm.h - Thumb instructions as text, in the words of GNU objdump
 *
 * A form's syntax in thumb.def is the text of its operands, in which stand
 *
 *   d n m a  registers               #  the immediate
 *   P        the immediate less Align(PC, 4)
 *   @        the immediate as an address
 *   S        ", " and the shift x by the immediate, if any; T, Z: LSL,
 *            Y: LSR, A: ASR, R: ROR, V: RRX, J: LSL #1
 *   x X      field x, field x + 1, as immediates
 *   w W      a field's width: x + 1, or x the highest bit
 *   L *      a register list; "!" if it lacks the base
 *   h U H    a number: in four hexadecimal digits, decimal, in braces
 *   I q B    IT's condition, a special register, a barrier
 *
 * Anything else stands for itself. The condition of an instruction in an IT
 * block is found by looking back for the block's IT.
 */
#ifndef SIM_MACHINE_THUMB_DISASM_H
#define SIM_MACHINE_THUMB_DISASM_H

#include "sim/machine/machine.h"

/* disasm() of a machine whose core is an Arm one; see disasm.h. */
uint32_t thumb_disasm(struct machine *m, uint32_t begin, uint32_t address,
                      char *out, size_t cap);

#endif /* SIM_MACHINE_THUMB_DISASM_H */
