/*
 * assets.h - the texts that pictures and reports are made from
 *
 * The gnuplot scripts of analysis/plots/ and the style and script of
 * analysis/report/ are compiled in, so that the program runs from anywhere.
 */
#ifndef ANALYSIS_ASSETS_H
#define ANALYSIS_ASSETS_H

/* The text of the file `name` (without folders). Requires that it is there. */
const char *asset_text(const char *name);

#endif /* ANALYSIS_ASSETS_H */
