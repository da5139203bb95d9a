/* hazard3_ops.c - see hazard3_ops.h. */
#include "sim/machine/hazard3_ops.h"

#include "sim/machine/rv32.h"

/* A register that is loaded; x0 and its sink are none. */
static uint8_t loaded(uint8_t d)
{
    return d == MACHINE_SINK ? 0 : d;
}

/* The waits of access `k` of the instruction. */
static uint8_t wait_of(const struct machine *m, uint32_t k)
{
    return k < m->bus.n_log ? m->bus.log[k].waits : 0;
}

static void add_access(struct machine *m, const struct h3_event *e,
                       struct h3_op *op)
{
    uint8_t cost = e->insn->cost;
    bool is_exclusive = cost == RV_COST_LR || cost == RV_COST_SC;
    op->is_amo = cost == RV_COST_AMO && !e->has_no_access;
    op->is_access =
        (cost == RV_COST_LOAD || cost == RV_COST_STORE || is_exclusive) &&
        !e->has_no_access && m->bus.n_log > 0;
    op->wait = wait_of(m, 0);
    op->wait_store = wait_of(m, 1);
    op->is_exclusive = is_exclusive;
    op->waits_exclusive = is_exclusive || cost == RV_COST_AMO;
    if (cost == RV_COST_LOAD || is_exclusive)
        op->load_d = loaded(e->insn->d);
}

/*
 * TIMING-hazard3.md section 2.3: what sets the predictor, what clears it. It
 * happens as soon as the instruction is in X and knows its operands, even if
 * it cannot leave yet.
 */
static void learn(struct h3_op *op, const struct h3_event *e, bool is_predicted)
{
    if (e->insn->cost == RV_COST_FENCEI || (is_predicted && !e->is_taken)) {
        op->learns = true;
    } else if (e->insn->cost == RV_COST_BRANCH && e->is_taken &&
               !is_predicted && e->next_pc < e->pc) {
        op->learns = true;
        op->learned = (struct h3_predictor){.branch = e->pc,
                                            .target = e->next_pc,
                                            .is_valid = 1,
                                            .is_wide = e->insn->size == 4};
    }
}

static void pass_single(struct machine *m, const struct h3_event *e)
{
    struct h3_clock *c = &m->timing.hazard3.clock;
    uint8_t halfwords = e->insn->size / 2;
    struct h3_reads reads = hazard3_reads(e->insn, e->word);
    struct h3_op op = {.halfwords = halfwords,
                       .use = halfwords,
                       .stall = (uint8_t)e->stall,
                       .reads = {reads.reg[0], reads.reg[1]},
                       .is_jump = e->is_jump,
                       .target = e->next_pc};
    bool is_predicted = false;
    add_access(m, e, &op);
    if (op.is_amo)
        op.stall = 0;
    h3_clock_fill(c, halfwords);
    if (e->insn->cost == RV_COST_BRANCH) {
        is_predicted = c->fetch.mark[0] != 0;
        op.is_jump = e->is_taken != is_predicted;
    }
    learn(&op, e, is_predicted);
    h3_clock_issue(c, &op);
}

/* The loads or stores of a register list. */
static void pass_list(struct machine *m, const struct h3_event *e, bool is_load)
{
    struct h3_clock *c = &m->timing.hazard3.clock;
    uint32_t n = rv_list_length(e->insn->x);
    for (uint32_t k = 0; k < n; k++) {
        struct h3_op op = {.halfwords = 1,
                           .reads = {RV_SP, 0},
                           .is_access = !e->has_no_access,
                           .wait = wait_of(m, k)};
        if (is_load)
            op.load_d = (uint8_t)rv_list_register(k);
        h3_clock_issue(c, &op);
    }
}

static void pass_list_insn(struct machine *m, const struct h3_event *e)
{
    struct h3_clock *c = &m->timing.hazard3.clock;
    const struct h3_op zero_a0 = {.halfwords = 1};
    const struct h3_op jump = {.halfwords = 1,
                               .reads = {RV_RA, 0},
                               .is_jump = true,
                               .keeps = true,
                               .target = e->next_pc};
    const struct h3_op move_sp = {
        .halfwords = 1, .use = 1, .reads = {RV_SP, 0}};
    pass_list(m, e, e->insn->cost != RV_COST_PUSH);
    if (e->insn->cost == RV_COST_POPRETZ)
        h3_clock_issue(c, &zero_a0);
    if (e->is_jump)
        h3_clock_issue(c, &jump);
    h3_clock_issue(c, &move_sp);
}

static void pass_moves(struct machine *m, const struct h3_event *e)
{
    struct h3_clock *c = &m->timing.hazard3.clock;
    struct h3_reads reads = hazard3_reads(e->insn, e->word);
    bool is_from_saved = reads.reg[0] != RV_A0;
    struct h3_op first = {.halfwords = 1, .reads = {reads.reg[0], 0}};
    struct h3_op second = {.halfwords = 1, .use = 1};
    second.reads[0] =
        is_from_saved ? (uint8_t)rv_saved_register(e->insn->m) : RV_A1;
    h3_clock_issue(c, &first);
    h3_clock_issue(c, &second);
}

uint64_t hazard3_pass(struct machine *m, const struct h3_event *e)
{
    uint8_t cost = e->insn->cost;
    if (cost >= RV_COST_PUSH && cost <= RV_COST_POPRETZ)
        pass_list_insn(m, e);
    else if (cost == RV_COST_MOVE2)
        pass_moves(m, e);
    else
        pass_single(m, e);
    return m->timing.hazard3.clock.now;
}
