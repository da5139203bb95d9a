/*
 * bytewise.c - what core/atab.c does, block by block: see core/atab.h beside
 * it.
 */
#include "core/atab.h"

void atab_extend(uint32_t *t, uint32_t b, uint32_t n_blocks)
{
    for (uint32_t i = b; i < b + n_blocks; i++)
        atab_free_to_tail(t, i);
}

void atab_clear(uint32_t *t, uint32_t b, uint32_t n_blocks)
{
    for (uint32_t i = b; i < b + n_blocks; i++)
        atab_any_to_free(t, i);
}

/* One test for each place of a byte. Searches begin at a byte, which is what a
 * hint counts: from % 4 is 0. */
uint32_t atab_find_free(const uint32_t *t, uint32_t n_blocks, uint32_t from,
                        uint32_t want)
{
    uint32_t n_free = 0;
    for (uint32_t b = from; b < n_blocks; b += 4) {
        uint32_t byte = *atab_byte(t, b);
        n_free = (byte & 0x03) == 0 ? n_free + 1 : 0;
        if (n_free >= want)
            return b + 1 - want;
        n_free = (byte & 0x0c) == 0 ? n_free + 1 : 0;
        if (n_free >= want)
            return b + 2 - want;
        n_free = (byte & 0x30) == 0 ? n_free + 1 : 0;
        if (n_free >= want)
            return b + 3 - want;
        n_free = (byte & 0xc0) == 0 ? n_free + 1 : 0;
        if (n_free >= want)
            return b + 4 - want;
    }
    return ATAB_NONE;
}

uint32_t atab_free_run(const uint32_t *t, uint32_t n_blocks, uint32_t b,
                       uint32_t most)
{
    uint32_t n = 0;
    while (n < most && b + n < n_blocks && atab_get_kind(t, b + n) == ATAB_FREE)
        n++;
    return n;
}

/* The next block whose kind is at least that: FREE < HEAD < TAIL < MARK. */
static uint32_t next_of(const uint32_t *t, uint32_t n_blocks, uint32_t from,
                        uint32_t kind)
{
    for (uint32_t b = from; b < n_blocks; b++) {
        if (atab_get_kind(t, b) >= kind)
            return b;
    }
    return ATAB_NONE;
}

uint32_t atab_next_used(const uint32_t *t, uint32_t n_blocks, uint32_t from)
{
    return next_of(t, n_blocks, from, ATAB_HEAD);
}

uint32_t atab_next_mark(const uint32_t *t, uint32_t n_blocks, uint32_t from)
{
    return next_of(t, n_blocks, from, ATAB_MARK);
}

/* Frees a block of a dead object, or notes that it stays. */
static inline void sweep_block(uint32_t *t, uint32_t b, bool is_dead,
                               struct atab_swept *swept)
{
    if (!is_dead) {
        swept->last_used = b;
        return;
    }
    swept->freed_blocks++;
    atab_any_to_free(t, b);
}

void atab_sweep(uint32_t *t, uint32_t n_blocks, uint32_t last_used,
                struct atab_swept *swept)
{
    struct atab_swept s = {0, 0, 0};
    bool is_dead = false;
    for (uint32_t b = 0; b <= last_used && b < n_blocks; b++) {
        switch (atab_get_kind(t, b)) {
        case ATAB_MARK:
            atab_mark_to_head(t, b);
            is_dead = false;
            sweep_block(t, b, is_dead, &s);
            break;
        case ATAB_HEAD:
            is_dead = true;
            s.freed_objects++;
            sweep_block(t, b, is_dead, &s);
            break;
        case ATAB_TAIL:
            sweep_block(t, b, is_dead, &s);
            break;
        default:
            break;
        }
    }
    *swept = s;
}
