/*
 * stringpool.h - interned strings packed into shared chunks
 *
 * A string that is never freed needs neither a block of its own nor rounding.
 * Strings are laid one behind the other, byte by byte, into a chunk, which is
 * an object of the heap like any other:
 *
 *     | for | range | append |     |      chunk, chunk_bytes granted
 *     chunk             used_bytes
 *
 * When a string does not fit, the chunk grows in place, by no more than the
 * string needs. Where that cannot be, because something lies behind, the rest
 * of the chunk is given back to the heap and a new chunk is begun, of
 * first_bytes or as long as the string. Full chunks are forgotten: what lies
 * in them is reached by the program's own references.
 *
 * It stands on any manager that gives, grows and cuts objects: struct
 * stringpool_heap names its functions. It is called with it, and never keeps
 * it.
 *
 * State     struct stringpool, in the manager's part of the control block.
 * Units     bytes; a string may begin at any address.
 * Cost      O(1) and at most one alloc and two reallocs in place. Of chunks,
 *           less than a block each is lost, and the rest of the last one.
 * Source    MicroPython's qstr_from_strn (py/qstr.c).
 */
#ifndef CORE_STRINGPOOL_H
#define CORE_STRINGPOOL_H

#include "core/heap.h"

struct stringpool {
    addr32 chunk;         /* where strings are laid; 0: none yet          */
    uint32_t chunk_bytes; /* granted to it: whole blocks                  */
    uint32_t used_bytes;  /* of it, by strings; <= chunk_bytes            */
    uint32_t first_bytes; /* asked for a new chunk                        */
};

_Static_assert(sizeof(struct stringpool) == 16, "four words");

/* The heap's own functions, as its manager's header specifies them. */
struct stringpool_heap {
    addr32 (*alloc)(struct heap *h, uint32_t bytes, uint32_t flags);
    addr32 (*realloc)(struct heap *h, addr32 object, uint32_t bytes,
                      bool may_move);
};

/*
 * Find a place for a string of `bytes` > 0 bytes in `s`, and return its
 * address. A new chunk is asked for as HEAP_LONG_LIVED and HEAP_LEAF. Returns
 * 0, and nothing but h->refusal has changed, iff the string does not fit into
 * the chunk, the chunk cannot grow, and the heap gives no object of `bytes`
 * bytes.
 */
addr32 stringpool_add(struct heap *h, struct stringpool *s, uint32_t bytes,
                      const struct stringpool_heap *heap);

#endif /* CORE_STRINGPOOL_H */
