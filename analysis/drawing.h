/*
 * drawing.h - the heap at a moment, drawn for a terminal in the letters that
 * MicroPython's users know
 *
 *   h head of an object   = its tail   . free   x dead, not yet reclaimed
 *
 * 64 units a line, with the line's offset in bytes from the area's first
 * unit; two or more lines in a row without an object are told, not drawn.
 * What no object can occupy (tables, room between areas) is not drawn either:
 * it bounds the areas, of which each has its own heading.
 *
 * Source    MicroPython, py/gc.c: gc_dump_info, gc_dump_alloc_table
 */
#ifndef ANALYSIS_DRAWING_H
#define ANALYSIS_DRAWING_H

#include <stdio.h>

#include "analysis/moments.h"

/* Draw `s` to `out`; dead objects are dimmed if `colour`. */
void drawing_print(FILE *out, const struct snapshot *s, bool colour);

#endif /* ANALYSIS_DRAWING_H */
