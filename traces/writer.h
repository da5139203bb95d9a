/*
 * writer.h - write a trace to a file, in either native form, whole or not at
 * all
 *
 * The file is written without a name, or under a temporary one beside its
 * target, and gets its name only when it is complete: nothing half-written is
 * ever found there, and what stood there before stays until then. Standard
 * output, pipes and devices are written to directly.
 *
 * The form is found by the name: .ftb is binary; all else, and "-", is text.
 * Every record is checked (check.h) and counted on its way, so that an
 * unlawful trace is never written.
 *
 * State     the writer's, on the host's heap, freed by close or abandon.
 * Cost      O(1) a record besides the packing; memory: live objects, and a
 *           frame of the binary form.
 * Errors    ERR_INPUT: an unlawful record. ERR_IO: the file. After an error
 *           the writer must be abandoned. A reader of standard output that
 *           has gone away is ERR_IO with an empty message.
 */
#ifndef TRACES_WRITER_H
#define TRACES_WRITER_H

#include "traces/counts.h"
#include "traces/hash.h"
#include "traces/workload.h"

struct trace_writer;

enum trace_form { TRACE_FORM_TEXT = 0, TRACE_FORM_BINARY };

/* What was written, known when the writer is closed. */
struct trace_written {
    struct trace_counts counts;
    uint64_t n_live;           /* objects alive at the end                */
    uint64_t n_bytes;          /* of the file                             */
    char hash[TRACE_HASH_HEX]; /* content hash                            */
};

/* The form that this name asks for. */
enum trace_form trace_form_of(const char *path);

/* Begin a trace at `path` ("-": standard output). Returns 0 or negative. */
MUST_CHECK int trace_writer_open(struct trace_writer **out, const char *path,
                                 enum trace_form form,
                                 const struct trace_header *header,
                                 struct problem *problem);

/*
 * Keep standard output back until close, if it is what `w` writes to, so that
 * an input that turns out to be wrong leaves nothing there, either. Requires
 * that nothing was written yet.
 */
MUST_CHECK int trace_writer_hold(struct trace_writer *w,
                                 struct problem *problem);

/*
 * Write the next record. The end record is not needed, but it may be given,
 * as the last. Returns 0; or ERR_INPUT with the reason but no place.
 */
MUST_CHECK int trace_write(struct trace_writer *w, const struct trace_op *op,
                           struct problem *problem);

/*
 * Write the end record, give the file its name, and free the writer, also
 * when this fails (then nothing is left of the file). `written` may be null.
 */
MUST_CHECK int trace_writer_close(struct trace_writer *w,
                                  struct trace_written *written,
                                  struct problem *problem);

/* Leave nothing of the file, and free the writer; null is allowed. */
void trace_writer_abandon(struct trace_writer *w);

/*
 * Write all of `from`, to its end, as a trace at `path`. The message of an
 * unlawful record names its place in `from`. Standard output is kept back
 * unless `from` is a preset, which cannot turn out to be wrong.
 */
MUST_CHECK int trace_copy(struct workload *from, const char *path,
                          enum trace_form form, struct trace_written *written,
                          struct problem *problem);

#endif /* TRACES_WRITER_H */
