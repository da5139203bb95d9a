/* thumb.c - the tables of thumb.def, and what is too rare to be inline. */
#include "sim/machine/thumb.h"

#include <string.h>

#include "sim/machine/thumb_memory.h"

const struct insn_row thumb_rows[TH_N_ROWS] = {
#define INSN(picture, name, does, cost, form, needs, manual)                   \
    {picture, name, manual, needs, TH_COST_##cost, TH_FORM_##form},
#define LITERAL(picture, name, does, cost, form, needs, manual)
#include "sim/machine/thumb.def"
#undef LITERAL
#undef INSN
#define INSN(picture, name, does, cost, form, needs, manual)
#define LITERAL(picture, name, does, cost, form, needs, manual)                \
    {picture, name, manual, needs, TH_COST_##cost, TH_FORM_##form},
#include "sim/machine/thumb.def"
#undef LITERAL
#undef INSN
};

const struct insn_form thumb_forms[TH_N_FORMS] = {
#define FORM(name, bits, shift, fixed, fix, limits, role, syntax)              \
    {bits, false, false, shift, fixed, syntax},
#include "sim/machine/thumb.def"
#undef FORM
};

const struct thumb_form_more thumb_form_more[TH_N_FORMS] = {
#define FORM(name, bits, shift, fixed, fix, limits, role, syntax)              \
    {TH_FIX_##fix, TH_ROLE_##role, limits},
#include "sim/machine/thumb.def"
#undef FORM
};

/* ---- unaligned accesses (B2.5) ---------------------------------------- */

/* A word at 2 mod 4 takes two accesses, at an odd address three. */
static uint32_t part_bytes(uint32_t address, uint32_t left)
{
    return left >= 2 && address % 2 == 0 ? 2 : 1;
}

static bool is_in_parts(const struct machine *m)
{
    return m->bus.event == BUS_UNALIGNED && m->timing.cortex_m.has_unaligned;
}

/* Each access but the first costs a cycle; how memory adds is unsettled. */
static void charge_parts(struct machine *m, uint32_t n_parts)
{
    m->bus.waits += n_parts - 1;
    m->unsettled++;
}

bool thumb_load_parts(struct machine *m, uint32_t address, uint32_t bytes,
                      uint32_t *value)
{
    uint32_t n_parts = 0;
    uint32_t word = 0;
    if (!is_in_parts(m))
        return false;
    for (uint32_t done = 0; done < bytes; n_parts++) {
        uint32_t part = 0;
        uint32_t size = part_bytes(address + done, bytes - done);
        if (!bus_load(&m->bus, address + done, size, &part))
            return false;
        word |= part << 8 * done;
        done += size;
    }
    charge_parts(m, n_parts);
    *value = word;
    return true;
}

bool thumb_store_parts(struct machine *m, uint32_t address, uint32_t bytes,
                       uint32_t value)
{
    uint32_t n_parts = 0;
    if (!is_in_parts(m))
        return false;
    for (uint32_t done = 0; done < bytes; n_parts++) {
        uint32_t size = part_bytes(address + done, bytes - done);
        if (!bus_store(&m->bus, address + done, size, value >> 8 * done))
            return false;
        done += size;
    }
    charge_parts(m, n_parts);
    return true;
}

/* ---- special registers ------------------------------------------------ */

/* SYSm, table B5-1. */
enum {
    SYSM_MSP = 8,
    SYSM_PSP = 9,
    SYSM_PRIMASK = 16,
    SYSM_BASEPRI = 17,
    SYSM_BASEPRI_MAX = 18,
    SYSM_FAULTMASK = 19,
    SYSM_CONTROL = 20
};

enum { CONTROL_SPSEL = 2, MASK_NZCVQ = 2, MASK_G = 1 };

static uint32_t read_apsr(const struct machine *m)
{
    const struct arm_state *s = &m->arm;
    return (s->n >> 31) << 31 | (uint32_t)(s->z == 0) << 30 |
           (uint32_t)s->c << 29 | (s->v >> 31) << 28 | (uint32_t)s->q << 27 |
           (uint32_t)s->ge << 16;
}

static void write_apsr(struct machine *m, uint32_t value, uint32_t mask)
{
    struct arm_state *s = &m->arm;
    if (mask & MASK_NZCVQ) {
        s->n = value;
        s->z = ~value & 1u << 30;
        s->c = value >> 29 & 1;
        s->v = value << 3;
        s->q = m->timing.cortex_m.has_v7 && (value >> 27 & 1);
    }
    if ((mask & MASK_G) && m->timing.cortex_m.has_dsp)
        s->ge = value >> 16 & 15;
}

/* Is the process stack in use? Only outside exceptions, so whenever asked. */
static bool has_psp(const struct machine *m)
{
    return (m->arm.control & CONTROL_SPSEL) != 0;
}

/* The stack pointer in use is r[13]; the other one waits in other_sp. */
static uint32_t *stack_pointer(struct machine *m, bool is_psp)
{
    return has_psp(m) == is_psp ? &m->r[TH_SP] : &m->arm.other_sp;
}

static void write_control(struct machine *m, uint32_t value)
{
    bool had_psp = has_psp(m);
    m->arm.control = value & 3;
    if (has_psp(m) == had_psp)
        return;
    uint32_t other = m->arm.other_sp;
    m->arm.other_sp = m->r[TH_SP];
    m->r[TH_SP] = other;
}

void thumb_mrs(struct machine *m, uint32_t d, uint32_t sysm)
{
    uint32_t value = 0;
    if (sysm < 8) {
        value = (sysm & 1) != 0 ? m->arm.ipsr : 0;
        value |= (sysm & 4) == 0 ? read_apsr(m) : 0; /* EPSR reads as 0 */
    } else if (sysm == SYSM_MSP || sysm == SYSM_PSP)
        value = *stack_pointer(m, sysm == SYSM_PSP);
    else if (sysm == SYSM_PRIMASK)
        value = m->arm.primask;
    else if (sysm == SYSM_CONTROL)
        value = m->arm.control;
    else if (sysm == SYSM_FAULTMASK)
        value = m->arm.faultmask;
    else if (sysm == SYSM_BASEPRI || sysm == SYSM_BASEPRI_MAX)
        value = m->arm.basepri;
    m->r[d] = value;
}

void thumb_msr(struct machine *m, uint32_t n, uint32_t mask, uint32_t sysm)
{
    uint32_t value = m->r[n];
    if (sysm < 4)
        write_apsr(m, value, mask);
    else if (sysm == SYSM_MSP || sysm == SYSM_PSP)
        *stack_pointer(m, sysm == SYSM_PSP) = value & ~3u;
    else if (sysm == SYSM_PRIMASK)
        m->arm.primask = value & 1;
    else if (sysm == SYSM_CONTROL)
        write_control(m, value);
    else if (sysm == SYSM_FAULTMASK)
        m->arm.faultmask = value & 1;
    else if (sysm == SYSM_BASEPRI ||
             (sysm == SYSM_BASEPRI_MAX && (value & 0xff) != 0 &&
              (m->arm.basepri == 0 || (value & 0xff) < m->arm.basepri)))
        m->arm.basepri = (uint8_t)value;
    thumb_watch_stack(m);
}

/* ---- exceptions ------------------------------------------------------- */

/* EXC_RETURN, table B1-8; xPSR: T, and where IT and the alignment lie. */
enum {
    RETURN_TO_HANDLER = 0x1,
    RETURN_TO_MAIN = 0x9,
    RETURN_TO_PROCESS = 0xd,
    FRAME_WORDS = 8,
    XPSR_ALIGNED = 1 << 9,
    XPSR_T = 1 << 24
};

/* ITSTATE as xPSR holds it: bits 1 and 0 in 26 and 25, the rest in 15 to 10. */
static uint32_t pack_it(uint32_t it)
{
    return (it & 3) << 25 | (it >> 2) << 10;
}

static uint8_t unpack_it(uint32_t xpsr)
{
    return (uint8_t)((xpsr >> 25 & 3) | (xpsr >> 10 & 63) << 2);
}

uint32_t thumb_svc_handler(struct machine *m)
{
    uint32_t table = m->timing.cortex_m.vectors;
    uint32_t handler = 0;
    if (table == CORTEX_M_NOTHING || m->arm.ipsr != 0 || m->arm.primask ||
        m->arm.faultmask ||
        !machine_peek(m, table + 4 * TH_EXCEPTION_SVC, &handler, 4))
        return 0;
    return (handler & 1) != 0 && machine_insn_at(m, handler & ~1u) != NULL
               ? handler
               : 0;
}

bool thumb_enter_exception(struct machine *m, uint32_t number, uint32_t handler)
{
    uint32_t sp = m->r[TH_SP];
    uint32_t align = sp >> 2 & 1;
    uint32_t frame = (sp - 4 * FRAME_WORDS) & ~7u;
    uint32_t xpsr = read_apsr(m) | m->arm.ipsr | pack_it(m->arm.it) | XPSR_T |
                    (align != 0 ? XPSR_ALIGNED : 0u);
    const uint32_t words[FRAME_WORDS] = {
        m->r[0], m->r[1], m->r[2], m->r[3], m->r[12], m->r[TH_LR], m->pc, xpsr};
    for (uint32_t i = 0; i < FRAME_WORDS; i++)
        if (!bus_store(&m->bus, frame + 4 * i, 4, words[i]))
            return false;
    thumb_set_sp(m, frame);
    uint32_t from = has_psp(m) ? RETURN_TO_PROCESS : RETURN_TO_MAIN;
    m->r[TH_LR] = 0xfffffff0u | (m->arm.ipsr != 0 ? RETURN_TO_HANDLER : from);
    write_control(m, m->arm.control & ~(uint32_t)CONTROL_SPSEL);
    m->arm.ipsr = number;
    m->arm.it = 0;
    m->pc = handler & ~1u;
    return true;
}

bool thumb_leave_exception(struct machine *m, uint32_t value)
{
    uint32_t words[FRAME_WORDS];
    uint32_t to = value & 15;
    if (value < 0xfffffff0u ||
        (to != RETURN_TO_MAIN && to != RETURN_TO_PROCESS))
        return false; /* to a handler: none was interrupted */
    if (to == RETURN_TO_PROCESS)
        write_control(m, m->arm.control | CONTROL_SPSEL);
    uint32_t frame = m->r[TH_SP];
    for (uint32_t i = 0; i < FRAME_WORDS; i++)
        if (!bus_load(&m->bus, frame + 4 * i, 4, &words[i]))
            return false;
    uint32_t xpsr = words[7];
    memcpy(m->r, words, 4 * sizeof words[0]);
    m->r[12] = words[4];
    m->r[TH_LR] = words[5];
    m->pc = words[6] & ~1u;
    thumb_set_sp(m, (frame + 4 * FRAME_WORDS) |
                        ((xpsr & XPSR_ALIGNED) != 0 ? 4u : 0u));
    write_apsr(m, xpsr, MASK_NZCVQ | MASK_G);
    m->arm.ipsr = 0;
    m->arm.faultmask = false;
    m->arm.it = m->timing.cortex_m.has_v7 ? unpack_it(xpsr) : 0;
    return true;
}

void thumb_reset(struct machine *m, uint32_t entry)
{
    memset(m->r, 0, sizeof m->r);
    m->arm = (struct arm_state){.z = 1}; /* all flags clear */
    m->r[TH_LR] = ~0u;                   /* B1.5.5 */
    m->pc = entry & ~1u;
}
