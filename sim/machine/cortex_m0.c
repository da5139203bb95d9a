/*
 * cortex_m0.c - prices of Cortex-M0+ and Cortex-M0
 *
 * Neither core has a hazard: an instruction's cycles depend on nothing but
 * itself, on whether it jumps, and on the memory it touches. At zero wait
 * states fetch costs nothing, whatever the alignment of a jump's target
 * (measured: SAM D20, TIMING-cortex-m.md section 1.1).
 */
#include "sim/machine/thumb.h"

/* Cycles of a cost class on M0+ and on M0; `per_word` for each listed one. */
struct price {
    uint8_t m0plus, m0, per_word;
};

/*
 * Source of all that is not noted: manual, zero wait states: ARM DDI 0484C,
 * Cortex-M0+ TRM r0p1, section 3.3, table 3-1; ARM DDI 0432C, Cortex-M0 TRM
 * r0p0, section 3.3, table 3-1. "silicon": totals published for chips need it,
 * too (SAM D20, STM32F0; TIMING-cortex-m.md section 1.1).
 */
/* clang-format off */
static const struct price prices[TH_N_COSTS] = {
    [TH_COST_ALU]     = {1, 1, 0}, /* silicon                                */
    [TH_COST_ALU0]    = {1, 1, 0},
    [TH_COST_FLAGS]   = {1, 1, 0}, /* silicon                                */
    [TH_COST_CMP]     = {1, 1, 0}, /* silicon                                */
    [TH_COST_READPC]  = {1, 1, 0},
    [TH_COST_MULF]    = {1, 1, 0}, /* or 32: option "multiplier"             */
    [TH_COST_NOP]     = {1, 1, 0},
    [TH_COST_WFI]     = {2, 2, 0}, /* and the wait, which is not simulated   */
    [TH_COST_SPECIAL] = {3, 4, 0},
    [TH_COST_BARRIER] = {3, 4, 0},
    [TH_COST_ISB]     = {3, 4, 0},
    [TH_COST_CPS]     = {1, 1, 0},
    [TH_COST_LOAD]    = {2, 2, 0}, /* silicon; 1 on the I/O port of M0+      */
    [TH_COST_STORE]   = {2, 2, 0}, /* silicon; the same                      */
    [TH_COST_STORER]  = {2, 2, 0}, /* silicon; the same                      */
    [TH_COST_LDM]     = {1, 1, 1}, /* silicon                                */
    [TH_COST_STM]     = {1, 1, 1}, /* silicon                                */
    [TH_COST_LDMPC]   = {3, 4, 1}, /* silicon: the list counts PC            */
    [TH_COST_GOTO]    = {2, 3, 0},
    [TH_COST_BX]      = {2, 3, 0}, /* silicon                                */
    [TH_COST_BLX]     = {2, 3, 0}, /* silicon                                */
    [TH_COST_B]       = {2, 3, 0}, /* silicon                                */
    [TH_COST_BCC]     = {1, 1, 0}, /* silicon: not taken                     */
    [TH_COST_BL]      = {3, 4, 0}, /* silicon                                */
    [TH_COST_TRAP]    = {1, 1, 0}, /* inferred: the run ends                 */
};
/* clang-format on */

/* A conditional branch that is taken costs as B; in insn.late what is more. */
static uint8_t taken_more(const struct insn *i, bool is_plus)
{
    if (i->cost != TH_COST_BCC)
        return 0;
    return is_plus ? 1 : 2;
}

static inline bool is_single(uint32_t cost)
{
    return cost == TH_COST_LOAD || cost == TH_COST_STORE ||
           cost == TH_COST_STORER;
}

static void set_price(const struct machine *m, struct insn *i, bool is_plus)
{
    const struct cortex_m *c = &m->timing.cortex_m;
    const struct price *p = &prices[i->cost];
    uint32_t n = is_plus ? p->m0plus : p->m0;
    if (i->op == INSN_BAD)
        return;
    if (p->per_word != 0)
        n += (uint32_t)__builtin_popcount(i->imm);
    if (i->cost == TH_COST_MULF)
        n = c->mul_cycles;
    if (is_single(i->cost) && c->has_io_port)
        n |= CORTEX_M_RULED;
    i->price = (uint8_t)n;
    i->late = taken_more(i, is_plus);
}

static void decode_m0(struct machine *m, struct region *r, uint32_t address,
                      struct insn *out)
{
    thumb_decode(m, r, address, out);
    set_price(m, out, false);
}

static void decode_m0plus(struct machine *m, struct region *r, uint32_t address,
                          struct insn *out)
{
    thumb_decode(m, r, address, out);
    set_price(m, out, true);
}

static inline bool core_has_rules(uint32_t cost)
{
    return is_single(cost);
}

/*
 * A single load or store on a machine with an I/O port: one cycle there (ARM
 * DDI 0484C, table 3-1, note b). What the fast path served is not logged, and
 * is no port.
 */
static inline uint32_t core_straight(struct machine *m, const struct insn *i,
                                     const struct insn *before, uint32_t pc,
                                     uint32_t cost)
{
    uint32_t cycles = i->price & ~(uint32_t)CORTEX_M_RULED;
    (void)before;
    (void)pc;
    (void)cost;
    if (m->bus.n_log == 0)
        return cycles;
    uint32_t address = m->bus.log[0].address;
    m->bus.n_log = 0;
    return cycles - bus_region_at(&m->bus, address)->is.is_io_port;
}

static inline uint32_t core_jump(struct machine *m, const struct insn *i,
                                 const struct insn *before,
                                 const struct insn *to, uint32_t cost)
{
    (void)m;
    (void)before;
    (void)to;
    (void)cost;
    return (uint32_t)i->price + i->late;
}

/* ARMv6-M neither divides nor makes long products. */
static inline void core_operands(struct machine *m, const struct insn *i)
{
    (void)m;
    (void)i;
}

#include "sim/machine/thumb_engine.h"

static int open_any(struct machine *m, bool is_plus, struct machine_problem *p)
{
    struct cortex_m *c = &m->timing.cortex_m;
    const char *multiplier = config_option(&m->config, "multiplier", "1");
    c->mul_cycles = strcmp(multiplier, "32") == 0 ? 32 : 1;
    if (c->mul_cycles == 1 && strcmp(multiplier, "1") != 0)
        return machine_problem_set(p, MACHINE_BAD_INPUT,
                                   "option 'multiplier': 1 or 32, not '%s'",
                                   multiplier);
    c->entry_cycles = is_plus ? 15 : 16; /* Arm's product texts */
    int err = cortex_m_open(m, 0, p);
    m->bus.has_log = c->has_io_port;
    return err;
}

static int open_m0(struct machine *m, struct machine_problem *p)
{
    return open_any(m, false, p);
}

static int open_m0plus(struct machine *m, struct machine_problem *p)
{
    return open_any(m, true, p);
}

const struct core_model cortex_m0plus_model = {
    .name = "cortex-m0plus",
    .isa = IMAGE_ARM,
    .version = CORTEX_M0_MODEL_VERSION,
    .claim = "cycle-exact at zero wait states, no other bus master",
    .source = "ARM DDI 0484C table 3-1; totals of SAM D20 and RP2040",
    .stack_register = TH_SP,
    .link_register = TH_LR,
    .first_argument = 0,
    .n_arguments = 4,
    .open = open_m0plus,
    .close = cortex_m_close,
    .reset = cortex_m_reset,
    .restart = cortex_m_restart,
    .decode = decode_m0plus,
    .run = thumb_engine_run,
    .step = thumb_engine_step,
    .code_changed = cortex_m_code_changed,
};

const struct core_model cortex_m0_model = {
    .name = "cortex-m0",
    .isa = IMAGE_ARM,
    .version = CORTEX_M0_MODEL_VERSION,
    .claim = "cycle-exact at zero wait states, no other bus master",
    .source = "ARM DDI 0432C table 3-1; totals of STM32F0",
    .stack_register = TH_SP,
    .link_register = TH_LR,
    .first_argument = 0,
    .n_arguments = 4,
    .open = open_m0,
    .close = cortex_m_close,
    .reset = cortex_m_reset,
    .restart = cortex_m_restart,
    .decode = decode_m0,
    .run = thumb_engine_run,
    .step = thumb_engine_step,
    .code_changed = cortex_m_code_changed,
};
