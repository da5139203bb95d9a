/* dist.c - see dist.h for the contract. */
#include "traces/synth/dist.h"

#define Q31     (UINT64_C(1) << 31)
#define LN2_Q32 UINT64_C(2977044472) /* ln 2 = 0.693147..., times 2^32 */

/* The integer part of the square root, one bit of the result at a time. */
static uint64_t square_root(uint64_t x)
{
    uint64_t root = 0;
    for (uint64_t bit = UINT64_C(1) << 31; bit != 0; bit >>= 1)
        if ((root | bit) * (root | bit) <= x)
            root |= bit;
    return root;
}

/* log2 of m in Q31, 1 <= m < 2: square, and see whether it passed 2. */
static uint64_t slow_log2(uint64_t m_q31)
{
    uint64_t log_q32 = 0;
    for (uint64_t bit = UINT64_C(1) << 31; bit != 0; bit >>= 1) {
        m_q31 = m_q31 * m_q31 >> 31;
        if (m_q31 >= 2 * Q31) {
            m_q31 >>= 1;
            log_q32 |= bit;
        }
    }
    return log_q32;
}

void dist_init(struct dist *d)
{
    /* roots[k] = 2^(2^k / 256): eight square roots of two. */
    uint64_t roots[8];
    uint64_t root = 2 * Q31 - 1;
    for (int k = 7; k >= 0; k--) {
        root = square_root(root << 31);
        roots[k] = root;
    }
    for (unsigned i = 0; i < 256; i++) {
        uint64_t product = Q31;
        for (int k = 0; k < 8; k++)
            if (i >> k & 1)
                product = product * roots[k] >> 31;
        d->exp2_q31[i] = (uint32_t)product;
        d->log2_q32[i] = slow_log2(Q31 + (uint64_t)i * (Q31 / 256));
    }
    d->exp2_q31[256] = UINT32_MAX;
    d->log2_q32[256] = UINT64_C(1) << 32;
}

uint64_t dist_log2(const struct dist *d, uint64_t x)
{
    unsigned whole = 63 - (unsigned)__builtin_clzll(x);
    uint64_t mantissa = x << (63 - whole) << 1; /* the bits behind the 1 */
    unsigned i = (unsigned)(mantissa >> 56);
    uint64_t between = mantissa << 8 >> 32; /* Q32 */
    uint64_t low = d->log2_q32[i];
    uint64_t high = d->log2_q32[i + 1];
    return ((uint64_t)whole << 32) + low + ((high - low) * between >> 32);
}

uint32_t dist_exp2(const struct dist *d, uint64_t x_q32)
{
    unsigned whole = (unsigned)(x_q32 >> 32);
    uint32_t fraction = (uint32_t)x_q32;
    unsigned i = fraction >> 24;
    uint64_t between = fraction & 0xffffff; /* Q24 */
    uint64_t low = d->exp2_q31[i];
    uint64_t high = d->exp2_q31[i + 1];
    uint64_t power = low + ((high - low) * between >> 24);
    return (uint32_t)(power >> (31 - whole));
}

struct dist_range dist_range(const struct dist *d, uint32_t least,
                             uint32_t most)
{
    uint64_t log_least = dist_log2(d, least);
    return (struct dist_range){
        .least = least,
        .most = most,
        .log_least = log_least,
        .log_span = dist_log2(d, (uint64_t)most + 1) - log_least,
    };
}

uint32_t dist_log_uniform(const struct dist *d, struct rng *r,
                          const struct dist_range *range)
{
    uint64_t u = rng_next(r);
    uint64_t span = range->log_span;
    /* The span has up to 37 bits: its two halves are multiplied apart. */
    uint64_t offset = (span >> 32) * u + ((span & UINT32_MAX) * u >> 32);
    uint32_t size = dist_exp2(d, range->log_least + offset);
    if (size < range->least) /* by a rounding of the tables */
        return range->least;
    return size > range->most ? range->most : size;
}

uint32_t dist_exponential(const struct dist *d, struct rng *r, uint32_t mean)
{
    /* -ln U of a uniform U = u / 2^32 of (0, 1]. */
    uint64_t u = (uint64_t)rng_next(r) + 1;
    uint64_t minus_log2 = (UINT64_C(32) << 32) - dist_log2(d, u);
    uint64_t minus_ln_q24 = (minus_log2 >> 8) * (LN2_Q32 >> 8) >> 24;
    return (uint32_t)(minus_ln_q24 * mean >> 24);
}
