/*
 * target.h - what a replay plays against: one manager's heap, natively or on
 * a machine
 *
 * The same manager code leaves the same bytes in the window everywhere, so
 * whatever only looks (walks, figures, checks) reads the window on the host,
 * through the manager's native functions; only what asks something of the
 * manager goes through the functions below, where a machine counts cycles.
 * A request may collect; calls nest (a finaliser frees); all of it can be
 * rolled back to a snapshot.
 *
 * State     window and root table are memory of the target that the host can
 *           reach; the rest is the target's own.
 * Units     addresses of the target, bytes.
 */
#ifndef SIM_REPLAY_TARGET_H
#define SIM_REPLAY_TARGET_H

#include "core/host.h"
#include "core/tlsf.h"
#include "sim/replay/manager.h"
#include "traces/err.h"

/* Where the window stands on every target. */
#define TARGET_WINDOW_BASE 0x20010000u

/* Who answers what the core asks of the outside. */
struct target_host {
    void *ctx;
    void (*finalise)(void *ctx, uint32_t address);
    uint32_t (*more)(void *ctx, uint32_t what, uint32_t value);
};

struct target {
    const struct manager *manager;
    uint8_t *window;           /* host's view of the window               */
    struct heap *heap;         /* the same: the control block; of an      */
                               /* outside manager one that stands in      */
    struct guest_roots *roots; /* host's view of the root table           */
    uint32_t base;             /* target's address of the window          */
    uint32_t window_bytes;
    uint32_t extent_bytes; /* of the window that the run can touch        */
    uint32_t outer; /* address of the outer heap's control block; 0: none */
    struct target_host host;
    bool has_cost;       /* a machine: calls add to `cost`                */
    struct op_cost cost; /* added up until somebody clears it             */
    char trouble[512];   /* a call went wrong, and why; "" until then       */
    bool is_lacking;     /* ... because it has no such function            */
    void *own;

    uint32_t (*init)(struct target *t, uint32_t heap_bytes,
                     const struct manager_params *p);
    uint32_t (*alloc)(struct target *t, uint32_t bytes, uint32_t flags);
    void (*free)(struct target *t, uint32_t object);
    uint32_t (*realloc)(struct target *t, uint32_t object, uint32_t bytes,
                        bool may_move);
    void (*store)(struct target *t, uint32_t object, uint32_t word,
                  uint32_t value);
    uint32_t (*collect)(struct target *t, uint32_t kind);
    uint32_t (*control)(struct target *t, uint32_t what, uint32_t value);
    uint32_t (*add_area)(struct target *t, uint32_t address, uint32_t bytes);
    /* These only where the manager's capabilities say so.                 */
    uint32_t (*deref)(struct target *t, uint32_t object, uint32_t byte);
    uint32_t (*step)(struct target *t, uint32_t units);
    uint32_t (*promote)(struct target *t, uint32_t object);
    void (*pin)(struct target *t, uint32_t object);
    void (*unpin)(struct target *t, uint32_t object);
    /*
     * The outer heap, a tlsf heap of its own in the window, asked by the
     * program, or by the host for the core while a call stands at heap_more.
     * outer_init: HEAP_OK, or an enum heap_error.
     */
    uint32_t (*outer_init)(struct target *t, uint32_t base, uint32_t bytes,
                           const struct tlsf_params *p);
    uint32_t (*outer_avail)(struct target *t);
    uint32_t (*outer_alloc)(struct target *t, uint32_t bytes);
    void (*outer_free)(struct target *t, uint32_t object);
    uint32_t (*outer_realloc)(struct target *t, uint32_t object, uint32_t bytes,
                              bool may_move);
    /* Nothing, for what a call costs by itself; null natively.            */
    void (*nop)(struct target *t);
    /* One snapshot at a time; restore leaves it for another restore.      */
    void (*snapshot)(struct target *t);
    void (*restore)(struct target *t);
    void (*close)(struct target *t);
};

/*
 * A target in this process for `m`: a zeroed window of `window_bytes`, all of
 * it within reach until extent_bytes says otherwise, and a root table of
 * `n_precise` precise words and room for `cap` words in all.
 */
MUST_CHECK int target_native_open(struct target **out, const struct manager *m,
                                  uint32_t window_bytes, uint32_t n_precise,
                                  uint32_t cap, struct problem *problem);

struct machine_config;

struct target_guest_options {
    const char *image;                   /* path of the guest's ELF       */
    const struct machine_config *config; /* the machine                   */
};

/*
 * The same as machine code: the image `o->image` on the machine `o->config`,
 * at the places of core/guest/abi.h. ERR_INPUT: no guest image, or a machine
 * without memory at these places.
 *
 * Of an outside manager's image only guest_alloc must be there; calling what
 * is not is trouble. Its control block and its root table are the host's own,
 * so that nothing the image does can reach what the host relies on. Init
 * begins with the image as it was loaded, the second time, too.
 */
MUST_CHECK int target_guest_open(struct target **out, const struct manager *m,
                                 const struct target_guest_options *o,
                                 uint32_t window_bytes, uint32_t n_precise,
                                 uint32_t cap, struct problem *problem);

#endif /* SIM_REPLAY_TARGET_H */
