/*
 * importing.h - for the suites of importers: a text becomes a file, and what
 * an importer makes of it becomes the lines of a trace in text
 *
 * A record is shown as text.h spells it; so an expectation reads like a trace.
 */
#ifndef TESTS_IMPORTING_H
#define TESTS_IMPORTING_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "traces/counts.h"
#include "traces/stream.h"
#include "traces/text.h"
#include "traces/workload.h"

typedef int importing_open(struct workload **out, struct stream *s,
                           struct problem *problem);

struct imported {
    int err; /* 0, or what failed                          */
    struct problem problem;
    struct trace_header header;
    struct trace_counts counts;
    uint64_t deaths, refused_allocs;
    uint64_t causes[4]; /* of collections, by enum trace_gc_cause     */
    uint64_t areas, given_back;
    struct workload_skip skipped[WORKLOAD_SKIPS_CAP];
    uint32_t n_skipped;
    struct bytes text; /* one line a record, if it was asked for     */
    bool has_end;
};

/* Write `content` to a new file; the name is good until the next call. */
static inline const char *importing_file(const void *content, size_t n)
{
    static char path[64];
    snprintf(path, sizeof path, "/tmp/fraglab-test-XXXXXX");
    int fd = mkstemp(path);
    FILE *f = fdopen(fd, "wb");
    fwrite(content, 1, n, f);
    fclose(f);
    return path;
}

static inline void importing_count(struct imported *r,
                                   const struct trace_op *op)
{
    counts_add(&r->counts, op);
    r->deaths += op->kind == TRACE_DEATH;
    r->refused_allocs += op->kind == TRACE_REFUSED && op->what == TRACE_ALLOC;
    r->has_end |= op->kind == TRACE_END;
    if (op->kind != TRACE_EXPECT)
        return;
    if (op->what == TRACE_EXPECT_COLLECTION)
        r->causes[op->fact.collection.cause & 3]++;
    r->areas += op->what == TRACE_EXPECT_AREA;
    r->given_back += op->what == TRACE_EXPECT_GIVEN_BACK;
}

/* Import the file at `path`; with `text` null the records are counted only. */
static inline struct imported importing_path(const char *path,
                                             importing_open *open, bool text)
{
    struct imported r = {0};
    struct stream *s;
    struct workload *w;
    r.err = stream_open(&s, path, &r.problem);
    if (r.err < 0)
        return r;
    r.err = open(&w, s, &r.problem);
    if (r.err < 0)
        return r;
    r.header = w->header;

    struct trace_op op;
    int got;
    while ((got = workload_next(w, NULL, &op, &r.problem)) > 0) {
        importing_count(&r, &op);
        if (text && op.kind != TRACE_END)
            text_put_op(&r.text, &op);
    }
    r.err = got;
    memcpy(r.skipped, w->skipped, sizeof r.skipped);
    r.n_skipped = w->n_skipped;
    workload_close(w);
    bytes_put8(&r.text, 0);
    return r;
}

static inline struct imported importing_bytes(const void *content, size_t n,
                                              importing_open *open)
{
    const char *path = importing_file(content, n);
    struct imported r = importing_path(path, open, true);
    unlink(path);
    return r;
}

static inline struct imported importing(const char *content,
                                        importing_open *open)
{
    return importing_bytes(content, strlen(content), open);
}

/* How often a reason was counted. */
static inline uint64_t importing_skipped(const struct imported *r,
                                         const char *reason)
{
    for (uint32_t i = 0; i < r->n_skipped; i++)
        if (strcmp(r->skipped[i].reason, reason) == 0)
            return r->skipped[i].n;
    return 0;
}

/* The message behind the file's name, which is a temporary one. */
static inline const char *importing_message(const struct imported *r)
{
    const char *colon = strchr(r->problem.text, ':');
    return colon != NULL ? colon + 1 : r->problem.text;
}

#endif /* TESTS_IMPORTING_H */
