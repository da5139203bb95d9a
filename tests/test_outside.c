/*
 * test_outside.c - what asking finds out about a manager that cannot be read:
 * fraglab's own tlsf, as an outside manager, must give the figures that the
 * replay computes when it knows the manager
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/outside.h"
#include "sim/replay/manager.h"
#include "sim/replay/play.h"
#include "tests/scratch.h"

#define HEAP    32768u
#define CONTROL 1536u /* tlsf's control block, which an outsider has in H */
#define LIBRARY "build/guest/m0plus-O2/libcore.a"

static char folder[SCRATCH_CAP];
static char image[SCRATCH_CAP + 64]; /* of tlsf, in it                     */

/* What a run told of each operation. */
struct told {
    struct run_spec spec;
    struct guest_facts facts;
    struct replay_result result;
    struct op_record *ops;
    uint64_t n, cap;
    uint64_t n_wrong; /* figures that contradict each other                */
    uint64_t n_refusals, n_judged;
};

static int take_op(void *ctx, const struct op_record *r,
                   const struct replay_view *view)
{
    struct told *t = ctx;
    const struct heap_figures *f = &r->after;
    (void)view;
    if (t->n == t->cap) {
        t->cap = t->cap == 0 ? 4096 : 2 * t->cap;
        t->ops = realloc(t->ops, t->cap * sizeof *t->ops);
        cr_assert(t->ops != NULL);
    }
    t->ops[t->n++] = *r;
    t->n_wrong += f->largest_free != f->largest_request ||
                  f->largest_free > f->free || f->used != f->live ||
                  f->free + f->used != t->spec.options.heap_bytes;
    return 0;
}

static int take_refusal(void *ctx, const struct refusal_record *r,
                        const struct replay_view *view)
{
    struct told *t = ctx;
    (void)view;
    t->n_refusals++;
    t->n_judged += r->largest_free < r->asked &&
                   (r->outcome == OUTCOME_SHORT) == (r->free < r->asked);
    return 0;
}

static struct sink sink_of(struct told *t)
{
    return (struct sink){.ctx = t, .op = take_op, .refusal = take_refusal};
}

static void set(struct replay_options *o, const char *key, const char *value)
{
    struct replay_param *p = &o->params[o->n_params++];
    strcpy(p->key, key);
    strcpy(p->value, value);
}

static void play(struct told *t, const char *trace, struct problem *problem)
{
    struct workload *w;
    struct sink sink = sink_of(t);
    int err = workload_open(&w, trace, NULL, problem);
    cr_assert(eq(int, err, 0), "%s", problem->text);
    err = replay_resolve(&t->spec.options, &w->header, problem);
    if (err == 0 && t->spec.image[0] != '\0')
        err = run_spec_set_machine(&t->spec, "cortex-m0plus", t->spec.image,
                                   NULL, problem);
    if (err == 0)
        err = run_spec_play(&t->spec, w, &sink, &t->result, problem);
    cr_assert(eq(int, err, 0), "%s", problem->text);
    workload_close(w);
    cr_assert(eq(str, t->result.reason, ""));
}

/* tlsf natively: known. */
static void play_known(struct told *t, const char *trace, uint32_t refused)
{
    struct problem problem = {""};
    memset(t, 0, sizeof *t);
    strcpy(t->spec.machine, "native");
    strcpy(t->spec.options.manager, "tlsf");
    t->spec.options.heap_bytes = HEAP;
    t->spec.options.refused = refused;
    play(t, trace, &problem);
}

/* The same in an image: unknown. */
static void play_unknown(struct told *t, const char *trace, const char *probe,
                         uint32_t refused)
{
    struct problem problem = {""};
    const char *machine = NULL;
    memset(t, 0, sizeof *t);
    strcpy(t->spec.image, image);
    t->spec.options.heap_bytes = HEAP + CONTROL;
    t->spec.options.refused = refused;
    int err =
        outside_choose(&t->spec, &t->facts, t->spec.image, &machine, &problem);
    cr_assert(eq(int, err, 0), "%s", problem.text);
    cr_assert(eq(str, t->spec.options.manager, "outside:tlsf"));
    cr_assert(eq(str, (char *)machine, "cortex-m0plus"));
    set(&t->spec.options, "probe", probe);
    play(t, trace, &problem);
    cr_expect(eq(u64, t->n_wrong, 0));
}

static void make_image(void)
{
    char command[1024];
    if (system("command -v arm-none-eabi-gcc >/dev/null") != 0 ||
        access(LIBRARY, R_OK) != 0)
        cr_skip_test("no Arm toolchain");
    scratch_make(folder);
    scratch_path(folder, "tlsf.elf", image);
    snprintf(command, sizeof command,
             "arm-none-eabi-gcc -mcpu=cortex-m0plus -mthumb -O2 -ffreestanding "
             "-DCORE_ON_TARGET=1 -nostdlib -static -I. "
             "-T core/guest/outside.ld -o %s tests/outside/tlsf_outside.c %s "
             "-lgcc",
             image, LIBRARY);
    cr_assert(eq(int, system(command), 0));
}

static void remove_image(void)
{
    if (folder[0] != '\0')
        scratch_remove(folder);
}

TestSuite(outside, .init = make_image, .fini = remove_image);

static void compare(const char *trace, const char *probe, uint32_t refused)
{
    struct told known, unknown;
    uint64_t every = strtoull(probe, NULL, 10);
    play_known(&known, trace, refused);
    play_unknown(&unknown, trace, probe, refused);
    cr_assert(eq(u64, known.n, unknown.n));
    cr_expect(eq(u64, known.result.refused, unknown.result.refused));
    for (uint64_t i = 0; i < known.n; i++) {
        const struct op_record *a = &known.ops[i], *b = &unknown.ops[i];
        unsigned long seq = (unsigned long)i + 1;
        cr_assert(a->address == b->address, "operation %lu: another address",
                  seq);
        cr_assert(a->granted != 0 || b->granted == 0,
                  "operation %lu: another outcome", seq);
        bool is_refusal =
            a->outcome != 0 && (!a->recorded || a->kind != TRACE_REALLOC);
        if (is_refusal || seq % every == 0)
            cr_assert(a->after.largest_request == b->after.largest_request,
                      "operation %lu: %lu, by asking %lu", seq,
                      (unsigned long)a->after.largest_request,
                      (unsigned long)b->after.largest_request);
    }
    cr_expect(eq(u64, known.result.end.largest_request,
                 unknown.result.end.largest_request));
    free(known.ops);
    free(unknown.ops);
}

Test(outside, asking_finds_the_largest_request_that_is_known)
{
    compare("churn:ops=3000", "1", REFUSED_SKIP);
    compare("mpy-mix:ops=3000", "1", REFUSED_SKIP);
}

Test(outside, at_probes_and_refusals_the_figure_is_the_truth)
{
    compare("churn:ops=6000", "100", REFUSED_SKIP);
    compare("traces/samples/chaos-40k.ftb", "1000", REFUSED_SKIP);
}

Test(outside, after_a_reset_the_image_is_as_it_was_loaded)
{
    compare("churn:ops=6000,load=0.95", "50", REFUSED_RESET);
}

Test(outside, refusals_are_judged_by_what_was_found)
{
    struct told t;
    play_unknown(&t, "churn:ops=6000,load=0.95", "64", REFUSED_SKIP);
    cr_expect(gt(u64, t.n_refusals, 10));
    cr_expect(eq(u64, t.n_judged, t.n_refusals));
    cr_expect(eq(u64, t.result.refused_other, 0));
    free(t.ops);
}

Test(outside, the_same_run_repeats_whatever_the_image_is_called)
{
    struct told a, b;
    char other[SCRATCH_CAP + 64];
    play_unknown(&a, "churn:ops=2000", "64", REFUSED_SKIP);
    scratch_path(folder, "other.elf", other);
    cr_assert(eq(int, rename(image, other), 0));
    strcpy(image, other);
    play_unknown(&b, "churn:ops=2000", "64", REFUSED_SKIP);
    cr_expect(eq(str, a.result.state_digest, b.result.state_digest));
    char *json[2] = {run_spec_json(&a.spec, a.result.trace_hash),
                     run_spec_json(&b.spec, b.result.trace_hash)};
    cr_expect(eq(str, json[0], json[1]));
    for (int i = 0; i < 2; i++)
        free(json[i]);
    for (uint64_t i = 0; i < a.n; i++)
        cr_assert(eq(u64, a.ops[i].cost.cycles, b.ops[i].cost.cycles));
    free(a.ops);
    free(b.ops);
}

Test(outside, a_probe_costs_the_program_nothing)
{
    struct told rare, often;
    play_unknown(&rare, "churn:ops=2000", "1000000", REFUSED_SKIP);
    play_unknown(&often, "churn:ops=2000", "1", REFUSED_SKIP);
    for (uint64_t i = 0; i < rare.n; i++) {
        cr_assert(eq(u64, rare.ops[i].cost.cycles, often.ops[i].cost.cycles));
        cr_assert(le(u64, often.ops[i].after.largest_request,
                     often.ops[i].after.free));
    }
    cr_expect(eq(str, rare.result.state_digest, often.result.state_digest));
    free(rare.ops);
    free(often.ops);
}

/* --- an image's name is not the program's manager. */

Test(outside_names, an_outside_manager_is_found_by_any_name_of_an_image)
{
    cr_expect(
        eq(ptr, (void *)manager_find("outside"), (void *)&manager_outside));
    cr_expect(eq(ptr, (void *)manager_find("outside:tlsf"),
                 (void *)&manager_outside));
    cr_expect(eq(ptr, (void *)manager_find("outsider"), NULL));
}

Test(outside_names, without_a_machine_there_is_no_outside_manager)
{
    struct problem problem = {""};
    struct told t = {0};
    struct sink sink = sink_of(&t);
    struct workload *w;
    strcpy(t.spec.machine, "native");
    strcpy(t.spec.options.manager, "outside:x");
    t.spec.options.heap_bytes = HEAP;
    cr_assert(eq(int, workload_open(&w, "churn:ops=10", NULL, &problem), 0));
    cr_assert(
        eq(int, replay_resolve(&t.spec.options, &w->header, &problem), 0));
    cr_expect(eq(int, run_spec_play(&t.spec, w, &sink, &t.result, &problem),
                 ERR_INPUT));
    cr_expect(ne(ptr, strstr(problem.text, "image on a machine"), NULL));
    workload_close(w);
}
