/*
 * thumb_engine.h - the reference engine of the Cortex-M cores
 *
 * Included by a core's own file, which has defined, static inline,
 *
 *   uint32_t core_straight(m, i, before, pc)  cycles of `i` at pc, which has
 *       executed behind the instruction `before` and goes straight on; asked
 *       if i->price has CORTEX_M_RULED, else i->price is all
 *   uint32_t core_jump(m, i, before, to)  cycles of `i` when it leads to the
 *       decoded instruction `to`; null where that is no code
 *   void core_operands(m, i)  told before a division or a long product
 *
 * and gets thumb_engine_run and thumb_engine_step, its core_model.run and
 * .step. So each core's prices are compiled into an engine of its own.
 *
 * execute() expands every row of thumb.def to a case that calls its handler and
 * says how execution goes on. Around it: run_here(), a loop that stays on
 * decoded code as long as nothing special happens; and step_one(), one
 * instruction, whatever it is: the only way through IT blocks and through
 * memory where fetches wait.
 */
#ifndef SIM_MACHINE_THUMB_ENGINE_H
#define SIM_MACHINE_THUMB_ENGINE_H

#include "sim/machine/thumb_call.h"
#include "sim/machine/thumb_math.h"
#include "sim/machine/thumb_memory.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

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
    FLOW_UNKNOWN,   /* not decoded yet                                       */
    FLOW_STOP       /* a stop address                                        */
};

/* The program counter as the manual reads it. */
#define TH_WITH_PC(call) (m->r[TH_PC] = pc + 4, (call))

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
 * With a constant `i` all but one case falls away.
 */
ALWAYS_INLINE enum flow execute(struct machine *m, const struct insn *i,
                                uint32_t pc, uint32_t *value)
{
    switch (i->op) {
    case INSN_UNKNOWN:
        return FLOW_UNKNOWN;
    case INSN_STOP:
        return FLOW_STOP;
#define INSN(picture, name, does, cost, form, needs, manual)                   \
    case THUMB_ROW(__LINE__) + INSN_FIRST_ROW:                                 \
        return TH_DO_##cost(TH_CALL_##form(thumb_##does));
#define LITERAL(picture, name, does, cost, form, needs, manual)                \
    INSN(picture, name, does, cost, form, needs, manual)
#include "sim/machine/thumb.def"
#undef LITERAL
#undef INSN
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

/* ---- what is rare ------------------------------------------------------- */

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

/* BKPT ends the run (DESIGN section 5); no SVC has a handler. */
static void trap(struct machine *m, enum thumb_trap what)
{
    if (what == TH_SVC) {
        machine_fault(m, FAULT_TRAP, m->pc,
                      "SVC: exceptions are not simulated");
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
    m->cycles += core_jump(m, i, &m->timing.cortex_m.before, to);
    cortex_m_restart(m);
    m->pc = target;
}

/* Charge `i`, behind which execution goes on. */
static void go_straight(struct machine *m, const struct insn *i)
{
    struct cortex_m *c = &m->timing.cortex_m;
    m->cycles += i->price < CORTEX_M_RULED
                     ? i->price
                     : core_straight(m, i, &c->before, m->pc);
    c->before = *i;
    m->pc += i->size;
}

/*
 * All that follows the execution of `i` at m->pc: time, counters, the way on.
 * An instruction that faults leaves the program counter on itself.
 */
static void finish(struct machine *m, const struct insn *i, enum flow flow,
                   uint32_t value)
{
    uint64_t waits = m->bus.waits - m->timing.cortex_m.waits_charged;
    bool is_jump = flow == FLOW_TAKEN || flow == FLOW_JUMP;
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

    m->timing.cortex_m.waits_charged = m->bus.waits;
    m->cycles += waits;
    m->instructions++;
    if (is_jump)
        jump_to(m, i, flow == FLOW_TAKEN ? i->imm : value & ~1u);
    else
        go_straight(m, i);
    if (flow == FLOW_LOOK)
        look_at_device(m);
}

/* ---- one instruction ---------------------------------------------------- */

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

/* What a failed condition makes of an instruction: it takes its cycle. */
static void skip(struct machine *m, const struct insn *i)
{
    const struct insn nothing = {.op = INSN_FIRST_ROW,
                                 .size = i->size,
                                 .price = 1,
                                 .cost = TH_COST_ALU0};
    finish(m, &nothing, FLOW_NEXT, 0);
}

/* execute(), for whoever does not loop: one copy of all its cases is enough. */
static __attribute__((noinline)) enum flow execute_once(struct machine *m,
                                                        const struct insn *i,
                                                        uint32_t *value)
{
    return execute(m, i, m->pc, value);
}

/* Execute `i` as the next of the IT block that m->arm.it tells of. */
static void execute_in_it(struct machine *m, const struct insn *i)
{
    struct arm_state before = m->arm;
    uint32_t value = 0;
    if (!is_lawful_in_it(i, before.it)) {
        fault_of_bad(m, FAULT_UNPREDICTABLE);
        return;
    }
    m->arm.it = thumb_it_advance(before.it);
    if (!thumb_it_passes(m, before.it)) {
        skip(m, i);
        return;
    }
    enum flow flow = execute_once(m, i, &value);
    if (i->spare & TH_KEEPS_NZCV) {
        before.it = m->arm.it;
        m->arm = before;
    }
    finish(m, i, flow, value);
    if (m->stop == MACHINE_FAULTED)
        m->arm.it = before.it;
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
    enum flow flow = execute_once(m, &insn, &value);
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

/* ---- many instructions -------------------------------------------------- */

/* The address of `i`, which lies in the code of `r`. */
ALWAYS_INLINE uint32_t address_of(const struct region *r, const struct insn *i)
{
    return r->is.base + ((uint32_t)(i - r->code) << 1);
}

/*
 * Follow the way from one decoded instruction to the next as long as it stays
 * in `r` and nothing special happens. m->pc is where to go on then.
 */
static void run_here(struct machine *m, struct region *r)
{
    static const struct insn nothing = {0};
    struct cortex_m *c = &m->timing.cortex_m;
    const struct insn *code = r->code;
    const uint32_t base = r->is.base;
    const struct insn first = c->before;
    const struct insn *before = &first;
    const struct insn *i = code + ((m->pc - base) >> 1);
    uint64_t cycles = m->cycles;
    uint64_t left = m->limit - m->instructions;
    uint32_t value = 0;
    enum flow flow;
    for (;;) {
        flow = execute(m, i, address_of(r, i), &value);
        if (__builtin_expect(flow == FLOW_NEXT || flow == FLOW_NOT_TAKEN, 1)) {
            cycles += __builtin_expect(i->price < CORTEX_M_RULED, 1)
                          ? i->price
                          : core_straight(m, i, before, address_of(r, i));
            left--;
            before = i;
            i += i->size >> 1;
            continue;
        }
        if (flow == FLOW_UNKNOWN) {
            m->core->decode(m, r, address_of(r, i), &r->code[i - code]);
            continue;
        }
        uint32_t target = flow == FLOW_TAKEN ? i->imm : value & ~1u;
        bool is_plain = flow == FLOW_TAKEN || (flow == FLOW_JUMP && value & 1);
        if (!is_plain || target - base >= r->is.bytes || (int64_t)left <= 0)
            break;
        const struct insn *to = code + ((target - base) >> 1);
        if (__builtin_expect(to->op == INSN_UNKNOWN, 0))
            m->core->decode(m, r, target, &r->code[to - code]);
        cycles += core_jump(m, i, before, to);
        left--;
        before = &nothing;
        i = to;
    }
    c->before = *before;
    m->cycles = cycles;
    m->instructions = m->limit - left;
    m->pc = address_of(r, i);
    if (flow == FLOW_STOP)
        m->stop = MACHINE_STOPPED;
    else
        finish(m, i, flow, value);
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
