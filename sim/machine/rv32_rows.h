/*
 * rv32_rows.h - rv32.def as tables: rows, forms, cost classes, extensions
 *
 * A row's number is its place in rv32.def; RV_ROW(line) names it by the line
 * it stands on, so that a switch over all rows can be expanded.
 */
#ifndef SIM_MACHINE_RV32_ROWS_H
#define SIM_MACHINE_RV32_ROWS_H

#include "sim/machine/insn.h"

/* Extensions: bits of insn_row.needs. */
enum {
    RV_M = 1 << 0,
    RV_A = 1 << 1,
    RV_C = 1 << 2,
    RV_ZIFENCEI = 1 << 3,
    RV_ZBA = 1 << 4,
    RV_ZBB = 1 << 5,
    RV_ZBS = 1 << 6,
    RV_ZBKB = 1 << 7,
    RV_ZCB = 1 << 8,
    RV_ZCMP = 1 << 9,
    RV_XH3BEXTM = 1 << 10,
    RV_ZBB_ZBKB = 1 << 11 /* in Zbb and in Zbkb: either will do              */
};

/* Cost classes. */
enum rv_cost {
    RV_COST_ALU,
    RV_COST_LOAD,
    RV_COST_STORE,
    RV_COST_DIV,
    RV_COST_DIVU,
    RV_COST_LR,
    RV_COST_SC,
    RV_COST_AMO,
    RV_COST_JUMP,
    RV_COST_BRANCH,
    RV_COST_CSR,
    RV_COST_FENCE,
    RV_COST_FENCEI,
    RV_COST_TRAP,
    RV_COST_PUSH,
    RV_COST_POP,
    RV_COST_POPRET,
    RV_COST_POPRETZ,
    RV_COST_MOVE2,
    RV_COST_BAD,
    RV_N_COSTS
};

/* Which register fields the load-use check compares. */
enum rv_reads {
    RV_READS_NO,
    RV_READS_N,
    RV_READS_M,
    RV_READS_NM,
    RV_READS_CSR, /* bits 19:15 and 24:20 of the word                        */
    RV_READS_MV   /* cm.mvsa01: a0; cm.mva01s: its first register            */
};

#define RV_JOIN_(a, b) a##b
#define RV_JOIN(a, b)  RV_JOIN_(a, b)
#define RV_ROW(line)   RV_JOIN(RV_ROW_AT_, line)

enum rv_form {
#define FORM(name, reads, bits, is_signed, is_relative, fixed, syntax)         \
    RV_FORM_##name,
#include "sim/machine/rv32.def"
#undef FORM
    RV_N_FORMS
};

enum rv_row {
#define INSN(picture, name, does, cost, form, needs, manual) RV_ROW(__LINE__),
#include "sim/machine/rv32.def"
#undef INSN
    RV_N_ROWS
};

extern const struct insn_row rv_rows[RV_N_ROWS];
extern const struct insn_form rv_forms[RV_N_FORMS];
extern const uint8_t rv_form_reads[RV_N_FORMS]; /* enum rv_reads             */

#endif /* SIM_MACHINE_RV32_ROWS_H */
