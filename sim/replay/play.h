/*
 * play.h - the state of one replay, shared by the files that play it
 *
 *   replay.c     opens, runs the loop, closes
 *   operations.c each operation by its kind; requests.c alloc, free, realloc
 *   answers.c    whether what they were answered is right
 *   promote.c    objects that are made long-lived
 *   events.c     what the program did in between
 *   touches.c    reads that ask the manager where an object lies
 *   calls.c      around every call of the manager, and what it asks
 *   strings.c    interned strings that lie together
 *   outer.c      the recordings' outer heap; outer_heap.c the real one
 *   outer_requests.c what the trace asks of that
 *   objects.c    what an id names, and how an object ends
 *   records.c    the record that ends every operation
 *   collection.c what a collection did: who is gone, who must not be
 *   moves.c      where a manager that moves has put the objects
 *   pins.c       which objects may not move, before every call
 *   pieces.c     the blocks of objects that lie in pieces
 *   figures.c    live, used, free, the largest hole; probes
 *   largest.c    the largest request
 *   promises.c   what a guarantee card says against what its manager did
 *   view.c       the heap as a sink may look at it
 *   nearness.c   how near requests come to what is granted for certain
 *   outside.c    the same of a manager that must be asked
 *   expect.c     recorded facts against what happened
 *
 * An operation goes: held set right -> the manager's own code -> the shadow
 * looks at collections, areas, the answer -> figures -> record to the sink.
 */
#ifndef SIM_REPLAY_PLAY_H
#define SIM_REPLAY_PLAY_H

#include <string.h>

#include "sim/replay/held.h"
#include "sim/replay/holes.h"
#include "sim/replay/oracle.h"
#include "sim/replay/outer.h"
#include "sim/replay/outer_heap.h"
#include "sim/replay/replay.h"
#include "sim/replay/shadow.h"
#include "sim/replay/target.h"

#define PLAY_AREAS_CAP OUTER_PIECES_CAP

/* A list of numbers that grows. */
struct play_list {
    uint64_t *item;
    uint32_t n, cap;
};

/* An area as the manager has it now, in list order. */
struct play_area {
    uint32_t number;
    uint32_t start; /* address of its first byte                          */
    uint32_t pool;
    uint32_t n_blocks;
    uint32_t table_bytes;
};

/* An object reclaimed by the operation's collection. */
struct play_reclaimed {
    uint64_t id;
    uint32_t area, block;
};

/* Who says which objects live long: the flags of the trace alone; also who
 * survives an import; or the stretch up to a checkpoint; or an oracle. */
enum promote_policy {
    PROMOTE_FLAGS = 0,
    PROMOTE_IMPORTS,
    PROMOTE_CHECKPOINTS,
    PROMOTE_ORACLE
};

#define PLAY_IMPORTS_CAP 64

/* What the last operation did, for recorded facts to be held against. */
struct play_happened {
    bool is_open;   /* an operation has been performed              */
    uint64_t place; /* its place in the trace                       */
    uint8_t kind;
    bool was_granted;
    uint32_t address;     /* of the answer                                */
    uint32_t old_address; /* of a moved realloc; 0 none                   */
    uint32_t old_units;
    uint32_t n_collections;
    uint32_t cause, rescans;
    struct play_reclaimed *reclaimed; /* list and address order           */
    uint32_t n_reclaimed, cap_reclaimed;
    struct {
        uint32_t number, index;
        uint64_t lost;
    } given_back[PLAY_AREAS_CAP];
    uint32_t n_given_back;
    struct play_area added;
    uint32_t added_index;
    bool has_added;
    bool has_moved_out;      /* an object, of an area that went meanwhile     */
    bool has_finalised;      /* finalisers ran, and may have stored           */
    bool has_avail;          /* the outer heap was asked                      */
    uint32_t avail;          /* ... and could give this much                  */
    bool is_past_collection; /* further facts tell of the state now       */
    uint32_t n_facts_collection, n_facts_given_back, n_facts_area;
};

struct play {
    struct workload *w;
    const struct replay_options *o;
    const struct sink *sink;
    struct replay_result *result;
    struct problem *problem;
    const struct manager *manager;
    struct manager_params params;
    bool moves; /* a collector that moves: objects are looked for    */
    const struct manager_shape *shape;
    bool has_handles; /* ... or handles that lead elsewhere                */
    bool has_deref;   /* the manager is asked where an object lies          */
    bool in_pieces;   /* objects are any blocks: see pieces.c               */
    bool collects;    /* the manager finds the dead itself; else they are   */
                      /* freed as they die, and nothing dead is ever left   */
    bool is_outside;  /* only the manager's entry points are known         */
    uint64_t outside_largest; /* request that the last probe found           */
    uint32_t align;     /* of every object: a power of two                   */
    uint32_t tag_units; /* before every object, and first in every hole       */

    struct target *t;
    struct shadow s;
    struct holes used;  /* over all objects not reclaimed                  */
    struct holes live;  /* over live objects only; see live_is_used        */
    bool live_is_used;  /* nothing dead is left: `used` is both indices,   */
                        /* and `live` is out of date                       */
    uint32_t n_holes;   /* runs of `used`; kept for tag managers only      */
    struct outer outer; /* outer = none                        */
    struct outer_heap outer_heap; /* outer = tlsf                        */
    struct play_area areas[PLAY_AREAS_CAP];
    uint32_t n_areas;
    bool areas_changed;     /* the manager took or gave back an area          */
    uint32_t explicit_next; /* address for the next area of the trace     */
    uint32_t explicit_end;
    uint32_t ignored_locks; /* that a manager without locks was not told  */

    uint64_t seq;
    uint64_t largest_asked; /* request so far, in whole units, with tag   */
    struct op_cost cost; /* of the calls made since the last record           */
    uint64_t nop_cycles; /* what a call costs by itself                       */
    uint64_t event_seq;  /* operation behind which the last event cost        */
    uint32_t event_part; /* ... and how many did there                        */
    bool expecting;      /* recorded facts are compared                  */
    bool has_growth;     /* the heap takes areas from the outer heap          */
    bool has_quirks;     /* quirks = exact                                    */
    bool is_probing;     /* in a probe: outward calls leave no mark      */
    bool is_stopped;     /* the run has come to its status               */
    uint32_t n_line;     /* held words of the line before this operation */
    bool has_line;
    uint32_t placeless;    /* slot of an object that is being moved out of an */
                           /* area that went meanwhile                        */
    uint32_t answer_bytes; /* granted to the call's answer, as seen after  */
                           /* a collection in it                          */
    uint64_t last_id;      /* object that the trace dealt with last          */
    uint64_t n_turns;      /* touches added behind operations                */
    uint32_t chunk;        /* slot of the chunk into which strings go now;   */
                           /* SHADOW_NONE: none                              */
    struct string_figures strings; /* where they are packed               */
    struct play_list finalise;     /* ids to be freed by the next finaliser   */
    struct play_list line;         /* scratch for a held line                 */
    struct play_list pins;         /* slots that the program has pinned       */
    struct play_list pinned;       /* slots that this call may not move       */
    struct play_list inside;       /* ids that ambiguous words point into     */
    struct play_list interior;     /* ids that heap words point into          */
    uint32_t pin_policy;           /* enum pin_policy                         */
    uint32_t promote_policy;       /* enum promote_policy                     */
    struct {
        uint64_t name;  /* its hash                                       */
        uint64_t birth; /* number of the first object born in it          */
    } imports[PLAY_IMPORTS_CAP]; /* that have begun, outermost first      */
    uint32_t n_imports;
    struct play_list moved; /* slots of objects moved by the last call    */
    uint32_t *entries;      /* of handles, as last seen: by heap word     */
    struct play_list named; /* slots of the dead that words still name */
    struct {
        uint32_t avail;
        uint64_t blocks, bytes;
    } growth; /* the last answer of largest_by_growth                     */
    uint32_t *lengths; /* scratch: objects' lengths by unit       */
    uint64_t probe_every, probe_at; /* operations; the next one's number      */
    bool is_probe_due;              /* this operation is one of them          */
    struct replay_view view;
    struct play_happened happened;
    uint32_t calls_before; /* collections before the manager's call       */
    uint32_t n_followed;   /* of those in it, already followed            */
    struct collection_record early; /* what these did                        */
    uint32_t grown_before;     /* areas taken from the outer heap, likewise   */
    int late_error;            /* of a finaliser's turn, for after the call   */
    const struct trace_op *op; /* being played                            */
    struct trace_hash *hash;   /* of all that has been played             */
};

/* The run fails: status, reason with place, operation and object. -> 1 */
__attribute__((format(printf, 2, 3))) int play_fail(struct play *p,
                                                    const char *format, ...);

/* The input is wrong at the operation being played. -> ERR_INPUT */
__attribute__((format(printf, 2, 3))) int play_reject(struct play *p,
                                                      const char *format, ...);

/* What became of a named object, as far as operations on it go. */
enum named {
    NAMED_LIVE,   /* `slot` is live                                       */
    NAMED_DEAD,   /* dead, its memory not yet reclaimed                   */
    NAMED_GONE,   /* reclaimed after its death, freed by nobody           */
    NAMED_ABSENT, /* this run never had it, or lost it                    */
    NAMED_FREED,
    NAMED_NEVER
};

/*
 * Functions that return an int answer 0, negative with p->problem written, or
 * 1 when the run has come to its status.
 */

/* --- objects.c */
enum named play_look_up(struct play *p, uint64_t id, uint32_t *slot);
/* The one line for an operation on an object that cannot take it. */
int play_not_live(struct play *p, const char *verb, uint64_t id,
                  enum named named);
int play_set_id(struct play *p, uint64_t id, uint32_t value);
/* A live object leaves the shadow; from now on its id means `end`. */
void play_remove(struct play *p, uint32_t slot, uint32_t end);
/* The object's memory is free again, by the program's own free. */
void play_forget_object(struct play *p, uint32_t slot, uint32_t end);
/* All objects leave the shadow: the live as `end`, the dead as reclaimed. */
void play_forget_all(struct play *p, uint32_t end);
/* Those of the outer heap, which begins again. */
void play_forget_outer(struct play *p);
int play_verify_object(struct play *p, uint32_t slot);
/* A live object dies. A manager that does not collect is told to free it. */
int play_let_die(struct play *p, uint32_t slot);
int play_death(struct play *p, uint64_t id);

/* --- operations.c */
int play_operation(struct play *p, const struct trace_op *op);
/* An idle step of so many units of work, where the manager has steps. */
int play_step(struct play *p, uint32_t units);

/* Does a free give memory back now? Not in a locked heap, and not where only
 * collections do. */
static inline bool play_can_free(const struct play *p)
{
    return (p->manager->capabilities & CAP_FREE) != 0 &&
           p->t->heap->lock_depth == 0;
}

/* For play_after_call, of an object that the call has freed: its handle leads
 * nowhere. */
static inline uint32_t play_freed(const struct play *p, uint32_t slot)
{
    return p->has_handles ? slot : SHADOW_NONE;
}

/* Where the object of that name is: the name itself, unless a handle. */
static inline uint32_t play_address(const struct play *p, uint32_t name)
{
    return p->has_handles ? p->manager->deref(p->t->heap, name, 0) : name;
}

/* --- requests.c */
/*
 * The object is now `bytes` long at `answer`: shadow, indices, contents. Did
 * it leave its old copy where it was?
 */
int play_resize(struct play *p, uint32_t slot, uint32_t answer, uint64_t bytes,
                bool leaves);
int play_alloc(struct play *p, const struct trace_op *op);
int play_free(struct play *p, const struct trace_op *op);
int play_realloc(struct play *p, const struct trace_op *op);
int play_refused(struct play *p, const struct trace_op *op);

/* --- strings.c */
/* A string that the manager has put at `address`, in a chunk with others. */
int strings_place(struct play *p, const struct trace_op *op, uint32_t address,
                  struct op_record *r);

/* --- answers.c */
/* The bytes granted to the object `name` at `address` for those asked. */
int answer_granted(struct play *p, uint64_t id, uint32_t name, uint32_t address,
                   uint64_t bytes, uint32_t *granted);
/* Is it aligned, inside an area, overlapping nothing? In pieces its blocks are
 * taken then. */
int answer_judge(struct play *p, uint64_t id, uint32_t address,
                 uint32_t granted);
/* Are bytes `from` to `to` - 1 of it zero? */
int answer_judge_zero(struct play *p, uint64_t id, uint32_t address,
                      uint64_t from, uint64_t to);
/* The first byte of a new object that must be zero: of all, or of those behind
 * the request, so that a collector reads nothing there; or `granted`. */
uint64_t answer_zeroed_from(const struct play *p, uint64_t bytes,
                            uint32_t granted);
/* The request is refused, and why: its record. `slot`: of the object that was
 * to be resized, or SHADOW_NONE. */
int answer_refused(struct play *p, struct op_record *r, uint32_t slot);
/* --- promote.c */
int play_open_promotion(struct play *p);
int play_promote(struct play *p, const struct trace_op *op);
/* The flags of an allocation, with what the policy adds. */
uint32_t play_birth_flags(const struct play *p, uint32_t flags);
/* What the policy does when a phase begins or ends, and at a checkpoint. */
int play_phase(struct play *p, const struct trace_op *op);
int play_checkpoint(struct play *p);

/* --- outer_requests.c: the same for objects of the outer heap; the last two
 * for requests that the recording saw refused. `r` is new. */
int play_outer_alloc(struct play *p, const struct trace_op *op,
                     struct op_record *r);
int play_outer_realloc(struct play *p, const struct trace_op *op, uint32_t slot,
                       struct op_record *r);
int play_outer_alloc_again(struct play *p, const struct trace_op *op,
                           struct op_record *r);
int play_outer_realloc_again(struct play *p, const struct trace_op *op,
                             uint32_t slot, struct op_record *r);
int play_outer_free(struct play *p, uint32_t slot, struct op_record *r);
/* Free one and forget it; its id becomes `end`. No record. */
int play_outer_drop(struct play *p, uint32_t slot, uint32_t end);

/* --- events.c */
int play_event(struct play *p, const struct trace_op *op);

/* --- touches.c */
/* Read a word of a live object, if it was granted. */
int play_read(struct play *p, uint32_t slot, uint32_t word);
/* Those that the run adds behind an operation or a store. Requires
 * p->has_deref. */
int play_add_touches(struct play *p, const struct trace_op *op);

/* --- calls.c: before and after every call of the manager. */
void play_before_call(struct play *p);
/*
 * Collections, areas, what finalisers did. `answer` is an address that the
 * shadow does not know yet, `busy` the object that moved there.
 */
int play_after_call(struct play *p, uint32_t answer, uint32_t busy,
                    bool everything);
int play_free_pending(struct play *p);

/* --- records.c */
/* What the machine's calls so far have cost, those of probes, is nobody's. */
static inline void play_drop_cost(struct play *p)
{
    if (p->t->has_cost)
        memset(&p->t->cost, 0, sizeof p->t->cost);
}

/* A machine's calls since play_before_call: into p->cost. 1: one of them
 * failed; ERR_INPUT: the manager lacks it. */
int play_take_cost(struct play *p);
/* What the event just played cost goes to the sink. */
int play_tell_event(struct play *p, const struct trace_op *op);
void play_new_record(const struct play *p, const struct trace_op *op,
                     struct op_record *r);
/* Figures, sink, probe and check; then what the user wants of a refusal. */
int play_finish(struct play *p, struct op_record *r, bool is_refusal);

/* Live words that name the dead name nothing from here on. */
void play_forget_names(struct play *p);
void play_on_finalise(void *ctx, uint32_t address);
uint32_t play_on_more(void *ctx, uint32_t what, uint32_t value);

/* --- replay.c */
/* Room for `n_units` units of heap; the indices are built anew. */
int play_reserve_units(struct play *p, uint32_t n_units);
/*
 * The heap begins again, as after a reboot: nothing is left of its objects,
 * of areas added since and of what the outer heap had given. What the trace
 * has switched (collecting, threshold, locks) stays, as the trace goes on.
 */
int play_reset(struct play *p);

/* --- pins.c */
/* What ambiguous words named is pinned: nothing; the held objects; also what
 * ambiguous words point into; also what heap words point into. */
enum pin_policy { PINS_NONE = 0, PINS_HELD, PINS_INSIDE, PINS_INTERIOR };

void play_open_pins(struct play *p);
/* The root table's third part, for the call that follows. 1: it is full. */
int play_set_pins(struct play *p);
/* How many they would be at most: some are counted twice, or have ended. */
uint32_t play_count_pins(const struct play *p);
/* The program's own pin or unpin of a live object. */
int play_pin(struct play *p, const struct trace_op *op);
/* By the program. */
bool play_is_pinned(const struct play *p, uint32_t slot);
/* The object is no more: its pin neither. */
void play_forget_pin(struct play *p, uint32_t slot);
/* Ids of a held line that are pinned under some policy. */
int play_note_inside(struct play *p, const struct trace_op *op);

/* --- moves.c */
/*
 * After a collection that may have moved: find every live object by the words
 * that name it, compare with what the manager has, and follow. `busy` has
 * been copied to `answer` since; without one, `answer` is new. What was seen
 * has *epoch.
 */
int play_follow_moves(struct play *p, uint32_t answer, uint32_t busy,
                      uint32_t *epoch, struct collection_record *c);
/* The same for handles, after any call; it may have freed an object. */
int play_follow_handles(struct play *p, uint32_t freed);

/* --- collection.c */
/* Look at what collections did since `before`; `answer` is new, `slot` the
 * object being reallocated (or SHADOW_NONE), not to be missed. */
int play_after_collection(struct play *p, uint32_t answer, uint32_t slot,
                          bool everything);
/*
 * In the middle of a call: follow the moves of all its collections but the one
 * that runs, which has not moved anything yet.
 */
int play_follow_early(struct play *p);
/* Read the manager's list of areas anew and build both hole indices. */
int play_sync_areas(struct play *p);
/* Are the manager's objects those of the shadow, in place and size? */
int play_walk(struct play *p);
/* Contents of every object and root. */
int play_verify_all(struct play *p);

/* --- pieces.c: where p->in_pieces, by the names of objects. */
/*
 * The object `name`, new or of another size, has `granted` bytes: each of its
 * blocks must be free, and is taken.
 */
int pieces_place(struct play *p, uint64_t id, uint32_t name, uint32_t granted);
/* Its blocks are taken from an index, or given back to p->used; how many. */
void pieces_take(struct play *p, struct holes *index, uint32_t name);
void pieces_give(struct play *p, uint32_t name);
uint32_t pieces_count(const struct play *p, uint32_t name);
/* Its blocks are still those that it was given. */
int pieces_verify(struct play *p, uint32_t slot);
/* The manager has as many free blocks as objects leave. */
int pieces_probe(struct play *p);
/* Into a map: the first block with its bytes is the head, and blocks that lead
 * to others are tags. */
void pieces_map(const struct play *p, const struct shadow_object *o,
                uint8_t *out);

/* --- figures.c */
/* The holes between live objects. */
static inline const struct holes *play_live(const struct play *p)
{
    return p->live_is_used ? &p->used : &p->live;
}

/* The units of an object's memory, its tag included. */
static inline uint32_t play_from(const struct play *p, uint32_t address)
{
    return shadow_unit(&p->s, address) - p->tag_units;
}

static inline uint32_t play_units(const struct play *p, uint32_t granted)
{
    return (granted >> p->s.unit_shift) + p->tag_units;
}

/* Bytes in holes, tags excluded; in a hole of so many units; in the longest. */
uint64_t play_free_bytes(const struct play *p);
uint64_t play_hole_bytes(const struct play *p, uint32_t units);
uint64_t play_longest_hole(const struct play *p);

/* An object takes units, or gives them back: to both indices, or, of a dead
 * object, to that of what is used. */
void play_take(struct play *p, uint32_t address, uint32_t granted,
               bool is_live);
void play_give(struct play *p, uint32_t address, uint32_t granted,
               bool is_live);
/* A live object dies: its units are free between the live ones. */
void play_give_live(struct play *p, uint32_t address, uint32_t granted);
uint32_t play_unit(const struct play *p, uint32_t address);
void play_figures(struct play *p, struct heap_figures *f);
uint64_t play_largest_request(struct play *p);
/* Where that is what is granted for sure: what is granted, found by asking the
 * manager and rolling back; more than `*largest`, or as much. Where it is
 * exact it stays. */
int play_ask_largest(struct play *p, uint64_t *largest);
/* Are objects and figure true? By a walk over the window, and by asking the
 * manager and rolling back. */
int play_probe(struct play *p);
/* Would so many bytes be granted? Requires a snapshot, which is restored. */
bool play_would_grant(struct play *p, uint64_t bytes);
/* Linux's fragmentation index of a request that failed. */
double play_frag_index(const struct refusal_record *f);

/* --- view.c */
void play_fill_view(struct play *p);

/* --- nearness.c */
/* A request of so many bytes is made: how near is it to the guarantee? */
void play_note_request(struct play *p, uint64_t bytes);

/* --- promises.c */
/* The largest request that one area serves by its manager's own rule, where
 * it has one, while n objects may not move. */
uint64_t play_largest_of_areas(struct play *p, uint32_t n_pinned);
/* Of a request that the manager has refused: might it? */
int play_judge_refusal(struct play *p, const struct op_record *r);
/* Are there no more holes after a collection than there may be? */
int play_judge_holes(struct play *p);

/* --- outside.c */
/* The largest request, as found by the last probe: never more than there is
 * room for. It is largest_free as well. */
uint64_t outside_largest(const struct play *p);
/* Find it anew, by bisection on a snapshot that is rolled back. Fails when the
 * manager would grant more than there is room for. */
int outside_probe(struct play *p);

/* --- expect.c */
/* A new operation begins: what the last one did must have been recorded. */
int expect_next_operation(struct play *p, const struct trace_op *op);
int expect_fact(struct play *p, const struct trace_op *op);

bool play_list_set(struct play_list *l, const uint64_t *ids, uint32_t n);
int play_list_add(struct play *p, struct play_list *l, uint64_t item);

#endif /* SIM_REPLAY_PLAY_H */
