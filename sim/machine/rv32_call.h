/*
 * rv32_call.h - which operands the handlers of each form of rv32.def take
 *
 * RV_CALL_R(rv_add) calls a handler with what it wants of `i`, a struct insn,
 * on the machine `m`; jumps also want RV_NEXT, the address behind `i`. Where
 * `i` is a constant, so are the operands.
 */
#ifndef SIM_MACHINE_RV32_CALL_H
#define SIM_MACHINE_RV32_CALL_H

/* clang-format off */
#define RV_CALL_NONE(f)    f(m)
#define RV_CALL_R(f)       f(m, i->d, i->n, i->m)
#define RV_CALL_R1(f)      f(m, i->d, i->n)
#define RV_CALL_SH(f)      f(m, i->d, i->n, i->imm)
#define RV_CALL_I(f)       f(m, i->d, i->n, i->imm)
#define RV_CALL_ISP(f)     f(m, i->d, i->n, i->imm)
#define RV_CALL_RSP(f)     f(m, i->d, i->n, i->m)
#define RV_CALL_L(f)       f(m, i->d, i->n, i->imm)
#define RV_CALL_S(f)       f(m, i->n, i->m, i->imm)
#define RV_CALL_B(f)       f(m, i->n, i->m)
#define RV_CALL_U(f)       f(m, i->d, i->imm)
#define RV_CALL_UPC(f)     f(m, i->d, i->imm)
#define RV_CALL_J(f)       f(m, RV_NEXT, i->d, i->imm)
#define RV_CALL_CSR(f)     f(m, i->d, i->n, i->imm)
#define RV_CALL_CSRI(f)    f(m, i->d, i->n, i->imm)
#define RV_CALL_FENCE(f)   f(m)
#define RV_CALL_A(f)       f(m, i->d, i->n, i->m)
#define RV_CALL_LR(f)      f(m, i->d, i->n)
#define RV_CALL_BX(f)      f(m, i->d, i->n, i->m, i->x)
#define RV_CALL_BXI(f)     f(m, i->d, i->n, i->imm, i->x)
#define RV_CALL_CIW(f)     f(m, i->d, i->n, i->imm)
#define RV_CALL_CL(f)      f(m, i->d, i->n, i->imm)
#define RV_CALL_CS(f)      f(m, i->n, i->m, i->imm)
#define RV_CALL_CLB(f)     f(m, i->d, i->n, i->imm)
#define RV_CALL_CSB(f)     f(m, i->n, i->m, i->imm)
#define RV_CALL_CLH(f)     f(m, i->d, i->n, i->imm)
#define RV_CALL_CSH(f)     f(m, i->n, i->m, i->imm)
#define RV_CALL_CI(f)      f(m, i->d, i->n, i->imm)
#define RV_CALL_CLI(f)     f(m, i->d, i->imm)
#define RV_CALL_CSP(f)     f(m, i->d, i->n, i->imm)
#define RV_CALL_CLUI(f)    f(m, i->d, i->imm)
#define RV_CALL_CSHI(f)    f(m, i->d, i->n, i->imm)
#define RV_CALL_CA(f)      f(m, i->d, i->n, i->m)
#define RV_CALL_CASP(f)    f(m, i->d, i->n, i->m)
#define RV_CALL_CU(f)      f(m, i->d, i->n)
#define RV_CALL_CSPI(f)    f(m, i->d, i->n, i->imm)
#define RV_CALL_CMVSP(f)   f(m, i->d, i->m)
#define RV_CALL_CJRSP(f)   f(m, RV_NEXT, i->d, i->n, i->imm)
#define RV_CALL_CMV(f)     f(m, i->d, i->m)
#define RV_CALL_CJ(f)      f(m, RV_NEXT, i->d, i->imm)
#define RV_CALL_CJAL(f)    f(m, RV_NEXT, i->d, i->imm)
#define RV_CALL_CB(f)      f(m, i->n, i->m)
#define RV_CALL_CLSP(f)    f(m, i->d, i->n, i->imm)
#define RV_CALL_CSSP(f)    f(m, i->n, i->m, i->imm)
#define RV_CALL_CJR(f)     f(m, RV_NEXT, i->d, i->n, i->imm)
#define RV_CALL_CJALR(f)   f(m, RV_NEXT, i->d, i->n, i->imm)
#define RV_CALL_CJALRSP(f) f(m, RV_NEXT, i->d, i->n, i->imm)
#define RV_CALL_CM(f)      f(m, i->x, i->imm)
#define RV_CALL_CMMV(f)    f(m, i->n, i->m)
#define RV_CALL_JR(f)      f(m, RV_NEXT, i->d, i->n, i->imm)
/* clang-format on */

#endif /* SIM_MACHINE_RV32_CALL_H */
