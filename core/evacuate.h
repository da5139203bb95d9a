/*
 * evacuate.h - a stretch of an area is emptied into the holes around it
 *
 * Where a slide packs everything, an evacuation moves only what lies in one
 * stretch, the window, each object into the smallest hole outside that holds
 * it. Two uses:
 *
 *   window   a request for n blocks found no hole: the n blocks in a row whose
 *            objects are the fewest blocks are emptied for it
 *   pack     pinned objects cut an area that has slid into gaps, each with a
 *            hole at its upper end: the gap that can be emptied furthest is,
 *            from its hole downwards, into the others' holes
 *
 *   gaps      [aabb..] P [ccccdd....] P [eee...]        P: pinned
 *   pack      [aabbdd] P [..........] P [eeecccc]  when cccc fits there
 *
 * An object's old place tells the new one: its first word holds the address,
 * and it is a MARK of one block. slide_update then finds the references to it
 * (SLIDE_OUT). The holes are a list that lies in the holes: free memory is
 * free to use.
 *
 * So order is not kept; an object's words are. Holes no longer than 1/16 of
 * what is free are not worth the second pass over all references: pack does
 * nothing where it would gain less.
 *
 * State     struct slide, in the control block; while it lasts, words of
 *           holes and of old places.
 * Units     blocks.
 * Cost      O(table words), and for each object that moves O(holes) and its
 *           bytes; window: O(table words) once more.
 * Source    forwarding in the old copy: Cheney, CACM 13(11), 1970, and Minsky
 *           before him; best fit in address order. Which gap to empty is our
 *           own question and answer.
 */
#ifndef CORE_EVACUATE_H
#define CORE_EVACUATE_H

#include "core/slide.h"

/*
 * Empty the cheapest stretch of `a` that gives n blocks in a row. Requires
 * what is pinned to be MARK, all else HEAD. Returns true when it succeeded:
 * the stretch is [s->from, s->to). Either way slide_update and
 * evacuate_settle must follow if anything moved (s->low != UINT32_MAX).
 */
bool evacuate_window(struct heap *h, struct slide *s,
                     const struct slide_area *a, uint32_t n);

/*
 * Empty the best gap of `a`, which has slid, as far as possible. Requires what
 * is pinned to be MARK. Returns false, and nothing has changed, when it is not
 * worth it; else slide_update and evacuate_settle must follow.
 */
bool evacuate_pack(struct heap *h, struct slide *s, const struct slide_area *a);

/* The old places become free. */
void evacuate_settle(struct heap *h, const struct slide *s,
                     const struct slide_area *a);

#endif /* CORE_EVACUATE_H */
