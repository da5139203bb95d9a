/*
 * nearest.h - the word that a user probably meant
 *
 * An unknown command, key or name is answered with the nearest known one.
 *
 * Cost      O(length of word * length of name) a name; words longer than 63
 *           characters are near to nothing.
 * Source    optimal string alignment distance: Damerau, "A technique for
 *           computer detection and correction of spelling errors", CACM 7(3),
 *           1964; table of Wagner and Fischer, JACM 21(1), 1974.
 */
#ifndef TRACES_NEAREST_H
#define TRACES_NEAREST_H

#include <stddef.h>

/*
 * How many insertions, deletions, substitutions and swaps of neighbours turn
 * `a` into `b`, without regard to case; SIZE_MAX if either is too long.
 */
size_t nearest_distance(const char *a, const char *b);

/*
 * The one of `n` names nearest to `word`, the first of several; null when none
 * is near enough to be worth proposing: a third of the word may differ, and
 * one letter always may. A name that begins with the word is near, too.
 */
const char *nearest_name(const char *word, const char *const *names, size_t n);

#endif /* TRACES_NEAREST_H */
