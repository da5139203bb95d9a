/*
 * thumb.h - what each row of thumb.def does, once: flow, and what all share
 *
 * A handler is a few plain lines over the machine's registers; its operands
 * are arguments, so that a caller with constant operands gets code for just
 * that instruction. There is no timing in it. Names and steps are those of the
 * manual's pseudo-code. (Arithmetic, logic, shifts: thumb_alu.h; products and
 * bits: thumb_math.h; memory: thumb_memory.h.)
 *
 * State     m->r[0..14] and m->arm. m->r[15] holds the program counter as the
 *           manual reads it, the instruction's address plus 4, only while a
 *           row runs whose cost class wants it; a row that computes where to
 *           go leaves that there.
 * Returns   nothing: execution goes on behind it. bool: an access, false when
 *           the bus has something to say (bus.event); or a branch: is it
 *           taken? uint32_t: where execution goes on, or an enum fault_kind.
 * Source    ARM DDI 0403E.b, ARMv7-M Architecture Reference Manual, A7.7 and
 *           appendix D6; ARM DDI 0419C for ARMv6-M.
 */
#ifndef SIM_MACHINE_THUMB_H
#define SIM_MACHINE_THUMB_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/machine/machine.h"
#include "sim/machine/thumb_rows.h"

enum { TH_SP = 13, TH_LR = 14, TH_PC = 15 };

/* Types of shift; RRX is a rotation that decoding has told apart. */
enum thumb_shift { TH_LSL, TH_LSR, TH_ASR, TH_ROR, TH_RRX };

/* What a TRAP row is. */
enum thumb_trap { TH_SVC, TH_BKPT };

/* ---- the stack pointer, watched --------------------------------------- */

static inline void thumb_watch_stack(struct machine *m)
{
    if (m->r[TH_SP] < m->lowest_sp)
        m->lowest_sp = m->r[TH_SP];
}

/* Bits 1:0 of the stack pointer are always 0 (B1.4.7). */
static inline void thumb_set_sp(struct machine *m, uint32_t value)
{
    m->r[TH_SP] = value & ~3u;
    thumb_watch_stack(m);
}

/* ---- flags ------------------------------------------------------------ */

static inline void thumb_set_nz(struct machine *m, uint32_t result)
{
    m->arm.n = result;
    m->arm.z = result;
}

static inline void thumb_set_nzc(struct machine *m, uint32_t result, bool carry)
{
    thumb_set_nz(m, result);
    m->arm.c = carry;
}

/* AddWithCarry() and the flags that it makes. */
static inline uint32_t thumb_add_flags(struct machine *m, uint32_t x,
                                       uint32_t y, bool carry)
{
    uint32_t result = x + y + carry;
    thumb_set_nz(m, result);
    m->arm.c = carry ? result <= x : result < x;
    m->arm.v = (x ^ result) & (y ^ result);
    return result;
}

/* Carry out of ThumbExpandImm_C, as decoding has left it in insn.x. */
static inline bool thumb_expand_carry(const struct machine *m, uint32_t x)
{
    return x == TH_CARRY_KEPT ? m->arm.c : x == TH_CARRY_SET;
}

/* ---- shifts ----------------------------------------------------------- */

static inline uint32_t thumb_asr(uint32_t value, uint32_t n)
{
    uint32_t sign = -(value >> 31);
    return ((value ^ sign) >> n) ^ sign;
}

static inline uint32_t thumb_ror(uint32_t value, uint32_t n)
{
    return value >> (n & 31) | value << (-n & 31);
}

/* Shift_C(): `n` is 0 to 255 for LSL to ROR; *carry changes unless n is 0. */
static inline uint32_t thumb_shift_c(uint32_t value, uint32_t type, uint32_t n,
                                     bool *carry)
{
    bool carry_in = *carry;
    if (type == TH_RRX) {
        *carry = value & 1;
        return value >> 1 | (uint32_t)carry_in << 31;
    }
    if (n == 0)
        return value;
    if (type == TH_LSL) {
        *carry = n <= 32 && (value >> ((32 - n) & 31) & 1);
        return n < 32 ? value << n : 0;
    }
    if (type == TH_LSR) {
        *carry = n <= 32 && (value >> ((n - 1) & 31) & 1);
        return n < 32 ? value >> n : 0;
    }
    if (type == TH_ASR) {
        *carry = value >> (n < 32 ? n - 1 : 31) & 1;
        return thumb_asr(value, n < 32 ? n : 31);
    }
    value = thumb_ror(value, n);
    *carry = value >> 31;
    return value;
}

/* Shift(): the value alone. */
static inline uint32_t thumb_shift(const struct machine *m, uint32_t value,
                                   uint32_t type, uint32_t n)
{
    bool carry = m->arm.c;
    return thumb_shift_c(value, type, n, &carry);
}

/* ---- conditions and flow ---------------------------------------------- */

/* ConditionPassed(), A7.3.1: a function a condition. */
#define THUMB_CONDITION(name, expression)                                      \
    static inline bool thumb_if_##name(const struct machine *m)                \
    {                                                                          \
        return (expression);                                                   \
    }

/* clang-format off */
THUMB_CONDITION(eq, m->arm.z == 0)
THUMB_CONDITION(ne, m->arm.z != 0)
THUMB_CONDITION(cs, m->arm.c)
THUMB_CONDITION(cc, !m->arm.c)
THUMB_CONDITION(mi, m->arm.n >> 31 != 0)
THUMB_CONDITION(pl, m->arm.n >> 31 == 0)
THUMB_CONDITION(vs, m->arm.v >> 31 != 0)
THUMB_CONDITION(vc, m->arm.v >> 31 == 0)
THUMB_CONDITION(hi, m->arm.c && m->arm.z != 0)
THUMB_CONDITION(ls, !m->arm.c || m->arm.z == 0)
THUMB_CONDITION(ge, (m->arm.n ^ m->arm.v) >> 31 == 0)
THUMB_CONDITION(lt, (m->arm.n ^ m->arm.v) >> 31 != 0)
THUMB_CONDITION(gt, m->arm.z != 0 && (m->arm.n ^ m->arm.v) >> 31 == 0)
THUMB_CONDITION(le, m->arm.z == 0 || (m->arm.n ^ m->arm.v) >> 31 != 0)
/* clang-format on */

static inline bool thumb_always(const struct machine *m)
{
    (void)m;
    return true;
}

static inline bool thumb_cbz(const struct machine *m, uint32_t n)
{
    return m->r[n] == 0;
}

static inline bool thumb_cbnz(const struct machine *m, uint32_t n)
{
    return m->r[n] != 0;
}

static inline bool thumb_bl(struct machine *m)
{
    m->r[TH_LR] = m->r[TH_PC] | 1;
    return true;
}

static inline uint32_t thumb_bx(struct machine *m, uint32_t rm)
{
    return m->r[rm];
}

static inline uint32_t thumb_blx(struct machine *m, uint32_t rm)
{
    uint32_t target = m->r[rm];
    m->r[TH_LR] = (m->r[TH_PC] - 2) | 1;
    return target;
}

/* BranchWritePC: bit 0 is ignored. */
static inline uint32_t thumb_mov_pc(struct machine *m, uint32_t rm)
{
    return m->r[rm] | 1;
}

static inline uint32_t thumb_add_pc(struct machine *m, uint32_t rm)
{
    return (m->r[TH_PC] + m->r[rm]) | 1;
}

static inline void thumb_it(struct machine *m, uint32_t itstate)
{
    m->arm.it = (uint8_t)itstate;
}

/* ITAdvance(): A7.3.3. */
static inline uint8_t thumb_it_advance(uint8_t it)
{
    return (it & 7) == 0 ? 0 : (uint8_t)((it & 0xe0) | (it << 1 & 0x1f));
}

/* Does the condition of `it`, its upper four bits, hold? */
static inline bool thumb_it_passes(const struct machine *m, uint8_t it)
{
    switch (it >> 5) {
    case 0:
        return thumb_if_eq(m) != (it >> 4 & 1);
    case 1:
        return thumb_if_cs(m) != (it >> 4 & 1);
    case 2:
        return thumb_if_mi(m) != (it >> 4 & 1);
    case 3:
        return thumb_if_vs(m) != (it >> 4 & 1);
    case 4:
        return thumb_if_hi(m) != (it >> 4 & 1);
    case 5:
        return thumb_if_ge(m) != (it >> 4 & 1);
    case 6:
        return thumb_if_gt(m) != (it >> 4 & 1);
    default:
        return true;
    }
}

static inline void thumb_nop(struct machine *m)
{
    (void)m;
}

/* ---- what ends or refuses --------------------------------------------- */

static inline uint32_t thumb_svc(const struct machine *m)
{
    (void)m;
    return TH_SVC;
}

static inline uint32_t thumb_bkpt(const struct machine *m)
{
    (void)m;
    return TH_BKPT;
}

static inline uint32_t thumb_undefined(const struct machine *m)
{
    (void)m;
    return FAULT_UNDEFINED;
}

static inline uint32_t thumb_unpredictable(const struct machine *m)
{
    (void)m;
    return FAULT_UNPREDICTABLE;
}

static inline uint32_t thumb_unimplemented(const struct machine *m)
{
    (void)m;
    return FAULT_UNIMPLEMENTED;
}

/* ---- interrupt masks (B5.2): CPSIE clears, CPSID sets ------------------ */

static inline void thumb_cps_i(struct machine *m, uint32_t is_disabled)
{
    m->arm.primask = is_disabled != 0;
}

static inline void thumb_cps_f(struct machine *m, uint32_t is_disabled)
{
    m->arm.faultmask = is_disabled != 0;
}

static inline void thumb_cps_if(struct machine *m, uint32_t is_disabled)
{
    thumb_cps_i(m, is_disabled);
    thumb_cps_f(m, is_disabled);
}

/* ---- special registers (B5.2); rare, so not inline -------------------- */

void thumb_msr(struct machine *m, uint32_t n, uint32_t mask, uint32_t sysm);
void thumb_mrs(struct machine *m, uint32_t d, uint32_t sysm);

/* ---- exceptions (B1.5) ------------------------------------------------ */

/* The exception that SVC is. */
enum { TH_EXCEPTION_SVC = 11 };

/*
 * Where SVC would lead: the handler in the vector table; 0 where there is none
 * or where SVC would escalate to a hard fault, which is not simulated: inside a
 * handler or with interrupts masked.
 */
uint32_t thumb_svc_handler(struct machine *m);

/*
 * ExceptionEntry() and ExceptionReturn() to `value`, a jump's target of the
 * form EXC_RETURN. Registers, stack and m->pc; time but for wait states is the
 * caller's. False: the bus refused, or there is no such return.
 */
bool thumb_enter_exception(struct machine *m, uint32_t number,
                           uint32_t handler);
bool thumb_leave_exception(struct machine *m, uint32_t value);

/* Is a jump to `value` a return from an exception? */
static inline bool thumb_is_exception_return(const struct machine *m,
                                             uint32_t value)
{
    return m->arm.ipsr != 0 && value >= 0xf0000000u;
}

/* Registers as after power-on, the program counter at `entry`. */
void thumb_reset(struct machine *m, uint32_t entry);

#endif /* SIM_MACHINE_THUMB_H */
