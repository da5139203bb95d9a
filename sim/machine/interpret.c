/*
 * interpret.c - see interpret.h.
 *
 * execute() expands every row of rv32.def to a case that calls its handler and
 * says how execution goes on. Around it: run_fast, a loop that stays on decoded
 * code as long as nothing special happens; step_fast, one instruction by the
 * same prices; step_clocked, one instruction by the general timing model.
 */
#include "sim/machine/interpret.h"

#include "sim/machine/hazard3_flow.h"
#include "sim/machine/hazard3_ops.h"
#include "sim/machine/rv32.h"
#include "sim/machine/rv32_call.h"
#include "sim/machine/rv32_rows.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* How execution goes on behind an instruction. */
enum flow {
    FLOW_NEXT,      /* straight on                                           */
    FLOW_DIVIDED,   /* straight on; *value: extra cycles                     */
    FLOW_JUMP,      /* to *value                                             */
    FLOW_TAKEN,     /* a branch, to insn.imm                                 */
    FLOW_NOT_TAKEN, /* a branch, straight on                                 */
    FLOW_RETURN,    /* popret: to ra                                         */
    FLOW_REFETCH,   /* fence.i                                               */
    FLOW_TRAP,      /* *value: cause; RV_NO_TRAP is mret                     */
    FLOW_LOOK,      /* the bus has something to say                          */
    FLOW_BAD,       /* *value: enum fault_kind                               */
    FLOW_UNKNOWN,   /* not decoded yet                                       */
    FLOW_CAREFUL,   /* to be stepped                                         */
    FLOW_STOP       /* a stop address                                        */
};

/* The address behind the instruction, for what links. */
#define RV_NEXT behind(r, i, pc)

/*
 * Bytes of an instruction by its picture, known to the compiler: the ways on
 * need not wait for a load. 32-bit pictures, and they alone, end in 11.
 */
#define RV_SIZE(picture)                                                       \
    ((picture)[sizeof(picture) - 3] == '1' &&                                  \
             (picture)[sizeof(picture) - 2] == '1'                             \
         ? 4u                                                                  \
         : 2u)

/* The flow behind a handler of each cost class. */
#define RV_DO_ALU(call)     (call, FLOW_NEXT)
#define RV_DO_FENCE(call)   (call, FLOW_NEXT)
#define RV_DO_MOVE2(call)   (call, FLOW_NEXT)
#define RV_DO_LOAD(call)    ((call) ? FLOW_NEXT : FLOW_LOOK)
#define RV_DO_STORE(call)   ((call) ? FLOW_NEXT : FLOW_LOOK)
#define RV_DO_LR(call)      ((call) ? FLOW_NEXT : FLOW_LOOK)
#define RV_DO_SC(call)      ((call) ? FLOW_NEXT : FLOW_LOOK)
#define RV_DO_AMO(call)     ((call) ? FLOW_NEXT : FLOW_LOOK)
#define RV_DO_PUSH(call)    ((call) ? FLOW_NEXT : FLOW_LOOK)
#define RV_DO_POP(call)     ((call) ? FLOW_NEXT : FLOW_LOOK)
#define RV_DO_POPRET(call)  ((call) ? FLOW_RETURN : FLOW_LOOK)
#define RV_DO_POPRETZ(call) ((call) ? FLOW_RETURN : FLOW_LOOK)
#define RV_DO_DIVU(call)    (call, FLOW_NEXT)
#define RV_DO_DIV(call)                                                        \
    (*value = hazard3_sign_price(m->r[i->n]), call, FLOW_DIVIDED)
#define RV_DO_JUMP(call)   (*value = (call), FLOW_JUMP)
#define RV_DO_BRANCH(call) ((call) ? FLOW_TAKEN : FLOW_NOT_TAKEN)
#define RV_DO_FENCEI(call) (call, FLOW_REFETCH)
#define RV_DO_TRAP(call)   (*value = (uint32_t)(call), FLOW_TRAP)
#define RV_DO_BAD(call)    (*value = (uint32_t)(call), FLOW_BAD)
#define RV_DO_CSR(call)                                                        \
    ((call) ? FLOW_NEXT : (*value = rv_csr_missing(i->imm), FLOW_BAD))

/* The address of `i`, which lies in the code of `r`. */
ALWAYS_INLINE uint32_t address_of(const struct region *r, const struct insn *i)
{
    return r->is.base + ((uint32_t)(i - r->code) << 1);
}

/* The address behind `i`. */
ALWAYS_INLINE uint32_t behind(const struct region *r, const struct insn *i,
                              uint32_t pc)
{
    return (r == NULL ? pc : address_of(r, i)) + i->size;
}

/*
 * Execute `i`, which lies in the code of `r`, or at `pc` when `r` is null.
 * Registers and memory change, time does not. With a constant `i` all but one
 * case falls away.
 */
ALWAYS_INLINE enum flow execute(struct machine *m, const struct insn *i,
                                const struct region *r, uint32_t pc,
                                uint32_t *value, uint32_t *size)
{
    *size = 0;
    switch (i->op) {
    case INSN_UNKNOWN:
        return FLOW_UNKNOWN;
    case INSN_STOP:
        return FLOW_STOP;
    case INSN_CAREFUL:
        return FLOW_CAREFUL;
    case INSN_BAD:
        *value = FAULT_UNDEFINED;
        return FLOW_BAD;
#define INSN(picture, name, does, cost, form, needs, manual)                   \
    case RV_ROW(__LINE__) + INSN_FIRST_ROW:                                    \
        *size = RV_SIZE(picture);                                              \
        return RV_DO_##cost(RV_CALL_##form(rv_##does));
#include "sim/machine/rv32.def"
#undef INSN
    default: /* decoding writes nothing else */
        __builtin_unreachable();
    }
}

/* Where execution is: a region, and in it a decoded instruction. */
struct place {
    struct region *region;
    const struct insn *insn;
    uint32_t pc;
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
    *out = (struct place){r, &r->code[(pc - r->is.base) >> 1], pc};
    return true;
}

/* ---- what is rare, on the fast rules ------------------------------------ */

static uint32_t late_at(struct machine *m, uint32_t pc)
{
    const struct insn *i = machine_insn_at(m, pc);
    return i == NULL ? 0 : i->late;
}

/* Unaligned and unmapped accesses as causes of traps and as faults. */
struct exception {
    enum rv_cause cause;
    enum fault_kind kind;
    const char *what;
};

static struct exception exception_of(const struct bus *b)
{
    bool is_store = b->event_is_store;
    if (b->event == BUS_UNALIGNED)
        return (struct exception){
            is_store ? RV_STORE_UNALIGNED : RV_LOAD_UNALIGNED, FAULT_UNALIGNED,
            is_store ? "misaligned store" : "misaligned load"};
    if (b->event == BUS_READ_ONLY)
        return (struct exception){RV_STORE_FAULT, FAULT_UNMAPPED,
                                  "store to read-only memory"};
    return (struct exception){
        is_store ? RV_STORE_FAULT : RV_LOAD_FAULT, FAULT_UNMAPPED,
        is_store ? "store to where nothing is" : "load from where nothing is"};
}

static struct exception exception_of_bad(uint32_t kind)
{
    if (kind == FAULT_UNPREDICTABLE)
        return (struct exception){RV_ILLEGAL, FAULT_UNPREDICTABLE,
                                  "reserved instruction"};
    return (struct exception){RV_ILLEGAL, FAULT_UNDEFINED,
                              "undefined instruction"};
}

static struct exception exception_of_trap(uint32_t cause)
{
    return (struct exception){(enum rv_cause)cause, FAULT_TRAP,
                              cause == RV_ECALL_M ? "ecall" : "ebreak"};
}

/* Is there a handler to go to? If not, the run ends here. */
static bool take_exception(struct machine *m, const struct exception *x,
                           struct h3_event *e)
{
    uint32_t address = x->kind == FAULT_UNALIGNED || x->kind == FAULT_UNMAPPED
                           ? m->bus.event_address
                           : e->pc;
    if (!m->csr.has_handler) {
        machine_fault(m, x->kind, address, x->what);
        return false;
    }
    e->is_trap = true;
    e->next_pc = rv_trap(m, x->cause, e->pc);
    return true;
}

/* ecall, ebreak and mret. */
static bool take_trap(struct machine *m, uint32_t cause, struct h3_event *e)
{
    if (cause == RV_NO_TRAP && !rv_returns_to_machine(m)) {
        machine_fault(m, FAULT_UNIMPLEMENTED, e->pc, "mret to user mode");
        return false;
    }
    if (cause == RV_NO_TRAP) {
        e->is_trap = true;
        e->next_pc = rv_return(m);
        return true;
    }
    struct exception x = exception_of_trap(cause);
    if (cause == RV_BREAKPOINT && !m->csr.has_handler) {
        m->exit_code = m->r[RV_A0];
        m->stop = MACHINE_EXITED;
        return true;
    }
    return take_exception(m, &x, e);
}

/*
 * Where execution goes on behind `e->insn`, which has just executed. Returns
 * whether it retires; an instruction that an exception squashes does not.
 */
static bool follow(struct machine *m, enum flow flow, uint32_t value,
                   struct h3_event *e)
{
    struct exception x;
    e->next_pc = e->pc + e->insn->size;
    switch (flow) {
    case FLOW_DIVIDED:
        e->stall += value;
        return true;
    case FLOW_JUMP:
        e->is_jump = true;
        e->next_pc = value;
        return true;
    case FLOW_TAKEN:
        e->is_taken = true;
        e->next_pc = e->insn->imm;
        return true;
    case FLOW_RETURN:
        e->is_jump = true;
        e->next_pc = m->r[RV_RA] & ~1u;
        return true;
    case FLOW_REFETCH:
        e->is_jump = true;
        return true;
    case FLOW_TRAP:
        return take_trap(m, value, e);
    case FLOW_LOOK:
        if (m->bus.event == BUS_DEVICE)
            return true;
        x = exception_of(&m->bus);
        e->has_no_access = true;
        take_exception(m, &x, e);
        return false;
    case FLOW_BAD:
        if (value == FAULT_UNIMPLEMENTED) {
            machine_fault(m, FAULT_UNIMPLEMENTED, e->pc, "a CSR we lack");
            return false;
        }
        x = exception_of_bad(value);
        take_exception(m, &x, e);
        return false;
    default:
        return true;
    }
}

/* Cycles behind X until the successor may leave it, by the fast rules. */
static uint32_t refill_of(struct machine *m, const struct h3_event *e)
{
    struct hazard3 *h = &m->timing.hazard3;
    const struct insn *i = e->insn;
    uint32_t late = late_at(m, e->next_pc);
    if (e->is_trap) {
        hazard3_flush(h, e->next_pc);
        return HAZARD3_TRAP_REFILL + late;
    }
    if (i->cost == RV_COST_BRANCH) {
        bool is_predicted = hazard3_predicts(h, e->pc);
        if (e->is_taken)
            return is_predicted ? hazard3_taken_as_predicted(m, late)
                                : hazard3_taken(h, e->pc, e->next_pc, late,
                                                i->size == 4);
        return is_predicted ? hazard3_mispredicted(h, e->next_pc, late) : 0;
    }
    if (!e->is_jump)
        return i->spare;
    if (i->cost == RV_COST_FENCEI)
        hazard3_flush(h, e->next_pc);
    else
        hazard3_enter(h, e->next_pc);
    return i->cost == RV_COST_POPRET || i->cost == RV_COST_POPRETZ
               ? late
               : HAZARD3_REFILL + late;
}

/* Charge the instruction; returns the cycle in which it left X. */
static uint64_t charge(struct machine *m, struct h3_event *e, bool is_passed)
{
    struct hazard3 *h = &m->timing.hazard3;
    uint64_t left_x;
    if (h->is_clocked) {
        left_x = is_passed ? h->clock.now : hazard3_pass(m, e);
        if (e->is_trap)
            h3_clock_trap(&h->clock, e->next_pc);
        if (e->is_trap)
            h->clock.predictor.is_valid = 0;
        m->cycles = left_x;
        return left_x;
    }
    left_x = m->cycles + 1 + e->stall;
    m->cycles = left_x + refill_of(m, e);
    return left_x;
}

/* The device's turn after a store to it, or the watch's. */
static void look_at_device(struct machine *m, uint64_t left_x)
{
    struct test_device *d = &m->bus.device;
    bus_stamp(&m->bus, left_x, m->instructions);
    if (d->exit_written) {
        d->exit_written = false;
        m->exit_code = d->exit_code;
        m->stop = MACHINE_EXITED;
    }
}

/*
 * All that follows the execution of `i` at `pc`: time, counters, the way on.
 * `is_passed`: the clocked model has seen it already.
 */
static uint64_t finish(struct machine *m, const struct insn *i, uint32_t pc,
                       enum flow flow, uint32_t value, bool is_passed)
{
    struct h3_event e = {.insn = i, .pc = pc, .word = m->word};
    m->pc = pc;
    if (i->price > 0)
        e.stall = i->price - i->spare - 1u;
    bool retires = follow(m, flow, value, &e);
    if (m->stop == MACHINE_FAULTED)
        return m->cycles;
    uint64_t left_x = charge(m, &e, is_passed);
    m->instructions += retires;
    if (e.is_trap && !(m->csr.mcountinhibit & 4))
        m->csr.instret_offset++; /* TIMING-hazard3.md section 4, 7 */
    m->pc = e.next_pc;
    if (flow == FLOW_LOOK)
        look_at_device(m, left_x);
    return left_x;
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
    if (at.insn->op == INSN_STOP && !m->is_leaving_stop) {
        m->stop = MACHINE_STOPPED;
        return NULL;
    }
    if (at.insn->op != INSN_STOP && at.insn->op != INSN_CAREFUL)
        return machine_insn_at(m, m->pc);
    m->core->decode(m, at.region, m->pc, room);
    return room;
}

/* 32 bits at `pc`, what lies behind a 16-bit instruction included. */
static uint32_t word_at(struct machine *m, uint32_t pc, uint32_t size)
{
    uint32_t word = 0;
    if (!machine_peek(m, pc, &word, 4))
        machine_peek(m, pc, &word, size);
    return word;
}

void interpret_rv32_step(struct machine *m, struct retired *out)
{
    struct insn room;
    const struct insn *code = fetch_one(m, &room);
    if (code == NULL)
        return;
    struct insn insn = *code; /* it may overwrite itself */
    uint32_t pc = m->pc;
    uint32_t value = 0;
    uint64_t before = out->cycle;
    bool is_passed = false;

    *out = (struct retired){.pc = pc, .size = insn.size};
    out->word = word_at(m, pc, insn.size);
    m->word = out->word;
    m->bus.n_log = 0;
    m->is_leaving_stop = false;
    if (m->timing.hazard3.is_clocked && insn.cost == RV_COST_CSR) {
        struct h3_event e = {.insn = &insn,
                             .pc = pc,
                             .word = m->word,
                             .next_pc = pc + insn.size};
        m->cycles = hazard3_pass(m, &e);
        is_passed = true;
    }
    uint32_t size;
    enum flow flow = execute(m, &insn, NULL, pc, &value, &size);
    out->cycle = finish(m, &insn, pc, flow, value, is_passed);
    out->cycles = (uint32_t)(out->cycle - before);
    out->next_pc = m->pc;
    out->start = out->cycle + 1 + insn.spare - insn.price -
                 (flow == FLOW_DIVIDED ? value : 0);
    if (flow == FLOW_RETURN) /* the core's counter has moved on with the jump */
        out->pc = m->pc;
}

static void run_clocked(struct machine *m)
{
    struct retired r = {0};
    while (m->stop == MACHINE_RUNNING) {
        interpret_rv32_step(m, &r);
        if (m->instructions >= m->limit && m->stop == MACHINE_RUNNING)
            m->stop = MACHINE_LIMIT;
    }
}

/* ---- many instructions --------------------------------------------------- */

/* Decode where the loop arrives; CSR instructions want to know the time. */
static void decode_at(struct machine *m, struct region *r, uint32_t pc)
{
    struct insn *i = &r->code[(pc - r->is.base) >> 1];
    m->core->decode(m, r, pc, i);
    if (i->op != INSN_BAD && i->cost == RV_COST_CSR)
        i->op = INSN_CAREFUL;
}

/*
 * Follow the way from one decoded instruction to the next as long as it stays
 * in `r` and nothing special happens. m->pc is where to go on then. The
 * counters live in registers here; what looks at them is rare.
 */
static void run_here(struct machine *m, struct region *r)
{
    struct hazard3 *h = &m->timing.hazard3;
    const struct insn *const code = r->code;
    const uint32_t base = r->is.base;
    const uint32_t bytes = r->is.bytes;
    const uint64_t limit = m->limit;
    const struct insn *i = code + ((m->pc - base) >> 1);
    uint64_t cycles = m->cycles;
    uint64_t instructions = m->instructions;
    enum flow flow;
    uint32_t value = 0, pc;

    for (;;) {
        uint32_t target, size;
        flow = execute(m, i, r, 0, &value, &size);
        if (flow == FLOW_NEXT) {
            cycles += i->price;
            instructions++;
            i += size >> 1;
            continue;
        }
        pc = address_of(r, i);
        switch (flow) {
        case FLOW_DIVIDED:
            cycles += (uint64_t)i->price + value;
            instructions++;
            i += size >> 1;
            continue;
        case FLOW_NOT_TAKEN:
            if (hazard3_predicts(h, pc))
                goto special;
            cycles++;
            instructions++;
            i += size >> 1;
            continue;
        case FLOW_UNKNOWN:
            decode_at(m, r, pc);
            continue;
        case FLOW_TAKEN:
            target = i->imm;
            break;
        case FLOW_JUMP:
            target = value;
            break;
        case FLOW_RETURN:
            target = m->r[RV_RA] & ~1u;
            break;
        default:
            goto special;
        }

        const struct insn *to = code + ((target - base) >> 1);
        if (target - base >= bytes || instructions >= limit ||
            to->op == INSN_UNKNOWN)
            goto special;
        instructions++;
        cycles += i->price + to->late;
        if (flow == FLOW_TAKEN && hazard3_predicts(h, pc)) {
            cycles -= to->late;
            cycles += hazard3_taken_as_predicted(m, to->late);
        } else if (flow == FLOW_TAKEN) {
            cycles += hazard3_taken(h, pc, target, 0, i->size == 4);
        } else {
            cycles += flow == FLOW_JUMP ? HAZARD3_REFILL : 0;
            hazard3_enter(h, target);
        }
        i = to;
    }

special:
    m->cycles = cycles;
    m->instructions = instructions;
    m->pc = pc;
    if (flow == FLOW_STOP)
        m->stop = MACHINE_STOPPED;
    else if (flow == FLOW_CAREFUL)
        interpret_rv32_step(m, &(struct retired){.pc = pc});
    else
        finish(m, i, pc, flow, value, false);
}

void interpret_rv32(struct machine *m)
{
    struct place at;
    if (m->timing.hazard3.is_clocked) {
        run_clocked(m);
        return;
    }
    if (m->is_leaving_stop) {
        struct retired r = {0};
        interpret_rv32_step(m, &r);
    }
    while (m->stop == MACHINE_RUNNING) {
        if (m->instructions >= m->limit)
            m->stop = MACHINE_LIMIT;
        else if (find_place(m, m->pc, &at))
            run_here(m, at.region);
    }
}
