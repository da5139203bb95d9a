/*
 * synth.h - what the presets share: a workload that is fed by a function, one
 * step at a time
 *
 * A preset is a struct preset (its keys and how it begins) and a struct that
 * starts with a struct synth. Its step() queues the events of one turn; the
 * engine numbers objects, counts operations, hands the events on, and ends
 * the trace.
 *
 * State     on the host's heap, freed by the workload's close.
 * Cost      constant an event; memory: live objects and the longest turn.
 */
#ifndef TRACES_SYNTH_SYNTH_H
#define TRACES_SYNTH_SYNTH_H

#include <stddef.h>

#include "traces/synth/rng.h"
#include "traces/workload.h"

enum preset_unit {
    PRESET_NUMBER = 0, /* a count; K and M are 1,000 and 1,000,000        */
    PRESET_BYTES,      /* K and M are 1,024 and 1,048,576                 */
    PRESET_SHARE       /* a decimal fraction; its value is in millionths  */
};

struct preset_key {
    const char *name;
    const char *fallback; /* as the user would write it                   */
    uint8_t unit;         /* enum preset_unit                             */
    uint64_t least, most; /* in the value's own unit                      */
    const char *meaning;
};

#define PRESET_KEYS_CAP 12

/* The keys that every preset has, in front of its own. */
enum { KEY_SEED = 0, KEY_HEAP, KEY_OPS, KEY_OWN };

struct synth;

struct preset {
    const char *name;
    const char *summary;
    struct preset_key keys[PRESET_KEYS_CAP]; /* KEY_SEED ..; ends in null */
    /*
     * Make the preset from its values, in the order of `keys`. The header's
     * common part, the seed and the number of operations are set by the
     * caller. Null with `problem` written: values that do not go together
     * (ERR_INPUT) or no memory; `err` says which.
     */
    struct synth *(*make)(const uint64_t *values, int *err,
                          struct problem *problem);
};

/* What a turn queues; the rest of a struct trace_op is zero. */
struct synth_event {
    uint8_t kind;
    uint8_t what;
    uint32_t site;
    uint32_t word;
    uint64_t value; /* alloc: bytes; store, root: target                  */
    union {
        uint64_t id;
        const char *text; /* phase: a constant                            */
    } name;
};

struct synth {
    struct workload workload; /* first: the engine casts it back          */
    struct rng rng;
    uint64_t ops_left; /* operations still to be given                    */
    uint64_t n_events; /* given so far                                    */
    uint64_t last_id;  /* ids count from 1                                */
    struct synth_event *queue;
    size_t n_queued, at, cap;
    bool is_ended;
    /* Queue a turn with the synth_* functions; nothing queued: the end.  */
    int (*step)(struct synth *s);
    void (*dispose)(struct synth *s); /* what lies behind struct synth    */
};

/* `n` zeroed bytes that begin with a struct synth; null: no memory. */
struct synth *synth_new(size_t n, int (*step)(struct synth *),
                        void (*dispose)(struct synth *));

/*
 * Queue one event. They return 0, or ERR_MEMORY. Beyond the last operation
 * nothing more is queued, and the trace ends.
 */

/* An object of `bytes` from `site`; `id` receives its name. */
MUST_CHECK int synth_alloc(struct synth *s, uint64_t bytes, uint32_t site,
                           uint64_t *id);
/* An interned string, which nothing names any more. */
MUST_CHECK int synth_intern(struct synth *s, uint64_t bytes);
MUST_CHECK int synth_free(struct synth *s, uint64_t id);
MUST_CHECK int synth_death(struct synth *s, uint64_t id);
MUST_CHECK int synth_store(struct synth *s, uint64_t id, uint32_t word,
                           uint64_t target);
MUST_CHECK int synth_root(struct synth *s, uint32_t slot, uint64_t target);
/* The program asks for an ordinary collection. */
MUST_CHECK int synth_collect(struct synth *s);
/* A phase begins (1) or ends (0); `text` lives for ever. */
MUST_CHECK int synth_phase(struct synth *s, uint8_t begins, const char *text);

/*
 * Make room for one more of `n` elements of `size` bytes in the array at
 * `*array` with room for `*cap`. Returns 0 or ERR_MEMORY.
 */
MUST_CHECK int synth_reserve(void **array, size_t *cap, size_t n, size_t size);

extern const struct preset preset_churn;         /* churn.c               */
extern const struct preset preset_mpy_mix;       /* mpy_mix.c             */
extern const struct preset preset_comb;          /* comb.c                */
extern const struct preset preset_wiki_question; /* wiki_question.c       */
extern const struct preset preset_identifiers;   /* identifiers.c         */

#endif /* TRACES_SYNTH_SYNTH_H */
