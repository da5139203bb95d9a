/* folder.c - see folder.h for the contract. */
#include "analysis/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char mark_name[] = ".made-by-fraglab";

static bool join(char out[PATH_MAX], const char *folder, const char *name)
{
    int n = snprintf(out, PATH_MAX, "%s/%s", folder, name);
    return n > 0 && n < PATH_MAX;
}

static bool exists(const char *path)
{
    struct stat s;
    return lstat(path, &s) == 0;
}

static bool is_ours(const char *folder)
{
    char mark[PATH_MAX];
    return join(mark, folder, mark_name) && exists(mark);
}

/* Remove a folder of files; what is no file in it stays, and so does it. */
static void remove_folder(const char *path)
{
    if (!is_ours(path))
        return;
    DIR *d = opendir(path);
    if (d == NULL)
        return;
    char file[PATH_MAX];
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        if (strcmp(e->d_name, mark_name) != 0 && strcmp(e->d_name, ".") != 0 &&
            strcmp(e->d_name, "..") != 0 && join(file, path, e->d_name))
            unlink(file);
    closedir(d);
    /* The mark goes last: who is killed before leaves a folder of ours. */
    if (join(file, path, mark_name))
        unlink(file);
    rmdir(path);
}

int folder_make(const char *path, struct problem *problem)
{
    char part[PATH_MAX];
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof part)
        return problem_set(problem, ERR_INPUT, "'%.64s': no name of a folder",
                           path);
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != 0)
            continue;
        memcpy(part, path, i);
        part[i] = 0;
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return problem_set(problem, ERR_IO, "%s: %s", part,
                               strerror(errno));
    }
    struct stat s;
    if (stat(path, &s) != 0 || !S_ISDIR(s.st_mode))
        return problem_set(problem, ERR_IO, "%s: not a folder", path);
    return 0;
}

static int make_part(struct folder *f, struct problem *problem)
{
    char mark[PATH_MAX];
    remove_folder(f->part); /* of one who was killed */
    int fd = -1;
    if (mkdir(f->part, 0777) == 0 && join(mark, f->part, mark_name))
        fd = open(mark, O_WRONLY | O_CREAT, 0666);
    if (fd < 0)
        return problem_set(problem, ERR_IO, "%s: %s", f->part, strerror(errno));
    close(fd);
    return 0;
}

int folder_begin(struct folder *f, const char *parent, const char *name,
                 struct problem *problem)
{
    *f = (struct folder){.lock = -1};
    int err = folder_make(parent, problem);
    if (err < 0)
        return err;
    char hidden[NAME_MAX];
    snprintf(hidden, sizeof hidden, ".%s.part", name);
    snprintf(f->parent, sizeof f->parent, "%s", parent);
    if (!join(f->place, parent, name) || !join(f->part, parent, hidden))
        return problem_set(problem, ERR_INPUT, "%s: name too long", parent);
    if (exists(f->place) && !is_ours(f->place))
        return problem_set(problem, ERR_INPUT,
                           "%s: exists and is not a report's; name another "
                           "folder",
                           f->place);
    f->lock = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f->lock < 0)
        return problem_set(problem, ERR_IO, "%s: %s", parent, strerror(errno));
    while (flock(f->lock, LOCK_EX) != 0 && errno == EINTR)
        ; /* a file system without locks leaves us alone with our luck */
    err = make_part(f, problem);
    if (err < 0) {
        close(f->lock);
        f->lock = -1;
    }
    return err;
}

int folder_finish(struct folder *f, struct problem *problem)
{
    int status = rename(f->part, f->place);
    if (status != 0 && exists(f->place)) {
        /* The two change places, and the older one goes. */
        status =
            renameat2(AT_FDCWD, f->part, AT_FDCWD, f->place, RENAME_EXCHANGE);
        if (status != 0) { /* a file system that cannot */
            remove_folder(f->place);
            status = rename(f->part, f->place);
        }
    }
    if (status != 0)
        return problem_set(problem, ERR_IO, "%s: %s", f->place,
                           strerror(errno));
    return 0;
}

void folder_abandon(struct folder *f)
{
    if (f->lock < 0)
        return;
    remove_folder(f->part);
    close(f->lock);
    f->lock = -1;
}
