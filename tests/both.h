/*
 * both.h - random operations natively and as machine code: equal answers,
 * equal outward calls, equal roots, and every byte of the window equal after
 * each operation
 *
 * For any manager; what it cannot do is left out by its capabilities. The
 * program's references are the held words of the root table: a manager that
 * moves objects updates them, and they are read back after every operation.
 */
#ifndef TESTS_BOTH_H
#define TESTS_BOTH_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>
#include <unistd.h>

#include "analysis/machine_config.h"
#include "sim/replay/target.h"
#include "traces/synth/rng.h"

#define BOTH_OBJECTS 200u
#define BOTH_ROOTS   512u

struct both_case {
    const char *manager;
    const char *params; /* "key=value key=value"                          */
    uint32_t heap_bytes;
};

/* One side: a target, and what its core asked of the outside. */
struct both_side {
    struct target *t;
    uint32_t finalised;   /* calls of finalisers                          */
    uint64_t fingerprint; /* of all outward calls, in order               */
};

/* What the program has: the same for both sides. */
struct both {
    struct rng rng;
    struct both_side side[2];      /* native, machine                */
    uint32_t object[BOTH_OBJECTS]; /* addresses, 0 none              */
    uint32_t n_granted, n_refused, n_op;
    uint32_t spare, end; /* addresses for areas that are added            */
};

static inline void both_on_finalise(void *ctx, uint32_t address)
{
    struct both_side *s = ctx;
    s->finalised++;
    s->fingerprint = s->fingerprint * 31 + address;
}

static inline uint32_t both_on_more(void *ctx, uint32_t what, uint32_t value)
{
    struct both_side *s = ctx;
    s->fingerprint = s->fingerprint * 31 + what * 7 + value;
    return 0;
}

static inline void both_options(struct replay_options *o,
                                const struct both_case *c)
{
    char words[200], *rest;
    strcpy(o->manager, c->manager);
    o->heap_bytes = c->heap_bytes;
    snprintf(words, sizeof words, "%s", c->params);
    for (char *w = strtok_r(words, " ", &rest); w != NULL;
         w = strtok_r(NULL, " ", &rest)) {
        char *value = strchr(w, '=');
        struct replay_param *p = &o->params[o->n_params++];
        *value++ = '\0';
        snprintf(p->key, sizeof p->key, "%s", w);
        snprintf(p->value, sizeof p->value, "%s", value);
    }
}

static inline void both_open_side(struct both_side *s,
                                  const struct both_case *c, const char *image,
                                  const char *machine)
{
    struct problem problem = {""};
    struct replay_options o = {0};
    struct trace_header header = {0};
    struct machine_config config;
    struct manager_params params;
    both_options(&o, c);
    const struct manager *m = manager_find(o.manager);
    cr_assert(eq(int, replay_resolve(&o, &header, &problem), 0), "%s",
              problem.text);
    m->params(&o, &params);
    int err;
    if (machine == NULL) {
        err = target_native_open(&s->t, m, o.window_bytes, 0, BOTH_ROOTS,
                                 &problem);
    } else {
        err = machine_config_load(&config, machine, &problem);
        cr_assert(eq(int, err, 0), "%s", problem.text);
        config.regions[0].bytes = 4u << 20; /* more than the chip has */
        struct target_guest_options g = {image, &config};
        err = target_guest_open(&s->t, m, &g, o.window_bytes, 0, BOTH_ROOTS,
                                &problem);
    }
    cr_assert(eq(int, err, 0), "%s", problem.text);
    s->t->host = (struct target_host){s, both_on_finalise, both_on_more};
    uint32_t error = s->t->init(s->t, c->heap_bytes, &params);
    cr_assert(eq(str, s->t->trouble, ""));
    cr_assert(eq(u32, error, 0));
}

/* The program's references become held words; in their order. */
static inline void both_set_roots(const struct both *b, struct target *t)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < BOTH_OBJECTS; i++) {
        if (b->object[i] != 0)
            t->roots->word[n++] = b->object[i];
    }
    t->roots->n_held = n;
}

/* Where they are now; both sides must agree. */
static inline void both_read_roots(struct both *b)
{
    const struct guest_roots *r = b->side[0].t->roots;
    const struct guest_roots *other = b->side[1].t->roots;
    uint32_t n = 0;
    cr_assert(zero(memcmp(r, other, sizeof *r + r->n_held * 4)),
              "operation %u: the roots differ", b->n_op);
    for (uint32_t i = 0; i < BOTH_OBJECTS; i++) {
        if (b->object[i] != 0)
            b->object[i] = r->word[n++];
    }
}

static inline bool both_can(const struct both *b, uint32_t capability)
{
    return (b->side[0].t->manager->capabilities & capability) != 0;
}

/* What is asked for, drawn once for both sides. */
struct both_op {
    uint32_t kind, i, bytes, flags;
};

static inline uint32_t both_ask(const struct both *b, struct target *t,
                                const struct both_op *op)
{
    uint32_t object = b->object[op->i];
    if (op->kind == 0 && both_can(b, CAP_COLLECT))
        return t->collect(t, COLLECT_ORDINARY);
    if (op->kind == 1 && both_can(b, CAP_AREAS) && b->spare + 900 < b->end)
        return t->add_area(t, b->spare, 700 + op->bytes % 200);
    if (op->kind == 2 && both_can(b, CAP_STEP))
        return t->step(t, op->bytes);
    if (op->kind == 3 && both_can(b, CAP_THRESHOLD))
        return t->control(t, CONTROL_THRESHOLD,
                          op->i % 2 ? HEAP_NO_THRESHOLD : 100 * op->bytes);
    if (op->kind == 4 && op->i == 7 && both_can(b, CAP_RESET))
        return t->control(t, CONTROL_RESET, 0);
    if (op->kind < 5)
        return 0;
    if (object == 0)
        return t->alloc(t, op->bytes, op->flags);
    if (op->kind < 30)
        return t->realloc(t, object, op->bytes, op->kind < 22);
    if (op->kind < 34 && both_can(b, CAP_PROMOTE))
        return t->promote(t, object);
    if (op->kind < 60)
        t->free(t, object);
    else if (op->kind < 80 && both_can(b, CAP_COLLECT))
        t->store(t, object, 0, b->object[(op->i + 7) % BOTH_OBJECTS]);
    return 0;
}

/* What the program makes of the answer. */
static inline void both_note(struct both *b, const struct both_op *op,
                             uint32_t answer)
{
    uint32_t *object = &b->object[op->i];
    bool is_request = op->kind >= 5 && (*object == 0 || op->kind < 30);
    if (op->kind == 1 && both_can(b, CAP_AREAS) && b->spare + 900 < b->end)
        b->spare += 1024;
    if (op->kind == 4 && op->i == 7 && both_can(b, CAP_RESET))
        memset(b->object, 0, sizeof b->object);
    if (op->kind < 5)
        return;
    b->n_granted += is_request && answer != 0;
    b->n_refused += is_request && answer == 0;
    if (is_request && answer != 0)
        *object = answer;
    else if (!is_request && op->kind < 34 && both_can(b, CAP_PROMOTE))
        *object = answer != 0 ? answer : *object;
    else if (!is_request && (op->kind < 60 || op->kind >= 80))
        *object = 0; /* freed, or forgotten: garbage, or lost for good */
}

static inline void both_compare(const struct both *b)
{
    const struct both_side *x = &b->side[0], *y = &b->side[1];
    cr_assert(x->finalised == y->finalised && x->fingerprint == y->fingerprint,
              "operation %u: the outward calls differ", b->n_op);
    if (memcmp(x->t->window, y->t->window, x->t->extent_bytes) == 0)
        return;
    for (uint32_t i = 0; i < x->t->extent_bytes; i++) {
        cr_assert(x->t->window[i] == y->t->window[i],
                  "operation %u: byte %u of the window is %02x and %02x",
                  b->n_op, i, x->t->window[i], y->t->window[i]);
    }
}

static inline void both_step(struct both *b)
{
    struct both_op op = {.kind = rng_below(&b->rng, 100),
                         .i = rng_below(&b->rng, BOTH_OBJECTS)};
    uint32_t answer[2];
    op.bytes = 1 + rng_below(&b->rng, op.kind % 20 == 9 ? 2000 : 60);
    op.flags = rng_below(&b->rng, 8) == 0 ? HEAP_FINALISER : 0;
    op.flags |= rng_below(&b->rng, 4) == 0 ? HEAP_LONG_LIVED : 0;
    /* Without a collector what is forgotten is lost: it is freed. */
    if (op.kind >= 80 && !both_can(b, CAP_COLLECT))
        op.kind = 59;
    for (int k = 0; k < 2; k++) {
        struct target *t = b->side[k].t;
        both_set_roots(b, t);
        answer[k] = both_ask(b, t, &op);
        cr_assert(eq(str, t->trouble, ""));
    }
    cr_assert(eq(u32, answer[0], answer[1]));
    both_read_roots(b);
    both_note(b, &op, answer[0]);
}

static inline void both_play(const struct both_case *c, const char *image,
                             const char *machine, uint32_t n)
{
    struct both b = {0};
    if (access(image, R_OK) != 0)
        cr_skip_test("%s: no cross compiler built it", image);
    rng_seed(&b.rng, 20260);
    both_open_side(&b.side[0], c, NULL, NULL);
    both_open_side(&b.side[1], c, image, machine);
    struct target *t = b.side[0].t;
    b.spare = (t->base + t->heap->control_bytes + c->heap_bytes + 63) & ~63u;
    b.end = b.spare + 4096;
    for (int k = 0; k < 2; k++)
        b.side[k].t->extent_bytes = b.end - t->base;
    for (b.n_op = 0; b.n_op < n; b.n_op++) {
        both_step(&b);
        both_compare(&b);
        if (b.n_op % 64 == 0)
            cr_assert(eq(
                int, t->manager->check(t->heap, t->base, t->window_bytes), 0));
    }
    cr_expect(gt(u32, b.n_granted, n / 10));
    cr_expect(gt(u32, b.n_refused, 0));
    if (both_can(&b, CAP_COLLECT))
        cr_expect(gt(u32, t->heap->n_collections, 10));
    if (both_can(&b, CAP_FINALISE))
        cr_expect(gt(u32, b.side[0].finalised, 0));
    for (int k = 0; k < 2; k++)
        b.side[k].t->close(b.side[k].t);
}

/* On four machine codes: two cores compiled for speed, two for size. */
static inline void both_play_everywhere(const struct both_case *c, uint32_t n)
{
    static const char *const codes[][2] = {
        {"hazard3-O2", "hazard3"},
        {"hazard3-Os", "hazard3"},
        {"m0plus-O2", "cortex-m0plus"},
        {"m4-Os", "cortex-m4"},
    };
    for (uint32_t i = 0; i < 4; i++) {
        char image[100];
        snprintf(image, sizeof image, "build/guest/%s-%s.elf", c->manager,
                 codes[i][0]);
        cr_log_info("%s, %s on %s", c->manager, c->params, codes[i][0]);
        both_play(c, image, codes[i][1], n);
    }
}

#endif /* TESTS_BOTH_H */
