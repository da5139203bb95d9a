/*
 * outer.h - the outer heap of the recordings: first fit in steps of 16 bytes
 *
 * A heap that grows takes its areas from here. The pieces taken are kept in
 * address order; what lies between them is free.
 *
 * State     the struct is the whole state: assign it to copy it.
 * Cost      O(pieces).
 * Source    the traces' recorder: "first fit over outer_bytes in steps of 16
 *           bytes; avail is its longest free run".
 */
#ifndef SIM_REPLAY_OUTER_H
#define SIM_REPLAY_OUTER_H

#include <stdint.h>

#define OUTER_PIECES_CAP 256

struct outer {
    uint32_t base;  /* address, a multiple of 16                          */
    uint32_t bytes; /* 0: there is no outer heap                          */
    uint32_t n;
    struct {
        uint32_t at, bytes; /* from base; both multiples of 16            */
    } piece[OUTER_PIECES_CAP];
};

void outer_init(struct outer *o, uint32_t base, uint32_t bytes);

/* The longest free run, in bytes. */
uint32_t outer_avail(const struct outer *o);

/* Take `bytes`, rounded up to 16: their address, or 0. */
uint32_t outer_take(struct outer *o, uint32_t bytes);

/* Give back what was taken at `address`; others are ignored. */
void outer_give(struct outer *o, uint32_t address);

#endif /* SIM_REPLAY_OUTER_H */
