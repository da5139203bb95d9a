/* spool.c - see spool.h. A record: its head, its bytes, padding to 8. */
#include "analysis/spool.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct record_head {
    uint32_t type;
    uint32_t n_bytes;
};

static size_t padded(size_t n_bytes)
{
    return (n_bytes + 7) & ~(size_t)7;
}

static int failed(const struct spool *s, const char *does,
                  struct problem *problem)
{
    return problem_set(problem, ERR_IO, "%s: cannot %s a run beside it: %s",
                       s->beside, does, strerror(errno));
}

static int no_memory(const struct spool *s, struct problem *problem)
{
    return problem_set(problem, ERR_MEMORY, "%s: no memory for a run's records",
                       s->beside);
}

void spool_init(struct spool *s, const char *beside)
{
    *s = (struct spool){.beside = beside, .fd = -1};
}

void spool_free(struct spool *s)
{
    free(s->buffer);
    if (s->fd >= 0)
        close(s->fd);
    spool_init(s, s->beside);
}

/* A file without a name in the folder of `beside`, or -1. */
static int open_nameless(const char *beside)
{
    char name[4200];
    const char *slash = strrchr(beside, '/');
    int folder = slash == NULL ? 0 : (int)(slash - beside) + 1;
    snprintf(name, sizeof name, "%.*s.", folder, beside);
    int fd = open(name, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
        return fd;

    snprintf(name, sizeof name, "%s.shard-XXXXXX", beside);
    fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0)
        unlink(name);
    return fd;
}

static int write_all(struct spool *s, const void *bytes, size_t n_bytes,
                     struct problem *problem)
{
    const uint8_t *from = bytes;
    while (n_bytes > 0) {
        ssize_t n = write(s->fd, from, n_bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return failed(s, "keep", problem);
        from += n;
        n_bytes -= (size_t)n;
        s->file_bytes += (uint64_t)n;
    }
    return 0;
}

/* Move the buffer to the file, which is made at the first need. */
static int spill(struct spool *s, struct problem *problem)
{
    if (s->fd < 0)
        s->fd = open_nameless(s->beside);
    if (s->fd < 0)
        return failed(s, "make a file to keep", problem);

    int err = write_all(s, s->buffer, s->n_bytes, problem);
    if (err == 0)
        s->n_bytes = 0;
    return err;
}

static int reserve(struct spool *s, size_t n_bytes, struct problem *problem)
{
    if (s->n_bytes + n_bytes <= s->cap_bytes)
        return 0;
    size_t cap = s->cap_bytes == 0 ? 65536 : s->cap_bytes;
    while (cap < s->n_bytes + n_bytes)
        cap *= 2;
    uint8_t *grown = realloc(s->buffer, cap);
    if (grown == NULL)
        return no_memory(s, problem);
    s->buffer = grown;
    s->cap_bytes = cap;
    return 0;
}

static void append(struct spool *s, const struct record_head *head,
                   const void *bytes)
{
    uint8_t *to = s->buffer + s->n_bytes;
    size_t whole = padded(head->n_bytes);
    memcpy(to, head, sizeof *head);
    memset(to + sizeof *head + whole - 8 * (whole > 0), 0, 8 * (whole > 0));
    if (head->n_bytes > 0)
        memcpy(to + sizeof *head, bytes, head->n_bytes);
    s->n_bytes += sizeof *head + whole;
}

/* A record that fits in no buffer. */
static int put_large(struct spool *s, const struct record_head *head,
                     const void *bytes, struct problem *problem)
{
    static const uint8_t zeros[8] = {0};
    int err = write_all(s, head, sizeof *head, problem);
    if (err == 0)
        err = write_all(s, bytes, head->n_bytes, problem);
    if (err == 0)
        err =
            write_all(s, zeros, padded(head->n_bytes) - head->n_bytes, problem);
    return err;
}

int spool_put(struct spool *s, uint32_t type, const void *bytes, size_t n_bytes,
              struct problem *problem)
{
    assert(n_bytes <= UINT32_MAX - 16);

    struct record_head head = {type, (uint32_t)n_bytes};
    size_t whole = sizeof head + padded(n_bytes);
    int err = 0;
    if (s->n_bytes + whole > SPOOL_BUFFER)
        err = spill(s, problem);
    if (err < 0)
        return err;
    if (s->fd >= 0 && whole > SPOOL_BUFFER / 8)
        return put_large(s, &head, bytes, problem);

    err = reserve(s, whole, problem);
    if (err == 0)
        append(s, &head, bytes);
    return err;
}

int spool_read(struct spool_reader *r, struct spool *s, struct problem *problem)
{
    *r = (struct spool_reader){.spool = s};
    if (s->fd < 0) {
        r->in = s->buffer;
        r->n_bytes = s->n_bytes;
        return 0;
    }
    return spill(s, problem);
}

/* Have `n_bytes` from `at` on in the reader's buffer: 1, or 0 at the end. */
static int fill(struct spool_reader *r, size_t n_bytes, struct problem *problem)
{
    if (r->n_bytes - r->at >= n_bytes)
        return 1;
    if (r->spool->fd < 0)
        return 0;

    size_t left = r->n_bytes - r->at;
    size_t cap = n_bytes > SPOOL_BUFFER ? n_bytes : SPOOL_BUFFER;
    if (left > 0)
        memmove(r->buffer, r->buffer + r->at, left);
    if (cap > r->cap_bytes) {
        uint8_t *grown = realloc(r->buffer, cap);
        if (grown == NULL)
            return no_memory(r->spool, problem);
        r->buffer = grown;
        r->cap_bytes = cap;
    }
    r->in = r->buffer;
    r->at = 0;
    r->n_bytes = left;
    while (r->n_bytes < n_bytes) {
        ssize_t n = pread(r->spool->fd, r->buffer + r->n_bytes,
                          r->cap_bytes - r->n_bytes, (off_t)r->offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return failed(r->spool, "read", problem);
        if (n == 0)
            return 0;
        r->n_bytes += (size_t)n;
        r->offset += (uint64_t)n;
    }
    return 1;
}

int spool_next(struct spool_reader *r, struct spool_record *out,
               struct problem *problem)
{
    struct record_head head;
    int more = fill(r, sizeof head, problem);
    if (more <= 0)
        return more;
    memcpy(&head, r->in + r->at, sizeof head);

    more = fill(r, sizeof head + padded(head.n_bytes), problem);
    if (more <= 0)
        return more < 0 ? more : failed(r->spool, "read all of", problem);
    out->type = head.type;
    out->n_bytes = head.n_bytes;
    out->bytes = r->in + r->at + sizeof head;
    r->at += sizeof head + padded(head.n_bytes);
    return 1;
}

void spool_read_end(struct spool_reader *r)
{
    free(r->buffer);
    *r = (struct spool_reader){0};
}
