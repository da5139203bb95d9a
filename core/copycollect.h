/*
 * copycollect.h - collections and slides of copying.h, phase by phase
 *
 * State     struct copying, and h->phase between the parts.
 * Units     blocks.
 * Cost      as copying.h says of collect.
 */
#ifndef CORE_COPYCOLLECT_H
#define CORE_COPYCOLLECT_H

#include "core/copying.h"

/* Set own->ration, for as many blocks as are used now. */
void copycollect_ration(struct heap *h);

/* Begin counting: a collection, or what counts as one, runs for `cause`. */
void copycollect_begin(struct heap *h, uint32_t cause);

/*
 * Collect and slide for a request of n blocks, or 0; CAUSE_SLIDE only slides,
 * CAUSE_ALL marks nothing. Afterwards there is a region, if anything is free.
 */
void copycollect(struct heap *h, uint32_t cause, uint32_t n_blocks);

/* Everything slides, without marking, as part of what was begun. */
void copycollect_slide(struct heap *h);

/*
 * Make room for n blocks at block `b` of `a`, which has slid: what lies there
 * goes up. Returns false, and nothing has changed, if the hole behind it is
 * too short or something there is pinned.
 */
bool copycollect_raise(struct heap *h, struct slide_area *a, uint32_t b,
                       uint32_t n_blocks);

#endif /* CORE_COPYCOLLECT_H */
