/*
 * test_copying_guest.c - copying natively and as machine code: equal answers,
 * equal root tables, and every byte of the window equal after each operation
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>
#include <unistd.h>

#include "analysis/machine_config.h"
#include "core/copying.h"
#include "sim/replay/target.h"
#include "traces/synth/rng.h"

#define HEAP_BYTES 8192u
#define N_OBJECTS  120u
#define ROOTS_CAP  512u

struct side {
    struct target *t;
    uint64_t fingerprint; /* of all outward calls, in order               */
};

static void on_finalise(void *ctx, uint32_t address)
{
    struct side *s = ctx;
    s->fingerprint = s->fingerprint * 31 + address;
}

static uint32_t on_more(void *ctx, uint32_t what, uint32_t value)
{
    (void)ctx;
    (void)what;
    (void)value;
    return 0;
}

static void open_side(struct side *s, const char *image, const char *machine,
                      const struct copying_params *p)
{
    struct problem problem = {""};
    struct machine_config config;
    struct manager_params params = {{0}};
    const struct manager *m = manager_find("copying");
    int err;
    if (machine == NULL) {
        err = target_native_open(&s->t, m, 65536, 0, ROOTS_CAP, &problem);
    } else {
        err = machine_config_load(&config, machine, &problem);
        cr_assert(eq(int, err, 0), "%s", problem.text);
        config.regions[0].bytes = 4u << 20; /* more than the chip has */
        struct target_guest_options g = {image, &config};
        err = target_guest_open(&s->t, m, &g, 65536, 0, ROOTS_CAP, &problem);
    }
    cr_assert(eq(int, err, 0), "%s", problem.text);
    s->t->host = (struct target_host){s, on_finalise, on_more};
    memcpy(&params, p, sizeof *p);
    uint32_t error = s->t->init(s->t, HEAP_BYTES, &params);
    cr_assert(eq(str, s->t->trouble, ""));
    cr_assert(eq(u32, error, 0));
    s->t->extent_bytes = 0x6000;
}

/* The program: the same for both sides. Object i is held by root i. */
struct program {
    struct rng rng;
    bool has_pins;
    uint32_t bytes[N_OBJECTS]; /* 0: there is none                        */
};

/* What has slid is where the table of side `a` says; then pins are chosen. */
static void set_roots(struct program *q, struct side *a, struct side *b)
{
    struct guest_roots *r = a->t->roots;
    r->n_held = N_OBJECTS;
    r->n_pinned = 0;
    for (uint32_t i = 0; i < N_OBJECTS; i++) {
        if (q->bytes[i] == 0)
            r->word[i] = 3;
        else if (q->has_pins && rng_below(&q->rng, 16) == 0)
            r->word[N_OBJECTS + r->n_pinned++] = r->word[i];
    }
    memcpy(b->t->roots, r, sizeof *r + 2 * N_OBJECTS * sizeof r->word[0]);
}

static uint32_t act(struct target *t, uint32_t kind, uint32_t object,
                    uint32_t bytes, uint32_t flags, uint32_t other)
{
    if (kind < 3)
        return t->collect(t, COLLECT_ORDINARY);
    if (object == 0)
        return t->alloc(t, bytes, flags);
    if (kind < 30)
        return t->realloc(t, object, bytes, kind < 24);
    if (kind < 60)
        t->free(t, object);
    else
        t->store(t, object, 0, other);
    return 0;
}

static void step(struct program *q, struct side *a, struct side *b)
{
    uint32_t i = rng_below(&q->rng, N_OBJECTS);
    uint32_t kind = rng_below(&q->rng, 100);
    uint32_t bytes = 4 + rng_below(&q->rng, kind % 8 == 0 ? 900 : 90);
    uint32_t flags = rng_below(&q->rng, 24);
    set_roots(q, a, b);
    uint32_t *held = a->t->roots->word;
    uint32_t object = q->bytes[i] != 0 ? held[i] : 0;
    uint32_t j = (i + 7) % N_OBJECTS;
    uint32_t other = q->bytes[j] != 0 ? held[j] : 1;
    uint32_t answer = act(a->t, kind, object, bytes, flags, other);
    cr_assert(eq(u32, act(b->t, kind, object, bytes, flags, other), answer));
    cr_assert(eq(str, b->t->trouble, ""));
    bool is_realloc = object != 0 && kind >= 3 && kind < 30;
    if (kind >= 3 && (object == 0 || is_realloc)) {
        q->bytes[i] = answer != 0 ? bytes : q->bytes[i];
        if (answer != 0)
            held[i] = b->t->roots->word[i] = answer;
    } else if (kind >= 30 && object != 0 && (kind < 60 || kind >= 85)) {
        q->bytes[i] = 0; /* freed, or forgotten */
        held[i] = b->t->roots->word[i] = 3;
    }
}

static void compare(const struct side *a, const struct side *b, int n)
{
    const struct target *s = a->t, *t = b->t;
    cr_assert(a->fingerprint == b->fingerprint, "operation %d", n);
    cr_assert(zero(int, memcmp(s->roots->word, t->roots->word, 4 * N_OBJECTS)));
    for (uint32_t i = 0; i < s->extent_bytes; i++) {
        if (memcmp(s->window + i, t->window + i, s->extent_bytes - i) == 0)
            return;
        cr_assert(s->window[i] == t->window[i],
                  "operation %d: byte %u of the window is %02x and %02x", n, i,
                  s->window[i], t->window[i]);
    }
}

static void play(const char *image, const char *machine,
                 const struct copying_params *p, bool has_pins)
{
    struct side native = {0}, guest = {0};
    struct program q = {.has_pins = has_pins};
    if (access(image, R_OK) != 0)
        cr_skip_test("%s: no cross compiler built it", image);
    rng_seed(&q.rng, 20260);
    open_side(&native, NULL, NULL, p);
    open_side(&guest, image, machine, p);
    for (int i = 0; i < 4000; i++) {
        if (i == 1000) {
            uint32_t at = native.t->base + 0x4000;
            cr_assert(eq(u32, native.t->add_area(native.t, at, 2000), 0));
            cr_assert(eq(u32, guest.t->add_area(guest.t, at, 2000), 0));
        }
        step(&q, &native, &guest);
        compare(&native, &guest, i);
        int broken = copying_check(native.t->heap, native.t->base, 65536);
        cr_assert(eq(int, broken, 0), "operation %d", i);
    }
    cr_expect(gt(u32, native.t->heap->n_collections, 10));
    native.t->close(native.t);
    guest.t->close(guest.t);
}

/* Every kind of heap on the machine. */
static void play_all(const char *image, const char *machine)
{
    struct copying_params p = COPYING_DEFAULTS;
    play(image, machine, &p, false);
    play(image, machine, &p, true);
    p.slide = COPYING_WINDOW;
    p.leaf = p.ambiguous = 1;
    p.mark_stack = 4;
    p.zero = 0;
    play(image, machine, &p, false);
    p.block = 8;
    p.finalisers = 0;
    p.threshold = 2000;
    play(image, machine, &p, true);
}

Test(copying_guest, leaves_the_bytes_of_the_native_manager_on_hazard3)
{
    play_all("build/guest/copying-hazard3-O2.elf", "hazard3");
}

Test(copying_guest, leaves_the_same_bytes_when_compiled_for_size)
{
    play_all("build/guest/copying-hazard3-Os.elf", "hazard3");
}

Test(copying_guest, leaves_the_same_bytes_on_cortex_m0plus)
{
    play_all("build/guest/copying-m0plus-O2.elf", "cortex-m0plus");
}

Test(copying_guest, leaves_the_same_bytes_on_cortex_m4)
{
    play_all("build/guest/copying-m4-Os.elf", "cortex-m4");
}
