/*
 * thumb_math.h - the rows of thumb.def that multiply, divide, move bits,
 * saturate, and work on halfwords and bytes in parallel
 *
 * Source    ARM DDI 0403E.b, A7.7; saturation: A2.2.1 SatQ().
 */
#ifndef SIM_MACHINE_THUMB_MATH_H
#define SIM_MACHINE_THUMB_MATH_H

#include "sim/machine/thumb.h"

/* A handler of two sources, of one, of two and an accumulator. */
#define THUMB_BINARY(name, expression)                                         \
    static inline void thumb_##name(struct machine *m, uint32_t d, uint32_t n, \
                                    uint32_t rm)                               \
    {                                                                          \
        uint32_t a = m->r[n];                                                  \
        uint32_t b = m->r[rm];                                                 \
        m->r[d] = (uint32_t)(expression);                                      \
    }
#define THUMB_UNARY(name, expression)                                          \
    static inline void thumb_##name(struct machine *m, uint32_t d,             \
                                    uint32_t rm)                               \
    {                                                                          \
        uint32_t a = m->r[rm];                                                 \
        m->r[d] = (uint32_t)(expression);                                      \
    }
#define THUMB_TERNARY(name, expression)                                        \
    static inline void thumb_##name(struct machine *m, uint32_t d, uint32_t n, \
                                    uint32_t rm, uint32_t ra)                  \
    {                                                                          \
        uint32_t a = m->r[n];                                                  \
        uint32_t b = m->r[rm];                                                 \
        uint32_t c = m->r[ra];                                                 \
        m->r[d] = (uint32_t)(expression);                                      \
    }
/* hi:lo = expression of a, b and c, what hi:lo was. */
#define THUMB_LONG(name, expression)                                           \
    static inline void thumb_##name(struct machine *m, uint32_t lo,            \
                                    uint32_t hi, uint32_t n, uint32_t rm)      \
    {                                                                          \
        uint32_t a = m->r[n];                                                  \
        uint32_t b = m->r[rm];                                                 \
        uint64_t c = (uint64_t)m->r[hi] << 32 | m->r[lo];                      \
        uint64_t result = (uint64_t)(expression);                              \
        (void)c;                                                               \
        m->r[lo] = (uint32_t)result;                                           \
        m->r[hi] = (uint32_t)(result >> 32);                                   \
    }

/* ---- parts of a word -------------------------------------------------- */

static inline int32_t thumb_signed(uint32_t a)
{
    return (int32_t)a;
}

/* Halfword `k`, signed. */
static inline int32_t thumb_half(uint32_t a, uint32_t k)
{
    return (int16_t)(uint16_t)(a >> 16 * k);
}

static inline uint32_t thumb_reverse_bits(uint32_t a)
{
    a = (a >> 1 & 0x55555555u) | (a & 0x55555555u) << 1;
    a = (a >> 2 & 0x33333333u) | (a & 0x33333333u) << 2;
    a = (a >> 4 & 0x0f0f0f0fu) | (a & 0x0f0f0f0fu) << 4;
    return __builtin_bswap32(a);
}

/* Two bytes, 0 and 2, each extended to a halfword. */
static inline uint32_t thumb_sign_bytes(uint32_t a)
{
    uint32_t low = (uint32_t)(int8_t)(uint8_t)a & 0xffff;
    return low | (uint32_t)(int8_t)(uint8_t)(a >> 16) << 16;
}

static inline uint32_t thumb_add_halves(uint32_t a, uint32_t b)
{
    return ((a + b) & 0xffff) | ((a & 0xffff0000u) + (b & 0xffff0000u));
}

/* clang-format off */
THUMB_UNARY(clz, a == 0 ? 32 : __builtin_clz(a))
THUMB_UNARY(rbit, thumb_reverse_bits(a))
THUMB_UNARY(rev, __builtin_bswap32(a))
THUMB_UNARY(rev16, thumb_ror(__builtin_bswap32(a), 16))
THUMB_UNARY(revsh, (int16_t)__builtin_bswap16((uint16_t)a))
THUMB_UNARY(sxth, (int16_t)(uint16_t)a)
THUMB_UNARY(sxtb, (int8_t)(uint8_t)a)
THUMB_UNARY(uxth, a & 0xffff)
THUMB_UNARY(uxtb, a & 0xff)
/* clang-format on */

/* The extends with rotation, and those that add to a register. */
#define THUMB_EXTEND(name, and_add, expression, sum)                           \
    static inline void thumb_##name##_ror(struct machine *m, uint32_t d,       \
                                          uint32_t rm, uint32_t rotation)      \
    {                                                                          \
        uint32_t a = thumb_ror(m->r[rm], rotation);                            \
        m->r[d] = (uint32_t)(expression);                                      \
    }                                                                          \
    static inline void thumb_##and_add(struct machine *m, uint32_t d,          \
                                       uint32_t n, uint32_t rm,                \
                                       uint32_t rotation)                      \
    {                                                                          \
        uint32_t a = thumb_ror(m->r[rm], rotation);                            \
        uint32_t b = (uint32_t)(expression);                                   \
        m->r[d] = sum(m->r[n], b);                                             \
    }

static inline uint32_t thumb_sum(uint32_t a, uint32_t b)
{
    return a + b;
}

/* clang-format off */
THUMB_EXTEND(sxth, sxtah, (int16_t)(uint16_t)a, thumb_sum)
THUMB_EXTEND(sxtb, sxtab, (int8_t)(uint8_t)a, thumb_sum)
THUMB_EXTEND(uxth, uxtah, a & 0xffff, thumb_sum)
THUMB_EXTEND(uxtb, uxtab, a & 0xff, thumb_sum)
THUMB_EXTEND(sxtb16, sxtab16, thumb_sign_bytes(a), thumb_add_halves)
THUMB_EXTEND(uxtb16, uxtab16, a & 0x00ff00ff, thumb_add_halves)
/* clang-format on */

static inline void thumb_pkhbt(struct machine *m, uint32_t d, uint32_t n,
                               uint32_t rm, uint32_t amount)
{
    m->r[d] = (m->r[n] & 0xffff) | ((m->r[rm] << amount) & 0xffff0000u);
}

static inline void thumb_pkhtb(struct machine *m, uint32_t d, uint32_t n,
                               uint32_t rm, uint32_t amount)
{
    uint32_t shifted = thumb_shift(m, m->r[rm], TH_ASR, amount);
    m->r[d] = (m->r[n] & 0xffff0000u) | (shifted & 0xffff);
}

/* ---- bit fields ------------------------------------------------------- */

/* Bits lsb to msb, both at most 31. */
static inline uint32_t thumb_field_mask(uint32_t lsb, uint32_t msb)
{
    return (uint32_t)((2ull << msb) - (1ull << lsb));
}

static inline void thumb_ubfx(struct machine *m, uint32_t d, uint32_t n,
                              uint32_t lsb, uint32_t width_less_1)
{
    m->r[d] = m->r[n] >> lsb & thumb_field_mask(0, width_less_1);
}

static inline void thumb_sbfx(struct machine *m, uint32_t d, uint32_t n,
                              uint32_t lsb, uint32_t width_less_1)
{
    uint32_t up = 31 - width_less_1;
    m->r[d] = thumb_asr(m->r[n] >> lsb << up, up);
}

static inline void thumb_bfi(struct machine *m, uint32_t d, uint32_t n,
                             uint32_t lsb, uint32_t msb)
{
    uint32_t mask = thumb_field_mask(lsb, msb);
    m->r[d] = (m->r[d] & ~mask) | (m->r[n] << lsb & mask);
}

static inline void thumb_bfc(struct machine *m, uint32_t d, uint32_t lsb,
                             uint32_t msb)
{
    m->r[d] &= ~thumb_field_mask(lsb, msb);
}

/* ---- multiply, divide ------------------------------------------------- */

static inline void thumb_muls(struct machine *m, uint32_t d, uint32_t n,
                              uint32_t rm)
{
    m->r[d] = m->r[n] * m->r[rm];
    thumb_set_nz(m, m->r[d]);
}

/* Integer division rounds towards 0; by 0 it gives 0 (CCR.DIV_0_TRP clear). */
static inline uint32_t thumb_quotient(uint32_t a, uint32_t b)
{
    if (b == 0)
        return 0;
    return a == 0x80000000u && b == ~0u
               ? a
               : (uint32_t)(thumb_signed(a) / thumb_signed(b));
}

static inline int64_t thumb_product(uint32_t a, uint32_t b)
{
    return (int64_t)thumb_signed(a) * thumb_signed(b);
}

/* clang-format off */
THUMB_BINARY(mul, a * b)
THUMB_TERNARY(mla, c + a * b)
THUMB_TERNARY(mls, c - a * b)
THUMB_LONG(umull, (uint64_t)a * b)
THUMB_LONG(smull, thumb_product(a, b))
THUMB_LONG(umlal, c + (uint64_t)a * b)
THUMB_LONG(smlal, c + (uint64_t)thumb_product(a, b))
THUMB_LONG(umaal, (uint64_t)a * b + (uint32_t)c + (c >> 32))
THUMB_BINARY(udiv, b == 0 ? 0 : a / b)
THUMB_BINARY(sdiv, thumb_quotient(a, b))
/* clang-format on */

/* ---- saturation: SatQ() ----------------------------------------------- */

static inline int64_t thumb_clamp(int64_t value, int64_t low, int64_t high)
{
    if (value < low)
        return low;
    return value > high ? high : value;
}

/* The value in `bits` bits, 1 to 32; Q is set if it does not fit. */
static inline uint32_t thumb_ssat_q(struct machine *m, int64_t value,
                                    uint32_t bits)
{
    int64_t high = (int64_t)(1ull << (bits - 1)) - 1;
    int64_t result = thumb_clamp(value, -high - 1, high);
    m->arm.q |= result != value;
    return (uint32_t)result;
}

/* The same unsigned, 0 to 31 bits. */
static inline uint32_t thumb_usat_q(struct machine *m, int64_t value,
                                    uint32_t bits)
{
    int64_t result = thumb_clamp(value, 0, (int64_t)(1ull << bits) - 1);
    m->arm.q |= result != value;
    return (uint32_t)result;
}

/* Of the saturating rows, x of the encoding is the width, SSAT's less 1. */
#define THUMB_SATURATE(name, sat, width, shifted)                              \
    static inline void thumb_##name(struct machine *m, uint32_t d, uint32_t n, \
                                    uint32_t amount, uint32_t x)               \
    {                                                                          \
        uint32_t a = m->r[n];                                                  \
        m->r[d] = sat(m, thumb_signed(shifted), (width));                      \
    }

/* clang-format off */
THUMB_SATURATE(ssat, thumb_ssat_q, x + 1, a << amount)
THUMB_SATURATE(usat, thumb_usat_q, x, a << amount)
THUMB_SATURATE(ssat_asr, thumb_ssat_q, x + 1, thumb_asr(a, amount))
THUMB_SATURATE(usat_asr, thumb_usat_q, x, thumb_asr(a, amount))
/* clang-format on */

static inline void thumb_ssat16(struct machine *m, uint32_t d, uint32_t n,
                                uint32_t none, uint32_t x)
{
    uint32_t a = m->r[n] + none; /* the encoding has no shift */
    uint32_t low = thumb_ssat_q(m, thumb_half(a, 0), x + 1) & 0xffff;
    m->r[d] = low | thumb_ssat_q(m, thumb_half(a, 1), x + 1) << 16;
}

static inline void thumb_usat16(struct machine *m, uint32_t d, uint32_t n,
                                uint32_t none, uint32_t x)
{
    uint32_t a = m->r[n] + none;
    uint32_t low = thumb_usat_q(m, thumb_half(a, 0), x);
    m->r[d] = low | thumb_usat_q(m, thumb_half(a, 1), x) << 16;
}

/* Their first source is the encoding's Rm, here b. */
#define THUMB_Q(x) thumb_ssat_q(m, (x), 32)
/* clang-format off */
THUMB_BINARY(qadd, THUMB_Q((int64_t)thumb_signed(b) + thumb_signed(a)))
THUMB_BINARY(qsub, THUMB_Q((int64_t)thumb_signed(b) - thumb_signed(a)))
THUMB_BINARY(qdadd, THUMB_Q(thumb_signed(b) +
             (int64_t)thumb_signed(THUMB_Q(2 * (int64_t)thumb_signed(a)))))
THUMB_BINARY(qdsub, THUMB_Q(thumb_signed(b) -
             (int64_t)thumb_signed(THUMB_Q(2 * (int64_t)thumb_signed(a)))))
/* clang-format on */

/* ---- products of halfwords -------------------------------------------- */

/* The lower word of `value`; Q is set if it is not all. */
static inline uint32_t thumb_overflow_q(struct machine *m, int64_t value)
{
    m->arm.q |= value != (int32_t)value;
    return (uint32_t)value;
}

static inline int64_t thumb_half_product(uint32_t a, uint32_t k, uint32_t b,
                                         uint32_t l)
{
    return (int64_t)thumb_half(a, k) * thumb_half(b, l);
}

/* SMULxy, SMLAxy, SMLALxy: halfword k of the first, l of the second. */
#define THUMB_HALVES(xy, k, l)                                                 \
    THUMB_BINARY(smul##xy, thumb_half_product(a, k, b, l))                     \
    THUMB_TERNARY(                                                             \
        smla##xy,                                                              \
        thumb_overflow_q(m, thumb_half_product(a, k, b, l) + thumb_signed(c))) \
    THUMB_LONG(smlal##xy, c + (uint64_t)thumb_half_product(a, k, b, l))

/* SMULWy, SMLAWy: a word times halfword l, its upper 32 of 48 bits. */
#define THUMB_WIDE(y, l)                                                       \
    THUMB_BINARY(smulw##y, (int64_t)thumb_signed(a) * thumb_half(b, l) >> 16)  \
    THUMB_TERNARY(smlaw##y,                                                    \
                  thumb_overflow_q(                                            \
                      m, ((int64_t)thumb_signed(a) * thumb_half(b, l) >> 16) + \
                             thumb_signed(c)))

/* Two products, their sum or difference; X exchanges the second's halves. */
#define THUMB_DUAL(x, l0, l1)                                                  \
    THUMB_BINARY(smuad##x,                                                     \
                 thumb_overflow_q(m, thumb_half_product(a, 0, b, l0) +         \
                                         thumb_half_product(a, 1, b, l1)))     \
    THUMB_BINARY(smusd##x, thumb_half_product(a, 0, b, l0) -                   \
                               thumb_half_product(a, 1, b, l1))                \
    THUMB_TERNARY(smlad##x,                                                    \
                  thumb_overflow_q(m, thumb_half_product(a, 0, b, l0) +        \
                                          thumb_half_product(a, 1, b, l1) +    \
                                          thumb_signed(c)))                    \
    THUMB_TERNARY(smlsd##x,                                                    \
                  thumb_overflow_q(m, thumb_half_product(a, 0, b, l0) -        \
                                          thumb_half_product(a, 1, b, l1) +    \
                                          thumb_signed(c)))                    \
    THUMB_LONG(smlald##x, c + (uint64_t)(thumb_half_product(a, 0, b, l0) +     \
                                         thumb_half_product(a, 1, b, l1)))     \
    THUMB_LONG(smlsld##x, c + (uint64_t)(thumb_half_product(a, 0, b, l0) -     \
                                         thumb_half_product(a, 1, b, l1)))

/* The upper word of a 64-bit product; R rounds it. */
#define THUMB_MOST(r, round)                                                   \
    THUMB_BINARY(smmul##r, ((uint64_t)thumb_product(a, b) + (round)) >> 32)    \
    THUMB_TERNARY(                                                             \
        smmla##r,                                                              \
        (((uint64_t)c << 32) + (uint64_t)thumb_product(a, b) + (round)) >> 32) \
    THUMB_TERNARY(                                                             \
        smmls##r,                                                              \
        (((uint64_t)c << 32) - (uint64_t)thumb_product(a, b) + (round)) >> 32)

/* clang-format off */
THUMB_HALVES(bb, 0, 0)
THUMB_HALVES(bt, 0, 1)
THUMB_HALVES(tb, 1, 0)
THUMB_HALVES(tt, 1, 1)
THUMB_WIDE(b, 0)
THUMB_WIDE(t, 1)
THUMB_DUAL(, 0, 1)
THUMB_DUAL(x, 1, 0)
THUMB_MOST(, 0)
THUMB_MOST(r, 0x80000000u)
/* clang-format on */

/* ---- parallel: halfwords and bytes ------------------------------------ */

/* What a parallel row's prefix means for its lanes. */
enum thumb_lanes {
    TH_LANES_S,  /* signed, wraps, sets GE                                   */
    TH_LANES_Q,  /* signed, saturates                                        */
    TH_LANES_SH, /* signed, halved                                           */
    TH_LANES_U,  /* the same unsigned                                        */
    TH_LANES_UQ,
    TH_LANES_UH
};

/* Lane `k` of `bits` bits. */
static inline int32_t thumb_lane(uint32_t a, uint32_t k, uint32_t bits,
                                 enum thumb_lanes how)
{
    uint32_t up = 32 - bits;
    uint32_t top = a >> k * bits << up;
    return thumb_signed(how < TH_LANES_U ? thumb_asr(top, up) : top >> up);
}

/* The lane's result in place; `is_sum` matters for GE. */
static inline uint32_t thumb_lane_result(struct machine *m, int32_t value,
                                         uint32_t k, uint32_t bits, bool is_sum,
                                         enum thumb_lanes how)
{
    int32_t full = 1 << bits;
    uint32_t ge = (bits == 16 ? 3u : 1u) << k * bits / 8;
    if (how == TH_LANES_S || how == TH_LANES_U) {
        bool is_ge = value >= (how == TH_LANES_U && is_sum ? full : 0);
        m->arm.ge = (uint8_t)(is_ge ? m->arm.ge | ge : m->arm.ge & ~ge);
    }
    if (how == TH_LANES_SH || how == TH_LANES_UH)
        value >>= 1;
    if (how == TH_LANES_Q)
        value = (int32_t)thumb_clamp(value, -full / 2, full / 2 - 1);
    if (how == TH_LANES_UQ)
        value = (int32_t)thumb_clamp(value, 0, full - 1);
    return ((uint32_t)value & (uint32_t)(full - 1)) << k * bits;
}

/* Halfwords: `low` and `high` are 1 for a sum, -1; X exchanges b's. */
static inline uint32_t thumb_lanes16(struct machine *m, uint32_t a, uint32_t b,
                                     int32_t low, int32_t high, uint32_t x,
                                     enum thumb_lanes how)
{
    int32_t v0 = thumb_lane(a, 0, 16, how) + low * thumb_lane(b, x, 16, how);
    int32_t v1 =
        thumb_lane(a, 1, 16, how) + high * thumb_lane(b, 1 - x, 16, how);
    return thumb_lane_result(m, v0, 0, 16, low > 0, how) |
           thumb_lane_result(m, v1, 1, 16, high > 0, how);
}

static inline uint32_t thumb_lanes8(struct machine *m, uint32_t a, uint32_t b,
                                    int32_t sign, enum thumb_lanes how)
{
    uint32_t result = 0;
    for (uint32_t k = 0; k < 4; k++) {
        int32_t v = thumb_lane(a, k, 8, how) + sign * thumb_lane(b, k, 8, how);
        result |= thumb_lane_result(m, v, k, 8, sign > 0, how);
    }
    return result;
}

#define THUMB_PARALLEL(prefix, how)                                            \
    THUMB_BINARY(prefix##add16, thumb_lanes16(m, a, b, 1, 1, 0, how))          \
    THUMB_BINARY(prefix##asx, thumb_lanes16(m, a, b, -1, 1, 1, how))           \
    THUMB_BINARY(prefix##sax, thumb_lanes16(m, a, b, 1, -1, 1, how))           \
    THUMB_BINARY(prefix##sub16, thumb_lanes16(m, a, b, -1, -1, 0, how))        \
    THUMB_BINARY(prefix##add8, thumb_lanes8(m, a, b, 1, how))                  \
    THUMB_BINARY(prefix##sub8, thumb_lanes8(m, a, b, -1, how))

/* clang-format off */
THUMB_PARALLEL(s,  TH_LANES_S)
THUMB_PARALLEL(q,  TH_LANES_Q)
THUMB_PARALLEL(sh, TH_LANES_SH)
THUMB_PARALLEL(u,  TH_LANES_U)
THUMB_PARALLEL(uq, TH_LANES_UQ)
THUMB_PARALLEL(uh, TH_LANES_UH)
/* clang-format on */

/* SEL: each byte from the first source where its GE bit is set. */
static inline uint32_t thumb_select(uint32_t ge, uint32_t a, uint32_t b)
{
    uint32_t mask = 0;
    for (uint32_t k = 0; k < 4; k++)
        mask |= (ge >> k & 1) * 0xffu << 8 * k;
    return (a & mask) | (b & ~mask);
}

/* The sum of the bytes' absolute differences. */
static inline uint32_t thumb_differences(uint32_t a, uint32_t b)
{
    uint32_t sum = 0;
    for (uint32_t k = 0; k < 32; k += 8) {
        uint32_t x = a >> k & 0xff;
        uint32_t y = b >> k & 0xff;
        sum += x > y ? x - y : y - x;
    }
    return sum;
}

/* clang-format off */
THUMB_BINARY(sel, thumb_select(m->arm.ge, a, b))
THUMB_BINARY(usad8, thumb_differences(a, b))
THUMB_TERNARY(usada8, c + thumb_differences(a, b))
/* clang-format on */

#endif /* SIM_MACHINE_THUMB_MATH_H */
