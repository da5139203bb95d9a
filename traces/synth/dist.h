/*
 * dist.h - sizes and lifetimes: log-uniform and exponential numbers, drawn
 * with integers alone so that every host draws the same
 *
 * Logarithm and power of two come from tables of 257 entries with linear
 * interpolation: relative error below 3e-6. The tables themselves are made of
 * integer squares and square roots.
 *
 * State     struct dist, 2 KiB, the caller's; read-only once made.
 * Units     Q31 and Q32: a fraction times 2^31, 2^32.
 * Cost      one random number, two look-ups and a multiplication a draw.
 */
#ifndef TRACES_SYNTH_DIST_H
#define TRACES_SYNTH_DIST_H

#include "traces/synth/rng.h"

struct dist {
    uint32_t exp2_q31[257]; /* 2^(i / 256), the last saturated            */
    uint64_t log2_q32[257]; /* log2(1 + i / 256)                          */
};

void dist_init(struct dist *d);

/* log2(x) in Q32. Requires x >= 1. */
uint64_t dist_log2(const struct dist *d, uint64_t x);

/* 2^(x / 2^32), rounded down. Requires the result to be below 2^31. */
uint32_t dist_exp2(const struct dist *d, uint64_t x_q32);

struct dist_range {
    uint32_t least, most;
    uint64_t log_least, log_span; /* of least; of (most + 1) / least      */
};

/* Requires 1 <= least <= most < 2^30. */
struct dist_range dist_range(const struct dist *d, uint32_t least,
                             uint32_t most);

/*
 * A size of the range whose logarithm is uniform: as many of 8 .. 15 as of
 * 64 .. 127.
 */
uint32_t dist_log_uniform(const struct dist *d, struct rng *r,
                          const struct dist_range *range);

/* An exponential lifetime of this mean, rounded down. mean < 2^24. */
uint32_t dist_exponential(const struct dist *d, struct rng *r, uint32_t mean);

#endif /* TRACES_SYNTH_DIST_H */
