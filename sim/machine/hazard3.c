/* hazard3.c - see hazard3.h: the core's model, and its loops' fetch. */
#include "sim/machine/hazard3.h"

#include <stdlib.h>
#include <string.h>

#include "sim/machine/hazard3_flow.h"
#include "sim/machine/interpret.h"
#include "sim/machine/rv32.h"
#include "sim/machine/rv32_rows.h"

/* The clock of the reset: the first instruction leaves X in cycle 3. */
enum { RESET_CYCLES = 2 };

/* ---- loops to a misaligned target -------------------------------------- */

static void fetch_clock(struct hazard3 *h, uint8_t use)
{
    struct h3_step step = {.use = use, .is_granted = true};
    h3_fetch_clock(&h->fetch, &h->predictor, &step);
}

/* Idle until `halfwords` are in X; returns the cycles that took. */
static uint32_t fetch_fill(struct hazard3 *h, uint8_t halfwords)
{
    uint32_t cycles = 0;
    while (h->fetch.level < halfwords) {
        fetch_clock(h, 0);
        cycles++;
    }
    return cycles;
}

/* The state in which the instruction that a jump led to is in X. */
static void fetch_after_jump(struct hazard3 *h, uint32_t target,
                             uint8_t halfwords)
{
    struct h3_step jump = {
        .is_jump = true, .target = target, .is_granted = true};
    h3_fetch_reset(&h->fetch, target);
    h3_fetch_clock(&h->fetch, &h->predictor, &jump);
    fetch_fill(h, halfwords);
}

/*
 * From the instruction at h->entry, in X, straight on until the predicted
 * branch has left it and its target is there. Returns the cycles that waited
 * for fetch. Bounded: fetch came through here in sequence, so the branch lies
 * ahead; code that was changed meanwhile ends the walk.
 */
static uint32_t walk_to_branch(struct machine *m)
{
    struct hazard3 *h = &m->timing.hazard3;
    uint32_t extra = 0;
    for (uint32_t pc = h->entry;;) {
        const struct insn *i = machine_insn_at(m, pc);
        if (i == NULL || i->size == 0)
            break;
        extra += fetch_fill(h, i->size / 2);
        for (uint32_t k = i->spare + 1u; k < i->price; k++)
            fetch_clock(h, 0);
        fetch_clock(h, i->size / 2);
        for (uint32_t k = 0; k < i->spare; k++)
            fetch_clock(h, 0);
        if (pc == h->predictor.branch)
            break;
        pc += i->size;
    }
    return extra + fetch_fill(h, 2);
}

/* Nothing may lead to way `k` any more. */
static void forget_loop(struct hazard3 *h, uint8_t k)
{
    for (uint32_t i = 0; i < HAZARD3_N_LOOPS; i++)
        if (h->loops[i].next == k)
            h->loops[i].next = HAZARD3_NO_LOOP;
}

static bool has_predictor(const struct hazard3_loop *l, const struct hazard3 *h)
{
    return memcmp(&l->predictor, &h->predictor, sizeof l->predictor) == 0;
}

/* Walk the way that begins at h->entry in the state h->fetch; keep it in k. */
static void learn_loop(struct machine *m, uint8_t k, bool is_fresh)
{
    struct hazard3 *h = &m->timing.hazard3;
    struct hazard3_loop *l = &h->loops[k];
    forget_loop(h, k);
    *l = (struct hazard3_loop){.is_known = true,
                               .is_fresh = is_fresh,
                               .next = HAZARD3_NO_LOOP,
                               .from = h->entry,
                               .predictor = h->predictor,
                               .before = h->fetch};
    l->extra = (uint8_t)walk_to_branch(m);
    l->after = h->fetch;
    h->has_loops = true;
}

/* The way from a real jump to the branch. */
static uint8_t fresh_loop(struct machine *m)
{
    struct hazard3 *h = &m->timing.hazard3;
    uint32_t hash = h->entry >> 1 ^ h->predictor.branch >> 3;
    uint8_t k = (uint8_t)(hash % HAZARD3_N_LOOPS);
    const struct hazard3_loop *l = &h->loops[k];
    if (l->is_known && l->is_fresh && l->from == h->entry &&
        has_predictor(l, h))
        return k;
    const struct insn *first = machine_insn_at(m, h->entry);
    fetch_after_jump(h, h->entry, first == NULL ? 1 : first->size / 2);
    learn_loop(m, k, true);
    return k;
}

/* The way from the branch's target, in the state h->fetch, to the branch. */
static uint8_t folded_loop(struct machine *m)
{
    struct hazard3 *h = &m->timing.hazard3;
    for (uint32_t k = 0; k < HAZARD3_N_LOOPS; k++) {
        const struct hazard3_loop *l = &h->loops[k];
        if (l->is_known && !l->is_fresh && l->from == h->entry &&
            has_predictor(l, h) &&
            memcmp(&l->before, &h->fetch, sizeof l->before) == 0)
            return (uint8_t)k;
    }
    do
        h->victim = (uint8_t)((h->victim + 1) % HAZARD3_N_LOOPS);
    while (h->victim == h->loop);
    learn_loop(m, h->victim, false);
    return h->victim;
}

uint32_t hazard3_loop_extra(struct machine *m)
{
    struct hazard3 *h = &m->timing.hazard3;
    uint8_t from = h->is_folded ? h->loop : HAZARD3_NO_LOOP;
    uint8_t to = HAZARD3_NO_LOOP;
    if (!h->is_folded) {
        to = fresh_loop(m);
    } else if (from == HAZARD3_NO_LOOP) {
        to = folded_loop(m);
    } else if ((to = h->loops[from].next) == HAZARD3_NO_LOOP) {
        h->fetch = h->loops[from].after;
        to = folded_loop(m);
        h->loops[from].next = to;
    }
    h->loop = to;
    return h->loops[to].extra;
}

/* ---- the model ---------------------------------------------------------- */

static bool has_waits(const struct machine *m)
{
    for (uint32_t i = 0; i < m->config.n_regions; i++) {
        const struct region_config *r = &m->config.regions[i];
        if (r->wait_fetch != 0 || r->wait_load != 0 || r->wait_store != 0)
            return true;
    }
    return false;
}

static int read_extensions(const struct machine *m, uint32_t *has,
                           struct machine_problem *p)
{
    const char *name = config_option(&m->config, "extensions", "rp2350");
    *has = RV_M | RV_C | RV_ZIFENCEI;
    if (strcmp(name, "rp2350") == 0)
        *has |= RV_A | RV_ZBA | RV_ZBB | RV_ZBS | RV_ZBKB | RV_ZCB | RV_ZCMP |
                RV_XH3BEXTM | RV_ZBB_ZBKB;
    else if (strcmp(name, "rv32imac") == 0)
        *has |= RV_A;
    else if (strcmp(name, "rv32imc") != 0)
        return machine_problem_set(p, MACHINE_BAD_INPUT,
                                   "option 'extensions': rp2350, rv32imac or "
                                   "rv32imc, not '%s'",
                                   name);
    return 0;
}

static int open_hazard3(struct machine *m, struct machine_problem *p)
{
    const char *engine = config_option(&m->config, "engine", "auto");
    uint32_t has;
    int err = read_extensions(m, &has, p);
    if (err < 0)
        return err;
    if (strcmp(engine, "auto") != 0 && strcmp(engine, "clocked") != 0)
        return machine_problem_set(p, MACHINE_BAD_INPUT,
                                   "option 'engine': auto or clocked, not '%s'",
                                   engine);
    m->timing.hazard3.is_clocked =
        m->config.one_port || has_waits(m) || strcmp(engine, "clocked") == 0;
    bus_set_fast(&m->bus, !m->timing.hazard3.is_clocked);
    m->bus.has_log = m->timing.hazard3.is_clocked;
    m->csr.now_bias = !m->timing.hazard3.is_clocked;
    return insn_compile(&m->table, rv_rows, RV_N_ROWS, rv_forms, has, p);
}

static void close_hazard3(struct machine *m)
{
    insn_table_close(&m->table);
}

static void restart_hazard3(struct machine *m)
{
    struct hazard3 *h = &m->timing.hazard3;
    hazard3_enter(h, m->pc);
    if (!h->is_clocked)
        return;
    uint64_t now = h->clock.now;
    const struct insn *i = machine_insn_at(m, m->pc);
    h3_clock_trap(&h->clock, m->pc);
    h3_clock_fill(&h->clock, i == NULL ? 1 : i->size / 2);
    h->clock.now = now;
}

static void reset_hazard3(struct machine *m, uint32_t entry)
{
    struct hazard3 *h = &m->timing.hazard3;
    rv_reset(m, entry);
    hazard3_flush(h, entry);
    memset(h->loops, 0, sizeof h->loops);
    h->has_loops = false;
    h->loop = HAZARD3_NO_LOOP;
    h3_clock_reset(&h->clock, &m->bus, m->config.one_port, entry);
    m->cycles = 0;
    if (!h->is_clocked) {
        const struct insn *first = machine_insn_at(m, entry);
        m->cycles = RESET_CYCLES + (first == NULL ? 0 : first->late);
    }
}

static void code_changed(struct machine *m, uint32_t address, uint32_t bytes)
{
    struct hazard3 *h = &m->timing.hazard3;
    (void)address;
    (void)bytes;
    if (!h->has_loops)
        return;
    if (h->is_folded && h->loop != HAZARD3_NO_LOOP)
        h->fetch = h->loops[h->loop].after;
    h->loop = HAZARD3_NO_LOOP;
    memset(h->loops, 0, sizeof h->loops);
    h->has_loops = false;
}

/* jal, jalr, c.jal or c.jalr that link to ra. */
static bool is_return_address(struct machine *m, uint32_t address)
{
    for (uint32_t size = 4; size >= 2; size -= 2) {
        const struct insn *i = machine_insn_at(m, address - size);
        if (i != NULL && i->size == size && i->cost == RV_COST_JUMP &&
            i->d == RV_RA)
            return true;
    }
    return false;
}

const struct core_model hazard3_model = {
    .name = "hazard3",
    .isa = IMAGE_RISCV,
    .version = HAZARD3_MODEL_VERSION,
    .claim = "cycle-exact against the core's RTL, M-mode, no interrupts",
    .source = "Hazard3 RTL v1.0-rc1, measured; RP2350 datasheet, 3.8",
    .stack_register = RV_SP,
    .link_register = RV_RA,
    .first_argument = RV_A0,
    .n_arguments = 8,
    .global_symbol = "__global_pointer$",
    .global_register = 3,
    .open = open_hazard3,
    .close = close_hazard3,
    .reset = reset_hazard3,
    .restart = restart_hazard3,
    .decode = hazard3_decode,
    .run = interpret_rv32,
    .step = interpret_rv32_step,
    .is_return_address = is_return_address,
    .code_changed = code_changed,
};
