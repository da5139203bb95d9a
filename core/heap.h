/*
 * heap.h - the heap window, its control block, and how memory is reached
 *
 * Every manager keeps its whole state in one buffer, the heap window: the
 * control block first (this struct, then what the manager adds behind it),
 * then the heap's tables and pool, then whatever areas are added later.
 *
 *      base                base + control_bytes
 *      | struct heap | own |  H: tables, pool  |  ...  more areas  ...  |
 *
 * So the state is the bytes: a copy, a hash or a diff of the window is
 * complete, and equal operations leave equal bytes on every target.
 *
 * State     fixed-width words only; no host pointer, enum, bool or padding.
 *           The asserts at the end hold on every target.
 * Units     addresses are addr32, on the host offsets from `base`; sizes in
 *           bytes or blocks as the name says.
 * Cost      word_at, byte_at: nothing on a target, one addition on the host.
 *
 * Two switches: CORE_ON_TARGET (addresses are pointers) and CORE_CHECKS
 * (requirements are asserted). All targets are little-endian.
 */
#ifndef CORE_HEAP_H
#define CORE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef CORE_ON_TARGET
#define CORE_ON_TARGET 0
#endif
#ifndef CORE_CHECKS
#define CORE_CHECKS 0
#endif

/* A broken requirement is a bug: stop at once, where a debugger sees it. */
#if CORE_CHECKS
#define CORE_ASSERT(holds) ((holds) ? (void)0 : __builtin_trap())
#else
#define CORE_ASSERT(holds) ((void)sizeof(holds))
#endif

/* An address of the target; 0 is "none". */
typedef uint32_t addr32;

/* What a manager can do; managers.def gives each manager's set. */
enum heap_capability {
    CAP_FREE = 1 << 0,      /* x_free gives memory back at once           */
    CAP_REALLOC = 1 << 1,   /* x_realloc                                  */
    CAP_COLLECT = 1 << 2,   /* x_collect, and by itself when full         */
    CAP_FINALISE = 1 << 3,  /* calls heap_on_finalise                     */
    CAP_AREAS = 1 << 4,     /* x_add_area                                 */
    CAP_GROW = 1 << 5,      /* calls heap_more                            */
    CAP_LOCK = 1 << 6,      /* control(CONTROL_LOCK)                      */
    CAP_THRESHOLD = 1 << 7, /* control(CONTROL_THRESHOLD)                 */
    CAP_RESET = 1 << 8,     /* control(CONTROL_RESET)                     */
    CAP_STEP = 1 << 9,      /* x_step                                     */
    CAP_PROMOTE = 1 << 10,  /* x_promote                                  */
    CAP_PIN = 1 << 11,      /* x_pin, x_unpin                             */
    CAP_MOVES = 1 << 12,    /* objects move; references are updated       */
    CAP_HANDLES = 1 << 13,  /* answers are handles; x_deref               */
    CAP_BARRIER = 1 << 14,  /* x_store does more than write the word      */
    CAP_PIECES = 1 << 15,   /* an object's bytes are not contiguous: each */
                            /* is where x_deref says                      */
    CAP_INTERN = 1 << 16    /* x_alloc packs strings: HEAP_INTERN         */
};

/* Flags of an allocation: those of the traces, bit for bit, and one more. */
enum heap_flag {
    HEAP_FINALISER = 1 << 0,  /* call heap_on_finalise before it goes     */
    HEAP_LONG_LIVED = 1 << 1, /* for the long-lived end                   */
    HEAP_LEAF = 1 << 2,       /* holds no references                      */
    HEAP_AMBIGUOUS = 1 << 3,  /* its words may or may not be references   */
    HEAP_INTERN = 1 << 8      /* an interned string, never freed: with    */
                              /* CAP_INTERN it is put into a pool and may */
                              /* begin at any byte                        */
};

/* heap.phase: what the collector is doing. Allocation needs PHASE_IDLE. */
enum heap_phase {
    PHASE_IDLE = 0, /* no collection; the mutator runs                    */
    PHASE_MARK,     /* marking from roots                                 */
    PHASE_FINALISE, /* heap_on_finalise is called; x_free is allowed      */
    PHASE_SWEEP,    /* unmarked objects become free                       */
    PHASE_PLAN,     /* new places are computed                            */
    PHASE_UPDATE,   /* references get new addresses                       */
    PHASE_MOVE,     /* objects move                                       */
    PHASE_N
};

/* heap.refusal: why the last alloc or realloc answered 0. */
enum heap_refusal {
    REFUSAL_NONE = 0, /* it was granted, or 0 bytes were asked            */
    REFUSAL_FULL,     /* nothing fits, after all that may be done         */
    REFUSAL_OFF,      /* nothing fits; collecting was switched off        */
    REFUSAL_LOCKED,   /* the heap is locked, or a collection runs         */
    REFUSAL_IN_PLACE, /* cannot grow where it is and may not move         */
    REFUSAL_LIMIT,    /* more than an address can count                   */
    REFUSAL_INDEX     /* no handle is left                                */
};

/* heap.last_cause: why the last collection ran. */
enum heap_cause {
    CAUSE_FULL = 0,  /* nothing fitted                                    */
    CAUSE_THRESHOLD, /* the threshold was reached, or another limit       */
    CAUSE_ASKED,     /* by the program                                    */
    CAUSE_ALL,       /* everything goes: swept without roots              */
    CAUSE_SLIDE      /* nothing goes: what is used moves together         */
};

/* Kinds of x_collect. */
enum heap_collect {
    COLLECT_ORDINARY = 0, /* what the roots do not reach goes             */
    COLLECT_EVERYTHING    /* all goes: finalisers run, no root is looked at */
};

/* What x_control sets. */
enum heap_control {
    CONTROL_AUTO = 0,  /* value 1: collect when full; 0: do not           */
    CONTROL_LOCK,      /* value 1: lock; 0: unlock; locks nest            */
    CONTROL_THRESHOLD, /* value: bytes; HEAP_NO_THRESHOLD: none           */
    CONTROL_RESET = 4  /* soft reset; the number 3 is x_add_area's        */
};

#define HEAP_NO_THRESHOLD UINT32_MAX

/* Answers of x_init, x_add_area and x_control: 0, or what is wrong. */
enum heap_error {
    HEAP_OK = 0,
    HEAP_BAD_PARAMETER, /* a parameter is out of its range                */
    HEAP_BAD_ADDRESS,   /* not aligned to 16 bytes, or wraps round        */
    HEAP_TOO_SMALL,     /* no block fits into the bytes given             */
    HEAP_NO_AREAS,      /* parameters say: one area only                  */
    HEAP_BUSY,          /* a collection runs, or an area is in use        */
    HEAP_TOO_LARGE      /* more bytes than an area may have               */
};

/* The managers, by the names of managers.def. */
enum heap_manager {
#define MANAGER(name, capabilities, summary) MANAGER_##name,
#include "core/managers.def"
#undef MANAGER
    MANAGER_COUNT
};

/*
 * One contiguous piece of heap: its tables, then its pool (area.h draws it).
 * The first area's descriptor lies in the control block, every other one at
 * the start of its own bytes.
 */
struct area {
    addr32 next;          /* the next area's descriptor; 0 ends the list  */
    uint32_t number;      /* 0, 1, 2 ... in order of adding, never reused */
    addr32 table;         /* allocation table; word-aligned               */
    uint32_t table_bytes; /* four blocks a byte                           */
    addr32 pool;          /* block 0                                      */
    uint32_t hint;        /* table byte at which a search starts          */
    uint32_t last_used;   /* no block behind it is used; may be one past  */
                          /* the last block                               */
};

/* The control block's common part, at the window's first byte. */
struct heap {
    addr32 base;             /* address of this struct                     */
    uint32_t manager;        /* enum heap_manager                          */
    uint32_t control_bytes;  /* this struct and the manager's own behind it*/
    uint32_t heap_bytes;     /* H: given beyond the control block          */
    uint32_t block_bytes;    /* unit of allocation                         */
    uint32_t block_shift;    /* its logarithm                              */
    uint32_t has_finalisers; /* 1: areas have a finaliser table           */

    uint32_t phase;   /* enum heap_phase                                  */
    uint32_t refusal; /* enum heap_refusal of the last alloc or realloc   */

    uint32_t lock_depth;       /* > 0: nothing may be allocated or freed  */
    uint32_t is_auto;          /* 1: collects when a request finds nothing*/
    uint32_t threshold_blocks; /* collect when given_blocks reaches it    */
    uint32_t given_blocks;     /* by alloc since the last collection that */
                               /* looked at roots                         */

    /* Counters; the first two run on through a soft reset. */
    uint32_t n_collections;
    uint32_t n_grown;            /* areas taken from the outer heap      */
    uint32_t last_cause;         /* enum heap_cause                      */
    uint32_t last_rescans;       /* passes after the mark stack was full */
    uint32_t last_freed_objects; /* by the sweep, not by finalisers      */
    uint32_t last_freed_blocks;  /* likewise                             */
    uint32_t last_given_back;    /* areas given back by it               */

    addr32 search_area; /* descriptor of the area searched first          */
    uint32_t n_areas;   /* in the list                                    */
    uint32_t next_area; /* number of the next area added                  */
    addr32 pool_min;    /* no pool begins below                           */
    addr32 pool_max;    /* no pool ends above                             */
    struct area first;  /* area 0                                         */
};

_Static_assert(sizeof(struct area) == 28, "seven words, no padding");
_Static_assert(offsetof(struct heap, phase) == 28, "fixed layout");
_Static_assert(offsetof(struct heap, n_collections) == 52, "fixed layout");
_Static_assert(offsetof(struct heap, search_area) == 80, "fixed layout");
_Static_assert(offsetof(struct heap, first) == 100, "fixed layout");
_Static_assert(sizeof(struct heap) == 128, "32 words, no padding");

/*
 * The word at address `p`. Requires p in the window and a multiple of 4. The
 * pointer may be kept in a local variable, never stored, compared or hashed.
 */
static inline uint32_t *word_at(struct heap *h, addr32 p)
{
    CORE_ASSERT(p % 4 == 0);
#if CORE_ON_TARGET
    (void)h;
    return (uint32_t *)p;
#else
    return (uint32_t *)(void *)((uint8_t *)h + (p - h->base));
#endif
}

/* The byte at address `p`; as word_at. */
static inline uint8_t *byte_at(struct heap *h, addr32 p)
{
#if CORE_ON_TARGET
    (void)h;
    return (uint8_t *)p;
#else
    return (uint8_t *)h + (p - h->base);
#endif
}

/* The half-word at address `p`, for tables of 16-bit indices; as word_at.
 * Requires p a multiple of 2. */
static inline uint16_t *half_at(struct heap *h, addr32 p)
{
    CORE_ASSERT(p % 2 == 0);
    return (uint16_t *)(void *)byte_at(h, p);
}

/* Where a walk over the objects of a heap stands; all zero: at the start. */
struct heap_cursor {
    uint32_t is_started;
    addr32 area;    /* descriptor of the area it is in; 0 when ended      */
    uint32_t block; /* next block looked at                               */
};

/* One object of a walk. */
struct heap_object {
    addr32 address;
    uint32_t bytes;    /* granted                                         */
    uint32_t n_blocks; /* the same in blocks                              */
    uint32_t area;     /* number of its area                              */
    uint32_t block;    /* index of its first block in the area's pool     */
    uint32_t flags;    /* HEAP_FINALISER if it has one                    */
};

/* What x_info tells of a heap or of one area. */
struct heap_info {
    uint32_t total_bytes; /* of all blocks                                */
    uint32_t used_bytes;  /* in objects                                   */
    uint32_t free_bytes;  /* in holes                                     */
    uint32_t max_free;    /* longest hole, in blocks                      */
    uint32_t n_objects;
    uint32_t n_one_block; /* objects of one block                         */
    uint32_t n_two_block; /* ... of two                                   */
    uint32_t max_block;   /* longest object, in blocks                    */
    uint32_t search_area; /* number of the area in which a search starts  */
};

/* What x_area_info tells of one area: the above and its place. */
struct area_info {
    struct heap_info blocks; /* of this area alone                        */
    uint32_t number;         /* in order of adding                        */
    addr32 start;            /* first byte given                          */
    addr32 table;            /* allocation table                          */
    uint32_t table_bytes;    /* of it; gap byte and finaliser table follow*/
    addr32 pool;             /* block 0                                   */
    uint32_t n_blocks;
    uint32_t hint;      /* table byte at which a search starts            */
    uint32_t last_used; /* block that bounds the sweep                    */
};

#endif /* CORE_HEAP_H */
