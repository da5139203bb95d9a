/*
 * test_handles_cycles.c - what core/handles costs: the list of 20,000
 * operations under steps of several lengths, and objects of 4 KiB
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/machine_config.h"
#include "core/handles.h"
#include "sim/replay/target.h"
#include "traces/synth/rng.h"

#define CHURN   "../shared/bench/churn-64k.rep"
#define IDS_CAP 16384u
#define OPS_CAP 40000u

#define HEAP_BYTES (65536u + 4 * 1024) /* 64 KiB and the index table */

/* Costs of one kind of operation. */
struct costs {
    uint32_t cycles[OPS_CAP];
    uint32_t n;
};

static struct run {
    struct target *t;
    uint32_t step_units, step_cycles; /* 0: no steps                       */
    uint32_t handle[IDS_CAP], bytes[IDS_CAP];
    uint32_t refused;
    struct costs alloc, free, step;
} r;

/* Entries set aside, steps always at work, and no request waits. */
static struct handles_params all_ready(void)
{
    struct handles_params p = HANDLES_DEFAULTS;
    p.wait = 0;
    p.start_bytes = 0;
    p.handles = 1024;
    return p;
}

static void open_run(const char *target, const char *machine,
                     struct handles_params p, uint32_t step_cycles)
{
    struct problem problem = {""};
    struct machine_config config;
    struct manager_params words = {{0}};
    char image[80];
    const struct manager *m = manager_find("handles");
    snprintf(image, sizeof image, "build/guest/handles-%s-O2.elf", target);
    if (access(image, R_OK) != 0)
        cr_skip_test("%s: no cross compiler built it", image);
    memset(&r, 0, sizeof r);
    cr_assert(machine_config_load(&config, machine, &problem) == 0);
    config.regions[0].bytes = 4u << 20; /* more than the chip has */
    struct target_guest_options g = {image, &config};
    cr_assert(target_guest_open(&r.t, m, &g, 1 << 20, 0, 32, &problem) == 0);
    memcpy(&words, &p, sizeof p);
    cr_assert(eq(u32, r.t->init(r.t, HEAP_BYTES, &words), HEAP_OK));
    r.step_cycles = step_cycles;
    r.step_units = manager_step_units(m, machine, false, step_cycles);
}

static void note(struct costs *c)
{
    cr_assert(lt(u32, c->n, OPS_CAP));
    c->cycles[c->n++] = (uint32_t)r.t->cost.cycles;
    r.t->cost.cycles = 0;
}

static uint8_t *bytes_of(uint32_t id)
{
    return r.t->window +
           (handles_deref(r.t->heap, r.handle[id], 0) - r.t->base);
}

static void step(void)
{
    r.t->cost.cycles = 0; /* of a refused request */
    if (r.step_units == 0)
        return;
    (void)r.t->step(r.t, r.step_units);
    note(&r.step);
}

static void take(uint32_t id, uint32_t bytes)
{
    r.t->cost.cycles = 0;
    r.handle[id] = r.t->alloc(r.t, bytes, 0);
    if (r.handle[id] == 0)
        r.refused++;
    else
        note(&r.alloc);
    r.bytes[id] = bytes;
    if (r.handle[id] != 0)
        memset(bytes_of(id), (int)(id % 251), bytes);
    step();
}

static void drop(uint32_t id)
{
    if (r.handle[id] == 0)
        return;
    const uint8_t *p = bytes_of(id);
    for (uint32_t i = 0; i < r.bytes[id]; i++)
        cr_assert(p[i] == id % 251);
    r.t->free(r.t, r.handle[id]);
    note(&r.free);
    r.handle[id] = 0;
    step();
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static uint32_t rank(struct costs *c, uint32_t per_mille)
{
    if (c->n == 0)
        return 0;
    qsort(c->cycles, c->n, sizeof c->cycles[0], by_size);
    uint32_t i = (uint32_t)((uint64_t)c->n * per_mille / 1000);
    return c->cycles[i < c->n ? i : c->n - 1];
}

static void close_run(const char *name, uint32_t most_refused)
{
    struct costs *all[3] = {&r.alloc, &r.free, &r.step};
    fprintf(stderr, "%s, steps of %u cycles: refused %u;", name, r.step_cycles,
            r.refused);
    for (int i = 0; i < 3; i++)
        fprintf(stderr, " %s %u/%u/%u/%u",
                i == 0   ? "alloc"
                : i == 1 ? "free"
                         : "step",
                rank(all[i], 0), rank(all[i], 500), rank(all[i], 990),
                rank(all[i], 1000));
    fprintf(stderr, " (min/median/p99/max)\n");
    cr_assert(eq(str, r.t->trouble, ""));
    cr_expect(eq(int, handles_check(r.t->heap, r.t->base, 1 << 20), 0));
    cr_expect(le(u32, rank(&r.step, 1000), r.step_cycles));
    cr_expect(le(u32, r.refused, most_refused));
    r.t->close(r.t);
}

static void play_list(const char *target, const char *machine,
                      struct handles_params p, uint32_t step_cycles)
{
    FILE *f = fopen(CHURN, "r");
    char line[64];
    if (f == NULL)
        cr_skip_test("%s: not there", CHURN);
    open_run(target, machine, p, step_cycles);
    for (int n = 0; fgets(line, sizeof line, f) != NULL; n++) {
        uint32_t id, bytes;
        if (sscanf(line, "a %u %u", &id, &bytes) == 2 && id < IDS_CAP)
            take(id, bytes);
        else if (sscanf(line, "f %u", &id) == 1 && id < IDS_CAP)
            drop(id);
    }
    fclose(f);
}

/* No operation takes longer than 100 cycles, half of them 60 at most. */
static void expect_short(struct costs *c)
{
    cr_expect(le(u32, rank(c, 500), 60));
    cr_expect(le(u32, rank(c, 1000), 100));
}

Test(handles_cycles, the_list_on_hazard3_with_the_default_parameters)
{
    static const uint32_t cycles[] = {240, 1000, 5000};
    for (int i = 0; i < 3; i++) {
        struct handles_params p = HANDLES_DEFAULTS;
        play_list("hazard3", "hazard3", p, cycles[i]);
        expect_short(&r.alloc);
        expect_short(&r.free);
        close_run("churn-64k on hazard3, defaults", 0);
    }
}

Test(handles_cycles, the_list_on_hazard3_with_all_made_ready)
{
    static const uint32_t cycles[] = {240, 1000, 5000};
    for (int i = 0; i < 3; i++) {
        play_list("hazard3", "hazard3", all_ready(), cycles[i]);
        expect_short(&r.alloc);
        expect_short(&r.free);
        close_run("churn-64k on hazard3, all ready", 0);
    }
}

Test(handles_cycles, the_list_on_hazard3_without_steps)
{
    play_list("hazard3", "hazard3", all_ready(), 0);
    cr_expect(le(u32, rank(&r.alloc, 1000), 100));
    expect_short(&r.free);
    close_run("churn-64k on hazard3, no steps", 0);
}

Test(handles_cycles, the_list_on_cortex_m0plus)
{
    static const uint32_t cycles[] = {0, 480, 1000, 5000};
    for (int i = 0; i < 4; i++) {
        play_list("m0plus", "cortex-m0plus", all_ready(), cycles[i]);
        cr_expect(le(u32, rank(&r.alloc, 500), cycles[i] == 0 ? 270 : 110));
        cr_expect(le(u32, rank(&r.free, 500), 160));
        cr_expect(le(u32, rank(&r.free, 1000), 200));
        close_run("churn-64k on cortex-m0plus", 0);
    }
}

Test(handles_cycles, objects_of_4_kib_keep_steps_in_their_budget)
{
    static const uint32_t cycles[] = {240, 1000, 5000};
    struct rng rng;
    for (int i = 0; i < 3; i++) {
        rng_seed(&rng, 4096);
        open_run("hazard3", "hazard3", all_ready(), cycles[i]);
        for (uint32_t n = 0; n < 12000; n++) {
            uint32_t id = rng_below(&rng, 60);
            bool is_long = rng_below(&rng, 8) == 0;
            if (r.handle[id] != 0)
                drop(id);
            else
                take(id, is_long ? 4096 : 1 + rng_below(&rng, 500));
        }
        cr_expect(le(u32, rank(&r.alloc, 990), 100));
        expect_short(&r.free);
        /* A step of 240 cycles copies 43 words of the 1,025. */
        close_run("objects of up to 4 KiB on hazard3", cycles[i] < 1000);
    }
}
