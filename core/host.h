/*
 * host.h - the three things that the core asks of the outside
 *
 * A finaliser's turn, a wish for memory, and the roots. They are called by
 * name and never stored, so that the control block holds no pointer. On a
 * target the first two are stubs on which the call stops and the host takes
 * over; natively the program that links the core defines them. A program
 * whose heaps have no finalisers and do not grow defines them to do nothing.
 */
#ifndef CORE_HOST_H
#define CORE_HOST_H

#include "core/heap.h"

/*
 * `object` will be freed by the collection that runs now, and asked for a
 * finaliser when it was allocated. Its contents are as the program left them.
 * The finaliser may free any object, this one too; it may not allocate or
 * reallocate (refused: REFUSAL_LOCKED), and a collection that it asks for is
 * ignored.
 */
void heap_on_finalise(struct heap *h, addr32 object);

enum heap_wish {
    MORE_AVAIL = 0, /* value 0: the most bytes that MORE_TAKE could give  */
    MORE_TAKE,      /* value: bytes, any number; answers the address of   */
                    /* as many, a multiple of 16, or 0: refused           */
    MORE_GIVE       /* value: address of an area's first byte; the heap   */
                    /* has no part in it any more. The answer is ignored. */
};

/*
 * What the outer heap has to say to `what` (enum heap_wish). It may not call
 * the manager. MORE_GIVE is also said of areas that came by x_add_area: who
 * added them knows.
 */
uint32_t heap_more(struct heap *h, uint32_t what, uint32_t value);

/*
 * The root table, outside the window. `word` holds first the precise roots,
 * then the held words (ambiguous: registers and stack), then the addresses of
 * objects that may not move. The first two keep alive what they name; the
 * third only says where, and a manager that never moves ignores it. A word
 * that is not the address of an object's first block names nothing.
 */
struct guest_roots {
    uint32_t n_precise;
    uint32_t n_held;
    uint32_t n_pinned;
    uint32_t cap; /* words that fit; n_precise + n_held + n_pinned <= cap */
    uint32_t word[];
};

#if CORE_ON_TARGET
extern struct guest_roots guest_roots;

static inline struct guest_roots *heap_roots(struct heap *h)
{
    (void)h;
    return &guest_roots;
}
#else
/* The roots of `h`; defined by the program, never null. */
struct guest_roots *heap_roots(struct heap *h);
#endif

#endif /* CORE_HOST_H */
