/*
 * machine.h - a simulated microcontroller: one core, its memory, its counters
 *
 * machine_open() builds it, machine_load() puts an image into it; then either
 * machine_run() from reset, or machine_call() of one function at a time, or
 * machine_step() for whoever watches every instruction. Knows nothing of
 * operating systems, heaps or guests' interfaces: it runs functions at
 * addresses.
 *
 * Engines   A core has two ways of counting the same cycles: `run`, which
 *           charges prices folded in when code is decoded, and `step`, which
 *           shows every instruction to an observer. A core without a fast way
 *           has `run` step as well.
 * State     all in struct machine, which the caller owns; no globals.
 * Units     cycles and instructions as counted by the guest; never time.
 * Cost      call, peek, poke: O(1) beside the guest's own work. snapshot:
 *           O(pages), a byte each; restore: O(pages written since).
 */
#ifndef SIM_MACHINE_MACHINE_H
#define SIM_MACHINE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/machine/bus.h"
#include "sim/machine/config.h"
#include "sim/machine/cortex_m.h"
#include "sim/machine/elf.h"
#include "sim/machine/hazard3.h"
#include "sim/machine/insn.h"
#include "sim/machine/problem.h"

enum {
    MACHINE_N_REGISTERS = 33, /* 16 of Arm, 32 of RISC-V, and a sink for
                                 writes to RISC-V's x0                       */
    MACHINE_SINK = 32,
    MACHINE_CAP_STOPS = 16, /* most addresses at which a run stops         */
    MACHINE_CAP_CALLS = 8,  /* deepest nesting of calls                    */
    MACHINE_CAP_BACKTRACE = 32
};

/* Where a called function returns to: no memory lies there. */
#define MACHINE_PAD 0xeffff000u

/* Why the guest cannot go on; struct machine.fault. */
enum fault_kind {
    FAULT_NONE,
    FAULT_UNDEFINED,     /* the architecture has no such instruction         */
    FAULT_UNPREDICTABLE, /* the architecture does not say what it does       */
    FAULT_UNIMPLEMENTED, /* this simulator lacks it                          */
    FAULT_UNALIGNED,     /* an access or a jump that must be aligned         */
    FAULT_UNMAPPED,      /* nothing there, or a store to ROM                 */
    FAULT_TRAP,          /* ecall, ebreak, SVC without a handler             */
    FAULT_LOCKUP,        /* a fault inside a fault                           */
    FAULT_STACK          /* the stack grew below its limit                   */
};

struct fault {
    enum fault_kind kind;
    uint32_t pc;      /* the instruction's address                           */
    uint32_t word;    /* and its bits; a 16-bit one in the lower half        */
    uint32_t address; /* what it accessed or jumped to; pc for the rest      */
    const char *what; /* in words: "store to read-only memory"               */
};

/* Why run, call and resume returned. */
enum machine_stop {
    MACHINE_RUNNING,  /* it did not: a value in flight                       */
    MACHINE_RETURNED, /* the called function returned                        */
    MACHINE_EXITED,   /* the guest ended the run: exit_code                  */
    MACHINE_STOPPED,  /* pc is at a stop address, not executed yet           */
    MACHINE_LIMIT,    /* the limit of instructions is reached                */
    MACHINE_FAULTED   /* see fault                                           */
};

struct counters {
    uint64_t cycles;       /* clock cycles                                   */
    uint64_t instructions; /* retired                                        */
    uint64_t loads;        /* data accesses                                  */
    uint64_t stores;
    uint64_t waits;     /* wait states of data accesses, and stalls for a
                           shared bus, as far as the model tells them apart*/
    uint64_t unsettled; /* events whose price no document settles         */
};

/* What one call cost and gave. */
struct outcome {
    enum machine_stop why;
    uint32_t result;       /* r0 or a0; the exit code when EXITED           */
    struct counters spent; /* by this call, nested calls included           */
    uint32_t stack_bytes;  /* deepest stack below where it began            */
};

/* What machine_step() tells of one retired instruction. */
struct retired {
    uint32_t pc;
    uint32_t word;   /* 32 bits at pc, whatever the size                  */
    uint32_t size;   /* bytes: 2 or 4                                     */
    uint64_t cycle;  /* in which it left the execute stage                */
    uint64_t start;  /* in which it entered it, waits for memory past     */
    uint32_t cycles; /* since the previous one did                        */
    uint32_t next_pc;
};

/* Machine-mode registers of RISC-V that hold state. */
struct rv_csrs {
    uint32_t mstatus, mie, mtvec, mscratch, mepc, mcause, mtval;
    uint32_t mcountinhibit;
    uint64_t cycle_offset; /* mcycle = cycles + offset while it counts       */
    uint64_t instret_offset;
    uint8_t now_bias;     /* cycles + this: when a CSR instruction runs     */
    bool has_handler;     /* the program wrote mtvec                        */
    bool has_reservation; /* lr.w                                           */
    uint32_t reservation;
};

/* Flags and special registers of Armv6-M and Armv7-M. */
struct arm_state {
    uint32_t n; /* bit 31 is the flag N                                */
    uint32_t z; /* Z is set iff this is 0                              */
    uint32_t v; /* bit 31 is the flag V                                */
    bool c, q;  /* the flags                                           */
    uint8_t ge; /* four bits                                           */
    uint8_t it; /* ITSTATE                                             */
    bool primask, faultmask;
    uint8_t basepri;
    uint8_t control;
    uint32_t psp, other_sp;
    uint32_t ipsr;
};

struct machine;

/*
 * One core: its instruction set, its prices, its engines. Static const, one a
 * core; core_models lists them.
 */
struct core_model {
    const char *name; /* "hazard3"                                      */
    enum image_isa isa;
    uint32_t version;   /* of the timing model; every price change adds 1 */
    const char *claim;  /* "cycle-exact", "the manual's table"            */
    const char *source; /* documents                                      */
    uint32_t stack_register; /* 2 or 13                                     */
    uint32_t link_register;  /* 1 or 14                                     */
    uint32_t first_argument; /* 10 or 0                                     */
    uint32_t n_arguments;    /* in registers: 8 or 4                        */
    /* Register that holds the address of a symbol in all code; null: none. */
    const char *global_symbol;
    uint32_t global_register;
    /* Read the options of m->config, compile the tables. */
    int (*open)(struct machine *m, struct machine_problem *p);
    void (*close)(struct machine *m);
    /* Registers as after power-on, pc at `entry`. */
    void (*reset)(struct machine *m, uint32_t entry);
    /* Fetch restarts at m->pc as after a jump whose cost is not counted. */
    void (*restart)(struct machine *m);
    /* Decode the instruction at `address` into `out`; never fails: what is no
     * instruction becomes INSN_BAD. */
    void (*decode)(struct machine *m, struct region *r, uint32_t address,
                   struct insn *out);
    /* Run until m->stop is set or m->limit instructions are retired. */
    void (*run)(struct machine *m);
    /* One instruction, told to `out`; or m->stop is set. */
    void (*step)(struct machine *m, struct retired *out);
    /* Does a call end right before `address`? Null: no backtraces. */
    bool (*is_return_address)(struct machine *m, uint32_t address);
    /* Forget what was derived from code in [address, address + bytes). */
    void (*code_changed)(struct machine *m, uint32_t address, uint32_t bytes);
};

/* All cores, null-terminated. */
extern const struct core_model *const core_models[];

/* The core called `name`; null when there is none. */
const struct core_model *core_model_find(const char *name);

struct call_frame {
    uint32_t r[MACHINE_N_REGISTERS]; /* to be restored on return             */
    uint32_t pc;
    struct arm_state arm;
    struct counters start;
    uint32_t sp;
    uint32_t lowest_sp; /* of the outer call                                 */
};

struct machine {
    uint32_t r[MACHINE_N_REGISTERS]; /* Arm: r[13] sp, r[14] lr, pc apart    */
    uint32_t pc;                     /* of the next instruction; while one
                                        runs, of that one                    */
    uint32_t lowest_sp;              /* since reset or the call began        */
    uint32_t word;                   /* bits of the instruction that runs,
                                        when it is stepped                  */
    uint64_t cycles;
    uint64_t instructions;
    uint64_t unsettled;
    uint64_t limit; /* run stops soon after this many instructions           */
    struct bus bus;
    enum machine_stop stop;
    struct fault fault;
    uint32_t exit_code;

    struct rv_csrs csr;
    struct arm_state arm;

    union {
        struct hazard3 hazard3; /* state of its timing model                 */
        struct cortex_m cortex_m;
    } timing;

    const struct core_model *core;
    struct machine_config config;
    struct insn_table table;
    void *core_data; /* the core's own, made by open, freed by close         */

    uint32_t n_stops;
    uint32_t stops[MACHINE_CAP_STOPS];
    bool is_leaving_stop; /* the next instruction runs although a stop is set */
    uint32_t n_calls;
    struct call_frame calls[MACHINE_CAP_CALLS];
    struct machine_snapshot *snapshots; /* innermost first */

    const struct image *image; /* loaded last; borrowed, for names           */
    uint32_t entry;
    uint32_t global_pointer; /* value of the image's global symbol, or 0    */
};

/*
 * Build the machine of `config`, memory zeroed, registers as after reset.
 * Returns 0, or a negative machine_err with one line in `p`.
 */
MACHINE_MUST_CHECK int machine_open(struct machine *m,
                                    const struct machine_config *config,
                                    struct machine_problem *p);

void machine_close(struct machine *m);

/*
 * Copy the segments of `image` to memory and remember it; it must outlive the
 * machine. Fails when the image is for another architecture or does not fit
 * the memory map.
 */
MACHINE_MUST_CHECK int machine_load(struct machine *m,
                                    const struct image *image,
                                    struct machine_problem *p);

/*
 * Registers, counters and the test device as after power-on, pc at the image's
 * entry; memory stays. Loading does not reset.
 */
void machine_reset(struct machine *m);

/*
 * Go on at m->pc until something stops the guest; `limit` more instructions
 * are allowed (0: no limit; checked at jumps, so a few more may run).
 */
enum machine_stop machine_run(struct machine *m, uint64_t limit);

/* One instruction, with exact time. MACHINE_RUNNING: it retired, see `out`. */
enum machine_stop machine_step(struct machine *m, struct retired *out);

/*
 * Call the function at `address` (bit 0 is ignored) with `n_args` words, those
 * beyond the core's n_arguments on the stack, and its return address on the
 * pad. Requires less than MACHINE_CAP_CALLS calls open. The stack pointer and
 * the global pointer are as they stand, or, when they are 0, what the
 * configuration and the image say.
 *
 * Returns why it came back, also in `out`: on MACHINE_RETURNED the registers
 * are those before the call; on MACHINE_STOPPED the guest is at a stop: the
 * caller may peek, poke and call, and goes on by machine_resume().
 */
enum machine_stop machine_call(struct machine *m, uint32_t address,
                               const uint32_t *args, uint32_t n_args,
                               uint64_t limit, struct outcome *out);

/*
 * Go on inside the innermost open call, after a stop. If `is_return`, the
 * function at the stop is taken as done by the host: it returns `value`.
 */
enum machine_stop machine_resume(struct machine *m, bool is_return,
                                 uint32_t value, uint64_t limit,
                                 struct outcome *out);

/* Stop before the instruction at `address` executes; or no longer. */
MACHINE_MUST_CHECK int machine_set_stop(struct machine *m, uint32_t address,
                                        struct machine_problem *p);
void machine_clear_stop(struct machine *m, uint32_t address);

/* The counters as they stand. */
struct counters machine_counters(const struct machine *m);

/*
 * Read or write guest memory without cost. False when [address, address +
 * bytes) does not lie in one RAM or ROM.
 */
bool machine_peek(struct machine *m, uint32_t address, void *out,
                  uint32_t bytes);
bool machine_poke(struct machine *m, uint32_t address, const void *in,
                  uint32_t bytes);

/*
 * Remember registers, counters and memory; snapshots nest. Returns 0 or
 * MACHINE_NO_MEMORY. restore() goes back to the innermost one and forgets it;
 * drop() forgets it and stays. The test device's lists are not rolled back.
 */
MACHINE_MUST_CHECK int machine_snapshot(struct machine *m);
void machine_restore(struct machine *m);
void machine_drop(struct machine *m);

/*
 * The guest's callers, innermost first: return addresses found by scanning
 * the stack for words that follow a call instruction. Returns how many.
 */
uint32_t machine_backtrace(struct machine *m,
                           uint32_t out[MACHINE_CAP_BACKTRACE]);

/* The fault in one line: kind, address, instruction, function, callers. */
void machine_describe_fault(struct machine *m, char *out, size_t cap);

/* For engines: record a fault at m->pc and stop. */
void machine_fault(struct machine *m, enum fault_kind kind, uint32_t address,
                   const char *what);

/* For engines: the decoded instruction at `address`; null when unmapped. */
struct insn *machine_insn_at(struct machine *m, uint32_t address);

#endif /* SIM_MACHINE_MACHINE_H */
