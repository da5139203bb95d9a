/*
 * guest_image.h - guest images: where those of fraglab's own managers lie, what
 * makes one what it is, and what an outside one can do
 *
 * The build puts an image for every manager, target and optimisation level
 * into build/guest, `make install` into lib/fraglab/guest. A program finds
 * them beside itself, wherever it is run from: in guest/, ../guest, ../../guest
 * (build/asan/tests/) or ../lib/fraglab/guest from its own folder.
 */
#ifndef ANALYSIS_GUEST_IMAGE_H
#define ANALYSIS_GUEST_IMAGE_H

#include "sim/machine/config.h"
#include "sim/machine/elf.h"
#include "traces/err.h"

#define GUEST_PATH_CAP 4096
#define GUEST_NAME_CAP 21 /* of an outside image, with its end             */

/* What an image is, as far as the file tells. */
struct guest_facts {
    /*
     * The hash of what it loads (addresses and bytes; no names, no debug
     * information), 32 hexadecimal digits; of an outside image (one without
     * guest_caps), whose entry points say what it can do, of those as well.
     */
    char hash[33];
    uint32_t code_bytes; /* code, constants, initial data                 */
    enum image_isa isa;
    char name[GUEST_NAME_CAP]; /* that its guest_name gives it; "": none   */
    bool has_free, has_realloc;
};

/*
 * The path of the image of `manager` for the machine `c`, compiled with
 * `flags` ("O2" or "Os"). ERR_INPUT: there is none; the message says where it
 * was looked for and what builds it.
 */
MUST_CHECK int guest_image_find(char path[GUEST_PATH_CAP], const char *manager,
                                const struct machine_config *c,
                                const char *flags, struct problem *problem);

/*
 * Read the image at `path`. ERR_INPUT: it is no ELF file for a machine, or has
 * no guest_alloc, or a guest_name that is not 1 to 20 of A-Z a-z 0-9 . _ -
 */
MUST_CHECK int guest_image_read(const char *path, struct guest_facts *facts,
                                struct problem *problem);

/* Its hash and code_bytes alone. */
MUST_CHECK int guest_image_hash(const char *path, char hash[33],
                                uint32_t *code_bytes, struct problem *problem);

#endif /* ANALYSIS_GUEST_IMAGE_H */
