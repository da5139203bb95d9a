/* oracle.c - see oracle.h. */
#include "sim/replay/oracle.h"

#include <stdlib.h>
#include <string.h>

#include "sim/replay/idmap.h"
#include "sim/replay/manager.h"
#include "traces/bytes.h"

/* An object that is live, or whose place in the table is free. */
struct life {
    uint64_t allocation; /* its number                                     */
    uint64_t born;       /* on the clock                                   */
    uint64_t bytes;      /* asked                                          */
    uint32_t next_free;
};

struct oracle {
    struct bytes is_long; /* a bit an allocation: 1 until it dies too soon */
    uint64_t n;
};

struct pass {
    struct oracle *oracle;
    struct idmap *ids; /* to places in `lives`                             */
    struct life *lives;
    uint32_t n, cap, free; /* place 0 stands for none                      */
    uint64_t clock, long_bytes;
};

static int no_memory(struct problem *problem)
{
    return problem_set(problem, ERR_MEMORY, "no memory left");
}

/* A place for one more life; 0: no memory. */
static uint32_t new_life(struct pass *s)
{
    uint32_t at = s->free;
    if (at != 0) {
        s->free = s->lives[at].next_free;
        return at;
    }
    if (s->n >= s->cap) {
        uint32_t cap = s->cap == 0 ? 1024 : s->cap * 2;
        struct life *larger = realloc(s->lives, cap * sizeof *larger);
        if (larger == NULL)
            return 0;
        s->lives = larger;
        s->cap = cap;
    }
    return s->n++;
}

static int birth(struct pass *s, const struct trace_op *op,
                 struct problem *problem)
{
    struct oracle *o = s->oracle;
    uint32_t at = new_life(s);
    if (at == 0 || !idmap_set(s->ids, op->id, at))
        return no_memory(problem);
    if (o->n % 8 == 0)
        bytes_put8(&o->is_long, 0);
    if (o->is_long.failed)
        return no_memory(problem);
    o->is_long.data[o->n / 8] |= (uint8_t)(1u << o->n % 8);
    s->lives[at] = (struct life){o->n++, s->clock, op->bytes, 0};
    s->clock += op->bytes;
    return 0;
}

/* The object's place; 0 if it is not live, which the replay will judge. */
static uint32_t find(struct pass *s, uint64_t id)
{
    uint32_t at = idmap_get(s->ids, id);
    return at < IDMAP_SLOT_MAX ? at : 0;
}

static void end(struct pass *s, uint64_t id)
{
    uint32_t at = find(s, id);
    if (at == 0)
        return;
    struct life *life = &s->lives[at];
    uint64_t n = life->allocation;
    if (s->clock - life->born <= s->long_bytes)
        s->oracle->is_long.data[n / 8] &= (uint8_t) ~(1u << n % 8);
    (void)idmap_set(s->ids, id, IDMAP_ENDED); /* its page exists */
    life->next_free = s->free;
    s->free = at;
}

static void resize(struct pass *s, const struct trace_op *op)
{
    struct life *life = &s->lives[find(s, op->id)];
    if (op->bytes > life->bytes)
        s->clock += op->bytes - life->bytes;
    life->bytes = op->bytes;
}

static int follow(struct pass *s, const struct trace_op *op,
                  struct problem *problem)
{
    switch (op->kind) {
    case TRACE_ALLOC:
    case TRACE_INTERN:
        return birth(s, op, problem);
    case TRACE_REALLOC:
        if (find(s, op->id) != 0)
            resize(s, op);
        return 0;
    case TRACE_FREE:
    case TRACE_DEATH:
        end(s, op->id);
        return 0;
    case TRACE_FINALISE:
        for (uint32_t i = 0; i < op->n_ids; i++)
            end(s, op->ids[i]);
        return 0;
    default:
        return 0;
    }
}

static int read_all(struct pass *s, struct workload *w, struct problem *problem)
{
    struct trace_op op;
    int got, err = 0;
    while (err == 0 && (got = workload_next(w, NULL, &op, problem)) != 0)
        err = got < 0 ? got : follow(s, &op, problem);
    return err;
}

static int look_ahead(struct oracle **out, struct workload *w,
                      uint64_t long_bytes, struct problem *problem)
{
    struct oracle *o = calloc(1, sizeof *o);
    struct pass s = {
        .oracle = o, .ids = idmap_new(), .n = 1, .long_bytes = long_bytes};
    int err = o == NULL || s.ids == NULL ? no_memory(problem)
                                         : read_all(&s, w, problem);
    if (s.ids != NULL)
        idmap_free(s.ids);
    free(s.lives);
    if (err < 0) {
        oracle_free(o);
        return err;
    }
    *out = o;
    return 0;
}

int oracle_open(struct oracle **out, const struct replay_options *o,
                const char *spec, struct problem *problem)
{
    const char *policy = manager_value(o, "promote");
    uint64_t most = o->heap_bytes + manager_number(o, "outer_bytes", 0);
    struct workload *w;
    *out = NULL;
    if (policy == NULL || strcmp(policy, "oracle") != 0)
        return 0;
    if (strcmp(spec, "-") == 0)
        return problem_set(problem, ERR_INPUT,
                           "promote=oracle reads the trace twice, which "
                           "standard input cannot be; give a file");
    int err = workload_open(&w, spec, NULL, problem);
    if (err < 0)
        return err;
    err = look_ahead(out, w, most / 2, problem);
    workload_close(w);
    return err;
}

void oracle_free(struct oracle *o)
{
    if (o == NULL)
        return;
    bytes_free(&o->is_long);
    free(o);
}

bool oracle_is_long(const struct oracle *o, uint64_t n)
{
    return n < o->n && (o->is_long.data[n / 8] >> n % 8 & 1) != 0;
}
