/* target_guest.c - see target.h: the manager's machine code on a machine. */
#include "sim/replay/target_guest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Far more than a collection of the largest window needs. */
#define CALL_LIMIT UINT64_C(20000000000)

#define RISCV_TP 4 /* register: where the thread's variables lie            */

static const char *const entry_names[ENTRY_N] = {
    "guest_init",        "guest_alloc",      "guest_free",
    "guest_realloc",     "guest_store",      "guest_collect",
    "guest_control",     "guest_add_area",   "guest_deref",
    "guest_step",        "guest_promote",    "guest_pin",
    "guest_unpin",       "guest_nop",        "guest_on_finalise",
    "guest_more",        "guest_outer_init", "guest_outer_avail",
    "guest_outer_alloc", "guest_outer_free", "guest_outer_realloc",
};

_Static_assert(COST_PHASES == PHASE_N, "a cost for every phase");

/* The stop's answer: what the core asked of the outside. */
static uint32_t answer_stop(struct guest *g)
{
    struct machine *m = &g->machine;
    const struct target_host *host = &g->target.host;
    uint32_t first = m->r[m->core->first_argument];
    uint32_t second = m->r[m->core->first_argument + 1];
    if (m->pc == g->entry[ENTRY_MORE])
        return host->more(host->ctx, first, second);
    host->finalise(host->ctx, first);
    return 0;
}

/*
 * Cycles between the stamps of the phase word: one phase after the other. A
 * manager that does not collect has no phases, whatever it uses the word for.
 */
static void add_phases(struct guest *g, struct op_cost *to, uint64_t end)
{
    struct bus_watch *w = &g->machine.bus.watch;
    if ((g->target.manager->capabilities & CAP_COLLECT) == 0)
        w->n_stamps = 0;
    for (uint32_t i = 0; i < w->n_stamps; i++) {
        const struct watch_stamp *s = &w->stamps[i];
        uint64_t until = i + 1 < w->n_stamps ? s[1].cycles : end;
        if (s->value == PHASE_IDLE || s->value >= PHASE_N)
            continue;
        to->phase_cycles[s->value] += until - s->cycles;
        to->gc_cycles += until - s->cycles;
    }
    w->n_stamps = 0;
}

static void add_cost(struct guest *g, const struct outcome *o)
{
    struct op_cost *to = &g->target.cost;
    to->cycles += o->spent.cycles;
    to->instructions += o->spent.instructions;
    to->loads += o->spent.loads;
    to->stores += o->spent.stores;
    to->waits += o->spent.waits;
    to->unsettled += o->spent.unsettled;
    if (o->stack_bytes > to->stack_bytes)
        to->stack_bytes = o->stack_bytes;
    add_phases(g, to, machine_counters(&g->machine).cycles);
}

/* What a finaliser calls is part of the outer call. */
uint32_t guest_call(struct target *t, enum entry entry, const uint32_t *args,
                    uint32_t n)
{
    struct guest *g = t->own;
    struct outcome out;
    if (t->trouble[0] == '\0' && g->entry[entry] == 0) {
        t->is_lacking = true;
        snprintf(t->trouble, sizeof t->trouble,
                 "this needs %s, which %s does "
                 "not have",
                 entry_names[entry], g->image.name);
    }
    if (t->trouble[0] != '\0')
        return 0;
    g->depth++;
    enum machine_stop why =
        machine_call(&g->machine, g->entry[entry], args, n, g->limit, &out);
    while (why == MACHINE_STOPPED) {
        uint32_t value = answer_stop(g);
        why = machine_resume(&g->machine, true, value, g->limit, &out);
    }
    g->depth--;
    if (why == MACHINE_FAULTED)
        machine_describe_fault(&g->machine, t->trouble, sizeof t->trouble);
    else if (why == MACHINE_EXITED)
        snprintf(t->trouble, sizeof t->trouble, "%s ends the program, code %u",
                 entry_names[entry], g->machine.exit_code);
    else if (why != MACHINE_RETURNED)
        snprintf(t->trouble, sizeof t->trouble,
                 "%s does not return within %" PRIu64 " instructions",
                 entry_names[entry], g->limit);
    if (g->depth == 0)
        add_cost(g, &out);
    if (entry >= ENTRY_OUTER_INIT)
        t->cost.outer_cycles += out.spent.cycles;
    return out.result;
}

void guest_start_up(struct guest *g)
{
    struct machine *m = &g->machine;
    const struct symbol *threads = image_symbol(&g->image, "guest_tls");
    machine_reset(m);
    m->r[m->core->stack_register] = GUEST_STACK;
    if (g->image.isa == IMAGE_RISCV && threads != NULL)
        m->r[RISCV_TP] = threads->address;
}

static uint32_t guest_target_init(struct target *t, uint32_t heap_bytes,
                                  const struct manager_params *p)
{
    /* The parameters stand where the root table's words will be. */
    uint32_t at = GUEST_ROOTS + (uint32_t)sizeof(struct guest_roots);
    memcpy(t->roots->word, p, sizeof *p);
    uint32_t args[3] = {t->base, heap_bytes, at};
    uint32_t error = guest_call(t, ENTRY_INIT, args, 3);
    memset(t->roots->word, 0, sizeof *p);
    return error;
}

static uint32_t guest_target_alloc(struct target *t, uint32_t bytes,
                                   uint32_t flags)
{
    uint32_t args[3] = {bytes, flags, 0};
    return guest_call(t, ENTRY_ALLOC, args, 3);
}

static void guest_target_free(struct target *t, uint32_t object)
{
    (void)guest_call(t, ENTRY_FREE, &object, 1);
}

static uint32_t guest_target_realloc(struct target *t, uint32_t object,
                                     uint32_t bytes, bool may_move)
{
    uint32_t args[3] = {object, bytes, may_move};
    return guest_call(t, ENTRY_REALLOC, args, 3);
}

/* Without a barrier a store is the mutator's own, and free of charge. */
static void guest_target_store(struct target *t, uint32_t object, uint32_t word,
                               uint32_t value)
{
    uint32_t args[3] = {object, word, value};
    uint32_t where = object + 4 * word;
    if ((t->manager->capabilities & CAP_PIECES) != 0)
        where = t->manager->deref(t->heap, object, 4 * word);
    if ((t->manager->capabilities & CAP_BARRIER) != 0)
        (void)guest_call(t, ENTRY_STORE, args, 3);
    else
        memcpy(t->window + (where - t->base), &value, 4);
}

static uint32_t guest_target_collect(struct target *t, uint32_t kind)
{
    return guest_call(t, ENTRY_COLLECT, &kind, 1);
}

static uint32_t guest_target_control(struct target *t, uint32_t what,
                                     uint32_t value)
{
    uint32_t args[2] = {what, value};
    return guest_call(t, ENTRY_CONTROL, args, 2);
}

static uint32_t guest_target_add_area(struct target *t, uint32_t address,
                                      uint32_t bytes)
{
    uint32_t args[2] = {address, bytes};
    return guest_call(t, ENTRY_ADD_AREA, args, 2);
}

static uint32_t guest_target_deref(struct target *t, uint32_t object,
                                   uint32_t byte)
{
    uint32_t args[2] = {object, byte};
    return guest_call(t, ENTRY_DEREF, args, 2);
}

static uint32_t guest_target_step(struct target *t, uint32_t units)
{
    return guest_call(t, ENTRY_STEP, &units, 1);
}

static uint32_t guest_target_promote(struct target *t, uint32_t object)
{
    return guest_call(t, ENTRY_PROMOTE, &object, 1);
}

static void guest_target_pin(struct target *t, uint32_t object)
{
    (void)guest_call(t, ENTRY_PIN, &object, 1);
}

static void guest_target_unpin(struct target *t, uint32_t object)
{
    (void)guest_call(t, ENTRY_UNPIN, &object, 1);
}

/* Not every image has an outer heap: those called MANAGER-tlsf have. */
static bool find_outer(struct guest *g)
{
    for (int i = ENTRY_OUTER_INIT; i < ENTRY_N; i++) {
        const struct symbol *s = image_symbol(&g->image, entry_names[i]);
        if (s == NULL) {
            snprintf(g->target.trouble, sizeof g->target.trouble,
                     "the image has no outer heap: no symbol %s",
                     entry_names[i]);
            return false;
        }
        g->entry[i] = s->address;
    }
    return true;
}

static uint32_t guest_target_outer_init(struct target *t, uint32_t base,
                                        uint32_t bytes,
                                        const struct tlsf_params *p)
{
    uint32_t at = GUEST_ROOTS + (uint32_t)sizeof(struct guest_roots);
    uint32_t args[3] = {base, bytes, at};
    t->outer = base;
    if (!find_outer(t->own))
        return 0;
    memcpy(t->roots->word, p, sizeof *p);
    uint32_t error = guest_call(t, ENTRY_OUTER_INIT, args, 3);
    memset(t->roots->word, 0, sizeof *p);
    return error;
}

static uint32_t guest_target_outer_avail(struct target *t)
{
    return guest_call(t, ENTRY_OUTER_AVAIL, &t->outer, 1);
}

static uint32_t guest_target_outer_alloc(struct target *t, uint32_t bytes)
{
    uint32_t args[2] = {t->outer, bytes};
    return guest_call(t, ENTRY_OUTER_ALLOC, args, 2);
}

static void guest_target_outer_free(struct target *t, uint32_t object)
{
    uint32_t args[2] = {t->outer, object};
    (void)guest_call(t, ENTRY_OUTER_FREE, args, 2);
}

static uint32_t guest_target_outer_realloc(struct target *t, uint32_t object,
                                           uint32_t bytes, bool may_move)
{
    uint32_t args[4] = {t->outer, object, bytes, may_move};
    return guest_call(t, ENTRY_OUTER_REALLOC, args, 4);
}

static void guest_target_nop(struct target *t)
{
    (void)guest_call(t, ENTRY_NOP, NULL, 0);
}

static void guest_target_snapshot(struct target *t)
{
    struct guest *g = t->own;
    if (g->has_snapshot)
        machine_drop(&g->machine);
    g->has_snapshot = machine_snapshot(&g->machine) == 0;
    if (!g->has_snapshot)
        snprintf(t->trouble, sizeof t->trouble, "no memory for a snapshot");
}

static void guest_target_restore(struct target *t)
{
    struct guest *g = t->own;
    if (!g->has_snapshot)
        return;
    machine_restore(&g->machine);
    g->has_snapshot = machine_snapshot(&g->machine) == 0;
}

static void guest_target_close(struct target *t)
{
    struct guest *g = t->own;
    if (g->is_machine_open)
        machine_close(&g->machine);
    if (g->is_image_open)
        image_close(&g->image);
    free(g->own_roots);
    free(g);
}

/* An outside manager may lack all but one. */
static int find_entries(struct guest *g, const char *path,
                        struct problem *problem)
{
    static const enum entry stops[] = {ENTRY_ON_FINALISE, ENTRY_MORE};
    struct machine_problem mp;
    for (int i = 0; i < ENTRY_REQUIRED; i++) {
        const struct symbol *s = image_symbol(&g->image, entry_names[i]);
        if (s == NULL && (!g->is_outside || i == ENTRY_ALLOC))
            return problem_set(problem, ERR_INPUT,
                               "%s: has no symbol %s: not a guest image", path,
                               entry_names[i]);
        g->entry[i] = s != NULL ? s->address : 0;
    }
    if (g->entry[ENTRY_NOP] == 0)
        g->target.nop = NULL;
    for (int i = 0; i < 2; i++) {
        uint32_t address = g->entry[stops[i]];
        if (address != 0 && machine_set_stop(&g->machine, address, &mp) < 0)
            return problem_set(problem, ERR_INPUT, "%s: %s", path, mp.text);
    }
    return 0;
}

/* Is `r` RAM that the memory from `from` to `end` swallows whole? */
static bool is_swallowed(const struct region_config *r, uint32_t from,
                         uint32_t end)
{
    return r->kind == REGION_RAM && r->base >= from &&
           r->base + r->bytes <= end;
}

/*
 * The machine with as much RAM as a guest needs, which may be more than its
 * chip has: the RAM in which images lie reaches to the stack's end, at its own
 * wait states, and further RAM on the way becomes part of it. A machine
 * without RAM there stays as it is.
 */
static void make_room(struct machine_config *c)
{
    uint32_t n = 0;
    struct region_config *ram = NULL;
    for (uint32_t i = 0; i < c->n_regions; i++) {
        struct region_config *r = &c->regions[i];
        if (r->kind == REGION_RAM && GUEST_CODE - r->base < r->bytes &&
            r->base + r->bytes < GUEST_STACK) {
            r->bytes = GUEST_STACK - r->base;
            ram = r;
        }
    }
    if (ram == NULL)
        return;
    struct region_config wide = *ram;
    for (uint32_t i = 0; i < c->n_regions; i++) {
        struct region_config r = c->regions[i];
        if (r.base == wide.base ||
            !is_swallowed(&r, wide.base, wide.base + wide.bytes))
            c->regions[n++] = r;
    }
    c->n_regions = n;
}

/* Image into machine; window and roots as the host sees them. */
static int prepare(struct guest *g, const struct target_guest_options *o,
                   uint32_t n_precise, uint32_t cap, struct problem *problem)
{
    struct machine_problem mp = {""};
    int err = image_open(&g->image, o->image, &mp);
    g->is_image_open = err == 0;
    if (err == 0) {
        g->config = *o->config;
        make_room(&g->config);
        err = config_check(&g->config, &mp);
    }
    if (err == 0) {
        err = machine_open(&g->machine, &g->config, &mp);
        g->is_machine_open = err == 0;
    }
    if (err == 0)
        err = machine_load(&g->machine, &g->image, &mp);
    if (err < 0)
        return problem_set(problem, err, "%s", mp.text);
    struct target *t = &g->target;
    uint32_t roots_bytes = (uint32_t)sizeof *t->roots + cap * 4;
    uint32_t guest_bytes = g->is_outside ? 0 : roots_bytes; /* or the host's */
    t->window = bus_host(&g->machine.bus, GUEST_WINDOW, t->window_bytes);
    void *roots = bus_host(&g->machine.bus, GUEST_ROOTS, guest_bytes);
    if (t->window == NULL || roots == NULL)
        return problem_set(problem, ERR_INPUT,
                           "machine %s: no memory at 0x%08x to 0x%08x for a "
                           "heap window and its roots",
                           o->config->name, GUEST_WINDOW,
                           GUEST_ROOTS + guest_bytes);
    if (g->is_outside) {
        err = guest_become_outside(g, roots_bytes, problem);
    } else {
        t->heap = (struct heap *)(void *)t->window;
        t->roots = roots;
        if (!bus_watch_word(&g->machine.bus,
                            GUEST_WINDOW + offsetof(struct heap, phase)))
            err = problem_set(problem, ERR_INPUT,
                              "machine %s: the heap window lies in no RAM",
                              o->config->name);
    }
    if (err < 0)
        return err;
    t->roots->n_precise = n_precise;
    t->roots->cap = cap;
    guest_start_up(g);
    return find_entries(g, o->image, problem);
}

int target_guest_open(struct target **out, const struct manager *m,
                      const struct target_guest_options *o,
                      uint32_t window_bytes, uint32_t n_precise, uint32_t cap,
                      struct problem *problem)
{
    if (window_bytes > GUEST_WINDOW_BYTES)
        return problem_set(problem, ERR_INPUT,
                           "machine %s: a window of %u bytes is larger than "
                           "an image's %u",
                           o->config->name, window_bytes, GUEST_WINDOW_BYTES);
    struct guest *g = calloc(1, sizeof *g);
    if (g == NULL)
        return problem_set(problem, ERR_MEMORY, "no memory for a machine");
    g->target = (struct target){
        .manager = m,
        .base = GUEST_WINDOW,
        .window_bytes = window_bytes,
        .extent_bytes = window_bytes,
        .has_cost = true,
        .own = g,
        .init = guest_target_init,
        .alloc = guest_target_alloc,
        .free = guest_target_free,
        .realloc = guest_target_realloc,
        .store = guest_target_store,
        .collect = guest_target_collect,
        .control = guest_target_control,
        .add_area = guest_target_add_area,
        .deref = guest_target_deref,
        .step = guest_target_step,
        .promote = guest_target_promote,
        .pin = guest_target_pin,
        .unpin = guest_target_unpin,
        .outer_init = guest_target_outer_init,
        .outer_avail = guest_target_outer_avail,
        .outer_alloc = guest_target_outer_alloc,
        .outer_free = guest_target_outer_free,
        .outer_realloc = guest_target_outer_realloc,
        .nop = guest_target_nop,
        .snapshot = guest_target_snapshot,
        .restore = guest_target_restore,
        .close = guest_target_close,
    };
    g->limit = CALL_LIMIT;
    g->is_outside = manager_is_outside(m);
    int err = prepare(g, o, n_precise, cap, problem);
    if (err < 0) {
        guest_target_close(&g->target);
        return err;
    }
    *out = &g->target;
    return 0;
}
