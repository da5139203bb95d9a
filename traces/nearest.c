/* nearest.c - see nearest.h for the contract and the source. */
#include "traces/nearest.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

enum { WORD_CAP = 64 };

static size_t min2(size_t a, size_t b)
{
    return a < b ? a : b;
}

static int lower(char c)
{
    return tolower((unsigned char)c);
}

size_t nearest_distance(const char *a, const char *b)
{
    size_t n_a = strlen(a);
    size_t n_b = strlen(b);
    if (n_a >= WORD_CAP || n_b >= WORD_CAP)
        return SIZE_MAX;

    /* Rows i - 2, i - 1 and i of the table, taken in turn. */
    size_t rows[3][WORD_CAP];
    for (size_t j = 0; j <= n_b; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= n_a; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= n_b; j++) {
            size_t change = lower(a[i - 1]) != lower(b[j - 1]);
            row[j] =
                min2(above[j - 1] + change, min2(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                row[j] = min2(row[j], above2[j - 2] + 1);
        }
    }
    return rows[n_a % 3][n_b];
}

const char *nearest_name(const char *word, const char *const *names, size_t n)
{
    size_t length = strlen(word);
    size_t limit = length / 3 > 1 ? length / 3 : 1;
    const char *best = 0;
    size_t best_distance = limit + 1;
    for (size_t i = 0; i < n; i++) {
        size_t distance = nearest_distance(word, names[i]);
        if (length >= 2 && strncasecmp(word, names[i], length) == 0)
            distance = 1;
        if (distance < best_distance) {
            best = names[i];
            best_distance = distance;
        }
    }
    return best;
}
