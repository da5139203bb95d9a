/* stream.c - see stream.h for the contract. */
#include "traces/stream.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "traces/unpack.h"

#define BUFFER_BYTES (256u << 10)
#define PEEK_MAX     (64u << 10)

struct stream {
    struct unpack source;
    bool is_kept;   /* stream_keep was called                             */
    bool is_taken;  /* bytes were handed out since the beginning          */
    bool has_ended; /* nothing follows bytes[n - 1]                       */

    uint8_t *bytes; /* unpacked and not yet taken:                        */
    size_t at;      /* ... from here                                      */
    size_t n;       /* ... to here                                        */
    size_t cap;     /* one more byte is there, for a NUL                  */
    size_t clean_n; /* bytes below this hold no NUL                       */
    uint64_t taken;
    uint64_t n_lines;
};

/* Append unpacked bytes to those not yet taken; at the end, say so. */
static int refill(struct stream *s, struct problem *problem)
{
    if (s->at > 0) {
        memmove(s->bytes, s->bytes + s->at, s->n - s->at);
        s->n -= s->at;
        s->clean_n -= s->clean_n < s->at ? s->clean_n : s->at;
        s->at = 0;
    }
    if (s->n == s->cap) {
        uint8_t *grown = realloc(s->bytes, 2 * s->cap + 1);
        if (grown == NULL)
            return problem_set(problem, ERR_MEMORY, "%s: out of memory",
                               s->source.name);
        s->bytes = grown;
        s->cap *= 2;
    }

    size_t got = 0;
    int err =
        unpack_some(&s->source, s->bytes + s->n, s->cap - s->n, &got, problem);
    if (err < 0)
        return err;
    s->n += got;
    s->has_ended = got == 0;
    return 0;
}

static int open_all(struct stream *s, const char *path, struct problem *problem)
{
    int err = unpack_open(&s->source, path, problem);
    if (err < 0)
        return err;

    s->cap = BUFFER_BYTES;
    s->bytes = malloc(s->cap + 1);
    if (s->bytes == NULL)
        return problem_set(problem, ERR_MEMORY, "%s: out of memory", path);

    const uint8_t *first;
    size_t n;
    err = stream_peek(s, 1, &first, &n, problem);
    if (err < 0)
        return err;
    if (n == 0)
        return problem_set(problem, ERR_INPUT, "%s: is empty", stream_name(s));
    return 0;
}

int stream_open(struct stream **out, const char *path, struct problem *problem)
{
    struct stream *s = calloc(1, sizeof *s);
    if (s == NULL)
        return problem_set(problem, ERR_MEMORY, "%s: out of memory", path);

    int err = open_all(s, path, problem);
    if (err < 0) {
        stream_close(s);
        return err;
    }
    *out = s;
    return 0;
}

void stream_close(struct stream *s)
{
    if (s == NULL)
        return;
    unpack_close(&s->source);
    free(s->bytes);
    free(s);
}

const char *stream_name(const struct stream *s)
{
    return s->source.name;
}

uint64_t stream_offset(const struct stream *s)
{
    return s->taken;
}

int stream_peek(struct stream *s, size_t want, const uint8_t **bytes, size_t *n,
                struct problem *problem)
{
    assert(want <= PEEK_MAX);

    while (s->n - s->at < want && !s->has_ended) {
        int err = refill(s, problem);
        if (err < 0)
            return err;
    }
    *bytes = s->bytes + s->at;
    *n = s->n - s->at;
    return 0;
}

int stream_keep(struct stream *s, struct problem *problem)
{
    assert(!s->is_taken);

    if (s->is_kept)
        return 0;
    int err = unpack_spool(&s->source, problem);
    if (err < 0)
        return err;
    s->is_kept = true;
    return stream_rewind(s, problem);
}

int stream_rewind(struct stream *s, struct problem *problem)
{
    assert(s->is_kept);

    s->at = 0;
    s->n = 0;
    s->clean_n = 0;
    s->has_ended = false;
    s->is_taken = false;
    s->taken = 0;
    s->n_lines = 0;
    return unpack_rewind(&s->source, problem);
}

/* From the first byte taken on a pipe need not be kept any more. */
static void begin_taking(struct stream *s)
{
    s->is_taken = true;
    unpack_stop_keeping(&s->source);
}

/*
 * The length of the next line without its newline; with is_whole false it is
 * what is left at the end. Bytes that were searched are not searched again.
 */
static int find_line(struct stream *s, size_t *length, bool *is_whole,
                     struct problem *problem)
{
    size_t searched = 0;
    for (;;) {
        const uint8_t *from = s->bytes + s->at;
        size_t left = s->n - s->at;
        const uint8_t *end = memchr(from + searched, '\n', left - searched);
        *is_whole = end != NULL;
        *length = end != NULL ? (size_t)(end - from) : left;
        if (*length > STREAM_LINE_MAX)
            return problem_set(
                problem, ERR_INPUT, "%s:%llu: line is longer than 64 MiB",
                stream_name(s), (unsigned long long)s->n_lines + 1);
        if (end != NULL || s->has_ended)
            return 0;
        searched = left;
        int err = refill(s, problem);
        if (err < 0)
            return err;
    }
}

/* Are the line's bytes free of NULs? Bytes known to be are not read again. */
static bool is_text(struct stream *s, size_t length)
{
    if (s->at + length <= s->clean_n)
        return true;
    if (s->clean_n < s->at)
        s->clean_n = s->at;
    const uint8_t *from = s->bytes + s->clean_n;
    const uint8_t *nul = memchr(from, '\0', s->n - s->clean_n);
    s->clean_n = nul != NULL ? (size_t)(nul - s->bytes) : s->n;
    return s->at + length <= s->clean_n;
}

int stream_next_line(struct stream *s, struct stream_line *line,
                     struct problem *problem)
{
    if (!s->is_taken)
        begin_taking(s);

    size_t length;
    bool is_whole;
    int err = find_line(s, &length, &is_whole, problem);
    if (err < 0)
        return err;
    if (!is_whole && length == 0)
        return 0;

    s->n_lines++;
    if (!is_text(s, length))
        return problem_set(problem, ERR_INPUT,
                           "%s:%llu: holds a NUL byte: this is no text",
                           stream_name(s), (unsigned long long)s->n_lines);

    line->text = (char *)s->bytes + s->at;
    s->at += length + is_whole;
    s->taken += length + is_whole;
    if (length > 0 && line->text[length - 1] == '\r')
        length--;
    line->text[length] = '\0';
    line->length = length;
    line->number = s->n_lines;
    line->is_whole = is_whole;
    return 1;
}

/* Pass over the whole lines in the buffer that begin with neither letter. */
static void pass_lines(struct stream *s, char a, char b)
{
    const char *at = (const char *)s->bytes + s->at;
    const char *end = (const char *)s->bytes + s->n;
    while (at < end && *at != a && *at != b) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (newline == NULL)
            break;
        at = newline + 1;
    }
    size_t passed = (size_t)(at - (const char *)s->bytes) - s->at;
    s->at += passed;
    s->taken += passed;
}

int stream_find_line(struct stream *s, char a, char b, struct stream_line *line,
                     uint64_t *offset, struct problem *problem)
{
    if (!s->is_taken)
        begin_taking(s);

    for (;;) {
        pass_lines(s, a, b);
        size_t length;
        bool is_whole;
        int err = find_line(s, &length, &is_whole, problem);
        if (err < 0)
            return err;
        if (!is_whole && length == 0)
            return 0;
        char *text = (char *)s->bytes + s->at;
        *offset = s->taken;
        s->at += length + is_whole;
        s->taken += length + is_whole;
        if (length == 0 || (text[0] != a && text[0] != b))
            continue;
        text[length] = '\0';
        *line = (struct stream_line){text, length, 0, is_whole};
        return 1;
    }
}

int stream_read(struct stream *s, void *to, size_t cap, size_t *n,
                struct problem *problem)
{
    if (!s->is_taken)
        begin_taking(s);

    *n = 0;
    while (*n < cap) {
        size_t left = s->n - s->at;
        if (left == 0 && s->has_ended)
            break;
        if (left == 0) {
            int err = refill(s, problem);
            if (err < 0)
                return err;
            continue;
        }
        size_t part = left < cap - *n ? left : cap - *n;
        memcpy((uint8_t *)to + *n, s->bytes + s->at, part);
        s->at += part;
        *n += part;
    }
    s->taken += *n;
    return 0;
}
