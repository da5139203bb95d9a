/* options.c - see options.h. */
#include "analysis/options.h"

#include <assert.h>
#include <string.h>

#include "analysis/cmd.h"
#include "traces/nearest.h"

#define MAX_ROWS 32

/*
 * Does `word` begin with the option's name, and end there or at a '='? Behind
 * one letter its value may follow at once, as in -j2.
 */
static bool is_named(const char *word, const struct option_row *row)
{
    size_t n = strlen(row->name);
    return strncmp(word, row->name, n) == 0 &&
           (word[n] == '\0' || word[n] == '=' ||
            (n == 2 && row->value != NULL));
}

static int unknown(const char *command, const char *word,
                   const struct option_row *rows, size_t n_rows)
{
    const char *names[MAX_ROWS];
    for (size_t i = 0; i < n_rows; i++)
        names[i] = rows[i].name;
    const char *nearest = nearest_name(word, names, n_rows);
    if (nearest != NULL)
        cmd_usage_error("%s: unknown option '%s'; did you mean '%s'?", command,
                        word, nearest);
    else
        cmd_usage_error("%s: unknown option '%s'", command, word);
    return -1;
}

/* Store the option at argv[*at]; *at moves to its last word. */
static int read_option(int argc, char **argv, int *at,
                       const struct option_row *row)
{
    const char *rest = argv[*at] + strlen(row->name);
    if (row->flag != NULL) {
        if (*rest != '\0') {
            cmd_usage_error("%s: option '%s' takes no value", argv[0],
                            row->name);
            return -1;
        }
        *row->flag = true;
        return 0;
    }
    if (*rest != '\0') {
        *row->value = *rest == '=' ? rest + 1 : rest;
        return 0;
    }
    if (*at + 1 == argc) {
        cmd_usage_error("%s: option '%s' needs a value", argv[0], row->name);
        return -1;
    }
    *row->value = argv[++*at];
    return 0;
}

int options_read(int argc, char **argv, const struct option_row *rows,
                 size_t n_rows, const char **words, int cap_words)
{
    assert(n_rows <= MAX_ROWS);

    int n_words = 0;
    bool has_options = true;
    for (int at = 1; at < argc; at++) {
        const char *word = argv[at];
        bool is_number = word[0] == '-' && word[1] >= '0' && word[1] <= '9';
        bool is_option =
            has_options && word[0] == '-' && word[1] != '\0' && !is_number;
        if (is_option && strcmp(word, "--") == 0) {
            has_options = false;
        } else if (is_option) {
            size_t i = 0;
            while (i < n_rows && !is_named(word, &rows[i]))
                i++;
            if (i == n_rows)
                return unknown(argv[0], word, rows, n_rows);
            if (read_option(argc, argv, &at, &rows[i]) < 0)
                return -1;
        } else if (n_words == cap_words) {
            cmd_usage_error("%s: unexpected argument '%s'", argv[0], word);
            return -1;
        } else {
            words[n_words++] = word;
        }
    }
    return n_words;
}
