/*
 * mutate.c - damaged copies of files, to feed to what reads files
 *
 * usage: mutate SEED N FOLDER FILE...
 *
 * Writes N files FOLDER/0, FOLDER/1 ... Each is one of the given files with a
 * few damages: bits flipped, bytes set to a telling value, a stretch cut out,
 * doubled, overwritten by another or by digits, the end cut off. The same
 * arguments write the same files.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "traces/synth/rng.h"

enum { SIZE_CAP = 1 << 16, DAMAGES_CAP = 6 };

/* A file, or as much of its beginning as is worth damaging. */
struct text {
    size_t n;
    unsigned char bytes[2 * SIZE_CAP];
};

static int read_text(struct text *t, const char *path)
{
    FILE *f = fopen(path, "rb");
    if (f == 0) {
        perror(path);
        return -1;
    }
    t->n = fread(t->bytes, 1, SIZE_CAP, f);
    fclose(f);
    return 0;
}

static int write_text(const struct text *t, const char *folder, long i)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%ld", folder, i);
    FILE *f = fopen(path, "wb");
    if (f == 0 || fwrite(t->bytes, 1, t->n, f) != t->n || fclose(f) != 0) {
        perror(path);
        return -1;
    }
    return 0;
}

/* A stretch of the text: at, and how many bytes, at most 64. */
static size_t stretch(const struct text *t, struct rng *r, size_t *n)
{
    size_t at = rng_below(r, (uint32_t)t->n);
    *n = 1 + rng_below(r, 64);
    if (*n > t->n - at)
        *n = t->n - at;
    return at;
}

static void damage(struct text *t, struct rng *r)
{
    static const unsigned char telling[] = {0,   1,   0x7f, 0x80, 0xff, '\n',
                                            ' ', '-', '0',  '9',  ':',  '#'};
    size_t n = 0;
    size_t at = stretch(t, r, &n);
    switch (rng_below(r, 7)) {
    case 0:
        t->bytes[at] ^= (unsigned char)(1u << rng_below(r, 8));
        break;
    case 1:
        t->bytes[at] = telling[rng_below(r, sizeof telling)];
        break;
    case 2: /* cut out */
        memmove(t->bytes + at, t->bytes + at + n, t->n - at - n);
        t->n -= n;
        break;
    case 3: /* double */
        if (t->n + n > sizeof t->bytes)
            break;
        memmove(t->bytes + at + n, t->bytes + at, t->n - at);
        t->n += n;
        break;
    case 4: /* overwrite by another stretch of the same length */
        memmove(t->bytes + at,
                t->bytes + rng_below(r, (uint32_t)(t->n - n + 1)), n);
        break;
    case 5: /* a long number */
        for (size_t i = 0; i < n && i < 24; i++)
            t->bytes[at + i] = (unsigned char)('0' + rng_below(r, 10));
        break;
    default:
        t->n = at;
    }
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fputs("usage: mutate SEED N FOLDER FILE...\n", stderr);
        return 2;
    }
    struct rng r;
    rng_seed(&r, strtoull(argv[1], 0, 10));
    long n_files = atol(argv[2]);
    struct text *t = malloc(sizeof *t);
    if (t == 0)
        return 2;
    for (long i = 0; i < n_files; i++) {
        if (read_text(t, argv[4 + rng_below(&r, (uint32_t)argc - 4)]) < 0)
            return 2;
        uint32_t n_damages = 1 + rng_below(&r, DAMAGES_CAP);
        for (uint32_t d = 0; d < n_damages && t->n > 0; d++)
            damage(t, &r);
        if (write_text(t, argv[3], i) < 0)
            return 2;
    }
    free(t);
    return 0;
}
