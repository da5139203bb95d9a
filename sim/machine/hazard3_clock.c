/* hazard3_clock.c - see hazard3_clock.h. */
#include "sim/machine/hazard3_clock.h"

/* What X asks for in one clock. */
struct x_wish {
    bool wants_data;   /* a load or store address                            */
    uint8_t data_wait; /* wait states that it will meet                      */
    bool leaves;       /* the operation leaves X if its wishes are granted   */
    struct h3_step step;
    uint8_t load_d; /* what it takes to M                                    */
    bool is_exclusive;
};

void h3_clock_reset(struct h3_clock *c, struct bus *bus, bool is_one_port,
                    uint32_t pc)
{
    *c = (struct h3_clock){.bus = bus, .is_one_port = is_one_port};
    h3_fetch_reset(&c->fetch, pc);
}

static uint8_t fetch_wait(struct h3_clock *c, uint32_t address)
{
    if (c->region == NULL ||
        address - c->region->is.base >= c->region->is.bytes)
        c->region = bus_region_at(c->bus, address);
    return c->region == NULL ? 0 : c->region->is.wait_fetch;
}

static bool data_is_ready(const struct h3_clock *c)
{
    return !c->is_data_busy || c->data_wait == 0;
}

/* Can a load or store address be accepted in this clock? */
static bool data_is_granted(const struct h3_clock *c)
{
    if (!data_is_ready(c))
        return false;
    if (!c->is_one_port)
        return true;
    return h3_fetch_is_ready(&c->fetch) &&
           !(c->is_bus_pinned && !c->is_pinned_to_data);
}

/*
 * One clock. On one bus a load or store wins over a fetch, unless a request of
 * the other side stood there already while the bus was not ready: an address
 * once shown must stay.
 */
static void tick(struct h3_clock *c, struct x_wish *x)
{
    bool m_is_stalled = !data_is_ready(c);
    bool wants_fetch = h3_fetch_wants(&c->fetch, x->step.is_jump);
    bool is_ready = h3_fetch_is_ready(&c->fetch);
    bool takes_data = x->wants_data && data_is_granted(c);

    if (c->is_one_port) {
        is_ready = is_ready && data_is_ready(c);
        bool to_data = c->is_bus_pinned ? c->is_pinned_to_data : x->wants_data;
        c->is_bus_pinned = !is_ready && (x->wants_data || wants_fetch);
        c->is_pinned_to_data = to_data;
        x->step.is_granted = is_ready && !to_data;
    } else {
        x->step.is_granted = is_ready;
    }
    x->step.wait = fetch_wait(
        c, h3_fetch_address(&c->fetch, x->step.is_jump, x->step.target));
    h3_fetch_clock(&c->fetch, &c->predictor, &x->step);

    if (data_is_ready(c))
        c->is_data_busy = false;
    else
        c->data_wait--;
    if (takes_data) {
        c->is_data_busy = true;
        c->data_wait = x->data_wait;
    }
    if (!m_is_stalled) {
        c->m_load = x->leaves ? x->load_d : 0;
        c->m_exclusive = x->leaves && x->is_exclusive;
    }
    c->now++;
}

void h3_clock_fill(struct h3_clock *c, uint8_t halfwords)
{
    while (c->fetch.level < halfwords) {
        struct x_wish idle = {0};
        tick(c, &idle);
    }
}

/* Does `op` have to wait for what M holds? */
static bool must_wait(const struct h3_clock *c, const struct h3_op *op)
{
    if (c->m_load != 0 &&
        (op->reads[0] == c->m_load || op->reads[1] == c->m_load))
        return true;
    return op->waits_exclusive && c->m_exclusive;
}

/* An AMO: load address, load data, store address, store data, all in X. */
static void issue_amo(struct h3_clock *c, const struct h3_op *op)
{
    for (int phase = 0; phase < 4;) {
        bool is_waiting = phase == 0 && must_wait(c, op);
        struct x_wish x = {0};
        bool goes_on;
        if (phase % 2 == 0) {
            x.wants_data = !is_waiting;
            x.data_wait = phase == 0 ? op->wait : op->wait_store;
            goes_on = x.wants_data && data_is_granted(c);
        } else {
            goes_on = data_is_ready(c);
        }
        if (phase == 3 && goes_on)
            x.step.use = op->use;
        tick(c, &x);
        phase += goes_on;
    }
}

void h3_clock_issue(struct h3_clock *c, const struct h3_op *op)
{
    h3_clock_fill(c, op->halfwords);
    if (op->is_amo) {
        issue_amo(c, op);
        return;
    }
    uint32_t left = op->stall;
    bool is_sent = !op->is_jump; /* a jump goes out once, even when M stalls */
    for (bool is_done = false; !is_done;) {
        bool is_waiting = must_wait(c, op);
        struct x_wish x = {.load_d = op->load_d,
                           .is_exclusive = op->is_exclusive};
        x.wants_data = op->is_access && !is_waiting;
        x.data_wait = op->wait;
        x.step.is_jump = !is_sent && !is_waiting && !c->fetch.is_held;
        x.step.target = op->target;
        is_sent = is_sent || x.step.is_jump;
        is_done = !is_waiting && left == 0 && is_sent && data_is_ready(c) &&
                  (!op->is_access || data_is_granted(c));
        x.leaves = is_done;
        x.step.use = is_done ? op->use : 0;
        if (x.step.is_jump && (op->keeps || !is_done)) {
            x.step.keeps = true;
            x.step.keep_size = op->halfwords;
        }
        if (!is_waiting && left > 0)
            left--;
        tick(c, &x);
        if (op->learns && !is_waiting)
            c->predictor = op->learned;
    }
}

void h3_clock_trap(struct h3_clock *c, uint32_t target)
{
    for (bool is_sent = false; !is_sent;) {
        struct x_wish x = {0};
        x.step.is_jump = is_sent = !c->fetch.is_held && data_is_ready(c);
        x.step.target = target;
        tick(c, &x);
    }
}
