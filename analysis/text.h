/*
 * text.h - what is shown to people: numbers, and strings of other hands
 *
 * Names of traces, notes and labels come out of files that anyone may have
 * written. They are cleaned once, when they are read, and quoted for the
 * language that they are put into, each time.
 *
 * State     none; results go into the caller's buffers.
 */
#ifndef ANALYSIS_TEXT_H
#define ANALYSIS_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Copy `in` (null is "") into out[cap] as valid UTF-8 of one line: a control
 * character or a byte that is no UTF-8 becomes '?'. What does not fit is cut
 * between characters. Requires cap > 0. Returns out.
 */
char *text_clean(char *out, size_t cap, const char *in);

/* The same, at most `width` characters, the last an ellipsis if it was cut. */
char *text_cut(char *out, size_t cap, const char *in, size_t width);

/* Write `s` so that HTML and XML show it, in text and in quoted attributes. */
void text_html(FILE *f, const char *s);

/* Write `s` as a single-quoted string of gnuplot, in which nothing acts. */
void text_gnuplot(FILE *f, const char *s);

#define TEXT_NUMBER_CAP 32

/* 1234567 as "1,234,567". Returns out. */
char *text_count(char out[TEXT_NUMBER_CAP], uint64_t n);

/* Bytes as "64 KiB" or "2 MiB" where that is exact, else "1,234 bytes". */
char *text_bytes(char out[TEXT_NUMBER_CAP], uint64_t bytes);

#endif /* ANALYSIS_TEXT_H */
