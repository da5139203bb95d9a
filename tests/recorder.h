/*
 * recorder.h - recordings (gcrec 1 and 2) of programs that never ran
 *
 * A naive heap (model.h) in a memory of its own is used by a random program
 * with roots, a stack and finalisers; everything that the traces' description
 * says a recorder sees is written down as it says. What an object is named
 * by, when it dies, what a collection frees: all is found by looking at every
 * word, so that a replay of the recording is held against a second opinion.
 *
 *   recorder.c          the heap, its memory, what is asked of it
 *   recorder_lines.c    what the lines say
 *   recorder_program.c  the random program
 *
 * State     struct recorder, on the host's heap.
 * Source    the traces' description, sections "Lines" to "Other builds".
 */
#ifndef TESTS_RECORDER_H
#define TESTS_RECORDER_H

#include <stdio.h>

#include "tests/model.h"
#include "traces/synth/rng.h"

#define RECORDER_BASE        UINT32_C(0x20000000)
#define RECORDER_WINDOW      (UINT32_C(128) * 1024)
#define RECORDER_STACK_CAP   16
#define RECORDER_ROOTS_CAP   12
#define RECORDER_OBJECTS_CAP 16384

/* What is recorded, and how. */
struct recorder_plan {
    uint64_t seed;
    uint32_t version;               /* of gcrec: 1 or 2                    */
    struct marksweep_params params; /* of the heap                         */
    uint32_t areas[4];              /* bytes of those it starts with; 0 end*/
    uint32_t outer_bytes;
    uint32_t mark_every, roots_every;
    bool has_graph;
    bool is_sweeping_at_exit; /* g S                                       */
    bool locks;               /* the program locks its heap at times       */
    bool switches;            /* ... switches collecting, sets thresholds  */
    bool adds_areas;
    bool finalises;      /* finalisers free, store, ask                    */
    bool has_late_lines; /* w and p lines stand inside g ... e, too        */
    uint32_t n_steps;
};

/* How often what stands in all recordings made, for a look at coverage. */
struct recorder_counts {
    uint64_t allocs, frees, frees_inside, reallocs, moves, refused, locked;
    uint64_t refused_inside, refused_reallocs, deaths, undone, collections[4];
    uint64_t overflows, grown, added, given_back, lone, edges_after, stale,
        lost_in_realloc;
};

struct recorder_object {
    uint64_t id;
    uint32_t address;
    uint32_t area;  /* its number                                         */
    uint32_t bytes; /* asked                                              */
    uint32_t flags;
    bool exists;
    bool is_dead;    /* its death was written                                */
    bool is_reached; /* by the last recorder_mark                          */
    bool is_kept;    /* by the collection under way                        */
    uint32_t n_words;
    uint64_t *named; /* what each word was last said to name              */
};

struct recorder {
    struct recorder_plan plan;
    struct recorder_counts *counts;
    struct rng rng;
    struct model model;
    FILE *out; /* the recording                                           */
    uint8_t memory[RECORDER_WINDOW];
    uint8_t outer_used[RECORDER_WINDOW / 16]; /* 1 begins a piece, 2 more  */
    uint32_t outer_at, spare; /* where it lies; the next added area        */
    uint32_t object_at[RECORDER_WINDOW / 8]; /* by address: number + 1     */
    struct recorder_object object[RECORDER_OBJECTS_CAP];
    uint32_t n_objects; /* ids run from 1                                  */

    uint32_t root[RECORDER_ROOTS_CAP]; /* addresses, or other words        */
    uint64_t root_named[RECORDER_ROOTS_CAP];
    uint32_t stack[RECORDER_STACK_CAP];
    bool is_stale[RECORDER_STACK_CAP]; /* left behind by a call that ended */
    uint32_t sp;
    uint32_t words[RECORDER_ROOTS_CAP + RECORDER_STACK_CAP];

    /* Areas as the recording has them, in list order. */
    struct {
        uint32_t number, start;
    } area[MODEL_AREAS_CAP];
    uint32_t n_areas;

    /* The collection under way. */
    char request[80]; /* the q line, if this request should need one       */
    char given_back[800];
    bool has_rescans;     /* its y line was written                     */
    uint32_t taken_bytes; /* from the outer heap, by the last growth    */
    uint32_t busy; /* object that is being resized: finalisers spare it    */
    bool has_lost_busy; /* ... and its area was given back                 */
    uint32_t n_asked;
};

/* The number of no object. */
#define RECORDER_NONE UINT32_MAX

struct recorder *recorder_open(const struct recorder_plan *plan,
                               struct recorder_counts *counts, FILE *out);
void recorder_close(struct recorder *r);

/* What the program asks; objects by number (id - 1), RECORDER_NONE refused. */
uint32_t recorder_alloc(struct recorder *r, uint32_t bytes, uint32_t flags);
void recorder_free(struct recorder *r, uint32_t object);
bool recorder_realloc(struct recorder *r, uint32_t object, uint32_t bytes,
                      bool may_move);
void recorder_collect(struct recorder *r);
void recorder_switch(struct recorder *r, bool is_auto);
void recorder_threshold(struct recorder *r, uint32_t blocks);
void recorder_add_area(struct recorder *r, uint32_t bytes);
void recorder_checkpoint(struct recorder *r, const char *label);
/* Write w and p lines for what has changed. */
void recorder_flush(struct recorder *r);
void recorder_end(struct recorder *r);

/* The object whose head lies at `word`; RECORDER_NONE if none does. */
uint32_t recorder_find(const struct recorder *r, uint32_t word);
uint32_t recorder_get(const struct recorder *r, uint32_t address);
void recorder_put(struct recorder *r, uint32_t address, uint32_t word);

static inline bool recorder_has(uint32_t address)
{
    return address - RECORDER_BASE < RECORDER_WINDOW;
}

/* The existing object into which `word` points past the head. */
uint32_t recorder_find_around(const struct recorder *r, uint32_t word);
/* Bytes that a request for `bytes` is granted; where an object ends. */
uint32_t recorder_granted(const struct recorder *r, uint32_t bytes);
uint32_t recorder_end_of(const struct recorder *r,
                         const struct recorder_object *o);

/* recorder_lines.c */
void recorder_write_header(struct recorder *r);
void recorder_write_deaths(struct recorder *r); /* d and u                */
/* Whom stack words name (k), each once, in order; or point into (j).      */
void recorder_write_stack(struct recorder *r, char letter);
void recorder_write_state(struct recorder *r);   /* what e and c share      */
void recorder_write_graph(struct recorder *r);   /* s                       */
void recorder_write_rescans(struct recorder *r); /* y, once             */
/* N, for the last area of the list if the recording does not have it yet. */
void recorder_write_area(struct recorder *r, const char *reason,
                         uint32_t bytes);
uint32_t recorder_outer_avail(const struct recorder *r);

/* recorder_program.c: one step; what a finaliser of `object` does. */
void recorder_step(struct recorder *r);
void recorder_finaliser(struct recorder *r, uint32_t object);

/* Mark what roots and stack reach (is_reached), stale words or not. */
void recorder_mark(struct recorder *r, bool with_stale);

static inline uint32_t recorder_below(struct recorder *r, uint32_t n)
{
    return rng_below(&r->rng, n);
}

#endif /* TESTS_RECORDER_H */
