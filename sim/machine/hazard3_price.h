/*
 * hazard3_price.h - what instructions cost on Hazard3, and how code is decoded
 *
 * Cost      decode: two look-ups, the instruction and its successor.
 * Source    TIMING-hazard3.md section 2; each price in hazard3_price.c.
 */
#ifndef SIM_MACHINE_HAZARD3_PRICE_H
#define SIM_MACHINE_HAZARD3_PRICE_H

#include "sim/machine/machine.h"
#include "sim/machine/rv32_rows.h"

/* Registers that the load-use check compares; 0: none. */
struct h3_reads {
    uint8_t reg[2];
};

struct h3_reads hazard3_reads(const struct insn *i, uint32_t word);

/* The 16 or 32 bits at `address`; false when no code can lie there. */
bool hazard3_word_at(struct machine *m, uint32_t address, uint32_t *word,
                     uint32_t *bytes);

/*
 * core_model.decode. insn.price is what the instruction adds to the cycles
 * with two buses and no wait states: its own cycles in X and, in insn.spare,
 * those that its successor waits because of it.
 */
void hazard3_decode(struct machine *m, struct region *r, uint32_t address,
                    struct insn *out);

/* The extra cycle of div and rem with a negative dividend. */
static inline uint32_t hazard3_sign_price(uint32_t dividend)
{
    return dividend >> 31;
}

/* Cycles of a jump, of a wrongly predicted branch, after those in X. */
enum { HAZARD3_REFILL = 1, HAZARD3_TRAP_REFILL = 2 };

#endif /* SIM_MACHINE_HAZARD3_PRICE_H */
