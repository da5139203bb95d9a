/*
 * rng.h - the random numbers of everything synthetic: xoshiro128**
 *
 * The same seed gives the same numbers on every host: integers only, no
 * library behind it.
 *
 * State     16 bytes, the caller's.
 * Cost      a few shifts a number; rng_below draws again with a chance of at
 *           most n / 2^32, so its loop ends after less than two rounds on
 *           average.
 * Source    Blackman and Vigna, "Scrambled linear pseudorandom number
 *           generators", TOMS 47(4), 2021 (xoshiro128** 1.1); seeding by
 *           SplitMix64: Steele, Lea, Flood, OOPSLA 2014; numbers below n:
 *           Lemire, "Fast random integer generation in an interval", TOMACS
 *           29(1), 2019.
 */
#ifndef TRACES_SYNTH_RNG_H
#define TRACES_SYNTH_RNG_H

#include <stdbool.h>
#include <stdint.h>

#define RNG_ONE 1000000u /* a certain chance, in millionths */

struct rng {
    uint32_t s[4]; /* never all zero */
};

/* Start the sequence that belongs to `seed`; any seed will do. */
void rng_seed(struct rng *r, uint64_t seed);

static inline uint32_t rng_rotate(uint32_t x, int by)
{
    return x << by | x >> (32 - by);
}

/* The next 32 bits. */
static inline uint32_t rng_next(struct rng *r)
{
    uint32_t *s = r->s;
    uint32_t result = rng_rotate(s[1] * 5, 7) * 9;
    uint32_t t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rng_rotate(s[3], 11);
    return result;
}

/* A number of 0 .. n - 1, all equally likely. Requires n > 0. */
static inline uint32_t rng_below(struct rng *r, uint32_t n)
{
    uint64_t product = (uint64_t)rng_next(r) * n;
    if ((uint32_t)product < n) {
        uint32_t least = (0 - n) % n; /* 2^32 mod n */
        while ((uint32_t)product < least)
            product = (uint64_t)rng_next(r) * n;
    }
    return (uint32_t)(product >> 32);
}

/* A number of `least` .. `most`. Requires least <= most, not all 2^32. */
static inline uint32_t rng_between(struct rng *r, uint32_t least, uint32_t most)
{
    return least + rng_below(r, most - least + 1);
}

/* True with a chance of `ppm` millionths. */
static inline bool rng_chance(struct rng *r, uint32_t ppm)
{
    return rng_below(r, RNG_ONE) < ppm;
}

#endif /* TRACES_SYNTH_RNG_H */
