/*
 * test_handles_guest.c - core/handles as machine code: the same bytes as
 * natively, steps within their cycles, and interrupted before every
 * instruction
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/machine_config.h"
#include "core/guest/abi.h"
#include "core/handles.h"
#include "sim/machine/machine.h"
#include "sim/replay/target.h"
#include "traces/synth/rng.h"

#define N_OBJECTS  120u
#define HEAP_BYTES 16384u

/* ---- The same bytes as natively ---------------------------------------- */

static struct target *open_target(const char *image, const char *machine,
                                  const struct handles_params *p,
                                  uint32_t heap_bytes)
{
    struct problem problem = {""};
    struct machine_config config;
    struct manager_params words = {{0}};
    const struct manager *m = manager_find("handles");
    struct target *t = NULL;
    int err;
    if (machine == NULL) {
        err = target_native_open(&t, m, GUEST_WINDOW_BYTES, 0, 32, &problem);
    } else {
        err = machine_config_load(&config, machine, &problem);
        cr_assert(eq(int, err, 0), "%s", problem.text);
        config.regions[0].bytes = 4u << 20; /* more than the chip has */
        struct target_guest_options g = {image, &config};
        err = target_guest_open(&t, m, &g, GUEST_WINDOW_BYTES, 0, 32, &problem);
    }
    cr_assert(eq(int, err, 0), "%s", problem.text);
    memcpy(&words, p, sizeof *p);
    cr_assert(eq(u32, t->init(t, heap_bytes, &words), HEAP_OK));
    return t;
}

struct both {
    struct rng rng;
    struct target *t[2]; /* native, machine                               */
    struct manager_step_cycles price;
    uint32_t handle[N_OBJECTS];
    bool is_pinned[N_OBJECTS];
    uint32_t n_moves; /* steps that left an object in motion              */
    int64_t worst;    /* step's cycles beyond its price                   */
};

static uint32_t some_bytes(struct rng *rng)
{
    static const uint32_t most[] = {16, 60, 300, 3000};
    return 1 + rng_below(rng, most[rng_below(rng, 4)]);
}

/* Operation `kind` with these operands, on one side; its answer. */
static uint32_t ask(struct target *t, uint32_t kind, uint32_t handle,
                    uint32_t value)
{
    switch (kind) {
    case 0:
        return t->alloc(t, value, 0);
    case 1:
        t->free(t, handle);
        return 0;
    case 2:
        return t->realloc(t, handle, value, true);
    case 3:
        t->pin(t, handle);
        return 0;
    case 4:
        t->unpin(t, handle);
        return 0;
    case 5:
        t->store(t, handle, value % 2, value);
        return 0;
    case 6:
        return t->deref(t, handle, value % 4);
    default:
        return t->step(t, value);
    }
}

static uint32_t some_kind(struct both *b, uint32_t i)
{
    static const uint8_t kinds[] = {1, 1, 1, 2, 2, 5, 6, 3, 4, 7, 7, 7, 7};
    uint32_t kind = kinds[rng_below(&b->rng, sizeof kinds)];
    if (b->handle[i] == 0 && kind != 7)
        return 0;
    return kind == 3 && rng_below(&b->rng, 4) != 0 ? 7 : kind;
}

static void play_one(struct both *b)
{
    uint32_t i = rng_below(&b->rng, N_OBJECTS);
    uint32_t kind = some_kind(b, i);
    uint32_t value = kind == 7 ? rng_below(&b->rng, 2) ? HANDLES_LEAST
                                                       : rng_below(&b->rng, 700)
                               : some_bytes(&b->rng);
    uint32_t answer[2];
    for (int k = 0; k < 2; k++) {
        b->t[k]->cost.cycles = 0;
        answer[k] = ask(b->t[k], kind, b->handle[i], value);
        cr_assert(eq(str, b->t[k]->trouble, ""));
    }
    cr_assert(eq(u32, answer[0], answer[1]));
    if (kind == 0)
        b->handle[i] = answer[0];
    if (kind == 1)
        b->handle[i] = 0;
    if (kind == 7 && value >= HANDLES_LEAST) {
        int64_t over = (int64_t)b->t[1]->cost.cycles -
                       (int64_t)(b->price.per_ten_units * value / 10);
        b->worst = over > b->worst ? over : b->worst;
    }
    b->n_moves += handles_of(b->t[0]->heap)->moving != 0;
}

static void expect_equal(const struct both *b, int n)
{
    uint32_t bytes = HEAP_BYTES + b->t[0]->heap->control_bytes;
    if (memcmp(b->t[0]->window, b->t[1]->window, bytes) == 0)
        return;
    uint32_t i = 0;
    while (b->t[0]->window[i] == b->t[1]->window[i])
        i++;
    cr_assert(false, "operation %d: byte %u of the window is %02x and %02x", n,
              i, b->t[0]->window[i], b->t[1]->window[i]);
}

static void play_both(const char *image, const char *machine)
{
    const struct manager *m = manager_find("handles");
    bool is_small = strstr(image, "-Os") != NULL;
    const struct manager_step_price *price = m->shape->step_prices;
    while (price->core != NULL && strcmp(price->core, machine) != 0)
        price++;
    cr_assert(price->core != NULL);
    if (access(image, R_OK) != 0)
        cr_skip_test("%s: no cross compiler built it", image);
    for (uint32_t form = 8; form <= 16; form += 8) {
        struct handles_params p = HANDLES_DEFAULTS;
        struct both b = {.price = is_small ? price->small : price->fast};
        p.indices = form;
        p.start_bytes = 0;
        p.wait = 0;
        rng_seed(&b.rng, 20260 + form);
        b.t[0] = open_target(NULL, NULL, &p, HEAP_BYTES);
        b.t[1] = open_target(image, machine, &p, HEAP_BYTES);
        for (int i = 0; i < 20000; i++) {
            play_one(&b);
            expect_equal(&b, i);
        }
        int broken =
            handles_check(b.t[0]->heap, GUEST_WINDOW, GUEST_WINDOW_BYTES);
        cr_expect(eq(int, broken, 0));
        cr_expect(gt(u32, b.n_moves, 100));
        cr_expect(le(i64, b.worst, b.price.constant));
        fprintf(stderr, "%s: a step costs at most %u/10 cycles a unit + %lld\n",
                image, b.price.per_ten_units, (long long)b.worst);
        b.t[0]->close(b.t[0]);
        b.t[1]->close(b.t[1]);
    }
}

Test(handles_guest, leaves_the_bytes_of_the_native_manager_on_hazard3)
{
    play_both("build/guest/handles-hazard3-O2.elf", "hazard3");
}

Test(handles_guest, leaves_the_same_bytes_when_compiled_for_size)
{
    play_both("build/guest/handles-hazard3-Os.elf", "hazard3");
}

Test(handles_guest, leaves_the_same_bytes_on_cortex_m0plus)
{
    play_both("build/guest/handles-m0plus-O2.elf", "cortex-m0plus");
}

Test(handles_guest, leaves_the_same_bytes_on_cortex_m4)
{
    play_both("build/guest/handles-m4-Os.elf", "cortex-m4");
}

/* ---- Interrupted before every instruction ------------------------------ */

/* A machine of which every instruction of a step is seen. */
struct watched {
    struct machine machine;
    struct image image;
    struct heap *h; /* the window, as the host sees it                     */
    uint32_t n_calm, n_locked;
    uint64_t longest; /* passage, in cycles                                */
};

static struct watched *watched_open(const char *image, const char *machine)
{
    struct problem problem = {""};
    struct machine_problem mp = {""};
    struct machine_config config;
    struct watched *w = calloc(1, sizeof *w);
    cr_assert(machine_config_load(&config, machine, &problem) == 0);
    config.regions[0].bytes = 4u << 20;
    bool is_open = image_open(&w->image, image, &mp) == 0 &&
                   machine_open(&w->machine, &config, &mp) == 0 &&
                   machine_load(&w->machine, &w->image, &mp) == 0;
    cr_assert(is_open, "%s", mp.text);
    machine_reset(&w->machine);
    w->machine.r[w->machine.core->stack_register] = GUEST_STACK;
    w->h = (void *)bus_host(&w->machine.bus, GUEST_WINDOW, GUEST_WINDOW_BYTES);
    return w;
}

static void watched_close(struct watched *w)
{
    machine_close(&w->machine);
    image_close(&w->image);
    free(w);
}

static uint32_t entry(const struct watched *w, const char *name)
{
    const struct symbol *s = image_symbol(&w->image, name);
    cr_assert(s != NULL);
    return s->address;
}

static uint32_t call(struct watched *w, const char *name, uint32_t a,
                     uint32_t b)
{
    struct outcome out;
    uint32_t args[3] = {a, b, 0};
    enum machine_stop why =
        machine_call(&w->machine, entry(w, name), args, 3, 1000000, &out);
    cr_assert(eq(int, why, MACHINE_RETURNED));
    return out.result;
}

/*
 * Begin a step of `units` units and go to before its n-th instruction. False:
 * it has no more.
 */
static bool go_into_step(struct watched *w, uint32_t units, uint32_t n)
{
    struct machine_problem mp;
    struct outcome out;
    struct retired retired;
    uint32_t at = entry(w, "guest_step");
    cr_assert(machine_set_stop(&w->machine, at, &mp) == 0);
    enum machine_stop why =
        machine_call(&w->machine, at, &units, 1, 1000000, &out);
    cr_assert(eq(int, why, MACHINE_STOPPED));
    machine_clear_stop(&w->machine, at);
    uint64_t begun = 0;
    for (uint32_t i = 0; i < n; i++) {
        cr_assert(machine_step(&w->machine, &retired) == MACHINE_RUNNING);
        if ((retired.next_pc & ~1u) == MACHINE_PAD)
            return false;
        if (w->h->phase == PHASE_IDLE)
            begun = 0;
        else if (begun == 0)
            begun = retired.cycle;
        else if (retired.cycle - begun > w->longest)
            w->longest = retired.cycle - begun;
    }
    return true;
}

static uint8_t byte_of(struct watched *w, uint32_t handle, uint32_t i)
{
    return *byte_at(w->h, handles_deref(w->h, handle, i));
}

/* Allocate inside the step, use it, and let the step go on to its end. */
static void interrupt(struct watched *w, uint32_t bytes)
{
    struct outcome out;
    bool is_calm = w->h->phase == PHASE_IDLE;
    uint32_t handle = call(w, "guest_alloc", bytes, 0);
    cr_assert(is_calm || handle == 0, "granted where nothing may be");
    w->n_calm += handle != 0;
    w->n_locked += handle == 0;
    if (handle == 0)
        cr_assert(eq(u32, w->h->refusal, REFUSAL_LOCKED));
    else
        memset(byte_at(w->h, handles_deref(w->h, handle, 0)), 0x77, bytes);
    enum machine_stop why =
        machine_resume(&w->machine, false, 0, 1000000, &out);
    cr_assert(eq(int, why, MACHINE_RETURNED));
    for (uint32_t i = 0; handle != 0 && i < bytes; i++)
        cr_assert(eq(u8, byte_of(w, handle, i), 0x77));
}

static uint8_t pattern(uint32_t handle, uint32_t i)
{
    return (uint8_t)(handle * 7 + 13 * i);
}

static void expect_intact(struct watched *w, const uint32_t *handles, int n)
{
    for (int k = 0; k < n; k++) {
        uint32_t bytes = handles[k] == 0 ? 0 : handles_bytes(w->h, handles[k]);
        for (uint32_t i = 0; i < bytes; i++)
            cr_assert(
                eq(u8, byte_of(w, handles[k], i), pattern(handles[k], i)));
    }
    int broken = handles_check(w->h, GUEST_WINDOW, GUEST_WINDOW_BYTES);
    cr_assert(eq(int, broken, 0));
}

/* Objects of several lengths, holes between them, a short gap. */
static int prepare(struct watched *w, uint32_t *handles)
{
    static const uint32_t bytes[] = {40, 700, 12, 100, 24, 300, 60, 16};
    struct handles_params p = HANDLES_DEFAULTS;
    int n = 0;
    p.start_bytes = 0;
    p.wait = 0;
    machine_poke(&w->machine, GUEST_ROOTS, &p, sizeof p);
    struct outcome out;
    uint32_t args[3] = {GUEST_WINDOW, 4600, GUEST_ROOTS};
    (void)machine_call(&w->machine, entry(w, "guest_init"), args, 3, 1000000,
                       &out);
    for (; n < 24; n++) {
        handles[n] = call(w, "guest_alloc", bytes[n % 8], 0);
        cr_assert(ne(u32, handles[n], 0));
        for (uint32_t i = 0; i < handles_bytes(w->h, handles[n]); i++)
            *byte_at(w->h, handles_deref(w->h, handles[n], i)) =
                pattern(handles[n], i);
    }
    for (int k = 0; k < n; k += 3) {
        (void)call(w, "guest_free", handles[k], 0);
        handles[k] = 0;
    }
    call(w, "guest_pin", handles[13], 0);
    return n;
}

static void interrupt_everywhere(const char *image, const char *machine,
                                 uint32_t units)
{
    uint32_t handles[32];
    if (access(image, R_OK) != 0)
        cr_skip_test("%s: no cross compiler built it", image);
    struct watched *w = watched_open(image, machine);
    int n = prepare(w, handles);
    for (int step = 0; step < 400; step++) {
        uint32_t more = 1;
        for (uint32_t i = 0; step % 3 == 0; i++) {
            cr_assert(machine_snapshot(&w->machine) == 0);
            bool is_inside = go_into_step(w, units, i);
            if (is_inside) {
                interrupt(w, i % 2 == 0 ? 12 : 44);
                expect_intact(w, handles, n);
            }
            machine_restore(&w->machine);
            if (!is_inside)
                break;
        }
        more = call(w, "guest_step", units, 0);
        expect_intact(w, handles, n);
        if (more == 0)
            break;
    }
    fprintf(stderr,
            "%s: interrupted %u times, %u of them in a passage, the "
            "longest %llu cycles\n",
            image, w->n_calm + w->n_locked, w->n_locked,
            (unsigned long long)w->longest);
    cr_expect(gt(u32, w->n_calm, 2 * w->n_locked));
    cr_expect(lt(u64, w->longest, 250));
    watched_close(w);
}

Test(handles_guest, an_interrupt_may_allocate_before_any_instruction_of_a_step)
{
    interrupt_everywhere("build/guest/handles-hazard3-O2.elf", "hazard3", 60);
    interrupt_everywhere("build/guest/handles-hazard3-O2.elf", "hazard3", 300);
}

Test(handles_guest, the_same_on_cortex_m0plus)
{
    interrupt_everywhere("build/guest/handles-m0plus-O2.elf", "cortex-m0plus",
                         60);
}
