/*
 * test_copying_formula.c - the cycles of a collection of core/copying as a
 * formula, fitted on recorded programs by least squares: of collections that
 * move something and whose mark stack was long enough
 *
 * FRAGLAB_FIT prints what the fit gives.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/run.h"
#include "sim/replay/play.h"

#define SAMPLES_CAP 20000
#define A_FEW       40 /* collections of each run                         */

/* What a collection costs by: see core/copying.h. */
enum term {
    CONSTANT,
    TABLE_WORDS,
    BLOCKS,
    OBJECTS,
    REFERENCES,
    UPDATED,
    BYTES,
    N_TERMS
};

/* UPDATED: references to objects that move. */
static const char *const term_names[] = {
    "constant",  "table word",       "live block", "live object",
    "reference", "... that changes", "byte moved"};

struct sample {
    double term[N_TERMS];
    double cycles;
};

/* One machine's collections. */
static struct collections {
    struct sample sample[SAMPLES_CAP];
    uint32_t n;
    uint32_t n_of_run; /* of the run at hand                              */
    uint32_t n_of_op;
    struct collection_record last;
} all;

static int take_collection(void *ctx, const struct collection_record *r)
{
    struct collections *c = ctx;
    c->last = *r;
    c->n_of_op++;
    return 0;
}

/* Words of live objects and of the root table that name the object. */
static uint32_t count_references(const struct shadow *s,
                                 const struct shadow_object *o)
{
    uint32_t n = o->held != 0;
    for (uint32_t e = o->first_in; e != 0; e = s->edges[e].next_in) {
        uint32_t from = s->edges[e].from;
        n += from == SHADOW_ROOT || shadow_at(s, from)->state == SHADOW_LIVE;
    }
    return n;
}

/* All references; and those to what has moved: all from some address on. */
static void add_references(struct sample *x, const struct play *p,
                           const struct collection_record *c)
{
    uint64_t stayed = c->live_bytes - c->moved_bytes;
    for (uint32_t slot = p->s.live.oldest; slot != SHADOW_NONE;
         slot = shadow_at(&p->s, slot)->younger) {
        const struct shadow_object *o = shadow_at(&p->s, slot);
        uint32_t n = count_references(&p->s, o);
        x->term[REFERENCES] += n;
        x->term[UPDATED] += o->address - p->areas[0].pool >= stayed ? n : 0;
    }
}

/* After an operation with one collection, the shadow knows what it met. */
static int take_op(void *ctx, const struct op_record *r,
                   const struct replay_view *view)
{
    struct collections *c = ctx;
    const struct play *p = view->run;
    bool is_plain = c->n_of_op == 1 && c->last.cause != COLLECTION_SLIDE &&
                    c->last.rescans == 0 && c->last.moved_bytes > 0;
    (void)r;
    c->n_of_op = 0;
    if (!is_plain || c->n == SAMPLES_CAP)
        return 0;
    c->sample[c->n++] = (struct sample){
        .term = {1, p->areas[0].n_blocks / 16.0, c->last.live_bytes / 16.0,
                 (double)c->last.live_objects, 0, 0,
                 (double)c->last.moved_bytes},
        .cycles = (double)c->last.cost.gc_cycles,
    };
    add_references(&c->sample[c->n - 1], p, &c->last);
    c->n_of_run++;
    return c->n_of_run == A_FEW ? ERR_CHECK : 0;
}

static void play(const char *trace, uint32_t heap_bytes, const char *machine)
{
    static struct run_spec spec;
    struct problem problem = {""};
    struct replay_result result;
    struct workload *w;
    struct sink sink = {
        .ctx = &all, .op = take_op, .collection = take_collection};
    char path[80];
    snprintf(path, sizeof path, "traces/samples/%s.ftb", trace);
    memset(&spec, 0, sizeof spec);
    strcpy(spec.options.manager, "copying");
    spec.options.heap_bytes = heap_bytes;
    all.n_of_run = all.n_of_op = 0;
    cr_assert(eq(int, workload_open(&w, path, NULL, &problem), 0));
    int err = replay_resolve(&spec.options, &w->header, &problem);
    if (err == 0)
        err = run_spec_set_machine(&spec, machine, NULL, "O2", &problem);
    if (err == 0)
        err = run_spec_play(&spec, w, &sink, &result, &problem);
    workload_close(w);
    cr_assert(err == 0 || err == ERR_CHECK, "%s", problem.text);
}

/* The collections of the recorded programs, in several heaps each. */
static void gather(const char *machine)
{
    static const struct {
        const char *trace;
        uint32_t heap_bytes;
    } runs[] = {
        {"logger-32k", 14000},    {"logger-32k", 32768},
        {"json-32k", 12000},      {"json-32k", 32768},
        {"web-64k", 26000},       {"web-64k", 65536},
        {"strings-32k", 24000},   {"fft-64k", 65536},
        {"chaos-40k", 36000},     {"nqueens-20k", 14000},
        {"pystone-24k", 20000},   {"raytrace-48k", 46000},
        {"import-py-20k", 18000},
    };
    char image[80];
    snprintf(image, sizeof image, "build/guest/copying-%s-O2.elf",
             strcmp(machine, "hazard3") == 0 ? "hazard3" : "m0plus");
    if (access(image, R_OK) != 0)
        cr_skip_test("%s: no cross compiler built it", image);
    all.n = 0;
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        play(runs[i].trace, runs[i].heap_bytes, machine);
    }
}

/* The terms' prices with the least sum of squares of relative errors: normal
 * equations, by elimination. */
static void fit(double price[N_TERMS])
{
    double m[N_TERMS][N_TERMS + 1] = {{0}};
    for (uint32_t s = 0; s < all.n; s++) {
        const struct sample *x = &all.sample[s];
        double weight = 1 / (x->cycles * x->cycles);
        for (int i = 0; i < N_TERMS; i++) {
            for (int j = 0; j < N_TERMS; j++)
                m[i][j] += weight * x->term[i] * x->term[j];
            m[i][N_TERMS] += weight * x->term[i] * x->cycles;
        }
    }
    for (int k = 0; k < N_TERMS; k++) {
        for (int i = 0; i < N_TERMS; i++) {
            double f = i == k ? 0 : m[i][k] / m[k][k];
            for (int j = k; j <= N_TERMS; j++)
                m[i][j] -= f * m[k][j];
        }
    }
    for (int k = 0; k < N_TERMS; k++)
        price[k] = m[k][N_TERMS] / m[k][k];
}

/* How wrong the prices are: root of the mean square, and at most. */
static void judge(const double price[N_TERMS], double *rms, double *most)
{
    *rms = *most = 0;
    for (uint32_t s = 0; s < all.n; s++) {
        const struct sample *x = &all.sample[s];
        double cycles = 0;
        for (int i = 0; i < N_TERMS; i++)
            cycles += price[i] * x->term[i];
        double error = fabs(cycles / x->cycles - 1);
        *rms += error * error / all.n;
        *most = error > *most ? error : *most;
    }
    *rms = sqrt(*rms);
}

static void tell(const char *of, const double price[N_TERMS])
{
    double rms, most;
    judge(price, &rms, &most);
    fprintf(stderr, "%s, %u collections: error %.3f, at most %.3f\n", of, all.n,
            rms, most);
    for (int i = 0; i < N_TERMS; i++)
        fprintf(stderr, "  %-10s %9.2f\n", term_names[i], price[i]);
}

static void check(const char *machine, const double formula[N_TERMS])
{
    double rms, most, price[N_TERMS];
    gather(machine);
    if (getenv("FRAGLAB_FIT") != NULL) {
        fit(price);
        tell(machine, price);
    }
    judge(formula, &rms, &most);
    cr_expect(rms <= 0.06, "%s: %.3f", machine, rms);
    cr_expect(most <= 0.30, "%s: %.3f", machine, most);
}

/* As written in core/copying.h. */
Test(copying_formula, tells_the_cycles_of_a_collection_on_hazard3)
{
    static const double formula[N_TERMS] = {1910, 169, 40.1, 41.8,
                                            21.6, 106, 0.58};
    check("hazard3", formula);
}

Test(copying_formula, tells_the_cycles_of_a_collection_on_cortex_m0plus)
{
    static const double formula[N_TERMS] = {1060, 350, 76.9, 101,
                                            47.0, 252, 0.74};
    check("cortex-m0plus", formula);
}
