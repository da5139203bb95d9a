/*
 * frag.h - measures of fragmentation that need the list of holes
 *
 * What 1 - largest_free / free cannot tell: how far the free bytes are from
 * one piece as a whole, and what of them a given request can use.
 *
 * Units     bytes, or any unit that holes and request share; results are
 *           shares between 0 and 1 unless said.
 * Cost      one pass over the holes.
 * Source    external: common. L2: umm_malloc, Pigweed. Unusable: Gorman,
 *           "Understanding the Linux Virtual Memory Manager"; Linux,
 *           mm/vmstat.c (unusable_free_index). Index: mm/vmstat.c
 *           (fragmentation_index). The example behind each formula is the
 *           list of holes {64, 4 x 16, 8 x 4}.
 */
#ifndef ANALYSIS_FRAG_H
#define ANALYSIS_FRAG_H

#include <stdint.h>

/* What the measures need of a list of holes; zero it, then add each hole. */
struct frag {
    uint64_t free;    /* F, their sum                                      */
    uint64_t largest; /* L, the longest                                    */
    uint64_t n_holes; /* N, holes of zero length not counted               */
    double squares;   /* sum of the squares of their lengths               */
};

void frag_add(struct frag *f, uint64_t hole);

/* 1 - L / F; 0 if nothing is free. Example: 0.600. */
double frag_external(const struct frag *f);

/* 1 - sqrt(sum of squares) / F; 0 if nothing is free. Example: 0.547. */
double frag_l2(const struct frag *f);

/*
 * (F - usable) / F for a request of `r`: the share of the free bytes that
 * objects of that size cannot use, where a hole of length f holds floor(f / r)
 * of them. For holes that are aligned powers of two this is Linux's measure.
 * 0 if nothing is free. Requires r > 0. Example: r = 32: 0.600; r = 16: 0.200.
 */
double frag_unusable(const uint64_t *holes, uint64_t n, uint64_t r);

/* The same by Linux's definition: all of a hole that is long enough counts. */
double frag_unusable_linux(const uint64_t *holes, uint64_t n, uint64_t r);

/*
 * Linux's fragmentation index of a request of `r` that fails:
 * 1 - (1 + F / r) / N; towards 0 memory is short, towards 1 it is fragmented;
 * -1 when the request would fit; 0 when there is no hole at all. Requires
 * r > 0. Linux rounds to thousandths, this does not. Example: r = 128: 0.827.
 */
double frag_index(const struct frag *f, uint64_t r);

/* 1 - asked / granted of the live objects; 0 if there is none. */
double frag_internal(uint64_t asked, uint64_t granted);

#endif /* ANALYSIS_FRAG_H */
