/*
 * op.h - the trace model: one operation or event, and what a trace's header
 * says                                                    (format version 1)
 *
 * A trace is a header followed by operations and events on objects that are
 * named by ids. An id is never used again. An *operation* asks something of
 * the memory manager; an *event* tells what the program did or what the
 * recording saw. Both native forms (text.c, binary.c), every importer and
 * every generator speak this one struct.
 *
 * Units     bytes unless said; words are header.word_bytes wide; an id is
 *           0 .. 2^62 - 1, TRACE_NONE means "no object".
 * Order     lines stand in the order in which things happened. Facts about an
 *           operation (TRACE_EXPECT) follow it; what the mutator's registers
 *           named at it (TRACE_HELD) and what its finalisers freed
 *           (TRACE_FINALISE) stand before it.
 */
#ifndef TRACES_OP_H
#define TRACES_OP_H

#include <stdbool.h>
#include <stdint.h>

#define TRACE_FORMAT_VERSION 1
#define TRACE_NONE           UINT64_MAX
#define TRACE_ID_MAX         ((UINT64_C(1) << 62) - 1)

enum trace_kind {
    TRACE_END = 0, /* the end record: without it an input is truncated    */

    /* Operations. */
    TRACE_ALLOC,   /* id bytes flags align site                           */
    TRACE_FREE,    /* id                                                  */
    TRACE_REALLOC, /* id bytes, flags & TRACE_MAY_MOVE, site              */
    TRACE_COLLECT, /* what: enum trace_collect                            */
    TRACE_STEP,    /* value: work budget                                  */
    TRACE_CONTROL, /* what: enum trace_control, value                     */
    TRACE_PROMOTE, /* id                                                  */
    TRACE_INTERN,  /* id bytes: an interned string                        */

    /*
     * The recording saw this request refused. what: TRACE_ALLOC (bytes flags
     * align) or TRACE_REALLOC (id bytes flags); cause: enum trace_cause. The
     * replay asks again, so it counts as an operation.
     */
    TRACE_REFUSED,

    /* Events. */
    TRACE_STORE,    /* id word target (or TRACE_NONE)                     */
    TRACE_ROOT,     /* word: the slot; target (or TRACE_NONE)             */
    TRACE_TOUCH,    /* id word                                            */
    TRACE_PIN,      /* id                                                 */
    TRACE_UNPIN,    /* id                                                 */
    TRACE_DEATH,    /* id: never used again (its last death)              */
    TRACE_HELD,     /* what: enum trace_held, ids                         */
    TRACE_FINALISE, /* ids: freed inside finalisers of the next operation */
    TRACE_EXPECT,   /* what: enum trace_expect, fact or ids               */
    TRACE_PHASE,    /* what: 1 begins, 0 ends; text                       */
    TRACE_NOTE,     /* text                                               */
    TRACE_TIME,     /* value: clock in header.time_unit                   */
    TRACE_THREAD,   /* value: thread of what follows                      */
    TRACE_N_KINDS
};

/* Flags of TRACE_ALLOC (and of a refused one); MAY_MOVE is realloc's. */
enum trace_flag {
    TRACE_FINALISER = 1 << 0,  /* has a finaliser                         */
    TRACE_LONG_LIVED = 1 << 1, /* for the long-lived end                  */
    TRACE_LEAF = 1 << 2,       /* holds no references                     */
    TRACE_AMBIGUOUS = 1 << 3,  /* scanned conservatively                  */
    TRACE_OUTER = 1 << 4,      /* from the outer heap, never collected    */
    TRACE_MAY_MOVE = 1 << 5,   /* realloc: may move                       */
    TRACE_FLAGS_ALL = (1 << 6) - 1
};

enum trace_collect {
    TRACE_COLLECT_ORDINARY = 0, /* the program asked for a collection     */
    TRACE_COLLECT_ALL = 1       /* sweep without roots                    */
};

enum trace_control {
    TRACE_CONTROL_AUTO = 0,  /* value 1 on, 0 off                         */
    TRACE_CONTROL_LOCK,      /* value 1 lock, 0 unlock (they nest)        */
    TRACE_CONTROL_THRESHOLD, /* value bytes; TRACE_NONE: none             */
    TRACE_CONTROL_ADD_AREA,  /* value bytes                               */
    TRACE_CONTROL_RESET,     /* collect all, give back areas, init again  */
    TRACE_N_CONTROLS
};

enum trace_cause {
    TRACE_CAUSE_MEMORY = 0, /* nothing fitted                             */
    TRACE_CAUSE_LOCKED,     /* the heap was locked, nothing was tried     */
    TRACE_CAUSE_UNKNOWN,    /* memory, or locked: the recording is silent */
    TRACE_N_CAUSES
};

enum trace_held {
    TRACE_HELD_ROOTS = 0, /* k: objects that registers and stack name     */
    TRACE_HELD_INSIDE,    /* j: ... point into, past the head             */
    TRACE_HELD_INTERIOR,  /* v: ... heap words point into, past the head  */
    TRACE_N_HELD
};

/* Why a recorded collection ran. */
enum trace_gc_cause {
    TRACE_GC_FULL = 0,  /* A: nothing fitted                              */
    TRACE_GC_THRESHOLD, /* T                                              */
    TRACE_GC_ASKED,     /* E: by the program                              */
    TRACE_GC_ALL        /* S: final sweep of everything                   */
};

/* Recorded facts about the last operation or the state after it. */
enum trace_expect {
    TRACE_EXPECT_BLOCK = 0,  /* the answer: fact.block {area, block}      */
    TRACE_EXPECT_COLLECTION, /* fact.collection, ids: what it freed       */
    TRACE_EXPECT_STATE,      /* fact.state: a checkpoint                  */
    TRACE_EXPECT_GRAPH,      /* fact.graph: live objects and edges        */
    TRACE_EXPECT_AVAIL,      /* fact.avail: what the outer heap could give*/
    TRACE_EXPECT_AREA,       /* fact.area: area added                     */
    TRACE_EXPECT_GIVEN_BACK, /* fact.given_back: area given back          */
    TRACE_N_EXPECTS
};

struct trace_area {
    uint32_t number;      /* 0, 1, 2, ... in order of adding              */
    uint32_t index;       /* place in the list when added                 */
    uint32_t bytes;       /* given, before rounding                       */
    uint32_t table_bytes; /* 4 blocks a byte                              */
    uint32_t n_blocks;
    uint32_t pool_offset; /* from the start of the bytes to block 0       */
    uint32_t reason;      /* 0 initial, 1 explicit, 2 automatic           */
};

/* One area's part of a checkpoint. */
struct trace_area_state {
    uint32_t number;
    uint32_t hint;      /* table byte where a search starts               */
    uint32_t last_used; /* block that bounds the sweep                    */
    uint64_t digest;    /* FNV-1a 64 over one byte a block                */
};

struct trace_state {
    bool after_collection; /* of the collection just ended (e), not c  */
    uint64_t used_bytes;
    uint64_t free_bytes;
    uint32_t max_free_blocks; /* longest run                              */
    uint32_t n_one_block;     /* objects of one block                     */
    uint32_t n_two_block;
    uint32_t max_block;      /* longest object, in blocks                */
    uint32_t last_free_area; /* number of the area searched first        */
    int64_t outer_avail;     /* outer heap can give; -1: cannot grow     */
    uint64_t digest;         /* over all areas in list order             */
    uint32_t n_areas;        /* at least 1                               */
    const struct trace_area_state *areas; /* the reader's, until its next */
};

struct trace_op {
    uint8_t kind;    /* enum trace_kind                                  */
    uint8_t flags;   /* enum trace_flag                                  */
    uint8_t what;    /* see the kind                                     */
    uint8_t cause;   /* TRACE_REFUSED: enum trace_cause                  */
    uint32_t align;  /* alloc: 0 the manager's own, else a power of two  */
    uint64_t id;     /* the object; store: the holder                    */
    uint64_t bytes;  /* alloc, realloc, intern                           */
    uint64_t value;  /* step, control, time, thread                      */
    uint64_t target; /* store, root: the object named, or TRACE_NONE     */
    uint32_t word;   /* store, touch: word index; root: slot             */
    uint32_t site;   /* 0 unknown                                        */
    uint32_t n_ids;
    const uint64_t *ids; /* held, finalise, expect collection: the        */
                         /* reader's, valid until its next operation      */
    const char *text;    /* phase, note, checkpoint label: the same; else 0  */
    union {
        struct {
            uint32_t area, block;
        } block;
        struct {
            uint32_t cause;  /* enum trace_gc_cause                       */
            int32_t rescans; /* passes after overflow; -1 not recorded    */
        } collection;
        struct trace_state state;
        struct {
            uint32_t live;     /* objects                                 */
            uint32_t edges;    /* words that name a live object's head    */
            uint32_t interior; /* words that point past a head            */
            uint32_t dangling; /* words that point at a free block        */
        } graph;
        uint64_t avail;
        struct trace_area area;
        struct {
            uint32_t area, index;
            uint64_t lost; /* live object that went with it; TRACE_NONE   */
        } given_back;
    } fact;
    uint64_t place; /* line (text, imports) or byte offset (binary)       */
};

#define TRACE_NAME_CAP  64
#define TRACE_AREAS_CAP 64

/* What the trace says of itself. Zero means unknown or none. */
struct trace_header {
    uint32_t version;                    /* TRACE_FORMAT_VERSION          */
    char program[TRACE_NAME_CAP];        /* what was recorded             */
    char source[TRACE_NAME_CAP];         /* tool: gcrec, rep, preset ...  */
    char source_version[TRACE_NAME_CAP]; /* of the tool                   */
    char time_unit[TRACE_NAME_CAP];
    uint32_t word_bytes;  /* of the recorded program                */
    uint32_t block_bytes; /* recorded manager's block               */
    uint32_t n_areas;     /* areas it started with                  */
    struct trace_area areas[TRACE_AREAS_CAP];
    uint32_t area_struct_bytes; /* at the start of each area but the first*/
    uint32_t growth;            /* 1: the heap grows by itself            */
    uint64_t outer_bytes;       /* what it grows from                     */
    uint32_t finalisers;        /* 1: has a finaliser table               */
    uint32_t zeroing;           /* 1: the whole object is zeroed          */
    uint32_t mark_stack;        /* entries                                */
    uint32_t root_words;        /* precise root slots                     */
    uint32_t has_graph;         /* stores and roots are recorded          */
    uint32_t has_held;          /* held lines are recorded                */
    uint32_t has_deaths;        /* 1: deaths exact; 2: at collections     */
    uint32_t has_blocks;        /* recorded blocks and checkpoints        */
    uint64_t peak_live;         /* bytes asked, if known                  */
};

/* Is this kind an operation (asks something of the manager)? */
static inline bool trace_is_operation(uint8_t kind)
{
    return kind >= TRACE_ALLOC && kind <= TRACE_REFUSED;
}

#endif /* TRACES_OP_H */
