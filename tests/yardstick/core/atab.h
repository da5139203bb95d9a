/*
 * atab.h - the yardstick of core/atab.h: the same contract, one block after
 * the other on the table's bytes, as MicroPython's heap does it
 *
 * Found before core/'s own, it makes of the same manager an image that leaves
 * the same bytes, and whose cycles say what working on words is worth: what is
 * inline there is inline here, by one expression a block in place of one for
 * sixteen. For tests and benchmarks only.
 */
#ifndef TESTS_YARDSTICK_CORE_ATAB_H
#define TESTS_YARDSTICK_CORE_ATAB_H

/* The contract is core/'s; its functions on words get other names. */
#define atab_get_kind      atab_words_get_kind
#define atab_any_to_free   atab_words_any_to_free
#define atab_free_to_head  atab_words_free_to_head
#define atab_free_to_tail  atab_words_free_to_tail
#define atab_head_to_mark  atab_words_head_to_mark
#define atab_mark_to_head  atab_words_mark_to_head
#define atab_take_one      atab_words_take_one
#define atab_take          atab_words_take
#define atab_release       atab_words_release
#define atab_object_blocks atab_words_object_blocks
#include "../../../core/atab.h"
#undef atab_get_kind
#undef atab_any_to_free
#undef atab_free_to_head
#undef atab_free_to_tail
#undef atab_head_to_mark
#undef atab_mark_to_head
#undef atab_take_one
#undef atab_take
#undef atab_release
#undef atab_object_blocks

/* The byte that holds block `b`'s two bits, and where they are in it. */
static inline uint8_t *atab_byte(const uint32_t *t, uint32_t b)
{
    return (uint8_t *)(uintptr_t)t + b / 4;
}

static inline uint32_t atab_shift(uint32_t b)
{
    return 2 * (b & 3);
}

static inline uint32_t atab_get_kind(const uint32_t *t, uint32_t b)
{
    return (uint32_t)*atab_byte(t, b) >> atab_shift(b) & 3;
}

static inline void atab_any_to_free(uint32_t *t, uint32_t b)
{
    *atab_byte(t, b) &= (uint8_t) ~(3u << atab_shift(b));
}

static inline void atab_free_to_head(uint32_t *t, uint32_t b)
{
    *atab_byte(t, b) |= (uint8_t)(1u << atab_shift(b));
}

static inline void atab_free_to_tail(uint32_t *t, uint32_t b)
{
    *atab_byte(t, b) |= (uint8_t)(2u << atab_shift(b));
}

static inline void atab_head_to_mark(uint32_t *t, uint32_t b)
{
    *atab_byte(t, b) |= (uint8_t)(2u << atab_shift(b));
}

static inline void atab_mark_to_head(uint32_t *t, uint32_t b)
{
    *atab_byte(t, b) &= (uint8_t) ~(2u << atab_shift(b));
}

static inline uint32_t atab_take_one(uint32_t *t, uint32_t n_blocks,
                                     uint32_t byte)
{
    for (uint32_t i = byte; i < n_blocks / 4; i++) {
        uint32_t kinds = *atab_byte(t, 4 * i);
        uint32_t place;
        if ((kinds & 0x03) == 0)
            place = 0;
        else if ((kinds & 0x0c) == 0)
            place = 1;
        else if ((kinds & 0x30) == 0)
            place = 2;
        else if ((kinds & 0xc0) == 0)
            place = 3;
        else
            continue;
        atab_free_to_head(t, 4 * i + place);
        return 4 * i + place;
    }
    return ATAB_NONE;
}

static inline void atab_take(uint32_t *t, uint32_t b, uint32_t n_blocks)
{
    atab_free_to_head(t, b);
    for (uint32_t i = b + 1; i < b + n_blocks; i++)
        atab_free_to_tail(t, i);
}

static inline uint32_t atab_release(uint32_t *t, uint32_t b)
{
    uint32_t i = b;
    do {
        atab_any_to_free(t, i);
        i++;
    } while (atab_get_kind(t, i) == ATAB_TAIL);
    return i - b;
}

static inline uint32_t atab_object_blocks(const uint32_t *t, uint32_t b)
{
    uint32_t n_blocks = 0;
    do {
        n_blocks++;
    } while (atab_get_kind(t, b + n_blocks) == ATAB_TAIL);
    return n_blocks;
}

#endif /* TESTS_YARDSTICK_CORE_ATAB_H */
