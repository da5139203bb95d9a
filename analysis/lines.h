/*
 * lines.h - source lines of addresses, asked of the toolchain's addr2line
 *
 * All addresses are asked at once: lines_ask them, lines_answer, lines_at.
 * Where there is no such program, or no line known, there are no lines.
 *
 * State     lines_open to lines_close; the image is borrowed.
 */
#ifndef ANALYSIS_LINES_H
#define ANALYSIS_LINES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/machine/elf.h"

struct line {
    uint32_t address;
    char *text; /* "file.c:17"; null: not known                              */
};

struct lines {
    const struct image *image;
    FILE *questions; /* a temporary file                                     */
    struct line *lines;
    uint32_t n, cap; /* in the order of asking, which must ascend            */
};

/* False: no temporary file; lines_close is still to be called. */
bool lines_open(struct lines *l, const struct image *image);
void lines_close(struct lines *l);

/* Note `address`, higher than all before. */
void lines_ask(struct lines *l, uint32_t address);

/* Ask the program. */
void lines_answer(struct lines *l);

/* The line of an address that was asked, or "?". */
const char *lines_at(const struct lines *l, uint32_t address);

#endif /* ANALYSIS_LINES_H */
