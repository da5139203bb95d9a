/* frag.c - see frag.h for the formulas and their sources. */
#include "analysis/frag.h"

#include <assert.h>
#include <math.h>

void frag_add(struct frag *f, uint64_t hole)
{
    if (hole == 0)
        return;
    f->free += hole;
    f->n_holes++;
    if (hole > f->largest)
        f->largest = hole;
    f->squares += (double)hole * (double)hole;
}

double frag_external(const struct frag *f)
{
    if (f->free == 0)
        return 0;
    return 1 - (double)f->largest / (double)f->free;
}

double frag_l2(const struct frag *f)
{
    if (f->free == 0)
        return 0;
    return 1 - sqrt(f->squares) / (double)f->free;
}

double frag_unusable(const uint64_t *holes, uint64_t n, uint64_t r)
{
    assert(r > 0);
    uint64_t free = 0, usable = 0;
    for (uint64_t i = 0; i < n; i++) {
        free += holes[i];
        usable += holes[i] / r * r;
    }
    return free == 0 ? 0 : (double)(free - usable) / (double)free;
}

double frag_unusable_linux(const uint64_t *holes, uint64_t n, uint64_t r)
{
    assert(r > 0);
    uint64_t free = 0, usable = 0;
    for (uint64_t i = 0; i < n; i++) {
        free += holes[i];
        usable += holes[i] >= r ? holes[i] : 0;
    }
    return free == 0 ? 0 : (double)(free - usable) / (double)free;
}

double frag_index(const struct frag *f, uint64_t r)
{
    assert(r > 0);
    if (f->n_holes == 0)
        return 0;
    if (f->largest >= r)
        return -1;
    double requests = (double)f->free / (double)r;
    return 1 - (1 + requests) / (double)f->n_holes;
}

double frag_internal(uint64_t asked, uint64_t granted)
{
    return granted == 0 ? 0 : 1 - (double)asked / (double)granted;
}
