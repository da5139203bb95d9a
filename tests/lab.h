/*
 * lab.h - one heap with all that its manager asks of the outside, for the
 * suites of managers
 *
 * There is one heap at a time, the suite's fixture. The core's outward calls
 * are made by name, and a program has each name once: a suite that uses the
 * lab says LAB_OUTWARD_CALLS once.
 */
#ifndef TESTS_LAB_H
#define TESTS_LAB_H

#include "core/host.h"
#include "core/marksweep.h"

#define LAB_BASE      UINT32_C(0x20010000)
#define LAB_WINDOW    (UINT32_C(256) * 1024)
#define LAB_ROOTS_CAP 256
#define LAB_LOG_CAP   4096

/* A first-fit outer heap in units of 16 bytes, as that of the recordings. */
struct outer {
    uint32_t base;
    uint32_t n_units;
    uint8_t used[LAB_WINDOW / 16]; /* 0 free, 1 begins a piece, 2 goes on */
    uint32_t n_avail, n_taken, n_given; /* wishes so far                    */
};

void outer_open(struct outer *o, uint32_t base, uint32_t bytes);
uint32_t outer_more(struct outer *o, uint32_t what, uint32_t value);

struct lab {
    struct heap *h; /* the window, LAB_WINDOW bytes                       */
    struct marksweep_params params;
    struct outer outer;
    struct guest_roots *roots;
    addr32 finalised[LAB_LOG_CAP]; /* objects, in the order of their turns */
    uint32_t n_finalised;
    void (*on_finalise)(addr32 object); /* what finalisers do; may be null  */
    uint32_t n_collections_seen;        /* times the roots were asked for   */
};

extern struct lab lab;

void lab_on_finalise(struct heap *h, addr32 object);
uint32_t lab_more(struct heap *h, uint32_t what, uint32_t value);
struct guest_roots *lab_roots(struct heap *h);

#define LAB_OUTWARD_CALLS                                                      \
    void heap_on_finalise(struct heap *h, addr32 object)                       \
    {                                                                          \
        lab_on_finalise(h, object);                                            \
    }                                                                          \
    uint32_t heap_more(struct heap *h, uint32_t what, uint32_t value)          \
    {                                                                          \
        return lab_more(h, what, value);                                       \
    }                                                                          \
    struct guest_roots *heap_roots(struct heap *h)                             \
    {                                                                          \
        return lab_roots(h);                                                   \
    }

/* Open a heap of `heap_bytes` bytes and an outer heap behind it. */
void lab_open(const struct marksweep_params *p, uint32_t heap_bytes,
              uint32_t outer_bytes);

/* Free it; the heap must be in order. */
void lab_close(void);

/* Set the roots to `n` words: precise ones, or (held) ambiguous ones. */
void lab_root(const addr32 *word, uint32_t n);

/* The place in the list, and the block, of an address. */
uint32_t lab_block(addr32 object, uint32_t *area_number);

/* The `index`-th area. */
struct area_info lab_area(uint32_t index);

#endif /* TESTS_LAB_H */
