/*
 * held.h - what the mutator's registers and stack keep alive, right before
 * every call
 *
 * A trace cannot record what registers hold at each moment. The rule: an
 * object is held from its birth; what an overwritten, cut-off or dead word
 * named becomes held; a death ends it. A recorded line of held objects, or a
 * collection where there are no such lines, trims the set to the line's live
 * objects and those that neither roots nor references reach.
 *
 * The set is kept as the ambiguous part of the target's root table, so that
 * the table is right at every moment. Objects of the outer heap are not in it,
 * and reach nothing: a collector does not go through them.
 *
 * Cost      add, remove: O(1). trim: for each held object that the line does
 *           not name, a search upwards along the words that name it, ended
 *           at the first root, kept or reached object.
 */
#ifndef SIM_REPLAY_HELD_H
#define SIM_REPLAY_HELD_H

#include "sim/replay/shadow.h"

void held_add(struct shadow *s, uint32_t slot);
void held_remove(struct shadow *s, uint32_t slot);

/* The object has a new address: its held word is rewritten. */
void held_refresh(struct shadow *s, uint32_t slot);

/*
 * Trim to `line` (slots in the order seen, live, each once) and what nothing
 * reaches, oldest first. Returns how many of the line stand at the start of
 * the held part: all of them.
 */
uint32_t held_trim(struct shadow *s, const uint32_t *line, uint32_t n_line);

/* Present only the first `n` held words to the manager; held_all undoes it. */
void held_limit(struct shadow *s, uint32_t n);
void held_all(struct shadow *s);

#endif /* SIM_REPLAY_HELD_H */
