/* rv32.c - the tables of rv32.def, and what is too rare to be inline. */
#include "sim/machine/rv32.h"

#include "sim/machine/rv32_rows.h"

const struct insn_row rv_rows[RV_N_ROWS] = {
#define INSN(picture, name, does, cost, form, needs, manual)                   \
    {picture, name, manual, needs, RV_COST_##cost, RV_FORM_##form},
#include "sim/machine/rv32.def"
#undef INSN
};

const struct insn_form rv_forms[RV_N_FORMS] = {
#define FORM(name, reads, bits, is_signed, is_relative, fixed, syntax)         \
    {bits, is_signed, is_relative, 0, fixed, syntax},
#include "sim/machine/rv32.def"
#undef FORM
};

const uint8_t rv_form_reads[RV_N_FORMS] = {
#define FORM(name, reads, bits, is_signed, is_relative, fixed, syntax)         \
    RV_READS_##reads,
#include "sim/machine/rv32.def"
#undef FORM
};

/* CSR numbers (Privileged, table 2.2 and following). */
enum {
    CSR_MSTATUS = 0x300,
    CSR_MISA = 0x301,
    CSR_MIE = 0x304,
    CSR_MTVEC = 0x305,
    CSR_MCOUNTEREN = 0x306,
    CSR_MSTATUSH = 0x310,
    CSR_MCOUNTINHIBIT = 0x320,
    CSR_MHPMEVENT3 = 0x323,
    CSR_MHPMEVENT31 = 0x33f,
    CSR_MSCRATCH = 0x340,
    CSR_MEPC = 0x341,
    CSR_MCAUSE = 0x342,
    CSR_MTVAL = 0x343,
    CSR_MIP = 0x344,
    CSR_MCYCLE = 0xb00,
    CSR_MINSTRET = 0xb02,
    CSR_MHPMCOUNTER31 = 0xb1f,
    CSR_MCYCLEH = 0xb80,
    CSR_MINSTRETH = 0xb82,
    CSR_MHPMCOUNTER31H = 0xb9f,
    CSR_CYCLE = 0xc00,
    CSR_INSTRET = 0xc02,
    CSR_CYCLEH = 0xc80,
    CSR_INSTRETH = 0xc82,
    CSR_MVENDORID = 0xf11,
    CSR_MARCHID = 0xf12,
    CSR_MIMPID = 0xf13,
    CSR_MHARTID = 0xf14,
    CSR_MCONFIGPTR = 0xf15
};

enum {
    MSTATUS_MIE = 1 << 3,
    MSTATUS_MPIE = 1 << 7,
    MSTATUS_MPP = 3 << 11,
    MSTATUS_WRITABLE =
        MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_MPP | 1 << 17 | 1 << 21,
    INHIBIT_CYCLE = 1,
    INHIBIT_INSTRET = 4
};

#define RV_MISA        0x40901105u /* RV32 IMAC, U, X                        */
#define RV_MTVEC_MASK  0xfffffffdu /* TIMING-hazard3.md section 1            */
#define RV_MTVEC_RESET 0x20000040u

void rv_reset(struct machine *m, uint32_t entry)
{
    memset(m->r, 0, sizeof m->r);
    uint8_t bias = m->csr.now_bias;
    m->csr = (struct rv_csrs){.mtvec = RV_MTVEC_RESET,
                              .mstatus = MSTATUS_MPP,
                              .mcountinhibit = INHIBIT_CYCLE | INHIBIT_INSTRET,
                              .now_bias = bias};
    m->pc = entry;
}

/* A counter that stands is kept in its offset alone. */
static uint64_t counter_value(const struct machine *m, bool is_cycle)
{
    const struct rv_csrs *c = &m->csr;
    if (is_cycle)
        return c->mcountinhibit & INHIBIT_CYCLE
                   ? c->cycle_offset
                   : m->cycles + c->now_bias + c->cycle_offset;
    return c->mcountinhibit & INHIBIT_INSTRET
               ? c->instret_offset
               : m->instructions + c->instret_offset;
}

/*
 * From the cycle after the writing instruction's on the counter is `value`,
 * and counts from there unless `is_inhibited`.
 */
static void set_counter(struct machine *m, bool is_cycle, uint64_t value,
                        bool is_inhibited)
{
    uint64_t now = is_cycle ? m->cycles + m->csr.now_bias : m->instructions;
    uint64_t offset = is_inhibited ? value : value - (now + 1);
    if (is_cycle)
        m->csr.cycle_offset = offset;
    else
        m->csr.instret_offset = offset;
}

/* A counter that counts still counts the cycle of the write that stops it. */
static void write_inhibit(struct machine *m, uint32_t value)
{
    static const uint32_t bits[2] = {INHIBIT_INSTRET, INHIBIT_CYCLE};
    uint64_t next[2];
    for (int k = 0; k < 2; k++)
        next[k] = counter_value(m, k) + !(m->csr.mcountinhibit & bits[k]);
    m->csr.mcountinhibit = value & (INHIBIT_CYCLE | INHIBIT_INSTRET);
    for (int k = 0; k < 2; k++)
        set_counter(m, k, next[k], (m->csr.mcountinhibit & bits[k]) != 0);
}

/* A plain register of machine mode; null when `number` is none. */
static uint32_t *plain_register(struct machine *m, uint32_t number,
                                uint32_t *writable)
{
    *writable = ~0u;
    switch (number) {
    case CSR_MSTATUS:
        *writable = MSTATUS_WRITABLE;
        return &m->csr.mstatus;
    case CSR_MIE:
        *writable = 0x888;
        return &m->csr.mie;
    case CSR_MTVEC:
        *writable = RV_MTVEC_MASK;
        return &m->csr.mtvec;
    case CSR_MSCRATCH:
        return &m->csr.mscratch;
    case CSR_MEPC:
        *writable = ~1u;
        return &m->csr.mepc;
    case CSR_MCAUSE:
        *writable = 0x8000000f;
        return &m->csr.mcause;
    default:
        return NULL;
    }
}

/* Numbers that read as a constant; writing is ignored where it is allowed. */
static bool constant_register(uint32_t number, uint32_t *value)
{
    *value = 0;
    if (number == CSR_MISA)
        *value = RV_MISA;
    else if (number == CSR_MVENDORID)
        *value = 0x493;
    else if (number == CSR_MARCHID)
        *value = 27; /* Hazard3's number in the RISC-V list of architectures */
    else if (number == CSR_MIMPID)
        *value = 0x86fc4e3f;
    else
        return number == CSR_MHARTID || number == CSR_MCONFIGPTR ||
               number == CSR_MCOUNTEREN || number == CSR_MSTATUSH ||
               number == CSR_MTVAL || number == CSR_MIP ||
               (number >= CSR_MHPMEVENT3 && number <= CSR_MHPMEVENT31) ||
               (number > CSR_MINSTRET && number <= CSR_MHPMCOUNTER31) ||
               (number > CSR_MINSTRETH && number <= CSR_MHPMCOUNTER31H);
    return true;
}

/* The counters: which one, and which half of it; false: `number` is none. */
static bool counter_register(uint32_t number, bool *is_cycle, bool *is_high)
{
    *is_high = (number & 0x80) != 0;
    *is_cycle = (number & 2) == 0;
    switch (number) {
    case CSR_MCYCLE:
    case CSR_MCYCLEH:
    case CSR_MINSTRET:
    case CSR_MINSTRETH:
    case CSR_CYCLE:
    case CSR_CYCLEH:
    case CSR_INSTRET:
    case CSR_INSTRETH:
        return true;
    default:
        return false;
    }
}

static uint32_t updated(uint32_t old, uint32_t how, uint32_t value)
{
    if (how == 1)
        return value;
    return how == 2 ? old | value : old & ~value;
}

static void write_counter(struct machine *m, bool is_cycle, bool is_high,
                          uint32_t half)
{
    uint64_t old = counter_value(m, is_cycle);
    uint64_t value = is_high ? (old & 0xffffffffu) | (uint64_t)half << 32
                             : (old & ~0xffffffffull) | half;
    uint32_t bit = is_cycle ? INHIBIT_CYCLE : INHIBIT_INSTRET;
    set_counter(m, is_cycle, value, (m->csr.mcountinhibit & bit) != 0);
}

static bool access_register(struct machine *m, uint32_t number, uint32_t how,
                            uint32_t value, uint32_t *old)
{
    uint32_t writable;
    bool is_cycle, is_high;
    uint32_t *plain = plain_register(m, number, &writable);
    if (plain != NULL) {
        *old = *plain;
        if (how != 0)
            *plain =
                (updated(*old, how, value) & writable) | (*old & ~writable);
        m->csr.has_handler |= number == CSR_MTVEC && how != 0;
        return true;
    }
    if (counter_register(number, &is_cycle, &is_high)) {
        *old = (uint32_t)(counter_value(m, is_cycle) >> (is_high ? 32 : 0));
        if (how != 0)
            write_counter(m, is_cycle, is_high, updated(*old, how, value));
        return true;
    }
    if (number == CSR_MCOUNTINHIBIT) {
        *old = m->csr.mcountinhibit;
        if (how != 0)
            write_inhibit(m, updated(*old, how, value));
        return true;
    }
    return constant_register(number, old);
}

bool rv_csr(struct machine *m, uint32_t number, uint32_t how, uint32_t value,
            uint32_t rd)
{
    uint32_t old;
    if (how != 0 && number >> 10 == 3) /* read-only by its number */
        return false;
    if (!access_register(m, number, how, value, &old))
        return false;
    m->r[rd] = old;
    return true;
}

enum fault_kind rv_csr_missing(uint32_t number)
{
    bool is_there = (number >= 0x3a0 && number <= 0x3bf) || /* PMP           */
                    (number >= 0x7a0 && number <= 0x7b2) || /* debug         */
                    (number >= 0xbd0 && number <= 0xbef);   /* Xh3irq, Xh3pmpm*/
    return is_there ? FAULT_UNIMPLEMENTED : FAULT_UNDEFINED;
}

bool rv_returns_to_machine(const struct machine *m)
{
    return (m->csr.mstatus & MSTATUS_MPP) == MSTATUS_MPP;
}

uint32_t rv_trap(struct machine *m, enum rv_cause cause, uint32_t pc)
{
    uint32_t s = m->csr.mstatus;
    uint32_t mpie = s & MSTATUS_MIE ? MSTATUS_MPIE : 0;
    m->csr.mstatus =
        (s & ~(uint32_t)(MSTATUS_MIE | MSTATUS_MPIE)) | mpie | MSTATUS_MPP;
    m->csr.mepc = pc;
    m->csr.mcause = cause;
    m->csr.has_reservation = false;
    return m->csr.mtvec & ~3u;
}

uint32_t rv_return(struct machine *m)
{
    uint32_t s = m->csr.mstatus;
    uint32_t mie = s & MSTATUS_MPIE ? MSTATUS_MIE : 0;
    m->csr.mstatus =
        (s & ~(uint32_t)(MSTATUS_MIE | MSTATUS_MPP)) | mie | MSTATUS_MPIE;
    m->csr.has_reservation = false;
    return m->csr.mepc;
}
