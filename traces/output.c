/* output.c - see output.h for the contract. */
#include "traces/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STANDARD_OUTPUT "standard output"

struct output {
    int fd;
    int held_fd;    /* what is kept back, or -1                    */
    bool is_direct; /* standard output, a pipe or a device         */
    char *path;
    char *temporary; /* beside `path`; "" while it has no name      */
};

static int fail(const struct output *o, struct problem *problem)
{
    if (errno == EPIPE && o->is_direct)
        return problem_set(problem, ERR_IO, "%s", "");
    return problem_set(problem, ERR_IO, "%.300s: %s", o->path, strerror(errno));
}

static void free_output(struct output *o)
{
    if (o->held_fd >= 0)
        close(o->held_fd);
    free(o->path);
    free(o->temporary);
    free(o);
}

/* The folder in which `path` lies, in `to`, which is as long as the path. */
static void copy_folder(char *to, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        memcpy(to, ".", 2);
        return;
    }
    size_t n = slash == path ? 1 : (size_t)(slash - path);
    memcpy(to, path, n);
    to[n] = '\0';
}

/* A temporary name beside the target, from this process and `attempt`. */
static void name_temporary(struct output *o, unsigned attempt)
{
    sprintf(o->temporary, "%s.%ld-%u.part", o->path, (long)getpid(), attempt);
}

/*
 * Best a file without a name, which vanishes with the process however that
 * ends; where the file system has none, a file under a temporary name.
 */
static int open_file(struct output *o)
{
    copy_folder(o->temporary, o->path);
    o->fd = -1;
    if (access("/proc/self/fd", X_OK) == 0) /* by which it gets its name  */
        o->fd = open(o->temporary, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
    if (o->fd >= 0) {
        o->temporary[0] = '\0';
        return 0;
    }
    for (unsigned attempt = 0; attempt < 100; attempt++) {
        name_temporary(o, attempt);
        o->fd =
            open(o->temporary, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
        if (o->fd >= 0)
            return 0;
        if (errno != EEXIST)
            break;
    }
    o->temporary[0] = '\0';
    return -1;
}

/* Give the nameless file a temporary name, so that it can be renamed. */
static int link_temporary(struct output *o)
{
    char self[64];
    snprintf(self, sizeof self, "/proc/self/fd/%d", o->fd);
    for (unsigned attempt = 0; attempt < 100; attempt++) {
        name_temporary(o, attempt);
        if (linkat(AT_FDCWD, self, AT_FDCWD, o->temporary, AT_SYMLINK_FOLLOW) ==
            0)
            return 0;
        if (errno != EEXIST)
            break;
    }
    o->temporary[0] = '\0';
    return -1;
}

static bool is_direct(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

int output_open(struct output **out, const char *path, struct problem *problem)
{
    struct output *o = calloc(1, sizeof *o);
    if (o != NULL) {
        o->held_fd = -1;
        bool is_stdout = strcmp(path, "-") == 0;
        o->path = strdup(is_stdout ? STANDARD_OUTPUT : path);
        o->temporary = calloc(1, strlen(path) + 64);
        o->is_direct = is_stdout || is_direct(path);
    }
    if (o == NULL || o->path == NULL || o->temporary == NULL) {
        if (o != NULL)
            free_output(o);
        return problem_set(problem, ERR_MEMORY, "out of memory");
    }

    if (strcmp(path, "-") == 0)
        o->fd = dup(STDOUT_FILENO);
    else if (o->is_direct)
        o->fd = open(path, O_WRONLY | O_CLOEXEC);
    else if (open_file(o) < 0)
        o->fd = -1;
    if (o->fd < 0) {
        int err = fail(o, problem);
        free_output(o);
        return err;
    }
    *out = o;
    return 0;
}

int output_hold(struct output *o, struct problem *problem)
{
    const char *folder = getenv("TMPDIR");
    char path[4096];
    if (strcmp(o->path, STANDARD_OUTPUT) != 0)
        return 0;
    if (folder == NULL || folder[0] == '\0')
        folder = "/tmp";
    int n = snprintf(path, sizeof path, "%s/fraglab-XXXXXX", folder);
    if (n > 0 && (size_t)n < sizeof path)
        o->held_fd = mkostemp(path, O_CLOEXEC);
    if (o->held_fd < 0)
        return problem_set(problem, ERR_IO,
                           "%.300s: cannot make a temporary file: %s", folder,
                           strerror(errno));
    (void)unlink(path);
    return 0;
}

static int write_all(const struct output *o, int fd, const char *from, size_t n,
                     struct problem *problem)
{
    while (n > 0) {
        ssize_t done = write(fd, from, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return fail(o, problem);
        from += done;
        n -= (size_t)done;
    }
    return 0;
}

int output_write(struct output *o, const void *from, size_t n,
                 struct problem *problem)
{
    int fd = o->held_fd >= 0 ? o->held_fd : o->fd;
    return write_all(o, fd, from, n, problem);
}

/* Let out what was kept back. */
static int release(struct output *o, struct problem *problem)
{
    char piece[65536];
    int err = 0;
    ssize_t n = 1;
    if (o->held_fd < 0)
        return 0;
    if (lseek(o->held_fd, 0, SEEK_SET) < 0)
        return fail(o, problem);
    while (err == 0 && n > 0) {
        n = read(o->held_fd, piece, sizeof piece);
        if (n > 0)
            err = write_all(o, o->fd, piece, (size_t)n, problem);
        else if (n < 0)
            err = fail(o, problem);
    }
    return err;
}

int output_close(struct output *o, struct problem *problem)
{
    int err = release(o, problem);
    if (!o->is_direct && o->temporary[0] == '\0' && link_temporary(o) < 0)
        err = fail(o, problem);
    if (close(o->fd) < 0 && err == 0)
        err = fail(o, problem);
    if (err == 0 && !o->is_direct && rename(o->temporary, o->path) < 0)
        err = fail(o, problem);
    if (err < 0 && o->temporary[0] != '\0')
        unlink(o->temporary);
    free_output(o);
    return err;
}

void output_abandon(struct output *o)
{
    if (o == NULL)
        return;
    close(o->fd);
    if (o->temporary[0] != '\0')
        unlink(o->temporary);
    free_output(o);
}
