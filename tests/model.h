/*
 * model.h - the rules of MicroPython's heap, written naively
 *
 * A second writing of what core/marksweep.h promises: one byte a block, one
 * loop a rule, no table words, no cleverness. Tests play the same operations
 * against both and compare every block. It keeps no memory of its own: words
 * of objects are read through a callback, because the program wrote them.
 *
 * State     struct model and its areas' arrays, on the host's heap.
 * Source    the rules of the gcrec traces, sections "Rules for a replay",
 *           "Several areas" and "Other builds".
 */
#ifndef TESTS_MODEL_H
#define TESTS_MODEL_H

#include "core/host.h"
#include "core/marksweep.h"

#define MODEL_AREAS_CAP 64

struct model_area {
    uint32_t number;
    uint32_t start; /* first byte given                                   */
    uint32_t pool;  /* block 0                                            */
    uint32_t table_bytes;
    uint32_t n_blocks;
    uint32_t hint;
    uint32_t last_used;
    uint8_t *kind;      /* 0 free, 1 head, 2 tail, 3 mark, one a block    */
    uint8_t *finaliser; /* 1: this block's object has one                 */
};

/* What the model asks of the test. */
struct model_calls {
    void *ctx;
    uint32_t (*word)(void *ctx, uint32_t address);
    void (*finalise)(void *ctx, uint32_t object);
    uint32_t (*more)(void *ctx, uint32_t what, uint32_t value);
    /* A collection begins (enum heap_cause), and has swept; may be null.   */
    void (*begins)(void *ctx, uint32_t cause);
    void (*ends)(void *ctx);
    /* Bytes from `start` to `end` were given back with all that is in them. */
    void (*gone)(void *ctx, uint32_t start, uint32_t end);
};

struct model {
    struct marksweep_params params;
    struct model_calls calls;
    struct model_area areas[MODEL_AREAS_CAP];
    uint32_t n_areas;
    uint32_t next_number;
    uint32_t search; /* place in the list of the area searched first      */
    uint32_t heap_start, heap_bytes;
    uint32_t lock_depth;
    uint32_t is_auto;
    uint32_t threshold_blocks;
    uint32_t given_blocks;
    uint32_t n_collections, last_cause, last_rescans, last_given_back;
    uint32_t refusal;
    bool is_collecting;
    const uint32_t *roots; /* what a collection starts from               */
    uint32_t n_roots;
};

void model_init(struct model *m, const struct marksweep_params *p,
                uint32_t heap_start, uint32_t heap_bytes,
                const struct model_calls *calls);
void model_close(struct model *m);
uint32_t model_alloc(struct model *m, uint32_t bytes, uint32_t flags);
void model_free(struct model *m, uint32_t object);
uint32_t model_realloc(struct model *m, uint32_t object, uint32_t bytes,
                       bool may_move);
void model_collect(struct model *m, uint32_t kind);
void model_control(struct model *m, uint32_t what, uint32_t value);
bool model_add_area(struct model *m, uint32_t start, uint32_t bytes);

/* Blocks of the object that begins at `address`; 0 if none does. */
uint32_t model_object(const struct model *m, uint32_t address);

#endif /* TESTS_MODEL_H */
