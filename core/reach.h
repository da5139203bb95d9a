/*
 * reach.h - marking what the program can reach, in areas that slide
 *
 * As mark.h, with two differences: leaves (slide.h) are marked and not looked
 * into, and no order is promised. HEAD becomes MARK; reached objects that have
 * words to look at go on the mark stack; when that is full, passes over the
 * tables follow until a pass finds no object that it had no room for.
 *
 * State     struct mark of mark.h, in the control block.
 * Units     words.
 * Cost      reach_words: the words given, and those of what is newly reached.
 *           reach_rest: passes times words of marked objects that are no
 *           leaves; at most one pass an object, because each marks one.
 * Source    as mark.h.
 */
#ifndef CORE_REACH_H
#define CORE_REACH_H

#include "core/mark.h"
#include "core/slide.h"

/* Treat the `n` words at `p` as roots. */
void reach_words(struct heap *h, struct mark *m, const uint32_t *p, uint32_t n);

/* Make passes until none notes an overflow; count them in m->n_rescans. */
void reach_rest(struct heap *h, struct mark *m);

#endif /* CORE_REACH_H */
