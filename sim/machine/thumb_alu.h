/*
 * thumb_alu.h - the rows of thumb.def that add, subtract, combine bits,
 * compare, move and shift
 *
 * A trailing s of a name: it sets flags. _imm, _reg, _shift: the last operand
 * is an immediate, a register, a shifted register; _immc: an immediate whose
 * carry counts.
 *
 * Source    ARM DDI 0403E.b, A7.7; shifts A7.4.
 */
#ifndef SIM_MACHINE_THUMB_ALU_H
#define SIM_MACHINE_THUMB_ALU_H

#include "sim/machine/thumb.h"

/* ---- arithmetic: AddWithCarry(x, y, carry) of a and b ----------------- */

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

/* ---- logic: of a and b, the carry from the shifter -------------------- */

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

/* ---- moves ------------------------------------------------------------ */

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

/* ---- shifts as instructions ------------------------------------------- */

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

#endif /* SIM_MACHINE_THUMB_ALU_H */
