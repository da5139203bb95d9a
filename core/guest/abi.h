/*
 * abi.h - how a guest image is called: entry points, data, places in memory
 *
 * An image is a static ELF32 with the symbols below, C calling convention. A
 * missing entry point means that the manager cannot do it; guest_caps says
 * the same by its bits (enum heap_capability). Answers of entry points that a
 * manager lacks are 0.
 *
 * An image of an outside allocator (README.md here) needs guest_alloc alone. It
 * has no guest_caps; it may have a guest_name, by which reports call it, and on
 * RISC-V a guest_tls, to which tp points in every call.
 *
 *   0x20000000  code, constants, data      the image
 *   0x20010000  the heap window            GUEST_WINDOW_BYTES at most
 *   0x20110000  the root table             struct guest_roots (core/host.h)
 *   0x20200000  the stack's end            it grows down towards the roots
 *
 * A machine that runs guests has memory at all these places; it may be more
 * than its chip has, and its file says so.
 *
 * Calls     a request may stop at guest_on_finalise or guest_more: functions
 *           that do nothing by themselves; the host takes over there, may
 *           call further entry points, and gives the answer.
 */
#ifndef CORE_GUEST_ABI_H
#define CORE_GUEST_ABI_H

#include <stdint.h>

#define GUEST_ABI_VERSION  1
#define GUEST_CODE         0x20000000u
#define GUEST_WINDOW       0x20010000u
#define GUEST_WINDOW_BYTES 0x00100000u
#define GUEST_ROOTS        0x20110000u
#define GUEST_STACK        0x20200000u

/*
 * Make the window a heap of `heap_bytes` with the manager's parameters, words
 * in the order of its parameter struct, at `params`. 0, or enum heap_error.
 */
uint32_t guest_init(uint32_t window, uint32_t heap_bytes, uint32_t params);

/* The address (or handle) of `bytes` bytes, or 0; flags: enum heap_flag. */
uint32_t guest_alloc(uint32_t bytes, uint32_t flags, uint32_t align);
void guest_free(uint32_t object);

/* Bit 0 of `flags`: it may move. The answer is 0 if nothing has changed. */
uint32_t guest_realloc(uint32_t object, uint32_t bytes, uint32_t flags);

/* The write barrier, and the write. */
void guest_store(uint32_t object, uint32_t word, uint32_t value);

/* Bytes reclaimed; kind: enum heap_collect. */
uint32_t guest_collect(uint32_t kind);

/* what: enum heap_control. 0, or enum heap_error. */
uint32_t guest_control(uint32_t what, uint32_t value);
uint32_t guest_add_area(uint32_t address, uint32_t bytes);

/* The address of byte `byte` of an object, until the next call. */
uint32_t guest_deref(uint32_t object, uint32_t byte);

/* Idle work of at most `units` units; 1 while there is more to do. */
uint32_t guest_step(uint32_t units);

/* Its address from now on; 0: it cannot, and nothing has changed. */
uint32_t guest_promote(uint32_t object);
void guest_pin(uint32_t object);
void guest_unpin(uint32_t object);

/* Nothing: what the call itself costs. */
void guest_nop(void);

/*
 * Images called MANAGER-tlsf have a second manager inside: the outer heap, a
 * tlsf heap in the window whose control block is at `heap`. The host asks it
 * for the program, and, while a call stands at guest_more, for the core.
 * params: struct tlsf_params. The others as their like above.
 */
uint32_t guest_outer_init(uint32_t heap, uint32_t bytes, uint32_t params);
uint32_t guest_outer_avail(uint32_t heap); /* the most it could give       */
uint32_t guest_outer_alloc(uint32_t heap, uint32_t bytes);
void guest_outer_free(uint32_t heap, uint32_t object);
uint32_t guest_outer_realloc(uint32_t heap, uint32_t object, uint32_t bytes,
                             uint32_t flags);

/* Called by the image; the host answers. */
void guest_on_finalise(uint32_t object);
uint32_t guest_more(uint32_t what, uint32_t value);

extern const char guest_name[]; /* 1 to 20 of A-Z a-z 0-9 . _ -, then 0   */
extern const uint32_t guest_abi_version;
extern const uint32_t guest_caps; /* enum heap_capability                 */

#endif /* CORE_GUEST_ABI_H */
