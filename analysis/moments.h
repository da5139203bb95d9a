/*
 * moments.h - the heap at chosen moments of a run: maps at even distances,
 * and whole snapshots where it matters
 *
 * Even maps are taken every 2^k operations. There are at most 256 (64 while
 * 2^k is below 16, so that a short run is not slowed by them); when the list
 * is full every second is dropped and the distance doubles. Whole snapshots
 * (map, objects, references) are taken of the first refusal, of the worst
 * moment (the first operation that left the smallest largest request) and of
 * the end. The worst is known at the end only; its snapshot is therefore
 * taken at every new minimum, in place of the one before. A heap that fills
 * for the first time has a new minimum at nearly every operation: where a run
 * can be played again, minima are passed over once snapshots have taken more
 * than their share of the time, and moments_missing tells at the end if the
 * worst was among them.
 *
 * State     in memory: the even maps as text, three snapshots as arrays.
 * Cost      moments_op: a comparison; a map is O(units), a snapshot also
 *           O(objects + references).
 */
#ifndef ANALYSIS_MOMENTS_H
#define ANALYSIS_MOMENTS_H

#include "sim/replay/record.h"
#include "traces/err.h"

#define MOMENTS_EVEN_CAP 256

enum moment { MOMENT_FIRST_REFUSAL = 0, MOMENT_WORST, MOMENT_END, MOMENT_N };

extern const char *const moment_names[MOMENT_N]; /* as in schema.sql */

struct moments_edge {
    uint64_t from, to;
    uint32_t word;
};

/* The heap after operation `seq`. */
struct snapshot {
    bool is_taken;
    bool is_whole; /* false: memory did not suffice                        */
    uint64_t seq;
    uint32_t base, unit_bytes, n_units;
    uint8_t *units;              /* enum unit_state each                   */
    struct object_view *objects; /* in address order                       */
    struct moments_edge *edges;
    size_t n_objects, n_edges;
    size_t cap_units, cap_objects, cap_edges;
};

struct moments_map {
    uint64_t seq;
    uint32_t base, unit_bytes;
    char *text; /* 3h12=5. */
};

struct moments {
    struct moments_map even[MOMENTS_EVEN_CAP];
    uint32_t n_even;
    uint64_t next_even; /* operation of the next even map                 */
    uint64_t distance;  /* 2^k                                            */
    uint64_t smallest;  /* largest request so far                         */
    uint64_t worst_seq; /* the operation that left it                     */
    bool may_skip;      /* minima may be passed over                      */
    uint64_t begun_ns;  /* when the first snapshot was due                */
    uint64_t spent_ns;  /* on snapshots of minima                         */
    uint8_t *units;     /* for maps in the making                         */
    size_t cap_units;
    struct snapshot at[MOMENT_N];
};

/*
 * The map of `n_units` of `unit_bytes` from `base` as text, runs of length
 * and letter: h head, = tail, . free, x garbage, # tables. Each head begins a
 * run of its own only by its letter: 3h is three objects of one unit. The
 * caller frees it; null: no memory.
 */
char *moments_text(const uint8_t *units, uint32_t n_units);

/* Take what the heap is after operation `seq`, in place of what `s` held. */
MUST_CHECK int snapshot_take(struct snapshot *s, uint64_t seq,
                             const struct replay_view *view);
void snapshot_free(struct snapshot *s);

void moments_init(struct moments *m);
void moments_free(struct moments *m);

/* Look at operation `r` and, at a chosen moment, at the heap after it. */
MUST_CHECK int moments_op(struct moments *m, const struct op_record *r,
                          const struct replay_view *view);
MUST_CHECK int moments_refusal(struct moments *m, uint64_t seq,
                               const struct replay_view *view);
MUST_CHECK int moments_end(struct moments *m, uint64_t seq,
                           const struct replay_view *view);

/* The operation of the worst moment if that was passed over, else 0. */
uint64_t moments_missing(const struct moments *m);

#endif /* ANALYSIS_MOMENTS_H */
