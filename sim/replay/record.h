/*
 * record.h - what a replay tells of each operation, collection and refusal,
 * and the sink that it tells it to
 *
 * The replay knows no files and no database: it hands every record to a sink,
 * in the order of the operations, and the sink keeps what it wants.
 *
 * Units     bytes, as REPLAY's words define them: `live` granted to live
 *           objects, `used` granted to all not yet reclaimed, `free` in
 *           holes; addresses of the target; seq counts operations from 1.
 * Errors    a sink that fails returns a negative enum err, with its message
 *           written by itself; the replay stops and passes it up.
 */
#ifndef SIM_REPLAY_RECORD_H
#define SIM_REPLAY_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How this run's manager answered; anything but GRANTED is a refusal. */
enum request_outcome {
    OUTCOME_GRANTED = 0,
    OUTCOME_SHORT,      /* fewer bytes free than the request              */
    OUTCOME_FRAGMENTED, /* enough bytes free, no hole long enough         */
    OUTCOME_LOCKED,     /* the heap was locked                            */
    OUTCOME_OFF,        /* a collection was not allowed                   */
    OUTCOME_INDEX,      /* no handle left                                 */
    OUTCOME_LIMIT,      /* larger than the manager can ever grant         */
    OUTCOME_N
};

struct heap_figures {
    uint64_t asked; /* by live objects                                    */
    uint64_t live;
    uint64_t used;
    uint64_t free;
    uint64_t largest_free;
    uint64_t largest_request; /* exact; where objects are pinned, or words  */
                              /* ambiguous, what the card grants for sure;  */
                              /* exact at refusals and probes               */
};

/*
 * What the manager's machine code took: all of the call, from the first
 * instruction of the entry point to the return. Part of it was spent
 * collecting, told apart by the control block's phase word.
 */
#define COST_PHASES 7 /* enum heap_phase                                  */

struct op_cost {
    uint64_t cycles;
    uint64_t gc_cycles;    /* ... of them, in any phase but idle             */
    uint64_t outer_cycles; /* ... of them, in the outer heap's functions, */
                           /* asked by the program or for areas           */
    uint64_t instructions, loads, stores, waits;
    uint64_t unsettled;   /* events whose price no document settles       */
    uint32_t stack_bytes; /* deepest                                      */
    uint64_t phase_cycles[COST_PHASES];
};

struct op_record {
    uint64_t seq;
    uint8_t kind;     /* enum trace_kind of the operation            */
    uint8_t outcome;  /* enum request_outcome                                */
    uint8_t recorded; /* 1: the recording saw this request refused   */
    uint8_t may_move; /* realloc                                     */
    bool is_outer;    /* of an object of the outer heap              */
    uint64_t object;  /* id; TRACE_NONE where the operation has none */
    uint64_t asked;   /* bytes requested                             */
    uint64_t granted; /* bytes granted, 0 if refused or freed        */
    uint64_t undone;  /* granted and given back at once: `live` between   */
    uint32_t address; /* 0 if none                                   */
    uint32_t site;
    struct heap_figures after; /* the heap after the operation            */
    bool has_cost; /* of a machine: natively `cost` is undefined          */
    struct op_cost cost;
};

/* An event that asked the manager for something: a death that it was told of
 * by a free, a read through a handle, a store through a barrier. */
struct event_record {
    uint64_t seq;  /* of the operation before it                          */
    uint32_t part; /* 0, 1 ... behind that operation                      */
    uint8_t kind;  /* enum trace_kind of the event                        */
    uint64_t object;
    struct op_cost cost;
};

enum collection_cause {
    COLLECTION_FULL = 0,  /* nothing fitted                               */
    COLLECTION_THRESHOLD, /* the threshold was reached                    */
    COLLECTION_ASKED,     /* by the program                               */
    COLLECTION_ALL,       /* sweep without roots                          */
    COLLECTION_SLIDE      /* nothing is reclaimed, objects move together  */
};

struct collection_record {
    uint64_t seq;  /* the operation in which it ran                      */
    uint32_t part; /* 0, 1 ... where one operation ran several           */
    uint8_t cause; /* enum collection_cause                              */
    uint32_t rescans;
    uint32_t given_back;   /* areas                                         */
    uint64_t live_objects; /* that stayed                                 */
    uint64_t live_bytes;
    uint64_t reclaimed_objects;
    uint64_t reclaimed_bytes;
    uint64_t moved_objects;
    uint64_t moved_bytes;
    uint32_t n_pinned; /* live objects that might not move                  */
    bool has_cost;
    struct op_cost cost; /* of the operation so far, phases and all       */
    uint64_t free_before, largest_free_before;
    uint64_t free_after, largest_free_after;
};

struct refusal_record {
    uint64_t seq;
    uint8_t outcome;
    uint8_t recorded; /* the recording saw it refused, too                */
    uint64_t object;
    uint64_t asked;
    uint64_t free, largest_free, n_holes;
    double index; /* Linux's fragmentation index of this request          */
};

/* What lies in a unit of the window, for maps. */
enum unit_state {
    UNIT_FREE = 0,
    UNIT_HEAD,    /* first unit of a live object                          */
    UNIT_TAIL,    /* further unit of a live object                        */
    UNIT_GARBAGE, /* of an object that is dead and not yet reclaimed      */
    UNIT_META,    /* tables and the rest that no object can have          */
    UNIT_TAG      /* before an object or first in a hole, part of neither; */
                  /* or leads to an object's other blocks                  */
};

/* One object as it stands, for the `object` table. */
struct object_view {
    uint64_t id;
    uint64_t born_seq;
    uint64_t asked, granted;
    uint32_t address;
    uint32_t site;
    bool is_dead; /* not yet reclaimed                                    */
    bool is_held; /* named by registers or stack                          */
};

/*
 * The heap at the moment of a record. A sink may ask during its call only.
 * All functions take `run`; addresses run from `base` for `n_units` units.
 */
struct replay_view {
    const void *run;
    uint32_t base;
    uint32_t unit_bytes;
    uint32_t n_units; /* of the window's used part: all areas so far      */
    /* One enum unit_state a unit into `out`, which holds n_units bytes.   */
    void (*map)(const void *run, uint8_t *out);
    /* Every object in address order; a false from `each` ends the walk.   */
    void (*objects)(const void *run,
                    bool (*each)(void *ctx, const struct object_view *o),
                    void *ctx);
    /* Every reference between objects, holders in address order.          */
    void (*edges)(const void *run,
                  bool (*each)(void *ctx, uint64_t from, uint32_t word,
                               uint64_t to),
                  void *ctx);
    /* Lengths of all holes, in bytes: calls `each` once a hole.           */
    void (*holes)(const void *run, void (*each)(void *ctx, uint64_t bytes),
                  void *ctx);
};

/* Any member may be null. Order within an operation: collections, op,
 * refusal (if it was refused). */
struct sink {
    void *ctx;
    int (*op)(void *ctx, const struct op_record *r,
              const struct replay_view *view);
    int (*collection)(void *ctx, const struct collection_record *r);
    int (*refusal)(void *ctx, const struct refusal_record *r,
                   const struct replay_view *view);
    /* Phase marks (what: 1 begins, 0 ends, -1 a note), after op `seq`.    */
    int (*mark)(void *ctx, uint64_t seq, int what, const char *text);
    /* Once, after the last record, while the heap still stands.           */
    int (*end)(void *ctx, const struct replay_view *view);
    /* Machine runs only: an event that cost cycles, behind op `seq`.       */
    int (*event)(void *ctx, const struct event_record *r);
};

#endif /* SIM_REPLAY_RECORD_H */
