/*
 * folder.h - putting a folder of results in the place of an older one
 *
 * The new folder is made beside its place under a name of its own, and takes
 * the place in one step. A file in it says that it is ours; a folder without
 * that file is never replaced or removed.
 */
#ifndef ANALYSIS_FOLDER_H
#define ANALYSIS_FOLDER_H

#include <limits.h>

#include "traces/err.h"

struct folder {
    char parent[PATH_MAX]; /* the folder in which it is to stand            */
    char place[PATH_MAX];  /* where it is to stand                          */
    char part[PATH_MAX];   /* where it is being made                        */
    int lock;              /* of the parent, against another like us        */
};

/*
 * Begin to make the folder `name` in the folder `parent`, which is made with
 * all above it if need be: f->part is there, and empty. Waits for another
 * program that is at it. ERR_INPUT: something that is not ours stands in that
 * place.
 */
MUST_CHECK int folder_begin(struct folder *f, const char *parent,
                            const char *name, struct problem *problem);

/* Put f->part in its place and remove what stood there. */
MUST_CHECK int folder_finish(struct folder *f, struct problem *problem);

/* Give up: remove f->part. Also safe after folder_finish. */
void folder_abandon(struct folder *f);

/* Make the folder `path` and all above it. */
MUST_CHECK int folder_make(const char *path, struct problem *problem);

#endif /* ANALYSIS_FOLDER_H */
