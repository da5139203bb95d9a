/* lab.c - see lab.h. */
#include "tests/lab.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

struct lab lab;

void outer_open(struct outer *o, uint32_t base, uint32_t bytes)
{
    memset(o, 0, sizeof *o);
    o->base = base;
    o->n_units = bytes / 16;
}

/* Length of the longest run, or the first place of `n` units; ~0 for none. */
static uint32_t first_fit(const struct outer *o, uint32_t n, uint32_t *longest)
{
    uint32_t run = 0;
    *longest = 0;
    for (uint32_t i = 0; i < o->n_units; i++) {
        run = o->used[i] == 0 ? run + 1 : 0;
        if (run > *longest)
            *longest = run;
        if (n > 0 && run == n)
            return i + 1 - n;
    }
    return UINT32_MAX;
}

uint32_t outer_more(struct outer *o, uint32_t what, uint32_t value)
{
    uint32_t longest;
    if (what == MORE_AVAIL) {
        o->n_avail++;
        first_fit(o, 0, &longest);
        return 16 * longest;
    }
    if (what == MORE_TAKE) {
        uint32_t n = (value + 15) / 16;
        uint32_t at = first_fit(o, n, &longest);
        o->n_taken++;
        if (at == UINT32_MAX)
            return 0;
        memset(o->used + at, 2, n);
        o->used[at] = 1;
        return o->base + 16 * at;
    }
    o->n_given++;
    uint32_t at = (value - o->base) / 16;
    if (value < o->base || at >= o->n_units || o->used[at] != 1)
        return 0; /* an area that was added explicitly */
    do
        o->used[at++] = 0;
    while (at < o->n_units && o->used[at] == 2);
    return 0;
}

/* ---- What the core calls ---------------------------------------------- */

void lab_on_finalise(struct heap *h, addr32 object)
{
    cr_assert(eq(ptr, h, lab.h));
    cr_assert(lt(u32, lab.n_finalised, LAB_LOG_CAP));
    lab.finalised[lab.n_finalised++] = object;
    if (lab.on_finalise != NULL)
        lab.on_finalise(object);
}

uint32_t lab_more(struct heap *h, uint32_t what, uint32_t value)
{
    cr_assert(eq(ptr, h, lab.h));
    return outer_more(&lab.outer, what, value);
}

struct guest_roots *lab_roots(struct heap *h)
{
    cr_assert(eq(ptr, h, lab.h));
    lab.n_collections_seen++;
    return lab.roots;
}

/* ---- The fixture ------------------------------------------------------ */

void lab_open(const struct marksweep_params *p, uint32_t heap_bytes,
              uint32_t outer_bytes)
{
    memset(&lab, 0, sizeof lab);
    lab.params = *p;
    /* Not zero, so that what init leaves unwritten would show. */
    lab.h = aligned_alloc(64, LAB_WINDOW);
    memset(lab.h, 0xa5, LAB_WINDOW);
    lab.roots = calloc(1, sizeof *lab.roots + LAB_ROOTS_CAP * sizeof(uint32_t));
    lab.roots->cap = LAB_ROOTS_CAP;
    uint32_t answer = marksweep_init(lab.h, LAB_BASE, heap_bytes, p);
    cr_assert(eq(u32, answer, HEAP_OK));
    uint32_t behind = LAB_BASE + lab.h->control_bytes + heap_bytes;
    outer_open(&lab.outer, (behind + 63) & ~63u, outer_bytes);
}

void lab_close(void)
{
    if (lab.h == NULL)
        return;
    int broken = marksweep_check(lab.h, LAB_BASE, LAB_WINDOW);
    free(lab.h);
    free(lab.roots);
    lab.h = NULL;
    cr_assert(eq(int, broken, 0));
}

void lab_root(const addr32 *word, uint32_t n)
{
    cr_assert(le(u32, n, LAB_ROOTS_CAP));
    memcpy(lab.roots->word, word, n * sizeof *word);
    lab.roots->n_precise = n / 2; /* the rest ambiguous: the same to it */
    lab.roots->n_held = n - n / 2;
}

uint32_t lab_block(addr32 object, uint32_t *area_number)
{
    struct area_info info;
    for (uint32_t i = 0; marksweep_area_info(lab.h, i, &info); i++) {
        uint32_t block = (object - info.pool) / lab.params.block;
        if (object < info.pool || block >= info.n_blocks)
            continue;
        if (area_number != NULL)
            *area_number = info.number;
        return block;
    }
    return UINT32_MAX;
}

struct area_info lab_area(uint32_t index)
{
    struct area_info info = {0};
    cr_assert(marksweep_area_info(lab.h, index, &info));
    return info;
}
