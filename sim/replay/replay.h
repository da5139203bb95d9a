/*
 * replay.h - play one workload against one manager, natively or on a machine,
 * verify every answer, and hand a record of each operation to a sink
 *
 * Every operation is performed by the manager's own code on its own bytes;
 * the shadow (shadow.h) verifies the answer before any number is believed.
 *
 * State     the replay's own, freed before replay_run returns.
 * Cost      constant a event, O(live) a collection; memory: live objects and
 *           the window, never the length.
 */
#ifndef SIM_REPLAY_REPLAY_H
#define SIM_REPLAY_REPLAY_H

#include "sim/replay/record.h"
#include "traces/workload.h"

/* Part of a run's identity: bump it when a replay's meaning changes. */
#define REPLAY_SEMANTICS_VERSION 3

struct machine_config; /* sim/machine/config.h */
struct oracle;         /* sim/replay/oracle.h */

/* What follows a refusal; in a locked heap always the first. */
enum refused_policy { REFUSED_SKIP = 0, REFUSED_STOP, REFUSED_RESET };

#define REPLAY_PARAMS_CAP 20
#define REPLAY_VALUE_CAP  768 /* as many areas as a trace can begin with    */

/* One manager parameter by its name, value as text of --set. */
struct replay_param {
    char key[32];
    char value[REPLAY_VALUE_CAP];
};

struct replay_options {
    char manager[32];
    struct replay_param params[REPLAY_PARAMS_CAP]; /* resolved: all the    */
    uint32_t n_params;     /* manager has, in the order of its list        */
    uint64_t heap_bytes;   /* H                                            */
    bool heap_trace;       /* areas as recorded (--heap trace)             */
    uint32_t window_bytes; /* 1 MiB unless the run says otherwise          */
    uint32_t step_every;   /* an idle step after every n-th op; 0: none    */
    uint32_t step_cycles;  /* what such a step may take on the machine     */
    uint32_t step_units;   /* the work that fits: see manager_step_units   */
    /*
     * Touches, reads of a word, beside those of the trace; they are charged
     * where the manager has a deref. touch_stores: 1, of each word stored to.
     * touch_every: so many behind each operation, of the object last
     * allocated, resized, stored to or touched, or of the youngest if that
     * one is dead; the t-th of all these reads word t mod n, n being the
     * whole words asked for.
     */
    uint32_t touch_stores;
    uint32_t touch_every;
    uint32_t refused; /* enum refused_policy                          */
    bool check;       /* x_check and a probe at each, expectations    */
                      /* are failures                                 */
    const struct machine_config *machine; /* null: natively; borrowed      */
    const char *image; /* path of the guest's ELF; null natively       */
    const struct oracle *oracle; /* promote=oracle: see oracle.h; borrowed */
};

struct replay_expect {
    uint64_t met, of;
};

/*
 * The request that came nearest to what its manager's card grants for certain,
 * or furthest beyond: bytes live with it over those up to which it is sure.
 */
struct replay_nearness {
    uint64_t live, sure; /* sure 0: nothing is certain, at any request     */
    uint64_t operation;
};

/* The outer heap as it stands, where it is a real one. Bytes. */
struct outer_figures {
    bool is_there;
    uint64_t objects;     /* of the trace                                 */
    uint64_t asked, live; /* by and granted to them                       */
    uint64_t areas;       /* granted to areas of the collected heap       */
    uint64_t free, largest_free, holes;
};

/* Interned strings that the manager packs, and their chunks. Bytes. */
struct string_figures {
    uint64_t n;       /* strings                                          */
    uint64_t asked;   /* by them                                          */
    uint64_t granted; /* to the chunks in which they lie                  */
    uint64_t apart;   /* what they would take as an object each           */
};

enum replay_status { REPLAY_COMPLETE = 0, REPLAY_STOPPED, REPLAY_FAILED };

struct replay_result {
    int status;        /* enum replay_status                           */
    char reason[1200]; /* one line; "" when complete                   */
    uint64_t operations, events;
    uint64_t allocations, frees, reallocs, collections;
    uint64_t refused, refused_short, refused_fragmented, refused_other;
    uint64_t inplace_missed;
    uint64_t empty;          /* requests for 0 bytes, answered by null       */
    uint64_t dropped;        /* operations on objects that never existed, or */
                             /* on strings that stay where they are packed   */
    uint64_t lost;           /* live objects, to resets after a refusal      */
    uint64_t freed_at_death; /* frees that the trace leaves to a collector  */
    uint64_t ignored;   /* collections, thresholds, locks and promotions that */
                        /* this manager does not know                         */
    uint64_t unaligned; /* allocations that asked for a larger alignment    */
                        /* than this manager keeps: it is not kept          */
    uint64_t promoted;  /* objects copied to the long-lived end              */
    uint64_t touches;   /* reads through the manager's deref                */
    uint64_t moved_bytes;
    uint64_t max_held;    /* objects held at once                         */
    uint64_t floating;    /* dead objects that a collection did not free  */
    uint64_t lone_blocks; /* live objects given back with their area      */
    struct heap_figures end;
    struct replay_nearness nearest;
    struct outer_figures outer;
    struct string_figures strings;
    uint64_t heap_bytes, control_bytes;
    uint64_t nop_cycles; /* of a call that does nothing; 0 natively         */
    bool has_expect;     /* recorded facts were compared                 */
    struct replay_expect blocks, checkpoints, tables, collections_expected;
    char state_digest[33]; /* of the window, hex                           */
    char trace_hash[33];   /* of the events played, hex                    */
    char trace_name[256];
    char trace_program[TRACE_NAME_CAP];
    char trace_format[16];
};

/*
 * Play `w` to its end under `o` (resolved: see replay_resolve). Returns 0 when
 * the run came to a status (`result` is filled: complete, stopped, failed);
 * negative when input or sink failed: `problem` says why and nothing of the
 * run may be kept.
 */
MUST_CHECK int replay_run(struct workload *w, const struct replay_options *o,
                          const struct sink *sink, struct replay_result *result,
                          struct problem *problem);

/*
 * Fill in what the user left open: defaults of the manager's parameters,
 * --heap trace, recorded parameters. ERR_INPUT: unknown manager or key (the
 * message names the nearest), value out of range, no heap size known.
 */
MUST_CHECK int replay_resolve(struct replay_options *o,
                              const struct trace_header *header,
                              struct problem *problem);

#endif /* SIM_REPLAY_REPLAY_H */
