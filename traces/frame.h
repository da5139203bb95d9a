/*
 * frame.h - a run of records as columns: what a frame of the binary form
 * (binary.h) holds before it is packed
 *
 * A frame can be decoded without any other. Its records lie in columns, one
 * a class of field, because equal things side by side pack best, and most
 * fields are told as their distance to a prediction that both sides make.
 *
 *   frame  = n_records base n_columns { length } { column }      (varints)
 *
 * base is the id that the last alloc before this frame gave out (0 if none).
 * A column is a run of bytes: varints (LEB128: seven bits a byte, lowest
 * first) unless said. zz(x) is 2x for x >= 0, else -2x - 1, modulo 2^64.
 *
 * The first column has one byte a record, but for facts that are fused:
 * kind (op.h) in bits 0-4, and in bits 5-7, named v0 v1 v2 or together v:
 *
 *   alloc    v0 id not `newest` + 1: zz(id - newest - 1) in IDS; then newest
 *            is id. v1 an attribute byte in FLAGS: flags in bits 0-4, bit 5:
 *            log2 of align in FLAGS, bit 6: site in SITES. bytes in SIZES.
 *            v2: an `expect block` for this object is the next record
 *   realloc  v0 may move, v1 site in SITES, v2 as above. object in OBJECTS,
 *            zz(bytes - those known, else 0) in RESIZES
 *   free     object in OBJECTS, which is then forgotten
 *   collect, phase              v is `what`; a phase's text in TEXTS
 *   control  v is `what`; value in VALUES
 *   step, thread                value in VALUES; time: zz(value - the last
 *            time) in TIMES
 *   promote, pin, unpin         object in OBJECTS
 *   intern   zz(id - newest - 1) in IDS; newest is id; bytes in SIZES
 *   refused  v0 a realloc, v1 and v2 the cause; bytes in SIZES, flags in
 *            FLAGS as a byte; then alloc: log2 of align plus 1, or 0, in
 *            FLAGS; realloc: object in OBJECTS
 *   store    v0 no target; object in HOLDERS, word in WORDS, target as an
 *            object in TARGETS
 *   root     v0 no target; slot in SLOTS; target as an object in ROOTS
 *   touch    object in HOLDERS, word in WORDS
 *   death    object in DEATHS, forgotten; a miss is told from the last death
 *   held     v is `what`; a number of ids in LENGTHS, the ids in HELD
 *   finalise ids in SWEPT, their number in LENGTHS
 *   expect   v is `what`:
 *     block       zz(area - that of the last block fact) in AREAS; in BLOCKS
 *                 0 if object and area are those of the last block fact for
 *                 it and so is the block; else 1 + zz(block - where the last
 *                 block fact's object ends)
 *     collection  cause, rescans + 1 in FACTS; ids as finalise
 *     state       after_collection, used, free, max_free, one, two,
 *                 max_block, last_free_area, outer_avail + 1, n_areas in
 *                 FACTS; digest, 8 bytes little-endian, in DIGESTS; for each
 *                 area number, hint, last_used in FACTS, digest in DIGESTS;
 *                 label in TEXTS
 *     graph, avail, area          their fields in order, in FACTS
 *     given-back  area, index, lost + 1 (0: none) in FACTS
 *   note     text in TEXTS
 *
 * A text is its bytes and a NUL. Ids in SWEPT: each zz(it - the one before),
 * the first from newest. Ids in HELD: a number s below 31 is the id s places
 * further in the last list of the same sort than the place behind the one
 * found last (at first the beginning); else 31 + zz(the one before - it).
 *
 * "Object": the 96 objects named last are kept, most recent first. A number
 * i below 96 is the i-th of them, which moves to the front; else it is
 * 96 + zz(newest - id), and id is put in front. "Forgotten" ones leave the
 * list, and if they were not in it do not enter. An alloc and an intern put
 * their id in front.
 *
 * "Known" bytes and block facts are those of the last 4,096 objects by the
 * low 12 bits of their ids: alloc, intern, realloc and block facts enter them,
 * evicting what stood in that place. Block facts are about the object of the
 * last alloc, intern or realloc; it ends as many blocks of header.block_bytes
 * (16 if that is 0) behind its first as hold its bytes, at least one.
 *
 * State     all models begin empty in every frame.
 * Cost      a record: O(1), and up to 96 ids moved.
 * Source    move-to-front: Bentley, Sleator, Tarjan, Wei, "A locally adaptive
 *           data compression scheme", CACM 29(4), 1986.
 */
#ifndef TRACES_FRAME_H
#define TRACES_FRAME_H

#include "traces/bytes.h"
#include "traces/op.h"

#define FRAME_RECORDS_MAX 65536
#define FRAME_RECENT      96
#define FRAME_RECENT_ROOM 1024
#define FRAME_MEMORY      4096
#define FRAME_HELD_SKIP   31

enum frame_column {
    FRAME_KINDS = 0,
    FRAME_IDS,
    FRAME_SIZES,
    FRAME_FLAGS,
    FRAME_SITES,
    FRAME_OBJECTS,
    FRAME_RESIZES,
    FRAME_HOLDERS,
    FRAME_WORDS,
    FRAME_TARGETS,
    FRAME_SLOTS,
    FRAME_ROOTS,
    FRAME_DEATHS,
    FRAME_LENGTHS,
    FRAME_HELD,
    FRAME_SWEPT,
    FRAME_AREAS,
    FRAME_BLOCKS,
    FRAME_FACTS,
    FRAME_DIGESTS,
    FRAME_VALUES,
    FRAME_TIMES,
    FRAME_TEXTS,
    FRAME_N_COLUMNS
};

/* What both sides remember of an object. */
struct frame_known {
    uint64_t id;
    uint64_t bytes;
    uint32_t area, block;
    bool is_used;
    bool has_block;
};

/* A list of ids as it was held last. */
struct frame_list {
    uint64_t *ids;
    size_t n, cap;
};

/* The predictions, which encoder and decoder make alike. */
struct frame_model {
    uint64_t newest;
    uint64_t last_death;
    uint64_t last_time;
    uint64_t subject; /* object of the last alloc, intern or realloc      */
    uint64_t block_bytes;
    uint32_t block_end;
    uint32_t block_area;
    uint32_t n_recent, first_recent;
    uint64_t recent[FRAME_RECENT_ROOM]; /* filled from its end downwards  */
    struct frame_known known[FRAME_MEMORY];
    struct frame_list held[TRACE_N_HELD];
};

/* Begin a frame. The lists' memory is kept. */
void frame_model_reset(struct frame_model *m, uint64_t base);
void frame_model_free(struct frame_model *m);

/* The entry for this id; it may be about another. */
static inline struct frame_known *frame_slot(struct frame_model *m, uint64_t id)
{
    return &m->known[id % FRAME_MEMORY];
}

/* The entry if it is about this id, else null. */
static inline struct frame_known *frame_recall(struct frame_model *m,
                                               uint64_t id)
{
    struct frame_known *k = frame_slot(m, id);
    return k->is_used && k->id == id ? k : NULL;
}

/* An alloc or realloc (its size is known now). */
void frame_learn_size(struct frame_model *m, uint64_t id, uint64_t bytes);

/* A block fact about m->subject. */
void frame_learn_block(struct frame_model *m, uint32_t area, uint32_t block);

/* Replace a list of held ids; false when the host has no memory. */
bool frame_learn_held(struct frame_model *m, uint8_t what, const uint64_t *ids,
                      size_t n);

/* The objects named last, the last one first; n_recent of them. */
static inline uint64_t *frame_recent(struct frame_model *m)
{
    return m->recent + m->first_recent;
}

/* Let those before place i move back by one, over place i. */
static inline void frame_recent_close(uint64_t *recent, uint32_t i)
{
    if (i > 8)
        memmove(recent + 1, recent, i * sizeof *recent);
    else
        for (; i > 0; i--) /* nearly always: cheaper than the call        */
            recent[i] = recent[i - 1];
}

static inline void frame_recent_add(struct frame_model *m, uint64_t id)
{
    if (m->first_recent == 0) {
        m->first_recent = FRAME_RECENT_ROOM - m->n_recent;
        memmove(frame_recent(m), m->recent, m->n_recent * sizeof id);
    }
    m->recent[--m->first_recent] = id;
    if (m->n_recent < FRAME_RECENT)
        m->n_recent++; /* else the last falls off the end                 */
}

/* Requires i < n_recent, as the next one does. */
static inline void frame_recent_use(struct frame_model *m, uint32_t i)
{
    uint64_t *recent = frame_recent(m);
    uint64_t id = recent[i];
    frame_recent_close(recent, i);
    recent[0] = id;
}

static inline void frame_recent_drop(struct frame_model *m, uint32_t i)
{
    frame_recent_close(frame_recent(m), i);
    m->first_recent++;
    m->n_recent--;
}

/* Encoding: records go in, frame_encoder_finish appends the frame to `to`. */
struct frame_encoder {
    struct frame_model model;
    struct bytes columns[FRAME_N_COLUMNS];
    uint64_t base;
    uint32_t n_records;
    bool can_fuse; /* the last record is an alloc or realloc              */
};

/* Begin the first frame of a trace, in an encoder that is all zero. */
void frame_encoder_begin(struct frame_encoder *e);

/* Requires a record that trace_op_fault finds sound, and not end. */
void frame_encode(struct frame_encoder *e, const struct trace_op *op);

/* Bytes in the columns so far. */
size_t frame_encoder_bytes(const struct frame_encoder *e);

/* Append the frame to `to` and begin the next. */
void frame_encoder_finish(struct frame_encoder *e, struct bytes *to);

/* True if the host had no memory for something. */
bool frame_encoder_failed(const struct frame_encoder *e);

void frame_encoder_free(struct frame_encoder *e);

/* Decoding. */
struct frame_decoder {
    struct frame_model model;
    struct frame_cursor {
        const uint8_t *at, *end;
    } columns[FRAME_N_COLUMNS];
    uint32_t n_records; /* still to come                                  */
    bool has_fused;     /* the next one is a block fact                   */
    bool is_full;       /* decoding failed because there is no memory     */
    uint64_t *ids;
    size_t cap_ids;
    struct trace_area_state *areas;
    size_t cap_areas;
};

/* Begin with these bytes, which must stay. False: they are no frame. */
bool frame_decoder_begin(struct frame_decoder *d, const uint8_t *bytes,
                         size_t n);

/*
 * Decode the next record: 1; 0 when there is none and all columns are used
 * up; -1 when the bytes are wrong. Numbers may be out of range: the caller
 * asks trace_op_fault.
 */
int frame_decode(struct frame_decoder *d, struct trace_op *op);

/* Is the next record of this frame an operation? */
static inline bool frame_peek_operation(const struct frame_decoder *d)
{
    const struct frame_cursor *kinds = &d->columns[FRAME_KINDS];
    return d->n_records > 0 && !d->has_fused && kinds->at < kinds->end &&
           trace_is_operation(*kinds->at & 0x1f);
}

void frame_decoder_free(struct frame_decoder *d);

#endif /* TRACES_FRAME_H */
