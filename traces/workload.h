/*
 * workload.h - where operations come from: a trace file, standard input, a
 * preset; all give one operation at a time
 *
 * A workload may look at the heap before it answers: next() is handed a view
 * of the replay. A trace is the workload that ignores it. Nothing else leads
 * into the replay loop.
 *
 * State     the workload's own, on the host's heap; what an operation points
 *           at (ids, text, areas) is valid until the next call of next().
 * Cost      memory depends on live objects, never on the length.
 */
#ifndef TRACES_WORKLOAD_H
#define TRACES_WORKLOAD_H

#include <stddef.h>
#include <string.h>

#include "traces/err.h"
#include "traces/op.h"

/* What an adaptive workload may see of the run. */
struct workload_view {
    const void *run;
    uint64_t live_bytes; /* granted to live objects                       */
    uint64_t heap_bytes; /* H                                             */
    /* Where object `id` lies: true, and its address and granted bytes.   */
    bool (*locate)(const void *run, uint64_t id, uint32_t *address,
                   uint64_t *bytes);
    /* Objects moved by the manager since the last call; their number.    */
    uint64_t n_moved;
};

/* Lines that an importer passed over, or read with a rule of its own. */
struct workload_skip {
    const char *reason; /* a noun in the plural: "comments"               */
    uint64_t n;
};

#define WORKLOAD_SKIPS_CAP 8

struct workload {
    struct trace_header header; /* complete when opened                   */
    char name[256];             /* what the user named, without folders   */
    char path[512];             /* what messages call it: the path, or    */
                                /* "standard input"; "" means the name    */
    const char *format;         /* "text", "binary", "gcrec", "preset" ...*/
    const char *remark; /* a sentence that every report of this workload  */
                        /* must carry ("threads merged in file order");   */
                        /* or null                                        */
    struct workload_skip skipped[WORKLOAD_SKIPS_CAP]; /* final at the end */
    uint32_t n_skipped;
    /*
     * The next operation or event: 1 and `op` filled; 0 after TRACE_END has
     * been given; negative with `problem` written (place and reason).
     * `view` may be null for a workload that ignores it.
     */
    int (*next)(struct workload *w, const struct workload_view *view,
                struct trace_op *op, struct problem *problem);
    void (*close)(struct workload *w); /* frees it                        */
    /*
     * Write where the operation given last stands, as a message begins:
     * "boot.ft:17", "boot.ftb: event 17 (byte 40)". Null: PATH:PLACE.
     */
    void (*where)(const struct workload *w, const struct trace_op *op, char *to,
                  size_t cap);
};

/*
 * Open `spec`: a file of any known format (found by its first bytes; plain,
 * gzip or zstd), "-" for standard input, or PRESET:key=value,... A file of
 * that name wins over a preset. `format` forces an importer, or is null.
 * Returns 0 and a workload to be closed by workload_close, or negative.
 */
MUST_CHECK int workload_open(struct workload **out, const char *spec,
                             const char *format, struct problem *problem);

MUST_CHECK static inline int workload_next(struct workload *w,
                                           const struct workload_view *view,
                                           struct trace_op *op,
                                           struct problem *problem)
{
    return w->next(w, view, op, problem);
}

/* Fail at the operation given last: "PLACE: reason". Returns `err`. */
__attribute__((format(printf, 5, 6))) int workload_fail(
    const struct workload *w, const struct trace_op *op,
    struct problem *problem, int err, const char *format, ...);

/* Names of all formats that a file can be in, in the order of detection. */
const char *const *workload_formats(size_t *n);

/* Count one line passed over for `reason`, a string constant. */
static inline void workload_skip(struct workload *w, const char *reason)
{
    uint32_t i = 0;
    while (i < w->n_skipped && strcmp(w->skipped[i].reason, reason) != 0)
        i++;
    if (i == WORKLOAD_SKIPS_CAP)
        return;
    w->n_skipped += i == w->n_skipped;
    w->skipped[i].reason = reason;
    w->skipped[i].n++;
}

static inline void workload_close(struct workload *w)
{
    if (w != 0)
        w->close(w);
}

#endif /* TRACES_WORKLOAD_H */
