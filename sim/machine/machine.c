/* machine.c - see machine.h. */
#include "sim/machine/machine.h"

#include <stdlib.h>

#include "sim/machine/snapshot.h"

const struct core_model *const core_models[] = {
    &cortex_m0plus_model, &cortex_m0_model, &cortex_m3_model,
    &cortex_m4_model,     &hazard3_model,   NULL};

const struct core_model *core_model_find(const char *name)
{
    for (int i = 0; core_models[i] != NULL; i++)
        if (strcmp(core_models[i]->name, name) == 0)
            return core_models[i];
    return NULL;
}

/* ---- code that changes -------------------------------------------------- */

enum { CODE_BEHIND = 6 }; /* bytes before a change that it may concern       */

/*
 * Forget what was decoded from [address, address + bytes) and just before it:
 * a price may depend on the instruction behind.
 */
static void forget_code(struct machine *m, struct region *r, uint32_t address,
                        uint32_t bytes)
{
    uint32_t offset = address - r->is.base;
    uint32_t first = offset < CODE_BEHIND ? 0 : (offset - CODE_BEHIND) / 2;
    uint32_t last = (offset + bytes - 1) / 2;
    bool was_code = false;
    for (uint32_t i = first; i <= last; i++) {
        was_code = was_code || r->code[i].op != INSN_UNKNOWN;
        if (r->code[i].op != INSN_STOP)
            r->code[i].op = INSN_UNKNOWN;
    }
    if (was_code)
        m->core->code_changed(m, address, bytes);
}

static void on_guarded(void *context, struct region *r, uint32_t address,
                       uint32_t bytes)
{
    struct machine *m = context;
    uint32_t first = (address - r->is.base) >> BUS_PAGE_BITS;
    uint32_t last = (address - r->is.base + bytes - 1) >> BUS_PAGE_BITS;
    for (uint32_t page = first; page <= last; page++) {
        if (r->guard[page] & GUARD_SAVE)
            snapshot_save_page(m, r, page);
        if (r->guard[page] & GUARD_CODE)
            forget_code(m, r, address, bytes);
    }
}

struct insn *machine_insn_at(struct machine *m, uint32_t address)
{
    struct region *r = bus_region_at(&m->bus, address);
    if (r == NULL || r->code == NULL)
        return NULL;
    struct insn *i = &r->code[(address - r->is.base) >> 1];
    if (i->op == INSN_UNKNOWN)
        m->core->decode(m, r, address, i);
    return i;
}

/* ---- opening, loading ---------------------------------------------------- */

/* Both have freed what they took when they fail. */
static int open_parts(struct machine *m, struct machine_problem *p)
{
    int err = bus_open(&m->bus, &m->config, p);
    if (err < 0)
        return err;
    m->bus.on_guarded = on_guarded;
    m->bus.context = m;
    err = m->core->open(m, p);
    if (err < 0)
        bus_close(&m->bus);
    return err;
}

int machine_open(struct machine *m, const struct machine_config *config,
                 struct machine_problem *p)
{
    *m = (struct machine){.config = *config, .entry = config->reset_pc};
    m->core = core_model_find(config->core);
    if (m->core == NULL)
        return machine_problem_set(p, MACHINE_BAD_INPUT, "no core '%s'",
                                   config->core);
    int err = config_check(config, p);
    if (err == 0)
        err = open_parts(m, p);
    if (err < 0)
        return err;
    machine_reset(m);
    return 0;
}

void machine_close(struct machine *m)
{
    while (m->snapshots != NULL)
        machine_drop(m);
    m->core->close(m);
    bus_close(&m->bus);
}

/*
 * Put a segment's content at `address`, zeros behind it. What a start-up code
 * copies to RAM lies at both its addresses, so that functions can be called
 * without it.
 */
static void place(struct machine *m, uint32_t address, const struct segment *s,
                  uint32_t bytes)
{
    uint8_t *host = bus_host(&m->bus, address, bytes);
    if (host == NULL || bytes == 0)
        return;
    on_guarded(m, bus_region_at(&m->bus, address), address, bytes);
    memset(host, 0, bytes);
    memcpy(host, s->data, s->file_bytes);
}

int machine_load(struct machine *m, const struct image *image,
                 struct machine_problem *p)
{
    static const char *const names[] = {"Arm", "RISC-V"};
    if (image->isa != m->core->isa)
        return machine_problem_set(
            p, MACHINE_BAD_INPUT, "%s: a program for %s; %s is %s", image->name,
            names[image->isa], m->config.name, names[m->core->isa]);
    for (uint32_t i = 0; i < image->n_segments; i++) {
        const struct segment *s = &image->segments[i];
        uint8_t *host = bus_host(&m->bus, s->address, s->bytes);
        if (host == NULL)
            return machine_problem_set(
                p, MACHINE_BAD_INPUT,
                "%s: segment %u, %u bytes at 0x%08x, is not in the memory of "
                "%s",
                image->name, i, s->bytes, s->address, m->config.name);
    }
    for (uint32_t i = 0; i < image->n_segments; i++) {
        const struct segment *s = &image->segments[i];
        place(m, s->load, s, s->file_bytes);
        place(m, s->address, s, s->bytes);
    }
    const struct symbol *global = NULL;
    if (m->core->global_symbol != NULL)
        global = image_symbol(image, m->core->global_symbol);
    m->global_pointer = global == NULL ? 0 : global->address;
    m->image = image;
    m->entry = image->has_entry ? image->entry : m->config.reset_pc;
    return 0;
}

/* The end of the first RAM, when the configuration names no stack. */
static uint32_t first_stack(const struct machine *m)
{
    if (m->config.reset_sp != 0)
        return m->config.reset_sp;
    for (uint32_t i = 0; i < m->config.n_regions; i++)
        if (m->config.regions[i].kind == REGION_RAM)
            return m->config.regions[i].base + m->config.regions[i].bytes;
    return 0;
}

static void reset_device(struct test_device *d)
{
    d->mark_written = d->exit_written = d->is_open = false;
    d->n_regions = d->n_results = d->n_output = 0;
}

void machine_reset(struct machine *m)
{
    m->stop = MACHINE_RUNNING;
    m->fault = (struct fault){0};
    m->exit_code = 0;
    m->instructions = m->unsettled = 0;
    m->bus.loads = m->bus.stores = m->bus.waits = 0;
    m->n_calls = 0;
    m->is_leaving_stop = false;
    m->lowest_sp = ~0u;
    reset_device(&m->bus.device);
    m->core->reset(m, m->entry);
}

/* ---- running ------------------------------------------------------------- */

static bool is_stop(const struct machine *m, uint32_t address)
{
    for (uint32_t i = 0; i < m->n_stops; i++)
        if (m->stops[i] == address)
            return true;
    return false;
}

/* Whatever stopped it last: the guest may go on, past a stop at pc. */
static void set_off(struct machine *m, uint64_t limit)
{
    m->is_leaving_stop = m->stop == MACHINE_STOPPED && is_stop(m, m->pc);
    m->stop = MACHINE_RUNNING;
    m->limit = limit == 0 || limit > ~m->instructions ? ~0ull
                                                      : m->instructions + limit;
}

enum machine_stop machine_run(struct machine *m, uint64_t limit)
{
    set_off(m, limit);
    m->core->run(m);
    return m->stop;
}

enum machine_stop machine_step(struct machine *m, struct retired *out)
{
    set_off(m, 0);
    m->core->step(m, out);
    return m->stop;
}

struct counters machine_counters(const struct machine *m)
{
    return (struct counters){
        .cycles = m->cycles,
        .instructions = m->instructions,
        .loads = m->bus.loads,
        .stores = m->bus.stores,
        .waits = m->bus.waits,
        .unsettled = m->unsettled,
    };
}

static struct counters difference(const struct counters *to,
                                  const struct counters *from)
{
    return (struct counters){
        .cycles = to->cycles - from->cycles,
        .instructions = to->instructions - from->instructions,
        .loads = to->loads - from->loads,
        .stores = to->stores - from->stores,
        .waits = to->waits - from->waits,
        .unsettled = to->unsettled - from->unsettled,
    };
}

static uint32_t *stack_pointer(struct machine *m)
{
    return &m->r[m->core->stack_register];
}

/* Run inside the innermost call; tell what came of it. */
static enum machine_stop run_call(struct machine *m, uint64_t limit,
                                  struct outcome *out)
{
    struct call_frame *f = &m->calls[m->n_calls - 1];
    set_off(m, limit);
    m->core->run(m);
    struct counters now = machine_counters(m);
    *out = (struct outcome){
        .why = m->stop,
        .result = m->stop == MACHINE_EXITED ? m->exit_code
                                            : m->r[m->core->first_argument],
        .spent = difference(&now, &f->start),
        .stack_bytes = m->lowest_sp < f->sp ? f->sp - m->lowest_sp : 0,
    };
    if (m->stop == MACHINE_STOPPED)
        return m->stop;
    memcpy(m->r, f->r, sizeof m->r);
    m->pc = f->pc;
    m->arm = f->arm;
    m->lowest_sp = f->lowest_sp < m->lowest_sp ? f->lowest_sp : m->lowest_sp;
    m->n_calls--;
    return m->stop;
}

/*
 * Arguments: the first in registers, the rest on the stack, which both
 * procedure call standards want aligned to at most 16 bytes.
 */
static void pass_arguments(struct machine *m, const uint32_t *args, uint32_t n)
{
    uint32_t n_first = n < m->core->n_arguments ? n : m->core->n_arguments;
    for (uint32_t i = 0; i < n_first; i++)
        m->r[m->core->first_argument + i] = args[i];
    if (n_first == n)
        return;
    uint32_t bytes = 4 * (n - n_first);
    *stack_pointer(m) -= (bytes + 15) & ~15u;
    machine_poke(m, *stack_pointer(m), args + n_first, bytes);
}

enum machine_stop machine_call(struct machine *m, uint32_t address,
                               const uint32_t *args, uint32_t n_args,
                               uint64_t limit, struct outcome *out)
{
    struct call_frame *f = &m->calls[m->n_calls++];
    if (*stack_pointer(m) == 0)
        *stack_pointer(m) = first_stack(m);
    if (m->core->global_symbol != NULL && m->r[m->core->global_register] == 0)
        m->r[m->core->global_register] = m->global_pointer;
    memcpy(f->r, m->r, sizeof f->r);
    f->pc = m->pc;
    f->arm = m->arm;
    f->lowest_sp = m->lowest_sp;
    f->start = machine_counters(m);
    pass_arguments(m, args, n_args);
    f->sp = m->lowest_sp = *stack_pointer(m);
    m->r[m->core->link_register] =
        MACHINE_PAD | (m->core->isa == IMAGE_ARM ? 1 : 0);
    m->pc = address & ~1u;
    m->stop = MACHINE_RUNNING;
    m->core->restart(m);
    return run_call(m, limit, out);
}

enum machine_stop machine_resume(struct machine *m, bool is_return,
                                 uint32_t value, uint64_t limit,
                                 struct outcome *out)
{
    m->stop = MACHINE_STOPPED; /* a nested call may have left another state */
    if (is_return) {
        m->r[m->core->first_argument] = value;
        m->pc = m->r[m->core->link_register] & ~1u;
        m->stop = MACHINE_RUNNING;
        m->core->restart(m);
    }
    return run_call(m, limit, out);
}

int machine_set_stop(struct machine *m, uint32_t address,
                     struct machine_problem *p)
{
    struct region *r = bus_region_at(&m->bus, address);
    if (r == NULL || r->code == NULL || address % 2 != 0)
        return machine_problem_set(p, MACHINE_BAD_INPUT,
                                   "no code can lie at 0x%08x", address);
    if (is_stop(m, address))
        return 0;
    if (m->n_stops == MACHINE_CAP_STOPS)
        return machine_problem_set(p, MACHINE_BAD_INPUT,
                                   "more than %d stop addresses",
                                   MACHINE_CAP_STOPS);
    m->stops[m->n_stops++] = address;
    r->code[(address - r->is.base) >> 1] = (struct insn){.op = INSN_STOP};
    return 0;
}

void machine_clear_stop(struct machine *m, uint32_t address)
{
    struct region *r = bus_region_at(&m->bus, address);
    for (uint32_t i = 0; i < m->n_stops; i++)
        if (m->stops[i] == address) {
            m->stops[i] = m->stops[--m->n_stops];
            r->code[(address - r->is.base) >> 1].op = INSN_UNKNOWN;
            return;
        }
}

/* ---- memory from outside ------------------------------------------------- */

bool machine_peek(struct machine *m, uint32_t address, void *out,
                  uint32_t bytes)
{
    const uint8_t *host = bus_host(&m->bus, address, bytes);
    if (host == NULL)
        return false;
    memcpy(out, host, bytes);
    return true;
}

bool machine_poke(struct machine *m, uint32_t address, const void *in,
                  uint32_t bytes)
{
    uint8_t *host = bus_host(&m->bus, address, bytes);
    if (host == NULL)
        return false;
    if (bytes == 0)
        return true;
    on_guarded(m, bus_region_at(&m->bus, address), address, bytes);
    memcpy(host, in, bytes);
    return true;
}
