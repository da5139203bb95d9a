/* workload.c - see workload.h for the contract. */
#include "traces/workload.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "traces/binary.h"
#include "traces/import/gcrec.h"
#include "traces/import/mplog.h"
#include "traces/import/rep.h"
#include "traces/stream.h"
#include "traces/synth/preset.h"
#include "traces/text.h"

/* As many first bytes as any format needs to be told from the others. */
#define SNIFF_BYTES 4096

/*
 * The formats of files, in the order in which they are tried. `open` takes
 * over the stream, also when it fails.
 */
/* clang-format off */
static const struct {
    const char *name;
    bool (*sniff)(const uint8_t *bytes, size_t n);
    int (*open)(struct workload **out, struct stream *s,
                struct problem *problem);
} formats[] = {
    {"text",   text_sniff,   text_open},
    {"binary", binary_sniff, binary_open},
    {"gcrec",  gcrec_sniff,  gcrec_open},
    {"rep",    rep_sniff,    rep_open},
    {"mplog",  mplog_sniff,  mplog_open},
};
/* clang-format on */

#define N_FORMATS (sizeof formats / sizeof formats[0])

const char *const *workload_formats(size_t *n)
{
    static const char *const names[] = {"text", "binary", "gcrec", "rep",
                                        "mplog"};
    _Static_assert(sizeof names / sizeof names[0] == N_FORMATS, "as many");
    *n = N_FORMATS;
    return names;
}

/* Index of the format with this name, or of these bytes; N_FORMATS if none. */
static size_t find_format(const char *name, const uint8_t *bytes, size_t n)
{
    size_t i = 0;
    while (i < N_FORMATS && (name != NULL ? strcmp(formats[i].name, name) != 0
                                          : !formats[i].sniff(bytes, n)))
        i++;
    return i;
}

static int open_file(struct workload **out, const char *spec,
                     const char *format, struct problem *problem)
{
    struct stream *s;
    const uint8_t *bytes;
    size_t n;
    int err = stream_open(&s, spec, problem);
    if (err < 0)
        return err;
    err = stream_peek(s, SNIFF_BYTES, &bytes, &n, problem);
    if (err < 0) {
        stream_close(s);
        return err;
    }

    size_t which = find_format(format, bytes, n);
    if (which == N_FORMATS) {
        if (format != NULL)
            err = problem_set(problem, ERR_INPUT,
                              "unknown format '%s' of a trace", format);
        else
            err = problem_set(problem, ERR_INPUT,
                              "%s: its first bytes are of no trace format "
                              "that is known here",
                              stream_name(s));
        stream_close(s);
        return err;
    }
    return formats[which].open(out, s, problem);
}

/* The part of a path behind its folders. */
static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

static void set_text(char *to, size_t cap, const char *from)
{
    size_t n = strnlen(from, cap - 1);
    memcpy(to, from, n);
    to[n] = '\0';
}

/* No file has this name: then a preset must. */
static int open_preset(struct workload **out, const char *spec,
                       struct problem *problem)
{
    int got = preset_open(out, spec, problem);
    if (got <= 0)
        return got;
    const char *nearest = preset_nearest(spec);
    if (nearest != NULL)
        return problem_set(problem, ERR_INPUT,
                           "%.300s: no such file, and no such preset (the "
                           "nearest is '%s')",
                           spec, nearest);
    return problem_set(problem, ERR_INPUT,
                       "%.300s: no such file, and no such preset", spec);
}

int workload_open(struct workload **out, const char *spec, const char *format,
                  struct problem *problem)
{
    struct stat st;
    bool is_stdin = strcmp(spec, "-") == 0;
    bool is_missing = !is_stdin && stat(spec, &st) < 0 &&
                      (errno == ENOENT || errno == ENOTDIR ||
                       errno == ENAMETOOLONG); /* presets have long names */
    struct workload *w = NULL;
    int err = is_missing && format == NULL
                  ? open_preset(&w, spec, problem)
                  : open_file(&w, spec, format, problem);
    if (err < 0)
        return err;
    const char *path = is_stdin ? "standard input" : spec;
    set_text(w->name, sizeof w->name, is_missing ? path : base_name(path));
    set_text(w->path, sizeof w->path, path);
    *out = w;
    return 0;
}

int workload_fail(const struct workload *w, const struct trace_op *op,
                  struct problem *problem, int err, const char *format, ...)
{
    char where[sizeof w->path + 64];
    char reason[sizeof problem->text];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);

    if (w->where != NULL)
        w->where(w, op, where, sizeof where);
    else
        snprintf(where, sizeof where, "%s:%" PRIu64,
                 w->path[0] != '\0' ? w->path : w->name, op->place);
    return problem_set(problem, err, "%s: %s", where, reason);
}
