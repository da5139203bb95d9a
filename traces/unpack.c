/* unpack.c - see unpack.h for the contract. */
#include "traces/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_BYTES (256u << 10)
#define SPOOL_NAME   "fraglab-spool-XXXXXX"

static int no_memory(const struct unpack *u, struct problem *problem)
{
    return problem_set(problem, ERR_MEMORY, "%s: out of memory", u->name);
}

static int damaged(const struct unpack *u, const char *reason,
                   struct problem *problem)
{
    uint64_t offset = u->packed_total - (u->packed_n - u->packed_at);
    return problem_set(problem, ERR_INPUT, "%s: packed offset %llu: %s",
                       u->name, (unsigned long long)offset, reason);
}

static int keep_head(struct unpack *u, const uint8_t *bytes, size_t n,
                     struct problem *problem)
{
    uint8_t *head = realloc(u->head, u->head_n + n);
    if (head == NULL)
        return no_memory(u, problem);
    memcpy(head + u->head_n, bytes, n);
    u->head = head;
    u->head_n += n;
    return 0;
}

/* Read at least one byte of the file unless it has ended. */
static int read_fd(struct unpack *u, uint8_t *to, size_t cap, size_t *got,
                   struct problem *problem)
{
    *got = 0;
    if (u->fd_ended)
        return 0;

    ssize_t n;
    do {
        n = read(u->fd, to, cap);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return problem_set(problem, ERR_IO, "%s: cannot read: %s", u->name,
                           strerror(errno));

    *got = (size_t)n;
    u->packed_total += *got;
    u->fd_ended = n == 0;
    if (n == 0 || !u->keeps_head)
        return 0;
    return keep_head(u, to, *got, problem);
}

static int refill_packed(struct unpack *u, struct problem *problem)
{
    if (u->packed_at < u->packed_n)
        return 0;
    u->packed_at = 0;
    u->packed_n = 0;
    return read_fd(u, u->packed, BUFFER_BYTES, &u->packed_n, problem);
}

static int unpack_none(struct unpack *u, uint8_t *to, size_t cap, size_t *got,
                       struct problem *problem)
{
    size_t left = u->packed_n - u->packed_at;
    if (left == 0)
        return read_fd(u, to, cap, got, problem);

    *got = left < cap ? left : cap;
    memcpy(to, u->packed + u->packed_at, *got);
    u->packed_at += *got;
    return 0;
}

/* One step of inflate. A member's end is followed by the next or nothing. */
static int inflate_step(struct unpack *u, struct problem *problem)
{
    size_t left = u->packed_n - u->packed_at;
    u->in_member = true;
    u->gzip.next_in = u->packed + u->packed_at;
    u->gzip.avail_in = (uInt)left;
    int state = inflate(&u->gzip, Z_NO_FLUSH);
    u->packed_at += left - u->gzip.avail_in;
    if (state == Z_STREAM_END) {
        u->in_member = false;
        state = inflateReset(&u->gzip);
    }
    if (state == Z_MEM_ERROR)
        return no_memory(u, problem);
    if (state != Z_OK && state != Z_BUF_ERROR)
        return damaged(u, "gzip data are damaged", problem);
    return 0;
}

static int unpack_gzip(struct unpack *u, uint8_t *to, size_t cap, size_t *got,
                       struct problem *problem)
{
    u->gzip.next_out = to;
    u->gzip.avail_out = (uInt)cap;
    while (u->gzip.avail_out == cap) {
        int err = refill_packed(u, problem);
        if (err < 0)
            return err;
        bool has_ended = u->packed_at == u->packed_n;
        if (has_ended && u->in_member)
            return damaged(u, "gzip data end too early (truncated)", problem);
        if (has_ended)
            break;
        err = inflate_step(u, problem);
        if (err < 0)
            return err;
    }
    *got = cap - u->gzip.avail_out;
    return 0;
}

static int unpack_zstd(struct unpack *u, uint8_t *to, size_t cap, size_t *got,
                       struct problem *problem)
{
    ZSTD_outBuffer out = {to, cap, 0};
    while (out.pos == 0) {
        int err = refill_packed(u, problem);
        if (err < 0)
            return err;
        bool has_ended = u->packed_at == u->packed_n;
        if (has_ended && !u->in_member)
            break;

        /* Called even at the end: it may still hold unpacked bytes. */
        ZSTD_inBuffer in = {u->packed, u->packed_n, u->packed_at};
        size_t state = ZSTD_decompressStream(u->zstd, &out, &in);
        u->packed_at = in.pos;
        if (ZSTD_isError(state)) {
            char reason[128];
            snprintf(reason, sizeof reason, "zstd data are damaged (%s)",
                     ZSTD_getErrorName(state));
            return damaged(u, reason, problem);
        }
        u->in_member = state != 0;
        if (has_ended && u->in_member && out.pos == 0)
            return damaged(u, "zstd data end too early (truncated)", problem);
    }
    *got = out.pos;
    return 0;
}

/* Find the packing by the input's first bytes and make its decoder ready. */
static int find_packing(struct unpack *u, struct problem *problem)
{
    while (u->packed_n < 4 && !u->fd_ended) {
        size_t got = 0;
        int err = read_fd(u, u->packed + u->packed_n,
                          BUFFER_BYTES - u->packed_n, &got, problem);
        if (err < 0)
            return err;
        u->packed_n += got;
    }

    const uint8_t *p = u->packed;
    if (u->packed_n >= 2 && p[0] == 0x1f && p[1] == 0x8b) {
        if (inflateInit2(&u->gzip, 16 + MAX_WBITS) != Z_OK)
            return no_memory(u, problem);
        u->packing = PACKING_GZIP;
    } else if (u->packed_n >= 4 && memcmp(p, "\x28\xb5\x2f\xfd", 4) == 0) {
        u->zstd = ZSTD_createDStream();
        if (u->zstd == NULL)
            return no_memory(u, problem);
        u->packing = PACKING_ZSTD;
    }
    return 0;
}

static int write_all(const struct unpack *u, int fd, const uint8_t *from,
                     size_t n, struct problem *problem)
{
    while (n > 0) {
        ssize_t done = write(fd, from, n);
        if (done < 0 && errno != EINTR)
            return problem_set(problem, ERR_IO,
                               "%s: cannot write its temporary copy: %s",
                               u->name, strerror(errno));
        if (done > 0) {
            from += done;
            n -= (size_t)done;
        }
    }
    return 0;
}

static int open_spool(const struct unpack *u, struct problem *problem)
{
    const char *folder = getenv("TMPDIR");
    if (folder == NULL || folder[0] == '\0')
        folder = "/tmp";
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/%s", folder, SPOOL_NAME);
    int fd = -1;
    if (length > 0 && (size_t)length < sizeof path)
        fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return problem_set(problem, ERR_IO,
                           "%s: cannot make a temporary copy in %s: %s",
                           u->name, folder, strerror(errno));
    (void)unlink(path);
    return fd;
}

/* Copy the pipe to `fd`: what was read of it already, then the rest. */
static int copy_pipe(struct unpack *u, int fd, struct problem *problem)
{
    int err = write_all(u, fd, u->head, u->head_n, problem);
    unpack_stop_keeping(u);
    while (err == 0 && !u->fd_ended) {
        size_t got = 0;
        err = read_fd(u, u->packed, BUFFER_BYTES, &got, problem);
        if (err == 0)
            err = write_all(u, fd, u->packed, got, problem);
    }
    return err;
}

int unpack_open(struct unpack *u, const char *path, struct problem *problem)
{
    bool is_stdin = strcmp(path, "-") == 0;
    memset(u, 0, sizeof *u);
    u->fd = -1;
    u->name = strdup(is_stdin ? "standard input" : path);
    u->packed = calloc(1, BUFFER_BYTES);
    if (u->name == NULL || u->packed == NULL)
        return problem_set(problem, ERR_MEMORY, "%s: out of memory", path);

    /* A copy of descriptor 0, so that closing is the same for all. */
    u->fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                     : open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (u->fd < 0 || fstat(u->fd, &status) < 0)
        return problem_set(problem, ERR_IO, "%s: cannot open: %s", u->name,
                           strerror(errno));
    if (S_ISDIR(status.st_mode))
        return problem_set(problem, ERR_INPUT, "%s: is a directory", u->name);

    u->start = lseek(u->fd, 0, SEEK_CUR);
    u->is_file = S_ISREG(status.st_mode) && u->start >= 0;
    u->keeps_head = !u->is_file;
    return find_packing(u, problem);
}

void unpack_close(struct unpack *u)
{
    if (u->packing == PACKING_GZIP)
        (void)inflateEnd(&u->gzip);
    ZSTD_freeDStream(u->zstd);
    if (u->fd >= 0)
        (void)close(u->fd);
    free(u->packed);
    free(u->head);
    free(u->name);
}

int unpack_some(struct unpack *u, uint8_t *to, size_t cap, size_t *got,
                struct problem *problem)
{
    switch (u->packing) {
    case PACKING_GZIP:
        return unpack_gzip(u, to, cap, got, problem);
    case PACKING_ZSTD:
        return unpack_zstd(u, to, cap, got, problem);
    case PACKING_NONE:
        break;
    }
    return unpack_none(u, to, cap, got, problem);
}

void unpack_stop_keeping(struct unpack *u)
{
    u->keeps_head = false;
    free(u->head);
    u->head = NULL;
    u->head_n = 0;
}

int unpack_spool(struct unpack *u, struct problem *problem)
{
    if (u->is_file)
        return 0;

    int fd = open_spool(u, problem);
    if (fd < 0)
        return fd;
    int err = copy_pipe(u, fd, problem);
    (void)close(u->fd);
    u->fd = fd;
    u->start = 0;
    u->is_file = true;
    return err;
}

int unpack_rewind(struct unpack *u, struct problem *problem)
{
    if (lseek(u->fd, u->start, SEEK_SET) < 0)
        return problem_set(problem, ERR_IO, "%s: cannot read again: %s",
                           u->name, strerror(errno));
    if (u->packing == PACKING_GZIP)
        (void)inflateReset(&u->gzip);
    if (u->packing == PACKING_ZSTD)
        (void)ZSTD_DCtx_reset(u->zstd, ZSTD_reset_session_only);
    u->in_member = false;
    u->packed_at = 0;
    u->packed_n = 0;
    u->packed_total = 0;
    u->fd_ended = false;
    return 0;
}
