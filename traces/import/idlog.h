/*
 * idlog.h - what formats with lines `a ID BYTES`, `r ID BYTES`, `f ID` and
 * `d ID` have in common; rep.h and mplog.h say what is their own
 *
 * An id that names a second object, after the first was freed, is renamed to
 * one that is new (and the lines are counted as "ids used again"); all others
 * are kept. A resize to 0 bytes is a free, as realloc(p, 0) is.
 *
 * State     the workload's own: the objects that exist now.
 * Cost      O(1) a line; memory: objects alive, plus ids that were used out
 *           of order.
 * Errors    ERR_INPUT `NAME:LINE: reason`: an object that is not live, one
 *           that is already, an id beyond the declared number, a line that
 *           is none of these.
 */
#ifndef TRACES_IMPORT_IDLOG_H
#define TRACES_IMPORT_IDLOG_H

#include "traces/import/objects.h"
#include "traces/stream.h"
#include "traces/workload.h"

struct idlog {
    struct workload base; /* first, so that a workload is its importer    */
    struct stream *stream;
    struct stream_line line;
    struct problem *problem; /* of the call that runs                     */

    uint8_t realloc_flags; /* of every realloc                            */
    bool has_deaths;       /* d lines belong to the format                */
    uint64_t n_declared;   /* operations; TRACE_NONE: not declared        */
    uint64_t n_ids;        /* ids are below; TRACE_NONE: not declared     */

    uint64_t n_read;
    bool has_ended;
    struct objects live; /* by the input's id; value: the trace's id    */
    uint64_t n_used;     /* every id below was used                     */
    struct objects used; /* further ids that were                       */
    uint64_t next_new;   /* the next id for one that is used again      */
};

/*
 * An empty reader of `s`, which it takes over, for `format`; all that is
 * declared is not. Null, with `s` closed, when memory is short.
 */
struct idlog *idlog_new(struct stream *s, const char *format,
                        struct problem *problem);

void idlog_close(struct idlog *g);

/* Write `NAME:LINE: ...` and return ERR_INPUT. */
__attribute__((format(printf, 2, 3))) int idlog_fail(struct idlog *g,
                                                     const char *format, ...);

#endif /* TRACES_IMPORT_IDLOG_H */
