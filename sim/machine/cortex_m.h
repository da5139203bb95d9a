/*
 * cortex_m.h - state of the timing models of Cortex-M0, M0+, M3 and M4
 *
 * Where a run begins (reset_pc) a vector table may lie: then stack pointer and
 * first instruction are its first two words.
 *
 * Options of all four (words of the machine file):
 *   "prefetch"      what of an instruction fetch's wait states is hidden:
 *                   "none" (default), or "word": the next word in sequence is
 *                   fetched while the one before is executed
 * of cortex-m0 and cortex-m0plus (cortex_m0.c):
 *   "multiplier"    cycles of MULS: "1" (default) or "32"
 * of cortex-m3 and cortex-m4 (cortex_m4.c says what each rule is):
 *   "unaligned"     "serve" (default) or "fault"
 *   and the rules that no document settles, in cycles.
 *
 * Source    TIMING-cortex-m.md, which cites Arm's manuals and what was measured
 *           on chips.
 */
#ifndef SIM_MACHINE_CORTEX_M_H
#define SIM_MACHINE_CORTEX_M_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/machine/insn.h"

/* A change of any price or rule adds 1 to the version of its file's cores. */
enum { CORTEX_M0_MODEL_VERSION = 1, CORTEX_M4_MODEL_VERSION = 1 };

/* No address of code: nothing is fetched. */
#define CORTEX_M_NOTHING 1u

/* insn.price of an instruction whose price its core's rules make. */
enum { CORTEX_M_RULED = 0x80 };

/* The named switches of M3 and M4, in cycles; cortex_m4.c. */
struct cortex_m4_rules {
    uint8_t load_then_store;      /* the store of the pair: 0 or 1           */
    uint8_t store_then_load;      /* added to the load: 0 or 1               */
    uint8_t nop_after_load;       /* 0 or 1                                  */
    uint8_t refill_bl;            /* P of BL: 1 or 2                         */
    uint8_t refill_bx;            /* P of BX and BLX: 1 to 3                 */
    uint8_t refill_load;          /* P of POP, LDM and LDR with PC: 2 or 3   */
    uint8_t untaken_wide;         /* 32-bit branch not taken: 1 or 2         */
    uint8_t wide_target;          /* target of 32 bits at 2 mod 4: 0 or 1    */
    uint8_t wide_run;             /* three such in sequence: 0 or 1          */
    uint8_t wide_load;            /* such a load in a chain: 0 or 1          */
    uint8_t address_for_multiple; /* LDM, STM, LDRD, STRD behind ALU: 0, 1   */
    uint8_t special;              /* MRS, MSR: 1 or 2                        */
};

struct cortex_m {
    bool is_exclusive;   /* an LDREX is open                                 */
    bool has_unaligned;  /* single accesses need no alignment                */
    bool has_v7;         /* ARMv7-M: Q, and the wide instructions            */
    bool has_dsp;        /* ARMv7E-M, so an M4; else M3: GE; other prices    */
    bool has_fetch_wait; /* somewhere code waits for its memory              */
    bool has_prefetch;
    bool has_io_port;
    uint8_t mul_cycles;   /* M0, M0+: of MULS                               */
    uint8_t entry_cycles; /* of an exception's entry                        */
    uint32_t vectors;     /* where the vector table lies; CORTEX_M_NOTHING  */
    struct cortex_m4_rules rule;

    uint64_t waits_charged; /* of bus.waits, in the cycles already           */

    /* Fetch, where it waits. */
    uint32_t fetched; /* the word fetched last, or CORTEX_M_NOTHING          */
    uint64_t next_at; /* cycle in which the word behind it is there          */

    /* M3, M4: what the instruction before was. */
    struct insn before;  /* op INSN_UNKNOWN: none that matters               */
    uint32_t wide_next;  /* end of a run of 32-bit instructions at 2 mod 4   */
    uint32_t wide_run;   /* their number                                     */
    uint8_t last_region; /* that the access before went to                   */
    uint8_t operand_cycles; /* of a division or a long product               */
};

extern const struct core_model cortex_m0_model;
extern const struct core_model cortex_m0plus_model;
extern const struct core_model cortex_m3_model;
extern const struct core_model cortex_m4_model;

struct machine;
struct region;

/*
 * Open what the four have in common: compile the tables for a core that `has`
 * (TH_V7, TH_DSP), read the common options.
 */
MACHINE_MUST_CHECK int cortex_m_open(struct machine *m, uint32_t has,
                                     struct machine_problem *p);
void cortex_m_close(struct machine *m);

/* The value of a switch, one of low..high, or `standard`. */
MACHINE_MUST_CHECK int cortex_m_switch(const struct machine *m, const char *key,
                                       uint32_t low, uint32_t high,
                                       uint32_t standard, uint8_t *out,
                                       struct machine_problem *p);

/* core_model.reset, restart and code_changed of all four; a restart is in no
 * IT block. */
void cortex_m_reset(struct machine *m, uint32_t entry);
void cortex_m_restart(struct machine *m);
void cortex_m_code_changed(struct machine *m, uint32_t address, uint32_t bytes);

/*
 * Cycles that the instruction of `size` bytes at `pc` waits for its words,
 * each fetched once in sequence, anew behind a jump (TIMING-cortex-m.md 1.1).
 */
uint32_t cortex_m_fetch(struct machine *m, uint32_t pc, uint32_t size);

/*
 * Decode the instruction at `address`, all but its price; what is none becomes
 * INSN_BAD with an enum fault_kind in x. Watches the page.
 */
void thumb_decode(struct machine *m, struct region *r, uint32_t address,
                  struct insn *out);

/*
 * The row of the instruction `word` of `bytes` bytes, a 32-bit one with its
 * first halfword above, or -1; its operands at `address` in `out`. Whether the
 * operands are lawful: an enum fault_kind, FAULT_NONE if so.
 */
int thumb_find(const struct machine *m, uint32_t word, uint32_t bytes,
               uint32_t address, struct insn *out, int *lawful);

#endif /* SIM_MACHINE_CORTEX_M_H */
