/*
 * outer_heap.h - the outer heap where it is a real one: outer = tlsf
 *
 * It lies in the window behind the areas that the run begins with: a control
 * block, then outer_bytes of chunks aligned to 16 bytes. The heap takes its
 * areas from it, and it serves the trace's requests with the flag `outer`,
 * which no collection sees (outer_requests.c). Every answer is held against an
 * index of the replay's own: inside, aligned, over nothing else.
 *
 * State     the heap's is in the window, and goes back with a snapshot; the
 *           index is the replay's and knows nothing of probes.
 * Units     bytes; the index counts words from the first chunk's header.
 * Cost      O(log) beside what tlsf does; O(chunks) a probe, O(words/64)
 *           where holes are counted.
 */
#ifndef SIM_REPLAY_OUTER_HEAP_H
#define SIM_REPLAY_OUTER_HEAP_H

#include "sim/replay/holes.h"
#include "sim/replay/replay.h"
#include "sim/replay/target.h"

#define OUTER_ALIGN 16u        /* of areas and objects                       */
#define OUTER_AREA  UINT32_MAX /* owner of a chunk that is an area           */

struct outer_heap {
    bool is_open;
    uint32_t window_bytes; /* control block and chunks                     */
    uint32_t first;        /* address of the first chunk's header: word 0  */
    uint32_t n_words;
    struct holes free;   /* words that no chunk in use has                  */
    uint32_t *owner;     /* by word, at an object's or area's first: slot   */
                         /* of the shadow, or OUTER_AREA; else 0            */
    uint32_t n_objects;  /* owners in all                                   */
    uint32_t n_areas;    /* ... that are areas                              */
    uint64_t area_bytes; /* granted to those                                */
};

struct play;

/*
 * Make `bytes` bytes behind a control block at `base`, a multiple of 16, the
 * outer heap; `*end` is where it ends. ERR_INPUT: they are too few.
 */
MUST_CHECK int outer_heap_open(struct play *p, uint32_t base, uint32_t bytes,
                               uint32_t *end);
void outer_heap_close(struct outer_heap *o);

/* The heap as its functions on the host know it. */
struct heap *outer_heap_of(const struct play *p);

/* What the core asks by heap_more (core/host.h). */
uint32_t outer_heap_avail(struct play *p);
uint32_t outer_heap_take(struct play *p, uint32_t bytes);
void outer_heap_give(struct play *p, uint32_t address);

/*
 * What it could give at once, and where it would put `bytes` bytes, if first
 * the areas at the `n` addresses in `gone` came back, one after the other.
 */
uint32_t outer_heap_avail_without(struct play *p, const uint32_t *gone,
                                  uint32_t n);
uint32_t outer_heap_place(const struct play *p, const uint32_t *gone,
                          uint32_t n, uint32_t bytes);

/*
 * The index follows an answer, `address` for `bytes` bytes, of which `granted`
 * bytes are there. 1: it cannot be true, and the run has failed.
 */
int outer_heap_enter(struct play *p, uint32_t address, uint64_t bytes,
                     uint32_t *granted);
/* Whose they are: a slot of the shadow, or OUTER_AREA. */
void outer_heap_own(struct play *p, uint32_t address, uint32_t owner);
/* The `granted` bytes at `address` are nobody's any more. */
void outer_heap_leave(struct play *p, uint32_t address, uint32_t granted);

/* Are areas and objects where they should be? 1: the run has failed. */
int outer_heap_probe(struct play *p);
/* Does the heap keep its invariants? Likewise. */
int outer_heap_check(struct play *p);

void outer_heap_figures(const struct play *p, struct outer_figures *f);

#endif /* SIM_REPLAY_OUTER_HEAP_H */
