/*
 * json_read.h - configuration from JSON, key by key, with errors that name the
 * place
 *
 * A configuration is an object whose keys are listed, each with the function
 * that reads its value; these functions call each other down the file. The
 * reader knows the path of the key at hand ("memory[1].wait") for its one line.
 *
 * Errors    ERR_INPUT, one line: file, path of the key, what was found, what is
 *           allowed; an unknown key comes with the nearest known one. ERR_IO: a
 *           file that cannot be read.
 */
#ifndef ANALYSIS_JSON_READ_H
#define ANALYSIS_JSON_READ_H

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

#include "traces/err.h"

#define JSON_PATH_CAP 64

struct json_reader {
    const char *file;         /* for messages                              */
    char path[JSON_PATH_CAP]; /* of the key; "" at the top                 */
    void *into;               /* what the keys' functions fill             */
    struct problem *problem;
};

struct json_key {
    const char *name; /* null ends a list of at most 15                    */
    int (*read)(struct json_reader *r, const cJSON *value);
};

/* The text of the file at `path`; the caller frees it. At most 1 MiB. */
MUST_CHECK int json_read_file(char **text, const char *path,
                              struct problem *problem);

/* Parse it; the caller deletes *root. ERR_INPUT: FILE:LINE: not JSON. */
MUST_CHECK int json_parse(cJSON **root, const char *file, const char *text,
                          struct problem *problem);

/* Say that `value`, at the reader's path, is not what is allowed there. */
MUST_CHECK int json_wrong(struct json_reader *r, const cJSON *value,
                          const char *allowed);

/* Read every member of `object` by the list of keys. */
MUST_CHECK int json_object(struct json_reader *r, const cJSON *object,
                           const struct json_key *keys);

/* A key whose value says nothing: "$schema". */
MUST_CHECK int json_skip(struct json_reader *r, const cJSON *value);

/* A string, into out[cap]. */
MUST_CHECK int json_words(struct json_reader *r, const cJSON *value, char *out,
                          size_t cap);

/* A number below 2^32: of JSON, or a string "0x2000", "512K". */
MUST_CHECK int json_number(struct json_reader *r, const cJSON *value,
                           uint32_t *out);

/* One of the words of `words`, null-terminated; *out is which. */
MUST_CHECK int json_choice(struct json_reader *r, const cJSON *value,
                           const char *const *words, size_t *out);

#endif /* ANALYSIS_JSON_READ_H */
