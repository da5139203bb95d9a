/* utilisation.c - see utilisation.h for the contract and the sources. */
#include "analysis/utilisation.h"

#include <assert.h>
#include <stdlib.h>

/* Join pauses less than p->joined apart. */
static void join_close(struct pauses *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++) {
        struct pause *last = n == 0 ? NULL : &p->at[n - 1];
        if (last != NULL && p->at[i].start - last->end < p->joined)
            last->end = p->at[i].end;
        else
            p->at[n++] = p->at[i];
    }
    p->n = n;
    uint64_t before = 0;
    for (size_t i = 0; i < n; i++) {
        p->at[i].before = before;
        before += p->at[i].end - p->at[i].start;
    }
}

static bool make_room(struct pauses *p)
{
    if (p->n < p->cap)
        return true;
    if (p->cap >= UTILISATION_PAUSES) {
        /* In the end the distance exceeds the clock, and one pause is left. */
        while (p->n > p->cap / 2) {
            p->joined = p->joined == 0 ? 64 : p->joined * 2;
            join_close(p);
        }
        return true;
    }
    size_t cap = p->cap == 0 ? 256 : p->cap * 2;
    struct pause *more = realloc(p->at, cap * sizeof *more);
    if (more == NULL)
        return false;
    p->at = more;
    size_t *chain = realloc(p->chain, cap * sizeof *chain);
    if (chain == NULL)
        return false;
    p->chain = chain;
    p->cap = cap;
    return true;
}

bool pauses_add(struct pauses *p, uint64_t start, uint64_t cycles)
{
    if (cycles == 0)
        return true;
    p->longest = cycles > p->longest ? cycles : p->longest;
    struct pause *last = p->n == 0 ? NULL : &p->at[p->n - 1];
    assert(last == NULL || start >= last->end);
    if (last != NULL && start - last->end < p->joined) {
        last->end = start + cycles;
        return true;
    }
    if (!make_room(p))
        return false;
    last = p->n == 0 ? NULL : &p->at[p->n - 1];
    uint64_t before = last == NULL ? 0 : last->before + last->end - last->start;
    p->at[p->n++] = (struct pause){start, start + cycles, before};
    return true;
}

void pauses_free(struct pauses *p)
{
    free(p->at);
    free(p->chain);
    *p = (struct pauses){0};
}

/*
 * Cycles of pauses before the moment `t`. `next` is the first pause that ends
 * at t or later; a sweep moves it along.
 */
static uint64_t paused_before(const struct pauses *p, uint64_t t, size_t *next)
{
    while (*next < p->n && p->at[*next].end < t)
        ++*next;
    if (*next == p->n) {
        const struct pause *last = &p->at[p->n - 1];
        return last->before + last->end - last->start;
    }
    const struct pause *at = &p->at[*next];
    return at->before + (t > at->start ? t - at->start : 0);
}

/*
 * Between the moments at which a window's edge meets a pause's edge, what it
 * holds changes steadily; so the most is held by one that starts at a start,
 * ends at an end, or lies at an end of the clock.
 */
uint64_t utilisation_most(const struct pauses *p, uint64_t total,
                          uint64_t window)
{
    assert(window > 0 && window <= total);
    if (p->n == 0)
        return 0;
    uint64_t most = 0, last = total - window;
    size_t from = 0, to = 0;
    for (size_t i = 0; i < p->n; i++) {
        uint64_t start = p->at[i].start < last ? p->at[i].start : last;
        uint64_t held = paused_before(p, start + window, &to) -
                        paused_before(p, start, &from);
        most = held > most ? held : most;
    }
    from = to = 0;
    for (size_t i = 0; i < p->n; i++) {
        uint64_t end = p->at[i].end > window ? p->at[i].end : window;
        uint64_t held =
            paused_before(p, end, &to) - paused_before(p, end - window, &from);
        most = held > most ? held : most;
    }
    return most;
}

double utilisation_mmu(const struct pauses *p, uint64_t total, uint64_t window)
{
    return 1 - (double)utilisation_most(p, total, window) / (double)window;
}

/* Does the running sum rise from a to b at least as steeply as from b to c? */
static bool bends_down(const struct pause *a, const struct pause *b,
                       const struct pause *c)
{
    return (double)(b->before - a->before) * (double)(c->start - b->start) >=
           (double)(c->before - b->before) * (double)(b->start - a->start);
}

/* The share of pauses from the start of one to the end of another. */
static double share(const struct pause *from, const struct pause *to)
{
    return (double)(to->before + to->end - to->start - from->before) /
           (double)(to->end - from->start);
}

/*
 * The greatest share of pauses in a stretch from the start of one to the end
 * of another, at least `window` long: the steepest line between two points of
 * the running sum. Starts that can still be the best form a convex chain, kept
 * in chain[first..n). A start that an end passes over is not looked at again:
 * ends from which it would be better than the next lie below a line that is no
 * steeper than the best so far.
 */
static double densest(struct pauses *p, uint64_t window)
{
    double best = 0;
    size_t *chain = p->chain, first = 0, n = 0, next = 0;
    for (size_t i = 0; i < p->n; i++) {
        const struct pause *at = p->at, *to = &at[i];
        for (; next <= i && to->end - at[next].start >= window; next++) {
            while (n >= first + 2 &&
                   bends_down(&at[chain[n - 2]], &at[chain[n - 1]], &at[next]))
                n--;
            chain[n++] = next;
        }
        while (n >= first + 2 &&
               share(&at[chain[first + 1]], to) >= share(&at[chain[first]], to))
            first++;
        if (n > first && share(&at[chain[first]], to) > best)
            best = share(&at[chain[first]], to);
    }
    return best;
}

double utilisation_bmu(struct pauses *p, uint64_t total, uint64_t window)
{
    double mmu = utilisation_mmu(p, total, window);
    double longer = 1 - densest(p, window);
    return longer < mmu ? longer : mmu;
}
