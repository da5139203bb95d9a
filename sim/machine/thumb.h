/*
 * thumb.h - what each row of thumb.def does, once: arithmetic and flow
 *
 * A handler is a few plain lines over the machine's registers; its operands
 * are arguments, so that a caller with constant operands gets code for just
 * that instruction. There is no timing in it. Names and steps are those of the
 * manual's pseudo-code. (Memory: thumb_memory.h; the DSP rows: thumb_dsp.h.)
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

/* ---- the stack pointer, watched ---------------------------------------- */

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

/* ---- flags ------------------------------------------------------------- */

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

/* ---- shifts ------------------------------------------------------------ */

static inline uint32_t thumb_asr(uint32_t value, uint32_t n)
{
    return (uint32_t)((int32_t)value >> n); /* arithmetic on every host */
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
        uint32_t at_most = n < 32 ? n : 32;
        *carry = thumb_asr(value, at_most - 1) & 1;
        return thumb_asr(value, at_most < 32 ? at_most : 31);
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

/* ---- arithmetic: AddWithCarry(x, y, carry) of a and b ------------------ */

/*
 * OP, OPs: the first without flags; of two registers, a register and an
 * immediate, a register and a shifted one.
 */
#define THUMB_ARITHMETIC(op, x, y, carry)                                      \
    static inline uint32_t thumb_value_##op(const struct machine *m,           \
                                            uint32_t a, uint32_t b)            \
    {                                                                          \
        (void)m;                                                               \
        return (x) + (y) + (carry);                                            \
    }                                                                          \
    static inline uint32_t thumb_flags_##op(struct machine *m, uint32_t a,     \
                                            uint32_t b)                        \
    {                                                                          \
        return thumb_add_flags(m, (x), (y), (carry));                          \
    }                                                                          \
    static inline void thumb_##op##_imm(struct machine *m, uint32_t d,         \
                                        uint32_t n, uint32_t imm)              \
    {                                                                          \
        m->r[d] = thumb_value_##op(m, m->r[n], imm);                           \
    }                                                                          \
    static inline void thumb_##op##s_imm(struct machine *m, uint32_t d,        \
                                         uint32_t n, uint32_t imm)             \
    {                                                                          \
        m->r[d] = thumb_flags_##op(m, m->r[n], imm);                           \
    }                                                                          \
    static inline void thumb_##op##_reg(struct machine *m, uint32_t d,         \
                                        uint32_t n, uint32_t rm)               \
    {                                                                          \
        m->r[d] = thumb_value_##op(m, m->r[n], m->r[rm]);                      \
    }                                                                          \
    static inline void thumb_##op##s_reg(struct machine *m, uint32_t d,        \
                                         uint32_t n, uint32_t rm)              \
    {                                                                          \
        m->r[d] = thumb_flags_##op(m, m->r[n], m->r[rm]);                      \
    }                                                                          \
    static inline void thumb_##op##_shift(struct machine *m, uint32_t d,       \
                                          uint32_t n, uint32_t rm,             \
                                          uint32_t type, uint32_t amount)      \
    {                                                                          \
        uint32_t shifted = thumb_shift(m, m->r[rm], type, amount);             \
        m->r[d] = thumb_value_##op(m, m->r[n], shifted);                       \
    }                                                                          \
    static inline void thumb_##op##s_shift(struct machine *m, uint32_t d,      \
                                           uint32_t n, uint32_t rm,            \
                                           uint32_t type, uint32_t amount)     \
    {                                                                          \
        uint32_t shifted = thumb_shift(m, m->r[rm], type, amount);             \
        m->r[d] = thumb_flags_##op(m, m->r[n], shifted);                       \
    }

/* clang-format off */
THUMB_ARITHMETIC(add, a, b, 0)
THUMB_ARITHMETIC(adc, a, b, m->arm.c)
THUMB_ARITHMETIC(sub, a, ~b, 1)
THUMB_ARITHMETIC(sbc, a, ~b, m->arm.c)
THUMB_ARITHMETIC(rsb, ~a, b, 1)
/* clang-format on */

/* CMP and CMN: SUB and ADD for the flags alone. */
#define THUMB_COMPARE(op, like)                                                \
    static inline void thumb_##op##_imm(struct machine *m, uint32_t n,         \
                                        uint32_t imm)                          \
    {                                                                          \
        thumb_flags_##like(m, m->r[n], imm);                                   \
    }                                                                          \
    static inline void thumb_##op##_reg(struct machine *m, uint32_t n,         \
                                        uint32_t rm)                           \
    {                                                                          \
        thumb_flags_##like(m, m->r[n], m->r[rm]);                              \
    }                                                                          \
    static inline void thumb_##op##_shift(struct machine *m, uint32_t n,       \
                                          uint32_t rm, uint32_t type,          \
                                          uint32_t amount)                     \
    {                                                                          \
        uint32_t shifted = thumb_shift(m, m->r[rm], type, amount);             \
        thumb_flags_##like(m, m->r[n], shifted);                               \
    }

/* clang-format off */
THUMB_COMPARE(cmp, sub)
THUMB_COMPARE(cmn, add)
/* clang-format on */

/* ---- logic: of a and b, the carry from the shifter --------------------- */

#define THUMB_LOGIC(op, expression)                                            \
    static inline uint32_t thumb_value_##op(uint32_t a, uint32_t b)            \
    {                                                                          \
        return (expression);                                                   \
    }                                                                          \
    static inline void thumb_##op##_imm(struct machine *m, uint32_t d,         \
                                        uint32_t n, uint32_t imm)              \
    {                                                                          \
        m->r[d] = thumb_value_##op(m->r[n], imm);                              \
    }                                                                          \
    static inline void thumb_##op##s_immc(struct machine *m, uint32_t d,       \
                                          uint32_t n, uint32_t imm,            \
                                          uint32_t carry)                      \
    {                                                                          \
        uint32_t result = thumb_value_##op(m->r[n], imm);                      \
        thumb_set_nzc(m, result, thumb_expand_carry(m, carry));                \
        m->r[d] = result;                                                      \
    }                                                                          \
    static inline void thumb_##op##s_reg(struct machine *m, uint32_t d,        \
                                         uint32_t n, uint32_t rm)              \
    {                                                                          \
        m->r[d] = thumb_value_##op(m->r[n], m->r[rm]);                         \
        thumb_set_nz(m, m->r[d]);                                              \
    }                                                                          \
    static inline void thumb_##op##_shift(struct machine *m, uint32_t d,       \
                                          uint32_t n, uint32_t rm,             \
                                          uint32_t type, uint32_t amount)      \
    {                                                                          \
        uint32_t shifted = thumb_shift(m, m->r[rm], type, amount);             \
        m->r[d] = thumb_value_##op(m->r[n], shifted);                          \
    }                                                                          \
    static inline void thumb_##op##s_shift(struct machine *m, uint32_t d,      \
                                           uint32_t n, uint32_t rm,            \
                                           uint32_t type, uint32_t amount)     \
    {                                                                          \
        bool carry = m->arm.c;                                                 \
        uint32_t shifted = thumb_shift_c(m->r[rm], type, amount, &carry);      \
        uint32_t result = thumb_value_##op(m->r[n], shifted);                  \
        thumb_set_nzc(m, result, carry);                                       \
        m->r[d] = result;                                                      \
    }

/* clang-format off */
THUMB_LOGIC(and, a & b)
THUMB_LOGIC(bic, a & ~b)
THUMB_LOGIC(orr, a | b)
THUMB_LOGIC(orn, a | ~b)
THUMB_LOGIC(eor, a ^ b)
/* clang-format on */

/* TST and TEQ: AND and EOR for the flags alone. */
#define THUMB_TEST(op, like)                                                   \
    static inline void thumb_##op##_immc(struct machine *m, uint32_t n,        \
                                         uint32_t imm, uint32_t carry)         \
    {                                                                          \
        thumb_set_nzc(m, thumb_value_##like(m->r[n], imm),                     \
                      thumb_expand_carry(m, carry));                           \
    }                                                                          \
    static inline void thumb_##op##_reg(struct machine *m, uint32_t n,         \
                                        uint32_t rm)                           \
    {                                                                          \
        thumb_set_nz(m, thumb_value_##like(m->r[n], m->r[rm]));                \
    }                                                                          \
    static inline void thumb_##op##_shift(struct machine *m, uint32_t n,       \
                                          uint32_t rm, uint32_t type,          \
                                          uint32_t amount)                     \
    {                                                                          \
        bool carry = m->arm.c;                                                 \
        uint32_t shifted = thumb_shift_c(m->r[rm], type, amount, &carry);      \
        thumb_set_nzc(m, thumb_value_##like(m->r[n], shifted), carry);         \
    }

/* clang-format off */
THUMB_TEST(tst, and)
THUMB_TEST(teq, eor)
/* clang-format on */

/* ---- moves ------------------------------------------------------------- */

static inline void thumb_mov_imm(struct machine *m, uint32_t d, uint32_t imm)
{
    m->r[d] = imm; /* ADR and MOVW, too */
}

static inline void thumb_movs_imm(struct machine *m, uint32_t d, uint32_t imm)
{
    m->r[d] = imm;
    thumb_set_nz(m, imm);
}

static inline void thumb_movs_immc(struct machine *m, uint32_t d, uint32_t imm,
                                   uint32_t carry)
{
    thumb_set_nzc(m, imm, thumb_expand_carry(m, carry));
    m->r[d] = imm;
}

static inline void thumb_mvn_imm(struct machine *m, uint32_t d, uint32_t imm)
{
    m->r[d] = ~imm;
}

static inline void thumb_mvns_immc(struct machine *m, uint32_t d, uint32_t imm,
                                   uint32_t carry)
{
    thumb_movs_immc(m, d, ~imm, carry);
}

static inline void thumb_mov_reg(struct machine *m, uint32_t d, uint32_t rm)
{
    m->r[d] = m->r[rm];
}

static inline void thumb_movs_reg(struct machine *m, uint32_t d, uint32_t rm)
{
    thumb_movs_imm(m, d, m->r[rm]);
}

static inline void thumb_mvns_reg(struct machine *m, uint32_t d, uint32_t rm)
{
    thumb_movs_imm(m, d, ~m->r[rm]);
}

static inline void thumb_mvn_shift(struct machine *m, uint32_t d, uint32_t rm,
                                   uint32_t type, uint32_t amount)
{
    m->r[d] = ~thumb_shift(m, m->r[rm], type, amount);
}

static inline void thumb_mvns_shift(struct machine *m, uint32_t d, uint32_t rm,
                                    uint32_t type, uint32_t amount)
{
    bool carry = m->arm.c;
    m->r[d] = ~thumb_shift_c(m->r[rm], type, amount, &carry);
    thumb_set_nzc(m, m->r[d], carry);
}

static inline void thumb_movt(struct machine *m, uint32_t d, uint32_t imm)
{
    m->r[d] = (m->r[d] & 0xffff) | imm << 16;
}

static inline void thumb_mov_sp_reg(struct machine *m, uint32_t rm)
{
    thumb_set_sp(m, m->r[rm]);
}

static inline void thumb_add_sp_reg(struct machine *m, uint32_t rm)
{
    thumb_set_sp(m, m->r[TH_SP] + m->r[rm]);
}

static inline void thumb_add_sp_imm(struct machine *m, uint32_t imm)
{
    thumb_set_sp(m, m->r[TH_SP] + imm);
}

static inline void thumb_sub_sp_imm(struct machine *m, uint32_t imm)
{
    thumb_set_sp(m, m->r[TH_SP] - imm);
}

static inline void thumb_add_sp_shift(struct machine *m, uint32_t rm,
                                      uint32_t type, uint32_t amount)
{
    thumb_set_sp(m, m->r[TH_SP] + thumb_shift(m, m->r[rm], type, amount));
}

static inline void thumb_sub_sp_shift(struct machine *m, uint32_t rm,
                                      uint32_t type, uint32_t amount)
{
    thumb_set_sp(m, m->r[TH_SP] - thumb_shift(m, m->r[rm], type, amount));
}

/* ---- shifts as instructions -------------------------------------------- */

/* By an immediate of 0 to 32, by a register's lowest byte; with flags. */
#define THUMB_SHIFT(op, type)                                                  \
    static inline void thumb_##op##_imm(struct machine *m, uint32_t d,         \
                                        uint32_t rm, uint32_t imm)             \
    {                                                                          \
        m->r[d] = thumb_shift(m, m->r[rm], (type), imm);                       \
    }                                                                          \
    static inline void thumb_##op##s_imm(struct machine *m, uint32_t d,        \
                                         uint32_t rm, uint32_t imm)            \
    {                                                                          \
        bool carry = m->arm.c;                                                 \
        m->r[d] = thumb_shift_c(m->r[rm], (type), imm, &carry);                \
        thumb_set_nzc(m, m->r[d], carry);                                      \
    }                                                                          \
    static inline void thumb_##op##_reg(struct machine *m, uint32_t d,         \
                                        uint32_t n, uint32_t rm)               \
    {                                                                          \
        thumb_##op##_imm(m, d, n, m->r[rm] & 0xff);                            \
    }                                                                          \
    static inline void thumb_##op##s_reg(struct machine *m, uint32_t d,        \
                                         uint32_t n, uint32_t rm)              \
    {                                                                          \
        thumb_##op##s_imm(m, d, n, m->r[rm] & 0xff);                           \
    }

/* clang-format off */
THUMB_SHIFT(lsl, TH_LSL)
THUMB_SHIFT(lsr, TH_LSR)
THUMB_SHIFT(asr, TH_ASR)
THUMB_SHIFT(ror, TH_ROR)
/* clang-format on */

static inline void thumb_rrx(struct machine *m, uint32_t d, uint32_t rm)
{
    m->r[d] = thumb_shift(m, m->r[rm], TH_RRX, 1);
}

static inline void thumb_rrxs(struct machine *m, uint32_t d, uint32_t rm)
{
    bool carry = m->arm.c;
    m->r[d] = thumb_shift_c(m->r[rm], TH_RRX, 1, &carry);
    thumb_set_nzc(m, m->r[d], carry);
}

/* ---- conditions and flow ----------------------------------------------- */

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
bool thumb_it_passes(const struct machine *m, uint8_t it);

static inline void thumb_nop(struct machine *m)
{
    (void)m;
}

/* ---- what ends or refuses ---------------------------------------------- */

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

/* ---- special registers (B5.2); rare, so not inline --------------------- */

void thumb_msr(struct machine *m, uint32_t n, uint32_t mask, uint32_t sysm);
void thumb_mrs(struct machine *m, uint32_t d, uint32_t sysm);
void thumb_cps(struct machine *m, uint32_t bits);

/* Registers as after power-on, the program counter at `entry`. */
void thumb_reset(struct machine *m, uint32_t entry);

#endif /* SIM_MACHINE_THUMB_H */
