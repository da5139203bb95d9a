/*
 * mark.h - conservative marking with a mark stack of bounded depth
 *
 * A word is a reference if it is the address of a HEAD. Its object is marked
 * (HEAD becomes MARK) and pushed; a popped object's words are looked at in
 * ascending order. When the stack is full, a newly marked object is not pushed:
 * the overflow is noted, and passes over the whole table follow, which look
 * again at the words of every marked object, until a pass notes none.
 *
 * The order is part of the contract, because it decides when the stack is
 * full and so how many passes there are:
 *
 *   - each root word in turn: if it names an unmarked object, mark that, and
 *     walk what it reaches before the next root word;
 *   - walking: look at the object's words; mark and push (or note) each
 *     unmarked one that is named; pop the object pushed last and do the same;
 *     ends when the stack is empty;
 *   - a pass: in list and address order walk every object that is marked when
 *     the pass comes to it, also one marked during this pass.
 *
 * State     struct mark, in the control block; its entries are in the window.
 * Units     words; the stack holds addresses of objects.
 * Cost      mark_word: the words of what is reached and not yet marked, each
 *           object once. mark_rescan: passes times words of marked objects;
 *           at most one pass an object, because each marks at least one.
 * Source    Jones, Hosking, Moss, The Garbage Collection Handbook, section
 *           2.2 (marking) and Knuth, The Art of Computer Programming 1,
 *           2.3.5 (bounded stack and rescan), in MicroPython's order.
 */
#ifndef CORE_MARK_H
#define CORE_MARK_H

#include "core/heap.h"

struct mark {
    addr32 stack;            /* its first entry                           */
    uint32_t cap;            /* entries; at least 1                       */
    uint32_t has_overflowed; /* 1: an object was marked but not pushed    */
    uint32_t n_rescans;      /* passes of this collection                 */
};

_Static_assert(sizeof(struct mark) == 16, "four words, no padding");

/* Begin a collection: no overflow, no pass yet. */
static inline void mark_begin(struct mark *m)
{
    m->has_overflowed = 0;
    m->n_rescans = 0;
}

/*
 * Treat `word` as a root. Does nothing unless it is the address of an object
 * that is not yet marked.
 */
void mark_word(struct heap *h, struct mark *m, uint32_t word);

/* Make passes until none notes an overflow; count them in m->n_rescans. */
void mark_rescan(struct heap *h, struct mark *m);

#endif /* CORE_MARK_H */
