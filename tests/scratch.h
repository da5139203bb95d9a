/*
 * scratch.h - a folder of its own for a test, gone when the test ends
 */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCRATCH_CAP 256

/* Make the folder and write its path. */
static inline void scratch_make(char folder[SCRATCH_CAP])
{
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, SCRATCH_CAP, "%s/fraglab-test-XXXXXX",
             tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(folder) == NULL) {
        perror(folder);
        abort();
    }
}

/* The path of `name` in the folder. */
static inline char *scratch_path(const char *folder, const char *name,
                                 char path[SCRATCH_CAP + 64])
{
    snprintf(path, SCRATCH_CAP + 64, "%s/%s", folder, name);
    return path;
}

/* How many files it holds. */
static inline int scratch_count(const char *folder)
{
    int n = 0;
    DIR *d = opendir(folder);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
        n += e->d_name[0] != '.' ||
             (e->d_name[1] != '\0' && strcmp(e->d_name, "..") != 0);
    if (d != NULL)
        closedir(d);
    return n;
}

/* Remove its files (it has no folders in it), then the folder. */
static inline void scratch_remove(const char *folder)
{
    char path[SCRATCH_CAP + 300];
    DIR *d = opendir(folder);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        unlink(path);
    }
    if (d != NULL)
        closedir(d);
    rmdir(folder);
}

#endif /* TESTS_SCRATCH_H */
