/*
 * gc.h - MicroPython's own function names on core/marksweep
 *
 * The interface of py/gc.h, so that a build of MicroPython links this library
 * in place of py/gc.c: same names, arguments and outcomes, and, block by
 * block, the same placement. What differs is only where the control block
 * lies: at the start of the memory given to gc_init, not in mp_state_ctx.
 *
 * WHAT THE PROGRAM SUPPLIES
 *
 *   gc_collect        as every port does: gc_collect_start, then
 *                     gc_collect_root for static roots, registers and stack,
 *                     then gc_collect_end. Static roots are the program's task
 *                     here: py/gc.c takes them from mp_state_ctx itself.
 *   heap_on_finalise  call the object's __del__ (core/host.h)
 *   heap_more         answers 0: areas come by gc_add alone
 *   guest_roots       an empty table; on a host, heap_roots. Not looked at.
 *
 * gc_set_auto and gc_set_threshold stand for the fields of mp_state_ctx that
 * gc.enable(), gc.disable() and gc.threshold() write.
 *
 * State     the heap, where the program put it, and in gc.c one word that says
 *           where, because these functions are not told: the only variable of
 *           core/. One heap at a time, one thread, or a lock around all.
 * Units     bytes, but in gc_info_t for what is named blocks. Pointers are a
 *           target's addresses. On a host of 64 bits, where this exists to be
 *           tested, words of objects are addr32 as everywhere in core/, and
 *           only the arguments of these functions are pointers.
 * Cost      as marksweep; gc_dump_alloc_table O(blocks).
 * Source    MicroPython v1.29, py/gc.h and py/gc.c.
 */
#ifndef CORE_COMPAT_GC_H
#define CORE_COMPAT_GC_H

#include "core/heap.h"

/* Where text goes; as in py/mpprint.h, whose names these are. */
typedef void (*mp_print_strn_t)(void *data, const char *str, size_t len);
typedef struct _mp_print_t {
    void *data;
    mp_print_strn_t print_strn;
} mp_print_t;

/* Flags of gc_alloc. */
enum { GC_ALLOC_FLAG_HAS_FINALISER = 1 };

/* What gc_info tells. */
typedef struct _gc_info_t {
    size_t total;      /* bytes of all blocks                             */
    size_t used;       /* bytes in objects                                */
    size_t free;       /* bytes in holes                                  */
    size_t max_free;   /* longest hole, in blocks                         */
    size_t num_1block; /* objects of one block                            */
    size_t num_2block; /* ... of two                                      */
    size_t max_block;  /* longest object, in blocks                       */
} gc_info_t;

/*
 * Make the bytes from `start` to `end` the heap: rounded to 16 bytes, control
 * block (GC_CONTROL_BYTES) first. Requires that at least four blocks fit.
 */
#define GC_CONTROL_BYTES 448u
void gc_init(void *start, void *end);

/* Add the bytes from `start` to `end`, rounded to 16 bytes, as one more area,
 * if at least four blocks fit. On a host: behind those of gc_init. */
void gc_add(void *start, void *end);

/*
 * Give `n_bytes` bytes, all zero, after gc_collect if there is no place, or
 * before, if the threshold is reached. Returns NULL for 0 bytes, when the heap
 * is locked, and when nothing fits.
 */
void *gc_alloc(size_t n_bytes, unsigned int alloc_flags);

/* Free the object at `ptr`; NULL is ignored, and anything while locked. */
void gc_free(void *ptr);

/* Bytes of the object at `ptr`; 0 if none begins there. */
size_t gc_nbytes(const void *ptr);

/*
 * Make the object `n_bytes` long: in place, or else, if `allow_move`, by
 * gc_alloc, copy, gc_free. Returns its address, or NULL, the object being as
 * before. NULL allocates; 0 bytes free.
 */
void *gc_realloc(void *ptr, size_t n_bytes, bool allow_move);

/*
 * A collection in three parts: begin, any number of times `len` words that may
 * be addresses of objects, end (finalisers, sweep). The heap is locked
 * meanwhile.
 */
void gc_collect_start(void);
void gc_collect_root(void **ptrs, size_t len);
void gc_collect_end(void);

/* Collect without roots: all finalisers run, everything goes. */
void gc_sweep_all(void);

/* Defined by the program. */
void gc_collect(void);

/* Locks nest. Requires the heap locked for gc_unlock. */
void gc_lock(void);
void gc_unlock(void);
bool gc_is_locked(void);

/* Collect by itself or not (true at first); after how many bytes given. */
void gc_set_auto(bool is_enabled);
void gc_set_threshold(size_t n_bytes);

/* Counts of all areas; as text; the table as text: . free, h head, = tail,
 * m marked. (What type a head is of, only the program knows.) */
void gc_info(gc_info_t *info);
void gc_dump_info(const mp_print_t *print);
void gc_dump_alloc_table(const mp_print_t *print);

#endif /* CORE_COMPAT_GC_H */
