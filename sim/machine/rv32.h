/*
 * rv32.h - what each row of rv32.def does, once
 *
 * A handler is a few plain lines over the machine's registers; its operands
 * are arguments, so that a caller with constant operands gets code for just
 * that instruction. There is no timing in it. Register 32 is a sink: decoding
 * turns a destination x0 into it, so x0 stays 0 without a test.
 *
 * What a handler returns
 *   nothing   it is done, execution goes on behind it
 *   bool      it made an access: false when the bus has something to say
 *             (bus.event); nothing else was changed then
 *   uint32_t  a jump: where execution goes on. A branch: whether it is taken
 *
 * Source    the manuals named in rv32.def.
 */
#ifndef SIM_MACHINE_RV32_H
#define SIM_MACHINE_RV32_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/machine/machine.h"

enum { RV_RA = 1, RV_SP = 2, RV_S0 = 8, RV_A0 = 10, RV_A1 = 11 };

/* Causes of traps, as mcause has them (Privileged, table 3.6). */
enum rv_cause {
    RV_NO_TRAP = 0, /* 0 is a misaligned fetch, which RV32C does not have    */
    RV_FETCH_FAULT = 1,
    RV_ILLEGAL = 2,
    RV_BREAKPOINT = 3,
    RV_LOAD_UNALIGNED = 4,
    RV_LOAD_FAULT = 5,
    RV_STORE_UNALIGNED = 6,
    RV_STORE_FAULT = 7,
    RV_ECALL_M = 11
};

/* ---- arithmetic ------------------------------------------------------- */

static inline uint32_t rv_shift_right(uint32_t a, uint32_t n)
{
    return (uint32_t)((int32_t)a >> n); /* arithmetic on every host we build */
}

static inline uint32_t rv_rotate(uint32_t a, uint32_t n)
{
    return a >> (n & 31) | a << (-n & 31);
}

/* The binary operations: rv_NAME(m, rd, rs1, rs2), and with an immediate. */
#define RV_BINARY(name, expression)                                            \
    static inline uint32_t rv_value_##name(uint32_t a, uint32_t b)             \
    {                                                                          \
        return (uint32_t)(expression);                                         \
    }                                                                          \
    static inline void rv_##name(struct machine *m, uint32_t rd, uint32_t rs1, \
                                 uint32_t rs2)                                 \
    {                                                                          \
        m->r[rd] = rv_value_##name(m->r[rs1], m->r[rs2]);                      \
    }                                                                          \
    static inline void rv_##name##i(struct machine *m, uint32_t rd,            \
                                    uint32_t rs1, uint32_t imm)                \
    {                                                                          \
        m->r[rd] = rv_value_##name(m->r[rs1], imm);                            \
    }

/* clang-format off */
RV_BINARY(add, a + b)
RV_BINARY(sub, a - b)
RV_BINARY(sll, a << (b & 31))
RV_BINARY(slt, (int32_t)a < (int32_t)b)
RV_BINARY(sltu, a < b)
RV_BINARY(xor, a ^ b)
RV_BINARY(srl, a >> (b & 31))
RV_BINARY(sra, rv_shift_right(a, b & 31))
RV_BINARY(or, a | b)
RV_BINARY(and, a & b)
RV_BINARY(mul, a * b)
RV_BINARY(mulh, (uint64_t)((int64_t)(int32_t)a * (int32_t)b) >> 32)
RV_BINARY(mulhsu, (uint64_t)((int64_t)(int32_t)a * (int64_t)b) >> 32)
RV_BINARY(mulhu, (uint64_t)a * b >> 32)
RV_BINARY(sh1add, (a << 1) + b)
RV_BINARY(sh2add, (a << 2) + b)
RV_BINARY(sh3add, (a << 3) + b)
RV_BINARY(andn, a & ~b)
RV_BINARY(orn, a | ~b)
RV_BINARY(xnor, ~(a ^ b))
RV_BINARY(max, (int32_t)a < (int32_t)b ? b : a)
RV_BINARY(maxu, a < b ? b : a)
RV_BINARY(min, (int32_t)a < (int32_t)b ? a : b)
RV_BINARY(minu, a < b ? a : b)
RV_BINARY(rol, rv_rotate(a, -b))
RV_BINARY(ror, rv_rotate(a, b))
RV_BINARY(bclr, a & ~(1u << (b & 31)))
RV_BINARY(bext, a >> (b & 31) & 1)
RV_BINARY(binv, a ^ 1u << (b & 31))
RV_BINARY(bset, a | 1u << (b & 31))
RV_BINARY(pack, (a & 0xffff) | b << 16)
RV_BINARY(packh, (a & 0xff) | (b & 0xff) << 8)
/* clang-format on */

static inline void rv_sltiu(struct machine *m, uint32_t rd, uint32_t rs1,
                            uint32_t imm)
{
    rv_sltui(m, rd, rs1, imm);
}

/* Division (RV32M): by zero gives all ones, and the dividend as remainder;
 * -2^31 / -1 gives -2^31, remainder 0. */
static inline uint32_t rv_quotient(uint32_t a, uint32_t b)
{
    if (b == 0)
        return ~0u;
    if (a == 0x80000000u && b == ~0u)
        return a;
    return (uint32_t)((int32_t)a / (int32_t)b);
}

static inline uint32_t rv_remainder(uint32_t a, uint32_t b)
{
    if (b == 0)
        return a;
    if (a == 0x80000000u && b == ~0u)
        return 0;
    return (uint32_t)((int32_t)a % (int32_t)b);
}

/* clang-format off */
RV_BINARY(div, rv_quotient(a, b))
RV_BINARY(divu, b == 0 ? ~0u : a / b)
RV_BINARY(rem, rv_remainder(a, b))
RV_BINARY(remu, b == 0 ? a : a % b)
/* clang-format on */

/* The unary operations: rv_NAME(m, rd, rs1). */
#define RV_UNARY(name, expression)                                             \
    static inline void rv_##name(struct machine *m, uint32_t rd, uint32_t rs1) \
    {                                                                          \
        uint32_t a = m->r[rs1];                                                \
        m->r[rd] = (uint32_t)(expression);                                     \
    }

/* Each byte that is not 0 becomes 0xff. */
static inline uint32_t rv_or_bytes(uint32_t a)
{
    uint32_t any = (a | ((a & 0x7f7f7f7fu) + 0x7f7f7f7fu)) & 0x80808080u;
    return (any >> 7) * 0xffu;
}

static inline uint32_t rv_reverse_in_bytes(uint32_t a)
{
    a = (a >> 1 & 0x55555555u) | (a & 0x55555555u) << 1;
    a = (a >> 2 & 0x33333333u) | (a & 0x33333333u) << 2;
    return (a >> 4 & 0x0f0f0f0fu) | (a & 0x0f0f0f0fu) << 4;
}

/* Bits of the lower half to even places, of the upper half to odd ones. */
static inline uint32_t rv_interleave(uint32_t a)
{
    uint32_t out = 0;
    for (uint32_t i = 0; i < 16; i++)
        out |= (a >> i & 1) << 2 * i | (a >> (i + 16) & 1) << (2 * i + 1);
    return out;
}

static inline uint32_t rv_separate(uint32_t a)
{
    uint32_t out = 0;
    for (uint32_t i = 0; i < 16; i++)
        out |= (a >> 2 * i & 1) << i | (a >> (2 * i + 1) & 1) << (i + 16);
    return out;
}

/* clang-format off */
RV_UNARY(clz, a == 0 ? 32 : __builtin_clz(a))
RV_UNARY(ctz, a == 0 ? 32 : __builtin_ctz(a))
RV_UNARY(cpop, __builtin_popcount(a))
RV_UNARY(sextb, (int32_t)(int8_t)(uint8_t)a)
RV_UNARY(sexth, (int32_t)(int16_t)(uint16_t)a)
RV_UNARY(zextb, a & 0xff)
RV_UNARY(zexth, a & 0xffff)
RV_UNARY(not, ~a)
RV_UNARY(orcb, rv_or_bytes(a))
RV_UNARY(rev8, __builtin_bswap32(a))
RV_UNARY(brev8, rv_reverse_in_bytes(a))
RV_UNARY(zip, rv_interleave(a))
RV_UNARY(unzip, rv_separate(a))
/* clang-format on */

/* `width` + 1 bits of `a` from bit `n` on. */
static inline uint32_t rv_extract(uint32_t a, uint32_t n, uint32_t width)
{
    return a >> (n & 31) & ((2u << width) - 1);
}

static inline void rv_bextm(struct machine *m, uint32_t rd, uint32_t rs1,
                            uint32_t rs2, uint32_t width)
{
    m->r[rd] = rv_extract(m->r[rs1], m->r[rs2], width);
}

static inline void rv_bextmi(struct machine *m, uint32_t rd, uint32_t rs1,
                             uint32_t imm, uint32_t width)
{
    m->r[rd] = rv_extract(m->r[rs1], imm, width);
}

/* lui, c.li; auipc too: decoding adds the address to the immediate. */
static inline void rv_lui(struct machine *m, uint32_t rd, uint32_t imm)
{
    m->r[rd] = imm;
}

static inline void rv_mv(struct machine *m, uint32_t rd, uint32_t rs2)
{
    m->r[rd] = m->r[rs2];
}

static inline void rv_nop(struct machine *m)
{
    (void)m;
}

/* ---- the stack pointer, watched --------------------------------------- */

static inline void rv_watch_stack(struct machine *m)
{
    if (m->r[RV_SP] < m->lowest_sp)
        m->lowest_sp = m->r[RV_SP];
}

static inline void rv_addisp(struct machine *m, uint32_t rd, uint32_t rs1,
                             uint32_t imm)
{
    rv_addi(m, rd, rs1, imm);
    rv_watch_stack(m);
}

static inline void rv_andisp(struct machine *m, uint32_t rd, uint32_t rs1,
                             uint32_t imm)
{
    rv_andi(m, rd, rs1, imm);
    rv_watch_stack(m);
}

static inline void rv_addsp(struct machine *m, uint32_t rd, uint32_t rs1,
                            uint32_t rs2)
{
    rv_add(m, rd, rs1, rs2);
    rv_watch_stack(m);
}

static inline void rv_subsp(struct machine *m, uint32_t rd, uint32_t rs1,
                            uint32_t rs2)
{
    rv_sub(m, rd, rs1, rs2);
    rv_watch_stack(m);
}

static inline void rv_mvsp(struct machine *m, uint32_t rd, uint32_t rs2)
{
    rv_mv(m, rd, rs2);
    rv_watch_stack(m);
}

/* ---- flow: `next` is the address behind the instruction --------------- */

static inline uint32_t rv_jal(struct machine *m, uint32_t next, uint32_t rd,
                              uint32_t target)
{
    m->r[rd] = next;
    return target;
}

static inline uint32_t rv_jalr(struct machine *m, uint32_t next, uint32_t rd,
                               uint32_t rs1, uint32_t imm)
{
    uint32_t target = (m->r[rs1] + imm) & ~1u;
    m->r[rd] = next;
    return target;
}

static inline bool rv_beq(struct machine *m, uint32_t rs1, uint32_t rs2)
{
    return m->r[rs1] == m->r[rs2];
}

static inline bool rv_bne(struct machine *m, uint32_t rs1, uint32_t rs2)
{
    return m->r[rs1] != m->r[rs2];
}

static inline bool rv_blt(struct machine *m, uint32_t rs1, uint32_t rs2)
{
    return (int32_t)m->r[rs1] < (int32_t)m->r[rs2];
}

static inline bool rv_bge(struct machine *m, uint32_t rs1, uint32_t rs2)
{
    return (int32_t)m->r[rs1] >= (int32_t)m->r[rs2];
}

static inline bool rv_bltu(struct machine *m, uint32_t rs1, uint32_t rs2)
{
    return m->r[rs1] < m->r[rs2];
}

static inline bool rv_bgeu(struct machine *m, uint32_t rs1, uint32_t rs2)
{
    return m->r[rs1] >= m->r[rs2];
}

/* ---- memory ----------------------------------------------------------- */

static inline bool rv_lw(struct machine *m, uint32_t rd, uint32_t rs1,
                         uint32_t imm)
{
    return bus_load(&m->bus, m->r[rs1] + imm, 4, &m->r[rd]);
}

static inline bool rv_lhu(struct machine *m, uint32_t rd, uint32_t rs1,
                          uint32_t imm)
{
    return bus_load(&m->bus, m->r[rs1] + imm, 2, &m->r[rd]);
}

static inline bool rv_lbu(struct machine *m, uint32_t rd, uint32_t rs1,
                          uint32_t imm)
{
    return bus_load(&m->bus, m->r[rs1] + imm, 1, &m->r[rd]);
}

static inline bool rv_lh(struct machine *m, uint32_t rd, uint32_t rs1,
                         uint32_t imm)
{
    uint32_t value;
    if (!bus_load(&m->bus, m->r[rs1] + imm, 2, &value))
        return false;
    m->r[rd] = (uint32_t)(int32_t)(int16_t)(uint16_t)value;
    return true;
}

static inline bool rv_lb(struct machine *m, uint32_t rd, uint32_t rs1,
                         uint32_t imm)
{
    uint32_t value;
    if (!bus_load(&m->bus, m->r[rs1] + imm, 1, &value))
        return false;
    m->r[rd] = (uint32_t)(int32_t)(int8_t)(uint8_t)value;
    return true;
}

static inline bool rv_sw(struct machine *m, uint32_t rs1, uint32_t rs2,
                         uint32_t imm)
{
    return bus_store(&m->bus, m->r[rs1] + imm, 4, m->r[rs2]);
}

static inline bool rv_sh(struct machine *m, uint32_t rs1, uint32_t rs2,
                         uint32_t imm)
{
    return bus_store(&m->bus, m->r[rs1] + imm, 2, m->r[rs2]);
}

static inline bool rv_sb(struct machine *m, uint32_t rs1, uint32_t rs2,
                         uint32_t imm)
{
    return bus_store(&m->bus, m->r[rs1] + imm, 1, m->r[rs2]);
}

/* ---- atomics: sc.w, an AMO, a trap and mret end a reservation ----------- */

static inline bool rv_lr(struct machine *m, uint32_t rd, uint32_t rs1)
{
    uint32_t address = m->r[rs1];
    if (!bus_load(&m->bus, address, 4, &m->r[rd]))
        return false;
    m->csr.has_reservation = true;
    m->csr.reservation = address;
    return true;
}

/* rd gets 0 when the store is done, 1 when the reservation was gone. */
static inline bool rv_sc(struct machine *m, uint32_t rd, uint32_t rs1,
                         uint32_t rs2)
{
    bool is_held = m->csr.has_reservation && m->csr.reservation == m->r[rs1];
    m->csr.has_reservation = false;
    if (is_held && !bus_store(&m->bus, m->r[rs1], 4, m->r[rs2]))
        return false;
    m->r[rd] = !is_held;
    return true;
}

#define RV_AMO(name, expression)                                               \
    static inline bool rv_amo##name(struct machine *m, uint32_t rd,            \
                                    uint32_t rs1, uint32_t rs2)                \
    {                                                                          \
        uint32_t address = m->r[rs1];                                          \
        uint32_t b = m->r[rs2];                                                \
        uint32_t a;                                                            \
        m->csr.has_reservation = false;                                        \
        bool is_done = bus_load(&m->bus, address, 4, &a) &&                    \
                       bus_store(&m->bus, address, 4, (expression));           \
        m->r[is_done ? rd : MACHINE_SINK] = is_done ? a : 0;                   \
        return is_done;                                                        \
    }

/* clang-format off */
RV_AMO(swap, b)
RV_AMO(add, a + b)
RV_AMO(xor, a ^ b)
RV_AMO(and, a & b)
RV_AMO(or, a | b)
RV_AMO(min, rv_value_min(a, b))
RV_AMO(max, rv_value_max(a, b))
RV_AMO(minu, rv_value_minu(a, b))
RV_AMO(maxu, rv_value_maxu(a, b))
/* clang-format on */

/* ---- Zcmp ------------------------------------------------------------- */

/* Registers in the list: 4 is ra, 5 adds s0, ..., 14 s9; 15 adds s10, s11. */
static inline uint32_t rv_list_length(uint32_t rlist)
{
    return rlist == 15 ? 13 : rlist - 3;
}

/* Register `i` of a list: ra, s0, s1, s2 ... */
static inline uint32_t rv_list_register(uint32_t i)
{
    return i == 0 ? RV_RA : i <= 2 ? RV_S0 + i - 1 : 18 + i - 3;
}

static inline uint32_t rv_list_bytes(uint32_t rlist, uint32_t extra)
{
    return ((rv_list_length(rlist) * 4 + 15) & ~15u) + extra;
}

/* A register of cm.mvsa01 and cm.mva01s: s0, s1, s2 ... s7. */
static inline uint32_t rv_saved_register(uint32_t field)
{
    return field < 2 ? field + 8 : field + 16;
}

/* The first of the list lies lowest but for the last: ra at sp - 4n. */
static inline bool rv_push(struct machine *m, uint32_t rlist, uint32_t extra)
{
    uint32_t n = rv_list_length(rlist);
    for (uint32_t i = 0; i < n; i++)
        if (!bus_store(&m->bus, m->r[RV_SP] - 4 * (n - i), 4,
                       m->r[rv_list_register(i)]))
            return false;
    m->r[RV_SP] -= rv_list_bytes(rlist, extra);
    rv_watch_stack(m);
    return true;
}

static inline bool rv_pop(struct machine *m, uint32_t rlist, uint32_t extra)
{
    uint32_t n = rv_list_length(rlist);
    uint32_t top = m->r[RV_SP] + rv_list_bytes(rlist, extra);
    for (uint32_t i = 0; i < n; i++)
        if (!bus_load(&m->bus, top - 4 * (n - i), 4,
                      &m->r[rv_list_register(i)]))
            return false;
    m->r[RV_SP] = top;
    return true;
}

static inline bool rv_popret(struct machine *m, uint32_t rlist, uint32_t extra)
{
    return rv_pop(m, rlist, extra);
}

static inline bool rv_popretz(struct machine *m, uint32_t rlist, uint32_t extra)
{
    if (!rv_pop(m, rlist, extra))
        return false;
    m->r[RV_A0] = 0;
    return true;
}

static inline void rv_mvsa01(struct machine *m, uint32_t r1s, uint32_t r2s)
{
    m->r[rv_saved_register(r1s)] = m->r[RV_A0];
    m->r[rv_saved_register(r2s)] = m->r[RV_A1];
}

static inline void rv_mva01s(struct machine *m, uint32_t r1s, uint32_t r2s)
{
    m->r[RV_A0] = m->r[rv_saved_register(r1s)];
    m->r[RV_A1] = m->r[rv_saved_register(r2s)];
}

/* ---- the system ------------------------------------------------------- */

/*
 * Read CSR `number` into rd, and write it as `how` says: 1 the value, 2 set
 * its bits, 3 clear them; 0 does not write. False: there is no such CSR, or it
 * cannot be written. The time is that at which the instruction executes.
 */
bool rv_csr(struct machine *m, uint32_t number, uint32_t how, uint32_t value,
            uint32_t rd);

/*
 * Why rv_csr() refused `number`: the core has no such CSR, or has it (memory
 * protection, triggers, the vendor's interrupts) and this simulator does not.
 */
enum fault_kind rv_csr_missing(uint32_t number);

/* Does mret stay in machine mode? */
bool rv_returns_to_machine(const struct machine *m);

/* Registers, CSRs and reservation as after reset. */
void rv_reset(struct machine *m, uint32_t entry);

/* Enter the trap handler: returns its address. `pc` is what mret returns to. */
uint32_t rv_trap(struct machine *m, enum rv_cause cause, uint32_t pc);

/* What mret does to mstatus; returns the address that it goes to. */
uint32_t rv_return(struct machine *m);

static inline bool rv_csrrw(struct machine *m, uint32_t rd, uint32_t rs1,
                            uint32_t csr)
{
    return rv_csr(m, csr, 1, m->r[rs1], rd);
}

/* csrrs and csrrc do not write when the register field is x0 or the bits 0. */
static inline bool rv_csrrs(struct machine *m, uint32_t rd, uint32_t rs1,
                            uint32_t csr)
{
    return rv_csr(m, csr, rs1 != 0 ? 2 : 0, m->r[rs1], rd);
}

static inline bool rv_csrrc(struct machine *m, uint32_t rd, uint32_t rs1,
                            uint32_t csr)
{
    return rv_csr(m, csr, rs1 != 0 ? 3 : 0, m->r[rs1], rd);
}

static inline bool rv_csrrwi(struct machine *m, uint32_t rd, uint32_t bits,
                             uint32_t csr)
{
    return rv_csr(m, csr, 1, bits, rd);
}

static inline bool rv_csrrsi(struct machine *m, uint32_t rd, uint32_t bits,
                             uint32_t csr)
{
    return rv_csr(m, csr, bits != 0 ? 2 : 0, bits, rd);
}

static inline bool rv_csrrci(struct machine *m, uint32_t rd, uint32_t bits,
                             uint32_t csr)
{
    return rv_csr(m, csr, bits != 0 ? 3 : 0, bits, rd);
}

static inline enum rv_cause rv_ecall(struct machine *m)
{
    (void)m;
    return RV_ECALL_M;
}

static inline enum rv_cause rv_ebreak(struct machine *m)
{
    (void)m;
    return RV_BREAKPOINT;
}

static inline enum rv_cause rv_mret(struct machine *m)
{
    (void)m;
    return RV_NO_TRAP;
}

static inline void rv_fencei(struct machine *m)
{
    (void)m; /* decoded code is invalidated by the store itself */
}

static inline enum fault_kind rv_undefined(struct machine *m)
{
    (void)m;
    return FAULT_UNDEFINED;
}

static inline enum fault_kind rv_unpredictable(struct machine *m)
{
    (void)m;
    return FAULT_UNPREDICTABLE;
}

#endif /* SIM_MACHINE_RV32_H */
