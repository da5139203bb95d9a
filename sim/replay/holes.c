/* holes.c - see holes.h for the contract. */
#include "sim/replay/holes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ALL_ONES UINT64_MAX

/*
 * The longest run of ones in a word. x[k] has a bit where a run of 2^k starts
 * (at its low end); the answer's binary digits are found from the top.
 */
static uint32_t longest_ones(uint64_t x)
{
    if (x == 0)
        return 0;
    if (x == ALL_ONES)
        return 64;
    uint64_t run[6];
    int k = 0;
    run[0] = x;
    while (k < 5) {
        uint64_t next = run[k] & (run[k] >> (1u << k));
        if (next == 0)
            break;
        run[++k] = next;
    }
    uint64_t starts = run[k];
    uint32_t length = 1u << k;
    while (k-- > 0) {
        uint64_t longer = starts & (run[k] >> length);
        if (longer != 0) {
            starts = longer;
            length += 1u << k;
        }
    }
    return length;
}

static struct holes_node leaf_of(uint64_t x)
{
    struct holes_node n = {64, 64, 64};
    if (x == ALL_ONES)
        return n;
    n.prefix = (uint32_t)__builtin_ctzll(~x);
    n.suffix = (uint32_t)__builtin_clzll(~x);
    n.best = longest_ones(x);
    return n;
}

/* Two neighbours of `half` units each. */
static struct holes_node join(struct holes_node a, struct holes_node b,
                              uint32_t half)
{
    struct holes_node n;
    uint32_t middle = a.suffix + b.prefix;
    n.prefix = a.prefix == half ? half + b.prefix : a.prefix;
    n.suffix = b.suffix == half ? half + a.suffix : b.suffix;
    n.best = a.best > b.best ? a.best : b.best;
    if (middle > n.best)
        n.best = middle;
    return n;
}

static bool same(struct holes_node a, struct holes_node b)
{
    return a.prefix == b.prefix && a.suffix == b.suffix && a.best == b.best;
}

/* Bring the tree up to date above the words [first, last]. */
static void update(struct holes *h, uint32_t first, uint32_t last)
{
    struct holes_node *nodes = h->nodes;
    bool changed = false;
    for (uint32_t w = first; w <= last; w++) {
        struct holes_node n = leaf_of(h->bits[w]);
        struct holes_node *at = &nodes[h->n_leaves + w];
        changed |= !same(n, *at);
        *at = n;
    }
    uint32_t from = (h->n_leaves + first) / 2;
    uint32_t to = (h->n_leaves + last) / 2;
    for (uint32_t half = 64; changed && from >= 1; half *= 2) {
        changed = false;
        for (uint32_t i = from; i <= to; i++) {
            struct holes_node n = join(nodes[2 * i], nodes[2 * i + 1], half);
            changed |= !same(n, nodes[i]);
            nodes[i] = n;
        }
        from /= 2;
        to /= 2;
    }
}

static uint64_t mask_of(uint32_t from_bit, uint32_t n_bits)
{
    uint64_t ones = n_bits >= 64 ? ALL_ONES : (UINT64_C(1) << n_bits) - 1;
    return ones << from_bit;
}

/* The run of ones in `x` around the ones of `mask`, all set in `x`. */
static uint32_t run_around(uint64_t x, uint64_t mask)
{
    if (x == ALL_ONES)
        return 64;
    uint32_t low = (uint32_t)__builtin_ctzll(mask);
    uint32_t high = 63 - (uint32_t)__builtin_clzll(mask);
    uint64_t above = ~(x >> high);
    uint64_t below = ~(x << (63 - low));
    uint32_t up = (uint32_t)__builtin_ctzll(above);
    uint32_t down = (uint32_t)__builtin_clzll(below);
    return up + down + (high - low) - 1;
}

/*
 * The leaf of a word in which `mask` has become free or taken. A run that
 * grows can only become the longest; one that is cut can only have been it:
 * then, and only then, all of the word is looked at again.
 */
static struct holes_node changed_leaf(const struct holes_node *old, uint64_t x,
                                      uint64_t mask, bool free)
{
    struct holes_node n = {64, 64, 64};
    if (x == ALL_ONES)
        return n;
    n.prefix = (uint32_t)__builtin_ctzll(~x);
    n.suffix = (uint32_t)__builtin_clzll(~x);
    uint32_t run = run_around(x | mask, mask);
    if (free)
        n.best = run > old->best ? run : old->best;
    else
        n.best = run < old->best ? old->best : longest_ones(x);
    return n;
}

/* Bits of one word have changed: the usual case, an object of few units. */
static void update_one(struct holes *h, uint32_t word, uint64_t mask, bool free)
{
    struct holes_node *nodes = h->nodes;
    uint32_t i = h->n_leaves + word;
    struct holes_node n = changed_leaf(&nodes[i], h->bits[word], mask, free);
    for (uint32_t half = 64; !same(n, nodes[i]); half *= 2) {
        nodes[i] = n;
        i /= 2;
        if (i == 0)
            return;
        n = join(nodes[2 * i], nodes[2 * i + 1], half);
    }
}

static void change_words(struct holes *h, uint32_t from, uint32_t n, bool free)
{
    uint32_t first = from / 64;
    uint32_t last = (from + n - 1) / 64;
    uint32_t bit = from % 64;
    uint32_t left = n;
    for (uint32_t w = first; w <= last; w++) {
        uint32_t here = 64 - bit < left ? 64 - bit : left;
        uint64_t mask = mask_of(bit, here);
        assert((h->bits[w] & mask) == (free ? 0 : mask));
        h->bits[w] ^= mask;
        left -= here;
        bit = 0;
    }
    if (!h->is_bulk)
        update(h, first, last);
}

static inline void change(struct holes *h, uint32_t from, uint32_t n, bool free)
{
    assert(n > 0 && from + n <= h->n_units);
    h->n_free += free ? n : 0u - (uint64_t)n;
    uint32_t bit = from % 64;
    if (bit + n > 64) {
        change_words(h, from, n, free);
        return;
    }
    uint64_t mask = mask_of(bit, n);
    assert((h->bits[from / 64] & mask) == (free ? 0 : mask));
    h->bits[from / 64] ^= mask;
    if (!h->is_bulk)
        update_one(h, from / 64, mask, free);
}

bool holes_init(struct holes *h, uint32_t n_units)
{
    memset(h, 0, sizeof *h);
    h->n_units = n_units;
    h->n_leaves = 1;
    while (h->n_leaves * 64 < n_units)
        h->n_leaves *= 2;
    h->bits = calloc(h->n_leaves, sizeof *h->bits);
    h->nodes = calloc(2 * (size_t)h->n_leaves, sizeof *h->nodes);
    if (h->bits == NULL || h->nodes == NULL) {
        holes_release(h);
        return false;
    }
    return true;
}

void holes_release(struct holes *h)
{
    free(h->bits);
    free(h->nodes);
    h->bits = NULL;
    h->nodes = NULL;
}

void holes_give(struct holes *h, uint32_t from, uint32_t n)
{
    change(h, from, n, true);
}

void holes_take(struct holes *h, uint32_t from, uint32_t n)
{
    change(h, from, n, false);
}

void holes_clear(struct holes *h)
{
    memset(h->bits, 0, h->n_leaves * sizeof *h->bits);
    h->n_free = 0;
    h->is_bulk = true;
}

void holes_begin_bulk(struct holes *h)
{
    h->is_bulk = true;
}

void holes_end_bulk(struct holes *h)
{
    h->is_bulk = false;
    for (uint32_t w = 0; w < h->n_leaves; w++)
        h->nodes[h->n_leaves + w] = leaf_of(h->bits[w]);
    uint32_t half = 64;
    for (uint32_t n = h->n_leaves / 2; n >= 1; n /= 2) {
        for (uint32_t i = n; i < 2 * n; i++)
            h->nodes[i] = join(h->nodes[2 * i], h->nodes[2 * i + 1], half);
        half *= 2;
    }
}

void holes_copy(struct holes *h, const struct holes *other)
{
    assert(h->n_units == other->n_units);
    memcpy(h->bits, other->bits, h->n_leaves * sizeof *h->bits);
    memcpy(h->nodes, other->nodes, 2 * h->n_leaves * sizeof *h->nodes);
    h->n_free = other->n_free;
    h->is_bulk = other->is_bulk;
}

bool holes_all_free(const struct holes *h, uint32_t from, uint32_t n)
{
    if (from > h->n_units || n > h->n_units - from)
        return false;
    uint32_t bit = from % 64;
    for (uint32_t w = from / 64; n > 0; w++) {
        uint32_t here = 64 - bit < n ? 64 - bit : n;
        uint64_t mask = mask_of(bit, here);
        if ((h->bits[w] & mask) != mask)
            return false;
        n -= here;
        bit = 0;
    }
    return true;
}

uint32_t holes_longest(const struct holes *h)
{
    return h->nodes[1].best;
}

/* A run so far seen from the left: what touches the end, and the longest. */
struct partial {
    uint32_t open, best;
};

static void append(struct partial *p, struct holes_node n, uint32_t length)
{
    if (p->open + n.prefix > p->best)
        p->best = p->open + n.prefix;
    if (n.best > p->best)
        p->best = n.best;
    p->open = n.prefix == length ? p->open + length : n.suffix;
}

/* The bits [from, to) of one word as a node of to - from units. */
static struct holes_node part_of(uint64_t word, uint32_t from, uint32_t to)
{
    uint32_t length = to - from;
    uint64_t x = word >> from & mask_of(0, length);
    struct holes_node n = {length, length, length};
    if (x == mask_of(0, length))
        return n;
    n.prefix = (uint32_t)__builtin_ctzll(~x);
    n.suffix = (uint32_t)__builtin_clzll(~(x << (64 - length)));
    n.best = longest_ones(x);
    return n;
}

uint32_t holes_longest_in(const struct holes *h, uint32_t from, uint32_t to)
{
    struct partial p = {0, 0};
    while (from < to) {
        uint32_t word = from / 64;
        if (from % 64 != 0 || to - from < 64) {
            uint32_t end = (word + 1) * 64 < to ? (word + 1) * 64 : to;
            append(&p, part_of(h->bits[word], from % 64, end - word * 64),
                   end - from);
            from = end;
            continue;
        }
        /* The largest aligned node that starts here and ends by `to`. */
        uint32_t node = h->n_leaves + word;
        uint32_t length = 64;
        while (node > 1 && node % 2 == 0 && to - from >= 2 * length) {
            node /= 2;
            length *= 2;
        }
        append(&p, h->nodes[node], length);
        from += length;
    }
    return p.best;
}

uint32_t holes_free_in(const struct holes *h, uint32_t from, uint32_t to)
{
    uint32_t n = 0;
    while (from < to) {
        uint32_t end = (from / 64 + 1) * 64 < to ? (from / 64 + 1) * 64 : to;
        uint64_t word = h->bits[from / 64] >> from % 64;
        uint32_t length = end - from;
        if (length < 64)
            word &= (UINT64_C(1) << length) - 1;
        n += (uint32_t)__builtin_popcountll(word);
        from = end;
    }
    return n;
}

uint32_t holes_next(const struct holes *h, uint32_t *from)
{
    uint32_t at = *from;
    while (at < h->n_units) {
        uint64_t rest = h->bits[at / 64] >> at % 64;
        if (rest != 0) {
            at += (uint32_t)__builtin_ctzll(rest);
            break;
        }
        at = (at / 64 + 1) * 64;
    }
    if (at >= h->n_units)
        return 0;
    *from = at;
    uint32_t length = 0;
    while (at < h->n_units) {
        uint32_t here = 64 - at % 64;
        uint64_t taken = ~(h->bits[at / 64] >> at % 64);
        uint32_t run = taken == 0 ? 64 : (uint32_t)__builtin_ctzll(taken);
        if (run < here)
            return length + run;
        length += here;
        at += here;
    }
    return length;
}

uint32_t holes_count(const struct holes *h)
{
    uint32_t n = 0;
    uint32_t at = 0;
    for (uint32_t length; (length = holes_next(h, &at)) != 0; at += length)
        n++;
    return n;
}
