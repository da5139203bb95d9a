/*
 * spool.h - records laid aside until they are wanted, in the order in which
 * they came: in memory, or in a file without a name when they are many
 *
 * State     a buffer of at most SPOOL_BUFFER bytes and, once that overflowed,
 *           a file in the folder of `beside`. The file has no name (where the
 *           file system cannot make such a file it is unlinked at once), so
 *           the kernel frees it when the program ends, however it ends.
 * Cost      put: a copy; a large record goes to the file directly.
 * Errors    ERR_IO (the disk is full, say) and ERR_MEMORY.
 */
#ifndef ANALYSIS_SPOOL_H
#define ANALYSIS_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "traces/err.h"

#define SPOOL_BUFFER (2u << 20)

struct spool {
    const char *beside;  /* path whose folder the file is in; the caller's */
    uint8_t *buffer;     /* the records that the file does not hold yet    */
    size_t n_bytes;      /* in the buffer                                  */
    size_t cap_bytes;    /* of the buffer                                  */
    int fd;              /* -1: no file yet                                */
    uint64_t file_bytes; /* in the file                                    */
};

struct spool_record {
    uint32_t type;
    size_t n_bytes;
    const void *bytes; /* at an address divisible by 8; until the next one */
};

struct spool_reader {
    struct spool *spool;
    size_t at;         /* in `buffer`                                      */
    size_t n_bytes;    /* in `buffer`                                      */
    size_t cap_bytes;  /* of `buffer`                                      */
    uint64_t offset;   /* in the file, of the byte after the buffer's last */
    uint8_t *buffer;   /* of a reader of a file                            */
    const uint8_t *in; /* `buffer`, or the spool's                         */
};

void spool_init(struct spool *s, const char *beside);
void spool_free(struct spool *s);

/* Append a record of at most 2^32 - 16 bytes. */
MUST_CHECK int spool_put(struct spool *s, uint32_t type, const void *bytes,
                         size_t n_bytes, struct problem *problem);

/* Read from the first record on; nothing may be put while a reader reads. */
MUST_CHECK int spool_read(struct spool_reader *r, struct spool *s,
                          struct problem *problem);

/* The next record: 1, or 0 after the last. */
MUST_CHECK int spool_next(struct spool_reader *r, struct spool_record *out,
                          struct problem *problem);
void spool_read_end(struct spool_reader *r);

#endif /* ANALYSIS_SPOOL_H */
