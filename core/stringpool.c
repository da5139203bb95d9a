/* stringpool.c - see stringpool.h for the contract and the source. */
#include "core/stringpool.h"

/* What the heap grants for `bytes` bytes at least. */
static inline uint32_t whole_blocks(const struct heap *h, uint32_t bytes)
{
    return (bytes + h->block_bytes - 1) & ~(h->block_bytes - 1);
}

addr32 stringpool_add(struct heap *h, struct stringpool *s, uint32_t bytes,
                      const struct stringpool_heap *heap)
{
    uint32_t used = s->used_bytes;
    CORE_ASSERT(bytes > 0 && used <= s->chunk_bytes);
    if (bytes > s->chunk_bytes - used) {
        uint32_t want = used + bytes; /* may wrap: then it is less */
        if (s->chunk == 0 || want < bytes ||
            heap->realloc(h, s->chunk, want, false) == 0) {
            want = bytes > s->first_bytes ? bytes : s->first_bytes;
            addr32 chunk = heap->alloc(h, want, HEAP_LONG_LIVED | HEAP_LEAF);
            if (chunk == 0) {
                want = bytes;
                chunk = heap->alloc(h, want, HEAP_LONG_LIVED | HEAP_LEAF);
            }
            if (chunk == 0)
                return 0;
            /* Only now: a refusal leaves the old chunk as it was. */
            if (s->chunk != 0)
                (void)heap->realloc(h, s->chunk, used, false);
            s->chunk = chunk;
            used = 0;
        }
        s->chunk_bytes = whole_blocks(h, want);
    }
    h->refusal = REFUSAL_NONE;
    s->used_bytes = used + bytes;
    return s->chunk + used;
}
