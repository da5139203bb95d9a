/*
 * thumb_engine.h - the reference engine of the Cortex-M cores
 *
 * Included by a core's own file, which has defined, static inline,
 *
 *   uint32_t core_straight(m, i, before, pc, cost)  cycles of `i` at pc, of
 *       the class `cost`, which has executed behind the instruction `before`
 *       and goes straight on; asked if i->price has CORTEX_M_RULED, else
 *       i->price is all
 *   uint32_t core_jump(m, i, before, to, cost)  cycles of `i` when it leads to
 *       the decoded instruction `to`; null where that is no code
 *   bool core_has_rules(cost)  may an instruction of the class have that flag?
 *   void core_operands(m, i)  told before a division or a long product
 *
 * and gets thumb_engine_run and thumb_engine_step, its core_model.run and
 * .step. So each core's prices are compiled into an engine of its own.
 *
 * Two expand every row of thumb.def to a call of its handler and to how
 * execution goes on. run_here() stays on decoded code as long as nothing
 * special happens; step_one() executes one instruction, whatever it is: the
 * only way through IT blocks and through memory where fetches wait.
 */
#ifndef SIM_MACHINE_THUMB_ENGINE_H
#define SIM_MACHINE_THUMB_ENGINE_H

#include "sim/machine/thumb_alu.h"
#include "sim/machine/thumb_call.h"
#include "sim/machine/thumb_math.h"
#include "sim/machine/thumb_memory.h"

/* How execution goes on behind an instruction. */
enum flow {
    FLOW_NEXT,      /* straight on                                           */
    FLOW_TAKEN,     /* a branch, to insn.imm                                 */
    FLOW_NOT_TAKEN, /* a branch, straight on                                 */
    FLOW_JUMP,      /* to *value, whose bit 0 must be 1                      */
    FLOW_IT,        /* into an IT block                                      */
    FLOW_LOOK,      /* the bus has something to say                          */
    FLOW_TRAP,      /* *value: enum thumb_trap                               */
    FLOW_BAD,       /* *value: enum fault_kind                               */
    FLOW_STOP,      /* a stop address                                        */
    FLOW_PAUSE      /* nothing has happened                                  */
};

/* The program counter as the manual reads it. */
#define TH_WITH_PC(call) (m->r[TH_PC] = HERE + 4, (call))

/* The flow behind a handler of each cost class. */
#define TH_DO_ALU(call)     (call, FLOW_NEXT)
#define TH_DO_ALU0(call)    (call, FLOW_NEXT)
#define TH_DO_FLAGS(call)   (call, FLOW_NEXT)
#define TH_DO_CMP(call)     (call, FLOW_NEXT)
#define TH_DO_READPC(call)  (TH_WITH_PC(call), FLOW_NEXT)
#define TH_DO_MUL(call)     (call, FLOW_NEXT)
#define TH_DO_MULF(call)    (call, FLOW_NEXT)
#define TH_DO_MLA(call)     (call, FLOW_NEXT)
#define TH_DO_MULL(call)    (core_operands(m, i), call, FLOW_NEXT)
#define TH_DO_MLAL(call)    (core_operands(m, i), call, FLOW_NEXT)
#define TH_DO_DIV(call)     (core_operands(m, i), call, FLOW_NEXT)
#define TH_DO_NOP(call)     (call, FLOW_NEXT)
#define TH_DO_HINT(call)    (call, FLOW_NEXT)
#define TH_DO_WFI(call)     (call, FLOW_NEXT)
#define TH_DO_SPECIAL(call) (call, FLOW_NEXT)
#define TH_DO_BARRIER(call) (call, FLOW_NEXT)
#define TH_DO_ISB(call)     (call, FLOW_NEXT)
#define TH_DO_CPS(call)     (call, FLOW_NEXT)
#define TH_DO_LOAD(call)    ((call) ? FLOW_NEXT : FLOW_LOOK)
#define TH_DO_STORE(call)   ((call) ? FLOW_NEXT : FLOW_LOOK)
#define TH_DO_STORER(call)  ((call) ? FLOW_NEXT : FLOW_LOOK)
#define TH_DO_STREX(call)   ((call) ? FLOW_NEXT : FLOW_LOOK)
#define TH_DO_LDM(call)     ((call) ? FLOW_NEXT : FLOW_LOOK)
#define TH_DO_STM(call)     ((call) ? FLOW_NEXT : FLOW_LOOK)
#define TH_DO_LDRD(call)    ((call) ? FLOW_NEXT : FLOW_LOOK)
#define TH_DO_STRD(call)    ((call) ? FLOW_NEXT : FLOW_LOOK)
#define TH_DO_LOADPC(call)                                                     \
    ((call) ? (*value = m->r[TH_PC], FLOW_JUMP) : FLOW_LOOK)
#define TH_DO_LDMPC(call) TH_DO_LOADPC(call)
#define TH_DO_TABLE(call) TH_DO_LOADPC(TH_WITH_PC(call))
#define TH_DO_GOTO(call)  (*value = TH_WITH_PC(call), FLOW_JUMP)
#define TH_DO_BX(call)    (*value = TH_WITH_PC(call), FLOW_JUMP)
#define TH_DO_BLX(call)   (*value = TH_WITH_PC(call), FLOW_JUMP)
#define TH_DO_B(call)     ((call) ? FLOW_TAKEN : FLOW_NOT_TAKEN)
#define TH_DO_BCC(call)   ((call) ? FLOW_TAKEN : FLOW_NOT_TAKEN)
#define TH_DO_CBZ(call)   ((call) ? FLOW_TAKEN : FLOW_NOT_TAKEN)
#define TH_DO_BL(call)    (TH_WITH_PC(call) ? FLOW_TAKEN : FLOW_NOT_TAKEN)
#define TH_DO_IT(call)    (call, FLOW_IT)
#define TH_DO_TRAP(call)  (*value = (call), FLOW_TRAP)
#define TH_DO_BAD(call)   (*value = (call), FLOW_BAD)

/*
 * Execute `i`, which lies at `pc`. Registers and memory change, time does not.
 */
static enum flow execute(struct machine *m, const struct insn *i, uint32_t pc,
                         uint32_t *value)
{
    switch (i->op) {
#define HERE pc
#define INSN(picture, name, does, cost, form, needs, manual)                   \
    case THUMB_ROW(__LINE__) + INSN_FIRST_ROW:                                 \
        return TH_DO_##cost(TH_CALL_##form(thumb_##does));
#define LITERAL(picture, name, does, cost, form, needs, manual)                \
    INSN(picture, name, does, cost, form, needs, manual)
#include "sim/machine/thumb.def"
#undef LITERAL
#undef INSN
#undef HERE
    default:
        *value = i->x;
        return FLOW_BAD;
    }
}

/* Where execution is: a region, and in it a decoded instruction. */
struct place {
    struct region *region;
    const struct insn *insn;
};

/* False: `pc` is no place to execute; m->stop is set. */
static bool find_place(struct machine *m, uint32_t pc, struct place *out)
{
    m->pc = pc;
    if (pc == MACHINE_PAD) {
        m->stop = MACHINE_RETURNED;
        return false;
    }
    struct region *r = bus_region_at(&m->bus, pc);
    if (r == NULL || r->code == NULL) {
        machine_fault(m, FAULT_UNMAPPED, pc, "jump to where nothing is");
        return false;
    }
    *out = (struct place){r, &r->code[(pc - r->is.base) >> 1]};
    return true;
}

/* ---- what is rare ----------------------------------------------------- */

static void fault_of_bus(struct machine *m)
{
    const struct bus *b = &m->bus;
    bool is_store = b->event_is_store;
    if (b->event == BUS_UNALIGNED)
        machine_fault(m, FAULT_UNALIGNED, b->event_address,
                      is_store ? "misaligned store" : "misaligned load");
    else if (b->event == BUS_READ_ONLY)
        machine_fault(m, FAULT_UNMAPPED, b->event_address,
                      "store to read-only memory");
    else
        machine_fault(m, FAULT_UNMAPPED, b->event_address,
                      is_store ? "store to where nothing is"
                               : "load from where nothing is");
}

static void fault_of_bad(struct machine *m, enum fault_kind kind)
{
    const char *what = "undefined instruction";
    if (kind == FAULT_UNPREDICTABLE)
        what = "unpredictable instruction";
    else if (kind == FAULT_UNIMPLEMENTED)
        what = "instruction that is not simulated";
    else if (kind == FAULT_UNMAPPED)
        what = "instruction that memory ends in";
    machine_fault(m, kind, m->pc, what);
}

/* BKPT ends the run (DESIGN section 5); SVC wants a handler. */
static void trap(struct machine *m, enum thumb_trap what)
{
    if (what == TH_SVC) {
        if (thumb_svc_handler(m) == 0)
            machine_fault(m, FAULT_TRAP, m->pc, "SVC without a handler");
        return;
    }
    m->exit_code = m->r[0];
    m->stop = MACHINE_EXITED;
}

/* The device's turn after a store to it, or the watch's. */
static void look_at_device(struct machine *m)
{
    struct test_device *d = &m->bus.device;
    bus_stamp(&m->bus, m->cycles, m->instructions);
    if (d->exit_written) {
        d->exit_written = false;
        m->exit_code = d->exit_code;
        m->stop = MACHINE_EXITED;
    }
}

/* Charge `i`, which led to `target`. */
static void jump_to(struct machine *m, const struct insn *i, uint32_t target)
{
    const struct insn *to = machine_insn_at(m, target);
    m->cycles += core_jump(m, i, &m->timing.cortex_m.before, to, i->cost);
    cortex_m_restart(m);
    m->pc = target;
}

/* Charge `i`, behind which execution goes on. */
static void go_straight(struct machine *m, const struct insn *i)
{
    struct cortex_m *c = &m->timing.cortex_m;
    m->cycles += i->price < CORTEX_M_RULED
                     ? i->price
                     : core_straight(m, i, &c->before, m->pc, i->cost);
    c->before = *i;
    m->pc += i->size;
}

/* Memory has counted its wait states; they are cycles, too. */
static void charge_waits(struct machine *m)
{
    m->cycles += m->bus.waits - m->timing.cortex_m.waits_charged;
    m->timing.cortex_m.waits_charged = m->bus.waits;
}

/*
 * Into the handler of SVC, which has been charged and lies behind. Arm's
 * product texts tell the cycles; no table does: they count as unsettled.
 */
static void enter_svc(struct machine *m)
{
    uint32_t handler = thumb_svc_handler(m);
    bool is_done = thumb_enter_exception(m, TH_EXCEPTION_SVC, handler);
    m->bus.n_log = 0;
    charge_waits(m);
    if (!is_done) {
        fault_of_bus(m);
        return;
    }
    m->cycles += m->timing.cortex_m.entry_cycles;
    m->unsettled++;
    cortex_m_restart(m);
}

/*
 * Back by `i`, a jump to `value`. No document tells the cycles; inferred: the
 * jump, and one a word that comes back.
 */
static void leave_exception(struct machine *m, const struct insn *i,
                            uint32_t value)
{
    m->bus.event = BUS_OK;
    bool is_done = thumb_leave_exception(m, value);
    uint8_t it = m->arm.it;
    m->bus.n_log = 0;
    charge_waits(m);
    if (!is_done) {
        if (m->bus.event != BUS_OK)
            fault_of_bus(m);
        else
            machine_fault(m, FAULT_UNPREDICTABLE, value,
                          "return to no state that an exception left");
        return;
    }
    m->cycles += core_jump(m, i, &m->timing.cortex_m.before, NULL, i->cost) + 8;
    m->unsettled++;
    m->instructions++;
    cortex_m_restart(m);
    m->arm.it = it;
}

/*
 * All that follows the execution of `i` at m->pc: time, counters, the way on.
 * An instruction that faults leaves the program counter on itself.
 */
static void finish(struct machine *m, const struct insn *i, enum flow flow,
                   uint32_t value)
{
    bool is_jump = flow == FLOW_TAKEN || flow == FLOW_JUMP;
    charge_waits(m);
    if (flow == FLOW_JUMP && thumb_is_exception_return(m, value)) {
        leave_exception(m, i, value);
        return;
    }
    if (flow == FLOW_LOOK && m->bus.event != BUS_DEVICE)
        fault_of_bus(m);
    else if (flow == FLOW_JUMP && (value & 1) == 0)
        machine_fault(m, FAULT_UNALIGNED, value,
                      "jump to an even address: there is no Arm state");
    else if (flow == FLOW_BAD)
        fault_of_bad(m, (enum fault_kind)value);
    else if (flow == FLOW_TRAP)
        trap(m, (enum thumb_trap)value);
    if (m->stop == MACHINE_FAULTED)
        return;

    m->instructions++;
    if (is_jump)
        jump_to(m, i, flow == FLOW_TAKEN ? i->imm : value & ~1u);
    else
        go_straight(m, i);
    if (flow == FLOW_LOOK)
        look_at_device(m);
    else if (flow == FLOW_TRAP && value == TH_SVC)
        enter_svc(m);
}

/* ---- one instruction -------------------------------------------------- */

/*
 * The instruction at m->pc, decoded; from behind a stop, too. Null: there is
 * none, and m->stop says why.
 */
static const struct insn *fetch_one(struct machine *m, struct insn *room)
{
    struct place at;
    if (!find_place(m, m->pc, &at))
        return NULL;
    if (at.insn->op == INSN_STOP) {
        if (!m->is_leaving_stop) {
            m->stop = MACHINE_STOPPED;
            return NULL;
        }
        m->core->decode(m, at.region, m->pc, room);
        return room;
    }
    return machine_insn_at(m, m->pc);
}

/* May `i` stand here in the IT block of state `it`? */
static bool is_lawful_in_it(const struct insn *i, uint8_t it)
{
    bool is_last = (it & 15) == 8;
    return (i->spare & TH_NOT_IN_IT) == 0 &&
           (is_last || (i->spare & TH_LAST_IN_IT) == 0);
}

/* What a failed condition makes of `i`: it takes its cycle. */
static const struct insn *skipped(const struct insn *i)
{
    static const struct insn nothing[] = {
        {.op = INSN_FIRST_ROW, .size = 2, .price = 1, .cost = TH_COST_ALU0},
        {.op = INSN_FIRST_ROW, .size = 4, .price = 1, .cost = TH_COST_ALU0}};
    return &nothing[i->size == 4];
}

/* Execute `i`, whose condition holds: it may not touch the flags. */
static enum flow execute_conditional(struct machine *m, const struct insn *i,
                                     uint32_t pc, uint32_t *value)
{
    const struct arm_state before = m->arm;
    enum flow flow = execute(m, i, pc, value);
    if (i->spare & TH_KEEPS_NZCV) {
        m->arm.n = before.n;
        m->arm.z = before.z;
        m->arm.c = before.c;
        m->arm.v = before.v;
    }
    return flow;
}

/* Execute `i` as the next of the IT block that m->arm.it tells of. */
static void execute_in_it(struct machine *m, const struct insn *i)
{
    const uint8_t it = m->arm.it;
    uint32_t value = 0;
    if (!is_lawful_in_it(i, it)) {
        fault_of_bad(m, FAULT_UNPREDICTABLE);
        return;
    }
    m->arm.it = thumb_it_advance(it);
    if (!thumb_it_passes(m, it)) {
        finish(m, skipped(i), FLOW_NEXT, 0);
        return;
    }
    enum flow flow = execute_conditional(m, i, m->pc, &value);
    finish(m, i, flow, value);
    if (m->stop == MACHINE_FAULTED)
        m->arm.it = it;
}

/* The instruction at m->pc, whatever it is; or m->stop is set. */
static void step_one(struct machine *m)
{
    struct insn room;
    uint32_t value = 0;
    const struct insn *code = fetch_one(m, &room);
    if (code == NULL)
        return;
    struct insn insn = *code; /* it may overwrite itself */
    m->is_leaving_stop = false;
    if (m->timing.cortex_m.has_fetch_wait)
        m->cycles += cortex_m_fetch(m, m->pc, insn.size);
    if (m->arm.it != 0) {
        execute_in_it(m, &insn);
        return;
    }
    enum flow flow = execute(m, &insn, m->pc, &value);
    finish(m, &insn, flow, value);
}

static void thumb_engine_step(struct machine *m, struct retired *out)
{
    uint64_t start = m->cycles;
    uint32_t pc = m->pc;
    uint32_t word = 0;
    if (!machine_peek(m, pc, &word, 4))
        machine_peek(m, pc, &word, 2);
    step_one(m);
    if (m->stop != MACHINE_RUNNING && m->stop != MACHINE_EXITED)
        return;
    uint64_t before = out->cycle;
    *out = (struct retired){.pc = pc,
                            .word = word,
                            .size = (word & 0xffff) >> 11 >= 29 ? 4 : 2,
                            .cycle = m->cycles,
                            .start = start,
                            .cycles = (uint32_t)(m->cycles - before),
                            .next_pc = m->pc};
}

/* ---- many instructions ------------------------------------------------ */

/*
 * Follow the way from one decoded instruction to the next as long as it stays
 * in `r` and nothing special happens. m->pc is where to go on then.
 *
 * Threaded code: a label a row, and at each label's end a jump of its own to
 * the label of the next instruction, so that the host predicts it by what came
 * before (Bell, "Threaded Code", CACM 16(6), 1973; Ertl and Gregg, "The
 * Structure and Performance of Efficient Interpreters", JILP 5, 2003).
 */
static void run_here(struct machine *m, struct region *r)
{
    static const void *const labels[INSN_FIRST_ROW + TH_N_ROWS] = {
        [INSN_UNKNOWN] = &&unknown,
        [INSN_STOP] = &&stop,
        [INSN_BAD] = &&bad,
#define INSN(picture, name, does, cost, form, needs, manual)                   \
    [THUMB_ROW(__LINE__) + INSN_FIRST_ROW] = &&THUMB_JOIN(row_, __LINE__),
#define LITERAL(picture, name, does, cost, form, needs, manual)                \
    INSN(picture, name, does, cost, form, needs, manual)
#include "sim/machine/thumb.def"
#undef LITERAL
#undef INSN
    };
    static const struct insn nothing = {0};
    struct cortex_m *c = &m->timing.cortex_m;
    const struct insn *const code = r->code;
    const uint32_t base = r->is.base;
    const uint32_t bytes = r->is.bytes;
    const struct insn first = c->before;
    const struct insn *before = &first;
    const struct insn *i = code + ((m->pc - base) >> 1);
    uint64_t cycles = m->cycles;
    uint64_t left = m->limit - m->instructions;
    uint32_t out, target, *const value = &out;
    uint8_t it = 0; /* ITSTATE of the instruction, when it runs in a block */
    enum flow flow;
    out = 0;

#define GO_ON() goto *labels[i->op]
#define HERE    (base + ((uint32_t)(i - code) << 1))
/* On at `address`, if that is here and the limit allows it. */
#define TRY_JUMP(address, class)                                               \
    target = (address)-base;                                                   \
    if (target < bytes && (int64_t)left > 0) {                                 \
        struct insn *to = &r->code[target >> 1];                               \
        if (__builtin_expect(to->op == INSN_UNKNOWN, 0))                       \
            m->core->decode(m, r, base + target, to);                          \
        cycles += core_jump(m, i, before, to, (class));                        \
        left--;                                                                \
        before = &nothing;                                                     \
        i = to;                                                                \
        GO_ON();                                                               \
    }
    GO_ON();

#define INSN(picture, name, does, cost, form, needs, manual)                   \
    THUMB_JOIN(row_, __LINE__)                                                 \
        : flow = TH_DO_##cost(TH_CALL_##form(thumb_##does));                   \
    if (__builtin_expect(flow == FLOW_NEXT || flow == FLOW_NOT_TAKEN, 1)) {    \
        cycles += !core_has_rules(TH_COST_##cost) ||                           \
                          __builtin_expect(i->price < CORTEX_M_RULED, 1)       \
                      ? i->price                                               \
                      : core_straight(m, i, before, HERE, TH_COST_##cost);     \
        left--;                                                                \
        before = i;                                                            \
        i += THUMB_IS_WIDE(picture) ? 2 : 1;                                   \
        GO_ON();                                                               \
    }                                                                          \
    if (flow == FLOW_TAKEN) {                                                  \
        TRY_JUMP(i->imm, TH_COST_##cost)                                       \
    }                                                                          \
    goto behind;
#define LITERAL(picture, name, does, cost, form, needs, manual)                \
    INSN(picture, name, does, cost, form, needs, manual)
#include "sim/machine/thumb.def"
#undef LITERAL
#undef INSN

unknown:
    m->core->decode(m, r, HERE, &r->code[i - code]);
    GO_ON();

behind: /* a jump; or an IT; or nothing that goes on here */
    if (flow == FLOW_JUMP && (out & 1) != 0) {
        TRY_JUMP(out & ~1u, i->cost)
    }
    if (flow != FLOW_IT)
        goto leave;
    cycles += core_straight(m, i, before, HERE, TH_COST_IT);
    left--;
    before = i++;
    while ((it = m->arm.it) != 0) { /* what is odd here is step_one()'s */
        const struct insn *charged = i;
        if (i->op == INSN_UNKNOWN)
            m->core->decode(m, r, HERE, &r->code[i - code]);
        if (i->op < INSN_FIRST_ROW || !is_lawful_in_it(i, it))
            goto pause;
        if (!thumb_it_passes(m, it))
            charged = skipped(i);
        else if (i->spare & TH_LAST_IN_IT)
            goto pause;
        m->arm.it = thumb_it_advance(it);
        if (charged == i) {
            flow = execute_conditional(m, i, HERE, value);
            if (flow != FLOW_NEXT)
                goto leave;
        }
        cycles += charged->price < CORTEX_M_RULED
                      ? charged->price
                      : core_straight(m, charged, before, HERE, charged->cost);
        left--;
        before = charged;
        i += i->size / 2;
    }
    GO_ON();

stop:
    flow = FLOW_STOP;
    goto leave;

pause:
    flow = FLOW_PAUSE;
    goto leave;

bad:
    out = i->x;
    flow = FLOW_BAD;

leave:
    c->before = *before;
    m->cycles = cycles;
    m->instructions = m->limit - left;
    m->pc = HERE;
    charge_waits(m);
    if (flow == FLOW_STOP)
        m->stop = MACHINE_STOPPED;
    else if (flow != FLOW_PAUSE)
        finish(m, i, flow, out);
    if (m->stop == MACHINE_FAULTED && it != 0)
        m->arm.it = it;
#undef HERE
#undef TRY_JUMP
#undef GO_ON
}

static void thumb_engine_run(struct machine *m)
{
    struct place at;
    if (m->is_leaving_stop)
        step_one(m);
    while (m->stop == MACHINE_RUNNING) {
        if (m->instructions >= m->limit)
            m->stop = MACHINE_LIMIT;
        else if (m->arm.it != 0 || m->timing.cortex_m.has_fetch_wait)
            step_one(m);
        else if (find_place(m, m->pc, &at))
            run_here(m, at.region);
    }
}

#endif /* SIM_MACHINE_THUMB_ENGINE_H */
