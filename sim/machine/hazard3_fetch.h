/*
 * hazard3_fetch.h - Hazard3's fetch unit, one clock at a time
 *
 * Words are fetched ahead of execution: an address counter, a word in flight,
 * a queue of two words, a buffer of three halfwords of which the first is the
 * instruction in the execute stage. A branch predictor of one entry bends the
 * counter. Everything is bytes without padding, so that states compare equal
 * by memcmp.
 *
 * Units     levels in halfwords; waits in clock cycles.
 * Source    TIMING-hazard3.md section 3, whose reference this follows, with
 *           requests that may have to wait (section 5).
 */
#ifndef SIM_MACHINE_HAZARD3_FETCH_H
#define SIM_MACHINE_HAZARD3_FETCH_H

#include <stdbool.h>
#include <stdint.h>

/* A fetched word: which halves count, which of them are a predicted branch. */
struct h3_word {
    uint8_t is_valid;
    uint8_t has_low, has_high;
    uint8_t marks; /* bit 0: the low half, bit 1: the high half              */
};

/* The branch predictor: one taken backward branch. */
struct h3_predictor {
    uint32_t branch; /* its address                                          */
    uint32_t target;
    uint8_t is_valid;
    uint8_t is_wide; /* a 32-bit branch                                      */
    uint8_t spare[2];
};

struct h3_fetch {
    uint32_t counter;   /* address of the next word to be accepted         */
    uint8_t is_over;    /* the branch's second half comes next            */
    uint8_t takes_low;  /* the next word's low half counts                */
    uint8_t fly_wait;   /* wait states left of the word in flight         */
    uint8_t is_dropped; /* the word in flight was overtaken by a jump     */
    struct h3_word fly; /* accepted by the bus, not yet arrived           */
    struct h3_word queue[2];
    uint8_t n_queue;
    uint8_t level;   /* halfwords in the buffer                              */
    uint8_t mark[3]; /* is this halfword a predicted branch?                 */
    uint8_t is_held; /* the bus did not accept the last request              */
    uint8_t spare[2];
};

/* What the rest of the core does to the fetch unit in one clock. */
struct h3_step {
    uint8_t use;       /* halfwords that leave the execute stage             */
    bool is_jump;      /* redirect to `target`; requires nothing held        */
    bool keeps;        /* the instruction in execute outlives the jump       */
    uint8_t keep_size; /* its halfwords                                      */
    uint32_t target;
    bool is_granted; /* the bus accepts this clock's request, if any       */
    uint8_t wait;    /* and the word takes so many wait states             */
};

/* Empty, about to fetch from `address`. */
void h3_fetch_reset(struct h3_fetch *f, uint32_t address);

/* Does the unit have a request on the bus in this clock? */
static inline bool h3_fetch_wants(const struct h3_fetch *f, bool is_jump)
{
    return f->is_held || is_jump ||
           !(f->n_queue == 2 || (f->n_queue == 1 && f->fly.is_valid));
}

/* The address of that request. */
static inline uint32_t h3_fetch_address(const struct h3_fetch *f, bool is_jump,
                                        uint32_t target)
{
    return is_jump ? target & ~3u : f->counter;
}

/* Has the word in flight arrived, or is there none? */
static inline bool h3_fetch_is_ready(const struct h3_fetch *f)
{
    return !f->fly.is_valid || f->fly_wait == 0;
}

/* One clock. Requires s->use <= f->level. */
void h3_fetch_clock(struct h3_fetch *f, const struct h3_predictor *p,
                    const struct h3_step *s);

#endif /* SIM_MACHINE_HAZARD3_FETCH_H */
