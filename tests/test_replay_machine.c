/*
 * test_replay_machine.c - recorded traces on machines: after every operation
 * the window holds the bytes that the native manager leaves there, every
 * recorded fact is met, and what is told of the heap is the same
 *
 * A stretch of each trace, all of it with FRAGLAB_LONG.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "analysis/run.h"
#include "sim/replay/play.h"
#include "tests/scratch.h"
#include "traces/synth/rng.h"

#define STRETCH 3000u

/* What one side left after each operation. */
struct side {
    struct run_spec spec;
    uint64_t *state; /* hash of window and figures                        */
    uint64_t n, cap, most;
    uint64_t cycles, gc_cycles; /* of operations and events               */
    uint64_t pauses;            /* of collections                         */
    uint64_t outer_cycles;      /* of the outer heap                      */
    uint64_t n_touches;         /* reads that the manager was asked for   */
    uint64_t touch_cycles;      /* ... and what they cost                 */
    struct replay_result result;
};

static int take_op(void *ctx, const struct op_record *r,
                   const struct replay_view *view)
{
    struct side *s = ctx;
    const struct play *p = view->run;
    uint64_t window = XXH3_64bits(p->t->window, p->t->extent_bytes);
    if (s->n == s->cap) {
        s->cap = s->cap == 0 ? 4096 : 2 * s->cap;
        s->state = realloc(s->state, s->cap * sizeof *s->state);
        cr_assert(s->state != NULL);
    }
    s->state[s->n++] = XXH3_64bits_withSeed(&r->after, sizeof r->after, window);
    if (r->has_cost) {
        s->cycles += r->cost.cycles;
        s->gc_cycles += r->cost.gc_cycles;
        s->outer_cycles += r->cost.outer_cycles;
    }
    return s->n < s->most ? 0 : ERR_CHECK;
}

static int take_collection(void *ctx, const struct collection_record *r)
{
    struct side *s = ctx;
    s->pauses += r->cost.gc_cycles;
    return 0;
}

/* "MANAGER key=value ...": manager and parameters; touch=N is the replay's. */
static void read_manager(struct replay_options *o, const char *text)
{
    char words[200], *rest, *value;
    strcpy(words, text);
    strcpy(o->manager, strtok_r(words, " ", &rest));
    for (char *key; (key = strtok_r(NULL, " ", &rest)) != NULL;) {
        (void)strtok_r(key, "=", &value);
        if (strcmp(key, "touch") == 0) {
            o->touch_every = (uint32_t)strtoul(value, NULL, 10);
            continue;
        }
        struct replay_param *param = &o->params[o->n_params++];
        strcpy(param->key, key);
        strcpy(param->value, value);
    }
}

static int take_event(void *ctx, const struct event_record *r)
{
    struct side *s = ctx;
    s->cycles += r->cost.cycles;
    s->gc_cycles += r->cost.gc_cycles;
    s->n_touches += r->kind == TRACE_TOUCH;
    s->touch_cycles += r->kind == TRACE_TOUCH ? r->cost.cycles : 0;
    return 0;
}

/* Play `trace` on `machine`; a run that is cut off is done, too. */
static void play(struct side *s, const char *trace, const char *manager,
                 const char *machine, const char *flags, uint64_t most)
{
    struct problem problem = {""};
    struct workload *w;
    struct sink sink = {.ctx = s,
                        .op = take_op,
                        .collection = take_collection,
                        .event = take_event};
    memset(s, 0, sizeof *s);
    s->most = most;
    read_manager(&s->spec.options, manager);
    strcpy(s->spec.machine, "native");
    strcpy(s->spec.workload, trace);
    cr_assert(eq(int, workload_open(&w, trace, NULL, &problem), 0));
    s->spec.options.heap_trace =
        strncmp(manager, "marksweep", 9) == 0 && w->header.has_blocks;
    s->spec.options.heap_bytes = w->header.has_blocks ? 65536 : 4096;
    int err = replay_resolve(&s->spec.options, &w->header, &problem);
    if (err == 0 && machine != NULL)
        err = run_spec_set_machine(&s->spec, machine,
                                   strchr(flags, '/') != NULL ? flags : NULL,
                                   flags, &problem);
    if (err == 0)
        err = run_spec_play(&s->spec, w, &sink, &s->result, &problem);
    workload_close(w);
    cr_assert(err == 0 || (err == ERR_CHECK && s->n == most), "%s", // cut off
              problem.text);
    cr_assert(eq(str, s->result.reason, ""));
}

/* Returns the cycles of the outer heap. */
static uint64_t compare(const char *trace, const char *manager,
                        const char *machine, const char *flags)
{
    struct side native, guest;
    if (access("build/guest/marksweep-hazard3-O2.elf", R_OK) != 0)
        cr_skip_test("no cross compiler built the images");
    uint64_t most = getenv("FRAGLAB_LONG") != NULL ? UINT64_MAX : STRETCH;
    play(&native, trace, manager, NULL, NULL, most);
    play(&guest, trace, manager, machine, flags, most);
    cr_assert(eq(u64, native.n, guest.n));
    for (uint64_t i = 0; i < native.n; i++)
        cr_assert(native.state[i] == guest.state[i],
                  "%s on %s %s: operation %lu differs", trace, machine, flags,
                  (unsigned long)i + 1);
    cr_expect(eq(u64, native.cycles, 0));
    cr_expect(gt(u64, guest.cycles, 10 * guest.n));
    cr_expect(eq(u64, guest.gc_cycles, guest.pauses));
    cr_expect(le(u64, guest.outer_cycles, guest.cycles));
    cr_expect(eq(str, native.result.state_digest, guest.result.state_digest));
    free(native.state);
    free(guest.state);
    return guest.outer_cycles;
}

static uint64_t compare_all(const char *pattern, const char *manager,
                            const char *machine, const char *flags)
{
    glob_t samples;
    uint64_t outer_cycles = 0;
    cr_assert(eq(int, glob(pattern, 0, NULL, &samples), 0));
    for (size_t i = 0; i < samples.gl_pathc; i++)
        outer_cycles += compare(samples.gl_pathv[i], manager, machine, flags);
    globfree(&samples);
    return outer_cycles;
}

static void compare_samples(const char *manager, const char *machine,
                            const char *flags)
{
    uint64_t outer_cycles =
        compare_all("traces/samples/*.ftb", manager, machine, flags);
    cr_expect(eq(u64, outer_cycles, 0));
}

Test(replay_machine, marksweep_leaves_the_native_bytes_on_hazard3)
{
    compare_samples("marksweep", "hazard3", "O2");
}

Test(replay_machine, marksweep_leaves_the_native_bytes_on_hazard3_for_size)
{
    compare_samples("marksweep", "hazard3", "Os");
}

Test(replay_machine, marksweep_leaves_the_native_bytes_on_plain_rv32imac)
{
    compare_samples("marksweep", "hazard3-rv32imac", "O2");
}

Test(replay_machine, marksweep_leaves_the_native_bytes_on_cortex_m0plus)
{
    compare_samples("marksweep", "cortex-m0plus", "O2");
}

Test(replay_machine, marksweep_leaves_the_native_bytes_on_cortex_m3)
{
    compare_samples("marksweep", "cortex-m3", "O2");
}

Test(replay_machine, marksweep_leaves_the_native_bytes_on_cortex_m4)
{
    compare_samples("marksweep", "cortex-m4", "Os");
}

Test(replay_machine, marksweep_leaves_the_native_bytes_on_chips_as_they_are)
{
    compare_samples("marksweep", "rp2040-sram", "O2");
    compare_samples("marksweep", "stm32f405-24mhz", "O2");
}

Test(replay_machine, copying_leaves_the_native_bytes_everywhere)
{
    compare_samples("copying", "hazard3", "O2");
    compare_samples("copying", "cortex-m0plus", "Os");
    compare_samples("copying", "cortex-m4", "O2");
    compare_samples("copying pins=k", "hazard3", "O2");
}

Test(replay_machine, other_collectors_leave_the_native_bytes)
{
    compare_samples("semispace", "hazard3", "O2");
    compare_samples("twoended", "cortex-m0plus", "O2");
}

Test(replay_machine, promotions_leave_the_native_bytes)
{
    compare_all("traces/samples/*import*.ftb", "twoended promote=checkpoints",
                "hazard3", "O2");
    compare_all("traces/samples/*web*.ftb", "twoended promote=imports",
                "cortex-m4", "Os");
    compare_all("traces/samples/*32k.ftb", "twoended promote=oracle",
                "cortex-m0plus", "O2");
}

Test(replay_machine, explicit_managers_leave_the_native_bytes)
{
    compare_samples("fit", "hazard3", "Os");
    compare_samples("handles", "cortex-m0plus", "O2");
}

Test(replay_machine, objects_in_pieces_lie_where_they_lie_natively)
{
    compare_samples("chains block=16", "hazard3", "O2");
    compare_samples("chains block=32", "cortex-m0plus", "Os");
    compare_samples("chains block=16 link=spine", "cortex-m0plus", "O2");
    compare_samples("chains block=64 link=spine", "hazard3", "O2");
}

Test(replay_machine, packed_strings_lie_where_they_lie_natively)
{
    compare("identifiers:strings=300", "intern", "hazard3", "O2");
    compare("identifiers:strings=300", "intern", "cortex-m0plus", "Os");
}

Test(replay_machine, tlsf_leaves_the_native_bytes_everywhere)
{
    compare_samples("tlsf", "hazard3", "O2");
    compare_samples("tlsf", "cortex-m0plus", "Os");
    compare_samples("tlsf", "cortex-m4", "O2");
}

/* Cycles of a read, by the manager: two behind each of 2,000 operations. */
static uint64_t touch_price(const char *manager)
{
    struct side s;
    play(&s, "traces/samples/json-32k.ftb", manager, "hazard3", "O2", 2000);
    free(s.state);
    cr_assert(ge(u64, s.n_touches, 2 * 1999));
    cr_assert(eq(u64, s.n_touches, s.result.touches));
    return s.touch_cycles / s.n_touches;
}

Test(replay_machine, reads_have_a_price_where_the_manager_is_asked)
{
    if (access("build/guest/marksweep-hazard3-O2.elf", R_OK) != 0)
        cr_skip_test("no cross compiler built the images");
    uint64_t handle = touch_price("handles touch=2");
    uint64_t list = touch_price("chains block=16 touch=2");
    uint64_t longer = touch_price("chains block=64 touch=2");
    cr_expect(lt(u64, handle, longer));
    cr_expect(lt(u64, longer, list));
}

/* A path in place of flags: the image. */
Test(replay_machine, the_yardstick_on_a_table_of_bytes_leaves_the_same)
{
    compare_samples("marksweep", "hazard3",
                    "build/guest/bytewise-hazard3-O2.elf");
    compare_samples("marksweep", "cortex-m0plus",
                    "build/guest/bytewise-m0plus-O2.elf");
    compare_samples("marksweep", "cortex-m4", "build/guest/bytewise-m4-O2.elf");
}

Test(replay_machine, an_outer_heap_leaves_the_native_bytes_where_heaps_grow)
{
    cr_expect(gt(u64,
                 compare_all("traces/samples/auto-*.ftb",
                             "marksweep outer=tlsf", "hazard3", "O2"),
                 0));
    cr_expect(gt(u64,
                 compare_all("traces/samples/auto-*.ftb",
                             "marksweep outer=tlsf", "cortex-m0plus", "Os"),
                 0));
    cr_expect(gt(u64,
                 compare_all("traces/samples/auto-*.ftb",
                             "marksweep outer=tlsf", "cortex-m4", "O2"),
                 0));
}

/* Objects of both heaps, each alive until 45 others were born. */
static void write_outer_trace(const char *path)
{
    struct rng rng;
    rng_seed(&rng, 11);
    FILE *f = fopen(path, "w");
    cr_assert(f != NULL);
    fprintf(f, "fraglab-trace 1\n");
    for (uint32_t i = 0; i < 2000; i++) {
        fprintf(f, "alloc %u %u%s\n", i, 4 + rng_below(&rng, 300),
                i % 3 == 0 ? " outer" : "");
        if (i > 0 && i % 7 == 0)
            fprintf(f, "store %u 0 %u\n", i, i - 1);
        if (i % 11 == 0)
            fprintf(f, "realloc %u %u move\n", i, 4 + rng_below(&rng, 900));
        if (i >= 45)
            fprintf(f, "%s %u\n", i % 2 ? "free" : "death", i - 45);
    }
    fprintf(f, "end\n");
    fclose(f);
}

Test(replay_machine, outer_objects_lie_where_they_lie_natively)
{
    static const char *const managers[] = {
        "marksweep outer=tlsf outer_bytes=50000 grow=1",
        "copying outer=tlsf outer_bytes=50000 grow=1",
    };
    char folder[SCRATCH_CAP], path[SCRATCH_CAP + 64];
    scratch_make(folder);
    write_outer_trace(scratch_path(folder, "outer.ft", path));
    for (int i = 0; i < 2; i++) {
        const char *manager = managers[i];
        cr_expect(gt(u64, compare_all(path, manager, "hazard3", "O2"), 0));
        cr_expect(
            gt(u64, compare_all(path, manager, "cortex-m0plus", "O2"), 0));
        cr_expect(gt(u64, compare_all(path, manager, "cortex-m3", "Os"), 0));
    }
    scratch_remove(folder);
}
