/*
 * options.h - the words of a command line: options, and what they stand among
 *
 * An option is `--name` with or without a value, `--name value` or
 * `--name=value`; `-o` is an option of one letter, whose value may follow at
 * once (`-j2`). `--` ends them.
 */
#ifndef ANALYSIS_OPTIONS_H
#define ANALYSIS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/* One option; exactly one of the last two is not null. */
struct option_row {
    const char *name;   /* "--db"                                          */
    const char **value; /* gets its value; of several the last             */
    bool *flag;         /* is set when it stands there                     */
};

/*
 * Sort argv[1] and those behind it: options by `rows`, the rest to
 * words[cap_words] in their order. Returns how many words there were, or
 * writes one line that names the command, the word and the nearest option to
 * stderr and returns -1.
 */
int options_read(int argc, char **argv, const struct option_row *rows,
                 size_t n_rows, const char **words, int cap_words);

#endif /* ANALYSIS_OPTIONS_H */
