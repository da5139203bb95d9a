/* heapmap.c - see heapmap.h for the contract. */
#include "analysis/heapmap.h"

#include <stddef.h>
#include <string.h>

struct heapmap_reader heapmap_read(const char *units)
{
    return (struct heapmap_reader){.at = units == NULL ? "" : units};
}

bool heapmap_next(struct heapmap_reader *r, struct heapmap_run *run)
{
    static const char letters[] = "h=.x#:";
    static const enum heapmap_state states[] = {HEAPMAP_LIVE,   HEAPMAP_LIVE,
                                                HEAPMAP_FREE,   HEAPMAP_GARBAGE,
                                                HEAPMAP_TABLES, HEAPMAP_TABLES};
    if (*r->at == 0 || r->is_broken)
        return false;
    uint32_t length = 0;
    const char *at = r->at;
    while (*at >= '0' && *at <= '9' && length <= HEAPMAP_MAX_UNITS)
        length = length * 10 + (uint32_t)(*at++ - '0');
    const char *letter = *at == 0 ? NULL : strchr(letters, *at);
    /* A letter without a length stands for one unit. */
    if (at == r->at)
        length = 1;
    if (letter == NULL || length > HEAPMAP_MAX_UNITS - r->n_units) {
        r->is_broken = true;
        return false;
    }
    *run = (struct heapmap_run){.first = r->n_units,
                                .n_units = length,
                                .letter = *letter,
                                .state = states[letter - letters]};
    r->n_units += length;
    r->at = at + 1;
    return true;
}

uint32_t heapmap_length(const char *units)
{
    struct heapmap_reader r = heapmap_read(units);
    struct heapmap_run run;
    while (heapmap_next(&r, &run))
        ;
    return r.n_units;
}
