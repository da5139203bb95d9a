/*
 * cortex_m4.c - prices of Cortex-M3 and Cortex-M4: the manual's table, the
 * rules of loads and stores, and a named switch for what nobody settles
 *
 * An instruction's cycles depend on the one before it: `before`, empty behind
 * a jump. Whatever an unsettled rule decides is counted in m->unsettled.
 *
 * Source    ARM DDI 0337I, Cortex-M3 TRM r2p1, sections 3.3.1 (table 3-1) and
 *           3.3.3; Arm 100166_0001, Cortex-M4 TRM r0p1, the same sections;
 *           TIMING-cortex-m.md section 1.2 for what was measured.
 */
#include "sim/machine/thumb.h"

/* Cycles of a cost class; `per_word` for each register listed. */
struct price {
    uint8_t m3, m4, per_word;
    bool has_rules; /* core_straight() adds to it                            */
};

/*
 * Source of all that is not noted: manual, table 3-1 of both. "measured":
 * published counts of STM32F103 and STM32F407 need it, too.
 */
/* clang-format off */
static const struct price prices[TH_N_COSTS] = {
    [TH_COST_ALU]     = {1, 1, 0, false}, /* measured                        */
    [TH_COST_ALU0]    = {1, 1, 0, false},
    [TH_COST_FLAGS]   = {1, 1, 0, false}, /* measured                        */
    [TH_COST_CMP]     = {1, 1, 0, false}, /* measured                        */
    [TH_COST_READPC]  = {1, 1, 0, false},
    [TH_COST_MUL]     = {1, 1, 0, false}, /* with the DSP products           */
    [TH_COST_MULF]    = {1, 1, 0, false},
    [TH_COST_MLA]     = {2, 1, 0, false},
    [TH_COST_MULL]    = {0, 1, 0, false}, /* M3: set_operands()              */
    [TH_COST_MLAL]    = {0, 1, 0, false},
    [TH_COST_DIV]     = {0, 0, 0, true},  /* set_operands()                  */
    [TH_COST_NOP]     = {1, 1, 0, true},
    [TH_COST_HINT]    = {1, 1, 0, false}, /* inferred: as NOP                */
    [TH_COST_WFI]     = {2, 2, 0, false}, /* and the wait: not simulated     */
    [TH_COST_SPECIAL] = {0, 0, 0, true},  /* switch "special"                */
    [TH_COST_BARRIER] = {1, 1, 0, false}, /* the least: the bus is idle      */
    [TH_COST_ISB]     = {2, 2, 0, true},  /* a refill                        */
    [TH_COST_CPS]     = {1, 1, 0, false},
    [TH_COST_LOAD]    = {2, 2, 0, true},  /* measured                        */
    [TH_COST_STORE]   = {1, 1, 0, true},  /* section 3.3.3                   */
    [TH_COST_STORER]  = {2, 2, 0, true},  /* measured                        */
    [TH_COST_STREX]   = {2, 2, 0, true},  /* section 3.3.3: as LDR           */
    [TH_COST_LDM]     = {1, 1, 1, true},  /* measured                        */
    [TH_COST_STM]     = {1, 1, 1, true},  /* measured                        */
    [TH_COST_LDRD]    = {3, 3, 0, true},
    [TH_COST_STRD]    = {3, 3, 0, true},
    [TH_COST_LOADPC]  = {2, 2, 0, true},  /* and the refill                  */
    [TH_COST_LDMPC]   = {1, 1, 1, true},  /* and the refill                  */
    [TH_COST_TABLE]   = {3, 3, 0, true},  /* 3.3.3: load, add; and a refill  */
    [TH_COST_GOTO]    = {1, 1, 0, true},  /* and the refill                  */
    [TH_COST_BX]      = {1, 1, 0, true},
    [TH_COST_BLX]     = {1, 1, 0, true},
    [TH_COST_B]       = {1, 1, 0, true},
    [TH_COST_BCC]     = {1, 1, 0, false}, /* not taken                       */
    [TH_COST_CBZ]     = {1, 1, 0, false},
    [TH_COST_BL]      = {1, 1, 0, true},
    [TH_COST_IT]      = {1, 1, 0, true},  /* measured: 0 behind 16 bits      */
    [TH_COST_TRAP]    = {1, 1, 0, false}, /* inferred: the run ends          */
};
/* clang-format on */

enum {
    REFILL_BRANCH = 1, /* P of B and Bcc: measured, "fits"                   */
    REFILL_LOAD = 3,   /* of LDR PC, TBB, TBH: section 3.3.3, "at least"     */
    MAIN_RAM = 0xff    /* last_region: what the fast path serves             */
};

static bool has_rules(const struct machine *m, const struct insn *i)
{
    bool is_m3 = !m->timing.cortex_m.has_dsp;
    if (i->spare & TH_ODD_WIDE)
        return true;
    if (i->cost == TH_COST_MULL || i->cost == TH_COST_MLAL)
        return is_m3;
    if (i->cost == TH_COST_BCC)
        return i->size == 4;
    return prices[i->cost].has_rules;
}

static void decode_m4(struct machine *m, struct region *r, uint32_t address,
                      struct insn *out)
{
    thumb_decode(m, r, address, out);
    if (out->op == INSN_BAD)
        return;
    const struct price *p = &prices[out->cost];
    uint32_t n = m->timing.cortex_m.has_dsp ? p->m4 : p->m3;
    if (p->per_word != 0)
        n += (uint32_t)__builtin_popcount(out->imm);
    if (has_rules(m, out))
        n |= CORTEX_M_RULED;
    out->price = (uint8_t)n;
}

/* ---- operands --------------------------------------------------------- */

static uint32_t bits_of(uint32_t a, bool is_signed)
{
    if (is_signed && a >> 31)
        a = ~a;
    return a == 0 ? 0 : 32 - (uint32_t)__builtin_clz(a);
}

/*
 * SDIV, UDIV: 2 to 12, fewer the more alike the leading bits (manual); here
 * by the bits of the quotient (inferred).
 */
static uint32_t divide_cycles(uint32_t a, uint32_t b, bool is_signed)
{
    uint32_t bits_a = bits_of(a, is_signed);
    uint32_t bits_b = bits_of(b, is_signed);
    if (b == 0 || bits_a < bits_b)
        return 2;
    return 2 + ((bits_a - bits_b + 1) * 10 + 31) / 33;
}

/* Long products of M3: 3 to 5, 4 to 7; by operands over 16 bits (inferred). */
static uint32_t long_cycles(uint32_t a, uint32_t b, bool is_signed,
                            bool has_sum)
{
    uint32_t n_wide =
        (bits_of(a, is_signed) > 16) + (uint32_t)(bits_of(b, is_signed) > 16);
    return has_sum ? 4 + n_wide + (n_wide == 2) : 3 + n_wide;
}

static inline void core_operands(struct machine *m, const struct insn *i)
{
    const struct insn_row *row = &thumb_rows[i->op - INSN_FIRST_ROW];
    uint32_t a = m->r[i->n];
    uint32_t b = m->r[i->m];
    bool is_signed = row->name[0] == 's';
    uint32_t n = 1;
    if (i->cost == TH_COST_DIV)
        n = divide_cycles(a, b, is_signed);
    else if (!m->timing.cortex_m.has_dsp)
        n = long_cycles(a, b, is_signed, i->cost == TH_COST_MLAL);
    m->timing.cortex_m.operand_cycles = (uint8_t)n;
}

/* ---- addresses, loads and stores -------------------------------------- */

/* Is an address of `i` what `before` has in register d (or a)? */
static inline bool is_address(const struct insn *i, uint8_t d)
{
    return (i->spare & TH_ADDRESS) != 0 &&
           (i->n == d || ((i->spare & TH_INDEX) != 0 && i->m == d));
}

static inline bool is_multiple(const struct insn *i)
{
    return i->cost == TH_COST_LDM || i->cost == TH_COST_STM ||
           i->cost == TH_COST_LDRD || i->cost == TH_COST_STRD ||
           i->cost == TH_COST_LDMPC;
}

/*
 * An address register that the instruction before has computed: a cycle more
 * (manual, M3 section 3.3.3; measured). For more than one word: a switch.
 */
static __attribute__((noinline)) uint32_t wait_for_address(
    struct machine *m, const struct insn *i, const struct insn *before)
{
    bool is_long = before->cost == TH_COST_MULL || before->cost == TH_COST_MLAL;
    if (!is_address(i, before->d) && !(is_long && is_address(i, before->a)))
        return 0;
    if (!is_multiple(i))
        return 1;
    m->unsettled++;
    return m->timing.cortex_m.rule.address_for_multiple;
}

/*
 * Did the last access go to the region of the one before? Pipelining ends where
 * it did not. What the fast path serves is not logged.
 */
static bool keeps_region(struct machine *m)
{
    struct cortex_m *c = &m->timing.cortex_m;
    uint8_t before = c->last_region;
    c->last_region = MAIN_RAM;
    if (m->bus.n_log == 0)
        return before == MAIN_RAM;
    uint32_t address = m->bus.log[m->bus.n_log - 1].address;
    m->bus.n_log = 0;
    const struct region *r = bus_region_at(&m->bus, address);
    if (r->host != m->bus.ram)
        c->last_region = (uint8_t)(r - m->bus.regions);
    return before == c->last_region;
}

static inline bool is_load(const struct insn *i)
{
    return i->cost == TH_COST_LOAD || i->cost == TH_COST_STREX;
}

static bool is_store(const struct insn *i)
{
    return i->cost == TH_COST_STORE || i->cost == TH_COST_STORER;
}

/*
 * Is `i`, one load or store, pipelined behind the load `before`? Not if it
 * needs the result as an address (manual, section 3.3.3), nor if it goes to
 * another memory (measured). With write-back M3 never, M4 if the bases differ
 * (measured).
 */
static __attribute__((noinline)) bool is_chained(const struct machine *m,
                                                 const struct insn *i,
                                                 const struct insn *before,
                                                 bool is_same_region)
{
    if (!(is_load(i) || is_store(i)) || !is_same_region ||
        is_address(i, before->d))
        return false;
    if (((i->spare | before->spare) & TH_BACK) == 0)
        return true;
    return m->timing.cortex_m.has_dsp && i->n != before->n;
}

/* The cycle that pipelining takes off, and what may be put on it again. */
static uint32_t chained_cycles(struct machine *m, const struct insn *i,
                               uint32_t cycles)
{
    const struct cortex_m4_rules *rule = &m->timing.cortex_m.rule;
    if (i->cost == TH_COST_STORE) {
        m->unsettled++;
        return rule->load_then_store;
    }
    if (i->cost == TH_COST_LOAD && (i->spare & TH_ODD_WIDE)) {
        m->unsettled++;
        cycles += rule->wide_load;
    }
    return cycles - 1;
}

/* A load behind a store that has an immediate: a switch. */
static uint32_t behind_store(struct machine *m)
{
    m->unsettled++;
    return m->timing.cortex_m.rule.store_then_load;
}

static inline bool loads(uint32_t cost)
{
    return cost == TH_COST_LOAD || cost == TH_COST_LDM ||
           cost == TH_COST_LDRD || cost == TH_COST_LOADPC ||
           cost == TH_COST_LDMPC;
}

/* Most accesses are neither behind a load or store nor behind an address. */
static inline uint32_t access_cycles(struct machine *m, const struct insn *i,
                                     const struct insn *before, uint32_t cycles,
                                     uint32_t cost)
{
    bool is_same_region =
        (m->bus.n_log == 0 && m->timing.cortex_m.last_region == MAIN_RAM) ||
        keeps_region(m);
    if (is_load(before) && is_chained(m, i, before, is_same_region))
        return chained_cycles(m, i, cycles);
    if (before->cost == TH_COST_STORE && loads(cost))
        cycles += behind_store(m);
    if (before->spare & TH_WRITES)
        cycles += wait_for_address(m, i, before);
    return cycles;
}

/* ---- the rules -------------------------------------------------------- */

/* Three 32-bit instructions in sequence at 2 mod 4: a switch. */
static uint32_t wide_cycles(struct machine *m, uint32_t pc)
{
    struct cortex_m *c = &m->timing.cortex_m;
    c->wide_run = pc == c->wide_next ? c->wide_run + 1 : 1;
    c->wide_next = pc + 4;
    if (c->wide_run != 3)
        return 0;
    m->unsettled++;
    return c->rule.wide_run;
}

static uint32_t unsettled(struct machine *m, uint32_t cycles)
{
    m->unsettled++;
    return cycles;
}

/* Classes that load or store, but for jumps: they are last. */
static inline bool has_address(uint32_t cost)
{
    return cost >= TH_COST_LOAD && cost <= TH_COST_TABLE;
}

/* What an instruction costs that goes straight on, and has rules. */
static inline uint32_t ruled_cycles(struct machine *m, const struct insn *i,
                                    const struct insn *before, uint32_t cycles,
                                    uint32_t cost)
{
    const struct cortex_m *c = &m->timing.cortex_m;
    switch (cost) {
    case TH_COST_NOP: /* measured: a load hides it */
        return is_load(before) ? c->rule.nop_after_load : cycles;
    case TH_COST_IT:
        return before->size == 2 ? 0 : cycles;
    case TH_COST_DIV:
        return unsettled(m, c->operand_cycles);
    case TH_COST_MULL:
    case TH_COST_MLAL:
        return c->has_dsp ? cycles : unsettled(m, c->operand_cycles);
    case TH_COST_SPECIAL:
        return unsettled(m, c->rule.special);
    case TH_COST_ISB:
        return unsettled(m, cycles);
    case TH_COST_BCC:
        return i->size == 4 ? unsettled(m, c->rule.untaken_wide) : cycles;
    default:
        return has_address(cost) ? access_cycles(m, i, before, cycles, cost)
                                 : cycles;
    }
}

static inline bool core_has_rules(uint32_t cost)
{
    (void)cost;
    return true; /* any 32-bit instruction may lie at 2 mod 4 */
}

static inline uint32_t core_straight(struct machine *m, const struct insn *i,
                                     const struct insn *before, uint32_t pc,
                                     uint32_t cost)
{
    uint32_t cycles = i->price & ~(uint32_t)CORTEX_M_RULED;
    cycles = ruled_cycles(m, i, before, cycles, cost);
    if (i->spare & TH_ODD_WIDE)
        cycles += wide_cycles(m, pc);
    return cycles;
}

/* P: the cycles until the pipeline is full again. */
static inline uint32_t refill(struct machine *m, uint32_t cost)
{
    const struct cortex_m4_rules *rule = &m->timing.cortex_m.rule;
    switch (cost) {
    case TH_COST_BL:
        return unsettled(m, rule->refill_bl);
    case TH_COST_BX:
    case TH_COST_BLX:
    case TH_COST_GOTO:
        return unsettled(m, rule->refill_bx);
    case TH_COST_LDMPC:
        return unsettled(m, rule->refill_load);
    case TH_COST_LOADPC:
    case TH_COST_TABLE:
        return REFILL_LOAD;
    default:
        return REFILL_BRANCH;
    }
}

static inline uint32_t core_jump(struct machine *m, const struct insn *i,
                                 const struct insn *before,
                                 const struct insn *to, uint32_t cost)
{
    uint32_t cycles = i->price & ~(uint32_t)CORTEX_M_RULED;
    if (has_address(cost))
        cycles = access_cycles(m, i, before, cycles, cost);
    cycles += refill(m, cost);
    if (to != NULL && (to->spare & TH_ODD_WIDE))
        cycles += unsettled(m, m->timing.cortex_m.rule.wide_target);
    return cycles;
}

#include "sim/machine/thumb_engine.h"

/* ---- the models ------------------------------------------------------- */

/* A switch: where it is, what it may be, and what it is unless named. */
struct named_switch {
    const char *key;
    size_t at; /* in struct cortex_m4_rules                                  */
    uint8_t low, high, standard;
};

#define RULE(name) #name, offsetof(struct cortex_m4_rules, name)

/* Defaults and candidates: TIMING-cortex-m.md's table of unsettled rules. */
/* clang-format off */
static const struct named_switch switches[] = {
    {RULE(load_then_store),      0, 1, 0}, /* pair of 2: measured            */
    {RULE(store_then_load),      0, 1, 1}, /* pair of 4: measured on M3      */
    {RULE(nop_after_load),       0, 1, 0}, /* measured                       */
    {RULE(refill_bl),            1, 2, 1},
    {RULE(refill_bx),            1, 3, 2}, /* "fits"                         */
    {RULE(refill_load),          2, 3, 3}, /* "closer"                       */
    {RULE(untaken_wide),         1, 2, 1}, /* the manual's                   */
    {RULE(wide_target),          0, 1, 1}, /* measured, two notes            */
    {RULE(wide_run),             0, 1, 0}, /* measured: runs of 9 and 12     */
    {RULE(wide_load),            0, 1, 0},
    {RULE(address_for_multiple), 0, 1, 1}, /* inferred: as for one           */
    {RULE(special),              1, 2, 1}, /* tables differ by revision      */
};
/* clang-format on */

static int read_switches(struct machine *m, struct machine_problem *p)
{
    uint8_t *rules = (uint8_t *)&m->timing.cortex_m.rule;
    for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++) {
        const struct named_switch *s = &switches[i];
        int err = cortex_m_switch(m, s->key, s->low, s->high, s->standard,
                                  &rules[s->at], p);
        if (err < 0)
            return err;
    }
    return 0;
}

static int open_v7(struct machine *m, uint32_t has, struct machine_problem *p)
{
    const char *unaligned = config_option(&m->config, "unaligned", "serve");
    m->timing.cortex_m.has_unaligned = strcmp(unaligned, "serve") == 0;
    if (!m->timing.cortex_m.has_unaligned && strcmp(unaligned, "fault") != 0)
        return machine_problem_set(p, MACHINE_BAD_INPUT,
                                   "option 'unaligned': serve or fault, not "
                                   "'%s'",
                                   unaligned);
    m->timing.cortex_m.entry_cycles = 12;
    int err = read_switches(m, p);
    m->bus.has_log = true;
    return err < 0 ? err : cortex_m_open(m, has, p);
}

static int open_m3(struct machine *m, struct machine_problem *p)
{
    return open_v7(m, TH_V7, p);
}

static int open_m4(struct machine *m, struct machine_problem *p)
{
    return open_v7(m, TH_V7 | TH_DSP, p);
}

const struct core_model cortex_m3_model = {
    .name = "cortex-m3",
    .isa = IMAGE_ARM,
    .version = CORTEX_M4_MODEL_VERSION,
    .claim = "the manual's table; see the count of unsettled events",
    .source = "ARM DDI 0337I sections 3.3.1, 3.3.3; counts of STM32F103",
    .stack_register = TH_SP,
    .link_register = TH_LR,
    .first_argument = 0,
    .n_arguments = 4,
    .open = open_m3,
    .close = cortex_m_close,
    .reset = cortex_m_reset,
    .restart = cortex_m_restart,
    .decode = decode_m4,
    .run = thumb_engine_run,
    .step = thumb_engine_step,
    .code_changed = cortex_m_code_changed,
};

const struct core_model cortex_m4_model = {
    .name = "cortex-m4",
    .isa = IMAGE_ARM,
    .version = CORTEX_M4_MODEL_VERSION,
    .claim = "the manual's table, about 1 % on aligned hand-written code, 3 % "
             "on compiled code; see the count of unsettled events",
    .source = "Arm 100166_0001 sections 3.3.1, 3.3.3; counts of STM32F407",
    .stack_register = TH_SP,
    .link_register = TH_LR,
    .first_argument = 0,
    .n_arguments = 4,
    .open = open_m4,
    .close = cortex_m_close,
    .reset = cortex_m_reset,
    .restart = cortex_m_restart,
    .decode = decode_m4,
    .run = thumb_engine_run,
    .step = thumb_engine_step,
    .code_changed = cortex_m_code_changed,
};
