/*
 * html.h - writing HTML in which nothing that came from outside can act
 *
 * Errors    none of its own: the file keeps ferror() until it is closed.
 */
#ifndef ANALYSIS_HTML_H
#define ANALYSIS_HTML_H

#include <stdio.h>

/*
 * Write `format` with its directives replaced; every argument is escaped:
 *
 *   %s  const char *   text, also within a quoted attribute
 *   %r  const char *   markup of our own, as it is
 *   %i  int64_t        a plain number
 *   %n  int64_t        a number with thousands
 *   %b  int64_t        bytes: "64 KiB", "1,234 bytes"
 *   %p  double         a share between 0 and 1 as a percentage
 *   %%                 a percent sign
 */
void html(FILE *f, const char *format, ...);

#endif /* ANALYSIS_HTML_H */
