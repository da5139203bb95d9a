/*
 * shadow_words.h - the words of an object: where they lie, what they hold
 *
 * An object's words lie in a row, or, where the manager gives it any blocks
 * (shadow.next_piece is there), in a row within each block.
 *
 * State     in struct shadow; for its own files.
 * Cost      O(words); to find one word: O(1), in pieces O(blocks before it).
 */
#ifndef SIM_REPLAY_SHADOW_WORDS_H
#define SIM_REPLAY_SHADOW_WORDS_H

#include "sim/replay/shadow.h"

/* The index in s->edge_at of word `word` of an object that has it. */
uint32_t shadow_word_place(const struct shadow *s,
                           const struct shadow_object *o, uint32_t word);

/* What word `word` of an object holds when it names nothing. */
uint32_t shadow_stamp_of(const struct shadow_object *o, uint32_t word);

/* Whole words within what was asked for and granted: the stamped ones. */
uint32_t shadow_stamped_words(const struct shadow_object *o);

/* Stamp the words from `from` on that hold no reference. */
void shadow_stamp(struct shadow *s, uint32_t slot, uint32_t from);

#endif /* SIM_REPLAY_SHADOW_WORDS_H */
