/*
 * copying.h - bump allocation, precise marking, and a collector that slides
 * objects together
 */
#ifndef CORE_COPYING_H
#define CORE_COPYING_H

#include "core/mark.h"
#include "core/slide.h"

enum copying_slide {
    COPYING_FULL = 0,  /* a slide packs everything                        */
    COPYING_WINDOW = 1 /* a slide moves no more than a request needs      */
};

#define COPYING_MARK_STACK_MAX 4096

/* How a heap is set up: words only, so that a guest is handed them as such. */
struct copying_params {
    uint32_t block;      /* bytes: 8, 16, 32 or 64                        */
    uint32_t zero;       /* 1: zero whole objects; 0: only the last block */
                         /* of each, and the first word of one with a     */
                         /* finaliser                                     */
    uint32_t finalisers; /* 1: areas have a finaliser table               */
    uint32_t mark_stack; /* entries, 1 .. COPYING_MARK_STACK_MAX          */
    uint32_t threshold;  /* bytes; HEAP_NO_THRESHOLD: none                */
    uint32_t automatic;  /* 1: collect when nothing fits                  */
    uint32_t slide;      /* enum copying_slide                            */
    uint32_t holes;      /* 1: holes are used before a slide              */
    uint32_t leaf;       /* 1: HEAP_LEAF counts; areas have a leaf table  */
    uint32_t ambiguous;  /* 1: HEAP_AMBIGUOUS counts, likewise            */
    uint32_t pack;       /* 1: after a slide around pinned objects, empty */
                         /* the best gap into the others                  */
};

#define COPYING_DEFAULTS                                                       \
    {                                                                          \
        .block = 16, .zero = 1, .finalisers = 1, .mark_stack = 64,             \
        .threshold = HEAP_NO_THRESHOLD, .automatic = 1, .slide = COPYING_FULL, \
        .holes = 1, .leaf = 0, .ambiguous = 0, .pack = 1,                      \
    }

/* The manager's part of the control block. The mark stack follows it. */
struct copying {
    uint32_t n_free; /* struct slide_area of the first area goes on here: */
    addr32 leaf;     /* these four are its last words                    */
    addr32 ambiguous;
    addr32 offset;
    struct copying_params params; /* as given to init                     */
    addr32 table;       /* of the area h->search_area, in which ...     */
    addr32 pool;        /* (its block 0)                                */
    uint32_t cursor;    /* ... the blocks from here                     */
    uint32_t limit;     /* to before here are free: the region          */
    uint32_t stop;      /* <= limit: where more than that must be asked */
    uint32_t cleaning;  /* 0: only the last 16 bytes of an object are   */
                        /* cleared                                      */
    uint32_t n_pinned;  /* objects that the last slide could not move   */
    addr32 moving;      /* object that a realloc is at: a root; or 0    */
    struct mark mark;   /* the bounded mark stack                       */
    struct slide slide; /* the slide's plan and counters                */
};

_Static_assert(sizeof(struct copying_params) == 44, "eleven words");
_Static_assert(sizeof(struct copying) == 136, "no padding");

static inline struct copying *copying_of(struct heap *h)
{
    return (struct copying *)(void *)(h + 1);
}

uint32_t copying_control_bytes(const struct copying_params *p);
uint32_t copying_init(struct heap *h, addr32 base, uint32_t heap_bytes,
                      const struct copying_params *p);
addr32 copying_alloc(struct heap *h, uint32_t bytes, uint32_t flags);
void copying_free(struct heap *h, addr32 object);
addr32 copying_realloc(struct heap *h, addr32 object, uint32_t bytes,
                       bool may_move);
uint32_t copying_bytes(struct heap *h, addr32 object);

/* Write a word of an object. This manager has no barrier. */
static inline void copying_store(struct heap *h, addr32 object, uint32_t word,
                                 uint32_t value)
{
    *word_at(h, object + 4 * word) = value;
}

/* The address of byte `byte` of `object`, until the next call that allocates,
 * reallocates or collects. */
static inline addr32 copying_deref(struct heap *h, addr32 object, uint32_t byte)
{
    (void)h;
    return object + byte;
}

uint32_t copying_collect(struct heap *h, uint32_t kind);
uint32_t copying_control(struct heap *h, uint32_t what, uint32_t value);
uint32_t copying_add_area(struct heap *h, addr32 address, uint32_t bytes);

static inline void copying_info(struct heap *h, struct heap_info *info)
{
    area_heap_info(h, info);
}

static inline bool copying_area_info(struct heap *h, uint32_t index,
                                     struct area_info *info)
{
    return area_get_info(h, index, sizeof(struct slide_area), info);
}

static inline bool copying_walk(struct heap *h, struct heap_cursor *cursor,
                                struct heap_object *object)
{
    return area_walk(h, cursor, object);
}

int copying_check(struct heap *h, addr32 base, uint32_t window_bytes);

#endif /* CORE_COPYING_H */
