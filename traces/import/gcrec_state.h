/*
 * gcrec_state.h - what the parts of the gcrec importer share
 *
 * gcrec.c opens, dispatches lines and hands out operations; gcrec_header.c
 * reads the header and keeps the list of areas; gcrec_lines.c has the lines
 * that stand for themselves, gcrec_group.c those that together are one
 * operation.
 *
 * State     operations are queued until next() hands them out. No line is
 *           read before the queue is empty, unless a group is open; so ids,
 *           areas and text that queued operations point at stay.
 */
#ifndef TRACES_IMPORT_GCREC_STATE_H
#define TRACES_IMPORT_GCREC_STATE_H

#include <assert.h>
#include <string.h>

#include "traces/import/objects.h"
#include "traces/stream.h"
#include "traces/workload.h"

/* Where in a group the reader stands; bits, so that sets of them are masks. */
enum gcrec_phase {
    GCREC_OUTSIDE = 1,
    GCREC_ASKED = 2,    /* after q: a collection is due                   */
    GCREC_INSIDE = 4,   /* between g and e                                */
    GCREC_ANSWERING = 8 /* after e, o or N auto: the answer is due        */
};

/* Beyond 0 and negative: the line does not have the form of its kind. */
#define GCREC_MALFORMED 1

/* What the value of a struct object says, below the bytes asked. */
enum gcrec_object {
    GCREC_LIVE = 0,
    GCREC_DEAD, /* its last death was read                                */
    GCREC_LOST, /* it went with its area                                  */
    GCREC_STATE_MASK
};

static inline uint64_t gcrec_bytes_of(const struct object *o)
{
    return o->value >> 2;
}

static inline uint32_t gcrec_state_of(const struct object *o)
{
    return (uint32_t)o->value & GCREC_STATE_MASK;
}

static inline void gcrec_set(struct object *o, uint64_t bytes, uint32_t state)
{
    o->value = bytes << 2 | state;
}

/*
 * Most objects are in no u line: a bit for their id says so without a search.
 * Ids in use at one time are neighbours, and so are their bits.
 */
#define GCREC_FILTER_WORDS 2048u

struct gcrec_ids {
    uint64_t *at;
    uint32_t n, cap;
};

struct gcrec_ops {
    struct trace_op *at;
    uint32_t n, cap;
};

struct gcrec_group {
    char request; /* of q: 'a', 'r', or 0 without a q line      */
    uint64_t request_line;
    uint64_t id, bytes, flag;
    char cause;    /* of g: A T E S, or 0 without a collection   */
    uint64_t seen; /* bit letter & 31: this line was read        */
    uint64_t finalised_line, freed_line;
    uint32_t lost_fact;     /* place + 1 of the fact that the object being   */
                            /* resized went with its area; 0: it did not     */
    struct gcrec_ids roots; /* k, also of a sample outside                */
    struct gcrec_ids inside, interior, freed, finalised;
    struct gcrec_ids died; /* of freed: those without a death            */
    struct gcrec_ops held, facts;
    struct gcrec_ops after; /* what finalisers did                        */
};

struct gcrec {
    struct workload base; /* first, so that a workload is its importer    */
    struct stream *stream;
    struct stream_line line; /* in hand                                   */
    bool is_pending;         /* it was read with the header: do it next   */
    uint64_t line_offset;
    struct problem *problem; /* of the call of next() that runs           */

    uint32_t version;
    uint32_t mark_every;
    uint32_t block_shift; /* block_bytes is 1 << block_shift              */
    bool is_auto;         /* automatic collection is on                   */
    bool has_ended;

    uint64_t last_id;
    struct objects objects; /* that exist now                             */
    struct objects undone;  /* that u names; value: offset of its last    */
                            /* d, 0 if a u follows                        */
    uint64_t undone_filter[GCREC_FILTER_WORDS]; /* bit id: may be undone  */

    struct trace_area *areas; /* that exist now, in list order            */
    uint32_t n_areas, cap_areas;
    uint32_t next_area;
    struct trace_area_state *states; /* of the last checkpoint            */
    uint32_t cap_states;

    uint8_t phase; /* enum gcrec_phase                                    */
    struct gcrec_group group;
    struct gcrec_ops queue; /* given out up to queue_at                   */
    uint32_t queue_at;
    struct trace_op *direct; /* not null: the first operation goes here,  */
                             /* to the caller of next(), not in the queue */
};

static inline struct object *gcrec_find_undone(const struct gcrec *g,
                                               uint64_t id)
{
    uint64_t bits = g->undone_filter[id / 64 % GCREC_FILTER_WORDS];
    return (bits >> id % 64 & 1) != 0 ? objects_find(&g->undone, id) : NULL;
}

/* A line's function: `at` stands behind the letter. */
typedef int gcrec_line(struct gcrec *g, const char *at);

/* Write `NAME:LINE: ...` and return ERR_INPUT. */
__attribute__((format(printf, 2, 3))) int gcrec_fail(struct gcrec *g,
                                                     const char *format, ...);
int gcrec_no_memory(struct gcrec *g);

/* Make room for `n` more operations: 0 or ERR_MEMORY. */
MUST_CHECK int gcrec_reserve(struct gcrec *g, struct gcrec_ops *ops, size_t n);

/*
 * Append an empty operation of this line. Requires room. Half of the struct
 * is the fact, which no kind but EXPECT has; it is left as it is elsewhere.
 */
static inline struct trace_op *gcrec_push(struct gcrec *g,
                                          struct gcrec_ops *ops, uint8_t kind)
{
    static const struct trace_op empty; /* quicker to copy than to clear  */
    struct trace_op *op = g->direct;
    if (op != NULL && ops == &g->queue) {
        g->direct = NULL;
    } else {
        assert(ops->n < ops->cap);
        op = &ops->at[ops->n++];
    }
    if (kind == TRACE_EXPECT)
        op->fact = empty.fact;
    memcpy(op, &empty, offsetof(struct trace_op, fact));
    op->kind = kind;
    op->place = g->line.number;
    return op;
}

/* Blocks that `bytes` need. */
static inline uint64_t gcrec_blocks(const struct gcrec *g, uint64_t bytes)
{
    return (bytes + (UINT64_C(1) << g->block_shift) - 1) >> g->block_shift;
}

/* Append an id to a list: 0 or ERR_MEMORY. */
MUST_CHECK int gcrec_add_id(struct gcrec *g, struct gcrec_ids *ids,
                            uint64_t id);

/* The rest of a line as ids (they begin at 1); 0, malformed or negative. */
MUST_CHECK int gcrec_take_ids(struct gcrec *g, const char *at,
                              struct gcrec_ids *ids);

/* gcrec_header.c */
MUST_CHECK int gcrec_read_header(struct gcrec *g);
bool gcrec_take_area(const char *at, struct trace_area *area);
MUST_CHECK int gcrec_add_area(struct gcrec *g, const struct trace_area *area);
struct trace_area *gcrec_find_area(struct gcrec *g, uint32_t number);

/* gcrec_lines.c */
MUST_CHECK int gcrec_take_state(struct gcrec *g, const char *at,
                                struct trace_op *op);
gcrec_line gcrec_line_alloc, gcrec_line_free, gcrec_line_realloc;
gcrec_line gcrec_line_refused_alloc, gcrec_line_refused_realloc;
gcrec_line gcrec_line_store, gcrec_line_root, gcrec_line_death;
gcrec_line gcrec_line_undone, gcrec_line_threshold, gcrec_line_auto;
gcrec_line gcrec_line_phase, gcrec_line_checkpoint, gcrec_line_end;

/* gcrec_group.c */
gcrec_line gcrec_line_request, gcrec_line_collect, gcrec_line_roots;
gcrec_line gcrec_line_inside, gcrec_line_interior, gcrec_line_freed;
gcrec_line gcrec_line_rescans, gcrec_line_given_back, gcrec_line_graph;
gcrec_line gcrec_line_collected, gcrec_line_avail, gcrec_line_area;

/*
 * The last `n` of the queue are an operation and, if n is 2, the fact that
 * ends it: put what else belongs to the group that is open around them.
 */
MUST_CHECK int gcrec_answer(struct gcrec *g, uint32_t n);

#endif /* TRACES_IMPORT_GCREC_STATE_H */
