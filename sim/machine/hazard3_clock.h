/*
 * hazard3_clock.h - Hazard3 clock by clock, behind any memory
 *
 * The general timing model: fetch unit, execute stage (X), memory stage (M),
 * and either two buses or one, with any number of wait states. It is told the
 * instructions in the order in which they execute, Zcmp sequences as their
 * micro-operations, and finds the clock in which each leaves X.
 *
 * Source    TIMING-hazard3.md sections 2, 3 and 5.
 */
#ifndef SIM_MACHINE_HAZARD3_CLOCK_H
#define SIM_MACHINE_HAZARD3_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/machine/bus.h"
#include "sim/machine/hazard3_fetch.h"

/* What one instruction or micro-operation does to the pipeline. */
struct h3_op {
    uint8_t halfwords;    /* of the whole instruction: must be in X        */
    uint8_t use;          /* of them leave with it: 0 before the last op   */
    uint8_t stall;        /* cycles in X beyond the first (divide)         */
    uint8_t reads[2];     /* registers that wait for a load; 0: none       */
    uint8_t load_d;       /* register that arrives from memory; 0: none    */
    bool is_access;       /* makes a load or store ...                     */
    bool is_amo;          /* or one after the other, both within X         */
    bool is_exclusive;    /* lr.w, sc.w                                    */
    bool waits_exclusive; /* lr.w, sc.w, amo: not right behind an exclusive*/
    uint8_t wait, wait_store; /* wait states of the access; of an AMO's store*/
    bool is_jump; /* redirects fetch to `target` from X            */
    bool keeps;   /* and stays in X (popret)                       */
    uint32_t target;
    bool learns; /* the predictor becomes `learned` once it is seen in X     */
    struct h3_predictor learned;
};

struct h3_clock {
    uint64_t now; /* the clock that was simulated last                       */
    struct h3_fetch fetch;
    struct h3_predictor predictor;
    bool is_one_port;
    bool is_data_busy;      /* a data phase of a load or store is going on   */
    uint8_t data_wait;      /* its wait states left                          */
    uint8_t m_load;         /* register being loaded in M; 0: none           */
    bool m_exclusive;       /* lr.w or sc.w is in M                          */
    bool is_bus_pinned;     /* one port: a request waits, its owner stays    */
    bool is_pinned_to_data; /* and it is the load/store side                 */
    struct bus *bus;        /* for the wait states of fetches                */
    struct region *region;  /* where the last fetch was                      */
};

/* After reset: the first clock is cycle 1. */
void h3_clock_reset(struct h3_clock *c, struct bus *bus, bool is_one_port,
                    uint32_t pc);

/* Idle until `halfwords` are in X. */
void h3_clock_fill(struct h3_clock *c, uint8_t halfwords);

/* Let `op` run through X; c->now is then the clock in which it left. */
void h3_clock_issue(struct h3_clock *c, const struct h3_op *op);

/* The jump of a trap, from M, to `target`. */
void h3_clock_trap(struct h3_clock *c, uint32_t target);

#endif /* SIM_MACHINE_HAZARD3_CLOCK_H */
