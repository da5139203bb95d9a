/*
 * comb.c - preset `comb`: small keepers between temporaries, then one buffer
 *
 * A round makes `pairs` times a temporary of 13 to 28 blocks and, while it is
 * in use, a keeper of 1 or 2 blocks that goes into a table; the temporary dies
 * at once. At the end of the round a random half of the keepers dies, and a
 * large buffer is wanted, as by a TLS or JSON client. After `rounds` rounds all
 * keepers die, the program asks for a collection, and it begins anew: the comb
 * is worst in a heap that was empty, later first fit puts keepers to keepers.
 *
 *     [temporary  ]k[temporary     ]k[temporary ]kk[temporary   ]k ...
 *     [           ] [              ]k[          ]k [            ]k ...
 *
 * Nothing is freed: temporaries, keepers and buffers die, and a collector
 * reclaims them. By default a round's births fill the heap once, so that after
 * the first one keepers stand everywhere in it. The keepers are named by the
 * words of one table, the table by root 0.
 */
#include <stdlib.h>

#include "traces/synth/synth.h"

enum { KEY_PAIRS = KEY_OWN, KEY_ROUNDS, KEY_BUFFER };

enum {
    BLOCK_BYTES = 16,
    PAIR_BYTES = 352, /* a temporary and a keeper, on average             */
    SITE_TABLE = 1,
    SITE_TEMPORARY,
    SITE_KEEPER,
    SITE_BUFFER
};

struct keeper {
    uint64_t id;
    uint32_t word; /* of the table, that names it                         */
};

struct comb {
    struct synth synth;
    uint32_t n_pairs; /* a round                                          */
    uint32_t pair;    /* next of this round                               */
    uint32_t n_rounds, round;
    uint64_t buffer_bytes;
    uint64_t table;         /* id; 0: not made yet                       */
    struct keeper *keepers; /* n_keepers live, then the free words       */
    uint32_t n_keepers, cap_keepers;
};

/* The table has a word for every keeper that a round can end with. */
static int make_table(struct comb *c)
{
    int err = synth_alloc(&c->synth, 4 * (uint64_t)c->cap_keepers, SITE_TABLE,
                          &c->table);
    return err < 0 ? err : synth_root(&c->synth, 0, c->table);
}

static int make_pair(struct comb *c)
{
    struct synth *s = &c->synth;
    uint64_t temporary = 0;
    int err = synth_alloc(s, rng_between(&s->rng, 13, 28) * BLOCK_BYTES,
                          SITE_TEMPORARY, &temporary);
    if (err < 0)
        return err;

    struct keeper *k = &c->keepers[c->n_keepers++];
    err = synth_alloc(s, rng_between(&s->rng, 1, 2) * BLOCK_BYTES, SITE_KEEPER,
                      &k->id);
    if (err == 0)
        err = synth_store(s, c->table, k->word, k->id);
    if (err == 0)
        err = synth_death(s, temporary);
    return err;
}

/* Random keepers die until `n_left` are left; their words are free then. */
static int drop_keepers(struct comb *c, uint32_t n_left)
{
    while (c->n_keepers > n_left) {
        uint32_t i = rng_below(&c->synth.rng, c->n_keepers);
        struct keeper gone = c->keepers[i];
        c->keepers[i] = c->keepers[--c->n_keepers];
        c->keepers[c->n_keepers] = gone;
        int err = synth_store(&c->synth, c->table, gone.word, TRACE_NONE);
        if (err == 0)
            err = synth_death(&c->synth, gone.id);
        if (err < 0)
            return err;
    }
    return 0;
}

static int ask_buffer(struct comb *c)
{
    uint64_t buffer = 0;
    int err = synth_alloc(&c->synth, c->buffer_bytes, SITE_BUFFER, &buffer);
    return err < 0 ? err : synth_death(&c->synth, buffer);
}

static int step(struct synth *s)
{
    struct comb *c = (struct comb *)s;
    if (c->table == 0)
        return make_table(c);
    if (c->pair < c->n_pairs) {
        c->pair++;
        return make_pair(c);
    }
    c->pair = 0;
    int err = drop_keepers(c, c->n_keepers - c->n_keepers / 2);
    if (err == 0)
        err = ask_buffer(c);
    if (err < 0 || ++c->round < c->n_rounds)
        return err;
    c->round = 0;
    err = drop_keepers(c, 0);
    return err < 0 ? err : synth_collect(&c->synth);
}

static void dispose(struct synth *s)
{
    free(((struct comb *)s)->keepers);
}

static struct synth *make(const uint64_t *values, int *err,
                          struct problem *problem)
{
    struct comb *c = (struct comb *)synth_new(sizeof *c, step, dispose);
    if (c == 0) {
        *err = problem_set(problem, ERR_MEMORY, "comb: out of memory");
        return 0;
    }
    c->n_pairs = (uint32_t)values[KEY_PAIRS];
    if (c->n_pairs == 0)
        c->n_pairs = (uint32_t)(values[KEY_HEAP] / PAIR_BYTES);
    c->n_rounds = (uint32_t)values[KEY_ROUNDS];
    c->buffer_bytes = values[KEY_BUFFER];

    /* After r rounds n + n/2 + n/4 ... live, rounded up each time. */
    c->cap_keepers = 2 * c->n_pairs + 1;
    c->keepers = calloc(c->cap_keepers, sizeof *c->keepers);
    if (c->keepers == 0) {
        *err = problem_set(problem, ERR_MEMORY, "comb: out of memory");
        free(c);
        return 0;
    }
    for (uint32_t i = 0; i < c->cap_keepers; i++)
        c->keepers[i].word = i;
    c->synth.workload.header.has_graph = 1;
    c->synth.workload.header.has_deaths = 1;
    c->synth.workload.header.root_words = 1;
    return &c->synth;
}

/* clang-format off */
const struct preset preset_comb = {
    .name = "comb",
    .summary = "small keepers between temporaries, then a large buffer",
    .keys = {
        {"seed", "1", PRESET_NUMBER, 0, UINT64_MAX,
         "of the random numbers"},
        {"heap", "64K", PRESET_BYTES, 1024, 1 << 30,
         "the heap that a round fills once"},
        {"ops", "10K", PRESET_NUMBER, 1, UINT64_C(1) << 40,
         "allocations and collections"},
        {"pairs", "0", PRESET_NUMBER, 0, 1 << 20,
         "temporaries, and keepers, a round; 0: as many as fill the heap"},
        {"rounds", "6", PRESET_NUMBER, 1, 1 << 30,
         "rounds until all keepers die"},
        {"buffer", "6000", PRESET_BYTES, 1, 1 << 28,
         "size of the buffer at the end of a round"},
    },
    .make = make,
};
/* clang-format on */
