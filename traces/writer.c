/* writer.c - see writer.h for the contract. */
#include "traces/writer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "traces/binary.h"
#include "traces/bytes.h"
#include "traces/check.h"
#include "traces/kinds.h"
#include "traces/output.h"
#include "traces/text.h"

/* Text is handed to the system in pieces of at least this many bytes.     */
#define FLUSH_BYTES ((size_t)256 << 10)

struct trace_writer {
    enum trace_form form;
    struct output *output;
    struct bytes pending; /* encoded, not written yet                     */
    uint64_t n_bytes;     /* written                                      */
    struct binary_encoder *encoder; /* binary only                        */
    struct trace_check check;
    struct trace_hash *hash;
};

static int fail_memory(struct problem *problem)
{
    return problem_set(problem, ERR_MEMORY, "out of memory");
}

static int flush(struct trace_writer *w, struct problem *problem)
{
    if (w->pending.failed)
        return fail_memory(problem);
    int err = output_write(w->output, w->pending.data, w->pending.n, problem);
    w->n_bytes += w->pending.n;
    w->pending.n = 0;
    return err;
}

static void free_writer(struct trace_writer *w)
{
    bytes_free(&w->pending);
    binary_encoder_free(w->encoder);
    trace_check_free(&w->check);
    trace_hash_free(w->hash);
    free(w);
}

enum trace_form trace_form_of(const char *path)
{
    size_t n = strlen(path);
    return n > 4 && strcmp(path + n - 4, ".ftb") == 0 ? TRACE_FORM_BINARY
                                                      : TRACE_FORM_TEXT;
}

int trace_writer_open(struct trace_writer **out, const char *path,
                      enum trace_form form, const struct trace_header *header,
                      struct problem *problem)
{
    const char *fault = trace_header_fault(header);
    if (fault != NULL)
        return problem_set(problem, ERR_INPUT, "the header has %s", fault);

    struct trace_writer *w = calloc(1, sizeof *w);
    if (w == NULL)
        return fail_memory(problem);
    w->form = form;
    trace_check_init(&w->check, header);
    w->hash = trace_hash_new(header);
    if (form == TRACE_FORM_BINARY)
        w->encoder = binary_encoder_new(header, &w->pending);
    else
        text_put_header(&w->pending, header);
    if (w->hash == NULL || w->pending.failed ||
        (form == TRACE_FORM_BINARY && w->encoder == NULL)) {
        free_writer(w);
        return fail_memory(problem);
    }
    int err = output_open(&w->output, path, problem);
    if (err < 0) {
        free_writer(w);
        return err;
    }
    *out = w;
    return 0;
}

int trace_writer_hold(struct trace_writer *w, struct problem *problem)
{
    return output_hold(w->output, problem);
}

int trace_write(struct trace_writer *w, const struct trace_op *op,
                struct problem *problem)
{
    if (op->kind == TRACE_END)
        return 0;
    int err = trace_check_op(&w->check, op, problem);
    if (err < 0)
        return err;
    trace_hash_op(w->hash, op);
    if (w->form == TRACE_FORM_BINARY) {
        if (binary_encode(w->encoder, op, &w->pending) < 0)
            return fail_memory(problem);
    } else {
        text_put_op(&w->pending, op);
    }
    return w->pending.n < FLUSH_BYTES ? 0 : flush(w, problem);
}

int trace_writer_close(struct trace_writer *w, struct trace_written *written,
                       struct problem *problem)
{
    char hash[TRACE_HASH_HEX];
    trace_hash_digest(w->hash, hash);
    int err = 0;
    if (w->form == TRACE_FORM_TEXT)
        text_put_end(&w->pending, &w->check.counts, hash);
    else if (binary_encode_end(w->encoder, &w->check.counts, hash,
                               &w->pending) < 0)
        err = fail_memory(problem);
    if (err == 0)
        err = flush(w, problem);
    if (err < 0)
        output_abandon(w->output);
    else
        err = output_close(w->output, problem);

    if (err == 0 && written != NULL) {
        written->counts = w->check.counts;
        written->n_live = w->check.n_live;
        written->n_bytes = w->n_bytes;
        memcpy(written->hash, hash, sizeof hash);
    }
    free_writer(w);
    return err;
}

void trace_writer_abandon(struct trace_writer *w)
{
    if (w == NULL)
        return;
    output_abandon(w->output);
    free_writer(w);
}

/* All records of `from`, with the place of one that is unlawful. */
static int copy_records(struct workload *from, struct trace_writer *w,
                        struct problem *problem)
{
    struct trace_op op;
    int got;
    while ((got = workload_next(from, NULL, &op, problem)) > 0) {
        int err = trace_write(w, &op, problem);
        if (err == ERR_INPUT) {
            char reason[sizeof problem->text];
            memcpy(reason, problem->text, sizeof reason);
            return workload_fail(from, &op, problem, err, "%s", reason);
        }
        if (err < 0)
            return err;
    }
    return got;
}

int trace_copy(struct workload *from, const char *path, enum trace_form form,
               struct trace_written *written, struct problem *problem)
{
    struct trace_writer *w = NULL;
    int err = trace_writer_open(&w, path, form, &from->header, problem);
    if (err < 0)
        return err;
    if (strcmp(from->format, "preset") != 0)
        err = trace_writer_hold(w, problem);
    if (err == 0)
        err = copy_records(from, w, problem);
    if (err < 0) {
        trace_writer_abandon(w);
        return err;
    }
    return trace_writer_close(w, written, problem);
}
