/*
 * card.h - a manager's guarantee card: its words, and their figures for one
 * heap
 *
 * What the tables take of a heap is read off an empty one. What a request, a
 * collection and the stack take is measured: a preset is played on simulated
 * machines by the images beside the program, where there are any.
 */
#ifndef ANALYSIS_CARD_H
#define ANALYSIS_CARD_H

#include <stdio.h>

#include "sim/replay/manager.h"

/*
 * Print the card of `m` for the heap and the parameters of `o`, resolved, to
 * `out`. Returns 0, or ERR_INPUT: there cannot be such a heap.
 */
MUST_CHECK int card_print(FILE *out, const struct manager *m,
                          const struct replay_options *o,
                          struct problem *problem);

#endif /* ANALYSIS_CARD_H */
